/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of reclaim share: lists of pages that were isolated. */
#ifndef KMM_RECLAIM_RECLAIM_INTERNAL_H
#define KMM_RECLAIM_RECLAIM_INTERNAL_H

#include "sim/reclaim/reclaim.h"

/* The lists of the group that is short of memory; of the root. */
static inline struct lruvec *target_lruvec(const struct scan_control *sc, unsigned int node)
{
	return sc->target ? mem_cgroup_lruvec(sc->m, sc->target, node) : node_lruvec(sc->m, node);
}

static inline bool is_active_list(enum lru_list list)
{
	return list == LRU_ACTIVE_ANON || list == LRU_ACTIVE_FILE;
}

static inline bool is_file_list(enum lru_list list)
{
	return list == LRU_INACTIVE_FILE || list == LRU_ACTIVE_FILE;
}

/* folio_is_file_lru() */
static inline bool is_file_page(const struct page *folio)
{
	return !page_flag(folio, PG_swapbacked);
}

/* isolate.c: pages of the list's end, onto *dst, latest first; *nr_scanned: looked at. */
u64 isolate_lru_folios(struct scan_control *sc, struct lruvec *lruvec, enum lru_list list,
		       u64 nr_to_scan, struct page_list *dst, u64 *nr_scanned);
/* Back to the lists that their flags name; what nobody else has is freed. Pages moved. */
u64 move_folios_to_lru(struct machine *m, struct lruvec *lruvec, struct page_list *list);
void count_isolated_pages(struct machine *m, const struct lruvec *lruvec, bool file, s64 nr);

/* classic.c: pages of one kind were looked at, and freed, for whom it is. */
void count_reclaim(const struct scan_control *sc, const struct lruvec *lruvec, bool file,
		   u64 scanned, u64 reclaimed);

/* shrink_folio.c: what became of isolated pages. */
struct reclaim_stat {
	u64 nr_dirty, nr_unqueued_dirty, nr_congested, nr_writeback, nr_immediate, nr_pageout;
	u64 nr_activate, nr_ref_keep, nr_unmap_fail, nr_lazyfree_fail;
};
/* What can be freed is; the others are left on the list. Pages freed. */
u64 shrink_folio_list(struct scan_control *sc, unsigned int node, struct page_list *list,
		      struct reclaim_stat *stat, bool ignore_references);

/*
 * throttle.c: it takes CPU time to turn to a node, to look at pages and to free them, and to write
 * a folio: one that goes to swap costs much more, but once, however large it is.
 */
void reclaim_takes_node(const struct scan_control *sc);
void reclaim_took_time(const struct scan_control *sc, u64 nr_scanned, u64 nr_freed);
void reclaim_wrote_folio(const struct scan_control *sc, bool to_swap, u64 nr_pages);
/* Who reclaims for himself waits. */
enum vmscan_throttle_state {
	VMSCAN_THROTTLE_WRITEBACK, VMSCAN_THROTTLE_ISOLATED, VMSCAN_THROTTLE_NOPROGRESS,
	VMSCAN_THROTTLE_CONGESTED,
};
void reclaim_throttle(struct machine *m, struct pglist_data *node,
		      enum vmscan_throttle_state reason);
/* More pages of a kind are off their lists than are on the inactive one, or an eighth of those. */
bool too_many_isolated(const struct scan_control *sc, const struct pglist_data *node, bool file);
/* After a turn at one priority; after a node. */
void consider_reclaim_throttle(struct scan_control *sc, struct pglist_data *node);
void note_congestion(struct scan_control *sc, struct pglist_data *node);
/* When all of it came to nothing, and so many pages are dirty or on their way. */
void reclaim_let_flusher_work(struct machine *m, u64 dirty);

/* scan_balance.c */
/* Too few pages are on the inactive list, in proportion to the active one. */
bool inactive_is_low(const struct machine *m, const struct lruvec *lruvec,
		     enum lru_list inactive);
/* What the node's lists look like: sc's figures of it. */
void prepare_scan_count(struct scan_control *sc, const struct pglist_data *node);
/* How many pages of each list are to be looked at. */
void get_scan_count(struct scan_control *sc, const struct lruvec *lruvec,
		    u64 nr[LRU_UNEVICTABLE]);

#endif
