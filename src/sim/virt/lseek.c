// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a file's position may go is its file system's to say, and where data begin and end.
 * Of memory they are pages with contents, cached or in swap; of a disk, blocks that it has
 * and those that wait to be written. Where fallocate() asked for blocks that nobody wrote, the
 * page cache says what is there: pages that were read, and even what remembers them.
 */
#include "sim/phys/folio.h"
#include "sim/virt/buffer.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"
#include "sim/virt/task.h"

enum whence { SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE };

/* ---- Is there anything for the page? ---- */

struct finder {
	const struct machine *m;
	const struct inode *inode;
	u64 behind;		/* the page behind those that the last answer is of */
	u64 next_block;		/* of a disk, behind a page without; not behind it: not known */
};

static bool memory_has(struct finder *f, u64 pgoff)
{
	const struct xarray *pages = &f->inode->i_data.i_pages;
	u64 at = pgoff, entry = xa_find(pages, &at, ~0ULL);

	if (!entry || at > pgoff) {
		f->behind = entry ? at : ~0ULL;
		return false;
	}
	f->behind = xa_behind(pages, at);
	return xa_is_value(entry) || page_flag(pfn_folio(f->m, entry_pfn(entry)), PG_uptodate);
}

/* Blocks of a dirty folio are the disk's to be, but for those that nobody wrote. */
static bool disk_has(struct finder *f, u64 pgoff)
{
	const struct xarray *pages = &f->inode->i_data.i_pages;
	const struct page *folio;
	u64 cached = pgoff, entry;
	bool asked;
	u32 pfn;

	f->behind = pgoff + 1;
	if (disk_has_block(f->m, f->inode, pgoff)) {
		if (!f->inode->nr_disk_blocks)
			f->behind = f->inode->disk_end;
		return true;
	}
	if (f->next_block <= pgoff)
		f->next_block = disk_next_block(f->m, f->inode, pgoff + 1);
	entry = xa_find(pages, &cached, ~0ULL);
	if (!entry || cached > pgoff) {
		f->behind = MIN(f->next_block, entry ? cached : ~0ULL);
		return false;
	}
	asked = unwritten_has(&f->inode->unwritten, pgoff);
	if (xa_is_value(entry))
		return asked;
	pfn = find_page(f->m, &f->inode->i_data, pgoff);
	folio = pfn_folio(f->m, pfn);
	if (asked && page_flag(folio, PG_uptodate))
		return true;
	return page_flag(folio, PG_dirty) &&
	       (!page_flag(folio, PG_private) || block_is_dirty(f->m, pfn));
}

/* From offset, which is in the file, the first byte of data, or of none; -ENXIO. */
static s64 seek_hole_data(struct finder *f, u64 offset, bool data)
{
	u64 size = f->inode->i_size, start = offset;

	while (start < size) {
		u64 pgoff = start >> PAGE_SHIFT;
		bool has = f->inode->kind == INODE_DISK ? disk_has(f, pgoff) : memory_has(f, pgoff);

		if (has == data)
			return (s64)start;
		start = f->behind >= inode_pages(f->inode) ? size : f->behind << PAGE_SHIFT;
	}
	return data ? -ENXIO : (s64)size;
}

/* ---- By kind of file. ---- */

static s64 base_of(const struct file *file, int whence)
{
	return whence == SEEK_CUR ? (s64)file->f_pos :
	       whence == SEEK_END ? (s64)file->inode->i_size : 0;
}

/* -EINVAL, or the position. */
static s64 plain_seek(const struct file *file, s64 offset, int whence, u64 max)
{
	u64 pos = (u64)base_of(file, whence) + (u64)offset;

	return (s64)pos < 0 || pos > max ? -EINVAL : (s64)pos;
}

/* Huge pages: all of the file is data. */
static s64 hugetlb_seek(const struct file *file, s64 offset, int whence)
{
	const s64 size = (s64)file->inode->i_size;

	if (whence < SEEK_DATA)
		return plain_seek(file, offset, whence, MAX_LFS_FILESIZE);
	if (offset >= size)
		return -ENXIO;
	if (whence == SEEK_HOLE)
		return size;
	return offset < 0 ? -EINVAL : offset;
}

static s64 new_position(const struct machine *m, const struct file *file, s64 offset, int whence)
{
	struct finder f = { .m = m, .inode = file->inode };

	switch (file->inode->kind) {
	case INODE_SECRET:
		return -ESPIPE;
	case INODE_ANON:
		return file->inode->uffd ? (s64)file->f_pos : -ESPIPE;
	case INODE_ZERO:
		return 0;
	case INODE_HUGETLB:
		return hugetlb_seek(file, offset, whence);
	default:
		if (whence < SEEK_DATA)
			return plain_seek(file, offset, whence, inode_max_bytes(m, file->inode));
		if (offset < 0 || (u64)offset >= file->inode->i_size)
			return -ENXIO;
		return seek_hole_data(&f, (u64)offset, whence == SEEK_DATA);
	}
}

int sys_lseek(struct machine *m, struct task_struct *task, int fd, s64 offset, int whence,
	      u64 *pos)
{
	struct file *file = fget(m, task, fd);
	s64 found;

	if (!file)
		return -EBADF;
	if (whence < SEEK_SET || whence > SEEK_HOLE)
		return -EINVAL;
	found = new_position(m, file, offset, whence);
	if (found < 0)
		return (int)found;
	file->f_pos = (u64)found;
	*pos = file->f_pos;
	return 0;
}
