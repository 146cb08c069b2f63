// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that fail: soft offline by address, and of programs' memory; what they held is
 * where it was, what is left of their blocks is free. What calls come to is compared with
 * real kernels by test_ops.sh.
 */
#include "lab.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/core/tree_struct.h"
#include "sim/phys/buddy.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/memory_hotplug.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/task.h"

typedef unsigned long long ull;

#define ADDR 0x10000000ULL
#define NR_PAGES 16

static struct lab lab;

static const char machine_text[] =
	"[machine]\narch = x86_64\nrelease = %s\ncmdline = transparent_hugepage=madvise\n"
	"[config]\nMEMORY_FAILURE = %s\n[node 0]\ncpus = 0-1\nmemory = 640M\n";

static struct machine *machine(void)
{
	return lab.tree->machine;
}

static void open_machine(const char *release, const char *option)
{
	char text[sizeof(machine_text) + 100];

	snprintf(text, sizeof(text), machine_text, release, option);
	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, text, NULL), 0);
}

static void corrupted(unsigned int pages)
{
	char line[64];

	snprintf(line, sizeof(line), "HardwareCorrupted: %5u kB", pages * 4);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"), line));
	CU_ASSERT_EQUAL(machine()->num_poisoned_pages, pages);
	if (strncmp(lab_cat(&lab, "sim/check"), "clean", 5))
		printf("\n%s\n", lab_cat(&lab, "sim/check"));
	lab_check(&lab);
}

static void logged(const char *text)
{
	const char *log = lab_cat(&lab, "sim/dmesg");

	if (!strstr(log, text))
		printf("\n  expected in the log: %s\n", text);
	CU_ASSERT_PTR_NOT_NULL(strstr(log, text));
}

static void soft_offline(int err, u64 pfn)
{
	lab_expect(&lab, err, "sys/devices/system/memory/soft_offline_page: 0x%llx",
		   (ull)pfn << PAGE_SHIFT);
}

/* A free block of this order, not of a run, nor of what CPUs keep. */
static u64 free_block(unsigned int order)
{
	const struct zone *zone = machine()->nodes[0]->zones[ZONE_DMA32];

	for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
		if (zone->free_area[order].nr[type])
			return zone->free_area[order].lists[type].first;
	return PFN_NIL;
}

static void expect_block(u64 pfn, unsigned int order)
{
	unsigned int found = NR_PAGE_ORDERS;
	u64 head = 0;

	CU_ASSERT_TRUE(buddy_find(machine(), pfn, &head, &found));
	CU_ASSERT_EQUAL(head, pfn);
	CU_ASSERT_EQUAL(found, order);
}

static void test_free(void)
{
	u64 head, at;
	unsigned int order;
	s64 before;

	open_machine("6.18", "y");
	lab_expect(&lab, 0, "proc/sys/vm/drop_caches: 3");
	head = free_block(4);
	CU_ASSERT_NOT_EQUAL_FATAL(head, PFN_NIL);
	before = machine()->nodes[0]->zones[ZONE_DMA32]->stat[NR_FREE_PAGES];
	soft_offline(0, head + 5);
	CU_ASSERT_FALSE(buddy_find(machine(), head + 5, &at, &order));
	expect_block(head, 2);
	expect_block(head + 4, 0);
	expect_block(head + 6, 1);
	expect_block(head + 8, 3);
	CU_ASSERT(machine()->nodes[0]->zones[ZONE_DMA32]->stat[NR_FREE_PAGES] >= before - 1);
	CU_ASSERT_EQUAL(page_type(pfn_to_page(machine(), head + 5)), PGTY_hwpoison);
	corrupted(1);
	/* Once more; out of a run of blocks that nobody has touched. */
	soft_offline(0, head + 5);
	logged("page already poisoned");
	corrupted(1);
	at = machine()->max_pfn - 5000;
	CU_ASSERT_TRUE(page_virgin(machine(), at));
	soft_offline(0, at);
	corrupted(2);
	CU_ASSERT_FALSE(buddy_find(machine(), at, &head, &order));
	expect_block(at ^ 1, 0);
	lab_close(&lab);
}

