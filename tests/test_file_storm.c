// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files of disks under load: two processes write, read, map, cut and drop one file, in a
 * machine with too little memory for it, where folios of all sizes come and go (6.18), or
 * none (6.1). What each page of the file holds, in the cache or on the disk, is looked up
 * behind every call: only a write, a store or a cut may have changed it. sim/check is clean
 * all the time.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "fs/core/tree_struct.h"
#include "sim/base/rng.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/content.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"

#define NR_PAGES 1536
#define SHARED 0x40003000ULL	/* not as folios are aligned */
#define HUGE 0x40800000ULL
#define PRIVATE 0x41000000ULL
#define NR_WHO 2

static const struct shape {
	const char *arch, *release, *memory, *cmdline;
	bool slow;		/* writes take longer than a call */
	bool errors;		/* in one call of four some allocation fails */
} rows[] = {
	{ "arch=x86_64", "release=6.18", "node 0.memory=64M", "" },
	{ "arch=x86_64", "release=6.18", "node 0.memory=40M", "" },
	{ "arch=x86_64", "release=6.18", "node 0.memory=40M", "", .slow = true },
	{ "arch=x86_64", "release=6.18", "node 0.memory=40M", "", .errors = true },
	{ "arch=x86_64", "release=6.18", "node 0.memory=64M", "", .slow = true, .errors = true },
	{ "arch=x86_64", "release=6.18", "node 0.memory=256M", "transparent_hugepage=always" },
	{ "arch=i386", "release=6.18", "node 0.memory=64M", "" },
	{ "arch=i386-pae", "release=6.18", "node 0.memory=64M", "", .errors = true },
	{ "arch=x86_64", "release=6.1", "node 0.memory=40M", "" },
	{ "arch=x86_64", "release=6.1", "node 0.memory=40M", "", .slow = true, .errors = true },
};

struct storm {
	struct lab lab;
	u64 rng;
	const struct shape *row;
	u32 inode, scratch;	/* scratch: a page frame of ours */
	u64 token[NR_PAGES];	/* what pages held behind the last call */
	struct fault_inject fault;
	u64 nr_large;		/* folios that were seen */
};

static struct machine *machine_of(const struct storm *s)
{
	return s->lab.tree->machine;
}

static struct inode *file_of_storm(const struct storm *s)
{
	return inode_of(machine_of(s), s->inode);
}

static unsigned int below(struct storm *s, unsigned int n)
{
	return (unsigned int)rng_below(&s->rng, n);
}

/* Behind the end, a folio may hold what nobody sees. */
static u64 token_of(struct storm *s, u64 index)
{
	struct machine *m = machine_of(s);
	const struct inode *inode = file_of_storm(s);
	u32 pfn = find_page(m, &inode->i_data, index);

	if (index >= inode_pages(inode))
		return 0;
	if (pfn == PFN_NIL) {
		disk_read(m, inode, index, s->scratch);
		pfn = s->scratch;
	}
	return content_token(m, pfn);
}

/* Nothing but pages [from, to) may hold anything else than before. */
static void compare(struct storm *s, u64 from, u64 to, const char *line)
{
	unsigned int lost = 0;

	for (u64 i = 0; i < NR_PAGES; i++) {
		u64 now = token_of(s, i);

		if (now != s->token[i] && (i < from || i >= to) && !lost++)
			fprintf(stderr, "%s: page %llu\n", line, (unsigned long long)i);
		s->token[i] = now;
	}
	if (lost)
		CU_FAIL("contents were lost");
}

static void count_large(struct storm *s)
{
	const struct inode *inode = file_of_storm(s);
	const struct xarray *pages = &inode->i_data.i_pages;
	u64 index = 0;

	while (filemap_find(&inode->i_data, &index, NR_PAGES)) {
		s->nr_large += xa_get_order(pages, index) > 0;
		index = xa_behind(pages, index);
	}
}

static void do_line(struct storm *s, const char *line, u64 from, u64 to)
{
	unsigned int broken;

	if (s->row->errors && !below(s, 4)) {
		s->fault.fail_nth = 1 + below(s, below(s, 2) ? 4 : 60);
		fault_inject_use(machine_of(s), &s->fault);
	}
	(void)lab_run(&s->lab, line);
	fault_inject_use(machine_of(s), NULL);
	compare(s, from, to, line);
	broken = nr_broken(machine_of(s), machine_check, NULL);
	CU_ASSERT_EQUAL(broken, 0);
	if (broken)
		fprintf(stderr, "behind %s\n", line);
}

