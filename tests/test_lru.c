// SPDX-License-Identifier: GPL-2.0-or-later
/* Batches, lists and counters of user pages; mlock; references; planted corruption. */
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/phys/tunables.h"

#define MIB(n) ((u64)(n) << (20 - PAGE_SHIFT))

static struct machine *boot(enum release release, bool gen)
{
	const struct test_machine spec = {
		.release = release, .nr_cpus = 2, .ranges = { { MIB(16), MIB(64), 0 } },
	};
	struct machine *m = test_machine_boot(&spec);

	m->tunables->lru_gen_enabled = gen ? 7 : 0;
	if (lru_init(m))
		abort();
	return m;
}

static void done(struct machine *m)
{
	CU_ASSERT_EQUAL(nr_broken(m, lru_validate, NULL), 0);
	CU_ASSERT_EQUAL(test_check(m), 0);
	lru_free(m);
	test_machine_free(m);
}

static u32 user_page(struct machine *m, bool swapbacked)
{
	const struct alloc_request req = {
		.gfp = GFP_HIGHUSER_MOVABLE, .node = NUMA_NO_NODE,
	};
	u32 pfn;

	if (alloc_pages(m, &req, &pfn))
		abort();
	if (swapbacked)
		page_set_flag(pfn_to_page(m, pfn), PG_swapbacked);
	return pfn;
}

static s64 node_stat(const struct machine *m, enum node_stat_item item)
{
	return m->nodes[0]->stat[item];
}

/* A batch moves when it is full: the 15th page, the 31st. */
static void batch(enum release release, unsigned int size)
{
	struct machine *m = boot(release, false);
	u32 pfns[40];

	for (unsigned int i = 0; i < 40; i++) {
		pfns[i] = user_page(m, true);
		lru_cache_add(m, pfns[i]);
		CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_ANON), (i + 1) / size * size);
		CU_ASSERT_EQUAL(pfn_to_page(m, pfns[i])->refcount, (i + 1) % size ? 2 : 1);
	}
	CU_ASSERT_EQUAL(nr_broken(m, lru_validate, NULL), 0);
	for (unsigned int i = 0; i < 40; i++)
		put_page(m, pfns[i]);
	/* What is in a batch is still held by it. */
	CU_ASSERT_EQUAL(m->event[PGFREE] > 0, true);
	CU_ASSERT_EQUAL(pfn_to_page(m, pfns[39])->refcount, 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_ANON), 0);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(pfn_to_page(m, pfns[39])->refcount, 0);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_ANON), 0);
	done(m);
}

static void test_batches(void)
{
	batch(R_6_1, 15);
	batch(R_6_18, 31);
}

/* Each CPU has its own; draining all of them leaves none. */
static void test_drain_all(void)
{
	struct machine *m = boot(R_6_18, false);
	u32 a = user_page(m, true), b;

	lru_cache_add(m, a);
	m->cpu = 1;
	b = user_page(m, false);
	lru_cache_add(m, b);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_ANON), 0);
	lru_add_drain_all(m);
	CU_ASSERT_EQUAL(m->cpu, 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_ANON), 1);
	put_page(m, a);
	put_page(m, b);
	done(m);
}

static void test_accessed(void)
{
	struct machine *m = boot(R_6_1, false);
	u32 pfn = user_page(m, false);
	struct page *page = pfn_to_page(m, pfn);

	lru_cache_add(m, pfn);
	mark_page_accessed(m, pfn);
	CU_ASSERT(page_flag(page, PG_referenced) && !page_flag(page, PG_active));
	/* In the batch: it will be added as active. */
	mark_page_accessed(m, pfn);
	CU_ASSERT(!page_flag(page, PG_referenced) && page_flag(page, PG_active));
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_ACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(m->event[PGACTIVATE], 0);
	deactivate_page(m, pfn);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(m->event[PGDEACTIVATE], 1);
	/* On the list: by the batch of activations. */
	mark_page_accessed(m, pfn);
	mark_page_accessed(m, pfn);
	CU_ASSERT_EQUAL(node_stat(m, NR_ACTIVE_FILE), 0);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_ACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(m->event[PGACTIVATE], 1);
	put_page(m, pfn);
	CU_ASSERT_EQUAL(node_stat(m, NR_ACTIVE_FILE), 0);
	done(m);
}

