// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The check that runs after every line: what it finds clean is clean on random
 * histories, what it can see of planted corruptions it names as the whole check does.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support.h"
#include "sim/base/event.h"
#include "sim/boot/config.h"
#include "sim/phys/pcp.h"
#include "sim/phys/slab_types.h"
#include "sim/phys/vmalloc_types.h"

struct booted {
	struct machine_config *config;
	struct machine *m;
};

static struct booted boot(const char *release)
{
	static const char *const no_sets[] = { NULL };
	struct booted b = { 0 };
	char text[256], *error = NULL;

	snprintf(text, sizeof(text), "[machine]\nrelease = %s\n[node 0]\ncpus = 0-1\n"
		 "memory = 128M\n", release);
	CU_ASSERT_EQUAL_FATAL(machine_config_parse("test", text, no_sets, &b.config, &error), 0);
	CU_ASSERT_EQUAL_FATAL(machine_boot(b.config, &b.m, &error), 0);
	return b;
}

/* E4: whatever happened, each byte of host memory has an owner who frees it. */
static void shut_down(struct booted *b)
{
	u64 left = machine_free_counting(b->m);

	CU_ASSERT_EQUAL(left, 0);
	machine_config_free(b->config);
}

#define NR_HELD 64

struct history {
	struct machine *m;
	u64 rng;
	u32 pfn[NR_HELD];
	u8 order[NR_HELD];
	bool page[NR_HELD];
	u64 object[NR_HELD], area[NR_HELD];
};

static unsigned int draw(struct history *h, unsigned int n)
{
	h->rng ^= h->rng << 13;
	h->rng ^= h->rng >> 7;
	h->rng ^= h->rng << 17;
	return (h->rng >> 32) % n;
}

static void must(int err)
{
	CU_ASSERT_EQUAL(err, 0);
}

static void step_page(struct history *h, unsigned int i)
{
	static const gfp_t gfps[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE, GFP_ATOMIC, GFP_DMA };

	if (h->page[i]) {
		free_pages(h->m, h->pfn[i], h->order[i]);
		h->page[i] = false;
		return;
	}
	h->order[i] = draw(h, 4) ? draw(h, 3) : draw(h, 10);
	h->page[i] = !alloc_kernel_pages(h->m, gfps[draw(h, 4)], h->order[i], NUMA_NO_NODE,
					 PGTY_kernel, &h->pfn[i]);
}

static void step_object(struct history *h, unsigned int i)
{
	if (h->object[i])
		must(kfree(h->m, h->object[i]));
	else if (!kmalloc(h->m, 1 + draw(h, draw(h, 8) ? 3000 : 60000), GFP_KERNEL,
			  NUMA_NO_NODE, &h->object[i]))
		return;
	h->object[i] = 0;
}

static void step_area(struct history *h, unsigned int i)
{
	const struct vmalloc_request req = {
		.bytes = 1 + draw(h, 60000), .gfp = GFP_KERNEL, .node = NUMA_NO_NODE,
		.caller = "test",
	};

	if (h->area[i])
		must(vfree(h->m, h->area[i]));
	else if (!vmalloc(h->m, &req, &h->area[i]))
		return;
	h->area[i] = 0;
}

static void step_cache(struct history *h)
{
	const struct kmem_cache_request req = {
		.name = "mine", .size = 8 + draw(h, 3000), .flags = SLAB_NO_MERGE,
	};
	struct kmem_cache *cache = kmem_cache_find(h->m, "mine");
	struct slab_object object;

	if (!cache)
		must(kmem_cache_create(h->m, &req, &cache));
	else if (draw(h, 2) && !kmem_cache_alloc(h->m, cache, GFP_KERNEL, NUMA_NO_NODE, &object))
		kmem_cache_free(h->m, cache, object.addr);
	else if (draw(h, 2))
		kmem_cache_shrink(h->m, cache);
	else
		must(kmem_cache_destroy(h->m, cache));
}

static void step(struct history *h)
{
	unsigned int i = draw(h, NR_HELD), what = draw(h, 20);

	h->m->cpu = draw(h, 2);
	if (what < 10)
		step_page(h, i);
	else if (what < 16)
		step_object(h, i);
	else if (what < 17)
		step_area(h, i);
	else if (what < 18)
		step_cache(h);
	else if (what < 19)
		refresh_cpu_vm_stats(h->m, h->m->cpu);
	else if (!draw(h, 20))
		drain_all_pages(h->m, NULL);
	h->m->cpu = 0;
}

static unsigned int check_increment(struct machine *m, struct out *out)
{
	struct check check = { .out = out };

	machine_check_incremental(m, &check);
	CU_ASSERT_TRUE(check.nr_checked > 100);
	return check.nr_broken;
}

