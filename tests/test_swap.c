// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Swap areas: who may be one, in which order they are used, what files say of them; and
 * what goes out and comes back, with the figures of real kernels.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "fs/core/tree_struct.h"

static struct lab lab;
static const char *const releases[] = { "release=6.1", "release=6.18" };

static void open_lab(unsigned int release)
{
	const char *const sets[] = { releases[release], NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
}

static void close_lab(void)
{
	lab_check(&lab);
	lab_close(&lab);
}

/* A call of task a, with its errno. */
static void expect(const char *call, int err)
{
	char line[200];
	int found;

	snprintf(line, sizeof(line), "sim/as/a/ctl: %s", call);
	found = lab_run(&lab, line);
	if (found != -err && found != err)
		printf("\n  %s: expected %d, found %d\n", call, err, found);
	CU_ASSERT(found == -err || found == err);
}

#define HEAD "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
#define NVME0 "/dev/nvme0n1                            partition\t262140\t\t0\t\t"
#define NVME1 "/dev/nvme1n1                            partition\t1048572\t\t0\t\t"

static void test_order(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"), HEAD NVME0 "10\n" NVME1 "-2\n");
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"),
			"Adding 262140k swap on /dev/nvme0n1.  Priority:10 extents:1 "
			"across:262140k SS\n"));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"),
					      "SwapTotal:       1310712 kB\n"));
		expect("swapoff /dev/nvme0n1", 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"), HEAD NVME1 "-2\n");
		/* The first free place, and the lowest priority. */
		expect("swapon /dev/nvme0n1", 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"), HEAD NVME0 "-3\n" NVME1 "-2\n");
		/* Whoever got theirs by themselves move up. */
		expect("swapoff /dev/nvme1n1", 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"), HEAD NVME0 "-2\n");
		expect("swapon /dev/nvme1n1 0xffff", 0);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/swaps"),
				       HEAD NVME0 "-2\n" NVME1 "32767\n");
		/* Flags by their names: as strace prints them, and short. */
		expect("swapoff /dev/nvme1n1", 0);
		expect("swapon(\"/dev/nvme1n1\", SWAP_FLAG_PREFER|SWAP_FLAG_DISCARD|7)", 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/swaps"), NVME1 "7\n"));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/log"), "swapon /dev/nvme1n1 "
			"SWAP_FLAG_PREFER|SWAP_FLAG_DISCARD|0x7 = 0"));
		expect("swapoff /dev/nvme1n1", 0);
		expect("swapon /dev/nvme1n1 prefer,5", 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/swaps"), NVME1 "5\n"));
		expect("swapoff /dev/nvme1n1", 0);
		expect("swapon /dev/nvme1n1 pigs", EBADMSG);
		close_lab();
	}
}

static void test_refused(void)
{
	static const struct {
		const char *call;
		int err;
	} rows[] = {
		{ "swapon /nonexist", ENOENT }, { "swapon /tmp", EISDIR },
		{ "swapon /dev/null", EINVAL }, { "swapon /dev/nvme0n1 0x80000", EINVAL },
		{ "swapon /dev/nvme0n1", EBUSY }, { "swapoff /dev/nvme1n1", 0 },
		{ "swapoff /dev/nvme1n1", EINVAL }, { "swapoff /nonexist", ENOENT },
		{ "swapoff /tmp", EISDIR }, { "swapon /bin/true", EINVAL },
		{ "open /dev/shm/x rdwr,creat as x", 0 }, { "ftruncate @x 1M", 0 },
		{ "swapon /dev/shm/x", EINVAL }, { "open /data/f rdwr,creat as f", 0 },
		{ "ftruncate @f 4M", 0 }, { "swapon /data/f", EINVAL }, { "mkswap /data/f", 0 },
		/* It is a hole; then it ends with one; then it has blocks, written or asked for. */
		{ "swapon /data/f", EINVAL }, { "pwrite64 @f 3M 0", 0 }, { "swapon /data/f", EINVAL },
		{ "fallocate @f 0 3M 1M", 0 }, { "swapon /data/f", 0 }, { "swapon /data/f", EBUSY }, { "mkswap /data/f", EBUSY },
		{ "pwrite64 @f 4K 0", ETXTBSY }, { "ftruncate @f 1M", ETXTBSY },
		{ "fallocate @f 0 0 1M", ETXTBSY },
		{ "unlink /data/f", EPERM }, { "swapoff /data/f", 0 },
		/* What is behind the area is looked at as well, a range at a time. */
		{ "fallocate @f 0 4M 15T", 0 }, { "swapon /data/f", 0 }, { "swapoff /data/f", 0 },
		{ "fallocate @f punch_hole,keep_size 14T 4K", 0 }, { "swapon /data/f", EINVAL },
		{ "unlink /data/f", 0 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		for (unsigned int row = 0; row < ARRAY_SIZE(rows); row++)
			expect(rows[row].call, rows[row].err);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/dmesg"), "swapon: file /data/f has "
					      "unallocated extents"));
		expect("setuid 1000", 0);
		expect("swapon /dev/nvme1n1", EPERM);
		expect("swapoff /dev/nvme0n1", EPERM);
		close_lab();
	}
}

/* Nobody writes to the file of an area: not by way of a mapping, new or old, either. */
static void test_mapped_file(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		expect("open /data/f rdwr,creat as f", 0);
		expect("pwrite64 @f 1M 0", 0);
		expect("mmap 0x10000000 1M rw shared,fixed @f", 0);
		expect("store 0x10000000 8K", 0);
		expect("fsync @f", 0);
		expect("mkswap /data/f", 0);
		expect("swapon /data/f", 0);
		expect("mmap 0x20000000 1M rw shared,fixed @f", ETXTBSY);
		expect("mmap 0x20000000 1M r shared,fixed @f", 0);
		expect("mmap 0x30000000 1M rw private,fixed @f", 0);
		expect("load 0x20000000 1M", 0);
		expect("store 0x30000000 1M", 0);
		expect("mprotect 0x20000000 1M rw", 0);
		/* The page is not mapped yet, or to be read. */
		for (unsigned int mapped = 0; mapped < 2; mapped++) {
			CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: fork as b"), 0);
			if (mapped)
				lab_expect(&lab, 0, "sim/as/b/ctl: load 0x10000000");
			lab_expect(&lab, EFAULT, "sim/as/b/ctl: store 0x10000000");
			CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/last"), "SIGBUS"));
			expect("wait4", 0);
		}
		expect("swapoff /data/f", 0);
		expect("store 0x10000000 1M", 0);
		expect("store 0x20000000 1M", 0);
		close_lab();
	}
}

