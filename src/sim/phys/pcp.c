// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A list that runs empty is filled by a batch from the buddy lists, appended at
 * its tail; a free that takes the count to `high` gives the oldest pages back,
 * beginning with the list that grew. 6.1 doubles what it gives back with each
 * free in a row (free_factor). Since 6.7 it gives back what was freed in a row
 * (free_count), takes more with each refill in a row (alloc_factor), and moves
 * `high` between high_min and high_max.
 */
#include "sim/phys/pcp.h"

#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

#define MIN_PERCPU_PAGELIST_HIGH_FRACTION 8

static bool zone_flag(const struct zone *zone, enum zone_flags flag)
{
	return zone->flags >> flag & 1;
}

void zone_pcp_reset(struct machine *m, struct zone *zone)
{
	zone->pageset_batch = 1;
	zone->pageset_high_min = 0;
	zone->pageset_high_max = 0;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct per_cpu_pages *pcp = &zone->pcp[cpu];

		*pcp = (struct per_cpu_pages){
			.batch = 1,
			.flags = rel_pcp_autotune(m->release) ? PCPF_FREE_HIGH_BATCH : 0,
		};
		for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
			pcp->lists[i] = (struct page_list)PAGE_LIST_INIT;
	}
}

int zone_pcp_init(struct machine *m, struct zone *zone)
{
	zone->pcp = arena_alloc(&m->arena, m->nr_cpus * sizeof(*zone->pcp));
	if (!zone->pcp)
		return -ENOMEM;
	zone_pcp_reset(m, zone);
	return 0;
}

void zone_pcp_free(struct machine *m, struct zone *zone)
{
	arena_free(&m->arena, zone->pcp, m->nr_cpus * sizeof(*zone->pcp));
	zone->pcp = NULL;
}

/* How many blocks a refill takes (since 6.7). */
static s32 nr_pcp_alloc(const struct zone *zone, struct per_cpu_pages *pcp,
			unsigned int order)
{
	s32 batch = pcp->batch, high, max;

	high = pcp->high = CLAMP(pcp->high, pcp->high_min, pcp->high_max);
	if (high < batch)
		return 1;
	if (!order)
		batch <<= pcp->alloc_factor;
	if (pcp->high_min != pcp->high_max && !zone_flag(zone, ZONE_BELOW_HIGH))
		high = pcp->high = MIN(high + batch, pcp->high_max);
	if (!order) {
		max = MAX(high - pcp->count - pcp->batch, pcp->batch);
		if (batch <= max && pcp->alloc_factor < PCP_BATCH_SCALE_MAX)
			pcp->alloc_factor++;
		batch = MIN(batch, max);
	}
	return batch;
}

__attribute__((__cold__, __noinline__))
static void why_refilled(struct machine *m, const struct zone *zone,
			 const struct per_cpu_pages *pcp, unsigned int order,
			 enum migratetype type, s32 want, s32 got)
{
	machine_why(m, "node %u zone %s: CPU %u's list of order %u %s is empty: %d of %d blocks "
		    "from the buddy lists; batch %d, high %d of %d to %d (rmqueue_bulk)",
		    zone->node, zone->name, m->cpu, order, migratetype_names[type], got, want,
		    pcp->batch, pcp->high, pcp->high_min, pcp->high_max);
}

bool pcp_refill(struct machine *m, struct zone *zone, struct per_cpu_pages *pcp,
		unsigned int order, enum migratetype type, unsigned int alloc_flags)
{
	struct page_list *list = &pcp->lists[order_to_pindex(order, type)];
	enum rmqueue_mode mode = RMQUEUE_NORMAL;
	s32 want = pcp->batch, got;

	if (rel_pcp_autotune(m->release))
		want = nr_pcp_alloc(zone, pcp, order);
	if (want > 1)
		want = MAX(want >> order, 2);
	for (got = 0; got < want; got++) {
		u32 pfn = rmqueue(m, zone, order, type, alloc_flags, &mode);

		if (pfn == PFN_NIL)
			break;
		page_set_type(pfn_to_page(m, pfn), PGTY_pcp);
		pfn_to_page(m, pfn)->private_ = order;
		page_list_add_tail(m, list, pfn);
		pcp->count += 1 << order;
	}
	pcp->counted = true;
	zone_note_taken(zone, (u64)got << order, alloc_flags);
	why_refilled(m, zone, pcp, order, type, want, got);
	return list->first != PFN_NIL;
}

