// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A directory has a group of its own where its parent passes the controller on, or, unseen,
 * that of disks; else its nearest parent's counts. Each mm knows the group of the process that
 * owns it, so that a fault need not look for it.
 */
#include "sim/virt/memcontrol.h"

#include "sim/base/bug.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"

struct mem_cgroup *cgroup_memcg(const struct machine *m, const struct cgroup *cgroup)
{
	while (cgroup && !cgroup->memcg)
		cgroup = cgroup->parent;
	if (cgroup)
		return cgroup->memcg;
	return m->memcg ? root_mem_cgroup(m) : NULL;
}

struct mem_cgroup *mem_cgroup_from_task(const struct machine *m, const struct task_struct *task)
{
	return cgroup_memcg(m, task_cgroup(m, task));
}

u16 memcg_id_of_task(const struct machine *m, const struct task_struct *task)
{
	const struct mem_cgroup *memcg = m->memcg ? mem_cgroup_from_task(m, task) : NULL;

	return memcg ? memcg->id : 0;
}

void mem_cgroup_path(const struct machine *m, const struct mem_cgroup *memcg, struct out *out)
{
	while (!memcg->online)
		memcg = memcg->parent;
	cgroup_path(cgroup_of(m, memcg->cgroup), out);
}

void memcg_update_mms(struct machine *m)
{
	for (struct task_struct *task = task_next(m, 0); task;
	     task = task_next(m, task->pid + 1))
		if (task->mm && task->mm->owner == task)
			task->mm->memcg = memcg_id_of_task(m, task);
}

/* What the kernel allocates for a thread of its own is nobody's. */
static struct mem_cgroup *current_memcg(const struct machine *m)
{
	const struct task_struct *task = current_task(m);

	if (m->memcg->active)
		return mem_cgroup_of(m, m->memcg->active);
	/* Nor is what a line without a task allocates. */
	if (!task || !task->mm || m->oom_killer_disabled)
		return NULL;
	return mem_cgroup_of(m, task->mm->memcg);
}

int mem_cgroup_charge_slow(struct machine *m, u64 pfn, const struct mm_struct *mm, gfp_t gfp)
{
	struct mem_cgroup *memcg = mm ? mem_cgroup_of(m, mm->memcg) : current_memcg(m);

	if (!memcg || mem_cgroup_is_root(memcg))
		return 0;
	return memcg_charge_folio(m, memcg, pfn, gfp);
}

/* ---- The controller. ---- */

int memcg_mkdir(struct machine *m, struct cgroup *cgroup)
{
	struct bdi_writeback *wb;
	int err;

	if (!cgroup_has_css(cgroup, CGROUP_MEMORY))
		return 0;
	err = memcg_state_make(m);
	if (!err)
		err = swap_cgroup_make(m);
	if (!err)
		err = cgwb_create(m, &wb);
	if (err)
		return err;
	m->memcg->of_current = current_memcg;
	err = mem_cgroup_create(m, cgroup_memcg(m, cgroup->parent), cgroup->id, &cgroup->memcg);
	if (err) {
		cgwb_free(m, wb);
		return err;
	}
	wb_init(m, wb, cgroup->memcg->id);
	cgroup->memcg->wb = wb;
	err = memcg_memory_alloc(m, cgroup->memcg);
	if (err)
		memcg_rmdir(m, cgroup);
	return err;
}

void memcg_rmdir(struct machine *m, struct cgroup *cgroup)
{
	struct mem_cgroup *memcg = cgroup->memcg;

	cgroup->memcg = NULL;
	if (!memcg)
		return;
	memcg_update_mms(m);
	cgwb_offline(m, memcg);
	mem_cgroup_offline(m, memcg);
	memcg_memory_free(m);
}

int memcg_control(struct machine *m, struct cgroup *cgroup, bool enable)
{
	struct cgroup *child = cgroup_child(m, cgroup, 1);
	int err = 0;

	for (; child && enable && !err; child = cgroup_child(m, cgroup, child->id + 1))
		err = memcg_mkdir(m, child);
	if (err || !enable)
		for (child = cgroup_child(m, cgroup, 1); child;
		     child = cgroup_child(m, cgroup, child->id + 1))
			memcg_rmdir(m, child);
	else if (m->memcg)
		memcg_update_mms(m);
	return err;
}

void memcg_reset(struct machine *m, struct cgroup *cgroup)
{
	const u64 max = page_counter_max(m->arch->bits);
	struct cgroup *child = cgroup_child(m, cgroup, 1);

	for (; child; child = cgroup_child(m, cgroup, child->id + 1)) {
		struct mem_cgroup *memcg = child->memcg;

		if (!memcg)
			continue;
		page_counter_set_min(&memcg->memory, 0);
		page_counter_set_low(&memcg->memory, 0);
		memcg->memory.high = memcg->memory.max = max;
		memcg->swap.high = memcg->swap.max = max;
	}
}
