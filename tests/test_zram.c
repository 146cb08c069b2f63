// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Swap in compressed memory: what pages take there, by their contents and the machine file's
 * size; who reads them back past the swap cache; how a device begins anew; what happens when
 * it may take no more.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "sim/virt/virt.h"
#include "sim/virt/zram.h"

#define ROOT "sys/fs/cgroup"
#define ZRAM "sys/block/zram0/"

static struct lab lab;
static const struct machine *m;
static const char *const releases[] = { "release=6.1", "release=6.18" };

static const char machine_text[] =
	"[machine]\n"
	"release = 6.1\n"
	"[node 0]\n"
	"cpus = 0-1\n"
	"memory = 128M\n"
	"[swap 0]\n"
	"path = /dev/zram0\n"
	"size = 64M\n";

/* A task t in a group of 4 MiB, with 16 MiB of memory to touch. */
static void open_lab(unsigned int release, const char *set)
{
	const char *sets[] = { releases[release], set, NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
	m = tree_machine(lab.tree);
	lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: +memory");
	lab_expect(&lab, 0, "cgroup_mkdir s");
	lab_fork_into(&lab, "t", "/s");
	lab_expect(&lab, 0, ROOT "/s/memory.max: 4M");
	lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 16M rw private,anon as memory");
}

enum mm_stat { ORIG, COMPR, USED, LIMIT, USED_MAX, SAME, COMPACTED, HUGE, HUGE_SINCE };

static u64 figure(const char *file, unsigned int i)
{
	const char *text = lab_cat(&lab, file);

	for (; i; i--) {
		text += strspn(text, " ");
		text += strcspn(text, " ");
	}
	return strtoull(text, NULL, 10);
}

static u64 mm_stat(enum mm_stat i)
{
	return figure(ZRAM "mm_stat", i);
}

static u64 vmstat(const char *name)
{
	return (u64)lab_figure(&lab, "proc/vmstat", name);
}

/* Pages of a thing come to so many bytes, packed into zspages. */
static void test_sizes(void)
{
	static const struct {
		const char *set;
		u64 bytes;
		/* In each zspage: objects, pages. */
		unsigned int objs[2], pages[2];
	} rows[] = {
		{ NULL, 1080, { 15, 15 }, { 4, 4 } },
		/* 520 bytes with the handle: a class of 528. */
		{ "swap 0.compressed=512", 512, { 31, 31 }, { 4, 4 } },
		/* 2008: two in a page, or 4 of 8,032 in two. */
		{ "swap 0.compressed=2000", 2000, { 2, 2 }, { 1, 1 } },
		/* 3,000 or more are kept as they are where no four pages have five of them. */
		{ "swap 0.compressed=4096", 4096, { 1, 1 }, { 1, 1 } },
	};

	for (unsigned int r = 0; r < ARRAY_SIZE(rows); r++)
		for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
			u64 stored, zspages;

			open_lab(i, rows[r].set);
			lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 16M");
			stored = mm_stat(ORIG) / 4096;
			CU_ASSERT(stored > 3000 && stored < 4096);
			CU_ASSERT_EQUAL(stored, vmstat("pswpout"));
			CU_ASSERT_EQUAL(mm_stat(COMPR), stored * rows[r].bytes);
			zspages = DIV_ROUND_UP(stored, rows[r].objs[i]);
			CU_ASSERT_EQUAL(mm_stat(USED), zspages * rows[r].pages[i] * 4096);
			CU_ASSERT_EQUAL(mm_stat(USED), vmstat("nr_zspages") * 4096);
			CU_ASSERT_EQUAL(mm_stat(USED_MAX), mm_stat(USED));
			CU_ASSERT_EQUAL(mm_stat(HUGE), rows[r].bytes == 4096 ? stored : 0);
			CU_ASSERT_EQUAL(mm_stat(SAME) + mm_stat(COMPACTED), 0);
			lab_check(&lab);
			lab_end_tasks(&lab);
			lab_expect(&lab, 0, "proc/1/ctl: swapoff /dev/zram0");
			CU_ASSERT_EQUAL(mm_stat(ORIG) + mm_stat(COMPR) + mm_stat(USED), 0);
			CU_ASSERT_EQUAL(vmstat("nr_zspages"), 0);
			CU_ASSERT_EQUAL(mm_stat(HUGE_SINCE), rows[r].bytes == 4096 ? stored : 0);
			lab_end(&lab);
		}
}

