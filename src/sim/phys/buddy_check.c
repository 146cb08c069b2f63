// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The invariants of the free lists (B2 of the list of invariants). The whole
 * check walks every list and every page of every block that has descriptors; the
 * incremental one looks at the blocks that came, went or moved, and at the counts.
 */
#include "sim/phys/buddy_list.h"

#define BLOCK_PAGES (1ULL << MAX_PAGE_ORDER)
typedef unsigned long long ull;

static bool mergeable(const struct machine *m, u64 pfn, u64 buddy, unsigned int order)
{
	enum migratetype a, b;

	if (order < m->pageblock_order)
		return true;
	a = pageblock_type(m, pfn);
	b = pageblock_type(m, buddy);
	return a == b || (a < MIGRATE_PCPTYPES && b < MIGRATE_PCPTYPES);
}

static void check_place(const struct machine *m, const struct zone *zone, u64 pfn,
			unsigned int order, u64 nr_pages, struct check *check)
{
	if (pfn & ((1ULL << order) - 1))
		check_fail(check, "B1", "block 0x%llx: expected alignment to order %u", (ull)pfn,
			   order);
	if (!zone_spans_pfn(zone, pfn) || !zone_spans_pfn(zone, pfn + nr_pages - 1))
		check_fail(check, "B1", "block 0x%llx of %llu pages: expected inside zone %u",
			   (ull)pfn, (ull)nr_pages, zone->index);
	else if (pfn_zone(m, pfn) != zone || pfn_zone(m, pfn + nr_pages - 1) != zone)
		check_fail(check, "B1", "block 0x%llx of %llu pages: expected RAM of zone %u",
			   (ull)pfn, (ull)nr_pages, zone->index);
}

static void check_head(const struct machine *m, const struct zone *zone, u64 pfn,
		       unsigned int order, enum migratetype type, struct check *check)
{
	const struct page *page = pfn_to_page(m, pfn);
	u64 buddy = pfn ^ (1ULL << order);
	u32 busy = page->flags & ((1U << PGF_ZONE_SHIFT) - 1);

	if (page->private_ != order || page->list_type != type || page->refcount || busy ||
	    page_zone_index(page) != zone->index)
		check_fail(check, "B8", "block 0x%llx: expected a free head of order %u, type %u, "
			   "found order %u, type %u, ref %d, flags 0x%x", (ull)pfn, order, type,
			   page->private_, page->list_type, page->refcount, busy);
	/* A reserve that is dissolved changes its type; nobody looks at its neighbours. */
	if (order < MAX_PAGE_ORDER && page_is_buddy(m, zone, buddy, order) &&
	    mergeable(m, pfn, buddy, order) &&
	    !(zone->basis.unreserved && order >= m->pageblock_order))
		check_fail(check, "B3", "block 0x%llx: expected merged with 0x%llx, found both of "
			   "order %u", (ull)pfn, (ull)buddy, order);
	if (rel_claim_then_steal(m->release) && pageblock_type(m, pfn) != type)
		check_fail(check, "B4", "block 0x%llx: expected list of type %u, found %u",
			   (ull)pfn, pageblock_type(m, pfn), type);
}

/* No page behind the head is a head, on a list, or in use. */
static void check_body(const struct machine *m, u64 pfn, u64 nr_pages, struct check *check)
{
	for_each_present_pfn(m, at, pfn + 1, pfn + nr_pages) {
		const struct page *page = pfn_to_page(m, at);

		if (page_type(page) || page->refcount || page_flag(page, PG_reserved)) {
			check_fail(check, "B2", "page 0x%llx: expected inside free block 0x%llx, "
				   "found type 0x%x, ref %d", (ull)at, (ull)pfn,
				   page_type(page), page->refcount);
			return;
		}
	}
}

static void check_run(const struct machine *m, const struct zone *zone, u64 pfn,
		      struct check *check)
{
	u64 nr_blocks = pfn_to_page(m, pfn)->mapping;

	if (!nr_blocks)
		check_fail(check, "B8", "run 0x%llx: expected blocks, found none", (ull)pfn);
	for (u64 i = 0; i < nr_blocks; i++)
		if (!page_virgin(m, pfn + i * BLOCK_PAGES)) {
			check_fail(check, "B2", "run 0x%llx: expected block 0x%llx virgin",
				   (ull)pfn, (ull)(pfn + i * BLOCK_PAGES));
			return;
		}
}

/* One list; returns how many blocks it has. */
static u64 check_list(const struct machine *m, const struct zone *zone, unsigned int order,
		      enum migratetype type, struct check *check)
{
	const struct page_list *list = &zone->free_area[order].lists[type];
	u64 nr = 0, limit = zone->free_area[order].nr[type];
	u32 prev = PFN_NIL;

	for (u32 pfn = list->first; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		const struct page *page = pfn_to_page(m, pfn);
		bool run = page_type(page) == PGTY_run;
		u64 blocks = run ? page->mapping : 1;

		check->nr_checked += 4;
		if (!run && page_type(page) != PGTY_buddy)
			check_fail(check, "B8", "page 0x%x: expected a free head on list %u-%u, "
				   "found type 0x%x", pfn, order, type, page_type(page));
		if (page->prev != prev)
			check_fail(check, "B8", "block 0x%x: expected prev 0x%x, found 0x%x",
				   pfn, prev, page->prev);
		check_place(m, zone, pfn, order, blocks << order, check);
		check_head(m, zone, pfn, order, type, check);
		if (run)
			check_run(m, zone, pfn, check);
		else if (page_virgin(m, pfn))
			check_fail(check, "B2", "block 0x%x: expected not virgin", pfn);
		check_body(m, pfn, blocks << order, check);
		nr += blocks;
		prev = pfn;
		if (nr > limit)
			break;
	}
	if (nr <= limit && list->last != prev)
		check_fail(check, "B8", "zone %u list %u-%u: expected last 0x%x, found 0x%x",
			   zone->index, order, type, prev, list->last);
	return nr;
}

