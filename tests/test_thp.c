// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may have huge pages: what the command line and sysfs say, what khugepaged's thread
 * does about it, and which VMAs are let through. The answers are a real kernel's, asked
 * by its smaps where it says (THPeligible).
 */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"
#include "support.h"
#include "sim/phys/tunables.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/task.h"
#include "sim/virt/thp.h"
#include "sim/virt/vma.h"

#define THP "sys/kernel/mm/transparent_hugepage/"

static struct lab lab;

static void start(const char *machine, const char *release, const char *cmdline)
{
	char release_set[64], cmdline_set[512];
	const char *const sets[] = { release_set, cmdline_set, NULL };

	snprintf(release_set, sizeof(release_set), "release=%s", release);
	snprintf(cmdline_set, sizeof(cmdline_set), "cmdline=%s", cmdline);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, machine, sets), 0);
}

static void stop(void)
{
	struct check check = { .out = &lab.out };

	out_clear(&lab.out);
	machine_check(tree_machine(lab.tree), &check);
	if (check.nr_broken)
		printf("%s", lab_text(&lab.out));
	CU_ASSERT_EQUAL(check.nr_broken, 0);
	lab_close(&lab);
}

static void expect(const char *path, const char *text)
{
	const char *found = lab_cat(&lab, path);

	if (strcmp(found, text))
		printf("%s: %s", path, found);
	CU_ASSERT_STRING_EQUAL(found, text);
}

static void run(const char *line)
{
	int err = lab_run(&lab, line);

	if (err)
		printf("%s: %d %s\n", line, err, lab_text(&lab.sentence));
	CU_ASSERT_EQUAL(err, 0);
}

struct boot_row {
	const char *machine, *release, *cmdline, *file, *text;
};

static const struct boot_row boots[] = {
	{ "pc", "6.18", "", "enabled", "[always] madvise never\n" },
	{ "pc", "6.18", "transparent_hugepage=madvise", "enabled",
	  "always [madvise] never\n" },
	{ "tiny", "6.18", "transparent_hugepage=always", "enabled",
	  "always madvise [never]\n" },
	{ "tiny", "6.18", "", "defrag", "always defer defer+madvise madvise [never]\n" },
	{ "pc", "6.18", "thp_anon=16K-64K:always;128K,512K:inherit;256K:madvise",
	  "hugepages-32kB/enabled", "[always] inherit madvise never\n" },
	{ "pc", "6.18", "thp_anon=16K-64K:always;128K,512K:inherit;256K:madvise",
	  "hugepages-512kB/enabled", "always [inherit] madvise never\n" },
	/* What names any size speaks for the others, too. */
	{ "pc", "6.18", "thp_anon=16K-64K:always;128K,512K:inherit;256K:madvise",
	  "hugepages-2048kB/enabled", "always inherit madvise [never]\n" },
	/* One mistake, and nothing was said. */
	{ "pc", "6.18", "thp_anon=16K-64K:always;8K:inherit", "hugepages-32kB/enabled",
	  "always inherit madvise [never]\n" },
	{ "pc", "6.18", "thp_anon=16K:always;64K:sometimes", "hugepages-2048kB/enabled",
	  "always [inherit] madvise never\n" },
	{ "pc", "6.18", "thp_anon=64K-16K:always", "hugepages-64kB/enabled",
	  "always inherit madvise [never]\n" },
	{ "pc", "6.18", "thp_anon=64K:always thp_anon=32K:madvise", "hugepages-64kB/enabled",
	  "[always] inherit madvise never\n" },
	{ "pc", "6.18", "thp_shmem=8K-64K:within_size;2M:advise", "hugepages-8kB/shmem_enabled",
	  "always inherit [within_size] advise never\n" },
	{ "pc", "6.18", "thp_shmem=8K-64K:within_size;2M:advise",
	  "hugepages-2048kB/shmem_enabled", "always inherit within_size [advise] never\n" },
	{ "pc", "6.18", "transparent_hugepage_shmem=within_size", "shmem_enabled",
	  "always [within_size] advise never deny force\n" },
	{ "pc", "6.18", "transparent_hugepage_shmem=force", "shmem_enabled",
	  "always within_size advise [never] deny force\n" },
	{ "pc", "6.1", "transparent_hugepage_shmem=always thp_anon=64K:always",
	  "shmem_enabled", "always within_size advise [never] deny force\n" },
};

