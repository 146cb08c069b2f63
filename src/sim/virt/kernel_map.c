// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One row for each range of the kernel's addresses. A row maps with the biggest page
 * that its memory fills, as the boot does; where the direct map was split since, with the
 * page of the split (phys/direct_split.h).
 */
#include "sim/virt/kernel_map.h"

#include "sim/boot/image.h"
#include "sim/boot/memblock.h"
#include "sim/phys/direct_split.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/section.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/file.h"
#include "sim/virt/highmem.h"

#define PAGE_KERNEL (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)

static u64 no_execute(const struct machine *m)
{
	return m->arch->entry_bytes == 8 ? PTE_NX : 0;
}

/* Is all of [start, end) memory that the kernel maps? */
static bool all_memory(const struct machine *m, u64 start, u64 end)
{
	const struct memblock_type *memory = &m->memblock->memory;

	if (m->arch->lowmem_end && end > m->arch->lowmem_end)
		return false;
	for (unsigned int i = 0; i < memory->cnt && start < end; i++) {
		const struct memblock_region *region = &memory->regions[i];

		if (region->base <= start && region->base + region->size > start)
			start = region->base + region->size;
	}
	return start >= end;
}

static u64 direct_map_end(const struct machine *m)
{
	u64 end = PFN_PHYS(m->max_pfn);

	return m->arch->lowmem_end ? MIN(m->arch->lowmem_end, end) : end;
}

static u64 leaf_entry_of(u64 phys, unsigned int level, u64 flags)
{
	return phys | flags | (level ? PTE_PSE : 0);
}

bool direct_map_level(const struct machine *m, u64 phys, unsigned int *level)
{
	const struct direct_split *split;
	u64 start;

	if (phys >= direct_map_end(m))
		return false;
	*level = m->arch->bits == 64 && m->gbpages ? 2 : 1;
	for (;; --*level) {
		start = ALIGN_DOWN(phys, table_span(m, *level));
		if (all_memory(m, start, start + table_span(m, *level)))
			break;
		if (!*level)
			return false;
	}
	while (*level && (split = direct_split_find(m, *level, start))) {
		--*level;
		start = ALIGN_DOWN(phys, table_span(m, *level));
	}
	return true;
}

/* Is it out of the direct map, now? */
static bool is_secret_page(const struct machine *m, u64 pfn)
{
	const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;
	const struct inode *inode;

	if (!page || page_type(page) || page_flag(page, PG_anon) || !page->mapping)
		return false;
	inode = inode_of(m, page->mapping);
	return inode && inode->kind == INODE_SECRET;
}

/* A small entry that was taken out does not come back whole. */
static u64 small_entry_flags(const struct machine *m, u64 phys)
{
	u64 start = ALIGN_DOWN(phys, table_span(m, 1));
	const struct direct_split *split = direct_split_find(m, 1, start);
	u64 flags = PAGE_KERNEL | no_execute(m);

	if (likely(!split) || !direct_split_changed(split, phys))
		return flags;
	flags &= ~(u64)PTE_GLOBAL;
	if (rel_no_entry_is_dirty(m->release))
		flags &= ~(u64)PTE_DIRTY;
	return is_secret_page(m, PFN_DOWN(phys)) ? flags & ~(u64)(PTE_PRESENT | PTE_RW) : flags;
}

static bool direct_map_leaf(const struct machine *m, u64 addr, struct kernel_leaf *leaf)
{
	u64 phys = addr - m->arch->page_offset, start;
	unsigned int level;

	if (addr < m->arch->page_offset || !direct_map_level(m, phys, &level))
		return false;
	start = ALIGN_DOWN(phys, table_span(m, level));
	leaf->what = "direct map";
	leaf->start = m->arch->page_offset + start;
	leaf->bytes = table_span(m, level);
	leaf->level = level;
	leaf->entry = leaf_entry_of(start, level, level ? PAGE_KERNEL | no_execute(m) :
						  small_entry_flags(m, start));
	return true;
}

