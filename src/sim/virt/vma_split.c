// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Splitting a VMA in two, and copies of VMAs. The new half is a VMA of its own with
 * chains to the same anon_vmas; the old one keeps the other half.
 */
#include "sim/phys/objects_fast.h"
#include "sim/phys/tunables.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/rmap.h"
#include "sim/virt/vma_internal.h"

/* The VMA is not in the tree yet: as if it had never been. */
static void vma_discard(struct machine *m, struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(m, vma);
	if (vma->vm_file)
		fput(m, vma->vm_file);
	unlink_anon_vmas(m, vma);
	vm_area_free(m, vma);
}

/* A copy over [start, end) with its chains and references. */
static int vma_clone(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
		     u64 pgoff, struct vm_area_struct **clone)
{
	struct vm_area_struct *new;
	int err = vm_area_dup(m, vma, &new);

	if (err)
		return err;
	new->vm_start = start;
	new->vm_end = end;
	new->vm_pgoff = pgoff;
	err = mpol_dup(m, vma->vm_policy, &new->vm_policy);
	if (!err)
		err = anon_vma_clone(m, new, vma);
	if (err) {
		vm_area_free(m, new);
		return err;
	}
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops && new->vm_ops->open)
		new->vm_ops->open(m, new);
	*clone = new;
	return 0;
}

int __split_vma(struct machine *m, struct vm_area_struct *vma, u64 addr, bool new_below,
		struct vm_area_struct **new_vma)
{
	u64 start = new_below ? vma->vm_start : addr, end = new_below ? addr : vma->vm_end;
	struct vm_area_struct *new;
	int err;

	if (vma->vm_ops && !vma->vm_ops->may_split)
		return -EINVAL;
	if (!hugetlb_may_split(vma, addr))
		return -EINVAL;
	err = vma_clone(m, vma, start, end, linear_page_index(vma, start), &new);
	if (err)
		return err;
	hugetlb_split(m, vma, addr);
	err = vma_insert(m, new, vma);
	if (err) {
		vma_discard(m, new);
		return err;
	}
	if (new_below)
		new->apart = vma->apart;
	(new_below ? vma : new)->apart = APART_SPLIT;
	if (new_vma)
		*new_vma = new;
	return 0;
}

int split_vma(struct machine *m, struct vm_area_struct *vma, u64 addr, bool new_below,
	      struct vm_area_struct **new_vma)
{
	if (vma->vm_mm->map_count >= m->tunables->max_map_count)
		return -ENOMEM;
	return __split_vma(m, vma, addr, new_below, new_vma);
}

/*
 * Plain memory with at most one chain, and everything at hand that two new halves take: nobody
 * could tell one split from the other.
 */
static bool splits_simply(const struct machine *m, const struct vm_area_struct *vma)
{
	const struct virt_state *virt = m->virt;

	return !vma->vm_ops && !vma->vm_file && !vma->vm_policy && !vma->resv &&
	       vma->chain_first == vma->chain_last &&
	       vma->vm_mm->map_count + 1 < m->tunables->max_map_count &&
	       virt->vmas.cache != virt->anon_vma_chains.cache &&
	       virt->maple_nodes.cache != virt->vmas.cache &&
	       virt->maple_nodes.cache != virt->anon_vma_chains.cache &&
	       two_objects_at_hand(m, &virt->vmas) && two_objects_at_hand(m, &virt->maple_nodes) &&
	       (!vma->chain_first || two_objects_have_room(m, &virt->anon_vma_chains));
}

/* Of the middle, which the VMA keeps, both ends. */
static int take_ends(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
		     struct vm_area_struct **below, struct vm_area_struct **above)
{
	int err = vm_area_dup(m, vma, below);

	if (err)
		return err;
	err = vm_area_dup(m, vma, above);
	if (err) {
		vm_area_free(m, *below);
		return err;
	}
	(*below)->vm_end = start;
	(*above)->vm_start = end;
	(*above)->vm_pgoff = linear_page_index(vma, end);
	return 0;
}

int split_vma_middle(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct vm_area_struct *below, *above;
	int err;

	if (!splits_simply(m, vma))
		return 0;
	err = take_ends(m, vma, start, end, &below, &above);
	if (err)
		return err;
	err = mt_cut_middle(&vma->vm_mm->mm_mt, start, end - 1, below->self, above->self);
	if (err <= 0) {
		vm_area_free(m, above);
		vm_area_free(m, below);
		return err;
	}
	vma_set_range(m, vma, start, end);
	BUG_ON(m, anon_vma_clone(m, below, vma) || anon_vma_clone(m, above, vma));
	vma->vm_mm->map_count += 2;
	below->apart = vma->apart;
	vma->apart = above->apart = APART_SPLIT;
	return 1;
}

/* May a copy join its neighbours, when the old VMA is one of them? */
static bool copy_may_merge(const struct vm_area_struct *vma, u64 addr, u64 len,
			   bool keep_source)
{
	if (!keep_source || !vma_is_anonymous(vma) || vma->anon_vma)
		return true;
	return addr != vma->vm_end && vma->vm_start != addr + len;
}

int copy_vma(struct machine *m, struct vm_area_struct **vmap, u64 addr, u64 len, u64 pgoff,
	     bool keep_source, struct vm_area_struct **copy)
{
	struct vm_area_struct *vma = *vmap;
	u64 old_start = vma->vm_start;
	bool may_merge = copy_may_merge(vma, addr, len, keep_source);
	int err, merged = 0;

	/* Without pages the page offset is free: that of the new place may merge. */
	if (vma_is_anonymous(vma) && !vma->anon_vma)
		pgoff = addr >> PAGE_SHIFT;
	*copy = NULL;
	if (may_merge) {
		struct vma_attr attr = {
			.start = addr, .end = addr + len, .pgoff = pgoff,
			.vm_flags = vma->vm_flags, .file = vma->vm_file, .vm_ops = vma->vm_ops,
			.anon_vma = vma->anon_vma, .anon_name = vma->anon_name,
			.uffd = vma->uffd,
			.policy = vma->vm_policy,
			.kind = VMA_RANGE_COPY, .copied_from = vma,
		};

		merged = vma_merge_new(m, vma->vm_mm, &attr, copy);
		if (merged == -ENOBUFS)
			return merged;
	}
	if (*copy) {
		if (old_start >= (*copy)->vm_start && old_start < (*copy)->vm_end)
			*vmap = *copy;
		return 0;
	}
	err = vma_clone(m, vma, addr, addr + len, pgoff, copy);
	if (err)
		return err;
	err = vma_insert(m, *copy, NULL);
	if (err)
		vma_discard(m, *copy);
	else if (merged)
		vma_edges_stay_apart(m, *copy, APART_MEMORY);
	return err;
}
