// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks are known by the descriptor of their first page: type PGTY_buddy, order
 * in `private_`, migrate type of the list in `list_type`. The list's type is
 * nearly always the pageblock's; 6.1 lets single blocks lie on another list.
 */
#include "sim/phys/buddy_list.h"

#include "sim/base/bug.h"
#include "sim/phys/fallback.h"
#include "sim/phys/page_alloc.h"

void zone_init_free_lists(struct zone *zone)
{
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		struct free_area *area = &zone->free_area[order];

		memset(area, 0, sizeof(*area));
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			area->lists[type] = (struct page_list)PAGE_LIST_INIT;
		memset(area->ahead, 0xff, sizeof(area->ahead));
	}
}

void buddy_del(struct machine *m, struct zone *zone, u64 pfn, unsigned int order)
{
	if (unlikely(page_type(pfn_to_page(m, pfn)) == PGTY_run))
		run_take_first(m, zone, pfn);
	else
		free_list_del(m, zone, pfn, order);
}

void buddy_expand(struct machine *m, struct zone *zone, u64 pfn, unsigned int low,
		  unsigned int high, enum migratetype type)
{
	while (high > low) {
		high--;
		free_list_add(m, zone, pfn + (1ULL << high), high, type, /* tail = */ false);
	}
}

void buddy_move(struct machine *m, struct zone *zone, u64 pfn, unsigned int order,
		enum migratetype type)
{
	buddy_del(m, zone, pfn, order);
	free_list_add(m, zone, pfn, order, type, /* tail = */ true);
}

u32 buddy_alloc_smallest(struct machine *m, struct zone *zone, unsigned int order,
			 enum migratetype type)
{
	for (unsigned int high = order; high < NR_PAGE_ORDERS; high++) {
		u32 pfn = zone->free_area[high].lists[type].first;

		if (pfn == PFN_NIL)
			continue;
		buddy_del(m, zone, pfn, high);
		buddy_expand(m, zone, pfn, order, high, type);
		pfn_to_page(m, pfn)->list_type = type;
		return pfn;
	}
	return PFN_NIL;
}

u32 buddy_alloc(struct machine *m, struct zone *zone, unsigned int order,
		enum migratetype type, unsigned int alloc_flags)
{
	enum rmqueue_mode mode = RMQUEUE_NORMAL;
	u32 pfn = PFN_NIL;

	if (alloc_flags & ALLOC_HIGHATOMIC)
		pfn = buddy_alloc_smallest(m, zone, order, MIGRATE_HIGHATOMIC);
	if (pfn == PFN_NIL)
		pfn = rmqueue(m, zone, order, type, alloc_flags, &mode);
	/* Failing now is worse than a high-order atomic failure later. */
	if (pfn == PFN_NIL && alloc_flags & (ALLOC_OOM | ALLOC_NON_BLOCK))
		pfn = buddy_alloc_smallest(m, zone, order, MIGRATE_HIGHATOMIC);
	return pfn;
}

static bool types_merge(enum migratetype a, enum migratetype b)
{
	return a == b || (a < MIGRATE_PCPTYPES && b < MIGRATE_PCPTYPES);
}

/* Would the merged block soon merge again? Then it is kept for last. */
static bool merge_likely(const struct machine *m, const struct zone *zone, u64 pfn,
			 unsigned int order)
{
	u64 higher;

	if (order >= MAX_PAGE_ORDER - 1)
		return false;
	higher = pfn & ~(1ULL << order);
	return page_is_buddy(m, zone, higher ^ (2ULL << order), order + 1);
}

/* Smaller blocks of a Movable pageblock are for movable pages alone. */
static bool compaction_capture(struct machine *m, const struct zone *zone, u64 pfn,
			       unsigned int order, enum migratetype type)
{
	struct capture_control *capture = m->capture;

	if (capture->pfn != PFN_NIL || capture->zone != zone || capture->order != order ||
	    type == MIGRATE_ISOLATE || type == MIGRATE_CMA)
		return false;
	if (order < m->pageblock_order && type == MIGRATE_MOVABLE &&
	    capture->type != MIGRATE_MOVABLE)
		return false;
	capture->pfn = (u32)pfn;
	m->contig_taken += 1LL << order;
	return true;
}

void buddy_free_type(struct machine *m, struct zone *zone, u64 pfn, unsigned int order,
		     enum migratetype type, enum buddy_place place)
{
	bool tail;

