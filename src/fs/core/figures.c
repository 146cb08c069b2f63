// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine's counters are exact and in one unit each; this file holds the
 * conversions that the kernel applies on the way to text, once for all files.
 */
#include "fs/core/figures.h"

#include "sim/phys/tunables.h"
#include "sim/virt/writeback.h"

static u64 not_negative(s64 value)
{
	return value < 0 ? 0 : value;
}

bool option_on(const struct machine *m, const char *name)
{
	if (!strcmp(name, "NUMA"))
		return m->arch->numa;
	if (!strcmp(name, "HIGHMEM"))
		return m->arch->zones >> ZONE_HIGHMEM & 1;
	return machine_config_bool(m->config, name);
}

bool counter_shown(const struct machine *m, const struct counter_row *row)
{
	if (!span_holds(row->span, m->release))
		return false;
	if (row->needs & NEEDS_NUMA && !m->arch->numa)
		return false;
	if (row->needs & NEEDS_64BIT && m->arch->bits != 64)
		return false;
	if (row->needs & NEEDS_CMA && !m->cma)
		return false;
	if (row->needs & NEEDS_UNACCEPTED && !option_on(m, "UNACCEPTED_MEMORY"))
		return false;
	if (row->needs & NEEDS_TLBFLUSH && !option_on(m, "DEBUG_TLBFLUSH"))
		return false;
	return !(row->needs & NEEDS_ZSWAP) || option_on(m, "ZSWAP");
}

unsigned int pmd_pages(const struct machine *m)
{
	return 1U << m->arch->hugetlb_order;
}

u64 zone_figure(const struct machine *m, const struct zone *zone, enum zone_stat_item item)
{
	(void)m;
	return not_negative(zone->stat[item]);
}

static bool in_bytes(enum node_stat_item item)
{
	return item == NR_SLAB_RECLAIMABLE || item == NR_SLAB_UNRECLAIMABLE;
}

static bool in_huge_pages(enum node_stat_item item)
{
	return item == NR_ANON_THPS || item == NR_FILE_HUGEPAGES ||
	       item == NR_SHMEM_HUGEPAGES || item == NR_SHMEM_PMDMAPPED ||
	       item == NR_FILE_PMDMAPPED;
}

u64 node_pages(const struct machine *m, const struct pglist_data *node,
	       enum node_stat_item item)
{
	u64 sum = node ? not_negative(node->stat[item]) : global_node_stat(m, item);

	return in_bytes(item) ? sum >> PAGE_SHIFT : sum;
}

u64 node_figure(const struct machine *m, const struct pglist_data *node,
		enum node_stat_item item)
{
	u64 pages = node_pages(m, node, item);

	return in_huge_pages(item) ? pages / pmd_pages(m) : pages;
}

static bool zone_counts(const struct zone *zone, const struct pglist_data *node)
{
	return !node || zone->node == node->id;
}

u64 zones_figure(const struct machine *m, const struct pglist_data *node,
		 enum zone_stat_item item)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_counts(m->zones[i], node))
			sum += zone_figure(m, m->zones[i], item);
	return sum;
}

u64 zones_numa_figure(const struct machine *m, const struct pglist_data *node,
		      enum numa_stat_item item)
{
	s64 sum = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_counts(m->zones[i], node))
			sum += m->zones[i]->numa[item];
	return not_negative(sum);
}

/* Movable memory counts as high where it lies above the end of low memory. */
static bool zone_is_high(const struct machine *m, const struct zone *zone)
{
	if (!(m->arch->zones >> ZONE_HIGHMEM & 1))
		return false;
	return zone->type == ZONE_HIGHMEM ||
	       (zone->type == ZONE_MOVABLE && zone_populated(zone) &&
		PFN_PHYS(zone->start_pfn) >= m->arch->lowmem_end);
}

static bool zone_counts_as(const struct machine *m, const struct zone *zone,
			   const struct pglist_data *node, enum mem_part part)
{
	return zone_counts(zone, node) && (part == MEM_ALL || zone_is_high(m, zone));
}

u64 managed_figure(const struct machine *m, const struct pglist_data *node,
		   enum mem_part part)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_counts_as(m, m->zones[i], node, part))
			sum += m->zones[i]->managed_pages;
	return sum;
}

u64 free_figure(const struct machine *m, const struct pglist_data *node,
		enum mem_part part)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_counts_as(m, m->zones[i], node, part))
			sum += zone_figure(m, m->zones[i], NR_FREE_PAGES);
	return sum;
}

void dirty_limits(const struct machine *m, u64 *background, u64 *limit)
{
	global_dirty_limits(m, background, limit);
}

void cpus_of_machine(const struct machine *m, u64 words[CPU_WORDS])
{
	memset(words, 0, CPU_WORDS * sizeof(words[0]));
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		words[cpu / 64] |= 1ULL << (cpu % 64);
}

/* As many as fill an eighth of memory with their stacks. */
