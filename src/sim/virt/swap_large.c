// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large folios that come back from swap. Since 6.12 a fault on a device that nobody waits
 * for brings as much as lies side by side, in slots and in the VMA, in a folio of the
 * largest size that is switched on and can be had. Before 6.9 whoever wants a page of a huge
 * page that is still in the cache gets a copy of it, but for the first: the others have no
 * index of their own, and look as if they had been merged with other memory.
 */
#include "sim/phys/lru.h"
#include "sim/virt/content.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/thp.h"
#include "sim/virt/userfaultfd.h"

bool swap_entries_in_row(const struct vm_fault *vmf, u64 idx, u64 nr)
{
	for (u64 i = 0; i < nr; i++)
		if (vmf->pte[(s64)(i - idx)] != vmf->orig_pte + ((i - idx) << SWP_OFFSET_SHIFT))
			return false;
	return true;
}

/* The folios of these sizes would lie as they lay when they went out. */
static u64 swap_suitable_orders(const struct vm_fault *vmf, u64 orders)
{
	u64 apart = (vmf->address >> PAGE_SHIFT) ^ swp_entry_offset(pte_to_swp_entry(vmf->orig_pte));
	int order = highest_order(orders);

	while (orders && apart & ((1ULL << order) - 1))
		order = next_order(&orders, order);
	return orders;
}

/* None of it is in the cache, and it is all zeroes or none is. */
static bool can_swapin(const struct machine *m, const struct vm_fault *vmf, int order)
{
	u64 nr = 1ULL << order, idx = vmf->address >> PAGE_SHIFT & (nr - 1);
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte) - idx;

	if (!swap_entries_in_row(vmf, idx, nr))
		return false;
	for (u64 i = 0; i < nr; i++) {
		u32 map = *swap_map_of(m, entry + i);

		if (map & SWAP_HAS_CACHE || (map ^ *swap_map_of(m, entry)) & SWAP_ZERO)
			return false;
	}
	return true;
}

static u64 swapin_orders(const struct machine *m, const struct vm_fault *vmf)
{
	u64 orders = 0;
	int order;

	if (rel_swapin_brings_folios(m->release) && !userfaultfd_armed(vmf->vma))
		orders = thp_anon_fault_orders(m, vmf->vma, vmf->address);
	orders = swap_suitable_orders(vmf, orders);
	order = highest_order(orders);
	while (orders && !can_swapin(m, vmf, order))
		order = next_order(&orders, order);
	return orders;
}

int alloc_large_swap_folio(struct machine *m, const struct vm_fault *vmf, u32 *pfn)
{
	u64 orders = swapin_orders(m, vmf);
	gfp_t gfp = vma_thp_gfp_mask(m, vmf->vma);
	swp_entry_t entry = pte_to_swp_entry(vmf->orig_pte);

	for (int order = highest_order(orders); orders; order = next_order(&orders, order)) {
		u64 addr = ALIGN_DOWN(vmf->address, PAGE_SIZE << order);
		int err = vma_alloc_folio(m, gfp, (unsigned int)order, vmf->vma, addr, pfn);

		if (!err) {
			err = swap_charge_folio(m, *pfn, vmf->vma->vm_mm, gfp, entry);
			if (!err)
				return 0;
			count_mthp_stat(m, (unsigned int)order, MTHP_STAT_SWPIN_FALLBACK_CHARGE);
		}
		if (err == -ENOBUFS)
			return err;
		count_mthp_stat(m, (unsigned int)order, MTHP_STAT_SWPIN_FALLBACK);
	}
	return -ENOMEM;
}

bool swap_wants_copy(const struct machine *m, u32 pfn)
{
	return !rel_swapin_maps_tails(m->release) && page_is_tail(pfn_to_page(m, pfn));
}

int swap_copy_page(struct machine *m, struct vm_area_struct *vma, u64 address, u32 *pfn)
{
	u32 from = *pfn;
	int err = vma_alloc_folio(m, GFP_HIGHUSER_MOVABLE, 0, vma, address, pfn);

	if (err)
		return err;
	if (mem_cgroup_charge(m, *pfn, vma->vm_mm, GFP_KERNEL)) {
		put_page(m, *pfn);
		return -ENOMEM;
	}
	content_copy(m, *pfn, from);
	page_set_flag(pfn_to_page(m, *pfn), PG_swapbacked);
	page_set_flag(pfn_to_page(m, *pfn), PG_uptodate);
	page_set_flag(pfn_to_page(m, *pfn), PG_dirty);
	lru_cache_add(m, *pfn);
	count_vm_event(m, KSM_SWPIN_COPY, 1);
	return 0;
}
