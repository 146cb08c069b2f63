// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The numbers are those that a kernel gives them as it boots. drop_slab() asks again and
 * again, as long as each pass gives back more than a share that doubles.
 */
#include "sim/virt/shrinker.h"

#include "sim/phys/tunables.h"
#include "sim/virt/dcache.h"
#include "sim/virt/huge_memory.h"

#define SHRINK_BATCH 128U
#define SUPER_BATCH 1024U

/* More or less than there are, by vm.vfs_cache_pressure. */
static u64 vfs_pressure(const struct machine *m, u64 nr)
{
	return nr * (u64)MAX(m->tunables->vfs_cache_pressure, 0) / 100;
}

static u64 super_count(const struct machine *m, unsigned int node)
{
	return vfs_pressure(m, dcache_nr_dentries(m, node) + dcache_nr_inodes(m, node));
}

/* Of names and of inodes as many as their part is. */
static u64 super_scan(struct machine *m, unsigned int node, u64 nr)
{
	u64 dentries = dcache_nr_dentries(m, node), inodes = dcache_nr_inodes(m, node);
	u64 total = dentries + inodes + 1, freed;

	freed = dcache_prune_dentries(m, node, nr * dentries / total);
	return freed + dcache_prune_inodes(m, node, nr * inodes / total);
}

static u64 zero_count(const struct machine *m, unsigned int node)
{
	return node ? 0 : huge_zero_folio_count(m);
}

static u64 zero_scan(struct machine *m, unsigned int node, u64 nr)
{
	(void)node;
	(void)nr;
	return shrink_huge_zero_folio(m);
}

static const struct shrinker shrinkers[] = {
	{ "sb-rootfs", 2, true, true, SUPER_BATCH, super_count, super_scan },
	{ "thp-zero", 9, false, false, SHRINK_BATCH, zero_count, zero_scan },
	{ "thp-deferred_split", 10, true, true, SHRINK_BATCH, deferred_split_count,
	  deferred_split_scan },
};

const struct shrinker *shrinker_at(unsigned int i)
{
	return i < ARRAY_SIZE(shrinkers) ? &shrinkers[i] : NULL;
}

u64 shrinker_count(const struct machine *m, const struct shrinker *shrinker, unsigned int node)
{
	return !node || shrinker->numa_aware ? shrinker->count_objects(m, node) : 0;
}

/* do_shrink_slab() at priority 0: twice as many are scanned as there are. */
static u64 do_shrink_slab(struct machine *m, const struct shrinker *shrinker, unsigned int node)
{
	u64 freeable = shrinker_count(m, shrinker, node), left = 2 * freeable, freed = 0;

	while (left && (left >= shrinker->batch || left >= freeable)) {
		u64 nr = MIN((u64)shrinker->batch, left);
		u64 gone = shrinker->scan_objects(m, node, nr);

		if (!gone && !shrinker_count(m, shrinker, node))
			break;
		freed += gone;
		left -= nr;
	}
	return freed;
}

void drop_slab(struct machine *m)
{
	unsigned int shift = 0;
	u64 freed;

	do {
		freed = 0;
		for (unsigned int node = 0; node < m->nr_nodes; node++)
			for (unsigned int i = 0; m->nodes[node] && i < ARRAY_SIZE(shrinkers); i++)
				freed += do_shrink_slab(m, &shrinkers[i], node);
	} while (freed >> shift++ > 1);
}