static void test_boot(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++) {
		char path[128];

		start(boots[i].machine, boots[i].release, boots[i].cmdline);
		snprintf(path, sizeof(path), THP "%s", boots[i].file);
		expect(path, boots[i].text);
		stop();
	}
}

/* How many threads are called so. */
static unsigned int threads_called(const char *comm)
{
	const struct machine *m = tree_machine(lab.tree);
	unsigned int nr = 0;

	for (const struct task_struct *t = task_next(m, 0); t; t = task_next(m, t->pid + 1))
		nr += !strcmp(t->comm, comm);
	return nr;
}

struct switch_row {
	const char *line;
	unsigned int threads;
};

/* 6.18: a thread is there while anonymous or shared memory may have 2 MiB. */
static const struct switch_row switches[] = {
	{ "write " THP "enabled never", 0 },
	{ "write " THP "hugepages-64kB/enabled always", 0 },
	{ "write " THP "hugepages-2048kB/enabled madvise", 1 },
	{ "write " THP "hugepages-2048kB/enabled never", 0 },
	{ "write " THP "shmem_enabled advise", 1 },
	{ "write " THP "shmem_enabled deny", 0 },
	{ "write " THP "enabled always", 0 },
	{ "write " THP "hugepages-2048kB/enabled inherit", 1 },
};

static void write_line(const char *line)
{
	char path[128], text[64], command[256];

	if (sscanf(line, "write %127s %63s", path, text) == 2) {
		snprintf(command, sizeof(command), "%s: %s", path, text);
		run(command);
	} else {
		run(line);
	}
}

static void test_thread(void)
{
	s32 without;

	start("tiny", "6.18", "");
	CU_ASSERT_EQUAL(threads_called("khugepaged"), 0);
	write_line("write " THP "enabled always");
	CU_ASSERT_EQUAL(threads_called("khugepaged"), 1);
	write_line("write " THP "enabled never");
	CU_ASSERT_EQUAL(threads_called("khugepaged"), 0);
	stop();
	start("pc", "6.18", "transparent_hugepage=madvise");
	CU_ASSERT_EQUAL(threads_called("khugepaged"), 1);
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		write_line(switches[i].line);
		CU_ASSERT_EQUAL(threads_called("khugepaged"), switches[i].threads);
	}
	stop();
	/* What it asks for in free memory does not shrink when it goes. */
	start("pc", "6.1", "transparent_hugepage=never");
	without = tree_machine(lab.tree)->tunables->min_free_kbytes;
	write_line("write " THP "enabled madvise");
	CU_ASSERT(tree_machine(lab.tree)->tunables->min_free_kbytes > without);
	stop();
}

/* A VMA that is nowhere but here, with what is asked of it. */
struct who_row {
	const char *release;
	u64 start, end, vm_flags, mm_flags;
	bool faulted;
	enum tva_type type;
	u64 orders;		/* of what may be */
};

#define M2 SZ_2M
#define PMD (1ULL << 9)

