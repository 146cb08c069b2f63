// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names and inodes of a disk's files: in memory from the first open on, unused when nobody
 * has them open, and gone when they are shrunk; the file is as before.
 */
#include "lab.h"
#include "support.h"

#include "sim/phys/page_alloc.h"
#include "sim/virt/file.h"
#include "sim/virt/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NR_FILES 200

static struct lab lab;

static const char *const releases[] = { "release=6.1", "release=6.18" };

static const char machine_text[] =
	"[machine]\nrelease = 6.1\n[node 0]\ncpus = 0-1\nmemory = 256M\n"
	"[disk]\nname = nvme0n1\nsize = 256M\n"
	"[file /old]\nsize = 64K\n";

static void open_lab(unsigned int release)
{
	const char *const sets[] = { releases[release], NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
	lab_expect(&lab, 0, "proc/1/ctl: fork as w");
}

static s64 objects(const char *cache)
{
	/* What waits for a grace period is no longer anybody's. */
	lab_expect(&lab, 0, "sim/ctl: rcu_barrier");
	return lab_figure(&lab, "proc/slabinfo", cache);
}

static s64 scanned(void)
{
	return lab_figure(&lab, "proc/vmstat", "slabs_scanned");
}

static void drop(unsigned int what)
{
	lab_expect(&lab, 0, "proc/sys/vm/drop_caches: %u", what);
	lab_check(&lab);
}

static void open_close(unsigned int i, const char *flags)
{
	lab_expect(&lab, 0, "sim/as/w/ctl: open /s%u %s as s", i, flags);
	lab_expect(&lab, 0, "sim/as/w/ctl: close @s");
}

static void make_files(void)
{
	for (unsigned int i = 0; i < NR_FILES; i++) {
		lab_expect(&lab, 0, "sim/as/w/ctl: open /s%u rdwr,creat as s", i);
		lab_expect(&lab, 0, "sim/as/w/ctl: pwrite64 @s 4 0");
		lab_expect(&lab, 0, "sim/as/w/ctl: close @s");
	}
	lab_expect(&lab, 0, "sim/as/w/ctl: sync");
}

/* A real 6.1 looked at 8241 objects after 500 files, and all of /sys/devices, were read. */
static void test_drop_slab(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		s64 dentries;

		open_lab(r);
		dentries = objects("dentry");
		make_files();
		CU_ASSERT(objects("dentry") >= dentries + NR_FILES / 2);
		CU_ASSERT(objects("ext4_inode_cache") >= NR_FILES);
		/* Names go; inodes stay, as pages of them are cached. */
		drop(2);
		CU_ASSERT(scanned() >= NR_FILES);
		CU_ASSERT(objects("ext4_inode_cache") >= NR_FILES);
		/* They go with their pages. */
		drop(1);
		drop(2);
		CU_ASSERT(objects("ext4_inode_cache") < NR_FILES / 2);
		CU_ASSERT(scanned() >= 2 * NR_FILES);
		open_close(7, "rdonly");
		lab_expect(&lab, 0, "sim/as/w/ctl: open /s7 rdonly as s");
		lab_expect(&lab, 0, "sim/as/w/ctl: pread64 @s 4 0");
		lab_end(&lab);
	}
}

/* What is open, or is swap, stays, and what was opened twice goes round once more. */
static void test_in_use(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		open_lab(r);
		make_files();
		for (unsigned int i = 0; i < NR_FILES; i++)
			open_close(i, "rdonly");
		lab_expect(&lab, 0, "sim/as/w/ctl: open /s3 rdonly as kept");
		lab_expect(&lab, 0, "sim/as/w/ctl: open /sw rdwr,creat as sw");
		lab_expect(&lab, 0, "sim/as/w/ctl: pwrite64 @sw 1M 0");
		lab_expect(&lab, 0, "sim/as/w/ctl: fsync @sw");
		lab_expect(&lab, 0, "proc/1/ctl: mkswap /sw");
		lab_expect(&lab, 0, "proc/1/ctl: swapon /sw 0");
		lab_expect(&lab, 0, "sim/as/w/ctl: close @sw");
		lab_expect(&lab, 0, "sim/as/w/ctl: mmap 0x10000000 64K rw private,anon,fixed,populate");
		lab_expect(&lab, 0, "sim/as/w/ctl: madvise 0x10000000 64K pageout");
		for (unsigned int i = 0; i < 4; i++)
			drop(3);
		lab_expect(&lab, 0, "sim/as/w/ctl: pread64 @kept 4 0");
		lab_expect(&lab, 0, "proc/1/ctl: swapoff /sw");
		lab_expect(&lab, 0, "sim/as/w/ctl: unlink /s3");
		lab_expect(&lab, 0, "sim/as/w/ctl: unlink /s4");
		lab_expect(&lab, 0, "sim/as/w/ctl: unlink /sw");
		drop(3);
		lab_expect(&lab, ENOENT, "sim/as/w/ctl: open /s4 rdonly");
		/* Its name lies among the unused ones, as nobody has looked since it was opened. */
		open_close(5, "rdonly");
		lab_expect(&lab, 0, "sim/as/w/ctl: open /s5 rdonly as open");
		lab_expect(&lab, 0, "sim/as/w/ctl: unlink /s5");
		for (unsigned int i = 0; i < 3; i++)
			drop(3);
		lab_expect(&lab, 0, "sim/as/w/ctl: pread64 @open 4 0");
		lab_expect(&lab, 0, "sim/as/w/ctl: close @open");
		lab_end(&lab);
	}
}

