// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who gets which page when a type has none left, by the formulas: each type of request
 * against pageblocks of each other type, with as many free and movable pages as it takes
 * to be claimed, and one less. Then storms of all kinds of requests on machines of 256
 * to 65,536 pages of every architecture, with failures of the host in between.
 */
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"

#include "sim/phys/fallback.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/pcp.h"
#include "sim/phys/section.h"
#include "sim/phys/tunables.h"

#define BLOCK 512U		/* pages of a pageblock */
#define MIB(n) ((n) * 256ULL)

static struct zone *only_zone(const struct machine *m)
{
	struct zone *zone = NULL;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_populated(m->zones[i]))
			zone = m->zones[i];
	return zone;
}

/* Every pageblock is in use; the last one is returned, as of type `old`. */
static u32 take_all(struct machine *m, struct zone *zone, enum migratetype old)
{
	u32 pfn, last = PFN_NIL;

	while (!section_reserve(m, 0) &&
	       (pfn = buddy_alloc_smallest(m, zone, 9, MIGRATE_MOVABLE)) != PFN_NIL) {
		for (u32 i = 0; i < BLOCK; i++)
			pfn_to_page(m, pfn + i)->refcount = 1;
		last = pfn;
	}
	set_pageblock_type(m, last, old);
	return last;
}

/* Of the pageblock at pfn: every second page is free, `free` of them; then `lru` are movable. */
static void lay_out(struct machine *m, struct zone *zone, u32 pfn, unsigned int nr_free,
		    unsigned int lru)
{
	for (u32 i = 0; i < BLOCK; i++) {
		struct page *page = pfn_to_page(m, pfn + i);

		if (i % 2 == 0 && i / 2 < nr_free) {
			page->refcount = 0;
			buddy_free(m, zone, pfn + i, 0, BUDDY_TAIL);
		} else if (lru) {
			page_set_flag(page, PG_lru);
			lru--;
		}
	}
}

static u64 on_lists(const struct zone *zone, enum migratetype type)
{
	u64 pages = 0;

	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		pages += zone->free_area[order].nr[type] << order;
	return pages;
}

struct expected {
	bool claimed;		/* the pageblock becomes the request's */
	bool moved;		/* its free pages go to the lists of the request's type */
	bool boosted;
};

static struct expected expect(enum release r, enum migratetype start, enum migratetype old,
			      unsigned int nr_free, unsigned int lru)
{
	unsigned int alike = start == MIGRATE_MOVABLE ? lru :
			     old == MIGRATE_MOVABLE ? BLOCK - nr_free - lru : 0;
	/* Single pages: only what cannot move tries for the whole pageblock. */
	bool tries = start != MIGRATE_MOVABLE;
	bool claimed = tries && nr_free + alike >= BLOCK / 2;

	return (struct expected) {
		.claimed = claimed,
		.moved = claimed || (tries && r == R_6_1),
		.boosted = tries || r == R_6_1,
	};
}

static void one_pageblock(enum release r, enum migratetype start, enum migratetype old,
			  unsigned int nr_free, unsigned int lru)
{
	const struct test_machine spec = {
		.release = r, .ranges = { { MIB(16), MIB(32), 0 } },
	};
	struct expected want = expect(r, start, old, nr_free, lru);
	struct machine *m = test_machine_boot(&spec);
	struct zone *zone = only_zone(m);
	enum rmqueue_mode mode = RMQUEUE_NORMAL;
	u32 block = take_all(m, zone, old), pfn;

	lay_out(m, zone, block, nr_free, lru);
	CU_ASSERT_EQUAL(on_lists(zone, old), nr_free);
	pfn = rmqueue(m, zone, 0, start, 0, &mode);
	CU_ASSERT_TRUE(pfn >= block && pfn < block + BLOCK);
	CU_ASSERT_EQUAL(pageblock_type(m, block), want.claimed ? start : old);
	CU_ASSERT_EQUAL(on_lists(zone, start), want.moved ? nr_free - 1 : 0);
	CU_ASSERT_EQUAL(on_lists(zone, old), want.moved ? 0 : nr_free - 1);
	CU_ASSERT_EQUAL(zone->watermark_boost, want.boosted ? BLOCK : 0);
	test_machine_free(m);
}

