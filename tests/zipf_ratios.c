// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * 20 million accesses to a million objects by zipf's law: the miss ratios that simulators of
 * caches find for LRU, FIFO and CLOCK, to three digits; the kernel's policy is printed beside.
 */
#include <math.h>
#include <stdlib.h>

#include "sim/reclaim/trace.h"
#include "task_machine.h"
#include "trace.h"

struct expected {
	const char *policy;
	double ratio_10k, ratio_100k;	/* 0: it is only printed */
};

static const struct expected rows[] = {
	{ "lru", 0.4150, 0.2218 }, { "fifo", 0.4499, 0.2519 }, { "clock", 0.4053, 0.2150 },
	{ "classic", 0, 0 },
};

static bool replay(const struct trace *trace, const char *policy, u64 capacity, double expected)
{
	char reclaim[32];
	const char *sets[] = { reclaim, "node 0.memory=2G", NULL };
	struct task_machine tm;
	struct trace_cache cache;
	double ratio;
	bool ok;

	snprintf(reclaim, sizeof(reclaim), "reclaim=%s", policy);
	task_machine_boot(&tm, "tiny", sets);
	if (trace_cache_init(&cache, tm.m, trace->nr_objects, capacity) ||
	    trace_cache_run(&cache, trace->indices, trace->nr))
		abort();
	ratio = (double)cache.misses / (double)cache.accesses;
	ok = !expected || fabs(ratio - expected) < 0.0005;
	printf("%-8s %6llu: %.4f", policy, (unsigned long long)capacity, ratio);
	if (expected)
		printf(", expected %.4f", expected);
	puts(ok ? "" : ": FAIL");
	ok = ok && !task_machine_check(tm.m);
	trace_cache_end(&cache);
	task_machine_end(&tm);
	return ok;
}

int main(void)
{
	const struct zipf zipf = { 1000000, 20000000, 1.0, 42 };
	struct trace trace;
	bool ok = true;

	if (trace_zipf(&trace, &zipf))
		return 1;
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		ok &= replay(&trace, rows[i].policy, 10000, rows[i].ratio_10k);
		ok &= replay(&trace, rows[i].policy, 100000, rows[i].ratio_100k);
	}
	trace_free(&trace);
	return ok ? 0 : 1;
}
