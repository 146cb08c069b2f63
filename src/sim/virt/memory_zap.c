// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is unmapped leaves its entries: pages lose a mapping and a reference, what the
 * entries knew (dirty, accessed) goes to the pages of files. Whole VMAs give back
 * their tables as well. Where the kernel gathers pages and frees them behind a TLB
 * flush, here they are freed at once: there is no TLB.
 */
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"

struct zap {
	struct machine *m;
	struct vm_area_struct *vma;
	bool even_cows;		/* anonymous pages too */
	bool drop_markers;	/* guards too */
};

/* Dirty and accessed bits are the page's from now on. */
static void page_takes_bits(struct machine *m, const struct vm_area_struct *vma, u32 pfn,
			    pte_t pte)
{
	u64 no_recency = VM_SEQ_READ;

	if (rel_random_has_no_recency(m->release))
		no_recency |= VM_RAND_READ;
	if (pte & PTE_DIRTY)
		set_page_dirty(m, pfn);
	if (pte & PTE_ACCESSED && !(vma->vm_flags & no_recency) &&
	    !page_flag(pfn_to_page(m, pfn), PG_reserved))
		mark_page_accessed(m, pfn);
}

/* The entry goes, and with it the mapping of its page; or it stays. */
static inline void zap_entry(const struct zap *z, pte_t *pte, struct rss_vec *rss)
{
	struct machine *m = z->m;
	pte_t entry = *pte;
	enum mm_counter counter;
	u32 pfn;

	if (unlikely(!pte_present(entry))) {
		if (z->drop_markers)
			*pte = 0;
		return;
	}
	pfn = vm_normal_page(entry);
	if (pfn == PFN_NIL) {
		*pte = 0;
		return;
	}
	counter = mm_counter_of(pfn_to_page(m, pfn));
	if (counter != MM_ANONPAGES)
		page_takes_bits(m, z->vma, pfn, entry);
	else if (!z->even_cows)
		return;
	*pte = 0;
	rss->n[counter]--;
	page_remove_rmap(m, pfn, z->vma);
	put_page(m, pfn);
}

static int zap_leaf(void *arg, u64 addr, u64 end, pte_t *pte)
{
	const struct zap *z = arg;
	struct rss_vec rss = { 0 };
	u64 nr = (end - addr) >> PAGE_SHIFT;

	for (u64 i = 0; i < nr; i++) {
		i += ptes_none(&pte[i], nr - i);
		if (i < nr && pte[i])
			zap_entry(z, &pte[i], &rss);
	}
	add_mm_rss_vec(z->m, z->vma->vm_mm, &rss);
	return 0;
}

static void zap_range(struct zap *z, u64 start, u64 end)
{
	/* It never stops. */
	if (walk_leaf_tables(z->m, z->vma->vm_mm, start, end, zap_leaf, z))
		return;
}

void zap_page_range(struct machine *m, struct vm_area_struct *vma, u64 start, u64 end,
		    bool even_cows)
{
	struct zap z = { .m = m, .vma = vma, .even_cows = even_cows };

	lru_add_drain(m);
	update_hiwater_rss(vma->vm_mm);
	zap_range(&z, start, end);
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
static void free_tables(struct machine *m, struct mm_struct *mm,
			struct vm_area_struct *const *vmas, unsigned int nr, u64 floor,
			u64 ceiling)
{
	for (unsigned int i = 0; i < nr; i++) {
		u64 start = vmas[i]->vm_start;

		while (i + 1 < nr &&
		       vmas[i + 1]->vm_start <= vmas[i]->vm_end + table_span(m, 1))
			i++;
		free_pgd_range(m, mm, start, vmas[i]->vm_end, floor,
			       i + 1 < nr ? vmas[i + 1]->vm_start : ceiling);
	}
}

void unmap_region(struct machine *m, struct mm_struct *mm, struct vm_area_struct *const *vmas,
		  unsigned int nr, u64 floor, u64 ceiling)
{
	lru_add_drain(m);
	update_hiwater_rss(mm);
	for (unsigned int i = 0; i < nr; i++) {
		struct zap z = {
			.m = m, .vma = vmas[i], .even_cows = true, .drop_markers = true,
		};

		zap_range(&z, vmas[i]->vm_start, vmas[i]->vm_end);
	}
	free_tables(m, mm, vmas, nr, floor, ceiling);
}
