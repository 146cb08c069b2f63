// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pressure stall information: waits of tasks by their reason, for their groups up to the
 * machine, and averages of them as time goes by; the time of the CPU that reclaim takes.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "fs/core/tree_struct.h"
#include "sim/virt/psi_trigger.h"

#define ROOT "sys/fs/cgroup"

static struct lab lab;
static const char *const releases[] = { "release=6.1", "release=6.18" };

/* A read takes half a second, and so does one of swap. */
static const char machine_text[] =
	"[machine]\n"
	"release = 6.1\n"
	"[node 0]\n"
	"cpus = 0-1\n"
	"memory = 512M\n"
	"[cost]\n"
	"disk_read = 500000000\n"
	"[disk]\n"
	"name = vda\n"
	"size = 1G\n"
	"bandwidth = 1T\n"
	"[file /disk]\n"
	"size = 64M\n"
	"[swap 0]\n"
	"path = /dev/sda\n"
	"size = 256M\n";

static void open_lab(unsigned int release)
{
	const char *const sets[] = { releases[release], NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
}

/* A figure of a file: both lines must have it. */
static double figure(const char *path, const char *name)
{
	const char *text = lab_cat(&lab, path), *at;
	char key[20];
	double value;

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT(!strncmp(text, "some avg10=", 11));
	snprintf(key, sizeof(key), "%s=", name);
	at = strstr(text, key);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	value = strtod(at + strlen(key), NULL);
	at = strstr(at + 1, key);
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	CU_ASSERT_DOUBLE_EQUAL(strtod(at + strlen(key), NULL), value, 0.001);
	return value;
}

/* Half a second of two, and what is left of that later. */
static void test_averages(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		lab_expect(&lab, 0, "cgroup_mkdir a");
		lab_expect(&lab, 0, "cgroup_mkdir a/b");
		lab_expect(&lab, 0, "cgroup_mkdir c");
		lab_fork_into(&lab, "t", "/a/b");
		lab_expect(&lab, 0, "sim/as/t/ctl: open /disk O_RDONLY as disk");
		lab_expect(&lab, 0, "sim/as/t/ctl: pread64 @disk 4K 0");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/b/io.pressure", "total"), 500000, 100);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "total"), 500000, 100);
		CU_ASSERT_DOUBLE_EQUAL(figure("proc/pressure/io", "total"), 500000, 100);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/io.pressure", "total"), 500000, 100);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/c/io.pressure", "total"), 0, 0.1);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/memory.pressure", "total"), 0, 0.1);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/cpu.pressure", "total"), 0, 0.1);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 0, 0.001);
		/* 24 % of 2.004 s: 24 * 371 / 2048. */
		lab_expect(&lab, 0, "tick 2s");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 4.34, 0.001);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg60"), 0.78, 0.001);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg300"), 0.16, 0.001);
		/* e^-1 of it; and reading it changes nothing. */
		lab_expect(&lab, 0, "tick 10s");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 4.34 * 0.368, 0.05);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 4.34 * 0.368, 0.05);
		lab_expect(&lab, 0, "tick 300s");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 0, 0.001);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "total"), 500000, 100);
		lab_end(&lab);
	}
}

/* Who waits all the time has nearly 100 %. */
static void test_all_the_time(void)
{
	open_lab(0);
	lab_expect(&lab, 0, "cgroup_mkdir a");
	lab_fork_into(&lab, "t", "/a");
	lab_expect(&lab, 0, "sim/as/t/ctl: open /disk O_RDONLY as disk");
	lab_expect(&lab, 0, "sim/as/t/ctl: fadvise64 @disk 0 0 random");
	for (unsigned int i = 0; i < 120; i++)
		lab_expect(&lab, 0, "sim/as/t/ctl: pread64 @disk 4K %uK", i * 64);
	CU_ASSERT(figure(ROOT "/a/io.pressure", "avg10") > 95);
	CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "total"), 60e6, 1e5);
	CU_ASSERT(figure(ROOT "/a/io.pressure", "avg300") > 15);
	lab_end(&lab);
}

/* A fault that reads swap takes the device's time; memory.high is a stall of memory. */
static void test_swap_and_high(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		double before;

		open_lab(i);
		lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: +memory");
		lab_expect(&lab, 0, "cgroup_mkdir s");
		lab_fork_into(&lab, "t", "/s");
		lab_expect(&lab, 0, ROOT "/s/memory.max: 4M");
		lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 16M rw private,anon as memory");
		lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 16M");
		before = figure(ROOT "/s/io.pressure", "total");
		lab_expect(&lab, 0, "sim/as/t/ctl: load @memory 4K");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/s/io.pressure", "total") - before, 505000, 10000);
		lab_expect(&lab, 0, ROOT "/s/memory.max: max");
		lab_expect(&lab, 0, "sim/as/init/ctl: swapoff /dev/sda");
		before = figure(ROOT "/s/memory.pressure", "total");
		lab_expect(&lab, 0, ROOT "/s/memory.high: 2M");
		lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 8M rw private,anon as more");
		lab_expect(&lab, 0, "sim/as/t/ctl: store @more 8M");
		CU_ASSERT(figure(ROOT "/s/memory.pressure", "total") - before > 100000);
		lab_end(&lab);
	}
}

