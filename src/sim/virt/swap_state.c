// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The swap cache: pages by slot. On 6.1 an address space for each 64 MiB of an area, with
 * nodes of the xarray; on 6.18 a table beside the slots. What is stored is a page frame's
 * word, or the shadow of a page that was evicted, which is a value entry.
 */
#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/workingset.h"

static u64 word_of_page(u64 pfn)
{
	return (pfn + 1) << 2;
}

static u32 page_of_word(u64 word)
{
	return (u32)((word >> 2) - 1);
}

u64 swap_cache_load(const struct machine *m, swp_entry_t entry)
{
	const struct swap_info_struct *si = swap_info(m, entry);
	u64 offset = swp_entry_offset(entry);

	if (offset >= si->max)
		return 0;
	if (si->table)
		return si->table[offset];
	return xa_load(&si->spaces[offset >> SWAP_SPACE_SHIFT], offset);
}

int swap_cache_store(struct machine *m, swp_entry_t entry, u64 word)
{
	struct swap_info_struct *si = swap_info(m, entry);
	u64 offset = swp_entry_offset(entry);

	if (!si->table)
		return xa_store(&si->spaces[offset >> SWAP_SPACE_SHIFT], offset, word, NULL);
	si->table[offset] = word;
	return 0;
}

/* What is there becomes something else, or nothing: that takes no memory. */
static void replace_word(struct machine *m, swp_entry_t entry, u64 word)
{
	int err = swap_cache_store(m, entry, word);

	BUG_ON(m, err);
}

void swap_cache_clear_shadows(struct machine *m, swp_entry_t entry, u64 nr)
{
	for (u64 i = 0; i < nr; i++)
		if (xa_is_value(swap_cache_load(m, entry + i)))
			replace_word(m, entry + i, 0);
}

u32 swap_cache_find(const struct machine *m, swp_entry_t entry, u64 *shadow)
{
	u64 word = swap_cache_load(m, entry);

	if (shadow)
		*shadow = xa_is_value(word) ? word : 0;
	return word && !xa_is_value(word) ? page_of_word(word) : PFN_NIL;
}

static void count_cached(struct machine *m, const struct page *folio, s64 nr)
{
	/* A group's file pages are those of files. */
	m->nodes[page_zone(m, folio)->node]->stat[NR_FILE_PAGES] += nr;
	mod_lruvec_page_state(m, folio, NR_SWAPCACHED, nr);
}

/* 0; -ENOMEM, -ENOBUFS: nothing changed. Slots have the cache's bit already. */
static int add_to_swap_cache(struct machine *m, u32 pfn, swp_entry_t entry)
{
	struct page *folio = pfn_to_page(m, pfn);
	u64 nr = folio_nr_pages(folio), done;
	int err = 0;

	for (done = 0; done < nr; done++) {
		err = swap_cache_store(m, entry + done, word_of_page(pfn + done));
		if (err)
			break;
	}
	if (err) {
		while (done--)
			replace_word(m, entry + done, 0);
		return err;
	}
	folio->refcount += (s32)nr;
	page_set_flag(folio, PG_swapcache);
	m->page_private[pfn] = entry;
	count_cached(m, folio, (s64)nr);
	return 0;
}

void swap_cache_del_folio(struct machine *m, u32 pfn, u64 shadow)
{
	struct page *folio = pfn_to_page(m, pfn);
	swp_entry_t entry = page_swap_entry(m, pfn);
	u64 nr = folio_nr_pages(folio);

	for (u64 i = 0; i < nr; i++)
		replace_word(m, entry + i, shadow);
	page_clear_flag(folio, PG_swapcache);
	m->page_private[pfn] = 0;
	count_cached(m, folio, -(s64)nr);
	put_swap_slots(m, entry, nr);
	folio->refcount -= (s32)nr;
}

void swap_cache_moved_folio(struct machine *m, u32 src, u32 dst)
{
	struct page *old = pfn_to_page(m, src), *new = pfn_to_page(m, dst);
	swp_entry_t entry = m->page_private[src];
	u64 nr = folio_nr_pages(old);

	for (u64 i = 0; i < nr; i++)
		replace_word(m, entry + i, word_of_page(dst + i));
	m->page_private[dst] = entry;
	m->page_private[src] = 0;
	page_set_flag(new, PG_swapcache);
	page_clear_flag(old, PG_swapcache);
	new->refcount += (s32)nr;
	old->refcount -= (s32)nr;
	count_cached(m, old, -(s64)nr);
	count_cached(m, new, (s64)nr);
}

void swap_cache_split_folio(struct machine *m, u32 pfn, unsigned int order,
			    unsigned int new_order)
{
	swp_entry_t entry = m->page_private[pfn];

	for (u64 i = 1ULL << new_order; i < 1ULL << order; i += 1ULL << new_order)
		m->page_private[pfn + i] = entry + i;
}

/* -- a slot for a folio -------------------------------------------------------- */

