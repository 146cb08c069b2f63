// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Storms on booted machines of every architecture and release: tasks that store, fork,
 * map and unmap, beside allocations of the kernel, while memory is compacted, taken in
 * ranges, moved between nodes, put off line and swapped out, some in memory cgroups that come
 * and go, whose limits change; and every n-th allocation fails, of pages and slab objects, or
 * of the host. What the pages of the tasks hold is
 * remembered: whatever moves, it stays; the invariants hold; when the tasks are gone
 * nothing is left.
 *
 *   storm_tasks [ROUNDS]	on each machine; more is for check-long
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "leftovers.h"
#include "support.h"
#include "token.h"

#include "fs/core/tree_struct.h"
#include "fs/sim/check.h"
#include "sim/base/rng.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/memcg.h"
#include "sim/virt/task.h"

#define NR_TASKS 3
#define NR_HELD 40	/* what the kernel holds, of each kind */
#define AREA_PAGES 256
#define NR_GROUPS 4

static const char *const groups[NR_GROUPS] = { "", "/g", "/h", "/h/i" };

struct kind {
	const char *name, *machine, *sets[4];
	unsigned int nr_nodes;
	bool groups;		/* with memory cgroups */
};

#define SMALL_IMAGE "[image]\ncode=0x100000-0x10ffff\nrodata=0x110000-0x11ffff\n" \
	"data=0x120000-0x12ffff\nbss=0x130000-0x13ffff\ninit=16K\ninitrd=4K\n"
#define MEMORY(size) "[node 0]\ncpus = 0-1\nmemory = " size "\n"

#define SWAP "[swap 0]\nsize = 4M\n[swap 1]\nsize = 200K\n"

static const struct kind kinds[] = {
	{ "6.18, 24 MiB", "[machine]\nrelease = 6.18\n" SMALL_IMAGE MEMORY("24M"), { NULL }, 1 },
	{ "6.1, 20 MiB", "[machine]\nrelease = 6.1\n" SMALL_IMAGE MEMORY("20M"), { NULL }, 1 },
	{ "i386, 8 MiB", "[machine]\narch = i386\nrelease = 6.1\n" SMALL_IMAGE MEMORY("8M"),
	  { NULL }, 1 },
	{ "PAE, 12 MiB", "[machine]\narch = i386-pae\nrelease = 6.1\n" SMALL_IMAGE MEMORY("12M"),
	  { NULL }, 1 },
	{ "la57, 96 MiB", "[machine]\narch = x86_64-la57\nrelease = 6.18\n" MEMORY("96M"),
	  { NULL }, 1 },
	{ "6.18, 2 nodes", "[machine]\nrelease = 6.18\n[node 0]\ncpus = 0\nmemory = 128M\n"
	  "[node 1]\ncpus = 1\nmemory = 128M\n", { NULL }, 2 },
	{ "6.1, 2 nodes", "[machine]\nrelease = 6.1\ncmdline = movablecore=64M\n[node 0]\n"
	  "cpus = 0\nmemory = 128M\n[node 1]\ncpus = 1\nmemory = 128M\n", { NULL }, 2 },
	{ "6.18, 24 MiB and swap", "[machine]\nrelease = 6.18\n" SMALL_IMAGE MEMORY("24M") SWAP,
	  { NULL }, 1 },
	{ "6.1, 20 MiB and swap", "[machine]\nrelease = 6.1\n" SMALL_IMAGE MEMORY("20M") SWAP,
	  { NULL }, 1 },
	{ "i386, 8 MiB and swap", "[machine]\narch = i386\nrelease = 6.1\n" SMALL_IMAGE
	  MEMORY("8M") SWAP, { NULL }, 1 },
	{ "6.18, CMA and swap", "[machine]\nrelease = 6.18\n" SMALL_IMAGE MEMORY("24M") SWAP,
	  { "config.CMA=y", "config.CMA_SIZE_MBYTES=8" }, 1 },
	{ "6.1, CMA", "[machine]\nrelease = 6.1\n" SMALL_IMAGE MEMORY("24M"),
	  { "config.CMA=y", "config.CMA_SIZE_MBYTES=10" }, 1 },
	{ "PAE, CMA", "[machine]\narch = i386-pae\nrelease = 6.1\n" SMALL_IMAGE MEMORY("16M"),
	  { "config.CMA=y", "config.CMA_SIZE_MBYTES=4" }, 1 },
	{ "6.18, groups and swap", "[machine]\nrelease = 6.18\n" SMALL_IMAGE MEMORY("24M") SWAP,
	  { NULL }, 1, true },
	{ "6.1, groups and swap", "[machine]\nrelease = 6.1\n" SMALL_IMAGE MEMORY("20M") SWAP,
	  { NULL }, 1, true },
	{ "6.1, groups", "[machine]\nrelease = 6.1\n" SMALL_IMAGE MEMORY("24M"), { NULL }, 1, true },
	{ "PAE, groups and slow swap", "[machine]\narch = i386-pae\nrelease = 6.1\n" SMALL_IMAGE
	  MEMORY("16M") SWAP, { "cost.swap_write=5000000" }, 1, true },
	{ "PAE, HighMem", "[machine]\narch = i386-pae\nrelease = 6.1\ncmdline = vmalloc=900M\n"
	  MEMORY("256M"), { NULL }, 1 },
};

