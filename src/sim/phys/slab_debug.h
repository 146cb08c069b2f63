/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Caches under debugging: what is checked when an object is allocated or freed and when
 * a cache is validated, what is reported, and how it is mended so that the machine can
 * go on. A slab that was found to be corrupt when an object of it was to be given out is
 * used no more.
 */
#ifndef KMM_PHYS_SLAB_DEBUG_H
#define KMM_PHYS_SLAB_DEBUG_H

#include "sim/phys/slab_types.h"

/* What an allocation is for: records of it. */
struct slab_request {
	u32 orig_size;		/* that kmalloc() was asked for, or the object's */
	const char *site;	/* our function that called SLUB */
};

/*
 * Object i, the first free one, is about to be given out. False: the slab is corrupt,
 * all of its objects count as used from now on.
 */
bool slab_debug_alloc(struct machine *m, struct slab *slab, unsigned int i,
		      const struct slab_request *req);
/* The object at addr is about to be freed. False: it must not be; that was reported. */
bool slab_debug_free(struct machine *m, struct kmem_cache *s, struct slab *slab, u64 addr,
		     const char *site);
/* It is free: before it is put on the list. */
void slab_debug_freed(struct machine *m, struct slab *slab, unsigned int i, const char *site);
/* A slab is given back: check what nobody will see again. */
void slab_debug_discard(struct machine *m, struct slab *slab);

/* Check all objects of all slabs that are on a list; returns how many slabs. */
long validate_slab_cache(struct machine *m, struct kmem_cache *s);
/* A cache is destroyed with objects in these slabs. */
void slab_list_objects(struct machine *m, struct slab *slab);

#endif