static void test_claims(void)
{
	static const struct {
		unsigned int nr_free, lru;
	} rows[] = {
		{ 1, 0 }, { 1, 254 }, { 1, 255 }, { 1, 256 }, { 1, 511 }, { 255, 0 },
		{ 256, 0 }, { 255, 1 }, { 100, 155 }, { 100, 156 }, { 100, 412 }, { 200, 57 },
		{ 200, 311 }, { 256, 256 },
	};

	for (enum release r = 0; r < NR_RELEASES; r++)
		for (unsigned int start = 0; start < MIGRATE_PCPTYPES; start++)
			for (unsigned int old = 0; old < MIGRATE_PCPTYPES; old++)
				for (unsigned int i = 0; old != start && i < ARRAY_SIZE(rows); i++)
					one_pageblock(r, start, old, rows[i].nr_free,
						      rows[i].lru);
}

/* Both other types have a page: the order in which they are asked. */
static void test_order_of_types(void)
{
	static const struct {
		enum migratetype start, first, second;
	} rows[] = {
		{ MIGRATE_UNMOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
		{ MIGRATE_MOVABLE, MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
		{ MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
	};

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const struct test_machine spec = {
			.release = i % 2, .ranges = { { MIB(16), MIB(32), 0 } },
		};
		struct machine *m = test_machine_boot(&spec);
		struct zone *zone = only_zone(m);
		enum rmqueue_mode mode = RMQUEUE_NORMAL;
		u32 block = take_all(m, zone, rows[i / 2].second), pfn;
		u32 other = block - BLOCK;

		set_pageblock_type(m, other, rows[i / 2].first);
		lay_out(m, zone, block, 1, 0);
		lay_out(m, zone, other, 1, 0);
		pfn = rmqueue(m, zone, 0, rows[i / 2].start, 0, &mode);
		CU_ASSERT_EQUAL(pfn, other);
		test_machine_free(m);
	}
}

/*
 * The largest block of another type if the pageblock can be claimed, the smallest if
 * it cannot: a Movable request against a page here and a block of order 3 there.
 */
static void test_sizes(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		const struct test_machine spec = {
			.release = r, .ranges = { { MIB(16), MIB(32), 0 } },
		};
		struct machine *m = test_machine_boot(&spec);
		struct zone *zone = only_zone(m);
		enum rmqueue_mode mode = RMQUEUE_NORMAL;
		u32 block = take_all(m, zone, MIGRATE_UNMOVABLE), pfn;

		set_pageblock_type(m, block - BLOCK, MIGRATE_UNMOVABLE);
		lay_out(m, zone, block - BLOCK, 1, 0);
		for (u32 i = 0; i < 8; i++)
			pfn_to_page(m, block + i)->refcount = 0;
		buddy_free(m, zone, block, 3, BUDDY_TAIL);
		pfn = rmqueue(m, zone, 0, MIGRATE_MOVABLE, 0, &mode);
		CU_ASSERT_EQUAL(pfn, block - BLOCK);
		CU_ASSERT_EQUAL(zone->free_area[3].nr[MIGRATE_UNMOVABLE], 1);
		pfn = rmqueue(m, zone, 0, MIGRATE_RECLAIMABLE, 0, &mode);
		CU_ASSERT_EQUAL(pfn, block);
		test_machine_free(m);
	}
}

/* How much is reserved at most for atomic requests of some order, by the size of a zone. */
static void test_highatomic_limit(void)
{
	static const struct {
		u64 pages;
		u64 limit[NR_RELEASES];
	} rows[] = {
		{ 4096, { 40 + 512, 0 } }, { 51199, { 511 + 512, 0 } },
		{ 51200, { 512 + 512, 512 } }, { 51300, { 513 + 512, 1024 } },
		{ 262144, { 2621 + 512, 3072 } },
	};

	for (enum release r = 0; r < NR_RELEASES; r++) {
		const struct test_machine spec = {
			.release = r, .ranges = { { MIB(16), MIB(32), 0 } },
		};
		struct machine *m = test_machine_boot(&spec);
		struct zone zone = *only_zone(m);

		for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
			zone.managed_pages = rows[i].pages;
			CU_ASSERT_EQUAL(highatomic_limit(m, &zone), rows[i].limit[r]);
		}
		test_machine_free(m);
	}
}

