// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The buddy lists, virgin runs, falling back to other types, and that the checks
 * find what is planted.
 */
#include <stdio.h>
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"
#include "sim/phys/fallback.h"
#include "sim/phys/tunables.h"

#define MIB(n) ((u64)(n) << (20 - PAGE_SHIFT))
#define BLOCK (1U << MAX_PAGE_ORDER)

static const struct test_machine spec_1g = {
	.release = R_6_18, .ranges = { { MIB(16), MIB(1024), 0 } },
};

static struct zone *only_zone(const struct machine *m)
{
	return m->nodes[0]->zones[ZONE_DMA32];
}

/* A machine of spec_1g, of this release. */
static struct machine *boot_1g(enum release release, struct zone **zone)
{
	struct test_machine spec = spec_1g;
	struct machine *m;

	spec.release = release;
	m = test_machine_boot(&spec);
	*zone = only_zone(m);
	return m;
}

static u32 first_of(const struct zone *zone, unsigned int order, enum migratetype type)
{
	return zone->free_area[order].lists[type].first;
}

static void test_split_and_merge(void)
{
	struct machine *m = test_machine_boot(&spec_1g);
	struct zone *zone = only_zone(m);
	u32 pfn = buddy_alloc(m, zone, 0, MIGRATE_MOVABLE, 0);

	CU_ASSERT_EQUAL(pfn, zone->start_pfn);
	for (unsigned int order = 0; order < MAX_PAGE_ORDER; order++)
		CU_ASSERT_EQUAL(first_of(zone, order, MIGRATE_MOVABLE), pfn + (1U << order));
	CU_ASSERT_EQUAL((u64)zone->stat[NR_FREE_PAGES], zone->managed_pages - 1);
	CU_ASSERT_EQUAL(test_check_lists(m), 0);
	buddy_free(m, zone, pfn, 0, BUDDY_AUTO);
	CU_ASSERT_EQUAL(first_of(zone, MAX_PAGE_ORDER, MIGRATE_MOVABLE), pfn);
	CU_ASSERT_EQUAL((u64)zone->stat[NR_FREE_PAGES], zone->managed_pages);
	CU_ASSERT_EQUAL(test_check_lists(m), 0);
	test_machine_free(m);
}

/* Free memory of any size is a record and a section of descriptors. */
static void test_run_is_small(void)
{
	const struct test_machine spec = {
		.release = R_6_18, .ranges = { { MIB(4096), MIB(1024 * 1024), 0 } },
	};
	struct machine *m = test_machine_boot(&spec);
	struct zone *zone = m->nodes[0]->zones[ZONE_NORMAL];

	CU_ASSERT(m->nr_sections_present <= 2);
	CU_ASSERT_EQUAL(zone->free_area[MAX_PAGE_ORDER].nr_free, zone->managed_pages / BLOCK);
	CU_ASSERT_EQUAL((u64)zone->stat[NR_FREE_PAGES], zone->managed_pages);
	CU_ASSERT_EQUAL(buddy_run_head(m, zone_end_pfn(zone) - 1), zone->start_pfn);
	test_machine_free(m);
}

static void test_find(void)
{
	struct machine *m = test_machine_boot(&spec_1g);
	struct zone *zone = only_zone(m);
	u32 pfn = buddy_alloc(m, zone, 3, MIGRATE_MOVABLE, 0);
	unsigned int order;
	u64 head;

	CU_ASSERT(!buddy_find(m, pfn + 5, &head, &order));
	CU_ASSERT(buddy_find(m, pfn + 9, &head, &order));
	CU_ASSERT_EQUAL(head, pfn + 8);
	CU_ASSERT_EQUAL(order, 3);
	CU_ASSERT(buddy_find(m, MIB(512) + 5, &head, &order));
	CU_ASSERT_EQUAL(head, MIB(512));
	CU_ASSERT_EQUAL(order, MAX_PAGE_ORDER);
	CU_ASSERT(!buddy_find(m, MIB(8), &head, &order));
	CU_ASSERT(!buddy_find(m, ~0ULL, &head, &order));
	test_machine_free(m);
}

