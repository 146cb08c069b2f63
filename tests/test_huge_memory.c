// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages of anonymous memory, on both releases: what a fault makes and counts, what
 * fork, writes, unmapping, protection, moving, advice and locks make of it, splits, the
 * queue and its shrinker; and wrongs that the check finds.
 */
#include "support.h"
#include "task_machine.h"

#include <errno.h>

#include "sim/abi/release.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/content.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma.h"

#define B 0x10000000ULL
#define HUGE SZ_2M
#define K4 PAGE_SIZE

struct bed {
	struct task_machine tm;
	struct machine *m;
	struct task_struct *task;
	bool old;		/* 6.1 */
};

static const char *const old_release[] = { "release=6.1", NULL };

static void bed_open(struct bed *bed, unsigned int i)
{
	task_machine_boot(&bed->tm, "pc", i ? old_release : NULL);
	bed->m = bed->tm.m;
	bed->old = i;
	bed->task = task_fork(bed->m, bed->tm.init, SIGCHLD);
}

static void bed_close(struct bed *bed)
{
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	task_end(bed->m, bed->tm.init, bed->task->pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(bed->m), 0);
	task_machine_end(&bed->tm);
}

#define EACH_RELEASE(bed) \
	for (unsigned int i_ = 0; i_ < 2 && (bed_open(&(bed), i_), true); bed_close(&(bed)), i_++)

/* Memory that may have huge pages. */
static void map_huge(struct bed *bed, u64 addr, u64 len)
{
	(void)task_map(bed->m, bed->task, addr, len, MAP_PRIVATE | MAP_ANONYMOUS);
	CU_ASSERT_EQUAL_FATAL(sys_madvise(bed->m, bed->task, addr, len, MADV_HUGEPAGE), 0);
}

static int touch_by(struct bed *bed, struct task_struct *task, u64 addr, enum access access)
{
	return task_touch(bed->m, task, addr, access);
}

static void store(struct bed *bed, u64 addr)
{
	CU_ASSERT_EQUAL(touch_by(bed, bed->task, addr, ACCESS_STORE), 0);
}

static s64 node_stat(const struct bed *bed, enum node_stat_item item)
{
	s64 sum = 0;

	for (unsigned int i = 0; i < bed->m->nr_nodes; i++)
		sum += bed->m->nodes[i]->stat[item];
	return sum;
}

static u64 *pmd_at(const struct bed *bed, const struct task_struct *task, u64 addr)
{
	return table_entry(bed->m, task->mm, addr, 1);
}

static bool is_huge_at(const struct bed *bed, const struct task_struct *task, u64 addr)
{
	const u64 *pmd = pmd_at(bed, task, addr);

	return pmd && entry_is_huge(*pmd);
}

static struct page *folio_at(const struct bed *bed, u64 addr)
{
	u32 pfn = follow_page(bed->m, bed->task->mm, addr);

	CU_ASSERT_NOT_EQUAL_FATAL(pfn, PFN_NIL);
	return pfn_folio(bed->m, pfn);
}

