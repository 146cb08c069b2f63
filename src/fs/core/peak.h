/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.peak and memory.swap.peak since 6.12: who writes to the file that he has open reads
 * there the most that was used since then, not since the group was made.
 *
 * Lock: all of a peak is under the tree's: written under that for writing.
 */
#ifndef KMM_FS_PEAK_H
#define KMM_FS_PEAK_H

#include "fs/core/entry.h"

struct page_counter;

/* Of an open file; zeroed: nothing was written to it. */
struct peak {
	struct peak *next;	/* of the tree's, when it is on */
	bool on;
	u64 ino;		/* the file */
	u64 pages;		/* the most that its counter was seen at when anybody wrote */
};

/* What the reader is shown. peak NULL: the file is open to nobody. */
u64 peak_pages(const struct peak *peak, const struct page_counter *counter);
/* The view's file was written to. peak NULL: by nobody who has it open. */
void peak_reset(const struct view *v, struct peak *peak, struct page_counter *counter);
/* The file is closed. Takes the lock. */
void peak_release(struct tree *tree, struct peak *peak);

#endif
