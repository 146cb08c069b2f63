// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The range is walked VMA by VMA and, there, step by step: a page, a huge page, or what no
 * table serves. What a step is of is asked for; if it is wanted, it joins the last region
 * or begins the next, until there is no room. Whoever wants the pages protected finds a huge
 * page in parts if the range ends inside.
 */
#include "sim/virt/pagemap_scan.h"

#include "sim/virt/huge_memory.h"
#include "sim/virt/hugetlb.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/mmu_gather.h"
#include "sim/virt/userfaultfd.h"
#include "sim/virt/vma.h"

#define PM_SCAN_FLAGS (PM_SCAN_WP_MATCHING | PM_SCAN_CHECK_WPASYNC)

struct scan {
	struct machine *m;
	struct pm_scan_arg *arg;
	struct vm_area_struct *vma;
	u64 of_vma;		/* categories that all its pages have */
	u64 nr_regions, nr_pages;
};

struct step {
	u64 start, end;
	u64 *entry;		/* NULL: no table */
	unsigned int level;
};

/* ---- What a page is. ---- */

static u64 category_of_entry(const struct scan *s, const struct step *step)
{
	const struct machine *m = s->m;
	const struct pm_scan_arg *arg = s->arg;
	u64 interest = arg->category_mask | arg->category_anyof_mask | arg->return_mask;
	u64 entry = step->entry ? *step->entry : 0, found;

	if (!entry)
		return 0;
	found = entry & PTE_UFFD_WP ? 0 : PAGE_IS_WRITTEN;
	if (entry & PTE_SOFT_DIRTY)
		found |= PAGE_IS_SOFT_DIRTY;
	if (!pte_present(entry)) {
		if (pte_is_guard(entry) && rel_pagemap_scan_sees_guards(m->release))
			found |= PAGE_IS_GUARD;
		if (pte_is_hwpoison(entry) && interest & PAGE_IS_FILE &&
		    !page_flag(pfn_to_page(m, swp_pfn(entry)), PG_anon))
			found |= PAGE_IS_FILE;
		return found | PAGE_IS_SWAPPED;
	}
	found |= PAGE_IS_PRESENT;
	if (pte_pfn(entry) == m->virt->zero_pfn ||
	    (step->level && is_huge_zero_pfn(m, pte_pfn(entry)) &&
	     rel_pagemap_scan_sees_huge_zero(m->release)))
		found |= PAGE_IS_PFNZERO;
	else if (interest & PAGE_IS_FILE && vm_normal_page(entry) != PFN_NIL &&
		 !is_huge_zero_pfn(m, pte_pfn(entry)) &&
		 !page_flag(pfn_folio(m, pte_pfn(entry)), PG_anon))
		found |= PAGE_IS_FILE;
	return found;
}

static bool wanted(const struct pm_scan_arg *arg, u64 categories)
{
	categories ^= arg->category_inverted;
	return (categories & arg->category_mask) == arg->category_mask &&
	       (!arg->category_anyof_mask || categories & arg->category_anyof_mask);
}

/* One who only asks what was written is told so of what was never there, too. */
static bool asks_for_writes(const struct pm_scan_arg *arg)
{
	return !arg->category_anyof_mask && !arg->category_inverted &&
	       arg->category_mask == PAGE_IS_WRITTEN && arg->return_mask == PAGE_IS_WRITTEN;
}

static u64 category(const struct scan *s, const struct step *step)
{
	bool huge = step->level || is_vm_hugetlb_page(s->vma);
	u64 found = category_of_entry(s, step);

	if (step->entry && huge)
		return found | s->of_vma | PAGE_IS_HUGE;
	if (step->entry && !*step->entry && asks_for_writes(s->arg))
		found |= PAGE_IS_WRITTEN;
	return found | s->of_vma;
}

/* ---- What is told. ---- */

static bool joins(const struct page_region *last, const struct page_region *region)
{
	return last->end == region->start && last->categories == region->categories;
}

