// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be wrong with slabs, the lists that they are on, their objects and counters, and
 * with sheaves (A1 to A4).
 */
#include "plants.h"

#include "support.h"
#include "sim/phys/slab_sheaf.h"
#include "sim/phys/vmalloc.h"

static void slab_inuse(struct machine *m)
{
	plant_slab(m)->inuse--;
}

static void slab_page(struct machine *m)
{
	pfn_to_page(m, plant_slab(m)->pfn)->mapping++;
}

static void slab_count(struct machine *m)
{
	plant_slab(m)->cache->node[0].nr_slabs++;
}

static void slab_place(struct machine *m)
{
	plant_slab(m)->cache->cpu[0].partial.nr++;
}

/* Nobody remembers the object. */
static void object_leaked(struct machine *m)
{
	u64 addr;

	CU_ASSERT_EQUAL_FATAL(kmalloc(m, 700, GFP_KERNEL, 0, &addr), 0);
}

static void vmap_area_leaked(struct machine *m)
{
	struct slab_object leaked;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, kmem_cache_find(m, "vmap_area"), GFP_KERNEL,
					       0, &leaked), 0);
}

/* An area keeps an object that was freed. */
static void object_freed(struct machine *m)
{
	CU_ASSERT_EQUAL(kfree(m, plant_area(m)->vm_struct), 0);
}

static void given_free(struct machine *m)
{
	struct slab *slab = plant_slab(m);

	for (unsigned int i = 0; i < slab->objects; i++)
		if (!slab_allocated(slab, i)) {
			slab->given[i / 64] |= 1ULL << (i % 64);
			return;
		}
	CU_FAIL("the slab is full");
}

static void cache_leaked(struct machine *m)
{
	struct slab_object leaked;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, kmem_cache_find(m, "kmem_cache"), GFP_KERNEL,
					       0, &leaked), 0);
}

static void slab_stat(struct machine *m)
{
	m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE] += PAGE_SIZE;
}

static void large_count(struct machine *m)
{
	(void)plant_object(m, 20000);
	m->slab->large_pages[0] -= 8;
	m->nodes[0]->stat[NR_SLAB_UNRECLAIMABLE] -= 8 * PAGE_SIZE;
}

/* Slab 0 is partial and on the node's list, 1 is full, 2 is CPU 0's. */
static struct kmem_cache *planted(struct machine *m)
{
	const struct kmem_cache_request req = {
		.name = "planted", .size = 512, .flags = SLAB_NO_MERGE };
	struct slab_object objects[3 * 32];
	struct kmem_cache *s = NULL;
	u32 nr;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(m, &req, &s), 0);
	nr = s->geo.objects;
	CU_ASSERT_FATAL(nr <= 32);
	for (u32 i = 0; i < 3 * nr; i++) {
		CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, 0, &objects[i]), 0);
		slab_give(m, objects[i].addr);
	}
	kmem_cache_free(m, s, objects[0].addr);
	kmem_cache_free(m, s, objects[1].addr);
	slab_unfreeze_partials(m, s, &s->cpu[0].partial);
	kmem_cache_free(m, s, objects[2 * nr + 1].addr);
	return s;
}

static void list_loops(struct machine *m)
{
	struct slab *slab = planted(m)->slots[0];

	slab->next_free[slab->free] = slab->free;
}

static void list_leaves(struct machine *m)
{
	struct slab *slab = planted(m)->slots[0];

	slab->next_free[slab->free] = slab->objects;
}

static void object_listed(struct machine *m)
{
	struct slab *slab = planted(m)->slots[0];

	slab->allocated[0] |= 1ULL << slab->free;
}

static void object_lost(struct machine *m)
{
	struct slab *slab = planted(m)->slots[1];

	slab->allocated[0] &= ~1ULL;
	slab->given[0] &= ~1ULL;
}

static void slab_objects(struct machine *m)
{
	planted(m)->slots[1]->objects--;
}

static void slab_handle(struct machine *m)
{
	planted(m)->slots[1]->handle++;
}

static void full_on_list(struct machine *m)
{
	struct kmem_cache *s = planted(m);

	slab_add_partial(s->slots[1], /* tail = */ true);
}

static void partial_said_full(struct machine *m)
{
	planted(m)->slots[0]->place = SLAB_FULL;
}

static void partial_count(struct machine *m)
{
	planted(m)->node[0].partial.nr++;
}

static void slab_unfrozen(struct machine *m)
{
	planted(m)->cpu[0].slab->cpu = 1;
}

static void cpu_partial_limit(struct machine *m)
{
	planted(m)->cpu[1].partial.nr = 1000;
}

static void empty_kept(struct machine *m)
{
	struct kmem_cache *s = planted(m);
	struct slab *slab = s->slots[0];

	s->min_partial = s->most_min_partial = 0;
	slab->allocated[0] = slab->given[0] = 0;
	for (u16 i = 0; i < slab->objects; i++)
		slab->next_free[i] = i + 1 < slab->objects ? i + 1 : SLAB_NIL;
	slab->free = slab->inuse = 0;
}

static void total_objects(struct machine *m)
{
	planted(m)->node[0].total_objects--;
}

static void node_object_freed(struct machine *m)
{
	kmem_cache_free(m, m->slab->kmem_cache_node, planted(m)->node[0].addr);
}

static void reclaimable_stat(struct machine *m)
{
	m->nodes[1]->stat[NR_SLAB_RECLAIMABLE] += PAGE_SIZE;
}

