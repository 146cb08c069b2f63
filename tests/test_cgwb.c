// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writeback by memory cgroups: whose flusher writes an inode, which group's limits start it and
 * slow a writer down, how an inode comes to another group, and what becomes of those of one
 * that goes.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "sim/virt/file.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"

#define ROOT "sys/fs/cgroup"
#define MB (1ULL << 20)

static struct lab lab;
static const struct machine *m;
static const char *const releases[] = { "release=6.1", "release=6.18" };

/* Tasks ta and tb, in groups a and b; a may have little memory. */
static void open_lab(unsigned int release)
{
	const char *sets[] = { releases[release], "disk.bandwidth=10M", "node 0.memory=512M",
			       "disk.write_latency=2000000", NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
	m = tree_machine(lab.tree);
	lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: +memory");
	lab_expect(&lab, 0, "cgroup_mkdir a");
	lab_expect(&lab, 0, "cgroup_mkdir b");
	lab_fork_into(&lab, "ta", "/a");
	lab_fork_into(&lab, "tb", "/b");
	lab_expect(&lab, 0, ROOT "/a/memory.max: 40M");
}

static void close_lab(void)
{
	lab_check(&lab);
	lab_end_tasks(&lab);
	lab_expect(&lab, 0, "tick 60s");
	lab_check(&lab);
	lab_close(&lab);
}

static void write_file(const char *task, const char *path, unsigned int mb)
{
	lab_expect(&lab, 0, "sim/as/%s/ctl: open %s O_RDWR|O_CREAT as f", task, path);
	lab_expect(&lab, 0, "sim/as/%s/ctl: pwrite64 @f %uM 0", task, mb);
	lab_expect(&lab, 0, "sim/as/%s/ctl: close @f", task);
}

static u64 stat_of(const char *group, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), ROOT "%s/memory.stat", group);
	return (u64)lab_figure(&lab, path, name);
}

static u16 wb_of_file(const char *path)
{
	const struct inode *inode = inode_find(m, path);

	CU_ASSERT_PTR_NOT_NULL_FATAL(inode);
	return inode->i_wb;
}

/* A group beyond its limits has its own pages written, and nobody else's. */
static void test_own(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 dirty;

		open_lab(i);
		write_file("tb", "/data/b", 4);
		lab_expect(&lab, 0, "tick 1s");
		CU_ASSERT_EQUAL(stat_of("/b", "file_dirty"), 4 * MB);
		write_file("ta", "/data/a", 16);
		lab_expect(&lab, 0, "tick 1s");
		dirty = stat_of("/a", "file_dirty");
		/* A tenth of 40 MiB, at most. */
		CU_ASSERT(dirty <= 4 * MB);
		CU_ASSERT_EQUAL(stat_of("/b", "file_dirty"), 4 * MB);
		CU_ASSERT_EQUAL(stat_of("/b", "file_writeback"), 0);
		CU_ASSERT(wb_of_file("/data/a") != wb_of_file("/data/b"));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/why"), "the flusher of memory cgroup"));
		/* In time, all is. */
		lab_expect(&lab, 0, "tick 60s");
		CU_ASSERT_EQUAL(stat_of("/a", "file_dirty") + stat_of("/b", "file_dirty"), 0);
		CU_ASSERT_EQUAL(stat_of("", "file_dirty"), 0);
		close_lab();
	}
}

/* Who writes into a file of another group is slowed down by that group's limits. */
static void test_throttled(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 begin, pauses;

		open_lab(i);
		/* 16 MiB are much for a, and next to nothing for the machine or b. */
		begin = m->now_ns;
		write_file("tb", "/data/b", 16);
		CU_ASSERT(m->now_ns - begin < 50000000);
		pauses = m->virt->writeback->nr_pauses;
		write_file("ta", "/data/a", 16);
		CU_ASSERT(m->virt->writeback->nr_pauses > pauses);
		/* The first page of it was b's. */
		write_file("tb", "/data/shared", 1);
		pauses = m->virt->writeback->nr_pauses;
		lab_expect(&lab, 0, "tick 10s");
		write_file("ta", "/data/shared", 8);
		CU_ASSERT_EQUAL(m->virt->writeback->nr_pauses, pauses);
		CU_ASSERT_EQUAL(wb_of_file("/data/shared"), wb_of_file("/data/b"));
		close_lab();
	}
}

