// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragmentation with answers that can be worked out on paper: checkerboards of movable
 * pages, of pages that are held, of each migrate type. Indices equal their formulas,
 * compaction leaves what two scanners that meet must leave, and every page holds what it
 * held.
 */
#include "frag_bed.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>

#include "sim/base/event.h"
#include "sim/phys/extfrag.h"
#include "sim/phys/fallback.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/phys/tunables.h"
#include "sim/policy/compaction.h"
#include "sim/policy/compaction_internal.h"
#include "sim/policy/kswapd.h"
#include "sim/virt/memory.h"

#define MSEC 1000000ULL

#define NR_PAGES 8192	/* of the mapping: 16 pageblocks */

/*
 * Black or white? After each 32 pages two alike are neighbours: the free scanner, where it
 * found nothing, looks at every 2nd, 4th, up to 32nd page, and would see none that is free.
 */
static bool is_black(u64 i)
{
	return !((i + i / 32) % 2);
}

/* Every second page goes. */
static void free_white(struct bed *bed)
{
	for (u64 i = 0; i < NR_PAGES; i++)
		if (!is_black(i))
			bed_drop(bed, i);
	drain_all_pages(bed->m, NULL);
}

/* Is the page one of those that were kept? Nobody else has movable pages here. */
static bool is_kept(const struct machine *m, u64 pfn)
{
	const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;

	return page && page_flag(page, PG_lru) && page_flag(page, PG_anon);
}

/* Pageblocks that are Movable and have both kept pages and free ones, but nothing else. */
static unsigned int mixed_blocks(const struct machine *m)
{
	u64 size = pageblock_nr_pages(m), head;
	unsigned int mixed = 0, order;

	for (u64 start = 0; start + size <= m->max_pfn; start += size) {
		u64 kept = 0, free = 0;

		for (u64 pfn = start; pfn < start + size; pfn++) {
			kept += is_kept(m, pfn);
			free += buddy_find(m, pfn, &head, &order);
		}
		mixed += kept && free && kept + free == size &&
			 pageblock_type(m, start) == MIGRATE_MOVABLE;
	}
	return mixed;
}

static unsigned int populated_zones(const struct machine *m)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		nr += zone_populated(m->zones[i]);
	return nr;
}

/*
 * Where all pageblocks are half full, half of them fill the others: below where the
 * scanners of a zone met they are empty, above full.
 */
static void test_checkerboard(void)
{
	struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		unsigned int mixed, slack = 2 * populated_zones(bed.m);
		u64 before, won;

		free_white(&bed);
		for (unsigned int z = 0; z < bed.m->nr_zones; z++)
			assert_indices(bed.m->zones[z]);
		before = whole_blocks(bed.m);
		mixed = mixed_blocks(bed.m);
		compact_nodes(bed.m);
		drain_all_pages(bed.m, NULL);
		for (unsigned int z = 0; z < bed.m->nr_zones; z++)
			assert_indices(bed.m->zones[z]);
		CU_ASSERT_TRUE(mixed_blocks(bed.m) <= slack);
		won = whole_blocks(bed.m) - before;
		CU_ASSERT_TRUE(won + slack >= mixed / 2);
		CU_ASSERT_TRUE(won <= mixed / 2 + slack);
		assert_contents(&bed);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		/* What was done already is not done again. */
		before = (u64)bed.m->event[PGMIGRATE_SUCCESS];
		compact_nodes(bed.m);
		CU_ASSERT_TRUE((u64)bed.m->event[PGMIGRATE_SUCCESS] - before <=
			       slack * pageblock_nr_pages(bed.m));
		assert_contents(&bed);
	}
}

/* A page of each pageblock that somebody holds: no pageblock becomes free. */
static void test_held(void)
{
	struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		u64 size = pageblock_nr_pages(bed.m);
		u32 held[NR_PAGES / 256], nr = 0;
		u64 last = ~0ULL, before;

		free_white(&bed);
		for (u64 page = 0; page < NR_PAGES && nr < ARRAY_SIZE(held); page++) {
			u32 pfn = is_black(page) ? pfn_at(&bed, page) : PFN_NIL;

			if (pfn == PFN_NIL || pfn / size == last)
				continue;
			last = pfn / size;
			held[nr++] = pfn;
			get_page(bed.m, pfn);
		}
		before = whole_blocks(bed.m);
		compact_nodes(bed.m);
		drain_all_pages(bed.m, NULL);
		CU_ASSERT_TRUE(whole_blocks(bed.m) <= before);
		for (u32 n = 0; n < nr; n++) {
			CU_ASSERT_TRUE(folio_mapcount(pfn_to_page(bed.m, held[n])) == 1);
			put_page(bed.m, held[n]);
		}
		assert_contents(&bed);
	}
}

