// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memblock: what adding, reserving, removing, freeing and marking ranges makes of
 * the two arrays, doubling, trimming, limits, and where allocation puts things. Each
 * case is a row: calls, and the regions that must be there afterwards.
 */
#include <stdio.h>

#include "support.h"
#include "sim/boot/memblock.h"

#define K SZ_1K
#define M SZ_1M
#define G SZ_1G

enum op { END, ADD, NODE, RESERVE, REMOVE, FREE, FLAG, UNFLAG, TRIM, LIMIT, SETNODE };

struct call {
	enum op op;
	u64 base, size;
	int nid;
	u32 flags;
};

struct region {
	u64 base, size;
	int nid;
	u32 flags;
};

struct table_case {
	const char *name;
	struct call calls[6];
	bool reserved;		/* which array is looked at */
	struct region want[6];
	unsigned int nr;
};

#define R(b, s) { b, s, -1, 0 }

static const struct table_case cases[] = {
	{ "add one", { { ADD, G, 4 * M, 0, 0 } }, false, { R(G, 4 * M) }, 1 },
	{ "add nothing", { { ADD, G, 0, 0, 0 } }, false, { { 0 } }, 0 },
	{ "add two apart", { { ADD, 0x8000, 0x2000, 0, 0 }, { ADD, 0x10000, 0x2000, 0, 0 } },
	  false, { R(0x8000, 0x2000), R(0x10000, 0x2000) }, 2 },
	{ "add in reverse order", { { ADD, G, M, 0, 0 }, { ADD, M, M, 0, 0 } }, false,
	  { R(M, M), R(G, M) }, 2 },
	{ "add overlapping the top", { { ADD, 512 * M, G, 0, 0 }, { ADD, 256 * M, 512 * M, 0, 0 } },
	  false, { R(256 * M, 1280 * M) }, 1 },
	{ "add overlapping the bottom", { { ADD, 128 * M, 512 * M, 0, 0 },
					  { ADD, 256 * M, G, 0, 0 } },
	  false, { R(128 * M, 1152 * M) }, 1 },
	{ "add within", { { ADD, 8 * M, 32 * M, 0, 0 }, { ADD, 16 * M, M, 0, 0 } }, false,
	  { R(8 * M, 32 * M) }, 1 },
	{ "add twice", { { ADD, 16 * K, 2 * M, 0, 0 }, { ADD, 16 * K, 2 * M, 0, 0 } }, false,
	  { R(16 * K, 2 * M) }, 1 },
	{ "add between two", { { ADD, G, 8 * K, 0, 0 }, { ADD, G + 16 * K, 8 * K, 0, 0 },
			       { ADD, G + 8 * K, 8 * K, 0, 0 } },
	  false, { R(G, 24 * K) }, 1 },
	{ "add over several", { { ADD, 2 * M, M, 0, 0 }, { ADD, 5 * M, M, 0, 0 },
				{ ADD, 8 * M, M, 0, 0 }, { ADD, M, 9 * M, 0, 0 } },
	  false, { R(M, 9 * M) }, 1 },
	{ "add near the end of addresses", { { ADD, UINT64_MAX - M, 2 * M, 0, 0 } }, false,
	  { R(UINT64_MAX - M, M) }, 1 },
	{ "touching, of two nodes", { { NODE, M, M, 0, 0 }, { NODE, 2 * M, M, 1, 0 } }, false,
	  { { M, M, 0, 0 }, { 2 * M, M, 1, 0 } }, 2 },
	{ "touching, of one node", { { NODE, M, M, 1, 0 }, { NODE, 2 * M, M, 1, 0 } }, false,
	  { { M, 2 * M, 1, 0 } }, 1 },
	{ "touching, other flags", { { NODE, M, M, 1, MEMBLOCK_HOTPLUG }, { NODE, 2 * M, M, 1, 0 } },
	  false, { { M, M, 1, MEMBLOCK_HOTPLUG }, { 2 * M, M, 1, 0 } }, 2 },
	{ "overlap keeps the first owner", { { NODE, 4 * M, 4 * M, 0, 0 },
					     { NODE, 2 * M, 8 * M, 1, 0 } },
	  false, { { 2 * M, 2 * M, 1, 0 }, { 4 * M, 4 * M, 0, 0 }, { 8 * M, 2 * M, 1, 0 } }, 3 },
	{ "reserve one", { { RESERVE, 2 * G, 128 * M, 0, 0 } }, true, { R(2 * G, 128 * M) }, 1 },
	{ "reserve overlapping", { { RESERVE, 0x8000, 0x4000, 0, 0 },
				   { RESERVE, 0xa000, 0x8000, 0, 0 } },
	  true, { R(0x8000, 0xa000) }, 1 },
	{ "reserve between", { { RESERVE, G, M, 0, 0 }, { RESERVE, G + 2 * M, M, 0, 0 },
			       { RESERVE, G + M, M, 0, 0 } },
	  true, { R(G, 3 * M) }, 1 },
	{ "remove one", { { ADD, M, M, 0, 0 }, { ADD, 4 * M, M, 0, 0 }, { REMOVE, M, M, 0, 0 } },
	  false, { R(4 * M, M) }, 1 },
	{ "remove what is not there", { { ADD, 4 * M, M, 0, 0 }, { REMOVE, M, M, 0, 0 } }, false,
	  { R(4 * M, M) }, 1 },
	{ "remove the start", { { ADD, 4 * M, 4 * M, 0, 0 }, { REMOVE, 2 * M, 3 * M, 0, 0 } },
	  false, { R(5 * M, 3 * M) }, 1 },
	{ "remove the end", { { ADD, 4 * M, 4 * M, 0, 0 }, { REMOVE, 6 * M, 9 * M, 0, 0 } },
	  false, { R(4 * M, 2 * M) }, 1 },
	{ "remove the middle", { { ADD, 4 * M, 4 * M, 0, 0 }, { REMOVE, 5 * M, M, 0, 0 } }, false,
	  { R(4 * M, M), R(6 * M, 2 * M) }, 2 },
	{ "remove the only one", { { ADD, 4 * M, 4 * M, 0, 0 }, { REMOVE, 0, G, 0, 0 } }, false,
	  { { 0 } }, 0 },
	{ "remove across two", { { ADD, 4 * M, 4 * M, 0, 0 }, { ADD, 16 * M, 4 * M, 0, 0 },
				 { REMOVE, 6 * M, 12 * M, 0, 0 } },
	  false, { R(4 * M, 2 * M), R(18 * M, 2 * M) }, 2 },
	{ "free one", { { RESERVE, 4 * M, M, 0, 0 }, { RESERVE, 8 * M, M, 0, 0 },
			{ FREE, 4 * M, M, 0, 0 } },
	  true, { R(8 * M, M) }, 1 },
	{ "free the middle", { { RESERVE, 4 * M, 4 * M, 0, 0 }, { FREE, 5 * M, M, 0, 0 } }, true,
	  { R(4 * M, M), R(6 * M, 2 * M) }, 2 },
	{ "free across two", { { RESERVE, 4 * M, 4 * M, 0, 0 }, { RESERVE, 16 * M, 4 * M, 0, 0 },
			       { FREE, 6 * M, 12 * M, 0, 0 } },
	  true, { R(4 * M, 2 * M), R(18 * M, 2 * M) }, 2 },
	{ "free does not touch memory", { { ADD, 0x1000, M, 0, 0 }, { FREE, 0x1000, M, 0, 0 } },
	  false, { R(0x1000, M) }, 1 },
	{ "flag a part", { { ADD, 4 * M, 4 * M, 0, 0 },
			   { FLAG, 5 * M, M, 0, MEMBLOCK_NOMAP } },
	  false, { R(4 * M, M), { 5 * M, M, -1, MEMBLOCK_NOMAP }, R(6 * M, 2 * M) }, 3 },
	{ "flag and back", { { ADD, 4 * M, 4 * M, 0, 0 }, { FLAG, 5 * M, M, 0, MEMBLOCK_HOTPLUG },
			     { UNFLAG, 5 * M, M, 0, MEMBLOCK_HOTPLUG } },
	  false, { R(4 * M, 4 * M) }, 1 },
	{ "set the node", { { ADD, 4 * M, 4 * M, 0, 0 }, { SETNODE, 6 * M, G, 3, 0 } }, false,
	  { R(4 * M, 2 * M), { 6 * M, 2 * M, 3, 0 } }, 2 },
	{ "set all to one node", { { NODE, 4 * M, M, 0, 0 }, { NODE, 5 * M, M, 1, 0 },
				   { SETNODE, 0, G, 1, 0 } },
	  false, { { 4 * M, 2 * M, 1, 0 } }, 1 },
	{ "trim aligned", { { ADD, 4 * M, 4 * M, 0, 0 }, { TRIM, 0, M, 0, 0 } }, false,
	  { R(4 * M, 4 * M) }, 1 },
	{ "trim away", { { ADD, 4 * M, 4 * M, 0, 0 }, { ADD, 16 * M + K, M - 2 * K, 0, 0 },
			 { TRIM, 0, M, 0, 0 } },
	  false, { R(4 * M, 4 * M) }, 1 },
	{ "trim both ends", { { ADD, 4 * M + K, 3 * M, 0, 0 }, { TRIM, 0, M, 0, 0 } }, false,
	  { R(5 * M, 2 * M) }, 1 },
	{ "limit inside the second", { { ADD, M, M, 0, 0 }, { ADD, 4 * M, 4 * M, 0, 0 },
				       { LIMIT, 3 * M, 0, 0, 0 } },
	  false, { R(M, M), R(4 * M, 2 * M) }, 2 },
	{ "limit above all", { { ADD, M, M, 0, 0 }, { LIMIT, G, 0, 0, 0 } }, false,
	  { R(M, M) }, 1 },
	{ "limit cuts reservations too", { { ADD, M, 4 * M, 0, 0 }, { RESERVE, 2 * M, 2 * M, 0, 0 },
					   { LIMIT, 2 * M, 0, 0, 0 } },
	  true, { R(2 * M, M) }, 1 },
};

