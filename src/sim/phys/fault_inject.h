/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocations that fail on purpose, as the kernel's fault injection makes them:
 * fail_page_alloc is asked where the page allocator begins, failslab where a cache
 * gives an object. Their settings are files of sys/kernel/debug and words of the command
 * line; a task can be told which of its allocations fails (proc/PID/fail-nth). m->fault
 * is NULL while nothing can fail.
 */
#ifndef KMM_PHYS_FAULT_INJECT_H
#define KMM_PHYS_FAULT_INJECT_H

#include "sim/machine.h"

struct kmem_cache;
struct digest;

/* Of a task: proc/PID/fail-nth, proc/PID/make-it-fail. */
struct task_fault {
	u32 fail_nth;		/* counts down; the allocation that brings it to 0 fails */
	bool make_it_fail;	/* task-filter lets it through */
};

/* One directory of sys/kernel/debug; the fields bear the names of its files. */
struct fault_attr {
	const char *name;
	u64 probability;	/* per cent; 0: off */
	u64 interval;		/* each such one may fail */
	s32 times;		/* so many fail; -1: no limit */
	s32 space;		/* so much (pages, bytes) is let through first */
	u64 verbose;		/* 1: a line in the log, 2: with the stack */
	u32 ratelimit_interval_ms, ratelimit_burst;
	u64 stacktrace_depth, require_start, require_end, reject_start, reject_end;
	bool task_filter;
	/* Private. */
	u64 count;		/* for the interval */
	u64 window_ns;		/* of the rate limit: when it began */
	u32 printed;		/* within it */
};
#define MAX_STACKTRACE_DEPTH 32

struct fault_inject {
	u64 fail_nth;		/* of whoever makes calls; 0: none is to fail */
	u64 nr_failed;		/* since somebody has set it to 0 */
	bool retry;		/* one failed, and who met it has not looked (below) */
	/* fail_page_alloc: what is left alone. The kernel's defaults: 1, true, true. */
	u32 page_min_order;
	bool page_ignore_highmem, page_ignore_reclaim;
	/* failslab. The kernel's defaults: true, false. */
	bool slab_ignore_reclaim, slab_cache_filter;
	struct fault_attr page, slab;
	bool tasks;		/* one was told to fail */
};

/* m->faults, with the kernel's defaults and what the command line says. -ENOBUFS. */
int fault_inject_init(struct machine *m) __must_check;
void fault_inject_free(struct machine *m);
/* These settings count from now on; NULL: none. */
void fault_inject_use(struct machine *m, struct fault_inject *fault);
/* A setting changed, or a task was told to fail: m->fault is set, or NULL again. */
void fault_inject_update(struct machine *m);
void fault_inject_digest(const struct machine *m, struct digest *digest);

bool should_fail_alloc_page(struct machine *m, gfp_t gfp, unsigned int order);
bool should_failslab(struct machine *m, const struct kmem_cache *s, gfp_t gfp);
/*
 * A page fault found no memory: was it on purpose? Then the fault is tried again, as
 * when the kernel lets the instruction run once more. Not if it will fail for ever.
 */
bool fault_was_injected(struct machine *m);

#endif
