// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables of huge pages that several address spaces have: who shares, who lets go, what
 * each counts. The figures are those of real kernels (the lists hugetlb-shared-* of
 * tests/golden/calls). All invariants hold after each step.
 */
#include <errno.h>

#include "support.h"
#include "task_machine.h"

#include "sim/base/rng.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/madvise.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"

#define M2 (2 * SZ_1M)
#define RW (PROT_READ | PROT_WRITE)
#define BASE 0x40000000ULL
#define OTHER 0x80000000ULL

static struct task_machine tm;
static const char *const releases[] = { "release=6.1", "release=6.18" };
static struct task_struct *child;
static int fd;

static void map_file(struct task_struct *task, u64 addr, u64 len)
{
	const struct mmap_request req = {
		.addr = addr, .len = len, .prot = RW, .file = fget(tm.m, task, fd),
		.flags = MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
	};
	u64 where;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(tm.m, task, &req, &where), 0);
}

/* init and a child have 2 GiB of a file; init has touched three pages. */
static void begin(unsigned int release)
{
	const char *sets[] = { releases[release], NULL };

	task_machine_boot(&tm, "pc", sets);
	CU_ASSERT_EQUAL_FATAL(hugetlb_resize(tm.m, 9, NUMA_NO_NODE, 16), 0);
	CU_ASSERT_EQUAL_FATAL(sys_memfd_create(tm.m, tm.init, "x", 4, &fd), 0);
	CU_ASSERT_EQUAL_FATAL(sys_ftruncate(tm.m, tm.init, fd, 2 * SZ_1G), 0);
	map_file(tm.init, BASE, SZ_1G);
	task_touch_pages(tm.m, tm.init, BASE, 1, ACCESS_STORE);
	task_touch_pages(tm.m, tm.init, BASE + M2, 1, ACCESS_STORE);
	task_touch_pages(tm.m, tm.init, BASE + 2 * M2, 1, ACCESS_STORE);
	child = task_fork(tm.m, tm.init, 17);
}

static void end(void)
{
	task_machine_end(&tm);
}

static u64 pud(const struct task_struct *task, u64 addr)
{
	const u64 *entry = table_entry(tm.m, task->mm, addr, 2);

	return entry ? *entry : 0;
}

static bool shares(u64 addr)
{
	u64 mine = pud(tm.init, addr), theirs = pud(child, addr);

	return mine && mine == theirs && pt_share_count(tm.m, pte_pfn(mine)) == 1;
}

