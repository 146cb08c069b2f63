// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rows. Addresses are those of a kernel without address randomisation; the
 * 32-bit ones follow from the 128 MiB that the kernel keeps for vmalloc.
 */
#include "sim/arch/arch.h"

#define BIT_ZONE(z) (1U << ZONE_##z)
#define ZONES_64 (BIT_ZONE(DMA) | BIT_ZONE(DMA32) | BIT_ZONE(NORMAL) | \
		  BIT_ZONE(MOVABLE) | BIT_ZONE(DEVICE))
#define ZONES_32 (BIT_ZONE(DMA) | BIT_ZONE(NORMAL) | BIT_ZONE(HIGHMEM) | BIT_ZONE(MOVABLE))

#define DMA_END_PFN (16 * SZ_1M >> PAGE_SHIFT)
#define DMA32_END_PFN (SZ_4G >> PAGE_SHIFT)

static const struct arch x86_64 = {
	.name = "x86_64",
	.uts_machine = "x86_64",
	.bits = 64,
	.entry_bytes = 8,
	.nr_levels = 4,
	.levels = { { "pgd", 39, 512 }, { "pud", 30, 512 }, { "pmd", 21, 512 },
		    { "pte", 12, 512 } },
	.zones = ZONES_64,
	.numa = true,
	.zone_end = { [ZONE_DMA] = DMA_END_PFN, [ZONE_DMA32] = DMA32_END_PFN },
	.max_pfn = 1ULL << (46 - PAGE_SHIFT),
	.page_offset = 0xffff888000000000ULL,
	.vmalloc_start = 0xffffc90000000000ULL,
	.vmalloc_end = 0xffffe8ffffffffffULL,
	.vmemmap_start = 0xffffea0000000000ULL,
	.modules_start = 0xffffffffc0000000ULL,
	.start_kernel_map = 0xffffffff80000000ULL,
	.task_size = 0x7ffffffff000ULL,
	.physical_start = 16 * SZ_1M,
	.struct_page_bytes = 64,
	.section_bits = 27,
	.hugetlb_order = 9,
	.thread_size_kb = 16,
	.tlb = { .l1_sets = 16, .l2_sets = 128, .l2_ways = 12, .pcid = true },
	.fixaddr_top = 0xffffffffff7ff000ULL,
	.nr_fixed_addresses = 646,
};

/* Five levels. mmap() stays below 47 bits unless asked: task_size says so. */
static const struct arch x86_64_la57 = {
	.name = "x86_64-la57",
	.uts_machine = "x86_64",
	.bits = 64,
	.entry_bytes = 8,
	.nr_levels = 5,
	.levels = { { "pgd", 48, 512 }, { "p4d", 39, 512 }, { "pud", 30, 512 },
		    { "pmd", 21, 512 }, { "pte", 12, 512 } },
	.zones = ZONES_64,
	.numa = true,
	.zone_end = { [ZONE_DMA] = DMA_END_PFN, [ZONE_DMA32] = DMA32_END_PFN },
	.max_pfn = 1ULL << (52 - PAGE_SHIFT),
	.page_offset = 0xff11000000000000ULL,
	.vmalloc_start = 0xffa0000000000000ULL,
	.vmalloc_end = 0xffd1ffffffffffffULL,
	.vmemmap_start = 0xffd4000000000000ULL,
	.modules_start = 0xffffffffc0000000ULL,
	.start_kernel_map = 0xffffffff80000000ULL,
	.task_size = 0x7ffffffff000ULL,
	.physical_start = 16 * SZ_1M,
	.struct_page_bytes = 64,
	.section_bits = 27,
	.hugetlb_order = 9,
	.thread_size_kb = 16,
	.tlb = { .l1_sets = 16, .l2_sets = 128, .l2_ways = 12, .pcid = true },
	.fixaddr_top = 0xffffffffff7ff000ULL,
	.nr_fixed_addresses = 646,
};

