// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls of a task that lives: any verb of tasks, its arguments made by their kinds.
 * Rows say which verbs come more or less often, or want arguments that go together.
 */
#include "fuzz_live.h"

#include <stdio.h>
#include <string.h>

#include "sim/virt/file.h"
#include "sim/virt/mmap.h"

#define MOST_VMAS 70		/* of a task: more is unmapped */
#define USUAL_WEIGHT 8

typedef unsigned long long ull;

/* -- arguments that go together ------------------------------------------------------- */

static void say_mmap(struct live *l)
{
	static const char *const anon[] = {
		"private,anon", "private,anon", "private,anon", "shared,anon",
		"private,anon,noreserve", "private,anon,populate", "shared,anon,populate",
		"private,anon,locked", "private,anon,growsdown", "private,anon,stack",
		"private,anon,32bit", "private,anon,hugetlb", "shared,anon,hugetlb",
		"private,anon,hugetlb,noreserve",
	};
	static const char *const filed[] = {
		"shared", "shared", "private", "private", "shared,populate", "private,populate",
		"shared_validate",
	};
	int fd = one_in(l->f, 3) ? live_fd(l) : -1;
	ull len = live_pages(l, ~0U) * PAGE_SIZE;

	live_part(l, 0);
	if (one_in(l->f, 4))
		say(l->f, " 0x%llx %llu", (ull)l->addr, len);
	else
		say(l->f, " 0 %llu", one_in(l->f, 8) ? len - 100 : len);
	if (one_in(l->f, 4))
		live_arg(l, A_PROT);
	else
		say(l->f, fd >= 0 && one_in(l->f, 2) ? " r" : " rw");
	if (one_in(l->f, 30)) {
		live_arg(l, A_MAP);
		say(l->f, "|MAP_PRIVATE");
	} else {
		say(l->f, " %s", fd >= 0 ? PICK(l->f, filed) : PICK(l->f, anon));
	}
	if (one_in(l->f, 12))
		say(l->f, one_in(l->f, 3) ? ",noreplace" : ",fixed");
	if (fd >= 0)
		say(l->f, " %d %u", fd, 4096 * (one_in(l->f, 2) ? 0 : below(l->f, 20)));
}

static void say_brk(struct live *l)
{
	const struct mm_struct *mm = l->task->mm;
	u64 pages = live_pages(l, 200);

	if (one_in(l->f, 3))
		say(l->f, " 0x%llx", (ull)(mm->start_brk + pages * 1000));
	else
		say(l->f, " 0x%llx", (ull)(mm->brk + pages * 900));
}

/* Where the task may not write it would die. */
static void say_access(struct live *l, u64 vm_flags)
{
	live_part(l, one_in(l->f, 400) ? 0 : vm_flags);
	say(l->f, " 0x%llx", (ull)l->addr);
	if (one_in(l->f, 4))
		return;
	say(l->f, " %llu", (ull)MIN(l->len, MAX(l->nr_free / 8, 1) * PAGE_SIZE));
	if (one_in(l->f, 8))
		say(l->f, " %u", 1 + below(l->f, 9000));
}

static void say_load(struct live *l)
{
	say_access(l, VM_READ);
}

static void say_store(struct live *l)
{
	say_access(l, VM_WRITE);
}

static void say_ifetch(struct live *l)
{
	say_access(l, VM_EXEC);
}

static void say_poke(struct live *l)
{
	live_part(l, VM_READ | VM_WRITE);
	say(l->f, " 0x%llx", (ull)(l->addr + below(l->f, 4090)));
	say(l->f, " 48656c6c6f%08x", below(l->f, 1U << 31));
}

static void say_mprotect(struct live *l)
{
	live_part(l, 0);
	say(l->f, " 0x%llx %llu", (ull)l->addr, (ull)l->len);
	live_arg(l, A_PROT);
}

/* What populates is for memory that can be spared. */
static void say_madvise(struct live *l)
{
	live_part(l, 0);
	say(l->f, " 0x%llx %llu", (ull)l->addr,
	    (ull)MIN(l->len, MAX(l->nr_free / 8, 1) * PAGE_SIZE));
	switch (below(l->f, 4)) {
	case 0:
		say(l->f, " dontneed");
		break;
	case 1:
		say(l->f, l->vm_flags & VM_WRITE ? " populate_write" : " populate_read");
		break;
	default:
		live_arg(l, A_MADV);
	}
}

