// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults of the kernel inside a call, where only the program's own may be seen: how many
 * there were the thread's counts tell, which pages it were follows from the call's
 * arguments. A page that an argument points to, that is there now and that nobody has been
 * seen to fault, is taken for one of them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "kmm-record.h"

#define STRUCT_BYTES 256	/* what most pointers point to is no larger */
#define BRANCHES 8		/* ranges of a vector that are looked at */

/* Calls whose buffer is as long as their result. */
static const struct {
	u16 nr;
	u8 buffer;		/* which argument */
} buffers[] = {
	{ SYS_read, 1 }, { SYS_pread64, 1 }, { SYS_write, 1 }, { SYS_pwrite64, 1 },
	{ SYS_getdents64, 1 }, { SYS_getdents, 1 }, { SYS_recvfrom, 1 }, { SYS_sendto, 1 },
	{ SYS_readlink, 1 }, { SYS_readlinkat, 2 }, { SYS_getcwd, 0 }, { SYS_getrandom, 0 },
	{ SYS_getxattr, 2 }, { SYS_lgetxattr, 2 }, { SYS_fgetxattr, 2 },
};

u64 record_thread_faults(const struct record_task *task)
{
	char path[64];
	struct record_counts counts;

	snprintf(path, sizeof(path), "%d/task/%d", task->tgid, task->tid);
	counts = record_faults_at(path);
	return counts.minflt + counts.majflt;
}

void record_known(struct record_task *task, u64 addr)
{
	if (!task->space->known)
		task->space->known = g_hash_table_new(NULL, NULL);
	g_hash_table_add(task->space->known, GSIZE_TO_POINTER(addr / PAGE_BYTES));
}

static bool is_known(const struct record_task *task, u64 addr)
{
	return task->space->known && g_hash_table_contains(task->space->known,
							   GSIZE_TO_POINTER(addr / PAGE_BYTES));
}

struct range {
	u64 first, end;		/* pages */
};

static gboolean lies_in(gpointer key, gpointer value, gpointer data)
{
	const struct range *range = data;
	u64 page = GPOINTER_TO_SIZE(key);

	return page >= range->first && page < range->end;
}

void record_forget(struct record_task *task, u64 start, u64 len)
{
	struct range range = { start / PAGE_BYTES, (start + len + PAGE_BYTES - 1) / PAGE_BYTES };

	if (task->space->known)
		g_hash_table_foreach_remove(task->space->known, lies_in, &range);
}

void record_forget_all(struct record_task *task)
{
	if (task->space->known)
		g_hash_table_remove_all(task->space->known);
}

void record_forget_changed(struct record_task *task)
{
	const struct record_call *call = &task->call;

	if (call->failed)
		return;
	if (call->nr == SYS_mmap)
		record_forget(task, (u64)call->result, call->args[1]);
	else if (call->nr == SYS_brk)
		record_forget(task, (u64)call->result, 1ULL << 40);
	else if (call->nr != SYS_mprotect)
		record_forget(task, call->args[0], call->args[1]);
}

/* Pages of a range of the program's memory; how many were found. */
static u64 find_in(struct recording *r, struct record_task *task, u64 addr, u64 len, u64 wanted)
{
	u64 found = 0, at = addr;

	while (at < addr + len && found < wanted) {
		if (!is_known(task, at) && record_kernel_access(r, task, at))
			found++;
		at = (at / PAGE_BYTES + 1) * PAGE_BYTES;
	}
	return found;
}

static u64 find_in_vector(struct recording *r, struct record_task *task, u64 wanted)
{
	const struct record_call *call = &task->call;
	struct iovec iov[BRANCHES];
	u64 found = 0, nr = MIN(call->args[2], (u64)BRANCHES);

	if (record_read(task->tid, call->args[1], iov, nr * sizeof(*iov)) != nr * sizeof(*iov))
		return 0;
	for (u64 i = 0; i < nr && found < wanted; i++)
		found += find_in(r, task, (u64)(uintptr_t)iov[i].iov_base, iov[i].iov_len,
				 wanted - found);
	return found;
}

static bool is_vector(u64 nr)
{
	return nr == SYS_readv || nr == SYS_writev || nr == SYS_preadv || nr == SYS_pwritev;
}

/* Those that make pages of their own here as well, or end what there was. */
static bool does_it_itself(u64 nr)
{
	return nr == SYS_execve || nr == SYS_execveat || nr == SYS_rt_sigreturn;
}

/* An access of the kernel's to a page that it has not touched since it could be missing. */
static u64 try_page(struct recording *r, struct record_task *task, u64 addr)
{
	return addr && !is_known(task, addr) && record_kernel_access(r, task, addr);
}

/*
 * On the way back, the CPU's number is written where the program said, after a fork or on
 * another CPU; the frame of a signal goes to the stack.
 */
void record_kernel_before(struct recording *r, struct record_task *task)
{
	u64 known = task->faults_behind + task->seen;
	u64 missing;

	task->faults_before = record_thread_faults(task);
	missing = task->faults_before - MIN(known, task->faults_before);
	if (missing)
		missing -= try_page(r, task, task->rseq);
	for (u64 below = 0; below < 3 && missing; below++)
		missing -= try_page(r, task, task->sp - below * PAGE_BYTES);
}

void record_kernel_faults(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	u64 now = record_thread_faults(task), missing = now - MIN(now, task->faults_before);

	if (call->nr == SYS_rseq && !call->failed)
		task->rseq = call->args[2] & 1 ? 0 : call->args[0];
	if (!missing || record_call_is_of_space(call) || does_it_itself(call->nr))
		return;
	if (is_vector(call->nr))
		missing -= find_in_vector(r, task, missing);
	for (unsigned int i = 0; i < G_N_ELEMENTS(buffers); i++) {
		if (buffers[i].nr == call->nr && !call->failed)
			missing -= find_in(r, task, call->args[buffers[i].buffer],
					   (u64)call->result, missing);
	}
	for (unsigned int i = 0; i < 6 && missing; i++) {
		if (call->args[i] >= 64 * 1024)
			missing -= find_in(r, task, call->args[i], STRUCT_BYTES, missing);
	}
}

void record_kernel_behind(struct record_task *task)
{
	task->faults_behind = record_thread_faults(task);
	task->seen = 0;
}
