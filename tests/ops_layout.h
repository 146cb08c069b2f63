/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The program whose processes run the lists, for machines of 64 and of 32 bits: its
 * file, and which of its pages it touches when. Rows are data; ops_program.c acts.
 */
#ifndef KMM_TESTS_OPS_LAYOUT_H
#define KMM_TESTS_OPS_LAYOUT_H

#include "ops.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/memory.h"

/* nr accesses from addr on, a stride apart. */
struct touched {
	u64 addr;
	unsigned int nr;
	u32 stride;
	enum access access;
};

struct touch_row {
	enum touch when;
	struct touched touched;
};

struct ops_layout {
	u8 bits;
	enum inode_kind kind;	/* of its file */
	u64 file_bytes;
	struct program program;
	u64 relro, relro_bytes;	/* made read-only by the C library */
	u64 heap_first, heap_second, heap_bytes;	/* brk, in three steps */
	u64 thread_page;	/* each operation needs it, */
	bool calls_by_thread;	/* each system call, too: the next is of its result */
	u64 buffer, buffer_bytes;
	/* Terminated by a row of no accesses. */
	const struct touched *before_exec;	/* by a child on its way to the program */
	const struct touched *at_start;		/* by the C library */
	const struct touched *in_main;
	const struct touch_row *around;		/* each call */
};

/* The row for a machine. */
const struct ops_layout *ops_layout(const struct machine *m);

#endif
