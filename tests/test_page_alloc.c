// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alloc_pages() and free_pages() on small machines: what the kernel's rules say
 * of single cases, then long random histories with every invariant checked.
 */
#include <stdio.h>
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"
#include "sim/phys/fallback.h"
#include "sim/phys/pcp.h"
#include "sim/phys/pressure.h"
#include "sim/phys/tunables.h"

#define MIB(n) ((u64)(n) << (20 - PAGE_SHIFT))

static const struct test_machine one_node = {
	.release = R_6_18, .nr_cpus = 2,
	.ranges = { { 0x1, 0x9f, 0 }, { 0x100, MIB(128), 0 } },
};

static const struct test_machine two_nodes = {
	.release = R_6_18, .nr_cpus = 2, .cpu_node = { 0, 1 }, .nr_nodes = 2,
	.ranges = {
		{ 0x1, 0x9f, 0 }, { 0x100, MIB(64), 0 }, { MIB(64), MIB(128), 1 },
	},
};

static u64 total_free(const struct machine *m)
{
	u64 pages = global_zone_stat(m, NR_FREE_PAGES);

	for (unsigned int i = 0; i < m->nr_zones; i++)
		for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
			pages += m->zones[i]->pcp[cpu].count;
	return pages;
}

static struct zone *zone_of(const struct machine *m, unsigned int node, enum zone_type type)
{
	return m->nodes[node]->zones[type];
}

/* Captured: 3840 pages from pfn 256 are one order-8, one order-9, three order-10. */
static void test_hand_over(void)
{
	static const u64 dma[NR_PAGE_ORDERS] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3 };
	struct test_machine spec = one_node;
	struct machine *m;
	struct zone *zone;

	spec.ranges[0].end = 0;
	m = test_machine_boot(&spec);
	zone = zone_of(m, 0, ZONE_DMA);
	CU_ASSERT_EQUAL(zone->managed_pages, 3840);
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		CU_ASSERT_EQUAL(zone->free_area[order].nr_free, dma[order]);
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

/* The first block of DMA does not begin with RAM: it stays Unmovable. */
static void test_pageblocks(void)
{
	struct machine *m = test_machine_boot(&one_node);
	const struct zone *zone = zone_of(m, 0, ZONE_DMA);

	CU_ASSERT_EQUAL(zone->pageblocks[MIGRATE_UNMOVABLE], 1);
	CU_ASSERT_EQUAL(zone->pageblocks[MIGRATE_MOVABLE], 7);
	test_machine_free(m);
}

static u32 must_alloc(struct machine *m, gfp_t gfp, unsigned int order, int node)
{
	struct alloc_request req = { .gfp = gfp, .order = order, .node = node };
	u32 pfn = PFN_NIL;

	CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), 0);
	return pfn;
}

static void test_lowest_first(void)
{
	struct machine *m = test_machine_boot(&one_node);
	const struct zone *zone = zone_of(m, 0, ZONE_DMA32);
	u32 first = must_alloc(m, GFP_HIGHUSER_MOVABLE, 0, 0);

	CU_ASSERT_EQUAL(first, zone->start_pfn);
	CU_ASSERT_EQUAL(must_alloc(m, GFP_HIGHUSER_MOVABLE, 0, 0), first + 1);
	CU_ASSERT_EQUAL(allocated_order(m, first), 0);
	free_pages(m, first, 0);
	CU_ASSERT_EQUAL(allocated_order(m, first), -1);
	/* A free page is the next to be allocated: the list is a stack. */
	CU_ASSERT_EQUAL(must_alloc(m, GFP_HIGHUSER_MOVABLE, 0, 0), first);
	test_machine_free(m);
}

static void test_descriptors(void)
{
	struct machine *m = test_machine_boot(&one_node);
	struct alloc_request req = {
		.gfp = GFP_KERNEL | __GFP_COMP, .order = 3, .node = 0, .owner = PGTY_slab,
	};
	const struct page *page;
	u32 pfn;

	CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), 0);
	page = pfn_to_page(m, pfn);
	CU_ASSERT_EQUAL(page->refcount, 1);
	CU_ASSERT_EQUAL(page_type(page), PGTY_slab);
	CU_ASSERT(page_flag(page, PG_head) && page_flag(page + 7, PG_tail));
	CU_ASSERT_EQUAL(page_type(page + 7), PGTY_slab);
	CU_ASSERT_EQUAL(page[7].refcount, 0);
	CU_ASSERT_EQUAL(allocated_order(m, pfn), 3);
	CU_ASSERT_EQUAL(allocated_order(m, pfn + 1), -1);
	free_pages(m, pfn, 3);
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