static const struct who_row askers[] = {
	/* madvise: who asks gets it, nobody else. */
	{ "6.18", M2, 2 * M2, VM_HUGEPAGE, 0, true, TVA_SMAPS, PMD },
	{ "6.18", M2, 2 * M2, 0, 0, true, TVA_SMAPS, 0 },
	{ "6.1", M2, 2 * M2, VM_HUGEPAGE, 0, true, TVA_SMAPS, PMD },
	{ "6.1", M2, 2 * M2, 0, 0, true, TVA_SMAPS, 0 },
	/* No whole block in it; a fault does not look, its handler does. */
	{ "6.18", M2 + 4096, 2 * M2 + 4096, VM_HUGEPAGE, 0, true, TVA_SMAPS, 0 },
	{ "6.18", M2 + 4096, 2 * M2 + 4096, VM_HUGEPAGE, 0, true, TVA_PAGEFAULT, PMD },
	{ "6.1", M2 + 4096, 3 * M2 - 4096, VM_HUGEPAGE, 0, true, TVA_KHUGEPAGED, 0 },
	/* Never touched: khugepaged has nothing to do. */
	{ "6.18", M2, 2 * M2, VM_HUGEPAGE, 0, false, TVA_KHUGEPAGED, 0 },
	{ "6.18", M2, 2 * M2, VM_HUGEPAGE, 0, false, TVA_SMAPS, PMD },
	{ "6.1", M2, 2 * M2, VM_HUGEPAGE, 0, false, TVA_FORCED_COLLAPSE, 0 },
	/* Who forces a collapse need not be let by the switch, but is not heard here. */
	{ "6.18", M2, 2 * M2, 0, 0, true, TVA_FORCED_COLLAPSE, PMD },
	{ "6.1", M2, 2 * M2, 0, 0, true, TVA_FORCED_COLLAPSE, PMD },
	{ "6.18", M2, 2 * M2, VM_NOHUGEPAGE, 0, true, TVA_FORCED_COLLAPSE, 0 },
	{ "6.18", M2, 2 * M2, VM_IO, 0, true, TVA_FORCED_COLLAPSE, 0 },
	{ "6.1", M2, 2 * M2, VM_HUGETLB, 0, true, TVA_PAGEFAULT, 0 },
	/* prctl. */
	{ "6.18", M2, 2 * M2, VM_HUGEPAGE, MMF_DISABLE_THP, true, TVA_PAGEFAULT, 0 },
	{ "6.18", M2, 2 * M2, VM_HUGEPAGE, MMF_DISABLE_THP_EXCEPT_ADVISED, true,
	  TVA_PAGEFAULT, PMD },
	{ "6.18", M2, 2 * M2, 0, MMF_DISABLE_THP_EXCEPT_ADVISED, true, TVA_FORCED_COLLAPSE,
	  PMD },
	{ "6.1", M2, 2 * M2, VM_HUGEPAGE, MMF_DISABLE_THP, true, TVA_SMAPS, 0 },
};

static void test_who(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(askers); i++) {
		const struct who_row *row = &askers[i];
		struct mm_struct mm = { .flags = row->mm_flags };
		struct vm_area_struct vma = {
			.vm_start = row->start, .vm_end = row->end, .vm_flags = row->vm_flags,
			.vm_mm = &mm, .anon_vma = row->faulted ? (void *)&mm : NULL,
			.vm_pgoff = row->start >> PAGE_SHIFT,
		};
		u64 orders;

		start("pc", row->release, "transparent_hugepage=madvise");
		orders = thp_vma_allowable_orders(tree_machine(lab.tree), &vma, vma.vm_flags,
						  row->type, PMD);
		if (orders != row->orders)
			printf("row %zu: %#llx, not %#llx\n", i, (unsigned long long)orders,
			       (unsigned long long)row->orders);
		CU_ASSERT_EQUAL(orders, row->orders);
		stop();
	}
}

struct defrag_row {
	const char *defrag;
	gfp_t plain, advised;
};

static const struct defrag_row gfps[] = {
	{ "always", GFP_TRANSHUGE | __GFP_NORETRY, GFP_TRANSHUGE },
	{ "defer", GFP_TRANSHUGE_LIGHT | __GFP_KSWAPD_RECLAIM,
	  GFP_TRANSHUGE_LIGHT | __GFP_KSWAPD_RECLAIM },
	{ "defer+madvise", GFP_TRANSHUGE_LIGHT | __GFP_KSWAPD_RECLAIM, GFP_TRANSHUGE },
	{ "madvise", GFP_TRANSHUGE_LIGHT, GFP_TRANSHUGE },
	{ "never", GFP_TRANSHUGE_LIGHT, GFP_TRANSHUGE_LIGHT },
};

static void test_gfp(void)
{
	struct vm_area_struct plain = { 0 }, advised = { .vm_flags = VM_HUGEPAGE };

	start("pc", "6.18", "");
	for (size_t i = 0; i < ARRAY_SIZE(gfps); i++) {
		char line[128];

		snprintf(line, sizeof(line), "write " THP "defrag %s", gfps[i].defrag);
		write_line(line);
		CU_ASSERT_EQUAL(vma_thp_gfp_mask(tree_machine(lab.tree), &plain), gfps[i].plain);
		CU_ASSERT_EQUAL(vma_thp_gfp_mask(tree_machine(lab.tree), &advised),
				gfps[i].advised);
	}
	stop();
}

