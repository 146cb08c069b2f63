// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files as tasks use them: descriptors, pages of disks and of shared memory, charges,
 * truncation, holes, mappings; what was taken is given back.
 */
#include <stdlib.h>

#include "sim/phys/lru.h"
#include "sim/phys/folio.h"
#include "sim/phys/section.h"
#include "sim/virt/blk.h"
#include "sim/virt/content.h"
#include "sim/virt/exec.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/rmap.h"
#include "sim/virt/virt.h"
#include "support.h"
#include "task_machine.h"

#define PUNCH_KEEP 3

static struct task_machine tm;
static struct task_struct *task;

static struct machine *open_machine(const char *release)
{
	const char *sets[] = { release, "file /bin/tool.size=300000", NULL };

	task_machine_boot(&tm, "tiny", sets);
	if (!tm.init->mm)
		CU_ASSERT_EQUAL_FATAL(run_init_process(tm.m), 0);
	task = task_fork(tm.m, tm.init, 0);
	return tm.m;
}

static void close_machine(struct machine *m)
{
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	task_end(m, tm.init, task->pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	task_machine_end(&tm);
}

static s64 node_stat(const struct machine *m, enum node_stat_item item)
{
	return m->nodes[0]->stat[item];
}

static int open_file(struct machine *m, const char *path, u32 flags)
{
	int fd = -1;

	CU_ASSERT_EQUAL(sys_open(m, task, path, flags, 0600, &fd), 0);
	return fd;
}

static u64 map_file(struct machine *m, int fd, u64 addr, u64 len, u64 flags)
{
	const struct mmap_request req = {
		.addr = addr, .len = len, .prot = PROT_READ | PROT_WRITE, .flags = flags,
		.file = fd < 0 ? NULL : fget(m, task, fd),
	};
	u64 where = 0;

	CU_ASSERT_EQUAL(sys_mmap(m, task, &req, &where), 0);
	return where;
}

static int touch(struct machine *m, u64 addr, enum access access)
{
	struct access_result result = { 0 };

	CU_ASSERT_EQUAL(task_access(m, task, addr, access, &result), 0);
	return result.signal;
}

static u64 rss(const struct machine *m, enum mm_counter counter)
{
	u64 pages = 0;

	for (u64 addr = 0x10000000; addr < 0x10100000; addr += PAGE_SIZE) {
		u32 pfn = follow_page(m, task->mm, addr);

		if (pfn != PFN_NIL && pfn != m->virt->zero_pfn)
			pages += mm_counter_of(pfn_to_page(m, pfn)) == counter;
	}
	return pages;
}

static void test_descriptors(void)
{
	struct machine *m = open_machine("release=6.18");
	int a = open_file(m, "/dev/shm/a", O_RDWR | O_CREAT), b, fd;
	u32 files = m->virt->files.nr_live;

	b = open_file(m, "/dev/shm/a", O_RDONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(b, a + 1);
	CU_ASSERT_EQUAL(sys_open(m, task, "/dev/shm/a", O_RDWR | O_CREAT | O_EXCL, 0, &fd), -EEXIST);
	CU_ASSERT_EQUAL(sys_open(m, task, "/dev/shm/b", O_RDWR, 0, &fd), -ENOENT);
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, b, 5), -EINVAL);
	CU_ASSERT_EQUAL(sys_close(m, task, a), 0);
	CU_ASSERT_EQUAL(sys_close(m, task, a), -EBADF);
	CU_ASSERT_EQUAL(open_file(m, "/bin/tool", O_RDONLY), a);
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(open_file(m, "/dev/zero", O_RDWR), b + 1 + i);
	CU_ASSERT(fd_is_cloexec(task->files, (u32)b));
	fd_close_on_exec(m, task->files);
	CU_ASSERT_PTR_NULL(fget(m, task, b));
	CU_ASSERT_EQUAL(m->virt->files.nr_live, files + 100);
	CU_ASSERT_EQUAL(sys_unlink(m, task, "/dev/shm/a"), 0);
	CU_ASSERT_EQUAL(sys_unlink(m, task, "/dev/shm/a"), -ENOENT);
	close_machine(m);
}