static void test_gfp_zones(void)
{
	struct machine *m = test_machine_boot(&one_node);

	CU_ASSERT_EQUAL(gfp_zone(m, GFP_KERNEL), ZONE_NORMAL);
	CU_ASSERT_EQUAL(gfp_zone(m, GFP_KERNEL | __GFP_MOVABLE), ZONE_NORMAL);
	CU_ASSERT_EQUAL(gfp_zone(m, GFP_HIGHUSER), ZONE_NORMAL);
	CU_ASSERT_EQUAL(gfp_zone(m, GFP_HIGHUSER_MOVABLE), ZONE_MOVABLE);
	CU_ASSERT_EQUAL(gfp_zone(m, GFP_KERNEL | GFP_DMA), ZONE_DMA);
	CU_ASSERT_EQUAL(gfp_zone(m, GFP_KERNEL | GFP_DMA32), ZONE_DMA32);
	CU_ASSERT(must_alloc(m, GFP_KERNEL | GFP_DMA, 0, 0) < 4096);
	test_machine_free(m);
}

static void test_numa_counters(void)
{
	struct machine *m = test_machine_boot(&two_nodes);
	const struct zone *near = zone_of(m, 0, ZONE_DMA32), *far = zone_of(m, 1, ZONE_DMA32);
	struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_THISNODE, .node = 1 };
	u32 pfn;

	must_alloc(m, GFP_KERNEL, 0, NUMA_NO_NODE);
	CU_ASSERT_EQUAL(near->numa[NUMA_HIT], 1);
	CU_ASSERT_EQUAL(near->numa[NUMA_LOCAL], 1);
	must_alloc(m, GFP_KERNEL, 0, 1);
	CU_ASSERT_EQUAL(far->numa[NUMA_HIT], 1);
	CU_ASSERT_EQUAL(far->numa[NUMA_OTHER], 1);
	/* Node 1 full: what wanted it comes from node 0. */
	while (!alloc_pages(m, &req, &pfn))
		;
	must_alloc(m, GFP_KERNEL, 0, 1);
	CU_ASSERT_EQUAL(near->numa[NUMA_MISS], 1);
	CU_ASSERT_EQUAL(far->numa[NUMA_FOREIGN], 1);
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

/* What a request may leave behind: min for all, less for who has rights. */
static u64 exhaust(enum release release, gfp_t gfp)
{
	struct test_machine spec = one_node;
	struct machine *m;
	struct alloc_request req = { .gfp = gfp | __GFP_NORETRY };
	const struct zone *zone;
	u64 left;
	u32 pfn;

	spec.release = release;
	m = test_machine_boot(&spec);
	zone = zone_of(m, 0, ZONE_DMA32);
	m->tunables->min_free_kbytes = 32768;
	setup_per_zone_wmarks(m);
	while (!alloc_pages(m, &req, &pfn))
		;
	/* The page that the last test let through came in a batch. */
	left = zone->stat[NR_FREE_PAGES];
	CU_ASSERT_EQUAL(test_check(m), 0);
	CU_ASSERT(left <= zone->watermark[WMARK_MIN]);
	test_machine_free(m);
	return left;
}

static void test_reserves(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		u64 user = exhaust(r, GFP_KERNEL), atomic = exhaust(r, GFP_ATOMIC);
		u64 high = exhaust(r, GFP_KERNEL | __GFP_HIGH);

		CU_ASSERT(user > high);
		CU_ASSERT(high > atomic);
		CU_ASSERT(atomic > 0);
		CU_ASSERT_EQUAL(exhaust(r, GFP_KERNEL | __GFP_MEMALLOC), 0);
	}
}

/* The slow path asks for help in its order, and stops when nobody helps. */
struct helper_log {
	unsigned int woken, reclaims, kills;
};

static struct helper_log helper_log;

static void log_kswapd(struct machine *m, struct zone *zone, gfp_t gfp, unsigned int order,
		       enum zone_type highest)
{
	helper_log.woken++;
}

static u64 log_reclaim(struct machine *m, const struct reclaim_request *req)
{
	helper_log.reclaims++;
	return 0;
}

static bool log_oom(struct machine *m, const struct alloc_request *req)
{
	helper_log.kills++;
	return false;
}

