// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All mappings of a file's folio go: what splits it, or puts another in its place, lets
 * faults find out.
 */
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"

struct unmap {
	struct machine *m;
	u32 pfn;
	u64 nr;
};

static void unmap_pte(const struct unmap *u, struct vm_area_struct *vma, u64 addr, pte_t *pte)
{
	struct machine *m = u->m;
	pte_t old = *pte;

	*pte = 0;
	flush_tlb_page(m, vma, addr);
	if (old & PTE_DIRTY)
		set_page_dirty(m, u->pfn);
	update_hiwater_rss(vma->vm_mm);
	add_mm_counter(m, vma->vm_mm, mm_counter_of(pfn_to_page(m, u->pfn)), -1);
	page_remove_rmap(m, pte_pfn(old), vma);
	if (vma->vm_flags & VM_LOCKED)
		mlock_drain_local(m);
	put_page(m, u->pfn);
}

/* The entries of a VMA that map pages of the folio. */
static int unmap_entries(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	const struct unmap *u = arg;
	struct machine *m = u->m;

	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		unsigned int level;
		u64 *entry = page_vma_mapped(m, vma->vm_mm, addr, u->pfn, u->nr, &level);

		if (!entry)
			continue;
		if (level) {
			__split_huge_pmd(m, vma, addr, entry);
			return 0;
		}
		unmap_pte(u, vma, addr, entry);
	}
	return 0;
}

void try_to_unmap_file(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);
	struct unmap u = { .m = m, .pfn = pfn, .nr = folio_nr_pages(folio) };

	if (folio_mapcount(folio))
		(void)rmap_walk_folio(m, pfn, unmap_entries, &u);
}
