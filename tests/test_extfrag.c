// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragmentation, with answers from paper. A zone of n pages is taken page by page and given
 * back in blocks whose buddies stay: with F pages free in b blocks of order k, the indices for
 * an order o are
 *
 *	o <= k:	unusable 0, fragmentation -1000, no per cent of use
 *	o > k:	unusable 1000, fragmentation 1000 - (1000 + 1000 F / 2^o) / b, 100 per cent
 *
 * whatever the machine's size, the pages' type, the release. Then what two scanners that meet
 * leave of pages that can move: of M pageblocks that keep a share s of their pages, M (1 - s)
 * become free; of those in which a page is pinned, none.
 */
#include "frag_bed.h"
#include "phys_machine.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/phys/extfrag.h"
#include "sim/phys/fallback.h"
#include "sim/phys/lru.h"
#include "sim/policy/compaction.h"

/* ---- Indices. ---- */

struct board {
	struct machine *m;
	struct zone *zone;
	gfp_t gfp;
	u32 *pfns;
	u64 nr;
};

static void take_all(struct board *b)
{
	const struct alloc_request req = {
		.gfp = b->gfp | __GFP_MEMALLOC | __GFP_NOWARN, .node = 0,
		.owner = PGTY_kernel,
	};
	u32 pfn;

	b->pfns = calloc(b->zone->managed_pages, sizeof(*b->pfns));
	for (b->nr = 0; !alloc_pages(b->m, &req, &pfn); b->nr++)
		b->pfns[pfn - b->zone->start_pfn] = pfn;
	CU_ASSERT_EQUAL_FATAL(b->nr, b->zone->managed_pages);
}

/* Every second block of 2^k pages. */
static u64 free_board(struct board *b, unsigned int k)
{
	u64 blocks = 0;

	for (u64 i = 0; i < b->nr; i++) {
		if (b->pfns[i] >> k & 1)
			continue;
		blocks += !(b->pfns[i] & ((1U << k) - 1));
		free_pages(b->m, b->pfns[i], 0);
	}
	drain_all_pages(b->m, NULL);
	return blocks;
}

static void take_board(struct board *b, unsigned int k)
{
	const struct alloc_request req = {
		.gfp = b->gfp | __GFP_MEMALLOC | __GFP_NOWARN, .node = 0,
		.owner = PGTY_kernel,
	};
	u64 nr = 0;
	u32 pfn;

	while (!alloc_pages(b->m, &req, &pfn))
		nr++;
	CU_ASSERT_EQUAL(nr, b->nr / 2);
	(void)k;
}

static void assert_board(const struct board *b, unsigned int k, u64 blocks)
{
	s64 pages = (s64)(blocks << k);

	CU_ASSERT_EQUAL(b->zone->stat[NR_FREE_PAGES], pages);
	CU_ASSERT_EQUAL(b->zone->free_area[k].nr_free, blocks);
	for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++) {
		int index = 1000 - (int)((1000 + pages * 1000 / (1LL << o)) / (s64)blocks);

		CU_ASSERT_EQUAL(unusable_free_index(b->zone, o), o <= k ? 0 : 1000);
		CU_ASSERT_EQUAL(fragmentation_index(b->zone, o), o <= k ? -1000 : index);
		CU_ASSERT_EQUAL(extfrag_for_order(b->zone, o), o <= k ? 0 : 100);
	}
	assert_indices(b->zone);
}

/* A zone of so many pages, all of one type, checkered by blocks of each order. */
static void boards(enum release release, u64 nr_pages, gfp_t gfp)
{
	const struct test_machine spec = {
		.release = release, .arch = "x86_64", .ranges = { { 4096, 4096 + nr_pages, 0 } },
	};
	struct board b = { .m = test_machine_boot(&spec), .gfp = gfp };

	b.zone = b.m->nodes[0]->zones[ZONE_DMA32];
	take_all(&b);
	for (unsigned int k = 0; k < MAX_PAGE_ORDER; k++) {
		u64 blocks = free_board(&b, k);

		CU_ASSERT_EQUAL(blocks, nr_pages >> (k + 1));
		assert_board(&b, k, blocks);
		take_board(&b, k);
	}
	for (u64 i = 0; i < b.nr; i++)
		free_pages(b.m, b.pfns[i], 0);
	drain_all_pages(b.m, NULL);
	CU_ASSERT_EQUAL(test_check(b.m), 0);
	/* All of it is free again, and one: nothing is unusable. */
	for (unsigned int o = 0; o <= MAX_PAGE_ORDER; o++)
		CU_ASSERT_EQUAL(unusable_free_index(b.zone, o), 0);
	free(b.pfns);
	test_machine_free(b.m);
}

static void test_indices(void)
{
	static const u64 sizes[] = { 2048, 4096, 16384, 65536 };
	static const gfp_t types[] = {
		GFP_KERNEL, GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_MOVABLE,
	};

	for (enum release r = 0; r < NR_RELEASES; r++)
		for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++)
			for (unsigned int t = 0; t < ARRAY_SIZE(types); t++)
				boards(r, sizes[s], types[t]);
}

/* ---- Compaction. ---- */

static const char *const releases[] = { "release=6.1", "release=6.18" };
static const unsigned int sizes_mib[] = { 96, 160, 256 };

