// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines in the order of show_free_areas(): sums of the machine, nodes, zones, free
 * blocks by order with the types that have some, pools of huge pages, page cache and
 * swap, pages in all. What one line shows is a table of labels, as releases differ.
 */
#include "sim/phys/show_mem.h"

#include <stdio.h>

#include "sim/boot/boot_log.h"
#include "sim/boot/config.h"
#include "sim/phys/cma.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/page_alloc.h"

#define KERNEL_WARNING 4
#define MAX_RECLAIM_RETRIES 16

typedef unsigned long long ull;

static const char type_letters[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = 'U', [MIGRATE_MOVABLE] = 'M', [MIGRATE_RECLAIMABLE] = 'E',
	[MIGRATE_HIGHATOMIC] = 'H', [MIGRATE_CMA] = 'C', [MIGRATE_ISOLATE] = 'I',
};

/* Who asks, and which nodes and zones that concerns. */
struct filter {
	u64 nodemask;
	enum zone_type highest;
};

static bool node_shown(const struct filter *f, unsigned int nid)
{
	return !f->nodemask || f->nodemask >> nid & 1;
}

static bool zone_shown(const struct filter *f, const struct zone *zone)
{
	return zone_populated(zone) && zone->type <= f->highest && node_shown(f, zone->node);
}

static u64 free_pcp(const struct machine *m, const struct zone *zone)
{
	u64 pages = 0;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		pages += (u64)zone->pcp[cpu].count;
	return pages;
}

static ull kb(s64 pages)
{
	return (ull)pages << (PAGE_SHIFT - 10);
}

static void print(struct machine *m, struct out *out)
{
	if (!out_error(out))
		printk(m, KERNEL_WARNING, "%s", out->text);
	out_free(out);
	*out = (struct out)OUT_INIT;
}

static void show_sums(struct machine *m, const struct filter *f)
{
	u64 pcp = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_shown(f, m->zones[i]))
			pcp += free_pcp(m, m->zones[i]);
	printk(m, KERNEL_WARNING, "active_anon:%llu inactive_anon:%llu isolated_anon:%llu",
	       (ull)global_node_stat(m, NR_ACTIVE_ANON), (ull)global_node_stat(m, NR_INACTIVE_ANON),
	       (ull)global_node_stat(m, NR_ISOLATED_ANON));
	printk(m, KERNEL_WARNING, " active_file:%llu inactive_file:%llu isolated_file:%llu",
	       (ull)global_node_stat(m, NR_ACTIVE_FILE), (ull)global_node_stat(m, NR_INACTIVE_FILE),
	       (ull)global_node_stat(m, NR_ISOLATED_FILE));
	printk(m, KERNEL_WARNING, " unevictable:%llu dirty:%llu writeback:%llu",
	       (ull)global_node_stat(m, NR_UNEVICTABLE), (ull)global_node_stat(m, NR_DIRTY),
	       (ull)global_node_stat(m, NR_WRITEBACK));
	printk(m, KERNEL_WARNING, " slab_reclaimable:%llu slab_unreclaimable:%llu",
	       (ull)global_node_stat(m, NR_SLAB_RECLAIMABLE) / PAGE_SIZE,
	       (ull)global_node_stat(m, NR_SLAB_UNRECLAIMABLE) / PAGE_SIZE);
	printk(m, KERNEL_WARNING, " mapped:%llu shmem:%llu pagetables:%llu",
	       (ull)global_node_stat(m, NR_MAPPED), (ull)global_node_stat(m, NR_SHMEM),
	       (ull)global_node_stat(m, NR_PAGE_TABLE_PAGES));
	printk(m, KERNEL_WARNING, " sec_pagetables:%llu bounce:%llu",
	       (ull)global_node_stat(m, NR_SEC_PAGE_TABLE_PAGES), (ull)global_zone_stat(m, NR_BOUNCE));
	printk(m, KERNEL_WARNING, " kernel_misc_reclaimable:%llu",
	       (ull)global_node_stat(m, NR_KERNEL_MISC_RECLAIMABLE));
	printk(m, KERNEL_WARNING, " free:%llu free_pcp:%llu free_cma:%llu",
	       (ull)global_zone_stat(m, NR_FREE_PAGES), (ull)pcp, (ull)global_zone_stat(m, NR_FREE_CMA));
}

/* "name:" of a line, the counter behind it, and how it is printed. */
struct figure {
	const char *label, *unit;
	u8 item;
	bool kb_already;
	struct span span;
};

