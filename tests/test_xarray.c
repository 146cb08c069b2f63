// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Radix trees against a plain list of what was stored: lookups, marks, searches, the
 * number of nodes, failing allocations, and planted corruptions.
 */
#include <stdlib.h>

#include "support.h"
#include "sim/base/xarray.h"

#define MAX_NODES 4096

/* Where nodes come from; the lowest free handle is next. */
struct nodes {
	struct xa_node *node[MAX_NODES];
	u32 live, lowest;
	unsigned int fail_in;	/* allocations; 0: none fails */
	struct xarray *loses;	/* by the next allocation, what is at lost */
	u64 lost;
};

static int nodes_alloc(void *ctx, u32 *node)
{
	struct nodes *nodes = ctx;
	u32 h = MAX(nodes->lowest, 1);

	if (nodes->fail_in && !--nodes->fail_in)
		return -ENOBUFS;
	if (nodes->loses)
		xa_erase(nodes->loses, nodes->lost);
	nodes->loses = NULL;
	while (h < MAX_NODES && nodes->node[h])
		h++;
	CU_ASSERT_FATAL(h < MAX_NODES);
	nodes->node[h] = calloc(1, sizeof(struct xa_node));
	nodes->live++;
	nodes->lowest = h + 1;
	*node = h;
	return 0;
}

static void nodes_free(void *ctx, u32 node)
{
	struct nodes *nodes = ctx;

	free(nodes->node[node]);
	nodes->node[node] = NULL;
	nodes->lowest = MIN(nodes->lowest, node);
	nodes->live--;
}

static struct xa_node *nodes_get(void *ctx, u32 node)
{
	return node < MAX_NODES ? ((struct nodes *)ctx)->node[node] : NULL;
}

static const struct xa_ops ops = { nodes_alloc, nodes_free, nodes_get };

static struct nodes *nodes_new(void)
{
	return calloc(1, sizeof(struct nodes));
}

static void nodes_end(struct nodes *nodes)
{
	CU_ASSERT_EQUAL(nodes->live, 0);
	for (int i = 0; i < MAX_NODES; i++)
		CU_ASSERT_PTR_NULL_FATAL(nodes->node[i]);
	free(nodes);
}

static void print_broken(void *ctx, u32 node, u64 index, const char *what)
{
	(void)ctx;
	fprintf(stderr, "node %u, index %llx: %s\n", node, (unsigned long long)index, what);
}

