// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * On 64 bit, page descriptors of most of a node's last zone are initialised late,
 * by a thread for each node, so the first "Memory:" line sees only the start of it:
 * everything up to the first section border after one section's worth of pages.
 */
#include "sim/boot_state.h"

#include "sim/phys/section.h"

static const struct zone *last_zone(const struct pglist_data *node)
{
	for (int type = MAX_NR_ZONES - 1; type >= 0; type--)
		if (node->zones[type] && zone_populated(node->zones[type]))
			return node->zones[type];
	return NULL;
}

/* The first pfn of the node whose descriptor comes late; UINT64_MAX: none. */
static u64 first_deferred(const struct boot *b, const struct pglist_data *node)
{
	const struct memblock_type *mem = &b->m->memblock->memory;
	const u64 section = 1ULL << (b->m->arch->section_bits - PAGE_SHIFT);
	const struct zone *zone = last_zone(node);
	u64 seen = 0;

	for (unsigned int i = 0; zone && i < mem->cnt; i++) {
		u64 pfn = MAX(PFN_UP(mem->regions[i].base), zone->start_pfn);
		u64 end = MIN(PFN_DOWN(mem->regions[i].base + mem->regions[i].size),
			      zone_end_pfn(zone));
		u64 border;

		if (mem->regions[i].nid != node->id || pfn >= end)
			continue;
		/* The page that is number section + 1 or a later one, on a border. */
		border = ALIGN_UP(MAX(pfn, pfn + section - MIN(seen, section)), section);
		if (border < end && seen + border - pfn >= section)
			return border;
		seen += end - pfn;
	}
	return UINT64_MAX;
}

u64 boot_deferred_pages(const struct boot *b)
{
	u64 cursor = 0, start, end, pages = 0;
	int nid;

	if (b->m->arch->bits != 64)
		return 0;
	while (memblock_next_free(b->m->memblock, &cursor, &start, &end, &nid)) {
		u64 from = MAX(PFN_UP(start), first_deferred(b, b->m->nodes[nid]));

		if (from < PFN_DOWN(end))
			pages += PFN_DOWN(end) - from;
	}
	return pages;
}
