/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Corruptions of a machine, one row each, and the ids of sim/check that they make fire:
 * the first must, the others of its group may. What it prints is in doc/corruptions.md, which
 * test_check_ids compares (and writes, when it is asked to).
 */
#ifndef KMM_TESTS_PLANTS_H
#define KMM_TESTS_PLANTS_H

#include "sim/machine.h"
#include "sim/phys/slab_types.h"
#include "sim/phys/vmalloc.h"

struct plant {
	const char *ids;
	void (*plant)(struct machine *m);
	const char *what;	/* for who reads: what is wrong then */
	const char *release;	/* the only one that has it; NULL: any */
	const char *machine;	/* NULL: pc */
	const char *cmdline;	/* further words */
	const char *config;	/* a line of [config]; NULL: none */
	const char *set;	/* any other key; NULL: none */
	void (*undo)(struct machine *m);	/* of what the machine's end needs; NULL */
};

struct plant_table {
	const char *title;
	const struct plant *plants;
	unsigned int nr;
};

extern const struct plant_table layout_plants, mark_plants, slab_plants, phys_plants,
				cma_plants, user_plants, space_plants, swap_plants, memcg_plants;

/* plants.c: what most of them begin with. */
struct zone *plant_dma32(const struct machine *m);	/* of node 0 */
struct zone *plant_normal(const struct machine *m);	/* of node 1 */
/* Allocated pages of an order, on node 0. */
u32 plant_take(struct machine *m, unsigned int order, gfp_t gfp, enum pagetype owner);
/* The first free block of some order above 0, whose buddy is in use. */
struct page *plant_free_head(struct machine *m);
struct page *plant_page_of_type(struct machine *m, enum pagetype type);
/* An object of kmalloc() that a script holds; a slab with one. */
u64 plant_object(struct machine *m, u64 bytes);
struct slab *plant_slab(struct machine *m);
/* Memory of vmalloc(): three pages. */
struct vm_area *plant_area(struct machine *m);

#endif
