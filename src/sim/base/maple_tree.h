/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A B-tree of ranges in the shape of Linux's maple tree: from u64 ranges
 * [first, last] (both inclusive) to u32 values; value 0 is an empty range. Leaves
 * hold 16 slots, inner nodes 10 and the largest gap below each. No two empty ranges
 * meet, in one node or in two: so each is as large as it can be. An empty tree has
 * no node, any other begins with a leaf as its root (Linux keeps a lone entry in
 * the root pointer: we do not).
 *
 * Nodes are handles, made by the owner's callbacks and found through a pool that
 * many trees share. Stores move handles and values, never the caller's objects.
 * Readers change nothing. Not locked: one writer, or readers.
 */
#ifndef KMM_BASE_MAPLE_TREE_H
#define KMM_BASE_MAPLE_TREE_H

#include "sim/base/arena.h"

#define MAPLE_RANGE64_SLOTS 16
#define MAPLE_ARANGE64_SLOTS 10
#define MAPLE_RANGE64_MIN 7	/* least slots of a leaf that is not the root */
#define MAPLE_ARANGE64_MIN 5	/* of an inner node that is not; a root has 2 */
#define MAPLE_HEIGHT_MAX 20

struct maple_range_64 {
	u64 pivot[MAPLE_RANGE64_SLOTS - 1];	/* the last index of a slot's range */
	u32 slot[MAPLE_RANGE64_SLOTS];		/* values */
};

struct maple_arange_64 {
	u64 pivot[MAPLE_ARANGE64_SLOTS - 1];
	u32 slot[MAPLE_ARANGE64_SLOTS];		/* nodes */
	u64 gap[MAPLE_ARANGE64_SLOTS];		/* largest empty range below */
};

/*
 * The last slot in use ends where its node ends, so it has no pivot; pivots and
 * slots behind it mean nothing. Sizes of gaps are numbers of indices; a gap of the
 * whole space would be 2^64 and cannot be: such a tree is empty.
 */
struct maple_node {
	u32 parent;		/* 0: the root; of a reserved node: the next */
	u8 offset;		/* its slot in the parent */
	u8 leaf;
	u8 nr;			/* slots in use */
	union {
		struct maple_range_64 mr64;
		struct maple_arange_64 ma64;
		u64 pivot[MAPLE_RANGE64_SLOTS - 1];	/* of either kind */
		u8 bytes[248];
	};
};
_Static_assert(sizeof(struct maple_node) == 256, "a node is 256 bytes, as Linux's is");

/* Where nodes are: handle -> host memory, in chunks that never move. */
#define MAPLE_CHUNK_SHIFT 8
#define MAPLE_CHUNK (1U << MAPLE_CHUNK_SHIFT)
struct maple_pool {
	struct maple_node **chunks;
	u32 nr_chunks;
	struct arena *arena;
};

void maple_pool_init(struct maple_pool *pool, struct arena *arena);
void maple_pool_free(struct maple_pool *pool);
/* Make room for the node `handle`. 0 or -ENOMEM. For the alloc callback. */
int maple_pool_grow(struct maple_pool *pool, u32 handle) __must_check;

struct maple_ops {
	/* A new node, its handle not 0, with room in the pool. 0 or -errno. */
	int (*alloc)(void *ctx, u32 *node);
	void (*free)(void *ctx, u32 node);
};

struct maple_tree {
	struct maple_pool *pool;
	const struct maple_ops *ops;
	void *ctx;		/* for ops */
	u32 root;		/* 0: empty */
	u32 height;		/* levels of nodes; 0: empty */
	u32 nr_nodes;		/* in the tree */
	u32 nr_entries;		/* ranges that have a value */
	u32 reserve;		/* nodes taken in advance: a list by ->parent */
	u32 nr_reserved;
	u32 version;		/* counts stores: cursors notice */
	/* The leaf where a writer works, what it covers; NULL: any. mt_seek() */
	struct maple_node *finger;
	u64 finger_min, finger_max;
	unsigned int finger_slot;	/* of it, near to where the next search ends */
};

static inline struct maple_node *mt_node(const struct maple_tree *tree, u32 node)
{
	return &tree->pool->chunks[node >> MAPLE_CHUNK_SHIFT][node & (MAPLE_CHUNK - 1)];
}

void mt_init(struct maple_tree *tree, struct maple_pool *pool, const struct maple_ops *ops,
	     void *ctx);
/* All nodes go back, reserved ones too; the tree is empty and can be used again. */
void mt_destroy(struct maple_tree *tree);

static inline bool mt_empty(const struct maple_tree *tree)
{
	return !tree->root;
}

/* ---- Lookups. first and last may be NULL; they are set only where said. ---- */

/* The value at index, 0 if none; *first, *last: the range there, empty ones too. */
u32 mt_load(const struct maple_tree *tree, u64 index, u64 *first, u64 *last);

/*
 * The lowest entry that overlaps [*index, max]: *index becomes its last + 1 (0 behind
 * the end of the space), *first and *last its range. 0: none, nothing is set.
 */
u32 mt_find(const struct maple_tree *tree, u64 *index, u64 max, u64 *first, u64 *last);

