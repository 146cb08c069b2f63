// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inodes, and which file system a path is on. A name is one reference, each open file
 * another; without references the pages go.
 *
 * Paths are looked up by a walk over all inodes: there are few.
 */
#include <stdio.h>

#include "sim/base/digest.h"
#include "sim/phys/lru.h"
#include "sim/phys/objects.h"
#include "sim/virt/blk.h"
#include "sim/virt/dcache.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/inode_table.h"
#include "sim/virt/mempolicy.h"
#include "sim/virt/mmap.h"
#include "sim/virt/thp.h"
#include "sim/virt/virt.h"
#include "sim/virt/workingset.h"
#include "sim/virt/writeback.h"

/* File systems; the last row whose prefix fits has the path. */
enum { SB_DISK, SB_KERNEL, SB_SECRET, SB_OLD_SECRET, SB_ANON, SB_HUGE, SB_GIGANTIC, SB_DEV,
       SB_DEV_SHM, SB_TMP, SB_RUN, NR_SUPERS };
static const struct super {
	const char *prefix;	/* NULL: no path is on it */
	u32 major, minor;
	u64 first_ino;
	enum inode_kind kind;
	bool limited;		/* to half of the machine's memory */
	bool ext4;		/* its files are cached in large folios, as the release has it */
} supers[NR_SUPERS] = {
	[SB_DISK] = { "", 259, 0, 12, INODE_DISK, false, .ext4 = true },
	[SB_KERNEL] = { NULL, 0, 1, 1025, INODE_SHMEM, false },
	[SB_SECRET] = { NULL, 0, 14, 0, INODE_SECRET, false },
	[SB_OLD_SECRET] = { NULL, 0, 13, 0, INODE_SECRET, false },
	[SB_ANON] = { NULL, 0, 15, 1057, INODE_ANON, false },
	[SB_HUGE] = { NULL, 0, 16, 0, INODE_HUGETLB, false },
	[SB_GIGANTIC] = { NULL, 0, 17, 0, INODE_HUGETLB, false },
	[SB_DEV] = { "/dev/", 0, 5, 4, INODE_SHMEM, true },
	[SB_DEV_SHM] = { "/dev/shm/", 0, 24, 2, INODE_SHMEM, true },
	[SB_TMP] = { "/tmp/", 0, 25, 2, INODE_SHMEM, true },
	[SB_RUN] = { "/run/", 0, 26, 2, INODE_SHMEM, true },
};

struct file_state {
	u64 next_ino[NR_SUPERS];
	u64 used[NR_SUPERS];	/* pages of its files in memory */
};

static int config_files_init(struct machine *m)
{
	struct inode *inode;
	int err = 0;

	for (unsigned int i = 0; m->config && i < m->config->nr_files && !err; i++) {
		const struct config_file *file = &m->config->files[i];
		enum inode_kind kind = path_kind(file->path);

		if (file->link || inode_find(m, file->path))
			continue;
		if (kind == INODE_DISK)
			err = inode_on_disk(m, file->path, file->size);
		else
			err = inode_create(m, kind, file->path, file->size, &inode);
	}
	return err;
}

int files_init(struct machine *m)
{
	struct file_state *state = arena_alloc(&m->arena, sizeof(*state));
	int err;

	if (!state)
		return -ENOBUFS;
	m->virt->file_state = state;
	for (unsigned int i = 0; i < NR_SUPERS; i++)
		state->next_ino[i] = supers[i].first_ino;
	err = inode_table_init(m);
	return err ? err : config_files_init(m);
}

/* Host memory alone: the machine ends. */
void files_free(struct machine *m)
{
	struct file_state *state = m->virt->file_state;
	struct inode *inode;

	if (!state)
		return;
	fd_tables_free(m);
	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode)) {
		arena_free(&m->arena, inode->path, strlen(inode->path) + 1);
		inode->path = NULL;
		unwritten_free(m, &inode->unwritten);
	}
	inode_table_free(m);
	arena_free(&m->arena, state, sizeof(*state));
	m->virt->file_state = NULL;
}

bool inode_on_kernel_mount(const struct inode *inode)
{
	return inode->sb == SB_KERNEL;
}

static unsigned int path_super(const char *path)
{
	unsigned int found = SB_DISK;

	for (unsigned int i = 0; i < NR_SUPERS; i++)
		if (supers[i].prefix &&
		    !strncmp(path, supers[i].prefix, strlen(supers[i].prefix)))
			found = i;
	return found;
}

