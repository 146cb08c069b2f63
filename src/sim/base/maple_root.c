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

/* What a store makes of leaves: `from` slots of one, up to three, then another's from `behind`. */
struct splice {
	struct maple_node *head, *tail;
	unsigned int from, nr_mid, behind, nr;
	unsigned int value;	/* the slot that is stored */
	u64 last[3];
	u32 slot[3];
	u32 added;		/* entries */
};

static u32 count_entries(const struct maple_node *leaf, unsigned int from, unsigned int end)
{
	u32 entries = 0;

	for (unsigned int i = from; i < end; i++)
		entries += !!leaf->mr64.slot[i];
	return entries;
}

static void splice_add(struct splice *s, u64 last, u32 slot)
{
	s->last[s->nr_mid] = last;
	s->slot[s->nr_mid++] = slot;
	s->added += !!slot;
}

/* [first, last] gets the value: first lies in head, the finger's leaf, and last in tail. */
static void splice_init(struct splice *s, const struct maple_tree *tree, u64 max, u64 first,
			u64 last, u32 value)
{
	unsigned int from = tree->finger_slot;
	unsigned int to = mt_slot_near(s->tail, s->head == s->tail ? from : 0, last);
	u64 to_last = mt_slot_last(s->tail, to, max);

	s->from = from;
	s->behind = to + 1;
	s->nr_mid = 0;
	s->added = 0;
	if (first > mt_slot_first(s->head, from, tree->finger_min))
		splice_add(s, first - 1, s->head->mr64.slot[from]);
	s->value = from + s->nr_mid;
	splice_add(s, last, value);
	if (last < to_last)
		splice_add(s, to_last, s->tail->mr64.slot[to]);
	s->nr = from + s->nr_mid + s->tail->nr - s->behind;
	if (s->head == s->tail)
		s->added -= count_entries(s->head, from, s->behind);
	else
		s->added -= count_entries(s->head, from, s->head->nr) +
			    count_entries(s->tail, 0, s->behind);
}

/* Which value slot i of it has. */
static u32 splice_slot(const struct splice *s, unsigned int i)
{
	if (i < s->from)
		return s->head->mr64.slot[i];
	i -= s->from;
	return i < s->nr_mid ? s->slot[i] : s->tail->mr64.slot[s->behind + i - s->nr_mid];
}

/* Slots [from, end) of another leaf, of which the last needs no pivot if it is that leaf's last. */
static void copy_slots(struct maple_node *to, unsigned int at, const struct maple_node *leaf,
		       unsigned int from, unsigned int end)
{
	memmove(&to->mr64.slot[at], &leaf->mr64.slot[from], (end - from) * sizeof(to->mr64.slot[0]));
	memmove(&to->pivot[at], &leaf->pivot[from],
		(MIN(end, leaf->nr - 1U) - from) * sizeof(to->pivot[0]));
}

/* Slots [from, end) of it become those of a leaf from `at` on. If it is the head, they stay. */
static void splice_copy(const struct splice *s, struct maple_node *to, unsigned int at,
			unsigned int from, unsigned int end)
{
	unsigned int mid_end = s->from + s->nr_mid, start = MAX(from, mid_end);

	/* The tail first, which may be of the same leaf. */
	if (end > start)
		copy_slots(to, at + start - from, s->tail, s->behind + start - mid_end,
			   s->behind + end - mid_end);
	for (unsigned int i = MAX(from, s->from); i < MIN(end, mid_end); i++) {
		unsigned int place = at + i - from;

		to->mr64.slot[place] = s->slot[i - s->from];
		if (place + 1 < MAPLE_RANGE64_SLOTS)
			to->pivot[place] = s->last[i - s->from];
	}
	if (from < s->from && to != s->head)
		copy_slots(to, at, s->head, from, MIN(end, s->from));
	to->leaf = true;
	to->nr = (u8)(at + end - from);
}

/* The next store is likely to be where this one was. */
static void set_finger(struct maple_tree *tree, struct maple_node *leaf, u64 min, u64 max,
		       unsigned int slot)
{
	tree->finger = leaf;
	tree->finger_min = min;
	tree->finger_max = max;
	tree->finger_slot = slot;
}

