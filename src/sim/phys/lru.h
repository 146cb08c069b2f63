/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LRU lists: for each node five lists of user pages, and per CPU the batches of
 * pages on their way to them (the kernel's mm/swap.c): 15 pages, 31 since 6.18's
 * releases. A page in a batch is not on a list and has one more reference.
 */
#ifndef KMM_PHYS_LRU_H
#define KMM_PHYS_LRU_H

#include "sim/machine.h"

enum lru_list { LRU_INACTIVE_ANON, LRU_ACTIVE_ANON, LRU_INACTIVE_FILE, LRU_ACTIVE_FILE,
		LRU_UNEVICTABLE, NR_LRU_LISTS };

int lru_init(struct machine *m) __must_check;
void lru_free(struct machine *m);

/* A page that was just made: into the current CPU's batch. */
void lru_cache_add(struct machine *m, u64 pfn);
void lru_add_drain(struct machine *m);		/* the current CPU's batches */
void lru_add_drain_all(struct machine *m);
void mark_page_accessed(struct machine *m, u64 pfn);
void activate_page(struct machine *m, u64 pfn);
/* mlock.c's: pages of VM_LOCKED VMAs are unevictable, NR_MLOCK counts them. */
void mlock_page(struct machine *m, u64 pfn);
void mlock_new_page(struct machine *m, u64 pfn);	/* instead of lru_cache_add() */
void munlock_page(struct machine *m, u64 pfn);
/* MADV_FREE: clean anonymous page, to the file list. */
void mark_page_lazyfree(struct machine *m, u64 pfn);

/* References: the last put takes the page off its list and frees it. */
static inline void get_page(struct machine *m, u64 pfn)
{
	m->mem_map[pfn].refcount++;
}
void put_page(struct machine *m, u64 pfn);

/* B9 L1 to L6. */
void lru_validate(const struct machine *m, struct check *check);
struct digest;
void lru_digest(const struct machine *m, struct digest *digest);

#endif
