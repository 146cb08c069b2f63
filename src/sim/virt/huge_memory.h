/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transparent huge pages: one entry of a table of level 1 (a "huge PMD", pgtable.h) maps
 * a folio of HPAGE_PMD_ORDER. Files: huge_memory.c (faults), huge_memory_pmd.c (what else
 * happens to entries: zap, fork, mprotect, mremap, split), huge_zero.c (the page of
 * zeroes behind reads), huge_memory_split.c (folios become pages again; the queue of
 * those that are split when memory is short), thp.c (who may have one).
 *
 * Functions that take `address` take any address of the huge page.
 */
#ifndef KMM_VIRT_HUGE_MEMORY_H
#define KMM_VIRT_HUGE_MEMORY_H

#include "sim/phys/folio.h"
#include "sim/virt/memory.h"
#include "sim/virt/pgtable.h"

static inline unsigned int hpage_pmd_order(const struct machine *m)
{
	return m->virt->pgtables->shift[1] - PAGE_SHIFT;
}

static inline u64 hpage_pmd_nr(const struct machine *m)
{
	return 1ULL << hpage_pmd_order(m);
}

static inline u64 hpage_pmd_size(const struct machine *m)
{
	return 1ULL << m->virt->pgtables->shift[1];
}

static inline u64 hpage_pmd_mask(const struct machine *m)
{
	return ~(hpage_pmd_size(m) - 1);
}

/* ---- Who may have one: thp.c. ---- */

/* What the question is asked for. */
enum tva_type { TVA_PAGEFAULT, TVA_SMAPS, TVA_KHUGEPAGED, TVA_FORCED_COLLAPSE };
/* Of `orders` (a bit for each) those that the VMA with these flags may have. */
u64 thp_vma_allowable_orders(const struct machine *m, const struct vm_area_struct *vma,
			     u64 vm_flags, enum tva_type type, u64 orders);
static inline bool thp_vma_allowable_order(const struct machine *m,
					   const struct vm_area_struct *vma, u64 vm_flags,
					   enum tva_type type, unsigned int order)
{
	return thp_vma_allowable_orders(m, vma, vm_flags, type, 1ULL << order);
}
/* Does the aligned block of 2^order pages around address lie in the VMA, in step with
 * its file's offsets?
 */
bool thp_vma_suitable_order(const struct vm_area_struct *vma, u64 address, unsigned int order);
/* How hard to try, by sys/kernel/mm/transparent_hugepage/defrag. */
gfp_t vma_thp_gfp_mask(const struct machine *m, const struct vm_area_struct *vma);
/* Anonymous folios below the PMD's size (mTHP): which orders a fault may try here. */
u64 thp_anon_fault_orders(const struct machine *m, const struct vm_area_struct *vma,
			  u64 address);

/* ---- Faults: huge_memory.c. VM_FAULT_*; FALLBACK: do it with small pages. ---- */

/* vmf->pmd is none, the VMA is anonymous and may have a huge page. */
unsigned int do_huge_pmd_anonymous_page(struct machine *m, struct vm_fault *vmf);
/* A write to (or the unsharing of) a huge entry that is read-only; splits it or mends it. */
unsigned int do_huge_pmd_wp_page(struct machine *m, struct vm_fault *vmf);
/* Accessed, dirty. */
void huge_pmd_set_accessed(struct machine *m, struct vm_fault *vmf);
/*
 * Map a folio that was just made, zeroed or copied, and up to date. Rmap, LRU, counters
 * follow; the table is deposited by the caller. khugepaged does the same, but does
 * not count a fault.
 */
void map_anon_folio_pmd(struct machine *m, struct vm_area_struct *vma, u64 haddr, u64 *pmd,
			u32 pfn);
/*
 * Map the folio of a file that the page is of by one entry, if it is as large as that, lies
 * in step with the VMA, and no table is there but one that this fault has just made, which
 * goes. The caller's reference is the mapping's then; nothing is deposited.
 */
bool do_set_pmd(struct machine *m, struct vm_fault *vmf, u32 pfn);

