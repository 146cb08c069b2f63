/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine of nodes, zones and memory alone, for tests of src/sim/phys: no boot,
 * no tasks. Memory that is not reserved is handed over when asked for.
 */
#ifndef KMM_TESTS_PHYS_MACHINE_H
#define KMM_TESTS_PHYS_MACHINE_H

#include "sim/phys/page_alloc.h"

#define TEST_RANGES 16

struct test_range {
	u64 pfn, end;
	int node;
};

struct test_machine {
	enum release release;
	const char *arch;	/* "x86_64" */
	unsigned int nr_cpus;	/* 0 means 1 */
	u16 cpu_node[16];
	unsigned int nr_nodes;	/* 0 means 1 */
	struct test_range ranges[TEST_RANGES];	/* ascending */
	u64 movable_pfn;	/* node 0: Movable from here on; 0 = none */
};

/* Nodes and zones as the arch cuts the ranges; no memory is handed over yet. */
struct machine *test_machine_new(const struct test_machine *spec);
/* Hand over all of it, build zonelists and watermarks. */
struct machine *test_machine_boot(const struct test_machine *spec);
void test_machine_free(struct machine *m);

struct pglist_data *test_add_node(struct machine *m, unsigned int id);
struct zone *test_add_zone(struct machine *m, unsigned int node, enum zone_type type,
			   u64 start_pfn, u64 spanned, u64 present);

/* 0, or the number of broken invariants, which are printed. */
unsigned int test_check(const struct machine *m);
/* Without the owners of pages: for tests that take blocks off the lists themselves. */
unsigned int test_check_lists(const struct machine *m);
unsigned int test_check_touched(struct machine *m);

#endif
