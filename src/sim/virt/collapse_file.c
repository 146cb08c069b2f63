// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files: pages of shared memory, or of program text, become one huge page in the page
 * cache. Each folio that is there is taken off its list and unmapped, so that nobody has
 * it; then the huge one takes their places, and those of holes. Tables that mapped them
 * go: faults map the huge page, or who asked for it by MADV_COLLAPSE has it mapped.
 */
#include "sim/virt/collapse.h"

#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/rmap.h"
#include "sim/virt/thp.h"
#include "sim/virt/tlb.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma.h"

/* The most that a huge page has. */
#define MAX_PAGES 1024

struct file_collapse {
	struct machine *m;
	struct mm_struct *mm;	/* for whom, at */
	u64 address;
	struct file *file;
	u64 start, end;		/* pages of the file */
	const struct collapse_control *cc;
	u32 nr_none, nr_taken;
	u32 taken[MAX_PAGES];	/* heads of folios, off their lists, in order */
};

static bool is_shmem(const struct file_collapse *c)
{
	return c->file->inode->kind == INODE_SHMEM;
}

/* ---- Tables. ---- */

/* The leaf table of the range, which maps nothing, goes. */
static void collapse_and_free_pmd(struct machine *m, struct vm_area_struct *vma, u64 addr)
{
	u64 *pmd = table_entry(m, vma->vm_mm, addr, 1);
	u64 table = pte_pfn(*pmd);

	*pmd = 0;
	flush_tlb_range(m, vma, addr, addr + pmd_size(m));
	table_free(m, vma->vm_mm, table, 0);
}

static enum scan_result set_huge_pmd(struct machine *m, struct vm_area_struct *vma, u64 addr,
				     u32 pfn)
{
	struct vm_fault vmf = { .vma = vma, .address = addr };
	u64 *pmd;

	if (table_alloc_entry(m, vma->vm_mm, addr, 1, &pmd) || !do_set_pmd(m, &vmf, pfn))
		return SCAN_FAIL;
	get_page(m, pfn);
	return SCAN_SUCCEED;
}

/* Its leaf table may hold entries that are not of the file. */
static bool may_hold_others(const struct vm_area_struct *vma)
{
	return vma->anon_vma || vma->vm_flags & VM_MAYBE_GUARD;
}

static enum scan_result retract_one(const struct file_collapse *c, struct vm_area_struct *vma,
				    u64 addr, bool is_target, u32 pfn)
{
	struct machine *m = c->m;
	bool all = c->cc->is_khugepaged || rel_retracts_all_tables(m->release);
	enum scan_result result;

	if (may_hold_others(vma))
		return SCAN_PAGE_ANON;
	if (addr & (pmd_size(m) - 1) || vma->vm_end < addr + pmd_size(m))
		return SCAN_VMA_CHECK;
	result = find_pmd_or_thp_or_none(m, vma->vm_mm, addr);
	if (result != SCAN_SUCCEED)
		return result;
	if (!all && !is_target) {
		struct mm_slot *slot = mm_slot_lookup(m, vma->vm_mm);

		if (slot)
			mm_slot_add_pte_mapped(slot, addr);
		return SCAN_PTE_MAPPED_HUGEPAGE;
	}
	if (!vma->vm_mm->mm_users)
		return SCAN_ANY_PROCESS;
	if (vma->vm_flags & VM_UFFD_WP)
		return SCAN_PTE_UFFD_WP;
	collapse_and_free_pmd(m, vma, addr);
	if (is_target && !c->cc->is_khugepaged && !rel_retracts_all_tables(m->release))
		return set_huge_pmd(m, vma, addr, pfn);
	return SCAN_SUCCEED;
}

/* Of all VMAs that map the range; what came of the one that it is done for. */
static enum scan_result retract_page_tables(const struct file_collapse *c, u32 pfn)
{
	const struct interval_tree *tree = &c->file->inode->i_data.i_mmap;
	enum scan_result target = SCAN_FAIL;
	struct interval_node *node;

	for (node = interval_tree_first(tree, c->start, c->start); node;
	     node = interval_tree_next(node, c->start, c->start)) {
		struct vm_area_struct *vma = container_of(node, struct vm_area_struct, shared);
		u64 addr = vma_address_of(vma, c->start);
		bool is_target = vma->vm_mm == c->mm && addr == c->address;
		enum scan_result result = retract_one(c, vma, addr, is_target, pfn);

		if (is_target)
			target = result;
	}
	return target;
}

