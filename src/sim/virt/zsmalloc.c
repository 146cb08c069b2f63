// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Classes are 16 bytes apart. A zspage has as many pages as waste the least: by percent of
 * what is used on 6.1, by bytes on 6.18. Lists of a class go by quarters on 6.1 (below
 * three of them, above) and by tenths on 6.18; a full one is on no list that is looked at.
 */
#include "sim/virt/zsmalloc.h"

#include <stdio.h>

#include "sim/base/digest.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"

typedef unsigned long long ull;

#define MIN_ALLOC_SIZE 32U
#define SIZE_DELTA 16U
#define HANDLE_SIZE 8U
#define ZSPAGE_SIZE 56U
#define FIRST_ROOM 64U

static unsigned int max_chain(const struct machine *m)
{
	return rel_zspages_have_eight(m->release) ? 8 : 4;
}

static u32 class_size(unsigned int class)
{
	return MIN(MIN_ALLOC_SIZE + class * SIZE_DELTA, PAGE_SIZE);
}

static unsigned int class_of(u32 size)
{
	size += HANDLE_SIZE;
	if (size <= MIN_ALLOC_SIZE)
		return 0;
	return MIN(DIV_ROUND_UP(size - MIN_ALLOC_SIZE, SIZE_DELTA), ZS_NR_CLASSES - 1);
}

static unsigned int pages_per_zspage(const struct machine *m, u32 size)
{
	unsigned int best = 1;
	u64 score = 0, least = PAGE_SIZE;

	if (rel_zspages_have_eight(m->release) && is_power_of_2(size))
		return 1;
	for (unsigned int nr = 1; nr <= max_chain(m); nr++) {
		u64 bytes = nr * PAGE_SIZE, waste = bytes % size, used = (bytes - waste) * 100 / bytes;

		if (rel_zspages_have_eight(m->release) ? waste < least : used > score) {
			best = nr;
			score = used;
			least = waste;
		}
	}
	return best;
}

u32 zs_huge_class_size(const struct machine *m)
{
	unsigned int class = ZS_NR_CLASSES - 2;

	/* The largest class of which more than one object lies in a zspage. */
	while (pages_per_zspage(m, class_size(class)) == 1 && class_size(class) > PAGE_SIZE / 2)
		class--;
	return class_size(class) - HANDLE_SIZE + 1;
}

/* ---- Lists. ---- */

static unsigned int group_of(const struct machine *m, const struct zspage *zspage)
{
	if (!zspage->inuse)
		return 0;
	if (zspage->inuse == zspage->objs)
		return ZS_NR_GROUPS - 1;
	if (!rel_zspages_have_eight(m->release))
		return zspage->inuse <= 3 * zspage->objs / 4 ? 1 : 2;
	return zspage->inuse * 10U / zspage->objs + 1;
}

static void list_del(struct zs_pool *pool, u32 i)
{
	const struct zspage *zspage = &pool->zspages[i];

	if (zspage->prev == ZS_NIL)
		pool->lists[zspage->class][zspage->group] = zspage->next;
	else
		pool->zspages[zspage->prev].next = zspage->next;
	if (zspage->next != ZS_NIL)
		pool->zspages[zspage->next].prev = zspage->prev;
}

static void list_add(struct zs_pool *pool, u32 i, unsigned int group)
{
	struct zspage *zspage = &pool->zspages[i];
	u32 *first = &pool->lists[zspage->class][group];

	zspage->group = (u8)group;
	zspage->prev = ZS_NIL;
	zspage->next = *first;
	if (*first != ZS_NIL)
		pool->zspages[*first].prev = i;
	*first = i;
}

static void fix_fullness(const struct machine *m, struct zs_pool *pool, u32 i)
{
	unsigned int group = group_of(m, &pool->zspages[i]);

	if (group == pool->zspages[i].group)
		return;
	list_del(pool, i);
	list_add(pool, i, group);
}

static u32 find_zspage(const struct zs_pool *pool, unsigned int class)
{
	for (unsigned int group = ZS_NR_GROUPS - 1; group--; )
		if (pool->lists[class][group] != ZS_NIL)
			return pool->lists[class][group];
	return ZS_NIL;
}

