/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A task on a machine of four nodes, for tests of policies and of migration. */
#ifndef KMM_TESTS_NUMA_BED_H
#define KMM_TESTS_NUMA_BED_H

#include "support.h"
#include "task_machine.h"

#include <errno.h>

#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"

#define P PAGE_SIZE

struct numa_bed {
	struct task_machine tm;
	struct machine *m;
	struct task_struct *task;	/* a child of init, which runs */
};

/*
 * One bed after the other, a machine of each release:
 *	for (unsigned int i = 0; next_numa_bed(&bed, &i);)
 * When the next is asked for, the task ends and all invariants are looked at.
 */
bool next_numa_bed(struct numa_bed *bed, unsigned int *i);
#define BY_RELEASE(bed, r_6_1, r_6_18) ((bed)->m->release == R_6_1 ? (r_6_1) : (r_6_18))

/* Private anonymous memory; shared; touched. Failures are fatal. */
u64 numa_map(struct numa_bed *bed, u64 nr_pages, u64 flags);
void numa_touch(struct numa_bed *bed, u64 addr, u64 nr_pages);
/* The page frame at an address, and what it holds. */
u32 numa_pfn(const struct numa_bed *bed, u64 addr);
u64 numa_token(const struct numa_bed *bed, u64 addr);
/* Up to 64 pages one by one to `node`, or nowhere; status of each. */
#define NUMA_ASK (-2)
int numa_move(struct numa_bed *bed, u64 addr, unsigned int nr_pages, int node, u64 flags,
	      int *status);
/* "0123 -2": a digit for the node of each page, '-' for none. */
const char *numa_nodes(const struct numa_bed *bed, u64 addr, u64 nr_pages, char *text);
#define ASSERT_NODES(bed, addr, nr_pages, expected) do { \
	char found_[80]; \
	CU_ASSERT_STRING_EQUAL(numa_nodes(bed, addr, nr_pages, found_), expected); \
	if (strcmp(found_, expected)) \
		fprintf(stderr, "line %d: expected %s, found %s\n", __LINE__, expected, found_); \
} while (0)

int numa_set(struct numa_bed *bed, u64 mode, u64 nodes);
int numa_mbind(struct numa_bed *bed, u64 addr, u64 nr_pages, u64 mode, u64 nodes, u64 flags);
/* As numa_maps prints the policy of the VMA at addr; of the task with addr 0. */
const char *numa_policy(const struct numa_bed *bed, u64 addr, char *text);
s64 numa_stat(const struct numa_bed *bed, unsigned int node, enum numa_stat_item item);

#endif
