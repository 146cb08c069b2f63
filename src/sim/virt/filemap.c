// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page cache of an inode: an xarray of page frames, each with a reference of the
 * cache. Faults on files of disks read ahead as the kernel does (readahead.c) and
 * map what is cached around; pages of shared memory are made as they are asked for.
 */
#include "sim/base/bug.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/memcg.h"
#include "sim/virt/content.h"
#include "sim/virt/blk.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/sched.h"
#include "sim/virt/workingset.h"
#include "sim/virt/writeback.h"

static bool is_shmem(const struct address_space *mapping)
{
	return mapping->host->kind != INODE_DISK;
}

u32 cache_page(const struct machine *m, u64 entry, u64 index)
{
	u32 pfn = entry_pfn(entry);
	const struct page *folio = pfn_to_page(m, pfn);

	return unlikely(folio_is_large(folio)) ? pfn + (u32)(index - page_index(folio)) : pfn;
}

u32 find_page(const struct machine *m, const struct address_space *mapping, u64 pgoff)
{
	u64 entry = xa_load(&mapping->i_pages, pgoff);

	return entry && !xa_is_value(entry) ? cache_page(m, entry, pgoff) : PFN_NIL;
}

void prefetch_page_ahead(const struct machine *m, const struct address_space *mapping, u64 pgoff)
{
	u64 entry = xa_peek_ahead(&mapping->i_pages, pgoff, PREFETCH_AHEAD);

	if (entry && !xa_is_value(entry) && !xa_is_sibling(entry))
		__builtin_prefetch(pfn_to_page(m, entry_pfn(entry)), 1);
}

u64 filemap_find(const struct address_space *mapping, u64 *index, u64 max)
{
	const struct xarray *pages = &mapping->i_pages;
	u64 entry = xa_find(pages, index, max);

	while (unlikely(xa_is_value(entry))) {
		*index = xa_behind(pages, *index);
		entry = *index == ~0ULL ? 0 : xa_find(pages, index, max);
	}
	return entry;
}

/* So many of a large folio are as one; a file on a disk knows how many it has of these. */
static void count_huge(struct machine *m, struct address_space *mapping,
		       const struct page *folio, s64 nr)
{
	if (folio_order(folio) != hpage_pmd_order(m))
		return;
	mod_lruvec_page_state(m, folio, is_shmem(mapping) ? NR_SHMEM_HUGEPAGES :
			      NR_FILE_HUGEPAGES, nr);
	if (!is_shmem(mapping))
		mapping->nr_thps += nr > 0 ? 1 : -1U;
}

/* The cache has a folio more, or nr is below 0: less. */
static void count_cached(struct machine *m, struct address_space *mapping,
			 const struct page *folio, s64 nr)
{
	mapping->nrpages += (u64)nr;
	mod_lruvec_page_state(m, folio, NR_FILE_PAGES, nr);
	if (is_shmem(mapping))
		mod_lruvec_page_state(m, folio, NR_SHMEM, nr);
	if (unlikely(folio_is_large(folio)))
		count_huge(m, mapping, folio, nr);
}

void filemap_count_split(struct machine *m, struct address_space *mapping,
			 const struct page *folio)
{
	count_huge(m, mapping, folio, -(s64)folio_nr_pages(folio));
}

void filemap_moved_folio(struct machine *m, struct address_space *mapping, u32 src, u32 dst)
{
	struct page *old = pfn_to_page(m, src), *new = pfn_to_page(m, dst);
	s32 nr = (s32)folio_nr_pages(old);

	count_cached(m, mapping, old, -(s64)nr);
	count_cached(m, mapping, new, nr);
	old->refcount -= nr;
	new->refcount += nr;
}

void filemap_replaced_folio(struct machine *m, struct address_space *mapping, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);
	s64 nr = (s64)folio_nr_pages(folio);

	count_cached(m, mapping, folio, -nr);
	folio->mapping = 0;
	folio->refcount -= (s32)nr;
}

