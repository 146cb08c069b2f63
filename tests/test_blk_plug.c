// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What plugs hold back. Storms of two processes that page out, write files and ask for memory, on
 * disks of any depth and speed, with swap beside the files, on their disk, or both: sim/check is
 * clean behind every call, and in the end all that was on its way is there.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "support.h"

#include "fs/core/tree_struct.h"
#include "sim/base/rng.h"
#include "sim/virt/blk.h"
#include "sim/virt/virt.h"

static struct lab lab;

static struct machine *machine(void)
{
	return lab.tree->machine;
}

/* A process, and a file of so many bytes that can be swap: its descriptor s. */
static void fork_with_swap_file(const char *size)
{
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as a");
	lab_expect(&lab, 0, "sim/as/a/ctl: openat -100 /swap RDWR|CREAT 0600 as s");
	lab_expect(&lab, 0, "sim/as/a/ctl: fallocate @s 0 0 %s", size);
	lab_expect(&lab, 0, "sim/as/a/ctl: mkswap /swap");
}

#define RING 64		/* requests that there is room for at first */

/*
 * Who pages out to a swap file waits for the disk, which the flusher, where it went on meanwhile,
 * has given as many requests as there is room for.
 */
static void test_full_ring(void)
{
	static const char text[] =
		"[machine]\nrelease = 6.1\n[node 0]\ncpus = 0\nmemory = 128M\n[disk]\nname = vda\n"
		"size = 1G\nqueue_depth = 1\n[cost]\ndisk_write = 1000000\n";
	const struct gendisk *disk;

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, text, NULL), 0);
	disk = file_disk(machine());
	fork_with_swap_file("4M");
	lab_expect(&lab, 0, "sim/as/a/ctl: fsync @s");
	lab_expect(&lab, 0, "sim/as/a/ctl: swapon /swap");
	lab_expect(&lab, 0, "sim/as/a/ctl: mmap 0x10000000 1M rw private,anon,populate,fixed");
	for (unsigned int i = 0; i < 3; i++) {
		lab_expect(&lab, 0, "sim/as/a/ctl: openat -100 /d%u RDWR|CREAT 0600 as d%u", i, i);
		for (u32 page = 0; page < (i ? RING : RING / 2); page++)
			lab_expect(&lab, 0, "sim/as/a/ctl: pwrite64 @d%u 4K %uK", i, page * 8);
	}
	lab_expect(&lab, 0, "proc/sys/vm/dirty_background_bytes: 4096");
	lab_expect(&lab, 0, "proc/sys/vm/dirty_writeback_centisecs: 1");
	for (unsigned int i = 0; i < 100 && !disk->nr; i++)
		lab_expect(&lab, 0, "tick 1ms");
	CU_ASSERT_EQUAL(disk->nr, RING / 2);
	CU_ASSERT_EQUAL(disk->room, RING);
	lab_expect(&lab, 0, "sim/as/a/ctl: madvise 0x10000000 1M PAGEOUT");
	lab_check(&lab);
	CU_ASSERT(disk->room > RING);
	lab_expect(&lab, 0, "tick 10s");
	CU_ASSERT_EQUAL(disk->nr, 0);
	lab_end(&lab);
}

/*
 * What two processes share is in an area that goes, and memory is too small for it: reclaim takes
 * it out of one while it comes to the other, and it keeps its slots. Somebody ends that.
 */
static void test_swapoff_for_ever(void)
{
	static const char text[] =
		"[machine]\nrelease = 6.18\ncmdline = transparent_hugepage=never\n[node 0]\ncpus = 0-1\n"
		"memory = 72M\n[disk]\nname = vda\nsize = 1G\n[swap 0]\npath = /dev/nvme1n1\n"
		"size = 12M\n[cost]\ndisk_write = 20000000\nswap_write = 20000000\n";

	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, text, NULL), 0);
	fork_with_swap_file("16M");
	lab_expect(&lab, 0, "sim/as/a/ctl: mmap 0x10000000 10M rw private,anon,fixed");
	lab_expect(&lab, 0, "sim/as/a/ctl: store 0x10000000 10M");
	lab_expect(&lab, 0, "sim/as/a/ctl: fork as b");
	lab_expect(&lab, 0, "sim/as/a/ctl: madvise 0x10000000 10M PAGEOUT");
	lab_expect(&lab, 0, "sim/as/init/ctl: swapon /swap");
	lab_expect(&lab, 0, "sim/as/init/ctl: fork as hog");
	lab_expect(&lab, 0, "sim/as/hog/ctl: mmap 0x50000000 18M rw private,anon,fixed");
	lab_expect(&lab, 0, "sim/as/hog/ctl: mlock 0x50000000 18M");
	lab_expect(&lab, EINTR, "sim/as/init/ctl: swapoff /dev/nvme1n1");
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/swaps"), "nvme1n1"));
	lab_check(&lab);
	lab_expect(&lab, 0, "sim/as/hog/ctl: exit_group 0");
	lab_expect(&lab, 0, "sim/as/init/ctl: swapoff /dev/nvme1n1");
	lab_end(&lab);
}