/* ---- Zspages. ---- */

/* A place for one more. */
static int take_place(struct machine *m, struct zs_pool *pool, u32 *i)
{
	struct zspage *zspages;
	u32 room = pool->room ? 2 * pool->room : FIRST_ROOM;

	*i = pool->free;
	if (*i != ZS_NIL) {
		pool->free = pool->zspages[*i].next;
		return 0;
	}
	if (pool->nr == pool->room) {
		zspages = arena_resize(&m->arena, pool->zspages, pool->room * sizeof(*zspages),
				       room * sizeof(*zspages));
		if (!zspages)
			return -ENOBUFS;
		pool->zspages = zspages;
		pool->room = room;
	}
	*i = pool->nr++;
	return 0;
}

static void give_place(struct zs_pool *pool, u32 i)
{
	pool->zspages[i] = (struct zspage){ .next = pool->free };
	pool->free = i;
}

static void free_zspage_pages(struct machine *m, struct zs_pool *pool, struct zspage *zspage)
{
	for (; zspage->nr_pages; zspage->nr_pages--) {
		u32 pfn = zspage->pfns[zspage->nr_pages - 1];

		page_zone(m, pfn_to_page(m, pfn))->stat[NR_ZSPAGES]--;
		pool->nr_pages--;
		free_pages(m, pfn, 0);
	}
}

static int alloc_zspage_pages(struct machine *m, struct zs_pool *pool, struct zspage *zspage,
			      unsigned int nr)
{
	while (zspage->nr_pages < nr) {
		u32 pfn;
		int err = alloc_kernel_pages(m, __GFP_KSWAPD_RECLAIM | __GFP_NOWARN | __GFP_HIGHMEM, 0,
					     NUMA_NO_NODE, PGTY_zsmalloc, &pfn);

		if (err) {
			free_zspage_pages(m, pool, zspage);
			return err;
		}
		zspage->pfns[zspage->nr_pages++] = pfn;
		page_zone(m, pfn_to_page(m, pfn))->stat[NR_ZSPAGES]++;
		pool->nr_pages++;
	}
	return 0;
}

static int alloc_zspage(struct machine *m, struct zs_pool *pool, unsigned int class, u32 *i)
{
	unsigned int nr = pages_per_zspage(m, class_size(class));
	struct slab_object object;
	struct zspage *zspage;
	int err = take_place(m, pool, i);

	if (err)
		return err;
	zspage = &pool->zspages[*i];
	*zspage = (struct zspage) {
		.class = (u16)class, .objs = (u16)(nr * PAGE_SIZE / class_size(class)),
	};
	err = kmem_cache_alloc(m, pool->zspage_cache, __GFP_KSWAPD_RECLAIM | __GFP_NOWARN,
			       NUMA_NO_NODE, &object);
	if (!err) {
		err = alloc_zspage_pages(m, pool, zspage, nr);
		if (err)
			kmem_cache_free(m, pool->zspage_cache, object.addr);
	}
	if (err) {
		give_place(pool, *i);
		return err;
	}
	zspage->addr = object.addr;
	list_add(pool, *i, 0);
	return 0;
}

static void free_zspage(struct machine *m, struct zs_pool *pool, u32 i)
{
	struct zspage *zspage = &pool->zspages[i];

	list_del(pool, i);
	free_zspage_pages(m, pool, zspage);
	kmem_cache_free(m, pool->zspage_cache, zspage->addr);
	give_place(pool, i);
}

/* ---- Objects. ---- */

int zs_malloc(struct machine *m, struct zs_pool *pool, u32 size, struct zs_object *object)
{
	unsigned int class = class_of(size);
	struct slab_object handle;
	u32 i;
	int err;

	err = kmem_cache_alloc(m, pool->handles, __GFP_KSWAPD_RECLAIM | __GFP_NOWARN, NUMA_NO_NODE,
			       &handle);
	if (err)
		return err;
	i = find_zspage(pool, class);
	if (i == ZS_NIL)
		err = alloc_zspage(m, pool, class, &i);
	if (err) {
		kmem_cache_free(m, pool->handles, handle.addr);
		return err;
	}
	pool->zspages[i].inuse++;
	fix_fullness(m, pool, i);
	*object = (struct zs_object){ .handle = handle.addr, .zspage = i };
	return 0;
}

