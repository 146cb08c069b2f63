// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child's VMAs. The tree is copied whole, then each entry is replaced by the child's
 * own VMA, in order; where that fails, the entries behind still name the parent's,
 * by which exit_mmap() knows where to stop.
 */
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/mmap.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma_internal.h"

/* The child's VMA, charged, with its chains; not in a tree yet. */
static int dup_vma(struct machine *m, struct mm_struct *mm, struct vm_area_struct *old,
		   struct vm_area_struct **vmap)
{
	u64 charged = old->vm_flags & VM_ACCOUNT ? vma_pages(old) : 0;
	struct vm_area_struct *vma;
	int err = 0;

	if (charged)
		err = security_vm_enough_memory(m, NULL, old->vm_mm, charged);
	if (err)
		return err;
	err = vm_area_dup(m, old, &vma);
	if (err)
		goto out_unacct;
	vma->vm_mm = mm;
	vma->anon_vma = NULL;
	hugetlb_dup_vma_private(vma);
	err = mpol_dup(m, old->vm_policy, &vma->vm_policy);
	if (!err)
		err = dup_userfaultfd(m, vma);
	if (!err && !(vma->vm_flags & VM_WIPEONFORK))
		err = anon_vma_fork(m, vma, old);
	if (err)
		goto out_free;
	vma->vm_flags &= ~(u64)VM_LOCKED_MASK;
	*vmap = vma;
	return 0;
out_free:
	vm_area_free(m, vma);
out_unacct:
	vm_unacct_memory(m, charged);
	return err;
}

/* It is in the tree; now its file, and its pages. */
static int dup_contents(struct machine *m, struct vm_area_struct *vma,
			struct vm_area_struct *old)
{
	int err = 0;

	vma->vm_mm->map_count++;
	if (vma->vm_file) {
		get_file(vma->vm_file);
		vma_link_file(m, vma);
	}
	if (!(vma->vm_flags & VM_WIPEONFORK))
		err = copy_page_range(m, vma, old);
	if (vma->vm_ops && vma->vm_ops->open)
		vma->vm_ops->open(m, vma);
	return err;
}

static int dup_vmas(struct machine *m, struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *last = NULL;
	struct maple_state mas;
	int err;

	mm->locked_stray = 0;
	mm->total_vm = oldmm->total_vm;
	mm->data_vm = oldmm->data_vm;
	mm->exec_vm = oldmm->exec_vm;
	mm->stack_vm = oldmm->stack_vm;
	if (!rel_fork_tells_khugepaged_last(m->release))
		khugepaged_fork(m, mm, oldmm);
	err = mt_dup(&mm->mm_mt, &oldmm->mm_mt);
	if (err)
		return err;
	mas_init(&mas, &mm->mm_mt, 0);
	for (u32 h = mas_find(&mas, ~0ULL); h; h = mas_next(&mas, ~0ULL)) {
		struct vm_area_struct *vma, *old = vma_of(m, h);

		if (old->vm_flags & VM_DONTCOPY) {
			err = mt_store_range(&mm->mm_mt, old->vm_start, old->vm_end - 1, 0);
			if (err)
				return err;
			vm_stat_account(mm, old->vm_flags, -(s64)vma_pages(old));
			continue;
		}
		err = dup_vma(m, mm, old, &vma);
		if (err)
			return err;
		mas_replace(&mas, &mm->mm_mt, vma->self);
		/* What the child's lost may have been what kept them apart. */
		if (last && last->vm_end == vma->vm_start && vmas_could_be_one(m, last, vma))
			vma->apart = APART_FORK;
		last = vma;
		err = dup_contents(m, vma, old);
		if (err)
			return err;
	}
	if (rel_fork_tells_khugepaged_last(m->release))
		khugepaged_fork(m, mm, oldmm);
	return 0;
}

/* What the parent could write to, it cannot any more. */
int dup_mmap(struct machine *m, struct mm_struct *mm, struct mm_struct *oldmm)
{
	int err;

	flush_cache_dup_mm(m, oldmm);
	err = dup_vmas(m, mm, oldmm);
	flush_tlb_mm(m, oldmm);
	return err;
}
