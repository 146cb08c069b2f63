// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The maple tree against a plain array. The index space is cut into cells; a cell of
 * the array holds the value that covers it. Each store has a value of its own, so an
 * entry is a run of cells with the same value. Freed nodes are overwritten.
 */
#include <stdlib.h>

#include "sim/base/maple_tree.h"
#include "support.h"

#define MAX_CELLS 6000
#define MAX_NODES 8192

struct bench {
	struct arena arena;
	struct maple_pool pool;
	struct maple_tree tree;
	u32 free[MAX_NODES], nr_free, nr_live;
	u32 fail_after;		/* the allocation of this number fails; 0 = none */
	u64 seed;
	u32 nr_cells, next_value;
	u64 cell_size;
	u32 cell[MAX_CELLS];
};

static u64 rnd(struct bench *b, u64 below)
{
	b->seed ^= b->seed << 13;
	b->seed ^= b->seed >> 7;
	b->seed ^= b->seed << 17;
	return b->seed % below;
}

static int node_alloc(void *ctx, u32 *node)
{
	struct bench *b = ctx;

	if (b->fail_after && !--b->fail_after)
		return -ENOMEM;
	if (!b->nr_free)
		return -ENOBUFS;
	*node = b->free[--b->nr_free];
	b->nr_live++;
	return maple_pool_grow(&b->pool, *node);
}

static void node_free(void *ctx, u32 node)
{
	struct bench *b = ctx;

	memset(mt_node(&b->tree, node), 0xa5, sizeof(struct maple_node));
	b->free[b->nr_free++] = node;
	b->nr_live--;
}

static const struct maple_ops ops = { .alloc = node_alloc, .free = node_free };

static struct bench *bench_new(u32 nr_cells, u64 cell_size, u64 seed)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	b->seed = seed * 0x9e3779b97f4a7c15ULL + 1;
	b->nr_cells = nr_cells;
	b->cell_size = cell_size;
	maple_pool_init(&b->pool, &b->arena);
	for (u32 node = MAX_NODES; node; node--)
		b->free[b->nr_free++] = node;
	mt_init(&b->tree, &b->pool, &ops, b);
	return b;
}

static void bench_free(struct bench *b)
{
	mt_destroy(&b->tree);
	CU_ASSERT_EQUAL(b->nr_live, 0);
	CU_ASSERT_EQUAL(b->tree.nr_nodes, 0);
	maple_pool_free(&b->pool);
	CU_ASSERT_EQUAL(b->arena.bytes, 0);
	free(b);
}

/* The last cell reaches to the end of the space. */
static u64 cell_first(const struct bench *b, u32 cell)
{
	return cell * b->cell_size;
}

static u64 cell_last(const struct bench *b, u32 cell)
{
	return cell + 1 == b->nr_cells ? UINT64_MAX : (cell + 1) * b->cell_size - 1;
}

/* The run of equal cells around one. */
static u32 run(const struct bench *b, u32 cell, u32 *from, u32 *to)
{
	*from = *to = cell;
	while (*from && b->cell[*from - 1] == b->cell[cell])
		--*from;
	while (*to + 1 < b->nr_cells && b->cell[*to + 1] == b->cell[cell])
		++*to;
	return b->cell[cell];
}

static void complain(void *ctx, u32 node, u64 min, u64 max, const char *what)
{
	(void)ctx;
	fprintf(stderr, "node %u [%#llx, %#llx]: %s\n", node, (unsigned long long)min,
		(unsigned long long)max, what);
}

static bool valid(const struct bench *b)
{
	return !mt_validate(&b->tree, complain, NULL, NULL) &&
	       b->nr_live == b->tree.nr_nodes + b->tree.nr_reserved;
}

/* Each range of the tree is one of the array, forwards and backwards, and no other. */
static bool equal(const struct bench *b, const struct maple_tree *tree)
{
	struct maple_state mas;
	u32 from, to, nr = 0, value;

	mas_init(&mas, tree, 0);
	for (u32 cell = 0; cell < b->nr_cells; cell = to + 1) {
		if (!run(b, cell, &from, &to))
			continue;
		value = nr++ ? mas_next(&mas, UINT64_MAX) : mas_find(&mas, UINT64_MAX);
		if (value != b->cell[cell] || mas.index != cell_first(b, from) ||
		    mas.last != cell_last(b, to))
			return false;
	}
	if (nr != tree->nr_entries || (nr && mas_next(&mas, UINT64_MAX)))
		return false;
	for (; nr > 1; nr--) {
		u64 index = mas.index;

		if (!mas_prev(&mas, 0) || mas.last >= index)
			return false;
	}
	return !nr || !mas_prev(&mas, 0);
}

