// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counts of mappings. A page of a large folio has its own, of entries that map it
 * alone; the folio counts the entries that map all of it, and of both the sum, so that
 * "is any page mapped" and "is each" are known without a look at the pages. Node
 * counters count pages that are mapped at all, and, of folios that are mapped as a
 * whole, all pages.
 */
#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/virt/rmap.h"
#include "sim/virt/virt.h"

static inline bool vma_locks(const struct vm_area_struct *vma)
{
	return unlikely((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED);
}

/* Pages that are not exclusive may be in any mm of the tree: the root finds them all. */
static void set_anon_rmap(struct page *folio, const struct vm_area_struct *vma, u64 index,
			  bool exclusive)
{
	if (page_flag(folio, PG_anon))
		return;
	folio->mapping = exclusive ? vma->anon_vma->self : vma->anon_vma->root->self;
	page_set_index(folio, index);
	page_set_flag(folio, PG_anon);
}

/* So many pages of it are mapped now that were not; are so many as part of the whole. */
static void count_mapped(struct machine *m, const struct page *folio, s64 nr, s64 nr_pmd)
{
	bool anon = page_flag(folio, PG_anon);

	mod_lruvec_page_state(m, folio, anon ? NR_ANON_PAGES : NR_MAPPED, nr);
	if (likely(!nr_pmd))
		return;
	mod_lruvec_page_state(m, folio, anon ? NR_ANON_THPS :
			      page_flag(folio, PG_swapbacked) ? NR_SHMEM_PMDMAPPED :
			      NR_FILE_PMDMAPPED, nr_pmd);
}

/* ---- Sums of a large folio. ---- */

/* Two slots of mms are enough to tell if one alone has it; smaller folios have none. */
static void large_mapcount_add(struct page *folio, u32 nr, u32 mm)
{
	struct page *sum = folio + 1, *mms = folio + 3;

	sum->next += nr;
	if (folio_order(folio) < 2)
		return;
	if (mms->prev == mm) {
		mms->mapping += nr;
	} else if (mms->next == mm) {
		mms->memcg += nr;
	} else if (!mms->prev) {
		mms->prev = mm;
		mms->mapping = nr;
		if (sum->next != nr)
			page_set_flag(sum, PG_maybe_shared);
	} else if (!mms->next) {
		mms->next = mm;
		mms->memcg = nr;
		page_set_flag(sum, PG_maybe_shared);
	}
}

/* True: the slot is still somebody's. What was counted while both were taken is lost. */
static bool slot_sub(u32 *id, u32 *count, u32 nr)
{
	if (*count > nr) {
		*count -= nr;
		return true;
	}
	*id = *count = 0;
	return false;
}

static void large_mapcount_sub(struct page *folio, u32 nr, u32 mm)
{
	struct page *sum = folio + 1, *mms = folio + 3;

	sum->next -= nr;
	if (folio_order(folio) < 2)
		return;
	if (mms->prev == mm && slot_sub(&mms->prev, &mms->mapping, nr))
		return;
	if (mms->prev != mm && mms->next == mm && slot_sub(&mms->next, &mms->memcg, nr))
		return;
	if (mms->mapping == sum->next || mms->memcg == sum->next)
		page_clear_flag(sum, PG_maybe_shared);
}

/* Pages of it get a mapping each: how many had none, alone or with all of it. */
static s64 large_map_ptes(struct page *folio, struct page *page, u64 nr, u32 mm)
{
	u32 first = 0;

	large_mapcount_add(folio, (u32)nr, mm);
	for (u64 i = 0; i < nr; i++)
		first += !++page[i].mapcount;
	folio[1].mapping += first;
	return folio[1].mapping < ENTIRELY_MAPPED ? first : 0;
}

static s64 large_unmap_ptes(struct machine *m, struct page *folio, struct page *page, u64 nr,
			    u32 mm)
{
	u32 last = 0;

	large_mapcount_sub(folio, (u32)nr, mm);
	for (u64 i = 0; i < nr; i++) {
		BUG_ON(m, page[i].mapcount < 0);
		last += --page[i].mapcount < 0;
	}
	folio[1].mapping -= last;
	return folio[1].mapping < ENTIRELY_MAPPED ? last : 0;
}

/* Droppable memory never goes to swap: it is dropped. */
static void set_swapbacked(struct page *folio, const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_DROPPABLE))
		page_set_flag(folio, PG_swapbacked);
}