/* Give `count` pages back to the buddy lists, the oldest of each list first. */
static void free_pcppages_bulk(struct machine *m, struct zone *zone, s32 count,
			       struct per_cpu_pages *pcp, unsigned int pindex)
{
	bool by_block = rel_claim_then_steal(m->release) || zone->pageblocks[MIGRATE_ISOLATE];

	count = MIN(count, pcp->count);
	pcp->counted = true;
	machine_why(m, "node %u zone %s: CPU %u's lists have %d pages, high %d: %d of them go "
		    "back to the buddy lists; batch %d, %d freed in a row (free_pcppages_bulk)",
		    zone->node,
		    zone->name, m->cpu, pcp->count, pcp->high, count, pcp->batch, pcp->free_count);
	for (; count > 0; pindex = (pindex + 1) % NR_PCP_LISTS) {
		struct page_list *list = &pcp->lists[pindex];
		unsigned int order = pindex_to_order(m, pindex);

		while (count > 0 && list->last != PFN_NIL) {
			u32 pfn = list->last;
			struct page *page = pfn_to_page(m, pfn);
			enum migratetype type = by_block ? pageblock_type(m, pfn) : page->list_type;

			page_list_del(m, list, pfn);
			page_clear_type(page);
			count -= 1 << order;
			pcp->count -= 1 << order;
			buddy_free_type(m, zone, pfn, order, type, BUDDY_AUTO);
		}
	}
}

/* 6.1: the mark that `count` may not reach. */
static s32 pcp_high_fixed(const struct zone *zone, const struct per_cpu_pages *pcp,
			  bool free_high)
{
	if (!pcp->high || free_high)
		return 0;
	if (zone_flag(zone, ZONE_RECLAIM_ACTIVE))
		return MIN(pcp->batch << 2, pcp->high);
	return pcp->high;
}

static s32 nr_pcp_free_fixed(struct per_cpu_pages *pcp, s32 high, bool free_high)
{
	s32 batch = pcp->batch, most = high - batch;

	if (free_high)
		return pcp->count;
	if (high < batch)
		return 1;
	batch <<= pcp->free_factor;
	if (batch < most && pcp->free_factor < PCP_BATCH_SCALE_MAX)
		pcp->free_factor++;
	return MIN(MAX(batch, pcp->batch), most);
}

static void pcp_trim_fixed(struct machine *m, struct zone *zone, struct per_cpu_pages *pcp,
			   unsigned int order, unsigned int pindex)
{
	bool free_high = pcp->free_factor && order && order <= PAGE_ALLOC_COSTLY_ORDER;
	s32 high = pcp_high_fixed(zone, pcp, free_high);

	if (pcp->count >= high)
		free_pcppages_bulk(m, zone, nr_pcp_free_fixed(pcp, high, free_high), pcp, pindex);
}

/* Since 6.7: the same mark, and what pressure makes of pcp->high. */
static s32 pcp_high_tuned(const struct zone *zone, struct per_cpu_pages *pcp, bool free_high)
{
	s32 batch = pcp->batch, low = pcp->high_min;
	s32 high = CLAMP(pcp->high, low, pcp->high_max);
	s32 freed = MAX(pcp->free_count, batch);

	pcp->high = high;
	if (!high)
		return 0;
	if (free_high) {
		pcp->high = MAX(high - (batch << PCP_BATCH_SCALE_MAX), low);
		return 0;
	}
	if (zone_flag(zone, ZONE_RECLAIM_ACTIVE)) {
		pcp->high = MAX(high - freed, low);
		return MIN(batch << 2, pcp->high);
	}
	if (low == pcp->high_max)
		return high;
	if (zone_flag(zone, ZONE_BELOW_HIGH)) {
		pcp->high = MAX(high - freed, low);
		return MAX(pcp->count, low);
	}
	if (pcp->count >= high && high < pcp->free_count + batch)
		pcp->high = CLAMP(pcp->free_count + batch, low, pcp->high_max);
	return high;
}