static void test_refused(void)
{
	open_machine("6.18", "y");
	/* The image of the kernel; no memory; no number. */
	soft_offline(-EIO, 0x1100000 >> PAGE_SHIFT);
	logged("Memory failure: 0x1100: unhandlable page.");
	soft_offline(-ENXIO, 0x100000);
	lab_expect(&lab, -EINVAL, "sys/devices/system/memory/soft_offline_page: x");
	lab_expect(&lab, 0, "proc/sys/vm/enable_soft_offline: 0");
	soft_offline(-EOPNOTSUPP, 0x2000);
	logged("Soft offline: disabled by /proc/sys/vm/enable_soft_offline");
	corrupted(0);
	lab_close(&lab);
	/* A kernel that has none of it. */
	open_machine("6.1", "n");
	soft_offline(-ENOENT, 0x2000);
	lab_expect(&lab, 0, "proc/1/ctl: mmap 0x10000000 64K rw private,anon,fixed");
	lab_expect(&lab, -EINVAL, "proc/1/ctl: madvise 0x10000000 4K soft_offline");
	CU_ASSERT_PTR_NULL(strstr(lab_cat(&lab, "proc/meminfo"), "HardwareCorrupted"));
	lab_close(&lab);
}

static const struct mm_struct *user(void)
{
	struct task_struct *task = task_next(machine(), 2);

	while (task && (!task->mm || follow_page(machine(), task->mm, ADDR) == PFN_NIL))
		task = task_next(machine(), task->pid + 1);
	return task ? task->mm : NULL;
}

/* What a program wrote is in other pages; its group pays for as much as before. */
static void in_use(const char *release)
{
	u64 tokens[NR_PAGES];
	u32 pfns[NR_PAGES];
	const struct mm_struct *mm;
	char before[64];

	open_machine(release, "y");
	lab_expect(&lab, 0, "sys/fs/cgroup/cgroup.subtree_control: +memory");
	lab_expect(&lab, 0, "mkdir sys/fs/cgroup/g");
	lab_fork_into(&lab, "user", "/g");
	lab_expect(&lab, 0, "sim/as/user/ctl: mmap 0x10000000 64K rw private,anon,fixed");
	lab_expect(&lab, 0, "sim/as/user/ctl: store 0x10000000 64K");
	mm = user();
	CU_ASSERT_PTR_NOT_NULL_FATAL(mm);
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		pfns[i] = follow_page(machine(), mm, ADDR + i * PAGE_SIZE);
		tokens[i] = content_token(machine(), pfns[i]);
	}
	/* A free page is nobody's. */
	soft_offline(0, 0x8000);
	CU_ASSERT_NOT_EQUAL(tokens[3], 0);
	snprintf(before, sizeof(before), "%s", lab_cat(&lab, "sys/fs/cgroup/g/memory.stat"));
	lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10000000 32K soft_offline");
	lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10000000 8K soft_offline");
	corrupted(NR_PAGES / 2 + 3);
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		u32 pfn = follow_page(machine(), mm, ADDR + i * PAGE_SIZE);

		CU_ASSERT_EQUAL(pfn == pfns[i], i >= NR_PAGES / 2);
		CU_ASSERT_EQUAL(content_token(machine(), pfn), tokens[i]);
		CU_ASSERT_EQUAL(page_type(pfn_to_page(machine(), pfns[i])),
				i < NR_PAGES / 2 ? PGTY_hwpoison : 0);
	}
	CU_ASSERT_EQUAL(strncmp(lab_cat(&lab, "sys/fs/cgroup/g/memory.stat"), before,
				strcspn(before, "\n")), 0);
	lab_end_tasks(&lab);
	corrupted(NR_PAGES / 2 + 3);
	lab_close(&lab);
}

static void test_in_use(void)
{
	in_use("6.18");
	in_use("6.1");
}

