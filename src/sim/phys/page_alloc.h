/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alloc_pages() and free_pages() of the simulated kernel: zonelist walk,
 * watermark test, per-CPU lists, counters. What runs when memory is short is
 * behind pressure.h; without reclaim the slow path wakes nobody and fails.
 */
#ifndef KMM_PHYS_PAGE_ALLOC_H
#define KMM_PHYS_PAGE_ALLOC_H

#include "sim/phys/buddy.h"

#define NUMA_NO_NODE (-1)

struct alloc_request {
	gfp_t gfp;
	unsigned int order;
	int node;		/* NUMA_NO_NODE: of the current CPU */
	enum pagetype owner;	/* PGTY_* of a kernel page; 0 for a user page */
	u64 nodemask;		/* nodes that may be used; 0 = all */
};

/*
 * Allocate 2^order pages on behalf of m->cpu. Returns 0 and the first pfn; or
 * -ENOMEM: no memory in the machine. -ENOBUFS: no host memory, nothing changed
 * (callers turn it into the refusal of the line). -EINVAL: no such node. An order
 * above 10 is -ENOMEM, too, and a WARNING in the log, once.
 * Each page gets mapcount -1 or the owner's type, the head refcount 1; the pages
 * of a larger block PG_head and PG_tail if __GFP_COMP says so.
 */
int alloc_pages(struct machine *m, const struct alloc_request *req, u32 *pfn) __must_check;

/* The usual short form: kernel page(s) on the current CPU's node. */
int alloc_kernel_pages(struct machine *m, gfp_t gfp, unsigned int order, int node,
		       enum pagetype owner, u32 *pfn) __must_check;

/*
 * Pages that were taken off the free lists otherwise become what
 * alloc_pages() would have returned, and back: free, but on no list. Page owners as ever.
 */
void prep_isolated_pages(struct machine *m, const struct alloc_request *req, u32 pfn);
void unprep_isolated_pages(struct machine *m, u32 pfn, unsigned int order);

/*
 * page_alloc_bulk.c: up to nr single pages (req->order is 0), fewer where memory is
 * short; *got: how many. Errors as of alloc_pages(), if there is not even one.
 */
int alloc_pages_bulk(struct machine *m, const struct alloc_request *req, unsigned int nr,
		     u32 *pfns, unsigned int *got) __must_check;

/* Drop the last reference of 2^order pages. They must be allocated. */
void free_pages(struct machine *m, u64 pfn, unsigned int order);

/* One sentence for sim/why on a call that has just been made, for who asked for it. */
void alloc_pages_explain(struct machine *m, const struct alloc_request *req, u32 pfn);
void free_pages_explain(struct machine *m, u64 pfn, unsigned int order);

/* Order of the allocated block whose head is pfn; -1 if pfn is no head of one. */
int allocated_order(const struct machine *m, u64 pfn);

/* The highest zone type that gfp may use on this arch. */
enum zone_type gfp_zone(const struct machine *m, gfp_t gfp);

/* One zone as boot needs it before memory is handed over: empty lists. -ENOMEM. */
int zone_init(struct machine *m, struct zone *zone) __must_check;
void zone_free(struct machine *m, struct zone *zone);

/*
 * Memory that boot had reserved becomes the allocator's: managed_pages grow and
 * each page goes through free_pages(). -ENOMEM: nothing changed.
 */
int free_reserved_area(struct machine *m, u64 pfn, u64 end) __must_check;
/*
 * Memory that boot had reserved becomes one allocated block of any order, without
 * passing the free lists (a gigantic page): managed_pages grow. Only the section
 * of its head is made. -ENOMEM: nothing changed.
 */
int own_reserved_block(struct machine *m, u64 pfn, unsigned int order,
		       enum pagetype owner) __must_check;
/*
 * Pages that nobody else has become one allocated block, of which descriptors are there;
 * those of [pfn, end), which came later, become tails of it.
 */
void own_block(struct machine *m, u64 pfn, unsigned int order, enum pagetype owner);
void own_tails(struct machine *m, u64 head, u64 pfn, u64 end, enum pagetype owner);
/*
 * A block that was just allocated is single pages from now on, of the same owner and each
 * with a reference of its own: free_pages() one by one.
 */
void split_page(struct machine *m, u64 pfn, unsigned int order);
/* Free such a block, page by page. -ENOBUFS: nothing changed. */
int free_contig_range(struct machine *m, u64 pfn, u64 nr_pages) __must_check;
/* managed_pages and totalram_pages; since 6.16 lowmem_reserve[] as well. */
void adjust_managed_page_count(struct machine *m, struct zone *zone, s64 nr_pages);