static int perform(struct memblock *mb, const struct call *call)
{
	switch (call->op) {
	case ADD:
		return memblock_add(mb, call->base, call->size);
	case NODE:
		return memblock_add_node(mb, call->base, call->size, call->nid, call->flags);
	case RESERVE:
		return memblock_reserve(mb, call->base, call->size, "test");
	case REMOVE:
		return memblock_remove(mb, call->base, call->size);
	case FREE:
		return memblock_phys_free(mb, call->base, call->size);
	case FLAG:
		return memblock_set_flags(mb, &mb->memory, call->base, call->size, call->flags, 0);
	case UNFLAG:
		return memblock_set_flags(mb, &mb->memory, call->base, call->size, 0, call->flags);
	case TRIM:
		return memblock_trim_memory(mb, call->size);
	case LIMIT:
		return memblock_enforce_memory_limit(mb, call->base);
	case SETNODE:
		return memblock_set_node(mb, &mb->memory, call->base, call->size, call->nid);
	case END:
		break;
	}
	return 0;
}

static bool region_is(const struct memblock_region *r, const struct region *want)
{
	return r->base == want->base && r->size == want->size && r->nid == want->nid &&
	       r->flags == want->flags;
}

static void run_case(const struct table_case *c)
{
	struct arena arena = { 0 };
	struct memblock mb;
	const struct memblock_type *type = c->reserved ? &mb.reserved : &mb.memory;
	u64 total = 0;
	bool ok;

	CU_ASSERT_EQUAL_FATAL(memblock_init(&mb, &arena), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(c->calls) && c->calls[i].op != END; i++)
		CU_ASSERT_EQUAL(perform(&mb, &c->calls[i]), 0);
	ok = type->cnt == c->nr;
	for (unsigned int i = 0; i < type->cnt; i++) {
		ok = ok && region_is(&type->regions[i], &c->want[i]);
		total += type->regions[i].size;
	}
	if (!ok)
		fprintf(stderr, "%s: %u regions, first %#llx + %#llx\n", c->name, type->cnt,
			type->cnt ? (unsigned long long)type->regions[0].base : 0ULL,
			type->cnt ? (unsigned long long)type->regions[0].size : 0ULL);
	CU_ASSERT_TRUE(ok);
	CU_ASSERT_EQUAL(type->total_size, total);
	memblock_free_state(&mb);
	CU_ASSERT_EQUAL(arena.bytes, 0);
}