static void say_mremap(struct live *l)
{
	ull addr, old_len, new_len;

	live_part(l, 0);
	addr = l->addr;
	old_len = l->len;
	new_len = one_in(l->f, 2) ? old_len : live_pages(l, 100) * PAGE_SIZE;
	say(l->f, " 0x%llx %llu %llu", addr, one_in(l->f, 30) ? 0 : old_len, new_len);
	switch (below(l->f, 6)) {
	case 0:
		say(l->f, " maymove|dontunmap");
		break;
	case 1:
		live_part(l, 0);
		say(l->f, " maymove|fixed 0x%llx", (ull)l->addr);
		break;
	case 2:
		break;
	default:
		say(l->f, " maymove");
	}
}

static void say_clone(struct live *l)
{
	static const char *const flags[] = {
		"SIGCHLD", "SIGCHLD", "vm,SIGCHLD", "files,SIGCHLD", "fs,SIGCHLD",
		"vm,files,SIGCHLD", "vm,fs,files,sighand,thread", "vm,sighand,thread",
		"vm,vfork,SIGCHLD", "parent,SIGCHLD", "vm,sighand", "0",
	};

	if (one_in(l->f, 20))
		live_arg(l, A_CLONE);
	else
		say(l->f, " %s", PICK(l->f, flags));
}

static void say_execve(struct live *l)
{
	static const char *const programs[] = { "/bin/true", "/bin/true", "/init", "/bin/sh" };

	if (one_in(l->f, 10))
		live_arg(l, A_PATH);
	else
		say(l->f, " %s", PICK(l->f, programs));
	for (unsigned int i = below(l->f, 4); i; i--)
		live_arg(l, A_WORD);
}

static void say_kill(struct live *l)
{
	static const char *const signals[] = {
		"", " KILL", " STOP", " CONT", " 0", " CHLD", " TERM", " SEGV", " 65",
	};

	say(l->f, " %u", l->tasks[below(l->f, l->nr)]->tgid);
	say(l->f, "%s", PICK(l->f, signals));
}

static void say_open(struct live *l)
{
	static const char *const flags[] = {
		"rdwr|creat", "rdwr|creat", "rdwr|creat", "rdwr|creat|trunc",
		"rdwr|creat|append", "rdwr|creat|cloexec", "wronly|creat",
	};

	say(l->f, " /dev/shm/%c ", (char)('a' + below(l->f, 6)));
	say(l->f, "%s", PICK(l->f, flags));
}

static void say_open_any(struct live *l)
{
	if (one_in(l->f, 2)) {
		say_open(l);
		return;
	}
	live_arg(l, A_PATH);
	if (one_in(l->f, 3))
		live_arg(l, A_OPEN);
	else
		say(l->f, one_in(l->f, 3) ? " rdonly" : " rdwr|creat");
}

static void say_openat(struct live *l)
{
	say(l->f, " AT_FDCWD");
	say_open_any(l);
}

/* Files stay small: their pages are the machine's. */
static void say_file_range(struct live *l)
{
	u64 unit = one_in(l->f, 3) ? 4096 : 1100;

	say(l->f, " %llu", (ull)(live_pages(l, 32) * unit));
	say(l->f, " %llu", (ull)(below(l->f, 40) * unit));
}

static void say_fd_range(struct live *l)
{
	live_arg(l, A_FD);
	say_file_range(l);
}

static void say_fallocate(struct live *l)
{
	u64 at = (u64)below(l->f, 40) * 4096;

	live_arg(l, A_FD);
	if (one_in(l->f, 10))
		live_arg(l, A_FALLOC);
	else
		say(l->f, one_in(l->f, 2) ? " 0" : " punch_hole|keep_size");
	say(l->f, " %llu", (ull)at);
	say(l->f, " %llu", (ull)live_pages(l, 32) * 4096);
}

static void say_fd_size(struct live *l)
{
	live_arg(l, A_FD);
	say(l->f, " %llu", (ull)(live_pages(l, 64) * (l->f->len % 3 ? 4096 : 1777)));
}

static void say_lseek(struct live *l)
{
	live_arg(l, A_FD);
	say(l->f, " %u set", below(l->f, 100000));
}

static void say_unlink(struct live *l)
{
	say(l->f, " /dev/shm/%c", (char)('a' + below(l->f, 6)));
}

/* Programs keep their sizes: what is behind a new end goes from who runs them. */
static void say_truncate(struct live *l)
{
	say_unlink(l);
	say(l->f, " %llu", (ull)live_pages(l, 32) * 1500);
}

static void say_affinity(struct live *l)
{
	static const char *const cpus[] = { "0", "1", "0-1", "0,3", "2", "1-3", "9" };

	say(l->f, " %u", one_in(l->f, 3) ? l->task->pid : 0);
	say(l->f, " %s", PICK(l->f, cpus));
}

