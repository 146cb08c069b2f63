// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each allocation of each call of tasks fails once: first the first one, then the second,
 * ... until the call needs no more. The errno is the kernel's, sim/check is clean, and
 * when the tasks are gone nothing is left of them.
 */
#include <stdlib.h>

#include "lab.h"
#include "leftovers.h"
#include "support.h"

#include "fs/core/tree_struct.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/task.h"

static struct lab lab;
static struct fault_inject fault;	/* nothing is left alone */

static struct machine *machine(void)
{
	return lab.tree->machine;
}

/* Lines by their verbs; what a call says if there is no memory for it, but for ENOMEM. */
static const struct {
	const char *verb;
	int err[2];
} errors[] = {
	{ "execve", { E2BIG, ESRCH } },	/* a page of arguments; killed behind the point */
	{ "madvise", { EAGAIN } },
	{ "process_madvise", { EAGAIN } },
	{ "memfd_create", { ENOSPC } },		/* a shmem inode */
	{ "mincore", { EAGAIN } },
	{ "mlock", { EAGAIN } },
	{ "mlock2", { EAGAIN } },
	{ "mmap", { ENOSPC } },
	{ "open", { ENOSPC } },
	{ "openat", { ENOSPC } },
};

/*
 * Each leaves what the next ones want. Those with `!` must meet an
 * allocation; so must those with `=`, which cannot be made again once they worked; those
 * with `-` cannot either, but may do without.
 */
