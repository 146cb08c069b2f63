// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host memory: what is counted, how it fails, and that a guarantee holds, on a host
 * that refuses all, nothing, or every third allocation.
 */
#include "support.h"
#include "sim/base/arena.h"

static void test_counting(void)
{
	struct arena arena = { 0 };
	char *ptr = arena_alloc(&arena, 100);

	CU_ASSERT_PTR_NOT_NULL_FATAL(ptr);
	CU_ASSERT_EQUAL(arena.bytes, 100);
	memset(ptr, 7, 100);
	ptr = arena_resize(&arena, ptr, 100, 300);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ptr);
	CU_ASSERT_EQUAL(arena.bytes, 300);
	CU_ASSERT_EQUAL(ptr[99], 7);
	CU_ASSERT_EQUAL(ptr[100], 0);
	CU_ASSERT_EQUAL(ptr[299], 0);
	arena_fail_after(&arena, 1);
	CU_ASSERT_PTR_NULL(arena_resize(&arena, ptr, 300, 400));
	CU_ASSERT_EQUAL(arena.bytes, 300);
	arena.limit = 350;
	CU_ASSERT_PTR_NULL(arena_resize(&arena, ptr, 300, 400));
	CU_ASSERT_PTR_NULL(arena_alloc(&arena, 51));
	arena_free(&arena, ptr, 300);
	arena_free(&arena, NULL, 0);
	CU_ASSERT_EQUAL(arena.bytes, 0);
	CU_ASSERT_EQUAL(arena.peak, 300);
	arena_close(&arena);
}

/* What was promised is given, to the byte, and no more than that. */
static void test_exact(void)
{
	struct arena arena = { 0 };
	char *ptr[5];

	CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 64 + ARENA_COST(1) + ARENA_COST(0)), 0);
	arena_fail_guaranteed(&arena, true);
	ptr[0] = arena_alloc(&arena, 33);	/* 48 */
	ptr[1] = arena_alloc(&arena, 0);	/* 16 */
	ptr[2] = arena_alloc(&arena, 1);	/* 16 */
	CU_ASSERT_PTR_NULL(arena_alloc(&arena, 17));
	ptr[3] = arena_alloc(&arena, 16);
	CU_ASSERT_PTR_NULL(arena_alloc(&arena, 1));
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_PTR_NOT_NULL_FATAL(ptr[i]);
		CU_ASSERT_EQUAL((uintptr_t)ptr[i] % 16, 0);
	}
	CU_ASSERT_EQUAL(arena.bytes, 33 + 0 + 1 + 16);
	CU_ASSERT_TRUE(arena.emergency_bytes >= 96);
	/* What is freed meanwhile gives nothing back; a smaller size costs nothing. */
	arena_free(&arena, ptr[3], 16);
	CU_ASSERT_PTR_NULL(arena_alloc(&arena, 1));
	CU_ASSERT_PTR_EQUAL(arena_resize(&arena, ptr[0], 33, 20), ptr[0]);
	arena_guarantee_end(&arena);
	CU_ASSERT_EQUAL(arena.bytes, 21);
	/* Without a guarantee the host's memory counts: there is some. */
	memset(ptr[0], 5, 20);
	ptr[0] = arena_resize(&arena, ptr[0], 20, 5000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(ptr[0]);
	CU_ASSERT_EQUAL(ptr[0][19], 5);
	CU_ASSERT_EQUAL(ptr[0][20], 0);
	CU_ASSERT_EQUAL(ptr[0][4999], 0);
	CU_ASSERT_EQUAL(arena.nr_pieces, 2);
	arena_free(&arena, ptr[0], 5000);
	arena_free(&arena, ptr[1], 0);
	arena_free(&arena, ptr[2], 1);
	CU_ASSERT_EQUAL(arena.bytes, 0);
	CU_ASSERT_EQUAL(arena.nr_pieces, 0);
	arena_close(&arena);
	CU_ASSERT_EQUAL(arena.emergency_bytes, 0);
}