void filemap_swapped_in(struct machine *m, struct address_space *mapping, u64 pgoff, u32 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	int err = xa_store(&mapping->i_pages, pgoff, mk_cache_entry(pfn), NULL);

	BUG_ON(m, err);
	page->refcount++;
	page->mapping = mapping->host->self;
	page_set_index(page, pgoff);
	page_set_flag(page, PG_swapbacked);
	count_cached(m, mapping, page, 1);
}

/* The first shadow in the place of a folio, which has room for itself then; 0: none. */
static u64 take_shadows(struct machine *m, struct address_space *mapping, u64 pgoff, u64 nr)
{
	u64 shadow, index = pgoff;

	if (likely(!mapping->nr_shadows))
		return 0;
	shadow = xa_find(&mapping->i_pages, &index, pgoff + nr - 1);
	if (shadow)
		clear_shadows(m, mapping, pgoff, pgoff + nr);
	return shadow;
}

static int store_folio(struct machine *m, struct address_space *mapping, u64 pgoff, u32 pfn,
		       u64 *shadow)
{
	const struct page *folio = pfn_to_page(m, pfn);
	u64 entry = mk_cache_entry(pfn);
	struct xa_node *leaf;
	int err;

	if (unlikely(folio_is_large(folio))) {
		*shadow = take_shadows(m, mapping, pgoff, folio_nr_pages(folio));
		return xa_store_order(&mapping->i_pages, pgoff, folio_order(folio), entry);
	}
	err = xa_store_leaf(&mapping->i_pages, pgoff, entry, shadow, &leaf);
	if (err || likely(!mapping->nr_shadows))
		return err;
	mapping->nr_shadows -= *shadow != 0;
	workingset_update_leaf(m, mapping, leaf);
	return 0;
}

/* The folio is in the cache; *shadow: what was there before. */
static int add_folio(struct machine *m, struct address_space *mapping, u64 pgoff, u32 pfn,
		     u64 *shadow)
{
	struct page *folio = pfn_to_page(m, pfn);
	int err = store_folio(m, mapping, pgoff, pfn, shadow);

	if (err)
		return err;
	folio->refcount += (s32)folio_nr_pages(folio);
	folio->mapping = mapping->host->self;
	page_set_index(folio, pgoff);
	if (is_shmem(mapping))
		page_set_flag(folio, PG_swapbacked);
	count_cached(m, mapping, folio, (s64)folio_nr_pages(folio));
	return 0;
}

int filemap_add_folio(struct machine *m, struct address_space *mapping, u64 pgoff, u32 pfn)
{
	u64 shadow;

	return add_folio(m, mapping, pgoff, pfn, &shadow);
}

/* A dirty page of a disk that will never be written. */
static void account_cleaned(struct machine *m, struct page *page)
{
	page_clear_flag(page, PG_dirty);
	mod_lruvec_page_state(m, page, NR_DIRTY, -1);
	inode_mod_dirty(m, inode_of(m, page->mapping), -1);
	page_zone(m, page)->stat[NR_ZONE_WRITE_PENDING]--;
	task_io_account_cancelled_write(m, PAGE_SIZE);
}

/* The folio is not of the file any more; the references stay. */
static void uncache_folio(struct machine *m, struct address_space *mapping, struct page *folio)
{
	BUG_ON(m, folio_mapcount(folio));
	count_cached(m, mapping, folio, -(s64)folio_nr_pages(folio));
	if (!is_shmem(mapping) && page_flag(folio, PG_dirty))
		account_cleaned(m, folio);
	folio->mapping = 0;
}

