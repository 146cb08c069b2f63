// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What /proc/slabinfo and sys/kernel/slab read. As in the kernel, an object counts
 * as active unless its slab is on a node's list of partial slabs: what CPUs hold
 * is taken for used.
 */
#include "sim/phys/slab_types.h"

unsigned int nr_kmem_caches(const struct machine *m)
{
	return m->slab->nr_caches;
}

struct kmem_cache *kmem_cache_at(const struct machine *m, unsigned int i)
{
	const struct slab_state *state = m->slab;

	return i < state->nr_caches ? state->caches[state->nr_caches - 1 - i] : NULL;
}

static u64 free_on_partial(const struct kmem_cache_node *n)
{
	u64 free = 0;

	for (const struct slab *slab = n->partial.first; slab; slab = slab->next)
		free += slab->objects - slab->inuse;
	return free;
}

static u64 used_on_partial(const struct kmem_cache_node *n)
{
	u64 used = 0;

	for (const struct slab *slab = n->partial.first; slab; slab = slab->next)
		used += slab->inuse;
	return used;
}

/* Slabs of this node that CPUs hold: the one in use, then the partial ones. */
static u64 cpu_slabs_of_node(const struct machine *m, const struct kmem_cache *s,
			     unsigned int node)
{
	u64 nr = 0;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct kmem_cache_cpu *c = &s->cpu[cpu];

		nr += c->slab && c->slab->node == node;
		for (const struct slab *slab = c->partial.first; slab; slab = slab->next)
			nr += slab->node == node;
	}
	return nr;
}

static u64 count_slabs(const struct machine *m, const struct kmem_cache *s, unsigned int node)
{
	return s->node[node].nr_slabs;
}

static u64 count_total_objects(const struct machine *m, const struct kmem_cache *s,
			       unsigned int node)
{
	return s->node[node].total_objects;
}

static u64 count_objects(const struct machine *m, const struct kmem_cache *s,
			 unsigned int node)
{
	return s->node[node].total_objects - free_on_partial(&s->node[node]);
}

static u64 count_partial(const struct machine *m, const struct kmem_cache *s,
			 unsigned int node)
{
	return s->node[node].partial.nr;
}

static u64 count_objects_partial(const struct machine *m, const struct kmem_cache *s,
				 unsigned int node)
{
	return used_on_partial(&s->node[node]);
}

static const struct {
	const char *what;
	u64 (*count)(const struct machine *m, const struct kmem_cache *s, unsigned int node);
} node_counts[] = {
	{ "slabs", count_slabs },
	{ "objects", count_objects },
	{ "total_objects", count_total_objects },
	{ "partial", count_partial },
	{ "objects_partial", count_objects_partial },
	{ "cpu_slabs", cpu_slabs_of_node },
};

u64 kmem_cache_node_count(const struct machine *m, const struct kmem_cache *s,
			  unsigned int node, const char *what)
{
	if (node >= m->nr_nodes)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(node_counts); i++)
		if (!strcmp(node_counts[i].what, what))
			return node_counts[i].count(m, s, node);
	return 0;
}

u64 kmem_cache_cpu_partial(const struct kmem_cache *s, unsigned int cpu)
{
	return s->cpu[cpu].partial.nr;
}

void kmem_cache_info(const struct machine *m, const struct kmem_cache *s,
		     struct slab_info *info)
{
	*info = (struct slab_info) {
		.name = s->name,
		.object_size = s->geo.object_size,
		.size = s->geo.size,
		.align = s->geo.align,
		.objs_per_slab = s->geo.objects,
		.order = s->geo.order,
		.min_partial = s->min_partial,
		.cpu_partial = s->cpu_partial,
		.cpu_partial_slabs = s->cpu_partial_slabs,
		.flags = s->flags,
		.aliases = s->refcount - 1,
		.usersize = s->usersize,
		.sheaf_capacity = s->sheaf_capacity,
		.defrag_ratio = s->defrag_ratio,
	};
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		const struct kmem_cache_node *n = &s->node[node];

		info->num_objs += n->total_objects;
		info->active_objs += n->total_objects - free_on_partial(n);
		info->num_slabs += n->nr_slabs;
		info->partial_slabs += n->partial.nr;
		info->cpu_slabs += cpu_slabs_of_node(m, s, node);
	}
	/* SLUB keeps no count of its own: all slabs are said to be active. */
	info->active_slabs = info->num_slabs;
}

const char *kmem_cache_alias(const struct kmem_cache *s, unsigned int i)
{
	return i + 1 < s->refcount ? s->aliases[i] : NULL;
}

const char *kmem_cache_sysfs_name(const struct kmem_cache *s)
{
	return s->sysfs_name[0] ? s->sysfs_name : s->name;
}

u64 kmem_cache_object_addr(const struct kmem_cache *s, u32 handle)
{
	u32 slot = (handle - 1) / s->geo.objects, i = (handle - 1) % s->geo.objects;

	if (!handle || slot >= s->nr_slots || !s->slots[slot] || i >= s->slots[slot]->objects)
		return 0;
	return slab_object_addr(s->slots[slot], i);
}

u32 kmem_cache_handle_limit(const struct kmem_cache *s)
{
	return s->nr_slots * s->geo.objects + 1;
}

int slab_node_of(const struct machine *m, u64 addr)
{
	const struct slab *slab = slab_of_addr(m, addr);

	return slab ? slab->node : -1;
}

size_t slab_most_host_bytes(const struct machine *m)
{
	return m->slab->most_slab_bytes;
}

struct kmem_cache *kmem_cache_of(const struct machine *m, u64 addr, bool *allocated)
{
	struct slab *slab = slab_of_addr(m, addr);
	unsigned int i;

	*allocated = false;
	if (!slab)
		return NULL;
	i = slab_object_index(slab, addr);
	if (i == SLAB_NIL)
		return NULL;
	*allocated = slab_allocated(slab, i);
	return slab->cache;
}
