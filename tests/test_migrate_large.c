// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large folios that move: as one if there is a block for them, else page by page; with
 * all that is known of them, whoever maps them, as a whole or in parts.
 */
#include "numa_bed.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/content.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/rmap.h"
#include "sim/virt/thp.h"

#define HUGE 512	/* pages */

static unsigned int node_at(const struct numa_bed *bed, u64 addr)
{
	return pfn_zone(bed->m, numa_pfn(bed, addr))->node;
}

/* Huge pages at the address that is returned, touched. */
static u64 map_huge(struct numa_bed *bed, unsigned int nr)
{
	u64 addr = ALIGN_UP(numa_map(bed, (nr + 1) * HUGE, MAP_PRIVATE), HUGE * P);

	CU_ASSERT_EQUAL_FATAL(sys_madvise(bed->m, bed->task, addr, nr * HUGE * P,
					  MADV_HUGEPAGE), 0);
	numa_touch(bed, addr, nr * HUGE);
	CU_ASSERT_EQUAL_FATAL(folio_order(pfn_folio(bed->m, numa_pfn(bed, addr))), 9);
	return addr;
}

static bool maps_huge(const struct numa_bed *bed, u64 addr)
{
	unsigned int level;
	const u64 *entry = leaf_entry(bed->m, bed->task->mm, addr, &level);

	return entry && level == 1;
}

static void test_whole(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = map_huge(&bed, 2), rss = get_mm_resident(bed.task->mm);
		s64 moved = bed.m->event[PGMIGRATE_SUCCESS];
		s64 faults = bed.m->event[PGFAULT];
		u64 token = numa_token(&bed, addr + 7 * P);
		int status;

		CU_ASSERT_EQUAL(numa_move(&bed, addr + 5 * P, 1, 2, MPOL_MF_MOVE, &status), 0);
		CU_ASSERT_EQUAL(status, 2);
		CU_ASSERT_TRUE(maps_huge(&bed, addr));
		CU_ASSERT_EQUAL(node_at(&bed, addr), 2);
		CU_ASSERT_EQUAL(node_at(&bed, addr + 511 * P), 2);
		CU_ASSERT_EQUAL(node_at(&bed, addr + HUGE * P), 0);
		CU_ASSERT_EQUAL(numa_token(&bed, addr + 7 * P), token);
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_SUCCESS] - moved, HUGE);
		CU_ASSERT_EQUAL(bed.m->event[THP_MIGRATION_SUCCESS], 1);
		CU_ASSERT_EQUAL(bed.m->nodes[2]->stat[NR_ANON_THPS], HUGE);
		CU_ASSERT_EQUAL(bed.m->nodes[0]->stat[NR_ANON_THPS], HUGE);
		CU_ASSERT_EQUAL(bed.m->nodes[0]->stat[NR_ISOLATED_ANON], 0);
		CU_ASSERT_EQUAL(get_mm_resident(bed.task->mm), rss);
		CU_ASSERT_TRUE(page_flag(pfn_folio(bed.m, numa_pfn(&bed, addr)), PG_lru));
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		numa_touch(&bed, addr, HUGE);
		CU_ASSERT_EQUAL(bed.m->event[PGFAULT], faults);
		CU_ASSERT_EQUAL(numa_move(&bed, addr + 9 * P, 1, NUMA_ASK, 0, &status), 0);
		CU_ASSERT_EQUAL(status, 2);

		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 2 * HUGE, MPOL_BIND, 2,
					   MPOL_MF_STRICT), -EIO);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, 2 * HUGE, MPOL_INTERLEAVE, 0xa,
					   MPOL_MF_STRICT | MPOL_MF_MOVE), 0);
		CU_ASSERT_EQUAL(node_at(&bed, addr) + node_at(&bed, addr + HUGE * P), 4);
		CU_ASSERT_EQUAL(bed.m->event[THP_MIGRATION_SUCCESS], 3);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	}
}

static void test_shared(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = map_huge(&bed, 1);
		struct task_struct *parent = bed.task;
		int status;

		bed.task = task_fork(bed.m, parent, SIGCHLD);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 1, 1, MPOL_MF_MOVE, &status), 0);
		CU_ASSERT_EQUAL(status, -EACCES);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 1, 1, MPOL_MF_MOVE_ALL, &status), 0);
		CU_ASSERT_EQUAL(status, 1);
		CU_ASSERT_EQUAL(folio_entire_mapcount(pfn_folio(bed.m, numa_pfn(&bed, addr))), 2);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		/* The child writes: its entry is split, or small pages take its place. */
		numa_touch(&bed, addr, 3);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		CU_ASSERT_EQUAL(numa_mbind(&bed, addr, HUGE, MPOL_BIND, 4, MPOL_MF_MOVE_ALL), 0);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		(void)task_end(bed.m, parent, bed.task->pid, 0);
		bed.task = parent;
	}
}

