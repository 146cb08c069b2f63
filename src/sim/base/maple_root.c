// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small tree is one leaf, or two leaves below a root, and goes from one to the other and back
 * as VMAs split and merge. What store_slow() would come to, in the same nodes, without paths
 * and strips: most slots stay where they are, or go straight to where they belong.
 *
 *	[ a b c d ... ]  <->  [ . | . ]
 *			      /      \
 *		      [ a b NEW .. ] [ ... ]
 */
#include "sim/base/maple_internal.h"

/* What comes in the place of slots: up to three ranges, of which `value` is the stored one. */
struct middle {
	unsigned int nr, value;
	u64 last[3];
	u32 slot[3];
};

static inline void middle_add(struct middle *mid, u64 last, u32 slot)
{
	mid->last[mid->nr] = last;
	mid->slot[mid->nr++] = slot;
}

/* [first, last] gets the value, in slots of a leaf that cover [from_first, to_last]. */
static inline void middle_init(struct middle *mid, u64 from_first, u32 from_slot, u64 first,
			       u64 last, u32 value, u64 to_last, u32 to_slot)
{
	mid->nr = 0;
	if (first > from_first)
		middle_add(mid, first - 1, from_slot);
	mid->value = mid->nr;
	middle_add(mid, last, value);
	if (last < to_last)
		middle_add(mid, to_last, to_slot);
}

/* A range becomes slot i; the last slot that a leaf can have needs no pivot. */
static inline void put_slot(struct maple_node *leaf, unsigned int i, u64 last, u32 slot)
{
	leaf->mr64.slot[i] = slot;
	if (i < MAPLE_RANGE64_SLOTS - 1)
		leaf->pivot[i] = last;
}

/* Slots [from, end) become those from `at` on of another leaf, or of the same one. */
static inline void move_slots(struct maple_node *to, unsigned int at,
			      const struct maple_node *leaf, unsigned int from, unsigned int end)
{
	mt_move_slots(to, at, leaf, from, end, MIN(end, leaf->nr - 1U) - from);
}

/* The next store is likely to be where this one was. */
static inline void set_finger(struct maple_tree *tree, struct maple_node *leaf, u64 min, u64 max,
			      unsigned int slot)
{
	tree->finger = leaf;
	tree->finger_min = min;
	tree->finger_max = max;
	tree->finger_slot = slot;
}

static inline void set_root(struct maple_tree *tree, u32 root, u32 height)
{
	struct maple_node *node = mt_node(tree, root);

	node->parent = 0;
	node->offset = 0;
	tree->root = root;
	tree->height = height;
}

/* A root above two leaves, the first of which ends at pivot. */
static inline void fill_root(struct maple_tree *tree, u32 root, u32 left, u32 right, u64 pivot)
{
	struct maple_node *node = mt_node(tree, root), *first = mt_node(tree, left);
	struct maple_node *second = mt_node(tree, right);

	node->leaf = false;
	node->nr = 2;
	node->pivot[0] = pivot;
	node->ma64.slot[0] = left;
	node->ma64.slot[1] = right;
	node->ma64.gap[0] = mt_leaf_gap(first, 0, pivot, UINT64_MAX);
	node->ma64.gap[1] = mt_leaf_gap(second, pivot + 1, UINT64_MAX, UINT64_MAX);
	first->parent = second->parent = root;
	first->offset = 0;
	second->offset = 1;
}

/* Two nodes, in the order in which they would come from the reserve. */
static int take_two(struct maple_tree *tree, u32 *second, u32 *first)
{
	int err;

	if (unlikely(tree->nr_reserved)) {
		u32 reserved = tree->nr_reserved;

		err = mt_reserve_nodes(tree, 2);
		if (err)
			return err;
		*first = mt_take_node(tree);
		*second = mt_take_node(tree);
		mt_trim_reserve(tree, reserved);
		return 0;
	}
	err = tree->ops->alloc(tree->ctx, second);
	if (err)
		return err;
	err = tree->ops->alloc(tree->ctx, first);
	if (err) {
		tree->ops->free(tree->ctx, *second);
		return err;
	}
	tree->nr_nodes += 2;
	return 0;
}

