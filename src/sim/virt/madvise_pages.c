// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice on pages. Cold pages move to where reclaim looks first; paging out takes what
 * needs no place to go to; free pages lose their contents once somebody wants the
 * memory and nobody wrote again. Guards are entries without a page that no access
 * gets over.
 */
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/madvise.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/swap_out.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/rmap.h"

/* So many are visited in the time that memory takes to come. */
#define ENTRIES_AHEAD 16

/* The page behind an entry, if it is mapped and counted; PFN_NIL. */
static u32 entry_page(pte_t pte)
{
	return pte_present(pte) && !(pte & PTE_SPECIAL) ? (u32)pte_pfn(pte) : PFN_NIL;
}

/* The descriptor of a page that comes soon is on its way meanwhile. */
static void prefetch_entry_page(const struct advise *a, u64 addr, const pte_t *pte)
{
	const u64 ahead = ENTRIES_AHEAD << PAGE_SHIFT;
	u32 pfn = addr + ahead < pmd_addr_end(a->m, addr, a->end) ?
			  entry_page(pte[ENTRIES_AHEAD]) : PFN_NIL;

	if (pfn != PFN_NIL)
		__builtin_prefetch(pfn_to_page(a->m, pfn), /* for writing = */ 1);
}

static void walk_pages(struct advise *a, pte_visit visit)
{
	/* None of the visitors stops. */
	if (walk_page_range(a->m, a->vma->vm_mm, a->start, a->end, visit, a))
		return;
}

/* The same, with what the visitors make less of gathered for a flush. */
static void walk_pages_and_flush(struct advise *a, pte_visit visit, huge_visit huge)
{
	const struct walk_ops ops = { .visit = visit, .huge = huge };
	struct mmu_gather tlb;

	tlb_gather_mmu(a->m, &tlb, a->vma->vm_mm);
	tlb_start_vma(&tlb, a->vma);
	a->tlb = &tlb;
	/* None of the visitors stops. */
	if (!walk_mapped_range(a->m, a->vma->vm_mm, a->start, a->end, &ops, a))
		tlb_end_vma(&tlb, a->vma);
	tlb_finish_mmu(&tlb);
}

static bool lru_advice_fits(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB));
}

/* Do others map it? 6.1 counts how often one page is mapped: never is not once. */
static bool seems_shared(const struct advise *a, u32 pfn)
{
	const struct page *folio = pfn_folio(a->m, pfn);

	if (rel_folios_are_batched(a->m->release))
		return folio_maybe_mapped_shared(folio);
	return page_mapcount(a->asks_head ? folio : pfn_to_page(a->m, pfn)) != 1;
}

/* The folio of a page, which this mm has alone as far as anybody knows, is split. */
static bool split_lone_folio(struct advise *a, u32 pfn)
{
	int err;

	if (seems_shared(a, pfn))
		return false;
	get_page(a->m, pfn);
	err = split_folio(a->m, pfn);
	put_page(a->m, pfn);
	return !err;
}

/*
 * How many entries from this one on get the advice as one: those of a folio that the
 * range has whole. What it has in part is split first. 0: this one is left alone, and
 * so are the folio's others; on 6.1, all behind it in the table.
 */
static u64 take_entries(struct advise *a, u64 addr, const pte_t *pte)
{
	u32 pfn = entry_page(*pte);
	const struct page *folio;
	u64 nr;

	if (pfn == PFN_NIL || addr < a->done)
		return 0;
	prefetch_entry_page(a, addr, pte);
	folio = pfn_folio(a->m, pfn);
	if (likely(!folio_is_large(folio)))
		return 1;
	nr = folio_pte_batch(a->m, pte, (pmd_addr_end(a->m, addr, a->end) - addr) >> PAGE_SHIFT);
	if (nr == folio_nr_pages(folio) && rel_folios_are_batched(a->m->release)) {
		a->done = addr + (nr << PAGE_SHIFT);
		return nr;
	}
	if (split_lone_folio(a, pfn))
		return entry_page(*pte) != PFN_NIL;
	a->done = rel_folios_are_batched(a->m->release) ? addr + (nr << PAGE_SHIFT) :
							  pmd_addr_end(a->m, addr, a->end);
	return 0;
}

/* Entries lose bits that they had. */
static void clear_bits(struct advise *a, u64 addr, pte_t *pte, u64 nr, u64 bits)
{
	for (u64 i = 0; i < nr; i++) {
		if (pte[i] & bits)
			tlb_remove_tlb_entry(a->tlb, addr + (i << PAGE_SHIFT));
		pte[i] &= ~bits;
	}
}

