// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lseek: where data and holes are, of a disk's file and of one in memory, what other files
 * answer, and where files end. The figures are what a program printed on real kernels.
 */
#include <errno.h>
#include <string.h>

#include "sim/phys/lru.h"
#include "sim/virt/content.h"
#include "sim/virt/exec.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pidfd.h"
#include "sim/virt/userfaultfd.h"
#include "support.h"
#include "task_machine.h"

enum { SET, CUR, END, DATA, HOLE, BEYOND };

#define PUNCH 3
#define FADV_RANDOM 1
#define FADV_DONTNEED 4
#define ZERO_KEEP 0x11

static const char *const releases[] = { "release=6.18", "release=6.1" };

static struct task_machine tm;
static struct machine *m;
static struct task_struct *task;

static void open_machine(const char *release)
{
	const char *sets[] = { release, NULL };

	task_machine_boot(&tm, "tiny", sets);
	m = tm.m;
	if (!tm.init->mm)
		CU_ASSERT_EQUAL_FATAL(run_init_process(m), 0);
	task = task_fork(m, tm.init, 0);
}

static void close_machine(void)
{
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	task_end(m, tm.init, task->pid, 0);
	CU_ASSERT_EQUAL(task_machine_check(m), 0);
	task_machine_end(&tm);
}

/* The position, or -errno. */
static s64 seek(int fd, s64 offset, int whence)
{
	u64 pos = 0;
	int err = sys_lseek(m, task, fd, offset, whence, &pos);

	return err ? err : (s64)pos;
}

/* "8192-12288 36864-45056": data, and that behind them there is none. */
#define ASSERT_DATA(fd, expected) CU_ASSERT_STRING_EQUAL(data_of(fd), expected)

static const char *data_of(int fd)
{
	static char text[200];
	size_t len = 0;
	s64 at = 0, end;

	text[0] = '\0';
	while ((at = seek(fd, at, DATA)) >= 0 && len < sizeof(text) - 50) {
		end = seek(fd, at, HOLE);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%lld-%lld", len ? " " : "",
					(long long)at, (long long)end);
		at = end;
	}
	CU_ASSERT_EQUAL(at, -ENXIO);
	return text;
}

static void put(int fd, u64 offset, u64 len)
{
	u64 done = 0;

	CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, offset, len, &done), 0);
	CU_ASSERT_EQUAL(done, len);
}

static void get(int fd, u64 offset, u64 len)
{
	u64 done = 0;

	CU_ASSERT_EQUAL(sys_pread(m, task, fd, offset, len, &done), 0);
}

static u64 map(int fd, u64 offset, u64 len)
{
	const struct mmap_request req = {
		.len = len, .prot = PROT_READ | PROT_WRITE, .flags = MAP_SHARED,
		.file = fget(m, task, fd), .offset = offset,
	};
	u64 where = 0;

	CU_ASSERT_EQUAL(sys_mmap(m, task, &req, &where), 0);
	return where;
}

static int touch(u64 addr, enum access access)
{
	struct access_result result = { 0 };

	CU_ASSERT_EQUAL(task_access(m, task, addr, access, &result), 0);
	return result.signal;
}

