/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short ways to make calls on an mm_bed, for the tests of what changes VMAs. */
#ifndef KMM_TESTS_MM_CALLS_H
#define KMM_TESTS_MM_CALLS_H

#include <errno.h>

#include "mm_bed.h"

#define B 0x10000000ULL
#define KB 1024ULL
#define PROT_RW (PROT_READ | PROT_WRITE)
#define MAP_ANON_FIXED (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)

/*
 * One bed after the other, a machine of each release:
 *	for (unsigned int i = 0; next_bed(&bed, &i);)
 * A bed is closed, its sums compared, when the next one is asked for.
 */
bool next_bed(struct mm_bed *bed, unsigned int *i);

/* Fatal failures of the test where they fail. */
void map_anon(struct mm_bed *bed, u64 addr, u64 len, u64 prot);
void store_pages(struct mm_bed *bed, u64 addr, u64 nr_pages);
struct access_result touch(struct mm_bed *bed, u64 addr, enum access access);
u64 flags_at(const struct mm_bed *bed, u64 addr);
/* Pages of [addr, addr + len) that have an entry with a page. */
u64 nr_present(const struct mm_bed *bed, u64 addr, u64 len);
/* Of the release: the first of two, or the second. */
#define BY_RELEASE(bed, r_6_1, r_6_18) ((bed)->m->release == R_6_1 ? (r_6_1) : (r_6_18))

#endif
