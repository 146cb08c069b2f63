/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who calls the allocator may have a memory policy, or may not use every node. Tasks
 * are above this layer, so that is asked through m->policies: NULL as long as nobody
 * in the machine has either, which is the usual case and costs one test.
 */
#ifndef KMM_PHYS_ALLOC_POLICY_H
#define KMM_PHYS_ALLOC_POLICY_H

#include "sim/phys/page_alloc.h"

struct alloc_policy {
	/*
	 * alloc_pages() that names no node: by the policy of the task that runs. Asks
	 * alloc_pages() again, with a node.
	 */
	int (*alloc)(struct machine *m, const struct alloc_request *req, u32 *pfn) __must_check;
	/*
	 * nr pages at once, for an area of vmalloc: the node of each, if the task that
	 * runs interleaves. False: one by one, as any other.
	 */
	bool (*bulk)(struct machine *m, unsigned int nr, u8 *nodes);
	/* The nodes that the task that runs may use; 0: all. */
	u64 (*mems_allowed)(const struct machine *m);
};

#endif
