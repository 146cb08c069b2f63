// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls as lines. Most have the arguments of the verb of their name, in order: rows. Those
 * with descriptors, strings, lists or children have a function. What a call gave is what
 * the line expects.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kmm-record-calls.h"

#define IOV_MOST 4

/* What is behind the descriptor is no file of the machine: memory instead, in its place. */
static void map_other(struct recording *r, const struct record_task *task)
{
	const struct record_call *call = &task->call;
	u64 values[6] = { (u64)call->result, call->args[1], call->args[2],
			  call->args[3] | MAP_ANONYMOUS | MAP_FIXED, (u64)-1, 0 };

	record_skipped(r, "mmap of a device");
	if (!call->failed)
		put_values(r, task, "mmap", values, 6, /* expect = */ true);
}

static void call_mmap(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	u64 values[6];

	memcpy(values, call->args, sizeof(values));
	values[4] = (u64)-1;
	if (call->args[3] & MAP_ANONYMOUS) {
		values[5] = 0;
	} else {
		int fd = adopt_fd(r, task, (int)call->args[4]);

		if (fd == NOT_OPEN) {
			map_other(r, task);
			return;
		}
		values[4] = (u64)fd;
	}
	put_values(r, task, "mmap", values, 6, /* expect = */ true);
}

static void call_mremap(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	bool to = call->args[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP);

	put_values(r, task, "mremap", call->args, to ? 5 : 4, /* expect = */ true);
}

static void call_prctl(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	static const u8 kept[] = { 4 /* SET_DUMPABLE */, 35 /* SET_MM */, 41, 42 /* THP_DISABLE */,
				   65, 66 /* MDWE */, 67, 68 /* MEMORY_MERGE */ };

	if (!memchr(kept, (int)call->args[0], sizeof(kept)) || call->args[0] > 68)
		return;
	put_values(r, task, "prctl", call->args, 5, /* expect = */ true);
}

static void call_shm(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	gpointer id = GINT_TO_POINTER((int)(call->nr == SYS_shmget ? (u64)call->result :
					    call->args[0]));

	if (call->failed)
		return;
	if (call->nr == SYS_shmget) {
		if (g_hash_table_add(r->segments, id))
			record_put(r, task, "shmget(IPC_PRIVATE, %" PRIu64 ", IPC_CREAT|0%o) as shm%d",
				   call->args[1], (unsigned int)call->args[2] & 0777,
				   (int)call->result);
	} else if (!g_hash_table_contains(r->segments, id)) {
		record_skipped(r, "a segment of others");
	} else if (call->nr == SYS_shmat) {
		record_put(r, task, "shmat(@shm%d, %#" PRIx64 ", %" PRIu64 ") = %#" PRIx64,
			   (int)call->args[0], call->args[1], call->args[2], (u64)call->result);
	} else if (call->args[1] == 0 /* IPC_RMID */) {
		record_put(r, task, "shmctl(@shm%d, IPC_RMID) = 0", (int)call->args[0]);
	}
}

/* Ranges that a call's iovecs name; how many, 0 if they are too many for a line. */
static unsigned int read_iovecs(const struct record_task *task, u64 addr, u64 nr,
				struct iovec *iov)
{
	if (!nr || nr > IOV_MOST ||
	    record_read(task->tid, addr, iov, nr * sizeof(*iov)) != nr * sizeof(*iov))
		return 0;
	return (unsigned int)nr;
}

static void out_iovecs(struct out *out, const struct iovec *iov, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		out_printf(out, ", %#" PRIx64 ", %zu", (u64)(uintptr_t)iov[i].iov_base,
			   iov[i].iov_len);
}

static void call_process_vm(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	struct iovec mine[IOV_MOST], theirs[IOV_MOST];
	unsigned int nr = read_iovecs(task, call->args[1], call->args[2], mine);
	unsigned int theirs_nr = read_iovecs(task, call->args[3], call->args[4], theirs);
	struct out out = OUT_INIT;

	if (nr != 1 || theirs_nr != 1 || !record_task_find(r, (pid_t)call->args[0])) {
		record_skipped(r, "process_vm_readv");
		return;
	}
	out_printf(&out, "%s(@p%d", call->nr == SYS_process_vm_readv ? "process_vm_readv" :
		   "process_vm_writev", (int)call->args[0]);
	out_iovecs(&out, mine, nr);
	out_iovecs(&out, theirs, theirs_nr);
	out_putc(&out, ')');
	if (!call->failed)
		out_printf(&out, " = %" PRId64, call->result);
	record_put(r, task, "%s", out.text);
	out_free(&out);
}

