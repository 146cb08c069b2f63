// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariants of zones and counters (B2 B9 B10, B13 I8 I9); those of the marks are in
 * watermark_check.c.
 */
#include "sim/phys/page_alloc.h"
#include "sim/phys/pcp.h"
#include "sim/phys/tunables.h"

typedef unsigned long long ull;

/* B9: what a list's figures can be. */
static void check_pcp(const struct machine *m, const struct zone *zone, struct check *check)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct per_cpu_pages *pcp = &zone->pcp[cpu];

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
		for (unsigned int item = 0; item < NR_VM_NODE_STAT_ITEMS; item++)
			/* Moves of huge pages leave NR_HUGETLB behind, as in the kernel. */
			if (m->nodes[i]->stat[item] < 0 && item != NR_HUGETLB)
				check_fail(check, "I8", "node %u: expected counter %u >= 0, found "
					   "%lld", i, item, (long long)m->nodes[i]->stat[item]);
	}
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		if (m->event[i] < 0)
			check_fail(check, "I8", "event %u: expected >= 0, found %lld", i,
				   (long long)m->event[i]);
	check->nr_checked += 3;
	if (miss != foreign || local != hit + miss)
		check_fail(check, "C5", "machine: expected miss = foreign and local + other = hit "
			   "+ miss, found %lld, %lld, %lld, %lld", (long long)miss,
			   (long long)foreign, (long long)local, (long long)hit);
}

void page_alloc_validate(const struct machine *m, struct check *check)
{
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		buddy_validate(m, m->zones[i], check);
		pcp_validate(m, m->zones[i], check);
		check_zone(m, m->zones[i], check);
	}
	watermarks_validate(m, check);
	zonelists_validate(m, check);
	check_totals(m, check);
}

void page_alloc_validate_touched(const struct machine *m, struct check *check)
{
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		buddy_validate_touched(m, m->zones[i], check);
		pcp_validate_ends(m, m->zones[i], check);
		check_zone(m, m->zones[i], check);
	}
	watermarks_validate(m, check);
	check_totals(m, check);
}

void page_alloc_checked(struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		zone_touched_reset(m->zones[i]);
}
