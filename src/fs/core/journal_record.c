// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is read was perhaps never written: nothing is believed before the checksum
 * fits. A record that does not end is taken for cut when no newline follows, as there
 * would be one if the length were what is wrong.
 */
#include "fs/core/journal_record.h"

#include <stdio.h>
#include <zlib.h>

#define CRC_DIGITS 8

size_t journal_record_put(char *to, u32 *crc, const char *text, size_t len)
{
	char *p = to + CRC_DIGITS + 1;
	char head[CRC_DIGITS + 2];

	p += sprintf(p, "%zu ", len);
	memcpy(p, text, len);
	p += len;
	*p++ = '\n';
	*crc = crc32(*crc, (const Bytef *)to + CRC_DIGITS + 1, p - to - CRC_DIGITS - 1);
	snprintf(head, sizeof(head), "%08x ", *crc);
	memcpy(to, head, CRC_DIGITS + 1);
	return p - to;
}

/* Digits and a blank: how many bytes; 0: something else, or they end before it. */
static size_t get_checksum(const char *bytes, size_t len, u32 *value)
{
	*value = 0;
	for (size_t i = 0; i < len && i <= CRC_DIGITS; i++) {
		char c = bytes[i];

		if (i == CRC_DIGITS)
			return c == ' ' ? i + 1 : 0;
		if (c >= '0' && c <= '9')
			*value = *value << 4 | (u32)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (u32)(c - 'a' + 10);
		else
			return 0;
	}
	return 0;
}

static size_t get_length(const char *bytes, size_t len, size_t *value)
{
	*value = 0;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == ' ')
			return i ? i + 1 : 0;
		if (bytes[i] < '0' || bytes[i] > '9' || (i && !*value))
			return 0;
		*value = *value * 10 + (size_t)(bytes[i] - '0');
		if (*value > RECORD_TEXT)
			return 0;
	}
	return 0;
}

static enum record_state cut_or_damaged(const char *bytes, size_t len)
{
	return memchr(bytes, '\n', len) || len > RECORD_TEXT + RECORD_FRAME ? RECORD_DAMAGED :
									     RECORD_CUT;
}

enum record_state journal_record_get(const char *bytes, size_t len, u32 *crc,
				     struct record *record)
{
	size_t head, length, text;
	u32 want, found;

	if (!len)
		return RECORD_END;
	head = get_checksum(bytes, len, &want);
	length = head ? get_length(bytes + head, len - head, &text) : 0;
	if (!length || len - head - length <= text)
		return cut_or_damaged(bytes, len);
	*record = (struct record){ bytes + head + length, text, head + length + text + 1 };
	found = crc32(*crc, (const Bytef *)bytes + head, record->bytes - head);
	if (found != want || bytes[record->bytes - 1] != '\n')
		return RECORD_DAMAGED;
	*crc = found;
	return RECORD_WHOLE;
}
