/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The array of areas; for vmalloc.c and vmalloc_check.c alone. Others use vmalloc.h. */
#ifndef KMM_PHYS_VMALLOC_TYPES_H
#define KMM_PHYS_VMALLOC_TYPES_H

#include "sim/phys/vmalloc.h"

/* Class c: holes of 2^c pages and more. */
#define HOLE_CLASSES 10

struct vmalloc_state {
	u64 start, end;
	struct vm_area **areas;
	unsigned int nr, room;
	unsigned int packed[HOLE_CLASSES];
	u32 next_id;
	u64 nr_pages;		/* of vmalloc() */
	bool touched;		/* areas came or went since the last check */
	struct kmem_cache *vmap_area_cache;
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

#endif
