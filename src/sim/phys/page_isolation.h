/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pageblocks that nobody allocates from: their type is Isolate, what is freed in them
 * stays in them. Between start_ and undo_ (or for good, when memory goes offline) their
 * movable pages are moved elsewhere; then all of a range is free at once.
 */
#ifndef KMM_PHYS_PAGE_ISOLATION_H
#define KMM_PHYS_PAGE_ISOLATION_H

#include "sim/phys/section.h"

enum isolate_flags {
	MEMORY_OFFLINE = 1,
	ISOLATE_CMA = 2,	/* for who may have CMA pageblocks: nobody else can */
};

/* A range of whole pageblocks of one zone. */
struct isolation {
	struct zone *zone;
	u64 start, end;
	u8 *types;		/* what the pageblocks were */
	enum migratetype undone;	/* until 6.16: what they all become */
	u64 unmovable;		/* why it failed: a page that cannot move; ~0: none */
};

/*
 * All pageblocks that [start, end) is in. -EBUSY: a page cannot move, or pageblocks are
 * isolated already; -ENOBUFS. Nothing has changed then.
 */
int start_isolate_page_range(struct machine *m, struct isolation *isolation, u64 start,
			     u64 end, unsigned int flags) __must_check;
/* They are what they were (until 6.16: CMA for ISOLATE_CMA, else Movable). */
void undo_isolate_page_range(struct machine *m, struct isolation *isolation);
/* The pageblocks stay Isolate; what was remembered goes. */
void end_isolate_page_range(struct machine *m, struct isolation *isolation);

/*
 * Is every page of [start, end) free, or (MEMORY_OFFLINE) out of use because it failed? If
 * not, *pfn is the first that is not.
 */
bool test_pages_isolated(const struct machine *m, u64 start, u64 end, unsigned int flags,
			 u64 *pfn);
/* The first page of [start, end) that cannot move; end: there is none. */
u64 has_unmovable_pages(const struct machine *m, const struct zone *zone, u64 start, u64 end,
			unsigned int flags);
/* All of it is free: off the free lists. The caller has made its sections. */
void take_isolated_range(struct machine *m, struct zone *zone, u64 start, u64 end);

#endif
