// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The migrate scanner goes up from the beginning of a zone, pageblock by pageblock, and
 * takes pages off their LRU lists, 32 at a time. For larger orders it first looks for a
 * pageblock that has free blocks already. Where a caller waits for one block, a page that
 * cannot move makes all of its aligned block of that order worthless: what was taken of
 * it goes back.
 */
#include "sim/policy/compaction_internal.h"

#include "sim/phys/lru.h"
#include "sim/virt/migrate.h"

/* One scan of a part of a pageblock. */
struct scan {
	struct compact_control *cc;
	u64 pfn, end;
	u64 valid_pfn;		/* whose pageblock may be marked: none yet if above end */
	u64 nr_scanned, nr_isolated;
	u64 next_skip_pfn;
	bool skip_on_failure, skip_updated;
};

#define NO_PFN (~0ULL)

static u64 block_end_pfn(u64 pfn, int order)
{
	return ALIGN_UP(pfn + 1, 1ULL << order);
}

/* Pages that are passed over: the last of them. */
static void skip_pages(struct scan *s, u64 nr)
{
	s->pfn += nr - 1;
	if (rel_compact_counts_skipped(s->cc->m->release))
		s->nr_scanned += nr - 1;
}

/* Does the size of the folio keep it from being moved? Of tails: one by one. */
static bool skip_compound(struct scan *s, const struct page *page)
{
	const struct compact_control *cc = s->cc;
	struct machine *m = cc->m;
	unsigned int order;

	if (!page_compound(page, &order) || cc->alloc_contig)
		return false;
	if (rel_compacts_large_folios(m->release) &&
	    (is_via_compact_memory(cc->order) || (int)order < cc->order) &&
	    order < m->pageblock_order)
		return false;
	if (order <= MAX_PAGE_ORDER)
		skip_pages(s, 1ULL << order);
	return true;
}

/* May the page be taken off its list? Pinned ones, and some by the caller's rules, not. */
static bool may_isolate(const struct compact_control *cc, const struct page *page)
{
	bool anon = page_flag(page, PG_anon), file = !anon && page->mapping;
	bool async = cc->mode != COMPACT_SYNC;

	if (!page_flag(page, PG_lru) || page_flag(page, PG_tail))
		return false;
	if (!file && page->refcount > folio_mapcount(page))
		return false;
	if (!(cc->gfp & __GFP_FS) && file)
		return false;
	if (!cc->alloc_contig && !cc->m->tunables->compact_unevictable_allowed &&
	    page_flag(page, PG_unevictable))
		return false;
	return !(async && page_flag(page, PG_writeback));
}

/* The first page that this scan takes marks the pageblock. True: somebody did before. */
static bool test_and_set_skip(struct scan *s)
{
	struct compact_control *cc = s->cc;
	bool skip, by_start = rel_compact_finishes_block(cc->m->release);

	if (s->skip_updated || (by_start && s->valid_pfn == NO_PFN))
		return false;
	s->skip_updated = true;
	if (cc->ignore_skip_hint || (!by_start && !pageblock_aligned(cc->m, s->pfn)))
		return false;
	skip = pageblock_skip(cc->m, s->pfn);
	if (!skip && !cc->no_set_skip_hint)
		set_pageblock_skip(cc->m, s->pfn);
	return skip && !(by_start && cc->finish_pageblock);
}

/* What was taken of a block that can never become one: back, and on behind it. */
static void isolate_fail(struct scan *s)
{
	struct compact_control *cc = s->cc;

	if (!s->skip_on_failure)
		return;
	if (s->nr_isolated) {
		putback_movable_pages(cc->m, &cc->migratepages);
		cc->nr_migratepages = 0;
		s->nr_isolated = 0;
	}
	if (s->pfn < s->next_skip_pfn) {
		s->pfn = s->next_skip_pfn - 1;
		s->next_skip_pfn += 1ULL << cc->order;
	}
}

static void isolate_page_here(struct scan *s)
{
	struct compact_control *cc = s->cc;
	struct machine *m = cc->m;
	u64 nr = folio_nr_pages(pfn_to_page(m, s->pfn));

	if (!isolate_page_at_head(m, &cc->migratepages, s->pfn)) {
		isolate_fail(s);
		return;
	}
	cc->nr_migratepages += nr;
	s->nr_isolated += nr;
	s->nr_scanned += nr - 1;
	s->pfn += nr - 1;
}

enum step { STEP_ON, STEP_ENOUGH, STEP_ABORT };

