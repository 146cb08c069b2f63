// SPDX-License-Identifier: GPL-2.0-or-later
/* The machine as a whole: its time, its history, its end and beginning. */
#include "fs/core/call.h"
#include "fs/core/journal.h"
#include "fs/core/replay.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/sched.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"

#define NS_PER_SEC 1000000000ULL
/* One call runs to its end under the lock: longer times want several. */
#define MAX_TICK_NS (86400 * NS_PER_SEC)

static int run_tick(struct call *call)
{
	const struct arg *time = &call->args[0];
	u64 ns = time->given ? time->value : call->tree->ctl->jiffy_ns;

	if (ns > MAX_TICK_NS)
		return call_refuse(call, -EINVAL, "a tick is at most one day (86400s)");
	if (machine_secure_time(call->m, ns))
		return call_no_host_memory(call);
	machine_tick(call->m, ns);
	return 0;
}

static int run_kthread_create(struct call *call)
{
	const struct arg *name = &call->args[0];
	const struct virt_need need = { .pages = 64, .tables = 4, .objects = 64 };
	struct placement at;
	u32 pid;
	int err = call_placement(call, &(struct arg){ 0 }, &call->args[1], &at);

	if (err)
		return err;
	if (name->len >= TASK_COMM_LEN)
		return call_refuse(call, -EINVAL, "'%s': a task's name has at most %d letters",
				   name->text, TASK_COMM_LEN - 1);
	if (virt_guarantee(call->m, &need))
		return call_no_host_memory(call);
	err = kthread_create(call->m, name->text, -1, at.node, &pid);
	if (err)
		return err;
	call->value = pid;
	return 0;
}

static int run_reboot(struct call *call)
{
	int err = replay_reboot(call->tree, call->sentence);

	call->m = call->tree->machine;
	call->refused = err != 0;
	return err;
}

static int run_undo(struct call *call)
{
	const struct arg *arg = &call->args[0];
	u64 lines = journal_lines(call->tree), nr = arg->given ? arg->value : 1;
	int err;

	if (nr > lines)
		return call_refuse(call, -EINVAL, "%llu cannot be taken back: only %llu lines ran "
				   "since the boot, see sim/log", (unsigned long long)nr,
				   (unsigned long long)lines);
	if (!journal_complete(call->tree))
		return call_refuse(call, -ENOSPC, "the journal is full and no longer the whole "
				   "history: reboot begins a new one");
	err = nr ? replay_prefix(call->tree, lines - nr, call->sentence) : 0;
	call->m = call->tree->machine;
	call->refused = err != 0;
	return err;
}

static int run_schedule(struct call *call)
{
	u32 pid = (u32)call->args[0].value;
	struct task_struct *task;

	if (!pid) {
		sched_idle(call->m, call->m->cpu);
		return 0;
	}
	task = task_find(call->m, pid);
	if (!task || !task_alive(task) || task->mm)
		return call_refuse(call, task ? -EINVAL : -ESRCH, "%u is no thread of the "
				   "kernel: programs run when they make a call", pid);
	if (sched_run_kthread(call->m, task, call->m->cpu))
		return call_refuse(call, -EINVAL, "%s does not run on CPU %u", task->comm,
				   call->m->cpu);
	return 0;
}

static int run_reclaim_policy(struct call *call)
{
	if (reclaim_set_policy(call->m, call->args[0].text))
		return call_refuse(call, -EINVAL, "'%s': the policies are classic, lru, fifo and clock",
				   call->args[0].text);
	return 0;
}

static const struct verb verbs[] = {
	{ "tick", { A_TIME | A_OPTIONAL }, run_tick, RESULT_NONE, 0, SCOPE_KERNEL, "[TIME]",
	  "Let time pass: TIME is a number of jiffies, or 5s, 250ms, 100us, 7ns; without it "
	  "one jiffy. What is due runs, in order of time." },
	{ "kthread_create", { A_WORD, A_NODE | A_OPTIONAL }, run_kthread_create, RESULT_PID, 0,
	  SCOPE_KERNEL, "NAME [NODE]",
	  "Make a thread of the kernel: it has a stack and no memory of its own. With NODE it "
	  "runs on that node's CPUs alone. Result: its pid." },
	{ "schedule", { A_PID | A_OPTIONAL }, run_schedule, RESULT_NONE, 0, SCOPE_KERNEL, "[PID]",
	  "A thread of the kernel runs on this CPU; without PID, or with 0, the idle one. It "
	  "has no memory and borrows the mm that is loaded: see sim/cpu/N/current and tlb." },
	{ "reclaim_policy", { A_WORD }, run_reclaim_policy, RESULT_NONE, 0, SCOPE_KERNEL, "NAME",
	  "From now on this policy decides which pages reclaim takes: classic is the kernel's, "
	  "with active and inactive lists; lru (least recently used), fifo and clock (second "
	  "chance) are references. The machine's is its key `reclaim`; see sim/reclaim_policy." },
	{ "reboot", { A_END }, run_reboot, RESULT_NONE, VERB_HISTORY | VERB_WHEN_BROKEN,
	  1 << V_NAME, "",
	  "Boot the machine anew. Names and history are gone. Works on a machine that a "
	  "broken invariant has stopped." },
	{ "undo", { A_SIZE | A_OPTIONAL }, run_undo, RESULT_NONE,
	  VERB_HISTORY | VERB_WHEN_BROKEN, 1 << V_NAME, "[N]",
	  "Take the last N lines of sim/log back (without N: one): the machine is booted anew "
	  "and the lines before them run again. Not across a reboot." },
};

const struct verb_table machine_verbs = { verbs, ARRAY_SIZE(verbs) };