static void test_disk(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		int fd = -1;
		u64 p;

		open_machine(releases[i]);
		CU_ASSERT_EQUAL(sys_open(m, task, "/s", O_RDWR | O_CREAT, 0600, &fd), 0);
		CU_ASSERT_EQUAL(seek(fd, 0, DATA), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, 0, HOLE), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, -1, HOLE), -ENXIO);
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 100000), 0);
		ASSERT_DATA(fd, "");
		put(fd, 9000, 1);
		ASSERT_DATA(fd, "8192-12288");
		put(fd, 40000, 5000);
		get(fd, 0, 65536);
		ASSERT_DATA(fd, "8192-12288 36864-45056");
		CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
		CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, FADV_DONTNEED), 0);
		ASSERT_DATA(fd, "8192-12288 36864-45056");
		p = map(fd, 0, 102400);
		CU_ASSERT_EQUAL(touch(p + 20480, ACCESS_LOAD), 0);
		CU_ASSERT_EQUAL(touch(p + 24576, ACCESS_STORE), 0);
		put(fd, 99999, 10);
		ASSERT_DATA(fd, "8192-12288 24576-28672 36864-45056 98304-100009");
		CU_ASSERT_EQUAL(seek(fd, 0, HOLE), 0);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, PUNCH, 8192, 4096), 0);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, PUNCH, 40000, 3000), 0);
		ASSERT_DATA(fd, "24576-28672 36864-45056 98304-100009");
		CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
		ASSERT_DATA(fd, "24576-28672 36864-45056 98304-100009");
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 45000), 0);
		ASSERT_DATA(fd, "24576-28672 36864-45000");
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 200000), 0);
		ASSERT_DATA(fd, "24576-28672 36864-45056");
		CU_ASSERT_EQUAL(seek(fd, 45000, DATA), 45000);
		CU_ASSERT_EQUAL(seek(fd, 200000, DATA), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, 199999, HOLE), 199999);
		CU_ASSERT_EQUAL(seek(fd, 200000, HOLE), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, 0, CUR), 199999);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, 0, 65536, 32768), 0);
		ASSERT_DATA(fd, "24576-28672 36864-45056");
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, ZERO_KEEP, 0, 45056), 0);
		CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
		ASSERT_DATA(fd, "");
		CU_ASSERT_EQUAL(seek(fd, 0, BEYOND), -EINVAL);
		/* Nobody goes page by page to what is far away. */
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 15ULL << 40), 0);
		CU_ASSERT_EQUAL(seek(fd, 0, DATA), -ENXIO);
		put(fd, 14ULL << 40, 4096);
		CU_ASSERT_EQUAL(seek(fd, 0, DATA), 14LL << 40);
		CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
		CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, FADV_DONTNEED), 0);
		put(fd, 13ULL << 40, 8192);
		CU_ASSERT_EQUAL(seek(fd, 0, DATA), 13LL << 40);
		CU_ASSERT_EQUAL(seek(fd, 13LL << 40, HOLE), (13LL << 40) + 8192);
		CU_ASSERT_EQUAL(seek(fd, (13LL << 40) + 8192, DATA), 14LL << 40);
		CU_ASSERT_EQUAL(seek(fd, 14LL << 40, HOLE), (14LL << 40) + 4096);
		CU_ASSERT_EQUAL(sys_unlink(m, task, "/s"), 0);
		close_machine();
	}
}

static void test_memory(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		int fd = -1;
		u64 p;

		open_machine(releases[i]);
		CU_ASSERT_EQUAL(sys_memfd_create(m, task, "", 0, &fd), 0);
		CU_ASSERT_STRING_EQUAL(fget(m, task, fd)->inode->path, "/memfd:");
		CU_ASSERT_EQUAL(seek(fd, 0, DATA), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, -1, DATA), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, -1, SET), -EINVAL);
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 100000), 0);
		ASSERT_DATA(fd, "");
		put(fd, 9000, 1);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, 0, 16384, 8192), 0);
		get(fd, 0, 65536);
		ASSERT_DATA(fd, "8192-12288");
		p = map(fd, 0, 102400);
		CU_ASSERT_EQUAL(touch(p + 32768, ACCESS_LOAD), 0);
		CU_ASSERT_EQUAL(touch(p + 40960, ACCESS_STORE), 0);
		CU_ASSERT_EQUAL(touch(p + 16384, ACCESS_LOAD), 0);
		ASSERT_DATA(fd, "8192-12288 16384-20480 32768-36864 40960-45056");
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, PUNCH, 8192, 4096), 0);
		put(fd, 99999, 10);
		ASSERT_DATA(fd, "16384-20480 32768-36864 40960-45056 98304-100009");
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 9000), 0);
		ASSERT_DATA(fd, "");
		CU_ASSERT_EQUAL(seek(fd, 8999, HOLE), 8999);
		CU_ASSERT_EQUAL(seek(fd, 9000, HOLE), -ENXIO);
		close_machine();
	}
}

/*
 * Blocks that fallocate() asked for: on a disk data where a page of them is in the cache, or
 * what remembers one. A program of these steps printed these pages on 6.18 and 6.1: of a file
 * of ext4, and of a memfd.
 */
