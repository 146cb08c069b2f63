// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One turn: mm by mm, VMA by VMA, a pmd's range at a time, from where the last turn
 * ended, until so many pages are looked at or all mms were passed. Where no huge page
 * could be had it sleeps once and goes on.
 */
#include "sim/policy/khugepaged.h"

#include "sim/phys/lru.h"
#include "sim/phys/tunables.h"
#include "sim/virt/collapse.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/thp.h"
#include "sim/virt/vma.h"

#define NS_PER_MSEC 1000000ULL

static u64 after_msecs(const struct machine *m, s32 msecs)
{
	u64 jiffy = m->jiffy_ns;

	return m->now_ns + ALIGN_UP((u64)(u32)msecs * NS_PER_MSEC, jiffy);
}

bool khugepaged_has_work(const struct machine *m)
{
	return m->khugepaged->first && hugepage_pmd_enabled(m);
}

static bool mm_is_gone(const struct machine *m, const struct mm_struct *mm)
{
	return !mm->mm_users ||
	       (rel_has_thp_sizes(m->release) && mm->flags & MMF_DISABLE_THP);
}

/* What is huge in the file already needs no table of the mm: now, or (6.1) at the next turn. */
static enum scan_result scan_file_range(struct machine *m, struct vm_area_struct *vma,
					u64 address, struct collapse_control *cc)
{
	struct mm_struct *mm = vma->vm_mm;
	enum scan_result result = hpage_collapse_scan_file(m, mm, address, vma->vm_file,
							   linear_page_index(vma, address), cc);

	if (result != SCAN_PTE_MAPPED_HUGEPAGE)
		return result;
	if (rel_retracts_all_tables(m->release)) {
		result = collapse_pte_mapped_thp(m, mm, address, /* install_pmd = */ false);
		return result == SCAN_PMD_MAPPED ? SCAN_SUCCEED : result;
	}
	result = find_pmd_or_thp_or_none(m, mm, address);
	if (result == SCAN_SUCCEED &&
	    !mm_slot_add_pte_mapped(m->khugepaged->scan_slot, address))
		result = SCAN_PTE_MAPPED_HUGEPAGE;
	return result;
}

/* 6.1: what was noted of the mm since the last turn. */
static void collapse_pte_mapped_thps(struct machine *m, struct mm_slot *slot)
{
	for (unsigned int i = 0; i < slot->nr_pte_mapped_thp && slot->mm->mm_users; i++)
		(void)collapse_pte_mapped_thp(m, slot->mm, slot->pte_mapped_thp[i],
					      /* install_pmd = */ false);
	slot->nr_pte_mapped_thp = 0;
}

/* One range of a VMA; `result` is what came of it. True: the map was let go. */
static bool scan_range(struct machine *m, struct vm_area_struct *vma, u64 address,
		       enum scan_result *result)
{
	struct collapse_control cc = { .is_khugepaged = true };
	struct khugepaged_state *k = m->khugepaged;
	bool went_on;

	if (vma_is_anonymous(vma)) {
		*result = hpage_collapse_scan_pmd(m, vma, address, &cc, &went_on);
	} else {
		went_on = true;
		*result = scan_file_range(m, vma, address, &cc);
	}
	k->pages_collapsed += *result == SCAN_SUCCEED;
	return went_on;
}

/*
 * The part of the VMA behind the cursor. True: done with the VMA; false: the turn ends
 * here, or the map was let go.
 */
static bool scan_vma(struct machine *m, struct vm_area_struct *vma, u32 pages,
		     u32 *progress, enum scan_result *result)
{
	u64 start = ALIGN_UP(vma->vm_start, pmd_size(m));
	u64 end = ALIGN_DOWN(vma->vm_end, pmd_size(m));
	struct khugepaged_state *k = m->khugepaged;

	if (k->scan_address > end ||
	    !thp_vma_allowable_order(m, vma, vma->vm_flags, TVA_KHUGEPAGED, pmd_order(m))) {
		++*progress;
		return true;
	}
	k->scan_address = MAX(k->scan_address, start);
	while (k->scan_address < end) {
		bool went_on = scan_range(m, vma, k->scan_address, result);

		k->scan_address += pmd_size(m);
		*progress += (u32)pmd_nr_pages(m);
		if (went_on || *progress >= pages)
			return false;
	}
	return true;
}

/* The cursor leaves the slot; an mm that has ended meanwhile goes. */
static void next_slot(struct machine *m, struct mm_slot *slot)
{
	struct khugepaged_state *k = m->khugepaged;

	k->scan_slot = slot->next;
	if (slot->next)
		k->scan_address = 0;
	else
		k->full_scans++;
	if (!slot->mm->mm_users)
		mm_slot_free(m, slot);
}

/* Some of one mm: `pages` at most. Returns how far it came. */
static u32 scan_mm_slot(struct machine *m, u32 pages, enum scan_result *result)
{
	struct khugepaged_state *k = m->khugepaged;
	struct vm_area_struct *vma = NULL;
	struct mm_slot *slot;
	u32 progress = 1;

	*result = SCAN_FAIL;
	if (!k->scan_slot) {
		k->scan_slot = k->first;
		k->scan_address = 0;
	}
	slot = k->scan_slot;
	collapse_pte_mapped_thps(m, slot);
	if (!mm_is_gone(m, slot->mm)) {
		vma = find_vma(m, slot->mm, k->scan_address);
		while (vma && scan_vma(m, vma, pages, &progress, result))
			vma = vma_next(m, vma);
	}
	if (!vma)
		next_slot(m, slot);
	return progress;
}

/* False: it sleeps in the middle of it. */
static bool do_scan(struct machine *m)
{
	struct khugepaged_state *k = m->khugepaged;
	enum scan_result result = SCAN_SUCCEED;

	while (k->progress < k->pages) {
		k->passes += !k->scan_slot;
		if (!khugepaged_has_work(m) || k->passes >= 2)
			break;
		k->progress += scan_mm_slot(m, k->pages - k->progress, &result);
		if (k->progress >= k->pages || result != SCAN_ALLOC_HUGE_PAGE_FAIL)
			continue;
		if (k->has_slept)
			break;
		k->has_slept = true;
		return false;
	}
	return true;
}

bool khugepaged_step(struct machine *m, void *data)
{
	struct khugepaged_state *k = m->khugepaged;
	const struct tunables *t = m->tunables;

	(void)data;
	k->event = 0;
	if (!k->in_turn) {
		k->in_turn = true;
		k->has_slept = false;
		k->progress = k->passes = 0;
		k->pages = (u32)t->khugepaged_pages_to_scan;
		lru_add_drain_all(m);
	}
	if (!do_scan(m)) {
		khugepaged_wake(m, after_msecs(m, t->khugepaged_alloc_sleep_millisecs));
		return true;
	}
	k->in_turn = false;
	if (khugepaged_has_work(m))
		khugepaged_wake(m, after_msecs(m, t->khugepaged_scan_sleep_millisecs));
	return true;
}

