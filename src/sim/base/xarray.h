/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An array of u64 entries by u64 index, sparse, in the shape of Linux's XArray: a radix
 * tree of 64-slot nodes. 0 is no entry; entries with bit 0 set are value entries, as
 * Linux has them: what others mean is the owner's. A lone entry at index 0 needs no
 * node; the tree is never higher than its highest index needs; nodes are freed when
 * empty: so the shape follows from the contents. Each entry has three marks; a node's
 * slot has a mark when anything below it has.
 *
 * An entry may stand for 2^order indices, aligned. It lies in the first of its slots, of
 * the level where it needs fewest; each further one holds a sibling entry that says which
 * slot that is. Marks are the first slot's. (No entry of an owner ends in binary 10.)
 *
 * Nodes come from the owner's callbacks; they have handles, and never move. Not locked:
 * one writer, or readers, who change nothing.
 */
#ifndef KMM_BASE_XARRAY_H
#define KMM_BASE_XARRAY_H

#include "sim/base/types.h"

#define XA_SHIFT 6
#define XA_SLOTS (1U << XA_SHIFT)
#define XA_LEVELS 11		/* of 64-bit indices */
/* What one store can need at most: 11 levels up, 10 down. */
#define XA_STORE_NODES (2 * XA_LEVELS - 1)
#define XA_MAX_ORDER (2 * XA_SHIFT - 1)	/* of an entry that can be split */

enum xa_mark {
	XA_MARK_DIRTY, XA_MARK_WRITEBACK, XA_MARK_TOWRITE, XA_MARKS,
	XA_PRESENT = XA_MARKS,	/* to find: any entry */
};

struct xa_node {
	u64 slots[XA_SLOTS];	/* entries; above the lowest level: xa_child() */
	u64 marks[XA_MARKS + 1];	/* a bit for each slot; [XA_PRESENT]: not empty */
	struct xa_node *parent;	/* NULL: the top node */
	u32 self;		/* handle */
	u8 offset;		/* its slot in the parent */
	u8 shift;		/* of the index bits that choose a slot; 0: lowest level */
	u8 count;		/* slots that hold something, siblings too */
	u8 nr_values;		/* of these, value entries' */
};

struct xa_ops {
	/*
	 * A zeroed node, its handle not 0. 0 or -errno. To get one, it may erase entries of
	 * this array, and replace them, but not where the caller is about to store or split.
	 */
	int (*alloc)(void *ctx, u32 *node);
	void (*free)(void *ctx, u32 node);
	/* Where it is; asked once, it stays there. */
	struct xa_node *(*get)(void *ctx, u32 node);
};

/* What was found where the array was of that version. */
struct xa_leaf {
	struct xa_node *node;	/* of the lowest level; NULL: none */
	u32 version;
};

struct xarray {
	const struct xa_ops *ops;
	void *ctx;
	u64 head;		/* top == 0: the entry at index 0 */
	struct xa_node *root;	/* the top node, NULL: none */
	u32 top;		/* its handle; 0: none */
	u32 nr_nodes;
	u64 nr_entries;
	u32 version;		/* counts changes of nodes: cursors notice */
	u8 marks;		/* a bit for each mark that some entry has */
	struct xa_leaf *leaves;	/* each XA_SLOTS indices', as found; NULL: not kept */
	u64 nr_leaves;
};

/* ---- Entries. ---- */

static inline u64 xa_mk_value(u64 value)
{
	return value << 1 | 1;
}

static inline bool xa_is_value(u64 entry)
{
	return entry & 1;
}

static inline u64 xa_to_value(u64 entry)
{
	return entry >> 1;
}

static inline u64 xa_mk_sibling(unsigned int slot)
{
	return (u64)slot << 2 | 2;
}

static inline bool xa_is_sibling(u64 entry)
{
	return (entry & ~((XA_SLOTS - 1ULL) << 2)) == 2;
}

/* The slot of the entry that a slot's sibling entry is of; any other: itself. */
static inline unsigned int xa_canonical(const struct xa_node *node, unsigned int slot)
{
	u64 entry = node->slots[slot];

	return unlikely(xa_is_sibling(entry)) ? (unsigned int)(entry >> 2) : slot;
}

/* The node in a slot above the lowest level; NULL: none, or an entry. */
static inline struct xa_node *xa_child(const struct xa_node *node, unsigned int slot)
{
	u64 entry = node->slots[slot];

	/* Ends in binary 10, and is no sibling: one comparison, for what is below wraps around. */
	return ((entry - (XA_SLOTS << 2)) & (1ULL << 63 | 3)) == 2 ?
	       (struct xa_node *)(uintptr_t)(entry - 2) : NULL;
}

static inline unsigned int xa_slot_of(const struct xa_node *node, u64 index)
{
	return index >> node->shift & (XA_SLOTS - 1);
}

/* The highest index below a top node of this shift. */
static inline u64 xa_max_index(unsigned int shift)
{
	return shift + XA_SHIFT >= 64 ? ~0ULL : (1ULL << (shift + XA_SHIFT)) - 1;
}