/* ---- Entries: huge_memory_pmd.c. ---- */

/* The whole entry goes, with its table, and with it the mapping of its folio. */
struct mmu_gather;
void zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, u64 haddr, u64 *pmd);
/* Fork: the entry for the child; of a file, it faults it in by itself. -ENOMEM, -ENOBUFS. */
int copy_huge_pmd(struct machine *m, struct vm_area_struct *dst, struct vm_area_struct *src,
		  u64 haddr, u64 *dst_pmd, u64 *src_pmd);
void move_huge_pmd(struct machine *m, struct vm_area_struct *vma, u64 old_addr, u64 new_addr,
		   u64 *old_pmd, u64 *new_pmd);
/* One entry becomes a table of small ones; of a file's it is zapped. Never fails. */
void __split_huge_pmd(struct machine *m, struct vm_area_struct *vma, u64 address, u64 *pmd);
static inline void split_huge_pmd(struct machine *m, struct vm_area_struct *vma, u64 address,
				  u64 *pmd)
{
	if (entry_is_huge(*pmd) && !(vma->vm_flags & VM_HUGETLB))
		__split_huge_pmd(m, vma, address, pmd);
}
void split_huge_pmd_address(struct machine *m, struct vm_area_struct *vma, u64 address);
/* The VMA's bounds change: no huge entry lies across `start` or `end`. */
void vma_adjust_trans_huge(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end);

/* ---- The huge zero page: huge_zero.c. ---- */

static inline bool is_huge_zero_pfn(const struct machine *m, u64 pfn);
/* A reference for the mm, kept until it goes. -ENOMEM (counted), -ENOBUFS. */
int mm_get_huge_zero_folio(struct machine *m, struct mm_struct *mm, u32 *pfn) __must_check;
void mm_put_huge_zero_folio(struct machine *m, struct mm_struct *mm);
/* The shrinker's: pages that freeing it would give. */
u64 huge_zero_folio_count(const struct machine *m);
/* The shrinker's: free it if nobody uses it. Pages freed. */
u64 shrink_huge_zero_folio(struct machine *m);

/* ---- Folios: huge_memory_split.c. ---- */

/*
 * The folio of a page becomes single pages, or folios of `order`. The caller holds one
 * reference, which is the page's afterwards; the other pages live by their mappings, or
 * their file. -EBUSY, -EINVAL: it cannot be. -EAGAIN: somebody else has a reference.
 * -ENOMEM, -ENOBUFS: no node for its file's cache.
 */
int split_huge_page_to_order(struct machine *m, u64 pfn, unsigned int order) __must_check;
/*
 * Since 6.15: halves, and the half with page `at` again in halves, down to a piece of that
 * order. The caller's reference is the first page's. -EINVAL: its file has no such pieces.
 */
int folio_split(struct machine *m, u64 at, unsigned int order) __must_check;
/* Around the page if that can be, or evenly. */
int try_folio_split(struct machine *m, u64 at) __must_check;
static inline int __must_check split_folio(struct machine *m, u64 pfn)
{
	return split_huge_page_to_order(m, pfn, 0);
}
/* The shrinker's: how many folios wait on a node; split up to nr of them, how many were. */
struct mem_cgroup;
u64 deferred_split_count(const struct machine *m, unsigned int node,
			 const struct mem_cgroup *memcg);
u64 deferred_split_scan(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			u64 nr);


struct huge_state {
	u32 zero_pfn;		/* of the huge zero folio; PFN_NIL: none */
	u32 zero_refs;		/* mms that use it, and one for itself */
};
int huge_memory_init(struct machine *m) __must_check;
void huge_memory_free(struct machine *m);
void huge_memory_digest(const struct machine *m, struct digest *digest);
/* R5 of the huge zero page: as many references as mms that say so. */
void huge_memory_validate(const struct machine *m, struct check *check);

static inline bool is_huge_zero_pfn(const struct machine *m, u64 pfn)
{
	return m->virt->huge && m->virt->huge->zero_pfn == pfn;
}

#endif
