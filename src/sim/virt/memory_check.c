// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * B4, B5 M1 and B6 T4: one pass over the tables of every mm counts who maps what, one
 * over the descriptors compares. What is counted lies beside the sections of
 * descriptors, made as sections are met; without host memory for it, nothing is said.
 */
#include <stdlib.h>

#include "sim/phys/kernel_tables.h"
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/vma.h"

typedef unsigned long long ull;

struct census {
	const struct machine *m;
	struct check *check;
	/* [section]: how many entries map each page of it; batches that hold it << 24. */
	u32 **maps;
	bool failed;		/* no host memory */
	s64 nr_tables;		/* that nr_page_table_pages counts */
	/* Of the mm that is walked. */
	const struct mm_struct *mm;
	struct vm_area_struct *vma;
	s64 rss[NR_MM_COUNTERS];
};

static u32 *map_count_of(struct census *c, u64 pfn)
{
	u32 **section = &c->maps[pfn >> SECTION_SHIFT];

	if (!*section)
		*section = calloc(PAGES_PER_SECTION, sizeof(**section));
	if (!*section) {
		c->failed = true;
		return NULL;
	}
	return *section + (pfn & (PAGES_PER_SECTION - 1));
}

/*
 * Tails are in no batch: there, the bits of the first count the entries that map all of
 * the folio.
 */
#define MAPS_MASK 0xffffU
#define BATCH_SHIFT 16

static void count_batched(void *arg, u32 pfn)
{
	struct census *c = arg;
	u32 *maps = page_present(c->m, pfn) ? map_count_of(c, pfn) : NULL;

	if (maps)
		*maps += 1U << BATCH_SHIFT;
}

/* Does the reverse walk from the page come by this VMA, and at this address? */
static bool rmap_finds(const struct census *c, const struct page *page, u64 addr)
{
	const struct anon_vma_chain *chain;
	const struct page *folio = folio_of_const(page);

	if (page_flag(folio, PG_reserved))
		return true;
	if (page_index(page) != linear_page_index(c->vma, addr))
		return false;
	if (!page_flag(folio, PG_anon))
		return c->vma->vm_file && c->vma->vm_file->inode->self == folio->mapping;
	for (chain = c->vma->chain_first; chain; chain = chain->next)
		if (chain->anon_vma->self == folio->mapping)
			return true;
	return false;
}

static void check_leads_back(struct census *c, const struct page *page, u64 addr, u32 pfn)
{
	const struct page *folio = folio_of_const(page);

	c->check->nr_checked++;
	/* An entry outside of VMAs is T1's. */
	if (c->vma && !rmap_finds(c, page, addr))
		check_fail(c->check, "M1", "mm %u, 0x%llx: expected its page 0x%x to lead back, "
			   "found mapping %u index 0x%llx", c->mm->self, (ull)addr, pfn,
			   folio->mapping, (ull)page_index(page));
}

static void enter_vma(struct census *c, u64 addr)
{
	if (!c->vma || addr < c->vma->vm_start || addr >= c->vma->vm_end)
		c->vma = vma_lookup(c->m, c->mm, addr);
}

static int count_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	struct census *c = arg;
	u32 pfn = vm_normal_page(*entry), *maps;
	const struct page *folio;

	(void)level;
	if (pfn == PFN_NIL || !page_present(c->m, pfn))
		return 0;
	enter_vma(c, addr);
	if (c->vma && c->vma->vm_flags & VM_HUGETLB)
		return 0;
	folio = pfn_to_page(c->m, pfn);
	c->rss[mm_counter_of(folio)] += (s64)((end - addr) >> PAGE_SHIFT);
	maps = map_count_of(c, pfn + 1);
	if (!maps)
		return -ENOMEM;
	*maps += 1U << BATCH_SHIFT;
	check_leads_back(c, folio, addr, pfn);
	return 0;
}

static int count_entry(void *arg, u64 addr, pte_t *pte)
{
	struct census *c = arg;
	const struct page *page;
	u32 pfn = vm_normal_page(*pte), *maps;

	if (pte_is_swap(*pte)) {
		c->rss[MM_SWAPENTS]++;
		return 0;
	}
	if (!pte_present(*pte) || pfn == PFN_NIL || !page_present(c->m, pfn))
		return 0;
	enter_vma(c, addr);
	page = pfn_to_page(c->m, pfn);
	c->rss[mm_counter_of(page)]++;
	maps = map_count_of(c, pfn);
	if (!maps)
		return -ENOMEM;
	++*maps;
	check_leads_back(c, page, addr, pfn);
	return 0;
}