static void fill(struct bench *b, u32 from, u32 to, u32 value)
{
	for (u32 i = from; i <= to; i++)
		b->cell[i] = value;
}

static u32 some_length(struct bench *b)
{
	switch (rnd(b, 8)) {
	case 0:
		return 1 + rnd(b, b->nr_cells / 2);
	case 1:
		return 1 + rnd(b, b->nr_cells / 16);
	default:
		return 1 + rnd(b, 4);
	}
}

/* A store or (erase_of_8 times of 8) an erasure of some cells. */
static int store(struct bench *b, unsigned int erase_of_8)
{
	u32 from = rnd(b, b->nr_cells), end = from + some_length(b);
	u32 to = MIN(end, b->nr_cells) - 1;
	u32 value = rnd(b, 8) < erase_of_8 ? 0 : ++b->next_value;
	int err = mt_store_range(&b->tree, cell_first(b, from), cell_last(b, to), value);

	if (!err)
		fill(b, from, to, value);
	return err;
}

static bool check_lookups(struct bench *b)
{
	u32 cell = rnd(b, b->nr_cells), end = cell + rnd(b, b->nr_cells - cell), from, to, at;
	u64 index = cell_first(b, cell) + rnd(b, b->cell_size), first, last, found;
	u64 max = cell_last(b, end);
	u32 value = run(b, cell, &from, &to), got;
	unsigned int visited;

	/* Where the finger is makes no difference. */
	if (rnd(b, 2))
		mt_seek(&b->tree, cell_first(b, rnd(b, 4) ? cell : rnd(b, b->nr_cells)));
	if (mt_load(&b->tree, index, &first, &last) != value || first != cell_first(b, from) ||
	    last != cell_last(b, to))
		return false;
	if (mt_load_visited(&b->tree, index, NULL, NULL, &visited) != value ||
	    visited != b->tree.height)
		return false;
	for (at = cell; at <= end && !b->cell[at]; at++)
		;
	found = index;
	got = mt_find(&b->tree, &found, max, &first, &last);
	if (at > end) {
		if (got || found != index)
			return false;
	} else {
		run(b, at, &from, &to);
		if (got != b->cell[at] || first != cell_first(b, from) ||
		    last != cell_last(b, to) || found != last + 1)
			return false;
	}
	run(b, cell, &from, &to);
	for (at = to + 1; at <= end && !b->cell[at]; at++)
		;
	got = mt_next(&b->tree, index, max, &first, &last);
	if (got != (at <= end && at < b->nr_cells ? b->cell[at] : 0) ||
	    (got && first != cell_first(b, at)))
		return false;
	for (at = from; at && !b->cell[at - 1]; at--)
		;
	found = cell_first(b, rnd(b, cell + 1));
	got = mt_prev(&b->tree, index, found, &first, &last);
	if (!at || cell_last(b, at - 1) < found)
		return !got;
	return got == b->cell[at - 1] && last == cell_last(b, at - 1);
}

/* Lowest or highest room for `size` in [min, max], by the array; false: none. */
static bool model_area(const struct bench *b, u64 min, u64 max, u64 size, bool rev, u64 *start)
{
	bool found = false;
	u32 from, to;

	for (u32 cell = 0; cell < b->nr_cells; cell = to + 1) {
		u64 first, last;

		if (run(b, cell, &from, &to))
			continue;
		first = MAX(cell_first(b, from), min);
		last = MIN(cell_last(b, to), max);
		if (first > last || last - first < size - 1)
			continue;
		*start = rev ? last - size + 1 : first;
		found = true;
		if (!rev)
			break;
	}
	return found;
}

static bool check_areas(struct bench *b)
{
	u32 cell = rnd(b, b->nr_cells), end = cell + rnd(b, b->nr_cells - cell);
	u64 min = cell_first(b, cell) + rnd(b, b->cell_size), max = cell_last(b, end);
	u64 size = 1 + rnd(b, some_length(b) * b->cell_size), want, start;

	if (max - min < size - 1)
		return mt_empty_area(&b->tree, min, max, size, &start) == -EINVAL &&
		       mt_empty_area_rev(&b->tree, min, max, size, &start) == -EINVAL;
	for (int rev = 0; rev < 2; rev++) {
		bool found = model_area(b, min, max, size, rev, &want);
		int err = (rev ? mt_empty_area_rev : mt_empty_area)(&b->tree, min, max, size,
								    &start);

		if (err != (found ? 0 : -EBUSY) || (found && start != want))
			return false;
	}
	return true;
}

