// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * remap_file_pages as it has been since it was emulated: the pages of a shared mapping
 * that are to come from elsewhere in its file become a mapping of their own.
 */
#include "sim/boot/boot_log.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma_internal.h"

static void warn_once(struct machine *m, const struct task_struct *task)
{
	if (m->virt->remap_warned)
		return;
	m->virt->remap_warned = true;
	printk(m, 4, "mmap: %s (%u) uses deprecated remap_file_pages() syscall. See "
	       "Documentation/mm/remap_file_pages.rst.", task->comm, task->pid);
}

/* One mapping up to `end`, if of several VMAs: all alike, no hole. */
static bool is_one_mapping(const struct machine *m, const struct vm_area_struct *vma, u64 end)
{
	const struct vm_area_struct *prev = vma, *next;

	while (prev->vm_end < end) {
		next = vma_next(m, prev);
		if (!next || next->vm_start != prev->vm_end || next->vm_file != vma->vm_file ||
		    next->vm_flags != vma->vm_flags)
			return false;
		prev = next;
	}
	return true;
}

int sys_remap_file_pages(struct machine *m, struct task_struct *task, u64 start, u64 size,
			 u64 prot, u64 pgoff, u64 flags)
{
	const struct vm_area_struct *vma;
	struct mmap_request req;
	u64 addr, populate;
	int err;

	warn_once(m, task);
	req.addr = ALIGN_DOWN(start, PAGE_SIZE);
	req.len = ALIGN_DOWN(size, PAGE_SIZE);
	if (prot || user_word(m, req.addr + req.len) <= req.addr ||
	    user_word(m, pgoff + (req.len >> PAGE_SHIFT)) < pgoff)
		return -EINVAL;
	vma = vma_lookup(m, task->mm, req.addr);
	if (!vma || !(vma->vm_flags & VM_SHARED) || !is_one_mapping(m, vma, req.addr + req.len))
		return -EINVAL;
	req.prot = (vma->vm_flags & VM_READ ? PROT_READ : 0) |
		   (vma->vm_flags & VM_WRITE ? PROT_WRITE : 0) |
		   (vma->vm_flags & VM_EXEC ? PROT_EXEC : 0);
	req.flags = (flags & MAP_NONBLOCK) | MAP_SHARED | MAP_FIXED | MAP_POPULATE |
		    (vma->vm_flags & VM_LOCKED ? MAP_LOCKED : 0);
	req.offset = pgoff << PAGE_SHIFT;
	/* The old mapping may go, and its reference with it. */
	req.file = get_file(vma->vm_file);
	err = pgoff >> (64 - PAGE_SHIFT) ? -EOVERFLOW :
	      do_mmap(m, task, &req, 0, &addr, &populate);
	fput(m, req.file);
	return !err && populate ? mm_populate(m, task->mm, addr, populate) : err;
}
