// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lseek: where data and holes are, of a disk's file and of one in memory, what other files
 * answer, and where files end. The figures are what a program printed on real kernels.
 */
#include <errno.h>
#include <string.h>

#include "sim/phys/lru.h"
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
	{ "ends of files", test_ends },
	{ "other files", test_others },
};

int main(void)
{
	return suite_main("lseek", tests, ARRAY_SIZE(tests), NULL, NULL);
}