/* By its path, a file that nobody has open, or ever had. */
static void test_by_path(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		open_lab(r);
		lab_expect(&lab, 0, "sim/as/w/ctl: truncate /old 5000");
		lab_check(&lab);
		drop(3);
		drop(3);
		lab_expect(&lab, 0, "sim/as/w/ctl: truncate /old 9000");
		lab_expect(&lab, 0, "sim/as/w/ctl: unlink /old");
		lab_end(&lab);
	}
}

/* Memory that is short takes them, too: as many as its priority says. */
static void test_pressure(void)
{
	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		s64 inodes;

		open_lab(r);
		make_files();
		drop(1);
		inodes = objects("ext4_inode_cache");
		lab_expect(&lab, 0, "sim/as/w/ctl: mmap 0x10000000 400M rw private,anon,fixed,noreserve");
		lab_expect(&lab, ENOMEM, "sim/as/w/ctl: store 0x10000000 400M");
		CU_ASSERT(objects("ext4_inode_cache") < inodes);
		CU_ASSERT(scanned() >= NR_FILES);
		lab_end(&lab);
	}
}

static struct machine *machine(void)
{
	return (struct machine *)(uintptr_t)tree_machine(lab.tree);
}

/* What a call was promised of the host's memory is enough, however many files there are. */
static void test_bounds(void)
{
	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "numa8"), 0);
	lab_expect(&lab, 0, "proc/1/ctl: fork as w");
	for (unsigned int i = 0; i < 4500; i++) {
		arena_fail_guaranteed(&machine()->arena, true);
		lab_expect(&lab, 0, "sim/as/w/ctl: open /s%u rdwr,creat as s", i);
		arena_fail_guaranteed(&machine()->arena, false);
		lab_expect(&lab, 0, "sim/as/w/ctl: close @s");
	}
	lab_end(&lab);
}

/* The host has no memory, and nobody made sure of it: a file that was there is as it was. */
static void test_no_host_memory(void)
{
	static const char *const paths[] = { "/old", "/s1", "/dev/shm/x", "/new" };

	open_lab(1);
	lab_expect(&lab, 0, "sim/as/w/ctl: open /dev/shm/x rdwr,creat as x");
	lab_expect(&lab, 0, "sim/as/w/ctl: close @x");
	make_files();
	drop(3);
	drop(3);
	for (unsigned int i = 0; i < ARRAY_SIZE(paths); i++) {
		struct machine *m = machine();
		unsigned int refused = 0;

		for (unsigned int nth = 0; nth < 200; nth++) {
			int fd, err;

			arena_fail_after(&m->arena, 1 + nth % 3);
			err = sys_open(m, task_find(m, 1), paths[i], O_RDWR | O_CREAT, 0600, &fd);
			arena_fail_after(&m->arena, 0);
			CU_ASSERT_TRUE(!err || err == -ENOBUFS);
			refused += err == -ENOBUFS;
		}
		CU_ASSERT(refused > 0);
		CU_ASSERT_NOT_EQUAL(inode_find(m, paths[i])->dentry, 0);
		lab_check(&lab);
	}
	lab_expect(&lab, 0, "sim/as/w/ctl: unlink /dev/shm/x");
	lab_end(&lab);
}

/* Who looks a file up finds no memory for more: reclaim leaves the file alone. */
static void test_looked_up(void)
{
	const struct alloc_request req = {
		.gfp = __GFP_HIGH | __GFP_NOWARN, .node = NUMA_NO_NODE, .owner = PGTY_kernel,
	};

	for (unsigned int r = 0; r < ARRAY_SIZE(releases); r++) {
		u32 pfn;

		open_lab(r);
		make_files();
		drop(1);
		lab_expect(&lab, 0, "sim/as/w/ctl: open /cached rdwr,creat as s");
		lab_expect(&lab, 0, "sim/as/w/ctl: pwrite64 @s 1M 0");
		lab_expect(&lab, 0, "sim/as/w/ctl: fsync @s");
		/* All of them at the first look. */
		lab_expect(&lab, 0, "proc/sys/vm/vfs_cache_pressure: 2000000");
		while (!alloc_pages(machine(), &req, &pfn))
			;
		for (unsigned int i = 0; i < NR_FILES; i++) {
			char line[64];

			snprintf(line, sizeof(line), "sim/as/w/ctl: open /s%u rdonly", i);
			if (lab_run(&lab, line))
				break;
			lab_check(&lab);
		}
		lab_close(&lab);
	}
}

/* A name and its inode may be of different nodes: each lies where it is from. */
static void test_nodes(void)
{
	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, "[machine]\n[node 0]\ncpus = 0\nmemory = 128M\n"
					    "[node 1]\nmemory = 128M\n", NULL), 0);
	lab_expect(&lab, 0, "sim/ctl: fill_dentries 110000");
	for (unsigned int node = 0; node < 2; node++) {
		lab_expect(&lab, 0, "sys/kernel/debug/shrinker/sb-rootfs-2/scan: 1 %u 300000", node);
		lab_check(&lab);
	}
	lab_end(&lab);
}

static const CU_TestInfo tests[] = {
	{ "drop_caches", test_drop_slab }, { "in use", test_in_use }, { "by path", test_by_path },
	{ "pressure", test_pressure }, { "bounds", test_bounds },
	{ "no host memory", test_no_host_memory }, { "looked up", test_looked_up },
	{ "nodes", test_nodes },
};

int main(void)
{
	return suite_main("names and inodes in memory", tests, ARRAY_SIZE(tests), NULL, NULL);
}
