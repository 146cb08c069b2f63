/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables: radix trees of real arrays, each of which is a page of the machine
 * (PGTY_table; page->mapping is the handle of its array). Entries are x86's own
 * words, 64 bits wide for every arch; which levels there are is in the arch's row.
 * Levels are counted from the leaf: 0 = pte, 1 = pmd, 2 = pud, 3 = p4d or pgd; the
 * last is the top, the pgd, however many there are. That of PAE is no page but an
 * object of 32 bytes, while the kernel's pmd is shared.
 *
 * An entry of level 1 or 2 with PTE_PSE is a leaf that maps a huge page: of a
 * transparent huge page, which has the table that a split will need deposited beside
 * the table of its entry, or of hugetlb. Everything here that goes down stops above it:
 * table_entry() of a level below and pte_find() give NULL as if there was no table,
 * leaf_entry() gives the leaf itself, and walks show it to a visitor of its own.
 *
 * Counters: mm->pgtables_bytes counts pte, pmd and pud tables, NR_PAGETABLE what
 * the release counts.
 */
#ifndef KMM_VIRT_PGTABLE_H
#define KMM_VIRT_PGTABLE_H

#include "sim/phys/section.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/virt.h"

typedef u64 pte_t;

#define PTE_PRESENT (1ULL << 0)
#define PTE_RW (1ULL << 1)
#define PTE_USER (1ULL << 2)
#define PTE_ACCESSED (1ULL << 5)
#define PTE_DIRTY (1ULL << 6)
#define PTE_PSE (1ULL << 7)
#define PTE_GLOBAL (1ULL << 8)	/* not present: PROT_NONE */
#define PTE_SPECIAL (1ULL << 9)
#define PTE_UFFD_WP (1ULL << 10)	/* userfaultfd.h: a write is told; in any kind of entry */
#define PTE_SOFT_DIRTY (1ULL << 11)
#define PTE_PKEY_SHIFT 59	/* four bits: the protection key */
#define PTE_PKEY_MASK (0xfULL << PTE_PKEY_SHIFT)
#define PTE_NX (1ULL << 63)
#define PTE_PFN_MASK 0x000ffffffffff000ULL
#define TABLE_FLAGS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY)
/* What mprotect leaves as it is. */
#define PTE_CHG_MASK \
	(PTE_PFN_MASK | PTE_SPECIAL | PTE_ACCESSED | PTE_DIRTY | PTE_UFFD_WP | PTE_SOFT_DIRTY)
/*
 * Not present, not none: a swap entry or a marker. Their own bits (bit 0 and
 * PTE_GLOBAL are clear): type in bits 1..7, soft-dirty as above, offset from bit 14.
 */
enum swp_type {
	SWP_GUARD_MARKER = 1, SWP_DEVICE_FIRST = 2,	/* a slot of the first swap area: swap.h */
	SWP_DEVICE_LAST = 2 + 27,
	SWP_HWPOISON = 0x7a,	/* the page in the offset has failed: memory_failure.h */
	SWP_POISON_MARKER = 0x7b, SWP_UFFD_MARKER,	/* userfaultfd.h */
	/* The page in the offset is on its way elsewhere (migrate.c): while a call runs. */
	SWP_MIGRATION_READ = 0x7d, SWP_MIGRATION_READ_EXCLUSIVE, SWP_MIGRATION_WRITE,
};
#define SWP_OFFSET_SHIFT 14
#define SWP_MIG_YOUNG (1ULL << 12)
#define SWP_MIG_DIRTY (1ULL << 13)
#define SWP_EXCLUSIVE (1ULL << 12)	/* of a slot: the page was this entry's alone */
#define PTE_GUARD ((u64)SWP_GUARD_MARKER << 1)	/* MADV_GUARD_INSTALL */
#define PTE_POISON ((u64)SWP_POISON_MARKER << 1)	/* UFFDIO_POISON */
#define PTE_UFFD_MARKER ((u64)SWP_UFFD_MARKER << 1 | PTE_UFFD_WP)

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

static inline bool pte_is_guard(pte_t pte)
{
	return !pte_present(pte) && (pte >> 1 & 0x7f) == SWP_GUARD_MARKER;
}

static inline enum swp_type swp_type(pte_t pte)
{
	return (enum swp_type)(pte >> 1 & 0x7f);
}

/* A slot of a swap area. */
static inline bool pte_is_swap(pte_t pte)
{
	return !pte_present(pte) && swp_type(pte) >= SWP_DEVICE_FIRST &&
	       swp_type(pte) <= SWP_DEVICE_LAST;
}

