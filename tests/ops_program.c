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
#include "ops.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"

#define PROGRAM "/golden/driver"
#define PROGRAM_BYTES 0xdd000
#define RELRO 0x4c4000
#define RELRO_BYTES 0x4000
#define DATA 0x4c9000
#define BSS_USED 0x5ce000
#define HEAP_FIRST 0xdc0
#define HEAP_SECOND 0x21dc0
#define HEAP_BYTES 0x22000
#define OBSERVER_FDS 4

static const struct program driver = {
	.path = PROGRAM,
	.entry = 0x401cc0,
	.segments = {
		{ .vaddr = 0x400000, .memsz = 0x528, .filesz = 0x528, .offset = 0,
		  .prot = PROT_READ },
		{ .vaddr = 0x401000, .memsz = 0x989f1, .filesz = 0x989f1, .offset = 0x1000,
		  .prot = PROT_READ | PROT_EXEC },
		{ .vaddr = 0x49a000, .memsz = 0x292f4, .filesz = 0x292f4, .offset = 0x9a000,
		  .prot = PROT_READ },
		{ .vaddr = 0x4c42b8, .memsz = 0x125c88, .filesz = 0x6098, .offset = 0xc42b8,
		  .prot = PROT_READ | PROT_WRITE },
	},
	.nr_segments = 4,
};

/* nr accesses from addr on, a stride apart. */
struct touched {
	u64 addr;
	unsigned int nr;
	u32 stride;
	enum access access;
};

/* What a child touches on its way to the program that it is to run. */
static const struct touched before_exec[] = {
	{ 0x7fffffffe000, 1, PAGE_SIZE, ACCESS_STORE },
	{ RELRO + RELRO_BYTES, 3, PAGE_SIZE, ACCESS_STORE },
	{ BSS_USED, 3, PAGE_SIZE, ACCESS_STORE },
};

static const struct touched at_start[] = {
	{ 0x7fffffffd000, 1, PAGE_SIZE, ACCESS_STORE },
	{ 0x400000, 1, PAGE_SIZE, ACCESS_LOAD },
	{ 0x401000, 1, PAGE_SIZE, ACCESS_IFETCH },
	{ 0x420000, 4, 64 * SZ_1K, ACCESS_IFETCH },
	{ 0x470000, 3, 64 * SZ_1K, ACCESS_IFETCH },
	{ 0x49a000, 1, PAGE_SIZE, ACCESS_LOAD },
	{ 0x4b0000, 1, PAGE_SIZE, ACCESS_LOAD },
	{ RELRO, 1, PAGE_SIZE, ACCESS_LOAD },
	{ RELRO + 0x2000, 4, PAGE_SIZE, ACCESS_STORE },
};

static const struct touched in_main[] = {
	{ BSS_USED, 2, PAGE_SIZE, ACCESS_LOAD },
	{ 0x5ea000, 2, PAGE_SIZE, ACCESS_STORE },
	{ BSS_USED, 28, PAGE_SIZE, ACCESS_STORE },
};

/*
 * The pages of the loop that runs the calls. A child inherits no page tables of the
 * program's text: it faults it in again.
 */
#define LOOP_PAGE BSS_USED		/* the request, the reply, the signal */
#define JUMP_PAGE (BSS_USED + 0x1000)	/* where a handler returns to */
#define FRAME_PAGE (BSS_USED + 0x2000)	/* of the signal's frame */
#define BUFFER (BSS_USED + 0x4880)
#define BUFFER_BYTES 0x10000
#define THREAD_PAGE 0x5ea000		/* on the heap, as of all static programs */
#define STACK_PAGE 0x7fffffffe000

