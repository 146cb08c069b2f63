// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page cache of an inode: an xarray of page frames, each with a reference of the
 * cache. Faults on files of disks read ahead as the kernel does (readahead.c) and
 * map what is cached around; pages of shared memory are made as they are asked for.
 */
#include "sim/base/bug.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"

static inline void count_node(struct machine *m, const struct page *page,
			      enum node_stat_item item, s64 n)
{
	m->nodes[page_zone(m, page)->node]->stat[item] += n;
}

static bool is_shmem(const struct address_space *mapping)
{
	return mapping->host->kind != INODE_DISK;
}

u32 find_page(const struct machine *m, const struct address_space *mapping, u64 pgoff)
{
	u64 entry = xa_load(&mapping->i_pages, pgoff);

	(void)m;
	return entry ? entry_pfn(entry) : PFN_NIL;
}

int filemap_add_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	int err = xa_store(&mapping->i_pages, pgoff, (u64)pfn << 1 | 1, NULL);

	if (err)
		return err;
	get_page(m, pfn);
	page->mapping = mapping->host->self;
	page_set_index(page, pgoff);
	mapping->nrpages++;
	count_node(m, page, NR_FILE_PAGES, 1);
	if (is_shmem(mapping)) {
		page_set_flag(page, PG_swapbacked);
		count_node(m, page, NR_SHMEM, 1);
	}
	return 0;
}

/* A dirty page of a disk that will never be written. */
static void account_cleaned(struct machine *m, struct page *page)
{
	page_clear_flag(page, PG_dirty);
	count_node(m, page, NR_DIRTY, -1);
	page_zone(m, page)->stat[NR_ZONE_WRITE_PENDING]--;
}

void filemap_remove_page(struct machine *m, struct address_space *mapping, u64 pgoff)
{
	u64 entry = xa_erase(&mapping->i_pages, pgoff);
	u32 pfn = entry_pfn(entry);
	struct page *page;

	BUG_ON(m, !entry);
	page = pfn_to_page(m, pfn);
	BUG_ON(m, page->mapcount >= 0);
	count_node(m, page, NR_FILE_PAGES, -1);
	if (is_shmem(mapping))
		count_node(m, page, NR_SHMEM, -1);
	else if (page_flag(page, PG_dirty))
		account_cleaned(m, page);
	page->mapping = 0;
	mapping->nrpages--;
	if (is_shmem(mapping))
		shmem_unacct_page(m, mapping->host);
	put_page(m, pfn);
}

void set_page_dirty(struct machine *m, u64 pfn)
{
	struct page *page = pfn_folio(m, pfn);
	struct inode *inode;

	if (page_flag(page, PG_dirty) || page_flag(page, PG_reserved))
		return;
	page_set_flag(page, PG_dirty);
	inode = page_flag(page, PG_anon) ? NULL : inode_of(m, page->mapping);
	if (!inode || inode->kind != INODE_DISK)
		return;
	xa_set_mark(&inode->i_data.i_pages, page_index(page), XA_MARK_DIRTY);
	count_node(m, page, NR_DIRTY, 1);
	count_node(m, page, NR_DIRTIED, 1);
	page_zone(m, page)->stat[NR_ZONE_WRITE_PENDING]++;
}

int filemap_new_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *result)
{
	u32 pfn;
	int err = is_shmem(mapping) ?
		shmem_alloc_folio(m, GFP_HIGHUSER_MOVABLE, 0, mapping->host, pgoff, &pfn) :
		filemap_alloc_folio(m, GFP_HIGHUSER_MOVABLE, 0, &pfn);

	if (err)
		return err;
	content_zero(m, pfn);
	err = filemap_add_page(m, mapping, pgoff, pfn);
	if (err) {
		put_page(m, pfn);
		return err;
	}
	lru_cache_add(m, pfn);
	*result = pfn;
	return 0;
}

int filemap_get_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn,
		     bool *major)
{
	int err;

	*major = false;
	if (is_shmem(mapping))
		return shmem_get_page(m, mapping->host, pgoff, SGP_CACHE, pfn);
	*pfn = find_page(m, mapping, pgoff);
	if (*pfn != PFN_NIL) {
		get_page(m, *pfn);
		return 0;
	}
	if (pgoff >= inode_pages(mapping->host))
		return -EINVAL;
	err = filemap_new_page(m, mapping, pgoff, pfn);
	if (err)
		return err;
	*major = true;
	content_file(m, *pfn, mapping->host->self, pgoff);
	page_set_flag(pfn_to_page(m, *pfn), PG_uptodate);
	count_vm_event(m, PGPGIN, PAGE_SIZE / 1024);
	return 0;
}

