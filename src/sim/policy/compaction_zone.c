// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both scanners until they meet, or until what was asked for is there: a block of the
 * order, of the type or one that its type would claim; or, in the background, a low
 * enough score. A direct compaction captures the block as its last page is freed.
 */
#include "sim/policy/compaction_internal.h"

#include "sim/base/bug.h"
#include "sim/phys/extfrag.h"
#include "sim/phys/fallback.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/migrate.h"

typedef unsigned long long ull;

static const char *const result_names[] = {
	[COMPACT_NOT_SUITABLE_ZONE] = "short of memory, not fragmented",
	[COMPACT_SKIPPED] = "skipped",
	[COMPACT_DEFERRED] = "deferred",
	[COMPACT_NO_SUITABLE_PAGE] = "no block",
	[COMPACT_CONTINUE] = "goes on",
	[COMPACT_COMPLETE] = "the scanners met, all of the zone was seen",
	[COMPACT_PARTIAL_SKIPPED] = "the scanners met, a part of the zone was not seen",
	[COMPACT_CONTENDED] = "given up, no free page to move to",
	[COMPACT_SUCCESS] = "there is what was wanted",
};

static const char *const mode_names[] = { "async", "sync_light", "sync" };

/* -- the end ------------------------------------------------------------------ */

static void reset_cached_positions(const struct machine *m, struct zone *zone)
{
	zone->compact.cached_migrate_pfn[0] = zone->start_pfn;
	zone->compact.cached_migrate_pfn[1] = zone->start_pfn;
	zone->compact.cached_free_pfn = pageblock_start_pfn(m, zone_end_pfn(zone) - 1);
}

/* A block that an allocation of the type could take? */
static bool suitable_block_is_free(const struct compact_control *cc)
{
	for (unsigned int order = (unsigned int)cc->order; order < NR_PAGE_ORDERS; order++)
		if (!free_area_empty(&cc->zone->free_area[order], cc->type) ||
		    (cc->type == MIGRATE_MOVABLE &&
		     !free_area_empty(&cc->zone->free_area[order], MIGRATE_CMA)) ||
		    fallback_is_claimable(cc->m, cc->zone, order, cc->type))
			return true;
	return false;
}

static bool enough_whole_blocks(const struct compact_control *cc)
{
	const struct zone *zone = cc->zone;

	return zone_watermark_ok(cc->m, zone, (unsigned int)cc->order,
				 zone_wmark(zone, WMARK_HIGH), cc->highest, cc->alloc_flags,
				 zone->stat[NR_FREE_PAGES_BLOCKS]);
}

static enum compact_result compact_finished(struct compact_control *cc)
{
	struct machine *m = cc->m;
	bool done;

	if (compact_scanners_met(cc)) {
		reset_cached_positions(m, cc->zone);
		if (cc->direct)
			cc->zone->compact.blockskip_flush = true;
		return cc->whole_zone ? COMPACT_COMPLETE : COMPACT_PARTIAL_SKIPPED;
	}
	if (cc->proactive)
		done = fragmentation_score_zone(m, cc->zone) <=
		       fragmentation_score_wmark(m, /* low = */ true);
	else if (is_via_compact_memory(cc->order) || !pageblock_aligned(m, cc->migrate_pfn))
		done = false;
	else if (m->tunables->defrag_mode && !cc->direct)
		done = enough_whole_blocks(cc);
	else
		done = suitable_block_is_free(cc);
	return done ? COMPACT_SUCCESS : COMPACT_CONTINUE;
}

/* -- the scanners ------------------------------------------------------------- */

static void start_scanners(struct compact_control *cc)
{
	struct zone_compact *compact = &cc->zone->compact;
	u64 start = cc->zone->start_pfn, end = zone_end_pfn(cc->zone);
	bool sync = cc->mode != COMPACT_ASYNC;

	cc->fast_start_pfn = 0;
	if (cc->whole_zone) {
		cc->migrate_pfn = start;
		cc->free_pfn = pageblock_start_pfn(cc->m, end - 1);
		return;
	}
	cc->migrate_pfn = compact->cached_migrate_pfn[sync];
	cc->free_pfn = compact->cached_free_pfn;
	if (cc->free_pfn < start || cc->free_pfn >= end)
		cc->free_pfn = compact->cached_free_pfn =
			pageblock_start_pfn(cc->m, end - 1);
	if (cc->migrate_pfn < start || cc->migrate_pfn >= end)
		cc->migrate_pfn = compact->cached_migrate_pfn[0] =
			compact->cached_migrate_pfn[1] = start;
	if (cc->migrate_pfn <= compact->init_migrate_pfn)
		cc->whole_zone = true;
}

/* One compaction, while the scanners are on their way. */
struct walk {
	struct compact_control *cc;
	u64 last_migrated_pfn;	/* of a block whose pages may still lie on this CPU's lists */
	bool update_cached;	/* nothing was found yet: sync ones need not look either */
	bool rescan;
};

