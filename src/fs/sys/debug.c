// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/debug: fragmentation indexes and memblock's arrays. memblock/ is what
 * a kernel shows that keeps memblock after the boot.
 */
#include "fs/core/figures.h"
#include "sim/boot/memblock.h"
#include "sim/phys/extfrag.h"

static int show_indexes(struct out *out, const struct machine *m,
			int (*index)(const struct zone *zone, unsigned int order),
			int width)
{
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		if (!zone_populated(zone))
			continue;
		out_printf(out, "Node %u, zone %8s ", zone->node, zone->name);
		for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
			int value = index(zone, order);

			out_printf(out, "%*d.%03d ", width, value / 1000, value % 1000);
		}
		out_putc(out, '\n');
	}
	return 0;
}

static int extfrag_index_show(struct out *out, const struct view *v)
{
	return show_indexes(out, v->m, fragmentation_index, 2);
}

static int unusable_index_show(struct out *out, const struct view *v)
{
	return show_indexes(out, v->m, unusable_free_index, 1);
}

static const char *const memblock_flag_names[] = {
	"HOTPLUG", "MIRROR", "NOMAP", "DRV_MNG", "RSV_NOINIT", "RSV_KERN",
};

/* The node and the first flag: newer releases only. */
static void show_node_and_flag(struct out *out, const struct memblock_region *region)
{
	if (region->nid >= 0)
		out_printf(out, "%4d ", region->nid);
	else
		out_printf(out, "%4c ", 'x');
	for (unsigned int bit = 0; bit < ARRAY_SIZE(memblock_flag_names); bit++) {
		if (!(region->flags >> bit & 1))
			continue;
		out_puts(out, memblock_flag_names[bit]);
		return;
	}
	out_puts(out, region->flags ? "UNKNOWN" : "NONE");
}

static int show_regions(struct out *out, const struct machine *m,
			const struct memblock_type *type)
{
	int width = m->arch->entry_bytes * 2;

	for (unsigned int i = 0; i < type->cnt; i++) {
		const struct memblock_region *region = &type->regions[i];

		out_printf(out, "%4u: 0x%0*llx..0x%0*llx", i, width,
			   (unsigned long long)region->base, width,
			   (unsigned long long)(region->base + region->size - 1));
		if (rel_memblock_shows_flags(m->release)) {
			out_putc(out, ' ');
			show_node_and_flag(out, region);
		}
		out_putc(out, '\n');
	}
	return 0;
}

static int memory_show(struct out *out, const struct view *v)
{
	return show_regions(out, v->m, &v->m->memblock->memory);
}

static int reserved_show(struct out *out, const struct view *v)
{
	return show_regions(out, v->m, &v->m->memblock->reserved);
}

static const struct entry extfrag_entries[] = {
	FILE_ROW("extfrag_index", 0444, extfrag_index_show),
	FILE_ROW("unusable_index", 0444, unusable_index_show),
};

static const struct entry memblock_entries[] = {
	FILE_ROW("memory", 0444, memory_show),
	FILE_ROW("reserved", 0444, reserved_show),
};

static const struct dir extfrag_dir = { DIR_FILES(extfrag_entries) };
static const struct dir memblock_dir = { DIR_FILES(memblock_entries) };

TREE_PARTS(debug_parts,
	   { "sys/kernel/debug/extfrag", &extfrag_dir },
	   { "sys/kernel/debug/memblock", &memblock_dir });
