// SPDX-License-Identifier: GPL-2.0-or-later
/* Users and capabilities: a root that gives rights up, by call or with its user. */
#include "sim/virt/cred.h"

void task_set_effective(struct task_struct *task, u64 caps)
{
	task->cap_effective = caps;
	task->cap_ipc_lock = caps >> CAP_IPC_LOCK & 1;
	task->cap_sys_ptrace = caps >> CAP_SYS_PTRACE & 1;
	task->cap_sys_admin = caps >> CAP_SYS_ADMIN & 1;
	task->cap_sys_nice = caps >> CAP_SYS_NICE & 1;
	task->cap_sys_resource = caps >> CAP_SYS_RESOURCE & 1;
}

void cred_exec(struct task_struct *task)
{
	task->cap_permitted = task->uid ? 0 : CAP_FULL_SET;
	task_set_effective(task, task->cap_permitted);
}

int sys_setuid(struct task_struct *task, u32 uid)
{
	if (uid == ~0U)
		return -EINVAL;
	if (uid == task->uid)
		return 0;
	if (!(task->cap_effective >> CAP_SETUID & 1))
		return -EPERM;
	if (!task->uid) {
		task->cap_permitted = 0;
		task_set_effective(task, 0);
	}
	task->uid = uid;
	return 0;
}

int sys_capset(struct task_struct *task, u64 effective)
{
	if (effective & ~task->cap_permitted)
		return -EPERM;
	task_set_effective(task, effective);
	return 0;
}