/* A block whose pages have failed goes off line. */
static void hotplug(const char *release)
{
	u64 pfn, block;
	char line[80];

	open_machine(release, "y");
	pfn = 3 * machine()->hotplug->block_pages - 5000;
	block = pfn / machine()->hotplug->block_pages;
	soft_offline(0, pfn);
	corrupted(1);
	snprintf(line, sizeof(line), "sys/devices/system/memory/memory%llu/state", (ull)block);
	lab_expect(&lab, 0, "%s: offline", line);
	lab_check(&lab);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, line), "offline\n");
	corrupted(1);
	lab_expect(&lab, rel_blocks_know_failures(machine()->release) ? -EHWPOISON : 0,
		   "%s: online", line);
	corrupted(1);
	lab_close(&lab);
}

static void test_hotplug(void)
{
	hotplug("6.18");
	hotplug("6.1");
}

/* -- contents that are lost --------------------------------------------------- */

static void hard_offline(int err, u64 pfn)
{
	lab_expect(&lab, err, "sys/devices/system/memory/hard_offline_page: 0x%llx",
		   (ull)pfn << PAGE_SHIFT);
}

static void expect_stats(const char *name, const char *value)
{
	char path[80];

	snprintf(path, sizeof(path), "sys/devices/system/node/node0/memory_failure/%s", name);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, path), value);
}

static void test_lost_by_address(void)
{
	u64 head, at;
	unsigned int order;

	open_machine("6.18", "y");
	lab_expect(&lab, 0, "proc/sys/vm/drop_caches: 3");
	head = free_block(4);
	CU_ASSERT_NOT_EQUAL_FATAL(head, PFN_NIL);
	hard_offline(0, head + 9);
	logged("recovery action for free buddy page: Recovered");
	CU_ASSERT_FALSE(buddy_find(machine(), head + 9, &at, &order));
	expect_block(head, 3);
	corrupted(1);
	hard_offline(-EHWPOISON, head + 9);
	logged("recovery action for already poisoned page: Failed");
	soft_offline(0, head + 9);
	/* The kernel's image stays what it is. */
	hard_offline(-EBUSY, 0x1100000 >> PAGE_SHIFT);
	logged("Memory failure: 0x1100: recovery action for get hwpoison page: Ignored");
	hard_offline(-ENXIO, 0x100000);
	logged("Memory failure: 0x100000: memory outside kernel control");
	corrupted(2);
	expect_stats("recovered", "1\n");
	expect_stats("ignored", "1\n");
	expect_stats("failed", "0\n");
	expect_stats("total", "2\n");
	lab_close(&lab);
}

/* A page of the kernel's own is kept when it is freed; a part of a block is refused. */
static void test_lost_of_kernel(void)
{
	u64 pfn;

	open_machine("6.1", "y");
	lab_expect(&lab, 0, "sim/ctl: alloc_pages GFP_KERNEL 0 as one");
	lab_expect(&lab, 0, "sim/ctl: alloc_pages GFP_KERNEL 3 as eight");
	for (pfn = 0; pfn < machine()->max_pfn; pfn++)
		if (page_present(machine(), pfn) && page_type(pfn_to_page(machine(), pfn)) ==
		    PGTY_kernel && page_is_single(pfn_to_page(machine(), pfn)) &&
		    allocated_order(machine(), pfn) == 0 &&
		    !page_flag(pfn_to_page(machine(), pfn), PG_tail))
			hard_offline(-EBUSY, pfn);
	logged("recovery action for unknown page: Ignored");
	lab_check(&lab);
	lab_expect(&lab, 0, "sim/ctl: free_pages @one 0");
	CU_ASSERT(machine()->num_poisoned_pages > 0);
	lab_check(&lab);
	lab_expect(&lab, 0, "sim/ctl: free_pages @eight 3");
	lab_check(&lab);
	lab_close(&lab);
}

static void map_pages(const char *name, const char *how)
{
	lab_expect(&lab, 0, "sim/as/%s/ctl: mmap 0x10000000 64K rw %s,fixed", name, how);
	lab_expect(&lab, 0, "sim/as/%s/ctl: store 0x10000000 64K", name);
}

