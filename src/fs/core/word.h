/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of one call: verb, arguments, name, expectation. Words point into the
 * line, which must outlive them; nothing is allocated. Both forms of the language
 * give the same words: inside parentheses commas separate, otherwise blanks do and
 * a comma that ends a word is dropped.
 */
#ifndef KMM_FS_WORD_H
#define KMM_FS_WORD_H

#include "sim/base/out.h"

#define MAX_WORDS 16
#define LINE_BYTES 4096		/* longest line, without its newline */

struct word {
	const char *text;
	u32 len;
	bool quoted;		/* was in double quotes (not part of text) */
};

struct words {
	struct word verb;	/* len 0: the line is empty or a comment */
	struct word args[MAX_WORDS];
	unsigned int nr;
	bool c_form;
	struct word name;	/* behind `as`; len 0: none */
	struct word value;	/* behind `=`; len 0: none */
	struct word value_errno;	/* ENOMEM of `= -1 ENOMEM` */
	char sum[24];		/* an argument that strace_form() has added up */
};

/* A line with a NUL byte is none: the reason is in `sentence` then. */
bool word_refuse_nul(const char *text, size_t len, struct out *sentence);
/*
 * Take a line apart; or what line_parse() has found to be one, and trimmed. 0, or -EBADMSG with
 * the reason in `sentence`.
 */
int words_of_line(const char *text, size_t len, struct words *words,
		  struct out *sentence) __must_check;
int words_split(const char *text, size_t len, struct words *words,
		struct out *sentence) __must_check;

/* The value and errno behind `=`: what words_split() does with the end of a line. */
int words_expectation(const char *text, size_t len, struct words *words,
		      struct out *sentence) __must_check;

/* Length of `text` without a comment and the blanks around: what a line says. */
size_t line_trim(const char **text, size_t len);

static inline bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Equal but for the case of ASCII letters; `name` ends with NUL. */
bool word_is(const struct word *word, const char *name);
/* Is the word a beginning of `name`, but for case? */
bool word_begins(const struct word *word, const char *name);
/* 'text' for a sentence: odd bytes escaped, long ones cut. */
void out_quote(struct out *out, const char *text, size_t len);

#endif
