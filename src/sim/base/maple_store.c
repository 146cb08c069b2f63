// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Most stores rewrite slots of one leaf (maple_leaf.c). The others gather, level by level
 * from the leaves up, what replaces the nodes from a left path to a right path (one
 * path where a single leaf is concerned) in a strip, lay the strip into one to three
 * nodes, and go on one level higher with these as the new children:
 *
 *	   [  left  ] (all between is freed) [  right  ]
 *	    a b |c                              x| y z
 *	strip:  a b  NEW  y z
 *
 * A strip that is too long for its node first tries to push a part into a sibling, as
 * Linux does to keep nodes full when entries are appended; one that is too short takes
 * in the next node of its level. The rules of how to cut are Linux's: in half, never
 * behind an empty slot. All nodes are in reserve before anything changes.
 */
#include "sim/base/maple_internal.h"

/* Steps from the root, [0], to a leaf. */
struct mt_write {
	struct maple_tree *tree;
	struct step left[MAPLE_HEIGHT_MAX], right[MAPLE_HEIGHT_MAX];
	struct strip strip;
};

/* ---- Paths ---- */

static void path_down(const struct maple_tree *tree, u64 index, struct step *path)
{
	struct step step = { .node = tree->root, .max = UINT64_MAX };

	for (u32 level = 0;; level++) {
		const struct maple_node *node = mt_node(tree, step.node);

		step.offset = mt_slot_of(node, index);
		path[level] = step;
		if (node->leaf)
			return;
		step.min = mt_slot_first(node, step.offset, step.min);
		step.max = mt_slot_last(node, step.offset, step.max);
		step.node = node->ma64.slot[step.offset];
	}
}

/* The right path to index: at first, mostly to the end, it is the left one. */
static void path_down_beside(struct mt_write *w, u64 index)
{
	const struct maple_tree *tree = w->tree;
	u32 leaf = tree->height - 1;

	if (index > w->left[leaf].max) {
		path_down(tree, index, w->right);
		return;
	}
	memcpy(w->right, w->left, tree->height * sizeof(w->left[0]));
	w->right[leaf].offset = mt_slot_of(mt_node(tree, w->left[leaf].node), index);
}

/*
 * Move the path, down to `level`, to the next or previous node of that level. Nodes
 * that it leaves, and that are not the other path's, go into the reserve. False: the
 * path is at the edge of the tree.
 */
static bool path_move(struct maple_tree *tree, struct step *path, const struct step *other,
		      u32 level, bool forward)
{
	u32 fork = level;

	do {
		if (!fork--)
			return false;
	} while (forward ? path[fork].offset + 1U >= mt_node(tree, path[fork].node)->nr :
			   !path[fork].offset);
	for (u32 i = fork + 1; i <= level; i++) {
		if (path[i].node != other[i].node)
			mt_give_node(tree, path[i].node);
	}
	path[fork].offset += forward ? 1 : -1;
	for (u32 i = fork; i < level; i++) {
		const struct maple_node *node = mt_node(tree, path[i].node);
		unsigned int offset = path[i].offset;

		path[i + 1] = (struct step) {
			.node = node->ma64.slot[offset],
			.min = mt_slot_first(node, offset, path[i].min),
			.max = mt_slot_last(node, offset, path[i].max),
		};
		node = mt_node(tree, path[i + 1].node);
		path[i + 1].offset = forward ? 0 : node->nr - 1;
	}
	return true;
}

/* ---- A strip and the nodes of two paths ---- */

/*
 * The nodes that the strip of leaves needs beyond those that it replaces: none if one
 * leaf holds it, else one at each level up to a node that has room for one slot more.
 */
static unsigned int nodes_needed(const struct mt_write *w)
{
	unsigned int nr = 0;

	if (w->strip.nr <= MAPLE_RANGE64_SLOTS)
		return 0;
	for (u32 level = w->tree->height - 1; level--;) {
		const struct step *left = &w->left[level], *right = &w->right[level];

		nr++;
		if (left->node == right->node &&
		    mt_node(w->tree, left->node)->nr < MAPLE_ARANGE64_SLOTS)
			return nr;
	}
	return nr + 2;		/* and a root above */
}

/* What lies wholly between the paths goes back to the owner; entries are counted. */
static void free_between(struct mt_write *w)
{
	struct maple_tree *tree = w->tree;

	for (u32 level = 0; level + 1 < tree->height; level++) {
		const struct step *left = &w->left[level], *right = &w->right[level];
		const struct maple_node *node = mt_node(tree, left->node);
		bool same = left->node == right->node;
		unsigned int end = same ? right->offset : node->nr;

		for (unsigned int i = left->offset + 1U; i < end; i++)
			tree->nr_entries -= mt_free_subtree(tree, node->ma64.slot[i]);
		node = mt_node(tree, right->node);
		for (unsigned int i = 0; !same && i < right->offset; i++)
			tree->nr_entries -= mt_free_subtree(tree, node->ma64.slot[i]);
	}
}

