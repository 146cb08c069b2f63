/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The mms that khugepaged will look at, and how far it has come. An mm is entered when
 * memory of it first may be made huge, by a fault, by madvise, or as it is mapped, and
 * stays until it ends; each entry holds a reference on the mm_struct. What khugepaged
 * does is above this layer (policy/khugepaged.c); whom it knows is decided here.
 */
#ifndef KMM_VIRT_MM_SLOT_H
#define KMM_VIRT_MM_SLOT_H

#include "sim/base/event.h"
#include "sim/virt/mm_types.h"

#define MAX_PTE_MAPPED_THP 8

struct mm_slot {
	u32 self;
	struct mm_struct *mm;
	struct mm_slot *prev, *next;	/* in the order in which they were entered */
	/* 6.1: addresses whose page is huge in its file and mapped by small entries. */
	u8 nr_pte_mapped_thp;
	u64 pte_mapped_thp[MAX_PTE_MAPPED_THP];
};

struct khugepaged_state {
	bool running;		/* there is such a thread */
	event_fn step;		/* what it does when it wakes; NULL: no machine yet */
	struct mm_slot *first, *last;
	/* The cursor; NULL: the next pass begins with the first. */
	struct mm_slot *scan_slot;
	u64 scan_address;
	u32 full_scans, pages_collapsed;
	/* A turn that sleeps in its middle, until there may be memory. */
	bool in_turn, has_slept;
	u32 pages, progress, passes;
	/* Its timer: 0 while it waits for something to do. */
	u32 event;
};

/* m->khugepaged; its slots come from a cache, later. 0 or -ENOMEM. */
int khugepaged_init(struct machine *m) __must_check;
void khugepaged_free(struct machine *m);

/* It wakes at that time, not before. Times that have passed: at the next jiffy. */
void khugepaged_wake(struct machine *m, u64 when_ns);
void khugepaged_sleep(struct machine *m);	/* no time is set for it any more */

/* The VMA's mm is known from now on, if memory with these flags may be huge. */
void khugepaged_enter_vma(struct machine *m, struct vm_area_struct *vma, u64 vm_flags);
void khugepaged_fork(struct machine *m, struct mm_struct *mm, const struct mm_struct *oldmm);
/* The mm's last user is gone: forgotten, unless the cursor is there. */
void khugepaged_exit(struct machine *m, struct mm_struct *mm);
/* The same, by the cursor that moved on. The last reference may go. */
void mm_slot_free(struct machine *m, struct mm_slot *slot);
/* 6.1: khugepaged will look at the address of the mm again. False: no room for it. */
bool mm_slot_add_pte_mapped(struct mm_slot *slot, u64 address);
struct mm_slot *mm_slot_lookup(const struct machine *m, const struct mm_struct *mm);

void mm_slots_digest(const struct machine *m, struct digest *digest);
/* U1: the list, its references, the flags of mms. */
void mm_slots_validate(const struct machine *m, struct check *check);

#endif