static inline bool pte_is_poison(pte_t pte)
{
	return !pte_present(pte) && swp_type(pte) == SWP_POISON_MARKER;
}

/* No page, but a mark that its first write is to be told. */
static inline bool pte_is_uffd_marker(pte_t pte)
{
	return !pte_present(pte) && swp_type(pte) == SWP_UFFD_MARKER;
}

static inline bool pte_is_marker(pte_t pte)
{
	return pte_is_guard(pte) || pte_is_poison(pte) || pte_is_uffd_marker(pte);
}

static inline bool pte_is_migration(pte_t pte)
{
	return !pte_present(pte) && swp_type(pte) >= SWP_MIGRATION_READ;
}

static inline bool pte_is_hwpoison(pte_t pte)
{
	return !pte_present(pte) && swp_type(pte) == SWP_HWPOISON;
}

static inline pte_t make_hwpoison_entry(u32 pfn)
{
	return (u64)SWP_HWPOISON << 1 | (u64)pfn << SWP_OFFSET_SHIFT;
}

/* The page of an entry of migration, or of one that failed. */
static inline u32 swp_pfn(pte_t pte)
{
	return (u32)(pte >> SWP_OFFSET_SHIFT);
}

static inline u64 pte_pfn(pte_t pte)
{
	return (pte & PTE_PFN_MASK) >> PAGE_SHIFT;
}

/* Does the entry of a level above 0 map a huge page, or mark where one is to be? No table. */
static inline bool entry_is_huge(u64 entry)
{
	return entry && (entry & (PTE_PRESENT | PTE_PSE)) != PTE_PRESENT;
}

/* How many of the nr entries from *pte on are none, up to the first that may not be. */
static inline u64 ptes_none(const pte_t *pte, u64 nr)
{
	u64 i = 0;

	while (i + 8 <= nr && !(pte[i] | pte[i + 1] | pte[i + 2] | pte[i + 3] |
				pte[i + 4] | pte[i + 5] | pte[i + 6] | pte[i + 7]))
		i += 8;
	return i < nr && !pte[i] ? i + 1 : i;
}

/* Are all nr entries empty? */
static inline bool pte_range_none(const pte_t *pte, u64 nr)
{
	u64 i = 0;

	while (i < nr && !pte[i])
		i += ptes_none(&pte[i], nr - i);
	return i == nr;
}

#define MAX_PGTABLE_LEVELS 5

#define PAE_ENTRIES 4	/* of its top table */
/* The top table of PAE, where it is an object of a cache. */
struct pgd_object {
	u64 entries[PAE_ENTRIES];
};

/* All tables of the machine, and what of the arch's row a walk needs. */
struct pgtable_state {
	u64 **arrays;		/* by handle; from 1. The free ones hold zeroes */
	u32 *free_handles;	/* whose arrays wait for a new table */
	u32 nr_handles;		/* ever given: in use or free */
	u32 nr_arrays;		/* at least as many; the rest is reserved */
	u32 nr_free, room;
	u64 soft_dirty;		/* PTE_SOFT_DIRTY, or 0 where the kernel has none */
	u8 top;			/* the level of the pgd */
	u8 shift[MAX_PGTABLE_LEVELS];	/* by level */
	u16 entries[MAX_PGTABLE_LEVELS];
	u16 user_entries;	/* of the top table; the rest is the kernel's */
	u64 nr_shared;		/* entries that name a table which another one named before */
	s64 nr_kernel_tables;	/* counted before, but for kernel_tables.h */
	bool highpte;		/* leaf tables may lie in HighMem */
	u32 special_pfn;	/* special.c: first of the pages behind [vdso] and [vvar] */
};

/* Also what of the kernel's image is mapped: zero page, special mappings. -ENOMEM. */
int pgtables_init(struct machine *m) __must_check;
void pgtables_free(struct machine *m);
/* All tables of all mms; memory_validate() of memory.h checks them. */
void pgtables_digest(const struct machine *m, struct digest *digest);
/* The host's part of `nr` more tables. -ENOBUFS: nothing changed. */
int pgtables_reserve(struct machine *m, u64 nr) __must_check;
/* Host memory that one more table may take at most. */
u64 pgtable_host_bytes(const struct machine *m);

/* The top table of a new mm; -ENOMEM, -ENOBUFS. pgd_free() wants all else gone. */
int pgd_alloc(struct machine *m, struct mm_struct *mm) __must_check;
void pgd_free(struct machine *m, struct mm_struct *mm);