static void run_batches(u32 nr_cells, u64 cell_size, u64 seed, unsigned int batches,
			unsigned int batch)
{
	struct bench *b = bench_new(nr_cells, cell_size, seed);
	u32 highest = 0;
	bool ok = true;

	for (unsigned int i = 0; ok && i < batches; i++) {
		/* Trees grow, and shrink again. */
		unsigned int erase = i / 16 % 2 ? 6 : 2;

		for (unsigned int n = 0; ok && n < batch; n++) {
			ok = !store(b, erase) && check_lookups(b);
			highest = MAX(highest, b->tree.height);
		}
		ok = ok && valid(b) && equal(b, &b->tree) && check_areas(b);
	}
	CU_ASSERT_TRUE(ok);
	CU_ASSERT_TRUE(highest > 1);
	bench_free(b);
}

static void test_every_store(void)
{
	for (u64 seed = 1; seed <= 60; seed++)
		run_batches(60 + seed * 5, 16, seed, 800, 1);
}

static void test_many_stores(void)
{
	run_batches(700, 4096, 1001, 5000, 40);
	run_batches(MAX_CELLS, 1ULL << 40, 1002, 100, 500);
	run_batches(300, 1, 1003, 10000, 20);
}

/* What the array keeps at both ends is too little for a second leaf. */
static void store_almost_all(struct bench *b, unsigned int round)
{
	u32 from = round % 3, to = b->nr_cells - 1 - round / 3 % 3;
	u32 value = round % 2 ? 0 : ++b->next_value;

	CU_ASSERT_EQUAL(mt_store_range(&b->tree, cell_first(b, from), cell_last(b, to), value),
			0);
	fill(b, from, to, value);
}

/* Large trees of small entries: many levels, and storms of wide overwriting. */
static void test_tall(void)
{
	struct bench *b = bench_new(MAX_CELLS, 4096, 7);

	for (unsigned int round = 0; round < 20; round++) {
		for (u32 i = 0; i < MAX_CELLS; i++) {
			u32 cell = rnd(b, MAX_CELLS), value = ++b->next_value;

			CU_ASSERT_EQUAL(mt_store_range(&b->tree, cell_first(b, cell),
						       cell_last(b, cell), value), 0);
			b->cell[cell] = value;
		}
		CU_ASSERT_TRUE(b->tree.height >= 4);
		CU_ASSERT_TRUE(valid(b));
		for (unsigned int i = 0; i < 60; i++) {
			CU_ASSERT_EQUAL(store(b, 4), 0);
			CU_ASSERT_TRUE(valid(b));
			CU_ASSERT_TRUE(check_lookups(b));
			CU_ASSERT_TRUE(check_areas(b));
		}
		CU_ASSERT_TRUE(equal(b, &b->tree));
		store_almost_all(b, round);
		CU_ASSERT_TRUE(b->tree.height <= 1 && valid(b) && equal(b, &b->tree));
	}
	bench_free(b);
}

/* Appending and prepending leave nodes well filled. */
static void test_fill(void)
{
	for (int down = 0; down < 2; down++) {
		struct bench *b = bench_new(4002, 4096, 1);

		for (u32 i = 0; i < 2000; i++) {
			u32 cell = 1 + 2 * (down ? 1999 - i : i);

			CU_ASSERT_EQUAL(mt_store_range(&b->tree, cell_first(b, cell),
						       cell_last(b, cell), i + 1), 0);
			b->cell[cell] = i + 1;
		}
		CU_ASSERT_TRUE(valid(b));
		CU_ASSERT_TRUE(equal(b, &b->tree));
		/* 4,001 ranges: 251 full leaves; half full would be 500. */
		CU_ASSERT_TRUE(b->tree.nr_nodes < 330);
		bench_free(b);
	}
}

