// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines of the lives of tasks: they begin, become other programs, end, are waited for,
 * open and cut files; values are written to their files in proc. Tasks are t0, t1, ...;
 * files are called f0, f1, ...
 */
#include "fuzz.h"

static unsigned int living(struct fuzz *f)
{
	unsigned int i = below(f, NR_TASKS);

	for (unsigned int tries = 0; !f->task[i] && tries < NR_TASKS; tries++)
		i = (i + 1) % NR_TASKS;
	return i;
}

unsigned int say_task(struct fuzz *f)
{
	unsigned int i = living(f);

	/* Now and then one that has gone. */
	if (one_in(f, 60))
		i = below(f, NR_TASKS);
	say(f, "sim/as/t%u/ctl: ", i);
	return i;
}

/* A new task of this name has none of the ranges and files that the old one had. */
static void forget_task(struct fuzz *f, unsigned int task, bool lives)
{
	f->task[task] = lives;
	for (unsigned int i = 0; i < NR_RANGES; i++) {
		if (f->range[i] == (s8)(task + 1))
			f->range[i] = 0;
	}
	for (unsigned int i = 0; i < NR_FILES; i++) {
		if (f->file[i] == (s8)(task + 1))
			f->file[i] = 0;
	}
}

static void begin_task(struct fuzz *f)
{
	static const char *const clones[] = {
		"SIGCHLD", "vm,SIGCHLD", "vm,vfork,SIGCHLD", "files,SIGCHLD", "parent,SIGCHLD",
		"vm,fs,files,sighand,thread", "vm,sighand,thread", "fs", "vm,files",
		"thread", "sighand", "vm,sighand", "0",
	};
	unsigned int i = below(f, NR_TASKS);

	for (unsigned int tries = 0; f->task[i] && tries < NR_TASKS / 2; tries++)
		i = (i + 1) % NR_TASKS;
	/* Those that nobody can name any more would pile up. */
	if (f->task[i] && !one_in(f, 50)) {
		say(f, "sim/as/init/ctl: kill @t%u KILL", i);
		forget_task(f, i, false);
		return;
	}
	/* A thread of init that dies takes it along: that is a panic. */
	if (!one_in(f, 8)) {
		say(f, "sim/as/init/ctl: fork as t%u", i);
		forget_task(f, i, true);
		return;
	}
	say_task(f);
	forget_task(f, i, true);
	switch (below(f, 4)) {
	case 0:
		say(f, "clone %s as t%u", PICK(f, clones), i);
		break;
	case 1:
		if (one_in(f, 6)) {
			say(f, "vfork as t%u", i);
			break;
		}
		__attribute__((fallthrough));
	default:
		say(f, "fork as t%u", i);
	}
}

static void end_task(struct fuzz *f)
{
	static const char *const signals[] = {
		"", " KILL", " TERM", " STOP", " CONT", " 0", " 64", " 65", " SEGV", " CHLD",
	};
	static const char *const cpus[] = { "0", "1", "0-1", "0,3", "2", "9" };
	unsigned int i = below(f, NR_TASKS);

	if (one_in(f, 3)) {
		say_task(f);
		say(f, "sched_setaffinity %s ", one_in(f, 4) ? "@t1" : "0");
		say(f, "%s", PICK(f, cpus));
		return;
	}
	switch (below(f, 4)) {
	case 0:
		say(f, "sim/as/t%u/ctl: exit %u", i, below(f, 300));
		forget_task(f, i, false);
		break;
	case 1:
		say(f, "sim/as/t%u/ctl: exit_group %u", i, below(f, 3));
		forget_task(f, i, false);
		break;
	default:
		say_task(f);
		say(f, "kill @t%u", i);
		say(f, "%s", PICK(f, signals));
		f->task[i] &= one_in(f, 2);
	}
}

static void wait_task(struct fuzz *f)
{
	if (one_in(f, 3))
		say_task(f);
	else
		say(f, "sim/as/init/ctl: ");
	if (one_in(f, 4))
		say(f, "wait4 @t%u nohang", below(f, NR_TASKS));
	else
		say(f, "wait4 -1%s", one_in(f, 2) ? " nohang" : "");
}

