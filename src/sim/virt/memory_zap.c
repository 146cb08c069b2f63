// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is unmapped leaves its entries: pages lose a mapping and a reference, what the
 * entries knew (dirty, accessed) goes to the pages of files. Whole VMAs give back
 * their tables as well. What went is gathered for one flush of the TLBs.
 */
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/userfaultfd.h"

struct zap {
	struct machine *m;
	struct mmu_gather *tlb;
	struct vm_area_struct *vma;
	bool even_cows;		/* anonymous pages too */
	bool drop_markers;	/* guards too */
	bool reclaim_pt;	/* and leaf tables of which nothing is left */
};

/* The accessed bit is the page's from now on. */
static void page_was_accessed(struct machine *m, const struct vm_area_struct *vma, u32 pfn)
{
	bool recency = rel_random_has_no_recency(m->release) ? vma_has_recency(vma) :
							       !(vma->vm_flags & VM_SEQ_READ);

	if (recency && !page_flag(pfn_to_page(m, pfn), PG_reserved))
		mark_page_accessed(m, pfn);
}

/* Of one leaf table. */
struct zap_sum {
	struct rss_vec rss;
	bool force_flush;
	bool any_skipped;	/* entries that stay */
};

u64 folio_pte_batch(const struct machine *m, const pte_t *pte, u64 nr)
{
	const u64 ignored = PTE_ACCESSED | PTE_DIRTY | PTE_SOFT_DIRTY | PTE_RW;
	const struct page *page = pfn_to_page(m, pte_pfn(*pte)), *folio = folio_of_const(page);
	u64 left = folio_nr_pages(folio) - (u64)(page - folio), i;

	for (i = 1; i < MIN(nr, left); i++)
		if ((pte[i] ^ (*pte + PFN_PHYS(i))) & ~ignored)
			break;
	return i;
}

/* Entries from *pte on that map pages of one folio, anonymous ones at that: how many. */
static __noinline u64 zap_folio_entries(const struct zap *z, u64 addr, pte_t *pte, u64 nr,
					struct zap_sum *sum)
{
	struct machine *m = z->m;
	u32 pfn = (u32)pte_pfn(*pte);
	u64 n = rel_folios_are_batched(m->release) ? folio_pte_batch(m, pte, nr) : 1;

	for (u64 i = 0; i < n; i++) {
		pte[i] = 0;
		tlb_remove_tlb_entry(z->tlb, addr + (i << PAGE_SHIFT));
	}
	sum->rss.n[MM_ANONPAGES] -= (s64)n;
	folio_remove_rmap_ptes(m, pfn, n, z->vma);
	for (u64 i = 0; i < n; i++)
		tlb_remove_page(z->tlb, (u32)folio_pfn(m, pfn));
	return n;
}

/* A marker: may it stay? */
static bool keeps_marker(const struct zap *z, pte_t entry)
{
	if (pte_is_poison(entry) || pte_is_hwpoison(entry))
		return !z->even_cows;
	return !z->drop_markers && !(pte_is_uffd_marker(entry) && vma_is_anonymous(z->vma));
}

/* What is left of an entry: of a file's that was marked, the mark. */
static inline void zap_install_uffd_wp_if_needed(const struct zap *z, pte_t old, pte_t *pte,
						 struct zap_sum *sum)
{
	*pte = 0;
	if (likely(!(old & PTE_UFFD_WP)) || z->drop_markers || vma_is_anonymous(z->vma) ||
	    !userfaultfd_wp(z->vma))
		return;
	*pte = PTE_UFFD_MARKER;
	sum->any_skipped = true;
}

/* An anonymous page, small: most of all entries. */
static inline void zap_single_anon(const struct zap *z, u64 addr, pte_t *pte,
				   struct zap_sum *sum)
{
	u32 pfn = (u32)pte_pfn(*pte);

	zap_install_uffd_wp_if_needed(z, *pte, pte, sum);
	tlb_remove_tlb_entry(z->tlb, addr);
	sum->rss.n[MM_ANONPAGES]--;
	page_remove_rmap(z->m, pfn, z->vma);
	tlb_remove_page(z->tlb, pfn);
}

