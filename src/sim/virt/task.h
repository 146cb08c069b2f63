/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks: init, the kernel's own threads, and what fork and clone make. A task_struct
 * is one thread; signal_struct is what the threads of a group share. Numbers (flags,
 * priorities) are the kernel's, since /proc/PID/stat prints them.
 */
#ifndef KMM_VIRT_TASK_H
#define KMM_VIRT_TASK_H

#include "sim/base/digest.h"
#include "sim/machine.h"
#include "sim/phys/fault_inject.h"
#include "sim/virt/task_io.h"

#define PID_LIMIT (4U << 20)	/* pids are below it: PID_MAX_LIMIT */
#define PID_INIT 1
#define PID_KTHREADD 2
#define TASK_COMM_LEN 16	/* of what a program may call itself, with the NUL */
#define COMM_CHARS 63	/* a kworker's name is longer than TASK_COMM_LEN */

/* task->flags */
#define PF_IDLE 0x00000002U
#define PF_EXITING 0x00000004U
#define PF_WQ_WORKER 0x00000020U
#define PF_FORKNOEXEC 0x00000040U
#define PF_SUPERPRIV 0x00000100U
#define PF_SIGNALED 0x00000400U
#define PF_MEMALLOC 0x00000800U
#define PF_MCE_PROCESS 0x00000080U	/* PR_MCE_KILL: it has said so itself: */
#define PF_MCE_EARLY 0x08000000U	/* it is told of pages that fail, not of accesses */
#define PF_NOFREEZE 0x00008000U
#define PF_KCOMPACTD 0x00010000U	/* since 6.3; a hole before */
#define PF_KSWAPD 0x00020000U
#define PF_KTHREAD 0x00200000U
#define PF_RANDOMIZE 0x00400000U
#define PF_NO_SETAFFINITY 0x04000000U

enum task_policy { POLICY_NORMAL, POLICY_FIFO };

/* task->personality */
#define ADDR_NO_RANDOMIZE 0x0040000ULL
#define MMAP_PAGE_ZERO 0x0100000ULL
#define ADDR_COMPAT_LAYOUT 0x0200000ULL
#define READ_IMPLIES_EXEC 0x0400000ULL

/*
 * Strings that the next execve passes beside the words of its line: how many arguments
 * and how much environment in all, bytes with the final zeros. 0: just the words.
 */
struct exec_strings {
	u32 argc, arg_bytes, envc, env_bytes;
	u32 path_bytes;		/* of the name that the program was called by; 0: its path */
};

struct mm_struct;
struct files_struct;
struct uffd_event;

enum rlimit_id { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE,
		 RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_MEMLOCK, RLIMIT_AS,
		 RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE,
		 RLIMIT_RTPRIO, RLIMIT_RTTIME, RLIM_NLIMITS };
#define RLIM_INFINITY (~0ULL)
struct rlimit {
	u64 cur, max;
};

/* Signals by number; a set has bit (number - 1). */
enum signal_number {
	SIGHUP = 1, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL,
	SIGUSR1, SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGCHLD, SIGCONT,
	SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF,
	SIGWINCH, SIGIO, SIGPWR, SIGSYS, NR_SIGNALS = 64,
};

static inline u64 sigmask(int sig)
{
	return 1ULL << (sig - 1);
}

/* What is done with signals: by the threads of a group, or by CLONE_SIGHAND. */
struct sighand_struct {
	u32 self;
	s32 count;		/* tasks */
	u64 ignored;		/* signals that are thrown away */
};

/* Working directory and root: all are "/", so there is nothing but the object. */
struct fs_struct {
	u32 self;
	s32 count;
};

/* What the threads of a group share. */
struct signal_struct {
	u32 self;
	s32 nr_threads;		/* alive */
	s32 count;		/* task_structs, dead ones included */
	u32 tgid;
	u64 cred;		/* address of its object; 0: none */
	bool unkillable;	/* init */
	struct rlimit rlim[RLIM_NLIMITS];
	u64 min_flt, maj_flt;	/* of threads that are gone */
	u64 cmin_flt, cmaj_flt;	/* of children that were waited for */
	u64 stime_ns, cstime_ns;	/* the same of time that they used in the kernel */
	struct task_io io;	/* of both */
	s16 oom_score_adj, oom_score_adj_min;
	bool group_exit;
	bool oom_victim;	/* killed for want of memory; dies when its call is done */
	bool oom_flag_origin;	/* is in swapoff: the first to be killed */
	u32 exit_code;		/* as wait4 gives it */
	u32 pgid, sid;
	u64 maxrss;		/* pages */
};

/* How a task goes on that was woken. */
enum uffd_going_on { UFFD_ACCESS, UFFD_POPULATE, UFFD_POPULATE_WRITE };

