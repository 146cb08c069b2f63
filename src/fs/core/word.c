// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One pass from left to right. The verb ends at a blank or at '('; then either the
 * C form runs to the matching ')' or the short form to the end; what is behind ')'
 * is read as the short form's tail. `as NAME` and `= VALUE` are the last words, in
 * either order; a comment starts at a '#' that begins a word.
 */
#include "fs/core/word.h"

#define QUOTE_CHARS 80

void out_quote(struct out *out, const char *text, size_t len)
{
	size_t shown = MIN(len, QUOTE_CHARS);

	out_putc(out, '\'');
	for (size_t i = 0; i < shown; i++) {
		unsigned char c = text[i];

		if (c < ' ' || c >= 0x7f)
			out_printf(out, "\\x%02x", c);
		else
			out_putc(out, c);
	}
	if (shown < len)
		out_puts(out, "...");
	out_putc(out, '\'');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool word_begins(const struct word *word, const char *name)
{
	for (u32 i = 0; i < word->len; i++) {
		if (!name[i] || lower(word->text[i]) != lower(name[i]))
			return false;
	}
	return true;
}

bool word_is(const struct word *word, const char *name)
{
	return word_begins(word, name) && !name[word->len];
}

/* How long the line is without the comment that ends it. */
static size_t comment_start(const char *p, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (p[i] == '"' && !(quoted && p[i - 1] == '\\'))
			quoted = !quoted;
		if (p[i] == '#' && !quoted && (!i || is_blank(p[i - 1])))
			return i;
	}
	return len;
}

size_t line_trim(const char **text, size_t len)
{
	const char *p = *text;

	while (len && is_blank(*p)) {
		p++;
		len--;
	}
	*text = p;
	if (memchr(p, '#', len))
		len = comment_start(p, len);
	while (len && is_blank(p[len - 1]))
		len--;
	return len;
}

static int complain(struct out *sentence, const char *before, const char *text,
		    size_t len, const char *after)
{
	out_puts(sentence, before);
	out_quote(sentence, text, len);
	out_puts(sentence, after);
	return -EBADMSG;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	return p;
}

/* The closing quote of a string that opens at p, or NULL. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			return p;
	}
	return NULL;
}

static int add_word(struct words *words, const char *text, size_t len, bool quoted,
		    struct out *sentence)
{
	if (words->nr == MAX_WORDS)
		return complain(sentence, "too many words from ", text, len, " on");
	words->args[words->nr++] = (struct word){ text, len, quoted };
	return 0;
}

/* Where the argument ends without the remark, as C has it, that strace puts behind values. */
static const char *remark_start(const char *p, const char *stop)
{
	const char *at = stop - 2;

	if (stop - p < 4 || at[0] != '*' || at[1] != '/')
		return stop;
	while (at > p && (at[0] != '/' || at[1] != '*'))
		at--;
	return at > p ? at : stop;
}

/* The argument [p, stop) of the C form, remarks, blanks and quotes off. */
static int add_argument(struct words *words, const char *p, const char *stop,
			struct out *sentence)
{
	p = skip_blanks(p, stop);
	while (stop > p && is_blank(stop[-1]))
		stop--;
	stop = remark_start(p, stop);
	while (stop > p && is_blank(stop[-1]))
		stop--;
	if (p == stop)
		return complain(sentence, "an argument is missing in ", words->verb.text,
				stop + 1 - words->verb.text, "");
	if (*p == '"' && string_end(p, stop) == stop - 1)
		return add_word(words, p + 1, stop - p - 2, true, sentence);
	return add_word(words, p, stop - p, false, sentence);
}

/* From '(' to its ')': *at moves behind it. */
static int split_c_form(struct words *words, const char **at, const char *end,
			struct out *sentence)
{
	const char *p = *at + 1, *start = p;
	int depth = 1, err;

	words->c_form = true;
	for (; p < end; p++) {
		if (*p == '"') {
			p = string_end(p, end);
			if (!p)
				return complain(sentence, "no '\"' ends the string in ",
						*at, end - *at, "");
		} else if (*p == '(' || *p == '{' || *p == '[') {
			depth++;
		} else if (*p == ')' || *p == '}' || *p == ']') {
			if (--depth == 0)
				break;
		} else if (*p == ',' && depth == 1) {
			err = add_argument(words, start, p, sentence);
			if (err)
				return err;
			start = p + 1;
		}
	}
	if (p == end || *p != ')')
		return complain(sentence, "no ')' closes ", *at, end - *at, "");
	*at = p + 1;
	if (!words->nr && skip_blanks(start, p) == p)
		return 0;
	return add_argument(words, start, p, sentence);
}

/* One word of the short form; *at moves behind it. */
static int next_word(const char **at, const char *end, struct word *word,
		     struct out *sentence)
{
	const char *p = *at, *stop;

	if (*p == '"') {
		stop = string_end(p, end);
		if (!stop)
			return complain(sentence, "no '\"' ends the string in ", p, end - p,
					"");
		*word = (struct word){ p + 1, stop - p - 1, true };
		stop++;
		if (stop < end && *stop == ',')
			stop++;
		*at = stop;
		return 0;
	}
	for (stop = p; stop < end && !is_blank(*stop); stop++)
		;
	*at = stop;
	if (stop > p + 1 && stop[-1] == ',')
		stop--;
	*word = (struct word){ p, stop - p, false };
	return 0;
}