/* Most of what is written is another group's, for a while: the inode is that one's. */
static void test_switch(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		unsigned int turns = 0;
		u16 of_a;

		open_lab(i);
		write_file("ta", "/data/a", 1);
		of_a = wb_of_file("/data/a");
		write_file("tb", "/data/shared", 1);
		lab_expect(&lab, 0, "sim/as/ta/ctl: open /data/shared O_RDWR as f");
		while (wb_of_file("/data/shared") != of_a && turns < 60) {
			lab_expect(&lab, 0, "sim/as/ta/ctl: pwrite64 @f 3M %uM", 1 + 3 * (turns % 8));
			lab_expect(&lab, 0, "tick 6s");
			lab_expect(&lab, 0, "sim/as/ta/ctl: fsync @f");
			turns++;
		}
		/* More than eight slots of a history that a turn fills up to five of. */
		CU_ASSERT(turns >= 2 && turns < 30);
		CU_ASSERT_EQUAL(wb_of_file("/data/shared"), of_a);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/why"), "inode_switch_wbs"));
		close_lab();
	}
}

/* What a group had to write is its parent's when it goes. */
static void test_gone(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		lab_expect(&lab, 0, "cgroup_mkdir d");
		lab_fork_into(&lab, "td", "/d");
		write_file("td", "/data/d", 4);
		CU_ASSERT(wb_of_file("/data/d") > 0);
		lab_expect(&lab, 0, "proc/1/ctl: kill @td KILL");
		lab_expect(&lab, 0, "proc/1/ctl: wait4 -1");
		lab_expect(&lab, 0, "cgroup_rmdir d");
		CU_ASSERT_EQUAL(wb_of_file("/data/d"), 0);
		/* 6.1: what a disk that is idle may have dirty is nothing. */
		CU_ASSERT_EQUAL(m->virt->writeback->root.nr_dirty, i ? 1024 : 0);
		lab_check(&lab);
		lab_expect(&lab, 0, "tick 60s");
		CU_ASSERT_EQUAL(m->virt->writeback->root.nr_dirty, 0);
		close_lab();
	}
}

/* Half a disk's work is under way as the group goes. */
static void test_gone_at_work(void)
{
	open_lab(1);
	lab_expect(&lab, 0, "cgroup_mkdir d");
	lab_expect(&lab, 0, ROOT "/d/memory.max: 20M");
	lab_fork_into(&lab, "td", "/d");
	write_file("td", "/data/d", 12);
	CU_ASSERT(stat_of("/d", "file_writeback") > 0);
	lab_expect(&lab, 0, "proc/1/ctl: kill @td KILL");
	lab_expect(&lab, 0, "proc/1/ctl: wait4 -1");
	lab_expect(&lab, 0, "cgroup_rmdir d");
	CU_ASSERT(m->virt->writeback->root.nr_writeback + m->virt->writeback->root.nr_dirty > 0);
	lab_check(&lab);
	lab_expect(&lab, 0, "cgroup_mkdir e");
	lab_fork_into(&lab, "tf", "/e");
	write_file("tf", "/data/e", 2);
	lab_expect(&lab, 0, "tick 60s");
	close_lab();
}

/*
 * Reclaim finds nothing but dirty pages, and wakes the flusher: it has begun when the write to the
 * file that asked for reclaim is over, and the time that reclaim took has passed.
 */
static void test_shrunk(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 before_ns;

		open_lab(i);
		write_file("ta", "/f", 2);
		CU_ASSERT_EQUAL(stat_of("/a", "file_dirty"), 2 * MB);
		before_ns = m->now_ns;
		lab_expect(&lab, 0, ROOT "/a/memory.high: 1M");
		CU_ASSERT_EQUAL(stat_of("/a", "file_dirty"), 0);
		CU_ASSERT(m->now_ns > before_ns);
		CU_ASSERT_EQUAL(m->polls_left, 0);
		close_lab();
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a group's own pages", test_own },
		{ "who is slowed down", test_throttled },
		{ "inodes change hands", test_switch },
		{ "a group goes", test_gone },
		{ "a group goes while it writes", test_gone_at_work },
		{ "a group is to be smaller", test_shrunk },
	};

	return suite_main("writeback of groups", tests, ARRAY_SIZE(tests), NULL, NULL);
}
