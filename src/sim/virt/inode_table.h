/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inodes by handle: inode_of() and inode_next() of file.h. The lowest and the highest bit of
 * a handle say where its inode lies: those of file systems in memory in a pool, which is their
 * slab cache, too; those of disks, and of no file system, in a table of the host's, as a file
 * lasts while nothing of it is in memory.
 */
#ifndef KMM_VIRT_INODE_TABLE_H
#define KMM_VIRT_INODE_TABLE_H

#include "sim/virt/file.h"

int inode_table_init(struct machine *m) __must_check;	/* -ENOBUFS */
/* Host memory alone; fine after it failed. */
void inode_table_free(struct machine *m);

/*
 * A new one with its handle and its path, and in memory if it is of a pool. -ENOMEM (-ENOSPC
 * of shared memory), -ENOBUFS: there is none.
 */
int inode_alloc(struct machine *m, enum inode_kind kind, const char *path,
		struct inode **inode) __must_check;
/* With all that it has in memory. */
void inode_free(struct machine *m, struct inode *inode);
/* The most host memory that one more takes, its path aside. */
u64 inode_table_host_bytes(const struct machine *m);

#endif
