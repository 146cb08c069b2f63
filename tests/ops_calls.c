// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each operation as a call into the engine, made by the process whose line it is. The
 * process has handlers for SIGSEGV and SIGBUS, so those are results; kread and kwrite
 * die of them. Faults are counted over the call, with what the program itself
 * touches on the way (ops_touch()).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ops.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/sched.h"

static int op_mmap(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct mmap_request req = {
		.addr = op->a[0], .len = op->a[1], .prot = op->a[2], .flags = op->a[3],
		.offset = op->a[5],
	};
	u64 addr = 0;
	int err;

	if (!(req.flags & MAP_ANONYMOUS))
		req.file = fget(ops->m, ops_task(ops), (int)op->a[4]);
	err = sys_mmap(ops->m, ops_task(ops), &req, &addr);
	result->ret = (s64)addr;
	return err;
}

static int op_munmap(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_munmap(ops->m, ops_task(ops), op->a[0], op->a[1]);
}

static int op_mprotect(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_mprotect(ops->m, ops_task(ops), op->a[0], op->a[1], op->a[2]);
}

static int op_mremap(struct ops *ops, const struct op *op, struct op_result *result)
{
	const struct mremap_request req = {
		.addr = op->a[0], .old_len = op->a[1], .new_len = op->a[2],
		.flags = op->a[3], .new_addr = op->a[4],
	};
	u64 addr = 0;
	int err = sys_mremap(ops->m, ops_task(ops), &req, &addr);

	result->ret = (s64)addr;
	return err;
}

static int op_brk(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 brk = 0;
	int err = sys_brk(ops->m, ops_task(ops), op->a[0], &brk);

	result->ret = (s64)brk;
	return err;
}

static int op_madvise(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_madvise(ops->m, ops_task(ops), op->a[0], op->a[1], (int)op->a[2]);
}

static int op_mlock(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_mlock2(ops->m, ops_task(ops), op->a[0], op->a[1], 0);
}

static int op_mlock2(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_mlock2(ops->m, ops_task(ops), op->a[0], op->a[1], MLOCK_ONFAULT);
}

static int op_mlock2f(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_mlock2(ops->m, ops_task(ops), op->a[0], op->a[1], (u64)op->a[2]);
}

static int op_munlock(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_munlock(ops->m, ops_task(ops), op->a[0], op->a[1]);
}

static int op_mlockall(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_mlockall(ops->m, ops_task(ops), op->a[0]);
}

static int op_munlockall(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)op;
	(void)result;
	return sys_munlockall(ops->m, ops_task(ops));
}

static int op_msync(struct ops *ops, const struct op *op, struct op_result *result)
{
	(void)result;
	return sys_msync(ops->m, ops_task(ops), op->a[0], op->a[1], MS_SYNC);
}

/* The program's vector has 256 bytes: what lies behind them is overwritten, and is nobody's. */
static int op_mincore(struct ops *ops, const struct op *op, struct op_result *result)
{
	const u64 step = MINCORE_PAGES * PAGE_SIZE, len = (u64)op->a[1];
	u8 behind[MINCORE_PAGES];
	int err = 0;

	for (u64 done = 0; !err && (done < len || !done); done += step)
		err = sys_mincore(ops->m, ops_task(ops), op->a[0] + done, MIN(len - done, step),
				  done ? behind : result->vec);
	return err;
}

static int access_one(struct ops *ops, u64 address, enum access access,
		      struct op_result *result, struct access_result *how)
{
	int err = task_access(ops->m, ops_task(ops), address, access, how);

	if (!err && how->signal && ops->no_handlers[ops->current]) {
		force_sig_fault(ops->m, ops_task(ops), how->signal, how->code, how->address,
				how->error_code);
		return 0;
	}
	result->sig = how->signal;
	result->code = how->code;
	result->addr = how->address;
	return err;
}

static int access_pages(struct ops *ops, const struct op *op, enum access access,
			struct op_result *result)
{
	struct access_result how = { 0 };
	int err = 0;

	for (s64 i = 0; i < op->a[1] && !err; i++) {
		u64 address = op->a[0] + i * op->a[2];

		result->ret = i;
		if (ops_is_32bit(ops))
			address = (u32)address;
		err = access_one(ops, address, access, result, &how);
		if (how.signal)
			return err;
	}
	result->ret = op->a[1];
	return err;
}

static int op_read(struct ops *ops, const struct op *op, struct op_result *result)
{
	return access_pages(ops, op, ACCESS_LOAD, result);
}

static int op_write(struct ops *ops, const struct op *op, struct op_result *result)
{
	return access_pages(ops, op, ACCESS_STORE, result);
}

static int access_or_die(struct ops *ops, const struct op *op, enum access access,
			 struct op_result *result)
{
	struct access_result how = { 0 };

	ops->no_handlers[ops->current] = true;
	return access_one(ops, op->a[0], access, result, &how);
}

static int op_kread(struct ops *ops, const struct op *op, struct op_result *result)
{
	return access_or_die(ops, op, ACCESS_LOAD, result);
}