/*
 * May `order` be taken and leave `mark`? free_pages is the zone's NR_FREE_PAGES,
 * or what it would be.
 */
bool zone_watermark_ok(const struct machine *m, const struct zone *zone,
		       unsigned int order, u64 mark, enum zone_type highest,
		       unsigned int alloc_flags, s64 free_pages);

/* watermark.c: above the kernel's direct map: HighMem, and Movable if it lies there. */
bool zone_is_highmem(const struct machine *m, const struct zone *zone);

/* pcp.c: give the pages of all CPUs' lists back to the buddy lists. */
void drain_all_pages(struct machine *m, struct zone *zone);	/* NULL: all zones */
/* Of this CPU's lists of the zone alone. */
void drain_local_zone(struct machine *m, struct zone *zone);
/* The vmstat worker's turn on one CPU: decay of pcp.high (since 6.7), remote lists. */
bool refresh_cpu_vm_stats(struct machine *m, unsigned int cpu);

/*
 * watermark.c: recomputation in the kernel's order. All use the managed_pages of
 * the moment, so boot calls them when the kernel does: init_per_zone_wmark_min()
 * before initrd and init memory are freed, then pages of gigantic hugetlb pages
 * are added, then (THP) set_recommended_min_free_kbytes(), then each kswapd sleeps.
 */
void init_per_zone_wmark_min(struct machine *m);
void setup_per_zone_wmarks(struct machine *m);
void setup_per_zone_lowmem_reserve(struct machine *m);
void calculate_totalreserve_pages(struct machine *m);
void zone_pcp_update(struct machine *m, struct zone *zone);
/* khugepaged started (it has use for huge pages), or stopped. */
void set_recommended_min_free_kbytes(struct machine *m, bool has_use);

/*
 * vmstat.c: thresholds, and figures that are computed when read. The kernel also
 * refreshes when a secondary CPU comes up, with marks of 0: from then on each zone
 * has a percpu_drift_mark, which lets kswapd set its node's thresholds.
 */
void refresh_zone_stat_thresholds(struct machine *m);
/* kswapd of the node goes to sleep, or (under_pressure) to work. */
void set_pgdat_percpu_threshold(struct machine *m, struct pglist_data *node,
				bool under_pressure);
u64 nr_free_zone_pages(const struct machine *m, enum zone_type highest);
u64 nr_free_buffer_pages(const struct machine *m);
/* A counter over all zones, or nodes, as readers see it: not below 0. */
u64 global_zone_stat(const struct machine *m, enum zone_stat_item item);
u64 global_node_stat(const struct machine *m, enum node_stat_item item);
/* MemAvailable in pages. */
u64 si_mem_available(const struct machine *m);
u64 vm_commit_limit(const struct machine *m);

/* zonelist.c */
unsigned int nr_online_nodes(const struct machine *m);
/* zonelist.c: also decides machine->mobility_grouping_off. -ENOMEM. */
int build_all_zonelists(struct machine *m) __must_check;
/* The lines of the log about them; total: pages that there are for programs. */
void print_zonelists(struct machine *m, u64 total);
void zonelists_free(struct machine *m);

/* W1 W2 W3 W5 W6: marks, protection, pagesets, thresholds, by the formulas. */
void watermarks_validate(const struct machine *m, struct check *check);
/* W4: the order of nodes and zones, built once more. */
void zonelists_validate(const struct machine *m, struct check *check);
/* Each page is in one state, and the states add up to what is managed: B1 P6 to P8. */
void page_states_validate(const struct machine *m, struct check *check);
/* P6 of the heads that were touched (see below), I1 by the counters. */
void page_states_validate_touched(const struct machine *m, struct check *check);
/* B2, B3 and what exists of B13, of every zone. */
void page_alloc_validate(const struct machine *m, struct check *check);
/* The same for what was touched since the last call of page_alloc_checked(). */
void page_alloc_validate_touched(const struct machine *m, struct check *check);
void page_alloc_checked(struct machine *m);

static inline void count_vm_event(struct machine *m, enum vm_event_item item, s64 n)
{
	m->event[item] += n;
}

/* The same for a size of huge pages, up to those of a pmd; others are not counted. */
static inline void mod_mthp_stat(struct machine *m, unsigned int order,
				 enum mthp_stat_item item, s64 n)
{
	if (order && order <= m->arch->hugetlb_order)
		m->mthp_stat[order][item] += n;
}

static inline void count_mthp_stat(struct machine *m, unsigned int order,
				   enum mthp_stat_item item)
{
	mod_mthp_stat(m, order, item, 1);
}

#endif
