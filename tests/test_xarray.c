// SPDX-License-Identifier: GPL-2.0-or-later
/* The xarray against a plain table of the same entries. */
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "sim/base/xarray.h"
#include "support.h"

#define NODES 8192
#define KEYS 3000
#define STEPS 200000

/* Where nodes come from; `fail` counts down to one that is refused. */
struct nodes {
	struct xa_node *node[NODES];
	u32 next_free[NODES], free, used;
	int fail;
};

static int node_alloc(void *ctx, u32 *handle)
{
	struct nodes *nodes = ctx;

	if (nodes->fail && !--nodes->fail)
		return -ENOMEM;
	*handle = nodes->free ? nodes->free : ++nodes->used;
	if (nodes->free)
		nodes->free = nodes->next_free[*handle];
	CU_ASSERT_FATAL(*handle < NODES);
	nodes->node[*handle] = calloc(1, sizeof(struct xa_node));
	return 0;
}

static void node_free(void *ctx, u32 handle)
{
	struct nodes *nodes = ctx;

	free(nodes->node[handle]);
	nodes->node[handle] = NULL;
	nodes->next_free[handle] = nodes->free;
	nodes->free = handle;
}

static struct xa_node *node_get(void *ctx, u32 handle)
{
	return ((struct nodes *)ctx)->node[handle];
}

static const struct xa_ops ops = { node_alloc, node_free, node_get };

struct model {
	struct nodes nodes;
	struct xarray xa;
	u64 key[KEYS], entry[KEYS];	/* keys ascend */
	u8 marks[KEYS];
};

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

/* Keys near each other and far apart, the highest of all among them. */
static struct model *model_new(unsigned int seed)
{
	struct model *model = calloc(1, sizeof(*model));

	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	srand(seed);
	for (unsigned int i = 0; i < KEYS; i++)
		model->key[i] = i < KEYS / 2 ? i : (u64)rand() << (rand() % 33);
	model->key[KEYS - 1] = ~0ULL;
	qsort(model->key, KEYS, sizeof(u64), compare_u64);
	for (unsigned int i = 1; i < KEYS; i++) {
		if (model->key[i] <= model->key[i - 1])
			model->key[i] = model->key[i - 1] + 1;
	}
	xa_init(&model->xa, &ops, &model->nodes);
	return model;
}

static void model_free(struct model *model)
{
	xa_destroy(&model->xa);
	CU_ASSERT_EQUAL(model->xa.nr_nodes, 0);
	for (unsigned int i = 0; i < NODES; i++)
		CU_ASSERT_PTR_NULL_FATAL(model->nodes.node[i]);
	free(model);
}

/* The first filled key at or behind i with the mark (-1: any); KEYS: none. */
static unsigned int model_find(const struct model *model, unsigned int i, int mark)
{
	while (i < KEYS && (!model->entry[i] || (mark >= 0 && !(model->marks[i] >> mark & 1))))
		i++;
	return i;
}

static void compare_find(const struct model *model, unsigned int i, int mark)
{
	unsigned int want = model_find(model, i, mark);
	u64 index = model->key[i];
	u64 found = mark < 0 ? xa_find(&model->xa, &index, ~0ULL) :
		    xa_find_marked(&model->xa, &index, ~0ULL, mark);

	CU_ASSERT_EQUAL_FATAL(found, want < KEYS ? model->entry[want] : 0);
	if (want == KEYS)
		return;
	CU_ASSERT_EQUAL_FATAL(index, model->key[want]);
	/* Not beyond max. */
	index = model->key[i];
	if (want != i)
		CU_ASSERT_EQUAL_FATAL(xa_find(&model->xa, &index, model->key[i]),
				      model->entry[i]);
}

static void step(struct model *model)
{
	unsigned int i = (unsigned int)rand() % KEYS, mark = (unsigned int)rand() % XA_MARKS;
	u64 old;

	switch (rand() % 4) {
	case 0:
		CU_ASSERT_EQUAL_FATAL(xa_erase(&model->xa, model->key[i]), model->entry[i]);
		model->entry[i] = 0;
		model->marks[i] = 0;
		break;
	case 1:
		xa_set_mark(&model->xa, model->key[i], mark);
		model->marks[i] |= model->entry[i] ? 1U << mark : 0;
		break;
	case 2:
		xa_clear_mark(&model->xa, model->key[i], mark);
		model->marks[i] &= ~(1U << mark);
		break;
	default:
		CU_ASSERT_EQUAL_FATAL(xa_store(&model->xa, model->key[i], (u64)rand() << 1 | 1,
					       &old), 0);
		CU_ASSERT_EQUAL_FATAL(old, model->entry[i]);
		model->entry[i] = xa_load(&model->xa, model->key[i]);
		CU_ASSERT_NOT_EQUAL_FATAL(model->entry[i], 0);
	}
	CU_ASSERT_EQUAL_FATAL(xa_get_mark(&model->xa, model->key[i], mark),
			      model->marks[i] >> mark & 1);
}

