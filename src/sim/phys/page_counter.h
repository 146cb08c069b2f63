/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page counters: a group's usage, which is also its parents', with limits; and the shares
 * of protection that follow from usage and min or low. Names and rules are the kernel's.
 */
#ifndef KMM_PHYS_PAGE_COUNTER_H
#define KMM_PHYS_PAGE_COUNTER_H

#include "sim/base/types.h"

struct page_counter {
	struct page_counter *parent;
	u64 usage, watermark, failcnt;
	u64 local_watermark;	/* since somebody began anew; watermark: ever */
	u64 min, low, high, max;
	/* As far as the parents give it: worked out when reclaim comes by. */
	u64 emin, elow;
	/* What of usage is protected; and the sums of all children. */
	u64 min_usage, low_usage, children_min_usage, children_low_usage;
};

/* "max": on 64 bits what fits in bytes of a long, on 32 as many pages. */
static inline u64 page_counter_max(unsigned int bits)
{
	return bits == 64 ? (u64)INT64_MAX / 4096 : INT32_MAX;
}

void page_counter_init(struct page_counter *counter, struct page_counter *parent, u64 max);
void page_counter_charge(struct page_counter *counter, u64 nr);
/* False: *fail is at its limit; nothing is charged. */
bool page_counter_try_charge(struct page_counter *counter, u64 nr, struct page_counter **fail);
void page_counter_uncharge(struct page_counter *counter, u64 nr);
void page_counter_set_min(struct page_counter *counter, u64 nr);
void page_counter_set_low(struct page_counter *counter, u64 nr);
/* emin and elow below root. recursive: what no child claims protects all of them. */
void page_counter_calculate_protection(const struct page_counter *root,
				       struct page_counter *counter, bool recursive);

#endif