static void test_edges(void)
{
	struct bench *b = bench_new(10, 4096, 1);
	struct maple_tree *tree = &b->tree;
	u64 first, last, index = 0, start;
	unsigned int visited = 1;

	CU_ASSERT_TRUE(mt_empty(tree));
	CU_ASSERT_EQUAL(mt_load(tree, 5, &first, &last), 0);
	CU_ASSERT_TRUE(first == 0 && last == UINT64_MAX);
	CU_ASSERT_EQUAL(mt_find_visited(tree, &index, UINT64_MAX, NULL, NULL, &visited), 0);
	CU_ASSERT_EQUAL(visited, 0);
	CU_ASSERT_EQUAL(mt_store_range(tree, 0, UINT64_MAX, 0), 0);
	CU_ASSERT_EQUAL(mt_store_range(tree, 2, 1, 1), -EINVAL);
	CU_ASSERT_EQUAL(mt_empty_area(tree, 10, 20, 11, &start), 0);
	CU_ASSERT_EQUAL(start, 10);
	CU_ASSERT_EQUAL(mt_empty_area_rev(tree, 10, 20, 3, &start), 0);
	CU_ASSERT_EQUAL(start, 18);
	CU_ASSERT_EQUAL(mt_empty_area(tree, 10, 20, 12, &start), -EINVAL);
	CU_ASSERT_EQUAL(mt_empty_area(tree, 10, 20, 0, &start), -EINVAL);
	CU_ASSERT_EQUAL(b->nr_live, 0);

	CU_ASSERT_EQUAL(mt_store_range(tree, 0, UINT64_MAX, 7), 0);
	CU_ASSERT_TRUE(valid(b));
	CU_ASSERT_EQUAL(mt_find(tree, &index, UINT64_MAX, &first, &last), 7);
	CU_ASSERT_TRUE(index == 0 && first == 0 && last == UINT64_MAX);
	CU_ASSERT_EQUAL(mt_empty_area(tree, 0, UINT64_MAX, 1, &start), -EBUSY);
	CU_ASSERT_EQUAL(mt_store_range(tree, UINT64_MAX, UINT64_MAX, 0), 0);
	CU_ASSERT_EQUAL(mt_empty_area(tree, 0, UINT64_MAX, 1, &start), 0);
	CU_ASSERT_EQUAL(start, UINT64_MAX);
	CU_ASSERT_EQUAL(mt_store_range(tree, 0, UINT64_MAX - 1, 0), 0);
	CU_ASSERT_TRUE(mt_empty(tree) && valid(b) && !b->nr_live);
	bench_free(b);
}

/* A reserve is enough for what it is for; without memory a store changes nothing. */
static void test_no_memory(void)
{
	struct bench *b = bench_new(500, 4096, 99);
	unsigned int failed = 0;
	bool ok = true;

	for (unsigned int i = 0; ok && i < 60000; i++) {
		u32 nodes = b->tree.nr_nodes;

		b->fail_after = 1 + rnd(b, 8);
		if (store(b, i / 500 % 2 ? 5 : 2)) {
			failed++;
			ok = nodes == b->tree.nr_nodes && !b->tree.nr_reserved;
		}
		b->fail_after = 0;
		if (i % 8 == 0)
			ok = ok && valid(b) && equal(b, &b->tree);
	}
	CU_ASSERT_TRUE(ok);
	CU_ASSERT_TRUE(failed > 100);
	for (unsigned int i = 0; ok && i < 20000; i++) {
		unsigned int stores = 1 + rnd(b, 5);

		b->fail_after = rnd(b, 30);
		if (mt_reserve(&b->tree, stores)) {
			ok = !b->tree.nr_reserved;
			continue;
		}
		b->fail_after = 1;	/* from here on nothing may be asked for */
		while (stores--)
			ok = ok && !store(b, i / 200 % 2 ? 6 : 1);
		ok = ok && b->fail_after == 1 && valid(b);
		mt_unreserve(&b->tree);
		ok = ok && valid(b) && !b->tree.nr_reserved;
		/* A reserve that is too small is no harm. */
		b->fail_after = 0;
		ok = ok && !mt_reserve_nodes(&b->tree, rnd(b, 3)) && !store(b, 3) && valid(b);
		mt_unreserve(&b->tree);
	}
	CU_ASSERT_TRUE(ok);
	CU_ASSERT_TRUE(equal(b, &b->tree));
	bench_free(b);
}

