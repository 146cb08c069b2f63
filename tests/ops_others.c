// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments of System V shared memory, and calls on the memory of other processes, whose
 * arguments are ids and pids as the machine has them. What shmctl() tells is in the
 * result's vec: attached, bytes, mode.
 */
#include "ops.h"

#include <string.h>

#include "sim/virt/file.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pidfd.h"
#include "sim/virt/process_vm.h"
#include "sim/virt/shm.h"

int op_shmget(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 id = 0;
	int err = sys_shmget(ops->m, ops_task(ops), (s32)op->a[1], (u64)op->a[2],
			     (u32)op->a[3], &id);

	result->ret = (s64)id;
	return err;
}

int op_shmat(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 where = 0;
	int err = sys_shmat(ops->m, ops_task(ops), (s32)op->a[0], (u64)op->a[1],
			    (u32)op->a[2], &where);

	result->ret = (s64)where;
	return err;
}

int op_shmdt(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_shmdt(ops->m, ops_task(ops), (u64)op->a[0]);
}

int op_shmctl(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 told = 0;
	int err = sys_shmctl(ops->m, ops_task(ops), (s32)op->a[0], (int)op->a[1], &told);
	const struct shm_segment *segment;

	result->ret = (s64)told;
	if (err || op->a[1] != IPC_STAT)
		return err;
	for (u32 slot = 0; (segment = shm_next(ops->m, &slot)); slot++) {
		if (segment->id != op->a[0])
			continue;
		memcpy(result->vec, &segment->nattch, sizeof(segment->nattch));
		memcpy(result->vec + 8, &segment->bytes, sizeof(segment->bytes));
		memcpy(result->vec + 16, &segment->mode, sizeof(segment->mode));
	}
	return 0;
}

/* a[4]: where the caller has room. */
static int process_vm(struct ops *ops, const struct op *op, struct op_result *result,
		      bool write)
{
	const struct user_range remote = { (u64)op->a[0], (u64)op->a[1] };
	const struct user_range local = { (u64)op->a[4], (u64)op->a[1] };
	u64 done = 0;
	int err = sys_process_vm(ops->m, ops_task(ops), (s32)op->a[3], &local, &remote, 1,
				 write, &done);

	result->ret = (s64)done;
	return err;
}

int op_vm_read(struct ops *ops, const struct op *op, struct op_result *result)
{
	return process_vm(ops, op, result, /* write = */ false);
}

int op_vm_write(struct ops *ops, const struct op *op, struct op_result *result)
{
	return process_vm(ops, op, result, /* write = */ true);
}

int op_process_madvise(struct ops *ops, const struct op *op, struct op_result *result)
{
	const struct user_range range = { (u64)op->a[0], (u64)op->a[1] };
	struct task_struct *task = ops_task(ops);
	u64 done = 0;
	int pidfd, err, closed;

	err = sys_pidfd_open(ops->m, task, (s32)op->a[3], 0, &pidfd);
	if (err)
		return err;
	err = sys_process_madvise(ops->m, task, pidfd, &range, 1, (int)op->a[2], 0, &done);
	closed = sys_close(ops->m, task, pidfd);
	result->ret = (s64)done;
	return err ? err : closed;
}
