// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages of pools: errors of calls, reservations, faults, copies, who loses a page
 * when there is none left, files, surplus. All invariants hold after each step.
 */
#include <errno.h>

#include "lab.h"
#include "support.h"
#include "task_machine.h"

#include "sim/phys/tunables.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/madvise.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"

#define M2 (2 * SZ_1M)
#define RW (PROT_READ | PROT_WRITE)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB)
#define SHARED (MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB)
#define BASE 0x40000000ULL
#define ORDER 9

static struct task_machine tm;
static const char *const releases[] = { "release=6.1", "release=6.18" };

static void boot(unsigned int release, const char *cmdline)
{
	const char *sets[] = { releases[release], cmdline, NULL };

	task_machine_boot(&tm, "pc", sets);
}

static void end(void)
{
	task_machine_end(&tm);
}

static struct hstate *pool(void)
{
	return hugetlb_hstate(tm.m, ORDER);
}

/* Each of the pool's figures, and all invariants. */
#define pool_is(total, free_, resv, surplus) \
	do { \
		CU_ASSERT_EQUAL(pool()->nr_huge_pages, (u64)(total)); \
		CU_ASSERT_EQUAL(pool()->free_huge_pages, (u64)(free_)); \
		CU_ASSERT_EQUAL(pool()->resv_huge_pages, (u64)(resv)); \
		CU_ASSERT_EQUAL(pool()->surplus_huge_pages, (u64)(surplus)); \
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0); \
	} while (0)

static void resize(u64 count)
{
	CU_ASSERT_EQUAL(hugetlb_resize(tm.m, ORDER, NUMA_NO_NODE, count), 0);
}

static s64 map_at(struct task_struct *task, u64 addr, u64 len, u64 prot, u64 flags,
		  struct file *file)
{
	const struct mmap_request req = {
		.addr = addr, .len = len, .prot = prot, .flags = flags, .file = file,
	};
	u64 where = 0;
	int err = sys_mmap(tm.m, task, &req, &where);

	return err ? err : (s64)where;
}

static u64 map(u64 len, u64 flags)
{
	s64 where = map_at(tm.init, 0, len, RW, flags, NULL);

	CU_ASSERT(where > 0);
	return (u64)where;
}

static int touch(struct task_struct *task, u64 addr, enum access access)
{
	return task_touch(tm.m, task, addr, access);
}

static void unmap(u64 addr, u64 len)
{
	CU_ASSERT_EQUAL(sys_munmap(tm.m, tm.init, addr, len), 0);
}

/* ---- Arguments. ---- */

static const struct {
	u64 addr, len, prot, flags, offset;
	s64 result;	/* > 0: that address, or any for 1 */
} mmap_rows[] = {
	{ 0, M2, RW, PRIVATE, 0, -ENOMEM },
	{ 0, M2, RW, SHARED, 0, -ENOMEM },
	{ 0, M2, RW, PRIVATE | MAP_NORESERVE, 0, 1 },
	{ 0, 4096, RW, PRIVATE | MAP_NORESERVE, 0, 1 },
	{ 0, M2, RW, PRIVATE | MAP_NORESERVE, 4096, -EINVAL },
	{ 0, M2, RW, PRIVATE | MAP_NORESERVE, M2, 1 },
	{ BASE, M2, RW, PRIVATE | MAP_NORESERVE | MAP_FIXED, 0, BASE },
	{ BASE + 4096, M2, RW, PRIVATE | MAP_NORESERVE | MAP_FIXED, 0, -EINVAL },
	{ 0, SZ_1G, RW, PRIVATE | MAP_NORESERVE | 30 << MAP_HUGE_SHIFT, 0, 1 },
	{ 0, M2, RW, PRIVATE | MAP_NORESERVE | 21 << MAP_HUGE_SHIFT, 0, 1 },
	{ 0, M2, RW, PRIVATE | MAP_NORESERVE | 16 << MAP_HUGE_SHIFT, 0, -EINVAL },
	{ 0, M2, RW, PRIVATE | MAP_NORESERVE | MAP_GROWSDOWN, 0, -EINVAL },
	{ 0, M2, RW, MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, 0, -EINVAL },
	{ 0, M2, PROT_NONE, PRIVATE | MAP_NORESERVE, 0, 1 },
	{ 0, M2, RW, PRIVATE | MAP_NORESERVE | MAP_LOCKED, 0, 1 },
	{ 0, 0, RW, PRIVATE | MAP_NORESERVE, 0, -EINVAL },
	{ 0, M2, RW, MAP_SHARED_VALIDATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE, 0, 1 },
};