static void test_dup(void)
{
	struct bench *b = bench_new(900, 4096, 5);

	for (unsigned int i = 0; i < 300; i++) {
		struct maple_tree copy;
		struct maple_state mas;
		u32 nodes;

		for (unsigned int n = 0; n < 20; n++)
			CU_ASSERT_EQUAL(store(b, 3), 0);
		nodes = b->tree.nr_nodes;
		mt_init(&copy, &b->pool, &ops, b);
		b->fail_after = nodes;
		CU_ASSERT_EQUAL(mt_dup(&copy, &b->tree), nodes ? -ENOMEM : 0);
		CU_ASSERT_TRUE(mt_empty(&copy) && b->nr_live == nodes);
		b->fail_after = 0;
		CU_ASSERT_EQUAL(mt_dup(&copy, &b->tree), 0);
		CU_ASSERT_EQUAL(mt_validate(&copy, complain, NULL, NULL), 0);
		CU_ASSERT_TRUE(equal(b, &copy) && copy.nr_nodes == nodes);
		/* Values change in place, in the copy alone. */
		mas_init(&mas, &copy, 0);
		for (u32 v = mas_find(&mas, UINT64_MAX); v; v = mas_next(&mas, UINT64_MAX))
			mas_replace(&mas, &copy, v ^ 0x80000000U);
		mas_init(&mas, &copy, 0);
		for (u32 v = mas_find(&mas, UINT64_MAX); v; v = mas_next(&mas, UINT64_MAX))
			CU_ASSERT_EQUAL(mt_load(&b->tree, mas.index, NULL, NULL) ^ v, 0x80000000U);
		CU_ASSERT_TRUE(equal(b, &b->tree));
		mt_destroy(&copy);
		CU_ASSERT_EQUAL(b->nr_live, nodes);
	}
	bench_free(b);
}

/* Stores between the steps of a cursor: it goes on from its range. */
static void test_cursor_and_stores(void)
{
	struct bench *b = bench_new(400, 4096, 17);
	bool ok = true;

	for (unsigned int i = 0; i < 200; i++)
		CU_ASSERT_EQUAL(store(b, 2), 0);
	for (unsigned int i = 0; ok && i < 20000; i++) {
		struct maple_state mas;
		u64 first, last, old_index, old_last;
		u32 want;

		mas_init(&mas, &b->tree, cell_first(b, rnd(b, b->nr_cells)));
		mas_walk(&mas);
		old_index = mas.index;
		old_last = mas.last;
		ok = !store(b, 3);
		if (i % 2) {
			want = mt_next(&b->tree, old_last, UINT64_MAX, &first, &last);
			ok = ok && mas_next(&mas, UINT64_MAX) == want;
		} else {
			want = mt_prev(&b->tree, old_index, 0, &first, &last);
			ok = ok && mas_prev(&mas, 0) == want;
		}
		if (want)
			ok = ok && mas.index == first && mas.last == last;
		else
			ok = ok && mas.index == old_index && mas.last == old_last;
	}
	CU_ASSERT_TRUE(ok);
	bench_free(b);
}

/* Nodes and slots as one number, the handles too. */
static int shape_visit(void *ctx, const struct maple_visit *visit)
{
	const struct maple_node *node = visit->node;
	u64 *shape = ctx;

	for (unsigned int i = 0; i < node->nr; i++) {
		*shape = (*shape + mt_slot_last(node, i, visit->max)) * 0x9e3779b97f4a7c15ULL;
		*shape = (*shape + mt_slot(node, i)) * 0x9e3779b97f4a7c15ULL;
	}
	*shape = (*shape + visit->handle) * 0x9e3779b97f4a7c15ULL;
	return 0;
}

static u64 shape_of(const struct bench *b)
{
	u64 shape = 0;

	CU_ASSERT_EQUAL(mt_walk(&b->tree, shape_visit, &shape), 0);
	return shape;
}

/* The entry at a random place loses its ends: at once in one tree, by two stores in the other. */
static bool cut_both(struct bench *b, struct bench *two, unsigned int done[2])
{
	u32 from, to, old = run(b, (u32)rnd(b, b->nr_cells), &from, &to), cut, end, before;
	u64 first, last;
	int got;

	if (!old || to < from + 2)
		return true;
	cut = from + 1 + (u32)rnd(b, to - from - 1);
	end = cut + (u32)rnd(b, to - cut);
	first = cell_first(b, cut);
	last = cell_last(b, end);
	before = b->next_value + 1;
	b->next_value += 2;
	got = mt_cut_middle(&b->tree, first, last, before, before + 1);
	done[got == 1]++;
	for (int i = got == 1; i < 2; i++) {
		struct maple_tree *tree = i ? &two->tree : &b->tree;

		if (mt_store_range(tree, cell_first(b, from), first - 1, before) ||
		    mt_store_range(tree, last + 1, cell_last(b, to), before + 1))
			return false;
	}
	fill(b, from, cut - 1, before);
	fill(b, end + 1, to, before + 1);
	return true;
}