/* The walk of a captured run: windows, holes, writes, private copies, truncation. */
static void shmem_walk(const char *release)
{
	struct machine *m = open_machine(release);
	s64 shmem = node_stat(m, NR_SHMEM), cached = node_stat(m, NR_FILE_PAGES);
	s64 committed = m->virt->committed_as;
	int fd = open_file(m, "/dev/shm/kmm04", O_RDWR | O_CREAT);
	u64 b = 0x10000000, done;

	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 256 * SZ_1K), 0);
	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 0, 128 * SZ_1K, &done), 0);
	CU_ASSERT_EQUAL(done, 128 * SZ_1K);
	CU_ASSERT_EQUAL(node_stat(m, NR_SHMEM), shmem + 32);
	CU_ASSERT_EQUAL(node_stat(m, NR_FILE_PAGES), cached + 32);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed + 32);
	CU_ASSERT_EQUAL(map_file(m, fd, b, 256 * SZ_1K, MAP_SHARED | MAP_FIXED_NOREPLACE), b);
	CU_ASSERT_EQUAL(touch(m, b + 20 * SZ_1K, ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(rss(m, MM_SHMEMPAGES), 16);
	CU_ASSERT_EQUAL(touch(m, b + 64 * SZ_1K, ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(rss(m, MM_SHMEMPAGES), 32);
	CU_ASSERT_EQUAL(touch(m, b + 132 * SZ_1K, ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(touch(m, b + 140 * SZ_1K, ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(rss(m, MM_SHMEMPAGES), 34);
	CU_ASSERT_EQUAL(touch(m, b + 200 * SZ_1K, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(rss(m, MM_SHMEMPAGES), 35);
	CU_ASSERT(page_flag(pfn_to_page(m, follow_page(m, task->mm, b + 200 * SZ_1K)), PG_dirty));
	CU_ASSERT(!page_flag(pfn_to_page(m, follow_page(m, task->mm, b + 132 * SZ_1K)), PG_dirty));
	CU_ASSERT_EQUAL(node_stat(m, NR_SHMEM), shmem + 35);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, PUNCH_KEEP, 0, 16 * SZ_1K), 0);
	CU_ASSERT_EQUAL(rss(m, MM_SHMEMPAGES), 31);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 32 * SZ_1K), 0);
	CU_ASSERT_EQUAL(rss(m, MM_SHMEMPAGES), 4);
	CU_ASSERT_EQUAL(touch(m, b + 32 * SZ_1K, ACCESS_LOAD), 7);
	CU_ASSERT_EQUAL(sys_unlink(m, task, "/dev/shm/kmm04"), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed + 4);
	CU_ASSERT_EQUAL(sys_munmap(m, task, b, SZ_1M), 0);
	CU_ASSERT_EQUAL(sys_close(m, task, fd), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed);
	CU_ASSERT_EQUAL(node_stat(m, NR_SHMEM), shmem);
	CU_ASSERT_EQUAL(node_stat(m, NR_FILE_PAGES), cached);
	close_machine(m);
}

static void test_shmem(void)
{
	shmem_walk("release=6.18");
	shmem_walk("release=6.1");
}

/* Anonymous shared memory is charged as a whole, given back when unmapped. */
/* Clean pages that are dropped stay charged for until the file gets another. */
static void test_shmem_dropped(void)
{
	struct machine *m = open_machine("release=6.18");
	int fd = open_file(m, "/dev/shm/dropped", O_RDWR | O_CREAT);
	s64 committed = m->virt->committed_as;
	u64 b = 0x10000000;

	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 8 * PAGE_SIZE), 0);
	map_file(m, fd, b, 8 * PAGE_SIZE, MAP_SHARED | MAP_FIXED);
	for (unsigned int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(touch(m, b + i * PAGE_SIZE, ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed + 4);
	CU_ASSERT_EQUAL(sys_munmap(m, task, b, SZ_1M), 0);
	drop_pagecache(m);
	CU_ASSERT_EQUAL(fget(m, task, fd)->inode->i_data.nrpages, 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed + 4);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	map_file(m, fd, b, 8 * PAGE_SIZE, MAP_SHARED | MAP_FIXED);
	CU_ASSERT_EQUAL(touch(m, b, ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed + 1);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	close_machine(m);
}

static void test_shared_anonymous(void)
{
	struct machine *m = open_machine("release=6.18");
	s64 committed = m->virt->committed_as;
	u32 inodes = m->virt->shmem_inodes.nr_live;
	u64 b = map_file(m, -1, 0x10000000, 64 * SZ_1K,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE);
	const struct inode *inode;
	struct task_struct *child;

	CU_ASSERT_EQUAL(m->virt->committed_as, committed + 16);
	CU_ASSERT_EQUAL(m->virt->shmem_inodes.nr_live, inodes + 1);
	CU_ASSERT_EQUAL(touch(m, b, ACCESS_STORE), 0);
	inode = inode_of(m, pfn_to_page(m, follow_page(m, task->mm, b))->mapping);
	CU_ASSERT_PTR_NOT_NULL_FATAL(inode);
	CU_ASSERT_STRING_EQUAL(inode->path, "/dev/zero");
	CU_ASSERT(inode->unlinked);
	CU_ASSERT_EQUAL(inode->dev_minor, 1);
	child = task_fork(m, task, 0);
	CU_ASSERT_EQUAL(m->virt->committed_as >= committed + 16, true);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	task_end(m, task, child->pid, 0);
	CU_ASSERT_EQUAL(sys_munmap(m, task, b, 64 * SZ_1K), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed);
	CU_ASSERT_EQUAL(m->virt->shmem_inodes.nr_live, inodes);
	close_machine(m);
}

/* A fault on a disk's file reads a window around it; the next are minor. */
static void test_disk(void)
{
	struct machine *m = open_machine("release=6.18");
	s64 cached = node_stat(m, NR_FILE_PAGES), major = m->event[PGMAJFAULT];
	int fd = open_file(m, "/bin/tool", O_RDWR);
	u64 b = map_file(m, fd, 0x10000000, 74 << PAGE_SHIFT, MAP_PRIVATE | MAP_FIXED_NOREPLACE);
	s64 dirtied, read;
	u64 done;

	CU_ASSERT_EQUAL(touch(m, b + (40 << PAGE_SHIFT), ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(m->event[PGMAJFAULT], major + 1);
	CU_ASSERT_EQUAL(task->maj_flt, 1);
	read = node_stat(m, NR_FILE_PAGES) - cached;
	CU_ASSERT_EQUAL(read, 32);
	CU_ASSERT_EQUAL(touch(m, b + (39 << PAGE_SHIFT), ACCESS_LOAD), 0);
	CU_ASSERT_EQUAL(m->event[PGMAJFAULT], major + 1);
	CU_ASSERT(rss(m, MM_FILEPAGES) > 1);
	CU_ASSERT_EQUAL(touch(m, b + (74 << PAGE_SHIFT), ACCESS_LOAD), 11);
	CU_ASSERT_EQUAL(sys_pread(m, task, fd, 0, 1 << 20, &done), 0);
	CU_ASSERT_EQUAL(done, 300000);
	CU_ASSERT_EQUAL(node_stat(m, NR_FILE_PAGES), cached + 74);
	dirtied = node_stat(m, NR_DIRTIED);
	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 4096, 8192, &done), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTIED), dirtied + 2);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 2);
	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 4096, 100, &done), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 2);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 100), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 1);	/* the first page was cut */
	CU_ASSERT_EQUAL(node_stat(m, NR_FILE_PAGES), cached + 1);
	CU_ASSERT_EQUAL(touch(m, b + (39 << PAGE_SHIFT), ACCESS_LOAD), 7);
	close_machine(m);
}

