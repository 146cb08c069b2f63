/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of tasks and of mm_structs: fork.c, exec.c, exit.c. Kernel objects of a
 * task (task_struct, signal, sighand, files, pid, cred, stack) come from their
 * caches and go back.
 */
#ifndef KMM_VIRT_FORK_H
#define KMM_VIRT_FORK_H

#include "sim/virt/mm_types.h"
#include "sim/virt/task.h"

#define CLONE_VM 0x100
#define CLONE_FS 0x200
#define CLONE_FILES 0x400
#define CLONE_SIGHAND 0x800
#define CLONE_PTRACE 0x2000
#define CLONE_VFORK 0x4000
#define CLONE_PARENT 0x8000
#define CLONE_THREAD 0x10000
#define CLONE_SYSVSEM 0x40000
#define CLONE_SETTLS 0x80000
#define CLONE_PARENT_SETTID 0x100000
#define CLONE_CHILD_CLEARTID 0x200000
#define CLONE_CHILD_SETTID 0x1000000

/* mm_structs. */
struct mm_struct *mm_of(const struct machine *m, u32 handle);
/* A new one with its pgd: mm_users = mm_count = 1. -ENOMEM, -ENOBUFS. */
int mm_alloc(struct machine *m, struct task_struct *task, struct mm_struct **mm) __must_check;
static inline void mmget(struct mm_struct *mm)
{
	mm->mm_users++;
}
static inline void mmgrab(struct mm_struct *mm)
{
	mm->mm_count++;
}
void mmput(struct machine *m, struct mm_struct *mm);	/* the last user: exit_mmap() */
void mmdrop(struct machine *m, struct mm_struct *mm);	/* the last reference: freed */

/*
 * fork, vfork, clone: flags are CLONE_*; *pid is the child's. -EAGAIN (limits),
 * -ENOMEM, -EINVAL (flags that do not go together), -ENOBUFS.
 */
int sys_clone(struct machine *m, struct task_struct *task, u64 flags, u32 *pid) __must_check;

/*
 * execve of a program: a path of the machine file's [file] section or one of the
 * built-in layouts. The new mm has the program's segments, its interpreter's, stack,
 * heap, vdso. -ENOENT, -ENOEXEC, -ENOMEM, ...: the old mm stays until all is sure.
 */
struct exec_request {
	const char *path;
	const char *const *argv, *const *envp;	/* NULL-terminated; NULL: path alone, none */
};
int sys_execve(struct machine *m, struct task_struct *task,
	       const struct exec_request *req) __must_check;
/* One PT_LOAD of a program. */
struct program_segment {
	u64 vaddr, memsz, offset, filesz;
	u32 prot;		/* PROT_* */
};
#define MAX_SEGMENTS 16
struct program {
	const char *path;
	bool dynamic;		/* ET_DYN: placed by load bias */
	const char *interp;	/* path of the dynamic linker, or NULL */
	u64 entry;
	struct program_segment segments[MAX_SEGMENTS];
	unsigned int nr_segments;
	bool exec_stack;
};
/* The program of a file: built-in row, or read from its host path by libelf. */
int program_load(struct machine *m, const char *path, struct program *program) __must_check;
/* Put a program that the caller describes into the task's (empty, new) mm. */
int exec_program(struct machine *m, struct task_struct *task, const struct program *program,
		 const struct exec_request *req) __must_check;

/* exit of one thread; code as wait4 gives it (status << 8 | signal). */
void do_exit(struct machine *m, struct task_struct *task, u32 code);
void do_group_exit(struct machine *m, struct task_struct *task, u32 code);
/* A signal that kills; others are taken note of. -ESRCH, -EPERM, -EINVAL. */
int sys_kill(struct machine *m, struct task_struct *task, s32 pid, int sig) __must_check;
void force_sig_fault(struct machine *m, struct task_struct *task, int sig, int code,
		     u64 address, u32 error_code);	/* with the segfault line in dmesg */
#define WNOHANG 1
/* -ECHILD; -EAGAIN: none has ended (a wait would sleep), nothing changed. */
int sys_wait4(struct machine *m, struct task_struct *task, s32 pid, u32 options,
	      u32 *ended, u32 *status) __must_check;
/* Limits: -EINVAL, -EPERM. */
int sys_prlimit(struct machine *m, struct task_struct *task, unsigned int resource,
		const struct rlimit *new_limit, struct rlimit *old_limit) __must_check;

/* K1 and K2, T8. */
void tasks_validate(const struct machine *m, struct check *check);

#endif