/*
 * The nodes of both paths at this level become the strip, cut at `cut` or in half;
 * the strip then is the list of these nodes, what their parents have to hold.
 */
static void strip_to_nodes(struct mt_write *w, u32 level, bool leaf, unsigned int cut)
{
	struct strip *strip = &w->strip;
	unsigned int ends[3], nr = strip_cuts(strip, leaf, cut, ends), from = 0;
	u64 min = w->left[level].min, last[3], gap[3];
	u32 handle[3];

	if (w->right[level].node != w->left[level].node)
		mt_give_node(w->tree, w->right[level].node);
	mt_give_node(w->tree, w->left[level].node);
	for (unsigned int i = 0; i < nr; from = ends[i++]) {
		handle[i] = mt_take_node(w->tree);
		last[i] = strip->last[ends[i] - 1];
		strip_fill(w->tree, handle[i], strip, leaf, from, ends[i]);
		gap[i] = mt_node_gap(mt_node(w->tree, handle[i]), min, last[i], UINT64_MAX);
		min = last[i] + 1;
	}
	strip->nr = 0;
	for (unsigned int i = 0; i < nr; i++)
		strip_add(strip, last[i], handle[i], gap[i]);
}

/* The strip holds children of this level's nodes: add the others that they have. */
static void strip_add_siblings(struct mt_write *w, u32 level)
{
	const struct step *left = &w->left[level], *right = &w->right[level];
	const struct maple_node *node = mt_node(w->tree, right->node);

	strip_insert(&w->strip, w->strip.nr, node, right->offset + 1U, node->nr, right->max);
	strip_insert(&w->strip, 0, mt_node(w->tree, left->node), 0, left->offset, left->max);
}

/* ---- Too long, too short ---- */

/*
 * Into a sibling of the same parent, if both together have room to spare. Returns
 * where to cut the strip then, or 0.
 */
static unsigned int strip_push(struct mt_write *w, u32 level, bool leaf, bool forward)
{
	struct strip *strip = &w->strip;
	struct step *path = forward ? w->right : w->left;
	const struct maple_node *parent = mt_node(w->tree, path[level - 1].node), *node;
	unsigned int room = 2 * mt_slots(leaf) - leaf - (path[level].max == UINT64_MAX);
	unsigned int offset = path[level - 1].offset;

	if (forward ? offset + 1U >= parent->nr : !offset)
		return 0;
	node = mt_node(w->tree, parent->ma64.slot[forward ? offset + 1 : offset - 1]);
	if (strip->nr + node->nr >= room)
		return 0;
	path_move(w->tree, path, forward ? w->left : w->right, level, forward);
	strip_insert(strip, forward ? strip->nr : 0, node, 0, node->nr, path[level].max);
	return forward ? strip->nr - (mt_slots(leaf) - 1) : mt_slots(leaf) - 1;
}

/* Take in a node of the same level. False: there is no other. */
static bool strip_pull(struct mt_write *w, u32 level)
{
	bool forward = path_move(w->tree, w->right, w->left, level, /* forward = */ true);
	const struct maple_node *node;
	const struct step *at;

	if (!forward && !path_move(w->tree, w->left, w->right, level, /* forward = */ false))
		return false;
	at = forward ? &w->right[level] : &w->left[level];
	node = mt_node(w->tree, at->node);
	strip_insert(&w->strip, forward ? w->strip.nr : 0, node, 0, node->nr, at->max);
	return true;
}

/* ---- The root ---- */

/* The strip is all that there is at `level`: the nodes above are not needed. */
static void drop_above(struct mt_write *w, u32 level)
{
	for (u32 i = 0; i < level; i++) {
		if (w->right[i].node != w->left[i].node)
			mt_give_node(w->tree, w->right[i].node);
		mt_give_node(w->tree, w->left[i].node);
	}
	w->tree->height -= level;
}

/* The strip is what the root holds, or too much for one node. */
static void strip_to_root(struct mt_write *w, u32 level)
{
	struct maple_tree *tree = w->tree;
	bool leaf = level + 1 == tree->height;

	drop_above(w, level);
	if (w->strip.nr <= mt_slots(leaf)) {
		tree->root = w->left[level].node;
		if (w->right[level].node != tree->root)
			mt_give_node(tree, w->right[level].node);
		strip_fill(tree, tree->root, &w->strip, leaf, 0, w->strip.nr);
	} else {
		strip_to_nodes(w, level, leaf, 0);
		tree->root = mt_take_node(tree);
		strip_fill(tree, tree->root, &w->strip, /* leaf = */ false, 0, w->strip.nr);
		tree->height++;
	}
	while (!mt_node(tree, tree->root)->leaf && mt_node(tree, tree->root)->nr == 1) {
		u32 child = mt_node(tree, tree->root)->ma64.slot[0];

		mt_give_node(tree, tree->root);
		tree->root = child;
		tree->height--;
	}
	mt_node(tree, tree->root)->parent = 0;
	mt_node(tree, tree->root)->offset = 0;
}

