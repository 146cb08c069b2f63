/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The history of a machine since its boot: every line that changed it, in order, as
 * `PATH: LINE = RESULT`, itself a script. Writes of proc/sys and sys files are
 * lines as well. All of it needs the tree's write side, reading the read side.
 *
 * Memory is bounded: behind JOURNAL_BYTES (about ten million lines) lines are only
 * counted, and `undo` is refused until `reboot` starts a new history.
 */
#ifndef KMM_FS_JOURNAL_H
#define KMM_FS_JOURNAL_H

#include "fs/core/verb.h"
#include "sim/base/out.h"

struct tree;

#define JOURNAL_BYTES (256ULL << 20)

/* tree->journal: part of tree_create() and tree_free(). */
int journal_create(struct tree *tree) __must_check;
void journal_destroy(struct tree *tree);
/* Keep less than JOURNAL_BYTES (tests). */
void journal_limit(struct tree *tree, u64 bytes);

/*
 * From now on each line is a record of this file as well (state_dir.h), which belongs to
 * the journal.
 */
struct journal_file;
void journal_attach(struct tree *tree, struct journal_file *file);
/* Bytes of the file by now; false: there is none. Any side of the lock. */
bool journal_kept(const struct tree *tree, u64 *bytes);
/* What ran so far is on disk: 0 or -errno. Without a file: 0. No lock. */
int journal_commit(struct tree *tree) __must_check;

/*
 * Room for one line, so that the journal_append() that follows cannot fail: called
 * before the first change. 0, -ENOMEM, or what the disk's journal fails with.
 */
int journal_reserve(struct tree *tree, const char *path, const char *line) __must_check;
/* A store that ran: err is 0 or the -errno that it gave. */
void journal_append(struct tree *tree, const char *path, const char *line, int err);

/* The same for calls, which are kept in a compact form. */
int journal_reserve_call(struct tree *tree) __must_check;
void journal_append_call(struct tree *tree, const struct call *call);

/* sim/log */
int journal_text(const struct tree *tree, struct out *out);

/* Lines since the boot, and whether all of them are there. */
u64 journal_lines(const struct tree *tree);
bool journal_complete(const struct tree *tree);
/* Keep the first nr lines only (undo). */
void journal_cut(struct tree *tree, u64 nr);
/* A new history begins (reboot). */
void journal_restart(struct tree *tree);

/* One line of the history, taken apart. Texts lie in `room` and end with NUL. */
struct journal_line {
	bool is_store;
	char *path, *text;	/* of a store */
	int err;		/* of a store */
	struct call call;	/* of a call: scope, verb, form, arguments, name, result */
	char room[8192];
};

/* The first nr lines in order; stops at the first that visit() refuses. */
int journal_walk(const struct tree *tree, u64 nr,
		 int (*visit)(void *arg, struct journal_line *line), void *arg) __must_check;

#endif