static const struct arch i386 = {
	.name = "i386",
	.uts_machine = "i686",
	.bits = 32,
	.entry_bytes = 4,
	.nr_levels = 2,
	.levels = { { "pgd", 22, 1024 }, { "pte", 12, 1024 } },
	.zones = ZONES_32,
	.numa = false,
	.zone_end = { [ZONE_DMA] = DMA_END_PFN, [ZONE_NORMAL] = 0x36bfe },
	.max_pfn = 1ULL << (32 - PAGE_SHIFT),
	.page_offset = 0xc0000000ULL,
	.vmalloc_start = 0xf73fe000ULL,
	.vmalloc_end = 0xfebfe000ULL,
	.modules_start = 0xf73fe000ULL,
	.start_kernel_map = 0xc0000000ULL,
	.task_size = 0xc0000000ULL,
	.physical_start = 16 * SZ_1M,
	.struct_page_bytes = 40,
	.section_bits = 26,
	.hugetlb_order = 10,
	.lowmem_end = 0x36bfe000ULL,
	.thread_size_kb = 8,
	.tlb = { .l1_sets = 16, .l2_sets = 128, .l2_ways = 4 },
	.fixaddr_top = 0xfffff000ULL,
	.nr_fixed_addresses = 583,
	.fix_kmap_begin = 68,
	.last_pkmap = 1024,
};

static const struct arch i386_pae = {
	.name = "i386-pae",
	.uts_machine = "i686",
	.bits = 32,
	.entry_bytes = 8,
	.nr_levels = 3,
	.levels = { { "pgd", 30, 4 }, { "pmd", 21, 512 }, { "pte", 12, 512 } },
	.zones = ZONES_32,
	.numa = false,
	.zone_end = { [ZONE_DMA] = DMA_END_PFN, [ZONE_NORMAL] = 0x36ffe },
	.max_pfn = 1ULL << (36 - PAGE_SHIFT),
	.page_offset = 0xc0000000ULL,
	.vmalloc_start = 0xf77fe000ULL,
	.vmalloc_end = 0xfeffe000ULL,
	.modules_start = 0xf77fe000ULL,
	.start_kernel_map = 0xc0000000ULL,
	.task_size = 0xc0000000ULL,
	.physical_start = 16 * SZ_1M,
	.struct_page_bytes = 40,
	.section_bits = 29,
	.hugetlb_order = 9,
	.lowmem_end = 0x36ffe000ULL,
	.thread_size_kb = 8,
	.tlb = { .l1_sets = 16, .l2_sets = 128, .l2_ways = 4 },
	.fixaddr_top = 0xfffff000ULL,
	.nr_fixed_addresses = 583,
	.fix_kmap_begin = 68,
	.last_pkmap = 512,
};

const struct arch *const archs[] = { &x86_64, &x86_64_la57, &i386, &i386_pae };
const unsigned int nr_archs = ARRAY_SIZE(archs);

const char *const zone_names[MAX_NR_ZONES] = {
	[ZONE_DMA] = "DMA",
	[ZONE_DMA32] = "DMA32",
	[ZONE_NORMAL] = "Normal",
	[ZONE_HIGHMEM] = "HighMem",
	[ZONE_MOVABLE] = "Movable",
	[ZONE_DEVICE] = "Device",
};

const char *const zone_suffixes[MAX_NR_ZONES] = {
	[ZONE_DMA] = "dma",
	[ZONE_DMA32] = "dma32",
	[ZONE_NORMAL] = "normal",
	[ZONE_HIGHMEM] = "high",
	[ZONE_MOVABLE] = "movable",
	[ZONE_DEVICE] = "device",
};

const struct arch *arch_find(const char *name)
{
	for (unsigned int i = 0; i < nr_archs; i++)
		if (!strcmp(archs[i]->name, name))
			return archs[i];
	return NULL;
}
