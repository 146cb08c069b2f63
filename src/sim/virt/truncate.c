// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file gets shorter, or a hole: first its mappings go, then the pages leave the
 * cache, and what is left of pages at the edges is zeroed; then mappings once more,
 * for private copies that came meanwhile.
 */
#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/blk.h"
#include "sim/virt/buffer.h"
#include "sim/virt/content.h"
#include "sim/virt/disk.h"
#include "sim/virt/file.h"
#include "sim/virt/fork.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory.h"
#include "sim/virt/rmap.h"
#include "sim/virt/workingset.h"

struct truncation {
	struct machine *m;
	struct inode *inode;
	u64 start, end;		/* bytes; end ~0: all */
	u64 first, behind;	/* pages that go whole */
	bool drained;
};

/* What is on its way to the disk has to be there first. */
static void wait_for_disk(const struct truncation *t, const struct page *folio)
{
	if (page_flag(folio, PG_writeback) && t->inode->kind == INODE_DISK)
		folio_wait_writeback(t->m, (u32)page_to_pfn(t->m, folio));
}

/* The folio, all of it, leaves the cache, and with it its mappings. */
static void truncate_folio(struct truncation *t, const struct page *folio)
{
	struct address_space *mapping = &t->inode->i_data;
	u64 index = page_index(folio);

	wait_for_disk(t, folio);
	if (folio_mapcount(folio))
		unmap_mapping_range(t->m, mapping, index, folio_nr_pages(folio),
				    /* even_cows = */ false);
	if (!t->drained)
		lru_add_drain(t->m);
	t->drained = true;
	filemap_remove_folio(t->m, mapping, index);
}

/* The next folio that is cached from *index on: its head; *index is behind it then. */
static u32 next_folio(const struct truncation *t, u64 *index)
{
	const struct address_space *mapping = &t->inode->i_data;
	u64 entry = 0, at = *index;

	if (at < t->behind)
		entry = filemap_find(mapping, &at, t->behind - 1);
	if (!entry)
		return PFN_NIL;
	*index = xa_behind(&mapping->i_pages, at);
	return entry_pfn(entry);
}

static void truncate_whole_folios(struct truncation *t)
{
	u64 index = t->first;
	u32 pfn;

	while ((pfn = next_folio(t, &index)) != PFN_NIL) {
		const struct page *folio = pfn_to_page(t->m, pfn);
		u64 first = page_index(folio);

		if (first >= t->first && first + folio_nr_pages(folio) <= t->behind)
			truncate_folio(t, folio);
	}
}

static void zero_folio_range(struct machine *m, u32 pfn, u64 from, u64 to)
{
	for (u64 at = from, next; at < to; at = next) {
		u32 page = pfn + (u32)(at >> PAGE_SHIFT);

		next = MIN((at | (PAGE_SIZE - 1)) + 1, to);
		if (next - at == PAGE_SIZE)
			content_zero(m, page);
		else
			content_zero_range(m, page, (u32)(at & (PAGE_SIZE - 1)),
					   (u32)((next - 1) & (PAGE_SIZE - 1)) + 1);
	}
}

/* What stays whole of a disk's file is mapped no more: faults find where the file ends. */
static int split_or_unmap(struct machine *m, u64 at)
{
	u32 pfn = (u32)folio_pfn(m, at);
	int err = try_folio_split(m, at);

	if (err && !page_flag(pfn_to_page(m, pfn), PG_swapbacked) &&
	    rel_ext4_has_large_folios(m->release))
		try_to_unmap_file(m, pfn);
	return err;
}

/* Split where the range begins and, since 6.15's releases, where it ends. 0 or -errno. */
static int split_around(struct machine *m, u32 pfn, u64 from, u64 to)
{
	u64 size = folio_nr_pages(pfn_to_page(m, pfn)) << PAGE_SHIFT;
	int err = split_or_unmap(m, pfn + (from >> PAGE_SHIFT));
	u32 behind = pfn + (u32)(to >> PAGE_SHIFT);

	if (err || to == size || !rel_splits_around(m->release) ||
	    !folio_is_large(pfn_folio(m, behind)) || !pfn_folio(m, behind)->refcount)
		return err;
	pfn = (u32)folio_pfn(m, behind);
	get_page(m, pfn);
	/* Whether that can be matters to nobody. */
	err = split_or_unmap(m, behind);
	put_page(m, pfn);
	return err == -ENOBUFS ? err : 0;
}

/*
 * What of the folio lies in the range is zeroed, and a large folio split. False: it could
 * not be, and stays whole. The caller has a reference of it.
 */
static bool truncate_partial_folio(struct truncation *t, u32 pfn)
{
	struct machine *m = t->m;
	const struct page *folio = pfn_to_page(m, pfn);
	u64 pos = page_index(folio) << PAGE_SHIFT, size = folio_nr_pages(folio) << PAGE_SHIFT;
	u64 from = t->start > pos ? t->start - pos : 0;
	u64 to = t->end == ~0ULL || pos + size <= t->end ? size : t->end - pos;

	if (to - from == size) {
		truncate_folio(t, folio);
		return true;
	}
	wait_for_disk(t, folio);
	zero_folio_range(m, pfn, from, to);
	if (t->inode->kind == INODE_DISK)
		block_invalidate_folio(m, pfn, from, to);
	if (!folio_is_large(folio) || !split_around(m, pfn, from, to))
		return true;
	if (page_flag(folio, PG_dirty))
		return false;
	truncate_folio(t, folio);
	return true;
}