/* Pages of zeroes take nothing; since 6.12 swap does not even write them. */
static void test_zeroes(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i, NULL);
		lab_expect(&lab, 0, "sim/as/t/ctl: madvise @memory 16M MADV_POPULATE_WRITE");
		CU_ASSERT(i ? mm_stat(SAME) == 0 : mm_stat(SAME) > 3000);
		CU_ASSERT_EQUAL(mm_stat(ORIG), mm_stat(SAME) * 4096);
		CU_ASSERT_EQUAL(mm_stat(USED), 0);
		lab_end(&lab);
	}
}

/* Shared memory: as guests read 1 MiB of 4, and a page; since 6.14 nothing is read ahead. */
static void test_shared(void)
{
	static const struct {
		u64 ra[2], in[2], majors[2];
		const char *used;
	} rows[] = {
		{ .ra = { 224, 231 }, .in = { 256, 264 }, .majors = { 32, 33 }, .used = "\t3072\t" },
		{ .ra = { 0, 0 }, .in = { 256, 257 }, .majors = { 256, 257 }, .used = "\t3068\t" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 majors;

		open_lab(i, NULL);
		lab_expect(&lab, 0, ROOT "/s/memory.max: max");
		lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 4M rw shared,anon as shared");
		lab_expect(&lab, 0, "sim/as/t/ctl: store @shared 4M");
		lab_expect(&lab, 0, "sim/as/t/ctl: madvise @shared 4M pageout");
		CU_ASSERT_EQUAL(vmstat("pswpout"), 1024);
		majors = vmstat("pgmajfault");
		for (unsigned int step = 0; step < 2; step++) {
			lab_expect(&lab, 0, step ? "sim/as/t/ctl: load @shared+2304K" :
						   "sim/as/t/ctl: load @shared 1M");
			CU_ASSERT_EQUAL(vmstat("swap_ra"), rows[i].ra[step]);
			CU_ASSERT_EQUAL(vmstat("pswpin"), rows[i].in[step]);
			CU_ASSERT_EQUAL(vmstat("pgmajfault") - majors, rows[i].majors[step]);
		}
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/swaps"), rows[i].used));
		lab_end(&lab);
	}
}

#define SIZE_64K "sys/kernel/mm/transparent_hugepage/hugepages-64kB/"

/* A megabyte, @large, went out in folios of 64 KiB. */
static void swap_out_large(void)
{
	lab_expect(&lab, 0, ROOT "/s/memory.max: max");
	lab_expect(&lab, 0, SIZE_64K "enabled: always");
	lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0x20010000 1M rw private,anon,fixed as large");
	lab_expect(&lab, 0, "sim/as/t/ctl: store @large 1M");
	lab_expect(&lab, 0, "sim/as/t/ctl: madvise @large 1M pageout");
}

/*
 * Folios of 64 KiB that went out whole come back so, as a guest of 6.18 had it: a quarter of
 * a MiB by four faults, and one more. What is not all there any more comes page by page.
 */
static void test_large(void)
{
	u64 majors;

	open_lab(1, "cmdline=transparent_hugepage=never");
	swap_out_large();
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/swpout", 0), 16);
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/nr_anon", 0), 0);
	majors = vmstat("pgmajfault");
	lab_expect(&lab, 0, "sim/as/t/ctl: load @large 256K");
	CU_ASSERT_EQUAL(vmstat("pgmajfault") - majors, 4);
	CU_ASSERT_EQUAL(vmstat("pswpin"), 64);
	lab_expect(&lab, 0, "sim/as/t/ctl: store @large+532K");
	CU_ASSERT_EQUAL(vmstat("pgmajfault") - majors, 5);
	CU_ASSERT_EQUAL(vmstat("pswpin"), 80);
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/swpin", 0), 5);
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/nr_anon", 0), 5);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/swaps"), "\t704\t"));
	lab_check(&lab);
	/* A page of it is gone. */
	lab_expect(&lab, 0, "sim/as/t/ctl: madvise @large+256K 4K dontneed");
	lab_expect(&lab, 0, "sim/as/t/ctl: load @large+260K 8K");
	CU_ASSERT_EQUAL(vmstat("pswpin"), 82);
	/* So many are wanted as userfaultfd asks for; who shares slots reads them by the cache. */
	lab_expect(&lab, 0, "sim/as/t/ctl: userfaultfd 0 as uf");
	lab_expect(&lab, 0, "sim/as/t/ctl: uffdio_api @uf");
	lab_expect(&lab, 0, "sim/as/t/ctl: uffdio_register @uf @large+320K 64K missing");
	lab_expect(&lab, 0, "sim/as/t/ctl: load @large+320K");
	CU_ASSERT_EQUAL(vmstat("pswpin"), 83);
	lab_expect(&lab, 0, "sim/as/t/ctl: fork as u");
	lab_expect(&lab, 0, "sim/as/t/ctl: load @large+384K");
	CU_ASSERT(vmstat("swap_ra") > 0);
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/swpin", 0), 5);
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/swpin_fallback", 0), 0);
	lab_end(&lab);
}

