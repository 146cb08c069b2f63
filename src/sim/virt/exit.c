// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of a task: it gives back its memory, files and stack, its children go to
 * init, and what is left waits as a zombie for its parent, unless nobody will ask for
 * it. Threads other than the first are gone at once. init reaps what it inherits
 * without being told to; what it forked itself waits for its wait4.
 */
#include "sim/base/bug.h"
#include "sim/phys/report.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/kstack.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/sched.h"
#include "sim/virt/shm.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/virt.h"

static bool group_is_dead(const struct task_struct *task)
{
	return task->state == 'Z' && !task->signal->nr_threads;
}

static void release_task(struct machine *m, struct task_struct *task)
{
	task->signal->min_flt += task->min_flt;
	task->signal->maj_flt += task->maj_flt;
	task->signal->stime_ns += task->stime_ns;
	task_io_add(&task->signal->io, &task->io);
	task_unlink(m, task);
	task_free(m, task);
}

void vfork_done(struct machine *m, struct task_struct *task)
{
	for (unsigned int i = 0; task->vfork_parent && i < m->tasks->nr; i++) {
		struct task_struct *parent = m->tasks->tasks[i];

		if (parent->vfork_child != task->pid)
			continue;
		parent->vfork_child = 0;
		if (parent->state == 'D')
			parent->state = 'S';
	}
	task->vfork_parent = false;
}

/* Killed while it waited: its vfork child has nobody to tell. */
static void stop_waiting(struct machine *m, struct task_struct *task)
{
	struct task_struct *child = task->vfork_child ? task_find(m, task->vfork_child) : NULL;

	if (child)
		child->vfork_parent = false;
	task->vfork_child = 0;
	userfaultfd_exit(m, task);
}

static void exit_mm(struct machine *m, struct task_struct *task)
{
	struct mm_struct *mm = task->mm;

	vfork_done(m, task);
	if (!mm)
		return;
	sync_mm_rss(task);
	task->signal->maxrss = MAX(task->signal->maxrss, MAX(mm->hiwater_rss, get_mm_rss(mm)));
	sched_drop_mm(m, task);
	mm_update_next_owner(m, mm, task);
	mmput(m, mm);
}

/* Will somebody ask for this zombie? */
static bool is_awaited(const struct machine *m, const struct task_struct *task)
{
	const struct task_struct *parent = task_find(m, task->ppid);

	return parent && !task->orphan &&
	       !(task->exit_signal == SIGCHLD && parent->sighand->ignored & sigmask(SIGCHLD));
}

/* init is the new parent of the children of a process that ended. */
static void forget_original_parent(struct machine *m, u32 tgid)
{
	const struct task_table *table = m->tasks;

	for (unsigned int i = 0; i < table->nr;) {
		struct task_struct *child = table->tasks[i++];

		if (child->ppid != tgid)
			continue;
		child->ppid = PID_INIT;
		child->orphan = true;
		if (child->tgid == child->pid)
			child->exit_signal = SIGCHLD;
		if (child->tgid == child->pid && group_is_dead(child)) {
			release_task(m, child);
			i--;		/* the one behind is there now */
		}
	}
}

/* The first thread of a group is a zombie, and the last one has ended. */
static void end_of_group(struct machine *m, struct task_struct *leader)
{
	forget_original_parent(m, leader->tgid);
	if (!is_awaited(m, leader))
		release_task(m, leader);
}

static void exit_notify(struct machine *m, struct task_struct *task)
{
	struct task_struct *leader = task_find(m, task->tgid);
	bool last = !--task->signal->nr_threads;

	task->state = 'Z';
	if (task != leader) {
		task->state = 'X';
		release_task(m, task);
	}
	if (last)
		end_of_group(m, leader);
}

