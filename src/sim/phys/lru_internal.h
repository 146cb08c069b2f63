/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lru.c and lru_move.c share: lists, their counters, and what moves pages. */
#ifndef KMM_PHYS_LRU_INTERNAL_H
#define KMM_PHYS_LRU_INTERNAL_H

#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"

/* What an entry of the mlock batch asks for. */
enum mlock_what { MUNLOCK, MLOCK_LRU, MLOCK_NEW, NR_MLOCK_WHATS };

/* By batch; NULL for those that lru.c moves itself. The page is on a list. */
extern void (*const lru_movers[NR_LRU_BATCHES])(struct machine *m, u64 pfn);
/* The page need not be on one. */
extern void (*const mlock_movers[NR_MLOCK_WHATS])(struct machine *m, u64 pfn);

/* lru.c: the same for the group that the page is charged to. */
void count_group_lru(struct machine *m, const struct page *page, enum lru_list list, s64 n);

static inline void count_lru(struct machine *m, const struct page *page, enum lru_list list,
			     s64 n)
{
	struct zone *zone = page_zone(m, page);

	zone->stat[NR_ZONE_INACTIVE_ANON + list] += n;
	m->nodes[zone->node]->stat[NR_INACTIVE_ANON + list] += n;
	if (unlikely(m->memcg))
		count_group_lru(m, page, list, n);
}

static inline struct lruvec *folio_lruvec(struct machine *m, const struct page *folio)
{
	unsigned int node = page_zone(m, folio)->node;

	if (unlikely(m->memcg) && page_memcg_id(folio))
		return &memcg_of_page(m, folio)->nodes[node].lruvec;
	return &m->lru->lruvecs[node];
}

static inline struct page_list *lru_list_of(struct machine *m, const struct page *page,
					    enum lru_list list)
{
	return &folio_lruvec(m, page)->lists[list];
}

static inline void lruvec_del(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	enum lru_list list = page_lru(page);

	if (list != LRU_UNEVICTABLE)
		page_list_del(m, lru_list_of(m, page, list), pfn);
	count_lru(m, page, list, -(s64)folio_nr_pages(page));
}

/*
 * MGLRU keeps anonymous pages in one of the generations that count as active, until they
 * are in swap and written: those go to the oldest one (lru_gen_folio_seq).
 */
static inline void set_generation(const struct machine *m, struct page *page)
{
	if (!lru_gen_enabled(m) || page_flag(page, PG_unevictable) ||
	    !page_flag(page, PG_swapbacked))
		return;
	if (!page_flag(page, PG_swapcache) ||
	    (page_flag(page, PG_reclaim) &&
	     (page_flag(page, PG_dirty) || page_flag(page, PG_writeback))))
		page_set_flag(page, PG_active);
}

/* Onto the list that its flags name. */
static inline void lruvec_add_listed(struct machine *m, u64 pfn, bool tail)
{
	const struct page *page = pfn_to_page(m, pfn);
	enum lru_list list = page_lru(page);

	if (list != LRU_UNEVICTABLE && tail)
		page_list_add_tail(m, lru_list_of(m, page, list), pfn);
	else if (list != LRU_UNEVICTABLE)
		page_list_add_head(m, lru_list_of(m, page, list), pfn);
	count_lru(m, page, list, (s64)folio_nr_pages(page));
}

static inline void lruvec_add_at(struct machine *m, u64 pfn, bool tail)
{
	set_generation(m, pfn_to_page(m, pfn));
	lruvec_add_listed(m, pfn, tail);
}

static inline void lruvec_add(struct machine *m, u64 pfn)
{
	lruvec_add_at(m, pfn, /* tail = */ false);
}

static inline void lruvec_add_tail(struct machine *m, u64 pfn)
{
	lruvec_add_at(m, pfn, /* tail = */ true);
}

/* Events of folios count their pages. */
static inline void count_folio_event(struct machine *m, const struct page *folio,
				     enum vm_event_item event)
{
	count_vm_event(m, event, (s64)folio_nr_pages(folio));
	if (unlikely(m->memcg))
		memcg_count_event(m, page_memcg_id(folio), event, (s64)folio_nr_pages(folio));
}

static inline bool page_evictable(const struct machine *m, const struct page *page)
{
	return !page_flag(page, PG_mlocked) &&
	       (likely(!m->lru->mapping_unevictable) || !m->lru->mapping_unevictable(m, page));
}

static inline bool lazyfree_possible(const struct page *page)
{
	return page_flag(page, PG_anon) && page_flag(page, PG_swapbacked) &&
	       !page_flag(page, PG_swapcache) && !page_flag(page, PG_unevictable);
}

#endif