/* msync and fsync write: pages and entries are clean, the next store is noticed. */
static void test_writeback(void)
{
	struct machine *m = open_machine("release=6.18");
	int fd = open_file(m, "/bin/tool", O_RDWR);
	u64 b = map_file(m, fd, 0x10000000, 8 << PAGE_SHIFT, MAP_SHARED | MAP_FIXED_NOREPLACE);
	s64 written = node_stat(m, NR_WRITTEN), faults;

	CU_ASSERT_EQUAL(touch(m, b, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(touch(m, b + (5 << PAGE_SHIFT), ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 2);
	CU_ASSERT_EQUAL(sys_msync(m, task, b, 4 << PAGE_SHIFT, MS_ASYNC), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 2);
	CU_ASSERT_EQUAL(sys_msync(m, task, b, 4 << PAGE_SHIFT, MS_SYNC), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_WRITTEN), written + 1);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	faults = m->event[PGFAULT];
	CU_ASSERT_EQUAL(touch(m, b, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(m->event[PGFAULT], faults + 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 2);
	CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 0);
	CU_ASSERT_EQUAL(sys_munmap(m, task, b, 8 << PAGE_SHIFT), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_DIRTY), 0);
	drop_pagecache(m);
	CU_ASSERT_EQUAL(fget(m, task, fd)->inode->i_data.nrpages, 0);
	close_machine(m);
}

/* Reading in order: windows of 4, 8, 16, 32 pages behind each other. */
static void test_readahead(void)
{
	struct machine *m = open_machine("release=6.1");
	int fd = open_file(m, "/bin/tool", O_RDONLY);
	s64 cached = node_stat(m, NR_FILE_PAGES);
	static const struct { u64 page; s64 pages; } steps[] = {
		{ 0, 4 }, { 1, 12 }, { 2, 12 }, { 3, 12 }, { 4, 28 }, { 11, 28 }, { 12, 60 },
		{ 28, 74 }, { 73, 74 },
	};
	u64 done;

	for (unsigned int i = 0; i < ARRAY_SIZE(steps); i++) {
		CU_ASSERT_EQUAL(sys_pread(m, task, fd, steps[i].page << PAGE_SHIFT, 4096, &done), 0);
		if (node_stat(m, NR_FILE_PAGES) - cached != steps[i].pages)
			fprintf(stderr, "step %u: %lld pages\n", i,
				(long long)(node_stat(m, NR_FILE_PAGES) - cached));
		CU_ASSERT_EQUAL(node_stat(m, NR_FILE_PAGES) - cached, steps[i].pages);
	}
	close_machine(m);
}

/* A window that was larger, for more was wanted at once, does not shrink (a guest's pgpgin). */
static void test_window_stays(void)
{
	struct machine *m = open_machine("release=6.1");
	s64 cached = node_stat(m, NR_FILE_PAGES);
	u64 done;
	int fd;

	file_disk(m)->read_ahead_kb = 16;
	fd = open_file(m, "/bin/tool", O_RDONLY);
	CU_ASSERT_EQUAL(sys_pread(m, task, fd, 0, 4096, &done), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_FILE_PAGES) - cached, 2);
	CU_ASSERT_EQUAL(sys_pread(m, task, fd, 4096, 4096, &done), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_FILE_PAGES) - cached, 6);
	/* Windows of 8, 12, and 12 again, though only 4 pages are wanted then. */
	CU_ASSERT_EQUAL(sys_pread(m, task, fd, 8192, 16 * 4096, &done), 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_FILE_PAGES) - cached, 38);
	close_machine(m);
}

