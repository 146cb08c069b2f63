/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random lines for fuzz_lines: what is drawn so far, and who makes which lines. A
 * maker writes one line to f->line with say(); one draw for each statement.
 */
#ifndef KMM_TESTS_FUZZ_H
#define KMM_TESTS_FUZZ_H

#include "sim/base/types.h"

#define LINE_ROOM 6000
#define NR_PAGES 200
#define NR_CONTIGS 4
#define NR_OBJECTS 150
#define NR_AREAS 24
#define NR_CACHES 12
#define NR_CACHE_OBJECTS 100
#define NR_TASKS 10
#define NR_RANGES 40
#define NR_FILES 16

struct fuzz {
	u64 rng;
	unsigned int tasks;	/* lines of tasks among 100 */
	bool live;		/* lines of tasks are made for those that live (fuzz_live.h) */
	bool of_task;		/* the line is such a one, and whole */
	unsigned int most_tasks;	/* live lines: at a time */
	unsigned int few_free;	/* live lines: pages below which something is given back */
	unsigned int scale;	/* the kernel's allocations are so many times fewer */
	/* What the lines so far should have left: only a bias, results may differ. */
	bool page[NR_PAGES], object[NR_OBJECTS], area[NR_AREAS], cache[NR_CACHES];
	bool cache_object[NR_CACHE_OBJECTS], contig[NR_CONTIGS];
	bool task[NR_TASKS];
	s8 range[NR_RANGES];	/* whose it is + 1; 0: nobody's */
	s8 file[NR_FILES];	/* the same of a descriptor */
	s8 huge[4], huge_file;	/* of mappings and the file of huge pages */
	char line[LINE_ROOM];
	size_t len;
	u32 group_pid;	/* who goes to groups; 0: anybody */
};

u64 next_random(struct fuzz *f);
unsigned int below(struct fuzz *f, unsigned int n);
bool one_in(struct fuzz *f, unsigned int n);
void say(struct fuzz *f, const char *fmt, ...) __printf(2, 3);

#define PICK(f, array) ((array)[below(f, ARRAY_SIZE(array))])

struct fuzz_maker {
	void (*say)(struct fuzz *f);
	unsigned int weight;
};
void fuzz_make(struct fuzz *f, const struct fuzz_maker *makers, unsigned int nr);

void kernel_line(struct fuzz *f);	/* fuzz_kernel.c: allocators, time, values */
void task_line(struct fuzz *f);		/* fuzz_tasks.c: lives of tasks, files, PID files */
void group_task(struct fuzz *f);		/* fuzz_tasks.c: control groups, and their limits */
void range_line(struct fuzz *f);	/* fuzz_ranges.c: what they do with their memory */
/* Forget what lines have made: the machine began anew. */
void fuzz_forget(struct fuzz *f);
/* The head of a line of some task, mostly of one that lives; which one. */
unsigned int say_task(struct fuzz *f);

struct lab;
void fuzz_read(struct lab *lab);	/* fuzz_read.c */

#endif
