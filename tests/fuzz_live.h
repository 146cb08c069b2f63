/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines for tasks that live: who makes the line, and what it is about, is looked up in
 * the machine that will run it. So most lines do something, and the list depends on
 * the machine and the seed.
 */
#ifndef KMM_TESTS_FUZZ_LIVE_H
#define KMM_TESTS_FUZZ_LIVE_H

#include "fuzz.h"
#include "leftovers.h"

#include "fs/core/verb.h"
#include "sim/virt/task.h"

#define LIVE_TASKS 64		/* that are looked at */

struct live {
	struct fuzz *f;
	const struct machine *m;
	/* Who can make calls, init apart; who has ended; who was stopped. */
	const struct task_struct *tasks[LIVE_TASKS], *dead[LIVE_TASKS], *stopped[LIVE_TASKS];
	unsigned int nr, nr_dead, nr_stopped;
	u64 nr_free;		/* pages */
	/* Of the line: who makes it, a part of its memory. */
	const struct task_struct *task;
	u64 addr, len;		/* len 0: there is no such memory */
	u64 vm_flags, vm_start, vm_end;
};

/* One line into f->line: `m` will run it. */
void live_line(struct fuzz *f, const struct machine *m);
/* fuzz_verbs.c: a call of l->task; the verb is drawn by its weight. */
void live_call(struct live *l);
/* Does each verb of tasks have someone who makes its arguments? Says which has none. */
bool live_knows_verbs(void);

/* fuzz_args.c: " ARG" of that kind. */
void live_arg(struct live *l, enum arg_kind kind);
bool live_knows_kind(enum arg_kind kind);
/* A part of one of the task's VMAs that has these flags, if there is one. */
void live_part(struct live *l, u64 vm_flags);
/* A descriptor of the task, or -1. */
int live_fd(struct live *l);
/* A number of pages that the machine can spare. */
u64 live_pages(struct live *l, unsigned int most);
/* Pages that the kernel would give to whom has no rights to its reserves. */
u64 live_nr_free(const struct machine *m);

/*
 * fuzz_end.c: all tasks end, files go, caches shrink. Then nothing of them is left: 0, or
 * it says what is.
 */
struct lab;
int live_end(struct lab *lab, const struct leftovers *before);

#endif
