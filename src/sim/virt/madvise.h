/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of madvise share: a call at one VMA, and the advice that acts on
 * pages (madvise_pages.c). Nobody else includes this.
 */
#ifndef KMM_VIRT_MADVISE_H
#define KMM_VIRT_MADVISE_H

#include "sim/virt/mmap.h"

struct advice_row;
struct mmu_gather;

/* [start, end) lies in vma; what changes VMAs leaves the one that has the range. */
struct advise {
	struct machine *m;
	struct task_struct *task;	/* who advises */
	struct mm_struct *mm;	/* whose memory */
	const struct advice_row *row;
	struct vm_area_struct *vma;
	u64 start, end;
	u32 anon_name;		/* PR_SET_VMA_ANON_NAME */
	struct mmu_gather *tlb;	/* of walks that take rights or bits away */
	u64 done;		/* up to there, entries were the last folio's, or are passed over */
	struct page_list reclaim;	/* PAGEOUT: anonymous pages of one leaf table, */
	u64 reclaim_end;	/* which serves addresses up to here */
	bool asks_head;		/* 6.1's MADV_FREE: a folio is shared if its first page is */
};

/* 0 or -errno of the call. */
int madvise_cold(struct advise *a) __must_check;
int madvise_pageout(struct advise *a) __must_check;
int madvise_free(struct advise *a) __must_check;
int madvise_guard_install(struct advise *a) __must_check;
int madvise_guard_remove(struct advise *a) __must_check;

#endif
