// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/vmstat: counter_rows[] from top to bottom. A per-zone-type event is one
 * line for each zone type that the architecture has.
 */
#include "fs/core/figures.h"
#include "sim/boot/memblock.h"
#include "sim/phys/memory_block.h"

static void show_counter(struct out *out, const struct counter_row *row, u64 value)
{
	out_write(out, row->label + COUNTER_INDENT, row->len + 1);
	out_u64(out, value, 0);
	out_putc(out, '\n');
}

static void show_zone_events(struct out *out, const struct machine *m,
			     const struct counter_row *row)
{
	for (int type = 0; type < MAX_NR_ZONES; type++) {
		if (!(m->arch->zones >> type & 1))
			continue;
		out_write(out, row->name, row->len);
		out_putc(out, '_');
		out_puts(out, zone_suffixes[type]);
		out_putc(out, ' ');
		out_u64(out, MAX(m->zone_event[row->id][type], 0), 0);
		out_putc(out, '\n');
	}
}

/* Pages of descriptors of memory that was added later. */
static u64 memmap_added_pages(const struct machine *m)
{
	u64 blocks = 0;

	for (u32 id = 0; m->hotplug && id < m->hotplug->nr_blocks; id++)
		blocks += m->hotplug->blocks[id].exists && !m->hotplug->blocks[id].early;
	return blocks ? blocks * m->hotplug->block_pages * m->arch->struct_page_bytes / PAGE_SIZE : 0;
}

/* Pages of descriptors that boot made: whole sections, holes in them included. */
static u64 memmap_boot_pages(const struct machine *m)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 section = 1ULL << m->arch->section_bits;
	u64 per_section = section / PAGE_SIZE * m->arch->struct_page_bytes / PAGE_SIZE;
	u64 next = 0, nr = 0;

	for (unsigned int i = 0; i < memory->cnt; i++) {
		const struct memblock_region *region = &memory->regions[i];
		u64 first = MAX(region->base / section, next);
		u64 end = DIV_ROUND_UP(region->base + region->size, section);

		if (end > first)
			nr += end - first;
		next = MAX(next, end);
	}
	return nr * per_section - memmap_added_pages(m);
}

static u64 computed(const struct machine *m, enum writeback_stat_item item)
{
	u64 background, limit;

	if (item == NR_MEMMAP_PAGES)
		return memmap_added_pages(m);
	if (item == NR_MEMMAP_BOOT_PAGES)
		return memmap_boot_pages(m);
	dirty_limits(m, &background, &limit);
	return item == NR_DIRTY_THRESHOLD ? limit : background;
}

static u64 counter(const struct machine *m, const struct counter_row *row)
{
	switch (row->kind) {
	case COUNTER_ZONE:
		return zones_figure(m, NULL, row->id);
	case COUNTER_NUMA:
		return zones_numa_figure(m, NULL, row->id);
	case COUNTER_NODE:
		return node_figure(m, NULL, row->id);
	case COUNTER_WB:
		return computed(m, row->id);
	}
	return MAX(m->event[row->id], 0);
}

static int vmstat_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; i < nr_counter_rows; i++) {
		const struct counter_row *row = &counter_rows[i];

		if (!counter_shown(v->m, row))
			continue;
		if (row->kind == COUNTER_ZEVENT)
			show_zone_events(out, v->m, row);
		else
			show_counter(out, row, counter(v->m, row));
	}
	/* A counter that no release still has, but that tools ask for. */
	out_puts(out, "nr_unstable 0\n");
	return 0;
}

static const struct entry vmstat_entries[] = {
	FILE_ROW("vmstat", 0444, vmstat_show),
};

static const struct dir vmstat_dir = { DIR_FILES(vmstat_entries) };

TREE_PARTS(vmstat_parts, { "proc", &vmstat_dir });
