/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folios: a page, or a block of 2^order pages that users have as one. The head's
 * descriptor is the folio's: flags, mapping, index, refcount, LRU links. Each page has
 * its own mapcount (page tables that map it alone) and PG_anon_exclusive. What else a
 * large folio needs lies in the descriptors of its tails, which folio_init() makes.
 *
 * All that a page may be asked for its folio goes through folio_of(): it takes any page.
 * References are the folio's: get_page() and put_page() of lru.h take any page, too.
 */
#ifndef KMM_PHYS_FOLIO_H
#define KMM_PHYS_FOLIO_H

#include "sim/machine.h"
#include "sim/phys/page.h"

/*
 * Tails: ->index is how far the head is. Of the first (its block_order is the folio's):
 *   prev: page tables that map all of the folio by one entry; next: of all mappings, the
 *   folio's sum; mapping: how many pages are mapped one by one (PAGES_MAPPED), and
 *   ENTIRELY_MAPPED if it is mapped as a whole; flags below.
 * Of the second: prev, next: the deferred split queue (huge_memory.h).
 * Of the third: prev, next: two mms that map it (mm_struct.self); mapping, memcg: how
 * often each does. (6.18's way to know if a folio may be shared.)
 */
#define ENTIRELY_MAPPED 0x800000U
#define PAGES_MAPPED_MASK (ENTIRELY_MAPPED - 1)
/* Flags of the first tail, in bits that a tail does not need otherwise. */
#define PG_partially_mapped PG_reclaim	/* on the queue because it is */
#define PG_deferred PG_private		/* on the deferred split queue */
#define PG_maybe_shared PG_owner_priv	/* more than one mm may map it */

static inline bool page_is_tail(const struct page *page)
{
	return page_flag(page, PG_tail);
}

/* No part of a larger folio. */
static inline bool page_is_single(const struct page *page)
{
	return !(page->flags & (1U << PG_head | 1U << PG_tail));
}

/* The descriptor, and the first page frame, of the folio that a page is of. */
static inline struct page *folio_of(struct page *page)
{
	return unlikely(page_is_tail(page)) ? page - page->index : page;
}

static inline const struct page *folio_of_const(const struct page *page)
{
	return unlikely(page_is_tail(page)) ? page - page->index : page;
}

static inline u64 folio_pfn(const struct machine *m, u64 pfn)
{
	const struct page *page = &m->mem_map[pfn];

	return unlikely(page_is_tail(page)) ? pfn - page->index : pfn;
}

static inline struct page *pfn_folio(const struct machine *m, u64 pfn)
{
	return folio_of(&m->mem_map[pfn]);
}

/* The following take a head or a page that is alone. */
static inline bool folio_is_large(const struct page *folio)
{
	return page_flag(folio, PG_head);
}

static inline unsigned int folio_order(const struct page *folio)
{
	return folio_is_large(folio) ? folio[1].block_order : 0;
}

static inline u64 folio_nr_pages(const struct page *folio)
{
	return 1ULL << folio_order(folio);
}

/* By one entry that maps all of it. */
static inline s32 folio_entire_mapcount(const struct page *folio)
{
	return folio_is_large(folio) ? (s32)folio[1].prev : 0;
}

/* All mappings: of a large folio, entries of page tables, whatever they map of it. */
static inline s32 folio_mapcount(const struct page *folio)
{
	if (unlikely(folio_is_large(folio)))
		return (s32)folio[1].next;
	return page_type(folio) ? 0 : folio->mapcount + 1;
}

/* How many of its pages are mapped, one by one. */
static inline u32 folio_pages_mapped(const struct page *folio)
{
	return folio[1].mapping & PAGES_MAPPED_MASK;
}

static inline bool folio_is_partially_mapped(const struct page *folio)
{
	return folio_is_large(folio) && page_flag(folio + 1, PG_partially_mapped);
}

/* Of any page: the entries that map it, those that map its folio as a whole included. */
static inline s32 page_mapcount(const struct page *page)
{
	unsigned int type = page_type(page);
	s32 count = type ? 0 : page->mapcount + 1;

	if (unlikely(page->flags & (1U << PG_head | 1U << PG_tail)) &&
	    (!type || type == PGTY_hugetlb))
		count += folio_entire_mapcount(folio_of_const(page));
	return count;
}

static inline bool folio_maybe_mapped_shared(const struct page *folio)
{
	s32 mapcount = folio_mapcount(folio);

	if (!folio_is_large(folio) || mapcount <= 1 || folio_order(folio) < 2 ||
	    page_type(folio) == PGTY_hugetlb)
		return mapcount > 1;
	return page_flag(folio + 1, PG_maybe_shared);
}

/* The tails of a block that was just allocated: nothing of an earlier life is left. */
void folio_init(struct page *head, unsigned int order);

#endif