static void test_tables(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(&cases[i]);
}

struct alloc_case {
	const char *name;
	struct call calls[6];
	struct memblock_request req;
	bool bottom_up;
	u64 limit;		/* 0 = none */
	u64 want;		/* 0 = nothing fits */
};

#define ANY .nid = -1

static const struct alloc_case alloc_cases[] = {
	{ "the top of memory", { { ADD, M, 32 * M, 0, 0 } }, { .size = M, .align = 64, ANY },
	  false, 0, 32 * M },
	{ "aligned down", { { ADD, M, 32 * M, 0, 0 } },
	  { .size = 100, .align = 2 * M, ANY }, false, 0, 32 * M },
	{ "below a reservation", { { ADD, M, 32 * M, 0, 0 }, { RESERVE, 31 * M, 2 * M, 0, 0 } },
	  { .size = M, .align = 64, ANY }, false, 0, 30 * M },
	{ "in the gap that is large enough", { { ADD, M, 32 * M, 0, 0 },
					       { RESERVE, 20 * M, 4 * M, 0, 0 },
					       { RESERVE, 26 * M, 7 * M, 0, 0 } },
	  { .size = 4 * M, .align = 64, ANY }, false, 0, 16 * M },
	{ "exactly fitting", { { ADD, M, 4 * M, 0, 0 }, { RESERVE, M, M, 0, 0 },
			       { RESERVE, 3 * M, 2 * M, 0, 0 } },
	  { .size = M, .align = M, ANY }, false, 0, 2 * M },
	{ "no room", { { ADD, M, 4 * M, 0, 0 }, { RESERVE, M, 2 * M, 0, 0 } },
	  { .size = 3 * M, .align = 64, ANY }, false, 0, 0 },
	{ "all reserved", { { ADD, M, 4 * M, 0, 0 }, { RESERVE, M, 4 * M, 0, 0 } },
	  { .size = 64, .align = 64, ANY }, false, 0, 0 },
	{ "below max_addr", { { ADD, M, 32 * M, 0, 0 } },
	  { .size = M, .align = 64, .max_addr = 8 * M, ANY }, false, 0, 7 * M },
	{ "min_addr is a wish", { { ADD, M, 4 * M, 0, 0 } },
	  { .size = M, .align = 64, .min_addr = 16 * M, ANY }, false, 0, 4 * M },
	{ "min_addr kept", { { ADD, M, 4 * M, 0, 0 } },
	  { .size = M, .align = 64, .min_addr = 16 * M, .keep_min = true, ANY }, false, 0, 0 },
	{ "between min and max", { { ADD, M, 32 * M, 0, 0 } },
	  { .size = M, .align = M, .min_addr = 8 * M, .max_addr = 9 * M, ANY }, false, 0, 8 * M },
	{ "the limit", { { ADD, M, 32 * M, 0, 0 } }, { .size = M, .align = 64, ANY }, false,
	  16 * M, 15 * M },
	{ "never page 0", { { ADD, 0, 8 * K, 0, 0 } }, { .size = 8 * K, .align = 64, ANY }, false,
	  0, 0 },
	{ "page 1 is fine", { { ADD, 0, 8 * K, 0, 0 } },
	  { .size = 4 * K, .align = 4 * K, ANY }, false, 0, 4 * K },
	{ "its node", { { NODE, M, 16 * M, 0, 0 }, { NODE, 17 * M, 16 * M, 1, 0 } },
	  { .size = M, .align = 64, .nid = 0 }, false, 0, 16 * M },
	{ "another node when full", { { NODE, M, M, 0, 0 }, { NODE, 17 * M, 16 * M, 1, 0 } },
	  { .size = 4 * M, .align = 64, .nid = 0 }, false, 0, 29 * M },
	{ "only its node", { { NODE, M, M, 0, 0 }, { NODE, 17 * M, 16 * M, 1, 0 } },
	  { .size = 4 * M, .align = 64, .nid = 0, .exact_nid = true }, false, 0, 0 },
	{ "not unmapped memory", { { ADD, M, 16 * M, 0, 0 },
				   { FLAG, 8 * M, 9 * M, 0, MEMBLOCK_NOMAP } },
	  { .size = M, .align = 64, ANY }, false, 0, 7 * M },
	{ "bottom up", { { ADD, M, 32 * M, 0, 0 } }, { .size = M, .align = 64, ANY }, true, 0, M },
	{ "bottom up, aligned", { { ADD, M, 32 * M, 0, 0 } },
	  { .size = M, .align = 4 * M, ANY }, true, 0, 4 * M },
	{ "bottom up, above a reservation", { { ADD, M, 32 * M, 0, 0 }, { RESERVE, M, 2 * M, 0, 0 } },
	  { .size = M, .align = 64, ANY }, true, 0, 3 * M },
	{ "bottom up, min_addr", { { ADD, M, 32 * M, 0, 0 } },
	  { .size = M, .align = 64, .min_addr = 9 * M, ANY }, true, 0, 9 * M },
	{ "bottom up, no room", { { ADD, M, 4 * M, 0, 0 } },
	  { .size = 5 * M, .align = 64, ANY }, true, 0, 0 },
};

