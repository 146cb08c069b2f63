/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An open control file: assembles lines, runs them in order of arrival, queues one
 * reply for each. The rules are design.md's, "Open files". handle.c calls these
 * for rows of kind ROW_CTL and holds no lock; they take the tree's themselves.
 */
#ifndef KMM_FS_CTL_H
#define KMM_FS_CTL_H

#include "fs/core/tree.h"

struct ctl;

/* State of all scopes (tree->ctl): part of tree_create() and tree_free(). */
int ctl_create(struct tree *tree) __must_check;
void ctl_destroy(struct tree *tree);

/*
 * The view is copied: its ids, caller and entry (the first member of the row's
 * struct ctl_entry) stay valid, its machine does not: take tree->machine anew
 * under the lock. flags are open(2)'s. 0 or -errno.
 */
int ctl_open(struct tree *tree, const struct view *view, int flags,
	     struct ctl **ctl) __must_check;
/* Bytes taken, or -errno. */
ssize_t ctl_write(struct ctl *ctl, const char *buf, size_t len);
/* Bytes of queued replies; 0 when none is left. */
ssize_t ctl_read(struct ctl *ctl, char *buf, size_t len);
/* Runs what is left of a line. */
void ctl_release(struct ctl *ctl);

/*
 * Run one line without an open file, as kmm-run does: what is left of PATH of
 * `PATH: LINE` (line.h). The reply goes to `reply`, the sentence of a failure to
 * `sentence`. 0 or -errno. Takes the lock.
 */
int ctl_run(struct tree *tree, const struct view *view, const char *line, size_t len,
	    struct out *reply, struct out *sentence);

/*
 * A call that is nobody's line, so that sim/last, sim/result and `@` stay: the clock's
 * tick, a write to PID/mem. `scope` is of call.h. 0 or -errno. Takes the lock.
 */
int ctl_quiet_call(struct tree *tree, u32 scope, const char *line, size_t len);
/*
 * Let a second pass, as the machine key clock = real asks for: a line of the journal,
 * but nobody's call, so that sim/last, sim/result and `@` stay. 0 or -errno.
 */
int ctl_clock(struct tree *tree);

/* The errno of the last line that ran, its sentence appended. Takes the lock. */
int ctl_last_error(struct tree *tree, struct out *sentence);

/* The bare result of the last call of a scope: sim/result, PID/result. Read side. */
int ctl_result(const struct view *view, struct out *out);

#endif
