/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of physical address ranges, as /proc/iomem shows it: a flat list in
 * the order of the file, each range with its depth. Made by the boot; then
 * only memory comes and goes.
 */
#ifndef KMM_BOOT_IOMEM_H
#define KMM_BOOT_IOMEM_H

#include "sim/base/arena.h"
#include "sim/boot/config.h"

struct resource {
	struct phys_range range;	/* half-open */
	const char *name;		/* static */
	u8 rank;			/* of two equal ranges the lower holds the other */
	u8 depth;
};

struct iomem {
	struct resource *resources;
	unsigned int nr, room;
};

/* 0 or -ENOMEM; empty ranges are left out. */
int iomem_add(struct iomem *iomem, struct arena *arena, u64 start, u64 end,
	      const char *name, u8 rank) __must_check;
/* Sort, and give each resource its depth. */
void iomem_arrange(struct iomem *iomem);
/* Memory of this name at these addresses went; what lies around it stays. 0 or -ENOMEM. */
int iomem_remove(struct iomem *iomem, struct arena *arena, u64 start, u64 end,
		 const char *name) __must_check;
void iomem_free(struct iomem *iomem, struct arena *arena);

#endif
