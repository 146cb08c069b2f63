/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects of slabs that are charged to memory cgroups: those of caches with SLAB_ACCOUNT, and
 * those that are asked for with __GFP_ACCOUNT. A slab knows each object's group by its id.
 */
#ifndef KMM_PHYS_SLAB_CHARGE_H
#define KMM_PHYS_SLAB_CHARGE_H

#include "sim/phys/memcg.h"
#include "sim/phys/slab_types.h"

/* May the object be charged to whoever runs? Where there is no group, nobody asks. */
static inline bool slab_may_charge(const struct machine *m, const struct kmem_cache *s, gfp_t gfp)
{
	return unlikely(m->memcg) && (s->flags & SLAB_ACCOUNT || gfp & __GFP_ACCOUNT) &&
	       obj_cgroup_of_current(m);
}

/* The object, just allocated, to the current group. -ENOMEM: it may have no more. */
int slab_charge_object(struct machine *m, struct slab *slab, unsigned int i,
		       gfp_t gfp) __must_check;
/* The object is free; only of slabs with some that are charged. */
void slab_uncharge_object(struct machine *m, struct slab *slab, unsigned int i);

#endif
