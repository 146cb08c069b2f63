/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections of the memory map: which descriptors exist. Materialising a section
 * may need host memory, so calls that touch new pages first secure spares with
 * section_reserve(); after that, section_get() cannot fail.
 */
#ifndef KMM_PHYS_SECTION_H
#define KMM_PHYS_SECTION_H

#include "sim/machine.h"

/* Room for all descriptors up to machine->max_pfn and for pageblock types. */
int sections_init(struct machine *m) __must_check;
void sections_free(struct machine *m);

static inline bool page_present(const struct machine *m, u64 pfn)
{
	return pfn < m->max_pfn && m->section_present[pfn >> SECTION_SHIFT];
}

/* The descriptor of a page whose section is present. */
static inline struct page *pfn_to_page(const struct machine *m, u64 pfn)
{
	return &m->mem_map[pfn];
}

static inline u64 page_to_pfn(const struct machine *m, const struct page *page)
{
	return page - m->mem_map;
}

static inline struct zone *page_zone(const struct machine *m, const struct page *page)
{
	return m->zones[page_zone_index(page)];
}

/*
 * Make the section of pfn present: descriptors get their zone, PG_reserved, and
 * mapcount -1. 0 or -ENOMEM (nothing changed).
 */
int section_materialise(struct machine *m, u64 pfn) __must_check;

/*
 * Zone of a pfn without its descriptor (binary search over zones); NULL in a
 * hole or where no memory is.
 */
struct zone *pfn_zone(const struct machine *m, u64 pfn);

/* Is this pfn in memblock.memory, i.e. is there RAM? */
bool pfn_is_memory(const struct machine *m, u64 pfn);

/* Type of the pageblock that holds pfn. */
enum migratetype pageblock_type(const struct machine *m, u64 pfn);
/* Set it and keep zone->pageblocks[] right. */
void set_pageblock_type(struct machine *m, struct zone *zone, u64 pfn,
			enum migratetype type);

/* Lists of pages, linked by pfn. */
void page_list_add_head(struct machine *m, struct page_list *list, u64 pfn);
void page_list_add_tail(struct machine *m, struct page_list *list, u64 pfn);
void page_list_del(struct machine *m, struct page_list *list, u64 pfn);

#endif
