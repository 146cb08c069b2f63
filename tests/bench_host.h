/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host kernel's side of bench_faults.c. It is apart because the host's headers
 * and the engine's give the same names to the same things. Errors end the program.
 */
#ifndef KMM_TESTS_BENCH_HOST_H
#define KMM_TESTS_BENCH_HOST_H

#include <stdbool.h>
#include <stddef.h>

struct host_bench;

struct host_bench *host_bench_new(void);
void host_bench_free(struct host_bench *h);
/* An area of private memory that nobody touched, with small pages. */
void host_area_new(struct host_bench *h, size_t bytes);
void host_area_touch(struct host_bench *h, size_t nr_pages, bool write);
void host_area_dontneed(struct host_bench *h, size_t nr_pages);
/* One page of the area. */
void host_touch_page(struct host_bench *h, size_t page);
void host_read_page(struct host_bench *h, size_t page);
/* The area becomes a mapping of a cached file that is clean. */
void host_area_file(struct host_bench *h, size_t bytes);
void host_area_pageout(struct host_bench *h, size_t nr_pages);
/* A page of that file, by a call. */
void host_pread_page(struct host_bench *h, size_t page);
/* A page in the middle of the area loses its right to write, and gets it back. */
void host_protect(struct host_bench *h);
/* A child that shares every page, until the next call. */
void host_area_share(struct host_bench *h);
/* nr mappings of one page, 8 pages apart; then 4 pages between two of them, some touched,
 * and away. */
void host_scatter(struct host_bench *h, unsigned int nr);
void host_map_unmap(struct host_bench *h, unsigned int i, unsigned int nr_touched);
/* fork, exit and wait, by a process that has but so many bytes. */
void host_fork(struct host_bench *h, unsigned int ops, size_t bytes);
_Noreturn void host_forker(void);	/* the body of that process */

#endif
