// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A store first finds out how many nodes it needs and gets them all, in the order in
 * which the kernel would: those that make the tree higher, from the lowest up, then
 * those on the way down. Behind that nothing fails. XA_PRESENT is kept as one more
 * mark, so that looking for a mark and looking for any entry are the same search: the
 * next set bit of a word at each level.
 */
#include "sim/base/xarray_internal.h"

static unsigned int levels_for(u64 index)
{
	return index ? DIV_ROUND_UP((unsigned int)fls64(index), XA_SHIFT) : 1;
}

void xa_init(struct xarray *xa, const struct xa_ops *ops, void *ctx)
{
	*xa = (struct xarray) { .ops = ops, .ctx = ctx };
}

static void set_root(struct xarray *xa, struct xa_node *root)
{
	xa->root = root;
	xa->top = root ? root->self : 0;
}

static void free_node(struct xarray *xa, const struct xa_node *node)
{
	xa->nr_nodes--;
	xa->version++;
	xa->ops->free(xa->ctx, node->self);
}

void xa_destroy_below(struct xarray *xa, const struct xa_node *node)
{
	for (u64 bits = node->marks[XA_PRESENT]; node->shift && bits; bits &= bits - 1) {
		const struct xa_node *child = xa_child(node, (unsigned int)ctz64(bits));

		if (child)
			xa_destroy_below(xa, child);
	}
	free_node(xa, node);
}

void xa_destroy(struct xarray *xa)
{
	if (xa->root)
		xa_destroy_below(xa, xa->root);
	set_root(xa, NULL);
	xa->head = 0;
	xa->nr_entries = 0;
	xa->marks = 0;
}

void xa_keep_leaves(struct xarray *xa, struct xa_leaf *leaves, u64 nr)
{
	xa->leaves = leaves;
	xa->nr_leaves = nr;
	for (u64 i = 0; i < nr; i++)
		leaves[i].version = xa->version - 1;
}

/* The lowest node on the way to index; NULL: none. Its shift lies far from its slots. */
static struct xa_node *descend(const struct xarray *xa, u64 index, unsigned int *shift)
{
	struct xa_node *node = xa->root, *child;

	if (!node || xa_is_beyond(node, index))
		return NULL;
	for (*shift = node->shift; *shift; *shift -= XA_SHIFT) {
		child = xa_child(node, index >> *shift & (XA_SLOTS - 1));
		if (!child)
			break;
		node = child;
	}
	return node;
}

struct xa_node *xa_find_leaf(const struct xarray *xa, u64 index, struct xa_leaf *kept)
{
	unsigned int shift = 0;
	struct xa_node *node = descend(xa, index, &shift);

	if (shift)
		node = NULL;
	if (kept)
		*kept = (struct xa_leaf){ node, xa->version };
	return node;
}

struct xa_node *xa_leaf_of(const struct xarray *xa, u64 index)
{
	struct xa_node *node;
	unsigned int shift;

	if (unlikely(index / XA_SLOTS < xa->nr_leaves)) {
		node = xa_leaf(xa, index);
		if (likely(node))
			return node;
	}
	node = descend(xa, index, &shift);
	if (node && shift && !node->slots[index >> shift & (XA_SLOTS - 1)])
		return NULL;
	return node;
}

/* __xas_next(), __xas_prev(): the index went by a step of 1 or -1; -1: there is nothing there. */
static int slot_beside(const struct xa_node **at, int offset, u64 index, int step)
{
	const int edge = step < 0 ? -1 : (int)XA_SLOTS;
	const struct xa_node *node = *at, *child;

	if (!node->shift && offset + step != edge)
		return offset + step;
	if (offset != (int)xa_slot_of(node, index))
		offset += step;
	for (; node && offset == edge; node = node->parent)
		offset = node->offset + step;
	for (; node && (child = xa_child(node, (unsigned int)offset)); node = child)
		offset = (int)xa_slot_of(child, index);
	*at = node;
	return node ? offset : -1;
}

/* From index on by steps to the first that is not there, max_scan of them at most. */
static u64 first_miss(const struct xarray *xa, u64 index, u64 max_scan, int step)
{
	const struct xa_node *node = xa->root, *child;
	int offset;

	if (!node)
		return index || !xa->head || xa_is_value(xa->head) ? index : (u64)step;
	if (xa_is_beyond(node, index))
		return index;
	while ((child = xa_child(node, xa_slot_of(node, index))))
		node = child;
	offset = (int)xa_canonical(node, xa_slot_of(node, index));
	while (node->slots[offset] && !xa_is_value(node->slots[offset]) && max_scan--) {
		index += (u64)step;
		if (!max_scan || index == ~0ULL)
			break;
		offset = slot_beside(&node, offset, index, step);
		if (offset < 0)
			break;
	}
	return index;
}

