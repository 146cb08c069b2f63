// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls on files and descriptors. The machine's descriptors are other numbers; what goes on
 * between pipes and devices is not told. Buffers are no part of a line: where they fault,
 * that is an access.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kmm-record-calls.h"

#define READ_PIECE ((u64)256 << 10)
#define MAX_PIECES 64

static int open_flags(u64 flags)
{
	return (int)(flags & (O_ACCMODE | O_TRUNC | O_APPEND | O_CLOEXEC));
}

/* A descriptor that the program has: known to the machine, if it can be. */
static void put_open(struct recording *r, struct record_task *task, s64 fd, u64 flags)
{
	g_autofree char *link = g_strdup_printf("fd/%" PRId64, fd);
	const struct record_file *file = record_file_of(r, task->tid, link);
	struct out out = OUT_INIT;
	struct arg arg = { .given = true, .value = (u64)open_flags(flags) };

	if (!file || flags & O_PATH || record_path_is_memfd(file->path))
		return;
	arg_print_c(&out, A_OPEN, &arg);
	record_put(r, task, "openat(AT_FDCWD, %s, %s) = %d", file->path, out.text,
		   record_fd_open(task, fd, flags & O_CLOEXEC, 0));
	out_free(&out);
}

void call_open(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	u64 flags = call->nr == SYS_open ? call->args[1] : call->args[2];

	if (call->nr == SYS_creat)
		flags = O_WRONLY | O_TRUNC;
	if (call->nr == SYS_openat2 && record_read(task->tid, flags, &flags, 8) != 8)
		return;
	if (!call->failed)
		put_open(r, task, call->result, flags);
}

static void put_dup_to(struct recording *r, struct record_task *task, int fd, s64 to, bool cloexec)
{
	int sim = record_fd_of(task, to);

	if (sim == NOT_OPEN) {
		record_put(r, task, "fcntl(%d, %s, 0) = %d", fd,
			   cloexec ? "F_DUPFD_CLOEXEC" : "F_DUPFD",
			   record_fd_open(task, to, cloexec, 0));
		return;
	}
	record_put(r, task, "dup3(%d, %d, %s) = %d", fd, sim, cloexec ? "O_CLOEXEC" : "0", sim);
	record_fd_set(task, to, sim, cloexec);
}

/* A descriptor that we know of the same open file; or NOT_OPEN. */
static int same_file(const struct record_task *task, s64 fd)
{
	GArray *known = record_fd_range(task, 0, ~0ULL);
	int found = NOT_OPEN;

	for (guint i = 0; i < known->len && found == NOT_OPEN; i++) {
		int other = g_array_index(known, int, i);

		if (!syscall(SYS_kcmp, task->tid, task->tid, KCMP_FILE, fd, other))
			found = record_fd_of(task, other);
	}
	g_array_free(known, TRUE);
	return found;
}

int adopt_fd(struct recording *r, struct record_task *task, s64 fd)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/fdinfo/%" PRId64, task->tid, fd);
	g_autofree char *text = NULL;
	unsigned int flags;
	s64 pos;
	int sim;

	if (record_fd_of(task, fd) != NOT_OPEN ||
	    !g_file_get_contents(path, &text, NULL, NULL) ||
	    sscanf(text, "pos: %" SCNd64 " flags: %o", &pos, &flags) != 2)
		return record_fd_of(task, fd);
	sim = same_file(task, fd);
	if (sim != NOT_OPEN) {
		put_dup_to(r, task, sim, fd, flags & O_CLOEXEC);
		return record_fd_of(task, fd);
	}
	put_open(r, task, fd, flags & ~(unsigned int)O_TRUNC);
	sim = record_fd_of(task, fd);
	if (sim != NOT_OPEN && pos)
		record_put(r, task, "lseek(%d, %" PRId64 ", SEEK_SET) = %" PRId64, sim, pos, pos);
	return sim;
}

void record_call_begins(struct record_task *task)
{
	const struct record_call *call = &task->call;

	task->in_read = (call->nr == SYS_read || call->nr == SYS_pread64) &&
			call->args[2] > READ_PIECE &&
			record_file_fd(task, (int)call->args[0]) != NOT_OPEN;
	task->read_end = 0;
}

