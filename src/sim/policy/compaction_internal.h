/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One compaction under way: what the files compaction*.c share. */
#ifndef KMM_POLICY_COMPACTION_INTERNAL_H
#define KMM_POLICY_COMPACTION_INTERNAL_H

#include "sim/phys/compaction_suitable.h"
#include "sim/phys/folio.h"
#include "sim/phys/section.h"
#include "sim/policy/compaction.h"

#define COMPACT_CLUSTER_MAX 32	/* pages that are isolated before they move */
#define COMPACT_MAX_DEFER_SHIFT 6
#define NO_FAST_START (~0ULL)

enum compact_mode { COMPACT_ASYNC, COMPACT_SYNC_LIGHT, COMPACT_SYNC };

struct compact_control {
	/* What is asked for. */
	struct machine *m;
	struct zone *zone;
	int order;		/* -1: all that can be had */
	gfp_t gfp;
	unsigned int alloc_flags;
	enum zone_type highest;
	enum compact_mode mode;
	bool direct, proactive;
	bool whole_zone;	/* from end to end, not from where the last one stopped */
	bool ignore_skip_hint, ignore_block_suitable;
	bool no_set_skip_hint;	/* pages are isolated for somebody else */
	bool alloc_contig;
	/* How far it is. */
	enum migratetype type;
	u64 migrate_pfn, free_pfn;
	u64 fast_start_pfn;
	unsigned int fast_search_fail;
	int search_order;
	bool finish_pageblock;	/* the whole pageblock at once, as it is seen again */
	u64 nr_migratepages, nr_freepages;
	struct page_list migratepages;
	struct page_list freepages[NR_PAGE_ORDERS];	/* until 6.8: all in [0] */
	u64 total_migrate_scanned, total_free_scanned;
	u64 nr_succeeded, nr_failed;
};

static inline u64 pageblock_start_pfn(const struct machine *m, u64 pfn)
{
	return ALIGN_DOWN(pfn, pageblock_nr_pages(m));
}

static inline u64 pageblock_end_pfn(const struct machine *m, u64 pfn)
{
	return ALIGN_DOWN(pfn, pageblock_nr_pages(m)) + pageblock_nr_pages(m);
}

static inline bool pageblock_aligned(const struct machine *m, u64 pfn)
{
	return !(pfn & (pageblock_nr_pages(m) - 1));
}

/* The page's descriptor; NULL: it has none, so it is kept by the boot or in a run. */
static inline const struct page *page_or_null(const struct machine *m, u64 pfn)
{
	return page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;
}

/* Is pfn the head of a free block? */
static inline bool page_buddy(const struct machine *m, u64 pfn, unsigned int *order)
{
	const struct page *page;

	if (page_virgin(m, pfn)) {
		*order = MAX_PAGE_ORDER;
		return !(pfn & ((1ULL << MAX_PAGE_ORDER) - 1));
	}
	page = page_or_null(m, pfn);
	if (!page || page_type(page) != PGTY_buddy)
		return false;
	*order = page->private_;
	return true;
}

/* A page of a compound block; *order is that of its head, of others 0. */
static inline bool page_compound(const struct page *page, unsigned int *order)
{
	*order = page_flag(page, PG_head) ? page[1].block_order : 0;
	return page->flags & (1U << PG_head | 1U << PG_tail);
}

static inline bool pageblock_skip_persistent(const struct machine *m, u64 pfn)
{
	const struct page *page = page_or_null(m, pfn);
	unsigned int order;

	if (!page || !page_compound(page, &order))
		return false;
	if (page_flag(page, PG_tail))
		page_compound(folio_of_const(page), &order);
	return order >= m->pageblock_order;
}

static inline bool isolation_suitable(const struct compact_control *cc, u64 pfn)
{
	return cc->ignore_skip_hint || !pageblock_skip(cc->m, pfn);
}

static inline bool is_via_compact_memory(int order)
{
	return order == -1;
}

/* How many blocks of a free list a fast search looks at. */
static inline unsigned int freelist_scan_limit(const struct compact_control *cc)
{
	return (COMPACT_CLUSTER_MAX >> MIN(31U, cc->fast_search_fail)) + 1;
}

/* Both scanners are in the same pageblock. */
static inline bool compact_scanners_met(const struct compact_control *cc)
{
	unsigned int shift = cc->m->pageblock_order;

	return cc->free_pfn >> shift <= cc->migrate_pfn >> shift;
}

/* compaction_migrate.c: pages that move. */
enum isolate_result { ISOLATE_ABORT, ISOLATE_NONE, ISOLATE_SUCCESS };
enum isolate_result isolate_migratepages(struct compact_control *cc);
/* What can move of [pfn, end), in one pageblock; cc->migrate_pfn is behind the last. */
void isolate_migratepages_block(struct compact_control *cc, u64 pfn, u64 end);

/* compaction_free.c: where they go. A callback of struct migration each. */
int compaction_alloc(struct machine *m, void *arg, u32 src, u32 *dst) __must_check;
void compaction_free(struct machine *m, void *arg, u32 dst);
/* What is left goes back to the allocator. The highest page; 0: nothing was left. */
u64 release_freepages(struct compact_control *cc);

/* compaction_skip.c: what is remembered about pageblocks. */
void reset_zone_isolation_suitable(struct machine *m, struct zone *zone);
void update_cached_migrate(struct compact_control *cc, u64 pfn);
void update_pageblock_skip(struct compact_control *cc, u64 pfn, u64 cached_pfn);

/* compaction_zone.c */
enum compact_result compact_zone(struct compact_control *cc);

#endif
