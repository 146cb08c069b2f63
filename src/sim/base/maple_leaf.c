// SPDX-License-Identifier: GPL-2.0-or-later
/* What most stores are: slots of one leaf move, and the gaps above it change. */
#include "sim/base/maple_internal.h"

u64 mt_node_gap(const struct maple_node *node, u64 min, u64 max, u64 most)
{
	u64 largest = 0;

	if (node->leaf)
		return mt_leaf_gap(node, min, max, most);
	for (unsigned int i = 0; i < node->nr && largest < most; i++)
		largest = MAX(largest, node->ma64.gap[i]);
	return largest;
}

void mt_update_gaps(struct maple_tree *tree, const struct maple_node *node, u64 min, u64 max,
		    u64 changed)
{
	while (node->parent) {
		struct maple_node *parent = mt_node(tree, node->parent);
		u64 known = parent->ma64.gap[node->offset], gap = changed;

		if (changed < known)
			gap = mt_node_gap(node, min, max, known);
		if (gap == known)
			return;
		parent->ma64.gap[node->offset] = changed = gap;
		node = parent;
	}
}

/* An empty range of this size has come to be in the leaf. */
static inline void gap_came(struct maple_tree *tree, const struct maple_node *node, u64 size)
{
	while (node->parent) {
		struct maple_node *parent = mt_node(tree, node->parent);

		if (parent->ma64.gap[node->offset] >= size)
			return;
		parent->ma64.gap[node->offset] = size;
		node = parent;
	}
}

/* One of at most this size is gone, or smaller. */
static inline void gap_went(struct maple_tree *tree, const struct maple_node *node, u64 size)
{
	u64 min = tree->finger_min, max = tree->finger_max;

	while (node->parent) {
		struct maple_node *parent = mt_node(tree, node->parent);
		u64 known = parent->ma64.gap[node->offset], gap;

		if (size < known)
			return;
		gap = mt_node_gap(node, min, max, known);
		if (gap == known)
			return;
		parent->ma64.gap[node->offset] = gap;
		size = known;
		node = parent;
	}
}

/* A range on its way into slots [from, to] of a leaf. */
struct leaf_write {
	struct maple_node *leaf;
	u64 first, last;
	unsigned int from, to;
	bool keep_left, keep_right;	/* parts of the slots at the edges */
};

/* Erasing takes in the empty ranges beside it, as far as they are in this leaf. */
static inline void leaf_extend_empty(const struct maple_tree *tree, struct leaf_write *w)
{
	const u32 *slot = w->leaf->mr64.slot;

	if (!slot[w->from] || (!w->keep_left && w->from && !slot[w->from - 1])) {
		w->from -= !!slot[w->from];
		w->first = mt_slot_first(w->leaf, w->from, tree->finger_min);
		w->keep_left = false;
	}
	if (!slot[w->to] || (!w->keep_right && w->to + 1U < w->leaf->nr && !slot[w->to + 1])) {
		w->to += !!slot[w->to];
		w->last = mt_slot_last(w->leaf, w->to, tree->finger_max);
		w->keep_right = false;
	}
}

/* Returns how many ranges were overwritten, at least in part, that were empty. */
static inline unsigned int leaf_rewrite(struct maple_tree *tree, const struct leaf_write *w,
					u32 value, unsigned int nr)
{
	struct maple_range_64 *mr = &w->leaf->mr64;
	unsigned int tail = w->to + !w->keep_right, at = w->from + w->keep_left;
	unsigned int nr_tail = w->leaf->nr - tail, old_entries = 0;

	for (unsigned int i = w->from; i <= w->to; i++)
		old_entries += !!mr->slot[i];
	tree->nr_entries += (w->keep_left && mr->slot[w->from]) +
			    (w->keep_right && mr->slot[w->to]) + !!value - old_entries;
	if (nr_tail && at + 1 != tail)
		mt_move_slots(w->leaf, at + 1, w->leaf, tail, w->leaf->nr, nr_tail - 1);
	if (w->keep_left)
		mr->pivot[w->from] = w->first - 1;
	mr->slot[at] = value;
	if (nr_tail)
		mr->pivot[at] = w->last;
	w->leaf->nr = nr;
	tree->finger_slot = at;
	return w->to - w->from + 1 - old_entries;
}

/* Most stores: a value within one slot, of which a part may stay on either side. */
static bool slot_store(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	struct maple_node *leaf = tree->finger;
	struct maple_range_64 *mr = &leaf->mr64;
	unsigned int i = tree->finger_slot, nr_tail = leaf->nr - i - 1U;
	u64 slot_first = mt_slot_first(leaf, i, tree->finger_min);
	u64 slot_last = mt_slot_last(leaf, i, tree->finger_max);
	bool keep_left = first > slot_first, keep_right = last < slot_last;
	unsigned int grows = keep_left + keep_right;
	u32 old = mr->slot[i];

	if (leaf->nr + grows > MAPLE_RANGE64_SLOTS)
		return false;
	if (grows && nr_tail) {
		mt_move_slots(leaf, i + 1 + grows, leaf, i + 1, leaf->nr, nr_tail - 1);
		mr->pivot[i + grows] = slot_last;
	}
	leaf->nr = (u8)(leaf->nr + grows);
	if (keep_left)
		mr->pivot[i++] = first - 1;
	tree->finger_slot = i;
	mr->slot[i] = value;
	if (keep_right) {
		mr->pivot[i] = last;
		mr->slot[i + 1] = old;
	}
	tree->nr_entries += old ? grows : 1;
	if (!old)
		gap_went(tree, leaf, slot_last - slot_first + 1);
	return true;
}

bool leaf_store(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	struct maple_node *leaf = tree->finger;
	unsigned int from = tree->finger_slot;
	struct leaf_write w = {
		.leaf = leaf, .first = first, .last = last, .from = from,
		.to = mt_slot_near(leaf, from, last),
	};
	u64 from_first = mt_slot_first(leaf, from, tree->finger_min);
	u64 to_last = mt_slot_last(leaf, w.to, tree->finger_max);
	unsigned int nr;

	if (value && w.to == from)
		return slot_store(tree, first, last, value);
	/* No leaf but the last may end empty. */
	if (!value && last == tree->finger_max && last != UINT64_MAX)
		return false;
	w.keep_left = first > from_first;
	w.keep_right = last < to_last;
	if (!value)
		leaf_extend_empty(tree, &w);
	nr = leaf->nr - (w.to - w.from) + w.keep_left + w.keep_right;
	if (nr > MAPLE_RANGE64_SLOTS || (leaf->parent && nr < MAPLE_RANGE64_MIN))
		return false;
	if (!leaf_rewrite(tree, &w, value, nr) && value)
		return true;
	if (!value)
		gap_came(tree, leaf, w.last - w.first + 1);
	else
		gap_went(tree, leaf, UINT64_MAX);
	return true;
}