	BUG_ON(m, pfn & ((1ULL << order) - 1));
	while (order < MAX_PAGE_ORDER) {
		u64 buddy = pfn ^ (1ULL << order);

		if (unlikely(m->capture) && compaction_capture(m, zone, pfn, order, type))
			return;
		if (!page_is_buddy(m, zone, buddy, order))
			break;
		if (unlikely(order >= m->pageblock_order)) {
			enum migratetype other = pageblock_type(m, buddy);

			if (!types_merge(type, other))
				break;
			if (other != type && rel_claim_then_steal(m->release))
				change_pageblock_range(m, buddy, order, type);
		}
		free_list_del(m, zone, buddy, order);
		pfn &= ~(1ULL << order);
		order++;
	}
	if (place == BUDDY_AUTO)
		tail = merge_likely(m, zone, pfn, order);
	else
		tail = place == BUDDY_TAIL;
	free_list_add(m, zone, pfn, order, type, tail);
}

void buddy_free(struct machine *m, struct zone *zone, u64 pfn, unsigned int order,
		enum buddy_place place)
{
	u64 end = pfn + (1ULL << order);

	/* Pageblocks of one large block may have different types by now. */
	if (order > m->pageblock_order && rel_claim_then_steal(m->release))
		order = m->pageblock_order;
	for (; pfn < end; pfn += 1ULL << order)
		buddy_free_type(m, zone, pfn, order, pageblock_type(m, pfn), place);
}

bool buddy_find(const struct machine *m, u64 pfn, u64 *head, unsigned int *order)
{
	if (pfn >= m->max_pfn)
		return false;
	if (page_virgin(m, pfn)) {
		*head = ALIGN_DOWN(pfn, 1ULL << MAX_PAGE_ORDER);
		*order = MAX_PAGE_ORDER;
		return true;
	}
	if (!page_present(m, pfn))
		return false;
	for (unsigned int i = 0; i < NR_PAGE_ORDERS; i++) {
		u64 candidate = ALIGN_DOWN(pfn, 1ULL << i);
		const struct page *page = pfn_to_page(m, candidate);

		if (page_type(page) != PGTY_buddy)
			continue;
		*head = candidate;
		*order = page->private_;
		return candidate + (1ULL << page->private_) > pfn;
	}
	return false;
}

int buddy_take(struct machine *m, struct zone *zone, u64 pfn, u64 *head,
	       unsigned int *order)
{
	if (!buddy_find(m, pfn, head, order))
		return 0;
	if (page_virgin(m, pfn)) {
		u64 above = *head + (1ULL << MAX_PAGE_ORDER);

		if (section_materialise(m, *head) ||
		    (above < m->max_pfn && section_materialise(m, above)))
			return -ENOBUFS;
		run_split(m, zone, *head);
	}
	buddy_del(m, zone, *head, *order);
	return 1;
}

void free_list_begin_with(struct machine *m, struct zone *zone, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	struct page_list *list =
		&zone->free_area[page->private_].lists[page->list_type];
	u32 last = page->prev;

	if (last == PFN_NIL)
		return;
	zone_touch(zone, list->first);
	zone_touch(zone, list->last);
	pfn_to_page(m, list->last)->next = list->first;
	pfn_to_page(m, list->first)->prev = list->last;
	pfn_to_page(m, last)->next = PFN_NIL;
	page->prev = PFN_NIL;
	list->first = (u32)pfn;
	list->last = last;
	zone_touch(zone, pfn);
	zone_touch(zone, last);
}

void free_list_end_with(struct machine *m, struct zone *zone, u64 pfn)
{
	u32 next = pfn_to_page(m, pfn)->next;

	if (next != PFN_NIL)
		free_list_begin_with(m, zone, next);
}

bool isolate_free_page(struct machine *m, struct zone *zone, u64 pfn, unsigned int order)
{
	enum migratetype type = pageblock_type(m, pfn);
	u64 mark = zone->watermark[WMARK_MIN] + (1ULL << order);

	if (type != MIGRATE_ISOLATE &&
	    !zone_watermark_ok(m, zone, 0, mark, ZONE_DMA, ALLOC_CMA,
			       zone->stat[NR_FREE_PAGES]))
		return false;
	free_list_del(m, zone, pfn, order);
	if (order + 1 >= m->pageblock_order)
		for (u64 at = pfn; at < pfn + (1ULL << order); at += pageblock_nr_pages(m))
			if (pageblock_type(m, at) < MIGRATE_PCPTYPES)
				change_pageblock(m, zone, at, MIGRATE_MOVABLE);
	return true;
}

u64 buddy_free_in_blocks(const struct machine *m, const struct zone *zone)
{
	u64 pages = 0;

	for (unsigned int order = m->pageblock_order; order < NR_PAGE_ORDERS; order++)
		for (unsigned int type = 0; type < MIGRATE_ISOLATE; type++)
			pages += zone->free_area[order].nr[type] << order;
	return pages;
}
