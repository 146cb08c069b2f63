/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buddy allocator of one zone: free areas by order and migrate type. Rules
 * from facts/kernel-rules.md section 6: split takes the lowest part, upper halves
 * go to the head; a freed block goes to the tail when merging again is likely.
 *
 * Virgin memory: a run of free order-10 blocks that nobody touched is one list
 * element, PGTY_run, in the descriptor of its first page, with the number of
 * blocks in `mapping`. Taking a block from it takes the first and moves the
 * record up. So a terabyte of free memory is a few records.
 */
#ifndef KMM_PHYS_BUDDY_H
#define KMM_PHYS_BUDDY_H

#include "sim/phys/section.h"

enum buddy_place { BUDDY_HEAD, BUDDY_TAIL, BUDDY_AUTO };

/*
 * Free a block: merges, puts it on the list of its pageblock's type, counts
 * NR_FREE_PAGES. The descriptors need be present (for BUDDY_TAIL at boot they are
 * materialised on demand). BUDDY_AUTO decides by the "merge likely" rule.
 */
void buddy_free(struct machine *m, struct zone *zone, u64 pfn, unsigned int order,
		enum buddy_place place);

/* Hand `nr_blocks` virgin order-10 blocks from pfn on to the tail of Movable. */
int buddy_add_run(struct machine *m, struct zone *zone, u64 pfn, u64 nr_blocks) __must_check;

enum buddy_mode {
	BUDDY_NO_FALLBACK = 1,	/* ALLOC_NOFRAGMENT: whole foreign blocks only */
	BUDDY_HIGHATOMIC = 2,	/* may use the HighAtomic reserve */
};

/*
 * Take a block of this type (falling back as the release does). Returns its
 * pfn, or PFN_NIL when none is there. Secure sections first (section.h).
 */
u32 buddy_alloc(struct machine *m, struct zone *zone, unsigned int order,
		enum migratetype type, unsigned int mode);

/* The block that holds pfn is taken off its list if it is free: true then. */
bool buddy_take_page_block(struct machine *m, struct zone *zone, u64 pfn,
			   u64 *head, unsigned int *order);

/* Head pfn and order of the free block that holds pfn; false if it is not free. */
bool buddy_find(const struct machine *m, u64 pfn, u64 *head, unsigned int *order);

/* Pages that are free in blocks of pageblock order or more (nr_free_pages_blocks). */
u64 buddy_free_in_blocks(const struct machine *m, const struct zone *zone);

void buddy_validate(const struct machine *m, const struct zone *zone, struct check *check);

#endif
