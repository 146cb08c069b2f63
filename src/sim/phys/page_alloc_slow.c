// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The slow path, in the order of __alloc_pages_slowpath(): kswapd is woken for every
 * node of the list, then the min mark and the reserves that the request may use; costly
 * orders are compacted for first. Then, as often as there is reason to hope: reserves,
 * reclaim, compaction, and the OOM killer.
 */
#include "sim/phys/page_alloc_internal.h"
#include "sim/phys/alloc_policy.h"
#include "sim/phys/fallback.h"
#include "sim/phys/lru.h"
#include "sim/phys/pressure.h"
#include "sim/phys/report.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"

#define MAX_RECLAIM_RETRIES 16

static unsigned int gfp_to_alloc_flags(const struct machine *m, gfp_t gfp,
				       unsigned int order, enum migratetype type)
{
	unsigned int flags = WMARK_MIN | ALLOC_CPUSET | alloc_flags_cma(type);

	if (gfp & __GFP_HIGH)
		flags |= ALLOC_MIN_RESERVE;
	if (gfp & __GFP_KSWAPD_RECLAIM)
		flags |= ALLOC_KSWAPD;
	if (!(gfp & __GFP_DIRECT_RECLAIM)) {
		if (!(gfp & __GFP_NOMEMALLOC)) {
			flags |= ALLOC_NON_BLOCK;
			if (order && gfp & __GFP_HIGH)
				flags |= ALLOC_HIGHATOMIC;
		}
		/* Rather another node than none. */
		if (gfp & __GFP_HIGH)
			flags &= ~ALLOC_CPUSET;
	}
	if (m->tunables->defrag_mode)
		flags |= ALLOC_NOFRAGMENT;
	return flags;
}

static bool current_is_oom_victim(const struct machine *m)
{
	const bool *victim = m->running[m->cpu].oom_victim;

	return victim && *victim;
}

/* The marks do not hold for who frees memory with it; nor all of them for who dies. */
static unsigned int gfp_pfmemalloc_flags(const struct machine *m, gfp_t gfp)
{
	if (gfp & __GFP_NOMEMALLOC)
		return 0;
	if (gfp & __GFP_MEMALLOC || is_reclaiming(m))
		return ALLOC_NO_WATERMARKS;
	return current_is_oom_victim(m) ? ALLOC_OOM : 0;
}

static bool gfp_compaction_allowed(gfp_t gfp)
{
	return gfp & __GFP_IO;
}

static void wake_all_kswapds(struct machine *m, const struct alloc_context *ac)
{
	unsigned int order = ac->req->order;
	int last = -1;

	if (!m->pressure || !m->pressure->wake_kswapd)
		return;
	if (m->tunables->defrag_mode)
		order = MAX(order, m->pageblock_order);
	for (unsigned int i = 0; i < ac->nr_zones; i++) {
		struct zone *zone = m->zones[ac->zonelist[i]];

		if (!zone_allowed(ac, zone) || !zone_managed(zone) || zone->node == last)
			continue;
		m->pressure->wake_kswapd(m, zone, ac->req->gfp, order, ac->highest);
		last = zone->node;
	}
}

static bool unreserve_highatomic(struct machine *m, const struct alloc_context *ac, bool force)
{
	for (unsigned int i = 0; i < ac->nr_zones; i++) {
		struct zone *zone = m->zones[ac->zonelist[i]];

		if (zone_allowed(ac, zone) &&
		    unreserve_highatomic_pageblock(m, zone, ac->type, force))
			return true;
	}
	return false;
}

static u32 try_direct_reclaim(struct machine *m, struct slowpath *s)
{
	const struct reclaim_request request = {
		.gfp = s->ac.req->gfp, .order = s->ac.req->order, .highest = s->ac.highest,
		.nodemask = s->ac.nodemask, .zonelist = s->ac.zonelist,
		.nr_zones = s->ac.nr_zones,
	};
	u32 pfn;

	s->progress = 0;
	if (m->pressure && m->pressure->direct_reclaim)
		s->progress = m->pressure->direct_reclaim(m, &request);
	if (!s->progress)
		return PFN_NIL;
	pfn = get_page_from_freelist(m, &s->ac, s->alloc_flags);
	if (pfn != PFN_NIL)
		return pfn;
	/* What was freed may lie on per-CPU lists or in the reserve. */
	unreserve_highatomic(m, &s->ac, /* force = */ false);
	drain_all_pages(m, NULL);
	return get_page_from_freelist(m, &s->ac, s->alloc_flags);
}

/* Could any zone meet its min mark if all that is reclaimable were freed? */
static bool reclaim_could_help(const struct machine *m, const struct slowpath *s)
{
	const struct alloc_context *ac = &s->ac;

	if (!m->pressure || !m->pressure->reclaimable)
		return false;
	for (unsigned int i = 0; i < ac->nr_zones; i++) {
		const struct zone *zone = m->zones[ac->zonelist[i]];
		u64 available;

		if (!zone_allowed(ac, zone))
			continue;
		available = m->pressure->reclaimable(m, zone) + zone->stat[NR_FREE_PAGES];
		if (zone_watermark_ok(m, zone, ac->req->order, zone_wmark(zone, WMARK_MIN),
				      ac->highest, s->alloc_flags, available))
			return true;
	}
	return false;
}

