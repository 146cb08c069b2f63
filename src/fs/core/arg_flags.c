// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flags are matched against the kernel's names: whole, without their prefix, or by
 * any beginning of that which fits one value only; case does not matter.
 */
#include "fs/core/arg_kind.h"

#include "sim/abi/gfp.h"
#include "sim/phys/slab.h"
#include "sim/virt/cred.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pagemap_scan.h"
#include "sim/virt/prctl.h"
#include "sim/virt/shm.h"
#include "sim/virt/swap.h"
#include "sim/virt/userfaultfd.h"

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
	{ "SLAB_TRACE", SLAB_TRACE },
	{ "SLAB_FAILSLAB", SLAB_FAILSLAB },
	{ "SLAB_TEMPORARY", SLAB_TEMPORARY },
	{ "none", 0 },
};

/* Flags of system calls; kinds lie together. */
struct call_flag {
	u8 kind;		/* enum arg_kind */
	const char *prefix, *name;
	u32 value;
};

static const struct call_flag call_flags[] = {
#define FLAG(flag_kind, before, flag, number) { A_##flag_kind, before, flag, number },
#include "fs/core/arg_flags.def"
#undef FLAG
};

/* What is known of a word while rows are tried against it. */
struct flag_match {
	const struct word *word;
	u32 value;
	bool exact, found, ambiguous;
	const char *first, *second;	/* two names that both fit */
};

/* Is the word the prefix and the name together? */
static bool is_whole(const struct word *word, const char *prefix, const char *name)
{
	size_t len = strlen(prefix);
	struct word head = { word->text, len, false };
	struct word tail = { word->text + len, word->len - len, false };

	return word->len > len && word_is(&head, prefix) && word_is(&tail, name);
}

static void try_bare(struct flag_match *match, const char *prefix, const char *name,
		     u32 value)
{
	if (match->exact)
		return;
	if (word_is(match->word, name) || is_whole(match->word, prefix, name)) {
		match->exact = match->found = true;
		match->value = value;
		return;
	}
	if (!word_begins(match->word, name))
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

/* A name with its prefix in it. */
static void try_flag(struct flag_match *match, const char *name, u32 value)
{
	static const char *const prefixes[] = { "__GFP_", "GFP_", "SLAB_" };

	for (unsigned int i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i]);

		if (!strncmp(name, prefixes[i], len)) {
			try_bare(match, prefixes[i], name + len, value);
			return;
		}
	}
	try_bare(match, "", name, value);
}

typedef void (*flag_table_fn)(struct flag_match *match, enum arg_kind kind);

static void try_gfp(struct flag_match *match, enum arg_kind kind)
{
	for (unsigned int i = 0; i < nr_gfp_rows; i++)
		try_flag(match, gfp_rows[i].name, gfp_rows[i].value);
	for (unsigned int i = 0; i < ARRAY_SIZE(gfp_more); i++)
		try_flag(match, gfp_more[i].name, gfp_more[i].value);
}

static void try_slab(struct flag_match *match, enum arg_kind kind)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(slab_rows); i++)
		try_flag(match, slab_rows[i].name, slab_rows[i].value);
}

static void try_call(struct flag_match *match, enum arg_kind kind)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(call_flags); i++) {
		const struct call_flag *flag = &call_flags[i];

		if (flag->kind == kind)
			try_bare(match, flag->prefix, flag->name, flag->value);
	}
}

/* A size of huge pages as strace says it: 21<<MAP_HUGE_SHIFT. */
static bool huge_size(const struct word *word, u64 *value)
{
	static const char *const shifts[] = { "<<MAP_HUGE_SHIFT", "<<MFD_HUGE_SHIFT",
					      "<<SHM_HUGE_SHIFT" };

	for (unsigned int i = 0; i < ARRAY_SIZE(shifts); i++) {
		size_t len = strlen(shifts[i]);
		struct word digits = { .text = word->text, .len = word->len - len };
		bool negative;
		u64 number;

		if (word->len <= len || memcmp(word->text + digits.len, shifts[i], len) ||
		    number_parse(&digits, &number, &negative, NULL) || number > 63)
			continue;
		*value |= number << 26;
		return true;
	}
	return false;
}