/* Not so: the kernel's own mm, and one that is on its way in or out. */
static inline bool mm_has_tables(const struct mm_struct *mm)
{
	return !mm->pgd_symbol && mm->pgd;
}

/* Where the top table lies in the kernel's address space. */
u64 mm_pgd_address(const struct machine *m, const struct mm_struct *mm);

/* Entries of the table on a page frame. */
static inline u64 *table_entries(const struct machine *m, u64 pfn)
{
	return m->virt->pgtables->arrays[m->mem_map[pfn].mapping];
}

/* How many entries a table of the level has; how many bytes one entry spans. */
static inline unsigned int table_size(const struct machine *m, unsigned int level)
{
	return m->virt->pgtables->entries[level];
}

static inline unsigned int table_shift(const struct machine *m, unsigned int level)
{
	return m->virt->pgtables->shift[level];
}

static inline u64 table_span(const struct machine *m, unsigned int level)
{
	return 1ULL << table_shift(m, level);
}

/* The leaf entry for addr, tables made as needed. -ENOMEM, -ENOBUFS. */
int pte_alloc_map(struct machine *m, struct mm_struct *mm, u64 addr, pte_t **pte) __must_check;
/* The same if the table is there, else NULL. */
pte_t *pte_offset_map(const struct machine *m, const struct mm_struct *mm, u64 addr);
/* The same, and the mm remembers the table. */
pte_t *pte_find_slow(const struct machine *m, struct mm_struct *mm, u64 addr);
static inline pte_t *pte_find(const struct machine *m, struct mm_struct *mm, u64 addr)
{
	const struct pgtable_state *pt = m->virt->pgtables;

	if (likely(mm->pte_base == addr >> pt->shift[1] << pt->shift[1]))
		return mm->pte_table + (addr >> PAGE_SHIFT & (pt->entries[0] - 1));
	return pte_find_slow(m, mm, addr);
}
/*
 * The entry that maps addr, or would if it was not none: of level 0, or a huge one of
 * *level. NULL: there is no leaf table.
 */
u64 *leaf_entry(const struct machine *m, const struct mm_struct *mm, u64 addr,
		unsigned int *level);
/* The page frame of addr by its leaf entry, which is present. */
static inline u64 leaf_pfn(const struct machine *m, u64 entry, unsigned int level, u64 addr)
{
	u64 pfn = pte_pfn(entry);

	if (level)
		pfn += addr >> PAGE_SHIFT & ((1ULL << (m->virt->pgtables->shift[level] -
						       PAGE_SHIFT)) - 1);
	return pfn;
}
/*
 * The leaf entry of addr, if it maps one of the nr pages from pfn on and they count it; NULL:
 * it does not (page_vma_mapped_walk).
 */
static inline u64 *page_vma_mapped(const struct machine *m, struct mm_struct *mm, u64 addr,
				   u64 pfn, u64 nr, unsigned int *level)
{
	u64 *entry = pte_find(m, mm, addr);

	*level = 0;
	if (!entry)
		entry = leaf_entry(m, mm, addr, level);
	if (!entry || !pte_present(*entry) || *entry & PTE_SPECIAL ||
	    leaf_pfn(m, *entry, *level, addr) - pfn >= nr)
		return NULL;
	return entry;
}
/* The entry of any level (1 = pmd...) or NULL. */
u64 *table_entry(const struct machine *m, const struct mm_struct *mm, u64 addr, int level);
/* The same, with the tables above it made as needed; no huge page is in the way.
 * -ENOMEM, -ENOBUFS. */
int table_alloc_entry(struct machine *m, struct mm_struct *mm, u64 addr, int level,
		      u64 **entry) __must_check;
/* The leaf table of addr goes unless an entry of it is used: a fault came to nothing. */
void pte_free_unused(struct machine *m, struct mm_struct *mm, u64 addr);
/* The mm's memory of its last walk is out of date: tables moved. */
static inline void pgtable_forget(struct mm_struct *mm)
{
	mm->pte_base = 1;
	mm->pte_table = NULL;
}

/* First address behind the table of that level (0 = leaf) that serves addr. */
static inline u64 table_addr_end(const struct machine *m, unsigned int level, u64 addr, u64 end)
{
	u64 span = table_span(m, level) * table_size(m, level);
	u64 boundary = (addr + span) & ~(span - 1);

	return boundary && boundary < end ? boundary : end;
}

static inline u64 pmd_addr_end(const struct machine *m, u64 addr, u64 end)
{
	return table_addr_end(m, 0, addr, end);
}

