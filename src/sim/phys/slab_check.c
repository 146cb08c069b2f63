// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariants A1 to A4: each slab by itself, the lists it is on, the objects that
 * stand for caches, the counters. A slab is first looked at from the table of all
 * slabs (what it says of itself), then from the lists (what they say of it).
 */
#include "sim/base/digest.h"
#include "sim/phys/slab_rcu.h"
#include "sim/phys/slab_sheaf.h"

typedef unsigned long long ull;

static const char *const place_names[] = {
	[SLAB_ON_CPU] = "a cpu",
	[SLAB_ON_CPU_PARTIAL] = "a cpu's partial list",
	[SLAB_ON_NODE] = "a node's partial list",
	[SLAB_FULL] = "no list",
	[SLAB_WAITS] = "no list: it waits for a grace period",
};

static unsigned int count_allocated(const struct slab *slab)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < slab_words(slab); i++)
		nr += __builtin_popcountll(slab->allocated[i]);
	return nr;
}

/* Length of a list of free objects; -1 if it leaves the slab, loops, or is in use. */
static int count_free_list(const struct slab *slab, u16 first)
{
	int nr = 0;

	for (u16 i = first; i != SLAB_NIL; i = slab->next_free[i]) {
		if (i >= slab->objects || nr >= slab->objects || slab_allocated(slab, i))
			return -1;
		nr++;
	}
	return nr;
}

/* The part of the slab's free objects that its CPU keeps. */
static int count_cpu_list(const struct machine *m, const struct slab *slab)
{
	const struct kmem_cache_cpu *c;

	if (slab->place != SLAB_ON_CPU || slab->cpu >= m->nr_cpus)
		return 0;
	c = &slab->cache->cpu[slab->cpu];
	return c->slab == slab ? count_free_list(slab, c->free) : 0;
}

static void check_pages(const struct machine *m, const struct slab *slab,
			struct check *check)
{
	for (u64 pfn = slab->pfn; pfn < slab->pfn + (1ULL << slab->order); pfn++) {
		const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;

		if (!page || page_type(page) != PGTY_slab || page->mapping != slab->id)
			check_fail(check, "A1", "slab %u of %s: expected page 0x%llx to be its, "
				   "found type 0x%x, slab %u", slab->id, slab->cache->name,
				   (ull)pfn, page ? page_type(page) : 0,
				   page ? page->mapping : 0);
	}
}

static void check_slab(const struct machine *m, const struct slab *slab,
		       struct check *check)
{
	const struct kmem_cache *s = slab->cache;
	u32 objects = MIN((PAGE_SIZE << slab->order) / s->geo.size, s->geo.objects);
	int free = count_free_list(slab, slab->free), on_cpu = count_cpu_list(m, slab);
	unsigned int allocated = count_allocated(slab);

	check->nr_checked += 4;
	if (slab->place == SLAB_WAITS) {
		check_pages(m, slab, check);
		if (allocated)
			check_fail(check, "A1", "slab %u of %s: expected no object in use where "
				   "its pages wait for a grace period, found %u", slab->id,
				   s->name, allocated);
		return;
	}
	if (slab->objects != objects)
		check_fail(check, "A1", "slab %u of %s: expected %u objects, found %u",
			   slab->id, s->name, objects, slab->objects);
	if (slab->poked) {	/* what a script wrote is the machine's trouble, not ours */
		check_pages(m, slab, check);
		return;
	}
	if (free < 0 || on_cpu < 0) {
		check_fail(check, "A1", "slab %u of %s: expected a list of its free objects, "
			   "found one that loops, leaves it or holds an allocated object",
			   slab->id, s->name);
		return;
	}
	if (slab->inuse != slab->objects - free)
		check_fail(check, "A1", "slab %u of %s: expected inuse %d, found %u",
			   slab->id, s->name, slab->objects - free, slab->inuse);
	if (allocated + free + on_cpu + slab->nr_sheaf != slab->objects)
		check_fail(check, "A1", "slab %u of %s: expected %d allocated, found %u",
			   slab->id, s->name, slab->objects - free - on_cpu - slab->nr_sheaf,
			   allocated);
	check_pages(m, slab, check);
	if (slab->place == SLAB_FULL && free)
		check_fail(check, "A2", "slab %u of %s: expected full, found %d free",
			   slab->id, s->name, free);
	if (slab->place == SLAB_ON_NODE && !free)
		check_fail(check, "A2", "slab %u of %s: expected free objects on the node's "
			   "list, found none", slab->id, s->name);
}