static const char *const lines[] = {
	"!sim/as/init/ctl: fork as a",
	"!sim/as/a/ctl: mmap 0 64K rw private,anon as m",
	"!sim/as/a/ctl: store @m 64K",
	"sim/as/a/ctl: load @m 64K",
	"sim/as/a/ctl: poke @m+4090 48656c6c6f48656c6c6f",
	"!sim/as/a/ctl: mprotect @m+16K 8K r",
	"sim/as/a/ctl: madvise @m+32K 8K dontneed",
	"sim/as/a/ctl: madvise @m+40K 8K free",
	"!sim/as/a/ctl: madvise @m+32K 8K populate_write",
	"!sim/as/a/ctl: madvise @m 8K dontfork",
	"!sim/as/a/ctl: mlock @m+16K 16K",
	"!sim/as/a/ctl: mlock2 @m+48K 8K onfault",
	"!sim/as/a/ctl: munlock @m+20K 4K",
	"sim/as/a/ctl: munlockall",
	/* What joins two of which one has pages. */
	"sim/as/a/ctl: mmap 0x30000000 4K rw private,anon,fixed",
	"sim/as/a/ctl: mmap 0x30002000 4K rw private,anon,fixed",
	"sim/as/a/ctl: store 0x30002000",
	"sim/as/a/ctl: mmap 0x30001000 4K rw private,anon,fixed",
	/* The slab of VMAs is then full at the next mremap. */
	"!sim/as/a/ctl: mbind 0x30001000 4K bind 0",
	"!sim/as/a/ctl: mincore @m 64K",
	"sim/as/a/ctl: msync @m 64K",
	"!sim/as/a/ctl: fork as b",
	"!sim/as/b/ctl: store @m+8K 8K",
	"!sim/as/a/ctl: store @m+24K 8K",
	"-sim/as/a/ctl: mremap @m+48K 16K 256K maymove as moved",
	"!sim/as/a/ctl: store @moved 64K",
	/* Two that only their anon_vmas kept apart: the child's has none, and gets no policy. */
	"~sim/as/a/ctl: mmap 0x50000000 4K rw private,anon,populate,fixed",
	"~sim/as/a/ctl: mmap 0x50002000 4K rw private,anon,populate,fixed",
	"~sim/as/a/ctl: mmap 0x50001000 4K rw private,anon,fixed",
	"~sim/as/a/ctl: madvise 0x50000000 12K wipeonfork",
	"~sim/as/a/ctl: fork as wiped",
	"!sim/as/wiped/ctl: mbind 0x50000000 8K bind 0",
	"~sim/as/wiped/ctl: exit_group",
	"~sim/as/a/ctl: wait4 -1",
	"!sim/as/a/ctl: mmap 0 256K rw private,anon,populate as large",
	"!sim/as/a/ctl: mremap @large 128K 128K maymove,dontunmap as other",
	"!sim/as/a/ctl: munmap @large+8K 8K",
	"!sim/as/a/ctl: mmap 0 64K rw shared,anon as s",
	"!sim/as/a/ctl: store @s 64K",
	"!sim/as/a/ctl: clone SIGCHLD as c",
	"sim/as/c/ctl: store @s 64K",
	"!sim/as/c/ctl: open /dev/shm/x rdwr,creat as fd",
	"sim/as/c/ctl: ftruncate @fd 300K",
	"!sim/as/c/ctl: pwrite64 @fd 5000 40000",
	"!sim/as/c/ctl: fallocate @fd 0 100000 100000",
	"sim/as/c/ctl: fallocate @fd punch_hole,keep_size 8192 8192",
	"!sim/as/c/ctl: mmap 0 300K rw shared @fd 0 as fm",
	"!sim/as/c/ctl: store @fm 300K",
	"!sim/as/c/ctl: mmap 0 300K rw private @fd 0 as fp",
	"!sim/as/c/ctl: store @fp 100K",
	"!sim/as/c/ctl: madvise @fp+200K 20K populate_write",
	"!sim/as/c/ctl: clone vm,fs,files,sighand,thread as thread",
	"sim/as/thread/ctl: load @fm 300K",
	"sim/as/c/ctl: pread64 @fd 300000 0",
	"sim/as/c/ctl: write @fd 7000",
	"sim/as/c/ctl: read @fd 7000",
	"sim/as/c/ctl: unlink /dev/shm/x",
	"sim/as/c/ctl: ftruncate @fd 50000",
	"!sim/as/c/ctl: open /disk rdwr,creat as disk",
	"!sim/as/c/ctl: pwrite64 @disk 50000 0",
	"!sim/as/c/ctl: mmap 0 48K rw shared @disk 0 as dm",
	"sim/as/c/ctl: store @dm 48K",
	"sim/as/c/ctl: fsync @disk",
	"sim/as/c/ctl: fallocate @disk punch_hole,keep_size 16384 4096",
	"sim/as/c/ctl: madvise @dm+4K 8K remove",
	"sim/as/c/ctl: close @disk",
	"sim/as/c/ctl: unlink /disk",
	"!sim/as/c/ctl: memfd_create some as fd2",
	"sim/as/c/ctl: close @fd2",
	"!sim/as/c/ctl: memfd_secret as fd2",
	"sim/as/c/ctl: ftruncate @fd2 8K",
	"!sim/as/c/ctl: mmap 0 8K rw shared @fd2 as secret",
	"!sim/as/c/ctl: store @secret 8K",
	"sim/as/c/ctl: munmap @secret 8K",
	"sim/as/c/ctl: close @fd2",
	"sim/as/c/ctl: close @fd",
	"sim/as/c/ctl: brk as end",
	"!sim/as/c/ctl: brk @end+64K",
	"!sim/as/c/ctl: mlockall current,future",
	"!sim/as/c/ctl: mmap 0 16K rw private,anon",
	"sim/as/c/ctl: munlockall",
	"sim/as/thread/ctl: exit",
	"=sim/as/c/ctl: vfork as v",
	"sim/as/v/ctl: exit_group 3",
	"sim/as/c/ctl: wait4 -1",
	"sim/as/c/ctl: setrlimit stack 1M",
	"sim/as/c/ctl: setsid",
	"sim/as/c/ctl: kill @b KILL",
	"sim/as/a/ctl: wait4 @b",
	"sim/as/a/clear_refs: 1",
	"sim/as/a/clear_refs: 4",
	"sim/as/a/comm: renamed",
	"sim/as/c/ctl: exit_group",
	"sim/as/a/ctl: wait4 -1",
	"sim/as/a/ctl: exit_group",
	"sim/as/init/ctl: wait4 -1",
};

