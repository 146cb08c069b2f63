// SPDX-License-Identifier: GPL-2.0-or-later
/* A growing buffer: room multiplies, so that a file of n bytes costs O(n). */
#include "sim/base/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_ROOM 256
#define DOUBLE_FROM 65536	/* smaller ones grow fourfold */

bool out_grow(struct out *out, size_t more)
{
	size_t need = out->len + more + 1;
	size_t room = out->room ? out->room : FIRST_ROOM;
	char *text;

	if (out->failed)
		return false;
	while (room < need)
		room *= room < DOUBLE_FROM ? 4 : 2;
	text = realloc(out->text, room);
	if (!text) {
		out->failed = true;
		out->room = 0;
		return false;
	}
	out->text = text;
	out->room = room;
	return true;
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

#define MAX_DIGITS 20

/* Two digits at a time, from the end; where they begin. */
static unsigned int put_digits(char digits[MAX_DIGITS], u64 value)
{
	static const char pairs[201] =
		"00010203040506070809101112131415161718192021222324"
		"25262728293031323334353637383940414243444546474849"
		"50515253545556575859606162636465666768697071727374"
		"75767778798081828384858687888990919293949596979899";
	unsigned int at = MAX_DIGITS;

	while (value >= 10) {
		at -= 2;
		memcpy(digits + at, pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (value || at == MAX_DIGITS)
		digits[--at] = '0' + value;
	return at;
}

void out_u64(struct out *out, u64 value, int width)
{
	char digits[MAX_DIGITS];
	unsigned int at, len;

	if (value < 10 && width <= 1) {
		out_putc(out, '0' + value);
		return;
	}
	at = put_digits(digits, value);
	len = MAX_DIGITS - at;
	if (width > (int)len)
		out_pad(out, ' ', width - len);
	out_write(out, digits + at, len);
}

void out_s64(struct out *out, s64 value)
{
	if (value < 0)
		out_putc(out, '-');
	out_u64(out, value < 0 ? -(u64)value : (u64)value, 0);
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
