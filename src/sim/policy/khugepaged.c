// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The thread's life: it is there while any switch lets somebody have pages of a pmd's
 * size, sleeps while it knows no mm, else for scan_sleep_millisecs between two turns
 * (khugepaged_scan.c). Its wake-up is an event, so it acts when virtual time passes.
 */
#include "sim/policy/khugepaged.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/task.h"
#include "sim/virt/thp.h"
#include "sim/virt/virt.h"

void khugepaged_boot(struct machine *m)
{
	m->khugepaged->step = khugepaged_step;
	/* It has nothing to do yet; but its timer has room in the queue from now on. */
	khugepaged_wake(m, m->now_ns);
	khugepaged_sleep(m);
}

/*
 * It is told that its sleep ended at jiffy 0. That is in the past, but for 32 bits of jiffies:
 * they begin five minutes before 0, and till then it sleeps on.
 */
void khugepaged_wake_now(struct machine *m)
{
	const u64 first_wrap = 300ULL * 1000000000;

	if (m->arch->bits == 32 && m->now_ns < first_wrap)
		return;
	if (m->khugepaged->in_turn || khugepaged_has_work(m))
		khugepaged_wake(m, m->now_ns);
}

static struct task_struct *thread_of(const struct machine *m)
{
	for (struct task_struct *task = task_next(m, 0); task; task = task_next(m, task->pid + 1))
		if (task->flags & PF_KTHREAD && !strcmp(task->comm, "khugepaged"))
			return task;
	return NULL;
}

/* The cursor is given up; the mm under it may have waited for that. */
static void stop(struct machine *m)
{
	struct khugepaged_state *k = m->khugepaged;
	struct mm_slot *slot = k->scan_slot;
	struct task_struct *task = thread_of(m);

	khugepaged_sleep(m);
	k->running = k->in_turn = false;
	k->scan_slot = NULL;
	if (slot && !slot->mm->mm_users)
		mm_slot_free(m, slot);
	if (task)
		kthread_stop(m, task);
}

int start_stop_khugepaged(struct machine *m)
{
	struct khugepaged_state *k = m->khugepaged;
	bool wanted = hugepage_pmd_enabled(m);
	int err;

	if (wanted && !k->running) {
		err = khugepaged_thread_start(m);
		if (err)
			return err;
		k->running = true;
		khugepaged_wake(m, m->now_ns);
	} else if (!wanted && k->running) {
		stop(m);
	} else if (wanted && k->first && !k->in_turn) {
		khugepaged_wake(m, m->now_ns);
	}
	set_recommended_min_free_kbytes(m, wanted);
	return 0;
}

void khugepaged_need(const struct machine *m, u64 ns, struct virt_need *need)
{
	const struct khugepaged_state *k = m->khugepaged;

	*need = (struct virt_need){ 0 };
	if (!k->event || !k->first || event_when_ns(m->events, k->event) > m->now_ns + ns)
		return;
	/* Each range is made huge at most once before somebody undoes it. */
	for (const struct mm_slot *slot = k->first; slot; slot = slot->next)
		need->pages += slot->mm->total_vm;
	need->tables = 16;
	need->objects = 64 + (u32)MIN(need->pages / 64, UINT32_MAX / 2);
}
