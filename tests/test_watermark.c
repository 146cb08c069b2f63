// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Watermarks, protection, batch, pcp marks and thresholds of every captured
 * machine, from its zones alone. tests/golden/RELEASE/watermarks.txt holds the
 * zones as boot left them and the figures that the kernel printed; sysctls-*.txt
 * what it printed after each of a series of writes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"
#include "sim/phys/tunables.h"

struct golden_zone {
	unsigned int node, type;
	u64 start, spanned, present, managed, early, gigantic;
	u64 wmark[NR_WMARK], protection[MAX_NR_ZONES];
	s32 batch, high_min, high_max, threshold;
};

struct golden {
	char name[64], arch[16];
	enum release release;
	unsigned int nr_cpus, nr_zones, nr_nodes;
	int thp, min_free;
	char sysctl[40];	/* a step: what was written */
	char value[40];
	u16 cpu_node[16];
	struct golden_zone zones[64];
};

static bool parse_zone(const char *line, struct golden_zone *z)
{
	unsigned long long v[22];
	int at = 0, n = 0;

	for (; n < 22; n++) {
		int used;

		if (sscanf(line + at, "%llu%n", &v[n], &used) != 1)
			return false;
		at += used;
	}
	*z = (struct golden_zone) {
		.node = v[0], .type = v[1], .start = v[2], .spanned = v[3], .present = v[4],
		.managed = v[5], .early = v[6], .gigantic = v[7],
		.wmark = { v[8], v[9], v[10], v[11] },
		.protection = { v[12], v[13], v[14], v[15], v[16], v[17] },
		.batch = v[18], .high_min = v[19], .high_max = v[20], .threshold = v[21],
	};
	return true;
}

/* The next machine of the file, or the next step with it; false at the end. */
static bool golden_next(FILE *file, enum release release, struct golden *g)
{
	char line[512];
	long at = ftell(file);
	bool found = false;

	while (fgets(line, sizeof(line), file)) {
		unsigned int node, cpu;
		int used;

		if (found && (!strncmp(line, "shape ", 6) || !strncmp(line, "step ", 5))) {
			fseek(file, at, SEEK_SET);
			return true;
		}
		if (!strncmp(line, "step ", 5)) {
			g->nr_zones = 0;
			found = sscanf(line, "step %*d %39s %39[0-9 ] min_free %d", g->sysctl,
				       g->value, &g->min_free) == 3;
		} else if (!strncmp(line, "shape ", 6)) {
			*g = (struct golden) { .release = release };
			found = sscanf(line, "shape %63s %15s cpus %u thp %d min_free %d", g->name,
				       g->arch, &g->nr_cpus, &g->thp, &g->min_free) == 5;
		} else if (sscanf(line, "node %u cpus%n", &node, &used) == 1) {
			const char *rest = line + used;

			g->nr_nodes = MAX(g->nr_nodes, node + 1);
			for (; sscanf(rest, "%u%n", &cpu, &used) == 1; rest += used)
				g->cpu_node[cpu] = node;
		} else if (!strncmp(line, "zone ", 5)) {
			found &= parse_zone(line + 5, &g->zones[g->nr_zones++]);
		}
		at = ftell(file);
	}
	return found;
}

/* Zones as captured, with the managed pages of the moment when marks are set. */
static struct machine *golden_machine(const struct golden *g)
{
	struct test_machine spec = {
		.release = g->release, .arch = g->arch, .nr_cpus = g->nr_cpus,
	};
	struct machine *m;

	memcpy(spec.cpu_node, g->cpu_node, sizeof(spec.cpu_node));
	m = test_machine_new(&spec);
	for (unsigned int i = 0; i < g->nr_nodes; i++)
		test_add_node(m, i);
	for (unsigned int i = 0; i < g->nr_zones; i++) {
		const struct golden_zone *z = &g->zones[i];

		test_add_zone(m, z->node, z->type, z->start, z->spanned, z->present);
	}
	return m;
}

/* What boot does, in its order: CPUs, marks, gigantic pages, daemons, late frees. */
static void golden_boot(struct machine *m, const struct golden *g)
{
	m->tunables->thp_enabled = g->thp;
	for (unsigned int i = 0; i < g->nr_zones; i++)
		adjust_managed_page_count(m, m->zones[i], g->zones[i].early);
	if (m->nr_cpus > 1)
		refresh_zone_stat_thresholds(m);
	init_per_zone_wmark_min(m);
	for (unsigned int i = 0; i < g->nr_zones; i++)
		adjust_managed_page_count(m, m->zones[i], g->zones[i].gigantic);
	if (g->thp)
		set_recommended_min_free_kbytes(m, true);
	for (unsigned int i = 0; i < g->nr_nodes; i++)
		set_pgdat_percpu_threshold(m, m->nodes[i], /* under_pressure = */ false);
	for (unsigned int i = 0; i < g->nr_zones; i++)
		adjust_managed_page_count(m, m->zones[i], g->zones[i].managed -
					  m->zones[i]->managed_pages);
}

static unsigned int differs(const struct golden *g, const struct zone *zone, const char *what,
			    u64 expected, u64 found)
{
	if (expected == found)
		return 0;
	fprintf(stderr, "%s %s node %u %s: expected %s %llu, found %llu\n",
		release_name(g->release), g->name, zone->node, zone->name, what,
		(unsigned long long)expected, (unsigned long long)found);
	return 1;
}