/* min, less a half for __GFP_HIGH, less a quarter of what is left if it may not block. */
static void test_reserves(void)
{
	static const struct {
		unsigned int flags;
		u64 least;	/* of a mark of 1000 */
	} rows[] = {
		{ WMARK_MIN, 1001 }, { WMARK_MIN | ALLOC_MIN_RESERVE, 501 },
		{ WMARK_MIN | ALLOC_NON_BLOCK, 1001 },
		{ WMARK_MIN | ALLOC_MIN_RESERVE | ALLOC_NON_BLOCK, 376 },
		{ WMARK_MIN | ALLOC_OOM, 501 },
		{ WMARK_MIN | ALLOC_MIN_RESERVE | ALLOC_OOM, 251 },
	};

	for (enum release r = 0; r < NR_RELEASES; r++) {
		const struct test_machine spec = {
			.release = r, .ranges = { { MIB(16), MIB(32), 0 } },
		};
		struct machine *m = test_machine_boot(&spec);
		const struct zone *zone = only_zone(m);

		for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
			s64 least = (s64)rows[i].least;

			CU_ASSERT_FALSE(zone_watermark_ok(m, zone, 0, 1000, zone->type,
							  rows[i].flags, least - 1));
			CU_ASSERT_TRUE(zone_watermark_ok(m, zone, 0, 1000, zone->type,
							 rows[i].flags, least));
			CU_ASSERT_FALSE(zone_watermark_ok(m, zone, 3, 1000, zone->type,
							  rows[i].flags, least + 6));
			CU_ASSERT_TRUE(zone_watermark_ok(m, zone, 3, 1000, zone->type,
							 rows[i].flags, least + 7));
		}
		test_machine_free(m);
	}
}

/*
 * Half of an Unmovable pageblock is isolated: the pageblock is Movable, and since 6.10 what
 * else is free in it lies on those lists, too.
 */
static void test_half_isolated(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		const struct test_machine spec = {
			.release = r, .nr_cpus = 2, .ranges = { { MIB(16), MIB(64), 0 } },
		};
		struct machine *m = test_machine_boot(&spec);
		unsigned int order = m->pageblock_order;
		u32 pfn;

		CU_ASSERT_EQUAL_FATAL(alloc_kernel_pages(m, GFP_KERNEL, order, NUMA_NO_NODE,
							 PGTY_kernel, &pfn), 0);
		CU_ASSERT_EQUAL(pageblock_type(m, pfn), MIGRATE_UNMOVABLE);
		split_page(m, pfn, order);
		/* The lower half, and four pages in the middle of the upper one. */
		for (u32 i = 0; i < 1U << (order - 1); i++)
			free_pages(m, pfn + i, 0);
		for (u32 i = 0; i < 4; i++)
			free_pages(m, pfn + (3U << (order - 2)) + i, 0);
		drain_all_pages(m, NULL);
		CU_ASSERT(isolate_free_page(m, only_zone(m), pfn, order - 1));
		CU_ASSERT_EQUAL(pageblock_type(m, pfn), MIGRATE_MOVABLE);
		CU_ASSERT_EQUAL(pfn_to_page(m, pfn + (3U << (order - 2)))->list_type,
				rel_claim_then_steal(r) ? MIGRATE_MOVABLE : MIGRATE_UNMOVABLE);
		test_machine_free(m);
	}
}