static void test_slow_path(void)
{
	static const struct pressure_ops ops = {
		.wake_kswapd = log_kswapd, .direct_reclaim = log_reclaim,
		.out_of_memory = log_oom,
	};
	struct machine *m = test_machine_boot(&one_node);
	struct alloc_request req = { .gfp = GFP_NOWAIT };
	u32 pfn;

	helper_log = (struct helper_log) { 0 };
	m->pressure = &ops;
	while (!alloc_pages(m, &req, &pfn))
		;
	CU_ASSERT(helper_log.woken > 0);
	CU_ASSERT_EQUAL(helper_log.reclaims, 0);
	req.gfp = GFP_KERNEL;
	CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), -ENOMEM);
	CU_ASSERT(helper_log.reclaims > 0);
	CU_ASSERT_EQUAL(helper_log.kills, 1);
	test_machine_free(m);
}

/* 6.18: the more in a row, the larger the batches; frees in a row fill up to high. */
static void test_pcp_tuning(void)
{
	struct test_machine spec = one_node;
	struct machine *m;
	struct per_cpu_pages *pcp;
	u32 pfns[4096];

	spec.ranges[1].end = MIB(2048);
	m = test_machine_boot(&spec);
	pcp = &zone_of(m, 0, ZONE_DMA32)->pcp[0];
	pfns[0] = must_alloc(m, GFP_KERNEL, 0, 0);
	CU_ASSERT_EQUAL(pcp->count, pcp->batch - 1);
	CU_ASSERT_EQUAL(pcp->alloc_factor, 1);
	for (unsigned int i = 1; i < ARRAY_SIZE(pfns); i++)
		pfns[i] = must_alloc(m, GFP_KERNEL, 0, 0);
	CU_ASSERT_EQUAL(pcp->alloc_factor, PCP_BATCH_SCALE_MAX);
	CU_ASSERT(pcp->high > pcp->high_min && pcp->high <= pcp->high_max);
	for (unsigned int i = 0; i < ARRAY_SIZE(pfns); i++)
		free_pages(m, pfns[i], 0);
	CU_ASSERT_EQUAL(pcp->alloc_factor, 0);
	CU_ASSERT_EQUAL(pcp->free_count, pcp->batch << PCP_BATCH_SCALE_MAX);
	for (unsigned int i = 0; i < 100; i++)
		refresh_cpu_vm_stats(m, 0);
	CU_ASSERT_EQUAL(pcp->high, pcp->high_min);
	CU_ASSERT(pcp->count <= pcp->high);
	CU_ASSERT_EQUAL(test_check(m), 0);
	drain_all_pages(m, NULL);
	CU_ASSERT_EQUAL(pcp->count, 0);
	CU_ASSERT_EQUAL(global_zone_stat(m, NR_FREE_PAGES), m->totalram_pages);
	test_machine_free(m);
}

