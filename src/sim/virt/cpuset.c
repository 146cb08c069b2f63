// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The CPUs and nodes of a group are those that it asks for, as far as its parent has
 * them, or all of the parent's. When they change, its tasks' policies are moved along
 * and so are its tasks' pages: of the nodes that went to those that came, in order.
 */
#include "sim/virt/cgroup.h"
#include "sim/virt/fork.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

void cpuset_init_root(struct machine *m, struct cgroup *root)
{
	struct cpuset *cs = &root->cpuset;

	cs->effective_mems = cs->old_mems = nodes_with_memory(m);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		cs->effective_cpus[cpu / 64] |= 1ULL << (cpu % 64);
}

struct cgroup *cpuset_of(struct cgroup *cgroup)
{
	while (!cgroup_has(cgroup, CGROUP_CPUSET))
		cgroup = cgroup->parent;
	return cgroup;
}

static bool no_cpus(const u64 cpus[CPU_WORDS])
{
	for (unsigned int i = 0; i < CPU_WORDS; i++) {
		if (cpus[i])
			return false;
	}
	return true;
}

/* -- tasks -------------------------------------------------------------------- */

static const u64 any_cpu[CPU_WORDS];

/* The task's sets are the cpuset's; of the root's there is nothing to say. */
static void confine(struct machine *m, struct task_struct *task, const struct cgroup *cgroup)
{
	u64 mems = cgroup->cpuset.effective_mems;

	if (!(task->flags & PF_NO_SETAFFINITY))
		task_set_cpus(m, task, cgroup->parent ? cgroup->cpuset.effective_cpus : any_cpu);
	mpol_rebind_task(task, mems);
	task->mems_allowed = cgroup->parent ? mems : 0;
}

static int move_memory(struct machine *m, struct mm_struct *mm, u64 from, u64 to)
{
	int ret = from == to ? 0 : do_migrate_pages(m, mm, from, to, MPOL_MF_MOVE_ALL);

	return ret == -ENOBUFS ? ret : 0;
}

/*
 * All tasks whose cpuset this is. Policies follow what the group asks for; the kernel takes
 * that even if it asks for nothing, which leaves some without a node: here they follow what
 * it has then.
 */
static int update_tasks(struct machine *m, struct cgroup *cgroup)
{
	struct cpuset *cs = &cgroup->cpuset;
	bool others = cs->effective_mems != cs->old_mems;
	struct task_struct *task;
	int err = 0;

	for (u32 pid = 0; !err && (task = task_next(m, pid + 1));) {
		pid = task->pid;
		if (!task_alive(task) || cpuset_of(task_cgroup(m, task)) != cgroup)
			continue;
		confine(m, task, cgroup);
		if (!task->mm || !others)
			continue;
		mpol_rebind_mm(m, task->mm, cs->mems ? cs->mems : cs->effective_mems);
		err = move_memory(m, task->mm, cs->old_mems, cs->effective_mems);
	}
	cs->old_mems = cs->effective_mems;
	return err;
}

static int change_cpuset(struct machine *m, struct task_struct *task, const struct cgroup *from,
			 const struct cgroup *to)
{
	u64 mems = to->cpuset.effective_mems;

	if (from == to)
		return 0;
	confine(m, task, to);
	if (!task->mm || task->pid != task->tgid ||
	    from->cpuset.effective_mems == mems)
		return 0;
	mpol_rebind_mm(m, task->mm, mems);
	return move_memory(m, task->mm, from->cpuset.old_mems, mems);
}

int cpuset_attach(struct machine *m, struct task_struct *task, struct cgroup *from)
{
	return change_cpuset(m, task, cpuset_of(from), cpuset_of(task_cgroup(m, task)));
}

/* -- sets --------------------------------------------------------------------- */

/* True: they are others than before. */
static bool find_effective(struct cgroup *cgroup)
{
	const struct cpuset *above = &cgroup->parent->cpuset;
	struct cpuset *cs = &cgroup->cpuset, old = *cs;

	cs->effective_mems = cs->mems & above->effective_mems;
	if (!cs->effective_mems)
		cs->effective_mems = above->effective_mems;
	for (unsigned int i = 0; i < CPU_WORDS; i++)
		cs->effective_cpus[i] = cs->cpus[i] & above->effective_cpus[i];
	if (no_cpus(cs->effective_cpus))
		memcpy(cs->effective_cpus, above->effective_cpus, sizeof(cs->effective_cpus));
	return cs->effective_mems != old.effective_mems ||
	       memcmp(cs->effective_cpus, old.effective_cpus, sizeof(old.effective_cpus));
}

/* What the group asks for has changed, or what its parent has. */
static int update(struct machine *m, struct cgroup *cgroup)
{
	struct cgroup *child = cgroup_child(m, cgroup, 1);
	int err = 0;

	if (find_effective(cgroup) && cgroup_has(cgroup, CGROUP_CPUSET))
		err = update_tasks(m, cgroup);
	for (; child && !err; child = cgroup_child(m, cgroup, child->id + 1))
		err = update(m, child);
	return err;
}

void cpuset_init(struct cgroup *cgroup)
{
	cgroup->cpuset = (struct cpuset){ 0 };
	(void)find_effective(cgroup);
	cgroup->cpuset.old_mems = cgroup->cpuset.effective_mems;
}

static bool is_below(const struct cgroup *cgroup, const struct cgroup *above)
{
	while (cgroup && cgroup != above)
		cgroup = cgroup->parent;
	return cgroup;
}

int cpuset_control(struct machine *m, struct cgroup *cgroup, bool enable)
{
	struct cgroup *child = cgroup_child(m, cgroup, 1), *own = cpuset_of(cgroup);
	struct task_struct *task;
	int err = 0;

	for (; child; child = cgroup_child(m, cgroup, child->id + 1)) {
		for (u32 pid = 0; !err && (task = task_next(m, pid + 1));) {
			pid = task->pid;
			if (task_alive(task) && is_below(task_cgroup(m, task), child))
				err = change_cpuset(m, task, enable ? own : child,
						    enable ? child : own);
		}
		if (!enable)
			cpuset_init(child);
	}
	return err;
}

int cpuset_set_mems(struct machine *m, struct cgroup *cgroup, u64 mems)
{
	struct cpuset *cs = &cgroup->cpuset;
	u64 possible = m->nr_nodes < 64 ? (1ULL << m->nr_nodes) - 1 : ~0ULL;

	if (mems & ~possible)
		return -EINVAL;
	if (mems == cs->mems)
		return 0;
	if (!mems && cgroup_is_populated(m, cgroup))
		return -ENOSPC;
	cs->mems = mems;
	return update(m, cgroup);
}

int cpuset_set_cpus(struct machine *m, struct cgroup *cgroup, const u64 cpus[CPU_WORDS])
{
	struct cpuset *cs = &cgroup->cpuset;

	for (unsigned int cpu = m->nr_possible_cpus; cpu < MAX_CPUS; cpu++) {
		if (cpus[cpu / 64] >> (cpu % 64) & 1)
			return -EINVAL;
	}
	if (!no_cpus(cs->cpus) && no_cpus(cpus) && cgroup_is_populated(m, cgroup))
		return -ENOSPC;
	memcpy(cs->cpus, cpus, sizeof(cs->cpus));
	return update(m, cgroup);
}
