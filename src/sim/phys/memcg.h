/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory cgroups: who is charged for a page, and how much a group may have. A page's
 * descriptor has the id of its group (memcg_of_page()), 0 for the root, which is never
 * charged; each group has lists of pages and counters for each node.
 *
 *   memcg.c		groups come and go, hierarchies are walked
 *   page_counter.c	usage and limits, up to the root
 *   memcg_charge.c	charges, what CPUs keep in advance, limits, uncharging
 *   memcg_objects.c	charges by the byte: objects of slabs, per-CPU memory
 *   memcg_memory.c	what a group takes itself
 *   memcg_stat.c	figures and events, summed over what is below
 *   memcg_check.c	MG1 to MG4
 *
 * Until there is a group, or the root is to be reclaimed, machine->memcg is NULL, and nothing
 * of this costs anything. A group that was removed stays, offline, while pages or swap are
 * charged to it.
 */
#ifndef KMM_PHYS_MEMCG_H
#define KMM_PHYS_MEMCG_H

#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_counter.h"

struct digest;
struct object_census;

/* Of page->memcg: the rest belongs to the page's index. */
#define MEMCG_ID_MASK 0xffffU
#define MEMCG_ID_MAX 65535U
#define MEMCG_CHARGE_BATCH 64U

/* What memory.events and memory.swap.events count. */
enum memcg_memory_event {
	MEMCG_LOW, MEMCG_HIGH, MEMCG_MAX, MEMCG_OOM, MEMCG_OOM_KILL, MEMCG_OOM_GROUP_KILL,
	MEMCG_SWAP_HIGH, MEMCG_SWAP_MAX, MEMCG_SWAP_FAIL, NR_MEMCG_EVENTS
};

/* Figures of the kernel's own memory, which no list has: in pages, but for PERCPU_B. */
enum memcg_kernel_item { MEMCG_KMEM, MEMCG_PERCPU_B, MEMCG_VMALLOC, NR_MEMCG_KERNEL_ITEMS };

#define NR_MEMCG_SHRINKERS 4	/* virt/shrinker.h's */

struct mem_cgroup_per_node {
	struct lruvec lruvec;
	s64 stat[NR_VM_NODE_STAT_ITEMS];	/* of pages that are charged to the group */
	u32 iter;		/* where direct reclaim goes on below: id + 1; 0: at the top */
	u64 nr_shadow_nodes;	/* workingset.h: of those that are charged */
	u64 shrink_deferred[NR_MEMCG_SHRINKERS];
	u64 lruvec_stats_percpu, lruvec_stats;	/* as below */
};

struct bdi_writeback;

struct mem_cgroup {
	u16 id;			/* 0: the root */
	bool online, oom_group;
	struct mem_cgroup *parent;
	/* Children are in the order in which they were made; ids come again. */
	struct mem_cgroup *first_child, *last_child, *prev_sibling, *next_sibling;
	u32 cgroup;		/* of cgroup.h, while it is online */
	struct page_counter memory, swap;	/* pages */
	s64 kernel[NR_MEMCG_KERNEL_ITEMS];
	s64 event[NR_VM_EVENT_ITEMS];
	s64 memory_events[NR_MEMCG_EVENTS], memory_events_local[NR_MEMCG_EVENTS];
	/* Pages and slots of swap that are charged to this group itself; groups below. */
	u64 nr_charged, nr_swapped;
	u64 nr_kernel;		/* of nr_charged: blocks of the kernel's */
	u32 nr_children;
	u32 pins;		/* who walks by: it stays */
	u32 nr_charged_bytes;	/* of a page that is charged for objects: what none has */
	u64 object_bytes;	/* of objects that are charged */
	u64 vmstats_percpu, vmstats;	/* memcg_memory.c: addresses; 0: none */
	struct bdi_writeback *wb;	/* virt/writeback.h; NULL: of the root, and off line */
	struct mem_cgroup_per_node *nodes;	/* [memcg_state.nr_nodes] */
};

/* What a CPU has charged in advance. */
#define NR_MEMCG_STOCK 7
struct memcg_stock {
	u16 ids[NR_MEMCG_STOCK];	/* 0: none */
	u16 nr_pages[NR_MEMCG_STOCK];
	u16 object_id;
	u32 nr_bytes;		/* for objects */
};

/* A piece of per-CPU memory that is charged. */
struct memcg_percpu {
	u64 addr;
	u32 bytes;		/* of all CPUs */
	u16 id;
};

/* Charged objects of slabs: of caches that can be reclaimed, of others. */
#define NR_SLAB_KINDS 2

