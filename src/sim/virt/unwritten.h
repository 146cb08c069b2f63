/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of a disk's file that fallocate() asked for, page by page the file's: they read as
 * zeroes until somebody writes. Which of them were written since is not told here, but by
 * the disk (disk_has_block()). Whoever is about to add or take out a range secures room
 * for it first.
 */
#ifndef KMM_VIRT_UNWRITTEN_H
#define KMM_VIRT_UNWRITTEN_H

#include "sim/machine.h"

struct digest;

struct unwritten_span {
	u64 start, end;		/* pages */
};

struct unwritten {
	struct unwritten_span *spans;	/* [nr], ascending, none empty */
	u32 nr, room;
};

/* For one call of those below. -ENOBUFS. */
int unwritten_secure(struct machine *m, struct unwritten *u) __must_check;
void unwritten_free(struct machine *m, struct unwritten *u);
/* Where the range ends that has the page; 0: none has. */
u64 unwritten_end(const struct unwritten *u, u64 pgoff);
static inline bool unwritten_has(const struct unwritten *u, u64 pgoff)
{
	return unwritten_end(u, pgoff);
}
void unwritten_add(struct unwritten *u, u64 start, u64 end);
/* Needs no room where end is ~0. */
void unwritten_remove(struct unwritten *u, u64 start, u64 end);
/* [start, end) goes, and what is behind it moves down; or is put in, and moves up. */
void unwritten_collapse(struct unwritten *u, u64 start, u64 end);
void unwritten_insert(struct unwritten *u, u64 start, u64 end);
void unwritten_digest(const struct unwritten *u, struct digest *digest);

#endif
