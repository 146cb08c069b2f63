/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A booted machine with one task whose address space is empty but for what a static
 * program finds at its top: [vvar], [vvar_vclock] (6.18), [vdso] and a stack. Without
 * address randomisation; addresses are those of real machines.
 */
#ifndef KMM_TESTS_MM_BED_H
#define KMM_TESTS_MM_BED_H

#include "support.h"

#include "sim/virt/file.h"
#include "sim/virt/memory.h"
#include "sim/virt/mmap.h"
#include "sim/virt/task.h"
#include "sim/virt/virt.h"

#define BED_BRK 0x5ea000ULL	/* the heap begins here */

struct mm_bed {
	struct machine_config *config;
	struct machine *m;
	struct task_struct task;
	struct signal_struct signal;
	struct mm_struct *mm;	/* task.mm */
	s64 committed;		/* Committed_AS before */
};

/* arch and release as the machine file says them. */
void mm_bed_open(struct mm_bed *bed, const char *arch, const char *release);
/* All goes; Committed_AS is what it was, no VMA is left. */
void mm_bed_close(struct mm_bed *bed);
/* Another mm, made from nothing; and its end. */
struct mm_struct *mm_bed_mm(struct mm_bed *bed);
void mm_bed_mmput(struct mm_bed *bed, struct mm_struct *mm);

/* The call's address, or -errno. */
s64 bed_mmap(struct mm_bed *bed, u64 addr, u64 len, u64 prot, u64 flags);
int bed_munmap(struct mm_bed *bed, u64 addr, u64 len);
u64 bed_brk(struct mm_bed *bed, u64 addr);
/* "start-end rwxp pgoff\n" of each VMA in [from, to), as maps says it; free() it. */
char *bed_maps(const struct mm_bed *bed, u64 from, u64 to);
/* Compares bed_maps() and says both when they differ. */
bool bed_maps_are(const struct mm_bed *bed, u64 from, u64 to, const char *expected);
/* The mm is in order: VMAs and figures. Prints what is not. */
bool bed_is_sane(const struct mm_bed *bed, const struct mm_struct *mm);

#endif
