/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a machine file writes values: numbers, sizes, ranges of addresses, lists of
 * CPUs. Each function reads the whole text or fails; none keeps anything. On
 * failure they return false and *why says what was expected (static text).
 */
#ifndef KMM_BOOT_CONFIG_VALUE_H
#define KMM_BOOT_CONFIG_VALUE_H

#include "sim/boot/config.h"

/* Addresses end here: 52 bits are the most that an x86 can have. */
#define CONFIG_ADDR_END (1ULL << 52)

/* Decimal, or hexadecimal behind 0x. */
bool config_value_u64(const char *text, u64 *value, const char **why);
/* A number with an optional K, M, G, T or P behind it: bytes. */
bool config_value_size(const char *text, u64 *bytes, const char **why);
/* One number with an optional sign. */
bool config_value_int(const char *text, s64 *value, const char **why);
/* y, yes, true, on, 1 and their opposites. */
bool config_value_bool(const char *text, bool *value, const char **why);

/*
 * "0x0-0x9fbff 0x100000-0x7fffffff": both ends belong to a range. Returns the
 * number of ranges with *ranges to be freed with g_free(); 0 and *why on failure.
 */
unsigned int config_value_ranges(const char *text, struct phys_range **ranges,
				 const char **why);

/* "0-3,7" into bits; an empty text is an empty list. */
bool config_value_list(const char *text, u64 *words, unsigned int nbits,
		       const char **why);

/* "10 20 20": up to `max` numbers below 65536; their number in *nr. */
bool config_value_u16s(const char *text, u16 *values, unsigned int max, unsigned int *nr,
		       const char **why);

#endif
