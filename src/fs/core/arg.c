// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kind is one row: how to parse it, how to print it. References and names are
 * read here; arg_number.c and arg_flags.c read the rest.
 */
#include "fs/core/arg_kind.h"

/* -- numbers and references ------------------------------------------------- */

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
		return arg_refuse(sentence, word, ": the part behind '@NAME' is no offset: "
				  "write +4K");
	arg->offset = *p == '-' ? -(s64)value : (s64)value;
	return 0;
}

static int find_name(struct arg_env *env, const struct word *word, struct arg *arg,
		     struct out *sentence)
{
	const struct name *name = names_find(env->names, arg->text);

	if (!name)
		return arg_refuse(sentence, word, ": nothing is named so: "
				  "'as NAME' behind a call names its result");
	arg->from = ARG_NAME;
	arg->value = name->value + (u64)arg->offset;
	return 0;
}

static bool in_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
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
		return arg_refuse(sentence, word, " is not '@', '@NAME' or '@NAME+OFFSET'");
	err = read_offset(word, p, arg, sentence);
	if (err)
		return err;
	if (p > name) {
		if (p - name > NAME_CHARS)
			return arg_refuse(sentence, word, ": a name has at most 63 letters");
		arg->len = p - name;
		arg->text = keep(env, name, arg->len);
		return find_name(env, word, arg, sentence);
	}
	if (!env->last)
		return arg_refuse(sentence, word, ": no call here has returned an address yet");
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
	if (word_is(word, "RLIM_INFINITY") || word_is(word, "RLIM64_INFINITY") ||
	    word_is(word, "unlimited")) {
		arg->value = ~0ULL;
		return 0;
	}
	return number_parse(word, &arg->value, &negative, sentence);
}

static int parse_unsigned(struct arg_env *env, const struct word *word, struct arg *arg,
			  struct out *sentence)
{
	if (word->len && word->text[0] == '-')
		return arg_refuse(sentence, word, " is negative");
	return parse_number(env, word, arg, sentence);
}

static int parse_fd(struct arg_env *env, const struct word *word, struct arg *arg,
		    struct out *sentence)
{
	if (word_is(word, "AT_FDCWD")) {
		arg->value = (u64)-100;
		return 0;
	}
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
		return arg_refuse(sentence, word, " is not a node's number");
	return parse_number(env, word, arg, sentence);
}

/* -- words -------------------------------------------------------------------- */

static int parse_word(struct arg_env *env, const struct word *word, struct arg *arg,
		      struct out *sentence)
{
	if (!word->len)
		return arg_refuse(sentence, word, ": a name is missing");
	if (word->len > 255)
		return arg_refuse(sentence, word, ": a name has at most 255 letters");
	for (u32 i = 0; i < word->len; i++) {
		unsigned char c = word->text[i];

		if (c < ' ' || c == 0x7f || c == '"' || c == '\\')
			return arg_refuse(sentence, word, " is not a name");
	}
	arg->len = word->len;
	arg->text = keep(env, word->text, word->len);
	return 0;
}

static int parse_text(struct arg_env *env, const struct word *word, struct arg *arg,
		      struct out *sentence)
{
	if (!word->quoted || word->len)
		return parse_word(env, word, arg, sentence);
	arg->text = keep(env, "", 0);
	return 0;
}

/*
 * A name of the kernel's interface in full (with or without its prefix), a number, or
 * any other word; in quotes it is a text, whatever it says.
 */
static int parse_value(struct arg_env *env, const struct word *word, struct arg *arg,
		       struct out *sentence)
{
	bool negative;

	if (!word->quoted && word->len) {
		if (!call_flag_exact(A_VALUE, word, &arg->value))
			return 0;
		if (strchr("@-", word->text[0]) || word_is(word, "NULL") ||
		    !number_parse(word, &arg->value, &negative, NULL))
			return parse_number(env, word, arg, sentence);
	}
	return parse_word(env, word, arg, sentence);
}

static void print_quoted(struct out *out, const struct arg *arg)
{
	out_putc(out, '"');
	out_write(out, arg->text, arg->len);
	out_putc(out, '"');
}

static void print_any(struct out *out, const struct arg *arg)
{
	if (arg->text)
		print_quoted(out, arg);
	else
		out_printf(out, arg->value > 9 ? "%#llx" : "%llu",
			   (unsigned long long)arg->value);
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

static void print_text(struct out *out, const struct arg *arg)
{
	if (arg->len)
		print_word(out, arg);
	else
		print_quoted(out, arg);
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

/* "rw", "r", "rwx": letters of protections, each once. */
static bool prot_letters(const struct word *word, u64 *value)
{
	static const char letters[] = "rwx";
	u64 prot = 0;

	for (u32 i = 0; i < word->len; i++) {
		const char *letter = strchr(letters, word->text[i] | 0x20);

		if (!word->text[i] || !letter || prot & 1U << (letter - letters))
			return false;
		prot |= 1U << (letter - letters);
	}
	*value = prot;
	return word->len;
}

/* -- the kinds ---------------------------------------------------------------- */

/* Flags, and what is one of a list: a number is taken as it is. */
static int parse_call_flags(struct arg_env *env, enum arg_kind kind, const struct word *word,
			    struct arg *arg, struct out *sentence)
{
	bool negative;

	if (word->len && word->text[0] == '@')
		return parse_reference(env, word, arg, sentence);
	if (word->len && word->text[0] == '-')
		return number_parse(word, &arg->value, &negative, sentence);
	if (kind == A_PROT && prot_letters(word, &arg->value))
		return 0;
	return call_flags_parse(kind, word, arg, sentence);
}

struct kind_row {
	int (*parse)(struct arg_env *env, const struct word *word, struct arg *arg,
		     struct out *sentence);
	void (*print)(struct out *out, const struct arg *arg);
};

static const struct kind_row kinds[NR_ARG_KINDS] = {
	[A_NUMBER] = { parse_number, print_signed },
	[A_SIZE] = { parse_unsigned, print_decimal },
	[A_ADDR] = { parse_unsigned, print_hex },
	[A_GFP] = { gfp_parse, gfp_print },
	[A_ORDER] = { parse_unsigned, print_decimal },
	[A_WORD] = { parse_word, print_word },
	[A_TIME] = { time_parse, time_print },
	[A_SLAB] = { slab_parse, slab_print },
	[A_NODE] = { parse_node, print_signed },
	[A_PATH] = { parse_word, print_word },
	[A_TEXT] = { parse_text, print_text },
	[A_FD] = { parse_fd, print_signed },
	[A_PID] = { parse_number, print_signed },
	[A_VALUE] = { parse_value, print_any },
	[A_NODES] = { nodes_parse, nodes_print },
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
	if (!kinds[kind].parse)
		return parse_call_flags(env, kind, word, arg, sentence);
	return kinds[kind].parse(env, word, arg, sentence);
}

static void print_value(struct out *out, enum arg_kind kind, const struct arg *arg)
{
	if (kinds[kind].print)
		kinds[kind].print(out, arg);
	else
		call_flags_print(out, kind, arg);
}

void arg_print(struct out *out, enum arg_kind kind, const struct arg *arg)
{
	if (arg->from == ARG_PLAIN) {
		print_value(out, kind, arg);
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
	if (kind == A_WORD || kind == A_PATH || kind == A_TEXT)
		print_quoted(out, arg);
	else
		print_value(out, kind, arg);
}