u64 filemap_forget_folio(struct machine *m, struct address_space *mapping, u64 pgoff)
{
	u64 entry = xa_load(&mapping->i_pages, pgoff);
	u32 pfn = entry_pfn(entry);
	struct page *folio;
	u64 nr;

	BUG_ON(m, !entry || xa_is_value(entry));
	if (unlikely(xa_marked(&mapping->i_pages, XA_MARK_WRITEBACK)) &&
	    page_flag(pfn_to_page(m, pfn), PG_writeback))
		folio_wait_writeback(m, pfn);
	xa_erase(&mapping->i_pages, pgoff);
	if (mapping->nr_shadows)
		workingset_update_node(m, mapping, pgoff);
	folio = pfn_to_page(m, pfn);
	nr = folio_nr_pages(folio);
	uncache_folio(m, mapping, folio);
	folio->refcount -= (s32)nr - 1;
	put_page(m, pfn);
	/* What is left is the reference that keeps it out of use. */
	if (unlikely(page_flag(folio, PG_hwpoison) && folio->refcount == 1))
		page_keep_hwpoison(m, pfn);
	return nr;
}

bool remove_mapping(struct machine *m, u32 pfn, u32 target)
{
	struct page *folio = pfn_to_page(m, pfn);
	struct address_space *mapping = &inode_of(m, folio->mapping)->i_data;
	struct xa_node *leaf;

	if (folio->refcount != (s32)folio_nr_pages(folio) + 1 || page_flag(folio, PG_dirty))
		return false;
	if (is_shmem(mapping)) {
		mapping->host->dropped += filemap_forget_folio(m, mapping, page_index(folio));
		return true;
	}
	leaf = xa_replace(&mapping->i_pages, page_index(folio),
			  workingset_eviction(m, folio, target));
	mapping->nr_shadows++;
	workingset_update_leaf(m, mapping, leaf);
	uncache_folio(m, mapping, folio);
	folio->refcount = 1;
	return true;
}

void filemap_remove_folio(struct machine *m, struct address_space *mapping, u64 pgoff)
{
	u64 nr = filemap_forget_folio(m, mapping, pgoff);

	if (is_shmem(mapping))
		shmem_unacct_pages(m, mapping->host, nr);
}

static void dirty_folio(struct machine *m, struct page *folio)
{
	struct inode *inode;

	if (page_flag(folio, PG_dirty) || page_flag(folio, PG_reserved))
		return;
	page_set_flag(folio, PG_dirty);
	inode = page_flag(folio, PG_anon) ? NULL : inode_of(m, folio->mapping);
	if (!inode || inode->kind != INODE_DISK)
		return;
	xa_set_mark(&inode->i_data.i_pages, page_index(folio), XA_MARK_DIRTY);
	mod_lruvec_page_state(m, folio, NR_DIRTY, 1);
	mod_lruvec_page_state(m, folio, NR_DIRTIED, 1);
	inode_attach_wb(m, inode, folio);
	inode_mod_dirty(m, inode, 1);
	task_io_account_write(m, PAGE_SIZE);
	page_zone(m, folio)->stat[NR_ZONE_WRITE_PENDING]++;
	inode_to_wb(m, inode)->dirtied++;
	m->virt->writeback->fresh_dirtied++;
	m->virt->writeback->fresh_wb = inode->i_wb;
	mark_inode_dirty_pages(m, inode);
}

void filemap_dirty_folio(struct machine *m, u64 pfn)
{
	struct page *folio = pfn_folio(m, pfn);
	const struct inode *inode = page_flag(folio, PG_anon) ? NULL :
							       inode_of(m, folio->mapping);

	/* shmem has no buffers to mark: it dirties its folios as anybody does */
	if (inode && inode->kind == INODE_SHMEM)
		page_clear_flag(folio, PG_reclaim);
	dirty_folio(m, folio);
}

void set_page_dirty(struct machine *m, u64 pfn)
{
	struct page *folio = pfn_folio(m, pfn);

	if (!page_flag(folio, PG_anon))
		page_clear_flag(folio, PG_reclaim);
	dirty_folio(m, folio);
}

