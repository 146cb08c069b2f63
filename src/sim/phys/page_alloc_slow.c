// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The slow path: kswapd is woken for every node of the list, then the min mark
 * and the reserves that the request may use; then, if it may wait, compaction,
 * reclaim, and the OOM killer, each as long as the one before it makes progress.
 */
#include "sim/phys/page_alloc_internal.h"
#include "sim/phys/fallback.h"
#include "sim/phys/pressure.h"
#include "sim/phys/tunables.h"

#define MAX_RECLAIM_RETRIES 16

static unsigned int gfp_to_alloc_flags(const struct machine *m, gfp_t gfp,
				       unsigned int order)
{
	unsigned int flags = WMARK_MIN;

	if (gfp & __GFP_HIGH)
		flags |= ALLOC_MIN_RESERVE;
	if (gfp & __GFP_KSWAPD_RECLAIM)
		flags |= ALLOC_KSWAPD;
	if (!(gfp & (__GFP_DIRECT_RECLAIM | __GFP_NOMEMALLOC))) {
		flags |= ALLOC_NON_BLOCK;
		if (order && gfp & __GFP_HIGH)
			flags |= ALLOC_HIGHATOMIC;
	}
	if (m->tunables->defrag_mode)
		flags |= ALLOC_NOFRAGMENT;
	return flags;
}

