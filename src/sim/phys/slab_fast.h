/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Allocating and freeing as it mostly goes, in line: a CPU pops the free list of its slab, or
 * its sheaf, and pushes there. For slab.c, and for objects.c, whose objects come and go with
 * every call on memory.
 */
#ifndef KMM_PHYS_SLAB_FAST_H
#define KMM_PHYS_SLAB_FAST_H

#include "sim/phys/slab_charge.h"
#include "sim/phys/slab_sheaf.h"

static inline void slab_mark_allocated(struct slab *slab, unsigned int i)
{
	slab->allocated[i / 64] |= 1ULL << (i % 64);
}

/* Is the next allocation one that may be made to fail, or is charged? */
static inline bool slab_alloc_hooked(const struct machine *m, const struct kmem_cache *s)
{
	return unlikely(m->slab_hooks) && (m->fault || slab_may_charge(m, s, 0));
}

/* An object that the CPU has at hand, from any node; without a slab: look further. */
static inline struct sheaf_object slab_at_hand(const struct machine *m, struct kmem_cache *s)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	struct sheaf_object object = { c->slab, c->free };

	if (s->sheaves) {
		if (unlikely(!c->main->size))
			return (struct sheaf_object){ NULL, 0 };
		object = sheaf_take(c->main);
	} else {
		if (unlikely(c->free == SLAB_NIL))
			return (struct sheaf_object){ NULL, 0 };
		c->free = c->slab->next_free[c->free];
	}
	slab_mark_allocated(object.slab, object.index);
	return object;
}

/* The same where nobody asks for more. */
static inline struct sheaf_object slab_alloc_fast(const struct machine *m, struct kmem_cache *s)
{
	if (slab_alloc_hooked(m, s))
		return (struct sheaf_object){ NULL, 0 };
	return slab_at_hand(m, s);
}

/* An allocated object of a slab without debugging goes where the next allocation finds it. */
static inline void slab_free_fast(struct machine *m, struct kmem_cache *s, struct slab *slab,
				  unsigned int i)
{
	struct kmem_cache_cpu *c = &s->cpu[m->cpu];
	u64 bit = 1ULL << (i % 64);

	BUG_ON(m, slab->cache != s || i >= slab->objects || !(slab->allocated[i / 64] & bit));
	slab->allocated[i / 64] &= ~bit;
	slab->given[i / 64] &= ~bit;
	if (unlikely(m->memcg) && slab->nr_memcg)
		slab_uncharge_object(m, slab, i);
	if (s->sheaves && c->main->size < s->sheaf_capacity &&
	    slab->node == local_memory_node(m)) {
		sheaf_add(c->main, slab, (u16)i);
	} else if (!s->sheaves && slab == c->slab) {
		slab->next_free[i] = c->free;
		c->free = (u16)i;
	} else {
		slab_free_index(m, s, slab, (u16)i);
	}
}

#endif
