// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A failure puts off the next attempts of that order and above: 2, then 4, and so on up
 * to 64 are left out. An attempt needs free pages to copy to, and, for large blocks, a
 * fragmentation index that says that memory is fragmented rather than short.
 */
#include "sim/phys/compaction_suitable.h"

#include "sim/phys/extfrag.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

void defer_compaction(struct zone *zone, unsigned int order)
{
	struct zone_compact *compact = &zone->compact;

	compact->considered = 0;
	compact->defer_shift = MIN(compact->defer_shift + 1, COMPACT_MAX_DEFER_SHIFT);
	compact->order_failed = MIN(compact->order_failed, order);
}

bool compaction_deferred(struct zone *zone, unsigned int order)
{
	struct zone_compact *compact = &zone->compact;
	u32 limit = 1U << compact->defer_shift;

	if (order < compact->order_failed)
		return false;
	if (++compact->considered < limit)
		return true;
	compact->considered = limit;
	return false;
}

void compaction_defer_reset(struct zone *zone, unsigned int order, bool alloc_success)
{
	struct zone_compact *compact = &zone->compact;

	if (alloc_success)
		compact->considered = compact->defer_shift = 0;
	if (order >= compact->order_failed)
		compact->order_failed = order + 1;
}

bool compaction_restarting(const struct zone *zone, unsigned int order)
{
	const struct zone_compact *compact = &zone->compact;

	return order >= compact->order_failed &&
	       compact->defer_shift == COMPACT_MAX_DEFER_SHIFT &&
	       compact->considered >= 1U << compact->defer_shift;
}

bool compaction_has_room(const struct machine *m, const struct zone *zone,
			 const struct compact_target *target, s64 free_pages)
{
	bool costly = target->order > PAGE_ALLOC_COSTLY_ORDER;
	u64 mark = zone_wmark(zone, costly ? WMARK_LOW : WMARK_MIN);

	if (rel_compact_by_watermark(m->release)) {
		mark = zone_wmark(zone, target->alloc_flags & ALLOC_WMARK_MASK);
		if (costly)
			mark += zone->watermark[WMARK_LOW] - zone->watermark[WMARK_MIN];
	}
	return zone_watermark_ok(m, zone, 0, mark + compact_gap(target->order),
				 target->highest, ALLOC_CMA, free_pages);
}

/*
 * Since 6.14: a block that compaction makes in CMA pageblocks is of no use to what cannot
 * move. Only who tries in passing is that careful: pages could leave for CMA's.
 */
static bool room_is_in_cma(const struct machine *m, const struct zone *zone,
			   const struct compact_target *target, u64 mark)
{
	return rel_compact_looks_past_cma(m->release) && target->async &&
	       target->order > PAGE_ALLOC_COSTLY_ORDER && !(target->alloc_flags & ALLOC_CMA) &&
	       !zone_watermark_ok(m, zone, 0, mark + compact_gap(target->order), target->highest,
				  0, zone->stat[NR_FREE_PAGES]);
}

static bool short_rather_than_fragmented(const struct machine *m, const struct zone *zone,
					 unsigned int order)
{
	int index = fragmentation_index(zone, order);

	return order > PAGE_ALLOC_COSTLY_ORDER && index >= 0 &&
	       index <= m->tunables->extfrag_threshold;
}

enum compact_result compaction_suitable(const struct machine *m, const struct zone *zone,
					const struct compact_target *target)
{
	bool by_blocks = target->kcompactd && m->tunables->defrag_mode;
	u64 mark = zone_wmark(zone, target->alloc_flags & ALLOC_WMARK_MASK);
	s64 free_pages = zone->stat[NR_FREE_PAGES];

	if (zone_watermark_ok(m, zone, target->order, mark, target->highest,
			      target->alloc_flags,
			      by_blocks ? zone->stat[NR_FREE_PAGES_BLOCKS] : free_pages))
		return COMPACT_SUCCESS;
	if (room_is_in_cma(m, zone, target, mark) ||
	    !compaction_has_room(m, zone, target, free_pages) ||
	    short_rather_than_fragmented(m, zone, target->order))
		return COMPACT_SKIPPED;
	return COMPACT_CONTINUE;
}