/* Two VMAs lock a page, both let go: unevictable until the last. */
static void test_mlock(void)
{
	struct machine *m = boot(R_6_18, false);
	u32 pfn = user_page(m, true), other = user_page(m, true);
	struct zone *zone = page_zone(m, pfn_to_page(m, pfn));

	lru_cache_add(m, pfn);
	lru_add_drain(m);
	mlock_page(m, pfn);
	mlock_page(m, pfn);
	CU_ASSERT_EQUAL(zone->stat[NR_MLOCK], 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_UNEVICTABLE), 0);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_UNEVICTABLE), 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_ANON), 0);
	mlock_new_page(m, other);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_UNEVICTABLE), 2);
	CU_ASSERT_EQUAL(m->event[UNEVICTABLE_PGS_CULLED], 2);
	CU_ASSERT_EQUAL(m->event[UNEVICTABLE_PGS_MLOCKED], 2);
	CU_ASSERT_EQUAL(nr_broken(m, lru_validate, NULL), 0);
	munlock_page(m, pfn);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_UNEVICTABLE), 2);
	munlock_page(m, pfn);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_UNEVICTABLE), 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_ANON), 1);
	CU_ASSERT_EQUAL(m->event[UNEVICTABLE_PGS_RESCUED], 1);
	CU_ASSERT_EQUAL(m->event[UNEVICTABLE_PGS_MUNLOCKED], 1);
	put_page(m, pfn);
	put_page(m, other);
	CU_ASSERT_EQUAL(zone->stat[NR_MLOCK], 0);
	CU_ASSERT_EQUAL(m->event[UNEVICTABLE_PGS_CLEARED], 1);
	done(m);
}

static void test_lazyfree(void)
{
	struct machine *m = boot(R_6_1, false);
	u32 pfn = user_page(m, true);

	page_set_flag(pfn_to_page(m, pfn), PG_anon);
	lru_cache_add(m, pfn);
	/* Not yet on a list: nothing to be done. */
	mark_page_lazyfree(m, pfn);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_FILE), 0);
	mark_page_lazyfree(m, pfn);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_ANON), 0);
	CU_ASSERT_EQUAL(m->event[PGLAZYFREE], 1);
	CU_ASSERT(!page_flag(pfn_to_page(m, pfn), PG_swapbacked));
	put_page(m, pfn);
	done(m);
}

/* MGLRU: anonymous pages count as active, those of files if a fault brought them. */
static void test_generations(void)
{
	struct machine *m = boot(R_6_18, true);
	u32 pfns[3] = { user_page(m, true), user_page(m, false), user_page(m, false) };

	lru_cache_add(m, pfns[0]);
	lru_cache_add(m, pfns[1]);
	lru_enter_fault(m, true);
	lru_cache_add(m, pfns[2]);
	lru_exit_fault(m);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_ACTIVE_ANON), 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_FILE), 1);
	CU_ASSERT_EQUAL(node_stat(m, NR_ACTIVE_FILE), 1);
	mark_page_accessed(m, pfns[1]);
	mark_page_accessed(m, pfns[1]);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(node_stat(m, NR_INACTIVE_FILE), 1);
	for (unsigned int i = 0; i < 3; i++)
		put_page(m, pfns[i]);
	done(m);
}

/* The check finds what is wrong with lists, counters and flags. */
static void test_planted(void)
{
	struct machine *m = boot(R_6_1, false);
	u32 pfn = user_page(m, true), next = user_page(m, true);
	struct page *page = pfn_to_page(m, pfn);
	struct zone *zone = page_zone(m, page);
	struct out out = OUT_INIT;

	lru_cache_add(m, pfn);
	lru_cache_add(m, next);
	lru_add_drain(m);
	CU_ASSERT_EQUAL(nr_broken(m, lru_validate, &out), 0);
	zone->stat[NR_ZONE_INACTIVE_ANON]++;
	CU_ASSERT(nr_broken(m, lru_validate, &out) > 0);
	zone->stat[NR_ZONE_INACTIVE_ANON]--;
	zone->stat[NR_MLOCK]++;
	CU_ASSERT_EQUAL(nr_broken(m, lru_validate, &out), 1);
	zone->stat[NR_MLOCK]--;
	page_set_flag(page, PG_active);
	CU_ASSERT(nr_broken(m, lru_validate, &out) > 0);
	page_clear_flag(page, PG_active);
	page_clear_flag(page, PG_lru);
	CU_ASSERT(nr_broken(m, lru_validate, &out) > 0);
	page_set_flag(page, PG_lru);
	page->refcount = 0;
	CU_ASSERT_EQUAL(nr_broken(m, lru_validate, &out), 1);
	page->refcount = 1;
	page->prev = pfn;
	CU_ASSERT(nr_broken(m, lru_validate, &out) > 0);
	page->prev = next;
	out_free(&out);
	put_page(m, next);
	put_page(m, pfn);
	done(m);
}

static const CU_TestInfo tests[] = {
	{ "batches", test_batches },
	{ "drain all", test_drain_all },
	{ "accessed", test_accessed },
	{ "mlock", test_mlock },
	{ "lazyfree", test_lazyfree },
	{ "generations", test_generations },
	{ "planted", test_planted },
};

int main(void)
{
	return suite_main("lru", tests, ARRAY_SIZE(tests), NULL, NULL);
}
