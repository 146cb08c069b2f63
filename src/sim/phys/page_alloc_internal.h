/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What page_alloc.c and page_alloc_slow.c share: one allocation under way. */
#ifndef KMM_PHYS_PAGE_ALLOC_INTERNAL_H
#define KMM_PHYS_PAGE_ALLOC_INTERNAL_H

#include "sim/phys/page_alloc.h"
#include "sim/phys/pressure.h"
#include "sim/phys/tunables.h"

struct alloc_context {
	const struct alloc_request *req;
	u64 nodemask;		/* the request's, within what the task may use; 0: all */
	const u16 *zonelist;
	unsigned int nr_zones;	/* in the list */
	unsigned int first;	/* of the list that may be used: the preferred zone */
	enum zone_type highest;
	enum migratetype type;
	struct zone *preferred;
	bool spread_dirty_pages;	/* __GFP_WRITE, in the fast path */
	bool outside;		/* none of the request's nodes may be used by the task */
};

/* An allocation that goes the slow way. */
struct slowpath {
	struct alloc_context ac;
	unsigned int alloc_flags;
	u64 progress;		/* of the last reclaim, or the OOM killer */
	unsigned int no_progress;	/* turns in a row */
	enum compact_result compact_result;
	enum compact_priority compact_priority;
	unsigned int compact_retries;
};

/* page_type of what is the owner's. */
static inline u32 owner_type(enum pagetype owner)
{
	return owner ? (u32)owner << 24 : (u32)-1;
}

/* The descriptors of a block say "free" again; flags keep the zone alone. */
static inline void reset_page(struct page *page)
{
	page->flags &= ~((1U << PGF_ZONE_SHIFT) - 1);
	page->mapping = 0;
	page->index = 0;
	page->memcg = 0;
	page->refcount = 0;
	page->mapcount = -1;
}

/* May the allocation use this zone at all? */
static inline bool zone_allowed(const struct alloc_context *ac, const struct zone *zone)
{
	return zone->type <= ac->highest &&
	       (!ac->nodemask || ac->nodemask >> zone->node & 1);
}

/*
 * Who is preferred is the first zone of the request's nodes; whether the task may use it is
 * asked later. False: there is none.
 */
static inline bool find_preferred(const struct machine *m, struct alloc_context *ac, u64 nodemask)
{
	for (ac->first = 0; ac->first < ac->nr_zones; ac->first++) {
		ac->preferred = m->zones[ac->zonelist[ac->first]];
		if (likely(ac->preferred->type <= ac->highest &&
			   (!nodemask || nodemask >> ac->preferred->node & 1)))
			return true;
	}
	return false;
}

/* What can move may lie in CMA areas. */
static inline unsigned int alloc_flags_cma(enum migratetype type)
{
	return type == MIGRATE_MOVABLE ? ALLOC_CMA : 0;
}

/* nr pages of `zone` were given to who would rather have had them from `preferred`. */
static inline void zone_statistics(struct machine *m, struct zone *preferred,
				   struct zone *zone, unsigned int nr)
{
	if (!m->arch->numa || unlikely(!m->tunables->numa_stat))
		return;
	if (likely(zone->node == preferred->node)) {
		zone->numa[NUMA_HIT] += nr;
	} else {
		zone->numa[NUMA_MISS] += nr;
		preferred->numa[NUMA_FOREIGN] += nr;
	}
	zone->numa[likely(zone->node == m->cpu_node[m->cpu]) ? NUMA_LOCAL : NUMA_OTHER] += nr;
}

/* -EINVAL: there is no such node. -ENOMEM: no zone may be used. */
int prepare_alloc_pages(const struct machine *m, const struct alloc_request *req,
			struct alloc_context *ac) __must_check;
/* The descriptors of a block that has left the lists. */
void prep_taken_page(struct machine *m, const struct alloc_request *req, u32 pfn);

/* Walk the list once; PFN_NIL if no zone can give the pages at this mark. */
u32 get_page_from_freelist(struct machine *m, const struct alloc_context *ac,
			   unsigned int alloc_flags);

/* After the fast path failed: reserves, reclaim, compaction, OOM; PFN_NIL. */
u32 alloc_pages_slowpath(struct machine *m, const struct alloc_context *ac);

/* page_alloc_compact.c */
u32 try_direct_compact(struct machine *m, struct slowpath *s, enum compact_priority priority);
bool should_compact_retry(struct machine *m, struct slowpath *s);

/* page_alloc_gate.c: zones that are passed over for other reasons than their marks. */
bool node_dirty_ok(const struct machine *m, const struct pglist_data *node);
/* A zone is below its mark: was enough of its node reclaimed (zone_reclaim_mode)? */
bool node_reclaim_helped(struct machine *m, const struct alloc_context *ac,
			 struct zone *zone, unsigned int alloc_flags);

/* page_alloc_why.c: notes of what was not done, and for what figures. */
#define __cold __attribute__((__cold__, __noinline__))
void why_zone_passed_over(struct machine *m, const struct alloc_context *ac,
			  const struct zone *zone, unsigned int alloc_flags) __cold;
void why_zone_empty(struct machine *m, const struct alloc_context *ac,
		    const struct zone *zone, unsigned int alloc_flags) __cold;
void why_walk_stopped(struct machine *m, const struct alloc_context *ac,
		      const struct zone *zone) __cold;
void why_slowpath(struct machine *m, const struct alloc_context *ac,
		  unsigned int alloc_flags) __cold;
void why_nofail_fails(struct machine *m, const struct alloc_context *ac) __cold;
void why_dirty(struct machine *m, const struct zone *zone) __cold;
/* Returns -ENOMEM. */
int why_alloc_failed(struct machine *m, const struct alloc_context *ac) __cold;

#endif