/* No memory for a folio: pages do, and the size says so. */
static void test_large_fallback(void)
{
	open_lab(1, "cmdline=transparent_hugepage=never");
	swap_out_large();
	lab_expect(&lab, 0, ROOT "/s/memory.swap.max: 0");
	lab_expect(&lab, 0, ROOT "/s/memory.max: 32K");
	lab_expect(&lab, 0, "sim/as/t/ctl: load @large");
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/swpin", 0), 0);
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/swpin_fallback", 0), 1);
	CU_ASSERT_EQUAL(figure(SIZE_64K "stats/swpin_fallback_charge", 0), 1);
	lab_end(&lab);
}

/* Who has a slot alone reads its page past the cache, and the slot is free. */
static void test_reads(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 before, in, freed;

		open_lab(i, NULL);
		lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 16M");
		in = vmstat("pswpin");
		before = mm_stat(ORIG);
		lab_expect(&lab, 0, ROOT "/s/memory.max: max");
		lab_expect(&lab, 0, "sim/as/t/ctl: load @memory 1M");
		CU_ASSERT_EQUAL(vmstat("pswpin") - in, 256);
		CU_ASSERT_EQUAL(vmstat("swap_ra"), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"), "SwapCached:            0 kB"));
		/* 6.1 gives slots back 64 at a time. */
		freed = (before - mm_stat(ORIG)) / 4096;
		CU_ASSERT(i ? freed == 256 : freed >= 256 - 64 && freed < 256 + 64);
		CU_ASSERT_EQUAL(figure(ZRAM "io_stat", 3), freed);
		CU_ASSERT_EQUAL(figure(ZRAM "stat", 0), 256);
		/* Two have a slot: it is of the cache, with others around it. */
		lab_expect(&lab, 0, "sim/as/t/ctl: fork as u");
		lab_expect(&lab, 0, "sim/as/t/ctl: load @memory+2M 1M");
		CU_ASSERT(vmstat("pswpin") - in >= 512);
		in = vmstat("pswpin");
		CU_ASSERT(vmstat("swap_ra") > 0);
		CU_ASSERT_PTR_NULL(strstr(lab_cat(&lab, "proc/meminfo"), "SwapCached:            0 kB"));
		lab_expect(&lab, 0, "sim/as/u/ctl: load @memory+2M 1M");
		CU_ASSERT_EQUAL(vmstat("pswpin"), in);
		lab_end(&lab);
	}
}