/* They go as they would through the reserve: the last one first. */
static void give_two(struct maple_tree *tree, u32 first, u32 second)
{
	tree->nr_nodes -= 2;
	tree->ops->free(tree->ctx, second);
	tree->ops->free(tree->ctx, first);
}

/* Slot i of a full leaf is cut: the leaf keeps the first `cut` slots of what comes of it. */
static void split_leaf(struct maple_node *leaf, struct maple_node *behind,
		       const struct middle *mid, unsigned int i, unsigned int cut)
{
	unsigned int grows = mid->nr - 1, mid_end = i + mid->nr, nr = leaf->nr + grows;
	unsigned int start = MAX(cut, mid_end);

	if (i > cut)
		move_slots(behind, 0, leaf, cut, i);
	if (nr > start)
		move_slots(behind, start - cut, leaf, start - grows, leaf->nr);
	if (cut > mid_end)
		move_slots(leaf, mid_end, leaf, i + 1, cut - grows);
	for (unsigned int j = 0; j < mid->nr; j++) {
		if (i + j < cut)
			put_slot(leaf, i + j, mid->last[j], mid->slot[j]);
		else
			put_slot(behind, i + j - cut, mid->last[j], mid->slot[j]);
	}
	leaf->nr = (u8)cut;
	behind->leaf = true;
	behind->nr = (u8)(nr - cut);
}

/* Which value slot k will have when slot i is cut. */
static inline u32 slot_after(const struct maple_node *leaf, const struct middle *mid,
			     unsigned int i, unsigned int k)
{
	if (k < i)
		return leaf->mr64.slot[k];
	return k < i + mid->nr ? mid->slot[k - i] : leaf->mr64.slot[k + 1 - mid->nr];
}

/* The root, a leaf, has no room for what becomes of its slot i. 0, or alloc's error. */
static int root_overflows(struct maple_tree *tree, const struct middle *mid, unsigned int i)
{
	struct maple_node *leaf = mt_node(tree, tree->root), *behind;
	unsigned int nr = leaf->nr + mid->nr - 1, cut = (nr - 1) / 2 + 1;
	u32 right, root;
	u64 pivot;
	int err = take_two(tree, &root, &right);

	if (err)
		return err;
	cut = cut_behind_entry(slot_after(leaf, mid, i, cut - 1), nr, cut);
	behind = mt_node(tree, right);
	tree->nr_entries += leaf->mr64.slot[i] ? mid->nr - 1 : 1;
	split_leaf(leaf, behind, mid, i, cut);
	pivot = leaf->pivot[cut - 1];
	fill_root(tree, root, tree->root, right, pivot);
	set_root(tree, root, 2);
	i += mid->value;
	if (i < cut)
		set_finger(tree, leaf, 0, pivot, i);
	else
		set_finger(tree, behind, pivot + 1, UINT64_MAX, i - cut);
	return 0;
}

/* The root, a leaf, is full. 1; 0: more than one slot is concerned; or alloc's error. */
static int root_splits(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	const struct maple_node *leaf = tree->finger;
	unsigned int i = tree->finger_slot;
	u64 slot_last = mt_slot_last(leaf, i, UINT64_MAX);
	u32 old = leaf->mr64.slot[i];
	struct middle mid;
	int err;

	if (last > slot_last)
		return 0;
	middle_init(&mid, mt_slot_first(leaf, i, 0), old, first, last, value, slot_last, old);
	err = root_overflows(tree, &mid, i);
	return err ? err : 1;
}

int mt_cut_middle(struct maple_tree *tree, u64 first, u64 last, u32 before, u32 behind)
{
	struct maple_node *leaf;
	struct middle mid;
	unsigned int i;
	u64 slot_last;
	int err;

	mt_seek(tree, first);
	leaf = tree->finger;
	i = tree->finger_slot;
	slot_last = mt_slot_last(leaf, i, tree->finger_max);
	mid = (struct middle){
		.nr = 3, .value = 1, .last = { first - 1, last, slot_last },
		.slot = { before, leaf->mr64.slot[i], behind },
	};
	if (leaf->nr + 2 <= MAPLE_RANGE64_SLOTS) {
		if (i + 1U < leaf->nr)
			move_slots(leaf, i + 3, leaf, i + 1, leaf->nr);
		leaf->nr += 2;
		for (unsigned int j = 0; j < 3; j++)
			put_slot(leaf, i + j, mid.last[j], mid.slot[j]);
		tree->nr_entries += 2;
		tree->finger_slot = i + 1;
	} else if (leaf->nr + 1 == MAPLE_RANGE64_SLOTS && tree->height == 1) {
		err = root_overflows(tree, &mid, i);
		if (err)
			return err;
	} else {
		return 0;
	}
	tree->version++;
	return 1;
}

