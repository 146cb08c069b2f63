/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections of the memory map: which descriptors exist. A descriptor of a section
 * that is not present must not be touched; its page is a hole, reserved by the
 * boot, or inside a virgin run (page_virgin()). Only section_materialise() and
 * section_reserve() take host memory: call them before the first change.
 */
#ifndef KMM_PHYS_SECTION_H
#define KMM_PHYS_SECTION_H

#include "sim/machine.h"

/* Index of the zone of a page that belongs to none. */
#define NO_ZONE (MAX_ZONES - 1)

/* Room for all descriptors up to machine->max_pfn and for pageblock types. */
int sections_init(struct machine *m) __must_check;
void sections_free(struct machine *m);
/* section_grow.c: the same up to `end`; descriptors move. 0 or -ENOBUFS. */
int sections_grow(struct machine *m, u64 end) __must_check;

static inline bool page_present(const struct machine *m, u64 pfn)
{
	return pfn < m->max_pfn && m->section_present[pfn >> SECTION_SHIFT];
}

/* The first page of [pfn, end) whose section is present; end: there is none. */
static inline u64 next_present_pfn(const struct machine *m, u64 pfn, u64 end)
{
	while (pfn < end && !page_present(m, pfn))
		pfn = (pfn | (PAGES_PER_SECTION - 1)) + 1;
	return MIN(pfn, end);
}

#define for_each_present_pfn(m, pfn, from, end) \
	for (u64 pfn = next_present_pfn(m, from, end); pfn < (end); \
	     pfn = next_present_pfn(m, pfn + 1, end))

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

/* Is the page free, in a virgin run? Its descriptor need not be present. */
static inline bool page_virgin(const struct machine *m, u64 pfn)
{
	u64 block = pfn >> MAX_PAGE_ORDER;

	return m->virgin[block / 64] >> (block % 64) & 1;
}

/*
 * Make the section of pfn present: descriptors get their zone (or NO_ZONE), and
 * are reserved with one reference; those of virgin pages are free. 0 or -ENOMEM
 * (nothing changed).
 */
int section_materialise(struct machine *m, u64 pfn) __must_check;
/* The same for all sections of [pfn, end); those made before a failure stay. */
int section_materialise_range(struct machine *m, u64 pfn, u64 end) __must_check;

/* The sections of [pfn, end), whole ones, whose pages nobody has any more: they go. */
void sections_drop(struct machine *m, u64 pfn, u64 end);

/*
 * Secure host memory for taking `nr_blocks` more blocks of the highest order out
 * of virgin runs, wherever: afterwards that many cannot fail. 0 or -ENOBUFS
 * (nothing changed that anybody can see). One call of alloc_pages() secures
 * itself; who makes several that may not fail half way calls this first.
 */
#define SECTION_AHEAD 8	/* blocks that are secured without asking */
/* m->page_private, for all pages that are there or will be. 0 or -ENOBUFS. */
int section_private_init(struct machine *m) __must_check;
int section_reserve_slow(struct machine *m, unsigned int nr_blocks) __must_check;

static inline int __must_check section_reserve(struct machine *m, unsigned int nr_blocks)
{
	if (likely(!m->sections_wanted && nr_blocks <= SECTION_AHEAD))
		return 0;
	return section_reserve_slow(m, nr_blocks);
}

/* The zone of a page of RAM without its descriptor; NULL where no RAM is. */
struct zone *pfn_zone(const struct machine *m, u64 pfn);

/* Is there such a type in this kernel? Whoever lists types asks. */
static inline bool has_migratetype(const struct machine *m, enum migratetype type)
{
	return type != MIGRATE_CMA || m->cma;
}

static inline unsigned int nr_migratetypes(const struct machine *m)
{
	return MIGRATE_TYPES - !m->cma;
}

static inline u64 pageblock_nr_pages(const struct machine *m)
{
	return 1ULL << m->pageblock_order;
}

/* Type of the pageblock that holds pfn. */
static inline enum migratetype pageblock_type(const struct machine *m, u64 pfn)
{
	return m->pageblock[pfn >> m->pageblock_order] ^ MIGRATE_MOVABLE;
}