/* ---- Storing ---- */

/* It fits: the node's parents need to know of its gap at most. */
static void strip_to_node(struct mt_write *w, u32 level, bool leaf)
{
	const struct step *at = &w->left[level];
	struct maple_node *node = mt_node(w->tree, at->node);

	strip_fill(w->tree, at->node, &w->strip, leaf, 0, w->strip.nr);
	mt_update_gaps(w->tree, node, at->min, at->max,
		       mt_node_gap(node, at->min, at->max, UINT64_MAX));
}

static void strip_store(struct mt_write *w)
{
	struct maple_tree *tree = w->tree;

	for (u32 level = tree->height; level--;) {
		bool leaf = level + 1 == tree->height;
		unsigned int cut = 0;

		if (!leaf)
			strip_add_siblings(w, level);
		if (!level) {
			strip_to_root(w, level);
			return;
		}
		if (w->strip.nr < mt_min_slots(leaf)) {
			if (!strip_pull(w, level)) {
				strip_to_root(w, level);
				return;
			}
		} else if (w->left[level].node == w->right[level].node) {
			if (w->strip.nr > mt_slots(leaf))
				cut = strip_push(w, level, leaf, /* forward = */ false);
			if (w->strip.nr > mt_slots(leaf) && !cut)
				cut = strip_push(w, level, leaf, /* forward = */ true);
			if (w->strip.nr <= mt_slots(leaf)) {
				strip_to_node(w, level, leaf);
				return;
			}
		}
		strip_to_nodes(w, level, leaf, cut);
	}
}

/* Erasing [first, last]: the empty ranges beside it become part of it. */
static void extend_empty(const struct maple_tree *tree, u64 *first, u64 *last)
{
	u64 low, high;

	if (!mt_load(tree, *first, &low, NULL))
		*first = low;
	else if (low == *first && low && !mt_load(tree, low - 1, &low, NULL))
		*first = low;
	if (!mt_load(tree, *last, NULL, &high))
		*last = high;
	else if (high == *last && high != UINT64_MAX && !mt_load(tree, high + 1, NULL, &high))
		*last = high;
}

static int store_slow(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	u32 reserved = tree->nr_reserved, levels = tree->height, added;
	struct mt_write w;
	int err;

	w.tree = tree;
	w.strip.nr = 0;
	if (!value)
		extend_empty(tree, &first, &last);
	path_down(tree, first, w.left);
	path_down_beside(&w, last);
	/* No leaf but the last ends empty: the next one begins with it. */
	if (!value && last == w.right[levels - 1].max && last != UINT64_MAX)
		path_down(tree, last + 1, w.right);
	added = strip_of_leaves(tree, &w.strip, &w.left[levels - 1], &w.right[levels - 1], first,
				last, value);
	err = mt_reserve_nodes(tree, nodes_needed(&w));
	if (err)
		return err;
	tree->finger = NULL;
	tree->nr_entries += added;
	free_between(&w);
	strip_store(&w);
	mt_trim_reserve(tree, reserved);
	return 0;
}

/* The first entry: a root leaf of at most three ranges. */
static int store_root(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	u32 reserved = tree->nr_reserved;
	struct strip strip;
	int err;

	strip.nr = 0;
	if (!value)
		return 0;
	err = reserved ? 0 : mt_reserve_nodes(tree, 1);
	if (err)
		return err;
	if (first)
		strip_add(&strip, first - 1, 0, 0);
	strip_add(&strip, last, value, 0);
	if (last != UINT64_MAX)
		strip_add(&strip, UINT64_MAX, 0, 0);
	tree->root = mt_take_node(tree);
	strip_fill(tree, tree->root, &strip, /* leaf = */ true, 0, strip.nr);
	mt_node(tree, tree->root)->parent = 0;
	mt_node(tree, tree->root)->offset = 0;
	tree->height = 1;
	tree->nr_entries = 1;
	mt_trim_reserve(tree, reserved);
	return 0;
}

static void drop_empty_root(struct maple_tree *tree)
{
	tree->finger = NULL;
	tree->ops->free(tree->ctx, tree->root);
	tree->nr_nodes--;
	tree->root = 0;
	tree->height = 0;
}

int mt_store_range(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	int err = 0;

	if (first > last)
		return -EINVAL;
	if (!tree->root) {
		err = store_root(tree, first, last, value);
		goto out;
	}
	mt_seek(tree, first);
	if (last <= tree->finger_max && leaf_store(tree, first, last, value))
		goto out;
	err = small_store(tree, first, last, value);
	if (!err)
		err = store_slow(tree, first, last, value);
	err = MIN(err, 0);
out:
	if (!err && tree->root && !tree->nr_entries)
		drop_empty_root(tree);
	if (!err)
		tree->version++;
	return err;
}
