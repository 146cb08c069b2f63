// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slots on their way from old nodes into new ones. Where a strip is cut follows Linux:
 * in half, or in three where two nodes cannot hold it; never behind an empty slot, so
 * that an empty range is in one leaf and ends with the entry behind it.
 */
#include "sim/base/maple_internal.h"

void strip_insert(struct strip *strip, u32 at, const struct maple_node *node,
		  unsigned int from, unsigned int to, u64 max)
{
	const u32 *slots = node->leaf ? node->mr64.slot : node->ma64.slot;
	unsigned int nr = to > from ? to - from : 0, moved = strip->nr - at;

	if (!nr)
		return;
	if (moved) {
		memmove(&strip->last[at + nr], &strip->last[at], moved * sizeof(strip->last[0]));
		memmove(&strip->slot[at + nr], &strip->slot[at], moved * sizeof(strip->slot[0]));
		if (!node->leaf)
			memmove(&strip->gap[at + nr], &strip->gap[at],
				moved * sizeof(strip->gap[0]));
	}
	memcpy(&strip->last[at], &node->pivot[from], (nr - 1) * sizeof(strip->last[0]));
	strip->last[at + nr - 1] = mt_slot_last(node, to - 1, max);
	memcpy(&strip->slot[at], &slots[from], nr * sizeof(strip->slot[0]));
	if (!node->leaf)
		memcpy(&strip->gap[at], &node->ma64.gap[from], nr * sizeof(strip->gap[0]));
	strip->nr += nr;
}

void strip_add(struct strip *strip, u64 last, u32 slot, u64 gap)
{
	strip->last[strip->nr] = last;
	strip->slot[strip->nr] = slot;
	strip->gap[strip->nr++] = gap;
}

static u32 count_entries(const u32 *slot, unsigned int nr)
{
	u32 entries = 0;

	for (unsigned int i = 0; i < nr; i++)
		entries += !!slot[i];
	return entries;
}

u32 strip_of_leaves(const struct maple_tree *tree, struct strip *strip, const struct step *left,
		    const struct step *right, u64 first, u64 last, u32 value)
{
	const struct maple_node *lnode = mt_node(tree, left->node);
	const struct maple_node *rnode = mt_node(tree, right->node);
	unsigned int lend = lnode == rnode ? right->offset + 1U : lnode->nr, at;
	u64 right_last = mt_slot_last(rnode, right->offset, right->max);
	u32 added;

	strip_insert(strip, strip->nr, lnode, 0, left->offset, left->max);
	at = strip->nr;
	if (first > mt_slot_first(lnode, left->offset, left->min))
		strip_add(strip, first - 1, lnode->mr64.slot[left->offset], 0);
	strip_add(strip, last, value, 0);
	if (last < right_last)
		strip_add(strip, right_last, rnode->mr64.slot[right->offset], 0);
	added = count_entries(&strip->slot[at], strip->nr - at) -
		count_entries(&lnode->mr64.slot[left->offset], lend - left->offset);
	if (lnode != rnode)
		added -= count_entries(rnode->mr64.slot, right->offset + 1U);
	strip_insert(strip, strip->nr, rnode, right->offset + 1U, rnode->nr, right->max);
	return added;
}

static unsigned int cut_strip(const struct strip *strip, bool leaf, unsigned int cut)
{
	return leaf ? cut_behind_entry(strip->slot[cut - 1], strip->nr, cut) : cut;
}

unsigned int strip_cuts(const struct strip *strip, bool leaf, unsigned int cut,
			unsigned int ends[3])
{
	unsigned int slots = mt_slots(leaf), n = 0;

	if (strip->nr > slots) {
		unsigned int top = strip->nr - 1;
		unsigned int half = cut ? cut : top / 2 + 1;

		if (strip->nr > 2 * slots ||
		    (strip->nr == 2 * slots && leaf && !strip->slot[half - 1])) {
			ends[n++] = cut_strip(strip, leaf, top / 3 + 1);
			half = top / 3 * 2 + 1;
		}
		ends[n++] = cut_strip(strip, leaf, half);
	}
	ends[n++] = strip->nr;
	return n;
}

void strip_fill(struct maple_tree *tree, u32 handle, const struct strip *strip,
		bool leaf, unsigned int from, unsigned int to)
{
	struct maple_node *node = mt_node(tree, handle);
	unsigned int nr = to - from;

	node->leaf = leaf;
	node->nr = nr;
	memcpy(node->pivot, &strip->last[from], (nr - 1) * sizeof(node->pivot[0]));
	if (leaf) {
		memcpy(node->mr64.slot, &strip->slot[from], nr * sizeof(node->mr64.slot[0]));
		return;
	}
	memcpy(node->ma64.slot, &strip->slot[from], nr * sizeof(node->ma64.slot[0]));
	memcpy(node->ma64.gap, &strip->gap[from], nr * sizeof(node->ma64.gap[0]));
	for (unsigned int i = 0; i < nr; i++) {
		struct maple_node *child = mt_node(tree, node->ma64.slot[i]);

		child->parent = handle;
		child->offset = i;
	}
}
