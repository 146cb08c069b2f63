// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's part goes from one mapped address to the next; the hole between two is
 * cut into the biggest entries that fit and that no table hangs on. Tables that are
 * there without need are those of the vmalloc range (phys/kernel_tables.h) and those
 * of the kmap area.
 */
#include "sim/virt/kernel_walk.h"

#include "sim/boot/image.h"
#include "sim/boot/memblock.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/highmem.h"

#define NOTHING (~0ULL)

u64 kernel_entry_flags(const struct machine *m, const struct kernel_leaf *leaf)
{
	u64 flags = PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL;

	if (leaf->entry)
		return leaf->entry;
	return flags | (leaf->level ? PTE_PSE : 0) | (m->arch->entry_bytes == 8 ? PTE_NX : 0);
}

/* The first address from addr on that the direct map may have. */
static u64 next_in_direct_map(const struct machine *m, u64 addr)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 phys = addr > m->arch->page_offset ? addr - m->arch->page_offset : 0;

	for (unsigned int i = 0; i < memory->cnt; i++) {
		const struct memblock_region *region = &memory->regions[i];
		u64 start = MAX(ALIGN_UP(region->base, PAGE_SIZE), phys);

		if (m->arch->lowmem_end && start >= m->arch->lowmem_end)
			break;
		if (start < region->base + region->size)
			return m->arch->page_offset + start;
	}
	return NOTHING;
}

static u64 next_in_vmalloc(const struct machine *m, u64 addr)
{
	unsigned int low = 0, high = vm_area_slots(m), nr = high;

	while (low < high) {
		unsigned int mid = low + (high - low) / 2;
		const struct vm_area *area = vm_area_at(m, mid);

		if (area->addr + area->bytes <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	/* In its guard page, or freed: the one behind it. */
	while (low < nr && (vm_area_at(m, low)->addr < addr ||
			    vm_area_at(m, low)->kind & VMAP_LAZY))
		low++;
	return low < nr ? vm_area_at(m, low)->addr : NOTHING;
}

static u64 next_in_memory_map(const struct machine *m, u64 addr)
{
	u64 start = m->arch->vmemmap_start, bytes = m->arch->struct_page_bytes;
	u64 step = bytes << (m->arch->section_bits - PAGE_SHIFT);
	struct kernel_leaf leaf;

	if (!start || !m->max_pfn)
		return NOTHING;
	for (addr = addr > start ? start + ALIGN_UP(addr - start, step) : start;
	     addr < start + m->max_pfn * bytes; addr += step)
		if (kernel_leaf_find(m, addr, &leaf))
			return addr;
	return NOTHING;
}

static u64 next_in_image(const struct machine *m, u64 addr)
{
	struct kernel_image image;
	u64 start;

	if (m->arch->bits == 32 || !m->config)
		return NOTHING;
	kernel_image_init(&image, m->config);
	start = m->arch->start_kernel_map + ALIGN_DOWN(image.code.start, table_span(m, 1));
	return addr <= start ? start : NOTHING;
}

static u64 next_in_kmaps(const struct machine *m, u64 addr)
{
	const struct highmem_state *state = m->virt->highmem;
	u64 next = NOTHING;

	for (unsigned int nr = 0; state && nr < m->arch->last_pkmap; nr++)
		if (state->pkmaps[nr].count && pkmap_addr(m, nr) >= addr)
			return pkmap_addr(m, nr);
	for (unsigned int cpu = 0; state && cpu < m->nr_cpus; cpu++)
		for (unsigned int i = 0; i < state->local[cpu].idx; i++)
			if (fix_kmap_addr(m, cpu, i) >= addr)
				next = MIN(next, fix_kmap_addr(m, cpu, i));
	return next;
}

static u64 next_mapped(const struct machine *m, u64 addr)
{
	u64 (*const rows[])(const struct machine *m, u64 addr) = {
		next_in_direct_map, next_in_vmalloc, next_in_memory_map, next_in_image,
		next_in_kmaps,
	};
	u64 next = NOTHING;

	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		next = MIN(next, rows[i](m, addr));
	return next;
}

/* Is there a table of this level for addr although nothing is mapped there? */
static bool has_empty_table(const struct machine *m, u64 addr, unsigned int level)
{
	if (m->arch->last_pkmap && addr >= pkmap_base(m) &&
	    addr < pkmap_addr(m, m->arch->last_pkmap))
		return !level;
	return addr >= m->arch->vmalloc_start && addr <= m->arch->vmalloc_end &&
	       kernel_table_pfn(m, addr, level) != PFN_NIL;
}

/* The level of the entry that is none at addr; nothing is mapped before `end`. */
static unsigned int hole_level(const struct machine *m, u64 start, u64 addr, u64 end)
{
	unsigned int level = m->virt->pgtables->top;

	for (; level; level--) {
		u64 span = table_span(m, level), first = ALIGN_DOWN(addr, span);

		/* An entry that something before addr hangs on is not none. */
		if (first < start || (end != NOTHING && end - first < span) || first != addr)
			continue;
		if (!has_empty_table(m, addr, level - 1))
			break;
	}
	return level;
}

void kernel_walk(const struct machine *m, u64 start, u64 last, entry_visit visit, void *arg)
{
	u64 addr = start, end;
	struct kernel_leaf leaf;

	while (addr >= start && addr <= last) {
		if (kernel_leaf_find(m, addr, &leaf)) {
			visit(arg, addr, leaf.level, kernel_entry_flags(m, &leaf));
			addr = leaf.start + leaf.bytes;
			continue;
		}
		end = next_mapped(m, addr);
		while (addr >= start && addr <= last && addr < end) {
			unsigned int level = hole_level(m, start, addr, end);

			visit(arg, addr, level, 0);
			addr += table_span(m, level);
		}
	}
}

struct user_walk {
	const struct machine *m;
	entry_visit visit;
	void *arg;
};

static void walk_table(const struct user_walk *w, const u64 *table, unsigned int level,
		       u64 addr, u64 end)
{
	u64 span = table_span(w->m, level);

	for (unsigned int i = 0; i < table_size(w->m, level) && addr < end; i++, addr += span) {
		u64 entry = table[i];

		if (level && entry && !entry_is_huge(entry))
			walk_table(w, table_entries(w->m, pte_pfn(entry)), level - 1, addr,
				   MIN(addr + span, end));
		else
			w->visit(w->arg, addr, level, entry);
	}
}

void user_walk(const struct machine *m, const struct mm_struct *mm, u64 end, entry_visit visit,
	       void *arg)
{
	const struct user_walk w = { .m = m, .visit = visit, .arg = arg };
	unsigned int top = m->virt->pgtables->top;

	if (mm_has_tables(mm)) {
		walk_table(&w, mm->pgd, top, 0, end);
		return;
	}
	for (u64 addr = 0; addr < end; addr += table_span(m, top))
		visit(arg, addr, top, 0);
}
