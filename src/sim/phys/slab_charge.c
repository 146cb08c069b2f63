// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An object is charged with its size in the slab and a pointer to its group, which is all
 * that the figures of slabs count. It is charged when it has been taken, and goes back if
 * the group may not have it.
 */
#include "sim/phys/slab_charge.h"

static u32 obj_full_size(const struct machine *m, const struct kmem_cache *s)
{
	return s->geo.size + m->arch->bits / 8;
}

static enum node_stat_item slab_item(const struct kmem_cache *s)
{
	return s->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;
}

int slab_charge_object(struct machine *m, struct slab *slab, unsigned int i, gfp_t gfp)
{
	struct mem_cgroup *memcg = obj_cgroup_of_current(m);
	u32 bytes = obj_full_size(m, slab->cache);
	int err = obj_cgroup_charge(m, memcg, gfp, bytes);

	if (err) {
		machine_why(m, "cache %s: memory cgroup %u may not have an object more "
			    "(memcg_slab_post_alloc_hook)", slab->cache->name, memcg->id);
		return err;
	}
	slab->memcg[i] = memcg->id;
	slab->nr_memcg++;
	memcg_mod_stat(m, memcg->id, slab->node, slab_item(slab->cache), bytes);
	return 0;
}

void slab_uncharge_object(struct machine *m, struct slab *slab, unsigned int i)
{
	struct mem_cgroup *memcg = mem_cgroup_of(m, slab->memcg[i]);
	u32 bytes = obj_full_size(m, slab->cache);

	if (!slab->memcg[i])
		return;
	slab->memcg[i] = 0;
	slab->nr_memcg--;
	memcg_mod_stat(m, memcg->id, slab->node, slab_item(slab->cache), -(s64)bytes);
	obj_cgroup_uncharge(m, memcg, bytes);
}

void slab_recount_charges(const struct machine *m, u64 (*bytes)[NR_SLAB_KINDS])
{
	for (u32 id = 0; id < m->slab->nr_slabs; id++) {
		const struct slab *slab = m->slab->slabs[id];

		for (unsigned int i = 0; slab && slab->nr_memcg && i < slab->objects; i++)
			if (slab->memcg[i] && slab->memcg[i] < m->memcg->room)
				bytes[slab->memcg[i]][slab_item(slab->cache) != NR_SLAB_RECLAIMABLE] +=
					obj_full_size(m, slab->cache);
	}
}

u32 object_memcg_id(const struct machine *m, u64 addr)
{
	const struct slab *slab = slab_of_addr(m, addr);

	return slab && slab->nr_memcg ? slab->memcg[slab_object_index(slab, addr)] : 0;
}

/* What a group that was removed had is its parent's. */
bool memcg_owns_object(const struct machine *m, const struct mem_cgroup *memcg, u64 addr)
{
	return memcg == mem_cgroup_online_ancestor(mem_cgroup_of(m, object_memcg_id(m, addr)));
}