/* Pages that come from the disk when all of a file of a MiB is read. */
static s64 pages_read(struct machine *m, int fd)
{
	s64 before = m->event[PGPGIN];
	u64 done, bytes = task->io.read_bytes;

	CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
	drop_pagecache(m);
	CU_ASSERT_EQUAL(sys_pread(m, task, fd, 0, 1 << 20, &done), 0);
	CU_ASSERT_EQUAL(done, 1 << 20);
	CU_ASSERT_EQUAL(fget(m, task, fd)->inode->i_data.nrpages, 256);
	CU_ASSERT_EQUAL((s64)(task->io.read_bytes - bytes), (m->event[PGPGIN] - before) * 1024);
	return (m->event[PGPGIN] - before) / 4;
}

/* How often the page of /bin/tool was used, since this was last asked: 0 or 1. */
static unsigned int uses(struct machine *m, u64 addr)
{
	u64 vm_flags;

	touch(m, addr, ACCESS_LOAD);
	return folio_referenced(m, follow_page(m, task->mm, addr), NULL, &vm_flags);
}

/* What will not be used again is as old as it was, whoever maps it: since 6.3. */
static void test_noreuse(void)
{
	static const char *const releases[] = { "release=6.1", "release=6.18" };

	for (unsigned int new = 0; new < 2; new++) {
		struct machine *m = open_machine(releases[new]);
		int fd = open_file(m, "/bin/tool", O_RDONLY), other = open_file(m, "/bin/tool", O_RDONLY);
		u64 addr = map_file(m, fd, 0, 64 << 10, MAP_PRIVATE);
		u64 apart = map_file(m, other, 0, 64 << 10, MAP_PRIVATE);
		struct page *page;

		CU_ASSERT_EQUAL(uses(m, addr), 1);
		CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, 5), 0);
		CU_ASSERT_EQUAL(uses(m, addr), !new);
		CU_ASSERT_EQUAL(uses(m, apart), 1);
		/* Order is another matter; all is as usual again. */
		CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, 2), 0);
		CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, 1), 0);
		CU_ASSERT_EQUAL(uses(m, addr), !new);
		CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, 0), 0);
		CU_ASSERT_EQUAL(uses(m, addr), 1);
		/* A mapping that goes leaves word, but for this. */
		for (unsigned int said = 0; said < 2; said++) {
			touch(m, addr + said * PAGE_SIZE, ACCESS_LOAD);
			page = pfn_folio(m, follow_page(m, task->mm, addr + said * PAGE_SIZE));
			page_clear_flag(page, PG_referenced);
			CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, said ? 5 : 0), 0);
			CU_ASSERT_EQUAL(sys_munmap(m, task, addr + said * PAGE_SIZE, PAGE_SIZE), 0);
			CU_ASSERT_EQUAL(page_flag(page, PG_referenced), !said || !new);
		}
		close_machine(m);
	}
}