static void assert_valid(const struct xarray *xa, const struct nodes *nodes)
{
	CU_ASSERT_EQUAL_FATAL(xa_validate(xa, print_broken, NULL, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(xa->nr_nodes, nodes->live);
}

/* The shapes that the kernel gives to small arrays. */
static void test_shape(void)
{
	struct nodes *nodes = nodes_new();
	struct xarray xa;
	u64 old;

	xa_init(&xa, &ops, nodes);
	CU_ASSERT_TRUE(xa_empty(&xa));
	CU_ASSERT_EQUAL(xa_load(&xa, 0), 0);
	CU_ASSERT_EQUAL(xa_store(&xa, 0, 4, NULL), 0);
	CU_ASSERT_EQUAL(nodes->live, 0);	/* in the head */
	CU_ASSERT_EQUAL(xa_load(&xa, 0), 4);
	CU_ASSERT_EQUAL(xa_load(&xa, 64), 0);
	xa_set_mark(&xa, 0, XA_MARK_WRITEBACK);
	CU_ASSERT_EQUAL(xa_store(&xa, 63, 8, NULL), 0);
	CU_ASSERT_EQUAL(nodes->live, 1);
	CU_ASSERT_TRUE(xa_get_mark(&xa, 0, XA_MARK_WRITEBACK));
	CU_ASSERT_FALSE(xa_get_mark(&xa, 63, XA_MARK_WRITEBACK));
	CU_ASSERT_EQUAL(xa_store(&xa, 64, 12, NULL), 0);
	CU_ASSERT_EQUAL(nodes->live, 3);
	CU_ASSERT_EQUAL(xa_store_nodes(&xa, ~0ULL), 9 + 10);
	CU_ASSERT_EQUAL(xa_store(&xa, ~0ULL, 16, NULL), 0);
	CU_ASSERT_EQUAL(nodes->live, 3 + 9 + 10);
	CU_ASSERT_EQUAL(xa_load(&xa, ~0ULL), 16);
	assert_valid(&xa, nodes);
	CU_ASSERT_EQUAL(xa_erase(&xa, ~0ULL), 16);
	CU_ASSERT_EQUAL(nodes->live, 3);
	CU_ASSERT_EQUAL(xa_store(&xa, 64, 0, &old), 0);
	CU_ASSERT_EQUAL(old, 12);
	CU_ASSERT_EQUAL(nodes->live, 1);
	CU_ASSERT_TRUE(xa_marked(&xa, XA_MARK_WRITEBACK));
	CU_ASSERT_EQUAL(xa_erase(&xa, 63), 8);
	CU_ASSERT_EQUAL(nodes->live, 0);
	CU_ASSERT_TRUE(xa_get_mark(&xa, 0, XA_MARK_WRITEBACK));
	CU_ASSERT_EQUAL(xa_erase(&xa, 0), 4);
	CU_ASSERT_FALSE(xa_marked(&xa, XA_MARK_WRITEBACK));
	CU_ASSERT_EQUAL(xa_erase(&xa, 0), 0);
	/* From empty to the highest index, and a far second one. */
	CU_ASSERT_EQUAL(xa_store_nodes(&xa, ~0ULL), 11);
	CU_ASSERT_EQUAL(xa_store(&xa, ~0ULL, xa_mk_value(1), NULL), 0);
	CU_ASSERT_EQUAL(nodes->live, 11);
	CU_ASSERT_EQUAL(xa_store(&xa, 0, 4, NULL), 0);
	CU_ASSERT_EQUAL(nodes->live, 21);
	assert_valid(&xa, nodes);
	xa_destroy(&xa);
	CU_ASSERT_EQUAL(nodes->live, 0);
	CU_ASSERT_EQUAL(xa.nr_entries, 0);
	nodes_end(nodes);
}

/* As the kernel makes them: levels on top first, from the lowest, then the way down. */
static void test_order(void)
{
	struct nodes *nodes = nodes_new();
	const struct xa_node *node;
	struct xarray xa;

	xa_init(&xa, &ops, nodes);
	CU_ASSERT_EQUAL(xa_store(&xa, 0, 4, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(xa_store(&xa, 5000, 4, NULL), 0);
	CU_ASSERT_EQUAL(xa.nr_nodes, 5);
	CU_ASSERT_EQUAL(xa.top, 3);
	node = xa_child(xa.root, 0);
	CU_ASSERT_EQUAL(node->self, 2);
	CU_ASSERT_EQUAL(xa_child(node, 0)->self, 1);
	node = xa_child(xa.root, 1);
	CU_ASSERT_EQUAL(node->self, 4);
	CU_ASSERT_EQUAL(xa_child(node, (5000 >> 6) & 63)->self, 5);
	xa_destroy(&xa);
	/* Without an entry: from the top down. */
	CU_ASSERT_EQUAL_FATAL(xa_store(&xa, 5000, 4, NULL), 0);
	CU_ASSERT_EQUAL(xa.top, 1);
	CU_ASSERT_EQUAL(xa_child(xa.root, 1)->self, 2);
	xa_destroy(&xa);
	nodes_end(nodes);
}

/* The worst case that callers reserve for. */
static void test_most_nodes(void)
{
	struct nodes *nodes = nodes_new();
	struct xarray xa;

	xa_init(&xa, &ops, nodes);
	CU_ASSERT_EQUAL(xa_store(&xa, 0, 4, NULL), 0);
	CU_ASSERT_EQUAL(xa_store_nodes(&xa, ~0ULL), XA_STORE_NODES);
	CU_ASSERT_EQUAL(xa_store(&xa, ~0ULL, 4, NULL), 0);
	CU_ASSERT_EQUAL(nodes->live, XA_STORE_NODES);
	assert_valid(&xa, nodes);
	xa_destroy(&xa);
	nodes_end(nodes);
}

/* The model: what was stored, in no order. */
#define MODEL_MAX 600
#define KEPT_LEAVES 16

struct model {
	struct nodes *nodes;
	struct xarray xa;
	struct xa_leaf leaves[KEPT_LEAVES];	/* some indices are behind them */
	unsigned int bits;	/* of an index */
	u64 index[MODEL_MAX], entry[MODEL_MAX];
	u8 marks[MODEL_MAX];
	unsigned int nr, most;
	u64 rng;
};

static u64 next_random(struct model *model)
{
	model->rng = model->rng * 6364136223846793005ULL + 1442695040888963407ULL;
	return model->rng ^ model->rng >> 29;
}

static u64 random_index(struct model *model)
{
	u64 index = next_random(model) >> (64 - model->bits);

	if (model->nr && next_random(model) >> 60 < 6)
		index = model->index[next_random(model) % model->nr];
	else if (model->nr && next_random(model) >> 60 < 6)
		index = model->index[next_random(model) % model->nr] + 1;
	return next_random(model) >> 60 ? index : (next_random(model) & 1) * ~0ULL;
}

static unsigned int model_at(const struct model *model, u64 index)
{
	unsigned int i;

	for (i = 0; i < model->nr && model->index[i] != index; i++)
		;
	return i;
}

static u64 model_find(const struct model *model, u64 *index, u64 max, enum xa_mark mark)
{
	unsigned int best = model->nr;

	for (unsigned int i = 0; i < model->nr; i++)
		if (model->index[i] >= *index && model->index[i] <= max &&
		    (mark == XA_PRESENT || model->marks[i] >> mark & 1) &&
		    (best == model->nr || model->index[i] < model->index[best]))
			best = i;
	if (best == model->nr)
		return 0;
	*index = model->index[best];
	return model->entry[best];
}

static void model_erase(struct model *model, unsigned int i)
{
	model->nr--;
	model->index[i] = model->index[model->nr];
	model->entry[i] = model->entry[model->nr];
	model->marks[i] = model->marks[model->nr];
}

/* Nodes of the shape that the contents ask for, counted from the model. */
static u32 model_nodes(const struct model *model)
{
	u64 highest = 0;
	unsigned int levels = 0;
	u32 nr = 0;

	for (unsigned int i = 0; i < model->nr; i++)
		highest = MAX(highest, model->index[i]);
	while (levels * 6 < 64 && highest >> levels * 6)
		levels++;
	for (unsigned int level = 1; level <= levels; level++)
		for (unsigned int i = 0; i < model->nr; i++) {
			unsigned int k;

			for (k = 0; k < i; k++)
				if (level * 6 >= 64 ||
				    model->index[k] >> level * 6 == model->index[i] >> level * 6)
					break;
			nr += k == i;
		}
	return nr;
}

static void do_store(struct model *model)
{
	u64 index = random_index(model), old = 1, entry = next_random(model);
	unsigned int i = model_at(model, index);
	unsigned int want = xa_store_nodes(&model->xa, index);
	u32 live = model->nodes->live;
	int err;

	if (!entry || (i == model->nr && model->nr == MODEL_MAX))
		return;
	model->nodes->fail_in = next_random(model) % 8 ? 0 : 1 + next_random(model) % 4;
	err = xa_store(&model->xa, index, entry, &old);
	if (err) {
		CU_ASSERT_EQUAL(err, -ENOBUFS);
		CU_ASSERT_TRUE(want > 0);
		CU_ASSERT_EQUAL(model->nodes->live, live);
		CU_ASSERT_EQUAL(old, 1);
		model->nodes->fail_in = 0;
		return;
	}
	model->nodes->fail_in = 0;
	CU_ASSERT_EQUAL(old, i < model->nr ? model->entry[i] : 0);
	CU_ASSERT_EQUAL(model->nodes->live, live + want);
	if (i == model->nr) {
		model->nr++;
		model->most = MAX(model->most, model->nr);
		model->marks[i] = 0;
	}
	model->index[i] = index;
	model->entry[i] = entry;
}

static void do_mark(struct model *model)
{
	u64 index = random_index(model);
	unsigned int i = model_at(model, index), mark = next_random(model) % XA_MARKS;

	if (next_random(model) >> 63) {
		xa_set_mark(&model->xa, index, mark);
		if (i < model->nr)
			model->marks[i] |= 1U << mark;
	} else {
		xa_clear_mark(&model->xa, index, mark);
		if (i < model->nr)
			model->marks[i] &= ~(1U << mark);
	}
}

static void do_erase(struct model *model)
{
	u64 index = random_index(model);
	unsigned int i = model_at(model, index);

	CU_ASSERT_EQUAL(xa_erase(&model->xa, index), i < model->nr ? model->entry[i] : 0);
	if (i < model->nr)
		model_erase(model, i);
}

static void do_lookups(struct model *model)
{
	u64 index = random_index(model), max = random_index(model), at = index, model_at_ = index;
	unsigned int i = model_at(model, index), mark = next_random(model) % (XA_MARKS + 1);

	CU_ASSERT_EQUAL(xa_load(&model->xa, index), i < model->nr ? model->entry[i] : 0);
	CU_ASSERT_EQUAL(xa_load_kept(&model->xa, index), i < model->nr ? model->entry[i] : 0);
	if (mark < XA_MARKS)
		CU_ASSERT_EQUAL(xa_get_mark(&model->xa, index, mark),
				i < model->nr && model->marks[i] >> mark & 1);
	CU_ASSERT_EQUAL(mark == XA_PRESENT ? xa_find(&model->xa, &at, max) :
			xa_find_marked(&model->xa, &at, max, mark),
			model_find(model, &model_at_, max, mark));
	CU_ASSERT_EQUAL(at, model_at_);
}

/* A whole walk by the cursor; some entries go, or come, under its feet. */
static void do_walk(struct model *model)
{
	struct xa_cursor cursor;
	enum xa_mark mark = next_random(model) % (XA_MARKS + 1);
	u64 index = random_index(model), max = random_index(model), entry;
	bool erase = next_random(model) % 4 == 0;

	xa_cursor_init(&cursor, &model->xa, index);
	entry = xa_first(&cursor, max, mark);
	for (;;) {
		CU_ASSERT_EQUAL_FATAL(entry, model_find(model, &index, max, mark));
		if (!entry)
			break;
		CU_ASSERT_EQUAL(cursor.index, index);
		if (erase) {
			CU_ASSERT_EQUAL(xa_erase(&model->xa, index), entry);
			model_erase(model, model_at(model, index));
		}
		do_store(model);
		entry = xa_next(&cursor, max, mark);
		if (!++index) {
			CU_ASSERT_EQUAL(entry, 0);
			break;
		}
	}
}

static void check_counts(struct model *model)
{
	u8 marks = 0;

	for (unsigned int i = 0; i < model->nr; i++)
		marks |= model->marks[i];
	CU_ASSERT_EQUAL(model->xa.marks, marks);
	CU_ASSERT_EQUAL(model->xa.nr_entries, model->nr);
	assert_valid(&model->xa, model->nodes);
}

static void run_model(unsigned int bits, unsigned int steps)
{
	struct model *model = calloc(1, sizeof(*model));

	model->nodes = nodes_new();
	model->bits = bits;
	model->rng = bits;
	xa_init(&model->xa, &ops, model->nodes);
	xa_keep_leaves(&model->xa, model->leaves, KEPT_LEAVES);
	for (unsigned int step = 0; step < steps; step++) {
		/* It fills, then empties. */
		unsigned int what = next_random(model) % 16, fill = step % 4000 < 2000 ? 5 : 1;

		if (what < fill)
			do_store(model);
		else if (what < 6)
			do_erase(model);
		else if (what < 9)
			do_mark(model);
		else
			do_lookups(model);
		if (step % 64 == 0)
			check_counts(model);
		if (step % 500 == 0)
			CU_ASSERT_EQUAL(model->xa.nr_nodes, model_nodes(model));
		if (step % 1000 == 0)
			do_walk(model);
	}
	CU_ASSERT_TRUE(model->most >= (bits < 8 ? 1U << (bits - 1) : 100));
	while (model->nr) {
		CU_ASSERT_EQUAL(xa_erase(&model->xa, model->index[0]), model->entry[0]);
		model_erase(model, 0);
	}
	check_counts(model);
	CU_ASSERT_TRUE(xa_empty(&model->xa));
	nodes_end(model->nodes);
	free(model);
}

static void test_model(void)
{
	const unsigned int bits[] = { 1, 5, 6, 7, 10, 12, 13, 20, 40, 64 };

	for (size_t i = 0; i < ARRAY_SIZE(bits); i++)
		run_model(bits[i], 16000);
}

struct count {
	u32 nodes;
	u64 entries, last;
};

static int count_node(void *arg, u32 handle, u64 first, const struct xa_node *node)
{
	struct count *count = arg;

	CU_ASSERT_EQUAL(node->self, handle);
	count->nodes++;
	if (!node->shift) {
		CU_ASSERT_TRUE(!count->entries || first > count->last);
		count->last = first;
		count->entries += node->count;
	}
	return count->nodes == 1000 ? 5 : 0;
}

static void test_walk(void)
{
	struct nodes *nodes = nodes_new();
	struct count count = { 0 };
	struct xarray xa;

	xa_init(&xa, &ops, nodes);
	CU_ASSERT_EQUAL(xa_walk(&xa, count_node, &count), 0);
	for (u64 i = 0; i < 10000; i++)
		CU_ASSERT_EQUAL(xa_store(&xa, i * 5, 4, NULL), 0);
	CU_ASSERT_EQUAL(xa_walk(&xa, count_node, &count), 0);
	CU_ASSERT_EQUAL(count.nodes, nodes->live);
	CU_ASSERT_EQUAL(count.entries, 10000);
	count = (struct count) { .nodes = 900 };
	CU_ASSERT_EQUAL(xa_walk(&xa, count_node, &count), 5);
	xa_destroy(&xa);
	nodes_end(nodes);
}

static const struct {
	const char *what;
	size_t offset;
	u64 change;
	unsigned int bytes;
	bool root;
} corruptions[] = {
#define NODE(what, field, change, root) \
	{ what, offsetof(struct xa_node, field), change, sizeof(((struct xa_node *)0)->field), root }
	NODE("self", self, 1, false), NODE("parent", parent, 16, false),
	NODE("shift", shift, 6, false), NODE("offset", offset, 1, false),
	NODE("count", count, 1, false), NODE("values", nr_values, 1, false),
	NODE("mark", marks[1], 2, false), NODE("mark without entry", marks[0], 1ULL << 40, false),
	NODE("present", marks[XA_PRESENT], 1ULL << 40, false), NODE("slot", slots[40], 4, false),
	NODE("an entry in the root", slots[1], 1, true), NODE("root's mark", marks[2], 1, true),
	NODE("root's shift", shift, 66, true), NODE("root's parent", parent, 16, true),
};

static void flip(struct xa_node *node, size_t i)
{
	u64 value = 0;

	memcpy(&value, (char *)node + corruptions[i].offset, corruptions[i].bytes);
	value ^= corruptions[i].change;
	memcpy((char *)node + corruptions[i].offset, &value, corruptions[i].bytes);
}

static void assert_invalid(const struct xarray *xa)
{
	CU_ASSERT_TRUE(xa_validate(xa, NULL, NULL, NULL) > 0);
	CU_ASSERT_FALSE(xa_valid(xa));
}

static void test_corruptions(void)
{
	struct nodes *nodes = nodes_new();
	struct xa_node *leaf;
	struct xarray xa;

	xa_init(&xa, &ops, nodes);
	for (u64 i = 0; i < 100; i += 1 + (i == 20) * 30)
		CU_ASSERT_EQUAL(xa_store(&xa, i, 4, NULL), 0);
	xa_set_mark(&xa, 1, XA_MARK_WRITEBACK);
	assert_valid(&xa, nodes);
	leaf = xa_child(xa.root, 0);
	for (size_t i = 0; i < ARRAY_SIZE(corruptions); i++) {
		struct xa_node *node = corruptions[i].root ? xa.root : leaf;

		flip(node, i);
		assert_invalid(&xa);
		flip(node, i);
		assert_valid(&xa, nodes);
	}
	xa.nr_entries++;
	assert_invalid(&xa);
	xa.nr_entries--;
	xa.nr_nodes--;
	assert_invalid(&xa);
	xa.nr_nodes++;
	xa.marks ^= 1;
	assert_invalid(&xa);
	xa.marks ^= 1;
	xa.top++;
	assert_invalid(&xa);
	xa.top--;
	xa_destroy(&xa);
	assert_valid(&xa, nodes);
	xa.marks = 1;
	assert_invalid(&xa);
	nodes_end(nodes);
}

/* ---- Entries of several indices. ---- */

#define ORDER_SPAN 5000
#define ORDER_MAX 10

/* By index: which entry it is of, and where that begins. */
struct orders {
	struct xarray xa;
	struct nodes *nodes;
	u64 entry[ORDER_SPAN], rng;
	u32 first[ORDER_SPAN];
	u8 order[ORDER_SPAN], marks[ORDER_SPAN];
};

static u64 orders_random(struct orders *o, u64 below)
{
	o->rng = o->rng * 6364136223846793005ULL + 1442695040888963407ULL;
	return (o->rng >> 33) % below;
}

static void orders_set(struct orders *o, u64 first, unsigned int order, u64 entry, u8 marks)
{
	for (u64 i = first; i < first + (1ULL << order); i++) {
		o->entry[i] = entry;
		o->first[i] = (u32)first;
		o->order[i] = (u8)order;
		o->marks[i] = marks;
	}
}

/* Does an entry of more indices lie across the block? */
static bool is_inside_larger(const struct orders *o, u64 first, unsigned int order)
{
	return o->entry[first] && o->order[first] > order;
}

static void orders_store(struct orders *o)
{
	unsigned int order = (unsigned int)orders_random(o, ORDER_MAX + 1);
	u64 first = orders_random(o, ORDER_SPAN) >> order << order;
	u64 entry = orders_random(o, 2) ? xa_mk_value(1 + orders_random(o, 1000)) :
					   (1 + orders_random(o, 1000)) << 2;
	u32 live = o->nodes->live;

	if (first + (1ULL << order) > ORDER_SPAN || is_inside_larger(o, first, order))
		return;
	o->nodes->fail_in = orders_random(o, 8) ? 0 : 1;
	if (xa_store_order(&o->xa, first, order, entry)) {
		o->nodes->fail_in = 0;
		CU_ASSERT_EQUAL(o->nodes->live, live);
		return;
	}
	o->nodes->fail_in = 0;
	orders_set(o, first, order, entry, order || !o->entry[first] ? 0 : o->marks[first]);
}

static void orders_erase(struct orders *o)
{
	u64 index = orders_random(o, ORDER_SPAN);

	CU_ASSERT_EQUAL(xa_erase(&o->xa, index), o->entry[index]);
	if (o->entry[index])
		orders_set(o, o->first[index], o->order[index], 0, 0);
}

static void orders_mark(struct orders *o)
{
	u64 index = orders_random(o, ORDER_SPAN);
	unsigned int mark = (unsigned int)orders_random(o, XA_MARKS);
	bool set = orders_random(o, 2);
	u8 marks = o->marks[index];

	if (set)
		xa_set_mark(&o->xa, index, mark);
	else
		xa_clear_mark(&o->xa, index, mark);
	marks = (u8)(set ? marks | 1U << mark : marks & ~(1U << mark));
	if (o->entry[index])
		orders_set(o, o->first[index], o->order[index], o->entry[index], marks);
}

static void orders_split(struct orders *o)
{
	u64 index = orders_random(o, ORDER_SPAN), first = o->first[index], at;
	unsigned int order, old = o->order[index];
	bool uniform = orders_random(o, 2);
	u64 entry = o->entry[index];
	u8 marks = o->marks[index];

	if (!entry || !old)
		return;
	order = (unsigned int)orders_random(o, old);
	o->nodes->fail_in = orders_random(o, 8) ? 0 : 1;
	if (uniform ? xa_split(&o->xa, index, order) : xa_split_at(&o->xa, index, order)) {
		o->nodes->fail_in = 0;
		return;
	}
	o->nodes->fail_in = 0;
	for (at = first; uniform && at < first + (1ULL << old); at += 1ULL << order)
		orders_set(o, at, order, entry, marks);
	for (; !uniform && old > order; old--) {
		orders_set(o, first, old - 1, entry, marks);
		orders_set(o, first + (1ULL << (old - 1)), old - 1, entry, marks);
		first = o->first[index];
	}
}

static void orders_look(struct orders *o)
{
	u64 index = orders_random(o, ORDER_SPAN), at = index, expected = index;
	unsigned int mark = (unsigned int)orders_random(o, XA_MARKS + 1);
	struct xa_cursor cursor;

	CU_ASSERT_EQUAL(xa_load(&o->xa, index), o->entry[index]);
	CU_ASSERT_EQUAL(xa_get_order(&o->xa, index), o->entry[index] ? o->order[index] : 0);
	while (expected < ORDER_SPAN && (!o->entry[expected] ||
					 (mark < XA_MARKS && !(o->marks[expected] >> mark & 1))))
		expected++;
	CU_ASSERT_EQUAL(xa_find_marked(&o->xa, &at, ~0ULL, mark),
			expected < ORDER_SPAN ? o->entry[expected] : 0);
	CU_ASSERT_EQUAL(at, expected < ORDER_SPAN ? expected : index);
	xa_cursor_init(&cursor, &o->xa, index);
	if (!xa_first(&cursor, ~0ULL, XA_PRESENT))
		return;
	expected = xa_behind(&o->xa, cursor.index);
	CU_ASSERT_EQUAL(expected, o->first[cursor.index] + (1ULL << o->order[cursor.index]));
	while (expected < ORDER_SPAN && !o->entry[expected])
		expected++;
	CU_ASSERT_EQUAL(xa_next(&cursor, ~0ULL, XA_PRESENT),
			expected < ORDER_SPAN ? o->entry[expected] : 0);
}

static void test_orders(void)
{
	struct orders *o = calloc(1, sizeof(*o));
	u64 nr = 0;

	o->nodes = nodes_new();
	o->rng = 5;
	xa_init(&o->xa, &ops, o->nodes);
	for (unsigned int step = 0; step < 20000; step++) {
		static void (*const calls[])(struct orders *o) = {
			orders_store, orders_store, orders_erase, orders_erase, orders_mark,
			orders_split, orders_split, orders_look,
		};

		calls[orders_random(o, ARRAY_SIZE(calls))](o);
		assert_valid(&o->xa, o->nodes);
	}
	for (u64 i = 0; i < ORDER_SPAN; i++)
		nr += o->entry[i] && o->first[i] == i;
	CU_ASSERT_TRUE(nr > 10);
	CU_ASSERT_EQUAL(o->xa.nr_entries, nr);
	xa_destroy(&o->xa);
	nodes_end(o->nodes);
	free(o);
}

/* 1 to 199, but for 70; 150 is a value. */
static void store_singles(struct xarray *xa)
{
	for (u64 i = 1; i < 200; i++)
		if (i != 70)
			CU_ASSERT_EQUAL(xa_store(xa, i, i == 150 ? xa_mk_value(i) : 4, NULL), 0);
}

/* Single entries are counted back to the first that is not there; larger ones are not. */
static void test_prev_miss(void)
{
	struct nodes *nodes = nodes_new();
	struct xarray xa;

	xa_init(&xa, &ops, nodes);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 0, 9), 0);
	CU_ASSERT_EQUAL(xa_store(&xa, 0, 4, NULL), 0);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 0, 9), ~0ULL);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 1, 9), 1);
	store_singles(&xa);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 69, 100), ~0ULL);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 149, 100), 70);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 199, 100), 150);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 199, 9), 191);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 200, 9), 200);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 1ULL << 40, 9), 1ULL << 40);
	xa_destroy(&xa);
	/* 16 pages that begin a node: one of them is found. 16 behind a page: it is jumped over. */
	CU_ASSERT_EQUAL(xa_store_order(&xa, 0, 4, 4), 0);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 15, 32), 14);
	CU_ASSERT_EQUAL(xa_store_order(&xa, 16, 4, 4), 0);
	CU_ASSERT_EQUAL(xa_prev_miss(&xa, 31, 32), 14);
	xa_destroy(&xa);
	nodes_end(nodes);
}

