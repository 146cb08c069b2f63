// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compaction as the allocator sees it: the zones of the list one after the other, until
 * the block is there; and when it is worth another try, a harder one.
 */
#include "sim/phys/page_alloc_internal.h"

#define MAX_COMPACT_RETRIES 16

static struct compact_request compact_request(const struct slowpath *s,
					      enum compact_priority priority)
{
	return (struct compact_request) {
		.gfp = s->ac.req->gfp, .order = s->ac.req->order,
		.alloc_flags = s->alloc_flags, .prio = priority, .highest = s->ac.highest,
	};
}

static enum compact_result try_to_compact_pages(struct machine *m, const struct slowpath *s,
						enum compact_priority priority, u32 *captured)
{
	const struct compact_request req = compact_request(s, priority);
	enum compact_result best = COMPACT_SKIPPED;

	if (!m->pressure || !m->pressure->compact_zone || !(req.gfp & __GFP_IO))
		return COMPACT_SKIPPED;
	for (unsigned int i = 0; i < s->ac.nr_zones && best != COMPACT_SUCCESS; i++) {
		struct zone *zone = m->zones[s->ac.zonelist[i]];
		enum compact_result result;

		if (!zone_allowed(&s->ac, zone))
			continue;
		result = m->pressure->compact_zone(m, zone, &req, captured);
		best = MAX(best, result);
	}
	return best;
}

u32 try_direct_compact(struct machine *m, struct slowpath *s, enum compact_priority priority)
{
	u32 pfn = PFN_NIL;

	if (!s->ac.req->order)
		return PFN_NIL;
	s->compact_result = try_to_compact_pages(m, s, priority, &pfn);
	if (s->compact_result == COMPACT_SKIPPED)
		return PFN_NIL;
	count_vm_event(m, COMPACTSTALL, 1);
	if (pfn == PFN_NIL)
		pfn = get_page_from_freelist(m, &s->ac, s->alloc_flags);
	count_vm_event(m, pfn == PFN_NIL ? COMPACTFAIL : COMPACTSUCCESS, 1);
	if (pfn != PFN_NIL && m->pressure->compact_succeeded)
		m->pressure->compact_succeeded(m, page_zone(m, pfn_to_page(m, pfn)),
					       s->ac.req->order);
	return pfn;
}

/* Would compaction of any zone be worth it if some of what can be reclaimed were free? */
static bool compaction_zonelist_suitable(const struct machine *m, const struct slowpath *s)
{
	const struct compact_request req = compact_request(s, s->compact_priority);

	if (!m->pressure || !m->pressure->compact_suitable || !m->pressure->reclaimable)
		return false;
	for (unsigned int i = 0; i < s->ac.nr_zones; i++) {
		const struct zone *zone = m->zones[s->ac.zonelist[i]];
		u64 available;

		if (!zone_allowed(&s->ac, zone))
			continue;
		available = m->pressure->reclaimable(m, zone) / req.order +
			    zone->stat[NR_FREE_PAGES];
		if (m->pressure->compact_suitable(m, zone, &req, available))
			return true;
	}
	return false;
}

/* It stopped half way. */
static bool compaction_withdrawn(enum compact_result result)
{
	return result == COMPACT_DEFERRED || result == COMPACT_CONTENDED ||
	       result == COMPACT_PARTIAL_SKIPPED;
}

/* It made progress, so the same once more may do. */
static bool worth_the_same_again(const struct machine *m, struct slowpath *s)
{
	unsigned int most = s->ac.req->order > PAGE_ALLOC_COSTLY_ORDER ?
			    MAX_COMPACT_RETRIES / 4 : MAX_COMPACT_RETRIES;

	if (rel_compact_retries_success(m->release))
		return s->compact_result == COMPACT_SUCCESS && ++s->compact_retries <= most;
	if (s->compact_result == COMPACT_SUCCESS)
		s->compact_retries++;
	return s->compact_result != COMPACT_COMPLETE &&
	       !compaction_withdrawn(s->compact_result) && s->compact_retries <= most;
}

bool should_compact_retry(struct machine *m, struct slowpath *s)
{
	enum compact_priority hardest = s->ac.req->order > PAGE_ALLOC_COSTLY_ORDER ?
					MIN_COMPACT_COSTLY_PRIORITY : MIN_COMPACT_PRIORITY;

	if (!s->ac.req->order)
		return false;
	if (s->compact_result == COMPACT_SKIPPED)
		return compaction_zonelist_suitable(m, s);
	if (worth_the_same_again(m, s))
		return true;
	if (s->compact_priority <= hardest)
		return false;
	s->compact_priority--;
	s->compact_retries = 0;
	return true;
}
