/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that lies together, of any length: the range is isolated, what is in use moves
 * elsewhere, and all of it is taken off the free lists (alloc_contig_range).
 */
#ifndef KMM_PHYS_CONTIG_H
#define KMM_PHYS_CONTIG_H

#include "sim/phys/page_alloc.h"

/*
 * Take the pages [start, end), which lie in one zone: off the free lists, nobody's. `type`
 * is CMA for pages of a CMA area, which nobody else may take, or Movable. 0; -EBUSY:
 * something is in the way; -ENOMEM: no page to move to; -ENOBUFS: no host memory,
 * nothing changed.
 */
int alloc_contig_range(struct machine *m, u64 start, u64 end, enum migratetype type)
	__must_check;
/*
 * The first range of nr_pages, at a multiple of nr_pages, that can be had: by the node,
 * the zones and the nodes of the request, whose order does not count. The pages are
 * nobody's yet. Errors as above, but that -EBUSY is -ENOMEM.
 */
int alloc_contig_pages(struct machine *m, const struct alloc_request *req, u64 nr_pages,
		       u32 *pfn) __must_check;

#endif
