// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * execve: where the parts of a program go, as real kernels of both releases put them
 * without randomisation; what a random layout keeps; errors before and behind the
 * point of no return.
 */
#include "support.h"
#include "task_machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/vma.h"

static const char *const release_6_1[] = { "release=6.1", NULL };

/* One line for each VMA: range, protection, what it is of. */
static void map_text(const struct machine *m, const struct mm_struct *mm, struct out *out)
{
	out_clear(out);
	for (struct vm_area_struct *vma = vma_first(m, mm); vma; vma = vma_next(m, vma)) {
		const char *name = vma->vm_file ? vma->vm_file->inode->path :
				   vma->vm_ops ? vma->vm_ops->map_name : "";

		if (vma->vm_flags & VM_GROWSDOWN)
			name = "[stack]";
		out_printf(out, "%" PRIx64 "-%" PRIx64 " %c%c%c %" PRIx64 " %s\n", vma->vm_start,
			   vma->vm_end, vma->vm_flags & VM_READ ? 'r' : '-',
			   vma->vm_flags & VM_WRITE ? 'w' : '-',
			   vma->vm_flags & VM_EXEC ? 'x' : '-',
			   vma->vm_file ? vma->vm_pgoff << PAGE_SHIFT : 0, name);
	}
}

static void expect_maps(const struct machine *m, const struct mm_struct *mm, const char *text)
{
	struct out out = OUT_INIT;

	map_text(m, mm, &out);
	CU_ASSERT_STRING_EQUAL(out.text, text);
	if (strcmp(out.text, text))
		fprintf(stderr, "expected:\n%sfound:\n%s", text, out.text);
	out_free(&out);
}

/* The program that listed its own maps in the captures. */
static const struct program driver = {
	.path = "/bin/driver", .entry = 0x401740, .phnum = 10, .nr_segments = 4,
	.segments = {
		{ 0x400000, 0x5b8, 0, 0x5b8, 1 },
		{ 0x401000, 0x98f71, 0x1000, 0x98f71, 5 },
		{ 0x49a000, 0x29a1c, 0x9a000, 0x29a1c, 1 },
		{ 0x4c40d8, 0x125b40, 0xc40d8, 0x61d8, 3 },
	},
};
#define DRIVER_IMAGE \
	"400000-401000 r-- 0 /bin/driver\n401000-49a000 r-x 1000 /bin/driver\n" \
	"49a000-4c4000 r-- 9a000 /bin/driver\n4c4000-4cb000 rw- c4000 /bin/driver\n" \
	"4cb000-5ea000 rw- 0 \n"

static struct task_struct *run(struct task_machine *tm, const struct program *program,
			       const struct exec_request *req, int expected)
{
	struct task_struct *task = task_fork(tm->m, tm->init, SIGCHLD);
	struct inode *inode;

	task->personality = ADDR_NO_RANDOMIZE;
	if (program && !inode_find(tm->m, program->path))
		CU_ASSERT_EQUAL(inode_create(tm->m, INODE_DISK, program->path, 860160, &inode), 0);
	CU_ASSERT_EQUAL(program ? exec_program(tm->m, task, program, req) :
			sys_execve(tm->m, task, req), expected);
	CU_ASSERT_EQUAL(task_machine_check(tm->m), 0);
	return task;
}

static void static_layout(const char *const *sets, const char *expected)
{
	const struct exec_request req = { .path = "/bin/driver" };
	struct task_machine tm;
	struct task_struct *task;

	task_machine_boot(&tm, "pc", sets);
	task = run(&tm, &driver, &req, 0);
	expect_maps(tm.m, task->mm, expected);
	CU_ASSERT_STRING_EQUAL(task->comm, "driver");
	CU_ASSERT_EQUAL(task->mm->start_code, 0x401000);
	CU_ASSERT_EQUAL(task->mm->end_code, 0x499f71);
	CU_ASSERT_EQUAL(task->mm->start_data, 0x4c40d8);
	CU_ASSERT_EQUAL(task->mm->end_data, 0x4ca2b0);
	CU_ASSERT_EQUAL(task->mm->brk, 0x5ea000);
	CU_ASSERT_EQUAL(task->mm->start_brk, 0x5ea000);
	CU_ASSERT_EQUAL(task->mm->stack_vm, 33);
	CU_ASSERT_EQUAL(task->mm->mm_users, 1);
	CU_ASSERT_EQUAL(task->mm->mm_count, 1);
	CU_ASSERT_EQUAL(task->ip, driver.entry);
	CU_ASSERT_FALSE(task->flags & (PF_FORKNOEXEC | PF_RANDOMIZE));
	task_machine_end(&tm);
}

