// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages leave memory that goes off line: all that are found on LRU lists move at once, to
 * other nodes if there are any (do_migrate_range). What does not move is tried again; the
 * kernel does so for ever, here a turn that moved nothing is the last.
 */
#include "sim/policy/memory_hotplug.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/dump_page.h"
#include "sim/phys/folio.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/migrate.h"

#define REPORTS 10	/* DEFAULT_RATELIMIT_BURST */

struct target {
	int node;
	u64 nodemask;
};

static int offline_target(struct machine *m, void *arg, u32 src, u32 *dst)
{
	const struct target *target = arg;
	const struct page *page = pfn_to_page(m, src);
	const struct zone *zone = page_zone(m, page);
	unsigned int order = folio_order(page);
	struct alloc_request req = {
		.gfp = GFP_USER | __GFP_MOVABLE | __GFP_RETRY_MAYFAIL | __GFP_NOWARN,
		.order = order, .node = target->node, .nodemask = target->nodemask,
	};

	if (page_type(page) == PGTY_hugetlb)
		return hugetlb_alloc_target(m, src, &req, dst);
	if (order)
		req.gfp = (req.gfp & ~__GFP_RECLAIM) | GFP_TRANSHUGE;
	if (zone->type == ZONE_HIGHMEM || zone->type == ZONE_MOVABLE)
		req.gfp |= __GFP_HIGHMEM;
	return alloc_pages(m, &req, dst);
}

/* Other nodes with memory; this one, if there are none. */
static struct target target_of(const struct machine *m, unsigned int nid)
{
	struct target target = { .node = (int)nid };

	for (unsigned int i = 0; i < m->nr_nodes && i < 64; i++)
		if (i != nid && m->nodes[i] && m->nodes[i]->has_memory)
			target.nodemask |= 1ULL << i;
	if (!target.nodemask)
		target.nodemask = 1ULL << nid;
	return target;
}

/* The first page of the range that could move; end: there is none. */
static u64 scan_movable_pages(const struct machine *m, u64 start, u64 end)
{
	for_each_present_pfn(m, pfn, start, end) {
		const struct page *page = pfn_to_page(m, pfn);

		if (page_flag(page, PG_lru) && page_type(page) == 0)
			return pfn;
		if (page_type(page) == PGTY_hugetlb && page_flag(page, PG_head) &&
		    !(*hugetlb_page_flags(pfn_to_page(m, pfn)) & HPG_FREED))
			return pfn;
	}
	return end;
}

static void report(struct machine *m, u64 pfn, const char *reason, unsigned int *reports)
{
	if (*reports >= REPORTS)
		return;
	++*reports;
	dump_page(m, pfn, reason);
}

/* All folios of [pfn, end) on `source`. */
static void isolate_range(struct machine *m, struct page_list *source, u64 pfn, u64 end,
			  unsigned int *reports)
{
	while (pfn < end) {
		const struct page *page = pfn_to_page(m, pfn);
		u64 next = pfn + 1;

		if (page_type(page) == PGTY_hugetlb && page_flag(page, PG_head)) {
			if (page->refcount > 0)
				(void)isolate_hugetlb(m, source, (u32)pfn);
			pfn += 1ULL << page[1].block_order;
			continue;
		}
		if (page_flag(page, PG_head) && folio_is_large(page))
			next = pfn + folio_nr_pages(page);
		if (page->refcount > 0 && !page_type(page) && !page_flag(page, PG_tail) &&
		    !isolate_page(m, source, pfn)) {
			if (*reports < REPORTS)
				printk(m, 4, "failed to isolate pfn %llx",
				       (unsigned long long)pfn);
			report(m, pfn, "isolation failed", reports);
		}
		pfn = next;
	}
}

/* How many pages moved, or -ENOBUFS. */
static s64 do_migrate_range(struct machine *m, u64 pfn, u64 end, unsigned int nid,
			    unsigned int *reports)
{
	struct target target = target_of(m, nid);
	struct migration migration = {
		.new_page = offline_target, .arg = &target, .reason = MR_MEMORY_HOTPLUG,
		.sync = true,
	};
	struct page_list source = PAGE_LIST_INIT;
	int err;

	isolate_range(m, &source, pfn, end, reports);
	if (source.first == PFN_NIL)
		return 0;
	err = migrate_pages(m, &source, &migration);
	for (u32 at = source.first; at != PFN_NIL; at = pfn_to_page(m, at)->next) {
		if (*reports < REPORTS)
			printk(m, 4, "migrating pfn %x failed ret:%d", at, err);
		report(m, at, "migration failure", reports);
	}
	putback_movable_pages(m, &source);
	return err == -ENOBUFS ? err : (s64)migration.nr_succeeded;
}

int offline_range(struct machine *m, struct zone *zone, u64 start, u64 end, u64 *pfn)
{
	unsigned int reports = 0;
	u64 moved_all = 0;

	while ((*pfn = scan_movable_pages(m, start, end)) < end) {
		s64 moved = do_migrate_range(m, *pfn, end, zone->node, &reports);

		if (moved < 0)
			return (int)moved;
		if (!moved)
			return -EINTR;
		moved_all += (u64)moved;
	}
	if (moved_all)
		machine_why(m, "%llu pages in the way moved elsewhere, contents and mappings "
			    "kept (do_migrate_range)", (unsigned long long)moved_all);
	return 0;
}
