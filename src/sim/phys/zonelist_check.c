// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariant W4: what order the nodes and zones should be in, by the rules and not by
 * zonelist.c. The nodes' orders depend on each other, so all of them are built.
 */
#include "sim/phys/page_alloc.h"

#define DISTANCE_WEIGHT 1024	/* the kernel's MAX_NUMNODES: load only decides ties */

struct order {
	u16 nodes[MAX_NUMNODES];
	unsigned int nr;
};

static u64 penalty(const struct machine *m, unsigned int local, unsigned int id,
		   const unsigned int *load)
{
	u64 cost = m->distance[local][id];

	if (id < local)
		cost++;
	if (m->zonelists_late && m->nodes[id]->has_cpu)
		cost++;
	return cost * DISTANCE_WEIGHT + load[id];
}

/* The order for one node; those that come behind a change of distance get load. */
static void find_order(const struct machine *m, unsigned int local, unsigned int *load,
		       struct order *order)
{
	bool taken[MAX_NUMNODES] = { false };
	unsigned int last = local;

	order->nr = 0;
	if (m->nodes[local]->has_memory || !rel_memoryless_skips_itself(m->release)) {
		taken[local] = true;
		order->nodes[order->nr++] = (u16)local;
	}
	for (;;) {
		unsigned int best = MAX_NUMNODES;

		for (unsigned int id = 0; id < m->nr_nodes; id++)
			if (m->nodes[id] && m->nodes[id]->has_memory && !taken[id] &&
			    (best == MAX_NUMNODES ||
			     penalty(m, local, id, load) < penalty(m, local, best, load)))
				best = id;
		if (best == MAX_NUMNODES)
			return;
		if (m->distance[local][best] != m->distance[local][last])
			load[best]++;
		taken[best] = true;
		order->nodes[order->nr++] = (u16)best;
		last = best;
	}
}

static void check_fallback(const struct pglist_data *node, const struct order *order,
			   struct check *check)
{
	unsigned int i = 0;

	while (i < order->nr && i < node->nr_fallback && node->fallback[i] == order->nodes[i])
		i++;
	check->nr_checked++;
	if (i < order->nr || i < node->nr_fallback)
		check_fail(check, "W4", "node %u: expected %u nodes in the order of their "
			   "distance, found %u, of which %u are right", node->id, order->nr,
			   node->nr_fallback, i);
}

/* Is the list these zones from `at` on: a node's, from its highest type down? */
static bool holds_zones(const struct pglist_data *of, const u16 *list, unsigned int nr,
			unsigned int *at)
{
	for (int type = MAX_NR_ZONES - 1; type >= 0; type--) {
		const struct zone *zone = of->zones[type];

		if (!zone || !zone_populated(zone))
			continue;
		if (*at >= nr || list[*at] != zone->index)
			return false;
		++*at;
	}
	return true;
}

static void check_list(const struct machine *m, const struct pglist_data *node,
		       const struct order *order, struct check *check)
{
	unsigned int at = 0, own = 0;
	bool right = true;

	for (unsigned int i = 0; right && i < order->nr; i++)
		right = holds_zones(m->nodes[order->nodes[i]], node->zonelist,
				    node->nr_zonelist, &at);
	check->nr_checked += 2;
	if (!right || at != node->nr_zonelist)
		check_fail(check, "W4", "node %u: expected each populated zone once in the "
			   "zonelist, node by node, found %u zones, the first %u right",
			   node->id, node->nr_zonelist, at);
	if (!holds_zones(node, node->thisnode, node->nr_thisnode, &own) ||
	    own != node->nr_thisnode)
		check_fail(check, "W4", "node %u: expected its own zones in the second list, "
			   "found %u, the first %u right", node->id, node->nr_thisnode, own);
}

static void check_preferred(const struct machine *m, const struct pglist_data *node,
			    struct check *check)
{
	for (unsigned int highest = 0; highest < MAX_NR_ZONES; highest++) {
		const struct zone *first = NULL;

		for (unsigned int i = 0; !first && i < node->nr_zonelist; i++)
			if (m->zones[node->zonelist[i]]->type <= highest)
				first = m->zones[node->zonelist[i]];
		check->nr_checked++;
		if (node->preferred[highest] != first)
			check_fail(check, "W4", "node %u: expected zone %d first up to type %u, "
				   "found %d", node->id, first ? first->index : -1, highest,
				   node->preferred[highest] ? node->preferred[highest]->index :
							      -1);
	}
}

void zonelists_validate(const struct machine *m, struct check *check)
{
	unsigned int load[MAX_NUMNODES] = { 0 };

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		const struct pglist_data *node = m->nodes[nid];
		struct order order;

		if (!node || !node->zonelist)
			continue;
		find_order(m, nid, load, &order);
		check_fallback(node, &order, check);
		check_list(m, node, &order, check);
		check_preferred(m, node, check);
	}
}
