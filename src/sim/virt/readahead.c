// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much of a disk's file is read at once: windows that begin small and double while
 * reading goes on in order, started anew by the page that carries the mark (PG_reclaim,
 * as the kernel has it); around a fault of a mapping, half before and half behind. Where
 * the file system has large folios, windows that follow others are made of such, each
 * four times as large as those before.
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
		m->virt->blk->read_done_ns = blk_read(m, file_disk(m), now);
	}
}

#define MOST_LOCKED 256

/*
 * So many pages are new in the cache and not on their way yet. Folios are locked till all of
 * the window have been asked for: who frees or moves others meanwhile, to make room for the
 * next of them, leaves these alone. (What a larger window has more is not.)
 */
struct read_row {
	struct machine *m;
	struct inode *inode;
	u64 nr;
	bool thrashes;
	u32 nr_locked, locked[MOST_LOCKED];
};

/* The array is not cleared: it is written as far as it counts. */
static void begin_row(struct read_row *row, struct machine *m, struct inode *inode)
{
	row->m = m;
	row->inode = inode;
	row->nr = 0;
	row->thrashes = false;
	row->nr_locked = 0;
}

static void lock_folio(struct read_row *row, u32 pfn)
{
	if (row->nr_locked == MOST_LOCKED)
		return;
	page_set_flag(pfn_to_page(row->m, pfn), PG_locked);
	row->locked[row->nr_locked++] = pfn;
}

static int add_to_row(struct read_row *row, u64 index, unsigned int order, bool marked)
{
	struct machine *m = row->m;
	u64 nr_read;
	u32 pfn;
	int err = filemap_read_ahead(m, &row->inode->i_data, index, order, &pfn, &nr_read);

	if (err)
		return err;
	row->nr += nr_read;
	row->thrashes |= page_flag(pfn_to_page(m, pfn), PG_workingset);
	if (marked)
		page_set_flag(pfn_to_page(m, pfn), PG_reclaim);
	lock_folio(row, pfn);
	put_page(m, pfn);
	return 0;
}

static void submit_row(struct read_row *row)
{
	submit_read(row->m, row->nr);
	row->nr = 0;
	row->m->virt->blk->read_thrashes = row->thrashes;
}

/* All of the window is asked for: nobody has to leave its folios alone any more. */
static void end_row(struct read_row *row)
{
	submit_row(row);
	for (u32 i = 0; i < row->nr_locked; i++)
		page_clear_flag(pfn_to_page(row->m, row->locked[i]), PG_locked);
}

