// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fallocate: memory for a file that is in memory, a longer size, a hole, zeroes. Which
 * modes there are is the file system's; which may stand together, the release's. Blocks that
 * a disk is asked for are unwritten.h's.
 */
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"

#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#define FALLOC_FL_COLLAPSE_RANGE 8
#define FALLOC_FL_ZERO_RANGE 0x10
#define FALLOC_FL_INSERT_RANGE 0x20
#define FALLOC_FL_UNSHARE_RANGE 0x40
#define FALLOC_FL_WRITE_ZEROES 0x80
#define MODE_MASK (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_ZERO_RANGE | \
		   FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE)

struct falloc {
	struct machine *m;
	struct task_struct *task;
	struct inode *inode;
	u32 mode;
	u64 offset, end;	/* bytes */
};

/* Since 6.13. */
static int check_one_mode(u32 mode)
{
	bool keeps = mode & FALLOC_FL_KEEP_SIZE;

	if (mode & ~(u32)(MODE_MASK | FALLOC_FL_WRITE_ZEROES | FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	switch (mode & (MODE_MASK | FALLOC_FL_WRITE_ZEROES)) {
	case 0:
	case FALLOC_FL_UNSHARE_RANGE:
	case FALLOC_FL_ZERO_RANGE:
		return 0;
	case FALLOC_FL_PUNCH_HOLE:
		return keeps ? 0 : -EOPNOTSUPP;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE:
	case FALLOC_FL_WRITE_ZEROES:
		return keeps ? -EOPNOTSUPP : 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int check_modes(u32 mode)
{
	const u32 both = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;

	if (mode & ~(u32)(MODE_MASK | FALLOC_FL_KEEP_SIZE) || (mode & both) == both)
		return -EOPNOTSUPP;
	if (mode & FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE))
		return -EOPNOTSUPP;
	if ((mode & FALLOC_FL_COLLAPSE_RANGE && mode != FALLOC_FL_COLLAPSE_RANGE) ||
	    (mode & FALLOC_FL_INSERT_RANGE && mode != FALLOC_FL_INSERT_RANGE) ||
	    (mode & FALLOC_FL_UNSHARE_RANGE &&
	     mode & ~(u32)(FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE)))
		return -EINVAL;
	return 0;
}

/* The size that a call without KEEP_SIZE leaves. */
static void extend(const struct falloc *f)
{
	if (f->mode & FALLOC_FL_KEEP_SIZE || f->end <= f->inode->i_size)
		return;
	disk_file_grows(f->m, f->inode, f->end);
	f->inode->i_size = f->end;
}

/* ---- Memory. ---- */

/* Taken back are folios of [start, end) without contents: nobody has used them. */
static void forget_unused(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	const struct xarray *pages = &inode->i_data.i_pages;
	u64 entry, next;

	for (u64 at = start; at < end && (entry = xa_find(pages, &at, end - 1)); at = next) {
		const struct page *folio;

		next = xa_behind(pages, at);
		/* What lies in swap has contents. */
		if (xa_is_value(entry))
			continue;
		folio = pfn_to_page(m, entry_pfn(entry));
		if (!page_flag(folio, PG_uptodate) && page_index(folio) == at && next <= end)
			filemap_remove_folio(m, &inode->i_data, at);
	}
}

/*
 * Pages of shared memory that were not there; all of them go if one is refused. Those that
 * were there may be clean: from now on no page of the range is to be dropped.
 */
static int allocate_pages(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	const struct sgp_request request = { .sgp = SGP_FALLOC, .write_end = end << PAGE_SHIFT };
	u64 at = start, undo_fallocend = inode->fallocend;
	int err = 0;

	inode->fallocend = MAX(inode->fallocend, end);
	while (at < end && !err) {
		u32 pfn;

		err = shmem_get_folio(m, inode, at, &request, &pfn);
		if (err)
			break;
		set_page_dirty(m, pfn);
		put_page(m, pfn);
		at = xa_behind(&inode->i_data.i_pages, at);
	}
	if (err) {
		inode->fallocend = undo_fallocend;
		forget_unused(m, inode, start, at);
	}
	return err;
}

/*
 * The pages are taken out of page tables first. Where the hole ends on the file's first
 * page, the kernel's last byte to unmap is -1, which as an unsigned number is the end of
 * everything: all maps of the file lose their entries (and nothing else).
 */
static void unmap_all_for_first_page(const struct falloc *f, u64 end)
{
	const u64 first = (f->offset + PAGE_SIZE - 1) >> PAGE_SHIFT;

	if (end < PAGE_SIZE)
		unmap_mapping_range(f->m, &f->inode->i_data, first,
				    (1ULL << (64 - PAGE_SHIFT)) - first, /* even_cows = */ false);
}

static void shmem_punch_hole(const struct falloc *f)
{
	unmap_all_for_first_page(f, f->end);
	truncate_pagecache(f->m, f->inode, f->offset, f->end, /* even_cows = */ false);
}

/* Where the pages of a file in memory end. */
static int memory_limit(const struct falloc *f)
{
	int err = file_size_limit(f->m, f->task, f->inode, f->end);

	return err || f->end <= PAGE_INDEX_END << PAGE_SHIFT ? err : -EFBIG;
}

static int shmem_fallocate(const struct falloc *f)
{
	struct inode *inode = f->inode;
	int err;

	if (f->mode & ~(u32)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (f->mode & FALLOC_FL_PUNCH_HOLE) {
		if (inode->seals & F_SEAL_WRITES)
			return -EPERM;
		shmem_punch_hole(f);
		return 0;
	}
	err = memory_limit(f);
	if (err)
		return err;
	if (inode->seals & F_SEAL_GROW && f->end > inode->i_size)
		return -EPERM;
	err = allocate_pages(f->m, inode, f->offset >> PAGE_SHIFT,
			     (f->end + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (!err)
		extend(f);
	return err;
}

static int hugetlbfs_fallocate(const struct falloc *f)
{
	int err;

	if (f->mode & ~(u32)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	if (f->mode & FALLOC_FL_PUNCH_HOLE)
		return hugetlb_punch_hole(f->m, f->inode, f->offset, f->end);
	err = memory_limit(f);
	return err ? err : hugetlb_allocate(f->m, f->inode, f->offset, f->end,
					    f->mode & FALLOC_FL_KEEP_SIZE);
}

/* ---- Disks. ---- */

/* What is written of what stays, then moved on the disk. What goes need not be written. */
static int disk_shift_pages(const struct falloc *f, bool collapse)
{
	struct inode *inode = f->inode;
	u64 start = f->offset >> PAGE_SHIFT, end = f->end >> PAGE_SHIFT;
	u64 len = f->end - f->offset;
	int err;

	filemap_write_range(f->m, inode, collapse ? f->end : f->offset, inode->i_size);
	truncate_pagecache(f->m, inode, f->offset, ~0ULL, /* even_cows = */ true);
	if (collapse) {
		err = disk_collapse(f->m, inode, start, end);
		unwritten_collapse(&inode->unwritten, start, end);
	} else {
		err = disk_insert(f->m, inode, start, end);
		unwritten_insert(&inode->unwritten, start, end);
	}
	inode->i_size = collapse ? inode->i_size - len : inode->i_size + len;
	return err;
}

/* Bytes go, and what follows them moves down; or makes room. */
static int disk_shift(const struct falloc *f)
{
	struct inode *inode = f->inode;
	bool collapse = f->mode & FALLOC_FL_COLLAPSE_RANGE;
	u64 len = f->end - f->offset;
	int err;

	if (f->offset % PAGE_SIZE || len % PAGE_SIZE)
		return -EINVAL;
	if (collapse ? f->end >= inode->i_size : f->offset >= inode->i_size)
		return -EINVAL;
	if (!collapse && len > inode_max_bytes(f->m, inode) - inode->i_size)
		return -EFBIG;
	if (arena_guarantee(&f->m->arena, disk_shift_host_bytes(f->m, inode, inode->nr_dirty)))
		return -ENOBUFS;
	err = disk_shift_pages(f, collapse);
	arena_guarantee_end(&f->m->arena);
	return err;
}

/* A hole that reaches the file's end takes the last page whole; behind it is none. */
static u64 hole_end(const struct falloc *f)
{
	u64 size = f->inode->i_size;

	if (!(f->mode & FALLOC_FL_PUNCH_HOLE) || f->end <= size)
		return f->end;
	return MAX(ALIGN_UP(size, PAGE_SIZE), f->offset);
}

/* The parts of pages where the hole begins and ends. */
static void zero_edges(const struct falloc *f, u64 end)
{
	u64 start = f->offset, next = MIN(ALIGN_UP(start + 1, PAGE_SIZE), end);

	if (start % PAGE_SIZE || next % PAGE_SIZE)
		disk_zero_partial(f->m, f->inode, start, next);
	if (next < end && end % PAGE_SIZE)
		disk_zero_partial(f->m, f->inode, ALIGN_DOWN(end, PAGE_SIZE), end);
}

static int disk_fallocate(const struct falloc *f)
{
	const bool punch = f->mode & FALLOC_FL_PUNCH_HOLE;
	struct unwritten *blocks = &f->inode->unwritten;
	int err;

	if (f->mode & (FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_WRITE_ZEROES))
		return -EOPNOTSUPP;
	err = unwritten_secure(f->m, blocks);
	if (err)
		return err;
	if (f->mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE))
		return disk_shift(f);
	if (!(f->mode & FALLOC_FL_KEEP_SIZE))
		err = file_size_limit(f->m, f->task, f->inode, f->end);
	if (err || (punch && f->offset >= f->inode->i_size))
		return err;
	if (punch || f->mode & FALLOC_FL_ZERO_RANGE) {
		err = disk_zero(f->m, f->inode, PFN_UP(f->offset), hole_end(f) >> PAGE_SHIFT);
		if (err)
			return err;
		if (!rel_disk_rounds_holes(f->m->release))
			unmap_all_for_first_page(f, hole_end(f));
		truncate_pagecache(f->m, f->inode, f->offset, hole_end(f),
				   /* even_cows = */ false);
		zero_edges(f, hole_end(f));
	}
	if (punch)
		unwritten_remove(blocks, PFN_UP(f->offset), hole_end(f) >> PAGE_SHIFT);
	else
		unwritten_add(blocks, f->offset >> PAGE_SHIFT, PFN_UP(f->end));
	extend(f);
	return 0;
}

static int vfs_fallocate(struct machine *m, struct task_struct *task, const struct file *file,
			 u32 mode, u64 offset, u64 len)
{
	struct falloc f = { .m = m, .task = task, .mode = mode, .offset = offset };
	int err;

	if (offset > MAX_LFS_FILESIZE || !len || len > MAX_LFS_FILESIZE)
		return -EINVAL;
	err = rel_fallocate_has_one_mode(m->release) ? check_one_mode(mode) : check_modes(mode);
	if (err)
		return err;
	if (!file_may_write(file))
		return -EBADF;
	f.inode = file->inode;
	f.end = offset + len;
	if (f.inode->swap_file)
		return -ETXTBSY;
	if (f.inode->kind >= INODE_ZERO)
		return -ENODEV;
	if (f.end > inode_max_bytes(m, f.inode))
		return -EFBIG;
	if (f.inode->kind == INODE_SECRET)
		return -EOPNOTSUPP;
	if (f.inode->kind == INODE_HUGETLB)
		return hugetlbfs_fallocate(&f);
	return f.inode->kind == INODE_SHMEM ? shmem_fallocate(&f) : disk_fallocate(&f);
}

int file_punch_hole(struct machine *m, struct task_struct *task, const struct file *file,
		    u64 offset, u64 len)
{
	return vfs_fallocate(m, task, file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
			     len);
}

int sys_fallocate(struct machine *m, struct task_struct *task, int fd, u32 mode, u64 offset,
		  u64 len)
{
	const struct file *file = fget(m, task, fd);

	return file ? vfs_fallocate(m, task, file, mode, offset, len) : -EBADF;
}