/* Parts of it are mapped elsewhere, locked or gone. */
static void test_parts(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = map_huge(&bed, 1);
		s64 moved = bed.m->event[PGMIGRATE_SUCCESS];
		int status;

		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, addr, 8 * P, PROT_READ), 0);
		CU_ASSERT_FALSE(maps_huge(&bed, addr));
		CU_ASSERT_EQUAL(numa_move(&bed, addr + 40 * P, 1, 3, MPOL_MF_MOVE, &status), 0);
		CU_ASSERT_EQUAL(status, BY_RELEASE(&bed, 3, 3));
		CU_ASSERT_EQUAL(node_at(&bed, addr), 3);
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_SUCCESS] - moved, HUGE);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, addr + 100 * P, 50 * P), 0);
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, addr + 16 * P, 16 * P, 0), 0);
		CU_ASSERT_EQUAL(numa_move(&bed, addr + 8 * P, 1, 1, MPOL_MF_MOVE, &status), 0);
		CU_ASSERT_EQUAL(status, 1);
		CU_ASSERT_EQUAL(node_at(&bed, addr + 99 * P), 1);
		CU_ASSERT_EQUAL(numa_pfn(&bed, addr + 100 * P), PFN_NIL);
		CU_ASSERT_EQUAL(bed.m->event[THP_MIGRATION_SPLIT], BY_RELEASE(&bed, 0, 1));
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		numa_touch(&bed, addr + 8 * P, 90);
	}
}

static void test_locked(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = map_huge(&bed, 1);
		int status;

		CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, addr, HUGE * P, 0), 0);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 1, 3, MPOL_MF_MOVE, &status), 0);
		CU_ASSERT_EQUAL(status, 3);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		CU_ASSERT_EQUAL(sys_munlock(bed.m, bed.task, addr, HUGE * P), 0);
		lru_add_drain_all(bed.m);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	}
}

/* All page frames of the node are taken, and every second one given back. */
static u32 *fragment_node(struct numa_bed *bed, int node, unsigned int *nr)
{
	const struct alloc_request all = {
		.gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_THISNODE | __GFP_MEMALLOC,
		.node = node, .owner = PGTY_kernel,
	};
	u32 *taken = malloc(bed->m->totalram_pages * sizeof(*taken));
	unsigned int kept = 0;

	for (*nr = 0; taken && !alloc_pages(bed->m, &all, &taken[*nr]);)
		++*nr;
	for (unsigned int i = 0; i < *nr; i++) {
		if (taken[i] % 2)
			free_pages(bed->m, taken[i], 0);
		else
			taken[kept++] = taken[i];
	}
	*nr = kept;
	return taken;
}

/* No block: it is split, and its pages move. */
static void test_split(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = map_huge(&bed, 1);
		s64 moved = bed.m->event[PGMIGRATE_SUCCESS];
		int status;
		unsigned int nr;
		u32 *taken = fragment_node(&bed, 1, &nr);

		CU_ASSERT_EQUAL(numa_move(&bed, addr, 1, 1, MPOL_MF_MOVE, &status), 0);
		CU_ASSERT_EQUAL(status, 1);
		CU_ASSERT_FALSE(maps_huge(&bed, addr));
		CU_ASSERT_EQUAL(node_at(&bed, addr), 1);
		CU_ASSERT_EQUAL(node_at(&bed, addr + 511 * P), 1);
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_SUCCESS] - moved, HUGE);
		CU_ASSERT_EQUAL(bed.m->event[THP_MIGRATION_SPLIT], 1);
		CU_ASSERT_EQUAL(bed.m->event[THP_MIGRATION_FAIL], 1);
		CU_ASSERT_EQUAL(bed.m->nodes[0]->stat[NR_ISOLATED_ANON], 0);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		while (nr)
			free_pages(bed.m, taken[--nr], 0);
		free(taken);
	}
}

/* Somebody else holds it: it stays, whole. */
static void test_held(void)
{
	struct numa_bed bed;

	for (unsigned int i = 0; next_numa_bed(&bed, &i);) {
		u64 addr = map_huge(&bed, 1);
		u32 pfn = numa_pfn(&bed, addr);
		int status;

		get_page(bed.m, pfn);
		CU_ASSERT_EQUAL(numa_move(&bed, addr, 1, 1, MPOL_MF_MOVE, &status), 1);
		put_page(bed.m, pfn);
		CU_ASSERT_EQUAL(numa_pfn(&bed, addr), pfn);
		CU_ASSERT_TRUE(maps_huge(&bed, addr));
		CU_ASSERT_EQUAL(bed.m->event[THP_MIGRATION_FAIL], 1);
		CU_ASSERT_EQUAL(bed.m->event[PGMIGRATE_FAIL], HUGE);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	}
}

static const CU_TestInfo tests[] = {
	{ "huge pages", test_whole },
	{ "of two tasks", test_shared },
	{ "mapped in parts", test_parts },
	{ "locked pages", test_locked },
	{ "no block: split", test_split },
	{ "one that is held", test_held },
};

int main(void)
{
	return suite_main("migrate_large", tests, ARRAY_SIZE(tests), NULL, NULL);
}