/* A bulk leaves the zone above its low mark, or is one page. */
static void test_bulk(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		const struct test_machine spec = {
			.release = r, .nr_cpus = 2, .ranges = { { MIB(16), MIB(64), 0 } },
		};
		struct machine *m = test_machine_boot(&spec);
		const struct alloc_request req = { .gfp = GFP_KERNEL, .owner = PGTY_kernel };
		struct zone *zone = only_zone(m);
		u64 room = (u64)zone->stat[NR_FREE_PAGES] - zone_wmark(zone, WMARK_LOW);
		u32 *pfns = calloc(room + 1, sizeof(*pfns));
		s64 allocs = m->zone_event[PGALLOC][zone->type];
		unsigned int got;

		CU_ASSERT_EQUAL(alloc_pages_bulk(m, &req, (unsigned int)room, pfns, &got), 0);
		CU_ASSERT_EQUAL(got, 1);
		free_pages(m, pfns[0], 0);
		drain_all_pages(m, NULL);
		CU_ASSERT_EQUAL(alloc_pages_bulk(m, &req, 200, pfns, &got), 0);
		CU_ASSERT_EQUAL(got, 200);
		CU_ASSERT_EQUAL(m->zone_event[PGALLOC][zone->type] - allocs, 201);
		CU_ASSERT_EQUAL(test_check(m), 0);
		while (got--)
			free_pages(m, pfns[got], 0);
		CU_ASSERT_EQUAL(alloc_pages_bulk(m, &req, 1, pfns, &got), 0);
		CU_ASSERT_EQUAL(got, 1);
		free_pages(m, pfns[0], 0);
		CU_ASSERT_EQUAL(alloc_pages_bulk(m, &req, 0, pfns, &got), 0);
		CU_ASSERT_EQUAL(got, 0);
		CU_ASSERT_EQUAL(test_check(m), 0);
		free(pfns);
		test_machine_free(m);
	}
}

/* What is not written in a zone_reclaim_mode, is gone to another node for. */
static void test_zone_reclaim(void)
{
	const struct test_machine spec = {
		.release = R_6_18, .nr_cpus = 2, .cpu_node = { 0, 1 }, .nr_nodes = 2,
		.ranges = { { MIB(16), MIB(32), 0 }, { MIB(32), MIB(64), 1 } },
	};
	struct alloc_request req = { .gfp = GFP_KERNEL, .order = 4, .owner = PGTY_kernel };
	struct machine *m = test_machine_boot(&spec);
	struct pglist_data *node = m->nodes[0];
	u32 pfn = 0;

	m->tunables->zone_reclaim_mode = 1;
	while (!alloc_pages(m, &req, &pfn) && page_zone(m, pfn_to_page(m, pfn))->node == 0)
		;
	CU_ASSERT_EQUAL(page_zone(m, pfn_to_page(m, pfn))->node, 1);
	/* Nothing to reclaim: not even tried. */
	CU_ASSERT_EQUAL(m->event[ZONE_RECLAIM_FAILED], 0);
	node->stat[NR_INACTIVE_FILE] = 1000;
	CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), 0);
	CU_ASSERT_TRUE(m->event[ZONE_RECLAIM_FAILED] > 0);
	node->stat[NR_INACTIVE_FILE] = 0;
	test_machine_free(m);
}

/* Pages to be written go where few are dirty; where all nodes have many, anywhere. */
static void test_dirty(void)
{
	const struct test_machine spec = {
		.release = R_6_18, .nr_cpus = 2, .cpu_node = { 0, 1 }, .nr_nodes = 2,
		.ranges = { { MIB(16), MIB(32), 0 }, { MIB(32), MIB(64), 1 } },
	};
	const struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_WRITE, .node = 0,
					   .owner = PGTY_kernel };
	struct machine *m = test_machine_boot(&spec);
	u32 pfn;

	CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), 0);
	CU_ASSERT_EQUAL(page_zone(m, pfn_to_page(m, pfn))->node, 0);
	m->nodes[0]->stat[NR_DIRTY] = 4000;
	CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), 0);
	CU_ASSERT_EQUAL(page_zone(m, pfn_to_page(m, pfn))->node, 1);
	m->nodes[1]->stat[NR_WRITEBACK] = 8000;
	CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), 0);
	CU_ASSERT_EQUAL(page_zone(m, pfn_to_page(m, pfn))->node, 0);
	m->nodes[0]->stat[NR_DIRTY] = m->nodes[1]->stat[NR_WRITEBACK] = 0;
	test_machine_free(m);
}

struct held {
	u32 pfn;
	u8 order;
};

static u64 random_number(u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

static gfp_t random_gfp(u64 *seed)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE, GFP_ATOMIC,
		GFP_NOWAIT, GFP_KERNEL | __GFP_NORETRY, GFP_KERNEL | __GFP_MEMALLOC,
		GFP_KERNEL | __GFP_RETRY_MAYFAIL, GFP_KERNEL | __GFP_NOFAIL, GFP_DMA | GFP_KERNEL,
		GFP_HIGHUSER_MOVABLE | __GFP_WRITE, GFP_KERNEL | __GFP_COMP,
	};

	return gfps[random_number(seed) % ARRAY_SIZE(gfps)];
}

