// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much of a disk's file is read at once: windows that begin small and double while
 * reading goes on in order, started anew by the page that carries the mark (PG_reclaim,
 * as the kernel has it); around a fault of a mapping, half before and half behind.
 */
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/virt/blk.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/virt.h"

#define MMAP_LOTSAMISS 100

/* So many pages in a row come from the disk. */
static void submit_read(struct machine *m, u64 nr)
{
	for (u64 now; nr; nr -= now) {
		now = MIN(nr, BLK_MAX_PAGES);
		m->virt->blk->read_done_ns = blk_submit(m, file_disk(m), REQ_OP_READ, now);
	}
}

/* Pages [index, index + nr) that are not cached; the mark goes to the one at `mark`. */
static int read_pages(struct machine *m, struct inode *inode, u64 index, u64 nr, u64 mark)
{
	u64 end = MIN(index + nr, inode_pages(inode)), row = 0;
	bool thrashes = false;
	int err = 0;

	for (; index < end; index++) {
		u32 pfn;

		poll_daemons(m);
		if (find_page(m, &inode->i_data, index) != PFN_NIL) {
			submit_read(m, row);
			row = 0;
			continue;
		}
		err = filemap_read_ahead(m, &inode->i_data, index, &pfn);
		if (err)
			break;
		row++;
		thrashes |= page_flag(pfn_to_page(m, pfn), PG_workingset);
		if (index == mark)
			page_set_flag(pfn_to_page(m, pfn), PG_reclaim);
		put_page(m, pfn);
	}
	submit_read(m, row);
	m->virt->blk->read_thrashes = thrashes;
	return err;
}

/* What was read last is wanted now; or it may come while others are used. */
static int wait_for_read(struct machine *m, int err)
{
	const struct blk_state *blk = m->virt->blk;

	/* What was in use, and had to go, is waited for because memory is short. */
	if (blk->read_thrashes)
		psi_memstall_enter(m);
	blk_wait_until(m, blk->read_done_ns);
	if (blk->read_thrashes)
		psi_memstall_leave(m);
	return err;
}

static int note_read(const struct machine *m, struct file_ra_state *ra, int err)
{
	ra->async_start = ra->start;
	ra->async_ns = m->virt->blk->read_done_ns;
	return err;
}

/* Where a page is cached already, from index on; behind the last one to read: nowhere. */
static u64 next_cached(const struct machine *m, struct inode *inode, u64 index, u64 end)
{
	u64 found = index;

	if (index < end && filemap_find(&inode->i_data, &found, end - 1))
		return found;
	return end;
}

/*
 * Large folios have the mark where the window says, though the file ends before; from
 * the first page on that is cached, and always until 6.1, it is so far from the end.
 */
static int read_window_at(struct machine *m, struct file *file, u64 start)
{
	const struct file_ra_state *ra = &file->f_ra;
	u64 index = start, end = MIN(index + ra->size, inode_pages(file->inode));
	u64 mark = ra->async_size ? start + ra->size - ra->async_size : ~0ULL;
	int err;

	if (rel_readahead_is_large(m->release)) {
		u64 stop = next_cached(m, file->inode, index, end);

		err = read_pages(m, file->inode, index, stop - index, mark);
		if (err || stop == end)
			return err;
		index = stop;
	}
	if (index >= end)
		return 0;
	mark = ra->async_size && ra->async_size <= end - index ? end - ra->async_size : ~0ULL;
	return read_pages(m, file->inode, index, end - index, mark);
}

static int read_window(struct machine *m, struct file *file)
{
	return read_window_at(m, file, file->f_ra.start);
}

static u32 first_window(u64 wanted, u32 max)
{
	u64 size = roundup_pow_of_two(wanted);

	if (size <= max / 32)
		return (u32)(size * 4);
	if (size <= max / 4)
		return (u32)(size * 2);
	return max;
}

