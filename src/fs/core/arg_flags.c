// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flags are matched against the kernel's names: whole, without their prefix, or by
 * any beginning of that which fits one value only; case does not matter.
 */
#include "fs/core/arg_kind.h"

#include "sim/abi/gfp.h"
#include "sim/phys/slab.h"

struct flag_row {
	const char *name;
	u32 value;
};

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
		return arg_refuse(sentence, word, " is no flag's name");
	if (match.ambiguous && !match.exact) {
		arg_refuse(sentence, word, " may mean ");
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
			return arg_refuse(sentence, word, ": a flag's name is missing");
		err = parse_flag(&flag, try_table, &arg->value, sentence);
		if (err)
			return err;
		if (stop == end)
			return 0;
		p = stop + 1;
	}
}

int gfp_parse(struct arg_env *env, const struct word *word, struct arg *arg,
	      struct out *sentence)
{
	return parse_flags(word, try_gfp, arg, sentence);
}

int slab_parse(struct arg_env *env, const struct word *word, struct arg *arg,
	       struct out *sentence)
{
	return parse_flags(word, try_slab, arg, sentence);
}

void gfp_print(struct out *out, const struct arg *arg)
{
	char text[512];

	out_puts(out, gfp_format((gfp_t)arg->value, text, sizeof(text)));
}

void slab_print(struct out *out, const struct arg *arg)
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