/* A block with live pieces that became too small goes with its last piece. */
static void test_blocks(void)
{
	struct arena arena = { 0 };
	u64 small, both;
	char *a, *b;

	arena_fail_guaranteed(&arena, true);
	CU_ASSERT_PTR_NULL(arena.block);
	CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 4000), 0);
	a = arena_alloc(&arena, 4000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	memset(a, 1, 4000);
	arena_guarantee_end(&arena);
	small = arena.emergency_bytes;
	CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 10000), 0);
	b = arena_alloc(&arena, 10000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	memset(b, 2, 10000);
	arena_guarantee_end(&arena);
	both = arena.emergency_bytes;
	CU_ASSERT_TRUE(both >= small + 10000);
	CU_ASSERT_EQUAL(a[3999], 1);
	arena_free(&arena, a, 4000);
	CU_ASSERT_EQUAL(arena.emergency_bytes, both - small);
	arena_free(&arena, b, 10000);
	CU_ASSERT_EQUAL(arena.emergency_bytes, both - small);	/* kept */
	CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 10000), 0);
	CU_ASSERT_EQUAL(arena.emergency_bytes, both - small);
	arena_guarantee_end(&arena);
	/* What is large is not kept. */
	CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 3 * SZ_1M), 0);
	a = arena_alloc(&arena, 2 * SZ_1M);
	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	arena_guarantee_end(&arena);
	CU_ASSERT_TRUE(arena.emergency_bytes > 3 * SZ_1M);
	arena_free(&arena, a, 2 * SZ_1M);
	CU_ASSERT_EQUAL(arena.emergency_bytes, 0);
	CU_ASSERT_EQUAL(arena.bytes, 0);
	arena_close(&arena);
}

static void test_nesting(void)
{
	struct arena arena = { 0 };
	char *a, *b, *c;

	arena_fail_guaranteed(&arena, true);
	CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 320), 0);
	a = arena_alloc(&arena, 160);
	/* Covered by the outer one. */
	arena_fail_after(&arena, 1);
	CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 160), 0);
	CU_ASSERT_EQUAL(arena.promised, 160);
	arena_guarantee_end(&arena);
	CU_ASSERT_TRUE(arena.guarantees);
	/* Not covered: on top of it. */
	CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 8000), 0);
	b = arena_alloc(&arena, 8000);
	arena_guarantee_end(&arena);
	c = arena_alloc(&arena, 160);
	CU_ASSERT_TRUE_FATAL(a && b && c);
	CU_ASSERT_PTR_NULL(arena_alloc(&arena, 1));
	arena_guarantee_end(&arena);
	CU_ASSERT_FALSE(arena.guarantees);
	arena_free(&arena, b, 8000);
	arena_free(&arena, a, 160);
	arena_free(&arena, c, 160);
	CU_ASSERT_EQUAL(arena.bytes, 0);
	arena_close(&arena);
}

static void test_refused(void)
{
	struct arena arena = { 0 };

	/* The same number of allocations whether the block is there or not. */
	for (int i = 0; i < 2; i++) {
		u64 before = arena.nr_allocs;

		arena_fail_after(&arena, 1);
		CU_ASSERT_EQUAL(arena_guarantee(&arena, 100), -ENOMEM);
		CU_ASSERT_FALSE(arena.guarantees);
		CU_ASSERT_EQUAL(arena.promised, 0);
		CU_ASSERT_EQUAL_FATAL(arena_guarantee(&arena, 100), 0);
		arena_guarantee_end(&arena);
		CU_ASSERT_EQUAL(arena.nr_allocs, before + 2);
	}
	CU_ASSERT_EQUAL(arena_guarantee(&arena, ~0ULL), -ENOMEM);
	CU_ASSERT_EQUAL(arena_guarantee(&arena, ~0ULL - 15), -ENOMEM);
	arena.limit = 1000;
	CU_ASSERT_EQUAL(arena_guarantee(&arena, 1001), -ENOMEM);
	CU_ASSERT_EQUAL(arena_guarantee(&arena, 1000), 0);
	arena_guarantee_end(&arena);
	CU_ASSERT_EQUAL(arena.bytes, 0);
	arena_close(&arena);
}

#define NR_PTRS 64

struct storm {
	struct arena arena;
	u8 *ptr[NR_PTRS];
	u32 size[NR_PTRS];
	u8 fill[NR_PTRS];
	u64 bytes, left;	/* of the guarantee */
	u64 rng;
};

static u32 next_random(struct storm *s, u32 below)
{
	s->rng = s->rng * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(s->rng >> 33) % below;
}

static void storm_free(struct storm *s, u32 i)
{
	for (u32 k = 0; k < s->size[i]; k++)
		if (s->ptr[i][k] != s->fill[i]) {
			CU_FAIL("contents");
			break;
		}
	arena_free(&s->arena, s->ptr[i], s->size[i]);
	s->bytes -= s->size[i];
	s->ptr[i] = NULL;
	s->size[i] = 0;
}

