// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Swapping under load: two processes do anything that has to do with it, on areas too
 * small for all they have, while areas come and go. What each page of theirs holds is
 * looked up behind every call, in memory, in the swap cache or in its slot: only a store
 * may have changed it. sim/check is clean all the time.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"
#include "token.h"

#include "fs/core/tree_struct.h"
#include "sim/base/rng.h"
#include "sim/virt/sched.h"

#define BASE 0x10000000ULL
#define NR_PAGES 256
#define NR_HUGE_PAGES 2048	/* of storms with huge pages: four of 2 MiB */
#define NR_WHO 2

static const struct shape {
	const char *arch, *release;
	bool rotational, shared;
	const char *huge;	/* words of the command line: large folios */
	bool slow;		/* writes take longer than a call */
	bool zram;		/* the larger area is compressed memory */
} rows[] = {
	{ "arch=x86_64", "release=6.1", false }, { "arch=x86_64", "release=6.18", false },
	{ "arch=i386", "release=6.1", false }, { "arch=i386-pae", "release=6.1", false },
	{ "arch=x86_64", "release=6.1", true }, { "arch=x86_64", "release=6.18", true },
	{ "arch=x86_64", "release=6.1", false, true }, { "arch=x86_64", "release=6.18", true, true },
	{ "arch=i386", "release=6.1", false, true },
	{ "arch=x86_64", "release=6.1", .huge = "transparent_hugepage=always" },
	{ "arch=x86_64", "release=6.18", .huge = "transparent_hugepage=always" },
	{ "arch=x86_64", "release=6.18",
	  .huge = "transparent_hugepage=never thp_anon=16K,64K:always" },
	{ "arch=i386-pae", "release=6.1", .huge = "transparent_hugepage=always" },
	{ "arch=x86_64", "release=6.1", .slow = true },
	{ "arch=x86_64", "release=6.18", .slow = true },
	{ "arch=x86_64", "release=6.18", .shared = true, .slow = true },
	{ "arch=x86_64", "release=6.18", .huge = "transparent_hugepage=always", .slow = true },
	{ "arch=x86_64", "release=6.1", .zram = true }, { "arch=x86_64", "release=6.18", .zram = true },
	{ "arch=i386", "release=6.1", .zram = true },
	{ "arch=x86_64", "release=6.18", .shared = true, .zram = true },
	{ "arch=x86_64", "release=6.18", .huge = "transparent_hugepage=always", .zram = true },
	{ "arch=x86_64", "release=6.18", .huge = "transparent_hugepage=never thp_anon=16K-256K:always",
	  .zram = true },
};

struct storm {
	struct lab lab;
	u64 rng;
	unsigned int nr_pages;
	bool alive[NR_WHO], is_on[2], shared, zram;
	u32 pid[NR_WHO];
	u64 token[NR_WHO][NR_HUGE_PAGES];	/* what pages held behind the last call */
	bool may_go;		/* somebody said MADV_FREE: paging out may drop pages */
};

static const char *const names[NR_WHO] = { "a", "b" };

static struct machine *machine_of(struct storm *s)
{
	return s->lab.tree->machine;
}

static struct mm_struct *mm_of(struct storm *s, unsigned int who)
{
	const struct task_struct *task = task_find(machine_of(s), s->pid[who]);

	return task ? task->mm : NULL;
}

/* The last one that was made. */
static u32 newest_pid(struct storm *s)
{
	const struct task_struct *task = task_next(machine_of(s), 0);
	u32 pid = 0;

	for (; task; task = task_next(machine_of(s), task->pid + 1))
		pid = task->pid;
	return pid;
}

static void look(struct storm *s, unsigned int who, u64 token[NR_HUGE_PAGES])
{
	const struct mm_struct *mm = s->alive[who] ? mm_of(s, who) : NULL;

	for (unsigned int i = 0; i < s->nr_pages; i++)
		token[i] = mm ? token_at(machine_of(s), mm, BASE + i * PAGE_SIZE) : TOKEN_UNKNOWN;
}

/* Nothing but [from, to) of one process may hold anything else than before. */
static void compare(struct storm *s, unsigned int who, unsigned int from, unsigned int to,
		    const char *line)
{
	u64 now[NR_HUGE_PAGES];

	for (unsigned int w = 0; w < NR_WHO; w++) {
		/* A store to nothing, or one that found no memory, was its end. */
		bool ended = s->alive[w] && !mm_of(s, w);

		s->alive[w] &= !ended;
		look(s, w, now);
		for (unsigned int i = 0; i < s->nr_pages; i++) {
			bool may = (w == who || s->shared) && i >= from && i < to;

			if (now[i] == TOKEN_UNKNOWN && s->may_go)
				continue;
			/* A hole that was read is one again. */
			if (now[i] == TOKEN_UNKNOWN && s->shared && !s->token[w][i])
				continue;
			if (!ended && now[i] != s->token[w][i] && !may && s->token[w][i] != TOKEN_UNKNOWN) {
				CU_FAIL("contents were lost");
				fprintf(stderr, "%s: page %u of %s\n", line, i, names[w]);
			}
		}
		memcpy(s->token[w], now, sizeof(now));
	}
}