/* Holes are not read (a guest's pgpgin and diskstats: a block of 2048, and 64 that others follow). */
static void test_holes(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct machine *m = open_machine(i ? "release=6.18" : "release=6.1");
		int fd = open_file(m, "/hole", O_RDWR | O_CREAT);
		u64 done, b;
		s64 before;

		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 1 << 20), 0);
		CU_ASSERT_EQUAL(pages_read(m, fd), 0);
		CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 255 << PAGE_SHIFT, PAGE_SIZE, &done), 0);
		CU_ASSERT_EQUAL(pages_read(m, fd), 1);
		CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 0, 64 << PAGE_SHIFT, &done), 0);
		CU_ASSERT_EQUAL(pages_read(m, fd), 65);
		/* Nor are those that one punches, or part of one is written of, or faults in. */
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, PUNCH_KEEP, 0, 32 << PAGE_SHIFT), 0);
		CU_ASSERT_EQUAL(pages_read(m, fd), 33);
		drop_pagecache(m);
		before = m->event[PGPGIN];
		CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 10, 10, &done), 0);
		b = map_file(m, fd, 0x10000000, 1 << 20, MAP_SHARED | MAP_FIXED_NOREPLACE);
		CU_ASSERT_EQUAL(touch(m, b + (100 << PAGE_SHIFT), ACCESS_LOAD), 0);
		CU_ASSERT_EQUAL(m->event[PGPGIN], before);
		close_machine(m);
	}
}

/* No further than a file may reach. */
static void test_lseek(void)
{
	const s64 last = (s64)(0xffffffffULL << PAGE_SHIFT);
	struct machine *m = open_machine("release=6.18");
	int fd = open_file(m, "/bin/tool", O_RDONLY);
	u64 pos;

	CU_ASSERT_EQUAL(sys_lseek(m, task, fd, last, 0, &pos), 0);
	CU_ASSERT_EQUAL(pos, (u64)last);
	CU_ASSERT_EQUAL(sys_lseek(m, task, fd, 1, 1, &pos), -EINVAL);
	CU_ASSERT_EQUAL(sys_lseek(m, task, fd, last + 1, 0, &pos), -EINVAL);
	CU_ASSERT_EQUAL(sys_lseek(m, task, fd, -last - 1, 1, &pos), -EINVAL);
	CU_ASSERT_EQUAL(sys_lseek(m, task, fd, 0, 1, &pos), 0);
	CU_ASSERT_EQUAL(pos, (u64)last);
	CU_ASSERT_EQUAL(sys_memfd_create(m, task, "far", 0, &fd), 0);
	CU_ASSERT_EQUAL(sys_lseek(m, task, fd, INT64_MAX, 0, &pos), 0);
	CU_ASSERT_EQUAL(sys_lseek(m, task, fd, 1, 1, &pos), -EINVAL);
	close_machine(m);
}

static void test_memfd(void)
{
	struct machine *m = open_machine("release=6.18");
	s64 committed = m->virt->committed_as;
	u64 done;
	int fd;

	CU_ASSERT_EQUAL(sys_memfd_create(m, task, "ora22", 1 << 20, &fd), -EINVAL);
	CU_ASSERT_EQUAL(sys_memfd_create(m, task, "ora22", 2, &fd), 0);
	CU_ASSERT_STRING_EQUAL(fget(m, task, fd)->inode->path, "/memfd:ora22");
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, SZ_1M), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed);
	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, SZ_1M - 5, 10, &done), 0);
	CU_ASSERT_EQUAL(fget(m, task, fd)->inode->i_size, SZ_1M + 5);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed + 2);
	fget(m, task, fd)->inode->seals |= F_SEAL_SHRINK | F_SEAL_GROW;
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 5), -EPERM);
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, SZ_2M), -EPERM);
	CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, 1, 0, 16384), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed + 6);
	CU_ASSERT_EQUAL(sys_close(m, task, fd), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed);
	fd = open_file(m, "/dev/shm/far", O_RDWR | O_CREAT);
	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, (1ULL << 60) - 3, 10, &done), 0);
	CU_ASSERT_EQUAL(done, 3);
	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 1ULL << 60, 10, &done), -EFBIG);
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, SZ_1M), 0);
	/* A file system of memory has half of it. */
	CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, 0, 0, m->totalram_pages << (PAGE_SHIFT - 1)), 0);
	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 1ULL << 40, 1, &done), -ENOSPC);
	CU_ASSERT_EQUAL(sys_unlink(m, task, "/dev/shm/far"), 0);
	CU_ASSERT_EQUAL(sys_close(m, task, fd), 0);
	CU_ASSERT_EQUAL(m->virt->committed_as, committed);
	close_machine(m);
}

