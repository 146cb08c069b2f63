// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold of page caches: each entry's page says where it is; counters of nodes
 * are sums over all inodes; marks are flags; references are files and names.
 */
#include <stdlib.h>

#include "sim/phys/lru.h"
#include "sim/phys/objects.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"

typedef unsigned long long ull;

/* By node: what the caches have. */
struct sums {
	s64 cached[MAX_NUMNODES], shmem[MAX_NUMNODES], dirty[MAX_NUMNODES];
	s64 mapped[MAX_NUMNODES], anon[MAX_NUMNODES], anon_thps[MAX_NUMNODES];
};

static void check_entry(const struct machine *m, const struct inode *inode, u64 index,
			u64 entry, struct sums *sums, struct check *check)
{
	u32 pfn = entry_pfn(entry);
	const struct page *page;
	bool dirty;
	u16 node;

	check->nr_checked += 2;
	if (!page_present(m, pfn) || pfn_to_page(m, pfn)->mapping != inode->self ||
	    page_index(pfn_to_page(m, pfn)) != index << inode->huge_order ||
	    page_flag(pfn_to_page(m, pfn), PG_anon)) {
		check_fail(check, "F1", "inode %u, page 0x%llx: expected page frame 0x%x to be "
			   "it", inode->self, (ull)index, pfn);
		return;
	}
	if (inode->kind == INODE_HUGETLB)
		return;
	page = pfn_to_page(m, pfn);
	node = page_zone(m, page)->node;
	sums->cached[node]++;
	sums->shmem[node] += inode->kind == INODE_SHMEM;
	dirty = inode->kind == INODE_DISK && page_flag(page, PG_dirty);
	sums->dirty[node] += dirty;
	if (dirty != xa_get_mark(&inode->i_data.i_pages, index, XA_MARK_DIRTY))
		check_fail(check, "F4", "inode %u, page 0x%llx: expected the mark of its flag %d",
			   inode->self, (ull)index, dirty);
	/* What fallocate() keeps behind the end of shared memory may have been used before. */
	if (index >= inode_pages(inode) && inode->kind == INODE_DISK)
		check_fail(check, "F5", "inode %u, page 0x%llx: expected none behind %llu bytes",
			   inode->self, (ull)index, (ull)inode->i_size);
}

static void check_inode(const struct machine *m, const struct inode *inode,
			struct sums *sums, struct check *check)
{
	const struct address_space *mapping = &inode->i_data;
	const struct interval_node *node;
	u64 nr = 0, entry;
	u32 nr_vmas = 0;
	s32 writable = 0;

	for (u64 index = 0; (entry = xa_find(&mapping->i_pages, &index, ~0ULL)); index++) {
		check_entry(m, inode, index, entry, sums, check);
		nr++;
		if (index == ~0ULL)
			break;
	}
	check->nr_checked += 2;
	if (nr != mapping->nrpages || !xa_valid(&mapping->i_pages))
		check_fail(check, "F1", "inode %u: expected nrpages %llu, found %llu",
			   inode->self, (ull)nr, (ull)mapping->nrpages);
	for (node = interval_tree_first(&mapping->i_mmap, 0, ~0ULL); node;
	     node = interval_tree_next(node, 0, ~0ULL)) {
		const struct vm_area_struct *vma =
			container_of(node, const struct vm_area_struct, shared);

		nr_vmas++;
		writable += vma_counts_as_writer(m, vma);
		if (!vma->vm_file || vma->vm_file->inode != inode)
			check_fail(check, "M6", "inode %u: expected no VMA %u in its i_mmap",
				   inode->self, vma->self);
	}
	if (nr_vmas != mapping->i_mmap.nr || writable != mapping->i_mmap_writable)
		check_fail(check, "M6", "inode %u: expected %u VMAs, %d writable, found %u, %d",
			   inode->self, nr_vmas, writable, mapping->i_mmap.nr,
			   mapping->i_mmap_writable);
}

static void expect(struct check *check, const char *id, unsigned int node, const char *what,
		   s64 expected, s64 found)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, id, "node %u: expected %s %lld, found %lld", node, what,
			   (long long)expected, (long long)found);
}

/* Mapped pages, by what they are; the image's pages count where they lie, too. */
static void count_mapped(const struct machine *m, struct sums *sums)
{
	for (u64 pfn = 0; pfn < m->max_pfn; pfn++) {
		const struct page *page, *folio;
		u16 node;

		if (!page_present(m, pfn)) {
			pfn |= PAGES_PER_SECTION - 1;
			continue;
		}
		page = pfn_to_page(m, pfn);
		if (page_type(page) || !page_mapcount(page))
			continue;
		folio = folio_of_const(page);
		node = page_zone(m, page)->node;
		if (page_flag(folio, PG_anon)) {
			sums->anon[node]++;
			sums->anon_thps[node] += folio_entire_mapcount(folio) != 0;
		} else {
			sums->mapped[node]++;
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
		s32 refs = !inode->unlinked;

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
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const s64 *stat = m->nodes[i] ? m->nodes[i]->stat : NULL;

		if (!stat)
			continue;
		expect(check, "F2", i, "nr_file_pages", sums->cached[i], stat[NR_FILE_PAGES]);
		expect(check, "F3", i, "nr_shmem", sums->shmem[i], stat[NR_SHMEM]);
		expect(check, "F3", i, "nr_mapped", sums->mapped[i], stat[NR_MAPPED]);
		expect(check, "F3", i, "nr_anon_pages", sums->anon[i], stat[NR_ANON_PAGES]);
		expect(check, "F3", i, "nr_anon_transparent_hugepages", sums->anon_thps[i],
		       stat[NR_ANON_THPS]);
		expect(check, "F4", i, "nr_dirty", sums->dirty[i], stat[NR_DIRTY]);
	}
	check_references(m, check);
	sb_validate(m, check);
	free(sums);
}