/* Rights are octal where they begin with 0, as everywhere: 0600. */
static bool octal_parse(const struct word *word, u64 *value)
{
	u64 number = 0;

	if (word->len < 2 || word->len > 8 || word->text[0] != '0')
		return false;
	for (u32 i = 1; i < word->len; i++) {
		if (word->text[i] < '0' || word->text[i] > '7')
			return false;
		number = number << 3 | (u64)(word->text[i] - '0');
	}
	*value |= number;
	return true;
}

static int parse_flag(const struct word *word, flag_table_fn try_table, enum arg_kind kind,
		      u64 *value, struct out *sentence)
{
	struct flag_match match = { .word = word };
	bool negative;
	u64 number;

	if (word->len == 1 && word->text[0] == '0')
		return 0;
	if (kind == A_SHMGET && octal_parse(word, value))
		return 0;
	if (try_table == try_call && word->text[0] >= '0' && word->text[0] <= '9' &&
	    !number_parse(word, &number, &negative, NULL)) {
		*value |= number;
		return 0;
	}
	if (try_table == try_call && huge_size(word, value))
		return 0;
	try_table(&match, kind);
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
static int parse_flags(const struct word *word, flag_table_fn try_table,
		       enum arg_kind kind, struct arg *arg, struct out *sentence)
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
		err = parse_flag(&flag, try_table, kind, &arg->value, sentence);
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
	return parse_flags(word, try_gfp, A_GFP, arg, sentence);
}

int slab_parse(struct arg_env *env, const struct word *word, struct arg *arg,
	       struct out *sentence)
{
	return parse_flags(word, try_slab, A_SLAB, arg, sentence);
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

int call_flag_exact(enum arg_kind kind, const struct word *word, u64 *value)
{
	struct flag_match match = { .word = word };

	try_call(&match, kind);
	*value = match.exact ? match.value : 0;
	return match.exact ? 0 : -EBADMSG;
}

int call_flags_parse(enum arg_kind kind, const struct word *word, struct arg *arg,
		     struct out *sentence)
{
	return parse_flags(word, try_call, kind, arg, sentence);
}

/* The row that prints best what is left of a value; NULL: none fits. */
static const struct call_flag *flag_for(enum arg_kind kind, u64 rest, bool whole)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(call_flags); i++) {
		const struct call_flag *flag = &call_flags[i];

		if (flag->kind != kind)
			continue;
		if (flag->value == rest || (!whole && flag->value && !(flag->value & ~rest)))
			return flag;
	}
	return NULL;
}

/* No bits that are joined: a value that no row has is a number. */
static bool one_of_a_list(enum arg_kind kind)
{
	switch (kind) {
	case A_MADV:
	case A_SIGNAL:
	case A_RLIMIT:
	case A_WHENCE:
	case A_FCNTL:
	case A_FADV:
	case A_PRCTL:
	case A_VALUE:
	case A_SHMCTL:
		return true;
	default:
		return false;
	}
}

void call_flags_print(struct out *out, enum arg_kind kind, const struct arg *arg)
{
	const struct call_flag *flag = flag_for(kind, arg->value, true);
	u64 rest = arg->value;
	const char *bar = "";

	if (flag || !rest || one_of_a_list(kind)) {
		if (flag)
			out_printf(out, "%s%s", flag->prefix, flag->name);
		else
			out_printf(out, "%lld", (long long)rest);
		return;
	}
	while (rest && (flag = flag_for(kind, rest, false))) {
		out_printf(out, "%s%s%s", bar, flag->prefix, flag->name);
		rest &= ~(u64)flag->value;
		bar = "|";
	}
	if (rest)
		out_printf(out, "%s%#llx", bar, (unsigned long long)rest);
}