#define P PAGE_SIZE

enum step { ASK, ASK_ANEW, KEEP, PUNCH_OUT, ZERO, ZERO_KEPT, COLLAPSE, INSERT, READ, RANDOM_READ,
	    WRITE, SYNC, DROP, LOAD, STORE, PAGEOUT, CUT, WRITTEN };

static const struct {
	enum step step;
	u64 at, len;
	const char *disk, *memory;
} asked[] = {
	{ ASK, 0, 64 * P, "", "" },
	{ READ, 5 * P, 1, "5-6", "" },
	{ READ, 0, 2 * P, "0-4 5-6", "" },
	{ DROP, 0, 0, "", "" },
	{ RANDOM_READ, 5 * P, 1, "5-6", "" },
	{ READ, 11 * P, 1, "5-6 11-12", "" },
	{ WRITE, 9000, 1, "2-3 5-6 11-12", "2-3" },
	{ SYNC, 0, 0, "2-3 5-6 11-12", "2-3" },
	{ DROP, 0, 0, "2-3", "2-3" },
	{ LOAD, 8 * P, 0, "2-3 8-9", "2-3 8-9" },
	{ STORE, 12 * P, 0, "2-3 8-9 12-13", "2-3 8-9 12-13" },
	{ PAGEOUT, 0, 0, "2-3 8-9 12-13", "2-3 8-9 12-13" },
	{ SYNC, 0, 0, "2-3 8-9 12-13", "2-3 8-9 12-13" },
	{ PAGEOUT, 0, 0, "2-3 8-9 12-13", "2-3 8-9 12-13" },
	{ LOAD, 8 * P, 0, "2-3 8-9 12-13", "2-3 8-9 12-13" },
	{ PAGEOUT, 0, 0, "2-3 8-9 12-13", "2-3 8-9 12-13" },
	{ DROP, 0, 0, "2-3 12-13", "2-3 8-9 12-13" },
	{ PUNCH_OUT, 2 * P, 1 * P, "12-13", "8-9 12-13" },
	{ PUNCH_OUT, 4 * P, 4 * P, "12-13", "8-9 12-13" },
	{ READ, 5 * P, 1, "12-13", "8-9 12-13" },
	{ READ, 15 * P, 1, "12-13 15-16", "8-9 12-13" },
	{ READ, 11 * P, 1, "11-13 15-16", "8-9 12-13" },
	{ ZERO, 40000, 20000, "15-16", "8-9 12-13" },
	{ READ, 12 * P, 1, "12-13 15-16", "8-9 12-13" },
	{ READ, 14 * P, 1, "12-13 14-16", "8-9 12-13" },
	{ SYNC, 0, 0, "12-13 14-16", "8-9 12-13" },
	{ DROP, 0, 0, "", "8-9 12-13" },
	{ KEEP, 64 * P, 16 * P, "", "8-9 12-13" },
	{ CUT, 270000, 0, "", "8-9 12-13" },
	{ READ, 64 * P, 1 * P, "64-65", "8-9 12-13" },
	{ CUT, 300000, 0, "64-65", "8-9 12-13" },
	{ READ, 68 * P, 1 * P, "64-65 68-69", "8-9 12-13" },
	{ CUT, 65 * P, 0, "64-65", "8-9 12-13" },
	{ CUT, 300000, 0, "64-65", "8-9 12-13" },
	{ READ, 68 * P, 1 * P, "64-65", "8-9 12-13" },
	{ READ, 64 * P, 1 * P, "64-65", "8-9 12-13" },
	{ ASK, 300000, 100, "64-65", "8-9 12-13" },
	{ READ, 73 * P, 1 * P, "64-65 73-74(300100)", "8-9 12-13" },
	{ COLLAPSE, 0, 16 * P, "", "8-9 12-13" },
	{ READ, 0, 1, "0-1", "8-9 12-13" },
	{ READ, 16 * P, 1, "0-1 16-17", "8-9 12-13" },
	{ INSERT, 0, 16 * P, "", "8-9 12-13" },
	{ READ, 0, 1, "", "8-9 12-13" },
	{ READ, 16 * P, 1, "16-17", "8-9 12-13" },
	{ WRITE, 17 * P, 16 * P, "16-33", "8-9 12-13 17-33" },
	{ ZERO_KEPT, 20 * P, 4 * P, "16-20 24-33", "8-9 12-13 17-33" },
	{ READ, 21 * P, 1, "16-20 21-22 24-33", "8-9 12-13 17-33" },
	{ SYNC, 0, 0, "16-20 21-22 24-33", "8-9 12-13 17-33" },
	{ ASK_ANEW, 0, 1024 * P, "", "" },
	{ WRITE, 10000, 100, "2-3", "2-3" },
	{ WRITE, 256 * P, 70000, "2-3 256-274", "2-3 256-274" },
	{ WRITE, 2102152, 300000, "2-3 256-274 513-587", "2-3 256-274 513-587" },
	{ SYNC, 0, 0, "2-3 256-274 513-587", "2-3 256-274 513-587" },
	{ READ, 128 * P, 1 * P, "2-3 128-129 256-274 513-587", "2-3 256-274 513-587" },
	{ READ, 129 * P, 1 * P, "2-3 128-130 256-274 513-587", "2-3 256-274 513-587" },
};

