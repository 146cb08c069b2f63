// SPDX-License-Identifier: GPL-2.0-or-later
/* What most stores are: slots of one leaf move, and the gaps above it change. */
#include "sim/base/maple_internal.h"

u64 mt_node_gap(const struct maple_node *node, u64 min, u64 max, u64 most)
{
	u64 largest = 0;

	for (unsigned int i = 0; i < node->nr && largest < most; i++) {
		if (!node->leaf)
			largest = MAX(largest, node->ma64.gap[i]);
		else if (!node->mr64.slot[i])
			largest = MAX(largest, mt_slot_last(node, i, max) -
					       mt_slot_first(node, i, min) + 1);
	}
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

/* Erasing takes in the empty ranges beside it, as far as they are in this leaf. */
static void leaf_extend_empty(struct leaf_write *w)
{
	const struct maple_node *leaf = w->leaf;
	u64 from_first = mt_slot_first(leaf, w->from, w->min);

	if (!leaf->mr64.slot[w->from]) {
		w->first = from_first;
	} else if (w->first == from_first && w->from && !leaf->mr64.slot[w->from - 1]) {
		w->from--;
		w->first = mt_slot_first(leaf, w->from, w->min);
	}
	if (!leaf->mr64.slot[w->to]) {
		w->last = mt_slot_last(leaf, w->to, w->max);
	} else if (w->last == mt_slot_last(leaf, w->to, w->max) && w->to + 1U < leaf->nr &&
		   !leaf->mr64.slot[w->to + 1]) {
		w->to++;
		w->last = mt_slot_last(leaf, w->to, w->max);
	}
}

/* Returns how many ranges were overwritten, at least in part, that were empty. */
static unsigned int leaf_rewrite(struct maple_tree *tree, const struct leaf_write *w,
				 bool keep_left, bool keep_right, unsigned int nr)
{
	struct maple_range_64 *mr = &w->leaf->mr64;
	unsigned int tail = w->to + !keep_right, at = w->from + keep_left;
	unsigned int nr_tail = w->leaf->nr - tail, old_entries = 0;

	for (unsigned int i = w->from; i <= w->to; i++)
		old_entries += !!mr->slot[i];
	tree->nr_entries += (keep_left && mr->slot[w->from]) + (keep_right && mr->slot[w->to]) +
			    !!w->value - old_entries;
	if (nr_tail && at + 1 != tail) {
		memmove(&mr->slot[at + 1], &mr->slot[tail], nr_tail * sizeof(mr->slot[0]));
		memmove(&mr->pivot[at + 1], &mr->pivot[tail],
			(nr_tail - 1) * sizeof(mr->pivot[0]));
	}
	if (keep_left)
		mr->pivot[w->from] = w->first - 1;
	mr->slot[at] = w->value;
	if (nr_tail)
		mr->pivot[at] = w->last;
	w->leaf->nr = nr;
	return w->to - w->from + 1 - old_entries;
}

bool leaf_store(struct maple_tree *tree, struct leaf_write *w)
{
	bool root = !w->leaf->parent, keep_left, keep_right;
	unsigned int nr, nr_empty;

	w->to = w->from;
	while (w->to + 1U < w->leaf->nr && w->leaf->pivot[w->to] < w->last)
		w->to++;
	if (!w->value) {
		/* No leaf but the last may end empty. */
		if (w->last == w->max && w->max != UINT64_MAX)
			return false;
		leaf_extend_empty(w);
	}
	keep_left = w->first > mt_slot_first(w->leaf, w->from, w->min);
	keep_right = w->last < mt_slot_last(w->leaf, w->to, w->max);
	nr = w->leaf->nr - (w->to - w->from) + keep_left + keep_right;
	if (nr > MAPLE_RANGE64_SLOTS || (!root && nr < MAPLE_RANGE64_MIN))
		return false;
	nr_empty = leaf_rewrite(tree, w, keep_left, keep_right, nr);
	if (!w->value)
		mt_update_gaps(tree, w->leaf, w->min, w->max, w->last - w->first + 1);
	else if (nr_empty)
		mt_update_gaps(tree, w->leaf, w->min, w->max, 0);
	return true;
}
