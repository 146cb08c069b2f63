// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policies of ranges of a file of shared memory: what mbind says of a mapping counts
 * for all who map the file, and stays when nobody does. Ranges are disjoint; a new one
 * replaces what it covers, and one that spans it is cut in two.
 */
#include "sim/virt/file.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/virt.h"

static struct sp_node *sp_node_of(struct interval_node *node)
{
	return node ? container_of(node, struct sp_node, node) : NULL;
}

static struct sp_node *sp_lookup(const struct inode *inode, u64 first, u64 last)
{
	return sp_node_of(interval_tree_first(&inode->shared_policy, first, last));
}

struct mempolicy *mpol_shared_policy_lookup(const struct inode *inode, u64 pgoff)
{
	const struct sp_node *node = sp_lookup(inode, pgoff, pgoff);

	return node ? node->policy : NULL;
}

/* A node with a copy of the policy; not in the tree. */
static int sp_alloc(struct machine *m, const struct mempolicy *pol, struct sp_node **node)
{
	int err = new_object(m, &m->virt->sp_nodes, NUMA_NO_NODE, node);

	if (err)
		return err;
	err = mpol_dup(m, pol, &(*node)->policy);
	if (err) {
		object_free(m, &m->virt->sp_nodes, (*node)->self);
		return err;
	}
	(*node)->policy->flags |= MPOL_F_SHARED;
	return 0;
}

static void sp_free(struct machine *m, struct sp_node *node)
{
	mpol_put(m, node->policy);
	object_free(m, &m->virt->sp_nodes, node->self);
}

static void sp_insert(struct inode *inode, struct sp_node *node, u64 first, u64 last)
{
	node->node.start = first;
	node->node.last = last;
	interval_tree_insert(&inode->shared_policy, &node->node);
}

static void sp_resize(struct inode *inode, struct sp_node *node, u64 first, u64 last)
{
	interval_tree_remove(&inode->shared_policy, &node->node);
	sp_insert(inode, node, first, last);
}

/* [first, last] gets the node (NULL: no policy). -ENOMEM, -ENOBUFS: nothing changed. */
static int sp_replace(struct machine *m, struct inode *inode, u64 first, u64 last,
		      struct sp_node *new)
{
	struct sp_node *old, *behind = NULL;

	old = sp_lookup(inode, first, last);
	if (old && old->node.start < first && old->node.last > last) {
		int err = sp_alloc(m, old->policy, &behind);

		if (err)
			return err;
		sp_insert(inode, behind, last + 1, old->node.last);
	}
	while ((old = sp_lookup(inode, first, last))) {
		if (old->node.start < first) {
			sp_resize(inode, old, old->node.start, first - 1);
		} else if (old->node.last > last) {
			sp_resize(inode, old, last + 1, old->node.last);
		} else {
			interval_tree_remove(&inode->shared_policy, &old->node);
			sp_free(m, old);
		}
	}
	if (new)
		sp_insert(inode, new, first, last);
	return 0;
}

int mpol_set_shared_policy(struct machine *m, struct inode *inode,
			   const struct vm_area_struct *vma, const struct mempolicy *pol)
{
	u64 first = vma->vm_pgoff, last = first + vma_pages(vma) - 1;
	struct sp_node *new = NULL;
	int err = pol ? sp_alloc(m, pol, &new) : 0;

	if (err)
		return err;
	err = sp_replace(m, inode, first, last, new);
	if (err && new)
		sp_free(m, new);
	return err;
}

void mpol_free_shared_policy(struct machine *m, struct inode *inode)
{
	struct sp_node *node;

	while ((node = sp_lookup(inode, 0, ~0ULL))) {
		interval_tree_remove(&inode->shared_policy, &node->node);
		sp_free(m, node);
	}
}
