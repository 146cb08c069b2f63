// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups as state: who is in which is asked of the tasks here, too. */
#include "sim/base/digest.h"
#include "sim/virt/blk_cgroup.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/fork.h"
#include "sim/virt/virt.h"

static void digest_cpuset(const struct cpuset *cs, struct digest *digest)
{
	digest_u64(digest, cs->mems);
	digest_u64(digest, cs->effective_mems);
	digest_u64(digest, cs->old_mems);
	for (unsigned int i = 0; i < CPU_WORDS; i++) {
		digest_u64(digest, cs->cpus[i]);
		digest_u64(digest, cs->effective_cpus[i]);
	}
}

void cgroups_digest(const struct machine *m, struct digest *digest)
{
	const struct cgroup_state *state = m->virt->cgroups;

	digest_u64(digest, state->root.subtree_control);
	digest_u64(digest, state->nr);
	digest_u64(digest, state->root.system_ns);
	for (u32 id = 1; id < state->room; id++) {
		const struct cgroup *cgroup = state->groups[id];

		if (!cgroup)
			continue;
		digest_u64(digest, (u64)id << 32 | cgroup->parent->id);
		digest_u64(digest, cgroup->subtree_control | (u64)cgroup->freeze << 32 |
				   (u64)cgroup->psi_off << 33 | (u64)cgroup->threaded << 34);
		digest_u64(digest, (u64)(u32)cgroup->max_depth << 32 | (u32)cgroup->max_descendants);
		digest_string(digest, cgroup->name);
		digest_cpuset(&cgroup->cpuset, digest);
		psi_digest(&cgroup->psi, digest);
		digest_u64(digest, cgroup->system_ns);
		digest_u64(digest, cgroup_frozen_ns(m, cgroup));
		blkcg_digest(m, cgroup, digest);
	}
	for (const struct task_struct *task = task_next(m, 0); state->nr && task;
	     task = task_next(m, task->pid + 1))
		digest_u64(digest, (u64)task->pid << 32 | task->cgroup);
}

static bool fits_parent(const struct cgroup *cgroup)
{
	const struct cpuset *cs = &cgroup->cpuset, *above = &cgroup->parent->cpuset;

	return cs->effective_mems && !(cs->effective_mems & ~above->effective_mems);
}

void cgroups_validate(const struct machine *m, struct check *check)
{
	const struct cgroup_state *state = m->virt->cgroups;

	for (u32 id = 1; id < state->room; id++) {
		const struct cgroup *cgroup = state->groups[id];

		if (!cgroup)
			continue;
		check->nr_checked++;
		if (cgroup->id != id || cgroup_of(m, cgroup->parent->id) != cgroup->parent ||
		    !fits_parent(cgroup))
			check_fail(check, "G1", "cgroup %u: expected nodes of those of its parent, "
				   "0x%llx, found 0x%llx", id,
				   (unsigned long long)cgroup->parent->cpuset.effective_mems,
				   (unsigned long long)cgroup->cpuset.effective_mems);
	}
	for (const struct task_struct *task = task_next(m, 0); state->nr && task;
	     task = task_next(m, task->pid + 1)) {
		struct cgroup *cgroup = task_cgroup(m, task);
		const struct cgroup *own = cgroup ? cpuset_of(cgroup) : NULL;
		u64 mems = own && own->parent ? own->cpuset.effective_mems : 0;

		check->nr_checked++;
		if (!cgroup || (task_alive(task) && task->mems_allowed != mems))
			check_fail(check, "G2", "task %u: expected the nodes of its cgroup %u, "
				   "0x%llx, found 0x%llx", task->pid, task->cgroup,
				   (unsigned long long)mems,
				   (unsigned long long)task->mems_allowed);
	}
}