/* ---- Storms. ---- */

#define NR_FILES 12
#define FILE_KB 256
#define ANON 0x10000000ULL
#define SHARED 0x40000000ULL	/* one of the files */
#define ANON_PAGES 3072
#define SHARED_PAGES (FILE_KB / 4)

enum where { DEVICE = 1, SWAP_FILE, BOTH };

static const struct shape {
	const char *release;
	enum where where;
	u32 depth;		/* of each disk's queue */
	u32 write_ns;
	const char *bandwidth, *cmdline, *reclaim;
} shapes[] = {
	{ "6.1", SWAP_FILE, 8, 50000 }, { "6.1", SWAP_FILE, 16, 300000 },
	{ "6.18", SWAP_FILE, 8, 300000 }, { "6.18", SWAP_FILE, 1, 20000 },
	{ "6.18", SWAP_FILE, 3, 3000000 }, { "6.1", SWAP_FILE, 1, 3000000 },
	{ "6.18", SWAP_FILE, 64, 100000, "20M" }, { "6.1", SWAP_FILE, 1023, 0 },
	{ "6.18", SWAP_FILE, 4, 0, "50M" }, { "6.1", DEVICE, 1, 0 }, { "6.18", DEVICE, 1, 3000000 },
	{ "6.1", DEVICE, 2, 200000, "4M" }, { "6.1", BOTH, 1, 200000 }, { "6.18", BOTH, 4, 50000, "100M" },
	{ "6.18", BOTH, 1023, 20000000 }, { "6.1", BOTH, 2, 40000, "1G" },
	{ "6.1", BOTH, 8, 200000, .cmdline = "transparent_hugepage=always" },
	{ "6.18", BOTH, 2, 500000, .cmdline = "transparent_hugepage=always" },
	{ "6.18", SWAP_FILE, 8, 300000, .cmdline = "transparent_hugepage=always thp_anon=16K,64K:always" },
	{ "6.1", BOTH, 8, 100000, .reclaim = "lru" }, { "6.18", SWAP_FILE, 2, 100000, .reclaim = "fifo" },
	{ "6.18", BOTH, 4, 300000, .reclaim = "clock" },
};

static u64 rng;

static unsigned int below(unsigned int n)
{
	return (unsigned int)rng_below(&rng, n);
}

static int say(const char *format, ...) __printf(1, 2);
static int say(const char *format, ...)
{
	unsigned int broken;
	char line[300];
	va_list args;
	int err;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	err = lab_run(&lab, line);
	broken = nr_broken(machine(), machine_check, NULL);
	CU_ASSERT_EQUAL(broken, 0);
	if (broken)
		fprintf(stderr, "behind %s\n", line);
	return err;
}

static void new_process(const char *name, const char *from)
{
	say("sim/as/%s/ctl: fork as %s", from, name);
	say("sim/as/%s/ctl: getpid as pid_%s", name, name);
	say("sim/as/%s/ctl: pidfd_open @pid_%s 0 as self_%s", name, name, name);
}

/* One of the two, who is made anew out of the other if he has been killed. */
static const char *who(void)
{
	bool first = below(2);
	const char *name = first ? "a" : "b";

	if (say("sim/as/%s/ctl: getpid", name))
		new_process(name, first ? "b" : "a");
	return name;
}

