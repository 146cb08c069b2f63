// SPDX-License-Identifier: GPL-2.0-or-later
/* Pools of kernel objects: structs stay where they are, and what is allocated is live. */
#include <stdlib.h>

#include "fs/core/tree_struct.h"
#include "lab.h"
#include "sim/phys/objects.h"
#include "support.h"

struct thing {
	u64 value, other[5];
};

#define THINGS 2000
#define STEPS 50000

static struct lab lab;

static struct machine *machine(void)
{
	CU_ASSERT_EQUAL_FATAL(lab_open(&lab, "tiny"), 0);
	return lab.tree->machine;
}

/* Random allocation and freeing; each live struct keeps its place and its value. */
static void test_random(void)
{
	struct machine *m = machine();
	struct object_pool pool;
	static struct thing *things[THINGS];
	static u32 handles[THINGS];
	u32 live = 0, seen = 0;

	CU_ASSERT_EQUAL_FATAL(object_pool_init(m, &pool, "anon_vma_chain", sizeof(struct thing)), 0);
	srand(3);
	for (unsigned int n = 0; n < STEPS; n++) {
		unsigned int i = (unsigned int)rand() % THINGS;

		if (handles[i]) {
			CU_ASSERT_PTR_EQUAL_FATAL(object_get(&pool, handles[i]), things[i]);
			CU_ASSERT_EQUAL(things[i]->value, i);
			object_free(m, &pool, handles[i]);
			handles[i] = 0;
			live--;
			continue;
		}
		CU_ASSERT_EQUAL_FATAL(object_alloc(m, &pool, GFP_KERNEL, NUMA_NO_NODE,
						   &handles[i]), 0);
		things[i] = object_get(&pool, handles[i]);
		CU_ASSERT_EQUAL(object_addr(&pool, handles[i]),
				kmem_cache_object_addr(pool.cache, handles[i]));
		CU_ASSERT_EQUAL(things[i]->value, 0);
		things[i]->value = i;
		live++;
	}
	CU_ASSERT_EQUAL(pool.nr_live, live);
	for (u32 h = object_next(&pool, 1); h; h = object_next(&pool, h + 1))
		seen++;
	CU_ASSERT_EQUAL(seen, live);
	for (unsigned int i = 0; i < THINGS; i++) {
		if (handles[i])
			object_free(m, &pool, handles[i]);
		handles[i] = 0;
	}
	CU_ASSERT_EQUAL(object_next(&pool, 1), 0);
	object_pool_free(m, &pool);
	lab_close(&lab);
}

static void test_no_cache(void)
{
	struct machine *m = machine();
	struct object_pool pool;

	CU_ASSERT_EQUAL(object_pool_init(m, &pool, "no_such_cache", 8), -ENOENT);
	lab_close(&lab);
}

/* Host memory ends: the object is not taken, and the next call works. */
static void test_host_memory(void)
{
	struct machine *m = machine();
	struct object_pool pool;
	u32 handle = 0;

	CU_ASSERT_EQUAL_FATAL(object_pool_init(m, &pool, "anon_vma_chain", sizeof(struct thing)), 0);
	for (u64 n = 1; n < 100; n++) {
		int err;

		arena_fail_after(&m->arena, n);
		err = object_alloc(m, &pool, GFP_KERNEL, NUMA_NO_NODE, &handle);
		arena_fail_after(&m->arena, 0);
		if (!err)
			break;
		CU_ASSERT_EQUAL(err, -ENOBUFS);
		CU_ASSERT_EQUAL(pool.nr_live, 0);
	}
	CU_ASSERT_EQUAL(pool.nr_live, 1);
	object_free(m, &pool, handle);
	object_pool_free(m, &pool);
	lab_close(&lab);
}

/* The validator sees a count and an address that are wrong. */
static void test_corruption(void)
{
	struct machine *m = machine();
	struct object_pool pool;
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	u32 handle;

	CU_ASSERT_EQUAL_FATAL(object_pool_init(m, &pool, "anon_vma_chain", sizeof(struct thing)), 0);
	CU_ASSERT_EQUAL_FATAL(object_alloc(m, &pool, GFP_KERNEL, NUMA_NO_NODE, &handle), 0);
	object_pool_validate(&pool, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 0);
	pool.nr_live++;
	object_pool_validate(&pool, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 1);
	pool.nr_live--;
	object_header(&pool, handle)->index += 1;
	object_pool_validate(&pool, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 2);
	object_header(&pool, handle)->index -= 1;
	object_free(m, &pool, handle);
	object_pool_free(m, &pool);
	out_free(&out);
	lab_close(&lab);
}

static const CU_TestInfo tests[] = {
	{ "random objects", test_random },
	{ "no such cache", test_no_cache },
	{ "no host memory", test_host_memory },
	{ "corruption", test_corruption },
};

int main(void)
{
	return suite_main("objects", tests, ARRAY_SIZE(tests), NULL, NULL);
}
