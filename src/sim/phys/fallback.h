/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens when a migrate type has no free block: blocks of other types are
 * claimed, moved or stolen, by the rules of the release. Also the HighAtomic
 * reserve and the boost of watermarks that fragmentation causes.
 */
#ifndef KMM_PHYS_FALLBACK_H
#define KMM_PHYS_FALLBACK_H

#include "sim/phys/buddy.h"

/* Where the last block of a batch was found: where the search begins (since 6.15). */
enum rmqueue_mode { RMQUEUE_NORMAL, RMQUEUE_CMA, RMQUEUE_CLAIM, RMQUEUE_STEAL };

/* A block of this type, or one got by falling back; PFN_NIL if there is none. */
u32 rmqueue(struct machine *m, struct zone *zone, unsigned int order,
	    enum migratetype type, unsigned int alloc_flags, enum rmqueue_mode *mode);

/* Has another type a free block of this order that `type` would claim? */
bool fallback_is_claimable(const struct machine *m, const struct zone *zone,
			   unsigned int order, enum migratetype type);

/*
 * The pageblock is of this type from now on, and since 6.10 so are its free blocks; one
 * that sticks out of the zone stays as it is then.
 */
void change_pageblock(struct machine *m, struct zone *zone, u64 pfn, enum migratetype type);

/* An atomic allocation of some order took pfn: reserve its pageblock, if allowed. */
void reserve_highatomic_pageblock(struct machine *m, struct zone *zone, u64 pfn,
				  unsigned int order);
/* Give one reserved pageblock of the zone back as `type`; true if that freed pages. */
bool unreserve_highatomic_pageblock(struct machine *m, struct zone *zone,
				    enum migratetype type, bool force);
/* The most pages that the zone may reserve; 0 = none. */
u64 highatomic_limit(const struct machine *m, const struct zone *zone);

#endif
