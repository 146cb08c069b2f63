/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intervals [start, last] of u64, both inclusive, found by overlap. Nodes are part of
 * the owner's objects. The order is that of `start`; equal ones stay in the order in
 * which they were inserted. Nothing is allocated. Not locked.
 */
#ifndef KMM_BASE_INTERVAL_TREE_H
#define KMM_BASE_INTERVAL_TREE_H

#include "sim/base/types.h"

struct interval_node {
	u64 start, last;	/* set by the owner before it is inserted */
	/* private: */
	u64 subtree_last;	/* largest `last` here and below */
	struct interval_node *left, *right, *parent;
	u32 priority;
};

struct interval_tree {
	struct interval_node *root;	/* zeroed: empty */
	u32 nr;
	u32 serial;		/* of the next insertion: priorities come from it */
};

void interval_tree_insert(struct interval_tree *tree, struct interval_node *node);
/* The node must be in the tree. */
void interval_tree_remove(struct interval_tree *tree, struct interval_node *node);
/* Its interval changes: as if it was removed, and inserted again with the new one. */
void interval_tree_move(struct interval_tree *tree, struct interval_node *node, u64 start,
			u64 last);

/* The first node that overlaps [start, last], the one behind `node`; NULL: none. */
struct interval_node *interval_tree_first(const struct interval_tree *tree, u64 start,
					  u64 last);
struct interval_node *interval_tree_next(const struct interval_node *node, u64 start,
					 u64 last);

/* Is it ordered, are links and sums right, does nr fit? */
bool interval_tree_valid(const struct interval_tree *tree);

#endif
