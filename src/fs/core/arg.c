// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kind is one row: how to parse it, how to print it. Flags are matched against
 * the kernel's names: whole, without their prefix, or by any beginning of that which
 * fits one value only; case does not matter.
 */
#include "fs/core/arg.h"

#include "sim/abi/gfp.h"
#include "sim/phys/slab.h"

struct flag_row {
	const char *name;
	u32 value;
};

static int refuse_word(struct out *sentence, const struct word *word, const char *why)
{
	if (sentence) {
		out_quote(sentence, word->text, word->len);
		out_puts(sentence, why);
	}
	return -EBADMSG;
}

/* -- numbers ------------------------------------------------------------------ */

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

/* The digits at p; *p moves behind them. False: none, or beyond 64 bits. */
static bool read_digits(const char **p, const char *end, u64 *value, bool *overflow)
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
	bool overflow;
	int shift;

	*negative = p < end && *p == '-';
	if (*negative)
		p++;
	if (!read_digits(&p, end, value, &overflow))
		return refuse_word(sentence, word, " is not a number");
	if (p < end) {
		shift = suffix_shift(*p);
		if (shift < 0 || p + 1 < end)
			return refuse_word(sentence, word, " is not a number: "
					   "after the digits only K, M, G, T or P");
		if (*value && shift > __builtin_clzll(*value))
			overflow = true;
		else
			*value <<= shift;
	}
	if (overflow || (*negative && *value > 1ULL << 63))
		return refuse_word(sentence, word, " is beyond 64 bits");
	if (*negative)
		*value = -*value;
	return 0;
}

/* Keep a text that must end with NUL. */
static const char *keep(struct arg_env *env, const char *text, size_t len)
{
	char *copy = env->room + env->used;

	memcpy(copy, text, len);
	copy[len] = '\0';
	env->used += len + 1;
	return copy;
}

/* "+4K" or "-4K" behind a name. */
static int read_offset(const struct word *word, const char *p, struct arg *arg,
		       struct out *sentence)
{
	const char *end = word->text + word->len;
	struct word rest = { p + 1, p < end ? end - p - 1 : 0, false };
	bool negative;
	u64 value;

	arg->offset = 0;
	if (p == end)
		return 0;
	if (number_parse(&rest, &value, &negative, NULL) || negative ||
	    value > (u64)INT64_MAX)
		return refuse_word(sentence, word, ": the part behind '@NAME' is no offset: "
				   "write +4K");
	arg->offset = *p == '-' ? -(s64)value : (s64)value;
	return 0;
}

static int find_name(struct arg_env *env, const struct word *word, struct arg *arg,
		     struct out *sentence)
{
	const struct name *name = names_find(env->names, arg->text);

	if (!name)
		return refuse_word(sentence, word, ": nothing is named so: "
				   "'as NAME' behind a call names its result");
	arg->from = ARG_NAME;
	arg->value = name->value + (u64)arg->offset;
	return 0;
}

static bool in_name(char c)
{
	return digit(c) < 16 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c == '.' || c == '-';
}

/* `@`, `@+4K`, `@name`, `@name+4K`. */
static int parse_reference(struct arg_env *env, const struct word *word, struct arg *arg,
			   struct out *sentence)
{
	const char *name = word->text + 1, *end = word->text + word->len, *p = name;
	int err;

	if (p == end || *p != '-') {
		while (p < end && in_name(*p))
			p++;
	}
	if (p < end && *p != '+' && *p != '-')
		return refuse_word(sentence, word, " is not '@', '@NAME' or '@NAME+OFFSET'");
	err = read_offset(word, p, arg, sentence);
	if (err)
		return err;
	if (p > name) {
		if (p - name > NAME_CHARS)
			return refuse_word(sentence, word, ": a name has at most 63 letters");
		arg->len = p - name;
		arg->text = keep(env, name, arg->len);
		return find_name(env, word, arg, sentence);
	}
	if (!env->last)
		return refuse_word(sentence, word, ": no call here has returned an address yet");
	arg->from = ARG_LAST;
	arg->value = *env->last + (u64)arg->offset;
	return 0;
}

static int parse_number(struct arg_env *env, const struct word *word, struct arg *arg,
			struct out *sentence)
{
	bool negative;

	if (word->len && word->text[0] == '@')
		return parse_reference(env, word, arg, sentence);
	if (word->len == 4 && !memcmp(word->text, "NULL", 4)) {
		arg->value = 0;
		return 0;
	}
	return number_parse(word, &arg->value, &negative, sentence);
}

static int parse_unsigned(struct arg_env *env, const struct word *word, struct arg *arg,
			  struct out *sentence)
{
	if (word->len && word->text[0] == '-')
		return refuse_word(sentence, word, " is negative");
	return parse_number(env, word, arg, sentence);
}

static int parse_node(struct arg_env *env, const struct word *word, struct arg *arg,
		      struct out *sentence)
{
	if (word_is(word, "NUMA_NO_NODE")) {
		arg->value = (u64)-1;
		return 0;
	}
	if (word->len && word->text[0] == '@')
		return refuse_word(sentence, word, " is not a node's number");
	return parse_number(env, word, arg, sentence);
}

