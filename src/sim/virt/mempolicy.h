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

/* What a call gives beside the mode. */
#define MPOL_F_STATIC_NODES 0x8000
#define MPOL_F_RELATIVE_NODES 0x4000
#define MPOL_F_NUMA_BALANCING 0x2000
#define MPOL_MODE_FLAGS (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES | MPOL_F_NUMA_BALANCING)
/* The kernel's own: of shared memory; pages may follow their users. */
#define MPOL_F_SHARED 1
#define MPOL_F_MOF 8
#define MPOL_F_MORON 16

/* get_mempolicy(). */
#define MPOL_F_NODE 1
#define MPOL_F_ADDR 2
#define MPOL_F_MEMS_ALLOWED 4

/* mbind(), move_pages(). */
#define MPOL_MF_STRICT 1
#define MPOL_MF_MOVE 2
#define MPOL_MF_MOVE_ALL 4

struct mempolicy {
	u32 self;
	s32 refcnt;
	u8 mode;		/* enum mpol_mode; never MPOL_DEFAULT */
	u16 flags;		/* MPOL_F_* */
	s16 home_node;		/* NUMA_NO_NODE: none */
	u64 nodes;
	/* With MPOL_MODE_FLAGS what the user gave, else what the task could use then. */
	u64 given;
};

/* A range of page offsets of a file of shared memory that has a policy of its own. */
struct sp_node {
	struct interval_node node;	/* first: in the inode's tree */
	struct mempolicy *policy;	/* MPOL_F_SHARED */
	u32 self;
};

/* Nodes as a call of a user gives them: a mask and how many bits of it count, and one. */
struct user_nodes {
	bool given;		/* false: NULL */
	u64 mask, maxnode;
};
#define MAXNODE_ALL ((1U << MAX_NODES_SHIFT) + 1)	/* all nodes that a kernel could have */

struct mbind_request {
	u64 start, len;
	u64 mode;		/* MPOL_*, with MPOL_MODE_FLAGS */
	struct user_nodes nodes;
	u64 flags;		/* MPOL_MF_* */
};

/*
 * The system calls. -ENOSYS on an arch without NUMA; errnos are the kernel's; -ENOBUFS
 * is the host's.
 */
int sys_set_mempolicy(struct machine *m, struct task_struct *task, u64 mode,
		      const struct user_nodes *nodes) __must_check;
/* *policy: the mode with its flags, or a node; *nodes: of the policy. */
int sys_get_mempolicy(struct machine *m, struct task_struct *task, u64 addr, u64 flags,
		      int *policy, u64 *nodes) __must_check;
int sys_mbind(struct machine *m, struct task_struct *task,
	      const struct mbind_request *req) __must_check;
int sys_set_mempolicy_home_node(struct machine *m, struct task_struct *task, u64 start,
				u64 len, u64 home_node, u64 flags) __must_check;
/* migrate.c's callers. Returns how many pages did not move, or -errno. */
int sys_migrate_pages(struct machine *m, struct task_struct *task, u32 pid,
		      const struct user_nodes *from,
		      const struct user_nodes *to) __must_check;
/* Pages of an mm from nodes to nodes. How many did not move, or -errno. */
int do_migrate_pages(struct machine *m, struct mm_struct *mm, u64 from, u64 to,
		     u64 flags) __must_check;
/*
 * nodes NULL: just ask. status[]: the node of each page or -errno; what the call did not
 * come to stays as it was.
 */
struct move_pages_request {
	u32 pid;		/* 0: the caller */
	u64 nr_pages;
	const u64 *pages;
	const int *nodes;
	int *status;
	u64 flags;
};
int sys_move_pages(struct machine *m, struct task_struct *task,
		   const struct move_pages_request *req) __must_check;

/* -- objects ------------------------------------------------------------------ */

/* What a call asks for, checked. */
struct mpol_spec {
	u8 mode;
	u16 flags;
	u64 nodes;
};
/* -EINVAL. */
int mpol_spec_of_call(const struct machine *m, u64 mode, const struct user_nodes *nodes,
		      struct mpol_spec *spec) __must_check;
int user_nodes_mask(const struct machine *m, const struct user_nodes *nodes,
		    u64 *mask) __must_check;
/*
 * A policy of the task's; *pol is NULL for MPOL_DEFAULT. The second step sets its
 * nodes: -EINVAL if none are left that the task may use.
 */
int mpol_new(struct machine *m, const struct mpol_spec *spec,
	     struct mempolicy **pol) __must_check;
int mpol_set_nodemask(const struct machine *m, const struct task_struct *task,
		      struct mempolicy *pol, u64 nodes) __must_check;
