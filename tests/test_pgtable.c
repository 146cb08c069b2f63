// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page tables of every arch: made on demand, counted, freed between a floor and a
 * ceiling as the kernel frees them, and given back whole when an allocation fails.
 */
#include <stdlib.h>

#include "phys_machine.h"
#include "support.h"

#include "sim/virt/mmu_gather.h"

#define USER_PROT (PTE_PRESENT | PTE_USER | PTE_RW | PTE_ACCESSED)

struct bench {
	struct machine *m;
	struct virt_state virt;
	struct mm_struct mm;
	s64 tables0;		/* counted before the first mm */
	s64 free0;
};

static s64 nr_free(const struct machine *m)
{
	s64 nr = (s64)global_zone_stat(m, NR_FREE_PAGES);

	for (unsigned int i = 0; i < m->nr_zones; i++)
		for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
			nr += m->zones[i]->pcp[cpu].count;
	return nr;
}

static void free_range(struct machine *m, struct mm_struct *mm, u64 addr, u64 end, u64 floor,
		       u64 ceiling)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(m, &tlb, mm);
	free_pgd_range(&tlb, addr, end, floor, ceiling);
	tlb_finish_mmu(&tlb);
}

static void bench_open(struct bench *b, const char *arch, enum release release)
{
	const struct test_machine spec = {
		.release = release, .arch = arch, .ranges = { { 0x1000, 0x9000, 0 } },
	};

	*b = (struct bench){ 0 };
	b->m = test_machine_boot(&spec);
	b->m->virt = &b->virt;
	b->tables0 = nr_page_table_pages(b->m);
	b->free0 = nr_free(b->m);
	CU_ASSERT_EQUAL_FATAL(pgtables_init(b->m), 0);
	CU_ASSERT_EQUAL_FATAL(tlb_init(b->m), 0);
}

static void bench_close(struct bench *b)
{
	CU_ASSERT_EQUAL(nr_page_table_pages(b->m), b->tables0);
	CU_ASSERT_EQUAL(nr_free(b->m), b->free0);
	CU_ASSERT_EQUAL(test_check(b->m), 0);
	tlb_free(b->m);
	pgtables_free(b->m);
	b->m->virt = NULL;
	test_machine_free(b->m);
}

static pte_t *map(struct bench *b, u64 addr)
{
	pte_t *pte = NULL;

	CU_ASSERT_EQUAL_FATAL(pte_alloc_map(b->m, &b->mm, addr, &pte), 0);
	return pte;
}

/* Entries of a range go; a test maps frames that nobody owns. */
static void unmap(struct bench *b, u64 start, u64 end)
{
	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		pte_t *pte = pte_offset_map(b->m, &b->mm, addr);

		if (pte)
			*pte = 0;
	}
}

struct arch_row {
	const char *arch;
	enum release release;
	u64 low, high;		/* two addresses far apart */
	unsigned int per_page;	/* tables for one page: counted in pgtables_bytes */
	unsigned int at_start;	/* counted when the mm is new */
	unsigned int pages_at_start;	/* of nr_page_table_pages */
	unsigned int pages_per_page;
};

static const struct arch_row rows[] = {
	{ "x86_64", R_6_18, 0x400000, 0x7ffff7fff000, 3, 0, 1, 3 },
	{ "x86_64", R_6_1, 0x400000, 0x7ffff7fff000, 3, 0, 0, 2 },
	{ "x86_64-la57", R_6_18, 0x400000, 0xfffffffffe000, 3, 0, 1, 4 },
	{ "i386", R_6_1, 0x8048000, 0xbffff000, 1, 0, 0, 1 },
	{ "i386-pae", R_6_1, 0x8048000, 0xbffff000, 1, 3, 3, 1 },
	{ "i386-pae", R_6_18, 0x8048000, 0xbffff000, 1, 4, 5, 1 },
};

