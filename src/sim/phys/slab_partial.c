// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How slabs move between a CPU, its list of partial slabs and the lists of the
 * nodes: leaving a CPU, the drain of an overfull CPU list, flush and shrink. An
 * empty slab is given back when its node already keeps min_partial others.
 */
#include "sim/phys/slab_sheaf.h"

#define SHRINK_PROMOTE_MAX 32

static struct kmem_cache_node *slab_node(const struct slab *slab)
{
	return &slab->cache->node[slab->node];
}

void slab_add_partial(struct slab *slab, bool tail)
{
	slab_touch(slab);
	slab->place = SLAB_ON_NODE;
	if (tail)
		slab_list_add_tail(&slab_node(slab)->partial, slab);
	else
		slab_list_add_head(&slab_node(slab)->partial, slab);
}

/* The objects of a CPU's list go back in front of the slab's own list. */
static void give_back_free_list(struct slab *slab, u16 free)
{
	u16 last = free;

	if (free == SLAB_NIL)
		return;
	for (slab->inuse--; slab->next_free[last] != SLAB_NIL; slab->inuse--)
		last = slab->next_free[last];
	slab->next_free[last] = slab->free;
	slab->free = free;
}

void slab_deactivate(struct machine *m, struct kmem_cache *s, struct kmem_cache_cpu *c)
{
	struct slab *slab = c->slab;
	bool remote_frees = slab->free != SLAB_NIL;

	slab_touch(slab);
	give_back_free_list(slab, c->free);
	c->slab = NULL;
	c->free = SLAB_NIL;
	if (!slab->inuse && slab_node(slab)->partial.nr >= s->min_partial)
		slab_discard(m, slab);
	else if (slab->free != SLAB_NIL)
		slab_add_partial(slab, /* tail = */ remote_frees);
	else
		slab->place = SLAB_FULL;
}

void slab_unfreeze_partials(struct machine *m, struct kmem_cache *s, struct slab_list *list)
{
	struct slab_list empty = { 0 };
	struct slab *slab;

	while ((slab = list->first)) {
		slab_list_del(list, slab);
		if (!slab->inuse && slab_node(slab)->partial.nr >= s->min_partial)
			slab_list_add_head(&empty, slab);
		else
			slab_add_partial(slab, /* tail = */ true);
	}
	while ((slab = empty.first)) {
		slab_list_del(&empty, slab);
		slab_discard(m, slab);
	}
}

void slab_put_cpu_partial(struct machine *m, struct kmem_cache *s, struct slab *slab,
			  bool drain)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct slab_list old = { 0 };

	if (drain && c->partial.nr && c->partial.nr >= s->cpu_partial_slabs) {
		machine_why(m, "cache %s: CPU %u's %u partial slabs >= cpu_partial_slabs %u: "
			    "all go to the nodes' lists (put_cpu_partial)",
			    s->name, m->cpu, c->partial.nr,
			    s->cpu_partial_slabs);
		old = c->partial;
		c->partial = (struct slab_list) { 0 };
	}
	slab_touch(slab);
	slab->place = SLAB_ON_CPU_PARTIAL;
	slab->cpu = m->cpu;
	slab_list_add_head(&c->partial, slab);
	slab_unfreeze_partials(m, s, &old);
}

void slab_flush_all(struct machine *m, struct kmem_cache *s)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		struct kmem_cache_cpu *c = &s->cpu[cpu];

		slab_sheaves_flush_cpu(m, s, cpu);
		if (c->slab)
			slab_deactivate(m, s, c);
		slab_unfreeze_partials(m, s, &c->partial);
	}
}

/* Append what `from` holds in front of what `to` holds. */
static void slab_list_splice(struct slab_list *from, struct slab_list *to)
{
	struct slab *slab;

	while ((slab = from->last)) {
		slab_list_del(from, slab);
		slab_list_add_head(to, slab);
	}
}

/* Empty slabs go, the fullest of the others move to the front. */
static void shrink_node(struct machine *m, struct kmem_cache_node *n)
{
	struct slab_list promote[SHRINK_PROMOTE_MAX] = { 0 }, empty = { 0 };
	struct slab *next;

	for (struct slab *slab = n->partial.first; slab; slab = next) {
		unsigned int free = slab->objects - slab->inuse;
		bool is_empty = slab_is_empty(slab);

		next = slab->next;
		if (!is_empty && (!free || free > SHRINK_PROMOTE_MAX))
			continue;
		slab_list_del(&n->partial, slab);
		slab_list_add_head(is_empty ? &empty : &promote[free - 1], slab);
	}
	for (int i = SHRINK_PROMOTE_MAX - 1; i >= 0; i--)
		slab_list_splice(&promote[i], &n->partial);
	while (empty.first) {
		struct slab *slab = empty.first;

		slab_list_del(&empty, slab);
		slab_discard(m, slab);
	}
}

int kmem_cache_shrink(struct machine *m, struct kmem_cache *s)
{
	int remain = 0;

	slab_flush_all(m, s);
	slab_barns_shrink(m, s);
	slab_flush_all(m, s);
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		shrink_node(m, &s->node[node]);
		if (s->node[node].nr_slabs)
			remain = 1;
	}
	return remain;
}
