/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who runs where. Each CPU runs one task: its idle thread (pid 0) or a task whose
 * call is being made. A call through PID/ctl first switches that task's CPU to it.
 * Kernel threads borrow the mm of whom they follow (active_mm, mm_count + 1) and
 * give it back. Whose tables a CPU has loaded is in tlb.h.
 */
#ifndef KMM_VIRT_SCHED_H
#define KMM_VIRT_SCHED_H

#include "sim/virt/task.h"

struct cpu_state {
	struct task_struct *current;	/* its idle task when nobody runs */
	struct task_struct *idle;	/* pid 0, comm "swapper/N" */
	u64 nr_switches;
	/* cputime.h: what it did, and till when it is known to do something. */
	u64 system_ns, iowait_ns, busy_until_ns;
	u64 iowait_from_ns, iowait_to_ns;	/* its last wait for a disk */
};

int sched_init(struct machine *m) __must_check;
void sched_free(struct machine *m);
const struct cpu_state *cpu_of(const struct machine *m, unsigned int cpu);
u64 nr_context_switches(const struct machine *m);	/* `ctxt` of /proc/stat */
/* m->cpu becomes the task's CPU and the task runs there. */
void sched_switch_to(struct machine *m, struct task_struct *task);
/* The CPU goes idle (or on to a kernel thread): active_mm is borrowed. */
void sched_idle(struct machine *m, unsigned int cpu);
/* A thread of the kernel runs there, with a borrowed mm. -EINVAL: not on that CPU. */
int sched_run_kthread(struct machine *m, struct task_struct *task,
		      unsigned int cpu) __must_check;
/* The task leaves its CPU for good: exit. */
void sched_leave(struct machine *m, struct task_struct *task);
/* The task gets a new mm (exec): its CPU loads it, and a borrowed one goes back. */
void sched_new_mm(struct machine *m, struct task_struct *task, struct mm_struct *mm);
/* The task has no mm of its own any more (exit): a CPU that has it borrows it. */
void sched_drop_mm(struct machine *m, struct task_struct *task);
/* The CPU that a new task gets: that of its parent, or the first allowed. */
int sched_pick_cpu(const struct machine *m, const struct task_struct *task);

/* Where a thread of the node runs: on this CPU or another of the node, if it has one. */
unsigned int sched_node_cpu(const struct machine *m, const struct pglist_data *node);
/* Where it runs if it does not wait for who runs here: on an idle CPU of the node, if any is. */
unsigned int sched_idle_cpu(const struct machine *m, const struct pglist_data *node);

/* affinity.c: may it run there? Its CPUs (all 0: any); one that is elsewhere moves. */
bool task_cpu_allowed(const struct machine *m, const struct task_struct *task,
		      unsigned int cpu);
void task_set_cpus(struct machine *m, struct task_struct *task, const u64 cpus[CPU_WORDS]);
/* Those of its cpuset (all 0: any), or what it asked for of them. */
void task_confine_cpus(struct machine *m, struct task_struct *task, const u64 cpus[CPU_WORDS]);
/* -ESRCH, -EPERM, -EINVAL (none of its cpuset's; a thread that is bound). */
int sys_sched_setaffinity(struct machine *m, struct task_struct *task, u32 pid,
			  const u64 cpus[CPU_WORDS]) __must_check;
int sys_sched_getaffinity(const struct machine *m, struct task_struct *task, u32 pid,
			  u64 cpus[CPU_WORDS]) __must_check;

void sched_digest(const struct machine *m, struct digest *digest);
void sched_validate(const struct machine *m, struct check *check);

/* The task whose call is being made; NULL before there is one. */
static inline struct task_struct *current_task(const struct machine *m)
{
	return m->tasks && m->tasks->cpus ? m->tasks->cpus[m->cpu].current : NULL;
}

/* Of a disk, for the call that is being made; made dirty by it; thrown away. */
static inline void task_io_account_read(const struct machine *m, u64 bytes)
{
	struct task_struct *task = current_task(m);

	if (task)
		task->io.read_bytes += bytes;
}

static inline void task_io_account_write(const struct machine *m, u64 bytes)
{
	struct task_struct *task = current_task(m);

	if (task)
		task->io.write_bytes += bytes;
}

static inline void task_io_account_cancelled_write(const struct machine *m, u64 bytes)
{
	struct task_struct *task = current_task(m);

	if (task)
		task->io.cancelled_write_bytes += bytes;
}

/* Was it killed while its call goes on? It dies at the end (policy/oom.h). */
static inline bool fatal_signal_pending(const struct machine *m)
{
	const struct task_struct *task = current_task(m);

	return task && task->signal && task->signal->oom_victim;
}

#endif