static void check_row(const struct arch_row *row)
{
	struct bench b;
	pte_t *low, *high;

	bench_open(&b, row->arch, row->release);
	CU_ASSERT_EQUAL(pgd_alloc(b.m, &b.mm), 0);
	CU_ASSERT_EQUAL(b.mm.pgtables_bytes, row->at_start * PAGE_SIZE);
	CU_ASSERT_EQUAL(nr_page_table_pages(b.m) - b.tables0, row->pages_at_start);
	CU_ASSERT_PTR_NULL(pte_offset_map(b.m, &b.mm, row->low));
	low = map(&b, row->low);
	CU_ASSERT_EQUAL(b.mm.pgtables_bytes, (row->at_start + row->per_page) * PAGE_SIZE);
	CU_ASSERT_EQUAL(nr_page_table_pages(b.m) - b.tables0,
			row->pages_at_start + row->pages_per_page);
	CU_ASSERT_EQUAL(mm_nr_table_pages(b.m, &b.mm), nr_page_table_pages(b.m) - b.tables0);
	high = map(&b, row->high);
	*low = PFN_PHYS(0x1234) | USER_PROT;
	*high = PFN_PHYS(0x4321) | USER_PROT;
	CU_ASSERT_PTR_EQUAL(pte_offset_map(b.m, &b.mm, row->low), low);
	CU_ASSERT_PTR_EQUAL(pte_offset_map(b.m, &b.mm, row->low + PAGE_SIZE), low + 1);
	CU_ASSERT_PTR_EQUAL(table_entry(b.m, &b.mm, row->high, 0), high);
	CU_ASSERT_EQUAL(pte_pfn(*table_entry(b.m, &b.mm, row->high, 0)), 0x4321);
	unmap(&b, row->low, row->low + PAGE_SIZE);
	unmap(&b, row->high, row->high + PAGE_SIZE);
	/* A neighbour right behind keeps the tables that it shares. */
	free_range(b.m, &b.mm, row->low, row->low + PAGE_SIZE, 0, row->low + PAGE_SIZE);
	CU_ASSERT_PTR_EQUAL(pte_offset_map(b.m, &b.mm, row->low), low);
	free_range(b.m, &b.mm, row->low, row->high + PAGE_SIZE, 0, 0);
	CU_ASSERT_PTR_NULL(pte_offset_map(b.m, &b.mm, row->low));
	pgd_free(b.m, &b.mm);
	CU_ASSERT_EQUAL(b.mm.pgtables_bytes, 0);
	CU_ASSERT_EQUAL(b.mm.pgd_pfn, PFN_NIL);
	bench_close(&b);
}

static void test_archs(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
}

/* Floor and ceiling decide for each level on its own. */
static void test_floor_and_ceiling(void)
{
	const u64 base = 0x40000000, leaf = SZ_2M;
	struct bench b;

	bench_open(&b, "x86_64", R_6_18);
	CU_ASSERT_EQUAL(pgd_alloc(b.m, &b.mm), 0);
	for (unsigned int i = 0; i < 4; i++)
		map(&b, base + i * leaf);
	CU_ASSERT_EQUAL(b.mm.pgtables_bytes, 6 * PAGE_SIZE);
	/* The middle two; what lies around them stays, and so does the pmd. */
	free_range(b.m, &b.mm, base + leaf, base + 3 * leaf, base + PAGE_SIZE,
		       base + 3 * leaf);
	CU_ASSERT_EQUAL(b.mm.pgtables_bytes, 4 * PAGE_SIZE);
	CU_ASSERT_PTR_NULL(pte_offset_map(b.m, &b.mm, base + leaf));
	CU_ASSERT_PTR_NOT_NULL(pte_offset_map(b.m, &b.mm, base));
	/* A mapping inside the first leaf keeps it; the last goes. */
	free_range(b.m, &b.mm, base + 5 * PAGE_SIZE, base + 4 * leaf, base + PAGE_SIZE, 0);
	CU_ASSERT_EQUAL(b.mm.pgtables_bytes, 3 * PAGE_SIZE);
	/* Without neighbours the pmd and the pud go too. */
	free_range(b.m, &b.mm, base, base + PAGE_SIZE, 0, 0);
	CU_ASSERT_EQUAL(b.mm.pgtables_bytes, 0);
	pgd_free(b.m, &b.mm);
	bench_close(&b);
}

struct seen {
	u64 addr[8];
	unsigned int nr, tables;
};

static int see(void *arg, u64 addr, pte_t *pte)
{
	struct seen *seen = arg;

	CU_ASSERT_NOT_EQUAL(*pte, 0);
	seen->addr[seen->nr++ & 7] = addr;
	return seen->nr == 5;
}

static int see_table(void *arg, u64 addr, int level, u64 pfn)
{
	struct seen *seen = arg;

	CU_ASSERT(IS_ALIGNED(addr, SZ_2M));
	CU_ASSERT(level >= 0 && level <= 3);
	CU_ASSERT(pfn >= 0x1000);
	seen->tables++;
	return 0;
}

static void test_walks(void)
{
	static const u64 addrs[] = { 0x1000, 0x1ff000, 0x200000, 0x7fffffffe000 };
	struct seen seen = { 0 };
	struct bench b;

	bench_open(&b, "x86_64", R_6_18);
	CU_ASSERT_EQUAL(pgd_alloc(b.m, &b.mm), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++)
		*map(&b, addrs[i]) = PFN_PHYS(0x2000 + i) | USER_PROT;
	CU_ASSERT_EQUAL(walk_page_range(b.m, &b.mm, 0, ~0ULL, see, &seen), 0);
	CU_ASSERT_EQUAL(seen.nr, 4);
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++)
		CU_ASSERT_EQUAL(seen.addr[i], addrs[i]);
	seen.nr = 0;
	CU_ASSERT_EQUAL(walk_page_range(b.m, &b.mm, 0x2000, 0x200000, see, &seen), 0);
	CU_ASSERT_EQUAL(seen.nr, 1);
	seen.nr = 4;
	CU_ASSERT_EQUAL(walk_page_range(b.m, &b.mm, 0, ~0ULL, see, &seen), 1);
	CU_ASSERT_EQUAL(walk_page_tables(b.m, &b.mm, see_table, &seen), 0);
	CU_ASSERT_EQUAL(seen.tables, 1 + 2 + 2 + 3);
	for (unsigned int i = 0; i < ARRAY_SIZE(addrs); i++)
		unmap(&b, addrs[i], addrs[i] + PAGE_SIZE);
	free_range(b.m, &b.mm, 0, 0x7fffffffe000, 0, 0);
	free_range(b.m, &b.mm, 0x7fffffffe000, 0x7ffffffff000, 0, 0);
	pgd_free(b.m, &b.mm);
	bench_close(&b);
}

