/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plain pages, which are clean and nobody maps, leave the caches of disks' files: most of
 * what is reclaimed where files are read, and most often one behind the other. What is the
 * same for the next one, its leaf of the cache and the most of its shadow, is kept.
 */
#ifndef KMM_VIRT_EVICT_H
#define KMM_VIRT_EVICT_H

#include "sim/virt/workingset.h"

struct eviction {
	u32 target;			/* who is short of memory */
	struct workingset_evictor shadows;
	struct address_space *mapping;	/* that the last page was of, */
	struct xa_leaf leaf;		/* where it lay, */
	u64 nr_leaf;			/* from index nr_leaf * XA_SLOTS on */
};

/* Of pages of the node, for who is short of memory: a group (memcg.h: its id), or 0. */
void eviction_init(const struct machine *m, unsigned int node, u32 target,
		   struct eviction *eviction);

/*
 * remove_mapping() of a page that is not of a large folio, not dirty, and not mapped: it
 * leaves the cache, and a shadow stays. False: somebody else has it.
 */
bool evict_plain_page(struct machine *m, struct eviction *eviction,
		      struct address_space *mapping, u32 pfn) __must_check;

#endif
