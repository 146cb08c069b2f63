// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memfd_secret(): what its pages do to the direct map, and what is refused. What calls
 * come to is compared with real kernels by test_ops.sh.
 */
#include "lab.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/core/tree_struct.h"
#include "sim/virt/kernel_map.h"
#include "sim/virt/memory.h"
#include "sim/virt/task.h"

#define ADDR 0x10000000ULL

static struct lab lab;

static struct machine *machine(void)
{
	return lab.tree->machine;
}

static void open_machine(const char *text)
{
	char whole[300];

	snprintf(whole, sizeof(whole), "[machine]\n%s\n[node 0]\ncpus = 0-1\nmemory = 2G\n%s",
		 text, strstr(text, "i386") ? "" : "[node 1]\ncpus = 2\nmemory = 2G\n");
	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, whole, NULL), 0);
}

static struct task_struct *task(void)
{
	return task_find(machine(), (u32)strtoul(lab_cat(&lab, "sim/as/a/stat"), NULL, 10));
}

/* A process with the first page of a file of secret memory, written. */
static u32 secret_page(void)
{
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as a");
	lab_expect(&lab, 0, "sim/as/a/ctl: memfd_secret cloexec as fd");
	lab_expect(&lab, 0, "sim/as/a/ctl: ftruncate @fd 16K");
	lab_expect(&lab, 0, "sim/as/a/ctl: mmap 0x10000000 16K rw shared,fixed @fd");
	lab_expect(&lab, 0, "sim/as/a/ctl: store 0x10000000");
	return follow_page(machine(), task()->mm, ADDR);
}

static struct kernel_leaf leaf_of(u32 pfn)
{
	struct kernel_leaf leaf = { 0 };

	CU_ASSERT_TRUE(kernel_leaf_find(machine(), machine()->arch->page_offset +
					PFN_PHYS((u64)pfn), &leaf));
	return leaf;
}

/* What the direct map is made of, in small, large and largest pages, in kB. */
static void direct_map_is(s64 small, s64 large, s64 largest)
{
	CU_ASSERT_EQUAL(lab_figure(&lab, "proc/meminfo", "DirectMap4k:"), small);
	CU_ASSERT_EQUAL(lab_figure(&lab, "proc/meminfo", "DirectMap2M:"), large);
	CU_ASSERT_EQUAL(lab_figure(&lab, "proc/meminfo", "DirectMap1G:"), largest);
}

/* A page of 1 GiB is split, and one of 2 MiB of it; the page goes, and comes back. */
static void test_direct_map(void)
{
	s64 small, large, largest;
	struct kernel_leaf leaf;
	u32 pfn;

	open_machine("release = 6.18");
	small = lab_figure(&lab, "proc/meminfo", "DirectMap4k:");
	large = lab_figure(&lab, "proc/meminfo", "DirectMap2M:");
	largest = lab_figure(&lab, "proc/meminfo", "DirectMap1G:");
	pfn = secret_page();
	leaf = leaf_of(pfn);
	CU_ASSERT_EQUAL(leaf.level, 0);
	CU_ASSERT_EQUAL(leaf.entry & (PTE_PRESENT | PTE_RW | PTE_GLOBAL | PTE_DIRTY), 0);
	CU_ASSERT_TRUE(leaf.entry & PTE_ACCESSED);
	CU_ASSERT_EQUAL(leaf_of(pfn ^ 1).entry & (PTE_PRESENT | PTE_RW | PTE_GLOBAL),
			PTE_PRESENT | PTE_RW | PTE_GLOBAL);
	CU_ASSERT_EQUAL(lab_figure(&lab, "proc/vmstat", "direct_map_level2_splits"), 1);
	if (lab_figure(&lab, "proc/vmstat", "direct_map_level3_splits"))
		direct_map_is(small + 2048, large + (1 << 20) - 2048, largest - (1 << 20));
	else
		direct_map_is(small + 2048, large - 2048, largest);
	/* Its neighbours are split with it. */
	lab_expect(&lab, 0, "sim/as/a/ctl: store 0x10001000 12K");
	CU_ASSERT_TRUE(lab_figure(&lab, "proc/vmstat", "direct_map_level2_splits") <= 3);
	lab_check(&lab);
	lab_expect(&lab, 0, "sim/as/a/ctl: close @fd");
	lab_expect(&lab, 0, "sim/as/a/ctl: munmap 0x10000000 16K");
	leaf = leaf_of(pfn);
	CU_ASSERT_EQUAL(leaf.level, 0);
	CU_ASSERT_EQUAL(leaf.entry & (PTE_PRESENT | PTE_RW | PTE_GLOBAL | PTE_DIRTY),
			PTE_PRESENT | PTE_RW);
	lab_end(&lab);
}

/* 6.1 has it where it is switched on, and leaves the entry dirty. */
static void test_releases(void)
{
	struct kernel_leaf leaf;

	open_machine("release = 6.1");
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as a");
	lab_expect(&lab, -ENOSYS, "sim/as/a/ctl: memfd_secret");
	lab_close(&lab);
	open_machine("release = 6.18\ncmdline = secretmem.enable=n");
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as a");
	lab_expect(&lab, -ENOSYS, "sim/as/a/ctl: memfd_secret");
	lab_close(&lab);
	open_machine("release = 6.1\ncmdline = secretmem.enable");
	leaf = leaf_of(secret_page());
	CU_ASSERT_EQUAL(leaf.entry & (PTE_PRESENT | PTE_RW | PTE_GLOBAL | PTE_DIRTY), PTE_DIRTY);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/as/a/maps"), " 00:0d "));
	lab_end(&lab);
}