/* Pages that are cached, whole, and not what starts the next reading. */
static bool may_map_around(const struct page *page)
{
	return page_flag(page, PG_uptodate) && !page_flag(page, PG_locked) &&
	       !page_flag(page, PG_reclaim);
}

/*
 * What is not mapped with a huge page for fear of the file's end does not get a table
 * either: so nothing is mapped around where only the file's last page could be.
 */
static bool lacks_table(const struct machine *m, const struct vm_fault *vmf,
			const struct inode *inode, u64 first)
{
	return vmf->new_table && inode->kind == INODE_DISK &&
	       rel_last_page_needs_table(m->release) && first + 1 >= inode_pages(inode);
}

unsigned int filemap_map_pages(struct machine *m, struct vm_fault *vmf, u64 start_pgoff,
			       u64 end_pgoff)
{
	struct file *file = vmf->vma->vm_file;
	const struct inode *inode = file->inode;
	u64 pages = inode_pages(inode), index = start_pgoff, entry;
	unsigned int ret = 0;

	if (!pages || start_pgoff >= pages)
		return 0;
	end_pgoff = MIN(end_pgoff, pages - 1);
	if (xa_find(&inode->i_data.i_pages, &index, end_pgoff) &&
	    lacks_table(m, vmf, inode, index))
		return 0;
	for (; index <= end_pgoff; index++) {
		u64 *pte;
		u32 pfn;

		entry = xa_find(&inode->i_data.i_pages, &index, end_pgoff);
		if (!entry)
			break;
		pfn = entry_pfn(entry);
		if (!may_map_around(pfn_to_page(m, pfn)))
			continue;
		if (file->f_ra.mmap_miss)
			file->f_ra.mmap_miss--;
		pte = vmf->pte + (s64)(index - vmf->pgoff);
		if (*pte)
			continue;
		get_page(m, pfn);
		do_set_pte(m, vmf, pte, pfn, vmf->address +
			   ((index - vmf->pgoff) << PAGE_SHIFT));
		if (index == vmf->pgoff)
			ret = VM_FAULT_NOPAGE;
	}
	return ret;
}

static unsigned int filemap_fault(struct machine *m, struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct address_space *mapping = &file->inode->i_data;
	unsigned int ret = 0;
	bool major;
	u32 pfn;
	int err;

	if (vmf->pgoff >= inode_pages(file->inode))
		return VM_FAULT_SIGBUS;
	pfn = find_page(m, mapping, vmf->pgoff);
	if (pfn != PFN_NIL) {
		/* Not to be freed by what is read meanwhile. */
		get_page(m, pfn);
		err = async_mmap_readahead(m, file, vmf->vma->vm_flags, vmf->pgoff, pfn);
		if (err == -ENOBUFS) {
			put_page(m, pfn);
			return VM_FAULT_NOHOST;
		}
		vmf->page = pfn;
		return 0;
	}
	count_vm_event(m, PGMAJFAULT, 1);
	ret = VM_FAULT_MAJOR;
	err = sync_mmap_readahead(m, file, vmf->vma, vmf->pgoff);
	if (err != -ENOBUFS)
		err = filemap_get_page(m, mapping, vmf->pgoff, &vmf->page, &major);
	if (err)
		return fault_of_errno(err);
	if (vmf->flags & FAULT_FLAG_TRIED)
		return ret;
	/* Nobody waits for a disk with the lock held. */
	put_page(m, vmf->page);
	vmf->page = PFN_NIL;
	return ret | VM_FAULT_RETRY;
}

static unsigned int filemap_page_mkwrite(struct machine *m, struct vm_fault *vmf)
{
	set_page_dirty(m, vmf->page);
	return 0;
}

const struct vm_operations file_vm_ops = {
	.name = "file", .fault = filemap_fault, .map_pages = filemap_map_pages,
	.page_mkwrite = filemap_page_mkwrite, .may_split = true,
};
