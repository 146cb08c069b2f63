/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two LRU lists for each node: names, each with its inode, and inodes whose name is gone.
 * Room for all that may come to lie there is made when it comes to memory, so that nothing
 * fails when it goes from one to the other. What leaves a list from its midst leaves a gap.
 */
#ifndef KMM_VIRT_DCACHE_INTERNAL_H
#define KMM_VIRT_DCACHE_INTERNAL_H

#include "sim/virt/dcache.h"
#include "sim/virt/file.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"

/* All zeroes: a gap. */
struct unused {
	u64 dentry, inode;	/* addresses of the objects; no dentry: the name is gone */
	u32 file;		/* whose they are; 0: no file is behind them */
};

/* Oldest first. */
struct lru_queue {
	struct unused *at;	/* [room] */
	u32 end, nr, room;	/* `nr` of the first `end` are no gaps */
};

struct dcache_node {
	struct lru_queue dentries, inodes;
	u32 nr_charged;		/* on both: to memory cgroups */
};

struct dcache_state {
	struct kmem_cache *dentry, *inode, *ext4_inode;
	u32 nr_files;		/* that have an inode in memory */
	u32 nr_filled;		/* on lists, with no file behind them */
	struct dcache_node node[MAX_NUMNODES];
};

static inline bool is_gap(const struct unused *unused)
{
	return !unused->inode;
}

/* The object that lies on the list. */
static inline u64 listed_object(const struct unused *unused)
{
	return unused->dentry ? unused->dentry : unused->inode;
}

static inline bool has_objects(const struct inode *inode)
{
	return inode->kind == INODE_DISK || inode->kind == INODE_ANON;
}

/* Beside its name, which is a reference, too. */
static inline bool is_open(const struct inode *inode)
{
	return inode->i_count > !inode->unlinked;
}

/* mapping_shrinkable(): at most the shadow of the only page is left. */
static inline bool is_shrinkable(const struct inode *inode)
{
	const struct xarray *pages = &inode->i_data.i_pages;

	return !pages->root && (!pages->head || xa_is_value(pages->head));
}

/* Neither its name is in memory, nor has anybody it open. */
static inline bool inode_is_unused(const struct inode *inode)
{
	return inode->object && !inode->dentry && !is_open(inode) && !inode->unlinked &&
	       inode->wb_list == WB_CLEAN && is_shrinkable(inode);
}

#endif