static bool vmalloc_leaf(const struct machine *m, u64 addr, struct kernel_leaf *leaf)
{
	const struct vm_area *area = m->vmalloc ? find_vm_area(m, addr) : NULL;
	u64 page, phys;

	if (!area)
		return false;
	page = (addr - area->addr) >> PAGE_SHIFT;
	if (area->nr_pages ? page >= area->nr_pages :
			     (page + 1) << PAGE_SHIFT >= area->bytes && !(area->kind & VMAP_NOPAGES))
		return false;	/* the guard page */
	phys = area->nr_pages ? PFN_PHYS(area->pfns[page]) :
	       area->phys ? ALIGN_DOWN(area->phys, PAGE_SIZE) + (page << PAGE_SHIFT) : 0;
	leaf->what = "vmalloc";
	leaf->level = area->page_order ? 1 : 0;
	leaf->bytes = PAGE_SIZE << area->page_order;
	leaf->start = ALIGN_DOWN(addr, leaf->bytes);
	leaf->entry = phys ? leaf_entry_of(ALIGN_DOWN(phys, leaf->bytes), leaf->level,
					   PAGE_KERNEL | no_execute(m)) : 0;
	return true;
}

static bool memory_map_leaf(const struct machine *m, u64 addr, struct kernel_leaf *leaf)
{
	u64 start = m->arch->vmemmap_start, section;

	if (!start || addr < start || addr >= start + m->max_pfn * m->arch->struct_page_bytes)
		return false;
	section = (addr - start) / m->arch->struct_page_bytes >>
		  (m->arch->section_bits - PAGE_SHIFT);
	for (unsigned int i = 0; i < m->memblock->memory.cnt; i++) {
		const struct memblock_region *region = &m->memblock->memory.regions[i];

		if (region->base >> m->arch->section_bits > section ||
		    (region->base + region->size - 1) >> m->arch->section_bits < section)
			continue;
		leaf->what = "memory map";
		leaf->level = 1;
		leaf->bytes = table_span(m, 1);
		leaf->start = ALIGN_DOWN(addr, leaf->bytes);
		leaf->entry = 0;
		return true;
	}
	return false;
}

static bool image_leaf(const struct machine *m, u64 addr, struct kernel_leaf *leaf)
{
	u64 span = table_span(m, 1), phys = addr - m->arch->start_kernel_map, flags;
	struct kernel_image image;

	if (m->arch->bits == 32 || !m->config || addr < m->arch->start_kernel_map)
		return false;
	kernel_image_init(&image, m->config);
	if (phys < ALIGN_DOWN(image.code.start, span) || phys >= ALIGN_UP(image.bss.end, span))
		return false;
	flags = PAGE_KERNEL;
	if (phys < image.data.start)
		flags &= ~(PTE_RW | PTE_DIRTY);
	if (phys >= image.rodata.start)
		flags |= PTE_NX;
	leaf->what = "kernel image";
	leaf->level = 1;
	leaf->bytes = span;
	leaf->start = ALIGN_DOWN(addr, span);
	leaf->entry = leaf_entry_of(ALIGN_DOWN(phys, span), 1, flags);
	return true;
}

/* What kmap() and kmap_local_page() have mapped. */
static bool kmap_leaf(const struct machine *m, u64 addr, struct kernel_leaf *leaf)
{
	u32 pfn = kmapped_page(m, addr);

	if (pfn == PFN_NIL)
		return false;
	leaf->what = "kmap";
	leaf->start = ALIGN_DOWN(addr, PAGE_SIZE);
	leaf->bytes = PAGE_SIZE;
	leaf->level = 0;
	leaf->entry = leaf_entry_of(PFN_PHYS(pfn), 0, PAGE_KERNEL | no_execute(m));
	return true;
}

bool kernel_leaf_find(const struct machine *m, u64 addr, struct kernel_leaf *leaf)
{
	bool (*const rows[])(const struct machine *m, u64 addr, struct kernel_leaf *leaf) = {
		direct_map_leaf, vmalloc_leaf, memory_map_leaf, image_leaf,
		kmap_leaf,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i](m, addr, leaf))
			return true;
	return false;
}
