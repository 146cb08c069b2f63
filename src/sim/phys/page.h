/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page descriptor: 32 bytes for each page frame, in one sparse array that
 * becomes real section by section (8192 pages, 256 KiB of descriptors). A page
 * whose section is not there yet is either a hole, boot-reserved, or part of a
 * virgin run of the buddy allocator (see buddy.h); nothing else needs a
 * descriptor, so a machine of 1 TiB costs little until it is used.
 *
 * Lists link descriptors by page frame number, so they mean the same in every
 * run. PFN_NIL ends a list.
 */
#ifndef KMM_PHYS_PAGE_H
#define KMM_PHYS_PAGE_H

#include "sim/base/types.h"

#define PFN_NIL 0xffffffffU
#define SECTION_SHIFT 13
#define PAGES_PER_SECTION (1U << SECTION_SHIFT)
#define SECTION_BYTES ((u64)PAGES_PER_SECTION * sizeof(struct page))
#define SECTION_CONTENT_BYTES ((u64)PAGES_PER_SECTION * sizeof(u64))

struct page {
	u32 flags;	/* PG_* below PGF_ZONE_SHIFT, the zone's index above */
	u32 prev, next;	/* links of the one list that the page is on */
	union {
		u32 mapping;	/* id of the mapping, anon_vma, slab cache (by type) */
		u32 ahead;	/* free single page: a hint, see buddy_list.h */
	};
	union {
		u32 index;	/* page offset in the mapping */
		u32 private_;	/* free block: its order; slab: see slab.h */
	};
	union {
		u32 memcg;	/* id of the memory cgroup that is charged */
		u32 list_type;	/* free or pcp page: migrate type of its list */
		u32 block_order;	/* page after a PG_large head: its order */
	};
	s32 refcount;
	union {
		s32 mapcount;	/* page tables that map it, less one: -1 = none */
		u32 page_type;	/* of pages that cannot be mapped: PGTY_* << 24 */
	};
};
_Static_assert(sizeof(struct page) == 32, "a page descriptor is 32 bytes");

/* Page flags proper; kpageflags translates them (abi/pageflags). */
enum pageflags {
	PG_locked, PG_writeback, PG_referenced, PG_uptodate, PG_dirty, PG_lru,
	PG_head, PG_tail, PG_active, PG_workingset, PG_owner_priv, PG_reserved,
	PG_private, PG_swapcache, PG_reclaim, PG_swapbacked, PG_unevictable,
	PG_mlocked, PG_hwpoison, PG_anon, PG_anon_exclusive,
	PG_large,	/* head of an allocated block of several pages, compound or not */
	NR_PAGEFLAGS
};
#define PGF_ZONE_SHIFT 22
_Static_assert(NR_PAGEFLAGS <= PGF_ZONE_SHIFT, "flags and zone index overlap");
#define MAX_ZONES (1U << (32 - PGF_ZONE_SHIFT))	/* 1024: nodes x zone types */

/* What an unmappable page is, in the top byte of page_type (as 6.18 has it). */
enum pagetype {
	PGTY_buddy = 0xf0,	/* head of a free block */
	PGTY_offline = 0xf1,
	PGTY_table = 0xf2,	/* a page table */
	PGTY_guard = 0xf3,
	PGTY_hugetlb = 0xf4,
	PGTY_slab = 0xf5,
	PGTY_zsmalloc = 0xf6,
	PGTY_unaccepted = 0xf7,
	/* The rest is ours: the owner of each page is always known (invariant P6). */
	PGTY_run = 0xe0,	/* head of a virgin run of free order-10 blocks */
	PGTY_pcp = 0xe1,	/* on a per-cpu list */
	PGTY_vmalloc = 0xe2,
	PGTY_percpu = 0xe3,
	PGTY_stack = 0xe4,	/* kernel stack */
	PGTY_kernel = 0xe5,	/* other allocations of the kernel */
	PGTY_isolated = 0xe6,
	PGTY_hwpoison = 0xe7,	/* nobody gets it any more: hwpoison.h */
};

static inline bool page_flag(const struct page *page, enum pageflags flag)
{
	return page->flags >> flag & 1;
}

static inline void page_set_flag(struct page *page, enum pageflags flag)
{
	page->flags |= 1U << flag;
}

static inline void page_clear_flag(struct page *page, enum pageflags flag)
{
	page->flags &= ~(1U << flag);
}

/* The PGTY_* of a page, or 0 for one that could be mapped. */
static inline unsigned int page_type(const struct page *page)
{
	unsigned int type = page->page_type >> 24;

	return type >= 0xe0 && type < 0xff ? type : 0;
}

static inline void page_set_type(struct page *page, enum pagetype type)
{
	page->page_type = (u32)type << 24;
}

/* Back to "not mapped", the state of a page that was just allocated. */
static inline void page_clear_type(struct page *page)
{
	page->mapcount = -1;
}

static inline unsigned int page_zone_index(const struct page *page)
{
	return page->flags >> PGF_ZONE_SHIFT;
}

/* A list of pages: ends by pfn; the owner counts. */
struct page_list {
	u32 first, last;
};
#define PAGE_LIST_INIT { PFN_NIL, PFN_NIL }

#endif
