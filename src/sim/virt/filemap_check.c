// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold of page caches: each entry's page says where it is; counters of nodes
 * are sums over all inodes; marks are flags; references are files and names.
 */
#include <stdlib.h>

#include "sim/phys/lru.h"
#include "sim/phys/objects.h"
#include "sim/phys/section.h"
#include "sim/virt/blk.h"
#include "sim/virt/buffer.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"
#include "sim/virt/workingset.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"

typedef unsigned long long ull;

/* By node: what the caches have. */
struct sums {
	s64 cached[MAX_NUMNODES], shmem[MAX_NUMNODES], dirty[MAX_NUMNODES];
	s64 writeback[MAX_NUMNODES];
	s64 mapped[MAX_NUMNODES], anon[MAX_NUMNODES], anon_thps[MAX_NUMNODES];
	/* In huge pages; mapped as such. */
	s64 shmem_thps[MAX_NUMNODES], file_thps[MAX_NUMNODES];
	s64 shmem_pmds[MAX_NUMNODES], file_pmds[MAX_NUMNODES];
};

/* Is the entry's folio there, where the entry says, and as large as that? */
static bool entry_is_right(const struct machine *m, const struct inode *inode, u64 index,
			   u64 entry)
{
	u32 pfn = entry_pfn(entry);
	const struct page *folio;
	unsigned int order;

	if (!page_present(m, pfn))
		return false;
	folio = pfn_to_page(m, pfn);
	order = inode->kind == INODE_HUGETLB ? 0 : folio_order(folio);
	return !page_is_tail(folio) && folio->mapping == inode->self &&
	       page_index(folio) == index << inode->huge_order && !page_flag(folio, PG_anon) &&
	       xa_get_order(&inode->i_data.i_pages, index) == order;
}

/* F1, F4, F5 of one entry; its pages. */
static u64 check_entry(const struct machine *m, const struct inode *inode, u64 index,
		       u64 entry, struct sums *sums, struct check *check)
{
	const struct page *folio;
	bool dirty, writeback;
	u16 node;
	s64 nr;

	check->nr_checked += 2;
	if (!entry_is_right(m, inode, index, entry)) {
		check_fail(check, "F1", "inode %u, page 0x%llx: expected page frame 0x%x to be "
			   "it", inode->self, (ull)index, entry_pfn(entry));
		return 1;
	}
	if (inode->kind == INODE_HUGETLB)
		return 1;
	folio = pfn_to_page(m, entry_pfn(entry));
	nr = (s64)folio_nr_pages(folio);
	node = page_zone(m, folio)->node;
	sums->cached[node] += nr;
	if (inode->kind == INODE_SHMEM)
		sums->shmem[node] += nr;
	if (nr == 1LL << m->arch->hugetlb_order)
		*(inode->kind == INODE_SHMEM ? &sums->shmem_thps[node] :
					       &sums->file_thps[node]) += nr;
	dirty = inode->kind == INODE_DISK && page_flag(folio, PG_dirty);
	sums->dirty[node] += dirty ? nr : 0;
	writeback = inode->kind == INODE_DISK && page_flag(folio, PG_writeback);
	sums->writeback[node] += writeback ? nr : 0;
	if (writeback != xa_get_mark(&inode->i_data.i_pages, index, XA_MARK_WRITEBACK))
		check_fail(check, "F4", "inode %u, page 0x%llx: expected the mark of writeback %d",
			   inode->self, (ull)index, writeback);
	if (dirty != xa_get_mark(&inode->i_data.i_pages, index, XA_MARK_DIRTY))
		check_fail(check, "F4", "inode %u, page 0x%llx: expected the mark of its flag %d",
			   inode->self, (ull)index, dirty);
	if (inode->kind == INODE_DISK && !buffers_are_right(m, entry_pfn(entry)))
		check_fail(check, "F8", "inode %u, page 0x%llx: expected %s", inode->self, (ull)index,
			   page_flag(folio, PG_private) ? "a buffer head for each of its pages" :
							  "no buffer head of any of its pages");
	else if (inode->kind == INODE_DISK && !dirty && buffers_are_dirty(m, entry_pfn(entry)))
		check_fail(check, "F8", "inode %u, page 0x%llx: expected no dirty block of a folio "
			   "that is clean", inode->self, (ull)index);
	/*
	 * What fallocate() keeps behind the end of shared memory may have been used before;
	 * the edge of a range of zeroes there leaves a page that nobody has read.
	 */
	if (index >= inode_pages(inode) && inode->kind == INODE_DISK && page_flag(folio, PG_uptodate))
		check_fail(check, "F5", "inode %u, page 0x%llx: expected none behind %llu bytes",
			   inode->self, (ull)index, (ull)inode->i_size);
	return (u64)nr;
}

