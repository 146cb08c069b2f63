// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Time of CPUs: who reclaims, migrates or writes back has used it, be it a task or a thread of
 * the kernel; who waits for a disk leaves the CPU to iowait; what files say of it adds up.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#define ROOT "sys/fs/cgroup"
#define USER_TICK 10000000ULL
#define NR_CPUS 2

static struct lab lab;
static const char *const releases[] = { "release=6.1", "release=6.18" };

/* Reclaim is slow enough for clock ticks; a read takes half a second. */
static const char machine_text[] =
	"[machine]\n"
	"release = 6.1\n"
	"[node 0]\n"
	"cpus = 0-1\n"
	"memory = 96M\n"
	"[cost]\n"
	"disk_read = 500000000\n"
	"scan_page = 200000\n"
	"migrate_page = 1000000\n"
	"dirty_page = 500000\n"
	"write_page = 1000000\n"
	"[disk]\n"
	"name = vda\n"
	"size = 1G\n"
	"bandwidth = 1T\n"
	"[file /disk]\n"
	"size = 1M\n"
	"[swap 0]\n"
	"path = /dev/sda\n"
	"size = 256M\n";

static void open_lab(unsigned int release)
{
	const char *const sets[] = { releases[release], NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
}

/* The number behind so many words of the line that begins so. */
static u64 column(const char *text, const char *line, unsigned int words)
{
	const char *at = text;

	while (at && strncmp(at, line, strlen(line)))
		at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	for (at += strlen(line); words; words--) {
		at += strspn(at, " ");
		at += strcspn(at, " ");
	}
	return strtoull(at, NULL, 10);
}

enum { SYSTEM = 2, IDLE, IOWAIT };	/* of proc/stat */

static u64 of_stat(const char *cpu, unsigned int what)
{
	return column(lab_cat(&lab, "proc/stat"), cpu, what);
}

/* Clock ticks of PID/stat: stime, or (1) cstime. */
static u64 stime(const char *task, unsigned int children)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/stat", task);
	return column(strrchr(lab_cat(&lab, path), ')'), ")", 12 + 2 * children);
}

static u64 schedstat(const char *task)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/schedstat", task);
	return column(lab_cat(&lab, path), "", 0);
}

/* The thread of the kernel that is called so, as a path. */
static const char *thread_named(const char *prefix)
{
	static char path[32];

	for (unsigned int pid = 2; pid < 200; pid++) {
		char comm[40];

		snprintf(path, sizeof(path), "proc/%u", pid);
		snprintf(comm, sizeof(comm), "cat proc/%u/comm", pid);
		if (!lab_run(&lab, comm) && !strncmp(lab_text(&lab.out), prefix, strlen(prefix)))
			return path;
	}
	CU_FAIL_FATAL("no such thread");
	return NULL;
}

/* Of all tasks that there are, in ns. */
static u64 all_tasks(void)
{
	u64 sum = 0;

	for (unsigned int pid = 1; pid < 300; pid++) {
		char line[40];

		snprintf(line, sizeof(line), "cat proc/%u/schedstat", pid);
		if (!lab_run(&lab, line))
			sum += strtoull(lab_text(&lab.out), NULL, 10);
	}
	return sum;
}

/* Each CPU did or waited for something, or idled, for as long as the machine is up. */
static void expect_whole(void)
{
	u64 up = strtoull(lab_cat(&lab, "proc/uptime"), NULL, 10) * 100, passed;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		char name[8];

		snprintf(name, sizeof(name), "cpu%u ", cpu);
		passed = of_stat(name, SYSTEM) + of_stat(name, IDLE) + of_stat(name, IOWAIT);
		CU_ASSERT(passed + 2 >= up);
		/* The clock may be behind a CPU that is at work. */
		CU_ASSERT(passed <= up + 100 + 20);
	}
}

