// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Storms of allocations on machines of zones and memory alone, from 256 pages to 65,536,
 * of each architecture and release, while every n-th allocation fails: of simulated
 * pages, or of the host's memory. What is allocated is shadowed: no page is given twice,
 * the invariants hold all the way, and in the end every page is free again.
 *
 *   storm_pages [ROUNDS]	of each machine; more is for check-long
 */
#include <stdio.h>
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"

#include "sim/base/rng.h"
#include "sim/phys/contig.h"
#include "sim/phys/fallback.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/tunables.h"

#define MAX_PAGES 65536U
#define MAX_BULK 200

struct block {
	u32 pfn, nr;
	s8 order;		/* -1: nr single pages that lie together */
};

struct storm {
	struct machine *m;
	struct fault_inject fault;
	u64 rng;
	unsigned int nth;	/* of the host's allocations; 0: none fails */
	struct block block[MAX_PAGES];
	unsigned int nr_blocks;
	u8 taken[2 * MAX_PAGES];
	u64 nr_free, nr_before;	/* at first; before this step */
	unsigned int nr_failed[3];	/* simulated, host, impossible */
};

static unsigned int below(struct storm *s, unsigned int n)
{
	return (unsigned int)rng_below(&s->rng, n);
}

static u64 all_free(const struct machine *m)
{
	u64 nr = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		nr += (u64)m->zones[i]->stat[NR_FREE_PAGES];
		for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
			nr += (u64)m->zones[i]->pcp[cpu].count;
	}
	return nr;
}

static const gfp_t masks[] = {
	GFP_KERNEL, GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC,
	GFP_NOWAIT, GFP_DMA | GFP_KERNEL, GFP_DMA32 | GFP_KERNEL, GFP_NOIO,
	GFP_KERNEL | __GFP_RECLAIMABLE, GFP_KERNEL | __GFP_NORETRY, GFP_USER | __GFP_WRITE,
	GFP_KERNEL | __GFP_THISNODE, GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_COMP,
	GFP_ATOMIC | __GFP_MEMALLOC, GFP_KERNEL | __GFP_NOFAIL, GFP_HIGHUSER, GFP_TRANSHUGE,
};

static struct alloc_request any_request(struct storm *s)
{
	gfp_t gfp = masks[below(s, ARRAY_SIZE(masks))] | __GFP_NOWARN;

	return (struct alloc_request) {
		.gfp = gfp, .node = below(s, 4) ? NUMA_NO_NODE : (int)below(s, s->m->nr_nodes),
		.owner = gfp & __GFP_MOVABLE ? 0 : PGTY_kernel,
	};
}

static void take(struct storm *s, u64 pfn, u32 nr, int order)
{
	for (u32 i = 0; i < nr; i++)
		CU_ASSERT_EQUAL_FATAL(s->taken[pfn + i]++, 0);
	CU_ASSERT_FATAL(s->nr_blocks < MAX_PAGES);
	s->block[s->nr_blocks++] = (struct block){ .pfn = pfn, .nr = nr, .order = order };
}

static void failed(struct storm *s, int err)
{
	CU_ASSERT_TRUE_FATAL(err == -ENOMEM || err == -ENOBUFS);
	s->nr_failed[err == -ENOBUFS]++;
	if (err == -ENOBUFS)
		CU_ASSERT_EQUAL(all_free(s->m), s->nr_before);
}

static void do_alloc(struct storm *s)
{
	struct alloc_request req = any_request(s);
	u32 pfn;
	int err;

	/* Small orders most often. */
	req.order = below(s, 12);
	for (unsigned int i = 0; i < 2; i++) {
		unsigned int other = below(s, 12);

		req.order = MIN(req.order, other);
	}
	err = alloc_pages(s->m, &req, &pfn);
	if (err) {
		failed(s, err);
		s->nr_failed[2] += req.order > MAX_PAGE_ORDER;
		return;
	}
	CU_ASSERT_FATAL(req.order <= MAX_PAGE_ORDER && !(pfn & ((1U << req.order) - 1)));
	take(s, pfn, 1U << req.order, (int)req.order);
}

static void do_bulk(struct storm *s)
{
	struct alloc_request req = any_request(s);
	unsigned int nr = 1 + below(s, MAX_BULK), got;
	u32 pfns[MAX_BULK];
	int err = alloc_pages_bulk(s->m, &req, nr, pfns, &got);

	if (err)
		failed(s, err);
	for (unsigned int i = 0; i < got; i++)
		take(s, pfns[i], 1, 0);
}

static void do_contig(struct storm *s)
{
	struct alloc_request req = any_request(s);
	u32 nr = 1 + below(s, 700), pfn;
	int err;

	req.gfp &= ~__GFP_NOFAIL;
	err = alloc_contig_pages(s->m, &req, nr, &pfn);
	if (err) {
		failed(s, err);
		return;
	}
	req.owner = PGTY_kernel;
	for (u32 i = 0; i < nr; i++)
		prep_isolated_pages(s->m, &req, pfn + i);
	take(s, pfn, nr, -1);
}

static void free_one(struct storm *s, unsigned int i)
{
	struct block *block = &s->block[i];

	if (block->order < 0) {
		int err;

		while ((err = free_contig_range(s->m, block->pfn, block->nr)))
			CU_ASSERT_EQUAL_FATAL(err, -ENOBUFS);
	} else {
		free_pages(s->m, block->pfn, block->order);
	}
	for (u32 n = 0; n < block->nr; n++)
		s->taken[block->pfn + n]--;
	*block = s->block[--s->nr_blocks];
}

