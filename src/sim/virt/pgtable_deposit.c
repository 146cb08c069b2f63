// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leaf tables that wait beside a table of level 1 for a huge page of it to be split. Its
 * descriptor names the newest (private_); they link each other in a ring. The newest is
 * given first, then the one that is the oldest, as the kernel does it.
 */
#include "sim/base/bug.h"
#include "sim/virt/pgtable.h"

/* The descriptor of the table of level 1 that serves addr. */
static struct page *pmd_table_of(const struct machine *m, const struct mm_struct *mm, u64 addr)
{
	const u64 *entry;

	if (m->virt->pgtables->top == 1)
		return pfn_to_page(m, mm->pgd_pfn);
	entry = table_entry(m, mm, addr, 2);
	BUG_ON(m, !entry || !*entry);
	return pfn_to_page(m, pte_pfn(*entry));
}

void pgtable_deposit(struct machine *m, struct mm_struct *mm, u64 addr, u32 pfn)
{
	struct page *pmd = pmd_table_of(m, mm, addr), *page = pfn_to_page(m, pfn);

	if (!pmd->private_) {
		page->prev = page->next = pfn;
	} else {
		struct page *newest = pfn_to_page(m, pmd->private_);

		page->prev = pmd->private_;
		page->next = newest->next;
		pfn_to_page(m, newest->next)->prev = pfn;
		newest->next = pfn;
	}
	pmd->private_ = pfn;
}

u32 pgtable_withdraw(struct machine *m, struct mm_struct *mm, u64 addr)
{
	struct page *pmd = pmd_table_of(m, mm, addr);
	u32 pfn = pmd->private_;
	struct page *page;

	BUG_ON(m, !pfn);
	page = pfn_to_page(m, pfn);
	pmd->private_ = page->next == pfn ? 0 : page->next;
	pfn_to_page(m, page->next)->prev = page->prev;
	pfn_to_page(m, page->prev)->next = page->next;
	return pfn;
}

u32 pgtable_first_deposit(const struct machine *m, u64 pmd_table)
{
	u32 pfn = pfn_to_page(m, pmd_table)->private_;

	return pfn ? pfn : PFN_NIL;
}

u32 pgtable_next_deposit(const struct machine *m, u64 pmd_table, u32 pfn)
{
	u32 next = pfn_to_page(m, pfn)->next;

	return next == pfn_to_page(m, pmd_table)->private_ ? PFN_NIL : next;
}
