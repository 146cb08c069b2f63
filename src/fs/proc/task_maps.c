// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PID/maps. A name begins at column 74: behind 25 columns and 6 for each byte of a
 * pointer, or one blank behind a longer line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "fs/proc/task_mmu.h"
#include "sim/virt/anon_name.h"
#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/pgtable.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"
#include "sim/virt/vma.h"

struct mm_struct *view_mm(const struct view *v)
{
	u32 pid = v->id[V_TID] ? v->id[V_TID] : v->id[V_PID];
	const struct task_struct *task = task_find(v->m, pid);

	return task ? task->mm : NULL;
}

int proc_mem_open(const struct view *v)
{
	return rel_mem_open_needs_mm(v->m->release) && !view_mm(v) ? -ESRCH : 0;
}

bool show_vmas(struct out *out, const struct view *v,
	       void (*show)(struct out *out, const struct view *v, const struct vm_area_struct *vma))
{
	const struct mm_struct *mm = view_mm(v);
	const struct vm_area_struct *vma = mm ? vma_first(v->m, mm) : NULL;

	for (; vma; vma = vma_next(v->m, vma))
		show(out, v, vma);
	return mm;
}

bool has_gate_vma(const struct machine *m)
{
	return m->arch->bits == 64 &&
	       !strcmp(machine_config_get(m->config, "LEGACY_VSYSCALL"), "xonly");
}

bool vma_is_heap(const struct machine *m, const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (rel_heap_is_brk_alone(m->release))
		return vma->vm_start < mm->brk && vma->vm_end > mm->start_brk;
	return vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk;
}

bool vma_is_stack(const struct vm_area_struct *vma)
{
	return vma->vm_start <= vma->vm_mm->start_stack && vma->vm_end >= vma->vm_mm->start_stack;
}

static void escape(struct out *out, const char *text, const char *escaped)
{
	for (; *text; text++) {
		if (strchr(escaped, *text))
			out_printf(out, "\\%03o", (unsigned char)*text);
		else
			out_putc(out, *text);
	}
}

void out_file_path(struct out *out, const struct file *file, const char *escaped)
{
	escape(out, file->inode->path, escaped);
	if (file->inode->unlinked && file->inode->kind != INODE_ANON)
		escape(out, " (deleted)", escaped);
}

u32 normal_page(const struct machine *m, u64 pte)
{
	u64 pfn = pte_pfn(pte);

	if (pte & PTE_SPECIAL || pfn == m->virt->zero_pfn || !page_present(m, pfn))
		return PFN_NIL;
	return pfn;
}

/* The name that no file gives; NULL: none. */
static const char *vma_name(const struct machine *m, const struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->map_name)
		return vma->vm_ops->map_name;
	if (vma_is_heap(m, vma))
		return "[heap]";
	return vma_is_stack(vma) ? "[stack]" : NULL;
}

void pad_map_name(struct out *out, const struct machine *m, size_t line_start)
{
	size_t width = 25 + m->arch->bits / 8 * 6 - 1, len = out->len - line_start;

	if (len < width)
		out_pad(out, ' ', width - len);
	out_putc(out, ' ');
}

static void show_prefix(struct out *out, const struct vm_area_struct *vma)
{
	const struct inode *inode = vma->vm_file ? vma->vm_file->inode : NULL;
	u64 flags = vma->vm_flags;

	out_printf(out, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " %02x:%02x %" PRIu64 " ",
		   vma->vm_start, vma->vm_end, flags & VM_READ ? 'r' : '-',
		   flags & VM_WRITE ? 'w' : '-', flags & VM_EXEC ? 'x' : '-',
		   flags & VM_MAYSHARE ? 's' : 'p', inode ? vma->vm_pgoff << PAGE_SHIFT : 0,
		   inode ? inode->dev_major : 0, inode ? inode->dev_minor : 0,
		   inode ? inode->ino : 0);
}

/* The name that its program gave it, in brackets; false: none. */
static bool show_given_name(struct out *out, const struct machine *m,
			    const struct vm_area_struct *vma, size_t start)
{
	if (!vma->anon_name)
		return false;
	pad_map_name(out, m, start);
	out_printf(out, vma->vm_file ? "[anon_shmem:%s]" : "[anon:%s]",
		   anon_vma_name_text(m, vma->anon_name));
	return true;
}

void show_map_vma(struct out *out, const struct machine *m, const struct vm_area_struct *vma)
{
	size_t start = out->len;
	const char *name;

	show_prefix(out, vma);
	name = vma->vm_file ? NULL : vma_name(m, vma);
	if (!name && show_given_name(out, m, vma, start)) {
		out_putc(out, '\n');
		return;
	}
	if (vma->vm_file || name)
		pad_map_name(out, m, start);
	if (vma->vm_file)
		out_file_path(out, vma->vm_file, "\n");
	else if (name)
		out_puts(out, name);
	out_putc(out, '\n');
}

static void show_gate(struct out *out, const struct machine *m)
{
	size_t start = out->len;

	out_puts(out, "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 ");
	pad_map_name(out, m, start);
	out_puts(out, "[vsyscall]\n");
}

static void show_vma(struct out *out, const struct view *v, const struct vm_area_struct *vma)
{
	show_map_vma(out, v->m, vma);
}

static int maps_show(struct out *out, const struct view *v)
{
	if (show_vmas(out, v, show_vma) && has_gate_vma(v->m))
		show_gate(out, v->m);
	return 0;
}

static const struct entry entries[] = { FILE_ROW("maps", 0444, maps_show) };
static const struct dir maps_dir = { DIR_FILES(entries) };

TREE_PARTS(task_maps_parts, { "proc/<PID>", &maps_dir }, { "proc/<PID>/task/<TID>", &maps_dir });