/* Blocks out of the middle of a run cut it; the rest is used up to the end. */
static void test_take_from_run(void)
{
	struct machine *m = test_machine_boot(&spec_1g);
	struct zone *zone = only_zone(m);
	u64 all = zone->managed_pages, head, taken = 0;
	unsigned int order;

	arena_fail_after(&m->arena, 1);
	CU_ASSERT_EQUAL(buddy_take(m, zone, MIB(512) + 77, &head, &order), -ENOBUFS);
	CU_ASSERT_EQUAL((u64)zone->stat[NR_FREE_PAGES], all);
	CU_ASSERT_EQUAL(buddy_take(m, zone, MIB(512) + 77, &head, &order), 1);
	CU_ASSERT_EQUAL(head, MIB(512));
	CU_ASSERT_EQUAL(buddy_take(m, zone, MIB(512) + 77, &head, &order), 0);
	CU_ASSERT_EQUAL(buddy_take(m, zone, MIB(1024) - 1, &head, &order), 1);
	CU_ASSERT_EQUAL(buddy_take(m, zone, zone->start_pfn, &head, &order), 1);
	CU_ASSERT_EQUAL(test_check_lists(m), 0);
	for (;;) {
		CU_ASSERT_EQUAL(section_reserve(m, 0), 0);
		if (buddy_alloc(m, zone, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0) == PFN_NIL)
			break;
		taken += BLOCK;
	}
	CU_ASSERT_EQUAL(taken + 3 * BLOCK, all);
	CU_ASSERT_EQUAL(test_check_lists(m), 0);
	test_machine_free(m);
}

/* What one reservation promises holds without host memory. */
static void test_reserve(void)
{
	struct machine *m = test_machine_boot(&spec_1g);
	struct zone *zone = only_zone(m);

	CU_ASSERT_EQUAL(section_reserve(m, 100), 0);
	m->arena.limit = 1;
	for (unsigned int i = 0; i < 100; i++)
		CU_ASSERT_NOT_EQUAL(buddy_alloc(m, zone, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0),
				    PFN_NIL);
	CU_ASSERT_EQUAL(section_reserve(m, 200), -ENOBUFS);
	m->arena.limit = 0;
	CU_ASSERT_EQUAL(section_reserve(m, 200), 0);
	CU_ASSERT_EQUAL(test_check_lists(m), 0);
	test_machine_free(m);
}

/* A foreign block of a pageblock or more becomes ours as a whole. */
static void test_fallback_whole(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		struct zone *zone;
		struct machine *m = boot_1g(r, &zone);
		u32 pfn = buddy_alloc(m, zone, 0, MIGRATE_UNMOVABLE, 0);

		CU_ASSERT_EQUAL(pfn, zone->start_pfn);
		CU_ASSERT_EQUAL(pageblock_type(m, pfn), MIGRATE_UNMOVABLE);
		CU_ASSERT_EQUAL(pageblock_type(m, pfn + 512), MIGRATE_UNMOVABLE);
		CU_ASSERT_EQUAL(pageblock_type(m, pfn + 1024), MIGRATE_MOVABLE);
		CU_ASSERT_EQUAL(zone->pageblocks[MIGRATE_UNMOVABLE], 2);
		CU_ASSERT_EQUAL(first_of(zone, 9, MIGRATE_UNMOVABLE), pfn + 512);
		CU_ASSERT_EQUAL(zone->watermark_boost, 0);
		CU_ASSERT_EQUAL(test_check_lists(m), 0);
		test_machine_free(m);
	}
}

/* All of the zone is Movable and in use but one block of `order`. */
static u32 leave_one(struct machine *m, struct zone *zone, unsigned int order)
{
	u32 pfn, last = PFN_NIL;

	for (;;) {
		if (section_reserve(m, 0))
			abort();
		pfn = buddy_alloc_smallest(m, zone, 9, MIGRATE_MOVABLE);
		if (pfn == PFN_NIL)
			break;
		for (u32 i = 0; i < 512; i++)
			pfn_to_page(m, pfn + i)->refcount = 1;
		last = pfn;
	}
	for (u32 i = 0; i < 1U << order; i++)
		pfn_to_page(m, last + i)->refcount = 0;
	buddy_free(m, zone, last, order, BUDDY_AUTO);
	return last;
}

/*
 * A small free block in a Movable pageblock of unmovable-looking pages: an
 * Unmovable request counts those as its own and takes the pageblock.
 */
static void test_fallback_claims(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		struct zone *zone;
		struct machine *m = boot_1g(r, &zone);
		u32 left = leave_one(m, zone, 3);

		CU_ASSERT_EQUAL(buddy_alloc(m, zone, 0, MIGRATE_UNMOVABLE, ALLOC_NOFRAGMENT),
				PFN_NIL);
		CU_ASSERT_EQUAL(buddy_alloc(m, zone, 0, MIGRATE_UNMOVABLE, 0), left);
		CU_ASSERT_EQUAL(pageblock_type(m, left), MIGRATE_UNMOVABLE);
		CU_ASSERT_EQUAL(zone->watermark_boost, 512);
		CU_ASSERT_EQUAL(first_of(zone, 2, MIGRATE_UNMOVABLE), left + 4);
		test_machine_free(m);
	}
}

