// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lookups go down by pivots. Because empty ranges never meet and no leaf but the
 * last ends with one, the entry behind an index is always in the index's own leaf;
 * the one before may be the last of the leaf before. Cursors climb by parents.
 */
#include "sim/base/maple_internal.h"

void maple_pool_init(struct maple_pool *pool, struct arena *arena)
{
	*pool = (struct maple_pool) { .arena = arena };
}

void maple_pool_free(struct maple_pool *pool)
{
	for (u32 i = 0; i < pool->nr_chunks; i++)
		arena_free(pool->arena, pool->chunks[i], MAPLE_CHUNK * sizeof(**pool->chunks));
	arena_free(pool->arena, pool->chunks, pool->nr_chunks * sizeof(*pool->chunks));
	maple_pool_init(pool, pool->arena);
}

int maple_pool_grow(struct maple_pool *pool, u32 handle)
{
	while (handle >> MAPLE_CHUNK_SHIFT >= pool->nr_chunks) {
		u32 nr = pool->nr_chunks;
		struct maple_node **chunks, *chunk;

		chunk = arena_alloc(pool->arena, MAPLE_CHUNK * sizeof(*chunk));
		if (!chunk)
			return -ENOMEM;
		chunks = arena_resize(pool->arena, pool->chunks, nr * sizeof(*chunks),
				      (nr + 1) * sizeof(*chunks));
		if (!chunks) {
			arena_free(pool->arena, chunk, MAPLE_CHUNK * sizeof(*chunk));
			return -ENOMEM;
		}
		chunks[nr] = chunk;
		pool->chunks = chunks;
		pool->nr_chunks++;
	}
	return 0;
}

void mt_init(struct maple_tree *tree, struct maple_pool *pool, const struct maple_ops *ops,
	     void *ctx)
{
	*tree = (struct maple_tree) { .pool = pool, .ops = ops, .ctx = ctx };
}

u32 mt_free_subtree(struct maple_tree *tree, u32 handle)
{
	struct maple_node *node = mt_node(tree, handle);
	u32 nr_entries = 0;

	for (unsigned int i = 0; i < node->nr; i++) {
		if (node->leaf)
			nr_entries += !!node->mr64.slot[i];
		else
			nr_entries += mt_free_subtree(tree, node->ma64.slot[i]);
	}
	tree->ops->free(tree->ctx, handle);
	tree->nr_nodes--;
	return nr_entries;
}

void mt_destroy(struct maple_tree *tree)
{
	mt_unreserve(tree);
	if (tree->root)
		mt_free_subtree(tree, tree->root);
	tree->root = tree->height = tree->nr_entries = 0;
	tree->finger = NULL;
	tree->version++;
}

/* ---- Lookups ---- */

struct mt_place {
	struct maple_node *leaf;
	unsigned int offset;
	u64 min, max;	/* of the leaf */
};

/*
 * To the slot that covers index; the tree is not empty. Who counts nodes (visited)
 * goes down from the root, as if there were no finger.
 */
static inline void mt_descend(const struct maple_tree *tree, u64 index, struct mt_place *at,
			      unsigned int *visited)
{
	struct maple_node *node;
	u64 min = 0, max = UINT64_MAX;
	unsigned int i, nr = 1;

	if (!visited && mt_at_finger(tree, index)) {
		i = mt_slot_near(tree->finger, tree->finger_slot, index);
		*at = (struct mt_place) { tree->finger, i, tree->finger_min, tree->finger_max };
		return;
	}
	node = mt_node(tree, tree->root);
	for (;;) {
		i = mt_slot_of(node, index);
		if (node->leaf)
			break;
		if (i)
			min = node->pivot[i - 1] + 1;
		if (i + 1U < node->nr)
			max = node->pivot[i];
		node = mt_node(tree, node->ma64.slot[i]);
		nr++;
	}
	*at = (struct mt_place) { node, i, min, max };
	if (visited)
		*visited = nr;
}

void mt_seek_far(struct maple_tree *tree, u64 index)
{
	struct maple_node *node;
	u64 min = 0, max = UINT64_MAX;

	if (!tree->root)
		return;
	for (node = mt_node(tree, tree->root); !node->leaf;) {
		unsigned int i = mt_slot_of(node, index);
		struct maple_node *child = mt_node(tree, node->ma64.slot[i]);

		mt_prefetch(child);
		max = mt_slot_last(node, i, max);
		min = mt_slot_first(node, i, min);
		node = child;
	}
	tree->finger = node;
	tree->finger_min = min;
	tree->finger_max = max;
	tree->finger_slot = mt_slot_of(node, index);
}

