// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Virgin runs. A bit for each order-10 block says "in a run", so any page finds
 * out without a descriptor; the head's descriptor holds the record. The section
 * of every block that a run may give next must be present: run_take_first() asks
 * for more when fewer than SECTION_AHEAD blocks are ready, and section_reserve()
 * makes them before the next allocation.
 */
#include "sim/phys/buddy_list.h"

#include "sim/base/bug.h"

#define BLOCK_PAGES (1ULL << MAX_PAGE_ORDER)
#define EVERY_RUN (~0ULL)

static void virgin_set(struct machine *m, u64 pfn)
{
	u64 block = pfn >> MAX_PAGE_ORDER;

	m->virgin[block / 64] |= 1ULL << (block % 64);
}

static void virgin_clear(struct machine *m, u64 pfn)
{
	u64 block = pfn >> MAX_PAGE_ORDER;

	m->virgin[block / 64] &= ~(1ULL << (block % 64));
}

/* Is the run at pfn, which was known as `old`, short of sections? */
static void run_want_sections(struct machine *m, u64 old, u64 pfn, u64 nr_blocks)
{
	u64 ahead = pfn + (MIN(nr_blocks, SECTION_AHEAD + 1) - 1) * BLOCK_PAGES;

	if (page_present(m, ahead))
		return;
	if (!m->sections_wanted || m->sections_wanted == old + 1)
		m->sections_wanted = pfn + 1;
	else
		m->sections_wanted = EVERY_RUN;
}

/* Make the record of a run at pfn. It takes the place of `old` in the list. */
static void run_replace(struct machine *m, struct page_list *list, u64 old, u64 pfn,
			u64 nr_blocks)
{
	const struct page *from = pfn_to_page(m, old);
	struct page *page = pfn_to_page(m, pfn);

	page->prev = from->prev;
	page->next = from->next;
	page->private_ = MAX_PAGE_ORDER;
	page->list_type = from->list_type;
	page->mapping = nr_blocks;
	page_set_type(page, PGTY_run);
	if (page->prev == PFN_NIL)
		list->first = pfn;
	else
		pfn_to_page(m, page->prev)->next = pfn;
	if (page->next == PFN_NIL)
		list->last = pfn;
	else
		pfn_to_page(m, page->next)->prev = pfn;
}

static void run_add(struct machine *m, struct page_list *list, u64 pfn, u64 nr_blocks,
		    enum migratetype type)
{
	struct page *page = pfn_to_page(m, pfn);

	page->private_ = MAX_PAGE_ORDER;
	page->list_type = type;
	page->mapping = nr_blocks;
	page_set_type(page, PGTY_run);
	page_list_add_tail(m, list, pfn);
}

void run_take_first(struct machine *m, struct zone *zone, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	enum migratetype type = page->list_type;
	struct page_list *list = &zone->free_area[MAX_PAGE_ORDER].lists[type];
	u64 nr_blocks = page->mapping;

	if (nr_blocks > 1) {
		u64 next = pfn + BLOCK_PAGES;

		BUG_ON(m, !page_present(m, next));
		run_replace(m, list, pfn, next, nr_blocks - 1);
		run_want_sections(m, pfn, next, nr_blocks - 1);
		zone_touch(zone, next);
	} else {
		page_list_del(m, list, pfn);
	}
	page->mapping = 0;
	page_clear_type(page);
	virgin_clear(m, pfn);
	free_area_count(m, zone, MAX_PAGE_ORDER, type, -1);
	zone_touch(zone, pfn);
}

u64 buddy_run_head(const struct machine *m, u64 pfn)
{
	pfn = ALIGN_DOWN(pfn, BLOCK_PAGES);
	while (!page_present(m, pfn) || page_type(pfn_to_page(m, pfn)) != PGTY_run)
		pfn -= BLOCK_PAGES;
	return pfn;
}

void run_split(struct machine *m, struct zone *zone, u64 pfn)
{
	u64 head = buddy_run_head(m, pfn);
	struct page *page = pfn_to_page(m, head);
	u64 below = (pfn - head) / BLOCK_PAGES;
	struct page_list *list = &zone->free_area[MAX_PAGE_ORDER].lists[page->list_type];

	if (!below)
		return;
	/* The upper part follows the lower one in the list. */
	pfn_to_page(m, pfn)->prev = head;
	pfn_to_page(m, pfn)->next = page->next;
	if (page->next == PFN_NIL)
		list->last = pfn;
	else
		pfn_to_page(m, page->next)->prev = pfn;
	page->next = pfn;
	pfn_to_page(m, pfn)->private_ = MAX_PAGE_ORDER;
	pfn_to_page(m, pfn)->list_type = page->list_type;
	pfn_to_page(m, pfn)->mapping = page->mapping - below;
	page_set_type(pfn_to_page(m, pfn), PGTY_run);
	page->mapping = below;
	m->sections_wanted = EVERY_RUN;
	zone_touch(zone, head);
	zone_touch(zone, pfn);
}

