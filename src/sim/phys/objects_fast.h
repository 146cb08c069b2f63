/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * object_alloc() and object_free() in line, for pools whose objects come and go with every
 * call on memory: mostly the CPU has an object at hand, whose place had a struct before.
 * All else is objects.c's.
 */
#ifndef KMM_PHYS_OBJECTS_FAST_H
#define KMM_PHYS_OBJECTS_FAST_H

#include "sim/phys/objects.h"
#include "sim/phys/slab_fast.h"

static inline bool object_has_room(const struct object_pool *pool, u32 handle)
{
	u32 chunk = handle >> OBJECT_CHUNK_SHIFT;

	return chunk < pool->nr_chunks && pool->chunks[chunk];
}

/* A place that no object of the pool had before; or -ENOBUFS, and it is free again. */
int object_begin_after_growth(struct machine *m, struct object_pool *pool,
			      struct sheaf_object place, u32 *handle) __must_check;

/* A piece at a time, which is a few stores: for larger ones, compilers call or use slow strings. */
static inline void object_clear(void *object, u32 bytes)
{
	char *at = object, *end = at + bytes;

	for (; end - at >= 64; at += 64)
		memset(at, 0, 64);
	if (end - at >= 32) {
		memset(at, 0, 32);
		at += 32;
	}
	if (end > at)
		memset(at, 0, (size_t)(end - at));
}

/* The struct of a new object, of so many bytes. */
static inline int object_begin(struct machine *m, struct object_pool *pool,
			       struct sheaf_object place, u32 bytes, u32 *handle)
{
	struct object_header *header;
	u32 at = place.slab->handle + place.index;

	if (unlikely(!object_has_room(pool, at)))
		return object_begin_after_growth(m, pool, place, handle);
	header = object_header(pool, at);
	header->slab = place.slab;
	header->index = place.index;
	header->handle = *handle = at;
	pool->nr_live++;
	object_clear(header + 1, bytes);
	return 0;
}

/* object_alloc(pool, GFP_KERNEL, NUMA_NO_NODE), where the size of the pool's structs is known. */
static inline int object_alloc_fast(struct machine *m, struct object_pool *pool, u32 bytes,
				    u32 *handle, const char *site)
{
	struct sheaf_object place = slab_alloc_fast(m, pool->cache);

	if (unlikely(!place.slab))
		return object_alloc_at(m, pool, GFP_KERNEL, NUMA_NO_NODE, handle, site);
	return object_begin(m, pool, place, bytes, handle);
}

/* The next two objects of the CPU, if both are at hand. */
static inline bool next_two_objects(const struct machine *m, const struct object_pool *pool,
				    struct sheaf_object two[2])
{
	const struct kmem_cache_cpu *c = &pool->cache->cpu[m->cpu];

	if (slab_alloc_hooked(m, pool->cache))
		return false;
	if (pool->cache->sheaves) {
		if (c->main->size < 2)
			return false;
		two[0] = c->main->objects[c->main->size - 1];
		two[1] = c->main->objects[c->main->size - 2];
		return true;
	}
	if (c->free == SLAB_NIL)
		return false;
	two[0] = (struct sheaf_object){ c->slab, c->free };
	two[1] = (struct sheaf_object){ c->slab, c->slab->next_free[c->free] };
	return two[1].index < c->slab->objects;
}

/* They come without a look at slabs; and besides without fail. */
static inline bool two_objects_at_hand(const struct machine *m, const struct object_pool *pool)
{
	struct sheaf_object two[2];

	return next_two_objects(m, pool, two);
}

static inline bool two_objects_have_room(const struct machine *m, const struct object_pool *pool)
{
	struct sheaf_object two[2];

	return next_two_objects(m, pool, two) &&
	       object_has_room(pool, two[0].slab->handle + two[0].index) &&
	       object_has_room(pool, two[1].slab->handle + two[1].index);
}

/* The host struct goes at once; where the object is stays in the header. */
static inline const struct object_header *object_drop(struct machine *m, struct object_pool *pool,
						      u32 handle)
{
	struct object_header *header = object_header(pool, handle);

	BUG_ON(m, header->handle != handle);
	header->handle = 0;
	pool->nr_live--;
	return header;
}

static inline void object_free_fast(struct machine *m, struct object_pool *pool, u32 handle,
				    const char *site)
{
	const struct object_header *header = object_drop(m, pool, handle);

	if (likely(!slab_is_debug(header->slab->cache)))
		slab_free_fast(m, pool->cache, header->slab, header->index);
	else
		kmem_cache_free_at(m, pool->cache, object_addr(pool, handle), site);
}

#endif