static void take_step(int fd, u64 *map_at, size_t n, bool disk)
{
	static const u32 modes[] = { [KEEP] = 1, [PUNCH_OUT] = PUNCH, [ZERO] = 0x10,
				     [ZERO_KEPT] = ZERO_KEEP, [COLLAPSE] = 8, [INSERT] = 0x20 };
	const u64 at = asked[n].at, len = asked[n].len, mapped = 64 * P;
	bool has = disk || asked[n].step < ZERO;

	switch (asked[n].step) {
	case ASK_ANEW:
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 0), 0);
		/* fall through */
	case ASK: case KEEP: case PUNCH_OUT: case ZERO: case ZERO_KEPT: case COLLAPSE: case INSERT:
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, modes[asked[n].step], at, len),
				has ? 0 : -EOPNOTSUPP);
		break;
	case RANDOM_READ:
		CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, FADV_RANDOM), 0);
		/* fall through */
	case READ:
		get(fd, at, len);
		break;
	case WRITE:
		put(fd, at, len);
		break;
	case SYNC:
		CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
		break;
	case DROP:
		if (*map_at)
			CU_ASSERT_EQUAL(sys_munmap(m, task, *map_at, mapped), 0);
		*map_at = 0;
		CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, FADV_DONTNEED), 0);
		break;
	case LOAD: case STORE:
		if (!*map_at) {
			*map_at = map(fd, 0, mapped);
			CU_ASSERT_EQUAL(sys_madvise(m, task, *map_at, mapped, MADV_RANDOM), 0);
		}
		CU_ASSERT_EQUAL(touch(*map_at + at, asked[n].step == LOAD ? ACCESS_LOAD :
				      ACCESS_STORE), 0);
		break;
	case PAGEOUT:
		CU_ASSERT_EQUAL(sys_madvise(m, task, *map_at, mapped, MADV_PAGEOUT), 0);
		break;
	case CUT:
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, at), 0);
		break;
	case WRITTEN:
		CU_FAIL("not in this list");
	}
}

/* "2-3 8-9": pages with data; "2-3(9000)": the file ends there. */
static const char *pages_of(int fd, bool with_end)
{
	static char text[200];
	size_t len = 0;
	s64 at = 0, end;

	text[0] = '\0';
	while ((at = seek(fd, at, DATA)) >= 0 && len < sizeof(text) - 60) {
		end = seek(fd, at, HOLE);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%lld-%lld", len ? " " : "",
					(long long)at / P, (long long)PFN_UP(end));
		if (with_end && end % P)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "(%lld)",
						(long long)end);
		at = end;
	}
	return text;
}