/* The sections that one run needs for giving nr_blocks. */
static int run_reserve(struct machine *m, u64 pfn, u64 nr_blocks)
{
	u64 blocks = MIN(nr_blocks + 1, (u64)pfn_to_page(m, pfn)->mapping);

	return section_materialise_range(m, pfn, pfn + (blocks - 1) * BLOCK_PAGES + 1);
}

static int zone_reserve(struct machine *m, const struct zone *zone, u64 nr_blocks)
{
	const struct free_area *area = &zone->free_area[MAX_PAGE_ORDER];

	for (unsigned int type = 0; type < MIGRATE_TYPES; type++) {
		u32 pfn = area->lists[type].first;

		for (; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next)
			if (page_type(pfn_to_page(m, pfn)) == PGTY_run &&
			    run_reserve(m, pfn, nr_blocks))
				return -ENOBUFS;
	}
	return 0;
}

int section_reserve_slow(struct machine *m, unsigned int nr_blocks)
{
	u64 ahead = MAX(nr_blocks, SECTION_AHEAD);
	u64 wanted = nr_blocks <= SECTION_AHEAD ? m->sections_wanted : EVERY_RUN;

	if (wanted != EVERY_RUN) {
		if (page_type(pfn_to_page(m, wanted - 1)) == PGTY_run &&
		    run_reserve(m, wanted - 1, ahead))
			return -ENOBUFS;
		m->sections_wanted = 0;
		return 0;
	}
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_reserve(m, m->zones[i], ahead))
			return -ENOBUFS;
	m->sections_wanted = 0;
	return 0;
}

/* Free pages whose descriptors are present forget that they were reserved. */
static void pages_unreserve(struct machine *m, u64 pfn, u64 end)
{
	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_page(m, pfn);

		page_clear_flag(page, PG_reserved);
		page->refcount = 0;
	}
}

static void hand_over_blocks(struct machine *m, struct zone *zone, u64 pfn, u64 end)
{
	pages_unreserve(m, pfn, end);
	while (pfn < end) {
		unsigned int order = MIN(MAX_PAGE_ORDER, ctz64(pfn));

		while (pfn + (1ULL << order) > end)
			order--;
		buddy_free(m, zone, pfn, order, BUDDY_TAIL);
		pfn += 1ULL << order;
	}
}

static void hand_over_run(struct machine *m, struct zone *zone, u64 pfn, u64 end)
{
	enum migratetype type = pageblock_type(m, pfn);
	u64 nr_blocks = (end - pfn) / BLOCK_PAGES;

	for (u64 at = pfn; at < end; at += BLOCK_PAGES) {
		if (page_present(m, at))
			pages_unreserve(m, at, at + BLOCK_PAGES);
		virgin_set(m, at);
	}
	run_add(m, &zone->free_area[MAX_PAGE_ORDER].lists[type], pfn, nr_blocks, type);
	free_area_count(m, zone, MAX_PAGE_ORDER, type, nr_blocks);
	zone_touch(zone, pfn);
	run_want_sections(m, pfn, pfn, nr_blocks);
}

/* All pageblocks of [pfn, end) have one type? */
static bool same_type(const struct machine *m, u64 pfn, u64 end)
{
	enum migratetype type = pageblock_type(m, pfn);

	while (pfn < end && pageblock_type(m, pfn) == type)
		pfn += pageblock_nr_pages(m);
	return pfn >= end;
}

int buddy_hand_over(struct machine *m, struct zone *zone, u64 pfn, u64 end)
{
	u64 first = ALIGN_UP(pfn, BLOCK_PAGES), last = ALIGN_DOWN(end, BLOCK_PAGES);
	bool run = first < last && same_type(m, first, last);

	/* Whole blocks in the middle need no descriptors but that of the record. */
	if (section_materialise_range(m, pfn, run ? first + 1 : end) ||
	    (run && section_materialise_range(m, last, end)))
		return -ENOMEM;
	zone->managed_pages += end - pfn;
	m->totalram_pages += end - pfn;
	m->event[PGFREE] += end - pfn;
	if (!run) {
		hand_over_blocks(m, zone, pfn, end);
		return 0;
	}
	hand_over_blocks(m, zone, pfn, first);
	hand_over_run(m, zone, first, last);
	hand_over_blocks(m, zone, last, end);
	return 0;
}