static unsigned int below(struct storm *s, unsigned int n)
{
	return (unsigned int)rng_below(&s->rng, n);
}

static void do_line(struct storm *s, const char *line, unsigned int who, unsigned int from,
		    unsigned int to)
{
	unsigned int broken;

	(void)lab_run(&s->lab, line);
	compare(s, who, from, to, line);
	broken = nr_broken(machine_of(s), machine_check, NULL);
	CU_ASSERT_EQUAL(broken, 0);
	if (broken)
		fprintf(stderr, "behind %s\n", line);
}

/* Calls on a range; those that may change what it holds. */
static const struct call {
	const char *verb, *rest;
	bool changes;
} calls[] = {
	{ "store", "", true }, { "store", "", true }, { "load", "", true }, { "load", "", true },
	{ "madvise", "PAGEOUT", false }, { "madvise", "PAGEOUT", false },
	{ "madvise", "PAGEOUT", false }, { "madvise", "WILLNEED", false },
	{ "madvise", "COLD", false }, { "madvise", "FREE", true },
	{ "madvise", "DONTNEED", true }, { "mprotect", "r", false }, { "mprotect", "rw", false },
	{ "mprotect", "none", false }, { "mlock", "", true }, { "munlock", "", false },
	{ "munmap", "", true }, { "mincore", "", false },
};

/* With huge pages, half of the time whole ones. */
static void some_range(struct storm *s, unsigned int *from, unsigned int *to)
{
	*from = below(s, s->nr_pages);
	*to = *from + 1 + below(s, s->nr_pages - *from);
	if (s->nr_pages > NR_PAGES && below(s, 2)) {
		*from = ALIGN_DOWN(*from, 512);
		*to = ALIGN_UP(*to, 512);
	}
}

static void range_call(struct storm *s)
{
	const struct call *call = &calls[below(s, ARRAY_SIZE(calls))];
	unsigned int who = below(s, NR_WHO), from, to;
	char line[200];

	some_range(s, &from, &to);

	if (!s->alive[who])
		return;
	snprintf(line, sizeof(line), "sim/as/%s/ctl: %s 0x%llx 0x%llx %s", names[who], call->verb,
		 (unsigned long long)(BASE + from * PAGE_SIZE),
		 (unsigned long long)((to - from) * PAGE_SIZE), call->rest);
	s->may_go |= !strcmp(call->rest, "FREE");
	do_line(s, line, who, call->changes ? from : 0, call->changes ? to : 0);
}

/* Where there is nothing now. */
static void map_call(struct storm *s)
{
	unsigned int who = below(s, NR_WHO), from, to;
	char line[200];

	some_range(s, &from, &to);
	if (!s->alive[who])
		return;
	snprintf(line, sizeof(line), "sim/as/%s/ctl: mmap 0x%llx 0x%llx rw %s,anon,fixed",
		 names[who], (unsigned long long)(BASE + from * PAGE_SIZE),
		 (unsigned long long)((to - from) * PAGE_SIZE),
		 s->shared ? "shared" : "private");
	do_line(s, line, who, from, to);
}

/* Nobody is left. */
static void new_process(struct storm *s)
{
	char line[100];

	snprintf(line, sizeof(line), "sim/as/a/ctl: mmap 0x10000000 %uK rw private,anon,fixed",
		 s->nr_pages * 4);
	if (!lab_run(&s->lab, "sim/as/init/ctl: fork as a")) {
		s->alive[0] = true;
		s->pid[0] = newest_pid(s);
		do_line(s, line, 0, 0, s->nr_pages);
	}
}

/* One ends, and the other's child takes its place. */
static void fork_call(struct storm *s)
{
	unsigned int who = below(s, NR_WHO);
	char line[100];

	if (!s->alive[!who] && s->alive[who])
		who = !who;
	if (!s->alive[!who]) {
		new_process(s);
		return;
	}
	if (s->alive[who]) {
		s->alive[who] = false;
		snprintf(line, sizeof(line), "sim/as/%s/ctl: exit_group", names[who]);
		do_line(s, line, who, 0, s->nr_pages);
	}
	snprintf(line, sizeof(line), "sim/as/%s/ctl: fork as %s", names[!who], names[who]);
	if (!lab_run(&s->lab, line)) {
		s->alive[who] = true;
		s->pid[who] = newest_pid(s);
		compare(s, who, 0, s->nr_pages, line);
	}
}

static void area_call(struct storm *s)
{
	unsigned int area = below(s, 2), who = s->alive[0] ? 0 : 1;
	const char *name = !area ? "nvme0n1" : s->zram ? "zram1" : "nvme1n1";
	char line[100];

	if (!s->alive[who])
		return;

	snprintf(line, sizeof(line), "sim/as/%s/ctl: %s /dev/%s", names[who],
		 s->is_on[area] ? "swapoff" : "swapon", name);
	do_line(s, line, 0, 0, 0);
	s->is_on[area] = strstr(lab_cat(&s->lab, "proc/swaps"), name);
}

