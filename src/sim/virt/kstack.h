/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel stacks: one for each task, and one for the idle thread of each CPU but the
 * first, whose stack is in the image. 64-bit kernels map them by vmalloc, 32-bit
 * ones take a block of pages. Counted in NR_KERNEL_STACK (kB) on the node of each
 * page.
 *
 * A CPU keeps two stacks of tasks that died on it, mapped and uncounted; the next tasks
 * that are forked there get them (NR_CACHED_STACKS of task.h).
 */
#ifndef KMM_VIRT_KSTACK_H
#define KMM_VIRT_KSTACK_H

#include "sim/machine.h"

/* A stack near `node`; `caller` as vmallocinfo names it. -ENOMEM, -ENOBUFS. */
int kernel_stack_alloc(struct machine *m, int node, const char *caller,
		       u64 *addr) __must_check;
/* The same for a task that is forked. */
int kernel_stack_alloc_task(struct machine *m, int node, u64 *addr) __must_check;
void kernel_stack_free(struct machine *m, u64 addr);

/* Stacks of all tasks and idle threads, at the end of the boot. 0 or -ENOBUFS. */
int kernel_stacks_init(struct machine *m) __must_check;

/* A6 */
void kernel_stacks_validate(const struct machine *m, struct check *check);
/* The counter alone. */
void kernel_stacks_validate_counts(const struct machine *m, struct check *check);

#endif
