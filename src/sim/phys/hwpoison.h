/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that failed, or are about to: PG_hwpoison, and a reference that is never dropped,
 * so that nobody gets them again. They are counted, but stay part of what is managed. One
 * that nobody else has is of the type PGTY_hwpoison; pages of shared memory stay in their
 * file till it lets go of them.
 *
 * What leads there is virt/memory_failure.h's.
 */
#ifndef KMM_PHYS_HWPOISON_H
#define KMM_PHYS_HWPOISON_H

#include "sim/machine.h"
#include "sim/phys/page.h"

/*
 * A free page leaves its block, of which the rest stays free; it is the caller's then.
 * 1: taken; 0: it is not free; -ENOBUFS: no host memory, nothing changed.
 */
int take_page_off_buddy(struct machine *m, u64 pfn) __must_check;

/* It failed: it is marked, and counted. */
void page_set_hwpoison(struct machine *m, u64 pfn);

/*
 * Nobody but the caller has the page, whose reference this one becomes: it stays as it is
 * for ever. What it was still shows in its flags.
 */
void page_keep_hwpoison(struct machine *m, u64 pfn);

/*
 * A block of the kernel's is freed with a page that failed: nobody gets any of it. (6.1 finds
 * out when it is about to give it out; later kernels do not look.) False: none has failed.
 */
bool hwpoison_keep_block(struct machine *m, u64 pfn, unsigned int order) __must_check;

/* Those of [start, end) that are marked, one by one. */
u64 hwpoison_count(const struct machine *m, u64 start, u64 end);
/* All that have failed: those too that went off line with their block. */
u64 hwpoison_recount(const struct machine *m);
/* R8: they are on no list, and as many as are counted. */
void hwpoison_validate(const struct machine *m, struct check *check);

#endif
