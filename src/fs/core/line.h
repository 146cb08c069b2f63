/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lines of scripts, journals and scenarios: `PATH: LINE`, `cat PATH`, `mkdir PATH`,
 * `rmdir PATH`, a comment, or a call for sim/ctl. What a call says is word.h's
 * matter. Pure: nothing is looked up.
 */
#ifndef KMM_FS_LINE_H
#define KMM_FS_LINE_H

#include "fs/core/word.h"

enum line_kind {
	LINE_EMPTY,		/* blank or a comment */
	LINE_CALL,		/* for sim/ctl: no path was given */
	LINE_WRITE,		/* `PATH: LINE` */
	LINE_CAT, LINE_MKDIR, LINE_RMDIR,
};

struct line {
	enum line_kind kind;
	struct word path;
	const char *text;	/* the call, or what is written; comment and blanks off */
	size_t len;
};

/* 0, or -EBADMSG with the reason in `sentence` (cat without a path, ...). */
int line_parse(const char *text, size_t len, struct line *line,
	       struct out *sentence) __must_check;

/*
 * What `PATH: LINE` writes to a file that is no ctl: the text before ` = VALUE`,
 * whose expectation goes to words->value and value_errno. Returns the text's length.
 */
size_t line_store(const char *text, size_t len, struct words *expected);

/*
 * Judge a result by an expectation: 0 when it was expected, or nothing was and err
 * is 0; -ERANGE with a sentence that names both; else err. `what` is the call's name
 * and `result` the result as call_result() prints it.
 */
int line_judge(const struct words *expected, int err, u64 value, const char *what,
	       const char *result, struct out *sentence) __must_check;

/* Does the line expect this failure? */
bool line_expects(const struct words *expected, int err);

/* The number of an errno's name ("ENOMEM"); 0: there is no such name. */
int errno_number(const char *name, size_t len);
/* "ENOMEM" for -ENOMEM. */
const char *errno_text(int err);

#endif
