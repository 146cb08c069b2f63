// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page cache of an inode: an xarray of page frames, each with a reference of the
 * cache. Files of disks are read as read-ahead says (readahead.c), and written, in folios
 * as large as their file system has them; pages of shared memory are made as they are asked
 * for. Faults: filemap_fault.c.
 */
#include "sim/base/bug.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/memcg.h"
#include "sim/virt/content.h"
#include "sim/virt/blk.h"
#include "sim/virt/buffer.h"
#include "sim/virt/dcache.h"
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
	return mapping->host->kind != INODE_DISK && mapping->host->kind != INODE_SECRET;
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

unsigned int mapping_max_folio_order(const struct machine *m, const struct inode *inode)
{
	return inode->large_folios ? hpage_pmd_order(m) : 0;
}

/* So many of a large folio are as one; who does not expect them knows how many it has. */
static void count_huge(struct machine *m, struct address_space *mapping,
		       const struct page *folio, s64 nr)
{
	if (folio_order(folio) != hpage_pmd_order(m))
		return;
	mod_lruvec_page_state(m, folio, is_shmem(mapping) ? NR_SHMEM_HUGEPAGES :
			      NR_FILE_HUGEPAGES, nr);
	if (!is_shmem(mapping) && !mapping->host->large_folios)
		mapping->nr_thps += nr > 0 ? 1 : -1U;
}

/* The cache has a folio more, or nr is below 0: less. */
static __always_inline void count_cached(struct machine *m, struct address_space *mapping,
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
	buffers_moved(m, src, dst);
	old->refcount -= nr;
	new->refcount += nr;
}

void filemap_replaced_folio(struct machine *m, struct address_space *mapping, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);
	s64 nr = (s64)folio_nr_pages(folio);

	count_cached(m, mapping, folio, -nr);
	try_to_free_buffers(m, pfn);
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

/* The last shadow in the place of a folio, which has room for itself then; 0: none. */
static u64 take_shadows(struct machine *m, struct address_space *mapping, u64 pgoff, u64 nr)
{
	const struct xarray *pages = &mapping->i_pages;
	u64 shadow = 0, index = pgoff, entry;

	while (index < pgoff + nr && (entry = xa_find(pages, &index, pgoff + nr - 1))) {
		if (xa_is_value(entry))
			shadow = entry;
		index = xa_behind(pages, index);
	}
	if (shadow)
		clear_shadows(m, mapping, pgoff, pgoff + nr);
	return shadow;
}

/* What is left of the shadow of a larger folio is shadows of smaller ones. */
static int split_shadow(struct address_space *mapping, u64 pgoff, unsigned int order)
{
	struct xarray *pages = &mapping->i_pages;
	unsigned int whole = xa_get_order(pages, pgoff);
	int err;

	if (whole <= order || !xa_is_value(xa_load(pages, pgoff)))
		return 0;
	err = xa_split_at(pages, pgoff, order);
	/* It is halved so often, unless getting a node has cost it. */
	if (!err && xa_is_value(xa_load(pages, pgoff)))
		mapping->nr_shadows += whole - order;
	return err;
}

static int store_large(struct machine *m, struct address_space *mapping, u64 pgoff, u32 pfn,
		       u64 *shadow)
{
	const struct page *folio = pfn_to_page(m, pfn);
	int err;

	*shadow = mapping->nr_shadows ? take_shadows(m, mapping, pgoff, folio_nr_pages(folio)) : 0;
	err = xa_store_order(&mapping->i_pages, pgoff, folio_order(folio), mk_cache_entry(pfn));
	if (!err && mapping->nr_shadows)
		workingset_update_node(m, mapping, pgoff);
	return err;
}