/* The same upwards: who begins within a larger one counts it from its beginning. */
static void test_next_miss(void)
{
	struct nodes *nodes = nodes_new();
	struct xarray xa;

	xa_init(&xa, &ops, nodes);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 0, 9), 0);
	CU_ASSERT_EQUAL(xa_store(&xa, 0, 4, NULL), 0);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 0, 9), 1);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 1, 9), 1);
	store_singles(&xa);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 0, 100), 70);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 0, 70), 70);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 0, 69), 69);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 71, 100), 150);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 151, 100), 200);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 151, 9), 160);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 1ULL << 40, 9), 1ULL << 40);
	xa_destroy(&xa);
	for (u64 i = 0; i < 256; i++)
		CU_ASSERT_EQUAL(xa_store(&xa, i, 4, NULL), 0);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 200, 100), 256);
	xa_destroy(&xa);
	/* 32 pages from 64 on: from the second one, 96 is taken for 97. */
	CU_ASSERT_EQUAL(xa_store_order(&xa, 64, 5, 4), 0);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 64, 48), 96);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 65, 48), 97);
	CU_ASSERT_EQUAL(xa_next_miss(&xa, 95, 48), 127);
	xa_destroy(&xa);
	nodes_end(nodes);
}

/* The kernel's shapes: 512 indices are eight slots above the lowest level. */
static void test_order_shapes(void)
{
	struct nodes *nodes = nodes_new();
	struct xarray xa;

	xa_init(&xa, &ops, nodes);
	CU_ASSERT_EQUAL(xa_store_order(&xa, 0, 9, 4), 0);
	CU_ASSERT_EQUAL(nodes->live, 1);
	CU_ASSERT_EQUAL(xa.root->shift, 6);
	CU_ASSERT_EQUAL(xa.root->count, 8);
	CU_ASSERT_EQUAL(xa.root->slots[7], xa_mk_sibling(0));
	CU_ASSERT_EQUAL(xa_load(&xa, 511), 4);
	CU_ASSERT_EQUAL(xa_load(&xa, 512), 0);
	CU_ASSERT_EQUAL(xa_split_at(&xa, 100, 0), 0);
	CU_ASSERT_EQUAL(nodes->live, 2);	/* only where it is in small pieces */
	CU_ASSERT_EQUAL(xa_get_order(&xa, 100), 0);
	CU_ASSERT_EQUAL(xa_get_order(&xa, 0), 6);
	CU_ASSERT_EQUAL(xa_get_order(&xa, 128), 7);
	CU_ASSERT_EQUAL(xa_get_order(&xa, 256), 8);
	CU_ASSERT_EQUAL(xa.nr_entries, 1 + 7 + 1 + 1);
	CU_ASSERT_EQUAL(xa_split(&xa, 300, 0), 0);
	CU_ASSERT_EQUAL(nodes->live, 6);
	CU_ASSERT_EQUAL(xa_store_order(&xa, 0, 9, 8), 0);
	CU_ASSERT_EQUAL(nodes->live, 1);
	CU_ASSERT_EQUAL(xa_erase(&xa, 77), 8);
	CU_ASSERT_EQUAL(nodes->live, 0);
	CU_ASSERT_TRUE(xa_empty(&xa));
	/* 64 indices are one slot, which the head of the array cannot be. */
	CU_ASSERT_EQUAL(xa_store_order(&xa, 0, 6, 4), 0);
	CU_ASSERT_EQUAL(xa.root->shift, 6);
	assert_valid(&xa, nodes);
	xa.root->slots[3] = xa_mk_sibling(1);
	xa.root->marks[XA_PRESENT] |= 8;
	xa.root->count++;
	assert_invalid(&xa);
	xa.root->slots[3] = 0;
	xa.root->marks[XA_PRESENT] &= ~8ULL;
	xa.root->count--;
	assert_valid(&xa, nodes);
	/* Split, it is a node below one that has nothing else, as long as nothing goes from that. */
	CU_ASSERT_EQUAL(xa_split_at(&xa, 3, 0), 0);
	CU_ASSERT_EQUAL(xa_erase(&xa, 32), 4);
	CU_ASSERT_EQUAL(nodes->live, 2);
	assert_valid(&xa, nodes);
	xa_destroy(&xa);
	nodes_end(nodes);
}

