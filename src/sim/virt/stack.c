// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stack grows down to the address that was touched below it, if limits allow and a
 * gap stays free towards the mapping before it.
 */
#include "sim/phys/tunables.h"
#include "sim/virt/mmap.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

typedef unsigned long long ull;

static int acct_stack_growth(struct machine *m, struct task_struct *task,
			     const struct vm_area_struct *vma, u64 size, u64 nr_pages)
{
	const struct mm_struct *mm = vma->vm_mm;
	u64 limit = task->signal->rlim[RLIMIT_STACK].cur;

	if (!may_expand_vm(m, task, mm, vma->vm_flags, nr_pages))
		return -ENOMEM;
	if (size > limit) {
		machine_why(m, "RLIMIT_STACK: a stack of %llu bytes is over %llu",
			    (ull)size, (ull)limit);
		return -ENOMEM;
	}
	if (!mlock_future_ok(task, mm, vma->vm_flags, nr_pages << PAGE_SHIFT))
		return -ENOMEM;
	return security_vm_enough_memory(m, task, mm, nr_pages);
}

static bool gap_is_kept(struct machine *m, const struct vm_area_struct *vma, u64 addr)
{
	const struct vm_area_struct *prev = vma_prev(m, vma);

	if (!prev || (prev->vm_flags & VM_GROWSDOWN) || !vma_is_accessible(prev))
		return true;
	if (addr - prev->vm_end >= STACK_GUARD_GAP_PAGES << PAGE_SHIFT)
		return true;
	machine_why(m, "the stack stays %u pages away from the mapping that ends at %#llx",
		    STACK_GUARD_GAP_PAGES, (ull)prev->vm_end);
	return false;
}

int expand_downwards(struct machine *m, struct task_struct *task, struct vm_area_struct *vma,
		     u64 addr)
{
	struct vma_change change = { .vma = vma, .end = vma->vm_end };
	u64 nr_pages;
	int err;

	if (!(vma->vm_flags & VM_GROWSDOWN))
		return -EFAULT;
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	if (addr < lowest_address(m->tunables))
		return -EPERM;
	if (addr >= vma->vm_start)
		return 0;
	if (!gap_is_kept(m, vma, addr))
		return -ENOMEM;
	err = anon_vma_prepare(m, vma);
	if (err)
		return err;
	nr_pages = (vma->vm_start - addr) >> PAGE_SHIFT;
	if (nr_pages > vma->vm_pgoff)
		return -ENOMEM;
	err = acct_stack_growth(m, task, vma, vma->vm_end - addr, nr_pages);
	if (err)
		return err;
	change.start = addr;
	err = vma_change(m, &change);
	if (err) {
		vm_unacct_memory(m, nr_pages);
		return err;
	}
	/* The kernel charges every growth, and gives back what VM_ACCOUNT says. */
	if (!(vma->vm_flags & VM_ACCOUNT))
		m->virt->committed_lost += (s64)nr_pages;
	if (vma->vm_flags & VM_LOCKED)
		vma->vm_mm->locked_vm += nr_pages;
	vm_stat_account(vma->vm_mm, vma->vm_flags, (s64)nr_pages);
	khugepaged_enter_vma(m, vma, vma->vm_flags);
	vma_stays_apart(m, vma, APART_GROWN);
	return 0;
}
