/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Contiguous memory areas (CMA): memory that boot set aside and gave to the allocator as
 * pageblocks of a type of their own. Only what can move is put there, so that all of it can
 * be moved away when somebody wants pages that lie together. m->cma is NULL in a kernel
 * that is built without.
 */
#ifndef KMM_PHYS_CMA_H
#define KMM_PHYS_CMA_H

#include "sim/phys/page_alloc.h"

#define CMA_MAX_NAME 64
#define MAX_CMA_AREAS 20

/* page->mapping of a page that cma_alloc() gave. */
#define CMA_MARK 0x436d6100

/* What was allocated by the file `alloc` of an area. */
struct cma_mem {
	u64 pfn, nr_pages;
	u64 object;		/* its kmalloc()ed record */
};

struct cma {
	/* Identity: fixed at boot. */
	char name[CMA_MAX_NAME];
	u64 base_pfn, count;	/* count 0: it could not be activated */
	unsigned int order_per_bit;

	u64 *bitmap;		/* a bit for each 1 << order_per_bit pages: given away */
	u64 available_count;	/* pages */
	u64 nr_pages_succeeded, nr_pages_failed, nr_pages_released;
	struct cma_mem *mems;	/* the last is the first to go */
	unsigned int nr_mems, room_mems;
};

struct cma_state {
	struct cma areas[MAX_CMA_AREAS];
	unsigned int nr;
	u64 totalcma_pages;	/* from their reservation on */
};

/* The kernel has CMA. -ENOMEM. */
int cma_init(struct machine *m) __must_check;
void cma_free_state(struct machine *m);

/* Boot has reserved this memory. NULL: there are too many areas. */
struct cma *cma_new_area(struct machine *m, const char *name, u64 base_pfn, u64 count);
/*
 * Hand the area over: its pageblocks become CMA's. An area that lies in several zones is
 * none: its pages become the allocator's like any other. -ENOMEM: no host memory.
 */
int cma_activate_area(struct machine *m, struct cma *cma) __must_check;

/*
 * `count` pages from the area, the first at a multiple of 1 << align: the lowest that are
 * not given away and whose pages can move. 0; -ENOMEM: the kernel returns no page; -ENOBUFS:
 * no host memory, nothing changed.
 */
int cma_alloc(struct machine *m, struct cma *cma, u64 count, unsigned int align,
	      u32 *pfn) __must_check;
/* Are these pages of the area, and all given away? */
bool cma_pages_valid(const struct cma *cma, u64 pfn, u64 count);
/* Give them back: all or a part of what was allocated. The pages are valid. */
void cma_release(struct machine *m, struct cma *cma, u64 pfn, u64 count);

/* By name, or by number ("0"); NULL. */
struct cma *cma_find(const struct machine *m, const char *name);
static inline u64 totalcma_pages(const struct machine *m)
{
	return m->cma ? m->cma->totalcma_pages : 0;
}

/*
 * The files `alloc` and `free` of an area: allocated ranges are remembered, the last one is
 * freed first. -ENOMEM, -ENOBUFS.
 */
int cma_alloc_mem(struct machine *m, struct cma *cma, u64 count) __must_check;
void cma_free_mem(struct machine *m, struct cma *cma, u64 count);
/* Does one of them belong to the file? */
bool cma_holds(const struct cma *cma, u64 pfn, u64 count);
/* The longest range that is not given away, in pages. */
u64 cma_maxchunk(const struct cma *cma);

static inline u64 cma_bitmap_maxno(const struct cma *cma)
{
	return cma->count >> cma->order_per_bit;
}

static inline bool cma_bit(const struct cma *cma, u64 bit)
{
	return cma->bitmap[bit / 64] >> (bit % 64) & 1;
}

/* cma_check.c: CM1 CM2 CM3. */
void cma_validate(const struct machine *m, struct check *check);
struct object_census;
void cma_claim_objects(const struct machine *m, struct object_census *census);
struct digest;
void cma_digest(const struct machine *m, struct digest *d);

#endif