static void call_pidfd_open(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;

	if (!call->failed && record_task_find(r, (pid_t)call->args[0]))
		record_put(r, task, "pidfd_open(@p%d, %" PRIu64 ") = %d", (int)call->args[0],
			   call->args[1], record_fd_open(task, call->result, true, 0));
}

static void call_process_madvise(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	int fd = record_fd_of(task, (int)call->args[0]);
	struct iovec iov[IOV_MOST];
	unsigned int nr = read_iovecs(task, call->args[1], call->args[2], iov);
	struct out out = OUT_INIT;

	if (fd == NOT_OPEN || !nr || call->failed) {
		record_skipped(r, "process_madvise");
		return;
	}
	out_printf(&out, "process_madvise(%d, %" PRIu64 ", %" PRIu64, fd, call->args[3],
		   call->args[4]);
	out_iovecs(&out, iov, nr);
	out_printf(&out, ") = %" PRId64, call->result);
	record_put(r, task, "%s", out.text);
	out_free(&out);
}

/* A mask of nodes: its first word says all. */
static void out_nodes(struct out *out, const struct record_task *task, u64 addr)
{
	u64 word;

	if (addr && record_read(task->tid, addr, &word, sizeof(word)) == sizeof(word))
		out_printf(out, "[%#" PRIx64 "]", word);
	else
		out_puts(out, "NULL");
}

static void call_policy(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	const u64 *args = call->args;
	struct out out = OUT_INIT;

	if (call->failed)
		return;
	if (call->nr == SYS_mbind) {
		out_printf(&out, "mbind(%#" PRIx64 ", %" PRIu64 ", %" PRIu64 ", ", args[0], args[1],
			   args[2]);
		out_nodes(&out, task, args[3]);
		out_printf(&out, ", %" PRIu64 ", %" PRIu64 ") = 0", args[4], args[5]);
	} else {
		out_printf(&out, "set_mempolicy(%" PRIu64 ", ", args[0]);
		out_nodes(&out, task, args[1]);
		out_printf(&out, ", %" PRIu64 ") = 0", args[2]);
	}
	record_put(r, task, "%s", out.text);
	out_free(&out);
}

static void call_limit(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	bool set = call->nr == SYS_setrlimit;
	u64 resource = call->args[set ? 0 : 1], limit[2];

	if (call->failed || (!set && (call->args[0] && (pid_t)call->args[0] != task->tgid)) ||
	    !call->args[set ? 1 : 2])
		return;
	if (record_read(task->tid, call->args[set ? 1 : 2], limit, sizeof(limit)) == sizeof(limit))
		record_put(r, task, "setrlimit(%" PRIu64 ", %" PRId64 ", %" PRId64 ") = 0", resource,
			   (s64)limit[0], (s64)limit[1]);
}

static void call_wait(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	u64 options = call->args[call->nr == SYS_waitid ? 3 : 2];
	pid_t pid = (pid_t)call->result;
	s32 info[4] = { 0 };

	if (call->failed)
		return;
	if (call->nr == SYS_waitid) {
		if (!(call->args[3] & WEXITED) || call->args[3] & WNOWAIT || !call->args[2] ||
		    record_read(task->tid, call->args[2], info, sizeof(info)) != sizeof(info))
			return;
		pid = info[3];
	} else if (call->args[1]) {
		int status;

		if (record_read(task->tid, call->args[1], &status, sizeof(status)) ==
			    sizeof(status) && (WIFSTOPPED(status) || WIFCONTINUED(status)))
			return;
	}
	if (pid > 0 && g_hash_table_contains(r->checked, GINT_TO_POINTER(pid)))
		record_put(r, task, "wait4(@p%d%s)", pid,
			   options & (__WALL | __WCLONE) ? ", __WALL" : "");
}

/* What concerns memory and cannot be told: it is said so in the end. */
static void call_left_out(struct recording *r, struct record_task *task)
{
	static const struct {
		u16 nr;
		const char *name;
	} names[] = {
		{ SYS_io_uring_setup, "io_uring_setup" },
		{ SYS_vmsplice, "vmsplice" }, { SYS_move_pages, "move_pages" },
		{ SYS_migrate_pages, "migrate_pages" },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(names); i++) {
		if (names[i].nr == task->call.nr && !task->call.failed)
			record_skipped(r, names[i].name);
	}
}

/* ---- rows ---- */

struct call_row {
	u16 nr;
	bool of_space;		/* changes an address space */
	u8 nr_args;
	const char *verb;	/* NULL: run does it */
	void (*run)(struct recording *r, struct record_task *task);
};