/* 6.1: what tasks of the mm have not told it yet. */
static void add_rss_of_tasks(const struct census *c, s64 *rss)
{
	for (unsigned int i = 0; c->m->tasks && i < NR_MM_COUNTERS; i++)
		for (const struct task_struct *task = task_next(c->m, 0); task;
		     task = task_next(c->m, task->pid + 1))
			if (task->mm == c->mm)
				rss[i] += task->rss_cache[i];
}

static void count_mm(struct census *c, const struct mm_struct *mm)
{
	static const struct walk_ops count = { .visit = count_entry, .huge = count_huge };
	s64 found[NR_MM_COUNTERS];

	c->mm = mm;
	c->vma = NULL;
	memset(c->rss, 0, sizeof(c->rss));
	if (walk_mapped_range(c->m, mm, 0, ~0ULL, &count, c))
		return;
	memcpy(found, mm->rss_stat, sizeof(found));
	add_rss_of_tasks(c, found);
	for (unsigned int i = 0; i < NR_MM_COUNTERS; i++) {
		c->check->nr_checked++;
		if (found[i] != c->rss[i])
			check_fail(c->check, "T4", "mm %u, counter %u: expected %lld pages, found "
				   "%lld", mm->self, i, (long long)c->rss[i], (long long)found[i]);
	}
}

/* Is the page in the cache of the file that it names? */
static bool page_in_cache(const struct machine *m, const struct page *page, u64 pfn)
{
	const struct inode *inode;

	const struct page *folio = folio_of_const(page);
	u64 found;

	if (folio->refcount <= 0 || page_flag(folio, PG_anon) || page_type(folio) ||
	    !folio->mapping)
		return false;
	inode = inode_of(m, folio->mapping);
	if (!inode)
		return false;
	found = find_page(m, &inode->i_data, page_index(page));
	return found == pfn || found == pfn - (u64)(page - folio);
}

/* R3: an anonymous page names an anon_vma that lives. */
static bool mapping_lives(const struct machine *m, const struct page *page)
{
	return !page_flag(page, PG_anon) ||
	       (page->mapping && object_next(&m->virt->anon_vmas, page->mapping) == page->mapping);
}

static u32 counted_of(const struct census *c, u64 pfn)
{
	const u32 *section = c->maps[pfn >> SECTION_SHIFT];

	return section ? section[pfn & (PAGES_PER_SECTION - 1)] : 0;
}

/* What the pages of a large folio were found to be mapped, in sum and at all. */
struct folio_sums {
	s32 entire, all;
	u32 pages_mapped;
};

static struct folio_sums sum_folio(const struct census *c, u64 head)
{
	u64 nr = folio_nr_pages(pfn_to_page(c->m, head));
	struct folio_sums sums = { .entire = (s32)(counted_of(c, head + 1) >> BATCH_SHIFT) };

	for (u64 pfn = head; pfn < head + nr; pfn++) {
		u32 maps = counted_of(c, pfn) & MAPS_MASK;

		sums.all += (s32)maps;
		sums.pages_mapped += maps != 0;
	}
	sums.all += sums.entire;
	sums.pages_mapped += sums.entire ? ENTIRELY_MAPPED : 0;
	return sums;
}

/* R5: the sums of a large folio; its tails say where it begins, and have no references. */
static void check_folio(const struct census *c, u64 head, const struct folio_sums *sums)
{
	const struct page *folio = pfn_to_page(c->m, head);
	u64 nr = folio_nr_pages(folio);

	for (u64 i = 1; i < nr; i++) {
		c->check->nr_checked++;
		if (!page_is_tail(folio + i) || folio[i].index != i || folio[i].refcount)
			check_fail(c->check, "R5", "page 0x%llx: expected tail %llu of 0x%llx "
				   "without references, found index %u, %d references",
				   (ull)(head + i), (ull)i, (ull)head, folio[i].index,
				   folio[i].refcount);
	}
	c->check->nr_checked++;
	if (folio_entire_mapcount(folio) != sums->entire ||
	    folio_mapcount(folio) != sums->all || folio[1].mapping != sums->pages_mapped)
		check_fail(c->check, "R5", "folio 0x%llx: expected %d entire of %d mappings, 0x%x "
			   "pages mapped, found %d of %d, 0x%x", (ull)head, sums->entire,
			   sums->all, sums->pages_mapped, folio_entire_mapcount(folio),
			   folio_mapcount(folio), folio[1].mapping);
}