static int store_folio(struct machine *m, struct address_space *mapping, u64 pgoff, u32 pfn,
		       u64 *shadow)
{
	const struct page *folio = pfn_to_page(m, pfn);
	u64 entry = mk_cache_entry(pfn);
	struct xa_node *leaf;
	int err;

	if (unlikely(mapping->nr_shadows && mapping->large_shadows)) {
		err = split_shadow(mapping, pgoff, folio_order(folio));
		if (err)
			return err;
	}
	if (unlikely(folio_is_large(folio)))
		return store_large(m, mapping, pgoff, pfn, shadow);
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

/* A dirty folio of a disk that will never be written. */
static void account_cleaned(struct machine *m, struct page *folio)
{
	s64 nr = (s64)folio_nr_pages(folio);

	page_clear_flag(folio, PG_dirty);
	mod_lruvec_page_state(m, folio, NR_DIRTY, -nr);
	inode_mod_dirty(m, inode_of(m, folio->mapping), -nr);
	page_zone(m, folio)->stat[NR_ZONE_WRITE_PENDING] -= nr;
	task_io_account_cancelled_write(m, (u64)nr * PAGE_SIZE);
}

/* The folio is not of the file any more; the references stay. */
static __always_inline void uncache_folio(struct machine *m, struct address_space *mapping,
					  struct page *folio)
{
	BUG_ON(m, folio_mapcount(folio));
	count_cached(m, mapping, folio, -(s64)folio_nr_pages(folio));
	if (mapping->host->kind == INODE_DISK && page_flag(folio, PG_dirty))
		account_cleaned(m, folio);
	if (page_flag(folio, PG_private))
		try_to_free_buffers(m, (u32)page_to_pfn(m, folio));
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
	if (!mapping->nrpages)
		inode_add_lru(m, mapping->host);
	folio->refcount -= (s32)nr - 1;
	put_page(m, pfn);
	/* What is left is the reference that keeps it out of use. */
	if (unlikely(page_flag(folio, PG_hwpoison) && folio->refcount == 1))
		page_keep_hwpoison(m, pfn);
	return nr;
}

bool remove_mapping(struct machine *m, struct address_space *mapping, u32 pfn, u32 target)
{
	struct page *folio = pfn_to_page(m, pfn);
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
	mapping->large_shadows |= folio_is_large(folio);
	workingset_update_leaf(m, mapping, leaf);
	uncache_folio(m, mapping, folio);
	if (!leaf)
		inode_add_lru(m, mapping->host);
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
	s64 nr = (s64)folio_nr_pages(folio);
	struct inode *inode;

	if (page_flag(folio, PG_dirty) || page_flag(folio, PG_reserved))
		return;
	page_set_flag(folio, PG_dirty);
	inode = page_flag(folio, PG_anon) ? NULL : inode_of(m, folio->mapping);
	if (!inode || inode->kind != INODE_DISK)
		return;
	xa_set_mark(&inode->i_data.i_pages, page_index(folio), XA_MARK_DIRTY);
	mod_lruvec_page_state(m, folio, NR_DIRTY, nr);
	mod_lruvec_page_state(m, folio, NR_DIRTIED, nr);
	inode_attach_wb(m, inode, folio);
	inode_mod_dirty(m, inode, nr);
	task_io_account_write(m, (u64)nr * PAGE_SIZE);
	page_zone(m, folio)->stat[NR_ZONE_WRITE_PENDING] += nr;
	inode_to_wb(m, inode)->dirtied += (u64)nr;
	m->virt->writeback->fresh_dirtied += (u64)nr;
	m->virt->writeback->fresh_wb = inode->i_wb;
	mark_inode_dirty_pages(m, inode);
}

void filemap_dirty_range(struct machine *m, u64 pfn, u64 from, u64 to)
{
	u64 head = folio_pfn(m, pfn), at = (pfn - head) << PAGE_SHIFT;
	struct page *folio = pfn_to_page(m, head);
	const struct inode *inode = page_flag(folio, PG_anon) ? NULL :
							       inode_of(m, folio->mapping);

	/* shmem has no buffers to mark: it dirties its folios as anybody does */
	if (inode && inode->kind == INODE_SHMEM)
		page_clear_flag(folio, PG_reclaim);
	else
		mark_buffers_dirty(m, (u32)head, at + from, at + to);
	dirty_folio(m, folio);
}

void set_page_dirty(struct machine *m, u64 pfn)
{
	struct page *folio = pfn_folio(m, pfn);

	if (!page_flag(folio, PG_anon)) {
		page_clear_flag(folio, PG_reclaim);
		mark_buffers_dirty(m, (u32)folio_pfn(m, pfn), 0,
				   folio_nr_pages(folio) << PAGE_SHIFT);
	}
	dirty_folio(m, folio);
}

bool filemap_release_folio(struct machine *m, struct page *folio)
{
	u32 pfn = (u32)page_to_pfn(m, folio);
	struct inode *inode = inode_of(m, folio->mapping);

	if (inode->kind != INODE_DISK)
		return true;
	if (page_flag(folio, PG_dirty) && (!page_flag(folio, PG_private) || buffers_are_dirty(m, pfn)))
		return false;
	try_to_free_buffers(m, pfn);
	if (page_flag(folio, PG_dirty)) {
		account_cleaned(m, folio);
		xa_clear_mark(&inode->i_data.i_pages, page_index(folio), XA_MARK_DIRTY);
	}
	return true;
}

/* Is anything cached where the folio would be? */
static bool is_cached(const struct address_space *mapping, u64 pgoff, unsigned int order)
{
	return order ? filemap_find(mapping, &pgoff, pgoff + (1ULL << order) - 1) != 0 :
		       find_folio(mapping, pgoff) != PFN_NIL;
}

/* How files allocate; who reads ahead may be in the middle of something of the file system's. */
#define MAPPING_GFP GFP_HIGHUSER_MOVABLE
#define READAHEAD_GFP ((MAPPING_GFP & ~__GFP_FS) | __GFP_NORETRY | __GFP_NOWARN)

/*
 * A new folio, at a multiple of its size. Who writes (__GFP_WRITE) does not use what was
 * there. -EEXIST: where there may be large ones, it has no room.
 */
static inline int new_folio(struct machine *m, struct address_space *mapping, u64 pgoff,
			    unsigned int order, gfp_t gfp, u32 *result)
{
	/* Who asks for a page, and in no other way than the file does, has looked for it. */
	const bool looked = !order && gfp == MAPPING_GFP;
	u64 shadow;
	u32 pfn;
	int err;

	err = is_shmem(mapping) ? shmem_alloc_folio(m, gfp, order, mapping->host, pgoff, &pfn) :
				  filemap_alloc_folio(m, gfp, order, &pfn);
	if (err)
		return err;
	err = mem_cgroup_charge(m, pfn, NULL,
				is_shmem(mapping) ? gfp & GFP_RECLAIM_MASK : gfp);
	if (!err && !looked && mapping->host->large_folios && is_cached(mapping, pgoff, order))
		err = -EEXIST;
	if (err) {
		put_page(m, pfn);
		return err;
	}
	for (u32 i = 0; i < 1U << order; i++)
		content_zero(m, pfn + i);
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
	return new_folio(m, mapping, pgoff, 0, MAPPING_GFP, pfn);
}

static void count_read(struct machine *m, u64 nr_pages)
{
	count_vm_event(m, PGPGIN, (s64)nr_pages * (PAGE_SIZE / 1024));
	task_io_account_read(m, nr_pages * PAGE_SIZE);
}

/* A new folio of a disk's file, read: *nr_read pages of it from the disk, not of holes. */
static inline int read_folio(struct machine *m, struct address_space *mapping, u64 pgoff,
			     unsigned int order, gfp_t gfp, u32 *pfn, u64 *nr_read)
{
	int err;

	if (pgoff >= inode_pages(mapping->host))
		return -EINVAL;
	err = new_folio(m, mapping, pgoff, order, gfp, pfn);
	if (err)
		return err;
	*nr_read = 0;
	for (u32 i = 0; i < 1U << order; i++)
		*nr_read += disk_read(m, mapping->host, pgoff + i, *pfn + i);
	page_set_flag(pfn_to_page(m, *pfn), PG_uptodate);
	if (*nr_read)
		count_read(m, *nr_read);
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

/* One page is read by itself, if it is no hole; who wants it waits. */
static void fill_page(struct machine *m, const struct inode *inode, u64 pgoff, u32 pfn)
{
	if (!disk_read(m, inode, pgoff, pfn))
		return;
	count_read(m, 1);
	wait_for_folio(m, pfn, blk_read(m, file_disk(m), 1));
}

void filemap_fill_page(struct machine *m, const struct inode *inode, u64 pgoff, u32 pfn)
{
	page_set_flag(pfn_to_page(m, pfn), PG_uptodate);
	fill_page(m, inode, pgoff, pfn);
}

static int read_page(struct machine *m, struct address_space *mapping, u64 pgoff, gfp_t gfp,
		     u32 *pfn)
{
	u64 nr_read;
	int err = read_folio(m, mapping, pgoff, 0, gfp, pfn, &nr_read);

	if (!err && nr_read)
		wait_for_folio(m, *pfn, blk_read(m, file_disk(m), 1));
	return err;
}

int filemap_read_page(struct machine *m, struct address_space *mapping, u64 pgoff, u32 *pfn)
{
	return read_page(m, mapping, pgoff, MAPPING_GFP, pfn);
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
		if (unlikely(!page_flag(pfn_folio(m, *pfn), PG_uptodate)))
			filemap_fill_page(m, mapping->host, pgoff, *pfn);
		return 0;
	}
	*major = true;
	return filemap_read_page(m, mapping, pgoff, pfn);
}

int filemap_read_ahead(struct machine *m, struct address_space *mapping, u64 pgoff,
		       unsigned int order, u32 *pfn, u64 *nr_read)
{
	return read_folio(m, mapping, pgoff, order, READAHEAD_GFP, pfn, nr_read);
}

/* The size that a folio for this write may have: of the write, and as its place is aligned. */
static unsigned int write_order(const struct machine *m, const struct inode *inode, u64 at,
				u64 end)
{
	unsigned int max = mapping_max_folio_order(m, inode);
	u64 chunk = PAGE_SIZE << max, bytes = MIN(chunk - (at & (chunk - 1)), end - at);
	u64 pages = bytes >> PAGE_SHIFT, index = at >> PAGE_SHIFT;
	unsigned int order = pages ? (unsigned int)fls64(pages) - 1 : 0;

	return MIN(order, (unsigned int)ctz64(index));
}

/* A smaller one will do where there is no room, or no memory for it. */
static int new_folio_to_write(struct machine *m, struct address_space *mapping, u64 at, u64 end,
			      u32 *pfn)
{
	u64 index = at >> PAGE_SHIFT;
	int err;

	for (unsigned int order = write_order(m, mapping->host, at, end); order; order--) {
		err = new_folio(m, mapping, index, order,
				MAPPING_GFP | __GFP_WRITE | __GFP_NORETRY | __GFP_NOWARN, pfn);
		if (!err || err == -ENOBUFS)
			return err;
	}
	return new_folio(m, mapping, index, 0, MAPPING_GFP | __GFP_WRITE, pfn);
}

int filemap_grab_folio(struct machine *m, struct address_space *mapping, u64 at, u64 end,
		       u32 *pfn)
{
	u64 index = at >> PAGE_SHIFT;
	bool whole = !(at & (PAGE_SIZE - 1)) && end - at >= PAGE_SIZE;
	int err;

	*pfn = find_page(m, mapping, index);
	if (*pfn != PFN_NIL) {
		get_page(m, *pfn);
		return 0;
	}
	if (!mapping->host->large_folios && !whole && index < inode_pages(mapping->host))
		return read_page(m, mapping, index, MAPPING_GFP | __GFP_WRITE, pfn);
	err = new_folio_to_write(m, mapping, at, end, pfn);
	/* A large one's other pages are written whole. */
	if (!err && !whole && index < inode_pages(mapping->host))
		fill_page(m, mapping->host, index, *pfn);
	return err;
}
