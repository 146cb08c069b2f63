/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocations that fail on purpose, as the kernel's fault injection makes them:
 * fail_page_alloc is asked where the page allocator begins, failslab where a cache
 * gives an object. m->fault is NULL when it is off. fail_nth counts down with each
 * allocation that is asked about; the one that brings it to 0 fails.
 */
#ifndef KMM_PHYS_FAULT_INJECT_H
#define KMM_PHYS_FAULT_INJECT_H

#include "sim/machine.h"

struct kmem_cache;

/* Of a task: proc/PID/fail-nth, proc/PID/make-it-fail. */
struct task_fault {
	u32 fail_nth;
	bool make_it_fail;
};

struct fault_inject {
	u64 fail_nth;		/* of the task that makes the call; 0: none is to fail */
	u64 nr_failed;		/* since somebody has set it to 0 */
	bool retry;		/* one failed, and who met it has not looked (below) */
	/* fail_page_alloc: what is left alone. The kernel's defaults: 1, true, true. */
	unsigned int page_min_order;
	bool page_ignore_highmem, page_ignore_reclaim;
	/* failslab. The kernel's default: true. */
	bool slab_ignore_reclaim;
};

bool should_fail_alloc_page(struct machine *m, gfp_t gfp, unsigned int order);
bool should_failslab(struct machine *m, const struct kmem_cache *s, gfp_t gfp);
/*
 * A page fault found no memory: was it on purpose? Then the fault is tried again, as
 * when the kernel lets the instruction run once more.
 */
bool fault_was_injected(struct machine *m);

#endif