static void check_i_mmap(const struct machine *m, const struct inode *inode,
			 struct check *check)
{
	const struct address_space *mapping = &inode->i_data;
	const struct interval_node *node;
	s32 writable = 0;
	u32 nr = 0;

	for (node = interval_tree_first(&mapping->i_mmap, 0, ~0ULL); node;
	     node = interval_tree_next(node, 0, ~0ULL)) {
		const struct vm_area_struct *vma =
			container_of(node, const struct vm_area_struct, shared);

		nr++;
		writable += vma_counts_as_writer(vma);
		if (!vma->vm_file || vma->vm_file->inode != inode)
			check_fail(check, "M6", "inode %u: expected no VMA %u in its i_mmap",
				   inode->self, vma->self);
	}
	if (nr != mapping->i_mmap.nr || writable != mapping->i_mmap_writable)
		check_fail(check, "M6", "inode %u: expected %u VMAs, %d writable, found %u, %d",
			   inode->self, nr, writable, mapping->i_mmap.nr,
			   mapping->i_mmap_writable);
}

static void check_inode(const struct machine *m, const struct inode *inode,
			struct sums *sums, struct check *check)
{
	const struct address_space *mapping = &inode->i_data;
	u64 nr = 0, nr_thps = 0, entry, pages;

	for (u64 index = 0; (entry = filemap_find(mapping, &index, ~0ULL));
	     index = xa_behind(&mapping->i_pages, index)) {
		pages = check_entry(m, inode, index, entry, sums, check);
		nr += pages;
		nr_thps += inode->kind == INODE_DISK && !inode->large_folios &&
			   pages == 1ULL << m->arch->hugetlb_order;
		if (index == ~0ULL)
			break;
	}
	check->nr_checked += 2;
	if (nr != mapping->nrpages || nr_thps != mapping->nr_thps || !xa_valid(&mapping->i_pages))
		check_fail(check, "F1", "inode %u: expected nrpages %llu, %llu huge, found %llu, "
			   "%llu", inode->self, (ull)nr, (ull)nr_thps, (ull)mapping->nrpages,
			   (ull)mapping->nr_thps);
	workingset_validate_mapping(m, mapping, check);
	check_i_mmap(m, inode, check);
}

static void expect(struct check *check, const char *id, unsigned int node, const char *what,
		   s64 expected, s64 found)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, id, "node %u: expected %s %lld, found %lld", node, what,
			   (long long)expected, (long long)found);
}

static bool page_is_swapcache_head(const struct machine *m, u64 pfn)
{
	const struct page *page = pfn_to_page(m, pfn);

	return !page_type(page) && page->refcount > 0 && !page_is_tail(page) &&
	       page_flag(page, PG_swapcache);
}

/*
 * Pages of the swap cache, and mapped pages, by what they are; the image's pages count where
 * they lie, too.
 */
