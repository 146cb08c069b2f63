/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verbs of the control language: one row each. The parser (line.h) turns a line
 * into a call: arguments are parsed by kind before any lock is taken; run() then
 * acts under the write lock. Syntax is design.md's: C form with parentheses or
 * short form with blanks; `= VALUE` expects, `as NAME` names.
 */
#ifndef KMM_FS_VERB_H
#define KMM_FS_VERB_H

#include "fs/core/entry.h"

enum arg_kind {
	A_END,
	A_NUMBER,	/* hex, decimal, negative, K M G T P; @name, @name+4K */
	A_SIZE,		/* a number of bytes, not negative */
	A_ADDR,		/* an address or pfn: number or @name */
	A_GFP,		/* GFP_KERNEL|__GFP_ZERO, kernel, atomic, ... */
	A_ORDER,	/* 0..10 */
	A_WORD,		/* a name */
	A_TIME,		/* 10, 5s, 250ms, 100us */
	A_SLAB,		/* SLAB_* flags */
	A_OPTIONAL = 0x80,	/* this argument and those behind it may be missing */
};
#define MAX_ARGS 8

struct arg {
	bool given;
	u64 value;
	const char *text;	/* the words as written */
};

enum result_kind { RESULT_NUMBER, RESULT_POINTER, RESULT_NONE };

struct call {
	struct tree *tree;
	struct machine *m;
	struct view view;	/* of the ctl file */
	const struct verb *verb;
	struct arg args[MAX_ARGS];
	unsigned int nr_args;
	u64 value;		/* the result of a call that succeeded */
	struct out *sentence;	/* the reason of one that failed */
	bool refused;		/* nothing was changed: the line was not accepted */
};

struct verb {
	const char *name;
	u8 args[MAX_ARGS];	/* enum arg_kind, A_END-terminated */
	/* 0 with call->value, or -errno as the kernel's call gives it. */
	int (*run)(struct call *call);
	u8 result;		/* enum result_kind */
	u8 scopes;		/* 1 << enum view_slot: where it may be written */
	const char *usage;	/* "ORDER [GFP] [NODE]" */
	const char *help;	/* one paragraph */
};

/* Tables of verbs: one array for each .c file of verbs, listed in verb.c. */
struct verb_table {
	const struct verb *verbs;
	unsigned int nr;
};

#endif
