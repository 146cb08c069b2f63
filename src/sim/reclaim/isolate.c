// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that reclaim looks at are taken off their list, up to 32 at a time, and have a
 * reference more till they are put back or freed. Those of zones that would not help are
 * passed over, and go to the list's head.
 */
#include "sim/reclaim/reclaim_internal.h"

#include "sim/phys/lru_internal.h"

void count_isolated_pages(struct machine *m, const struct lruvec *lruvec, bool file, s64 nr)
{
	m->nodes[lruvec->node]->stat[NR_ISOLATED_ANON + file] += nr;
}

/* Where a page goes that was met at the end of its list. */
enum fate { TAKEN, ROTATED, SKIPPED };

static enum fate take_folio(const struct scan_control *sc, struct page *folio)
{
	if (page_zone(sc->m, folio)->type > sc->reclaim_idx)
		return SKIPPED;
	if (!page_flag(folio, PG_lru) || (!sc->may_unmap && folio_mapcount(folio)))
		return ROTATED;
	page_clear_flag(folio, PG_lru);
	folio->refcount++;
	return TAKEN;
}

/* They go to the head of the list that they came from, in the order that they had. */
static void splice_skipped(struct machine *m, struct page_list *list, struct page_list *skipped)
{
	while (skipped->last != PFN_NIL) {
		u32 pfn = skipped->last;

		page_list_del(m, skipped, pfn);
		page_list_add_head(m, list, pfn);
	}
}

static bool same_zone(const struct page *a, const struct page *b)
{
	return page_zone_index(a) == page_zone_index(b);
}

/* Folios of one zone at the list's end that are taken, from `first` on. */
struct run {
	u32 first;
	s64 nr;		/* pages; 0: there are none */
};

static void take_run(struct machine *m, struct page_list *src, enum lru_list list,
		     struct run *run, struct page_list *dst)
{
	if (!run->nr)
		return;
	count_lru(m, pfn_to_page(m, run->first), list, -run->nr);
	page_list_move_end(m, src, run->first, dst);
	run->nr = 0;
}

u64 isolate_lru_folios(struct scan_control *sc, struct lruvec *lruvec, enum lru_list list,
		       u64 nr_to_scan, struct page_list *dst, u64 *nr_scanned)
{
	struct page_list *src = &lruvec->lists[list], skipped = PAGE_LIST_INIT;
	struct run run = { .nr = 0 };
	struct machine *m = sc->m;
	u64 taken = 0, scanned = 0;
	u32 pfn = src->last;

	*nr_scanned = 0;
	while (scanned < nr_to_scan && pfn != PFN_NIL) {
		struct page *folio = pfn_to_page(m, pfn);
		s64 nr = (s64)folio_nr_pages(folio);
		enum fate fate = take_folio(sc, folio);

		*nr_scanned += (u64)nr;
		if (fate != SKIPPED)
			scanned += (u64)nr;
		if (likely(fate == TAKEN)) {
			if (run.nr && !same_zone(folio, pfn_to_page(m, run.first)))
				take_run(m, src, list, &run, dst);
			taken += (u64)nr;
			run = (struct run){ pfn, run.nr + nr };
			pfn = folio->prev;
			if (pfn != PFN_NIL)
				__builtin_prefetch(pfn_to_page(m, pfn), 1);
			continue;
		}
		take_run(m, src, list, &run, dst);
		if (fate == SKIPPED)
			m->zone_event[PGSKIP][page_zone(m, folio)->type] += nr;
		page_list_del(m, src, pfn);
		page_list_add_head(m, fate == SKIPPED ? &skipped : src, pfn);
		pfn = src->last;
	}
	take_run(m, src, list, &run, dst);
	splice_skipped(m, src, &skipped);
	return taken;
}

/* Nobody else has it any more. */
static bool put_isolated(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);

	if (folio->refcount == 1) {
		page_clear_flag(folio, PG_active);
		put_page(m, pfn);
		return true;
	}
	folio->refcount--;
	return false;
}

u64 move_folios_to_lru(struct machine *m, struct lruvec *lruvec, struct page_list *list)
{
	u64 moved = 0;

	while (list->last != PFN_NIL) {
		u32 pfn = list->last;
		struct page *folio = pfn_to_page(m, pfn);

		page_list_del(m, list, pfn);
		if (unlikely(!page_evictable(m, folio))) {
			lru_putback(m, pfn);
			continue;
		}
		if (unlikely(put_isolated(m, pfn)))
			continue;
		page_set_flag(folio, PG_lru);
		lruvec_add_listed(m, pfn, /* tail = */ false);
		moved += folio_nr_pages(folio);
		if (page_flag(folio, PG_active))
			workingset_age_nonresident(m, lruvec, folio_nr_pages(folio));
	}
	return moved;
}