static inline u32 mt_range(const struct mt_place *at, u64 *first, u64 *last)
{
	if (first)
		*first = mt_slot_first(at->leaf, at->offset, at->min);
	if (last)
		*last = mt_slot_last(at->leaf, at->offset, at->max);
	return at->leaf->mr64.slot[at->offset];
}

static inline u32 mt_do_load(const struct maple_tree *tree, u64 index, u64 *first, u64 *last,
			     unsigned int *visited)
{
	struct mt_place at;

	if (!tree->root) {
		if (first)
			*first = 0;
		if (last)
			*last = UINT64_MAX;
		if (visited)
			*visited = 0;
		return 0;
	}
	mt_descend(tree, index, &at, visited);
	return mt_range(&at, first, last);
}

/* From an empty slot on to the entry behind it. False: it is the tree's last. */
static inline bool mt_skip_empty(struct mt_place *at)
{
	if (!at->leaf->mr64.slot[at->offset] && ++at->offset == at->leaf->nr)
		return false;
	return true;
}

static inline u32 mt_do_find(const struct maple_tree *tree, u64 *index, u64 max, u64 *first,
			     u64 *last, unsigned int *visited)
{
	struct mt_place at;
	u64 end;

	if (visited)
		*visited = 0;
	if (!tree->root || *index > max)
		return 0;
	mt_descend(tree, *index, &at, visited);
	if (!mt_skip_empty(&at) || mt_slot_first(at.leaf, at.offset, at.min) > max)
		return 0;
	end = mt_slot_last(at.leaf, at.offset, at.max);
	*index = end + 1;
	if (last)
		*last = end;
	return mt_range(&at, first, NULL);
}

static u64 mt_node_min(const struct maple_tree *tree, const struct maple_node *node)
{
	while (node->parent && !node->offset)
		node = mt_node(tree, node->parent);
	return node->parent ? mt_node(tree, node->parent)->pivot[node->offset - 1] + 1 : 0;
}

static u64 mt_node_max(const struct maple_tree *tree, const struct maple_node *node)
{
	while (node->parent) {
		const struct maple_node *parent = mt_node(tree, node->parent);

		if (node->offset + 1U < parent->nr)
			return parent->pivot[node->offset];
		node = parent;
	}
	return UINT64_MAX;
}

/* The leaf behind (forward) or before; false: there is none, *at is as it was. */
static bool mt_step_leaf(const struct maple_tree *tree, struct mt_place *at, bool forward,
			 unsigned int *visited)
{
	struct maple_node *node = at->leaf, *parent = NULL;
	unsigned int nr = 0;
	u32 handle;

	for (; node->parent; node = parent) {
		parent = mt_node(tree, node->parent);
		nr++;
		if (forward ? node->offset + 1U < parent->nr : node->offset > 0)
			break;
	}
	if (!node->parent)
		return false;
	handle = parent->ma64.slot[forward ? node->offset + 1 : node->offset - 1];
	for (;;) {
		node = mt_node(tree, handle);
		nr++;
		if (node->leaf)
			break;
		handle = node->ma64.slot[forward ? 0 : node->nr - 1];
	}
	*at = (struct mt_place) {
		.leaf = node, .offset = forward ? 0 : node->nr - 1U,
		.min = forward ? at->max + 1 : mt_node_min(tree, node),
		.max = forward ? mt_node_max(tree, node) : at->min - 1,
	};
	if (visited)
		*visited += nr;
	return true;
}

/* Onto the next entry behind the slot. */
static bool mt_step_next(const struct maple_tree *tree, struct mt_place *at)
{
	if (at->offset + 1U < at->leaf->nr)
		at->offset++;
	else if (!mt_step_leaf(tree, at, /* forward = */ true, NULL))
		return false;
	return mt_skip_empty(at);
}

/* Onto the entry before the slot. */
static bool mt_step_prev(const struct maple_tree *tree, struct mt_place *at,
			 unsigned int *visited)
{
	if (at->offset && at->leaf->mr64.slot[at->offset - 1]) {
		at->offset--;
		return true;
	}
	if (at->offset > 1) {
		at->offset -= 2;
		return true;
	}
	return mt_step_leaf(tree, at, /* forward = */ false, visited);
}