/* /dev/zero: private is anonymous memory, shared a file without a name. */
static void test_dev_zero(void)
{
	struct machine *m = open_machine("release=6.18");
	int fd = open_file(m, "/dev/zero", O_RDWR);
	u64 b = map_file(m, fd, 0x10000000, 8192, MAP_PRIVATE | MAP_FIXED_NOREPLACE), done;
	u64 c = map_file(m, fd, 0x10010000, 8192, MAP_SHARED | MAP_FIXED_NOREPLACE);

	CU_ASSERT_EQUAL(touch(m, b, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(touch(m, c, ACCESS_STORE), 0);
	CU_ASSERT_EQUAL(rss(m, MM_ANONPAGES), 1);
	CU_ASSERT_EQUAL(rss(m, MM_SHMEMPAGES), 1);
	CU_ASSERT_EQUAL(sys_pread(m, task, fd, 0, 100, &done), 0);
	CU_ASSERT_EQUAL(done, 100);
	close_machine(m);
}

/* A copy has the file's contents until it is written; the file keeps its own. */
static void test_contents(void)
{
	struct machine *m = open_machine("release=6.18");
	int fd = open_file(m, "/dev/shm/c", O_RDWR | O_CREAT);
	u64 b, token, done;
	u32 cached;

	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 0, 4096, &done), 0);
	b = map_file(m, fd, 0x10000000, 4096, MAP_PRIVATE | MAP_FIXED_NOREPLACE);
	CU_ASSERT_EQUAL(touch(m, b, ACCESS_LOAD), 0);
	cached = follow_page(m, task->mm, b);
	token = content_token(m, cached);
	CU_ASSERT_EQUAL(touch(m, b, ACCESS_STORE), 0);
	CU_ASSERT_NOT_EQUAL(follow_page(m, task->mm, b), cached);
	CU_ASSERT_EQUAL(content_token(m, cached), token);
	CU_ASSERT_NOT_EQUAL(content_token(m, follow_page(m, task->mm, b)), token);
	CU_ASSERT_EQUAL(sys_unlink(m, task, "/dev/shm/c"), 0);
	close_machine(m);
}

/* -- random calls on a machine that runs out of memory -------------------------------- */

static u64 seed;

static u32 random_below(u32 n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)((seed >> 33) % n);
}

static int storm_open(struct machine *m)
{
	static const char *const paths[] = { "/dev/shm/a", "/tmp/b", "/etc/c", "/bin/tool",
					     "/dev/zero" };
	const char *path;
	int fd;

	if (!random_below(4))
		return sys_memfd_create(m, task, "storm", 0, &fd);
	path = paths[random_below(ARRAY_SIZE(paths))];
	return sys_open(m, task, path, O_RDWR | O_CREAT | (random_below(2) ? O_TRUNC : 0), 0600,
			&fd);
}

static int storm_close(struct machine *m)
{
	return random_below(3) ? sys_close(m, task, (int)random_below(12)) :
				 sys_unlink(m, task, random_below(2) ? "/dev/shm/a" : "/etc/c");
}

static int storm_size(struct machine *m)
{
	int fd = (int)random_below(12);
	u32 mode = random_below(2) ? PUNCH_KEEP : random_below(2);
	u64 offset;

	if (random_below(2))
		return sys_ftruncate(m, task, fd, random_below(400000));
	offset = random_below(300000);
	return sys_fallocate(m, task, fd, mode, offset, random_below(200000));
}

static int storm_copy(struct machine *m)
{
	u64 done, offset = random_below(300000), len = random_below(200000);
	int fd = (int)random_below(12);

	return random_below(2) ? sys_pread(m, task, fd, offset, len, &done) :
				 sys_pwrite(m, task, fd, offset, len, &done);
}