/* The step, or the part of it that there is room for: *end. False: that is all. */
static bool tell(struct scan *s, u64 categories, u64 start, u64 *end)
{
	struct pm_scan_arg *arg = s->arg;
	struct page_region region = { start, *end, categories & arg->return_mask };
	bool full = false;

	if (!arg->vec)
		return true;
	if ((*end - start) >> PAGE_SHIFT > arg->max_pages - s->nr_pages) {
		region.end = start + ((arg->max_pages - s->nr_pages) << PAGE_SHIFT);
		full = true;
	}
	if (s->nr_regions && joins(&arg->vec[s->nr_regions - 1], &region)) {
		arg->vec[s->nr_regions - 1].end = region.end;
	} else if (s->nr_regions == arg->vec_len) {
		region.end = start;
		full = true;
	} else if (region.end > start) {
		arg->vec[s->nr_regions++] = region;
	}
	s->nr_pages += (region.end - start) >> PAGE_SHIFT;
	*end = region.end;
	if (full)
		arg->walk_end = *end;
	return !full;
}

/* ---- The walk. ---- */

static struct step step_at(const struct scan *s, u64 addr, u64 end)
{
	const struct machine *m = s->m;
	struct step step = { .start = addr };
	u64 span;

	if (is_vm_hugetlb_page(s->vma)) {
		step.entry = huge_pte_offset(m, s->vma, addr);
		step.level = hugetlb_level(m, s->vma);
		span = vma_huge_size(s->vma);
	} else {
		step.entry = leaf_entry(m, s->vma->vm_mm, addr, &step.level);
		span = !step.entry ? table_span(m, 1) : table_span(m, step.level);
	}
	step.end = MIN((addr & ~(span - 1)) + span, end);
	return step;
}

static bool is_whole(const struct scan *s, const struct step *step, u64 end)
{
	u64 span = is_vm_hugetlb_page(s->vma) ? vma_huge_size(s->vma) :
						table_span(s->m, step->level);

	return !((step->start | end) & (span - 1)) && end - step->start == span;
}

static int protect(const struct scan *s, const struct step *step, u64 end)
{
	if (step->entry && step->level && pte_present(*step->entry)) {
		*step->entry = (*step->entry | PTE_UFFD_WP) & ~PTE_RW;
		flush_tlb_range_stride(s->m, s->vma, step->start, end,
				       table_shift(s->m, step->level));
		return 0;
	}
	/* A guard gets the mark like a page that is out. */
	if (step->entry && *step->entry && !step->level && !pte_present(*step->entry)) {
		*step->entry |= PTE_UFFD_WP;
		return 0;
	}
	return uffd_wp_range(s->m, s->vma, step->start, end, /* enable = */ true);
}

/* What was told of a step is taken back. */
static void back_out(struct scan *s, u64 start, u64 end)
{
	struct pm_scan_arg *arg = s->arg;

	s->nr_pages -= (end - start) >> PAGE_SHIFT;
	if (arg->vec[s->nr_regions - 1].start == start)
		s->nr_regions--;
	else
		arg->vec[s->nr_regions - 1].end = start;
}

/* Only a part of a huge page is to be protected: it is split and looked at anew, or left. */
static void refuse_part(struct scan *s, const struct step *step, u64 told, u64 *addr)
{
	if (s->arg->vec)
		back_out(s, step->start, told);
	if (is_vm_hugetlb_page(s->vma)) {
		s->arg->walk_end = step->start;
		return;
	}
	s->arg->walk_end = 0;
	__split_huge_pmd(s->m, s->vma, step->start, step->entry);
	*addr = step->start;
}

/* Where nothing is told, pages of tables are protected without a look at what they are. */
static bool protects_all(const struct scan *s, const struct step *step)
{
	return s->arg->flags & PM_SCAN_WP_MATCHING && !s->arg->vec && step->entry &&
	       !step->level && !is_vm_hugetlb_page(s->vma);
}

