// SPDX-License-Identifier: GPL-2.0-or-later
/* Builds the structures by hand, in the order of the boot; what cannot fail here aborts. */
#include "phys_machine.h"

#include <stdio.h>
#include <stdlib.h>

#include "support.h"

#include "sim/boot/memblock.h"
#include "sim/phys/tunables.h"

static void *must(void *ptr)
{
	if (!ptr)
		abort();
	return ptr;
}

static void must_succeed(int err)
{
	if (err)
		abort();
}

struct pglist_data *test_add_node(struct machine *m, unsigned int id)
{
	struct pglist_data *node = must(arena_alloc(&m->arena, sizeof(*node)));

	node->id = id;
	node->online = true;
	m->nodes[id] = node;
	m->nr_nodes = MAX(m->nr_nodes, id + 1);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		if (m->cpu_node[cpu] == id) {
			node->cpus[cpu / 64] |= 1ULL << (cpu % 64);
			node->has_cpu = true;
		}
	for (unsigned int other = 0; other < MAX_NUMNODES; other++)
		m->distance[id][other] = id == other ? 10 : 20;
	return node;
}

struct zone *test_add_zone(struct machine *m, unsigned int nid, enum zone_type type,
			   u64 start_pfn, u64 spanned, u64 present)
{
	struct pglist_data *node = m->nodes[nid];
	struct zone *zone = must(arena_alloc(&m->arena, sizeof(*zone)));

	m->zones = must(arena_resize(&m->arena, m->zones, m->nr_zones * sizeof(*m->zones),
				     (m->nr_zones + 1) * sizeof(*m->zones)));
	zone->index = m->nr_zones;
	zone->node = nid;
	zone->type = type;
	zone->name = zone_names[type];
	zone->start_pfn = spanned ? start_pfn : 0;
	zone->spanned_pages = spanned;
	zone->present_pages = present;
	must_succeed(zone_init(m, zone));
	m->zones[m->nr_zones++] = zone;
	node->zones[type] = zone;
	node->present_pages += present;
	node->has_memory = node->present_pages != 0;
	return zone;
}

/* One zone of a node: from the first of its ranges in [low, high) to the last. */
static void add_zone(struct machine *m, const struct test_machine *spec, unsigned int nid,
		     enum zone_type type, u64 low, u64 high)
{
	u64 start = ~0ULL, end = 0, present = 0;

	for (unsigned int i = 0; i < TEST_RANGES; i++) {
		u64 from = MAX(spec->ranges[i].pfn, low), to = MIN(spec->ranges[i].end, high);

		if (spec->ranges[i].node != (int)nid || from >= to)
			continue;
		start = MIN(start, from);
		end = MAX(end, to);
		present += to - from;
	}
	test_add_zone(m, nid, type, start, present ? end - start : 0, present);
}

static void add_zones(struct machine *m, const struct test_machine *spec, unsigned int nid)
{
	u64 below = 0, movable = nid || !spec->movable_pfn ? ~0ULL : spec->movable_pfn;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		u64 end = m->arch->zone_end[type] ? m->arch->zone_end[type] : ~0ULL;

		if (!(m->arch->zones >> type & 1))
			continue;
		if (type == ZONE_MOVABLE)
			add_zone(m, spec, nid, type, movable, ~0ULL);
		else if (type == ZONE_DEVICE)
			add_zone(m, spec, nid, type, 0, 0);
		else
			add_zone(m, spec, nid, type, MIN(below, movable), MIN(end, movable));
		if (type < ZONE_MOVABLE)
			below = end;
	}
}

struct machine *test_machine_new(const struct test_machine *spec)
{
	struct machine *m = must(calloc(1, sizeof(*m)));