void zs_free(struct machine *m, struct zs_pool *pool, struct zs_object *object)
{
	pool->zspages[object->zspage].inuse--;
	if (pool->zspages[object->zspage].inuse)
		fix_fullness(m, pool, object->zspage);
	else
		free_zspage(m, pool, object->zspage);
	kmem_cache_free(m, pool->handles, object->handle);
	*object = (struct zs_object){ 0 };
}

/* ---- The pool. ---- */

static int create_cache(struct machine *m, const char *what, const char *name, u32 size,
			struct kmem_cache **cache)
{
	char text[32];
	const struct kmem_cache_request req = { .name = text, .size = size };

	/* Since 6.16 each pool has caches of its own names. */
	if (rel_zspages_have_eight(m->release))
		snprintf(text, sizeof(text), "%s-%s", what, name);
	else
		snprintf(text, sizeof(text), "%s", what);
	return kmem_cache_create(m, &req, cache);
}

int zs_create_pool(struct machine *m, struct zs_pool *pool, const char *name)
{
	int err = create_cache(m, "zs_handle", name, HANDLE_SIZE, &pool->handles);

	memset(pool->lists, 0xff, sizeof(pool->lists));
	pool->free = ZS_NIL;
	return err ? err : create_cache(m, "zspage", name, ZSPAGE_SIZE, &pool->zspage_cache);
}

void zs_free_host(struct machine *m, struct zs_pool *pool)
{
	arena_free(&m->arena, pool->zspages, pool->room * sizeof(*pool->zspages));
	pool->zspages = NULL;
}

void zs_digest(const struct zs_pool *pool, struct digest *digest)
{
	for (u32 i = 0; i < pool->nr; i++) {
		const struct zspage *zspage = &pool->zspages[i];

		digest_u64(digest, zspage->addr);
		digest_u64(digest, (u64)zspage->class << 32 | (u64)zspage->inuse << 16 | zspage->group);
		digest_u64(digest, zspage->next);
		for (unsigned int n = 0; n < zspage->nr_pages; n++)
			digest_u64(digest, zspage->pfns[n]);
	}
}

static void zspage_validate(const struct machine *m, const struct zs_pool *pool, u32 i,
			    u32 nr_objects, struct check *check)
{
	const struct zspage *zspage = &pool->zspages[i];

	check->nr_checked++;
	if (zspage->inuse != nr_objects || zspage->group != group_of(m, zspage) || !zspage->inuse)
		check_fail(check, "ZS1", "zspage %u: expected %u objects in group %u, found %u in %u", i,
			   nr_objects, group_of(m, zspage), zspage->inuse, zspage->group);
	for (unsigned int n = 0; n < zspage->nr_pages; n++)
		if (page_type(pfn_to_page(m, zspage->pfns[n])) != PGTY_zsmalloc)
			check_fail(check, "ZS1", "zspage %u: expected page frame %#x to be its page, "
				   "found type %#x", i, zspage->pfns[n],
				   page_type(pfn_to_page(m, zspage->pfns[n])));
}

void zs_validate(const struct machine *m, const struct zs_pool *pool, const u32 *nr_objects,
		 struct check *check)
{
	u64 pages = 0;

	for (u32 i = 0; i < pool->nr; i++) {
		pages += pool->zspages[i].nr_pages;
		if (pool->zspages[i].addr)
			zspage_validate(m, pool, i, nr_objects[i], check);
	}
	check->nr_checked++;
	if (pages != pool->nr_pages)
		check_fail(check, "ZS1", "a pool: expected %llu pages, found %llu", (ull)pages,
			   (ull)pool->nr_pages);
}

void zs_claim_objects(const struct zs_pool *pool, struct object_census *census)
{
	for (u32 i = 0; i < pool->nr; i++)
		if (pool->zspages[i].addr)
			object_claim(census, pool->zspages[i].addr, "a zspage");
}
