// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/walk/0xADDR: the way of the hardware from the top table to the page, one line
 * for each level, and the VMA that says what the address is for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/core/tree_struct.h"
#include "sim/phys/kernel_tables.h"
#include "sim/virt/kernel_map.h"
#include "sim/virt/swap.h"
#include "sim/virt/task.h"
#include "sim/virt/vma.h"

struct bit_row {
	u64 bit;
	const char *name;
};

static const struct bit_row entry_bits[] = {
	{ PTE_PRESENT, "present" }, { PTE_RW, "write" }, { PTE_USER, "user" },
	{ PTE_ACCESSED, "accessed" }, { PTE_DIRTY, "dirty" }, { PTE_PSE, "huge" },
	{ PTE_GLOBAL, "protnone" }, { PTE_SPECIAL, "special" },
	{ PTE_SOFT_DIRTY, "soft-dirty" }, { PTE_NX, "no-execute" },
};

static void show_index(struct out *out, const struct arch_level *level, u64 addr)
{
	out_printf(out, "%-4s index %3u  ", level->name,
		   (unsigned int)(addr >> level->shift) & (level->entries - 1U));
}

static void show_slot(struct out *out, const struct machine *m, u64 entry)
{
	swp_entry_t slot = pte_to_swp_entry(entry);

	out_printf(out, "0x%0*" PRIx64 "  swap area %u slot 0x%" PRIx64 "%s%s\n",
		   2 * m->arch->entry_bytes, swap_pte_word(m, entry), swp_entry_type(slot),
		   swp_entry_offset(slot), entry & PTE_SOFT_DIRTY ? " soft-dirty" : "",
		   entry & SWP_EXCLUSIVE ? " exclusive" : "");
}

static void show_entry(struct out *out, const struct machine *m, unsigned int i, u64 addr,
		       u64 entry)
{
	const struct arch *arch = m->arch;

	show_index(out, &arch->levels[i], addr);
	if (!entry) {
		out_puts(out, "none\n");
		return;
	}
	if (pte_is_swap(entry)) {
		show_slot(out, m, entry);
		return;
	}
	if (pte_is_hwpoison(entry)) {
		out_printf(out, "0x%0*" PRIx64 "  page 0x%x, which failed\n", 2 * arch->entry_bytes,
			   entry, swp_pfn(entry));
		return;
	}
	out_printf(out, "0x%0*" PRIx64 "  page 0x%" PRIx64, 2 * arch->entry_bytes, entry,
		   pte_pfn(entry));
	for (unsigned int bit = 0; bit < ARRAY_SIZE(entry_bits); bit++) {
		if (entry & entry_bits[bit].bit)
			out_printf(out, " %s", entry_bits[bit].bit == PTE_GLOBAL &&
				   (entry & PTE_PRESENT) ? "global" : entry_bits[bit].name);
	}
	out_putc(out, '\n');
}

/* A table above the leaf: those of the boot lie in its own memory. */
static void show_kernel_table(struct out *out, const struct machine *m, u64 addr,
			      unsigned int level)
{
	u32 pfn = kernel_table_pfn(m, addr, level);
	bool is_vmalloc = m->vmalloc && addr >= m->arch->vmalloc_start &&
			  addr <= m->arch->vmalloc_end;

	if (is_vmalloc && pfn != PFN_NIL)
		out_printf(out, "table, page 0x%x\n", pfn);
	else
		out_puts(out, "table of the boot\n");
}

