// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mseal: the VMAs of a range get a flag that nothing takes away again, and by which
 * munmap, mprotect, mremap, MAP_FIXED and some advice refuse them. A range with a hole
 * is refused before any VMA is changed.
 */
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

static bool has_hole(const struct machine *m, const struct mm_struct *mm, u64 start, u64 end)
{
	while (start < end) {
		const struct vm_area_struct *vma = vma_lookup(m, mm, start);

		if (!vma)
			return true;
		start = vma->vm_end;
	}
	return false;
}

static int seal_range(struct machine *m, const struct mm_struct *mm, u64 start, u64 end)
{
	while (start < end) {
		struct vm_area_struct *vma = vma_lookup(m, mm, start);
		u64 next = MIN(vma->vm_end, end);

		if (!vma_is_sealed(vma)) {
			int err = vma_modify(m, &vma, start, next, vma->vm_flags | VM_SEALED,
					     vma->anon_name);

			if (err)
				return err;
			vma->vm_flags |= VM_SEALED;
		}
		start = next;
	}
	return 0;
}

int sys_mseal(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 flags)
{
	u64 bytes = ALIGN_UP(len, PAGE_SIZE), end = addr + bytes;

	if (!rel_has_mseal(m->release) || m->arch->bits == 32)
		return -ENOSYS;
	if (flags || addr % PAGE_SIZE || (len && !bytes) || end < addr)
		return -EINVAL;
	if (has_hole(m, task->mm, addr, end))
		return -ENOMEM;
	return seal_range(m, task->mm, addr, end);
}
