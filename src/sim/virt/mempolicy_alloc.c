// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy gives an allocation the node to begin with and, where it may not leave
 * them, the nodes to stay on. Interleaving goes by the page's offset where there is
 * one (a VMA, a file of shared memory), else by turns of the task. Preferred nodes
 * are two tries: those alone, without reclaim, then all.
 */
#include "sim/phys/alloc_policy.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mempolicy.h"

static unsigned int first_node(u64 nodes)
{
	return (unsigned int)ctz64(nodes);
}

static unsigned int nr_nodes_of(u64 nodes)
{
	return (unsigned int)__builtin_popcountll(nodes);
}

u8 get_il_weight(const struct machine *m, unsigned int node)
{
	return MAX(m->virt->il_weights[node], 1);
}

/* A task's turn: the node of its next page. */
static int interleave_turn(const struct mempolicy *pol, struct task_struct *task)
{
	int node = next_node_in(task->il_prev, pol->nodes);

	if (node >= 0)
		task->il_prev = (s16)node;
	return node;
}

/* The same where a node gets as many pages in a row as it weighs. */
static int weighted_turn(const struct machine *m, const struct mempolicy *pol,
			 struct task_struct *task)
{
	int node = task->il_prev;

	if (!task->il_weight || node < 0 || !(pol->nodes >> node & 1)) {
		node = next_node_in(node, pol->nodes);
		if (node < 0)
			return node;
		task->il_prev = (s16)node;
		task->il_weight = get_il_weight(m, (unsigned int)node);
	}
	task->il_weight--;
	return node;
}

static int node_at_offset(const struct mempolicy *pol, u64 offset)
{
	unsigned int nr = nr_nodes_of(pol->nodes), target;
	int node = -1;

	if (!nr)
		return -1;
	target = (unsigned int)offset % nr;
	for (unsigned int i = 0; i <= target; i++)
		node = next_node_in(node, pol->nodes);
	return node;
}

static int weighted_node_at_offset(const struct machine *m, const struct mempolicy *pol,
				   u64 offset)
{
	unsigned int total = 0, target;
	int node;

	if (!pol->nodes)
		return -1;
	for (u64 left = pol->nodes; left; left &= left - 1)
		total += get_il_weight(m, first_node(left));
	target = (unsigned int)(offset % total);
	node = (int)first_node(pol->nodes);
	for (; target >= get_il_weight(m, (unsigned int)node);
	     node = next_node_in(node, pol->nodes))
		target -= get_il_weight(m, (unsigned int)node);
	return node;
}

static int interleave_node(const struct machine *m, const struct mempolicy *pol, u64 offset)
{
	struct task_struct *task = current_task(m);
	bool weighted = pol->mode == MPOL_WEIGHTED_INTERLEAVE;

	if (offset != NO_INTERLEAVE_INDEX)
		return weighted ? weighted_node_at_offset(m, pol, offset) :
				  node_at_offset(pol, offset);
	return weighted ? weighted_turn(m, pol, task) : interleave_turn(pol, task);
}

/* The highest zone type with pages, but for Movable: lower ones are not bound. */
static enum zone_type policy_zone(const struct machine *m)
{
	enum zone_type highest = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		if (zone->type != ZONE_MOVABLE && zone->type > highest && zone_populated(zone))
			highest = zone->type;
	}
	return highest;
}

/* Has one of the nodes memory that is not Movable? */
static bool nodes_have_kernel_memory(const struct machine *m, u64 nodes)
{
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		if (nodes >> zone->node & 1 && zone->type != ZONE_MOVABLE &&
		    zone_populated(zone))
			return true;
	}
	return false;
}

static u64 current_mems_allowed(const struct machine *m)
{
	const struct task_struct *task = current_task(m);

	return task ? task->mems_allowed : 0;
}

/* Only nodes that the task may use bind it: of others it is free. */
static bool policy_binds_zone(const struct machine *m, const struct mempolicy *pol,
			      gfp_t gfp)
{
	enum zone_type lowest = nodes_have_kernel_memory(m, pol->nodes) ? policy_zone(m) :
									    ZONE_MOVABLE;
	u64 allowed = current_mems_allowed(m);

	if (!(pol->nodes & (allowed ? allowed : ~0ULL)))
		return false;
	return gfp_zone(m, gfp) >= lowest;
}