static void say_memfd(struct live *l)
{
	live_arg(l, A_WORD);
	if (one_in(l->f, 2))
		say(l->f, one_in(l->f, 2) ? " cloexec" : " allow_sealing");
}

/* Limits that leave a task something to do. */
static void say_limit(struct live *l)
{
	static const char *const limits[] = {
		"as", "data", "stack", "memlock", "nofile", "nproc", "fsize", "rss",
	};
	static const u32 sizes[] = { 64, 1 << 20, 8 << 20, 64 << 20, 1 << 30 };

	say(l->f, " %s", PICK(l->f, limits));
	say(l->f, " %u", one_in(l->f, 10) ? PICK(l->f, sizes) : 1 << 30);
}

static void say_prlimit(struct live *l)
{
	live_arg(l, A_PID);
	say_limit(l);
}

static void say_wait(struct live *l)
{
	say(l->f, " -1 nohang");
}

static void say_intersection(struct live *l)
{
	live_part(l, 0);
	say(l->f, " 0x%llx 0x%llx", (ull)l->addr, (ull)(l->addr + l->len));
}

/* A descriptor of userfaultfd, if the task has one. */
static void say_uffd(struct live *l)
{
	const struct files_struct *files = l->task->files;

	for (u32 fd = 0; files && fd < files->nr_slots; fd++) {
		const struct file *file = file_of(l->m, files->fds[fd]);

		if (file && file->inode->uffd && !one_in(l->f, 4)) {
			say(l->f, " %u", fd);
			return;
		}
	}
	live_arg(l, A_FD);
}

static void say_uffd_range(struct live *l)
{
	say_uffd(l);
	live_part(l, 0);
	say(l->f, " 0x%llx %llu", (ull)l->addr, (ull)MIN(l->len, 64 * PAGE_SIZE));
}

static void say_uffd_api(struct live *l)
{
	static const char *const features[] = {
		"", "", " event_fork|event_remap|event_remove|event_unmap", " sigbus",
		" wp_unpopulated", " wp_async", " exact_address|thread_id", " event_fork",
	};

	say_uffd(l);
	say(l->f, "%s", PICK(l->f, features));
}

static void say_uffd_register(struct live *l)
{
	say_uffd_range(l);
	live_arg(l, A_UFFD_REGISTER);
}

static void say_uffd_fill(struct live *l)
{
	say_uffd_range(l);
	if (one_in(l->f, 4))
		live_arg(l, A_UFFD_MODE);
}

static void say_uffd_wp(struct live *l)
{
	say_uffd_range(l);
	say(l->f, one_in(l->f, 2) ? " wp" : " 0");
}

static void say_pagemap_scan(struct live *l)
{
	live_part(l, 0);
	say(l->f, " 0x%llx 0x%llx", (ull)l->addr, (ull)l->len);
	live_arg(l, A_PAGE_IS);
	if (one_in(l->f, 2)) {
		live_arg(l, A_PAGE_IS);
		live_arg(l, A_PAGE_IS);
		live_arg(l, A_PAGE_IS);
		say(l->f, " %u", one_in(l->f, 2) ? 0 : 40);
		live_arg(l, A_PM_SCAN);
	}
}

static void say_uffd_copy(struct live *l)
{
	ull dst;

	say_uffd(l);
	live_part(l, 0);
	dst = l->addr;
	live_part(l, VM_READ);
	say(l->f, " 0x%llx 0x%llx %llu", dst, (ull)l->addr, (ull)MIN(l->len, 64 * PAGE_SIZE));
}

