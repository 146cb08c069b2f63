// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clone: the child's parts are made one by one in the kernel's order, each shared or
 * copied as the flags say, and taken apart again if one cannot be had. The pid comes
 * late, and with it the child becomes visible; nothing fails from there on.
 */
#include "sim/virt/fork.h"

#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/kstack.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

static int check_flags(const struct task_struct *task, u64 flags)
{
	if (flags & CLONE_UNKNOWN)
		return -EINVAL;
	if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND))
		return -EINVAL;
	if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM))
		return -EINVAL;
	if ((flags & CLONE_PARENT) && task->signal->unkillable)
		return -EINVAL;
	return 0;
}

static u32 nr_tasks_of(const struct machine *m, u32 uid)
{
	u32 nr = 0;

	for (unsigned int i = 0; i < m->tasks->nr; i++)
		nr += m->tasks->tasks[i]->uid == uid;
	return nr;
}

static int check_limits(const struct machine *m, const struct task_struct *task)
{
	if (task->uid && !task->cap_sys_resource && !task->cap_sys_admin &&
	    nr_tasks_of(m, task->uid) + 1 > task->signal->rlim[RLIMIT_NPROC].cur)
		return -EAGAIN;
	return (s64)m->tasks->nr >= m->tunables->threads_max ? -EAGAIN : 0;
}

static int copy_files(struct machine *m, struct task_struct *task, u64 flags,
		      struct task_struct *child)
{
	if (!task->files)
		return 0;
	if (flags & CLONE_FILES) {
		child->files = task->files;
		child->files->count++;
		return 0;
	}
	return files_struct_dup(m, task->files, &child->files);
}

static int copy_fs(struct machine *m, struct task_struct *task, u64 flags,
		   struct task_struct *child)
{
	int err;

	if (flags & CLONE_FS) {
		child->fs = task->fs;
		if (child->fs)
			child->fs->count++;
		return 0;
	}
	err = new_object(m, &m->virt->fs_structs, NUMA_NO_NODE, &child->fs);
	if (!err)
		child->fs->count = 1;
	return err;
}

static int copy_sighand(struct machine *m, struct task_struct *task, u64 flags,
			struct task_struct *child)
{
	int err;

	if (flags & CLONE_SIGHAND) {
		child->sighand = task->sighand;
		child->sighand->count++;
		return 0;
	}
	err = new_object(m, &m->virt->sighands, NUMA_NO_NODE, &child->sighand);
	if (err)
		return err;
	child->sighand->count = 1;
	child->sighand->ignored = task->sighand->ignored;
	return 0;
}

/* The child's cred is with its signal_struct: `cred` is its own, or 0 for a thread. */
static int copy_signal(struct machine *m, struct task_struct *task, u64 cred,
		       struct task_struct *child)
{
	const struct signal_struct *old = task->signal;
	struct signal_struct *new;
	int err;

	if (!cred) {
		child->signal = task->signal;
		child->signal->count++;
		return 0;
	}
	err = new_object(m, &m->virt->signals, NUMA_NO_NODE, &new);
	if (err)
		return err;
	new->count = new->nr_threads = 1;
	new->cred = cred;
	memcpy(new->rlim, old->rlim, sizeof(new->rlim));
	new->oom_score_adj = old->oom_score_adj;
	new->oom_score_adj_min = old->oom_score_adj_min;
	new->pgid = old->pgid;
	new->sid = old->sid;
	child->signal = new;
	return 0;
}

static int copy_mm(struct machine *m, struct task_struct *task, u64 flags,
		   struct task_struct *child)
{
	int err = 0;

	if (!task->mm)
		return 0;
	if (flags & CLONE_VM) {
		mmget(task->mm);
		child->mm = task->mm;
	} else {
		err = dup_mm(m, task, &child->mm);
		if (!err)
			child->mm->owner = child;
	}
	return err;
}

static int copy_pid(struct machine *m, struct task_struct *child)
{
	int err = pid_object_alloc(m, child);

	if (err)
		return err;
	child->pid = pid_alloc(m);
	return child->pid ? 0 : -EAGAIN;
}

static void put_fs(struct machine *m, struct task_struct *task)
{
	if (task->fs && !--task->fs->count)
		object_free(m, &m->virt->fs_structs, task->fs->self);
	task->fs = NULL;
}

void exit_files(struct machine *m, struct task_struct *task)
{
	if (task->files)
		files_struct_put(m, task->files);
	task->files = NULL;
	put_fs(m, task);
}

