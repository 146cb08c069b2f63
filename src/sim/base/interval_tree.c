// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A treap: ordered by `start` from left to right, a heap by priority from the root
 * down. Priorities are scrambled serial numbers, so the shape is as if intervals had
 * come in a random order, and the same in every run. But the first few have higher
 * ones, the older the higher: small trees, which most are, need no rotations, and larger
 * ones are deeper by so many at most. Each node knows the largest end below it, which is
 * how a search leaves out what cannot overlap.
 */
#include "sim/base/interval_tree.h"

#define FIRST_FEW 8	/* nodes that are there when one comes */
#define FIRST_FEW_PRIORITY (1U << 31)

static u64 subtree_last(const struct interval_node *node)
{
	return node ? node->subtree_last : 0;
}

static void update(struct interval_node *node)
{
	u64 below = MAX(subtree_last(node->left), subtree_last(node->right));

	node->subtree_last = MAX(node->last, below);
}

/* From a node whose interval or children have changed. */
static void update_upward(struct interval_node *node)
{
	for (; node; node = node->parent) {
		u64 was = node->subtree_last;

		update(node);
		if (node->subtree_last == was)
			return;
	}
}

/* Where the tree or a parent points to `node`. */
static struct interval_node **link_of(struct interval_tree *tree,
				      const struct interval_node *node)
{
	if (!node->parent)
		return &tree->root;
	return node->parent->left == node ? &node->parent->left : &node->parent->right;
}

/* A child takes its parent's place; the parent goes down on the other side. */
static void rotate_up(struct interval_tree *tree, struct interval_node *node)
{
	struct interval_node *parent = node->parent, *inner;

	*link_of(tree, parent) = node;
	if (parent->left == node) {
		inner = node->right;
		parent->left = inner;
		node->right = parent;
	} else {
		inner = node->left;
		parent->right = inner;
		node->left = parent;
	}
	if (inner)
		inner->parent = parent;
	node->parent = parent->parent;
	parent->parent = node;
	update(parent);
	update(node);
}

/* Bits of a number, well mixed (the finaliser of MurmurHash3). */
static u32 scramble(u32 x)
{
	x ^= x >> 16;
	x *= 0x85ebca6bU;
	x ^= x >> 13;
	x *= 0xc2b2ae35U;
	return x ^ x >> 16;
}

static u32 next_priority(struct interval_tree *tree)
{
	u32 serial = ++tree->serial;

	return tree->nr < FIRST_FEW ? ~serial | FIRST_FEW_PRIORITY :
				      scramble(serial) & ~FIRST_FEW_PRIORITY;
}

void interval_tree_insert(struct interval_tree *tree, struct interval_node *node)
{
	struct interval_node **link = &tree->root, *parent = NULL;

	while (*link) {
		parent = *link;
		link = node->start < parent->start ? &parent->left : &parent->right;
	}
	*link = node;
	node->parent = parent;
	node->left = node->right = NULL;
	node->priority = next_priority(tree);
	tree->nr++;
	node->subtree_last = node->last;
	for (; parent && parent->subtree_last < node->last; parent = parent->parent)
		parent->subtree_last = node->last;
	while (node->parent && node->parent->priority < node->priority)
		rotate_up(tree, node);
}

/* What is below the node becomes one tree in its place: of two roots the higher goes on top. */
void interval_tree_remove(struct interval_tree *tree, struct interval_node *node)
{
	struct interval_node **link = link_of(tree, node), *parent = node->parent;
	struct interval_node *left = node->left, *right = node->right, *above = parent;

	while (left && right) {
		if (right->priority > left->priority) {
			*link = right;
			right->parent = parent;
			parent = right;
			link = &right->left;
			right = *link;
		} else {
			*link = left;
			left->parent = parent;
			parent = left;
			link = &left->right;
			left = *link;
		}
	}
	if (!left)
		left = right;
	*link = left;
	if (left)
		left->parent = parent;
	for (; parent != above; parent = parent->parent)
		update(parent);
	update_upward(parent);
	node->parent = NULL;
	tree->nr--;
}

/* The node before in the tree's order; NULL. */
static const struct interval_node *node_before(const struct interval_node *node)
{
	const struct interval_node *at = node->left;

	if (at) {
		while (at->right)
			at = at->right;
		return at;
	}
	while (node->parent && node == node->parent->left)
		node = node->parent;
	return node->parent;
}

static const struct interval_node *node_behind(const struct interval_node *node)
{
	const struct interval_node *at = node->right;

	if (at) {
		while (at->left)
			at = at->left;
		return at;
	}
	while (node->parent && node == node->parent->right)
		node = node->parent;
	return node->parent;
}

/* Would it come back to where it is? */
static bool keeps_its_place(const struct interval_node *node, u64 start)
{
	const struct interval_node *other;

	if (start < node->start) {
		other = node_before(node);
		return !other || other->start <= start;
	}
	/* Behind those that begin there, too. */
	other = node_behind(node);
	return !other || other->start > start;
}

void interval_tree_move(struct interval_tree *tree, struct interval_node *node, u64 start,
			u64 last)
{
	if (keeps_its_place(node, start)) {
		node->start = start;
		if (node->last == last)
			return;
		node->last = last;
		update_upward(node);
		return;
	}
	interval_tree_remove(tree, node);
	node->start = start;
	node->last = last;
	interval_tree_insert(tree, node);
}

/* The leftmost overlap in a subtree. */
static struct interval_node *search(struct interval_node *node, u64 start, u64 last)
{
	while (node && node->subtree_last >= start) {
		if (node->left && node->left->subtree_last >= start) {
			/* If nothing there overlaps, all of it begins behind `last`. */
			node = node->left;
			continue;
		}
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
		node = node->right;
	}
	return NULL;
}

struct interval_node *interval_tree_first(const struct interval_tree *tree, u64 start,
					  u64 last)
{
	return search(tree->root, start, last);
}

struct interval_node *interval_tree_next(const struct interval_node *node, u64 start,
					 u64 last)
{
	for (;;) {
		struct interval_node *found = search(node->right, start, last);
		struct interval_node *parent;

		if (found)
			return found;
		while ((parent = node->parent) && parent->right == node)
			node = parent;
		if (!parent || parent->start > last)
			return NULL;
		if (parent->last >= start)
			return parent;
		node = parent;
	}
}

/* Counts the nodes of a subtree whose links, order and sums are right; 0: they are not. */
static u32 count_valid(const struct interval_node *node, u64 low, u64 high)
{
	u32 left = 0, right = 0;
	u64 below = MAX(subtree_last(node->left), subtree_last(node->right));

	if (node->start < low || node->start > high || node->last < node->start ||
	    node->subtree_last != MAX(node->last, below))
		return 0;
	if (node->left) {
		left = count_valid(node->left, low, node->start);
		if (!left || node->left->parent != node || node->left->priority > node->priority)
			return 0;
	}
	if (node->right) {
		right = count_valid(node->right, node->start, high);
		if (!right || node->right->parent != node ||
		    node->right->priority > node->priority)
			return 0;
	}
	return left + right + 1;
}

bool interval_tree_valid(const struct interval_tree *tree)
{
	if (!tree->root)
		return !tree->nr;
	return !tree->root->parent && count_valid(tree->root, 0, ~0ULL) == tree->nr;
}
