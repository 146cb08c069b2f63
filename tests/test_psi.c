// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pressure stall information: waits of tasks by their reason, for their groups up to the
 * machine, and averages of them as time goes by.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"
#include "support.h"

#include "fs/core/tree_struct.h"

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
	char path[] = "/tmp/psi-XXXXXX";
	const char *const sets[] = { releases[release], NULL };
	int fd = mkstemp(path);

	CU_ASSERT_FATAL(fd >= 0 && write(fd, machine_text, sizeof(machine_text) - 1) > 0);
	close(fd);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, path, sets), 0);
	unlink(path);
}

static void close_lab(void)
{
	CU_ASSERT_EQUAL(nr_broken(tree_machine(lab.tree), machine_check, NULL), 0);
	CU_ASSERT(!strncmp(lab_cat(&lab, "sim/check"), "clean", 5));
	lab_end_tasks(&lab);
	lab_close(&lab);
}

static __printf(1, 2) void run(const char *format, ...)
{
	char line[200];
	va_list args;
	int err;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	err = lab_run(&lab, line);
	if (err)
		printf("\n  %s: %d: %s\n", line, err, lab_text(&lab.sentence));
	CU_ASSERT_EQUAL(err, 0);
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

static void fork_into(const char *name, const char *group)
{
	char path[60];

	run("sim/as/init/ctl: fork as %s", name);
	snprintf(path, sizeof(path), "sim/as/%s/stat", name);
	run(ROOT "%s/cgroup.procs: %d", group, atoi(lab_cat(&lab, path)));
}

/* Half a second of two, and what is left of that later. */
static void test_averages(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(i);
		run("cgroup_mkdir a");
		run("cgroup_mkdir a/b");
		run("cgroup_mkdir c");
		fork_into("t", "/a/b");
		run("sim/as/t/ctl: open /disk O_RDONLY as disk");
		run("sim/as/t/ctl: pread64 @disk 4K 0");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/b/io.pressure", "total"), 500000, 100);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "total"), 500000, 100);
		CU_ASSERT_DOUBLE_EQUAL(figure("proc/pressure/io", "total"), 500000, 100);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/io.pressure", "total"), 500000, 100);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/c/io.pressure", "total"), 0, 0.1);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/memory.pressure", "total"), 0, 0.1);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/cpu.pressure", "total"), 0, 0.1);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 0, 0.001);
		/* 24 % of 2.004 s: 24 * 371 / 2048. */
		run("tick 2s");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 4.34, 0.001);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg60"), 0.78, 0.001);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg300"), 0.16, 0.001);
		/* e^-1 of it; and reading it changes nothing. */
		run("tick 10s");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 4.34 * 0.368, 0.05);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 4.34 * 0.368, 0.05);
		run("tick 300s");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "avg10"), 0, 0.001);
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "total"), 500000, 100);
		close_lab();
	}
}

/* Who waits all the time has nearly 100 %. */
static void test_all_the_time(void)
{
	open_lab(0);
	run("cgroup_mkdir a");
	fork_into("t", "/a");
	run("sim/as/t/ctl: open /disk O_RDONLY as disk");
	run("sim/as/t/ctl: fadvise64 @disk 0 0 random");
	for (unsigned int i = 0; i < 120; i++)
		run("sim/as/t/ctl: pread64 @disk 4K %uK", i * 64);
	CU_ASSERT(figure(ROOT "/a/io.pressure", "avg10") > 95);
	CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/a/io.pressure", "total"), 60e6, 1e5);
	CU_ASSERT(figure(ROOT "/a/io.pressure", "avg300") > 15);
	close_lab();
}

/* A fault that reads swap takes the device's time; memory.high is a stall of memory. */
static void test_swap_and_high(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		double before;

		open_lab(i);
		run(ROOT "/cgroup.subtree_control: +memory");
		run("cgroup_mkdir s");
		fork_into("t", "/s");
		run(ROOT "/s/memory.max: 4M");
		run("sim/as/t/ctl: mmap 0 16M rw private,anon as memory");
		run("sim/as/t/ctl: store @memory 16M");
		before = figure(ROOT "/s/io.pressure", "total");
		run("sim/as/t/ctl: load @memory 4K");
		CU_ASSERT_DOUBLE_EQUAL(figure(ROOT "/s/io.pressure", "total") - before, 505000, 10000);
		run(ROOT "/s/memory.max: max");
		run("sim/as/init/ctl: swapoff /dev/sda");
		before = figure(ROOT "/s/memory.pressure", "total");
		run(ROOT "/s/memory.high: 2M");
		run("sim/as/t/ctl: mmap 0 8M rw private,anon as more");
		run("sim/as/t/ctl: store @more 8M");
		CU_ASSERT(figure(ROOT "/s/memory.pressure", "total") - before > 100000);
		close_lab();
	}
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "averages", test_averages },
		{ "all the time", test_all_the_time },
		{ "swap, memory.high", test_swap_and_high },
	};

	return suite_main("pressure stalls", tests, ARRAY_SIZE(tests), NULL, NULL);
}
