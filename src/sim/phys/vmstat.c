// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counters are exact, so the thresholds of the kernel's per-CPU deltas are only
 * shown; sums over zones and nodes are taken when asked for.
 */
#include "sim/phys/hugetlb.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

static s32 normal_threshold(const struct machine *m, const struct zone *zone)
{
	int cpus = fls64(m->nr_cpus), units = fls64(zone->managed_pages >> (27 - PAGE_SHIFT));

	return MIN(125, 2 * cpus * (1 + units));
}

/* So small that the error of all CPUs cannot hide that the min mark is passed. */
static s32 pressure_threshold(const struct machine *m, const struct zone *zone)
{
	u64 distance = zone_wmark(zone, WMARK_LOW) - zone_wmark(zone, WMARK_MIN);

	return CLAMP((s32)(distance / m->nr_cpus), 1, 125);
}

static void set_threshold(const struct machine *m, struct zone *zone, bool under_pressure)
{
	zone->basis.threshold_pages = zone->managed_pages;
	zone->basis.threshold_gap = zone_wmark(zone, WMARK_LOW) - zone_wmark(zone, WMARK_MIN);
	zone->basis.threshold_tight = under_pressure;
	zone->stat_threshold = under_pressure ? pressure_threshold(m, zone) :
						normal_threshold(m, zone);
}

void set_pgdat_percpu_threshold(struct machine *m, struct pglist_data *node,
				bool under_pressure)
{
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		struct zone *zone = node->zones[type];

		if (zone && zone->percpu_drift_mark)
			set_threshold(m, zone, under_pressure);
	}
}

void refresh_zone_stat_thresholds(struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		struct zone *zone = m->zones[i];
		u64 drift;

		if (!zone_populated(zone))
			continue;
		set_threshold(m, zone, /* under_pressure = */ false);
		drift = (u64)m->nr_cpus * zone->stat_threshold;
		if (drift > zone_wmark(zone, WMARK_LOW) - zone_wmark(zone, WMARK_MIN))
			zone->percpu_drift_mark = zone_wmark(zone, WMARK_HIGH) + drift;
	}
}

u64 nr_free_zone_pages(const struct machine *m, enum zone_type highest)
{
	u64 pages = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];
		u64 high = zone_wmark(zone, WMARK_HIGH);

		if (zone_populated(zone) && zone->type <= highest && zone->managed_pages > high)
			pages += zone->managed_pages - high;
	}
	return pages;
}

u64 nr_free_buffer_pages(const struct machine *m)
{
	return nr_free_zone_pages(m, gfp_zone(m, GFP_USER));
}

u64 global_zone_stat(const struct machine *m, enum zone_stat_item item)
{
	s64 sum = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		sum += m->zones[i]->stat[item];
	return MAX(sum, 0);
}

u64 global_node_stat(const struct machine *m, enum node_stat_item item)
{
	s64 sum = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i])
			sum += m->nodes[i]->stat[item];
	return MAX(sum, 0);
}

u64 si_mem_available(const struct machine *m)
{
	u64 low = 0, cache, slab;
	s64 available;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		low += zone_wmark(m->zones[i], WMARK_LOW);
	available = (s64)(global_zone_stat(m, NR_FREE_PAGES) + m->late_pages) -
		    (s64)m->totalreserve_pages;
	cache = global_node_stat(m, NR_ACTIVE_FILE) + global_node_stat(m, NR_INACTIVE_FILE);
	available += cache - MIN(cache / 2, low);
	/* Slab counters are in bytes. */
	slab = (global_node_stat(m, NR_SLAB_RECLAIMABLE) >> PAGE_SHIFT) +
	       global_node_stat(m, NR_KERNEL_MISC_RECLAIMABLE);
	available += slab - MIN(slab / 2, low);
	return MAX(available, 0);
}

u64 vm_commit_limit(const struct machine *m)
{
	const struct tunables *tunables = m->tunables;
	u64 pages = tunables->overcommit_kbytes >> (PAGE_SHIFT - 10);

	if (!tunables->overcommit_kbytes) {
		pages = (m->totalram_pages - hugetlb_total_pages(m)) * tunables->overcommit_ratio;
		/* A ratio may be below 0; words of 32 bits wrap where they end. */
		pages = (m->arch->bits == 32 ? (u32)pages : pages) / 100;
	}
	return pages + (u64)m->total_swap_pages;
}
