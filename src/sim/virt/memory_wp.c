// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A write to an entry that is read-only. An anonymous page that nobody else has is
 * taken as it is: it is marked exclusive, or holds but the one reference of this
 * mapping once the CPU's batches are drained. A shared mapping's page is made
 * writable and dirty. All else is copied.
 */
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"

/* More references than mapping, swap cache and one batch: not worth a drain. */
#define MAX_WORTHWHILE_REFS 3

static unsigned int wp_page_reuse(struct machine *m, struct vm_fault *vmf)
{
	pte_t entry = vmf->orig_pte | PTE_ACCESSED;

	flush_cache_page(m, vmf->vma, vmf->address, pte_pfn(entry));
	*vmf->pte = maybe_mkwrite(pte_mkdirty(m, entry), vmf->vma);
	update_mmu_cache(m, vmf->vma, vmf->address, vmf->pte);
	count_vm_event(m, PGREUSE, 1);
	return 0;
}

/* The new entry; where it only unshares, a write is still to come. */
static pte_t copied_entry(const struct machine *m, const struct vm_fault *vmf, u32 pfn)
{
	pte_t entry = mk_pte(pfn, vma_page_prot(m, vmf->vma));

	if (vmf->flags & FAULT_FLAG_UNSHARE)
		return entry | (vmf->orig_pte & (PTE_SOFT_DIRTY | PTE_UFFD_WP));
	return maybe_mkwrite(pte_mkdirty(m, entry), vmf->vma);
}

/* A page for the copy. The old one stays, but it may be taken from the entry meanwhile. */
static int alloc_copy(struct machine *m, const struct vm_fault *vmf, bool zeroes, u32 *pfn)
{
	int err;

	if (vmf->page != PFN_NIL)
		get_page(m, vmf->page);
	err = anon_vma_prepare(m, vmf->vma);
	if (!err)
		err = zeroes ? alloc_zeroed_user_page(m, vmf->vma, vmf->address, pfn) :
			       alloc_user_page(m, vmf->vma, vmf->address, pfn);
	if (vmf->page != PFN_NIL)
		put_page(m, vmf->page);
	return err;
}

static unsigned int wp_page_copy(struct machine *m, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	bool zeroes = is_zero_pfn(m, pte_pfn(vmf->orig_pte));
	u32 old = vmf->page, pfn;
	int err = alloc_copy(m, vmf, zeroes, &pfn);

	if (unlikely(err))
		return fault_of_errno(err);
	if (unlikely(*vmf->pte != vmf->orig_pte)) {
		/* Memory was reclaimed for it: the access is tried again. */
		free_pages(m, pfn, 0);
		return 0;
	}
	if (zeroes)
		content_zero(m, pfn);
	else
		content_copy(m, pfn, (u32)pte_pfn(vmf->orig_pte));
	page_set_flag(pfn_to_page(m, pfn), PG_uptodate);
	if (old == PFN_NIL) {
		add_mm_counter_fast(m, vma->vm_mm, MM_ANONPAGES, 1);
	} else if (!page_flag(pfn_folio(m, old), PG_anon)) {
		add_mm_counter_fast(m, vma->vm_mm, mm_counter_of(pfn_to_page(m, old)), -1);
		add_mm_counter_fast(m, vma->vm_mm, MM_ANONPAGES, 1);
	}
	flush_cache_page(m, vma, vmf->address, pte_pfn(vmf->orig_pte));
	ptep_clear_flush(m, vma, vmf->address, vmf->pte);
	map_new_anon_page(m, vma, vmf->address, pfn);
	*vmf->pte = copied_entry(m, vmf, pfn);
	update_mmu_cache(m, vma, vmf->address, vmf->pte);
	if (old != PFN_NIL) {
		page_remove_rmap(m, old, vma);
		free_swap_cache(m, old);
		put_page(m, old);
	}
	return 0;
}

/*
 * A page of a large folio that is not marked: only if this mm alone has the folio and
 * every reference is one of its mappings; and not for the last page of it that is mapped,
 * so that the rest can be freed.
 */
static bool wp_can_reuse_large_folio(const struct page *folio)
{
	return folio_mapcount(folio) > 1 && !folio_maybe_mapped_shared(folio) &&
	       folio_mapcount(folio) == folio->refcount;
}

/* Is this mapping the only one that has the page? */
static bool wp_can_reuse_anon_page(struct machine *m, struct vm_fault *vmf)
{
	struct page *page = pfn_to_page(m, vmf->page), *folio = folio_of(page);

	if (page_flag(page, PG_anon_exclusive))
		return true;
	if (unlikely(folio_is_large(folio)) && rel_folios_are_batched(m->release)) {
		if (!wp_can_reuse_large_folio(folio))
			return false;
		page_set_flag(page, PG_anon_exclusive);
		return true;
	}
	if (folio->refcount > MAX_WORTHWHILE_REFS)
		return false;
	if (!page_flag(folio, PG_lru))
		lru_add_drain(m);
	if (folio->refcount > 1 + page_flag(folio, PG_swapcache))
		return false;
	if (unlikely(page_flag(folio, PG_swapcache)))
		(void)folio_free_swap(m, vmf->page);
	if (folio->refcount != 1)
		return false;
	page_move_anon_rmap(m, vmf->page, vmf->vma);
	page_set_flag(page, PG_anon_exclusive);
	return true;
}

static unsigned int wp_page_shared(struct machine *m, struct vm_fault *vmf)
{
	const struct vm_operations *ops = vmf->vma->vm_ops;
	unsigned int ret = 0;

	get_page(m, vmf->page);
	if (ops && ops->page_mkwrite) {
		ret = do_page_mkwrite(m, vmf);
		if (unlikely(ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)))
			goto out;
	}
	/* Memory may have been reclaimed meanwhile. */
	if (unlikely(*vmf->pte != vmf->orig_pte)) {
		ret |= VM_FAULT_NOPAGE;
		goto out;
	}
	ret |= wp_page_reuse(m, vmf);
	fault_dirty_shared_page(m, vmf->page);
out:
	put_page(m, vmf->page);
	return ret;
}

unsigned int do_wp_page(struct machine *m, struct vm_fault *vmf)
{
	bool unshare = vmf->flags & FAULT_FLAG_UNSHARE, shared, anon;

	if (unlikely(vmf->orig_pte & PTE_UFFD_WP) && !unshare && userfaultfd_wp(vmf->vma)) {
		if (!userfaultfd_wp_async(m, vmf->vma))
			return handle_userfault(m, vmf, VM_UFFD_WP);
		vmf->orig_pte &= ~PTE_UFFD_WP;
		*vmf->pte = vmf->orig_pte;
	}
	vmf->page = vm_normal_page(vmf->orig_pte);
	shared = (vmf->vma->vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED);
	anon = vmf->page != PFN_NIL && page_flag(pfn_folio(m, vmf->page), PG_anon);
	if (unshare && !anon)
		return 0;
	if (anon && wp_can_reuse_anon_page(m, vmf))
		return unshare ? 0 : wp_page_reuse(m, vmf);
	if (shared && !anon)
		return vmf->page == PFN_NIL ? wp_page_reuse(m, vmf) : wp_page_shared(m, vmf);
	return wp_page_copy(m, vmf);
}
