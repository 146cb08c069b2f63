/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Free lists and their counts: the only functions that put a block on a list of a
 * zone or take it off. For buddy*.c alone.
 *
 * On aged memory the single pages of a list lie all over the memory map, and each
 * link is a cache miss that waits for the one before it. So each list of order 0
 * knows the page that is about FREE_AHEAD pages below its head, and each page what
 * that was when it came: whoever takes the head prefetches that far ahead. These are
 * hints: they go stale when pages leave the middle, but always name a page whose
 * descriptor is present, and nothing but a prefetch depends on them.
 */
#ifndef KMM_PHYS_BUDDY_LIST_H
#define KMM_PHYS_BUDDY_LIST_H

#include "sim/phys/buddy.h"

static inline void zone_touch(struct zone *zone, u64 pfn)
{
	struct zone_touched *touched = &zone->touched;

	if (touched->nr < ZONE_TOUCHED)
		touched->pfn[touched->nr++] = pfn;
	else
		touched->nr = ZONE_TOUCHED + 1;
}

/* `nr` blocks more (or fewer) of this order and type are free. */
static inline void free_area_count(const struct machine *m, struct zone *zone,
				   unsigned int order, enum migratetype type, s64 nr)
{
	struct free_area *area = &zone->free_area[order];
	s64 pages = nr * (1LL << order);

	area->nr[type] += nr;
	area->nr_free += nr;
	if (unlikely(type >= MIGRATE_PCPTYPES)) {
		if (type == MIGRATE_ISOLATE)
			return;
		if (type == MIGRATE_CMA)
			zone->stat[NR_FREE_CMA] += pages;
		else
			zone->nr_free_highatomic += pages;
	}
	zone->stat[NR_FREE_PAGES] += pages;
	if (unlikely(order >= m->pageblock_order))
		zone->stat[NR_FREE_PAGES_BLOCKS] += pages;
}

#define FREE_AHEAD 16

/* What to prefetch when the list has no hint (yet). */
static inline u32 free_ahead_find(const struct machine *m, const struct free_area *area,
				  enum migratetype type)
{
	u32 pfn = area->lists[type].first;

	if (area->nr[type] < FREE_AHEAD)
		return PFN_NIL;
	for (unsigned int i = 1; i < FREE_AHEAD && pfn != PFN_NIL; i++)
		pfn = pfn_to_page(m, pfn)->next;
	return pfn;
}

/* A page is about to become the head of its list. */
static inline void free_ahead_push(const struct machine *m, struct free_area *area,
				   struct page *page, enum migratetype type)
{
	u32 ahead = area->ahead[type];

	if (ahead == PFN_NIL)
		ahead = free_ahead_find(m, area, type);
	page->ahead = ahead;
	if (ahead != PFN_NIL)
		area->ahead[type] = pfn_to_page(m, ahead)->prev;
}

/* A page leaves its list, most likely the head. */
static inline void free_ahead_pop(const struct machine *m, struct free_area *area,
				  struct page *page, enum migratetype type)
{
	area->ahead[type] = page->ahead;
	if (page->ahead != PFN_NIL)
		__builtin_prefetch(pfn_to_page(m, page->ahead), /* for writing = */ 1);
	page->ahead = 0;
}

static inline void free_list_add(struct machine *m, struct zone *zone, u64 pfn,
				 unsigned int order, enum migratetype type, bool tail)
{
	struct free_area *area = &zone->free_area[order];
	struct page_list *list = &area->lists[type];
	struct page *page = pfn_to_page(m, pfn);

	page_set_type(page, PGTY_buddy);
	page->private_ = order;
	page->list_type = type;
	if (!order)
		free_ahead_push(m, area, page, type);
	if (tail)
		page_list_add_tail(m, list, pfn);
	else
		page_list_add_head(m, list, pfn);
	free_area_count(m, zone, order, type, 1);
	zone_touch(zone, pfn);
}

/* Not for runs. */
static inline void free_list_del(struct machine *m, struct zone *zone, u64 pfn,
				 unsigned int order)
{
	struct page *page = pfn_to_page(m, pfn);
	enum migratetype type = page->list_type;

	if (!order)
		free_ahead_pop(m, &zone->free_area[0], page, type);
	page_list_del(m, &zone->free_area[order].lists[type], pfn);
	page_clear_type(page);
	free_area_count(m, zone, order, type, -1);
	zone_touch(zone, pfn);
}

/* Is pfn the head of a free block of exactly this order in this zone? Not of runs. */
static inline bool page_is_buddy(const struct machine *m, const struct zone *zone, u64 pfn,
				 unsigned int order)
{
	const struct page *page = pfn_to_page(m, pfn);

	return page->page_type >> 24 == PGTY_buddy && page->private_ == order &&
	       page_zone_index(page) == zone->index;
}

/* buddy_run.c: the first block of a run leaves its list. */
void run_take_first(struct machine *m, struct zone *zone, u64 pfn);
/* Cut a run so that one begins at pfn; needs the section of pfn. */
void run_split(struct machine *m, struct zone *zone, u64 pfn);

#endif