static void check_page(const struct census *c, u64 pfn)
{
	const struct machine *m = c->m;
	const struct page *page = pfn_to_page(m, pfn);
	u32 counted = counted_of(c, pfn);
	s32 maps = (s32)(counted & MAPS_MASK), all = maps;
	s32 refs = (s32)(counted >> BATCH_SHIFT) + page_flag(page, PG_reserved);

	if (page_is_tail(page)) {
		maps += folio_entire_mapcount(folio_of_const(page));
		refs = all = 0;
	} else if (folio_is_large(page)) {
		const struct folio_sums sums = sum_folio(c, pfn);

		check_folio(c, pfn, &sums);
		maps += sums.entire;
		all = sums.all;
	}
	refs += all;
	refs += page_flag(page, PG_hwpoison) && !page_flag(page, PG_reserved);
	if (!page_is_tail(page) && (page_in_cache(m, page, pfn) || page_flag(page, PG_swapcache)))
		refs += (s32)folio_nr_pages(page);

	c->check->nr_checked++;
	if (page_mapcount(page) != maps)
		check_fail(c->check, "R1", "page 0x%llx: expected mapcount %d, found %d",
			   (ull)pfn, maps, page_mapcount(page));
	/* What nobody maps, caches or batches may be held by who allocated it. */
	if (page->refcount != refs && (refs || page->mapping))
		check_fail(c->check, "R2", "page 0x%llx: expected %d references, found %d",
			   (ull)pfn, refs, page->refcount);
	/* One that only a batch still holds may outlive its anon_vma. */
	if (all && !mapping_lives(m, page))
		check_fail(c->check, "R3", "page 0x%llx: expected an anon_vma that lives, found %u",
			   (ull)pfn, page->mapping);
	if (maps && !page_flag(folio_of_const(page), PG_anon) && !page_flag(page, PG_reserved) &&
	    !page_in_cache(m, page, pfn))
		check_fail(c->check, "R3", "page 0x%llx: expected in the cache of inode %u at "
			   "0x%llx, found another or none", (ull)pfn, page->mapping,
			   (ull)page_index(page));
	if (page_flag(page, PG_anon_exclusive) && maps > 1)
		check_fail(c->check, "R4", "page 0x%llx: expected one mapping of an exclusive "
			   "page, found %d", (ull)pfn, maps);
}

static void check_pages(const struct census *c)
{
	const struct machine *m = c->m;

	for_each_present_pfn(m, pfn, 0, m->max_pfn)
		if (!page_virgin(m, pfn) && !page_type(pfn_to_page(m, pfn)))
			check_page(c, pfn);
}

/* R6: the zero page is nobody's. */
static void check_zero_page(const struct census *c)
{
	u32 pfn = c->m->virt->zero_pfn;

	c->check->nr_checked++;
	if (page_present(c->m, pfn) && page_mapcount(pfn_to_page(c->m, pfn)))
		check_fail(c->check, "R6", "zero page 0x%x: expected mapcount 0, found %d", pfn,
			   page_mapcount(pfn_to_page(c->m, pfn)));
}

/* Tables of several mms were counted for each. */
static s64 shared_tables_counted(const struct machine *m)
{
	return (s64)m->virt->pgtables->nr_shared * table_counts(m, 1);
}

/* T3 of all: the kernel's own tables are those that were there first. */
static void check_table_pages(const struct census *c)
{
	s64 expected = c->nr_tables - shared_tables_counted(c->m) + kernel_tables_counted(c->m) +
		       c->m->virt->pgtables->nr_kernel_tables;

	c->check->nr_checked++;
	if (nr_page_table_pages(c->m) != expected)
		check_fail(c->check, "T3", "machine: expected nr_page_table_pages %lld, found "
			   "%lld", (long long)expected, (long long)nr_page_table_pages(c->m));
}

void memory_validate(const struct machine *m, struct check *check)
{
	struct census c = { .m = m, .check = check };
	const struct object_pool *mms = &m->virt->mms;

	c.maps = calloc(m->nr_sections, sizeof(*c.maps));
	if (!c.maps)
		return;
	for (u32 handle = object_next(mms, 1); handle; handle = object_next(mms, handle + 1)) {
		const struct mm_struct *mm = object_get(mms, handle);

		pgtable_validate(m, mm, check);
		c.nr_tables += mm_nr_table_pages(m, mm);
		count_mm(&c, mm);
	}
	check_table_pages(&c);
	if (m->lru)
		lru_batched_pages(m, count_batched, &c);
	if (!c.failed) {
		check_pages(&c);
		check_zero_page(&c);
	}
	for (u64 i = 0; i < m->nr_sections; i++)
		free(c.maps[i]);
	free(c.maps);
}
