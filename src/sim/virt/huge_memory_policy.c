// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may have huge pages, and how hard the allocator tries to find one: by the files of
 * sys/kernel/mm/transparent_hugepage, the flags of VMAs, and how they lie.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/huge_memory.h"

enum thp_enabled { THP_NEVER, THP_MADVISE, THP_ALWAYS };
enum thp_defrag { DEFRAG_ALWAYS, DEFRAG_DEFER, DEFRAG_DEFER_MADVISE, DEFRAG_MADVISE,
		  DEFRAG_NEVER };

bool thp_vma_suitable_order(const struct vm_area_struct *vma, u64 address, unsigned int order)
{
	u64 size = PAGE_SIZE << order, start = address & ~(size - 1);

	if (!vma_is_anonymous(vma) &&
	    !IS_ALIGNED((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff, 1ULL << order))
		return false;
	return start >= vma->vm_start && start + size <= vma->vm_end;
}

/* Is there any room for one at all? */
static bool vma_has_room(const struct machine *m, const struct vm_area_struct *vma)
{
	u64 size = hpage_pmd_size(m);

	return vma->vm_end - vma->vm_start >= size &&
	       thp_vma_suitable_order(vma, vma->vm_end - size, hpage_pmd_order(m));
}

u64 thp_vma_allowable_orders(const struct machine *m, const struct vm_area_struct *vma,
			     u64 vm_flags, enum tva_type type, u64 orders)
{
	s32 enabled = m->tunables->thp_enabled;

	if (!has_transparent_hugepage(m) || vm_flags & (VM_NOHUGEPAGE | VM_SPECIAL | VM_HUGETLB) ||
	    !vma_is_anonymous(vma))
		return 0;
	if (enabled != THP_ALWAYS && !(enabled == THP_MADVISE && vm_flags & VM_HUGEPAGE))
		return 0;
	if (type != TVA_PAGEFAULT && !vma_has_room(m, vma))
		return 0;
	return orders & 1ULL << hpage_pmd_order(m);
}

gfp_t vma_thp_gfp_mask(const struct machine *m, const struct vm_area_struct *vma)
{
	bool madvised = vma->vm_flags & VM_HUGEPAGE;

	switch (m->tunables->thp_defrag) {
	case DEFRAG_ALWAYS:
		return GFP_TRANSHUGE | (madvised ? 0 : __GFP_NORETRY);
	case DEFRAG_DEFER:
		return GFP_TRANSHUGE_LIGHT | __GFP_KSWAPD_RECLAIM;
	case DEFRAG_DEFER_MADVISE:
		return GFP_TRANSHUGE_LIGHT |
		       (madvised ? __GFP_DIRECT_RECLAIM : __GFP_KSWAPD_RECLAIM);
	case DEFRAG_MADVISE:
		return GFP_TRANSHUGE_LIGHT | (madvised ? __GFP_DIRECT_RECLAIM : 0);
	}
	return GFP_TRANSHUGE_LIGHT;
}