/* The same with areas to swap to: out, in, shared by a fork, moved, given up. */
static const char *const swap_lines[] = {
	"!sim/as/init/ctl: fork as a",
	"~sim/as/init/ctl: fork as p",
	"~sim/as/p/ctl: mmap 0 40M rw private,anon as big",
	"sim/as/a/ctl: open /swap rdwr,creat as fd",
	"sim/as/a/ctl: pwrite64 @fd 32M 0",
	"sim/as/a/ctl: fsync @fd",
	"sim/as/a/ctl: close @fd",
	"sim/as/a/ctl: mkswap /swap",
	"=sim/as/a/ctl: swapon /swap",
	"!sim/as/a/ctl: mmap 0 256K rw private,anon as m",
	"!sim/as/a/ctl: store @m 256K",
	"sim/as/a/ctl: madvise @m 256K pageout",
	"~sim/as/p/ctl: store @big 40M",
	"~sim/as/p/ctl: madvise @big 40M dontneed",
	"!sim/as/a/ctl: load @m 256K",
	"sim/as/a/ctl: madvise @m 256K pageout",
	"~sim/as/p/ctl: store @big 40M",
	"~sim/as/p/ctl: madvise @big 40M dontneed",
	"!sim/as/a/ctl: madvise @m 64K willneed",
	"!sim/as/a/ctl: fork as b",
	"!sim/as/b/ctl: store @m 128K",
	"sim/as/a/ctl: store @m+64K 128K",
	"sim/as/a/ctl: madvise @m 256K pageout",
	"sim/as/b/ctl: madvise @m 256K pageout",
	"=sim/as/b/ctl: mremap @m 128K 512K maymove as moved",
	"sim/as/b/ctl: madvise @moved 64K cold",
	"sim/as/b/ctl: mlock @moved 64K",
	"sim/as/b/ctl: munmap @moved 64K",
	"sim/as/a/ctl: mprotect @m 64K r",
	"!sim/as/a/ctl: mmap 0 256K rw shared,anon as s",
	"!sim/as/a/ctl: store @s 256K",
	"sim/as/a/ctl: madvise @s 256K pageout",
	/* What was written while it was off its list lies at the other end of it. */
	"~sim/as/p/ctl: store @big 40M",
	"~sim/as/p/ctl: load @big 40M",
	"~sim/as/p/ctl: madvise @big 40M dontneed",
	"!sim/as/a/ctl: load @s 256K",
	"sim/as/a/ctl: madvise @s 256K pageout",
	"sim/as/a/ctl: mincore @s 256K",
	"sim/as/a/ctl: memfd_create x as fd",
	"!sim/as/a/ctl: pwrite64 @fd 64K 0",
	"!sim/as/a/ctl: mmap 0 64K rw shared @fd 0 as f",
	"sim/as/a/ctl: load @f 64K",
	"sim/as/a/ctl: madvise @f 64K pageout",
	"~sim/as/p/ctl: store @big 40M",
	"~sim/as/p/ctl: load @big 40M",
	"~sim/as/p/ctl: madvise @big 40M dontneed",
	"!sim/as/a/ctl: pread64 @fd 64K 0",
	"sim/as/a/ctl: madvise @f 64K pageout",
	"sim/as/a/ctl: ftruncate @fd 20K",
	"sim/as/a/ctl: close @fd",
	"sim/as/b/ctl: exit_group",
	"sim/as/a/ctl: wait4 -1",
	"~sim/as/a/ctl: madvise @m 256K pageout",
	"~sim/as/a/ctl: madvise @s 256K pageout",
	"~sim/as/p/ctl: store @big 40M",
	"~sim/as/p/ctl: madvise @big 40M dontneed",
	"~sim/as/p/ctl: exit_group",
	"~sim/as/init/ctl: wait4 -1",
	"-sim/as/a/ctl: swapoff /swap",
	"sim/as/a/ctl: unlink /swap",
	"sim/as/a/ctl: exit_group",
	"sim/as/init/ctl: wait4 -1",
};

