/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of a task's mappings share: the task's mm, one line of maps, and how
 * a page counts. Formats are fs/proc/task_mmu.c's of the kernel.
 */
#ifndef KMM_FS_PROC_TASK_MMU_H
#define KMM_FS_PROC_TASK_MMU_H

#include "fs/core/entry.h"
#include "sim/virt/mm_types.h"

/* The mm of the view's process or thread; NULL: it has none (any more). */
struct mm_struct *view_mm(const struct view *v);

/* open() of files that are about it as a whole: -ESRCH, it has none. */
int proc_mem_open(const struct view *v);

/* Of each mapping of it, in order, what the file has. False: it has no memory. */
bool show_vmas(struct out *out, const struct view *v,
	       void (*show)(struct out *out, const struct view *v, const struct vm_area_struct *vma));

/* "START-END rwxp OFFSET MAJ:MIN INODE   NAME\n" */
void show_map_vma(struct out *out, const struct machine *m, const struct vm_area_struct *vma);
/* Blanks up to the column of names, for a line of `out` that begins at line_start. */
void pad_map_name(struct out *out, const struct machine *m, size_t line_start);
/* The page that kernels of x86-64 may keep for old programs, behind the last VMA. */
bool has_gate_vma(const struct machine *m);
#define GATE_VMA_START 0xffffffffff600000ULL

bool vma_is_heap(const struct machine *m, const struct vm_area_struct *vma);
bool vma_is_stack(const struct vm_area_struct *vma);
/* "/lib/libc.so.6", "/dev/zero (deleted)"; blanks and such escaped as the file wants. */
void out_file_path(struct out *out, const struct file *file, const char *escaped);

/* What is there of a mapping, in bytes. */
struct vma_usage {
	u64 anon, file, shmem, swap, huge;
};
/* As smaps counts it; pages of a pool are in `huge` alone. */
void vma_usage(const struct machine *m, const struct vm_area_struct *vma,
	       struct vma_usage *usage);

/*
 * The page behind an entry that is present, if it counts: not the zero page, not a
 * special mapping's. PFN_NIL.
 */
u32 normal_page(const struct machine *m, u64 pte);

#endif