/* One fault that waits: of a task (userfaultfd.h). */
struct uffd_wait {
	u32 ctx;		/* 0: it does not wait for a page */
	u8 flags;		/* UFFD_PAGEFAULT_FLAG_* */
	u8 kind;		/* enum uffd_going_on */
	u8 access;		/* enum access */
	bool read;		/* somebody was told */
	bool woken;		/* it goes on when the call that woke it is done */
	u8 tries;		/* how often it has waited for this page */
	u32 error_code;		/* of the processor */
	u64 seq;
	u64 address;		/* of the fault: as the message says it */
	u64 addr, end, stride;	/* what is left of its access; stride 0: once in each page */
};

struct task_struct {
	/* Identity. */
	u32 pid, ppid;
	u64 serial;		/* 1 for the machine's first task: never used again */
	char comm[COMM_CHARS + 1];
	u64 start_ns;
	/* How it is scheduled. */
	u32 flags;		/* PF_* */
	char state;		/* 'S' sleeping, 'I' idle, 'D' vfork, 'T' stopped, 'Z', 'X' */
	s8 nice;
	u8 rt_priority;		/* 1..99 with POLICY_FIFO */
	u8 policy;
	s16 exit_signal;	/* what its parent gets; -1: a thread, of which nobody hears */
	s16 cpu;		/* runs on this CPU alone; -1 = anywhere */
	s16 node;		/* runs on this node's CPUs; -1 = anywhere */
	const char *wchan;	/* static: the function it sleeps in */
	u64 stack;		/* address of its kernel stack; 0: none (kstack.h) */
	/* Its memory; NULL: a kernel thread, a zombie. */
	struct mm_struct *mm;
	struct mm_struct *active_mm;	/* what its CPU has loaded while it runs */
	struct signal_struct *signal;
	struct files_struct *files;
	s16 last_cpu;		/* where it last ran, or runs: the CPU of its calls */
	u32 tgid;
	u32 exit_code;
	u64 min_flt, maj_flt;
	u64 stime_ns;		/* of a CPU, in the kernel: cputime.h */
	struct task_io io;
	u64 nvcsw, nivcsw;	/* context switches */
	u32 nr_dirtied, nr_dirtied_pause;	/* pages: writeback.h; 0: the default */
	u64 dirty_paused_when;	/* jiffies; 0: never */
	u32 uid, gid;		/* euid: rights; 0 has all capabilities */
	u64 cap_effective, cap_permitted;	/* cred.h */
	/* Of the effective ones: */
	bool cap_ipc_lock, cap_sys_admin, cap_sys_resource, cap_sys_nice, cap_sys_ptrace;
	struct mempolicy *mempolicy;	/* mempolicy.h; NULL: the CPU's node first */
	s16 il_prev;		/* the node of its last interleaved page */
	u8 il_weight;		/* pages that node still gets */
	u64 cpus_allowed[CPU_WORDS];	/* affinity.c; all 0: any */
	u64 user_cpus[CPU_WORDS];	/* what it asked for; all 0: nothing */
	u32 cgroup;		/* cgroup.h: id; 0: the root */
	u64 arrival;		/* there, among all such: never used again */
	u64 mems_allowed;	/* nodes of its cpuset; 0: all with memory */
	u32 pkru;		/* rights of protection keys: two bits for each denies */
	u64 personality;	/* ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC, ... */
	bool vfork_parent;	/* its parent waits for it to exec or exit */
	u32 vfork_child;	/* pid of the child that this task waits for; 0 */
	bool orphan;		/* init did not make it: reaped as it ends */
	struct sighand_struct *sighand;
	struct fs_struct *fs;	/* NULL: init's own, which is of the image */
	u64 pid_object;		/* address of its struct pid; 0: none */
	u64 ip, sp;		/* where its program stands: exec sets them */
	struct exec_strings exec_strings;
	struct task_fault fault;	/* allocations of its calls that fail on purpose */
	u8 mce_code;		/* BUS_MCEERR_*: SIGBUS waits for the end of its call; 0 */
	u64 mce_addr;
	struct uffd_wait uffd;	/* userfaultfd.h: the page that it waits for */
	struct uffd_event *uffd_events;	/* what is to be read before it goes on */
	s32 rss_cache[4];	/* 6.1: counts not yet in the mm (enum mm_counter) */
	u32 rss_events;
	u32 self;		/* handle in m->virt->tasks; 0: of the image */
};

static inline bool task_alive(const struct task_struct *task)
{
	return task->state != 'Z' && task->state != 'X';
}