static void set_root(struct maple_tree *tree, u32 root, u32 height)
{
	struct maple_node *node = mt_node(tree, root);

	node->parent = 0;
	node->offset = 0;
	tree->root = root;
	tree->height = height;
}

/* A root above two leaves, the first of which ends at pivot. */
static void fill_root(struct maple_tree *tree, u32 root, u32 left, u32 right, u64 pivot)
{
	struct maple_node *node = mt_node(tree, root), *first = mt_node(tree, left);
	struct maple_node *second = mt_node(tree, right);

	node->leaf = false;
	node->nr = 2;
	node->pivot[0] = pivot;
	node->ma64.slot[0] = left;
	node->ma64.slot[1] = right;
	node->ma64.gap[0] = mt_node_gap(first, 0, pivot, UINT64_MAX);
	node->ma64.gap[1] = mt_node_gap(second, pivot + 1, UINT64_MAX, UINT64_MAX);
	first->parent = second->parent = root;
	first->offset = 0;
	second->offset = 1;
}

/* The root, a leaf, is full. 1, or alloc's error. */
static int root_splits(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	u32 reserved = tree->nr_reserved, left = tree->root, right, root;
	struct maple_node *leaf = mt_node(tree, left), *behind;
	struct splice s = { .head = leaf, .tail = leaf };
	unsigned int cut;
	u64 pivot;
	int err = mt_reserve_nodes(tree, 2);

	if (err)
		return err;
	splice_init(&s, tree, UINT64_MAX, first, last, value);
	cut = (s.nr - 1) / 2 + 1;
	cut = cut_behind_entry(splice_slot(&s, cut - 1), s.nr, cut);
	right = mt_take_node(tree);
	root = mt_take_node(tree);
	mt_trim_reserve(tree, reserved);
	behind = mt_node(tree, right);
	splice_copy(&s, behind, 0, cut, s.nr);
	splice_copy(&s, leaf, 0, 0, cut);
	pivot = leaf->pivot[cut - 1];
	tree->nr_entries += s.added;
	fill_root(tree, root, left, right, pivot);
	set_root(tree, root, 2);
	if (s.value < cut)
		set_finger(tree, leaf, 0, pivot, s.value);
	else
		set_finger(tree, behind, pivot + 1, UINT64_MAX, s.value - cut);
	return 1;
}

/* All that there is fits one leaf: the left one. 1; 0: it does not. */
static int leaves_join(struct maple_tree *tree, u64 first, u64 last, u32 value)
{
	u32 reserved = tree->nr_reserved, above = tree->root;
	const struct maple_node *root = mt_node(tree, above);
	u32 left = root->ma64.slot[0], right = root->ma64.slot[1];
	struct maple_node *leaf = mt_node(tree, left), *behind = mt_node(tree, right);
	u64 pivot = root->pivot[0];
	bool in_left = first <= pivot, ends_right = last > pivot;
	struct splice s = { .head = in_left ? leaf : behind, .tail = ends_right ? behind : leaf };

	splice_init(&s, tree, ends_right ? UINT64_MAX : pivot, first, last, value);
	if (s.nr + (in_left ? 0 : leaf->nr) + (ends_right ? 0 : behind->nr) > MAPLE_RANGE64_SLOTS)
		return 0;
	tree->nr_entries += s.added;
	if (in_left) {
		splice_copy(&s, leaf, 0, 0, s.nr);
	} else {
		leaf->pivot[leaf->nr - 1] = pivot;
		s.value += leaf->nr;
		splice_copy(&s, leaf, leaf->nr, 0, s.nr);
	}
	if (!ends_right) {
		leaf->pivot[leaf->nr - 1] = pivot;
		copy_slots(leaf, leaf->nr, behind, 0, behind->nr);
		leaf->nr = (u8)(leaf->nr + behind->nr);
	}
	set_root(tree, left, 1);
	/* Too short for a node, it would have been the root's: then the right leaf goes last. */
	mt_give_node(tree, s.nr < MAPLE_RANGE64_MIN && s.head != s.tail ? above : right);
	mt_give_node(tree, s.nr < MAPLE_RANGE64_MIN && s.head != s.tail ? right : above);
	mt_trim_reserve(tree, reserved);
	set_finger(tree, leaf, 0, UINT64_MAX, s.value);
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
