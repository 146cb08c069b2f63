/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of execve: what exec.c, exec_stack.c and elf.c share about one program on
 * its way into a new mm. Until exec_begin() the old mm is untouched and errors are
 * the call's; behind it they kill the task, as in the kernel.
 */
#ifndef KMM_VIRT_EXEC_H
#define KMM_VIRT_EXEC_H

#include "sim/virt/fork.h"

struct exec {
	struct machine *m;
	struct task_struct *task;
	const struct program *program, *interp;	/* interp: NULL without one */
	struct file *file, *interp_file;
	const char *const *argv, *const *envp;
	unsigned int argc, envc;	/* all strings */
	unsigned int argv_words;	/* those of argv that have a text */
	u64 argv_rest, envp_rest;	/* bytes of strings without one: exec_strings */
	u64 path_bytes;			/* of the name that it is called by */
	bool randomize;
	/* exec_stack.c */
	struct mm_struct *mm;
	struct vm_area_struct *stack;
	u64 p;			/* the lowest byte of the stack in use */
	u64 argmin;		/* strings end there: E2BIG */
	u64 path_addr;		/* AT_EXECFN */
	u64 string_page;	/* that strings are being copied to */
	/* elf.c */
	u64 load_bias, phdr, interp_base;
	u64 program_entry;	/* of the program, and where it begins to run: */
	u64 entry;		/* in its interpreter, if it has one */
};

/* exec_stack.c: the new mm with its stack and the strings in it. */
int exec_stack_begin(struct exec *e) __must_check;
/* setup_arg_pages(): flags, and room to grow. */
int exec_stack_finish(struct exec *e) __must_check;
/* create_elf_tables(): auxv, argv, envp and what they point to. */
int exec_stack_tables(struct exec *e) __must_check;

/* elf.c: the segments, heap and vdso. */
int exec_map_program(struct exec *e) __must_check;
int exec_map_vdso(struct exec *e) __must_check;

/*
 * init_task.c: init becomes a process. -ENOBUFS; no memory in the machine leaves it
 * without.
 */
int run_init_process(struct machine *m) __must_check;

/* program.c: the files of the rows; a program by its path: -ENOENT, -ENOEXEC. */
int programs_init(struct machine *m) __must_check;

/* program_made.c: what lines have described; NULL: not this path. */
const struct program *made_program(const struct machine *m, const char *path);
/* Has it a segment to run? */
bool made_program_runs(const struct program *program);
void made_programs_free(struct machine *m);
void made_programs_digest(const struct machine *m, struct digest *digest);

#endif