static void run_alloc_case(const struct alloc_case *c)
{
	struct arena arena = { 0 };
	struct memblock mb;
	u64 at, before;

	CU_ASSERT_EQUAL_FATAL(memblock_init(&mb, &arena), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(c->calls) && c->calls[i].op != END; i++)
		CU_ASSERT_EQUAL(perform(&mb, &c->calls[i]), 0);
	mb.bottom_up = c->bottom_up;
	if (c->limit)
		mb.current_limit = c->limit;
	before = mb.reserved.total_size;
	at = memblock_alloc(&mb, &c->req);
	if (at != c->want)
		fprintf(stderr, "%s: expected %#llx, found %#llx\n", c->name,
			(unsigned long long)c->want, (unsigned long long)at);
	CU_ASSERT_EQUAL(at, c->want);
	CU_ASSERT_EQUAL(mb.reserved.total_size, before + (at ? c->req.size : 0));
	if (at) {
		CU_ASSERT_TRUE(memblock_is_reserved(&mb, at));
		CU_ASSERT_TRUE(memblock_is_reserved(&mb, at + c->req.size - 1));
	}
	memblock_free_state(&mb);
}

static void test_alloc(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(alloc_cases); i++)
		run_alloc_case(&alloc_cases[i]);
}

/* The 129th region needs a larger array, and the kernel finds room for it itself. */
static void test_doubling(void)
{
	struct arena arena = { 0 };
	struct memblock mb;

	CU_ASSERT_EQUAL_FATAL(memblock_init(&mb, &arena), 0);
	CU_ASSERT_EQUAL(memblock_add(&mb, M, 64 * M), 0);
	for (unsigned int i = 0; i < INIT_MEMBLOCK_REGIONS; i++)
		CU_ASSERT_EQUAL(memblock_reserve(&mb, 2 * M + i * 2 * 4 * K, 4 * K, "test"), 0);
	CU_ASSERT_EQUAL(mb.reserved.max, INIT_MEMBLOCK_REGIONS);
	CU_ASSERT_EQUAL(mb.nr_doublings, 0);
	CU_ASSERT_EQUAL(memblock_reserve(&mb, 32 * M, 4 * K, "test"), 0);
	CU_ASSERT_EQUAL(mb.nr_doublings, 1);
	CU_ASSERT_EQUAL(mb.reserved.max, 2 * INIT_MEMBLOCK_REGIONS);
	/* 256 structs of 24 bytes: two pages, at the top. */
	CU_ASSERT_EQUAL(mb.reserved.cnt, INIT_MEMBLOCK_REGIONS + 2);
	CU_ASSERT_TRUE(memblock_is_reserved(&mb, 65 * M - 8 * K));
	CU_ASSERT_FALSE(memblock_is_reserved(&mb, 65 * M - 8 * K - 1));
	memblock_free_state(&mb);

	CU_ASSERT_EQUAL_FATAL(memblock_init(&mb, &arena), 0);
	mb.can_resize = false;
	for (unsigned int i = 0; i < INIT_MEMBLOCK_REGIONS; i++)
		CU_ASSERT_EQUAL(memblock_add(&mb, 2 * M + i * 2 * 4 * K, 4 * K), 0);
	CU_ASSERT_EQUAL(memblock_add(&mb, G, 4 * K), -ENOMEM);
	CU_ASSERT_EQUAL(mb.memory.cnt, INIT_MEMBLOCK_REGIONS);
	memblock_free_state(&mb);
}

