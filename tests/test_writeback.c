// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dirty pages and their way to the disk: the limits by their formulas, when the flusher
 * runs, how long who writes has to wait, and how long a disk takes.
 */
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/blk.h"
#include "sim/virt/task.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"
#include "support.h"

static struct lab lab;
static const struct machine *m;

static const char *const releases[] = { "release=6.1", "release=6.18" };

static void open_lab_set(const char *release, const char *bandwidth, const char *cost)
{
	const char *sets[] = { release, bandwidth, "node 0.memory=256M", "disk.read_latency=1000000",
			       "disk.write_latency=2000000", cost, NULL };

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
	m = tree_machine(lab.tree);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
}

static void open_lab(const char *release, const char *bandwidth)
{
	open_lab_set(release, bandwidth, NULL);
}

static void call(const char *line)
{
	struct out text = OUT_INIT;

	out_printf(&text, "sim/as/a/ctl: %s", line);
	CU_ASSERT_EQUAL(lab_run(&lab, text.text), 0);
	out_free(&text);
}

static void close_lab(void)
{
	lab_check(&lab);
	lab_close(&lab);
}

static u64 vmstat(const char *name)
{
	return (u64)lab_figure(&lab, "proc/vmstat", name);
}

static void expect_pages(u64 dirty, u64 writeback)
{
	CU_ASSERT_EQUAL(vmstat("nr_dirty"), dirty);
	CU_ASSERT_EQUAL(vmstat("nr_writeback"), writeback);
}

/* Of free pages beyond the reserves, and those of files. */
static void test_limits(void)
{
	open_lab("release=6.18", "disk.bandwidth=10M");
	for (unsigned int ratio = 5; ratio <= 80; ratio += 25) {
		char line[64];
		u64 available = vmstat("nr_free_pages") - m->totalreserve_pages +
				vmstat("nr_inactive_file") + vmstat("nr_active_file") + 1;

		snprintf(line, sizeof(line), "proc/sys/vm/dirty_ratio: %u", ratio);
		CU_ASSERT_EQUAL(lab_run(&lab, line), 0);
		CU_ASSERT_EQUAL(vmstat("nr_dirty_threshold"),
				ratio * 4096 / 100 * available / 4096);
		CU_ASSERT_EQUAL(vmstat("nr_dirty_background_threshold"), ratio == 5 ?
				ratio * 4096 / 100 * available / 4096 / 2 :
				10 * 4096 / 100 * available / 4096);
	}
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/dirty_bytes: 8388609"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/dirty_background_bytes: 4194304"), 0);
	CU_ASSERT_EQUAL(vmstat("nr_dirty_threshold"), 2049);
	CU_ASSERT_EQUAL(vmstat("nr_dirty_background_threshold"), 1024);
	close_lab();
}

/* Five seconds behind the first write the flusher looks; what is old, it writes. */
static void test_periodic(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab(releases[i], "disk.bandwidth=10M");
		call("open /data/w rdwr,creat as w");
		call("pwrite64 @w 1M 0");
		expect_pages(256, 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 4s"), 0);
		expect_pages(256, 0);
		if (i) {	/* 6.1: what a disk that is idle may have dirty is nothing */
			CU_ASSERT_EQUAL(lab_run(&lab, "tick 25s"), 0);
			expect_pages(256, 0);
		}
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 8s"), 0);
		expect_pages(0, 0);
		CU_ASSERT_EQUAL(vmstat("nr_written"), 256);
		close_lab();
	}
}

