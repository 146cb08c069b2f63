/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of hugetlb.h share: one page at a time, its list and its counts. */
#ifndef KMM_PHYS_HUGETLB_INTERNAL_H
#define KMM_PHYS_HUGETLB_INTERNAL_H

#include "sim/phys/hugetlb.h"

unsigned int huge_page_nid(const struct machine *m, u64 pfn);
/* It belongs to the pool, on no list yet; to a free list; to the active one. */
void hugetlb_account_new(struct machine *m, struct hstate *h, u64 pfn);
void hugetlb_enqueue(struct machine *m, struct hstate *h, u64 pfn);
void hugetlb_activate(struct machine *m, struct hstate *h, u64 pfn);
/* Out of the pool, off its free list; and back to the allocator. */
void hugetlb_remove(struct machine *m, struct hstate *h, u64 pfn, bool surplus);
void hugetlb_give_back(struct machine *m, struct hstate *h, u64 pfn);
/* The sysctls follow the pool of the default size. */
void hugetlb_count_changed(struct machine *m);

#endif