/* 6.1: high is fixed; a free at high gives back twice as much each time. */
static void test_pcp_fixed(void)
{
	struct test_machine spec = one_node;
	struct machine *m;
	struct per_cpu_pages *pcp;
	u32 pfns[4096];

	spec.release = R_6_1;
	spec.ranges[1].end = MIB(2048);
	m = test_machine_boot(&spec);
	pcp = &zone_of(m, 0, ZONE_DMA32)->pcp[0];
	for (unsigned int i = 0; i < ARRAY_SIZE(pfns); i++)
		pfns[i] = must_alloc(m, GFP_KERNEL, 0, 0);
	CU_ASSERT(pcp->count < pcp->batch);
	for (unsigned int i = 0; i < ARRAY_SIZE(pfns); i++) {
		s32 before = pcp->count, factor = pcp->free_factor;

		free_pages(m, pfns[i], 0);
		CU_ASSERT(pcp->count < pcp->high);
		if (before == pcp->high - 1)
			CU_ASSERT_EQUAL(pcp->count, pcp->high -
					MIN(pcp->batch << factor, pcp->high - pcp->batch));
	}
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

/* A refused call changes nothing, and the next one works. */
static void test_host_memory(void)
{
	struct test_machine spec = one_node;
	struct machine *m;
	struct alloc_request req = { .gfp = GFP_KERNEL, .order = MAX_PAGE_ORDER };
	unsigned int refused = 0;
	u32 pfn;

	spec.ranges[1].end = MIB(4096);
	m = test_machine_boot(&spec);
	for (unsigned int i = 0; i < 500; i++) {
		u64 before = total_free(m);
		int err;

		arena_fail_after(&m->arena, 1);
		err = alloc_pages(m, &req, &pfn);
		if (err) {
			CU_ASSERT_EQUAL(err, -ENOBUFS);
			CU_ASSERT_EQUAL(total_free(m), before);
			refused++;
			CU_ASSERT_EQUAL(alloc_pages(m, &req, &pfn), 0);
		}
	}
	CU_ASSERT(refused > 10);
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

struct held {
	u32 pfn, order;
};

static u32 random_below(u64 *seed, u32 limit)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(*seed >> 33) % limit;
}

static gfp_t random_gfp(u64 *seed)
{
	static const gfp_t gfps[] = {
		GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | __GFP_RECLAIMABLE, GFP_ATOMIC,
		GFP_USER, GFP_HIGHUSER_MOVABLE, GFP_KERNEL | GFP_DMA32, GFP_HIGHUSER_MOVABLE,
		GFP_NOWAIT, GFP_KERNEL | GFP_DMA, GFP_KERNEL | __GFP_COMP,
		GFP_KERNEL | __GFP_THISNODE, GFP_KERNEL | __GFP_MEMALLOC,
	};

	return gfps[random_below(seed, ARRAY_SIZE(gfps))];
}

static void random_step(struct machine *m, u64 *seed, struct held *held, unsigned int *nr,
			unsigned int room, bool growing)
{
	m->cpu = random_below(seed, m->nr_cpus);
	if (*nr < room && random_below(seed, 100) < (growing ? 55 : 45)) {
		unsigned int roll = random_below(seed, 20);
		struct alloc_request req = {
			.gfp = random_gfp(seed),
			.order = roll < 12 ? 0 : roll < 17 ? random_below(seed, 4) :
				 random_below(seed, NR_PAGE_ORDERS),
			.node = random_below(seed, m->nr_nodes + 1) - 1,
		};

		held[*nr].order = req.order;
		if (!alloc_pages(m, &req, &held[*nr].pfn))
			++*nr;
	} else if (*nr) {
		unsigned int i = random_below(seed, *nr);

		free_pages(m, held[i].pfn, held[i].order);
		held[i] = held[--*nr];
	}
	if (!random_below(seed, 500))
		refresh_cpu_vm_stats(m, m->cpu);
	if (!random_below(seed, 2000))
		drain_all_pages(m, NULL);
}

static void random_history(const struct test_machine *spec, u64 seed, unsigned int steps)
{
	const unsigned int room = 20000;
	struct machine *m = test_machine_boot(spec);
	struct held *held = calloc(room, sizeof(*held));
	u64 all = total_free(m), used = 0;
	unsigned int nr = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(held);
	for (unsigned int i = 0; i < steps; i++) {
		random_step(m, &seed, held, &nr, room, i / 8000 % 2 == 0);
		if (test_check_touched(m) || (i % 10000 == 0 && test_check(m))) {
			CU_FAIL("invariants");
			break;
		}
	}
	for (unsigned int i = 0; i < nr; i++)
		used += 1ULL << held[i].order;
	CU_ASSERT_EQUAL(total_free(m) + used, all);
	CU_ASSERT_EQUAL(test_check(m), 0);
	while (nr--)
		free_pages(m, held[nr].pfn, held[nr].order);
	drain_all_pages(m, NULL);
	CU_ASSERT_EQUAL(global_zone_stat(m, NR_FREE_PAGES), all);
	CU_ASSERT_EQUAL(test_check(m), 0);
	free(held);
	test_machine_free(m);
}

static void test_random(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		struct test_machine spec = two_nodes;

		spec.release = r;
		random_history(&spec, 1, 60000);
		spec = one_node;
		spec.release = r;
		spec.movable_pfn = MIB(96);
		random_history(&spec, 2, 60000);
		/* So small that grouping by mobility is off. */
		spec.movable_pfn = 0;
		spec.ranges[1].end = MIB(8);
		random_history(&spec, 3, 20000);
	}
}

/* Highatomic: order > 0 atomic allocations reserve, 1 % of the zone at most. */
static void test_highatomic(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		struct test_machine spec = one_node;
		struct machine *m;
		struct alloc_request req = { .gfp = GFP_ATOMIC, .order = 4 };
		const struct zone *zone;
		u32 pfn;

		spec.release = r;
		spec.ranges[1].end = MIB(512);
		m = test_machine_boot(&spec);
		zone = zone_of(m, 0, ZONE_DMA32);
		while (!alloc_pages(m, &req, &pfn))
			;
		CU_ASSERT(zone->nr_reserved_highatomic > 0);
		CU_ASSERT(zone->pageblocks[MIGRATE_HIGHATOMIC] > 0);
		CU_ASSERT_EQUAL(test_check(m), 0);
		test_machine_free(m);
	}
}

