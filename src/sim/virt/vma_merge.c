// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which VMAs become one. Two are alike when flags (but for soft-dirty), file, name
 * and the run of page offsets fit; then their anon_vmas must fit, where the releases
 * differ: an anon_vma that came with a fork is never widened, and 6.1 never gives a
 * VMA without an anon_vma that of its neighbour. What was decided is one
 * struct vma_change.
 */
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/rmap.h"
#include "sim/virt/vma_internal.h"

#define IGNORED_FLAGS ((u64)(VM_SOFTDIRTY | VM_MAYBE_GUARD))

/*
 *	|--prev--|--attr--|--next--|
 * attr is new (middle is NULL), or part of the VMA `middle` whose attributes change.
 */
struct merge {
	const struct machine *m;
	const struct vma_attr *attr;
	struct vm_area_struct *prev, *middle, *next;
};

static bool has_close(const struct vm_area_struct *vma)
{
	return vma->vm_ops && vma->vm_ops->close;
}

static bool chain_is_singular(const struct vm_area_struct *vma)
{
	return vma->chain_first && vma->chain_first == vma->chain_last;
}

static bool vma_is_fork_child(const struct vm_area_struct *vma)
{
	return vma && vma->anon_vma && !chain_is_singular(vma);
}

static bool vma_is_alike(const struct merge *g, const struct vm_area_struct *vma)
{
	const struct vma_attr *attr = g->attr;

	return !((vma->vm_flags ^ attr->vm_flags) & ~IGNORED_FLAGS) &&
	       vma->vm_file == attr->file && vma->anon_name == attr->anon_name &&
	       vma->uffd == attr->uffd &&
	       mpol_equal(vma->vm_policy, attr->policy) &&
	       !(has_close(vma) && rel_close_stops_merge(g->m->release));
}

/* 6.1: of two anon_vmas one may be absent, if the VMA that stays has one of its own. */
static bool anon_vma_fits_singular(const struct anon_vma *a, const struct anon_vma *b,
				   const struct vm_area_struct *target)
{
	return a == b || ((!a || !b) && chain_is_singular(target));
}

/* Can the range be part of `target`, as far as anonymous pages go? */
static bool anon_vma_fits(const struct merge *g, const struct vm_area_struct *target,
			  const struct anon_vma *anon_vma)
{
	if (!rel_merge_shares_anon_vma(g->m->release))
		return anon_vma_fits_singular(anon_vma, target->anon_vma, target);
	if (!target->anon_vma && anon_vma)
		return !vma_is_fork_child(g->middle) &&
		       !vma_is_fork_child(g->attr->copied_from);
	if (target->anon_vma && !anon_vma)
		return !vma_is_fork_child(target);
	return target->anon_vma == anon_vma;
}

static bool can_merge_after_prev(const struct merge *g, const struct anon_vma *anon_vma)
{
	const struct vm_area_struct *prev = g->prev;

	return prev && prev->vm_end == g->attr->start && vma_is_alike(g, prev) &&
	       prev->vm_pgoff + vma_pages(prev) == g->attr->pgoff &&
	       anon_vma_fits(g, prev, anon_vma);
}

static bool can_merge_before_next(const struct merge *g)
{
	const struct vma_attr *attr = g->attr;
	const struct vm_area_struct *next = g->next;

	return next && next->vm_start == attr->end && vma_is_alike(g, next) &&
	       attr->pgoff + ((attr->end - attr->start) >> PAGE_SHIFT) == next->vm_pgoff &&
	       anon_vma_fits(g, next, attr->anon_vma);
}

static bool neighbours_fit(const struct merge *g)
{
	const struct anon_vma *a = g->prev->anon_vma, *b = g->next->anon_vma;

	return !a || !b || a == b;
}

static struct vma_attr attr_of(const struct vm_area_struct *vma)
{
	return (struct vma_attr){
		.start = vma->vm_start, .end = vma->vm_end, .vm_flags = vma->vm_flags,
		.pgoff = vma->vm_pgoff, .file = vma->vm_file, .vm_ops = vma->vm_ops,
		.anon_vma = vma->anon_vma, .anon_name = vma->anon_name, .uffd = vma->uffd,
		.policy = vma->vm_policy,
	};
}

bool vmas_could_be_one(const struct machine *m, struct vm_area_struct *prev,
		       struct vm_area_struct *vma)
{
	const struct vma_attr first = attr_of(prev), second = attr_of(vma);
	const struct merge joins_prev = { .m = m, .attr = &second, .prev = prev, .middle = vma };
	const struct merge joins_next = { .m = m, .attr = &first, .next = vma, .middle = prev };

	return !(vma->vm_flags & VM_SPECIAL) && !has_close(prev) && !has_close(vma) &&
	       can_merge_after_prev(&joins_prev, vma->anon_vma) &&
	       can_merge_before_next(&joins_next);
}