/* The highest entry that ends before index and not before min; 0: none. */
u32 mt_prev(const struct maple_tree *tree, u64 index, u64 min, u64 *first, u64 *last);

/* The lowest entry that begins behind index and not behind max; 0: none. */
u32 mt_next(const struct maple_tree *tree, u64 index, u64 max, u64 *first, u64 *last);

/*
 * As mt_load, mt_find and mt_prev; *visited becomes the number of nodes that were
 * looked at.
 */
u32 mt_load_visited(const struct maple_tree *tree, u64 index, u64 *first, u64 *last,
		    unsigned int *visited);
u32 mt_find_visited(const struct maple_tree *tree, u64 *index, u64 max, u64 *first,
		    u64 *last, unsigned int *visited);
u32 mt_prev_visited(const struct maple_tree *tree, u64 index, u64 min, u64 *first,
		    u64 *last, unsigned int *visited);

/* The slot whose range covers index, which is in the node, searched for from slot i on. */
static inline unsigned int mt_slot_near(const struct maple_node *node, unsigned int i, u64 index)
{
	unsigned int end = node->nr - 1U;

	while (i && node->pivot[i - 1] >= index)
		i--;
	while (i < end && node->pivot[i] < index)
		i++;
	return i;
}

/* Does the finger's leaf cover index? */
static inline bool mt_at_finger(const struct maple_tree *tree, u64 index)
{
	return tree->finger && index >= tree->finger_min && index <= tree->finger_max;
}

void mt_seek_far(struct maple_tree *tree, u64 index);
/*
 * Say that lookups and a store at index, or nearby, come next: those in the same leaf
 * begin there and need not descend. No effect on what they find.
 */
static inline void mt_seek(struct maple_tree *tree, u64 index)
{
	if (likely(mt_at_finger(tree, index)))
		tree->finger_slot = mt_slot_near(tree->finger, tree->finger_slot, index);
	else
		mt_seek_far(tree, index);
}

/* mt_load() and mt_find(), of the value alone: in line where the finger is. */
static inline u32 mt_load_value(const struct maple_tree *tree, u64 index)
{
	const struct maple_node *leaf = tree->finger;

	if (unlikely(!mt_at_finger(tree, index)))
		return mt_load(tree, index, NULL, NULL);
	return leaf->mr64.slot[mt_slot_near(leaf, tree->finger_slot, index)];
}

static inline u32 mt_find_value(const struct maple_tree *tree, u64 index, u64 max)
{
	const struct maple_node *leaf = tree->finger;
	unsigned int i;

	if (unlikely(!mt_at_finger(tree, index)))
		return mt_find(tree, &index, max, NULL, NULL);
	i = mt_slot_near(leaf, tree->finger_slot, index);
	if (leaf->mr64.slot[i])
		return leaf->mr64.slot[i];
	/* What is behind an empty range is in the same leaf. */
	if (++i == leaf->nr || leaf->pivot[i - 1] >= max)
		return 0;
	return leaf->mr64.slot[i];
}

/* Where the room begins that lies before the entry at index: behind the one before, or at 0. */
static inline u64 mt_room_before(const struct maple_tree *tree, u64 index)
{
	const struct maple_node *leaf = tree->finger;
	u64 last;
	unsigned int i;

	if (unlikely(!mt_at_finger(tree, index)))
		return mt_prev(tree, index, 0, NULL, &last) ? last + 1 : 0;
	i = mt_slot_near(leaf, tree->finger_slot, index);
	if (i && !leaf->mr64.slot[i - 1])
		i--;
	/* The leaf before does not end empty. */
	return i ? leaf->pivot[i - 1] + 1 : tree->finger_min;
}

/* Where the entry begins that is behind the one at index; 0: there is none. */
static inline u64 mt_room_behind(const struct maple_tree *tree, u64 index)
{
	const struct maple_node *leaf = tree->finger;
	u64 first;
	unsigned int i;

	if (likely(mt_at_finger(tree, index))) {
		i = mt_slot_near(leaf, tree->finger_slot, index) + 1;
		if (likely(i < leaf->nr)) {
			i += !leaf->mr64.slot[i];
			return i < leaf->nr ? leaf->pivot[i - 1] + 1 : 0;
		}
	}
	return mt_next(tree, index, ~0ULL, &first, NULL) ? first : 0;
}

/* ---- A cursor: steps without descending again. ----
 *
 * It stands on [index, last] with `value`. Stores in between are allowed: the next
 * step descends from there again. Whoever changes the tree need not tell it; index
 * and last may be set after mas_reset().
 *
 *	struct maple_state mas;
 *
 *	mas_init(&mas, tree, addr);
 *	for (u32 v = mas_find(&mas, max); v; v = mas_next(&mas, max))
 *		...
 */
struct maple_state {
	const struct maple_tree *tree;
	u64 index, last;
	u32 value;
	/* private: */
	struct maple_node *node;	/* a leaf; NULL: descend first */
	u32 version;
	u8 offset;
	u64 min, max;		/* of the node */
};