/* The kernel fills the buffer as it reads: some pages of the file, some of the buffer. */
static void read_in_pieces(struct recording *r, struct record_task *task, int fd)
{
	const struct record_call *call = &task->call;
	u64 all = (u64)call->result, piece = MAX(READ_PIECE, all / MAX_PIECES), done = 0, now;

	for (; done < all; done += now) {
		now = MIN(piece, all - done);
		if (call->nr == SYS_read)
			record_put(r, task, "read(%d, %" PRIu64 ") = %" PRIu64, fd, now, now);
		else
			record_put(r, task, "pread64(%d, %" PRIu64 ", %" PRIu64 ") = %" PRIu64, fd,
				   now, call->args[3] + done, now);
		task->read_end = call->args[1] + done + now;
		record_faults(r, task);
	}
	task->in_read = false;
	record_faults(r, task);
}

void call_read(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	int fd = record_file_fd(task, (int)call->args[0]);
	bool vector = call->nr != SYS_read && call->nr != SYS_pread64;
	bool at = call->nr == SYS_pread64 || call->nr == SYS_preadv || call->nr == SYS_preadv2;
	u64 values[3] = { (u64)fd, vector ? (u64)call->result : call->args[2], call->args[3] };

	if (at && call->nr == SYS_preadv2 && call->args[3] == ~0ULL)
		at = false;
	if (fd == NOT_OPEN || call->failed)
		return;
	if (task->in_read && call->result > 0)
		read_in_pieces(r, task, fd);
	else
		put_values(r, task, at ? "pread64" : "read", values, at ? 3 : 2, true);
}

void call_write(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	int fd = record_file_fd(task, (int)call->args[0]);
	bool at = call->nr == SYS_pwrite64 || call->nr == SYS_pwritev || call->nr == SYS_pwritev2;
	u64 values[3] = { (u64)fd, (u64)call->result, call->args[3] };

	if (at && call->nr == SYS_pwritev2 && call->args[3] == ~0ULL)
		at = false;
	if (fd != NOT_OPEN && !call->failed)
		put_values(r, task, at ? "pwrite64" : "write", values, at ? 3 : 2, true);
}

/* Bytes go from one file to another, inside the kernel. */
static void put_moved(struct recording *r, struct record_task *task, s64 fd, u64 pos_addr,
		      bool write)
{
	s64 nr = task->call.result, pos = 0;
	int sim = record_file_fd(task, fd);

	if (sim == NOT_OPEN || nr <= 0)
		return;
	if (!pos_addr)
		record_put(r, task, "%s(%d, %" PRId64 ")", write ? "write" : "read", sim, nr);
	else if (record_read(task->tid, pos_addr, &pos, sizeof(pos)) == sizeof(pos) && pos >= nr)
		record_put(r, task, "%s(%d, %" PRId64 ", %" PRId64 ")",
			   write ? "pwrite64" : "pread64", sim, nr, pos - nr);
}

void call_copy(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;

	if (call->failed)
		return;
	if (call->nr == SYS_sendfile) {
		put_moved(r, task, (int)call->args[1], call->args[2], false);
		put_moved(r, task, (int)call->args[0], 0, true);
	} else {	/* copy_file_range, splice */
		put_moved(r, task, (int)call->args[0], call->args[1], false);
		put_moved(r, task, (int)call->args[2], call->args[3], true);
	}
}

void call_close(struct recording *r, struct record_task *task)
{
	int fd = record_fd_of(task, (int)task->call.args[0]);

	if (fd == NOT_OPEN || task->call.failed)
		return;
	record_put(r, task, "close(%d) = 0", fd);
	record_fd_close(task, (int)task->call.args[0]);
}

void call_close_range(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	GArray *range;

	if (call->failed)
		return;
	range = record_fd_range(task, (u32)call->args[0], (u32)call->args[1]);
	for (guint i = 0; i < range->len; i++) {
		int fd = g_array_index(range, int, i), sim = record_fd_of(task, fd);

		if (call->args[2] & 4 /* CLOSE_RANGE_CLOEXEC */) {
			record_put(r, task, "fcntl(%d, F_SETFD, 1) = 0", sim);
			record_fd_cloexec(task, fd, true);
		} else {
			record_put(r, task, "close(%d) = 0", sim);
			record_fd_close(task, fd);
		}
	}
	g_array_free(range, TRUE);
}