static bool lives(const char *name)
{
	char line[64];

	snprintf(line, sizeof(line), "cat sim/as/%s/status", name);
	return !lab_run(&lab, line) && strstr(lab_text(&lab.out), "State:\tS");
}

/* 6.18 tells at once who asked for it; on 6.1, who comes by is told. */
static void lost_memory(const char *release, const char *how, bool at_once)
{
	open_machine(release, "y");
	lab_expect(&lab, 0, "proc/1/ctl: fork as user");
	map_pages("user", how);
	lab_expect(&lab, 0, "sim/as/user/ctl: fork as other");
	lab_expect(&lab, at_once ? -EFAULT : 0, "sim/as/user/ctl: madvise 0x10003000 4K hwpoison");
	if (at_once) {
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "BUS_MCEERR_AR, si_addr="
					      "0x10003000"));
	} else {
		CU_ASSERT_TRUE(lives("user"));
		lab_expect(&lab, -EFAULT, "sim/as/user/ctl: load 0x10003000");
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "BUS_MCEERR_AR"));
	}
	CU_ASSERT_FALSE(lives("user"));
	CU_ASSERT_TRUE(lives("other"));
	lab_expect(&lab, 0, "sim/as/other/ctl: load 0x10002000");
	corrupted(1);
	lab_expect(&lab, -EFAULT, "sim/as/other/ctl: load 0x10003000");
	logged("MCE: Killing ");
	CU_ASSERT_FALSE(lives("other"));
	lab_end_tasks(&lab);
	corrupted(1);
	lab_close(&lab);
}

static void test_lost_memory(void)
{
	lost_memory("6.18", "private,anon", true);
	lost_memory("6.18", "shared,anon", true);
	lost_memory("6.1", "private,anon", false);
	lost_memory("6.1", "shared,anon", false);
}

/* Who asked for that is told of what others find; who ignores it lives on. */
static void test_early(void)
{
	open_machine("6.1", "y");
	lab_expect(&lab, 0, "proc/1/ctl: fork as user");
	map_pages("user", "shared,anon");
	lab_expect(&lab, 0, "sim/as/user/ctl: fork as early");
	lab_expect(&lab, 0, "sim/as/early/ctl: prctl mce_kill 1 1");
	lab_expect(&lab, 0, "sim/as/early/ctl: prctl mce_kill_get = 1");
	lab_expect(&lab, -EINVAL, "sim/as/user/ctl: prctl mce_kill 2");
	lab_expect(&lab, 0, "sim/as/user/ctl: prctl mce_kill_get = 2");
	lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10003000 4K hwpoison");
	CU_ASSERT_TRUE(lives("user"));
	CU_ASSERT_FALSE(lives("early"));
	/* All of them, by the sysctl. */
	lab_expect(&lab, 0, "proc/sys/vm/memory_failure_early_kill: 1");
	lab_expect(&lab, -EFAULT, "sim/as/user/ctl: madvise 0x10004000 4K hwpoison");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_text(&lab.sentence), "BUS_MCEERR_AO"));
	CU_ASSERT_FALSE(lives("user"));
	corrupted(2);
	lab_close(&lab);
}

/* What the disk has is read again; what it has not is an error, once. */
static void test_lost_file(void)
{
	open_machine("6.18", "y");
	lab_expect(&lab, 0, "proc/1/ctl: fork as user");
	lab_expect(&lab, 0, "sim/as/user/ctl: open /var/f rdwr,creat as f");
	lab_expect(&lab, 0, "sim/as/user/ctl: pwrite64 @f 4K 0");
	lab_expect(&lab, 0, "sim/as/user/ctl: pwrite64 @f 4K 4K");
	lab_expect(&lab, 0, "sim/as/user/ctl: fsync @f");
	lab_expect(&lab, 0, "sim/as/user/ctl: mmap 0x10000000 32K rw shared,fixed @f 0");
	lab_expect(&lab, 0, "sim/as/user/ctl: load 0x10000000 8K");
	lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10000000 4K hwpoison");
	logged("corrupted page was clean: dropped without side effects");
	logged("recovery action for clean LRU page: Recovered");
	lab_expect(&lab, 0, "sim/as/user/ctl: load 0x10000000");
	corrupted(1);
	lab_expect(&lab, 0, "sim/as/user/ctl: fork as other");
	lab_expect(&lab, 0, "sim/as/user/ctl: store 0x10001000");
	lab_expect(&lab, -EFAULT, "sim/as/user/ctl: madvise 0x10001000 4K hwpoison");
	corrupted(2);
	lab_expect(&lab, -EIO, "sim/as/other/ctl: msync 0x10000000 8K sync");
	lab_expect(&lab, 0, "sim/as/other/ctl: msync 0x10000000 8K sync");
	lab_expect(&lab, 0, "sim/as/other/ctl: munmap 0x10000000 32K");
	corrupted(2);
	lab_close(&lab);
}