/* Is index beyond what a top node reaches? */
static inline bool xa_is_beyond(const struct xa_node *top, u64 index)
{
	return index >> top->shift >= XA_SLOTS;
}

void xa_init(struct xarray *xa, const struct xa_ops *ops, void *ctx);
/* All entries and nodes go; the array is empty and can be used again. */
void xa_destroy(struct xarray *xa);

static inline bool xa_empty(const struct xarray *xa)
{
	return !xa->nr_entries;
}

/* ---- Lookups. ---- */

/* The entry that index is of, or 0. */
static inline u64 xa_load(const struct xarray *xa, u64 index)
{
	const struct xa_node *node = xa->root, *child;
	unsigned int shift, slot;

	if (!node)
		return index ? 0 : xa->head;
	if (xa_is_beyond(node, index))
		return 0;
	/* A node's own shift is not asked: it lies far from its slots. */
	for (shift = node->shift;; shift -= XA_SHIFT) {
		slot = index >> shift & (XA_SLOTS - 1);
		child = shift ? xa_child(node, slot) : NULL;
		if (!child)
			return node->slots[xa_canonical(node, slot)];
		node = child;
	}
}

/* What lies `ahead` slots behind that of index, at the lowest level; 0: nothing is known. */
static inline u64 xa_peek_ahead(const struct xarray *xa, u64 index, unsigned int ahead)
{
	const struct xa_node *node = xa->root;
	unsigned int i = (index & (XA_SLOTS - 1)) + ahead;

	if (!node || i >= XA_SLOTS || xa_is_beyond(node, index))
		return 0;
	while (node->shift) {
		node = xa_child(node, xa_slot_of(node, index));
		if (!node)
			return 0;
	}
	return node->slots[i];
}

/*
 * Nodes of the lowest level are kept as they are found, for who asks for indices up to
 * nr * XA_SLOTS in no order: the memory is the caller's, till he takes it back (NULL, 0).
 */
void xa_keep_leaves(struct xarray *xa, struct xa_leaf *leaves, u64 nr);
/* By descending; kept if that is not NULL. */
struct xa_node *xa_find_leaf(const struct xarray *xa, u64 index, struct xa_leaf *kept);

/* The node of the lowest level that index lies in; NULL: there is none. */
static inline struct xa_node *xa_leaf(const struct xarray *xa, u64 index)
{
	struct xa_leaf *kept = NULL;

	if (index / XA_SLOTS < xa->nr_leaves) {
		kept = &xa->leaves[index / XA_SLOTS];
		if (likely(kept->version == xa->version))
			return kept->node;
	}
	return xa_find_leaf(xa, index, kept);
}

/* xa_load(), where leaves are kept. */
static inline u64 xa_load_kept(const struct xarray *xa, u64 index)
{
	const struct xa_node *leaf = xa_leaf(xa, index);

	return likely(leaf) ? leaf->slots[xa_canonical(leaf, index & (XA_SLOTS - 1))] :
			      xa_load(xa, index);
}

/* Somebody will look at index soon. */
static inline void xa_prefetch(const struct xarray *xa, u64 index)
{
	const struct xa_node *node = xa_leaf(xa, index);

	if (!node)
		return;
	__builtin_prefetch(&node->slots[index & (XA_SLOTS - 1)], 1);
	__builtin_prefetch(&node->marks, 1);
	__builtin_prefetch(&node->count, 1);
}

/* 2^order indices are the entry's that index is of; 0 where there is none. */
unsigned int xa_get_order(const struct xarray *xa, u64 index);
/* The index behind those of the entry at index, or behind index. ~0 is the last. */
u64 xa_behind(const struct xarray *xa, u64 index);

/*
 * The first entry of which indices are at or behind *index and at most at max: *index is
 * the first of these. 0: none.
 */
u64 xa_find(const struct xarray *xa, u64 *index, u64 max);
/* The same among entries with the mark; XA_PRESENT: any. */
u64 xa_find_marked(const struct xarray *xa, u64 *index, u64 max, enum xa_mark mark);

/*
 * A cursor: steps without descending again. Changes in between are allowed.
 *
 *	struct xa_cursor cursor;
 *
 *	xa_cursor_init(&cursor, xa, first);
 *	for (u64 e = xa_first(&cursor, last, XA_PRESENT); e; e = xa_next(&cursor, last, XA_PRESENT))
 *		... cursor.index ...
 */
struct xa_cursor {
	const struct xarray *xa;
	u64 index;		/* where it stands */
	/* private: */
	u32 version;
	const struct xa_node *node;	/* lowest level, or NULL */
};

static inline void xa_cursor_init(struct xa_cursor *cursor, const struct xarray *xa, u64 index)
{
	*cursor = (struct xa_cursor) { .xa = xa, .index = index };
}

/* Onto the first entry in [index, max] with this mark; behind that of index. 0: none. */
u64 xa_first(struct xa_cursor *cursor, u64 max, enum xa_mark mark);
u64 xa_next(struct xa_cursor *cursor, u64 max, enum xa_mark mark);

