// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The structures behind maps and pagemap: PID/vmas, the VMAs with what hangs on them;
 * PID/mm_mt, the maple tree that finds them; PID/pagetable, the tables that the
 * hardware walks.
 */
#include <inttypes.h>

#include "fs/proc/pid.h"
#include "fs/proc/task_mmu.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/rmap.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"

/* -- vmas ----------------------------------------------------------------------- */

static void show_flags(struct out *out, const struct machine *m, u64 flags)
{
	for (unsigned int i = 0; i < nr_vmflag_rows; i++) {
		if (flags & vmflag_rows[i].flag)
			out_printf(out, " %s", vmflag_rows[i].letters);
	}
}

static void show_vma(struct out *out, const struct view *v, const struct vm_area_struct *vma)
{
	const struct machine *m = v->m;

	out_printf(out, "vma %u at 0x%" PRIx64 "\n", vma->self, object_addr(&m->virt->vmas, vma->self));
	out_printf(out, "  vm_start: 0x%" PRIx64 "\n  vm_end: 0x%" PRIx64 "\n  vm_pgoff: 0x%" PRIx64
		   "\n  vm_flags: 0x%" PRIx64, vma->vm_start, vma->vm_end, vma->vm_pgoff,
		   vma->vm_flags);
	show_flags(out, m, vma->vm_flags);
	out_printf(out, "\n  vm_ops: %s\n  vm_file: ", vma->vm_ops ? vma->vm_ops->name : "NULL");
	if (vma->vm_file)
		out_file_path(out, vma->vm_file, "\n");
	else
		out_puts(out, "NULL");
	if (vma->anon_vma)
		out_printf(out, "\n  anon_vma: %u, root %u\n  anon_vma_chain:", vma->anon_vma->self,
			   vma->anon_vma->root->self);
	else
		out_puts(out, "\n  anon_vma: NULL\n  anon_vma_chain:");
	for (const struct anon_vma_chain *avc = vma->chain_first; avc; avc = avc->next)
		out_printf(out, " %u", avc->anon_vma->self);
	out_putc(out, '\n');
}

static int vmas_show(struct out *out, const struct view *v)
{
	return show_vmas(out, v, show_vma) ? 0 : -ESRCH;
}

/* -- mm_mt ---------------------------------------------------------------------- */

struct dump {
	struct out *out;
	const struct machine *m;
	const struct mm_struct *mm;
};

static int show_node(void *arg, const struct maple_visit *visit)
{
	struct dump *dump = arg;
	const struct maple_node *node = visit->node;
	u64 first = visit->min;

	out_pad(dump->out, ' ', visit->depth * 2);
	out_printf(dump->out, "%s %u at 0x%" PRIx64 ": 0x%" PRIx64 "-0x%" PRIx64 ", %u of %u slots\n",
		   node->leaf ? "leaf" : "node", visit->handle,
		   object_addr(&dump->m->virt->maple_nodes, visit->handle), visit->min,
		   visit->max, node->nr,
		   node->leaf ? MAPLE_RANGE64_SLOTS : MAPLE_ARANGE64_SLOTS);
	for (unsigned int i = 0; i < node->nr; i++) {
		u64 last = mt_slot_last(node, i, visit->max);
		u32 value = mt_slot(node, i);

		out_pad(dump->out, ' ', visit->depth * 2 + 2);
		out_printf(dump->out, "%u: 0x%" PRIx64 "-0x%" PRIx64, i, first, last);
		if (!node->leaf)
			out_printf(dump->out, " node %u gap 0x%" PRIx64 "\n", value,
				   mt_slot_gap(visit, i));
		else if (value)
			out_printf(dump->out, " vma %u\n", value);
		else
			out_puts(dump->out, " empty\n");
		first = last + 1;
	}
	return 0;
}

static int mm_mt_show(struct out *out, const struct view *v)
{
	const struct mm_struct *mm = view_mm(v);
	struct dump dump = { out, v->m, mm };

	if (!mm)
		return -ESRCH;
	out_printf(out, "maple tree: %u entries, %u nodes, height %u\n", mm->mm_mt.nr_entries,
		   mm->mm_mt.nr_nodes, mm->mm_mt.height);
	return mt_walk(&mm->mm_mt, show_node, &dump);
}

/* -- pagetable ------------------------------------------------------------------ */

static int show_table(void *arg, u64 addr, int level, u64 pfn)
{
	struct dump *dump = arg;
	const struct arch *arch = dump->m->arch;
	const struct arch_level *row = &arch->levels[arch->nr_levels - 1 - level];
	const u64 *entries = pfn == PFN_NIL ? dump->mm->pgd : table_entries(dump->m, pfn);
	unsigned int used = 0;

	for (unsigned int i = 0; i < row->entries; i++)
		used += entries[i] != 0;
	out_pad(dump->out, ' ', (size_t)(arch->nr_levels - 1 - level) * 2);
	if (pfn == PFN_NIL)
		out_printf(dump->out, "%s object 0x%" PRIx64, row->name,
			   mm_pgd_address(dump->m, dump->mm));
	else
		out_printf(dump->out, "%s page 0x%" PRIx64, row->name, pfn);
	out_printf(dump->out, " for 0x%" PRIx64 ": %u of %u entries\n", addr, used, row->entries);
	return 0;
}

/* The top entries above the program's are copies of swapper_pg_dir's. */
static void show_kernel_part(struct out *out, const struct machine *m,
			     const struct mm_struct *mm)
{
	const struct arch_level *top = &m->arch->levels[0];
	unsigned int first = m->virt->pgtables->user_entries;

	if (mm_has_tables(mm) && first < top->entries)
		out_printf(out, "%s entries %u to %u: the kernel's, as in init_mm\n", top->name,
			   first, top->entries - 1U);
}

static int pagetable_show(struct out *out, const struct view *v)
{
	const struct mm_struct *mm = view_mm(v);
	struct dump dump = { out, v->m, mm };

	if (!mm)
		return -ESRCH;
	if (!walk_page_tables(v->m, mm, show_table, &dump))
		show_kernel_part(out, v->m, mm);
	return 0;
}

static const struct entry entries[] = {
	{ "mm_mt", S_IFREG | 0400, ALL, mm_mt_show,
	  .help = "The maple tree of the VMAs, node by node: pivots, values, and the largest gap "
		  "below each slot of an inner node." },
	{ "pagetable", S_IFREG | 0400, ALL, pagetable_show,
	  .help = "The page tables of the process: each is a page of the machine." },
	{ "vmas", S_IFREG | 0400, ALL, vmas_show,
	  .help = "Each vm_area_struct with its file, operations and anon_vma chains." },
};
static const struct dir pid_dir = { DIR_FILES(entries) };

TREE_PARTS(pid_vmas_parts, { "proc/<PID>", &pid_dir });
