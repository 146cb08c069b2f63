/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page_owner=on: who allocated each block of pages, when, with which flags, by
 * which path through our own code. Records lie beside the memory map, section by
 * section; stacks are kept once each. Off, m->page_owner is NULL and nothing costs.
 *
 * Stacks depend on the compiler, so they are in no digest.
 */
#ifndef KMM_PHYS_PAGE_OWNER_H
#define KMM_PHYS_PAGE_OWNER_H

#include "sim/machine.h"

#define PAGE_OWNER_COMM 16

struct page_owner_info {
	u64 pfn;
	unsigned int order;
	gfp_t gfp;
	u32 pid, tgid;
	const char *comm;
	u64 ts_ns, free_ts_ns;	/* free: of the time before, 0 = never */
	const u64 *ips;		/* innermost first: stack_trace_print() */
	unsigned int nr_ips;
	u8 migrate_reason;	/* enum migrate_reason: why it was last moved */
};

/* Why pages move; the names are in page_owner.c. */
enum migrate_reason { MR_NONE, MR_COMPACTION, MR_SYSCALL, MR_MEMPOLICY_MBIND, MR_CONTIG_RANGE,
		      MR_MEMORY_HOTPLUG, MR_MEMORY_FAILURE, NR_MIGRATE_REASONS };
extern const char *const migrate_reason_names[NR_MIGRATE_REASONS];

/* Switch it on: before the first page is allocated. 0 or -ENOMEM. */
int page_owner_init(struct machine *m) __must_check;
void page_owner_free_state(struct machine *m);

/* Who allocates: asked for each block. Before there are tasks it is swapper/0. */
struct page_owner_task {
	u32 pid, tgid;
	const char *comm;	/* cut at PAGE_OWNER_COMM - 1 */
};
void page_owner_ask(struct machine *m, void (*current)(const struct machine *m,
						      struct page_owner_task *task));

/* Host memory for the next record: -ENOBUFS. Call before pages are taken. */
int page_owner_reserve(struct machine *m) __must_check;
/* There are page frames up to `end`. 0 or -ENOBUFS. */
int page_owner_grow(struct machine *m, u64 end) __must_check;
/* The page frames are no memory any more (whole sections). */
void page_owner_forget(struct machine *m, u64 pfn, u64 end);
/* The block was allocated; freed. page_owner_reserve() came before. */
void page_owner_set(struct machine *m, u64 pfn, unsigned int order, gfp_t gfp);
void page_owner_reset(struct machine *m, u64 pfn, unsigned int order);
/* What the block src held is in dst now, whose owner is who had src; why is remembered. */
void page_owner_migrated(struct machine *m, u64 src, u64 dst, enum migrate_reason reason);
/* The block is single pages from now on, all of the same origin. */
void page_owner_split(struct machine *m, u64 pfn, unsigned int order);
/* These, of one that was split so, are a block of that order. */
void page_owner_set_order(struct machine *m, u64 pfn, unsigned int order);

/*
 * The first allocated block at *pfn or above; *pfn moves behind its first page.
 * False when there is none: start with *pfn = 0.
 */
bool page_owner_next(const struct machine *m, u64 *pfn, struct page_owner_info *info);

/* The allocated block whose first page this is: its order and flags; false: none. */
bool page_owner_at(const struct machine *m, u64 pfn, unsigned int *order, gfp_t *gfp);
/*
 * The stack that was kept last before *at, and the pages that are allocated by it; *at
 * becomes its name. False behind the first: start with *at = 0.
 */
bool page_owner_prev_stack(const struct machine *m, u32 *at, const u64 **ips,
			   unsigned int *nr_ips, u64 *nr_pages);
/* page_owner_stacks/count_threshold. */
u64 *page_owner_threshold(const struct machine *m);

void page_owner_validate(const struct machine *m, struct check *check);

#endif
