// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The mappings of a folio that is to be reclaimed: a file's can be found again; anonymous
 * memory's become entries of its slot in swap, or go if nobody wants its contents (MADV_FREE)
 * and nobody has written it since.
 */
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"

struct unmap {
	struct machine *m;
	u32 pfn;
	u64 nr;
	struct arch_tlbflush_unmap_batch *batch;	/* of flushes that can wait; NULL: none can */
	bool even_locked;
};

static pte_t clear_entry(const struct unmap *u, struct vm_area_struct *vma, u64 addr, pte_t *pte)
{
	pte_t old = *pte;

	if (!u->batch || !on_other_cpus(u->m, vma->vm_mm->cpumask))
		return ptep_clear_flush(u->m, vma, addr, pte);
	*pte = 0;
	set_tlb_ubc_flush_pending(u->batch, vma->vm_mm, old);
	return old;
}

/* May the mapping of an anonymous page go? Droppable memory may, whatever it holds. */
static bool may_discard(const struct unmap *u, const struct vm_area_struct *vma)
{
	struct page *folio = pfn_to_page(u->m, u->pfn);
	bool droppable = vma->vm_flags & VM_DROPPABLE;

	if (page_flag(folio, PG_swapbacked))
		return false;
	if (folio->refcount == 1 + folio_mapcount(folio) &&
	    (droppable || !page_flag(folio, PG_dirty)))
		return true;
	/* Somebody has written it, or wants to: it is kept after all. */
	if (!droppable)
		page_set_flag(folio, PG_swapbacked);
	return false;
}

/* The entry becomes the page's slot. -ENOMEM, -ENOBUFS: it cannot be counted. */
static int swap_out_entry(const struct unmap *u, struct vm_area_struct *vma, u32 pfn, pte_t old,
			  pte_t *pte)
{
	struct machine *m = u->m;
	swp_entry_t entry = page_swap_entry(m, pfn);
	bool remembers = m->arch->bits == 64 || rel_has_swp_exclusive(m->release);
	int err = swap_duplicate(m, entry);

	if (err)
		return err;
	mm_on_mmlist(m, vma->vm_mm, NULL);
	add_mm_counter(m, vma->vm_mm, MM_SWAPENTS, 1);
	*pte = swp_entry_to_pte(entry) | (old & (PTE_SOFT_DIRTY | PTE_UFFD_WP));
	if (remembers && page_flag(pfn_to_page(m, pfn), PG_anon_exclusive))
		*pte |= SWP_EXCLUSIVE;
	return 0;
}

/* Non-zero: enough, the folio stays mapped. */
static int unmap_pte(const struct unmap *u, struct vm_area_struct *vma, u64 addr, pte_t *pte)
{
	struct machine *m = u->m;
	struct page *folio = pfn_to_page(m, u->pfn);
	u32 pfn = (u32)pte_pfn(*pte);
	pte_t old;

	flush_cache_page(m, vma, addr, pfn);
	old = clear_entry(u, vma, addr, pte);
	if (old & PTE_UFFD_WP && !vma_is_anonymous(vma) && userfaultfd_wp_use_markers(m, vma))
		*pte = PTE_UFFD_MARKER;
	if (old & PTE_DIRTY)
		set_page_dirty(m, u->pfn);
	update_hiwater_rss(vma->vm_mm);
	if (page_flag(folio, PG_anon) && (page_flag(folio, PG_swapcache) ?
					  swap_out_entry(u, vma, pfn, old, pte) : !may_discard(u, vma))) {
		*pte = old;
		return 1;
	}
	add_mm_counter(m, vma->vm_mm, mm_counter_of(folio), -1);
	page_clear_flag(pfn_to_page(m, pfn), PG_anon_exclusive);
	page_remove_rmap(m, pfn, vma);
	if (vma->vm_flags & VM_LOCKED)
		mlock_drain_local(m);
	put_page(m, u->pfn);
	return 0;
}

/* A VMA locks what it maps of the folio: non-zero. If that is all of it, the folio knows then. */
static int keep_locked(const struct unmap *u, const struct vm_area_struct *vma, u64 start, u64 end)
{
	struct machine *m = u->m;
	bool whole = false;
	u64 nr = 0;

	for (u64 addr = start; addr < end && !whole; addr += PAGE_SIZE) {
		unsigned int level;

		if (!page_vma_mapped(m, vma->vm_mm, addr, u->pfn, u->nr, &level))
			continue;
		nr++;
		whole = u->nr == 1 || level || (rel_locks_whole_folios(m->release) &&
						vma_maps_whole(m, start, end, nr, u->nr));
	}
	if (whole && !(vma->vm_flags & VM_SPECIAL))
		mlock_page(m, u->pfn);
	return nr != 0;
}

static int unmap_one(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	const struct unmap *u = arg;
	struct machine *m = u->m;
	int stop = 0;

	if (vma->vm_flags & VM_LOCKED && !u->even_locked)
		return keep_locked(u, vma, start, end);
	for (u64 addr = start; addr < end && !stop; addr += PAGE_SIZE) {
		unsigned int level;
		u64 *entry = page_vma_mapped(m, vma->vm_mm, addr, u->pfn, u->nr, &level);

		if (!entry)
			continue;
		if (level) {
			__split_huge_pmd(m, vma, addr, entry);
			entry = leaf_entry(m, vma->vm_mm, addr, &level);
			/* A file's huge mapping leaves nothing behind. */
			if (!entry || level || !pte_present(*entry))
				return stop;
		}
		stop = unmap_pte(u, vma, addr, entry);
	}
	return stop;
}

bool try_to_unmap(struct machine *m, u32 pfn, struct arch_tlbflush_unmap_batch *batch)
{
	const struct page *folio = pfn_to_page(m, pfn);
	struct unmap u = { .m = m, .pfn = pfn, .nr = folio_nr_pages(folio), .batch = batch };

	(void)rmap_walk_folio(m, pfn, unmap_one, &u);
	return !folio_mapcount(folio);
}

bool try_to_unmap_even_locked(struct machine *m, u32 pfn)
{
	struct unmap u = { .m = m, .pfn = pfn, .nr = 1, .even_locked = true };

	(void)rmap_walk_folio(m, pfn, unmap_one, &u);
	return !folio_mapcount(pfn_to_page(m, pfn));
}
