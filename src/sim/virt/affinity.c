// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which CPUs a task may run on: what it was bound to (a kernel thread's CPU or node),
 * what sched_setaffinity said, and what its cpuset has. A task that is on another CPU
 * leaves it at once.
 *
 * Since 6.2 what was said is kept: of a new cpuset's CPUs the task gets those, if there are
 * any. Before, it is forgotten with the next change of the cpuset.
 */
#include "sim/virt/cgroup.h"
#include "sim/virt/sched.h"

static bool no_cpus(const u64 cpus[CPU_WORDS])
{
	for (unsigned int i = 0; i < CPU_WORDS; i++) {
		if (cpus[i])
			return false;
	}
	return true;
}

bool task_cpu_allowed(const struct machine *m, const struct task_struct *task,
		      unsigned int cpu)
{
	if ((task->cpu >= 0 && (unsigned int)task->cpu != cpu) ||
	    (task->node >= 0 && m->cpu_node[cpu] != (unsigned int)task->node))
		return false;
	return no_cpus(task->cpus_allowed) || task->cpus_allowed[cpu / 64] >> (cpu % 64) & 1;
}

void task_set_cpus(struct machine *m, struct task_struct *task, const u64 cpus[CPU_WORDS])
{
	unsigned int cpu;

	memcpy(task->cpus_allowed, cpus, sizeof(task->cpus_allowed));
	if (task_cpu_allowed(m, task, (unsigned int)task->last_cpu))
		return;
	cpu = (unsigned int)sched_pick_cpu(m, task);
	sched_leave(m, task);
	task->last_cpu = (s16)cpu;
}

void task_confine_cpus(struct machine *m, struct task_struct *task, const u64 cpus[CPU_WORDS])
{
	u64 both[CPU_WORDS];

	for (unsigned int i = 0; i < CPU_WORDS; i++)
		both[i] = task->user_cpus[i] & (no_cpus(cpus) ? ~0ULL : cpus[i]);
	task_set_cpus(m, task, no_cpus(both) ? cpus : both);
}

static struct task_struct *task_of_pid(const struct machine *m, struct task_struct *task,
				       u32 pid)
{
	return pid ? task_find(m, pid) : task;
}

int sys_sched_setaffinity(struct machine *m, struct task_struct *task, u32 pid,
			  const u64 cpus[CPU_WORDS])
{
	struct task_struct *target = task_of_pid(m, task, pid);
	u64 taken[CPU_WORDS];
	const u64 *had;

	if (!target)
		return -ESRCH;
	if (target->flags & PF_NO_SETAFFINITY)
		return -EINVAL;
	if (task->uid != target->uid && !task->cap_sys_nice)
		return -EPERM;
	had = cpuset_of(task_cgroup(m, target))->cpuset.effective_cpus;
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		taken[i] = cpus[i] & had[i];
	if (no_cpus(taken))
		return -EINVAL;
	if (rel_keeps_user_cpus(m->release))
		memcpy(target->user_cpus, cpus, sizeof(target->user_cpus));
	task_set_cpus(m, target, taken);
	return 0;
}

int sys_sched_getaffinity(const struct machine *m, struct task_struct *task, u32 pid,
			  u64 cpus[CPU_WORDS])
{
	const struct task_struct *target = task_of_pid(m, task, pid);

	memset(cpus, 0, CPU_WORDS * sizeof(*cpus));
	if (!target)
		return -ESRCH;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		if (task_cpu_allowed(m, target, cpu))
			cpus[cpu / 64] |= 1ULL << (cpu % 64);
	}
	return 0;
}
