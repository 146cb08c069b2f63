// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared memory and swap: a page that goes out leaves its slot, as a value, in its place in
 * the file, and is the swap cache's from then on; who asks for it moves it back, which gives
 * the slot away. Pages that are out stay charged to the file.
 */
#include "sim/base/bug.h"
#include "sim/virt/content.h"
#include "sim/virt/blk.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/swap_out.h"

bool shmem_swapped_at(const struct inode *inode, u64 pgoff, u64 *slot)
{
	u64 entry = inode->swapped ? xa_load(&inode->i_data.i_pages, pgoff) : 0;

	if (!xa_is_value(entry))
		return false;
	*slot = xa_to_value(entry);
	return true;
}

bool shmem_swap_out(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);
	struct inode *inode = inode_of(m, folio->mapping);
	u64 index = page_index(folio);
	int err;

	if (inode->unevictable || !get_nr_swap_pages(m) ||
	    (folio_is_large(folio) && split_folio(m, pfn)) || !folio->mapping)
		return false;
	if (!page_flag(folio, PG_uptodate)) {
		content_zero(m, pfn);
		page_set_flag(folio, PG_uptodate);
	}
	if (folio_alloc_swap(m, pfn))
		return false;
	swap_shmem_alloc(m, page_swap_entry(m, pfn));
	/* What replaces an entry needs no node. */
	err = xa_store(&inode->i_data.i_pages, index, xa_mk_value(page_swap_entry(m, pfn)), NULL);
	BUG_ON(m, err);
	filemap_replaced_folio(m, &inode->i_data, pfn);
	shmem_recalc_inode(m, inode);
	inode->swapped++;
	page_set_flag(folio, PG_dirty);
	return true;
}

int shmem_swapin_folio(struct machine *m, struct inode *inode, u64 pgoff, u64 slot,
		       const struct sgp_request *request, u32 *pfn)
{
	int err = -ENOMEM;

	*pfn = swap_cache_get_folio(m, slot, NULL, 0);
	if (*pfn == PFN_NIL) {
		*pfn = swapin_shmem(m, slot, inode, pgoff, &err);
		if (*pfn == PFN_NIL)
			return err ? err : -ENOMEM;
		swap_wait_for_read(m, *pfn, /* ahead = */ false);
		if (request->vmf) {
			count_vm_event(m, PGMAJFAULT, 1);
			count_memcg_event_mm(m, request->vmf->vma->vm_mm, PGMAJFAULT);
			machine_why(m, "0x%llx: page %llu of %s lay in slot %llu of %s, not in "
				    "memory: it was read (shmem_swapin_folio)",
				    (unsigned long long)request->vmf->address,
				    (unsigned long long)pgoff, inode->path,
				    (unsigned long long)swp_entry_offset(slot),
				    swap_info(m, slot)->path);
		}
		if (request->major)
			*request->major = true;
	}
	folio_wait_writeback(m, *pfn);
	if (unlikely(page_flag(pfn_to_page(m, *pfn), PG_hwpoison))) {
		put_page(m, *pfn);
		return -EIO;
	}
	filemap_swapped_in(m, &inode->i_data, pgoff, *pfn);
	inode->swapped--;
	shmem_recalc_inode(m, inode);
	if (request->sgp == SGP_WRITE)
		mark_page_accessed(m, *pfn);
	if (page_flag(pfn_to_page(m, *pfn), PG_swapcache))
		swap_cache_del_folio(m, *pfn, 0);
	set_page_dirty(m, *pfn);
	swap_free(m, slot);
	return 0;
}

void shmem_free_swap_range(struct machine *m, struct inode *inode, u64 first, u64 behind)
{
	struct xarray *pages = &inode->i_data.i_pages;
	u64 index = first, entry, nr = 0;

	while (inode->swapped && index < behind && (entry = xa_find(pages, &index, behind - 1))) {
		u64 at = index;

		index = xa_behind(pages, index);
		if (!xa_is_value(entry))
			continue;
		(void)xa_erase(pages, at);
		inode->swapped--;
		nr++;
		free_swap_and_cache(m, xa_to_value(entry));
	}
	if (nr)
		shmem_unacct_pages(m, inode, nr);
}

/* All that a file has in the area comes back. */
static int unuse_inode(struct machine *m, struct inode *inode, unsigned int type)
{
	const struct sgp_request request = { .sgp = SGP_CACHE };
	u64 index = 0, entry;
	u32 pfn;
	int err;

	while (inode->swapped && (entry = xa_find(&inode->i_data.i_pages, &index, ~0ULL - 1))) {
		if (xa_is_value(entry) && swp_entry_type(xa_to_value(entry)) == type) {
			err = shmem_swapin_folio(m, inode, index, xa_to_value(entry), &request,
						 &pfn);
			if (err)
				return err;
			put_page(m, pfn);
		}
		index = xa_behind(&inode->i_data.i_pages, index);
	}
	return 0;
}

/* The next one of shared memory that has pages in swap. */
static struct inode *next_swapped(const struct machine *m, const struct inode *prev)
{
	struct inode *inode = inode_next(m, prev);

	while (inode && (inode->kind != INODE_SHMEM || !inode->swapped))
		inode = inode_next(m, inode);
	return inode;
}

int shmem_unuse(struct machine *m, unsigned int type)
{
	struct inode *next, *inode = next_swapped(m, NULL);
	int err = 0;

	for (; inode && !err; inode = next) {
		/* Its last user may be killed meanwhile. */
		inode->i_count++;
		err = unuse_inode(m, inode, type);
		next = next_swapped(m, inode);
		iput(m, inode);
	}
	return err;
}

u64 shmem_swap_usage(const struct inode *inode, u64 first, u64 behind)
{
	u64 index = first, entry, nr = 0;

	while (inode->swapped && index < behind &&
	       (entry = xa_find(&inode->i_data.i_pages, &index, behind - 1))) {
		nr += xa_is_value(entry);
		index = xa_behind(&inode->i_data.i_pages, index);
	}
	return nr;
}

int shmem_swapin_range(struct machine *m, struct inode *inode, u64 first, u64 behind)
{
	struct swap_reader reader = {
		.inode = rel_swap_readahead_interleaves(m->release) ? inode : NULL,
	};
	u64 index = first, entry;

	while (inode->swapped && index < behind &&
	       (entry = xa_find(&inode->i_data.i_pages, &index, behind - 1))) {
		bool major;
		int err = 0;
		u32 pfn = PFN_NIL;

		reader.pgoff = index;
		if (xa_is_value(entry))
			pfn = read_swap_cache(m, xa_to_value(entry), &reader, &major, &err);
		if (pfn != PFN_NIL)
			put_page(m, pfn);
		if (err == -ENOBUFS)
			return err;
		index = xa_behind(&inode->i_data.i_pages, index);
	}
	return 0;
}
