// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A store first takes all nodes that it needs, then links them, so that it fails
 * without a trace. Erasing frees nodes that became empty, and then takes top nodes
 * off that have nothing but their first slot.
 */
#include "sim/base/xarray.h"

static struct xa_node *node_of(const struct xarray *xa, u32 handle)
{
	return xa->ops->get(xa->ctx, handle);
}

static unsigned int slot_of(const struct xa_node *node, u64 index)
{
	return index >> node->shift & (XA_SLOTS - 1);
}

/* The highest index below the top node of this shift. */
static u64 max_index(unsigned int shift)
{
	return shift + XA_SHIFT >= 64 ? ~0ULL : (1ULL << (shift + XA_SHIFT)) - 1;
}

void xa_init(struct xarray *xa, const struct xa_ops *ops, void *ctx)
{
	*xa = (struct xarray){ .ops = ops, .ctx = ctx };
}

static void free_node(struct xarray *xa, u32 handle)
{
	xa->ops->free(xa->ctx, handle);
	xa->nr_nodes--;
}

static void free_subtree(struct xarray *xa, u32 handle)
{
	const struct xa_node *node = node_of(xa, handle);

	for (unsigned int i = 0; node->shift && i < XA_SLOTS; i++) {
		if (node->slots[i])
			free_subtree(xa, (u32)node->slots[i]);
	}
	free_node(xa, handle);
}

void xa_destroy(struct xarray *xa)
{
	if (xa->top)
		free_subtree(xa, xa->top);
	xa_init(xa, xa->ops, xa->ctx);
}

/* The lowest node for an index, or NULL. */
static struct xa_node *leaf_of(const struct xarray *xa, u64 index)
{
	struct xa_node *node;

	if (!xa->top)
		return NULL;
	node = node_of(xa, xa->top);
	if (index > max_index(node->shift))
		return NULL;
	while (node->shift) {
		u64 child = node->slots[slot_of(node, index)];

		if (!child)
			return NULL;
		node = node_of(xa, (u32)child);
	}
	return node;
}

u64 xa_load(const struct xarray *xa, u64 index)
{
	const struct xa_node *node;

	if (!xa->top)
		return index ? 0 : xa->head;
	node = leaf_of(xa, index);
	return node ? node->slots[slot_of(node, index)] : 0;
}

/* -- marks --------------------------------------------------------------------- */

static void mark_upward(struct xarray *xa, struct xa_node *node, unsigned int slot,
			enum xa_mark mark)
{
	for (;;) {
		bool marked = node->marks[mark];

		node->marks[mark] |= 1ULL << slot;
		if (marked || !node->parent)
			return;
		slot = node->offset;
		node = node_of(xa, node->parent);
	}
}

static void unmark_upward(struct xarray *xa, struct xa_node *node, unsigned int slot,
			  enum xa_mark mark)
{
	for (;;) {
		node->marks[mark] &= ~(1ULL << slot);
		if (node->marks[mark] || !node->parent)
			return;
		slot = node->offset;
		node = node_of(xa, node->parent);
	}
}

void xa_set_mark(struct xarray *xa, u64 index, enum xa_mark mark)
{
	struct xa_node *node = leaf_of(xa, index);

	if (node && node->slots[slot_of(node, index)])
		mark_upward(xa, node, slot_of(node, index), mark);
	else if (!xa->top && !index && xa->head)
		xa->head_marks |= 1U << mark;
}

void xa_clear_mark(struct xarray *xa, u64 index, enum xa_mark mark)
{
	struct xa_node *node = leaf_of(xa, index);

	if (node && node->marks[mark] >> slot_of(node, index) & 1)
		unmark_upward(xa, node, slot_of(node, index), mark);
	else if (!xa->top && !index)
		xa->head_marks &= ~(1U << mark);
}

bool xa_get_mark(const struct xarray *xa, u64 index, enum xa_mark mark)
{
	const struct xa_node *node = leaf_of(xa, index);

	if (node)
		return node->marks[mark] >> slot_of(node, index) & 1;
	return !xa->top && !index && xa->head_marks >> mark & 1;
}

