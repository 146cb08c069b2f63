/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables: radix trees of real arrays, each of which is a page of the machine
 * (PGTY_table; page->mapping is the handle of its array). Entries are x86's own
 * words; which levels there are and how wide is the arch's row. Levels are counted
 * from the leaf: 0 = pte, 1 = pmd, 2 = pud, 3 = p4d or pgd.
 *
 * Counters: mm->pgtables_bytes counts pte, pmd and pud tables, NR_PAGETABLE what
 * the release counts.
 */
#ifndef KMM_VIRT_PGTABLE_H
#define KMM_VIRT_PGTABLE_H

#include "sim/phys/section.h"
#include "sim/virt/mm_types.h"

typedef u64 pte_t;

#define PTE_PRESENT (1ULL << 0)
#define PTE_RW (1ULL << 1)
#define PTE_USER (1ULL << 2)
#define PTE_ACCESSED (1ULL << 5)
#define PTE_DIRTY (1ULL << 6)
#define PTE_PSE (1ULL << 7)
#define PTE_GLOBAL (1ULL << 8)	/* not present: PROT_NONE */
#define PTE_SPECIAL (1ULL << 9)
#define PTE_SOFT_DIRTY (1ULL << 11)
#define PTE_NX (1ULL << 63)
#define PTE_PFN_MASK 0x000ffffffffff000ULL
#define TABLE_FLAGS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
/*
 * Not present, not none: a swap entry or a marker; issue of their own bits (bit 0 and
 * PTE_GLOBAL are clear): type in bits 1..7, soft-dirty as above, offset from bit 14.
 */

static inline bool pte_none(pte_t pte)
{
	return !pte;
}

/* Present, or mapped with PROT_NONE: it holds a page either way. */
static inline bool pte_present(pte_t pte)
{
	return pte & (PTE_PRESENT | PTE_GLOBAL);
}

static inline bool pte_protnone(pte_t pte)
{
	return (pte & (PTE_PRESENT | PTE_GLOBAL)) == PTE_GLOBAL;
}

static inline u64 pte_pfn(pte_t pte)
{
	return (pte & PTE_PFN_MASK) >> PAGE_SHIFT;
}

int pgtables_init(struct machine *m) __must_check;
void pgtables_free(struct machine *m);

/* The top table of a new mm; -ENOMEM, -ENOBUFS. pgd_free() wants all else gone. */
int pgd_alloc(struct machine *m, struct mm_struct *mm) __must_check;
void pgd_free(struct machine *m, struct mm_struct *mm);

/* Entries of the table on a page frame. */
u64 *table_entries(const struct machine *m, u64 pfn);

/* The leaf entry for addr, tables made as needed. -ENOMEM, -ENOBUFS. */
int pte_alloc_map(struct machine *m, struct mm_struct *mm, u64 addr, pte_t **pte) __must_check;
/* The same if the table is there, else NULL. */
pte_t *pte_offset_map(const struct machine *m, const struct mm_struct *mm, u64 addr);
/* The entry of any level (1 = pmd...) or NULL. */
u64 *table_entry(const struct machine *m, const struct mm_struct *mm, u64 addr, int level);
/* First address behind the leaf table of addr. */
static inline u64 pmd_addr_end(u64 addr, u64 end)
{
	u64 boundary = (addr + SZ_2M) & ~(SZ_2M - 1);

	return boundary && boundary < end ? boundary : end;
}

/* Tables that cover nothing but [floor, ceiling) go, as free_pgtables() frees them. */
void free_pgd_range(struct machine *m, struct mm_struct *mm, u64 addr, u64 end, u64 floor,
		    u64 ceiling);

/* The bits that a VMA's protection gives to its entries. */
u64 vm_get_page_prot(const struct machine *m, u64 vm_flags);

/*
 * Visit every leaf entry that is not none in [start, end), in order. The callback
 * may change it; non-zero stops and is returned.
 */
typedef int (*pte_visit)(void *arg, u64 addr, pte_t *pte);
int walk_page_range(const struct machine *m, const struct mm_struct *mm, u64 start, u64 end,
		    pte_visit visit, void *arg);
/* The same for table pages, top down: addr is the first address that it serves. */
typedef int (*table_visit)(void *arg, u64 addr, int level, u64 pfn);
int walk_page_tables(const struct machine *m, const struct mm_struct *mm, table_visit visit,
		     void *arg);

/* B6 T1 to T3 of one mm. */
void pgtable_validate(const struct machine *m, const struct mm_struct *mm,
		      struct check *check);

#endif