static void test_mmap(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		boot(r, NULL);
		for (unsigned int i = 0; i < ARRAY_SIZE(mmap_rows); i++) {
			const struct mmap_request req = {
				.addr = mmap_rows[i].addr, .len = mmap_rows[i].len,
				.prot = mmap_rows[i].prot, .flags = mmap_rows[i].flags,
				.offset = mmap_rows[i].offset,
			};
			s64 expected = mmap_rows[i].result, found;
			u64 where = 0;
			int err = sys_mmap(tm.m, tm.init, &req, &where);

			found = err ? err : expected == 1 ? 1 : (s64)where;
			CU_ASSERT_EQUAL(found, expected);
			if (found != expected)
				fprintf(stderr, "row %u: %lld, expected %lld\n", i,
					(long long)found, (long long)expected);
			/* Nobody was promised a page, so nobody gets one. */
			if (!err && req.prot)
				CU_ASSERT_EQUAL(touch(tm.init, where, ACCESS_LOAD), 7);
		}
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		end();
	}
}

/* What changes a mapping does it by whole pages. */
static void test_alignment(void)
{
	static const struct {
		int advice, err;
		u64 addr, len;
	} rows[] = {
		{ MADV_DONTNEED, 0, 0, 4096 }, { MADV_DONTNEED, -EINVAL, 4096, 4096 },
		{ MADV_DONTNEED_LOCKED, 0, 0, M2 }, { MADV_FREE, -EINVAL, 0, M2 },
		{ MADV_COLD, -EINVAL, 0, M2 }, { MADV_PAGEOUT, -EINVAL, 0, M2 },
		{ MADV_WILLNEED, 0, 0, M2 }, { MADV_HUGEPAGE, 0, 0, M2 },
		{ MADV_NOHUGEPAGE, -EINVAL, 0, 4096 }, { MADV_MERGEABLE, 0, 0, M2 },
		{ MADV_DONTFORK, 0, 0, M2 }, { MADV_DOFORK, 0, 0, M2 },
		{ MADV_WIPEONFORK, -EINVAL, 0, M2 }, { MADV_DODUMP, 0, 0, M2 },
		{ MADV_COLLAPSE, -EINVAL, 0, M2 }, { MADV_REMOVE, -EACCES, 0, M2 },
		{ MADV_POPULATE_READ, -EFAULT, 0, M2 },
		{ MADV_POPULATE_WRITE, -EFAULT, 0, M2 },
		{ MADV_GUARD_INSTALL, -EINVAL, 0, M2 },
	};
	struct mremap_request grow = { .old_len = M2, .new_len = 2 * M2, .flags = 1 };
	u64 addr;

	for (unsigned int r = 0; r < 2; r++) {
		boot(r, NULL);
		addr = map(4 * M2, PRIVATE | MAP_NORESERVE);
		CU_ASSERT_EQUAL(addr % M2, 0);
		for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
			CU_ASSERT_EQUAL(sys_madvise(tm.m, tm.init, addr + rows[i].addr,
						    rows[i].len, rows[i].advice), rows[i].err);
		CU_ASSERT_EQUAL(sys_munmap(tm.m, tm.init, addr, 4096), -EINVAL);
		CU_ASSERT_EQUAL(sys_munmap(tm.m, tm.init, addr + M2, M2 - 4096), -EINVAL);
		CU_ASSERT_EQUAL(sys_mprotect(tm.m, tm.init, addr, 4096, PROT_READ), -EINVAL);
		CU_ASSERT_EQUAL(sys_mprotect(tm.m, tm.init, addr, M2, PROT_READ), 0);
		CU_ASSERT_EQUAL(sys_mlock2(tm.m, tm.init, addr, M2, 0), -ENOMEM);
		grow.addr = addr + 2 * M2;
		CU_ASSERT_EQUAL(sys_mremap(tm.m, tm.init, &grow, &grow.new_addr), -EINVAL);
		CU_ASSERT_EQUAL(map_at(tm.init, addr, 4096, RW, MAP_PRIVATE | MAP_ANONYMOUS |
				       MAP_FIXED, NULL), r ? -EINVAL : -ENOMEM);
		unmap(addr + M2, M2);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		end();
	}
}

/* ---- Promises. ---- */

