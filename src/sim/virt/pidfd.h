/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptors of processes, of other things that are no files, and whose mm one may see. */
#ifndef KMM_VIRT_PIDFD_H
#define KMM_VIRT_PIDFD_H

#include "sim/virt/mm_types.h"

#define PIDFD_SELF_THREAD (-10000)
#define PIDFD_SELF_THREAD_GROUP (-10001)

/* An open file that has no pages and no path. -ENOMEM, -ENOBUFS. */
int anon_inode_getfile(struct machine *m, const char *name, u32 flags,
		       struct file **file) __must_check;
int sys_pidfd_open(struct machine *m, struct task_struct *task, s32 pid, u32 flags,
		   int *fd) __must_check;
/* -EBADF: no such descriptor; -ESRCH: the task is gone. */
int pidfd_get_task(const struct machine *m, struct task_struct *task, int fd,
		   struct task_struct **of) __must_check;
/*
 * process_mrelease: -EINVAL: the process does not end (here, what ends is gone at once);
 * -ESRCH, -EBADF.
 */
int sys_process_mrelease(const struct machine *m, struct task_struct *task, int fd,
			 u64 flags) __must_check;
/* The mm of a task that may be looked into. -ESRCH: it has none; -EACCES. */
int mm_access(const struct task_struct *task, const struct task_struct *of,
	      struct mm_struct **mm) __must_check;

#endif
