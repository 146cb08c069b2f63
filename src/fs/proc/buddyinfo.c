// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/buddyinfo and proc/pagetypeinfo: free blocks by order, by order and
 * migrate type, and pageblocks by type. Only populated zones have lines.
 */
#include "fs/core/figures.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/section.h"

#define FREECOUNT_CAP 100000	/* the kernel stops counting a list here */

/* Call show() for each populated zone of a node. */
static void each_populated(struct out *out, const struct machine *m,
			   const struct pglist_data *node,
			   void (*show)(struct out *out, const struct machine *m,
					const struct zone *zone))
{
	for (int type = 0; type < MAX_NR_ZONES; type++)
		if (node->zones[type] && zone_populated(node->zones[type]))
			show(out, m, node->zones[type]);
}

static void show_free_areas(struct out *out, const struct machine *m, const struct zone *zone)
{
	(void)m;
	out_printf(out, "Node %u, zone %8s ", zone->node, zone->name);
	for (int order = 0; order < NR_PAGE_ORDERS; order++) {
		out_u64(out, zone->free_area[order].nr_free, 6);
		out_putc(out, ' ');
	}
	out_putc(out, '\n');
}

static int buddyinfo_show(struct out *out, const struct view *v)
{
	for (unsigned int nid = 0; nid < v->m->nr_nodes; nid++)
		if (v->m->nodes[nid])
			each_populated(out, v->m, v->m->nodes[nid], show_free_areas);
	return 0;
}

static void show_free_of_type(struct out *out, const struct zone *zone, int type)
{
	out_printf(out, "Node %4u, zone %8s, type %12s ", zone->node, zone->name,
		   migratetype_names[type]);
	for (int order = 0; order < NR_PAGE_ORDERS; order++) {
		u64 nr = zone->free_area[order].nr[type];

		if (nr >= FREECOUNT_CAP)
			out_putc(out, '>');
		out_u64(out, MIN(nr, FREECOUNT_CAP), 6);
		out_putc(out, ' ');
	}
	out_putc(out, '\n');
}

static void show_free_types(struct out *out, const struct machine *m, const struct zone *zone)
{
	for (int type = 0; type < MIGRATE_TYPES; type++)
		if (has_migratetype(m, type))
			show_free_of_type(out, zone, type);
}

/* A figure for each type that the kernel has. */
static void show_by_type(struct out *out, const struct machine *m, const struct zone *zone,
			 const u64 figures[MIGRATE_TYPES])
{
	out_printf(out, "Node %u, zone %8s ", zone->node, zone->name);
	for (int type = 0; type < MIGRATE_TYPES; type++) {
		if (!has_migratetype(m, type))
			continue;
		out_u64(out, figures[type], 12);
		out_putc(out, ' ');
	}
	out_putc(out, '\n');
}

static void show_type_names(struct out *out, const struct machine *m, const char *head)
{
	out_printf(out, "\n%-23s", head);
	for (int type = 0; type < MIGRATE_TYPES; type++)
		if (has_migratetype(m, type))
			out_printf(out, "%12s ", migratetype_names[type]);
	out_putc(out, '\n');
}

static void show_pageblocks(struct out *out, const struct machine *m, const struct zone *zone)
{
	u64 blocks[MIGRATE_TYPES];
	u64 late = zone_late_blocks(zone, m->pageblock_order);

	memcpy(blocks, zone->pageblocks, sizeof(blocks));
	blocks[MIGRATE_MOVABLE] -= MIN(late, blocks[MIGRATE_MOVABLE]);
	show_by_type(out, m, zone, blocks);
}

/*
 * Pageblocks, by their type, in which somebody has a page of another type: the first such
 * page that page_owner knows decides.
 */
static void count_mixed(const struct machine *m, const struct zone *zone,
			u64 counts[MIGRATE_TYPES])
{
	u64 size = pageblock_nr_pages(m), pfn = zone->start_pfn;

	while (pfn < zone_end_pfn(zone)) {
		u64 end = MIN(ALIGN_DOWN(pfn, size) + size, zone_end_pfn(zone));
		enum migratetype type = pageblock_type(m, pfn);

		if (!page_present(m, pfn) || pfn_online_zone(m, pfn) != zone) {
			pfn = end;
			continue;
		}
		while (pfn < end) {
			unsigned int order;
			gfp_t gfp;

			if (!page_owner_at(m, pfn, &order, &gfp)) {
				pfn++;
			} else if (gfp_migratetype(gfp) == type) {
				pfn += 1ULL << order;
			} else {
				counts[type == MIGRATE_CMA ? MIGRATE_MOVABLE : type]++;
				pfn = end;
			}
		}
	}
}

static void show_mixed(struct out *out, const struct machine *m,
		       const struct pglist_data *node)
{
	show_type_names(out, m, "Number of mixed blocks ");
	for (int type = 0; type < MAX_NR_ZONES; type++) {
		u64 counts[MIGRATE_TYPES] = { 0 };
		const struct zone *zone = node->zones[type];

		if (!zone || !zone_populated(zone))
			continue;
		count_mixed(m, zone, counts);
		show_by_type(out, m, zone, counts);
	}
}

/* The whole report for one node, head lines included. */
static void show_node_types(struct out *out, const struct machine *m,
			    const struct pglist_data *node)
{
	unsigned int order = m->pageblock_order;

	out_printf(out, "Page block order: %u\nPages per block:  %u\n\n", order, 1U << order);
	out_printf(out, "%-43s ", "Free pages count per migrate type at order");
	for (int i = 0; i < NR_PAGE_ORDERS; i++)
		out_printf(out, "%6d ", i);
	out_putc(out, '\n');
	each_populated(out, m, node, show_free_types);
	show_type_names(out, m, "Number of blocks type ");
	each_populated(out, m, node, show_pageblocks);
	if (m->page_owner)
		show_mixed(out, m, node);
}

static int pagetypeinfo_show(struct out *out, const struct view *v)
{
	for (unsigned int nid = 0; nid < v->m->nr_nodes; nid++)
		if (v->m->nodes[nid] && v->m->nodes[nid]->has_memory)
			show_node_types(out, v->m, v->m->nodes[nid]);
	return 0;
}

static const struct entry buddyinfo_entries[] = {
	FILE_ROW("buddyinfo", 0444, buddyinfo_show),
	FILE_ROW("pagetypeinfo", 0400, pagetypeinfo_show),
};

static const struct dir buddyinfo_dir = { DIR_FILES(buddyinfo_entries) };

TREE_PARTS(buddyinfo_parts, { "proc", &buddyinfo_dir });
