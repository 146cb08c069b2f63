// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that fail: soft offline by address, and of programs' memory; what they held is
 * where it was, what is left of their blocks is free. What calls come to is compared with
 * real kernels by test_ops.sh.
 */
#include "lab.h"
#include "support.h"

#include <errno.h>
#include <string.h>

#include "fs/core/tree_struct.h"
#include "sim/phys/buddy.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/memory_hotplug.h"
#include "sim/virt/content.h"
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
	CU_ASSERT_NOT_EQUAL(tokens[3], 0);
	snprintf(before, sizeof(before), "%s", lab_cat(&lab, "sys/fs/cgroup/g/memory.stat"));
	lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10000000 32K soft_offline");
	lab_expect(&lab, 0, "sim/as/user/ctl: madvise 0x10000000 8K soft_offline");
	corrupted(NR_PAGES / 2 + 2);
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
	corrupted(NR_PAGES / 2 + 2);
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

static const CU_TestInfo tests[] = {
	{ "free pages leave their blocks", test_free },
	{ "what cannot go, or must not", test_refused },
	{ "pages in use move", test_in_use },
	{ "blocks with pages that failed", test_hotplug },
};

int main(void)
{
	return suite_main("memory failure", tests, ARRAY_SIZE(tests), NULL, NULL);
}