bool xa_marked(const struct xarray *xa, enum xa_mark mark)
{
	if (!xa->top)
		return xa->head_marks >> mark & 1;
	return node_of(xa, xa->top)->marks[mark];
}

/* -- storing ------------------------------------------------------------------- */

/* Nodes that a store will link. */
struct spare {
	u32 nodes[2 * XA_LEVELS];
	unsigned int nr;
};

/* The shift of a top node that an index needs. */
static unsigned int shift_for(u64 index)
{
	unsigned int shift = 0;

	while (index > max_index(shift))
		shift += XA_SHIFT;
	return shift;
}

/* How many nodes a new entry at this index wants. */
static unsigned int nodes_wanted(const struct xarray *xa, u64 index)
{
	unsigned int need = shift_for(index), wanted = 0;
	const struct xa_node *node;

	if (!xa->top)
		return index || xa->head ? need / XA_SHIFT + 1 : 0;
	node = node_of(xa, xa->top);
	if (need > node->shift)		/* new tops, and all of the way down */
		return (need - node->shift) / XA_SHIFT + need / XA_SHIFT;
	while (node->shift) {
		u64 child = node->slots[slot_of(node, index)];

		if (!child) {
			wanted = node->shift / XA_SHIFT;
			break;
		}
		node = node_of(xa, (u32)child);
	}
	return wanted;
}

static int take_nodes(struct xarray *xa, struct spare *spare, unsigned int wanted)
{
	for (spare->nr = 0; spare->nr < wanted; spare->nr++) {
		int err = xa->ops->alloc(xa->ctx, &spare->nodes[spare->nr]);

		if (err) {
			while (spare->nr)
				xa->ops->free(xa->ctx, spare->nodes[--spare->nr]);
			return err;
		}
	}
	xa->nr_nodes += wanted;
	return 0;
}

static struct xa_node *take(struct xarray *xa, struct spare *spare, unsigned int shift,
			    u32 *handle)
{
	struct xa_node *node;

	*handle = spare->nodes[--spare->nr];
	node = node_of(xa, *handle);
	node->shift = (u8)shift;
	return node;
}

/* One more node on top; what was the top (or the lone entry) is its first slot. */
static void grow_top(struct xarray *xa, struct spare *spare, unsigned int shift)
{
	struct xa_node *node;
	u32 handle;

	node = take(xa, spare, shift, &handle);
	if (xa->top) {
		struct xa_node *old = node_of(xa, xa->top);

		for (unsigned int i = 0; i < XA_MARKS; i++)
			node->marks[i] = old->marks[i] != 0;
		old->parent = handle;
		old->offset = 0;
		node->slots[0] = xa->top;
	} else {
		node->slots[0] = xa->head;
		for (unsigned int i = 0; i < XA_MARKS; i++)
			node->marks[i] = xa->head_marks >> i & 1;
		xa->head = 0;
		xa->head_marks = 0;
	}
	node->count = node->slots[0] != 0;
	xa->top = handle;
}

static void grow_tops(struct xarray *xa, struct spare *spare, u64 index)
{
	unsigned int need = shift_for(index);

	if (!xa->top) {
		/* Below a lone entry levels begin at the lowest; without one at the top. */
		grow_top(xa, spare, xa->head ? 0 : need);
	}
	while (node_of(xa, xa->top)->shift < need)
		grow_top(xa, spare, node_of(xa, xa->top)->shift + XA_SHIFT);
}

static struct xa_node *make_path(struct xarray *xa, struct spare *spare, u64 index)
{
	u32 handle = xa->top;
	struct xa_node *node = node_of(xa, handle);

	while (node->shift) {
		unsigned int slot = slot_of(node, index);
		struct xa_node *child;
		u32 child_handle = (u32)node->slots[slot];

		if (!child_handle) {
			child = take(xa, spare, node->shift - XA_SHIFT, &child_handle);
			child->parent = handle;
			child->offset = (u8)slot;
			node->slots[slot] = child_handle;
			node->count++;
		} else {
			child = node_of(xa, child_handle);
		}
		handle = child_handle;
		node = child;
	}
	return node;
}