static int op_kwrite(struct ops *ops, const struct op *op, struct op_result *result)
{
	return access_or_die(ops, op, ACCESS_STORE, result);
}

/* read(2) of /dev/zero: cleared page by page of the buffer, as far as that goes. */
/* How far clear_user() came before a fault: on 32 bits, it stores four bytes at a time. */
static u64 bytes_cleared(const struct ops *ops, const struct op *op, u64 done)
{
	u64 chunk = done & ~(PAGE_SIZE - 1), size = MIN((u64)op->a[1] - chunk, PAGE_SIZE);

	if (!ops_is_32bit(ops) || done - chunk >= ALIGN_DOWN(size, 4))
		return done;
	return chunk + ALIGN_DOWN(done - chunk, 4);
}

static int op_kmwrite(struct ops *ops, const struct op *op, struct op_result *result)
{
	u64 addr = op->a[0], end = addr + op->a[1];
	int err = 0;

	/* The kernel looks at both ends first, then at the size's sign. */
	if (end < addr || end > arch_task_size_max(ops->m->arch))
		return -EFAULT;
	if ((u64)op->a[1] >> (ops->m->arch->bits - 1))
		return -EINVAL;
	while (addr < end) {
		u64 next = MIN(ALIGN_DOWN(addr, PAGE_SIZE) + PAGE_SIZE, end);

		err = fault_in_user(ops->m, ops_task(ops), addr, /* write = */ true);
		if (err)
			break;
		addr = next;
	}
	result->ret = (s64)bytes_cleared(ops, op, addr - op->a[0]);
	return result->ret ? 0 : err;
}

const struct op_row op_rows[] = {
	{ "mmap", "vvpmFv", op_mmap, .address = true },
	{ "munmap", "vv", op_munmap },
	{ "mprotect", "vvp", op_mprotect },
	{ "mremap", "vvvrv", op_mremap, .address = true },
	{ "brk", "v", op_brk, .address = true },
	{ "madvise", "vvd", op_madvise },
	{ "mlock", "vv", op_mlock },
	{ "mlock2", "vv", op_mlock2 },
	{ "mlock2f", "vvv", op_mlock2f },
	{ "munlock", "vv", op_munlock },
	{ "mlockall", "a", op_mlockall },
	{ "munlockall", "", op_munlockall },
	{ "msync", "vv", op_msync },
	{ "mbind", "vvvvvv", op_mbind },
	{ "set_mempolicy", "vvv", op_set_mempolicy, .quiet = true },
	{ "get_mempolicy", "vv", op_get_mempolicy, .quiet = true, .told = TOLD_POLICY },
	{ "home_node", "vvvv", op_home_node },
	{ "migrate_pages", "vvv", op_migrate_pages, .quiet = true },
	{ "move_pages", "vvov", op_move_pages, .quiet = true, .told = TOLD_STATUS },
	{ "mincore", "vv", op_mincore, .quiet = true },
	{ "read", "vNP", op_read },
	{ "write", "vNP", op_write },
	{ "kread", "v", op_kread },
	{ "kwrite", "v", op_kwrite },
	{ "kmwrite", "vv", op_kmwrite },
	{ "open", "so", op_open },
	{ "memfd", "so", op_memfd },
	{ "close", "v", op_close },
	{ "ftruncate", "vo", op_ftruncate },
	{ "pwrite", "voo", op_pwrite, .quiet = true },
	{ "pread", "voo", op_pread, .quiet = true },
	{ "punch", "voo", op_punch },
	{ "unlink", "s", op_unlink },
	{ "fork", "x", op_fork },
	{ "clone", "xv", op_clone },
	{ "exit", "", op_exit },
	{ "wait", "v", op_wait },
	{ "rlimit", "lii", op_rlimit, .quiet = true },
	{ "dropcaps", "", op_dropcaps },
	{ "thp", "b", op_thp },
	{ "sysctl", "st", op_sysctl, .quiet = true },
	{ "persona", "e", op_persona },
	{ "fallocate", "vvoo", op_fallocate },
	{ "fcntl", "vvv", op_fcntl, .quiet = true },
	{ "fsync", "v", op_fsync },
	{ "fadvise", "vvvv", op_fadvise },
	{ "msyncf", "vvv", op_msyncf },
	{ "setrlimit", "vv", op_setrlimit, .quiet = true },
	{ "mseal", "vvv", op_mseal },
	{ "prctl", "vvvvv", op_prctl, .quiet = true },
	{ "anon_name", "vvs", op_anon_name },
	{ "remap_file_pages", "vvvvv", op_remap_file_pages },
	{ "shmget", "vvvv", op_shmget, .quiet = true },
	{ "shmat", "vvv", op_shmat, .address = true },
	{ "shmdt", "v", op_shmdt },
	{ "shmctl", "vv", op_shmctl, .quiet = true, .told = TOLD_SEGMENT },
	{ "vm_read", "vvvvv", op_vm_read },
	{ "vm_write", "vvvvv", op_vm_write },
	{ "vm_readv", "yvvvvvvv", op_vm_readv },
	{ "vm_writev", "yvvvvvvv", op_vm_writev },
	{ "pmadvise2", "vvvvdyvT", op_pmadvise2 },
	{ "process_madvise", "vvvv", op_process_madvise },
	{ "pmadvise", "vvdx", op_pmadvise },
	{ "pkey_alloc", "vv", op_pkey_alloc, .quiet = true },
	{ "pkey_free", "o", op_pkey_free, .quiet = true },
	{ "pkey_mprotect", "vvpo", op_pkey_mprotect },
	{ "memfd2", "sov", op_memfd2 },
	{ "memfd_secret", "v", op_memfd_secret },
	{ "khugepaged", "", op_khugepaged, .quiet = true },
	{ "uffd", "v", op_uffd },
	{ "uffd_api", "vv", op_uffd_api, .told = TOLD_TEXT },
	{ "uffd_register", "vvvv", op_uffd_register, .told = TOLD_TEXT },
	{ "uffd_unregister", "vvv", op_uffd_unregister },
	{ "uffd_wp", "vvvv", op_uffd_wp },
	{ "uffd_copy", "vvvvv", op_uffd_copy, .told = TOLD_TEXT },
	{ "uffd_move", "vvvvv", op_uffd_move, .told = TOLD_TEXT },
	{ "uffd_zeropage", "vvvv", op_uffd_zeropage, .told = TOLD_TEXT },
	{ "pagemap_scan", "vvvvvv", op_pagemap_scan, .quiet = true, .told = TOLD_TEXT },
	{ "uffd_continue", "vvvv", op_uffd_continue, .told = TOLD_TEXT },
	{ "uffd_poison", "vvvv", op_uffd_poison, .told = TOLD_TEXT },
};
const unsigned int nr_op_rows = ARRAY_SIZE(op_rows);

