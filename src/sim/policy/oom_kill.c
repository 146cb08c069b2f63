// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each process gets points for what its end would free; the last of those with the most
 * is killed, with all that share its memory. init and threads of the kernel are never.
 * Who is about to die anyway is left to it.
 */
#include "sim/policy/oom.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/report.h"
#include "sim/phys/tunables.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

#define REPORT_INTERVAL_NS 5000000000ULL
#define REPORT_BURST 10

typedef unsigned long long ull;
typedef long long ll;

u64 oom_totalpages(const struct machine *m)
{
	return m->totalram_pages;
}

const struct task_struct *find_task_with_mm(const struct machine *m,
					    const struct task_struct *task)
{
	const struct task_struct *thread = task;

	for (u32 pid = 0; !thread || !thread->mm; pid = thread->pid) {
		thread = thread_next(m, task->tgid, pid + 1);
		if (!thread)
			return NULL;
	}
	return thread;
}

static bool is_unkillable(const struct task_struct *task)
{
	return !task->signal || task->tgid == PID_INIT || task->flags & PF_KTHREAD;
}

static s64 pages_of(const struct mm_struct *mm)
{
	return (s64)(get_mm_rss(mm) + get_mm_counter(mm, MM_SWAPENTS) +
		     mm->pgtables_bytes / PAGE_SIZE);
}

s64 oom_badness(const struct machine *m, const struct task_struct *task, u64 totalpages)
{
	const struct task_struct *thread;

	if (is_unkillable(task) || task->signal->oom_score_adj == OOM_SCORE_ADJ_MIN)
		return OOM_UNKILLABLE;
	thread = find_task_with_mm(m, task);
	/* A vfork child has the memory of its parent. */
	if (!thread || thread->vfork_parent)
		return OOM_UNKILLABLE;
	return pages_of(thread->mm) + task->signal->oom_score_adj * (s64)(totalpages / 1000);
}

bool oom_eligible(const struct machine *m, const struct oom_control *oc,
		  const struct task_struct *task)
{
	if (is_unkillable(task))
		return false;
	if (oc->nodemask)
		return mempolicy_in_oom_domain(task, oc->nodemask);
	return mems_allowed(m, task) & mems_allowed(m, current_task(m));
}

static u64 present_pages(const struct machine *m, u64 nodes)
{
	u64 pages = 0;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid] && nodes >> nid & 1)
			pages += m->nodes[nid]->present_pages;
	return pages;
}

/* Is it the whole machine that is short of memory, or what the caller may use of it? */
static enum oom_constraint constrained_alloc(const struct machine *m, struct oom_control *oc)
{
	const u64 all = nodes_with_memory(m), allowed = mems_allowed(m, current_task(m));

	oc->totalpages = oom_totalpages(m);
	if (!m->arch->numa || oc->gfp & __GFP_THISNODE)
		return CONSTRAINT_NONE;
	if (oc->nodemask && all & ~oc->nodemask) {
		oc->totalpages += present_pages(m, oc->nodemask) - m->totalram_pages;
		return CONSTRAINT_MEMORY_POLICY;
	}
	if (all & ~allowed && oc->gfp & __GFP_HARDWALL) {
		oc->totalpages += present_pages(m, allowed) - m->totalram_pages;
		return CONSTRAINT_CPUSET;
	}
	return CONSTRAINT_NONE;
}

static bool task_will_free_mem(const struct task_struct *task)
{
	return task->signal && (task->signal->group_exit || task->signal->oom_victim);
}

/* The worst so far. On a tie, who comes later in the list. */
static void evaluate(const struct machine *m, struct oom_control *oc, struct task_struct *task)
{
	s64 points;

	if (!oom_eligible(m, oc, task) || task->signal->oom_victim)
		return;
	points = oom_badness(m, task, oc->totalpages);
	if (points == OOM_UNKILLABLE || points < oc->chosen_points)
		return;
	oc->chosen = task;
	oc->chosen_points = points;
}

static void select_bad_process(const struct machine *m, struct oom_control *oc)
{
	oc->chosen_points = OOM_UNKILLABLE;
	for (struct task_struct *task = process_next(m, 1); task;
	     task = process_next(m, task->pid + 1))
		evaluate(m, oc, task);
}

/* Who makes the call dies when it is done; anybody else now. */
static void kill_process(struct machine *m, struct task_struct *task)
{
	if (task->signal->tgid == current_task(m)->tgid) {
		task->signal->oom_victim = true;
		return;
	}
	send_sig(m, task, SIGKILL);
}