/* A request is through the pipe, and then the latency is over. */
static void test_times(void)
{
	u64 begin;

	open_lab("release=6.18", "disk.bandwidth=8M");
	call("open /data/w rdwr,creat as w");
	call("pwrite64 @w 512K 0");
	call("pwrite64 @w 512K 512K");
	begin = m->now_ns;
	call("fsync @w");
	/* An eighth of a second, 2 ms, and as much for the disk's own cache. */
	CU_ASSERT_EQUAL(m->now_ns - begin, 125000000 + 4000000);
	call("pwrite64 @w 1M 0");
	begin = m->now_ns;
	call("sync_file_range @w 0 1M WRITE");
	/* Who writes works for it. */
	CU_ASSERT_EQUAL(m->now_ns, begin + 256 * m->config->cost[COST_WRITE_PAGE]);
	expect_pages(0, 256);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 60ms"), 0);
	expect_pages(0, 256);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 6ms"), 0);
	expect_pages(0, 128);
	/* Pages on their way stay, clean ones go; a file that is gone has none. */
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 1"), 0);
	expect_pages(0, 128);
	begin = m->now_ns;
	call("ftruncate @w 0");
	CU_ASSERT(m->now_ns > begin && m->now_ns - begin < 100000000);
	expect_pages(0, 0);
	/* 32 pages are read at once: 1 ms, and 128K of 8M. */
	call("pwrite64 @w 1M 0");
	call("fsync @w");
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 1"), 0);
	begin = m->now_ns;
	call("pread64 @w 4096 0");
	CU_ASSERT(m->now_ns - begin >= 1000000 && m->now_ns - begin < 20000000);
	call("sync");
	close_lab();
}

/* Above the background limit the flusher runs at once, and stops below it. */
static void test_background(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 limit;

		open_lab(releases[i], "disk.bandwidth=10M");
		call("open /data/w rdwr,creat as w");
		call("pwrite64 @w 4M 0");
		call("fsync @w");
		limit = vmstat("nr_dirty_background_threshold");
		call("pwrite64 @w 8M 0");
		expect_pages(2048, 0);
		call("pwrite64 @w 17M 8M");
		CU_ASSERT(vmstat("nr_writeback") > 0);
		CU_ASSERT(vmstat("nr_dirty") <= limit);
		CU_ASSERT(vmstat("nr_dirty") > limit / 2);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 2s"), 0);
		CU_ASSERT_EQUAL(vmstat("nr_writeback"), 0);
		CU_ASSERT(vmstat("nr_dirty") > limit / 2);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/why"), "wb_do_writeback"));
		close_lab();
	}
}

/* Who writes more than the disk can is as quick as the disk, and the limit holds. */
static void test_throttled(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 begin = 0, limit = 0, most = 0;
		double rate;

		open_lab(releases[i], "disk.bandwidth=10M");
		call("open /data/w rdwr,creat as w");
		for (unsigned int chunk = 0; chunk < 24; chunk++) {
			char line[64];
			u64 now;

			if (chunk == 8)
				begin = m->now_ns;
			snprintf(line, sizeof(line), "pwrite64 @w 8M %uM", chunk * 8 % 64);
			call(line);
			now = vmstat("nr_dirty") + vmstat("nr_writeback");
			most = MAX(most, now);
			limit = vmstat("nr_dirty_threshold");
			CU_ASSERT(now <= limit + limit / 50);
		}
		/* Pages that are dirty are written over: those need not be written twice. */
		rate = 128e9 / (double)(m->now_ns - begin);
		CU_ASSERT(rate > 5 && rate < 40);
		CU_ASSERT(most > limit / 2);
		CU_ASSERT(m->virt->writeback->nr_pauses > 10);
		CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sim/why"), "balance_dirty_pages"));
		call("fsync @w");
		expect_pages(0, 0);
		close_lab();
	}
}

/* Who takes as long for his pages as the disk does has nothing to wait for. */
static void test_slow_writer(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_lab_set(releases[i], "disk.bandwidth=10M", "cost.dirty_page=500000");
		call("open /data/w rdwr,creat as w");
		call("pwrite64 @w 100M 0");
		/* By folios of 2 MiB it comes too late that he might have waited less. */
		CU_ASSERT(m->virt->writeback->nr_pauses <= (i ? 2 : 0));
		CU_ASSERT(m->now_ns > 12800000000 && m->now_ns < 13500000000);
		/* The disk worked meanwhile: in the midst of the call, too. */
		CU_ASSERT(vmstat("nr_dirty") + vmstat("nr_writeback") < 25600 / 2);
		close_lab();
	}
}

/* Pages that mappings dirty count, and are clean and read-only behind the flusher. */
static void test_mapped(void)
{
	open_lab("release=6.18", "disk.bandwidth=10M");
	call("open /data/w rdwr,creat as w");
	call("ftruncate @w 64M");
	call("mmap 0 64M rw shared @w 0 as map");
	call("store @map 64M");
	CU_ASSERT(m->now_ns > 1000000000);
	/* A folio of 2 MiB becomes dirty at once. */
	CU_ASSERT(vmstat("nr_dirty") + vmstat("nr_writeback") <=
		  vmstat("nr_dirty_threshold") + 512);
	call("msync @map 64M sync");
	expect_pages(0, 0);
	call("store @map 4K");
	expect_pages(1, 0);
	close_lab();
}

