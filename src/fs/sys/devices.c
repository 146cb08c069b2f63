// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A block's nodes are those of the memblock regions in it. Its zone follows the
 * boot's rule: all populated zones of the node that meet the block count, holes
 * in them or not.
 */
#include "fs/sys/devices.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/boot/memblock.h"

bool memory_block_on_node(const struct machine *m, u32 block, unsigned int nid)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 bytes = memory_block_bytes(m);
	u64 start = block * bytes;

	for (unsigned int i = 0; i < memory->cnt; i++) {
		const struct memblock_region *region = &memory->regions[i];

		if (region->base < start + bytes && region->base + region->size > start &&
		    (unsigned int)MAX(region->nid, 0) == nid)
			return true;
	}
	return false;
}

static bool memory_block_exists(const struct machine *m, u32 block)
{
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (memory_block_on_node(m, block, nid))
			return true;
	return false;
}

static bool zone_meets(const struct zone *zone, u64 pfn, u64 nr_pages)
{
	return zone_populated(zone) && zone->start_pfn < pfn + nr_pages &&
	       zone_end_pfn(zone) > pfn;
}

const struct zone *memory_block_zone(const struct machine *m, u32 block)
{
	u64 nr_pages = memory_block_bytes(m) >> PAGE_SHIFT;
	const struct zone *found = NULL;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		if (!m->nodes[nid] || !memory_block_on_node(m, block, nid))
			continue;
		for (int type = 0; type < MAX_NR_ZONES; type++) {
			const struct zone *zone = m->nodes[nid]->zones[type];

			if (!zone || !zone_meets(zone, block * nr_pages, nr_pages))
				continue;
			if (found)
				return NULL;
			found = zone;
		}
	}
	return found;
}

bool numbered_name(const char *name, const char *prefix, u32 *number)
{
	size_t len = strlen(prefix);
	char text[16];

	if (strncmp(name, prefix, len) || strlen(name) - len > 9)
		return false;
	*number = strtoul(name + len, NULL, 10);
	snprintf(text, sizeof(text), "%u", *number);
	return !strcmp(text, name + len);
}

bool memory_block_next(const struct view *v, u32 *block)
{
	u64 end = DIV_ROUND_UP(PFN_PHYS(v->m->max_pfn), memory_block_bytes(v->m));

	for (; *block < end; ++*block)
		if (memory_block_exists(v->m, *block))
			return true;
	return false;
}

void memory_block_name(const struct view *v, u32 block, char name[64])
{
	(void)v;
	snprintf(name, 64, "memory%u", block);
}

bool memory_block_find(const struct view *v, const char *name, u32 *block)
{
	return numbered_name(name, "memory", block) && memory_block_exists(v->m, *block);
}

bool node_next(const struct view *v, u32 *nid)
{
	for (; *nid < v->m->nr_nodes; ++*nid)
		if (v->m->nodes[*nid] && v->m->nodes[*nid]->online)
			return true;
	return false;
}

void node_name(const struct view *v, u32 nid, char name[64])
{
	(void)v;
	snprintf(name, 64, "node%u", nid);
}

bool node_find(const struct view *v, const char *name, u32 *nid)
{
	u32 next;

	if (!numbered_name(name, "node", nid))
		return false;
	next = *nid;
	return node_next(v, &next) && next == *nid;
}

bool cpu_next(const struct view *v, u32 *cpu)
{
	return *cpu < v->m->nr_cpus;
}

void cpu_name(const struct view *v, u32 cpu, char name[64])
{
	(void)v;
	snprintf(name, 64, "cpu%u", cpu);
}

bool cpu_find(const struct view *v, const char *name, u32 *cpu)
{
	return numbered_name(name, "cpu", cpu) && *cpu < v->m->nr_cpus;
}