/* What the incremental check finds clean is clean, and it changes nothing. */
static void random_history(const char *release, u64 seed, unsigned int steps)
{
	struct booted b = boot(release);
	struct history h = { .m = b.m, .rng = seed };
	char before[DIGEST_CHARS + 1], after[DIGEST_CHARS + 1];
	struct out out = OUT_INIT;

	for (unsigned int i = 1; i <= steps; i++) {
		step(&h);
		if (i % 500 == 0)
			machine_digest(b.m, before);
		CU_ASSERT_EQUAL_FATAL(check_increment(b.m, &out), 0);
		if (i % 500)
			continue;
		CU_ASSERT_EQUAL(nr_broken(b.m, machine_check, NULL), 0);
		machine_digest(b.m, after);
		CU_ASSERT_STRING_EQUAL(before, after);
	}
	out_free(&out);
	shut_down(&b);
}

static void test_incremental_agrees(void)
{
	random_history("6.18", 1, 4000);
	random_history("6.1", 2, 4000);
}

/* -- corruptions in what a call just touched ----------------------------------------- */

static struct zone *dma32(struct history *h)
{
	return h->m->nodes[0]->zones[ZONE_DMA32];
}

static void take_and_free(struct history *h)
{
	u32 pfn;

	CU_ASSERT_EQUAL_FATAL(alloc_kernel_pages(h->m, GFP_KERNEL, 5, NUMA_NO_NODE,
						 PGTY_kernel, &pfn), 0);
	free_pages(h->m, pfn, 5);
}

/* The head of a block that the last call put on a list. */
static struct page *touched_head(struct history *h)
{
	const struct zone_touched *touched = &dma32(h)->touched;

	for (u32 i = MIN(touched->nr, ZONE_TOUCHED); i-- > 0;)
		if (page_type(pfn_to_page(h->m, touched->pfn[i])) == PGTY_buddy)
			return pfn_to_page(h->m, touched->pfn[i]);
	CU_FAIL_FATAL("no touched block");
	return NULL;
}

static void spoil_head_ref(struct history *h)
{
	take_and_free(h);
	touched_head(h)->refcount = 1;
}

static void spoil_head_order(struct history *h)
{
	take_and_free(h);
	touched_head(h)->private_ ^= 1;
}

static void spoil_body(struct history *h)
{
	take_and_free(h);
	touched_head(h)[1].refcount = 1;
}

static void spoil_free_pages(struct history *h)
{
	take_and_free(h);
	dma32(h)->stat[NR_FREE_PAGES]++;
}

static void spoil_area_count(struct history *h)
{
	take_and_free(h);
	dma32(h)->free_area[5].nr[MIGRATE_UNMOVABLE]++;
}

static void spoil_owner(struct history *h)
{
	u32 pfn;

	CU_ASSERT_EQUAL_FATAL(alloc_kernel_pages(h->m, GFP_KERNEL, 5, NUMA_NO_NODE,
						 PGTY_kernel, &pfn), 0);
	pfn_to_page(h->m, pfn)->refcount = 0;
}

static void spoil_pgfree(struct history *h)
{
	h->m->event[PGFREE]++;
}

static void spoil_pcp_end(struct history *h)
{
	u32 pfn = PFN_NIL;

	must(alloc_kernel_pages(h->m, GFP_KERNEL, 0, NUMA_NO_NODE, PGTY_kernel, &pfn));

	free_pages(h->m, pfn, 0);
	pfn_to_page(h->m, pfn)->refcount = 1;
}

static void spoil_wmark(struct history *h)
{
	dma32(h)->watermark[WMARK_HIGH]++;
}

static void spoil_totalreserve(struct history *h)
{
	h->m->totalreserve_pages++;
}

static void spoil_protection(struct history *h)
{
	h->m->nodes[0]->zones[ZONE_DMA]->lowmem_reserve[ZONE_MOVABLE] -= 1;
}

static void spoil_kswapd(struct history *h)
{
	h->m->nodes[0]->kswapd_failures = -1;
}

static void spoil_below_min(struct history *h)
{
	dma32(h)->basis.nr_below_min++;
}

static void spoil_timer(struct history *h)
{
	h->m->events->heap[0].when_ns = h->m->now_ns;
}

static struct slab *touched_slab(struct history *h)
{
	u64 addr;

	CU_ASSERT_EQUAL_FATAL(kmalloc(h->m, 700, GFP_KERNEL, NUMA_NO_NODE, &addr), 0);
	return slab_of_addr(h->m, addr);
}

static void spoil_inuse(struct history *h)
{
	touched_slab(h)->inuse--;
}