static void test_private(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		u64 addr, free_before;

		boot(r, NULL);
		free_before = global_zone_stat(tm.m, NR_FREE_PAGES);
		resize(4);
		pool_is(4, 4, 0, 0);
		addr = map(3 * M2, PRIVATE);
		pool_is(4, 4, 3, 0);
		CU_ASSERT_EQUAL(map_at(tm.init, 0, 2 * M2, RW, PRIVATE, NULL), -ENOMEM);
		CU_ASSERT_EQUAL(touch(tm.init, addr + 5000, ACCESS_STORE), 0);
		CU_ASSERT_EQUAL(touch(tm.init, addr + M2, ACCESS_LOAD), 0);
		CU_ASSERT_EQUAL(tm.init->mm->hugetlb_usage, 1024);
		pool_is(4, 2, 1, 0);
		CU_ASSERT_EQUAL(touch(tm.init, addr + M2 + 4096, ACCESS_STORE), 0);
		pool_is(4, 2, 1, 0);
		/* A page that goes is free, and since 6.9 promised again. */
		CU_ASSERT_EQUAL(sys_madvise(tm.m, tm.init, addr, M2, MADV_DONTNEED), 0);
		pool_is(4, 3, r ? 2 : 1, 0);
		unmap(addr + M2, M2);
		pool_is(4, 4, r ? 2 : 1, 0);
		unmap(addr, 3 * M2);
		pool_is(4, 4, 0, 0);
		resize(0);
		pool_is(0, 0, 0, 0);
		drain_all_pages(tm.m, NULL);
		CU_ASSERT(global_zone_stat(tm.m, NR_FREE_PAGES) + 64 >= free_before);
		end();
	}
}

static void test_noreserve_takes_what_is_left(void)
{
	boot(1, NULL);
	resize(2);
	u64 promised = map(M2, PRIVATE), other = map(2 * M2, PRIVATE | MAP_NORESERVE);

	CU_ASSERT_EQUAL(touch(tm.init, other, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(touch(tm.init, other + M2, ACCESS_STORE), 7);
	CU_ASSERT_EQUAL(touch(tm.init, promised, ACCESS_STORE), 0);
	pool_is(2, 0, 0, 0);
	end();
}

/* init has one page of a pool of so many, at *addr, and a child that shares it. */
static struct task_struct *share_with_child(unsigned int release, u64 pages, u64 *addr)
{
	boot(release, NULL);
	resize(pages);
	*addr = map(M2, PRIVATE);
	CU_ASSERT_EQUAL(touch(tm.init, *addr, ACCESS_STORE), 0);
	return task_fork(tm.m, tm.init, 17);
}

/* A child that reads shares, who writes copies; the owner's copy needs no promise. */
static void test_fork(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		u64 addr;
		struct task_struct *child = share_with_child(r, 2, &addr);

		pool_is(2, 1, 0, 0);
		CU_ASSERT_EQUAL(child->mm->hugetlb_usage, 512);
		CU_ASSERT_EQUAL(touch(child, addr, ACCESS_LOAD), 0);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
		pool_is(2, 0, 0, 0);
		CU_ASSERT_EQUAL(touch(child, addr, ACCESS_STORE), 0);
		pool_is(2, 0, 0, 0);
		task_end(tm.m, tm.init, child->pid, 0);
		pool_is(2, 1, 0, 0);
		end();
	}
}

/* No page is left for the owner's copy: the child loses its own, and SIGBUS. */
static void test_owner_takes_from_child(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		u64 addr;
		struct task_struct *child = share_with_child(r, 1, &addr);

		CU_ASSERT_EQUAL(touch(child, addr, ACCESS_LOAD), 0);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
		CU_ASSERT_EQUAL(child->mm->hugetlb_usage, 0);
		CU_ASSERT_EQUAL(touch(child, addr, ACCESS_LOAD), 7);
		pool_is(1, 0, 0, 0);
		task_end(tm.m, tm.init, child->pid, 0);
		unmap(addr, M2);
		pool_is(1, 1, 0, 0);
		end();
	}
}

/* The child's is looked for where the owner has its own, who has moved: it is not found. */
static void test_owner_has_moved(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		struct mremap_request move = {
			.old_len = M2, .new_len = M2, .flags = MREMAP_MAYMOVE | MREMAP_FIXED,
			.new_addr = 0x20000000,
		};
		struct task_struct *child;
		u64 addr;

		child = share_with_child(r, 1, &move.addr);
		sched_switch_to(tm.m, tm.init);
		CU_ASSERT_EQUAL(sys_mremap(tm.m, tm.init, &move, &addr), 0);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 7);
		CU_ASSERT_EQUAL(child->mm->hugetlb_usage, 512);
		task_end(tm.m, tm.init, child->pid, 0);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
		end();
	}
}

