/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benches of tasks and their memory share: bench_faults.c, bench_maps.c and
 * bench_files.c. Each row does the same to init, to a process of the host, and in the
 * model; a row's prepare function sets up all three.
 */
#ifndef KMM_TESTS_BENCH_MM_H
#define KMM_TESTS_BENCH_MM_H

#include "bench.h"
#include "bench_host.h"

#include "sim/virt/memory.h"

#define AREA_BYTES (64U << 20)
#define AREA 0x20000000ULL
#define SCATTERED 0x40000000ULL	/* where small VMAs lie */

struct fault_bench {
	struct task_struct *task, *child;
	struct host_bench *host;
	u32 nr_scattered;
	const struct row *protected;	/* what is there is for this row */
	int fd;			/* of a file; 0: none yet */
	bool swap;		/* it is on */
};

void bench_map(struct bench *b, u64 addr, u64 len, u64 prot);
void bench_unmap(struct bench *b, u64 addr, u64 len);
void bench_touch(struct bench *b, u64 addr, u64 nr_pages, enum access access);

/* Both sides have an area that nobody touched; of which row->ops pages were touched. */
void fresh_areas(struct bench *b, const struct row *row);
void touched_areas(struct bench *b, const struct row *row);

#endif
