// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges of mappings of huge pages: what zap, fork, mprotect and mremap do entry by
 * entry. Entries are all of one level; where the tables above it are not there, nothing
 * is.
 */
#include "sim/phys/lru.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"

struct huge_unmap {
	struct mmu_gather *tlb;
	struct vm_area_struct *vma;
	struct hstate *h;
	u32 ref_pfn;
	bool drop_markers;
};

/*
 * Since 6.9 a private page that its owner unmaps is promised to it again, unless the
 * pool has pages that it should not have. The promise counts when the page is freed: if
 * a child still has the page, the owner may give back what is not counted yet, and for
 * that long the kernel counts one too few.
 */
static void restore_promise(struct machine *m, const struct huge_unmap *u, u64 addr, u32 pfn)
{
	u32 *flags = hugetlb_page_flags(pfn_to_page(m, pfn));
	int needs;

	if (!rel_hugetlb_zap_restores(m->release) || u->h->surplus_huge_pages ||
	    !(u->vma->resv_flags & HPAGE_RESV_OWNER) ||
	    !page_flag(pfn_to_page(m, pfn), PG_anon))
		return;
	*flags |= HPG_RESTORE_RESERVE;
	needs = vma_needs_reservation(m, u->vma, addr);
	if (needs < 0)
		*flags &= ~(u32)HPG_RESTORE_RESERVE;
	else if (needs)
		vma_add_reservation(m, u->vma, addr);
}

/* True: it was the page that was looked for. */
static bool unmap_entry(const struct huge_unmap *u, u64 addr, u64 *entry)
{
	struct machine *m = u->tlb->m;
	u32 pfn = (u32)pte_pfn(*entry);
	u64 mark = *entry & PTE_UFFD_WP && !u->drop_markers ? PTE_UFFD_MARKER : 0;

	if (pte_is_marker(*entry) || pte_is_hwpoison(*entry)) {
		*entry = pte_is_hwpoison(*entry) ? 0 : mark;
		return false;
	}
	if (u->ref_pfn != PFN_NIL && pfn != u->ref_pfn)
		return false;
	if (u->ref_pfn != PFN_NIL)
		u->vma->resv_flags |= HPAGE_RESV_UNMAPPED;
	if (*entry & PTE_DIRTY)
		page_set_flag(pfn_to_page(m, pfn), PG_dirty);
	*entry = mark;
	tlb_flush_level_range(u->tlb, addr, huge_page_size(u->h),
			      hugetlb_level(m, u->vma));
	hugetlb_count_add(u->vma->vm_mm, -(1LL << u->h->order));
	hugetlb_remove_rmap(m, pfn);
	restore_promise(m, u, addr, pfn);
	put_page(m, pfn);
	return u->ref_pfn != PFN_NIL;
}

void unmap_hugepage_range(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 start,
			  u64 end, u32 ref_pfn, bool drop_markers)
{
	const struct huge_unmap u = {
		.tlb = tlb, .vma = vma, .h = hstate_vma(tlb->m, vma), .ref_pfn = ref_pfn,
		.drop_markers = drop_markers,
	};
	u64 *entry;

	for (u64 addr = start; addr < end; addr = huge_addr_next(tlb->m, vma, addr, entry)) {
		entry = huge_pte_offset(tlb->m, vma, addr);
		if (entry && huge_pmd_unshare(tlb, vma, addr))
			entry = NULL;
		if (entry && *entry && unmap_entry(&u, addr, entry))
			return;
	}
}

/* The child has what the parent has, and neither may write to private pages. */
static void copy_entry(struct machine *m, struct vm_area_struct *dst,
		       const struct vm_area_struct *src, u64 *to, u64 *from)
{
	u32 pfn = (u32)pte_pfn(*from);

	if (pte_is_hwpoison(*from)) {
		*to = *from;
		return;
	}
	if (pte_is_marker(*from)) {
		if (!pte_is_uffd_marker(*from) || dst->vm_flags & VM_UFFD_WP)
			*to = *from;
		return;
	}
	get_page(m, pfn);
	page_clear_flag(pfn_to_page(m, pfn), PG_anon_exclusive);
	hugetlb_add_rmap(m, pfn);
	if (is_cow_mapping(src->vm_flags))
		*from &= ~PTE_RW;
	*to = dst->vm_flags & VM_UFFD_WP ? *from : *from & ~PTE_UFFD_WP;
	hugetlb_count_add(dst->vm_mm, 1LL << src->vm_file->inode->huge_order);
}

int copy_hugetlb_page_range(struct machine *m, struct vm_area_struct *dst,
			    struct vm_area_struct *src)
{
	u64 *from, *to;
	int err;

	for (u64 addr = src->vm_start; addr < src->vm_end;
	     addr = huge_addr_next(m, src, addr, from)) {
		from = huge_pte_offset(m, src, addr);
		if (!from)
			continue;
		err = huge_pte_alloc(m, dst, addr, &to);
		if (err)
			return err;
		if (*from && !hugetlb_pmd_shared(m, dst, addr))
			copy_entry(m, dst, src, to, from);
	}
	return 0;
}

void hugetlb_change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 start,
			       u64 end, u64 prot)
{
	struct machine *m = tlb->m;
	u64 size = vma_huge_size(vma), keep = PTE_CHG_MASK | PTE_PSE, old, *entry;

	for (u64 addr = start; addr < end; addr = huge_addr_next(m, vma, addr, entry)) {
		entry = huge_pte_offset(m, vma, addr);
		if (entry && huge_pmd_unshare(tlb, vma, addr))
			entry = NULL;
		old = entry ? *entry : 0;
		if (!old || pte_is_marker(old) || pte_is_hwpoison(old))
			continue;
		*entry = (old & keep) | (prot & ~keep);
		if (unlikely(*entry & PTE_UFFD_WP) && vma->vm_flags & VM_UFFD_WP)
			*entry &= ~PTE_RW;
		if (huge_pmd_needs_flush(old, *entry))
			tlb_flush_level_range(tlb, addr, size, hugetlb_level(m, vma));
	}
}

int move_hugetlb_page_tables(struct machine *m, struct vm_area_struct *old, u64 old_addr,
			     struct vm_area_struct *vma, u64 new_addr, u64 len, u64 *moved)
{
	u64 size = vma_huge_size(old), start = old_addr, end = old_addr + len;
	struct mmu_gather tlb;
	int err = 0;

	tlb_gather_mmu(m, &tlb, old->vm_mm);
	for (; old_addr < end && !err; old_addr += size, new_addr += size) {
		u64 *from = huge_pte_offset(m, old, old_addr), *to;

		if (!from || !*from || huge_pmd_unshare(&tlb, old, old_addr))
			continue;
		err = hugetlb_own_pte_alloc(m, vma, new_addr, &to);
		if (err)
			break;
		*to = *from;
		*from = 0;
	}
	*moved = old_addr - start;
	if (*moved)
		flush_tlb_range_stride(m, old, start, start + *moved,
				       PAGE_SHIFT + old->vm_file->inode->huge_order);
	tlb_finish_mmu(&tlb);
	return err;
}
