// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a group takes itself: its figures for each CPU, of all and of each node. They are
 * charged to its parent, and go when nothing is charged to the group any more. Newer
 * kernels charge for the sums of these figures as well. (The other structs of a group are
 * nobody's, and are not allocated here.)
 */
#include "sim/phys/memcg.h"

#include "sim/base/bug.h"
#include "sim/boot/config.h"
#include "sim/phys/percpu.h"
#include "sim/phys/slab.h"

#define CACHE_LINE 64U

/* Bytes; 0: not charged. */
struct group_sizes {
	u64 vmstats_percpu, lruvec_stats_percpu;
	u64 vmstats, lruvec_stats;
};

/* Each figure, and what of it the group above knows; MEMCG_* items are of no node. */
static void sizes_before_sums(const struct machine *m, u64 word, struct group_sizes *sizes)
{
	u64 items = machine_config_bool(m->config, "NUMA_BALANCING") ? 43 : 41;
	u64 events = machine_config_bool(m->config, "ZSWAP") ? 17 : 15;

	sizes->lruvec_stats_percpu = 2 * items * word;
	sizes->vmstats_percpu = (2 * (items + 7 + events) + 3) * word;
}

/* The sums have what came from below, and not yet into them, as a third. */
static void sizes_with_sums(const struct machine *m, u64 word, struct group_sizes *sizes)
{
	bool balances = machine_config_bool(m->config, "NUMA_BALANCING");
	u64 items = balances ? 33 : 32, events = balances ? 26 : 23;

	events += machine_config_bool(m->config, "ZSWAP") ? 3 : 0;
	sizes->lruvec_stats_percpu = 2 * items * word;
	sizes->vmstats_percpu = ALIGN_UP((3 + 2 * (items + 7 + events)) * word, CACHE_LINE);
	sizes->lruvec_stats = 3 * items * word;
	sizes->vmstats = (3 * (items + 7 + events) + 1) * word;
}

static struct group_sizes sizes_of(const struct machine *m)
{
	struct group_sizes sizes = { 0 };
	u64 word = m->arch->bits / 8;

	if (rel_memcg_charges_sums(m->release))
		sizes_with_sums(m, word, &sizes);
	else
		sizes_before_sums(m, word, &sizes);
	return sizes;
}

static int alloc_of_group(struct machine *m, const struct group_sizes *sizes,
			  struct mem_cgroup *memcg, gfp_t gfp)
{
	int err = 0;

	if (sizes->vmstats)
		err = kmalloc(m, sizes->vmstats, gfp, NUMA_NO_NODE, &memcg->vmstats);
	if (err)
		memcg->vmstats = 0;
	return err ? err : alloc_percpu(m, sizes->vmstats_percpu, sizes->vmstats ? CACHE_LINE : 8,
					gfp, &memcg->vmstats_percpu);
}

/* Of a node that could be, if there is memory or not. */
static int alloc_of_node(struct machine *m, const struct group_sizes *sizes,
			 struct mem_cgroup *memcg, unsigned int nid, gfp_t gfp)
{
	struct mem_cgroup_per_node *node = &memcg->nodes[nid];
	int from = NUMA_NO_NODE, err = 0;

	if (!m->nodes[nid])
		return 0;
	if (m->nodes[nid]->has_memory)
		from = (int)nid;

	if (sizes->lruvec_stats)
		err = kmalloc(m, sizes->lruvec_stats, gfp, from, &node->lruvec_stats);
	if (err)
		node->lruvec_stats = 0;
	return err ? err : alloc_percpu(m, sizes->lruvec_stats_percpu, 8, gfp,
					&node->lruvec_stats_percpu);
}

static void free_piece(struct machine *m, u64 *addr)
{
	BUG_ON(m, *addr && free_percpu(m, *addr));
	*addr = 0;
}

static void free_object(struct machine *m, u64 *addr)
{
	BUG_ON(m, *addr && kfree(m, *addr));
	*addr = 0;
}

static void free_all(struct machine *m, struct mem_cgroup *memcg)
{
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		free_piece(m, &memcg->nodes[nid].lruvec_stats_percpu);
		free_object(m, &memcg->nodes[nid].lruvec_stats);
	}
	free_piece(m, &memcg->vmstats_percpu);
	free_object(m, &memcg->vmstats);
}

/* The kernel works for the parent; who is charged to the root is charged to nobody. */
static int alloc_all(struct machine *m, struct mem_cgroup *memcg)
{
	const struct group_sizes sizes = sizes_of(m);
	bool of_root = mem_cgroup_is_root(memcg->parent);
	gfp_t gfp = of_root ? GFP_KERNEL : GFP_KERNEL_ACCOUNT;
	u16 active = m->memcg->active;
	int err;

	m->memcg->active = memcg->parent->id;
	err = alloc_of_group(m, &sizes, memcg, gfp);
	for (unsigned int nid = 0; nid < m->nr_nodes && !err; nid++)
		err = alloc_of_node(m, &sizes, memcg, nid, gfp);
	m->memcg->active = active;
	return err;
}

int memcg_memory_alloc(struct machine *m, struct mem_cgroup *memcg)
{
	int err;

	if (!m->percpu)
		return 0;
	err = percpu_guarantee(m, 2 * (1 + m->nr_nodes));
	if (err)
		return err;
	err = alloc_all(m, memcg);
	if (err)
		free_all(m, memcg);
	arena_guarantee_end(&m->arena);
	return err;
}

static bool is_left_over(const struct mem_cgroup *memcg)
{
	return memcg && !memcg->online && memcg->vmstats_percpu && mem_cgroup_has_nothing(memcg);
}

void memcg_memory_free(struct machine *m)
{
	for (u32 id = 1; m->memcg && m->memcg->nr_offline && id < m->memcg->room; id++) {
		struct mem_cgroup *memcg = m->memcg->groups[id];

		if (!is_left_over(memcg))
			continue;
		if (percpu_guarantee(m, 1 + m->nr_nodes))
			return;
		free_all(m, memcg);
		mem_cgroup_put(m, memcg);
		arena_guarantee_end(&m->arena);
		/* Its parent may have waited for it. */
		id = 0;
	}
}

bool memcg_owns_percpu(const struct machine *m, u64 addr)
{
	for (u32 id = 1; m->memcg && id < m->memcg->room; id++) {
		const struct mem_cgroup *memcg = m->memcg->groups[id];

		if (memcg && memcg->vmstats_percpu == addr)
			return true;
		for (unsigned int nid = 0; memcg && nid < m->nr_nodes; nid++)
			if (memcg->nodes[nid].lruvec_stats_percpu == addr)
				return true;
	}
	return false;
}

void memcg_claim_objects(const struct machine *m, struct object_census *census)
{
	for (u32 id = 1; m->memcg && id < m->memcg->room; id++) {
		const struct mem_cgroup *memcg = m->memcg->groups[id];

		if (memcg && memcg->vmstats)
			object_claim(census, memcg->vmstats, "figures of a memory cgroup");
		for (unsigned int nid = 0; memcg && nid < m->nr_nodes; nid++)
			if (memcg->nodes[nid].lruvec_stats)
				object_claim(census, memcg->nodes[nid].lruvec_stats,
					     "figures of a memory cgroup on a node");
	}
}