static void test_reset(void)
{
	open_lab(1, NULL);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ZRAM "disksize"), "67108864\n");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ZRAM "initstate"), "1\n");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ZRAM "comp_algorithm"), "[lz4] lz4hc zstd deflate \n");
	lab_expect(&lab, EBUSY, ZRAM "reset: 1");
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 16M");
	/* What comes back is charged to the group. */
	lab_expect(&lab, 0, ROOT "/s/memory.max: max");
	lab_expect(&lab, 0, "proc/1/ctl: swapoff /dev/zram0");
	lab_expect(&lab, EBUSY, ZRAM "disksize: 32M");
	lab_expect(&lab, EINVAL, ZRAM "reset: 0");
	lab_expect(&lab, 0, ZRAM "reset: 1");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ZRAM "disksize"), "0\n");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ZRAM "initstate"), "0\n");
	lab_expect(&lab, EINVAL, "proc/1/ctl: swapon /dev/zram0");
	lab_expect(&lab, EINVAL, ZRAM "disksize: 0");
	lab_expect(&lab, EINVAL, ZRAM "disksize: 32X");
	lab_expect(&lab, ENOMEM, ZRAM "disksize: 4T");
	lab_expect(&lab, ENOMEM, ZRAM "disksize: 20G");
	lab_expect(&lab, 0, ZRAM "disksize: 32M");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ZRAM "size"), "65536\n");
	/* Nothing is on it yet. */
	lab_expect(&lab, EINVAL, "proc/1/ctl: swapon /dev/zram0");
	lab_expect(&lab, 0, "proc/1/ctl: mkswap /dev/zram0");
	lab_expect(&lab, 0, "proc/1/ctl: swapon /dev/zram0");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"), "SwapTotal:         32764 kB"));
	lab_end(&lab);
}

/* What it may not take stays in memory, dirty. */
static void test_limit(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i, NULL);
		lab_expect(&lab, 0, ZRAM "mem_limit: 1M");
		CU_ASSERT_EQUAL(mm_stat(LIMIT), 1 << 20);
		lab_expect(&lab, ENOMEM, "sim/as/t/ctl: store @memory 16M");
		CU_ASSERT(mm_stat(USED_MAX) <= 1 << 20);
		CU_ASSERT(mm_stat(USED_MAX) > 900 << 10);
		CU_ASSERT(figure(ZRAM "io_stat", 1) > 0);
		lab_check(&lab);
		lab_expect(&lab, 0, ZRAM "mem_limit: 0");
		lab_expect(&lab, 0, ZRAM "mem_used_max: 0");
		CU_ASSERT_EQUAL(mm_stat(USED_MAX), mm_stat(USED));
		lab_end(&lab);
	}
}

/* Who compresses works for it. */
static void test_time(void)
{
	u64 quick, slow;

	open_lab(0, NULL);
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 16M");
	quick = figure("sim/as/t/schedstat", 0);
	lab_end(&lab);
	open_lab(0, "cost.compress_page=1000000");
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 16M");
	slow = figure("sim/as/t/schedstat", 0);
	CU_ASSERT(slow - quick >= mm_stat(ORIG) / 4096 * 990000);
	CU_ASSERT_EQUAL(figure("proc/stat", 5), 0);	/* iowait */
	lab_end(&lab);
}

/* A full folio, and one that is read by parts. */
static void test_huge(void)
{
	const char *sets[] = { "release=6.18", "machine.cmdline=transparent_hugepage=always",
			       "node 0.memory=600M", NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
	m = tree_machine(lab.tree);
	lab_expect(&lab, 0, "proc/1/ctl: fork as t");
	lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 8M rw private,anon as memory");
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 8M");
	lab_expect(&lab, 0, "sim/as/t/ctl: madvise @memory 8M MADV_PAGEOUT");
	CU_ASSERT(mm_stat(ORIG) >= 2 << 20);
	lab_check(&lab);
	lab_expect(&lab, 0, "sim/as/t/ctl: load @memory 8M");
	lab_end(&lab);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "sizes", test_sizes },
		{ "zeroes", test_zeroes },
		{ "shared memory", test_shared },
	{ "large folios", test_large },
	{ "no memory for large folios", test_large_fallback },
		{ "reads", test_reads },
		{ "reset", test_reset },
		{ "a limit", test_limit },
		{ "time", test_time },
		{ "huge pages", test_huge },
	};

	return suite_main("zram", tests, ARRAY_SIZE(tests), NULL, NULL);
}
