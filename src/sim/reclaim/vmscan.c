// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A node is shrunk: its lists, by the policy, then what slabs can give back. For a block of
 * several pages that goes on until compaction could make one.
 */
#include "sim/reclaim/reclaim_internal.h"

#include "sim/phys/compaction_suitable.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/blk.h"
#include "sim/virt/shrinker.h"
#include "sim/virt/swap.h"

bool can_reclaim_anon_pages(const struct machine *m, const struct mem_cgroup *memcg)
{
	return mem_cgroup_may_swap(m, memcg);
}

u64 zone_reclaimable_pages(const struct machine *m, const struct zone *zone)
{
	s64 nr = zone->stat[NR_ZONE_INACTIVE_FILE] + zone->stat[NR_ZONE_ACTIVE_FILE];

	if (can_reclaim_anon_pages(m, NULL))
		nr += zone->stat[NR_ZONE_INACTIVE_ANON] + zone->stat[NR_ZONE_ACTIVE_ANON];
	/* A zone with nothing to reclaim may help all the same. */
	return (u64)(nr ? nr : zone->stat[NR_FREE_PAGES]);
}

void snapshot_refaults(struct machine *m, struct mem_cgroup *target,
		       const struct pglist_data *node)
{
	struct lruvec *lruvec = target ? mem_cgroup_lruvec(m, target, node->id) :
					 node_lruvec(m, node->id);

	for (unsigned int file = 0; file < ANON_AND_FILE; file++)
		lruvec->refaults[file] = lruvec_page_state(m, lruvec, WORKINGSET_ACTIVATE_ANON + file);
}

static s64 slab_pages(const struct machine *m)
{
	return (s64)((global_node_stat(m, NR_SLAB_RECLAIMABLE) +
		      global_node_stat(m, NR_SLAB_UNRECLAIMABLE)) / PAGE_SIZE);
}

/* Slabs that became empty are reclaimed pages, too, whoever's they were. */
static void shrink_slabs(struct scan_control *sc, const struct pglist_data *node,
			 struct mem_cgroup *memcg)
{
	const struct shrink_control control = {
		.gfp = sc->gfp, .node = node->id, .memcg = memcg,
		.priority = (unsigned int)MAX(sc->priority, 0),
	};
	s64 before = slab_pages(sc->m), after;

	if (!shrink_slab(sc->m, &control))
		return;
	after = slab_pages(sc->m);
	sc->nr_reclaimed += (u64)MAX(before - after, 0);
}

/* For a costly block, or when it gets hard: order-0 pages first, then compaction. */
static bool in_reclaim_compaction(const struct scan_control *sc)
{
	return sc->gfp & __GFP_IO && sc->order &&
	       (sc->order > PAGE_ALLOC_COSTLY_ORDER || sc->priority < DEF_PRIORITY - 2);
}

static bool could_compact(const struct scan_control *sc, const struct zone *zone)
{
	const struct compact_target target = {
		.order = (unsigned int)sc->order, .highest = sc->reclaim_idx,
	};
	enum compact_result result = compaction_suitable(sc->m, zone, &target);

	return result == COMPACT_SUCCESS || result == COMPACT_CONTINUE;
}

static bool should_continue_reclaim(const struct scan_control *sc,
				    const struct pglist_data *node, u64 reclaimed)
{
	s64 inactive = node->stat[NR_INACTIVE_FILE];

	if (!in_reclaim_compaction(sc) || !reclaimed)
		return false;
	for (unsigned int type = 0; type <= sc->reclaim_idx; type++)
		if (node->zones[type] && zone_managed(node->zones[type]) &&
		    could_compact(sc, node->zones[type]))
			return false;
	if (can_reclaim_anon_pages(sc->m, sc->target))
		inactive += node->stat[NR_INACTIVE_ANON];
	return inactive > (s64)compact_gap((unsigned int)sc->order);
}

/* What kswapd met decides how it goes on. */
static void note_dirty(const struct scan_control *sc, struct pglist_data *node)
{
	if (!by_kswapd(sc))
		return;
	if (sc->nr.writeback && sc->nr.writeback == sc->nr.taken)
		node->flags |= PGDAT_WRITEBACK;
	if (sc->nr.unqueued_dirty == sc->nr.file_taken)
		node->flags |= PGDAT_DIRTY;
}

/* What goes to swap meanwhile goes together. */
static void shrink_lruvec(struct scan_control *sc, struct lruvec *lruvec)
{
	struct blk_plug plug;

	blk_start_plug(sc->m, &plug);
	sc->m->reclaim->shrink_lruvec(sc, lruvec);
	blk_finish_plug(sc->m, &plug);
}

/* One group: unless it is protected. */
static void shrink_memcg(struct scan_control *sc, struct mem_cgroup *memcg,
			 struct pglist_data *node)
{
	struct machine *m = sc->m;
	const struct mem_cgroup *root = sc->target ? sc->target : root_mem_cgroup(m);

	page_counter_calculate_protection(&root->memory, &memcg->memory, /* recursive = */ true);
	if (mem_cgroup_below_min(sc, memcg))
		return;
	if (mem_cgroup_below_low(sc, memcg)) {
		if (!sc->low_reclaim) {
			sc->low_skipped = true;
			return;
		}
		memcg_memory_event(m, memcg, MEMCG_LOW);
	}
	shrink_lruvec(sc, mem_cgroup_lruvec(m, memcg, node->id));
	shrink_slabs(sc, node, memcg);
}

/* Since 6.18 who reclaims for himself ends when he has enough, and goes on there next time. */
static void shrink_node_memcgs(struct scan_control *sc, struct pglist_data *node)
{
	struct machine *m = sc->m;
	struct mem_cgroup *memcg = NULL, *root;
	bool whole = by_kswapd(sc) || !rel_memcg_walk_is_partial(m->release);

	if (!m->memcg) {
		shrink_lruvec(sc, node_lruvec(m, node->id));
		shrink_slabs(sc, node, NULL);
		return;
	}
	root = sc->target ? sc->target : root_mem_cgroup(m);
	while ((memcg = mem_cgroup_walk(m, root, memcg, whole ? -1 : (int)node->id))) {
		shrink_memcg(sc, memcg, node);
		if (!whole && sc->nr_reclaimed >= sc->nr_to_reclaim) {
			mem_cgroup_iter_break(m, memcg);
			return;
		}
	}
}

void shrink_node(struct scan_control *sc, struct pglist_data *node)
{
	bool reclaimable = false;
	u64 before;

	do {
		before = sc->nr_reclaimed;
		memset(&sc->nr, 0, sizeof(sc->nr));
		reclaim_takes_node(sc);
		prepare_scan_count(sc, node);
		shrink_node_memcgs(sc, node);
		reclaimable |= sc->nr_reclaimed > before;
		note_dirty(sc, node);
		note_congestion(sc, node);
	} while (should_continue_reclaim(sc, node, sc->nr_reclaimed - before));
	/* There is something to be had: kswapd may try again. */
	if (reclaimable)
		node->kswapd_failures = 0;
}
