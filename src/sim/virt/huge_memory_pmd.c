// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens to huge entries besides faults: they go, are copied, move, or become a
 * table of small entries. The table for that was deposited when the entry was made, so
 * a split cannot fail. Entries of files have none: they go, and faults bring the
 * pages back one by one.
 */
#include "sim/virt/huge_memory.h"

#include "sim/base/bug.h"
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"

static void zap_deposited_table(struct machine *m, struct mm_struct *mm, u64 haddr)
{
	pte_free(m, mm, pgtable_withdraw(m, mm, haddr));
}

/* What the entry knew of a file's folio is the folio's now. */
static void folio_takes_bits(struct machine *m, const struct vm_area_struct *vma, u32 pfn,
			     u64 pmd)
{
	if (pmd & PTE_DIRTY)
		set_page_dirty(m, pfn);
	if (pmd & PTE_ACCESSED && vma_has_recency(vma) && rel_folios_are_batched(m->release))
		mark_page_accessed(m, pfn);
}

void zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 haddr, u64 *pmd)
{
	struct machine *m = tlb->m;
	struct mm_struct *mm = vma->vm_mm;
	u32 pfn = (u32)pte_pfn(*pmd);
	u64 entry = *pmd;

	*pmd = 0;
	tlb_remove_pmd_tlb_entry(tlb, haddr);
	if (is_huge_zero_pfn(m, pfn)) {
		zap_deposited_table(m, mm, haddr);
		return;
	}
	folio_remove_rmap_pmd(m, pfn, vma);
	add_mm_counter(m, mm, mm_counter_of(pfn_to_page(m, pfn)), -(s64)hpage_pmd_nr(m));
	if (page_flag(pfn_to_page(m, pfn), PG_anon))
		zap_deposited_table(m, mm, haddr);
	else
		folio_takes_bits(m, vma, pfn, entry);
	tlb_remove_page_size(tlb, pfn, hpage_pmd_size(m));
}

int copy_huge_pmd(struct machine *m, struct vm_area_struct *dst, struct vm_area_struct *src,
		  u64 haddr, u64 *dst_pmd, u64 *src_pmd)
{
	u32 table, pfn = (u32)pte_pfn(*src_pmd);
	int err;

	if (!vma_is_anonymous(src))
		return 0;
	err = pte_alloc_one(m, dst->vm_mm, &table);
	if (err)
		return err;
	if (unlikely(!entry_is_huge(*src_pmd) || pte_pfn(*src_pmd) != pfn)) {
		/* Memory was reclaimed for it, and this was split, or went: look again. */
		pte_free(m, dst->vm_mm, table);
		return -EAGAIN;
	}
	if (is_huge_zero_pfn(m, pfn)) {
		/* It is there: the parent has it. */
		err = mm_get_huge_zero_folio(m, dst->vm_mm, &pfn);
		BUG_ON(m, err);
	} else {
		get_page(m, pfn);
		page_clear_flag(pfn_to_page(m, pfn), PG_anon_exclusive);
		folio_dup_rmap_pmd(m, pfn, dst);
		add_mm_counter(m, dst->vm_mm, MM_ANONPAGES, (s64)hpage_pmd_nr(m));
	}
	pgtable_deposit(m, dst->vm_mm, haddr, table);
	*src_pmd &= ~PTE_RW;
	*dst_pmd = *src_pmd & ~PTE_ACCESSED;
	if (!(dst->vm_flags & VM_UFFD_WP))
		*dst_pmd &= ~PTE_UFFD_WP;
	return 0;
}

void move_huge_pmd(struct machine *m, struct vm_area_struct *vma, u64 old_addr, u64 new_addr,
		   u64 *old_pmd, u64 *new_pmd)
{
	struct mm_struct *mm = vma->vm_mm;
	u64 pmd = *old_pmd, size = hpage_pmd_size(m);
	u64 reach = table_span(m, 1) * table_size(m, 1);

	*old_pmd = 0;
	/* To another table of level 1: what was deposited with the old one moves too. */
	if (old_addr / reach != new_addr / reach &&
	    (pmd & PTE_SPECIAL || page_flag(pfn_to_page(m, pte_pfn(pmd)), PG_anon)))
		pgtable_deposit(m, mm, new_addr, pgtable_withdraw(m, mm, old_addr));
	*new_pmd = pmd | m->virt->pgtables->soft_dirty;
	if (pmd & PTE_PRESENT)
		flush_tlb_range_stride(m, vma, old_addr, old_addr + size, table_shift(m, 1));
}

/* ---- Splitting. ---- */