/* An mm is known once memory of it was touched that may be huge; its child is, too. */
static void test_slots(const char *release)
{
	const struct khugepaged_state *k;

	start("pc", release, "transparent_hugepage=madvise");
	k = tree_machine(lab.tree)->khugepaged;
	run("proc/1/ctl: fork as a");
	run("sim/as/a/ctl: mmap 0 8M rw private,anon as buf");
	run("sim/as/a/ctl: store @buf");
	CU_ASSERT_PTR_NULL(k->first);
	run("sim/as/a/ctl: madvise @buf 4M hugepage");
	CU_ASSERT_PTR_NOT_NULL_FATAL(k->first);
	CU_ASSERT_PTR_EQUAL(k->first, k->last);
	run("sim/as/a/ctl: fork as b");
	CU_ASSERT_PTR_NOT_EQUAL(k->first, k->last);
	run("sim/as/b/ctl: exit 0");
	CU_ASSERT_PTR_EQUAL(k->first, k->last);
	run("sim/as/a/ctl: exit 0");
	CU_ASSERT_PTR_NULL(k->first);
	stop();
}

static void test_slots_all(void)
{
	test_slots("6.18");
	test_slots("6.1");
}

/* ---- khugepaged. ---- */

static void expect_vmstat(const char *name, u64 value)
{
	u64 found = (u64)lab_figure(&lab, "proc/vmstat", name);

	if (found != value)
		printf("%s: %llu, not %llu\n", name, (unsigned long long)found,
		       (unsigned long long)value);
	CU_ASSERT_EQUAL(found, value);
}

/* Small pages first, then the advice: the next turn finds what the fault could not make. */
static void make_small_pages(const char *stores)
{
	run("proc/1/ctl: fork as a");
	run("sim/as/a/ctl: mmap 0x10000000 4M rw private,anon,fixed as buf");
	run(stores);
	run("sim/as/a/ctl: madvise @buf 4M hugepage");
}

static void test_khugepaged(const char *release)
{
	start("pc", release, "transparent_hugepage=madvise");
	make_small_pages("sim/as/a/ctl: store @buf 1M");
	expect_vmstat("thp_collapse_alloc", 0);
	run("sim/ctl: tick 100ms");
	/* 256 pages, and 256 that were not there; nothing of the second block's. */
	expect_vmstat("thp_collapse_alloc", 1);
	expect_vmstat("nr_anon_transparent_hugepages", 1);
	expect(THP "khugepaged/pages_collapsed", "1\n");
	expect(THP "khugepaged/full_scans", "1\n");
	run("sim/ctl: tick 9s");
	expect(THP "khugepaged/full_scans", "1\n");
	run("sim/ctl: tick 2s");
	expect(THP "khugepaged/full_scans", "2\n");
	stop();
}

/* A new sleeping time wakes it, but not where jiffies begin behind 0: nobody reaches its end. */
static void test_khugepaged_woken(const char *machine, const char *scans)
{
	start(machine, "6.1", "transparent_hugepage=madvise");
	run("proc/1/ctl: fork as a");
	run("sim/as/a/ctl: mmap 0x10000000 8M rw private,anon,fixed as buf");
	run("sim/as/a/ctl: store @buf");
	run("sim/as/a/ctl: madvise @buf 8M hugepage");
	run("sim/ctl: tick 100ms");
	expect(THP "khugepaged/full_scans", "1\n");
	run(THP "khugepaged/scan_sleep_millisecs: 500");
	run("sim/ctl: tick 100ms");
	expect(THP "khugepaged/full_scans", scans);
	stop();
}

static void test_khugepaged_woken_all(void)
{
	test_khugepaged_woken("pc", "2\n");
	test_khugepaged_woken("i386", "1\n");
}

