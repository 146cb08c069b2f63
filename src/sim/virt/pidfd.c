// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Descriptors that stand for processes: an open file of an inode that has no pages and
 * knows its task by pid and serial number, so that a pid that comes again is another.
 */
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/pidfd.h"
#include "sim/virt/virt.h"

#define PIDFD_THREAD 0200
#define PIDFD_NONBLOCK 04000

int anon_inode_getfile(struct machine *m, const char *name, u32 flags, struct file **file)
{
	struct inode *inode;
	int err = inode_create_anon(m, name, &inode);

	if (err)
		return err;
	err = file_open_inode(m, inode, flags, file);
	iput(m, inode);
	return err;
}

/* May this one be the task of a descriptor? */
static int check_task(const struct machine *m, const struct task_struct *task, u32 flags)
{
	bool old = !rel_pidfd_has_threads(m->release);

	if (!task)
		return -ESRCH;
	if (task->pid == task->tgid || (flags & PIDFD_THREAD))
		return 0;
	return old ? -EINVAL : -ENOENT;
}

int sys_pidfd_open(struct machine *m, struct task_struct *task, s32 pid, u32 flags, int *fd)
{
	u32 known = PIDFD_NONBLOCK | (rel_pidfd_has_threads(m->release) ? PIDFD_THREAD : 0);
	struct task_struct *of;
	struct file *file;
	int err;

	if (flags & ~known || pid <= 0)
		return -EINVAL;
	of = task_find(m, (u32)pid);
	err = check_task(m, of, flags);
	if (!err)
		err = fd_get_unused(m, task, fd);
	if (!err)
		err = anon_inode_getfile(m, "anon_inode:[pidfd]", O_RDWR | flags, &file);
	if (err)
		return err;
	file->inode->pid = of->pid;
	file->inode->pid_serial = of->serial;
	fd_install(task, *fd, file, /* cloexec = */ true);
	return 0;
}

int pidfd_get_task(const struct machine *m, struct task_struct *task, int fd,
		   struct task_struct **of)
{
	const struct file *file = fget(m, task, fd);

	if (fd == PIDFD_SELF_THREAD || fd == PIDFD_SELF_THREAD_GROUP) {
		*of = task;
		return rel_pidfd_has_self(m->release) ? 0 : -EBADF;
	}
	if (!file || file->inode->kind != INODE_ANON || !file->inode->pid)
		return -EBADF;
	*of = task_find(m, file->inode->pid);
	return *of && (*of)->serial == file->inode->pid_serial ? 0 : -ESRCH;
}

int mm_access(const struct task_struct *task, const struct task_struct *of,
	      struct mm_struct **mm)
{
	*mm = of->mm;
	if (!*mm || of->flags & PF_KTHREAD)
		return -ESRCH;
	if (*mm == task->mm || !task->uid)
		return 0;
	return task->uid == of->uid && ((*mm)->flags & MMF_DUMPABLE_MASK) == 1 ? 0 : -EACCES;
}

int sys_process_mrelease(const struct machine *m, struct task_struct *task, int fd, u64 flags)
{
	struct task_struct *of;
	int err = flags ? -EINVAL : pidfd_get_task(m, task, fd, &of);

	if (err)
		return err;
	return of->mm ? -EINVAL : -ESRCH;
}
