// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups are a table by id and links to parents; who is in a group is asked of the
 * tasks. A process moves as a whole, or its threads within a domain, and its children begin
 * where it is. Groups with members or children stay; a group may have both if only threads
 * are controlled.
 */
#include "sim/virt/cgroup.h"

#include <stdio.h>

#include "sim/virt/blk_cgroup.h"
#include "sim/virt/fork.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/virt.h"

const char *const cgroup_controller_names[NR_CGROUP_CONTROLLERS] = {
	[CGROUP_CPUSET] = "cpuset", [CGROUP_IO] = "io", [CGROUP_MEMORY] = "memory",
};

int cgroups_init(struct machine *m)
{
	struct cgroup_state *state = arena_alloc(&m->arena, sizeof(*state));

	if (!state)
		return -ENOBUFS;
	m->virt->cgroups = state;
	state->root.max_depth = state->root.max_descendants = INT32_MAX;
	cpuset_init_root(m, &state->root);
	return 0;
}

static void free_group(struct machine *m, struct cgroup *cgroup)
{
	blkcg_free(m, cgroup);
	arena_free(&m->arena, cgroup, sizeof(*cgroup));
}

void cgroups_free(struct machine *m)
{
	struct cgroup_state *state = m->virt->cgroups;

	if (!state)
		return;
	for (u32 id = 1; id < state->room; id++) {
		if (state->groups[id])
			free_group(m, state->groups[id]);
	}
	arena_free(&m->arena, state->groups, state->room * sizeof(*state->groups));
	arena_free(&m->arena, state, sizeof(*state));
	m->virt->cgroups = NULL;
}

struct cgroup *cgroup_of(const struct machine *m, u32 id)
{
	struct cgroup_state *state = m->virt->cgroups;

	if (!id)
		return &state->root;
	return id < state->room ? state->groups[id] : NULL;
}

struct cgroup *cgroup_child(const struct machine *m, const struct cgroup *parent, u32 id)
{
	for (id = MAX(id, 1); id < m->virt->cgroups->room; id++) {
		struct cgroup *cgroup = m->virt->cgroups->groups[id];

		if (cgroup && cgroup->parent == parent)
			return cgroup;
	}
	return NULL;
}

struct cgroup *cgroup_find_child(const struct machine *m, const struct cgroup *parent,
				 const char *name)
{
	struct cgroup *cgroup = cgroup_child(m, parent, 1);

	while (cgroup && strcmp(cgroup->name, name))
		cgroup = cgroup_child(m, parent, cgroup->id + 1);
	return cgroup;
}

struct cgroup *task_cgroup(const struct machine *m, const struct task_struct *task)
{
	return cgroup_of(m, task->cgroup);
}

void cgroup_path(const struct cgroup *cgroup, struct out *out)
{
	if (!cgroup->parent) {
		out_putc(out, '/');
		return;
	}
	if (cgroup->parent->parent)
		cgroup_path(cgroup->parent, out);
	out_putc(out, '/');
	out_puts(out, cgroup->name);
}

static bool is_below(const struct cgroup *cgroup, const struct cgroup *above)
{
	while (cgroup && cgroup != above)
		cgroup = cgroup->parent;
	return cgroup;
}

bool cgroup_is_populated(const struct machine *m, const struct cgroup *cgroup)
{
	for (const struct task_struct *task = task_next(m, 0); task;
	     task = task_next(m, task->pid + 1))
		if (task_alive(task) && is_below(task_cgroup(m, task), cgroup))
			return true;
	return false;
}

bool cgroup_is_frozen(const struct cgroup *cgroup)
{
	while (cgroup && !cgroup->freeze)
		cgroup = cgroup->parent;
	return cgroup;
}

u64 cgroup_frozen_ns(const struct machine *m, const struct cgroup *cgroup)
{
	return cgroup->frozen_ns + (cgroup_is_frozen(cgroup) ? m->now_ns - cgroup->freeze_start_ns : 0);
}

