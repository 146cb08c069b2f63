// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A free block can be larger than a pageblock, and reach beyond the range: it is cut
 * where the types differ, and grows together again when the isolation is undone.
 */
#include "sim/phys/page_isolation.h"

#include "sim/base/bug.h"
#include "sim/phys/folio.h"
#include "sim/phys/page_alloc.h"

/* Behind a page that is not in the way; 0: it is, it cannot move. */
static u64 behind_movable(const struct machine *m, const struct zone *zone, u64 pfn,
			  unsigned int flags)
{
	const struct page *page, *folio;
	unsigned int order;
	u64 head;

	if (buddy_find(m, pfn, &head, &order))
		return head + (1ULL << order);
	if (!page_present(m, pfn))
		return 0;
	page = pfn_to_page(m, pfn);
	if (page_flag(page, PG_reserved))
		return 0;
	if (zone->type == ZONE_MOVABLE)
		return pfn + 1;
	if (page_type(page) == PGTY_hugetlb || page->flags & (1U << PG_head | 1U << PG_tail)) {
		folio = folio_of_const(page);
		if (page_type(page) != PGTY_hugetlb && !page_flag(folio, PG_lru))
			return 0;
		return page_to_pfn(m, folio) + (1ULL << folio[1].block_order);
	}
	if (!page->refcount || page_flag(page, PG_lru) ||
	    (flags & MEMORY_OFFLINE && page_flag(page, PG_hwpoison)))
		return pfn + 1;
	return 0;
}

u64 has_unmovable_pages(const struct machine *m, const struct zone *zone, u64 start, u64 end,
			unsigned int flags)
{
	while (start < end) {
		u64 behind = behind_movable(m, zone, start, flags);

		if (!behind)
			return start;
		start = behind;
	}
	return end;
}

/* A free block, of whatever size, as pieces that each have the type of their pageblock. */
static void recut_block(struct machine *m, struct zone *zone, u64 pfn)
{
	unsigned int order, piece;
	u64 head;

	/* Its sections, and that behind it, were made. */
	BUG_ON(m, buddy_take(m, zone, pfn, &head, &order) != 1);
	piece = MIN(order, m->pageblock_order);
	for (u64 at = head; at < head + (1ULL << order); at += 1ULL << piece)
		buddy_free_type(m, zone, at, piece, pageblock_type(m, at), BUDDY_TAIL);
}

/* The free blocks of a pageblock go to the lists of its type; blocks around it, too. */
static void move_freepages_block(struct machine *m, struct zone *zone, u64 start)
{
	u64 end = start + pageblock_nr_pages(m), head;
	unsigned int order;

	for (u64 pfn = start; pfn < end;) {
		if (!buddy_find(m, pfn, &head, &order)) {
			pfn++;
			continue;
		}
		recut_block(m, zone, pfn);
		pfn = head + (1ULL << order);
	}
}

static u64 nr_blocks(const struct machine *m, const struct isolation *isolation)
{
	return (isolation->end - isolation->start) >> m->pageblock_order;
}

/* Not one that another zone has a part of; since 6.18, not one that sticks out at all. */
static bool block_is_of_zone(const struct machine *m, const struct zone *zone, u64 start)
{
	const u64 ends[] = { start, start + pageblock_nr_pages(m) - 1 };

	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
		if (!zone_spans_pfn(zone, ends[i]) &&
		    (rel_claim_then_steal(m->release) || pfn_online_zone(m, ends[i])))
			return false;
	return true;
}

static bool may_isolate_block(const struct machine *m, struct isolation *isolation, u64 start,
			      unsigned int flags)
{
	u64 end = start + pageblock_nr_pages(m);
	u64 first = MAX(start, isolation->zone->start_pfn);
	u64 last = MIN(end, zone_end_pfn(isolation->zone)), pfn;

	isolation->unmovable = start;
	if (pageblock_type(m, start) == MIGRATE_ISOLATE ||
	    !block_is_of_zone(m, isolation->zone, start))
		return false;
	if (pageblock_type(m, start) == MIGRATE_CMA) {
		isolation->unmovable = flags & ISOLATE_CMA ? ~0ULL : first;
		return flags & ISOLATE_CMA;
	}
	pfn = has_unmovable_pages(m, isolation->zone, first, last, flags);
	isolation->unmovable = pfn < last ? pfn : ~0ULL;
	return pfn == last;
}