/*
 * The owner goes while a child has its page: since 6.9 the owner's promise is counted
 * when the page is freed, so until then there is one too few.
 */
static void test_owner_goes_first(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		u64 addr;
		struct task_struct *child = share_with_child(r, 2, &addr);

		sched_switch_to(tm.m, tm.init);
		unmap(addr, M2);
		pool_is(2, 1, r ? -1LL : 0, 0);
		task_end(tm.m, tm.init, child->pid, 0);
		pool_is(2, 2, 0, 0);
		end();
	}
}

/* A child's write finds no page: the child gets SIGBUS, the parent keeps its own. */
static void test_child_without_page(void)
{
	struct task_struct *child;
	u64 addr;

	boot(1, NULL);
	resize(1);
	addr = map(M2, PRIVATE);
	CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
	child = task_fork(tm.m, tm.init, 17);
	CU_ASSERT_EQUAL(touch(child, addr, ACCESS_STORE), 7);
	CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_LOAD), 0);
	pool_is(1, 0, 0, 0);
	end();
}

/* ---- Files. ---- */

static void test_shared(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		struct task_struct *child;
		u64 addr;

		boot(r, NULL);
		resize(3);
		addr = map(2 * M2, SHARED);
		pool_is(3, 3, 2, 0);
		child = task_fork(tm.m, tm.init, 17);
		CU_ASSERT_EQUAL(touch(child, addr, ACCESS_STORE), 0);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
		pool_is(3, 2, 1, 0);
		task_end(tm.m, tm.init, child->pid, 0);
		CU_ASSERT_EQUAL(sys_madvise(tm.m, tm.init, addr, M2, MADV_DONTNEED), 0);
		pool_is(3, 2, 1, 0);
		CU_ASSERT_EQUAL(sys_madvise(tm.m, tm.init, addr, M2, MADV_REMOVE), 0);
		pool_is(3, 3, 1, 0);
		unmap(addr, 2 * M2);
		pool_is(3, 3, 0, 0);
		end();
	}
}

static void test_memfd(void)
{
	struct task_struct *init;
	struct file *file;
	u64 addr, done;
	s64 other;
	int fd;

	boot(1, NULL);
	init = tm.init;
	resize(4);
	CU_ASSERT_EQUAL(sys_memfd_create(tm.m, init, "x", 4 | 16 << 26, &fd), -ENODEV);
	CU_ASSERT_EQUAL_FATAL(sys_memfd_create(tm.m, init, "x", 4, &fd), 0);
	file = fget(tm.m, init, fd);
	CU_ASSERT_EQUAL(sys_ftruncate(tm.m, init, fd, 4096), -EINVAL);
	CU_ASSERT_EQUAL(sys_ftruncate(tm.m, init, fd, 4 * M2), 0);
	CU_ASSERT_EQUAL(sys_readahead(tm.m, init, fd, 0, 4096), 0);
	addr = (u64)map_at(init, 0, 4096, RW, MAP_SHARED, file);
	pool_is(4, 4, 1, 0);
	CU_ASSERT_EQUAL(touch(init, addr, ACCESS_STORE), 0);
	/* A private view reads the file's page and copies it to write. */
	other = map_at(init, 0, M2, RW, MAP_PRIVATE, file);
	pool_is(4, 3, 1, 0);
	CU_ASSERT_EQUAL(touch(init, (u64)other, ACCESS_LOAD), 0);
	pool_is(4, 3, 1, 0);
	CU_ASSERT_EQUAL(touch(init, (u64)other, ACCESS_STORE), 0);
	pool_is(4, 2, 0, 0);
	CU_ASSERT_EQUAL(sys_fallocate(tm.m, init, fd, 0, 0, 3 * M2), 0);
	pool_is(4, 0, 0, 0);
	CU_ASSERT_EQUAL(sys_fallocate(tm.m, init, fd, 0, 0, 4 * M2), -ENOSPC);
	CU_ASSERT_EQUAL(sys_fallocate(tm.m, init, fd, 3, M2 - 4096, M2 + 8192), 0);
	pool_is(4, 1, 0, 0);
	CU_ASSERT_EQUAL(sys_pread(tm.m, init, fd, 0, 10, &done), 0);
	CU_ASSERT_EQUAL(done, 10);
	CU_ASSERT_EQUAL(sys_pwrite(tm.m, init, fd, 0, 10, &done), -EINVAL);
	CU_ASSERT_EQUAL(sys_ftruncate(tm.m, init, fd, 0), 0);
	/* The private view may have its page once more. */
	pool_is(4, 4, 1, 0);
	CU_ASSERT_EQUAL(touch(init, addr, ACCESS_LOAD), 7);
	CU_ASSERT_EQUAL(sys_close(tm.m, init, fd), 0);
	unmap(addr, M2);
	unmap((u64)other, M2);
	pool_is(4, 4, 0, 0);
	end();
}

