// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pread and pwrite as far as memory sees them: pages come to the cache, are marked as
 * used, get new contents. What was done before an error counts; the error is the
 * call's where nothing was.
 */
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/buffer.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/rmap.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"

#define MAX_RW_COUNT 0x7ffff000ULL

/* The folio of a page of a disk's file, by read-ahead; *cached: it was there. */
static int read_disk_page(struct machine *m, struct file *file, u64 index, u64 wanted, u32 *pfn,
			  bool *cached)
{
	struct address_space *mapping = &file->inode->i_data;
	bool major;
	int err;

	prefetch_page_ahead(m, mapping, index);
	*pfn = find_folio(mapping, index);
	*cached = *pfn != PFN_NIL;
	if (*cached && unlikely(file->f_ra.async_ns > m->now_ns))
		wait_for_readahead(m, &file->f_ra, index);
	if (*cached && (pfn_to_page(m, *pfn)->flags & (1U << PG_reclaim | 1U << PG_uptodate)) ==
			       1U << PG_uptodate) {
		get_page(m, *pfn);
		return 0;
	}
	if (*cached && !page_flag(pfn_to_page(m, *pfn), PG_reclaim)) {
		err = 0;
	} else if (*cached) {
		u64 before = index - page_index(pfn_to_page(m, *pfn));

		err = page_cache_async_readahead(m, file, *pfn, index - before, wanted + before);
	} else {
		err = page_cache_sync_readahead(m, file, index, wanted);
	}
	if (err != -ENOBUFS)
		err = filemap_get_page(m, mapping, index, pfn, &major);
	if (!err)
		*pfn = (u32)folio_pfn(m, *pfn);
	return err;
}

/* Did what was read before end in the same folio? Shared memory asks for the page. */
static bool in_folio_of(const struct machine *m, const struct inode *inode, u32 pfn, u64 index,
			u64 last)
{
	const struct page *folio = pfn_folio(m, pfn);
	u64 nr = inode->kind == INODE_DISK ? folio_nr_pages(folio) : 1;

	return ((index ^ (last - 1) >> PAGE_SHIFT) & ~(nr - 1)) == 0;
}

/* Bytes from `at` on of one page; `last` is where those before ended. */
static int read_page(struct machine *m, struct file *file, u64 at, u64 wanted, u64 last)
{
	u64 index = at >> PAGE_SHIFT;
	struct inode *inode = file->inode;
	bool cached = true;
	u32 pfn;
	int err;

	/* Huge pages are read where they are: nobody learns of it. */
	if (inode->kind == INODE_HUGETLB)
		return 0;
	err = inode->kind == INODE_DISK ?
		  read_disk_page(m, file, index, wanted, &pfn, &cached) :
		  shmem_get_page(m, inode, index, SGP_READ, &pfn);

	if (err || pfn == PFN_NIL)
		return err;
	if (unlikely(page_flag(pfn_to_page(m, pfn), PG_hwpoison))) {
		put_page(m, pfn);
		return -EIO;
	}
	/* Policies other than the kernel's are told of what was there, not of what comes. */
	if (!in_folio_of(m, inode, pfn, index, last) && (cached || !m->lru->policy))
		mark_page_accessed(m, pfn);
	put_page(m, pfn);
	return 0;
}

/* A call that came to its file is counted, whatever it did, and the bytes that it did. */
static int count_read(struct task_struct *task, u64 done, int err)
{
	if (err == -ENOBUFS)
		return err;
	task->io.rchar += done;
	task->io.syscr++;
	return done ? 0 : err;
}

static int count_write(struct task_struct *task, u64 done, int err)
{
	if (err == -ENOBUFS)
		return err;
	task->io.wchar += done;
	task->io.syscw++;
	return done ? 0 : err;
}

int sys_pread(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
	      u64 *done)
{
	struct file *file = fget(m, task, fd);
	u64 end, at = offset, last;
	int err = 0;

	*done = 0;
	if (!file || !file_may_read(file))
		return -EBADF;
	if (file->inode->kind == INODE_SECRET)
		return -ESPIPE;
	if ((s64)offset < 0 || file->inode->kind == INODE_ANON)
		return -EINVAL;
	len = MIN(len, MAX_RW_COUNT);
	if (file->inode->kind == INODE_ZERO) {
		*done = len;
		return count_read(task, len, 0);
	}
	end = MIN(offset + len, file->inode->i_size);
	last = file->f_ra.prev_pos;
	while (at < end && !err) {
		u64 next = MIN((at | (PAGE_SIZE - 1)) + 1, end);

		poll_daemons(m, 1);
		err = read_page(m, file, at, PFN_UP(offset + len) - (at >> PAGE_SHIFT), last);
		if (err)
			break;
		at = last = next;
		/* Read-ahead is told now, or (since 6.7) of the whole call. */
		if (!rel_read_tells_at_end(m->release))
			file->f_ra.prev_pos = last;
	}
	file->f_ra.prev_pos = last;
	if (at > offset)
		*done = at - offset;
	return count_read(task, *done, err);
}

static bool seals_forbid(const struct inode *inode, u64 next)
{
	return inode->seals & F_SEAL_WRITES ||
	       (inode->seals & F_SEAL_GROW && next > inode->i_size);
}

