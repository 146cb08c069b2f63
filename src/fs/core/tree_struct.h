/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a mounted machine is made of. Only src/fs/core and the files of sim/ that
 * show these parts include this header; everyone else uses tree.h.
 *
 * Lock: tree->lock guards all that is not "fixed at start". Functions named here
 * say which side of it they need. A thread takes it once, never twice.
 */
#ifndef KMM_FS_TREE_STRUCT_H
#define KMM_FS_TREE_STRUCT_H

#include <pthread.h>

#include "fs/core/names.h"
#include "fs/core/shown.h"
#include "fs/core/tree.h"
#include "fs/core/wide_id.h"

struct journal;		/* journal.h */
struct ctl_state;	/* ctl.h: the last call of each scope */
struct state_dir;	/* state_dir.h */
struct peak;		/* peak.h */

enum row_kind { ROW_ENTRY, ROW_BIN, ROW_CTL, ROW_EACH };

/* Which part of the root a row lies in: decides errnos of missing names. */
enum row_domain { DOMAIN_ROOT, DOMAIN_PROC, DOMAIN_SYS, DOMAIN_SIM };

#define ROW_BITS 14
#define MAX_ROWS ((1U << ROW_BITS) - 1)
#define MAX_ROW_IDS 2

/* One place in the tree: an entry and where it hangs. Children are neighbours. */
struct row {
	const struct entry *entry;
	const struct dir *from;	/* the table it came from, for visible(); may be NULL */
	u16 parent;
	u16 first_child, nr_children;
	u8 kind;		/* enum row_kind: entry is the first member of ... */
	u8 domain;		/* enum row_domain */
	u8 nr_ids;		/* numbered names on the path, its own included */
	u8 slot[MAX_ROW_IDS];	/* enum view_slot of each */
	bool host;		/* passed through from the host: no lock, no machine */
};

/* The last line that ran: sim/last. */
struct last_line {
	bool any;
	int err;		/* 0 or -errno */
	struct out path, line, result, sentence;
	const char *help;	/* static: the page in sim/help, or NULL */
};

/* While a history is run again. */
struct replay_progress {
	tree_progress_fn tell;	/* NULL: nobody wants to know */
	void *arg;
	u64 total;
	u64 next_ns;		/* when to tell next */
};

struct tree {
	/* Fixed at start. */
	const struct machine_config *config;
	struct row *rows;
	unsigned int nr_rows, room_rows;
	struct entry *made;	/* directories that only a part's path names */
	unsigned int nr_made;
	struct wide_ids wide;	/* has its own lock */
	int host_proc;		/* O_PATH descriptor of the host's /proc; -1 = none */
	struct state_dir *state;	/* where the journal is kept; NULL: nowhere */

	pthread_rwlock_t lock;
	/* Guarded by the lock. */
	struct machine *machine;	/* `reboot` puts another one here */
	struct names names;	/* sim/as */
	struct last_line last;
	struct journal *journal;	/* made by journal_create() */
	struct ctl_state *ctl;	/* made by ctl_create() */
	struct verb_index *verbs;	/* so is this */
	struct replay_progress progress;
	u64 life;		/* reboots and undos */
	struct peak *peaks;	/* open files that count on their own */

	struct shown shown;	/* names that were given out (shown.h) */
};

static inline void tree_lock_read(struct tree *tree)
{
	pthread_rwlock_rdlock(&tree->lock);
}

static inline void tree_lock_write(struct tree *tree)
{
	pthread_rwlock_wrlock(&tree->lock);
}

static inline void tree_unlock(struct tree *tree)
{
	pthread_rwlock_unlock(&tree->lock);
}

static inline const struct row *tree_row(const struct tree *tree, struct node node)
{
	return &tree->rows[node.row];
}

/* A directory whose objects hold others of their kind: its own row is a child of it, too. */
static inline bool row_recurs(const struct row *row)
{
	return row->kind == ROW_EACH && container_of(row->entry, struct each, entry)->has;
}

/*
 * A process and its plain files: their names may be kept, as it is told when one ends
 * (shown.h). Not what comes and goes while it lives, nor threads.
 */
static inline bool row_is_process(const struct row *row)
{
	if (row->nr_ids != 1 || row->slot[0] != V_PID || row->host)
		return false;
	return row->kind == ROW_EACH ||
	       (S_ISREG(row->entry->mode) && !(row->from && row->from->visible));
}

/* rows.c: flatten fs_parts[] into tree->rows. 0, -ENOMEM, -E2BIG, -EINVAL. */
int rows_build(struct tree *tree) __must_check;
void rows_free(struct tree *tree);

/* The view of a node now. -ENOENT: its object is gone. Any side of the lock. */
int node_view(struct tree *tree, struct node node, struct caller caller,
	      struct view *view) __must_check;
/* Is row i there on this machine: span and visible()? */
bool row_visible(const struct view *view, const struct row *row);
/* The child called `name`. Any side of the lock. */
int node_child(struct tree *tree, struct node parent, const char *name,
	       struct caller caller, struct node *node) __must_check;
struct node node_parent(const struct tree *tree, struct node node);

/*
 * "proc/42/ctl". Any side of the lock (names of objects come from the machine).
 */
void node_path(struct tree *tree, struct node node, struct out *out);

/*
 * Run change() with the trap for broken invariants set; the write lock is held by
 * the caller. -EIO when the machine is broken, before or after; else what
 * change() returned. Locals that change() modified through arg stay modified.
 */
int tree_guard(struct tree *tree, int (*change)(void *arg), void *arg) __must_check;
/* The same with the store of the file that `view` is of. */
int tree_guard_store(struct tree *tree, struct store *store, const struct view *view,
		     const char *text) __must_check;

/* The names of a machine that has just booted: init. Cannot fail after the first. */
int tree_reset_names(struct tree *tree) __must_check;

/* The host's time, within some ms: of what the machine knows nothing of. */
u64 coarse_ns(void);

/* `total` lines will be run again; so many are done. Write lock, or nobody else yet. */
void progress_begin(struct tree *tree, u64 total);
void progress_made(struct tree *tree, u64 done);

/* Remember the last line (write lock held). Texts are copied; NULL counts as "". */
struct last_text {
	const char *path, *line, *result, *sentence, *help;
};
void last_line_set(struct tree *tree, const struct last_text *text, int err);

#endif
