// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each policy is referred to as often as it says, names nodes that there are, and is
 * nobody's without being wanted; ranges of shared policies are disjoint. Policies are
 * hashed where they hang: with tasks, VMAs and files.
 */
#include <stdlib.h>

#include "sim/phys/alloc_policy.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/file.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"

struct refs {
	const struct machine *m;
	struct check *check;
	s32 *count;		/* by handle; NULL: no host memory */
	u32 nr;
};

static void count_ref(struct refs *refs, const struct mempolicy *pol)
{
	if (pol && refs->count && pol->self < refs->nr)
		refs->count[pol->self]++;
}

static void count_shared(struct refs *refs, const struct inode *inode)
{
	struct interval_node *node = interval_tree_first(&inode->shared_policy, 0, ~0ULL);
	u64 end = 0;

	for (; node; node = interval_tree_next(node, 0, ~0ULL)) {
		const struct sp_node *sp = container_of(node, struct sp_node, node);

		refs->check->nr_checked++;
		if (node->start < end || node->last < node->start ||
		    !(sp->policy->flags & MPOL_F_SHARED))
			check_fail(refs->check, "N2", "inode %u: expected disjoint ranges of shared "
				   "policies, found 0x%llx..0x%llx behind 0x%llx", inode->self,
				   (unsigned long long)node->start, (unsigned long long)node->last,
				   (unsigned long long)end);
		end = node->last + 1;
		count_ref(refs, sp->policy);
	}
}

static void count_all(struct refs *refs)
{
	const struct machine *m = refs->m;
	const struct inode *inode = NULL;

	for (const struct task_struct *task = m->tasks ? task_next(m, 0) : NULL; task;
	     task = task_next(m, task->pid + 1))
		count_ref(refs, task->mempolicy);
	for (const struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm))
		for (const struct vm_area_struct *vma = vma_first(m, mm); vma;
		     vma = vma_next(m, vma))
			count_ref(refs, vma->vm_policy);
	while ((inode = inode_next(m, inode)))
		count_shared(refs, inode);
}

static bool says_something(const struct machine *m, const struct mempolicy *pol)
{
	if (pol->mode == MPOL_DEFAULT || pol->mode >= NR_MPOL_MODES)
		return false;
	if (pol->mode == MPOL_LOCAL)
		return !pol->nodes;
	/* A cpuset that asks for nothing takes static nodes away: cpuset.c. */
	if (!pol->nodes)
		return pol->flags & MPOL_F_STATIC_NODES && rel_cpuset_rebinds_to_asked(m->release);
	return !(pol->nodes & ~nodes_with_memory(m));
}

static void check_policy(const struct refs *refs, const struct mempolicy *pol)
{
	struct check *check = refs->check;

	check->nr_checked++;
	if (refs->count && refs->count[pol->self] != pol->refcnt)
		check_fail(check, "N1", "policy %u: expected %d references, found %d", pol->self,
			   refs->count[pol->self], pol->refcnt);
	if (!says_something(refs->m, pol))
		check_fail(check, "N3", "policy %u: expected nodes of 0x%llx for mode %u, found "
			   "0x%llx", pol->self, (unsigned long long)nodes_with_memory(refs->m),
			   pol->mode, (unsigned long long)pol->nodes);
}

void mempolicy_validate(const struct machine *m, struct check *check)
{
	const struct object_pool *pool = &m->virt->mempolicies;
	struct refs refs = { .m = m, .check = check,
			     .nr = pool->nr_chunks << OBJECT_CHUNK_SHIFT };
	bool wanted = pool->nr_live || m->virt->cgroups->nr;

	check->nr_checked++;
	if (!m->policies != !wanted)
		check_fail(check, "N4", "machine: expected policies to be %s, found them %s",
			   wanted ? "asked" : "left out", m->policies ? "asked" : "left out");
	if (!refs.nr)
		return;
	refs.count = calloc(refs.nr, sizeof(*refs.count));
	count_all(&refs);
	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1))
		check_policy(&refs, object_get(pool, h));
	free(refs.count);
}

static void digest_policy(const struct mempolicy *pol, struct digest *digest)
{
	if (!pol)
		return;
	digest_u64(digest, (u64)pol->self << 32 | (u32)pol->refcnt);
	digest_u64(digest, (u64)pol->mode << 32 | (u64)pol->flags << 16 | (u16)pol->home_node);
	digest_u64(digest, pol->nodes);
	digest_u64(digest, pol->given);
}

static void digest_shared(const struct inode *inode, struct digest *digest)
{
	struct interval_node *node = interval_tree_first(&inode->shared_policy, 0, ~0ULL);

	for (; node; node = interval_tree_next(node, 0, ~0ULL)) {
		const struct sp_node *sp = container_of(node, struct sp_node, node);

		digest_u64(digest, (u64)inode->self << 32 | sp->self);
		digest_u64(digest, node->start);
		digest_u64(digest, node->last);
		digest_policy(sp->policy, digest);
	}
}

void mempolicy_digest(const struct machine *m, struct digest *digest)
{
	const struct inode *inode = NULL;

	digest_u64(digest, m->virt->il_manual);
	for (unsigned int i = 0; i < MAX_NUMNODES; i++)
		digest_u64(digest, m->virt->il_weights[i]);
	for (const struct task_struct *task = m->tasks ? task_next(m, 0) : NULL; task;
	     task = task_next(m, task->pid + 1)) {
		digest_policy(task->mempolicy, digest);
		if (task->mempolicy || task->mems_allowed) {
			digest_u64(digest, (u64)(u16)task->il_prev << 8 | task->il_weight);
			digest_u64(digest, task->mems_allowed);
		}
	}
	if (!m->policies)
		return;
	for (const struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm))
		for (const struct vm_area_struct *vma = vma_first(m, mm); vma;
		     vma = vma_next(m, vma)) {
			if (vma->vm_policy)
				digest_u64(digest, (u64)mm->self << 32 | vma->self);
			digest_policy(vma->vm_policy, digest);
		}
	while ((inode = inode_next(m, inode)))
		digest_shared(inode, digest);
}
