// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fork: the child gets the entries of VMAs whose pages it could not fault in by
 * itself. Both sides lose the right to write, pages are no longer exclusive; the
 * first to write copies. The child gets a table wherever the parent has one.
 */
#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"

struct copy {
	struct machine *m;
	struct vm_area_struct *dst, *src;
};

static pte_t copied_pte(const struct copy *c, pte_t *src)
{
	u64 vm_flags = c->src->vm_flags;
	pte_t pte;

	if (is_cow_mapping(vm_flags))
		*src &= ~PTE_RW;
	pte = *src & ~PTE_ACCESSED;
	if (!(c->dst->vm_flags & VM_UFFD_WP))
		pte &= ~PTE_UFFD_WP;
	return vm_flags & VM_SHARED ? pte & ~PTE_DIRTY : pte;
}

/* The slot has one reference more; nobody has its page alone any more. */
static int copy_swap_entry(const struct copy *c, pte_t *dst, pte_t *src, struct rss_vec *rss)
{
	int err = swap_duplicate(c->m, pte_to_swp_entry(*src));

	if (err)
		return err;
	mm_on_mmlist(c->m, c->src->vm_mm, NULL);
	mm_on_mmlist(c->m, c->dst->vm_mm, c->src->vm_mm);
	*src &= ~SWP_EXCLUSIVE;
	*dst = c->dst->vm_flags & VM_UFFD_WP ? *src : *src & ~PTE_UFFD_WP;
	rss->n[MM_SWAPENTS]++;
	return 0;
}

static inline void copy_entry(const struct copy *c, pte_t *dst, pte_t *src,
			      struct rss_vec *rss)
{
	struct machine *m = c->m;
	struct page *page;
	u32 pfn;

	if (unlikely(!pte_present(*src))) {
		if (!pte_is_uffd_marker(*src) || c->dst->vm_flags & VM_UFFD_WP)
			*dst = *src;
		return;
	}
	pfn = vm_normal_page(*src);
	if (pfn != PFN_NIL) {
		page = pfn_to_page(m, pfn);
		folio_of(page)->refcount++;
		page_clear_flag(page, PG_anon_exclusive);
		page_dup_rmap(m, pfn, c->dst);
		rss->n[mm_counter_of(page)]++;
	}
	*dst = copied_pte(c, src);
}

static int copy_entries(const struct copy *c, pte_t *dst, pte_t *src, u64 nr)
{
	struct rss_vec rss = { 0 };
	int err = 0;

	for (u64 i = 0; i < nr && !err;) {
		if (!src[i]) {
			i += ptes_none(&src[i], nr - i);
			continue;
		}
		if (unlikely(pte_is_swap(src[i])))
			err = copy_swap_entry(c, &dst[i], &src[i], &rss);
		else
			copy_entry(c, &dst[i], &src[i], &rss);
		i++;
	}
	add_mm_rss_vec(c->m, c->dst->vm_mm, &rss);
	return err;
}

static int copy_huge(const struct copy *c, u64 addr, u64 *src)
{
	u64 *dst;
	int err = table_alloc_entry(c->m, c->dst->vm_mm, addr, 1, &dst);

	return err ? err : copy_huge_pmd(c->m, c->dst, c->src, addr, dst, src);
}

/* The tables below one of `level`, for [addr, end). */
static int copy_tables(const struct copy *c, u64 *table, unsigned int level, u64 addr,
		       u64 end)
{
	const struct machine *m = c->m;
	u64 span = table_span(m, level), next;

	for (; addr < end; addr = next) {
		u64 *at = &table[(addr >> table_shift(m, level)) & (table_size(m, level) - 1)];
		u64 entry = *at, *src, *dst;
		int err;

		next = MIN((addr & ~(span - 1)) + span, end);
		if (!entry)
			continue;
		if (unlikely(entry_is_huge(entry))) {
			err = copy_huge(c, addr, at);
			if (err == -EAGAIN)
				next = addr;
			else if (err)
				return err;
			continue;
		}
		src = table_entries(m, pte_pfn(entry));
		err = table_alloc_entry(c->m, c->dst->vm_mm, addr, (int)level - 1, &dst);
		if (err)
			return err;
		if (level > 1)
			err = copy_tables(c, src, level - 1, addr, next);
		else
			err = copy_entries(c, dst, src + ((addr >> PAGE_SHIFT) &
							  (table_size(m, 0) - 1)),
					   (next - addr) >> PAGE_SHIFT);
		if (err)
			return err;
	}
	return 0;
}

int copy_page_range(struct machine *m, struct vm_area_struct *dst, struct vm_area_struct *src)
{
	const struct copy c = { .m = m, .dst = dst, .src = src };

	/* Anything else a fault fills as well. */
	if (!(src->vm_flags & (VM_PFNMAP | VM_MIXEDMAP | VM_MAYBE_GUARD)) && !src->anon_vma &&
	    !(dst->vm_flags & VM_UFFD_WP))
		return 0;
	if (is_vm_hugetlb_page(src))
		return copy_hugetlb_page_range(m, dst, src);
	return copy_tables(&c, src->vm_mm->pgd, m->virt->pgtables->top,
			   src->vm_start, src->vm_end);
}
