// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages that pass no free list become one block of an owner. */
#include "sim/phys/page_alloc_internal.h"

#include "sim/phys/section.h"

void own_tails(struct machine *m, u64 head, u64 pfn, u64 end, enum pagetype owner)
{
	for (; pfn < end && page_present(m, pfn); pfn++) {
		struct page *page = pfn_to_page(m, pfn);

		reset_page(page);
		page->page_type = owner_type(owner);
		page->index = (u32)(pfn - head);
		page_set_flag(page, PG_tail);
	}
}

void own_block(struct machine *m, u64 pfn, unsigned int order, enum pagetype owner)
{
	struct page *head = pfn_to_page(m, pfn);

	own_tails(m, pfn, pfn, pfn + (1ULL << order), owner);
	head->refcount = 1;
	page_clear_flag(head, PG_tail);
	page_set_flag(head, PG_head);
	page_set_flag(head, PG_large);
	head[1].block_order = order;
}

int own_reserved_block(struct machine *m, u64 pfn, unsigned int order, enum pagetype owner)
{
	if (section_materialise(m, pfn))
		return -ENOMEM;
	own_block(m, pfn, order, owner);
	adjust_managed_page_count(m, page_zone(m, pfn_to_page(m, pfn)), 1LL << order);
	return 0;
}