void cgroup_freeze(struct machine *m, struct cgroup *cgroup, bool freeze)
{
	struct cgroup_state *state = m->virt->cgroups;

	/* Before, and behind it: whoever is below does as well, unless somebody else keeps it so. */
	for (u32 id = 1; id < state->room; id++)
		if (state->groups[id])
			state->groups[id]->frozen_ns = cgroup_frozen_ns(m, state->groups[id]);
	cgroup->freeze = freeze;
	for (u32 id = 1; id < state->room; id++)
		if (state->groups[id])
			state->groups[id]->freeze_start_ns = m->now_ns;
}

void cgroup_account_system(struct machine *m, const struct task_struct *task, u64 ns)
{
	for (struct cgroup *cgroup = task_cgroup(m, task); cgroup; cgroup = cgroup->parent)
		cgroup->system_ns += ns;
}

void cgroup_kill(struct machine *m, struct cgroup *cgroup)
{
	struct task_struct *task;

	/* Whoever dies may take others along. */
	for (u32 pid = 1; (task = task_next(m, pid)); ) {
		pid = task->pid + 1;
		if (task_alive(task) && task->mm && is_below(task_cgroup(m, task), cgroup))
			send_sig(m, task, SIGKILL);
	}
}

/* -- making and removing ------------------------------------------------------ */

/* An id for one more. -ENOBUFS. */
static int take_id(struct machine *m, u32 *id)
{
	struct cgroup_state *state = m->virt->cgroups;
	struct cgroup **groups;

	for (*id = 1; *id < state->room && state->groups[*id];)
		++*id;
	if (*id < state->room)
		return 0;
	groups = arena_grow(&m->arena, state->groups, &state->room, *id + 1, 8, sizeof(*groups));
	if (!groups)
		return -ENOBUFS;
	state->groups = groups;
	return 0;
}

u32 cgroup_nr_below(const struct machine *m, const struct cgroup *cgroup)
{
	const struct cgroup *child = cgroup_child(m, cgroup, 1);
	u32 nr = 0;

	for (; child; child = cgroup_child(m, cgroup, child->id + 1))
		nr += 1 + cgroup_nr_below(m, child);
	return nr;
}

static bool within_limits(const struct machine *m, const struct cgroup *parent)
{
	s32 level = 1;

	for (; parent; parent = parent->parent, level++)
		if (level > parent->max_depth ||
		    (s64)cgroup_nr_below(m, parent) >= parent->max_descendants)
			return false;
	return true;
}

int cgroup_mkdir(struct machine *m, struct cgroup *parent, const char *name)
{
	struct cgroup_state *state = m->virt->cgroups;
	struct cgroup *cgroup;
	u32 id;
	int err;

	if (!*name || strchr(name, '\n') || strchr(name, '/') || strlen(name) > CGROUP_NAME_CHARS)
		return -EINVAL;
	if (cgroup_find_child(m, parent, name))
		return -EEXIST;
	if (!within_limits(m, parent))
		return -EAGAIN;
	err = take_id(m, &id);
	if (err)
		return err;
	cgroup = arena_alloc(&m->arena, sizeof(*cgroup));
	if (!cgroup)
		return -ENOBUFS;
	cgroup->id = id;
	cgroup->parent = parent;
	cgroup->max_depth = cgroup->max_descendants = INT32_MAX;
	snprintf(cgroup->name, sizeof(cgroup->name), "%s", name);
	err = blkcg_init(m, cgroup);
	if (!err)
		err = memcg_mkdir(m, cgroup);
	if (err) {
		free_group(m, cgroup);
		return err;
	}
	state->groups[id] = cgroup;
	state->nr++;
	m->policies = &mempolicy_alloc_policy;
	cpuset_init(cgroup);
	psi_group_init(m, &cgroup->psi);
	cgroup->freeze_start_ns = m->now_ns;
	return 0;
}

