// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who waits. A task waits for one page at most: what it waits for, and how its access goes
 * on, is in the task. Being woken is a mark; when the call that woke it is done, the task
 * has the fault again, and then the rest of its access. Events are a list of the task's,
 * told one by one.
 */
#include "sim/virt/userfaultfd.h"

#include "sim/virt/fork.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma_internal.h"

#define SLICE_PAGES 1024

static u64 next_seq(const struct machine *m)
{
	return ++m->virt->uffd->last_seq;
}

struct task_struct *userfaultfd_next_waiting(const struct machine *m, u32 ctx,
					     const struct task_struct *task)
{
	struct task_struct *next;

	for (u32 pid = task ? task->pid + 1 : 0; (next = task_next(m, pid)); pid = next->pid + 1) {
		if (!ctx && (next->uffd.ctx || next->uffd_events))
			return next;
		if (ctx && (next->uffd.ctx == ctx ||
			    (next->uffd_events && next->uffd_events->ctx == ctx)))
			return next;
	}
	return NULL;
}

const char *userfaultfd_waits_for(const struct task_struct *task)
{
	if (task->uffd_events)
		return "somebody has to read of what it did (uffd_read)";
	return task->uffd.ctx ? "a page that a userfaultfd has to fill" : NULL;
}

/* ---- Faults. ---- */

unsigned int do_handle_userfault(struct machine *m, const struct uffd_fault *fault)
{
	struct task_struct *task = current_task(m);
	const struct userfaultfd_ctx *ctx = userfaultfd_ctx_of(m, fault->vma->uffd);
	struct uffd_wait *w;

	if (!ctx || !task || task->flags & PF_EXITING)
		return VM_FAULT_SIGBUS;
	if (ctx->features & UFFD_FEATURE_SIGBUS)
		return VM_FAULT_SIGBUS;
	if (!(fault->flags & FAULT_FLAG_USER) && ctx->flags & UFFD_USER_MODE_ONLY) {
		machine_why(m, "the userfaultfd is for faults of programs alone");
		return VM_FAULT_SIGBUS;
	}
	if (!(fault->flags & FAULT_FLAG_MAY_WAIT) || task->mm != ctx->mm) {
		machine_why(m, "the kernel would wait here for a userfaultfd, within the call");
		return VM_FAULT_SIGBUS;
	}
	w = &task->uffd;
	w->ctx = ctx->self;
	w->flags = fault->flags & FAULT_FLAG_WRITE ? UFFD_PAGEFAULT_FLAG_WRITE : 0;
	if (fault->reason == VM_UFFD_WP)
		w->flags |= UFFD_PAGEFAULT_FLAG_WP;
	if (fault->reason == VM_UFFD_MINOR)
		w->flags |= UFFD_PAGEFAULT_FLAG_MINOR;
	w->address = fault->address;
	w->read = w->woken = false;
	w->tries += w->tries < 2;
	w->seq = next_seq(m);
	return VM_FAULT_UFFD;
}

unsigned int handle_userfault(struct machine *m, struct vm_fault *vmf, u64 reason)
{
	const struct uffd_fault fault = {
		.vma = vmf->vma, .address = vmf->address, .flags = vmf->flags,
		.reason = reason,
	};

	return do_handle_userfault(m, &fault);
}

void userfaultfd_wait_access(struct task_struct *task, u64 addr, u64 end, u64 stride)
{
	task->uffd.addr = addr;
	task->uffd.end = end;
	task->uffd.stride = stride;
}

void userfaultfd_wait_populate(struct task_struct *task, u64 addr, u64 end, bool write)
{
	task->uffd.kind = write ? UFFD_POPULATE_WRITE : UFFD_POPULATE;
	task->uffd.addr = addr;
	task->uffd.end = end;
}

void userfaultfd_wake(struct machine *m, u32 ctx, u64 start, u64 len)
{
	struct task_struct *task = NULL;

	while ((task = userfaultfd_next_waiting(m, ctx, task))) {
		struct uffd_wait *w = &task->uffd;

		if (w->ctx == ctx && (!len || (w->address >= start && w->address - start < len)))
			w->woken = true;
	}
}

/* ---- Going on. ---- */

