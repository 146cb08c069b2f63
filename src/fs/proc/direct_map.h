/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The direct map: how much of memory is mapped by pages of each size, as the kernel's
 * counters have it.
 */
#ifndef KMM_FS_DIRECT_MAP_H
#define KMM_FS_DIRECT_MAP_H

#include "sim/machine.h"

struct direct_map {
	u64 kb[3];	/* by 4 KiB, second level, third level */
};

struct direct_map direct_map(const struct machine *m);

#endif
