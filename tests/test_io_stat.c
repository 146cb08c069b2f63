// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * io.stat of control groups: who pays for reading, for writing back, for swap. Bytes and
 * requests of files are what kernels of both releases showed for the same calls.
 */
#include "fs/core/tree_struct.h"
#include "lab.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "sys/fs/cgroup"

static struct lab lab;

static const struct {
	const char *release, *read, *both;
} releases[] = {
	{ "release=6.18", "rbytes=1179648 wbytes=0 rios=14 wios=0",
	  "rbytes=1179648 wbytes=2097152 rios=14 wios=4" },
	{ "release=6.1", "rbytes=1294336 wbytes=0 rios=12 wios=0",
	  "rbytes=1294336 wbytes=2097152 rios=12 wios=4" },
};

static const char machine_text[] =
	"[machine]\nrelease = 6.18\n[node 0]\ncpus = 0-1\nmemory = 512M\n"
	"[disk]\nname = nvme0n1\nsize = 256M\n"
	"[swap 0]\npath = /dev/nvme0n2\nsize = 64M\n";

/* A file of 4 MiB that is not cached, and groups a and a/b that count. */
static void open_groups(unsigned int release)
{
	const char *const sets[] = { releases[release].release, NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
	lab_expect(&lab, 0, "proc/1/ctl: open /f0 rdwr,creat as f");
	lab_expect(&lab, 0, "proc/1/ctl: write @f 4M");
	lab_expect(&lab, 0, "proc/1/ctl: sync");
	lab_expect(&lab, 0, "proc/1/ctl: close @f");
	lab_expect(&lab, 0, "proc/sys/vm/drop_caches: 3");
	lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: +io +memory");
	lab_expect(&lab, 0, "cgroup_mkdir a");
	lab_expect(&lab, 0, "cgroup_mkdir a/b");
	lab_expect(&lab, 0, ROOT "/a/cgroup.subtree_control: +io +memory");
	lab_fork_into(&lab, "t", "/a/b");
}

static void stat_is(const char *group, const char *text)
{
	char path[100];

	snprintf(path, sizeof(path), ROOT "%s/io.stat", group);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, path), text);
	if (strcmp(lab_cat(&lab, path), text))
		fprintf(stderr, "%s: expected %s found %s\n", path, text, lab_cat(&lab, path));
}

static void line_is(const char *group, const char *numbers)
{
	char text[200];

	snprintf(text, sizeof(text), "259:0 %s dbytes=0 dios=0\n", numbers);
	stat_is(group, text);
}

static void read_pages(unsigned int nr)
{
	lab_expect(&lab, 0, "sim/as/t/ctl: open /f0 rdonly as r");
	for (unsigned int i = 0; i < nr; i++)
		lab_expect(&lab, 0, "sim/as/t/ctl: read @r 4K");
	lab_expect(&lab, 0, "sim/as/t/ctl: close @r");
}

static void write_file(const char *name)
{
	lab_expect(&lab, 0, "sim/as/t/ctl: open /%s rdwr,creat as w", name);
	lab_expect(&lab, 0, "sim/as/t/ctl: write @w 1M");
	lab_expect(&lab, 0, "sim/as/t/ctl: write @w 1M");
}

/* What is dirty costs nothing; the group that made it so pays when it is written. */
static void test_files(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_groups(i);
		stat_is("/a/b", "");
		read_pages(256);
		line_is("/a/b", releases[i].read);
		line_is("/a", releases[i].read);
		write_file("f1");
		line_is("/a/b", releases[i].read);
		lab_expect(&lab, 0, "proc/1/ctl: sync");
		line_is("/a/b", releases[i].both);
		line_is("/a", releases[i].both);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, ROOT "/io.stat"), " wbytes=6291456 "));
		lab_end(&lab);
	}
}

/* Who writes a part of a page has the rest of it read, and waits. */
static void test_parts(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 before;

		open_groups(i);
		lab_expect(&lab, 0, "sim/as/t/ctl: open /f0 rdwr as w");
		before = lab.tree->machine->now_ns;
		lab_expect(&lab, 0, "sim/as/t/ctl: pwrite64 @w 10 100");
		line_is("/a/b", "rbytes=4096 wbytes=0 rios=1 wios=0");
		CU_ASSERT(lab.tree->machine->now_ns >= before + 100000);
		lab_expect(&lab, 0, "sim/as/t/ctl: pwrite64 @w 5000 1M");
		line_is("/a/b", "rbytes=8192 wbytes=0 rios=2 wios=0");
		lab_expect(&lab, 0, "sim/as/t/ctl: pwrite64 @w 10 4M");
		lab_expect(&lab, 0, "sim/as/t/ctl: pwrite64 @w 10 4194400");
		line_is("/a/b", "rbytes=8192 wbytes=0 rios=2 wios=0");
		lab_end(&lab);
	}
}

