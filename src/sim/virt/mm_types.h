/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory descriptor. Its fields have the kernel's names; which of them a
 * release has, and in which order, is in the rows of fs/sim/mm_struct.c. Locks,
 * lists and pointers that this machine has no use for are not here: the rows give
 * them their one value.
 */
#ifndef KMM_VIRT_MM_TYPES_H
#define KMM_VIRT_MM_TYPES_H

#include "sim/base/digest.h"
#include "sim/machine.h"

struct mm_struct {
	s32 mm_users, mm_count;
	u64 mmap_base, mmap_legacy_base, mmap_compat_base, mmap_compat_legacy_base;
	u64 task_size;
	const char *pgd;	/* a symbol of the kernel */
	u64 pgtables_bytes;
	s32 map_count;
	u64 hiwater_rss, hiwater_vm;	/* pages, as all below */
	u64 total_vm, locked_vm, pinned_vm, data_vm, exec_vm, stack_vm;
	u64 def_flags;
	u64 start_code, end_code, start_data, end_data;
	u64 start_brk, brk, start_stack;
	u64 arg_start, arg_end, env_start, env_end;
	u64 ctx_id;
	u64 flags;
	u64 numa_next_scan, numa_scan_offset;
	s32 numa_scan_seq;
	u64 hugetlb_usage;
	u64 ksm_merging_pages, ksm_rmap_items, ksm_zero_pages;
};

/*
 * m->init_mm as its static initialiser and setup_initial_init_mm() make it: the
 * image's addresses come from the machine's config. 0 or -ENOMEM.
 */
int init_mm_create(struct machine *m) __must_check;
void init_mm_free(struct machine *m);
void mm_digest(const struct mm_struct *mm, struct digest *digest);

#endif