/* A group at its limit: who is charged, and what is not, by each that fails. %d: a's pid. */
static const char *const group_lines[] = {
	"~sim/as/init/ctl: fork as p",
	"~sim/as/p/ctl: open /swap rdwr,creat as fd",
	"~sim/as/p/ctl: pwrite64 @fd 32M 0",
	"~sim/as/p/ctl: fsync @fd",
	"~sim/as/p/ctl: mkswap /swap",
	"~sim/as/p/ctl: swapon /swap",
	"~sys/fs/cgroup/cgroup.subtree_control: +memory",
	"~sim/ctl: cgroup_mkdir g",
	"~sys/fs/cgroup/g/memory.max: 700K",
	"~sim/as/init/ctl: fork as a",
	"~sys/fs/cgroup/g/cgroup.procs: %d",
	"!sim/as/a/ctl: mmap 0 1M rw private,anon as m",
	"!sim/as/a/ctl: store @m 1M",
	"!sim/as/a/ctl: load @m 1M",
	"!sim/as/a/ctl: fork as b",
	"!sim/as/b/ctl: store @m 256K",
	"sim/as/b/ctl: madvise @m 256K pageout",
	"!sim/as/b/ctl: mprotect @m 8K r",
	"sim/as/b/ctl: exit_group",
	"sim/as/a/ctl: wait4 -1",
	"!sim/as/a/ctl: open /file rdwr,creat as fd",
	"!sim/as/a/ctl: pwrite64 @fd 400K 0",
	"~sim/as/a/ctl: pwrite64 @fd 1M 400K",
	"sim/as/a/ctl: fsync @fd",
	"sim/as/a/ctl: pread64 @fd 400K 0",
	"sim/as/a/ctl: mmap 0 64K rw shared,anon as s",
	"!sim/as/a/ctl: store @s 64K",
	"sim/as/a/ctl: madvise @s 64K pageout",
	"sim/as/a/ctl: load @s 64K",
	"~sim/ctl: set_active_memcg g",
	"=sim/ctl: vmalloc 64K GFP_KERNEL_ACCOUNT as area",
	"=sim/ctl: kmalloc 100 GFP_KERNEL_ACCOUNT as bytes",
	"=sim/ctl: kmem_cache_alloc dentry GFP_KERNEL as dentry",
	"-sim/ctl: alloc_percpu 64 8 GFP_KERNEL_ACCOUNT as piece",
	"~sim/ctl: set_active_memcg /",
	"~sys/fs/cgroup/g/memory.reclaim: 64K",
	"~sim/as/a/ctl: unlink /file",
	"~sys/fs/cgroup/g/cgroup.kill: 1",
	"~sim/as/init/ctl: wait4 -1",
	"~sim/ctl: cgroup_rmdir g",
	"~sim/ctl: vfree @area",
	"~sim/ctl: kfree @bytes",
	"~sim/ctl: kmem_cache_free dentry @dentry",
	"~sim/ctl: free_percpu @piece",
	"~sim/as/p/ctl: swapoff /swap",
	"~sim/as/p/ctl: unlink /swap",
	"~sim/as/p/ctl: exit_group",
	"~sim/as/init/ctl: wait4 -1",
};

static bool err_may_be(const char *line, int err)
{
	const char *verb = strstr(line, "ctl: ");
	bool may = err == -ENOMEM;

	for (unsigned int i = 0; verb && i < ARRAY_SIZE(errors); i++) {
		size_t len = strlen(errors[i].verb);

		if (strncmp(verb + 5, errors[i].verb, len) || verb[5 + len] != ' ')
			continue;
		for (unsigned int j = 0; j < ARRAY_SIZE(errors[i].err); j++)
			may |= errors[i].err[j] && err == -errors[i].err[j];
	}
	return may;
}

static void check_clean(const char *line, unsigned int n)
{
	unsigned int broken = nr_broken(machine(), machine_check, NULL);

	if (broken)
		printf("\n  %s: allocation %u\n", line, n);
	CU_ASSERT_EQUAL(broken, 0);
}

