/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What reclaim does with anonymous pages, and with others that are in the swap cache: the
 * steps, each by itself, and all of them for a list. Pages are off their LRU list, with a
 * reference of who reclaims.
 */
#ifndef KMM_VIRT_SWAP_OUT_H
#define KMM_VIRT_SWAP_OUT_H

#include "sim/virt/swap.h"

/*
 * A slot for the folio, or slots for a large one; where there are none for it as a whole, it
 * is split, and this is about its first page. -ENOMEM, -EBUSY, -ENOBUFS: it stays.
 */
int reclaim_add_to_swap(struct machine *m, u32 pfn) __must_check;
/* The dirty folio of the swap cache is on its way out, and rotated when it is there. */
void swap_reclaim_write(struct machine *m, u32 pfn);
/* What the two above look for, and is nowhere near the page, comes on its way. */
static inline void swap_out_prefetch(const struct machine *m, u32 pfn)
{
	__builtin_prefetch(&m->page_content[pfn]);
	if (m->page_private)
		__builtin_prefetch(&m->page_private[pfn], /* for writing = */ 1);
}
/* It leaves the cache, if it is clean and nobody else has it; a shadow stays. */
bool remove_swap_mapping(struct machine *m, u32 pfn, u32 target) __must_check;
#endif