static inline u32 mt_do_prev(const struct maple_tree *tree, u64 index, u64 min, u64 *first,
			     u64 *last, unsigned int *visited)
{
	struct mt_place at;

	if (visited)
		*visited = 0;
	if (!tree->root)
		return 0;
	mt_descend(tree, index, &at, visited);
	if (!mt_step_prev(tree, &at, visited) || mt_slot_last(at.leaf, at.offset, at.max) < min)
		return 0;
	return mt_range(&at, first, last);
}

u32 mt_load(const struct maple_tree *tree, u64 index, u64 *first, u64 *last)
{
	return mt_do_load(tree, index, first, last, NULL);
}

u32 mt_find(const struct maple_tree *tree, u64 *index, u64 max, u64 *first, u64 *last)
{
	return mt_do_find(tree, index, max, first, last, NULL);
}

u32 mt_prev(const struct maple_tree *tree, u64 index, u64 min, u64 *first, u64 *last)
{
	return mt_do_prev(tree, index, min, first, last, NULL);
}

u32 mt_next(const struct maple_tree *tree, u64 index, u64 max, u64 *first, u64 *last)
{
	struct mt_place at;

	if (!tree->root)
		return 0;
	mt_descend(tree, index, &at, NULL);
	if (!mt_step_next(tree, &at) || mt_slot_first(at.leaf, at.offset, at.min) > max)
		return 0;
	return mt_range(&at, first, last);
}

u32 mt_load_visited(const struct maple_tree *tree, u64 index, u64 *first, u64 *last,
		    unsigned int *visited)
{
	return mt_do_load(tree, index, first, last, visited);
}

u32 mt_find_visited(const struct maple_tree *tree, u64 *index, u64 max, u64 *first,
		    u64 *last, unsigned int *visited)
{
	return mt_do_find(tree, index, max, first, last, visited);
}

u32 mt_prev_visited(const struct maple_tree *tree, u64 index, u64 min, u64 *first,
		    u64 *last, unsigned int *visited)
{
	return mt_do_prev(tree, index, min, first, last, visited);
}

/* ---- The cursor ---- */

/* Where the cursor is, or the slot that covers index. False: an empty tree. */
static bool mas_place(const struct maple_state *mas, u64 index, struct mt_place *at)
{
	const struct maple_tree *tree = mas->tree;

	if (!tree->root)
		return false;
	if (mas->node && mas->version == tree->version) {
		*at = (struct mt_place) { mas->node, mas->offset, mas->min, mas->max };
		return true;
	}
	mt_descend(tree, index, at, NULL);
	return true;
}

static u32 mas_stand(struct maple_state *mas, const struct mt_place *at)
{
	mas->value = mt_range(at, &mas->index, &mas->last);
	mas->node = at->leaf;
	mas->offset = at->offset;
	mas->min = at->min;
	mas->max = at->max;
	mas->version = mas->tree->version;
	return mas->value;
}

u32 mas_walk(struct maple_state *mas)
{
	struct mt_place at;

	if (mas_place(mas, mas->index, &at))
		return mas_stand(mas, &at);
	mas->index = 0;
	mas->last = UINT64_MAX;
	mas->node = NULL;
	mas->value = 0;
	return 0;
}

u32 mas_find(struct maple_state *mas, u64 max)
{
	struct mt_place at;

	if (mas->index > max || !mas_place(mas, mas->index, &at) || !mt_skip_empty(&at) ||
	    mt_slot_first(at.leaf, at.offset, at.min) > max)
		return 0;
	return mas_stand(mas, &at);
}

u32 mas_next(struct maple_state *mas, u64 max)
{
	struct mt_place at;

	if (!mas_place(mas, mas->last, &at) || !mt_step_next(mas->tree, &at) ||
	    mt_slot_first(at.leaf, at.offset, at.min) > max)
		return 0;
	return mas_stand(mas, &at);
}

u32 mas_prev(struct maple_state *mas, u64 min)
{
	struct mt_place at;

	if (!mas_place(mas, mas->index, &at) || !mt_step_prev(mas->tree, &at, NULL) ||
	    mt_slot_last(at.leaf, at.offset, at.max) < min)
		return 0;
	return mas_stand(mas, &at);
}

void mas_replace(struct maple_state *mas, struct maple_tree *tree, u32 value)
{
	(void)tree;		/* that it may be changed */
	mas->node->mr64.slot[mas->offset] = value;
	mas->value = value;
}
