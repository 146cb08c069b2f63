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
		task_confine_cpus(m, task, cgroup->parent ? cgroup->cpuset.effective_cpus : any_cpu);
	mpol_rebind_task(task, mems);
	task->mems_allowed = cgroup->parent ? mems : 0;
}

/* A kernel worker does it, who has neither a policy nor a cpuset, whoever runs now. */
static int move_memory(struct machine *m, struct mm_struct *mm, u64 from, u64 to)
{
	const struct alloc_policy *policies = m->policies;
	int ret = 0;

	if (from == to)
		return 0;
	m->policies = NULL;
	ret = do_migrate_pages(m, mm, from, to, MPOL_MF_MOVE_ALL);
	m->policies = policies;
	return ret == -ENOBUFS ? ret : 0;
}

/*
 * 6.18's policies follow what the group asks for, even nothing, which leaves some without a
 * node. The kernel divides by the number of nodes for those that are relative, and is lost:
 * here they follow what the group has.
 */
static void rebind_mm(const struct machine *m, struct mm_struct *mm, const struct cpuset *cs)
{
	mpol_rebind_mm(m, mm, rel_cpuset_rebinds_to_asked(m->release) ? cs->mems :
			      cs->effective_mems, cs->effective_mems);
}

/* All tasks whose cpuset this is. */
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
		rebind_mm(m, task->mm, cs);
		err = move_memory(m, task->mm, cs->old_mems, cs->effective_mems);
	}
	cs->old_mems = cs->effective_mems;
	return err;
}

static bool have_the_same(const struct cpuset *a, const struct cpuset *b)
{
	return a->effective_mems == b->effective_mems &&
	       !memcmp(a->effective_cpus, b->effective_cpus, sizeof(a->effective_cpus));
}

/* Even where nothing changes but whose the sets are, 6.1 moves policies along. */
static int change_cpuset(struct machine *m, struct task_struct *task, const struct cgroup *from,
			 struct cgroup *to)
{
	u64 mems = to->cpuset.effective_mems;

	if (from == to)
		return 0;
	to->cpuset.old_mems = mems;
	if (have_the_same(&from->cpuset, &to->cpuset) &&
	    rel_cpuset_attach_looks_first(m->release)) {
		/* Only the root's have no sets of their own here. */
		task->mems_allowed = to->parent ? mems : 0;
		return 0;
	}
	confine(m, task, to);
	if (!task->mm || task->pid != task->tgid)
		return 0;
	mpol_rebind_mm(m, task->mm, mems, mems);
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
