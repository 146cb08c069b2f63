// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariants of zones, watermarks and counters (B2 B9 B10, B3, B13 I8 I9). The
 * formulas are written a second time here, from the rules, on purpose.
 */
#include "sim/phys/page_alloc.h"
#include "sim/phys/pcp.h"
#include "sim/phys/tunables.h"

typedef unsigned long long ull;

static void check_equal(struct check *check, const char *id, const struct zone *zone,
			const char *what, u64 expected, u64 found)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, id, "node %u zone %s: expected %s %llu, found %llu", zone->node,
			   zone->name, what, (ull)expected, (ull)found);
}

/* W1: the steps between the marks, the boost, batch and the pcp marks. */
static void check_watermarks(const struct machine *m, const struct zone *zone,
			     struct check *check)
{
	u64 scale = m->tunables->watermark_scale_factor;
	u64 gap = zone->watermark[WMARK_LOW] - zone->watermark[WMARK_MIN];
	u64 share = (unsigned __int128)zone->early_pages * scale / 10000;
	u64 block = pageblock_nr_pages(m);
	u64 high = zone->watermark[WMARK_HIGH];

	check_equal(check, "W1", zone, "high", zone->watermark[WMARK_LOW] + gap, high);
	check_equal(check, "W1", zone, "promo", high + gap, zone->watermark[WMARK_PROMO]);
	check->nr_checked += 2;
	if (gap + 1 < share)
		check_fail(check, "W1", "node %u zone %s: expected a gap of %llu or more, found "
			   "%llu", zone->node, zone->name, (ull)share, (ull)gap);
	/* The factor may have been lowered since: the zone bounds it in any case. */
	if (zone->watermark_boost > MAX(block, zone->managed_pages))
		check_fail(check, "W1", "node %u zone %s: expected a boost of %llu or less, found "
			   "%llu", zone->node, zone->name,
			   (ull)MAX(block, zone->managed_pages), (ull)zone->watermark_boost);
}

/* W1, W3: protection is the memory above by the ratio, and grows upwards. */
static void check_protection(const struct machine *m, const struct zone *zone,
			     struct check *check)
{
	const struct pglist_data *node = m->nodes[zone->node];
	s64 ratio = m->tunables->lowmem_reserve_ratio[zone->type];
	u64 above = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		if (type > zone->type && node->zones[type])
			above += node->zones[type]->reserve_pages;
		check_equal(check, type > zone->type ? "W1" : "W3", zone, "protection",
			    ratio > 0 && zone->reserve_pages ? above / ratio : 0,
			    zone->lowmem_reserve[type]);
	}
}

static void check_pcp(const struct machine *m, const struct zone *zone, struct check *check)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct per_cpu_pages *pcp = &zone->pcp[cpu];

		check_equal(check, "W1", zone, "batch", zone->pageset_batch, pcp->batch);
		check_equal(check, "W1", zone, "high_min", zone->pageset_high_min,
			    pcp->high_min);
		check_equal(check, "W1", zone, "high_max", zone->pageset_high_max,
			    pcp->high_max);
		check->nr_checked++;
		if (pcp->count < 0 || pcp->free_count < 0 ||
		    pcp->alloc_factor > PCP_BATCH_SCALE_MAX ||
		    pcp->free_factor > PCP_BATCH_SCALE_MAX)
			check_fail(check, "B9", "zone %u cpu %u: expected counts in range, found "
				   "count %d, free_count %d", zone->index, cpu, pcp->count,
				   pcp->free_count);
	}
}

