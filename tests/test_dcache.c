// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names and inodes of a disk's files: in memory from the first open on, unused when nobody
 * has them open, and gone when they are shrunk; the file is as before.
 */
#include "lab.h"
#include "support.h"

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

/* The number behind a name, in a file of the tree. */
static s64 figure(const char *path, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = lab_cat(&lab, path); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			return strtoll(line + len, NULL, 10);
	}
	CU_FAIL("no such figure");
	return -1;
}

static s64 objects(const char *cache)
{
	/* What waits for a grace period is no longer anybody's. */
	lab_expect(&lab, 0, "sim/ctl: rcu_barrier");
	return figure("proc/slabinfo", cache);
}

static s64 scanned(void)
{
	return figure("proc/vmstat", "slabs_scanned");
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

static const CU_TestInfo tests[] = {
	{ "drop_caches", test_drop_slab }, { "in use", test_in_use }, { "by path", test_by_path },
	{ "pressure", test_pressure },
};

int main(void)
{
	return suite_main("names and inodes in memory", tests, ARRAY_SIZE(tests), NULL, NULL);
}