static void wake_all_kswapds(struct machine *m, const struct alloc_context *ac)
{
	int last = -1;

	if (!m->pressure || !m->pressure->wake_kswapd)
		return;
	for (unsigned int i = 0; i < ac->nr_zones; i++) {
		struct zone *zone = m->zones[ac->zonelist[i]];

		if (!zone_allowed(ac, zone) || !zone_managed(zone) || zone->node == last)
			continue;
		m->pressure->wake_kswapd(m, zone, ac->req->gfp, ac->req->order, ac->highest);
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

static u32 try_direct_reclaim(struct machine *m, const struct alloc_context *ac,
			      unsigned int alloc_flags, u64 *progress)
{
	u32 pfn;

	*progress = 0;
	if (m->pressure && m->pressure->direct_reclaim)
		*progress = m->pressure->direct_reclaim(m, ac->req, ac->highest);
	if (!*progress)
		return PFN_NIL;
	pfn = get_page_from_freelist(m, ac, alloc_flags);
	if (pfn != PFN_NIL)
		return pfn;
	/* What was freed may lie on per-CPU lists or in the reserve. */
	unreserve_highatomic(m, ac, /* force = */ false);
	drain_all_pages(m, NULL);
	return get_page_from_freelist(m, ac, alloc_flags);
}

static u32 try_direct_compact(struct machine *m, const struct alloc_context *ac,
			      unsigned int alloc_flags)
{
	if (!ac->req->order || !m->pressure || !m->pressure->direct_compact ||
	    !m->pressure->direct_compact(m, ac->req, ac->highest))
		return PFN_NIL;
	return get_page_from_freelist(m, ac, alloc_flags);
}

/* Could any zone meet its min mark if all that is reclaimable were freed? */
static bool reclaim_could_help(const struct machine *m, const struct alloc_context *ac,
			       unsigned int alloc_flags)
{
	if (!m->pressure || !m->pressure->reclaimable)
		return false;
	for (unsigned int i = 0; i < ac->nr_zones; i++) {
		const struct zone *zone = m->zones[ac->zonelist[i]];
		u64 available;

		if (!zone_allowed(ac, zone))
			continue;
		available = m->pressure->reclaimable(m, zone) + zone->stat[NR_FREE_PAGES];
		if (zone_watermark_ok(m, zone, ac->req->order, zone_wmark(zone, WMARK_MIN),
				      ac->highest, alloc_flags, available))
			return true;
	}
	return false;
}

static bool should_reclaim_retry(struct machine *m, const struct alloc_context *ac,
				 unsigned int alloc_flags, bool progress,
				 unsigned int *no_progress)
{
	if (progress && ac->req->order <= PAGE_ALLOC_COSTLY_ORDER)
		*no_progress = 0;
	else
		++*no_progress;
	if (*no_progress > MAX_RECLAIM_RETRIES)
		return unreserve_highatomic(m, ac, /* force = */ true);
	return reclaim_could_help(m, ac, alloc_flags) ||
	       unreserve_highatomic(m, ac, /* force = */ true);
}

static bool oom_allowed(const struct alloc_context *ac)
{
	gfp_t gfp = ac->req->gfp;

	return ac->req->order <= PAGE_ALLOC_COSTLY_ORDER &&
	       !(gfp & (__GFP_RETRY_MAYFAIL | __GFP_THISNODE | __GFP_NORETRY)) &&
	       ac->highest >= ZONE_NORMAL;
}

/* Somebody else may have freed enough; if not, somebody is killed. */
static u32 alloc_pages_may_oom(struct machine *m, const struct alloc_context *ac,
			       u64 *progress)
{
	u32 pfn = get_page_from_freelist(m, ac, WMARK_HIGH);

	*progress = 0;
	if (pfn != PFN_NIL || !oom_allowed(ac))
		return pfn;
	if (m->pressure && m->pressure->out_of_memory)
		*progress = m->pressure->out_of_memory(m, ac->req);
	if (!*progress && ac->req->gfp & __GFP_NOFAIL)
		return get_page_from_freelist(m, ac, ALLOC_NO_WATERMARKS);
	return PFN_NIL;
}

/* What a request that may wait does; PFN_NIL: it gives up. */
static u32 alloc_pages_wait(struct machine *m, const struct alloc_context *ac,
			    unsigned int alloc_flags)
{
	gfp_t gfp = ac->req->gfp;
	bool costly = ac->req->order > PAGE_ALLOC_COSTLY_ORDER;
	unsigned int no_progress = 0;
	u64 progress;
	u32 pfn;

	for (;;) {
		pfn = try_direct_reclaim(m, ac, alloc_flags, &progress);
		if (pfn == PFN_NIL)
			pfn = try_direct_compact(m, ac, alloc_flags);
		if (pfn != PFN_NIL || gfp & __GFP_NORETRY)
			return pfn;
		if (costly && !(gfp & __GFP_RETRY_MAYFAIL))
			return PFN_NIL;
		if (!should_reclaim_retry(m, ac, alloc_flags, progress, &no_progress)) {
			pfn = alloc_pages_may_oom(m, ac, &progress);
			if (pfn != PFN_NIL || !progress)
				return pfn;
			no_progress = 0;
		}
		wake_all_kswapds(m, ac);
		pfn = get_page_from_freelist(m, ac, alloc_flags);
		if (pfn != PFN_NIL)
			return pfn;
	}
}

u32 alloc_pages_slowpath(struct machine *m, const struct alloc_context *ac)
{
	gfp_t gfp = ac->req->gfp;
	unsigned int order = ac->req->order;
	unsigned int alloc_flags = gfp_to_alloc_flags(m, gfp, order);
	u32 pfn;

	why_slowpath(m, ac, alloc_flags);
	if (alloc_flags & ALLOC_KSWAPD)
		wake_all_kswapds(m, ac);
	pfn = get_page_from_freelist(m, ac, alloc_flags);
	if (pfn != PFN_NIL)
		return pfn;
	if (gfp & __GFP_DIRECT_RECLAIM &&
	    (order > PAGE_ALLOC_COSTLY_ORDER || (order && ac->type != MIGRATE_MOVABLE)))
		pfn = try_direct_compact(m, ac, alloc_flags);
	if (pfn != PFN_NIL)
		return pfn;
	if (gfp & __GFP_MEMALLOC && !(gfp & __GFP_NOMEMALLOC))
		alloc_flags = ALLOC_NO_WATERMARKS | (alloc_flags & ALLOC_KSWAPD);
	pfn = get_page_from_freelist(m, ac, alloc_flags);
	if (pfn == PFN_NIL && alloc_flags & ALLOC_NOFRAGMENT) {
		alloc_flags &= ~ALLOC_NOFRAGMENT;
		pfn = get_page_from_freelist(m, ac, alloc_flags);
	}
	if (pfn == PFN_NIL && gfp & __GFP_DIRECT_RECLAIM)
		pfn = alloc_pages_wait(m, ac, alloc_flags);
	if (pfn == PFN_NIL && gfp & __GFP_NOFAIL && gfp & __GFP_DIRECT_RECLAIM)
		pfn = get_page_from_freelist(m, ac, WMARK_MIN | ALLOC_MIN_RESERVE);
	return pfn;
}
