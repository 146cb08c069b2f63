/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel objects: each is an object of a slab cache, with a simulated address, and a
 * host struct that belongs to it. The slab's handle says which struct, so a pool is
 * an array by handle, in chunks that never move: pointers stay good while the object
 * lives. Several pools may draw from one (merged) cache; their handles differ.
 */
#ifndef KMM_PHYS_OBJECTS_H
#define KMM_PHYS_OBJECTS_H

#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"

#define OBJECT_CHUNK_SHIFT 6
#define OBJECT_CHUNK (1U << OBJECT_CHUNK_SHIFT)	/* objects */

/* Before each struct. */
struct slab;
struct object_header {
	struct slab *slab;
	u32 index;		/* in the slab */
	u32 handle;		/* while it lives, else 0 */
};
#define OBJECT_HEADER sizeof(struct object_header)
_Static_assert(OBJECT_HEADER == 16, "structs keep the alignment of their chunk");

struct object_pool {
	struct kmem_cache *cache;	/* NULL: not made */
	const char *name;
	u32 bytes;		/* of the host struct */
	u32 stride;		/* from one to the next, its header included */
	char **chunks;		/* [nr_chunks]; NULL: no object there yet */
	u32 nr_chunks;
	u32 nr_live;
};

/*
 * A pool of objects of the cache called `name`, which must exist, with `bytes` of host
 * struct each. The name must outlive the pool. -ENOENT: there is no such cache.
 */
int object_pool_init(struct machine *m, struct object_pool *pool, const char *name,
		     u32 bytes) __must_check;
/* Host memory only: the machine ends. */
void object_pool_free(struct machine *m, struct object_pool *pool);

/*
 * A new object: zeroed host struct, handle never 0. -ENOMEM: no memory in the
 * machine; -ENOBUFS: none on the host, nothing changed that anybody can see.
 */
#define object_alloc(m, pool, gfp, node, handle) \
	object_alloc_at(m, pool, gfp, node, handle, __func__)
int object_alloc_at(struct machine *m, struct object_pool *pool, gfp_t gfp, int node,
		    u32 *handle, const char *site) __must_check;
#define object_free(m, pool, handle) object_free_at(m, pool, handle, __func__)
void object_free_at(struct machine *m, struct object_pool *pool, u32 handle,
		    const char *site);

/* The same; its address is free after so many grace periods (kmem_cache_free_rcu()). */
#define object_free_rcu(m, pool, handle, periods) \
	object_free_rcu_at(m, pool, handle, periods, __func__)
void object_free_rcu_at(struct machine *m, struct object_pool *pool, u32 handle,
			unsigned int periods, const char *site);

static inline struct object_header *object_header(const struct object_pool *pool, u32 handle)
{
	char *chunk = pool->chunks[handle >> OBJECT_CHUNK_SHIFT];
	size_t offset = (size_t)(handle & (OBJECT_CHUNK - 1)) * pool->stride;

	return (struct object_header *)(void *)(chunk + offset);
}

/* The struct of a live object. */
static inline void *object_get(const struct object_pool *pool, u32 handle)
{
	return object_header(pool, handle) + 1;
}

/* The simulated address of a live object. */
u64 object_addr(const struct object_pool *pool, u32 handle);

/* The smallest live handle >= `handle`; 0: there is none. */
u32 object_next(const struct object_pool *pool, u32 handle);

/* A3: each live object is allocated in its slab; claims them all (slab.h). */
void object_pool_claim(const struct object_pool *pool, struct object_census *census);
/* The number of live ones is right, and so are their addresses. */
void object_pool_validate(const struct object_pool *pool, struct check *check);

#endif
