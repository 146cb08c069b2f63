// SPDX-License-Identifier: GPL-2.0-or-later
/* A mark of the mm and of its VMAs; VMAs that become alike by it stay as they are. */
#include "sim/virt/ksm.h"

#include "sim/virt/vma_internal.h"

bool vma_ksm_compatible(u64 vm_flags)
{
	return !(vm_flags & (VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB | VM_DROPPABLE));
}

u64 ksm_vma_flags(const struct mm_struct *mm, u64 vm_flags)
{
	if (likely(!(mm->flags & MMF_VM_MERGE_ANY)) || !vma_ksm_compatible(vm_flags))
		return vm_flags;
	return vm_flags | VM_MERGEABLE;
}

void ksm_enable_merge_any(struct machine *m, struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	if (mm->flags & MMF_VM_MERGE_ANY)
		return;
	mm->flags |= MMF_VM_MERGEABLE | MMF_VM_MERGE_ANY;
	for (vma = vma_first(m, mm); vma; vma = vma_next(m, vma)) {
		vma->vm_flags = ksm_vma_flags(mm, vma->vm_flags);
		vma_stays_apart(m, vma, APART_MARKED);
	}
}

void ksm_disable_merge_any(struct machine *m, struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	if (!(mm->flags & MMF_VM_MERGE_ANY))
		return;
	for (vma = vma_first(m, mm); vma; vma = vma_next(m, vma)) {
		vma->vm_flags &= ~VM_MERGEABLE;
		vma_stays_apart(m, vma, APART_MARKED);
	}
	mm->flags &= ~MMF_VM_MERGE_ANY;
}
