// SPDX-License-Identifier: GPL-2.0-or-later
/* B6 T1 to T3: entries lie in VMAs and allow no more than these; tables are counted. */
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/vma.h"

typedef unsigned long long ull;

struct tables {
	const struct machine *m;
	const struct mm_struct *mm;
	struct check *check;
	struct vm_area_struct *vma;	/* of the last entry */
	u64 nr_counted;		/* tables of pgtables_bytes */
};

static int check_table(void *arg, u64 addr, int level, u64 pfn);

/* A split of each huge page, but for those of files and of hugetlb, finds its table. */
static int check_deposits(struct tables *t, u64 addr, u64 pmd_table)
{
	const u64 *entries = table_entries(t->m, pmd_table);
	unsigned int expected = 0, found = 0;

	for (unsigned int i = 0; i < table_size(t->m, 1); i++) {
		const struct page *page = pfn_to_page(t->m, pte_pfn(entries[i]));

		if (pte_present(entries[i]) && entry_is_huge(entries[i]) &&
		    page_type(page) != PGTY_hugetlb)
			expected += entries[i] & PTE_SPECIAL || page_flag(page, PG_anon);
	}
	for (u32 at = pgtable_first_deposit(t->m, pmd_table); at != PFN_NIL && found <= expected;
	     at = pgtable_next_deposit(t->m, pmd_table, at)) {
		if (check_table(t, addr, 0, at))
			return 1;
		found++;
	}
	t->check->nr_checked++;
	if (found != expected)
		check_fail(t->check, "T3", "mm %u, table 0x%llx of level 1 for 0x%llx: expected "
			   "%u deposited tables, found %u", t->mm->self, (ull)pmd_table, (ull)addr,
			   expected, found);
	return 0;
}

static int check_table(void *arg, u64 addr, int level, u64 pfn)
{
	struct tables *t = arg;
	const struct machine *m = t->m;
	unsigned int top = m->virt->pgtables->top;
	const struct page *page;

	t->check->nr_checked++;
	if (pfn == PFN_NIL && (unsigned int)level == top && t->mm->pgd_object)
		return 0;	/* its pool is checked */
	if (!page_present(m, pfn)) {
		check_fail(t->check, "T3", "mm %u, table of level %d for 0x%llx: expected a "
			   "page of the machine, found pfn 0x%llx", t->mm->self, level,
			   (ull)addr, (ull)pfn);
		return 1;
	}
	page = pfn_to_page(m, pfn);
	if (page_type(page) != PGTY_table || page->refcount != 1 || !page->mapping ||
	    page->mapping > m->virt->pgtables->nr_handles) {
		check_fail(t->check, "T3", "mm %u, table 0x%llx of level %d for 0x%llx: expected "
			   "a table with one reference, found type 0x%x, %d references, array %u",
			   t->mm->self, (ull)pfn, level, (ull)addr, page_type(page),
			   page->refcount, page->mapping);
		return 1;
	}
	t->nr_counted += (unsigned int)level < MIN(top, 3U);
	return level == 1 ? check_deposits(t, addr, pfn) : 0;
}

/* What of an entry's rights its VMA does not give; NULL: nothing. */
static const char *excess_right(const struct tables *t, pte_t pte)
{
	const struct vm_area_struct *vma = t->vma;
	const struct page *page = pfn_to_page(t->m, pte_pfn(pte));

	if (pte_protnone(pte) != !vma_is_accessible(vma))
		return pte_protnone(pte) ? "an accessible entry" : "PROT_NONE";
	if (t->m->arch->entry_bytes == 8 && !(pte & PTE_NX) && !(vma->vm_flags & VM_EXEC))
		return "no right to execute";
	if (!(pte & PTE_RW))
		return NULL;
	if (!(vma->vm_flags & VM_WRITE))
		return "no right to write";
	if (vma->vm_flags & VM_SHARED)
		return NULL;
	if (pte & PTE_SPECIAL || !page_flag(folio_of_const(page), PG_anon) ||
	    !page_flag(page, PG_anon_exclusive))
		return "a page of its own before it writes";
	return NULL;
}

static int check_entry(void *arg, u64 addr, pte_t *pte)
{
	struct tables *t = arg;
	const char *excess;

	t->check->nr_checked++;
	if (!t->vma || addr < t->vma->vm_start || addr >= t->vma->vm_end)
		t->vma = vma_lookup(t->m, t->mm, addr);
	if (!t->vma) {
		check_fail(t->check, "T1", "mm %u, 0x%llx: expected no entry outside of VMAs, "
			   "found 0x%llx", t->mm->self, (ull)addr, (ull)*pte);
		return 0;
	}
	if (!pte_present(*pte)) {
		if (pte_is_hwpoison(*pte) && page_present(t->m, swp_pfn(*pte)) &&
		    page_flag(pfn_to_page(t->m, swp_pfn(*pte)), PG_hwpoison))
			return 0;
		if (!pte_is_marker(*pte) && !pte_is_swap(*pte))
			check_fail(t->check, "T1", "mm %u, 0x%llx: expected a page, a slot, a marker or "
				   "nothing, found 0x%llx", t->mm->self, (ull)addr, (ull)*pte);
		return 0;
	}
	if (!page_present(t->m, pte_pfn(*pte))) {
		check_fail(t->check, "T1", "mm %u, 0x%llx: expected a page of the machine, found "
			   "pfn 0x%llx", t->mm->self, (ull)addr, (ull)pte_pfn(*pte));
		return 0;
	}
	excess = excess_right(t, *pte);
	if (excess)
		check_fail(t->check, "T2", "mm %u, 0x%llx: expected %s, found entry 0x%llx",
			   t->mm->self, (ull)addr, excess, (ull)*pte);
	return 0;
}

static int check_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	struct tables *t = arg;
	u64 pfn = pte_pfn(*entry), mask = table_span(t->m, level) - 1;

	if ((addr | end | PFN_PHYS(pfn)) & mask)
		check_fail(t->check, "T1", "mm %u, 0x%llx: expected an aligned huge page, found "
			   "0x%llx", t->mm->self, (ull)addr, (ull)*entry);
	if (!t->vma || addr < t->vma->vm_start || addr >= t->vma->vm_end)
		t->vma = vma_lookup(t->m, t->mm, addr);
	if (t->vma && end > t->vma->vm_end)
		check_fail(t->check, "T1", "mm %u, 0x%llx: expected a huge page inside its VMA, "
			   "which ends at 0x%llx", t->mm->self, (ull)addr, (ull)t->vma->vm_end);
	/* Rights of hugetlb's pages are its own. */
	return t->vma && t->vma->vm_flags & VM_HUGETLB ? 0 : check_entry(arg, addr, entry);
}

void pgtable_validate(const struct machine *m, const struct mm_struct *mm, struct check *check)
{
	static const struct walk_ops entries = { .visit = check_entry, .huge = check_huge };
	struct tables t = { .m = m, .mm = mm, .check = check };

	check->nr_checked++;
	if (walk_page_tables(m, mm, check_table, &t))
		return;
	if (t.nr_counted * PAGE_SIZE != mm->pgtables_bytes)
		check_fail(check, "T3", "mm %u: expected %llu bytes of page tables, found %llu",
			   mm->self, (ull)(t.nr_counted * PAGE_SIZE), (ull)mm->pgtables_bytes);
	/* The visitor never stops. */
	if (walk_mapped_range(m, mm, 0, ~0ULL, &entries, &t))
		return;
}