static int storm_map(struct machine *m)
{
	struct file *file = random_below(4) ? fget(m, task, (int)random_below(12)) : NULL;
	struct mmap_request req = { .file = file };
	u64 addr;

	/* In this order, whatever the compiler. */
	req.addr = 0x10000000 + (random_below(64) << 14);
	req.len = (random_below(40) + 1) << PAGE_SHIFT;
	req.prot = PROT_READ | (random_below(3) ? PROT_WRITE : 0);
	req.flags = (random_below(2) ? MAP_SHARED : MAP_PRIVATE) | MAP_FIXED;
	req.flags |= (random_below(4) ? 0 : MAP_POPULATE) | (file ? 0 : MAP_ANONYMOUS);
	req.offset = random_below(8) << PAGE_SHIFT;
	return sys_mmap(m, task, &req, &addr);
}

static int storm_change(struct machine *m)
{
	u64 addr = 0x10000000 + (random_below(256) << PAGE_SHIFT);
	u64 len = (random_below(30) + 1) << PAGE_SHIFT;
	static const int advice[] = { MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_WILLNEED,
				      MADV_COLD, MADV_PAGEOUT, MADV_POPULATE_WRITE };

	switch (random_below(5)) {
	case 0:
		return sys_munmap(m, task, addr, len);
	case 1:
		return sys_madvise(m, task, addr, len, advice[random_below(ARRAY_SIZE(advice))]);
	case 2:
		return sys_mlock2(m, task, addr, len, random_below(2));
	case 3:
		return sys_munlock(m, task, addr, len);
	default:
		return sys_msync(m, task, addr, len, MS_SYNC);
	}
}

static int storm_touch(struct machine *m)
{
	struct access_result result;
	int err = 0;

	for (unsigned int i = 0; i < 8 && !err; i++) {
		u64 addr = 0x10000000 + (random_below(300) << PAGE_SHIFT);

		err = task_access(m, task, addr, random_below(2) ? ACCESS_STORE : ACCESS_LOAD,
				  &result);
	}
	return err;
}

static int storm_fork(struct machine *m)
{
	u32 pid, ended, status;
	int err = sys_clone(m, task, SIGCHLD, &pid);

	if (err)
		return err;
	sched_switch_to(m, task_find(m, pid));
	do_group_exit(m, task_find(m, pid), 0);
	sched_switch_to(m, task);
	return sys_wait4(m, task, (s32)pid, 0, &ended, &status);
}

static int (*const storms[])(struct machine *m) = {
	storm_open, storm_close, storm_size, storm_copy, storm_copy, storm_map, storm_map,
	storm_change, storm_change, storm_touch, storm_touch, storm_fork,
};

static void storm(const char *release, u64 free_pages)
{
	struct machine *m = open_machine(release);
	u64 left;
	u32 pfn;

	do {
		left = 0;
		for (unsigned int i = 0; i < m->nr_zones; i++)
			left += (u64)m->zones[i]->stat[NR_FREE_PAGES];
	} while (left > free_pages &&
		 !alloc_kernel_pages(m, GFP_KERNEL, 0, NUMA_NO_NODE, PGTY_kernel, &pfn));
	for (unsigned int i = 0; i < 3000; i++) {
		CU_ASSERT_NOT_EQUAL_FATAL(storms[random_below(ARRAY_SIZE(storms))](m), -ENOBUFS);
		if (i % 100 == 0)
			CU_ASSERT_EQUAL_FATAL(task_machine_check(m), 0);
	}
	close_machine(m);
}

static void test_storm(void)
{
	for (seed = 1; seed <= 12; seed++) {
		u64 number = seed;

		storm("release=6.18", ~0ULL);
		storm("release=6.1", 1200);
		storm("release=6.18", 1200);
		seed = number;
	}
}

/* Nobody swaps here: what lies beside pages is those. */
static u64 buffer_heads(const struct machine *m)
{
	u64 nr = 0;

	for (u64 pfn = 0; m->page_private && pfn < m->max_pfn; pfn++)
		nr += page_present(m, pfn) && m->page_private[pfn];
	return nr;
}