u64 buddy_recount(const struct machine *m, const struct zone *zone, unsigned int order,
		  enum migratetype type)
{
	const struct page_list *list = &zone->free_area[order].lists[type];
	u64 nr = 0, limit = zone->managed_pages;

	for (u32 pfn = list->first; pfn != PFN_NIL && nr <= limit;) {
		const struct page *page = pfn_to_page(m, pfn);

		nr += page_type(page) == PGTY_run ? page->mapping : 1;
		pfn = page->next;
	}
	return nr;
}

/* What the counters say of each other. */
static void check_counts(const struct machine *m, const struct zone *zone,
			 struct check *check)
{
	u64 free = 0, highatomic = 0, cma = 0;

	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		const struct free_area *area = &zone->free_area[order];
		u64 sum = 0;

		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			sum += area->nr[type];
		if (sum != area->nr_free)
			check_fail(check, "B5", "zone %u order %u: expected nr_free %llu, found "
				   "%llu", zone->index, order, (ull)sum, (ull)area->nr_free);
		free += (area->nr_free - area->nr[MIGRATE_ISOLATE]) << order;
		highatomic += area->nr[MIGRATE_HIGHATOMIC] << order;
		cma += area->nr[MIGRATE_CMA] << order;
	}
	check->nr_checked += NR_PAGE_ORDERS + 4;
	if ((s64)free != zone->stat[NR_FREE_PAGES])
		check_fail(check, "B6", "zone %u: expected nr_free_pages %llu, found %lld",
			   zone->index, (ull)free, (long long)zone->stat[NR_FREE_PAGES]);
	if (highatomic != zone->nr_free_highatomic)
		check_fail(check, "B7", "zone %u: expected nr_free_highatomic %llu, found %llu",
			   zone->index, (ull)highatomic, (ull)zone->nr_free_highatomic);
	if ((s64)cma != zone->stat[NR_FREE_CMA])
		check_fail(check, "B7", "zone %u: expected nr_free_cma %llu, found %lld",
			   zone->index, (ull)cma, (long long)zone->stat[NR_FREE_CMA]);
	if ((s64)buddy_free_in_blocks(m, zone) != zone->stat[NR_FREE_PAGES_BLOCKS])
		check_fail(check, "B7", "zone %u: expected nr_free_pages_blocks %llu, found %lld",
			   zone->index, (ull)buddy_free_in_blocks(m, zone),
			   (long long)zone->stat[NR_FREE_PAGES_BLOCKS]);
}

void buddy_validate(const struct machine *m, const struct zone *zone, struct check *check)
{
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++) {
			u64 nr = check_list(m, zone, order, type, check);

			check->nr_checked++;
			if (nr != zone->free_area[order].nr[type])
				check_fail(check, "B5", "zone %u list %u-%u: expected %llu blocks, "
					   "found %llu", zone->index, order, type, (ull)nr,
					   (ull)zone->free_area[order].nr[type]);
		}
	check_counts(m, zone, check);
}

static void check_links(const struct machine *m, const struct zone *zone, u64 pfn,
			struct check *check)
{
	const struct page *page = pfn_to_page(m, pfn);
	const struct page_list *list;

	if (page->private_ > MAX_PAGE_ORDER || page->list_type >= MIGRATE_TYPES) {
		check_fail(check, "B8", "block 0x%llx: expected an order and a type, found %u, %u",
			   (ull)pfn, page->private_, page->list_type);
		return;
	}
	list = &zone->free_area[page->private_].lists[page->list_type];
	if ((page->prev == PFN_NIL ? list->first : pfn_to_page(m, page->prev)->next) != pfn ||
	    (page->next == PFN_NIL ? list->last : pfn_to_page(m, page->next)->prev) != pfn)
		check_fail(check, "B8", "block 0x%llx: expected on list %u-%u of zone %u",
			   (ull)pfn, page->private_, page->list_type, zone->index);
	check_place(m, zone, pfn, page->private_, 1ULL << page->private_, check);
	check_head(m, zone, pfn, page->private_, page->list_type, check);
}

void buddy_validate_touched(const struct machine *m, const struct zone *zone,
			    struct check *check)
{
	const struct zone_touched *touched = &zone->touched;

	if (touched->nr > ZONE_TOUCHED) {
		buddy_validate(m, zone, check);
		return;
	}
	for (u32 i = 0; i < touched->nr; i++) {
		const struct page *page = pfn_to_page(m, touched->pfn[i]);
		unsigned int type = page_type(page);

		check->nr_checked += 3;
		if (type != PGTY_buddy && type != PGTY_run)
			continue;
		check_links(m, zone, touched->pfn[i], check);
		if (type == PGTY_buddy)
			check_body(m, touched->pfn[i], 1ULL << page->private_, check);
	}
	check_counts(m, zone, check);
}