static void test_fault(void)
{
	struct bed bed;

	EACH_RELEASE(bed) {
		s64 anon, tables = (s64)bed.task->mm->pgtables_bytes;
		struct page *folio;

		map_huge(&bed, B + K4, 4 * HUGE);
		anon = node_stat(&bed, NR_ANON_PAGES);
		store(&bed, B + HUGE + 5 * K4);
		folio = folio_at(&bed, B + HUGE);
		CU_ASSERT(is_huge_at(&bed, bed.task, B + HUGE));
		CU_ASSERT_EQUAL(folio_order(folio), 9);
		CU_ASSERT_EQUAL(folio->refcount, 1);
		CU_ASSERT_EQUAL(folio_mapcount(folio), 1);
		CU_ASSERT_EQUAL(folio_entire_mapcount(folio), 1);
		CU_ASSERT_EQUAL(page_mapcount(folio + 7), 1);
		CU_ASSERT_EQUAL(page_index(folio + 7), (B + HUGE) / K4 + 7);
		CU_ASSERT(page_flag(folio, PG_lru));
		CU_ASSERT_EQUAL(node_stat(&bed, NR_ANON_PAGES), anon + 512);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_ANON_THPS), 512);
		CU_ASSERT_EQUAL(bed.m->event[THP_FAULT_ALLOC], 1);
		/* The one that is deposited. */
		CU_ASSERT_EQUAL((s64)bed.task->mm->pgtables_bytes - tables, (s64)K4);
		/* The pages hold what was stored, each its own. */
		CU_ASSERT_EQUAL(content_token(bed.m, follow_page(bed.m, bed.task->mm, B + HUGE)), 0);
		CU_ASSERT_NOT_EQUAL(content_token(bed.m, follow_page(bed.m, bed.task->mm,
								     B + HUGE + 5 * K4)), 0);
		/* At the ends of the VMA there is no room. */
		store(&bed, B + K4);
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, B + K4));
		/* A read gets the zero page, of which each mm has one reference. */
		CU_ASSERT_EQUAL(touch_by(&bed, bed.task, B + 2 * HUGE, ACCESS_LOAD), 0);
		CU_ASSERT_EQUAL(touch_by(&bed, bed.task, B + 3 * HUGE, ACCESS_LOAD), 0);
		CU_ASSERT(is_huge_at(&bed, bed.task, B + 3 * HUGE));
		CU_ASSERT_EQUAL(bed.m->virt->huge->zero_refs, 2);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_ANON_THPS), 512);
		/* A write to it: 6.18 makes a huge page, 6.1 one small one. */
		store(&bed, B + 2 * HUGE + 9 * K4);
		CU_ASSERT_EQUAL(is_huge_at(&bed, bed.task, B + 2 * HUGE), !bed.old);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_ANON_THPS), bed.old ? 512 : 1024);
		CU_ASSERT_EQUAL(bed.m->event[THP_SPLIT_PMD], bed.old);
	}
}

static void test_fork(void)
{
	struct bed bed;

	EACH_RELEASE(bed) {
		struct task_struct *child;
		struct page *folio;

		map_huge(&bed, B, 2 * HUGE);
		store(&bed, B);
		store(&bed, B + HUGE);
		folio = folio_at(&bed, B);
		child = task_fork(bed.m, bed.task, SIGCHLD);
		CU_ASSERT_EQUAL(folio_entire_mapcount(folio), 2);
		CU_ASSERT_EQUAL(folio->refcount, 2);
		CU_ASSERT_FALSE(page_flag(folio, PG_anon_exclusive));
		CU_ASSERT(folio_maybe_mapped_shared(folio));
		CU_ASSERT_EQUAL(get_mm_counter(child->mm, MM_ANONPAGES) >= 1024, true);
		/* Who writes first splits its entry, and copies one page. */
		CU_ASSERT_EQUAL(touch_by(&bed, child, B + 3 * K4, ACCESS_STORE), 0);
		CU_ASSERT_FALSE(is_huge_at(&bed, child, B));
		CU_ASSERT(is_huge_at(&bed, bed.task, B));
		CU_ASSERT_EQUAL(page_mapcount(folio + 3), 1);
		CU_ASSERT_EQUAL(page_mapcount(folio + 4), 2);
		CU_ASSERT_EQUAL(folio_mapcount(folio), 1 + 511);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		task_end(bed.m, bed.task, child->pid, 0);
		/* Alone again, the parent takes it as it is. */
		CU_ASSERT_FALSE(folio_maybe_mapped_shared(folio));
		store(&bed, B + 7 * K4);
		CU_ASSERT(is_huge_at(&bed, bed.task, B));
		CU_ASSERT(page_flag(folio, PG_anon_exclusive));
	}
}