/* On [index, index], nothing looked at yet. */
static inline void mas_init(struct maple_state *mas, const struct maple_tree *tree, u64 index)
{
	*mas = (struct maple_state) { .tree = tree, .index = index, .last = index };
}

/* Forget the place in the tree, stay on index. */
static inline void mas_reset(struct maple_state *mas, u64 index)
{
	mas_init(mas, mas->tree, index);
}

/* Onto the range that covers index, empty ones too; its value or 0. */
u32 mas_walk(struct maple_state *mas);
/* Onto the lowest entry that overlaps [index, max]; 0: none, it stays. */
u32 mas_find(struct maple_state *mas, u64 max);
/* Onto the lowest entry behind last that begins at most at max; 0: none, it stays. */
u32 mas_next(struct maple_state *mas, u64 max);
/* Onto the highest entry before index that ends at least at min; 0: none, it stays. */
u32 mas_prev(struct maple_state *mas, u64 min);
/*
 * Another value, not 0, for the entry that the cursor stands on (it must stand on
 * one, found since the last store). Needs no node, cannot fail, shape unchanged.
 */
void mas_replace(struct maple_state *mas, struct maple_tree *tree, u32 value);

/* ---- Changes. ---- */

/*
 * [first, last] has this value and nothing else from now on; 0 erases. What was there
 * is overwritten, ranges that reach over an edge are cut (or lose their middle). Equal
 * values side by side stay two entries. 0; -EINVAL: first > last; or alloc's error,
 * and then nothing has changed. Nodes come from the reserve first.
 */
int mt_store_range(struct maple_tree *tree, u64 first, u64 last, u32 value) __must_check;

/*
 * What two stores come to that cut an entry before first and behind last: it keeps [first, last],
 * and its ends, which must not be empty, get the values `before` and `behind`. 1; 0: that takes
 * more than a leaf with room, or one that is the root; or alloc's error. Then nothing has changed.
 */
int mt_cut_middle(struct maple_tree *tree, u64 first, u64 last, u32 before,
		  u32 behind) __must_check;

/*
 * Take nodes in advance, so that the next nr_stores stores cannot fail, whatever they
 * are: for each the kernel's worst case, 1 + 3 * height. 0, or alloc's error: then
 * the reserve is as it was. Counts what the reserve already has.
 */
int mt_reserve(struct maple_tree *tree, unsigned int nr_stores) __must_check;
/* The same with a number of nodes, for who computes it by a release's own rule. */
int mt_reserve_nodes(struct maple_tree *tree, unsigned int nr_nodes) __must_check;
/* What was not needed goes back. */
void mt_unreserve(struct maple_tree *tree);
/* The nodes that mt_reserve() takes for this many stores. */
unsigned int mt_worst_case(const struct maple_tree *tree, unsigned int nr_stores);

/*
 * Copy all nodes of src: the same shape and values. dst: made by mt_init(), empty.
 * 0, or alloc's error with dst empty.
 */
int mt_dup(struct maple_tree *dst, const struct maple_tree *src) __must_check;

/* ---- Empty areas. ---- */

/*
 * The lowest (rev: highest) *start so that [*start, *start + size - 1] is empty and
 * within [min, max]. -EBUSY: none. -EINVAL: no size, or more than min to max holds.
 */
int mt_empty_area(const struct maple_tree *tree, u64 min, u64 max, u64 size,
		  u64 *start) __must_check;
int mt_empty_area_rev(const struct maple_tree *tree, u64 min, u64 max, u64 size,
		      u64 *start) __must_check;

/* ---- Dumps and checks. ---- */

struct maple_visit {
	u32 handle;
	unsigned int depth;	/* 0: the root */
	u64 min, max;		/* what the node covers */
	const struct maple_node *node;
};

/* The last index of slot i of a node that ends at max; the first, if it begins at min. */
static inline u64 mt_slot_last(const struct maple_node *node, unsigned int i, u64 max)
{
	return i + 1 < node->nr ? node->pivot[i] : max;
}

static inline u64 mt_slot_first(const struct maple_node *node, unsigned int i, u64 min)
{
	return i ? node->pivot[i - 1] + 1 : min;
}

static inline u32 mt_slot(const struct maple_node *node, unsigned int i)
{
	return node->leaf ? node->mr64.slot[i] : node->ma64.slot[i];
}

/* The largest empty range below slot i; of a leaf: of the slot itself. */
u64 mt_slot_gap(const struct maple_visit *visit, unsigned int i);

/*
 * Each node, a parent before its children, lower indices first. Ends early with
 * what visit() returned if that is not 0.
 */
int mt_walk(const struct maple_tree *tree, int (*visit)(void *ctx, const struct maple_visit *),
	    void *ctx);

/*
 * Check everything: pivots, depth, parents, gaps, fill, counts. One report for each
 * thing that is wrong, about the range [min, max]; returns how many. Each node read
 * is counted in *nr_checked if that is not NULL.
 */
typedef void mt_report_fn(void *ctx, u32 node, u64 min, u64 max, const char *what);
unsigned int mt_validate(const struct maple_tree *tree, mt_report_fn *report, void *ctx,
			 u64 *nr_checked);

#endif