static void test_random(void)
{
	struct model *model = model_new(5);

	for (unsigned int n = 0; n < STEPS; n++) {
		step(model);
		if (n % 500)
			continue;
		CU_ASSERT_TRUE_FATAL(xa_valid(&model->xa));
		for (int mark = -1; mark < XA_MARKS; mark++)
			compare_find(model, (unsigned int)rand() % KEYS, mark);
	}
	for (unsigned int i = 0; i < KEYS; i++)
		CU_ASSERT_EQUAL(xa_load(&model->xa, model->key[i]), model->entry[i]);
	for (unsigned int i = 0; i < KEYS; i++)
		xa_erase(&model->xa, model->key[i]);
	CU_ASSERT_EQUAL(model->xa.nr_nodes, 0);
	CU_ASSERT_TRUE(xa_valid(&model->xa));
	model_free(model);
}

/* A lone entry at 0 has no node; the tree is as deep as its highest index wants. */
static void test_shape(void)
{
	struct model *model = model_new(1);
	struct xarray *xa = &model->xa;

	CU_ASSERT_EQUAL(xa_store(xa, 0, 3, NULL), 0);
	CU_ASSERT_EQUAL(xa->nr_nodes, 0);
	CU_ASSERT_EQUAL(xa_store(xa, 63, 3, NULL), 0);
	CU_ASSERT_EQUAL(xa->nr_nodes, 1);
	CU_ASSERT_EQUAL(xa_store(xa, 64, 3, NULL), 0);
	CU_ASSERT_EQUAL(xa->nr_nodes, 3);
	xa_erase(xa, 64);
	CU_ASSERT_EQUAL(xa->nr_nodes, 1);
	xa_erase(xa, 63);
	CU_ASSERT_EQUAL(xa->nr_nodes, 0);
	CU_ASSERT_EQUAL(xa_load(xa, 0), 3);
	CU_ASSERT_EQUAL(xa_store(xa, ~0ULL, 3, NULL), 0);
	CU_ASSERT_EQUAL(xa->nr_nodes, 2 * XA_LEVELS - 1);
	CU_ASSERT_TRUE(xa_valid(xa));
	model_free(model);
}

/* A store without nodes changes nothing. */
static void test_no_nodes(void)
{
	struct model *model = model_new(1);
	struct xarray *xa = &model->xa;

	CU_ASSERT_EQUAL(xa_store(xa, 5, 3, NULL), 0);
	for (int fail = 1; fail < 2 * XA_LEVELS; fail++) {
		u32 nr = xa->nr_nodes;

		model->nodes.fail = fail;
		if (!xa_store(xa, 1ULL << 60, 3, NULL))
			break;
		CU_ASSERT_EQUAL(xa->nr_nodes, nr);
		CU_ASSERT_EQUAL(xa_load(xa, 1ULL << 60), 0);
		CU_ASSERT_TRUE(xa_valid(xa));
	}
	model->nodes.fail = 0;
	CU_ASSERT_EQUAL(xa_load(xa, 1ULL << 60), 3);
	model_free(model);
}

/* The validator sees wrong counts and marks. */
static void test_corruption(void)
{
	struct model *model = model_new(1);
	struct xarray *xa = &model->xa;

	CU_ASSERT_EQUAL(xa_store(xa, 5, 3, NULL), 0);
	CU_ASSERT_EQUAL(xa_store(xa, 500, 3, NULL), 0);
	CU_ASSERT_TRUE(xa_valid(xa));
	model->nodes.node[xa->top]->count++;
	CU_ASSERT_FALSE(xa_valid(xa));
	model->nodes.node[xa->top]->count--;
	model->nodes.node[xa->top]->marks[0] = 1;
	CU_ASSERT_FALSE(xa_valid(xa));
	model->nodes.node[xa->top]->marks[0] = 0;
	xa->nr_entries++;
	CU_ASSERT_FALSE(xa_valid(xa));
	model_free(model);
}

static const CU_TestInfo tests[] = {
	{ "random entries", test_random },
	{ "shape", test_shape },
	{ "no nodes", test_no_nodes },
	{ "corruption", test_corruption },
};

int main(void)
{
	return suite_main("xarray", tests, ARRAY_SIZE(tests), NULL, NULL);
}
