/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and inodes in memory: objects of the caches dentry, ext4_inode_cache and inode_cache.
 * Those of a disk's file come when somebody opens it. When nobody has it open any more its
 * name waits at the end of the node's LRU list, and behind a name that went waits its inode,
 * if no page of it is cached: there sb-rootfs, the shrinker, takes them. The file is on its
 * disk as before.
 *
 * Others are there to be shrunk, with no file behind them, as looking at a great many files
 * leaves them: dcache_fill().
 */
#ifndef KMM_VIRT_DCACHE_H
#define KMM_VIRT_DCACHE_H

#include "sim/machine.h"

struct digest;
struct inode;
struct mem_cgroup;
struct object_census;

int dcache_init(struct machine *m) __must_check;
void dcache_free(struct machine *m);
/*
 * So many more, from `node` if it has room (-1: wherever). *made: how many there are.
 * 0, or -ENOMEM when memory ran out; -ENOBUFS: host memory, nothing changed.
 */
int dcache_fill(struct machine *m, u32 nr, int node, u32 *made) __must_check;

struct kmem_cache *dentry_cache(const struct machine *m);

/* The most host memory that the lists take for what one call looks up. */
u64 dcache_host_bytes(const struct machine *m);
/* Name and inode come to memory, if they are not there. -ENOMEM, -ENOBUFS: as before. */
int dcache_instantiate(struct machine *m, struct inode *inode) __must_check;
/*
 * The same, and who looks it up has a reference: nobody shrinks it meanwhile. *came: it was
 * not in memory before.
 */
int dcache_lookup(struct machine *m, struct inode *inode, bool *came) __must_check;
/*
 * The reference goes: what the file was looked up for is done, or failed. Behind -ENOBUFS a
 * file that came to memory for it leaves again.
 */
void dcache_end_lookup(struct machine *m, struct inode *inode, bool came, int err);
/* Somebody has closed it; if nobody has it open now, it is unused. */
void dcache_put(struct machine *m, struct inode *inode);
/* The last page has left its cache, or it is clean now: nothing may be left but its name. */
void inode_add_lru(struct machine *m, struct inode *inode);
/* The file is no more, or was never told of: what it has in memory is freed. */
void dcache_evict(struct machine *m, struct inode *inode);

/* On LRU lists, of a memory cgroup; NULL: of all. */
u64 dcache_nr_dentries(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg);
u64 dcache_nr_inodes(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg);
/*
 * The oldest `nr` are looked at: names first let go of their inodes. What is in use after all
 * leaves the list, what was used twice goes round once more. How many left.
 */
u64 dcache_prune_dentries(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			  u64 nr);
u64 dcache_prune_inodes(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			u64 nr);

/* F9: what lies on the lists is what inodes say; what has pages is in memory. */
void dcache_validate(const struct machine *m, struct check *check);
void dcache_digest(const struct machine *m, struct digest *digest);
void dcache_claim(const struct machine *m, struct object_census *census);

#endif
