// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each finds folios its own way (all page frames, a task's addresses, a file's offsets)
 * and splits those that nobody but their mappings and their cache has a reference of.
 */
#include "sim/virt/split_debug.h"

#include "sim/phys/lru.h"
#include "sim/phys/section.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/task.h"
#include "sim/virt/vma.h"

static bool is_large_user_folio(const struct page *page)
{
	return folio_is_large(page) && page->refcount > 0 && !page_type(page);
}

static const struct split_into into_pages = { .order = 0, .at = -1 };

/* The folio of the page, of which the reference is after a split by order. */
static void split_one(struct machine *m, u64 pfn, const struct split_into *into,
		      struct split_count *count)
{
	u64 head = folio_pfn(m, pfn);
	int err;

	if (into->at >= 0 && (u64)into->at < folio_nr_pages(pfn_to_page(m, head))) {
		get_page(m, head);
		err = folio_split(m, head + (u64)into->at, into->order);
		put_page(m, head);
	} else {
		get_page(m, pfn);
		err = split_huge_page_to_order(m, pfn, into->order);
		put_page(m, pfn);
	}
	count->split += !err;
}

static void split_zone(struct machine *m, const struct zone *zone, struct split_count *count)
{
	for_each_present_pfn(m, pfn, zone->start_pfn, zone->start_pfn + zone->spanned_pages) {
		const struct page *page = pfn_to_page(m, pfn);
		u64 nr;

		if (page_zone(m, page) != zone || page_is_tail(page) ||
		    !is_large_user_folio(page) || !page_flag(page, PG_lru))
			continue;
		count->total++;
		nr = folio_nr_pages(page);
		split_one(m, pfn, &into_pages, count);
		pfn += nr - 1;
	}
}

void split_huge_pages_all(struct machine *m, struct split_count *count)
{
	*count = (struct split_count){ 0 };
	for (unsigned int i = 0; i < m->nr_zones; i++)
		if (zone_managed(m->zones[i]))
			split_zone(m, m->zones[i], count);
}

/* References beside those of mappings and of the cache keep it whole. */
static bool can_split(const struct page *folio)
{
	u64 cached = page_flag(folio, PG_anon) ? 0 : folio_nr_pages(folio);

	return folio_mapcount(folio) + (s64)cached == folio->refcount;
}

static void split_address(struct machine *m, const struct mm_struct *mm, u64 addr,
			  const struct split_into *into, struct split_count *count)
{
	u32 pfn = follow_page(m, mm, addr);
	const struct page *folio;

	if (pfn == PFN_NIL || !page_present(m, pfn))
		return;
	folio = pfn_folio(m, pfn);
	if (!is_large_user_folio(folio) || into->order >= folio_order(folio) ||
	    is_huge_zero_pfn(m, folio_pfn(m, pfn)))
		return;
	count->total++;
	if (!can_split(folio))
		return;
	/* 6.18 keeps its reference of the folio, so of the first page that it becomes. */
	split_one(m, rel_has_thp_sizes(m->release) ? folio_pfn(m, pfn) : pfn, into, count);
}

static bool vma_not_suitable(const struct vm_area_struct *vma)
{
	return (vma->vm_file && vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)) ||
	       vma->vm_flags & (VM_IO | VM_HUGETLB);
}

int split_huge_pages_pid(struct machine *m, u32 pid, u64 start, u64 end,
			 const struct split_into *into, struct split_count *count)
{
	const struct task_struct *task = task_find(m, pid);

	*count = (struct split_count){ 0 };
	if (!task)
		return -ESRCH;
	if (!task->mm)
		return -EINVAL;
	start = ALIGN_DOWN(start, PAGE_SIZE);
	end = ALIGN_DOWN(end, PAGE_SIZE);
	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		const struct vm_area_struct *vma = vma_lookup(m, task->mm, addr);

		if (!vma)
			break;
		/* As the kernel has it: a page more is passed over. */
		if (vma_not_suitable(vma))
			addr = vma->vm_end;
		else
			split_address(m, task->mm, addr, into, count);
	}
	return 0;
}

int split_huge_pages_in_file(struct machine *m, const char *path, u64 first, u64 end,
			     const struct split_into *into, struct split_count *count)
{
	const struct inode *inode = inode_find(m, path);
	u64 nr;

	*count = (struct split_count){ 0 };
	if (!inode)
		return -ENOENT;
	for (u64 index = first; index < end; index += nr) {
		u32 pfn = find_page(m, &inode->i_data, index);
		const struct page *folio;

		nr = 1;
		if (pfn == PFN_NIL)
			continue;
		folio = pfn_folio(m, pfn);
		if (!folio_is_large(folio) || into->order >= folio_order(folio))
			continue;
		count->total++;
		nr = folio_nr_pages(folio);
		split_one(m, folio_pfn(m, pfn), into, count);
	}
	return 0;
}
