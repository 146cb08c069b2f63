// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two builds of one program. The first pages of what it keeps in its bss: the request,
 * the reply and the signal; where a handler returns to; the frame of the signal. A
 * child inherits no page tables of the program's text: it faults it in again.
 */
#include "ops_layout.h"

#include "sim/virt/mmap.h"

#define END { 0, 0, 0, ACCESS_LOAD }
#define P PAGE_SIZE
#define WINDOW (64 * SZ_1K)
#define R PROT_READ
#define RX (PROT_READ | PROT_EXEC)
#define RW (PROT_READ | PROT_WRITE)

/* ---- 64 bits ---- */

#define RELRO_64 0x4c4000
#define BSS_64 0x5ce000
#define HEAP_64 0x5ea000
#define STACK_64 0x7fffffffe000

static const struct touched before_exec_64[] = {
	{ STACK_64, 1, P, ACCESS_STORE },
	{ RELRO_64 + 0x4000, 3, P, ACCESS_STORE },
	{ BSS_64, 3, P, ACCESS_STORE },
	END,
};

static const struct touched at_start_64[] = {
	{ STACK_64 - P, 1, P, ACCESS_STORE },
	{ 0x400000, 1, P, ACCESS_LOAD },
	{ 0x401000, 1, P, ACCESS_IFETCH },
	{ 0x420000, 4, WINDOW, ACCESS_IFETCH },
	{ 0x470000, 3, WINDOW, ACCESS_IFETCH },
	{ 0x49a000, 1, P, ACCESS_LOAD },
	{ 0x4b0000, 1, P, ACCESS_LOAD },
	{ RELRO_64, 1, P, ACCESS_LOAD },
	{ RELRO_64 + 0x2000, 4, P, ACCESS_STORE },
	{ 0x7ffff7ffd000, 1, P, ACCESS_LOAD },
	END,
};

static const struct touched in_main_64[] = {
	{ BSS_64, 1, P, ACCESS_LOAD },
	{ HEAP_64, 2, P, ACCESS_STORE },
	{ BSS_64, 28, P, ACCESS_STORE },
	END,
};

/*
 * Seen with perf trace on this program: the thread's block is written for rseq by each
 * return from a wait, the child's by fork() for CLONE_CHILD_SETTID; BSS_64 is the page of
 * the request and the reply, the next that of the signal.
 */