static s32 nr_pcp_free_tuned(const struct per_cpu_pages *pcp, s32 high, bool free_high)
{
	if (free_high)
		return MIN(pcp->count, pcp->batch << PCP_BATCH_SCALE_MAX);
	if (high < pcp->batch)
		return 1;
	return MIN(MAX(pcp->free_count, pcp->batch), high - pcp->batch);
}

/* A run of frees of order 1..3 empties the lists, if it is long enough. */
static bool pcp_free_high(struct per_cpu_pages *pcp, unsigned int order)
{
	bool before = pcp->flags & PCPF_PREV_FREE_HIGH_ORDER;

	if (!order || order > PAGE_ALLOC_COSTLY_ORDER) {
		pcp->flags &= ~PCPF_PREV_FREE_HIGH_ORDER;
		return false;
	}
	pcp->flags |= PCPF_PREV_FREE_HIGH_ORDER;
	return before && pcp->free_count >= pcp->batch + pcp->high_min / 2 &&
	       (!(pcp->flags & PCPF_FREE_HIGH_BATCH) || pcp->count >= pcp->batch);
}

static void pcp_trim_tuned(struct machine *m, struct zone *zone, struct per_cpu_pages *pcp,
			   unsigned int order, unsigned int pindex)
{
	bool free_high = pcp_free_high(pcp, order);
	s32 high;

	if (pcp->free_count < pcp->batch << PCP_BATCH_SCALE_MAX)
		pcp->free_count += 1 << order;
	high = pcp_high_tuned(zone, pcp, free_high);
	if (pcp->count < high)
		return;
	free_pcppages_bulk(m, zone, nr_pcp_free_tuned(pcp, high, free_high), pcp, pindex);
	if (zone_flag(zone, ZONE_BELOW_HIGH) &&
	    zone_watermark_ok(m, zone, 0, zone_wmark(zone, WMARK_HIGH), ZONE_MOVABLE, 0,
			      zone->stat[NR_FREE_PAGES]))
		zone->flags &= ~(1U << ZONE_BELOW_HIGH);
}

void pcp_trim(struct machine *m, struct zone *zone, struct per_cpu_pages *pcp,
	      unsigned int order, unsigned int pindex)
{
	if (rel_pcp_autotune(m->release))
		pcp_trim_tuned(m, zone, pcp, order, pindex);
	else
		pcp_trim_fixed(m, zone, pcp, order, pindex);
}

static void drain_local_pages(struct machine *m, unsigned int cpu, struct zone *zone)
{
	struct per_cpu_pages *pcp = &zone->pcp[cpu];

	while (pcp->count)
		free_pcppages_bulk(m, zone, pcp->batch << PCP_BATCH_SCALE_MAX, pcp, 0);
}

void drain_local_zone(struct machine *m, struct zone *zone)
{
	drain_local_pages(m, m->cpu, zone);
}

void drain_all_pages(struct machine *m, struct zone *zone)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		for (unsigned int i = 0; i < m->nr_zones; i++)
			if (zone_populated(m->zones[i]) && (!zone || zone == m->zones[i]))
				drain_local_pages(m, cpu, m->zones[i]);
}

/* Since 6.7: an idle list shrinks towards high_min. */
static void decay_pcp_high(struct machine *m, struct zone *zone, struct per_cpu_pages *pcp)
{
	s32 high = pcp->high;

	if (high > pcp->high_min) {
		s32 least = MAX(pcp->high_min,
				pcp->count - (pcp->batch << PCP_BATCH_SCALE_MAX));

		pcp->high = MAX(high - (high >> 3), least);
	}
	if (pcp->count > pcp->high)
		free_pcppages_bulk(m, zone, pcp->count - pcp->high, pcp, 0);
}

