/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that hold one number: how each type is read and printed. The two
 * families of the kernel differ: sysctls take any base, stop at the first blank
 * and answer EINVAL; sysfs files take one decimal number and nothing else.
 */
#ifndef KMM_FS_VALUE_H
#define KMM_FS_VALUE_H

#include "fs/core/entry.h"
#include "sim/phys/tunables.h"

enum value_type {
	VALUE_INT,		/* sysctl, s32 */
	VALUE_ULONG,		/* sysctl, u64; as wide as the arch's pointers */
	VALUE_SYS_INT,		/* sysfs, s32, decimal; beyond 64 bits ERANGE */
	VALUE_SYS_UINT,		/* sysfs, u32, decimal; this and the next: only EINVAL */
	VALUE_SYS_ULONG,	/* sysfs, u64, decimal */
	VALUE_SYS_ANY_BASE,	/* sysfs, u64 that must fit 32 bits, 0x and 0 as in C */
	VALUE_SYS_BOOL,		/* sysfs, s32: "true" or "false" */
	VALUE_SYS_FLAG,		/* sysfs, s32, written like a bool, read as 0 or 1 */
	VALUE_SYS_S32,		/* sysfs, s32, decimal; beyond 32 bits ERANGE */
	VALUE_SYS_LOW32,	/* sysfs, a u64 of which u32 is kept */
	VALUE_TRUTH,		/* sysctl, s32: any number but 0 is 1; 6.1 read a u64 */
};

int value_show(struct out *out, const struct view *v);
int value_store(struct store *s, const struct view *v, const char *text);

/*
 * The next number of a sysctl's text, blanks before it skipped. 1: a number, with
 * *text behind it; 0: nothing but blanks is left; -EINVAL.
 */
int sysctl_number(const char **text, u64 *value, bool *negative);
/* The same into an int; -EINVAL when it does not fit. */
int sysctl_int(const char **text, s32 *value);

/* A sysfs number: decimal (base 10) or any base (base 0). 0, -EINVAL, -ERANGE. */
int sysfs_number(const char *text, unsigned int base, u64 *value) __must_check;
/* The same with a sign, into 32 bits. */
int sysfs_s32(const char *text, unsigned int base, s32 *value) __must_check;
/* As files of control groups read it, in any base: blanks around it do not count. */
int stripped_s32(const char *text, s32 *value) __must_check;
/* A number as files of a process read it: blanks around it do not count. */
int pid_number(const char *text, unsigned int base, s32 *value) __must_check;
/* y, n, 1, 0, on, off, and words that begin so. 0 or -EINVAL. */
int sysfs_bool(const char *text, bool *value) __must_check;
/* Index of the word that is the text, -EINVAL if none is. */
int sysfs_word(const char *text, const char *const *words, unsigned int nr);
/* "always [madvise] never\n" */
void show_choice(struct out *out, const char *const *words, unsigned int nr,
		 unsigned int chosen);

/*
 * A row of a number; the field is one of struct tunables. Macros cannot pass
 * `releases` on to this one: a span has a comma in it.
 */
#define VALUE_ROW(file, perm, releases, field, kind, low, high, what) \
	{ .entry = { .name = (file), .mode = S_IFREG | (perm), .span = releases, \
		     .show = value_show, .store = value_store }, \
	  VALUE_FIELD(field, kind), .min = (low), .max = (high), .changed = (what) }
#define VALUE_FIELD(field, kind) \
	.type = (kind), .offset = offsetof(struct tunables, field)

#endif