	m->release = spec->release;
	m->arch = must((void *)arch_find(spec->arch ? spec->arch : "x86_64"));
	m->nodes_shift = m->arch->numa ? 10 : 0;
	m->pageblock_order = m->arch->hugetlb_order;
	m->nr_cpus = m->nr_present_cpus = m->nr_possible_cpus = MAX(spec->nr_cpus, 1);
	memcpy(m->cpu_node, spec->cpu_node, sizeof(spec->cpu_node));
	m->memblock = must(arena_alloc(&m->arena, sizeof(*m->memblock)));
	must_succeed(memblock_init(m->memblock, &m->arena));
	m->tunables = must(arena_alloc(&m->arena, sizeof(*m->tunables)));
	tunables_init(m->tunables);
	for (unsigned int i = 0; i < TEST_RANGES; i++) {
		const struct test_range *range = &spec->ranges[i];

		if (range->end <= range->pfn)
			continue;
		must_succeed(memblock_add_node(m->memblock, PFN_PHYS(range->pfn),
					       PFN_PHYS(range->end - range->pfn), range->node, 0));
		m->max_pfn = MAX(m->max_pfn, range->end);
	}
	if (!m->max_pfn)
		return m;
	must_succeed(sections_init(m));
	for (unsigned int i = 0; i < MAX(spec->nr_nodes, 1); i++) {
		test_add_node(m, i);
		add_zones(m, spec, i);
	}
	for (unsigned int i = 0; i < m->nr_zones; i++)
		zone_init_pageblocks(m, m->zones[i]);
	return m;
}

struct machine *test_machine_boot(const struct test_machine *spec)
{
	struct machine *m = test_machine_new(spec);

	for (unsigned int i = 0; i < m->nr_zones; i++)
		m->zones[i]->managed_pages = m->zones[i]->present_pages;
	must_succeed(build_all_zonelists(m));
	for (unsigned int i = 0; i < m->nr_zones; i++)
		m->zones[i]->managed_pages = 0;
	for (unsigned int i = 0; i < TEST_RANGES; i++) {
		const struct test_range *range = &spec->ranges[i];
		u64 pfn = range->pfn;

		while (pfn < range->end) {
			struct zone *zone = pfn_zone(m, pfn);
			u64 end = MIN(range->end, zone_end_pfn(zone));

			must_succeed(buddy_hand_over(m, zone, pfn, end));
			pfn = end;
		}
	}
	init_per_zone_wmark_min(m);
	m->booted = true;
	return m;
}

void test_machine_free(struct machine *m)
{
	zonelists_free(m);
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		zone_free(m, m->zones[i]);
		arena_free(&m->arena, m->zones[i], sizeof(*m->zones[i]));
	}
	arena_free(&m->arena, m->zones, m->nr_zones * sizeof(*m->zones));
	for (unsigned int i = 0; i < MAX_NUMNODES; i++)
		arena_free(&m->arena, m->nodes[i], sizeof(*m->nodes[i]));
	sections_free(m);
	memblock_free_state(m->memblock);
	arena_free(&m->arena, m->memblock, sizeof(*m->memblock));
	arena_free(&m->arena, m->tunables, sizeof(*m->tunables));
	if (m->arena.bytes) {
		fprintf(stderr, "leaked %llu bytes\n", (unsigned long long)m->arena.bytes);
		abort();
	}
	arena_close(&m->arena);
	free(m);
}

static void lists_validate(const struct machine *m, struct check *check)
{
	section_validate(m, check);
	page_alloc_validate(m, check);
}

unsigned int test_check_lists(const struct machine *m)
{
	return nr_broken(m, lists_validate, NULL);
}

static void memory_validate(const struct machine *m, struct check *check)
{
	lists_validate(m, check);
	page_states_validate(m, check);
}

unsigned int test_check(const struct machine *m)
{
	return nr_broken(m, memory_validate, NULL);
}

unsigned int test_check_touched(struct machine *m)
{
	unsigned int nr = nr_broken(m, page_alloc_validate_touched, NULL);

	page_alloc_checked(m);
	return nr;
}
