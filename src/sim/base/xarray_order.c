// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries of several indices: stored over what was there, which goes with its nodes, and
 * split, where slots become smaller entries or, below the level that they lie on, nodes
 * full of them. The nodes come first, so that nothing fails behind the first change.
 */
#include "sim/base/xarray_internal.h"

static u64 entries_below(const struct xa_node *node)
{
	u64 nr = 0;

	for (u64 bits = node->marks[XA_PRESENT]; bits; bits &= bits - 1) {
		unsigned int i = (unsigned int)ctz64(bits);
		const struct xa_node *child = node->shift ? xa_child(node, i) : NULL;

		nr += child ? entries_below(child) : !xa_is_sibling(node->slots[i]);
	}
	return nr;
}

/* Whatever a slot holds goes. */
static void empty_slot(struct xarray *xa, struct xa_node *node, unsigned int i)
{
	const struct xa_node *child = node->shift ? xa_child(node, i) : NULL;

	if (!child) {
		if (node->slots[i])
			xa_clear_entry(xa, node, i);
		return;
	}
	for (unsigned int mark = 0; mark < XA_MARKS; mark++)
		xa_clear_slot_mark(xa, node, i, mark);
	xa->nr_entries -= entries_below(child);
	xa_destroy_below(xa, child);
	xa_clear_slot(node, i);
}

/* Slots [first, first + nr), empty or an entry's, become entries of `step` slots each. */
static void spread(struct xarray *xa, struct xa_node *node, unsigned int first,
		   unsigned int nr, unsigned int step, u64 entry)
{
	if (node->slots[first] && !xa_child(node, first)) {
		xa->nr_entries--;
		xa_count_value(node, first, 0);
	}
	node->nr_values += xa_is_value(entry) ? nr : 0;
	for (unsigned int i = first; i < first + nr; i++) {
		unsigned int start = i - (i - first) % step;

		xa_set_slot(node, i, i == start ? entry : xa_mk_sibling(start));
		if (i != start)
			continue;
		xa->nr_entries++;
	}
}

int xa_store_order(struct xarray *xa, u64 index, unsigned int order, u64 entry)
{
	const struct xa_place to = xa_place_of(index, order);
	unsigned int nr = 1U << order % XA_SHIFT, first;
	struct xa_node *node;
	int err;

	if (!order)
		return xa_store(xa, index, entry, NULL);
	err = xa_make_place(xa, &to, &node);
	if (err)
		return err;
	first = xa_slot_of(node, index);
	for (unsigned int i = first; i < first + nr; i++)
		empty_slot(xa, node, i);
	spread(xa, node, first, nr, nr, entry);
	return 0;
}

/* The entry in slot `from`, of so many slots, in steps of `step`: the same marks each. */
static void split_in_node(struct xarray *xa, struct xa_node *node, unsigned int from,
			  unsigned int nr, unsigned int step)
{
	spread(xa, node, from, nr, step, node->slots[from]);
	for (unsigned int mark = 0; mark < XA_MARKS; mark++)
		for (unsigned int i = from; node->marks[mark] >> from & 1 && i < from + nr;
		     i += step)
			node->marks[mark] |= 1ULL << i;
}

/* The same one level below: each slot gets a node, full of them. */
static void split_to_children(struct xarray *xa, struct xa_node *node, unsigned int from,
			      unsigned int nr, unsigned int step, struct xa_node **children)
{
	u64 entry = node->slots[from];

	xa->nr_entries--;
	xa_count_value(node, from, 0);
	for (unsigned int i = from; i < from + nr; i++) {
		struct xa_node *child = children[i - from];

		child->shift = (u8)(node->shift - XA_SHIFT);
		child->parent = node;
		child->offset = (u8)i;
		for (unsigned int mark = 0; mark < XA_MARKS; mark++) {
			child->marks[mark] = node->marks[mark] >> from & 1;
			node->marks[mark] |= child->marks[mark] << i;
		}
		spread(xa, child, 0, XA_SLOTS, XA_SLOTS, entry);
		split_in_node(xa, child, 0, XA_SLOTS, step);
		node->slots[i] = xa_mk_node(child);
	}
}

/*
 * The node of the entry that is to be split, and what it needs below: for each of its slots a
 * node, or one. *node NULL: there is nothing to split (any more).
 */
static int prepare_split(struct xarray *xa, u64 index, unsigned int order, bool each_slot,
			 struct xa_node **node, struct xa_node **children)
{
	unsigned int nr = 1;
	u32 version;
	int err;

	for (;;) {
		*node = order < xa_get_order(xa, index) ? xa_leaf_of(xa, index) : NULL;
		if (!*node || order >= (*node)->shift)
			return 0;
		if (each_slot)
			nr = xa_nr_slots_of(*node, xa_canonical(*node, xa_slot_of(*node, index)));
		version = xa->version;
		err = xa_get_nodes(xa, children, nr);
		if (err || likely(xa->version - version == nr && order < xa_get_order(xa, index)))
			return err;
		xa_put_nodes(xa, children, nr);
	}
}

int xa_split(struct xarray *xa, u64 index, unsigned int order)
{
	struct xa_node *node, *children[XA_SLOTS / 2];
	unsigned int step = 1U << order % XA_SHIFT, from, nr;
	int err = prepare_split(xa, index, order, /* each_slot = */ true, &node, children);

	if (err || !node)
		return err;
	from = xa_canonical(node, xa_slot_of(node, index));
	nr = xa_nr_slots_of(node, from);
	if (order >= node->shift)
		split_in_node(xa, node, from, nr, step);
	else
		split_to_children(xa, node, from, nr, step, children);
	return 0;
}

int xa_split_at(struct xarray *xa, u64 index, unsigned int order)
{
	struct xa_node *node, *child;
	unsigned int from, nr;
	int err = prepare_split(xa, index, order, /* each_slot = */ false, &node, &child);

	if (err || !node)
		return err;
	for (unsigned int at = xa_get_order(xa, index); at > order; at--) {
		from = xa_canonical(node, xa_slot_of(node, index));
		nr = xa_nr_slots_of(node, from);
		if (nr > 1) {
			split_in_node(xa, node, from, nr, nr / 2);
			continue;
		}
		split_to_children(xa, node, from, 1, XA_SLOTS / 2, &child);
		node = child;
	}
	return 0;
}
