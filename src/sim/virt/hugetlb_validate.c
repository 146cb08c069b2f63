// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold of mappings of huge pages. Each entry is a page of its file's size, in
 * a VMA of them, with no more rights than that; its page leads back (M1). Counts of
 * mappings, references, and of pages of each mm are those of the entries (R1, R2, T4).
 * What pools have promised is what files and VMAs were promised (C4).
 */
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/vma.h"

typedef unsigned long long ull;

struct huge_census {
	const struct machine *m;
	struct check *check;
	const struct mm_struct *mm;
	u64 mapped;		/* base pages of the mm */
	u64 shared;		/* tables that another mapping has as well */
	u64 promised[HUGETLB_POOLS];	/* less those that count when a page is freed */
};

static bool leads_back(const struct machine *m, const struct vm_area_struct *vma, u64 addr,
		       u32 pfn)
{
	const struct page *head = pfn_to_page(m, pfn);

	if (page_index(head) != linear_page_index(vma, addr))
		return false;
	if (!page_flag(head, PG_anon))
		return head->mapping == vma->vm_file->inode->self;
	for (const struct anon_vma_chain *c = vma->chain_first; c; c = c->next)
		if (c->anon_vma->self == head->mapping)
			return true;
	return false;
}

static bool has_excess(const struct machine *m, const struct vm_area_struct *vma, u64 entry)
{
	const struct page *head = pfn_to_page(m, pte_pfn(entry));

	if (pte_protnone(entry) != !vma_is_accessible(vma))
		return true;
	if (!(entry & PTE_RW))
		return false;
	if (!(vma->vm_flags & VM_WRITE))
		return true;
	return !(vma->vm_flags & VM_SHARED) && !page_flag(head, PG_anon_exclusive);
}

static void check_entry(struct huge_census *c, const struct vm_area_struct *vma, u64 addr,
			u64 entry)
{
	unsigned int order = vma->vm_file->inode->huge_order;
	u32 pfn = (u32)pte_pfn(entry);

	if (pte_is_marker(entry) || pte_is_hwpoison(entry))
		return;
	c->check->nr_checked += 3;
	if (!entry_is_huge(entry) || allocated_order(c->m, pfn) != (int)order ||
	    page_type(pfn_to_page(c->m, pfn)) != PGTY_hugetlb) {
		check_fail(c->check, "T1", "mm %u, 0x%llx: expected a huge page of order %u, found "
			   "0x%llx", c->mm->self, (ull)addr, order, (ull)entry);
		return;
	}
	if (!leads_back(c->m, vma, addr, pfn))
		check_fail(c->check, "M1", "mm %u, 0x%llx: expected its huge page 0x%x to lead back, "
			   "found mapping %u index 0x%llx", c->mm->self, (ull)addr, pfn,
			   pfn_to_page(c->m, pfn)->mapping,
			   (ull)page_index(pfn_to_page(c->m, pfn)));
	if (has_excess(c->m, vma, entry))
		check_fail(c->check, "T2", "mm %u, 0x%llx: expected no more rights than the VMA's, "
			   "found 0x%llx", c->mm->self, (ull)addr, (ull)entry);
	c->mapped += 1ULL << order;
}

static void check_vma(struct huge_census *c, const struct vm_area_struct *vma)
{
	const u64 *entry;
	u64 size, low;

	if (!is_file_hugepages(vma->vm_file)) {
		check_fail(c->check, "V6", "VMA %u: expected a file of huge pages", vma->self);
		return;
	}
	size = vma_huge_size(vma);
	low = size - 1;
	c->check->nr_checked++;
	if (vma->vm_start & low || vma->vm_end & low || vma->vm_pgoff & (low >> PAGE_SHIFT))
		check_fail(c->check, "V1", "VMA %u: expected its range to be aligned to 0x%llx",
			   vma->self, (ull)size);
	for (u64 addr = vma->vm_start; addr < vma->vm_end;
	     addr = huge_addr_next(c->m, vma, addr, entry)) {
		entry = huge_pte_offset(c->m, vma, addr);
		if (entry && *entry)
			check_entry(c, vma, addr, *entry);
	}
	if (vma->resv) {
		u64 start = vma_hugecache_offset(vma, vma->vm_start);
		u64 end = vma_hugecache_offset(vma, vma->vm_end);

		c->promised[vma->vm_file->inode->huge_order > MAX_PAGE_ORDER] +=
			end - start - region_count(vma->resv, start, end);
	}
}

