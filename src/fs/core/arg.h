/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One argument: from a word to a value by its kind, and back to a word for the
 * journal. @name is looked up in tree->names: any side of the lock.
 */
#ifndef KMM_FS_ARG_H
#define KMM_FS_ARG_H

#include "fs/core/names.h"
#include "fs/core/verb.h"
#include "fs/core/word.h"

/* What words may refer to. */
struct arg_env {
	const struct names *names;
	const u64 *last;	/* `@`; NULL: no call has returned an address */
	u64 jiffy_ns;
	char *room;		/* texts of arguments go here: LINE_BYTES + 2 * MAX_WORDS */
	size_t used;
};

/* 0, or -EBADMSG with the reason in `sentence` (NULL: no reason is wanted). */
int arg_parse(struct arg_env *env, enum arg_kind kind, const struct word *word,
	      struct arg *arg, struct out *sentence) __must_check;

/* The argument as the short form writes it. */
void arg_print(struct out *out, enum arg_kind kind, const struct arg *arg);
/* The same with the kernel's spelling, as strace prints it. */
void arg_print_c(struct out *out, enum arg_kind kind, const struct arg *arg);

/* "0x1f", "4K", "-1": nothing but a number. 0 or -EBADMSG. */
int number_parse(const struct word *word, u64 *value, bool *negative,
		 struct out *sentence) __must_check;

#endif