/* A cache with one object in a sheaf of CPU 0. */
static struct kmem_cache *with_sheaves(struct machine *m)
{
	const struct kmem_cache_request req = {
		.name = "sheaves", .size = 256, .sheaf_capacity = 32 };
	struct slab_object object;
	struct kmem_cache *s = NULL;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(m, &req, &s), 0);
	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, 0, &object), 0);
	kmem_cache_free(m, s, object.addr);
	CU_ASSERT_FATAL(s->cpu[0].main->size == 32);
	return s;
}

static void sheaf_counted(struct machine *m)
{
	with_sheaves(m)->cpu[0].main->objects[0].slab->nr_sheaf++;
}

static void sheaf_of_used(struct machine *m)
{
	const struct sheaf_object *first = &with_sheaves(m)->cpu[0].main->objects[0];

	first->slab->allocated[first->index / 64] |= 1ULL << first->index % 64;
}

static void sheaf_too_full(struct machine *m)
{
	with_sheaves(m)->cpu[0].main->size = 33;
}

static void sheaf_twice(struct machine *m)
{
	struct slab_sheaf *sheaf = with_sheaves(m)->cpu[0].main;

	sheaf->objects[0] = sheaf->objects[1];
}

static void barn_count(struct machine *m)
{
	with_sheaves(m)->node[0].barn.nr_full++;
}

/* The pages of an empty slab that was typesafe by RCU. */
static void waiting_object(struct machine *m)
{
	const struct kmem_cache_request req = {
		.name = "typesafe", .size = 512, .flags = SLAB_TYPESAFE_BY_RCU };
	struct slab_object object;
	struct kmem_cache *s = NULL;
	struct slab *slab;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_create(m, &req, &s), 0);
	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, 0, &object), 0);
	slab = slab_of_addr(m, object.addr);
	kmem_cache_free(m, s, object.addr);
	kmem_cache_shrink(m, s);
	CU_ASSERT_FATAL(slab->place == SLAB_WAITS);
	slab->allocated[0] = 1;
}

static void rcu_sheaf_freed(struct machine *m)
{
	struct kmem_cache *s = with_sheaves(m);
	const struct sheaf_object *first;
	struct slab_object object;

	CU_ASSERT_EQUAL_FATAL(kmem_cache_alloc(m, s, GFP_KERNEL, 0, &object), 0);
	CU_ASSERT_EQUAL_FATAL(kmem_cache_frees_by_rcu(m, s), 0);
	kmem_cache_kfree_rcu(m, s, object.addr);
	first = &s->cpu[0].rcu_free->objects[0];
	first->slab->allocated[first->index / 64] &= ~(1ULL << first->index % 64);
}

static const struct plant plants[] = {
	{ "A1", slab_inuse, "a slab counts an object less than are in use" },
	{ "A1 A3", slab_page, "a page of a slab names another slab" },
	{ "A2 A4", slab_count, "a node counts a slab more than there are" },
	{ "A2", slab_place, "a CPU's list counts a slab more than it has" },
	{ "A3", object_leaked, "an object that nobody remembers" },
	{ "A3", vmap_area_leaked, "an object of an engine's cache that no area has" },
	{ "A3", object_freed, "an area keeps an object that was freed" },
	{ "A3", given_free, "a script holds an object that is free" },
	{ "A3", cache_leaked, "an object more than there are caches" },
	{ "A4", slab_stat, "nr_slab_unreclaimable is a page more" },
	{ "A4", large_count, "pages of a big kmalloc() are not counted" },
	{ "A1", list_loops, "a slab's list of free objects leads to itself" },
	{ "A1", list_leaves, "a slab's list of free objects leads out of it" },
	{ "A1 A3", object_listed, "an object is allocated, and on the list of free ones" },
	{ "A1 A3", object_lost, "an object is neither free nor allocated" },
	{ "A1 A2 A4", slab_objects, "a slab has an object less than fit" },
	{ "A1 A3", slab_handle, "a slab's objects have their neighbours' handles" },
	{ "A2 A4", full_on_list, "a full slab is on its node's list of partial ones" },
	{ "A2 A4", partial_said_full,
	  "a partial slab on its node's list says that it is on none" },
	{ "A2 A4", partial_count, "a node counts a partial slab more than its list has" },
	{ "A2 A1", slab_unfrozen, "a CPU allocates from a slab that is another CPU's" },
	{ "A2", cpu_partial_limit, "a CPU keeps more partial slabs than cpu_partial_slabs" },
	{ "A2 A3 A4", empty_kept, "a node keeps an empty slab more than min_partial" },
	{ "A2 A4", total_objects, "a node counts an object less than its slabs have" },
	{ "A3", node_object_freed, "a cache's kmem_cache_node was freed" },
	{ "A4", reclaimable_stat, "nr_slab_reclaimable is a page more" },
	{ "A2 A1", sheaf_counted, "a slab counts an object more in sheaves", .release = "6.18" },
	{ "A2 A1 A3", sheaf_of_used, "a sheaf has an object that is in use", .release = "6.18" },
	{ "A2", sheaf_too_full,
	  "a sheaf has an object more than its capacity", .release = "6.18" },
	{ "A2", sheaf_twice, "a sheaf has one object twice, another nowhere", .release = "6.18" },
	{ "A2", barn_count, "a barn counts a full sheaf more than it has", .release = "6.18" },
	{ "A1", waiting_object, "an object is in use in a slab whose pages wait for a grace period" },
	{ "A2 A1 A3", rcu_sheaf_freed, "a sheaf for RCU has an object that is free already",
	  .release = "6.18" },
};

const struct plant_table slab_plants = { "slabs", plants, ARRAY_SIZE(plants) };