static const struct touch_row around_64[] = {
	{ TOUCH_BEFORE, { HEAP_64, 1, P, ACCESS_STORE } },
	{ TOUCH_BEFORE, { BSS_64, 2, P, ACCESS_STORE } },
	{ TOUCH_CALL, { 0x49a000, 1, P, ACCESS_LOAD } },
	{ TOUCH_STRING, { 0x43e000, 1, P, ACCESS_IFETCH } },
	{ TOUCH_AFTER, { STACK_64, 1, P, ACCESS_STORE } },
	{ TOUCH_AFTER, { BSS_64, 2, P, ACCESS_STORE } },
	{ TOUCH_HANDLER, { BSS_64 + 2 * P, 1, P, ACCESS_STORE } },
	{ TOUCH_HANDLER, { 0x420000, 1, P, ACCESS_IFETCH } },
	{ TOUCH_FORK, { STACK_64 - P, 2, P, ACCESS_STORE } },
	{ TOUCH_FORK, { BSS_64, 2, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { HEAP_64, 1, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { 0x440000, 1, P, ACCESS_IFETCH } },
	{ TOUCH_CHILD, { HEAP_64 - P, 1, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { RELRO_64 + 0x5000, 1, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { STACK_64 - P, 2, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { 0x401000, 1, P, ACCESS_IFETCH } },
	{ TOUCH_CHILD, { BSS_64, 1, P, ACCESS_STORE } },
	{ .touched = END },
};

/* ---- 32 bits ---- */

#define RELRO_32 0x8110000
#define BSS_32 0x8217000
#define HEAP_32 0x8231000
#define STACK_32 0xbffff000

static const struct touched before_exec_32[] = {
	{ STACK_32, 1, P, ACCESS_STORE },
	{ RELRO_32 + 0x3000, 2, P, ACCESS_STORE },
	{ BSS_32, 4, P, ACCESS_STORE },
	END,
};

/* The last page of its mappings is that of the vdso, which makes the calls. */
static const struct touched at_start_32[] = {
	{ STACK_32 - P, 1, P, ACCESS_STORE },
	{ 0x8048000, 1, P, ACCESS_LOAD },
	{ 0x8049000, 1, P, ACCESS_IFETCH },
	{ 0x8060000, 3, WINDOW, ACCESS_IFETCH },
	{ 0x80a0000, 4, WINDOW, ACCESS_IFETCH },
	{ 0x80d9000, 1, P, ACCESS_LOAD },
	{ 0x80f0000, 1, P, ACCESS_LOAD },
	{ RELRO_32, 1, P, ACCESS_LOAD },
	{ RELRO_32 + 0x1000, 3, P, ACCESS_STORE },
	{ 0xb7ffe000, 1, P, ACCESS_IFETCH },
	END,
};

static const struct touched in_main_32[] = {
	{ BSS_32, 1, P, ACCESS_LOAD },
	{ HEAP_32, 1, P, ACCESS_STORE },
	{ BSS_32, 26, P, ACCESS_STORE },
	END,
};

static const struct touch_row around_32[] = {
	{ TOUCH_BEFORE, { HEAP_32, 1, P, ACCESS_STORE } },
	{ TOUCH_BEFORE, { BSS_32, 2, P, ACCESS_STORE } },
	{ TOUCH_CALL, { 0x80d9000, 1, P, ACCESS_LOAD } },
	{ TOUCH_HANDLER, { BSS_32 + 2 * P, 1, P, ACCESS_STORE } },
	{ TOUCH_HANDLER, { 0x8080000, 1, P, ACCESS_IFETCH } },
	{ TOUCH_FORK, { STACK_32, 1, P, ACCESS_STORE } },
	{ TOUCH_FORK, { BSS_32, 2, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { HEAP_32, 1, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { 0x8070000, 1, P, ACCESS_IFETCH } },
	{ TOUCH_CHILD, { 0xb7ffe000, 1, P, ACCESS_IFETCH } },
	{ TOUCH_CHILD, { RELRO_32 + 0x3000, 1, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { HEAP_32 - P, 1, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { STACK_32, 1, P, ACCESS_STORE } },
	{ TOUCH_CHILD, { 0x8049000, 1, P, ACCESS_IFETCH } },
	{ TOUCH_CHILD, { BSS_32, 1, P, ACCESS_STORE } },
	{ .touched = END },
};

static const struct ops_layout layouts[] = {
	{
		.bits = 64, .kind = INODE_DISK, .file_bytes = 0xdd000,
		.program = {
			.path = "/golden/driver", .entry = 0x401cc0, .nr_segments = 4,
			.segments = {
				{ 0x400000, 0x528, 0, 0x528, R },
				{ 0x401000, 0x989f1, 0x1000, 0x989f1, RX },
				{ 0x49a000, 0x292f4, 0x9a000, 0x292f4, R },
				{ 0x4c42b8, 0x125c88, 0xc42b8, 0x6098, RW },
			},
		},
		.relro = RELRO_64, .relro_bytes = 0x4000,
		.heap_first = 0xdc0, .heap_second = 0x21dc0, .heap_bytes = 0x22000,
		.thread_page = HEAP_64, .buffer = BSS_64 + 0x4880, .buffer_bytes = 0x10000,
		.before_exec = before_exec_64, .at_start = at_start_64,
		.in_main = in_main_64, .around = around_64,
	},
	{
		/* It ran from memory: what it maps is counted as such. */
		.bits = 32, .kind = INODE_SHMEM, .file_bytes = 0xdd000,
		.program = {
			.path = "/tmp/go/driver", .entry = 0x8049a20, .nr_segments = 4,
			.segments = {
				{ 0x8048000, 0x1f8, 0, 0x1f8, R },
				{ 0x8049000, 0x8f694, 0x1000, 0x8f694, RX },
				{ 0x80d9000, 0x36428, 0x91000, 0x36428, R },
				{ 0x81109ec, 0x120514, 0xc79ec, 0x394c, RW },
			},
		},
		.relro = RELRO_32, .relro_bytes = 0x3000,
		.heap_first = 0x700, .heap_second = 0x21700, .heap_bytes = 0x22000,
		.thread_page = HEAP_32, .calls_by_thread = true,
		.buffer = BSS_32 + 0x4880, .buffer_bytes = 0x10000,
		.before_exec = before_exec_32, .at_start = at_start_32,
		.in_main = in_main_32, .around = around_32,
	},
};

const struct ops_layout *ops_layout(const struct machine *m)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].bits == m->arch->bits)
			return &layouts[i];
	return NULL;
}