static void do_setting(struct storm *s)
{
	struct tunables *t = s->m->tunables;
	unsigned int zone;

	switch (below(s, 6)) {
	case 0:
		t->min_free_kbytes = (int)below(s, 2000);
		setup_per_zone_wmarks(s->m);
		break;
	case 1:
		t->percpu_pagelist_high_fraction = below(s, 2) ? 8 + (int)below(s, 100) : 0;
		for (unsigned int i = 0; i < s->m->nr_zones; i++)
			zone_pcp_update(s->m, s->m->zones[i]);
		break;
	case 2:
		t->watermark_boost_factor = (int)below(s, 30000);
		break;
	case 3:
		zone = below(s, MAX_NR_ZONES);
		t->lowmem_reserve_ratio[zone] = (int)below(s, 300);
		setup_per_zone_lowmem_reserve(s->m);
		break;
	case 4:
		drain_all_pages(s->m, NULL);
		break;
	default:
		refresh_cpu_vm_stats(s->m, below(s, s->m->nr_cpus));
	}
}

static void step(struct storm *s)
{
	unsigned int dice = below(s, 100);

	s->m->cpu = below(s, s->m->nr_cpus);
	if (s->nth && s->m->arena.nr_allocs >= s->m->arena.fail_at)
		arena_fail_after(&s->m->arena, s->nth);
	s->nr_before = all_free(s->m);
	if (dice < 55)
		do_alloc(s);
	else if (dice < 58)
		do_bulk(s);
	else if (dice < 59)
		do_contig(s);
	else if (dice < 61)
		do_setting(s);
	else if (s->nr_blocks)
		free_one(s, below(s, s->nr_blocks));
	/* Now and then most of it goes. */
	for (unsigned int n = below(s, 400) ? 0 : s->nr_blocks; n > s->nr_blocks / 8; n--)
		free_one(s, below(s, s->nr_blocks));
}

static void end_storm(struct storm *s)
{
	arena_fail_after(&s->m->arena, 0);
	s->nth = 0;
	while (s->nr_blocks)
		free_one(s, s->nr_blocks - 1);
	CU_ASSERT_EQUAL(all_free(s->m), s->nr_free);
	drain_all_pages(s->m, NULL);
	for (unsigned int i = 0; i < s->m->nr_zones; i++)
		CU_ASSERT_EQUAL((u64)s->m->zones[i]->stat[NR_FREE_PAGES],
				s->m->zones[i]->managed_pages);
	CU_ASSERT_EQUAL(test_check(s->m), 0);
	test_machine_free(s->m);
}

static struct machine *machine(enum release release, const char *arch, u32 nr_pages)
{
	/* From page 1 on, as a PC's; large ones have two nodes. */
	struct test_machine spec = {
		.release = release, .arch = arch, .nr_cpus = 2,
		.ranges = { { 1, nr_pages + 1, 0 } },
	};

	if (nr_pages >= 16384 && !strcmp(arch, "x86_64")) {
		spec.nr_nodes = 2;
		spec.cpu_node[1] = 1;
		spec.ranges[0].end = nr_pages / 2;
		spec.ranges[1] = (struct test_range){ nr_pages / 2, nr_pages, 1 };
		spec.movable_pfn = nr_pages / 4;
	}
	return test_machine_boot(&spec);
}

static void run_storm(struct storm *s, unsigned int pages_nth, unsigned int host_nth,
		      unsigned int rounds)
{
	static u64 seed = 1;

	s->rng = seed++;
	s->nth = host_nth;
	s->fault = (struct fault_inject) {
		.page = { .name = "fail_page_alloc", .interval = pages_nth, .times = -1,
			  .probability = 100, .require_end = UINT64_MAX },
	};
	fault_inject_use(s->m, pages_nth ? &s->fault : NULL);
	s->nr_free = all_free(s->m);
	for (unsigned int round = 0; round < rounds; round++) {
		step(s);
		if (test_check_touched(s->m) || (round % 512 == 511 && test_check(s->m))) {
			fprintf(stderr, "%s: seed %llu, round %u\n", s->m->arch->name,
				(unsigned long long)seed - 1, round);
			CU_FAIL_FATAL("an invariant is broken");
		}
	}
	end_storm(s);
}

static const u32 sizes[] = { 256, 512, 1024, 4096, 16384, 65535 };
static const unsigned int nths[] = { 0, 1, 2, 3, 5, 7, 31 };
static const struct {
	enum release release;
	const char *arch;
} kinds[] = {
	{ R_6_18, "x86_64" }, { R_6_1, "x86_64" }, { R_6_1, "i386" }, { R_6_1, "i386-pae" },
};

static unsigned int rounds = 1000;

static void test_storms(bool host)
{
	struct storm *s = calloc(1, sizeof(*s));
	unsigned int nr_failed = 0, nr_too_large = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	for (unsigned int k = 0; k < ARRAY_SIZE(kinds); k++)
		for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
			for (unsigned int n = 0; n < ARRAY_SIZE(nths); n++) {
				s->m = machine(kinds[k].release, kinds[k].arch, sizes[i]);
				run_storm(s, host ? 0 : nths[n], host ? nths[n] : 0, rounds);
			}
	nr_failed = s->nr_failed[host];
	nr_too_large = s->nr_failed[2];
	CU_ASSERT_TRUE(nr_failed > rounds);
	CU_ASSERT_TRUE(nr_too_large > 0);
	free(s);
}

static void test_simulated(void)
{
	test_storms(false);
}

static void test_host(void)
{
	test_storms(true);
}

static const CU_TestInfo tests[] = {
	{ "every n-th simulated page fails", test_simulated },
	{ "every n-th allocation of the host fails", test_host },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 10);
	return suite_main("storm_pages", tests, ARRAY_SIZE(tests), NULL, NULL);
}
