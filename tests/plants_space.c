// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be wrong with tasks, VMAs, page tables and the pages behind them: each is done
 * to init, or to a mapping that is made for it.
 */
#include "plants.h"

#include "support.h"

#include "sim/phys/page.h"
#include "sim/virt/fork.h"
#include "sim/virt/highmem.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/sched.h"
#include "sim/virt/vma.h"

#define PLACE 0x30000000ULL

static struct task_struct *init_task(struct machine *m)
{
	struct task_struct *init = task_find(m, PID_INIT);

	sched_switch_to(m, init);
	return init;
}

/* init's mapping of some pages, all of them written. */
static struct vm_area_struct *mapping(struct machine *m, u64 len, u64 flags)
{
	const struct mmap_request req = {
		.addr = PLACE, .len = len, .prot = PROT_READ | PROT_WRITE,
		.flags = MAP_ANONYMOUS | MAP_FIXED | flags,
	};
	struct task_struct *init = init_task(m);
	struct access_result how;
	u64 addr;

	CU_ASSERT_EQUAL_FATAL(sys_mmap(m, init, &req, &addr), 0);
	CU_ASSERT_EQUAL_FATAL(sys_madvise(m, init, addr, len, MADV_HUGEPAGE), 0);
	for (u64 at = addr; at < addr + len; at += PAGE_SIZE)
		CU_ASSERT_EQUAL_FATAL(task_access(m, init, at, ACCESS_STORE, &how), 0);
	return vma_lookup(m, init->mm, addr);
}

static struct vm_area_struct *private_mapping(struct machine *m)
{
	return mapping(m, 4 * PAGE_SIZE, MAP_PRIVATE);
}

static pte_t *entry(struct machine *m)
{
	return pte_offset_map(m, private_mapping(m)->vm_mm, PLACE);
}

static struct page *anon_page(struct machine *m)
{
	return pfn_to_page(m, pte_pfn(*entry(m)));
}

static struct page *huge_page(struct machine *m)
{
	const struct vm_area_struct *vma = mapping(m, 4 * SZ_1M, MAP_PRIVATE);
	u32 pfn = follow_page(m, vma->vm_mm, vma->vm_end - PAGE_SIZE);

	CU_ASSERT_FATAL(folio_is_large(pfn_folio(m, pfn)));
	return pfn_folio(m, pfn);
}

/* ---- VMAs. ---- */

static void vma_unaligned(struct machine *m)
{
	private_mapping(m)->vm_end--;
}

static void vma_moved(struct machine *m)
{
	private_mapping(m)->vm_start -= PAGE_SIZE;
}

/* Two that are alike, side by side. */
static void vma_unmerged(struct machine *m)
{
	struct vm_area_struct *vma = private_mapping(m), *above;

	CU_ASSERT_EQUAL_FATAL(split_vma(m, vma, PLACE + PAGE_SIZE, /* new_below = */ false,
					&above), 0);
	above->apart = 0;
}

static void vma_offset(struct machine *m)
{
	mapping(m, 4 * PAGE_SIZE, MAP_SHARED)->shared.last++;
}

static void vma_flags(struct machine *m)
{
	private_mapping(m)->vm_flags &= ~(u64)VM_MAYREAD;
}

static void mm_layout(struct machine *m)
{
	init_task(m)->mm->mmap_base++;
}

static void mm_segments(struct machine *m)
{
	init_task(m)->mm->end_code = 0;
}

static void mm_total(struct machine *m)
{
	init_task(m)->mm->total_vm++;
}

static void mm_map_count(struct machine *m)
{
	init_task(m)->mm->map_count++;
}

static void mm_committed(struct machine *m)
{
	m->virt->committed_as++;
}

static void mm_rss(struct machine *m)
{
	init_task(m)->mm->rss_stat[MM_ANONPAGES]++;
}

/* ---- Page tables. ---- */

static void entry_of_nothing(struct machine *m)
{
	const struct vm_area_struct *vma = private_mapping(m);

	*pte_offset_map(m, vma->vm_mm, vma->vm_end) = PTE_RW;
}

static void tables_counted(struct machine *m)
{
	init_task(m)->mm->pgtables_bytes += PAGE_SIZE;
}