static void test_asked(void)
{
	for (size_t i = 0; i < 2 * ARRAY_SIZE(releases); i++) {
		bool disk = i % 2;
		int fd = -1;
		u64 map_at = 0;

		open_machine(releases[i / 2]);
		CU_ASSERT_EQUAL(disk ? sys_open(m, task, "/s", O_RDWR | O_CREAT, 0600, &fd) :
				       sys_memfd_create(m, task, "", 0, &fd), 0);
		for (size_t n = 0; n < ARRAY_SIZE(asked); n++) {
			const char *expected = disk ? asked[n].disk : asked[n].memory;

			take_step(fd, &map_at, n, disk);
			CU_ASSERT_STRING_EQUAL(pages_of(fd, /* with_end = */ true), expected);
			if (strcmp(pages_of(fd, /* with_end = */ true), expected))
				fprintf(stderr, "%s, disk %d, row %zu: %s, not %s\n", releases[i / 2],
					disk, n, pages_of(fd, /* with_end = */ true), expected);
		}
		CU_ASSERT_EQUAL(sys_unlink(m, task, "/s"), disk ? 0 : -ENOENT);
		close_machine();
	}
}

/*
 * Ranges that are taken out of a file of ext4, or put in: which pages then have data, and of
 * which write ("8=35": page 8 holds what page 34 was given). 6.18 and 6.1 printed the same.
 */
static const struct {
	enum step step;
	u64 at, len;		/* pages */
	int err;
	u64 size;
	const char *data, *pages;
} shifts[] = {
	{ WRITTEN, 0, 10, 0, 40960,
	  "0-10", "0=1 1=2 2=3 3=4 4=5 5=6 6=7 7=8 8=9 9=10" },
	{ WRITTEN, 20, 6, 0, 106496,
	  "0-10 20-26", "0=1 1=2 2=3 3=4 4=5 5=6 6=7 7=8 8=9 9=10 20=21 21=22 22=23 23=24 24=25 25=26" },
	{ COLLAPSE, 4, 4, 0, 90112,
	  "0-6 16-22", "0=1 1=2 2=3 3=4 4=9 5=10 16=21 17=22 18=23 19=24 20=25 21=26" },
	{ INSERT, 2, 3, 0, 102400,
	  "0-2 5-9 19-25", "0=1 1=2 5=3 6=4 7=9 8=10 19=21 20=22 21=23 22=24 23=25 24=26" },
	{ SYNC, 0, 0, 0, 102400,
	  "0-2 5-9 19-25", "0=1 1=2 5=3 6=4 7=9 8=10 19=21 20=22 21=23 22=24 23=25 24=26" },
	{ COLLAPSE, 12, 2, 0, 94208,
	  "0-2 5-9 17-23", "0=1 1=2 5=3 6=4 7=9 8=10 17=21 18=22 19=23 20=24 21=25 22=26" },
	{ ASK, 30, 10, 0, 163840,
	  "0-2 5-9 17-23", "0=1 1=2 5=3 6=4 7=9 8=10 17=21 18=22 19=23 20=24 21=25 22=26" },
	{ WRITTEN, 33, 2, 0, 163840,
	  "0-2 5-9 17-23 33-35", "0=1 1=2 5=3 6=4 7=9 8=10 17=21 18=22 19=23 20=24 21=25 22=26 33=34 34=35" },
	{ SYNC, 0, 0, 0, 163840,
	  "0-2 5-9 17-23 33-35", "0=1 1=2 5=3 6=4 7=9 8=10 17=21 18=22 19=23 20=24 21=25 22=26 33=34 34=35" },
	{ COLLAPSE, 0, 32, 0, 32768,
	  "1-3", "1=34 2=35" },
	{ INSERT, 1, 5, 0, 53248,
	  "6-8", "6=34 7=35" },
	{ PUNCH_OUT, 6, 1, 0, 53248,
	  "7-8", "7=35" },
	{ INSERT, 6, 2, 0, 61440,
	  "9-10", "9=35" },
	{ COLLAPSE, 10, 10, -EINVAL, 61440,
	  "9-10", "9=35" },
	{ COLLAPSE, 5, 1, 0, 57344,
	  "8-9", "8=35" },
	{ CUT, 9, 100, 0, 36964,
	  "8-9", "8=35" },
	{ INSERT, 3, 1, 0, 41060,
	  "9-10", "9=35" },
	{ COLLAPSE, 3, 1, 0, 36964,
	  "8-9", "8=35" },
	{ COLLAPSE, 9, 1, -EINVAL, 36964,
	  "8-9", "8=35" },
	{ INSERT, 9, 1, 0, 41060,
	  "8-9", "8=35" },
	{ INSERT, 10, 1, 0, 45156,
	  "8-9", "8=35" },
	{ WRITTEN, 9, 1, 0, 45156,
	  "8-10", "8=35 9=10" },
	{ SYNC, 0, 0, 0, 45156,
	  "8-10", "8=35 9=10" },
	{ INSERT, 0, 1, 0, 49252,
	  "9-11", "9=35 10=10" },
	{ COLLAPSE, 0, 1, 0, 45156,
	  "8-10", "8=35 9=10" },
};