/* Of two leaves in a row: slot i, and where it ends. */
struct pair {
	struct maple_node *leaf, *behind;
	u64 pivot;
};

static inline u32 pair_slot(const struct pair *p, unsigned int i)
{
	return i < p->leaf->nr ? p->leaf->mr64.slot[i] : p->behind->mr64.slot[i - p->leaf->nr];
}

static inline u64 pair_last(const struct pair *p, unsigned int i)
{
	if (i < p->leaf->nr)
		return mt_slot_last(p->leaf, i, p->pivot);
	return mt_slot_last(p->behind, i - p->leaf->nr, UINT64_MAX);
}

/* The middle takes the place of slots [from, to]; what is left goes to the first leaf. */
static void join_leaves(const struct pair *p, const struct middle *mid, unsigned int from,
			unsigned int to)
{
	struct maple_node *leaf = p->leaf, *behind = p->behind;
	unsigned int nr = leaf->nr, at = from + mid->nr, tail = to + 1;

	leaf->pivot[nr - 1] = p->pivot;
	leaf->nr++;		/* its last slot has a pivot now */
	if (tail < nr) {
		move_slots(leaf, at, leaf, tail, nr);
		at += nr - tail;
		tail = nr;
	} else if (from > nr) {
		move_slots(leaf, nr, behind, 0, from - nr);
	}
	tail -= nr;
	if (tail < behind->nr) {
		move_slots(leaf, at, behind, tail, behind->nr);
		at += behind->nr - tail;
	}
	for (unsigned int j = 0; j < mid->nr; j++)
		put_slot(leaf, from + j, mid->last[j], mid->slot[j]);
	leaf->nr = (u8)at;
}

/* All that there is fits one leaf: the left one. 1; 0: it does not. */
static int leaves_join(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	u32 above = tree->root, entries = 0;
	const struct maple_node *root = mt_node(tree, above);
	u32 left = root->ma64.slot[0], right = root->ma64.slot[1];
	const struct pair p = { mt_node(tree, left), mt_node(tree, right), root->pivot[0] };
	bool in_left = first <= p.pivot, too_short;
	unsigned int from = tree->finger_slot + (in_left ? 0 : p.leaf->nr), to = from, nr;
	struct middle mid;

	while (pair_last(&p, to) < last)
		entries += !!pair_slot(&p, to++);
	entries += !!pair_slot(&p, to);
	middle_init(&mid, mt_slot_first(tree->finger, tree->finger_slot, tree->finger_min),
		    pair_slot(&p, from), first, last, value, pair_last(&p, to), pair_slot(&p, to));
	nr = p.leaf->nr + p.behind->nr + mid.nr - (to + 1 - from);
	if (nr > MAPLE_RANGE64_SLOTS || p.leaf->nr == MAPLE_RANGE64_SLOTS)
		return 0;
	/* Too short for a node, it would have been the root's: then the right leaf goes last. */
	too_short = nr < MAPLE_RANGE64_MIN && in_left && last > p.pivot;
	for (unsigned int j = 0; j < mid.nr; j++)
		tree->nr_entries += !!mid.slot[j];
	tree->nr_entries -= entries;
	join_leaves(&p, &mid, from, to);
	set_root(tree, left, 1);
	give_two(tree, too_short ? above : right, too_short ? right : above);
	set_finger(tree, p.leaf, 0, UINT64_MAX, from + mid.value);
	return 1;
}

int small_store(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	if (!value || tree->height > 2)
		return 0;
	if (tree->height == 1)
		return root_splits(tree, first, last, value);
	if (mt_node(tree, tree->root)->nr > 2 ||
	    tree->finger->nr + 2 > MAPLE_RANGE64_SLOTS)
		return 0;
	return leaves_join(tree, first, last, value);
}