/* Pages of the kernel do not move, whatever the type of their pageblocks. */
static void test_types(void)
{
	static const gfp_t types[] = { GFP_KERNEL, GFP_KERNEL | __GFP_RECLAIMABLE,
				       GFP_KERNEL | __GFP_MOVABLE };
	struct task_machine tm;

	for (unsigned int t = 0; t < ARRAY_SIZE(types); t++) {
		const struct alloc_request req = {
			.gfp = types[t], .node = NUMA_NO_NODE, .owner = PGTY_kernel,
		};
		enum { NR = 4096 };
		u32 *pfns = calloc(NR, sizeof(*pfns));
		u64 before;

		task_machine_boot(&tm, "tiny", NULL);
		for (unsigned int i = 0; i < NR; i++)
			CU_ASSERT_EQUAL_FATAL(alloc_pages(tm.m, &req, &pfns[i]), 0);
		for (unsigned int i = 1; i < NR; i += 2)
			free_pages(tm.m, pfns[i], 0);
		drain_all_pages(tm.m, NULL);
		before = whole_blocks(tm.m);
		for (unsigned int z = 0; z < tm.m->nr_zones; z++)
			assert_indices(tm.m->zones[z]);
		compact_nodes(tm.m);
		drain_all_pages(tm.m, NULL);
		CU_ASSERT_EQUAL(whole_blocks(tm.m), before);
		for (unsigned int i = 0; i < NR; i += 2) {
			CU_ASSERT_EQUAL(allocated_order(tm.m, pfns[i]), 0);
			free_pages(tm.m, pfns[i], 0);
		}
		CU_ASSERT_EQUAL(task_machine_check(tm.m), 0);
		task_machine_end(&tm);
		free(pfns);
	}
}

/* All blocks that are left are taken, so that only single pages are free. */
static unsigned int take_large(struct machine *m, u32 *taken, unsigned int room)
{
	unsigned int nr = 0;

	for (int order = MAX_PAGE_ORDER; order > 0; order--) {
		const struct alloc_request req = {
			.gfp = GFP_ATOMIC | __GFP_MOVABLE | __GFP_NOWARN, .node = NUMA_NO_NODE,
			.order = (unsigned int)order, .owner = PGTY_kernel,
		};

		while (nr < room && !alloc_pages(m, &req, &taken[nr])) {
			nr++;
			drain_all_pages(m, NULL);
		}
	}
	CU_ASSERT_TRUE(nr < room);
	/* Boosted watermarks woke kcompactd: it has done its work. */
	m->nodes[0]->kcompactd_max_order = 0;
	m->nodes[0]->kcompactd_highest = ZONE_NORMAL;
	return nr;
}

static void give_back(struct machine *m, u32 *taken, unsigned int nr)
{
	while (nr--)
		free_pages(m, taken[nr], (unsigned int)allocated_order(m, taken[nr]));
}

/* Somebody wants a block that is not there, and waits. */
static void test_direct(void)
{
	struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		const struct alloc_request req = {
			.gfp = GFP_KERNEL | __GFP_MOVABLE | __GFP_NOWARN, .node = NUMA_NO_NODE,
			.order = 5, .owner = PGTY_kernel,
		};
		s64 stalls = bed.m->event[COMPACTSTALL], won = bed.m->event[COMPACTSUCCESS];
		u32 taken[512], got[8];
		unsigned int nr, found = 0;

		free_white(&bed);
		nr = take_large(bed.m, taken, ARRAY_SIZE(taken));
		drain_all_pages(bed.m, NULL);
		while (found < ARRAY_SIZE(got) && !alloc_pages(bed.m, &req, &got[found]))
			found++;
		CU_ASSERT_EQUAL(found, ARRAY_SIZE(got));
		CU_ASSERT_TRUE(bed.m->event[COMPACTSTALL] > stalls);
		CU_ASSERT_TRUE(bed.m->event[COMPACTSUCCESS] > won);
		CU_ASSERT_TRUE(bed.m->event[PGMIGRATE_SUCCESS] >= 16);
		assert_contents(&bed);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
		while (found)
			free_pages(bed.m, got[--found], req.order);
		give_back(bed.m, taken, nr);
	}
}

/*
 * The free scanner has come down into the migrate scanner's pageblock, and is asked once
 * more: there is no place half way between them, and it stays where it is.
 */
