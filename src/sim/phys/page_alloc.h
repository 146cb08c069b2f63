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

/* ALLOC_* of the watermark test. */
enum {
	ALLOC_WMARK_MASK = 3,	/* enum zone_watermarks */
	ALLOC_NO_WATERMARKS = 1 << 2,
	ALLOC_OOM = 1 << 3,
	ALLOC_NON_BLOCK = 1 << 4,
	ALLOC_MIN_RESERVE = 1 << 5,	/* __GFP_HIGH */
	ALLOC_NOFRAGMENT = 1 << 6,
	ALLOC_HIGHATOMIC = 1 << 7,
};

struct alloc_request {
	gfp_t gfp;
	unsigned int order;
	int node;		/* NUMA_NO_NODE: of the current CPU */
	enum pagetype owner;	/* PGTY_* of a kernel page; 0 for a user page */
};

/*
 * Allocate 2^order pages on behalf of m->cpu. Returns 0 and the first pfn; or
 * -ENOMEM: no memory in the machine. -ENOBUFS: no host memory, nothing changed
 * (callers turn it into the refusal of the line).
 * Each page gets refcount 1 on the head, mapcount -1, and the owner's type.
 */
int alloc_pages(struct machine *m, const struct alloc_request *req, u32 *pfn) __must_check;

/* The usual short form: kernel page(s) on the current CPU's node. */
int alloc_kernel_pages(struct machine *m, gfp_t gfp, unsigned int order, int node,
		       enum pagetype owner, u32 *pfn) __must_check;

/* Drop the last reference of 2^order pages. They must be allocated. */
void free_pages(struct machine *m, u64 pfn, unsigned int order);

/* Order of the allocated block whose head is pfn; -1 if pfn is no head of one. */
int allocated_order(const struct machine *m, u64 pfn);

/* The highest zone type that gfp may use on this arch. */
enum zone_type gfp_zone(const struct machine *m, gfp_t gfp);

bool zone_watermark_ok(const struct machine *m, const struct zone *zone,
		       unsigned int order, u64 mark, enum zone_type highest,
		       unsigned int alloc_flags, s64 free_pages);

/* pcp.c: give pages of one CPU's / of all lists back to the buddy lists. */
void drain_local_pages(struct machine *m, unsigned int cpu, struct zone *zone);
void drain_all_pages(struct machine *m, struct zone *zone);	/* NULL: all zones */
/* The vmstat worker's turn on one CPU: decay of pcp.high (since 6.7). */
void refresh_cpu_vm_stats(struct machine *m, unsigned int cpu);

/* watermark.c: recomputation in the kernel's order. */
void init_per_zone_wmark_min(struct machine *m);	/* end of boot */
void setup_per_zone_wmarks(struct machine *m);
void setup_per_zone_lowmem_reserve(struct machine *m);
void calculate_totalreserve_pages(struct machine *m);
void refresh_zone_stat_thresholds(struct machine *m);
void zone_pcp_update(struct machine *m, struct zone *zone);
void set_recommended_min_free_kbytes(struct machine *m);	/* khugepaged */
u64 nr_free_buffer_pages(const struct machine *m);
u64 global_zone_stat(const struct machine *m, enum zone_stat_item item);
u64 global_node_stat(const struct machine *m, enum node_stat_item item);
/* MemAvailable in pages. */
u64 si_mem_available(const struct machine *m);
u64 vm_commit_limit(const struct machine *m);

/* zonelist.c */
int build_all_zonelists(struct machine *m) __must_check;

void page_alloc_validate(const struct machine *m, struct check *check);

static inline void count_vm_event(struct machine *m, enum vm_event_item item, s64 n)
{
	m->event[item] += n;
}

#endif