/* What the policy makes of a request; req->node is the CPU's. */
static void apply_policy(const struct machine *m, const struct mempolicy *pol, u64 offset,
			 struct alloc_request *req)
{
	int node = NUMA_NO_NODE;

	if (mpol_interleaves(pol))
		node = interleave_node(m, pol, offset);
	else if (pol->mode == MPOL_PREFERRED)
		node = (int)first_node(pol->nodes);
	else if (pol->mode == MPOL_BIND || pol->mode == MPOL_PREFERRED_MANY)
		node = pol->home_node;
	if (pol->mode == MPOL_PREFERRED_MANY ||
	    (pol->mode == MPOL_BIND && policy_binds_zone(m, pol, req->gfp)))
		req->nodemask = pol->nodes;
	if (node != NUMA_NO_NODE)
		req->node = node;
}

/* The preferred nodes without reclaim, then all. */
static int alloc_preferred_many(struct machine *m, const struct alloc_request *req, u32 *pfn)
{
	struct alloc_request first = *req, second = *req;
	int err;

	first.gfp = (first.gfp | __GFP_NOWARN) & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL);
	second.nodemask = 0;
	err = alloc_pages(m, &first, pfn);
	return err == -ENOMEM ? alloc_pages(m, &second, pfn) : err;
}

/*
 * A huge page that is far away is hardly worth having: first this node alone, without
 * much effort; elsewhere only if the request would reclaim for it.
 */
static int alloc_huge(struct machine *m, const struct alloc_request *req, u32 *pfn)
{
	struct alloc_request here = *req;
	int err;

	here.gfp |= __GFP_THISNODE | __GFP_NORETRY;
	here.nodemask = 0;
	err = alloc_pages(m, &here, pfn);
	if (err != -ENOMEM || !(req->gfp & __GFP_DIRECT_RECLAIM))
		return err;
	return alloc_pages(m, req, pfn);
}

static bool is_huge(const struct machine *m, const struct alloc_request *req)
{
	return req->order == table_shift(m, 1) - PAGE_SHIFT;
}

/* pol NULL: the CPU's node first. offset: NO_INTERLEAVE_INDEX, or the page's. */
static int alloc_pages_mpol(struct machine *m, struct alloc_request *req,
			    const struct mempolicy *pol, u64 offset, u32 *pfn)
{
	int err;

	req->node = m->cpu_node[m->cpu];
	if (pol)
		apply_policy(m, pol, offset, req);
	if (pol && pol->mode == MPOL_PREFERRED_MANY)
		return alloc_preferred_many(m, req, pfn);
	if (is_huge(m, req) && offset != NO_INTERLEAVE_INDEX &&
	    !(pol && mpol_interleaves(pol)) &&
	    (!req->nodemask || req->nodemask >> req->node & 1))
		return alloc_huge(m, req, pfn);
	err = alloc_pages(m, req, pfn);
	if (!err && pol && mpol_interleaves(pol) && m->tunables->numa_stat) {
		struct zone *zone = page_zone(m, pfn_to_page(m, *pfn));

		if (zone->node == req->node)
			zone->numa[NUMA_INTERLEAVE]++;
	}
	return err;
}

static struct mempolicy *task_policy(const struct machine *m)
{
	const struct task_struct *task = current_task(m);

	return task ? task->mempolicy : NULL;
}

struct mempolicy *vma_own_policy(const struct machine *m, const struct vm_area_struct *vma,
				 u64 addr, u64 *offset)
{
	const struct inode *inode = vma->vm_file ? vma->vm_file->inode : NULL;

	*offset = 0;
	if (!vma->vm_ops || !inode || inode->kind != INODE_SHMEM)
		return vma->vm_policy;
	if (rel_interleave_adds_ino(m->release))
		*offset = inode->ino;
	return mpol_shared_policy_lookup(inode, linear_page_index(vma, addr));
}

int folio_alloc_mpol(struct machine *m, gfp_t gfp, unsigned int order,
		     const struct mempolicy *pol, u64 offset, u32 *pfn)
{
	struct alloc_request req = {
		.gfp = gfp | __GFP_COMP, .order = order,
	};

	return alloc_pages_mpol(m, &req, pol, offset, pfn);
}

