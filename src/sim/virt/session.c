// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Process groups and sessions. A group lives as long as a task that names it, a zombie
 * too; who leads a session has its pid for the session's number.
 */
#include "sim/virt/fork.h"

static bool leads_session(const struct task_struct *task)
{
	return task->signal->sid == task->tgid;
}

/* Some process of the group; of the session `sid` if that is not 0. */
static bool group_exists(const struct machine *m, u32 pgid, u32 sid)
{
	const struct task_struct *t;

	for (t = process_next(m, 1); t; t = process_next(m, t->pid + 1)) {
		if (t->signal && t->signal->pgid == pgid && (!sid || t->signal->sid == sid))
			return true;
	}
	return false;
}

/* May the task put that process into another group? */
static int may_regroup(const struct task_struct *task, const struct task_struct *who)
{
	bool child = who->ppid == task->tgid && who->tgid != task->tgid;

	if (who->pid != who->tgid)
		return -EINVAL;
	if (!child && who->tgid != task->tgid)
		return -ESRCH;
	if (child && who->signal->sid != task->signal->sid)
		return -EPERM;
	if (child && !(who->flags & PF_FORKNOEXEC))
		return -EACCES;
	return leads_session(who) ? -EPERM : 0;
}

int sys_setpgid(struct machine *m, struct task_struct *task, s32 pid, s32 pgid)
{
	struct task_struct *who = task_find(m, pid ? (u32)pid : task->tgid);
	int err;

	if (pgid < 0)
		return -EINVAL;
	if (!who || !who->signal)
		return -ESRCH;
	err = may_regroup(task, who);
	if (err)
		return err;
	if (!pgid)
		pgid = (s32)who->pid;
	if ((u32)pgid != who->pid && !group_exists(m, (u32)pgid, task->signal->sid))
		return -EPERM;
	who->signal->pgid = (u32)pgid;
	return 0;
}

int sys_setsid(struct machine *m, struct task_struct *task, u32 *sid)
{
	if (leads_session(task) || group_exists(m, task->tgid, 0))
		return -EPERM;
	task->signal->sid = task->signal->pgid = task->tgid;
	*sid = task->tgid;
	return 0;
}
