// SPDX-License-Identifier: GPL-2.0-or-later
/* Operations on files and processes: rows of ops_calls.c. */
#include <errno.h>
#include <string.h>

#include "ops.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/prctl.h"
#include "sim/virt/sched.h"
#include "tree_files.h"

#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#define NOBODY 65534

/* A new descriptor, and the size that its file is to have. */
static int sized(struct ops *ops, int fd, u64 size, struct op_result *result)
{
	result->ret = fd;
	result->ret_stands = true;
	return sys_ftruncate(ops->m, ops_task(ops), fd, size);
}

int op_open(struct ops *ops, const struct op *op, struct op_result *result)
{
	int fd, err = sys_open(ops->m, ops_task(ops), op->s, O_RDWR | O_CREAT | O_TRUNC, 0600,
			       &fd);

	return err ? err : sized(ops, fd, op->a[0], result);
}

int op_memfd(struct ops *ops, const struct op *op, struct op_result *result)
{
	int fd, err = sys_memfd_create(ops->m, ops_task(ops), op->s, 0, &fd);

	return err ? err : sized(ops, fd, op->a[0], result);
}

int op_close(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_close(ops->m, ops_task(ops), (int)op->a[0]);
}

int op_ftruncate(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_ftruncate(ops->m, ops_task(ops), (int)op->a[0], op->a[1]);
}

/* As the program does it: a buffer at a time, and of nothing, no call is made. */
#define BUFFER (64 * SZ_1K)

int op_pwrite(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 all = 0, len = (u64)op->a[2], done;
	int err = 0;

	for (; !err && all < len; all += done)
		err = sys_pwrite(ops->m, ops_task(ops), (int)op->a[0], (u64)op->a[1] + all,
				 MIN(len - all, BUFFER), &done);
	result->ret = (s64)all;
	result->ret_stands = true;
	return err;
}

int op_pread(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 all = 0, len = (u64)op->a[2], done = 1;
	int err = 0;

	for (; !err && done && all < len; all += done)
		err = sys_pread(ops->m, ops_task(ops), (int)op->a[0], (u64)op->a[1] + all,
				MIN(len - all, BUFFER), &done);
	ops_fill_buffer(ops, all);
	result->ret = (s64)all;
	result->ret_stands = true;
	return err;
}

int op_punch(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_fallocate(ops->m, ops_task(ops), (int)op->a[0],
			     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, op->a[1], op->a[2]);
}

int op_unlink(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_unlink(ops->m, ops_task(ops), op->s);
}

static int new_process(struct ops *ops, u32 child, u64 flags, struct op_result *result)
{
	u32 pid;
	int err;

	if (child >= NR_PROCESSES)
		ops_bad(ops, "fork", "not a process");
	err = sys_clone(ops->m, ops_task(ops), flags, &pid);
	if (err)
		return err;
	ops->pid[child] = pid;
	ops->dead[child] = false;
	ops->no_handlers[child] = ops->no_handlers[ops->current];
	result->ret = pid;
	ops_touch(ops, ops->pid[ops->current], TOUCH_FORK);
	/* A task counts its own pages while it runs. */
	sched_switch_to(ops->m, task_find(ops->m, pid));
	ops_touch(ops, pid, TOUCH_CHILD);
	sched_switch_to(ops->m, ops_task(ops));
	return 0;
}

int op_fork(struct ops *ops, const struct op *op, struct op_result *result)
{
	return new_process(ops, (u32)op->a[0], SIGCHLD, result);
}

/* A process of its own with what the flags share: CLONE_VM, and not CLONE_THREAD. */
int op_clone(struct ops *ops, const struct op *op, struct op_result *result)
{
	return new_process(ops, (u32)op->a[0], (u64)op->a[1], result);
}

int op_exit(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)op;
	(void)result;
	do_group_exit(ops->m, ops_task(ops), 0);
	return 0;
}

int op_wait(struct ops *ops, const struct op *op, struct op_result *result)
{
	u32 ended = 0, status = 0;
	int err = sys_wait4(ops->m, ops_task(ops), -1, (u32)op->a[0], &ended, &status);

	result->ret = ended;
	result->addr = status;
	return err;
}

int op_rlimit(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct task_struct *task = ops_task(ops);
	unsigned int resource = (unsigned int)op->a[0];
	struct rlimit limit = task->signal->rlim[resource];

	(void)result;
	limit.cur = (u64)op->a[1];
	if (op->nr_args > 2)
		limit.max = (u64)op->a[2];
	return sys_prlimit(ops->m, task, task, resource, &limit, NULL);
}

/* setresuid() to nobody: the capabilities go. */
int op_dropcaps(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct task_struct *task = ops_task(ops);

	(void)op;
	(void)result;
	task->uid = NOBODY;
	task->cap_ipc_lock = task->cap_sys_admin = task->cap_sys_resource = false;
	task->cap_sys_nice = false;
	return 0;
}

int op_thp(struct ops *ops, const struct op *op, struct op_result *result)
{
	const struct prctl_request req = { .option = PR_SET_THP_DISABLE, .arg2 = (u64)op->a[0] };
	u64 value;

	(void)result;
	return sys_prctl(ops->m, ops_task(ops), &req, &value);
}

int op_sysctl(struct ops *ops, const struct op *op, struct op_result *result)
{
	static const char self[] = "/proc/self/";
	char own[160];
	int err;

	if (ops_task(ops)->uid) {
		result->ret_stands = true;	/* it is not even opened */
		return -EACCES;
	}
	ops_touch(ops, ops_task(ops)->pid, TOUCH_STRING);
	if (!strncmp(op->s, self, sizeof(self) - 1)) {
		snprintf(own, sizeof(own), "proc/%u/%s", ops_task(ops)->pid,
			 op->s + sizeof(self) - 1);
		err = tree_write(ops->tree, own, op->t);
	} else {
		err = tree_write(ops->tree, op->s + (op->s[0] == '/'), op->t);
	}
	result->ret = (s64)strlen(op->t);
	return err;
}

int op_persona(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 old = 0;
	int err = sys_personality(ops_task(ops), (u64)op->a[0], &old);

	result->ret = (s64)old;
	return err;
}