void call_dup(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	int fd = record_fd_of(task, (int)call->args[0]);

	if (call->failed || (call->nr != SYS_dup && call->args[0] == call->args[1]))
		return;
	if (fd != NOT_OPEN) {
		put_dup_to(r, task, fd, call->result, call->nr == SYS_dup3 && call->args[2]);
		return;
	}
	/* Something else takes the place of a file. */
	fd = record_fd_of(task, call->result);
	if (fd != NOT_OPEN) {
		record_put(r, task, "close(%d) = 0", fd);
		record_fd_close(task, call->result);
	}
}

void call_fcntl(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	int fd = record_fd_of(task, (int)call->args[0]);

	if (fd == NOT_OPEN || call->failed)
		return;
	switch (call->args[1]) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		put_dup_to(r, task, fd, call->result, call->args[1] == F_DUPFD_CLOEXEC);
		break;
	case F_SETFD:
		record_put(r, task, "fcntl(%d, F_SETFD, %d) = 0", fd,
			   (int)(call->args[2] & FD_CLOEXEC));
		record_fd_cloexec(task, (int)call->args[0], call->args[2] & FD_CLOEXEC);
		break;
	case F_ADD_SEALS:
		record_put(r, task, "fcntl(%d, F_ADD_SEALS, %" PRIu64 ") = 0", fd, call->args[2]);
		break;
	default:
		break;
	}
}

static char *plain_word(const char *text)
{
	char *word = g_strdup(text && *text ? text : "_");

	for (char *c = word; *c; c++) {
		if (!g_ascii_isalnum(*c) && !strchr("/._+-:=", *c))
			*c = '_';
	}
	return word;
}

void call_memfd(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	g_autofree char *text = record_read_string(task->tid, call->args[0]);
	g_autofree char *name = plain_word(text);
	g_autofree char *link = g_strdup_printf("fd/%" PRId64, call->result);

	if (call->failed)
		return;
	record_put(r, task, "memfd_create(%s, %" PRIu64 ") = %d", name, call->args[1],
		   record_fd_open(task, call->result, call->args[1] & 1, 0));
	(void)record_file_of(r, task->tid, link);
}

void call_memfd_secret(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	g_autofree char *link = g_strdup_printf("fd/%" PRId64, call->result);
	bool cloexec = call->args[0] & O_CLOEXEC;

	if (call->failed)
		return;
	record_put(r, task, "memfd_secret(%s) = %d", cloexec ? "O_CLOEXEC" : "0",
		   record_fd_open(task, call->result, cloexec, 0));
	(void)record_file_of(r, task->tid, link);
}

void call_truncate(struct recording *r, struct record_task *task)
{
	g_autofree char *path = record_path_of(task, AT_FDCWD, task->call.args[0]);
	const struct record_file *file = path ? g_hash_table_lookup(r->names, path) : NULL;

	if (!task->call.failed && file)
		record_put(r, task, "truncate(%s, %" PRIu64 ") = 0", file->path,
			   task->call.args[1]);
}

static void put_unlink(struct recording *r, struct record_task *task, const char *path)
{
	struct record_file *file = path ? record_name_gone(r, path) : NULL;

	if (!file || file->gone)
		return;
	/* Under another name it would be told of anew. */
	file->gone = true;
	record_put(r, task, "unlink(%s) = 0", file->path);
}

void call_unlink(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	bool at = call->nr == SYS_unlinkat;
	g_autofree char *path = record_path_of(task, at ? (int)call->args[0] : AT_FDCWD,
					       call->args[at]);

	if (!call->failed)
		put_unlink(r, task, path);
}

/* The machine's file keeps its first name; a file that had the new one is gone. */
void call_rename(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	bool at = call->nr != SYS_rename;
	g_autofree char *old = record_path_of(task, at ? (int)call->args[0] : AT_FDCWD,
					      call->args[at ? 1 : 0]);
	g_autofree char *new = record_path_of(task, at ? (int)call->args[2] : AT_FDCWD,
					      call->args[at ? 3 : 1]);
	struct record_file *file;

	if (call->failed || !old || !new)
		return;
	put_unlink(r, task, new);
	file = record_name_gone(r, old);
	if (file)
		record_name_is(r, new, file);
}