/* A disk that did something has the rest to do soon; before that nothing. */
static void test_laptop(void)
{
	open_lab("release=6.1", "disk.bandwidth=10M");
	call("open /data/w rdwr,creat as w");
	call("pwrite64 @w 4M 0");
	call("fsync @w");
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/laptop_mode: 2"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/dirty_writeback_centisecs: 60000"), 0);
	call("pwrite64 @w 1M 0");
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 20s"), 0);
	expect_pages(256, 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 1"), 0);
	expect_pages(256, 0);
	call("pread64 @w 4096 2M");
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
	expect_pages(256, 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 2s"), 0);
	expect_pages(0, 0);
	close_lab();
}

/* The text at this address of the task's. */
static void expect_bytes(u64 address, const char *text)
{
	const struct task_struct *task = task_next(m, 2);
	char path[64], found[16] = { 0 };
	struct handle *handle;

	while (task && (task->flags & PF_KTHREAD))
		task = task_next(m, task->pid + 1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	snprintf(path, sizeof(path), "proc/%u/mem", task->pid);
	handle = lab_handle(&lab, path, 0);
	CU_ASSERT_EQUAL(handle_read(handle, address, found, 5), 5);
	CU_ASSERT_EQUAL(memcmp(found, text, 5), 0);
	handle_release(handle);
}

/* Five pages of a file, @c, at 0x10000000. */
static void open_mapped(const char *release)
{
	open_lab(release, "disk.bandwidth=10M");
	call("open /data/c rdwr,creat as c");
	call("ftruncate @c 20K");
	call("mmap 0x10000000 20K rw shared,fixed @c 0");
}

/* What only the disk has is zeroed as well where a file is cut, or gets a hole, within a page. */
static void test_cut(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_mapped(releases[i]);
		for (unsigned int page = 0; page < 2; page++) {
			call(page ? "poke 0x10002100 48656c6c6f" : "poke 0x10001100 48656c6c6f");
			call(page ? "poke 0x10002800 48656c6c6f" : "poke 0x10001800 48656c6c6f");
		}
		call("fsync @c");
		call("munmap 0x10000000 20K");
		CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 1"), 0);
		expect_pages(0, 0);
		call("fallocate @c punch_hole|keep_size 0x1400 2K");
		expect_pages(1, 0);
		call("ftruncate @c 0x2400");
		expect_pages(2, 0);
		/* Of a hole there is nothing to write. */
		call("ftruncate @c 20K");
		call("fallocate @c punch_hole|keep_size 0x3400 2K");
		expect_pages(2, 0);
		call("sync");
		CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 1"), 0);
		call("mmap 0x10000000 20K rw shared,fixed @c 0");
		call("load 0x10000000 20K");
		expect_bytes(0x10001100, "Hello");
		expect_bytes(0x10001800, "\0\0\0\0\0");
		expect_bytes(0x10002100, "Hello");
		expect_bytes(0x10002800, "\0\0\0\0\0");
		close_lab();
	}
}

/* MADV_REMOVE makes a hole on the disk, too: what was there does not come back. */
static void test_remove(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		open_mapped(releases[i]);
		call("poke 0x10001100 48656c6c6f");
		call("poke 0x10003100 48656c6c6f");
		call("fsync @c");
		call("madvise 0x10001000 4K REMOVE");
		for (unsigned int round = 0; round < 2; round++) {
			call("load 0x10000000 20K");
			expect_bytes(0x10001100, "\0\0\0\0\0");
			expect_bytes(0x10003100, "Hello");
			call("munmap 0x10000000 20K");
			CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 1"), 0);
			call("mmap 0x10000000 20K rw shared,fixed @c 0");
		}
		close_lab();
	}
}

