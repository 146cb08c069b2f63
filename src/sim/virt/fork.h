/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of tasks and of mm_structs: fork.c, exec.c, exit.c. Kernel objects of a
 * task (task_struct, signal, sighand, files, pid, cred, stack) come from their
 * caches and go back.
 */
#ifndef KMM_VIRT_FORK_H
#define KMM_VIRT_FORK_H

#include "sim/boot/program.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/task.h"

/* Headers of the host may have the same names: these are the simulated kernel's. */
#undef CSIGNAL
#undef CLONE_VM
#undef CLONE_FS
#undef CLONE_FILES
#undef CLONE_SIGHAND
#undef CLONE_PTRACE
#undef CLONE_VFORK
#undef CLONE_PARENT
#undef CLONE_THREAD
#undef CLONE_NEWNS
#undef CLONE_SYSVSEM
#undef CLONE_SETTLS
#undef CLONE_PARENT_SETTID
#undef CLONE_CHILD_CLEARTID
#undef CLONE_CHILD_SETTID
#undef CLONE_UNKNOWN
#define CSIGNAL 0xff	/* the signal that the parent gets; fork's is SIGCHLD */
#define CLONE_VM 0x100
#define CLONE_FS 0x200
#define CLONE_FILES 0x400
#define CLONE_SIGHAND 0x800
#define CLONE_PTRACE 0x2000
#define CLONE_VFORK 0x4000
#define CLONE_PARENT 0x8000
#define CLONE_THREAD 0x10000
#define CLONE_NEWNS 0x20000
#define CLONE_SYSVSEM 0x40000
#define CLONE_SETTLS 0x80000
#define CLONE_PARENT_SETTID 0x100000
#define CLONE_CHILD_CLEARTID 0x200000
#define CLONE_CHILD_SETTID 0x1000000
/* Namespaces and pidfds: what this machine has not got. */
#define CLONE_UNKNOWN 0x7e021000ULL

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
/*
 * The task leaves the mm, of which it is a user still. If it was the owner, another is: a child,
 * a child of its parent, or whoever has it. Pages are charged to the owner's group.
 */
void mm_update_next_owner(struct machine *m, struct mm_struct *mm, struct task_struct *task);
void mmdrop(struct machine *m, struct mm_struct *mm);	/* the last reference: freed */
/* A copy of the task's mm, for its child. */
int dup_mm(struct machine *m, struct task_struct *task, struct mm_struct **mm) __must_check;

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
/* The program of a file: built-in row, or read from its host path by libelf. */
int program_load(struct machine *m, const char *path, struct program *program) __must_check;
/* A program that a line describes (program_made.c), without segments; -ENOBUFS. */
int program_make(struct machine *m, const struct program *program) __must_check;
/* The next segment of one that was made: -ENOENT, -ENOSPC, -EINVAL. */
int program_add_segment(struct machine *m, const char *path,
			const struct program_segment *segment) __must_check;
/*
 * A file of the disk of this path and size, made or cut: -EEXIST: it is elsewhere;
 * -EBUSY: it has another size and is open; what inode_truncate() and inode_create() give.
 */
int file_make(struct machine *m, const char *path, u64 size) __must_check;
/* Put a program that the caller describes into the task's (empty, new) mm. */
int exec_program(struct machine *m, struct task_struct *task, const struct program *program,
		 const struct exec_request *req) __must_check;

/* exit of one thread; code as wait4 gives it (status << 8 | signal). */
void do_exit(struct machine *m, struct task_struct *task, u32 code);
void do_group_exit(struct machine *m, struct task_struct *task, u32 code);
void exit_files(struct machine *m, struct task_struct *task);	/* and its fs_struct */
/* The parent of a vfork child runs again: the child has another mm, or none. */
void vfork_done(struct machine *m, struct task_struct *task);
/* All other threads of the task's group end (exec). */
void zap_other_threads(struct machine *m, struct task_struct *task);
#define WNOHANG 1
#define WAIT_ALL 0x40000000U	/* __WALL */
#define WAIT_CLONE 0x80000000U	/* __WCLONE */
#define WAIT_OPTIONS 0xe000000bULL	/* WUNTRACED, WCONTINUED, __WALL, ...: no others */
/* -ECHILD; -EAGAIN: none has ended (a wait would sleep), nothing changed. */
int sys_wait4(struct machine *m, struct task_struct *task, s32 pid, u32 options,
	      u32 *ended, u32 *status) __must_check;

/*
 * signal.c. A signal that kills, stops or goes on has its effect at once; one that is
 * ignored has none; any other is noted. init takes none that it has no handler for,
 * as on a real machine. -ESRCH, -EPERM, -EINVAL.
 */
int sys_kill(struct machine *m, struct task_struct *task, s32 pid, int sig) __must_check;
/* The default of a signal, unless it is ignored: the task may be gone after it. */
void send_sig(struct machine *m, struct task_struct *task, int sig);
/* From the kernel itself: even init dies of it, and the machine panics. */
void force_sig(struct machine *m, struct task_struct *task, int sig);
void force_sig_fault(struct machine *m, struct task_struct *task, int sig, int code,
		     u64 address, u32 error_code);	/* with the segfault line in dmesg */
/*
 * SIGBUS about a page that failed, to a thread of the process whose call runs: it comes when
 * the call is done, and waits in task->mce_code till then.
 */
void send_sig_mceerr(struct task_struct *task, int code, u64 address);
/* SIG_IGN or SIG_DFL for a signal; -EINVAL: SIGKILL, SIGSTOP, no such. */
int signal_ignore(struct task_struct *task, int sig, bool ignore) __must_check;

/* session.c: -EINVAL, -ESRCH, -EACCES, -EPERM. */
int sys_setpgid(struct machine *m, struct task_struct *task, s32 pid, s32 pgid) __must_check;
int sys_setsid(struct machine *m, struct task_struct *task, u32 *sid) __must_check;

/* limits.c: -EINVAL, -EPERM. */
/* Of another task: that takes its user's rights. new_limit, old_limit may be NULL. */
int sys_prlimit(struct machine *m, const struct task_struct *task, struct task_struct *of,
		unsigned int resource, const struct rlimit *new_limit,
		struct rlimit *old_limit) __must_check;
/* Those that init begins with; all others have them from their parents. */
void rlimits_init(const struct machine *m, struct signal_struct *signal);

/* K1 and K2, T8. */
void tasks_validate(const struct machine *m, struct check *check);

#endif