static void check_zone(const struct machine *m, const struct zone *zone, struct check *check)
{
	u64 limit = highatomic_limit(m, zone) + (1ULL << MAX_PAGE_ORDER);
	u64 pcp_pages = 0;

	check_watermarks(m, zone, check);
	check_protection(m, zone, check);
	check_pcp(m, zone, check);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		pcp_pages += zone->pcp[cpu].count;
	check->nr_checked += 2;
	if (zone->stat[NR_FREE_PAGES] + pcp_pages > zone->managed_pages)
		check_fail(check, "P8", "zone %u: expected free + pcp <= managed %llu, found %lld "
			   "+ %llu", zone->index, (ull)zone->managed_pages,
			   (long long)zone->stat[NR_FREE_PAGES], (ull)pcp_pages);
	if (zone->nr_reserved_highatomic > limit)
		check_fail(check, "B10", "zone %u: expected nr_reserved_highatomic <= %llu, found "
			   "%llu", zone->index, (ull)limit, (ull)zone->nr_reserved_highatomic);
	for (unsigned int i = 0; i < NR_VM_ZONE_STAT_ITEMS; i++)
		if (zone->stat[i] < 0)
			check_fail(check, "I8", "zone %u: expected counter %u >= 0, found %lld",
				   zone->index, i, (long long)zone->stat[i]);
}

static void check_totals(const struct machine *m, struct check *check)
{
	u64 reserve = 0, nodes = 0;
	s64 local = 0, hit = 0, miss = 0, foreign = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		local += zone->numa[NUMA_LOCAL] + zone->numa[NUMA_OTHER];
		hit += zone->numa[NUMA_HIT];
		miss += zone->numa[NUMA_MISS];
		foreign += zone->numa[NUMA_FOREIGN];
	}
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		if (!m->nodes[i])
			continue;
		nodes += m->nodes[i]->totalreserve_pages;
		for (unsigned int item = 0; item < NR_VM_NODE_STAT_ITEMS; item++)
			if (m->nodes[i]->stat[item] < 0)
				check_fail(check, "I8", "node %u: expected counter %u >= 0, found "
					   "%lld", i, item, (long long)m->nodes[i]->stat[item]);
	}
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		if (m->event[i] < 0)
			check_fail(check, "I8", "event %u: expected >= 0, found %lld", i,
				   (long long)m->event[i]);
	reserve = m->totalreserve_pages;
	check->nr_checked += 4;
	if (reserve != nodes)
		check_fail(check, "W2", "machine: expected totalreserve %llu, found %llu",
			   (ull)nodes, (ull)reserve);
	if (miss != foreign || local != hit + miss)
		check_fail(check, "C5", "machine: expected miss = foreign and local + other = hit "
			   "+ miss, found %lld, %lld, %lld, %lld", (long long)miss,
			   (long long)foreign, (long long)local, (long long)hit);
}

/* W4: each populated zone once, and the node's own first if it has any. */
static void check_zonelists(const struct machine *m, struct check *check)
{
	unsigned int populated = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		populated += zone_populated(m->zones[i]);
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];
		u8 seen[MAX_ZONES] = { 0 };
		bool twice = false;

		if (!node || !node->zonelist)
			continue;
		for (unsigned int j = 0; j < node->nr_zonelist; j++)
			twice |= seen[node->zonelist[j]]++;
		check->nr_checked++;
		if (twice || node->nr_zonelist != populated)
			check_fail(check, "W4", "node %u: expected each of %u zones once in the "
				   "zonelist, found %u%s", i, populated, node->nr_zonelist,
				   twice ? ", one twice" : "");
		for (unsigned int j = 0; j < node->nr_thisnode; j++)
			if (node->zonelist[j] != node->thisnode[j])
				check_fail(check, "W4", "node %u: expected its own zones first", i);
	}
}

void page_alloc_validate(const struct machine *m, struct check *check)
{
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		buddy_validate(m, m->zones[i], check);
		pcp_validate(m, m->zones[i], check);
		check_zone(m, m->zones[i], check);
	}
	check_zonelists(m, check);
	check_totals(m, check);
}

void page_alloc_validate_touched(const struct machine *m, struct check *check)
{
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		buddy_validate_touched(m, m->zones[i], check);
		pcp_validate_ends(m, m->zones[i], check);
		check_zone(m, m->zones[i], check);
	}
	check_totals(m, check);
}

void page_alloc_checked(struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		zone_touched_reset(m->zones[i]);
}