static const struct figure node_figures[] = {
	{ "active_anon:", "kB", NR_ACTIVE_ANON, false, ALL },
	{ "inactive_anon:", "kB", NR_INACTIVE_ANON, false, ALL },
	{ "active_file:", "kB", NR_ACTIVE_FILE, false, ALL },
	{ "inactive_file:", "kB", NR_INACTIVE_FILE, false, ALL },
	{ "unevictable:", "kB", NR_UNEVICTABLE, false, ALL },
	{ "isolated(anon):", "kB", NR_ISOLATED_ANON, false, ALL },
	{ "isolated(file):", "kB", NR_ISOLATED_FILE, false, ALL },
	{ "mapped:", "kB", NR_MAPPED, false, ALL },
	{ "dirty:", "kB", NR_DIRTY, false, ALL },
	{ "writeback:", "kB", NR_WRITEBACK, false, ALL },
	{ "shmem:", "kB", NR_SHMEM, false, ALL },
	{ "shmem_thp: ", "kB", NR_SHMEM_HUGEPAGES, false, UNTIL(R_6_1) },
	{ "shmem_pmdmapped: ", "kB", NR_SHMEM_PMDMAPPED, false, UNTIL(R_6_1) },
	{ "anon_thp: ", "kB", NR_ANON_THPS, false, UNTIL(R_6_1) },
	{ "shmem_thp:", "kB", NR_SHMEM_HUGEPAGES, false, SINCE(R_6_18) },
	{ "shmem_pmdmapped:", "kB", NR_SHMEM_PMDMAPPED, false, SINCE(R_6_18) },
	{ "anon_thp:", "kB", NR_ANON_THPS, false, SINCE(R_6_18) },
	{ "writeback_tmp:", "kB", NR_WRITEBACK_TEMP, false, UNTIL(R_6_1) },
	{ "kernel_stack:", "kB", NR_KERNEL_STACK, true, ALL },
	{ "pagetables:", "kB", NR_PAGE_TABLE_PAGES, false, ALL },
	{ "sec_pagetables:", "kB", NR_SEC_PAGE_TABLE_PAGES, false, ALL },
};

static bool node_has_managed_zones(const struct pglist_data *node, enum zone_type highest)
{
	for (unsigned int type = 0; type <= highest; type++)
		if (node->zones[type] && zone_managed(node->zones[type]))
			return true;
	return false;
}

static void show_node(struct machine *m, const struct pglist_data *node)
{
	struct out out = OUT_INIT;

	out_printf(&out, "Node %u", node->id);
	for (unsigned int i = 0; i < ARRAY_SIZE(node_figures); i++) {
		const struct figure *figure = &node_figures[i];
		s64 value = node->stat[figure->item];

		if (span_holds(figure->span, m->release))
			out_printf(&out, " %s%llu%s", figure->label,
				   figure->kb_already ? (ull)value : kb(value), figure->unit);
	}
	out_printf(&out, " all_unreclaimable? %s",
		   node->kswapd_failures >= MAX_RECLAIM_RETRIES ? "yes" : "no");
	if (rel_show_mem_tells_more(m->release))
		out_printf(&out, " Balloon:%llukB", kb(node->stat[NR_BALLOON_PAGES]));
	print(m, &out);
}

static const char *zone_prefix(const struct machine *m, const struct zone *zone,
			       char text[24])
{
	text[0] = '\0';
	if (m->arch->numa)
		snprintf(text, 24, "Node %u ", zone->node);
	return text;
}

static void zone_figures(const struct machine *m, const struct zone *zone, struct out *out)
{
	bool more = rel_show_mem_tells_more(m->release);

	out_printf(out, " active_anon:%llukB inactive_anon:%llukB active_file:%llukB "
		   "inactive_file:%llukB unevictable:%llukB writepending:%llukB",
		   kb(zone->stat[NR_ZONE_ACTIVE_ANON]), kb(zone->stat[NR_ZONE_INACTIVE_ANON]),
		   kb(zone->stat[NR_ZONE_ACTIVE_FILE]), kb(zone->stat[NR_ZONE_INACTIVE_FILE]),
		   kb(zone->stat[NR_ZONE_UNEVICTABLE]), kb(zone->stat[NR_ZONE_WRITE_PENDING]));
	if (more)
		out_printf(out, " zspages:%llukB", kb(zone->stat[NR_ZSPAGES]));
	out_printf(out, " present:%llukB managed:%llukB mlocked:%llukB bounce:%llukB "
		   "free_pcp:%llukB local_pcp:%llukB free_cma:%llukB",
		   kb((s64)zone->present_pages), kb((s64)zone->managed_pages),
		   kb(zone->stat[NR_MLOCK]), kb(zone->stat[NR_BOUNCE]),
		   kb((s64)free_pcp(m, zone)), kb(zone->pcp[m->cpu].count),
		   kb(zone->stat[NR_FREE_CMA]));
}

