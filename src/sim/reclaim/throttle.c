// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who reclaims for himself waits where going on makes no sense: pages are written more slowly
 * than they are looked at, or nothing can be freed and most of it is on its way to the disk.
 * The time passes at once for him, in which requests of disks are done. (kswapd is held up
 * where somebody waits for it, or while pages are on their way to swap. Nobody but who reclaims
 * himself has pages isolated, to migrate them: kswapd works while he waits.)
 *
 * Reclaim itself takes time, too: that of the CPU, by the page.
 */
#include "sim/reclaim/reclaim_internal.h"

#include "sim/virt/blk.h"
#include "sim/virt/cputime.h"
#include "sim/virt/psi.h"
#include "sim/virt/writeback.h"

typedef unsigned long long ull;

void reclaim_took_time(const struct scan_control *sc, u64 nr_scanned, u64 nr_freed)
{
	const u64 *cost = sc->m->config->cost;

	cpu_takes_time(sc->m, nr_scanned * cost[COST_SCAN_PAGE] +
			      nr_freed * cost[COST_RECLAIM_PAGE]);
}

void reclaim_wrote_folio(const struct scan_control *sc, bool to_swap, u64 nr_pages)
{
	const u64 *cost = sc->m->config->cost;

	cpu_takes_time(sc->m, cost[to_swap ? COST_SWAP_OUT_PAGE : COST_RECLAIM_PAGE] +
			      (nr_pages - 1) * cost[COST_RECLAIM_PAGE]);
}

void reclaim_takes_node(const struct scan_control *sc)
{
	cpu_takes_time(sc->m, sc->m->config->cost[COST_SHRINK_NODE]);
}

static const char *const reasons[] = {
	[VMSCAN_THROTTLE_WRITEBACK] = "pages are written more slowly than they are looked at",
	[VMSCAN_THROTTLE_ISOLATED] = "more pages are off their lists than on the inactive one",
	[VMSCAN_THROTTLE_NOPROGRESS] = "nothing was freed, and most pages are dirty or written",
	[VMSCAN_THROTTLE_CONGESTED] = "all dirty pages wait for the disk",
};

/* Less than half of what could be reclaimed is dirty or on its way: no reason to wait. */
static bool skip_throttle_noprogress(const struct machine *m, const struct pglist_data *node)
{
	u64 reclaimable = 0, pending = 0;

	if (node->kswapd_failures >= MAX_RECLAIM_RETRIES)
		return true;
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		const struct zone *zone = node->zones[type];

		if (!zone || !zone_managed(zone))
			continue;
		reclaimable += zone_reclaimable_pages(m, zone);
		pending += (u64)MAX(zone->stat[NR_ZONE_WRITE_PENDING], 0);
	}
	return 2 * pending <= reclaimable;
}

#define WRITEBACK_NS 100000000
#define ISOLATED_NS 20000000

/* Till a batch of pages is written, or some time is over. */
static void wait_for_writeback(struct machine *m, struct pglist_data *node)
{
	u64 end = blk_now(m) + WRITEBACK_NS;
	s64 before = node->stat[NR_WRITTEN];

	while (node->stat[NR_WRITTEN] - before <= SWAP_CLUSTER_MAX && blk_now(m) < end)
		blk_sleep_for_write(m, end);
	node->stat[NR_THROTTLED_WRITTEN] += node->stat[NR_WRITTEN] - before;
}

/* Who is about to migrate them comes here himself: what helps is kswapd, which never waits so. */
static void wait_for_isolated(struct machine *m, struct pglist_data *node)
{
	u64 end = blk_now(m) + ISOLATED_NS;
	u8 reclaiming = m->lru->reclaiming;

	m->lru->reclaiming = 0;
	if (node->kswapd_state >= KSWAPD_WOKEN && m->pressure->run_woken)
		m->pressure->run_woken(m, 0);
	m->lru->reclaiming = reclaiming;
	blk_sleep_until(m, end);
}

void reclaim_throttle(struct machine *m, struct pglist_data *node,
		      enum vmscan_throttle_state reason)
{
	u64 begin = blk_now(m);

	if (reason == VMSCAN_THROTTLE_WRITEBACK)
		wait_for_writeback(m, node);
	else if (reason == VMSCAN_THROTTLE_ISOLATED)
		wait_for_isolated(m, node);
	else if (skip_throttle_noprogress(m, node))
		return;
	else
		blk_sleep_until(m, begin + m->jiffy_ns);
	machine_why(m, "node %u: direct reclaim waits %llu us: %s (reclaim_throttle)", node->id,
		    (ull)(blk_now(m) - begin) / 1000, reasons[reason]);
}

bool too_many_isolated(const struct scan_control *sc, const struct pglist_data *node, bool file)
{
	s64 inactive = node->stat[file ? NR_INACTIVE_FILE : NR_INACTIVE_ANON];
	s64 isolated = node->stat[file ? NR_ISOLATED_FILE : NR_ISOLATED_ANON];

	if (by_kswapd(sc))
		return false;
	if ((sc->gfp & (__GFP_IO | __GFP_FS)) == (__GFP_IO | __GFP_FS))
		inactive >>= 3;
	return isolated > inactive;
}

void consider_reclaim_throttle(struct scan_control *sc, struct pglist_data *node)
{
	if (sc->nr_reclaimed > sc->nr_scanned >> 3 || by_kswapd(sc) || sc->target)
		return;
	if (sc->priority == 1 && !sc->nr_reclaimed)
		reclaim_throttle(sc->m, node, VMSCAN_THROTTLE_NOPROGRESS);
}

/* All dirty pages that were met are on their way, and will be freed then. */
void note_congestion(struct scan_control *sc, struct pglist_data *node)
{
	struct lruvec *lruvec = target_lruvec(sc, node->id);

	if (by_kswapd(sc) && sc->nr.immediate) {
		/* Beside a task that reclaims for itself it sleeps alone. */
		if (sc->m->lru->reclaiming > 1)
			node->kswapd_turn.sleeps_until_ns = MIN(blk_now(sc->m) + WRITEBACK_NS,
								blk_next_done_ns(sc->m));
		else if (psi_in_memstall(sc->m) || blk_writes_swap(sc->m))
			reclaim_throttle(sc->m, node, VMSCAN_THROTTLE_WRITEBACK);
	}
	if ((by_kswapd(sc) || sc->target) && sc->nr.dirty && sc->nr.dirty == sc->nr.congested)
		lruvec->congested = true;
	if (!by_kswapd(sc) && lruvec->congested)
		reclaim_throttle(sc->m, node, VMSCAN_THROTTLE_CONGESTED);
}

/*
 * Nothing was freed, and pages are dirty or on their way: the kernel's further tries take time,
 * in which the flusher and the disk work. Here that passes at once.
 */
void reclaim_let_flusher_work(struct machine *m, u64 dirty)
{
	if (!dirty || m->lru->reclaiming)
		return;
	flusher_run_woken(m, 0);
	blk_sleep_for_write(m, blk_now(m) + WRITEBACK_NS);
}
