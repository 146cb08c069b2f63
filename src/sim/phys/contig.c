// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks larger than the buddy allocator's: an aligned range of a zone all of which is
 * free is taken off the free lists piece by piece. Per-CPU lists are emptied first;
 * pages in use are not moved out of the way.
 */
#include "sim/phys/hugetlb.h"

static bool range_is_free(const struct machine *m, u64 pfn, u64 end)
{
	while (pfn < end) {
		unsigned int order;
		u64 head;

		if (!buddy_find(m, pfn, &head, &order))
			return false;
		pfn = head + (1ULL << order);
	}
	return true;
}

/* Does the buddy allocator have it all, or has it no page there that cannot move? */
static bool range_is_worth_a_drain(const struct machine *m, u64 pfn, u64 end)
{
	while (pfn < end) {
		unsigned int order = 0;
		u64 head = pfn;

		if (!buddy_find(m, pfn, &head, &order) &&
		    (!page_present(m, pfn) || page_type(pfn_to_page(m, pfn)) != PGTY_pcp))
			return false;
		pfn = head + (1ULL << order);
	}
	return true;
}

static int take_range(struct machine *m, struct zone *zone, u64 pfn, unsigned int order,
		      enum pagetype owner)
{
	u64 end = pfn + (1ULL << order), head;
	unsigned int taken;

	/* Descriptors, and those of what stays of a run behind it. */
	if (section_materialise_range(m, pfn, MIN(end + PAGES_PER_SECTION, m->max_pfn)))
		return -ENOBUFS;
	for (u64 at = pfn; at < end; at = head + (1ULL << taken))
		if (buddy_take(m, zone, at, &head, &taken) != 1)
			return -ENOBUFS;
	m->contig_taken += 1LL << order;
	own_block(m, pfn, order, owner);
	return 0;
}

static int alloc_in_zone(struct machine *m, struct zone *zone, unsigned int order,
			 enum pagetype owner, u32 *pfn)
{
	u64 nr = 1ULL << order, end = zone_end_pfn(zone);

	for (u64 at = ALIGN_UP(zone->start_pfn, nr); at + nr <= end; at += nr) {
		if (!range_is_worth_a_drain(m, at, at + nr))
			continue;
		drain_all_pages(m, zone);
		if (!range_is_free(m, at, at + nr))
			continue;
		*pfn = (u32)at;
		return take_range(m, zone, at, order, owner);
	}
	return -ENOMEM;
}

int alloc_contig_pages(struct machine *m, const struct alloc_request *req, u32 *pfn)
{
	const struct pglist_data *node = m->nodes[req->node];
	enum zone_type highest = gfp_zone(m, req->gfp);
	bool here = req->gfp & __GFP_THISNODE;
	unsigned int nr = here ? node->nr_thisnode : node->nr_zonelist;
	int err = -ENOMEM;

	for (unsigned int i = 0; i < nr && err == -ENOMEM; i++) {
		struct zone *zone = m->zones[here ? node->thisnode[i] : node->zonelist[i]];

		if (zone->type <= highest)
			err = alloc_in_zone(m, zone, req->order, req->owner, pfn);
	}
	return err;
}
