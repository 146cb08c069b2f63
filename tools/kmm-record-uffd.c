// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults that the program handles itself. A page is filled before whoever waits for it goes
 * on, so that here nobody waits: what is filled is told first. Events of forks and the like
 * are not asked for: nobody would read them.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kmm-record-calls.h"

/* How the verb of an ioctl is written: so many words of its struct. */
static const struct uffd_row {
	unsigned long request;
	const char *verb;
	u8 words;
} rows[] = {
	{ UFFDIO_REGISTER, "uffdio_register", 3 },
	{ UFFDIO_UNREGISTER, "uffdio_unregister", 2 },
	{ UFFDIO_WAKE, "uffdio_wake", 2 },
	{ UFFDIO_COPY, "uffdio_copy", 4 },
	{ UFFDIO_ZEROPAGE, "uffdio_zeropage", 3 },
#ifdef UFFDIO_WRITEPROTECT
	{ UFFDIO_WRITEPROTECT, "uffdio_writeprotect", 3 },
#endif
#ifdef UFFDIO_CONTINUE
	{ UFFDIO_CONTINUE, "uffdio_continue", 3 },
#endif
};

bool record_call_fills(const struct record_call *call)
{
	for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].request == call->args[1])
			return true;
	}
	return false;
}

static void put_ioctl(struct recording *r, struct record_task *task, int fd,
		      const struct uffd_row *row)
{
	u64 words[4];
	size_t bytes = row->words * sizeof(words[0]);
	GString *line;

	if (record_read(task->tid, task->call.args[2], words, bytes) != bytes)
		return;
	line = g_string_new(NULL);
	g_string_append_printf(line, "%s(%d", row->verb, fd);
	for (unsigned int i = 0; i < row->words; i++)
		g_string_append_printf(line, ", %#" PRIx64, words[i]);
	/* It has not been made yet: whatever comes of it. */
	record_put(r, task, "%s) = ?", line->str);
	g_string_free(line, TRUE);
}

void call_ioctl(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;
	int fd = record_fd_of(task, (int)call->args[0]);

	if (fd == NOT_OPEN || call->failed)
		return;
	if (call->args[1] == UFFDIO_API)
		record_put(r, task, "uffdio_api(%d, 0)", fd);
	for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (rows[i].request == call->args[1])
			put_ioctl(r, task, fd, &rows[i]);
	}
}

void call_userfaultfd(struct recording *r, struct record_task *task)
{
	const struct record_call *call = &task->call;

	if (call->failed)
		return;
	record_put(r, task, "userfaultfd(%" PRIu64 ") = %d", call->args[0],
		   record_fd_open(task, call->result, call->args[0] & O_CLOEXEC, 0));
	record_fd_no_file(task, call->result);
}
