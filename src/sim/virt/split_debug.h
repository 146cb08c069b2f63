/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sys/kernel/debug/split_huge_pages asks for: huge pages become small ones. */
#ifndef KMM_VIRT_SPLIT_DEBUG_H
#define KMM_VIRT_SPLIT_DEBUG_H

#include "sim/virt/mm_types.h"

struct split_count {
	u64 total, split;
};

/* All that are on a list. */
void split_huge_pages_all(struct machine *m, struct split_count *count);
/* Into what: folios of an order; or, if `at` is a page of the folio, halves around it. */
struct split_into {
	unsigned int order;
	long at;		/* -1: none */
};
/* Those that the task maps in [start, end). -ESRCH, -EINVAL. */
int split_huge_pages_pid(struct machine *m, u32 pid, u64 start, u64 end,
			 const struct split_into *into, struct split_count *count) __must_check;
/* Those of a file's pages [first, end). -ENOENT. */
int split_huge_pages_in_file(struct machine *m, const char *path, u64 first, u64 end,
			     const struct split_into *into,
			     struct split_count *count) __must_check;

#endif
