// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice on files, and writing a part of one. Files in memory take any advice and do
 * nothing; on disks, what will be needed is read now, what will not leaves the cache,
 * windows of read-ahead double or are not made, and reclaim takes no notice of who uses
 * what will not be used again.
 */
#include "sim/phys/lru.h"
#include "sim/virt/blk.h"
#include "sim/virt/file.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/writeback.h"

enum fadvice { FADV_NORMAL, FADV_RANDOM, FADV_SEQUENTIAL, FADV_WILLNEED, FADV_DONTNEED,
	       FADV_NOREUSE, NR_FADVICES };
#define SYNC_FILE_RANGE_WAIT_BEFORE 1
#define SYNC_FILE_RANGE_WRITE 2
#define SYNC_FILE_RANGE_WAIT_AFTER 4
#define SYNC_FILE_RANGE_ALL 7

/* Whole pages of [offset, last] go, and the file's last one. */
static void drop_now(struct machine *m, struct inode *inode, u64 offset, u64 last)
{
	u64 start = PFN_UP(offset), end = last >> PAGE_SHIFT;

	filemap_fdatawrite_range(m, inode, offset, last + 1, WB_SYNC_NONE);
	if ((last + 1) % PAGE_SIZE && last + 1 != inode->i_size) {
		if (!end)
			return;
		end--;
	}
	if (end < start)
		return;
	lru_add_drain(m);
	if (invalidate_mapping_pages(m, &inode->i_data, start, end)) {
		lru_add_drain_all(m);
		invalidate_mapping_pages(m, &inode->i_data, start, end);
	}
}

int sys_fadvise64(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
		  int advice)
{
	struct file *file = fget(m, task, fd);
	u64 last = MAX_LFS_FILESIZE, index;

	if (!file)
		return -EBADF;
	if ((s64)len < 0 || advice < 0 || advice >= NR_FADVICES)
		return -EINVAL;
	if (file->inode->kind != INODE_DISK)
		return 0;
	if (len && offset + len > offset && offset + len - 1 < last)
		last = offset + len - 1;
	switch (advice) {
	case FADV_NORMAL:
	case FADV_SEQUENTIAL:
		file->f_ra.ra_pages = file_disk(m)->read_ahead_kb / (PAGE_SIZE / 1024);
		if (advice == FADV_SEQUENTIAL)
			file->f_ra.ra_pages *= 2;
		file->f_ra.random = false;
		file->f_noreuse &= advice != FADV_NORMAL;
		return 0;
	case FADV_RANDOM:
		file->f_ra.random = true;
		return 0;
	case FADV_WILLNEED:
		index = offset >> PAGE_SHIFT;
		return force_page_cache_readahead(m, file, index, (last >> PAGE_SHIFT) - index + 1);
	case FADV_DONTNEED:
		drop_now(m, file->inode, offset, last);
		return 0;
	default:
		file->f_noreuse = rel_fadvise_has_noreuse(m->release);
		return 0;
	}
}

int sys_sync_file_range(struct machine *m, struct task_struct *task, int fd, u64 offset,
			u64 len, u32 flags)
{
	struct file *file = fget(m, task, fd);
	u64 end;

	if (!file)
		return -EBADF;
	if (flags & ~(u32)SYNC_FILE_RANGE_ALL || (s64)offset < 0 || (s64)len < 0 ||
	    (s64)(offset + len) < 0)
		return -EINVAL;
	if (file->inode->kind >= INODE_ZERO)
		return -ESPIPE;
	end = len ? offset + len : MAX_LFS_FILESIZE;
	if (flags & SYNC_FILE_RANGE_WAIT_BEFORE)
		filemap_fdatawait_range(m, file->inode, offset, end);
	if (flags & SYNC_FILE_RANGE_WRITE)
		filemap_fdatawrite_range(m, file->inode, offset, end,
					 flags == SYNC_FILE_RANGE_ALL ? WB_SYNC_ALL : WB_SYNC_NONE);
	if (flags & SYNC_FILE_RANGE_WAIT_AFTER)
		filemap_fdatawait_range(m, file->inode, offset, end);
	return 0;
}
