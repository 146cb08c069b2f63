/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unmapping gathers what it took out of the page tables and flushes the TLBs once for
 * all of it. tlb_gather_mmu(), then for each entry that goes tlb_remove_tlb_entry()
 * and, for its page, tlb_remove_page(), then tlb_finish_mmu(). Nobody can use a page
 * between those, since calls run to their ends; so a page goes at once, and what is
 * gathered is its number: where the kernel's batches are full, it flushes.
 */
#ifndef KMM_VIRT_MMU_GATHER_H
#define KMM_VIRT_MMU_GATHER_H

#include "sim/phys/lru.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"

#define MMU_GATHER_BUNDLE 8	/* pages in the gather itself */
#define MAX_GATHER_BATCH 510	/* in a page of them */
#define MAX_GATHER_BATCH_COUNT (10000 / MAX_GATHER_BATCH)
#define MAX_GATHER_PAGES (MMU_GATHER_BUNDLE + MAX_GATHER_BATCH_COUNT * MAX_GATHER_BATCH)
#define MAX_TABLE_BATCH 509

struct mmu_gather {
	struct machine *m;
	struct mm_struct *mm;
	u64 start, end;		/* what went; start > end: nothing */
	u32 nr_pages, nr_tables;	/* since the last flush */
	bool fullmm;		/* all of it goes */
	bool freed_tables;
	bool vma_pfn;		/* of a VMA whose pages nobody counts */
	u8 cleared;		/* bit per level of entries that went */
};

void tlb_gather_mmu(struct machine *m, struct mmu_gather *tlb, struct mm_struct *mm);
/* The whole mm goes: nobody runs with it any more. */
void tlb_gather_mmu_fullmm(struct machine *m, struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb);
void tlb_flush_mmu(struct mmu_gather *tlb);
void tlb_finish_mmu(struct mmu_gather *tlb);

/* An entry of `level` went, or lost rights: [addr, addr + size) is to be flushed. */
static inline void tlb_flush_level_range(struct mmu_gather *tlb, u64 addr, u64 size,
					 unsigned int level)
{
	tlb->start = MIN(tlb->start, addr);
	tlb->end = MAX(tlb->end, addr + size);
	tlb->cleared |= (u8)(1U << level);
}

static inline void tlb_flush_pte_range(struct mmu_gather *tlb, u64 addr, u64 size)
{
	tlb_flush_level_range(tlb, addr, size, 0);
}

static inline void tlb_flush_pmd_range(struct mmu_gather *tlb, u64 addr, u64 size)
{
	tlb_flush_level_range(tlb, addr, size, 1);
}

static inline void tlb_flush_pud_range(struct mmu_gather *tlb, u64 addr, u64 size)
{
	tlb_flush_level_range(tlb, addr, size, 2);
}

/* pte_clear() of an entry that was present, and of a huge one. */
static inline void tlb_remove_tlb_entry(struct mmu_gather *tlb, u64 addr)
{
	tlb_flush_pte_range(tlb, addr, PAGE_SIZE);
}

static inline void tlb_remove_pmd_tlb_entry(struct mmu_gather *tlb, u64 addr)
{
	tlb_flush_pmd_range(tlb, addr, table_span(tlb->m, 1));
}

static inline void tlb_remove_pud_tlb_entry(struct mmu_gather *tlb, u64 addr)
{
	tlb_flush_pud_range(tlb, addr, table_span(tlb->m, 2));
}

/* A reference goes that a mapping had, of a page or, by its head, of a folio. */
static inline void tlb_remove_page_size(struct mmu_gather *tlb, u32 pfn, u64 size)
{
	(void)size;		/* of no use on x86 */
	free_swap_cache(tlb->m, pfn);
	put_page(tlb->m, pfn);
	if (unlikely(++tlb->nr_pages == MAX_GATHER_PAGES))
		tlb_flush_mmu(tlb);
}

static inline void tlb_remove_page(struct mmu_gather *tlb, u32 pfn)
{
	tlb_remove_page_size(tlb, pfn, PAGE_SIZE);
}

/* pte_free_tlb() and its like: a table of `level` goes that served addr. */
static inline void tlb_remove_table(struct mmu_gather *tlb, u64 addr, unsigned int level)
{
	tlb_flush_level_range(tlb, addr, PAGE_SIZE, level + 1);
	tlb->freed_tables = true;
	if (unlikely(++tlb->nr_tables == MAX_TABLE_BATCH)) {
		tlb->nr_tables = 0;
		tlb_flush_mmu_tlbonly(tlb);
	}
}

/* Around the entries of a VMA. */
static inline void tlb_start_vma(struct mmu_gather *tlb, const struct vm_area_struct *vma)
{
	if (tlb->fullmm)
		return;
	tlb->vma_pfn = vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP);
	flush_cache_range(tlb->m, vma, vma->vm_start, vma->vm_end);
}

static inline void tlb_end_vma(struct mmu_gather *tlb, const struct vm_area_struct *vma)
{
	(void)vma;
	/* Nobody else keeps such pages from being used anew. */
	if (!tlb->fullmm && tlb->vma_pfn)
		tlb_flush_mmu_tlbonly(tlb);
}

#endif