/* No host memory at the first allocation, the second...: each time the call has done nothing. */
static void refuse_until_it_runs(const char *call)
{
	struct arena *arena = &lab.tree->machine->arena;
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1], line[80];
	int err = -ENOMEM;

	snprintf(line, sizeof(line), "sim/as/a/ctl: %s", call);
	lab_digest(&lab, before);
	for (u64 n = 1; err == -ENOMEM; n++) {
		arena_fail_after(arena, n);
		err = lab_run(&lab, line);
		arena_fail_after(arena, 0);
		if (!err)
			break;
		lab_digest(&lab, after);
		CU_ASSERT_STRING_EQUAL(after, before);
		lab_check(&lab);
	}
	CU_ASSERT_EQUAL(err, 0);
}

/* A swapon that finds no host memory has done nothing; what it asks for first is all it needs. */
static void test_host_memory(void)
{
	static const char *const lines[] = {
		"cgroup_mkdir a",
		"sys/fs/cgroup/cgroup.subtree_control: +memory",
		"sim/as/a/ctl: fallocate @file 0 0 8M",
		"sim/as/a/ctl: mkswap /swap",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		struct arena *arena;

		open_lab(i);
		arena = &lab.tree->machine->arena;
		expect("swapoff /dev/nvme0n1", 0);
		refuse_until_it_runs("swapon /dev/nvme0n1");
		expect("swapoff /dev/nvme0n1", 0);
		expect("open /swap RDWR|CREAT as file", 0);
		for (unsigned int line = 0; line < ARRAY_SIZE(lines); line++)
			CU_ASSERT_EQUAL(lab_run(&lab, lines[line]), 0);
		arena_fail_guaranteed(arena, true);
		expect("swapon /dev/nvme0n1", 0);
		expect("swapon /swap", 0);
		arena_fail_guaranteed(arena, false);
		refuse_until_it_runs("swapoff /swap");
		close_lab();
	}
}

static s64 event(const char *name)
{
	char label[60];
	const char *at;

	snprintf(label, sizeof(label), "\n%s ", name);
	at = strstr(lab_cat(&lab, "proc/vmstat"), label);
	return at ? strtoll(at + strlen(label), NULL, 10) : 0;
}

/* -- what two real kernels counted --------------------------------------------- */

enum figure { PSWPIN_, PSWPOUT_, PGMAJFAULT_, RA, RA_HIT, PGREUSE_, ZERO_IN, ZERO_OUT, CACHED, USED,
	      THP_OUT, SPLIT_PAGE, SPLIT_PMD, ANON, NR_FIGURES, NR_SMALL = ANON };
static const char *const figures[NR_FIGURES] = {
	"\npswpin ", "\npswpout ", "\npgmajfault ", "\nswap_ra ", "\nswap_ra_hit ", "\npgreuse ",
	"\nswpin_zero ", "\nswpout_zero ", "\nnr_swapcached ", "",
	"\nthp_swpout ", "\nthp_split_page ", "\nthp_split_pmd ", "\nnr_anon_pages ",
};

/* So many more, or fewer; USED: kB of the area in all. */
struct step {
	const char *calls[4];
	s64 by_release[2][NR_FIGURES];
};

#define AT "0x10000000"
static const struct step steps[] = {
	{ { "mmap " AT " 256K rw private,anon,fixed", "store " AT " 256K",
	    "madvise " AT " 256K PAGEOUT" },
	  { { [PSWPOUT_] = 64, [CACHED] = 64, [USED] = 256 },
	    { [PSWPOUT_] = 64, [CACHED] = 64, [USED] = 256 } } },
	/* Still in memory: no reading. */
	{ { "load 0x1000a000", "load 0x1000b000" }, { { [USED] = 256 }, { [USED] = 256 } } },
	/* Written by who has it alone: its slot is given back, to a stock on 6.1. */
	{ { "store 0x10028000" },
	  { { [CACHED] = -1, [USED] = 256 }, { [CACHED] = -1, [USED] = 252 } } },
	{ { "load " AT " 256K" }, { { [USED] = 256 }, { [USED] = 252 } } },
	/* All but that one are clean, and go. */
	{ { "madvise " AT " 256K PAGEOUT" },
	  { { [PSWPOUT_] = 1, [CACHED] = -62, [USED] = 512 },
	    { [PSWPOUT_] = 1, [CACHED] = -62, [USED] = 256 } } },
	{ { "load " AT " 256K" },
	  { { 63, 0, 9, 54, 54, [CACHED] = 63, [USED] = 512 },
	    { 63, 0, 9, 54, 54, [CACHED] = 63, [USED] = 256 } } },
	/* 6.18 has made them writable as they came. */
	{ { "store " AT " 32K" }, { { [PGREUSE_] = 8, [USED] = 512 }, { [USED] = 256 } } },
	{ { "madvise " AT " 256K PAGEOUT" },
	  { { [PSWPOUT_] = 8, [CACHED] = -56, [USED] = 512 },
	    { [PSWPOUT_] = 8, [CACHED] = -56, [USED] = 256 } } },
	{ { "load " AT, "load 0x10001000", "store 0x10002000" },
	  { { [CACHED] = -1, [USED] = 512 }, { [CACHED] = -1, [USED] = 252 } } },
	{ { "mprotect " AT " 64K r", "load 0x10009000", "mprotect " AT " 64K rw" },
	  { { 4, 0, 1, 3, [CACHED] = 4, [USED] = 512 }, { 4, 0, 1, 3, [CACHED] = 4, [USED] = 252 } } },
	{ { "madvise 0x10010000 32K DONTNEED" }, { { [USED] = 512 }, { [USED] = 220 } } },
	{ { "madvise 0x10018000 32K FREE" }, { { [USED] = 512 }, { [USED] = 188 } } },
	{ { "madvise 0x10020000 32K WILLNEED" },
	  { { 8, [CACHED] = 8, [USED] = 512 }, { 8, [CACHED] = 8, [USED] = 188 } } },
	{ { "load 0x10020000 32K" }, { { [USED] = 512 }, { [USED] = 188 } } },
	/* What is locked keeps no slot. */
	{ { "mlock 0x10030000 32K" },
	  { { 8, 0, 3, 5, 5, [USED] = 512 }, { 8, 0, 3, 5, 5, [USED] = 156 } } },
	{ { "munlock 0x10030000 32K", "munmap " AT " 256K" },
	  { { [CACHED] = -19, [USED] = 256 }, { [CACHED] = -19 } } },
};