/* Of both processes anonymous memory, and a file that they share. */
static void range_call(void)
{
	static const char *const calls[] = {
		"store", "store", "store", "load", "madvise PAGEOUT", "madvise PAGEOUT",
		"madvise PAGEOUT", "madvise COLD", "madvise WILLNEED", "madvise FREE",
		"madvise DONTNEED", "madvise POPULATE_WRITE", "madvise SOFT_OFFLINE", "mlock", "munlock",
		"process_madvise PAGEOUT",
	};
	const char *call = calls[below(ARRAY_SIZE(calls))], *advice = strchr(call, ' ');
	bool shared = !below(4), offline = strstr(call, "OFFLINE");
	unsigned int pages = shared ? SHARED_PAGES : ANON_PAGES, from = below(pages);
	unsigned int nr = offline ? 1 : 1 + below(below(2) ? pages - from : MIN(32U, pages - from));
	unsigned long long addr = (shared ? SHARED : ANON) + (u64)from * PAGE_SIZE;

	const char *name = who();

	if (!strncmp(call, "process", 7))
		say("sim/as/%s/ctl: process_madvise @self_%s %s 0 0x%llx 0x%llx", name, name, advice + 1,
		    addr, nr * PAGE_SIZE);
	else
		say("sim/as/%s/ctl: %.*s 0x%llx 0x%llx%s", name, (int)strcspn(call, " "), call, addr,
		    nr * PAGE_SIZE, advice ? advice : "");
}

static void file_call(void)
{
	unsigned int file = below(NR_FILES);

	switch (below(8)) {
	case 0:
		say("sim/as/%s/ctl: fsync @d%u", who(), file);
		break;
	case 1:
		say("sim/as/%s/ctl: sync", who());
		break;
	case 2:
		say("sim/as/%s/ctl: ftruncate @d%u %uK", who(), file, below(FILE_KB));
		break;
	case 3:
		say("sim/as/%s/ctl: pread64 @d%u %uK 0", who(), file, FILE_KB);
		break;
	default:
		say("sim/as/%s/ctl: pwrite64 @d%u %uK %uK", who(), file, 4 + below(FILE_KB - 4),
		    below(FILE_KB));
	}
}

static const struct swap_name {
	const char *path, *listed;
} devices = { "/dev/nvme1n1", "nvme1n1" }, files = { "/swap", "/swap" };

static void swap_call(enum where where)
{
	const struct swap_name *swap = where == DEVICE || (where == BOTH && below(2)) ?
				       &devices : &files;

	say("sim/as/init/ctl: %s %s", strstr(lab_cat(&lab, "proc/swaps"), swap->listed) ?
	    "swapoff" : "swapon", swap->path);
}

static void machine_call(const struct shape *shape)
{
	const char *disk = shape->where == SWAP_FILE || below(2) ? "vda" : "nvme1n1";

	switch (below(10)) {
	case 0:
		say("sys/fs/cgroup/g/memory.reclaim: %uK", 4 + below(4000));
		break;
	case 1:
		say("sys/devices/system/node/node0/reclaim: %uK", 4 + below(4000));
		break;
	case 2:
		say("proc/sys/vm/drop_caches: %u", 1 + below(3));
		break;
	case 3:
		say("proc/sys/vm/compact_memory: 1");
		break;
	case 4:
		say("sys/block/%s/queue/nr_requests: %u", disk, MAX(below(2) * shape->depth, 1U));
		break;
	case 5:
		say("sys/fs/cgroup/g/memory.high: %uM", 4 + below(20));
		say("sys/fs/cgroup/g/memory.high: max");
		break;
	case 6:
		/* Somebody asks for all that there is. */
		say("sim/as/init/ctl: fork as hog");
		say("sim/as/hog/ctl: mmap 0x50000000 %uM rw private,anon,fixed", 16 + below(64));
		say("sim/as/hog/ctl: madvise 0x50000000 64M POPULATE_WRITE");
		say("sim/as/hog/ctl: exit_group 0");
		say("sim/as/init/ctl: wait4 -1");
		break;
	case 7:
		swap_call(shape->where);
		break;
	default:
		say("tick %uus", below(2) ? below(100) : below(20000));
	}
}