void vma_stays_apart(struct machine *m, struct vm_area_struct *vma, enum vma_apart why)
{
	struct vm_area_struct *prev = vma ? vma_prev(m, vma) : NULL;

	if (prev && prev->vm_end == vma->vm_start && vmas_could_be_one(m, prev, vma))
		vma->apart = (u8)why;
}

void vma_edges_stay_apart(struct machine *m, struct vm_area_struct *vma, enum vma_apart why)
{
	vma_stays_apart(m, vma, why);
	vma_stays_apart(m, vma_next(m, vma), why);
}

/* Commit; before, the VMA that stays gets the anon_vma of one that goes. */
static int merge_commit(struct machine *m, const struct merge *g,
			const struct vma_change *change, struct vm_area_struct *donor)
{
	struct vm_area_struct *vma = change->vma;
	bool given = donor && donor->anon_vma && !vma->anon_vma;
	u64 sticky = g->attr->vm_flags & VM_MAYBE_GUARD;
	int err;

	for (unsigned int i = 0; i < ARRAY_SIZE(change->removed); i++)
		if (change->removed[i])
			sticky |= change->removed[i]->vm_flags & VM_MAYBE_GUARD;
	if (given) {
		vma->anon_vma = donor->anon_vma;
		err = anon_vma_clone(m, vma, donor);
		if (err) {
			vma->anon_vma = NULL;
			return err;
		}
	}
	err = vma_change(m, change);
	if (err && given) {
		unlink_anon_vmas(m, vma);
		vma->anon_vma = NULL;
	}
	if (!err)
		vma->vm_flags |= sticky;
	return err;
}

/* New ranges: what 6.1's mmap() does is next first, then prev by next's anon_vma. */
static void decide_new(const struct merge *g, bool *left, bool *right)
{
	bool prefers_next = g->attr->kind == VMA_RANGE_MMAP &&
			    rel_mmap_merges_next_first(g->m->release);

	*right = g->attr->kind != VMA_RANGE_BRK && can_merge_before_next(g);
	if (prefers_next) {
		*left = can_merge_after_prev(g, *right ? g->next->anon_vma : NULL);
		return;
	}
	*left = can_merge_after_prev(g, g->attr->anon_vma);
	if (*left && *right && !neighbours_fit(g))
		*right = false;
}

int vma_merge_between(struct machine *m, const struct vma_attr *attr,
		      struct vm_area_struct *prev, struct vm_area_struct *next,
		      struct vm_area_struct **vma)
{
	struct merge g = { .m = m, .attr = attr, .prev = prev, .next = next };
	struct vma_change change = { .start = attr->start, .end = attr->end };
	struct vm_area_struct *donor = attr->copied_from;
	bool left, right;
	int err;

	*vma = NULL;
	if ((attr->vm_flags & VM_SPECIAL) || (!prev && !next))
		return 0;
	if (next && attr->kind != VMA_RANGE_BRK)
		next->apart = APART_NO;
	decide_new(&g, &left, &right);
	if (!left && !right)
		return 0;
	if (left && right && has_close(next))
		right = false;
	change.vma = left ? prev : next;
	if (left)
		change.start = prev->vm_start;
	if (right)
		change.end = next->vm_end;
	if (left && right) {
		change.removed[0] = next;
		if (next->anon_vma)
			donor = next;
	}
	err = merge_commit(m, &g, &change, donor);
	if (err)
		return err;
	*vma = change.vma;
	khugepaged_enter_vma(m, *vma, attr->vm_flags);
	return 0;
}

/* Only neighbours that touch are looked at: others cost a cache miss for nothing. */
int vma_merge_new(struct machine *m, struct mm_struct *mm, const struct vma_attr *attr,
		  struct vm_area_struct **vma)
{
	struct vm_area_struct *prev = NULL, *next;

	mt_seek(&mm->mm_mt, attr->start);
	next = vma_of(m, mt_load_value(&mm->mm_mt, attr->end));
	if (attr->start)
		prev = vma_of(m, mt_load_value(&mm->mm_mt, attr->start - 1));
	return vma_merge_between(m, attr, prev, next, vma);
}

int vma_merge_extend(struct machine *m, struct vm_area_struct *vma, u64 delta,
		     struct vm_area_struct **merged)
{
	struct vma_attr attr = {
		.start = vma->vm_end, .end = vma->vm_end + delta,
		.pgoff = vma->vm_pgoff + vma_pages(vma), .vm_flags = vma->vm_flags,
		.file = vma->vm_file, .vm_ops = vma->vm_ops, .anon_vma = vma->anon_vma,
		.anon_name = vma->anon_name, .uffd = vma->uffd, .policy = vma->vm_policy,
		.kind = VMA_RANGE_COPY,
	};

	return vma_merge_between(m, &attr, vma, vma_next(m, vma), merged);
}

