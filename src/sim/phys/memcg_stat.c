// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each group counts what happens to its own pages; what is shown is summed over all below.
 * The root has what is left of the node's and the machine's figures, so that it need not
 * count; but reclaim of groups alone is not in the machine's, and added.
 */
#include "sim/phys/memcg.h"

/* Kernel memory that is charged to nobody is not the root's either. */
static bool is_of_pages(enum node_stat_item item)
{
	return item != NR_SLAB_RECLAIMABLE && item != NR_SLAB_UNRECLAIMABLE &&
	       item != NR_KERNEL_STACK && item != NR_PAGE_TABLE_PAGES &&
	       item != NR_SEC_PAGE_TABLE_PAGES && item != NR_HUGETLB;
}

void memcg_mod_stat(struct machine *m, u32 id, unsigned int node, enum node_stat_item item, s64 n)
{
	struct mem_cgroup *memcg = m->memcg->groups[id];

	if (!id)
		return;
	if (unlikely(!memcg->online) && !is_of_pages(item))
		memcg = mem_cgroup_online_ancestor(memcg);
	memcg->nodes[node].stat[item] += n;
}

void memcg_mod_kernel(struct machine *m, u32 id, enum memcg_kernel_item item, s64 n)
{
	if (id)
		mem_cgroup_online_ancestor(m->memcg->groups[id])->kernel[item] += n;
}

void memcg_count_event(struct machine *m, u32 id, enum vm_event_item item, s64 n)
{
	if (id)
		m->memcg->groups[id]->event[item] += n;
}

void memcg_memory_event(struct machine *m, struct mem_cgroup *memcg,
			enum memcg_memory_event event)
{
	(void)m;
	memcg->memory_events_local[event]++;
	do
		memcg->memory_events[event]++;
	while ((memcg = memcg->parent) && !mem_cgroup_is_root(memcg));
}

static s64 own_node_stat(const struct memcg_state *state, const struct mem_cgroup *memcg,
			 enum node_stat_item item, int node)
{
	s64 sum = 0;

	if (node >= 0)
		return memcg->nodes[node].stat[item];
	for (unsigned int nid = 0; nid < state->nr_nodes; nid++)
		sum += memcg->nodes[nid].stat[item];
	return sum;
}

s64 memcg_node_stat(const struct machine *m, const struct mem_cgroup *memcg,
		    enum node_stat_item item, int node)
{
	const struct mem_cgroup *root = memcg, *at = NULL;
	s64 sum = 0;

	if ((!memcg || mem_cgroup_is_root(memcg)) && is_of_pages(item)) {
		for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
			if (m->nodes[nid] && (node < 0 || (unsigned int)node == nid))
				sum += m->nodes[nid]->stat[item] -
				       (item == NR_FILE_PAGES ? m->nodes[nid]->stat[NR_SWAPCACHED] : 0);
		return sum;
	}
	while (memcg && (at = mem_cgroup_next(m, root, at)))
		sum += own_node_stat(m->memcg, at, item, node);
	return sum;
}

s64 memcg_event(const struct machine *m, const struct mem_cgroup *memcg,
		enum vm_event_item item)
{
	const struct mem_cgroup *at = NULL;
	s64 sum = 0;

	if (!memcg || mem_cgroup_is_root(memcg))
		return m->event[item] + (m->memcg ? m->memcg->group_event[item] : 0);
	while ((at = mem_cgroup_next(m, memcg, at)))
		sum += at->event[item];
	return sum;
}

s64 memcg_kernel(const struct machine *m, const struct mem_cgroup *memcg,
		 enum memcg_kernel_item item)
{
	const struct mem_cgroup *at = NULL;
	s64 sum = 0;

	while (memcg && (at = mem_cgroup_next(m, memcg, at)))
		sum += at->kernel[item];
	return sum;
}

void memcg_pass_on(struct mem_cgroup *to, const struct memcg_state *state,
		   const struct mem_cgroup *from)
{
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		to->event[i] += from->event[i];
	for (unsigned int nid = 0; nid < state->nr_nodes; nid++)
		for (unsigned int i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
			to->nodes[nid].stat[i] += from->nodes[nid].stat[i];
}

void memcg_reparent_stats(const struct memcg_state *state, struct mem_cgroup *memcg,
			  struct mem_cgroup *parent)
{
	for (unsigned int i = 0; i < NR_MEMCG_KERNEL_ITEMS; i++) {
		parent->kernel[i] += memcg->kernel[i];
		memcg->kernel[i] = 0;
	}
	for (unsigned int nid = 0; nid < state->nr_nodes; nid++)
		for (unsigned int i = 0; i < NR_VM_NODE_STAT_ITEMS; i++) {
			if (is_of_pages(i))
				continue;
			parent->nodes[nid].stat[i] += memcg->nodes[nid].stat[i];
			memcg->nodes[nid].stat[i] = 0;
		}
	for (unsigned int nid = 0; nid < state->nr_nodes; nid++) {
		parent->nodes[nid].nr_shadow_nodes += memcg->nodes[nid].nr_shadow_nodes;
		memcg->nodes[nid].nr_shadow_nodes = 0;
	}
}