u64 xa_next_miss(const struct xarray *xa, u64 index, u64 max_scan)
{
	return first_miss(xa, index, max_scan, 1);
}

u64 xa_prev_miss(const struct xarray *xa, u64 index, u64 max_scan)
{
	u64 miss = first_miss(xa, index, max_scan, -1);

	return index - miss == max_scan ? miss + 1 : miss;
}

static unsigned int order_of(const struct xa_node *node, unsigned int i)
{
	return node->shift + (unsigned int)ctz64(xa_nr_slots_of(node, i));
}

unsigned int xa_get_order(const struct xarray *xa, u64 index)
{
	const struct xa_node *node = xa_leaf_of(xa, index);
	unsigned int i;

	if (!node)
		return 0;
	i = xa_canonical(node, xa_slot_of(node, index));
	return node->slots[i] ? order_of(node, i) : 0;
}

u64 xa_behind(const struct xarray *xa, u64 index)
{
	u64 last = index | ((1ULL << xa_get_order(xa, index)) - 1);

	return last == ~0ULL ? last : last + 1;
}

/* index, moved to the start of slot i of the node that it lies in. */
static u64 index_of_slot(const struct xa_node *node, u64 index, unsigned int i)
{
	return (index & ~xa_max_index(node->shift)) | (u64)i << node->shift;
}

static u64 find(const struct xarray *xa, u64 *where, u64 max, enum xa_mark mark,
		const struct xa_node **leaf)
{
	const struct xa_node *node = xa->root, *child;
	u64 index = *where;
	unsigned int i;

	if (!node)
		return !index && (mark == XA_PRESENT || xa_marked(xa, mark)) ? xa->head : 0;
	if (xa_is_beyond(node, index))
		return 0;
	i = xa_canonical(node, xa_slot_of(node, index));
	for (;;) {
		u64 bits = i < XA_SLOTS ? node->marks[mark] >> i << i : 0;

		if (!bits) {
			i = node->offset + 1U;
			node = node->parent;
			if (!node)
				return 0;
			continue;
		}
		i = (unsigned int)ctz64(bits);
		index = MAX(index, index_of_slot(node, index, i));
		if (index > max)
			return 0;
		child = node->shift ? xa_child(node, i) : NULL;
		if (!child) {
			*where = index;
			*leaf = node;
			return node->slots[i];
		}
		node = child;
		i = xa_canonical(node, xa_slot_of(node, index));
	}
}

u64 xa_find_marked(const struct xarray *xa, u64 *index, u64 max, enum xa_mark mark)
{
	const struct xa_node *leaf;

	return *index <= max ? find(xa, index, max, mark, &leaf) : 0;
}

u64 xa_find(const struct xarray *xa, u64 *index, u64 max)
{
	return xa_find_marked(xa, index, max, XA_PRESENT);
}

u64 xa_first(struct xa_cursor *cursor, u64 max, enum xa_mark mark)
{
	cursor->version = cursor->xa->version;
	cursor->node = NULL;
	if (cursor->index > max)
		return 0;
	return find(cursor->xa, &cursor->index, max, mark, &cursor->node);
}

/* Does the cursor know that the entry behind its own is that of the next index? */
static bool cursor_is_simple(const struct xa_cursor *cursor, u64 next)
{
	const struct xa_node *node = cursor->node;

	return !next || (node && cursor->version == cursor->xa->version && !node->shift &&
			 next % XA_SLOTS && !xa_is_sibling(node->slots[next % XA_SLOTS]));
}

u64 xa_next(struct xa_cursor *cursor, u64 max, enum xa_mark mark)
{
	u64 index = cursor->index + 1, entry;

	/* Not when it was one of the lowest level's slots, with another entry behind it. */
	if (!cursor_is_simple(cursor, index))
		index = MAX(index, xa_behind(cursor->xa, cursor->index));
	if (!index || index > max)
		return 0;
	if (cursor->node && cursor->version == cursor->xa->version &&
	    index % XA_SLOTS && !cursor->node->shift &&
	    !xa_is_sibling(cursor->node->slots[index % XA_SLOTS])) {
		u64 bits = cursor->node->marks[mark] >> index % XA_SLOTS;

		if (bits) {
			index += (unsigned int)ctz64(bits);
			if (index > max)
				return 0;
			cursor->index = index;
			return cursor->node->slots[index % XA_SLOTS];
		}
	}
	cursor->version = cursor->xa->version;
	cursor->node = NULL;
	entry = find(cursor->xa, &index, max, mark, &cursor->node);
	if (entry)
		cursor->index = index;
	return entry;
}

