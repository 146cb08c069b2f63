// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A pageblock in which a scanner found nothing is skipped by later ones, and each zone
 * knows where the next compaction goes on. Both are forgotten when a whole zone was
 * compacted for somebody, by kswapd as it goes to sleep or by whoever tries again after
 * a long time; then only for pageblocks in which a sample of pages says so.
 */
#include "sim/policy/compaction_internal.h"

#define SAMPLE_STRIDE (1U << PAGE_ALLOC_COSTLY_ORDER)

static bool page_lru_at(const struct machine *m, u64 pfn)
{
	const struct page *page = page_or_null(m, pfn);

	return page && page_flag(folio_of_const(page), PG_lru);
}

/* Every eighth page: is there one to move, or one to move to? */
static bool sample_pageblock(const struct machine *m, const struct zone *zone, u64 pfn,
			     bool check_source, bool check_target)
{
	u64 last = MIN(pageblock_end_pfn(m, pfn), zone_end_pfn(zone)) - 1;
	u64 start = MAX(pageblock_start_pfn(m, pfn), zone->start_pfn);
	unsigned int order;

	if (pfn_online_zone(m, start))
		pfn = start;
	if (!pfn_online_zone(m, last))
		return false;
	do {
		if ((check_source && page_lru_at(m, pfn)) ||
		    (check_target && page_buddy(m, pfn, &order)))
			return true;
		pfn += SAMPLE_STRIDE;
	} while (pfn <= last);
	return false;
}

static bool reset_isolation_pfn(struct machine *m, const struct zone *zone, u64 pfn,
				bool check_source, bool check_target)
{
	if (pfn_online_zone(m, pfn) != zone || pageblock_skip_persistent(m, pfn))
		return false;
	if (check_source && check_target && !pageblock_skip(m, pfn))
		return true;
	if (!check_source && check_target && pageblock_type(m, pfn) != MIGRATE_MOVABLE)
		return false;
	if (!sample_pageblock(m, zone, pfn, check_source, check_target))
		return false;
	clear_pageblock_skip(m, pfn);
	return true;
}

/* The scanners' starts, where they are found from both ends of the zone. */
struct restart {
	u64 migrate_pfn, free_pfn;	/* as far as the walks have come */
	u64 reset_migrate, reset_free;
	bool source_set, free_set;
};

static void reset_one_pair(struct machine *m, struct zone *zone, struct restart *r)
{
	struct zone_compact *compact = &zone->compact;

	if (reset_isolation_pfn(m, zone, r->migrate_pfn, true, r->source_set) &&
	    r->migrate_pfn < r->reset_migrate) {
		r->source_set = true;
		r->reset_migrate = r->migrate_pfn;
		compact->init_migrate_pfn = r->reset_migrate;
		compact->cached_migrate_pfn[0] = compact->cached_migrate_pfn[1] =
			r->reset_migrate;
	}
	if (reset_isolation_pfn(m, zone, r->free_pfn, r->free_set, true) &&
	    r->free_pfn > r->reset_free) {
		r->free_set = true;
		r->reset_free = r->free_pfn;
		compact->init_free_pfn = compact->cached_free_pfn = r->reset_free;
	}
}

void reset_zone_isolation_suitable(struct machine *m, struct zone *zone)
{
	u64 first = zone->start_pfn, last = zone_end_pfn(zone) - 1;
	struct restart r = {
		.migrate_pfn = first, .free_pfn = last,
		.reset_migrate = last, .reset_free = first,
	};

	if (!zone->compact.blockskip_flush)
		return;
	zone->compact.blockskip_flush = false;
	while (r.migrate_pfn < r.free_pfn) {
		reset_one_pair(m, zone, &r);
		r.migrate_pfn += pageblock_nr_pages(m);
		r.free_pfn -= MIN(r.free_pfn, pageblock_nr_pages(m));
	}
	if (r.reset_migrate < r.reset_free)
		return;
	/* No pageblock is worth it: the scanners meet at once. */
	zone->compact.cached_migrate_pfn[0] = zone->compact.cached_migrate_pfn[1] =
		r.migrate_pfn;
	zone->compact.cached_free_pfn = r.free_pfn;
}

void reset_isolation_suitable(struct machine *m, const struct pglist_data *node)
{
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		if (node->zones[type] && zone_populated(node->zones[type]))
			reset_zone_isolation_suitable(m, node->zones[type]);
}

void update_cached_migrate(struct compact_control *cc, u64 pfn)
{
	struct zone_compact *compact = &cc->zone->compact;

	if (cc->no_set_skip_hint)
		return;
	pfn = pageblock_end_pfn(cc->m, pfn);
	compact->cached_migrate_pfn[0] = MAX(compact->cached_migrate_pfn[0], pfn);
	if (cc->mode != COMPACT_ASYNC)
		compact->cached_migrate_pfn[1] = MAX(compact->cached_migrate_pfn[1], pfn);
}

void update_pageblock_skip(struct compact_control *cc, u64 pfn, u64 cached_pfn)
{
	struct zone_compact *compact = &cc->zone->compact;

	if (cc->no_set_skip_hint)
		return;
	set_pageblock_skip(cc->m, pfn);
	compact->cached_free_pfn = MIN(compact->cached_free_pfn, cached_pfn);
}
