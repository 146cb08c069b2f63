/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace of accesses is replayed on the pages of one file, of which so many may be in
 * memory: how often one was missing tells policies apart. What has to go is what the
 * machine's policy says; what comes is read from the disk.
 */
#ifndef KMM_RECLAIM_TRACE_H
#define KMM_RECLAIM_TRACE_H

#include "sim/machine.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/evict.h"

struct inode;

struct trace_cache {
	struct machine *m;
	struct inode *inode;		/* on a disk; nobody else uses it */
	struct xa_leaf *leaves;		/* of the file's pages */
	u64 capacity;			/* pages; 0: what the machine's memory holds */
	u64 accesses, misses;
	struct scan_control sc;		/* one page shall go, by turns of the policy */
	struct scan_control one;	/* the next one shall; its figures wait to be counted, */
	struct eviction eviction;	/* and this is of the same node */
};

/* An empty cache on a new file of nr_objects pages. -ENOMEM, -ENOBUFS, -EINVAL. */
int trace_cache_init(struct trace_cache *cache, struct machine *m, u64 nr_objects,
		     u64 capacity) __must_check;
/* Pages of the file are used, in this order. -ENOMEM: there is no room, -ENOBUFS. */
int trace_cache_run(struct trace_cache *cache, const u32 *indices, u64 nr) __must_check;
/* The file is gone, with its pages. */
void trace_cache_end(struct trace_cache *cache);

#endif
