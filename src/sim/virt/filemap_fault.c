// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Faults of files on disks: what is cached around is mapped, large folios whole; what is not
 * is read, with what read-ahead adds to it (readahead.c), and found when the fault is tried
 * again, for nobody waits with the lock held.
 */
#include "sim/virt/buffer.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"

/* Pages that are cached, whole, and not what starts the next reading. */
static bool may_map_around(const struct page *page)
{
	return page_flag(page, PG_uptodate) && !page_flag(page, PG_locked) &&
	       !page_flag(page, PG_reclaim) && !page_flag(page, PG_hwpoison);
}

/*
 * What is not mapped with a huge page for fear of the file's end does not get a table
 * either: so nothing is mapped around where only the file's last page could be.
 */
static bool lacks_table(const struct machine *m, const struct inode *inode, u64 behind)
{
	return inode->kind == INODE_DISK && rel_last_page_needs_table(m->release) &&
	       behind >= inode_pages(inode);
}

/*
 * There was no table, and the first that could be mapped around is a huge page that fits:
 * it is mapped as one. *nothing: there is nothing to map at all.
 */
static bool filemap_map_pmd(struct machine *m, struct vm_fault *vmf, u64 index, u64 last,
			    bool *nothing)
{
	const struct inode *inode = vmf->vma->vm_file->inode;
	u64 entry = filemap_find(&inode->i_data, &index, last);
	u32 pfn = entry ? entry_pfn(entry) : PFN_NIL;
	const struct page *folio;

	*nothing = !entry;
	if (!entry)
		return false;
	folio = pfn_to_page(m, pfn);
	*nothing = lacks_table(m, inode, page_index(folio) + folio_nr_pages(folio));
	if (*nothing || !folio_is_large(folio) || !may_map_around(folio) ||
	    !do_set_pmd(m, vmf, pfn))
		return false;
	get_page(m, pfn);
	return true;
}

/* Pages of a large folio as far as [index, last] goes, or all, as the release has it. */
static unsigned int map_folio_range(struct machine *m, struct vm_fault *vmf, u32 pfn,
				    u64 *index, u64 last)
{
	const struct page *page = pfn_to_page(m, pfn), *folio = folio_of_const(page);
	u64 from = page_index(folio), end = from + folio_nr_pages(folio) - 1, at = *index;
	u64 nr_new = 0;
	unsigned int ret = 0;

	*index = MIN(end, last);
	if (!rel_maps_folios_around(m->release) || lacks_table(m, vmf->vma->vm_file->inode, end + 1) ||
	    !folio_fits_around(m, vmf, folio)) {
		from = at;
		end = *index;
	}
	for (at = from; at <= end; at++) {
		u64 *pte = vmf->pte + (s64)(at - vmf->pgoff);

		if (*pte)
			continue;
		nr_new++;
		get_page(m, pfn);
		do_set_pte(m, vmf, pte, (u32)folio_pfn(m, pfn) + (u32)(at - page_index(folio)),
			   vmf->address + ((at - vmf->pgoff) << PAGE_SHIFT));
		if (at == vmf->pgoff)
			ret = VM_FAULT_NOPAGE;
	}
	if (nr_new == folio_nr_pages(folio))
		folio_mapped_whole(m, folio_pfn(m, pfn), vmf->vma);
	return ret;
}

static unsigned int map_one_around(struct machine *m, struct vm_fault *vmf, u32 pfn, u64 index)
{
	u64 *pte = vmf->pte + (s64)(index - vmf->pgoff);

	if (*pte)
		return 0;
	get_page(m, pfn);
	do_set_pte(m, vmf, pte, pfn, vmf->address + ((index - vmf->pgoff) << PAGE_SHIFT));
	return index == vmf->pgoff ? VM_FAULT_NOPAGE : 0;
}