enum inode_kind path_kind(const char *path)
{
	return strcmp(path, "/dev/zero") ? supers[path_super(path)].kind : INODE_ZERO;
}

void path_device(const char *path, u32 *major, u32 *minor)
{
	/* The directory itself, whose files begin with a slash behind it. */
	char below[64];
	const struct super *super;

	snprintf(below, sizeof(below), "%s/", path);
	super = &supers[path_super(below)];
	*major = super->major;
	*minor = super->minor;
}

/* Where a link of the machine file leads; a path that is none leads to itself. */
static const char *follow_link(const struct machine *m, const char *path)
{
	for (unsigned int i = 0; m->config && i < m->config->nr_files; i++) {
		const struct config_file *file = &m->config->files[i];

		if (file->link && !strcmp(file->path, path))
			return file->link;
	}
	return path;
}

struct inode *inode_find(const struct machine *m, const char *path)
{
	struct inode *inode;

	path = follow_link(m, path);
	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		if (!inode->unlinked && !strcmp(inode->path, path))
			return inode;
	return NULL;
}

/* The nodes of page caches. */

static int node_alloc(struct machine *m, gfp_t gfp, u32 *node)
{
	int err = object_alloc(m, &m->virt->xa_nodes, gfp, NUMA_NO_NODE, node);

	if (!err)
		workingset_new_node(m, *node);
	return err;
}

static int xa_node_alloc(void *ctx, u32 *node)
{
	return node_alloc(ctx, GFP_KERNEL_ACCOUNT, node);
}

/* Those of the swap cache are nobody's. */
static int swap_node_alloc(void *ctx, u32 *node)
{
	return node_alloc(ctx, GFP_KERNEL, node);
}

static void xa_node_free(void *ctx, u32 node)
{
	struct machine *m = ctx;

	workingset_forget_node(m, node);
	object_free_rcu(m, &m->virt->xa_nodes, node, 1);
}

static struct xa_node *xa_node_get(void *ctx, u32 node)
{
	const struct machine *m = ctx;

	return object_get(&m->virt->xa_nodes, node);
}

static const struct xa_ops cache_ops = { xa_node_alloc, xa_node_free, xa_node_get };

static const struct xa_ops swap_ops = { swap_node_alloc, xa_node_free, xa_node_get };

void swap_cache_xa_init(struct machine *m, struct xarray *xa)
{
	xa_init(xa, &swap_ops, m);
}

/* May its page cache have folios of several pages? */
static bool may_have_large_folios(const struct machine *m, const struct inode *inode)
{
	if (inode->kind == INODE_SHMEM)
		return shmem_mount_huge(m, inode) != SHMEM_HUGE_NEVER;
	return supers[inode->sb].ext4 && rel_ext4_has_large_folios(m->release);
}

static int inode_new(struct machine *m, unsigned int sb, enum inode_kind kind,
		     const char *path, u64 size, struct inode **result)
{
	struct inode *inode;
	int err = inode_alloc(m, kind, path, &inode);

	if (err)
		return err;
	inode->kind = kind;
	inode->sb = sb;
	inode->dev_major = supers[sb].major;
	inode->dev_minor = supers[sb].minor;
	inode->ino = m->virt->file_state->next_ino[sb]++;
	inode->mode = 0644;
	inode->seals = kind == INODE_SHMEM ? F_SEAL_SEAL : 0;
	inode->i_size = size;
	inode->disk_end = inode_pages(inode);
	inode->i_count = 1;
	inode->large_folios = may_have_large_folios(m, inode);
	inode->i_data.host = inode;
	xa_init(&inode->i_data.i_pages, &cache_ops, m);
	*result = inode;
	return 0;
}

int inode_on_disk(struct machine *m, const char *path, u64 size)
{
	struct inode *inode;

	return inode_new(m, SB_DISK, INODE_DISK, path, size, &inode);
}

/* One of those in the table, and in memory; it is as if there had been none if that fails. */
static int inode_new_in_memory(struct machine *m, unsigned int sb, enum inode_kind kind,
			       const char *path, u64 size, struct inode **inode)
{
	int err = inode_new(m, sb, kind, path, size, inode);

	if (err)
		return err;
	err = dcache_instantiate(m, *inode);
	if (err) {
		inode_free(m, *inode);
		m->virt->file_state->next_ino[sb]--;
	}
	return err;
}

