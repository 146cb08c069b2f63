// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Node order: all zones of the nearest node, highest first, then of the next. A
 * node that was the first of its distance in one list costs a little more in the
 * next ones, so that equals take turns.
 */
#include "sim/boot/boot_log.h"
#include "sim/phys/page_alloc.h"

static unsigned int node_zones(const struct pglist_data *node, u16 *list)
{
	unsigned int nr = 0;

	for (int type = MAX_NR_ZONES - 1; type >= 0; type--)
		if (node->zones[type] && zone_populated(node->zones[type]))
			list[nr++] = node->zones[type]->index;
	return nr;
}

/*
 * The nearest node that is not in `used`; -1 if there is none. While the machine
 * boots no CPU is up yet, so nodes with CPUs are not worse than others.
 */
static int find_next_best_node(const struct machine *m, const struct pglist_data *local,
			       u64 used, const unsigned int *load)
{
	u64 least = ~0ULL;
	int best = -1;

	if (!(used >> local->id & 1) &&
	    (local->has_memory || !rel_memoryless_skips_itself(m->release)))
		return local->id;
	for (unsigned int id = 0; id < m->nr_nodes; id++) {
		u64 value;

		if (!m->nodes[id] || !m->nodes[id]->has_memory || used >> id & 1)
			continue;
		value = m->distance[local->id][id] + (id < local->id) +
			(m->zonelists_late && m->nodes[id]->has_cpu);
		value = (value << m->nodes_shift) + load[id];
		if (value < least) {
			least = value;
			best = id;
		}
	}
	return best;
}

static void order_nodes(const struct machine *m, struct pglist_data *local,
			unsigned int *load)
{
	int previous = local->id, next;
	u64 used = 0;

	local->nr_fallback = 0;
	while ((next = find_next_best_node(m, local, used, load)) >= 0) {
		used |= 1ULL << next;
		if (m->distance[local->id][next] != m->distance[local->id][previous])
			load[next]++;
		local->fallback[local->nr_fallback++] = next;
		previous = next;
	}
}

static int node_reserve_lists(struct machine *m, struct pglist_data *node)
{
	if (!node->fallback)
		node->fallback = arena_alloc(&m->arena, MAX_NUMNODES * sizeof(u16));
	if (!node->zonelist)
		node->zonelist = arena_alloc(&m->arena, m->nr_zones * sizeof(u16));
	if (!node->thisnode)
		node->thisnode = arena_alloc(&m->arena, MAX_NR_ZONES * sizeof(u16));
	return node->fallback && node->zonelist && node->thisnode ? 0 : -ENOMEM;
}

void zonelists_free(struct machine *m)
{
	for (unsigned int i = 0; i < MAX_NUMNODES; i++) {
		struct pglist_data *node = m->nodes[i];

		if (!node)
			continue;
		arena_free(&m->arena, node->fallback, MAX_NUMNODES * sizeof(u16));
		arena_free(&m->arena, node->zonelist, m->nr_zones * sizeof(u16));
		arena_free(&m->arena, node->thisnode, MAX_NR_ZONES * sizeof(u16));
		node->fallback = NULL;
		node->zonelist = NULL;
		node->thisnode = NULL;
		memset(node->preferred, 0, sizeof(node->preferred));
	}
}

static void build_zonelist(const struct machine *m, struct pglist_data *node)
{
	node->nr_zonelist = 0;
	for (unsigned int i = 0; i < node->nr_fallback; i++)
		node->nr_zonelist += node_zones(m->nodes[node->fallback[i]],
						node->zonelist + node->nr_zonelist);
	node->nr_thisnode = node_zones(node, node->thisnode);
}

static void find_preferred_zones(const struct machine *m, struct pglist_data *node)
{
	for (unsigned int highest = 0; highest < MAX_NR_ZONES; highest++) {
		unsigned int i = 0;

		while (i < node->nr_zonelist && m->zones[node->zonelist[i]]->type > highest)
			i++;
		node->preferred[highest] =
			i < node->nr_zonelist ? m->zones[node->zonelist[i]] : NULL;
	}
}

unsigned int nr_online_nodes(const struct machine *m)
{
	unsigned int nr = 0;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		nr += m->nodes[nid] && m->nodes[nid]->online;
	return nr;
}

int build_all_zonelists(struct machine *m)
{
	unsigned int load[MAX_NUMNODES] = { 0 };

	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i] && node_reserve_lists(m, m->nodes[i]))
			return -ENOMEM;
	m->zonelists_late = m->booted;
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		if (!m->nodes[i])
			continue;
		order_nodes(m, m->nodes[i], load);
		build_zonelist(m, m->nodes[i]);
		find_preferred_zones(m, m->nodes[i]);
	}
	m->mobility_grouping_off = nr_free_zone_pages(m, ZONE_MOVABLE) <
				   pageblock_nr_pages(m) * nr_migratetypes(m);
	if (m->mobility_grouping_off)
		machine_why_setting(m, "page mobility grouping is off: %llu pages < %llu pages "
				    "of a pageblock x %d types (build_all_zonelists)",
				    (unsigned long long)nr_free_zone_pages(m, ZONE_MOVABLE),
				    (unsigned long long)pageblock_nr_pages(m), nr_migratetypes(m));
	return 0;
}

/* "Fallback order for Node 0: 0 1 " */
static void print_fallback(struct machine *m, const struct pglist_data *node)
{
	struct out line = OUT_INIT;

	for (unsigned int i = 0; i < node->nr_fallback; i++)
		out_printf(&line, "%u ", node->fallback[i]);
	printk(m, 6, "Fallback order for Node %u: %s", node->id, line.text ? line.text : "");
	out_free(&line);
}

/* The highest zone that mappings ever used: what memory policies are about. */
static const char *policy_zone(struct machine *m)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_populated(m->zones[i]) && m->zones[i]->type != ZONE_MOVABLE)
			m->policy_zone = MAX(m->policy_zone, (u8)m->zones[i]->type);
	return zone_names[m->policy_zone];
}

void print_zonelists(struct machine *m, u64 total)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		nr += m->nodes[i] != NULL;
		if (m->nodes[i] && m->arch->numa)
			print_fallback(m, m->nodes[i]);
	}
	printk(m, 6, "Built %u zonelists, mobility grouping %s.  Total pages: %llu", nr,
	       m->mobility_grouping_off ? "off" : "on", (unsigned long long)total);
	if (m->arch->numa)
		printk(m, 6, "Policy zone: %s", policy_zone(m));
}