/* Machines with files on a disk, a group that pays for one process, and swap. */
static void open_storm(const struct shape *shape)
{
	char text[900], reclaim[40] = "", bandwidth[40] = "";

	if (shape->reclaim)
		snprintf(reclaim, sizeof(reclaim), "reclaim = %s\n", shape->reclaim);
	if (shape->bandwidth)
		snprintf(bandwidth, sizeof(bandwidth), "bandwidth = %s\n", shape->bandwidth);
	snprintf(text, sizeof(text), "[machine]\nrelease = %s\ncmdline = %s\n%s[node 0]\ncpus = 0-1\n"
		 "memory = %s\n[disk]\nname = vda\nsize = 1G\nqueue_depth = %u\n%s"
		 "[swap 0]\npath = /dev/nvme1n1\nsize = 12M\non = no\nqueue_depth = %u\n%s[cost]\n"
		 "disk_write = %u\nswap_write = %u\n", shape->release,
		 shape->cmdline ? shape->cmdline : "transparent_hugepage=never", reclaim,
		 shape->cmdline ? "768M" : "72M", shape->depth,
		 bandwidth, shape->depth, bandwidth, shape->write_ns, shape->write_ns);
	CU_ASSERT_EQUAL_FATAL(lab_open_text(&lab, text, NULL), 0);
	fork_with_swap_file("16M");
	lab_expect(&lab, 0, "sim/as/a/ctl: fsync @s");
	if (shape->where & SWAP_FILE)
		lab_expect(&lab, 0, "sim/as/init/ctl: swapon /swap");
	if (shape->where & DEVICE)
		lab_expect(&lab, 0, "sim/as/init/ctl: swapon /dev/nvme1n1");
	lab_expect(&lab, 0, "sys/fs/cgroup/cgroup.subtree_control: +memory +io");
	lab_expect(&lab, 0, "cgroup_mkdir g");
	lab_expect(&lab, 0, "proc/sys/vm/dirty_background_bytes: 65536");
	lab_expect(&lab, 0, "proc/sys/vm/dirty_writeback_centisecs: 1");
	for (unsigned int i = 0; i < NR_FILES; i++) {
		lab_expect(&lab, 0, "sim/as/a/ctl: openat -100 /d%u RDWR|CREAT 0600 as d%u", i, i);
		lab_expect(&lab, 0, "sim/as/a/ctl: write @d%u %uK", i, FILE_KB);
	}
	lab_expect(&lab, 0, "sim/as/a/ctl: mmap 0x%llx %uK rw private,anon,fixed", ANON,
		   ANON_PAGES * 4);
	lab_expect(&lab, 0, "sim/as/a/ctl: mmap 0x%llx %uK rw shared,fixed @d0 0", SHARED, FILE_KB);
	new_process("b", "a");
	new_process("a", "b");
	say("sys/fs/cgroup/g/cgroup.procs: %u", (unsigned int)atoi(lab_cat(&lab, "sim/as/b/stat")));
	say("sim/as/a/ctl: store 0x%llx %uK", ANON, ANON_PAGES * 4);
}

/* Nothing is held back: after some time, all is there. */
static void check_done(void)
{
	const struct blk_state *blk = machine()->virt->blk;

	say("tick 100s");
	CU_ASSERT_PTR_NULL(blk->plug);
	for (unsigned int i = 0; i < blk->nr; i++) {
		CU_ASSERT_EQUAL(blk->disks[i].nr, 0);
		CU_ASSERT_EQUAL(blk->disks[i].in_flight, 0);
	}
	CU_ASSERT_PTR_NOT_NULL(strstr(lab_cat(&lab, "proc/vmstat"), "\nnr_writeback 0\n"));
}

/* What it wrote to swap. */
static s64 storm(const struct shape *shape, unsigned int nr_calls, u64 seed)
{
	s64 written;

	rng = seed;
	open_storm(shape);
	for (unsigned int i = 0; i < nr_calls; i++) {
		unsigned int what = below(100);

		if (what < 50)
			range_call();
		else if (what < 75)
			file_call();
		else if (what < 97)
			machine_call(shape);
		else
			new_process("b", "a");
	}
	check_done();
	written = machine()->event[PSWPOUT];
	lab_end(&lab);
	return written;
}

static void test_storms(void)
{
	const char *given = getenv("BLK_PLUG_CALLS"), *seed = getenv("BLK_PLUG_SEED");
	unsigned int nr_calls = given ? (unsigned int)strtoul(given, NULL, 10) : 80;
	s64 written = 0;

	/* In some both processes die early. */
	for (unsigned int i = 0; i < ARRAY_SIZE(shapes); i++)
		written += storm(&shapes[i], nr_calls, (seed ? strtoul(seed, NULL, 10) : 5) + i);
	CU_ASSERT(written > 10000);
}

static const CU_TestInfo tests[] = {
	{ "a ring that is full", test_full_ring },
	{ "swapoff without an end", test_swapoff_for_ever },
	{ "storms", test_storms },
};

int main(void)
{
	return suite_main("plugs", tests, ARRAY_SIZE(tests), NULL, NULL);
}