/* Slots for a folio of this order, with the cache's bit; 0: there are none. */
static swp_entry_t take_slots(struct machine *m, unsigned int order)
{
	swp_entry_t entry = 0;

	if (swap_of(m)->has_table)
		return swap_cluster_alloc(m, order);
	if (!order)
		return swap_slots_take(m);
	/* 6.1 has room for none but huge pages. */
	if (1U << order == swap_of(m)->cluster_slots)
		(void)get_swap_pages(m, 1, 1ULL << order, &entry);
	return entry;
}

int folio_alloc_swap(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);
	unsigned int order = folio_order(folio);
	swp_entry_t entry;
	int err;

	if (!m->total_swap_pages)
		return -ENOMEM;
	if (order && m->arch->bits != 64)
		return -EAGAIN;
	entry = take_slots(m, order);
	err = mem_cgroup_try_charge_swap(m, folio, entry);
	if (err)
		put_swap_slots(m, entry, 1ULL << order);
	if (err || !entry)
		return -ENOMEM;
	err = add_to_swap_cache(m, pfn, entry);
	if (err)
		put_swap_slots(m, entry, 1ULL << order);
	return err;
}

int add_to_swap(struct machine *m, u32 pfn)
{
	int err = folio_alloc_swap(m, pfn);

	if (!err)
		page_set_flag(pfn_to_page(m, pfn), PG_dirty);
	return err;
}

/* -- a folio for a slot -------------------------------------------------------- */

/* The page comes into the cache for the slot, which has the cache's bit. */
static int fill_slot(struct machine *m, swp_entry_t entry, u32 pfn)
{
	u64 shadow;
	int err;

	(void)swap_cache_find(m, entry, &shadow);
	err = mem_cgroup_swapin_charge(m, pfn, NULL, GFP_HIGHUSER_MOVABLE, entry);
	if (!err)
		err = add_to_swap_cache(m, pfn, entry);
	if (err) {
		put_swap_slots(m, entry, 1);
		return err;
	}
	page_set_flag(pfn_to_page(m, pfn), PG_swapbacked);
	if (shadow)
		workingset_refault(m, pfn_to_page(m, pfn), shadow);
	lru_cache_add(m, pfn);
	return 0;
}

int swap_page_for(struct machine *m, const struct swap_reader *reader, u32 *pfn)
{
	if (reader->vma)
		return vma_alloc_folio(m, GFP_HIGHUSER_MOVABLE, 0, reader->vma, reader->address, pfn);
	if (reader->inode)
		return shmem_alloc_folio(m, GFP_HIGHUSER_MOVABLE, 0, reader->inode, reader->pgoff,
					 pfn);
	return filemap_alloc_folio(m, GFP_HIGHUSER_MOVABLE, 0, pfn);
}

/*
 * A new page for the slot, which somebody refers to: in the cache, not read yet. PFN_NIL and
 * 0: while there was need of memory, who referred to it went.
 */
static int new_cache_page(struct machine *m, swp_entry_t entry, const struct swap_reader *reader,
			  u32 *pfn)
{
	int err = swap_page_for(m, reader, pfn);

	if (err)
		return err;
	if (swap_count(m, entry)) {
		*swap_map_of(m, entry) |= SWAP_HAS_CACHE;
		err = fill_slot(m, entry, *pfn);
		if (!err)
			return 0;
	}
	put_page(m, *pfn);
	*pfn = PFN_NIL;
	return err;
}

u32 read_swap_cache_async(struct machine *m, swp_entry_t entry, const struct swap_reader *reader,
			  bool *new, int *err)
{
	u32 pfn = swap_entry_valid(m, entry) ? swap_cache_find(m, entry, NULL) : PFN_NIL;

	*new = false;
	*err = 0;
	if (pfn != PFN_NIL) {
		get_page(m, pfn);
		return pfn;
	}
	if (!swap_count(m, entry))
		return PFN_NIL;
	*err = new_cache_page(m, entry, reader, &pfn);
	*new = !*err && pfn != PFN_NIL;
	return *new ? pfn : PFN_NIL;
}

u32 read_swap_cache(struct machine *m, swp_entry_t entry, const struct swap_reader *reader,
		    bool *major, int *err)
{
	u32 pfn = read_swap_cache_async(m, entry, reader, major, err);

	if (*major)
		swap_read_folio(m, pfn);
	return pfn;
}

int swap_charge_folio(struct machine *m, u32 pfn, const struct mm_struct *mm, gfp_t gfp,
		      swp_entry_t entry)
{
	int err = mem_cgroup_swapin_charge(m, pfn, mm, gfp, entry);

	if (err)
		put_page(m, pfn);
	else
		page_set_flag(pfn_to_page(m, pfn), PG_swapbacked);
	return err;
}

void swap_fill_past_cache(struct machine *m, swp_entry_t entry, u32 pfn)
{
	u64 shadow;

	(void)swap_cache_find(m, entry, &shadow);
	if (shadow)
		workingset_refault(m, pfn_to_page(m, pfn), shadow);
	lru_cache_add(m, pfn);
	swap_read_entry(m, pfn, entry);
}
