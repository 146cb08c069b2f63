/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the maple tree share. */
#ifndef KMM_BASE_MAPLE_INTERNAL_H
#define KMM_BASE_MAPLE_INTERNAL_H

#include "sim/base/maple_tree.h"

static inline unsigned int mt_slots(bool leaf)
{
	return leaf ? MAPLE_RANGE64_SLOTS : MAPLE_ARANGE64_SLOTS;
}

static inline unsigned int mt_min_slots(bool leaf)
{
	return leaf ? MAPLE_RANGE64_MIN : MAPLE_ARANGE64_MIN;
}

/* A node is four cache lines, and a search may need any: let them come side by side. */
static inline void mt_prefetch(const struct maple_node *node)
{
	const char *lines = (const char *)node;

	__builtin_prefetch(lines);
	__builtin_prefetch(lines + 64);
	__builtin_prefetch(lines + 128);
	__builtin_prefetch(lines + 192);
}

/* The slot whose range covers index, which is in the node. */
static inline unsigned int mt_slot_of(const struct maple_node *node, u64 index)
{
	unsigned int i = 0, end = node->nr - 1U;

	while (i < end && node->pivot[i] < index)
		i++;
	return i;
}

/*
 * Slots [from, end) of a leaf, all with pivots or all but the last, become those from `at` on
 * of another leaf, or of the same one. One by one, in the widths in which they were stored: a wide
 * load of what was stored in pieces a moment ago waits until all of that is in the cache, and
 * mostly a store follows another.
 */
static inline void mt_move_slots(struct maple_node *to, unsigned int at,
				 const struct maple_node *leaf, unsigned int from,
				 unsigned int end, unsigned int nr_pivots)
{
	const volatile u64 *pivot = &leaf->pivot[from];
	const volatile u32 *slot = &leaf->mr64.slot[from];
	unsigned int nr = end - from;

	if (at < from || to != leaf) {
		for (unsigned int i = 0; i < nr_pivots; i++) {
			to->mr64.slot[at + i] = slot[i];
			to->pivot[at + i] = pivot[i];
		}
		if (nr_pivots < nr)
			to->mr64.slot[at + nr_pivots] = slot[nr_pivots];
	} else {
		if (nr_pivots < nr)
			to->mr64.slot[at + nr_pivots] = slot[nr_pivots];
		for (unsigned int i = nr_pivots; i--;) {
			to->mr64.slot[at + i] = slot[i];
			to->pivot[at + i] = pivot[i];
		}
	}
}

/*
 * The largest empty range in a node that covers [min, max]. No range is larger than
 * `most`: the search ends where it finds one of that size.
 */
u64 mt_node_gap(const struct maple_node *node, u64 min, u64 max, u64 most);
static inline u64 mt_leaf_gap(const struct maple_node *leaf, u64 min, u64 max, u64 most)
{
	unsigned int end = leaf->nr - 1U, i;
	u64 first = min, largest = 0;

	for (i = 0; i < end; i++) {
		u64 last = leaf->pivot[i];

		if (!leaf->mr64.slot[i]) {
			largest = MAX(largest, last - first + 1);
			if (largest >= most)
				return largest;
		}
		first = last + 1;
	}
	return leaf->mr64.slot[i] ? largest : MAX(largest, max - first + 1);
}
/*
 * The gaps above a node that covers [min, max] and whose slots have changed; `changed`
 * is the largest gap of a slot that has.
 */
void mt_update_gaps(struct maple_tree *tree, const struct maple_node *node, u64 min, u64 max,
		    u64 changed);

/* A node from the reserve, which must have one; a node back into it. */
u32 mt_take_node(struct maple_tree *tree);
void mt_give_node(struct maple_tree *tree, u32 handle);
/* Until no more than nr are in reserve. */
void mt_trim_reserve(struct maple_tree *tree, u32 nr);
/* A node and all below it go back to the owner; returns how many entries it had. */
u32 mt_free_subtree(struct maple_tree *tree, u32 handle);

/*
 * A store within the finger's leaf, whose slot is that of `first`. False: it needs more
 * or fewer nodes; nothing has changed.
 */
bool leaf_store(struct maple_tree *tree, u64 first, u64 last, u32 value);

/*
 * Where leaf_store() did not do: the same in a tree of one leaf, which becomes two, or of two,
 * which become one. 1: done; 0: it is none of these; or alloc's error.
 */
int small_store(struct maple_tree *tree, u64 first, u64 last, u32 value);

/* ---- Strips ---- */

#define STRIP_SLOTS 48	/* two leaves, cut, and the new entry: 33; with a sibling: 34 */

struct strip {
	u32 nr;
	u64 last[STRIP_SLOTS];
	u32 slot[STRIP_SLOTS];
	u64 gap[STRIP_SLOTS];	/* of inner nodes */
};

/* Slots [from, to) of a node that ends at max, to position `at` of the strip. */
void strip_insert(struct strip *strip, u32 at, const struct maple_node *node,
		  unsigned int from, unsigned int to, u64 max);
void strip_add(struct strip *strip, u64 last, u32 slot, u64 gap);
/* Where a path is, on one level. */
struct step {
	u32 node;
	u8 offset;	/* the slot that the path takes */
	u64 min, max;	/* of the node */
};
/*
 * The slots of two leaves, or of one, behind what the strip has, with the new range from left's
 * slot to right's in place of what it overwrites there. How many more entries that is.
 */
u32 strip_of_leaves(const struct maple_tree *tree, struct strip *strip, const struct step *left,
		    const struct step *right, u64 first, u64 last, u32 value);
/*
 * Where the strip is cut, as ends of nodes: the first at `cut`, or (0) where it is
 * best. Returns how many nodes.
 */
unsigned int strip_cuts(const struct strip *strip, bool leaf, unsigned int cut,
			unsigned int ends[3]);
/* The first `cut` of nr slots are to be a leaf: not if the last of them is empty. */
static inline unsigned int cut_behind_entry(u32 last_slot, unsigned int nr, unsigned int cut)
{
	if (last_slot)
		return cut;
	if (cut < MAPLE_RANGE64_SLOTS && nr - (cut + 1) >= MAPLE_RANGE64_MIN)
		return cut + 1;
	return cut - 1;
}
/* Slots [from, to) of the strip become the node; its children learn of their parent. */
void strip_fill(struct maple_tree *tree, u32 handle, const struct strip *strip, bool leaf,
		unsigned int from, unsigned int to);

#endif