static int secure(struct machine *m, const struct uffd_wait *w)
{
	u64 pages = MIN(PFN_UP(w->end) - PFN_DOWN(w->addr), SLICE_PAGES);
	struct virt_need need = { .pages = 2 * pages + 64, .tables = 32 + pages / 256,
				  .objects = 256 };

	return virt_guarantee(m, &need);
}

static u64 next_access(const struct uffd_wait *w)
{
	return w->stride ? w->addr + w->stride : ALIGN_DOWN(w->addr, PAGE_SIZE) + PAGE_SIZE;
}

/* The rest of the access: -EINPROGRESS: it waits again; -ENOBUFS: later. */
static int go_on_access(struct machine *m, struct task_struct *task,
			struct access_result *result)
{
	struct uffd_wait w = task->uffd;
	int err = task_fault_again(m, task, result);

	while (!err && !result->signal) {
		err = task_access(m, task, w.addr, w.access, result);
		if (err || result->signal)
			break;
		w.addr = next_access(&w);
		task->uffd.tries = 0;
		if (w.addr >= w.end)
			break;
		if (w.addr / PAGE_SIZE % SLICE_PAGES == 0)
			err = secure(m, &w);
	}
	userfaultfd_wait_access(task, w.addr, w.end, w.stride);
	return err;
}

static int go_on_populate(struct machine *m, struct task_struct *task)
{
	const struct uffd_wait w = task->uffd;
	int err;

	if (w.kind == UFFD_POPULATE_WRITE)
		err = faultin_page_range(m, task->mm, w.addr, w.end, /* write = */ true);
	else
		err = mm_populate(m, task->mm, w.addr, w.end - w.addr);
	return !err && task->uffd.seq != w.seq ? -EINPROGRESS : err;
}

static void go_on(struct machine *m, struct task_struct *task)
{
	struct access_result result = { 0 };
	int err;

	if (secure(m, &task->uffd))
		return;
	sched_switch_to(m, task);
	task->uffd.woken = false;
	if (task->uffd.kind == UFFD_ACCESS)
		err = go_on_access(m, task, &result);
	else
		err = go_on_populate(m, task);
	if (err == -EINPROGRESS)
		return;
	if (err == -ENOBUFS) {
		task->uffd.woken = true;
		return;
	}
	memset(&task->uffd, 0, sizeof(task->uffd));
	if (result.signal)
		force_sig_fault(m, task, result.signal, result.code, result.address,
				result.error_code);
}

void userfaultfd_run_woken(struct machine *m)
{
	struct task_struct *task;

	if (!m->virt->uffd || !m->virt->uffd->last_seq)
		return;
	for (u32 pid = 0; (task = task_next(m, pid)); pid++) {
		pid = task->pid;
		if (task->uffd.ctx && task->uffd.woken && !task->uffd_events && task->state == 'S')
			go_on(m, task);
	}
}

void userfaultfd_exit(struct machine *m, struct task_struct *task)
{
	memset(&task->uffd, 0, sizeof(task->uffd));
	while (task->uffd_events)
		userfaultfd_event_complete(m, task);
}

/* ---- Events. ---- */

int userfaultfd_event_add(struct machine *m, struct task_struct *task, u32 ctx,
			  enum uffd_event_kind kind, const u64 arg[3])
{
	struct uffd_event *event = arena_alloc(&m->arena, sizeof(*event)), **last;

	if (!event)
		return -ENOBUFS;
	*event = (struct uffd_event){ .ctx = ctx, .kind = kind };
	memcpy(event->arg, arg, sizeof(event->arg));
	for (last = &task->uffd_events; *last; last = &(*last)->next)
		;
	*last = event;
	if (task->uffd_events == event)
		event->seq = next_seq(m);
	return 0;
}

/* It is off the list of who waited; the next one may be told now. */
static void event_remove(struct machine *m, struct task_struct *task, struct uffd_event **at)
{
	struct uffd_event *event = *at;

	*at = event->next;
	if (task->uffd_events && !task->uffd_events->seq)
		task->uffd_events->seq = next_seq(m);
	if (event->kind == UFFD_EVENT_FORK && event->arg[0])
		userfaultfd_release(m, (u32)event->arg[0]);
	arena_free(&m->arena, event, sizeof(*event));
}