struct storm {
	struct lab lab;
	struct machine *m;
	const struct kind *kind;
	struct fault_inject fault;
	unsigned int nth;	/* of the host's allocations; 0: none fails */
	u64 rng, seed;
	bool alive[NR_TASKS];
	u64 at[NR_TASKS];	/* where its area begins */
	u32 pid[NR_TASKS];
	u64 token[NR_TASKS][AREA_PAGES];
	bool page[NR_HELD], range[4], cma[4], area[NR_HELD], piece[NR_HELD];
	char line[160];
	unsigned int worked, failed, moved;
	s64 swapped, killed, group_events;
};

static const unsigned int lengths[4] = { 7, 64, 200, 600 };

static unsigned int below(struct storm *s, unsigned int n)
{
	return (unsigned int)rng_below(&s->rng, n);
}

/* Its errno; the faults are due while it runs. */
static int say(struct storm *s, const char *fmt, ...) __printf(2, 3);
static int say(struct storm *s, const char *fmt, ...)
{
	va_list args;
	int err;

	va_start(args, fmt);
	vsnprintf(s->line, sizeof(s->line), fmt, args);
	va_end(args);
	fault_inject_use(s->m, s->fault.page.interval ? &s->fault : NULL);
	if (s->nth && s->m->arena.nr_allocs >= s->m->arena.fail_at)
		arena_fail_after(&s->m->arena, s->nth);
	err = lab_run(&s->lab, s->line);
	fault_inject_use(s->m, NULL);
	s->worked += !err;
	s->failed += err != 0;
	return err;
}

/* The same, and nothing fails on purpose. */
static void surely(struct storm *s, const char *line)
{
	fault_inject_use(s->m, NULL);
	arena_fail_after(&s->m->arena, 0);
	(void)lab_run(&s->lab, line);
}

static void quiet(struct storm *s)
{
	s->fault.page.interval = 0;
	s->nth = 0;
	arena_fail_after(&s->m->arena, 0);
}

static const struct mm_struct *mm_of(const struct storm *s, unsigned int t)
{
	const struct task_struct *task = task_find(s->m, s->pid[t]);

	return task ? task->mm : NULL;
}

/* Pages [from, from + nr) hold what they hold now; the zero page is nobody's. */
static void remember(struct storm *s, unsigned int t, unsigned int from, unsigned int nr)
{
	const struct mm_struct *mm = mm_of(s, t);

	for (unsigned int i = from; i < from + nr; i++) {
		u64 token = mm ? token_at(s->m, mm, s->at[t] + i * PAGE_SIZE) : TOKEN_UNKNOWN;

		s->token[t][i] = token ? token : TOKEN_UNKNOWN;
	}
}