#define PLAIN(call, nr) { SYS_##call, true, nr, #call, NULL }
#define OF_FILE(call, nr) { SYS_##call, false, nr, #call, NULL }
#define BY(call, function) { SYS_##call, false, 0, NULL, function }
#define BY_SPACE(call, function) { SYS_##call, true, 0, NULL, function }

static const struct call_row rows[] = {
	PLAIN(brk, 1), PLAIN(munmap, 2), PLAIN(mprotect, 3), PLAIN(madvise, 3), PLAIN(msync, 3),
	PLAIN(mincore, 2), PLAIN(mlock, 2), PLAIN(mlock2, 3), PLAIN(munlock, 2),
	PLAIN(mlockall, 1), PLAIN(munlockall, 0), PLAIN(remap_file_pages, 5),
	PLAIN(pkey_mprotect, 4), PLAIN(pkey_alloc, 2), PLAIN(pkey_free, 1), PLAIN(personality, 1),
	PLAIN(shmdt, 1),
#ifdef SYS_mseal
	PLAIN(mseal, 3),
#endif
	OF_FILE(ftruncate, 2), OF_FILE(fallocate, 4), OF_FILE(fsync, 1), OF_FILE(fdatasync, 1),
	OF_FILE(sync_file_range, 4), OF_FILE(fadvise64, 4), OF_FILE(readahead, 3),
	OF_FILE(lseek, 3),
	BY_SPACE(mmap, call_mmap), BY_SPACE(mremap, call_mremap), BY_SPACE(shmat, call_shm),
	BY_SPACE(prctl, call_prctl), BY_SPACE(mbind, call_policy),
	BY(set_mempolicy, call_policy), BY(shmget, call_shm), BY(shmctl, call_shm),
	BY(open, call_open), BY(openat, call_open), BY(creat, call_open), BY(openat2, call_open),
	BY(read, call_read), BY(pread64, call_read), BY(readv, call_read), BY(preadv, call_read),
	BY(preadv2, call_read), BY(write, call_write), BY(pwrite64, call_write),
	BY(writev, call_write), BY(pwritev, call_write), BY(pwritev2, call_write),
	BY(sendfile, call_copy), BY(copy_file_range, call_copy), BY(splice, call_copy),
	BY(close, call_close), BY(close_range, call_close_range), BY(dup, call_dup),
	BY(dup2, call_dup), BY(dup3, call_dup), BY(fcntl, call_fcntl),
	BY(memfd_create, call_memfd), BY(memfd_secret, call_memfd_secret),
	BY(truncate, call_truncate), BY(unlink, call_unlink),
	BY(unlinkat, call_unlink), BY(rename, call_rename), BY(renameat, call_rename),
	BY(renameat2, call_rename), BY(process_vm_readv, call_process_vm),
	BY(process_vm_writev, call_process_vm), BY(pidfd_open, call_pidfd_open),
	BY(process_madvise, call_process_madvise), BY(setrlimit, call_limit),
	BY(userfaultfd, call_userfaultfd), BY(ioctl, call_ioctl), BY(io_uring_setup, call_left_out),
	BY(vmsplice, call_left_out), BY(move_pages, call_left_out),
	BY(migrate_pages, call_left_out), BY(prlimit64, call_limit), BY(wait4, call_wait), BY(waitid, call_wait),
};

static const struct call_row *row_of(u64 nr)
{
	for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].nr == nr)
			return &rows[i];
	}
	return NULL;
}

bool record_call_is_of_space(const struct record_call *call)
{
	const struct call_row *row = row_of(call->nr);

	return row && row->of_space;
}

/* A row without a function: the verb's arguments are the call's. */
static void plain_call(struct recording *r, struct record_task *task, const struct call_row *row)
{
	const struct verb *verb = verb_find(row->verb, strlen(row->verb));
	u64 values[6];

	memcpy(values, task->call.args, sizeof(values));
	/* Whether there are keys is the processor's matter. */
	if (row->nr == SYS_pkey_alloc && task->call.failed)
		return;
	if (row->nr_args && (verb->args[0] & ~A_OPTIONAL) == A_FD) {
		int fd = record_fd_of(task, (int)values[0]);

		if (fd == NOT_OPEN || task->call.failed)
			return;
		values[0] = (u64)fd;
	}
	put_values(r, task, row->verb, values, row->nr_args, /* expect = */ true);
}

void record_call_line(struct recording *r, struct record_task *task)
{
	const struct call_row *row = row_of(task->call.nr);

	if (!row || passing_failure(&task->call))
		return;
	if (row->run)
		row->run(r, task);
	else
		plain_call(r, task, row);
}
