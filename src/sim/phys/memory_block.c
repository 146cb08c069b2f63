// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An array of blocks by number. A block of the boot is there when one of its sections
 * holds memory; its nodes are those of the memblock regions in it, and its zone follows
 * the boot's rule: all populated zones of the node that meet the block count, holes in
 * them or not. Who has it comes from here from then on.
 */
#include "sim/phys/memory_block.h"

#include "sim/boot/memblock.h"

bool memory_block_on_node(const struct machine *m, u32 id, unsigned int nid)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 bytes = memory_block_bytes(m);
	u64 start = id * bytes;

	for (unsigned int i = 0; i < memory->cnt; i++) {
		const struct memblock_region *region = &memory->regions[i];

		if (region->base < start + bytes && region->base + region->size > start &&
		    (unsigned int)MAX(region->nid, 0) == nid)
			return true;
	}
	return false;
}

static bool zone_meets(const struct zone *zone, u64 pfn, u64 nr_pages)
{
	return zone_populated(zone) && zone->start_pfn < pfn + nr_pages &&
	       zone_end_pfn(zone) > pfn;
}

/* Of one node; NULL: none, or several. */
static struct zone *early_node_zone(const struct machine *m, u32 id, unsigned int nid)
{
	u64 nr_pages = m->hotplug->block_pages;
	struct zone *found = NULL;

	for (int type = 0; type < MAX_NR_ZONES; type++) {
		struct zone *zone = m->nodes[nid]->zones[type];

		if (!zone || !zone_meets(zone, id * nr_pages, nr_pages))
			continue;
		if (found)
			return NULL;
		found = zone;
	}
	return found;
}

static void find_early_block(const struct machine *m, u32 id)
{
	struct memory_block *block = &m->hotplug->blocks[id];

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		const struct zone *zone;

		if (!m->nodes[nid] || !memory_block_on_node(m, id, nid))
			continue;
		zone = block->exists ? NULL : early_node_zone(m, id, nid);
		block->exists = block->online = block->early = true;
		block->nid = (u16)nid;
		block->zone = zone ? zone->index : NO_ZONE;
	}
}

static void init_blocks(struct memory_hotplug *hotplug, u32 first)
{
	for (u32 id = first; id < hotplug->nr_blocks; id++)
		hotplug->blocks[id] = (struct memory_block){
			.zone = NO_ZONE, .vmemmap = PAGE_LIST_INIT,
		};
}

int memory_blocks_init(struct machine *m)
{
	struct memory_hotplug *hotplug = arena_alloc(&m->arena, sizeof(*hotplug));

	if (!hotplug)
		return -ENOMEM;
	hotplug->block_pages = memory_block_bytes(m) >> PAGE_SHIFT;
	hotplug->nr_blocks = (u32)DIV_ROUND_UP(m->max_pfn, hotplug->block_pages);
	hotplug->blocks = arena_alloc(&m->arena,
				      hotplug->nr_blocks * sizeof(*hotplug->blocks));
	if (!hotplug->blocks) {
		arena_free(&m->arena, hotplug, sizeof(*hotplug));
		return -ENOMEM;
	}
	m->hotplug = hotplug;
	init_blocks(hotplug, 0);
	for (u32 id = 0; id < hotplug->nr_blocks; id++)
		find_early_block(m, id);
	return 0;
}

void memory_blocks_free(struct machine *m)
{
	struct memory_hotplug *hotplug = m->hotplug;

	if (!hotplug)
		return;
	arena_free(&m->arena, hotplug->blocks, hotplug->nr_blocks * sizeof(*hotplug->blocks));
	arena_free(&m->arena, hotplug->groups, hotplug->nr_groups * sizeof(*hotplug->groups));
	arena_free(&m->arena, hotplug, sizeof(*hotplug));
	m->hotplug = NULL;
}

int memory_blocks_grow(struct machine *m, u64 end)
{
	struct memory_hotplug *hotplug = m->hotplug;
	u32 nr = (u32)DIV_ROUND_UP(end, hotplug->block_pages), old = hotplug->nr_blocks;
	struct memory_block *more;

	if (nr <= old)
		return 0;
	more = arena_resize(&m->arena, hotplug->blocks, old * sizeof(*more), nr * sizeof(*more));
	if (!more)
		return -ENOBUFS;
	hotplug->blocks = more;
	hotplug->nr_blocks = nr;
	init_blocks(hotplug, old);
	return 0;
}

struct memory_block *memory_block_by_id(const struct machine *m, u32 id)
{
	struct memory_hotplug *hotplug = m->hotplug;

	return hotplug && id < hotplug->nr_blocks && hotplug->blocks[id].exists ?
	       &hotplug->blocks[id] : NULL;
}

struct memory_block *memory_block_of(const struct machine *m, u64 pfn)
{
	u64 id = m->hotplug ? pfn / m->hotplug->block_pages : 0;

	return id < UINT32_MAX ? memory_block_by_id(m, (u32)id) : NULL;
}

struct zone *memory_block_zone(const struct machine *m, const struct memory_block *block)
{
	return block->zone == NO_ZONE ? NULL : m->zones[block->zone];
}