/* Its n-th allocation fails. Did it have so many? */
static bool run_nth(const char *line, unsigned int n, int *err)
{
	fault.fail_nth = n;
	fault.nr_failed = 0;
	fault.retry = false;
	fault_inject_use(machine(), &fault);
	*err = lab_run(&lab, line);
	fault_inject_use(machine(), NULL);
	return fault.nr_failed;
}

/* A line that nobody lets fail. */
static void run_line(const char *line)
{
	const char *pid = strstr(line, "%d");
	char text[100];

	snprintf(text, sizeof(text), "%s", line);
	if (pid)
		snprintf(text + (pid - line), sizeof(text) - (size_t)(pid - line), "%d",
			 atoi(lab_cat(&lab, "sim/as/a/stat")));
	if (lab_run(&lab, text)) {
		printf("\n  %s: %s\n", text, lab_text(&lab.sentence));
		CU_FAIL("a line that nobody let fail");
	}
}

/* A call that does without what it did not get is made once more: its task goes later. */
static void run_failing(const char *line)
{
	bool once = line[0] == '=' || line[0] == '-', failed = true;
	bool must = line[0] == '=' || line[0] == '!';
	unsigned int n;
	int err = 0;

	if (line[0] == '~') {
		run_line(line + 1);
		return;
	}
	line += once || must;
	for (n = 0; failed && n < 500 && !(once && n && !err); ) {
		failed = run_nth(line, ++n, &err);
		if (err && !(failed && err_may_be(line, err)))
			printf("\n  %s: allocation %u: error %d, %s\n", line, n, err,
			       lab_text(&lab.sentence));
		CU_ASSERT(!err || (failed && err_may_be(line, err)));
		check_clean(line, n);
		/* What RCU keeps would make the machine small. */
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: tick 100ms"), 0);
	}
	if (must && n < 2)
		printf("\n  %s: it allocates nothing\n", line);
	CU_ASSERT(n >= 1U + must && n < 500);
}

static void count(struct leftovers *counts)
{
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 3"), 0);
	leftovers_count(machine(), counts);
}

static void run_lines(const char *release, const char *const *rows, size_t nr)
{
	const char *sets[] = { release, "cmdline=secretmem.enable=1", NULL };
	struct leftovers before;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
	count(&before);
	for (size_t i = 0; i < nr; i++)
		run_failing(rows[i]);
	lab_end_tasks(&lab);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 3"), 0);
	CU_ASSERT_EQUAL(leftovers_compare(machine(), &before), 0);
	check_clean("the end", 0);
	lab_close(&lab);
}

static void test_6_18(void)
{
	run_lines("release=6.18", lines, ARRAY_SIZE(lines));
	run_lines("release=6.18", group_lines, ARRAY_SIZE(group_lines));
	run_lines("release=6.18", swap_lines, ARRAY_SIZE(swap_lines));
}

static void test_6_1(void)
{
	run_lines("release=6.1", lines, ARRAY_SIZE(lines));
	run_lines("release=6.1", group_lines, ARRAY_SIZE(group_lines));
	run_lines("release=6.1", swap_lines, ARRAY_SIZE(swap_lines));
}

/* Reclaim and swap meet the failure, somewhere on the way: 1st, 2nd, 3rd, 5th, 8th, ... */
static void press(const char *release)
{
	const char *sets[] = { release, NULL };
	unsigned int met = 0;

	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
	for (size_t i = 0; i < 9; i++)	/* swapon, too */
		CU_ASSERT_EQUAL_FATAL(lab_run(&lab, swap_lines[i] + strcspn(swap_lines[i], "s")), 0);
	CU_ASSERT_EQUAL_FATAL(lab_run(&lab, "sim/as/p/ctl: store @big 30M"), 0);
	for (unsigned int n = 1, next = 2; n < 20000; next += n, n = next - n) {
		int err;

		met += run_nth("sim/as/p/ctl: store @big 40M", n, &err);
		CU_ASSERT(!err || err == -ENOMEM);
		check_clean("pressure", n);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/p/ctl: madvise @big+10M 30M dontneed"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/ctl: tick 100ms"), 0);
	}
	CU_ASSERT(met > 15);
	lab_end_tasks(&lab);
	check_clean("the end", 0);
	lab_close(&lab);
}