/* The page at s->pfn, which is not free. */
static enum step scan_page(struct scan *s, const struct page *page)
{
	struct compact_control *cc = s->cc;

	if (skip_compound(s, page) || !may_isolate(cc, page)) {
		isolate_fail(s);
		return STEP_ON;
	}
	if (test_and_set_skip(s)) {
		if (rel_compact_finishes_block(cc->m->release))
			s->pfn = s->end;
		return STEP_ABORT;
	}
	isolate_page_here(s);
	return cc->nr_migratepages >= COMPACT_CLUSTER_MAX && !cc->finish_pageblock ?
	       STEP_ENOUGH : STEP_ON;
}

/* The pageblock of this scan begins here: is it to be skipped? */
static bool begins_skipped(struct scan *s)
{
	const struct compact_control *cc = s->cc;

	if (s->valid_pfn != NO_PFN ||
	    (!pageblock_aligned(cc->m, s->pfn) &&
	     !(rel_compact_finishes_block(cc->m->release) && s->pfn == cc->zone->start_pfn)))
		return false;
	if (!isolation_suitable(cc, s->pfn)) {
		s->pfn = s->end;
		return true;
	}
	s->valid_pfn = s->pfn;
	return false;
}

/* One page, or block. */
static enum step scan_step(struct scan *s)
{
	struct machine *m = s->cc->m;
	const struct page *page;
	unsigned int order;

	s->nr_scanned++;
	if (begins_skipped(s))
		return STEP_ABORT;
	if (page_buddy(m, s->pfn, &order)) {
		skip_pages(s, 1ULL << order);
		return STEP_ON;
	}
	page = page_or_null(m, s->pfn);
	if (page)
		return scan_page(s, page);
	/* Nothing without a descriptor moves: to the end at once. */
	if (!s->skip_on_failure) {
		s->nr_scanned += s->end - 1 - s->pfn;
		s->pfn = s->end - 1;
	}
	isolate_fail(s);
	return STEP_ON;
}

static enum step scan_block(struct scan *s)
{
	struct compact_control *cc = s->cc;

	for (; s->pfn < s->end; s->pfn++) {
		enum step step;

		if (s->skip_on_failure && s->pfn >= s->next_skip_pfn) {
			if (s->nr_isolated)
				break;
			s->next_skip_pfn = block_end_pfn(s->pfn, cc->order);
		}
		step = scan_step(s);
		if (step == STEP_ABORT)
			return step;
		if (step == STEP_ENOUGH) {
			s->pfn++;
			break;
		}
	}
	s->pfn = MIN(s->pfn, s->end);
	return STEP_ON;
}

void isolate_migratepages_block(struct compact_control *cc, u64 pfn, u64 end)
{
	struct scan s = {
		.cc = cc, .pfn = pfn, .end = end, .valid_pfn = NO_PFN,
		.skip_on_failure = cc->direct && cc->mode == COMPACT_ASYNC,
	};

	if (s.skip_on_failure)
		s.next_skip_pfn = block_end_pfn(pfn, cc->order);
	scan_block(&s);
	if (s.pfn == end && (!s.nr_isolated || cc->finish_pageblock)) {
		if (s.valid_pfn != NO_PFN && !s.skip_updated && !cc->no_set_skip_hint)
			set_pageblock_skip(cc->m, s.valid_pfn);
		update_cached_migrate(cc, s.pfn);
	}
	cc->total_migrate_scanned += s.nr_scanned;
	cc->m->event[COMPACTISOLATED] += (s64)s.nr_isolated;
	cc->migrate_pfn = s.pfn;
}

/* -- which pageblock ---------------------------------------------------------- */

static void update_fast_start_pfn(struct compact_control *cc, u64 pfn)
{
	if (cc->fast_start_pfn == NO_FAST_START)
		return;
	cc->fast_start_pfn = cc->fast_start_pfn ? MIN(cc->fast_start_pfn, pfn) : pfn;
}

static u64 reinit_migrate_pfn(struct compact_control *cc)
{
	if (!cc->fast_start_pfn || cc->fast_start_pfn == NO_FAST_START)
		return cc->migrate_pfn;
	cc->migrate_pfn = cc->fast_start_pfn;
	cc->fast_start_pfn = NO_FAST_START;
	return cc->migrate_pfn;
}

static bool may_find_fast(const struct compact_control *cc)
{
	u64 pfn = cc->migrate_pfn;

	if (cc->ignore_skip_hint)
		return false;
	if (rel_compact_finishes_block(cc->m->release) && cc->finish_pageblock)
		return false;
	if (pfn != cc->zone->start_pfn && !pageblock_aligned(cc->m, pfn))
		return false;
	return cc->order > PAGE_ALLOC_COSTLY_ORDER &&
	       (!cc->direct || cc->type == MIGRATE_MOVABLE);
}

