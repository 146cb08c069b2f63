/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmalloc areas: virtual ranges, each followed by a guard page, backed by single
 * pages, or where it is asked for by huge ones. The lowest hole that fits is taken. The
 * addresses of an area that was freed stay taken until many of them are purged together,
 * or there is no other hole: the kernel saves flushes of TLBs so.
 */
#ifndef KMM_PHYS_VMALLOC_H
#define KMM_PHYS_VMALLOC_H

#include "sim/machine.h"

enum vmap_kind { VMAP_ALLOC = 1, VMAP_IOREMAP = 2, VMAP_MAP = 4, VMAP_VPAGES = 8,
		 VMAP_NOPAGES = 16, VMAP_LAZY = 32,
		 VMAP_POOLED = 64,	/* with LAZY: purged, and in a pool (vmap_nodes.c) */
		 VMAP_DECAYED = 128 };	/* with LAZY: has left its pool, goes with this purge */

struct vm_area {
	u32 id;			/* page->mapping of its pages; page->index counts them */
	u64 addr, bytes;	/* bytes include the guard page, where there is one */
	u32 nr_pages;
	u64 phys;		/* of an ioremap */
	enum vmap_kind kind;
	enum pagetype owner;
	const char *caller;	/* "alloc_large_system_hash+0x17c/0x3c0" */
	u32 room;		/* in pfns[] */
	/* Private: its objects in the slab caches; where the table of pages lies. */
	u64 vm_struct, vmap_area, page_table;
	struct vm_area *pool_prev, *pool_next;
	u8 node;		/* 1 + the node that it was allocated on; 0: none */
	bool checked;
	u8 page_order;		/* mapped by blocks of that order: 0, or the order of a PMD */
	u32 pfns[];		/* [room]: nr_pages are used */
};

struct vmalloc_request {
	u64 bytes;
	u64 align;		/* a power of two; 0 = a page */
	gfp_t gfp;
	int node;
	bool huge;		/* vmalloc_huge(): by PMDs, if it is big enough and there are */
	enum pagetype owner;	/* PGTY_vmalloc unless said */
	const char *caller;	/* static text */
};

int vmalloc_init(struct machine *m) __must_check;
void vmalloc_free_state(struct machine *m);
/* Areas that the kernel and its drivers have by the end of the boot. */
int vmalloc_boot_areas(struct machine *m) __must_check;
/* nohugevmalloc: requests for huge mappings get small ones. */
void vmalloc_set_nohuge(struct machine *m);
/* Would so many bytes, on that node, be mapped by PMDs? */
bool vmalloc_is_huge(const struct machine *m, u64 bytes, int node);
/* -EINVAL for 0 bytes or an odd align, -ENOMEM, -ENOBUFS. */
int vmalloc(struct machine *m, const struct vmalloc_request *req, u64 *addr) __must_check;
/* An area without pages (ioremap, percpu): kind says which. */
int vmap_area(struct machine *m, u64 bytes, u64 phys, enum vmap_kind kind,
	      const char *caller, u64 *addr) __must_check;
/* The same, as high as possible and without a guard page: chunks of per-CPU memory. */
int vmap_area_top(struct machine *m, u64 bytes, u64 align, const char *caller,
		  u64 *addr) __must_check;
/* One sentence for sim/why on an area that has just been made. */
void vmalloc_explain(struct machine *m, u64 bytes, u64 addr);
/* Any area; its pages go back too. */
int vfree(struct machine *m, u64 addr) __must_check;	/* -EINVAL: no such area */
u64 vmalloc_nr_pages(const struct machine *m);		/* VmallocUsed */
/* Those of them that belong to this PGTY_*. */
u64 vmalloc_nr_owned(const struct machine *m, enum pagetype owner);
unsigned int nr_vm_areas(const struct machine *m);
/* A bound of the host memory that `nr` areas more take, of so many pages all together. */
u64 vmalloc_host_bytes(const struct machine *m, unsigned int nr, u64 nr_pages);
/*
 * By ascending address, i < vm_area_slots(); those with VMAP_LAZY were freed and not
 * purged yet, or are kept for the next one: only their addresses count.
 */
unsigned int vm_area_slots(const struct machine *m);
const struct vm_area *vm_area_at(const struct machine *m, unsigned int i);
/* Purge what was freed; how many areas. */
unsigned int vm_unmap_aliases(struct machine *m);
/* Which of the lists, by address, proc/vmallocinfo shows an area on; how many there are. */
unsigned int nr_vmap_nodes(const struct machine *m);
unsigned int vmap_node_of(const struct machine *m, u64 addr);
/* The same of one that was freed. */
unsigned int vmap_lazy_node(const struct machine *m, const struct vm_area *area);
/* The area that holds addr, or NULL. */
const struct vm_area *find_vm_area(const struct machine *m, u64 addr);
/* [*start, *end): where areas may lie. */
void vmalloc_range(const struct machine *m, u64 *start, u64 *end);

struct object_census;
/* A3: the objects that describe the areas. */
void vmalloc_claim_objects(const struct machine *m, struct object_census *census);
struct digest;
void vmalloc_digest(const struct machine *m, struct digest *digest);
void vmalloc_validate(const struct machine *m, struct check *check);
/* The same; pages only of areas that are new since the last vmalloc_checked(). */
void vmalloc_validate_touched(const struct machine *m, struct check *check);
void vmalloc_checked(struct machine *m);

#endif