int inode_create(struct machine *m, enum inode_kind kind, const char *path, u64 size,
		 struct inode **inode)
{
	if (kind == INODE_DISK)
		return inode_new_in_memory(m, SB_DISK, kind, path, size, inode);
	return inode_new(m, path_super(path), kind, path, size, inode);
}

int inode_create_unlinked(struct machine *m, const char *name, u64 size,
			  struct inode **inode)
{
	int err = inode_new(m, SB_KERNEL, INODE_SHMEM, name, size, inode);

	if (!err)
		(*inode)->unlinked = true;
	return err;
}

int inode_create_anon(struct machine *m, const char *name, struct inode **inode)
{
	int err = inode_new_in_memory(m, SB_ANON, INODE_ANON, name, 0, inode);

	if (!err)
		(*inode)->unlinked = true;
	return err;
}

int inode_create_secret(struct machine *m, struct inode **inode)
{
	unsigned int sb = rel_secretmem_is_on(m->release) ? SB_SECRET : SB_OLD_SECRET;
	int err = inode_new(m, sb, INODE_SECRET, "/secretmem", 0, inode);

	if (err)
		return err;
	(*inode)->ino = m->virt->file_state->next_ino[SB_KERNEL]++;
	(*inode)->mode = 0600;
	(*inode)->unlinked = true;
	(*inode)->unevictable = true;
	lru_heed_mappings(m);
	return 0;
}

int inode_create_hugetlb(struct machine *m, const char *name, u64 size, unsigned int order,
			 struct inode **inode)
{
	unsigned int sb = order > MAX_PAGE_ORDER ? SB_GIGANTIC : SB_HUGE;
	struct resv_map *map;
	int err = resv_map_alloc(m, &map);

	if (err)
		return err;
	err = inode_new(m, sb, INODE_HUGETLB, name, size, inode);
	if (err) {
		resv_map_put(m, map);
		return err;
	}
	/* It draws its number where the other files without a name do. */
	(*inode)->ino = m->virt->file_state->next_ino[SB_KERNEL]++;
	(*inode)->resv_map = map;
	(*inode)->huge_order = (u8)order;
	(*inode)->mode = 0777;
	(*inode)->seals = F_SEAL_SEAL;
	(*inode)->unlinked = true;
	return 0;
}

int sb_take_pages(struct machine *m, const struct inode *inode, u64 nr)
{
	u64 *used = &m->virt->file_state->used[inode->sb];

	if (supers[inode->sb].limited && *used + nr > m->totalram_pages / 2)
		return -ENOSPC;
	*used += nr;
	return 0;
}

void sb_give_pages(struct machine *m, const struct inode *inode, u64 nr)
{
	m->virt->file_state->used[inode->sb] -= nr;
}

void sb_validate(const struct machine *m, struct check *check)
{
	u64 used[NR_SUPERS] = { 0 };
	const struct inode *inode;

	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		if (inode->kind == INODE_SHMEM)
			used[inode->sb] += inode->i_data.nrpages + inode->swapped + inode->dropped;
	for (unsigned int i = 0; i < NR_SUPERS; i++) {
		check->nr_checked++;
		if (used[i] != m->virt->file_state->used[i])
			check_fail(check, "F1", "file system %u: expected %llu pages, found %llu",
				   i, (unsigned long long)used[i],
				   (unsigned long long)m->virt->file_state->used[i]);
	}
}

/* Nobody has it any more. */
static void evict(struct machine *m, struct inode *inode)
{
	if (inode->accounted)
		vm_unacct_memory(m, inode_pages(inode));
	if (inode->kind == INODE_HUGETLB)
		hugetlb_evict_inode(m, inode);
	else
		truncate_inode_pages(m, inode, 0, ~0ULL);
	disk_truncate(m, inode, 0);
	unwritten_free(m, &inode->unwritten);
	inode_io_list_del(m, inode);
	blk_forget_inode(m, inode);
	mpol_free_shared_policy(m, inode);
	xa_destroy(&inode->i_data.i_pages);
	inode_free(m, inode);
}

void iput(struct machine *m, struct inode *inode)
{
	if (!--inode->i_count)
		evict(m, inode);
	else
		dcache_put(m, inode);
}

/* For the LRU lists. */
static bool mapping_unevictable(const struct machine *m, const struct page *page)
{
	const struct inode *inode;

	if (page_flag(page, PG_anon) || !page->mapping)
		return false;
	inode = inode_of(m, page->mapping);
	return inode && inode->unevictable;
}