/* ---- Changes. ---- */

/*
 * Store an entry; 0 erases. *old (may be NULL) is what was there. Marks of a slot that
 * had an entry stay; a new one has none. 0, or alloc's error: nothing changed. What
 * erases or replaces needs no node and cannot fail. Nodes are made in the kernel's order.
 */
int xa_store(struct xarray *xa, u64 index, u64 entry, u64 *old) __must_check;
/* The same of an entry that is not 0, and the node that has it then; NULL: none. */
int xa_store_leaf(struct xarray *xa, u64 index, u64 entry, u64 *old,
		  struct xa_node **leaf) __must_check;
/*
 * The first index from `index` on, of max_scan, that has no entry but a value; else the one
 * behind these. As page_cache_next_miss() comes by it: an entry of several slots is counted
 * from its first slot on, wherever in it the index is.
 */
u64 xa_next_miss(const struct xarray *xa, u64 index, u64 max_scan);
/*
 * The first index from `index` downwards, of max_scan, that has no entry but a value; else the
 * last that was looked at; ~0: all have. As page_cache_prev_miss() comes by it: from an entry
 * of several slots it goes on before the first of these, though only one index is behind it,
 * so that it may look at others than it means.
 */
u64 xa_prev_miss(const struct xarray *xa, u64 index, u64 max_scan);
/*
 * The node that holds the entry that index is of, or would if it was of order 0; NULL:
 * there is none.
 */
struct xa_node *xa_leaf_of(const struct xarray *xa, u64 index);

/* How many slots the entry in slot i has. */
static inline unsigned int xa_nr_slots_of(const struct xa_node *node, unsigned int i)
{
	unsigned int end = i + 1;

	while (end < XA_SLOTS && node->slots[end] == xa_mk_sibling(i))
		end++;
	return end - i;
}

/* The entry in slot i, which may be none, is about to become another. */
static inline void xa_count_value(struct xa_node *node, unsigned int i, u64 entry)
{
	int more = xa_is_value(entry) - xa_is_value(node->slots[i]);

	if (more)
		node->nr_values += more * (int)xa_nr_slots_of(node, i);
}

/* The entry that index is of becomes another, neither of them 0. Its node; NULL: none. */
static inline struct xa_node *xa_replace(struct xarray *xa, u64 index, u64 entry)
{
	struct xa_node *node = xa_leaf_of(xa, index);
	unsigned int i;

	if (!node) {
		xa->head = entry;
		return NULL;
	}
	i = xa_canonical(node, xa_slot_of(node, index));
	xa_count_value(node, i, entry);
	node->slots[i] = entry;
	return node;
}
/*
 * One entry, not 0, for 2^order indices from an aligned one on. Those that were there go,
 * with their marks; none of them reaches further. 0, or alloc's error: nothing changed.
 */
int xa_store_order(struct xarray *xa, u64 index, unsigned int order, u64 entry) __must_check;
/* The entry that index is of goes, with its marks; returns it, or 0. Needs no memory. */
u64 xa_erase(struct xarray *xa, u64 index);
/*
 * The entry that index is of, of 2^XA_MAX_ORDER indices at most, becomes several, equal
 * and with its marks, of 2^order each; or, in the manner of the buddy allocator, halves,
 * the half with index again in halves, down to that order. What are to be other entries
 * can then be stored in place. 0, or alloc's error: nothing changed.
 */
int xa_split(struct xarray *xa, u64 index, unsigned int order) __must_check;
int xa_split_at(struct xarray *xa, u64 index, unsigned int order) __must_check;
/* How many nodes a store at index would make: 0 to XA_STORE_NODES. */
unsigned int xa_store_nodes(const struct xarray *xa, u64 index);

/* ---- Marks. ---- */

/* Does any entry have it? */
static inline bool xa_marked(const struct xarray *xa, enum xa_mark mark)
{
	return xa->marks >> mark & 1;
}

/* False where there is no entry; there, setting and clearing do nothing. */
bool xa_get_mark(const struct xarray *xa, u64 index, enum xa_mark mark);
void xa_set_mark(struct xarray *xa, u64 index, enum xa_mark mark);
void xa_clear_mark(struct xarray *xa, u64 index, enum xa_mark mark);

/* ---- Dumps and checks. ---- */

/* Each node, a parent before its children; non-zero stops and is returned. */
typedef int xa_visit_fn(void *arg, u32 handle, u64 first, const struct xa_node *node);
int xa_walk(const struct xarray *xa, xa_visit_fn *visit, void *arg);

/*
 * Check links, levels, marks, counts, and that nothing is there which need not be. One
 * report for each thing that is wrong; returns how many. Each node read is counted in
 * *nr_checked if that is not NULL.
 */
typedef void xa_report_fn(void *ctx, u32 node, u64 index, const char *what);
unsigned int xa_validate(const struct xarray *xa, xa_report_fn *report, void *ctx,
			 u64 *nr_checked);

static inline bool xa_valid(const struct xarray *xa)
{
	return !xa_validate(xa, NULL, NULL, NULL);
}

#endif
