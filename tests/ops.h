/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ops-run: lists of memory operations, the same that were run on real kernels. One
 * program with up to six processes, A to F, each a task of the machine; after each
 * step the result and what proc/PID shows of it are printed, in the format of what
 * was captured. Parsing knows no machine, running no text, printing no calls.
 */
#ifndef KMM_TESTS_OPS_H
#define KMM_TESTS_OPS_H

#include <stdio.h>

#include "fs/core/tree.h"
#include "sim/machine.h"

#define NR_PROCESSES 6
#define MAX_VARS 128
#define VAR_CHARS 32
#define OP_WORDS 12
#define MINCORE_PAGES 256

struct ops;
struct op;

struct op_result {
	s64 ret;
	int err;		/* positive errno: then ret is -1, */
	bool ret_stands;	/* but for calls of several parts */
	int sig, code;
	u64 addr;		/* of the signal; the status of `wait` */
	u64 minflt, majflt;	/* taken by the operation itself */
	u8 vec[MINCORE_PAGES];
};

/* What a call wrote to its caller's memory; a text is there also if it failed. */
enum told { TOLD_NOTHING, TOLD_POLICY, TOLD_STATUS, TOLD_SEGMENT, TOLD_TEXT };

/* One operation: a row of the table in ops_parse.c. */
struct op_row {
	const char *name;
	/*
	 * A letter for each argument: v value, o signed value, p protection, m map
	 * flags, d advice, r mremap flags, a mlockall flags, l limit, i value or
	 * "inf", s and t words, x a process, y one or "-", b on or off, e a personality.
	 */
	const char *args;
	int (*run)(struct ops *ops, const struct op *op, struct op_result *result);
	bool quiet;		/* no maps after it */
	bool address;		/* its result is printed as one */
	enum told told;		/* what of vec is printed */
};

struct op {
	const struct op_row *row;
	unsigned int nr_args;	/* given */
	s64 a[8];
	char s[96], t[64];
};

struct ops {
	struct machine *m;
	struct tree *tree;
	u32 observer;		/* pid of A's parent */
	u32 pid[NR_PROCESSES];	/* 0: none yet */
	bool dead[NR_PROCESSES];
	bool no_handlers[NR_PROCESSES];	/* after kread or kwrite it dies of faults */
	unsigned int current;	/* whose line it is */
	bool auto_maps;
	bool bare;		/* the program touches nothing, and nothing is printed */
	bool still;		/* it touches nothing within its calls */
	unsigned long line;
	unsigned int nr_vars;
	struct {
		char name[VAR_CHARS];
		s64 value;
	} vars[MAX_VARS];
};

/* The program's words are as wide as the machine's. */
static inline bool ops_is_32bit(const struct ops *ops)
{
	return ops->m->arch->bits == 32;
}

/* ops_parse.c. What is wrong with a line is said, and ends the program. */
void ops_bad(const struct ops *ops, const char *what, const char *word) __attribute__((noreturn));
void ops_set(struct ops *ops, const char *name, s64 value);
s64 ops_eval(const struct ops *ops, const char *text);
/* words[0] is the operation. */
void ops_parse(const struct ops *ops, char *const *words, unsigned int nr_words,
	       struct op *op);

/* ops_calls.c, ops_files.c: one function for each row. */
extern const struct op_row op_rows[];
extern const unsigned int nr_op_rows;
int op_open(struct ops *ops, const struct op *op, struct op_result *result);
int op_memfd(struct ops *ops, const struct op *op, struct op_result *result);
int op_close(struct ops *ops, const struct op *op, struct op_result *result);
int op_ftruncate(struct ops *ops, const struct op *op, struct op_result *result);
int op_pwrite(struct ops *ops, const struct op *op, struct op_result *result);
int op_pread(struct ops *ops, const struct op *op, struct op_result *result);
int op_punch(struct ops *ops, const struct op *op, struct op_result *result);
int op_unlink(struct ops *ops, const struct op *op, struct op_result *result);
int op_fork(struct ops *ops, const struct op *op, struct op_result *result);
int op_clone(struct ops *ops, const struct op *op, struct op_result *result);
int op_exit(struct ops *ops, const struct op *op, struct op_result *result);
int op_wait(struct ops *ops, const struct op *op, struct op_result *result);
int op_rlimit(struct ops *ops, const struct op *op, struct op_result *result);
int op_dropcaps(struct ops *ops, const struct op *op, struct op_result *result);
int op_thp(struct ops *ops, const struct op *op, struct op_result *result);
int op_sysctl(struct ops *ops, const struct op *op, struct op_result *result);
/* ops_numa.c */
int op_mbind(struct ops *ops, const struct op *op, struct op_result *result);
int op_set_mempolicy(struct ops *ops, const struct op *op, struct op_result *result);
int op_get_mempolicy(struct ops *ops, const struct op *op, struct op_result *result);
int op_home_node(struct ops *ops, const struct op *op, struct op_result *result);
int op_migrate_pages(struct ops *ops, const struct op *op, struct op_result *result);
int op_move_pages(struct ops *ops, const struct op *op, struct op_result *result);
int op_persona(struct ops *ops, const struct op *op, struct op_result *result);