struct task_struct *ops_task(const struct ops *ops)
{
	u32 pid = ops->pid[ops->current];

	return pid ? task_find(ops->m, pid) : NULL;
}

/* It ended; A's parent is not of the list and reaps it at once. */
static void say_ended(struct ops *ops, struct task_struct *task)
{
	unsigned int code = task->exit_code, status;
	u32 ended;

	ops->dead[ops->current] = true;
	if (ops->bare)
		return;
	if (ops->current) {
		printf("   => process %c ended\n", 'A' + ops->current);
		return;
	}
	if (code & 0x7f)
		printf("   => process A killed by signal %u%s\n", code & 0x7f,
		       code & 0x80 ? " (core)" : "");
	else
		printf("   => process A exited %u\n", code >> 8 & 0xff);
	if (sys_wait4(ops->m, task_find(ops->m, ops->observer), (s32)task->pid, 0, &ended, &status))
		printf("!! nobody waits for it\n");
}

/* A page of the task failed: its handler runs when the call is done. */
static bool take_mceerr(struct task_struct *task, struct op_result *result)
{
	if (!task_alive(task) || !task->mce_code || result->sig)
		return false;
	result->sig = SIGBUS;
	result->code = task->mce_code;
	result->addr = task->mce_addr;
	task->mce_code = 0;
	return true;
}

bool ops_run(struct ops *ops, const struct op *op, struct op_result *result)
{
	struct task_struct *task = ops_task(ops);
	u64 min_flt, maj_flt;
	int err;

	*result = (struct op_result){ 0 };
	if (!task || !task_alive(task) || ops->dead[ops->current]) {
		/* At first it is found out, also of one whose fork failed. */
		if (!ops->bare)
			printf(ops->dead[ops->current] ? "   => (process %c is gone)\n" :
							 "   => process %c ended\n",
			       'A' + ops->current);
		ops->dead[ops->current] = true;
		return false;
	}
	sched_switch_to(ops->m, task);
	if (!ops_touch(ops, task->pid, TOUCH_BEFORE)) {
		say_ended(ops, task);
		return false;
	}
	min_flt = task->min_flt;
	maj_flt = task->maj_flt;
	ops_touch(ops, task->pid, TOUCH_CALL);
	err = op->row->run(ops, op, result);
	if (take_mceerr(task, result))
		err = 0;
	if (task_alive(task) && result->sig == SIGKILL)
		do_group_exit(ops->m, task, SIGKILL);
	if (!task_alive(task) || !ops_touch(ops, task->pid, TOUCH_AFTER)) {
		say_ended(ops, task);
		return false;
	}
	if (result->sig) {
		/* A handler has the rights of a new program, and does not return. */
		task->pkru = PKRU_INIT;
		ops_touch(ops, task->pid, TOUCH_HANDLER);
	}
	result->minflt = task->min_flt - min_flt;
	result->majflt = task->maj_flt - maj_flt;
	if (err == -ENOBUFS) {
		fprintf(stderr, "ops-run: line %lu: no host memory\n", ops->line);
		exit(1);
	}
	if (err) {
		result->err = -err;
		if (!result->ret_stands)
			result->ret = -1;
	}
	return true;
}