/* 1: there is no room for more; 0 or -errno. *addr: where to go on. */
static int scan_step(struct scan *s, u64 *addr, u64 end)
{
	const bool protects = s->arg->flags & PM_SCAN_WP_MATCHING;
	const struct step step = step_at(s, *addr, end);
	u64 categories = category(s, &step), told = step.end;
	bool room;
	int err;

	*addr = step.end;
	if (protects_all(s, &step))
		return *step.entry & PTE_UFFD_WP ? 0 : protect(s, &step, told);
	if (!wanted(s->arg, categories))
		return 0;
	room = tell(s, categories, step.start, &told);
	if (told == step.start)
		return 1;
	if (!protects || (step.entry && !(categories & PAGE_IS_WRITTEN)))
		return !room;
	if (step.entry && step.level && !is_whole(s, &step, told)) {
		refuse_part(s, &step, told, addr);
		return 0;
	}
	err = protect(s, &step, told);
	return err ? err : !room;
}

/* 1: its pages are passed over. */
static int enter_vma(struct scan *s)
{
	const struct pm_scan_arg *arg = s->arg;
	const struct machine *m = s->m;
	bool allowed = userfaultfd_wp_async(m, s->vma) && userfaultfd_wp_use_markers(m, s->vma);
	u64 required = arg->category_mask & PAGE_IS_WPALLOWED;

	if (!allowed && arg->flags & PM_SCAN_CHECK_WPASYNC)
		return -EPERM;
	if ((!allowed && arg->flags & PM_SCAN_WP_MATCHING) || s->vma->vm_flags & VM_PFNMAP)
		return 1;
	s->of_vma = (allowed ? PAGE_IS_WPALLOWED : 0) |
		    (s->vma->vm_flags & VM_SOFTDIRTY ? PAGE_IS_SOFT_DIRTY : 0);
	return ((s->of_vma ^ arg->category_inverted) & required) != required;
}

static int scan_vma(struct scan *s)
{
	u64 addr = MAX(s->arg->start, s->vma->vm_start), end = MIN(s->arg->end, s->vma->vm_end);
	int ret = enter_vma(s);

	if (ret)
		return MIN(ret, 0);
	while (!ret && addr < end)
		ret = scan_step(s, &addr, end);
	return ret;
}

static int check_arg(const struct machine *m, struct pm_scan_arg *arg)
{
	u64 known = rel_pagemap_scan_sees_guards(m->release) ? 2 * PAGE_IS_GUARD - 1 :
							       PAGE_IS_GUARD - 1;

	if (!rel_has_pagemap_scan(m->release))
		return -ENOTTY;
	if (arg->flags & ~(u64)PM_SCAN_FLAGS ||
	    (arg->category_inverted | arg->category_mask | arg->category_anyof_mask |
	     arg->return_mask) & ~known || arg->start % PAGE_SIZE)
		return -EINVAL;
	if (arg->end < arg->start || arg->end > m->arch->task_size)
		return -EFAULT;
	if (!arg->vec && arg->vec_len)
		return -EINVAL;
	if (!arg->vec_len)
		arg->vec = NULL;
	arg->end = ALIGN_UP(arg->end, PAGE_SIZE);
	arg->walk_end = 0;
	if (!arg->max_pages)
		arg->max_pages = ~0ULL;
	return 0;
}

s64 pagemap_scan(struct machine *m, const struct mm_struct *mm, struct pm_scan_arg *arg)
{
	struct scan s = { .m = m, .arg = arg };
	int ret = check_arg(m, arg);

	if (ret)
		return ret;
	for (s.vma = find_vma(m, mm, arg->start); s.vma && s.vma->vm_start < arg->end && !ret;
	     s.vma = vma_next(m, s.vma))
		ret = scan_vma(&s);
	if (!arg->walk_end)
		arg->walk_end = arg->end;
	return ret < 0 ? ret : (s64)s.nr_regions;
}
