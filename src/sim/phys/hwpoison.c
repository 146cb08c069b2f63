// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A free block is halved till the page is alone: the halves without it go to the front of
 * their lists, as whole blocks, and do not merge.
 */
#include "sim/phys/hwpoison.h"

#include "sim/phys/buddy.h"
#include "sim/phys/buddy_list.h"
#include "sim/phys/folio.h"
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/memory_block.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/section.h"

typedef unsigned long long ull;

/* What tells of its life. */
#define KEPT_FLAGS (1U << PG_hwpoison | 1U << PG_anon | 1U << PG_swapbacked | 1U << PG_dirty | \
		    1U << PG_uptodate | 1U << PG_referenced | 1U << PG_anon_exclusive | \
		    1U << PG_mlocked)

static void break_down_buddy_pages(struct machine *m, struct zone *zone, u64 head, u64 pfn,
				   unsigned int order, enum migratetype type)
{
	while (order-- > 0) {
		u64 half = head + (1ULL << order);
		bool above = pfn >= half;

		free_list_add(m, zone, above ? head : half, order, type, /* tail = */ false);
		head = above ? half : head;
	}
}

int take_page_off_buddy(struct machine *m, u64 pfn)
{
	struct zone *zone = pfn_zone(m, pfn);
	enum migratetype type;
	unsigned int order;
	u64 head;
	struct page *page;
	int taken;

	if (!zone)
		return 0;
	taken = buddy_take(m, zone, pfn, &head, &order);
	if (taken <= 0)
		return taken;
	type = pageblock_type(m, head);
	break_down_buddy_pages(m, zone, head, pfn, order, type);
	page = pfn_to_page(m, pfn);
	page->index = 0;
	page->memcg = 0;	/* what was the type of its list */
	page->refcount = 1;
	m->contig_taken++;
	return 1;
}

void page_set_hwpoison(struct machine *m, u64 pfn)
{
	page_set_flag(pfn_to_page(m, pfn), PG_hwpoison);
	m->num_poisoned_pages++;
}

/* Of what it was, these flags are left. */
static void become_hwpoison(struct page *page, u32 kept)
{
	page->flags &= ~((1U << PGF_ZONE_SHIFT) - 1) | kept;
	page->mapping = 0;
	page->index = 0;
	page->memcg = 0;
	page_set_type(page, PGTY_hwpoison);
}

void page_keep_hwpoison(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (lru_isolate(m, pfn))
		page->refcount--;
	if (unlikely(m->page_owner))
		page_owner_reset(m, pfn, 0);
	if (unlikely(page_memcg_id(page)))
		memcg_uncharge_pages(m, pfn, 0);
	become_hwpoison(page, KEPT_FLAGS);
}

bool hwpoison_keep_block(struct machine *m, u64 pfn, unsigned int order)
{
	if (!hwpoison_count(m, pfn, pfn + (1ULL << order)))
		return false;
	for (u64 i = 0; i < 1ULL << order; i++) {
		struct page *page = pfn_to_page(m, pfn + i);

		become_hwpoison(page, 1U << PG_hwpoison);
		page->refcount = 1;
	}
	machine_why(m, "block %#llx of order %u had a page that failed: it stays out of use "
		    "(check_new_pages)", (ull)pfn, order);
	return true;
}

/* Marked, it may be free only in a block that was freed with it. */
static void check_poisoned(const struct machine *m, u64 pfn, struct check *check)
{
	const struct page *page = pfn_to_page(m, pfn);
	unsigned int type = page_type(page);

	if (page_flag(page, PG_lru) || type == PGTY_buddy || type == PGTY_pcp)
		check_fail(check, "R8", "page 0x%llx: expected a page that failed to be on no "
			   "list, found flags 0x%x, type 0x%x", (ull)pfn, page->flags, type);
	else if (type == PGTY_hwpoison && page->refcount != 1)
		check_fail(check, "R8", "page 0x%llx: expected one reference of a page that "
			   "failed, found %d", (ull)pfn, page->refcount);
}

/* The next page of [pfn, end) that is marked; end: there is none. */
static u64 next_poisoned(const struct machine *m, u64 start, u64 end)
{
	for_each_present_pfn(m, pfn, start, end)
		if (page_flag(pfn_to_page(m, pfn), PG_hwpoison))
			return pfn;
	return end;
}

u64 hwpoison_count(const struct machine *m, u64 start, u64 end)
{
	u64 nr = 0;

	for (u64 pfn = next_poisoned(m, start, end); pfn < end;
	     pfn = next_poisoned(m, pfn + 1, end))
		nr++;
	return nr;
}

u64 hwpoison_recount(const struct machine *m)
{
	u64 nr = hwpoison_count(m, 0, m->max_pfn);

	for (u32 id = 0; m->hotplug && id < m->hotplug->nr_blocks; id++)
		nr += m->hotplug->blocks[id].nr_hwpoison;
	return nr;
}

void hwpoison_validate(const struct machine *m, struct check *check)
{
	u64 nr = hwpoison_recount(m), end = m->max_pfn;

	for (u64 pfn = next_poisoned(m, 0, end); pfn < end; pfn = next_poisoned(m, pfn + 1, end)) {
		check->nr_checked++;
		check_poisoned(m, pfn, check);
	}
	check->nr_checked++;
	if (nr != m->num_poisoned_pages)
		check_fail(check, "R8", "machine: expected %llu pages that failed, found %llu",
			   (ull)nr, (ull)m->num_poisoned_pages);
}
