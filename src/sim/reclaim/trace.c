// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The path of a read() that wants one page, without read-ahead and without a task. Room is
 * made page by page before one comes in, on the node that it will be of. (No folio is larger.)
 */
#include "sim/reclaim/trace.h"

#include <stdlib.h>

#include "sim/phys/page_alloc.h"
#include "sim/reclaim/reclaim_internal.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"

/* So many accesses ahead, where the page is, or was, is fetched. */
#define AHEAD 8

int trace_cache_init(struct trace_cache *cache, struct machine *m, u64 nr_objects, u64 capacity)
{
	u64 nr_leaves = DIV_ROUND_UP(nr_objects, XA_SLOTS);
	int err;

	*cache = (struct trace_cache){
		.m = m, .capacity = capacity,
		.sc = {
			.m = m, .by = BY_PROACTIVE, .gfp = GFP_KERNEL, .nr_to_reclaim = 1,
			.reclaim_idx = MAX_NR_ZONES - 1, .swappiness = -1, .may_writepage = true,
			.may_unmap = true, .may_swap = true,
		},
		.one = { .m = m, .by = BY_PROACTIVE, .reclaim_idx = MAX_NR_ZONES - 1 },
	};
	if (!nr_objects || nr_objects > 0xffffffffULL)
		return -EINVAL;
	cache->leaves = malloc(nr_leaves * sizeof(*cache->leaves));
	if (!cache->leaves)
		return -ENOMEM;
	err = inode_create(m, INODE_DISK, "/trace", nr_objects * PAGE_SIZE, &cache->inode);
	if (err) {
		free(cache->leaves);
		return err;
	}
	/* All of it is a hole: what the disk does is none of the policy's business. */
	cache->inode->disk_end = 0;
	xa_keep_leaves(&cache->inode->i_data.i_pages, cache->leaves, nr_leaves);
	return 0;
}

void trace_cache_end(struct trace_cache *cache)
{
	if (!cache->inode)
		return;
	truncate_inode_pages(cache->m, cache->inode, 0, cache->inode->i_size);
	xa_keep_leaves(&cache->inode->i_data.i_pages, NULL, 0);
	free(cache->leaves);
	cache->inode->unlinked = true;
	iput(cache->m, cache->inode);
	cache->inode = NULL;
}

static struct lruvec *lruvec_here(struct machine *m)
{
	return node_lruvec(m, m->cpu_node[m->cpu]);
}

/* What went page by page has not been counted yet. */
static void count_evicted(struct trace_cache *cache)
{
	struct scan_control *sc = &cache->one;

	count_reclaim(sc, lruvec_here(cache->m), /* file = */ true, sc->nr_scanned,
		      sc->nr_reclaimed);
	sc->nr_scanned = sc->nr_reclaimed = 0;
}

/* By the policy's own turns, which look at more than at the page that is next. */
static int shrink_by_turns(struct trace_cache *cache)
{
	struct machine *m = cache->m;
	struct lruvec *lruvec = lruvec_here(m);
	struct scan_control *sc = &cache->sc;

	sc->nr_reclaimed = 0;
	sc->priority = DEF_PRIORITY;
	m->lru->reclaiming++;
	for (; !sc->nr_reclaimed && sc->priority >= 0; sc->priority--) {
		/* The classic policy's figures of the node. */
		if (!m->lru->policy)
			prepare_scan_count(sc, m->nodes[lruvec->node]);
		m->reclaim->shrink_lruvec(sc, lruvec);
	}
	m->lru->reclaiming--;
	return sc->nr_reclaimed ? 0 : -ENOMEM;
}

/* Pages have to go till there are fewer than the capacity. */
static int make_room(struct trace_cache *cache)
{
	struct machine *m = cache->m;
	struct scan_control *sc = &cache->one;
	u64 scanned = sc->nr_scanned;
	bool freed = m->reclaim->shrink_one &&
		     m->reclaim->shrink_one(sc, lruvec_here(m), &cache->eviction);

	reclaim_took_time(sc, sc->nr_scanned - scanned, freed);
	return freed ? 0 : shrink_by_turns(cache);
}

static __noinline int read_in(struct trace_cache *cache, u32 index)
{
	struct machine *m = cache->m;
	struct address_space *mapping = &cache->inode->i_data;
	u32 pfn;
	int err;

	cache->misses++;
	poll_daemons(m, 1);
	while (cache->capacity && mapping->nrpages >= cache->capacity) {
		err = make_room(cache);
		if (err)
			return err;
	}
	err = filemap_read_page(m, mapping, index, &pfn);
	if (err)
		return err;
	/* The kernel counts the read that brought it, too. */
	if (!m->lru->policy)
		mark_page_accessed(m, pfn);
	put_page(m, pfn);
	return 0;
}

int trace_cache_run(struct trace_cache *cache, const u32 *indices, u64 nr)
{
	const struct xarray *pages = &cache->inode->i_data.i_pages;
	struct machine *m = cache->m;
	const struct lru_policy *policy = m->lru->policy;
	u64 entry;
	int err = 0;

	eviction_init(m, lruvec_here(m)->node, 0, &cache->eviction);
	for (u64 i = 0; i < nr && !err; i++) {
		if (likely(i + AHEAD < nr))
			xa_prefetch(pages, indices[i + AHEAD]);
		entry = xa_load_kept(pages, indices[i]);
		if (!entry || xa_is_value(entry))
			err = read_in(cache, indices[i]);
		else if (policy)
			policy->accessed(m, pfn_to_page(m, entry_pfn(entry)), entry_pfn(entry));
		else
			mark_page_accessed(m, entry_pfn(entry));
		cache->accesses++;
	}
	count_evicted(cache);
	return err;
}