/* ---- The page cache. ---- */

/* A folio that may be put aside: nobody has it but the cache and its mappings. */
static enum scan_result take_folio(struct file_collapse *c, u32 pfn)
{
	struct machine *m = c->m;
	const struct page *folio = pfn_to_page(m, pfn);
	s32 nr = (s32)folio_nr_pages(folio);

	if (!page_flag(folio, PG_uptodate))
		return SCAN_FAIL;
	if (folio_is_large(folio)) {
		if (folio_order(folio) == pmd_order(m) && page_index(folio) == c->start)
			return SCAN_PTE_MAPPED_HUGEPAGE;
		if (!rel_collapses_large(m->release))
			return SCAN_PAGE_COMPOUND;
	}
	if (!is_shmem(c) && (page_flag(folio, PG_dirty) || page_flag(folio, PG_writeback)))
		return SCAN_FAIL;
	if (!lru_isolate(m, pfn))
		return SCAN_DEL_PAGE_LRU;
	try_to_unmap_file(m, pfn);
	if (folio->refcount != 1 + nr) {
		lru_putback(m, pfn);
		return SCAN_PAGE_COUNT;
	}
	c->taken[c->nr_taken++] = pfn;
	return SCAN_SUCCEED;
}

/* The page at an index that has none: a hole in memory, or to be read from a disk. */
static enum scan_result fill_index(struct file_collapse *c, u64 index, u32 *pfn)
{
	struct machine *m = c->m;
	struct address_space *mapping = &c->file->inode->i_data;
	u64 next = index, slot;

	if (!is_shmem(c)) {
		if (page_cache_sync_readahead(m, c->file, index, c->end - index) == -ENOBUFS)
			return SCAN_FAIL;
		lru_add_drain(m);
		*pfn = find_page(m, mapping, index);
		return *pfn == PFN_NIL ? SCAN_FAIL : SCAN_SUCCEED;
	}
	if (shmem_swapped_at(c->file->inode, index, &slot)) {
		if (shmem_get_page(m, c->file->inode, index, SGP_NOALLOC, pfn))
			return SCAN_FAIL;
		put_page(m, *pfn);
		lru_add_drain(m);
		return SCAN_SUCCEED;
	}
	if (index == c->start && !xa_find(&mapping->i_pages, &next, c->end - 1))
		return SCAN_TRUNCATED;
	c->nr_none++;
	return SCAN_SUCCEED;
}

/* What fallocate() made is to have contents. */
static enum scan_result make_uptodate(struct file_collapse *c, u64 index)
{
	u32 pfn;

	if (shmem_get_page(c->m, c->file->inode, index, SGP_NOALLOC, &pfn))
		return SCAN_FAIL;
	put_page(c->m, pfn);
	lru_add_drain(c->m);
	return SCAN_SUCCEED;
}

static enum scan_result take_index(struct file_collapse *c, u64 *index)
{
	struct machine *m = c->m;
	enum scan_result result = SCAN_SUCCEED;
	u32 pfn = find_page(m, &c->file->inode->i_data, *index);
	u64 at = *index;

	if (pfn == PFN_NIL)
		result = fill_index(c, at, &pfn);
	*index = at + 1;
	if (result != SCAN_SUCCEED || pfn == PFN_NIL)
		return result;
	pfn = (u32)folio_pfn(m, pfn);
	*index = page_index(pfn_to_page(m, pfn)) + folio_nr_pages(pfn_to_page(m, pfn));
	if (is_shmem(c) && !page_flag(pfn_to_page(m, pfn), PG_uptodate))
		result = make_uptodate(c, at);
	return result == SCAN_SUCCEED ? take_folio(c, pfn) : result;
}

/* They go back to their lists, where faults find them. */
static void put_back(const struct file_collapse *c)
{
	for (u32 i = 0; i < c->nr_taken; i++)
		lru_putback(c->m, c->taken[i]);
}

static void copy_contents(const struct file_collapse *c, u32 to)
{
	struct machine *m = c->m;

	for (u64 i = 0; i < c->end - c->start; i++)
		content_zero(m, to + i);
	for (u32 i = 0; i < c->nr_taken; i++) {
		const struct page *folio = pfn_to_page(m, c->taken[i]);
		u64 at = page_index(folio) - c->start, nr = folio_nr_pages(folio);

		for (u64 k = 0; k < nr; k++)
			content_copy(m, to + at + k, c->taken[i] + k);
	}
}

