/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and inodes that nobody uses: reclaimable objects of the caches dentry and
 * inode_cache, on LRU lists of each node, as looking at a great many files leaves them.
 * No file is behind them; they are there to be shrunk.
 */
#ifndef KMM_VIRT_DCACHE_H
#define KMM_VIRT_DCACHE_H

#include "sim/machine.h"

struct digest;
struct mem_cgroup;
struct object_census;

int dcache_init(struct machine *m) __must_check;
void dcache_free(struct machine *m);
/*
 * So many more, from `node` if it has room (-1: wherever). *made: how many there are.
 * 0, or -ENOMEM when memory ran out; -ENOBUFS: host memory, nothing changed.
 */
int dcache_fill(struct machine *m, u32 nr, int node, u32 *made) __must_check;
/* Of a memory cgroup; NULL: of all. */
u64 dcache_nr_dentries(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg);
u64 dcache_nr_inodes(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg);
/* The oldest go: names first let go of their inodes. How many went. */
u64 dcache_prune_dentries(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			  u64 nr);
u64 dcache_prune_inodes(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			u64 nr);

void dcache_digest(const struct machine *m, struct digest *digest);
void dcache_claim(const struct machine *m, struct object_census *census);

#endif
