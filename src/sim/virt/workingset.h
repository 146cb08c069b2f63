/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shadows: what the page cache remembers of a page that was reclaimed is a value in its
 * place: the node and group that it was of, whether it had been active, and the time by
 * the clock of that node's lists (lruvec->nonresident_age: evictions and activations). A
 * page that comes back says by its shadow whether it would have stayed, had the lists of
 * active pages been shorter: then it is active at once.
 *
 * Nodes of the cache that hold nothing but shadows are on a list for each memory node,
 * oldest first, and are given back when there are too many.
 */
#ifndef KMM_VIRT_WORKINGSET_H
#define KMM_VIRT_WORKINGSET_H

#include "sim/base/xarray.h"
#include "sim/machine.h"
#include "sim/phys/folio.h"
#include "sim/phys/lru.h"

struct address_space;
struct digest;
struct mem_cgroup;
struct page;

/* A node of a page cache: what the pool of xa_nodes holds. */
struct cache_node {
	struct xa_node node;	/* first */
	u32 inode;		/* on the list of shadow nodes: whose; 0: it is not */
	u16 nid;		/* the memory node that it is on */
	u32 prev, next;		/* handles on that list */
};

int workingset_init(struct machine *m) __must_check;	/* -ENOBUFS */
void workingset_free(struct machine *m);

/* How many of a shadow's bits are time. */
unsigned int workingset_timestamp_bits(const struct machine *m);
/* The boot has all memory: 2^ the result evictions are one tick of that time, from now on. */
unsigned int workingset_boot(struct machine *m);

/*
 * The folio leaves the cache: the entry that stays for it. The clock goes on: that of the
 * memory cgroup whose lack of memory it is (memcg.h: its id).
 */
u64 workingset_eviction(struct machine *m, const struct page *folio, u32 target);

/* The same for who evicts many pages of one node, for one target: what does not change. */
struct workingset_evictor {
	struct lruvec *lruvec;	/* whose clock it is */
	u64 bits;		/* of the shadow, but for the clock and PG_workingset */
	u64 mask;		/* of the clock's ticks, */
	u8 shift, order;	/* where they lie in the shadow; 2^ how many evictions are one */
};
void workingset_evictor(const struct machine *m, unsigned int node, u32 target,
			struct workingset_evictor *evictor);

static inline u64 workingset_evict(struct machine *m, const struct workingset_evictor *evictor,
				   const struct page *folio)
{
	u64 ticks = evictor->lruvec->nonresident_age >> evictor->order & evictor->mask;
	u64 workingset = xa_mk_value(page_flag(folio, PG_workingset));

	workingset_age_nonresident(m, evictor->lruvec, folio_nr_pages(folio));
	return ticks << evictor->shift | evictor->bits | workingset;
}

/* It (the same page of the file) is back, not yet on a list. */
void workingset_refault(struct machine *m, struct page *folio, u64 shadow);

/* The entry at index was stored or went: is its node one of shadows alone? */
void workingset_update_node(struct machine *m, struct address_space *mapping, u64 index);
/* The same of the node itself, or of NULL. */
void workingset_update_leaf(struct machine *m, struct address_space *mapping,
			    struct xa_node *leaf);
/* The node is new; it is about to be freed. */
void workingset_new_node(struct machine *m, u32 handle);
void workingset_forget_node(struct machine *m, u32 handle);

/* The shrinker mm-shadow: nodes beyond what refaults can tell from; how many went. */
u64 shadow_nodes_count(const struct machine *m, unsigned int node,
		       const struct mem_cgroup *memcg);
u64 shadow_nodes_scan(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
		      u64 nr);

/* Shadows of bytes of the file behind `from`, up to page `end`, are forgotten. */
void clear_shadows(struct machine *m, struct address_space *mapping, u64 start, u64 end);

/* L7: the shadows of a mapping, and of all: the lists of nodes. */
void workingset_validate_mapping(const struct machine *m, const struct address_space *mapping,
				 struct check *check);
void workingset_validate(const struct machine *m, struct check *check);
void workingset_digest(const struct machine *m, struct digest *digest);

#endif
