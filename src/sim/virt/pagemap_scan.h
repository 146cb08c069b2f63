/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PAGEMAP_SCAN: which pages of a range are of some kind; and those are write-protected. */
#ifndef KMM_VIRT_PAGEMAP_SCAN_H
#define KMM_VIRT_PAGEMAP_SCAN_H

#include "sim/virt/mm_types.h"

enum page_category {
	PAGE_IS_WPALLOWED = 1 << 0, PAGE_IS_WRITTEN = 1 << 1, PAGE_IS_FILE = 1 << 2,
	PAGE_IS_PRESENT = 1 << 3, PAGE_IS_SWAPPED = 1 << 4, PAGE_IS_PFNZERO = 1 << 5,
	PAGE_IS_HUGE = 1 << 6, PAGE_IS_SOFT_DIRTY = 1 << 7, PAGE_IS_GUARD = 1 << 8,
};

#define PM_SCAN_WP_MATCHING 1
#define PM_SCAN_CHECK_WPASYNC 2

struct page_region {
	u64 start, end;
	u64 categories;
};

struct pm_scan_arg {
	u64 flags;		/* PM_SCAN_* */
	u64 start, end;
	u64 walk_end;		/* set: where it ended */
	struct page_region *vec;	/* NULL: nothing is told */
	u64 vec_len;
	u64 max_pages;		/* 0: any number */
	/* Of a page's categories, inverted ones flipped: all of mask, and one of anyof, if any. */
	u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};

/*
 * How many regions there are, or -errno: -ENOTTY (before 6.7), -EINVAL, -EFAULT, -EPERM (a
 * mapping is not registered for asynchronous write-protection, and that was to be checked).
 */
s64 pagemap_scan(struct machine *m, const struct mm_struct *mm, struct pm_scan_arg *arg);

#endif