unsigned int filemap_map_pages(struct machine *m, struct vm_fault *vmf, u64 start_pgoff,
			       u64 end_pgoff)
{
	struct file *file = vmf->vma->vm_file;
	const struct address_space *mapping = &file->inode->i_data;
	u64 nr = inode_pages(file->inode), entry;
	unsigned int ret = 0;
	bool nothing;

	if (!nr || start_pgoff >= nr)
		return 0;
	end_pgoff = MIN(end_pgoff, nr - 1);
	if (vmf->new_table) {
		if (filemap_map_pmd(m, vmf, start_pgoff, end_pgoff, &nothing))
			return VM_FAULT_NOPAGE;
		if (nothing)
			return 0;
	}
	for (u64 index = start_pgoff; index <= end_pgoff; index++) {
		u32 pfn;

		entry = filemap_find(mapping, &index, end_pgoff);
		if (!entry)
			break;
		pfn = cache_page(m, entry, index);
		if (!may_map_around(pfn_folio(m, pfn)))
			continue;
		if (file->f_ra.mmap_miss &&
		    (!rel_miss_minds_workingset(m->release) ||
		     !page_flag(pfn_folio(m, pfn), PG_workingset)))
			file->f_ra.mmap_miss--;
		if (unlikely(folio_is_large(pfn_folio(m, pfn))))
			ret |= map_folio_range(m, vmf, pfn, &index, end_pgoff);
		else
			ret |= map_one_around(m, vmf, pfn, index);
	}
	return ret;
}

/* What was read for this fault itself is no hit. */
static unsigned int found_page(struct machine *m, struct vm_fault *vmf, u32 pfn)
{
	struct file *file = vmf->vma->vm_file;
	bool let_go = false;
	int err = 0;

	/* Not to be freed by what is read meanwhile. */
	get_page(m, pfn);
	if (!(vmf->flags & FAULT_FLAG_TRIED))
		err = async_mmap_readahead(m, file, vmf->vma->vm_flags, vmf->pgoff, pfn,
					   &let_go);
	if (unlikely(!err && !page_flag(pfn_folio(m, pfn), PG_uptodate))) {
		filemap_fill_page(m, file->inode, vmf->pgoff, pfn);
		let_go = true;
	}
	if (err == -ENOBUFS || (let_go && fault_may_retry(vmf->flags))) {
		put_page(m, pfn);
		return err == -ENOBUFS ? VM_FAULT_NOHOST : VM_FAULT_RETRY;
	}
	vmf->page = pfn;
	return 0;
}

/* Why it was a major one. nr_read: pages that came from the disk for it. */
static void why_major(struct machine *m, const struct vm_fault *vmf, u64 nr_read)
{
	const struct inode *inode = vmf->vma->vm_file->inode;

	if (nr_read)
		machine_why(m, "0x%llx: page %llu of %s was not in memory: it was read, and %llu "
			    "more that may be wanted (filemap_fault)",
			    (unsigned long long)vmf->address, (unsigned long long)vmf->pgoff,
			    inode->path, (unsigned long long)(nr_read - 1));
	else
		machine_why(m, "0x%llx: page %llu of %s was not in memory: it is one of zeroes, as "
			    "the file has a hole there (filemap_fault)",
			    (unsigned long long)vmf->address, (unsigned long long)vmf->pgoff,
			    inode->path);
}

static unsigned int filemap_fault(struct machine *m, struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;
	struct address_space *mapping = &file->inode->i_data;
	const s64 kb_read = m->event[PGPGIN];
	unsigned int ret = 0;
	bool major;
	u32 pfn;
	int err;

	if (vmf->pgoff >= inode_pages(file->inode))
		return VM_FAULT_SIGBUS;
	pfn = find_page(m, mapping, vmf->pgoff);
	if (pfn != PFN_NIL)
		return found_page(m, vmf, pfn);
	count_vm_event(m, PGMAJFAULT, 1);
	count_memcg_event_mm(m, vmf->vma->vm_mm, PGMAJFAULT);
	ret = VM_FAULT_MAJOR;
	err = sync_mmap_readahead(m, file, vmf->vma, vmf->pgoff);
	if (err != -ENOBUFS)
		err = filemap_get_page(m, mapping, vmf->pgoff, &vmf->page, &major);
	if (err)
		return fault_of_errno(err);
	why_major(m, vmf, (u64)(m->event[PGPGIN] - kb_read) / (PAGE_SIZE / 1024));
	if (!fault_may_retry(vmf->flags))
		return ret;
	/* Nobody waits for a disk with the lock held. */
	put_page(m, vmf->page);
	vmf->page = PFN_NIL;
	return ret | VM_FAULT_RETRY;
}

static unsigned int filemap_page_mkwrite(struct machine *m, struct vm_fault *vmf)
{
	int err = folio_create_buffers(m, vmf->page);

	if (err)
		return fault_of_errno(err);
	set_page_dirty(m, vmf->page);
	return 0;
}

const struct vm_operations file_vm_ops = {
	.name = "file", .fault = filemap_fault, .map_pages = filemap_map_pages,
	.page_mkwrite = filemap_page_mkwrite, .may_split = true,
};
