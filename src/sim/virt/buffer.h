/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffer heads: what the file system of a disk keeps of each block (4 KiB) of a folio that is
 * about to be written. They are the folio's (PG_private) until it leaves the page cache, or is
 * split: charged to its group, and beside its pages (m->page_private), with a bit that says
 * that the block is dirty. A folio may be dirty of which no block is any more.
 */
#ifndef KMM_VIRT_BUFFER_H
#define KMM_VIRT_BUFFER_H

#include "sim/phys/page.h"
#include "sim/virt/virt.h"

struct object_census;

int buffers_init(struct machine *m) __must_check;
/* Room beside pages, before a file of a disk can be written. 0 or -ENOBUFS. */
int buffers_reserve(struct machine *m) __must_check;
/*
 * One for each block of the folio, if it has none; the caller has a reference of it, since
 * memory may be reclaimed for them. -ENOMEM; -ENOBUFS: without buffers_reserve() only.
 */
int folio_create_buffers(struct machine *m, u32 pfn) __must_check;
void try_to_free_buffers(struct machine *m, u32 pfn);
/*
 * Blocks that the disk has not as they are, of a folio whose head is pfn: bytes [from, to) of
 * it were written; or are gone, and with them blocks that lie within; or all is on its way.
 */
void mark_buffers_dirty(struct machine *m, u32 pfn, u64 from, u64 to);
void block_invalidate_folio(struct machine *m, u32 pfn, u64 from, u64 to);
void buffers_clean(struct machine *m, u32 pfn);
/* The block of the page, of a folio that has buffer heads. */
bool block_is_dirty(const struct machine *m, u32 pfn);
bool buffers_are_dirty(const struct machine *m, u32 pfn);
/* Another folio has its place. */
void buffers_moved(struct machine *m, u32 src, u32 dst);

/* Each page has one, or none has, as the folio's flag says. */
bool buffers_are_right(const struct machine *m, u32 pfn);
void buffers_claim(const struct machine *m, struct object_census *census);

#endif
