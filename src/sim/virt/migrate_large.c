// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Large folios move as one. As nobody can look in while their mappings are migration
 * entries, each entry comes to name the new folio at once. If there is no block for a
 * folio, it is split, and its pages move one by one.
 */
#include "sim/virt/migrate.h"

#include "sim/base/bug.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"

struct move {
	struct machine *m;
	u32 src, dst;
	u64 nr;
};

/* The same entry, of another page. */
static pte_t entry_of(pte_t old, u64 pfn)
{
	return (old & ~PTE_PFN_MASK) | PFN_PHYS(pfn);
}

/* What the entry knew is the folio's; the next one is as exclusive as this one. */
static void move_bits(const struct move *move, struct mm_struct *mm, pte_t old, u64 i)
{
	struct page *page = pfn_to_page(move->m, move->src + i);

	if (old & PTE_DIRTY)
		set_page_dirty(move->m, move->dst);
	if (page_flag(page, PG_anon_exclusive))
		page_set_flag(pfn_to_page(move->m, move->dst + i), PG_anon_exclusive);
	page_clear_flag(page, PG_anon_exclusive);
	update_hiwater_rss(mm);
}

static void move_pmd(const struct move *move, struct vm_area_struct *vma, u64 haddr, u64 *pmd)
{
	struct machine *m = move->m;
	u64 old = *pmd;

	move_bits(move, vma->vm_mm, old, 0);
	*pmd = entry_of(old, move->dst);
	flush_tlb_range_stride(m, vma, haddr, haddr + hpage_pmd_size(m), table_shift(m, 1));
	folio_remove_rmap_pmd(m, move->src, vma);
	put_page(m, move->src);
	get_page(m, move->dst);
	folio_dup_rmap_pmd(m, move->dst, vma);
	if ((vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED &&
	    (!rel_folios_are_batched(m->release) ||
	     (rel_locks_whole_folios(m->release) && !page_flag(pfn_to_page(m, move->dst), PG_anon))))
		mlock_page(m, move->dst);
}

static void move_pte(const struct move *move, struct vm_area_struct *vma, u64 addr, pte_t *pte)
{
	struct machine *m = move->m;
	u64 i = pte_pfn(*pte) - move->src;

	move_bits(move, vma->vm_mm, *pte, i);
	*pte = entry_of(*pte, move->dst + i);
	flush_tlb_page(m, vma, addr);
	page_remove_rmap(m, move->src + i, vma);
	put_page(m, move->src);
	get_page(m, move->dst);
	folio_dup_rmap_ptes(m, move->dst + i, 1, vma);
	update_mmu_cache(m, vma, addr, pte);
}

/* The part of a VMA that may map pages of the folio. */
static int move_entries(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	const struct move *move = arg;

	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		unsigned int level;
		u64 *entry = page_vma_mapped(move->m, vma->vm_mm, addr, move->src, move->nr, &level);

		if (!entry)
			continue;
		if (level) {
			move_pmd(move, vma, addr, entry);
			return 0;
		}
		move_pte(move, vma, addr, entry);
	}
	return 0;
}

void move_large_mappings(struct machine *m, u32 src, u32 dst)
{
	const struct page *folio = pfn_to_page(m, src);
	struct move move = { .m = m, .src = src, .dst = dst, .nr = folio_nr_pages(folio) };

	/* What they are of is the new one's already. */
	(void)rmap_walk_folio(m, dst, move_entries, &move);
	BUG_ON(m, folio_mapcount(folio));
}

/* The page of a folio that was split, but for its first: it waits, too, or was freed. */
static void take_tail(struct machine *m, struct migration *migration, u32 pfn)
{
	if (pfn_to_page(m, pfn)->refcount) {
		get_page(m, pfn);
		page_list_add_tail(m, &migration->split, pfn);
		return;
	}
	count_isolated(m, pfn_to_page(m, migration->split_head), -1);
	migration->nr_succeeded++;
}

int split_to_migrate(struct machine *m, struct migration *migration, struct page_list *from,
		     u32 pfn)
{
	u32 nr = (u32)folio_nr_pages(pfn_to_page(m, pfn));
	bool thp = folio_order(pfn_to_page(m, pfn)) == hpage_pmd_order(m);
	int err = split_folio(m, pfn);

	if (err)
		return err;
	migration->split_head = pfn;
	for (u32 i = 1; i < nr; i++)
		take_tail(m, migration, rel_split_adds_ascending(m->release) ? pfn + i :
								       pfn + nr - i);
	page_list_del(m, from, pfn);
	page_list_add_tail(m, &migration->split, pfn);
	migration->folios_failed++;
	count_vm_event(m, THP_MIGRATION_SPLIT, thp);
	count_vm_event(m, THP_MIGRATION_FAIL, thp);
	return 0;
}
