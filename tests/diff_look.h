/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the two sides are compared: what a call came to, and what a process looks like
 * after it. What differs is said, unless `quiet`.
 */
#ifndef KMM_TESTS_DIFF_LOOK_H
#define KMM_TESTS_DIFF_LOOK_H

#include "diff.h"

#define DIFF_TEXT_ROOM (1 << 19)
#define DIFF_SIZES 10

struct diff_view {
	char maps[DIFF_TEXT_ROOM], smaps[DIFF_TEXT_ROOM];
	long sizes[DIFF_SIZES];
	long huge;		/* AnonHugePages, ShmemPmdMapped */
};

struct diff {
	const struct diff_side *side[2];	/* the host, the engine */
	void *of[2];
	struct diff_view view[2];
	long first[2][DIFF_PROCESSES][DIFF_SIZES];
	bool seen[DIFF_PROCESSES];
	struct diff_state state;
	bool huge, always;	/* huge pages where they are asked for; everywhere */
	bool watched;		/* the host itself changes what was accessed */
	bool quiet, verbose;
	bool thorough;		/* all processes, whole, after each call */
	unsigned int nr_looks;
	unsigned int nr_once;	/* runs that parted, and agreed when they were repeated */
};

/* What one side shows of a process. False: it cannot be read; it is said. */
bool diff_look(struct diff *diff, int side, int process);
/* The VMAs of the host, for the next step; the program's own are not in the list. */
void diff_note_vmas(struct diff *diff);
/* The program's segments and its stack are its own; the heap is not. */
void diff_note_own(struct diff *diff);

bool diff_same_reply(struct diff *diff, const struct diff_step *step,
		     const struct diff_reply *host, const struct diff_reply *engine);
/* maps, sizes, pagemap; every so often smaps, too. */
bool diff_same_process(struct diff *diff, int process);
/* The same of all that live. */
bool diff_same_processes(struct diff *diff);

#endif