static void test_pressure(void)
{
	press("release=6.1");
	press("release=6.18");
}

/* The program begins anew, or the old one goes on; or the task is killed. */
static void test_execve(void)
{
	unsigned int refused = 0, killed = 0, done = 0;
	struct leftovers before;
	int err = -ENOMEM;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	count(&before);
	for (unsigned int n = 1; n < 500 && !done; n++) {
		bool failed;

		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: clone vm,SIGCHLD as x"), 0);
		failed = run_nth("sim/as/x/ctl: execve /bin/true true word", n, &err);
		check_clean("execve", n);
		CU_ASSERT(!err || failed);
		done += !failed;
		if (!lab_run(&lab, "sim/as/x/ctl: exit_group"))
			refused += err != 0;
		else
			killed++;
		CU_ASSERT(!err || err == -ENOMEM || err == -E2BIG || err == -EFAULT);
		CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: wait4 -1"), 0);
	}
	CU_ASSERT_EQUAL(done, 1);
	CU_ASSERT(refused > 5);
	CU_ASSERT(killed > 5);
	CU_ASSERT_EQUAL(lab_run(&lab, "proc/sys/vm/drop_caches: 3"), 0);
	CU_ASSERT_EQUAL(leftovers_compare(machine(), &before), 0);
	lab_close(&lab);
}

/*
 * A mapping over another: what fails may leave a hole. Each time the other one is new,
 * since what failed has split it.
 */
static void test_fixed(void)
{
	static const char *const over[] = {
		"sim/as/a/ctl: mmap @m+32K 8K rwx private,anon,fixed",
		"sim/as/a/ctl: mmap @m+32K 8K rw private,anon,noreserve,fixed",
		"sim/as/a/ctl: mmap @m+32K 8K rw shared,anon,fixed",
		"sim/as/a/ctl: mremap @m 16K 16K maymove,fixed @m+32K",
	};
	unsigned int refused = 0;
	bool failed = true;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(over); i++, failed = true) {
		for (unsigned int n = 1; failed && n < 50; n++) {
			int err;

			CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: mmap 0 64K rw private,anon as m"), 0);
			CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: store @m 64K"), 0);
			failed = run_nth(over[i], n, &err);
			CU_ASSERT(!err || err_may_be(over[i], err));
			check_clean(over[i], n);
			refused += err != 0;
			CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: munmap @m 64K"), 0);
		}
	}
	CU_ASSERT(refused > 20);
	lab_close(&lab);
}