/* Everything between the cred and the pid. */
static int copy_parts(struct machine *m, struct task_struct *task, u64 flags, u64 cred,
		      struct task_struct *child)
{
	int err = copy_files(m, task, flags, child);

	if (!err)
		err = copy_fs(m, task, flags, child);
	if (!err)
		err = copy_sighand(m, task, flags, child);
	if (!err)
		err = copy_signal(m, task, cred, child);
	if (!err)
		err = copy_mm(m, task, flags, child);
	if (!err)
		err = copy_pid(m, child);
	return err;
}

/* What copy_parts() had made when it failed; the cred, too, if it has an owner. */
static void drop_parts(struct machine *m, struct task_struct *child)
{
	if (child->mm)
		mmput(m, child->mm);
	exit_files(m, child);
	task_free(m, child);
}

static void child_init(struct machine *m, const struct task_struct *task, u64 flags,
		       struct task_struct *child)
{
	child->flags &= ~(PF_KTHREAD | PF_SUPERPRIV | PF_WQ_WORKER | PF_IDLE |
			  PF_NO_SETAFFINITY | PF_EXITING | PF_SIGNALED);
	child->flags |= PF_FORKNOEXEC;
	child->state = 'S';
	child->wchan = NULL;
	child->start_ns = m->now_ns;
	child->min_flt = child->maj_flt = 0;
	child->stime_ns = 0;
	child->exec_strings = (struct exec_strings){ 0 };
	child->io = (struct task_io){ 0 };
	child->nr_dirtied = child->nr_dirtied_pause = 0;
	child->dirty_paused_when = 0;
	child->nvcsw = child->nivcsw = 0;
	memset(child->rss_cache, 0, sizeof(child->rss_cache));
	child->rss_events = 0;
	child->exit_code = 0;
	child->orphan = false;
	child->vfork_child = 0;
	child->vfork_parent = flags & CLONE_VFORK;
	child->exit_signal = flags & CSIGNAL;
	if (flags & CLONE_PARENT)
		child->exit_signal = task_find(m, task->tgid)->exit_signal;
	if (flags & CLONE_THREAD)
		child->exit_signal = -1;
	child->last_cpu = (s16)sched_pick_cpu(m, child);
}

static void child_start(struct machine *m, struct task_struct *task, u64 flags,
			struct task_struct *child)
{
	child->tgid = flags & CLONE_THREAD ? task->tgid : child->pid;
	/* Only now: whoever was the parent may have been killed for the memory. */
	child->ppid = flags & (CLONE_PARENT | CLONE_THREAD) ? task->ppid : task->tgid;
	if (flags & CLONE_THREAD)
		child->signal->nr_threads++;
	else
		child->signal->tgid = child->pid;
	task_link(m, child);
	if (!(flags & CLONE_VFORK))
		return;
	task->vfork_child = child->pid;
	task->state = 'D';
}

static int copy_process(struct machine *m, struct task_struct *task, u64 flags,
			struct task_struct **result)
{
	struct task_struct *child;
	u64 cred = 0;
	int node = task->node < 0 ? NUMA_NO_NODE : task->node;
	int err = task_alloc(m, task, node, &child);

	if (err)
		return err;
	child_init(m, task, flags, child);
	err = kernel_stack_alloc_task(m, node, &child->stack);
	if (!err && !(flags & CLONE_THREAD))
		err = cred_alloc(m, NUMA_NO_NODE, &cred);
	if (!err)
		err = check_limits(m, task);
	if (!err)
		err = mpol_dup(m, task->mempolicy, &child->mempolicy);
	if (!err)
		err = copy_parts(m, task, flags, cred, child);
	/* Who is about to die has no child any more. */
	if (!err && fatal_signal_pending(m))
		err = -EINTR;
	if (err)
		goto out_child;
	*result = child;
	return 0;

out_child:
	if (cred && !child->signal)
		kmem_cache_free(m, m->virt->cred_cache, cred);
	drop_parts(m, child);
	return err;
}

int sys_clone(struct machine *m, struct task_struct *task, u64 flags, u32 *pid)
{
	struct task_struct *child = NULL;
	int err;

	if (!task->signal)
		return -ENOMEM;		/* of the image, on a tiny machine */
	err = check_flags(task, flags);
	if (!err)
		err = tasks_reserve(m);
	if (!err)
		err = copy_process(m, task, flags, &child);
	if (err)
		return err;
	child_start(m, task, flags, child);
	*pid = child->pid;
	return 0;
}