static void exec_task(struct fuzz *f)
{
	static const char *const programs[] = {
		"/init", "/bin/true", "/bin/true", "/bin/sh", "/dev/shm/a", "/lib64/ld-linux-x86-64.so.2",
		"relative", "/",
	};

	say_task(f);
	say(f, "execve %s", PICK(f, programs));
	for (unsigned int i = below(f, 4); i; i--)
		say(f, " word%u", i);
}

static const char *const paths[] = {
	"/dev/shm/a", "/dev/shm/b", "/dev/shm/c", "/tmp/a", "/tmp/b", "/data", "/bin/true",
	"/init", "/nowhere/x", "/",
};

static void use_path(struct fuzz *f)
{
	static const char *const flags[] = {
		"rdwr,creat", "rdwr,creat", "rdwr", "rdonly", "wronly,creat", "rdwr,creat,trunc",
		"rdwr,creat,excl", "rdwr,creat,append", "rdwr,cloexec,creat",
	};
	static const char *const memfds[] = {
		"0", "cloexec", "allow_sealing", "allow_sealing", "noexec_seal", "exec", "64",
	};
	unsigned int i = below(f, NR_FILES), task = say_task(f);

	switch (below(f, 8)) {
	case 0:
		say(f, "unlink %s", PICK(f, paths));
		return;
	case 1:
		say(f, "memfd_create mem%u %s", i, PICK(f, memfds));
		break;
	case 2:
		say(f, "memfd_secret %s", one_in(f, 2) ? "cloexec" : "0");
		break;
	default:
		say(f, "open %s ", PICK(f, paths));
		say(f, "%s", PICK(f, flags));
	}
	say(f, " as f%u", i);
	f->file[i] = (s8)(task + 1);
}

/* A descriptor, mostly of the task that has it. */
static unsigned int say_owner(struct fuzz *f)
{
	unsigned int i = below(f, NR_FILES);

	for (unsigned int tries = 0; !f->file[i] && tries < NR_FILES; tries++)
		i = (i + 1) % NR_FILES;
	if (f->file[i] && !one_in(f, 10))
		say(f, "sim/as/t%u/ctl: ", f->file[i] - 1U);
	else
		say_task(f);
	/* Those of the dead are not asked for for ever. */
	if (one_in(f, 12))
		f->file[i] = 0;
	return i;
}

static void use_file(struct fuzz *f)
{
	unsigned int i = say_owner(f);
	u64 at = (u64)below(f, 100) * (one_in(f, 3) ? 4096 : 1500);
	u64 len = (u64)below(f, 64) * (one_in(f, 3) ? 4096 : 777);

	if (one_in(f, 500))
		at <<= below(f, 50);
	switch (below(f, 10)) {
	case 0:
		say(f, "close @f%u", i);
		f->file[i] = 0;
		break;
	case 1:
	case 2:
		say(f, "ftruncate @f%u %llu", i, (unsigned long long)at);
		break;
	case 3:
		say(f, "fallocate @f%u 0 %llu %llu", i, (unsigned long long)at,
		    (unsigned long long)len);
		break;
	case 4:
		say(f, "fallocate @f%u punch_hole,keep_size %llu %llu", i,
		    (unsigned long long)at, (unsigned long long)len);
		break;
	case 5:
		say(f, "pread64 @f%u %llu %llu", i, (unsigned long long)len,
		    (unsigned long long)at);
		break;
	case 6:
		say(f, "read @f%u %llu", i, (unsigned long long)len);
		break;
	case 7:
		say(f, "write @f%u %llu", i, (unsigned long long)len);
		break;
	case 8:
		say(f, "lseek @f%u %lld set", i, (long long)at);
		break;
	default:
		say(f, "pwrite64 @f%u %llu %llu", i, (unsigned long long)len,
		    (unsigned long long)at);
	}
}