/* Walk a list: every slab of it says that it is there. Returns how many. */
static u32 check_list(const struct kmem_cache *s, const struct slab_list *list,
		      enum slab_place place, unsigned int where, struct check *check)
{
	const struct slab *before = NULL;
	u32 nr = 0;

	for (const struct slab *slab = list->first; slab && nr <= list->nr;
	     before = slab, slab = slab->next) {
		nr++;
		if (slab->cache != s || slab->place != place || slab->prev != before ||
		    (place == SLAB_ON_NODE ? slab->node : slab->cpu) != where)
			check_fail(check, "A2", "slab %u of %s: expected on %s (%u), found %s",
				   slab->id, s->name, place_names[place], where,
				   place_names[MIN(slab->place, SLAB_WAITS)]);
	}
	check->nr_checked++;
	if (nr != list->nr || list->last != before)
		check_fail(check, "A2", "%s: expected %u slabs on %s (%u), found %u", s->name,
			   list->nr, place_names[place], where, nr);
	return nr;
}

static u32 check_cpus(const struct machine *m, const struct kmem_cache *s,
		      struct check *check)
{
	u32 limit = MAX(s->cpu_partial_slabs, s->cpu_partial_slabs / 2 + 1), nr = 0;

	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct kmem_cache_cpu *c = &s->cpu[cpu];

		check->nr_checked += 2;
		if (c->slab ? c->slab->cache != s || c->slab->place != SLAB_ON_CPU ||
			      c->slab->cpu != cpu : c->free != SLAB_NIL)
			check_fail(check, "A2", "%s cpu %u: expected its slab to be frozen for "
				   "it, found otherwise", s->name, cpu);
		if (c->partial.nr > limit)
			check_fail(check, "A2", "%s cpu %u: expected %u partial slabs or fewer, "
				   "found %u", s->name, cpu, limit, c->partial.nr);
		nr += !!c->slab + check_list(s, &c->partial, SLAB_ON_CPU_PARTIAL, cpu, check);
	}
	return nr;
}

static u32 check_nodes(const struct machine *m, const struct kmem_cache *s,
		       struct check *check)
{
	u32 nr = 0;

	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		const struct kmem_cache_node *n = &s->node[node];
		u32 empty = 0;

		nr += check_list(s, &n->partial, SLAB_ON_NODE, node, check);
		for (const struct slab *slab = n->partial.first; slab; slab = slab->next)
			empty += !slab->inuse;
		check->nr_checked++;
		if (empty > s->most_min_partial)
			check_fail(check, "A2", "%s node %u: expected %llu empty slabs or fewer, "
				   "found %u", s->name, node, (ull)s->most_min_partial, empty);
	}
	return nr;
}

/* Slabs and objects of each node, and slabs that are on a list, by the table. */
static void check_counts(const struct machine *m, const struct kmem_cache *s, u32 on_lists,
			 struct check *check)
{
	u32 listed = 0;

	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		const struct kmem_cache_node *n = &s->node[node];
		u64 slabs = 0, objects = 0;

		for (u32 i = 0; i < s->nr_slots; i++) {
			const struct slab *slab = s->slots[i];

			if (!slab || slab->node != node)
				continue;
			slabs++;
			objects += slab->objects;
			listed += slab->place != SLAB_FULL;
		}
		check->nr_checked++;
		if (slabs != n->nr_slabs || objects != n->total_objects)
			check_fail(check, "A2", "%s node %u: expected %llu slabs, %llu objects, "
				   "found %llu, %llu", s->name, node, (ull)slabs, (ull)objects,
				   (ull)n->nr_slabs, (ull)n->total_objects);
	}
	if (listed != on_lists)
		check_fail(check, "A2", "%s: expected %u slabs on lists, found %u", s->name,
			   listed, on_lists);
}

static void check_slots(const struct kmem_cache *s, struct check *check)
{
	for (u32 i = 0; i < s->nr_slots; i++) {
		const struct slab *slab = s->slots[i];

		if (slab && (slab->cache != s || slab->handle != i * s->geo.objects + 1))
			check_fail(check, "A1", "slab %u of %s: expected handle %u, found %u",
				   slab->id, s->name, i * s->geo.objects + 1, slab->handle);
	}
}

static u64 live_objects(const struct kmem_cache *s)
{
	u64 nr = 0;

	for (u32 i = 0; i < s->nr_slots; i++)
		nr += s->slots[i] ? count_allocated(s->slots[i]) : 0;
	return nr;
}

