/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The array of areas; for vmalloc*.c alone. Others use vmalloc.h. */
#ifndef KMM_PHYS_VMALLOC_TYPES_H
#define KMM_PHYS_VMALLOC_TYPES_H

#include "sim/phys/vmalloc.h"

/* Class c: holes of 2^c pages and more. */
#define HOLE_CLASSES 10

/* Areas of up to so many pages are kept by a vmap node: a pool for each size. */
#define MAX_VA_SIZE_PAGES 256U

struct vmap_pool {
	struct vm_area *first, *last;
	u32 len;
};

struct vmalloc_state {
	u64 start, end;
	struct vm_area **areas;
	unsigned int nr, room;
	unsigned int packed[HOLE_CLASSES];
	u32 next_id;
	u64 nr_pages;		/* of vmalloc() */
	unsigned int nr_lazy;	/* areas that were freed and not purged */
	u64 lazy_pages;		/* their addresses */
	struct vmap_pool *pools;	/* [nodes][sizes]; NULL: there is one node */
	unsigned int nr_pooled;	/* areas in them */
	bool touched;		/* areas came or went since the last check */
	struct kmem_cache *vmap_area_cache;
	bool nohuge;
};

/* End of what lies before area i. */
static inline u64 hole_start(const struct vmalloc_state *state, unsigned int i)
{
	return i ? state->areas[i - 1]->addr + state->areas[i - 1]->bytes : state->start;
}

/* Start of what lies behind the hole before area i. */
static inline u64 hole_end(const struct vmalloc_state *state, unsigned int i)
{
	return i < state->nr ? state->areas[i]->addr : state->end;
}

struct area_place {
	u64 bytes, align;
	bool top;
};

/*
 * vmalloc_pages.c: all nr_pages of an area that has none. -ENOMEM, -ENOBUFS: what there is
 * already ends with PFN_NIL.
 */
int area_alloc_pages(struct machine *m, struct vm_area *area,
		     const struct vmalloc_request *req) __must_check;

/* vmap_nodes.c */
int vmap_nodes_init(struct machine *m) __must_check;
void vmap_nodes_free(struct machine *m);
/* 1 + the node of m->cpu; 0: there are none. */
u8 vmap_node_of_cpu(const struct machine *m);
/*
 * The addresses of an area from the CPU's pool: still in the array, its vmap_area with it.
 * NULL: none fits.
 */
struct vm_area *node_pool_del_va(struct machine *m, const struct area_place *place);
/* A purged area goes to its node's pool. False: it has none. */
bool node_pool_add_va(struct machine *m, struct vm_area *area);
/* A quarter of each pool, or all of it, becomes VMAP_DECAYED. */
void decay_va_pools(struct machine *m, bool full);

/* vmalloc_areas.c */
/* The area takes the addresses of one that node_pool_del_va() gave. */
void area_reuse(struct machine *m, struct vm_area *area, struct vm_area *pooled);
size_t area_host_bytes(u64 nr_pages);
/* Host memory goes; the area is in no array. */
void area_forget(struct machine *m, struct vm_area *area);
int areas_make_room(struct machine *m, unsigned int more) __must_check;
/* Index of the first area that ends above addr. */
unsigned int area_at_or_above(const struct vmalloc_state *state, u64 addr);
/* Reserve the addresses; the area is in the array then. -ENOMEM. */
int area_place(struct machine *m, struct vm_area *area,
	       const struct area_place *place) __must_check;
/* The i-th area has nothing but its addresses any more, which wait to be purged. */
void area_make_lazy(struct machine *m, unsigned int i);

#endif
