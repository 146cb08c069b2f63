// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The numbers are those that a kernel gives them as it boots. How many objects are looked at
 * follows from the priority of reclaim and from what they cost to make again (seeks); what is
 * less than a batch is put off to the next time. drop_slab() asks again and again, as long as
 * each pass gives back more than a share that doubles.
 */
#include "sim/virt/shrinker.h"

#include "sim/base/digest.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/dcache.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/virt.h"
#include "sim/virt/workingset.h"

#define SHRINK_BATCH 128U
#define SUPER_BATCH 1024U
#define DEFAULT_SEEKS 2

/* More or less than there are, by vm.vfs_cache_pressure. */
static u64 vfs_pressure(const struct machine *m, u64 nr)
{
	return nr * (u64)MAX(m->tunables->vfs_cache_pressure, 0) /
	       (u64)MAX(m->tunables->vfs_cache_pressure_denom, 1);
}

static u64 super_count(const struct machine *m, unsigned int node,
		       const struct mem_cgroup *memcg)
{
	return vfs_pressure(m, dcache_nr_dentries(m, node, memcg) +
			       dcache_nr_inodes(m, node, memcg));
}

/* Of names and of inodes as many as their part is. */
static u64 super_scan(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
		      u64 nr)
{
	u64 dentries = dcache_nr_dentries(m, node, memcg);
	u64 inodes = dcache_nr_inodes(m, node, memcg);
	u64 total = dentries + inodes + 1, freed;

	freed = dcache_prune_dentries(m, node, memcg, nr * dentries / total);
	return freed + dcache_prune_inodes(m, node, memcg, nr * inodes / total);
}

static u64 zero_count(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg)
{
	(void)memcg;
	return node ? 0 : huge_zero_folio_count(m);
}

static u64 zero_scan(struct machine *m, unsigned int node, const struct mem_cgroup *memcg, u64 nr)
{
	(void)memcg;
	(void)node;
	(void)nr;
	return shrink_huge_zero_folio(m);
}

static u64 split_scan(struct machine *m, unsigned int node, const struct mem_cgroup *memcg, u64 nr)
{
	u64 split = deferred_split_scan(m, node, memcg, nr);

	return split || deferred_split_count(m, node, memcg) ? split : SHRINK_STOP;
}

static const struct shrinker shrinkers[NR_SHRINKERS] = {
	{ "sb-rootfs", 2, true, true, DEFAULT_SEEKS, SUPER_BATCH, true, super_count, super_scan },
	{ "mm-shadow", 8, true, true, 0, SHRINK_BATCH, false, shadow_nodes_count,
	  shadow_nodes_scan },
	{ "thp-zero", 9, false, false, DEFAULT_SEEKS, SHRINK_BATCH, false, zero_count, zero_scan },
	{ "thp-deferred_split", 10, true, true, DEFAULT_SEEKS, SHRINK_BATCH, false,
	  deferred_split_count, split_scan },
};

const struct shrinker *shrinker_at(unsigned int i)
{
	return i < ARRAY_SIZE(shrinkers) ? &shrinkers[i] : NULL;
}

u64 shrinker_count(const struct machine *m, const struct shrinker *shrinker, unsigned int node)
{
	return !node || shrinker->numa_aware ? shrinker->count_objects(m, node, NULL) : 0;
}

/* How many objects are to be looked at. */
static u64 scan_target(const struct shrinker *shrinker, u64 freeable, unsigned int priority)
{
	if (!shrinker->seeks)
		return freeable / 2;
	return (freeable >> priority) * 4 / shrinker->seeks;
}

_Static_assert(NR_MEMCG_SHRINKERS == NR_SHRINKERS, "a group knows what each has put off");

static u64 scan_objects(struct machine *m, const struct shrinker *shrinker,
			const struct shrink_control *sc, u64 nr)
{
	if (shrinker->enters_fs && !(sc->gfp & __GFP_FS))
		return SHRINK_STOP;
	return shrinker->scan_objects(m, sc->node, sc->memcg, nr);
}

static u64 do_shrink_slab(struct machine *m, unsigned int i, const struct shrink_control *sc)
{
	const struct shrinker *shrinker = &shrinkers[i];
	struct mem_cgroup *memcg = sc->memcg;
	unsigned int node = sc->node, priority = sc->priority;
	const bool counts = !node || shrinker->numa_aware;
	u64 freeable = counts ? shrinker->count_objects(m, node, memcg) : 0;
	u64 *deferred = memcg && !mem_cgroup_is_root(memcg) ?
			&memcg->nodes[node].shrink_deferred[i] :
			&m->virt->shrink_deferred[i][shrinker->numa_aware ? node : 0];
	u64 put_off = *deferred, delta, left, freed = 0, scanned = 0;

	if (!freeable)
		return 0;
	delta = scan_target(shrinker, freeable, priority);
	left = MIN((put_off >> priority) + delta, 2 * freeable);
	while (left && (left >= shrinker->batch || left >= freeable)) {
		u64 nr = MIN((u64)shrinker->batch, left);
		u64 gone = scan_objects(m, shrinker, sc, nr);

		if (gone == SHRINK_STOP)
			break;
		count_vm_event(m, SLABS_SCANNED, (s64)nr);
		freed += gone;
		scanned += nr;
		left -= nr;
	}
	put_off += delta;
	*deferred = MIN(put_off - MIN(put_off, scanned), 2 * freeable);
	return freed;
}

u64 shrink_slab(struct machine *m, const struct shrink_control *sc)
{
	bool all = !sc->memcg || mem_cgroup_is_root(sc->memcg);
	u64 freed = 0;

	for (unsigned int i = 0; i < NR_SHRINKERS; i++)
		if (all || shrinkers[i].memcg_aware)
			freed += do_shrink_slab(m, i, sc);
	return freed;
}

/* Of all groups. */
static u64 drop_slab_node(struct machine *m, unsigned int node)
{
	struct shrink_control sc = { .gfp = GFP_KERNEL, .node = node };
	u64 freed = 0;

	if (!m->memcg)
		return shrink_slab(m, &sc);
	while ((sc.memcg = mem_cgroup_iter(m, root_mem_cgroup(m), sc.memcg)))
		freed += shrink_slab(m, &sc);
	return freed;
}

void drop_slab(struct machine *m)
{
	unsigned int shift = 0;
	u64 freed;

	do {
		freed = 0;
		for (unsigned int node = 0; node < m->nr_nodes; node++)
			if (m->nodes[node])
				freed += drop_slab_node(m, node);
	} while (freed >> shift++ > 1);
}

void shrinkers_digest(const struct machine *m, struct digest *digest)
{
	for (unsigned int i = 0; i < NR_SHRINKERS; i++)
		for (unsigned int node = 0; node < m->nr_nodes; node++)
			digest_u64(digest, m->virt->shrink_deferred[i][node]);
}