/* Reclaim takes time of a CPU, which is the group's that is short of memory, and a stall of it. */
static void test_cpu_time(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		const char *nice = i ? "nice_usec 0\n" : "";
		char expected[80];
		s64 time;

		open_lab(i);
		lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: +memory");
		lab_expect(&lab, 0, "cgroup_mkdir s");
		lab_expect(&lab, 0, "cgroup_mkdir s/t");
		lab_fork_into(&lab, "t", "/s/t");
		snprintf(expected, sizeof(expected), "usage_usec 0\nuser_usec 0\nsystem_usec 0\n%s", nice);
		CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/s/t/cpu.stat"), expected);
		CU_ASSERT(!strncmp(lab_cat(&lab, ROOT "/cpu.stat"), expected, strlen(expected)));
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, ROOT "/cpu.stat"),
			"nr_periods 0\nnr_throttled 0\nthrottled_usec 0\nnr_bursts 0\nburst_usec 0\n"));
		lab_expect(&lab, 0, ROOT "/s/memory.max: 4M");
		lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 16M rw private,anon as memory");
		lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 16M");
		time = lab_figure(&lab, ROOT "/s/t/cpu.stat", "system_usec");
		/* 3,000 pages that go to swap, 35 us and more each; most of it is waiting, too. */
		CU_ASSERT(time > 105000 && time < 200000);
		CU_ASSERT_EQUAL(lab_figure(&lab, ROOT "/s/cpu.stat", "usage_usec"), time);
		CU_ASSERT(lab_figure(&lab, ROOT "/cpu.stat", "usage_usec") >= time);
		CU_ASSERT(figure(ROOT "/s/memory.pressure", "total") >= time);
		lab_end(&lab);
	}
}

/* So long a group's tasks made no calls, for it or for one above. */
static void test_frozen(void)
{
	open_lab(0);
	CU_ASSERT(lab_run(&lab, "cat " ROOT "/cpu.stat.local") < 0);
	lab_end(&lab);
	open_lab(1);
	lab_expect(&lab, 0, "cgroup_mkdir a");
	lab_expect(&lab, 0, "cgroup_mkdir a/b");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/cgroup.stat.local"), "frozen_usec 0\n");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/cpu.stat.local"), "");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/cpu.stat.local"), "throttled_usec 0\n");
	lab_expect(&lab, 0, ROOT "/a/cgroup.freeze: 1");
	lab_expect(&lab, 0, "tick 2s");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/b/cgroup.stat.local"), "frozen_usec 2000000\n");
	lab_expect(&lab, 0, ROOT "/a/b/cgroup.freeze: 1");
	lab_expect(&lab, 0, ROOT "/a/cgroup.freeze: 0");
	lab_expect(&lab, 0, "tick 1s");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/cgroup.stat.local"), "frozen_usec 2000000\n");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/b/cgroup.stat.local"), "frozen_usec 3000000\n");
	lab_expect(&lab, 0, ROOT "/a/b/cgroup.freeze: 0");
	lab_expect(&lab, 0, "tick 1s");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, ROOT "/a/b/cgroup.stat.local"), "frozen_usec 3000000\n");
	lab_end(&lab);
}

/* kswapd works beside the tasks: some wait for memory meanwhile, not all. */
static void test_daemon(void)
{
	const char *const sets[] = { "node 0.memory=128M", NULL };
	unsigned long some, full;
	const char *text;

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as t");
	lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 200M rw private,anon as memory");
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 200M");
	text = lab_cat(&lab, "proc/pressure/memory");
	some = strtoul(strstr(text, "total=") + 6, NULL, 10);
	full = strtoul(strstr(strstr(text, "full"), "total=") + 6, NULL, 10);
	CU_ASSERT(full > 50000 && some > full + 20000);
	lab_end(&lab);
}

/* ---- Triggers. ---- */

static const struct caller nobody;

static struct handle *open_file(const char *path)
{
	struct handle *handle = NULL;
	struct node node;

	CU_ASSERT_EQUAL_FATAL(tree_walk(lab.tree, path, nobody, &node), 0);
	CU_ASSERT_EQUAL_FATAL(tree_open(lab.tree, node, nobody, O_RDWR, &handle), 0);
	return handle;
}

static int tell(struct handle *handle, const char *text)
{
	ssize_t taken = handle_write(handle, 0, text, strlen(text) + 1);

	return taken < 0 ? (int)taken : 0;
}