/* The same with huge pages, of which one goes out, comes back, is written and goes again. */
#define HUGE "0x40000000"
static const struct step huge_steps[] = {
	{ { "mmap " HUGE " 16M rw private,anon,fixed", "madvise " HUGE " 16M hugepage",
	    "store " HUGE " 4M" }, { { [ANON] = 1024 }, { [ANON] = 1024 } } },
	{ { "madvise " HUGE " 2M PAGEOUT" },
	  { { [PSWPOUT_] = 512, [CACHED] = 512, [USED] = 2048, [THP_OUT] = 1, [SPLIT_PMD] = 1,
	      [ANON] = -512 },
	    { [PSWPOUT_] = 512, [CACHED] = 512, [USED] = 2048, [THP_OUT] = 1, [SPLIT_PMD] = 1,
	      [ANON] = -512 } } },
	/* One page of it, or all. */
	{ { "load " HUGE }, { { [USED] = 2048, [ANON] = 1 }, { [USED] = 2048, [ANON] = 512 } } },
	{ { "load 0x40064000" }, { { [USED] = 2048, [ANON] = 1 }, { [USED] = 2048 } } },
	{ { "load " HUGE " 2M" }, { { [USED] = 2048, [ANON] = 510 }, { [USED] = 2048 } } },
	{ { "store " HUGE, "madvise " HUGE " 2M PAGEOUT" },
	  { { [PSWPOUT_] = 512, [PGREUSE_] = 1, [USED] = 2052, [SPLIT_PAGE] = 1, [ANON] = -512 },
	    { [PSWPOUT_] = 512, [USED] = 2048, [THP_OUT] = 1, [ANON] = -512 } } },
	/* Half of one: pages. */
	{ { "madvise 0x40200000 1M PAGEOUT" },
	  { { [PSWPOUT_] = 256, [CACHED] = 256, [USED] = 3076, [SPLIT_PAGE] = 1, [SPLIT_PMD] = 1,
	      [ANON] = -256 },
	    { [PSWPOUT_] = 256, [CACHED] = 256, [USED] = 3072, [SPLIT_PAGE] = 1, [SPLIT_PMD] = 1,
	      [ANON] = -256 } } },
	{ { "load " HUGE " 4M" }, { { [USED] = 3076, [ANON] = 768 }, { [USED] = 3072, [ANON] = 768 } } },
};

static s64 figure(enum figure which, const char *vmstat)
{
	const char *at;

	if (which == USED) {
		at = strstr(lab_cat(&lab, "proc/swaps"), "partition\t");
		return at ? strtoll(strchr(at + 10, '\t'), NULL, 10) : -1;
	}
	at = strstr(vmstat, figures[which]);
	return at ? strtoll(at + strlen(figures[which]), NULL, 10) : 0;
}

static void take_figures(s64 now[NR_FIGURES])
{
	for (enum figure i = 0; i < NR_FIGURES; i++)
		now[i] = figure(i, i == USED ? "" : lab_cat(&lab, "proc/vmstat"));
}

static void run_step(const struct step *step, unsigned int release, unsigned int nr)
{
	s64 before[NR_FIGURES], now[NR_FIGURES];

	take_figures(before);
	for (unsigned int i = 0; i < ARRAY_SIZE(step->calls) && step->calls[i]; i++)
		expect(step->calls[i], 0);
	take_figures(now);
	for (enum figure i = 0; i < nr; i++) {
		s64 expected = step->by_release[release][i];
		s64 found = i == USED ? now[i] : now[i] - before[i];

		if (found != expected)
			printf("\n  %s, %s: figure %d: expected %lld, found %lld\n",
			       releases[release], step->calls[0], i, (long long)expected,
			       (long long)found);
		CU_ASSERT_EQUAL(found, expected);
	}
	lab_check(&lab);
}

static void run_steps(const struct step *rows, size_t nr, const char *memory,
		      unsigned int nr_figures)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = {
			releases[i], "node 0.cpus=0", memory, "swap 0.size=64M", "swap 1.on=no",
			"cmdline=transparent_hugepage=madvise", NULL };

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		for (size_t step = 0; step < nr; step++)
			run_step(&rows[step], i, nr_figures);
		close_lab();
	}
}

static void test_steps(void)
{
	run_steps(steps, ARRAY_SIZE(steps), "node 0.memory=512M", NR_SMALL);
}

static void test_huge_steps(void)
{
	run_steps(huge_steps, ARRAY_SIZE(huge_steps), "node 0.memory=1G", NR_FIGURES);
}

/* A huge page that is found in the cache does not say where the next fault is to be expected. */
static void test_huge_hit(void)
{
	static const char *const calls[] = {
		"mmap " HUGE " 4M rw private,anon,fixed", "store 0x40200000 2M",
		"madvise " HUGE " 4M hugepage", "store " HUGE " 2M",
		"madvise 0x40200000 2M pageout", "load 0x40200000 2M",
		"madvise 0x40200000 2M pageout", "madvise " HUGE " 2M pageout",
		"load 0x401ff000", "load 0x40200000",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = {
			releases[i], "node 0.cpus=0", "node 0.memory=1G", "swap 0.size=64M",
			"swap 1.on=no", "cmdline=transparent_hugepage=madvise", NULL };

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		for (size_t call = 0; call < ARRAY_SIZE(calls); call++)
			expect(calls[call], 0);
		/* Of it 6.1 makes copies. */
		CU_ASSERT_EQUAL(event("ksm_swpin_copy"), !i);
		CU_ASSERT_EQUAL(event("pswpin"), 5);
		CU_ASSERT_EQUAL(event("swap_ra"), 4);
		CU_ASSERT_EQUAL(event("swap_ra_hit"), 0);
		close_lab();
	}
}

