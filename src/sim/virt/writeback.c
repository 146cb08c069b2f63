// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dirty pages of a disk's file are written when somebody asks for it (fsync, msync):
 * at once, since nothing waits for a disk here. Shared mappings of the page lose
 * their dirty bit and the right to write, so that the next store is noticed.
 */
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/task.h"
#include "sim/virt/tlb.h"

struct mkclean {
	struct machine *m;
	u64 pfn;
};

static int mkclean_one(void *arg, struct vm_area_struct *vma, u64 address)
{
	const struct mkclean *clean = arg;
	pte_t *pte, entry;

	if (!(vma->vm_flags & VM_SHARED))
		return 0;
	pte = pte_offset_map(clean->m, vma->vm_mm, address);
	if (!pte || !pte_present(*pte) || pte_pfn(*pte) != clean->pfn ||
	    !(*pte & (PTE_DIRTY | PTE_RW)))
		return 0;
	flush_cache_page(clean->m, vma, address, clean->pfn);
	entry = ptep_clear_flush(clean->m, vma, address, pte);
	*pte = entry & ~(PTE_DIRTY | PTE_RW);
	return 0;
}

/* False: the host has no memory for what the disk is to hold; the page stays dirty. */
static bool write_page(struct machine *m, struct address_space *mapping, u64 index, u32 pfn)
{
	struct mkclean clean = { .m = m, .pfn = pfn };
	struct page *page = pfn_to_page(m, pfn);
	struct zone *zone = page_zone(m, page);
	s64 *stat = m->nodes[zone->node]->stat;

	for (u32 i = 0; i < folio_nr_pages(page); i++)
		if (disk_write(m, mapping->host, index + i, pfn + i))
			return false;
	/* It never stops. */
	if (rmap_walk(m, pfn, mkclean_one, &clean))
		return false;
	page_clear_flag(page, PG_dirty);
	xa_clear_mark(&mapping->i_pages, index, XA_MARK_DIRTY);
	stat[NR_DIRTY]--;
	zone->stat[NR_ZONE_WRITE_PENDING]--;
	stat[NR_WRITTEN]++;
	count_vm_event(m, PGPGOUT, PAGE_SIZE / 1024);
	if (page_flag(page, PG_reclaim)) {
		page_clear_flag(page, PG_reclaim);
		folio_rotate_reclaimable(m, pfn);
	}
	return true;
}

bool filemap_write_folio(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);
	struct inode *inode = inode_of(m, folio->mapping);

	return inode && inode->kind == INODE_DISK &&
	       write_page(m, &inode->i_data, page_index(folio), pfn);
}

void wakeup_flusher_threads(struct machine *m)
{
	for (struct inode *inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		if (inode->kind == INODE_DISK)
			filemap_write_range(m, inode, 0, ~0ULL);
}

void filemap_write_range(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	struct address_space *mapping = &inode->i_data;
	u64 index = start >> PAGE_SHIFT, last = (end - 1) >> PAGE_SHIFT, entry;
	bool drained = false;

	if (inode->kind != INODE_DISK || end <= start || !xa_marked(&mapping->i_pages, XA_MARK_DIRTY))
		return;
	/* All that fits, or nothing: dirty pages stay so. */
	if (disk_reserve(m, MIN(mapping->nrpages, last - index + 1)))
		return;
	for (; index <= last; index++) {
		entry = xa_find_marked(&mapping->i_pages, &index, last, XA_MARK_DIRTY);
		if (!entry)
			return;
		if (!write_page(m, mapping, index, entry_pfn(entry)))
			return;
		/* Letting go of pages that were looked up, the kernel empties its batches. */
		if (!drained)
			lru_add_drain(m);
		drained = true;
	}
}

int sys_fsync(struct machine *m, struct task_struct *task, int fd)
{
	struct file *file = fget(m, task, fd);

	if (!file)
		return -EBADF;
	if (file->inode->kind >= INODE_ZERO)
		return -EINVAL;
	filemap_write_range(m, file->inode, 0, ~0ULL);
	return 0;
}