/* A page of which a part stays is read from swap, if there is memory for it. */
static void bring_back(struct truncation *t, u64 pgoff)
{
	u64 slot;
	u32 pfn;

	if (t->inode->swapped && shmem_swapped_at(t->inode, pgoff, &slot) &&
	    !shmem_get_page(t->m, t->inode, pgoff, SGP_CACHE, &pfn))
		put_page(t->m, pfn);
}

/* The folio that an edge lies in; *last: the page behind it. False: it stays whole. */
static bool truncate_edge(struct truncation *t, u64 pgoff, u64 *first, u64 *behind)
{
	struct address_space *mapping = &t->inode->i_data;
	bool done;
	u32 pfn;

	*first = *behind = pgoff;
	bring_back(t, pgoff);
	pfn = find_page(t->m, mapping, pgoff);
	if (pfn == PFN_NIL)
		return true;
	pfn = (u32)folio_pfn(t->m, pfn);
	*first = page_index(pfn_to_page(t->m, pfn));
	*behind = *first + folio_nr_pages(pfn_to_page(t->m, pfn));
	get_page(t->m, pfn);
	if (t->inode->kind == INODE_SHMEM)
		set_page_dirty(t->m, pfn);
	done = truncate_partial_folio(t, pfn);
	put_page(t->m, pfn);
	return done;
}

static void truncate_edges(struct truncation *t)
{
	u64 last = t->end == ~0ULL ? ~0ULL >> PAGE_SHIFT : (t->end - 1) >> PAGE_SHIFT;
	u64 first, behind;
	bool same;

	if (!truncate_edge(t, t->start >> PAGE_SHIFT, &first, &behind)) {
		t->first = behind;
		if (last < behind)
			t->behind = first;
	}
	same = last < MAX(behind, (t->start >> PAGE_SHIFT) + 1);
	if (!same && !truncate_edge(t, last, &first, &behind))
		t->behind = first;
}

/* Pieces of folios that were split, and large ones that the edges did not have. */
static void truncate_rest(struct truncation *t)
{
	u64 index = t->first;
	u32 pfn;

	while ((pfn = next_folio(t, &index)) != PFN_NIL) {
		const struct page *folio = pfn_to_page(t->m, pfn);
		bool large = folio_is_large(folio) && t->inode->kind == INODE_SHMEM;

		if (!large) {
			truncate_folio(t, folio);
			continue;
		}
		get_page(t->m, pfn);
		if (truncate_partial_folio(t, pfn) && !folio_is_large(folio))
			index = t->first;
		put_page(t->m, pfn);
	}
}