static void entry_of_more(struct machine *m)
{
	private_mapping(m)->vm_flags &= ~(u64)VM_WRITE;
}

/* ---- Pages. ---- */

static void page_of_another(struct machine *m)
{
	anon_page(m)->index++;
}

/* An anon_vma that there is not; nothing leads back from it either. */
static void page_of_nobody(struct machine *m)
{
	anon_page(m)->mapping += 1000;
}

/* A page of a file that its cache does not have there. */
static void page_uncached(struct machine *m)
{
	const struct vm_area_struct *vma = mapping(m, 4 * PAGE_SIZE, MAP_SHARED);

	pfn_to_page(m, follow_page(m, vma->vm_mm, PLACE))->index += 77;
}

static void page_exclusive(struct machine *m)
{
	struct page *page = anon_page(m);
	u32 pid;

	CU_ASSERT_EQUAL_FATAL(sys_clone(m, init_task(m), SIGCHLD, &pid), 0);
	page_set_flag(page, PG_anon_exclusive);
}

static void folio_tail(struct machine *m)
{
	huge_page(m)[3].index++;
}

static void folio_mappings(struct machine *m)
{
	huge_page(m)[1].mapping++;
}

static void zero_page_mapped(struct machine *m)
{
	pfn_to_page(m, m->virt->zero_pfn)->mapcount++;
}

/* ---- The rest. ---- */

static void task_serial(struct machine *m)
{
	init_task(m)->serial = 0;
}

static void faults_lost(struct machine *m)
{
	m->event[PGFAULT] = 0;
	m->event[PGMAJFAULT] = 0;
}

static void faults_major(struct machine *m)
{
	m->event[PGMAJFAULT] = m->event[PGFAULT] + 1;
}

static void kmap_without_page(struct machine *m)
{
	m->virt->highmem->pkmaps[3].count = 1;
}

static const struct plant plants[] = {
	{ "V1 V2 V4 T5 C1 M4 K3", vma_unaligned, "a VMA ends within a page" },
	{ "V2 V1 V4 M1 M4 T5 C1 K3", vma_moved, "a VMA begins a page earlier than the tree says" },
	{ "V3", vma_unmerged, "two VMAs that are alike, side by side" },
	{ "V4 M6", vma_offset, "a file knows a VMA as a page longer" },
	{ "V6", vma_flags, "a VMA may be read, and may not" },
	{ "V7", mm_layout, "an mm's mappings begin within a page" },
	{ "T7", mm_segments, "an mm's code ends before it begins" },
	{ "T5 K3", mm_total, "an mm counts a mapped page more" },
	{ "T6 A3", mm_map_count, "an mm counts a VMA more" },
	{ "C1", mm_committed, "the machine has promised a page more than its VMAs" },
	{ "T4 K3", mm_rss, "an mm counts an anonymous page more" },
	{ "T1", entry_of_nothing, "an entry where there is no VMA" },
	{ "T3", tables_counted, "an mm counts a page table more" },
	{ "T2 T5 V6", entry_of_more, "an entry may write, its VMA may not" },
	{ "M1", page_of_another, "a mapped page says that it lies a page further" },
	{ "R3 M1", page_of_nobody, "a mapped page of an anon_vma that there is not" },
	{ "R3 M1 F1 F2 F3 R2", page_uncached, "a mapped page that its file does not have there" },
	{ "R4", page_exclusive, "a page that two tasks share says that it is one's" },
	{ "R5 F3", folio_tail, "a tail of a large folio says that it lies elsewhere" },
	{ "R5 R1", folio_mappings, "a large folio counts a mapping more" },
	{ "R6 R1 F3", zero_page_mapped, "the zero page counts a mapping" },
	{ "K2", task_serial, "a task without a serial number" },
	{ "I2", faults_lost, "tasks had faults, the machine had none" },
	{ "I2", faults_major, "more faults had to read than there were" },
	{ "HM1", kmap_without_page,
	  "an address of the kmap area is used, and maps nothing", .machine = "i386" },
};

const struct plant_table space_plants = { "address spaces", plants, ARRAY_SIZE(plants) };