/* Of a folio in the cache that is split, what nobody maps or refers to gives its slots back. */
static void test_split(void)
{
	const char *const sets[] = { releases[1], "cmdline=transparent_hugepage=never", NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	lab_expect(&lab, 0, "sys/kernel/mm/transparent_hugepage/hugepages-64kB/enabled: always");
	expect("mmap " AT " 64K rw private,anon,fixed", 0);
	expect("store " AT " 64K", 0);
	expect("madvise " AT " 64K pageout", 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
	expect("load " AT " 64K", 0);
	expect("madvise 0x10003000 52K dontneed", 0);
	CU_ASSERT_EQUAL(figure(USED, ""), 64);
	expect("madvise " AT " 12K pageout", 0);
	CU_ASSERT_EQUAL(figure(USED, ""), 12);
	CU_ASSERT_EQUAL(event("nr_swapcached"), 0);
	lab_end_tasks(&lab);
	close_lab();
}

/*
 * Who has to wait for a page lets go, and faults once more, which 6.1 counts; but not if nothing
 * is read with it: as a guest counted, 16 faults that read 16 pages.
 */
static void test_alone(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		s64 faults, majors;

		open_lab(i);
		expect("mmap " AT " 128K rw private,anon,fixed", 0);
		expect("store " AT " 128K", 0);
		expect("madvise " AT " 128K pageout", 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
		expect("load " AT " 128K", 0);
		expect("madvise " AT " 128K pageout", 0);
		CU_ASSERT_EQUAL(event("nr_swapcached"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/page-cluster: 0"), 0);
		faults = event("pgfault");
		majors = event("pgmajfault");
		expect("load " AT " 64K", 0);
		CU_ASSERT_EQUAL(event("pswpin"), 16);
		CU_ASSERT_EQUAL(event("pgmajfault") - majors, 16);
		CU_ASSERT_EQUAL(event("pgfault") - faults, 16);
		CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/page-cluster: 3"), 0);
		expect("load 0x10010000 32K", 0);
		CU_ASSERT_EQUAL(event("pgmajfault") - majors, i ? 17 : 18);
		CU_ASSERT_EQUAL(event("pgfault") - faults, i ? 24 : 26);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/*
 * Eight pages that are in swap are written while somebody watches: as guests counted, one
 * fault each where soft-dirty bits were cleared; with a userfaultfd 6.1 took three.
 */
static void test_watched(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		s64 faults, reused;

		open_lab(i);
		expect("mmap " AT " 64K rw private,anon,fixed", 0);
		expect("store " AT " 64K", 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/clear_refs: 4"), 0);
		expect("madvise " AT " 64K pageout", 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
		faults = event("pgfault");
		reused = event("pgreuse");
		expect("store " AT " 32K", 0);
		CU_ASSERT_EQUAL(event("pgfault") - faults, 8);
		CU_ASSERT_EQUAL(event("pgreuse") - reused, i ? 8 : 0);

		expect("userfaultfd 0 as uf", 0);
		expect("uffdio_api @uf", 0);
		expect("uffdio_register @uf " AT " 64K wp", 0);
		expect("uffdio_writeprotect @uf " AT " 64K wp", 0);
		expect("madvise " AT " 64K pageout", 0);
		expect("clone vm,sighand,thread,files,fs as t", 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
		faults = event("pgfault");
		reused = event("pgreuse");
		for (unsigned int page = 0; page < 8; page++) {
			lab_expect(&lab, EINPROGRESS, "sim/as/t/ctl: store 0x1000%u000", page);
			expect("uffd_read @uf", 0);
			lab_expect(&lab, 0, "sim/as/a/ctl: uffdio_writeprotect @uf 0x1000%u000 4K", page);
			lab_expect(&lab, 0, "sim/as/t/ctl: getpid");
		}
		CU_ASSERT_EQUAL(event("pgfault") - faults, i ? 8 : 24);
		CU_ASSERT_EQUAL(event("pgreuse") - reused, i ? 0 : 8);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/*
 * What is read back lies where its policy says: shared memory's by that of the file. Since
 * 6.7 what is read ahead goes by its own place, before by the fault's: as guests had it.
 */
static void test_policies(void)
{
	static const char *const calls[] = {
		"mmap 0x10000000 64K rw shared,anon,fixed", "mbind 0x10000000 64K bind 1",
		"mmap 0x20000000 64K rw private,anon,fixed", "mbind 0x20000000 64K interleave 0-1",
		"mmap 0x30000000 1M rw private,anon,fixed", "store 0x20000000 64K",
		"store 0x30000000 1M", "store 0x10000000 64K", "madvise 0x20000000 64K pageout",
		"madvise 0x30000000 1M pageout", "madvise 0x10000000 64K pageout",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = { releases[i], "swap 0.path=/dev/nvme0n1", "swap 0.size=64M",
					     NULL };

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "numa4", sets), 0);
		lab_expect(&lab, 0, "sys/fs/cgroup/cgroup.subtree_control: +memory");
		lab_expect(&lab, 0, "cgroup_mkdir g");
		lab_fork_into(&lab, "a", "/g");
		for (size_t call = 0; call < ARRAY_SIZE(calls); call++)
			expect(calls[call], 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
		lab_expect(&lab, EAGAIN, "sys/fs/cgroup/g/memory.reclaim: 4M");
		CU_ASSERT_EQUAL(event("nr_swapcached"), 0);
		expect("load 0x20000000 64K", 0);
		CU_ASSERT_EQUAL(event("swap_ra_hit"), 13);
		expect("load 0x10000000 64K", 0);
		CU_ASSERT_EQUAL(event("pswpin"), i ? 33 : 32);
		CU_ASSERT_EQUAL(event("swap_ra"), 27);
		CU_ASSERT_EQUAL(event("swap_ra_hit"), i ? 26 : 27);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/a/numa_maps"),
					      " dirty=16 active=0 N1=16 kernelpagesize_kB=4\n"));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/a/numa_maps"),
					      i ? " N0=8 N1=8 " : " N0=5 N1=11 "));
		lab_end_tasks(&lab);
		close_lab();
	}
}

/* Forked slots are shared; each process sees its part. */
static void test_shared(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		expect("mmap " AT " 256K rw private,anon,fixed", 0);
		expect("store " AT " 256K", 0);
		expect("madvise " AT " 256K PAGEOUT", 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/a/status"), "VmSwap:\t     256 kB"));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/a/smaps"),
					      "SwapPss:             256 kB"));
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: fork as c"), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/c/smaps"),
					      "Swap:                256 kB"));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/c/smaps"),
					      "SwapPss:             128 kB"));
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/c/ctl: store " AT " 8K"), 0);
		/* (6.1's status is told later.) */
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/c/smaps"),
					      "Swap:                248 kB"));
		expect("swapoff /dev/nvme0n1", 0);
		expect("swapoff /dev/nvme1n1", 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/a/status"), "VmSwap:\t       0 kB"));
		CU_ASSERT_PTR_NULL(strstr(lab_cat(&lab, "sim/as/c/smaps"), "Swap:                2"));
		lab_end_tasks(&lab);
		close_lab();
	}
}

