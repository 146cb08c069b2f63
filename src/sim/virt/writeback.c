// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A dirty page is written: the disk gets what it has, shared mappings lose their dirty bit
 * and the right to write, so that the next store is noticed, and the page is under
 * writeback till the disk's request is done. Neighbours go in one request.
 */
#include "sim/virt/writeback.h"

#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/virt/blk.h"
#include "sim/virt/buffer.h"
#include "sim/virt/cputime.h"
#include "sim/virt/disk.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/tlb.h"
#include "sim/virt/virt.h"

struct mkclean {
	struct machine *m;
	u32 pfn;
	u64 nr;
};

static void clean_huge(struct machine *m, struct vm_area_struct *vma, u64 addr, u64 *pmd)
{
	if (!(*pmd & (PTE_DIRTY | PTE_RW)))
		return;
	*pmd &= ~(u64)(PTE_DIRTY | PTE_RW);
	flush_tlb_range_stride(m, vma, addr, addr + hpage_pmd_size(m), table_shift(m, 1));
}

/* What of a VMA may map pages of the folio. */
static int mkclean_one(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	const struct mkclean *clean = arg;
	struct machine *m = clean->m;

	if (!(vma->vm_flags & VM_SHARED))
		return 0;
	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		unsigned int level;
		u64 *entry = page_vma_mapped(m, vma->vm_mm, addr, clean->pfn, clean->nr, &level);
		pte_t old;

		if (entry && level) {
			clean_huge(m, vma, addr, entry);
			return 0;
		}
		if (!entry || !(*entry & (PTE_DIRTY | PTE_RW)))
			continue;
		flush_cache_page(m, vma, addr, pte_pfn(*entry));
		old = ptep_clear_flush(m, vma, addr, entry);
		*entry = old & ~(PTE_DIRTY | PTE_RW);
	}
	return 0;
}

/* Stores to it will be noticed again. */
static void folio_mkclean(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);
	struct mkclean clean = { .m = m, .pfn = pfn, .nr = folio_nr_pages(folio) };

	if (folio_mapcount(folio))
		(void)rmap_walk_folio(m, pfn, mkclean_one, &clean);
}

/* Neighbours that go together. */
struct bio {
	struct machine *m;
	struct inode *inode;
	struct wb_owners owners;
	u64 index;
	u32 nr, nr_dirty;
};

/*
 * They are on their way, or, where the host has no memory to note that, there. A folio that
 * is larger than a request is done with the last of its.
 */
static void submit_bio(struct bio *bio)
{
	struct xarray *pages = &bio->inode->i_data.i_pages;
	u64 index = bio->index, last = bio->index + bio->nr - 1, entry;
	bool noted = true;

	for (u32 now, sent; bio->nr && noted; bio->nr -= now, bio->index += now) {
		now = MIN(bio->nr, BLK_MAX_PAGES);
		sent = MIN(bio->nr_dirty, now);
		bio->nr_dirty -= sent;
		noted = blk_write(bio->m, bio->inode, bio->index, now, sent);
	}
	while (!noted && (entry = xa_find_marked(pages, &index, last, XA_MARK_WRITEBACK)))
		folio_end_writeback(bio->m, entry_pfn(entry));
	bio->nr = bio->nr_dirty = 0;
}

/* Of a folio that knows its blocks only those that are dirty are written. */
static inline bool wants_write(const struct machine *m, const struct page *folio, u32 pfn)
{
	return !page_flag(folio, PG_private) || block_is_dirty(m, pfn);
}

/* The disk has it. False: the host has no memory for that; the folio stays dirty. */
static bool write_folio(struct bio *bio, u64 index, u32 pfn)
{
	struct machine *m = bio->m;
	struct xarray *pages = &bio->inode->i_data.i_pages;
	struct page *page = pfn_to_page(m, pfn);
	u32 nr = (u32)folio_nr_pages(page), nr_dirty = 0;
	u64 end = inode_pages(bio->inode);

	for (u32 i = 0; i < nr && index + i < end; i++) {
		if (!wants_write(m, page, pfn + i))
			continue;
		if (disk_write(m, bio->inode, index + i, pfn + i))
			return false;
		nr_dirty++;
	}
	folio_mkclean(m, pfn);
	page_clear_flag(page, PG_dirty);
	buffers_clean(m, pfn);
	xa_clear_mark(pages, index, XA_MARK_DIRTY);
	page_set_flag(page, PG_writeback);
	xa_set_mark(pages, index, XA_MARK_WRITEBACK);
	mod_lruvec_page_state(m, page, NR_DIRTY, -(s64)nr);
	mod_lruvec_page_state(m, page, NR_WRITEBACK, nr);
	inode_mod_dirty(m, bio->inode, -(s64)nr);
	inode_mod_writeback(m, bio->inode, nr);
	wbc_account_owner(m, &bio->owners, page);
	count_vm_event(m, PGPGOUT, (s64)nr_dirty * (PAGE_SIZE / 1024));
	if (bio->nr && (bio->index + bio->nr != index || bio->nr + nr > BLK_MAX_PAGES))
		submit_bio(bio);
	if (!bio->nr)
		bio->index = index;
	bio->nr += nr;
	bio->nr_dirty += nr_dirty;
	return true;
}