/*
 * How often a page is mlocked is the kernel's guess: if that is too high, the page stays
 * mlocked when nobody has it, and is counted so; freed, it is no more.
 */
static void test_lost_mlocked(void)
{
	for (unsigned int freed = 0; freed < 2; freed++) {
		struct page *page;

		open_machine("6.1", "y");
		lab_expect(&lab, 0, "proc/1/ctl: fork as user");
		map_pages("user", "private,anon");
		lab_expect(&lab, 0, "sim/as/user/ctl: mlock 0x10000000 64K");
		lab_expect(&lab, 0, "proc/sys/vm/compact_memory: 1");
		page = pfn_to_page(machine(), follow_page(machine(), user(), ADDR));
		CU_ASSERT_TRUE_FATAL(page_flag(page, PG_unevictable));
		page->prev++;
		if (freed) {
			page_set_hwpoison(machine(), page_to_pfn(machine(), page));
			lab_expect(&lab, 0, "sim/as/user/ctl: munmap 0x10000000 64K");
		} else {
			lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10000000 4K hwpoison");
		}
		CU_ASSERT_EQUAL(page_type(page), PGTY_hwpoison);
		CU_ASSERT_EQUAL(page_flag(page, PG_mlocked), !freed);
		corrupted(1);
		lab_end(&lab);
	}
}

/* A page within a block is marked; freed, the block is nobody's. */
static void test_lost_of_blocks(void)
{
	static const char *const releases[] = { "6.1", "6.18" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		unsigned int nr = 0;
		u64 block;

		open_machine(releases[i], "y");
		lab_expect(&lab, 0, "sim/ctl: alloc_pages GFP_KERNEL 3 as eight");
		block = strtoull(lab_cat(&lab, "sim/result"), NULL, 0);
		for (u64 pfn = 0; pfn < machine()->max_pfn && nr < 40; pfn++) {
			const struct page *page = page_present(machine(), pfn) ?
						  pfn_to_page(machine(), pfn) : NULL;

			if (!page || pfn / 8 == block / 8 ||
			    (page_type(page) != PGTY_slab && page_type(page) != PGTY_table))
				continue;
			hard_offline(-EBUSY, pfn);
			nr++;
			pfn += 2;
		}
		hard_offline(-EBUSY, block + 3);
		hard_offline(-EHWPOISON, block + 3);
		soft_offline(0, block + 3);
		logged(": unhandlable page.");
		logged(i ? "recovery action for get hwpoison page: Ignored" :
			   "recovery action for unknown page: Ignored");
		corrupted(nr + 1);
		lab_expect(&lab, 0, "sim/ctl: free_pages @eight 3");
		CU_ASSERT_EQUAL(page_type(pfn_to_page(machine(), block)), PGTY_hwpoison);
		lab_expect(&lab, 0, "proc/sys/vm/drop_caches: 3");
		lab_expect(&lab, 0, "proc/1/ctl: fork as user");
		map_pages("user", "private,anon");
		corrupted(nr + 1);
		lab_end(&lab);
	}
}

static const char swap_text[] =
	"[machine]\nrelease = %s\n[config]\nMEMORY_FAILURE = y\n[node 0]\ncpus = 0-1\n"
	"memory = 256M\n[swap 0]\npath = /dev/sda\nsize = 64M\n";

