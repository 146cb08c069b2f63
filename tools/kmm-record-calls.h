/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the parts of kmm-record that make lines of calls: kmm-record-calls.c has the rows
 * and what concerns memory, kmm-record-io.c files and descriptors, kmm-record-lines.c how a
 * call is written.
 */
#ifndef KMM_TOOLS_RECORD_CALLS_H
#define KMM_TOOLS_RECORD_CALLS_H

#include "fs/core/arg.h"
#include "kmm-record.h"

/* A call of the verb with these values, and its result if that is to be expected. */
void put_values(struct recording *r, const struct record_task *task, const char *name,
		const u64 *values, unsigned int nr, bool expect);
/* Failures that say something of this moment, not of memory. */
bool passing_failure(const struct record_call *call);

/*
 * A descriptor that is open in the program: the machine's number; one that nobody has heard
 * of (inherited, or sent) is opened now. NOT_OPEN: it is no file that the machine can have.
 */
int adopt_fd(struct recording *r, struct record_task *task, s64 fd);

typedef void record_call_fn(struct recording *r, struct record_task *task);
record_call_fn call_open, call_read, call_write, call_copy, call_close, call_close_range,
	call_dup, call_fcntl, call_memfd, call_memfd_secret, call_truncate,
	call_unlink, call_rename, call_ioctl, call_userfaultfd;

#endif
