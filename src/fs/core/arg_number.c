// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers as people write them: decimal, hex, negative, with a size's or a time's unit. */
#include "fs/core/arg_kind.h"

int arg_refuse(struct out *sentence, const struct word *word, const char *why)
{
	if (sentence) {
		out_quote(sentence, word->text, word->len);
		out_puts(sentence, why);
	}
	return -EBADMSG;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Shift of a size suffix, or -1. */
static int suffix_shift(char c)
{
	static const char suffixes[] = "KMGTP";
	const char *at = memchr(suffixes, c & ~0x20, sizeof(suffixes) - 1);

	return at ? 10 * (int)(at - suffixes + 1) : -1;
}

bool number_digits(const char **p, const char *end, u64 *value, bool *overflow)
{
	unsigned int base = 10;
	const char *start;

	if (end - *p > 2 && **p == '0' && ((*p)[1] | 0x20) == 'x') {
		base = 16;
		*p += 2;
	}
	start = *p;
	*value = 0;
	*overflow = false;
	for (; *p < end && digit(**p) < (int)base; (*p)++) {
		if (__builtin_mul_overflow(*value, base, value) ||
		    __builtin_add_overflow(*value, (u64)digit(**p), value))
			*overflow = true;
	}
	return *p > start;
}

int number_parse(const struct word *word, u64 *value, bool *negative,
		 struct out *sentence)
{
	const char *p = word->text, *end = p + word->len;
	bool overflow, factor_overflow;
	u64 factor;
	int shift;

	*negative = p < end && *p == '-';
	if (*negative)
		p++;
	if (!number_digits(&p, end, value, &overflow))
		return arg_refuse(sentence, word, " is not a number");
	if (p < end && *p == '*') {
		p++;
		if (!number_digits(&p, end, &factor, &factor_overflow) || p < end)
			return arg_refuse(sentence, word, " is not a product of two numbers");
		overflow |= factor_overflow | __builtin_mul_overflow(*value, factor, value);
	} else if (p < end) {
		shift = suffix_shift(*p);
		if (shift < 0 || p + 1 < end)
			return arg_refuse(sentence, word, " is not a number: "
					  "after the digits only K, M, G, T or P");
		if (*value && shift > __builtin_clzll(*value))
			overflow = true;
		else
			*value <<= shift;
	}
	if (overflow || (*negative && *value > 1ULL << 63))
		return arg_refuse(sentence, word, " is beyond 64 bits");
	if (*negative)
		*value = -*value;
	return 0;
}

int time_parse(struct arg_env *env, const struct word *word, struct arg *arg,
	       struct out *sentence)
{
	static const struct { const char *name; u64 ns; } units[] = {
		{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
	};
	const char *p = word->text, *end = p + word->len;
	u64 value, unit = 0;
	bool overflow;

	if (!number_digits(&p, end, &value, &overflow))
		return arg_refuse(sentence, word, " is not a time: write 10 (jiffies), "
				  "5s, 250ms, 100us or 7ns");
	if (p == end)
		unit = env->jiffy_ns;
	for (unsigned int i = 0; i < ARRAY_SIZE(units) && p < end; i++) {
		struct word rest = { p, end - p, false };

		if (word_is(&rest, units[i].name))
			unit = units[i].ns;
	}
	if (!unit)
		return arg_refuse(sentence, word, ": the unit of a time is s, ms, us or ns");
	if (overflow || __builtin_mul_overflow(value, unit, &arg->value))
		return arg_refuse(sentence, word, " is beyond 64 bits of nanoseconds");
	return 0;
}

void time_print(struct out *out, const struct arg *arg)
{
	u64 ns = arg->value;

	if (ns % 1000000000 == 0)
		out_printf(out, "%llus", (unsigned long long)(ns / 1000000000));
	else if (ns % 1000000 == 0)
		out_printf(out, "%llums", (unsigned long long)(ns / 1000000));
	else if (ns % 1000 == 0)
		out_printf(out, "%lluus", (unsigned long long)(ns / 1000));
	else
		out_printf(out, "%lluns", (unsigned long long)ns);
}

/* -- sets ----------------------------------------------------------------------- */

#define SET_BITS 64

/* "0-3" or "2" at *p, which moves behind it. */
static bool read_range(const char **p, const char *end, u64 *set)
{
	u64 first, last;
	bool overflow;

	if (!number_digits(p, end, &first, &overflow) || overflow)
		return false;
	last = first;
	if (*p < end && **p == '-') {
		++*p;
		if (!number_digits(p, end, &last, &overflow) || overflow)
			return false;
	}
	if (last < first || last >= SET_BITS)
		return false;
	for (; first <= last; first++)
		*set |= 1ULL << first;
	return true;
}

/* "[0x3]", as strace prints it; "[]". */
static bool read_mask(const char *p, const char *end, u64 *set)
{
	bool overflow;

	if (end - p < 2 || end[-1] != ']')
		return false;
	p++;
	end--;
	return p == end || (number_digits(&p, end, set, &overflow) && !overflow && p == end);
}

/* "0-1,3", and "0 1 3" as strace has it. */
static bool separates(char c)
{
	return c == ',' || c == ' ';
}

int nodes_parse(struct arg_env *env, const struct word *word, struct arg *arg,
		struct out *sentence)
{
	const char *p = word->text, *end = p + word->len;
	bool read = word->len;

	(void)env;
	if (word_is(word, "NULL") || word_is(word, "none"))
		return 0;
	if (word_is(word, "all")) {
		arg->value = ~0ULL;
		return 0;
	}
	if (word->len && *p == '[') {
		read = read_mask(p, end, &arg->value);
	} else {
		for (; read && p < end; p += p < end && separates(*p))
			read = read_range(&p, end, &arg->value) &&
			       (p == end || (separates(*p) && p + 1 < end));
	}
	return read ? 0 : arg_refuse(sentence, word, " is no set of numbers up to 63: write "
				     "0-1,3 or [0xb] or all");
}

void nodes_print(struct out *out, const struct arg *arg)
{
	if (arg->value)
		out_printf(out, "[%#llx]", (unsigned long long)arg->value);
	else
		out_puts(out, "NULL");
}