static const struct mm_struct *swapped_user(void)
{
	return task_find(machine(), (u32)strtoul(lab_cat(&lab, "sim/as/user/stat"), NULL, 10))->mm;
}

/* A page of the user that was out, and is mapped from the swap cache: it is clean. */
static u64 swapped_in(u64 addr)
{
	u64 pfn;

	lab_expect(&lab, 0, "sim/as/user/ctl: load 0x%llx", (ull)addr);
	pfn = follow_page(machine(), swapped_user(), addr);
	CU_ASSERT_TRUE_FATAL(page_flag(pfn_to_page(machine(), pfn), PG_swapcache));
	CU_ASSERT_FALSE(page_flag(pfn_to_page(machine(), pfn), PG_dirty));
	return pfn;
}

/* What swap has as well is read again; what it has not is lost, and kept for who comes by. */
static void test_lost_swapcache(void)
{
	static const char *const releases[] = { "6.1", "6.18" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		char text[sizeof(swap_text) + 10];
		u64 pfn;

		snprintf(text, sizeof(text), swap_text, releases[i]);
		CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, text, NULL), 0);
		lab_expect(&lab, 0, "proc/1/ctl: fork as user");
		map_pages("user", "private,anon");
		lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10000000 64K pageout");
		lab_expect(&lab, 0, "sim/ctl: tick 1s");
		(void)swapped_in(ADDR);
		/* The CPU that it was on has its tables yet: it is told at once. */
		lab_expect(&lab, 0, "sim/as/user/ctl: sched_setaffinity 0 1");
		lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10000000 4K hwpoison");
		logged(": keeping poisoned page in swap cache");
		logged("recovery action for clean swapcache page: Recovered");
		CU_ASSERT_EQUAL(follow_page(machine(), swapped_user(), ADDR + PAGE_SIZE), PFN_NIL);
		corrupted(1);
		lab_expect(&lab, 0, "sim/as/user/ctl: load 0x10000000");
		hard_offline(0, swapped_in(ADDR + PAGE_SIZE));
		lab_expect(&lab, 0, "sim/as/user/ctl: store 0x10001000");
		corrupted(2);
		pfn = swapped_in(ADDR + 2 * PAGE_SIZE);
		set_page_dirty(machine(), pfn);
		hard_offline(0, pfn);
		logged("recovery action for dirty swapcache page: Delayed");
		corrupted(3);
		lab_expect(&lab, 0, "proc/1/ctl: fork as other");
		lab_expect(&lab, -EFAULT, "sim/as/user/ctl: load 0x10002000");
		logged("due to hardware memory corruption fault at 10002000");
		lab_expect(&lab, 0, "proc/1/ctl: wait4 -1");
		corrupted(3);
		lab_expect(&lab, 0, "proc/1/ctl: swapoff /dev/sda");
		corrupted(3);
		lab_end(&lab);
	}
}

static void huge_pages_are(unsigned int total, unsigned int nr_free)
{
	char line[64];

	snprintf(line, sizeof(line), "HugePages_Total:   %5u\nHugePages_Free:    %5u\n", total,
		 nr_free);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"), line));
	if (!strstr(lab_cat(&lab, "proc/meminfo"), line))
		printf("\n  expected %s", line);
}

/* The first huge page that is free, or in use. */
static u64 huge_page(bool in_use)
{
	for (u64 pfn = 0; pfn < machine()->max_pfn; pfn += 512) {
		struct page *page = page_present(machine(), pfn) ?
				    pfn_to_page(machine(), pfn) : NULL;

		if (page && page_type(page) == PGTY_hugetlb &&
		    !(*hugetlb_page_flags(page) & HPG_FREED) == in_use)
			return pfn;
	}
	CU_FAIL_FATAL("there is none");
	return 0;
}