struct memcg_state {
	struct mem_cgroup root;
	struct mem_cgroup **groups;	/* [room]: by id; NULL: none */
	u32 room, nr, nr_offline;
	unsigned int nr_nodes;
	struct memcg_stock *stocks;	/* [nr_possible_cpus] */
	/* What reclaim of groups alone has counted: vmstat has it not. */
	s64 group_event[NR_VM_EVENT_ITEMS];
	struct memcg_percpu *percpu;	/* [nr_percpu] */
	u32 nr_percpu, room_percpu;
	u16 active;		/* the group that the kernel works for; 0: the current task's */
	bool charging;		/* an allocation that is charged for is under way */
	u64 nr_over_high;	/* pages that who runs was charged for beyond a high mark */
	u64 throttled_ns;	/* how long who runs has to wait for that */
	/* The group that what the kernel allocates now is charged to; NULL: none. */
	struct mem_cgroup *(*of_current)(const struct machine *m);
};

/* ---- memcg.c ---- */

/* The first group makes the machine's state: -ENOBUFS, -ENOSPC (no id). */
int mem_cgroup_create(struct machine *m, struct mem_cgroup *parent, u32 cgroup,
		      struct mem_cgroup **memcg) __must_check;
/* Its directory goes: what it has stays charged, and goes with it in time. */
void mem_cgroup_offline(struct machine *m, struct mem_cgroup *memcg);
int memcg_state_make(struct machine *m) __must_check;
void memcg_state_free(struct machine *m);
/* Nothing may be charged to an offline group any more: it goes, or waits for the worker. */
void mem_cgroup_put(struct machine *m, struct mem_cgroup *memcg);
bool mem_cgroup_has_nothing(const struct mem_cgroup *memcg);

/* ---- memcg_memory.c ---- */

/* For a new group. -ENOMEM; -ENOBUFS: nothing changed. */
int memcg_memory_alloc(struct machine *m, struct mem_cgroup *memcg) __must_check;
/* The worker: groups that are left over go. What the host has no memory for waits. */
void memcg_memory_free(struct machine *m);
bool memcg_owns_percpu(const struct machine *m, u64 addr);
void memcg_claim_objects(const struct machine *m, struct object_census *census);

/* ---- memcg.c ---- */

static inline struct mem_cgroup *root_mem_cgroup(const struct machine *m)
{
	return &m->memcg->root;
}

static inline struct mem_cgroup *mem_cgroup_of(const struct machine *m, u32 id)
{
	return id < m->memcg->room ? m->memcg->groups[id] : NULL;
}

static inline u32 page_memcg_id(const struct page *folio)
{
	return folio->memcg & MEMCG_ID_MASK;
}

/* The group that a folio is charged to. */
static inline struct mem_cgroup *memcg_of_page(const struct machine *m, const struct page *folio)
{
	return m->memcg->groups[page_memcg_id(folio)];
}

static inline bool mem_cgroup_is_root(const struct mem_cgroup *memcg)
{
	return !memcg->id;
}

/* Off line, and not for the kernel's memory alone, which its parent has taken over. */
bool mem_cgroup_is_dying(const struct mem_cgroup *memcg);
bool mem_cgroup_is_descendant(const struct mem_cgroup *memcg, const struct mem_cgroup *root);
/* The next group of those from root down, parents first; NULL: begin; returns NULL: done. */
struct mem_cgroup *mem_cgroup_next(const struct machine *m, const struct mem_cgroup *root,
				   const struct mem_cgroup *prev);
/* The same while pages are uncharged: the group stays till the next turn, or the break. */
struct mem_cgroup *mem_cgroup_iter(struct machine *m, const struct mem_cgroup *root,
				   struct mem_cgroup *prev);
/*
 * The same from where the last walk on the node ended (node < 0: from the top), once
 * through to the end: later walks begin at the top again.
 */
struct mem_cgroup *mem_cgroup_walk(struct machine *m, const struct mem_cgroup *root,
				   struct mem_cgroup *prev, int node);
void mem_cgroup_iter_break(struct machine *m, struct mem_cgroup *memcg);
/* Of an object or a table whose group went off line: the one that is charged instead. */
struct mem_cgroup *mem_cgroup_online_ancestor(struct mem_cgroup *memcg);

/* ---- Lists. ---- */

static inline struct lruvec *mem_cgroup_lruvec(const struct machine *m,
					       const struct mem_cgroup *memcg, unsigned int node)
{
	return mem_cgroup_is_root(memcg) ? node_lruvec(m, node) : &memcg->nodes[node].lruvec;
}

static inline struct mem_cgroup *lruvec_memcg(const struct machine *m,
					      const struct lruvec *lruvec)
{
	return m->memcg ? m->memcg->groups[lruvec->memcg] : NULL;
}

/* ---- memcg_charge.c ---- */

/* 0; -ENOMEM: not within the limits, whatever was reclaimed, and whoever was killed. */
int memcg_charge_folio(struct machine *m, struct mem_cgroup *memcg, u64 pfn,
		       gfp_t gfp) __must_check;
