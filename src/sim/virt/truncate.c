// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file gets shorter, or a hole: first its mappings go, then the pages leave the
 * cache, and what is left of pages at the edges is zeroed; then mappings once more,
 * for private copies that came meanwhile.
 */
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"

static void zero_part(struct machine *m, struct inode *inode, u64 pgoff, u32 from, u32 to)
{
	u32 pfn = find_page(m, &inode->i_data, pgoff);

	if (pfn == PFN_NIL)
		return;
	content_zero_range(m, pfn, from, to);
	set_page_dirty(m, pfn);
}

/* Bytes of [start, end) on pages that stay. */
static void zero_edges(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	u32 from = start & (PAGE_SIZE - 1), to = end & (PAGE_SIZE - 1);
	u64 first = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

	if (end == ~0ULL)
		to = 0;
	if (from && first == last && to) {
		zero_part(m, inode, first, from, to);
		return;
	}
	if (from)
		zero_part(m, inode, first, from, PAGE_SIZE);
	if (to)
		zero_part(m, inode, last, 0, to);
}

void truncate_inode_pages(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	struct address_space *mapping = &inode->i_data;
	u64 index = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	u64 last = end == ~0ULL ? ~0ULL : end >> PAGE_SHIFT;
	bool drained = false;

	while (index < last && xa_find(&mapping->i_pages, &index, last - 1)) {
		u32 pfn = find_page(m, mapping, index);

		if (pfn_to_page(m, pfn)->mapcount >= 0)
			unmap_mapping_range(m, mapping, index, 1, /* even_cows = */ false);
		if (!drained)
			lru_add_drain(m);
		drained = true;
		filemap_remove_page(m, mapping, index++);
	}
	zero_edges(m, inode, start, end);
}

void truncate_pagecache(struct machine *m, struct inode *inode, u64 start, u64 end,
			bool even_cows)
{
	struct address_space *mapping = &inode->i_data;
	u64 first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	u64 behind = end == ~0ULL ? 1ULL << (64 - PAGE_SHIFT) : end >> PAGE_SHIFT;

	if (behind > first)
		unmap_mapping_range(m, mapping, first, behind - first, even_cows);
	truncate_inode_pages(m, inode, start, end);
	if (behind > first && even_cows)
		unmap_mapping_range(m, mapping, first, behind - first, even_cows);
}

int file_size_limit(struct machine *m, struct task_struct *task, const struct inode *inode,
		    u64 size)
{
	if (size <= inode->i_size || size <= task->signal->rlim[RLIMIT_FSIZE].cur)
		return 0;
	machine_why(m, "RLIMIT_FSIZE: %llu bytes are over %llu: SIGXFSZ",
		    (unsigned long long)size,
		    (unsigned long long)task->signal->rlim[RLIMIT_FSIZE].cur);
	send_sig(m, task, SIGXFSZ);
	return -EFBIG;
}

int inode_truncate(struct machine *m, struct inode *inode, u64 size)
{
	u64 old = inode->i_size;
	int err;

	if (size > inode_max_bytes(inode))
		return -EFBIG;
	if (inode->kind == INODE_HUGETLB)
		return hugetlb_truncate(m, inode, size);
	if ((size < old && inode->seals & F_SEAL_SHRINK) ||
	    (size > old && inode->seals & F_SEAL_GROW))
		return -EPERM;
	err = shmem_reacct_size(m, inode, size);
	if (err)
		return err;
	inode->i_size = size;
	if (size < old)
		truncate_pagecache(m, inode, size, ~0ULL, /* even_cows = */ true);
	else if (size == old && inode->kind == INODE_SHMEM)	/* the edge is zeroed again */
		truncate_inode_pages(m, inode, size, ~0ULL);
	return 0;
}

/* Clean, unmapped and nobody's but the cache's. */
static bool may_be_dropped(const struct page *page)
{
	return !page_flag(page, PG_dirty) && !page_flag(page, PG_writeback) &&
	       page->refcount == 1;
}

u64 invalidate_mapping_pages(struct machine *m, struct address_space *mapping, u64 start,
			     u64 end)
{
	u64 stayed = 0;

	end = MIN(end, ~0ULL - 1);
	for (u64 index = start; index <= end && xa_find(&mapping->i_pages, &index, end); index++) {
		u32 pfn = find_page(m, mapping, index);

		if (may_be_dropped(pfn_to_page(m, pfn))) {
			filemap_remove_page(m, mapping, index);
		} else {
			deactivate_file_page(m, pfn);
			stayed++;
		}
	}
	return stayed;
}

void drop_pagecache(struct machine *m)
{
	struct inode *inode;

	lru_add_drain_all(m);
	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		if (inode->kind != INODE_HUGETLB)
			invalidate_mapping_pages(m, &inode->i_data, 0, ~0ULL);
}