static void test_cut_middle(void)
{
	unsigned int done[2] = { 0 };
	bool ok = true;

	for (u64 seed = 1; ok && seed <= 40; seed++) {
		struct bench *b = bench_new(20 + (u32)seed * 8, 16, seed);
		struct bench *two = bench_new(b->nr_cells, 16, seed);

		for (unsigned int i = 0; ok && i < 2000; i++) {
			unsigned int erase = i / 64 % 2 ? 7 : 2;

			two->seed = b->seed;
			two->next_value = b->next_value;
			ok = i % 2 ? cut_both(b, two, done) : !store(b, erase) && !store(two, erase);
			ok = ok && valid(b) && equal(b, &b->tree) && shape_of(b) == shape_of(two);
		}
		bench_free(b);
		bench_free(two);
	}
	CU_ASSERT_TRUE(ok);
	CU_ASSERT_TRUE(done[0] > 100 && done[1] > 1000);
}

static int count_visit(void *ctx, const struct maple_visit *visit)
{
	u32 *nr = ctx;

	CU_ASSERT_TRUE(visit->min <= visit->max && visit->node->nr);
	return ++*nr == 5 ? 42 : 0;
}

/* Walks end when told; the validator sees each kind of damage. */
static void test_validator(void)
{
	struct bench *b = bench_new(900, 4096, 3);
	struct maple_node *root, *leaf;
	u32 nr = 0;
	u64 checked = 0;

	for (unsigned int i = 0; i < 900; i += 2) {
		CU_ASSERT_EQUAL(mt_store_range(&b->tree, cell_first(b, i), cell_last(b, i),
					       i + 1), 0);
	}
	CU_ASSERT_EQUAL(mt_walk(&b->tree, count_visit, &nr), 42);
	CU_ASSERT_EQUAL(mt_validate(&b->tree, NULL, NULL, &checked), 0);
	CU_ASSERT_EQUAL(checked, b->tree.nr_nodes);
	root = mt_node(&b->tree, b->tree.root);
	for (leaf = root; !leaf->leaf;)
		leaf = mt_node(&b->tree, leaf->ma64.slot[1]);

#define DAMAGE(place, how) do { \
	__typeof__(place) kept = (place); \
	(place) how; \
	CU_ASSERT_TRUE(mt_validate(&b->tree, NULL, NULL, NULL) > 0); \
	(place) = kept; \
	CU_ASSERT_EQUAL(mt_validate(&b->tree, NULL, NULL, NULL), 0); \
} while (0)
	DAMAGE(root->ma64.gap[0], += 1);
	DAMAGE(leaf->pivot[2], = leaf->pivot[3]);
	DAMAGE(leaf->mr64.slot[1], ^= leaf->mr64.slot[1] ? leaf->mr64.slot[1] : 1);
	DAMAGE(leaf->parent, += 1);
	DAMAGE(leaf->offset, += 1);
	DAMAGE(leaf->nr, = 3);
	DAMAGE(leaf->leaf, = 0);
	mt_seek(&b->tree, cell_first(b, 450));
	DAMAGE(b->tree.finger, = root);
	DAMAGE(b->tree.finger_min, += 1);
	DAMAGE(b->tree.finger_max, += 1);
	DAMAGE(b->tree.nr_entries, += 1);
	DAMAGE(b->tree.nr_nodes, += 1);
	DAMAGE(b->tree.nr_reserved, += 1);
	DAMAGE(b->tree.height, += 1);
#undef DAMAGE
	bench_free(b);
}

static const CU_TestInfo tests[] = {
	{ "edges", test_edges },
	{ "every store checked", test_every_store },
	{ "many stores", test_many_stores },
	{ "tall trees", test_tall },
	{ "fill", test_fill },
	{ "no memory", test_no_memory },
	{ "dup", test_dup },
	{ "a cursor and stores", test_cursor_and_stores },
	{ "an entry loses both ends", test_cut_middle },
	{ "validator", test_validator },
};

int main(void)
{
	return suite_main("maple tree", tests, ARRAY_SIZE(tests), NULL, NULL);
}
