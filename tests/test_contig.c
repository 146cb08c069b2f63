// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ranges of pages: isolated, emptied and taken, given back; and those that cannot be.
 * What moved out of the way holds what it held.
 */
#include "frag_bed.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/phys/contig.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_isolation.h"
#include "sim/virt/content.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"

#define P PAGE_SIZE
#define NR_PAGES 8192

/* Where 2048 pages begin all of which can move, and of which the mapping has some. */
static u64 movable_start(const struct bed *bed)
{
	for (u64 n = 0; n < NR_PAGES; n++) {
		u64 start = ALIGN_DOWN(pfn_at(bed, n), 1024);
		const struct zone *zone = pfn_zone(bed->m, start);

		if (start + 2048 <= zone_end_pfn(zone) &&
		    has_unmovable_pages(bed->m, zone, start, start + 2048, 0) == start + 2048)
			return start;
	}
	CU_FAIL_FATAL("no movable range");
	return 0;
}

/* What alloc_contig_range() left is a script's: page by page, and back. */
static void own_and_free(struct machine *m, u64 start, u64 end)
{
	const struct alloc_request req = { .gfp = GFP_KERNEL, .owner = PGTY_kernel };

	for (u64 pfn = start; pfn < end; pfn++)
		prep_isolated_pages(m, &req, (u32)pfn);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	for (u64 pfn = start; pfn < end; pfn++)
		free_pages(m, pfn, 0);
	drain_all_pages(m, NULL);
}

/* The middle of the mapping's memory, of any length and place. */
static void test_ranges(void)
{
	static struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		static const struct {
			unsigned int skip, nr;
		} rows[] = { { 0, 512 }, { 3, 1 }, { 100, 700 }, { 511, 2 }, { 64, 1024 } };

		for (unsigned int row = 0; row < ARRAY_SIZE(rows); row++) {
			u64 start = movable_start(&bed) + rows[row].skip;
			u64 end = start + rows[row].nr;

			CU_ASSERT_EQUAL_FATAL(alloc_contig_range(bed.m, start, end, MIGRATE_MOVABLE), 0);
			for (u64 n = 0; n < NR_PAGES; n++)
				CU_ASSERT_FATAL(pfn_at(&bed, n) < start || pfn_at(&bed, n) >= end);
			own_and_free(bed.m, start, end);
			for (unsigned int z = 0; z < bed.m->nr_zones; z++)
				CU_ASSERT_EQUAL(bed.m->zones[z]->pageblocks[MIGRATE_ISOLATE], 0);
			CU_ASSERT_EQUAL(nr_free(bed.m), bed.free);
			assert_contents(&bed);
			CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		}
	}
}

/* A page of the kernel, or one that is held, is in the way; all is as it was. */
static void test_busy(void)
{
	static struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		u64 start = movable_start(&bed), held = PFN_NIL;
		u32 kernel;

		for (u64 n = 0; n < NR_PAGES; n++)
			if (pfn_at(&bed, n) - start < 1024)
				held = pfn_at(&bed, n);
		CU_ASSERT_NOT_EQUAL_FATAL(held, PFN_NIL);
		lru_add_drain_all(bed.m);
		get_page(bed.m, held);
		CU_ASSERT_EQUAL(alloc_contig_range(bed.m, start, start + 1024, MIGRATE_MOVABLE), -EBUSY);
		put_page(bed.m, held);
		assert_contents(&bed);
		CU_ASSERT_EQUAL(bed.m->zones[0]->pageblocks[MIGRATE_ISOLATE], 0);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);

		CU_ASSERT_EQUAL_FATAL(alloc_kernel_pages(bed.m, GFP_KERNEL, 0, NUMA_NO_NODE,
							 PGTY_kernel, &kernel), 0);
		start = ALIGN_DOWN(kernel, 512);
		CU_ASSERT_EQUAL(alloc_contig_range(bed.m, start, start + 512, MIGRATE_MOVABLE), -EBUSY);
		CU_ASSERT_EQUAL(nr_free(bed.m) + bed.m->nodes[0]->preferred[ZONE_NORMAL]->
				pcp[0].count + 1, bed.free);
		free_pages(bed.m, kernel, 0);
		drain_all_pages(bed.m, NULL);
		CU_ASSERT_EQUAL(nr_free(bed.m), bed.free);
	}
}