void truncate_inode_pages(struct machine *m, struct inode *inode, u64 start, u64 end)
{
	struct truncation t = {
		.m = m, .inode = inode, .start = start, .end = end,
		.first = (start + PAGE_SIZE - 1) >> PAGE_SHIFT,
		.behind = end == ~0ULL ? ~0ULL : end >> PAGE_SHIFT,
	};

	if (inode->fallocend > t.first && inode->fallocend <= t.behind)
		inode->fallocend = t.first;
	truncate_whole_folios(&t);
	if (inode->swapped)
		shmem_free_swap_range(m, inode, t.first, t.behind);
	truncate_edges(&t);
	truncate_rest(&t);
	if (inode->kind == INODE_DISK)
		clear_shadows(m, &inode->i_data, t.first, t.behind);
	shmem_recalc_inode(m, inode);
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

void disk_zero_partial(struct machine *m, struct inode *inode, u64 from, u64 to)
{
	u64 index = from >> PAGE_SHIFT;
	u32 pfn = find_page(m, &inode->i_data, index);

	if (pfn != PFN_NIL) {
		get_page(m, pfn);
		mark_page_accessed(m, pfn);
	} else if (filemap_new_page(m, &inode->i_data, index, &pfn)) {
		return;
	} else {
		page_set_flag(pfn_to_page(m, pfn), PG_referenced);
	}
	/* Where there is no memory for them it can be zeroed as well. */
	(void)!folio_create_buffers(m, pfn);
	if (page_flag(pfn_folio(m, pfn), PG_dirty) || page_flag(pfn_folio(m, pfn), PG_writeback) ||
	    disk_has_block(m, inode, index)) {
		if (!page_flag(pfn_folio(m, pfn), PG_uptodate))
			filemap_fill_page(m, inode, index, pfn);
		content_zero_range(m, pfn, (u32)(from % PAGE_SIZE),
				   (u32)((to - 1) % PAGE_SIZE) + 1);
		filemap_dirty_range(m, pfn, 0, PAGE_SIZE);
	}
	put_page(m, pfn);
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

/* A release that zeroes what of the file's last page is behind its end, and there is some. */
static bool growth_zeroes_edge(const struct machine *m, const struct inode *inode, u64 size)
{
	return inode->kind == INODE_DISK && size > inode->i_size && inode->i_size % PAGE_SIZE &&
	       rel_growth_zeroes_edge(m->release);
}

void disk_zero_eof(struct machine *m, struct inode *inode, u64 to)
{
	u64 from = inode->i_size;

	if (growth_zeroes_edge(m, inode, to))
		disk_zero_partial(m, inode, from, MIN(to, ALIGN_UP(from, PAGE_SIZE)));
}

void disk_file_grows(struct machine *m, struct inode *inode, u64 size)
{
	u64 edge = inode->i_size;
	u32 pfn;

	if (!growth_zeroes_edge(m, inode, size))
		return;
	pfn = find_page(m, &inode->i_data, edge >> PAGE_SHIFT);
	if (pfn != PFN_NIL && page_flag(pfn_folio(m, pfn), PG_uptodate))
		disk_zero_partial(m, inode, edge, ALIGN_UP(edge, PAGE_SIZE));
}

int inode_truncate(struct machine *m, struct inode *inode, u64 size)
{
	u64 old = inode->i_size;
	int err;

	if (inode->kind == INODE_SECRET && inode->i_size)
		return -EINVAL;
	if (size > inode_max_bytes(m, inode))
		return -EFBIG;
	if (inode->kind == INODE_HUGETLB)
		return hugetlb_truncate(m, inode, size);
	if ((size < old && inode->seals & F_SEAL_SHRINK) ||
	    (size > old && inode->seals & F_SEAL_GROW))
		return -EPERM;
	if (size < old && inode->swap_file)
		return -ETXTBSY;
	err = shmem_reacct_size(m, inode, size);
	if (err)
		return err;
	disk_zero_eof(m, inode, size);
	inode->i_size = size;
	if (inode->kind == INODE_DISK && size < old)
		disk_truncate(m, inode, inode_pages(inode));
	if (size <= old)
		unwritten_remove(&inode->unwritten, inode_pages(inode), ~0ULL);
	if (size < old)
		truncate_pagecache(m, inode, size, ~0ULL, /* even_cows = */ true);
	if (size <= old && inode->kind == INODE_DISK && size % PAGE_SIZE)
		disk_zero_partial(m, inode, size, ALIGN_UP(size, PAGE_SIZE));
	if (size == old && inode->kind == INODE_SHMEM)	/* the edge is zeroed again */
		truncate_inode_pages(m, inode, size, ~0ULL);
	return 0;
}

/* Clean, unmapped and nobody's but the cache's. */
static bool may_be_dropped(const struct page *folio)
{
	return !page_flag(folio, PG_dirty) && !page_flag(folio, PG_writeback) &&
	       folio->refcount == (s32)folio_nr_pages(folio);
}

static void mapping_evict_folio(struct machine *m, struct address_space *mapping, u64 pgoff)
{
	u64 nr = filemap_forget_folio(m, mapping, pgoff);

	if (mapping->host->kind == INODE_SHMEM)
		mapping->host->dropped += nr;
}

bool mapping_evict_page(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	bool evicted;

	if (page_flag(page, PG_anon) || !page->mapping)
		return false;
	page->refcount--;
	evicted = may_be_dropped(page);
	page->refcount++;
	if (evicted)
		mapping_evict_folio(m, &inode_of(m, page->mapping)->i_data, page_index(page));
	return evicted;
}

u64 invalidate_mapping_pages(struct machine *m, struct address_space *mapping, u64 start,
			     u64 end)
{
	struct truncation t = {
		.m = m, .inode = mapping->host, .behind = MIN(end, ~0ULL - 1) + 1,
	};
	u64 stayed = 0, index = start;
	u32 pfn, seen = 0;

	while ((pfn = next_folio(&t, &index)) != PFN_NIL) {
		const struct page *folio = pfn_to_page(m, pfn);
		u64 first = page_index(folio), nr = folio_nr_pages(folio);

		if (first < start || first + nr > t.behind || page_flag(folio, PG_locked) ||
		    page_flag(folio, PG_writeback))
			continue;
		/* The first batch that is let go drains what the CPU has put off. */
		if (seen++ == m->lru->batch_size)
			lru_add_drain(m);
		if (may_be_dropped(folio)) {
			mapping_evict_folio(m, mapping, first);
		} else {
			deactivate_file_page(m, pfn);
			stayed++;
		}
	}
	if (seen && seen <= m->lru->batch_size)
		lru_add_drain(m);
	if (mapping->host->kind == INODE_DISK)
		clear_shadows(m, mapping, start, t.behind);
	return stayed;
}

void drop_pagecache(struct machine *m)
{
	struct inode *inode;

	lru_add_drain_all(m);
	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		if (inode->kind != INODE_HUGETLB && inode->kind != INODE_SECRET)
			invalidate_mapping_pages(m, &inode->i_data, 0, ~0ULL);
	/* There are always others: files that nobody here has opened. */
	lru_add_drain(m);
}