static void say(struct storm *s, u64 from, u64 to, const char *format, ...) __printf(4, 5);
static void say(struct storm *s, u64 from, u64 to, const char *format, ...)
{
	static const char *const names[NR_WHO] = { "a", "b" };
	char line[256];
	int n = snprintf(line, sizeof(line), "sim/as/%s/ctl: ", names[below(s, NR_WHO)]);
	va_list args;

	va_start(args, format);
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	do_line(s, line, from, to);
}

/* Bytes of the file; half of the time whole pages, or many. */
static void some_bytes(struct storm *s, u64 *at, u64 *len)
{
	u64 max = NR_PAGES * PAGE_SIZE;

	*at = rng_below(&s->rng, max);
	*len = 1 + rng_below(&s->rng, MIN(max - *at, below(s, 4) ? 100000 : max));
	if (below(s, 2)) {
		*at = ALIGN_DOWN(*at, below(s, 2) ? PAGE_SIZE : 16 * PAGE_SIZE);
		*len = ALIGN_UP(*len, PAGE_SIZE);
	}
	*len = MIN(*len, max - *at);
}

static void file_call(struct storm *s)
{
	static const char *const advices[] = { "dontneed", "dontneed", "dontneed", "willneed",
					       "sequential", "random", "normal" };
	u64 at, len, first, behind;

	some_bytes(s, &at, &len);
	first = at >> PAGE_SHIFT;
	behind = PFN_UP(at + len);
	switch (below(s, 12)) {
	case 0: case 1: case 2:
		/* What lies between the end and there is zeroed. */
		say(s, MIN(first, file_of_storm(s)->i_size >> PAGE_SHIFT), behind,
		    "pwrite64 @f %llu %llu", (unsigned long long)len, (unsigned long long)at);
		return;
	case 3: case 4: case 5:
		say(s, 0, 0, "pread64 @f %llu %llu", (unsigned long long)len, (unsigned long long)at);
		return;
	case 6:
		say(s, MIN(first, file_of_storm(s)->i_size >> PAGE_SHIFT), NR_PAGES,
		    "ftruncate @f %llu", (unsigned long long)at);
		return;
	case 7:
		say(s, first, behind, "fallocate @f punch_hole,keep_size %llu %llu", (unsigned long long)at,
		    (unsigned long long)len);
		return;
	case 8:
		say(s, 0, 0, "fsync @f");
		return;
	case 9:
		say(s, 0, 0, "sync_file_range @f %llu %llu %s", (unsigned long long)at,
		    (unsigned long long)len, below(s, 2) ? "write" : "write,wait_after");
		return;
	case 10:
		say(s, 0, 0, "fadvise64 @f %llu %llu %s", (unsigned long long)at,
		    (unsigned long long)len, advices[below(s, ARRAY_SIZE(advices))]);
		return;
	default:
		do_line(s, below(s, 2) ? "proc/sys/vm/drop_caches: 1" : "proc/sys/vm/compact_memory: 1",
			0, 0);
	}
}

static const struct call {
	const char *verb, *rest;
	bool stores;
} calls[] = {
	{ "store", "", true }, { "store", "", true }, { "load", "", false }, { "load", "", false },
	{ "madvise", "PAGEOUT", false }, { "madvise", "PAGEOUT", false },
	{ "madvise", "COLD", false }, { "madvise", "WILLNEED", false },
	{ "madvise", "DONTNEED", false }, { "madvise", "REMOVE", true },
	{ "madvise", "SEQUENTIAL", false }, { "madvise", "RANDOM", false },
	{ "madvise", "HUGEPAGE", false }, { "madvise", "COLLAPSE", false },
	{ "madvise", "POPULATE_WRITE", true }, { "madvise", "NORMAL", false },
	{ "mprotect", "r", false }, { "mprotect", "rw", false }, { "mlock", "", true },
	{ "munlock", "", false }, { "munmap", "", false }, { "mincore", "", false },
	{ "madvise", "SOFT_OFFLINE", false },
};