/* Set it and keep the pageblocks[] of its zones right. */
void set_pageblock_type(struct machine *m, u64 pfn, enum migratetype type);
/* All the pageblocks of a block of pageblock order or more. */
void change_pageblock_range(struct machine *m, u64 pfn, unsigned int order,
			    enum migratetype type);
/* Has the page a descriptor in a kernel? Any number may be asked. */
bool pfn_valid(const struct machine *m, u64 pfn);
/*
 * The zone of a page that has a descriptor in a kernel (RAM, or a hole near some):
 * pfn_to_online_page() and page_zone(). NULL: there is none.
 */
struct zone *pfn_online_zone(const struct machine *m, u64 pfn);
/* Do both ends of a part of a pageblock lie in the zone? (pageblock_pfn_to_page) */
bool pageblock_pfn_in_zone(const struct machine *m, const struct zone *zone, u64 pfn, u64 end);

/* Compaction need not look at this pageblock now. */
static inline bool pageblock_skip(const struct machine *m, u64 pfn)
{
	u64 block = pfn >> m->pageblock_order;

	return m->pageblock_skip[block / 64] >> (block % 64) & 1;
}

static inline void set_pageblock_skip(struct machine *m, u64 pfn)
{
	u64 block = pfn >> m->pageblock_order;

	m->pageblock_skip[block / 64] |= 1ULL << (block % 64);
}

static inline void clear_pageblock_skip(struct machine *m, u64 pfn)
{
	u64 block = pfn >> m->pageblock_order;

	m->pageblock_skip[block / 64] &= ~(1ULL << (block % 64));
}

/* How many words pageblock_skip[] has. */
u64 pageblock_skip_words(const struct machine *m);

/*
 * The types that boot gives: Movable where the first page of a pageblock is RAM,
 * Unmovable elsewhere. Sets zone->pageblocks[] as well.
 */
void zone_init_pageblocks(struct machine *m, struct zone *zone);
/* How many pageblocks of each type the zone has, counted one by one. */
void zone_count_pageblocks(const struct machine *m, const struct zone *zone,
			   u64 counts[MIGRATE_TYPES]);

/* Lists of pages, linked by pfn. */
static inline void page_list_add_head(struct machine *m, struct page_list *list, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	page->prev = PFN_NIL;
	page->next = list->first;
	if (list->first == PFN_NIL)
		list->last = pfn;
	else
		pfn_to_page(m, list->first)->prev = pfn;
	list->first = pfn;
}

static inline void page_list_add_tail(struct machine *m, struct page_list *list, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	page->next = PFN_NIL;
	page->prev = list->last;
	if (list->last == PFN_NIL)
		list->first = pfn;
	else
		pfn_to_page(m, list->last)->next = pfn;
	list->last = pfn;
}

static inline void page_list_del(struct machine *m, struct page_list *list, u64 pfn)
{
	const struct page *page = pfn_to_page(m, pfn);

	if (page->prev == PFN_NIL)
		list->first = page->next;
	else
		pfn_to_page(m, page->prev)->next = page->next;
	if (page->next == PFN_NIL)
		list->last = page->prev;
	else
		pfn_to_page(m, page->next)->prev = page->prev;
}

/* The last one, which there is, is taken off. */
static inline u32 page_list_pop_last(struct machine *m, struct page_list *list)
{
	u32 pfn = list->last, prev = pfn_to_page(m, pfn)->prev;

	list->last = prev;
	if (unlikely(prev == PFN_NIL))
		list->first = PFN_NIL;
	else
		pfn_to_page(m, prev)->next = PFN_NIL;
	return pfn;
}

/* The page and those behind it leave `from`, and come before the others of `to`. */
static inline void page_list_move_end(struct machine *m, struct page_list *from, u32 pfn,
				      struct page_list *to)
{
	struct page *page = pfn_to_page(m, pfn);
	u32 last = from->last;

	from->last = page->prev;
	if (page->prev == PFN_NIL)
		from->first = PFN_NIL;
	else
		pfn_to_page(m, page->prev)->next = PFN_NIL;
	page->prev = PFN_NIL;
	pfn_to_page(m, last)->next = to->first;
	if (to->first == PFN_NIL)
		to->last = last;
	else
		pfn_to_page(m, to->first)->prev = last;
	to->first = pfn;
}

/* B1 P2, P3, P5 and the pageblock counts. */
void section_validate(const struct machine *m, struct check *check);

#endif