/* ---- Small entries. ---- */

void folio_add_new_anon_rmap_ptes(struct machine *m, u64 pfn, u64 nr,
				  struct vm_area_struct *vma, u64 address)
{
	struct page *folio = pfn_to_page(m, pfn);

	set_swapbacked(folio, vma);
	set_anon_rmap(folio, vma, linear_page_index(vma, address), true);
	for (u64 i = 0; i < nr; i++)
		page_set_flag(folio + i, PG_anon_exclusive);
	if (likely(!folio_is_large(folio))) {
		folio->mapcount = 0;
	} else {
		large_map_ptes(folio, folio, nr, vma->vm_mm->self);
		mod_mthp_stat(m, folio_order(folio), MTHP_STAT_NR_ANON, 1);
	}
	count_mapped(m, folio, (s64)nr, 0);
}

void page_add_new_anon_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma, u64 address)
{
	folio_add_new_anon_rmap_ptes(m, pfn, 1, vma, address);
}

static s64 map_ptes(struct page *folio, struct page *page, u64 nr,
		    const struct vm_area_struct *vma)
{
	if (unlikely(folio_is_large(folio)))
		return large_map_ptes(folio, page, nr, vma->vm_mm->self);
	return !++page->mapcount;
}

void folio_add_anon_rmap_ptes(struct machine *m, u64 pfn, u64 nr, struct vm_area_struct *vma,
			      u64 address, bool exclusive)
{
	struct page *page = pfn_to_page(m, pfn), *folio = folio_of(page);
	s64 first;

	set_anon_rmap(folio, vma, linear_page_index(vma, address) - (u64)(page - folio),
		      exclusive);
	first = map_ptes(folio, page, nr, vma);
	count_mapped(m, folio, first, 0);
	for (u64 i = 0; exclusive && i < nr; i++)
		page_set_flag(page + i, PG_anon_exclusive);
	if (vma_locks(vma) && !folio_is_large(folio))
		mlock_page(m, pfn);
}

void page_add_anon_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma, u64 address,
			bool exclusive)
{
	folio_add_anon_rmap_ptes(m, pfn, 1, vma, address, exclusive);
}

void folio_dup_rmap_ptes(struct machine *m, u64 pfn, u64 nr, const struct vm_area_struct *vma)
{
	struct page *page = pfn_to_page(m, pfn), *folio = folio_of(page);
	s64 first = map_ptes(folio, page, nr, vma);

	if (unlikely(first))
		count_mapped(m, folio, first, 0);
}

void folio_add_file_rmap_ptes(struct machine *m, u64 pfn, u64 nr, struct vm_area_struct *vma)
{
	struct page *page = pfn_to_page(m, pfn), *folio = folio_of(page);

	count_mapped(m, folio, map_ptes(folio, page, nr, vma), 0);
	if (vma_locks(vma) && !folio_is_large(folio))
		mlock_page(m, pfn);
}

void folio_mapped_whole(struct machine *m, u64 pfn, const struct vm_area_struct *vma)
{
	if (unlikely(vma_locks(vma)) && rel_locks_whole_folios(m->release))
		mlock_page(m, pfn);
}

void page_add_file_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma)
{
	folio_add_file_rmap_ptes(m, pfn, 1, vma);
}

/* 6.1 leaves a large folio locked that is not mapped as a whole. */
static inline bool unmap_unlocks(const struct machine *m, const struct page *folio)
{
	return !folio_is_large(folio) || rel_folios_are_batched(m->release);
}

static void large_remove_ptes(struct machine *m, struct page *folio, u64 pfn, u64 nr, u32 mm)
{
	s64 gone = large_unmap_ptes(m, folio, pfn_to_page(m, pfn), nr, mm);
	bool partially = gone && (folio[1].mapping || !rel_folios_are_batched(m->release));

	if (partially && page_flag(folio, PG_anon))
		deferred_split_folio(m, pfn, /* partially_mapped = */ true);
	count_mapped(m, folio, -gone, 0);
}

