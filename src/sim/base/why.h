/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why decisions fell as they did. Noting one stores the format and the figures;
 * the sentence is made when somebody reads it, so that a note costs a few stores.
 * Strings are copied. A note that repeats an earlier one of the same call (same
 * format, same first two figures) replaces it and is counted. A few that matter more
 * are kept when later ones take their places.
 *
 * Formats are printf's with %s %c %d %i %u %x %X; %X stands for a mask whose names
 * the reader knows. At most WHY_ARGS figures.
 */
#ifndef KMM_BASE_WHY_H
#define KMM_BASE_WHY_H

#include "sim/base/out.h"

#define WHY_ENTRIES 64		/* the latest */
#define WHY_KEPT 8		/* the latest of those that matter more, behind them */
#define WHY_SETTINGS 96		/* what the boot chose */
#define WHY_ARGS 12
#define WHY_TEXT 72

enum why_kind {
	WHY_STEP,		/* one decision on the way; none while booting */
	WHY_KILL,		/* the same, of a process that dies: is kept */
	WHY_CALL,		/* what a call came to: ends its steps */
	WHY_SETTING,		/* a choice that stays: kept apart while booting */
};

struct why_entry {
	const char *fmt;
	u64 args[WHY_ARGS];	/* of a string: where in text[] */
	u32 texts;		/* which args are strings */
	u32 times;
	u8 kind, nr_args, text_len;
	char text[WHY_TEXT];
};

struct why_log {
	bool booting;
	u32 nr_settings;
	u64 nr, nr_kept;	/* ever noted after the boot; ever kept */
	struct why_entry settings[WHY_SETTINGS];
	struct why_entry latest[WHY_ENTRIES], kept[WHY_KEPT];	/* rings */
};

/* Steps are rare; of calls there is one for each line. */
void why_note(struct why_log *log, enum why_kind kind, const char *fmt, u32 texts,
	      unsigned int nr_args, const u64 *args) __attribute__((__cold__));
void why_note_call(struct why_log *log, const char *fmt, u32 texts, unsigned int nr_args,
		   const u64 *args);

/* All sentences, the boot's first, then the oldest. `names` prints a %X. */
void why_print(struct out *out, const struct why_log *log,
	       void (*names)(struct out *out, u64 mask));

/* WHY(log, kind, format, figures...), checked as printf's are. */
static inline void why_check(const char *fmt, ...) __printf(1, 2);
static inline void why_check(const char *fmt, ...)
{
	(void)fmt;
}

#define WHY_IS_TEXT(x) _Generic((x), char *: 1U, const char *: 1U, default: 0U)
#define WHY_V0() 0
#define WHY_V1(a) (u64)(a)
#define WHY_V2(a, ...) (u64)(a), WHY_V1(__VA_ARGS__)
#define WHY_V3(a, ...) (u64)(a), WHY_V2(__VA_ARGS__)
#define WHY_V4(a, ...) (u64)(a), WHY_V3(__VA_ARGS__)
#define WHY_V5(a, ...) (u64)(a), WHY_V4(__VA_ARGS__)
#define WHY_V6(a, ...) (u64)(a), WHY_V5(__VA_ARGS__)
#define WHY_V7(a, ...) (u64)(a), WHY_V6(__VA_ARGS__)
#define WHY_V8(a, ...) (u64)(a), WHY_V7(__VA_ARGS__)
#define WHY_V9(a, ...) (u64)(a), WHY_V8(__VA_ARGS__)
#define WHY_V10(a, ...) (u64)(a), WHY_V9(__VA_ARGS__)
#define WHY_V11(a, ...) (u64)(a), WHY_V10(__VA_ARGS__)
#define WHY_V12(a, ...) (u64)(a), WHY_V11(__VA_ARGS__)
#define WHY_T0() 0U
#define WHY_T1(a) WHY_IS_TEXT(a)
#define WHY_T2(a, ...) (WHY_IS_TEXT(a) | WHY_T1(__VA_ARGS__) << 1)
#define WHY_T3(a, ...) (WHY_IS_TEXT(a) | WHY_T2(__VA_ARGS__) << 1)
#define WHY_T4(a, ...) (WHY_IS_TEXT(a) | WHY_T3(__VA_ARGS__) << 1)
#define WHY_T5(a, ...) (WHY_IS_TEXT(a) | WHY_T4(__VA_ARGS__) << 1)
#define WHY_T6(a, ...) (WHY_IS_TEXT(a) | WHY_T5(__VA_ARGS__) << 1)
#define WHY_T7(a, ...) (WHY_IS_TEXT(a) | WHY_T6(__VA_ARGS__) << 1)
#define WHY_T8(a, ...) (WHY_IS_TEXT(a) | WHY_T7(__VA_ARGS__) << 1)
#define WHY_T9(a, ...) (WHY_IS_TEXT(a) | WHY_T8(__VA_ARGS__) << 1)
#define WHY_T10(a, ...) (WHY_IS_TEXT(a) | WHY_T9(__VA_ARGS__) << 1)
#define WHY_T11(a, ...) (WHY_IS_TEXT(a) | WHY_T10(__VA_ARGS__) << 1)
#define WHY_T12(a, ...) (WHY_IS_TEXT(a) | WHY_T11(__VA_ARGS__) << 1)
#define WHY_COUNT(dummy, a, b, c, d, e, f, g, h, i, j, k, l, n, ...) n
#define WHY_NR(...) WHY_COUNT(0, ##__VA_ARGS__, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define WHY_PASTE(a, b) a##b
#define WHY_FOR(what, n) WHY_PASTE(what, n)

#define WHY_PACK(fmt, ...) \
	fmt, WHY_FOR(WHY_T, WHY_NR(__VA_ARGS__))(__VA_ARGS__), WHY_NR(__VA_ARGS__), \
	(const u64[]){ WHY_FOR(WHY_V, WHY_NR(__VA_ARGS__))(__VA_ARGS__) }
#define WHY(log, kind, fmt, ...) do { \
	if (0) \
		why_check(fmt, ##__VA_ARGS__); \
	why_note(log, kind, WHY_PACK(fmt, ##__VA_ARGS__)); \
} while (0)
/* The same for a call. */
#define WHY_OF_CALL(log, fmt, ...) do { \
	if (0) \
		why_check(fmt, ##__VA_ARGS__); \
	why_note_call(log, WHY_PACK(fmt, ##__VA_ARGS__)); \
} while (0)

#endif
