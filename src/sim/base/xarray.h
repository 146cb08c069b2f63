/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array of u64 entries by u64 index, sparse, in the shape of Linux's xarray: nodes
 * of 64 slots, the tree as deep as its highest index needs. 0 is no entry; entries
 * with bit 0 set are value entries, as Linux has them: what others mean is the
 * owner's. Each entry has three marks; a node's slot has a mark when anything below
 * it has.
 *
 * A lone entry at index 0 needs no node. Nodes are handles from the owner's callbacks.
 * Readers change nothing. Not locked.
 */
#ifndef KMM_BASE_XARRAY_H
#define KMM_BASE_XARRAY_H

#include "sim/base/types.h"

#define XA_SHIFT 6
#define XA_SLOTS (1U << XA_SHIFT)
#define XA_LEVELS 11		/* of 64-bit indices */

enum xa_mark { XA_MARK_DIRTY, XA_MARK_WRITEBACK, XA_MARK_TOWRITE, XA_MARKS };

struct xa_node {
	u64 slots[XA_SLOTS];	/* entries; above the lowest level: handles of nodes */
	u64 marks[XA_MARKS];	/* a bit for each slot */
	u32 parent;		/* 0: the top node */
	u8 offset;		/* its slot in the parent */
	u8 shift;		/* of the index bits that choose a slot; 0: lowest level */
	u8 count;		/* slots that hold something */
};

struct xa_ops {
	/* A zeroed node, its handle not 0. 0 or -errno. */
	int (*alloc)(void *ctx, u32 *node);
	void (*free)(void *ctx, u32 node);
	struct xa_node *(*get)(void *ctx, u32 node);
};

struct xarray {
	const struct xa_ops *ops;
	void *ctx;
	u64 head;		/* top == 0: the entry at index 0 */
	u32 top;		/* top node; 0: none */
	u8 head_marks;
	u32 nr_nodes;
	u64 nr_entries;
};

void xa_init(struct xarray *xa, const struct xa_ops *ops, void *ctx);
/* All nodes go back. */
void xa_destroy(struct xarray *xa);

u64 xa_load(const struct xarray *xa, u64 index);
/*
 * Store an entry; 0 erases, and cannot fail. *old (may be NULL) is what was there. Marks
 * of a slot that had an entry stay; a new one has none. 0, or alloc's error: nothing
 * changed.
 */
int xa_store(struct xarray *xa, u64 index, u64 entry, u64 *old) __must_check;
/* Erase; what was there. */
u64 xa_erase(struct xarray *xa, u64 index);

/* The first entry at or behind *index and at most at max: *index is its. 0: none. */
u64 xa_find(const struct xarray *xa, u64 *index, u64 max);
/* The same among entries with the mark. */
u64 xa_find_marked(const struct xarray *xa, u64 *index, u64 max, enum xa_mark mark);

void xa_set_mark(struct xarray *xa, u64 index, enum xa_mark mark);	/* an entry's */
void xa_clear_mark(struct xarray *xa, u64 index, enum xa_mark mark);
bool xa_get_mark(const struct xarray *xa, u64 index, enum xa_mark mark);
bool xa_marked(const struct xarray *xa, enum xa_mark mark);	/* any entry */

/* Each node, a parent before its children; non-zero stops and is returned. */
int xa_walk(const struct xarray *xa, int (*visit)(void *arg, u32 handle, u64 first,
						  const struct xa_node *node), void *arg);
/* Are counts, marks and links right, and is no node empty or needless? */
bool xa_valid(const struct xarray *xa);

#endif