/* Huge pages that went out whole. */
static s64 storm(const struct shape *row, unsigned int nr_calls, u64 seed)
{
	char cmdline[100], line[100];
	s64 huge_out;
	const char *const sets[] = {
		row->arch, row->release, row->huge ? "node 0.memory=768M" : "node 0.memory=256M",
		row->huge ? "swap 0.size=3M" : "swap 0.size=400K",
		row->huge ? "swap 1.size=20M" : "swap 1.size=3M",
		row->rotational ? "swap 0.rotational=yes" : "seed=1",
		row->slow ? "cost.swap_write=20000000" : "seed=1",
		row->zram ? "swap 1.path=/dev/zram1" : "seed=1", cmdline, NULL };
	struct storm s = { .rng = seed, .alive = { true }, .is_on = { true, true },
			   .shared = row->shared, .zram = row->zram,
			   .nr_pages = row->huge ? NR_HUGE_PAGES : NR_PAGES };

	snprintf(cmdline, sizeof(cmdline), "cmdline=%s", row->huge ? row->huge : "");
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&s.lab, "swap", sets), 0);
	memset(s.token, 0xff, sizeof(s.token));
	CU_ASSERT_EQUAL(lab_run(&s.lab, "sim/as/init/ctl: fork as a"), 0);
	s.pid[0] = newest_pid(&s);
	snprintf(line, sizeof(line), "sim/as/a/ctl: mmap 0x10000000 %uK rw %s,anon,fixed",
		 s.nr_pages * 4, row->shared ? "shared" : "private");
	CU_ASSERT_EQUAL(lab_run(&s.lab, line), 0);
	snprintf(line, sizeof(line), "sim/as/a/ctl: store 0x10000000 %uK", s.nr_pages * 4);
	do_line(&s, line, 0, 0, s.nr_pages);
	for (unsigned int i = 0; i < nr_calls; i++) {
		unsigned int what = below(&s, 100);

		if (row->slow && !below(&s, 10))
			do_line(&s, "tick 7ms", 0, 0, 0);
		else if (what < 82)
			range_call(&s);
		else if (what < 90)
			map_call(&s);
		else if (what < 94)
			fork_call(&s);
		else
			area_call(&s);
	}
	lab_check(&s.lab);
	huge_out = machine_of(&s)->event[THP_SWPOUT];
	lab_close(&s.lab);
	return huge_out;
}

static unsigned int nr_calls(void)
{
	const char *calls_given = getenv("SWAP_STORM_CALLS");

	return calls_given ? (unsigned int)strtoul(calls_given, NULL, 10) : 60;
}

static void test_storms(void)
{
	s64 huge_out = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		huge_out += storm(&rows[i], nr_calls(), 17 + i);
	CU_ASSERT(huge_out > 0);
}

/* Each n-th allocation of the host, and of the machine, fails. */
static void test_failures(void)
{
	static const char *const releases[] = { "release=6.1", "release=6.18" };

	for (unsigned int i = 0; i < 2 * 16; i++) {
		bool zram = i & 2;
		const char *const sets[] = {
			releases[i % 2], "node 0.memory=256M", "cmdline=thp_anon=16K-256K:always",
			zram ? "swap 0.on=no" : "seed=1", zram ? "swap 1.path=/dev/zram1" : "seed=1", NULL };
		struct storm s = { .rng = i, .alive = { true }, .is_on = { true, true }, .zram = zram,
				   .nr_pages = NR_PAGES };

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&s.lab, "swap", sets), 0);
		memset(s.token, 0xff, sizeof(s.token));
		CU_ASSERT_EQUAL(lab_run(&s.lab, "sim/as/init/ctl: fork as a"), 0);
		s.pid[0] = newest_pid(&s);
		(void)lab_run(&s.lab, "sim/as/a/ctl: mmap 0x10000000 1M rw private,anon,fixed");
		do_line(&s, "sim/as/a/ctl: store 0x10000000 1M", 0, 0, NR_PAGES);
		arena_fail_after(&machine_of(&s)->arena, 1 + i / 2);
		do_line(&s, "sim/as/a/ctl: madvise 0x10000000 1M PAGEOUT", 0, 0, 0);
		arena_fail_after(&machine_of(&s)->arena, 1 + i / 2);
		do_line(&s, "sim/as/a/ctl: load 0x10000000 512K", 0, 0, 0);
		arena_fail_after(&machine_of(&s)->arena, 1 + i / 2);
		do_line(&s, "sim/as/a/ctl: swapoff /dev/nvme0n1", 0, 0, 0);
		arena_fail_after(&machine_of(&s)->arena, 0);
		do_line(&s, "sim/as/a/ctl: load 0x10000000 1M", 0, 0, 0);
		lab_close(&s.lab);
	}
}

static const CU_TestInfo tests[] = {
	{ "storms on every architecture", test_storms },
	{ "failing allocations", test_failures },
};

int main(void)
{
	return suite_main("swap storms", tests, ARRAY_SIZE(tests), NULL, NULL);
}