static unsigned int zone_differences(const struct machine *m, const struct golden *g,
				     const struct zone *zone, const struct golden_zone *z)
{
	unsigned int nr = 0;

	nr += differs(g, zone, "min", z->wmark[WMARK_MIN], zone_wmark(zone, WMARK_MIN));
	nr += differs(g, zone, "low", z->wmark[WMARK_LOW], zone_wmark(zone, WMARK_LOW));
	nr += differs(g, zone, "high", z->wmark[WMARK_HIGH], zone_wmark(zone, WMARK_HIGH));
	if (m->release >= R_6_18)
		nr += differs(g, zone, "promo", z->wmark[WMARK_PROMO],
			      zone_wmark(zone, WMARK_PROMO));
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		if (m->arch->zones >> type & 1)
			nr += differs(g, zone, "protection", z->protection[type],
				      zone->lowmem_reserve[type]);
	if (!zone_populated(zone))
		return nr;
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		nr += differs(g, zone, "batch", z->batch, zone->pcp[cpu].batch);
		nr += differs(g, zone, "high_min", z->high_min, zone->pcp[cpu].high_min);
		nr += differs(g, zone, "high_max", z->high_max, zone->pcp[cpu].high_max);
	}
	nr += differs(g, zone, "threshold", z->threshold, zone->stat_threshold);
	return nr;
}

static unsigned int golden_differences(const struct machine *m, const struct golden *g)
{
	unsigned int nr = 0;

	if (m->tunables->min_free_kbytes != g->min_free) {
		fprintf(stderr, "%s %s: expected min_free_kbytes %d, found %d\n",
			release_name(g->release), g->name, g->min_free,
			m->tunables->min_free_kbytes);
		nr++;
	}
	for (unsigned int i = 0; i < g->nr_zones; i++)
		nr += zone_differences(m, g, m->zones[i], &g->zones[i]);
	return nr;
}

static void compare_release(enum release release, unsigned int at_least)
{
	FILE *file = golden_open(release_name(release), "watermarks.txt");
	struct golden g;
	unsigned int nr = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	for (; golden_next(file, release, &g); nr++) {
		struct machine *m = golden_machine(&g);

		golden_boot(m, &g);
		CU_ASSERT_EQUAL(golden_differences(m, &g), 0);
		test_machine_free(m);
	}
	fclose(file);
	CU_ASSERT(nr >= at_least);
}

/* The ratios of the zones that the arch has, as many as were written. */
static void write_ratios(struct machine *m, const char *value)
{
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		int ratio, used;

		if (!(m->arch->zones >> type & 1) || sscanf(value, "%d%n", &ratio, &used) != 1)
			continue;
		m->tunables->lowmem_reserve_ratio[type] = MAX(ratio, 0);
		value += used;
	}
	setup_per_zone_lowmem_reserve(m);
}

static void write_sysctl(struct machine *m, const struct golden *g)
{
	if (!strcmp(g->sysctl, "lowmem_reserve_ratio")) {
		write_ratios(m, g->value);
	} else if (!strcmp(g->sysctl, "percpu_pagelist_high_fraction")) {
		m->tunables->percpu_pagelist_high_fraction = atoi(g->value);
		for (unsigned int i = 0; i < m->nr_zones; i++)
			if (zone_populated(m->zones[i]))
				zone_pcp_update(m, m->zones[i]);
	} else {
		if (!strcmp(g->sysctl, "min_free_kbytes"))
			m->tunables->min_free_kbytes = atoi(g->value);
		else
			m->tunables->watermark_scale_factor = atoi(g->value);
		setup_per_zone_wmarks(m);
	}
}

static void compare_sysctls(enum release release, const char *name)
{
	FILE *file = golden_open(release_name(release), name);
	struct golden g = { .nr_zones = 0 };
	struct machine *m;
	unsigned int nr = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	CU_ASSERT_FATAL(golden_next(file, release, &g));
	m = golden_machine(&g);
	golden_boot(m, &g);
	CU_ASSERT_EQUAL(golden_differences(m, &g), 0);
	/* The kernel recomputes protection when lowmem_reserve_ratio is read, too. */
	setup_per_zone_lowmem_reserve(m);
	for (; golden_next(file, release, &g); nr++) {
		write_sysctl(m, &g);
		if (golden_differences(m, &g))
			CU_FAIL(g.sysctl);
	}
	test_machine_free(m);
	fclose(file);
	CU_ASSERT_EQUAL(nr, 20);
}

static void test_sysctls_6_1(void)
{
	compare_sysctls(R_6_1, "sysctls-128M.txt");
	compare_sysctls(R_6_1, "sysctls-4G-2node.txt");
}

static void test_sysctls_6_18(void)
{
	compare_sysctls(R_6_18, "sysctls-128M.txt");
}

static void test_shapes_6_1(void)
{
	compare_release(R_6_1, 30);
}

static void test_shapes_6_18(void)
{
	compare_release(R_6_18, 10);
}

static const CU_TestInfo tests[] = {
	{ "zones of 6.1", test_shapes_6_1 },
	{ "zones of 6.18", test_shapes_6_18 },
	{ "sysctls of 6.1", test_sysctls_6_1 },
	{ "sysctls of 6.18", test_sysctls_6_18 },
};

int main(void)
{
	return suite_main("watermark", tests, ARRAY_SIZE(tests), NULL, NULL);
}