static void check_own_objects(const struct machine *m, struct check *check)
{
	const struct slab_state *state = m->slab;
	u64 nodes = 0, found;

	for (unsigned int i = 0; i < state->nr_caches; i++)
		for (unsigned int node = 0; node < m->nr_nodes; node++)
			nodes += state->caches[i]->node[node].present;
	check->nr_checked += 2;
	found = live_objects(state->kmem_cache);
	if (found != state->nr_caches)
		check_fail(check, "A3", "kmem_cache: expected %u objects, found %llu",
			   state->nr_caches, (ull)found);
	found = live_objects(state->kmem_cache_node);
	if (found != nodes)
		check_fail(check, "A3", "kmem_cache_node: expected %llu objects, found %llu",
			   (ull)nodes, (ull)found);
}

/* Bytes of slabs on a node, by whether their cache is reclaimable. */
static u64 slab_bytes(const struct machine *m, unsigned int node, bool reclaimable)
{
	u64 bytes = 0;

	for (u32 id = 0; id < m->slab->nr_slabs; id++) {
		const struct slab *slab = m->slab->slabs[id];

		if (slab && slab->node == node &&
		    !!(slab->cache->flags & SLAB_RECLAIM_ACCOUNT) == reclaimable)
			bytes += PAGE_SIZE << slab->order;
	}
	return bytes;
}

static void check_node_stat(const struct machine *m, unsigned int node,
			    enum node_stat_item item, u64 bytes, struct check *check)
{
	check->nr_checked++;
	if (m->nodes[node]->stat[item] != (s64)bytes)
		check_fail(check, "A4", "node %u: expected %s %llu bytes, found %lld", node,
			   item == NR_SLAB_RECLAIMABLE ? "nr_slab_reclaimable" :
							 "nr_slab_unreclaimable",
			   (ull)bytes, (long long)m->nodes[node]->stat[item]);
}

u64 slab_nr_pages(const struct machine *m)
{
	u64 bytes = 0;

	for (unsigned int node = 0; m->slab && node < m->nr_nodes; node++)
		bytes += slab_bytes(m, node, true) + slab_bytes(m, node, false);
	return bytes >> PAGE_SHIFT;
}

static void check_stats(const struct machine *m, struct check *check)
{
	u64 bytes[MAX_NUMNODES][2] = { 0 };

	for (unsigned int node = 0; node < m->nr_nodes; node++)
		bytes[node][0] = m->slab->large_pages[node] * PAGE_SIZE;
	for (u32 id = 0; id < m->slab->nr_slabs; id++) {
		const struct slab *slab = m->slab->slabs[id];

		if (slab)
			bytes[slab->node][!!(slab->cache->flags & SLAB_RECLAIM_ACCOUNT)] +=
				PAGE_SIZE << slab->order;
	}
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		if (!m->nodes[node])
			continue;
		check_node_stat(m, node, NR_SLAB_RECLAIMABLE, bytes[node][1], check);
		check_node_stat(m, node, NR_SLAB_UNRECLAIMABLE, bytes[node][0], check);
	}
}

void slab_validate(const struct machine *m, struct check *check)
{
	const struct slab_state *state = m->slab;

	if (!state || !state->kmem_cache_node)
		return;
	for (u32 id = 0; id < state->nr_slabs; id++)
		if (state->slabs[id])
			check_slab(m, state->slabs[id], check);
	for (unsigned int i = 0; i < state->nr_caches; i++) {
		const struct kmem_cache *s = state->caches[i];

		check_slots(s, check);
		check_counts(m, s, check_cpus(m, s, check) + check_nodes(m, s, check), check);
		slab_sheaves_validate(m, s, check);
	}
	check_own_objects(m, check);
	check_stats(m, check);
}

/* Did a fast path take an object of a CPU's slab, or give one back? */
static void check_cpu_slabs(const struct machine *m, const struct kmem_cache *s,
			    struct check *check)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct kmem_cache_cpu *c = &s->cpu[cpu];

		if (c->free != c->checked && c->slab && !c->slab->touched)
			check_slab(m, c->slab, check);
	}
}