/* Disks as the kernel's files show them: those that the machine file names. */
static void test_files(void)
{
	static const char *const none[] = { "node 0.memory=64M", NULL };
	struct out copy = OUT_INIT;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", none), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/diskstats"), "");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/partitions"), "major minor  #blocks  name\n\n");
	lab_close(&lab);
	open_lab("release=6.18", "disk.bandwidth=8M");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "proc/partitions"),
			       "major minor  #blocks  name\n\n 259        0   16777216 nvme0n1\n");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/dev"), "259:0\n");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/size"), "33554432\n");
	call("open /data/w rdwr,creat as w");
	call("pwrite64 @w 1M 0");
	call("fsync @w");
	/* Two requests of 512 KiB, and a flush. */
	out_puts(&copy, lab_cat(&lab, "proc/diskstats"));
	CU_ASSERT_PTR_NOT_NULL(strstr(copy.text, " 259       0 nvme0n1 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(copy.text, " 2 0 2048 191 0 "));
	CU_ASSERT_PTR_NOT_NULL(strstr(copy.text, " 0 0 0 0 1 2\n"));
	out_free(&copy);
	/* What is read ahead is on its way: it is counted when it is there. */
	call("fadvise64 @w 0 0 DONTNEED");
	call("pread64 @w 256K 0");
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/inflight"), "       1        0\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/diskstats"), "n1 2 0 768 32 2 0 2048 191 1 "));
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 31ms"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/diskstats"), "n1 2 0 768 32 2 0 2048 191 1 "));
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 50ms"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/diskstats"), "n1 3 0 1280 64 2 0 2048 191 0 193 258 "));
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/inflight"), "       0        0\n");
	/* One request at a time: the latency of each counts. */
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/block/nvme0n1/queue/nr_requests: 8"), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/queue/nr_requests"), "8\n");
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/block/nvme0n1/queue/nr_requests: x"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/block/nvme0n1/queue/read_ahead_kb: 67"), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/queue/read_ahead_kb"), "64\n");
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/block/nvme0n1/queue/read_ahead_kb: 4294967296"), -EINVAL);
	CU_ASSERT_EQUAL(lab_run(&lab, "sys/block/nvme0n1/queue/read_ahead_kb: 4294967295"), 0);
	CU_ASSERT_STRING_EQUAL(lab_cat(&lab, "sys/block/nvme0n1/queue/read_ahead_kb"), "4294967292\n");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "sys/kernel/debug/bdi/259:0/stats"),
				      "BdiWritten:               1024 kB\n"));
	close_lab();
}

/*
 * fsync() of a file that was written again while it is on its way waits for the disk; then the
 * flusher goes on, and may take the file's pages before it.
 */
static void test_sync_beside_flusher(void)
{
	for (unsigned int depth = 1; depth < 6; depth++) {
		char queue[40];
		const char *const sets[] = {
			"release=6.1", "disk.bandwidth=0", "disk.write_latency=20000000",
			"node 0.memory=128M", queue, NULL,
		};

		snprintf(queue, sizeof(queue), "disk.queue_depth=%u", depth);
		CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
		lab_expect(&lab, 0, "proc/sys/vm/dirty_background_bytes: 100000000");
		lab_expect(&lab, 0, "proc/sys/vm/dirty_bytes: 200000000");
		call("open /data/first rdwr,creat as f0");
		call("open /data/second rdwr,creat as f1");
		call("open /data/third rdwr,creat as f2");
		call("pwrite64 @f0 512K 0");
		call("pwrite64 @f1 32K 0");
		call("pwrite64 @f2 32K 0");
		lab_expect(&lab, 0, "proc/sys/vm/dirty_background_bytes: 4096");
		lab_expect(&lab, 0, "proc/sys/vm/dirty_writeback_centisecs: 1");
		lab_expect(&lab, 0, "tick 1ms");
		call("pwrite64 @f0 512K 0");
		lab_expect(&lab, 0, "tick 5us");
		call("fsync @f0");
		lab_check(&lab);
		call("sync");
		expect_pages(0, 0);
		close_lab();
	}
}

/* A sysctl that tells the flusher what to write, or when. */
static void set(const char *name, unsigned int value)
{
	lab_expect(&lab, 0, "proc/sys/vm/%s: %u", name, value);
}

/* Time that all CPUs worked, in ns. */
static u64 worked_ns(void)
{
	u64 sum = 0;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		sum += cpu_of(m, cpu)->system_ns;
	return sum;
}

/*
 * With CPUs to spare the flusher has one of its own, which a chunk keeps busy: it does no more
 * than there is time for. Who wakes it meanwhile has it begin anew.
 */