/* While pageblocks are isolated nobody gets their pages, and they count as not free. */
static void test_isolated(void)
{
	static struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		struct zone *zone = bed.m->nodes[0]->preferred[ZONE_NORMAL];
		u64 size = pageblock_nr_pages(bed.m), start = zone->start_pfn, first;
		struct isolation isolation = { .zone = zone };
		s64 free = zone->stat[NR_FREE_PAGES];
		u64 isolated = 0;
		u32 pfn;

		/* The first pageblock that is all free. */
		for (start = ALIGN_UP(start, size); !test_pages_isolated(bed.m, start,
									 start + size, 0, &first);)
			start += size;
		CU_ASSERT_EQUAL_FATAL(start_isolate_page_range(bed.m, &isolation, start,
							       start + 1, 0), 0);
		CU_ASSERT_EQUAL(zone->stat[NR_FREE_PAGES], free - (s64)size);
		CU_ASSERT_EQUAL(zone->pageblocks[MIGRATE_ISOLATE], 1);
		CU_ASSERT_EQUAL(start_isolate_page_range(bed.m, &(struct isolation){ .zone = zone },
							 start, start + size, 0), -EBUSY);
		for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
			isolated += zone->free_area[order].nr[MIGRATE_ISOLATE] << order;
		CU_ASSERT_EQUAL(isolated, size);
		for (unsigned int n = 0; n < 3000; n++) {
			const struct alloc_request req = {
				.gfp = GFP_KERNEL, .owner = PGTY_kernel, .node = NUMA_NO_NODE,
			};

			if (alloc_pages(bed.m, &req, &pfn))
				break;
			CU_ASSERT_TRUE(pfn < start || pfn >= start + size);
			free_pages(bed.m, pfn, 0);
		}
		undo_isolate_page_range(bed.m, &isolation);
		drain_all_pages(bed.m, NULL);
		CU_ASSERT_EQUAL(nr_free(bed.m), bed.free);
		CU_ASSERT_EQUAL(zone->pageblocks[MIGRATE_ISOLATE], 0);
	}
}

/* Pages of 1 GiB at run time, where programs have memory everywhere. */
static void test_gigantic(void)
{
	static const char *const releases[] = { "release=6.1", "release=6.18" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *sets[] = { releases[i], "cmdline=transparent_hugepage=never",
				       "node 1.memory=6G", NULL };
		const struct mmap_request req = {
			.len = 64 * SZ_1M, .prot = PROT_READ | PROT_WRITE,
			.flags = MAP_PRIVATE | MAP_ANONYMOUS,
		};
		struct task_machine tm;
		struct task_struct *task;
		struct access_result result;
		u64 addr, free;

		task_machine_boot(&tm, "pc", sets);
		task = task_fork(tm.m, tm.init, SIGCHLD);
		CU_ASSERT_EQUAL_FATAL(sys_mmap(tm.m, task, &req, &addr), 0);
		for (u64 at = 0; at < req.len; at += P)
			CU_ASSERT_EQUAL_FATAL(task_access(tm.m, task, addr + at, ACCESS_STORE,
							  &result), 0);
		drain_all_pages(tm.m, NULL);
		free = nr_free(tm.m);
		CU_ASSERT_EQUAL(hugetlb_resize(tm.m, 18, NUMA_NO_NODE, 4), 0);
		CU_ASSERT_TRUE(hugetlb_counts(tm.m, NULL, 18).total >= 1);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		for (u64 at = 0; at < req.len; at += P)
			CU_ASSERT_NOT_EQUAL(follow_page(tm.m, task->mm, addr + at), PFN_NIL);
		CU_ASSERT_EQUAL(hugetlb_resize(tm.m, 18, NUMA_NO_NODE, 0), 0);
		drain_all_pages(tm.m, NULL);
		CU_ASSERT_EQUAL(nr_free(tm.m), free);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		(void)task_end(tm.m, tm.init, task->pid, 0);
		task_machine_end(&tm);
	}
}

static const CU_TestInfo tests[] = {
	{ "ranges", test_ranges },
	{ "something in the way", test_busy },
	{ "isolated", test_isolated },
	{ "gigantic pages", test_gigantic },
};

int main(void)
{
	return suite_main("contig", tests, ARRAY_SIZE(tests), NULL, NULL);
}
