/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose rights a task has. Capabilities are the kernel's bits; those that memory management
 * asks for are also fields of the task, that follow the effective set.
 */
#ifndef KMM_VIRT_CRED_H
#define KMM_VIRT_CRED_H

#include "sim/virt/task.h"

enum capability { CAP_SETUID = 7, CAP_IPC_LOCK = 14, CAP_SYS_PTRACE = 19, CAP_SYS_ADMIN = 21,
		  CAP_SYS_NICE = 23, CAP_SYS_RESOURCE = 24 };
#define CAP_FULL_SET 0x000001ffffffffffULL

/* The effective set becomes that; the fields of the task follow. */
void task_set_effective(struct task_struct *task, u64 caps);
/* What a task of user 0, or of another, begins a program with. */
void cred_exec(struct task_struct *task);
/* -EPERM: only CAP_SETUID changes the user. From 0 to another, all rights go. */
int sys_setuid(struct task_struct *task, u32 uid) __must_check;
/* The effective set: -EPERM: more than what is permitted. */
int sys_capset(struct task_struct *task, u64 effective) __must_check;

#endif