/* Processes that share the victim's memory share its fate, or nothing would be freed. */
static void kill_sharers(struct machine *m, const struct mm_struct *mm, u32 victim)
{
	struct task_struct *task;

	for (u32 pid = 0; (task = process_next(m, pid + 1)); ) {
		const struct task_struct *thread = find_task_with_mm(m, task);

		pid = task->pid;
		if (task->tgid == victim || !thread || thread->mm != mm ||
		    task->flags & PF_KTHREAD)
			continue;
		if (task->tgid == PID_INIT)
			printk(m, 6, "oom killer %u (%s) has mm pinned by %u (%s)", victim,
			       thread->comm, task->pid, task->comm);
		else
			kill_process(m, task);
	}
}

static void why_killed(struct machine *m, const struct oom_control *oc,
		       const struct task_struct *victim)
{
	const struct task_struct *thread = find_task_with_mm(m, victim);
	const struct mm_struct *mm = thread->mm;

	machine_why(m, "order %u, %X: out of memory: %s (%u) is killed: %llu pages resident + "
		    "%llu swapped + %llu tables + %lld for oom_score_adj %d of %llu pages = %lld "
		    "points%s (oom_badness)", oc->order, oc->gfp, victim->comm, victim->pid,
		    (ull)get_mm_rss(mm), (ull)get_mm_counter(mm, MM_SWAPENTS),
		    (ull)(mm->pgtables_bytes / PAGE_SIZE),
		    (ll)victim->signal->oom_score_adj * (ll)(oc->totalpages / 1000),
		    victim->signal->oom_score_adj, (ull)oc->totalpages,
		    (ll)oom_badness(m, victim, oc->totalpages),
		    victim->tgid == current_task(m)->tgid ?
		    ": it dies when its call is done" : "");
}

static void oom_kill_process(struct machine *m, const struct oom_control *oc,
			     const char *message)
{
	struct task_struct *victim = oc->chosen;
	const struct mm_struct *mm = find_task_with_mm(m, victim)->mm;
	const u32 tgid = victim->tgid;

	if (ratelimit(m, &m->virt->oom_reports, "oom_kill_process", REPORT_INTERVAL_NS,
		      REPORT_BURST)) {
		dump_header(m, oc);
		dump_oom_victim(m, oc, victim);
	}
	count_vm_event(m, OOM_KILL, 1);
	oom_say_killed(m, find_task_with_mm(m, victim), message);
	why_killed(m, oc, victim);
	kill_sharers(m, mm, tgid);
	kill_process(m, victim);
}

/* vm.panic_on_oom: 1 where all of the machine is short of memory, 2 always. */
static bool panics_on_oom(struct machine *m, const struct oom_control *oc)
{
	s32 panics = m->tunables->panic_on_oom;

	if (!panics || (panics != 2 && oc->constraint != CONSTRAINT_NONE))
		return false;
	dump_header(m, oc);
	panic(m, "Out of memory: %s panic_on_oom is enabled",
	      panics == 2 ? "compulsory" : "system-wide");
	return true;
}

static bool deadlocked(struct machine *m, const struct oom_control *oc)
{
	dump_header(m, oc);
	printk(m, 4, "Out of memory and no killable processes...");
	panic(m, "System is deadlocked on memory");
	return false;
}

bool out_of_memory(struct machine *m, const struct alloc_request *req)
{
	struct oom_control oc = {
		.gfp = req->gfp, .order = req->order, .nodemask = req->nodemask,
	};
	struct task_struct *current = current_task(m);

	if (m->oom_killer_disabled || m->panicked || !current || !current->signal)
		return false;
	if (task_will_free_mem(current)) {
		current->signal->oom_victim = true;
		return true;
	}
	/* Reclaim could not do all that it can: the kernel tries again, for ever. */
	if (!(req->gfp & __GFP_FS))
		return false;
	oc.constraint = constrained_alloc(m, &oc);
	if (oc.constraint != CONSTRAINT_MEMORY_POLICY)
		oc.nodemask = 0;
	if (panics_on_oom(m, &oc))
		return false;
	if (m->tunables->oom_kill_allocating_task && current->mm &&
	    oom_eligible(m, &oc, current) &&
	    current->signal->oom_score_adj != OOM_SCORE_ADJ_MIN) {
		oc.chosen = current;
		oom_kill_process(m, &oc, "Out of memory (oom_kill_allocating_task)");
		return true;
	}
	select_bad_process(m, &oc);
	if (!oc.chosen)
		return deadlocked(m, &oc);
	oom_kill_process(m, &oc, "Out of memory");
	return true;
}

bool oom_end_of_call(struct machine *m, struct task_struct *task)
{
	if (!task->signal || !task->signal->oom_victim || !task_alive(task))
		return false;
	send_sig(m, task, SIGKILL);
	return true;
}
