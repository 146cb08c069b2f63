// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The heap: one end that brk() moves. Growing widens the VMA before the old end if it
 * is alike, whoever made it, else adds one; shrinking is munmap().
 */
#include "sim/phys/tunables.h"
#include "sim/virt/ksm.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

typedef unsigned long long ull;


static u64 data_default_flags(const struct task_struct *task)
{
	u64 flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

	return task->personality & READ_IMPLIES_EXEC ? flags | VM_EXEC : flags;
}

static int check_brk_limits(struct machine *m, struct task_struct *task, u64 addr, u64 len)
{
	struct mmap_request req = {
		.addr = addr, .len = len, .flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS,
	};
	u64 placed;
	int err = get_unmapped_area(m, task, &req, 0, &placed);

	if (err)
		return err;
	return mlock_future_ok(task, task->mm, task->mm->def_flags, len) ? 0 : -EAGAIN;
}

/* A VMA of its own. */
static int brk_insert(struct machine *m, struct mm_struct *mm, const struct vma_attr *attr,
		      struct vm_area_struct **vmap)
{
	struct vm_area_struct *vma;
	int err = vm_area_alloc(m, mm, &vma);

	if (err)
		return err;
	vma->vm_start = attr->start;
	vma->vm_end = attr->end;
	vma->vm_pgoff = attr->pgoff;
	vma->vm_flags = attr->vm_flags;
	err = vma_insert(m, vma, NULL);
	if (err)
		vm_area_free(m, vma);
	*vmap = vma;
	return err;
}

/* [addr, addr + len) is free and becomes heap; `prev`: the VMA that may grow, or NULL. */
static int brk_expand(struct machine *m, struct task_struct *task,
		      struct vm_area_struct *prev, u64 addr, u64 len, u64 vm_flags)
{
	struct mm_struct *mm = task->mm;
	u64 nr_pages = len >> PAGE_SHIFT;
	struct vma_attr attr = {
		.start = addr, .end = addr + len, .pgoff = addr >> PAGE_SHIFT,
		.vm_flags = vm_flags | data_default_flags(task) | VM_ACCOUNT | mm->def_flags,
		.kind = VMA_RANGE_BRK,
	};
	struct vm_area_struct *vma = NULL;
	int err;

	attr.vm_flags = ksm_vma_flags(mm, attr.vm_flags);
	if (!may_expand_vm(m, task, mm, attr.vm_flags, nr_pages))
		return -ENOMEM;
	if (mm->map_count > m->tunables->max_map_count)
		return -ENOMEM;
	err = security_vm_enough_memory(m, task, mm, nr_pages);
	if (err)
		return err;
	err = vma_merge_between(m, &attr, prev, NULL, &vma);
	if (!err && !vma)
		err = brk_insert(m, mm, &attr, &vma);
	if (err) {
		vm_unacct_memory(m, nr_pages);
		return err;
	}
	mm->total_vm += nr_pages;
	mm->data_vm += nr_pages;
	if (attr.vm_flags & VM_LOCKED)
		mm->locked_vm += nr_pages;
	vma->vm_flags |= vm_softdirty(m);
	vma_edges_stay_apart(m, vma, APART_BRK);
	return 0;
}

int do_brk_flags(struct machine *m, struct task_struct *task, u64 addr, u64 len,
		 u64 vm_flags)
{
	struct vm_area_struct *prev;
	u64 bytes = ALIGN_UP(len, PAGE_SIZE);
	int err;

	if (bytes < len)
		return -ENOMEM;
	if (!bytes)
		return 0;
	if (vm_flags & ~(u64)VM_EXEC)
		return -EINVAL;
	err = check_brk_limits(m, task, addr, bytes);
	if (!err)
		err = do_vmi_munmap(m, task->mm, addr, addr + bytes);
	if (err)
		return err;
	find_vma_prev(m, task->mm, addr, &prev);
	err = brk_expand(m, task, prev, addr, bytes, vm_flags);
	if (!err && (task->mm->def_flags & VM_LOCKED))
		err = mm_populate(m, task->mm, addr, bytes);
	return err;
}

static int brk_shrink(struct machine *m, struct mm_struct *mm, u64 newbrk, u64 oldbrk)
{
	const struct vm_area_struct *vma = find_vma(m, mm, newbrk);

	if (!vma || vma->vm_start >= oldbrk)
		return -EINVAL;
	return do_vmi_munmap(m, mm, newbrk, oldbrk);
}

static int brk_grow(struct machine *m, struct task_struct *task, u64 newbrk, u64 oldbrk)
{
	struct mm_struct *mm = task->mm;
	struct vm_area_struct *prev, *next;
	int err = check_brk_limits(m, task, oldbrk, newbrk - oldbrk);

	if (err)
		return err;
	next = find_vma_prev(m, mm, oldbrk, &prev);
	if (next && newbrk + PAGE_SIZE > vm_start_gap(next)) {
		machine_why(m, "the heap up to %#llx would meet the mapping at %#llx",
			    (ull)newbrk, (ull)next->vm_start);
		return -ENOMEM;
	}
	if (prev && prev->vm_end <= mm->start_brk)
		prev = NULL;
	err = brk_expand(m, task, prev, oldbrk, newbrk - oldbrk, 0);
	if (!err && (mm->def_flags & VM_LOCKED))
		err = mm_populate(m, mm, oldbrk, newbrk - oldbrk);
	return err;
}

/* Heap and data together, as RLIMIT_DATA counts them here. */
static bool over_data_limit(const struct task_struct *task, u64 brk)
{
	const struct mm_struct *mm = task->mm;
	u64 limit = task->signal->rlim[RLIMIT_DATA].cur;

	return limit < RLIM_INFINITY &&
	       brk - mm->start_brk + (mm->end_data - mm->start_data) > limit;
}

int sys_brk(struct machine *m, struct task_struct *task, u64 newbrk, u64 *brk)
{
	struct mm_struct *mm = task->mm;
	u64 new_end = ALIGN_UP(newbrk, PAGE_SIZE), old_end = ALIGN_UP(mm->brk, PAGE_SIZE);
	int err = 0;

	*brk = mm->brk;
	if (newbrk < mm->start_brk || over_data_limit(task, newbrk))
		return 0;
	if (new_end != old_end && newbrk <= mm->brk)
		err = brk_shrink(m, mm, new_end, old_end);
	else if (new_end != old_end)
		err = brk_grow(m, task, new_end, old_end);
	if (!err)
		*brk = mm->brk = newbrk;
	return err == -ENOBUFS ? err : 0;
}
