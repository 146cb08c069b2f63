// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CPU allocates from its main sheaf and frees into it. When that is empty, or full, the
 * spare one takes its place if it can; else the barn of the node exchanges it; else a
 * sheaf is filled from slabs, or emptied into them. The kernel allocates sheaves; here
 * there is host memory for as many as there can be, and those that the kernel would not
 * have are `unused`.
 */
#include "sim/phys/slab_sheaf.h"

#include "sim/base/digest.h"
#include "sim/phys/slab_charge.h"
#include "sim/phys/slab_rcu.h"

#define MAX_FULL_SHEAVES 10
#define MAX_RCU_SHEAVES 5	/* of each CPU; what is freed by then waits by itself */

typedef unsigned long long ull;

static u32 nr_sheaves(const struct machine *m)
{
	/* Two of each CPU, a barn that is full, those that wait, some that change hands. */
	return (2 + MAX_RCU_SHEAVES) * m->nr_cpus + (MAX_FULL_SHEAVES + 2) * m->nr_nodes + 2;
}

static size_t sheaf_bytes(const struct kmem_cache *s)
{
	return sizeof(struct slab_sheaf) + s->sheaf_capacity * sizeof(struct sheaf_object);
}

static void push_sheaf(struct slab_sheaf **list, struct slab_sheaf *sheaf)
{
	sheaf->next = *list;
	*list = sheaf;
}

static struct slab_sheaf *pop_sheaf(struct slab_sheaf **list)
{
	struct slab_sheaf *sheaf = *list;

	if (sheaf)
		*list = sheaf->next;
	return sheaf;
}

int slab_sheaves_init(struct machine *m, struct kmem_cache *s)
{
	char *at;

	if (!rel_slub_has_sheaves(m->release) || slab_is_debug(s))
		s->sheaf_capacity = 0;
	if (!s->sheaf_capacity)
		return 0;
	s->sheaves = arena_alloc(&m->arena, nr_sheaves(m) * sheaf_bytes(s));
	if (!s->sheaves || slab_rcu_reserve_sheaves(m, MAX_RCU_SHEAVES * m->nr_cpus))
		return -ENOBUFS;
	at = s->sheaves;
	for (u32 i = nr_sheaves(m); i--;)
		push_sheaf(&s->unused, (struct slab_sheaf *)(void *)(at + i * sheaf_bytes(s)));
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		s->cpu[cpu].main = pop_sheaf(&s->unused);
	return 0;
}

void slab_sheaves_free(struct machine *m, struct kmem_cache *s)
{
	if (!s->sheaves)
		return;
	arena_free(&m->arena, s->sheaves, nr_sheaves(m) * sheaf_bytes(s));
	m->slab->rcu.may_wait -= MAX_RCU_SHEAVES * m->nr_cpus;
	s->sheaves = NULL;
}

static struct slab_barn *local_barn(const struct machine *m, struct kmem_cache *s)
{
	return &s->node[local_memory_node(m)].barn;
}

static void barn_put_full(struct slab_barn *barn, struct slab_sheaf *sheaf)
{
	push_sheaf(&barn->full, sheaf);
	barn->nr_full++;
}

static struct slab_sheaf *barn_get_full(struct slab_barn *barn)
{
	barn->nr_full -= barn->full != NULL;
	return pop_sheaf(&barn->full);
}

static void sheaf_flush(struct machine *m, struct kmem_cache *s, struct slab_sheaf *sheaf)
{
	while (sheaf->size) {
		struct sheaf_object object = sheaf_take(sheaf);

		slab_put_free(m, s, object.slab, object.index);
	}
}

/* Fill it from slabs, whole or not at all. 0, -ENOMEM; -ENOBUFS: nothing changed. */
static int refill_sheaf(struct machine *m, struct kmem_cache *s, struct slab_sheaf *sheaf,
			gfp_t gfp)
{
	/* A slab of the smallest order may hold one object alone. */
	u32 least = MAX((u32)((PAGE_SIZE << s->geo.min_order) / s->geo.size), 1U);
	int err = slab_reserve_slabs(m, s, DIV_ROUND_UP(s->sheaf_capacity, least));

	while (!err && sheaf->size < s->sheaf_capacity) {
		struct sheaf_object object;

		err = slab_take_free(m, s, gfp | __GFP_NOMEMALLOC, NUMA_NO_NODE, &object);
		if (err)
			break;
		/* Whoever was killed to make room may have filled it meanwhile. */
		if (sheaf->size < s->sheaf_capacity)
			sheaf_add(sheaf, object.slab, object.index);
		else
			slab_put_free(m, s, object.slab, object.index);
	}
	if (err)
		sheaf_flush(m, s, sheaf);
	return err;
}