/* Pages [index, index + nr) that are not cached; the mark goes to the one at `mark`. */
static int read_pages(struct machine *m, struct inode *inode, u64 index, u64 nr, u64 mark)
{
	u64 end = MIN(index + nr, inode_pages(inode));
	struct read_row row;
	int err = 0;

	begin_row(&row, m, inode);
	for (; index < end && !err; index++) {
		poll_daemons(m, 1);
		if (find_page(m, &inode->i_data, index) != PFN_NIL)
			submit_row(&row);
		else
			err = add_to_row(&row, index, 0, index == mark);
	}
	end_row(&row);
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

/* Pages [start, end) may be on their way; who reads them waits for the last. */
static void note_read(const struct machine *m, struct file_ra_state *ra, u64 start, u64 end)
{
	ra->async_start = start;
	ra->async_end = end;
	ra->async_ns = m->virt->blk->read_done_ns;
}

int force_page_cache_readahead(struct machine *m, struct file *file, u64 index, u64 nr)
{
	int err;

	nr = MIN(nr, MAX(BLK_MAX_PAGES, (u64)file->f_ra.ra_pages));
	err = read_pages(m, file->inode, index, nr, ~0ULL);

	note_read(m, &file->f_ra, index, index + nr);
	return err == -ENOBUFS ? err : 0;
}

/* The window from index on, page by page: the mark is so far from the file's end. */
static int read_by_page(struct machine *m, struct file *file, u64 index, u64 nr)
{
	u64 end = MIN(index + nr, inode_pages(file->inode)), size = file->f_ra.async_size;
	u64 mark = size && index < end && size <= end - index ? end - size : ~0ULL;

	return index < end ? read_pages(m, file->inode, index, end - index, mark) : 0;
}

/* As large as the window has them, aligned, and none behind the window's or the file's end. */
static unsigned int order_at(u64 index, u64 last, unsigned int order)
{
	order = MIN(order, (unsigned int)ctz64(index));
	while (order && index + (1ULL << order) - 1 > last)
		order--;
	return order;
}

/*
 * The window in large folios, the mark where the window says, though the file ends before;
 * *index: how far that went, for something is cached there, or memory is short.
 */
static int read_by_folio(struct machine *m, struct file *file, u64 *index)
{
	struct file_ra_state *ra = &file->f_ra;
	u64 last = MIN(*index + ra->size, inode_pages(file->inode)) - 1;
	u64 mark = *index + ra->size - ra->async_size;
	struct read_row row;
	int err = 0;

	begin_row(&row, m, file->inode);
	while (*index <= last && !err) {
		unsigned int order = order_at(*index, last, ra->order);

		poll_daemons(m, 1ULL << order);
		err = add_to_row(&row, *index, order, *index == ALIGN_DOWN(mark, 1ULL << order));
		if (!err)
			*index += 1ULL << order;
	}
	end_row(&row);
	return err;
}

/* Behind the file's end, too, where nothing is read: the next window goes on from there. */
static void limit_order(const struct machine *m, struct file *file)
{
	struct file_ra_state *ra = &file->f_ra;

	ra->order = MIN(ra->order, mapping_max_folio_order(m, file->inode));
	ra->order = MIN(ra->order, (unsigned int)fls64(ra->size) - 1);
}

static int read_window_at(struct machine *m, struct file *file, u64 start)
{
	u32 size = file->f_ra.size;
	u64 index = start;
	int err;

	if (!file->inode->large_folios)
		return read_by_page(m, file, start, size);
	if (!size)
		return 0;
	limit_order(m, file);
	if (start >= inode_pages(file->inode))
		return 0;
	err = read_by_folio(m, file, &index);
	if (!err || err == -ENOBUFS)
		return err;
	return read_by_page(m, file, index, start + size - index);
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

/* More at once than the window, if the disk takes that and the reader wants it. */
static u32 max_pages(const struct file_ra_state *ra, u64 wanted)
{
	return (u32)MAX(ra->ra_pages, MIN(wanted, BLK_MAX_PAGES));
}

static void begin_window(const struct machine *m, struct file_ra_state *ra, u64 index,
			 u64 wanted, u32 max)
{
	ra->start = index;
	ra->order = 0;
	ra->size = first_window(wanted, max);
	if (ra->size > wanted)
		ra->async_size = ra->size - (u32)wanted;
	else
		ra->async_size = rel_readahead_halves(m->release) ? ra->size / 2 : ra->size;
}

/* All of the window starts the next: join them, so that reading runs ahead. Until 6.13. */
static int submit(struct machine *m, struct file *file, u64 index, u32 max)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 add;

	if (index == ra->start && ra->size == ra->async_size &&
	    !rel_readahead_halves(m->release)) {
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
static u64 cached_before(const struct file *file, u64 index, u32 max)
{
	return index - 1 - xa_prev_miss(&file->inode->i_data.i_pages, index - 1, max);
}

/* The window follows the last one, which more may have been wanted of at once. */
static void move_window(struct file_ra_state *ra, u32 max)
{
	ra->start += ra->size;
	ra->size = MAX(ra->size, next_window(ra->size, max));
	ra->async_size = ra->size;
}

static int next_in_order(struct machine *m, struct file *file, u64 index, u32 max)
{
	move_window(&file->f_ra, max);
	return submit(m, file, index, max);
}

static bool is_next(const struct machine *m, const struct file_ra_state *ra, u64 index)
{
	return !rel_readahead_halves(m->release) && ra->size &&
	       (index == ra->start + ra->size - ra->async_size || index == ra->start + ra->size);
}

static int sync_readahead(struct machine *m, struct file *file, u64 index, u64 nr_wanted)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 max = max_pages(ra, nr_wanted);
	u64 before;

	if (ra->random)
		return read_pages(m, file->inode, index, nr_wanted, ~0ULL);
	if (index && is_next(m, ra, index))
		return next_in_order(m, file, index, max);
	if (!index || nr_wanted > max || index - (ra->prev_pos >> PAGE_SHIFT) <= 1) {
		begin_window(m, ra, index, nr_wanted, max);
		return submit(m, file, index, max);
	}
	before = cached_before(file, index, max);
	if (before <= nr_wanted)
		return read_pages(m, file->inode, index, nr_wanted, ~0ULL);
	if (before >= index)
		before *= 2;
	ra->start = index;
	ra->size = (u32)MIN(before + nr_wanted, max);
	ra->async_size = 1;
	ra->order = 0;
	return submit(m, file, index, max);
}

int page_cache_sync_readahead(struct machine *m, struct file *file, u64 index, u64 nr_wanted)
{
	return wait_for_read(m, sync_readahead(m, file, index, nr_wanted));
}

/* The folios get larger, and the window ends where such a one does. */
static int read_larger(struct machine *m, struct file *file, u32 max)
{
	struct file_ra_state *ra = &file->f_ra;
	u64 end = ra->start + ra->size, aligned;

	ra->order += 2;
	aligned = ALIGN_DOWN(end, 1ULL << MIN(ra->order, (unsigned int)ctz64(max)));
	if (aligned > ra->start)
		ra->size = (u32)(aligned - ra->start);
	ra->async_size = ra->size;
	return read_window(m, file);
}

static int async_readahead(struct machine *m, struct file *file, u32 pfn, u64 index,
			   u64 nr_wanted)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 max = max_pages(ra, nr_wanted), cut = (u32)folio_nr_pages(pfn_folio(m, pfn)) - 1;
	bool large = file->inode->large_folios;
	u64 hole;

	page_clear_flag(pfn_folio(m, pfn), PG_reclaim);
	if (ra->size && index == ((ra->start + ra->size - ra->async_size) & ~(u64)cut)) {
		if (!large)
			return next_in_order(m, file, index, max);
		move_window(ra, max);
		return read_larger(m, file, max);
	}
	hole = xa_next_miss(&file->inode->i_data.i_pages, index + 1, max);
	if (hole > index + max && rel_next_miss_is_behind(m->release))
		return 0;
	hole = MIN(hole, index + max);
	ra->start = hole;
	ra->size = next_window((u32)MIN(hole - index + nr_wanted, max), max);
	ra->async_size = ra->size;
	return large ? read_larger(m, file, max) : submit(m, file, index, max);
}

int page_cache_async_readahead(struct machine *m, struct file *file, u32 pfn, u64 index,
			       u64 nr_wanted)
{
	struct file_ra_state *ra = &file->f_ra;
	int err = async_readahead(m, file, pfn, index, nr_wanted);

	note_read(m, ra, ra->start, ra->start + ra->size);
	return err;
}

void wait_for_readahead(struct machine *m, const struct file_ra_state *ra, u64 index)
{
	if (index >= ra->async_start && index < ra->async_end && ra->async_ns > blk_now(m))
		blk_wait_until(m, ra->async_ns);
}

/* Programs are read from the page that is missing on, and not beyond their segment. */
static void exec_window(struct file_ra_state *ra, const struct vm_area_struct *vma, u64 pgoff)
{
	u64 end = MIN(pgoff + ra->ra_pages, vma->vm_pgoff + vma_pages(vma));

	ra->start = pgoff;
	ra->size = (u32)(end - pgoff);
	ra->async_size = 0;
	ra->order = 0;
}

/* The huge page around the fault, and the next one unless order is random. */
static int read_huge_window(struct machine *m, struct file *file, u64 vm_flags, u64 pgoff)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 nr = 1U << hpage_pmd_order(m);

	ra->size = vm_flags & VM_RAND_READ ? nr : 2 * nr;
	ra->async_size = nr;
	ra->order = hpage_pmd_order(m);
	return read_window_at(m, file, pgoff & ~((u64)nr - 1));
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
	ra->order = 0;
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

	/* Who has to wait lets go, too, but a page asked for ahead has come by then, elsewhere. */
	wait_for_readahead(m, ra, pgoff);
	*let_go = false;
	if (vm_flags & VM_RAND_READ)
		return 0;
	if (ra->mmap_miss)
		ra->mmap_miss--;
	if (!page_flag(pfn_folio(m, pfn), PG_reclaim))
		return 0;
	*let_go = true;
	return page_cache_async_readahead(m, file, pfn, pgoff, ra->ra_pages);
}