#define HELD 4096

static void storm_bulk(struct machine *m, u64 *seed, struct held *held, unsigned int *nr)
{
	const struct alloc_request req = { .gfp = random_gfp(seed), .node = NUMA_NO_NODE,
					   .owner = PGTY_kernel };
	unsigned int got = 0, want = random_number(seed) % 64;
	u32 pfns[64];

	want = MIN(want, HELD - *nr);
	if (alloc_pages_bulk(m, &req, want, pfns, &got))
		CU_ASSERT_EQUAL(got, 0);
	CU_ASSERT_TRUE(got <= MAX(want, 1));
	for (unsigned int i = 0; i < got; i++)
		held[(*nr)++] = (struct held){ pfns[i], 0 };
}

static void storm_step(struct machine *m, u64 *seed, struct held *held, unsigned int *nr)
{
	struct alloc_request req = { .node = NUMA_NO_NODE, .owner = PGTY_kernel };
	u64 what = random_number(seed) % 100;
	u32 pfn;

	m->cpu = random_number(seed) % m->nr_cpus;
	if (what < 5) {
		storm_bulk(m, seed, held, nr);
	} else if (what < 55 && *nr < HELD) {
		req.gfp = random_gfp(seed);
		req.order = random_number(seed) % 4 ? 0 : random_number(seed) % 11;
		if (!alloc_pages(m, &req, &pfn))
			held[(*nr)++] = (struct held){ pfn, req.order };
	} else if (what < 98 && *nr) {
		unsigned int at = random_number(seed) % *nr;

		free_pages(m, held[at].pfn, held[at].order);
		held[at] = held[--*nr];
	} else {
		drain_all_pages(m, NULL);
	}
}

static void storm(const char *arch, enum release release, u64 pages, u64 every)
{
	const struct test_machine spec = {
		.release = release, .arch = arch, .nr_cpus = 2,
		.ranges = { { 4096, 4096 + pages, 0 } },
	};
	struct machine *m = test_machine_boot(&spec);
	struct held *held = calloc(HELD, sizeof(*held));
	u64 seed = pages + every, all, used = 0;
	unsigned int nr = 0;

	drain_all_pages(m, NULL);
	all = global_zone_stat(m, NR_FREE_PAGES);
	for (unsigned int i = 0; i < 4000; i++) {
		if (i % 16 == 0)
			arena_fail_after(&m->arena, 1 + random_number(&seed) % every);
		storm_step(m, &seed, held, &nr);
		if (test_check_touched(m)) {
			CU_FAIL("invariants");
			break;
		}
	}
	arena_fail_after(&m->arena, 0);
	CU_ASSERT_EQUAL(test_check(m), 0);
	for (unsigned int i = 0; i < nr; i++)
		used += 1ULL << held[i].order;
	while (nr--)
		free_pages(m, held[nr].pfn, held[nr].order);
	drain_all_pages(m, NULL);
	CU_ASSERT_EQUAL(global_zone_stat(m, NR_FREE_PAGES), all);
	CU_ASSERT_TRUE(used <= all);
	CU_ASSERT_EQUAL(test_check(m), 0);
	free(held);
	test_machine_free(m);
}

static void test_storms(void)
{
	static const char *const names[] = { "x86_64", "x86_64-la57", "i386", "i386-pae" };

	for (unsigned int a = 0; a < ARRAY_SIZE(names); a++)
		for (enum release r = 0; r < NR_RELEASES; r++)
			for (u64 pages = 256; pages <= 65536; pages *= 4)
				storm(names[a], r, pages, 1 + pages % 7 + a);
}

static const CU_TestInfo tests[] = {
	{ "what is claimed", test_claims },
	{ "who is asked first", test_order_of_types },
	{ "largest and smallest", test_sizes },
	{ "limit of HighAtomic", test_highatomic_limit },
	{ "reserves", test_reserves },
	{ "half a pageblock is isolated", test_half_isolated },
	{ "bulks", test_bulk },
	{ "zone_reclaim_mode", test_zone_reclaim },
	{ "dirty nodes", test_dirty },
	{ "storms", test_storms },
};

int main(void)
{
	return suite_main("fallback", tests, ARRAY_SIZE(tests), NULL, NULL);
}
