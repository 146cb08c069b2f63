/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What execve needs to know of a program: its segments, as the headers of an ELF file
 * describe them. Programs are rows of ours (virt/program.c), files that the machine
 * file takes from the host, or what a caller describes.
 */
#ifndef KMM_BOOT_PROGRAM_H
#define KMM_BOOT_PROGRAM_H

#include "sim/base/types.h"

/* One PT_LOAD of a program. */
struct program_segment {
	u64 vaddr, memsz, offset, filesz;
	u32 prot;		/* PROT_* */
};

#define MAX_SEGMENTS 16
struct program {
	const char *path;
	bool dynamic;		/* ET_DYN: placed by load bias */
	bool exec_stack;
	bool no_stack_header;	/* nor does it say what its stack is to be */
	const char *interp;	/* path of the dynamic linker, or NULL */
	u64 entry;
	u64 phoff;		/* of its headers in the file: 64 if 0 */
	u16 phnum;		/* 0: as many as segments */
	u64 align;		/* the largest of its segments; 0: a page */
	struct program_segment segments[MAX_SEGMENTS];
	unsigned int nr_segments;
};

/*
 * Read the headers of a file of the host: start-up code. *program is NULL if it is no
 * program of this width (a text, a library of another machine). *size gets its
 * bytes. 0, or -errno of opening it.
 */
int program_read_host(const char *host, unsigned int bits, struct program **program,
		      u64 *size) __must_check;
void program_free_host(struct program *program);

#endif