static void test_trigger_texts(void)
{
	static const struct {
		const char *text;
		int err[2];
	} rows[] = {
		{ "some 150000 1000000", { 0, 0 } }, { "full 1 500000\n", { 0, 0 } },
		{ "some 150000", { -EINVAL, -EINVAL } }, { "most 1 1000000", { -EINVAL, -EINVAL } },
		{ "some 0 1000000", { -EINVAL, -EINVAL } },
		{ "some 1000001 1000000", { -EINVAL, -EINVAL } },
		{ "some 1 10000001", { -EINVAL, -EINVAL } }, { "some 1 0", { -EINVAL, -EINVAL } },
		{ "some 1000 499999", { -EINVAL, 0 } },
	};
	static const char *const files[] = {
		"proc/pressure/memory", "proc/pressure/io", "proc/pressure/cpu",
		ROOT "/memory.pressure", ROOT "/a/cpu.pressure", ROOT "/a/io.pressure",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		lab_expect(&lab, 0, "cgroup_mkdir a");
		for (unsigned int row = 0; row < ARRAY_SIZE(rows) * ARRAY_SIZE(files); row++) {
			struct handle *handle = open_file(files[row % ARRAY_SIZE(files)]);
			int err = rows[row / ARRAY_SIZE(files)].err[i];

			CU_ASSERT_EQUAL(tell(handle, rows[row / ARRAY_SIZE(files)].text), err);
			CU_ASSERT_EQUAL(tell(handle, "some 1000 1000000"), err ? 0 : -EBUSY);
			handle_release(handle);
		}
		lab_end(&lab);
	}
}

/* Half a second of stall: at once, and again in another window, for whom it is enough. */
static void test_triggers(void)
{
	static const char *const texts[] = { "some 400000 1000000", "full 400000 1000000",
					     "some 600000 1000000" };
	const int ready = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	struct handle *waits[ARRAY_SIZE(texts)], *bare, *other;

	open_lab(0);
	lab_expect(&lab, 0, "cgroup_mkdir a");
	lab_expect(&lab, 0, "cgroup_mkdir b");
	lab_fork_into(&lab, "t", "/a");
	lab_expect(&lab, 0, "sim/as/t/ctl: open /disk O_RDONLY as disk");
	lab_expect(&lab, 0, "sim/as/t/ctl: fadvise64 @disk 0 0 random");
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++) {
		waits[i] = open_file(ROOT "/a/io.pressure");
		CU_ASSERT_EQUAL(tell(waits[i], texts[i]), 0);
		CU_ASSERT(handle_can_poll(waits[i]));
		CU_ASSERT_EQUAL(handle_poll(waits[i]), ready);
	}
	other = open_file(ROOT "/b/io.pressure");
	CU_ASSERT_EQUAL(tell(other, texts[0]), 0);
	bare = open_file("proc/pressure/io");
	CU_ASSERT_EQUAL(handle_poll(bare), ready | POLLPRI | POLLERR);
	lab_expect(&lab, 0, "tick 1s");
	lab_expect(&lab, 0, "sim/as/t/ctl: pread64 @disk 4K 0");
	for (unsigned int i = 0; i < 2; i++) {
		CU_ASSERT(handle_wakes(waits[i]) && handle_wakes(waits[i]));
		CU_ASSERT_EQUAL(handle_poll(waits[i]), ready | POLLPRI);
		CU_ASSERT_EQUAL(handle_poll(waits[i]), ready);
	}
	CU_ASSERT(!handle_wakes(waits[2]) && !handle_wakes(other));
	/* In the same window: not again. Later it is. */
	lab_expect(&lab, 0, "sim/as/t/ctl: pread64 @disk 4K 64K");
	CU_ASSERT(!handle_wakes(waits[0]));
	lab_expect(&lab, 0, "tick 600ms");
	lab_expect(&lab, 0, "sim/as/t/ctl: pread64 @disk 4K 128K");
	CU_ASSERT(handle_wakes(waits[0]));
	/* The group is gone. */
	lab_expect(&lab, 0, "cgroup_rmdir b");
	CU_ASSERT_EQUAL(handle_poll(other), ready | POLLPRI | POLLERR);
	for (unsigned int i = 0; i < ARRAY_SIZE(texts); i++)
		handle_release(waits[i]);
	handle_release(other);
	handle_release(bare);
	lab_end(&lab);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "averages", test_averages },
		{ "all the time", test_all_the_time },
		{ "swap, memory.high", test_swap_and_high },
		{ "time of the CPU", test_cpu_time },
		{ "frozen", test_frozen },
		{ "kswapd", test_daemon },
		{ "what triggers say", test_trigger_texts },
		{ "triggers", test_triggers },
	};

	return suite_main("pressure stalls", tests, ARRAY_SIZE(tests), NULL, NULL);
}
