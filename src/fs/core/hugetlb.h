/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sizes of huge pages that an architecture has, and the figures of their
 * pools. The pools are empty until pages are put into them.
 */
#ifndef KMM_FS_HUGETLB_H
#define KMM_FS_HUGETLB_H

#include "fs/core/entry.h"

struct hugetlb_pool {
	u64 total, free, reserved, surplus, overcommit;
};

/* The pool of 2^order pages: a node's, or with NULL the machine's. */
struct hugetlb_pool hugetlb_pool(const struct machine *m, const struct pglist_data *node,
				 unsigned int order);
/* Base pages in all pools. */
u64 hugetlb_all_pages(const struct machine *m);

/* Orders, as an each of the tree: hugepages-2048kB, ... (slot V_SIZE). */
bool hugetlb_next(const struct view *v, u32 *order);
void hugetlb_name(const struct view *v, u32 order, char name[64]);
bool hugetlb_find(const struct view *v, const char *name, u32 *order);

#endif