int try_charge_memcg(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp,
		     u32 nr_pages) __must_check;
/* A block of the kernel's, with __GFP_ACCOUNT: to the current group. */
int memcg_charge_kernel_pages(struct machine *m, u64 pfn, unsigned int order,
			      gfp_t gfp) __must_check;
/* Nobody needs these pages: for the next charge on this CPU (keep), or free at once. */
void memcg_uncharge(struct machine *m, struct mem_cgroup *memcg, u64 nr_pages, bool keep);
/* The block is about to be freed, or is the kernel's no longer. */
void memcg_uncharge_pages(struct machine *m, u64 pfn, unsigned int order);
/* All CPUs give back what they have for groups from root down. */
void drain_all_stock(struct machine *m, const struct mem_cgroup *root);
/*
 * The new folio takes the old one's place: both are of its group while counters move; then
 * the old one, which is about to go, is of none, if the charge went along.
 */
void mem_cgroup_migrate(struct machine *m, struct page *old, struct page *new);
void mem_cgroup_migrated(struct machine *m, struct page *old);
/* Pages that a group may still get: by its memory, and by all above it for swap. */
u64 mem_cgroup_margin(const struct mem_cgroup *memcg);

/* ---- memcg_objects.c ---- */

/* Whom an object would be charged to; NULL: nobody. */
struct mem_cgroup *obj_cgroup_of_current(const struct machine *m);
int obj_cgroup_charge(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp,
		      u32 bytes) __must_check;
void obj_cgroup_uncharge(struct machine *m, struct mem_cgroup *memcg, u32 bytes);
void obj_cgroup_uncharge_pages(struct machine *m, struct mem_cgroup *memcg, u64 nr);
void drain_obj_stock(struct machine *m, struct memcg_stock *stock);
/*
 * Before and behind the allocation of a piece of per-CPU memory, and when it goes. *memcg is
 * NULL where nobody is charged. -ENOMEM; -ENOBUFS: nothing changed.
 */
int memcg_percpu_charge(struct machine *m, u64 bytes, gfp_t gfp,
			struct mem_cgroup **memcg) __must_check;
void memcg_percpu_charged(struct machine *m, struct mem_cgroup *memcg, u64 addr, u64 bytes,
			  int err);
void memcg_percpu_uncharge(struct machine *m, u64 addr);
/* slab_charge.c: the group (0: none) that an object is charged to, and is it memcg's now? */
u32 object_memcg_id(const struct machine *m, u64 addr);
bool memcg_owns_object(const struct machine *m, const struct mem_cgroup *memcg, u64 addr);
/* Bytes of charged objects of each group, recounted. */
void slab_recount_charges(const struct machine *m, u64 (*bytes)[NR_SLAB_KINDS]);

/* ---- memcg_stat.c ---- */

void memcg_memory_event(struct machine *m, struct mem_cgroup *memcg,
			enum memcg_memory_event event);
/* Sums over the group and all below. The group may be NULL: the root, without a state. */
s64 memcg_node_stat(const struct machine *m, const struct mem_cgroup *memcg,
		    enum node_stat_item item, int node);	/* node < 0: all */
s64 memcg_event(const struct machine *m, const struct mem_cgroup *memcg,
		enum vm_event_item item);
s64 memcg_kernel(const struct machine *m, const struct mem_cgroup *memcg,
		 enum memcg_kernel_item item);
/* Of its own, and of pages that a group passed on when it went. */
void memcg_pass_on(struct mem_cgroup *to, const struct memcg_state *state,
		   const struct mem_cgroup *from);
/* Its figures of the kernel's memory are its parent's from now on. */
void memcg_reparent_stats(const struct memcg_state *state, struct mem_cgroup *memcg,
			  struct mem_cgroup *parent);
void memcg_mod_stat(struct machine *m, u32 id, unsigned int node, enum node_stat_item item,
		    s64 n);
/* Pages of vmalloc() that the group is charged for, and the like. */
void memcg_mod_kernel(struct machine *m, u32 id, enum memcg_kernel_item item, s64 n);
void memcg_count_event(struct machine *m, u32 id, enum vm_event_item item, s64 n);

/* A counter of the node that the folio lies on, and of the group that it is charged to. */
static inline void mod_lruvec_page_state(struct machine *m, const struct page *page,
					 enum node_stat_item item, s64 n)
{
	unsigned int node = m->zones[page_zone_index(page)]->node;

	m->nodes[node]->stat[item] += n;
	if (unlikely(m->memcg))
		memcg_mod_stat(m, page_memcg_id(folio_of_const(page)), node, item, n);
}

/* ---- memcg_check.c ---- */

void memcg_validate(const struct machine *m, struct check *check);
void memcg_digest(const struct machine *m, struct digest *digest);

#endif