/* The kernel's part is the same in every address space. */
static void show_kernel_walk(struct out *out, const struct machine *m, u64 addr)
{
	const struct arch *arch = m->arch;
	struct kernel_leaf leaf;

	if (!kernel_leaf_find(m, addr, &leaf)) {
		out_puts(out, "kernel  not mapped\n");
		return;
	}
	out_printf(out, "kernel  %s, 0x%" PRIx64 "-0x%" PRIx64 ", as in init_mm\n", leaf.what,
		   leaf.start, leaf.start + leaf.bytes);
	for (unsigned int i = 0; i < arch->nr_levels; i++) {
		unsigned int level = arch->nr_levels - 1 - i;

		if (level < leaf.level)
			break;
		if (level == leaf.level && leaf.entry) {
			show_entry(out, m, i, addr, leaf.entry);
			break;
		}
		show_index(out, &arch->levels[i], addr);
		if (level == leaf.level)
			out_puts(out, "a page of the boot\n");
		else
			show_kernel_table(out, m, addr, level - 1);
	}
}

static void show_vma(struct out *out, const struct view *v, const struct mm_struct *mm, u64 addr)
{
	const struct vm_area_struct *vma = vma_lookup(v->m, mm, addr);

	if (!vma) {
		out_puts(out, "vma  none\n");
		return;
	}
	out_printf(out, "vma  0x%" PRIx64 "-0x%" PRIx64 " %c%c%c%c, page %" PRIu64 " of %" PRIu64 "\n",
		   vma->vm_start, vma->vm_end, vma->vm_flags & VM_READ ? 'r' : '-',
		   vma->vm_flags & VM_WRITE ? 'w' : '-', vma->vm_flags & VM_EXEC ? 'x' : '-',
		   vma->vm_flags & VM_MAYSHARE ? 's' : 'p', (addr - vma->vm_start) >> PAGE_SHIFT,
		   vma_pages(vma));
}

static int walk_show(struct out *out, const struct view *v)
{
	const struct task_struct *task = task_find(v->m, v->id[V_PID]);
	u64 addr = wide_id_value(&v->tree->wide, v->id[V_ADDR]);
	const struct arch *arch = v->m->arch;

	if (!task || !task->mm)
		return -ESRCH;
	out_printf(out, "addr 0x%" PRIx64 "\n", addr);
	if (is_kernel_address(v->m, addr)) {
		show_kernel_walk(out, v->m, addr);
		return 0;
	}
	show_vma(out, v, task->mm, addr);
	for (unsigned int i = 0; i < arch->nr_levels; i++) {
		unsigned int level = arch->nr_levels - 1U - i;
		const u64 *entry = table_entry(v->m, task->mm, addr, (int)level);

		show_entry(out, v->m, i, addr, entry ? *entry : 0);
		if (!entry || !*entry || (level && entry_is_huge(*entry)))
			return 0;
	}
	return 0;
}

/* Addresses are found, not listed. */
static bool walk_next(const struct view *v, u32 *id)
{
	return false;
}

static void walk_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "0x%" PRIx64, wide_id_value(&v->tree->wide, id));
}

static bool walk_find(const struct view *v, const char *name, u32 *id)
{
	char *end;
	u64 addr;

	if (strncmp(name, "0x", 2) || !name[2] || strlen(name) > 18)
		return false;
	addr = strtoull(name, &end, 16);
	return !*end && !wide_id_of(&v->tree->wide, addr, id);
}

static const struct each walk_each[] = {
	{ { "<0xADDR>", S_IFREG | 0400, ALL, walk_show,
	    .help = "How the hardware finds the page of this address: the entry in each table, "
		    "from the top down, and the VMA. Any address may be asked for by name; the "
		    "kernel's are the same for all processes." },
	  V_ADDR, walk_next, walk_name, walk_find },
};
static const struct dir walk_dir = { DIR_EACH(walk_each) };

static bool has_memory(const struct view *v, const struct entry *entry)
{
	const struct task_struct *task = task_find(v->m, v->id[V_PID]);

	return task && task->mm;
}

static const struct entry entries[] = {
	{ "walk", S_IFDIR | 0500, ALL, .dir = &walk_dir,
	  .help = "A file for each address: cat walk/0x7ffff7fff000." },
};
static const struct dir pid_dir = { DIR_FILES(entries), .visible = has_memory };

TREE_PARTS(pid_walk_parts, { "proc/<PID>", &pid_dir });
