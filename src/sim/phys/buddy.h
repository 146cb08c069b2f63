/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buddy allocator of one zone: free areas by order and migrate type. Split
 * takes the lowest part, upper halves go to the head; a freed block goes to the
 * tail when merging again is likely. NR_FREE_PAGES and its subsets follow the
 * lists. What happens when a type has no memory left is in fallback.h.
 *
 * Virgin memory: a run of free order-10 blocks that nobody touched is one list
 * element, PGTY_run, in the descriptor of its first page, with the number of
 * blocks in `mapping`. Taking a block from it takes the first and moves the
 * record up. So a terabyte of free memory is a few records.
 */
#ifndef KMM_PHYS_BUDDY_H
#define KMM_PHYS_BUDDY_H

#include "sim/phys/section.h"

/* ALLOC_* of an allocation: which mark, which reserves, which blocks. */
enum {
	ALLOC_WMARK_MASK = 3,	/* enum zone_watermarks */
	ALLOC_NO_WATERMARKS = 1 << 2,
	ALLOC_OOM = 1 << 3,
	ALLOC_NON_BLOCK = 1 << 4,
	ALLOC_MIN_RESERVE = 1 << 5,	/* __GFP_HIGH */
	ALLOC_NOFRAGMENT = 1 << 6,	/* break no pageblock of another type */
	ALLOC_HIGHATOMIC = 1 << 7,	/* may use the HighAtomic reserve */
	ALLOC_KSWAPD = 1 << 8,		/* may wake kswapd */
	ALLOC_CPUSET = 1 << 9,		/* the task's nodes only */
	ALLOC_CMA = 1 << 10,		/* may use CMA pageblocks: what can move */
};
#define ALLOC_RESERVES (ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE | ALLOC_HIGHATOMIC | ALLOC_OOM)

/* Pages have left the free lists: did the min mark forbid it? For the check (W5). */
static inline void zone_note_taken(struct zone *zone, u64 nr_pages, unsigned int alloc_flags)
{
	if (unlikely((u64)zone->stat[NR_FREE_PAGES] + nr_pages <= zone->watermark[WMARK_MIN]) &&
	    nr_pages && !(alloc_flags & (ALLOC_NO_WATERMARKS | ALLOC_RESERVES)))
		zone->basis.nr_below_min++;
}

enum buddy_place { BUDDY_HEAD, BUDDY_TAIL, BUDDY_AUTO };

/*
 * Free a block whose descriptors are present: merges, puts it on the list of its
 * pageblock's type. BUDDY_AUTO decides by the "merge likely" rule.
 */
void buddy_free(struct machine *m, struct zone *zone, u64 pfn, unsigned int order,
		enum buddy_place place);
/* The same on the list of a type that the caller knows. */
void buddy_free_type(struct machine *m, struct zone *zone, u64 pfn, unsigned int order,
		     enum migratetype type, enum buddy_place place);

/*
 * Take a block of this type (falling back as the release does). Returns its
 * pfn, or PFN_NIL when none is there. Call section_reserve() first.
 */
u32 buddy_alloc(struct machine *m, struct zone *zone, unsigned int order,
		enum migratetype type, unsigned int alloc_flags);
/* The same without falling back to other types. */
u32 buddy_alloc_smallest(struct machine *m, struct zone *zone, unsigned int order,
			 enum migratetype type);

/* The list of `order` and `type` is empty? */
static inline bool free_area_empty(const struct free_area *area, enum migratetype type)
{
	return area->lists[type].first == PFN_NIL;
}

/* Take this free block off its list; of a run only the first. */
void buddy_del(struct machine *m, struct zone *zone, u64 pfn, unsigned int order);
/* Put the upper parts of a block of order `high` back, the first 2^low pages stay out. */
void buddy_expand(struct machine *m, struct zone *zone, u64 pfn, unsigned int low,
		  unsigned int high, enum migratetype type);
/* To the tail of another type's list. */
void buddy_move(struct machine *m, struct zone *zone, u64 pfn, unsigned int order,
		enum migratetype type);

/* The list of the block begins with it, those before it follow the last; or it ends it. */
void free_list_begin_with(struct machine *m, struct zone *zone, u64 pfn);
void free_list_end_with(struct machine *m, struct zone *zone, u64 pfn);
/*
 * Take a free block that is to be a target of migration: its head, not of a run. False:
 * the zone has too little free memory for that. At least half a pageblock makes its
 * pageblocks Movable.
 */
bool isolate_free_page(struct machine *m, struct zone *zone, u64 pfn, unsigned int order);

/* m->capture: a freed block of this order is not put back, but kept for who compacts. */
struct capture_control {
	const struct zone *zone;
	unsigned int order;
	enum migratetype type;	/* what it is for */
	u32 pfn;		/* the block; PFN_NIL: none yet */
};

/* Head pfn and order of the free block that holds pfn; false if it is not free. */
bool buddy_find(const struct machine *m, u64 pfn, u64 *head, unsigned int *order);

/*
 * The free block that holds pfn is taken off its list, also out of the middle of
 * a run. 1: taken; 0: not free; -ENOBUFS: no host memory, nothing changed.
 */
int buddy_take(struct machine *m, struct zone *zone, u64 pfn, u64 *head,
	       unsigned int *order) __must_check;

/* Empty lists: the zone's state before anything is handed over. */
void zone_init_free_lists(struct zone *zone);

/*
 * buddy_run.c: the boot hands over the free pages [pfn, end) of a zone, in blocks
 * as large as alignment allows, each to the tail; whole order-10 blocks become
 * one run. Counts managed_pages, totalram_pages and pgfree. -ENOMEM: nothing
 * changed.
 */
int buddy_hand_over(struct machine *m, struct zone *zone, u64 pfn, u64 end) __must_check;
/* For whoever reads or splits runs: the head of the run that holds this virgin page. */
u64 buddy_run_head(const struct machine *m, u64 pfn);

/* Pages that are free in blocks of pageblock order or more (nr_free_pages_blocks). */
u64 buddy_free_in_blocks(const struct machine *m, const struct zone *zone);

/* Every list of the zone (B2 B1..B8), or only what was touched since the last reset. */
void buddy_validate(const struct machine *m, const struct zone *zone, struct check *check);
void buddy_validate_touched(const struct machine *m, const struct zone *zone,
			    struct check *check);
/* Blocks on a list, counted one by one. */
u64 buddy_recount(const struct machine *m, const struct zone *zone, unsigned int order,
		  enum migratetype type);
static inline void zone_touched_reset(struct zone *zone)
{
	zone->touched.nr = 0;
}

#endif