static int shift_step(int fd, size_t n)
{
	const u64 at = shifts[n].at, len = shifts[n].len;

	switch (shifts[n].step) {
	case WRITTEN:
		for (u64 i = at; i < at + len; i++) {
			put(fd, i * P + i, 1);	/* each has contents of its own */
			put(fd, i * P + P - 1, 1);
		}
		return 0;
	case SYNC:
		return sys_fsync(m, task, fd);
	case CUT:
		return sys_ftruncate(m, task, fd, at * P + len);
	case ASK:
		return sys_fallocate(m, task, fd, 0, at * P, len * P);
	case PUNCH_OUT:
		return sys_fallocate(m, task, fd, PUNCH, at * P, len * P);
	case COLLAPSE:
		return sys_fallocate(m, task, fd, 8, at * P, len * P);
	default:
		return sys_fallocate(m, task, fd, 0x20, at * P, len * P);
	}
}

/* What the page holds, read from the file; 0: nothing. */
static u64 token_of(int fd, u64 index)
{
	u32 pfn;

	get(fd, index * P, 1);
	pfn = find_page(m, &fget(m, task, fd)->inode->i_data, index);
	return pfn == PFN_NIL ? 0 : content_token(m, pfn);
}

/* "0=1 4=9": by what the first write of each page gave it. */
static const char *tokens_of(int fd, const u64 *tokens, size_t nr)
{
	static char text[400];
	u64 nr_pages = PFN_UP(fget(m, task, fd)->inode->i_size);
	size_t len = 0;

	text[0] = '\0';
	for (u64 at = 0; at < nr_pages; at++) {
		u64 token = token_of(fd, at);

		for (size_t i = 0; token && i < nr && len < sizeof(text) - 50; i++)
			if (tokens[i] == token)
				len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%d=%d",
							len ? " " : "", (int)at, (int)i + 1);
	}
	return text;
}

static void test_shifts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 tokens[40] = { 0 };
		int fd = -1;

		open_machine(releases[i]);
		CU_ASSERT_EQUAL(sys_open(m, task, "/s", O_RDWR | O_CREAT, 0600, &fd), 0);
		for (size_t n = 0; n < ARRAY_SIZE(shifts); n++) {
			CU_ASSERT_EQUAL(shift_step(fd, n), shifts[n].err);
			for (u64 at = shifts[n].at; shifts[n].step == WRITTEN &&
			     at < shifts[n].at + shifts[n].len; at++)
				tokens[at] = token_of(fd, at);
			CU_ASSERT_EQUAL(fget(m, task, fd)->inode->i_size, shifts[n].size);
			CU_ASSERT_STRING_EQUAL(pages_of(fd, /* with_end = */ false), shifts[n].data);
			CU_ASSERT_STRING_EQUAL(tokens_of(fd, tokens, ARRAY_SIZE(tokens)),
					       shifts[n].pages);
			CU_ASSERT_EQUAL(sys_fadvise64(m, task, fd, 0, 0, FADV_DONTNEED), 0);
		}
		CU_ASSERT_EQUAL(sys_unlink(m, task, "/s"), 0);
		close_machine();
	}
}

