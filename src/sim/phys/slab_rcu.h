/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What SLUB frees only when nobody can look at it any more: slabs of caches that are typesafe
 * by RCU, objects that their owners freed by call_rcu() or kfree_rcu(), and, since 6.18,
 * sheaves of the latter. Each waits for a grace period, which takes virtual time.
 */
#ifndef KMM_PHYS_SLAB_RCU_H
#define KMM_PHYS_SLAB_RCU_H

#include "sim/phys/slab_types.h"

/* The slab is empty, on no list, and no object of it is found by its handle any more. */
void slab_free_by_rcu(struct machine *m, struct slab *slab);
/* The sheaf is full of objects that wait; afterwards they are free. */
void slab_sheaf_free_by_rcu(struct machine *m, struct kmem_cache *s, struct slab_sheaf *sheaf);

/*
 * Host memory for what may wait of one more slab of s, or of so many sheaves; taken while
 * there is a slab, so that freeing needs none. -ENOBUFS.
 */
int slab_rcu_reserve(struct machine *m, const struct kmem_cache *s, u32 nr_slabs) __must_check;
int slab_rcu_reserve_sheaves(struct machine *m, u32 nr) __must_check;
void slab_rcu_count(struct machine *m, const struct kmem_cache *s, int sign);
void slab_rcu_free_state(struct machine *m);

void slab_rcu_digest(const struct machine *m, struct digest *digest);

/* slab_page.c: the pages of a slab that waited. slab_sheaf.c: the sheaf's objects. */
void slab_free_pages(struct machine *m, struct slab *slab);
void slab_sheaf_waited(struct machine *m, struct kmem_cache *s, struct slab_sheaf *sheaf);

#endif
