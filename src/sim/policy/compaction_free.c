// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The free scanner comes down from the end of a zone and takes free blocks off their
 * lists, as many as pages wait to move. For a caller that wants one order it first looks
 * into the free lists for a block that lies high enough. Until 6.8 what it took is cut to
 * single pages at once, since then when a page needs a part of it.
 */
#include "sim/policy/compaction_internal.h"

#include "sim/phys/page_alloc.h"

/* A page that was taken waits on a list of the compaction, with its order. */
static void freepage_add(struct compact_control *cc, u32 pfn, unsigned int order, bool tail)
{
	struct page *page = pfn_to_page(cc->m, pfn);
	bool by_order = rel_compacts_large_folios(cc->m->release);
	struct page_list *list = &cc->freepages[by_order ? order : 0];

	page_set_type(page, PGTY_isolated);
	page->private_ = order;
	if (tail)
		page_list_add_tail(cc->m, list, pfn);
	else
		page_list_add_head(cc->m, list, pfn);
}

static bool take_free_block(struct compact_control *cc, u64 pfn, unsigned int order)
{
	if (!isolate_free_page(cc->m, cc->zone, pfn, order))
		return false;
	cc->m->contig_taken += 1LL << order;
	cc->nr_freepages += 1ULL << order;
	freepage_add(cc, (u32)pfn, order, /* tail = */ true);
	return true;
}

/*
 * Free blocks of [*pfn, end), which is in one pageblock, till there are enough; *pfn is
 * how far it came. Returns how many pages.
 */
static u64 isolate_freepages_block(struct compact_control *cc, u64 *pfn, u64 end,
				   unsigned int stride)
{
	struct machine *m = cc->m;
	u64 nr_scanned = 0, total = 0, at = *pfn;

	for (; at < end; at += stride) {
		const struct page *page = page_or_null(m, at);
		unsigned int order;

		nr_scanned++;
		if (!page) {
			/* Kept by the boot, or inside a run: so is the rest. */
			nr_scanned += (end - 1 - at) / stride;
			at += (end - 1 - at) / stride * stride;
			continue;
		}
		if (page_compound(page, &order)) {
			bool counts = rel_compact_counts_skipped(m->release);

			if (order <= MAX_PAGE_ORDER &&
			    (!rel_compacts_large_folios(m->release) || at + (1ULL << order) <= end)) {
				at += (1ULL << order) - 1;
				nr_scanned += counts ? (1ULL << order) - 1 : 0;
			}
			continue;
		}
		if (page_type(page) != PGTY_buddy)
			continue;
		order = page->private_;
		if (!take_free_block(cc, at, order))
			break;
		nr_scanned += (1ULL << order) - 1;
		total += 1ULL << order;
		if (cc->nr_migratepages <= cc->nr_freepages) {
			at += 1ULL << order;
			break;
		}
		at += (1ULL << order) - 1;
	}
	*pfn = MIN(at, end);
	cc->total_free_scanned += nr_scanned;
	m->event[COMPACTISOLATED] += (s64)total;
	return total;
}

/* The rest of the pageblock of a block that was found by its list. */
static void fast_isolate_around(struct compact_control *cc, u64 pfn)
{
	struct machine *m = cc->m;
	u64 start = MAX(pageblock_start_pfn(m, pfn), cc->zone->start_pfn);
	u64 end = MIN(pageblock_end_pfn(m, pfn), zone_end_pfn(cc->zone)), at = start;
	bool full;

	if (cc->nr_freepages >= cc->nr_migratepages || (cc->direct && cc->mode == COMPACT_ASYNC) ||
	    !pageblock_pfn_in_zone(m, cc->zone, start, end))
		return;
	isolate_freepages_block(cc, &at, end, 1);
	full = rel_compact_finishes_block(m->release) ? at == end && !cc->no_set_skip_hint :
							cc->nr_freepages < cc->nr_migratepages;
	if (full)
		set_pageblock_skip(m, start);
}

/* Orders in turn; -1: all were looked at. */
static int next_search_order(struct compact_control *cc, int order)
{
	if (--order < 0)
		order = cc->order - 1;
	if (order != cc->search_order)
		return order;
	if (--cc->search_order < 0)
		cc->search_order = cc->order - 1;
	return -1;
}

/* A search of the free lists. */
struct fast_search {
	u64 low_pfn, min_pfn;	/* a block above the first is taken, else above the second */
	u64 highest;		/* pageblock that was seen */
	unsigned int limit, nr_scanned;
	bool scan_start;
	u64 page;		/* what was found; NO_PAGE */
};
#define NO_PAGE (~0ULL)