static void check_mm(struct huge_census *c, const struct mm_struct *mm)
{
	c->mm = mm;
	c->mapped = 0;
	for (const struct vm_area_struct *vma = vma_first(c->m, mm); vma;
	     vma = vma_next(c->m, vma)) {
		if (vma->vm_mm != mm)
			break;
		if (!is_vm_hugetlb_page(vma))
			continue;
		check_vma(c, vma);
		if (is_file_hugepages(vma->vm_file))
			c->shared += hugetlb_shared_validate(c->m, vma, c->check);
	}
	c->check->nr_checked++;
	/* Pages are counted for who faults them in: of a shared table, for one of several. */
	if (c->mapped != mm->hugetlb_usage && !mm->shares_hugetlb)
		check_fail(c->check, "T4", "mm %u: expected %llu pages of huge pages, found %llu",
			   mm->self, (ull)c->mapped, (ull)mm->hugetlb_usage);
}

struct counting {
	const struct machine *m;
	u32 pfn, maps;
};

static int count_one(void *arg, struct vm_area_struct *vma, u64 addr)
{
	struct counting *c = arg;
	const u64 *entry;

	if (!is_vm_hugetlb_page(vma))
		return 0;
	entry = huge_pte_offset(c->m, vma, addr);
	c->maps += entry && *entry && pte_pfn(*entry) == c->pfn &&
		   hugetlb_counts_entry(c->m, vma, addr);
	return 0;
}

static bool in_cache(const struct machine *m, const struct page *head, u32 pfn,
		     unsigned int order)
{
	const struct inode *inode = page_flag(head, PG_anon) || !head->mapping ? NULL :
				    inode_of(m, head->mapping);

	return inode && hugetlb_find_page(m, inode, page_index(head) >> order) == pfn;
}

/* A page in use: M1 has shown that each of its entries is found from it. */
static void check_page(struct huge_census *c, const struct hstate *h, u32 pfn)
{
	struct page *head = pfn_to_page(c->m, pfn);
	struct counting counting = { .m = c->m, .pfn = pfn };
	s32 refs;

	if (*hugetlb_page_flags(head) & HPG_RESTORE_RESERVE)
		c->promised[h->order > MAX_PAGE_ORDER]--;
	if (rmap_walk(c->m, pfn, count_one, &counting))
		return;
	/* One that failed is held for ever. */
	refs = (s32)counting.maps + in_cache(c->m, head, pfn, h->order) +
	       !!(*hugetlb_page_flags(head) & HPG_HWPOISON);
	c->check->nr_checked += 2;
	if (*huge_mapcount(head) != counting.maps || head[1].next != counting.maps)
		check_fail(c->check, "R1", "huge page 0x%x: expected mapcount %u, found %u", pfn,
			   counting.maps, *huge_mapcount(head));
	if (head->refcount != refs)
		check_fail(c->check, "R2", "huge page 0x%x: expected %d references, found %d", pfn,
			   refs, head->refcount);
}

static void check_pages(struct huge_census *c)
{
	for (unsigned int i = 0; i < HUGETLB_POOLS; i++) {
		const struct hstate *h = &c->m->hugetlb->hstates[i];
		u64 limit = h->nr_huge_pages;

		for (u32 pfn = h->active.first; pfn != PFN_NIL && limit--;
		     pfn = pfn_to_page(c->m, pfn)->next)
			check_page(c, h, pfn);
	}
}

/* C4: promises of files are what their maps have and their caches have not. */
static void check_promises(struct huge_census *c)
{
	const struct object_pool *pool = &c->m->virt->hugetlbfs_inodes;

	for (u32 h = object_next(pool, 1); h; h = object_next(pool, h + 1)) {
		const struct inode *inode = object_get(pool, h);
		u64 known = region_count(inode->resv_map, 0, ~0ULL);

		c->check->nr_checked++;
		if (known < inode->i_data.nrpages)
			check_fail(c->check, "C4", "inode %u: expected at least %llu pages in its map "
				   "of reservations, found %llu", inode->self,
				   (ull)inode->i_data.nrpages, (ull)known);
		c->promised[inode->huge_order > MAX_PAGE_ORDER] += known -
								   inode->i_data.nrpages;
	}
	for (unsigned int i = 0; i < HUGETLB_POOLS; i++) {
		const struct hstate *h = &c->m->hugetlb->hstates[i];

		c->check->nr_checked++;
		if (h->resv_huge_pages != c->promised[i] + h->resv_lost)
			check_fail(c->check, "C4", "order %u: expected %llu reserved pages, found %llu",
				   h->order, (ull)(c->promised[i] + h->resv_lost),
				   (ull)h->resv_huge_pages);
	}
}

void hugetlb_mappings_validate(const struct machine *m, struct check *check)
{
	struct huge_census c = { .m = m, .check = check };

	if (!m->hugetlb || !m->virt->hugetlbfs_inodes.cache)
		return;
	for (const struct mm_struct *mm = mm_next(m, NULL); mm; mm = mm_next(m, mm))
		check_mm(&c, mm);
	check->nr_checked++;
	if (c.shared != m->virt->pgtables->nr_shared)
		check_fail(check, "T11", "machine: expected %llu tables that are others', too, found "
			   "%llu", (ull)c.shared, (ull)m->virt->pgtables->nr_shared);
	check_pages(&c);
	check_promises(&c);
}