/* The main sheaf is empty. 1: no more; 0: it stays so; -ENOBUFS. */
static int replace_empty_main(struct machine *m, struct kmem_cache *s, gfp_t gfp)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct slab_barn *barn = local_barn(m, s);
	struct slab_sheaf *sheaf = c->rest;
	int err;

	if (sheaf && sheaf->size) {
		c->rest = c->main;
		c->main = sheaf;
		return 1;
	}
	if (barn->nr_full) {
		push_sheaf(&barn->empty, c->main);
		c->main = barn_get_full(barn);
		return 1;
	}
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return 0;
	/* The main one is filled in place: the spare, empty, would go to the barn for it. */
	err = refill_sheaf(m, s, c->main, gfp);
	if (err == -ENOBUFS)
		return err;
	machine_why(m, "cache %s: CPU %u's sheaves are empty, and its node has no full one: %u "
		    "objects %s (__pcs_replace_empty_main)", s->name, m->cpu, s->sheaf_capacity,
		    err ? "cannot be had" : "come from slabs");
	return !err;
}

int slab_sheaf_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
		     struct sheaf_object *object)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct slab_sheaf *sheaf;
	int ret = 1;

	if (node != NUMA_NO_NODE && node != (int)local_memory_node(m))
		return 0;
	if (unlikely(!c->main->size))
		ret = replace_empty_main(m, s, gfp);
	if (unlikely(ret <= 0))
		return ret;
	sheaf = c->main;
	if (node != NUMA_NO_NODE && sheaf->objects[sheaf->size - 1].slab->node != node)
		return 0;
	*object = sheaf_take(sheaf);
	return 1;
}

/* The main sheaf is full: afterwards it is not. */
static void replace_full_main(struct machine *m, struct kmem_cache *s)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct slab_barn *barn = local_barn(m, s);
	struct slab_sheaf *full = c->main;

	if (c->rest && c->rest->size < s->sheaf_capacity) {
		c->main = c->rest;
		c->rest = full;
		return;
	}
	if (c->rest && barn->nr_full >= MAX_FULL_SHEAVES) {
		machine_why(m, "cache %s: CPU %u's sheaves are full, and so is its node's barn: %u "
			    "objects go to their slabs (__pcs_replace_full_main)", s->name,
			    m->cpu, c->rest->size);
		sheaf_flush(m, s, c->rest);
		c->main = c->rest;
		c->rest = full;
		return;
	}
	c->main = pop_sheaf(&barn->empty);
	if (!c->main)
		c->main = pop_sheaf(&s->unused);
	BUG_ON(m, !c->main);
	if (c->rest)
		barn_put_full(barn, full);
	else
		c->rest = full;
}

bool slab_sheaf_put(struct machine *m, struct kmem_cache *s, struct slab *slab, u16 i)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];

	if (slab->node != local_memory_node(m))
		return false;
	if (unlikely(c->main->size == s->sheaf_capacity))
		replace_full_main(m, s);
	sheaf_add(c->main, slab, i);
	return true;
}

/* An empty sheaf for what will wait; NULL: none is to be had. */
static struct slab_sheaf *get_rcu_sheaf(struct machine *m, struct kmem_cache *s)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct slab_sheaf *sheaf = c->rest;

	if (s->nr_rcu_sheaves == MAX_RCU_SHEAVES * m->nr_cpus)
		return NULL;
	if (sheaf && !sheaf->size)
		c->rest = NULL;
	else
		sheaf = pop_sheaf(&local_barn(m, s)->empty);
	if (!sheaf)
		sheaf = pop_sheaf(&s->unused);
	s->nr_rcu_sheaves += sheaf != NULL;
	return sheaf;
}