static void free_taken(const struct file_collapse *c)
{
	struct machine *m = c->m;

	for (u32 i = 0; i < c->nr_taken; i++) {
		struct page *folio = pfn_to_page(m, c->taken[i]);

		filemap_replaced_folio(m, &c->file->inode->i_data, c->taken[i]);
		page_clear_flag(folio, PG_active);
		page_clear_flag(folio, PG_unevictable);
		put_page(m, c->taken[i]);
	}
}

/* The huge page takes their places. */
/* Does somebody want to be asked for what is missing? He is not given it unasked. */
static bool holes_are_awaited(const struct file_collapse *c)
{
	const struct address_space *mapping = &c->file->inode->i_data;

	if (!c->nr_none || !rel_collapse_leaves_uffd_holes(c->m->release))
		return false;
	for (struct interval_node *node = interval_tree_first(&mapping->i_mmap, c->start, c->end - 1);
	     node; node = interval_tree_next(node, c->start, c->end - 1))
		if (userfaultfd_missing(container_of(node, struct vm_area_struct, shared)))
			return true;
	return false;
}

static enum scan_result replace(struct file_collapse *c, u32 pfn)
{
	struct machine *m = c->m;
	struct inode *inode = c->file->inode;

	if (!is_shmem(c) && inode->i_writecount > 0)
		return SCAN_FAIL;
	if (holes_are_awaited(c))
		return SCAN_EXCEED_NONE_PTE;
	if (c->nr_none && shmem_acct_pages(m, inode, c->nr_none))
		return SCAN_FAIL;
	if (filemap_add_folio(m, &inode->i_data, c->start, pfn)) {
		if (c->nr_none)
			shmem_unacct_pages(m, inode, c->nr_none);
		return SCAN_STORE_FAILED;
	}
	if (c->nr_none)
		shmem_recalc_inode(m, inode);
	return SCAN_SUCCEED;
}

/* All is in place: what was there goes, before or after (6.18) the huge page is listed. */
static enum scan_result finish(struct file_collapse *c, u32 pfn)
{
	struct machine *m = c->m;
	enum scan_result result;

	copy_contents(c, pfn);
	if (!rel_retracts_all_tables(m->release))
		free_taken(c);
	page_set_flag(pfn_to_page(m, pfn), PG_uptodate);
	if (is_shmem(c))
		set_page_dirty(m, pfn);
	lru_cache_add(m, pfn);
	put_page(m, pfn);
	machine_why(m, "inode %u, page 0x%llx: %u folios and %u holes became the huge page 0x%x",
		    c->file->inode->self, (unsigned long long)c->start, c->nr_taken,
		    c->nr_none, pfn);
	result = retract_page_tables(c, pfn);
	if (!rel_retracts_all_tables(m->release))
		return result;
	free_taken(c);
	return c->cc->is_khugepaged ? SCAN_SUCCEED : SCAN_PTE_MAPPED_HUGEPAGE;
}

static enum scan_result collapse_file(struct file_collapse *c)
{
	enum scan_result result;
	u64 index = c->start;
	u32 pfn;

	result = collapse_alloc_folio(c->m, c->cc, NULL, &pfn);
	if (result != SCAN_SUCCEED)
		return result;
	while (index < c->end && result == SCAN_SUCCEED)
		result = take_index(c, &index);
	if (result == SCAN_SUCCEED)
		result = replace(c, pfn);
	if (result == SCAN_SUCCEED)
		return finish(c, pfn);
	put_back(c);
	put_page(c->m, pfn);
	return result;
}

/* ---- Whether it is worth it. ---- */

static enum scan_result scan_folio(const struct file_collapse *c, struct collapse_control *cc,
				   const struct page *folio)
{
	const struct machine *m = c->m;
	unsigned int nid = page_zone(m, folio)->node;
	s32 nr = (s32)folio_nr_pages(folio);

	if (folio_is_large(folio)) {
		if (folio_order(folio) == pmd_order(m) && page_index(folio) == c->start)
			return SCAN_PTE_MAPPED_HUGEPAGE;
		if (!rel_collapses_large(m->release))
			return SCAN_PAGE_COMPOUND;
	}
	if (collapse_scan_abort(m, nid, cc))
		return SCAN_SCAN_ABORT;
	cc->node_load[nid]++;
	if (!page_flag(folio, PG_lru))
		return SCAN_PAGE_LRU;
	return folio->refcount == nr + folio_mapcount(folio) ? SCAN_SUCCEED : SCAN_PAGE_COUNT;
}

