// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Into which zone a block goes, and how far zones reach. By default a block joins the
 * zone that already reaches over it, and a kernel zone where none does, or several do;
 * the policy auto-movable weighs movable memory against what the boot gave the kernel.
 */
#include "sim/phys/memory_hotplug.h"

#include "sim/phys/tunables.h"

typedef unsigned long long ull;

#define SUBSECTION_PAGES PFN_DOWN(SZ_2M)

static bool zone_intersects(const struct zone *zone, u64 start, u64 nr_pages)
{
	return zone && zone->spanned_pages && start < zone_end_pfn(zone) &&
	       start + nr_pages > zone->start_pfn;
}

static struct zone *default_kernel_zone(const struct machine *m, unsigned int nid, u64 start,
					u64 nr_pages)
{
	for (int type = 0; type < ZONE_NORMAL; type++)
		if (zone_intersects(m->nodes[nid]->zones[type], start, nr_pages))
			return m->nodes[nid]->zones[type];
	return m->nodes[nid]->zones[ZONE_NORMAL];
}

static struct zone *default_zone(const struct machine *m, unsigned int nid, u64 start,
				 u64 nr_pages)
{
	struct zone *kernel = default_kernel_zone(m, nid, start, nr_pages);
	struct zone *movable = m->nodes[nid]->zones[ZONE_MOVABLE];
	bool in_kernel = zone_intersects(kernel, start, nr_pages);
	bool in_movable = zone_intersects(movable, start, nr_pages);

	if (in_kernel != in_movable)
		return in_kernel ? kernel : movable;
	return m->tunables->movable_node ? movable : kernel;
}

struct movable_stats {
	u64 kernel_early, movable;
};

/* What is in CMA areas moves, too. */
static void account_zone(struct movable_stats *stats, const struct zone *zone)
{
	if (zone->type == ZONE_MOVABLE) {
		stats->movable += zone->present_pages;
		return;
	}
	stats->kernel_early += zone->present_early_pages - zone->cma_pages;
	stats->movable += zone->cma_pages;
}

/* Would so many pages more leave Movable within its ratio? nid: NUMA_NO_NODE, all. */
static bool can_online_movable(const struct machine *m, int nid, u64 nr_pages)
{
	struct movable_stats stats = { 0 };

	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_populated(m->zones[i]) && (nid < 0 || m->zones[i]->node == nid))
			account_zone(&stats, m->zones[i]);
	if (!stats.kernel_early)
		return false;
	return stats.movable + nr_pages <=
	       (u32)m->tunables->auto_movable_ratio * stats.kernel_early / 100;
}

static struct zone *auto_movable_zone(const struct machine *m, unsigned int nid, u32 group,
				      u64 start, u64 nr_pages)
{
	const struct memory_group *all = group ? &m->hotplug->groups[group - 1] : NULL;
	u64 wanted = all ? all->max_pages - all->present_movable : nr_pages;

	if (!m->tunables->auto_movable_ratio || (all && all->present_kernel) ||
	    !can_online_movable(m, -1, wanted) ||
	    (m->tunables->auto_movable_numa_aware && !can_online_movable(m, (int)nid, wanted)))
		return default_kernel_zone(m, nid, start, nr_pages);
	return m->nodes[nid]->zones[ZONE_MOVABLE];
}

struct zone *zone_for_pfn_range(const struct machine *m, enum mmop type, unsigned int nid,
				u32 group, u64 start, u64 nr_pages)
{
	if (type == MMOP_ONLINE_KERNEL)
		return default_kernel_zone(m, nid, start, nr_pages);
	if (type == MMOP_ONLINE_MOVABLE)
		return m->nodes[nid]->zones[ZONE_MOVABLE];
	if (m->tunables->online_policy == ONLINE_POLICY_AUTO_MOVABLE)
		return auto_movable_zone(m, nid, group, start, nr_pages);
	return default_zone(m, nid, start, nr_pages);
}

static void span_grow(u64 *first, u64 *spanned, u64 start, u64 nr_pages)
{
	u64 end = *first + *spanned;

	if (!*spanned || start < *first)
		*first = start;
	*spanned = MAX(start + nr_pages, end) - *first;
}

void move_pfn_range_to_zone(struct machine *m, struct zone *zone, u64 start, u64 nr_pages)
{
	struct pglist_data *node = m->nodes[zone->node];

	span_grow(&zone->start_pfn, &zone->spanned_pages, start, nr_pages);
	span_grow(&node->start_pfn, &node->spanned_pages, start, nr_pages);
}

static void zone_emptied(struct zone *zone)
{
	zone->start_pfn = 0;
	zone->spanned_pages = 0;
}

static void shrink_from_below(const struct machine *m, struct zone *zone, u64 pfn)
{
	u64 end = zone_end_pfn(zone);

	for (; pfn < end; pfn += SUBSECTION_PAGES) {
		if (pfn_online_zone(m, pfn) != zone)
			continue;
		zone->spanned_pages = end - pfn;
		zone->start_pfn = pfn;
		return;
	}
	zone_emptied(zone);
}

static void shrink_from_above(const struct machine *m, struct zone *zone, u64 end)
{
	for (u64 pfn = end - 1; pfn >= zone->start_pfn && pfn < end; pfn -= SUBSECTION_PAGES) {
		if (pfn_online_zone(m, pfn) != zone)
			continue;
		zone->spanned_pages = pfn - zone->start_pfn + 1;
		return;
	}
	zone_emptied(zone);
}

static void update_node_span(struct pglist_data *node)
{
	node->start_pfn = node->spanned_pages = 0;
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		if (node->zones[type] && node->zones[type]->spanned_pages)
			span_grow(&node->start_pfn, &node->spanned_pages,
				  node->zones[type]->start_pfn,
				  node->zones[type]->spanned_pages);
}

void remove_pfn_range_from_zone(struct machine *m, struct zone *zone, u64 start, u64 nr_pages)
{
	u64 end = start + nr_pages;

	if (zone->start_pfn == start)
		shrink_from_below(m, zone, end);
	else if (zone_end_pfn(zone) == end)
		shrink_from_above(m, zone, start);
	update_node_span(m->nodes[zone->node]);
}

void adjust_present_page_count(struct machine *m, struct zone *zone,
			       const struct memory_block *block, s64 nr_pages)
{
	struct memory_group *group = block->group ? &m->hotplug->groups[block->group - 1] : NULL;

	if (block->early)
		zone->present_early_pages += (u64)nr_pages;
	zone->present_pages += (u64)nr_pages;
	m->nodes[zone->node]->present_pages += (u64)nr_pages;
	if (group && zone->type == ZONE_MOVABLE)
		group->present_movable += (u64)nr_pages;
	else if (group)
		group->present_kernel += (u64)nr_pages;
}