/* A folio that these entries alone map and that is on a list; or NULL. */
static struct page *lone_folio(const struct machine *m, pte_t pte, u64 nr)
{
	struct page *folio = nr ? pfn_folio(m, pte_pfn(pte)) : NULL;

	return folio && page_flag(folio, PG_lru) && folio_mapcount(folio) == (s32)nr ? folio :
										       NULL;
}

static void cold_folio(struct advise *a, struct page *folio, u64 pfn)
{
	page_clear_flag(folio, PG_referenced);
	if (page_flag(folio, PG_active) && rel_cold_is_workingset(a->m->release))
		page_set_flag(folio, PG_workingset);
	deactivate_page(a->m, pfn);
}

static int cold_page(void *arg, u64 addr, pte_t *pte)
{
	struct advise *a = arg;
	u64 nr = take_entries(a, addr, pte);
	struct page *folio = lone_folio(a->m, *pte, nr);

	if (!folio)
		return 0;
	clear_bits(a, addr, pte, nr, PTE_ACCESSED);
	cold_folio(a, folio, pte_pfn(*pte));
	return 0;
}

/*
 * A huge page that this mm has alone: the folio, if the range has it whole; NULL: it is
 * left alone, or was split, and the walk goes on with its pages.
 */
static struct page *take_huge(struct advise *a, u64 addr, u64 end, u64 entry)
{
	struct page *folio = pfn_to_page(a->m, pte_pfn(entry));

	if (entry & PTE_SPECIAL || folio_maybe_mapped_shared(folio))
		return NULL;
	if (end - addr == table_span(a->m, 1))
		return folio;
	if (split_lone_folio(a, (u32)pte_pfn(entry)))
		a->done = 0;
	return NULL;
}

static void clear_huge_bits(struct advise *a, u64 addr, u64 *entry, u64 bits)
{
	if (*entry & bits)
		tlb_remove_pmd_tlb_entry(a->tlb, addr);
	*entry &= ~bits;
}

static int cold_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	struct advise *a = arg;
	struct page *folio = take_huge(a, addr, end, *entry);

	(void)level;
	if (!folio)
		return 0;
	clear_huge_bits(a, addr, entry, PTE_ACCESSED);
	cold_folio(a, folio, pte_pfn(*entry));
	return 0;
}

int madvise_cold(struct advise *a)
{
	if (!lru_advice_fits(a->vma))
		return -EINVAL;
	lru_add_drain(a->m);
	walk_pages_and_flush(a, cold_page, cold_huge);
	return 0;
}

/* May this task know, and so change, which pages of the file are cached? */
static bool pageout_is_anon_only(const struct advise *a)
{
	return !vma_is_anonymous(a->vma) && !may_write_mapped_file(a->task, a->vma);
}

/* What was collected goes out, as reclaim would do it: all of a leaf table's at once. */
static void reclaim_collected(struct advise *a)
{
	if (a->reclaim.first != PFN_NIL && a->m->pressure)
		a->m->pressure->reclaim_pages(a->m, &a->reclaim);
}

static void collect(struct advise *a, u64 addr, struct page *folio)
{
	u32 pfn = (u32)page_to_pfn(a->m, folio);

	page_clear_flag(folio, PG_referenced);
	if (addr >= a->reclaim_end) {
		reclaim_collected(a);
		a->reclaim_end = pmd_addr_end(a->m, addr, a->end);
	}
	if (!page_flag(folio, PG_unevictable) && lru_isolate(a->m, pfn))
		page_list_add_head(a->m, &a->reclaim, pfn);
}

static int pageout_page(void *arg, u64 addr, pte_t *pte)
{
	struct advise *a = arg;
	u64 nr = take_entries(a, addr, pte);
	struct page *folio = lone_folio(a->m, *pte, nr);

	if (!folio || (pageout_is_anon_only(a) && !page_flag(folio, PG_anon)))
		return 0;
	if (!rel_pageout_keeps_young(a->m->release))
		clear_bits(a, addr, pte, nr, PTE_ACCESSED);
	collect(a, addr, folio);
	return 0;
}

static int pageout_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	struct advise *a = arg;
	struct page *folio = take_huge(a, addr, end, *entry);

	(void)level;
	if (!folio || (pageout_is_anon_only(a) && !page_flag(folio, PG_anon)))
		return 0;
	if (!rel_pageout_keeps_young(a->m->release))
		clear_huge_bits(a, addr, entry, PTE_ACCESSED);
	collect(a, addr, folio);
	return 0;
}