static void test_busy(void)
{
	const char *const sets[] = { "release=6.1", "disk.bandwidth=40M",
				     "cost.write_page=100000", "cost.dirty_page=0", NULL };
	u64 began;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "pc", sets), 0);
	m = tree_machine(lab.tree);
	set("dirty_writeback_centisecs", 0);
	set("dirty_background_bytes", 600000000);
	set("dirty_bytes", 900000000);
	lab_expect(&lab, 0, "proc/1/ctl: fork as a");
	call("open /root/f rdwr,creat as f");
	call("pwrite64 @f 200M 0");
	set("dirty_background_bytes", 1000000);
	began = m->now_ns;
	call("pwrite64 @f 4M 200M");
	CU_ASSERT_TRUE(vmstat("nr_writeback") > 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
	/* And one chunk, which may have begun just now; on no CPU of the task's. */
	CU_ASSERT_TRUE(worked_ns() > (m->now_ns - began) / 2);
	CU_ASSERT_TRUE(worked_ns() <= m->now_ns - began + 4096 * 100000ULL);
	CU_ASSERT_TRUE(cpu_of(m, 0)->system_ns < 100000000);
	/* It is in the midst of work of another kind. */
	set("dirty_writeback_centisecs", 500);
	set("dirty_writeback_centisecs", 0);
	set("dirty_background_bytes", 600000000);
	CU_ASSERT_TRUE(vmstat("nr_dirty") > 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "tick 100s"), 0);
	expect_pages(0, 0);
	close_lab();
}

/* What is on its way to the disk is not looked at: it is no page that is to go soon. */
static void test_dontneed(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 pages;

		open_lab(releases[i], "disk.bandwidth=10M");
		call("open /data/w rdwr,creat as w");
		pages = vmstat("nr_file_pages");
		call("pwrite64 @w 1M 0");
		call("fadvise64 @w 0 0 dontneed");
		expect_pages(0, 256);
		CU_ASSERT_EQUAL(lab_run(&lab, "tick 1s"), 0);
		expect_pages(0, 0);
		CU_ASSERT_EQUAL(vmstat("pgrotated"), 0);
		CU_ASSERT_EQUAL(vmstat("nr_file_pages"), pages + 256);
		call("fadvise64 @w 0 0 dontneed");
		CU_ASSERT_EQUAL(vmstat("nr_file_pages"), pages);
		close_lab();
	}
}

/* Who says so when the file is opened has what is written on the disk when the call ends. */
static void test_synchronous(void)
{
	static const char *const flags[] = { "sync", "O_DSYNC" };

	for (unsigned int i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 began;

		open_lab(releases[i], "disk.bandwidth=10M");
		call("open /data/w rdwr,creat as w");
		call("pwrite64 @w 64K 1M");
		for (unsigned int sync = 0; sync < ARRAY_SIZE(flags); sync++) {
			lab_expect(&lab, 0, "sim/as/a/ctl: open /data/w rdwr,%s as s", flags[sync]);
			began = m->now_ns;
			call("write @s 1M");
			/* The other part of the file is nobody's business. */
			expect_pages(16, 0);
			CU_ASSERT_EQUAL(vmstat("nr_written"), (sync + 1) * 256);
			CU_ASSERT_TRUE(m->now_ns - began > 100000000);
		}
		lab_expect(&lab, EINVAL, "sim/as/a/ctl: open /data/w rdwr,direct");
		call("open /dev/shm/x rdwr,creat,sync as x");
		call("pwrite64 @x 64K 0");
		close_lab();
	}
}

static const CU_TestInfo tests[] = {
	{ "limits", test_limits },
	{ "periodic", test_periodic },
	{ "times", test_times },
	{ "background", test_background },
	{ "throttled", test_throttled },
	{ "slow writer", test_slow_writer },
	{ "mapped", test_mapped },
	{ "laptop mode", test_laptop },
	{ "cut within a page", test_cut },
	{ "a hole that a mapping makes", test_remove },
	{ "files", test_files },
	{ "sync beside the flusher", test_sync_beside_flusher },
	{ "what is not needed", test_dontneed },
	{ "synchronous writes", test_synchronous },
	{ "busy", test_busy },
};

int main(void)
{
	return suite_main("writeback", tests, ARRAY_SIZE(tests), NULL, NULL);
}
