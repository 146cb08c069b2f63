/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of memory.h share: entries, pages of users, who is current. */
#ifndef KMM_VIRT_MEMORY_INTERNAL_H
#define KMM_VIRT_MEMORY_INTERNAL_H

#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/sched.h"

static inline pte_t mk_pte(u64 pfn, u64 prot)
{
	return PFN_PHYS(pfn) | prot;
}

static inline pte_t pte_mkdirty(const struct machine *m, pte_t pte)
{
	return pte | PTE_DIRTY | m->virt->pgtables->soft_dirty;
}

static inline pte_t maybe_mkwrite(pte_t pte, const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? pte | PTE_RW : pte;
}

static inline bool is_zero_pfn(const struct machine *m, u64 pfn)
{
	return pfn == m->virt->zero_pfn;
}

/* The page that an entry maps and that is counted; PFN_NIL for special entries. */
static inline u32 vm_normal_page(pte_t pte)
{
	return pte & PTE_SPECIAL ? PFN_NIL : (u32)pte_pfn(pte);
}

/* A private mapping that may be written: its pages are copied on write. */
static inline bool is_cow_mapping(u64 vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* Does it tell, that a page is used by way of this mapping? */
static inline bool vma_has_recency(const struct vm_area_struct *vma)
{
	if (vma->vm_flags & (VM_SEQ_READ | VM_RAND_READ))
		return false;
	return !vma->vm_file || !vma->vm_file->f_noreuse;
}

/* What an errno of an allocation is to a fault. */
static inline unsigned int fault_of_errno(int err)
{
	return err == -ENOBUFS ? VM_FAULT_NOHOST : VM_FAULT_OOM;
}

/* memory.c: a new page, to its mm's memory cgroup. -ENOMEM: it was freed. */
int charge_user_page(struct machine *m, const struct vm_area_struct *vma,
		     u64 pfn) __must_check;

/* A page for the user's address, contents undefined. -ENOMEM, -ENOBUFS. */
static inline int __must_check alloc_user_page(struct machine *m, struct vm_area_struct *vma,
					       u64 address, u32 *pfn)
{
	int err = vma_alloc_folio(m, GFP_HIGHUSER_MOVABLE, 0, vma, address, pfn);

	return unlikely(m->memcg) && !err ? charge_user_page(m, vma, *pfn) : err;
}

/* The same for one that the allocator is asked to clear; who called does it. */
static inline int __must_check alloc_zeroed_user_page(struct machine *m,
						      struct vm_area_struct *vma, u64 address,
						      u32 *pfn)
{
	int err = vma_alloc_folio(m, GFP_HIGHUSER_MOVABLE | __GFP_ZERO, 0, vma, address,
				  pfn);

	return unlikely(m->memcg) && !err ? charge_user_page(m, vma, *pfn) : err;
}

/* memory.c: the first mapping of a new page of a private mapping. */
void map_new_anon_page(struct machine *m, struct vm_area_struct *vma, u64 address, u32 pfn);
/* A large folio around the fault's page lies in the VMA, and in one leaf table. */
bool folio_fits_around(const struct machine *m, const struct vm_fault *vmf,
		       const struct page *folio);
/* mthp.c: a folio of more than a page, mapped by these bits; FALLBACK: there is none. */
unsigned int do_anonymous_folio(struct machine *m, struct vm_fault *vmf, u64 prot);
/* Asks the file before a page of it may be written through a shared mapping. */
unsigned int do_page_mkwrite(struct machine *m, struct vm_fault *vmf);
/* After that was done. */
void fault_dirty_shared_page(struct machine *m, u32 pfn);
/* memory_wp.c: a write to (or the unsharing of) an entry that is read-only. */
unsigned int do_wp_page(struct machine *m, struct vm_fault *vmf);

/* Sums of one leaf table, for the mm's counters. */
struct rss_vec {
	s64 n[NR_MM_COUNTERS];
};
void add_mm_rss_vec(struct machine *m, struct mm_struct *mm, const struct rss_vec *rss);

#endif