static void test_static(void)
{
	static_layout(NULL, DRIVER_IMAGE
		      "7ffff7ff7000-7ffff7ffb000 r-- 0 [vvar]\n"
		      "7ffff7ffb000-7ffff7ffd000 r-- 0 [vvar_vclock]\n"
		      "7ffff7ffd000-7ffff7fff000 r-x 0 [vdso]\n"
		      "7ffffffde000-7ffffffff000 rw- 0 [stack]\n");
	static_layout(release_6_1, DRIVER_IMAGE
		      "7ffff7ff9000-7ffff7ffd000 r-- 0 [vvar]\n"
		      "7ffff7ffd000-7ffff7fff000 r-x 0 [vdso]\n"
		      "7ffffffde000-7ffffffff000 rw- 0 [stack]\n");
}

/* The init of the captures that were made with norandmaps on 6.1. */
static void test_init(void)
{
	static const char *const sets[] = { "release=6.1", "cmdline=norandmaps", NULL };
	static const char *const argv[] = { "/init", "nokaslr", NULL };
	static const char *const envp[] = { "HOME=/", "TERM=linux", NULL };
	const struct exec_request req = { "/init", argv, envp };
	struct task_machine tm;
	struct task_struct *task;
	const struct mm_struct *mm;
	char bytes[64];

	task_machine_boot(&tm, "pc", sets);
	expect_maps(tm.m, tm.init->mm,
		    "400000-401000 r-- 0 /init\n401000-47e000 r-x 1000 /init\n"
		    "47e000-4a7000 r-- 7e000 /init\n4a7000-4ae000 rw- a7000 /init\n"
		    "4ae000-4e0000 rw- 0 \n7ffff7ff9000-7ffff7ffd000 r-- 0 [vvar]\n"
		    "7ffff7ffd000-7ffff7fff000 r-x 0 [vdso]\n"
		    "7ffffffde000-7ffffffff000 rw- 0 [stack]\n");
	task = run(&tm, NULL, &req, 0);
	mm = task->mm;
	CU_ASSERT_EQUAL(mm->brk, 0x4e0000);
	CU_ASSERT_EQUAL(mm->start_stack, 0x7fffffffee30);
	CU_ASSERT_EQUAL(mm->arg_start, 0x7fffffffefd2);
	CU_ASSERT_EQUAL(mm->arg_end, 0x7fffffffefe0);
	CU_ASSERT_EQUAL(mm->env_start, 0x7fffffffefe0);
	CU_ASSERT_EQUAL(mm->env_end, 0x7fffffffeff2);
	CU_ASSERT_EQUAL(mm->saved_auxv[0], 0x21);
	CU_ASSERT_EQUAL(mm->saved_auxv[1], 0x7ffff7ffd000);
	CU_ASSERT_EQUAL(mm->saved_auxv[10], 3);
	CU_ASSERT_EQUAL(mm->saved_auxv[11], 0x400040);
	CU_ASSERT_EQUAL(mm->saved_auxv[32], 0x19);
	CU_ASSERT_EQUAL(mm->saved_auxv[33], 0x7fffffffefb9);
	CU_ASSERT_EQUAL(mm->saved_auxv[40], 0);
	content_read(tm.m, follow_page(tm.m, mm, 0x7fffffffe000), 0xfd2, bytes, 0x26);
	CU_ASSERT_EQUAL(memcmp(bytes, "/init\0nokaslr\0HOME=/\0TERM=linux\0/init", 0x26), 0);
	content_read(tm.m, follow_page(tm.m, mm, 0x7fffffffe000), 0xe30, bytes, 16);
	CU_ASSERT_EQUAL(memcmp(bytes, "\2\0\0\0\0\0\0\0\322\357\377\377\377\177\0", 16), 0);
	task_machine_end(&tm);
}

