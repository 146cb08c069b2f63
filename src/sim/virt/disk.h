/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What disks hold. A page of a file that was never written has contents that follow from
 * the file and the place; what was written is in a table. Behind where a file ended once
 * there is nothing: zeroes.
 */
#ifndef KMM_VIRT_DISK_H
#define KMM_VIRT_DISK_H

#include "sim/machine.h"

struct inode;
struct digest;

int disks_init(struct machine *m) __must_check;	/* -ENOBUFS */
void disks_free(struct machine *m);
/* Room for so many blocks more: then writing them does not fail. -ENOBUFS. */
int disk_reserve(struct machine *m, u64 nr) __must_check;
/* What that may take of the host. */
u64 disk_host_bytes(const struct machine *m, u64 nr);
/* The page of the file goes to the disk. -ENOBUFS: nothing changed. */
int disk_write(struct machine *m, struct inode *inode, u64 pgoff, u32 pfn) __must_check;
/* The page frame gets what the disk has, or (false) zeroes, as there is a hole. */
bool disk_read(struct machine *m, const struct inode *inode, u64 pgoff, u32 pfn);
/* What that would be, as a slot of content.h holds it. */
u64 disk_content(const struct machine *m, const struct inode *inode, u64 pgoff);
/* Is there anything for the page, or a hole? */
bool disk_has_block(const struct machine *m, const struct inode *inode, u64 pgoff);
/* The first page from pgoff on that there is something for; ~0: none. Looks through all blocks. */
u64 disk_next_block(const struct machine *m, const struct inode *inode, u64 pgoff);
/* The file ends with page `nr_pages` - 1. */
void disk_truncate(struct machine *m, struct inode *inode, u64 nr_pages);
/* Pages [start, end) are to read as zeroes. -ENOBUFS: no host memory to say so; nothing changed. */
int disk_zero(struct machine *m, struct inode *inode, u64 start, u64 end) __must_check;
/* What the next two may take of the host, after so many pages more are written. */
u64 disk_shift_host_bytes(const struct machine *m, const struct inode *inode, u64 nr);
/*
 * Pages [start, end) of the file go, and those behind them move down; or are put in as a hole,
 * and those from start on move up. -ENOBUFS: nothing changed.
 */
int disk_collapse(struct machine *m, struct inode *inode, u64 start, u64 end) __must_check;
int disk_insert(struct machine *m, struct inode *inode, u64 start, u64 end) __must_check;
/* Each reference to real bytes: for content_validate(). */
u64 disk_content_refs(const struct machine *m);
void disks_digest(const struct machine *m, struct digest *digest);

#endif