/*
 * The same with movable pages around: the pageblock stays Movable. 6.1 moves its
 * free pages to the Unmovable list all the same; 6.18 takes one block and leaves
 * the rest where it was.
 */
static void test_fallback_steals(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		struct zone *zone;
		struct machine *m = boot_1g(r, &zone);
		u32 left = leave_one(m, zone, 3);

		for (u32 i = 8; i < 512; i++)
			page_set_flag(pfn_to_page(m, left + i), PG_lru);
		CU_ASSERT_EQUAL(buddy_alloc(m, zone, 0, MIGRATE_UNMOVABLE, 0), left);
		CU_ASSERT_EQUAL(pageblock_type(m, left), MIGRATE_MOVABLE);
		CU_ASSERT_EQUAL(first_of(zone, 2, rel_claim_then_steal(r) ? MIGRATE_MOVABLE :
					 MIGRATE_UNMOVABLE), left + 4);
		test_machine_free(m);
	}
}

/* 6.18 boosts at each try, 6.1 at each take; neither above the limit. */
static void test_boost_limit(void)
{
	struct machine *m = test_machine_boot(&spec_1g);
	struct zone *zone = only_zone(m);
	u64 max = MAX(512, zone->watermark[WMARK_HIGH] * 3 / 2);

	for (unsigned int i = 0; i < 40; i++) {
		u32 left = leave_one(m, zone, 0);

		pfn_to_page(m, left)->refcount = 1;
		CU_ASSERT_EQUAL(buddy_alloc(m, zone, 0, MIGRATE_UNMOVABLE, ALLOC_KSWAPD), left);
		set_pageblock_type(m, left, MIGRATE_MOVABLE);
		for (u32 k = 0; k < 512; k++)
			pfn_to_page(m, left + k)->refcount = 0;
		buddy_free(m, zone, left, 9, BUDDY_AUTO);
	}
	CU_ASSERT_EQUAL(zone->watermark_boost, max);
	CU_ASSERT(zone->flags & 1U << ZONE_BOOSTED_WATERMARK);
	m->tunables->watermark_boost_factor = 0;
	setup_per_zone_wmarks(m);
	CU_ASSERT_EQUAL(zone->watermark_boost, 0);
	test_machine_free(m);
}

/* Different types of pageblocks merge at order 9; 6.18 makes them one type. */
static void test_merge_types(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		struct zone *zone;
		struct machine *m = boot_1g(r, &zone);
		u32 pfn = buddy_alloc(m, zone, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0);

		set_pageblock_type(m, pfn, MIGRATE_RECLAIMABLE);
		buddy_free(m, zone, pfn, 9, BUDDY_AUTO);
		buddy_free(m, zone, pfn + 512, 9, BUDDY_AUTO);
		CU_ASSERT_EQUAL(first_of(zone, MAX_PAGE_ORDER, MIGRATE_MOVABLE), pfn);
		CU_ASSERT_EQUAL(pageblock_type(m, pfn), rel_claim_then_steal(r) ?
				MIGRATE_MOVABLE : MIGRATE_RECLAIMABLE);
		/* HighAtomic and others stay apart. */
		pfn = buddy_alloc(m, zone, MAX_PAGE_ORDER, MIGRATE_MOVABLE, 0);
		set_pageblock_type(m, pfn, MIGRATE_HIGHATOMIC);
		set_pageblock_type(m, pfn + 512, MIGRATE_MOVABLE);
		buddy_free(m, zone, pfn, 9, BUDDY_AUTO);
		buddy_free(m, zone, pfn + 512, 9, BUDDY_AUTO);
		CU_ASSERT_EQUAL(first_of(zone, 9, MIGRATE_HIGHATOMIC), pfn);
		CU_ASSERT_EQUAL(first_of(zone, 9, MIGRATE_MOVABLE), pfn + 512);
		CU_ASSERT_EQUAL(zone->nr_free_highatomic, 512);
		CU_ASSERT_EQUAL(test_check_lists(m), 0);
		test_machine_free(m);
	}
}

/* Does the check name this id, and does the incremental one find something? */
static void expect_broken(struct machine *m, const char *id)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };

	section_validate(m, &check);
	page_alloc_validate(m, &check);
	if (!check.nr_broken || !strstr(out.text, id)) {
		fprintf(stderr, "%s is not found:\n%s", id, out.text ? out.text : "");
		CU_FAIL("planted");
	}
	out_free(&out);
}

struct planted {
	const char *id;
	void (*plant)(struct machine *m, struct zone *zone, u32 free);
};