int madvise_pageout(struct advise *a)
{
	if (!lru_advice_fits(a->vma))
		return -EINVAL;
	if (pageout_is_anon_only(a) && (a->vma->vm_flags & VM_MAYSHARE ||
					!rel_pageout_takes_copies(a->m->release)))
		return 0;
	lru_add_drain(a->m);
	a->reclaim = (struct page_list)PAGE_LIST_INIT;
	a->reclaim_end = 0;
	walk_pages_and_flush(a, pageout_page, pageout_huge);
	reclaim_collected(a);
	return 0;
}

/* What is out needs not come back. */
static void free_slot(const struct advise *a, pte_t *pte)
{
	swp_entry_t entry = pte_to_swp_entry(*pte);

	*pte = 0;
	add_mm_counter(a->m, a->vma->vm_mm, MM_SWAPENTS, -1);
	free_swap_and_cache(a->m, entry);
}

static int free_page_lazily(void *arg, u64 addr, pte_t *pte)
{
	struct advise *a = arg;
	u64 nr = take_entries(a, addr, pte);
	struct page *folio;

	if (unlikely(pte_is_swap(*pte)))
		free_slot(a, pte);
	else if (unlikely(pte_is_hwpoison(*pte) || pte_is_poison(*pte)))
		*pte = 0;
	if (!nr)
		return 0;
	folio = pfn_folio(a->m, pte_pfn(*pte));
	if (page_flag(folio, PG_dirty) || page_flag(folio, PG_swapcache)) {
		if (folio_mapcount(folio) != (s32)nr ||
		    (page_flag(folio, PG_swapcache) &&
		     !folio_free_swap(a->m, (u32)pte_pfn(*pte))))
			return 0;
		page_clear_flag(folio, PG_dirty);
	}
	clear_bits(a, addr, pte, nr, PTE_ACCESSED | PTE_DIRTY);
	mark_page_lazyfree(a->m, pte_pfn(*pte));
	return 0;
}

static int free_huge_lazily(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	struct advise *a = arg;
	struct page *folio = take_huge(a, addr, end, *entry);

	(void)level;
	if (!folio)
		return 0;
	page_clear_flag(folio, PG_dirty);
	clear_huge_bits(a, addr, entry, PTE_ACCESSED | PTE_DIRTY);
	mark_page_lazyfree(a->m, pte_pfn(*entry));
	return 0;
}

int madvise_free(struct advise *a)
{
	int err;

	if (a->vma->vm_flags & (VM_PFNMAP | VM_LOCKED) || !vma_is_anonymous(a->vma))
		return -EINVAL;
	err = userfaultfd_remove(a->m, a->vma, a->start, a->end);
	if (err)
		return err;
	lru_add_drain(a->m);
	update_hiwater_rss(a->vma->vm_mm);
	a->asks_head = true;
	walk_pages_and_flush(a, free_page_lazily, free_huge_lazily);
	return 0;
}

/* 0: guards from start to end. 1: there is a page in the way. -ENOMEM, -ENOBUFS. */
static int install_guards(struct advise *a)
{
	pte_t *pte;
	int err;

	for (u64 addr = a->start; addr < a->end; addr += PAGE_SIZE) {
		unsigned int level = 0;

		/* A huge page is in the way as a small one is. */
		if (leaf_entry(a->m, a->vma->vm_mm, addr, &level) && level)
			return 1;
		err = pte_alloc_map(a->m, a->vma->vm_mm, addr, &pte);
		if (err)
			return err;
		if (pte_none(*pte))
			*pte = PTE_GUARD;
		else if (!pte_is_guard(*pte))
			return 1;
	}
	return 0;
}

/* A fork has to copy the entries: it does with an anon_vma, or by the flag. */
static int prepare_guards(struct advise *a)
{
	if (machine_config_bool(a->m->config, "MAYBE_GUARD")) {
		a->vma->vm_flags |= VM_MAYBE_GUARD;
		if (!vma_is_anonymous(a->vma))
			return 0;
	}
	return anon_vma_prepare(a->m, a->vma);
}

int madvise_guard_install(struct advise *a)
{
	int err;

	if (a->vma->vm_flags & (VM_SPECIAL | VM_HUGETLB | VM_LOCKED))
		return -EINVAL;
	err = prepare_guards(a);
	if (!err)
		err = install_guards(a);
	if (err <= 0)
		return err;
	zap_page_range(a->m, a->vma, a->start, a->end, /* even_cows = */ true);
	return install_guards(a);
}

static int remove_guard(void *arg, u64 addr, pte_t *pte)
{
	(void)arg;
	(void)addr;
	if (pte_is_guard(*pte))
		*pte = 0;
	return 0;
}

int madvise_guard_remove(struct advise *a)
{
	if (a->vma->vm_flags & (VM_SPECIAL | VM_HUGETLB))
		return -EINVAL;
	walk_pages(a, remove_guard);
	return 0;
}