/* Who reclaims in his group: his time is the group's, and a CPU's. */
static void test_reclaim(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 ns, before;

		open_lab(i);
		lab_expect(&lab, 0, ROOT "/cgroup.subtree_control: +memory");
		lab_expect(&lab, 0, "cgroup_mkdir s");
		lab_fork_into(&lab, "t", "/s");
		before = of_stat("cpu ", SYSTEM);
		lab_expect(&lab, 0, ROOT "/s/memory.max: 4M");
		lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 16M rw private,anon as memory");
		lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 16M");
		ns = schedstat("sim/as/t");
		CU_ASSERT(ns > 3000 * 200000ULL);
		CU_ASSERT_EQUAL(stime("sim/as/t", 0), ns / USER_TICK);
		CU_ASSERT_EQUAL(column(lab_cat(&lab, ROOT "/s/cpu.stat"), "system_usec", 0), ns / 1000);
		CU_ASSERT_EQUAL(of_stat("cpu ", SYSTEM) - before, ns / USER_TICK);
		CU_ASSERT_EQUAL(all_tasks(), ns);
		expect_whole();
		lab_end(&lab);
	}
}

/* kswapd's time is its own. */
static void test_kswapd(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 kswapd, own;

		open_lab(i);
		lab_expect(&lab, 0, "sim/as/init/ctl: fork as t");
		lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 128M rw private,anon as memory");
		lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 128M");
		kswapd = schedstat(thread_named("kswapd0"));
		own = schedstat("sim/as/t");
		CU_ASSERT(kswapd > 100 * USER_TICK);
		CU_ASSERT_EQUAL(stime(thread_named("kswapd0"), 0), kswapd / USER_TICK);
		CU_ASSERT_EQUAL(of_stat("cpu ", SYSTEM), all_tasks() / USER_TICK);
		CU_ASSERT(all_tasks() >= kswapd + own);
		CU_ASSERT_EQUAL(of_stat("cpu ", SYSTEM),
				column(lab_cat(&lab, ROOT "/cpu.stat"), "system_usec", 0) / 10000);
		expect_whole();
		lab_end(&lab);
	}
}

/* A disk is waited for: nobody works, and idle is something else. */
static void test_iowait(void)
{
	u64 idle;

	open_lab(0);
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as t");
	lab_expect(&lab, 0, "sim/as/t/ctl: open /disk O_RDONLY as disk");
	idle = of_stat("cpu ", IDLE);
	CU_ASSERT_EQUAL(of_stat("cpu ", IOWAIT), 0);
	lab_expect(&lab, 0, "sim/as/t/ctl: pread64 @disk 4K 0");
	CU_ASSERT_EQUAL(of_stat("cpu ", IOWAIT), 50);
	CU_ASSERT_EQUAL(of_stat("cpu0 ", IOWAIT) + of_stat("cpu1 ", IOWAIT), 50);
	/* The other CPU idled meanwhile. */
	CU_ASSERT_EQUAL(of_stat("cpu ", IDLE) - idle, 50);
	CU_ASSERT_EQUAL(of_stat("cpu ", SYSTEM), 0);
	lab_expect(&lab, 0, "tick 1s");
	CU_ASSERT_EQUAL(of_stat("cpu ", IOWAIT), 50);
	CU_ASSERT_EQUAL(of_stat("cpu ", IDLE) - idle, 250);
	expect_whole();
	lab_end(&lab);
}

/* Who makes pages dirty works; the flusher is a kworker; who syncs writes himself. */
static void test_writers(void)
{
	u64 kworker;

	open_lab(1);
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as t");
	lab_expect(&lab, 0, "sim/as/t/ctl: open /w O_RDWR|O_CREAT as w");
	lab_expect(&lab, 0, "sim/as/t/ctl: pwrite64 @w 256K 0");
	CU_ASSERT_EQUAL(schedstat("sim/as/t"), 64 * 500000);
	/* They are dirty already. */
	lab_expect(&lab, 0, "sim/as/t/ctl: pwrite64 @w 256K 0");
	lab_expect(&lab, 0, "tick 40s");
	kworker = schedstat(thread_named("kworker/u"));
	CU_ASSERT_EQUAL(kworker, 64 * 1000000);
	CU_ASSERT_EQUAL(schedstat("sim/as/t"), 64 * 500000);
	lab_expect(&lab, 0, "sim/as/t/ctl: pwrite64 @w 128K 256K");
	lab_expect(&lab, 0, "sim/as/t/ctl: fsync @w");
	CU_ASSERT_EQUAL(schedstat(thread_named("kworker/u")), kworker);
	CU_ASSERT_EQUAL(schedstat("sim/as/t"), 96 * 500000 + 32 * 1000000);
	CU_ASSERT_EQUAL(of_stat("cpu ", SYSTEM), 14);
	expect_whole();
	lab_end(&lab);
}