static void test_khugepaged_limits(const char *release)
{
	start("pc", release, "transparent_hugepage=madvise");
	run(THP "khugepaged/max_ptes_none: 255");
	make_small_pages("sim/as/a/ctl: store @buf 1M");
	run("sim/ctl: tick 100ms");
	expect_vmstat("thp_collapse_alloc", 0);
	expect_vmstat("thp_scan_exceed_none_pte", 1);
	run(THP "khugepaged/max_ptes_none: 256");
	run("sim/ctl: tick 11s");
	expect_vmstat("thp_collapse_alloc", 1);
	expect_vmstat("thp_scan_exceed_none_pte", 1);
	stop();
	/* Pages that a child has, too, are shared. */
	start("pc", release, "transparent_hugepage=madvise");
	make_small_pages("sim/as/a/ctl: store @buf 2M");
	run("sim/as/a/ctl: fork as b");
	run(THP "khugepaged/max_ptes_shared: 100");
	run("sim/ctl: tick 100ms");
	expect_vmstat("thp_collapse_alloc", 0);
	expect_vmstat("thp_scan_exceed_share_pte", 2);
	run("sim/as/b/ctl: exit 0");
	run("sim/ctl: tick 11s");
	CU_ASSERT(tree_machine(lab.tree)->event[THP_COLLAPSE_ALLOC] > 0 ||
		  !strcmp(release, "6.1"));
	stop();
}

struct collapse_row {
	const char *release;	/* NULL: both */
	const char *lines[8];
	u64 collapsed;		/* thp_collapse_alloc then */
};

/* The expected results are in the lines. */
static const struct collapse_row collapses[] = {
	{ NULL, { "mmap 0x10000000 4M rw private,anon,fixed", "store 0x10000000 2M",
	    "madvise 0x10000000 2M collapse = 0", "madvise 0x10000000 2M collapse = 0" }, 1 },
	/* No table yet: nothing to collapse. */
	{ NULL, { "mmap 0x10000000 4M rw private,anon,fixed", "store 0x10000000",
	    "madvise 0x10200000 2M collapse = -1 EINVAL" }, 0 },
	/* The first block is made before the second fails. */
	{ NULL, { "mmap 0x10000000 4M rw private,anon,fixed", "store 0x10000000",
	    "madvise 0x10000000 4M collapse = -1 EINVAL" }, 1 },
	/* Not a whole block: none is asked for, or less than none. */
	{ NULL, { "mmap 0x10000000 4M rw private,anon,fixed", "store 0x10000000",
	    "madvise 0x10100000 1M collapse = 0", "madvise 0x10101000 4K collapse = -1 EINVAL" },
	  0 },
	{ NULL, { "mmap 0x10000000 1M rw private,anon,fixed", "store 0x10000000",
	    "madvise 0x10000000 1M collapse = -1 EINVAL" }, 0 },
	{ NULL, { "mmap 0x10000000 2M rw private,anon,fixed", "store 0x10000000",
	    "madvise 0x10000000 2M nohugepage", "madvise 0x10000000 2M collapse = -1 EINVAL" },
	  0 },
	/* What nobody may write is left alone by 6.1; PROT_NONE is just another right. */
	{ "6.18", { "mmap 0x10000000 2M rw private,anon,fixed", "store 0x10000000",
	    "mprotect 0x10000000 2M r", "madvise 0x10000000 2M collapse = 0" }, 1 },
	{ "6.18", { "mmap 0x10000000 2M rw private,anon,fixed", "store 0x10000000",
	    "mprotect 0x10000000 2M none", "madvise 0x10000000 2M collapse = 0" }, 1 },
	{ "6.1", { "mmap 0x10000000 2M rw private,anon,fixed", "store 0x10000000",
	    "mprotect 0x10000000 2M r", "madvise 0x10000000 2M collapse = -1 EINVAL" }, 0 },
	/* Only read so far, so there is nothing of it own. */
	{ NULL, { "mmap 0x10000000 2M rw private,anon,fixed", "load 0x10000000",
	    "madvise 0x10000000 2M collapse = -1 EINVAL" }, 0 },
	/* A guard cannot be brought in; the page that was had for it goes back. */
	{ "6.18", { "mmap 0x10000000 2M rw private,anon,fixed", "store 0x10000000",
	    "madvise 0x10001000 4K guard_install",
	    "madvise 0x10000000 2M collapse = -1 EINVAL" }, 1 },
	{ NULL, { "mmap 0x10000000 2M rw private,anon,fixed,locked",
	    "madvise 0x10000000 2M collapse = 0" }, 1 },
};