/* A call of this task must wait: it was stopped, its vfork child runs, a userfaultfd. */
static inline bool task_blocked(const struct task_struct *task)
{
	return task->vfork_child || task->state == 'T' || task->uffd.ctx || task->uffd_events;
}

#define NR_CACHED_STACKS 2	/* kstack.h: of each CPU */

struct task_table {
	struct task_struct **tasks;	/* pids ascend; tasks never move */
	struct task_struct **arrivals;	/* the same, by arrival */
	unsigned int nr, room, room_arrivals;
	u32 last_pid;
	u64 total_forks;	/* `processes` of /proc/stat */
	u64 last_serial;	/* of task_struct: the youngest task's */
	u64 last_arrival;
	u64 idle_stack[MAX_CPUS];	/* of the CPUs' idle threads; 0: none */
	u64 cached_stack[MAX_CPUS][NR_CACHED_STACKS];	/* that dead tasks left; 0: none */
	struct cpu_state *cpus;	/* [nr_cpus]: sched.h */
	struct task_struct *daemon;	/* cputime.h: it works now, beside who runs; NULL */
	u64 gone_stime_ns;	/* of tasks that are no more */
};

/* init, kthreadd and the threads that this kernel starts on this machine. */
int tasks_init(struct machine *m) __must_check;
void tasks_free(struct machine *m);

/* The task (a thread, alive or a zombie) of this pid, or NULL. */
struct task_struct *task_find(const struct machine *m, u32 pid);
/* The task of the smallest pid >= pid, or NULL. */
struct task_struct *task_next(const struct machine *m, u32 pid);
/* The same among processes (first threads); among the threads of one process. */
struct task_struct *process_next(const struct machine *m, u32 pid);
/* Grows whenever a task is gone for good. */
u64 tasks_reaped(const struct machine *m);
struct task_struct *thread_next(const struct machine *m, u32 tgid, u32 pid);
/* As /proc/PID/stat prints it: 20 + nice, or -1 - rt_priority. */
int task_prio(const struct task_struct *task);
/* How many pids there can be: kernel.pid_max. */
u32 pid_max(const struct machine *m);

void tasks_digest(const struct machine *m, struct digest *digest);

/*
 * Room in the table for one more task (-ENOBUFS); then task_link() cannot fail. It
 * wants task->pid, that pid_alloc() gave: the next behind the last one, 0 if all
 * are taken.
 */
int tasks_reserve(struct machine *m) __must_check;
u32 pid_alloc(const struct machine *m);
void task_link(struct machine *m, struct task_struct *task);
void task_unlink(struct machine *m, const struct task_struct *task);	/* reaped */
/* It came to another cgroup: behind all who are there. */
void task_arrive(struct machine *m, struct task_struct *task);
/* Who came to a cgroup, whichever, after prev did; NULL: begin; returns NULL: done. */
struct task_struct *task_next_arrival(const struct machine *m, const struct task_struct *prev);
/* The task gets another pid, that nobody has. */
void task_renumber(struct machine *m, struct task_struct *task, u32 pid);

/*
 * A task_struct with all that `like` has but links to objects. Its own sighand,
 * signal, cred and struct pid come with task_own_objects(). -ENOMEM, -ENOBUFS.
 */
int task_alloc(struct machine *m, const struct task_struct *like, int node,
	       struct task_struct **task) __must_check;
int task_own_objects(struct machine *m, struct task_struct *task) __must_check;
/* Its objects, those shared if it is the last; then the task_struct itself. */
void task_free(struct machine *m, struct task_struct *task);
int pid_object_alloc(struct machine *m, struct task_struct *task) __must_check;
int cred_alloc(struct machine *m, int node, u64 *cred) __must_check;

/* kthreads.c */
int kernel_threads_init(struct machine *m) __must_check;
/*
 * A thread of the kernel's own, with a stack: bound to a CPU, or to a node's, or (-1)
 * free. It sleeps until somebody runs it. -EAGAIN (pids, threads), -ENOMEM, -ENOBUFS.
 */
int kthread_create(struct machine *m, const char *comm, int cpu, int node,
		   u32 *pid) __must_check;
/* The same for khugepaged, which a switch of sysfs starts and stops. */
int khugepaged_thread_start(struct machine *m) __must_check;
/* It ends as if its function had returned. */
/* Of a node that got memory. Errors as above. */
enum node_thread { NODE_KSWAPD, NODE_KCOMPACTD };
int node_thread_start(struct machine *m, enum node_thread thread,
		      unsigned int node) __must_check;
void kthread_stop(struct machine *m, struct task_struct *task);
/* A new task behind the last pid; pids and names of `task` are filled in. */
int task_add(struct machine *m, const struct task_struct *task, u32 *pid) __must_check;

#endif
