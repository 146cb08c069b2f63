/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools of huge pages, one for each size. Pages of the page tables' second level
 * come from the buddy allocator, on one node after the other; gigantic ones can
 * only be given by the boot. A pool that shrinks gives its newest pages back.
 */
#ifndef KMM_PHYS_HUGETLB_H
#define KMM_PHYS_HUGETLB_H

#include "sim/machine.h"

#define HUGETLB_POOLS 2		/* second level, third level */

struct hugetlb_counts {
	u64 total, free, reserved, surplus, overcommit;
};

/* The size that meminfo and the sysctls mean: the second level's unless set. */
unsigned int hugetlb_default_order(const struct machine *m);
int hugetlb_set_default(struct machine *m, unsigned int order) __must_check;

void hugetlb_free_state(struct machine *m);

/* Does the architecture have huge pages of this order? */
bool hugetlb_has_order(const struct machine *m, unsigned int order);

/* An allocated page of 2^order joins its pool. 0 or -ENOMEM (nothing changed). */
int hugetlb_add(struct machine *m, unsigned int order, u32 pfn) __must_check;

/*
 * Grow or shrink a pool to `count` pages, on `node` only if it is not
 * NUMA_NO_NODE. Stops early when the machine has no such page: that is success,
 * as the caller reads the result. -EINVAL: gigantic pages cannot be made now;
 * -ENOBUFS: no host memory.
 */
int hugetlb_resize(struct machine *m, unsigned int order, int node, u64 count) __must_check;

/* A node's (NULL: the machine's) pages. */
struct hugetlb_counts hugetlb_counts(const struct machine *m, const struct pglist_data *node,
				     unsigned int order);
void hugetlb_set_overcommit(struct machine *m, unsigned int order, u64 count);
/* Base pages in all pools. */
u64 hugetlb_total_pages(const struct machine *m);

struct digest;
void hugetlb_digest(const struct machine *m, struct digest *digest);
/* H1, C4 of every pool. */
void hugetlb_validate(const struct machine *m, struct check *check);

#endif