static const struct test_machine with_normal = {
	.release = R_6_18, .nr_cpus = 1,
	.ranges = { { 0x100, MIB(64), 0 }, { MIB(4096), MIB(4096 + 64), 0 } },
};

/* Rather a page of DMA32 than one that breaks a Movable block of Normal. */
static void test_nofragment(void)
{
	for (enum release r = 0; r < NR_RELEASES; r++) {
		struct test_machine spec = with_normal;
		struct machine *m;
		struct zone *normal;
		u32 pfn;

		spec.release = r;
		m = test_machine_boot(&spec);
		normal = zone_of(m, 0, ZONE_NORMAL);
		/* Nearly all of it, page by page; then every second page back. */
		while (normal->stat[NR_FREE_PAGES] + normal->pcp->count > 500)
			must_alloc(m, GFP_KERNEL | __GFP_MOVABLE, 0, 0);
		for (pfn = MIB(4096); pfn < MIB(4096 + 60); pfn += 2)
			free_pages(m, pfn, 0);
		drain_all_pages(m, NULL);
		normal->flags = 0;
		CU_ASSERT_EQUAL(normal->free_area[9].nr_free + normal->free_area[10].nr_free, 0);
		pfn = must_alloc(m, GFP_KERNEL, 0, 0);
		CU_ASSERT_EQUAL(page_zone(m, pfn_to_page(m, pfn))->type, ZONE_DMA32);
		pfn = must_alloc(m, GFP_KERNEL | __GFP_MOVABLE, 0, 0);
		CU_ASSERT_PTR_EQUAL(page_zone(m, pfn_to_page(m, pfn)), normal);
		CU_ASSERT_EQUAL(test_check(m), 0);
		test_machine_free(m);
	}
}

