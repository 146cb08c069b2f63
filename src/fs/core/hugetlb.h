/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of huge pages as names in the tree: hugepages-2048kB, ... (slot V_SIZE: the order). */
#ifndef KMM_FS_HUGETLB_H
#define KMM_FS_HUGETLB_H

#include "fs/core/entry.h"
#include "sim/phys/hugetlb.h"

bool hugetlb_next(const struct view *v, u32 *order);
void hugetlb_name(const struct view *v, u32 order, char name[64]);
bool hugetlb_find(const struct view *v, const char *name, u32 *order);

#endif
