// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How many pages of each list are looked at: its size, halved as often as the priority says,
 * in shares that swappiness and the cost of either kind give; or of one kind alone, if there
 * is no swap, much page cache that nobody uses, or next to none.
 */
#include "sim/reclaim/reclaim_internal.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

#define MAX_SWAPPINESS 200

bool inactive_is_low(const struct machine *m, const struct lruvec *lruvec,
		     enum lru_list inactive)
{
	u64 nr_inactive = (u64)lruvec_page_state(m, lruvec, NR_INACTIVE_ANON + inactive);
	u64 nr_active = (u64)lruvec_page_state(m, lruvec, NR_INACTIVE_ANON + inactive + 1);
	u64 gb = (nr_inactive + nr_active) >> (30 - PAGE_SHIFT);

	return nr_inactive * (gb ? int_sqrt(10 * gb) : 1) < nr_active;
}

/* Refaults say that the active pages are not the right ones; or they are too many. */
static bool should_deactivate(const struct machine *m, const struct lruvec *lruvec, bool file)
{
	return lruvec_page_state(m, lruvec, WORKINGSET_ACTIVATE_ANON + file) !=
	       lruvec->refaults[file] ||
	       inactive_is_low(m, lruvec, file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON);
}

/* So little page cache is left that all of it is in use: it would go round for ever. */
static bool file_is_tiny(const struct scan_control *sc, const struct pglist_data *node)
{
	u64 pages = (u64)(node->stat[NR_INACTIVE_FILE] + node->stat[NR_ACTIVE_FILE]), high = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		const struct zone *zone = node->zones[type];

		if (!zone || !zone_populated(zone))
			continue;
		pages += (u64)zone->stat[NR_FREE_PAGES];
		high += zone_managed(zone) ? zone_wmark(zone, WMARK_HIGH) : 0;
	}
	return pages <= high && !(sc->may_deactivate & DEACTIVATE_ANON) &&
	       (u64)node->stat[NR_INACTIVE_ANON] >> sc->priority;
}

void prepare_scan_count(struct scan_control *sc, const struct pglist_data *node)
{
	const struct machine *m = sc->m;
	const struct lruvec *lruvec = target_lruvec(sc, node->id);

	sc->anon_cost = lruvec->anon_cost;
	sc->file_cost = lruvec->file_cost;
	sc->may_deactivate = 0;
	if (sc->force_deactivate || should_deactivate(m, lruvec, /* file = */ false))
		sc->may_deactivate |= DEACTIVATE_ANON;
	if (sc->force_deactivate || should_deactivate(m, lruvec, /* file = */ true))
		sc->may_deactivate |= DEACTIVATE_FILE;
	sc->cache_trim_mode = (u64)lruvec_page_state(m, lruvec, NR_INACTIVE_FILE) >>
			      sc->priority && !(sc->may_deactivate & DEACTIVATE_FILE);
	sc->file_is_tiny = !sc->target && file_is_tiny(sc, node);
}

enum scan_balance { SCAN_EQUAL, SCAN_FRACT, SCAN_ANON, SCAN_FILE };

static enum scan_balance scan_balance(const struct scan_control *sc, const struct lruvec *lruvec,
				      int swappiness)
{
	if (!sc->may_swap || !can_reclaim_anon_pages(sc->m, lruvec_memcg(sc->m, lruvec)) ||
	    (sc->target && !swappiness))
		return SCAN_FILE;
	if (swappiness == SWAPPINESS_ANON_ONLY)
		return SCAN_ANON;
	if (!sc->priority && swappiness)
		return SCAN_EQUAL;
	if (sc->file_is_tiny)
		return SCAN_ANON;
	return sc->cache_trim_mode ? SCAN_FILE : SCAN_FRACT;
}

/* Shares of the two kinds: by what it costs to get them back, a third at least each. */
static void fractions(const struct scan_control *sc, int swappiness, u64 fraction[ANON_AND_FILE])
{
	u64 total = sc->anon_cost + sc->file_cost;
	u64 anon_cost = total + sc->anon_cost, file_cost = total + sc->file_cost;

	total = anon_cost + file_cost;
	fraction[0] = (u64)swappiness * (total + 1) / (anon_cost + 1);
	fraction[1] = (u64)(MAX_SWAPPINESS - swappiness) * (total + 1) / (file_cost + 1);
}

/*
 * What of a list may be looked at: less by the part of the group that is protected. What
 * memory.low spares is tried once more, if nothing else is there.
 */
static u64 unprotected(struct scan_control *sc, const struct mem_cgroup *memcg, u64 size)
{
	u64 min, low, protection;

	if (!memcg || mem_cgroup_is_root(memcg) || memcg == sc->target)
		return size;
	min = memcg->memory.emin;
	low = memcg->memory.elow;
	if (!min && !low)
		return size;
	protection = min;
	if (!sc->low_reclaim && low > min) {
		protection = low;
		sc->low_skipped = true;
	}
	size -= size * protection / (MAX(memcg->memory.usage, protection) + 1);
	return MAX(size, SWAP_CLUSTER_MAX);
}

void get_scan_count(struct scan_control *sc, const struct lruvec *lruvec,
		    u64 nr[LRU_UNEVICTABLE])
{
	int swappiness = sc->by == BY_PROACTIVE && sc->swappiness >= 0 ?
			 sc->swappiness : sc->m->tunables->swappiness;
	enum scan_balance balance = scan_balance(sc, lruvec, swappiness);
	const struct mem_cgroup *memcg = lruvec_memcg(sc->m, lruvec);
	bool offline = memcg && !memcg->online;
	u64 fraction[ANON_AND_FILE] = { 0, 1 };

	if (balance == SCAN_FRACT)
		fractions(sc, swappiness, fraction);
	for (enum lru_list list = 0; list < LRU_UNEVICTABLE; list++) {
		bool file = is_file_list(list);
		u64 size = lruvec_lru_size(sc->m, lruvec, list, sc->reclaim_idx);
		u64 scan = unprotected(sc, memcg, size) >> sc->priority;
		u64 parts = fraction[0] + fraction[1];

		/* Of a group that was removed nothing is to be left. */
		if (!scan && offline)
			scan = MIN(size, SWAP_CLUSTER_MAX);
		if (balance == SCAN_FRACT)
			scan = (scan * fraction[file] + (offline ? parts - 1 : 0)) / parts;
		else if (balance != SCAN_EQUAL && (balance == SCAN_FILE) != file)
			scan = 0;
		nr[list] = scan;
	}
}
