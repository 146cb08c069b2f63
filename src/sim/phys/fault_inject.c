// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether an allocation is one that may fail; then whether it is its turn, by the same
 * tests in the same order as the kernel's. Chance is the machine's own. No address of
 * the simulated kernel's code is known: all callers count as its first byte when the
 * stack is to be looked at.
 */
#include "sim/phys/fault_inject.h"

#include <stdio.h>

#include "sim/abi/gfp.h"
#include "sim/base/digest.h"
#include "sim/base/rng.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/report.h"
#include "sim/phys/slab_types.h"

#define NS_PER_MS 1000000ULL
#define MANY_TIMES 1000		/* more is for ever, to who waits for the end */

typedef unsigned long long ull;

/* "<interval>,<probability>,<space>,<times>" behind `key` in the command line. */
static void parse_word(struct machine *m, const char *key, struct fault_attr *attr)
{
	const char *at = m->config->cmdline ? m->config->cmdline : "";
	unsigned long interval, probability;
	size_t len = strlen(key);
	int space, times;

	for (; *at; at += strcspn(at, " \t\n"), at += strspn(at, " \t\n")) {
		if (strncmp(at, key, len))
			continue;
		if (sscanf(at + len, "%lu,%lu,%d,%d", &interval, &probability, &space,
			   &times) < 4) {
			printk(m, 4, "FAULT_INJECTION: failed to parse arguments");
			continue;
		}
		attr->interval = interval;
		attr->probability = probability;
		attr->space = space;
		attr->times = times;
	}
}

static struct fault_attr default_attr(const struct machine *m, const char *name)
{
	return (struct fault_attr){
		.name = name, .interval = 1, .times = 1, .verbose = 2, .ratelimit_burst = 10,
		.stacktrace_depth = MAX_STACKTRACE_DEPTH,
		.require_end = m->arch->bits == 64 ? UINT64_MAX : UINT32_MAX,
	};
}

int fault_inject_init(struct machine *m)
{
	struct fault_inject *faults = arena_alloc(&m->arena, sizeof(*faults));

	if (!faults)
		return -ENOBUFS;
	*faults = (struct fault_inject){
		.page_min_order = 1, .page_ignore_highmem = true, .page_ignore_reclaim = true,
		.slab_ignore_reclaim = true,
		.page = default_attr(m, "fail_page_alloc"),
		.slab = default_attr(m, "failslab"),
	};
	m->faults = faults;
	if (machine_config_bool(m->config, "FAULT_INJECTION")) {
		parse_word(m, "fail_page_alloc=", &faults->page);
		parse_word(m, "failslab=", &faults->slab);
	}
	fault_inject_update(m);
	return 0;
}

void fault_inject_free(struct machine *m)
{
	arena_free(&m->arena, m->faults, m->faults ? sizeof(*m->faults) : 0);
	m->fault = m->faults = NULL;
}

void fault_inject_use(struct machine *m, struct fault_inject *fault)
{
	m->fault = fault;
	m->slab_hooks = fault || m->memcg;
}

void fault_inject_update(struct machine *m)
{
	struct fault_inject *faults = m->faults;

	fault_inject_use(m, faults->tasks || faults->page.probability ||
			    faults->slab.probability ? faults : NULL);
}

static void digest_attr(struct digest *d, const struct fault_attr *attr)
{
	const u64 *words[] = { &attr->probability, &attr->interval, &attr->verbose,
			       &attr->stacktrace_depth, &attr->require_start, &attr->require_end,
			       &attr->reject_start, &attr->reject_end, &attr->count };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		digest_u64(d, *words[i]);
	digest_u64(d, (u64)(u32)attr->times << 32 | (u32)attr->space);
	digest_u64(d, (u64)attr->ratelimit_interval_ms << 32 | attr->ratelimit_burst);
	digest_u64(d, attr->task_filter);
}

void fault_inject_digest(const struct machine *m, struct digest *d)
{
	const struct fault_inject *faults = m->faults;

	if (!faults)
		return;
	digest_attr(d, &faults->page);
	digest_attr(d, &faults->slab);
	digest_u64(d, (u64)faults->page_min_order << 32 | faults->page_ignore_highmem << 3 |
		   faults->page_ignore_reclaim << 2 | faults->slab_ignore_reclaim << 1 |
		   faults->slab_cache_filter);
}