static void look_at_contents(struct storm *s, unsigned int t, const struct mm_struct *mm)
{
	for (unsigned int i = 0; mm && i < AREA_PAGES; i++) {
		u64 now;

		if (s->token[t][i] == TOKEN_UNKNOWN)
			continue;
		now = token_at(s->m, mm, s->at[t] + i * PAGE_SIZE);
		if (now != s->token[t][i])
			fprintf(stderr, "%s, seed %llu: task %u page %u holds %#llx, not %#llx: %s\n",
				s->kind->name, (unsigned long long)s->seed, t, i,
				(unsigned long long)now, (unsigned long long)s->token[t][i],
				s->line);
		CU_ASSERT_EQUAL_FATAL(now, s->token[t][i]);
	}
}

static void begin_task(struct storm *s, unsigned int t)
{
	if (say(s, "proc/1/ctl: fork as t%u", t))
		return;
	s->pid[t] = (u32)strtoul(lab_text(&s->lab.out), NULL, 0);
	s->alive[t] = true;
	for (unsigned int i = 0; i < AREA_PAGES; i++)
		s->token[t][i] = TOKEN_UNKNOWN;
	if (s->kind->groups && below(s, 4))
		say(s, "sys/fs/cgroup%s/cgroup.procs: %u", groups[below(s, 2) ? 1 : 3], s->pid[t]);
	if (say(s, "sim/as/t%u/ctl: mmap 0 1M rw private,anon as m%u", t, t)) {
		say(s, "proc/1/ctl: kill @t%u KILL", t);
		s->alive[t] = false;
		return;
	}
	s->at[t] = strtoull(lab_text(&s->lab.out), NULL, 0);
}

static void end_task(struct storm *s, unsigned int t)
{
	snprintf(s->line, sizeof(s->line), "proc/1/ctl: kill @t%u KILL", t);
	surely(s, s->line);
	s->alive[t] = false;
	surely(s, "proc/1/ctl: wait4 -1 0");
}

static void task_step(struct storm *s, unsigned int t)
{
	unsigned int from = below(s, AREA_PAGES), nr = 1 + below(s, AREA_PAGES - from);
	static const char *const advice[] = { "cold", "collapse", "nohugepage", "hugepage",
					      "populate_read", "pageout", "pageout",
					      "willneed" };

	switch (below(s, 9)) {
	case 0:
	case 1:
	case 2:
		say(s, "sim/as/t%u/ctl: store @m%u+%uK %uK", t, t, 4 * from, 4 * nr);
		remember(s, t, from, nr);
		break;
	case 3:
		say(s, "sim/as/t%u/ctl: load @m%u+%uK %uK", t, t, 4 * from, 4 * nr);
		break;
	case 4:
		nr = MIN(nr, 40);
		say(s, "sim/as/t%u/ctl: madvise @m%u+%uK %uK dontneed", t, t, 4 * from, 4 * nr);
		remember(s, t, from, nr);
		break;
	case 5:
		say(s, "sim/as/t%u/ctl: mprotect @m%u+%uK %uK %s", t, t, 4 * from, 4 * nr,
		    below(s, 4) ? "rw" : "r");
		break;
	case 6:		/* a child has the same */
		if (say(s, "sim/as/t%u/ctl: fork as child", t))
			break;
		look_at_contents(s, t, task_find(s->m, (u32)strtoul(lab_text(&s->lab.out), NULL,
								   0))->mm);
		say(s, "sim/as/child/ctl: store @m%u+%uK %uK", t, 4 * from, 4 * nr);
		surely(s, "proc/1/ctl: kill @child KILL");
		say(s, "sim/as/t%u/ctl: wait4 -1 0", t);
		break;
	case 7:
		say(s, "sim/as/t%u/ctl: madvise @m%u %s %s", t, t, "1M",
		    advice[below(s, ARRAY_SIZE(advice))]);
		break;
	default:
		end_task(s, t);
	}
}