static bool should_reclaim_retry(struct machine *m, struct slowpath *s)
{
	if (s->progress && s->ac.req->order <= PAGE_ALLOC_COSTLY_ORDER)
		s->no_progress = 0;
	else
		s->no_progress++;
	if (s->no_progress <= MAX_RECLAIM_RETRIES && reclaim_could_help(m, s))
		return true;
	/* Before somebody is killed, the reserve goes. */
	return unreserve_highatomic(m, &s->ac, /* force = */ true);
}

static bool oom_allowed(const struct alloc_context *ac)
{
	gfp_t gfp = ac->req->gfp;

	return ac->req->order <= PAGE_ALLOC_COSTLY_ORDER &&
	       !(gfp & (__GFP_RETRY_MAYFAIL | __GFP_THISNODE)) && ac->highest >= ZONE_NORMAL;
}

/*
 * Somebody else may have freed enough: kswapd, which has tried beside all the turns that came
 * to nothing. If not, somebody is killed.
 */
static u32 alloc_pages_may_oom(struct machine *m, struct slowpath *s)
{
	u32 pfn;

	if (m->pressure && oom_allowed(&s->ac))
		run_woken_daemons(m);
	pfn = get_page_from_freelist(m, &s->ac, WMARK_HIGH);
	s->progress = 0;
	if (pfn != PFN_NIL || !oom_allowed(&s->ac))
		return pfn;
	if (m->pressure && m->pressure->out_of_memory)
		s->progress = m->pressure->out_of_memory(m, s->ac.req);
	if (s->progress && s->ac.req->gfp & __GFP_NOFAIL)
		return get_page_from_freelist(m, &s->ac, ALLOC_NO_WATERMARKS);
	return PFN_NIL;
}

enum verdict { FOUND, AGAIN, NO_PAGE };

/* One turn of the loop. */
static enum verdict slowpath_turn(struct machine *m, struct slowpath *s, u32 *pfn)
{
	gfp_t gfp = s->ac.req->gfp;
	unsigned int reserves = gfp_pfmemalloc_flags(m, gfp);
	bool can_compact = gfp_compaction_allowed(gfp);

	if (s->alloc_flags & ALLOC_KSWAPD)
		wake_all_kswapds(m, &s->ac);
	if (reserves)
		s->alloc_flags = reserves | (s->alloc_flags & ALLOC_KSWAPD) |
				 alloc_flags_cma(s->ac.type);
	/* The system's own needs come before policies. */
	if (reserves || !(s->alloc_flags & ALLOC_CPUSET)) {
		s->ac.nodemask = 0;
		find_preferred(m, &s->ac, 0);
	}
	*pfn = get_page_from_freelist(m, &s->ac, s->alloc_flags);
	if (*pfn != PFN_NIL)
		return FOUND;
	/* Who reclaims is not reclaimed for. */
	if (!(gfp & __GFP_DIRECT_RECLAIM) || is_reclaiming(m))
		return NO_PAGE;
	/* It would sleep: grace periods end meanwhile, and what waited for them is free. */
	if (rcu_barrier(m))
		return AGAIN;
	*pfn = try_direct_reclaim(m, s);
	if (*pfn == PFN_NIL)
		*pfn = try_direct_compact(m, s, s->compact_priority);
	if (*pfn != PFN_NIL)
		return FOUND;
	if (gfp & __GFP_NORETRY)
		return NO_PAGE;
	if (s->ac.req->order > PAGE_ALLOC_COSTLY_ORDER &&
	    (!can_compact || !(gfp & __GFP_RETRY_MAYFAIL)))
		return NO_PAGE;
	if (should_reclaim_retry(m, s))
		return AGAIN;
	if (s->progress && can_compact && should_compact_retry(m, s))
		return AGAIN;
	if (s->alloc_flags & ALLOC_NOFRAGMENT) {
		s->alloc_flags &= ~ALLOC_NOFRAGMENT;
		return AGAIN;
	}
	*pfn = alloc_pages_may_oom(m, s);
	if (*pfn != PFN_NIL)
		return FOUND;
	/* Who is to die has had its share of the reserves. */
	if (!s->progress || (current_is_oom_victim(m) &&
			     (s->alloc_flags & ALLOC_OOM || gfp & __GFP_NOMEMALLOC)))
		return NO_PAGE;
	s->no_progress = 0;
	return AGAIN;
}

/*
 * Costly orders, and others of what cannot move, are compacted for before anything is
 * reclaimed. NO_PAGE: who must not retry does not even reclaim.
 */
static enum verdict compact_first(struct machine *m, struct slowpath *s, u32 *pfn)
{
	gfp_t gfp = s->ac.req->gfp;
	bool costly = s->ac.req->order > PAGE_ALLOC_COSTLY_ORDER;