/* -- time --------------------------------------------------------------------- */

static int parse_time(struct arg_env *env, const struct word *word, struct arg *arg,
		      struct out *sentence)
{
	static const struct { const char *name; u64 ns; } units[] = {
		{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 },
	};
	const char *p = word->text, *end = p + word->len;
	u64 value, unit = 0;
	bool overflow;

	if (!read_digits(&p, end, &value, &overflow))
		return refuse_word(sentence, word, " is not a time: write 10 (jiffies), "
				   "5s, 250ms, 100us or 7ns");
	if (p == end)
		unit = env->jiffy_ns;
	for (unsigned int i = 0; i < ARRAY_SIZE(units) && p < end; i++) {
		struct word rest = { p, end - p, false };

		if (word_is(&rest, units[i].name))
			unit = units[i].ns;
	}
	if (!unit)
		return refuse_word(sentence, word, ": the unit of a time is s, ms, us or ns");
	if (overflow || __builtin_mul_overflow(value, unit, &arg->value))
		return refuse_word(sentence, word, " is beyond 64 bits of nanoseconds");
	return 0;
}

static void print_time(struct out *out, const struct arg *arg)
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

/* -- words -------------------------------------------------------------------- */

static int parse_word(struct arg_env *env, const struct word *word, struct arg *arg,
		      struct out *sentence)
{
	if (!word->len)
		return refuse_word(sentence, word, ": a name is missing");
	if (word->len > 255)
		return refuse_word(sentence, word, ": a name has at most 255 letters");
	for (u32 i = 0; i < word->len; i++) {
		unsigned char c = word->text[i];

		if (c < ' ' || c == 0x7f || c == '"' || c == '\\')
			return refuse_word(sentence, word, " is not a name");
	}
	arg->len = word->len;
	arg->text = keep(env, word->text, word->len);
	return 0;
}

static void print_quoted(struct out *out, const struct arg *arg)
{
	out_putc(out, '"');
	out_write(out, arg->text, arg->len);
	out_putc(out, '"');
}

static void print_word(struct out *out, const struct arg *arg)
{
	static const char plain[] = "-_.:/+";

	for (unsigned int i = 0; i < arg->len; i++) {
		char c = arg->text[i], l = c | 0x20;

		if ((l < 'a' || l > 'z') && (c < '0' || c > '9') && !strchr(plain, c)) {
			print_quoted(out, arg);
			return;
		}
	}
	if (arg->len == 2 && !memcmp(arg->text, "as", 2))
		print_quoted(out, arg);
	else
		out_write(out, arg->text, arg->len);
}

/* -- flags -------------------------------------------------------------------- */

/* Names that gfp_rows[] has not. */
static const struct flag_row gfp_more[] = {
	{ "__GFP_RECLAIM", __GFP_RECLAIM },
	{ "none", 0 },
};

static const struct flag_row slab_rows[] = {
	{ "SLAB_HWCACHE_ALIGN", SLAB_HWCACHE_ALIGN },
	{ "SLAB_RECLAIM_ACCOUNT", SLAB_RECLAIM_ACCOUNT },
	{ "SLAB_PANIC", SLAB_PANIC },
	{ "SLAB_ACCOUNT", SLAB_ACCOUNT },
	{ "SLAB_TYPESAFE_BY_RCU", SLAB_TYPESAFE_BY_RCU },
	{ "SLAB_CACHE_DMA", SLAB_CACHE_DMA },
	{ "SLAB_CACHE_DMA32", SLAB_CACHE_DMA32 },
	{ "SLAB_NO_MERGE", SLAB_NO_MERGE },
	{ "SLAB_POISON", SLAB_POISON },
	{ "SLAB_RED_ZONE", SLAB_RED_ZONE },
	{ "SLAB_STORE_USER", SLAB_STORE_USER },
	{ "SLAB_CONSISTENCY_CHECKS", SLAB_CONSISTENCY_CHECKS },
	{ "SLAB_TEMPORARY", SLAB_TEMPORARY },
	{ "none", 0 },
};

static const char *without_prefix(const char *name)
{
	static const char *const prefixes[] = { "__GFP_", "GFP_", "SLAB_" };

	for (unsigned int i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (!strncmp(name, prefixes[i], len))
			return name + len;
	}
	return name;
}

/* What is known of a word while rows are tried against it. */
struct flag_match {
	const struct word *word;
	u32 value;
	bool exact, found, ambiguous;
	const char *first, *second;	/* two names that both fit */
};

static void try_flag(struct flag_match *match, const char *name, u32 value)
{
	const char *bare = without_prefix(name);

	if (match->exact)
		return;
	if (word_is(match->word, name) || word_is(match->word, bare)) {
		match->exact = match->found = true;
		match->value = value;
		return;
	}
	if (!word_begins(match->word, bare))
		return;
	if (match->found && match->value != value) {
		match->ambiguous = true;
		match->second = name;
		return;
	}
	match->found = true;
	match->value = value;
	match->first = name;
}

typedef void (*flag_table_fn)(struct flag_match *match);

