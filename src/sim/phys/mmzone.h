/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nodes, zones, free areas and per-CPU page lists: the data that the allocator
 * works on. Formulas live in watermark.c, zonelist.c, pcp.c and buddy.c.
 */
#ifndef KMM_PHYS_MMZONE_H
#define KMM_PHYS_MMZONE_H

#include "sim/abi/counters.h"
#include "sim/abi/gfp.h"
#include "sim/arch/arch.h"
#include "sim/phys/page.h"

#define MAX_PAGE_ORDER 10
#define NR_PAGE_ORDERS (MAX_PAGE_ORDER + 1)
#define PAGE_ALLOC_COSTLY_ORDER 3

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, WMARK_PROMO, NR_WMARK };

/* Lists of one order: one per migrate type. nr counts blocks, runs unrolled. */
struct free_area {
	struct page_list lists[MIGRATE_TYPES];
	u64 nr[MIGRATE_TYPES];
	u64 nr_free;
	u32 ahead[MIGRATE_TYPES];	/* a hint, see buddy_list.h */
};

/* 3 types x orders 0..3, then pageblock order: not movable, movable. */
#define NR_LOWORDER_PCP_LISTS (MIGRATE_PCPTYPES * (PAGE_ALLOC_COSTLY_ORDER + 1))
#define NR_PCP_LISTS (NR_LOWORDER_PCP_LISTS + 2)

struct per_cpu_pages {
	s32 count;		/* pages */
	s32 high, high_min, high_max;
	s32 batch;
	u8 alloc_factor;	/* since 6.7 */
	u8 free_factor;		/* 6.1 */
	s16 free_count;		/* since 6.7 */
	u8 flags;		/* PCPF_*: since 6.7 */
	u8 expire;		/* turns of the vmstat worker before a remote drain */
	bool counted;		/* the zone's counters moved since its last turn */
	struct page_list lists[NR_PCP_LISTS];
};

#define PCPF_FREE_HIGH_BATCH 1		/* the cache holds a batch: keep it */
#define PCPF_PREV_FREE_HIGH_ORDER 2	/* the last free was of order 1..3 */
#define PCP_BATCH_SCALE_MAX 5

/*
 * Heads of free blocks that came, went or moved since the last check: what the
 * incremental validator looks at. Overflow means "the whole zone".
 */
#define ZONE_TOUCHED 512
struct zone_touched {
	u32 pfn[ZONE_TOUCHED];
	u32 nr;			/* above ZONE_TOUCHED: overflow */
};

/*
 * What the zone's figures were last worked out from, where that may have changed
 * since: for the check, which works them out once more. No part of the state.
 */
struct zone_basis {
	u64 totalreserve_pages, totalreserve_boost;	/* managed pages, boost */
	u64 pageset_pages, pageset_boost;
	bool marked;		/* its marks were worked out at all */
	u64 threshold_pages;
	u64 threshold_gap;	/* under pressure: low - min */
	bool threshold_tight;	/* kswapd is at work */
	u64 boost_factor;	/* of the last boost */
	u64 nr_below_min;	/* ordinary allocations that the min mark forbids */
	bool unreserved;	/* pageblocks were HighAtomic: their free ones may not be merged */
};

/* What compaction of the zone remembers (policy/compaction.h). */
struct zone_compact {
	u64 cached_migrate_pfn[2];	/* where the scanners go on: asynchronous, others */
	u64 cached_free_pfn;
	u64 init_migrate_pfn, init_free_pfn;	/* where the skip bits were last cleared */
	u32 considered, defer_shift;	/* attempts since it failed; 1 << shift are left out */
	u32 order_failed;		/* the smallest that failed */
	bool blockskip_flush;		/* the skip bits are to be cleared */
};

/* pglist_data->flags: what kswapd met. */
#define PGDAT_DIRTY 1		/* nothing but dirty pages that nobody writes */
#define PGDAT_WRITEBACK 2	/* nothing but pages that are being written */

/* What kswapd of a node does. */
enum kswapd_state { KSWAPD_NONE, KSWAPD_ASLEEP, KSWAPD_NAPS, KSWAPD_WOKEN, KSWAPD_WORKS };

/* Its turn (balance_pgdat()), while that lasts: what it is to do, and has done so far. */
struct kswapd_turn {
	u64 boosts[MAX_NR_ZONES];	/* zone->watermark_boost, as it began */
	u64 boost;		/* pages of these that are to be reclaimed although there is enough */
	u64 nr_reclaimed;
	u64 due_ns;		/* of its next pass: a task that runs beside it has its time till then */
	u64 sleeps_until_ns;	/* it waits for pages to be written, and nobody with it */
	s32 priority;
	u32 order;
};

enum zone_flags { ZONE_BOOSTED_WATERMARK, ZONE_RECLAIM_ACTIVE, ZONE_BELOW_HIGH };

struct zone {
	/* Identity: fixed once boot has sized the zones. */
	u16 index;		/* in machine->zones */
	u16 node;
	enum zone_type type;
	const char *name;
	u64 boot_start_pfn, boot_spanned_pages;

	/* Fixed by boot, and by memory that goes on and off line. */
	u64 start_pfn;		/* 0 when empty */
	u64 spanned_pages, present_pages;
	u64 present_early_pages;	/* of the boot's memory */