static void test_i386(void)
{
	static const char *const sets[] = { "release=6.1", "cmdline=norandmaps", NULL };
	struct task_machine tm;

	task_machine_boot(&tm, "i386", sets);
	expect_maps(tm.m, tm.init->mm,
		    "8048000-8049000 r-- 0 /init\n8049000-80bc000 r-x 1000 /init\n"
		    "80bc000-80f0000 r-- 74000 /init\n80f0000-80f5000 rw- a7000 /init\n"
		    "80f5000-8123000 rw- 0 \nb7ffa000-b7ffe000 r-- 0 [vvar]\n"
		    "b7ffe000-b8000000 r-x 0 [vdso]\nbffdf000-c0000000 rw- 0 [stack]\n");
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* As `setarch -R` shows such programs. */
static void test_dynamic(void)
{
	const struct exec_request req = { .path = "/bin/true" };
	struct task_machine tm;
	struct task_struct *task;

	task_machine_boot(&tm, "pc", NULL);
	task = run(&tm, NULL, &req, 0);
	expect_maps(tm.m, task->mm,
		    "555555554000-555555556000 r-- 0 /bin/true\n"
		    "555555556000-55555555a000 r-x 2000 /bin/true\n"
		    "55555555a000-55555555c000 r-- 6000 /bin/true\n"
		    "55555555c000-55555555e000 rw- 7000 /bin/true\n"
		    "7ffff7fc2000-7ffff7fc6000 r-- 0 [vvar]\n"
		    "7ffff7fc6000-7ffff7fc8000 r-- 0 [vvar_vclock]\n"
		    "7ffff7fc8000-7ffff7fca000 r-x 0 [vdso]\n"
		    "7ffff7fca000-7ffff7fcb000 r-- 0 /lib64/ld-linux-x86-64.so.2\n"
		    "7ffff7fcb000-7ffff7ff1000 r-x 1000 /lib64/ld-linux-x86-64.so.2\n"
		    "7ffff7ff1000-7ffff7ffb000 r-- 27000 /lib64/ld-linux-x86-64.so.2\n"
		    "7ffff7ffb000-7ffff7fff000 rw- 31000 /lib64/ld-linux-x86-64.so.2\n"
		    "7ffffffde000-7ffffffff000 rw- 0 [stack]\n");
	CU_ASSERT_EQUAL(task->mm->brk, 0x55555555e000);
	CU_ASSERT_EQUAL(task->ip, 0x7ffff7fca000 + 0x1ab70);
	CU_ASSERT_EQUAL(task->mm->saved_auxv[16], 7);
	CU_ASSERT_EQUAL(task->mm->saved_auxv[17], 0x7ffff7fca000);
	task_machine_end(&tm);
}

/*
 * Where mmap begins, by the limit of the stack and the personality: those of 64 bits
 * are what a kernel showed to `ulimit -s N; setarch -R [-L]`.
 */
static const struct layout_row {
	const char *machine, *set;
	u64 stack;		/* its limit, bytes */
	u64 personality;
	u64 mmap_base;
	bool topdown;
} layout_rows[] = {
	{ "pc", "release=6.18", 8 * SZ_1M, 0, 0x7ffff7fff000, true },
	{ "pc", "release=6.18", SZ_1G, 0, 0x7fffbfeff000, true },
	{ "pc", "release=6.18", RLIM_INFINITY, 0, 0x155555556000, true },
	{ "pc", "release=6.18", 8 * SZ_1M, ADDR_COMPAT_LAYOUT, 0x2aaaaaaab000, false },
	{ "pc", "arch=x86_64-la57", RLIM_INFINITY, 0, 0x155555556000, true },
	{ "i386", "arch=i386", 8 * SZ_1M, 0, 0xb8000000, true },
	{ "i386", "arch=i386-pae", SZ_1G, 0, 0x7ff00000, true },
	{ "i386", "arch=i386", RLIM_INFINITY, 0, 0x20000000, true },
	{ "i386", "arch=i386", RLIM_INFINITY, ADDR_COMPAT_LAYOUT, 0x40000000, false },
};

static void test_layouts(void)
{
	const struct exec_request req = { .path = "/bin/true" };

	for (unsigned int i = 0; i < ARRAY_SIZE(layout_rows); i++) {
		const struct layout_row *row = &layout_rows[i];
		const char *const sets[] = { row->set, NULL };
		struct task_machine tm;
		struct task_struct *task;

		task_machine_boot(&tm, row->machine, sets);
		task = task_fork(tm.m, tm.init, SIGCHLD);
		task->personality = ADDR_NO_RANDOMIZE | row->personality;
		task->signal->rlim[RLIMIT_STACK].cur = row->stack;
		CU_ASSERT_EQUAL(sys_execve(tm.m, task, &req), 0);
		CU_ASSERT_EQUAL(task->mm->mmap_base, row->mmap_base);
		CU_ASSERT_EQUAL(task->mm->topdown, row->topdown);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		task_machine_end(&tm);
	}
}

/* Random bits stay below what the machine was told. */
static void test_random_bits(void)
{
	const struct exec_request req = { .path = "/bin/true" };
	struct task_machine tm;
	struct task_struct *task;

	task_machine_boot(&tm, "pc", NULL);
	tm.m->tunables->mmap_rnd_bits = 28;
	for (unsigned int i = 0; i < 8; i++) {
		u64 top = 0x7ffff7fff000 - (0x3fffffULL << PAGE_SHIFT);

		task = task_fork(tm.m, tm.init, SIGCHLD);
		CU_ASSERT_EQUAL(sys_execve(tm.m, task, &req), 0);
		CU_ASSERT(task->mm->mmap_base <= top + 128 * SZ_1M);
		CU_ASSERT(task->mm->mmap_base > top - 128 * SZ_1M - (1ULL << 40));
		CU_ASSERT(task->mm->mmap_legacy_base - 0x2aaaaaaab000 < 1ULL << 40);
		CU_ASSERT(task->mm->mmap_compat_base < 0xfffff000);
	}
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* Random, but the same for the same seed; and another for another. */
static void test_random(void)
{
	static const char *const seed[] = { "seed=99", NULL };
	struct task_machine a, b, c;
	const struct vm_area_struct *stack;

	task_machine_boot(&a, "pc", NULL);
	task_machine_boot(&b, "pc", NULL);
	task_machine_boot(&c, "pc", seed);
	CU_ASSERT_TRUE(a.init->flags & PF_RANDOMIZE);
	CU_ASSERT_EQUAL(a.init->mm->start_stack, b.init->mm->start_stack);
	CU_ASSERT_EQUAL(a.init->mm->brk, b.init->mm->brk);
	CU_ASSERT_NOT_EQUAL(a.init->mm->start_stack, c.init->mm->start_stack);
	CU_ASSERT_NOT_EQUAL(a.init->mm->brk, c.init->mm->brk);
	CU_ASSERT_NOT_EQUAL(a.init->mm->mmap_base, c.init->mm->mmap_base);
	stack = find_vma(a.m, a.init->mm, a.init->mm->start_stack);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stack);
	CU_ASSERT_TRUE(stack->vm_flags & VM_GROWSDOWN);
	CU_ASSERT_TRUE(stack->vm_end <= 0x7ffffffff000 && stack->vm_end > 0x7ffbfffff000);
	task_machine_end(&a);
	task_machine_end(&b);
	task_machine_end(&c);
}

static void test_errors(void)
{
	static char word[128 * 1024 + 8];
	const char *const long_arg[] = { "x", word, NULL };
	const char *many[64];
	struct task_machine tm;
	struct task_struct *task;
	const struct mm_struct *mm;
	struct inode *inode;
	u64 brk;

	task_machine_boot(&tm, "pc", NULL);
	task = task_fork(tm.m, tm.init, SIGCHLD);
	mm = task->mm;
	brk = mm->brk;
	memset(word, 'w', sizeof(word) - 1);
	CU_ASSERT_EQUAL(sys_execve(tm.m, task, &(struct exec_request){ "/no", NULL, NULL }),
			-ENOENT);
	CU_ASSERT_EQUAL(inode_create(tm.m, INODE_DISK, "/text", 100, &inode), 0);
	CU_ASSERT_EQUAL(sys_execve(tm.m, task, &(struct exec_request){ "/text", NULL, NULL }),
			-ENOEXEC);
	CU_ASSERT_EQUAL(sys_execve(tm.m, task,
				   &(struct exec_request){ "/init", long_arg, NULL }), -E2BIG);
	word[100000] = '\0';
	for (unsigned int i = 0; i < 63; i++)
		many[i] = word;
	many[63] = NULL;
	CU_ASSERT_EQUAL(sys_execve(tm.m, task, &(struct exec_request){ "/init", many, NULL }),
			-E2BIG);
	CU_ASSERT_PTR_EQUAL(task->mm, mm);
	CU_ASSERT_EQUAL(mm->brk, brk);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* Ten of them fit: the stack has their pages and 128 KiB to grow. */
	many[10] = NULL;
	CU_ASSERT_EQUAL(sys_execve(tm.m, task, &(struct exec_request){ "/init", many, NULL }), 0);
	CU_ASSERT_TRUE(task->mm->stack_vm > 32 + 244);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	/* No room for the stack to grow: behind the point of no return. */
	CU_ASSERT_EQUAL(sys_prlimit(tm.m, task, task, RLIMIT_AS, &(struct rlimit){ 8192, 8192 }, NULL),
			0);
	CU_ASSERT_EQUAL(sys_execve(tm.m, task, &(struct exec_request){ "/init", NULL, NULL }),
			-EFAULT);
	CU_ASSERT_EQUAL(task->state, 'Z');
	CU_ASSERT_EQUAL(task->exit_code, SIGSEGV);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* Threads end, the first pid stays; a vfork parent goes on; ignored signals stay so. */
static void test_group(void)
{
	const struct exec_request req = { .path = "/bin/true" };
	struct task_machine tm;
	struct task_struct *a, *b;
	u32 pid;

	task_machine_boot(&tm, "pc", NULL);
	a = task_fork(tm.m, tm.init, SIGCHLD);
	pid = a->pid;
	b = task_fork(tm.m, a, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD);
	CU_ASSERT_EQUAL(signal_ignore(b, SIGTERM, true), 0);
	CU_ASSERT_EQUAL(sys_execve(tm.m, b, &req), 0);
	CU_ASSERT_PTR_EQUAL(task_find(tm.m, pid), b);
	CU_ASSERT_EQUAL(b->tgid, pid);
	CU_ASSERT_EQUAL(b->signal->nr_threads, 1);
	CU_ASSERT_EQUAL(b->sighand->ignored, sigmask(SIGTERM));
	CU_ASSERT_PTR_NULL(task_next(tm.m, pid + 1));
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	a = task_fork(tm.m, b, CLONE_VFORK | CLONE_VM | SIGCHLD);
	CU_ASSERT_TRUE(task_blocked(b));
	CU_ASSERT_EQUAL(sys_execve(tm.m, a, &req), 0);
	CU_ASSERT_FALSE(task_blocked(b));
	CU_ASSERT_PTR_NOT_EQUAL(a->mm, b->mm);
	CU_ASSERT_EQUAL(b->mm->mm_users, 1);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

/* The host has no memory at some point: before the point of no return, all is as it was. */
static void test_no_host_memory(void)
{
	const struct exec_request req = { .path = "/bin/true" };
	struct task_machine tm;
	u64 nth = 1;
	int err;

	task_machine_boot(&tm, "pc", NULL);
	do {
		struct task_struct *task = task_fork(tm.m, tm.init, SIGCHLD);
		u32 pid = task->pid;

		arena_fail_after(&tm.m->arena, nth++);
		err = sys_execve(tm.m, task, &req);
		arena_fail_after(&tm.m->arena, 0);
		CU_ASSERT_TRUE(!err || err == -ENOBUFS);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		if (task_alive(task))
			(void)task_end(tm.m, tm.init, pid, 0);
	} while (err && nth < 300);
	CU_ASSERT_EQUAL(err, 0);
	task_machine_end(&tm);
}

/* The machine has too little memory: an errno before, a signal behind the point. */
static void test_full(void)
{
	const struct exec_request req = { .path = "/bin/true" };
	unsigned int nr, refused = 0;
	struct task_machine tm;
	struct task_struct *task;
	u32 *taken, pid;
	int err = -ENOMEM;

	task_machine_boot(&tm, "tiny", NULL);
	/* Its mm is another's too: to leave it gives no memory back. */
	task = task_fork(tm.m, tm.init, CLONE_VM | SIGCHLD);
	nr = task_machine_take_all(tm.m, &taken);
	/* Marks that were boosted stay so where kswapd has given up. */
	for (unsigned int i = 0; i < 1000 && err; i++) {
		pid = task->pid;
		err = sys_execve(tm.m, task, &req);
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		task_machine_give(tm.m, taken, &nr, 1);
		if (task_alive(task)) {
			refused += err != 0;
			continue;
		}
		CU_ASSERT_NOT_EQUAL(err, 0);
		CU_ASSERT_EQUAL(task->exit_code, SIGSEGV);
		(void)task_end(tm.m, tm.init, pid, 0);
		while (sys_clone(tm.m, tm.init, CLONE_VM | SIGCHLD, &pid) && nr)
			task_machine_give(tm.m, taken, &nr, 1);
		task = task_find(tm.m, pid);
	}
	CU_ASSERT_EQUAL(err, 0);
CU_ASSERT_TRUE(refused > 0);
	task_machine_give(tm.m, taken, &nr, nr);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	free(taken);
	task_machine_end(&tm);
}

/* What is run is not written to, and what is written to is not run. */
static void test_text_busy(void)
{
	const struct exec_request req = { .path = "/bin/true" };
	struct task_machine tm;
	struct task_struct *task;
	int fd;

	task_machine_boot(&tm, "tiny", NULL);
	task = task_fork(tm.m, tm.init, SIGCHLD);
	CU_ASSERT_EQUAL(sys_open(tm.m, task, "/init", O_RDWR, 0, &fd), -ETXTBSY);
	CU_ASSERT_EQUAL(sys_open(tm.m, task, "/init", O_WRONLY | O_TRUNC, 0, &fd), -ETXTBSY);
	CU_ASSERT_EQUAL(sys_truncate(tm.m, task, "/init", 0), -ETXTBSY);
	CU_ASSERT_EQUAL(sys_open(tm.m, task, "/init", O_RDONLY | O_TRUNC, 0, &fd), -ETXTBSY);
	CU_ASSERT_EQUAL(sys_open(tm.m, task, "/init", O_RDONLY, 0, &fd), 0);
	CU_ASSERT_EQUAL(sys_open(tm.m, task, "/bin/true", O_RDWR, 0, &fd), 0);
	CU_ASSERT_EQUAL(sys_execve(tm.m, task, &req), -ETXTBSY);
	CU_ASSERT_TRUE(task_alive(task));
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	CU_ASSERT_EQUAL(sys_close(tm.m, task, fd), 0);
	CU_ASSERT_EQUAL(sys_execve(tm.m, task, &req), 0);
	CU_ASSERT_EQUAL(sys_open(tm.m, task, "/bin/true", O_RDWR, 0, &fd), -ETXTBSY);
	task = task_fork(tm.m, task, SIGCHLD);
	CU_ASSERT_EQUAL(sys_execve(tm.m, task, &(struct exec_request){ "/init", NULL, NULL }), 0);
	CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
	task_machine_end(&tm);
}

static const CU_TestInfo tests[] = {
	{ "static programs", test_static },
	{ "init", test_init },
	{ "32 bits", test_i386 },
	{ "layouts", test_layouts },
	{ "random bits", test_random_bits },
	{ "dynamic programs", test_dynamic },
	{ "random layouts", test_random },
	{ "errors", test_errors },
	{ "text busy", test_text_busy },
	{ "thread groups", test_group },
	{ "no host memory", test_no_host_memory },
	{ "no memory", test_full },
};

int main(void)
{
	return suite_main("exec", tests, ARRAY_SIZE(tests), NULL, NULL);
}
