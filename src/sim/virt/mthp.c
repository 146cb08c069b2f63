// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A write to anonymous memory that has no page there gets a folio of the largest size
 * that is switched on, lies in the VMA, finds nothing but empty entries, and can be
 * had; each size that cannot is counted. All of it is mapped, by small entries.
 */
#include "sim/virt/content.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/rmap.h"
#include "sim/virt/thp.h"
#include "sim/virt/tlb.h"

/* The entry of the address whose folio of that order it would be of. */
static pte_t *first_entry(const struct vm_fault *vmf, int order, u64 *addr)
{
	*addr = vmf->address & ~((PAGE_SIZE << order) - 1);
	return vmf->pte - ((vmf->address - *addr) >> PAGE_SHIFT);
}

static bool range_is_none(const struct vm_fault *vmf, int order)
{
	u64 addr;
	const pte_t *pte = first_entry(vmf, order, &addr);

	return pte_range_none(pte, 1ULL << order);
}

/* 0: a folio of *order; -ENOMEM: of none; -ENOBUFS. */
static int alloc_anon_folio(struct machine *m, const struct vm_fault *vmf, u64 orders,
			    int *order, u32 *pfn)
{
	gfp_t gfp = vma_thp_gfp_mask(m, vmf->vma);
	u64 addr;

	*order = highest_order(orders);
	while (orders && !range_is_none(vmf, *order))
		*order = next_order(&orders, *order);
	for (; orders; *order = next_order(&orders, *order)) {
		int err;

		(void)first_entry(vmf, *order, &addr);
		err = vma_alloc_folio(m, gfp, (unsigned int)*order, vmf->vma, addr, pfn);
		if (!err && mem_cgroup_charge(m, *pfn, vmf->vma->vm_mm, gfp)) {
			free_pages(m, *pfn, (unsigned int)*order);
			count_mthp_stat(m, (unsigned int)*order, MTHP_STAT_ANON_FAULT_FALLBACK_CHARGE);
			err = -ENOMEM;
		}
		if (err != -ENOMEM)
			return err;
		count_mthp_stat(m, (unsigned int)*order, MTHP_STAT_ANON_FAULT_FALLBACK);
	}
	return -ENOMEM;
}

static void map_folio(struct machine *m, struct vm_fault *vmf, int order, u32 pfn, u64 prot)
{
	struct vm_area_struct *vma = vmf->vma;
	u64 nr = 1ULL << order, addr;
	pte_t *pte = first_entry(vmf, order, &addr);

	page_set_flag(pfn_to_page(m, pfn), PG_uptodate);
	pfn_to_page(m, pfn)->refcount += (s32)nr - 1;
	add_mm_counter(m, vma->vm_mm, MM_ANONPAGES, (s64)nr);
	count_mthp_stat(m, (unsigned int)order, MTHP_STAT_ANON_FAULT_ALLOC);
	folio_add_new_anon_rmap_ptes(m, pfn, nr, vma, addr);
	if ((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED)
		mlock_new_page(m, pfn);
	else
		lru_cache_add(m, pfn);
	for (u64 i = 0; i < nr; i++) {
		content_zero(m, pfn + i);
		pte[i] = mk_pte(pfn + i, prot);
	}
	update_mmu_cache(m, vma, vmf->address, vmf->pte);
}

unsigned int do_anonymous_folio(struct machine *m, struct vm_fault *vmf, u64 prot)
{
	u64 orders = thp_anon_fault_orders(m, vmf->vma, vmf->address);
	u32 pfn;
	int order, err;

	if (!orders || vmf->vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_WP))
		return VM_FAULT_FALLBACK;
	err = alloc_anon_folio(m, vmf, orders, &order, &pfn);
	if (err)
		return err == -ENOBUFS ? VM_FAULT_NOHOST : VM_FAULT_FALLBACK;
	map_folio(m, vmf, order, pfn, prot);
	return 0;
}