void slab_validate_touched(const struct machine *m, struct check *check)
{
	const struct slab_state *state = m->slab;
	bool own = false;

	if (!state || !state->kmem_cache_node)
		return;
	for (unsigned int i = 0; i < state->nr_caches; i++) {
		const struct kmem_cache *s = state->caches[i];

		check_cpu_slabs(m, s, check);
		if (!s->touched)
			continue;
		own |= s == state->kmem_cache || s == state->kmem_cache_node;
		for (u32 slot = 0; slot < s->nr_slots; slot++)
			if (s->slots[slot] && s->slots[slot]->touched)
				check_slab(m, s->slots[slot], check);
		check_slots(s, check);
		check_counts(m, s, check_cpus(m, s, check) + check_nodes(m, s, check), check);
		slab_sheaves_validate(m, s, check);
	}
	if (own)
		check_own_objects(m, check);
	check_stats(m, check);
}

void slab_checked(struct machine *m)
{
	for (unsigned int i = 0; m->slab && i < m->slab->nr_caches; i++) {
		struct kmem_cache *s = m->slab->caches[i];

		for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
			s->cpu[cpu].checked = s->cpu[cpu].free;
		for (u32 slot = 0; s->touched && slot < s->nr_slots; slot++)
			if (s->slots[slot])
				s->slots[slot]->touched = false;
		s->touched = false;
	}
}

/* A list that a script wrote to may lead anywhere, or in a circle. */
static void digest_free_list(struct digest *d, const struct slab *slab)
{
	unsigned int nr = 0;

	for (u16 i = slab->free; i < slab->objects && nr <= slab->objects; nr++) {
		digest_u64(d, i);
		i = slab->next_free[i];
	}
}

static void digest_tracks(struct digest *d, const struct slab *slab)
{
	for (unsigned int i = 0; i < NR_TRACKS * slab->objects; i++) {
		const struct slab_track *track = &slab->tracks[i];

		if (!track->site)
			continue;
		digest_string(d, track->site);
		digest_u64(d, track->when);
		digest_u64(d, (u64)track->pid << 32 | track->cpu);
	}
	for (unsigned int i = 0; slab->orig_size && i < slab->objects; i++)
		digest_u64(d, slab->orig_size[i]);
}

static void digest_slab(struct digest *d, const struct slab *slab)
{
	digest_u64(d, slab->pfn);
	digest_u64(d, (u64)slab->place << 32 | slab->inuse);
	digest_u64(d, (u64)slab->disabled << 1 | slab->poked);
	digest_free_list(d, slab);
	if (slab->poked)
		digest_bytes(d, slab->bytes, PAGE_SIZE << slab->order);
	if (slab->tracks)
		digest_tracks(d, slab);
	for (unsigned int i = 0; i < slab_words(slab); i++) {
		digest_u64(d, slab->allocated[i]);
		digest_u64(d, slab->given[i]);
	}
	for (unsigned int i = 0; slab->nr_memcg && i < slab->objects; i++)
		digest_u64(d, slab->memcg[i]);
}

static void digest_list(struct digest *d, const struct slab_list *list)
{
	digest_u64(d, list->nr);
	for (const struct slab *slab = list->first; slab; slab = slab->next)
		digest_u64(d, slab->pfn);
}

static void digest_cache(const struct machine *m, struct digest *d,
			 const struct kmem_cache *s)
{
	digest_string(d, s->name);
	for (u32 i = 0; i + 1 < s->refcount; i++)
		digest_string(d, s->aliases[i]);
	digest_u64(d, (u64)s->geo.size << 32 | s->geo.object_size);
	digest_u64(d, (u64)s->flags << 32 | s->geo.order);
	digest_u64(d, s->min_partial);
	digest_u64(d, (u64)s->cpu_partial << 32 | s->defrag_ratio);
	digest_u64(d, s->addr);
	for (u32 i = 0; i < s->nr_slots; i++)
		if (s->slots[i])
			digest_slab(d, s->slots[i]);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		const struct kmem_cache_cpu *c = &s->cpu[cpu];

		digest_u64(d, c->slab ? c->slab->pfn : PFN_NIL);
		for (u16 i = c->free; i != SLAB_NIL; i = c->slab->next_free[i])
			digest_u64(d, i);
		digest_list(d, &c->partial);
	}
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		digest_u64(d, s->node[node].addr);
		digest_list(d, &s->node[node].partial);
	}
	slab_sheaves_digest(m, s, d);
}

void slab_digest(const struct machine *m, struct digest *d)
{
	if (!m->slab)
		return;
	digest_u64(d, m->slab->rng);
	slab_rcu_digest(m, d);
	for (unsigned int i = 0; i < m->slab->nr_caches; i++)
		digest_cache(m, d, m->slab->caches[i]);
}