static void try_gfp(struct flag_match *match)
{
	for (unsigned int i = 0; i < nr_gfp_rows; i++)
		try_flag(match, gfp_rows[i].name, gfp_rows[i].value);
	for (unsigned int i = 0; i < ARRAY_SIZE(gfp_more); i++)
		try_flag(match, gfp_more[i].name, gfp_more[i].value);
}

static void try_slab(struct flag_match *match)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(slab_rows); i++)
		try_flag(match, slab_rows[i].name, slab_rows[i].value);
}

static int parse_flag(const struct word *word, flag_table_fn try_table, u64 *value,
		      struct out *sentence)
{
	struct flag_match match = { .word = word };

	if (word->len == 1 && word->text[0] == '0')
		return 0;
	try_table(&match);
	if (!match.found)
		return refuse_word(sentence, word, " is no flag's name");
	if (match.ambiguous && !match.exact) {
		refuse_word(sentence, word, " may mean ");
		if (sentence)
			out_printf(sentence, "%s or %s: write more of it", match.first,
				   match.second);
		return -EBADMSG;
	}
	*value |= match.value;
	return 0;
}

/* Names joined by '|' or ','. */
static int parse_flags(const struct word *word, flag_table_fn try_table, struct arg *arg,
		       struct out *sentence)
{
	const char *p = word->text, *end = p + word->len;

	arg->value = 0;
	for (;;) {
		struct word flag;
		const char *stop = p;
		int err;

		while (stop < end && *stop != '|' && *stop != ',')
			stop++;
		flag.text = p;
		flag.len = stop - p;
		flag.quoted = false;
		flag.len = line_trim(&flag.text, flag.len);
		if (!flag.len)
			return refuse_word(sentence, word, ": a flag's name is missing");
		err = parse_flag(&flag, try_table, &arg->value, sentence);
		if (err)
			return err;
		if (stop == end)
			return 0;
		p = stop + 1;
	}
}

static int parse_gfp(struct arg_env *env, const struct word *word, struct arg *arg,
		     struct out *sentence)
{
	return parse_flags(word, try_gfp, arg, sentence);
}

static int parse_slab(struct arg_env *env, const struct word *word, struct arg *arg,
		      struct out *sentence)
{
	return parse_flags(word, try_slab, arg, sentence);
}

static void print_gfp(struct out *out, const struct arg *arg)
{
	char text[512];

	out_puts(out, gfp_format((gfp_t)arg->value, text, sizeof(text)));
}

static void print_slab(struct out *out, const struct arg *arg)
{
	const char *bar = "";

	if (!arg->value)
		out_puts(out, "0");
	for (unsigned int i = 0; i < ARRAY_SIZE(slab_rows); i++) {
		if (!slab_rows[i].value || !(arg->value & slab_rows[i].value))
			continue;
		out_printf(out, "%s%s", bar, slab_rows[i].name);
		bar = "|";
	}
}

/* -- printing numbers --------------------------------------------------------- */

static void print_signed(struct out *out, const struct arg *arg)
{
	out_printf(out, "%lld", (long long)arg->value);
}

static void print_decimal(struct out *out, const struct arg *arg)
{
	out_u64(out, arg->value, 0);
}

static void print_hex(struct out *out, const struct arg *arg)
{
	out_printf(out, "%#llx", (unsigned long long)arg->value);
}

/* -- the kinds ---------------------------------------------------------------- */

struct kind_row {
	int (*parse)(struct arg_env *env, const struct word *word, struct arg *arg,
		     struct out *sentence);
	void (*print)(struct out *out, const struct arg *arg);
};

static const struct kind_row kinds[NR_ARG_KINDS] = {
	[A_NUMBER] = { parse_number, print_signed },
	[A_SIZE] = { parse_unsigned, print_decimal },
	[A_ADDR] = { parse_unsigned, print_hex },
	[A_GFP] = { parse_gfp, print_gfp },
	[A_ORDER] = { parse_unsigned, print_decimal },
	[A_WORD] = { parse_word, print_word },
	[A_TIME] = { parse_time, print_time },
	[A_SLAB] = { parse_slab, print_slab },
	[A_NODE] = { parse_node, print_signed },
};

int arg_parse(struct arg_env *env, enum arg_kind kind, const struct word *word,
	      struct arg *arg, struct out *sentence)
{
	arg->given = true;
	arg->from = ARG_PLAIN;
	arg->len = 0;
	arg->value = 0;
	arg->offset = 0;
	arg->text = NULL;
	return kinds[kind].parse(env, word, arg, sentence);
}

void arg_print(struct out *out, enum arg_kind kind, const struct arg *arg)
{
	if (arg->from == ARG_PLAIN) {
		kinds[kind].print(out, arg);
		return;
	}
	out_putc(out, '@');
	if (arg->from == ARG_NAME)
		out_write(out, arg->text, arg->len);
	if (arg->offset)
		out_printf(out, "%+lld", (long long)arg->offset);
}

void arg_print_c(struct out *out, enum arg_kind kind, const struct arg *arg)
{
	if (kind == A_WORD)
		print_quoted(out, arg);
	else
		kinds[kind].print(out, arg);
}