/* Pages of a remote node that this CPU has not used for three turns go back. */
static void expire_remote_pages(struct machine *m, struct zone *zone,
				struct per_cpu_pages *pcp, unsigned int cpu)
{
	if (!pcp->expire || !pcp->count)
		return;
	if (zone->node == m->cpu_node[cpu]) {
		pcp->expire = 0;
		return;
	}
	if (!--pcp->expire)
		free_pcppages_bulk(m, zone, MIN(pcp->count, pcp->batch), pcp, 0);
}

bool refresh_cpu_vm_stats(struct machine *m, unsigned int cpu)
{
	bool changed = false;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		struct zone *zone = m->zones[i];
		struct per_cpu_pages *pcp = &zone->pcp[cpu], before;

		if (!zone_populated(zone))
			continue;
		before = *pcp;
		if (pcp->counted)
			pcp->expire = 3;
		pcp->counted = false;
		if (rel_pcp_autotune(m->release))
			decay_pcp_high(m, zone, pcp);
		if (m->arch->numa)
			expire_remote_pages(m, zone, pcp, cpu);
		changed |= pcp->counted != before.counted || pcp->expire != before.expire ||
			   pcp->high != before.high || pcp->count != before.count;
	}
	return changed;
}

static unsigned int zone_cpus(const struct machine *m, const struct zone *zone)
{
	const struct pglist_data *node = m->nodes[zone->node];
	unsigned int cpus = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(node->cpus); i++)
		cpus += __builtin_popcountll(node->cpus[i]);
	return cpus ? cpus : m->nr_cpus;
}

static s32 zone_batchsize(const struct zone *zone)
{
	u64 batch = MAX(MIN(zone->managed_pages >> 10, SZ_1M / PAGE_SIZE) / 4, 1);

	return MAX(rounddown_pow_of_two(batch + batch / 2) - 1, 1);
}

static s32 zone_highsize(const struct machine *m, const struct zone *zone, s32 batch,
			 s32 fraction)
{
	u64 pages = fraction ? zone->managed_pages / fraction : zone_wmark(zone, WMARK_LOW);

	return MAX((s32)(pages / zone_cpus(m, zone)), batch << 2);
}

static void why_pcp_sizes(struct machine *m, const struct zone *zone, s32 fraction)
{
	unsigned long long pages = fraction ? zone->managed_pages / fraction :
					      zone_wmark(zone, WMARK_LOW);

	if (!zone_managed(zone))
		return;
	machine_why_setting(m, "node %u zone %s: pcp batch %d; high_min %d = the larger of %s "
			    "%llu / %u CPUs and 4 x batch; high_max %d "
			    "(zone_set_pageset_high_and_batch)",
			    zone->node, zone->name, zone->pageset_batch, zone->pageset_high_min,
			    fraction ? "managed / percpu_pagelist_high_fraction =" : "low mark",
			    pages, zone_cpus(m, zone), zone->pageset_high_max);
}

void zone_pcp_update(struct machine *m, struct zone *zone)
{
	s32 fraction = m->tunables->percpu_pagelist_high_fraction;
	s32 batch = zone_batchsize(zone);
	s32 high_min = zone_highsize(m, zone, batch, fraction);
	s32 high_max = high_min;

	if (rel_pcp_autotune(m->release) && !fraction)
		high_max = zone_highsize(m, zone, batch, MIN_PERCPU_PAGELIST_HIGH_FRACTION);
	zone->basis.pageset_pages = zone->managed_pages;
	zone->basis.pageset_boost = zone->watermark_boost;
	zone->pageset_batch = batch;
	zone->pageset_high_min = high_min;
	zone->pageset_high_max = high_max;
	why_pcp_sizes(m, zone, fraction);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct per_cpu_pages *pcp = &zone->pcp[cpu];

		pcp->batch = batch;
		pcp->high_min = high_min;
		pcp->high_max = high_max;
		if (!rel_pcp_autotune(m->release))
			pcp->high = high_min;
	}
}

