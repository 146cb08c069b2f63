/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may have huge pages: from sys/kernel/mm/transparent_hugepage, prctl, madvise and
 * the shape of a VMA to the sizes that an allocation may try. Sizes are orders, sets of
 * them masks of 1 << order. On 6.1 there is one size, that of a pmd.
 *
 * What faults and khugepaged ask is in huge_memory.h, and answered in thp.c; thp_shmem.c
 * knows about files of shared memory.
 */
#ifndef KMM_VIRT_THP_H
#define KMM_VIRT_THP_H

#include "sim/virt/huge_memory.h"

/* tunables->thp_enabled */
enum thp_mode { THP_MODE_NEVER, THP_MODE_MADVISE, THP_MODE_ALWAYS };
/* tunables->thp_defrag, in the order of the file's words. */
enum thp_defrag { DEFRAG_ALWAYS, DEFRAG_DEFER, DEFRAG_DEFER_MADVISE, DEFRAG_MADVISE,
		  DEFRAG_NEVER };
/* tunables->thp_shmem_enabled, and of mounts up to NEVER. */
enum shmem_huge { SHMEM_HUGE_ALWAYS, SHMEM_HUGE_WITHIN_SIZE, SHMEM_HUGE_ADVISE,
		  SHMEM_HUGE_NEVER, SHMEM_HUGE_DENY, SHMEM_HUGE_FORCE };
/* Four bits of tunables->thp_size_enabled, thp_size_shmem_enabled for each order. */
enum size_mode { SIZE_ALWAYS, SIZE_INHERIT, SIZE_MADVISE, SIZE_NEVER };
enum size_shmem_mode { SIZE_SHMEM_ALWAYS, SIZE_SHMEM_INHERIT, SIZE_SHMEM_WITHIN_SIZE,
		       SIZE_SHMEM_ADVISE, SIZE_SHMEM_NEVER };

#define MMF_VM_HUGEPAGE (1ULL << 17)	/* mm->flags: khugepaged knows the mm */

static inline unsigned int pmd_order(const struct machine *m)
{
	return m->arch->hugetlb_order;
}

static inline u64 pmd_nr_pages(const struct machine *m)
{
	return 1ULL << pmd_order(m);
}

static inline u64 pmd_size(const struct machine *m)
{
	return PAGE_SIZE << pmd_order(m);
}

/* The sizes that anonymous memory, that files may have at all. */
u64 thp_orders_anon(const struct machine *m);
u64 thp_orders_file(const struct machine *m);

static inline int highest_order(u64 orders)
{
	return ilog2(orders);
}

/* The next smaller one; `orders` loses `prev`. -1: none is left. */
static inline int next_order(u64 *orders, int prev)
{
	*orders &= ~(1ULL << prev);
	return ilog2(*orders);
}

/* `enabled` at the top says always; always or madvise. */
bool hugepage_global_always(const struct machine *m);
bool hugepage_global_enabled(const struct machine *m);
/* Does anybody get pages of a pmd's size: is there anything for khugepaged? */
bool hugepage_pmd_enabled(const struct machine *m);

/* Of `orders` those whose aligned block around addr lies in the VMA. */
u64 thp_vma_suitable_orders(const struct vm_area_struct *vma, u64 addr, u64 orders);
/* prctl or VM_NOHUGEPAGE forbid it. */
bool vma_thp_disabled(const struct machine *m, const struct vm_area_struct *vma, u64 vm_flags,
		      bool forced_collapse);
/* Anonymous folios below a pmd's size: those that a fault at the address may try. */
u64 thp_anon_fault_orders(const struct machine *m, const struct vm_area_struct *vma,
			  u64 address);

struct inode;
/*
 * thp_shmem.c: the sizes of a page of the file at pgoff, asked for by a fault of the VMA
 * (NULL: a call on the file, that writes up to write_end).
 */
u64 shmem_allowable_huge_orders(const struct machine *m, const struct inode *inode,
				const struct vm_area_struct *vma, u64 pgoff, u64 write_end,
				bool force);
/* What the file's mount says: up to NEVER. */
enum shmem_huge shmem_mount_huge(const struct machine *m, const struct inode *inode);
bool shmem_hpage_pmd_enabled(const struct machine *m);

#endif