/* What was taken moves. True: go on. */
static bool migrate_isolated(struct walk *w, enum compact_result *result)
{
	struct compact_control *cc = w->cc;
	struct machine *m = cc->m;
	struct migration migration = {
		.new_page = compaction_alloc, .free_page = compaction_free, .arg = cc,
		.reason = MR_COMPACTION, .sync = cc->mode == COMPACT_SYNC,
	};
	int err = migrate_pages(m, &cc->migratepages, &migration);

	cc->nr_migratepages = 0;
	cc->nr_succeeded += migration.nr_succeeded;
	cc->nr_failed += migration.nr_failed;
	if (!err)
		return true;
	putback_movable_pages(m, &cc->migratepages);
	if (err == -ENOMEM && !compact_scanners_met(cc)) {
		*result = COMPACT_CONTENDED;
		return false;
	}
	if (!rel_compact_finishes_block(m->release)) {
		if (cc->direct && cc->mode == COMPACT_ASYNC) {
			cc->migrate_pfn = ALIGN_UP(cc->migrate_pfn, 1ULL << cc->order);
			w->last_migrated_pfn = 0;
		}
		return true;
	}
	if (pageblock_aligned(m, cc->migrate_pfn) || cc->ignore_skip_hint ||
	    cc->finish_pageblock || cc->mode == COMPACT_SYNC)
		return true;
	cc->finish_pageblock = w->rescan = true;
	if (cc->order == (int)m->arch->hugetlb_order)
		w->last_migrated_pfn = 0;
	return true;
}

/* Pages of a block that is behind the scanner merge, so that somebody sees it. */
static void check_drain(struct walk *w)
{
	struct compact_control *cc = w->cc;

	if (cc->order <= 0 || !w->last_migrated_pfn ||
	    w->last_migrated_pfn >= ALIGN_DOWN(cc->migrate_pfn, 1ULL << cc->order))
		return;
	lru_add_drain(cc->m);
	drain_local_zone(cc->m, cc->zone);
	w->last_migrated_pfn = 0;
}

static u64 migrated_from(const struct compact_control *cc, u64 iteration_start)
{
	if (!rel_compact_finishes_block(cc->m->release))
		return iteration_start;
	return MAX(cc->zone->start_pfn, pageblock_start_pfn(cc->m, cc->migrate_pfn - 1));
}

/* Some pages of one pageblock. False: it is over. */
static bool compact_step(struct walk *w, enum compact_result *result)
{
	struct compact_control *cc = w->cc;
	struct machine *m = cc->m;
	u64 start = cc->migrate_pfn;

	cc->finish_pageblock = pageblock_start_pfn(m, w->last_migrated_pfn) ==
			       pageblock_start_pfn(m, start);
	do {
		w->rescan = false;
		if (isolate_migratepages(cc) == ISOLATE_NONE) {
			if (w->update_cached)
				cc->zone->compact.cached_migrate_pfn[1] =
					cc->zone->compact.cached_migrate_pfn[0];
			break;
		}
		w->update_cached = false;
		w->last_migrated_pfn = migrated_from(cc, start);
		if (!migrate_isolated(w, result))
			return false;
	} while (w->rescan);
	check_drain(w);
	if (m->capture && m->capture->pfn != PFN_NIL) {
		*result = COMPACT_SUCCESS;
		return false;
	}
	return true;
}

static void why_compacted(const struct compact_control *cc, enum compact_result result)
{
	machine_why(cc->m, "node %u zone %s: compaction %s, order %d: %llu pages scanned to move, "
		    "%llu to move to, %llu moved, %llu not: %s (compact_zone)", cc->zone->node,
		    cc->zone->name, mode_names[cc->mode], cc->order,
		    (ull)cc->total_migrate_scanned, (ull)cc->total_free_scanned,
		    (ull)cc->nr_succeeded, (ull)cc->nr_failed, result_names[result]);
}

static void why_not_suitable(const struct compact_control *cc, enum compact_result result)
{
	const struct zone *zone = cc->zone;

	machine_why(cc->m, "node %u zone %s: no compaction for order %d: %s; %lld free, low mark "
		    "%llu + %llu for copies, fragmentation index %d, extfrag_threshold %d "
		    "(compaction_suitable)", zone->node, zone->name, cc->order,
		    result == COMPACT_SUCCESS ? "a block can be had" :
		    "too little is free to copy to, or memory is short rather than fragmented",
		    (long long)zone->stat[NR_FREE_PAGES], (ull)zone_wmark(zone, WMARK_LOW),
		    (ull)compact_gap((unsigned int)cc->order),
		    fragmentation_index(zone, (unsigned int)cc->order),
		    cc->m->tunables->extfrag_threshold);
}

