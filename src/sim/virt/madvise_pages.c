// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice on pages. Cold pages move to where reclaim looks first; paging out takes what
 * needs no place to go to; free pages lose their contents once somebody wants the
 * memory and nobody wrote again. Guards are entries without a page that no access
 * gets over.
 */
#include "sim/phys/lru.h"
#include "sim/virt/file.h"
#include "sim/virt/madvise.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"

/* The page behind an entry, if it is mapped and counted; PFN_NIL. */
static u32 entry_page(pte_t pte)
{
	return pte_present(pte) && !(pte & PTE_SPECIAL) ? (u32)pte_pfn(pte) : PFN_NIL;
}

static void walk_pages(struct advise *a, pte_visit visit)
{
	/* None of the visitors stops. */
	if (walk_page_range(a->m, a->vma->vm_mm, a->start, a->end, visit, a))
		return;
}

/* The same, with what the visitor makes less of gathered for a flush. */
static void walk_pages_and_flush(struct advise *a, pte_visit visit)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(a->m, &tlb, a->vma->vm_mm);
	tlb_start_vma(&tlb, a->vma);
	a->tlb = &tlb;
	walk_pages(a, visit);
	tlb_end_vma(&tlb, a->vma);
	tlb_finish_mmu(&tlb);
}

static bool lru_advice_fits(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB));
}

/* A page that this mapping alone uses and that is on a list: its descriptor, or NULL. */
static struct page *lone_page(const struct machine *m, pte_t pte)
{
	u32 pfn = entry_page(pte);
	struct page *page = pfn == PFN_NIL ? NULL : pfn_to_page(m, pfn);

	return page && page_flag(page, PG_lru) && page_mapcount(page) == 1 ? page : NULL;
}

static int cold_page(void *arg, u64 addr, pte_t *pte)
{
	struct advise *a = arg;
	struct page *page = lone_page(a->m, *pte);

	if (!page)
		return 0;
	if (*pte & PTE_ACCESSED)
		tlb_remove_tlb_entry(a->tlb, addr);
	*pte &= ~PTE_ACCESSED;
	page_clear_flag(page, PG_referenced);
	if (page_flag(page, PG_active) && rel_cold_is_workingset(a->m->release))
		page_set_flag(page, PG_workingset);
	deactivate_page(a->m, pte_pfn(*pte));
	return 0;
}

int madvise_cold(struct advise *a)
{
	if (!lru_advice_fits(a->vma))
		return -EINVAL;
	lru_add_drain(a->m);
	walk_pages_and_flush(a, cold_page);
	return 0;
}

/* Can the page go without being written? */
static bool page_is_disposable(const struct page *page, pte_t pte)
{
	if (pte & PTE_DIRTY || page_flag(page, PG_dirty) || page_flag(page, PG_unevictable))
		return false;
	return !page_flag(page, PG_swapbacked);
}

static void dispose_of_page(struct advise *a, u64 addr, u32 pfn)
{
	struct page *page = pfn_to_page(a->m, pfn);
	bool anon = page_flag(page, PG_anon);
	struct address_space *mapping =
		anon ? NULL : &inode_of(a->m, page->mapping)->i_data;
	u64 pgoff = page_index(page);

	if (anon)
		a->m->event[PGLAZYFREED]++;
	zap_page_range(a->m, a->vma, addr, addr + PAGE_SIZE, /* even_cows = */ true);
	if (mapping && page->refcount == 1)
		filemap_remove_page(a->m, mapping, pgoff);
}

/* May this task know, and so change, which pages of the file are cached? */
static bool pageout_is_anon_only(const struct advise *a)
{
	return !vma_is_anonymous(a->vma) && !may_write_mapped_file(a->task, a->vma);
}

static int pageout_page(void *arg, u64 addr, pte_t *pte)
{
	struct advise *a = arg;
	struct page *page = lone_page(a->m, *pte);
	u32 pfn = entry_page(*pte);

	if (!page || (pageout_is_anon_only(a) && !page_flag(page, PG_anon)))
		return 0;
	if (!rel_pageout_keeps_young(a->m->release)) {
		if (*pte & PTE_ACCESSED)
			tlb_remove_tlb_entry(a->tlb, addr);
		*pte &= ~PTE_ACCESSED;
	}
	page_clear_flag(page, PG_referenced);
	if (page_is_disposable(page, *pte))
		dispose_of_page(a, addr, pfn);
	else if (!page_flag(page, PG_unevictable))
		activate_page(a->m, pfn);	/* no place to go to: it stays */
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
	walk_pages_and_flush(a, pageout_page);
	return 0;
}

static int free_page_lazily(void *arg, u64 addr, pte_t *pte)
{
	struct advise *a = arg;
	u32 pfn = entry_page(*pte);
	struct page *page;

	if (pfn == PFN_NIL)
		return 0;
	page = pfn_to_page(a->m, pfn);
	if (page_flag(page, PG_dirty)) {
		if (page_mapcount(page) != 1)
			return 0;
		page_clear_flag(page, PG_dirty);
	}
	if (*pte & (PTE_ACCESSED | PTE_DIRTY))
		tlb_remove_tlb_entry(a->tlb, addr);
	*pte &= ~(PTE_ACCESSED | PTE_DIRTY);
	mark_page_lazyfree(a->m, pfn);
	return 0;
}

int madvise_free(struct advise *a)
{
	if (a->vma->vm_flags & (VM_PFNMAP | VM_LOCKED) || !vma_is_anonymous(a->vma))
		return -EINVAL;
	lru_add_drain(a->m);
	update_hiwater_rss(a->vma->vm_mm);
	walk_pages_and_flush(a, free_page_lazily);
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
