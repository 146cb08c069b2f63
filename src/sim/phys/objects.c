// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Chunks of 64 structs; one is made when its first object is. Each struct is behind a
 * header with its handle, while the object lives, and its place: so freeing twice is seen,
 * pools can be walked, and freeing does not search.
 */
#include "sim/phys/objects.h"

#include "sim/base/bug.h"
#include "sim/phys/objects_fast.h"

typedef unsigned long long ull;

int object_pool_init(struct machine *m, struct object_pool *pool, const char *name, u32 bytes)
{
	*pool = (struct object_pool){
		.cache = kmem_cache_find(m, name),
		.name = name,
		.bytes = bytes,
		.stride = OBJECT_HEADER + ALIGN_UP(bytes, (u32)OBJECT_HEADER),
	};
	return pool->cache ? 0 : -ENOENT;
}

static size_t chunk_bytes(const struct object_pool *pool)
{
	return (size_t)OBJECT_CHUNK * pool->stride;
}

void object_pool_free(struct machine *m, struct object_pool *pool)
{
	for (u32 i = 0; i < pool->nr_chunks; i++) {
		if (pool->chunks[i])
			arena_free(&m->arena, pool->chunks[i], chunk_bytes(pool));
	}
	arena_free(&m->arena, pool->chunks, pool->nr_chunks * sizeof(*pool->chunks));
	*pool = (struct object_pool){ 0 };
}

/* Room for this handle. */
static int pool_grow(struct machine *m, struct object_pool *pool, u32 handle)
{
	u32 chunk = handle >> OBJECT_CHUNK_SHIFT;
	char **chunks = arena_grow(&m->arena, pool->chunks, &pool->nr_chunks, chunk + 1, 1,
				   sizeof(*chunks));

	if (!chunks)
		return -ENOBUFS;
	pool->chunks = chunks;
	if (!pool->chunks[chunk])
		pool->chunks[chunk] = arena_alloc(&m->arena, chunk_bytes(pool));
	return pool->chunks[chunk] ? 0 : -ENOBUFS;
}

u64 object_addr(const struct object_pool *pool, u32 handle)
{
	const struct object_header *header = object_header(pool, handle);

	return slab_object_addr(header->slab, header->index);
}

int object_begin_after_growth(struct machine *m, struct object_pool *pool,
			      struct sheaf_object place, u32 *handle)
{
	int err = pool_grow(m, pool, place.slab->handle + place.index);

	if (!err)
		return object_begin(m, pool, place, pool->bytes, handle);
	kmem_cache_free(m, pool->cache, slab_object_addr(place.slab, place.index));
	return err;
}

static __noinline int alloc_slow(struct machine *m, struct object_pool *pool, gfp_t gfp,
				 int node, u32 *handle, const char *site)
{
	struct slab_object object;
	struct sheaf_object place;
	int err = kmem_cache_alloc_at(m, pool->cache, gfp, node, &object, site);

	if (err)
		return err;
	place.slab = slab_of_addr(m, object.addr);
	place.index = (u16)(object.handle - place.slab->handle);
	return object_begin_after_growth(m, pool, place, handle);
}

int object_alloc_at(struct machine *m, struct object_pool *pool, gfp_t gfp, int node,
		    u32 *handle, const char *site)
{
	struct sheaf_object place = { NULL, 0 };

	if (likely(node == NUMA_NO_NODE) && !(m->slab_hooks && gfp & __GFP_ACCOUNT))
		place = slab_alloc_fast(m, pool->cache);
	if (unlikely(!place.slab))
		return alloc_slow(m, pool, gfp, node, handle, site);
	return object_begin(m, pool, place, pool->bytes, handle);
}

void object_free_at(struct machine *m, struct object_pool *pool, u32 handle, const char *site)
{
	object_free_fast(m, pool, handle, site);
}

void object_free_rcu_at(struct machine *m, struct object_pool *pool, u32 handle,
			unsigned int periods, const char *site)
{
	(void)object_drop(m, pool, handle);
	kmem_cache_free_rcu_at(m, pool->cache, object_addr(pool, handle), periods, site);
}

u32 object_next(const struct object_pool *pool, u32 handle)
{
	for (u32 i = handle; i >> OBJECT_CHUNK_SHIFT < pool->nr_chunks; i++) {
		if (!object_has_room(pool, i)) {
			i |= OBJECT_CHUNK - 1;
			continue;
		}
		if (object_header(pool, i)->handle == i && i)
			return i;
	}
	return 0;
}

void object_pool_claim(const struct object_pool *pool, struct object_census *census)
{
	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1))
		object_claim(census, object_addr(pool, h), pool->name);
}

void object_pool_validate(const struct object_pool *pool, struct check *check)
{
	u32 nr = 0;

	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1)) {
		u64 addr = kmem_cache_object_addr(pool->cache, h);

		nr++;
		if (object_addr(pool, h) != addr)
			check_fail(check, "A3", "%s %u: expected address %#llx, found %#llx",
				   pool->name, h, (ull)addr, (ull)object_addr(pool, h));
	}
	check->nr_checked++;
	if (nr != pool->nr_live)
		check_fail(check, "A3", "pool of %s: expected %u live objects, found %u",
			   pool->name, pool->nr_live, nr);
}