/* SysV shared memory is promised when it is made. */
static void test_shm(void)
{
	struct hugetlb_file_request req = {
		.name = "/SYSV00000000", .size = 2 * M2, .kind = HUGETLB_SHMFS_INODE,
	};
	struct file *file;
	s64 addr;

	boot(1, NULL);
	CU_ASSERT_EQUAL(hugetlb_file_setup(tm.m, tm.init, &req, &file), -ENOMEM);
	resize(2);
	CU_ASSERT_EQUAL_FATAL(hugetlb_file_setup(tm.m, tm.init, &req, &file), 0);
	pool_is(2, 2, 2, 0);
	addr = map_at(tm.init, 0, 2 * M2, RW, MAP_SHARED, file);
	pool_is(2, 2, 2, 0);
	CU_ASSERT_EQUAL(touch(tm.init, (u64)addr, ACCESS_STORE), 0);
	pool_is(2, 1, 1, 0);
	unmap((u64)addr, 2 * M2);
	pool_is(2, 1, 1, 0);
	fput(tm.m, file);
	pool_is(2, 2, 0, 0);
	end();
}

/* ---- Pools. ---- */

static void test_surplus(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		u64 addr;

		boot(r, NULL);
		resize(1);
		hugetlb_set_overcommit(tm.m, ORDER, 2);
		addr = map(3 * M2, PRIVATE);
		pool_is(3, 3, 3, 2);
		CU_ASSERT_EQUAL(map_at(tm.init, 0, M2, RW, PRIVATE, NULL), -ENOMEM);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
		pool_is(3, 2, 2, 2);
		/* What the pool should have takes pages from the surplus. */
		resize(2);
		pool_is(3, 2, 2, 1);
		unmap(addr, 3 * M2);
		pool_is(2, 2, 0, 0);
		/* A pool that shrinks below what is in use. */
		addr = map(2 * M2, PRIVATE);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
		resize(0);
		pool_is(2, 1, 1, 2);
		CU_ASSERT_EQUAL(tm.m->tunables->nr_hugepages, 0);
		unmap(addr, 2 * M2);
		pool_is(0, 0, 0, 0);
		/* Without a promise, a fault may take a page more. */
		addr = map(M2, PRIVATE | MAP_NORESERVE);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
		pool_is(1, 0, 0, 1);
		unmap(addr, M2);
		pool_is(0, 0, 0, 0);
		end();
	}
}

