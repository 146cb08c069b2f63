// SPDX-License-Identifier: GPL-2.0-or-later
/* A walk from the root, which trusts nothing but handles when it checks. */
#include "sim/base/maple_internal.h"

u64 mt_slot_gap(const struct maple_visit *visit, unsigned int i)
{
	const struct maple_node *node = visit->node;

	if (!node->leaf)
		return node->ma64.gap[i];
	if (node->mr64.slot[i])
		return 0;
	return mt_slot_last(node, i, visit->max) - mt_slot_first(node, i, visit->min) + 1;
}

static int mt_walk_node(const struct maple_tree *tree, const struct maple_visit *at,
			int (*visit)(void *ctx, const struct maple_visit *), void *ctx)
{
	const struct maple_node *node = at->node;
	int ret = visit(ctx, at);

	for (unsigned int i = 0; !ret && !node->leaf && i < node->nr; i++) {
		struct maple_visit child = {
			.handle = node->ma64.slot[i], .depth = at->depth + 1,
			.min = mt_slot_first(node, i, at->min),
			.max = mt_slot_last(node, i, at->max),
			.node = mt_node(tree, node->ma64.slot[i]),
		};

		ret = mt_walk_node(tree, &child, visit, ctx);
	}
	return ret;
}

int mt_walk(const struct maple_tree *tree, int (*visit)(void *ctx, const struct maple_visit *),
	    void *ctx)
{
	struct maple_visit root = { .handle = tree->root, .max = UINT64_MAX };

	if (!tree->root)
		return 0;
	root.node = mt_node(tree, tree->root);
	return mt_walk_node(tree, &root, visit, ctx);
}

struct mt_check {
	const struct maple_tree *tree;
	mt_report_fn *report;
	void *ctx;
	unsigned int nr_broken;
	u32 nr_nodes, nr_entries;
	bool empty_before;	/* the slot before, in index order, was empty */
	bool finger_seen;
};

static void mt_complain(struct mt_check *check, const struct maple_visit *at, const char *what)
{
	check->nr_broken++;
	if (check->report)
		check->report(check->ctx, at->handle, at->min, at->max, what);
}

/* False: too broken to go on below. */
static bool mt_check_frame(struct mt_check *check, const struct maple_visit *at)
{
	const struct maple_node *node = at->node;
	unsigned int least = mt_min_slots(node->leaf);
	u64 low = at->min;

	if (at->handle == check->tree->root)
		least = node->leaf ? 1 : 2;
	if (!node->nr || node->nr > mt_slots(node->leaf)) {
		mt_complain(check, at, "the number of slots in use is impossible");
		return false;
	}
	if (node->nr < least)
		mt_complain(check, at, "fewer slots in use than a node must have");
	for (unsigned int i = 0; i + 1U < node->nr; i++) {
		if (node->pivot[i] < low || node->pivot[i] >= at->max) {
			mt_complain(check, at, "pivots do not ascend within the node's range");
			return false;
		}
		low = node->pivot[i] + 1;
	}
	if (node->leaf != (at->depth + 1 == check->tree->height)) {
		mt_complain(check, at, "a leaf is not at the depth of leaves");
		return false;
	}
	return true;
}

static void mt_check_leaf(struct mt_check *check, const struct maple_visit *at)
{
	for (unsigned int i = 0; i < at->node->nr; i++) {
		bool empty = !at->node->mr64.slot[i];

		if (empty && check->empty_before)
			mt_complain(check, at, "two empty ranges meet");
		check->empty_before = empty;
		check->nr_entries += !empty;
	}
	if (check->empty_before && at->max != UINT64_MAX)
		mt_complain(check, at, "a leaf that is not the last ends empty");
}

static void mt_check_finger(struct mt_check *check, const struct maple_visit *at)
{
	if (at->node != check->tree->finger)
		return;
	check->finger_seen = true;
	if (at->min != check->tree->finger_min || at->max != check->tree->finger_max ||
	    check->tree->finger_slot >= at->node->nr)
		mt_complain(check, at, "the finger's leaf covers something else");
}

/* Returns the largest empty range below, as counted. */
static u64 mt_check_node(struct mt_check *check, const struct maple_visit *at)
{
	const struct maple_node *node = at->node;
	u64 largest = 0;

	check->nr_nodes++;
	if (!mt_check_frame(check, at))
		return 0;
	if (node->leaf) {
		mt_check_leaf(check, at);
		mt_check_finger(check, at);
		return mt_node_gap(node, at->min, at->max, UINT64_MAX);
	}
	for (unsigned int i = 0; i < node->nr; i++) {
		struct maple_visit child = {
			.handle = node->ma64.slot[i], .depth = at->depth + 1,
			.min = mt_slot_first(node, i, at->min),
			.max = mt_slot_last(node, i, at->max),
		};
		u64 gap;

		if (!child.handle ||
		    child.handle >> MAPLE_CHUNK_SHIFT >= check->tree->pool->nr_chunks) {
			mt_complain(check, at, "a slot has no node");
			continue;
		}
		child.node = mt_node(check->tree, child.handle);
		if (child.node->parent != at->handle || child.node->offset != i)
			mt_complain(check, &child, "the parent is not the node above");
		gap = mt_check_node(check, &child);
		if (gap != node->ma64.gap[i])
			mt_complain(check, &child, "the gap above is not the largest below");
		largest = MAX(largest, gap);
	}
	return largest;
}

unsigned int mt_validate(const struct maple_tree *tree, mt_report_fn *report, void *ctx,
			 u64 *nr_checked)
{
	struct mt_check check = { .tree = tree, .report = report, .ctx = ctx };
	struct maple_visit root = { .handle = tree->root, .max = UINT64_MAX };
	u32 reserved = 0;

	if (tree->root) {
		root.node = mt_node(tree, tree->root);
		if (root.node->parent)
			mt_complain(&check, &root, "the root has a parent");
		mt_check_node(&check, &root);
		if (!check.nr_entries)
			mt_complain(&check, &root, "a tree of nodes has no entry");
	} else if (tree->height) {
		mt_complain(&check, &root, "an empty tree has a height");
	}
	if (tree->finger && !check.finger_seen)
		mt_complain(&check, &root, "the finger is on no leaf of the tree");
	for (u32 node = tree->reserve; node && reserved <= tree->nr_reserved; reserved++)
		node = mt_node(tree, node)->parent;
	if (reserved != tree->nr_reserved)
		mt_complain(&check, &root, "the number of reserved nodes is wrong");
	if (check.nr_nodes != tree->nr_nodes)
		mt_complain(&check, &root, "the number of nodes is wrong");
	if (check.nr_entries != tree->nr_entries)
		mt_complain(&check, &root, "the number of entries is wrong");
	if (nr_checked)
		*nr_checked += check.nr_nodes;
	return check.nr_broken;
}