void do_exit(struct machine *m, struct task_struct *task, u32 code)
{
	task->flags |= PF_EXITING;
	task->exit_code = code;
	if (task->signal->nr_threads == 1 && task->tgid == PID_INIT) {
		panic(m, "Attempted to kill init! exitcode=0x%08x",
		      task->signal->group_exit ? task->signal->exit_code : code);
		return;
	}
	stop_waiting(m, task);
	exit_mm(m, task);
	exit_shm(m, task);
	exit_files(m, task);
	sched_leave(m, task);
	if (task->stack)
		kernel_stack_free(m, task->stack);
	task->stack = 0;
	mpol_put(m, task->mempolicy);
	task->mempolicy = NULL;
	exit_notify(m, task);
}

static void end_other_threads(struct machine *m, const struct task_struct *task, u32 code)
{
	const u32 tgid = task->tgid, own = task->pid;
	struct task_struct *thread;

	for (u32 pid = 0; (thread = thread_next(m, tgid, pid + 1)); ) {
		pid = thread->pid;
		if (pid != own && task_alive(thread))
			do_exit(m, thread, code);
	}
}

void do_group_exit(struct machine *m, struct task_struct *task, u32 code)
{
	if (task->signal->group_exit)
		code = task->signal->exit_code;
	task->signal->group_exit = true;
	task->signal->exit_code = code;
	if (task->signal->nr_threads > 1)
		end_other_threads(m, task, code);
	do_exit(m, task, code);
}

void zap_other_threads(struct machine *m, struct task_struct *task)
{
	struct task_struct *leader;

	if (task->signal->nr_threads > 1)
		end_other_threads(m, task, SIGKILL);
	if (task->pid == task->tgid)
		return;
	/* The thread that lives on becomes the first: it takes over the pid. */
	leader = task_find(m, task->tgid);
	task->exit_signal = leader->exit_signal;
	task->ppid = leader->ppid;
	task->orphan = leader->orphan;
	task->start_ns = leader->start_ns;
	release_task(m, leader);
	task_renumber(m, task, task->tgid);
}

/* Who ends with another signal than SIGCHLD is waited for by those who ask for such. */
static bool wanted(const struct task_struct *task, s32 pid, u32 options,
		   const struct task_struct *child)
{
	bool clone = child->exit_signal != SIGCHLD;

	if (child->ppid != task->tgid || child->tgid != child->pid)
		return false;
	if (!(options & WAIT_ALL) && clone != !!(options & WAIT_CLONE))
		return false;
	if (pid == -1)
		return true;
	if (pid > 0)
		return child->pid == (u32)pid;
	return child->signal->pgid == (pid ? (u32)-(s64)pid : task->signal->pgid);
}

static void reap(struct machine *m, struct task_struct *task, struct task_struct *child,
		 u32 *ended, u32 *status)
{
	struct signal_struct *mine = task->signal, *its = child->signal;

	*ended = child->pid;
	*status = its->group_exit ? its->exit_code : child->exit_code;
	mine->cmin_flt += child->min_flt + its->min_flt + its->cmin_flt;
	mine->cmaj_flt += child->maj_flt + its->maj_flt + its->cmaj_flt;
	mine->cstime_ns += child->stime_ns + its->stime_ns + its->cstime_ns;
	task_io_add(&mine->io, &child->io);
	task_io_add(&mine->io, &its->io);
	release_task(m, child);
}

int sys_wait4(struct machine *m, struct task_struct *task, s32 pid, u32 options,
	      u32 *ended, u32 *status)
{
	bool any = false;

	*ended = *status = 0;
	if (options & ~WAIT_OPTIONS)
		return -EINVAL;
	for (unsigned int i = 0; i < m->tasks->nr; i++) {
		struct task_struct *child = m->tasks->tasks[i];

		if (!wanted(task, pid, options, child))
			continue;
		any = true;
		if (group_is_dead(child)) {
			reap(m, task, child, ended, status);
			return 0;
		}
	}
	if (!any)
		return -ECHILD;
	return options & WNOHANG ? 0 : -EAGAIN;
}