	if (!(gfp & __GFP_DIRECT_RECLAIM) || !gfp_compaction_allowed(gfp) ||
	    gfp_pfmemalloc_flags(m, gfp) || !s->ac.req->order ||
	    (!costly && s->ac.type == MIGRATE_MOVABLE))
		return AGAIN;
	*pfn = try_direct_compact(m, s, INIT_COMPACT_PRIORITY);
	if (*pfn != PFN_NIL)
		return FOUND;
	if (!costly || !(gfp & __GFP_NORETRY))
		return AGAIN;
	if (s->compact_result == COMPACT_SKIPPED || s->compact_result == COMPACT_DEFERRED ||
	    gfp & __GFP_THISNODE)
		return NO_PAGE;
	s->compact_priority = INIT_COMPACT_PRIORITY;
	return AGAIN;
}

/* 6.1 warns of whom it cannot help; later, of those that ask for it. */
static void warn_nofail(struct machine *m, const struct alloc_request *req)
{
	if (rel_nofail_may_be_large(m->release))
		return;
	if (!(req->gfp & __GFP_DIRECT_RECLAIM))
		warn_on_once(m, WARN_NOFAIL_ATOMIC);
	else if (req->order > PAGE_ALLOC_COSTLY_ORDER)
		warn_on_once(m, WARN_NOFAIL_COSTLY);
}

/* What was reclaimed, moved or killed so far: does a turn change anything? */
static s64 work_done(const struct machine *m)
{
	return m->event[PGSTEAL_KSWAPD] + m->event[PGSTEAL_DIRECT] + m->event[OOM_KILL] +
	       m->event[PGMIGRATE_SUCCESS] + m->event[COMPACTISOLATED];
}

/* Some of the reserves, on nodes that the task may use if that will do. */
static u32 cpuset_fallback(struct machine *m, struct slowpath *s)
{
	u32 pfn = get_page_from_freelist(m, &s->ac,
					 WMARK_MIN | ALLOC_MIN_RESERVE | ALLOC_CPUSET);

	if (pfn != PFN_NIL || s->ac.nodemask == s->ac.req->nodemask)
		return pfn;
	s->ac.nodemask = s->ac.req->nodemask;
	if (!find_preferred(m, &s->ac, s->ac.nodemask))
		return PFN_NIL;
	return get_page_from_freelist(m, &s->ac, WMARK_MIN | ALLOC_MIN_RESERVE);
}

/*
 * Who must not fail tries for ever. Nobody else runs meanwhile, so that where a turn
 * changes nothing no other will.
 */
static u32 alloc_pages_nofail(struct machine *m, struct slowpath *s)
{
	gfp_t gfp = s->ac.req->gfp;
	u32 pfn = PFN_NIL;
	s64 before;

	if (!(gfp & __GFP_NOFAIL))
		return PFN_NIL;
	if (!(gfp & __GFP_NOWARN))
		warn_nofail(m, s->ac.req);
	do {
		enum verdict verdict = AGAIN;

		if (!(gfp & __GFP_DIRECT_RECLAIM))
			break;
		pfn = cpuset_fallback(m, s);
		if (pfn != PFN_NIL)
			return pfn;
		before = work_done(m);
		while (verdict == AGAIN)
			verdict = slowpath_turn(m, s, &pfn);
		if (verdict == FOUND)
			return pfn;
	} while (work_done(m) != before);
	why_nofail_fails(m, &s->ac);
	return PFN_NIL;
}

u32 alloc_pages_slowpath(struct machine *m, const struct alloc_context *ac)
{
	gfp_t gfp = ac->req->gfp;
	struct slowpath s = {
		.ac = *ac,
		.alloc_flags = gfp_to_alloc_flags(m, gfp, ac->req->order, ac->type),
		.compact_result = COMPACT_SKIPPED,
		.compact_priority = DEF_COMPACT_PRIORITY,
	};
	enum verdict verdict = NO_PAGE;
	u32 pfn;

	if (unlikely(gfp & __GFP_NOFAIL) && !(gfp & __GFP_DIRECT_RECLAIM) &&
	    rel_nofail_may_be_large(m->release))
		warn_on_once(m, WARN_NOFAIL_ATOMIC);
	why_slowpath(m, ac, s.alloc_flags);
	s.ac.spread_dirty_pages = false;
	/* Who is the kernel's own leaves the cpuset when it has to. */
	if (unlikely(m->policies) && (!(gfp & __GFP_HARDWALL) || !(s.alloc_flags & ALLOC_CPUSET)))
		s.ac.nodemask = ac->req->nodemask;
	else if (unlikely(ac->outside))
		return PFN_NIL;
	if (!find_preferred(m, &s.ac, ac->req->nodemask))
		return PFN_NIL;
	if (s.alloc_flags & ALLOC_KSWAPD)
		wake_all_kswapds(m, &s.ac);
	pfn = get_page_from_freelist(m, &s.ac, s.alloc_flags);
	if (pfn != PFN_NIL)
		return pfn;
	verdict = compact_first(m, &s, &pfn);
	while (verdict == AGAIN)
		verdict = slowpath_turn(m, &s, &pfn);
	return verdict == FOUND ? pfn : alloc_pages_nofail(m, &s);
}