static void why_deferred(struct machine *m, const struct zone *zone, unsigned int order)
{
	const struct zone_compact *compact = &zone->compact;

	machine_why(m, "node %u zone %s: no compaction for order %u: it failed for order %u, "
		    "attempt %u of the %u that are left out (compaction_deferred)", zone->node,
		    zone->name, order, compact->order_failed, compact->considered,
		    1U << compact->defer_shift);
}

static void compact_begin(struct compact_control *cc)
{
	cc->type = gfp_migratetype(cc->gfp);
	cc->total_migrate_scanned = cc->total_free_scanned = 0;
	cc->nr_migratepages = cc->nr_freepages = cc->nr_succeeded = cc->nr_failed = 0;
	cc->migratepages = (struct page_list)PAGE_LIST_INIT;
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		cc->freepages[order] = (struct page_list)PAGE_LIST_INIT;
}

/* What was taken and not needed goes back; the next scan finds it. */
static void compact_end(struct compact_control *cc)
{
	struct zone_compact *compact = &cc->zone->compact;

	if (cc->nr_freepages)
		compact->cached_free_pfn =
			MAX(compact->cached_free_pfn,
			    pageblock_start_pfn(cc->m, release_freepages(cc)));
	count_vm_event(cc->m, COMPACTMIGRATE_SCANNED, (s64)cc->total_migrate_scanned);
	count_vm_event(cc->m, COMPACTFREE_SCANNED, (s64)cc->total_free_scanned);
}

enum compact_result compact_zone(struct compact_control *cc)
{
	const struct compact_target target = {
		.order = (unsigned int)cc->order, .highest = cc->highest,
		.alloc_flags = cc->alloc_flags, .kcompactd = !cc->direct,
		.async = cc->mode == COMPACT_ASYNC,
	};
	struct zone_compact *compact = &cc->zone->compact;
	struct walk w = { .cc = cc };
	enum compact_result result = COMPACT_CONTINUE;

	compact_begin(cc);
	if (!is_via_compact_memory(cc->order))
		result = compaction_suitable(cc->m, cc->zone, &target);
	if (result != COMPACT_CONTINUE) {
		why_not_suitable(cc, result);
		return result;
	}
	if (!is_via_compact_memory(cc->order) &&
	    compaction_restarting(cc->zone, (unsigned int)cc->order))
		reset_zone_isolation_suitable(cc->m, cc->zone);
	start_scanners(cc);
	w.update_cached = cc->mode == COMPACT_ASYNC &&
			  compact->cached_migrate_pfn[0] == compact->cached_migrate_pfn[1];
	lru_add_drain(cc->m);
	while ((result = compact_finished(cc)) == COMPACT_CONTINUE)
		if (!compact_step(&w, &result))
			break;
	compact_end(cc);
	why_compacted(cc, result);
	return result;
}

enum compact_result compact_zone_order(struct machine *m, struct zone *zone,
				       const struct compact_request *req, u32 *captured)
{
	bool full = req->prio == MIN_COMPACT_PRIORITY;
	struct compact_control cc = {
		.m = m, .zone = zone, .order = (int)req->order, .search_order = (int)req->order,
		.gfp = req->gfp, .alloc_flags = req->alloc_flags, .highest = req->highest,
		.mode = req->prio == COMPACT_PRIO_ASYNC ? COMPACT_ASYNC : COMPACT_SYNC_LIGHT,
		.direct = true, .whole_zone = full, .ignore_skip_hint = full,
		.ignore_block_suitable = full,
	};
	struct capture_control capture = {
		.zone = zone, .order = req->order, .type = gfp_migratetype(req->gfp),
		.pfn = PFN_NIL,
	};
	enum compact_result result;

	*captured = PFN_NIL;
	if (!full && compaction_deferred(zone, req->order)) {
		why_deferred(m, zone, req->order);
		return COMPACT_DEFERRED;
	}
	BUG_ON(m, m->capture);
	m->capture = &capture;
	result = compact_zone(&cc);
	m->capture = NULL;
	*captured = capture.pfn;
	if (capture.pfn != PFN_NIL || result == COMPACT_SUCCESS) {
		compaction_defer_reset(zone, req->order, /* alloc_success = */ false);
		return COMPACT_SUCCESS;
	}
	if (req->prio != COMPACT_PRIO_ASYNC &&
	    (result == COMPACT_COMPLETE || result == COMPACT_PARTIAL_SKIPPED))
		defer_compaction(zone, req->order);
	return result;
}

void compact_succeeded(struct machine *m, struct zone *zone, unsigned int order)
{
	(void)m;
	zone->compact.blockskip_flush = false;
	compaction_defer_reset(zone, order, /* alloc_success = */ true);
}

bool compact_suitable(const struct machine *m, const struct zone *zone,
		      const struct compact_request *req, u64 free_pages)
{
	const struct compact_target target = {
		.order = req->order, .highest = req->highest, .alloc_flags = WMARK_MIN,
	};

	return compaction_has_room(m, zone, &target, (s64)free_pages);
}