/* ext4 has a buffer head for each page that is written, one way or the other; none for a read. */
static void buffers(const char *release)
{
	struct machine *m = open_machine(release);
	int fd = open_file(m, "/bin/tool", O_RDWR), copy = open_file(m, "/bin/copy", O_RDWR | O_CREAT);
	u64 where, done;

	CU_ASSERT_EQUAL(sys_pread(m, task, fd, 0, 65536, &done), 0);
	CU_ASSERT_EQUAL(buffer_heads(m), 0);
	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 100, 8192, &done), 0);
	CU_ASSERT(page_flag(pfn_folio(m, find_page(m, &fget(m, task, fd)->inode->i_data, 1)), PG_private));
	done = folio_nr_pages(pfn_folio(m, find_page(m, &fget(m, task, fd)->inode->i_data, 1)));
	CU_ASSERT_EQUAL(buffer_heads(m), MAX(done, 3));
	/* Once each, whoever writes again. */
	where = map_file(m, fd, 0, 65536, MAP_SHARED);
	touch(m, where + PAGE_SIZE, ACCESS_STORE);
	CU_ASSERT_EQUAL(buffer_heads(m), MAX(done, 3));
	touch(m, where + 32768, ACCESS_LOAD);
	touch(m, where + 32768, ACCESS_STORE);
	CU_ASSERT_EQUAL(buffer_heads(m), MAX(done, 4));
	CU_ASSERT_EQUAL(sys_pwrite(m, task, copy, 0, 40960, &done), 0);
	CU_ASSERT(buffer_heads(m) >= 14);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	/* They go with what they are of, as soon as it is written. */
	CU_ASSERT_EQUAL(sys_munmap(m, task, where, 65536), 0);
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, copy, 4096), 0);
	CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
	CU_ASSERT_EQUAL(sys_fsync(m, task, copy), 0);
	CU_ASSERT(buffer_heads(m) > 0);
	drop_pagecache(m);
	CU_ASSERT_EQUAL(buffer_heads(m), 0);
	/* Zeroing a part of what was never written makes one. */
	CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 5000), 0);
	CU_ASSERT_EQUAL(buffer_heads(m), 1);
	close_machine(m);
}

static void test_buffers(void)
{
	buffers("release=6.1");
	buffers("release=6.18");
}

static void test_planted(void)
{
	struct machine *m = open_machine("release=6.18");
	int fd = open_file(m, "/bin/tool", O_RDWR);
	struct inode *inode = fget(m, task, fd)->inode;
	struct out out = OUT_INIT;
	struct page *page;
	u64 done;

	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, 0, 4096, &done), 0);
	page = pfn_to_page(m, find_page(m, &inode->i_data, 0));
	CU_ASSERT_EQUAL(nr_broken(m, filemap_validate, &out), 0);
	inode->i_data.nrpages++;
	CU_ASSERT_EQUAL(nr_broken(m, filemap_validate, &out), 1);
	inode->i_data.nrpages--;
	inode->i_count++;
	CU_ASSERT_EQUAL(nr_broken(m, filemap_validate, &out), 1);
	inode->i_count--;
	inode->i_data.i_mmap_writable++;
	CU_ASSERT_EQUAL(nr_broken(m, filemap_validate, &out), 1);
	inode->i_data.i_mmap_writable--;
	page_clear_flag(page, PG_dirty);
	CU_ASSERT_EQUAL(nr_broken(m, filemap_validate, &out), 3);
	page_set_flag(page, PG_dirty);
	m->nodes[0]->stat[NR_FILE_PAGES]++;
	CU_ASSERT_EQUAL(nr_broken(m, filemap_validate, &out), 1);
	m->nodes[0]->stat[NR_FILE_PAGES]--;
	page_set_index(page, 7);
	CU_ASSERT(nr_broken(m, filemap_validate, &out) > 0);
	page_set_index(page, 0);
	out_free(&out);
	close_machine(m);
}

static const CU_TestInfo tests[] = {
	{ "descriptors", test_descriptors },
	{ "shared memory", test_shmem },
	{ "clean pages of shared memory", test_shmem_dropped },
	{ "shared anonymous memory", test_shared_anonymous },
	{ "disk", test_disk },
	{ "readahead", test_readahead },
	{ "a window stays as large as it was", test_window_stays },
	{ "what is not used again", test_noreuse },
	{ "holes", test_holes },
	{ "lseek", test_lseek },
	{ "writeback", test_writeback },
	{ "memfd", test_memfd },
	{ "/dev/zero", test_dev_zero },
	{ "contents", test_contents },
	{ "storm", test_storm },
	{ "buffer heads", test_buffers },
	{ "planted", test_planted },
};

int main(void)
{
	return suite_main("filemap", tests, ARRAY_SIZE(tests), NULL, NULL);
}