static const struct touch_row {
	enum touch when;
	struct touched touched;
} around[] = {
	{ TOUCH_BEFORE, { LOOP_PAGE, 1, PAGE_SIZE, ACCESS_STORE } },
	{ TOUCH_CALL, { JUMP_PAGE, 1, PAGE_SIZE, ACCESS_STORE } },
	{ TOUCH_HANDLER, { FRAME_PAGE, 1, PAGE_SIZE, ACCESS_STORE } },
	{ TOUCH_HANDLER, { 0x440000, 1, PAGE_SIZE, ACCESS_IFETCH } },
	{ TOUCH_FORK, { STACK_PAGE, 1, PAGE_SIZE, ACCESS_STORE } },
	{ TOUCH_FORK, { DATA, 1, PAGE_SIZE, ACCESS_STORE } },
	{ TOUCH_FORK, { LOOP_PAGE, 2, PAGE_SIZE, ACCESS_STORE } },
	{ TOUCH_CHILD, { STACK_PAGE, 1, PAGE_SIZE, ACCESS_STORE } },
	{ TOUCH_CHILD, { 0x401000, 1, PAGE_SIZE, ACCESS_IFETCH } },
	{ TOUCH_CHILD, { 0x430000, 1, PAGE_SIZE, ACCESS_IFETCH } },
};

/* A list may have taken the program's own memory away: let it. */
static void touch(struct machine *m, struct task_struct *task, const struct touched *row)
{
	struct access_result how;

	for (unsigned int i = 0; i < row->nr; i++)
		if (task_access(m, task, row->addr + (u64)i * row->stride, row->access, &how))
			return;
}

bool ops_touch(struct ops *ops, u32 pid, enum touch when)
{
	struct task_struct *task = task_find(ops->m, pid);
	struct access_result how;

	if (ops->bare)
		return true;
	for (unsigned int i = 0; i < ARRAY_SIZE(around); i++)
		if (around[i].when == when)
			touch(ops->m, task, &around[i].touched);
	/* Each call, and each handler, needs the thread's own block. */
	if (when != TOUCH_BEFORE ||
	    task_access(ops->m, task, THREAD_PAGE, ACCESS_LOAD, &how) || !how.signal)
		return true;
	force_sig_fault(ops->m, task, how.signal, how.code, how.address, how.error_code);
	return false;
}

void ops_fill_buffer(struct ops *ops, u64 bytes)
{
	const struct touched row = {
		BUFFER, (unsigned int)DIV_ROUND_UP(BUFFER % PAGE_SIZE +
						   MIN(bytes, (u64)BUFFER_BYTES), PAGE_SIZE),
		PAGE_SIZE, ACCESS_STORE,
	};

	if (!ops->bare && bytes)
		touch(ops->m, ops_task(ops), &row);
}

/* The program's file, all of it in the page cache. */
static int make_file(struct machine *m, struct task_struct *init)
{
	struct inode *inode;
	u64 done;
	int fd, err = inode_create(m, INODE_DISK, PROGRAM, PROGRAM_BYTES, &inode);

	if (!err)
		err = sys_open(m, init, PROGRAM, O_RDONLY, 0, &fd);
	if (err)
		return err;
	err = sys_pread(m, init, fd, 0, PROGRAM_BYTES, &done);
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
	u64 start = task->mm->start_brk, brk;
	int err;

	for (unsigned int i = 0; i < ARRAY_SIZE(at_start); i++)
		touch(m, task, &at_start[i]);
	err = sys_brk(m, task, start + HEAP_FIRST, &brk);
	if (!err)
		err = sys_mprotect(m, task, RELRO, RELRO_BYTES, PROT_READ);
	if (!err)
		err = sys_brk(m, task, start + HEAP_SECOND, &brk);
	if (!err)
		err = sys_brk(m, task, start + HEAP_BYTES, &brk);
	return err;
}

/* The program in a new process, up to its first call. */
static int start_process(struct machine *m, struct task_struct *parent, u32 *pid)
{
	static const char *const argv[] = { PROGRAM, "--worker", NULL };
	const struct exec_request req = { .path = PROGRAM, .argv = argv };
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
	for (unsigned int i = 0; i < ARRAY_SIZE(before_exec); i++)
		touch(m, task, &before_exec[i]);
	err = exec_program(m, task, &driver, &req);
	if (!err)
		err = start_library(m, task);
	for (unsigned int i = 0; !err && i < ARRAY_SIZE(in_main); i++)
		touch(m, task, &in_main[i]);
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
		err = sys_open(m, task_find(m, ops->observer), PROGRAM, O_RDONLY, 0, &fd);
	if (!err)
		err = start_process(m, task_find(m, ops->observer), &ops->pid[0]);
	return err;
}