/* 6.18 knows pages of zeroes: they are not written. */
static void test_zeroes(void)
{
	static const struct step zeroes[] = {
		{ { "mmap " AT " 256K rw private,anon,fixed", "madvise " AT " 256K POPULATE_WRITE",
		    "madvise " AT " 256K PAGEOUT" },
		  { { [PSWPOUT_] = 64, [CACHED] = 64, [USED] = 256 },
		    { [ZERO_OUT] = 64, [USED] = 256 } } },
		{ { "load " AT " 256K" },
		  { { [USED] = 256 },
		    { [PGMAJFAULT_] = 9, [RA] = 55, [RA_HIT] = 55, [ZERO_IN] = 64, [CACHED] = 64,
		      [USED] = 256 } } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		for (unsigned int step = 0; step < ARRAY_SIZE(zeroes); step++)
			run_step(&zeroes[step], i, NR_SMALL);
		close_lab();
	}
}

/* A machine of 128 MiB, all from one CPU, with one area. */
static void open_small(unsigned int release, const char *area)
{
	const char *const sets[] = {
		releases[release], "node 0.cpus=0", "node 0.memory=128M", area, "swap 1.on=no", NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
}

/* 200 MiB in a machine that has 128: a real one wrote 37,533 pages (6.1), 37,471 (6.18). */
static void test_pressure(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_small(i, "swap 0.size=256M");
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("mmap " AT " 200M rw private,anon,fixed", 0);
		expect("store " AT " 200M", 0);
		CU_ASSERT(event("pswpout") > 25000 && event("pswpout") < 50000);
		CU_ASSERT_EQUAL(event("pgpgout"), 4 * event("pswpout"));
		CU_ASSERT_EQUAL(event("nr_vmscan_write"), event("pswpout"));
		CU_ASSERT_EQUAL(event("pgscan_kswapd") + event("pgscan_direct"),
				event("pgscan_anon") + event("pgscan_file"));
		CU_ASSERT(event("pgsteal_anon") <= event("pswpout"));
		lab_check(&lab);
		expect("load " AT " 8M", 0);
		CU_ASSERT(event("pswpin") > 1024 && event("swap_ra_hit") > 512);
		lab_check(&lab);
		lab_end_tasks(&lab);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: swapoff /dev/nvme0n1"), 0);
		close_lab();
	}
}

/*
 * There is no room for what lies in the area: who switches it off is the first to be killed,
 * and others are if that is init; the area stays, or is gone with them.
 */
static void test_off_in_need(void)
{
	static const struct {
		const char *line;
		int err;
		bool killed;
	} cases[] = {
		{ "sim/as/b/ctl: swapoff /dev/nvme0n1", -ENOMEM, false },
		{ "sim/as/init/ctl: swapoff /dev/nvme0n1", 0, true },
	};

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(releases); i++) {
		open_small(i / 2, "swap 0.size=256M");
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as b"), 0);
		expect("mmap " AT " 200M rw private,anon,fixed", 0);
		expect("store " AT " 200M", 0);
		CU_ASSERT_EQUAL(lab_run(&lab, cases[i % 2].line), cases[i % 2].err);
		CU_ASSERT_EQUAL(!strstr(lab_cat(&lab, "proc/swaps"), "nvme0n1"), cases[i % 2].killed);
		CU_ASSERT_EQUAL(event("oom_kill"), 1);
		/* On 6.1 more is decided behind it than sim/why has place for. */
		CU_ASSERT_EQUAL(!strstr(lab_cat(&lab, "sim/why"), " points: who is in swapoff goes first"),
				cases[i % 2].killed);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, cases[i % 2].killed ?
					      "sim/as/a/status" : "sim/as/b/status"), "Z (zombie)"));
		CU_ASSERT_EQUAL(!strstr(lab_cat(&lab, "sim/dmesg"), "oom_reaper: reaped process"),
				!cases[i % 2].killed);
		lab_check(&lab);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/* More than memory and swap hold: what was written out meanwhile is not taken back by page. */
