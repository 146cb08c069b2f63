// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariants of the marks (B3 but W4). Every formula is written a second time here,
 * from the rules and not from watermark.c, pcp.c and vmstat.c, on purpose. Where a
 * figure was worked out from others that have moved since, the zone remembers those
 * (struct zone_basis, early_pages, reserve_pages).
 */
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

#define SCALE 10000		/* of watermark_scale_factor and watermark_boost_factor */
#define PER_GIB_BATCH 256	/* pages: a batch comes of at most 1 MiB */
#define LARGEST_SHARE 8		/* of a zone on the lists of its CPUs, since 6.7 */
#define KSWAPD_GIVES_UP 16

typedef unsigned long long ull;
typedef unsigned __int128 u128;

static void check_equal(struct check *check, const char *id, const struct zone *zone,
			const char *what, u64 expected, u64 found)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, id, "node %u zone %s: expected %s %llu, found %llu", zone->node,
			   zone->name, what, (ull)expected, (ull)found);
}

static void check_at_most(struct check *check, const char *id, const struct zone *zone,
			  const char *what, u64 limit, u64 found)
{
	check->nr_checked++;
	if (found > limit)
		check_fail(check, id, "node %u zone %s: expected %s of %llu or less, found %llu",
			   zone->node, zone->name, what, (ull)limit, (ull)found);
}

static bool has_highmem(const struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->type == ZONE_HIGHMEM && m->zones[i]->spanned_pages)
			return true;
	return false;
}

/* Zones that have no share in min_free_kbytes. */
static bool outside_lowmem(const struct machine *m, const struct zone *zone)
{
	if (zone->type == ZONE_MOVABLE)
		return rel_movable_min_is_clamped(m->release) || has_highmem(m);
	return zone->type == ZONE_HIGHMEM;
}

/* W1: the four marks, equally far from each other. */
static void check_marks(const struct machine *m, const struct zone *zone, u64 lowmem,
			struct check *check)
{
	static const char *const names[NR_WMARK] = { "min", "low", "high", "promo" };
	u64 kbytes = (u64)m->tunables->min_free_kbytes, managed = zone->early_pages;
	u64 share = lowmem ? (u64)((u128)(kbytes / 4) * managed / lowmem) : 0;
	u64 scaled = (u64)((u128)managed * (u64)m->tunables->watermark_scale_factor / SCALE);
	u64 gap = share / 4 > scaled ? share / 4 : scaled;
	u64 mark = outside_lowmem(m, zone) ? CLAMP(managed / 1024, 32, 128) : share;

	if (!zone->basis.marked)	/* its node has not been there when they were */
		mark = gap = 0;
	for (unsigned int i = 0; i < NR_WMARK; i++)
		check_equal(check, "W1", zone, names[i], mark + i * gap, zone->watermark[i]);
}

/* W1: a zone's boost is at most a share of its high mark, one pageblock if that is less. */
static void check_boost(const struct machine *m, const struct zone *zone, struct check *check)
{
	u64 block = pageblock_nr_pages(m);
	u64 share = (u64)((u128)zone->watermark[WMARK_HIGH] * zone->basis.boost_factor / SCALE);
	bool may = share && zone->managed_pages >= 4 * block;

	check_at_most(check, "W1", zone, "a boost", may ? MAX(share, block) : 0,
		      zone->watermark_boost);
}

/* W1, W3: protection is the memory above by the ratio, and never falls upwards. */
static void check_protection(const struct machine *m, const struct zone *zone,
			     struct check *check)
{
	const struct pglist_data *node = m->nodes[zone->node];
	s64 ratio = m->tunables->lowmem_reserve_ratio[zone->type];
	u64 above = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		if (type > zone->type && node->zones[type])
			above += node->zones[type]->reserve_pages;
		check_equal(check, "W1", zone, "protection",
			    ratio > 0 && zone->reserve_pages ? above / (u64)ratio : 0,
			    zone->lowmem_reserve[type]);
		if (type)
			check_at_most(check, "W3", zone, "protection",
				      zone->lowmem_reserve[type], zone->lowmem_reserve[type - 1]);
	}
}

static unsigned int nr_cpus_of(const struct machine *m, const struct zone *zone)
{
	unsigned int nr = 0;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		nr += m->cpu_node[cpu] == zone->node;
	return nr ? nr : m->nr_cpus;
}

/* The largest power of two of one and a half quarters of the base, less one. */
static u64 batch_of(u64 managed)
{
	u64 quarter = MIN(managed / 1024, PER_GIB_BATCH) / 4, power = 1;

	quarter = quarter ? quarter : 1;
	while (2 * power <= quarter + quarter / 2)
		power *= 2;
	return power > 2 ? power - 1 : 1;
}