/* ops_others.c */
int op_shmget(struct ops *ops, const struct op *op, struct op_result *result);
int op_shmat(struct ops *ops, const struct op *op, struct op_result *result);
int op_shmdt(struct ops *ops, const struct op *op, struct op_result *result);
int op_shmctl(struct ops *ops, const struct op *op, struct op_result *result);
int op_vm_read(struct ops *ops, const struct op *op, struct op_result *result);
int op_vm_write(struct ops *ops, const struct op *op, struct op_result *result);
int op_vm_readv(struct ops *ops, const struct op *op, struct op_result *result);
int op_vm_writev(struct ops *ops, const struct op *op, struct op_result *result);
int op_pmadvise2(struct ops *ops, const struct op *op, struct op_result *result);
int op_process_madvise(struct ops *ops, const struct op *op, struct op_result *result);

/* ops_more.c: calls that no list has made. */
int op_fallocate(struct ops *ops, const struct op *op, struct op_result *result);
int op_fcntl(struct ops *ops, const struct op *op, struct op_result *result);
int op_fsync(struct ops *ops, const struct op *op, struct op_result *result);
int op_fadvise(struct ops *ops, const struct op *op, struct op_result *result);
int op_msyncf(struct ops *ops, const struct op *op, struct op_result *result);
int op_setrlimit(struct ops *ops, const struct op *op, struct op_result *result);
int op_mseal(struct ops *ops, const struct op *op, struct op_result *result);
int op_anon_name(struct ops *ops, const struct op *op, struct op_result *result);
int op_prctl(struct ops *ops, const struct op *op, struct op_result *result);
int op_remap_file_pages(struct ops *ops, const struct op *op, struct op_result *result);

/* ops_uffd.c */
int op_pkey_alloc(struct ops *ops, const struct op *op, struct op_result *result);
int op_pkey_free(struct ops *ops, const struct op *op, struct op_result *result);
int op_pkey_mprotect(struct ops *ops, const struct op *op, struct op_result *result);
int op_memfd_secret(struct ops *ops, const struct op *op, struct op_result *result);
int op_memfd2(struct ops *ops, const struct op *op, struct op_result *result);
int op_khugepaged(struct ops *ops, const struct op *op, struct op_result *result);
int op_pmadvise(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_api(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_register(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_unregister(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_wp(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_copy(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_move(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_zeropage(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_continue(struct ops *ops, const struct op *op, struct op_result *result);
int op_uffd_poison(struct ops *ops, const struct op *op, struct op_result *result);

int op_pagemap_scan(struct ops *ops, const struct op *op, struct op_result *result);

/* Run it in the current process. False: the process is gone. */
bool ops_run(struct ops *ops, const struct op *op, struct op_result *result);
struct task_struct *ops_task(const struct ops *ops);

/* ops_program.c */
/* Process A, with the program's address space. 0 or -errno. */
int ops_start(struct ops *ops);
/*
 * What the program itself touches: before and within a call, as a handler, in fork.
 * False: it cannot go on without that, and died.
 */
enum touch {
	TOUCH_BEFORE, TOUCH_CALL, TOUCH_AFTER, TOUCH_HANDLER, TOUCH_FORK, TOUCH_CHILD,
	TOUCH_STRING,	/* it is measured */
};
/* The buffer that read and write use: the kernel copies to the first bytes of it. */
void ops_fill_buffer(struct ops *ops, u64 bytes);
bool ops_touch(struct ops *ops, u32 pid, enum touch when);

/* ops_print.c */
void ops_print_result(const struct ops *ops, const struct op *op,
		      const struct op_result *result);
/* proc/PID/NAME of the current process, or why not. free() it. */
char *ops_text(const struct ops *ops, const char *name);
void ops_dump(const struct ops *ops, const char *name);
/* ops_cgroup.c. Of control groups: true if the line was one. */
bool ops_cgroup_line(const struct ops *ops, char *const *words, unsigned int nr_words);
/* ops_dump.c. A dump, `auto`, `setvar`, `vma`: true if the line was one. */
bool ops_line(struct ops *ops, char *const *words, unsigned int nr_words);

#endif
