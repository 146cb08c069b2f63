// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything movable in an isolated range moves out of it, 32 pages at a time; a page
 * that does not is tried five times (__alloc_contig_migrate_range).
 */
#include "sim/policy/compaction_internal.h"

#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/migrate.h"

#define TRIES 5

/* Near its node, as large as it is. */
static int contig_target(struct machine *m, void *arg, u32 src, u32 *dst)
{
	const struct page *page = pfn_to_page(m, src);
	const struct zone *zone = page_zone(m, page);
	unsigned int order = folio_order(page);
	struct alloc_request req = {
		.gfp = GFP_USER | __GFP_MOVABLE | __GFP_RETRY_MAYFAIL | __GFP_NOWARN,
		.order = order, .node = zone->node,
	};

	(void)arg;
	if (order)
		req.gfp = (req.gfp & ~__GFP_RECLAIM) | GFP_TRANSHUGE;
	if (zone->type == ZONE_HIGHMEM || zone->type == ZONE_MOVABLE)
		req.gfp |= __GFP_HIGHMEM;
	return alloc_pages(m, &req, dst);
}

/* From cc->migrate_pfn on, till there are enough. */
static void isolate_migratepages_range(struct compact_control *cc, u64 end)
{
	u64 pfn = cc->migrate_pfn;

	while (pfn < end && cc->nr_migratepages < COMPACT_CLUSTER_MAX) {
		isolate_migratepages_block(cc, pfn, MIN(pageblock_end_pfn(cc->m, pfn), end));
		pfn = cc->migrate_pfn;
	}
	cc->migrate_pfn = pfn;
}

static int migrate_out(struct compact_control *cc, u64 end)
{
	struct migration migration = {
		.new_page = contig_target, .reason = MR_CONTIG_RANGE, .sync = true,
	};
	unsigned int tries = 0;
	int err = 0;

	while (cc->migrate_pfn < end || cc->migratepages.first != PFN_NIL) {
		if (cc->migratepages.first == PFN_NIL) {
			cc->nr_migratepages = 0;
			isolate_migratepages_range(cc, end);
			tries = 0;
		} else if (++tries == TRIES) {
			return -EBUSY;
		}
		err = migrate_pages(cc->m, &cc->migratepages, &migration);
		if (err < 0)
			break;
	}
	return MIN(err, 0);
}

int migrate_range(struct machine *m, struct zone *zone, u64 start, u64 end)
{
	struct compact_control cc = {
		.m = m, .zone = zone, .order = -1, .gfp = GFP_KERNEL, .mode = COMPACT_SYNC,
		.ignore_skip_hint = true, .no_set_skip_hint = true, .alloc_contig = true,
		.migrate_pfn = start, .migratepages = PAGE_LIST_INIT,
	};
	int err;

	lru_cache_disable(m);
	err = migrate_out(&cc, end);
	putback_movable_pages(m, &cc.migratepages);
	lru_cache_enable(m);
	return err;
}
