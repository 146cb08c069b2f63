// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CPU does one thing at a time: what is charged while it is known to be busy comes behind that,
 * and the CPU is ahead of the clock for a while. If it only waited for a disk then, it has
 * waited for so much less.
 */
#include "sim/virt/cputime.h"

#include "sim/base/digest.h"
#include "sim/virt/blk.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/virt.h"

typedef unsigned long long ull;

struct task_struct *cputime_payer(const struct machine *m)
{
	const struct cpu_state *cpu = cpu_of(m, m->cpu);

	if (m->tasks->daemon)
		return m->tasks->daemon;
	return m->oom_killer_disabled ? cpu->idle : cpu->current;
}

struct cputime_before cputime_daemon_enter(struct machine *m, struct task_struct *thread,
					   unsigned int cpu)
{
	const struct cputime_before before = { m->tasks->daemon, m->cpu };

	m->cpu = cpu;
	m->tasks->daemon = thread ? thread : cpu_of(m, cpu)->idle;
	return before;
}

void cputime_daemon_leave(struct machine *m, struct cputime_before before)
{
	m->tasks->daemon = before.daemon;
	m->cpu = before.cpu;
}

struct task_struct *node_thread(const struct machine *m, const char *wchan, unsigned int node)
{
	for (unsigned int i = 0; i < m->tasks->nr; i++) {
		struct task_struct *task = m->tasks->tasks[i];

		if (task->node == (s16)node && task->wchan && !strcmp(task->wchan, wchan))
			return task;
	}
	return NULL;
}

struct task_struct *kernel_thread(const struct machine *m, const char *prefix)
{
	for (unsigned int i = 0; i < m->tasks->nr; i++) {
		struct task_struct *task = m->tasks->tasks[i];

		if ((task->flags & PF_KTHREAD) && !strncmp(task->comm, prefix, strlen(prefix)))
			return task;
	}
	return NULL;
}

/* It waited less, where it works now. Time that is left. */
static u64 work_instead(struct cpu_state *cpu, u64 now, u64 ns)
{
	u64 from = MAX(now, cpu->iowait_from_ns), part;

	if (from >= cpu->iowait_to_ns)
		return ns;
	part = MIN(ns, cpu->iowait_to_ns - from);
	cpu->iowait_from_ns = from + part;
	cpu->iowait_ns -= part;
	return ns - part;
}

void account_system_time(struct machine *m, u64 ns)
{
	struct cpu_state *cpu;
	struct task_struct *task;
	u64 now = blk_now(m);

	if (!ns || !m->booted)
		return;
	cpu = &m->tasks->cpus[m->cpu];
	task = cputime_payer(m);
	task->stime_ns += ns;
	cpu->system_ns += ns;
	cgroup_account_system(m, task, ns);
	ns = work_instead(cpu, now, ns);
	if (ns)
		cpu->busy_until_ns = MAX(now, cpu->busy_until_ns) + ns;
}

void cpu_takes_time(struct machine *m, u64 ns)
{
	if (!ns)
		return;
	account_system_time(m, ns);
	blk_run_until(m, blk_now(m) + ns);
}

void cpu_works(struct machine *m, u64 ns)
{
	if (!ns)
		return;
	account_system_time(m, ns);
	m->waited_until_ns = blk_now(m) + ns;
}

void account_iowait(struct machine *m, u64 from_ns, u64 to_ns)
{
	struct cpu_state *cpu;

	if (!m->booted)
		return;
	cpu = &m->tasks->cpus[m->cpu];
	from_ns = MAX(from_ns, cpu->busy_until_ns);
	if (from_ns >= to_ns)
		return;
	cpu->iowait_ns += to_ns - from_ns;
	cpu->iowait_from_ns = from_ns;
	cpu->iowait_to_ns = cpu->busy_until_ns = to_ns;
}

u64 cpu_idle_ns(const struct machine *m, unsigned int cpu)
{
	const struct cpu_state *state = cpu_of(m, cpu);

	return MAX(m->now_ns, state->busy_until_ns) - state->system_ns - state->iowait_ns;
}

void cputime_digest(const struct machine *m, struct digest *digest)
{
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		const struct cpu_state *cpu = cpu_of(m, i);

		digest_u64(digest, cpu->system_ns);
		digest_u64(digest, cpu->iowait_ns);
		digest_u64(digest, cpu->busy_until_ns);
		digest_u64(digest, cpu->idle->stime_ns);
	}
	digest_u64(digest, m->tasks->gone_stime_ns);
}

static void cpu_validate(const struct machine *m, unsigned int i, struct check *check)
{
	const struct cpu_state *cpu = cpu_of(m, i);
	u64 passed = MAX(m->now_ns, cpu->busy_until_ns);

	check->nr_checked++;
	if (cpu->system_ns + cpu->iowait_ns > passed)
		check_fail(check, "CT1", "cpu %u: expected %llu ns of work and of waiting at most, "
			   "found %llu and %llu", i, (ull)passed, (ull)cpu->system_ns,
			   (ull)cpu->iowait_ns);
}

/* What is theirs, and below them. */
static void groups_validate(const struct machine *m, u64 system_ns, struct check *check)
{
	const struct cgroup_state *state = m->virt->cgroups;

	check->nr_checked++;
	if (state->root.system_ns != system_ns)
		check_fail(check, "CT1", "the root group: expected %llu ns of work, found %llu",
			   (ull)system_ns, (ull)state->root.system_ns);
	for (u32 id = 0; id < MAX(state->room, 1); id++) {
		const struct cgroup *group = cgroup_of(m, id), *child;
		u64 below = 0;

		for (u32 next = 1; group && (child = cgroup_child(m, group, next)); next = child->id + 1)
			below += child->system_ns;
		check->nr_checked++;
		if (group && group->system_ns < below)
			check_fail(check, "CT1", "group %u: expected %llu ns of work or more, found "
				   "%llu", id, (ull)below, (ull)group->system_ns);
	}
}

void cputime_validate(const struct machine *m, struct check *check)
{
	u64 worked = 0, had;

	if (!m->tasks || !m->tasks->cpus || !m->booted)
		return;
	had = m->tasks->gone_stime_ns;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		cpu_validate(m, cpu, check);
		worked += cpu_of(m, cpu)->system_ns;
		had += cpu_of(m, cpu)->idle->stime_ns;
	}
	for (unsigned int i = 0; i < m->tasks->nr; i++)
		had += m->tasks->tasks[i]->stime_ns;
	check->nr_checked++;
	if (worked != had)
		check_fail(check, "CT1", "machine: expected CPUs to have worked %llu ns as tasks say, "
			   "found %llu", (ull)had, (ull)worked);
	groups_validate(m, worked, check);
}