int vma_alloc_folio_slow(struct machine *m, gfp_t gfp, unsigned int order,
			 struct vm_area_struct *vma, u64 addr, u32 *pfn)
{
	u64 offset;
	const struct mempolicy *pol = vma_own_policy(m, vma, addr, &offset);

	if (!pol)
		pol = task_policy(m);
	offset += vma->vm_pgoff >> order;
	offset += (addr - vma->vm_start) >> (PAGE_SHIFT + order);
	return folio_alloc_mpol(m, gfp, order, pol, offset, pfn);
}

int shmem_alloc_folio(struct machine *m, gfp_t gfp, unsigned int order,
		      const struct inode *inode, u64 pgoff, u32 *pfn)
{
	const struct mempolicy *pol = mpol_shared_policy_lookup(inode, pgoff);
	u64 offset = rel_interleave_adds_ino(m->release) ?
			inode->ino + (pgoff >> order) : (inode->ino + pgoff) >> order;

	return folio_alloc_mpol(m, gfp, order, pol ? pol : task_policy(m), offset, pfn);
}

/* What the kernel allocates for the task that runs. */
static int alloc_for_task(struct machine *m, const struct alloc_request *req, u32 *pfn)
{
	struct alloc_request local = *req;

	return alloc_pages_mpol(m, &local, task_policy(m), NO_INTERLEAVE_INDEX, pfn);
}

void interleave_bulk(u64 nodes, s16 *prev, unsigned int nr, u8 *to)
{
	unsigned int nr_nodes = nr_nodes_of(nodes);

	for (unsigned int n = 0; n < nr_nodes; n++) {
		unsigned int share = nr / nr_nodes + (n < nr % nr_nodes);

		*prev = (s16)next_node_in(*prev, nodes);
		while (share--)
			*to++ = (u8)*prev;
	}
}

/* Weighted, the task's turns go on as they are. */
static bool bulk_for_task(struct machine *m, unsigned int nr, u8 *nodes)
{
	const struct mempolicy *pol = task_policy(m);

	if (!pol || !mpol_interleaves(pol))
		return false;
	if (pol->mode == MPOL_WEIGHTED_INTERLEAVE) {
		while (nr--)
			*nodes++ = (u8)weighted_turn(m, pol, current_task(m));
		return true;
	}
	interleave_bulk(pol->nodes, &current_task(m)->il_prev, nr, nodes);
	return true;
}

const struct alloc_policy mempolicy_alloc_policy = {
	.alloc = alloc_for_task, .bulk = bulk_for_task, .mems_allowed = current_mems_allowed,
};

bool huge_node(const struct machine *m, const struct vm_area_struct *vma, u64 addr,
	       struct alloc_request *req)
{
	unsigned int order = req->order;
	u64 offset;
	const struct mempolicy *pol = vma_own_policy(m, vma, addr, &offset);

	req->node = m->cpu_node[m->cpu];
	if (!pol)
		pol = task_policy(m);
	if (!pol)
		return false;
	offset = (vma->vm_pgoff >> order) + ((addr - vma->vm_start) >> (PAGE_SHIFT + order));
	apply_policy(m, pol, offset, req);
	return pol->mode == MPOL_PREFERRED_MANY;
}

void huge_node_of_policy(const struct machine *m, const struct mempolicy *pol, u64 offset,
			 struct alloc_request *req)
{
	req->node = m->cpu_node[m->cpu];
	if (pol)
		apply_policy(m, pol, offset, req);
}

u64 policy_mbind_nodes(const struct machine *m)
{
	const struct mempolicy *pol = task_policy(m);
	u64 nodes = current_mems_allowed(m);

	if (!pol || pol->mode != MPOL_BIND)
		return nodes;
	return nodes ? nodes & pol->nodes : pol->nodes;
}

bool mempolicy_in_oom_domain(const struct task_struct *task, u64 nodes)
{
	const struct mempolicy *pol = task->mempolicy;

	return !pol || pol->mode != MPOL_BIND || pol->nodes & nodes;
}
