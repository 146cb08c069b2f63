/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verbs of the control language: one row each. The parser (word.h, arg.h) turns a
 * line into a call: arguments are parsed by kind before anything changes; run()
 * then acts under the write lock. Syntax is design.md's: C form with parentheses or
 * short form with blanks; `= VALUE` expects, `as NAME` names.
 */
#ifndef KMM_FS_VERB_H
#define KMM_FS_VERB_H

#include "fs/core/entry.h"

enum arg_kind {
	A_END,
	A_NUMBER,	/* hex, decimal, negative, K M G T P; @name, @name+4K; NULL */
	A_SIZE,		/* a number of bytes, not negative */
	A_ADDR,		/* an address or pfn: number or @name */
	A_GFP,		/* GFP_KERNEL|__GFP_ZERO, kernel, atomic, ... */
	A_ORDER,	/* a small number; run() says which are too big */
	A_WORD,		/* a name */
	A_TIME,		/* 10 (jiffies), 5s, 250ms, 100us, 7ns: value in ns */
	A_SLAB,		/* SLAB_* flags */
	A_NODE,		/* a node's id; -1 = NUMA_NO_NODE */
	A_PATH,		/* a name that may be a path */
	A_TEXT,		/* a name; "" is one */
	A_FD,		/* a file descriptor; -1 or AT_FDCWD where there is none */
	A_PID,		/* a pid, a name (@child), -1 */
	A_PROT,		/* PROT_READ|PROT_WRITE, rw, none */
	A_MAP,		/* MAP_PRIVATE|MAP_ANONYMOUS, private,anon */
	A_MREMAP,	/* MREMAP_* */
	A_MADV,		/* one of MADV_* */
	A_MLOCK,	/* MLOCK_ONFAULT */
	A_MCL,		/* MCL_* */
	A_MSYNC,	/* MS_* */
	A_CLONE,	/* CLONE_* and SIGCHLD */
	A_OPEN,		/* O_* */
	A_MFD,		/* MFD_* */
	A_FALLOC,	/* FALLOC_FL_* */
	A_WAIT,		/* WNOHANG, ... */
	A_SIGNAL,	/* SIGKILL, KILL, 9 */
	A_RLIMIT,	/* RLIMIT_STACK, stack */
	A_WHENCE,	/* SEEK_SET, ... */
	A_FCNTL,	/* F_ADD_SEALS, ... */
	A_SEAL,		/* F_SEAL_* */
	A_FADV,		/* one of POSIX_FADV_* */
	A_SYNC_RANGE,	/* SYNC_FILE_RANGE_* */
	A_PRCTL,	/* one of PR_* */
	A_VALUE,	/* what prctl takes: a number, a name of its interface, a text */
	A_PERSONA,	/* ADDR_NO_RANDOMIZE, ... */
	A_PIDFD,	/* PIDFD_* */
	A_PKEY,		/* PKEY_* */
	A_SHMGET,	/* IPC_CREAT, ...; a mode like 0600 is octal */
	A_SHMAT,	/* SHM_RDONLY, ... */
	A_SHMCTL,	/* IPC_RMID, ... */
	A_MPOL,		/* one of MPOL_*, with MPOL_F_STATIC_NODES, ... */
	A_MPOL_F,	/* MPOL_F_*: of get_mempolicy */
	A_MPOL_MF,	/* MPOL_MF_* */
	A_CAP,		/* CAP_* */
	A_UFFD,		/* UFFD_USER_MODE_ONLY, O_NONBLOCK, O_CLOEXEC */
	A_UFFD_FEATURE,	/* UFFD_FEATURE_* */
	A_UFFD_REGISTER,	/* UFFDIO_REGISTER_MODE_* */
	A_UFFD_MODE,	/* UFFDIO_COPY_MODE_* and its like */
	A_UFFD_WP,	/* UFFDIO_WRITEPROTECT_MODE_* */
	A_UFFD_MOVE,	/* UFFDIO_MOVE_MODE_* */
	A_PAGE_IS,	/* PAGE_IS_*: kinds of pages */
	A_PM_SCAN,	/* PM_SCAN_* */
	A_SWAP,		/* SWAP_FLAG_PREFER|3, ... */
	A_NODES,	/* nodes or CPUs: 0-1,3; [0xb]; all; NULL */
	NR_ARG_KINDS,
	A_OPTIONAL = 0x80,	/* this argument and those behind it may be missing */
};
#define MAX_ARGS 12

/* Where an argument's value came from, so that the journal can say it again. */
enum arg_from { ARG_PLAIN, ARG_LAST, ARG_NAME };

struct arg {
	bool given;
	u8 from;		/* enum arg_from: a number, `@`, `@name` */
	u16 len;		/* of text */
	u64 value;		/* negative numbers as two's complement */
	s64 offset;		/* of `@name+4K` */
	const char *text;	/* the word, NUL-terminated; of @name: the name */
};

enum result_kind {
	RESULT_NONE,		/* 0 when it worked: nothing to name */
	RESULT_NUMBER,
	RESULT_POINTER,		/* a virtual address */
	RESULT_PFN,
	RESULT_PID,		/* of a new task */
};

