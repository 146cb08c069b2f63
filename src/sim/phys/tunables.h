/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The numbers behind /proc/sys/vm and sysfs files that hold one value. Each is
 * one row of tunables.def: T(type, field, default); what is
 * no single number follows in the struct. What a write
 * causes besides is with the file's row in fs/proc/sys_vm.c.
 */
#ifndef KMM_PHYS_TUNABLES_H
#define KMM_PHYS_TUNABLES_H

#include "sim/arch/arch.h"
#include "sim/base/types.h"

#define PRINTK_LEVELS 4
#define UTS_CHARS 64	/* of a host's name */

struct tunables {
#define T(type, field, value) type field;
#include "sim/phys/tunables.def"
#undef T
	s32 lowmem_reserve_ratio[MAX_NR_ZONES];
	s32 printk[PRINTK_LEVELS];
	char hostname[UTS_CHARS + 1], domainname[UTS_CHARS + 1];
};

void tunables_init(struct tunables *tunables);

/* Nothing is placed below; whoever asks for less by name is asked for rights (mmap_min_addr). */
static inline u64 lowest_address(const struct tunables *t)
{
	return t->mmap_min_addr > t->lsm_mmap_min_addr ? t->mmap_min_addr : t->lsm_mmap_min_addr;
}

#endif