/* The deposited table takes the entry's place. */
static u64 *install_table(struct machine *m, struct vm_area_struct *vma, u64 haddr, u64 *pmd)
{
	u32 table = pgtable_withdraw(m, vma->vm_mm, haddr);

	*pmd = PFN_PHYS(table) | TABLE_FLAGS;
	pgtable_forget(vma->vm_mm);
	return table_entries(m, table);
}

static void split_huge_zero_pmd(struct machine *m, struct vm_area_struct *vma, u64 haddr,
				u64 *pmd)
{
	u64 mark = *pmd & PTE_UFFD_WP, *ptes = install_table(m, vma, haddr, pmd);

	for (u64 i = 0; i < hpage_pmd_nr(m); i++)
		ptes[i] = mk_pte(m->virt->zero_pfn, vma_page_prot(m, vma) | PTE_SPECIAL) | mark;
}

/* What each small entry is, but for its page. */
static pte_t split_prot(const struct machine *m, const struct vm_area_struct *vma, u64 pmd)
{
	pte_t prot = vma_page_prot(m, vma) & ~(PTE_RW | PTE_ACCESSED);

	prot |= pmd & (PTE_RW | PTE_ACCESSED | PTE_SOFT_DIRTY | PTE_UFFD_WP);
	if (pmd & PTE_DIRTY && rel_split_keeps_dirty(m->release))
		prot = pte_mkdirty(m, prot);
	return prot;
}

static void split_anon_pmd(struct machine *m, struct vm_area_struct *vma, u64 haddr, u64 *pmd)
{
	u64 old = *pmd, prot = split_prot(m, vma, old), nr = hpage_pmd_nr(m);
	u32 pfn = (u32)pte_pfn(old);
	struct page *folio = pfn_to_page(m, pfn);
	u64 *ptes;

	if (old & PTE_DIRTY)
		page_set_flag(folio, PG_dirty);
	folio->refcount += (s32)nr - 1;
	folio_add_anon_rmap_ptes(m, pfn, nr, vma, haddr, page_flag(folio, PG_anon_exclusive));
	ptes = install_table(m, vma, haddr, pmd);
	for (u64 i = 0; i < nr; i++)
		ptes[i] = mk_pte(pfn + i, prot);
	folio_remove_rmap_pmd(m, pfn, vma);
}

static void split_file_pmd(struct machine *m, struct vm_area_struct *vma, u64 *pmd)
{
	u64 old = *pmd;
	u32 pfn = (u32)pte_pfn(old);

	*pmd = 0;
	if (old & PTE_DIRTY)
		set_page_dirty(m, pfn);
	if (old & PTE_ACCESSED)
		page_set_flag(pfn_to_page(m, pfn), PG_referenced);
	folio_remove_rmap_pmd(m, pfn, vma);
	add_mm_counter(m, vma->vm_mm, mm_counter_of(pfn_to_page(m, pfn)),
		       -(s64)hpage_pmd_nr(m));
	put_page(m, pfn);
}

void __split_huge_pmd(struct machine *m, struct vm_area_struct *vma, u64 address, u64 *pmd)
{
	u64 haddr = address & hpage_pmd_mask(m), old = *pmd;

	count_vm_event(m, THP_SPLIT_PMD, 1);
	if (is_huge_zero_pfn(m, pte_pfn(old)))
		split_huge_zero_pmd(m, vma, haddr, pmd);
	else if (page_flag(pfn_to_page(m, pte_pfn(old)), PG_anon))
		split_anon_pmd(m, vma, haddr, pmd);
	else
		split_file_pmd(m, vma, pmd);
	if (old & PTE_PRESENT)
		flush_tlb_range_stride(m, vma, haddr, haddr + hpage_pmd_size(m),
				       table_shift(m, 1));
}

void split_huge_pmd_address(struct machine *m, struct vm_area_struct *vma, u64 address)
{
	u64 *pmd = table_entry(m, vma->vm_mm, address, 1);

	if (pmd)
		split_huge_pmd(m, vma, address, pmd);
}

/* A bound inside what could be one huge entry of the VMA, and is no table that is known. */
static void split_if_needed(struct machine *m, struct vm_area_struct *vma, u64 address)
{
	u64 haddr = address & hpage_pmd_mask(m);

	if (address != haddr && haddr >= vma->vm_start && haddr != vma->vm_mm->pte_base &&
	    haddr + hpage_pmd_size(m) <= vma->vm_end)
		split_huge_pmd_address(m, vma, address);
}

/* A bound that stays, or moves outwards, cuts nothing. */
void vma_adjust_trans_huge(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	if (start > vma->vm_start)
		split_if_needed(m, vma, start);
	if (end < vma->vm_end)
		split_if_needed(m, vma, end);
}