/* Files that were there at first: what their pages hold goes with them. */
static void test_first_contents(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		u64 first[8];
		int fd = -1;

		open_machine(releases[i]);
		CU_ASSERT_EQUAL(sys_open(m, task, "/bin/true", O_RDWR, 0, &fd), 0);
		for (u64 at = 0; at < ARRAY_SIZE(first); at++) {
			first[at] = token_of(fd, at);
			CU_ASSERT_NOT_EQUAL(first[at], 0);
		}
		put(fd, 6 * P, 1);
		first[6] = token_of(fd, 6);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, 8, P, 2 * P), 0);
		CU_ASSERT_EQUAL(token_of(fd, 0), first[0]);
		for (u64 at = 3; at < ARRAY_SIZE(first); at++)
			CU_ASSERT_EQUAL(token_of(fd, at - 2), first[at]);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, 0x20, 2 * P, 4 * P), 0);
		CU_ASSERT_EQUAL(token_of(fd, 1), first[3]);
		CU_ASSERT_EQUAL(token_of(fd, 3), 0);
		for (u64 at = 4; at < ARRAY_SIZE(first); at++)
			CU_ASSERT_EQUAL(token_of(fd, at + 2), first[at]);
		CU_ASSERT_EQUAL(seek(fd, 0, HOLE), 2 * P);
		CU_ASSERT_EQUAL(seek(fd, 2 * P, DATA), 6 * P);
		close_machine();
	}
}

/* A hole that ends behind the file takes all of its last page, on the disk as well. */
static void test_hole_at_the_end(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		int fd = -1;

		open_machine(releases[i]);
		CU_ASSERT_EQUAL(sys_open(m, task, "/s", O_RDWR | O_CREAT, 0600, &fd), 0);
		put(fd, 0, 5000);
		CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, PUNCH, 0, 6000), 0);
		ASSERT_DATA(fd, "");
		CU_ASSERT_EQUAL(token_of(fd, 1), 0);
		CU_ASSERT_EQUAL(sys_unlink(m, task, "/s"), 0);
		close_machine();
	}
}

/* The host remembers what was there, not each page that is not. */
static void test_large_holes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		const u64 end = 15ULL << 40;
		int fd = -1;
		u64 bytes;

		open_machine(releases[i]);
		CU_ASSERT_EQUAL(sys_open(m, task, "/bin/true", O_RDWR, 0, &fd), 0);
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, end), 0);
		put(fd, end - P, P);
		put(fd, end - 2 * P, P);
		CU_ASSERT_EQUAL(sys_fsync(m, task, fd), 0);
		bytes = m->arena.bytes;
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, PUNCH, P, end - 2 * P), 0);
		CU_ASSERT(m->arena.bytes < bytes + SZ_1M);
		CU_ASSERT_NOT_EQUAL(token_of(fd, 0), 0);
		CU_ASSERT_EQUAL(token_of(fd, 1), 0);
		CU_ASSERT_EQUAL(seek(fd, 0, HOLE), P);
		CU_ASSERT_EQUAL(seek(fd, P, DATA), (s64)(end - P));
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, ZERO_KEEP, 0, end), 0);
		CU_ASSERT_EQUAL(token_of(fd, 0), 0);
		CU_ASSERT_EQUAL(token_of(fd, end / P - 1), 0);
		CU_ASSERT(m->arena.bytes < bytes + SZ_1M);
		close_machine();
	}
}

/* Files reach as far as positions do; pages end before that. */
static void test_ends(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		const s64 far = 1LL << 60;
		int fd = -1;
		u64 done, p;

		open_machine(releases[i]);
		CU_ASSERT_EQUAL(sys_memfd_create(m, task, "far", 0, &fd), 0);
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, INT64_MAX), 0);
		CU_ASSERT_EQUAL(seek(fd, 0, END), INT64_MAX);
		CU_ASSERT_EQUAL(seek(fd, 1, END), -EINVAL);
		CU_ASSERT_EQUAL(seek(fd, INT64_MAX, SET), INT64_MAX);
		CU_ASSERT_EQUAL(seek(fd, INT64_MAX, DATA), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, INT64_MAX - 1, HOLE), INT64_MAX - 1);
		put(fd, (u64)far - 100, 100);
		ASSERT_DATA(fd, "1152921504606842880-1152921504606846976");
		get(fd, (u64)far + 10, 50);
		CU_ASSERT_EQUAL(sys_pwrite(m, task, fd, (u64)far, 5, &done), -EFBIG);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, 1, (u64)far, 5), -EFBIG);
		p = map(fd, (u64)far - 4096, 8192);
		CU_ASSERT_EQUAL(touch(p, ACCESS_STORE), 0);
		CU_ASSERT_EQUAL(touch(p + 4096, ACCESS_STORE), SIGBUS);
		CU_ASSERT_EQUAL(sys_fallocate(m, task, fd, PUNCH, (u64)far / 2, (u64)far), 0);
		ASSERT_DATA(fd, "");
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, 4096), 0);
		close_machine();
	}
}