/* A driver gets pages of the contiguous memory area, or gives them back. */
static void cma_step(struct storm *s, unsigned int r)
{
	if (s->cma[r])
		s->cma[r] = say(s, "sim/ctl: cma_release 0 @cma%u %u", r, lengths[r]) != 0;
	else
		s->cma[r] = !say(s, "sim/ctl: cma_alloc 0 %u %u as cma%u", lengths[r],
				 below(s, 10), r);
}

static void kernel_step(struct storm *s)
{
	unsigned int i = below(s, NR_HELD), r = below(s, 4);
	static const char *const gfps[] = { "GFP_KERNEL", "GFP_ATOMIC", "GFP_HIGHUSER_MOVABLE",
					    "GFP_KERNEL|__GFP_RECLAIMABLE" };

	switch (below(s, 9)) {
	case 0:
	case 1:
	case 2:
		if (s->page[i])
			s->page[i] = say(s, "sim/ctl: free_pages @p%u", i) != 0;
		else
			s->page[i] = !say(s, "sim/ctl: alloc_pages %u %s|__GFP_NOWARN as p%u",
					  below(s, 1 + below(s, 11)), gfps[r], i);
		break;
	case 3:
	case 4:
		if (s->m->cma && i % 2)
			cma_step(s, r);
		else if (s->range[r])
			s->range[r] = say(s, "sim/ctl: free_contig_range @r%u %u", r,
					  lengths[r]) != 0;
		else
			s->range[r] = !say(s, "sim/ctl: alloc_contig_pages %u "
					   "GFP_KERNEL|__GFP_NOWARN as r%u", lengths[r], r);
		break;
	case 5:
		if (s->area[i])
			s->area[i] = say(s, "sim/ctl: vfree @v%u", i) != 0;
		else
			s->area[i] = !say(s, "sim/ctl: vmalloc %uK as v%u", 4 + below(s, 90), i);
		break;
	case 6:
		if (s->piece[i])
			s->piece[i] = say(s, "sim/ctl: free_percpu @c%u", i) != 0;
		else
			s->piece[i] = !say(s, "sim/ctl: alloc_percpu %u as c%u",
					   1 + below(s, 32768), i);
		break;
	case 7:
		say(s, "sim/ctl: drain");
		break;
	default:
		say(s, "sim/ctl: tick %ums", 1 + below(s, 2000));
	}
}

static void move_step(struct storm *s)
{
	unsigned int t = below(s, NR_TASKS), node = below(s, s->kind->nr_nodes);

	switch (below(s, s->kind->nr_nodes > 1 ? 6 : 2)) {
	case 0:
		say(s, "proc/sys/vm/compact_memory: 1");
		break;
	case 1:
		say(s, "proc/sys/vm/nr_hugepages: %u", below(s, 2) ? below(s, 7) : 0);
		break;
	case 2:
		say(s, "sys/devices/system/node/node%u/compact: 1", node);
		break;
	case 3:
		if (s->alive[t])
			say(s, "sim/as/t%u/ctl: migrate_pages 0 %u %u", t, node, 1 - node);
		break;
	case 4:
		say(s, "sys/devices/system/memory/memory1/state: offline");
		break;
	default:
		say(s, "sys/devices/system/memory/memory1/state: online");
	}
}

static void limit_step(struct storm *s, const char *group)
{
	static const char *const marks[] = { "max", "max", "high", "swap.max", "low", "min" };
	const char *mark = marks[below(s, ARRAY_SIZE(marks))];

	if (below(s, 3))
		say(s, "sys/fs/cgroup%s/memory.%s: %uK", group, mark, 60 + below(s, 900));
	else
		say(s, "sys/fs/cgroup%s/memory.%s: max", group, mark);
}

