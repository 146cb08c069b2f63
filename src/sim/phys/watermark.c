// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Watermarks and what follows from them. Everything is computed from the managed
 * pages of the moment: boot calls this before initrd and init memory are freed,
 * which is why a running kernel's marks do not fit its `managed` figures.
 */
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

#define SWAP_CLUSTER_MAX 32

typedef unsigned long long ull;

/* x * factor / unit without overflow, as the kernel rounds it. */
static u64 mult_frac(u64 x, u64 factor, u64 unit)
{
	return x / unit * factor + x % unit * factor / unit;
}

/* Is there a block of `order` or more on a list that the allocation may use? */
static bool has_block(const struct zone *zone, unsigned int order, unsigned int alloc_flags)
{
	for (; order < NR_PAGE_ORDERS; order++) {
		const struct free_area *area = &zone->free_area[order];

		if (!area->nr_free)
			continue;
		for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++)
			if (!free_area_empty(area, type))
				return true;
		if (alloc_flags & (ALLOC_HIGHATOMIC | ALLOC_OOM) &&
		    !free_area_empty(area, MIGRATE_HIGHATOMIC))
			return true;
		if (alloc_flags & ALLOC_CMA && !free_area_empty(area, MIGRATE_CMA))
			return true;
	}
	return false;
}

bool zone_watermark_ok(const struct machine *m, const struct zone *zone,
		       unsigned int order, u64 mark, enum zone_type highest,
		       unsigned int alloc_flags, s64 free_pages)
{
	s64 min = mark;

	free_pages -= (1LL << order) - 1;
	if (!(alloc_flags & ALLOC_RESERVES))
		free_pages -= rel_counts_free_highatomic(m->release) ?
			      zone->nr_free_highatomic : zone->nr_reserved_highatomic;
	if (!(alloc_flags & ALLOC_CMA))
		free_pages -= zone->stat[NR_FREE_CMA];
	if (alloc_flags & ALLOC_MIN_RESERVE) {
		min -= min / 2;
		if (alloc_flags & ALLOC_NON_BLOCK)
			min -= min / 4;
	}
	if (alloc_flags & ALLOC_OOM)
		min -= min / 2;
	if (free_pages <= min + (s64)zone->lowmem_reserve[highest])
		return false;
	return !order || has_block(zone, order, alloc_flags);
}

bool zone_is_highmem(const struct machine *m, const struct zone *zone)
{
	const struct zone *high = NULL;

	if (zone->type == ZONE_HIGHMEM)
		return true;
	if (zone->type != ZONE_MOVABLE)
		return false;
	for (unsigned int i = 0; i < m->nr_nodes && !high; i++)
		if (m->nodes[i] && m->nodes[i]->zones[ZONE_HIGHMEM] &&
		    m->nodes[i]->zones[ZONE_HIGHMEM]->spanned_pages)
			high = m->nodes[i]->zones[ZONE_HIGHMEM];
	return high;
}

/* Zones whose min is a small constant instead of a share. */
static bool zone_min_is_clamped(const struct machine *m, const struct zone *zone)
{
	return zone_is_highmem(m, zone) ||
	       (zone->type == ZONE_MOVABLE && rel_movable_min_is_clamped(m->release));
}

static void why_wmarks(struct machine *m, const struct zone *zone, u64 pages_min,
		       u64 lowmem_pages, u64 gap)
{
	ull managed = zone->managed_pages;

	if (!managed)
		return;
	if (zone_min_is_clamped(m, zone))
		machine_why_setting(m, "node %u zone %s: min %llu = managed %llu / 1024 within 32 "
				    "and 128; low, high, promo each %llu more "
				    "(__setup_per_zone_wmarks)", zone->node, zone->name,
				    (ull)zone->watermark[WMARK_MIN], managed, (ull)gap);
	else
		machine_why_setting(m, "node %u zone %s: min %llu = %llu pages of "
				    "min_free_kbytes x managed %llu / lowmem %llu; low, high, "
				    "promo each %llu more: the larger of min / 4 and managed x "
				    "%d / 10000 (__setup_per_zone_wmarks)", zone->node, zone->name,
				    (ull)zone->watermark[WMARK_MIN], (ull)pages_min, managed,
				    (ull)lowmem_pages, (ull)gap,
				    (int)m->tunables->watermark_scale_factor);
}

static void zone_setup_wmarks(struct machine *m, struct zone *zone, u64 lowmem_pages)
{
	u64 pages_min = m->tunables->min_free_kbytes >> (PAGE_SHIFT - 10);
	u64 managed = zone->managed_pages;
	u64 share = lowmem_pages ? pages_min * managed / lowmem_pages : 0;
	u64 gap = MAX(share / 4, mult_frac(managed, m->tunables->watermark_scale_factor, 10000));

	zone->early_pages = managed;
	zone->basis.marked = true;
	zone->watermark_boost = 0;
	zone->watermark[WMARK_MIN] = zone_min_is_clamped(m, zone) ?
				     CLAMP(managed / 1024, SWAP_CLUSTER_MAX, 128) : share;
	zone->watermark[WMARK_LOW] = zone->watermark[WMARK_MIN] + gap;
	zone->watermark[WMARK_HIGH] = zone->watermark[WMARK_LOW] + gap;
	zone->watermark[WMARK_PROMO] = zone->watermark[WMARK_HIGH] + gap;
	why_wmarks(m, zone, pages_min, lowmem_pages, gap);
}