static int store_new(struct xarray *xa, u64 index, u64 entry)
{
	struct spare spare;
	struct xa_node *node;
	unsigned int wanted = nodes_wanted(xa, index);
	int err;

	if (!xa->top && !index && !xa->head) {
		xa->head = entry;
		xa->nr_entries++;
		return 0;
	}
	/* A lone entry at 0 grows into a tree level by level, then down again. */
	if (!xa->top && xa->head)
		wanted = shift_for(index) / XA_SHIFT * 2 + 1;
	err = take_nodes(xa, &spare, wanted);
	if (err)
		return err;
	grow_tops(xa, &spare, index);
	node = make_path(xa, &spare, index);
	node->slots[slot_of(node, index)] = entry;
	node->count++;
	xa->nr_entries++;
	while (spare.nr)
		free_node(xa, spare.nodes[--spare.nr]);
	return 0;
}

int xa_store(struct xarray *xa, u64 index, u64 entry, u64 *old)
{
	u64 was = xa_load(xa, index);
	struct xa_node *node;

	if (old)
		*old = was;
	if (!entry) {
		xa_erase(xa, index);
		return 0;
	}
	if (!was)
		return store_new(xa, index, entry);
	node = leaf_of(xa, index);
	if (node)
		node->slots[slot_of(node, index)] = entry;
	else
		xa->head = entry;
	return 0;
}

/* -- erasing ------------------------------------------------------------------- */

/* Top nodes that hold nothing but their first slot go. */
static void shrink_top(struct xarray *xa)
{
	while (xa->top) {
		u32 handle = xa->top;
		const struct xa_node *node = node_of(xa, handle);

		if (node->count != 1 || !node->slots[0])
			return;
		if (node->shift) {
			xa->top = (u32)node->slots[0];
			node_of(xa, xa->top)->parent = 0;
		} else {
			xa->head = node->slots[0];
			for (unsigned int i = 0; i < XA_MARKS; i++)
				xa->head_marks |= (u8)((node->marks[i] & 1) << i);
			xa->top = 0;
		}
		free_node(xa, handle);
	}
}

/* The node has lost its last slot: it goes, and so may those above it. */
static void delete_empty(struct xarray *xa, u32 handle)
{
	while (handle) {
		const struct xa_node *node = node_of(xa, handle);
		u32 parent = node->parent;
		unsigned int offset = node->offset;

		if (node->count)
			break;
		free_node(xa, handle);
		if (!parent) {
			xa->top = 0;
			return;
		}
		node_of(xa, parent)->slots[offset] = 0;
		node_of(xa, parent)->count--;
		handle = parent;
	}
	shrink_top(xa);
}

static u32 handle_of(const struct xarray *xa, const struct xa_node *node)
{
	return node->parent ? (u32)node_of(xa, node->parent)->slots[node->offset] : xa->top;
}

u64 xa_erase(struct xarray *xa, u64 index)
{
	u64 was = xa_load(xa, index);
	struct xa_node *node;

	if (!was)
		return 0;
	xa->nr_entries--;
	node = leaf_of(xa, index);
	if (!node) {
		xa->head = 0;
		xa->head_marks = 0;
		return was;
	}
	for (unsigned int i = 0; i < XA_MARKS; i++) {
		if (node->marks[i] >> slot_of(node, index) & 1)
			unmark_upward(xa, node, slot_of(node, index), i);
	}
	node->slots[slot_of(node, index)] = 0;
	node->count--;
	delete_empty(xa, handle_of(xa, node));
	return was;
}

/* -- finding ------------------------------------------------------------------- */

/* Slots of a node that are worth a look: all that are filled, or all marked. */
static bool slot_wanted(const struct xa_node *node, unsigned int slot, int mark)
{
	return mark < 0 ? node->slots[slot] != 0 : node->marks[mark] >> slot & 1;
}

