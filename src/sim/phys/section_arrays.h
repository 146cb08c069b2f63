/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arrays by page frame, and how large they are: for who makes them. */
#ifndef KMM_PHYS_SECTION_ARRAYS_H
#define KMM_PHYS_SECTION_ARRAYS_H

#include "sim/phys/section.h"

struct section_arrays {
	u64 nr_sections;
	struct page *mem_map;
	u64 *page_content, *virgin, *pageblock_skip;
	u64 *page_private;	/* NULL: nobody has swapped yet */
	u8 *section_present, *pageblock;
	bool pageblock_committed;
};

static inline u64 pageblock_bytes(const struct machine *m, u64 nr_sections)
{
	return ALIGN_UP((nr_sections << SECTION_SHIFT >> m->pageblock_order) + 1, 4096ULL);
}

static inline size_t virgin_bytes(u64 nr_sections)
{
	return DIV_ROUND_UP(nr_sections << SECTION_SHIFT >> MAX_PAGE_ORDER, 64) * sizeof(u64);
}

static inline u64 skip_words(const struct machine *m, u64 nr_sections)
{
	return DIV_ROUND_UP((nr_sections << SECTION_SHIFT >> m->pageblock_order) + 1, 64);
}

#endif