/* What may use Normal leaves DMA32 its protection, what needs DMA32 does not. */
static void test_lowmem_reserve(void)
{
	struct machine *m = test_machine_boot(&with_normal);
	const struct zone *dma32 = zone_of(m, 0, ZONE_DMA32);
	struct alloc_request req = { .gfp = GFP_KERNEL | __GFP_NORETRY };
	u64 left;
	u32 pfn;

	m->tunables->lowmem_reserve_ratio[ZONE_DMA32] = 4;
	setup_per_zone_lowmem_reserve(m);
	CU_ASSERT_EQUAL(dma32->lowmem_reserve[ZONE_NORMAL], MIB(64) / 4);
	while (!alloc_pages(m, &req, &pfn))
		;
	left = dma32->stat[NR_FREE_PAGES];
	CU_ASSERT(left > MIB(64) / 4 - 2048 && left <= MIB(64) / 4 + dma32->watermark[WMARK_MIN]);
	req.gfp |= GFP_DMA32;
	while (!alloc_pages(m, &req, &pfn))
		;
	CU_ASSERT(dma32->stat[NR_FREE_PAGES] <= (s64)dma32->watermark[WMARK_MIN]);
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

static void expect_id(const struct machine *m, const char *id)
{
	struct out out = OUT_INIT;
	struct check check = { .out = &out };

	page_states_validate(m, &check);
	if (!check.nr_broken || !strstr(out.text, id)) {
		fprintf(stderr, "%s is not found:\n%s", id, out.text ? out.text : "");
		CU_FAIL("planted");
	}
	out_free(&out);
}

/* A lost page, a tail in use, a wrong total, a missing count: each is named. */
static void test_planted(void)
{
	struct machine *m = test_machine_boot(&one_node);
	u32 one = must_alloc(m, GFP_KERNEL, 0, 0), four = must_alloc(m, GFP_KERNEL, 2, 0);

	CU_ASSERT_EQUAL(test_check(m), 0);
	pfn_to_page(m, one)->refcount = 0;
	expect_id(m, "P6 page");
	expect_id(m, "P8 ");
	pfn_to_page(m, one)->refcount = 1;
	pfn_to_page(m, four + 1)->refcount = 1;
	expect_id(m, "P6 page");
	pfn_to_page(m, four + 1)->refcount = 0;
	zone_of(m, 0, ZONE_DMA32)->stat[NR_FREE_PAGES]++;
	expect_id(m, "P7 ");
	zone_of(m, 0, ZONE_DMA32)->stat[NR_FREE_PAGES]--;
	m->event[PGFREE]++;
	expect_id(m, "I1 ");
	m->event[PGFREE]--;
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

/* A gigantic page out of reserved memory, and back as single pages. */
static void test_contig(void)
{
	struct test_machine spec = one_node;
	u64 pfn = MIB(2048), nr_pages = 1ULL << 18;
	struct machine *m;
	const struct zone *zone;
	u64 managed;

	/* The last GiB is RAM that nobody handed over. */
	spec.ranges[1].end = pfn + nr_pages;
	m = test_machine_new(&spec);
	zone = zone_of(m, 0, ZONE_DMA32);
	CU_ASSERT_EQUAL(build_all_zonelists(m), 0);
	CU_ASSERT_EQUAL(buddy_hand_over(m, zone_of(m, 0, ZONE_DMA32), 4096, pfn), 0);
	init_per_zone_wmark_min(m);
	managed = zone->managed_pages;
	CU_ASSERT_EQUAL(own_reserved_block(m, pfn, 18, PGTY_hugetlb), 0);
	CU_ASSERT_EQUAL(zone->managed_pages, managed + nr_pages);
	CU_ASSERT_EQUAL(allocated_order(m, pfn), 18);
	CU_ASSERT(m->nr_sections_present < 6);
	CU_ASSERT_EQUAL(test_check(m), 0);
	arena_fail_after(&m->arena, 3);
	CU_ASSERT_EQUAL(free_contig_range(m, pfn, nr_pages), -ENOBUFS);
	CU_ASSERT_EQUAL(free_contig_range(m, pfn, nr_pages), 0);
	CU_ASSERT_EQUAL(total_free(m), managed + nr_pages);
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

/* Memory that boot kept and frees later goes through the per-CPU lists. */
static void test_late_free(void)
{
	struct test_machine spec = one_node;
	struct machine *m = test_machine_new(&spec);
	struct zone *zone = zone_of(m, 0, ZONE_DMA32);
	u64 end = zone_end_pfn(zone);

	CU_ASSERT_EQUAL(build_all_zonelists(m), 0);
	CU_ASSERT_EQUAL(buddy_hand_over(m, zone, 4096, end - 1000), 0);
	init_per_zone_wmark_min(m);
	CU_ASSERT_EQUAL(zone->managed_pages, end - 1000 - 4096);
	CU_ASSERT_EQUAL(free_reserved_area(m, end - 1000, end), 0);
	CU_ASSERT_EQUAL(zone->managed_pages, end - 4096);
	CU_ASSERT_EQUAL(m->totalram_pages, end - 4096);
	CU_ASSERT_EQUAL(total_free(m), end - 4096);
	CU_ASSERT_EQUAL(zone->early_pages, end - 1000 - 4096);
	CU_ASSERT_EQUAL(m->event[PGFREE], (s64)(end - 4096));
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

/* Interleaved memory of nodes: each page goes to its own node's zone. */
static void test_interleaved(void)
{
	struct test_machine spec = {
		.release = R_6_18, .nr_cpus = 2, .cpu_node = { 0, 1 }, .nr_nodes = 2,
		.ranges = {
			{ 0x100, MIB(32), 0 }, { MIB(32), MIB(64), 1 },
			{ MIB(64), MIB(96) + 100, 0 }, { MIB(96) + 100, MIB(128), 1 },
		},
	};

	random_history(&spec, 4, 30000);
	/* A node may begin inside a pageblock. */
	spec.ranges[1].pfn = spec.ranges[0].end = MIB(31) + 77;
	random_history(&spec, 5, 30000);
}

static const CU_TestInfo tests[] = {
	{ "hand over", test_hand_over },
	{ "types of pageblocks", test_pageblocks },
	{ "lowest first", test_lowest_first },
	{ "descriptors", test_descriptors },
	{ "gfp zones", test_gfp_zones },
	{ "NUMA counters", test_numa_counters },
	{ "reserves", test_reserves },
	{ "slow path", test_slow_path },
	{ "pcp tuning", test_pcp_tuning },
	{ "pcp fixed", test_pcp_fixed },
	{ "no host memory", test_host_memory },
	{ "highatomic", test_highatomic },
	{ "no fragment", test_nofragment },
	{ "lowmem reserve", test_lowmem_reserve },
	{ "planted", test_planted },
	{ "gigantic pages", test_contig },
	{ "late frees", test_late_free },
	{ "interleaved nodes", test_interleaved },
	{ "random", test_random },
};

int main(void)
{
	return suite_main("page_alloc", tests, ARRAY_SIZE(tests), NULL, NULL);
}
