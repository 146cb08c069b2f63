// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges are tried from the beginning of a zone on. A range with a hole, a reserved or a
 * huge page is none; whether a page that cannot move is in it is seen when it is to be
 * isolated.
 */
#include "sim/phys/contig.h"

#include "sim/phys/lru.h"
#include "sim/phys/page_isolation.h"
#include "sim/phys/pressure.h"

typedef unsigned long long ull;

static void why_busy(struct machine *m, u64 start, u64 end, u64 pfn, const char *where)
{
	machine_why(m, "contiguous pages %#llx to %#llx: page %#llx is in the way (%s)", (ull)start,
		    (ull)end, (ull)pfn, where);
}

/* What is in use in the isolated range goes elsewhere; then all of it is free, or not. */
static int empty_range(struct machine *m, struct isolation *isolation, u64 start, u64 end)
{
	u64 pfn;
	int err = 0;

	drain_all_pages(m, isolation->zone);
	if (test_pages_isolated(m, start, end, 0, &pfn))
		return 0;
	if (m->pressure && m->pressure->migrate_range)
		err = m->pressure->migrate_range(m, isolation->zone, start, end);
	if (err && err != -EBUSY)
		return err;
	if (test_pages_isolated(m, start, end, 0, &pfn))
		return 0;
	why_busy(m, start, end, pfn, "test_pages_isolated");
	return -EBUSY;
}

/* Pages of the range that are not free: as many may be wanted elsewhere. */
static u64 nr_used(const struct machine *m, u64 start, u64 end)
{
	u64 used = 0, pfn;

	while (!test_pages_isolated(m, start, end, 0, &pfn)) {
		start = pfn + 1;
		used++;
	}
	return used;
}

int alloc_contig_range(struct machine *m, u64 start, u64 end, enum migratetype type)
{
	struct isolation isolation = { .zone = pfn_zone(m, start) };
	u64 used = nr_used(m, start, end);
	int err;

	if (section_reserve(m, (unsigned int)(used >> MAX_PAGE_ORDER) +
			    (used ? SECTION_AHEAD : 0)))
		return -ENOBUFS;
	err = start_isolate_page_range(m, &isolation, start, end,
				       type == MIGRATE_CMA ? ISOLATE_CMA : 0);
	if (err == -EBUSY)
		why_busy(m, start, end, isolation.unmovable, "has_unmovable_pages");
	if (err)
		return err;
	err = empty_range(m, &isolation, start, end);
	if (!err) {
		take_isolated_range(m, isolation.zone, start, end);
		m->contig_taken += (s64)(end - start);
	}
	undo_isolate_page_range(m, &isolation);
	return err;
}

/* No hole, nothing that the boot kept, no page of a pool of huge pages. */
static bool pfn_range_valid_contig(const struct machine *m, const struct zone *zone, u64 pfn,
				   u64 end)
{
	while (pfn < end) {
		unsigned int order;
		u64 head;

		if (buddy_find(m, pfn, &head, &order)) {
			pfn = head + (1ULL << order);
			continue;
		}
		if (!page_present(m, pfn) || page_zone(m, pfn_to_page(m, pfn)) != zone ||
		    pfn_zone(m, pfn) != zone || page_flag(pfn_to_page(m, pfn), PG_reserved) ||
		    page_type(pfn_to_page(m, pfn)) == PGTY_hugetlb)
			return false;
		pfn++;
	}
	return true;
}

static int alloc_in_zone(struct machine *m, struct zone *zone, u64 nr, u32 *pfn)
{
	u64 end = zone_end_pfn(zone);

	for (u64 at = DIV_ROUND_UP(zone->start_pfn, nr) * nr; at + nr <= end; at += nr) {
		int err;

		if (!pfn_range_valid_contig(m, zone, at, at + nr))
			continue;
		err = alloc_contig_range(m, at, at + nr, MIGRATE_MOVABLE);
		if (!err)
			*pfn = (u32)at;
		if (!err || err == -ENOBUFS)
			return err;
	}
	return -ENOMEM;
}

int alloc_contig_pages(struct machine *m, const struct alloc_request *req, u64 nr_pages,
		       u32 *pfn)
{
	unsigned int nid = req->node >= 0 ? (unsigned int)req->node : m->cpu_node[m->cpu];
	const struct pglist_data *node = m->nodes[nid];
	enum zone_type highest = gfp_zone(m, req->gfp);
	bool here = req->gfp & __GFP_THISNODE;
	unsigned int nr = here ? node->nr_thisnode : node->nr_zonelist;
	int err = -ENOMEM;

	for (unsigned int i = 0; i < nr && err == -ENOMEM; i++) {
		struct zone *zone = m->zones[here ? node->thisnode[i] : node->zonelist[i]];

		if (zone->type <= highest &&
		    (!req->nodemask || req->nodemask >> zone->node & 1))
			err = alloc_in_zone(m, zone, nr_pages, pfn);
	}
	return err;
}