int cgroup_rmdir(struct machine *m, struct cgroup *cgroup)
{
	struct cgroup_state *state = m->virt->cgroups;

	if (!cgroup->parent || cgroup_is_populated(m, cgroup) || cgroup_child(m, cgroup, 1))
		return -EBUSY;
	/* Zombies keep their names of groups only here. */
	for (struct task_struct *task = task_next(m, 0); task;
	     task = task_next(m, task->pid + 1))
		if (task->cgroup == cgroup->id)
			task->cgroup = 0;
	memcg_rmdir(m, cgroup);
	state->groups[cgroup->id] = NULL;
	state->nr--;
	free_group(m, cgroup);
	mempolicy_forget_unused(m);
	return 0;
}

/* -- members ------------------------------------------------------------------ */

static bool has_tasks(const struct machine *m, const struct cgroup *cgroup)
{
	const struct task_struct *task = task_next(m, 0);

	while (task && (!task_alive(task) || task->cgroup != cgroup->id))
		task = task_next(m, task->pid + 1);
	return task;
}

static bool has_threaded_child(const struct machine *m, const struct cgroup *cgroup)
{
	const struct cgroup *child = cgroup_child(m, cgroup, 1);

	while (child && !child->threaded)
		child = cgroup_child(m, cgroup, child->id + 1);
	return child;
}

bool cgroup_is_thread_root(const struct machine *m, const struct cgroup *cgroup)
{
	return !cgroup->threaded &&
	       (has_threaded_child(m, cgroup) ||
		(cgroup->subtree_control & ~CGROUP_DOMAIN_CONTROLLERS && has_tasks(m, cgroup)));
}

bool cgroup_is_valid_domain(const struct machine *m, const struct cgroup *cgroup)
{
	if (cgroup->threaded)
		return false;
	while ((cgroup = cgroup->parent) && cgroup->parent)
		if (cgroup->threaded || cgroup_is_thread_root(m, cgroup))
			return false;
	return true;
}

static bool has_populated_domain(const struct machine *m, const struct cgroup *cgroup)
{
	const struct cgroup *child = cgroup_child(m, cgroup, 1);

	while (child && (child->threaded || !cgroup_is_populated(m, child)))
		child = cgroup_child(m, cgroup, child->id + 1);
	return child;
}

/* Only such a one may have tasks and give controllers to its children. */
static bool can_be_thread_root(const struct machine *m, const struct cgroup *cgroup)
{
	return !cgroup->parent || (!cgroup->threaded && !has_populated_domain(m, cgroup) &&
				   !(cgroup->subtree_control & CGROUP_DOMAIN_CONTROLLERS));
}

int cgroup_make_threaded(struct machine *m, struct cgroup *cgroup)
{
	const struct cgroup *domain = cgroup_domain(cgroup->parent);

	if (cgroup->threaded)
		return 0;
	if (cgroup_is_populated(m, cgroup) || cgroup->subtree_control & CGROUP_DOMAIN_CONTROLLERS ||
	    !cgroup_is_valid_domain(m, domain) || !can_be_thread_root(m, domain))
		return -EOPNOTSUPP;
	cgroup->threaded = true;
	memcg_rmdir(m, cgroup);
	blkcg_offline(m, cgroup);
	return 0;
}

/* May tasks come here? */
static int vet_attach(const struct machine *m, const struct cgroup *cgroup)
{
	if (!cgroup_is_valid_domain(m, cgroup_domain(cgroup)))
		return -EOPNOTSUPP;
	if (!cgroup->subtree_control || cgroup->threaded || can_be_thread_root(m, cgroup))
		return 0;
	return -EBUSY;
}

static int move_thread(struct machine *m, struct cgroup *cgroup, struct task_struct *thread)
{
	struct cgroup *from = task_cgroup(m, thread);

	if (from == cgroup || !task_alive(thread))
		return 0;
	thread->cgroup = cgroup->id;
	task_arrive(m, thread);
	return cpuset_attach(m, thread, from);
}

