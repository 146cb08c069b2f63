/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vmalloc areas: virtual ranges with guard pages, backed by single pages. */
#ifndef KMM_PHYS_VMALLOC_H
#define KMM_PHYS_VMALLOC_H

#include "sim/machine.h"

enum vmap_kind { VMAP_ALLOC = 1, VMAP_IOREMAP = 2, VMAP_MAP = 4, VMAP_VPAGES = 8,
		 VMAP_NOPAGES = 16 };

struct vm_area {
	u64 addr, bytes;	/* bytes include the guard page */
	u32 nr_pages;
	u32 *pfns;		/* [nr_pages] */
	u64 phys;		/* of an ioremap */
	enum vmap_kind kind;
	enum pagetype owner;
	const char *caller;	/* "alloc_large_system_hash+0x17c/0x3c0" */
};

struct vmalloc_request {
	u64 bytes;
	gfp_t gfp;
	int node;
	enum pagetype owner;	/* PGTY_vmalloc unless said */
	const char *caller;	/* static text */
};

int vmalloc_init(struct machine *m) __must_check;
void vmalloc_free_state(struct machine *m);
/* -EINVAL for 0 bytes, -ENOMEM, -ENOBUFS. */
int vmalloc(struct machine *m, const struct vmalloc_request *req, u64 *addr) __must_check;
/* An area without pages (ioremap, percpu): kind says which. */
int vmap_area(struct machine *m, u64 bytes, u64 phys, enum vmap_kind kind,
	      const char *caller, u64 *addr) __must_check;
int vfree(struct machine *m, u64 addr) __must_check;	/* -EINVAL: no such area */
u64 vmalloc_nr_pages(const struct machine *m);		/* VmallocUsed */
unsigned int nr_vm_areas(const struct machine *m);
const struct vm_area *vm_area_at(const struct machine *m, unsigned int i);	/* ascending */
void vmalloc_validate(const struct machine *m, struct check *check);

#endif