/* Memory for a node is got from what the array has: from the entry itself, or from another. */
static void test_split_loses(void)
{
	for (unsigned int uniform = 0; uniform < 2; uniform++)
		for (u64 lost = 0; lost < 1536; lost += 512) {
			struct nodes *nodes = nodes_new();
			struct xarray xa;

			xa_init(&xa, &ops, nodes);
			CU_ASSERT_EQUAL(xa_store_order(&xa, 0, 9, 4), 0);
			CU_ASSERT_EQUAL(xa_store_order(&xa, 512, 9, 8), 0);
			CU_ASSERT_EQUAL(xa_store(&xa, 5000, 12, NULL), 0);
			nodes->loses = &xa;
			nodes->lost = lost < 1024 ? lost : 5000;
			CU_ASSERT_EQUAL(uniform ? xa_split(&xa, 0, 3) : xa_split_at(&xa, 0, 3), 0);
			CU_ASSERT_PTR_NULL(nodes->loses);
			CU_ASSERT_EQUAL(xa_load(&xa, 0), lost ? 4 : 0);
			CU_ASSERT_EQUAL(xa_get_order(&xa, 0), lost ? 3 : 0);
			CU_ASSERT_EQUAL(xa_load(&xa, 512), lost == 512 ? 0 : 8);
			CU_ASSERT_EQUAL(xa_load(&xa, 5000), lost == 1024 ? 0 : 12);
			CU_ASSERT_EQUAL(xa.nr_entries, !lost ? 2 : uniform ? 66 - 1 : 1 + 6 + 1);
			assert_valid(&xa, nodes);
			xa_destroy(&xa);
			nodes_end(nodes);
		}
}

static const CU_TestInfo tests[] = {
	{ "shapes", test_shape },
	{ "the order of nodes", test_order },
	{ "most nodes of a store", test_most_nodes },
	{ "against a model", test_model },
	{ "walk", test_walk },
	{ "entries of several indices", test_orders },
	{ "shapes of these", test_order_shapes },
	{ "what a split costs others", test_split_loses },
	{ "what is before", test_prev_miss },
	{ "what is behind", test_next_miss },
	{ "planted corruptions", test_corruptions },
};

int main(void)
{
	return suite_main("xarray", tests, ARRAY_SIZE(tests), NULL, NULL);
}
