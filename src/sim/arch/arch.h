/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an architecture is, as one const row: page-table levels, zone limits,
 * the layout of the kernel's address space. Code walks by the row and never asks
 * for an architecture by name.
 */
#ifndef KMM_ARCH_ARCH_H
#define KMM_ARCH_ARCH_H

#include "sim/base/types.h"

/* Every zone type of every architecture, lowest addresses first. */
enum zone_type {
	ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE, ZONE_DEVICE,
	MAX_NR_ZONES
};

struct arch_level {
	const char *name;	/* "pgd", "p4d", "pud", "pmd", "pte" */
	u8 shift;		/* of the address bits that index it */
	u16 entries;		/* a table of this level has */
};

/* A CPU's TLB: a first level of ways that are four, and a second one. */
struct arch_tlb {
	u16 l1_sets, l2_sets, l2_ways;	/* sets: powers of two */
	bool pcid;		/* entries of several address spaces can be told apart */
};

struct arch {
	const char *name;	/* as the machine file says: "x86_64", "i386-pae" */
	const char *uts_machine;	/* "x86_64", "i686" */
	u8 bits;		/* of a pointer: 64 or 32 */
	u8 entry_bytes;		/* of a page-table entry: 8 or 4 */
	u8 nr_levels;
	struct arch_level levels[5];	/* top first */
	u32 zones;		/* bit mask of enum zone_type that exist */
	bool numa;		/* CONFIG_NUMA */
	u64 zone_end[MAX_NR_ZONES];	/* first pfn above the zone; 0 = no limit */
	u64 max_pfn;		/* max_arch_pfn of dmesg's "last_pfn" line */
	u64 page_offset;	/* start of the direct map */
	u64 vmalloc_start, vmalloc_end;
	u64 vmemmap_start;	/* 0 where the memory map is elsewhere */
	u64 modules_start;
	u64 start_kernel_map;	/* virtual address of physical 0 in the image */
	u64 task_size;
	u64 physical_start;	/* where the kernel image is loaded */
	u8 struct_page_bytes;	/* of the real kernel: 64, 40 or 32 */
	u8 section_bits;	/* memory sections of 1 << section_bits bytes */
	u8 hugetlb_order;	/* 9 or 10: also the pageblock order */
	u64 lowmem_end;		/* bytes; 32-bit only: HighMem above; 0 = none */
	u16 thread_size_kb;	/* kernel stack */
	struct arch_tlb tlb;
	/* HighMem's addresses; last_pkmap 0: all memory is low. */
	u64 fixaddr_top;	/* fixed addresses lie below, the first one at it */
	u16 nr_fixed_addresses;	/* that stay */
	u16 fix_kmap_begin;	/* the first one for local kmaps */
	u16 last_pkmap;		/* addresses of the kmap area, behind vmalloc_end */
};

extern const struct arch *const archs[];
extern const unsigned int nr_archs;

/* The first address behind all that a program can have: task_size unless it asks for more. */
static inline u64 arch_task_size_max(const struct arch *arch)
{
	const struct arch_level *top = &arch->levels[0];

	if (arch->bits == 32)
		return arch->task_size;
	return ((u64)top->entries << top->shift) / 2 - PAGE_SIZE;
}

/* The row called `name`, or NULL. */
const struct arch *arch_find(const char *name);

/* "DMA", "DMA32", "Normal", "HighMem", "Movable", "Device". */
extern const char *const zone_names[MAX_NR_ZONES];
/* "dma", "dma32", "normal", "high", "movable", "device": in counter names. */
extern const char *const zone_suffixes[MAX_NR_ZONES];

#endif
