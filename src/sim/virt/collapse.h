/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of a range become one huge page: for khugepaged, by its limits, and for
 * MADV_COLLAPSE, without.
 */
#ifndef KMM_VIRT_COLLAPSE_H
#define KMM_VIRT_COLLAPSE_H

#include "sim/virt/mm_types.h"

/* What came of one range: the kernel's names. */
enum scan_result {
	SCAN_FAIL, SCAN_SUCCEED, SCAN_PMD_NULL, SCAN_PMD_NONE, SCAN_PMD_MAPPED,
	SCAN_EXCEED_NONE_PTE, SCAN_EXCEED_SWAP_PTE, SCAN_EXCEED_SHARED_PTE,
	SCAN_PTE_NON_PRESENT, SCAN_PTE_UFFD_WP, SCAN_PTE_MAPPED_HUGEPAGE, SCAN_PAGE_RO,
	SCAN_LACK_REFERENCED_PAGE, SCAN_PAGE_NULL, SCAN_SCAN_ABORT, SCAN_PAGE_COUNT,
	SCAN_PAGE_LRU, SCAN_PAGE_LOCK, SCAN_PAGE_ANON, SCAN_PAGE_COMPOUND,
	SCAN_ANY_PROCESS, SCAN_VMA_NULL, SCAN_VMA_CHECK, SCAN_ADDRESS_RANGE,
	SCAN_DEL_PAGE_LRU, SCAN_ALLOC_HUGE_PAGE_FAIL,
	SCAN_CGROUP_CHARGE_FAIL, SCAN_TRUNCATED,
	SCAN_PAGE_HAS_PRIVATE, SCAN_STORE_FAILED, SCAN_PAGE_FILLED,
};

struct file;
struct collapse_control {
	bool is_khugepaged;
	u32 node_load[MAX_NUMNODES];	/* pages of the range on each node */
};

/* What maps the address: small entries (SUCCEED), a huge one, nothing. */
enum scan_result find_pmd_or_thp_or_none(const struct machine *m, const struct mm_struct *mm,
					 u64 address);
/*
 * [address, address + pmd_size()) lies in the VMA and is aligned. *went_on: it let go of
 * the map on its way, so that a scanner starts anew from here.
 */
enum scan_result hpage_collapse_scan_pmd(struct machine *m, struct vm_area_struct *vma,
					 u64 address, struct collapse_control *cc,
					 bool *went_on);
/*
 * The same of a file, whose page `start` the mm maps, or may map, at the address: in its page
 * cache. PTE_MAPPED_HUGEPAGE: it is huge there, and not yet in the mm's tables.
 */
enum scan_result hpage_collapse_scan_file(struct machine *m, struct mm_struct *mm, u64 address,
					  struct file *file, u64 start,
					  struct collapse_control *cc);
/* A table that maps but pages of the huge page goes; for good, or for its one entry. */
enum scan_result collapse_pte_mapped_thp(struct machine *m, struct mm_struct *mm, u64 addr,
					 bool install_pmd);
/* Parts of both: is a page of the node too far from the others? A folio for the range. */
bool collapse_scan_abort(const struct machine *m, unsigned int nid,
			 const struct collapse_control *cc);
enum scan_result collapse_alloc_folio(struct machine *m, const struct collapse_control *cc,
				      const struct mm_struct *mm, u32 *pfn);

/* MADV_COLLAPSE of a part of one VMA. 0 or -errno. */
int madvise_collapse(struct machine *m, struct vm_area_struct *vma, u64 start,
		     u64 end) __must_check;

#endif
