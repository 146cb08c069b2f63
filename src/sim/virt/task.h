/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks: in this release of ours init and the kernel's own threads, which have
 * pids and names but never run. Numbers (flags, priorities) are the kernel's, since
 * /proc/PID/stat prints them.
 */
#ifndef KMM_VIRT_TASK_H
#define KMM_VIRT_TASK_H

#include "sim/base/digest.h"
#include "sim/machine.h"

#define PID_INIT 1
#define PID_KTHREADD 2
#define COMM_CHARS 63	/* a kworker's name is longer than TASK_COMM_LEN */

/* task->flags */
#define PF_WQ_WORKER 0x00000020U
#define PF_FORKNOEXEC 0x00000040U
#define PF_SUPERPRIV 0x00000100U
#define PF_MEMALLOC 0x00000800U
#define PF_NOFREEZE 0x00008000U
#define PF_KCOMPACTD 0x00010000U	/* since 6.3; a hole before */
#define PF_KSWAPD 0x00020000U
#define PF_KTHREAD 0x00200000U
#define PF_RANDOMIZE 0x00400000U
#define PF_NO_SETAFFINITY 0x04000000U

enum task_policy { POLICY_NORMAL, POLICY_FIFO };

struct task_struct {
	/* Identity. */
	u32 pid, ppid;
	char comm[COMM_CHARS + 1];
	u64 start_ns;
	/* How it is scheduled. */
	u32 flags;		/* PF_* */
	char state;		/* 'S' sleeping, 'I' idle */
	s8 nice;
	u8 rt_priority;		/* 1..99 with POLICY_FIFO */
	u8 policy;
	u8 exit_signal;
	s16 cpu;		/* runs on this CPU alone; -1 = anywhere */
	s16 node;		/* runs on this node's CPUs; -1 = anywhere */
	const char *wchan;	/* static: the function it sleeps in */
	u64 stack;		/* address of its kernel stack; 0: none (kstack.h) */
};

struct task_table {
	struct task_struct *tasks;	/* pids ascend */
	unsigned int nr, room;
	u32 last_pid;
	u64 idle_stack[MAX_CPUS];	/* of the CPUs' idle threads; 0: none */
};

/* init, kthreadd and the threads that this kernel starts on this machine. */
int tasks_init(struct machine *m) __must_check;
void tasks_free(struct machine *m);

/* The task of this pid, or NULL. */
const struct task_struct *task_find(const struct machine *m, u32 pid);
/* The task of the smallest pid >= pid, or NULL. */
const struct task_struct *task_next(const struct machine *m, u32 pid);
/* As /proc/PID/stat prints it: 20 + nice, or -1 - rt_priority. */
int task_prio(const struct task_struct *task);

void tasks_digest(const struct machine *m, struct digest *digest);

/* kthreads.c */
int kernel_threads_init(struct machine *m) __must_check;
/* A new task behind the last pid; pids and names of `task` are filled in. */
int task_add(struct machine *m, const struct task_struct *task, u32 *pid) __must_check;

#endif