/* 32 bits: pages of HighMem have no entry that could be taken out. */
static void test_high_memory(void)
{
	struct kernel_leaf leaf;
	u32 pfn;

	open_machine("arch = i386-pae\nrelease = 6.1\ncmdline = secretmem.enable=1");
	pfn = secret_page();
	CU_ASSERT_FALSE(kernel_leaf_find(machine(), machine()->arch->page_offset +
					 PFN_PHYS((u64)pfn), &leaf) &&
			!strcmp(leaf.what, "direct map"));
	CU_ASSERT_EQUAL(lab_figure(&lab, "proc/vmstat", "direct_map_level2_splits"), 0);
	lab_end(&lab);
}

/* It is not moved, not reclaimed, not dropped. */
static void test_stays(void)
{
	u32 pfn;

	open_machine("release = 6.18");
	pfn = secret_page();
	lab_expect(&lab, 0, "sim/as/a/ctl: load 0x10001000");
	lab_expect(&lab, 0, "sim/as/a/ctl: move_pages 0 0x10000000 1 1");
	CU_ASSERT_EQUAL(follow_page(machine(), task()->mm, ADDR), pfn);
	lab_expect(&lab, 0, "proc/sys/vm/drop_caches: 3");
	CU_ASSERT_EQUAL(lab_figure(&lab, "sim/as/a/smaps_rollup", "Rss:") > 0, true);
	lab_expect(&lab, 0, "sim/as/a/ctl: munmap 0x10000000 16K");
	lab_expect(&lab, 0, "proc/sys/vm/drop_caches: 3");
	lab_expect(&lab, 0, "sim/as/a/ctl: mmap 0x10000000 16K rw shared,fixed @fd");
	lab_expect(&lab, 0, "sim/as/a/ctl: load 0x10000000");
	CU_ASSERT_EQUAL(follow_page(machine(), task()->mm, ADDR), pfn);
	CU_ASSERT_EQUAL(lab_figure(&lab, "proc/meminfo", "Unevictable:"), 8);
	lab_end(&lab);
}

static bool logged(const char *text)
{
	return strstr(lab_cat(&lab, "sim/dmesg"), text);
}

/* What is dirty cannot be dropped from its file, what is clean can; neither moves away. */
static void test_failure(void)
{
	unsigned long long phys, clean;

	open_machine("release = 6.18");
	phys = PFN_PHYS((u64)secret_page());
	lab_expect(&lab, 0, "sim/as/a/ctl: load 0x10001000");
	clean = PFN_PHYS((u64)follow_page(machine(), task()->mm, ADDR + PAGE_SIZE));
	lab_expect(&lab, -EBUSY, "sys/devices/system/memory/soft_offline_page: 0x%llx", phys);
	CU_ASSERT_TRUE(logged("page migration failed 1, type 0x"));
	CU_ASSERT_TRUE(logged("(uptodate|dirty|unevictable|mlocked|node=0|"));
	lab_expect(&lab, -EBUSY, "sys/devices/system/memory/hard_offline_page: 0x%llx", phys);
	CU_ASSERT_TRUE(logged(": Failed to invalidate"));
	CU_ASSERT_TRUE(logged(": dirty unevictable LRU page still referenced by 1 users"));
	CU_ASSERT_TRUE(logged(": recovery action for dirty unevictable LRU page: Failed"));
	lab_expect(&lab, 0, "sys/devices/system/memory/hard_offline_page: 0x%llx", clean);
	CU_ASSERT_TRUE(logged(": recovery action for clean unevictable LRU page: Recovered"));
	CU_ASSERT_EQUAL(lab_figure(&lab, "proc/meminfo", "HardwareCorrupted:"), 8);
	lab_end(&lab);
}

/* A group is charged for them; that they are dirty is nobody's business. */
static void test_charged(void)
{
	u32 pfn;

	open_machine("release = 6.18");
	lab_expect(&lab, 0, "cgroup_mkdir sys/fs/cgroup/g");
	lab_expect(&lab, 0, "sys/fs/cgroup/cgroup.subtree_control: +memory");
	lab_expect(&lab, 0, "sys/fs/cgroup/g/cgroup.procs: 1");
	pfn = secret_page();
	lab_expect(&lab, 0, "sim/as/a/ctl: munmap 0x10000000 16K");
	lab_expect(&lab, 0, "proc/sys/vm/drop_caches: 1");
	CU_ASSERT_TRUE(page_flag(pfn_to_page(machine(), pfn), PG_dirty));
	CU_ASSERT_EQUAL(lab_figure(&lab, "sys/fs/cgroup/g/memory.stat", "file_dirty"), 0);
	CU_ASSERT_EQUAL(lab_figure(&lab, "sys/fs/cgroup/g/memory.stat", "unevictable"), 4096);
	lab_check(&lab);
	lab_end(&lab);
}

static const CU_TestInfo tests[] = {
	{ "the direct map", test_direct_map }, { "releases", test_releases },
	{ "high memory", test_high_memory }, { "stays", test_stays },
	{ "failure", test_failure }, { "charged", test_charged },
};

int main(void)
{
	return suite_main("memfd_secret", tests, ARRAY_SIZE(tests), NULL, NULL);
}
