/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the allocator asks of the layers above when memory is short. The machine
 * fills machine->pressure at boot; NULL, or a member that is NULL, means that
 * nothing of the kind exists: nobody is woken, no progress is made.
 */
#ifndef KMM_PHYS_PRESSURE_H
#define KMM_PHYS_PRESSURE_H

#include "sim/machine.h"

#define SWAP_CLUSTER_MAX 32U	/* pages that are reclaimed at a time */

/* An allocation that is to be reclaimed for. */
struct reclaim_request {
	gfp_t gfp;
	unsigned int order;
	enum zone_type highest;
	u64 nodemask;		/* 0: all */
	const u16 *zonelist;	/* indexes into machine->zones */
	unsigned int nr_zones;
};

struct alloc_request;
struct mem_cgroup;

/* What came of compacting, the better the higher. */
enum compact_result {
	COMPACT_NOT_SUITABLE_ZONE,
	COMPACT_SKIPPED,		/* too little is free, or nothing is to be won */
	COMPACT_DEFERRED,		/* it failed lately */
	COMPACT_NO_SUITABLE_PAGE,
	COMPACT_CONTINUE,
	COMPACT_COMPLETE,		/* all of the zone was seen */
	COMPACT_PARTIAL_SKIPPED,	/* a part of it */
	COMPACT_CONTENDED,		/* it was given up */
	COMPACT_SUCCESS,
};

/* How hard it is tried: the lower, the harder. */
enum compact_priority {
	COMPACT_PRIO_SYNC_FULL,
	COMPACT_PRIO_SYNC_LIGHT,
	COMPACT_PRIO_ASYNC,
	MIN_COMPACT_PRIORITY = COMPACT_PRIO_SYNC_FULL,
	MIN_COMPACT_COSTLY_PRIORITY = COMPACT_PRIO_SYNC_LIGHT,
	DEF_COMPACT_PRIORITY = COMPACT_PRIO_SYNC_LIGHT,
	INIT_COMPACT_PRIORITY = COMPACT_PRIO_ASYNC,
};

/* The block that somebody wants. */
struct compact_request {
	gfp_t gfp;
	unsigned int order, alloc_flags;
	enum zone_type highest;
	enum compact_priority prio;
};

struct pressure_ops {
	/* An allocation found zone below its low mark (or it was boosted). */
	void (*wake_kswapd)(struct machine *m, struct zone *zone, gfp_t gfp,
			    unsigned int order, enum zone_type highest);
	/* An allocation waits: kswapd of the node runs. */
	void (*wait_for_kswapd)(struct machine *m, struct pglist_data *node);
	/*
	 * Daemons that were woken run now, for this is a good moment (poll_daemons()): as far as
	 * they get beside a task that got so many pages meanwhile, or (0) to their end.
	 */
	void (*run_woken)(struct machine *m, u64 nr_pages);
	/* Those that work beside who reclaims, and has nothing in his hands just now. */
	void (*run_beside_reclaim)(struct machine *m, bool by_kswapd);
	/* Reclaim for this request; returns how many pages that freed. */
	u64 (*direct_reclaim)(struct machine *m, const struct reclaim_request *req);
	/* Compact a zone. *captured: the block that came of it, on no list; or PFN_NIL. */
	enum compact_result (*compact_zone)(struct machine *m, struct zone *zone,
					    const struct compact_request *req, u32 *captured);
	/* The block that it was for could be had in this zone. */
	void (*compact_succeeded)(struct machine *m, struct zone *zone, unsigned int order);
	/* Would it be worth it with so many pages free? */
	bool (*compact_suitable)(const struct machine *m, const struct zone *zone,
				 const struct compact_request *req, u64 free_pages);
	/* Move what can move out of an isolated range. 0, -EBUSY, -ENOMEM, -ENOBUFS. */
	int (*migrate_range)(struct machine *m, struct zone *zone, u64 start, u64 end);
	/*
	 * Everything movable leaves an isolated range of memory that goes off line. -EBUSY:
	 * *pfn cannot; -EINTR: it would be tried for ever; -ENOBUFS.
	 */
	int (*offline_range)(struct machine *m, struct zone *zone, u64 start, u64 end,
			     u64 *pfn);
	/* These page frames are no memory any more: what they held goes. */
	void (*forget_contents)(struct machine *m, u64 start, u64 end);
	/* Memory came or went: settings that follow from how much there is. */
	void (*memory_changed)(struct machine *m);
	/* A node has memory now, or has none any more: its threads start, and end. */
	void (*node_gained_memory)(struct machine *m, struct pglist_data *node);
	void (*node_lost_memory)(struct machine *m, struct pglist_data *node);
	/* Reclaim on the node alone; how many pages that freed (zone_reclaim_mode). */
	u64 (*node_reclaim)(struct machine *m, struct pglist_data *node, gfp_t gfp,
			    unsigned int order);
	/* Kill somebody; true if that may free memory. */
	bool (*out_of_memory)(struct machine *m, const struct alloc_request *req);
	/* Of a memory cgroup: pages freed; somebody was killed; who runs reclaims, or waits. */
	u64 (*memcg_reclaim)(struct machine *m, struct mem_cgroup *memcg, u64 nr_pages, gfp_t gfp);
	bool (*memcg_oom)(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp,
			  unsigned int order);
	void (*memcg_over_high)(struct machine *m);
	/* Isolated folios go, the last of the list first; those that stay are put back. */
	void (*reclaim_pages)(struct machine *m, struct page_list *list);
	/* Pages of the zone that reclaim could free at best. */
	u64 (*reclaimable)(const struct machine *m, const struct zone *zone);
};

/*
 * A daemon was woken: what it does shows so many pages later, which others get meanwhile; no later
 * because another was woken before. How many pages have been polled then.
 */
#define DAEMON_LAG 64

static inline u64 daemon_woken(struct machine *m, u64 lag)
{
	if (!m->polls_left || lag < m->polls_left)
		m->polls_left = (u16)lag;
	return m->nr_polled + lag;
}

/* At a poll that was another's: it begins when so many pages have been polled, which is later. */
static inline bool daemon_comes_later(struct machine *m, u64 begins)
{
	if (m->nr_polled >= begins)
		return false;
	daemon_woken(m, begins - m->nr_polled);
	return true;
}

/*
 * Between two pages, or folios of nr_pages: a good moment for daemons that were woken, since
 * nothing is half done, and nothing is held that they could take away. They come some pages
 * late, as on a machine where they have to get a CPU first.
 */
static inline void poll_daemons(struct machine *m, u64 nr_pages)
{
	if (likely(!m->polls_left))
		return;
	m->nr_polled += nr_pages;
	m->polls_left -= (u16)MIN(m->polls_left, nr_pages);
	if (!m->polls_left)
		m->pressure->run_woken(m, nr_pages);
}

/* The line, or an event, has ended: they had all the time that they need. */
static inline void run_woken_daemons(struct machine *m)
{
	if (unlikely(m->polls_left))
		m->pressure->run_woken(m, 0);
}

#endif