/* What it was. A reserve that is isolated is one no more. */
static enum migratetype isolate_block(struct machine *m, struct zone *zone, u64 pfn)
{
	enum migratetype type = pageblock_type(m, pfn);

	set_pageblock_type(m, pfn, MIGRATE_ISOLATE);
	if (type != MIGRATE_HIGHATOMIC)
		return type;
	zone->nr_reserved_highatomic -= MIN(zone->nr_reserved_highatomic, pageblock_nr_pages(m));
	return MIGRATE_MOVABLE;
}

int start_isolate_page_range(struct machine *m, struct isolation *isolation, u64 start,
			     u64 end, unsigned int flags)
{
	u64 size = pageblock_nr_pages(m), block = 1ULL << MAX_PAGE_ORDER;

	isolation->start = ALIGN_DOWN(start, size);
	isolation->end = ALIGN_UP(end, size);
	isolation->types = NULL;
	isolation->undone = flags & ISOLATE_CMA ? MIGRATE_CMA : MIGRATE_MOVABLE;
	for (u64 at = isolation->start; at < isolation->end; at += size)
		if (!may_isolate_block(m, isolation, at, flags))
			return -EBUSY;
	/* Of free blocks that reach beyond the range, and what stays of a run behind it. */
	if (section_materialise_range(m, ALIGN_DOWN(isolation->start, block),
				      MIN(ALIGN_UP(isolation->end, block) + 1, m->max_pfn)))
		return -ENOBUFS;
	isolation->types = arena_alloc(&m->arena, nr_blocks(m, isolation));
	if (!isolation->types)
		return -ENOBUFS;
	for (u64 i = 0; i < nr_blocks(m, isolation); i++)
		isolation->types[i] = isolate_block(m, isolation->zone,
						    isolation->start + i * size);
	for (u64 at = isolation->start; at < isolation->end; at += size)
		move_freepages_block(m, isolation->zone, at);
	return 0;
}

void end_isolate_page_range(struct machine *m, struct isolation *isolation)
{
	arena_free(&m->arena, isolation->types,
		   isolation->types ? nr_blocks(m, isolation) : 0);
	isolation->types = NULL;
}

void undo_isolate_page_range(struct machine *m, struct isolation *isolation)
{
	u64 size = pageblock_nr_pages(m);

	for (u64 i = 0; i < nr_blocks(m, isolation); i++)
		set_pageblock_type(m, isolation->start + i * size,
				   rel_isolation_keeps_type(m->release) ?
				   isolation->types[i] : isolation->undone);
	for (u64 at = isolation->start; at < isolation->end; at += size)
		move_freepages_block(m, isolation->zone, at);
	end_isolate_page_range(m, isolation);
}

/* It failed, and is kept out of use: gone is as good as kept. */
static bool is_kept(const struct machine *m, u64 pfn, unsigned int flags)
{
	return flags & MEMORY_OFFLINE && page_present(m, pfn) &&
	       page_type(pfn_to_page(m, pfn)) == PGTY_hwpoison;
}

bool test_pages_isolated(const struct machine *m, u64 start, u64 end, unsigned int flags,
			 u64 *pfn)
{
	while (start < end) {
		unsigned int order;
		u64 head;

		*pfn = start;
		if (is_kept(m, start, flags)) {
			start++;
			continue;
		}
		if (!buddy_find(m, start, &head, &order))
			return false;
		start = head + (1ULL << order);
	}
	return true;
}

/* The parts of a free block that lie outside [start, end) go back. */
static void give_back_outside(struct machine *m, struct zone *zone, u64 pfn, u64 stop)
{
	while (pfn < stop) {
		unsigned int order = MIN(m->pageblock_order, (unsigned int)ctz64(pfn));

		while (pfn + (1ULL << order) > stop)
			order--;
		buddy_free_type(m, zone, pfn, order, pageblock_type(m, pfn), BUDDY_TAIL);
		pfn += 1ULL << order;
	}
}

void take_isolated_range(struct machine *m, struct zone *zone, u64 start, u64 end)
{
	for (u64 pfn = start; pfn < end;) {
		unsigned int order;
		u64 head;

		if (is_kept(m, pfn, MEMORY_OFFLINE)) {
			pfn++;
			continue;
		}
		BUG_ON(m, buddy_take(m, zone, pfn, &head, &order) != 1);
		if (head < start)
			give_back_outside(m, zone, head, start);
		pfn = head + (1ULL << order);
		if (pfn > end)
			give_back_outside(m, zone, end, pfn);
	}
}