/*
 * Entries from *pte on that map pages of a file's folio, which learns what they knew: was one
 * of them accessed, the folio was once. How many they are.
 */
static u64 zap_file_entries(const struct zap *z, u64 addr, pte_t *pte, u64 nr, struct zap_sum *sum)
{
	struct machine *m = z->m;
	u32 pfn = (u32)pte_pfn(*pte);
	const struct page *page = pfn_to_page(m, pfn);
	u64 n = 1;
	pte_t bits = 0;

	if (!page_is_single(page) && rel_folios_are_batched(m->release))
		n = folio_pte_batch(m, pte, nr);
	for (u64 i = 0; i < n; i++) {
		bits |= pte[i];
		zap_install_uffd_wp_if_needed(z, pte[i], &pte[i], sum);
		tlb_remove_tlb_entry(z->tlb, addr + (i << PAGE_SHIFT));
	}
	if (bits & PTE_DIRTY)
		set_page_dirty(m, pfn);
	if (bits & PTE_ACCESSED)
		page_was_accessed(m, z->vma, pfn);
	/* Nobody may write to it any more once it is known to be dirty. */
	sum->force_flush |= bits & PTE_DIRTY;
	sum->rss.n[mm_counter_of(page)] -= (s64)n;
	folio_remove_rmap_ptes(m, pfn, n, z->vma);
	for (u64 i = 0; i < n; i++)
		tlb_remove_page(z->tlb, (u32)folio_pfn(m, pfn));
	return n;
}

/* A slot of swap: private memory, of which holes in its file leave copies. */
static void zap_swap_entry(const struct zap *z, pte_t *pte, struct zap_sum *sum)
{
	swp_entry_t entry = pte_to_swp_entry(*pte);

	if (!z->even_cows) {
		sum->any_skipped = true;
		return;
	}
	zap_install_uffd_wp_if_needed(z, *pte, pte, sum);
	sum->rss.n[MM_SWAPENTS]--;
	free_swap_and_cache(z->m, entry);
}

/*
 * The entry goes, and with it the mapping of its page; or it stays. Of how many that
 * was decided, from this one on.
 */
static inline u64 zap_entry(const struct zap *z, u64 addr, pte_t *pte, u64 nr,
			    struct zap_sum *sum)
{
	pte_t entry = *pte;
	const struct page *page;

	if (unlikely(!pte_present(entry))) {
		if (pte_is_swap(entry))
			zap_swap_entry(z, pte, sum);
		else if (!keeps_marker(z, entry))
			*pte = 0;
		else
			sum->any_skipped = true;
		return 1;
	}
	if (vm_normal_page(entry) == PFN_NIL) {
		zap_install_uffd_wp_if_needed(z, entry, pte, sum);
		tlb_remove_tlb_entry(z->tlb, addr);
		return 1;
	}
	page = pfn_to_page(z->m, pte_pfn(entry));
	if (!page_flag(folio_of_const(page), PG_anon))
		return zap_file_entries(z, addr, pte, nr, sum);
	if (!z->even_cows)
		return 1;
	else if (likely(page_is_single(page)))
		zap_single_anon(z, addr, pte, sum);
	else
		return zap_folio_entries(z, addr, pte, nr, sum);
	return 1;
}

static void free_leaf_table(const struct zap *z, u64 addr)
{
	u64 *pmd = table_entry(z->m, z->vma->vm_mm, addr, 1);
	u64 pfn = pte_pfn(*pmd);

	*pmd = 0;
	tlb_remove_table(z->tlb, addr, 0);
	table_free(z->m, z->vma->vm_mm, pfn, 0);
}

static int zap_leaf(void *arg, u64 addr, u64 end, pte_t *pte)
{
	const struct zap *z = arg;
	struct zap_sum sum = { .force_flush = false };
	u64 nr = (end - addr) >> PAGE_SHIFT;

	for (u64 i = 0; i < nr;) {
		if (pte[i])
			i += zap_entry(z, addr + (i << PAGE_SHIFT), &pte[i], nr - i, &sum);
		else
			i += ptes_none(&pte[i], nr - i);
	}
	add_mm_rss_vec(z->m, z->vma->vm_mm, &sum.rss);
	if (z->reclaim_pt && end - addr == table_span(z->m, 1) && !sum.any_skipped)
		free_leaf_table(z, addr);
	if (unlikely(sum.force_flush))
		tlb_flush_mmu(z->tlb);
	return 0;
}