/* W1: what each CPU's list takes at a time and holds. */
static void check_pagesets(const struct machine *m, const struct zone *zone,
			   struct check *check)
{
	u64 fraction = (u64)m->tunables->percpu_pagelist_high_fraction;
	u64 managed = zone->basis.pageset_pages, batch = batch_of(managed);
	u64 low = zone->watermark[WMARK_LOW] + zone->basis.pageset_boost;
	u64 cpus = nr_cpus_of(m, zone), least, most;

	least = MAX((fraction ? managed / fraction : low) / cpus, 4 * batch);
	most = least;
	if (rel_pcp_autotune(m->release) && !fraction)
		most = MAX(managed / LARGEST_SHARE / cpus, 4 * batch);
	check_equal(check, "W1", zone, "pageset batch", batch, (u64)zone->pageset_batch);
	check_equal(check, "W1", zone, "pageset high_min", least, (u64)zone->pageset_high_min);
	check_equal(check, "W1", zone, "pageset high_max", most, (u64)zone->pageset_high_max);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct per_cpu_pages *pcp = &zone->pcp[cpu];

		check_equal(check, "W1", zone, "batch", batch, (u64)pcp->batch);
		check_equal(check, "W1", zone, "high_min", least, (u64)pcp->high_min);
		check_equal(check, "W1", zone, "high_max", most, (u64)pcp->high_max);
		if (!rel_pcp_autotune(m->release))
			check_equal(check, "W1", zone, "high", least, (u64)pcp->high);
	}
}

static unsigned int bit_length(u64 n)
{
	unsigned int bits = 0;

	for (; n; n >>= 1)
		bits++;
	return bits;
}

/* W1: by how much a CPU's counters may be off, as it is shown. */
static void check_threshold(const struct machine *m, const struct zone *zone,
			    struct check *check)
{
	const struct zone_basis *basis = &zone->basis;
	u64 threshold = 2ULL * bit_length(m->nr_cpus) *
			(1 + bit_length(basis->threshold_pages >> 15));

	if (basis->threshold_tight)
		threshold = MAX(basis->threshold_gap / m->nr_cpus, 1);
	check_equal(check, "W1", zone, "threshold", MIN(threshold, 125),
		    (u64)zone->stat_threshold);
}

/* W2: pages that user memory cannot have: the high marks and the largest protection. */
static void check_totalreserve(const struct machine *m, struct check *check)
{
	u64 total = 0;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		const struct pglist_data *node = m->nodes[nid];
		u64 reserve = 0;

		for (unsigned int type = 0; node && type < MAX_NR_ZONES; type++) {
			const struct zone *zone = node->zones[type];
			u64 most = 0;

			if (!zone)
				continue;
			for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
				most = MAX(most, zone->lowmem_reserve[i]);
			most += zone->watermark[WMARK_HIGH] + zone->basis.totalreserve_boost;
			reserve += MIN(most, zone->basis.totalreserve_pages);
		}
		check->nr_checked++;
		if (node && node->totalreserve_pages != reserve)
			check_fail(check, "W2", "node %u: expected totalreserve %llu, found %llu",
				   nid, (ull)reserve, (ull)node->totalreserve_pages);
		total += reserve;
	}
	check->nr_checked++;
	if (m->totalreserve_pages != total)
		check_fail(check, "W2", "machine: expected totalreserve %llu, found %llu",
			   (ull)total, (ull)m->totalreserve_pages);
}

/* W6: kswapd sleeps, or has failed no more often than it tries. */
static void check_kswapd(const struct machine *m, struct check *check)
{
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		const struct pglist_data *node = m->nodes[nid];

		check->nr_checked++;
		if (node && (node->kswapd_failures < 0 ||
			     node->kswapd_failures > KSWAPD_GIVES_UP))
			check_fail(check, "W6", "node %u: expected 0 to %u failures of kswapd, "
				   "found %d", nid, KSWAPD_GIVES_UP, node->kswapd_failures);
	}
}

void watermarks_validate(const struct machine *m, struct check *check)
{
	u64 lowmem = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (!outside_lowmem(m, m->zones[i]))
			lowmem += m->zones[i]->early_pages;
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		check_marks(m, zone, lowmem, check);
		check_boost(m, zone, check);
		check_protection(m, zone, check);
		/* W5: what was taken without a right to the reserves left the min mark. */
		check_equal(check, "W5", zone, "ordinary allocations below min", 0,
			    zone->basis.nr_below_min);
		if (!zone_populated(zone))
			continue;
		check_pagesets(m, zone, check);
		check_threshold(m, zone, check);
	}
	check_totalreserve(m, check);
	check_kswapd(m, check);
}
