// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations with the system calls' own arguments, numbers as they are. */
#include <errno.h>
#include <string.h>

#include "ops.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/mmap.h"
#include "sim/virt/prctl.h"

int op_fallocate(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_fallocate(ops->m, ops_task(ops), (int)op->a[0], (u32)op->a[1], (u64)op->a[2],
			     (u64)op->a[3]);
}

int op_fcntl(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 value;
	int err = sys_fcntl(ops->m, ops_task(ops), (int)op->a[0], (unsigned int)op->a[1],
			    (u64)op->a[2], &value);

	result->ret = (s64)value;
	return err;
}

int op_fsync(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_fsync(ops->m, ops_task(ops), (int)op->a[0]);
}

int op_fadvise(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_fadvise64(ops->m, ops_task(ops), (int)op->a[0], (u64)op->a[1], (u64)op->a[2],
			     (int)op->a[3]);
}

int op_msyncf(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_msync(ops->m, ops_task(ops), (u64)op->a[0], (u64)op->a[1], (u64)op->a[2]);
}

int op_setrlimit(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct task_struct *task = ops_task(ops);
	unsigned int resource = (unsigned int)op->a[0];
	struct rlimit limit = task->signal->rlim[resource];

	(void)result;
	limit.cur = (u64)op->a[1];
	return sys_prlimit(ops->m, task, task, resource, &limit, NULL);
}

int op_mseal(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_mseal(ops->m, ops_task(ops), (u64)op->a[0], (u64)op->a[1], (u64)op->a[2]);
}

int op_prctl(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct prctl_request req = {
		.option = (int)op->a[0], .arg2 = (u64)op->a[1], .arg3 = (u64)op->a[2],
		.arg4 = (u64)op->a[3], .arg5 = (u64)op->a[4],
	};
	u64 value;
	int err = sys_prctl(ops->m, ops_task(ops), &req, &value);

	result->ret = (s64)value;
	return err;
}

/* "-": no name. */
int op_anon_name(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct prctl_request req = {
		.option = PR_SET_VMA, .arg2 = PR_SET_VMA_ANON_NAME, .arg3 = (u64)op->a[0],
		.arg4 = (u64)op->a[1], .text = strcmp(op->s, "-") ? op->s : NULL,
	};
	u64 value;

	(void)result;
	return sys_prctl(ops->m, ops_task(ops), &req, &value);
}

int op_remap_file_pages(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_remap_file_pages(ops->m, ops_task(ops), (u64)op->a[0], (u64)op->a[1],
				    (u64)op->a[2], (u64)op->a[3], (u64)op->a[4]);
}