static void count_mapped(const struct machine *m, struct sums *sums)
{
	for_each_present_pfn(m, pfn, 0, m->max_pfn) {
		const struct page *page = pfn_to_page(m, pfn), *folio;
		u16 node;

		if (page_is_swapcache_head(m, pfn))
			sums->cached[page_zone(m, page)->node] += (s64)folio_nr_pages(page);
		if (page_type(page) || !page_mapcount(page))
			continue;
		folio = folio_of_const(page);
		node = page_zone(m, page)->node;
		if (page_flag(folio, PG_anon)) {
			sums->anon[node]++;
			sums->anon_thps[node] += folio_entire_mapcount(folio) != 0;
		} else {
			sums->mapped[node]++;
			if (folio_entire_mapcount(folio))
				++*(page_flag(folio, PG_swapbacked) ? &sums->shmem_pmds[node] :
								      &sums->file_pmds[node]);
		}
	}
}

/* Its open files that may write, or the mms that run it. */
static s32 count_writers(const struct machine *m, const struct inode *inode)
{
	const struct object_pool *files = &m->virt->files;
	const struct mm_struct *mm;
	s32 writers = 0;

	if (inode->kind == INODE_ZERO)
		return 0;
	for (u32 h = object_next(files, 1); h; h = object_next(files, h + 1))
		writers += file_of(m, h)->inode == inode && file_may_write(file_of(m, h));
	for (mm = mm_next(m, NULL); mm; mm = mm_next(m, mm))
		writers -= mm->exe_file && mm->exe_file->inode == inode;
	return writers;
}

/* F6: an inode's references are its name and its open files. */
static void check_references(const struct machine *m, struct check *check)
{
	const struct object_pool *files = &m->virt->files;
	const struct inode *inode;

	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode)) {
		s32 refs = !inode->unlinked + inode->swap_file;

		for (u32 h = object_next(files, 1); h; h = object_next(files, h + 1))
			refs += file_of(m, h)->inode == inode;
		check->nr_checked += 2;
		if (refs != inode->i_count)
			check_fail(check, "F6", "inode %u: expected %d references, found %d",
				   inode->self, refs, inode->i_count);
		if (count_writers(m, inode) != inode->i_writecount)
			check_fail(check, "F6", "inode %u: expected %d writers, found %d",
				   inode->self, count_writers(m, inode), inode->i_writecount);
	}
}

static void check_node(const struct sums *sums, unsigned int i, const s64 *stat,
		       struct check *check)
{
	const struct {
		const char *id, *what;
		const s64 *expected;
		enum node_stat_item item;
	} rows[] = {
		{ "F2", "nr_file_pages", sums->cached, NR_FILE_PAGES },
		{ "F3", "nr_shmem", sums->shmem, NR_SHMEM },
		{ "F3", "nr_mapped", sums->mapped, NR_MAPPED },
		{ "F3", "nr_anon_pages", sums->anon, NR_ANON_PAGES },
		{ "F3", "nr_anon_transparent_hugepages", sums->anon_thps, NR_ANON_THPS },
		{ "F3", "nr_shmem_hugepages", sums->shmem_thps, NR_SHMEM_HUGEPAGES },
		{ "F3", "nr_file_hugepages", sums->file_thps, NR_FILE_HUGEPAGES },
		{ "F3", "nr_shmem_pmdmapped", sums->shmem_pmds, NR_SHMEM_PMDMAPPED },
		{ "F3", "nr_file_pmdmapped", sums->file_pmds, NR_FILE_PMDMAPPED },
		{ "F4", "nr_dirty", sums->dirty, NR_DIRTY },
		{ "F4", "nr_writeback", sums->writeback, NR_WRITEBACK },
	};

	for (unsigned int row = 0; row < ARRAY_SIZE(rows); row++)
		expect(check, rows[row].id, i, rows[row].what, rows[row].expected[i],
		       stat[rows[row].item]);
}

void filemap_validate(const struct machine *m, struct check *check)
{
	const struct inode *inode;
	struct sums *sums;

	if (!m->virt || !m->virt->file_state)
		return;
	sums = calloc(1, sizeof(*sums));
	if (!sums)
		return;
	for (inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		check_inode(m, inode, sums, check);
	count_mapped(m, sums);
	(void)blk_nr_swap_writes(m, sums->writeback);
	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i])
			check_node(sums, i, m->nodes[i]->stat, check);
	check_references(m, check);
	sb_validate(m, check);
	free(sums);
}
