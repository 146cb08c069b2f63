// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Orders of nodes as captured ("Fallback order for Node"), and the properties
 * that any machine must have.
 */
#include <stdio.h>

#include "phys_machine.h"
#include "support.h"

#define MIB(n) ((u64)(n) << (20 - PAGE_SHIFT))
#define END 0xff

struct order_case {
	const char *name;
	unsigned int nr_nodes;
	u64 memory;		/* bit mask of nodes that have some */
	u8 distance[4][4];	/* 0: 10 and 20 */
	u8 order[NR_RELEASES][4][5];
};

static const struct order_case cases[] = {
	{
		.name = "one node", .nr_nodes = 1, .memory = 1,
		.order = { { { 0, END } }, { { 0, END } } },
	},
	{
		/* captured on both */
		.name = "four nodes", .nr_nodes = 4, .memory = 0xf,
		.distance = { { 10, 15, 20, 30 }, { 15, 10, 25, 20 }, { 20, 25, 10, 12 },
			      { 30, 20, 12, 10 } },
		.order = {
			{ { 0, 1, 2, 3, END }, { 1, 0, 3, 2, END }, { 2, 3, 0, 1, END },
			  { 3, 2, 1, 0, END } },
			{ { 0, 1, 2, 3, END }, { 1, 0, 3, 2, END }, { 2, 3, 0, 1, END },
			  { 3, 2, 1, 0, END } },
		},
	},
	{
		/* captured on both: 6.1 begins with the memoryless node itself */
		.name = "memoryless", .nr_nodes = 2, .memory = 1,
		.order = { { { 0, END }, { 1, 0, END } }, { { 0, END }, { 0, END } } },
	},
	{
		.name = "memoryless in the middle", .nr_nodes = 3, .memory = 5,
		.order = {
			{ { 0, 2, END }, { 1, 2, 0, END }, { 2, 0, END } },
			{ { 0, 2, END }, { 2, 0, END }, { 2, 0, END } },
		},
	},
	{
		/* Equals take turns, and lower ids are worse than higher ones. */
		.name = "four equals", .nr_nodes = 4, .memory = 0xf,
		.order = {
			{ { 0, 1, 2, 3, END }, { 1, 2, 3, 0, END }, { 2, 3, 0, 1, END },
			  { 3, 0, 1, 2, END } },
			{ { 0, 1, 2, 3, END }, { 1, 2, 3, 0, END }, { 2, 3, 0, 1, END },
			  { 3, 0, 1, 2, END } },
		},
	},
};

static struct machine *case_machine(const struct order_case *c, enum release release)
{
	struct test_machine spec = { .release = release, .nr_nodes = c->nr_nodes };
	struct machine *m;
	unsigned int at = 0;

	for (unsigned int i = 0; i < c->nr_nodes; i++)
		if (c->memory >> i & 1)
			spec.ranges[at++] = (struct test_range) {
				MIB(64) * i + (i ? 0 : 0x100), MIB(64) * (i + 1), i,
			};
	m = test_machine_new(&spec);
	for (unsigned int i = 0; i < 4 && c->distance[0][0]; i++)
		memcpy(m->distance[i], c->distance[i], 4);
	CU_ASSERT_EQUAL(build_all_zonelists(m), 0);
	return m;
}

static void test_orders(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(cases) * NR_RELEASES; i++) {
		const struct order_case *c = &cases[i / NR_RELEASES];
		struct machine *m = case_machine(c, i % NR_RELEASES);

		for (unsigned int n = 0; n < c->nr_nodes; n++) {
			const u8 *expected = c->order[m->release][n];
			const struct pglist_data *node = m->nodes[n];
			bool same = true;

			for (unsigned int k = 0; k < node->nr_fallback; k++)
				same &= node->fallback[k] == expected[k];
			if (!same || expected[node->nr_fallback] != END) {
				fprintf(stderr, "%s, %s, node %u: %u nodes\n", c->name,
					release_name(m->release), n, node->nr_fallback);
				CU_FAIL("order");
			}
		}
		test_machine_free(m);
	}
}

/* Highest zone first inside a node; the node's own zones are its short list. */
static void test_zones(void)
{
	const struct test_machine spec = {
		.release = R_6_18, .nr_nodes = 2, .movable_pfn = MIB(4096 + 64),
		.ranges = {
			{ 0x100, MIB(64), 0 }, { MIB(4096), MIB(4096 + 128), 0 },
			{ MIB(4096 + 128), MIB(4096 + 256), 1 },
		},
	};
	static const enum zone_type types[] = {
		ZONE_MOVABLE, ZONE_NORMAL, ZONE_DMA32, ZONE_DMA, ZONE_NORMAL,
	};
	struct machine *m = test_machine_boot(&spec);
	const struct pglist_data *node = m->nodes[0];

	CU_ASSERT_EQUAL_FATAL(node->nr_zonelist, ARRAY_SIZE(types));
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		CU_ASSERT_EQUAL(m->zones[node->zonelist[i]]->type, types[i]);
		CU_ASSERT_EQUAL(m->zones[node->zonelist[i]]->node, i == 4);
	}
	CU_ASSERT_EQUAL(node->nr_thisnode, 4);
	CU_ASSERT_EQUAL(m->nodes[1]->nr_thisnode, 1);
	CU_ASSERT_EQUAL(m->zones[m->nodes[1]->zonelist[0]]->node, 1);
	CU_ASSERT_EQUAL(test_check(m), 0);
	test_machine_free(m);
}

/* Grouping by mobility needs five pageblocks of memory. */
static void test_mobility(void)
{
	struct test_machine spec = {
		.release = R_6_18, .ranges = { { 0x200, 0x200 + 5 * 512, 0 } },
	};
	struct machine *m = test_machine_boot(&spec);

	CU_ASSERT(!m->mobility_grouping_off);
	test_machine_free(m);
	spec.ranges[0].end--;
	m = test_machine_boot(&spec);
	CU_ASSERT(m->mobility_grouping_off);
	test_machine_free(m);
}

/* Building again, with the machine running, gives the same lists. */
static void test_again(void)
{
	struct machine *m = case_machine(&cases[1], R_6_18);
	u16 before[4];

	memcpy(before, m->nodes[2]->fallback, sizeof(before));
	m->booted = true;
	CU_ASSERT_EQUAL(build_all_zonelists(m), 0);
	CU_ASSERT_EQUAL(memcmp(before, m->nodes[2]->fallback, sizeof(before)), 0);
	arena_fail_after(&m->arena, 1);
	CU_ASSERT_EQUAL(build_all_zonelists(m), 0);
	test_machine_free(m);
}

static const CU_TestInfo tests[] = {
	{ "orders of nodes", test_orders },
	{ "zones of a node", test_zones },
	{ "mobility grouping", test_mobility },
	{ "again", test_again },
};

int main(void)
{
	return suite_main("zonelist", tests, ARRAY_SIZE(tests), NULL, NULL);
}
