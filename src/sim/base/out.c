// SPDX-License-Identifier: GPL-2.0-or-later
/* A growing buffer: room doubles, so that a file of n bytes costs O(n). */
#include "sim/base/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool out_reserve(struct out *out, size_t more)
{
	size_t need = out->len + more + 1;
	size_t room = out->room ? out->room : 256;
	char *text;

	if (out->failed)
		return false;
	if (need <= out->room)
		return true;
	while (room < need)
		room *= 2;
	text = realloc(out->text, room);
	if (!text) {
		out->failed = true;
		return false;
	}
	out->text = text;
	out->room = room;
	return true;
}

void out_write(struct out *out, const void *data, size_t len)
{
	if (!out_reserve(out, len))
		return;
	memcpy(out->text + out->len, data, len);
	out->len += len;
	out->text[out->len] = '\0';
}

void out_putc(struct out *out, char c)
{
	out_write(out, &c, 1);
}

void out_puts(struct out *out, const char *text)
{
	out_write(out, text, strlen(text));
}

void out_pad(struct out *out, char c, size_t n)
{
	if (!out_reserve(out, n))
		return;
	memset(out->text + out->len, c, n);
	out->len += n;
	out->text[out->len] = '\0';
}

void out_printf(struct out *out, const char *fmt, ...)
{
	va_list args;
	int len;

	if (!out_reserve(out, 120))
		return;
	va_start(args, fmt);
	len = vsnprintf(out->text + out->len, out->room - out->len, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	if ((size_t)len >= out->room - out->len) {
		if (!out_reserve(out, len)) {
			out->text[out->len] = '\0';
			return;
		}
		va_start(args, fmt);
		vsnprintf(out->text + out->len, out->room - out->len, fmt, args);
		va_end(args);
	}
	out->len += len;
}

void out_u64(struct out *out, u64 value, int width)
{
	char digits[24];
	int at = sizeof(digits);

	do {
		digits[--at] = '0' + value % 10;
		value /= 10;
	} while (value);
	if (width > (int)sizeof(digits) - at)
		out_pad(out, ' ', width - (sizeof(digits) - at));
	out_write(out, digits + at, sizeof(digits) - at);
}

static bool bit_is_set(const u64 *words, unsigned int bit)
{
	return words[bit / 64] >> (bit % 64) & 1;
}

void out_bitmap_list(struct out *out, const u64 *words, unsigned int nbits)
{
	const char *comma = "";

	for (unsigned int bit = 0; bit < nbits; bit++) {
		unsigned int first = bit;

		if (!bit_is_set(words, bit))
			continue;
		while (bit + 1 < nbits && bit_is_set(words, bit + 1))
			bit++;
		out_printf(out, "%s%u", comma, first);
		if (bit > first)
			out_printf(out, "-%u", bit);
		comma = ",";
	}
}

void out_bitmap_mask(struct out *out, const u64 *words, unsigned int nbits)
{
	unsigned int chunks = nbits ? DIV_ROUND_UP(nbits, 32) : 1;

	for (unsigned int chunk = chunks; chunk-- > 0;) {
		u32 word = words[chunk / 2] >> (chunk % 2 * 32);
		unsigned int bits = nbits - chunk * 32;

		if (bits < 32)
			word &= (1U << bits) - 1;
		if (chunk == chunks - 1)
			out_printf(out, "%0*x", (int)DIV_ROUND_UP(MIN(bits, 32), 4), word);
		else
			out_printf(out, ",%08x", word);
	}
}

int out_error(const struct out *out)
{
	return out->failed ? -ENOMEM : 0;
}

void out_clear(struct out *out)
{
	out->len = 0;
	out->failed = false;
	if (out->text)
		out->text[0] = '\0';
}

void out_free(struct out *out)
{
	free(out->text);
	*out = (struct out)OUT_INIT;
}
