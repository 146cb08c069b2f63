/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A history as bytes that may be cut or damaged: records, each a line that a person
 * can read,
 *
 *	CHECKSUM LENGTH TEXT
 *
 * TEXT is LENGTH bytes and may hold newlines of its own. The checksum (CRC-32, eight
 * hexadecimal digits) is that of everything from the first record's length on, other
 * checksums left out: a record that is missing, moved or said twice is found, too.
 */
#ifndef KMM_FS_JOURNAL_RECORD_H
#define KMM_FS_JOURNAL_RECORD_H

#include "sim/base/types.h"

#define RECORD_TEXT 20480	/* no text is longer */
#define RECORD_FRAME 24		/* what else a record takes, at most */

/* Put a record at `to`, which has room. Returns its bytes; *crc goes on. */
size_t journal_record_put(char *to, u32 *crc, const char *text, size_t len);

enum record_state {
	RECORD_WHOLE,
	RECORD_END,		/* the bytes end where a record ends */
	RECORD_CUT,		/* the bytes end within it */
	RECORD_DAMAGED,
};

struct record {
	const char *text;	/* not ended by NUL */
	size_t len;
	size_t bytes;		/* of all of it */
};

/* The record at the start of `bytes`. *crc goes on when it is whole. */
enum record_state journal_record_get(const char *bytes, size_t len, u32 *crc,
				     struct record *record);

#endif
