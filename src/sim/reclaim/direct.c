// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who needs memory frees some, on each node of his zonelist, harder and harder till there
 * are 32 pages; who asks for a node's memory, or wants to stay on one, shrinks that alone.
 * Nobody sleeps here: who is to wait for kswapd lets it run.
 */
#include "sim/reclaim/reclaim_internal.h"

#include "sim/phys/compaction_suitable.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/psi.h"
#include "sim/virt/sched.h"

typedef unsigned long long ull;

/* kswapd wakes who waits when half of what the min marks keep is free. */
bool allow_direct_reclaim(const struct machine *m, const struct pglist_data *node)
{
	u64 reserve = 0, free = 0;

	if (node->kswapd_failures >= MAX_RECLAIM_RETRIES)
		return true;
	for (unsigned int type = 0; type <= ZONE_NORMAL; type++) {
		const struct zone *zone = node->zones[type];

		if (!zone || !zone_managed(zone) || !zone_reclaimable_pages(m, zone))
			continue;
		reserve += zone_wmark(zone, WMARK_MIN);
		free += (u64)zone->stat[NR_FREE_PAGES];
	}
	return !reserve || free > reserve / 2;
}

static bool request_allows(const struct reclaim_request *req, const struct zone *zone)
{
	return zone->type <= req->highest && zone_populated(zone) &&
	       (!req->nodemask || req->nodemask >> zone->node & 1);
}

/* Others depend on threads of the kernel; who is about to die frees what he has. */
static bool must_not_wait(const struct machine *m)
{
	return (m->tasks && m->tasks->daemon) || fatal_signal_pending(m);
}

/* The first node that could tell; kswapd runs there until there is enough. */
static void throttle_direct_reclaim(struct machine *m, const struct reclaim_request *req)
{
	if (must_not_wait(m))
		return;
	for (unsigned int i = 0; i < req->nr_zones; i++) {
		struct zone *zone = m->zones[req->zonelist[i]];
		struct pglist_data *node = m->nodes[zone->node];

		if (!request_allows(req, zone) || zone->type > ZONE_NORMAL)
			continue;
		if (allow_direct_reclaim(m, node))
			return;
		count_vm_event(m, PGSCAN_DIRECT_THROTTLE, 1);
		machine_why(m, "node %u: an allocation waits for kswapd: not half of the min marks' "
			    "pages are free (throttle_direct_reclaim)", node->id);
		if (m->pressure->wait_for_kswapd)
			m->pressure->wait_for_kswapd(m, node);
		return;
	}
}

/* Could compaction do without more being freed? */
static bool compaction_ready(const struct scan_control *sc, const struct zone *zone)
{
	const struct compact_target target = {
		.order = (unsigned int)sc->order, .highest = sc->reclaim_idx,
	};
	enum compact_result suitable;

	if (!(sc->gfp & __GFP_IO))
		return false;
	suitable = compaction_suitable(sc->m, zone, &target);
	if (suitable == COMPACT_SUCCESS || suitable == COMPACT_SKIPPED)
		return suitable == COMPACT_SUCCESS;
	return zone_watermark_ok(sc->m, zone, 0,
				 zone_wmark(zone, WMARK_HIGH) + compact_gap((unsigned int)sc->order),
				 sc->reclaim_idx, 0, zone->stat[NR_FREE_PAGES]);
}

static void shrink_zones(struct scan_control *sc, const struct reclaim_request *req)
{
	struct pglist_data *first = NULL;
	struct machine *m = sc->m;
	int last = -1;

	for (unsigned int i = 0; i < req->nr_zones; i++) {
		const struct zone *zone = m->zones[req->zonelist[i]];

		if (!request_allows(req, zone))
			continue;
		if (sc->order > PAGE_ALLOC_COSTLY_ORDER && compaction_ready(sc, zone)) {
			sc->compaction_ready = true;
			continue;
		}
		if (zone->node == last)
			continue;
		last = zone->node;
		if (!first)
			first = m->nodes[last];
		shrink_node(sc, m->nodes[last]);
	}
	if (first)
		consider_reclaim_throttle(sc, first);
}

static void snapshot_all(const struct scan_control *sc, const struct reclaim_request *req)
{
	struct machine *m = sc->m;
	int last = -1;

	for (unsigned int i = 0; i < req->nr_zones; i++) {
		const struct zone *zone = m->zones[req->zonelist[i]];

		if (!request_allows(req, zone) || zone->node == last)
			continue;
		last = zone->node;
		snapshot_refaults(m, sc->target, m->nodes[zone->node]);
		if (sc->target)
			target_lruvec(sc, zone->node)->congested = false;
	}
}