static void test_collapse(const char *release)
{
	for (size_t i = 0; i < ARRAY_SIZE(collapses); i++) {
		if (collapses[i].release && strcmp(collapses[i].release, release))
			continue;
		start("pc", release, "transparent_hugepage=never");
		run("proc/1/ctl: fork as a");
		for (size_t j = 0; collapses[i].lines[j]; j++) {
			char line[256];

			snprintf(line, sizeof(line), "sim/as/a/ctl: %s", collapses[i].lines[j]);
			run(line);
		}
		expect_vmstat("thp_collapse_alloc", collapses[i].collapsed);
		stop();
	}
}

/* ---- Sizes between a page and a pmd's. ---- */

static void expect_stat(const char *size, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), THP "hugepages-%skB/stats/%s", size, name);
	expect(path, text);
}

static void test_sizes(void)
{
	start("pc", "6.18", "transparent_hugepage=never thp_anon=64K:always;32K:madvise");
	run("proc/1/ctl: fork as a");
	run("sim/as/a/ctl: mmap 0x10000000 1M rw private,anon,fixed");
	run("sim/as/a/ctl: store 0x10004000");
	expect_stat("64", "anon_fault_alloc", "1\n");
	expect_stat("64", "nr_anon", "1\n");
	expect_vmstat("thp_fault_alloc", 0);
	/* All of it is there; a read got the zero page, and takes the next 64 KiB away. */
	run("sim/as/a/ctl: store 0x1000f000");
	run("sim/as/a/ctl: load 0x10011000");
	run("sim/as/a/ctl: store 0x10012000");
	expect_stat("64", "anon_fault_alloc", "1\n");
	expect_stat("32", "anon_fault_alloc", "0\n");
	run("sim/as/a/ctl: madvise 0x10000000 1M hugepage");
	run("sim/as/a/ctl: store 0x10018000");
	expect_stat("32", "anon_fault_alloc", "1\n");
	/* The end of the VMA is nearer than 64 KiB. */
	run("sim/as/a/ctl: mmap 0x20000000 40K rw private,anon,fixed");
	run("sim/as/a/ctl: store 0x20000000");
	expect_stat("64", "anon_fault_alloc", "1\n");
	/* A part of it goes: it is mapped in part, and waits to be split. */
	run("sim/as/a/ctl: munmap 0x10000000 8K");
	expect_stat("64", "nr_anon_partially_mapped", "1\n");
	expect_stat("64", "split_deferred", "1\n");
	run("sim/as/a/ctl: exit 0");
	expect_stat("64", "nr_anon", "0\n");
	expect_stat("64", "nr_anon_partially_mapped", "0\n");
	expect_stat("32", "nr_anon", "0\n");
	stop();
}

/* ---- sys/kernel/debug/split_huge_pages. ---- */

#define SPLIT "sys/kernel/debug/split_huge_pages: "

static u32 pid_of(const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "sim/as/%s/stat", name);
	return (u32)atoi(lab_cat(&lab, line));
}

static void test_split(const char *release)
{
	char line[128];

	start("pc", release, "transparent_hugepage=always");
	run("proc/1/ctl: fork as a");
	run("sim/as/a/ctl: mmap 0x10000000 6M rw private,anon,fixed");
	run("sim/as/a/ctl: store 0x10000000");
	run("sim/as/a/ctl: store 0x10200000");
	run("sim/as/a/ctl: store 0x10400000");
	expect_vmstat("nr_anon_transparent_hugepages", 3);
	snprintf(line, sizeof(line), SPLIT "%u,0x10200000,0x10400000", pid_of("a"));
	run(line);
	expect_vmstat("thp_split_page", 1);
	expect_vmstat("nr_anon_transparent_hugepages", 2);
	run(SPLIT "1");
	expect_vmstat("thp_split_page", 3);
	expect_vmstat("nr_anon_transparent_hugepages", 0);
	CU_ASSERT_EQUAL(lab_run(&lab, SPLIT "99999,0x0,0x1000"), -ESRCH);
	CU_ASSERT_EQUAL(lab_run(&lab, SPLIT "2,0x0,0x1000"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, SPLIT "3,2"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, SPLIT "/no/file,0x0,0x10"), -ENOENT);
	CU_ASSERT_EQUAL(lab_run(&lab, SPLIT "/no/file,0x0"), -EINVAL);
	stop();
}

