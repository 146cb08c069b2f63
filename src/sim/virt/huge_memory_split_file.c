// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A folio of a file becomes smaller ones. No entry of a page table is kept for it: faults
 * find the pages again. Its entry of the page cache is split first, which may need nodes;
 * pieces behind the file's end leave the cache.
 */
#include "sim/virt/huge_memory_split.h"

#include "sim/phys/lru_internal.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_owner.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"

bool mapping_has_large_folios(const struct machine *m, const struct page *folio)
{
	const struct inode *inode = page_flag(folio, PG_anon) ? NULL : inode_of(m, folio->mapping);

	/* Who has no program text in huge pages need not tell them apart. */
	return !m->file_thp || (inode && inode->large_folios);
}

/* ---- Pieces. ---- */

unsigned int piece_order(const struct split *s, u32 i)
{
	if (s->uniform)
		return s->new_order;
	for (unsigned int order = s->order; order-- > s->new_order;)
		if (!(i & ((1U << order) - 1)) && i >> order != s->at >> order)
			return order;
	return s->new_order;
}

/* Tails go before the head where the head is on a list: the kernel's order. */
static void add_to_lru(struct machine *m, u32 head, u32 tail)
{
	struct page *page = pfn_to_page(m, tail), *folio = pfn_to_page(m, head);
	struct page_list *list;

	if (!page_flag(folio, PG_lru))
		return;
	page_set_flag(page, PG_lru);
	if (page_flag(folio, PG_unevictable)) {
		page->prev = 0;
		return;
	}
	list = &folio_lruvec(m, folio)->lists[page_lru(folio)];
	page->prev = folio->prev;
	page->next = head;
	if (folio->prev == PFN_NIL)
		list->first = tail;
	else
		pfn_to_page(m, folio->prev)->next = tail;
	folio->prev = tail;
}

#define INHERITED (1U << PG_referenced | 1U << PG_swapbacked | 1U << PG_swapcache | \
		   1U << PG_mlocked | 1U << PG_uptodate | 1U << PG_active | \
		   1U << PG_workingset | 1U << PG_unevictable | 1U << PG_dirty | 1U << PG_anon)

/* Tails of a piece: nothing of what the whole had in them is left. */
static void init_piece(struct page *head, unsigned int order)
{
	const u32 flags = 1U << PG_partially_mapped | 1U << PG_deferred | 1U << PG_maybe_shared;

	for (u32 i = 1; i < 1U << order; i++)
		head[i].flags &= ~flags;
	folio_init(head, order);
}

/* For each entry that maps it (those of files are gone), a cache's, and the split's. */
static s32 piece_refs(const struct page *head, unsigned int order)
{
	bool cached = !page_flag(head, PG_anon) || page_flag(head, PG_swapcache);
	s32 refs = cached ? 1 + (1 << order) : 1;

	for (u32 i = 0; i < 1U << order; i++)
		refs += head[i].mapcount + 1;
	return refs;
}

/* A tail becomes a page, or the head of a piece. */
static void piece_of_tail(struct machine *m, u32 head, u32 i, unsigned int order)
{
	struct page *folio = pfn_to_page(m, head), *page = folio + i;
	bool exclusive = page_flag(page, PG_anon_exclusive) && page->mapcount >= 0;

	page->flags &= ~((1U << PGF_ZONE_SHIFT) - 1) | 1U << PG_hwpoison;
	page->flags |= folio->flags & INHERITED;
	if (exclusive)
		page_set_flag(page, PG_anon_exclusive);
	if (order) {
		page->flags |= 1U << PG_head | 1U << PG_large;
		init_piece(page, order);
	}
	page->mapping = folio->mapping;
	page->memcg = page_memcg_id(folio);
	page_set_index(page, page_index(folio) + i);
	page->refcount = piece_refs(page, order);
	add_to_lru(m, head, head + i);
}

static void piece_of_head(struct page *folio, unsigned int order)
{
	if (order) {
		init_piece(folio, order);
	} else {
		page_clear_flag(folio, PG_head);
		page_clear_flag(folio, PG_large);
	}
	folio->refcount = piece_refs(folio, order);
}

static void note_owners(const struct split *s)
{
	page_owner_split(s->m, s->pfn, s->order);
	for (u32 i = 0; i < 1U << s->order; i += 1U << piece_order(s, i))
		page_owner_set_order(s->m, s->pfn + i, piece_order(s, i));
}

/* From the last piece on. */
static void split_tails_down(const struct split *s)
{
	for (u32 i = 1U << s->order; i-- > 1;)
		if (!(i & ((1U << piece_order(s, i)) - 1)))
			piece_of_tail(s->m, s->pfn, i, piece_order(s, i));
}

void split_descriptors(const struct split *s)
{
	struct machine *m = s->m;
	struct page *folio = pfn_to_page(m, s->pfn);
	unsigned int order;

	deferred_split_remove(m, s->pfn);
	if (m->page_owner)
		note_owners(s);
	if (folio->mapcount < 0)
		page_clear_flag(folio, PG_anon_exclusive);
	if (rel_split_adds_ascending(m->release))
		for (u32 i = 1U << piece_order(s, 0); i < 1U << s->order; i += 1U << order) {
			order = piece_order(s, i);
			piece_of_tail(m, s->pfn, i, order);
		}
	else
		split_tails_down(s);
	piece_of_head(folio, piece_order(s, 0));
}

void put_pieces(const struct split *s)
{
	for (u32 i = 0; i < 1U << s->order;) {
		unsigned int order = piece_order(s, i);

		if (s->kept - s->pfn - i >= 1U << order) {
			free_swap_cache(s->m, s->pfn + i);
			put_page(s->m, s->pfn + i);
		}
		i += 1U << order;
	}
}

/* ---- Files. ---- */

static int split_cache_entry(const struct split *s, struct xarray *pages, u64 index)
{
	return s->uniform ? xa_split(pages, index, s->new_order) :
			    xa_split_at(pages, index + s->at, s->new_order);
}

/* Each piece is an entry of its own; behind the end there are none. */
static void store_pieces(const struct split *s, struct address_space *mapping, u64 index)
{
	u64 end = MAX(inode_pages(mapping->host), mapping->host->fallocend);
	struct machine *m = s->m;

	for (u32 i = 0; i < 1U << s->order;) {
		unsigned int order = piece_order(s, i);
		int err = xa_store(&mapping->i_pages, index + i, mk_cache_entry(s->pfn + i), NULL);

		/* The entry is there already. */
		if (!err && i && index + i >= end)
			filemap_remove_folio(m, mapping, index + i);
		i += 1U << order;
	}
}

int split_file_folio(struct split *s)
{
	struct machine *m = s->m;
	struct page *folio = pfn_to_page(m, s->pfn);
	struct address_space *mapping = &inode_of(m, folio->mapping)->i_data;
	u64 index = page_index(folio);
	int err = split_cache_entry(s, &mapping->i_pages, index);

	if (err)
		return err;
	try_to_unmap_file(m, s->pfn);
	filemap_count_split(m, mapping, folio);
	split_descriptors(s);
	store_pieces(s, mapping, index);
	put_pieces(s);
	return 0;
}
