// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dirty pages of a disk's file are written when somebody asks for it (fsync, msync):
 * at once, since nothing waits for a disk here. Shared mappings of the page lose
 * their dirty bit and the right to write, so that the next store is noticed.
 */
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
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

static void write_page(struct machine *m, struct address_space *mapping, u64 index, u32 pfn)
{
	struct mkclean clean = { .m = m, .pfn = pfn };
	struct page *page = pfn_to_page(m, pfn);
	struct zone *zone = page_zone(m, page);
	s64 *stat = m->nodes[zone->node]->stat;

	/* It never stops. */
	if (rmap_walk(m, pfn, mkclean_one, &clean))
		return;
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
}

void filemap_write_range(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	struct address_space *mapping = &inode->i_data;
	u64 index = start >> PAGE_SHIFT, last = (end - 1) >> PAGE_SHIFT, entry;
	bool drained = false;

	if (inode->kind != INODE_DISK || end <= start)
		return;
	for (; index <= last; index++) {
		entry = xa_find_marked(&mapping->i_pages, &index, last, XA_MARK_DIRTY);
		if (!entry)
			return;
		write_page(m, mapping, index, entry_pfn(entry));
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