/* From the end of one list. The best block; PFN_NIL: none is high enough. */
static u32 search_list(struct compact_control *cc, struct fast_search *s, int order,
		       unsigned int *order_scanned, bool *preferred)
{
	struct machine *m = cc->m;
	u32 pfn = cc->zone->free_area[order].lists[MIGRATE_MOVABLE].last, high = PFN_NIL;

	for (; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->prev) {
		++*order_scanned;
		s->nr_scanned++;
		if (pfn >= s->highest)
			s->highest = MAX(pageblock_start_pfn(m, pfn), cc->zone->start_pfn);
		if (pfn >= s->low_pfn) {
			cc->fast_search_fail = 0;
			cc->search_order = order;
			*preferred = true;
			return pfn;
		}
		if (pfn >= s->min_pfn && (high == PFN_NIL ? pfn > 0 : pfn > high)) {
			high = pfn;
			s->limit >>= 1;
		}
		if (*order_scanned >= s->limit) {
			/* The list goes on from here next time. */
			if (high == PFN_NIL)
				free_list_begin_with(m, cc->zone, pfn);
			break;
		}
	}
	return high;
}

/* One order. False: the zone is too full to take anything. */
static bool search_order(struct compact_control *cc, struct fast_search *s, int order)
{
	unsigned int order_scanned = 0;
	bool preferred = false;
	u32 found = search_list(cc, s, order, &order_scanned, &preferred);

	if (found != PFN_NIL) {
		free_list_begin_with(cc->m, cc->zone, found);
		if (!take_free_block(cc, found, (unsigned int)order))
			return false;
		s->page = found;
		s->nr_scanned += (1U << order) - 1;
		cc->m->event[COMPACTISOLATED] += 1LL << order;
	}
	if (order_scanned >= s->limit)
		s->limit = MAX(1U, s->limit >> 1);
	return true;
}

/* Nothing was found: a scan from the top begins at the best pageblock that was seen. */
static void fast_search_failed(struct compact_control *cc, struct fast_search *s)
{
	struct machine *m = cc->m;
	u64 end = MIN(pageblock_end_pfn(m, s->min_pfn), zone_end_pfn(cc->zone));

	cc->fast_search_fail++;
	if (!s->scan_start)
		return;
	if (s->highest >= s->min_pfn) {
		s->page = cc->free_pfn = s->highest;
	} else if (cc->direct && pfn_valid(m, s->min_pfn)) {
		if (pageblock_pfn_in_zone(m, cc->zone, s->min_pfn, end))
			s->page = s->min_pfn;
		cc->free_pfn = s->min_pfn;
	}
}

static void fast_isolate_freepages(struct compact_control *cc)
{
	struct machine *m = cc->m;
	u64 distance = cc->free_pfn - cc->migrate_pfn;
	struct fast_search s = {
		.limit = MAX(1U, freelist_scan_limit(cc) >> 1), .page = NO_PAGE,
		.low_pfn = pageblock_start_pfn(m, cc->free_pfn - (distance >> 2)),
		.min_pfn = pageblock_start_pfn(m, cc->free_pfn - (distance >> 1)),
	};

	if (cc->order <= 0)
		return;
	if (cc->free_pfn >= cc->zone->compact.init_free_pfn) {
		s.limit = (unsigned int)(pageblock_nr_pages(m) >> 1);
		s.scan_start = true;
	}
	cc->search_order = MIN(cc->order - 1, cc->search_order);
	for (int order = cc->search_order; s.page == NO_PAGE && order >= 0;
	     order = next_search_order(cc, order)) {
		if (!cc->zone->free_area[order].nr_free)
			continue;
		if (!search_order(cc, &s, order)) {
			(void)next_search_order(cc, cc->search_order + 1);
			break;
		}
		if (rel_compact_finishes_block(m->release) &&
		    cc->nr_freepages >= cc->nr_migratepages)
			break;
	}
	if (s.page == NO_PAGE)
		fast_search_failed(cc, &s);
	if (s.highest && s.highest >= cc->zone->compact.cached_free_pfn)
		cc->zone->compact.cached_free_pfn = s.highest - pageblock_nr_pages(m);
	cc->total_free_scanned += s.nr_scanned;
	if (s.page != NO_PAGE)
		fast_isolate_around(cc, s.page);
}

static bool suitable_migration_target(const struct compact_control *cc, u64 pfn)
{
	unsigned int order;

	if (page_buddy(cc->m, pfn, &order) && order >= cc->m->pageblock_order)
		return false;
	return cc->ignore_block_suitable || is_migrate_movable(pageblock_type(cc->m, pfn));
}

/* What the scan of a pageblock leaves for the next one. True: it is the last. */
static bool scan_target(struct compact_control *cc, u64 start, u64 end, u64 *at,
			unsigned int *stride)
{
	struct machine *m = cc->m;
	u64 size = pageblock_nr_pages(m);
	u64 nr = isolate_freepages_block(cc, at, end, *stride);

	if (*at == end)
		update_pageblock_skip(cc, start, rel_compact_finishes_block(m->release) ?
				      start - MIN(start, size) : start);
	if (cc->nr_freepages >= cc->nr_migratepages) {
		if (*at >= end)
			*at = start - size;
		return true;
	}
	if (*at < end)
		return true;
	*stride = nr ? 1 : MIN((unsigned int)COMPACT_CLUSTER_MAX, *stride << 1);
	return false;
}

