/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMAs: allocation, the tree of an mm, merging and splitting. Merging is by the
 * rules of each release (facts of the captures decide); everything that changes a
 * range goes through vma_modify().
 *
 * Trees: the maple tree of an mm maps [vm_start, vm_end - 1] to the VMA's handle.
 * Errors: -ENOMEM is the machine's (or a limit), -ENOBUFS the host's.
 */
#ifndef KMM_VIRT_VMA_H
#define KMM_VIRT_VMA_H

#include "sim/virt/mm_types.h"

#define STACK_GUARD_GAP_PAGES 256

/* A zeroed VMA of `mm`; not in its tree. */
int vm_area_alloc(struct machine *m, struct mm_struct *mm,
		  struct vm_area_struct **vma) __must_check;
/* A copy for the same mm or another: no chains, no file reference taken. */
int vm_area_dup(struct machine *m, const struct vm_area_struct *orig,
		struct vm_area_struct **vma) __must_check;
void vm_area_free(struct machine *m, struct vm_area_struct *vma);

/* Looking up; `visited` (may be NULL) gets the number of tree nodes looked at. */
/* The VMA that holds addr, or the first behind it; NULL. */
struct vm_area_struct *find_vma_visited(const struct machine *m, const struct mm_struct *mm,
					u64 addr, unsigned int *visited);
struct vm_area_struct *find_vma(const struct machine *m, const struct mm_struct *mm,
				u64 addr);
struct vm_area_struct *vma_lookup(const struct machine *m, const struct mm_struct *mm,
				  u64 addr);
struct vm_area_struct *find_vma_prev(const struct machine *m, const struct mm_struct *mm,
				     u64 addr, struct vm_area_struct **prev);
struct vm_area_struct *find_vma_intersection(const struct machine *m,
					     const struct mm_struct *mm, u64 start, u64 end);
/* In order of addresses: the first VMA, the one behind, the one before; NULL. */
struct vm_area_struct *vma_first(const struct machine *m, const struct mm_struct *mm);
struct vm_area_struct *vma_next(const struct machine *m, const struct vm_area_struct *vma);
struct vm_area_struct *vma_prev(const struct machine *m, const struct vm_area_struct *vma);

/* The same if nothing lies between, else NULL: cheaper, since others are not looked at. */
static inline struct vm_area_struct *vma_touching_next(const struct machine *m,
						       const struct vm_area_struct *vma)
{
	return vma_lookup(m, vma->vm_mm, vma->vm_end);
}

static inline struct vm_area_struct *vma_touching_prev(const struct machine *m,
						       const struct vm_area_struct *vma)
{
	return vma->vm_start ? vma_lookup(m, vma->vm_mm, vma->vm_start - 1) : NULL;
}

/* vm_start less the guard gap of a stack; vm_end plus it where one grows up. */
u64 vm_start_gap(const struct vm_area_struct *vma);

/*
 * Into the tree, into its file's i_mmap; counts map_count. Figures of the mm
 * (total_vm ...) are vm_stat_account()'s.
 */
int insert_vm_struct(struct machine *m, struct mm_struct *mm,
		     struct vm_area_struct *vma) __must_check;
void vm_stat_account(struct mm_struct *mm, u64 vm_flags, s64 nr_pages);

/*
 * Who asks for a new range: mmap(), brk() (which only widens what is before it), or
 * mremap() and its kin, that bring pages.
 */
enum vma_range_kind { VMA_RANGE_MMAP, VMA_RANGE_BRK, VMA_RANGE_COPY };

/* What a new mapping or a change is to be: vma_merge_new() and vma_modify(). */
struct vma_attr {
	u64 start, end;
	u64 vm_flags;
	u64 pgoff;
	struct file *file;
	const struct vm_operations *vm_ops;
	struct anon_vma *anon_vma;
	u32 anon_name, uffd;
	const struct mempolicy *policy;
	enum vma_range_kind kind;	/* of a new range */
	struct vm_area_struct *copied_from;	/* whose pages come; or NULL */
	bool tail_stays;	/* the tail of a VMA joins nobody */
};
/*
 * Can a new mapping with these attributes be part of its neighbours? Then it is,
 * and *vma is the one that grew; else *vma is NULL. 0, -ENOMEM, -ENOBUFS.
 */
int vma_merge_new(struct machine *m, struct mm_struct *mm, const struct vma_attr *attr,
		  struct vm_area_struct **vma) __must_check;
/* The same for delta bytes behind `vma`, that are to be part of it: mremap in place. */
int vma_merge_extend(struct machine *m, struct vm_area_struct *vma, u64 delta,
		     struct vm_area_struct **merged) __must_check;
/*
 * [start, end) of `vma` is to get new flags (or name): merge it with neighbours that
 * then are alike, else split off what does not change. *vma becomes the VMA that is
 * exactly the range, or the merged one. The new flags (and name) are set by the caller
 * in either case, as in the kernel: merged, they differ in soft-dirty at most.
 * 0, -ENOMEM, -EINVAL (a special mapping is not split), -ENOBUFS.
 */
int vma_modify(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end,
	       u64 vm_flags, u32 anon_name) __must_check;
/* The same for flags of userfaultfd with a context, which the caller sets as well. */
int vma_modify_uffd(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end,
		    u64 vm_flags, u32 uffd) __must_check;
/* The same for a new policy, which the caller sets as well. */
int vma_modify_policy(struct machine *m, struct vm_area_struct **vma, u64 start, u64 end,
		      const struct mempolicy *policy) __must_check;
/* The flags behind vma_modify(): the mark of a guard in what it was merged with stays. */
static inline void vma_set_flags(struct vm_area_struct *vma, u64 vm_flags)
{
	vma->vm_flags = vm_flags | (vma->vm_flags & VM_MAYBE_GUARD);
}
/*
 * Split at addr. new_below: the new VMA is the lower half. -ENOMEM at the limit of
 * map_count. *new_vma may be NULL.
 */
int split_vma(struct machine *m, struct vm_area_struct *vma, u64 addr, bool new_below,
	      struct vm_area_struct **new_vma) __must_check;
/*
 * Copy of a VMA at another place, for mremap, merged there if that can be: *vma follows
 * if it was merged itself. keep_source: MREMAP_DONTUNMAP. No locks, so no
 * *need_rmap_locks. -ENOMEM, -ENOBUFS.
 */
int copy_vma(struct machine *m, struct vm_area_struct **vma, u64 addr, u64 len, u64 pgoff,
	     bool keep_source, struct vm_area_struct **copy) __must_check;
/* Grow a stack down to addr: -ENOMEM (limits, guard). */
int expand_downwards(struct machine *m, struct task_struct *task,
		     struct vm_area_struct *vma, u64 addr) __must_check;

/* Is it counted in its file's i_mmap_writable? */
bool vma_counts_as_writer(const struct vm_area_struct *vma);

/* B7 V1 to V6, of one mm. */
void vma_validate(const struct machine *m, const struct mm_struct *mm, struct check *check);

#endif