/* Of each four pages `kept` stay. The pattern shifts, so that no scan in strides misses it. */
static void keep(struct bed *bed, unsigned int kept)
{
	for (u64 i = 0; i < bed->nr_pages; i++)
		if ((i + i / 32) % 4 >= kept)
			bed_drop(bed, i);
	drain_all_pages(bed->m, NULL);
}

static bool is_mapped(const struct machine *m, u64 pfn)
{
	const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;

	return page && page_flag(page, PG_lru) && page_flag(page, PG_anon);
}

/* Has the pageblock pages of the mapping and free ones, and nothing else? */
static bool is_mixed(const struct machine *m, u64 start)
{
	u64 size = pageblock_nr_pages(m), head, kept = 0, free = 0;
	unsigned int order;

	for (u64 pfn = start; pfn < start + size; pfn++) {
		kept += is_mapped(m, pfn);
		free += buddy_find(m, pfn, &head, &order);
	}
	return kept && free && kept + free == size;
}

static u64 nr_mixed(const struct machine *m)
{
	u64 size = pageblock_nr_pages(m), nr = 0;

	for (u64 start = 0; start + size <= m->max_pfn; start += size)
		nr += is_mixed(m, start);
	return nr;
}

/* Where scanners begin, meet and end, a pageblock of each zone may be either way. */
static u64 slack(const struct machine *m)
{
	u64 nr = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		nr += zone_populated(m->zones[i]);
	return nr + 1;
}

static void compact(struct bed *bed)
{
	compact_nodes(bed->m);
	drain_all_pages(bed->m, NULL);
	for (unsigned int z = 0; z < bed->m->nr_zones; z++)
		assert_indices(bed->m->zones[z]);
	assert_contents(bed);
}

static void share(const char *release, unsigned int mib, unsigned int kept)
{
	struct bed bed = { 0 };
	u64 before, mixed, won, expected;

	bed_begin(&bed, mib, release, NULL);
	keep(&bed, kept);
	before = whole_blocks(bed.m);
	mixed = nr_mixed(bed.m);
	CU_ASSERT(mixed >= bed.nr_pages / 512 - 4);
	compact(&bed);
	won = whole_blocks(bed.m) - before;
	expected = mixed * (4 - kept) / 4;
	if (won + slack(bed.m) < expected || won > expected + slack(bed.m))
		fprintf(stderr, "%s, %u MiB, %u of 4 kept: %llu of %llu mixed pageblocks were won, "
			"expected %llu\n", release, mib, kept, (unsigned long long)won,
			(unsigned long long)mixed, (unsigned long long)expected);
	CU_ASSERT(won + slack(bed.m) >= expected && won <= expected + slack(bed.m));
	CU_ASSERT(nr_mixed(bed.m) <= slack(bed.m));
	bed_end(&bed);
}

static void test_shares(void)
{
	for (size_t r = 0; r < ARRAY_SIZE(releases); r++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes_mib); s++)
			for (unsigned int kept = 1; kept < 4; kept++)
				share(releases[r], sizes_mib[s], kept);
}

/* The first kept page of each `every`th mixed pageblock is held; how many are. */
static u64 pin(struct bed *bed, unsigned int every, u32 *held)
{
	u64 size = pageblock_nr_pages(bed->m), nr = 0, n = 0;

	for (u64 start = 0; start + size <= bed->m->max_pfn; start += size) {
		u64 pfn = start;

		if (!is_mixed(bed->m, start) || n++ % every)
			continue;
		while (!is_mapped(bed->m, pfn))
			pfn++;
		get_page(bed->m, (u32)pfn);
		held[nr++] = (u32)pfn;
	}
	return nr;
}

/* Half of each pageblock is kept; in all, or in every second, a page is pinned. */
static void pinned(const char *release, unsigned int mib, unsigned int every)
{
	struct bed bed = { 0 };
	u64 before, mixed, nr, won, expected;
	u32 held[256];

	bed_begin(&bed, mib, release, NULL);
	keep(&bed, 2);
	before = whole_blocks(bed.m);
	mixed = nr_mixed(bed.m);
	nr = pin(&bed, every, held);
	CU_ASSERT(nr == DIV_ROUND_UP(mixed, every));
	compact(&bed);
	won = whole_blocks(bed.m) - before;
	expected = (mixed - nr) / 2;
	if (won + slack(bed.m) < expected || won > expected + slack(bed.m))
		fprintf(stderr, "%s, %u MiB, every %u. pinned: %llu of %llu won, expected %llu\n",
			release, mib, every, (unsigned long long)won, (unsigned long long)mixed,
			(unsigned long long)expected);
	CU_ASSERT(won + slack(bed.m) >= expected && won <= expected + slack(bed.m));
	for (u64 n = 0; n < nr; n++) {
		CU_ASSERT_EQUAL(folio_mapcount(pfn_to_page(bed.m, held[n])), 1);
		put_page(bed.m, held[n]);
	}
	bed_end(&bed);
}

static void test_pinned(void)
{
	for (size_t r = 0; r < ARRAY_SIZE(releases); r++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes_mib); s++)
			for (unsigned int every = 1; every < 4; every++)
				pinned(releases[r], sizes_mib[s], every);
}

static const CU_TestInfo tests[] = {
	{ "indices of checkerboards", test_indices },
	{ "a share of each pageblock", test_shares },
	{ "pinned pages", test_pinned },
};

int main(void)
{
	return suite_main("extfrag", tests, ARRAY_SIZE(tests), NULL, NULL);
}
