/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A booted machine for tests of tasks: no tree, calls are made as functions. */
#ifndef KMM_TESTS_TASK_MACHINE_H
#define KMM_TESTS_TASK_MACHINE_H

#include "sim/virt/fork.h"
#include "sim/virt/memory.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

struct task_machine {
	struct machine_config *config;
	struct machine *m;
	struct task_struct *init;
};

/* A shipped machine's name; sets as --set has them, or NULL. Aborts if it cannot. */
void task_machine_boot(struct task_machine *tm, const char *name, const char *const *sets);
/* Ends it; aborts if host memory is left over. */
void task_machine_end(struct task_machine *tm);
/* All invariants hold: 0, or how many do not (they are printed). */
unsigned int task_machine_check(const struct machine *m);
/*
 * The machine's memory is taken, but for some pages: *taken is a list of those that
 * were, and its length the result. task_machine_give() gives some back.
 */
unsigned int task_machine_take_all(struct machine *m, u32 **taken);
void task_machine_give(struct machine *m, u32 *taken, unsigned int *nr, unsigned int pages);
/* A child of the task, by fork or by these flags; it runs now. */
struct task_struct *task_fork(struct machine *m, struct task_struct *task, u64 flags);
/* The task's memory, to be read and written; at addr, if that is not 0. Failure is fatal. */
u64 task_map(struct machine *m, struct task_struct *task, u64 addr, u64 len, u64 flags);
/* The task accesses an address: the signal that it gets, or 0. */
int task_touch(struct machine *m, struct task_struct *task, u64 addr, enum access access);
/* Each page of a range, without a signal. */
void task_touch_pages(struct machine *m, struct task_struct *task, u64 addr, u64 nr_pages,
		      enum access access);
/* The task's program ends, its parent asks for it. The status. */
u32 task_end(struct machine *m, struct task_struct *parent, u32 pid, u32 code);

#endif
