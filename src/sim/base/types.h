/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fixed-width names and the few helpers that the whole tree uses, under the
 * names that kernel readers know. Everything here is pure: no state, no locks.
 */
#ifndef KMM_BASE_TYPES_H
#define KMM_BASE_TYPES_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define __must_check __attribute__((__warn_unused_result__))
#define __printf(fmt, args) __attribute__((__format__(__printf__, fmt, args)))
#define __noinline __attribute__((__noinline__))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

/* GLib, where start-up code includes it, has its own. */
#undef MIN
#undef MAX
#undef CLAMP
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define CLAMP(x, lo, hi) MIN(MAX(x, lo), hi)

#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
/* A power-of-two alignment. */
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN_UP(x, a) ALIGN_DOWN((x) + ((__typeof__(x))(a) - 1), a)
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)

#define SZ_1K 0x400ULL
#define SZ_1M 0x100000ULL
#define SZ_2M 0x200000ULL
#define SZ_1G 0x40000000ULL
#define SZ_4G 0x100000000ULL

#define PAGE_SHIFT 12
#define PAGE_SIZE (1ULL << PAGE_SHIFT)
#define PFN_DOWN(addr) ((u64)(addr) >> PAGE_SHIFT)
#define PFN_UP(addr) (((u64)(addr) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_PHYS(pfn) ((u64)(pfn) << PAGE_SHIFT)

/* Position of the highest set bit, counted from 1; 0 for 0. */
static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

/* Position of the lowest set bit, counted from 0; 64 for 0. */
static inline int ctz64(u64 x)
{
	return x ? __builtin_ctzll(x) : 64;
}

static inline int ilog2(u64 x)
{
	return fls64(x) - 1;
}

static inline bool is_power_of_2(u64 x)
{
	return x && !(x & (x - 1));
}

static inline u64 roundup_pow_of_two(u64 x)
{
	return x <= 1 ? 1 : 1ULL << fls64(x - 1);
}

static inline u64 rounddown_pow_of_two(u64 x)
{
	return x ? 1ULL << ilog2(x) : 0;
}

/* The smallest order whose block holds `bytes`. */
static inline int get_order(u64 bytes)
{
	return bytes <= PAGE_SIZE ? 0 : fls64((bytes - 1) >> PAGE_SHIFT);
}

/* Integer square root, rounded down. */
static inline u64 int_sqrt(u64 x)
{
	u64 root = 0;

	for (int shift = 62; shift >= 0; shift -= 2) {
		u64 bit = 1ULL << shift;

		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

#endif
