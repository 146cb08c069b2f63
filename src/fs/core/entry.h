/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows of the tree. A file, a link or a directory is one row in the table at the
 * bottom of the .c file that shows it; lookup, readdir, stat, `help`, the man
 * page and the tests all read that row. A row knows nothing of FUSE.
 *
 * show() gets a const machine, so reading changes nothing; store() runs under
 * the write lock. The one exception is a row with reading_stores().
 */
#ifndef KMM_FS_ENTRY_H
#define KMM_FS_ENTRY_H

#include <sys/stat.h>
#include <sys/types.h>

#include "sim/machine.h"

struct tree;
struct dir;
struct psi_trigger;
struct peak;

/* Which object a path speaks of: one slot for each kind of numbered name. */
enum view_slot { V_NODE, V_CPU, V_PID, V_TID, V_PFN, V_BLOCK, V_CACHE, V_STEP, V_NAME,
		 V_SIZE, V_HELP, V_HOST, V_FD, V_ADDR, V_CGROUP, NR_VIEW_SLOTS };

struct view {
	const struct machine *m;
	struct tree *tree;
	const struct entry *entry;	/* the row that is shown or stored to */
	u32 id[NR_VIEW_SLOTS];
	pid_t caller;		/* host pid of who asks; 0 = unknown */
	u64 ino;		/* the row's node, packed: node_from_ino() */
	const struct peak *peak;	/* of who opened the file; NULL: nobody did */
};

/* What a store() may change, and where its sentence goes. */
struct store {
	struct machine *m;
	struct out *sentence;	/* on failure: what was wrong, quoting the input */
	bool changed;		/* it fails, but not without having done something */
	const char *rest;	/* in the text: what a sysctl left unread; NULL: nothing */
	bool blanks_left;	/* blanks at its beginning are left, too */
	/* Of who opened the file; NULL: a history runs again. */
	struct psi_trigger *trigger;
	struct peak *peak;
};

/* What a store came to: host memory that was not there (-ENOBUFS) is no errno of the kernel's. */
static inline int store_err(int err)
{
	return err == -ENOBUFS ? -ENOMEM : err;
}

struct entry {
	const char *name;	/* as readdir prints it */
	mode_t mode;		/* S_IFREG, S_IFDIR or S_IFLNK, and permissions */
	struct span span;	/* releases that have it */
	/* The text of a file, the target of a link. 0 or -errno, as who reads is told. */
	int (*show)(struct out *out, const struct view *v);
	/*
	 * A write, without its last newline; one within is a blank in the journal, so it
	 * must not mean more. 0, or -errno with nothing changed. NULL: not writable.
	 */
	int (*store)(struct store *s, const struct view *v, const char *text);
	/*
	 * Where the kernel's handler makes no difference between reading and writing:
	 * would storing the text that was just read change anything now? It is stored then,
	 * and is a line of the journal like any other. NULL: reading only reads.
	 */
	bool (*reading_stores)(const struct view *v);
	/* Who polls waits for the trigger that he wrote: it is brought up to date. */
	void (*poll)(const struct view *v, struct psi_trigger *trigger);
	/* What opening it asks, modes apart: 0 or -errno. NULL: nothing. */
	int (*open)(const struct view *v);
	const struct dir *dir;	/* what a directory holds */
	const char *help;	/* one paragraph; NULL: as in the real kernel */
	const char *text;	/* what fixed_text_show() prints */
	bool sized;		/* stat tells its size, which takes rendering it: pictures */
};

/* The show() of a file or link whose text is always the same: the row's. */
int fixed_text_show(struct out *out, const struct view *v);

/* The usual rows: of all releases, not writable, without a page of their own. */
#define FILE_ROW(file, perm, function) \
	{ .name = (file), .mode = S_IFREG | (perm), .span = ALL, .show = (function) }
#define TEXT_ROW(file, perm, fixed) \
	{ .name = (file), .mode = S_IFREG | (perm), .span = ALL, .show = fixed_text_show, \
	  .text = (fixed) }
#define LINK_ROW(file, function) \
	{ .name = (file), .mode = S_IFLNK | 0777, .span = ALL, .show = (function) }
#define LINK_TEXT_ROW(file, target) \
	{ .name = (file), .mode = S_IFLNK | 0777, .span = ALL, .show = fixed_text_show, \
	  .text = (target) }