/* Tables that cover nothing but [floor, ceiling) go, as free_pgtables() frees them. */
struct mmu_gather;
void free_pgd_range(struct mmu_gather *tlb, u64 addr, u64 end, u64 floor, u64 ceiling);
/*
 * A leaf table that is not in use yet: made with a huge page, deposited with the table
 * of level 1 that holds its entry, and withdrawn when it is split or goes. It counts as
 * if it was in use. -ENOMEM, -ENOBUFS.
 */
int pte_alloc_one(struct machine *m, struct mm_struct *mm, u32 *pfn) __must_check;
void pgtable_deposit(struct machine *m, struct mm_struct *mm, u64 addr, u32 pfn);
u32 pgtable_withdraw(struct machine *m, struct mm_struct *mm, u64 addr);
/* Those deposited with a table of level 1; then `next` of each: PFN_NIL ends. */
u32 pgtable_first_deposit(const struct machine *m, u64 pmd_table);
u32 pgtable_next_deposit(const struct machine *m, u64 pmd_table, u32 pfn);
/*
 * Tables of level 1 that several mms have: how many others (pt_share_count of a page). An
 * entry of level 2 takes or lets go of one.
 */
static inline u32 pt_share_count(const struct machine *m, u64 pfn)
{
	return m->mem_map[pfn].prev;
}
void table_share(struct machine *m, struct mm_struct *mm, u64 *entry, u64 theirs);
void table_unshare(struct machine *m, struct mm_struct *mm, u64 *entry);
/* Like table_free() of level 0. */
void pte_free(struct machine *m, struct mm_struct *mm, u32 pfn);
/* Give back one table that is empty and that no entry names any more. */
void table_free(struct machine *m, struct mm_struct *mm, u64 pfn, unsigned int level);

/* The bits that a protection gives to entries: by flags alone; and of a VMA, where
 * shared pages may have to be write-protected until the first write.
 */
u64 vm_get_page_prot(const struct machine *m, u64 vm_flags);
u64 vma_page_prot(const struct machine *m, const struct vm_area_struct *vma);

static inline bool vma_soft_dirty_enabled(const struct machine *m,
					  const struct vm_area_struct *vma)
{
	return m->virt->pgtables->soft_dirty && !(vma->vm_flags & VM_SOFTDIRTY);
}

/*
 * Visit every leaf entry that is not none in [start, end), in order. The callback
 * may change it; non-zero stops and is returned. Huge entries are passed over.
 */
typedef int (*pte_visit)(void *arg, u64 addr, pte_t *pte);
int walk_page_range(const struct machine *m, const struct mm_struct *mm, u64 start, u64 end,
		    pte_visit visit, void *arg);
/* The same by leaf tables: [addr, end) lies in one, *pte is addr's entry, maybe none. */
typedef int (*leaf_visit)(void *arg, u64 addr, u64 end, pte_t *pte);
int walk_leaf_tables(const struct machine *m, const struct mm_struct *mm, u64 start, u64 end,
		     leaf_visit visit, void *arg);
/*
 * The same with huge entries: [addr, end) is the part of the range that lies in one, of
 * `level`. If it has become a table when the visitor returns 0, the walk goes on in
 * that table. One of `visit` and `leaf` may be NULL.
 */
typedef int (*huge_visit)(void *arg, u64 addr, u64 end, unsigned int level, u64 *entry);
struct walk_ops {
	pte_visit visit;
	leaf_visit leaf;
	huge_visit huge;
	bool markers;	/* huge: also where a mark stands for a huge page */
};
int walk_mapped_range(const struct machine *m, const struct mm_struct *mm, u64 start, u64 end,
		      const struct walk_ops *ops, void *arg);
/*
 * The same for tables, top down: addr is the first address that it serves. The pfn of a
 * top table that is an object is PFN_NIL.
 */
typedef int (*table_visit)(void *arg, u64 addr, int level, u64 pfn);
int walk_page_tables(const struct machine *m, const struct mm_struct *mm, table_visit visit,
		     void *arg);

/* Every entry, by address. */
void pgtable_digest(const struct machine *m, const struct mm_struct *mm,
		    struct digest *digest);

/* What its tables count in nr_page_table_pages. */
s64 mm_nr_table_pages(const struct machine *m, const struct mm_struct *mm);
/* How many pages a table of the level counts there: 0 to 2. */
unsigned int table_counts(const struct machine *m, unsigned int level);
s64 nr_page_table_pages(const struct machine *m);	/* of all nodes */
/* B6 T1 to T3 of one mm. */
void pgtable_validate(const struct machine *m, const struct mm_struct *mm,
		      struct check *check);

#endif
