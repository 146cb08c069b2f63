// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bytes are folded in as little-endian words, so that every host gives the same
 * hash; the length goes first, so that "ab","c" differs from "a","bc".
 */
#include "sim/base/digest.h"

#include <inttypes.h>
#include <stdio.h>

static u64 load_le(const u8 *bytes, size_t len)
{
	u64 word = 0;

	for (size_t i = 0; i < len; i++)
		word |= (u64)bytes[i] << (8 * i);
	return word;
}

void digest_bytes(struct digest *d, const void *data, size_t len)
{
	const u8 *bytes = data;

	digest_u64(d, len);
	for (; len >= 8; len -= 8, bytes += 8)
		digest_u64(d, load_le(bytes, 8));
	if (len)
		digest_u64(d, load_le(bytes, len));
}

void digest_string(struct digest *d, const char *text)
{
	digest_bytes(d, text, text ? strlen(text) : 0);
}

void digest_hex(const struct digest *d, char text[33])
{
	struct digest end = *d;

	/* A few more rounds: the last words fed in must reach every bit. */
	digest_u64(&end, d->b);
	digest_u64(&end, d->a);
	snprintf(text, 33, "%016" PRIx64 "%016" PRIx64, end.a, end.b);
}