void folio_remove_rmap_ptes(struct machine *m, u64 pfn, u64 nr, struct vm_area_struct *vma)
{
	struct page *page = pfn_to_page(m, pfn), *folio = folio_of(page);

	if (unlikely(folio_is_large(folio))) {
		large_remove_ptes(m, folio, pfn, nr, vma->vm_mm->self);
	} else {
		BUG_ON(m, page->mapcount < 0);
		if (--page->mapcount < 0)
			mod_lruvec_page_state(m, page, page_flag(page, PG_anon) ? NR_ANON_PAGES :
				   NR_MAPPED, -1);
	}
	if (vma_locks(vma) && unmap_unlocks(m, folio))
		munlock_page(m, pfn);
}

/* ---- Entries that map all of a folio. ---- */

/* Mapped as a whole once more: how many pages had no mapping; *nr_pmd: of the first. */
static s64 large_map_pmd(struct page *folio, u32 mm, s64 *nr_pmd)
{
	s64 nr = 0;

	*nr_pmd = 0;
	large_mapcount_add(folio, 1, mm);
	if (++folio[1].prev == 1) {
		*nr_pmd = (s64)folio_nr_pages(folio);
		nr = *nr_pmd - folio_pages_mapped(folio);
		folio[1].mapping += ENTIRELY_MAPPED;
	}
	return nr;
}

void folio_add_new_anon_rmap_pmd(struct machine *m, u64 pfn, struct vm_area_struct *vma,
				 u64 address)
{
	struct page *folio = pfn_to_page(m, pfn);
	s64 nr, nr_pmd;

	set_swapbacked(folio, vma);
	set_anon_rmap(folio, vma, linear_page_index(vma, address), true);
	page_set_flag(folio, PG_anon_exclusive);
	nr = large_map_pmd(folio, vma->vm_mm->self, &nr_pmd);
	mod_mthp_stat(m, folio_order(folio), MTHP_STAT_NR_ANON, 1);
	count_mapped(m, folio, nr, nr_pmd);
}

void folio_dup_rmap_pmd(struct machine *m, u64 pfn, const struct vm_area_struct *vma)
{
	struct page *folio = pfn_to_page(m, pfn);
	s64 nr_pmd, nr = large_map_pmd(folio, vma->vm_mm->self, &nr_pmd);

	count_mapped(m, folio, nr, nr_pmd);
}

void folio_add_file_rmap_pmd(struct machine *m, u64 pfn, struct vm_area_struct *vma)
{
	folio_dup_rmap_pmd(m, pfn, vma);
	if (vma_locks(vma) && (!rel_folios_are_batched(m->release) ||
			       rel_locks_whole_folios(m->release)))
		mlock_page(m, pfn);
}

void folio_remove_rmap_pmd(struct machine *m, u64 pfn, struct vm_area_struct *vma)
{
	struct page *folio = pfn_to_page(m, pfn);
	s64 nr = 0, nr_pmd = 0;

	BUG_ON(m, !folio[1].prev);
	large_mapcount_sub(folio, 1, vma->vm_mm->self);
	if (!--folio[1].prev) {
		folio[1].mapping -= ENTIRELY_MAPPED;
		nr_pmd = (s64)folio_nr_pages(folio);
		nr = nr_pmd - folio_pages_mapped(folio);
	}
	if (nr && nr < nr_pmd && page_flag(folio, PG_anon))
		deferred_split_folio(m, pfn, /* partially_mapped = */ true);
	count_mapped(m, folio, -nr, -nr_pmd);
	if (vma_locks(vma))
		munlock_page(m, pfn);
}

void folio_forget_mappings(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (page->mapcount < 0)
		return;
	page->mapcount = -1;
	count_mapped(m, folio_of(page), -1, 0);
}

void page_move_anon_rmap(struct machine *m, u64 pfn, struct vm_area_struct *vma)
{
	pfn_folio(m, pfn)->mapping = vma->anon_vma->self;
}
