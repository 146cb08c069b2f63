// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flush functions as calls. A flush that nobody needs changes no translation: the
 * next accesses walk the tables again.
 */
#include "fs/core/verb.h"
#include "sim/virt/task.h"
#include "sim/virt/tlb.h"
#include "sim/virt/vma.h"

static int run_flush_tlb_all(struct call *call)
{
	flush_tlb_all(call->m);
	return 0;
}

static int run_flush_tlb_kernel_range(struct call *call)
{
	u64 start = call->args[0].value, bytes = call->args[1].value;

	if (start < call->m->arch->page_offset || start + bytes < start)
		return call_refuse(call, -EINVAL, "0x%llx is no address of the kernel's, or the "
				   "range ends beyond all addresses", (unsigned long long)start);
	flush_tlb_kernel_range(call->m, ALIGN_DOWN(start, PAGE_SIZE),
			       start + ALIGN_UP(bytes, PAGE_SIZE));
	return 0;
}

/* The mm of the task that the first argument names; NULL: refused. */
static struct mm_struct *call_mm(struct call *call, int *err)
{
	const struct task_struct *task = task_find(call->m, (u32)call->args[0].value);

	*err = 0;
	if (task && task->mm)
		return task->mm;
	*err = call_refuse(call, -ESRCH, "%lld is no task with an address space",
			   (long long)call->args[0].value);
	return NULL;
}

static int run_flush_tlb_mm(struct call *call)
{
	int err;
	struct mm_struct *mm = call_mm(call, &err);

	if (mm)
		flush_tlb_mm(call->m, mm);
	return err;
}

/* The VMA of the second argument; NULL: refused. */
static struct vm_area_struct *call_vma(struct call *call, int *err)
{
	u64 addr = call->args[1].value;
	struct mm_struct *mm = call_mm(call, err);
	struct vm_area_struct *vma = mm ? vma_lookup(call->m, mm, addr) : NULL;

	if (mm && !vma)
		*err = call_refuse(call, -EFAULT, "0x%llx is in no mapping",
				   (unsigned long long)addr);
	return vma;
}

static int run_flush_tlb_page(struct call *call)
{
	int err;
	struct vm_area_struct *vma = call_vma(call, &err);

	if (vma)
		flush_tlb_page(call->m, vma, call->args[1].value);
	return err;
}

static int run_flush_tlb_range(struct call *call)
{
	u64 start = ALIGN_DOWN(call->args[1].value, PAGE_SIZE), bytes = call->args[2].value;
	int err;
	struct vm_area_struct *vma = call_vma(call, &err);

	if (!vma)
		return err;
	if (bytes > vma->vm_end - start)
		return call_refuse(call, -EINVAL, "the mapping ends at 0x%llx",
				   (unsigned long long)vma->vm_end);
	flush_tlb_range(call->m, vma, start, start + ALIGN_UP(bytes, PAGE_SIZE));
	return 0;
}

static const struct verb verbs[] = {
	{ "flush_tlb_all", { A_END }, run_flush_tlb_all, RESULT_NONE, 0, SCOPE_KERNEL, "",
	  "Empty the TLBs of all CPUs." },
	{ "flush_tlb_mm", { A_PID }, run_flush_tlb_mm, RESULT_NONE, 0, SCOPE_KERNEL, "PID",
	  "Take all of a process's address space out of the TLBs: CPUs that run with it are "
	  "interrupted, those that have it and do not use it flush when they come back." },
	{ "flush_tlb_range", { A_PID, A_ADDR, A_SIZE }, run_flush_tlb_range, RESULT_NONE, 0,
	  SCOPE_KERNEL, "PID ADDRESS SIZE", "The same for a part of one mapping." },
	{ "flush_tlb_page", { A_PID, A_ADDR }, run_flush_tlb_page, RESULT_NONE, 0,
	  SCOPE_KERNEL, "PID ADDRESS", "The same for one page of a mapping." },
	{ "flush_tlb_kernel_range", { A_ADDR, A_SIZE }, run_flush_tlb_kernel_range,
	  RESULT_NONE, 0, SCOPE_KERNEL, "ADDRESS SIZE",
	  "Flush addresses of the kernel on all CPUs; more than 33 pages empty the TLBs." },
};

const struct verb_table tlb_verbs = { verbs, ARRAY_SIZE(verbs) };
