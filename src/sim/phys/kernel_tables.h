/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables of the kernel's vmalloc range, below swapper_pg_dir: real pages, made when
 * the first area of their range is mapped, and kept until a huge mapping takes their place.
 * What the entries of a leaf table say is in the area (vmalloc.h), so a table is only its
 * page. Levels are counted from the leaf, as in virt/pgtable.h.
 *
 * With 64 bits the tables right below the top come with the boot, so that all address
 * spaces share them; with 32 bits only leaf tables are made, the others are the image's.
 */
#ifndef KMM_PHYS_KERNEL_TABLES_H
#define KMM_PHYS_KERNEL_TABLES_H

#include "sim/base/digest.h"
#include "sim/machine.h"

struct kernel_table {
	u64 addr;		/* the first that it serves */
	u32 pfn;
	u8 level;
};

struct kernel_tables {
	struct kernel_table *rows;	/* [nr], by level, then by address */
	unsigned int nr, room;
	s64 nr_counted;		/* of them, in nr_page_table_pages */
};

/* Those that come with the boot. -ENOMEM, -ENOBUFS. */
int kernel_tables_init(struct machine *m) __must_check;
void kernel_tables_free(struct machine *m);
/* Host memory to map so many bytes more. -ENOBUFS. */
int kernel_tables_reserve(struct machine *m, u64 bytes) __must_check;
/* Host memory that growing takes at most. */
u64 kernel_tables_host_bytes(const struct machine *m);
/*
 * Tables for [start, end) of the vmalloc range, down to the level that has the leaves: 0,
 * or 1 for huge mappings, where tables of level 0 that nobody uses any more go.
 * -ENOMEM, -ENOBUFS: some may be made.
 */
int kernel_tables_map(struct machine *m, u64 start, u64 end, unsigned int leaf) __must_check;
/* The page of the table of that level that serves addr; PFN_NIL: there is none. */
u32 kernel_table_pfn(const struct machine *m, u64 addr, unsigned int level);
s64 kernel_tables_counted(const struct machine *m);
/* Does the release count those of this level? It is in page->index; page->mapping is 0. */
bool kernel_table_is_counted(const struct machine *m, unsigned int level);

/* T10: each is a page of the machine, of its level, and is counted. */
void kernel_tables_validate(const struct machine *m, struct check *check);
void kernel_tables_digest(const struct machine *m, struct digest *digest);

#endif