/* The first entry at or behind *index below `node`, which begins at `first`. */
static u64 find_below(const struct xarray *xa, const struct xa_node *node, u64 first,
		      u64 *index, int mark)
{
	unsigned int slot = *index > first ? slot_of(node, *index) : 0;

	for (; slot < XA_SLOTS; slot++) {
		u64 begin = first + ((u64)slot << node->shift), entry;

		if (!slot_wanted(node, slot, mark))
			continue;
		if (!node->shift) {
			*index = begin;
			return node->slots[slot];
		}
		entry = find_below(xa, node_of(xa, (u32)node->slots[slot]), begin, index, mark);
		if (entry)
			return entry;
	}
	return 0;
}

static u64 find(const struct xarray *xa, u64 *index, u64 max, int mark)
{
	const struct xa_node *top;
	u64 at = *index, entry;

	if (!xa->top) {
		if (at || !xa->head || (mark >= 0 && !(xa->head_marks >> mark & 1)))
			return 0;
		return xa->head;
	}
	top = node_of(xa, xa->top);
	if (at > max_index(top->shift))
		return 0;
	entry = find_below(xa, top, 0, &at, mark);
	if (!entry || at > max)
		return 0;
	*index = at;
	return entry;
}

u64 xa_find(const struct xarray *xa, u64 *index, u64 max)
{
	return find(xa, index, max, -1);
}

u64 xa_find_marked(const struct xarray *xa, u64 *index, u64 max, enum xa_mark mark)
{
	return find(xa, index, max, mark);
}

/* -- walking and checking -------------------------------------------------------- */

typedef int (*xa_visit)(void *arg, u32 handle, u64 first, const struct xa_node *node);

static int walk(const struct xarray *xa, u32 handle, u64 first, xa_visit visit, void *arg)
{
	const struct xa_node *node = node_of(xa, handle);
	int stop = visit(arg, handle, first, node);

	for (unsigned int i = 0; !stop && node->shift && i < XA_SLOTS; i++) {
		if (node->slots[i])
			stop = walk(xa, (u32)node->slots[i], first + ((u64)i << node->shift),
				    visit, arg);
	}
	return stop;
}

int xa_walk(const struct xarray *xa, xa_visit visit, void *arg)
{
	return xa->top ? walk(xa, xa->top, 0, visit, arg) : 0;
}

struct tally {
	const struct xarray *xa;
	u32 nodes;
	u64 entries;
};

/* Is a slot's mark that of what lies below it? */
static bool marks_fit(const struct xarray *xa, const struct xa_node *node, unsigned int slot)
{
	for (unsigned int i = 0; i < XA_MARKS; i++) {
		bool marked = node->marks[i] >> slot & 1;

		if (!node->slots[slot] && marked)
			return false;
		if (node->slots[slot] && node->shift &&
		    marked != (node_of(xa, (u32)node->slots[slot])->marks[i] != 0))
			return false;
	}
	return true;
}

static int check_node(void *arg, u32 handle, u64 first, const struct xa_node *node)
{
	struct tally *tally = arg;
	unsigned int count = 0;

	for (unsigned int i = 0; i < XA_SLOTS; i++) {
		count += node->slots[i] != 0;
		if (!marks_fit(tally->xa, node, i))
			return 1;
		if (node->shift && node->slots[i]) {
			const struct xa_node *child = node_of(tally->xa, (u32)node->slots[i]);

			if (child->parent != handle || child->offset != i ||
			    child->shift + XA_SHIFT != node->shift)
				return 1;
		}
	}
	tally->nodes++;
	if (!node->shift)
		tally->entries += count;
	return !count || count != node->count;
}

bool xa_valid(const struct xarray *xa)
{
	struct tally tally = { .xa = xa };
	const struct xa_node *top;

	if (!xa->top)
		return !xa->nr_nodes && xa->nr_entries == (xa->head != 0) &&
		       (xa->head || !xa->head_marks);
	top = node_of(xa, xa->top);
	if (top->parent || xa->head || (top->count == 1 && top->slots[0]))
		return false;
	return !xa_walk(xa, check_node, &tally) && tally.nodes == xa->nr_nodes &&
	       tally.entries == xa->nr_entries;
}
