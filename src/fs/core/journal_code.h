/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the journal keeps a line: a few bytes for a call (numbers of verb, form and
 * scope, then values), texts for a store. Reading trusts what writing wrote.
 */
#ifndef KMM_FS_JOURNAL_CODE_H
#define KMM_FS_JOURNAL_CODE_H

#include "fs/core/journal.h"

/* No call needs more. */
#define JOURNAL_CALL_BYTES 4608

/* Both return the bytes used at p. */
size_t journal_put_call(u8 *p, const struct call *call);
size_t journal_put_store(u8 *p, const char *path, const char *text, int err);
/* Bytes that journal_put_store() may need. */
size_t journal_store_bytes(const char *path, const char *text);

/* Returns the bytes of the line at p. */
size_t journal_get(const u8 *p, struct journal_line *line);

#endif