/* Make block i one of `size` bytes; it must succeed while the guarantee covers it. */
static void storm_resize(struct storm *s, u32 i, u32 size)
{
	u64 cost = ARENA_COST(size);
	bool fresh = !s->ptr[i];
	u8 *ptr = fresh ? arena_alloc(&s->arena, size) :
			  arena_resize(&s->arena, s->ptr[i], s->size[i], size);

	if (s->arena.guarantees && cost <= s->left) {
		CU_ASSERT_PTR_NOT_NULL(ptr);
		s->left -= cost;
	} else {
		s->left = 0;	/* who asks for more has no claim to the rest */
	}
	if (!ptr)
		return;
	for (u32 k = s->size[i]; k < size; k++)
		if (ptr[k]) {
			CU_FAIL("not zeroed");
			break;
		}
	for (u32 k = 0; k < MIN(size, s->size[i]); k++)
		if (ptr[k] != s->fill[i]) {
			CU_FAIL("contents of a resized block");
			break;
		}
	s->bytes += (u64)size - s->size[i];
	s->ptr[i] = ptr;
	s->size[i] = size;
	s->fill[i] = next_random(s, 255) + 1;
	memset(ptr, s->fill[i], size);
}

static void storm_step(struct storm *s, int host)
{
	u32 i = next_random(s, NR_PTRS);

	if (host == 2 && !next_random(s, 3))
		arena_fail_after(&s->arena, 1 + next_random(s, 4));
	switch (next_random(s, 8)) {
	case 0:
		if (s->arena.guarantees) {
			arena_guarantee_end(&s->arena);
		} else {
			s->left = next_random(s, 8) ? next_random(s, 6000) : 1 << 21;
			if (arena_guarantee(&s->arena, s->left))
				s->left = 0;
		}
		break;
	case 1: case 2: case 3:
		if (s->ptr[i])
			storm_free(s, i);
		break;
	default:
		storm_resize(s, i, next_random(s, 16) ? next_random(s, 700) : 0);
	}
	CU_ASSERT_EQUAL_FATAL(s->arena.bytes, s->bytes);
}

/* Seeded storms; what is counted is the same on every kind of host. */
static void test_storm(void)
{
	for (int host = 0; host < 3; host++) {
		struct storm s = { .rng = 11 + host };

		arena_fail_guaranteed(&s.arena, host == 1);
		for (int i = 0; i < 40000; i++)
			storm_step(&s, host);
		while (s.arena.guarantees)
			arena_guarantee_end(&s.arena);
		for (u32 i = 0; i < NR_PTRS; i++)
			if (s.ptr[i])
				storm_free(&s, i);
		CU_ASSERT_EQUAL(s.arena.bytes, 0);
		CU_ASSERT_EQUAL(s.arena.nr_pieces, 0);
		CU_ASSERT_PTR_NULL(s.arena.retired);
		arena_close(&s.arena);
		CU_ASSERT_EQUAL(s.arena.emergency_bytes, 0);
	}
}

/* Twice as large, or what is wanted if that is more; nothing changes where it fails. */
static void test_growing(void)
{
	static const struct {
		u32 nr, room;
	} rows[] = { { 1, 5 }, { 5, 5 }, { 6, 10 }, { 10, 10 }, { 11, 20 }, { 70, 70 }, { 71, 140 } };
	struct arena arena = { 0 };
	u32 *array = NULL, room = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 before = room, *grown;

		arena_fail_after(&arena, 1);
		grown = arena_grow(&arena, array, &room, rows[i].nr, 5, sizeof(*array));
		CU_ASSERT_EQUAL(room, before);
		CU_ASSERT_PTR_EQUAL(grown, rows[i].room == before ? array : NULL);
		arena_fail_after(&arena, 0);
		array = arena_grow(&arena, array, &room, rows[i].nr, 5, sizeof(*array));
		CU_ASSERT_PTR_NOT_NULL_FATAL(array);
		CU_ASSERT_EQUAL(room, rows[i].room);
		CU_ASSERT_EQUAL(arena.bytes, room * sizeof(*array));
		for (u32 at = 0; at < before; at++)
			CU_ASSERT_EQUAL(array[at], at + 1);
		for (u32 at = before; at < room; at++) {
			CU_ASSERT_EQUAL(array[at], 0);
			array[at] = at + 1;
		}
	}
	arena_free(&arena, array, room * sizeof(*array));
	CU_ASSERT_EQUAL(arena.bytes, 0);
	arena_close(&arena);
}

static const CU_TestInfo tests[] = {
	{ "counting", test_counting },
	{ "a guarantee, to the byte", test_exact },
	{ "emergency blocks", test_blocks },
	{ "arrays that grow", test_growing },
	{ "nesting", test_nesting },
	{ "refused", test_refused },
	{ "storms", test_storm },
};

int main(void)
{
	return suite_main("arena", tests, ARRAY_SIZE(tests), NULL, NULL);
}
