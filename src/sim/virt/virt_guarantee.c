// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bound of what a call needs, in bytes of the host. Frames, and the arrays of tables,
 * are secured where they live; the rest is one sum, from above: an object may be the
 * first of a new chunk of its pool and of a new slab, and tables of pointers double as
 * they fill. What is secured and not used stays for the next call.
 */
#include "sim/phys/direct_split.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/phys/slab.h"
#include "sim/virt/blk.h"
#include "sim/virt/dcache.h"
#include "sim/virt/disk.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/inode_table.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/virt.h"

#define FRAMES_PER_BLOCK (1U << MAX_PAGE_ORDER)
#define OBJECTS_PER_SLAB 8	/* the fewest, but for large ones */
#define LARGE_OBJECTS 32	/* of which a call needs a few at most */
#define FRAMES_PER_SLAB 8
#define BUFFERS_PER_SLAB 39
#define OBJECT_BYTES 512	/* its host struct, but for large ones */

/* Frames that the machine can give at all: free ones, and those that can be reclaimed. */
static u64 frames_left(const struct machine *m)
{
	u64 frames = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		frames += (u64)MAX(zone->stat[NR_FREE_PAGES], 0);
		for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
			frames += (u64)MAX(zone->pcp[cpu].count, 0);
		for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++)
			frames += (u64)MAX(zone->stat[NR_ZONE_INACTIVE_ANON + list], 0);
	}
	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i])
			frames += (u64)MAX(m->nodes[i]->stat[NR_SLAB_RECLAIMABLE], 0) / PAGE_SIZE;
	return frames;
}

/* No fewer than there are slabs. */
static u64 slab_pages(const struct machine *m)
{
	s64 bytes = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];

		if (node)
			bytes += node->stat[NR_SLAB_RECLAIMABLE] +
				 node->stat[NR_SLAB_UNRECLAIMABLE];
	}
	return PFN_UP(MAX(bytes, 0));
}

static u64 pool_bytes(const struct object_pool *pool)
{
	return 2 * (u64)pool->stride * OBJECT_CHUNK +
	       (pool->nr_chunks + 4) * 4 * sizeof(char *);
}

static u64 pools_bytes(const struct machine *m)
{
	const struct virt_state *virt = m->virt;
	const struct object_pool *pools[] = {
		&virt->tasks, &virt->signals, &virt->sighands, &virt->files_structs,
		&virt->fs_structs, &virt->mms, &virt->pgds, &virt->vmas, &virt->anon_vmas,
		&virt->anon_vma_chains, &virt->files, &virt->shmem_inodes,
		&virt->maple_nodes, &virt->xa_nodes, &virt->mempolicies, &virt->sp_nodes,
		&virt->mm_slots,
		&virt->secret_inodes, &virt->hugetlbfs_inodes, &virt->resv_maps, &virt->file_regions,
		&virt->hugetlb_vma_locks,
	};
	u64 bytes = 2 * MAPLE_CHUNK * sizeof(struct maple_node) +
		    (virt->maple_pool.nr_chunks + 2) * 4 * sizeof(void *);

	for (unsigned int i = 0; i < ARRAY_SIZE(pools); i++)
		bytes += pool_bytes(pools[i]);
	return bytes;
}

static u64 objects_bytes(const struct machine *m, u64 objects, u64 slabs)
{
	/* Two tables of slabs, each of which may double: the sum of its sizes. */
	u64 tables = 2 * 4 * (slab_pages(m) + slabs + 8) * sizeof(void *);

	return pools_bytes(m) + tables + slabs * slab_most_host_bytes(m) +
	       objects * (OBJECT_BYTES + sizeof(struct maple_node));
}

/* What is dirty, or may be then, goes to the disk. */
static u64 writeback_bytes(const struct machine *m, u64 frames)
{
	u64 dirty = global_node_stat(m, NR_DIRTY) + frames;

	return disk_host_bytes(m, dirty) + blk_host_bytes(m, dirty);
}

/* Each page may be written, to a file of a disk. */
static u64 buffer_slabs(const struct machine *m, const struct virt_need *need)
{
	return m->page_private ? need->pages / BUFFERS_PER_SLAB : 0;
}

int virt_guarantee(struct machine *m, const struct virt_need *need)
{
	u64 slabs = need->objects / OBJECTS_PER_SLAB + LARGE_OBJECTS + buffer_slabs(m, need);
	u64 left = frames_left(m), tables = MIN(need->tables, left);
	u64 frames = need->pages + tables + slabs * FRAMES_PER_SLAB;
	u64 splits = object_next(&m->virt->secret_inodes, 1) ?
			direct_splits_host_bytes(m, need->pages) : 0;
	int err;

	frames = MIN(frames, left);
	/* A single frame may be the first of another block. */
	err = section_reserve(m, (unsigned int)(frames / FRAMES_PER_BLOCK + 1 + SECTION_AHEAD));
	if (!err)
		err = hugetlb_secure(m, need->pages);
	if (!err)
		err = pgtables_reserve(m, tables);
	if (!err && arena_guarantee(&m->arena, need->bytes + writeback_bytes(m, frames) +
				    kernel_tables_host_bytes(m) + splits +
				    inode_table_host_bytes(m) + dcache_host_bytes(m) +
				    objects_bytes(m, need->objects, slabs)))
		err = -ENOBUFS;
	m->virt->guarantees += !err;
	return err;
}

void virt_guarantee_end(struct machine *m)
{
	for (; m->virt->guarantees; m->virt->guarantees--)
		arena_guarantee_end(&m->arena);
}
