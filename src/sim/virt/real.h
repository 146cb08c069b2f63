/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What recorded processes were like in reality, beside those here: kept for sim/real, in
 * the order in which they ended. An explanation, not a part of the machine's state.
 */
#ifndef KMM_VIRT_REAL_H
#define KMM_VIRT_REAL_H

#include "sim/virt/task.h"

struct real_figures {
	u64 rss, anon, peak;	/* bytes; peak: the most of rss, 0: not told */
	u64 minflt, majflt;
};

struct real_process {
	struct real_process *next;
	u32 pid;
	char comm[TASK_COMM_LEN];
	struct real_figures ours, real;
	u64 swap;		/* bytes of it, here */
	bool filled;		/* by a handler of its faults (userfaultfd) */
	bool near;		/* within two hundredths */
	const char *cause;	/* static; of what is not near; NULL: none is known */
};

/* A copy is kept. -ENOBUFS. */
int real_process_add(struct machine *m, const struct real_process *process) __must_check;
const struct real_process *real_process_first(const struct machine *m);
void real_processes_free(struct machine *m);

#endif