/* Down from where the last scan stopped, but not into the migrate scanner's pageblock. */
static void scan_freepages(struct compact_control *cc)
{
	struct machine *m = cc->m;
	u64 size = pageblock_nr_pages(m), at = cc->free_pfn;
	u64 start = pageblock_start_pfn(m, at);
	u64 end = MIN(start + size, zone_end_pfn(cc->zone));
	u64 low = pageblock_end_pfn(m, cc->migrate_pfn);
	unsigned int stride = cc->mode == COMPACT_ASYNC ? COMPACT_CLUSTER_MAX : 1;

	while (start >= low) {
		if (pageblock_pfn_in_zone(m, cc->zone, start, end) &&
		    suitable_migration_target(cc, start) && isolation_suitable(cc, start) &&
		    scan_target(cc, start, end, &at, &stride))
			break;
		end = start;
		start -= size;
		at = start;
	}
	cc->free_pfn = at;
}

/* All that was taken, as single pages: the last one first. */
static void split_map_pages(struct compact_control *cc)
{
	struct machine *m = cc->m;
	const struct alloc_request req = { .gfp = __GFP_MOVABLE };
	struct page_list pages = PAGE_LIST_INIT;

	while (cc->freepages[0].first != PFN_NIL) {
		u32 pfn = cc->freepages[0].first;
		u32 nr = 1U << pfn_to_page(m, pfn)->private_;

		page_list_del(m, &cc->freepages[0], pfn);
		for (u32 i = 0; i < nr; i++) {
			prep_isolated_pages(m, &req, pfn + i);
			page_list_add_head(m, &pages, pfn + i);
		}
	}
	cc->freepages[0] = pages;
}

static void isolate_freepages(struct compact_control *cc)
{
	fast_isolate_freepages(cc);
	if (!cc->nr_freepages)
		scan_freepages(cc);
	if (!rel_compacts_large_folios(cc->m->release))
		split_map_pages(cc);
}

/* The smallest list that has a block for the order; NR_PAGE_ORDERS: there is none. */
static unsigned int freepages_order(const struct compact_control *cc, unsigned int order)
{
	while (order < NR_PAGE_ORDERS && cc->freepages[order].first == PFN_NIL)
		order++;
	return order;
}

static int alloc_part(struct compact_control *cc, unsigned int order, u32 *dst)
{
	struct machine *m = cc->m;
	const struct alloc_request req = {
		.gfp = __GFP_MOVABLE | (order ? __GFP_COMP : 0), .order = order,
	};
	unsigned int from = freepages_order(cc, order);

	if (from == NR_PAGE_ORDERS) {
		isolate_freepages(cc);
		from = freepages_order(cc, order);
		if (from == NR_PAGE_ORDERS)
			return -ENOMEM;
	}
	*dst = cc->freepages[from].first;
	page_list_del(m, &cc->freepages[from], *dst);
	while (from > order) {
		from--;
		freepage_add(cc, *dst + (1U << from), from, /* tail = */ false);
	}
	prep_isolated_pages(m, &req, *dst);
	cc->nr_freepages -= 1ULL << order;
	cc->nr_migratepages -= MIN(cc->nr_migratepages, 1ULL << order);
	return 0;
}

int compaction_alloc(struct machine *m, void *arg, u32 src, u32 *dst)
{
	struct compact_control *cc = arg;

	if (rel_compacts_large_folios(m->release))
		return alloc_part(cc, folio_order(pfn_to_page(m, src)), dst);
	if (cc->freepages[0].first == PFN_NIL)
		isolate_freepages(cc);
	if (cc->freepages[0].first == PFN_NIL)
		return -ENOMEM;
	*dst = cc->freepages[0].first;
	page_list_del(m, &cc->freepages[0], *dst);
	cc->nr_freepages--;
	return 0;
}

void compaction_free(struct machine *m, void *arg, u32 dst)
{
	struct compact_control *cc = arg;
	unsigned int order = folio_order(pfn_to_page(m, dst));

	if (!rel_compacts_large_folios(m->release)) {
		page_list_add_head(m, &cc->freepages[0], dst);
		cc->nr_freepages++;
		return;
	}
	unprep_isolated_pages(m, dst, order);
	freepage_add(cc, dst, order, /* tail = */ false);
	cc->nr_freepages += 1ULL << order;
	cc->nr_migratepages += 1ULL << order;
}

u64 release_freepages(struct compact_control *cc)
{
	struct machine *m = cc->m;
	u64 highest = 0;

	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		const struct alloc_request req = { .gfp = __GFP_MOVABLE, .order = order };
		struct page_list *list = &cc->freepages[order];

		while (list->first != PFN_NIL) {
			u32 pfn = list->first;

			page_list_del(m, list, pfn);
			if (rel_compacts_large_folios(m->release))
				prep_isolated_pages(m, &req, pfn);
			free_pages(m, pfn, order);
			highest = MAX(highest, (u64)pfn);
		}
	}
	cc->nr_freepages = 0;
	return highest;
}