/* What the kernel's defaults leave alone: small blocks, highmem, whoever can wait. */
static void test_spared(void)
{
	struct fault_inject spares = {
		.page_min_order = 1, .page_ignore_highmem = true, .page_ignore_reclaim = true,
		.slab_ignore_reclaim = true, .fail_nth = 1,
	};
	u32 pfn;

	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	fault_inject_use(machine(), &spares);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 0 atomic"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 1 kernel"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmalloc 100 kernel"), 0);
	CU_ASSERT_EQUAL(spares.fail_nth, 1);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 1 atomic"), -ENOMEM);
	CU_ASSERT_EQUAL(spares.nr_failed, 1);
	CU_ASSERT_EQUAL(lab_run(&lab, "alloc_pages 1 atomic"), 0);
	spares.fail_nth = 2;
	CU_ASSERT_EQUAL(lab_run(&lab, "kmalloc 100 atomic"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmalloc 100 atomic"), -ENOMEM);
	CU_ASSERT_EQUAL(lab_run(&lab, "kmalloc 100 atomic"), 0);
	spares.fail_nth = 1;
	CU_ASSERT_EQUAL(alloc_kernel_pages(machine(), GFP_ATOMIC | __GFP_NOFAIL, 1, NUMA_NO_NODE,
					   PGTY_kernel, &pfn), 0);
	CU_ASSERT_EQUAL(spares.nr_failed, 2);
	fault_inject_use(machine(), NULL);
	lab_close(&lab);
}

/* Lines on a machine of its own; `=` in them says what must come. */
struct script {
	const char *name, *cmdline;
	const char *lines[16];
	const char *seen[4];	/* in the log */
};

#define SLAB(file, value) "sys/kernel/debug/failslab/" file ": " value
#define PAGE(file, value) "sys/kernel/debug/fail_page_alloc/" file ": " value
#define KMALLOC "sim/ctl: kmalloc 100"
#define FAILS " = -1 ENOMEM"

static const struct script scripts[] = {
	{ "by default whoever can wait is spared", "",
	  { SLAB("probability", "100"), KMALLOC, KMALLOC " atomic" FAILS, KMALLOC " atomic" },
	  { "FAULT_INJECTION: forcing a failure.",
	    "name failslab, interval 1, probability 100, space 0, times 1", "Call Trace:" } },
	{ "times", "",
	  { SLAB("probability", "100"), SLAB("ignore-gfp-wait", "N"), SLAB("times", "2"),
	    KMALLOC FAILS, KMALLOC FAILS, KMALLOC },
	  { "times 2", "times 1" } },
	{ "without end", "",
	  { SLAB("times", "-1"), SLAB("ignore-gfp-wait", "N"), SLAB("probability", "100"),
	    KMALLOC FAILS, KMALLOC FAILS, KMALLOC FAILS, SLAB("probability", "0"), KMALLOC },
	  { "times -1" } },
	{ "each third one", "",
	  { SLAB("times", "-1"), SLAB("ignore-gfp-wait", "N"), SLAB("probability", "100"),
	    SLAB("interval", "3"), KMALLOC, KMALLOC, KMALLOC FAILS, KMALLOC, KMALLOC,
	    KMALLOC FAILS }, { "interval 3" } },
	{ "space", "",
	  { SLAB("times", "-1"), SLAB("ignore-gfp-wait", "N"), SLAB("probability", "100"),
	    SLAB("space", "300"), KMALLOC, KMALLOC, KMALLOC FAILS }, { "space 44" } },
	{ "tasks that are told so", "",
	  { SLAB("times", "-1"), SLAB("ignore-gfp-wait", "N"), SLAB("task-filter", "Y"),
	    SLAB("probability", "100"), "sim/as/init/ctl: fork as a", "proc/1/make-it-fail: 1",
	    "sim/as/init/ctl: fork" FAILS, "sim/as/a/ctl: fork", "proc/1/make-it-fail: 0",
	    "sim/as/init/ctl: fork" }, { "name failslab" } },
	{ "the n-th of a task", "",
	  { SLAB("ignore-gfp-wait", "N"), "proc/1/fail-nth: 2", "sim/as/init/ctl: fork" FAILS,
	    "sim/as/init/ctl: fork" }, { "name failslab, interval 1, probability 0" } },
	{ "caches that are marked", "slub_debug=A,kmalloc-128",
	  { SLAB("times", "-1"), SLAB("ignore-gfp-wait", "N"), SLAB("cache-filter", "Y"),
	    SLAB("probability", "100"), KMALLOC FAILS, "sim/ctl: kmalloc 500" },
	  { "name failslab" } },
	{ "pages", "",
	  { PAGE("ignore-gfp-wait", "N"), PAGE("probability", "100"), PAGE("times", "-1"),
	    "sim/ctl: alloc_pages 0", "sim/ctl: alloc_pages 1" FAILS, PAGE("min-order", "2"),
	    "sim/ctl: alloc_pages 1", "sim/ctl: alloc_pages 2" FAILS, PAGE("min-order", "0"),
	    "sim/ctl: alloc_pages 0 highuser_movable", PAGE("ignore-gfp-highmem", "N"),
	    "sim/ctl: alloc_pages 0 highuser_movable" FAILS },
	  { "name fail_page_alloc, interval 1, probability 100, space 0, times -1" } },
	{ "from the command line", "failslab=2,100,0,-1 fail_page_alloc=1,100,0,-1",
	  { SLAB("interval", "1"), KMALLOC " atomic" FAILS, "sim/ctl: alloc_pages 1 atomic" FAILS },
	  { "name failslab, interval 1", "name fail_page_alloc, interval 1" } },
	{ "a command line that cannot be read", "failslab=2,100",
	  { KMALLOC " atomic", KMALLOC " atomic" },
	  { "FAULT_INJECTION: failed to parse arguments" } },
	{ "quiet", "",
	  { SLAB("verbose", "0"), SLAB("probability", "100"), KMALLOC " atomic" FAILS },
	  { NULL } },
	{ "a stack that is not meant", "",
	  { SLAB("probability", "100"), SLAB("require-start", "0x1000"),
	    SLAB("require-end", "0x2000"), KMALLOC " atomic" }, { NULL } },
};

static void run_script(const struct script *script)
{
	char cmdline[128];
	const char *const sets[] = { cmdline, NULL };
	const char *log;

	snprintf(cmdline, sizeof(cmdline), "cmdline=%s", script->cmdline);
	CU_ASSERT_EQUAL_FATAL(lab_open_set(&lab, "tiny", sets), 0);
	for (size_t i = 0; i < ARRAY_SIZE(script->lines) && script->lines[i]; i++) {
		int err = lab_run(&lab, script->lines[i]);

		if (err)
			printf("%s: %s: %s\n", script->name, script->lines[i],
			       lab_text(&lab.sentence));
		CU_ASSERT_EQUAL(err, 0);
	}
	log = lab_cat(&lab, "sim/dmesg");
	if (!script->seen[0])
		CU_ASSERT_PTR_NULL(strstr(log, "FAULT_INJECTION"));
	for (size_t i = 0; i < ARRAY_SIZE(script->seen) && script->seen[i]; i++) {
		if (!strstr(log, script->seen[i]))
			printf("%s: the log does not say '%s'\n", script->name, script->seen[i]);
		CU_ASSERT_PTR_NOT_NULL(strstr(log, script->seen[i]));
	}
	lab_check(&lab);
	lab_close(&lab);
}

static void test_files(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++)
		run_script(&scripts[i]);
}

/* Half of them, by chance: the same for the same seed. */
static void test_chance(void)
{
	unsigned int failed[2] = { 0 };
	char first[DIGEST_CHARS + 1], digest[DIGEST_CHARS + 1];

	for (int run = 0; run < 2; run++) {
		CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, SLAB("times", "-1")), 0);
		CU_ASSERT_EQUAL(lab_run(&lab, SLAB("probability", "50")), 0);
		for (int i = 0; i < 1000; i++)
			failed[run] += lab_run(&lab, "kmalloc 100 atomic") != 0;
		lab_digest(&lab, digest);
		if (!run)
			memcpy(first, digest, sizeof(first));
		lab_close(&lab);
	}
	CU_ASSERT(failed[0] > 400 && failed[0] < 600);
	CU_ASSERT_EQUAL(failed[0], failed[1]);
	CU_ASSERT_STRING_EQUAL(first, digest);
}

/* A fault that fails for ever does not turn in circles. */
static void test_for_ever(void)
{
	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/init/ctl: fork as a"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, "sim/as/a/ctl: mmap 0 64K rw private,anon as m"), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, PAGE("times", "-1")), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, PAGE("min-order", "0")), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, PAGE("ignore-gfp-wait", "N")), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, PAGE("ignore-gfp-highmem", "N")), 0);
	CU_ASSERT_EQUAL(lab_run(&lab, PAGE("probability", "100")), 0);
	CU_ASSERT_NOT_EQUAL(lab_run(&lab, "sim/as/a/ctl: store @m"), 0);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "the kernel's files", test_files },
	{ "chance", test_chance },
	{ "for ever", test_for_ever },
	{ "what is spared", test_spared },
	{ "calls, 6.18", test_6_18 },
	{ "calls, 6.1", test_6_1 },
	{ "pressure", test_pressure },
	{ "execve", test_execve },
	{ "fixed mappings", test_fixed },
};

int main(void)
{
	return suite_main("fault injection", tests, ARRAY_SIZE(tests), NULL, NULL);
}