static u32 next_window(u32 size, u32 max)
{
	if (size < max / 16)
		return 4 * size;
	return size <= max / 2 ? 2 * size : max;
}

/* More at once than the window, if the disk likes that and the reader wants it. */
static u32 max_pages(const struct machine *m, const struct file_ra_state *ra, u64 wanted)
{
	u64 io_pages = rel_io_pages(m->release);

	if (wanted > ra->ra_pages && io_pages > ra->ra_pages)
		return (u32)MIN(wanted, io_pages);
	return ra->ra_pages;
}

static void begin_window(const struct machine *m, struct file_ra_state *ra, u64 index,
			 u64 wanted, u32 max)
{
	ra->start = index;
	ra->size = first_window(wanted, max);
	if (ra->size > wanted)
		ra->async_size = ra->size - (u32)wanted;
	else
		ra->async_size = rel_readahead_is_large(m->release) ? ra->size / 2 : ra->size;
}

/* All of the window starts the next: join them, so that reading runs ahead. Until 6.13. */
static int submit(struct machine *m, struct file *file, u64 index, u32 max)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 add;

	if (index == ra->start && ra->size == ra->async_size &&
	    !rel_readahead_is_large(m->release)) {
		add = next_window(ra->size, max);
		if (ra->size + add <= max) {
			ra->async_size = add;
			ra->size += add;
		} else {
			ra->size = max;
			ra->async_size = max / 2;
		}
	}
	return read_window(m, file);
}

/* How many pages before index are cached, as far as a window reaches. */
static u64 cached_before(const struct machine *m, const struct file *file, u64 index, u32 max)
{
	u64 nr = 0;

	while (nr < max && nr < index &&
	       find_page(m, &file->inode->i_data, index - 1 - nr) != PFN_NIL)
		nr++;
	return nr;
}

/* The window follows the last one. */
static int next_in_order(struct machine *m, struct file *file, u64 index, u32 max)
{
	struct file_ra_state *ra = &file->f_ra;

	ra->start += ra->size;
	ra->size = next_window(ra->size, max);
	ra->async_size = ra->size;
	return submit(m, file, index, max);
}

static bool is_next(const struct machine *m, const struct file_ra_state *ra, u64 index)
{
	return !rel_readahead_is_large(m->release) && ra->size &&
	       (index == ra->start + ra->size - ra->async_size || index == ra->start + ra->size);
}

static int sync_readahead(struct machine *m, struct file *file, u64 index, u64 nr_wanted)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 max = max_pages(m, ra, nr_wanted);
	u64 before;

	if (ra->random)
		return read_pages(m, file->inode, index, nr_wanted, ~0ULL);
	if (index && is_next(m, ra, index))
		return next_in_order(m, file, index, max);
	if (!index || nr_wanted > max || index - (ra->prev_pos >> PAGE_SHIFT) <= 1) {
		begin_window(m, ra, index, nr_wanted, max);
		return submit(m, file, index, max);
	}
	before = cached_before(m, file, index, max);
	if (before <= nr_wanted)
		return read_pages(m, file->inode, index, nr_wanted, ~0ULL);
	if (before >= index)
		before *= 2;
	ra->start = index;
	ra->size = (u32)MIN(before + nr_wanted, max);
	ra->async_size = 1;
	return submit(m, file, index, max);
}

int page_cache_sync_readahead(struct machine *m, struct file *file, u64 index, u64 nr_wanted)
{
	return wait_for_read(m, sync_readahead(m, file, index, nr_wanted));
}

static int async_readahead(struct machine *m, struct file *file, u32 pfn, u64 index,
			   u64 nr_wanted)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 max = max_pages(m, ra, nr_wanted);
	u64 hole = index + 1;

	page_clear_flag(pfn_folio(m, pfn), PG_reclaim);
	if (ra->size && index == ra->start + ra->size - ra->async_size)
		return next_in_order(m, file, index, max);
	while (hole <= index + max && find_page(m, &file->inode->i_data, hole) != PFN_NIL)
		hole++;
	if (hole > index + max)
		return 0;
	ra->start = hole;
	ra->size = next_window((u32)MIN(hole - index + nr_wanted, max), max);
	ra->async_size = ra->size;
	return submit(m, file, index, max);
}

