/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel says of a page that is in its way. */
#ifndef KMM_PHYS_DUMP_PAGE_H
#define KMM_PHYS_DUMP_PAGE_H

#include "sim/machine.h"

/* The page as lines of the log, then why: "page dumped because: unmovable page". */
void dump_page(struct machine *m, u64 pfn, const char *reason);
/* Who has the page, in a few words: "a slab". Static text. */
const char *page_movable_text(const struct machine *m, u64 pfn);

#endif
