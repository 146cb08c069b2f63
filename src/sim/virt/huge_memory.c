// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults on huge entries. A write to nothing gets a folio that is zeroed, a read the huge
 * zero page; either comes with the table that a split will need. A write to what is
 * read-only takes the folio if nobody else has it, else splits the entry, so that
 * only the page that is written is copied.
 */
#include "sim/virt/huge_memory.h"

#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/rmap.h"
#include "sim/virt/thp.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"

static void folio_zero(struct machine *m, u32 pfn)
{
	for (u64 i = 0; i < hpage_pmd_nr(m); i++)
		content_zero(m, pfn + i);
	page_set_flag(pfn_to_page(m, pfn), PG_uptodate);
}

/* 0; VM_FAULT_FALLBACK: there is none, counted; VM_FAULT_NOHOST. */
static unsigned int alloc_anon_folio_pmd(struct machine *m, struct vm_area_struct *vma,
					 u64 haddr, u32 *pfn)
{
	int err = vma_alloc_folio(m, vma_thp_gfp_mask(m, vma), hpage_pmd_order(m), vma, haddr,
				  pfn);

	if (err == -ENOBUFS)
		return VM_FAULT_NOHOST;
	if (!err && mem_cgroup_charge(m, *pfn, vma->vm_mm, vma_thp_gfp_mask(m, vma))) {
		free_pages(m, *pfn, hpage_pmd_order(m));
		count_vm_event(m, THP_FAULT_FALLBACK_CHARGE, 1);
		count_mthp_stat(m, hpage_pmd_order(m), MTHP_STAT_ANON_FAULT_FALLBACK_CHARGE);
		err = -ENOMEM;
	}
	if (err) {
		count_vm_event(m, THP_FAULT_FALLBACK, 1);
		count_mthp_stat(m, hpage_pmd_order(m), MTHP_STAT_ANON_FAULT_FALLBACK);
		return VM_FAULT_FALLBACK;
	}
	folio_zero(m, *pfn);
	return 0;
}

