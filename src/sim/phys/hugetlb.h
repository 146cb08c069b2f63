/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools of huge pages, one (hstate) for each size. A page is free (on its node's list,
 * last in first out) or in use (on the active list), a surplus page is one that goes
 * back to the buddy allocator when it is freed. Reservations are pages of the pool that
 * somebody was promised: virt/hugetlb.h knows whom.
 *
 * While it is in a pool a page is allocated and has one reference; in use it has those
 * of its users. Files: hugetlb.c (lists and counts), hugetlb_pool.c (how pools grow and
 * shrink), hugetlb_check.c, contig.c (gigantic pages).
 */
#ifndef KMM_PHYS_HUGETLB_H
#define KMM_PHYS_HUGETLB_H

#include "sim/phys/page_alloc.h"

#define HUGETLB_POOLS 2		/* second level, third level */
#define GIGANTIC_PAGE_ORDER 18

struct hstate {
	u8 order, demote_order;	/* demote_order 0: cannot be cut */
	u64 nr_huge_pages, free_huge_pages, surplus_huge_pages;
	/* May fall below 0, and is printed so: see restore_promise() of hugetlb_range.c. */
	u64 resv_huge_pages;
	u64 max_huge_pages, nr_overcommit_huge_pages;
	u64 resv_lost;		/* of resv_huge_pages: what nobody can give back (mremap) */
	u64 resv_unbacked;	/* the most that ever was promised beyond the free pages */
	u64 nr_node[MAX_NUMNODES], free_node[MAX_NUMNODES], surplus_node[MAX_NUMNODES];
	struct page_list free[MAX_NUMNODES];	/* by node: the next one first */
	struct page_list active;
	unsigned int next_nid_to_alloc, next_nid_to_free;
};

struct hugetlb_state {
	struct hstate hstates[HUGETLB_POOLS];
	unsigned int default_pool;
};

/* What the pool knows of a page: in its third descriptor. */
enum hugetlb_page_flags {
	HPG_RESTORE_RESERVE = 1,	/* freed, it is reserved again */
	HPG_FREED = 2,			/* on a free list */
	HPG_TEMPORARY = 4,		/* goes back to the allocator when it is freed */
	HPG_ISOLATED = 8,		/* on a list of who moves it, not on the active one */
	HPG_HWPOISON = 16,		/* some page of it has failed: nobody gets it */
};
static inline u32 *hugetlb_page_flags(struct page *head)
{
	return &head[2].mapping;
}

struct hugetlb_counts {
	u64 total, free, reserved, surplus, overcommit;
};

/* The pools, empty. -ENOBUFS. Once; what needs them makes them where nobody did. */
int hugetlb_init(struct machine *m) __must_check;
void hugetlb_free_state(struct machine *m);

/* The size that meminfo and the sysctls mean: the second level's unless set. */
unsigned int hugetlb_default_order(const struct machine *m);
int hugetlb_set_default(struct machine *m, unsigned int order) __must_check;
/* Does the architecture have huge pages of this order? */
bool hugetlb_has_order(const struct machine *m, unsigned int order);
/* Its pool; NULL: no such size, or no pools yet. */
struct hstate *hugetlb_hstate(const struct machine *m, unsigned int order);

static inline u64 huge_page_size(const struct hstate *h)
{
	return PAGE_SIZE << h->order;
}

static inline bool hstate_is_gigantic(const struct hstate *h)
{
	return h->order > MAX_PAGE_ORDER;
}

static inline u64 persistent_huge_pages(const struct hstate *h)
{
	return h->nr_huge_pages - h->surplus_huge_pages;
}

/* Pages that nobody was promised. */
static inline u64 available_huge_pages(const struct hstate *h)
{
	return h->free_huge_pages - h->resv_huge_pages;
}

/* An allocated page of 2^order joins its pool. 0 or -ENOMEM (nothing changed). */
int hugetlb_add(struct machine *m, unsigned int order, u32 pfn) __must_check;

/*
 * Grow or shrink a pool to `count` pages that are not surplus, on `node` only if it is
 * not NUMA_NO_NODE. Stops early when the machine has no such page: that is success, as
 * the caller reads the result. -EINVAL: no such size; -ENOBUFS: no host memory, nothing
 * changed.
 */
int hugetlb_resize(struct machine *m, unsigned int order, int node, u64 count) __must_check;
/*
 * Cut `nr` free pages into those of h->demote_order. 0: as many as there were; -EBUSY,
 * -EINVAL; -ENOBUFS: nothing changed.
 */
int hugetlb_demote(struct machine *m, struct hstate *h, int node, u64 nr) __must_check;

/* The free page that pfn is of leaves its pool, which is to have one less. -EBUSY. */
int hugetlb_dissolve_free(struct machine *m, u64 pfn) __must_check;

/* A node's (NULL: the machine's) pages. */
struct hugetlb_counts hugetlb_counts(const struct machine *m, const struct pglist_data *node,
				     unsigned int order);
void hugetlb_set_overcommit(struct machine *m, unsigned int order, u64 count);
/* Base pages in all pools. */
u64 hugetlb_total_pages(const struct machine *m);

/*
 * Reserve so many pages, growing the pool by surplus pages where that is allowed, or
 * (delta < 0) let them go. nodes: where the caller may have pages; 0: anywhere.
 * -ENOMEM; -ENOBUFS.
 */
int hugetlb_acct_memory(struct machine *m, struct hstate *h, s64 delta,
			u64 nodes) __must_check;
/* The second half of it: cannot fail. */
void hugetlb_unreserve(struct machine *m, struct hstate *h, u64 nr);

/* A free page of the first node of nid's zonelist that has one; PFN_NIL. */
u32 hugetlb_dequeue(struct machine *m, struct hstate *h, int nid, u64 nodemask);
/* A page more than the pool should have, in use at once: -ENOMEM, -ENOBUFS. */
int alloc_surplus_huge_page(struct machine *m, struct hstate *h,
			    const struct alloc_request *where, u32 *pfn) __must_check;
/*
 * A page to move another to: it joins the pool, and leaves it when it is freed, unless the
 * page that moved there takes its place in the pool. -ENOMEM, -ENOBUFS.
 */
int alloc_temporary_huge_page(struct machine *m, struct hstate *h,
			      const struct alloc_request *where, u32 *pfn) __must_check;
/* `from` moved to `to`: if that is temporary, from now on `from` is. */
void hugetlb_move_temporary(struct machine *m, u64 from, u64 to);
gfp_t htlb_alloc_mask(const struct machine *m, const struct hstate *h);
/* Its last user lets go of it; put_page() ends here. */
void free_huge_folio(struct machine *m, u64 pfn);

/* All descriptors of a gigantic page, whose users need them. -ENOBUFS. */
int gigantic_page_materialise(struct machine *m, u64 pfn) __must_check;
/* The same for the next `nr` of each node that will be taken. */
int gigantic_pages_secure(struct machine *m, u64 nr) __must_check;

struct digest;
void hugetlb_digest(const struct machine *m, struct digest *digest);
/* H1, C4 of every pool. */
void hugetlb_validate(const struct machine *m, struct check *check);

#endif
