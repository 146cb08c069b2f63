// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks against what zones, nodes and sections say. MH1: a block's own state; MH2: groups
 * are the sums of their blocks; MH3: nodes have memory if a zone of theirs has.
 */
#include "sim/phys/memory_hotplug.h"

#include "sim/base/digest.h"

typedef unsigned long long ull;

static void check_online(const struct machine *m, u32 id, const struct memory_block *block,
			 struct check *check)
{
	const struct zone *zone = block->zone == NO_ZONE ? NULL :
				  block->zone < m->nr_zones ? m->zones[block->zone] : NULL;
	u64 start = id * m->hotplug->block_pages, end = start + m->hotplug->block_pages;

	/* The boot's may have several zones; a hole at an end may not be spanned. */
	if (!zone && !(block->early && !block->moved && block->zone == NO_ZONE))
		check_fail(check, "MH1", "memory%u: expected a zone, found %u", id, block->zone);
	if (!zone)
		return;
	if (zone->node != block->nid)
		check_fail(check, "MH1", "memory%u: expected a zone of node %u, found node %u", id,
			   block->nid, zone->node);
	if (block->moved && (!zone_spans_pfn(zone, start) || !zone_spans_pfn(zone, end - 1)))
		check_fail(check, "MH1", "memory%u: expected node %u zone %s to span it, found "
			   "%#llx to %#llx", id, zone->node, zone->name, (ull)zone->start_pfn,
			   (ull)zone_end_pfn(zone));
}

static void check_offline(const struct machine *m, u32 id, const struct memory_block *block,
			  struct check *check)
{
	u64 start = id * m->hotplug->block_pages, end = start + m->hotplug->block_pages;

	if (block->zone != NO_ZONE || !block->moved)
		check_fail(check, "MH1", "memory%u: expected no zone off line, found %u", id,
			   block->zone);
	for (u64 pfn = start; pfn < end; pfn += 1ULL << MAX_PAGE_ORDER) {
		if (!page_virgin(m, pfn) &&
		    !(page_present(m, pfn) && page_zone_index(pfn_to_page(m, pfn)) != NO_ZONE))
			continue;
		check_fail(check, "MH1", "memory%u: expected no page of a zone off line, found "
			   "%#llx", id, (ull)pfn);
		return;
	}
}

/* What belongs to groups, counted block by block. */
static void check_groups(const struct machine *m, struct check *check)
{
	const struct memory_hotplug *hotplug = m->hotplug;

	for (u32 g = 0; g < hotplug->nr_groups; g++) {
		const struct memory_group *group = &hotplug->groups[g];
		u64 kernel = 0, movable = 0;
		u32 nr = 0;

		for (u32 id = 0; id < hotplug->nr_blocks; id++) {
			const struct memory_block *block = &hotplug->blocks[id];

			if (!block->exists || block->group != g + 1)
				continue;
			nr++;
			if (block->zone >= m->nr_zones)
				continue;
			if (m->zones[block->zone]->type == ZONE_MOVABLE)
				movable += hotplug->block_pages;
			else
				kernel += hotplug->block_pages;
		}
		check->nr_checked++;
		if (nr != group->nr_blocks || kernel != group->present_kernel ||
		    movable != group->present_movable)
			check_fail(check, "MH2", "group %u: expected %u blocks, %llu and %llu "
				   "pages, found %u, %llu and %llu", g, nr, (ull)kernel,
				   (ull)movable, group->nr_blocks, (ull)group->present_kernel,
				   (ull)group->present_movable);
	}
}

static void check_nodes(const struct machine *m, struct check *check)
{
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		const struct pglist_data *node = m->nodes[nid];
		bool memory = false;

		if (!node)
			continue;
		for (int type = 0; type < MAX_NR_ZONES; type++)
			memory |= node->zones[type] && node->zones[type]->present_pages;
		check->nr_checked++;
		if (node->has_memory != memory || (memory && !node->online))
			check_fail(check, "MH3", "node %u: expected memory %d, online, found %d, "
				   "%d", nid, memory, node->has_memory, node->online);
	}
}

void memory_blocks_validate(const struct machine *m, struct check *check)
{
	if (!m->hotplug)
		return;
	for (u32 id = 0; id < m->hotplug->nr_blocks; id++) {
		const struct memory_block *block = &m->hotplug->blocks[id];

		check->nr_checked++;
		if (block->exists && block->online)
			check_online(m, id, block, check);
		else if (block->exists)
			check_offline(m, id, block, check);
	}
	check_groups(m, check);
	check_nodes(m, check);
}

/* Blocks of the boot that never moved are what the machine file says. */
void memory_blocks_digest(const struct machine *m, struct digest *digest)
{
	for (u32 id = 0; m->hotplug && id < m->hotplug->nr_blocks; id++) {
		const struct memory_block *block = &m->hotplug->blocks[id];

		if (!block->moved && !block->online_type)
			continue;
		digest_u64(digest, (u64)id << 32 | (u64)block->exists << 24 |
			   (u64)block->online << 16 | block->online_type);
		digest_u64(digest, (u64)block->nid << 32 | block->zone);
		digest_u64(digest, (u64)block->group << 32 | block->nr_vmemmap_pages);
		digest_u64(digest, block->nr_hwpoison);
	}
}
