/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shrinkers: who has objects that can be given back, and how. One row each; drop_caches
 * asks all of them, sys/kernel/debug/shrinker shows them and lets one be asked by hand.
 */
#ifndef KMM_VIRT_SHRINKER_H
#define KMM_VIRT_SHRINKER_H

#include "sim/machine.h"

struct mem_cgroup;

#define SHRINK_STOP (~0ULL)	/* scan_objects: there is nothing, do not ask again */

struct shrinker {
	const char *name;	/* of its directory, with its number behind it */
	u32 id;
	bool numa_aware;	/* counts by node; the others' objects are node 0's */
	bool memcg_aware;	/* it counts by group, if there are any; else the root's is all */
	u8 seeks;		/* what an object costs to make again; 0: nothing */
	u32 batch;		/* objects that are asked for at a time */
	bool enters_fs;		/* nobody may ask who may not either */
	/* memcg NULL: of all groups. */
	u64 (*count_objects)(const struct machine *m, unsigned int node,
			     const struct mem_cgroup *memcg);
	/* How many were given back. */
	u64 (*scan_objects)(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			    u64 nr);
};

/* In the order in which they were registered; NULL behind the last. */
const struct shrinker *shrinker_at(unsigned int i);
/* Objects of a node that it could give back. */
u64 shrinker_count(const struct machine *m, const struct shrinker *shrinker, unsigned int node);
/* Who asks, for which node and group (NULL: there are none), and how much he wants. */
struct shrink_control {
	gfp_t gfp;
	unsigned int node;
	struct mem_cgroup *memcg;
	unsigned int priority;	/* 12: a little, 0: all */
};

/* Reclaim: how many objects were given back. */
u64 shrink_slab(struct machine *m, const struct shrink_control *sc);
/* drop_caches: all of them, with no regard for how many objects there are. */
void drop_slab(struct machine *m);
struct digest;
void shrinkers_digest(const struct machine *m, struct digest *digest);

#endif
