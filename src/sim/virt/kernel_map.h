/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's part of every address space: what swapper_pg_dir maps, which all page
 * tables share with init_mm. It follows from other structures: the direct map from the
 * memory that there is, and where it was split (phys/direct_split.h), the vmalloc range from
 * its areas, the rest from the image.
 */
#ifndef KMM_VIRT_KERNEL_MAP_H
#define KMM_VIRT_KERNEL_MAP_H

#include "sim/virt/pgtable.h"

struct kernel_leaf {
	const char *what;	/* "direct map", "vmalloc", "memory map", "kernel image" */
	u64 start, bytes;	/* the address range that the entry maps */
	unsigned int level;	/* of the entry: 0 is a pte */
	u64 entry;		/* 0: it is mapped, to a page that nobody remembers */
};

/* Does addr belong to the kernel, and not to programs? */
static inline bool is_kernel_address(const struct machine *m, u64 addr)
{
	return m->arch->bits == 32 ? addr >= m->arch->task_size : addr >> 63;
}

/* The level of the direct map's entry for a physical address; false: it has none. */
bool direct_map_level(const struct machine *m, u64 phys, unsigned int *level);
/* The entry that maps addr; false: none does. */
bool kernel_leaf_find(const struct machine *m, u64 addr, struct kernel_leaf *leaf);

#endif