static void spoil_allocated(struct history *h)
{
	touched_slab(h)->allocated[0] ^= 1;
}

static void spoil_next_free(struct history *h)
{
	struct slab *slab = touched_slab(h);
	u16 free = slab->cache->cpu[0].free;

	CU_ASSERT_NOT_EQUAL_FATAL(free, SLAB_NIL);
	slab->next_free[free] = free;
}

static void spoil_slab_page(struct history *h)
{
	pfn_to_page(h->m, touched_slab(h)->pfn)->mapping++;
}

static void spoil_nr_slabs(struct history *h)
{
	const struct kmem_cache_request req = { .name = "other", .size = 100,
						.flags = SLAB_NO_MERGE };
	struct slab_object object;
	struct kmem_cache *cache;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(h->m, &req, &cache), 0);
	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(h->m, cache, GFP_KERNEL, NUMA_NO_NODE,
					       &object), 0);
	cache->node[0].nr_slabs++;
}

static void spoil_slab_stat(struct history *h)
{
	h->m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE] += PAGE_SIZE;
}

static struct vm_area *touched_area(struct history *h)
{
	const struct vmalloc_request req = { .bytes = 10000, .gfp = GFP_KERNEL,
					     .node = NUMA_NO_NODE, .caller = "test" };
	u64 addr;

	CU_ASSERT_EQUAL_FATAL(vmalloc(h->m, &req, &addr), 0);
	for (unsigned int i = 0; i < h->m->vmalloc->nr; i++)
		if (h->m->vmalloc->areas[i]->addr == addr)
			return h->m->vmalloc->areas[i];
	return NULL;
}

static void spoil_area(struct history *h)
{
	touched_area(h)->bytes += PAGE_SIZE;
}

static void spoil_area_page(struct history *h)
{
	pfn_to_page(h->m, touched_area(h)->pfns[1])->index++;
}

static void spoil_vmalloc_used(struct history *h)
{
	(void)touched_area(h);
	h->m->vmalloc->nr_pages++;
}

static void spoil_stack_count(struct history *h)
{
	h->m->nodes[0]->stat[NR_KERNEL_STACK]++;
}

/* Both find it, by the same id. */
static void test_incremental_finds(void)
{
	static const struct {
		const char *id;
		void (*spoil)(struct history *h);
	} spoilt[] = {
		{ "B8 ", spoil_head_ref }, { "B8 ", spoil_head_order }, { "B2 ", spoil_body },
		{ "B6 ", spoil_free_pages }, { "B5 ", spoil_area_count },
		{ "P6 ", spoil_owner }, { "I1 ", spoil_pgfree }, { "B9 ", spoil_pcp_end },
		{ "W1 ", spoil_wmark }, { "W2 ", spoil_totalreserve },
		{ "W3 ", spoil_protection }, { "W5 ", spoil_below_min },
		{ "W6 ", spoil_kswapd }, { "E7 ", spoil_timer }, { "A1 ", spoil_inuse }, { "A1 ", spoil_allocated },
		{ "A1 ", spoil_next_free }, { "A1 ", spoil_slab_page },
		{ "A2 ", spoil_nr_slabs }, { "A4 ", spoil_slab_stat },
		{ "A5 ", spoil_area }, { "A5 ", spoil_area_page },
		{ "A5 ", spoil_vmalloc_used }, { "A6 ", spoil_stack_count },
	};

	for (size_t i = 0; i < ARRAY_SIZE(spoilt); i++) {
		struct booted b = boot("6.18");
		struct history h = { .m = b.m, .rng = 3 };
		struct out part = OUT_INIT, whole = OUT_INIT;

		for (int n = 0; n < 300; n++)
			step(&h);
		CU_ASSERT_EQUAL(check_increment(b.m, &part), 0);
		spoilt[i].spoil(&h);
		CU_ASSERT_TRUE(check_increment(b.m, &part) > 0);
		CU_ASSERT_TRUE(nr_broken(b.m, machine_check, &whole) > 0);
		if (!part.text || !strstr(part.text, spoilt[i].id) ||
		    !strstr(whole.text, spoilt[i].id)) {
			CU_FAIL("an id is not found");
			fprintf(stderr, "%zu: %s: incremental:\n%swhole:\n%s", i, spoilt[i].id,
				part.text ? part.text : "", whole.text ? whole.text : "");
		}
		out_free(&part);
		out_free(&whole);
		shut_down(&b);
	}
}

static const CU_TestInfo tests[] = {
	{ "it agrees with the whole check", test_incremental_agrees },
	{ "it finds what was planted", test_incremental_finds },
};

int main(void)
{
	return suite_main("incremental check", tests, ARRAY_SIZE(tests), NULL, NULL);
}
