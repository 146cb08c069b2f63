/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What strace prints of a call has more in it than the call needs here: buffers with what
 * was in them, structures, results that come back through pointers. And some calls have
 * other names. strace_form.c has a row for each.
 */
#ifndef KMM_FS_STRACE_FORM_H
#define KMM_FS_STRACE_FORM_H

#include "fs/core/word.h"

/*
 * The words of a call as strace prints it become those of the verb; others stay as they are.
 * 0, or -EBADMSG with the reason in `sentence`.
 */
int strace_form(struct words *words, struct out *sentence) __must_check;
/* The verb that a call is by another name, of 32-bit programs or with 64-bit offsets; NULL. */
const char *strace_alias(const struct word *name);

#endif
