// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's two lists for each kind of page: new pages are inactive, those that are used
 * again become active; reclaim takes from the end of the inactive list, and fills it from
 * the end of the active one when it gets short.
 */
#include "sim/reclaim/reclaim_internal.h"

#include "sim/phys/lru_internal.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"

static const enum vm_event_item scan_events[] = {
	[BY_KSWAPD] = PGSCAN_KSWAPD, [BY_DIRECT] = PGSCAN_DIRECT,
	[BY_KHUGEPAGED] = PGSCAN_KHUGEPAGED, [BY_PROACTIVE] = PGSCAN_PROACTIVE,
};
static const enum vm_event_item steal_events[] = {
	[BY_KSWAPD] = PGSTEAL_KSWAPD, [BY_DIRECT] = PGSTEAL_DIRECT,
	[BY_KHUGEPAGED] = PGSTEAL_KHUGEPAGED, [BY_PROACTIVE] = PGSTEAL_PROACTIVE,
};

/* What reclaim of a group looked at is no event of the machine's. */
static void count_event(const struct scan_control *sc, const struct lruvec *lruvec,
			enum vm_event_item item, u64 nr)
{
	struct machine *m = sc->m;

	if (!sc->target)
		count_vm_event(m, item, (s64)nr);
	else
		m->memcg->group_event[item] += (s64)nr;
	if (m->memcg)
		memcg_count_event(m, lruvec->memcg, item, (s64)nr);
}

void count_reclaim(const struct scan_control *sc, const struct lruvec *lruvec, bool file,
		   u64 scanned, u64 reclaimed)
{
	count_event(sc, lruvec, scan_events[sc->by], scanned);
	count_vm_event(sc->m, PGSCAN_ANON + file, (s64)scanned);
	count_event(sc, lruvec, steal_events[sc->by], reclaimed);
	count_vm_event(sc->m, PGSTEAL_ANON + file, (s64)reclaimed);
}

static void add_stat(struct scan_control *sc, const struct reclaim_stat *stat, u64 taken,
		     bool file)
{
	sc->nr.dirty += stat->nr_dirty;
	sc->nr.congested += stat->nr_congested;
	sc->nr.unqueued_dirty += stat->nr_unqueued_dirty;
	sc->nr.writeback += stat->nr_writeback;
	sc->nr.immediate += stat->nr_immediate;
	sc->nr.taken += taken;
	sc->nr.file_taken += file ? taken : 0;
}

/* Pages freed. */
static u64 shrink_inactive_list(struct scan_control *sc, struct lruvec *lruvec,
				enum lru_list list, u64 nr_to_scan)
{
	struct machine *m = sc->m;
	struct page_list pages = PAGE_LIST_INIT;
	bool file = is_file_list(list);
	struct reclaim_stat stat;
	u64 scanned, taken, reclaimed;

	if (unlikely(too_many_isolated(sc, m->nodes[lruvec->node], file))) {
		reclaim_throttle(m, m->nodes[lruvec->node], VMSCAN_THROTTLE_ISOLATED);
		if (too_many_isolated(sc, m->nodes[lruvec->node], file))
			return 0;
	}
	lru_add_drain(m);
	taken = isolate_lru_folios(sc, lruvec, list, nr_to_scan, &pages, &scanned);
	count_isolated_pages(m, lruvec, file, (s64)taken);
	count_reclaim(sc, lruvec, file, scanned, 0);
	if (!taken)
		return 0;
	reclaimed = shrink_folio_list(sc, lruvec->node, &pages, &stat,
				      /* ignore_references = */ false);
	move_folios_to_lru(m, lruvec, &pages);
	count_isolated_pages(m, lruvec, file, -(s64)taken);
	count_reclaim(sc, lruvec, file, 0, reclaimed);
	lru_note_cost(m, lruvec, file, stat.nr_pageout, scanned - MIN(scanned, reclaimed));
	reclaim_took_time(sc, taken, reclaimed);
	/* Nothing but dirty pages that nobody is about to write: somebody has to. */
	if (stat.nr_unqueued_dirty == taken)
		wakeup_flusher_threads(m);
	m->pressure->run_beside_reclaim(m, by_kswapd(sc));
	add_stat(sc, &stat, taken, file);
	return reclaimed;
}

/* Programs that are in use stay active; all else has to prove once more that it is. */
static bool stays_active(const struct scan_control *sc, u32 pfn)
{
	u64 vm_flags;

	return folio_referenced(sc->m, pfn, sc->target, &vm_flags) && vm_flags & VM_EXEC &&
	       is_file_page(pfn_to_page(sc->m, pfn));
}

static void shrink_active_list(struct scan_control *sc, struct lruvec *lruvec,
			       enum lru_list list, u64 nr_to_scan)
{
	struct page_list hold = PAGE_LIST_INIT, active = PAGE_LIST_INIT;
	struct page_list inactive = PAGE_LIST_INIT;
	struct machine *m = sc->m;
	/* Generations get older without being looked at. */
	bool file = is_file_list(list), counts = !lru_gen_enabled(m);
	u64 scanned, taken, rotated = 0;
	s64 deactivated;

