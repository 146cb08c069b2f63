/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NUMA memory policies: of a task, of a VMA, of ranges of shared memory. Where a
 * page of a user comes from is decided here: every fault, copy and page cache asks
 * vma_alloc_folio() or its kin, nobody calls alloc_pages() for them. What the kernel
 * allocates for itself follows the policy of the task that runs (alloc_policy.h).
 *
 * A policy is an object of the numa_policy cache with a count of references; a task,
 * a VMA and a range of shared memory hold one each.
 */
#ifndef KMM_VIRT_MEMPOLICY_H
#define KMM_VIRT_MEMPOLICY_H

#include "sim/phys/page_alloc.h"
#include "sim/virt/mm_types.h"

struct inode;

enum mpol_mode {
	MPOL_DEFAULT, MPOL_PREFERRED, MPOL_BIND, MPOL_INTERLEAVE, MPOL_LOCAL,
	MPOL_PREFERRED_MANY,
	MPOL_WEIGHTED_INTERLEAVE,	/* since 6.9 */
	NR_MPOL_MODES
};

struct mempolicy {
	u32 self;
	s32 refcnt;
	u8 mode;		/* enum mpol_mode; never MPOL_DEFAULT */
	u16 flags;		/* MPOL_F_* */
	s16 home_node;		/* NUMA_NO_NODE: none */
	u64 nodes;
	/* What the user gave (static and relative nodes), or what the task may use. */
	u64 user_nodemask, cpuset_mems_allowed;
};

/* A range of page offsets of a file of shared memory that has a policy of its own. */
struct sp_node {
	struct interval_node node;	/* first: in the inode's tree */
	struct mempolicy *policy;
	u32 self;
};
/* The policy at a page offset; NULL: none. */
struct mempolicy *mpol_shared_policy_lookup(const struct inode *inode, u64 pgoff);

/* The weight of a node of weighted interleave. */
u8 get_il_weight(const struct machine *m, unsigned int node);

/* See vma_alloc_folio(); some policy, or a large folio. */
int vma_alloc_folio_slow(struct machine *m, gfp_t gfp, unsigned int order,
			 struct vm_area_struct *vma, u64 addr, u32 *pfn) __must_check;

/*
 * A folio of 2^order pages for the user's address, by the policy of the VMA, else of
 * the task that runs, else on the CPU's node. Contents are undefined, refcount is 1.
 * -ENOMEM, -ENOBUFS.
 */
static inline int __must_check vma_alloc_folio(struct machine *m, gfp_t gfp,
					       unsigned int order,
					       struct vm_area_struct *vma, u64 addr, u32 *pfn)
{
	const struct alloc_request req = { .gfp = gfp, .node = NUMA_NO_NODE };

	if (unlikely(order || m->policies))
		return vma_alloc_folio_slow(m, gfp, order, vma, addr, pfn);
	return alloc_pages(m, &req, pfn);
}

/* A folio for shared memory, at a page offset that is a multiple of its size. */
int shmem_alloc_folio(struct machine *m, gfp_t gfp, unsigned int order,
		      const struct inode *inode, u64 pgoff, u32 *pfn) __must_check;

/* A folio for the page cache of a file: by the policy of the task. */
static inline int __must_check filemap_alloc_folio(struct machine *m, gfp_t gfp,
						   unsigned int order, u32 *pfn)
{
	const struct alloc_request req = {
		.gfp = order ? gfp | __GFP_COMP : gfp, .order = order, .node = NUMA_NO_NODE,
	};

	return alloc_pages(m, &req, pfn);
}

#endif