void folio_end_writeback(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);
	struct inode *inode = inode_of(m, folio->mapping);
	s64 nr = (s64)folio_nr_pages(folio);
	struct zone *zone = page_zone(m, folio);

	page_clear_flag(folio, PG_writeback);
	xa_clear_mark(&inode->i_data.i_pages, page_index(folio), XA_MARK_WRITEBACK);
	mod_lruvec_page_state(m, folio, NR_WRITEBACK, -nr);
	inode_mod_writeback(m, inode, -nr);
	mod_lruvec_page_state(m, folio, NR_WRITTEN, nr);
	zone->stat[NR_ZONE_WRITE_PENDING] -= nr;
	wb_writeout_add(m, inode_to_wb(m, inode), (u64)nr);
	if (page_flag(folio, PG_reclaim)) {
		page_clear_flag(folio, PG_reclaim);
		folio_rotate_reclaimable(m, pfn);
	}
}

/* From wbc->start on; where it ended. */
static u64 write_cache_pages(struct bio *bio, struct writeback_control *wbc, u64 *written)
{
	struct machine *m = bio->m;
	struct address_space *mapping = &bio->inode->i_data;
	u64 index = wbc->start, first, entry;
	bool drained = false;

	for (; index <= wbc->last && *written < wbc->nr_to_write; index++) {
		const struct page *folio;
		u32 pfn;

		entry = xa_find_marked(&mapping->i_pages, &index, wbc->last, XA_MARK_DIRTY);
		if (!entry)
			return 0;
		pfn = entry_pfn(entry);
		folio = pfn_to_page(m, pfn);
		first = page_index(folio);
		index = first + folio_nr_pages(folio) - 1;
		if (page_flag(folio, PG_writeback)) {
			if (wbc->sync_mode == WB_SYNC_NONE)
				continue;
			submit_bio(bio);
			folio_wait_writeback(m, pfn);
			/* The flusher went on meanwhile: it may have written it again. */
			if (!page_flag(folio, PG_dirty))
				continue;
		}
		if (!write_folio(bio, first, pfn))
			return 0;
		*written += folio_nr_pages(folio);
		/* Letting go of pages that were looked up, the kernel empties its batches. */
		if (!drained)
			lru_add_drain(m);
		drained = true;
	}
	return index > wbc->last ? 0 : index;
}

u64 do_writepages(struct machine *m, struct inode *inode, struct writeback_control *wbc)
{
	struct address_space *mapping = &inode->i_data;
	struct bio bio = { .m = m, .inode = inode };
	u64 written = 0, end, max = 1ULL << mapping_max_folio_order(m, inode);

	if (!xa_marked(&mapping->i_pages, XA_MARK_DIRTY))
		return 0;
	/* All that fits, or nothing: dirty pages stay so. Folios at the edges are written whole. */
	if (disk_reserve(m, MIN(mapping->nrpages, wbc->last - wbc->start + 2 * max)))
		return 0;
	wbc_attach_inode(inode, &bio.owners);
	wb_bandwidth_estimate_start(m, inode_to_wb(m, inode));
	if (wbc->range_cyclic)
		wbc->start = inode->writeback_index;
	end = write_cache_pages(&bio, wbc, &written);
	submit_bio(&bio);
	if (wbc->range_cyclic)
		inode->writeback_index = end;
	wb_update_bandwidth(m, inode_to_wb(m, inode));
	wbc_detach_inode(m, inode, &bio.owners);
	return written;
}

bool filemap_write_folio(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);
	struct inode *inode = inode_of(m, folio->mapping);
	struct bio bio = { .m = m, .inode = inode };

	if (!inode || inode->kind != INODE_DISK || !write_folio(&bio, page_index(folio), pfn))
		return false;
	submit_bio(&bio);
	return true;
}

void filemap_fdatawrite_range(struct machine *m, struct inode *inode, u64 start, u64 end,
			      enum writeback_sync_modes mode)
{
	struct writeback_control wbc = {
		.sync_mode = mode, .nr_to_write = ~0ULL, .start = start >> PAGE_SHIFT,
		.last = (end - 1) >> PAGE_SHIFT,
	};

	if (inode->kind != INODE_DISK || end <= start)
		return;
	cpu_works(m, do_writepages(m, inode, &wbc) * m->config->cost[COST_WRITE_PAGE]);
	if (!xa_marked(&inode->i_data.i_pages, XA_MARK_DIRTY))
		inode_io_list_del(m, inode);
}

void filemap_fdatawait_range(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	struct address_space *mapping = &inode->i_data;
	u64 index = start >> PAGE_SHIFT, entry;

	if (inode->kind != INODE_DISK || end <= start)
		return;
	while ((entry = xa_find_marked(&mapping->i_pages, &index, (end - 1) >> PAGE_SHIFT,
				       XA_MARK_WRITEBACK)))
		folio_wait_writeback(m, entry_pfn(entry));
}

void filemap_write_range(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	filemap_fdatawrite_range(m, inode, start, end, WB_SYNC_ALL);
	filemap_fdatawait_range(m, inode, start, end);
}

int file_check_wb_err(struct file *file)
{
	struct inode *inode = file->inode;

	if (file->f_wb_err == inode->wb_err)
		return 0;
	file->f_wb_err = inode->wb_err;
	inode->wb_err_seen = true;
	return -EIO;
}

int vfs_fsync_range(struct machine *m, struct file *file, u64 start, u64 end)
{
	filemap_write_range(m, file->inode, start, end);
	if (file->inode->kind == INODE_DISK)
		blk_flush(m, file_disk(m));
	return file_check_wb_err(file);
}

int sys_fsync(struct machine *m, struct task_struct *task, int fd)
{
	struct file *file = fget(m, task, fd);

	if (!file)
		return -EBADF;
	if (file->inode->kind >= INODE_SECRET)
		return -EINVAL;
	return vfs_fsync_range(m, file, 0, ~0ULL);
}
