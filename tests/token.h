/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page of a task holds, wherever the page is. */
#ifndef KMM_TESTS_TOKEN_H
#define KMM_TESTS_TOKEN_H

#include "sim/machine.h"

struct mm_struct;

#define TOKEN_UNKNOWN (~0ULL)

/* Of the page at addr: in memory, in the swap cache, in its slot, or in a file's cache. */
u64 token_at(const struct machine *m, const struct mm_struct *mm, u64 addr);

#endif