#define DIR_ROW(file, perm, directory) \
	{ .name = (file), .mode = S_IFDIR | (perm), .span = ALL, .dir = (directory) }

/* A binary file that is too big to render: computed from the offset. */
struct bin_entry {
	struct entry entry;	/* show and store are NULL */
	ssize_t (*read)(const struct view *v, u64 offset, char *buf, size_t len);
	/*
	 * A write becomes calls of the view's task: appends the line of the next one,
	 * returns how many bytes it takes. NULL: not writable.
	 */
	size_t (*line)(struct out *line, const struct view *v, u64 offset, const char *buf,
		       size_t len);
};

/*
 * A file that holds one number of struct tunables. show and store are
 * value_show() and value_store() of core/value.h, which find this row by the
 * view's entry. What a change causes besides is done by changed(), which gets
 * the old value; when it fails, the old value is put back.
 */
struct value_entry {
	struct entry entry;
	u8 type;		/* enum value_type of core/value.h */
	u16 offset;		/* in struct tunables */
	s64 min, max;
	int (*changed)(struct store *s, s64 old);
};

/* A control file: its writes are lines of the control language. */
struct ctl_entry {
	struct entry entry;	/* mode 0600 */
	enum view_slot scope;	/* V_NAME: machine; V_CPU; V_PID */
};

/* A family of entries, one for each object: node0 node1 ... */
struct each {
	struct entry entry;	/* name is for documents: "node<N>" */
	enum view_slot slot;	/* the view's field that the id goes to */
	/* The smallest id >= *id of an object; false behind the last. */
	bool (*next)(const struct view *v, u32 *id);
	void (*name)(const struct view *v, u32 id, char name[64]);
	/* The id of a name; may know names that next() does not list. */
	bool (*find)(const struct view *v, const char *name, u32 *id);
	/*
	 * Of a family whose objects hold others of their kind: v's id in `slot` is the one
	 * that next() and find() look into. Is there this object at all; its names from
	 * the first on. NULL: not so.
	 */
	bool (*has)(const struct view *v, u32 id);
	void (*path)(const struct view *v, u32 id, struct out *out);
	/* Verbs of sim/ctl that mkdir and rmdir are, with a path; NULL: they are refused. */
	const char *make, *remove;
};

struct dir {
	const struct entry *entries;
	unsigned int nr_entries;
	const struct bin_entry *bins;
	unsigned int nr_bins;
	const struct value_entry *values;
	unsigned int nr_values;
	const struct ctl_entry *ctls;
	unsigned int nr_ctls;
	const struct each *each;
	unsigned int nr_each;
	/* Is this directory's i-th row there on this machine (beyond its span)? NULL: yes. */
	bool (*visible)(const struct view *v, const struct entry *entry);
};

/*
 * Parts of a directory that live in several .c files: parts that name the same
 * path are merged, and directories that only a path names are made. Below a
 * family the path has its documentary name: "sys/devices/system/node/node<N>".
 */
struct tree_part {
	const char *path;	/* "proc", "proc/sys/vm", "sys/devices/system/node" */
	const struct dir *dir;
};

/*
 * What one .c file adds to the tree: TREE_PARTS(zoneinfo_parts, { "proc", &dir });
 * at its bottom, and X(zoneinfo_parts) in fs/core/parts.c. Rows are listed in the
 * order of parts.c.
 */
struct tree_parts {
	const struct tree_part *parts;
	unsigned int nr;
};

#define TREE_PARTS(name, ...) \
	static const struct tree_part name##_rows[] = { __VA_ARGS__ }; \
	extern const struct tree_parts name; \
	const struct tree_parts name = { name##_rows, ARRAY_SIZE(name##_rows) }

#define DIR_FILES(array) .entries = (array), .nr_entries = ARRAY_SIZE(array)
#define DIR_BINS(array) .bins = (array), .nr_bins = ARRAY_SIZE(array)
#define DIR_VALUES(array) .values = (array), .nr_values = ARRAY_SIZE(array)
#define DIR_CTLS(array) .ctls = (array), .nr_ctls = ARRAY_SIZE(array)
#define DIR_EACH(array) .each = (array), .nr_each = ARRAY_SIZE(array)

#endif