static void show_zone(struct machine *m, const struct zone *zone)
{
	struct out out = OUT_INIT;
	char prefix[24];

	out_printf(&out, "%s%s free:%llukB boost:%llukB min:%llukB low:%llukB high:%llukB "
		   "reserved_highatomic:%lluKB", zone_prefix(m, zone, prefix), zone->name,
		   kb(zone->stat[NR_FREE_PAGES]), kb((s64)zone->watermark_boost),
		   kb((s64)zone_wmark(zone, WMARK_MIN)), kb((s64)zone_wmark(zone, WMARK_LOW)),
		   kb((s64)zone_wmark(zone, WMARK_HIGH)),
		   kb((s64)zone->nr_reserved_highatomic));
	if (rel_show_mem_tells_more(m->release))
		out_printf(&out, " free_highatomic:%lluKB", kb((s64)zone->nr_free_highatomic));
	zone_figures(m, zone, &out);
	print(m, &out);
	out_puts(&out, "lowmem_reserve[]:");
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		if (m->arch->zones >> type & 1)
			out_printf(&out, " %llu", (ull)zone->lowmem_reserve[type]);
	print(m, &out);
}

static void show_free_blocks(struct machine *m, const struct zone *zone)
{
	struct out out = OUT_INIT;
	char prefix[24];
	u64 pages = 0;

	out_printf(&out, "%s%s: ", zone_prefix(m, zone, prefix), zone->name);
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		const struct free_area *area = &zone->free_area[order];

		pages += area->nr_free << order;
		out_printf(&out, "%llu*%llukB ", (ull)area->nr_free, kb(1) << order);
		if (!area->nr_free)
			continue;
		out_putc(&out, '(');
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			if (area->nr[type])
				out_putc(&out, type_letters[type]);
		out_puts(&out, ") ");
	}
	out_printf(&out, "= %llukB", kb((s64)pages));
	print(m, &out);
}

/* The largest size was registered first. */
static void show_pools(struct machine *m, const struct pglist_data *node)
{
	for (unsigned int order = GIGANTIC_PAGE_ORDER; order; order--) {
		struct hugetlb_counts pool;

		if (!hugetlb_has_order(m, order))
			continue;
		pool = hugetlb_counts(m, node, order);
		printk(m, KERNEL_WARNING, "Node %u hugepages_total=%llu hugepages_free=%llu "
		       "hugepages_surp=%llu hugepages_size=%llukB", node->id, (ull)pool.total,
		       (ull)pool.free, (ull)pool.surplus, kb(1) << order);
	}
}

static void show_totals(struct machine *m)
{
	u64 present = 0, reserved = 0, high = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		present += zone->present_pages;
		reserved += zone->present_pages - zone->managed_pages;
		if (zone_is_highmem(m, zone))
			high += zone->present_pages;
	}
	printk(m, KERNEL_WARNING, "%llu total pagecache pages", (ull)global_node_stat(m, NR_FILE_PAGES));
	printk(m, KERNEL_WARNING, "%llu pages in swap cache", (ull)global_node_stat(m, NR_SWAPCACHED));
	printk(m, KERNEL_WARNING, "Free swap  = %llukB", kb((u64)MAX(m->nr_swap_pages, 0)));
	printk(m, KERNEL_WARNING, "Total swap = %llukB", kb((u64)m->total_swap_pages));
	printk(m, KERNEL_WARNING, "%llu pages RAM", (ull)present);
	printk(m, KERNEL_WARNING, "%llu pages HighMem/MovableOnly", (ull)high);
	printk(m, KERNEL_WARNING, "%llu pages reserved", (ull)reserved);
	if (m->cma)
		printk(m, KERNEL_WARNING, "%llu pages cma reserved", (ull)totalcma_pages(m));
	if (machine_config_bool(m->config, "MEMORY_FAILURE"))
		printk(m, KERNEL_WARNING, "%llu pages hwpoisoned", (ull)m->num_poisoned_pages);
}

/* show() of each zone that counts. */
static void each_zone(struct machine *m, const struct filter *f,
		      void (*show)(struct machine *m, const struct zone *zone))
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_shown(f, m->zones[i]))
			show(m, m->zones[i]);
}

void show_mem(struct machine *m, u64 nodemask, enum zone_type highest)
{
	const struct filter f = { nodemask, highest };

	printk(m, KERNEL_WARNING, "Mem-Info:");
	show_sums(m, &f);
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid] && node_shown(&f, nid) &&
		    node_has_managed_zones(m->nodes[nid], highest))
			show_node(m, m->nodes[nid]);
	each_zone(m, &f, show_zone);
	each_zone(m, &f, show_free_blocks);
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid] && node_shown(&f, nid))
			show_pools(m, m->nodes[nid]);
	show_totals(m);
}