static void pcp_list_validate(const struct machine *m, const struct zone *zone,
			      unsigned int cpu, unsigned int pindex, s64 *count,
			      struct check *check)
{
	const struct page_list *list = &zone->pcp[cpu].lists[pindex];
	unsigned int order = pindex_to_order(m, pindex);
	u32 prev = PFN_NIL;

	for (u32 pfn = list->first; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		const struct page *page = pfn_to_page(m, pfn);
		enum migratetype type = MIN(page->list_type, MIGRATE_TYPES);

		if (page_type(page) != PGTY_pcp || page->refcount || page->prev != prev ||
		    page_zone_index(page) != zone->index || pfn & ((1U << order) - 1) ||
		    (pindex < NR_LOWORDER_PCP_LISTS &&
		     order_to_pindex(order, type < MIGRATE_PCPTYPES ? type : MIGRATE_MOVABLE) !=
		     pindex && !rel_claim_then_steal(m->release)))
			check_fail(check, "B9", "page 0x%x: expected on pcp list %u of cpu %u, "
				   "zone %u, found type 0x%x, order-type %u", pfn, pindex, cpu,
				   zone->index, page_type(page), page->list_type);
		*count += 1LL << order;
		prev = pfn;
		if (*count > zone->pcp[cpu].count)
			break;
	}
	if (list->last != prev && *count <= zone->pcp[cpu].count)
		check_fail(check, "B9", "zone %u cpu %u list %u: expected last 0x%x, found 0x%x",
			   zone->index, cpu, pindex, prev, list->last);
}

void pcp_validate(const struct machine *m, const struct zone *zone, struct check *check)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct per_cpu_pages *pcp = &zone->pcp[cpu];
		s64 count = 0;

		for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
			pcp_list_validate(m, zone, cpu, i, &count, check);
		check->nr_checked++;
		if (count != pcp->count)
			check_fail(check, "B9", "zone %u cpu %u: expected pcp count %lld, found %d",
				   zone->index, cpu, (long long)count, pcp->count);
	}
}

static void check_end(const struct machine *m, const struct zone *zone, u32 pfn,
		      unsigned int cpu, unsigned int pindex, bool linked, struct check *check)
{
	const struct page *page = pfn_to_page(m, pfn);

	if (page_type(page) != PGTY_pcp || page->refcount || linked ||
	    page->private_ != pindex_to_order(m, pindex) ||
	    page_zone_index(page) != zone->index)
		check_fail(check, "B9", "page 0x%x: expected at an end of pcp list %u of cpu %u, "
			   "zone %u, found type 0x%x, ref %d", pfn, pindex, cpu, zone->index,
			   page_type(page), page->refcount);
}

void pcp_validate_ends(const struct machine *m, const struct zone *zone, struct check *check)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		bool any = false;

		check->nr_checked++;
		for (unsigned int i = 0; i < NR_PCP_LISTS; i++) {
			const struct page_list *list = &zone->pcp[cpu].lists[i];

			if (list->first == PFN_NIL && list->last == PFN_NIL)
				continue;
			any = true;
			if (list->first == PFN_NIL || list->last == PFN_NIL) {
				check_fail(check, "B9", "zone %u cpu %u list %u: expected two "
					   "ends, found 0x%x and 0x%x", zone->index, cpu, i,
					   list->first, list->last);
				continue;
			}
			check_end(m, zone, list->first, cpu, i,
				  pfn_to_page(m, list->first)->prev != PFN_NIL, check);
			check_end(m, zone, list->last, cpu, i,
				  pfn_to_page(m, list->last)->next != PFN_NIL, check);
		}
		if (any != !!zone->pcp[cpu].count)
			check_fail(check, "B9", "zone %u cpu %u: expected %s on the lists, found "
				   "count %d", zone->index, cpu, any ? "pages" : "no page",
				   zone->pcp[cpu].count);
	}
}