/* Besides reading, writing and cutting. */
static void use_descriptor(struct fuzz *f)
{
	static const char *const seals[] = {
		"seal", "shrink", "grow", "write", "future_write", "exec", "shrink,grow", "64",
	};
	static const char *const modes[] = {
		"zero_range", "collapse_range", "insert_range", "unshare_range", "punch_hole",
		"keep_size", "zero_range,keep_size", "write_zeroes",
	};
	static const char *const advices[] = {
		"normal", "random", "sequential", "willneed", "dontneed", "noreuse", "9",
	};
	unsigned int i = say_owner(f), at = below(f, 60), len = below(f, 30);

	switch (below(f, 9)) {
	case 0:
		say(f, "fcntl @f%u add_seals %s", i, PICK(f, seals));
		break;
	case 1:
		say(f, "fcntl @f%u get_seals", i);
		break;
	case 2:
		say(f, "fallocate @f%u %s", i, PICK(f, modes));
		say(f, " %uK %uK", at * 4, len * 4);
		break;
	case 3:
		say(f, "fadvise64 @f%u %u %u", i, at * 3000, len * 3000);
		say(f, " %s", PICK(f, advices));
		break;
	case 4:
		say(f, "sync_file_range @f%u %u %u write", i, at * 3000, len * 3000);
		break;
	case 5:
		say(f, "fsync @f%u", i);
		break;
	case 6:
		say(f, "dup2 @f%u %u", i, at);
		break;
	case 7:
		say(f, "fcntl @f%u dupfd %u", i, at);
		break;
	default:
		say(f, "truncate %s %u", PICK(f, paths), at * 1500);
	}
}

/* Writes to their files in proc. */
static void write_value(struct fuzz *f)
{
	unsigned int i = below(f, NR_TASKS);

	switch (below(f, 5)) {
	case 0:
		say(f, "sim/as/t%u/oom_score_adj: %d", i, (int)below(f, 2200) - 1100);
		break;
	case 1:
		say(f, "sim/as/t%u/oom_adj: %d", i, (int)below(f, 36) - 18);
		break;
	case 2:
		say(f, "sim/as/t%u/clear_refs: %u", i, below(f, 7));
		break;
	case 3:
		say(f, "sim/as/t%u/comm: name%u", i, below(f, 1000));
		break;
	default:
		say(f, "sim/as/t%u/comm: %x", i, below(f, 600));
	}
}

static void limit_task(struct fuzz *f)
{
	static const char *const limits[] = {
		"as", "data", "stack", "memlock", "nofile", "nproc", "fsize", "rss",
	};
	static const u32 sizes[] = { 0, 20, 64 << 10, 1 << 20, 8 << 20, 64 << 20, 1 << 30 };

	say_task(f);
	if (one_in(f, 3))
		say(f, "prlimit @t%u ", below(f, NR_TASKS));
	else
		say(f, "setrlimit ");
	say(f, "%s", PICK(f, limits));
	say(f, " %u", PICK(f, sizes));
	if (one_in(f, 4))
		say(f, " 1G");
}

/* What else a process asks for itself, or of another. */
static void ask_process(struct fuzz *f)
{
	static const char *const lines[] = {
		"prctl set_thp_disable 1", "prctl set_thp_disable 0", "prctl get_thp_disable",
		"prctl set_name other", "prctl set_dumpable 1", "prctl get_mdwe",
		"personality addr_no_randomize", "personality read_implies_exec",
		"personality mmap_page_zero", "personality addr_compat_layout",
		"personality 0", "getrlimit as", "prctl set_mm brk 0x500000",
		"prctl set_mm start_stack 0x500000", "prctl 99",
	};
	static const char *const advices[] = { "cold", "pageout", "willneed", "dontneed" };
	unsigned int task = say_task(f), i;

	switch (below(f, 5)) {
	case 0:
		say(f, "prctl set_vma anon_name @m%u", below(f, NR_RANGES));
		say(f, " %u name", 4096 * below(f, 20));
		break;
	case 1:
		i = below(f, NR_FILES);
		say(f, "pidfd_open @t%u", below(f, NR_TASKS));
		say(f, " as f%u", i);
		f->file[i] = (s8)(task + 1);
		break;
	case 2:
		say(f, "process_madvise @f%u", below(f, NR_FILES));
		say(f, " %s", PICK(f, advices));
		say(f, " 0 @m%u", below(f, NR_RANGES));
		say(f, " %u", 4096 * below(f, 20));
		break;
	case 3:
		if (one_in(f, 10)) {
			say(f, "prctl set_mdwe 1");
			break;
		}
		__attribute__((fallthrough));
	default:
		say(f, "%s", PICK(f, lines));
	}
}