static void test_unmap(void)
{
	struct bed bed;

	EACH_RELEASE(bed) {
		struct page *folio;
		s64 free_pages;

		map_huge(&bed, B, 3 * HUGE);
		store(&bed, B);
		store(&bed, B + HUGE);
		store(&bed, B + 2 * HUGE);
		folio = folio_at(&bed, B);
		/* Part of it: the entry is split, the folio waits to be. */
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, B + 16 * K4, 4 * K4), 0);
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, B));
		CU_ASSERT_EQUAL(folio_mapcount(folio), 508);
		CU_ASSERT_EQUAL(folio_pages_mapped(folio), 508);
		CU_ASSERT(folio_is_partially_mapped(folio));
		CU_ASSERT_EQUAL(bed.m->event[THP_DEFERRED_SPLIT_PAGE], 1);
		CU_ASSERT_EQUAL(node_stat(&bed, NR_ANON_THPS), 1024);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		/* The shrinker splits it and frees what nobody maps. */
		free_pages = node_stat(&bed, NR_ANON_PAGES);
		CU_ASSERT_EQUAL(deferred_split_scan(bed.m, 0, NULL, 10) +
				deferred_split_scan(bed.m, 1, NULL, 10), 1);
		CU_ASSERT_EQUAL(bed.m->event[THP_SPLIT_PAGE], 1);
		/* 6.18 gives up the pages of zeroes: one was written. */
		CU_ASSERT_EQUAL(free_pages - node_stat(&bed, NR_ANON_PAGES), bed.old ? 0 : 507);
		CU_ASSERT_FALSE(folio_is_large(folio));
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		/* All of it, at once: nothing is split. */
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, B + HUGE, HUGE), 0);
		CU_ASSERT_EQUAL(bed.m->event[THP_SPLIT_PMD], 1);
		/* Split, then gone in one step: 6.18 knows that none of it is left. */
		split_huge_pmd_address(bed.m, vma_lookup(bed.m, bed.task->mm, B + 2 * HUGE),
				       B + 2 * HUGE);
		CU_ASSERT_EQUAL(sys_munmap(bed.m, bed.task, B + 2 * HUGE, HUGE), 0);
		/* 6.1 counts it, and the split of the first, too. */
		CU_ASSERT_EQUAL(bed.m->event[THP_DEFERRED_SPLIT_PAGE], bed.old ? 2 : 1);
	}
}

static void test_protect_and_move(void)
{
	struct bed bed;

	EACH_RELEASE(bed) {
		struct mremap_request req = {
			.addr = B, .old_len = HUGE, .new_len = HUGE,
			.flags = MREMAP_MAYMOVE | MREMAP_FIXED, .new_addr = B + 64 * HUGE,
		};
		u32 pfn;
		u64 where;

		map_huge(&bed, B, 3 * HUGE);
		store(&bed, B);
		store(&bed, B + HUGE);
		store(&bed, B + 2 * HUGE);
		pfn = follow_page(bed.m, bed.task->mm, B);
		/* The whole entry loses its right, and has it again, or at the next write. */
		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, B, HUGE, PROT_READ), 0);
		CU_ASSERT(is_huge_at(&bed, bed.task, B));
		CU_ASSERT_FALSE(*pmd_at(&bed, bed.task, B) & PTE_RW);
		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, B, HUGE, PROT_READ | PROT_WRITE), 0);
		CU_ASSERT_EQUAL(!(*pmd_at(&bed, bed.task, B) & PTE_RW), bed.old);
		store(&bed, B);
		CU_ASSERT(*pmd_at(&bed, bed.task, B) & PTE_RW);
		/* Part of it splits it. */
		CU_ASSERT_EQUAL(sys_mprotect(bed.m, bed.task, B + HUGE, K4, PROT_READ), 0);
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, B + HUGE));
		CU_ASSERT_EQUAL(bed.m->event[THP_SPLIT_PMD], 1);
		/* To an aligned place it moves as it is, with its deposited table. */
		CU_ASSERT_EQUAL(sys_mremap(bed.m, bed.task, &req, &where), 0);
		CU_ASSERT(is_huge_at(&bed, bed.task, where));
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.task->mm, where), pfn);
		req = (struct mremap_request) {
			.addr = B + 2 * HUGE, .old_len = HUGE, .new_len = HUGE,
			.flags = MREMAP_MAYMOVE | MREMAP_FIXED, .new_addr = B + 32 * HUGE + K4,
		};
		pfn = follow_page(bed.m, bed.task->mm, B + 2 * HUGE + K4);
		CU_ASSERT_EQUAL(sys_mremap(bed.m, bed.task, &req, &where), 0);
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, where));
		CU_ASSERT_EQUAL(follow_page(bed.m, bed.task->mm, where + K4), pfn);
	}
}