static void test_unused_leaf(void)
{
	struct bench b;

	bench_open(&b, "x86_64", R_6_18);
	CU_ASSERT_EQUAL(pgd_alloc(b.m, &b.mm), 0);
	map(&b, 0x1000);
	pte_free_unused(b.m, &b.mm, 0x1000);
	CU_ASSERT_EQUAL(b.mm.pgtables_bytes, 2 * PAGE_SIZE);
	CU_ASSERT_PTR_NULL(pte_offset_map(b.m, &b.mm, 0x1000));
	CU_ASSERT_EQUAL(*map(&b, 0x1000), 0);
	free_range(b.m, &b.mm, 0x1000, 0x2000, 0, 0);
	pgd_free(b.m, &b.mm);
	bench_close(&b);
}

/* Host memory that fails at any allocation refuses and leaves what was there. */
static void test_host_memory(void)
{
	for (u64 n = 1; n < 12; n++) {
		struct bench b;
		pte_t *pte;
		int err;

		bench_open(&b, "x86_64", R_6_18);
		arena_fail_after(&b.m->arena, n);
		err = pgd_alloc(b.m, &b.mm);
		if (!err) {
			err = pte_alloc_map(b.m, &b.mm, 0x400000, &pte);
			CU_ASSERT(err == 0 || err == -ENOBUFS);
			arena_fail_after(&b.m->arena, 0);
			free_range(b.m, &b.mm, 0x400000, 0x401000, 0, 0);
			pgd_free(b.m, &b.mm);
		} else {
			CU_ASSERT_EQUAL(err, -ENOBUFS);
			CU_ASSERT_EQUAL(b.mm.pgd_pfn, PFN_NIL);
			arena_fail_after(&b.m->arena, 0);
		}
		bench_close(&b);
	}
}

static void test_machine_memory(void)
{
	const struct test_machine spec = {
		.release = R_6_18, .ranges = { { 0x1000, 0x1040, 0 } },
	};
	struct virt_state virt = { 0 };
	struct mm_struct mm = { 0 };
	struct machine *m = test_machine_boot(&spec);
	pte_t *pte;
	u64 addr;
	int err = 0;

	m->virt = &virt;
	CU_ASSERT_EQUAL_FATAL(pgtables_init(m), 0);
	CU_ASSERT_EQUAL_FATAL(tlb_init(m), 0);
	CU_ASSERT_EQUAL(pgd_alloc(m, &mm), 0);
	for (addr = 0; !err; addr += SZ_1G)
		err = pte_alloc_map(m, &mm, addr, &pte);
	CU_ASSERT_EQUAL(err, -ENOMEM);
	free_range(m, &mm, 0, addr, 0, 0);
	CU_ASSERT_EQUAL(mm.pgtables_bytes, 0);
	pgd_free(m, &mm);
	CU_ASSERT_EQUAL(nr_page_table_pages(m), 0);
	CU_ASSERT_EQUAL(test_check(m), 0);
	tlb_free(m);
	pgtables_free(m);
	m->virt = NULL;
	test_machine_free(m);
}

static void test_protection_bits(void)
{
	struct bench b;

	bench_open(&b, "x86_64", R_6_18);
	CU_ASSERT_EQUAL(vm_get_page_prot(b.m, VM_READ | VM_WRITE),
			PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_NX);
	CU_ASSERT_EQUAL(vm_get_page_prot(b.m, VM_READ | VM_WRITE | VM_SHARED),
			PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_NX | PTE_RW);
	CU_ASSERT_EQUAL(vm_get_page_prot(b.m, VM_READ | VM_EXEC),
			PTE_PRESENT | PTE_USER | PTE_ACCESSED);
	CU_ASSERT(pte_protnone(vm_get_page_prot(b.m, VM_NONE)));
	bench_close(&b);
	bench_open(&b, "i386", R_6_1);
	CU_ASSERT_EQUAL(vm_get_page_prot(b.m, VM_READ),
			PTE_PRESENT | PTE_USER | PTE_ACCESSED);
	bench_close(&b);
}

static const CU_TestInfo tests[] = {
	{ "each arch's levels", test_archs },
	{ "floor and ceiling", test_floor_and_ceiling },
	{ "walks", test_walks },
	{ "a leaf that came to nothing", test_unused_leaf },
	{ "no host memory", test_host_memory },
	{ "no memory in the machine", test_machine_memory },
	{ "bits of a protection", test_protection_bits },
};

int main(void)
{
	return suite_main("pgtable", tests, ARRAY_SIZE(tests), NULL, NULL);
}
