/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the files of arg.h: what each kind of argument is read and printed by. All
 * parsers return 0, or -EBADMSG with the reason in `sentence` if that is not NULL.
 */
#ifndef KMM_FS_ARG_KIND_H
#define KMM_FS_ARG_KIND_H

#include "fs/core/arg.h"

/* Always -EBADMSG: "'WORD'" and what is wrong with it. */
int arg_refuse(struct out *sentence, const struct word *word, const char *why);

/*
 * The digits at *p, decimal or behind 0x; *p moves behind them. False if there are
 * none. *overflow: the value is beyond 64 bits.
 */
bool number_digits(const char **p, const char *end, u64 *value, bool *overflow);

/* Jiffies, or a number of s, ms, us or ns; the value is in ns. */
int time_parse(struct arg_env *env, const struct word *word, struct arg *arg,
	       struct out *sentence);
void time_print(struct out *out, const struct arg *arg);

/* A set of numbers below 64; NULL is the empty one. */
int nodes_parse(struct arg_env *env, const struct word *word, struct arg *arg,
		struct out *sentence);
void nodes_print(struct out *out, const struct arg *arg);

/* Flags joined by '|' or ','. */
int gfp_parse(struct arg_env *env, const struct word *word, struct arg *arg,
	      struct out *sentence);
void gfp_print(struct out *out, const struct arg *arg);
int slab_parse(struct arg_env *env, const struct word *word, struct arg *arg,
	       struct out *sentence);
void slab_print(struct out *out, const struct arg *arg);

/* Kinds of arg_flags.def. PROT also takes letters: rw, rx, none. */
int call_flags_parse(enum arg_kind kind, const struct word *word, struct arg *arg,
		     struct out *sentence);
/* The value of a flag that is spelt in full. -EBADMSG: it is none. */
int call_flag_exact(enum arg_kind kind, const struct word *word, u64 *value) __must_check;
void call_flags_print(struct out *out, enum arg_kind kind, const struct arg *arg);

#endif