/* `free`: a free block of order 9. */
#define PLANT(function, ...) \
	static void function(struct machine *m, struct zone *zone, u32 free) \
	{ \
		__VA_ARGS__; \
	}

PLANT(plant_ref, pfn_to_page(m, free)->refcount = 1)
PLANT(plant_order, pfn_to_page(m, free)->private_++)
PLANT(plant_body, page_set_type(pfn_to_page(m, free + 1), PGTY_buddy))
PLANT(plant_list, buddy_move(m, zone, free, 9, MIGRATE_UNMOVABLE))
PLANT(plant_nr, zone->free_area[9].nr_free++)
PLANT(plant_free, zone->stat[NR_FREE_PAGES]--)
PLANT(plant_blocks, zone->stat[NR_FREE_PAGES_BLOCKS]--)
PLANT(plant_pcp, zone->pcp[0].count++)
PLANT(plant_types, zone->pageblocks[MIGRATE_MOVABLE]++)
PLANT(plant_wmark, zone->watermark[WMARK_HIGH]++)
PLANT(plant_protection, zone->lowmem_reserve[ZONE_DMA] = 7)
PLANT(plant_totalreserve, m->totalreserve_pages++)
PLANT(plant_zonelist, m->nodes[0]->nr_zonelist = 0)
PLANT(plant_managed, m->totalram_pages--)
PLANT(plant_present, zone->present_pages++)
PLANT(plant_numa, zone->numa[NUMA_MISS]++)
PLANT(plant_negative, zone->stat[NR_MLOCK] = -1)
PLANT(plant_virgin, m->virgin[MIB(512) / BLOCK / 64] = 0)

static void plant_unmerged(struct machine *m, struct zone *zone, u32 free)
{
	buddy_del(m, zone, free, 9);
	buddy_free_type(m, zone, free, 8, MIGRATE_MOVABLE, BUDDY_HEAD);
	page_set_type(pfn_to_page(m, free), PGTY_guard);
	buddy_free_type(m, zone, free + 256, 8, MIGRATE_MOVABLE, BUDDY_HEAD);
	page_set_type(pfn_to_page(m, free), PGTY_buddy);
}

static void test_planted(void)
{
	static const struct planted all[] = {
		{ "B8", plant_ref }, { "B8", plant_order }, { "B2", plant_body },
		{ "B3", plant_unmerged }, { "B4", plant_list }, { "B5", plant_nr },
		{ "B6", plant_free }, { "B7", plant_blocks }, { "B9", plant_pcp },
		{ "B10", plant_types }, { "W1", plant_wmark }, { "W3", plant_protection },
		{ "W2", plant_totalreserve }, { "W4", plant_zonelist }, { "P4", plant_managed },
		{ "P3", plant_present }, { "P5", plant_present }, { "C5", plant_numa },
		{ "I8", plant_negative }, { "B2", plant_virgin },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++) {
		struct machine *m = test_machine_boot(&spec_1g);
		struct zone *zone = only_zone(m);
		u32 used = buddy_alloc(m, zone, 9, MIGRATE_MOVABLE, 0);

		CU_ASSERT_EQUAL(test_check_lists(m), 0);
		all[i].plant(m, zone, used + 512);
		expect_broken(m, all[i].id);
		test_machine_free(m);
	}
}

/* The incremental check sees what is wrong with a block that was touched. */
static void test_planted_touched(void)
{
	struct machine *m = test_machine_boot(&spec_1g);
	struct zone *zone = only_zone(m);
	struct out out = OUT_INIT;
	struct check check = { .out = &out };
	u32 pfn;

	page_alloc_checked(m);
	pfn = buddy_alloc(m, zone, 9, MIGRATE_MOVABLE, 0);
	page_alloc_validate_touched(m, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 0);
	pfn_to_page(m, pfn + 512)->next = pfn;
	page_alloc_validate_touched(m, &check);
	CU_ASSERT_EQUAL(check.nr_broken, 1);
	out_free(&out);
	test_machine_free(m);
}

static const CU_TestInfo tests[] = {
	{ "split and merge", test_split_and_merge },
	{ "a run is small", test_run_is_small },
	{ "find", test_find },
	{ "take from a run", test_take_from_run },
	{ "reserve", test_reserve },
	{ "fallback: whole blocks", test_fallback_whole },
	{ "fallback: claims", test_fallback_claims },
	{ "fallback: steals", test_fallback_steals },
	{ "boost", test_boost_limit },
	{ "merging of types", test_merge_types },
	{ "planted", test_planted },
	{ "planted, incremental", test_planted_touched },
};

int main(void)
{
	return suite_main("buddy", tests, ARRAY_SIZE(tests), NULL, NULL);
}