static void limit_memory(struct fuzz *f)
{
	static const char *const files[] = { "max", "max", "high", "low", "min", "swap.max", "swap.high",
					     "oom.group", "reclaim", "reclaim" };
	static const char *const sizes[] = { "max", "max", "0", "100K", "1M", "4M", "16M", "64M", "1",
					     "1G", "x" };

	say(f, "memory.%s: ", PICK(f, files));
	say(f, "%s", PICK(f, sizes));
}

/* Groups g0 to g3, some of them within others; nodes that move along. */
void group_task(struct fuzz *f)
{
	static const char *const groups[] = { "g0", "g1", "g0/g2", "g1/g3", "g0/g2/g4" };
	static const char *const sets[] = { "0", "1", "0-1", "0-1", "", "5", "x" };
	const char *group = PICK(f, groups);

	static const char *const controls[] = { "+cpuset", "+memory", "+memory", "+cpuset +memory",
						"-cpuset", "-memory" };

	switch (below(f, 12)) {
	case 0:
	case 1:
		say(f, "mkdir sys/fs/cgroup/%s", group);
		break;
	case 8:
	case 9:
		say(f, "sys/fs/cgroup/%s/", group);
		limit_memory(f);
		break;
	case 2:
		say(f, "rmdir sys/fs/cgroup/%s", group);
		break;
	case 3:
		say(f, "sys/fs/cgroup/%scgroup.subtree_control: ", one_in(f, 2) ? "" : "g0/");
		say(f, "%s", PICK(f, controls));
		break;
	case 4:
		say(f, "sys/fs/cgroup/%s/cpuset.mems: ", group);
		say(f, "%s", PICK(f, sets));
		break;
	case 5:
		say(f, "sys/fs/cgroup/%s/cpuset.cpus: ", group);
		say(f, "%s", PICK(f, sets));
		break;
	case 10:
		say(f, "sys/fs/cgroup/%s/cgroup.type: threaded", group);
		break;
	case 11:
		say(f, "sys/fs/cgroup/%s/cgroup.threads: %u", group, 60 + below(f, 200));
		break;
	default:
		say(f, "sys/fs/cgroup/%s/", one_in(f, 4) ? "" : group);
		say(f, "cgroup.procs: %u", f->group_pid ? f->group_pid : 60 + below(f, 200));
	}
}

static void use_segment(struct fuzz *f)
{
	static const char *const flags[] = { "0", "rdonly", "rnd", "exec", "remap" };
	static const char *const commands[] = { "stat", "rmid", "lock", "unlock", "info" };
	unsigned int task = say_task(f), i = below(f, NR_RANGES);

	switch (below(f, 5)) {
	case 0:
		say(f, "shmget %u", below(f, 8));
		say(f, " %u creat,0600 as s0", 4096 * below(f, 20));
		break;
	case 1:
		say(f, "shmctl @s0 %s", PICK(f, commands));
		break;
	case 2:
		say(f, "shmdt @m%u", i);
		break;
	case 3:
		say(f, "process_vm_readv @t%u", below(f, NR_TASKS));
		say(f, " @m%u", i);
		say(f, " %u", below(f, 20000));
		say(f, " @m%u", below(f, NR_RANGES));
		say(f, " %u", below(f, 20000));
		break;
	default:
		say(f, "shmat @s0 0 %s", PICK(f, flags));
		say(f, " as m%u", i);
		f->range[i] = (s8)(task + 1);
	}
}

static const struct fuzz_maker makers[] = {
	{ group_task, 12 },
	{ begin_task, 60 },
	{ end_task, 5 },
	{ wait_task, 20 },
	{ exec_task, 8 },
	{ use_path, 14 },
	{ use_file, 60 },
	{ use_descriptor, 25 },
	{ ask_process, 25 },
	{ use_segment, 15 },
	{ write_value, 8 },
	{ limit_task, 2 },
};

void task_line(struct fuzz *f)
{
	fuzz_make(f, makers, ARRAY_SIZE(makers));
}
