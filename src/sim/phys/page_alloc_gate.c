// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What makes an allocation pass over a zone, or not, beside its marks: a node that has
 * its share of dirty pages already, and zone_reclaim_mode, which would rather reclaim
 * here than go to another node.
 */
#include "sim/phys/page_alloc_internal.h"

#include "sim/phys/tunables.h"

typedef unsigned long long ull;

/* Bits of zone_reclaim_mode. */
enum { RECLAIM_ZONE = 1, RECLAIM_WRITE = 2, RECLAIM_UNMAP = 4 };

#define NODE_RECLAIM_DISTANCE 30

static s64 node_file_pages(const struct pglist_data *node)
{
	return node->stat[NR_INACTIVE_FILE] + node->stat[NR_ACTIVE_FILE];
}

static u64 less(u64 pages, u64 reserve)
{
	return pages - MIN(pages, reserve);
}

/* Pages of a node, or of all of them, that may be dirty. */
static u64 node_dirtyable_memory(const struct machine *m, const struct pglist_data *node)
{
	u64 pages = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->node == node->id && zone_populated(m->zones[i]))
			pages += (u64)m->zones[i]->stat[NR_FREE_PAGES];
	return less(pages, node->totalreserve_pages) + (u64)node_file_pages(node);
}

static u64 global_dirtyable_memory(const struct machine *m)
{
	u64 pages = less(global_zone_stat(m, NR_FREE_PAGES), m->totalreserve_pages), high = 0;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid])
			pages += (u64)node_file_pages(m->nodes[nid]);
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (m->zones[i]->type == ZONE_HIGHMEM)
			high += less((u64)m->zones[i]->stat[NR_FREE_PAGES],
				     zone_wmark(m->zones[i], WMARK_HIGH)) +
				(u64)(m->zones[i]->stat[NR_ZONE_INACTIVE_FILE] +
				      m->zones[i]->stat[NR_ZONE_ACTIVE_FILE]);
	return (m->tunables->highmem_is_dirtyable ? pages : less(pages, high)) + 1;
}

bool node_dirty_ok(const struct machine *m, const struct pglist_data *node)
{
	u64 pages = node_dirtyable_memory(m, node);
	u64 bytes = m->tunables->dirty_bytes;
	u64 limit = bytes ? PFN_UP(bytes) * pages / global_dirtyable_memory(m) :
			    (u64)m->tunables->dirty_ratio * pages / 100;

	return (u64)(node->stat[NR_DIRTY] + node->stat[NR_WRITEBACK]) <= MIN(limit, UINT32_MAX);
}

/* Page cache that this mode may reclaim. */
static u64 node_pagecache_reclaimable(const struct machine *m, const struct pglist_data *node)
{
	s32 mode = m->tunables->zone_reclaim_mode;
	s64 pages = node->stat[NR_FILE_PAGES];

	if (!(mode & RECLAIM_UNMAP))
		pages = MAX(node_file_pages(node) - node->stat[NR_MAPPED], 0);
	return less((u64)pages, mode & RECLAIM_WRITE ? 0 : (u64)node->stat[NR_DIRTY]);
}

enum node_reclaim { NODE_RECLAIM_NOSCAN, NODE_RECLAIM_FULL, NODE_RECLAIM_SOME,
		    NODE_RECLAIM_SUCCESS };

static u64 node_slab_reclaimable(const struct pglist_data *node)
{
	return (u64)node->stat[NR_SLAB_RECLAIMABLE] / PAGE_SIZE;
}

static enum node_reclaim node_reclaim(struct machine *m, struct pglist_data *node, gfp_t gfp,
				      unsigned int order)
{
	u64 freed = 0;

	if (node_pagecache_reclaimable(m, node) <= node->min_unmapped_pages &&
	    node_slab_reclaimable(node) <= node->min_slab_pages)
		return NODE_RECLAIM_FULL;
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return NODE_RECLAIM_NOSCAN;
	/* Others reclaim their own node; who has no CPU leaves it to all. */
	if (node->has_cpu && node->id != m->cpu_node[m->cpu])
		return NODE_RECLAIM_NOSCAN;
	if (m->pressure && m->pressure->node_reclaim)
		freed = m->pressure->node_reclaim(m, node, gfp, order);
	if (freed < 1ULL << order) {
		count_vm_event(m, ZONE_RECLAIM_FAILED, 1);
		return NODE_RECLAIM_SOME;
	}
	if (rel_counts_zone_reclaim_success(m->release))
		count_vm_event(m, ZONE_RECLAIM_SUCCESS, 1);
	return NODE_RECLAIM_SUCCESS;
}

bool node_reclaim_helped(struct machine *m, const struct alloc_context *ac,
			 struct zone *zone, unsigned int alloc_flags)
{
	static const char *const results[] = { "not scanned", "too little to reclaim",
					       "reclaimed too little", "reclaimed" };
	struct pglist_data *node = m->nodes[zone->node];
	enum node_reclaim result;
	u64 cache, slab;

	if (likely(!m->tunables->zone_reclaim_mode) ||
	    m->distance[ac->preferred->node][zone->node] > NODE_RECLAIM_DISTANCE)
		return false;
	/* As they were when that was decided. */
	cache = node_pagecache_reclaimable(m, node);
	slab = node_slab_reclaimable(node);
	result = node_reclaim(m, node, ac->req->gfp, ac->req->order);
	machine_why(m, "node %u: zone_reclaim_mode is %d: %s; %llu pages of page cache, min_unmapped "
		    "%llu; %llu of slab, min_slab %llu (node_reclaim)", zone->node,
		    (int)m->tunables->zone_reclaim_mode, results[result], (ull)cache,
		    (ull)node->min_unmapped_pages, (ull)slab, (ull)node->min_slab_pages);
	if (result < NODE_RECLAIM_SOME)
		return false;
	return zone_watermark_ok(m, zone, ac->req->order,
				 zone_wmark(zone, alloc_flags & ALLOC_WMARK_MASK), ac->highest,
				 alloc_flags, zone->stat[NR_FREE_PAGES]);
}
