/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Free lists and their counts: the only functions that put a block on a list of a
 * zone or take it off. For buddy*.c alone.
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
		zone->nr_free_highatomic += pages;
	}
	zone->stat[NR_FREE_PAGES] += pages;
	if (unlikely(order >= m->pageblock_order))
		zone->stat[NR_FREE_PAGES_BLOCKS] += pages;
}

static inline void free_list_add(struct machine *m, struct zone *zone, u64 pfn,
				 unsigned int order, enum migratetype type, bool tail)
{
	struct page_list *list = &zone->free_area[order].lists[type];
	struct page *page = pfn_to_page(m, pfn);

	page_set_type(page, PGTY_buddy);
	page->private_ = order;
	page->list_type = type;
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