static void on_both(void (*test)(const char *release))
{
	test("6.18");
	test("6.1");
}

static void test_khugepaged_all(void)
{
	on_both(test_khugepaged);
	on_both(test_khugepaged_limits);
}

static void test_collapse_all(void)
{
	on_both(test_collapse);
}

/* Of 512 pages one was written: khugepaged would not have made it, so it goes. */
static void test_underused(void)
{
	start("pc", "6.18", "transparent_hugepage=always");
	run("proc/1/ctl: fork as a");
	run("sim/as/a/ctl: mmap 0x10000000 4M rw private,anon,fixed");
	run("sim/as/a/ctl: store 0x10000000");
	run("sim/as/a/ctl: store 0x10200000 2M");
	run("proc/sys/vm/drop_caches: 2");
	expect_vmstat("thp_underused_split_page", 0);
	run(THP "khugepaged/max_ptes_none: 400");
	run("proc/sys/vm/drop_caches: 2");
	/* What is not underused left the queue the first time. */
	expect_vmstat("nr_anon_transparent_hugepages", 2);
	run("sim/as/a/ctl: munmap 0x10000000 4M");
	run("sim/as/a/ctl: mmap 0x10000000 4M rw private,anon,fixed");
	run("sim/as/a/ctl: store 0x10000000");
	run("sim/as/a/ctl: store 0x10200000 2M");
	run("proc/sys/vm/drop_caches: 2");
	expect_vmstat("thp_underused_split_page", 1);
	expect_vmstat("nr_anon_transparent_hugepages", 1);
	stop();
}

/* ---- A storm: two tasks, three blocks of 2 MiB each, everything that touches them. ---- */

struct storm {
	u64 state;
	char text[160];
};

static u32 below(struct storm *s, u32 limit)
{
	s->state = s->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(s->state >> 33) % limit;
}

#define PICK(s, array) (array)[below(s, ARRAY_SIZE(array))]

/* Mostly whole blocks, else any pages. */
static void storm_range(struct storm *s, u64 *start, u64 *len)
{
	u32 unit = below(s, 2) ? 512 : 1 + below(s, 64), first = below(s, 1536 / unit);

	*start = 0x10000000 + (u64)first * unit * 4096;
	*len = (u64)unit * 4096 * (1 + below(s, 2));
	*len = MIN(*len, 0x10600000 - *start);
}

