// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two algorithms. 6.1 finds one foreign block, moves it (and with it, if allowed,
 * all free pages of its pageblock) to the list of the wanted type, and tries the
 * list again. Since 6.15 whole pageblocks are claimed, largest blocks first; only
 * when none can be, one block is stolen, smallest first, and nothing is retyped.
 */
#include "sim/phys/fallback.h"

#include "sim/phys/tunables.h"

typedef unsigned long long ull;

static const u8 fallbacks[MIGRATE_PCPTYPES][MIGRATE_PCPTYPES - 1] = {
	[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

/*
 * The first type that `type` falls back to and that has a free block of this
 * order; MIGRATE_TYPES if there is none.
 */
static enum migratetype find_suitable_fallback(const struct zone *zone, unsigned int order,
					enum migratetype type)
{
	const struct free_area *area = &zone->free_area[order];

	if (!area->nr_free || type >= MIGRATE_PCPTYPES)
		return MIGRATE_TYPES;
	for (unsigned int i = 0; i < MIGRATE_PCPTYPES - 1; i++)
		if (!free_area_empty(area, fallbacks[type][i]))
			return fallbacks[type][i];
	return MIGRATE_TYPES;
}

/* May a block of this order take its whole pageblock with it? */
static bool may_claim(const struct machine *m, unsigned int order, enum migratetype type)
{
	return order >= m->pageblock_order / 2 || type == MIGRATE_RECLAIMABLE ||
	       type == MIGRATE_UNMOVABLE || m->mobility_grouping_off;
}

bool fallback_is_claimable(const struct machine *m, const struct zone *zone,
			   unsigned int order, enum migratetype type)
{
	return may_claim(m, order, type) &&
	       find_suitable_fallback(zone, order, type) != MIGRATE_TYPES;
}

static u64 lowest_order(const struct machine *m, unsigned int order,
			unsigned int alloc_flags)
{
	if (order < m->pageblock_order && alloc_flags & ALLOC_NOFRAGMENT)
		return m->pageblock_order;
	return order;
}

/* Raise the watermarks, so that kswapd makes room against further fallbacks. */
static void boost_watermark(struct machine *m, struct zone *zone, unsigned int alloc_flags)
{
	u64 high = zone->watermark[WMARK_HIGH];
	u64 factor = m->tunables->watermark_boost_factor;
	u64 block = pageblock_nr_pages(m);
	u64 max = high / 10000 * factor + high % 10000 * factor / 10000;

	if (!factor || block * 4 > zone->managed_pages || !max)
		return;
	zone->basis.boost_factor = factor;
	zone->watermark_boost = MIN(zone->watermark_boost + block, MAX(block, max));
	machine_why(m, "node %u zone %s: watermark_boost is %llu now: one pageblock (%llu) more, "
		    "at most high %llu x %llu / 10000 = %llu (boost_watermark)", zone->node,
		    zone->name, (ull)zone->watermark_boost, (ull)block, (ull)high, (ull)factor,
		    (ull)max);
	if (alloc_flags & ALLOC_KSWAPD)
		zone->flags |= 1U << ZONE_BOOSTED_WATERMARK;
}

/* Pages of one pageblock: in free blocks, and in use but movable. */
struct block_count {
	u64 free, movable;
};

static bool pageblock_in_zone(const struct machine *m, const struct zone *zone, u64 pfn)
{
	u64 start = ALIGN_DOWN(pfn, pageblock_nr_pages(m));

	return zone_spans_pfn(zone, start) &&
	       zone_spans_pfn(zone, start + pageblock_nr_pages(m) - 1);
}

/* Where the walk over pfn's pageblock begins; 6.1 tolerates one cut at its start. */
static u64 pageblock_walk_start(const struct machine *m, const struct zone *zone, u64 pfn)
{
	u64 start = ALIGN_DOWN(pfn, pageblock_nr_pages(m));

	return zone_spans_pfn(zone, start) ? start : pfn;
}

static void count_block(const struct machine *m, u64 start, u64 end,
			struct block_count *count)
{
	*count = (struct block_count) { 0 };
	for (u64 pfn = start; pfn < end;) {
		const struct page *page = pfn_to_page(m, pfn);

		if (page_type(page) == PGTY_buddy) {
			count->free += 1ULL << page->private_;
			pfn += 1ULL << page->private_;
			continue;
		}
		count->movable += page_flag(page, PG_lru);
		pfn++;
	}
}

static u64 move_free_blocks(struct machine *m, struct zone *zone, u64 start, u64 end,
			    enum migratetype type)
{
	u64 moved = 0;

	for (u64 pfn = start; pfn < end;) {
		const struct page *page = pfn_to_page(m, pfn);
		unsigned int order = page->private_;

		if (page_type(page) != PGTY_buddy) {
			pfn++;
			continue;
		}
		buddy_move(m, zone, pfn, order, type);
		moved += 1ULL << order;
		pfn += 1ULL << order;
	}
	return moved;
}

/*
 * Move the free blocks of pfn's pageblock to the lists of `type`. Returns how many
 * pages; 0 if the pageblock leaves the zone. The pageblock keeps its type.
 */
static u64 move_freepages_block(struct machine *m, struct zone *zone, u64 pfn,
			 enum migratetype type)
{
	u64 end = ALIGN_DOWN(pfn, pageblock_nr_pages(m)) + pageblock_nr_pages(m);

	if (!zone_spans_pfn(zone, end - 1))
		return 0;
	if (rel_claim_then_steal(m->release) && !pageblock_in_zone(m, zone, pfn))
		return 0;
	return move_free_blocks(m, zone, pageblock_walk_start(m, zone, pfn), end, type);
}

void change_pageblock(struct machine *m, struct zone *zone, u64 pfn, enum migratetype type)
{
	if (rel_claim_then_steal(m->release)) {
		if (!pageblock_in_zone(m, zone, pfn))
			return;
		(void)move_freepages_block(m, zone, pfn, type);
	}
	set_pageblock_type(m, pfn, type);
}

/* Pages in use that suit `type`, in a pageblock of type `old`. */
static u64 alike_pages(const struct machine *m, const struct block_count *count,
		       enum migratetype old, enum migratetype type)
{
	if (type == MIGRATE_MOVABLE)
		return count->movable;
	if (old == MIGRATE_MOVABLE)
		return pageblock_nr_pages(m) - (count->free + count->movable);
	return 0;
}

static bool block_suits(const struct machine *m, const struct block_count *count,
			enum migratetype old, enum migratetype type)
{
	return count->free + alike_pages(m, count, old, type) >= pageblock_nr_pages(m) / 2 ||
	       m->mobility_grouping_off;
}

static void why_claimed_large(struct machine *m, const struct zone *zone, u64 pfn,
			      unsigned int order, enum migratetype type,
			      enum migratetype old)
{
	machine_why(m, "node %u zone %s: no %s block: block %#llx of order %u >= "
		    "pageblock_order %u changes from %s (change_pageblock_range)",
		    zone->node, zone->name,
		    migratetype_names[type], (ull)pfn, order, m->pageblock_order,
		    migratetype_names[old]);
}

/* A pageblock was counted: did it become ours? */
static void why_counted(struct machine *m, const struct zone *zone, u64 pfn,
			enum migratetype type, enum migratetype old,
			const struct block_count *count)
{
	u64 alike = alike_pages(m, count, old, type), half = pageblock_nr_pages(m) / 2;

	machine_why(m, "node %u zone %s: no %s block: pageblock %#llx of type %s has %llu free + "
		    "%llu alike pages %s %llu: %s (%s)", zone->node, zone->name,
		    migratetype_names[type], (ull)ALIGN_DOWN(pfn, pageblock_nr_pages(m)),
		    migratetype_names[old], (ull)count->free, (ull)alike,
		    count->free + alike >= half ? ">=" : "<", (ull)half,
		    block_suits(m, count, old, type) ? "claimed" : "not claimed",
		    rel_claim_then_steal(m->release) ? "try_to_claim_block" :
						       "steal_suitable_fallback");
}

static void why_moved_alone(struct machine *m, const struct zone *zone, u64 pfn,
			    unsigned int order, enum migratetype type, enum migratetype old)
{
	machine_why(m, "node %u zone %s: no %s block: block %#llx of order %u moves over from %s, "
		    "its pageblock stays (steal_suitable_fallback)", zone->node, zone->name,
		    migratetype_names[type], (ull)pfn, order, migratetype_names[old]);
}

/* 6.1: the block at pfn, and maybe its pageblock, goes to the lists of `type`. */
static void steal_suitable_fallback(struct machine *m, struct zone *zone, u64 pfn,
				    unsigned int order, enum migratetype type,
				    unsigned int alloc_flags, bool whole_block)
{
	enum migratetype old = pageblock_type(m, pfn);
	u64 end = ALIGN_DOWN(pfn, pageblock_nr_pages(m)) + pageblock_nr_pages(m);
	struct block_count count;

	if (old == MIGRATE_HIGHATOMIC)
		goto single;
	if (order >= m->pageblock_order) {
		change_pageblock_range(m, pfn, order, type);
		why_claimed_large(m, zone, pfn, order, type, old);
		goto single;
	}
	boost_watermark(m, zone, alloc_flags);
	if (!whole_block || !zone_spans_pfn(zone, end - 1))
		goto single;
	count_block(m, pageblock_walk_start(m, zone, pfn), end, &count);
	move_freepages_block(m, zone, pfn, type);
	if (block_suits(m, &count, old, type))
		set_pageblock_type(m, pfn, type);
	why_counted(m, zone, pfn, type, old, &count);
	return;
single:
	why_moved_alone(m, zone, pfn, order, type, old);
	buddy_move(m, zone, pfn, order, type);
}

static bool rmqueue_fallback(struct machine *m, struct zone *zone, unsigned int order,
			     enum migratetype type, unsigned int alloc_flags)
{
	int lowest = lowest_order(m, order, alloc_flags);
	int current = MAX_PAGE_ORDER;
	enum migratetype from = MIGRATE_TYPES;
	bool whole_block;

	for (; current >= lowest; current--) {
		from = find_suitable_fallback(zone, current, type);
		if (from != MIGRATE_TYPES)
			break;
	}
	if (from == MIGRATE_TYPES)
		return false;
	whole_block = may_claim(m, current, type);
	/* Where the pageblock stays foreign, break the smallest block instead. */
	if (!whole_block && type == MIGRATE_MOVABLE && current > (int)order) {
		for (current = order; ; current++) {
			from = find_suitable_fallback(zone, current, type);
			if (from != MIGRATE_TYPES)
				break;
		}
		whole_block = may_claim(m, current, type);
	}
	steal_suitable_fallback(m, zone, zone->free_area[current].lists[from].first, current,
				type, alloc_flags, whole_block);
	return true;
}

/* Since 6.15: make the pageblock of a foreign block ours and take from it. */
static u32 try_to_claim_block(struct machine *m, struct zone *zone, u32 pfn,
			      unsigned int current, unsigned int order,
			      enum migratetype type, enum migratetype old,
			      unsigned int alloc_flags)
{
	u64 start = ALIGN_DOWN(pfn, pageblock_nr_pages(m));
	u64 end = start + pageblock_nr_pages(m);
	struct block_count count;

	if (current >= m->pageblock_order) {
		buddy_del(m, zone, pfn, current);
		change_pageblock_range(m, pfn, current, type);
		why_claimed_large(m, zone, pfn, current, type, old);
		buddy_expand(m, zone, pfn, order, current, type);
		pfn_to_page(m, pfn)->list_type = type;
		return pfn;
	}
	boost_watermark(m, zone, alloc_flags);
	if (!pageblock_in_zone(m, zone, pfn))
		return PFN_NIL;
	count_block(m, start, end, &count);
	why_counted(m, zone, pfn, type, old, &count);
	if (!block_suits(m, &count, old, type))
		return PFN_NIL;
	move_free_blocks(m, zone, start, end, type);
	set_pageblock_type(m, start, type);
	return buddy_alloc_smallest(m, zone, order, type);
}

static u32 rmqueue_claim(struct machine *m, struct zone *zone, unsigned int order,
			 enum migratetype type, unsigned int alloc_flags)
{
	int lowest = lowest_order(m, order, alloc_flags);

	for (int current = MAX_PAGE_ORDER; current >= lowest; current--) {
		enum migratetype from;
		u32 pfn;

		if (!may_claim(m, current, type))
			break;
		from = find_suitable_fallback(zone, current, type);
		if (from == MIGRATE_TYPES)
			continue;
		pfn = try_to_claim_block(m, zone, zone->free_area[current].lists[from].first,
					 current, order, type, from, alloc_flags);
		if (pfn != PFN_NIL)
			return pfn;
	}
	return PFN_NIL;
}

static u32 rmqueue_steal(struct machine *m, struct zone *zone, unsigned int order,
			 enum migratetype type)
{
	for (unsigned int current = order; current < NR_PAGE_ORDERS; current++) {
		enum migratetype from = find_suitable_fallback(zone, current, type);
		u32 pfn;

		if (from == MIGRATE_TYPES)
			continue;
		pfn = zone->free_area[current].lists[from].first;
		machine_why(m, "node %u zone %s: no %s block, none to claim: order %u of block "
			    "%#llx, order %u, is stolen from %s: the smallest that will do "
			    "(__rmqueue_steal)", zone->node, zone->name,
			    migratetype_names[type], order, (ull)pfn, current,
			    migratetype_names[from]);
		buddy_del(m, zone, pfn, current);
		buddy_expand(m, zone, pfn, order, current, from);
		pfn_to_page(m, pfn)->list_type = from;
		return pfn;
	}
	return PFN_NIL;
}

static u32 rmqueue_claim_then_steal(struct machine *m, struct zone *zone,
				    unsigned int order, enum migratetype type,
				    unsigned int alloc_flags, enum rmqueue_mode *mode)
{
	u32 pfn;

	if (*mode != RMQUEUE_STEAL) {
		pfn = rmqueue_claim(m, zone, order, type, alloc_flags);
		if (pfn != PFN_NIL) {
			*mode = RMQUEUE_NORMAL;
			return pfn;
		}
	}
	if (alloc_flags & ALLOC_NOFRAGMENT)
		return PFN_NIL;
	pfn = rmqueue_steal(m, zone, order, type);
	if (pfn != PFN_NIL)
		*mode = RMQUEUE_STEAL;
	return pfn;
}

/* CMA's pages are most of what is free: movable ones come from there, to keep both alike. */
static u32 rmqueue_cma_first(struct machine *m, struct zone *zone, unsigned int order,
			     unsigned int alloc_flags)
{
	s64 cma = zone->stat[NR_FREE_CMA], all = zone->stat[NR_FREE_PAGES];
	u32 pfn;

	if (!(alloc_flags & ALLOC_CMA) || cma <= all / 2)
		return PFN_NIL;
	pfn = buddy_alloc_smallest(m, zone, order, MIGRATE_CMA);
	if (pfn != PFN_NIL)
		machine_why(m, "node %u zone %s: order %u from CMA block %#llx: %lld of %lld free "
			    "pages are CMA's, more than half (__rmqueue)", zone->node, zone->name,
			    order, (ull)pfn, (long long)cma, (long long)all);
	return pfn;
}

/* Movable blocks have run out: before others' are taken, CMA's. */
static u32 rmqueue_cma_fallback(struct machine *m, struct zone *zone, unsigned int order,
				unsigned int alloc_flags)
{
	u32 pfn;

	if (!(alloc_flags & ALLOC_CMA) || !zone->stat[NR_FREE_CMA])
		return PFN_NIL;
	pfn = buddy_alloc_smallest(m, zone, order, MIGRATE_CMA);
	if (pfn != PFN_NIL)
		machine_why(m, "node %u zone %s: no Movable block: order %u from CMA block %#llx "
			    "(__rmqueue_cma_fallback)", zone->node, zone->name, order, (ull)pfn);
	return pfn;
}

u32 rmqueue(struct machine *m, struct zone *zone, unsigned int order,
	    enum migratetype type, unsigned int alloc_flags, enum rmqueue_mode *mode)
{
	u32 pfn = PFN_NIL;

	if (unlikely(zone->stat[NR_FREE_CMA]))
		pfn = rmqueue_cma_first(m, zone, order, alloc_flags);
	if (pfn == PFN_NIL && *mode == RMQUEUE_NORMAL)
		pfn = buddy_alloc_smallest(m, zone, order, type);
	if (likely(pfn != PFN_NIL))
		return pfn;
	if (*mode <= RMQUEUE_CMA)
		pfn = rmqueue_cma_fallback(m, zone, order, alloc_flags);
	if (pfn != PFN_NIL) {
		*mode = rel_claim_then_steal(m->release) ? RMQUEUE_CMA : RMQUEUE_NORMAL;
		return pfn;
	}
	if (rel_claim_then_steal(m->release))
		return rmqueue_claim_then_steal(m, zone, order, type, alloc_flags, mode);
	if (rmqueue_fallback(m, zone, order, type, alloc_flags))
		pfn = buddy_alloc_smallest(m, zone, order, type);
	return pfn;
}

u64 highatomic_limit(const struct machine *m, const struct zone *zone)
{
	u64 percent = zone->managed_pages / 100, block = pageblock_nr_pages(m);

	if (!rel_small_highatomic_is_none(m->release))
		return percent + block;
	return percent < block ? 0 : ALIGN_UP(percent, block);
}

void reserve_highatomic_pageblock(struct machine *m, struct zone *zone, u64 pfn,
				  unsigned int order)
{
	if (zone->nr_reserved_highatomic >= highatomic_limit(m, zone) ||
	    pageblock_type(m, pfn) >= MIGRATE_PCPTYPES)
		return;
	machine_why(m, "node %u zone %s: pageblock %#llx is reserved as HighAtomic for an atomic "
		    "order %u: %llu pages reserved so far < limit %llu "
		    "(reserve_highatomic_pageblock)", zone->node, zone->name,
		    (ull)ALIGN_DOWN(pfn, pageblock_nr_pages(m)), order,
		    (ull)zone->nr_reserved_highatomic, (ull)highatomic_limit(m, zone));
	if (!rel_claim_then_steal(m->release)) {
		zone->nr_reserved_highatomic += pageblock_nr_pages(m);
		set_pageblock_type(m, pfn, MIGRATE_HIGHATOMIC);
		move_freepages_block(m, zone, pfn, MIGRATE_HIGHATOMIC);
		return;
	}
	if (order >= m->pageblock_order) {
		change_pageblock_range(m, pfn, order, MIGRATE_HIGHATOMIC);
		zone->nr_reserved_highatomic += 1ULL << order;
		return;
	}
	if (!pageblock_in_zone(m, zone, pfn))
		return;
	move_freepages_block(m, zone, pfn, MIGRATE_HIGHATOMIC);
	set_pageblock_type(m, pfn, MIGRATE_HIGHATOMIC);
	zone->nr_reserved_highatomic += pageblock_nr_pages(m);
}

static u64 unreserve_block(struct machine *m, struct zone *zone, u64 pfn,
			   unsigned int order, enum migratetype type)
{
	u64 size = pageblock_nr_pages(m);

	machine_why(m, "node %u zone %s: HighAtomic pageblock %#llx becomes %s again; %llu pages "
		    "were reserved (unreserve_highatomic_pageblock)", zone->node, zone->name,
		    (ull)ALIGN_DOWN(pfn, size), migratetype_names[type],
		    (ull)zone->nr_reserved_highatomic);
	zone->basis.unreserved = true;
	if (!rel_claim_then_steal(m->release)) {
		if (pageblock_type(m, pfn) == MIGRATE_HIGHATOMIC)
			zone->nr_reserved_highatomic -= MIN(size, zone->nr_reserved_highatomic);
		set_pageblock_type(m, pfn, type);
		return move_freepages_block(m, zone, pfn, type);
	}
	size = MAX(size, 1ULL << order);
	zone->nr_reserved_highatomic -= MIN(size, zone->nr_reserved_highatomic);
	if (order < m->pageblock_order) {
		u64 moved = move_freepages_block(m, zone, pfn, type);

		set_pageblock_type(m, pfn, type);
		return moved;
	}
	buddy_move(m, zone, pfn, order, type);
	change_pageblock_range(m, pfn, order, type);
	return 1;
}

bool unreserve_highatomic_pageblock(struct machine *m, struct zone *zone,
				    enum migratetype type, bool force)
{
	if (!force && zone->nr_reserved_highatomic <= pageblock_nr_pages(m))
		return false;
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		u32 pfn = zone->free_area[order].lists[MIGRATE_HIGHATOMIC].first;

		if (pfn != PFN_NIL && unreserve_block(m, zone, pfn, order, type))
			return true;
	}
	return false;
}
