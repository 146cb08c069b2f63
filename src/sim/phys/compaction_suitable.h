/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is compaction of a zone worth it? The questions that are asked before it begins, and
 * what a zone remembers of attempts that failed. The compaction itself is in policy/.
 */
#ifndef KMM_PHYS_COMPACTION_SUITABLE_H
#define KMM_PHYS_COMPACTION_SUITABLE_H

#include "sim/phys/buddy.h"
#include "sim/phys/pressure.h"

#define COMPACT_MAX_DEFER_SHIFT 6

/* How much is to stay free beside the block: for the copies. */
static inline u64 compact_gap(unsigned int order)
{
	return 2ULL << order;
}

/* One of the attempts that are left out after a failure? It is counted. */
bool compaction_deferred(struct zone *zone, unsigned int order);
void defer_compaction(struct zone *zone, unsigned int order);
/* A block may be there now; an allocation got it. */
void compaction_defer_reset(struct zone *zone, unsigned int order, bool alloc_success);
/* So many attempts were left out that the skip bits are out of date. */
bool compaction_restarting(const struct zone *zone, unsigned int order);

/* A block to be had: of which order, above which mark, by whose reserves. */
struct compact_target {
	unsigned int order;
	enum zone_type highest;
	unsigned int alloc_flags;
	bool kcompactd;
	bool async;		/* somebody who would rather not wait */
};
/* SUCCESS: it can be had already. SKIPPED: in vain. CONTINUE: worth it. */
enum compact_result compaction_suitable(const struct machine *m, const struct zone *zone,
					const struct compact_target *target);
/* The same with so much free, but for the fragmentation: could reclaim help? */
bool compaction_has_room(const struct machine *m, const struct zone *zone,
			 const struct compact_target *target, s64 free_pages);

#endif
