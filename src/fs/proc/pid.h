/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of proc/PID share: whose they are. */
#ifndef KMM_FS_PROC_PID_H
#define KMM_FS_PROC_PID_H

#include "fs/core/entry.h"
#include "sim/virt/task.h"

/* The view's thread, or its process's first one. The view proves that it is there. */
const struct task_struct *view_task(const struct view *v);
/* Is the view a thread's (PID/task/TID)? */
bool view_is_thread(const struct view *v);
/* The open descriptors of the view's task, for rows of V_FD (struct each). */
bool fd_next(const struct view *v, u32 *id);
void fd_name(const struct view *v, u32 id, char name[64]);
bool fd_find(const struct view *v, const char *name, u32 *id);

#endif