static void test_advice(void)
{
	struct bed bed;

	EACH_RELEASE(bed) {
		struct page *folio;

		map_huge(&bed, B, 4 * HUGE);
		for (u64 i = 0; i < 4; i++)
			store(&bed, B + i * HUGE);
		folio = folio_at(&bed, B);
		/* All of it is one folio that may go. */
		CU_ASSERT_EQUAL(sys_madvise(bed.m, bed.task, B, HUGE, MADV_FREE), 0);
		CU_ASSERT(is_huge_at(&bed, bed.task, B));
		CU_ASSERT_FALSE(page_flag(folio, PG_swapbacked));
		CU_ASSERT_EQUAL(bed.m->event[PGLAZYFREE], 512);
		/* Of a part, the folio is split, and the part is free. */
		CU_ASSERT_EQUAL(sys_madvise(bed.m, bed.task, B + HUGE, HUGE / 2, MADV_FREE), 0);
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, B + HUGE));
		CU_ASSERT_EQUAL(bed.m->event[THP_SPLIT_PAGE], 1);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		/* There is no swap: its pages stay, one by one. */
		CU_ASSERT_EQUAL(sys_madvise(bed.m, bed.task, B + 2 * HUGE, HUGE, MADV_PAGEOUT), 0);
		CU_ASSERT_FALSE(is_huge_at(&bed, bed.task, B + 2 * HUGE));
		CU_ASSERT_EQUAL(bed.m->event[THP_SPLIT_PAGE], 2);
		/* Locked, it is one unevictable folio. */
		CU_ASSERT_EQUAL(sys_mlock2(bed.m, bed.task, B + 3 * HUGE, HUGE, 0), 0);
		folio = folio_at(&bed, B + 3 * HUGE);
		CU_ASSERT(page_flag(folio, PG_mlocked) && page_flag(folio, PG_unevictable));
		CU_ASSERT_EQUAL(page_zone(bed.m, folio)->stat[NR_MLOCK], 512);
		CU_ASSERT_EQUAL(sys_munlock(bed.m, bed.task, B + 3 * HUGE, HUGE), 0);
		CU_ASSERT_EQUAL(page_zone(bed.m, folio)->stat[NR_MLOCK], 0);
	}
}

static void test_refusals(void)
{
	struct bed bed;

	EACH_RELEASE(bed) {
		u32 pfn;

		map_huge(&bed, B, 4 * HUGE);
		store(&bed, B);
		/* Somebody else has a reference: it is not split. */
		pfn = follow_page(bed.m, bed.task->mm, B);
		get_page(bed.m, pfn);
		get_page(bed.m, pfn);
		CU_ASSERT_EQUAL(split_folio(bed.m, pfn), -EAGAIN);
		CU_ASSERT_EQUAL(bed.m->event[THP_SPLIT_PAGE_FAILED], 1);
		CU_ASSERT(is_huge_at(&bed, bed.task, B));
		put_page(bed.m, pfn);
		CU_ASSERT_EQUAL(split_folio(bed.m, pfn + 3), 0);
		put_page(bed.m, pfn + 3);
	}
}

/* Each makes the check find something, and takes it back. */
static void test_check(void)
{
	struct bed bed;

	EACH_RELEASE(bed) {
		struct page *folio;
		u32 *fields[5];

		map_huge(&bed, B, HUGE);
		store(&bed, B);
		split_huge_pmd_address(bed.m, vma_lookup(bed.m, bed.task->mm, B), B);
		folio = folio_at(&bed, B);
		fields[0] = &folio[1].prev;
		fields[1] = &folio[1].next;
		fields[2] = &folio[1].mapping;
		fields[3] = &folio[9].index;
		fields[4] = (u32 *)&folio[9].mapcount;
		for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++) {
			++*fields[i];
			CU_ASSERT_NOT_EQUAL(task_machine_check(bed.m), 0);
			--*fields[i];
		}
		bed.m->lru->split_queues[page_zone(bed.m, folio)->node].len++;
		CU_ASSERT_NOT_EQUAL(task_machine_check(bed.m), 0);
		bed.m->lru->split_queues[page_zone(bed.m, folio)->node].len--;
		bed.m->virt->huge->zero_refs++;
		CU_ASSERT_NOT_EQUAL(task_machine_check(bed.m), 0);
		bed.m->virt->huge->zero_refs--;
		bed.m->nodes[0]->stat[NR_ANON_THPS] += 512;
		CU_ASSERT_NOT_EQUAL(task_machine_check(bed.m), 0);
		bed.m->nodes[0]->stat[NR_ANON_THPS] -= 512;
	}
}

static const CU_TestInfo tests[] = {
	{ "fault", test_fault },
	{ "fork", test_fork },
	{ "unmap", test_unmap },
	{ "protect and move", test_protect_and_move },
	{ "advice", test_advice },
	{ "refusals", test_refusals },
	{ "check", test_check },
	CU_TEST_INFO_NULL,
};

int main(void)
{
	return suite_main("huge memory", tests, ARRAY_SIZE(tests) - 1, NULL, NULL);
}