/* Every other page of a range is given back: there is something to compact. */
static void make_holes(void)
{
	lab_expect(&lab, 0, "sim/as/t/ctl: mmap 0 32M rw private,anon as memory");
	lab_expect(&lab, 0, "sim/as/t/ctl: store @memory 32M");
	for (unsigned int i = 0; i < 8192; i += 2)
		lab_expect(&lab, 0, "sim/as/t/ctl: madvise @memory+%u 4K dontneed", i * 4096);
}

static void test_compaction(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 before;

		open_lab(i);
		lab_expect(&lab, 0, "sim/as/init/ctl: fork as t");
		make_holes();
		before = of_stat("cpu ", SYSTEM);
		lab_expect(&lab, 0, "proc/sys/vm/compaction_proactiveness: 100");
		lab_expect(&lab, 0, "tick 2s");
		CU_ASSERT(schedstat(thread_named("kcompactd0")) > 100 * 1000000);
		CU_ASSERT(stime(thread_named("kcompactd0"), 0) <= of_stat("cpu ", SYSTEM) - before);
		CU_ASSERT_EQUAL(schedstat("sim/as/t"), 0);
		expect_whole();
		lab_end(&lab);
	}
}

/* Threads' time is the process's, that of children who were waited for is known apart. */
static void test_family(void)
{
	u64 threads, child;

	open_lab(1);
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as t");
	lab_expect(&lab, 0, "sim/as/t/ctl: open /w O_RDWR|O_CREAT as w");
	lab_expect(&lab, 0, "sim/as/t/ctl: clone CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|"
		   "CLONE_THREAD as u");
	lab_expect(&lab, 0, "sim/as/t/ctl: fork as c");
	lab_expect(&lab, 0, "sim/as/c/ctl: pwrite64 @w 128K 0");
	lab_expect(&lab, 0, "sim/as/c/ctl: fsync @w");
	child = schedstat("sim/as/c");
	CU_ASSERT_EQUAL(child, 32 * 1500000);
	lab_expect(&lab, 0, "sim/as/u/ctl: pwrite64 @w 192K 0");
	lab_expect(&lab, 0, "sim/as/u/ctl: fsync @w");
	CU_ASSERT_EQUAL(schedstat("sim/as/t"), 0);
	CU_ASSERT_EQUAL(stime("sim/as/t", 0), 7);
	lab_expect(&lab, 0, "sim/as/u/ctl: exit 0");
	CU_ASSERT_EQUAL(stime("sim/as/t", 0), 7);
	CU_ASSERT_EQUAL(stime("sim/as/t", 1), 0);
	lab_expect(&lab, 0, "sim/as/c/ctl: exit 0");
	CU_ASSERT_EQUAL(stime("sim/as/t", 1), 0);
	lab_expect(&lab, 0, "sim/as/t/ctl: wait4 -1");
	CU_ASSERT_EQUAL(stime("sim/as/t", 1), 4);
	CU_ASSERT_EQUAL(stime("sim/as/t", 0), 7);
	threads = of_stat("cpu ", SYSTEM);
	CU_ASSERT_EQUAL(threads, 12);
	lab_end(&lab);
}

/* What a line costs is worked, unless it was refused: then nothing has changed. */
static void test_costs(void)
{
	static const char *const sets[] = { "cost.kmalloc=30000000", "cost.kfree=30000000", NULL };
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, machine_text, sets), 0);
	lab_expect(&lab, 0, "kmalloc 100 kernel as bytes");
	CU_ASSERT_EQUAL(of_stat("cpu0 ", SYSTEM), 3);
	lab_digest(&lab, before);
	CU_ASSERT(lab_run(&lab, "kfree 0x1234") < 0);
	lab_digest(&lab, after);
	CU_ASSERT_STRING_EQUAL(before, after);
	lab_expect(&lab, 0, "kfree @bytes");
	CU_ASSERT_EQUAL(of_stat("cpu0 ", SYSTEM), 6);
	expect_whole();
	lab_end(&lab);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "reclaim in a group", test_reclaim },
		{ "kswapd", test_kswapd },
		{ "waiting for a disk", test_iowait },
		{ "who writes", test_writers },
		{ "compaction", test_compaction },
		{ "threads and children", test_family },
		{ "lines", test_costs },
	};

	return suite_main("time of CPUs", tests, ARRAY_SIZE(tests), NULL, NULL);
}
