/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history of a machine: every line that changed it, in order, as
 * `PATH: LINE = RESULT`, itself a script. Writes of proc/sys and sys files are
 * lines as well. All of it needs the tree's write side, reading the read side.
 */
#ifndef KMM_FS_JOURNAL_H
#define KMM_FS_JOURNAL_H

#include "sim/base/out.h"

struct tree;

/* tree->journal: part of tree_create() and tree_free(). */
int journal_create(struct tree *tree) __must_check;
void journal_destroy(struct tree *tree);

/*
 * Room for one line, so that the journal_append() that follows cannot fail: called
 * before the first change. 0 or -ENOMEM.
 */
int journal_reserve(struct tree *tree, const char *path, const char *line) __must_check;
/* A line that ran: err is 0 or the -errno that it gave; result as strace prints it. */
int journal_append(struct tree *tree, const char *path, const char *line, int err,
		   const char *result);

/* sim/log */
int journal_text(const struct tree *tree, struct out *out);

#endif