/* New contents for bytes [at, next) of the folio of page pfn, which is that of `at`. */
static void store_bytes(struct machine *m, u32 pfn, u64 at, u64 next)
{
	for (u64 end; at < next; at = end, pfn++) {
		end = MIN((at | (PAGE_SIZE - 1)) + 1, next);
		if (end - at == PAGE_SIZE)
			content_zero(m, pfn);
		content_store(m, pfn, (u32)(at & (PAGE_SIZE - 1)));
	}
}

/* How far the folio goes, if its file is written folio by folio. */
static u64 folio_end(const struct machine *m, const struct inode *inode, u32 pfn, u64 at)
{
	const struct page *folio = pfn_folio(m, pfn);

	if (!inode->large_folios || !rel_has_thp_sizes(m->release))
		return (at | (PAGE_SIZE - 1)) + 1;
	return (page_index(folio) + folio_nr_pages(folio)) << PAGE_SHIFT;
}

/* Bytes from `at` on, of one page or folio, up to end: *next is where that ended. */
static int write_folio(struct machine *m, struct inode *inode, u64 at, u64 end, u64 *next)
{
	u64 index = at >> PAGE_SHIFT;
	const struct sgp_request request = { .sgp = SGP_WRITE, .write_end = end };
	u32 pfn;
	int err;

	*next = MIN((at | (PAGE_SIZE - 1)) + 1, end);
	if (seals_forbid(inode, *next))
		return -EPERM;
	disk_zero_eof(m, inode, at);
	if (inode->kind == INODE_SHMEM)
		err = shmem_get_folio(m, inode, index, &request, &pfn);
	else
		err = filemap_grab_folio(m, &inode->i_data, at, end, &pfn);
	if (err)
		return err;
	if (unlikely(page_flag(pfn_to_page(m, pfn), PG_hwpoison))) {
		put_page(m, pfn);
		return -EIO;
	}
	if (inode->kind == INODE_DISK)
		err = folio_create_buffers(m, pfn);
	if (err) {
		put_page(m, pfn);
		return err;
	}
	*next = MIN(folio_end(m, inode, pfn, at), end);
	store_bytes(m, pfn, at, *next);
	page_set_flag(pfn_folio(m, pfn), PG_uptodate);
	if (*next > inode->i_size)
		inode->i_size = *next;
	filemap_dirty_range(m, pfn, at % PAGE_SIZE, at % PAGE_SIZE + *next - at);
	put_page(m, pfn);
	return 0;
}

/* How far a write may go: the file system's end, and RLIMIT_FSIZE; -EFBIG. */
static int write_limit(struct machine *m, struct task_struct *task, const struct inode *inode,
		       u64 offset, u64 *end)
{
	u64 limit = task->signal->rlim[RLIMIT_FSIZE].cur;

	if (offset >= limit) {
		machine_why(m, "RLIMIT_FSIZE: %llu bytes: SIGXFSZ", (unsigned long long)limit);
		send_sig(m, task, SIGXFSZ);
		return -EFBIG;
	}
	limit = MIN(limit, inode_max_bytes(m, inode));
	limit = MIN(limit, PAGE_INDEX_END << PAGE_SHIFT);
	if (offset >= limit)
		return -EFBIG;
	*end = MIN(*end, limit);
	return 0;
}

/* What was written is on the disk, if the file was opened for that. */
static int generic_write_sync(struct machine *m, struct file *file, u64 start, u64 end)
{
	return file->f_flags & O_DSYNC ? vfs_fsync_range(m, file, start, end) : 0;
}

int sys_pwrite(struct machine *m, struct task_struct *task, int fd, u64 offset, u64 len,
	       u64 *done)
{
	struct file *file = fget(m, task, fd);
	u64 at, end, nr_pages = 1;
	int err = 0;

	*done = 0;
	if (!file || !file_may_write(file))
		return -EBADF;
	if (file->inode->kind == INODE_SECRET)
		return -ESPIPE;
	if ((s64)offset < 0 || (s64)(offset + len) < 0 || file->inode->kind == INODE_ANON ||
	    file->inode->kind == INODE_HUGETLB)
		return -EINVAL;
	len = MIN(len, MAX_RW_COUNT);
	if (file->inode->kind == INODE_ZERO || !len) {
		*done = len;
		return count_write(task, len, 0);
	}
	if (file->inode->swap_file)
		return -ETXTBSY;
	if (file->f_flags & O_APPEND)
		offset = file->inode->i_size;
	at = offset;
	end = offset + len;
	err = write_limit(m, task, file->inode, offset, &end);
	while (at < end && !err) {
		u64 next;

		poll_daemons(m, nr_pages);
		err = write_folio(m, file->inode, at, end, &next);
		if (!err) {
			nr_pages = DIV_ROUND_UP(next - at, PAGE_SIZE);
			at = next;
		}
		if (m->virt->writeback->fresh_dirtied)
			balance_dirty_pages_ratelimited(m, task);
	}
	if (at > offset && err != -ENOBUFS) {
		err = generic_write_sync(m, file, offset, at);
		at = err ? offset : at;
	}
	*done = at - offset;
	return count_write(task, *done, err);
}
