/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cursor walks over the text; scan_number() is the only place that reads digits,
 * and refuses what does not fit into 64 bits.
 */
#include "sim/boot/config_value.h"

#include <glib.h>

static const char size_letters[] = "KMGTP";

static bool fail(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

static void skip_blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		(*p)++;
}

static bool scan_number(const char **p, u64 *value, const char **why)
{
	const char *s = *p;
	unsigned int base = 10;
	u64 n = 0;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (!g_ascii_isxdigit(*s) || g_ascii_xdigit_value(*s) >= (int)base)
		return fail(why, "a number is decimal, or hexadecimal behind 0x");
	for (; g_ascii_isxdigit(*s) && g_ascii_xdigit_value(*s) < (int)base; s++) {
		if (__builtin_mul_overflow(n, base, &n) ||
		    __builtin_add_overflow(n, (u64)g_ascii_xdigit_value(*s), &n))
			return fail(why, "the number is too large");
	}
	*p = s;
	*value = n;
	return true;
}

bool config_value_u64(const char *text, u64 *value, const char **why)
{
	if (!scan_number(&text, value, why))
		return false;
	if (*text)
		return fail(why, "a number is decimal, or hexadecimal behind 0x");
	return true;
}

bool config_value_int(const char *text, s64 *value, const char **why)
{
	bool negative = *text == '-';
	u64 n;

	text += negative;
	if (!config_value_u64(text, &n, why))
		return false;
	if (n > INT64_MAX)
		return fail(why, "the number is too large");
	*value = negative ? -(s64)n : (s64)n;
	return true;
}

bool config_value_size(const char *text, u64 *bytes, const char **why)
{
	const char *letter;
	u64 n;

	if (!scan_number(&text, &n, why))
		return false;
	letter = *text ? strchr(size_letters, g_ascii_toupper(*text)) : NULL;
	if (letter) {
		u64 unit = 1ULL << (10 * (letter - size_letters + 1));

		if (__builtin_mul_overflow(n, unit, &n))
			return fail(why, "the size is too large");
		text++;
	}
	if (*text)
		return fail(why, "a size is a number with K, M, G, T or P behind it");
	*bytes = n;
	return true;
}

bool config_value_bool(const char *text, bool *value, const char **why)
{
	static const char *const yes[] = { "y", "yes", "true", "on", "1" };
	static const char *const no[] = { "n", "no", "false", "off", "0" };

	for (unsigned int i = 0; i < ARRAY_SIZE(yes); i++) {
		bool is_yes = !g_ascii_strcasecmp(text, yes[i]);

		if (is_yes || !g_ascii_strcasecmp(text, no[i])) {
			*value = is_yes;
			return true;
		}
	}
	return fail(why, "it is y or n");
}

static bool scan_range(const char **p, struct phys_range *range, const char **why)
{
	static const char form[] = "a range is START-END, both hexadecimal behind 0x, "
				   "the last byte included";

	if (!scan_number(p, &range->start, why))
		return fail(why, form);
	if (**p != '-')
		return fail(why, form);
	(*p)++;
	if (!scan_number(p, &range->end, why))
		return fail(why, form);
	if (**p && !strchr(" \t,", **p))
		return fail(why, form);
	if (range->end < range->start)
		return fail(why, "the range ends before it starts");
	if (range->end >= CONFIG_ADDR_END)
		return fail(why, "addresses have at most 52 bits");
	range->end++;
	return true;
}

unsigned int config_value_ranges(const char *text, struct phys_range **ranges,
				 const char **why)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(struct phys_range));
	unsigned int nr;

	skip_blanks(&text);
	*why = "a range is START-END, for example 0x100000-0x7fffffff";
	while (*text) {
		struct phys_range range;

		if (!scan_range(&text, &range, why)) {
			g_array_free(found, TRUE);
			return 0;
		}
		g_array_append_val(found, range);
		skip_blanks(&text);
		if (*text == ',')
			text++;
		skip_blanks(&text);
	}
	nr = found->len;
	*ranges = (struct phys_range *)(void *)g_array_free(found, nr == 0);
	return nr;
}

bool config_value_list(const char *text, u64 *words, unsigned int nbits, const char **why)
{
	skip_blanks(&text);
	while (*text) {
		u64 first, last;

		if (!scan_number(&text, &first, why))
			return fail(why, "a list looks like 0-3,7");
		last = first;
		if (*text == '-') {
			text++;
			if (!scan_number(&text, &last, why))
				return fail(why, "a list looks like 0-3,7");
		}
		if (last < first)
			return fail(why, "the range ends before it starts");
		if (last >= nbits)
			return fail(why, "at most 512 CPUs are simulated: 0 to 511");
		for (u64 i = first; i <= last; i++)
			words[i / 64] |= 1ULL << (i % 64);
		skip_blanks(&text);
		if (!*text)
			break;
		if (*text != ',' || !text[1])
			return fail(why, "a list looks like 0-3,7");
		text++;
		skip_blanks(&text);
	}
	return true;
}

bool config_value_u16s(const char *text, u16 *values, unsigned int max, unsigned int *nr,
		       const char **why)
{
	*nr = 0;
	for (skip_blanks(&text); *text; skip_blanks(&text)) {
		u64 n;

		if (*nr == max)
			return fail(why, "there are more numbers than nodes");
		if (!scan_number(&text, &n, why))
			return false;
		if (n > UINT16_MAX)
			return fail(why, "the number is too large");
		if (*text && !strchr(" \t,", *text))
			return fail(why, "numbers have blanks between them");
		if (*text == ',')
			text++;
		values[(*nr)++] = (u16)n;
	}
	return true;
}