static void touch(struct task_struct *task, u64 addr, u64 faults)
{
	u64 before = task->min_flt;

	CU_ASSERT_EQUAL(task_touch(tm.m, task, addr, ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(task->min_flt - before, faults);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
}

static void unmap(struct task_struct *task, u64 addr, u64 len)
{
	CU_ASSERT_EQUAL(sys_munmap(tm.m, task, addr, len), 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
}

static void test_share(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		struct page *head;
		s64 tables;
		u64 bytes;

		begin(r);
		bytes = child->mm->pgtables_bytes;
		tables = nr_page_table_pages(tm.m);
		touch(child, BASE, 1);
		CU_ASSERT(shares(BASE));
		/* The child counts it; the machine has counted it. */
		CU_ASSERT_EQUAL(child->mm->pgtables_bytes, bytes + PAGE_SIZE);
		CU_ASSERT_EQUAL(nr_page_table_pages(tm.m), tables);
		/* What others have faulted in is there. */
		touch(child, BASE + M2, 0);
		touch(child, BASE + 3 * M2, 1);
		touch(tm.init, BASE + 3 * M2, 0);
		/* Pages are mapped once, and counted for who faulted them in. */
		head = pfn_folio(tm.m, follow_page(tm.m, child->mm, BASE));
		CU_ASSERT_EQUAL(*huge_mapcount(head), 1);
		CU_ASSERT_EQUAL(tm.init->mm->hugetlb_usage, 3 * 512);
		CU_ASSERT_EQUAL(child->mm->hugetlb_usage, 512);
		task_end(tm.m, tm.init, child->pid, 0);
		CU_ASSERT_EQUAL(pt_share_count(tm.m, pte_pfn(pud(tm.init, BASE))), 0);
		touch(tm.init, BASE + 3 * M2, 0);
		end();
	}
}

/* Each way to let go of a table; what was there comes back by faults. */
static void let_go_mprotect(void)
{
	CU_ASSERT_EQUAL(sys_mprotect(tm.m, child, BASE, SZ_1G, PROT_READ), 0);
}

static void let_go_split(void)
{
	CU_ASSERT_EQUAL(sys_mprotect(tm.m, child, BASE + 4 * M2, M2, PROT_READ), 0);
}

static void let_go_dontneed(void)
{
	CU_ASSERT_EQUAL(sys_madvise(tm.m, child, BASE + 5 * M2, M2, MADV_DONTNEED), 0);
}

static void let_go_munmap(void)
{
	unmap(child, BASE + 7 * M2, M2);
}

static void let_go_remap(void)
{
	map_file(child, BASE, SZ_1G);
}

static const struct {
	const char *what;
	void (*let_go)(void);
	bool again;	/* the next fault finds the table once more */
} ways[] = {
	{ "mprotect", let_go_mprotect, false },
	{ "mprotect of a part", let_go_split, false },
	{ "MADV_DONTNEED of a part", let_go_dontneed, true },
	{ "munmap of a part", let_go_munmap, false },
	{ "another mapping in its place", let_go_remap, true },
};

static void test_let_go(void)
{
	for (unsigned int r = 0; r < 2; r++)
		for (unsigned int i = 0; i < ARRAY_SIZE(ways); i++) {
			u64 bytes;

			begin(r);
			touch(child, BASE, 1);
			bytes = child->mm->pgtables_bytes;
			ways[i].let_go();
			if (pud(child, BASE) || child->mm->pgtables_bytes != bytes - PAGE_SIZE)
				fprintf(stderr, "%s: the table is there\n", ways[i].what);
			CU_ASSERT_EQUAL(pud(child, BASE), 0);
			CU_ASSERT_EQUAL(child->mm->pgtables_bytes, bytes - PAGE_SIZE);
			CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
			touch(tm.init, BASE + M2, 0);
			touch(child, BASE, 1);
			CU_ASSERT_EQUAL(shares(BASE), ways[i].again);
			touch(child, BASE + M2, ways[i].again ? 0 : 1);
			end();
		}
}

/* A hole takes the table from all but the last, and from that the page. */
static void test_hole(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		begin(r);
		touch(child, BASE, 1);
		CU_ASSERT_EQUAL(sys_fallocate(tm.m, tm.init, fd, 3, M2, M2), 0);
		CU_ASSERT_EQUAL(!pud(tm.init, BASE) + !pud(child, BASE), 1);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		touch(pud(tm.init, BASE) ? child : tm.init, BASE, 1);
		CU_ASSERT(shares(BASE));
		CU_ASSERT_EQUAL(sys_ftruncate(tm.m, tm.init, fd, 0), 0);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		CU_ASSERT_EQUAL(task_touch(tm.m, child, BASE, ACCESS_LOAD), 7);
		end();
	}
}

/* A table does not move; one that is not shared moves without looking for others. */
static void test_move(void)
{
	struct mremap_request req = {
		.addr = BASE, .old_len = SZ_1G, .new_len = SZ_1G, .new_addr = OTHER,
		.flags = MREMAP_MAYMOVE | MREMAP_FIXED,
	};
	u64 where;

	for (unsigned int r = 0; r < 2; r++) {
		begin(r);
		touch(child, BASE, 1);
		req.addr = BASE, req.new_addr = OTHER;
		CU_ASSERT_EQUAL(sys_mremap(tm.m, child, &req, &where), 0);
		CU_ASSERT_EQUAL(pud(child, BASE), 0);
		CU_ASSERT_EQUAL(pud(child, OTHER), 0);
		touch(child, OTHER, 1);
		CU_ASSERT_EQUAL(pud(child, OTHER), pud(tm.init, BASE));
		unmap(child, OTHER, SZ_1G);
		CU_ASSERT_EQUAL(sys_mremap(tm.m, tm.init, &req, &where), 0);
		touch(tm.init, OTHER + M2, 0);
		map_file(tm.init, BASE, SZ_1G);
		touch(tm.init, BASE + M2, 1);
		CU_ASSERT_EQUAL(pud(tm.init, OTHER), pud(tm.init, BASE));
		CU_ASSERT_EQUAL(pt_share_count(tm.m, pte_pfn(pud(tm.init, BASE))), 1);
		end();
	}
}

/* Who has a page in a shared table lets go of it when the page moves; the last one moves it. */
static void test_migrate(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		unsigned int from;
		u32 pfn;

		begin(r);
		touch(child, BASE, 1);
		pfn = follow_page(tm.m, child->mm, BASE);
		from = page_zone(tm.m, pfn_to_page(tm.m, pfn))->node;
		CU_ASSERT_EQUAL(do_migrate_pages(tm.m, child->mm, 1ULL << from, 2ULL >> from,
						 MPOL_MF_MOVE_ALL), 0);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		touch(tm.init, BASE, pud(tm.init, BASE) ? 0 : 1);
		touch(child, BASE, pud(child, BASE) ? 0 : 1);
		CU_ASSERT(shares(BASE));
		end();
	}
}

