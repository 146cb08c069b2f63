// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which pages can be helped: those on LRU lists, huge pages of pools, and free ones. Some
 * are on the way there, in a batch or on a list of a CPU; three times that is waited for.
 */
#include "sim/virt/memory_failure.h"

#include "sim/boot/boot_log.h"
#include "sim/phys/buddy.h"
#include "sim/phys/folio.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"

#define TRIES 3

static bool is_free(const struct machine *m, u64 pfn)
{
	unsigned int order;
	u64 head;

	return buddy_find(m, pfn, &head, &order);
}

static bool is_huge(const struct page *folio)
{
	return page_type(folio) == PGTY_hugetlb;
}

static bool can_handle(const struct machine *m, const struct page *folio)
{
	return is_huge(folio) || (!page_type(folio) && page_flag(folio, PG_lru)) ||
	       is_free(m, page_to_pfn(m, folio));
}

void shake_page(struct machine *m, u64 pfn)
{
	const struct page *folio = pfn_folio(m, pfn);

	if (!is_huge(folio) && page_type(folio) != PGTY_slab)
		lru_add_drain_all(m);
}

/* 1: with a reference; 0: it is free; -EBUSY: not now. */
static int try_page(struct machine *m, u64 pfn)
{
	struct page *folio = pfn_folio(m, pfn);

	if (!can_handle(m, folio))
		return -EBUSY;
	if (folio->refcount <= 0)
		return 0;
	get_page(m, pfn);
	return 1;
}

int catch_page(struct machine *m, u64 pfn, bool counted)
{
	struct zone *zone = pfn_zone(m, pfn);

	/* While zone_pcp_disable() holds, what CPUs have is free. */
	drain_all_pages(m, zone);
	if (page_virgin(m, pfn))
		return 0;
	for (unsigned int tries = 0; tries <= TRIES; tries++) {
		int found = counted ? can_handle(m, pfn_folio(m, pfn)) : page_present(m, pfn) ?
				      try_page(m, pfn) : -EBUSY;

		if (found > 0 || (!counted && !found))
			return found;
		if (counted)
			put_page(m, pfn);
		counted = false;
		if (page_present(m, pfn))
			shake_page(m, pfn);
	}
	printk(m, 3, "Memory failure: %#llx: unhandlable page.", (unsigned long long)pfn);
	return -EIO;
}
