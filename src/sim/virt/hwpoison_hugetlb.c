// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page of a huge page of a pool has failed. A free one, and one of anonymous memory that
 * nobody has once its mappings are gone, is cut: what is left of it is free. One of a file
 * stays there, whole, and whoever comes by is told. It is the page itself that is marked and
 * counted; that some page of it has failed is a flag of the huge page.
 */
#include "sim/phys/folio.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_failure.h"

#define NO_PAGE (~0ULL)

/* The first page of [pfn, end) that is marked: it is no more. */
static u64 unmark_next(struct machine *m, u64 pfn, u64 end)
{
	for (; pfn < end; pfn++)
		if (page_flag(pfn_to_page(m, pfn), PG_hwpoison)) {
			page_clear_flag(pfn_to_page(m, pfn), PG_hwpoison);
			return pfn;
		}
	return NO_PAGE;
}

static bool take_off(struct machine *m, u64 pfn)
{
	bool taken = take_page_off_buddy(m, pfn) > 0;

	page_set_flag(pfn_to_page(m, pfn), PG_hwpoison);
	if (taken)
		page_keep_hwpoison(m, pfn);
	return taken;
}

/* A free huge page is cut, and the page kept: false: the pool cannot do without it. */
static bool handle_poison(struct machine *m, u64 pfn)
{
	u64 others[8], head = folio_pfn(m, pfn), at = head;
	u64 end = head + (1ULL << pfn_to_page(m, head)[1].block_order);
	unsigned int nr = 0;
	bool taken;

	page_clear_flag(pfn_to_page(m, pfn), PG_hwpoison);
	while (nr < ARRAY_SIZE(others) && (others[nr] = unmark_next(m, at, end)) != NO_PAGE)
		at = others[nr++];
	*hugetlb_page_flags(pfn_to_page(m, head)) &= ~(u32)HPG_HWPOISON;
	if (hugetlb_dissolve_free(m, pfn)) {
		*hugetlb_page_flags(pfn_to_page(m, head)) |= HPG_HWPOISON;
		page_set_flag(pfn_to_page(m, pfn), PG_hwpoison);
		while (nr)
			page_set_flag(pfn_to_page(m, others[--nr]), PG_hwpoison);
		return false;
	}
	drain_all_pages(m, pfn_zone(m, pfn));
	taken = take_off(m, pfn);
	while (nr)
		(void)take_off(m, others[--nr]);
	return taken;
}

/* With a reference of ours, and nobody maps it any more. */
static enum mf_result me_huge_page(struct machine *m, u64 pfn)
{
	struct page *head = pfn_folio(m, pfn);
	bool cached = !page_flag(head, PG_anon) && head->mapping;

	if (cached)
		return mf_has_extra_refcount(m, pfn, "huge page", 1) ? MF_FAILED : MF_RECOVERED;
	put_page(m, pfn);
	return handle_poison(m, pfn) ? MF_RECOVERED : MF_FAILED;
}

int memory_failure_hugetlb(struct machine *m, u64 pfn, unsigned int flags)
{
	struct page *head = pfn_folio(m, pfn);
	u32 *huge = hugetlb_page_flags(head);
	bool again = *huge & HPG_HWPOISON;

	if (page_flag(pfn_to_page(m, pfn), PG_hwpoison))
		return mf_already_poisoned(m, pfn, flags);
	page_set_flag(pfn_to_page(m, pfn), PG_hwpoison);
	*huge |= HPG_HWPOISON;
	/* Of a huge page that is lost already, one page more. */
	if (again) {
		m->num_poisoned_pages++;
		return mf_already_poisoned(m, pfn, flags);
	}
	if (*huge & HPG_FREED)
		return mf_action_result(m, pfn, "free huge page",
					handle_poison(m, pfn) ? MF_RECOVERED : MF_FAILED);
	if (!(flags & MF_COUNT_INCREASED))
		get_page(m, pfn);
	hwpoison_hugetlb_mappings(m, pfn, flags);
	return mf_action_result(m, pfn, "huge page", me_huge_page(m, pfn));
}