void kmem_cache_kfree_rcu_at(struct machine *m, struct kmem_cache *s, u64 addr,
			     const char *site)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct slab *slab = slab_of_addr(m, addr);
	unsigned int i;

	BUG_ON(m, !slab || slab->cache != s);
	if (s->sheaves && slab->node == local_memory_node(m) && !c->rcu_free)
		c->rcu_free = get_rcu_sheaf(m, s);
	if (!s->sheaves || slab->node != local_memory_node(m) || !c->rcu_free) {
		kmem_cache_free_rcu_at(m, s, addr, 1, site);
		return;
	}
	i = slab_object_index(slab, addr);
	BUG_ON(m, i == SLAB_NIL || !slab_allocated(slab, i));
	slab_touch(slab);
	slab->given[i / 64] &= ~(1ULL << (i % 64));
	c->rcu_free->objects[c->rcu_free->size++] = (struct sheaf_object){ slab, (u16)i };
	if (c->rcu_free->size < s->sheaf_capacity)
		return;
	slab_sheaf_free_by_rcu(m, s, c->rcu_free);
	c->rcu_free = NULL;
}

/* A full one goes to the barn if that has room; one that was flushed is emptied. */
void slab_sheaf_waited(struct machine *m, struct kmem_cache *s, struct slab_sheaf *sheaf)
{
	struct slab_barn *barn = local_barn(m, s);
	bool keep = sheaf->size == s->sheaf_capacity && barn->nr_full < MAX_FULL_SHEAVES;

	s->nr_rcu_sheaves--;
	for (u32 i = 0; i < sheaf->size; i++) {
		const struct sheaf_object *object = &sheaf->objects[i];

		object->slab->allocated[object->index / 64] &= ~(1ULL << object->index % 64);
		object->slab->nr_sheaf++;
		if (object->slab->nr_memcg)
			slab_uncharge_object(m, object->slab, object->index);
		slab_touch(object->slab);
	}
	if (keep) {
		barn_put_full(barn, sheaf);
		return;
	}
	sheaf_flush(m, s, sheaf);
	push_sheaf(&barn->empty, sheaf);
}

void slab_sheaves_flush_cpu(struct machine *m, struct kmem_cache *s, unsigned int cpu)
{
	struct kmem_cache_cpu *c = &s->cpu[cpu];
	unsigned int caller = m->cpu;

	if (!s->sheaves)
		return;
	m->cpu = cpu;
	if (c->rest) {
		sheaf_flush(m, s, c->rest);
		push_sheaf(&s->unused, c->rest);
		c->rest = NULL;
	}
	if (c->rcu_free)
		slab_sheaf_free_by_rcu(m, s, c->rcu_free);
	c->rcu_free = NULL;
	sheaf_flush(m, s, c->main);
	m->cpu = caller;
}

void slab_barns_shrink(struct machine *m, struct kmem_cache *s)
{
	for (unsigned int node = 0; s->sheaves && node < m->nr_nodes; node++) {
		struct slab_barn *barn = &s->node[node].barn;
		struct slab_sheaf *sheaf;

		while ((sheaf = barn_get_full(barn))) {
			sheaf_flush(m, s, sheaf);
			push_sheaf(&s->unused, sheaf);
		}
		while ((sheaf = pop_sheaf(&barn->empty)))
			push_sheaf(&s->unused, sheaf);
	}
}

/* How many objects, and a number that other objects would not sum up to. */
struct sheaf_sum {
	u64 nr, names;
};

static void sum_add(struct sheaf_sum *sum, const struct slab *slab, unsigned int i)
{
	u64 name = ((u64)slab->id << 16 | i) * 0x9e3779b97f4a7c15ULL;

	sum->nr++;
	sum->names += name ^ name >> 29;
}

/* Objects of a sheaf that are wrong are reported; the others are summed up. */
static void check_sheaf(const struct kmem_cache *s, const struct slab_sheaf *sheaf,
			struct sheaf_sum *sum, struct check *check)
{
	check->nr_checked++;
	if (sheaf->size > s->sheaf_capacity) {
		check_fail(check, "A2", "%s: expected %u objects in a sheaf or fewer, found %u",
			   s->name, s->sheaf_capacity, sheaf->size);
		return;
	}
	for (u32 i = 0; i < sheaf->size; i++) {
		const struct sheaf_object *object = &sheaf->objects[i];

		if (object->slab->cache != s || object->index >= object->slab->objects ||
		    slab_allocated(object->slab, object->index))
			check_fail(check, "A2", "%s: expected free objects in its sheaves, found %u "
				   "of slab %u", s->name, object->index, object->slab->id);
		else
			sum_add(sum, object->slab, object->index);
	}
}