static void test_scanners_cross(void)
{
	struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		u64 block = ALIGN_DOWN((u64)pfn_at(&bed, 0), pageblock_nr_pages(bed.m));
		struct compact_control cc = {
			.m = bed.m, .zone = page_zone(bed.m, pfn_to_page(bed.m, block)),
			.order = 5, .gfp = GFP_KERNEL, .mode = COMPACT_ASYNC, .direct = true,
			.migrate_pfn = block + 64, .free_pfn = block, .nr_migratepages = 1,
		};
		u32 dst;

		for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
			cc.freepages[order] = (struct page_list)PAGE_LIST_INIT;
		cc.zone->compact.init_free_pfn = 0;
		CU_ASSERT_EQUAL(compaction_alloc(bed.m, &cc, pfn_at(&bed, 0), &dst), -ENOMEM);
		CU_ASSERT_TRUE(cc.free_pfn < bed.m->max_pfn);
		CU_ASSERT_EQUAL(task_machine_check(bed.m), 0);
	}
}

/*
 * Nothing can be won: after the n-th failure 2^n attempts are left out, up to 64 each
 * time, and each that is left out is counted.
 */
static void test_deferral(void)
{
	struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		struct zone *zone = bed.m->nodes[0]->preferred[ZONE_NORMAL];
		unsigned int order = bed.m->pageblock_order;
		const struct compact_request req = {
			.gfp = GFP_KERNEL, .order = order, .alloc_flags = WMARK_MIN,
			.highest = zone->type, .prio = COMPACT_PRIO_SYNC_LIGHT,
		};
		unsigned int failures = 0, left_out = 0, nr;
		u32 taken[512], captured;

		free_white(&bed);
		nr = take_large(bed.m, taken, ARRAY_SIZE(taken));
		/* Somebody holds them all. */
		for (u64 page = 0; page < NR_PAGES; page++)
			if (is_black(page))
				get_page(bed.m, pfn_at(&bed, page));
		memset(&zone->compact, 0, sizeof(zone->compact));
		for (unsigned int n = 0; n < 1000; n++) {
			enum compact_result result =
				bed.m->pressure->compact_zone(bed.m, zone, &req, &captured);

			CU_ASSERT_EQUAL_FATAL(captured, PFN_NIL);
			if (result == COMPACT_DEFERRED) {
				left_out++;
				continue;
			}
			CU_ASSERT_TRUE(result == COMPACT_COMPLETE ||
				       result == COMPACT_PARTIAL_SKIPPED);
			if (failures)
				CU_ASSERT_EQUAL(left_out, (1U << MIN(failures, 6U)) - 1);
			failures++;
			left_out = 0;
		}
		CU_ASSERT_EQUAL(zone->compact.defer_shift, 6);
		CU_ASSERT_EQUAL(zone->compact.order_failed, 0);
		for (u64 page = 0; page < NR_PAGES; page++)
			if (is_black(page))
				put_page(bed.m, pfn_at(&bed, page));
		give_back(bed.m, taken, nr);
		assert_contents(&bed);
	}
}

/* In the background: once the score is above the high mark, until it is below the low one. */
static void test_proactive(void)
{
	struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		struct machine *m = bed.m;
		const struct pglist_data *node = m->nodes[0];
		u32 taken[512];
		unsigned int nr, high, before = 0, after = 0;

		m->tunables->compaction_proactiveness = 60;
		high = fragmentation_score_wmark(m, /* low = */ false);
		CU_ASSERT_EQUAL(high, 50);
		CU_ASSERT_EQUAL(fragmentation_score_wmark(m, /* low = */ true), 40);
		free_white(&bed);
		nr = take_large(m, taken, ARRAY_SIZE(taken));
		drain_all_pages(m, NULL);
		CU_ASSERT_TRUE(fragmentation_score_node(m, node) > high);
		for (unsigned int z = 0; z < m->nr_zones; z++)
			before += extfrag_for_order(m->zones[z], 5);
		machine_tick(m, 499000000);
		machine_tick(m, 2000000);
		drain_all_pages(m, NULL);
		for (unsigned int z = 0; z < m->nr_zones; z++)
			after += extfrag_for_order(m->zones[z], 5);
		CU_ASSERT_TRUE(after < before);
		CU_ASSERT_TRUE(m->event[PGMIGRATE_SUCCESS] > 0);
		assert_contents(&bed);
		CU_ASSERT_EQUAL(task_machine_check(m), 0);
		give_back(m, taken, nr);
	}
}

