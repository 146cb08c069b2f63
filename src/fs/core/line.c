// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first word decides: one that ends with ':' is a path, `cat`, `mkdir` and
 * `rmdir` want one path behind them, everything else is a call. Expectations are
 * compared here, so that calls, stores and kmm-run agree on them.
 */
#include "fs/core/line.h"

#include "fs/core/arg.h"

#define MAX_ERRNO 134

int errno_number(const char *name, size_t len)
{
	if (len == 11 && !memcmp(name, "EWOULDBLOCK", len))
		return EAGAIN;
	if (len == 7 && !memcmp(name, "ENOTSUP", len))
		return EOPNOTSUPP;
	for (int err = 1; err < MAX_ERRNO; err++) {
		const char *known = strerrorname_np(err);

		if (known && strlen(known) == len && !memcmp(known, name, len))
			return err;
	}
	return 0;
}

const char *errno_text(int err)
{
	const char *name = strerrorname_np(err < 0 ? -err : err);

	return name ? name : "EIO";
}

static const struct {
	const char *name;
	size_t len;		/* most lines begin with a longer word: no need to compare */
	enum line_kind kind;
} line_verbs[] = {
	{ "cat", 3, LINE_CAT }, { "mkdir", 5, LINE_MKDIR }, { "rmdir", 5, LINE_RMDIR },
};

/* The path behind `cat`: quotes off. */
static int read_path(struct line *line, const struct word *verb, struct out *sentence)
{
	const char *p = verb->text + verb->len, *end = line->text + line->len;

	while (p < end && is_blank(*p))
		p++;
	if (end - p >= 2 && *p == '"' && end[-1] == '"') {
		p++;
		end--;
	}
	line->path = (struct word){ p, end - p, false };
	if (line->path.len)
		return 0;
	out_write(sentence, verb->text, verb->len);
	out_puts(sentence, " wants a path");
	return -EBADMSG;
}

int line_parse(const char *text, size_t len, struct line *line, struct out *sentence)
{
	struct word first;
	size_t n = 0;

	if (word_refuse_nul(text, len, sentence))
		return -EBADMSG;
	len = line_trim(&text, len);
	*line = (struct line){ .kind = len ? LINE_CALL : LINE_EMPTY, .text = text, .len = len };
	/* Most are calls. */
	if (!len || (!strchr("CcMmRr", text[0]) && !memchr(text, ':', len)))
		return 0;
	while (n < len && !is_blank(text[n]))
		n++;
	first = (struct word){ text, n, false };
	if (n > 1 && text[n - 1] == ':') {
		line->kind = LINE_WRITE;
		line->path = (struct word){ text, n - 1, false };
		while (n < len && is_blank(text[n]))
			n++;
		line->text = text + n;
		line->len = len - n;
		return 0;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(line_verbs); i++) {
		if (n != line_verbs[i].len || !word_is(&first, line_verbs[i].name))
			continue;
		line->kind = line_verbs[i].kind;
		return read_path(line, &first, sentence);
	}
	return 0;
}

size_t line_store(const char *text, size_t len, struct words *expected)
{
	struct out ignored = OUT_INIT;
	size_t at = len;
	int err = -EBADMSG;

	while (err && at-- > 0) {
		if (text[at] != '=' || (at && !is_blank(text[at - 1])) ||
		    at + 1 == len || !is_blank(text[at + 1]))
			continue;
		err = words_expectation(text + at, len - at, expected, &ignored);
		if (!err && expected->name.len)
			err = -EBADMSG;
	}
	out_free(&ignored);
	if (err) {
		expected->value.len = 0;
		return len;
	}
	while (at && is_blank(text[at - 1]))
		at--;
	return at;
}

bool line_expects(const struct words *expected, int err)
{
	const struct word *value = &expected->value;
	u64 number;
	bool negative;

	if (!value->len)
		return false;
	if (value->len > 1 && value->text[0] == '-' && value->text[1] == 'E')
		return errno_number(value->text + 1, value->len - 1) == -err;
	if (number_parse(value, &number, &negative, NULL) || number != (u64)-1)
		return false;
	return !expected->value_errno.len ||
	       errno_number(expected->value_errno.text, expected->value_errno.len) == -err;
}

static bool value_expected(const struct words *expected, u64 value)
{
	u64 number;
	bool negative;

	if (word_is(&expected->value, "?"))
		return true;
	return !expected->value_errno.len &&
	       !number_parse(&expected->value, &number, &negative, NULL) && number == value;
}

int line_judge(const struct words *expected, int err, u64 value, const char *what,
	       const char *result, struct out *sentence)
{
	const struct word *behind = &expected->value_errno;
	struct out reason = *sentence;

	if (!expected->value.len)
		return err;
	if (err ? line_expects(expected, err) : value_expected(expected, value))
		return 0;
	*sentence = (struct out)OUT_INIT;
	out_printf(sentence, "%s gave %s, not ", what, result);
	out_write(sentence, expected->value.text, expected->value.len);
	if (behind->len) {
		out_putc(sentence, ' ');
		out_write(sentence, behind->text, behind->len);
	}
	out_puts(sentence, " as expected");
	if (reason.len)
		out_printf(sentence, ": %s", reason.text);
	out_free(&reason);
	return -ERANGE;
}