/* A copy; of NULL: NULL. -ENOMEM, -ENOBUFS. */
int mpol_dup(struct machine *m, const struct mempolicy *old, struct mempolicy **pol) __must_check;
void mpol_put(struct machine *m, struct mempolicy *pol);	/* NULL: fine */
bool mpol_equal_slow(const struct mempolicy *a, const struct mempolicy *b);
static inline bool mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	return a == b || mpol_equal_slow(a, b);
}
static inline bool mpol_interleaves(const struct mempolicy *pol)
{
	return pol->mode == MPOL_INTERLEAVE || pol->mode == MPOL_WEIGHTED_INTERLEAVE;
}
/* "default", "bind=static:0-1": as numa_maps prints it. */
void mpol_print(struct out *out, const struct mempolicy *pol);
/*
 * What the task may use has changed: its policy; those of the VMAs of an mm, where `nodes`
 * may be none, which relative policies cannot follow: these take `had`.
 */
void mpol_rebind_task(struct task_struct *task, u64 nodes);
void mpol_rebind_mm(const struct machine *m, struct mm_struct *mm, u64 nodes, u64 had);
/*
 * nr pages at once over a set of nodes that is not empty, the turns going on behind *prev:
 * each node gets its share in a row, what is left over goes to the first ones.
 */
void interleave_bulk(u64 nodes, s16 *prev, unsigned int nr, u8 *to);
/* Nodes with memory; of those, the task's. */
u64 nodes_with_memory(const struct machine *m);
u64 mems_allowed(const struct machine *m, const struct task_struct *task);
/* The node that stands where `node` stood, from one set to another (nodes_remap). */
unsigned int node_remap(unsigned int node, u64 from, u64 to);

/*
 * The policy of a VMA at an address: the file's, of shared memory; NULL: none of its
 * own. *offset: what interleaving counts pages from.
 */
struct mempolicy *vma_own_policy(const struct machine *m, const struct vm_area_struct *vma,
				 u64 addr, u64 *offset);
/* mempolicy_shared.c: the policy at a page offset (NULL: none), and a VMA's new one. */
struct mempolicy *mpol_shared_policy_lookup(const struct inode *inode, u64 pgoff);
int mpol_set_shared_policy(struct machine *m, struct inode *inode,
			   const struct vm_area_struct *vma,
			   const struct mempolicy *pol) __must_check;
void mpol_free_shared_policy(struct machine *m, struct inode *inode);

/* Would the task's end free memory of these nodes, as far as its policy tells? */
bool mempolicy_in_oom_domain(const struct task_struct *task, u64 nodes);

/* The weight of a node of weighted interleave. */
u8 get_il_weight(const struct machine *m, unsigned int node);

/* Policies, who refers to them, and what they say. */
struct digest;
void mempolicy_digest(const struct machine *m, struct digest *digest);
void mempolicy_validate(const struct machine *m, struct check *check);

/* -- allocation: mempolicy_alloc.c -------------------------------------------- */

extern const struct alloc_policy mempolicy_alloc_policy;
/* m->policies, while there is a policy or a cgroup. */
void mempolicy_forget_unused(struct machine *m);

#define NO_INTERLEAVE_INDEX (~0ULL)
/* By a policy (NULL: the CPU's node first) for a page at this offset. */
int folio_alloc_mpol(struct machine *m, gfp_t gfp, unsigned int order,
		     const struct mempolicy *pol, u64 offset, u32 *pfn) __must_check;
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
	const struct alloc_request req = { .gfp = gfp | __GFP_COMP, .node = NUMA_NO_NODE };

	if (unlikely(order || m->policies))
		return vma_alloc_folio_slow(m, gfp, order, vma, addr, pfn);
	return alloc_pages(m, &req, pfn);
}

/*
 * Where a huge page of a pool comes from: req->node and req->nodemask by the policy.
 * True: nodes that are preferred, others will do as well.
 */
bool huge_node(const struct machine *m, const struct vm_area_struct *vma, u64 addr,
	       struct alloc_request *req);
/* The same by this policy, NULL: none. */
void huge_node_of_policy(const struct machine *m, const struct mempolicy *pol, u64 offset,
			 struct alloc_request *req);
/* Nodes that the policy and the cpuset of the task that runs bind it to; 0: any. */
u64 policy_mbind_nodes(const struct machine *m);

/* A folio for shared memory, at a page offset that is a multiple of its size. */
int shmem_alloc_folio(struct machine *m, gfp_t gfp, unsigned int order,
		      const struct inode *inode, u64 pgoff, u32 *pfn) __must_check;

/* A folio for the page cache of a file: by the policy of the task. */
static inline int __must_check filemap_alloc_folio(struct machine *m, gfp_t gfp,
						   unsigned int order, u32 *pfn)
{
	const struct alloc_request req = {
		.gfp = gfp | __GFP_COMP, .order = order, .node = NUMA_NO_NODE,
	};

	return alloc_pages(m, &req, pfn);
}

#endif
