/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for objects of any size up to a page, packed into zspages: up to four (6.1) or eight
 * (6.18) single pages, one class of sizes each. An object has a handle, which is an object
 * of a cache, and lies in the fullest zspage of its class that has room. Pages are taken as
 * reclaim needs them, and given back as zspages become empty. They do not move.
 */
#ifndef KMM_VIRT_ZSMALLOC_H
#define KMM_VIRT_ZSMALLOC_H

#include "sim/phys/page.h"
#include "sim/phys/slab.h"

#define ZS_MAX_CHAIN 8
#define ZS_NR_CLASSES 256
#define ZS_NR_GROUPS 12		/* of zspages, by how full they are */
#define ZS_NIL 0xffffffffU

struct zspage {
	u64 addr;		/* its object; 0: this place is free */
	u16 class, inuse, objs;
	u8 nr_pages, group;
	u32 prev, next;		/* of the list of its class and group */
	u32 pfns[ZS_MAX_CHAIN];
};

struct zs_pool {
	struct kmem_cache *handles, *zspage_cache;
	struct zspage *zspages;	/* [room] */
	u32 nr, room, free;	/* ever used; the first place that is free */
	u32 lists[ZS_NR_CLASSES][ZS_NR_GROUPS];
	u64 nr_pages;
};

struct zs_object {
	u64 handle;		/* address; 0: none */
	u32 zspage;
};

int zs_create_pool(struct machine *m, struct zs_pool *pool, const char *name) __must_check;
void zs_free_host(struct machine *m, struct zs_pool *pool);
/* From this size on an object is as good as a page. */
u32 zs_huge_class_size(const struct machine *m);
/* -ENOMEM; -ENOBUFS: no host memory. Nothing changed. */
int zs_malloc(struct machine *m, struct zs_pool *pool, u32 size,
	      struct zs_object *object) __must_check;
void zs_free(struct machine *m, struct zs_pool *pool, struct zs_object *object);

void zs_digest(const struct zs_pool *pool, struct digest *digest);
/* ZS1: zspages, their lists and pages; nr_objects[i]: recounted, of zspage i. */
void zs_validate(const struct machine *m, const struct zs_pool *pool, const u32 *nr_objects,
		 struct check *check);
void zs_claim_objects(const struct zs_pool *pool, struct object_census *census);

#endif
