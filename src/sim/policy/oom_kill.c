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
#include "sim/virt/memcontrol.h"
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
	return m->totalram_pages + (u64)m->total_swap_pages;
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
	return (s64)(get_mm_rss(mm) + get_mm_counter_known(mm, MM_SWAPENTS) +
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
	if (oc->memcg)
		return true;
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

bool task_will_free_mem(const struct task_struct *task)
{
	return task->signal && (task->signal->group_exit || task->signal->oom_victim);
}

/* The worst so far. On a tie, who comes later in the list. */
static void evaluate(const struct machine *m, struct oom_control *oc, struct task_struct *task)
{
	s64 points;

	if (!oom_eligible(m, oc, task) || task->signal->oom_victim)
		return;
	points = task->signal->oom_flag_origin ? INT64_MAX :
						  oom_badness(m, task, oc->totalpages);
	if (points == OOM_UNKILLABLE || points < oc->chosen_points)
		return;
	oc->chosen = task;
	oc->chosen_points = points;
}

struct task_struct *oom_current(const struct machine *m)
{
	struct task_struct *task = m->oom_killer_disabled ? NULL : current_task(m);

	return task && task->signal ? task : task_find(m, PID_INIT);
}

void select_bad_process(const struct machine *m, struct oom_control *oc)
{
	struct task_struct *of_group = NULL;

	oc->chosen_points = OOM_UNKILLABLE;
	while (oc->memcg && (of_group = mem_cgroup_next_process(m, oc->memcg, of_group)))
		evaluate(m, oc, of_group);
	if (oc->memcg)
		return;
	for (struct task_struct *task = process_next(m, 1); task;
	     task = process_next(m, task->pid + 1))
		evaluate(m, oc, task);
}

/* Who makes the call dies when it is done; anybody else now. */
static void kill_process(struct machine *m, struct task_struct *task)
{
	const struct task_struct *current = m->oom_killer_disabled ? NULL : current_task(m);

	if (current && current->signal && task->signal->tgid == current->tgid) {
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

/* What counted more than the points, or when it is over. */
static const char *beside_points(const struct machine *m, const struct oom_control *oc,
				 const struct task_struct *victim)
{
	if (oc->is_caller)
		return ": vm.oom_kill_allocating_task takes who asks";
	if (victim->signal->oom_flag_origin)
		return ": who is in swapoff goes first";
	return victim->tgid == oom_current(m)->tgid ? ": it dies when its call is done" : "";
}

static void why_killed(struct machine *m, const struct oom_control *oc,
		       const struct task_struct *victim)
{
	const struct task_struct *thread = find_task_with_mm(m, victim);
	const struct mm_struct *mm = thread->mm;

	/* Who it is comes first: each kill is a sentence of its own. */
	machine_why_kill(m, "%s (%u) is killed: no memory for order %u, %X: %llu pages resident + "
			 "%llu swapped + %llu tables + %lld for oom_score_adj %d of %llu pages = "
			 "%lld points%s (oom_badness)", victim->comm, victim->pid, oc->order,
			 oc->gfp, (ull)get_mm_rss(mm), (ull)get_mm_counter_known(mm, MM_SWAPENTS),
			 (ull)(mm->pgtables_bytes / PAGE_SIZE),
			 (ll)victim->signal->oom_score_adj * (ll)(oc->totalpages / 1000),
			 victim->signal->oom_score_adj, (ull)oc->totalpages,
			 (ll)oom_badness(m, victim, oc->totalpages), beside_points(m, oc, victim));
}

static void tell_of_victim(struct machine *m, struct task_struct *victim, const char *message)
{
	const struct task_struct *thread = find_task_with_mm(m, victim);

	count_vm_event(m, OOM_KILL, 1);
	if (m->memcg)
		memcg_memory_event(m, mem_cgroup_of(m, thread->mm->memcg), MEMCG_OOM_KILL);
	oom_say_killed(m, thread, message);
}

/*
 * One process, with all that share its memory. The reaper comes after two seconds: for these
 * the machine waits that is short of memory itself; who is charged in a group does not.
 */
static void kill_with_sharers(struct machine *m, const struct oom_control *oc,
			      struct task_struct *victim, const char *message)
{
	struct mm_struct *mm = find_task_with_mm(m, victim)->mm;
	const u32 tgid = victim->tgid;
	char comm[COMM_CHARS + 1];

	mmgrab(mm);
	memcpy(comm, victim->comm, sizeof(comm));
	tell_of_victim(m, victim, message);
	kill_sharers(m, mm, tgid);
	kill_process(m, victim);
	if (!oc->memcg)
		oom_reap_mm(m, mm, tgid, comm);
	mmdrop(m, mm);
}

/* From the beginning: who shares memory with one that was killed went with it. */
static struct task_struct *next_to_kill(struct machine *m, const struct mem_cgroup *group,
					u32 first)
{
	struct task_struct *task = NULL;

	while ((task = mem_cgroup_next_process(m, group, task)))
		if (task->tgid != PID_INIT && find_task_with_mm(m, task) &&
		    !task->signal->oom_victim &&
		    (task->tgid == first || task->signal->oom_score_adj != OOM_SCORE_ADJ_MIN))
			break;
	return task;
}

/* memory.oom.group: all of the group end, in their order, the victim too if it is still there. */
static void kill_group(struct machine *m, const struct oom_control *oc, struct mem_cgroup *group,
		       u32 first, const char *message)
{
	struct task_struct *task;
	struct out path = OUT_INIT;

	memcg_memory_event(m, group, MEMCG_OOM_GROUP_KILL);
	mem_cgroup_path(m, group, &path);
	if (!out_error(&path))
		printk(m, 6, "Tasks in %s are going to be killed due to memory.oom.group set",
		       path.text);
	out_free(&path);
	while ((task = next_to_kill(m, group, first)))
		kill_with_sharers(m, oc, task, message);
}

void oom_kill_process(struct machine *m, const struct oom_control *oc, const char *message)
{
	struct task_struct *victim = oc->chosen;
	const u32 tgid = victim->tgid;
	struct mem_cgroup *group = m->memcg ? mem_cgroup_get_oom_group(m, victim, oc->memcg) : NULL;

	if (ratelimit(m, &m->virt->oom_reports, "oom_kill_process", REPORT_INTERVAL_NS,
		      REPORT_BURST)) {
		dump_header(m, oc);
		dump_oom_victim(m, oc, victim);
	}
	why_killed(m, oc, victim);
	if (!group) {
		kill_with_sharers(m, oc, victim, message);
		return;
	}
	/* Who makes the call still has its memory when the group's turn comes; others are gone. */
	if (tgid == oom_current(m)->tgid)
		tell_of_victim(m, victim, message);
	else
		kill_with_sharers(m, oc, victim, message);
	kill_group(m, oc, group, tgid, message);
}

/* vm.panic_on_oom: 1 where all of the machine is short of memory, 2 always. */
bool panics_on_oom(struct machine *m, const struct oom_control *oc)
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
		oc.is_caller = true;
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