	/* Fixed by boot and by writes of sysctls. */
	u64 managed_pages;
	u64 late_pages;		/* not initialised yet: in totalram_pages, of no list */
	u64 early_pages;	/* managed when the watermarks were last computed */
	u64 reserve_pages;	/* managed when lowmem_reserve[] was last computed */
	u64 watermark[NR_WMARK];	/* without the boost */
	u64 watermark_boost;
	u64 lowmem_reserve[MAX_NR_ZONES];
	s32 pageset_batch, pageset_high_min, pageset_high_max;
	s32 stat_threshold;
	u64 percpu_drift_mark;

	/* The state of the allocator. */
	struct free_area free_area[NR_PAGE_ORDERS];
	u64 nr_reserved_highatomic;	/* pages */
	u64 nr_free_highatomic;
	u32 flags;		/* bits of enum zone_flags */
	u64 pageblocks[MIGRATE_TYPES];	/* how many of each type */
	u64 cma_pages;		/* of CMA areas: part of the managed ones */
	s64 stat[NR_VM_ZONE_STAT_ITEMS];
	s64 numa[NR_VM_NUMA_STAT_ITEMS];
	struct per_cpu_pages *pcp;	/* [machine->nr_cpus] */
	struct zone_compact compact;
	struct zone_touched touched;
	struct zone_basis basis;
};

/* Pages that failed, by what became of them (hwpoison.h). */
enum mf_result { MF_IGNORED, MF_FAILED, MF_DELAYED, MF_RECOVERED, NR_MF_RESULTS };

struct pglist_data {
	u16 id;
	bool online;
	bool has_cpu, has_memory;	/* has_memory: present pages */
	bool has_normal_memory;		/* N_NORMAL_MEMORY */
	u64 cpus[8];
	u64 start_pfn, spanned_pages, present_pages;
	struct zone *zones[MAX_NR_ZONES];	/* NULL where the arch has no such zone */
	/*
	 * Zones in the order in which an allocation on this node tries them; the
	 * second list is for __GFP_THISNODE. Filled by zonelist.c.
	 */
	u16 *zonelist;		/* indexes into machine->zones */
	u16 nr_zonelist;
	u16 *thisnode;
	u16 nr_thisnode;
	/* The first zone of the list that an allocation up to a zone type may use. */
	struct zone *preferred[MAX_NR_ZONES];
	u16 *fallback;		/* node ids, nearest first, as dmesg prints them */
	u16 nr_fallback;
	u64 totalreserve_pages;
	s64 stat[NR_VM_NODE_STAT_ITEMS];	/* slab counters in bytes */
	u32 flags;		/* PGDAT_* */
	s32 kswapd_failures;
	/* kswapd (policy/kswapd.c): what it was asked for, and what it did last. */
	u8 kswapd_state;	/* enum kswapd_state */
	bool kswapd_woken_early;	/* its nap was cut short */
	u32 kswapd_order;
	enum zone_type kswapd_highest;	/* MAX_NR_ZONES: nothing new */
	u32 kswapd_alloc_order, kswapd_reclaim_order;
	enum zone_type kswapd_last;	/* its highest zone */
	struct kswapd_turn kswapd_turn;	/* KSWAPD_WORKS, which it never does between two lines */
	u64 kswapd_begins;	/* KSWAPD_WOKEN: when so many pages have been polled */
	u64 kswapd_slice_ns;	/* that is left to it, on the only CPU */
	u64 kswapd_worked_ns;	/* when it last lay down; between two lines that is past */
	u32 kswapd_event;	/* its timer, in events; 0: the node has no thread */
	u64 min_unmapped_pages, min_slab_pages;
	u64 mf_stats[NR_MF_RESULTS];
	/* What kcompactd of the node was asked for. */
	u32 kcompactd_max_order;	/* 0: nothing */
	enum zone_type kcompactd_highest;
	u64 kcompactd_next_ns;		/* no look before; its timer may be behind, in a long call */
	bool proactive_trigger;		/* compaction_proactiveness was written */
	u32 kcompactd_event;		/* its timer, in events; 0: the node has no thread */
};

/* The next node of the set behind `node`, round and round; -1: the set is empty. */
static inline int next_node_in(int node, u64 nodes)
{
	u64 behind = node >= 63 ? 0 : nodes & (~0ULL << (node + 1));

	if (!nodes)
		return -1;
	return (int)ctz64(behind ? behind : nodes);
}

static inline bool zone_populated(const struct zone *zone)
{
	return zone->present_pages != 0;
}

static inline bool zone_spans_pfn(const struct zone *zone, u64 pfn)
{
	return pfn >= zone->start_pfn && pfn - zone->start_pfn < zone->spanned_pages;
}

static inline bool zone_managed(const struct zone *zone)
{
	return zone->managed_pages != 0;
}

/* Pageblocks that have no descriptors as long as pages are late. */
static inline u64 zone_late_blocks(const struct zone *zone, unsigned int pageblock_order)
{
	return zone->late_pages ?
	       (zone->present_pages - zone->managed_pages) >> pageblock_order : 0;
}

static inline u64 zone_end_pfn(const struct zone *zone)
{
	return zone->start_pfn + zone->spanned_pages;
}

/* A mark with the boost in it, as zoneinfo prints it and the allocator tests it. */
static inline u64 zone_wmark(const struct zone *zone, enum zone_watermarks mark)
{
	return zone->watermark[mark] + zone->watermark_boost;
}

#endif
