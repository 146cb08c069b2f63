/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Same-page merging, as far as VMAs know of it: VM_MERGEABLE by madvise, or by
 * PR_SET_MEMORY_MERGE for all of an mm, now and later. Pages are not compared.
 */
#ifndef KMM_VIRT_KSM_H
#define KMM_VIRT_KSM_H

#include "sim/virt/mm_types.h"

#define MMF_VM_MERGE_ANY (1ULL << 30)

/* Private memory that is nothing special. */
bool vma_ksm_compatible(u64 vm_flags);
/* The flags of a new VMA, where all of the mm is to be merged. */
u64 ksm_vma_flags(const struct mm_struct *mm, u64 vm_flags);
void ksm_enable_merge_any(struct machine *m, struct mm_struct *mm);
void ksm_disable_merge_any(struct machine *m, struct mm_struct *mm);

#endif
