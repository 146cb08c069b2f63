// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A row says which of the arguments are wanted, and in what order. The verbs that ioctl is
 * have results of their own: where the kernel's is only 0, success is what is expected.
 */
#include "fs/core/strace_form.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Items of `take`, by the number of an argument from 1 on:
 *	3	the argument
 *	3.key	what is behind `key=` in it; nothing where it has none, or is NULL
 *	3[	each element of the list that it is
 *	3#	the list, as one word without its brackets
 *	3{	address and length of each iovec of the list
 *	3+	the sum of the lengths of the list's iovecs
 * A row is meant if the number of arguments is right, and those are lists and structures
 * that are to be.
 */
struct row {
	const char *name;
	const char *request;	/* ioctl's, the second argument */
	const char *verb;
	const char *take;
	unsigned int nr;
	bool returns_0;
};

static const struct row rows[] = {
	{ "read", NULL, "read", "1 3", 3 },
	{ "write", NULL, "write", "1 3", 3 },
	{ "pread64", NULL, "pread64", "1 3 4", 4 },
	{ "pwrite64", NULL, "pwrite64", "1 3 4", 4 },
	{ "readv", NULL, "read", "1 2+", 3 },
	{ "writev", NULL, "write", "1 2+", 3 },
	{ "preadv", NULL, "pread64", "1 2+ 4", 4 },
	{ "pwritev", NULL, "pwrite64", "1 2+ 4", 4 },
	{ "mincore", NULL, "mincore", "1 2", 3 },
	{ "prlimit64", NULL, "prlimit", "1 2 3.rlim_cur 3.rlim_max", 4 },
	{ "setrlimit", NULL, "setrlimit", "1 2.rlim_cur 2.rlim_max", 2 },
	{ "getrlimit", NULL, "getrlimit", "1", 2, .returns_0 = true },
	{ "execve", NULL, "execve", "1 2[", 3 },
	{ "clone", NULL, "clone", "2.flags", 2 },
	{ "clone", NULL, "clone", "2.flags", 3 },
	{ "clone", NULL, "clone", "2.flags", 4 },
	{ "clone", NULL, "clone", "2.flags", 5 },
	{ "clone3", NULL, "clone", "1.flags 1.exit_signal", 2 },
	{ "wait4", NULL, "wait4", "1 3", 4 },
	{ "sched_setaffinity", NULL, "sched_setaffinity", "1 3#", 3 },
	{ "getcpu", NULL, "getcpu", "", 3, .returns_0 = true },
	{ "get_mempolicy", NULL, "get_mempolicy", "4 5", 5, .returns_0 = true },
	{ "move_pages", NULL, "move_pages", "1 3# 2 4# 6", 6 },
	{ "move_pages", NULL, "move_pages", "1 3# 2 4 6", 6 },
	{ "process_madvise", NULL, "process_madvise", "1 4 5 2{", 5 },
	{ "process_vm_readv", NULL, "process_vm_readv", "1 2{ 4{", 6 },
	{ "process_vm_writev", NULL, "process_vm_writev", "1 2{ 4{", 6 },
	{ "ioctl", "UFFDIO_API", "uffdio_api", "1 3.features 3.api", 3, true },
	{ "ioctl", "UFFDIO_REGISTER", "uffdio_register", "1 3.start 3.len 3.mode", 3, true },
	{ "ioctl", "UFFDIO_UNREGISTER", "uffdio_unregister", "1 3.start 3.len", 3, true },
	{ "ioctl", "UFFDIO_WAKE", "uffdio_wake", "1 3.start 3.len", 3, true },
	{ "ioctl", "UFFDIO_COPY", "uffdio_copy", "1 3.dst 3.src 3.len 3.mode", 3, true },
	{ "ioctl", "UFFDIO_ZEROPAGE", "uffdio_zeropage", "1 3.start 3.len 3.mode", 3, true },
	{ "ioctl", "UFFDIO_CONTINUE", "uffdio_continue", "1 3.start 3.len 3.mode", 3, true },
	{ "ioctl", "UFFDIO_POISON", "uffdio_poison", "1 3.start 3.len 3.mode", 3, true },
	{ "ioctl", "UFFDIO_MOVE", "uffdio_move", "1 3.dst 3.src 3.len 3.mode", 3, true },
	{ "ioctl", "UFFDIO_WRITEPROTECT", "uffdio_writeprotect", "1 3.start 3.len 3.mode", 3,
	  true },
};

/* Other names of calls: those of 32-bit programs, and with 64-bit offsets. */
static const struct {
	const char *name, *verb;
} aliases[] = {
	{ "mmap2", "mmap" }, { "ugetrlimit", "getrlimit" }, { "prlimit64", "prlimit" },
	{ "ftruncate64", "ftruncate" }, { "truncate64", "truncate" }, { "fcntl64", "fcntl" },
	{ "fadvise64_64", "fadvise64" }, { "waitpid", "wait4" },
};

/* Of most names the first character is another: each row asks, for lines in strace's form. */
static bool same(const struct word *word, const char *name)
{
	return word->len && *word->text == *name && word->len == strlen(name) &&
	       !memcmp(word->text, name, word->len);
}

/* `*end` is that of the part of text that begins at p: a comma or a bracket that closes. */
static const char *part_end(const char *p, const char *end)
{
	bool quoted = false;
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\')
			p++;
		else if (!quoted && strchr("[{(", *p))
			depth++;
		else if (!quoted && (strchr("]})", *p) ? !depth-- : *p == ',' && !depth))
			break;
	}
	return MIN(p, end);
}

/* A part without blanks around and quotes. */
static struct word trimmed(const char *p, const char *stop)
{
	while (p < stop && is_blank(*p))
		p++;
	while (stop > p && is_blank(stop[-1]))
		stop--;
	if (stop - p >= 2 && *p == '"' && stop[-1] == '"')
		return (struct word){ p + 1, (u32)(stop - p - 2), true };
	return (struct word){ p, (u32)(stop - p), false };
}

/* What comes back is behind "=>"; what went in ends there. */
static const char *end_of_input(const char *p, const char *end)
{
	for (; p + 1 < end; p++)
		if (p[0] == '=' && p[1] == '>')
			return p;
	return end;
}

/* The value behind `key=` in the argument, inside of whatever it is. */
static bool value_of(const struct word *word, const char *key, size_t len, struct word *value)
{
	const char *end = word->text + word->len;

	for (const char *p = word->text; p + len < end; p++) {
		const char *behind = p + len + 1;

		if (memcmp(p, key, len) || p[len] != '=' ||
		    (p > word->text && !strchr("{, ", p[-1])))
			continue;
		*value = trimmed(behind, end_of_input(behind, part_end(behind, end)));
		return true;
	}
	return false;
}

static int put(struct words *words, struct word word, struct out *sentence)
{
	if (words->nr == MAX_WORDS) {
		out_puts(sentence, "too many words from ");
		out_quote(sentence, word.text, word.len);
		out_puts(sentence, " on");
		return -EBADMSG;
	}
	words->args[words->nr++] = word;
	return 0;
}

/* Each element of a list, or of each its base and length. */
static int put_list(struct words *words, const struct word *list, bool iovecs,
		    struct out *sentence)
{
	const char *end = list->text + list->len - 1, *p = list->text + 1, *stop;
	struct word element, base, length;
	int err = 0;

	for (; p < end && !err; p = stop + 1) {
		stop = part_end(p, end);
		element = trimmed(p, stop);
		if (iovecs && (!value_of(&element, "iov_base", 8, &base) ||
			       !value_of(&element, "iov_len", 7, &length)))
			continue;
		err = put(words, iovecs ? base : element, sentence);
		if (iovecs && !err)
			err = put(words, length, sentence);
	}
	return err;
}

/* A length that is no number is left to the verb, which refuses it as it does one too large. */
static int put_sum(struct words *words, const struct word *list, struct out *sentence)
{
	const char *end = list->text + list->len - 1, *p = list->text + 1, *stop;
	u64 sum = 0;

	for (; p < end; p = stop + 1) {
		struct word element, length;
		char *behind;
		u64 bytes;

		stop = part_end(p, end);
		element = trimmed(p, stop);
		if (!value_of(&element, "iov_len", 7, &length))
			continue;
		errno = 0;
		bytes = strtoull(length.text, &behind, 0);
		if (errno || !length.len || behind != length.text + length.len)
			return put(words, length, sentence);
		sum = bytes > ~sum ? ~0ULL : sum + bytes;
	}
	snprintf(words->sum, sizeof(words->sum), "%" PRIu64, sum);
	return put(words, (struct word){ words->sum, (u32)strlen(words->sum), false }, sentence);
}

static int take_item(struct words *to, const struct words *from, const char *item, size_t len,
		     struct out *sentence)
{
	const struct word *word = &from->args[item[0] - '1'];
	struct word value;

	if (len == 1)
		return put(to, *word, sentence);
	if (item[1] == '.')
		return value_of(word, item + 2, len - 2, &value) ? put(to, value, sentence) : 0;
	if (item[1] == '#')
		return put(to, trimmed(word->text + 1, word->text + word->len - 1), sentence);
	if (item[1] == '+')
		return put_sum(to, word, sentence);
	return put_list(to, word, item[1] == '{', sentence);
}

static bool is_list(const struct word *word)
{
	return word->len >= 2 && word->text[0] == '[' && word->text[word->len - 1] == ']';
}

/* Can the item be taken from these arguments? */
static bool item_fits(const struct words *words, const char *item, size_t len, bool *keyed)
{
	const struct word *word = &words->args[item[0] - '1'];
	struct word value;

	if (len == 1)
		return true;
	if (item[1] != '.')
		return is_list(word);
	/* Of a structure's fields, strace leaves some out. */
	*keyed |= value_of(word, item + 2, len - 2, &value) || same(word, "NULL");
	return *keyed;
}

static bool fits(const struct row *row, const struct words *words)
{
	bool keyed = false;

	if (row->nr != words->nr || (row->request && !same(&words->args[1], row->request)))
		return false;
	for (const char *p = row->take; *p;) {
		size_t len = strcspn(p, " ");

		if (!item_fits(words, p, len, &keyed))
			return false;
		p += len + (p[len] == ' ');
	}
	return true;
}

static int apply(const struct row *row, struct words *words, struct out *sentence)
{
	struct words from = *words;
	int err = 0;

	words->nr = 0;
	for (const char *p = row->take; *p && !err;) {
		size_t len = strcspn(p, " ");

		err = take_item(words, &from, p, len, sentence);
		p += len + (p[len] == ' ');
	}
	words->verb = (struct word){ row->verb, (u32)strlen(row->verb), false };
	if (row->returns_0 && same(&words->value, "0"))
		words->value.len = 0;
	return err;
}

int strace_form(struct words *words, struct out *sentence)
{
	for (unsigned int i = 0; words->c_form && i < ARRAY_SIZE(rows); i++)
		if (same(&words->verb, rows[i].name) && fits(&rows[i], words))
			return apply(&rows[i], words, sentence);
	return 0;
}

const char *strace_alias(const struct word *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(aliases); i++)
		if (same(name, aliases[i].name))
			return aliases[i].verb;
	return NULL;
}
