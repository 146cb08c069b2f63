// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes taken in advance are a list through their `parent`; stores take from it and
 * put there what they no longer need. Copying a tree takes all nodes first, too.
 */
#include "sim/base/maple_internal.h"

u32 mt_take_node(struct maple_tree *tree)
{
	u32 handle = tree->reserve;

	tree->reserve = mt_node(tree, handle)->parent;
	tree->nr_reserved--;
	tree->nr_nodes++;
	return handle;
}

static void mt_add_reserve(struct maple_tree *tree, u32 handle)
{
	mt_node(tree, handle)->parent = tree->reserve;
	tree->reserve = handle;
	tree->nr_reserved++;
}

void mt_give_node(struct maple_tree *tree, u32 handle)
{
	mt_add_reserve(tree, handle);
	tree->nr_nodes--;
}

void mt_trim_reserve(struct maple_tree *tree, u32 nr)
{
	while (tree->nr_reserved > nr) {
		u32 handle = tree->reserve;

		tree->reserve = mt_node(tree, handle)->parent;
		tree->nr_reserved--;
		tree->ops->free(tree->ctx, handle);
	}
}

int mt_reserve_nodes(struct maple_tree *tree, unsigned int nr_nodes)
{
	u32 before = tree->nr_reserved, handle;

	while (tree->nr_reserved < nr_nodes) {
		int err = tree->ops->alloc(tree->ctx, &handle);

		if (err) {
			mt_trim_reserve(tree, before);
			return err;
		}
		mt_add_reserve(tree, handle);
	}
	return 0;
}

unsigned int mt_worst_case(const struct maple_tree *tree, unsigned int nr_stores)
{
	return nr_stores * (1 + 3 * tree->height);
}

int mt_reserve(struct maple_tree *tree, unsigned int nr_stores)
{
	return mt_reserve_nodes(tree, mt_worst_case(tree, nr_stores));
}

void mt_unreserve(struct maple_tree *tree)
{
	mt_trim_reserve(tree, 0);
}

static u32 mt_copy(struct maple_tree *dst, const struct maple_tree *src, u32 from)
{
	u32 handle = mt_take_node(dst);
	struct maple_node *node = mt_node(dst, handle);

	*node = *mt_node(src, from);
	node->parent = 0;
	for (unsigned int i = 0; !node->leaf && i < node->nr; i++) {
		u32 child = mt_copy(dst, src, node->ma64.slot[i]);

		node->ma64.slot[i] = child;
		mt_node(dst, child)->parent = handle;
	}
	return handle;
}

int mt_dup(struct maple_tree *dst, const struct maple_tree *src)
{
	u32 before = dst->nr_reserved;
	int err = mt_reserve_nodes(dst, before + src->nr_nodes);

	if (err)
		return err;
	if (src->root)
		dst->root = mt_copy(dst, src, src->root);
	dst->height = src->height;
	dst->nr_entries = src->nr_entries;
	dst->version++;
	return 0;
}