static void test_gigantic(void)
{
	struct hstate *h;
	u64 addr;

	const char *const sets[] = {
		"release=6.18", "cmdline=hugepagesz=1G hugepages=1", "node 1.memory=5G", NULL,
	};

	task_machine_boot(&tm, "pc", sets);
	h = hugetlb_hstate(tm.m, GIGANTIC_PAGE_ORDER);
	CU_ASSERT_EQUAL(h->free_huge_pages, 1);
	addr = map(SZ_1G, PRIVATE | 30 << MAP_HUGE_SHIFT);
	CU_ASSERT_EQUAL(addr % SZ_1G, 0);
	CU_ASSERT_EQUAL(h->resv_huge_pages, 1);
	CU_ASSERT_EQUAL(touch(tm.init, addr + 700 * SZ_1M, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(h->free_huge_pages, 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	unmap(addr, SZ_1G);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	CU_ASSERT_EQUAL(hugetlb_demote(tm.m, h, NUMA_NO_NODE, 1), 0);
	CU_ASSERT_EQUAL(h->nr_huge_pages, 0);
	pool_is(512, 512, 0, 0);
	resize(0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* Its memory is free now, and of one piece. */
	CU_ASSERT_EQUAL(hugetlb_resize(tm.m, GIGANTIC_PAGE_ORDER, NUMA_NO_NODE, 1), 0);
	CU_ASSERT_EQUAL(h->nr_huge_pages, 1);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	CU_ASSERT_EQUAL(hugetlb_resize(tm.m, GIGANTIC_PAGE_ORDER, NUMA_NO_NODE, 0), 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	end();
}

static void test_mremap(void)
{
	for (unsigned int r = 0; r < 2; r++) {
		struct mremap_request req = {
			.old_len = M2, .new_len = M2, .flags = MREMAP_MAYMOVE | MREMAP_FIXED,
			.new_addr = BASE,
		};
		u64 where;

		boot(r, NULL);
		resize(2);
		req.addr = map(M2, PRIVATE);
		CU_ASSERT_EQUAL(touch(tm.init, req.addr, ACCESS_STORE), 0);
		CU_ASSERT_EQUAL(sys_mremap(tm.m, tm.init, &req, &where), 0);
		CU_ASSERT_EQUAL(where, BASE);
		pool_is(2, 1, 0, 0);
		CU_ASSERT_EQUAL(touch(tm.init, BASE, ACCESS_STORE), 0);
		unmap(BASE, M2);
		pool_is(2, 2, 0, 0);
		/* A part moves: the promise of what stays is lost. */
		req.addr = map(2 * M2, PRIVATE);
		CU_ASSERT_EQUAL(sys_mremap(tm.m, tm.init, &req, &where), 0);
		pool_is(2, 2, 2, 0);
		unmap(BASE, M2);
		unmap(req.addr + M2, M2);
		pool_is(2, 2, 1, 0);
		CU_ASSERT_EQUAL(pool()->resv_lost, 1);
		end();
	}
}

/* The protection of what is mapped changes; a write after it copies nothing. */
static void test_mprotect(void)
{
	u64 addr;

	boot(1, NULL);
	resize(1);
	addr = map(M2, PRIVATE);
	CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(sys_mprotect(tm.m, tm.init, addr, M2, PROT_NONE), 0);
	CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_LOAD), 11);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	CU_ASSERT_EQUAL(sys_mprotect(tm.m, tm.init, addr, M2, RW), 0);
	CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
	pool_is(1, 0, 0, 0);
	end();
}

/* Pages of other sizes, in tables of other shapes. */
static void test_architectures(void)
{
	static const struct {
		const char *arch;
		unsigned int order, level;
	} rows[] = {
		{ "arch=i386", 10, 1 }, { "arch=i386-pae", 9, 1 }, { "arch=x86_64-la57", 9, 1 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *sets[] = { rows[i].arch, NULL };
		bool is_32bit = i < 2;
		u64 size = PAGE_SIZE << rows[i].order, addr;
		struct task_struct *child;
		struct hstate *h;

		task_machine_boot(&tm, is_32bit ? "i386" : "pc", sets);
		h = hugetlb_hstate(tm.m, rows[i].order);
		CU_ASSERT_EQUAL(hugetlb_resize(tm.m, rows[i].order, NUMA_NO_NODE, 3), 0);
		CU_ASSERT_EQUAL(h->nr_huge_pages, 3);
		addr = map(2 * size, PRIVATE);
		CU_ASSERT_EQUAL(addr % size, 0);
		CU_ASSERT_EQUAL(hugetlb_level(tm.m, vma_lookup(tm.m, tm.init->mm, addr)),
				rows[i].level);
		CU_ASSERT_EQUAL(touch(tm.init, addr + 5000, ACCESS_STORE), 0);
		child = task_fork(tm.m, tm.init, 17);
		CU_ASSERT_EQUAL(touch(child, addr, ACCESS_LOAD), 0);
		CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
		CU_ASSERT_EQUAL(h->free_huge_pages, 1);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		task_end(tm.m, tm.init, child->pid, 0);
		CU_ASSERT_EQUAL(h->free_huge_pages, 2);
		CU_ASSERT_EQUAL(h->resv_huge_pages, 1);
		unmap(addr, 2 * size);
		CU_ASSERT_EQUAL(h->free_huge_pages, 3);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		end();
	}
}

/* Where a mapping of huge pages goes: from the top, aligned; hints are rounded. */
static void test_placement(void)
{
	static const struct {
		u64 hint;
		u64 result[2];
	} rows[] = {
		{ 0x10001000, { 0x10000000, 0x10200000 } },
		{ 0x101ff000, { 0x10000000, 0x10200000 } },
		{ 0x10000000, { 0x10000000, 0x10000000 } },
	};

	for (unsigned int r = 0; r < 2; r++) {
		u64 first, second, huge;

		boot(r, NULL);
		for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
			s64 where = map_at(tm.init, rows[i].hint, M2, RW,
					   PRIVATE | MAP_NORESERVE, NULL);

			CU_ASSERT_EQUAL(where, (s64)rows[i].result[r]);
			unmap((u64)where, M2);
		}
		first = map(M2, PRIVATE | MAP_NORESERVE);
		second = map(M2, PRIVATE | MAP_NORESERVE);
		CU_ASSERT_EQUAL(second, first - M2);
		huge = map(SZ_1G, PRIVATE | MAP_NORESERVE | 30 << MAP_HUGE_SHIFT);
		CU_ASSERT_EQUAL(huge, ALIGN_DOWN(second - SZ_1G, SZ_1G));
		end();
	}
}

/* A VMA's policy says which node's pool; turns of pools go over the nodes. */
static void test_nodes(void)
{
	const struct mbind_request bind = {
		.len = 2 * M2, .mode = MPOL_BIND, .nodes = { true, 2, MAXNODE_ALL },
	};
	struct mbind_request req = bind;
	u64 addr;

	boot(1, NULL);
	resize(4);
	CU_ASSERT_EQUAL(pool()->nr_node[0], 2);
	CU_ASSERT_EQUAL(pool()->nr_node[1], 2);
	addr = req.start = map(2 * M2, PRIVATE);
	CU_ASSERT_EQUAL(sys_mbind(tm.m, tm.init, &req), 0);
	CU_ASSERT_EQUAL(touch(tm.init, addr, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(touch(tm.init, addr + M2, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(pool()->free_node[0], 2);
	CU_ASSERT_EQUAL(pool()->free_node[1], 0);
	CU_ASSERT_EQUAL(tm.m->nodes[1]->stat[NR_HUGETLB], 1024);
	CU_ASSERT_EQUAL(hugetlb_resize(tm.m, ORDER, 0, 0), 0);
	pool_is(2, 0, 0, 0);
	CU_ASSERT_EQUAL(hugetlb_resize(tm.m, ORDER, 1, 3), 0);
	pool_is(3, 1, 0, 0);
	CU_ASSERT_EQUAL(pool()->nr_node[1], 3);
	end();
}

/* ---- What files say. ---- */

#define POOL_DIR "sys/kernel/mm/hugepages/hugepages-2048kB/"
#define GIGANTIC_DIR "sys/kernel/mm/hugepages/hugepages-1048576kB/"
#define NODE_DIR "sys/devices/system/node/node1/hugepages/hugepages-2048kB/"

static const struct {
	const char *line;	/* run, unless it is NULL */
	int err;
	const char *path, *text;	/* which then says so; NULL: not looked at */
} file_rows[] = {
	{ POOL_DIR "nr_hugepages: 4", 0, "proc/meminfo", "HugePages_Total:       4\n" },
	{ NULL, 0, "proc/meminfo", "Hugetlb:            8192 kB\n" },
	{ NULL, 0, NODE_DIR "nr_hugepages", "2\n" },
	{ NULL, 0, "sys/devices/system/node/node1/meminfo", "Node 1 HugePages_Free:      2\n" },
	{ "sim/as/init/ctl: fork as a", 0, NULL, NULL },
	{ "sim/as/a/ctl: mmap 0 4M rw private,anon,hugetlb as m", 0, POOL_DIR "resv_hugepages",
	  "2\n" },
	{ NULL, 0, "sim/as/a/maps", "/anon_hugepage (deleted)\n" },
	{ "sim/as/a/ctl: store @m 4K", 0, "sim/as/a/status", "HugetlbPages:\t    2048 kB\n" },
	{ NULL, 0, "sim/as/a/smaps", "KernelPageSize:     2048 kB\nMMUPageSize:        2048 kB\n"
	  "Rss:                   0 kB\n" },
	{ NULL, 0, "sim/as/a/smaps", "Private_Hugetlb:    2048 kB\n" },
	{ NULL, 0, "sim/as/a/smaps", "VmFlags: rd wr mr mw me de ht sd \n" },
	{ NULL, 0, "sim/as/a/numa_maps", " huge anon=1 dirty=1 N0=1 "
	  "kernelpagesize_kB=2048\n" },
	{ NULL, 0, "proc/vmstat", "nr_hugetlb 512\n" },
	{ "sim/as/a/ctl: fork as b", 0, "sim/as/b/smaps", "Shared_Hugetlb:     2048 kB\n" },
	{ NULL, 0, "sim/as/b/numa_maps", " mapmax=2 " },
	{ "proc/sys/vm/nr_hugepages: 1", 0, POOL_DIR "surplus_hugepages", "1\n" },
	{ NULL, 0, "proc/sys/vm/nr_hugepages", "1\n" },
	{ NULL, 0, POOL_DIR "nr_hugepages", "2\n" },
	/* Three that are not surplus, and the surplus page is the other node's. */
	{ NODE_DIR "nr_hugepages: 3", 0, NODE_DIR "free_hugepages", "4\n" },
	{ "proc/sys/vm/nr_overcommit_hugepages: 3", 0, POOL_DIR "nr_overcommit_hugepages", "3\n" },
	{ GIGANTIC_DIR "nr_overcommit_hugepages: 3", -EINVAL, NULL, NULL },
	{ GIGANTIC_DIR "demote: 1", 0, GIGANTIC_DIR "nr_hugepages", "0\n" },
	{ GIGANTIC_DIR "demote_size: 4096", -EINVAL, GIGANTIC_DIR "demote_size", "2048kB\n" },
	{ "sim/as/a/ctl: mmap 0 2M rw private,anon,hugetlb,21<<MAP_HUGE_SHIFT", 0, NULL, NULL },
	{ "sim/as/a/ctl: memfd_create x MFD_HUGETLB|MFD_HUGE_2MB as fd", 0, NULL, NULL },
	{ POOL_DIR "nr_hugepages: 6", 0, NULL, NULL },
	{ "sim/as/a/ctl: shmget 0 3M creat,hugetlb,0600 as shm", 0, POOL_DIR "resv_hugepages", "4\n" },
	{ "sim/as/a/ctl: shmat @shm 0 0 as at", 0, "sim/as/a/maps", " /SYSV00000000 (deleted)\n" },
	{ "sim/as/a/ctl: store @at+2M", 0, POOL_DIR "resv_hugepages", "3\n" },
	{ "sim/as/a/ctl: shmget 0 3M creat,hugetlb,16<<SHM_HUGE_SHIFT", -EINVAL, NULL, NULL },
	{ "sim/as/a/ctl: shmctl @shm rmid", 0, NULL, NULL },
	{ "sim/as/a/ctl: shmdt @at", 0, POOL_DIR "resv_hugepages", "2\n" },
	{ "sim/as/a/ctl: mmap 0 2M r shared,noreserve @fd", 0, "sim/as/a/maps",
	  " /memfd:x (deleted)\n" },
};

static void test_files(void)
{
	struct lab lab;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "pc"), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(file_rows); i++) {
		const char *line = file_rows[i].line, *path = file_rows[i].path;
		int err = line ? lab_run(&lab, line) : 0;

		if (err != file_rows[i].err)
			fprintf(stderr, "%s: %d %s\n", line, err, lab_text(&lab.sentence));
		CU_ASSERT_EQUAL(err, file_rows[i].err);
		if (!path || strstr(lab_cat(&lab, path), file_rows[i].text))
			continue;
		CU_FAIL("a file does not say it");
		fprintf(stderr, "row %u, %s: not %s%s", i, path, file_rows[i].text,
			lab_cat(&lab, path));
	}
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "mmap", test_mmap }, { "alignment", test_alignment }, { "private", test_private },
	{ "without a promise", test_noreserve_takes_what_is_left }, { "fork", test_fork },
	{ "the owner takes from a child", test_owner_takes_from_child },
	{ "the owner has moved", test_owner_has_moved },
	{ "the owner goes first", test_owner_goes_first },
	{ "a child without a page", test_child_without_page }, { "shared", test_shared },
	{ "memfd", test_memfd }, { "shared memory", test_shm }, { "surplus", test_surplus },
	{ "gigantic", test_gigantic }, { "mremap", test_mremap },
	{ "mprotect", test_mprotect }, { "architectures", test_architectures },
	{ "files", test_files }, { "placement", test_placement }, { "nodes", test_nodes },
};

int main(void)
{
	return suite_main("hugetlb", tests, ARRAY_SIZE(tests), NULL, NULL);
}
