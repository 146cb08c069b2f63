/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the direct map is not as the boot made it: which of its large entries have become
 * tables, and which small ones have ever been taken out. Large entries that were split stay
 * so; a block of memory that is removed takes its splits with it. Levels are counted from
 * the leaf, as in virt/pgtable.h. What an entry says: virt/kernel_map.h.
 */
#ifndef KMM_PHYS_DIRECT_SPLIT_H
#define KMM_PHYS_DIRECT_SPLIT_H

#include "sim/base/digest.h"
#include "sim/machine.h"

/* Small entries below one of level 1: 32 bits have as many. */
#define MAX_SMALL_ENTRIES 1024

struct direct_split {
	u64 start;		/* physical: what the entry maps */
	u32 pfn;		/* of the table; PFN_NIL: it is of the boot */
	u8 level;		/* of the entry that became a table: 1 or 2 */
	u64 changed[MAX_SMALL_ENTRIES / 64];	/* of level 1: entries that were taken out */
};

struct direct_splits {
	struct direct_split *rows;	/* [nr], by level, then by start */
	unsigned int nr, room;
};

void direct_splits_free(struct machine *m);
/* Host memory that `nr_pages` pages less in the direct map take at most. */
u64 direct_splits_host_bytes(const struct machine *m, u64 nr_pages);
/* NULL: the entry is as the boot made it. */
struct direct_split *direct_split_find(const struct machine *m, unsigned int level, u64 start);
/* Of level 1: was the small entry for this physical address ever taken out? */
static inline bool direct_split_changed(const struct direct_split *split, u64 phys)
{
	u64 entry = PFN_DOWN(phys - split->start);

	return split->changed[entry / 64] >> (entry % 64) & 1;
}

static inline void direct_split_change(struct direct_split *split, u64 phys)
{
	u64 entry = PFN_DOWN(phys - split->start);

	split->changed[entry / 64] |= 1ULL << (entry % 64);
}
/*
 * The entry is a table from now on, with a page of its own unless the boot made it one.
 * -ENOMEM, -ENOBUFS.
 */
int direct_split_add(struct machine *m, unsigned int level, u64 start,
		     bool has_page) __must_check;
/* Tables with a page of their own in place of entries of that level. */
u64 direct_splits_count(const struct machine *m, unsigned int level);
/* Memory is removed: the tables that map it go. */
void direct_splits_forget(struct machine *m, u64 start, u64 end);

/* T11: they are in order, and each table is a page of the kernel's. */
void direct_splits_validate(const struct machine *m, struct check *check);
void direct_splits_digest(const struct machine *m, struct digest *digest);

#endif