/* Flags that differ, parts of a GiB, other places in it, private mappings: no table is shared. */
static void test_not_shared(void)
{
	const struct mmap_request private = {
		.addr = BASE, .len = SZ_1G, .prot = RW,
		.flags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE,
	};
	struct mmap_request req = private;
	u64 where;

	begin(1);
	map_file(child, BASE, SZ_1G - M2);
	touch(child, BASE, 1);
	CU_ASSERT(!shares(BASE));
	map_file(child, OTHER + M2, SZ_1G);
	touch(child, OTHER + M2, 1);
	CU_ASSERT(!pt_share_count(tm.m, pte_pfn(pud(child, OTHER))));
	req.file = fget(tm.m, child, fd);
	CU_ASSERT_EQUAL(sys_mmap(tm.m, child, &req, &where), 0);
	touch(child, BASE, 1);
	CU_ASSERT(!shares(BASE));
	/* Locked or not does not matter. */
	map_file(child, BASE, SZ_1G);
	CU_ASSERT_EQUAL(sys_madvise(tm.m, child, BASE, SZ_1G, MADV_DONTFORK), 0);
	touch(child, BASE, 1);
	CU_ASSERT(!shares(BASE));
	unmap(child, BASE, SZ_1G);
	map_file(child, BASE, SZ_1G);
	vma_lookup(tm.m, child->mm, BASE)->vm_flags |= VM_LOCKED;
	child->mm->locked_vm += SZ_1G >> PAGE_SHIFT;
	touch(child, BASE, 1);
	CU_ASSERT(shares(BASE));
	end();
}

/* ---- Random calls of several tasks. ---- */

#define STORM_TASKS 4
#define STORM_CALLS 1500

static u64 some_gib(u64 *rng)
{
	return BASE + rng_below(rng, 4) * SZ_1G;
}

static u64 some_page(u64 *rng)
{
	static const unsigned int pages[] = { 0, 1, 2, 3, 255, 510, 511 };

	return some_gib(rng) + pages[rng_below(rng, ARRAY_SIZE(pages))] * M2;
}

