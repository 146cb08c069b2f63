// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walking all nodes, and checking them. Each node is held against its parent on the
 * way down and against its children's marks; what is counted is compared at the end.
 */
#include "sim/base/xarray.h"

static int walk_below(const struct xa_node *node, u64 first, xa_visit_fn *visit, void *arg)
{
	int stop = visit(arg, node->self, first, node);

	for (u64 bits = node->marks[XA_PRESENT]; !stop && node->shift && bits; bits &= bits - 1) {
		u64 i = (u64)ctz64(bits);
		const struct xa_node *child = xa_child(node, (unsigned int)i);

		if (child)
			stop = walk_below(child, first | i << node->shift, visit, arg);
	}
	return stop;
}

int xa_walk(const struct xarray *xa, xa_visit_fn *visit, void *arg)
{
	return xa->root ? walk_below(xa->root, 0, visit, arg) : 0;
}

struct validation {
	const struct xarray *xa;
	xa_report_fn *report;
	void *ctx;
	u64 nr_nodes, nr_entries;
	unsigned int nr_broken;
};

static void broken(struct validation *v, u32 node, u64 index, const char *what)
{
	v->nr_broken++;
	if (v->report)
		v->report(v->ctx, node, index, what);
}

/* It names a slot before it that holds an entry, which with those between is its. */
static void check_sibling(struct validation *v, const struct xa_node *node, unsigned int i,
			  u64 first)
{
	unsigned int of = xa_canonical(node, i);
	bool marked = false;

	for (unsigned int mark = 0; mark < XA_MARKS; mark++)
		marked |= node->marks[mark] >> i & 1;
	if (of >= i || !node->slots[of] || xa_canonical(node, of) != of || xa_child(node, of) ||
	    (of + 1 < i && node->slots[i - 1] != node->slots[i]) || marked)
		broken(v, node->self, first | (u64)i << node->shift,
		       "a sibling entry without its entry, or with a mark");
}

/* How many slots it has is a power of two, and it begins at a multiple of that. */
static void check_extent(struct validation *v, const struct xa_node *node, unsigned int i,
			 u64 first)
{
	unsigned int nr = 1;

	while (i + nr < XA_SLOTS && node->slots[i + nr] == xa_mk_sibling(i))
		nr++;
	if (nr & (nr - 1) || i % nr)
		broken(v, node->self, first | (u64)i << node->shift,
		       "an entry of as many slots as none has");
}

static void check_slots(struct validation *v, const struct xa_node *node, u64 first)
{
	unsigned int nr_values = 0, count = 0;

	for (unsigned int i = 0; i < XA_SLOTS; i++) {
		bool present = node->marks[XA_PRESENT] >> i & 1;

		if (present != !!node->slots[i])
			broken(v, node->self, first | (u64)i << node->shift,
			       "a slot and the bit that it is not empty differ");
		if (xa_is_sibling(node->slots[i]))
			check_sibling(v, node, i, first);
		else if (node->slots[i] && !xa_child(node, i))
			check_extent(v, node, i, first);
		v->nr_entries += node->slots[i] && !xa_is_sibling(node->slots[i]) &&
				 !(node->shift && xa_child(node, i));
		nr_values += xa_is_value(node->slots[xa_canonical(node, i)]);
		count += present;
	}
	if (count != node->count)
		broken(v, node->self, first, "the number of slots in use is wrong");
	if (nr_values != node->nr_values)
		broken(v, node->self, first, "the number of values is wrong");
}

static void check_node(struct validation *v, const struct xa_node *node, u64 first)
{
	const struct xarray *xa = v->xa;

	v->nr_nodes++;
	if (xa->ops->get(xa->ctx, node->self) != node)
		broken(v, node->self, first, "its handle leads elsewhere");
	if (!node->marks[XA_PRESENT])
		broken(v, node->self, first, "an empty node");
	for (unsigned int mark = 0; mark < XA_MARKS; mark++)
		if (node->marks[mark] & ~node->marks[XA_PRESENT])
			broken(v, node->self, first, "a mark on an empty slot");
	check_slots(v, node, first);
}

static void check_below(struct validation *v, const struct xa_node *node, u64 first);

static void check_child(struct validation *v, const struct xa_node *node, unsigned int i,
			u64 first)
{
	const struct xa_node *child = xa_child(node, i);

	if (child->parent != node || child->offset != i)
		broken(v, child->self, first, "it names another parent or slot");
	for (unsigned int mark = 0; mark < XA_MARKS; mark++)
		if ((node->marks[mark] >> i & 1) != !!child->marks[mark])
			broken(v, child->self, first, "its mark is not that of its slot above");
	if (child->shift + XA_SHIFT == node->shift)
		check_below(v, child, first);
	else
		broken(v, child->self, first, "it is not one level below its parent");
}

static void check_below(struct validation *v, const struct xa_node *node, u64 first)
{
	check_node(v, node, first);
	for (unsigned int i = 0; node->shift && i < XA_SLOTS; i++)
		if (xa_child(node, i))
			check_child(v, node, i, first | (u64)i << node->shift);
}

static void check_root(struct validation *v)
{
	const struct xarray *xa = v->xa;
	const struct xa_node *root = xa->root;

	if (root->self != xa->top || root->parent || xa->head)
		broken(v, xa->top, 0, "the root is not what the array says");
	if (root->shift % XA_SHIFT || root->shift >= XA_LEVELS * XA_SHIFT) {
		broken(v, xa->top, 0, "the root's level is none");
		return;
	}
	/* An entry of 64 indices that was split leaves a node above the only other one. */
	if (root->marks[XA_PRESENT] == 1 && !root->shift)
		broken(v, xa->top, 0, "the tree is higher than it need be");
	for (unsigned int mark = 0; mark < XA_MARKS; mark++)
		if (xa_marked(xa, mark) != !!root->marks[mark])
			broken(v, xa->top, 0, "the array's mark is not its root's");
	check_below(v, root, 0);
}

unsigned int xa_validate(const struct xarray *xa, xa_report_fn *report, void *ctx,
			 u64 *nr_checked)
{
	struct validation v = { .xa = xa, .report = report, .ctx = ctx };

	if (xa->root)
		check_root(&v);
	else
		v.nr_entries = xa->head != 0;
	if (!xa->root && (xa->top || (xa->marks && !xa->head)))
		broken(&v, 0, 0, "a root or a mark without entries");
	if (v.nr_entries != xa->nr_entries)
		broken(&v, 0, 0, "the number of entries is wrong");
	if (v.nr_nodes != xa->nr_nodes)
		broken(&v, 0, 0, "the number of nodes is wrong");
	if (nr_checked)
		*nr_checked += v.nr_nodes;
	return v.nr_broken;
}