static int attach(struct machine *m, struct cgroup *cgroup, u32 pid, bool alone)
{
	struct task_struct *task = task_find(m, pid), *thread;
	int err;

	if (!task)
		return -ESRCH;
	if (task->flags & PF_NO_SETAFFINITY || pid == PID_KTHREADD)
		return -EINVAL;
	err = vet_attach(m, cgroup);
	if (!err && alone && cgroup_domain(task_cgroup(m, task)) != cgroup_domain(cgroup))
		err = -EOPNOTSUPP;
	if (!err && alone)
		err = move_thread(m, cgroup, task);
	for (u32 next = 0; !alone && !err && (thread = thread_next(m, task->tgid, next + 1));) {
		next = thread->pid;
		err = move_thread(m, cgroup, thread);
	}
	if (m->memcg)
		memcg_update_mms(m);
	return err;
}

int cgroup_attach(struct machine *m, struct cgroup *cgroup, u32 pid)
{
	return attach(m, cgroup, pid, /* alone = */ false);
}

int cgroup_attach_thread(struct machine *m, struct cgroup *cgroup, u32 tid)
{
	return attach(m, cgroup, tid, /* alone = */ true);
}

/* May controllers be given to the children? Its own tasks would be beside them. */
static int vet_enable(const struct machine *m, const struct cgroup *cgroup, u32 enable)
{
	if (!enable)
		return 0;
	if (!cgroup_is_valid_domain(m, cgroup_domain(cgroup)))
		return -EOPNOTSUPP;
	if (!cgroup->parent)
		return 0;
	if (enable & CGROUP_DOMAIN_CONTROLLERS &&
	    (cgroup->threaded || cgroup_is_thread_root(m, cgroup)))
		return -EOPNOTSUPP;
	if (!(enable & CGROUP_DOMAIN_CONTROLLERS) &&
	    (cgroup->threaded || can_be_thread_root(m, cgroup)))
		return 0;
	return has_tasks(m, cgroup) ? -EBUSY : 0;
}

/* Controller by controller: those that come are there, those that go no child passes on. */
static int vet_control(const struct machine *m, const struct cgroup *cgroup, u32 enable,
		       u32 disable)
{
	for (unsigned int i = 0; i < NR_CGROUP_CONTROLLERS; i++) {
		const struct cgroup *child = cgroup_child(m, cgroup, 1);

		if (enable & CGROUP_BIT(i) && !cgroup_has(cgroup, i))
			return -ENOENT;
		while (child && !(child->subtree_control & disable & CGROUP_BIT(i)))
			child = cgroup_child(m, cgroup, child->id + 1);
		if (child)
			return -EBUSY;
	}
	return vet_enable(m, cgroup, enable);
}

int cgroup_control(struct machine *m, struct cgroup *cgroup, u32 enable, u32 disable)
{
	u32 was = cgroup->subtree_control, changed, mask;
	int err;

	enable &= ~was;
	err = vet_control(m, cgroup, enable, disable);
	if (err)
		return err;
	cgroup->subtree_control = (was | enable) & ~disable;
	changed = was ^ cgroup->subtree_control;
	mask = cgroup_subtree_ss_mask(cgroup->subtree_control);
	if ((cgroup_subtree_ss_mask(was) ^ mask) & CGROUP_BIT(CGROUP_MEMORY))
		err = memcg_control(m, cgroup, mask & CGROUP_BIT(CGROUP_MEMORY));
	else if (disable & changed & CGROUP_BIT(CGROUP_MEMORY))
		memcg_reset(m, cgroup);
	if (err)
		cgroup->subtree_control = was;
	else if (changed & disable & CGROUP_BIT(CGROUP_IO))
		blkcg_offline_children(m, cgroup);
	if (err || !(changed & CGROUP_BIT(CGROUP_CPUSET)))
		return err;
	return cpuset_control(m, cgroup, enable & CGROUP_BIT(CGROUP_CPUSET));
}