static void storm_line(struct storm *s)
{
	static const char *const advices[] = {
		"hugepage", "hugepage", "nohugepage", "collapse", "dontneed", "free", "cold",
		"pageout", "populate_write", "guard_install", "dontfork", "dofork",
	};
	static const char *const rights[] = { "r", "rw", "rw", "none" };
	static const char *const kernel[] = {
		"sim/ctl: tick 11s", "sim/ctl: tick 100ms", SPLIT "1",
		"proc/sys/vm/drop_caches: 2", THP "enabled: always", THP "enabled: madvise",
		THP "enabled: never", THP "khugepaged/max_ptes_none: 511",
		THP "khugepaged/max_ptes_none: 100", THP "khugepaged/max_ptes_shared: 8",
		THP "use_zero_page: 0", THP "use_zero_page: 1",
		THP "khugepaged/scan_sleep_millisecs: 1",
		THP "khugepaged/scan_sleep_millisecs: 10000",
	};
	static const char *const tasks[] = { "a", "a", "a", "b" };
	const char *task = PICK(s, tasks);
	unsigned long long start, len;
	u64 from, bytes;

	storm_range(s, &from, &bytes);
	start = from;
	len = bytes;
	switch (below(s, 14)) {
	case 0:
		snprintf(s->text, sizeof(s->text), "sim/as/%s/ctl: mmap %#llx 6M rw "
			 "private,anon,fixed", task, 0x10000000ULL);
		break;
	case 1:
		snprintf(s->text, sizeof(s->text), "sim/as/%s/ctl: munmap %#llx %llu", task,
			 start, len);
		break;
	case 2:
		snprintf(s->text, sizeof(s->text), "sim/as/%s/ctl: mprotect %#llx %llu %s", task,
			 start, len, PICK(s, rights));
		break;
	case 3:
	case 4:
	case 5:
		snprintf(s->text, sizeof(s->text), "sim/as/%s/ctl: madvise %#llx %llu %s", task,
			 start, len, PICK(s, advices));
		break;
	case 6:
		snprintf(s->text, sizeof(s->text), "sim/as/%s/ctl: mremap %#llx %llu %llu "
			 "maymove,fixed %#llx", task, start, len, len,
			 0x10000000ULL + below(s, 4) * 0x200000ULL);
		break;
	case 7:
		snprintf(s->text, sizeof(s->text), "sim/as/%s/ctl: %s %#llx %llu", task,
			 below(s, 2) ? "mlock" : "munlock", start, len);
		break;
	case 8:
		snprintf(s->text, sizeof(s->text), below(s, 2) ? "sim/as/a/ctl: fork as b" :
			 "sim/as/b/ctl: exit 0");
		break;
	case 9:
	case 10:
		snprintf(s->text, sizeof(s->text), "%s", PICK(s, kernel));
		break;
	default:
		/* Poking does not kill who pokes. */
		snprintf(s->text, sizeof(s->text), below(s, 4) ? "sim/as/%s/ctl: poke %#llx 41" :
			 "sim/as/%s/ctl: madvise %#llx 4K populate_read", task, start);
	}
}

static void storm(const char *release, const char *sizes, u64 seed, unsigned int lines)
{
	struct storm s = { .state = seed };
	struct out out = OUT_INIT;

	start("pc", release, sizes);
	run("proc/1/ctl: fork as a");
	run("sim/as/a/ctl: mmap 0x10000000 6M rw private,anon,fixed");
	for (unsigned int i = 0; i < lines; i++) {
		struct check check = { .out = &out };

		storm_line(&s);
		if (getenv("STORM_SHOW"))
			printf("%s\n", s.text);
		(void)lab_run(&lab, s.text);
		if (i % 8 && !getenv("STORM_SHOW"))
			continue;
		machine_check(tree_machine(lab.tree), &check);
		if (check.nr_broken) {
			printf("%s, seed %llu, line %u: %s\n%.400s", release,
			       (unsigned long long)seed, i, s.text, lab_text(&out));
			CU_FAIL_FATAL("an invariant is broken");
		}
		CU_ASSERT_FATAL(!tree_machine(lab.tree)->broken);
	}
	out_free(&out);
	stop();
}

static void test_storm(void)
{
	const char *seed = getenv("STORM_SEED"), *lines = getenv("STORM_LINES");
	unsigned int nr = lines ? (unsigned int)atoi(lines) : 400;
	u64 first = seed ? strtoull(seed, NULL, 0) : 1;

	storm("6.18", "transparent_hugepage=always", first, nr);
	storm("6.18", "transparent_hugepage=madvise thp_anon=16K,64K:always;2M:inherit",
	      first + 1, nr);
	storm("6.1", "transparent_hugepage=always", first + 2, nr);
}

static void test_split_all(void)
{
	on_both(test_split);
}

static const CU_TestInfo tests[] = {
	{ "boot parameters", test_boot },
	{ "khugepaged's thread", test_thread },
	{ "who may", test_who },
	{ "how hard it is tried", test_gfp },
	{ "mms that khugepaged knows", test_slots_all },
	{ "khugepaged is woken by its sleeping time", test_khugepaged_woken_all },
	{ "khugepaged", test_khugepaged_all },
	{ "MADV_COLLAPSE", test_collapse_all },
	{ "sizes", test_sizes },
	{ "split_huge_pages", test_split_all },
	{ "underused", test_underused },
	{ "a storm", test_storm },
};

int main(void)
{
	return suite_main("huge pages", tests, ARRAY_SIZE(tests), NULL, NULL);
}
