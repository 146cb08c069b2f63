/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reclaim: pages that can be had again leave memory. Who needs some (kswapd, an allocation,
 * somebody who asks) fills in a scan_control and shrinks a node with it, harder and harder:
 * at priority 12 a 4096th of each list is looked at, at 0 all of it.
 *
 * Which pages of a list go is the policy's, a struct reclaim_ops: the kernel's is classic.c;
 * plain_lru.c, fifo.c and clock.c are references to compare with.
 */
#ifndef KMM_RECLAIM_RECLAIM_H
#define KMM_RECLAIM_RECLAIM_H

#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/pressure.h"

#define DEF_PRIORITY 12
#define NODE_RECLAIM_PRIORITY 4
#define MAX_RECLAIM_RETRIES 16	/* failures after which kswapd leaves a node alone */

/* Who reclaims: that is counted. */
enum reclaimer { BY_KSWAPD, BY_DIRECT, BY_KHUGEPAGED, BY_PROACTIVE };

#define SWAPPINESS_ANON_ONLY 201	/* "max": nothing but anonymous pages */

#define DEACTIVATE_ANON 1
#define DEACTIVATE_FILE 2

struct eviction;

struct scan_control {
	struct machine *m;
	/* What for. */
	enum reclaimer by;
	gfp_t gfp;
	u64 nr_to_reclaim;
	u64 nodemask;
	struct mem_cgroup *target;	/* the group that is short of memory; NULL: all are */
	int order;
	enum zone_type reclaim_idx;	/* zones up to this one */
	int swappiness;			/* of who asks: below 0: vm.swappiness */
	bool may_writepage, may_unmap, may_swap;
	/* How hard. */
	int priority;
	bool force_deactivate;		/* active pages too, whatever the ratio */
	bool low_reclaim;		/* groups that memory.low protects, too */
	/* Of the node that is being shrunk. */
	unsigned int may_deactivate;
	bool cache_trim_mode;		/* there is plenty of page cache that nobody uses */
	bool file_is_tiny;		/* there is next to none */
	u64 anon_cost, file_cost;
	/* What came of it. */
	u64 nr_scanned, nr_reclaimed;
	bool skipped_deactivate;	/* active pages were left alone */
	bool low_skipped;		/* groups were, or a part of them: memory.low */
	bool compaction_ready;
	struct {
		u64 dirty, unqueued_dirty, congested, writeback, immediate, file_taken, taken;
	} nr;
};

struct reclaim_ops {
	const char *name;
	/* Look at so much of a group's lists as sc->priority says, and free what can go. */
	void (*shrink_lruvec)(struct scan_control *sc, struct lruvec *lruvec);
	/*
	 * Free the page of a file that is next, if nothing more has to be done for it; NULL:
	 * the policy has no next one. Its caller counts what was scanned and freed, and has
	 * the eviction, of the node and the target.
	 */
	bool (*shrink_one)(struct scan_control *sc, struct lruvec *lruvec,
			   struct eviction *eviction);
	/* Before kswapd shrinks a node: pages get older. */
	void (*age_node)(struct scan_control *sc, struct pglist_data *node);
	/* How lists are kept between; NULL: as the kernel does. */
	const struct lru_policy *lists;
};

extern const struct reclaim_ops classic_lru, plain_lru, plain_fifo, plain_clock;

/* policies.c: all of them; NULL ends. */
extern const struct reclaim_ops *const reclaim_policies[];
/* From now on; -ENOENT: there is none of that name. */
int reclaim_set_policy(struct machine *m, const char *name) __must_check;

static inline bool by_kswapd(const struct scan_control *sc)
{
	return sc->by == BY_KSWAPD;
}

/* vmscan.c: page cache, anonymous pages and slabs of a node, once. */
void shrink_node(struct scan_control *sc, struct pglist_data *node);
/* After a turn: refaults from now on tell that active pages should give way. */
void snapshot_refaults(struct machine *m, struct mem_cgroup *target,
		       const struct pglist_data *node);
/* Is there a place for anonymous pages, of a group (NULL: of the root)? */
bool can_reclaim_anon_pages(const struct machine *m, const struct mem_cgroup *memcg);
/* Pages of a zone that could be reclaimed at best. */
u64 zone_reclaimable_pages(const struct machine *m, const struct zone *zone);

/* direct.c: for an allocation; how many pages were freed. 1: go on, whatever came of it. */
u64 try_to_free_pages(struct machine *m, const struct reclaim_request *req);
/* The node alone, for zone_reclaim_mode: how many pages that freed. */
u64 node_reclaim_pages(struct machine *m, struct pglist_data *node, gfp_t gfp,
		       unsigned int order);
/* So many pages of the node, because somebody asked. -EAGAIN: there were fewer. */
int node_reclaim_proactive(struct machine *m, struct pglist_data *node, u64 nr_pages,
			   int swappiness) __must_check;
/* shrink_folio.c: isolated folios that somebody wants out: MADV_PAGEOUT. */
void reclaim_pages(struct machine *m, struct page_list *list);
/* memcg_reclaim.c: so many pages of a group and those below it; how many were freed. */
u64 try_to_free_mem_cgroup_pages(struct machine *m, struct mem_cgroup *memcg, u64 nr_pages,
				 gfp_t gfp);
/* Because somebody asked (memory.reclaim): -EAGAIN: there were fewer. */
int memcg_reclaim_proactive(struct machine *m, struct mem_cgroup *memcg, u64 nr_pages,
			    int swappiness) __must_check;
/* Who runs was charged beyond memory.high: he reclaims, or waits. */
void mem_cgroup_handle_over_high(struct machine *m);
/* How long, in ns: it is over then. */
u64 mem_cgroup_take_wait(struct machine *m);
/* Is all that the group has protected from this reclaim? */
bool mem_cgroup_below_min(const struct scan_control *sc, const struct mem_cgroup *memcg);
bool mem_cgroup_below_low(const struct scan_control *sc, const struct mem_cgroup *memcg);

/* direct.c: all priorities, and again where pages were spared; how many were freed. */
u64 do_try_to_free_pages(struct scan_control *sc, const struct reclaim_request *req);
/* Enough is free for who must free memory himself. */
bool allow_direct_reclaim(const struct machine *m, const struct pglist_data *node);

/* I3, I5, L4. */
void reclaim_validate(const struct machine *m, struct check *check);

#endif