/* All of a huge page goes, or it is split first. */
static int zap_huge(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry)
{
	const struct zap *z = arg;

	if (z->vma->vm_flags & VM_HUGETLB)
		return 0;
	if (end - addr != table_span(z->m, level))
		__split_huge_pmd(z->m, z->vma, addr, entry);
	else
		zap_huge_pmd(z->tlb, z->vma, addr, entry);
	return 0;
}

static void zap_range(struct zap *z, u64 start, u64 end)
{
	static const struct walk_ops ops = { .leaf = zap_leaf, .huge = zap_huge };

	if (unlikely(is_vm_hugetlb_page(z->vma))) {
		unmap_hugepage_range(z->tlb, z->vma, start, end, PFN_NIL, z->drop_markers);
		return;
	}
	tlb_start_vma(z->tlb, z->vma);
	/* It never stops. */
	if (!walk_mapped_range(z->m, z->vma->vm_mm, start, end, &ops, z))
		tlb_end_vma(z->tlb, z->vma);
}

static void zap_single_range(struct zap *z, u64 start, u64 end)
{
	struct mmu_gather tlb;

	z->tlb = &tlb;
	if (rel_zap_drains_lru(z->m->release))
		lru_add_drain(z->m);
	tlb_gather_mmu(z->m, &tlb, z->vma->vm_mm);
	update_hiwater_rss(z->vma->vm_mm);
	zap_range(z, start, end);
	tlb_finish_mmu(&tlb);
}

void zap_page_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
		    bool even_cows)
{
	struct zap z = { .m = m, .vma = vma, .even_cows = even_cows };

	zap_single_range(&z, start, end);
}

void zap_pages_and_tables(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct zap z = {
		.m = m, .vma = vma, .even_cows = true,
		.reclaim_pt = rel_dontneed_frees_tables(m->release) && m->arch->bits == 64,
	};

	zap_single_range(&z, start, end);
}

void unmap_mapping_range(struct machine *m, struct address_space *mapping, u64 pgoff,
			 u64 nr_pages, bool even_cows)
{
	u64 last = pgoff + nr_pages - 1;
	struct interval_node *node;

	if (!nr_pages)
		return;
	if (last < pgoff)
		last = ~0ULL;
	for (node = interval_tree_first(&mapping->i_mmap, pgoff, last); node;
	     node = interval_tree_next(node, pgoff, last)) {
		struct vm_area_struct *vma =
			container_of(node, struct vm_area_struct, shared);
		u64 from = MAX(pgoff, node->start), to = MIN(last, node->last);

		zap_page_range(m, vma, vma_address_of(vma, from), vma_address_of(vma, to) +
			       PAGE_SIZE, even_cows);
	}
}

/* Neighbours that share a table are freed together, as free_pgtables() does. */
static void free_tables(struct mmu_gather *tlb, struct vm_area_struct *const *vmas,
			unsigned int nr, u64 floor, u64 ceiling)
{
	for (unsigned int i = 0; i < nr; i++) {
		u64 start = vmas[i]->vm_start;

		while (i + 1 < nr &&
		       vmas[i + 1]->vm_start <= vmas[i]->vm_end + table_span(tlb->m, 1))
			i++;
		free_pgd_range(tlb, start, vmas[i]->vm_end, floor,
			       i + 1 < nr ? vmas[i + 1]->vm_start : ceiling);
	}
}

void unmap_region(struct mmu_gather *tlb, struct vm_area_struct *const *vmas, unsigned int nr,
		  u64 floor, u64 ceiling)
{
	for (unsigned int i = 0; i < nr; i++) {
		struct zap z = {
			.m = tlb->m, .tlb = tlb, .vma = vmas[i], .even_cows = true,
			.drop_markers = true,
		};

		zap_range(&z, vmas[i]->vm_start, vmas[i]->vm_end);
	}
	free_tables(tlb, vmas, nr, floor, ceiling);
}
