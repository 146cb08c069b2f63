/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine a third of which is one mapping of a task, every page of it written and
 * remembered: what pages hold is looked at after they have moved. For tests of compaction,
 * isolation and fragmentation.
 */
#ifndef KMM_TESTS_FRAG_BED_H
#define KMM_TESTS_FRAG_BED_H

#include "task_machine.h"

struct bed {
	struct task_machine tm;
	struct machine *m;
	struct task_struct *task;
	u64 addr, nr_pages;	/* of the mapping */
	u64 *tokens;		/* what each page held; those that went are not asked for */
	bool *gone;
	u64 free;		/* pages of the machine, when it was ready */
};

/* sets: at most three. The mapping is as many MiB as a third of the machine's. */
void bed_begin(struct bed *bed, unsigned int mib, const char *set, const char *other_set);
/* Checks it, too, before and after the task has ended. */
void bed_end(struct bed *bed);
/* Machines of 96 MiB with one CPU: 6.1, 6.18, i386. Ends the one before; false: no more. */
bool next_frag_bed(struct bed *bed, unsigned int *i);

u32 pfn_at(const struct bed *bed, u64 i);
/* Page i of the mapping goes back. */
void bed_drop(struct bed *bed, u64 i);
/* Every page that is there holds what it held. */
void assert_contents(const struct bed *bed);
u64 nr_free(const struct machine *m);
/* Free blocks of a pageblock's size, over all zones. */
u64 whole_blocks(const struct machine *m);
/* The indices of a zone, worked out from buddyinfo's columns. */
void assert_indices(const struct zone *zone);

#endif