int page_cache_async_readahead(struct machine *m, struct file *file, u32 pfn, u64 index,
			       u64 nr_wanted)
{
	return note_read(m, &file->f_ra, async_readahead(m, file, pfn, index, nr_wanted));
}

bool wait_for_readahead(struct machine *m, const struct file_ra_state *ra, u64 index)
{
	if (index < ra->async_start || ra->async_ns <= m->now_ns)
		return false;
	blk_wait_until(m, ra->async_ns);
	return true;
}

/* Programs are read from the page that is missing on, and not beyond their segment. */
static void exec_window(struct file_ra_state *ra, const struct vm_area_struct *vma, u64 pgoff)
{
	u64 end = MIN(pgoff + ra->ra_pages, vma->vm_pgoff + vma_pages(vma));

	ra->start = pgoff;
	ra->size = (u32)(end - pgoff);
	ra->async_size = 0;
}

/*
 * The huge page around the fault, and the next one unless order is random; whatever the
 * disk wants. Its pages are small ones here: a disk's file has large folios by collapse only.
 */
static int read_huge_window(struct machine *m, struct file *file, u64 vm_flags, u64 pgoff)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 nr = 1U << hpage_pmd_order(m);
	int err;

	ra->size = vm_flags & VM_RAND_READ ? nr : 2 * nr;
	/* A mark on the first folio does not keep it from being mapped whole. */
	ra->async_size = ra->size > nr || !rel_readahead_is_large(m->release) ? nr : 0;
	err = read_window_at(m, file, pgoff & ~((u64)nr - 1));
	ra->async_size = nr;
	return err;
}

static int mmap_readahead(struct machine *m, struct file *file, const struct vm_area_struct *vma,
			  u64 pgoff)
{
	struct file_ra_state *ra = &file->f_ra;
	u64 vm_flags = vma->vm_flags;
	bool exec = vm_flags & VM_EXEC && rel_exec_reads_ahead_only(m->release);

	if (vm_flags & VM_HUGEPAGE)
		return read_huge_window(m, file, vm_flags, pgoff);
	if (vm_flags & VM_RAND_READ && !exec)
		return 0;
	if (vm_flags & VM_SEQ_READ)
		return page_cache_sync_readahead(m, file, pgoff, ra->ra_pages);
	if (ra->mmap_miss < MMAP_LOTSAMISS * 10)
		ra->mmap_miss++;
	if (ra->mmap_miss > MMAP_LOTSAMISS)
		return 0;
	if (exec) {
		exec_window(ra, vma, pgoff);
		return read_window(m, file);
	}
	ra->start = pgoff - MIN(pgoff, ra->ra_pages / 2);
	ra->size = ra->ra_pages;
	ra->async_size = ra->ra_pages / 4;
	return read_window(m, file);
}

int sync_mmap_readahead(struct machine *m, struct file *file, const struct vm_area_struct *vma,
			u64 pgoff)
{
	return wait_for_read(m, mmap_readahead(m, file, vma, pgoff));
}

int async_mmap_readahead(struct machine *m, struct file *file, u64 vm_flags, u64 pgoff,
			 u32 pfn, bool *let_go)
{
	struct file_ra_state *ra = &file->f_ra;

	*let_go = wait_for_readahead(m, ra, pgoff);
	if (vm_flags & VM_RAND_READ)
		return 0;
	if (ra->mmap_miss)
		ra->mmap_miss--;
	if (!page_flag(pfn_folio(m, pfn), PG_reclaim))
		return 0;
	*let_go = true;
	return page_cache_async_readahead(m, file, pfn, pgoff, ra->ra_pages);
}
