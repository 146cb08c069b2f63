/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All entries of an address space in order, leaves and empty ones, as a dump of page
 * tables meets them: of the kernel's part, of which no table is stored, and of a task's.
 */
#ifndef KMM_VIRT_KERNEL_WALK_H
#define KMM_VIRT_KERNEL_WALK_H

#include "sim/virt/kernel_map.h"

/* An entry of a level from addr on. 0: it is none, and so is all that it spans. */
typedef void (*entry_visit)(void *arg, u64 addr, unsigned int level, u64 entry);

/* [start, last] of the kernel's addresses. */
void kernel_walk(const struct machine *m, u64 start, u64 last, entry_visit visit, void *arg);
/* [0, end) of an mm's; without tables of its own, entries of the top are none. */
void user_walk(const struct machine *m, const struct mm_struct *mm, u64 end, entry_visit visit,
	       void *arg);

/* Bits that say what an entry allows, for one that maps a page nobody remembers. */
u64 kernel_entry_flags(const struct machine *m, const struct kernel_leaf *leaf);

#endif