/* May another line be printed? No limit without an interval. */
static bool ratelimit_ok(const struct machine *m, struct fault_attr *attr)
{
	if (!attr->ratelimit_interval_ms)
		return true;
	if (m->now_ns - attr->window_ns > attr->ratelimit_interval_ms * NS_PER_MS) {
		attr->window_ns = m->now_ns;
		attr->printed = 0;
	}
	return attr->printed++ < attr->ratelimit_burst;
}

static void fail_dump(struct machine *m, struct fault_attr *attr)
{
	if (!attr->verbose || !ratelimit_ok(m, attr))
		return;
	printk(m, 5, "FAULT_INJECTION: forcing a failure.");
	printk(m, 5, "name %s, interval %llu, probability %llu, space %d, times %d", attr->name,
	       (ull)attr->interval, (ull)attr->probability, attr->space, attr->times);
	if (attr->verbose > 1)
		dump_stack(m);
}

static bool stack_is_meant(const struct machine *m, const struct fault_attr *attr)
{
	u64 ip = m->arch->start_kernel_map + m->arch->physical_start;
	bool found = !attr->require_start &&
		     attr->require_end >= (m->arch->bits == 64 ? UINT64_MAX : UINT32_MAX);

	if (!attr->stacktrace_depth)
		return found;
	if (attr->reject_start <= ip && ip < attr->reject_end)
		return false;
	return found || (attr->require_start <= ip && ip < attr->require_end);
}

/* By the settings: is it its turn? */
static bool attr_says_fail(struct machine *m, struct fault_attr *attr, s64 size)
{
	const struct task_fault *task = m->running[m->cpu].fault;

	if (!attr->probability || (attr->task_filter && !(task && task->make_it_fail)) ||
	    !attr->times)
		return false;
	if (attr->space > size) {
		attr->space -= (s32)size;
		return false;
	}
	if (attr->interval > 1 && ++attr->count % attr->interval)
		return false;
	return rng_below(&m->rng, 100) < attr->probability && stack_is_meant(m, attr);
}

/* The count comes first: it is the n-th allocation, whichever settings there are. */
static bool turn_to_fail(struct machine *m, struct fault_attr *attr, s64 size)
{
	struct task_fault *task = m->running[m->cpu].fault;

	if (m->fault->fail_nth)
		return !--m->fault->fail_nth;
	if (task && task->fail_nth)
		return !--task->fail_nth;
	return attr_says_fail(m, attr, size);
}

static bool should_fail(struct machine *m, struct fault_attr *attr, s64 size, gfp_t gfp)
{
	struct fault_inject *fault = m->fault;

	if (!turn_to_fail(m, attr, size))
		return false;
	if (!(gfp & __GFP_NOWARN))
		fail_dump(m, attr);
	if (attr->times > 0)
		attr->times--;
	fault->nr_failed++;
	fault->retry = true;
	machine_why(m, "%s: this allocation fails on purpose (should_fail_ex)",
		    attr == &fault->page ? "fail_page_alloc" : "failslab");
	return true;
}

bool should_fail_alloc_page(struct machine *m, gfp_t gfp, unsigned int order)
{
	struct fault_inject *fault = m->fault;

	if (order < fault->page_min_order || gfp & __GFP_NOFAIL ||
	    (fault->page_ignore_highmem && gfp & __GFP_HIGHMEM) ||
	    (fault->page_ignore_reclaim && gfp & __GFP_DIRECT_RECLAIM))
		return false;
	return should_fail(m, &fault->page, 1LL << order, gfp);
}

bool should_failslab(struct machine *m, const struct kmem_cache *s, gfp_t gfp)
{
	struct fault_inject *fault = m->fault;

	/* The cache of caches is left alone. */
	if (s == m->slab->kmem_cache || gfp & __GFP_NOFAIL ||
	    (fault->slab_ignore_reclaim && gfp & __GFP_DIRECT_RECLAIM) ||
	    (fault->slab_cache_filter && !(s->flags & SLAB_FAILSLAB)))
		return false;
	return should_fail(m, &fault->slab, s->geo.object_size, gfp);
}

/* Who tries again and again would never come to an end. */
static bool fails_for_ever(const struct fault_attr *attr)
{
	return attr->probability >= 100 && attr->interval <= 1 &&
	       (attr->times < 0 || attr->times > MANY_TIMES);
}

bool fault_was_injected(struct machine *m)
{
	struct fault_inject *fault = m->fault;

	if (!fault || !fault->retry)
		return false;
	fault->retry = false;
	if (!fails_for_ever(&fault->page) && !fails_for_ever(&fault->slab))
		return true;
	machine_why(m, "the instruction would fault for ever: allocations fail at 100 per cent, "
		    "without end");
	return false;
}