static void test_free_ranges(void)
{
	static const struct region want[] = { { M, M, 0, 0 }, { 3 * M, M, 0, 0 },
					      { 8 * M, 2 * M, 1, 0 } };
	struct arena arena = { 0 };
	struct memblock mb;
	u64 cursor = 0, start, end;
	unsigned int nr = 0;
	int nid;

	CU_ASSERT_EQUAL_FATAL(memblock_init(&mb, &arena), 0);
	CU_ASSERT_EQUAL(memblock_add_node(&mb, M, 4 * M, 0, 0), 0);
	CU_ASSERT_EQUAL(memblock_add_node(&mb, 7 * M, 3 * M, 1, 0), 0);
	CU_ASSERT_EQUAL(memblock_reserve(&mb, 2 * M, M, "test"), 0);
	CU_ASSERT_EQUAL(memblock_reserve(&mb, 4 * M, 4 * M, "test"), 0);
	while (memblock_next_free(&mb, &cursor, &start, &end, &nid)) {
		CU_ASSERT_FATAL(nr < ARRAY_SIZE(want));
		CU_ASSERT_EQUAL(start, want[nr].base);
		CU_ASSERT_EQUAL(end, want[nr].base + want[nr].size);
		CU_ASSERT_EQUAL(nid, want[nr].nid);
		nr++;
	}
	CU_ASSERT_EQUAL(nr, ARRAY_SIZE(want));
	CU_ASSERT_EQUAL(memblock_free_bytes(&mb, 0, G), 4 * M);
	CU_ASSERT_EQUAL(memblock_free_bytes(&mb, M + 512 * K, 9 * M), 2 * M + 512 * K);
	CU_ASSERT_TRUE(memblock_is_memory(&mb, M));
	CU_ASSERT_FALSE(memblock_is_memory(&mb, 5 * M));
	CU_ASSERT_EQUAL(memblock_start_of_DRAM(&mb), M);
	CU_ASSERT_EQUAL(memblock_end_of_DRAM(&mb), 10 * M);
	memblock_free_state(&mb);
}