static void test_others(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(releases); i++) {
		int fd = -1;

		open_machine(releases[i]);
		CU_ASSERT_EQUAL(sys_memfd_create(m, task, "h", 4, &fd), 0);
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, (4 * (s64)SZ_1M)), 0);
		CU_ASSERT_EQUAL(seek(fd, 0, DATA), 0);
		CU_ASSERT_EQUAL(seek(fd, 5, HOLE), (4 * (s64)SZ_1M));
		CU_ASSERT_EQUAL(seek(fd, (4 * (s64)SZ_1M), DATA), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, (4 * (s64)SZ_1M), HOLE), -ENXIO);
		CU_ASSERT_EQUAL(seek(fd, -1, DATA), -EINVAL);
		CU_ASSERT_EQUAL(seek(fd, -1, HOLE), (4 * (s64)SZ_1M));
		CU_ASSERT_EQUAL(seek(fd, 0, CUR), (4 * (s64)SZ_1M));
		CU_ASSERT_EQUAL(seek(fd, 5, END), (4 * (s64)SZ_1M) + 5);
		CU_ASSERT_EQUAL(seek(fd, INT64_MAX, SET), INT64_MAX);
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, INT64_MAX), -EINVAL);
		CU_ASSERT_EQUAL(sys_ftruncate(m, task, fd, INT64_MAX - 0x1fffff), 0);
		CU_ASSERT_EQUAL(sys_open(m, task, "/dev/zero", O_RDWR, 0, &fd), 0);
		CU_ASSERT_EQUAL(seek(fd, 5, SET), 0);
		CU_ASSERT_EQUAL(seek(fd, -5, SET), 0);
		CU_ASSERT_EQUAL(seek(fd, 5, END), 0);
		CU_ASSERT_EQUAL(seek(fd, 5, HOLE), 0);
		CU_ASSERT_EQUAL(seek(fd, 5, BEYOND), -EINVAL);
		CU_ASSERT_EQUAL(sys_userfaultfd(m, task, 1, &fd), 0);
		CU_ASSERT_EQUAL(seek(fd, 7, SET), 0);
		CU_ASSERT_EQUAL(seek(fd, 7, DATA), 0);
		CU_ASSERT_EQUAL(seek(fd, -1, SET), 0);
		CU_ASSERT_EQUAL(sys_pidfd_open(m, task, (s32)task->pid, 0, &fd), 0);
		CU_ASSERT_EQUAL(seek(fd, 0, SET), -ESPIPE);
		CU_ASSERT_EQUAL(seek(fd, 7, DATA), -ESPIPE);
		CU_ASSERT_EQUAL(seek(fd, 7, BEYOND), -EINVAL);
		CU_ASSERT_EQUAL(seek(99, 0, DATA), -EBADF);
		close_machine();
	}
}

static const CU_TestInfo tests[] = {
	{ "a disk's file", test_disk },
	{ "a file in memory", test_memory },
	{ "blocks that were asked for", test_asked },
	{ "ranges taken out and put in", test_shifts },
	{ "what files held at first", test_first_contents },
	{ "a hole at the end", test_hole_at_the_end },
	{ "large holes", test_large_holes },
	{ "ends of files", test_ends },
	{ "other files", test_others },
};

int main(void)
{
	return suite_main("lseek", tests, ARRAY_SIZE(tests), NULL, NULL);
}
