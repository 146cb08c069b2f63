// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words of a list to an operation: sums of numbers and variables, names of flags. The
 * letters of a row's args say how each word is read; a missing one is 0 but for the
 * few that have another default.
 */
#include "ops.h"

#include <stdlib.h>
#include <string.h>

#include "sim/virt/mmap.h"
#include "sim/virt/task.h"

struct name {
	const char *name;
	s64 value;
};

static const struct name map_flags[] = {
	{ "private", MAP_PRIVATE }, { "shared", MAP_SHARED }, { "anon", MAP_ANONYMOUS },
	{ "fixed", MAP_FIXED }, { "noreplace", MAP_FIXED_NOREPLACE },
	{ "growsdown", MAP_GROWSDOWN }, { "populate", MAP_POPULATE },
	{ "noreserve", MAP_NORESERVE }, { "locked", MAP_LOCKED }, { "stack", MAP_STACK },
	{ "hugetlb", MAP_HUGETLB }, { "validate", MAP_SHARED_VALIDATE },
	{ "32bit", MAP_32BIT }, { "none", 0 }, { "nonblock", MAP_NONBLOCK }, { NULL, 0 },
};

static const struct name advices[] = {
	{ "normal", MADV_NORMAL }, { "random", MADV_RANDOM },
	{ "sequential", MADV_SEQUENTIAL }, { "willneed", MADV_WILLNEED },
	{ "dontneed", MADV_DONTNEED }, { "free", MADV_FREE }, { "remove", MADV_REMOVE },
	{ "dontfork", MADV_DONTFORK }, { "dofork", MADV_DOFORK },
	{ "mergeable", MADV_MERGEABLE }, { "unmergeable", MADV_UNMERGEABLE },
	{ "hugepage", MADV_HUGEPAGE }, { "nohugepage", MADV_NOHUGEPAGE },
	{ "dontdump", MADV_DONTDUMP }, { "dodump", MADV_DODUMP },
	{ "wipeonfork", MADV_WIPEONFORK }, { "keeponfork", MADV_KEEPONFORK },
	{ "cold", MADV_COLD }, { "pageout", MADV_PAGEOUT },
	{ "populate_read", MADV_POPULATE_READ }, { "populate_write", MADV_POPULATE_WRITE },
	{ "dontneed_locked", MADV_DONTNEED_LOCKED }, { "collapse", MADV_COLLAPSE },
	{ "guard_install", MADV_GUARD_INSTALL }, { "guard_remove", MADV_GUARD_REMOVE },
	{ NULL, 0 },
};

static const struct name mremap_flags[] = {
	{ "none", 0 }, { "maymove", MREMAP_MAYMOVE }, { "fixed", MREMAP_FIXED },
	{ "dontunmap", MREMAP_DONTUNMAP }, { NULL, 0 },
};

static const struct name mlockall_flags[] = {
	{ "cur", MCL_CURRENT }, { "fut", MCL_FUTURE }, { "onfault", MCL_ONFAULT }, { NULL, 0 },
};

static const struct name limits[] = {
	{ "as", RLIMIT_AS }, { "data", RLIMIT_DATA }, { "stack", RLIMIT_STACK },
	{ "memlock", RLIMIT_MEMLOCK }, { "rss", RLIMIT_RSS }, { "core", RLIMIT_CORE },
	{ NULL, 0 },
};

void ops_bad(const struct ops *ops, const char *what, const char *word)
{
	printf("!! line %lu: %s: %s\n", ops->line, what, word);
	fflush(stdout);
	exit(3);
}

void ops_set(struct ops *ops, const char *name, s64 value)
{
	unsigned int i = 0;

	while (i < ops->nr_vars && strcmp(ops->vars[i].name, name))
		i++;
	if (i == MAX_VARS)
		ops_bad(ops, "too many variables", name);
	if (i == ops->nr_vars) {
		ops->nr_vars++;
		snprintf(ops->vars[i].name, VAR_CHARS, "%s", name);
	}
	ops->vars[i].value = value;
}

/* A number with its suffix; *text moves behind it. */
static u64 number(const char **text)
{
	static const char suffixes[] = "KMGTP";
	static const u8 shifts[] = { 10, 20, 30, 40, PAGE_SHIFT };
	char *end;
	u64 value = strtoull(*text, &end, 0);
	const char *suffix = *end ? strchr(suffixes, *end) : NULL;

	if (suffix) {
		value <<= shifts[suffix - suffixes];
		end++;
	}
	*text = end;
	return value;
}

