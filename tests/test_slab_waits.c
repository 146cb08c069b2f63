// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * While the pages of a new slab are waited for, objects of its cache are freed and
 * allocated, and other caches need slabs, too.
 */
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"

#include "sim/phys/pressure.h"
#include "sim/phys/slab_types.h"

#define NR_PAGES 4096

static const struct test_machine spec = {
	.release = R_6_18, .arch = "x86_64", .nr_cpus = 1, .nr_nodes = 1,
	.ranges = { { 256, 32768, 0 } },
};

/* What reclaim does, once. */
static struct {
	struct kmem_cache *s, *other;
	u64 *addrs;
	unsigned int nr_freed, nr_others;
	u32 pfns[NR_PAGES];
} waited;

static struct kmem_cache *create(struct machine *m, const char *name, u32 size)
{
	struct kmem_cache_request req = { .name = name, .size = size, .flags = SLAB_NO_MERGE };
	struct kmem_cache *s = NULL;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(m, &req, &s), 0);
	return s;
}

static u64 get(struct machine *m, struct kmem_cache *s)
{
	struct slab_object object = { 0 };

	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, NUMA_NO_NODE, &object), 0);
	return object.addr;
}

static u64 reclaim_once(struct machine *m, const struct reclaim_request *req)
{
	m->pressure = NULL;
	for (unsigned int i = 0; i < NR_PAGES; i++)
		free_pages(m, waited.pfns[i], 0);
	for (unsigned int i = 0; i < waited.nr_freed; i++)
		kmem_cache_free(m, waited.s, waited.addrs[i]);
	for (unsigned int i = 0; i < waited.nr_others; i++)
		(void)get(m, waited.other);
	(void)get(m, waited.s);
	return NR_PAGES;
}

static struct machine *open_machine(unsigned int nr_slabs)
{
	struct machine_config *config = calloc(1, sizeof(*config));
	struct machine *m = test_machine_boot(&spec);
	unsigned int nr;

	config->cmdline = (char *)(uintptr_t)"";
	m->config = config;
	m->booted = false;
	CU_ASSERT_EQUAL_FATAL(slab_init(m), 0);
	m->booted = true;
	waited.s = create(m, "waits", 256);
	waited.other = create(m, "others", 512);
	nr = nr_slabs * waited.s->geo.objects;
	waited.addrs = calloc(nr, sizeof(*waited.addrs));
	for (unsigned int i = 0; i < nr; i++)
		waited.addrs[i] = get(m, waited.s);
	CU_ASSERT_EQUAL(waited.s->node[0].nr_slabs, nr_slabs);
	return m;
}

/* An object when no page is left, till reclaim has run. */
static u64 get_late(struct machine *m, unsigned int nr_freed, unsigned int nr_others)
{
	static const struct pressure_ops ops = { .direct_reclaim = reclaim_once };
	u32 pfn;

	waited.nr_freed = nr_freed;
	waited.nr_others = nr_others;
	for (u32 i = 0; !alloc_kernel_pages(m, GFP_KERNEL, 0, 0, PGTY_kernel, &pfn); i++)
		waited.pfns[i % NR_PAGES] = pfn;
	m->pressure = &ops;
	return get(m, waited.s);
}

static void close_machine(struct machine *m)
{
	CU_ASSERT_EQUAL(nr_broken(m, slab_validate, NULL), 0);
	CU_ASSERT_EQUAL(test_check(m), 0);
	free(waited.addrs);
	slab_free_state(m);
	free((void *)(uintptr_t)m->config);
	test_machine_free(m);
}

/* It is the CPU's, whatever that was given meanwhile. */
static void test_new_slab(void)
{
	struct machine *m = open_machine(4);
	u64 addr = get_late(m, 2 * waited.s->geo.objects, 0);
	const struct kmem_cache_node *n = &waited.s->node[0];

	CU_ASSERT_EQUAL(n->nr_slabs, 5);
	CU_ASSERT_PTR_EQUAL(waited.s->cpu[0].slab, slab_of_addr(m, addr));
	CU_ASSERT_EQUAL(waited.s->cpu[0].partial.nr, 1);
	CU_ASSERT_EQUAL(n->partial.nr, 1);
	CU_ASSERT_EQUAL(n->partial.first->inuse, 1);
	close_machine(m);
}

/* Two slabs of one cache at a time. */
static void test_same_cache(void)
{
	struct machine *m = open_machine(4);

	(void)get_late(m, 0, 0);
	CU_ASSERT_EQUAL(waited.s->node[0].nr_slabs, 6);
	CU_ASSERT_EQUAL(waited.s->node[0].partial.nr, 1);
	close_machine(m);
}

/* The table of all slabs grows while a slab waits for its place. */
static void test_other_caches(void)
{
	struct machine *m = open_machine(4);
	u32 room = m->slab->room_slabs;

	(void)get_late(m, 0, (room + 1) * waited.other->geo.objects);
	CU_ASSERT_TRUE(m->slab->room_slabs > room);
	CU_ASSERT_TRUE(waited.other->node[0].nr_slabs > room);
	close_machine(m);
}

static const CU_TestInfo tests[] = {
	{ "a new slab", test_new_slab },
	{ "of the same cache", test_same_cache },
	{ "of other caches", test_other_caches },
};

int main(void)
{
	return suite_main("slab_waits", tests, ARRAY_SIZE(tests), NULL, NULL);
}
