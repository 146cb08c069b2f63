// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A clean page that only its file has is forgotten where it is found. The others that are
 * to go leave their list together, up to 32 of them, and shrink_folio.c does what can be
 * done; what stays is at the head of its list then.
 */
#include "sim/reclaim/plain.h"

#include "sim/base/bug.h"
#include "sim/phys/lru_internal.h"
#include "sim/virt/evict.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"

bool plain_mapping_used(struct machine *m, struct page *folio, u32 pfn)
{
	u64 vm_flags;

	return unlikely(folio_mapcount(folio)) && folio_referenced(m, pfn, NULL, &vm_flags);
}

void plain_age_node(struct scan_control *sc, struct pglist_data *node)
{
}

/* Some come as active pages: they are the latest of the list. */
static void join_active(struct machine *m, struct lruvec *lruvec, enum lru_list active)
{
	while (lruvec->lists[active].last != PFN_NIL) {
		u32 pfn = lruvec->lists[active].last;

		lruvec_del(m, pfn);
		page_clear_flag(pfn_to_page(m, pfn), PG_active);
		lruvec_add(m, pfn);
	}
}

/* It can be forgotten without another look. */
static inline bool is_simple(const struct scan_control *sc, const struct page *folio)
{
	const u32 others = 1U << PG_dirty | 1U << PG_writeback | 1U << PG_locked |
			   1U << PG_mlocked | 1U << PG_unevictable | 1U << PG_swapbacked |
			   1U << PG_swapcache | 1U << PG_anon | 1U << PG_large | 1U << PG_head |
			   1U << PG_hwpoison | 1U << PG_private;

	return !(folio->flags & others) && folio->refcount == 1 && folio->mapping &&
	       page_flag(folio, PG_lru) && !folio_mapcount(folio) &&
	       page_zone(sc->m, folio)->type <= sc->reclaim_idx && page_evictable(sc->m, folio);
}

/* Nothing holds it: is_simple(). */
static inline void forget(struct machine *m, struct eviction *eviction, struct inode *inode,
			  struct page *folio, u32 pfn)
{
	folio->refcount++;
	BUG_ON(m, !evict_plain_page(m, eviction, &inode->i_data, pfn));
	put_page(m, pfn);
}

/* What will be looked at when the next one goes: the page before it, and its place in this file. */
static inline void prefetch_next(const struct machine *m, const struct page_list *list,
				 const struct inode *inode)
{
	const struct page *folio;

	if (list->last == PFN_NIL)
		return;
	folio = pfn_to_page(m, list->last);
	if (folio->prev != PFN_NIL)
		__builtin_prefetch(pfn_to_page(m, folio->prev), 1);
	if (folio->mapping == inode->self && !page_flag(folio, PG_anon))
		xa_prefetch(&inode->i_data.i_pages, page_index(folio));
}

enum last_page { LAST_SPARED, LAST_FREED, LAST_NOT_SIMPLE };

/* What becomes of the page at the list's end, of which there is one. */
static __always_inline enum last_page shrink_last(struct scan_control *sc,
						  struct page_list *pages,
						  struct eviction *eviction, plain_spares spares)
{
	u32 pfn = pages->last;
	struct page *folio = pfn_to_page(sc->m, pfn);
	struct inode *inode;

	if (unlikely(!is_simple(sc, folio)))
		return LAST_NOT_SIMPLE;
	if (spares && spares(sc->m, folio, pfn)) {
		page_list_del(sc->m, pages, pfn);
		page_list_add_head(sc->m, pages, pfn);
		return LAST_SPARED;
	}
	inode = inode_of(sc->m, folio->mapping);
	forget(sc->m, eviction, inode, folio, pfn);
	prefetch_next(sc->m, pages, inode);
	return LAST_FREED;
}

bool plain_shrink_one(struct scan_control *sc, struct lruvec *lruvec, struct eviction *eviction,
		      plain_spares spares)
{
	struct page_list *pages = &lruvec->lists[LRU_INACTIVE_FILE];
	enum last_page last = LAST_SPARED;

	if (unlikely(lruvec->lists[LRU_ACTIVE_FILE].last != PFN_NIL))
		return false;
	while (last == LAST_SPARED && pages->last != PFN_NIL) {
		last = shrink_last(sc, pages, eviction, spares);
		sc->nr_scanned += last != LAST_NOT_SIMPLE;
	}
	sc->nr_reclaimed += last == LAST_FREED;
	return last == LAST_FREED;
}

/*
 * From the end on: pages that are spared go to the head, up to `max` others stay where they
 * are and are counted, till one that is simple. A page that is found to be locked leaves the list
 * meanwhile, with others that were looked at before.
 */
