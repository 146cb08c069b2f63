// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * msync: writes what shared mappings of files changed (MS_SYNC). Holes are passed over
 * and told at the end; locked memory cannot be invalidated.
 */
#include "sim/virt/file.h"
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma_internal.h"

/* What of the VMA's file lies in [addr, end) of it. */
static int sync_vma(struct machine *m, const struct vm_area_struct *vma, u64 addr, u64 end)
{
	u64 start = linear_page_index(vma, addr) << PAGE_SHIFT;

	if (!vma->vm_file || !(vma->vm_flags & VM_SHARED))
		return 0;
	if (vma->vm_file->inode->kind == INODE_SECRET)
		return -EINVAL;
	filemap_write_range(m, vma->vm_file->inode, start,
			    start + MIN(end, vma->vm_end) - addr);
	return file_check_wb_err(vma->vm_file);
}

/* VMAs from addr on, which lies in [start of the call, end). */
static int msync_range(struct machine *m, const struct mm_struct *mm, u64 addr, u64 end,
		       u64 flags)
{
	const struct vm_area_struct *vma;
	int unmapped = 0, err;

	for (;;) {
		vma = find_vma(m, mm, addr);
		if (!vma)
			return -ENOMEM;
		if (addr < vma->vm_start) {
			if (flags == MS_ASYNC || vma->vm_start >= end)
				return -ENOMEM;
			unmapped = -ENOMEM;
			addr = vma->vm_start;
		}
		if (flags & MS_INVALIDATE && vma->vm_flags & VM_LOCKED)
			return -EBUSY;
		err = flags & MS_SYNC ? sync_vma(m, vma, addr, end) : 0;
		if (err)
			return err;
		addr = vma->vm_end;
		if (addr >= end)
			return unmapped;
	}
}

int sys_msync(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 flags)
{
	u64 end = user_word(m, addr + ALIGN_UP(len, PAGE_SIZE));

	if (flags & ~(u64)(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || addr % PAGE_SIZE ||
	    (flags & MS_ASYNC && flags & MS_SYNC))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;
	return end == addr ? 0 : msync_range(m, task->mm, addr, end, flags);
}
