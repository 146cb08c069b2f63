/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine that outlives its process, in a directory: `machine`, the machine file, and
 * `journal`, records (journal_record.h) of which the first says whose it is. A line is in
 * the journal, on disk, before it is acknowledged; whoever starts again with the same
 * directory gets the machine as the journal has it.
 *
 * Start-up code: a directory is opened, a tree made for its machine, and both are joined
 * before anybody else knows the tree. From then on everything belongs to the tree.
 */
#ifndef KMM_FS_STATE_DIR_H
#define KMM_FS_STATE_DIR_H

#include "fs/core/tree.h"

struct state_dir;

/*
 * Open, or make, and lock. *error is to be freed with free() (NULL: no memory), here and
 * below.
 */
int state_open(const char *path, struct state_dir **dir, char **error) __must_check;
void state_close(struct state_dir *dir);

/* The absolute path, without links. */
const char *state_path(const struct state_dir *dir);
/* The machine file of the machine that is kept here; NULL: none is, yet. */
const char *state_machine(const struct state_dir *dir);

/*
 * Join: the lines of the journal run again, or a new one begins. `told`: sentences for
 * whoever starts this, each with its newline, when the journal is not whole; what follows
 * its longest valid prefix is kept aside, unless it is no more than a piece of a record.
 * The directory is the tree's afterwards. -EBUSY... -errno with *error: nothing has changed.
 */
int state_join(struct state_dir *dir, struct tree *tree, struct out *told,
	       char **error) __must_check;

/* What a journal's bytes hold: state_join() goes by it, tests look at it. */
struct state_scan {
	u64 records;		/* whole ones from the start, the first included */
	u64 bytes;		/* of these */
	u64 lines;		/* that are left of them: what was undone is not */
	u32 crc;
	enum { STATE_WHOLE, STATE_CUT, STATE_DAMAGED } verdict;
	/* Where the lines are: runs of records that nobody took back. */
	struct state_run {
		u64 at, nr;
	} *runs;
	size_t nr_runs, room;
};
int state_scan(const char *bytes, size_t len, struct state_scan *scan) __must_check;
void state_scan_free(struct state_scan *scan);
/* Run the lines that a scan found, in a tree that has just booted. */
int state_replay(struct tree *tree, const char *bytes, const struct state_scan *scan,
		 struct out *sentence) __must_check;

#endif