/* What is on its way to wait is not free yet. */
static void check_rcu_sheaf(const struct kmem_cache *s, const struct slab_sheaf *sheaf,
			    struct check *check)
{
	check->nr_checked++;
	for (u32 i = 0; sheaf && i < MIN(sheaf->size, s->sheaf_capacity); i++) {
		const struct sheaf_object *object = &sheaf->objects[i];

		if (object->slab->cache != s || object->index >= object->slab->objects ||
		    !slab_allocated(object->slab, object->index))
			check_fail(check, "A2", "%s: expected objects that nobody may use yet in "
				   "the sheaf for RCU, found %u of slab %u", s->name, object->index,
				   object->slab->id);
	}
}

static void mark_list(const struct slab *slab, u16 first, u64 *marks)
{
	unsigned int nr = 0;

	for (u16 i = first; i < slab->objects && nr < slab->objects; i = slab->next_free[i], nr++)
		marks[i / 64] |= 1ULL << (i % 64);
}

/* Objects that are neither allocated nor on a list of free ones: where else are they? */
static void sum_unlisted(const struct slab *slab, struct sheaf_sum *sum)
{
	const struct kmem_cache_cpu *c = &slab->cache->cpu[slab->cpu];
	u64 listed[SLAB_MAX_OBJS / 64 + 1];

	memset(listed, 0, slab_words(slab) * sizeof(u64));
	mark_list(slab, slab->free, listed);
	if (slab->place == SLAB_ON_CPU && c->slab == slab)
		mark_list(slab, c->free, listed);
	for (unsigned int i = 0; i < slab->objects; i++)
		if (!slab_allocated(slab, i) && !(listed[i / 64] >> (i % 64) & 1))
			sum_add(sum, slab, i);
}

void slab_sheaves_validate(const struct machine *m, const struct kmem_cache *s,
			   struct check *check)
{
	struct sheaf_sum found = { 0 }, expected = { 0 };
	u64 counted = 0;

	if (!s->sheaves)
		return;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		check_sheaf(s, s->cpu[cpu].main, &found, check);
		if (s->cpu[cpu].rest)
			check_sheaf(s, s->cpu[cpu].rest, &found, check);
		check_rcu_sheaf(s, s->cpu[cpu].rcu_free, check);
	}
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		const struct slab_barn *barn = &s->node[node].barn;
		u32 full = 0;

		for (const struct slab_sheaf *f = barn->full; f; f = f->next, full++)
			check_sheaf(s, f, &found, check);
		check->nr_checked++;
		if (full != barn->nr_full || full > MAX_FULL_SHEAVES)
			check_fail(check, "A2", "%s node %u: expected %u full sheaves, found %u",
				   s->name, node, barn->nr_full, full);
	}
	for (u32 slot = 0; slot < s->nr_slots; slot++) {
		const struct slab *slab = s->slots[slot];

		counted += slab ? slab->nr_sheaf : 0;
		if (slab && slab->nr_sheaf)
			sum_unlisted(slab, &expected);
	}
	check->nr_checked += 2;
	if (counted != found.nr)
		check_fail(check, "A2", "%s: expected %llu objects in sheaves, as slabs say, found "
			   "%llu", s->name, (ull)counted, (ull)found.nr);
	else if (expected.names != found.names)
		check_fail(check, "A2", "%s: expected in sheaves the %llu objects that are free "
			   "and on no list, found others", s->name, (ull)expected.nr);
}

void slab_sheaf_claim(const struct slab_sheaf *sheaf, struct object_census *census)
{
	for (u32 i = 0; sheaf && i < sheaf->size; i++)
		object_claim(census, slab_object_addr(sheaf->objects[i].slab,
						      sheaf->objects[i].index),
			     "what will wait for a grace period");
}

void slab_sheaf_digest(struct digest *d, const struct slab_sheaf *sheaf)
{
	digest_u64(d, sheaf ? sheaf->size : UINT32_MAX);
	for (u32 i = 0; sheaf && i < sheaf->size; i++)
		digest_u64(d, (u64)sheaf->objects[i].slab->pfn << 16 | sheaf->objects[i].index);
}

void slab_sheaves_digest(const struct machine *m, const struct kmem_cache *s, struct digest *d)
{
	for (unsigned int cpu = 0; s->sheaves && cpu < m->nr_cpus; cpu++) {
		slab_sheaf_digest(d, s->cpu[cpu].main);
		slab_sheaf_digest(d, s->cpu[cpu].rest);
		slab_sheaf_digest(d, s->cpu[cpu].rcu_free);
	}
	for (unsigned int node = 0; s->sheaves && node < m->nr_nodes; node++)
		for (const struct slab_sheaf *f = s->node[node].barn.full; f; f = f->next)
			slab_sheaf_digest(d, f);
}