struct call {
	struct tree *tree;
	struct machine *m;	/* after reboot and undo: the new one */
	u32 scope;		/* enum call_scope of call.h */
	struct task_struct *task;	/* who calls: of a task's scope, while it runs */
	const struct verb *verb;
	u8 form;		/* which form of the verb: 0 = args, 1 + i = forms[i] */
	u8 nr_args;		/* words that were given */
	struct arg args[MAX_ARGS];	/* by slot */
	char name[64];		/* behind `as`; "" = none */
	int err;		/* what run() returned */
	u64 value;		/* the result of a call that succeeded */
	struct out *sentence;	/* the reason of one that failed */
	bool refused;		/* nothing was changed: the line was not accepted */
	bool replaying;		/* the journal has it already */
	bool quiet;		/* nobody's call: `@` and sim/result stay */
};

/* Another order of the same arguments. */
struct verb_form {
	u8 args[MAX_ARGS];	/* enum arg_kind, A_END-terminated */
	u8 slot[MAX_ARGS];	/* index into call->args of each */
};

enum verb_flag {
	VERB_WHEN_BROKEN = 1,	/* also on a machine that a broken invariant stopped */
	VERB_HISTORY = 2,	/* changes the journal itself: is not recorded */
};

struct verb {
	const char *name;
	u8 args[MAX_ARGS];	/* enum arg_kind, A_END-terminated; slots 0, 1, ... */
	/* 0 with call->value, or -errno as the kernel's call gives it. */
	int (*run)(struct call *call);
	u8 result;		/* enum result_kind */
	u8 flags;		/* enum verb_flag */
	u16 scopes;		/* 1 << enum view_slot: where it may be written */
	const char *usage;	/* "ORDER [GFP] [NODE]" */
	const char *help;	/* one paragraph */
	const struct verb_form *forms;	/* other orders of the arguments */
	u8 nr_forms;
	u8 cost;		/* enum cost: virtual time that a call takes */
};

#define SCOPE_KERNEL (1U << V_NAME | 1U << V_CPU)

/* Tables of verbs: one array for each .c file of verbs, listed in verb.c. */
struct verb_table {
	const struct verb *verbs;
	unsigned int nr;
};

extern const struct verb_table page_verbs;	/* sim/verbs_page.c */
extern const struct verb_table slab_verbs;	/* sim/verbs_slab.c */
extern const struct verb_table vmalloc_verbs;	/* sim/verbs_vmalloc.c */
extern const struct verb_table machine_verbs;	/* sim/verbs_machine.c */
extern const struct verb_table mm_verbs;	/* sim/verbs_mm.c */
extern const struct verb_table access_verbs;	/* sim/verbs_access.c */
extern const struct verb_table task_verbs;	/* sim/verbs_task.c */
extern const struct verb_table cgroup_verbs;	/* sys/cgroup.c */
extern const struct verb_table numa_verbs;	/* sim/verbs_numa.c */
extern const struct verb_table file_verbs;	/* sim/verbs_file.c */
extern const struct verb_table fd_verbs;	/* sim/verbs_fd.c */
extern const struct verb_table process_verbs;	/* sim/verbs_process.c */
extern const struct verb_table ipc_verbs;	/* sim/verbs_ipc.c */
extern const struct verb_table uffd_verbs;	/* sim/verbs_uffd.c */
extern const struct verb_table cma_verbs;	/* sim/verbs_cma.c */
extern const struct verb_table kmap_verbs;	/* sim/verbs_kmap.c */
extern const struct verb_table swap_verbs;	/* sim/verbs_swap.c */
extern const struct verb_table hotplug_verbs;	/* sim/verbs_hotplug.c */
extern const struct verb_table tlb_verbs;	/* sim/verbs_tlb.c */
extern const struct verb_table record_verbs;	/* sim/verbs_record.c */
extern const struct verb_table real_verbs;	/* sim/verbs_real.c */

/* All verbs as one list: i-th, or NULL behind the last. The number is an id. */
const struct verb *verb_at(unsigned int i);
unsigned int verb_number(const struct verb *verb);
/* The verb of this name (len bytes), or NULL. */
const struct verb *verb_find(const char *name, size_t len);
/* The same for who looks often. free() it; NULL: no host memory. */
struct verb_index *verb_index_new(void) __must_check;
const struct verb *verb_index_find(const struct verb_index *index, const char *name, size_t len);
/* The one spelt most like it; *near: so much that it may be meant. NULL: no verbs. */
const struct verb *verb_nearest(const char *name, size_t len, bool *near);

/* Kinds and slots of one form of a verb. */
const u8 *verb_form_args(const struct verb *verb, unsigned int form);
static inline unsigned int verb_form_slot(const struct verb *verb, unsigned int form,
					  unsigned int i)
{
	return form ? verb->forms[form - 1].slot[i] : i;
}

/* Where memory is to come from: the GFP and NODE arguments, checked. */
struct placement {
	u32 gfp;
	int node;
};
/* 0, or refused. GFP_KERNEL and NUMA_NO_NODE where nothing is said. (verbs_page.c) */
int call_placement(struct call *call, const struct arg *gfp, const struct arg *node,
		   struct placement *placement) __must_check;

/*
 * Refuse a call whose arguments make no sense: say why, remember that nothing was
 * changed, return err.
 */
int call_refuse(struct call *call, int err, const char *fmt, ...) __printf(3, 4);
/* The same for host memory (-ENOBUFS of the engine): returns -ENOMEM. */
int call_no_host_memory(struct call *call);

#endif
