/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Per-CPU page lists in front of the buddy allocator. The two inline functions
 * are the fast path of every order-0 allocation; what they cannot settle is in
 * pcp.c. For page_alloc.c alone; the rest of the world uses page_alloc.h.
 */
#ifndef KMM_PHYS_PCP_H
#define KMM_PHYS_PCP_H

#include "sim/phys/fallback.h"

static inline bool pcp_allowed_order(const struct machine *m, unsigned int order)
{
	return order <= PAGE_ALLOC_COSTLY_ORDER || order == m->pageblock_order;
}

static inline unsigned int order_to_pindex(unsigned int order, enum migratetype type)
{
	if (unlikely(order > PAGE_ALLOC_COSTLY_ORDER))
		return NR_LOWORDER_PCP_LISTS + (type == MIGRATE_MOVABLE);
	return MIGRATE_PCPTYPES * order + type;
}

static inline unsigned int pindex_to_order(const struct machine *m, unsigned int pindex)
{
	return pindex >= NR_LOWORDER_PCP_LISTS ? m->pageblock_order : pindex / MIGRATE_PCPTYPES;
}

/* Fill an empty list; false if the zone has nothing left. */
bool pcp_refill(struct machine *m, struct zone *zone, struct per_cpu_pages *pcp,
		unsigned int order, enum migratetype type, unsigned int alloc_flags);

/* The rest of a free that the inline part did not settle: trims the lists. */
void pcp_trim(struct machine *m, struct zone *zone, struct per_cpu_pages *pcp,
	      unsigned int order, unsigned int pindex);

/* Frees in a row end with an allocation. */
static inline void pcp_note_alloc(struct per_cpu_pages *pcp)
{
	pcp->free_factor >>= 1;
	pcp->free_count >>= 1;
}

/* The first block of a list that is not empty. */
static inline u32 pcp_take(struct machine *m, struct per_cpu_pages *pcp,
			   struct page_list *list, unsigned int order)
{
	struct page *mem_map = m->mem_map;
	u32 pfn = list->first, next = mem_map[pfn].next;

	list->first = next;
	if (unlikely(next == PFN_NIL))
		list->last = PFN_NIL;
	else
		mem_map[next].prev = PFN_NIL;
	pcp->count -= 1 << order;
	return pfn;
}

/* A block from this CPU's list; PFN_NIL if there is none. */
static inline u32 pcp_alloc(struct machine *m, struct zone *zone, unsigned int order,
			    enum migratetype type, unsigned int alloc_flags)
{
	struct per_cpu_pages *pcp = &zone->pcp[m->cpu];
	struct page_list *list = &pcp->lists[order_to_pindex(order, type)];

	pcp_note_alloc(pcp);
	if (unlikely(list->first == PFN_NIL) &&
	    !pcp_refill(m, zone, pcp, order, type, alloc_flags))
		return PFN_NIL;
	return pcp_take(m, pcp, list, order);
}

/* The lists after a free are within their bounds, and nothing special is going on. */
static inline bool pcp_is_quiet(const struct zone *zone, const struct per_cpu_pages *pcp)
{
	u32 range = pcp->high_max - pcp->high_min;

	return !(zone->flags | pcp->flags >> 1) && pcp->count < pcp->high &&
	       (u32)(pcp->high - pcp->high_min) <= range;
}

/* Give a block back whose descriptors say "free"; `type` is its pageblock's. */
static inline void pcp_free(struct machine *m, struct zone *zone, struct page *page, u32 pfn,
			    unsigned int order, enum migratetype type)
{
	struct per_cpu_pages *pcp = &zone->pcp[m->cpu];
	unsigned int pindex = order_to_pindex(order, likely(type < MIGRATE_PCPTYPES) ?
					      type : MIGRATE_MOVABLE);

	page_set_type(page, PGTY_pcp);
	page->private_ = order;
	page->list_type = type;
	page_list_add_head(m, &pcp->lists[pindex], pfn);
	pcp->alloc_factor >>= 1;
	pcp->count += 1 << order;
	m->event[PGFREE] += 1LL << order;
	if (unlikely(order || !pcp_is_quiet(zone, pcp)))
		pcp_trim(m, zone, pcp, order, pindex);
	else if (pcp->free_count < pcp->batch << PCP_BATCH_SCALE_MAX)
		pcp->free_count++;
}

/* The lists of a zone before it has any: high 0, batch 1. -ENOMEM. */
int zone_pcp_init(struct machine *m, struct zone *zone) __must_check;
/* They are empty: as they were then, as the zone gets memory or has lost all. */
void zone_pcp_reset(struct machine *m, struct zone *zone);
void zone_pcp_free(struct machine *m, struct zone *zone);

/* Bound of count and links of every list (B2 B9). */
void pcp_validate(const struct machine *m, const struct zone *zone, struct check *check);
/* The ends of the lists alone, where calls put pages and take them. */
void pcp_validate_ends(const struct machine *m, const struct zone *zone,
		       struct check *check);

#endif