struct xa_place xa_place_of(u64 index, unsigned int order)
{
	unsigned int level = order / XA_SHIFT;

	return (struct xa_place) {
		.index = index, .level = level,
		.levels = index || order ? MAX(levels_for(index + (1ULL << order) - 1),
					       level + 1) : 0,
	};
}

/* How many nodes above the present root, or head, a store there needs. */
static unsigned int growth_for(const struct xarray *xa, const struct xa_place *to)
{
	const struct xa_node *root = xa->root;
	unsigned int have = root ? root->shift / XA_SHIFT + 1U : 0;

	return (root || xa->head) && to->levels > have ? to->levels - have : 0;
}

static unsigned int nodes_for(const struct xarray *xa, const struct xa_place *to)
{
	unsigned int growth = growth_for(xa, to);
	const struct xa_node *node = xa->root, *child;

	/* Its way leaves that of what is there in the new root, or ends there. */
	if (growth)
		return growth + to->levels - 1 - to->level;
	if (!node)
		return to->levels ? to->levels - to->level : 0;
	while (node->shift > to->level * XA_SHIFT) {
		child = xa_child(node, xa_slot_of(node, to->index));
		if (!child)
			return node->shift / XA_SHIFT - to->level;
		node = child;
	}
	return 0;
}

unsigned int xa_store_nodes(const struct xarray *xa, u64 index)
{
	const struct xa_place to = xa_place_of(index, 0);

	return nodes_for(xa, &to);
}

int xa_get_nodes(struct xarray *xa, struct xa_node **nodes, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		u32 handle;
		int err = xa->ops->alloc(xa->ctx, &handle);

		if (!err) {
			nodes[i] = xa->ops->get(xa->ctx, handle);
			nodes[i]->self = handle;
			continue;
		}
		while (i)
			xa->ops->free(xa->ctx, nodes[--i]->self);
		return err;
	}
	xa->nr_nodes += nr;
	xa->version += nr;
	return 0;
}

void xa_put_nodes(struct xarray *xa, struct xa_node **nodes, unsigned int nr)
{
	while (nr)
		free_node(xa, nodes[--nr]);
}

/* A new root above what there is. */
static void grow(struct xarray *xa, struct xa_node *node)
{
	struct xa_node *old = xa->root;

	node->shift = old ? (u8)(old->shift + XA_SHIFT) : 0;
	node->slots[0] = old ? xa_mk_node(old) : xa->head;
	node->nr_values = !old && xa_is_value(xa->head);
	node->count = 1;
	for (unsigned int mark = 0; mark < XA_MARKS; mark++)
		node->marks[mark] = xa_marked(xa, mark);
	node->marks[XA_PRESENT] = 1;
	if (old)
		old->parent = node;
	xa->head = 0;
	set_root(xa, node);
}

/* The way down from the root, through nodes that are taken where there are none. */
static struct xa_node *make_path(struct xarray *xa, const struct xa_place *to,
				 struct xa_node **nodes)
{
	struct xa_node *node;

	if (!xa->root) {
		set_root(xa, *nodes++);
		xa->root->shift = (u8)((to->levels - 1) * XA_SHIFT);
	}
	for (node = xa->root; node->shift > to->level * XA_SHIFT;) {
		unsigned int i = xa_slot_of(node, to->index);
		struct xa_node *child = xa_child(node, i);

		if (!child) {
			child = *nodes++;
			child->shift = (u8)(node->shift - XA_SHIFT);
			child->parent = node;
			child->offset = (u8)i;
			xa_set_slot(node, i, xa_mk_node(child));
		}
		node = child;
	}
	return node;
}

static inline void set_entry(struct xa_node *node, unsigned int i, u64 entry)
{
	xa_count_value(node, i, entry);
	xa_set_slot(node, i, entry);
}

int xa_make_place(struct xarray *xa, const struct xa_place *to, struct xa_node **node)
{
	struct xa_node *nodes[XA_STORE_NODES];
	unsigned int growth, nr;
	u32 version;
	int err;

	/* Getting a node may cost others theirs: then it is another number that is needed. */
	for (;;) {
		version = xa->version;
		growth = growth_for(xa, to);
		nr = nodes_for(xa, to);
		err = xa_get_nodes(xa, nodes, nr);
		if (err)
			return err;
		if (likely(xa->version - version == nr))
			break;
		xa_put_nodes(xa, nodes, nr);
	}
	for (unsigned int i = 0; i < growth; i++)
		grow(xa, nodes[i]);
	*node = make_path(xa, to, nodes + growth);
	return 0;
}

