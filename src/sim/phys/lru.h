/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LRU lists: for each node and memory cgroup five lists of user pages, and per CPU the batches of
 * pages on their way to them (the kernel's mm/swap.c): 15 pages, 31 since 6.18's
 * releases. A page in a batch is not on a list and has one more reference.
 *
 * With MGLRU (lru_gen_enabled()) the lists are those that the counters know: the two
 * youngest generations are "active". PG_active then says where a page is counted.
 * Unevictable pages are on no list: page->prev counts the VMAs that lock them.
 *
 * Lists and batches have folios by their heads, and count pages. Functions take any page.
 */
#ifndef KMM_PHYS_LRU_H
#define KMM_PHYS_LRU_H

#include "sim/machine.h"
#include "sim/phys/folio.h"
#include "sim/phys/pressure.h"
#include "sim/phys/tunables.h"

enum lru_list { LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE,
		LRU_UNEVICTABLE, NR_LRU_LISTS };

/* In the order in which they are drained. */
enum lru_batch_kind { LRU_BATCH_ADD, LRU_BATCH_ROTATE, LRU_BATCH_DEACTIVATE_FILE,
		      LRU_BATCH_DEACTIVATE, LRU_BATCH_LAZYFREE, LRU_BATCH_ACTIVATE, LRU_BATCH_MLOCK,
		      NR_LRU_BATCHES };
#define LRU_BATCH_MAX 31
struct lru_batch {
	u8 nr;
	u8 what[LRU_BATCH_MAX];	/* mlock: what is to be done */
	u32 pfns[LRU_BATCH_MAX];
};
struct lru_cpu {
	struct lru_batch batches[NR_LRU_BATCHES];
};

/* LRU lists, and what reclaim has learnt of them. */
enum { WORKINGSET_ANON, WORKINGSET_FILE, ANON_AND_FILE };
struct lruvec {
	struct page_list lists[LRU_UNEVICTABLE];
	u16 node;
	u16 memcg;		/* memcg.h: 0: of the root */
	u64 size[MAX_NR_ZONES][NR_LRU_LISTS];	/* pages; while there are groups */
	/* What reclaim of either kind costs: a floating average, which balances the two. */
	u64 anon_cost, file_cost;
	u64 nonresident_age;	/* evictions and activations: the clock of shadows */
	s64 refaults[ANON_AND_FILE];	/* workingset_activate_* after the last reclaim */
	bool congested;		/* all dirty pages of it are on their way */
};

/* Folios of a node that are split when memory is short: heads, by second tails' links. */
struct split_queue {
	struct page_list list;
	u64 len;
};

/* Lists in another order than the kernel's (reclaim/plain.h): no page is active then. */
struct lru_policy {
	/* A call uses a page that was in memory already. */
	void (*accessed)(struct machine *m, struct page *folio, u32 pfn);
};

struct lru_state {
	const struct lru_policy *policy;	/* NULL: the kernel's lists */
	bool in_fault;		/* a page fault that tells how recent its pages are */
	u8 batch_size;
	u8 nr_disabled;		/* who wants no batches: they are drained at once */
	struct lruvec lruvecs[MAX_NUMNODES];	/* by node id: the root's, memcg.h has the others */
	struct split_queue split_queues[MAX_NUMNODES];
	struct lru_cpu *cpus;	/* [nr_cpus] */
	u8 reclaiming;		/* who frees memory, so that what it needs itself has no marks */
	/* Are pages of its file to stay? NULL: those of no file (SHM_LOCK). */
	bool (*mapping_unevictable)(const struct machine *m, const struct page *page);
};

static inline bool lru_gen_enabled(const struct machine *m)
{
	return m->tunables->lru_gen_enabled & 1 && !m->lru->policy;
}

/* PF_MEMALLOC: does whoever runs free memory? */
static inline bool is_reclaiming(const struct machine *m)
{
	return m->lru && m->lru->reclaiming;
}

static inline struct lruvec *node_lruvec(const struct machine *m, unsigned int node)
{
	return &m->lru->lruvecs[node];
}

/* A counter of the lists' group and all below: of the root, the node's. */
s64 lruvec_page_state(const struct machine *m, const struct lruvec *lruvec,
		      enum node_stat_item item);
void mod_lruvec_state(struct machine *m, const struct lruvec *lruvec, enum node_stat_item item,
		      s64 n);
/* The lists of the group above on the same node; NULL: there is none. */
struct lruvec *parent_lruvec(const struct machine *m, const struct lruvec *lruvec);
/* Evictions and activations: the clock goes on for all above, too. */
void workingset_age_nonresident(struct machine *m, struct lruvec *lruvec, u64 nr_pages);
/* Pages of one list of the group alone, in zones up to a type. */
u64 lruvec_lru_size(const struct machine *m, const struct lruvec *lruvec, enum lru_list list,
		    enum zone_type highest);
/* Reclaim of one kind wrote (or reads again) so many pages, and kept so many. */
void lru_note_cost(struct machine *m, struct lruvec *lruvec, bool file, u64 nr_io,
		   u64 nr_rotated);

int lru_init(struct machine *m) __must_check;
void lru_free(struct machine *m);

/* A page that was just made: into the current CPU's batch. */
void lru_cache_add(struct machine *m, u64 pfn);
void lru_add_drain(struct machine *m);		/* the current CPU's batches */
void mlock_drain_local(struct machine *m);	/* of these, those of pages to be locked */
void lru_add_drain_all(struct machine *m);
/* While pages are collected to be moved: all batches are empty and stay so. */
void lru_cache_disable(struct machine *m);
void lru_cache_enable(struct machine *m);
/* NULL: as the kernel does. Batches are empty then. */
void lru_set_policy(struct machine *m, const struct lru_policy *policy);
/* Off its list, with a reference more; false: it is on none. And back. */
bool lru_isolate(struct machine *m, u64 pfn);
void lru_putback(struct machine *m, u64 pfn);
void mark_page_accessed(struct machine *m, u64 pfn);
void activate_page(struct machine *m, u64 pfn);
/* It was written because reclaim wants it: to where reclaim looks first. */
void folio_rotate_reclaimable(struct machine *m, u64 pfn);
/* To the inactive list (MADV_COLD); a page of a file that could not be dropped. */
void deactivate_page(struct machine *m, u64 pfn);
void deactivate_file_page(struct machine *m, u64 pfn);
/* Its file is not locked any more: back to the lists, unless a VMA locks it. */
void check_move_unevictable(struct machine *m, u64 pfn);
/* mlock.c's: pages of VM_LOCKED VMAs are unevictable, NR_MLOCK counts them. */
void mlock_page(struct machine *m, u64 pfn);
void mlock_new_page(struct machine *m, u64 pfn);	/* instead of lru_cache_add() */
void munlock_page(struct machine *m, u64 pfn);
/* MADV_FREE: clean anonymous page, to the file list. */
void mark_page_lazyfree(struct machine *m, u64 pfn);

/*
 * Around the handling of a page fault of a VMA whose accesses tell (neither
 * sequential nor random): MGLRU counts pages that are added meanwhile as active.
 */
static inline void lru_enter_fault(struct machine *m, bool recency)
{
	m->lru->in_fault = recency;
}

static inline void lru_exit_fault(struct machine *m)
{
	m->lru->in_fault = false;
}

/* References, of the page's folio: the last put takes it off its list and frees it. */
static inline void get_page(struct machine *m, u64 pfn)
{
	pfn_folio(m, pfn)->refcount++;
}
void put_page_last(struct machine *m, u64 pfn);
static inline void put_page(struct machine *m, u64 pfn)
{
	struct page *folio = pfn_folio(m, pfn);

	if (folio->refcount > 1)
		folio->refcount--;
	else
		put_page_last(m, folio_pfn(m, pfn));
}

/*
 * folio.c: onto its node's queue, because it is partially mapped, or new (it may be
 * little used); off it. Nothing happens to one that is there, or is not.
 */
void deferred_split_folio(struct machine *m, u64 pfn, bool partially_mapped);
void deferred_split_remove(struct machine *m, u64 pfn);
/* As before it was removed, partially mapped, at the end; nothing is counted. */
void deferred_split_requeue(struct machine *m, u64 pfn);
struct digest;
void deferred_split_digest(const struct machine *m, struct digest *digest);
/* R5: the queues' links, lengths and flags. */
void deferred_split_validate(const struct machine *m, struct check *check);

/* The list that the page's flags name; it is there if PG_lru is set. */
static inline enum lru_list page_lru(const struct page *page)
{
	enum lru_list list;

	if (page_flag(page, PG_unevictable))
		return LRU_UNEVICTABLE;
	list = page_flag(page, PG_swapbacked) ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
	return list + page_flag(page, PG_active);
}

/* Is the active flag to be seen? On a list of MGLRU the generation stands for it. */
static inline bool page_shows_active(const struct machine *m, const struct page *page)
{
	return page_flag(page, PG_active) && !(lru_gen_enabled(m) && page_flag(page, PG_lru));
}

/* Every page in a batch, with its reference. */
void lru_batched_pages(const struct machine *m, void (*visit)(void *arg, u32 pfn), void *arg);

/* B9 L1 to L6. */
void lru_validate(const struct machine *m, struct check *check);
struct digest;
void lruvec_digest(const struct lruvec *lruvec, struct digest *digest);
void lru_digest(const struct machine *m, struct digest *digest);

#endif
