// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How much of a disk's file is read at once: windows that begin small and double while
 * reading goes on in order, started anew by the page that carries the mark (PG_reclaim,
 * as the kernel has it); around a fault of a mapping, half before and half behind.
 */
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/mm_types.h"
#include "sim/phys/lru.h"

#define MMAP_LOTSAMISS 100

/* Pages [index, index + nr) that are not cached; the mark goes to the one at `mark`. */
static int read_pages(struct machine *m, struct inode *inode, u64 index, u64 nr, u64 mark)
{
	u64 end = MIN(index + nr, inode_pages(inode));

	for (; index < end; index++) {
		bool major;
		u32 pfn;
		int err;

		if (find_page(m, &inode->i_data, index) != PFN_NIL)
			continue;
		err = filemap_get_page(m, &inode->i_data, index, &pfn, &major);
		if (err)
			return err;
		if (index == mark)
			page_set_flag(pfn_to_page(m, pfn), PG_reclaim);
		put_page(m, pfn);
	}
	return 0;
}

static int read_window(struct machine *m, struct file *file)
{
	const struct file_ra_state *ra = &file->f_ra;
	u64 mark = ra->async_size ? ra->start + ra->size - ra->async_size : ~0ULL;

	return read_pages(m, file->inode, ra->start, ra->size, mark);
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

static void begin_window(struct file_ra_state *ra, u64 index, u64 wanted)
{
	ra->start = index;
	ra->size = first_window(wanted, ra->ra_pages);
	ra->async_size = ra->size > wanted ? ra->size - (u32)wanted : ra->size;
}

/* All of the window starts the next: join them, so that reading runs ahead. */
static int submit(struct machine *m, struct file *file, u64 index)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 add;

	if (index == ra->start && ra->size == ra->async_size) {
		add = next_window(ra->size, ra->ra_pages);
		if (ra->size + add <= ra->ra_pages) {
			ra->async_size = add;
			ra->size += add;
		} else {
			ra->size = ra->ra_pages;
			ra->async_size = ra->ra_pages / 2;
		}
	}
	return read_window(m, file);
}

/* How many pages before index are cached, as far as a window reaches. */
static u64 cached_before(const struct machine *m, const struct file *file, u64 index)
{
	u64 nr = 0;

	while (nr < file->f_ra.ra_pages && nr < index &&
	       find_page(m, &file->inode->i_data, index - 1 - nr) != PFN_NIL)
		nr++;
	return nr;
}

int page_cache_sync_readahead(struct machine *m, struct file *file, u64 index, u64 nr_wanted)
{
	struct file_ra_state *ra = &file->f_ra;
	u64 before;

	if (ra->random)
		return read_pages(m, file->inode, index, nr_wanted, ~0ULL);
	if (!index || nr_wanted > ra->ra_pages) {
		begin_window(ra, index, MIN(nr_wanted, ra->ra_pages));
		return submit(m, file, index);
	}
	if (ra->size && (index == ra->start + ra->size - ra->async_size ||
			 index == ra->start + ra->size)) {
		ra->start += ra->size;
		ra->size = next_window(ra->size, ra->ra_pages);
		ra->async_size = ra->size;
		return submit(m, file, index);
	}
	if (ra->prev_index && index - (ra->prev_index - 1) <= 1) {
		begin_window(ra, index, nr_wanted);
		return submit(m, file, index);
	}
	before = cached_before(m, file, index);
	if (before <= nr_wanted)
		return read_pages(m, file->inode, index, nr_wanted, ~0ULL);
	if (before >= index)
		before *= 2;
	ra->start = index;
	ra->size = (u32)MIN(before + nr_wanted, ra->ra_pages);
	ra->async_size = 1;
	return submit(m, file, index);
}

int page_cache_async_readahead(struct machine *m, struct file *file, u32 pfn, u64 index,
			       u64 nr_wanted)
{
	struct file_ra_state *ra = &file->f_ra;
	u64 hole = index + 1;

	page_clear_flag(pfn_to_page(m, pfn), PG_reclaim);
	if (ra->size && index == ra->start + ra->size - ra->async_size) {
		ra->start += ra->size;
		ra->size = next_window(ra->size, ra->ra_pages);
		ra->async_size = ra->size;
		return submit(m, file, index);
	}
	while (hole <= index + ra->ra_pages && find_page(m, &file->inode->i_data, hole) != PFN_NIL)
		hole++;
	if (hole > index + ra->ra_pages)
		return 0;
	ra->start = hole;
	ra->size = next_window((u32)MIN(hole - index + nr_wanted, ra->ra_pages),
			       ra->ra_pages);
	ra->async_size = ra->size;
	return submit(m, file, index);
}

int sync_mmap_readahead(struct machine *m, struct file *file, u64 vm_flags, u64 pgoff)
{
	struct file_ra_state *ra = &file->f_ra;

	if (vm_flags & VM_RAND_READ)
		return 0;
	if (vm_flags & VM_SEQ_READ)
		return page_cache_sync_readahead(m, file, pgoff, ra->ra_pages);
	if (ra->mmap_miss < MMAP_LOTSAMISS * 10)
		ra->mmap_miss++;
	if (ra->mmap_miss > MMAP_LOTSAMISS)
		return 0;
	ra->start = pgoff - MIN(pgoff, ra->ra_pages / 2);
	ra->size = ra->ra_pages;
	ra->async_size = ra->ra_pages / 4;
	return read_window(m, file);
}

int async_mmap_readahead(struct machine *m, struct file *file, u64 vm_flags, u64 pgoff,
			 u32 pfn)
{
	struct file_ra_state *ra = &file->f_ra;

	if (vm_flags & VM_RAND_READ)
		return 0;
	if (ra->mmap_miss)
		ra->mmap_miss--;
	if (!page_flag(pfn_to_page(m, pfn), PG_reclaim))
		return 0;
	return page_cache_async_readahead(m, file, pfn, pgoff, ra->ra_pages);
}