/* What will be needed is asked for in large requests, for which nobody waits but who reads it. */
static void test_needed(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const struct machine *m;
		u64 before;

		open_groups(i);
		m = lab.tree->machine;
		lab_expect(&lab, 0, "sim/as/t/ctl: open /f0 rdwr as r");
		before = m->now_ns;
		lab_expect(&lab, 0, "sim/as/t/ctl: fadvise64 @r 1M 100000 WILLNEED");
		line_is("/a/b", "rbytes=102400 wbytes=0 rios=1 wios=0");
		lab_expect(&lab, 0, "sim/as/t/ctl: fadvise64 @r 1M 400000 WILLNEED");
		line_is("/a/b", "rbytes=401408 wbytes=0 rios=2 wios=0");
		lab_expect(&lab, 0, "sim/as/t/ctl: readahead @r 2M 1M");
		/* No more than the device takes at once. */
		line_is("/a/b", "rbytes=925696 wbytes=0 rios=3 wios=0");
		CU_ASSERT(m->now_ns < before + 10000);
		lab_expect(&lab, 0, "sim/as/t/ctl: pread64 @r 4K 2M");
		CU_ASSERT(m->now_ns > before + 100000);
		line_is("/a/b", "rbytes=925696 wbytes=0 rios=3 wios=0");
		lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 4M r shared @r 0 as p");
		before = m->now_ns;
		lab_expect(&lab, 0, "sim/as/t/ctl: madvise @p 512K WILLNEED");
		CU_ASSERT(m->now_ns < before + 10000);
		line_is("/a/b", "rbytes=1449984 wbytes=0 rios=4 wios=0");
		lab_expect(&lab, 0, "sim/as/t/ctl: fadvise64 @r 0 0 DONTNEED");
		lab_expect(&lab, 0, "sim/as/t/ctl: fadvise64 @r 0 0 WILLNEED");
		line_is("/a/b", "rbytes=1974272 wbytes=0 rios=5 wios=0");
		lab_end(&lab);
	}
}

/* Swap is of who has the page, and of another disk, which is listed first then. */
static void test_swap(void)
{
	open_groups(0);
	read_pages(1);
	line_is("/a", "rbytes=16384 wbytes=0 rios=1 wios=0");
	lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 1M rw private,anon as p");
	lab_expect(&lab, 0, "sim/as/t/ctl: store @p 1M");
	lab_expect(&lab, 0, "sim/as/t/ctl: madvise @p 1M pageout");
	lab_expect(&lab, 0, "sim/ctl: tick 1s");
	stat_is("/a", "259:1 rbytes=0 wbytes=1048576 rios=0 wios=256 dbytes=0 dios=0\n"
		"259:0 rbytes=16384 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n");
	/* Whoever reads it pays for that. */
	lab_expect(&lab, 0, ROOT "/a/memory.reclaim: 1M");
	lab_expect(&lab, 0, "sim/as/t/ctl: load @p 4K");
	CU_ASSERT_PTR_NULL(strstr(lab_cat(&lab, ROOT "/a/b/io.stat"), "259:1 rbytes=0 "));
	lab_end(&lab);
}

/* A group that does not count leaves it to the one above; what is gone has been counted. */
static void test_tree(void)
{
	open_groups(0);
	lab_expect(&lab, 0, ROOT "/a/cgroup.subtree_control: -io");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/b/cgroup.controllers"), "memory\n");
	read_pages(1);
	line_is("/a", "rbytes=16384 wbytes=0 rios=1 wios=0");
	lab_expect(&lab, 0, ROOT "/a/cgroup.subtree_control: +io");
	stat_is("/a/b", "");
	lab_expect(&lab, 0, "proc/sys/vm/drop_caches: 3");
	read_pages(1);
	line_is("/a/b", "rbytes=16384 wbytes=0 rios=1 wios=0");
	line_is("/a", "rbytes=32768 wbytes=0 rios=2 wios=0");
	lab_check(&lab);
	lab_expect(&lab, EBUSY, ROOT "/cgroup.subtree_control: -io");
	lab_expect(&lab, 0, "sim/as/t/ctl: exit");
	lab_expect(&lab, 0, "proc/1/ctl: wait4 -1");
	lab_expect(&lab, 0, "cgroup_rmdir a/b");
	line_is("/a", "rbytes=32768 wbytes=0 rios=2 wios=0");
	lab_expect(&lab, 0, ROOT "/a/cgroup.subtree_control: -io");
	lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: -io");
	lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: +io");
	stat_is("/a", "");
	lab_end(&lab);
}

static const CU_TestInfo tests[] = {
	{ "files", test_files }, { "parts of pages", test_parts },
	{ "what will be needed", test_needed }, { "swap", test_swap }, { "tree", test_tree },
};

int main(void)
{
	return suite_main("io.stat", tests, ARRAY_SIZE(tests), NULL, NULL);
}