void setup_per_zone_wmarks(struct machine *m)
{
	u64 lowmem_pages = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (!zone_min_is_clamped(m, m->zones[i]))
			lowmem_pages += m->zones[i]->managed_pages;
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->nodes[m->zones[i]->node]->online)
			zone_setup_wmarks(m, m->zones[i], lowmem_pages);
	calculate_totalreserve_pages(m);
	for (unsigned int i = 0; i < m->nr_zones; i++)
		zone_pcp_update(m, m->zones[i]);
}

void calculate_totalreserve_pages(struct machine *m)
{
	m->totalreserve_pages = 0;
	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i])
			m->nodes[i]->totalreserve_pages = 0;
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		struct zone *zone = m->zones[i];
		u64 reserve = 0;

		zone->basis.totalreserve_pages = zone->managed_pages;
		zone->basis.totalreserve_boost = zone->watermark_boost;
		for (unsigned int type = zone->type; type < MAX_NR_ZONES; type++)
			reserve = MAX(reserve, zone->lowmem_reserve[type]);
		reserve = MIN(reserve + zone_wmark(zone, WMARK_HIGH), zone->managed_pages);
		m->nodes[zone->node]->totalreserve_pages += reserve;
		m->totalreserve_pages += reserve;
	}
}

static void zone_setup_lowmem_reserve(struct machine *m, struct zone *zone)
{
	const struct pglist_data *node = m->nodes[zone->node];
	s32 ratio = m->tunables->lowmem_reserve_ratio[zone->type];
	u64 above = 0;

	zone->reserve_pages = zone->managed_pages;
	for (unsigned int type = zone->type + 1; type < MAX_NR_ZONES; type++) {
		if (node->zones[type])
			above += node->zones[type]->managed_pages;
		zone->lowmem_reserve[type] = ratio > 0 && zone_managed(zone) ? above / ratio : 0;
	}
	if (above && ratio > 0 && zone_managed(zone))
		machine_why_setting(m, "node %u zone %s: lowmem_reserve up to %llu = %llu managed "
				    "pages of the zones above / ratio %d "
				    "(setup_per_zone_lowmem_reserve)", zone->node, zone->name,
				    (ull)(above / ratio), (ull)above, ratio);
}

void setup_per_zone_lowmem_reserve(struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		zone_setup_lowmem_reserve(m, m->zones[i]);
	calculate_totalreserve_pages(m);
}

static void calculate_min_free_kbytes(struct machine *m)
{
	u64 lowmem_kbytes = nr_free_buffer_pages(m) << (PAGE_SHIFT - 10);
	s64 kbytes = int_sqrt(lowmem_kbytes * 16);

	if (kbytes > m->tunables->user_min_free_kbytes)
		m->tunables->min_free_kbytes = CLAMP(kbytes, 128, 262144);
	machine_why_setting(m, "min_free_kbytes %d: sqrt(16 x %llu kB of low memory) = %lld, %s "
			    "(calculate_min_free_kbytes)", (int)m->tunables->min_free_kbytes,
			    (ull)lowmem_kbytes, (long long)kbytes,
			    kbytes > m->tunables->user_min_free_kbytes ? "within 128 and 262144" :
			    "not more than what was written: that stays");
}

/* After a write of the ratio. */
static void setup_min_unmapped_ratio(struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i])
			m->nodes[i]->min_unmapped_pages = 0;
	for (unsigned int i = 0; i < m->nr_zones; i++)
		m->nodes[m->zones[i]->node]->min_unmapped_pages +=
			m->zones[i]->managed_pages * m->tunables->min_unmapped_ratio / 100;
}

static void setup_min_slab_ratio(struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i])
			m->nodes[i]->min_slab_pages = 0;
	for (unsigned int i = 0; i < m->nr_zones; i++)
		m->nodes[m->zones[i]->node]->min_slab_pages +=
			m->zones[i]->managed_pages * m->tunables->min_slab_ratio / 100;
}

void init_per_zone_wmark_min(struct machine *m)
{
	calculate_min_free_kbytes(m);
	setup_per_zone_wmarks(m);
	refresh_zone_stat_thresholds(m);
	setup_per_zone_lowmem_reserve(m);
	setup_min_unmapped_ratio(m);
	setup_min_slab_ratio(m);
}

void set_recommended_min_free_kbytes(struct machine *m, bool has_use)
{
	u64 block = pageblock_nr_pages(m), nr_zones = 0, recommended;

	if (!has_use) {
		calculate_min_free_kbytes(m);
		setup_per_zone_wmarks(m);
		return;
	}
	for (unsigned int i = 0; i < m->nr_zones; i++)
		nr_zones += zone_populated(m->zones[i]) && m->zones[i]->type <= ZONE_NORMAL;
	/* Two whole blocks, and for each type two that others can fall back to. */
	recommended = block * nr_zones * (2 + MIGRATE_PCPTYPES * MIGRATE_PCPTYPES);
	recommended = MIN(recommended, nr_free_buffer_pages(m) / 20) << (PAGE_SHIFT - 10);
	if ((s64)recommended > m->tunables->min_free_kbytes)
		m->tunables->min_free_kbytes = recommended;
	machine_why_setting(m, "khugepaged recommends %llu kB: %llu zones x 11 pageblocks of %llu "
			    "pages, at most 5 %% of low memory; min_free_kbytes is %d "
			    "(set_recommended_min_free_kbytes)", (ull)recommended, (ull)nr_zones,
			    (ull)block, (int)m->tunables->min_free_kbytes);
	setup_per_zone_wmarks(m);
}