/* Whatever it comes to is fine, but for broken invariants. */
static int storm_map(u64 *rng, struct task_struct *task)
{
	const struct mmap_request req = {
		.addr = rng_below(rng, 8) ? some_gib(rng) : some_page(rng),
		.len = rng_below(rng, 3) ? SZ_1G : 2 * SZ_1G,
		.prot = rng_below(rng, 4) ? RW : PROT_READ, .file = fget(tm.m, task, fd),
		.flags = (rng_below(rng, 8) ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED | MAP_NORESERVE,
		.offset = rng_below(rng, 3) ? 0 : SZ_1G,
	};
	u64 where;

	return sys_mmap(tm.m, task, &req, &where);
}

static int storm_move(u64 *rng, struct task_struct *task)
{
	const struct mremap_request req = {
		.addr = rng_below(rng, 2) ? some_gib(rng) : some_page(rng),
		.old_len = SZ_1G, .new_len = SZ_1G, .new_addr = some_gib(rng),
		.flags = MREMAP_MAYMOVE | MREMAP_FIXED,
	};
	u64 where;

	return sys_mremap(tm.m, task, &req, &where);
}

static int storm_call(u64 *rng, struct task_struct *task)
{
	static const u64 lengths[] = { M2, 4 * M2, SZ_1G, 512 * SZ_1M };
	u64 addr = some_page(rng), len = lengths[rng_below(rng, ARRAY_SIZE(lengths))];

	sched_switch_to(tm.m, task);
	switch (rng_below(rng, 16)) {
	case 0 ... 2:
		return storm_map(rng, task);
	case 3:
		return sys_munmap(tm.m, task, addr, len);
	case 4:
		return sys_mprotect(tm.m, task, addr, len, rng_below(rng, 2) ? RW : PROT_READ);
	case 5:
		return storm_move(rng, task);
	case 6:
		return sys_madvise(tm.m, task, addr, len, MADV_DONTNEED);
	case 7:
		return sys_fallocate(tm.m, task, fd, 3, addr % (2 * SZ_1G), len);
	case 8:
		return rng_below(rng, 4) ? 0 : sys_ftruncate(tm.m, task, fd, 2 * SZ_1G);
	case 9:
		return do_migrate_pages(tm.m, task->mm, 1ULL << rng_below(rng, 2),
					1ULL << rng_below(rng, 2), MPOL_MF_MOVE_ALL);
	default:
		return task_touch(tm.m, task, addr,
				  rng_below(rng, 2) ? ACCESS_STORE : ACCESS_LOAD);
	}
}

static void test_storm(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		struct task_struct *tasks[STORM_TASKS] = { NULL };
		u64 rng;
		u64 shared = 0;

		begin(r);
		rng = 7 + r;
		tasks[0] = child;
		for (unsigned int i = 0; i < STORM_CALLS; i++) {
			unsigned int t = (unsigned int)rng_below(&rng, STORM_TASKS);

			if (!tasks[t])
				tasks[t] = task_fork(tm.m, tm.init, 17);
			if (rng_below(&rng, 40))
				(void)storm_call(&rng, tasks[t]);
			else
				task_end(tm.m, tm.init, tasks[t]->pid, 0), tasks[t] = NULL;
			shared += tm.m->virt->pgtables->nr_shared != 0;
			if (i % 5 == 0 && task_machine_check(tm.m)) {
				CU_FAIL("the storm broke something");
				fprintf(stderr, "after call %u\n", i);
				break;
			}
		}
		/* It was about something. */
		CU_ASSERT(shared > STORM_CALLS / 4);
		for (unsigned int t = 0; t < STORM_TASKS; t++)
			if (tasks[t])
				task_end(tm.m, tm.init, tasks[t]->pid, 0);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		CU_ASSERT_EQUAL(tm.m->virt->pgtables->nr_shared, 0);
		end();
	}
}

static const CU_TestInfo tests[] = {
	{ "share", test_share }, { "let go", test_let_go }, { "hole", test_hole },
	{ "move", test_move }, { "migrate", test_migrate }, { "not shared", test_not_shared },
	{ "storm", test_storm },
};

int main(void)
{
	return suite_main("hugetlb: shared tables", tests, ARRAY_SIZE(tests), NULL, NULL);
}