void userfaultfd_event_complete(struct machine *m, struct task_struct *task)
{
	event_remove(m, task, &task->uffd_events);
}

/* The first of a task's that is for the context; NULL: none is. */
static struct uffd_event **event_for(struct task_struct *task, u32 ctx)
{
	struct uffd_event **at = &task->uffd_events;

	while (*at && (*at)->ctx != ctx)
		at = &(*at)->next;
	return *at ? at : NULL;
}

void userfaultfd_events_forget(struct machine *m, u32 ctx)
{
	struct task_struct *task;
	struct uffd_event **at;

	for (u32 pid = 0; (task = task_next(m, pid)); pid = task->pid + 1)
		while ((at = event_for(task, ctx)))
			event_remove(m, task, at);
}

bool userfaultfd_mmap_changing(const struct machine *m, const struct userfaultfd_ctx *ctx)
{
	const struct task_struct *task = NULL;

	while ((task = userfaultfd_next_waiting(m, 0, task)))
		for (const struct uffd_event *e = task->uffd_events; e; e = e->next)
			if (e->ctx == ctx->self)
				return true;
	return false;
}

/* Who tells: the task that runs, if the map is its own. */
static struct task_struct *teller(const struct machine *m, const struct vm_area_struct *vma,
				  u32 feature)
{
	struct task_struct *task = current_task(m);

	if (likely(!vma->uffd) || !(vma_uffd_features(m, vma) & feature))
		return NULL;
	return task && task->mm == vma->vm_mm && !(task->flags & PF_EXITING) ? task : NULL;
}

int dup_userfaultfd(struct machine *m, struct vm_area_struct *vma)
{
	struct task_struct *task = current_task(m);

	if (likely(!vma->uffd))
		return 0;
	if (!task || !(vma_uffd_features(m, vma) & UFFD_FEATURE_EVENT_FORK)) {
		userfaultfd_reset_ctx(vma);
		return 0;
	}
	return userfaultfd_fork_ctx(m, task, vma->uffd, vma->vm_mm, &vma->uffd);
}

void dup_userfaultfd_fail(struct machine *m, const struct mm_struct *mm)
{
	struct task_struct *task = current_task(m);
	struct uffd_event **at;

	if (!task)
		return;
	for (at = &task->uffd_events; *at; ) {
		struct uffd_event *event = *at;
		u32 ctx = event->kind == UFFD_EVENT_FORK ? (u32)event->arg[0] : 0;

		if (!ctx || userfaultfd_ctx_of(m, ctx)->mm != mm) {
			at = &event->next;
			continue;
		}
		event_remove(m, task, at);
	}
}

int mremap_userfaultfd(struct machine *m, struct vm_area_struct *vma, u64 from, u64 to, u64 len)
{
	struct task_struct *task = teller(m, vma, UFFD_FEATURE_EVENT_REMAP);

	if (likely(!vma->uffd))
		return 0;
	if (!task) {
		userfaultfd_reset_ctx(vma);
		vma_edges_stay_apart(m, vma, APART_MOVED);
		return 0;
	}
	return userfaultfd_event_add(m, task, vma->uffd, UFFD_EVENT_REMAP,
				     (u64[3]){ from, to, len });
}

int userfaultfd_remove(struct machine *m, const struct vm_area_struct *vma, u64 start, u64 end)
{
	struct task_struct *task = teller(m, vma, UFFD_FEATURE_EVENT_REMOVE);

	return task ? userfaultfd_event_add(m, task, vma->uffd, UFFD_EVENT_REMOVE,
					    (u64[3]){ start, end }) : 0;
}

int userfaultfd_unmap_prep(struct machine *m, const struct vm_area_struct *vma, u64 start,
			   u64 end)
{
	struct task_struct *task = teller(m, vma, UFFD_FEATURE_EVENT_UNMAP);

	if (likely(!task))
		return 0;
	for (const struct uffd_event *e = task->uffd_events; e; e = e->next)
		if (e->kind == UFFD_EVENT_UNMAP && e->ctx == vma->uffd && e->arg[0] == start &&
		    e->arg[1] == end)
			return 0;
	return userfaultfd_event_add(m, task, vma->uffd, UFFD_EVENT_UNMAP,
				     (u64[3]){ start, end });
}
