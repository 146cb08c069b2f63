// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments of System V shared memory, and calls on the memory of other processes, whose
 * arguments are ids and pids as the machine has them. What shmctl() tells is in the
 * result's vec: attached, bytes, mode.
 */
#include "ops.h"

#include <errno.h>
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

static s32 process_or_none(const struct ops *ops, s64 letter)
{
	return letter < 0 ? -1 : (s32)ops->pid[letter];
}

int op_vm_read(struct ops *ops, const struct op *op, struct op_result *result)
{
	return process_vm(ops, op, result, /* write = */ false);
}

int op_vm_write(struct ops *ops, const struct op *op, struct op_result *result)
{
	return process_vm(ops, op, result, /* write = */ true);
}

struct remote_advice {
	s32 pid;
	const struct user_range *ranges;
	unsigned int nr;
	int advice;
	u64 flags;
};

/* Through no pidfd, where there is no such process. */
static int advise_remote(struct ops *ops, const struct remote_advice *a, struct op_result *result)
{
	struct task_struct *task = ops_task(ops);
	int pidfd = -1, closed = 0, err = sys_pidfd_open(ops->m, task, a->pid, 0, &pidfd);
	u64 done = 0;

	if (err == -ENOBUFS)
		return err;
	if (err)
		pidfd = -1;
	err = sys_process_madvise(ops->m, task, pidfd, a->ranges, a->nr, a->advice, a->flags, &done);
	if (pidfd >= 0)
		closed = sys_close(ops->m, task, pidfd);
	result->ret = (s64)done;
	return err ? err : closed;
}

int op_process_madvise(struct ops *ops, const struct op *op, struct op_result *result)
{
	const struct user_range range = { (u64)op->a[0], (u64)op->a[1] };
	const struct remote_advice a = {
		.pid = (s32)op->a[3], .ranges = &range, .nr = 1, .advice = (int)op->a[2],
	};

	return advise_remote(ops, &a, result);
}

/* Between one range of the caller's and two of another process's. */
static int process_vmv(struct ops *ops, const struct op *op, struct op_result *result,
		       bool write)
{
	const struct user_range local = { (u64)op->a[2], (u64)op->a[3] };
	const struct user_range remote[] = {
		{ (u64)op->a[4], (u64)op->a[5] }, { (u64)op->a[6], (u64)op->a[7] },
	};
	u64 done = 0;
	int err = op->a[1] ? -EINVAL :
		  sys_process_vm(ops->m, ops_task(ops), process_or_none(ops, op->a[0]), &local,
				 remote, ARRAY_SIZE(remote), write, &done);

	result->ret = (s64)done;
	return err;
}

int op_vm_readv(struct ops *ops, const struct op *op, struct op_result *result)
{
	return process_vmv(ops, op, result, /* write = */ false);
}

int op_vm_writev(struct ops *ops, const struct op *op, struct op_result *result)
{
	return process_vmv(ops, op, result, /* write = */ true);
}

/* process_madvise() of two ranges, or of fewer; of a process, or of none. */
int op_pmadvise2(struct ops *ops, const struct op *op, struct op_result *result)
{
	const struct user_range ranges[2] = {
		{ (u64)op->a[0], (u64)op->a[1] }, { (u64)op->a[2], (u64)op->a[3] },
	};
	const struct remote_advice a = {
		.pid = process_or_none(ops, op->a[5]), .ranges = ranges, .nr = (unsigned int)op->a[7],
		.advice = (int)op->a[4], .flags = (u64)op->a[6],
	};

	return advise_remote(ops, &a, result);
}
