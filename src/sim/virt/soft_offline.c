// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A clean page of a file that nobody maps is dropped, any other page in use moves to another
 * page frame of its node, a free one leaves its block: what is left is kept out of use. A
 * huge page of a pool moves as a whole; then it is cut, and only the bad page is kept.
 */
#include "sim/virt/memory_failure.h"

#include "sim/base/out.h"
#include "sim/boot/boot_log.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_flags.h"
#include "sim/phys/report.h"
#include "sim/phys/tunables.h"
#include "sim/virt/blk.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/migrate.h"

typedef unsigned long long ull;

/* alloc_migration_target(): on its own node, or where that spills to. */
static int new_page_nearby(struct machine *m, void *arg, u32 src, u32 *dst)
{
	const struct page *page = pfn_to_page(m, src);
	const struct zone *zone = page_zone(m, page);
	struct alloc_request req = {
		.gfp = GFP_USER | __GFP_MOVABLE | __GFP_RETRY_MAYFAIL,
		.order = folio_order(page), .node = zone->node,
	};

	(void)arg;
	if (page_type(page) == PGTY_hugetlb)
		return hugetlb_alloc_target(m, src, &req, dst);
	if (zone->type == ZONE_HIGHMEM || zone->type == ZONE_MOVABLE)
		req.gfp |= __GFP_HIGHMEM;
	return alloc_pages(m, &req, dst);
}

/* Messages begin alike since 6.12; till then, each as it was written. */
static void say(struct machine *m, u64 pfn, const char *old, const char *text)
{
	if (rel_soft_offline_prefix(m->release))
		printk(m, 6, "Soft offline: %#llx: %s", (ull)pfn, text);
	else
		printk(m, 6, "%s: %#llx%s %s", old, (ull)pfn, *text == 'p' ? "" : ":", text);
}

static void say_failed(struct machine *m, u64 pfn, const char *what, const char *figure, s64 value)
{
	struct out names = OUT_INIT;
	u64 word = page_flags_word(m, pfn_to_page(m, pfn), &names);

	printk(m, 6, "%s offline: %#llx: %s %s %lld, type %#llx(%s)",
	       rel_soft_offline_prefix(m->release) ? "Soft" : "soft", (ull)pfn, what, figure,
	       (long long)value, (ull)word, names.text ? names.text : "");
	out_free(&names);
}

/* What is free leaves the free lists. 0; -EBUSY: somebody has it; -ENOBUFS. */
static int offline_free_page(struct machine *m, u64 pfn)
{
	int taken = take_page_off_buddy(m, pfn);

	if (taken < 0)
		return taken;
	if (!taken)
		return -EBUSY;
	page_set_hwpoison(m, pfn);
	page_keep_hwpoison(m, pfn);
	return 0;
}

/* A free huge page is cut; no CPU keeps it (zone_pcp_disable). */
static int offline_free_huge_page(struct machine *m, u64 pfn)
{
	if (hugetlb_dissolve_free(m, pfn))
		return -EBUSY;
	drain_all_pages(m, pfn_zone(m, pfn));
	return offline_free_page(m, pfn);
}

/* Its contents are in another page; it has the reference of who isolated it. */
static int keep_moved_page(struct machine *m, u64 pfn, bool huge, bool was_dirty)
{
	if (huge)
		return offline_free_huge_page(m, pfn);
	/* Anonymous memory stays as dirty as it was. */
	if (was_dirty && page_flag(pfn_to_page(m, pfn), PG_anon))
		page_set_flag(pfn_to_page(m, pfn), PG_dirty);
	page_set_hwpoison(m, pfn);
	page_keep_hwpoison(m, pfn);
	return 0;
}

static bool isolate_to_list(struct machine *m, u64 pfn, bool huge, struct page_list *list)
{
	return huge ? isolate_hugetlb(m, list, (u32)folio_pfn(m, pfn)) :
		      isolate_page(m, list, pfn);
}

static int move_page(struct machine *m, u64 pfn, bool huge)
{
	const char *const what = huge ? "hugepage" : "page";
	struct migration migration = {
		.new_page = new_page_nearby, .reason = MR_MEMORY_FAILURE,
	};
	struct page_list list = PAGE_LIST_INIT;
	bool was_dirty = page_flag(pfn_to_page(m, pfn), PG_dirty);
	bool isolated = isolate_to_list(m, pfn, huge, &list);
	int left;

	put_page(m, pfn);
	if (!isolated) {
		say_failed(m, pfn, what, "isolation failed, page count",
			   pfn_to_page(m, pfn)->refcount);
		return -EBUSY;
	}
	left = migrate_pages(m, &list, &migration);
	if (!left)
		return keep_moved_page(m, pfn, huge, was_dirty);
	putback_movable_pages(m, &list);
	if (left == -ENOBUFS)
		return left;
	say_failed(m, pfn, what, "migration failed", left);
	return left > 0 ? -EBUSY : left;
}

/* The caller's reference goes, or is the one that keeps the page. */
static int offline_in_use_page(struct machine *m, u64 pfn)
{
	struct page *folio = pfn_folio(m, pfn);
	bool huge = page_type(folio) == PGTY_hugetlb;
	int err;

	if (!huge && folio_is_large(folio)) {
		err = split_huge_page_to_order(m, pfn, 0);
		if (err) {
			put_page(m, pfn);
			say(m, pfn, "soft offline", "thp split failed");
			return err == -ENOBUFS ? err : -EBUSY;
		}
		folio = pfn_folio(m, pfn);
	}
	if (!huge)
		folio_wait_writeback(m, (u32)pfn);
	if (!huge && page_flag(folio, PG_lru) && !page_flag(folio, PG_swapcache) &&
	    mapping_evict_page(m, pfn)) {
		say(m, pfn, "soft_offline", "invalidated");
		page_set_hwpoison(m, pfn);
		page_keep_hwpoison(m, pfn);
		return 0;
	}
	return move_page(m, pfn, huge);
}

/* May it be tried at all? 1, or what the call comes to. */
static int may_offline(struct machine *m, u64 pfn)
{
	if (pfn >= m->max_pfn || !pfn_zone(m, pfn))
		return -ENXIO;
	if (!m->tunables->enable_soft_offline) {
		if (!(m->warned & 1U << SAID_NO_SOFT_OFFLINE))
			printk(m, 6, "Soft offline: disabled by /proc/sys/vm/enable_soft_offline");
		m->warned |= 1U << SAID_NO_SOFT_OFFLINE;
		return -EOPNOTSUPP;
	}
	if (page_present(m, pfn) && page_flag(pfn_to_page(m, pfn), PG_hwpoison)) {
		say(m, pfn, "soft_offline_page", "page already poisoned");
		return 0;
	}
	return 1;
}

int soft_offline_page(struct machine *m, u64 pfn, bool counted)
{
	int caught = may_offline(m, pfn);

	if (caught <= 0) {
		if (counted)
			put_page(m, pfn);
		return caught;
	}
	caught = catch_page(m, pfn, counted);
	if (caught > 0)
		return offline_in_use_page(m, pfn);
	if (caught < 0)
		return caught;
	return page_present(m, pfn) && page_type(pfn_folio(m, pfn)) == PGTY_hugetlb ?
	       offline_free_huge_page(m, pfn) : offline_free_page(m, pfn);
}