static void group_step(struct storm *s)
{
	unsigned int t = below(s, NR_TASKS);
	const char *group = groups[below(s, NR_GROUPS)];

	switch (below(s, 10)) {
	case 0:
	case 1:
	case 2:
		if (s->alive[t])
			say(s, "sys/fs/cgroup%s/cgroup.procs: %u", group, s->pid[t]);
		break;
	case 3:
	case 4:
	case 5:
		limit_step(s, group);
		break;
	case 6:
		say(s, "sys/fs/cgroup%s/memory.reclaim: %uK", group, 4 + below(s, 1000));
		break;
	case 7:
		say(s, "cgroup_rmdir %s", group);
		break;
	case 8:
		say(s, "cgroup_mkdir %s", group);
		break;
	default:
		if (below(s, 8))
			say(s, "sys/fs/cgroup%s/memory.oom.group: %u", group, below(s, 2));
		else
			say(s, "sys/fs/cgroup%s/cgroup.kill: 1", group);
	}
}

static void make_groups(struct storm *s)
{
	CU_ASSERT_EQUAL_FATAL(say(s, "sys/fs/cgroup/cgroup.subtree_control: +memory"), 0);
	for (unsigned int g = 1; g < NR_GROUPS; g++) {
		CU_ASSERT_EQUAL_FATAL(say(s, "cgroup_mkdir %s", groups[g]), 0);
		if (g == 2)
			CU_ASSERT_EQUAL(say(s, "sys/fs/cgroup/h/cgroup.subtree_control: +memory"), 0);
	}
}

/* Of the machine, what reclaim and kills did for groups. */
static void end_groups(struct storm *s)
{
	if (s->m->memcg)
		s->group_events += s->m->memcg->group_event[PGSTEAL_DIRECT];
	s->killed += s->m->event[OOM_KILL];
	for (unsigned int g = NR_GROUPS - 1; s->kind->groups && g; g--)
		say(s, "cgroup_rmdir %s", groups[g]);
}

static unsigned int whole_check(struct storm *s)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };

	CU_ASSERT_EQUAL_FATAL(tree_check(s->lab.tree, &check), 0);
	if (check.nr_broken)
		fprintf(stderr, "%s, seed %llu, after '%s':\n%s", s->kind->name,
			(unsigned long long)s->seed, s->line, lab_text(&out));
	out_free(&out);
	return check.nr_broken;
}

static void look(struct storm *s, bool whole)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };

	CU_ASSERT_FALSE_FATAL(s->m->broken);
	machine_check_incremental(s->m, &check);
	if (check.nr_broken)
		fprintf(stderr, "%s, seed %llu, after '%s':\n%s", s->kind->name,
			(unsigned long long)s->seed, s->line, lab_text(&out));
	CU_ASSERT_EQUAL_FATAL(check.nr_broken, 0);
	out_free(&out);
	if (!whole)
		return;
	for (unsigned int t = 0; t < NR_TASKS; t++)
		if (s->alive[t])
			look_at_contents(s, t, mm_of(s, t));
	CU_ASSERT_EQUAL_FATAL(whole_check(s), 0);
}

static void step(struct storm *s)
{
	unsigned int t = below(s, NR_TASKS), dice = below(s, s->kind->groups ? 16 : 10);
	s64 moved = s->m->event[PGMIGRATE_SUCCESS];

	if (dice < 5 && s->alive[t])
		task_step(s, t);
	else if (dice < 5)
		begin_task(s, t);
	else if (dice < 8)
		kernel_step(s);
	else if (dice < 10)
		move_step(s);
	else
		group_step(s);
	look(s, s->m->event[PGMIGRATE_SUCCESS] != moved);
	s->moved += (unsigned int)(s->m->event[PGMIGRATE_SUCCESS] - moved);
}

