// SPDX-License-Identifier: GPL-2.0-or-later
/* As lib/cmdline.c: where it stops, and what wraps, is part of the rule. */
#include "sim/base/memparse.h"

/* The value of a digit; 16: it is none. */
static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;
}

/* simple_strtoull(): 0x is hexadecimal, 0 octal; no sign, and what is too large wraps. */
static u64 simple_strtoull(const char *text, const char **end)
{
	unsigned int base = 10;
	u64 value = 0;

	if (text[0] == '0') {
		bool hex = (text[1] | 0x20) == 'x' && digit_value(text[2]) < 16;

		base = hex ? 16 : 8;
		text += hex ? 2 : 0;
	}
	while (digit_value(*text) < base)
		value = value * base + digit_value(*text++);
	*end = text;
	return value;
}

u64 memparse(const char *text, const char **end)
{
	static const char units[] = "KMGTPE";
	const char *stop;
	u64 value = simple_strtoull(text, &stop);
	const char *unit = NULL;

	if (*stop)
		unit = strchr(units, *stop & ~0x20);
	if (unit && *unit) {
		value <<= 10 * (unit - units + 1);
		stop++;
	}
	if (end)
		*end = stop;
	return value;
}
