// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens to a page of a full batch, one function for each batch but that of new
 * pages: what mm/swap.c and mm/mlock.c do under the lock of the lists.
 */
#include "sim/phys/lru_internal.h"

#include "sim/base/bug.h"

static void lru_move_tail(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (page_flag(page, PG_unevictable))
		return;
	lruvec_del(m, pfn);
	page_clear_flag(page, PG_active);
	lruvec_add_tail(m, pfn);
	count_folio_event(m, page, PGROTATED);
}

static void lru_deactivate_file(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	bool active = page_flag(page, PG_active);

	if (page_flag(page, PG_unevictable) || folio_mapcount(page))
		return;
	lruvec_del(m, pfn);
	page_clear_flag(page, PG_active);
	page_clear_flag(page, PG_referenced);
	if (page_flag(page, PG_writeback) || page_flag(page, PG_dirty)) {
		lruvec_add(m, pfn);
		page_set_flag(page, PG_reclaim);
	} else {
		lruvec_add_tail(m, pfn);
		count_folio_event(m, page, PGROTATED);
	}
	if (active)
		count_folio_event(m, page, PGDEACTIVATE);
}

static void lru_deactivate(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (page_flag(page, PG_unevictable) ||
	    (!page_flag(page, PG_active) && !lru_gen_enabled(m)))
		return;
	lruvec_del(m, pfn);
	page_clear_flag(page, PG_active);
	page_clear_flag(page, PG_referenced);
	lruvec_add(m, pfn);
	count_folio_event(m, page, PGDEACTIVATE);
}

static void lru_lazyfree(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (!lazyfree_possible(page))
		return;
	lruvec_del(m, pfn);
	page_clear_flag(page, PG_active);
	page_clear_flag(page, PG_referenced);
	page_clear_flag(page, PG_swapbacked);
	lruvec_add(m, pfn);
	count_folio_event(m, page, PGLAZYFREE);
}

static void lru_activate(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (page_flag(page, PG_active) || page_flag(page, PG_unevictable))
		return;
	lruvec_del(m, pfn);
	page_set_flag(page, PG_active);
	lruvec_add(m, pfn);
	count_folio_event(m, page, PGACTIVATE);
}

void (*const lru_movers[NR_LRU_BATCHES])(struct machine *m, u64 pfn) = {
	[LRU_BATCH_ROTATE] = lru_move_tail,
	[LRU_BATCH_DEACTIVATE_FILE] = lru_deactivate_file,
	[LRU_BATCH_DEACTIVATE] = lru_deactivate,
	[LRU_BATCH_LAZYFREE] = lru_lazyfree,
	[LRU_BATCH_ACTIVATE] = lru_activate,
};

/* mlock: the mover sees PG_lru itself. */

static void mlock_on_lru(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (!page_flag(page, PG_lru))
		return;
	if (unlikely(page_evictable(m, page))) {
		if (page_flag(page, PG_unevictable)) {
			lruvec_del(m, pfn);
			page_clear_flag(page, PG_unevictable);
			lruvec_add(m, pfn);
			count_folio_event(m, page, UNEVICTABLE_PGS_RESCUED);
		}
		return;
	}
	if (page_flag(page, PG_unevictable)) {
		page->prev++;
		return;
	}
	lruvec_del(m, pfn);
	page_clear_flag(page, PG_active);
	page_set_flag(page, PG_unevictable);
	page->prev = 1;
	lruvec_add(m, pfn);
	count_folio_event(m, page, UNEVICTABLE_PGS_CULLED);
}

static void mlock_onto_lru(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	BUG_ON(m, page_flag(page, PG_lru));
	if (likely(!page_evictable(m, page))) {
		page_clear_flag(page, PG_active);
		page_set_flag(page, PG_unevictable);
		page->prev = 1;
		count_folio_event(m, page, UNEVICTABLE_PGS_CULLED);
	}
	lruvec_add(m, pfn);
	page_set_flag(page, PG_lru);
}

static void munlock_on_lru(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	bool on_lru = page_flag(page, PG_lru);

	if (on_lru && page_flag(page, PG_unevictable)) {
		if (page->prev)
			page->prev--;
		if (page->prev)
			return;
	}
	if (page_flag(page, PG_mlocked)) {
		page_clear_flag(page, PG_mlocked);
		page_zone(m, page)->stat[NR_MLOCK] -= (s64)folio_nr_pages(page);
		count_folio_event(m, page, on_lru || !page_flag(page, PG_unevictable) ?
				  UNEVICTABLE_PGS_MUNLOCKED : UNEVICTABLE_PGS_STRANDED);
	}
	if (on_lru && page_flag(page, PG_unevictable) && page_evictable(m, page)) {
		lruvec_del(m, pfn);
		page_clear_flag(page, PG_unevictable);
		lruvec_add(m, pfn);
		count_folio_event(m, page, UNEVICTABLE_PGS_RESCUED);
	}
}

void check_move_unevictable(struct machine *m, u64 pfn)
{
	struct page *page = pfn_folio(m, pfn);

	count_folio_event(m, page, UNEVICTABLE_PGS_SCANNED);
	if (!page_flag(page, PG_lru) || !page_flag(page, PG_unevictable) ||
	    !page_evictable(m, page))
		return;
	lruvec_del(m, folio_pfn(m, pfn));
	page_clear_flag(page, PG_unevictable);
	lruvec_add(m, folio_pfn(m, pfn));
	count_folio_event(m, page, UNEVICTABLE_PGS_RESCUED);
}

void (*const mlock_movers[NR_MLOCK_WHATS])(struct machine *m, u64 pfn) = {
	[MUNLOCK] = munlock_on_lru,
	[MLOCK_LRU] = mlock_on_lru,
	[MLOCK_NEW] = mlock_onto_lru,
};
