/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools of huge pages as names in the tree, hugepages-2048kB, ... (slot V_SIZE: the order),
 * and what their files and those of proc/sys/vm do when they are written.
 */
#ifndef KMM_FS_HUGETLB_H
#define KMM_FS_HUGETLB_H

#include "fs/core/entry.h"
#include "sim/phys/hugetlb.h"

bool hugetlb_next(const struct view *v, u32 *order);
void hugetlb_name(const struct view *v, u32 order, char name[64]);
bool hugetlb_find(const struct view *v, const char *name, u32 *order);

/* May the pool have pages beyond its size? -EINVAL with the sentence. */
int hugetlb_check_overcommit(struct store *s, u32 order) __must_check;
/* As many pages as there are, of the node if it is not NUMA_NO_NODE: too few is no error. */
int hugetlb_store_count(struct store *s, u32 order, int node, u64 count) __must_check;

#endif
