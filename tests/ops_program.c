// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The program whose processes run the lists: a static one, without randomisation. Its
 * segments and what it touches before its first line are those of the program that
 * ran on the real kernels, so that faults and (on 6.1, where counts reach the mm
 * once in 64 faults) figures come at the same steps. What it touches around each
 * call matters after a fork, when its own pages are copied.
 *
 * Process A's parent runs the same program: it read the list and printed.
 */
#include "ops_layout.h"

#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"

#define OBSERVER_FDS 4

/* A list may have taken the program's own memory away: let it; false. */
static bool touch(struct machine *m, struct task_struct *task, const struct touched *row)
{
	struct access_result how = { 0 };

	for (unsigned int i = 0; i < row->nr && !how.signal; i++)
		if (task_access(m, task, row->addr + (u64)i * row->stride, row->access, &how))
			return true;
	return !how.signal;
}

static void touch_all(struct machine *m, struct task_struct *task, const struct touched *rows)
{
	for (; rows->nr; rows++)
		touch(m, task, rows);
}

bool ops_touch(struct ops *ops, u32 pid, enum touch when)
{
	const struct ops_layout *layout = ops_layout(ops->m);
	struct task_struct *task = task_find(ops->m, pid);
	struct access_result how;

	if (ops->bare || ops->still)
		return true;
	for (const struct touch_row *row = layout->around; row->touched.nr; row++)
		if (row->when == when && !touch(ops->m, task, &row->touched) &&
		    when == TOUCH_CHILD) {	/* it was not given its stack, say */
			do_group_exit(ops->m, task, SIGSEGV);
			return false;
		}
	/* Each operation, and each handler, needs the thread's own block. */
	if ((when != TOUCH_BEFORE && (when != TOUCH_AFTER || !layout->calls_by_thread)) ||
	    task_access(ops->m, task, layout->thread_page, ACCESS_LOAD, &how) || !how.signal)
		return true;
	force_sig_fault(ops->m, task, how.signal, how.code, how.address, how.error_code);
	return false;
}

void ops_fill_buffer(struct ops *ops, u64 bytes)
{
	const struct ops_layout *layout = ops_layout(ops->m);
	u64 used = layout->buffer % PAGE_SIZE + MIN(bytes, layout->buffer_bytes);
	const struct touched row = {
		layout->buffer, (unsigned int)DIV_ROUND_UP(used, PAGE_SIZE), PAGE_SIZE,
		ACCESS_STORE,
	};

	if (!ops->bare && !ops->still && bytes)
		touch(ops->m, ops_task(ops), &row);
}

#define FADV_RANDOM 1

/* The program's file, all of it in the page cache: in single pages, as a guest had it. */
static int make_file(struct machine *m, struct task_struct *init)
{
	const struct ops_layout *layout = ops_layout(m);
	struct inode *inode;
	u64 done;
	int fd, err = inode_create(m, layout->kind, layout->program.path, layout->file_bytes,
				   &inode);

	if (!err)
		err = sys_open(m, init, layout->program.path, O_RDWR, 0, &fd);
	if (err)
		return err;
	if (layout->kind == INODE_DISK)
		err = sys_fadvise64(m, init, fd, 0, 0, FADV_RANDOM);
	if (!err && layout->kind == INODE_DISK)
		err = sys_pread(m, init, fd, 0, layout->file_bytes, &done);
	else if (!err)
		err = sys_pwrite(m, init, fd, 0, layout->file_bytes, &done);
	if (!err)
		err = sys_close(m, init, fd);
	return err;
}

static void set_limits(struct task_struct *task)
{
	struct rlimit *rlim = task->signal->rlim;

	rlim[RLIMIT_STACK] = (struct rlimit){ 8 * SZ_1M, RLIM_INFINITY };
	rlim[RLIMIT_MEMLOCK] = (struct rlimit){ 8 * SZ_1M, 8 * SZ_1M };
	rlim[RLIMIT_CORE] = (struct rlimit){ 0, 0 };
}

/* What the C library does before main(). */
static int start_library(struct machine *m, struct task_struct *task)
{
	const struct ops_layout *layout = ops_layout(m);
	u64 start = task->mm->start_brk, brk;
	int err;

	touch_all(m, task, layout->at_start);
	err = sys_brk(m, task, start + layout->heap_first, &brk);
	if (!err)
		err = sys_mprotect(m, task, layout->relro, layout->relro_bytes, PROT_READ);
	if (!err)
		err = sys_brk(m, task, start + layout->heap_second, &brk);
	if (!err)
		err = sys_brk(m, task, start + layout->heap_bytes, &brk);
	return err;
}

/* The program in a new process, up to its first call. */
static int start_process(struct machine *m, struct task_struct *parent, u32 *pid)
{
	const struct ops_layout *layout = ops_layout(m);
	const struct program *program = &layout->program;
	const char *const argv[] = { program->path, "--worker", NULL };
	const struct exec_request req = { .path = program->path, .argv = argv };
	struct task_struct *task;
	int err;

	sched_switch_to(m, parent);
	err = sys_clone(m, parent, SIGCHLD, pid);
	if (err)
		return err;
	task = task_find(m, *pid);
	sched_switch_to(m, task);
	set_limits(task);
	task->personality = ADDR_NO_RANDOMIZE;
	touch_all(m, task, layout->before_exec);
	err = exec_program(m, task, program, &req);
	if (!err)
		err = start_library(m, task);
	if (!err)
		touch_all(m, task, layout->in_main);
	return err;
}

int ops_start(struct ops *ops)
{
	struct machine *m = ops->m;
	struct task_struct *init = task_find(m, PID_INIT);
	int fd = -1, err;

	sched_switch_to(m, init);
	err = make_file(m, init);
	if (!err)
		err = start_process(m, init, &ops->observer);
	/* Standard input, output and error, and the list. */
	while (!err && fd < OBSERVER_FDS - 1)
		err = sys_open(m, task_find(m, ops->observer), ops_layout(m)->program.path, O_RDONLY, 0, &fd);
	if (!err)
		err = start_process(m, task_find(m, ops->observer), &ops->pid[0]);
	return err;
}
