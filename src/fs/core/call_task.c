// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounds of what calls need of the host. They are generous: what is too much costs
 * nothing but the asking, since the guarantee is kept from call to call.
 */
#include "fs/core/call_task.h"

#include "sim/virt/rmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/vma.h"

/* What any call may do: split two VMAs, move a stack's bottom, fault a page. */
#define USUAL_PAGES 64
#define USUAL_TABLES 16
#define USUAL_OBJECTS 128

int call_needs(struct call *call, const struct virt_need *need)
{
	if (virt_guarantee(call->m, need))
		return call_no_host_memory(call);
	sched_switch_to(call->m, call->task);
	return 0;
}

int call_needs_range(struct call *call, u64 bytes)
{
	u64 pages = MIN(PFN_UP(bytes), call->m->totalram_pages);
	struct virt_need need = {
		.pages = USUAL_PAGES + pages,
		.tables = USUAL_TABLES + pages / 512 * 2,
		.objects = USUAL_OBJECTS + (u32)(pages / 64),
	};

	return call_needs(call, &need);
}

int call_no_such_call(struct call *call)
{
	return call_refuse(call, -ENOSYS, "Linux %s has no %s on %s",
			   release_name(call->m->release), call->verb->name,
			   call->m->arch->name);
}

int call_needs_copy(struct call *call)
{
	const struct mm_struct *mm = call->task->mm;
	struct virt_need need = {
		.pages = USUAL_PAGES,
		.tables = USUAL_TABLES + mm->pgtables_bytes / PAGE_SIZE,
		.objects = USUAL_OBJECTS + (u32)mm->map_count * 8,
	};

	/* One chain for each ancestor that a VMA was inherited from. */
	for (const struct vm_area_struct *vma = vma_first(call->m, mm); vma;
	     vma = vma_next(call->m, vma))
		need.objects += vma_nr_chains(vma);
	return call_needs(call, &need);
}