/* gfp: what there is beside the file's own. Who writes does not use what was there. */
static int new_page(struct machine *m, struct address_space *mapping, u64 pgoff, gfp_t gfp,
		    u32 *result)
{
	u64 shadow;
	u32 pfn;
	int err;

	gfp |= GFP_HIGHUSER_MOVABLE;
	err = is_shmem(mapping) ? shmem_alloc_folio(m, gfp, 0, mapping->host, pgoff, &pfn) :
				  filemap_alloc_folio(m, gfp, 0, &pfn);
	if (err)
		return err;
	err = mem_cgroup_charge(m, pfn, NULL, gfp);
	if (err) {
		put_page(m, pfn);
		return err;
	}
	content_zero(m, pfn);
	err = add_folio(m, mapping, pgoff, pfn, &shadow);
	if (err) {
		put_page(m, pfn);
		return err;
	}
	if (unlikely(shadow) && !(gfp & __GFP_WRITE))
		workingset_refault(m, pfn_to_page(m, pfn), shadow);
	lru_cache_add(m, pfn);
	*result = pfn;
	return 0;
}

int filemap_new_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn)
{
	return new_page(m, mapping, pgoff, 0, pfn);
}

/* A new page of a disk's file, read. */
static int read_folio(struct machine *m, struct address_space *mapping, u64 pgoff, gfp_t gfp,
		      u32 *pfn)
{
	int err;

	if (pgoff >= inode_pages(mapping->host))
		return -EINVAL;
	err = new_page(m, mapping, pgoff, gfp, pfn);
	if (err)
		return err;
	disk_read(m, mapping->host, pgoff, *pfn);
	page_set_flag(pfn_to_page(m, *pfn), PG_uptodate);
	count_vm_event(m, PGPGIN, PAGE_SIZE / 1024);
	task_io_account_read(m, PAGE_SIZE);
	return 0;
}

void wait_for_folio(struct machine *m, u32 pfn, u64 done_ns)
{
	bool thrashes = page_flag(pfn_folio(m, pfn), PG_workingset);

	if (thrashes)
		psi_memstall_enter(m);
	blk_wait_until(m, done_ns);
	if (thrashes)
		psi_memstall_leave(m);
}

int filemap_read_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn)
{
	int err = read_folio(m, mapping, pgoff, 0, pfn);

	if (!err)
		wait_for_folio(m, *pfn, blk_submit(m, file_disk(m), REQ_OP_READ, 1));
	return err;
}

int filemap_get_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn,
		     bool *major)
{
	*major = false;
	if (is_shmem(mapping))
		return shmem_get_page(m, mapping->host, pgoff, SGP_CACHE, pfn);
	*pfn = find_page(m, mapping, pgoff);
	if (*pfn != PFN_NIL) {
		get_page(m, *pfn);
		return 0;
	}
	*major = true;
	return filemap_read_page(m, mapping, pgoff, pfn);
}

int filemap_read_ahead(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn)
{
	return read_folio(m, mapping, pgoff, __GFP_NORETRY | __GFP_NOWARN, pfn);
}

int filemap_grab_page(struct machine *m, struct address_space *mapping, u64 pgoff, bool whole,
		      u32 *pfn)
{
	*pfn = find_page(m, mapping, pgoff);
	if (*pfn != PFN_NIL) {
		get_page(m, *pfn);
		return 0;
	}
	if (whole || pgoff >= inode_pages(mapping->host))
		return new_page(m, mapping, pgoff, __GFP_WRITE, pfn);
	return read_folio(m, mapping, pgoff, __GFP_WRITE, pfn);
}

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
		get_page(m, pfn);
		do_set_pte(m, vmf, pte, (u32)folio_pfn(m, pfn) + (u32)(at - page_index(folio)),
			   vmf->address + ((at - vmf->pgoff) << PAGE_SHIFT));
		if (at == vmf->pgoff)
			ret = VM_FAULT_NOPAGE;
	}
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
	if (err == -ENOBUFS || (let_go && fault_may_retry(vmf->flags))) {
		put_page(m, pfn);
		return err == -ENOBUFS ? VM_FAULT_NOHOST : VM_FAULT_RETRY;
	}
	vmf->page = pfn;
	return 0;
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
	if (!fault_may_retry(vmf->flags))
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