enum scan_result hpage_collapse_scan_file(struct machine *m, struct mm_struct *mm, u64 address,
					  struct file *file, u64 start,
					  struct collapse_control *cc)
{
	struct file_collapse c = {
		.m = m, .mm = mm, .address = address, .file = file, .start = start,
		.end = start + pmd_nr_pages(m), .cc = cc,
	};
	const struct xarray *pages = &file->inode->i_data.i_pages;
	enum scan_result result = SCAN_SUCCEED;
	u64 present = 0, entry;

	memset(cc->node_load, 0, sizeof(cc->node_load));
	for (u64 at = start; result == SCAN_SUCCEED && at < c.end; at = xa_behind(pages, at)) {
		const struct page *folio;

		entry = filemap_find(&file->inode->i_data, &at, c.end - 1);
		if (!entry)
			break;
		folio = pfn_to_page(m, entry_pfn(entry));
		result = scan_folio(&c, cc, folio);
		present += folio_nr_pages(folio);
	}
	if (result != SCAN_SUCCEED)
		return result;
	if (cc->is_khugepaged &&
	    present + (u64)m->tunables->khugepaged_max_ptes_none < pmd_nr_pages(m)) {
		count_vm_event(m, THP_SCAN_EXCEED_NONE_PTE, 1);
		return SCAN_EXCEED_NONE_PTE;
	}
	return collapse_file(&c);
}

/* ---- A huge page in the cache, small entries in the table. ---- */

/* Each entry of the table, if it maps anything, maps its page of the folio. */
static enum scan_result check_table(const struct machine *m, const pte_t *ptes, u32 pfn)
{
	for (u64 i = 0; i < pmd_nr_pages(m); i++) {
		if (pte_none(ptes[i]))
			continue;
		if (!pte_present(ptes[i]))
			return SCAN_PTE_NON_PRESENT;
		if (vm_normal_page(ptes[i]) != pfn + i)
			return SCAN_FAIL;
	}
	return SCAN_SUCCEED;
}

static enum scan_result empty_table(struct machine *m, struct vm_area_struct *vma, u64 addr,
				    u32 pfn)
{
	pte_t *ptes = table_entries(m, pte_pfn(*table_entry(m, vma->vm_mm, addr, 1)));
	enum scan_result result = check_table(m, ptes, pfn);
	s64 nr = 0;

	if (result != SCAN_SUCCEED)
		return result;
	for (u64 i = 0; i < pmd_nr_pages(m); i++) {
		if (pte_none(ptes[i]))
			continue;
		ptes[i] = 0;
		page_remove_rmap(m, pfn + i, vma);
		put_page(m, pfn);
		nr++;
	}
	add_mm_counter(m, vma->vm_mm, mm_counter_of(pfn_to_page(m, pfn)), -nr);
	collapse_and_free_pmd(m, vma, addr);
	return SCAN_SUCCEED;
}

enum scan_result collapse_pte_mapped_thp(struct machine *m, struct mm_struct *mm, u64 addr,
					 bool install_pmd)
{
	struct vm_area_struct *vma = vma_lookup(m, mm, addr);
	enum scan_result result = find_pmd_or_thp_or_none(m, mm, addr);
	u32 pfn;

	if (result == SCAN_PMD_MAPPED)
		return result;
	if (!vma || !vma->vm_file || addr < vma->vm_start || addr + pmd_size(m) > vma->vm_end ||
	    !thp_vma_allowable_order(m, vma, vma->vm_flags, TVA_FORCED_COLLAPSE, pmd_order(m)))
		return SCAN_VMA_CHECK;
	if (vma->vm_flags & VM_UFFD_WP)
		return SCAN_PTE_UFFD_WP;
	pfn = find_page(m, &vma->vm_file->inode->i_data, linear_page_index(vma, addr));
	if (pfn == PFN_NIL)
		return SCAN_PAGE_NULL;
	if (folio_order(pfn_folio(m, pfn)) != pmd_order(m))
		return SCAN_PAGE_COMPOUND;
	if (result == SCAN_SUCCEED)
		result = empty_table(m, vma, addr, pfn);
	else if (result == SCAN_PMD_NONE || rel_retracts_all_tables(m->release))
		result = SCAN_SUCCEED;
	if (result != SCAN_SUCCEED)
		return result;
	return install_pmd ? set_huge_pmd(m, vma, addr, pfn) : SCAN_SUCCEED;
}