/* Allocations of newer kernels carry a mark and a node, so they join only alike. */
static void test_marks(void)
{
	struct arena arena = { 0 };
	struct memblock mb;
	const struct memblock_request on_node = { .size = M, .align = 64, .nid = 0 };
	const struct memblock_request anywhere = { .size = M, .align = 64, .nid = -1 };

	CU_ASSERT_EQUAL_FATAL(memblock_init(&mb, &arena), 0);
	mb.alloc_flags = MEMBLOCK_RSRV_KERN;
	mb.alloc_nid = true;
	CU_ASSERT_EQUAL(memblock_add_node(&mb, M, 32 * M, 0, 0), 0);
	CU_ASSERT_EQUAL(memblock_alloc(&mb, &on_node), 32 * M);
	CU_ASSERT_EQUAL(memblock_alloc(&mb, &on_node), 31 * M);
	CU_ASSERT_EQUAL(mb.reserved.cnt, 1);
	CU_ASSERT_EQUAL(memblock_alloc(&mb, &anywhere), 30 * M);
	CU_ASSERT_EQUAL(mb.reserved.cnt, 2);
	CU_ASSERT_EQUAL(mb.reserved.regions[0].nid, -1);
	CU_ASSERT_EQUAL(mb.reserved.regions[1].nid, 0);
	CU_ASSERT_EQUAL(mb.reserved.regions[1].flags, MEMBLOCK_RSRV_KERN);
	memblock_free_state(&mb);
}

/* Host memory fails: the call says so and the arrays are as before. */
static void test_host_memory(void)
{
	struct arena arena = { 0 };
	struct memblock mb;

	arena_fail_after(&arena, 2);
	CU_ASSERT_EQUAL(memblock_init(&mb, &arena), -ENOMEM);
	CU_ASSERT_EQUAL(arena.bytes, 0);
	CU_ASSERT_EQUAL_FATAL(memblock_init(&mb, &arena), 0);
	CU_ASSERT_EQUAL(memblock_add(&mb, M, 64 * M), 0);
	for (unsigned int i = 0; i < INIT_MEMBLOCK_REGIONS; i++)
		CU_ASSERT_EQUAL(memblock_reserve(&mb, 2 * M + i * 2 * 4 * K, 4 * K, "test"), 0);
	arena_fail_after(&arena, 1);
	CU_ASSERT_EQUAL(memblock_reserve(&mb, 32 * M, 4 * K, "test"), -ENOMEM);
	CU_ASSERT_EQUAL(mb.reserved.cnt, INIT_MEMBLOCK_REGIONS);
	CU_ASSERT_EQUAL(memblock_reserve(&mb, 32 * M, 4 * K, "test"), 0);
	memblock_free_state(&mb);
	CU_ASSERT_EQUAL(arena.bytes, 0);
}

static const CU_TestInfo tests[] = {
	{ "regions", test_tables },
	{ "allocation", test_alloc },
	{ "doubling", test_doubling },
	{ "free ranges", test_free_ranges },
	{ "marks", test_marks },
	{ "no host memory", test_host_memory },
};

int main(void)
{
	return suite_main("memblock", tests, ARRAY_SIZE(tests), NULL, NULL);
}