static void turn_of_priorities(struct scan_control *sc, const struct reclaim_request *req)
{
	struct machine *m = sc->m;

	if (!sc->target)
		m->zone_event[ALLOCSTALL][sc->reclaim_idx]++;
	for (sc->priority = DEF_PRIORITY; sc->priority >= 0; sc->priority--) {
		sc->nr_scanned = 0;
		shrink_zones(sc, req);
		if (sc->nr_reclaimed >= sc->nr_to_reclaim || sc->compaction_ready)
			break;
		if (sc->priority < DEF_PRIORITY - 2)
			sc->may_writepage = true;
	}
	snapshot_all(sc, req);
}

u64 do_try_to_free_pages(struct scan_control *sc, const struct reclaim_request *req)
{
	struct machine *m = sc->m;

	m->lru->reclaiming++;
	turn_of_priorities(sc, req);
	/* Only inactive pages were looked at: the others are not too good, either. */
	if (!sc->nr_reclaimed && !sc->compaction_ready && sc->skipped_deactivate) {
		sc->force_deactivate = true;
		sc->skipped_deactivate = false;
		turn_of_priorities(sc, req);
	}
	/* Groups were spared. */
	if (!sc->nr_reclaimed && !sc->compaction_ready && sc->low_skipped) {
		sc->force_deactivate = false;
		sc->low_reclaim = true;
		sc->low_skipped = false;
		turn_of_priorities(sc, req);
	}
	m->lru->reclaiming--;
	return sc->nr_reclaimed ? sc->nr_reclaimed : sc->compaction_ready;
}

u64 try_to_free_pages(struct machine *m, const struct reclaim_request *req)
{
	struct scan_control sc = {
		.m = m, .by = BY_DIRECT, .gfp = req->gfp, .nr_to_reclaim = SWAP_CLUSTER_MAX,
		.nodemask = req->nodemask, .order = (int)req->order, .reclaim_idx = req->highest,
		.may_writepage = !m->tunables->laptop_mode, .may_unmap = true, .may_swap = true,
	};
	u64 freed;

	/* Who frees memory is not to be freed for. */
	if (m->lru->reclaiming)
		return 0;
	psi_memstall_enter(m);
	throttle_direct_reclaim(m, req);
	freed = do_try_to_free_pages(&sc, req);
	if (!freed)
		reclaim_let_flusher_work(m, global_node_stat(m, NR_DIRTY) +
					    global_node_stat(m, NR_WRITEBACK));
	psi_memstall_leave(m);
	machine_why(m, "direct reclaim for order %u: %llu pages were freed, down to priority %d "
		    "(try_to_free_pages)", req->order, (ull)sc.nr_reclaimed, MAX(sc.priority, 0));
	return freed;
}

/* Bits of zone_reclaim_mode. */
enum { RECLAIM_WRITE = 2, RECLAIM_UNMAP = 4 };

static u64 shrink_one_node(struct scan_control *sc, struct pglist_data *node, u64 nr_pages)
{
	struct machine *m = sc->m;

	if (m->lru->reclaiming)
		return 0;
	m->lru->reclaiming++;
	do
		shrink_node(sc, node);
	while (sc->nr_reclaimed < nr_pages && --sc->priority >= 0);
	m->lru->reclaiming--;
	return sc->nr_reclaimed;
}

u64 node_reclaim_pages(struct machine *m, struct pglist_data *node, gfp_t gfp,
		       unsigned int order)
{
	s32 mode = m->tunables->zone_reclaim_mode;
	struct scan_control sc = {
		.m = m, .by = BY_DIRECT, .gfp = gfp, .order = (int)order,
		.nr_to_reclaim = MAX(1ULL << order, SWAP_CLUSTER_MAX),
		.priority = NODE_RECLAIM_PRIORITY, .reclaim_idx = gfp_zone(m, gfp),
		.may_writepage = mode & RECLAIM_WRITE, .may_unmap = mode & RECLAIM_UNMAP,
		.may_swap = true,
	};

	return shrink_one_node(&sc, node, 1ULL << order);
}

int node_reclaim_proactive(struct machine *m, struct pglist_data *node, u64 nr_pages,
			   int swappiness)
{
	unsigned int retries = MAX_RECLAIM_RETRIES;
	u64 done = 0;

	while (done < nr_pages) {
		u64 batch = (nr_pages - done) / 4, freed;
		struct scan_control sc = {
			.m = m, .by = BY_PROACTIVE, .gfp = GFP_KERNEL, .priority = DEF_PRIORITY,
			.nr_to_reclaim = MAX(batch, SWAP_CLUSTER_MAX),
			.reclaim_idx = gfp_zone(m, GFP_KERNEL), .swappiness = swappiness,
			.may_writepage = !m->tunables->laptop_mode, .may_unmap = true,
			.may_swap = true,
		};

		/* Before it is given up: what waits in batches. */
		if (!retries)
			lru_add_drain_all(m);
		freed = shrink_one_node(&sc, node, batch);
		if (!freed && !retries--)
			return -EAGAIN;
		done += freed;
	}
	return 0;
}
