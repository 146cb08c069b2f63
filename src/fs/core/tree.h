/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One mounted machine: the machine, its tree of rows, names given by scripts, the
 * journal, and the lock. This is the interface that the FUSE layer and kmm-run
 * share; neither calls the engine itself.
 *
 * Lock: tree->lock, a readers/writer lock, is taken inside these functions and
 * nowhere else. Shows run under the read lock, lines and stores under the write
 * lock. No function sleeps while holding it.
 */
#ifndef KMM_FS_TREE_H
#define KMM_FS_TREE_H

#include "fs/core/entry.h"

/*
 * A node of the tree by value: the row (numbered over the whole tree at start)
 * and the ids of at most two numbered names on the path. Nothing to allocate or
 * leak; node_to_ino() and node_from_ino() pack it into 64 bits.
 */
struct node {
	u16 row;
	u32 id[2];
};

#define NODE_ROOT ((struct node){ .row = 0 })

u64 node_to_ino(struct node node);
struct node node_from_ino(u64 ino);

struct caller {
	pid_t pid;		/* as the daemon sees it; 0 = unknown */
	uid_t uid;
};

struct node_attr {
	mode_t mode;
	u64 size;		/* 0 for generated text */
	unsigned int nlink;
	bool process;		/* whoever keeps the name is told when it ends */
	bool volatile_name;	/* no entry timeout: TIDs, and what comes and goes */
};

/*
 * Build the tree and boot its machine. Returns 0, or -errno with *error to be
 * freed with free() (NULL: no memory).
 */
int tree_create(const struct machine_config *config, struct tree **tree,
		char **error) __must_check;
void tree_free(struct tree *tree);
const struct machine *tree_machine(const struct tree *tree);
/* Lines of the journal since the boot. */
u64 tree_history(struct tree *tree);

/*
 * Whom to tell, about once a second, how far a long undo is: `done` of `total` lines
 * have been run again. Under the lock: whoever is told opens nothing of the tree.
 */
typedef void (*tree_progress_fn)(void *arg, u64 done, u64 total);
void tree_on_progress(struct tree *tree, tree_progress_fn tell, void *arg);

/*
 * Of a machine that is kept (state_dir.h): what ran so far is on disk. Before a line is
 * acknowledged. 0, or -errno: then it is not, and no more lines are taken.
 */
int tree_commit(struct tree *tree) __must_check;

int tree_lookup(struct tree *tree, struct node parent, const char *name,
		struct caller caller, struct node *node) __must_check;
/* A name that a directory of a process cannot have, ever. */
bool tree_never(struct tree *tree, struct node parent, const char *name);
/* A path from the root ("proc/zoneinfo"; leading / allowed), links followed. */
int tree_walk(struct tree *tree, const char *path, struct caller caller,
	      struct node *node) __must_check;
int tree_getattr(struct tree *tree, struct node node, struct caller caller,
		 struct node_attr *attr) __must_check;
int tree_readlink(struct tree *tree, struct node node, struct caller caller,
		  struct out *target) __must_check;
/* Why a name cannot be created here: -EACCES under sys and sim, -ENOENT under proc. */
int tree_create_error(struct tree *tree, struct node parent);
/* The same for mkdir, symlink and all but open(O_CREAT): -EPERM under sys. */
int tree_make_error(struct tree *tree, struct node parent);

/*
 * mkdir and rmdir where a family allows them: the call that they are is made on
 * sim/ctl. *node: what was made.
 */
int tree_mkdir(struct tree *tree, struct node parent, const char *name,
	       struct caller caller, struct node *node) __must_check;
int tree_rmdir(struct tree *tree, struct node parent, const char *name,
	       struct caller caller) __must_check;

/*
 * Attributes of a process were perhaps kept, and it has ended: *dir is the directory
 * that its name was in, pids[] are the names. How many; fewer than there is room: all.
 * tree_any_gone() is quick when nobody ended.
 */
bool tree_any_gone(struct tree *tree);
unsigned int tree_take_gone(struct tree *tree, struct node *dir, u32 *pids, unsigned int room);

/*
 * Entries from cookie on ("." is 0, ".." is 1, then each name has a stable
 * cookie): fill() returns false when it is full. Offsets survive changes of the
 * tree between calls: pids ascend, rows keep their order.
 */
typedef bool (*tree_fill)(void *arg, const char *name, struct node node, mode_t mode,
			  u64 next_cookie);
int tree_readdir(struct tree *tree, struct node dir, struct caller caller, u64 cookie,
		 tree_fill fill, void *arg) __must_check;

/* An open file. */
struct handle;
int tree_open(struct tree *tree, struct node node, struct caller caller, int flags,
	      struct handle **handle) __must_check;
/* Truncating a file does nothing: 0, or -EPERM where it cannot be opened for writing. */
int tree_truncate_error(struct tree *tree, struct node node);
/* Bytes read, 0 at the end, or -errno. Never short before the end. */
ssize_t handle_read(struct handle *handle, u64 offset, char *buf, size_t len);
/* Bytes taken, or -errno: the rules of design.md, "Open files". */
ssize_t handle_write(struct handle *handle, u64 offset, const char *buf, size_t len);
/* What `echo TEXT` writes: a newline follows. */
ssize_t handle_echo(struct handle *handle, const char *text, size_t len);
/* Runs what is left of a ctl line. */
void handle_release(struct handle *handle);
bool handle_is_stream(const struct handle *handle);	/* ctl: not seekable */
/* Of a file that one may wait for; bits of poll(), and whether he who waits is to be woken. */
bool handle_can_poll(const struct handle *handle);
int handle_poll(struct handle *handle);
bool handle_wakes(struct handle *handle);

/*
 * Run one line "PATH: LINE" or "cat PATH" (kmm-run, scenarios). What cat and
 * replies print goes to `out`. Returns 0 or -errno; the sentence of a failure
 * goes to `sentence`.
 */
int tree_run(struct tree *tree, const char *line, struct caller caller,
	     struct out *out, struct out *sentence) __must_check;

#endif