/* An errno's name, as strace prints it behind -1. */
static bool is_errno_name(const struct word *word)
{
	if (word->len < 3 || word->text[0] != 'E')
		return false;
	for (u32 i = 1; i < word->len; i++) {
		char c = word->text[i];

		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

/* strace's decoration behind a value: "(Cannot allocate memory)", "</etc/passwd>". */
static const char *skip_decoration(const char *p, const char *end)
{
	char close;
	int depth = 0;
	char open;

	p = skip_blanks(p, end);
	if (p == end || (*p != '(' && *p != '<'))
		return p;
	open = *p;
	close = open == '(' ? ')' : '>';
	for (; p < end; p++) {
		if (*p == open)
			depth++;
		if (*p == close && --depth == 0)
			return skip_blanks(p + 1, end);
	}
	return p;
}

static int read_name(struct words *words, const char **at, const char *end,
		     struct out *sentence)
{
	*at = skip_blanks(*at, end);
	if (*at == end || words->name.len)
		return complain(sentence, "'as' wants one name in ", words->verb.text,
				end - words->verb.text, "");
	return next_word(at, end, &words->name, sentence);
}

/* Behind '=': a value, an errno if it is -1, decoration; *at moves behind them. */
static int read_value(struct words *words, const char **at, const char *end,
		      struct out *sentence)
{
	struct word word;
	const char *p = skip_blanks(*at, end);
	int err;

	if (p == end || words->value.len)
		return complain(sentence, "'=' wants one value in ", words->verb.text,
				end - words->verb.text, "");
	for (*at = p; *at < end && !is_blank(**at) && **at != '<'; (*at)++)
		;
	words->value = (struct word){ p, *at - p, false };
	if (!words->value.len)
		return complain(sentence, "'=' wants a value before ", p, end - p, "");
	p = skip_blanks(*at, end);
	if (p < end) {
		const char *behind = p;

		err = next_word(&behind, end, &word, sentence);
		if (err)
			return err;
		if (is_errno_name(&word)) {
			words->value_errno = word;
			p = behind;
		}
	}
	*at = skip_decoration(p, end);
	return 0;
}

/* What may stand behind the arguments: `as NAME` and `= VALUE`. */
static int split_tail(struct words *words, const char *p, const char *end,
		      struct out *sentence)
{
	struct word word;
	int err;

	for (p = skip_blanks(p, end); p < end; p = skip_blanks(p, end)) {
		if (*p == '=') {
			p++;
			err = read_value(words, &p, end, sentence);
		} else {
			const char *start = p;

			err = next_word(&p, end, &word, sentence);
			if (!err && (word.quoted || !word_is(&word, "as")))
				return complain(sentence, "only 'as NAME' and '= VALUE' may "
						"follow the call, not ", start,
						end - start, "");
			if (!err)
				err = read_name(words, &p, end, sentence);
		}
		if (err)
			return err;
	}
	return 0;
}

/* `as NAME` at p, and nothing but `= VALUE` behind it? Then it is no argument. */
static bool names_the_result(const char *p, const char *end)
{
	if (p == end || *p == '=' || *p == '"')
		return false;
	if (!(lower(*p) >= 'a' && lower(*p) <= 'z') && *p != '_')
		return false;
	while (p < end && !is_blank(*p))
		p++;
	p = skip_blanks(p, end);
	return p == end || *p == '=';
}

static int split_short_form(struct words *words, const char *p, const char *end,
			    struct out *sentence)
{
	struct word word;
	int err;

	for (p = skip_blanks(p, end); p < end; p = skip_blanks(p, end)) {
		const char *start = p;

		if (*p == '=')
			return split_tail(words, p, end, sentence);
		err = next_word(&p, end, &word, sentence);
		if (err)
			return err;
		if (word.len == 2 && !word.quoted && word_is(&word, "as") &&
		    names_the_result(skip_blanks(p, end), end))
			return split_tail(words, start, end, sentence);
		err = add_word(words, word.text, word.len, word.quoted, sentence);
		if (err)
			return err;
	}
	return 0;
}

int words_expectation(const char *text, size_t len, struct words *words,
		      struct out *sentence)
{
	words->verb = (struct word){ text, len, false };
	words->name.len = words->value.len = words->value_errno.len = 0;
	return split_tail(words, text, text + len, sentence);
}

/* What a verb ends at. */
static const bool ends_verb[256] = {
	[' '] = true, ['\t'] = true, ['\r'] = true, ['('] = true, ['='] = true,
};

bool word_refuse_nul(const char *text, size_t len, struct out *sentence)
{
	if (!memchr(text, '\0', len))
		return false;
	out_puts(sentence, "the line holds a NUL byte: write text");
	return true;
}

int words_of_line(const char *text, size_t len, struct words *words, struct out *sentence)
{
	const char *p = text, *end = text + len;

	words->nr = 0;
	words->c_form = false;
	words->verb.len = words->name.len = 0;
	words->value.len = words->value_errno.len = 0;
	if (!len)
		return 0;
	while (p < end && !ends_verb[(unsigned char)*p])
		p++;
	words->verb = (struct word){ text, p - text, false };
	if (!words->verb.len)
		return complain(sentence, "a line begins with a call, not with ", text, len,
				": see sim/help");
	p = skip_blanks(p, end);
	if (p < end && *p == '(') {
		int err = split_c_form(words, &p, end, sentence);

		return err ? err : split_tail(words, p, end, sentence);
	}
	return split_short_form(words, p, end, sentence);
}

int words_split(const char *text, size_t len, struct words *words, struct out *sentence)
{
	if (word_refuse_nul(text, len, sentence)) {
		*words = (struct words){ 0 };
		return -EBADMSG;
	}
	len = line_trim(&text, len);
	return words_of_line(text, len, words, sentence);
}
