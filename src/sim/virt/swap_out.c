// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anonymous pages go out: each mapping becomes an entry of the page's slot, the page is
 * written if it is dirty, and once it is clean and nobody else has it, it is freed. What
 * shrink_folio_list() does with such pages.
 */
#include "sim/virt/swap_out.h"

#include "sim/base/bug.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/tlb.h"

struct unmap_anon {
	struct machine *m;
	u32 pfn;
	u64 nr;
	bool failed;
};

/* What the entry was is in what it becomes. */
static pte_t swap_pte_of(pte_t old, swp_entry_t entry, bool exclusive)
{
	return swp_entry_to_pte(entry) | (old & (PTE_SOFT_DIRTY | PTE_UFFD_WP)) |
	       (exclusive ? SWP_EXCLUSIVE : 0);
}

/* A page that MADV_FREE has marked, and nobody has written to since. */
static bool discard_lazyfree(const struct unmap_anon *u, const struct vm_area_struct *vma,
			     pte_t old)
{
	struct page *folio = pfn_to_page(u->m, u->pfn);

	if (page_flag(folio, PG_swapbacked))
		return false;
	if (old & PTE_DIRTY || page_flag(folio, PG_dirty)) {
		page_set_flag(folio, PG_swapbacked);
		return false;
	}
	add_mm_counter(u->m, vma->vm_mm, MM_ANONPAGES, -1);
	return true;
}

/* False: the mapping has to stay. */
static bool unmap_one_anon(struct unmap_anon *u, struct vm_area_struct *vma, u64 addr, pte_t *pte)
{
	struct machine *m = u->m;
	pte_t old = *pte;
	u32 pfn = (u32)pte_pfn(old);
	struct page *page = pfn_to_page(m, pfn);

	if (vma->vm_flags & VM_LOCKED)
		return false;
	if (old & PTE_DIRTY)
		set_page_dirty(m, u->pfn);
	update_hiwater_rss(vma->vm_mm);
	if (discard_lazyfree(u, vma, old)) {
		*pte = 0;
	} else {
		swp_entry_t entry;

		if (!page_flag(pfn_to_page(m, u->pfn), PG_swapcache))
			return false;
		entry = page_swap_entry(m, pfn);
		if (swap_duplicate(m, entry))
			return false;
		mm_on_mmlist(m, vma->vm_mm, NULL);
		add_mm_counter(m, vma->vm_mm, MM_ANONPAGES, -1);
		add_mm_counter(m, vma->vm_mm, MM_SWAPENTS, 1);
		*pte = swap_pte_of(old, entry, page_flag(page, PG_anon_exclusive) &&
				   (m->arch->bits == 64 || rel_has_swp_exclusive(m->release)));
	}
	page_clear_flag(page, PG_anon_exclusive);
	flush_tlb_page(m, vma, addr);
	page_remove_rmap(m, pfn, vma);
	put_page(m, u->pfn);
	return true;
}

static int unmap_range(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct unmap_anon *u = arg;

	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		unsigned int level;
		u64 *entry = leaf_entry(u->m, vma->vm_mm, addr, &level);

		if (!entry || !pte_present(*entry) || *entry & PTE_SPECIAL ||
		    leaf_pfn(u->m, *entry, level, addr) - u->pfn >= u->nr)
			continue;
		if (level) {
			__split_huge_pmd(u->m, vma, addr, entry);
			entry = leaf_entry(u->m, vma->vm_mm, addr, &level);
		}
		if (!entry || level || !unmap_one_anon(u, vma, addr, entry)) {
			u->failed = true;
			return 1;
		}
	}
	return 0;
}

bool try_to_unmap_anon(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);
	struct unmap_anon u = { .m = m, .pfn = pfn, .nr = folio_nr_pages(folio) };
	u64 index = page_index(folio);

	if (folio_mapcount(folio))
		(void)rmap_walk_anon_range(anon_vma_of(m, folio->mapping), index, index + u.nr - 1,
					   unmap_range, &u);
	return !u.failed && !folio_mapcount(folio);
}

bool remove_swap_mapping(struct machine *m, u32 pfn, u64 shadow)
{
	const struct page *folio = pfn_to_page(m, pfn);

	/* The cache's, and one of who asks. */
	if (folio->refcount != 1 + (s32)folio_nr_pages(folio) || page_flag(folio, PG_dirty) ||
	    !page_flag(folio, PG_swapcache))
		return false;
	swap_cache_del_folio(m, pfn, shadow);
	return true;
}

bool pageout_swap(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);

	if (folio->refcount != 1 + (s32)folio_nr_pages(folio))
		return false;
	page_set_flag(folio, PG_reclaim);
	swap_writepage(m, pfn);
	if (!page_flag(folio, PG_writeback))
		page_clear_flag(folio, PG_reclaim);
	m->nodes[page_zone(m, folio)->node]->stat[NR_VMSCAN_WRITE] += (s64)folio_nr_pages(folio);
	return true;
}

/* It stays, as a page that was used lately; its slot may go to others. */
static void activate_locked(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);

	if (page_flag(folio, PG_swapcache) && (vm_swap_full(m) || page_flag(folio, PG_mlocked)))
		(void)folio_free_swap(m, pfn);
	if (page_flag(folio, PG_mlocked))
		return;
	page_set_flag(folio, PG_active);
	count_vm_event(m, PGACTIVATE, (s64)folio_nr_pages(folio));
}

/* True: nobody but the caller has it. */
static bool shrink_folio(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);

	page_clear_flag(folio, PG_active);
	if (page_flag(folio, PG_mlocked) ||
	    (!page_flag(folio, PG_swapcache) && add_to_swap(m, pfn)) ||
	    !try_to_unmap_anon(m, pfn)) {
		activate_locked(m, pfn);
		return false;
	}
	if (page_flag(folio, PG_dirty) && !pageout_swap(m, pfn))
		return false;
	if (page_flag(folio, PG_writeback) || page_flag(folio, PG_dirty))
		return false;
	if (!page_flag(folio, PG_swapcache))
		return folio->refcount == 1;
	return remove_swap_mapping(m, pfn, /* shadow = */ 0);
}

void reclaim_anon_pages(struct machine *m, struct page_list *list)
{
	s64 written = m->event[PSWPOUT];
	u64 freed = 0, all = 0;

	for (; list->first != PFN_NIL; all++) {
		u32 pfn = list->first;

		page_list_del(m, list, pfn);
		if (shrink_folio(m, pfn)) {
			put_page(m, pfn);
			freed++;
		} else {
			lru_putback(m, pfn);
		}
	}
	if (all)
		machine_why(m, "of %llu anonymous pages, %llu were clean and are gone, %lld are "
			    "written to swap and stay in the swap cache till then; %llu slots are "
			    "left", (unsigned long long)all, (unsigned long long)freed,
			    (long long)(m->event[PSWPOUT] - written),
			    (unsigned long long)get_nr_swap_pages(m));
	swap_complete_io(m);
}
