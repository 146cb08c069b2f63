// SPDX-License-Identifier: GPL-2.0-or-later
/* Interval trees against a plain array of the same intervals. */
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "sim/base/interval_tree.h"
#include "support.h"

#define NODES 300
#define STEPS 60000

struct model {
	struct interval_node nodes[NODES];
	bool in[NODES];
	u64 order[NODES];	/* of insertion */
	u64 next;
	struct interval_tree tree;
};

static bool overlaps(const struct interval_node *node, u64 start, u64 last)
{
	return node->start <= last && node->last >= start;
}

/* Is a before b in the tree's order? */
static bool before(const struct model *model, unsigned int a, unsigned int b)
{
	if (model->nodes[a].start != model->nodes[b].start)
		return model->nodes[a].start < model->nodes[b].start;
	return model->order[a] < model->order[b];
}

/* The next overlap behind `after` (NODES: the first), by looking at all. */
static unsigned int model_next(const struct model *model, unsigned int after, u64 start,
			       u64 last)
{
	unsigned int best = NODES;

	for (unsigned int i = 0; i < NODES; i++) {
		if (!model->in[i] || !overlaps(&model->nodes[i], start, last))
			continue;
		if (after != NODES && !before(model, after, i))
			continue;
		if (best == NODES || before(model, i, best))
			best = i;
	}
	return best;
}

static void compare_query(const struct model *model, u64 start, u64 last)
{
	const struct interval_node *node = interval_tree_first(&model->tree, start, last);
	unsigned int want = model_next(model, NODES, start, last);

	while (want != NODES) {
		CU_ASSERT_PTR_EQUAL_FATAL(node, &model->nodes[want]);
		node = interval_tree_next(node, start, last);
		want = model_next(model, want, start, last);
	}
	CU_ASSERT_PTR_NULL_FATAL(node);
}

static void step(struct model *model, unsigned int i)
{
	struct interval_node *node = &model->nodes[i];

	if (model->in[i] && rand() % 2) {
		/* Mostly not far, so that it often stays where it is. */
		u64 start = rand() % 4 ? node->start + (u64)(rand() % 2) : (u64)(rand() % 500);

		interval_tree_move(&model->tree, node, start, start + (u64)(rand() % 40));
		model->order[i] = model->next++;
		return;
	}
	if (model->in[i]) {
		interval_tree_remove(&model->tree, node);
	} else {
		node->start = (u64)(rand() % 500);
		node->last = node->start + (u64)(rand() % 40);
		model->order[i] = model->next++;
		interval_tree_insert(&model->tree, node);
	}
	model->in[i] = !model->in[i];
}

static void test_random(void)
{
	struct model *model = calloc(1, sizeof(*model));
	u64 start;

	CU_ASSERT_PTR_NOT_NULL_FATAL(model);
	srand(7);
	for (unsigned int n = 0; n < STEPS; n++) {
		step(model, (unsigned int)rand() % NODES);
		if (n % 100)
			continue;
		CU_ASSERT_TRUE_FATAL(interval_tree_valid(&model->tree));
		start = (u64)(rand() % 500);
		compare_query(model, start, (u64)(rand() % 550));
		compare_query(model, 0, ~0ULL);
	}
	free(model);
}

/* Ascending intervals, as VMAs of a forked family are: no list comes of it. */
static void test_depth(void)
{
	static struct interval_node nodes[4096];
	struct interval_tree tree = { 0 };
	unsigned int deepest = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++) {
		nodes[i].start = nodes[i].last = i;
		interval_tree_insert(&tree, &nodes[i]);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++) {
		unsigned int depth = 0;

		for (const struct interval_node *n = &nodes[i]; n; n = n->parent)
			depth++;
		deepest = MAX(deepest, depth);
	}
	CU_ASSERT_TRUE(interval_tree_valid(&tree));
	CU_ASSERT(deepest < 60);
}

/* The validator sees what is wrong. */
static void test_corruption(void)
{
	struct interval_node nodes[8] = { 0 };
	struct interval_tree tree = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++) {
		nodes[i].start = i * 10;
		nodes[i].last = i * 10 + 5;
		interval_tree_insert(&tree, &nodes[i]);
	}
	CU_ASSERT_TRUE(interval_tree_valid(&tree));
	nodes[3].last = 1000;
	CU_ASSERT_FALSE(interval_tree_valid(&tree));
	nodes[3].last = 35;
	nodes[5].start = 3;
	CU_ASSERT_FALSE(interval_tree_valid(&tree));
	nodes[5].start = 50;
	tree.nr++;
	CU_ASSERT_FALSE(interval_tree_valid(&tree));
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "random intervals", test_random },
		{ "depth", test_depth },
		{ "corruption", test_corruption },
	};

	return suite_main("interval tree", tests, ARRAY_SIZE(tests), NULL, NULL);
}
