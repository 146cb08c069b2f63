/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal on disk: an open file that records are appended to. Appending goes to
 * memory, under the tree's write lock, and cannot fail; committing, without it, writes
 * what was appended and waits until the disk has it. Who commits while another does
 * waits for him, and what came meanwhile goes to disk as one.
 *
 * Lock: file->lock, behind the tree's; nobody holds it over a write.
 */
#ifndef KMM_FS_JOURNAL_FILE_H
#define KMM_FS_JOURNAL_FILE_H

#include "sim/base/types.h"

struct journal_file;

/*
 * The file, which has `bytes` and whose checksum is crc by now, is the journal's from then
 * on. -ENOMEM: it is still the caller's.
 */
int journal_file_new(int fd, u64 bytes, u32 crc, struct journal_file **file) __must_check;
/* Commits what it can, and closes. */
void journal_file_free(struct journal_file *file);

/*
 * Room for one record, on disk too where the file system can promise it: -ENOSPC,
 * -ENOMEM, or -EIO when an earlier commit failed. Write lock.
 */
int journal_file_reserve(struct journal_file *file) __must_check;
void journal_file_append(struct journal_file *file, const char *text, size_t len);

/* All that was appended is on disk: 0, or what failed (from then on: always). No lock. */
int journal_file_commit(struct journal_file *file) __must_check;

/* With what was appended and is not on disk yet. */
u64 journal_file_bytes(struct journal_file *file);

#endif
