/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of VMAs share: vma.c, vma_merge.c, vma_split.c, and those of the
 * calls on them, mmap.c to mincore.c. Nobody else includes this.
 */
#ifndef KMM_VIRT_VMA_INTERNAL_H
#define KMM_VIRT_VMA_INTERNAL_H

#include "sim/virt/pgtable.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"

/*
 * A VMA takes [start, end), which holds its present range. One store in the tree:
 * an error, -ENOMEM or -ENOBUFS, leaves all as it was.
 *
 *	|--vma--|---shrunk---|		|--vma--|-removed-|-removed-|
 *	|-----vma----|shrunk-|		|------------vma------------|
 */
struct vma_change {
	struct vm_area_struct *vma;
	u64 start, end;
	struct vm_area_struct *shrunk;		/* or NULL */
	struct vm_area_struct *removed[2];	/* freed; or NULL */
};
int vma_change(struct machine *m, const struct vma_change *c) __must_check;
/*
 * A VMA that is not in the tree goes there, and into its file's i_mmap; `shrunk`
 * (NULL: none) is its other half and gives way. As vma_change().
 */
int vma_insert(struct machine *m, struct vm_area_struct *vma,
	       struct vm_area_struct *shrunk) __must_check;

/*
 * As two calls of split_vma(), at start and at end, both within the VMA. 1; 0: it is not one of
 * the simple ones, nothing was done; -ENOBUFS.
 */
int split_vma_middle(struct machine *m, struct vm_area_struct *vma, u64 start,
		     u64 end) __must_check;
/* A new range, also in the trees that know the VMA by page offset. */
void vma_set_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end);

/* split_vma() without the limit; vma_merge_new() with its neighbours at hand. */
int __split_vma(struct machine *m, struct vm_area_struct *vma, u64 addr, bool new_below,
		struct vm_area_struct **new_vma) __must_check;
int vma_merge_between(struct machine *m, const struct vma_attr *attr,
		      struct vm_area_struct *prev, struct vm_area_struct *next,
		      struct vm_area_struct **vma) __must_check;

/*
 * A munmap on its way. vms_gather() splits and notes: nothing is gone yet, and an error
 * leaves VMAs split at most. vms_detach() takes them out of the tree, or fails;
 * vms_complete() does the rest.
 */
struct vma_munmap {
	struct mm_struct *mm;
	bool fullmm;		/* exit: all of it goes */
	u64 start, end;
	struct vm_area_struct *first, *last;	/* by detached_next */
	u32 nr_vmas;
	u64 nr_pages, nr_accounted, locked_vm;
	u64 floor, ceiling;	/* end of the VMA before, start of the one behind, or 0 */
};
int vms_gather(struct machine *m, struct vma_munmap *vms) __must_check;
int vms_detach(struct vma_munmap *vms) __must_check;
void vms_complete(struct machine *m, struct vma_munmap *vms);

void vma_link_file(const struct machine *m, struct vm_area_struct *vma);
void vma_unlink_file(const struct machine *m, struct vm_area_struct *vma);

static inline bool is_data_mapping(u64 vm_flags)
{
	return (vm_flags & (VM_WRITE | VM_SHARED | VM_STACK)) == VM_WRITE;
}

static inline bool vma_is_sealed(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_SEALED;
}

/* A sum in a word of the machine's programs: on 32 bits it comes round where theirs does. */
static inline u64 user_word(const struct machine *m, u64 sum)
{
	return m->arch->bits == 32 ? (u32)sum : sum;
}

/* The whole pages that so many bytes take, in such a word: none may be left. */
static inline u64 user_page_align(const struct machine *m, u64 len)
{
	return user_word(m, ALIGN_UP(len, PAGE_SIZE));
}

/* TASK_SIZE: the first address behind all that a program can have. */
static inline u64 task_size_max(const struct machine *m)
{
	return arch_task_size_max(m->arch);
}

/* VM_SOFTDIRTY, or 0 where the kernel was built without it. */
static inline u64 vm_softdirty(const struct machine *m)
{
	return m->virt->pgtables->soft_dirty ? VM_SOFTDIRTY : 0;
}

/*
 * vma_merge.c. A VMA that could be one with the VMA before it, and is not: the kernel asks
 * that only of what it maps and changes. The mark says what made them alike, and goes when
 * one of the two is changed.
 */
enum vma_apart { APART_NO, APART_FORK, APART_SPLIT, APART_FAULT, APART_BRK, APART_MOVED,
		 APART_MARKED, APART_GROWN, APART_MEMORY };
void vma_stays_apart(struct machine *m, struct vm_area_struct *vma, enum vma_apart why);
/* The same of the VMA before it, and of the one behind. */
void vma_edges_stay_apart(struct machine *m, struct vm_area_struct *vma, enum vma_apart why);
/* Neighbours that nothing keeps apart, whichever of them is asked. */
bool vmas_could_be_one(const struct machine *m, struct vm_area_struct *prev,
		       struct vm_area_struct *vma);

#endif
