/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel releases and the spans of them on rows. A row that only some releases
 * have carries a span; where an algorithm differs, ask the predicate rel_NAME()
 * that changes.def has a row for. No other file compares releases.
 */
#ifndef KMM_ABI_RELEASE_H
#define KMM_ABI_RELEASE_H

#include "sim/base/types.h"

/* The releases that kmmfs knows, in order of time. */
#define KNOWN_RELEASES(R, arg) \
	R(6, 1, arg) \
	R(6, 18, arg)

#define RELEASE_ID(major, minor, arg) R_##major##_##minor,
enum release { KNOWN_RELEASES(RELEASE_ID,) NR_RELEASES };
#undef RELEASE_ID

struct span {
	u8 first, last;		/* both included */
};

#define ALL { 0, NR_RELEASES - 1 }
#define SINCE(r) { (r), NR_RELEASES - 1 }
#define UNTIL(r) { 0, (r) }

static inline bool span_holds(struct span span, enum release r)
{
	return span.first <= r && r <= span.last;
}

/* "6.18"; NULL for a value out of range. */
const char *release_name(enum release r);
/* 0, or -EINVAL if no release is called `name`. */
int release_parse(const char *name, enum release *r) __must_check;

/* How many of the known releases are older than `version`: the id of the first that is not. */
#define KERNEL_VERSION(major, minor) ((major) << 16 | (minor))
#define OLDER_THAN(major, minor, version) + (KERNEL_VERSION(major, minor) < (version))
#define FIRST_RELEASE(version) (0 KNOWN_RELEASES(OLDER_THAN, version))

/* bool rel_NAME(enum release r), for each row. */
#define REL_SINCE(major, minor, name) \
	static inline bool rel_##name(enum release r) \
	{ \
		return (int)r >= FIRST_RELEASE(KERNEL_VERSION(major, minor)); \
	}
#define REL_UNTIL(major, minor, name) \
	static inline bool rel_##name(enum release r) \
	{ \
		return (int)r < FIRST_RELEASE(KERNEL_VERSION(major, (minor) + 1)); \
	}
#include "sim/abi/changes.def"
#undef REL_SINCE
#undef REL_UNTIL

/* The column of a table whose rows name functions of 6.1, 6.1 on i386, 6.18. */
static inline int rel_caller_column(enum release r)
{
	return r >= R_6_18 ? 2 : 0;
}

/* Reasons for which a kernel is tainted (fwctl since 6.15). */
static inline unsigned int rel_nr_taint_flags(enum release r)
{
	return r >= R_6_18 ? 20 : 19;
}

/* Pages of a per-CPU batch on the way to an LRU list (since 6.9). */
static inline unsigned int rel_lru_batch(enum release r)
{
	return r >= R_6_18 ? 31 : 15;
}

#endif