	lru_add_drain(m);
	taken = isolate_lru_folios(sc, lruvec, list, nr_to_scan, &hold, &scanned);
	count_isolated_pages(m, lruvec, file, (s64)taken);
	if (counts)
		count_event(sc, lruvec, PGREFILL, scanned);
	while (hold.last != PFN_NIL) {
		u32 pfn = hold.last;
		struct page *folio = pfn_to_page(m, pfn);

		page_list_del(m, &hold, pfn);
		if (unlikely(!page_evictable(m, folio))) {
			lru_putback(m, pfn);
		} else if (stays_active(sc, pfn)) {
			rotated += folio_nr_pages(folio);
			page_list_add_head(m, &active, pfn);
		} else {
			page_clear_flag(folio, PG_active);
			page_set_flag(folio, PG_workingset);
			page_list_add_head(m, &inactive, pfn);
		}
	}
	move_folios_to_lru(m, lruvec, &active);
	deactivated = (s64)move_folios_to_lru(m, lruvec, &inactive);
	if (counts)
		count_vm_event(m, PGDEACTIVATE, deactivated);
	if (m->memcg && counts)
		memcg_count_event(m, lruvec->memcg, PGDEACTIVATE, deactivated);
	count_isolated_pages(m, lruvec, file, -(s64)taken);
	reclaim_took_time(sc, taken, 0);
	if (rotated && rel_rotations_cost(m->release))
		lru_note_cost(m, lruvec, file, 0, rotated);
}

static u64 shrink_list(struct scan_control *sc, struct lruvec *lruvec, enum lru_list list,
		       u64 nr_to_scan)
{
	if (!is_active_list(list))
		return shrink_inactive_list(sc, lruvec, list, nr_to_scan);
	if (sc->may_deactivate & (is_file_list(list) ? DEACTIVATE_FILE : DEACTIVATE_ANON))
		shrink_active_list(sc, lruvec, list, nr_to_scan);
	else
		sc->skipped_deactivate = true;
	return 0;
}

/* What is left to be looked at of one kind, when `percentage` is left of the other's. */
static void scale(u64 nr[], const u64 targets[], enum lru_list list, u64 percentage)
{
	for (unsigned int i = 0; i < 2; i++, list++) {
		u64 scanned = targets[list] - nr[list];

		nr[list] = targets[list] * (100 - percentage) / 100;
		nr[list] -= MIN(nr[list], scanned);
	}
}

/*
 * Enough was freed: the kind of which less is left is let off, the other has its share
 * cut. False: one of them is done already.
 */
static bool cut_short(u64 nr[], const u64 targets[])
{
	u64 file = nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE];
	u64 anon = nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON];
	enum lru_list less = file > anon ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
	enum lru_list more = file > anon ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	u64 percentage = MIN(file, anon) * 100 / (targets[less] + targets[less + 1] + 1);

	if (!file || !anon)
		return false;
	nr[less] = nr[less + 1] = 0;
	scale(nr, targets, more, percentage);
	return true;
}

static void age_anon(struct scan_control *sc, struct lruvec *lruvec)
{
	if (can_reclaim_anon_pages(sc->m, lruvec_memcg(sc->m, lruvec)) &&
	    inactive_is_low(sc->m, lruvec, LRU_INACTIVE_ANON))
		shrink_active_list(sc, lruvec, LRU_ACTIVE_ANON, SWAP_CLUSTER_MAX);
}

static void classic_shrink_lruvec(struct scan_control *sc, struct lruvec *lruvec)
{
	/* Who reclaims for himself does a whole turn: kswapd cannot keep up. */
	bool all = sc->by != BY_KSWAPD && sc->priority == DEF_PRIORITY;
	u64 nr[LRU_UNEVICTABLE], targets[LRU_UNEVICTABLE], reclaimed = 0;

	get_scan_count(sc, lruvec, nr);
	memcpy(targets, nr, sizeof(nr));
	while (nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_FILE] || nr[LRU_INACTIVE_FILE]) {
		for (enum lru_list list = 0; list < LRU_UNEVICTABLE; list++) {
			u64 now = MIN(nr[list], SWAP_CLUSTER_MAX);

			nr[list] -= now;
			if (now)
				reclaimed += shrink_list(sc, lruvec, list, now);
		}
		if (reclaimed >= sc->nr_to_reclaim && !all && !cut_short(nr, targets))
			break;
	}
	sc->nr_reclaimed += reclaimed;
	age_anon(sc, lruvec);
}

static void classic_age_node(struct scan_control *sc, struct pglist_data *node)
{
	struct machine *m = sc->m;
	struct mem_cgroup *memcg = NULL;

	if (!m->memcg) {
		age_anon(sc, node_lruvec(m, node->id));
		return;
	}
	while ((memcg = mem_cgroup_iter(m, root_mem_cgroup(m), memcg)))
		age_anon(sc, mem_cgroup_lruvec(m, memcg, node->id));
}

const struct reclaim_ops classic_lru = {
	.name = "classic", .shrink_lruvec = classic_shrink_lruvec, .age_node = classic_age_node,
};
