// SPDX-License-Identifier: GPL-2.0-or-later
/* What a victim's memory is freed by while somebody else holds its address space. */
#include "sim/policy/oom.h"
#include "sim/virt/memory.h"
#include "sim/virt/vma.h"

/* Does a process live that has it? Who makes the call dies later; init does not. */
static bool has_process(const struct machine *m, const struct mm_struct *mm)
{
	for (struct task_struct *task = process_next(m, 1); task;
	     task = process_next(m, task->pid + 1)) {
		const struct task_struct *thread = find_task_with_mm(m, task);

		if (thread && thread->mm == mm)
			return true;
	}
	return false;
}

void oom_reap_mm(struct machine *m, struct mm_struct *mm, u32 pid, const char *comm)
{
	if (!mm->mm_users || has_process(m, mm))
		return;
	for (struct vm_area_struct *vma = vma_first(m, mm); vma; vma = vma_next(m, vma))
		if (!(vma->vm_flags & (VM_HUGETLB | VM_PFNMAP)) &&
		    (vma_is_anonymous(vma) || !(vma->vm_flags & VM_SHARED)))
			zap_page_range(m, vma, vma->vm_start, vma->vm_end, /* even_cows = */ true);
	oom_say_reaped(m, mm, pid, comm);
}
