// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariant A3, objects: what is allocated in a cache is claimed by a module of the
 * engine, held by a script, or was left behind by the boot. Modules claim first, then
 * each cache is counted. A cache that the boot made for a part of the kernel that is
 * not modelled, or not yet, may have more than that; it has no fewer. Then A4: whole
 * pages of kmalloc() are recounted.
 */
#include "sim/phys/slab_types.h"

typedef unsigned long long ull;

void slab_forget_object(struct machine *m, u64 addr)
{
	struct slab *slab = slab_of_addr(m, addr);

	if (slab)
		slab->cache->nr_nameless++;
}

void object_claim(struct object_census *census, u64 addr, const char *what)
{
	bool allocated;
	const struct kmem_cache *s = kmem_cache_of(census->m, addr, &allocated);

	census->check->nr_checked++;
	if (!s || !allocated || s->id >= OBJECT_CACHES)
		check_fail(census->check, "A3", "object 0x%llx: expected allocated as %s, found %s",
			   (ull)addr, what, s ? "free" : "no slab there");
	else
		census->claimed[s->id]++;
}

struct object_counts {
	u64 live, given, stray;	/* stray: a script's, but not allocated */
};

static struct object_counts count_objects(const struct kmem_cache *s)
{
	struct object_counts counts = { 0 };

	for (u32 slot = 0; slot < s->nr_slots; slot++) {
		const struct slab *slab = s->slots[slot];

		for (unsigned int i = 0; slab && i < slab_words(slab); i++) {
			u64 allocated = slab->allocated[i], given = slab->given[i];

			counts.live += (u64)__builtin_popcountll(allocated);
			counts.given += (u64)__builtin_popcountll(given & allocated);
			counts.stray += (u64)__builtin_popcountll(given & ~allocated);
		}
	}
	return counts;
}

/* Are all owners of its objects known? The caches of caches have a check of their own. */
static bool all_known(const struct object_census *census, const struct kmem_cache *s)
{
	if (s->id < OBJECT_CACHES && census->claimed[s->id] && !(s->flags & SLAB_KMALLOC))
		return true;
	return census->check->scripted && (!s->boot || s->flags & SLAB_KMALLOC);
}

static void check_cache(const struct object_census *census, const struct kmem_cache *s)
{
	struct object_counts found = count_objects(s);
	u64 claimed = s->id < OBJECT_CACHES ? census->claimed[s->id] : 0;
	u64 known = claimed + found.given + s->nr_nameless;
	struct check *check = census->check;

	check->nr_checked += 2;
	if (found.stray)
		check_fail(check, "A3", "%s: expected allocated what scripts hold, found %llu free "
			   "objects of theirs", s->name, (ull)found.stray);
	if (found.live < known || (found.live > known && all_known(census, s)))
		check_fail(check, "A3", "%s: expected %llu objects: %llu of the engine, %llu of "
			   "scripts, %u of the boot, found %llu", s->name, (ull)known,
			   (ull)claimed, (ull)found.given, s->nr_nameless, (ull)found.live);
}

void kmem_cache_recount(const struct kmem_cache *s, unsigned int node, struct slab_info *info)
{
	*info = (struct slab_info) { .name = s->name };
	for (u32 slot = 0; slot < s->nr_slots; slot++) {
		const struct slab *slab = s->slots[slot];

		if (!slab || slab->node != node)
			continue;
		info->num_slabs++;
		info->num_objs += slab->objects;
		info->active_objs += slab->place == SLAB_ON_NODE ? slab->inuse : slab->objects;
		info->partial_slabs += slab->place == SLAB_ON_NODE;
		info->cpu_slabs += slab->place == SLAB_ON_CPU ||
				   slab->place == SLAB_ON_CPU_PARTIAL;
	}
}

static void check_large(const struct machine *m, struct check *check)
{
	u64 pages[MAX_NUMNODES] = { 0 };

	for_each_present_pfn(m, pfn, 0, m->max_pfn) {
		const struct page *page = pfn_to_page(m, pfn);

		if (page_type(page) == PGTY_kernel && page->mapping == KMALLOC_LARGE_MAPPING &&
		    allocated_order(m, pfn) >= 0)
			pages[m->zones[page_zone_index(page)]->node] +=
				1ULL << allocated_order(m, pfn);
	}
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		check->nr_checked++;
		if (pages[node] != m->slab->large_pages[node])
			check_fail(check, "A4", "node %u: expected %llu pages of kmalloc() above "
				   "the classes, found %llu", node, (ull)pages[node],
				   (ull)m->slab->large_pages[node]);
	}
}

void slab_objects_validate(const struct object_census *census)
{
	const struct slab_state *state = census->m->slab;

	if (!state || !state->kmem_cache_node)
		return;
	for (unsigned int i = 0; i < state->nr_caches; i++)
		if (state->caches[i] != state->kmem_cache &&
		    state->caches[i] != state->kmem_cache_node)
			check_cache(census, state->caches[i]);
	check_large(census->m, census->check);
}