static u64 line_up(struct scan_control *sc, struct page_list *list, u64 max, plain_spares spares,
		   u64 *scanned)
{
	u32 pfn, first;
	u64 nr = 0;

	mlock_drain_local(sc->m);
	pfn = list->last;
	first = list->first;
	while (pfn != PFN_NIL && nr < max) {
		struct page *folio = pfn_to_page(sc->m, pfn);
		u32 before = pfn == first ? PFN_NIL : folio->prev;

		if (is_simple(sc, folio))
			break;
		if (spares(sc->m, folio, pfn)) {
			*scanned += folio_nr_pages(folio);
			if (likely(!page_flag(folio, PG_unevictable))) {
				page_list_del(sc->m, list, pfn);
				page_list_add_head(sc->m, list, pfn);
			}
		} else {
			nr += folio_nr_pages(folio);
		}
		pfn = before;
	}
	return nr;
}

/* Pages at the list's end, by the kernel's rules but for references. Pages freed. */
static u64 shrink_batch(struct scan_control *sc, struct lruvec *lruvec, enum lru_list list,
			u64 nr, u64 *scanned)
{
	struct page_list pages = PAGE_LIST_INIT;
	struct machine *m = sc->m;
	bool file = is_file_list(list);
	struct reclaim_stat stat;
	u64 seen, reclaimed, taken = isolate_lru_folios(sc, lruvec, list, nr, &pages, &seen);

	*scanned += seen;
	if (!taken)
		return 0;
	count_isolated_pages(m, lruvec, file, (s64)taken);
	reclaimed = shrink_folio_list(sc, lruvec->node, &pages, &stat,
				      /* ignore_references = */ true);
	for (u32 pfn = pages.first; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next)
		page_clear_flag(pfn_to_page(m, pfn), PG_active);
	move_folios_to_lru(m, lruvec, &pages);
	count_isolated_pages(m, lruvec, file, -(s64)taken);
	if (stat.nr_unqueued_dirty == taken)
		wakeup_flusher_threads(m);
	return reclaimed;
}

/* Up to `nr` pages are looked at, or a few more, till `wanted` are freed. */
static u64 shrink_list(struct scan_control *sc, struct lruvec *lruvec, enum lru_list list,
		       u64 nr, u64 wanted, plain_spares spares)
{
	struct page_list *pages = &lruvec->lists[list];
	struct eviction eviction;
	u64 scanned = 0, freed = 0;

	eviction_init(sc->m, lruvec->node, sc->target ? sc->target->id : 0, &eviction);
	while (scanned < nr && freed < wanted && pages->last != PFN_NIL) {
		enum last_page last = shrink_last(sc, pages, &eviction, spares);
		u64 others;

		if (likely(last != LAST_NOT_SIMPLE)) {
			scanned++;
			freed += last == LAST_FREED;
			continue;
		}
		others = line_up(sc, pages, MIN(wanted - freed, SWAP_CLUSTER_MAX), spares, &scanned);
		if (others)
			freed += shrink_batch(sc, lruvec, list, others, &scanned);
	}
	count_reclaim(sc, lruvec, is_file_list(list), scanned, freed);
	reclaim_took_time(sc, scanned, freed);
	sc->m->pressure->run_beside_reclaim(sc->m, by_kswapd(sc));
	sc->nr_scanned += scanned;
	return freed;
}

static u64 nr_to_scan(const struct scan_control *sc, const struct lruvec *lruvec,
		      enum lru_list list)
{
	if (lruvec->lists[list].last == PFN_NIL)
		return 0;
	if (!is_file_list(list) &&
	    (!sc->may_swap || !can_reclaim_anon_pages(sc->m, lruvec_memcg(sc->m, lruvec))))
		return 0;
	return lruvec_lru_size(sc->m, lruvec, list, sc->reclaim_idx) >> MAX(sc->priority, 0);
}

void plain_shrink(struct scan_control *sc, struct lruvec *lruvec, plain_spares spares)
{
	static const enum lru_list lists[] = { LRU_INACTIVE_ANON, LRU_INACTIVE_FILE };
	u64 nr[ARRAY_SIZE(lists)], freed = 0;

	lru_add_drain(sc->m);
	join_active(sc->m, lruvec, LRU_ACTIVE_ANON);
	join_active(sc->m, lruvec, LRU_ACTIVE_FILE);
	for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++)
		nr[i] = nr_to_scan(sc, lruvec, lists[i]);
	while ((nr[0] || nr[1]) && freed < sc->nr_to_reclaim)
		for (unsigned int i = 0; i < ARRAY_SIZE(lists); i++) {
			u64 now = MIN(nr[i], SWAP_CLUSTER_MAX);
			u64 wanted = sc->nr_to_reclaim - MIN(freed, sc->nr_to_reclaim);

			nr[i] -= now;
			if (now && wanted)
				freed += shrink_list(sc, lruvec, lists[i], now, wanted, spares);
		}
	sc->nr_reclaimed += freed;
}
