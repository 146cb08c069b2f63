// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A place of the table that was left is the next one's, as those of pools are.
 */
#include "sim/virt/inode_table.h"

#include "sim/phys/objects.h"
#include "sim/virt/dcache.h"
#include "sim/virt/virt.h"

#define FIRST_PLACES 16

struct inode_table {
	struct inode **disk;	/* [nr_disk], from 1 on; NULL: a place that is free */
	u32 nr_disk;
};

int inode_table_init(struct machine *m)
{
	m->virt->inode_table = arena_alloc(&m->arena, sizeof(*m->virt->inode_table));
	return m->virt->inode_table ? 0 : -ENOBUFS;
}

void inode_table_free(struct machine *m)
{
	struct inode_table *table = m->virt->inode_table;

	if (!table)
		return;
	for (u32 i = 0; i < table->nr_disk; i++)
		arena_free(&m->arena, table->disk[i], sizeof(*table->disk[i]));
	arena_free(&m->arena, table->disk, table->nr_disk * sizeof(*table->disk));
	arena_free(&m->arena, table, sizeof(*table));
	m->virt->inode_table = NULL;
}

u64 inode_table_host_bytes(const struct machine *m)
{
	const struct inode_table *table = m->virt->inode_table;
	u64 bytes = MAX(2ULL * table->nr_disk, FIRST_PLACES) * sizeof(*table->disk);

	return ARENA_COST(bytes) + ARENA_COST(sizeof(struct inode));
}

/* ---- Handles. ---- */

#define OTHER_HANDLE 0x80000000U

/* In the lowest bit: memory or a disk. With the highest: huge pages or secret memory. */
static u32 kind_handle(enum inode_kind kind)
{
	if (kind == INODE_HUGETLB)
		return OTHER_HANDLE | 1;
	if (kind == INODE_SECRET)
		return OTHER_HANDLE;
	return kind != INODE_DISK && kind != INODE_ANON;
}

/* NULL: it is in the table. */
static struct object_pool *inode_pool(const struct machine *m, u32 handle)
{
	if (handle & OTHER_HANDLE)
		return handle & 1 ? &m->virt->hugetlbfs_inodes : &m->virt->secret_inodes;
	return handle & 1 ? &m->virt->shmem_inodes : NULL;
}

static u32 pool_handle(u32 handle)
{
	return (handle & ~OTHER_HANDLE) >> 1;
}

struct inode *inode_of(const struct machine *m, u32 handle)
{
	const struct object_pool *pool = inode_pool(m, handle);

	if (!handle)
		return NULL;
	return pool ? object_get(pool, pool_handle(handle)) :
		      m->virt->inode_table->disk[pool_handle(handle)];
}

/* The smallest handle of a kind from this one on; 0: there is none. */
static u32 next_handle(const struct machine *m, u32 kind, u32 handle)
{
	const struct object_pool *pool = inode_pool(m, kind);
	const struct inode_table *table = m->virt->inode_table;

	if (pool)
		return pool->cache ? object_next(pool, handle) : 0;
	if (!table)
		return 0;
	while (handle < table->nr_disk && !table->disk[handle])
		handle++;
	return handle < table->nr_disk ? handle : 0;
}

struct inode *inode_next(const struct machine *m, const struct inode *inode)
{
	static const u32 kinds[] = { 0, 1, OTHER_HANDLE, OTHER_HANDLE | 1 };
	u32 kind = inode ? inode->self & (OTHER_HANDLE | 1) : 0;
	u32 handle = inode ? pool_handle(inode->self) + 1 : 1;

	/* Disks first, then memory, then secret memory, then huge pages. */
	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		u32 next;

		if (kinds[i] < kind)
			continue;
		next = next_handle(m, kinds[i], handle);
		if (next)
			return inode_of(m, next << 1 | kinds[i]);
		handle = 1;
	}
	return NULL;
}

/* ---- They come and go. ---- */

/* A place in the table: host memory alone. */
static int disk_inode_alloc(struct machine *m, u32 *handle)
{
	struct inode_table *table = m->virt->inode_table;
	struct inode **disk;

	for (*handle = 1; *handle < table->nr_disk && table->disk[*handle];)
		++*handle;
	disk = arena_grow(&m->arena, table->disk, &table->nr_disk, *handle + 1, FIRST_PLACES,
			  sizeof(*disk));
	if (!disk)
		return -ENOBUFS;
	table->disk = disk;
	disk[*handle] = arena_alloc(&m->arena, sizeof(**disk));
	return disk[*handle] ? 0 : -ENOBUFS;
}

/* A name and an inode in memory. */
static int memory_inode_alloc(struct machine *m, u32 kind, u32 *handle, u64 *dentry_addr)
{
	struct slab_object dentry;
	int err = kmem_cache_alloc(m, dentry_cache(m), GFP_KERNEL, NUMA_NO_NODE, &dentry);

	if (err)
		return err;
	err = object_alloc(m, inode_pool(m, kind), GFP_KERNEL, NUMA_NO_NODE, handle);
	if (err)
		kmem_cache_free(m, dentry_cache(m), dentry.addr);
	*dentry_addr = dentry.addr;
	/* shmem_get_inode() does not say why it has none. */
	return err == -ENOMEM && kind & 1 ? -ENOSPC : err;
}

int inode_alloc(struct machine *m, enum inode_kind inode_kind, const char *path,
		struct inode **inode)
{
	const u32 kind = kind_handle(inode_kind);
	size_t bytes = strlen(path) + 1;
	char *copy = arena_alloc(&m->arena, bytes);
	u64 dentry = 0;
	u32 handle;
	int err;

	if (!copy)
		return -ENOBUFS;
	err = inode_pool(m, kind) ? memory_inode_alloc(m, kind, &handle, &dentry) :
				    disk_inode_alloc(m, &handle);
	if (err) {
		arena_free(&m->arena, copy, bytes);
		return err;
	}
	memcpy(copy, path, bytes);
	*inode = inode_of(m, handle << 1 | kind);
	(*inode)->self = handle << 1 | kind;
	(*inode)->path = copy;
	(*inode)->dentry = dentry;
	return 0;
}

void inode_free(struct machine *m, struct inode *inode)
{
	struct object_pool *pool = inode_pool(m, inode->self);
	u32 handle = pool_handle(inode->self);

	arena_free(&m->arena, inode->path, strlen(inode->path) + 1);
	if (pool) {
		kmem_cache_free_rcu(m, dentry_cache(m), inode->dentry, 1);
		object_free_rcu(m, pool, handle, 1);
		return;
	}
	dcache_evict(m, inode);
	m->virt->inode_table->disk[handle] = NULL;
	arena_free(&m->arena, inode, sizeof(*inode));
}