static void memory_call(struct storm *s)
{
	static const u64 bases[] = { SHARED, HUGE, PRIVATE };
	const struct call *call = &calls[below(s, ARRAY_SIZE(calls))];
	u64 base = bases[below(s, ARRAY_SIZE(bases))], end = inode_pages(file_of_storm(s)), from, to;
	bool poisons = !strcmp(call->rest, "SOFT_OFFLINE");

	/* Not behind the end, where stores are a task's end. */
	if (!end || (poisons && below(s, 8)))
		return;
	from = rng_below(&s->rng, end);
	to = from + 1 + rng_below(&s->rng, below(s, 3) && !poisons ? end - from : 1);
	if (below(s, 4) == 0)
		from = ALIGN_DOWN(from, 16);
	say(s, call->stores ? from : 0, call->stores ? to : 0, "%s 0x%llx 0x%llx %s", call->verb,
	    (unsigned long long)(base + from * PAGE_SIZE),
	    (unsigned long long)((to - from) * PAGE_SIZE), call->rest);
}

static void map_call(struct storm *s)
{
	u64 from = below(s, NR_PAGES), nr = 1 + rng_below(&s->rng, NR_PAGES - from);
	unsigned int where = below(s, 3);

	if (below(s, 2)) {
		from = 0;
		nr = NR_PAGES;
	}
	say(s, 0, 0, "mmap 0x%llx 0x%llx rw %s,fixed @f 0x%llx",
	    (unsigned long long)((where == 2 ? PRIVATE : where ? HUGE : SHARED) + from * PAGE_SIZE),
	    (unsigned long long)(nr * PAGE_SIZE), where == 2 ? "private" : "shared",
	    (unsigned long long)(from * PAGE_SIZE));
}

static bool is_alive(struct storm *s, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), "sim/as/%s/status", name);
	return strstr(lab_cat(&s->lab, path), "VmSize:");
}

/* Who ran out of memory, or was killed for others, is there again. */
static void raise_dead(struct storm *s)
{
	static const char *const names[NR_WHO] = { "a", "b" };
	char line[80];

	for (unsigned int i = 0; i < NR_WHO; i++) {
		if (is_alive(s, names[i]))
			continue;
		(void)lab_run(&s->lab, "sim/as/init/ctl: wait4 -1");
		snprintf(line, sizeof(line), "sim/as/init/ctl: fork as %s", names[i]);
		(void)lab_run(&s->lab, line);
	}
}

static void open_storm(struct storm *s, const struct shape *row)
{
	const struct alloc_request req = { .gfp = GFP_KERNEL, .node = NUMA_NO_NODE };
	char cmdline[100];
	const char *const sets[] = {
		row->arch, row->release, row->memory, cmdline,
		row->slow ? "cost.disk_write=20000000" : "seed=1", NULL };

	snprintf(cmdline, sizeof(cmdline), "cmdline=%s", row->cmdline);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&s->lab, "tiny", sets), 0);
	CU_ASSERT_EQUAL_FATAL(alloc_pages(machine_of(s), &req, &s->scratch), 0);
	lab_expect(&s->lab, 0, "sim/as/init/ctl: open /f O_RDWR|O_CREAT 0600 as f");
	lab_expect(&s->lab, 0, "sim/as/init/ctl: fork as a");
	lab_expect(&s->lab, 0, "sim/as/init/ctl: fork as b");
	s->inode = inode_find(machine_of(s), "/f")->self;
}

static void storm(const struct shape *row, unsigned int nr_calls, u64 seed)
{
	struct storm s = { .rng = seed, .row = row };

	open_storm(&s, row);
	for (unsigned int i = 0; i < nr_calls; i++) {
		unsigned int what = below(&s, 100);

		if (what < 4)
			do_line(&s, "tick 7ms", 0, 0);
		else if (what < 45)
			file_call(&s);
		else if (what < 90)
			memory_call(&s);
		else
			map_call(&s);
		raise_dead(&s);
		count_large(&s);
	}
	CU_ASSERT_EQUAL(s.nr_large > 0, strcmp(row->release, "release=6.1") != 0);
	free_pages(machine_of(&s), s.scratch, 0);
	lab_check(&s.lab);
	lab_close(&s.lab);
}

static unsigned int nr_calls(void)
{
	const char *given = getenv("FILE_STORM_CALLS");

	return given ? (unsigned int)strtoul(given, NULL, 10) : 150;
}

static void test_storms(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		storm(&rows[i], nr_calls(), 29 + i);
}

static const CU_TestInfo tests[] = {
	{ "storms", test_storms },
};

int main(void)
{
	return suite_main("file storms", tests, ARRAY_SIZE(tests), NULL, NULL);
}
