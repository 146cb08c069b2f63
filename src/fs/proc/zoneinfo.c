// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/zoneinfo: every zone of every node, populated or not; a node's own
 * counters stand in its first populated zone. Counters come from counter_rows[].
 */
#include "fs/core/figures.h"

#define PAD_NAME 12	/* of a counter */
#define MAX_RECLAIM_RETRIES 16

static void show_counter(struct out *out, const struct counter_row *row, u64 value)
{
	out_write(out, row->label, COUNTER_INDENT + row->len + 1);
	if (row->len < PAD_NAME)
		out_pad(out, ' ', PAD_NAME - row->len);
	out_u64(out, value, 0);
}

/* Inline, for the labels' lengths. */
static inline void show_figure(struct out *out, const char *label, u64 value)
{
	out_puts(out, label);
	out_u64(out, value, 0);
}

static inline void show_int(struct out *out, const char *label, int value)
{
	out_puts(out, label);
	out_s64(out, value);
}

/*
 * Node counters end where the writeback ones begin. A NODE line further down is
 * one that its release counted, and printed, as an event.
 */
static void show_node_counters(struct out *out, const struct machine *m,
			       const struct pglist_data *node)
{
	out_puts(out, "\n  per-node stats");
	for (unsigned int i = 0; i < nr_counter_rows; i++) {
		const struct counter_row *row = &counter_rows[i];

		if (row->kind == COUNTER_WB)
			break;
		if (row->kind == COUNTER_NODE && counter_shown(m, row))
			show_counter(out, row, node_figure(m, node, row->id));
	}
}

static bool first_populated(const struct pglist_data *node, const struct zone *zone)
{
	for (int type = 0; type < MAX_NR_ZONES; type++)
		if (node->zones[type] && zone_populated(node->zones[type]))
			return node->zones[type] == zone;
	return false;
}

static void show_marks(struct out *out, const struct machine *m, const struct zone *zone)
{
	show_figure(out, "\n  pages free     ", zone_figure(m, zone, NR_FREE_PAGES));
	show_figure(out, "\n        boost    ", zone->watermark_boost);
	show_figure(out, "\n        min      ", zone_wmark(zone, WMARK_MIN));
	show_figure(out, "\n        low      ", zone_wmark(zone, WMARK_LOW));
	show_figure(out, "\n        high     ", zone_wmark(zone, WMARK_HIGH));
	if (rel_zoneinfo_promo(m->release))
		show_figure(out, "\n        promo    ", zone_wmark(zone, WMARK_PROMO));
	show_figure(out, "\n        spanned  ", zone->spanned_pages);
	show_figure(out, "\n        present  ", zone->present_pages);
	show_figure(out, "\n        managed  ", zone->managed_pages);
	show_figure(out, "\n        cma      ", zone->cma_pages);
}

static void show_protection(struct out *out, const struct machine *m,
			    const struct zone *zone)
{
	const char *before = "\n        protection: (";

	for (int type = 0; type < MAX_NR_ZONES; type++) {
		if (!(m->arch->zones >> type & 1))
			continue;
		show_figure(out, before, zone->lowmem_reserve[type]);
		before = ", ";
	}
	out_putc(out, ')');
}

/* They stand in front of all others. */
static void show_zone_counters(struct out *out, const struct machine *m,
			       const struct zone *zone)
{
	for (unsigned int i = 0; i < nr_counter_rows; i++) {
		const struct counter_row *row = &counter_rows[i];
		bool numa = row->kind == COUNTER_NUMA;

		if (!numa && row->kind != COUNTER_ZONE)
			break;
		if (counter_shown(m, row))
			show_counter(out, row, numa ? (u64)MAX(zone->numa[row->id], 0) :
				     zone_figure(m, zone, row->id));
	}
}

static void show_pageset(struct out *out, const struct machine *m,
			 const struct per_cpu_pages *pcp)
{
	if (!rel_pcp_autotune(m->release)) {
		show_int(out, "\n              count: ", pcp->count);
		show_int(out, "\n              high:  ", pcp->high);
		show_int(out, "\n              batch: ", pcp->batch);
		return;
	}
	show_int(out, "\n              count:    ", pcp->count);
	show_int(out, "\n              high:     ", pcp->high);
	show_int(out, "\n              batch:    ", pcp->batch);
	show_int(out, "\n              high_min: ", pcp->high_min);
	show_int(out, "\n              high_max: ", pcp->high_max);
}

static void show_zone(struct out *out, const struct machine *m,
		      const struct pglist_data *node, const struct zone *zone)
{
	out_printf(out, "Node %u, zone %8s", node->id, zone->name);
	if (first_populated(node, zone))
		show_node_counters(out, m, node);
	show_marks(out, m, zone);
	show_protection(out, m, zone);
	if (!zone_populated(zone)) {
		out_putc(out, '\n');
		return;
	}
	show_zone_counters(out, m, zone);
	out_puts(out, "\n  pagesets");
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		show_figure(out, "\n    cpu: ", cpu);
		show_pageset(out, m, &zone->pcp[cpu]);
		show_int(out, "\n  vm stats threshold: ", zone->stat_threshold);
	}
	show_figure(out, "\n  node_unreclaimable:  ",
		    node->kswapd_failures >= MAX_RECLAIM_RETRIES);
	show_figure(out, "\n  start_pfn:           ", zone->start_pfn);
	out_putc(out, '\n');
}

static int zoneinfo_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		const struct pglist_data *node = m->nodes[nid];

		for (int type = 0; node && node->online && type < MAX_NR_ZONES; type++)
			if (node->zones[type])
				show_zone(out, m, node, node->zones[type]);
	}
	return 0;
}

static const struct entry zoneinfo_entries[] = {
	FILE_ROW("zoneinfo", 0444, zoneinfo_show),
};

static const struct dir zoneinfo_dir = { DIR_FILES(zoneinfo_entries) };

TREE_PARTS(zoneinfo_parts, { "proc", &zoneinfo_dir });