/* A block of the list that lies below high_pfn in a pageblock that is not skipped. */
static u32 find_low_block(struct compact_control *cc, unsigned int order, u64 high_pfn,
			  unsigned int limit, unsigned int *nr_scanned)
{
	struct machine *m = cc->m;
	u32 pfn = cc->zone->free_area[order].lists[MIGRATE_MOVABLE].first;

	for (; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		if ((*nr_scanned)++ >= limit) {
			free_list_end_with(m, cc->zone, pfn);
			return PFN_NIL;
		}
		if (pfn < high_pfn && !pageblock_skip(m, pfn))
			return pfn;
	}
	return PFN_NIL;
}

/* How far up a source may be found: not where targets will be. */
static u64 fast_high_pfn(const struct compact_control *cc)
{
	u64 distance = (cc->free_pfn - cc->migrate_pfn) >> 1;

	if (cc->migrate_pfn != cc->zone->start_pfn)
		distance >>= 2;
	return pageblock_start_pfn(cc->m, cc->migrate_pfn + distance);
}

static u64 take_low_block(struct compact_control *cc, u32 found)
{
	free_list_end_with(cc->m, cc->zone, found);
	update_fast_start_pfn(cc, found);
	cc->fast_search_fail = 0;
	if (!rel_compact_finishes_block(cc->m->release))
		set_pageblock_skip(cc->m, found);
	return MAX(pageblock_start_pfn(cc->m, found), cc->zone->start_pfn);
}

/* A pageblock with free blocks: fewer pages of it have to move. */
static u64 fast_find_migrateblock(struct compact_control *cc)
{
	unsigned int limit = freelist_scan_limit(cc), nr_scanned = 0;
	u32 found = PFN_NIL;
	u64 high_pfn;

	if (!may_find_fast(cc))
		return cc->migrate_pfn;
	high_pfn = fast_high_pfn(cc);
	for (int order = cc->order - 1;
	     order >= PAGE_ALLOC_COSTLY_ORDER && found == PFN_NIL && nr_scanned < limit; order--)
		if (cc->zone->free_area[order].nr_free)
			found = find_low_block(cc, (unsigned int)order, high_pfn, limit,
					       &nr_scanned);
	cc->total_migrate_scanned += nr_scanned;
	if (found != PFN_NIL)
		return take_low_block(cc, found);
	cc->fast_search_fail++;
	return reinit_migrate_pfn(cc);
}

static bool suitable_migration_source(const struct compact_control *cc, u64 pfn)
{
	enum migratetype type;

	if (pageblock_skip_persistent(cc->m, pfn))
		return false;
	if (cc->mode != COMPACT_ASYNC || !cc->direct)
		return true;
	type = pageblock_type(cc->m, pfn);
	return cc->type == MIGRATE_MOVABLE ? is_migrate_movable(type) : type == cc->type;
}

/* Is the pageblock from `pfn` on one to take pages of? */
static bool block_is_source(struct compact_control *cc, u64 start, u64 end, u64 pfn,
			    bool fast_found)
{
	struct machine *m = cc->m;
	bool at_start = pageblock_aligned(m, pfn) ||
			(rel_compact_finishes_block(m->release) && pfn == cc->zone->start_pfn);

	if (!pageblock_pfn_in_zone(m, cc->zone, start, end))
		return false;
	if (at_start && !fast_found && !isolation_suitable(cc, start))
		return false;
	if (suitable_migration_source(cc, start))
		return true;
	update_cached_migrate(cc, end);
	return false;
}

enum isolate_result isolate_migratepages(struct compact_control *cc)
{
	struct machine *m = cc->m;
	u64 pfn = fast_find_migrateblock(cc);
	u64 start = MAX(pageblock_start_pfn(m, pfn), cc->zone->start_pfn);
	u64 end = pageblock_end_pfn(m, pfn);
	bool fast_found = pfn != cc->migrate_pfn && !cc->fast_search_fail;

	for (; end <= cc->free_pfn; end += pageblock_nr_pages(m)) {
		if (block_is_source(cc, start, end, pfn, fast_found)) {
			isolate_migratepages_block(cc, pfn, end);
			break;
		}
		fast_found = false;
		cc->migrate_pfn = pfn = start = end;
	}
	return cc->nr_migratepages ? ISOLATE_SUCCESS : ISOLATE_NONE;
}