static int store_new(struct xarray *xa, u64 index, u64 entry, struct xa_node **node)
{
	const struct xa_place to = xa_place_of(index, 0);
	int err = 0;

	*node = NULL;
	if (!index && !xa->root)
		xa->head = entry;
	else
		err = xa_make_place(xa, &to, node);
	if (err)
		return err;
	xa->nr_entries++;
	if (*node)
		set_entry(*node, xa_slot_of(*node, index), entry);
	return 0;
}

int xa_store_leaf(struct xarray *xa, u64 index, u64 entry, u64 *old, struct xa_node **leaf)
{
	struct xa_node *node = xa_leaf_of(xa, index);
	unsigned int i;

	if (unlikely(!node)) {
		*old = xa->root || index ? 0 : xa->head;
		if (!*old)
			return store_new(xa, index, entry, leaf);
		xa->head = entry;
	} else {
		i = xa_canonical(node, xa_slot_of(node, index));
		*old = node->slots[i];
		xa->nr_entries += !*old;
		set_entry(node, i, entry);
	}
	*leaf = node;
	return 0;
}

int xa_store(struct xarray *xa, u64 index, u64 entry, u64 *old)
{
	struct xa_node *leaf;
	u64 before;
	int err = 0;

	if (entry)
		err = xa_store_leaf(xa, index, entry, &before, &leaf);
	else
		before = xa_erase(xa, index);
	if (!err && old)
		*old = before;
	return err;
}

void xa_clear_slot_mark(struct xarray *xa, struct xa_node *node, unsigned int i,
		       enum xa_mark mark)
{
	while (node) {
		if (!(node->marks[mark] >> i & 1))
			return;
		node->marks[mark] &= ~(1ULL << i);
		if (node->marks[mark])
			return;
		i = node->offset;
		node = node->parent;
	}
	xa->marks &= ~(1U << mark);
}

/* The root has nothing but slot 0: what is there takes its place. */
static void shrink(struct xarray *xa)
{
	for (struct xa_node *root = xa->root; root && root->marks[XA_PRESENT] == 1;
	     root = xa->root) {
		struct xa_node *child = root->shift ? xa_child(root, 0) : NULL;

		if (root->shift && !child)
			return;
		if (child)
			child->parent = NULL;
		else
			xa->head = root->slots[0];
		set_root(xa, child);
		free_node(xa, root);
	}
}

/* An empty node goes, and so do those above that held nothing else. */
static void delete_empty(struct xarray *xa, struct xa_node *node)
{
	while (!node->marks[XA_PRESENT]) {
		struct xa_node *parent = node->parent;

		if (parent)
			xa_clear_slot(parent, node->offset);
		else
			set_root(xa, NULL);
		free_node(xa, node);
		if (!parent)
			return;
		node = parent;
	}
	if (!node->parent)
		shrink(xa);
}

void xa_clear_entry(struct xarray *xa, struct xa_node *node, unsigned int i)
{
	for (unsigned int mark = 0; mark < XA_MARKS; mark++)
		xa_clear_slot_mark(xa, node, i, mark);
	xa_count_value(node, i, 0);
	for (unsigned int n = xa_nr_slots_of(node, i); n--;)
		xa_clear_slot(node, i + n);
	xa->nr_entries--;
}

u64 xa_erase(struct xarray *xa, u64 index)
{
	struct xa_node *node = xa_leaf_of(xa, index);
	u64 old = xa_load(xa, index);

	if (!old)
		return 0;
	if (!node) {
		xa_destroy(xa);	/* it was the head */
		return old;
	}
	xa_clear_entry(xa, node, xa_canonical(node, xa_slot_of(node, index)));
	delete_empty(xa, node);
	return old;
}

bool xa_get_mark(const struct xarray *xa, u64 index, enum xa_mark mark)
{
	const struct xa_node *node = xa_leaf_of(xa, index);

	if (node)
		return node->marks[mark] >> xa_canonical(node, xa_slot_of(node, index)) & 1;
	return !index && !xa->root && xa_marked(xa, mark);
}

void xa_set_mark(struct xarray *xa, u64 index, enum xa_mark mark)
{
	struct xa_node *node = xa_leaf_of(xa, index);
	unsigned int i = node ? xa_canonical(node, xa_slot_of(node, index)) : 0;

	if (!xa_load(xa, index))
		return;
	while (node) {
		if (node->marks[mark] >> i & 1)
			return;
		node->marks[mark] |= 1ULL << i;
		i = node->offset;
		node = node->parent;
	}
	xa->marks |= 1U << mark;
}

void xa_clear_mark(struct xarray *xa, u64 index, enum xa_mark mark)
{
	struct xa_node *node = xa_leaf_of(xa, index);

	if (node)
		xa_clear_slot_mark(xa, node, xa_canonical(node, xa_slot_of(node, index)), mark);
	else if (!index && !xa->root)
		xa->marks &= ~(1U << mark);
}