static s64 variable(const struct ops *ops, const char **text)
{
	size_t len = strcspn(*text, "+-");

	for (unsigned int i = 0; i < ops->nr_vars; i++) {
		if (strlen(ops->vars[i].name) == len &&
		    !memcmp(ops->vars[i].name, *text, len)) {
			*text += len;
			return ops->vars[i].value;
		}
	}
	ops_bad(ops, "unknown variable", *text);
}

s64 ops_eval(const struct ops *ops, const char *text)
{
	u64 sum = 0;
	bool minus = false;

	if (!text)
		ops_bad(ops, "missing", "argument");
	while (*text) {
		u64 value;

		if (*text == '+' || *text == '-') {
			minus = *text++ == '-';
			continue;
		}
		if (*text >= '0' && *text <= '9')
			value = number(&text);
		else
			value = (u64)variable(ops, &text);
		sum = minus ? sum - value : sum + value;
	}
	return ops_is_32bit(ops) ? (u32)sum : (s64)sum;
}

/* A size, a limit: the program's own word is signed. */
static s64 signed_value(const struct ops *ops, const char *text)
{
	s64 value = ops_eval(ops, text);

	return ops_is_32bit(ops) ? (s32)value : value;
}

static s64 one_name(const struct ops *ops, const char *word, const struct name *rows)
{
	while (rows->name && strcmp(rows->name, word))
		rows++;
	if (rows->name)
		return rows->value;
	if (*word < '0' || *word > '9')
		ops_bad(ops, "unknown name", word);
	return strtoll(word, NULL, 0);
}

static s64 names(const struct ops *ops, const char *text, const struct name *rows)
{
	char copy[256], *state;
	s64 value = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, ",", &state); w; w = strtok_r(NULL, ",", &state))
		value |= one_name(ops, w, rows);
	return value;
}

static s64 protection(const struct ops *ops, const char *text)
{
	static const char letters[] = "rwxg-";
	static const u32 bits[] = { PROT_READ, PROT_WRITE, PROT_EXEC, PROT_GROWSDOWN, 0 };
	s64 value = 0;

	if (!strcmp(text, "none"))
		return 0;
	if (*text >= '0' && *text <= '9')
		return strtoll(text, NULL, 0);
	for (const char *p = text; *p; p++) {
		const char *letter = strchr(letters, *p);

		if (!letter)
			ops_bad(ops, "prot", text);
		value |= bits[letter - letters];
	}
	return value;
}

static s64 argument(const struct ops *ops, char letter, const char *word)
{
	switch (letter) {
	case 'p': return protection(ops, word);
	case 'm': return names(ops, word, map_flags);
	case 'd': return names(ops, word, advices);
	case 'r': return names(ops, word, mremap_flags);
	case 'a': return names(ops, word, mlockall_flags);
	case 'l': return names(ops, word, limits);
	case 'i': return strcmp(word, "inf") ? signed_value(ops, word) : -1;
	case 'o': case 'F': case 'N': case 'P': return signed_value(ops, word);
	case 'x': return word[0] - 'A';
	case 'y': return word[0] == '-' ? -1 : word[0] - 'A';
	case 'b': return !strcmp(word, "off");
	case 'e': return (s64)(ADDR_NO_RANDOMIZE | (strcmp(word, "rie") ? 0 : READ_IMPLIES_EXEC));
	default: return ops_eval(ops, word);
	}
}

/* What a word that is not there stands for, by its letter; capitals have a default. */
static s64 missing(const struct ops *ops, char letter)
{
	switch (letter) {
	case 'v': case 'o': case 'i': return 0;
	case 'F': return -1;	/* no file */
	case 'N': return 1;	/* one page */
	case 'T': return 2;	/* both ranges */
	case 'P': return PAGE_SIZE;
	default: ops_bad(ops, "missing", "argument");
	}
}

void ops_parse(const struct ops *ops, char *const *words, unsigned int nr_words,
	       struct op *op)
{
	unsigned int slot = 0;

	*op = (struct op){ .nr_args = nr_words - 1 };
	for (unsigned int i = 0; i < nr_op_rows; i++)
		if (!strcmp(op_rows[i].name, words[0]))
			op->row = &op_rows[i];
	if (!op->row)
		ops_bad(ops, "unknown op", words[0]);
	for (unsigned int i = 0; op->row->args[i]; i++) {
		const char *word = i < op->nr_args ? words[i + 1] : NULL;
		char letter = op->row->args[i];

		if (word && letter == 's')
			snprintf(op->s, sizeof(op->s), "%s", word);
		else if (word && letter == 't')
			snprintf(op->t, sizeof(op->t), "%s", word);
		else
			op->a[slot++] = word ? argument(ops, letter, word) :
					missing(ops, letter);
	}
}