void map_anon_folio_pmd(struct machine *m, struct vm_area_struct *vma, u64 haddr, u64 *pmd,
			u32 pfn)
{
	u64 entry = mk_pte(pfn, vma_page_prot(m, vma) | PTE_PSE);

	folio_add_new_anon_rmap_pmd(m, pfn, vma, haddr);
	if ((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED)
		mlock_new_page(m, pfn);
	else
		lru_cache_add(m, pfn);
	*pmd = maybe_mkwrite(pte_mkdirty(m, entry), vma);
	update_mmu_cache_pmd(m, vma, haddr, pmd);
	add_mm_counter(m, vma->vm_mm, MM_ANONPAGES, (s64)hpage_pmd_nr(m));
}

static unsigned int map_huge_zero(struct machine *m, struct vm_fault *vmf, u64 haddr)
{
	struct vm_area_struct *vma = vmf->vma;
	u32 table, pfn;
	int err = pte_alloc_one(m, vma->vm_mm, &table);

	if (err)
		return fault_of_errno(err);
	err = mm_get_huge_zero_folio(m, vma->vm_mm, &pfn);
	if (err) {
		pte_free(m, vma->vm_mm, table);
		if (err == -ENOBUFS)
			return VM_FAULT_NOHOST;
		count_vm_event(m, THP_FAULT_FALLBACK, 1);
		return VM_FAULT_FALLBACK;
	}
	pgtable_deposit(m, vma->vm_mm, haddr, table);
	*vmf->pmd = mk_pte(pfn, vma_page_prot(m, vma) | PTE_PSE | PTE_SPECIAL);
	update_mmu_cache_pmd(m, vma, haddr, vmf->pmd);
	return 0;
}

/* A program fills the range page by page. Nothing stays of what was prepared. */
static unsigned int missing_huge(struct machine *m, struct vm_fault *vmf, u64 haddr)
{
	unsigned int ret;
	u32 pfn;

	if (vmf->flags & FAULT_FLAG_WRITE || !m->tunables->thp_use_zero_page) {
		ret = alloc_anon_folio_pmd(m, vmf->vma, haddr, &pfn);
		if (ret)
			return ret;
		put_page(m, pfn);
	}
	return handle_userfault(m, vmf, VM_UFFD_MISSING);
}

unsigned int do_huge_pmd_anonymous_page(struct machine *m, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 haddr = vmf->address & hpage_pmd_mask(m);
	unsigned int ret;
	u32 pfn, table;
	int err;

	if (!thp_vma_suitable_order(vma, haddr, hpage_pmd_order(m)))
		return VM_FAULT_FALLBACK;
	err = anon_vma_prepare(m, vma);
	if (err)
		return fault_of_errno(err);
	khugepaged_enter_vma(m, vma, vma->vm_flags);
	if (unlikely(userfaultfd_missing(vma)))
		return missing_huge(m, vmf, haddr);
	if (!(vmf->flags & FAULT_FLAG_WRITE) && m->tunables->thp_use_zero_page)
		return map_huge_zero(m, vmf, haddr);
	ret = alloc_anon_folio_pmd(m, vma, haddr, &pfn);
	if (ret)
		return ret;
	err = pte_alloc_one(m, vma->vm_mm, &table);
	if (err) {
		put_page(m, pfn);
		return fault_of_errno(err);
	}
	pgtable_deposit(m, vma->vm_mm, haddr, table);
	map_anon_folio_pmd(m, vma, haddr, vmf->pmd, pfn);
	count_vm_event(m, THP_FAULT_ALLOC, 1);
	count_memcg_event_mm(m, vma->vm_mm, THP_FAULT_ALLOC);
	count_mthp_stat(m, hpage_pmd_order(m), MTHP_STAT_ANON_FAULT_ALLOC);
	if (rel_defers_new_thps(m->release) && m->tunables->thp_shrink_underused)
		deferred_split_folio(m, pfn, /* partially_mapped = */ false);
	return 0;
}

void huge_pmd_set_accessed(struct machine *m, struct vm_fault *vmf)
{
	u64 entry = *vmf->pmd | PTE_ACCESSED;

	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = pte_mkdirty(m, entry);
	*vmf->pmd = entry;
	update_mmu_cache_pmd(m, vmf->vma, vmf->address & hpage_pmd_mask(m), vmf->pmd);
}

/* The huge zero page is written: a folio takes its place, its table is there already. */
static unsigned int do_huge_zero_wp_pmd(struct machine *m, struct vm_fault *vmf)
{
	u64 haddr = vmf->address & hpage_pmd_mask(m);
	unsigned int ret;
	u32 pfn;

	ret = alloc_anon_folio_pmd(m, vmf->vma, haddr, &pfn);
	if (ret)
		return ret;
	*vmf->pmd = 0;
	flush_tlb_range_stride(m, vmf->vma, haddr, haddr + hpage_pmd_size(m),
			       table_shift(m, 1));
	map_anon_folio_pmd(m, vmf->vma, haddr, vmf->pmd, pfn);
	count_vm_event(m, THP_FAULT_ALLOC, 1);
	count_memcg_event_mm(m, vmf->vma->vm_mm, THP_FAULT_ALLOC);
	count_mthp_stat(m, hpage_pmd_order(m), MTHP_STAT_ANON_FAULT_ALLOC);
	return 0;
}

/* Has this mapping the folio alone? Then it is marked so. */
static bool can_reuse_folio(struct machine *m, const struct vm_fault *vmf)
{
	struct page *folio = pfn_to_page(m, pte_pfn(*vmf->pmd));

	if (page_flag(folio, PG_anon_exclusive))
		return true;
	if (folio->refcount != 1)
		return false;
	page_move_anon_rmap(m, pte_pfn(*vmf->pmd), vmf->vma);
	page_set_flag(folio, PG_anon_exclusive);
	return true;
}

unsigned int do_huge_pmd_wp_page(struct machine *m, struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 entry = *vmf->pmd;
	unsigned int ret;

	if (unlikely(entry & PTE_UFFD_WP) && userfaultfd_wp(vma) &&
	    !(vmf->flags & FAULT_FLAG_UNSHARE)) {
		if (!userfaultfd_wp_async(m, vma))
			return handle_userfault(m, vmf, VM_UFFD_WP);
		__split_huge_pmd(m, vma, vmf->address, vmf->pmd);
		return VM_FAULT_FALLBACK;
	}
	if (is_huge_zero_pfn(m, pte_pfn(entry))) {
		if (rel_copies_huge_zero_page(m->release)) {
			ret = do_huge_zero_wp_pmd(m, vmf);
			if (ret != VM_FAULT_FALLBACK)
				return ret;
		}
	} else if (vma_is_anonymous(vma) && can_reuse_folio(m, vmf)) {
		if (vmf->flags & FAULT_FLAG_UNSHARE)
			return 0;
		*vmf->pmd = maybe_mkwrite(pte_mkdirty(m, entry | PTE_ACCESSED), vma);
		update_mmu_cache_pmd(m, vma, vmf->address & hpage_pmd_mask(m), vmf->pmd);
		return 0;
	}
	/* Of a file: what is written is noticed, or copied, page by page. */
	__split_huge_pmd(m, vma, vmf->address, vmf->pmd);
	return VM_FAULT_FALLBACK;
}

/* The fault's own table, still empty, is not needed. False: there is one already. */
static bool drop_new_table(struct machine *m, struct vm_fault *vmf)
{
	if (!vmf->pte)
		return true;
	if (!vmf->new_table)
		return false;
	pte_free_unused(m, vmf->vma->vm_mm, vmf->address);
	vmf->pte = NULL;
	vmf->new_table = false;
	return true;
}

static void set_file_pmd(struct machine *m, struct vm_area_struct *vma, u64 haddr, u64 *pmd,
			 u32 pfn, bool write)
{
	u64 entry = mk_pte(pfn, vma_page_prot(m, vma) | PTE_PSE);

	if (write)
		entry = maybe_mkwrite(pte_mkdirty(m, entry), vma);
	add_mm_counter(m, vma->vm_mm, mm_counter_of(pfn_to_page(m, pfn)),
		       (s64)hpage_pmd_nr(m));
	folio_add_file_rmap_pmd(m, pfn, vma);
	*pmd = entry;
	update_mmu_cache_pmd(m, vma, haddr, pmd);
	count_vm_event(m, THP_FILE_MAPPED, 1);
}

bool do_set_pmd(struct machine *m, struct vm_fault *vmf, u32 pfn)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 haddr = vmf->address & hpage_pmd_mask(m), *pmd;
	u32 head = (u32)folio_pfn(m, pfn);

	if (folio_order(pfn_to_page(m, head)) != hpage_pmd_order(m) ||
	    !thp_vma_suitable_order(vma, haddr, hpage_pmd_order(m)))
		return false;
	if (rel_set_pmd_asks_vma(m->release) &&
	    vma_thp_disabled(m, vma, vma->vm_flags, /* forced_collapse = */ true))
		return false;
	if (!drop_new_table(m, vmf))
		return false;
	pmd = table_entry(m, vma->vm_mm, haddr, 1);
	if (!pmd || *pmd)
		return false;
	set_file_pmd(m, vma, haddr, pmd, head, vmf->flags & FAULT_FLAG_WRITE);
	return true;
}
