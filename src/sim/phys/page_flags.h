/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page's flags as the kernel prints them (%pGp): its own word, and their names. */
#ifndef KMM_PHYS_PAGE_FLAGS_H
#define KMM_PHYS_PAGE_FLAGS_H

#include "sim/machine.h"

/* The word of page->flags; the names, joined by '|', are added to *names. */
u64 page_flags_word(const struct machine *m, const struct page *page, struct out *names);
/* Where the kernel has this page's struct page. */
u64 page_struct_addr(const struct machine *m, u64 pfn);

#endif