static void test_fallocate(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_small(i, "swap 0.size=32M");
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("memfd_create x as fd", 0);
		CU_ASSERT(lab_run(&lab, "sim/as/a/ctl: fallocate @fd 0 0 200M") < 0);
		CU_ASSERT(event("pswpout") + event("swpout_zero") > 1000);
		lab_check(&lab);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/*
 * An area of 10 MiB, and some MiB more than there is memory: what is written is given up
 * next, before more is written (real machines of 128 MiB: 1241 out, 742 freed on 6.18; 2383
 * and 2228 on 6.1, where kswapd turns to zone DMA alone first). Else the area fills and
 * somebody dies.
 */
static void test_small_area(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		char call[64];
		u64 free;

		open_small(i, "swap 0.size=10M");
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("mmap " AT " 125M rw private,anon,fixed,noreserve", 0);
		free = strtoull(strstr(lab_cat(&lab, "proc/meminfo"), "MemFree:") + 8, NULL, 10);
		snprintf(call, sizeof(call), "store " AT " %lluK",
			 (unsigned long long)(free + 6144) & ~3ULL);
		expect(call, 0);
		CU_ASSERT(event("pswpout") > 500 && event("pswpout") <= 10 * 256);
		CU_ASSERT(event("pgsteal_anon") > event("pswpout") / 3);
		CU_ASSERT_EQUAL(event("oom_kill"), 0);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/* -- writes take time ------------------------------------------------------------ */

/* An area on a disk that takes 10 ms, and one that takes no time. */
static void open_slow(unsigned int release, const char *ns)
{
	const char *const sets[] = {
		releases[release], "node 0.memory=512M", ns, "swap 1.on=no", NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	expect("mmap " AT " 256K rw private,anon,fixed", 0);
	expect("store " AT " 256K", 0);
	expect("madvise " AT " 256K PAGEOUT", 0);
}

/* Pages on their way are in the cache; whoever stores to one meanwhile has a page of his own. */
static void test_writeback(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		s64 rotated;

		open_slow(i, "cost.swap_write=10000000");
		CU_ASSERT_EQUAL(event("nr_writeback"), 64);
		CU_ASSERT_EQUAL(event("nr_swapcached"), 64);
		CU_ASSERT_EQUAL(event("nr_vmscan_write"), 64);
		CU_ASSERT_EQUAL(event("nr_written"), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"), "Writeback:           256 kB"));
		/* Nothing can be freed yet, and nothing is written twice. */
		expect("madvise " AT " 256K PAGEOUT", 0);
		CU_ASSERT_EQUAL(event("nr_writeback"), 64);
		CU_ASSERT_EQUAL(event("pswpout"), 64);
		expect("store " AT " 4K", 0);
		expect("load 0x10001000 4K", 0);
		CU_ASSERT_EQUAL(event("pswpin"), 0);
		CU_ASSERT_EQUAL(event("nr_writeback"), 64);
		/* The mark of those on their way out is that of those read ahead: found, it goes. */
		CU_ASSERT_EQUAL(event("swap_ra_hit"), 2);
		CU_ASSERT_EQUAL(event("swap_ra"), 0);
		expect("load 0x10001000 4K", 0);
		CU_ASSERT_EQUAL(event("swap_ra_hit"), 2);
		lab_check(&lab);
		rotated = event("pgrotated");
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 11ms"), 0);
		CU_ASSERT_EQUAL(event("nr_writeback"), 0);
		CU_ASSERT_EQUAL(event("nr_written"), 64);
		CU_ASSERT(event("pgrotated") - rotated >= 60);
		lab_check(&lab);
		expect("madvise " AT " 256K PAGEOUT", 0);
		CU_ASSERT(event("pgsteal_anon") + event("nr_swapcached") <= 64);
		expect("load " AT " 256K", 0);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/* swapoff waits for what is on its way; a process may end meanwhile; some devices are quick. */
static void test_writeback_ends(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_slow(i, "cost.swap_write=10000000");
		expect("swapoff /dev/nvme0n1", 0);
		CU_ASSERT_EQUAL(event("nr_writeback"), 0);
		CU_ASSERT_EQUAL(event("nr_written"), 64);
		CU_ASSERT_EQUAL(event("nr_anon_pages") >= 64, true);
		lab_end_tasks(&lab);
		close_lab();

		open_slow(i, "cost.swap_write=10000000");
		lab_end_tasks(&lab);
		CU_ASSERT_EQUAL(event("nr_writeback"), 64);
		lab_check(&lab);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 11ms"), 0);
		/* Nobody wants them: they go when memory is short, or here. */
		CU_ASSERT_EQUAL(event("nr_swapcached"), 64);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: swapoff /dev/nvme0n1"), 0);
		CU_ASSERT_EQUAL(event("nr_swapcached"), 0);
		close_lab();

		open_slow(i, "cost.swap_write=0");
		CU_ASSERT(event("nr_writeback") <= 64 && event("pswpout") == 64);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 1ms"), 0);
		CU_ASSERT_EQUAL(event("nr_writeback"), 0);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/* Who makes the next call comes a little later: what is written till then is, not more. */
static void test_next_call(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_slow(i, "cost.swap_write=600000");
		CU_ASSERT_EQUAL(event("nr_writeback"), 0);
		CU_ASSERT_EQUAL(event("nr_written"), 64);
		CU_ASSERT_EQUAL(event("nr_swapcached"), 64);
		/* Its only owner takes it back. */
		expect("store " AT " 4K", 0);
		CU_ASSERT_EQUAL(event("nr_swapcached"), 63);
		lab_end_tasks(&lab);
		close_lab();

		open_slow(i, "cost.swap_write=5000000");
		for (unsigned int call = 0; call < 2; call++) {
			CU_ASSERT_EQUAL(event("nr_writeback"), 64);
			expect("load " AT " 4K", 0);
		}
		CU_ASSERT_EQUAL(event("nr_writeback"), 0);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/*
 * Each area's disk has a pace of its own: at 1 MiB a second 64 pages take a quarter of it, and are
 * all done together, as slots in a row make one request; of those the longest has 127 pages.
 */
static void test_disk_models(void)
{
	const char *const sets[] = {
		"release=6.1", "node 0.memory=512M", "swap 0.bandwidth=1M", "swap 0.write_latency=0",
		"swap 0.priority=2", "swap 1.bandwidth=0", "swap 1.write_latency=0", NULL };
	const s64 left[] = { 256, 256, 129, 129, 0 };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	expect("mmap " AT " 256K rw private,anon,fixed", 0);
	expect("store " AT " 256K", 0);
	expect("madvise " AT " 256K PAGEOUT", 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 245ms"), 0);
	CU_ASSERT_EQUAL(event("nr_writeback"), 64);
	/* A request is counted when it is done, what it was put together from at once. */
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/diskstats"),
				      "nvme0n1 0 0 0 0 0 63 0 0 1 249 0 "));
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/inflight"), "       0        1\n");
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 5ms"), 0);
	CU_ASSERT_EQUAL(event("nr_writeback"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/diskstats"),
				      "nvme0n1 0 0 0 0 1 63 512 250 0 250 250 "));
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/inflight"), "       0        0\n");
	expect("load " AT " 256K", 0);
	expect("mmap 0x20000000 1M rw private,anon,fixed", 0);
	expect("store 0x20000000 1M", 0);
	expect("madvise 0x20000000 1M PAGEOUT", 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(left); i++) {
		CU_ASSERT_EQUAL(event("nr_writeback"), left[i]);
		CU_ASSERT_EQUAL(lab_run(&lab, i % 2 ? "tick 40ms" : "tick 460ms"), 0);
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/diskstats"), " 4 316 2560 "));
	expect("munmap 0x20000000 1M", 0);
	expect("swapoff /dev/nvme0n1", 0);
	expect("madvise " AT " 256K PAGEOUT", 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 1us"), 0);
	CU_ASSERT_EQUAL(event("nr_writeback"), 0);
	CU_ASSERT_EQUAL(event("pswpout"), 384);
	lab_end_tasks(&lab);
	close_lab();
}

/* So much of a new process goes to swap at once, and is written. */
static void open_together(const char *release, const char *thp, const char *size, const char *set)
{
	char cmdline[64], line[64];
	const char *const sets[] = {
		release, cmdline, "node 0.memory=768M", "node 0.cpus=0-1", "swap 0.size=64M",
		"swap 1.on=no", set, NULL };

	snprintf(cmdline, sizeof(cmdline), "cmdline=transparent_hugepage=%s", thp);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	snprintf(line, sizeof(line), "mmap 0 %s rw private,anon as m", size);
	expect(line, 0);
	snprintf(line, sizeof(line), "store @m %s", size);
	expect(line, 0);
	snprintf(line, sizeof(line), "madvise @m %s PAGEOUT", size);
	expect(line, 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 500ms"), 0);
}

/*
 * swapoff reads with what lies around, and counts no hits for that since 6.18: its windows are
 * of two pages and one in turn. (A guest read 12799 pages so, 4550 of them ahead; one of 6.1
 * nearly all.)
 */
static void test_off_reads_ahead(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = {
			releases[i], "node 0.memory=96M", "node 0.cpus=0-1", "swap 0.size=256M",
			"swap 1.on=no", "cmdline=transparent_hugepage=never", NULL };
		long long in, ahead;

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("mmap 0x10000000 40M rw private,anon,fixed", 0);
		expect("store 0x10000000 40M", 0);
		expect("mmap 0x20000000 80M rw private,anon,fixed", 0);
		expect("store 0x20000000 80M", 0);
		expect("munmap 0x20000000 80M", 0);
		in = event("pswpin");
		ahead = event("swap_ra");
		expect("swapoff /dev/nvme0n1", 0);
		in = event("pswpin") - in;
		ahead = event("swap_ra") - ahead;
		CU_ASSERT(in > 5000);
		CU_ASSERT(i ? ahead * 5 < in * 2 : ahead * 5 > in * 4);
		CU_ASSERT(i ? event("swap_ra_hit") < 600 : event("swap_ra_hit") > 4000);
		close_lab();
	}
}

/*
 * What guests did: slots in a row become requests of 512 KiB (of 127 pages on 6.1), and most
 * pages are written before they are back on their list, where they stay. What lies in huge pages
 * is written after that. A slow disk has no such pages.
 */
static void test_together(void)
{
	static const struct together {
		const char *release, *thp, *size;
		unsigned int pages, requests, merges, rotated;
	} rows[] = {
		{ "release=6.1", "never", "8M", 2048, 17, 2031, 375 },
		{ "release=6.18", "never", "8M", 2048, 16, 2032, 465 },
		{ "release=6.1", "always", "16M", 4096, 33, 507, 3689 },
		{ "release=6.18", "always", "16M", 4096, 32, 0, 4096 },
	};

	for (const struct together *row = rows; row < rows + ARRAY_SIZE(rows); row++) {
		char columns[64];

		open_together(row->release, row->thp, row->size, "seed=1");
		snprintf(columns, sizeof(columns), " %u %u %u ", row->requests, row->merges,
			 row->pages * 8);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/diskstats"), columns));
		CU_ASSERT_EQUAL(event("pswpout"), row->pages);
		CU_ASSERT_EQUAL(event("nr_swapcached"), row->pages);
		CU_ASSERT_EQUAL(event("nr_writeback"), 0);
		CU_ASSERT(event("pgrotated") > row->rotated * 4 / 5 && event("pgrotated") < row->rotated * 5 / 4);
		lab_check(&lab);
		lab_end_tasks(&lab);
		close_lab();

		open_together(row->release, row->thp, row->size, "cost.swap_write=100000000");
		CU_ASSERT(event("pgrotated") > row->pages - 15);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/* A file of shared memory: who wants a page back waits till it is written. */
static void test_shared_writeback(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_slow(i, "cost.swap_write=10000000");
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 11ms"), 0);
		expect("mmap 0x20000000 256K rw shared,anon,fixed", 0);
		expect("store 0x20000000 256K", 0);
		expect("madvise 0x20000000 256K PAGEOUT", 0);
		CU_ASSERT_EQUAL(event("nr_writeback"), 64);
		expect("load 0x20000000 4K", 0);
		CU_ASSERT(event("nr_writeback") < 64);
		lab_check(&lab);
		expect("madvise 0x20000000 256K REMOVE", 0);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/*
 * Devices far slower than the machine, and reclaim that costs nothing: whoever needs memory
 * waits for them, and nobody is killed.
 */
static void test_slow_devices(void)
{
	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(releases); i++) {
		const char *const sets[] = {
			releases[i / 2], "node 0.cpus=0", "node 0.memory=128M", "swap 0.size=128M",
			"swap 1.on=no", i % 2 ? "cost.scan_page=0" : "seed=1",
			i % 2 ? "cost.reclaim_page=0" : "seed=1",
			i % 2 ? "cost.shrink_node=0" : "seed=1", "cost.swap_write=20000000", NULL };

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("mmap " AT " 160M rw private,anon,fixed", 0);
		expect("store " AT " 160M", 0);
		CU_ASSERT(event("pswpout") > 15000);
		CU_ASSERT_EQUAL(event("oom_kill"), 0);
		CU_ASSERT_EQUAL(event("nr_written") + event("nr_writeback"), event("pswpout"));
		lab_check(&lab);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/* So many pages were reclaimed by who needed them; a page takes that long beside kswapd. */
static s64 stolen_by_task(unsigned int nr_cpus, const char *key, u64 ns)
{
	char cpus[32], cost[64];
	const char *const sets[] = { cpus, cost, "node 0.memory=128M", "swap 0.size=128M",
				     "swap 1.on=no", NULL };
	s64 stolen;

	snprintf(cpus, sizeof(cpus), "node 0.cpus=0-%u", nr_cpus - 1);
	snprintf(cost, sizeof(cost), "cost.%s=%llu", key, (unsigned long long)ns);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	expect("mmap " AT " 160M rw private,anon,fixed", 0);
	expect("store " AT " 160M", 0);
	stolen = event("pgsteal_direct");
	CU_ASSERT(event("pgsteal_kswapd") > 0);
	lab_end_tasks(&lab);
	close_lab();
	return stolen;
}

/* Who has to work for his pages leaves kswapd the time to make room; on one CPU as on several. */
static void test_beside_kswapd(void)
{
	static const char *const keys[] = { "page_beside_kswapd", "page_on_kswapd_cpu" };

	for (unsigned int nr_cpus = 1; nr_cpus <= 2; nr_cpus++) {
		const char *counts = keys[nr_cpus == 1], *other = keys[nr_cpus > 1];

		CU_ASSERT(2 * stolen_by_task(nr_cpus, counts, 1000) >
			  3 * stolen_by_task(nr_cpus, counts, 1000000));
		CU_ASSERT_EQUAL(stolen_by_task(nr_cpus, other, 1000),
				stolen_by_task(nr_cpus, other, 1000000));
	}
}

/*
 * A block goes off line where memory is short: its pages are isolated, more than are left on
 * the list, and who needs a place for them waits for kswapd, which swaps others out.
 */
static void test_isolated(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = {
			releases[i], "node 0.memory=512M", "cmdline=movablecore=320M",
			"swap 0.size=512M", "swap 1.on=no", NULL };

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("mmap " AT " 450M rw private,anon,fixed,noreserve", 0);
		expect("store " AT " 400M", 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sys/devices/system/memory/memory2/state: offline"), 0);
		CU_ASSERT(event("pgsteal_anon") > 10000);
		CU_ASSERT(event("pgsteal_kswapd") > 1000);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/*
 * Nothing of anonymous memory goes out any more, and there are some hundred pages of files: those
 * that are just read are not what makes room for the next of them. (It was read 300 times over.)
 */
static void test_few_file_pages(void)
{
	const char *const sets[] = {
		"release=6.1", "node 0.memory=128M", "swap 0.size=50M", "swap 1.on=no",
		"file /data.size=64M", NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	expect("mmap " AT " 150M rw private,anon,fixed,noreserve", 0);
	expect("store " AT " 128500K", 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/swappiness: 0"), 0);
	expect("open /data as f", 0);
	expect("pread64 @f 40M 0", 0);
	CU_ASSERT(event("pgpgin") < 10 * 40 * 1024);
	lab_check(&lab);
	lab_end_tasks(&lab);
	close_lab();
}

/*
 * Who touches memory is quicker than kswapd, whatever the size of the machine: he reclaims, too.
 * (A real 6.1 of 256 MiB: 5694 pages by kswapd, 24858 by who touched 300 MiB.)
 */
static void test_outrun(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = {
			releases[i], "node 0.memory=256M", "node 0.cpus=0-1", "swap 0.size=200M",
			"swap 1.on=no", NULL };

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("mmap " AT " 400M rw private,anon,fixed,noreserve", 0);
		expect("store " AT " 300M", 0);
		CU_ASSERT(event("pgsteal_direct") > event("pgsteal_kswapd") / 8);
		CU_ASSERT(event("pgsteal_kswapd") > event("pgsteal_direct") / 8);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/*
 * On the only CPU kswapd begins behind the fault that woke it: of 26 to 71 pages one was
 * freed by the reader himself on guests. Then they take turns, and if it has to write, he has to
 * help.
 */
static void test_one_cpu(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *const sets[] = {
			releases[i], "cmdline=transparent_hugepage=never", "node 0.memory=96M",
			"node 0.cpus=0", "swap 0.size=96M", "swap 1.on=no", "file /data.size=100M",
			NULL };
		s64 direct, kswapd;

		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("open /data rdwr as f", 0);
		expect("mmap 0 100M rw private @f 0 as data", 0);
		expect("load @data 100M", 0);
		direct = event("pgsteal_direct");
		kswapd = event("pgsteal_kswapd");
		CU_ASSERT(kswapd > 8000);
		CU_ASSERT(direct < kswapd / 15);
		expect("mmap 0 120M rw private,anon,noreserve as m", 0);
		expect("store @m 120M", 0);
		direct = event("pgsteal_direct") - direct;
		kswapd = event("pgsteal_kswapd") - kswapd;
		CU_ASSERT(direct > kswapd / 64 && direct < kswapd);
		lab_check(&lab);
		lab_end_tasks(&lab);
		close_lab();
	}
}

/*
 * A call that takes long enough for kcompactd to look at the node, but kswapd works all that time:
 * as on guests, nothing is compacted before that sleeps.
 */
static void test_compaction_waits(void)
{
	const char *const sets[] = {
		"release=6.1", "cmdline=transparent_hugepage=never", "node 0.memory=256M",
		"node 0.cpus=0-1", "swap 0.size=256M", "swap 1.on=no", NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "swap", sets), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/compaction_proactiveness: 100"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 2s"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	expect("mmap 0 320M rw private,anon,noreserve as m", 0);
	expect("store @m 320M", 0);
	CU_ASSERT(tree_machine(lab.tree)->now_ns > 2500000000);
	CU_ASSERT_EQUAL(event("compact_migrate_scanned"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 500ms"), 0);
	CU_ASSERT(event("compact_migrate_scanned") > 0);
	lab_check(&lab);
	lab_end_tasks(&lab);
	close_lab();
}

/* PID/mem has what is not in memory, and brings none of it back. */
static void test_memory_file(void)
{
	static const u64 places[] = { 0x10000000, 0x20000000, 0x30000000, 0x30008000 };

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(releases); i++) {
		struct handle *handle;
		char path[40], found[8];
		int swapped;
		s64 majors;

		open_small(i % 2, i / 2 ? "swap 0.path=/dev/zram0" : "swap 0.size=256M");
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		expect("mmap 0x10000000 64K rw private,anon,fixed", 0);
		expect("mmap 0x20000000 64K rw shared,anon,fixed", 0);
		expect("open /f rdwr,creat as f", 0);
		expect("ftruncate @f 64K", 0);
		expect("mmap 0x30000000 64K rw shared,fixed @f 0", 0);
		expect("poke 0x10000123 48656c6c6f", 0);
		expect("poke 0x20000123 48656c6c6f", 0);
		expect("poke 0x30000123 48656c6c6f", 0);
		expect("poke 0x30008123 48656c6c6f", 0);
		expect("fsync @f", 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as eater"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/eater/ctl: mmap 0 150M rw private,anon as m"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/eater/ctl: store @m 150M"), 0);
		swapped = atoi(strstr(lab_cat(&lab, "sim/as/a/status"), "VmSwap:") + 7);
		CU_ASSERT(swapped >= 4);
		majors = event("pgmajfault");
		snprintf(path, sizeof(path), "proc/%d/mem", atoi(lab_cat(&lab, "sim/as/a/stat")));
		handle = lab_handle(&lab, path, 0);
		for (size_t k = 0; k < ARRAY_SIZE(places); k++) {
			CU_ASSERT_EQUAL(handle_read(handle, places[k] + 0x123, found, 5), 5);
			CU_ASSERT_EQUAL(memcmp(found, "Hello", 5), 0);
			/* Beside it nothing was written. */
			CU_ASSERT_EQUAL(handle_read(handle, places[k] + 0x4123, found, 5), 5);
			CU_ASSERT_EQUAL(memcmp(found, "\0\0\0\0", 5), 0);
		}
		handle_release(handle);
		CU_ASSERT_EQUAL(atoi(strstr(lab_cat(&lab, "sim/as/a/status"), "VmSwap:") + 7), swapped);
		CU_ASSERT_EQUAL(event("pgmajfault"), majors);
		close_lab();
	}
}

static const CU_TestInfo tests[] = {
	{ "priorities and what proc/swaps says", test_order },
	{ "who is no swap area", test_refused },
	{ "mapped file", test_mapped_file },
	{ "no host memory", test_host_memory },
	{ "as two kernels counted", test_steps },
	{ "huge pages, as they counted", test_huge_steps },
	{ "a huge page in the cache", test_huge_hit },
	{ "a folio that is split", test_split },
	{ "a page that is read alone", test_alone },
	{ "who watches for writes", test_watched },
	{ "policies", test_policies },
	{ "shared by fork", test_shared },
	{ "zeroes", test_zeroes },
	{ "memory is short", test_pressure },
	{ "no room for what lies in an area", test_off_in_need },
	{ "fallocate beyond memory and swap", test_fallocate },
	{ "a small area", test_small_area },
	{ "pages on their way", test_writeback },
	{ "swapoff and exit meanwhile", test_writeback_ends },
	{ "the next call", test_next_call },
	{ "disks have a pace of their own", test_disk_models },
	{ "what is written together", test_together },
	{ "swapoff reads ahead", test_off_reads_ahead },
	{ "on one CPU", test_one_cpu },
	{ "compaction waits for kswapd", test_compaction_waits },
	{ "shared memory on its way", test_shared_writeback },
	{ "slow devices", test_slow_devices },
	{ "beside kswapd", test_beside_kswapd },
	{ "most pages are isolated", test_isolated },
	{ "kswapd is outrun", test_outrun },
	{ "few pages of files", test_few_file_pages },
	{ "the memory file", test_memory_file },
};

int main(void)
{
	return suite_main("swap", tests, ARRAY_SIZE(tests), NULL, NULL);
}