void lru_heed_mappings(struct machine *m)
{
	m->lru->mapping_unevictable = mapping_unevictable;
}

static void inode_digest(const struct inode *inode, struct digest *digest)
{
	const struct address_space *mapping = &inode->i_data;
	u64 entry;

	digest_u64(digest, (u64)inode->self << 32 | inode->kind << 8 | inode->sb);
	digest_u64(digest, inode->unlinked | inode->accounted << 1 | inode->memfd << 2 |
		   inode->huge_shm << 3 | inode->huge_order << 8);
	digest_u64(digest, (u64)inode->mode << 32 | (u32)inode->i_count);
	digest_u64(digest, inode->i_size);
	digest_u64(digest, inode->ino);
	digest_u64(digest, inode->seals);
	digest_u64(digest, inode->dentry);
	digest_u64(digest, inode->object);
	digest_u64(digest, inode->dentry_lru | inode->dentry_referenced << 1 |
		   inode->inode_lru << 2 | inode->inode_referenced << 3);
	digest_u64(digest, inode->pid_serial << 32 | inode->pid);
	digest_u64(digest, inode->shm);
	digest_u64(digest, inode->swapped);
	digest_u64(digest, inode->dropped);
	digest_u64(digest, inode->disk_end);
	unwritten_digest(&inode->unwritten, digest);
	if (inode->wb_list) {
		digest_u64(digest, inode->wb_order << 2 | inode->wb_list);
		digest_u64(digest, inode->dirtied_when_ns);
	}
	if (inode->wb_err)
		digest_u64(digest, (u64)inode->wb_err << 1 | inode->wb_err_seen);
	if (inode->writeback_index)
		digest_u64(digest, inode->writeback_index);
	if (inode->i_wb || inode->i_wb_frn_winner || inode->i_wb_frn_history) {
		digest_u64(digest, (u64)inode->i_wb << 32 | inode->i_wb_frn_winner);
		digest_u64(digest, (u64)inode->i_wb_frn_history << 32 | inode->i_wb_frn_avg_time);
	}
	digest_string(digest, inode->path);
	digest_u64(digest, mapping->nrpages);
	if (mapping->nr_thps || inode->large_folios || inode->fallocend) {
		digest_u64(digest, (u64)mapping->nr_thps << 1 | inode->large_folios);
		digest_u64(digest, inode->fallocend);
	}
	digest_u64(digest, (u64)mapping->i_mmap.nr << 32 | (u32)mapping->i_mmap_writable);
	for (u64 index = 0; (entry = xa_find(&mapping->i_pages, &index, ~0ULL));
	     index = xa_behind(&mapping->i_pages, index)) {
		digest_u64(digest, index);
		digest_u64(digest, entry);
		if (index == ~0ULL)
			break;
	}
}

void files_digest(const struct machine *m, struct digest *digest)
{
	const struct file_state *state = m->virt->file_state;
	const struct inode *inode;
	u32 h;

	if (!state)
		return;
	for (unsigned int i = 0; i < NR_SUPERS; i++)
		digest_u64(digest, state->next_ino[i] << 32 ^ state->used[i]);
	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		inode_digest(inode, digest);
	fd_tables_digest(m, digest);
	for (h = object_next(&m->virt->files, 1); h; h = object_next(&m->virt->files, h + 1)) {
		const struct file *file = file_of(m, h);

		digest_u64(digest, (u64)h << 32 | (u32)file->f_count);
		digest_u64(digest, (u64)file->inode->self << 32 | file->f_flags);
		digest_u64(digest, file->f_pos);
		digest_u64(digest, file->f_ra.start);
		digest_u64(digest, (u64)file->f_ra.size << 32 | file->f_ra.async_size);
		digest_u64(digest, (u64)file->f_ra.mmap_miss << 32 ^ file->f_ra.prev_pos);
		digest_u64(digest, (u64)file->f_ra.order << 56 | (u64)file->f_noreuse << 55 |
				   (u64)file->f_ra.ra_pages << 1 | file->f_ra.random);
	}
}

void files_claim_objects(const struct machine *m, struct object_census *census)
{
	const struct inode *inode;

	if (!m->virt->file_state)
		return;
	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode)) {
		if (inode->dentry)
			object_claim(census, inode->dentry, "the dentry of a file");
		if (inode->object)
			object_claim(census, inode->object, "the inode of a file");
	}
}