/*
 * A part of `middle` changes. At its left edge it may join prev, at its right edge
 * next; a middle that changes whole is gone then:
 *
 *	|--prev--|----middle----|--next--|
 *	|        |--attr--|              |	prev grows, middle shrinks
 *	|        |-----attr-----|        |	prev or next grows, or prev swallows both
 *	|           |----attr---|        |	next grows, middle shrinks
 */
static int merge_existing(struct machine *m, const struct merge *g,
			  struct vm_area_struct **merged)
{
	struct vm_area_struct *middle = g->middle, *prev = g->prev, *next = g->next;
	struct vma_change change = { .start = g->attr->start, .end = g->attr->end };
	struct vm_area_struct *donor = middle;
	bool whole = change.start == middle->vm_start && change.end == middle->vm_end;
	bool left = can_merge_after_prev(g, g->attr->anon_vma);
	bool right = can_merge_before_next(g);
	int err;

	*merged = NULL;
	if (left && right)
		right = neighbours_fit(g) && !has_close(next);
	if ((!left && !right) || (whole && has_close(middle)))
		return 0;
	change.vma = left ? prev : next;
	if (left)
		change.start = prev->vm_start;
	if (right)
		change.end = next->vm_end;
	if (whole)
		change.removed[0] = middle;
	else
		change.shrunk = middle;
	if (left && right) {
		change.removed[1] = next;
		if (next->anon_vma)
			donor = next;
	}
	err = merge_commit(m, g, &change, donor);
	if (!err)
		*merged = change.vma;
	return err;
}

static int try_merge_existing(struct machine *m, struct vm_area_struct *vma,
			      const struct vma_attr *attr, struct vm_area_struct **merged)
{
	struct merge g = { .m = m, .attr = attr, .middle = vma };
	int err;

	*merged = NULL;
	if (attr->vm_flags & VM_SPECIAL)
		return 0;
	if (attr->start == vma->vm_start)
		g.prev = vma_touching_prev(m, vma);
	if (attr->end == vma->vm_end)
		g.next = vma_touching_next(m, vma);
	if (!g.prev && !g.next)
		return 0;
	if (g.prev)
		vma->apart = APART_NO;
	if (g.next)
		g.next->apart = APART_NO;
	err = merge_existing(m, &g, merged);
	if (*merged)
		khugepaged_enter_vma(m, *merged, attr->vm_flags);
	if (err != -ENOMEM || rel_merge_failure_is_error(m->release))
		return err;
	/* Two that are alike from now on: there was no memory to make them one. */
	if (g.prev)
		vma->apart = APART_MEMORY;
	if (g.next)
		g.next->apart = APART_MEMORY;
	return 0;
}

/* attr says what [start, end) is to be; the rest of it is the VMA's. */
static int modify(struct machine *m, struct vm_area_struct **vma, struct vma_attr *attr)
{
	struct vm_area_struct *old = *vma, *merged;
	u64 start = attr->start, end = attr->end;
	bool apart = attr->tail_stays && start > old->vm_start;
	int err = 0;

	merged = NULL;
	attr->pgoff = linear_page_index(old, start);
	attr->file = old->vm_file;
	attr->vm_ops = old->vm_ops;
	attr->anon_vma = old->anon_vma;
	if (!apart)
		err = try_merge_existing(m, old, attr, &merged);
	if (merged) {
		*vma = merged;
		return 0;
	}
	if (!err && old->vm_start < start && old->vm_end > end) {
		err = split_vma_middle(m, old, start, end);
		if (err > 0)
			return 0;
	}
	if (!err && old->vm_start < start)
		err = split_vma(m, old, start, /* new_below = */ true, NULL);
	if (!err && old->vm_end > end)
		err = split_vma(m, old, end, /* new_below = */ false, NULL);
	/* Nothing changes: what made its neighbours be like it does so still. */
	if (err) {
		vma_edges_stay_apart(m, old, APART_MEMORY);
	}
	return err;
}

int vma_modify(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end,
	       u64 vm_flags, u32 anon_name)
{
	struct vma_attr attr = {
		.start = start, .end = end, .vm_flags = vm_flags, .anon_name = anon_name,
		.uffd = (*vma)->uffd, .policy = (*vma)->vm_policy,
	};

	return modify(m, vma, &attr);
}

int vma_modify_uffd(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end,
		    u64 vm_flags, u32 uffd)
{
	struct vma_attr attr = {
		.start = start, .end = end, .vm_flags = vm_flags,
		.anon_name = (*vma)->anon_name, .uffd = uffd, .policy = (*vma)->vm_policy,
		.tail_stays = rel_uffd_tail_stays(m->release),
	};

	return modify(m, vma, &attr);
}

int vma_modify_policy(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end,
		      const struct mempolicy *policy)
{
	struct vma_attr attr = {
		.start = start, .end = end, .vm_flags = (*vma)->vm_flags,
		.anon_name = (*vma)->anon_name, .uffd = (*vma)->uffd, .policy = policy,
	};

	return modify(m, vma, &attr);
}
