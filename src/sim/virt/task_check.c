// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold of tasks (K1, K2) and of the references to mm_structs and to what
 * tasks share (T8): each count is compared with those that it counts.
 */
#include "sim/virt/fork.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"
#include "sim/virt/userfaultfd.h"

static void fail_task(struct check *check, const struct task_struct *task, const char *id,
		      const char *what)
{
	check_fail(check, id, "task %u (%s): expected %s, found otherwise", task->pid,
		   task->comm, what);
}

static void expect(struct check *check, bool holds, const struct task_struct *task,
		   const char *id, const char *what)
{
	check->nr_checked++;
	if (!holds)
		fail_task(check, task, id, what);
}

/* They are in order, and as many as there are tasks. */
static bool is_among_arrivals(const struct machine *m, const struct task_struct *task)
{
	const struct task_struct key = { .arrival = task->arrival - 1 };

	return task_next_arrival(m, &key) == task;
}

static void place_validate(const struct machine *m, const struct task_struct *task, u32 last,
			   struct check *check)
{
	const struct task_struct *leader = task_find(m, task->tgid);

	expect(check, task->pid > last && task->pid < PID_LIMIT, task, "K1",
	       "a pid above that of its predecessor");
	expect(check, task->ppid ? task_find(m, task->ppid) != NULL :
	       task->tgid <= PID_KTHREADD, task, "K1", "a parent");
	expect(check, leader && leader->tgid == leader->pid &&
	       leader->signal == task->signal, task, "K1", "the first thread of its group");
	expect(check, task->serial && task->serial <= m->tasks->last_serial, task, "K2",
	       "a serial number of the past");
	expect(check, task->arrival && task->arrival <= m->tasks->last_arrival &&
	       is_among_arrivals(m, task), task, "K2", "a place among who came to cgroups");
}

static void zombie_validate(const struct task_struct *task, struct check *check)
{
	expect(check, task_alive(task) || (!task->mm && !task->files && !task->fs &&
	       !task->stack), task, "K1", "a zombie to have no memory, files or stack");
	expect(check, !(task->flags & PF_KTHREAD) || !task->mm, task, "K1",
	       "a kernel thread to have no memory");
	expect(check, task_alive(task) || task->pid == task->tgid, task, "K1",
	       "a dead thread to be gone");
}

static void shares_validate(const struct machine *m, const struct task_struct *task,
			    struct check *check)
{
	s32 signals = 0, alive = 0, sighands = 0, fs = 0;

	if (!task->signal)
		return;
	for (unsigned int i = 0; i < m->tasks->nr; i++) {
		const struct task_struct *other = m->tasks->tasks[i];

		signals += other->signal == task->signal;
		alive += other->signal == task->signal && task_alive(other);
		sighands += other->sighand == task->sighand;
		fs += other->fs == task->fs;
	}
	expect(check, signals == task->signal->count && alive == task->signal->nr_threads,
	       task, "T8", "its signal_struct to count its threads");
	expect(check, sighands == task->sighand->count, task, "T8",
	       "its sighand_struct to count its users");
	expect(check, !task->fs || fs == task->fs->count, task, "T8",
	       "its fs_struct to count its users");
}

static void vfork_validate(const struct machine *m, const struct task_struct *task,
			   struct check *check)
{
	const struct task_struct *child;

	if (!task->vfork_child)
		return;
	child = task_find(m, task->vfork_child);
	expect(check, child && child->vfork_parent && task->state == 'D', task, "K1",
	       "its vfork child to run on, and itself to wait");
}

static void mm_validate(const struct machine *m, const struct mm_struct *mm,
			struct check *check)
{
	s32 users = mm == m->virt->poking_mm, borrowers = 0, kernel = mm == m->init_mm;

	for (unsigned int i = 0; i < m->tasks->nr; i++)
		users += m->tasks->tasks[i]->mm == mm;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct task_struct *task = cpu_of(m, cpu)->current;

		borrowers += !task->mm && task->active_mm == mm;
	}
	/* And khugepaged, whether users are left or not. */
	if (m->khugepaged && mm_slot_lookup(m, mm))
		borrowers++;
	check->nr_checked += 2;
	for (u32 h = object_next(&m->virt->uffd_ctxs, 1); h;
	     h = object_next(&m->virt->uffd_ctxs, h + 1))
		borrowers += userfaultfd_ctx_of(m, h)->mm == mm;
	/* The kernel's own: two users and a borrower are there from the start. */
	if (mm->mm_users != users + 2 * kernel)
		check_fail(check, "T8", "mm %u: expected mm_users %d, found %d", mm->self,
			   users + 2 * kernel, mm->mm_users);
	if (mm->mm_count != (mm->mm_users > 0) + borrowers + kernel)
		check_fail(check, "T8", "mm %u: expected mm_count %d, found %d", mm->self,
			   (mm->mm_users > 0) + borrowers + kernel, mm->mm_count);
}

/* Whoever leaves an mm gives it on. */
static void owner_validate(const struct machine *m, const struct mm_struct *mm, struct check *check)
{
	const struct task_struct *owner = mm->owner;
	unsigned int users = 0, found = 0;

	for (unsigned int i = 0; i < m->tasks->nr; i++) {
		users += m->tasks->tasks[i]->mm == mm;
		found += m->tasks->tasks[i]->mm == mm && m->tasks->tasks[i] == owner;
	}
	check->nr_checked++;
	if (users && (!found || mm->memcg != memcg_id_of_task(m, owner)))
		check_fail(check, "T8", "mm %u: expected an owner that uses it, and charges to its "
			   "group, found pid %u, group %u", mm->self, found ? owner->pid : 0, mm->memcg);
}

/* I2: faults of tasks are among all faults, and so are those that had to read. */
static void faults_validate(const struct machine *m, struct check *check)
{
	u64 of_tasks = 0, all = m->event[PGFAULT], major = m->event[PGMAJFAULT];

	for (unsigned int i = 0; i < m->tasks->nr; i++)
		of_tasks += m->tasks->tasks[i]->min_flt + m->tasks->tasks[i]->maj_flt;
	check->nr_checked += 2;
	if (all < of_tasks)
		check_fail(check, "I2", "machine: expected pgfault %llu or more, found %llu",
			   (unsigned long long)of_tasks, (unsigned long long)all);
	if (all < major)
		check_fail(check, "I2", "machine: expected pgmajfault up to %llu, found %llu",
			   (unsigned long long)all, (unsigned long long)major);
}

void tasks_validate(const struct machine *m, struct check *check)
{
	u32 last = 0;

	if (!m->tasks)
		return;
	for (unsigned int i = 0; i < m->tasks->nr; i++) {
		const struct task_struct *task = m->tasks->tasks[i];

		place_validate(m, task, last, check);
		zombie_validate(task, check);
		shares_validate(m, task, check);
		vfork_validate(m, task, check);
		last = task->pid;
	}
	faults_validate(m, check);
	if (!m->tasks->cpus)
		return;
	mm_validate(m, m->init_mm, check);
	for (struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm)) {
		mm_validate(m, mm, check);
		owner_validate(m, mm, check);
	}
}
