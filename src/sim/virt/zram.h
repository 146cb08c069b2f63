/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block device in memory, compressed: what /dev/zramN of a machine file is, for swap. Its
 * pages are objects of a pool (zsmalloc.h). What is in them is the swap area's (tokens): here
 * is only how much memory that takes. A page of zeroes takes none; any other comes to as many
 * bytes as the machine file says (compressed), or is kept as it is if that is too many.
 */
#ifndef KMM_VIRT_ZRAM_H
#define KMM_VIRT_ZRAM_H

#include "sim/virt/blk.h"
#include "sim/virt/zsmalloc.h"

enum zram_state { ZRAM_NONE, ZRAM_SAME, ZRAM_STORED, ZRAM_HUGE };

struct zram_entry {
	struct zs_object object;
	u16 size;
	u8 state;		/* enum zram_state */
};

struct zram {
	struct gendisk *disk;
	u32 compressed;		/* bytes of a page */
	bool formatted;		/* mkswap was here */
	bool created;		/* the boot made its pool */
	u64 nr_entries;		/* pages of the disk's size; 0: it has none */
	struct zram_entry *table;	/* [nr_entries] */
	u64 table_addr;		/* of vmalloc */
	struct zs_pool pool;
	/* What its files say. */
	u64 pages_stored, compr_data_size, same_pages, huge_pages, huge_pages_since;
	u64 max_used_pages, limit_pages;
	u64 failed_writes, notify_free, miss_free;
};

/* Is a [swap N] of this path one? */
bool is_zram_path(const char *path);
/* Host memory; -ENOBUFS. */
int zram_alloc(struct machine *m, struct gendisk *disk, u32 compressed) __must_check;
void zram_free(struct machine *m, struct zram *zram);
/* Late in the boot: pools, and sizes. */
int zram_boot(struct machine *m) __must_check;

/* -EBUSY: it has one; -ENOMEM, -ENOBUFS. */
int zram_set_disksize(struct machine *m, struct zram *zram, u64 bytes) __must_check;
/* -EBUSY: somebody uses it. */
int zram_reset(struct machine *m, struct zram *zram) __must_check;

/* A page, of which the index has what it was: -ENOMEM, -EIO. The CPU works for it. */
int zram_write_page(struct machine *m, struct zram *zram, u64 index, u32 pfn) __must_check;
void zram_read_page(struct machine *m, const struct zram *zram, u64 index);
/* The swap area has given up the slot. */
void zram_slot_free_notify(struct machine *m, struct zram *zram, u64 index);

void zram_digest(const struct machine *m, struct digest *digest);
void zram_validate(const struct machine *m, struct check *check);	/* ZS1 */
void zram_claim_objects(const struct machine *m, struct object_census *census);
u64 zsmalloc_nr_pages(const struct machine *m);

#endif