static const struct verb_row {
	const char *name;
	u8 weight;
	void (*say)(struct live *l);	/* NULL: by the kinds of arguments */
} rows[] = {
	{ "mmap", 60, say_mmap },
	{ "munmap", 30, NULL },
	{ "brk", 10, say_brk },
	{ "mprotect", 30, say_mprotect },
	{ "mremap", 30, say_mremap },
	{ "madvise", 60, say_madvise },
	{ "mlock", 8, NULL },
	{ "mlock2", 6, NULL },
	{ "munlock", 10, NULL },
	{ "mlockall", 1, NULL },
	{ "munlockall", 3, NULL },
	{ "load", 50, say_load },
	{ "store", 90, say_store },
	{ "ifetch", 4, say_ifetch },
	{ "poke", 6, say_poke },
	{ "fork", 20, NULL },
	{ "vfork", 2, NULL },
	{ "clone", 14, say_clone },
	{ "execve", 8, say_execve },
	{ "exit", 6, NULL },
	{ "exit_group", 4, NULL },
	{ "kill", 6, say_kill },
	{ "wait4", 4, say_wait },
	{ "setrlimit", 1, say_limit },
	{ "prlimit", 2, say_prlimit },
	{ "open", 12, say_open_any },
	{ "openat", 3, say_openat },
	{ "memfd_create", 5, say_memfd },
	{ "memfd_secret", 3, NULL },
	{ "close", 14, NULL },
	{ "ftruncate", 12, say_fd_size },
	{ "fallocate", 12, say_fallocate },
	{ "truncate", 4, say_truncate },
	{ "sched_setaffinity", 6, say_affinity },
	{ "unlink", 6, say_unlink },
	{ "pread64", 8, say_fd_range },
	{ "pwrite64", 12, say_fd_range },
	{ "read", 6, say_fd_size },
	{ "write", 6, say_fd_size },
	{ "lseek", 6, say_lseek },
	{ "find_vma_intersection", 4, say_intersection },
	{ "find_vma", 4, NULL },
	{ "find_vma_prev", 4, NULL },
	{ "getpid", 2, NULL },
	{ "setuid", 1, NULL },
	{ "capset", 1, NULL },
	{ "userfaultfd", 3, NULL },
	{ "uffdio_api", 6, say_uffd_api },
	{ "uffdio_register", 10, say_uffd_register },
	{ "uffdio_unregister", 4, say_uffd_range },
	{ "uffdio_wake", 3, say_uffd_range },
	{ "uffdio_copy", 8, say_uffd_copy },
	{ "uffdio_move", 6, say_uffd_copy },
	{ "uffdio_zeropage", 6, say_uffd_fill },
	{ "uffdio_continue", 6, say_uffd_fill },
	{ "uffdio_poison", 2, say_uffd_fill },
	{ "uffdio_writeprotect", 8, say_uffd_wp },
	{ "pagemap_scan", 10, say_pagemap_scan },
	{ "uffd_read", 10, say_uffd },
};

static const struct verb_row *row_of(const struct verb *verb)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].name, verb->name))
			return &rows[i];
	}
	return NULL;
}

static bool is_of_tasks(const struct verb *verb)
{
	return verb->scopes & 1U << V_PID;
}

static unsigned int weight_of(const struct verb *verb)
{
	const struct verb_row *row = row_of(verb);

	if (!is_of_tasks(verb))
		return 0;
	return row ? row->weight : USUAL_WEIGHT;
}

static const struct verb *pick_verb(struct live *l)
{
	const struct verb *verb;
	unsigned int total = 0, at, i;

	for (i = 0; (verb = verb_at(i)); i++)
		total += weight_of(verb);
	at = below(l->f, total);
	for (i = 0; (verb = verb_at(i)); i++) {
		if (at < weight_of(verb))
			break;
		at -= weight_of(verb);
	}
	return verb;
}

static void say_by_kinds(struct live *l, const struct verb *verb)
{
	live_part(l, 0);
	for (unsigned int i = 0; i < MAX_ARGS && verb->args[i] != A_END; i++) {
		if ((verb->args[i] & A_OPTIONAL) && one_in(l->f, 2))
			return;
		live_arg(l, verb->args[i] & ~A_OPTIONAL);
	}
}

static bool wants_fd(const struct verb *verb)
{
	return verb->args[0] == A_FD && strcmp(verb->name, "openat");
}

static bool makes_task(const struct verb *verb)
{
	return verb->result == RESULT_PID;
}

static const struct verb *instead(struct live *l, const struct verb *verb)
{
	if (!strcmp(verb->name, "mmap") && l->task->mm->map_count > MOST_VMAS)
		return verb_find("munmap", 6);
	if (makes_task(verb) && l->nr >= l->f->most_tasks)
		return verb_find("store", 5);
	if (wants_fd(verb) && live_fd(l) < 0)
		return verb_find("memfd_create", 12);
	return verb;
}

void live_call(struct live *l)
{
	const struct verb *verb = instead(l, pick_verb(l));
	const struct verb_row *row = row_of(verb);

	say(l->f, "proc/%u/ctl: %s", l->task->pid, verb->name);
	if (row && row->say)
		row->say(l);
	else
		say_by_kinds(l, verb);
}

bool live_knows_verbs(void)
{
	const struct verb *verb;
	bool all = true;

	for (unsigned int i = 0; (verb = verb_at(i)); i++) {
		for (unsigned int arg = 0; arg < MAX_ARGS && verb->args[arg] != A_END; arg++) {
			enum arg_kind kind = verb->args[arg] & ~A_OPTIONAL;

			if (!is_of_tasks(verb) || live_knows_kind(kind))
				continue;
			fprintf(stderr, "%s: nobody makes argument %u, of kind %u: see fuzz_args.c\n",
				verb->name, arg + 1, kind);
			all = false;
		}
	}
	return all;
}