/* Not while kswapd works; a timer that was due while that slept is made up for. */
static void test_proactive_waits(void)
{
	struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		struct machine *m = bed.m;
		struct pglist_data *node = m->nodes[0];
		u32 taken[512];
		u64 look;
		s64 before;
		unsigned int nr;

		m->tunables->compaction_proactiveness = 60;
		free_white(&bed);
		nr = take_large(m, taken, ARRAY_SIZE(taken));
		drain_all_pages(m, NULL);
		machine_tick(m, 0);
		node->kswapd_failures = 16;
		node->kcompactd_max_order = 0;
		before = m->event[COMPACTMIGRATE_SCANNED];
		look = event_when_ns(m->events, node->kcompactd_event);
		node->kswapd_worked_ns = look + 700 * MSEC;
		CU_ASSERT_TRUE(kswapd_is_running(m, node));
		machine_tick(m, look + 900 * MSEC - m->now_ns);
		CU_ASSERT_FALSE(kswapd_is_running(m, node));
		CU_ASSERT_EQUAL(m->event[COMPACTMIGRATE_SCANNED], before);
		/* It looks again half a second behind each look. */
		kcompactd_catch_up(m, node, look + 1010 * MSEC, look + 1499 * MSEC);
		kcompactd_catch_up(m, node, look + 910 * MSEC, look + 990 * MSEC);
		CU_ASSERT_EQUAL(m->event[COMPACTMIGRATE_SCANNED], before);
		if (i % 2)
			machine_tick(m, 101 * MSEC);
		else
			kcompactd_catch_up(m, node, look + 910 * MSEC, look + 1010 * MSEC);
		CU_ASSERT_TRUE(m->event[COMPACTMIGRATE_SCANNED] > before);
		assert_contents(&bed);
		CU_ASSERT_EQUAL(task_machine_check(m), 0);
		give_back(m, taken, nr);
	}
}

/* kcompactd makes what somebody wanted who could not wait. */
static void test_kcompactd(void)
{
	struct bed bed;

	for (unsigned int i = 0; next_frag_bed(&bed, &i);) {
		struct machine *m = bed.m;
		const struct alloc_request req = {
			.gfp = GFP_NOWAIT | __GFP_MOVABLE | __GFP_NOWARN, .node = NUMA_NO_NODE,
			.order = 4, .owner = PGTY_kernel,
		};
		u32 taken[512], pfn;
		unsigned int nr;

		free_white(&bed);
		nr = take_large(m, taken, ARRAY_SIZE(taken));
		drain_all_pages(m, NULL);
		/* kswapd would come first, but it has given up: there is nothing for it. */
		machine_tick(m, 0);
		m->nodes[0]->kswapd_failures = 16;
		m->nodes[0]->kcompactd_max_order = 0;
		CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), -ENOMEM);
		CU_ASSERT_EQUAL(m->nodes[0]->kcompactd_max_order, 4);
		machine_tick(m, 100000000);
		CU_ASSERT_EQUAL(m->event[KCOMPACTD_WAKE], 1);
		CU_ASSERT_TRUE(m->event[KCOMPACTD_MIGRATE_SCANNED] > 0);
		CU_ASSERT_EQUAL(m->event[COMPACTSTALL], 0);
		CU_ASSERT_EQUAL_FATAL(alloc_pages(m, &req, &pfn), 0);
		free_pages(m, pfn, 4);
		assert_contents(&bed);
		give_back(m, taken, nr);
	}
}

/* With vm.defrag_mode kswapd that was woken for a block is not done till its marks lie in blocks. */
static void test_defrag_mode(void)
{
	struct pglist_data *node;
	struct machine *m;
	struct bed bed;
	u64 free;

	bed_begin(&bed, 96, "release=6.18", NULL);
	m = bed.m;
	node = m->nodes[0];
	free_white(&bed);
	free = nr_free(m);
	CU_ASSERT(whole_blocks(m) > 1 && whole_blocks(m) * pageblock_nr_pages(m) < free - 2000);
	m->tunables->defrag_mode = 1;
	for (s32 kbytes = 1024; pgdat_balanced(m, node, m->pageblock_order, ZONE_NORMAL);
	     kbytes += 256) {
		CU_ASSERT_FATAL((u64)kbytes < free * PAGE_SIZE / 1024);
		m->tunables->min_free_kbytes = kbytes;
		setup_per_zone_wmarks(m);
	}
	/* Pages there are enough of, and of one such block. */
	CU_ASSERT_TRUE(pgdat_balanced(m, node, 0, ZONE_NORMAL));
	m->tunables->defrag_mode = 0;
	CU_ASSERT_TRUE(pgdat_balanced(m, node, m->pageblock_order, ZONE_NORMAL));
	bed_end(&bed);
}

static const CU_TestInfo tests[] = {
	{ "checkerboard", test_checkerboard },
	{ "pages that are held", test_held },
	{ "migrate types", test_types },
	{ "direct compaction", test_direct },
	{ "scanners that cross", test_scanners_cross },
	{ "deferral", test_deferral },
	{ "proactive", test_proactive },
	{ "proactive, beside kswapd", test_proactive_waits },
	{ "kcompactd", test_kcompactd },
	{ "vm.defrag_mode", test_defrag_mode },
};

int main(void)
{
	return suite_main("compaction", tests, ARRAY_SIZE(tests), NULL, NULL);
}
