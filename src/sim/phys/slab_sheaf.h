/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sheaves (since 6.18): arrays of free objects that a CPU takes from and gives to without
 * looking at slabs, for caches that ask for them. A CPU has two, its node a barn of full
 * and of empty ones. An object in a sheaf is in use as far as its slab knows.
 */
#ifndef KMM_PHYS_SLAB_SHEAF_H
#define KMM_PHYS_SLAB_SHEAF_H

#include "sim/phys/slab_types.h"

struct sheaf_object {
	struct slab *slab;
	u16 index;
};

struct slab_sheaf {
	struct slab_sheaf *next;	/* in a barn, or unused */
	u32 size;			/* objects in it */
	struct sheaf_object objects[];	/* [sheaf_capacity] */
};

static inline void sheaf_add(struct slab_sheaf *sheaf, struct slab *slab, u16 i)
{
	slab_touch(slab);
	slab->nr_sheaf++;
	sheaf->objects[sheaf->size++] = (struct sheaf_object){ slab, i };
}

static inline struct sheaf_object sheaf_take(struct slab_sheaf *sheaf)
{
	struct sheaf_object object = sheaf->objects[--sheaf->size];

	slab_touch(object.slab);
	object.slab->nr_sheaf--;
	return object;
}

/* The nearest node with memory: numa_mem_id(). */
static inline unsigned int local_memory_node(const struct machine *m)
{
	const struct pglist_data *home = m->nodes[m->cpu_node[m->cpu]];

	if (likely(home && home->nr_zonelist))
		return m->zones[home->zonelist[0]]->node;
	return m->cpu_node[m->cpu];
}

/* Host memory for all sheaves that the cache will ever have. -ENOBUFS. */
int slab_sheaves_init(struct machine *m, struct kmem_cache *s) __must_check;
void slab_sheaves_free(struct machine *m, struct kmem_cache *s);

/*
 * An object of the CPU's sheaf. 1: *object; 0: none may be had this way; -ENOBUFS: host
 * memory, nothing changed.
 */
int slab_sheaf_alloc(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
		     struct sheaf_object *object);
/* The object goes to the CPU's sheaf; false: it has to go to its slab. */
bool slab_sheaf_put(struct machine *m, struct kmem_cache *s, struct slab *slab, u16 i);
/* All objects of this CPU's sheaves go back to their slabs; then those of the barns. */
void slab_sheaves_flush_cpu(struct machine *m, struct kmem_cache *s, unsigned int cpu);
void slab_barns_shrink(struct machine *m, struct kmem_cache *s);

/* A3: the objects of a sheaf that waits, or will. */
void slab_sheaf_claim(const struct slab_sheaf *sheaf, struct object_census *census);
void slab_sheaf_digest(struct digest *d, const struct slab_sheaf *sheaf);

/* slab.c: a free object of a slab, which is in use from now on, and back. */
int slab_take_free(struct machine *m, struct kmem_cache *s, gfp_t gfp, int node,
		   struct sheaf_object *object) __must_check;
void slab_put_free(struct machine *m, struct kmem_cache *s, struct slab *slab, u16 i);
/* To a sheaf, or to its slab. */
void slab_free_index(struct machine *m, struct kmem_cache *s, struct slab *slab, u16 i);

/* A2: what lies in sheaves is free, of this cache, and counted by its slab. */
void slab_sheaves_validate(const struct machine *m, const struct kmem_cache *s,
			   struct check *check);
void slab_sheaves_digest(const struct machine *m, const struct kmem_cache *s, struct digest *d);

#endif