static void give_back(struct storm *s)
{
	quiet(s);
	for (unsigned int i = 0; i < NR_HELD; i++) {
		if (s->page[i])
			CU_ASSERT_EQUAL(say(s, "sim/ctl: free_pages @p%u", i), 0);
		if (s->area[i])
			CU_ASSERT_EQUAL(say(s, "sim/ctl: vfree @v%u", i), 0);
		if (s->piece[i])
			CU_ASSERT_EQUAL(say(s, "sim/ctl: free_percpu @c%u", i), 0);
	}
	for (unsigned int r = 0; r < 4; r++) {
		if (s->range[r])
			CU_ASSERT_EQUAL(say(s, "sim/ctl: free_contig_range @r%u %u", r,
					    lengths[r]), 0);
		if (s->cma[r])
			CU_ASSERT_EQUAL(say(s, "sim/ctl: cma_release 0 @cma%u %u", r, lengths[r]), 0);
	}
	say(s, "sys/devices/system/memory/memory1/state: online");
	say(s, "proc/sys/vm/nr_hugepages: 0");
	lab_end_tasks(&s->lab);
	end_groups(s);
	/* What init had there comes back. */
	for (unsigned int area = 0; s->m->total_swap_pages; area++)
		CU_ASSERT_EQUAL_FATAL(say(s, "proc/1/ctl: swapoff /dev/nvme%un1", area), 0);
}

static void run_storm(const struct kind *kind, unsigned int pages_nth, unsigned int host_nth,
		      unsigned int rounds, struct storm *s)
{
	static u64 seed = 1;
	struct leftovers before;
	char *error = NULL;

	*s = (struct storm){
		.kind = kind, .rng = seed, .seed = seed, .worked = s->worked,
		.failed = s->failed, .moved = s->moved, .swapped = s->swapped,
		.killed = s->killed, .group_events = s->group_events,
	};
	seed++;
	CU_ASSERT_EQUAL_FATAL(machine_config_parse("storm", kind->machine, kind->sets,
						   &s->lab.config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(tree_create(s->lab.config, &s->lab.tree, &error), 0);
	s->m = s->lab.tree->machine;
	lab_spare_tasks(&s->lab);
	leftovers_count(s->m, &before);
	if (kind->groups)
		make_groups(s);
	for (unsigned int t = 0; t < NR_TASKS; t++)
		begin_task(s, t);
	s->fault = (struct fault_inject){
		.page = { .name = "fail_page_alloc", .interval = pages_nth, .times = -1,
			  .probability = 100, .require_end = UINT64_MAX },
		.slab = { .name = "failslab", .interval = pages_nth, .times = -1,
			  .probability = 100, .require_end = UINT64_MAX },
	};
	s->nth = host_nth;
	for (unsigned int round = 0; round < rounds; round++)
		step(s);
	look(s, true);
	s->swapped += s->m->event[PSWPOUT];
	give_back(s);
	CU_ASSERT_EQUAL(whole_check(s), 0);
	CU_ASSERT_EQUAL(leftovers_compare(s->m, &before), 0);
	lab_close(&s->lab);
}

static unsigned int rounds = 60;

static void test_storms(bool host)
{
	static const unsigned int nths[] = { 0, 1, 2, 3, 5, 7, 31 };
	struct storm *s = calloc(1, sizeof(*s));

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (unsigned int k = 0; k < ARRAY_SIZE(kinds); k++)
		for (unsigned int n = 0; n < ARRAY_SIZE(nths); n++)
			run_storm(&kinds[k], host ? 0 : nths[n], host ? nths[n] : 0, rounds, s);
	fprintf(stderr, "%u lines worked, %u failed, %u pages moved, %lld swapped out, %lld freed for "
		"groups, %lld killed\n", s->worked, s->failed, s->moved, (long long)s->swapped,
		(long long)s->group_events, (long long)s->killed);
	CU_ASSERT_TRUE(s->worked > s->failed / 4);
	CU_ASSERT_TRUE(s->failed > rounds * 10);
	CU_ASSERT_TRUE(s->moved > rounds * 10);
	CU_ASSERT_TRUE(s->swapped > rounds * 5);
	CU_ASSERT_TRUE(s->group_events > rounds * 5);
	CU_ASSERT_TRUE(s->killed > 0 || rounds < 400);
	free(s);
}

static void test_simulated(void)
{
	test_storms(false);
}

static void test_host(void)
{
	test_storms(true);
}

static const CU_TestInfo tests[] = {
	{ "every n-th page and object fails", test_simulated },
	{ "every n-th allocation of the host fails", test_host },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 10);
	return suite_main("storm_tasks", tests, ARRAY_SIZE(tests), NULL, NULL);
}
