// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A flush of what was gathered covers one range, from the first entry that went to the
 * last, in steps of the smallest pages among them; or everything, where the whole mm
 * goes.
 */
#include "sim/virt/mmu_gather.h"

static void reset_range(struct mmu_gather *tlb)
{
	tlb->start = TLB_FLUSH_ALL;
	tlb->end = tlb->fullmm ? TLB_FLUSH_ALL : 0;
	tlb->cleared = 0;
	tlb->freed_tables = false;
}

static void gather(struct machine *m, struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm)
{
	*tlb = (struct mmu_gather){ .m = m, .mm = mm, .fullmm = fullmm };
	reset_range(tlb);
	tlb_count_call(m, CALL_tlb_gather_mmu);
}

void tlb_gather_mmu(struct machine *m, struct mmu_gather *tlb, struct mm_struct *mm)
{
	gather(m, tlb, mm, false);
}

void tlb_gather_mmu_fullmm(struct machine *m, struct mmu_gather *tlb, struct mm_struct *mm)
{
	gather(m, tlb, mm, true);
}

/* Of the smallest pages that went. */
static unsigned int unmap_shift(const struct mmu_gather *tlb)
{
	for (unsigned int level = 0; level <= tlb->m->virt->pgtables->top; level++)
		if (tlb->cleared >> level & 1)
			return table_shift(tlb->m, level);
	return PAGE_SHIFT;
}

void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb)
{
	u64 start = 0, end = TLB_FLUSH_ALL;

	if (!tlb->cleared && !tlb->freed_tables)
		return;
	if (!tlb->fullmm) {
		start = tlb->start;
		end = tlb->end;
	}
	flush_tlb_mm_range(tlb->m, tlb->mm, start, end, unmap_shift(tlb), tlb->freed_tables);
	reset_range(tlb);
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	tlb_count_call(tlb->m, CALL_tlb_flush_mmu);
	tlb_flush_mmu_tlbonly(tlb);
	if (tlb->nr_pages && rel_zap_drains_lru(tlb->m->release))
		lru_add_drain(tlb->m);
	tlb->nr_pages = tlb->nr_tables = 0;
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu(tlb);
}