/* Of a pool: free ones and those of programs are cut, those of files stay. */
static void test_lost_hugetlb(void)
{
	u64 pfn;

	open_machine("6.18", "y");
	lab_expect(&lab, 0, "proc/sys/vm/nr_hugepages: 5");
	hard_offline(0, huge_page(false) + 3);
	logged("recovery action for free huge page: Recovered");
	huge_pages_are(4, 4);
	lab_expect(&lab, 0, "proc/1/ctl: fork as user");
	lab_expect(&lab, 0, "sim/as/user/ctl: mmap 0x40000000 2M rw private,anon,hugetlb,fixed");
	lab_expect(&lab, 0, "sim/as/user/ctl: store 0x40000000");
	lab_expect(&lab, -EFAULT, "sim/as/user/ctl: madvise 0x40002000 4K hwpoison");
	logged("recovery action for huge page: Recovered");
	corrupted(2);
	lab_expect(&lab, 0, "proc/1/ctl: wait4 -1");
	huge_pages_are(3, 3);
	lab_expect(&lab, 0, "proc/1/ctl: memfd_create huge hugetlb as fd");
	lab_expect(&lab, 0, "proc/1/ctl: ftruncate @fd 4M");
	lab_expect(&lab, 0, "proc/1/ctl: fork as user");
	lab_expect(&lab, 0, "sim/as/user/ctl: mmap 0x40000000 4M rw shared,fixed @fd");
	lab_expect(&lab, 0, "sim/as/user/ctl: store 0x40000000");
	pfn = huge_page(true);
	hard_offline(0, pfn + 7);
	hard_offline(-EHWPOISON, pfn + 7);
	hard_offline(-EHWPOISON, pfn + 8);
	corrupted(4);
	lab_expect(&lab, -EFAULT, "sim/as/user/ctl: load 0x40000000");
	logged("due to hardware memory corruption fault at 40000000");
	/* All that is free is promised to the file: none can be cut, and this one is not given. */
	huge_pages_are(3, 2);
	lab_expect(&lab, 0, "proc/sys/vm/nr_hugepages: 2");
	pfn = huge_page(false);
	hard_offline(-EBUSY, pfn);
	logged("recovery action for free huge page: Failed");
	corrupted(5);
	lab_expect(&lab, 0, "proc/1/ctl: wait4 -1");
	lab_expect(&lab, 0, "proc/1/ctl: close @fd");
	lab_expect(&lab, 0, "proc/sys/vm/nr_hugepages: 0");
	huge_pages_are(1, 0);
	corrupted(5);
	lab_end(&lab);
}

/* A soft offline takes one page of it; the rest is free. Then a kernel that does not try. */
static void test_not_helped(void)
{
	open_machine("6.18", "y");
	lab_expect(&lab, 0, "proc/sys/vm/nr_hugepages: 4");
	lab_expect(&lab, 0, "proc/1/ctl: fork as user");
	lab_expect(&lab, 0, "sim/as/user/ctl: mmap 0x40000000 2M rw private,anon,hugetlb,fixed");
	lab_expect(&lab, 0, "sim/as/user/ctl: store 0x40000000");
	lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x40005000 4K soft_offline");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/meminfo"), "HugePages_Total:       3"));
	corrupted(1);
	lab_expect(&lab, 0, "proc/sys/vm/memory_failure_recovery: 0");
	hard_offline(-EIO, 0x2000);
	logged("Memory failure on page 2000");
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "free pages leave their blocks", test_free },
	{ "what cannot go, or must not", test_refused },
	{ "pages in use move", test_in_use },
	{ "blocks with pages that failed", test_hotplug },
	{ "lost by address", test_lost_by_address },
	{ "lost of the kernel", test_lost_of_kernel },
	{ "lost of larger blocks", test_lost_of_blocks },
	{ "lost in the swap cache", test_lost_swapcache },
	{ "lost of pools of huge pages", test_lost_hugetlb },
	{ "lost memory of programs", test_lost_memory },
	{ "early signals", test_early },
	{ "lost pages of files", test_lost_file },
	{ "lost mlocked pages", test_lost_mlocked },
	{ "what is not helped", test_not_helped },
};

int main(void)
{
	return suite_main("memory failure", tests, ARRAY_SIZE(tests), NULL, NULL);
}
