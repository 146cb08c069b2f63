/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moving pages to other page frames: contents, mappings and places in page caches stay
 * what they were. Pages are first isolated: off their LRU list, with a reference of the
 * isolater, on a list of his (page->prev and ->next). mbind, migrate_pages, move_pages
 * and compaction differ in which pages they take and where the new ones come from.
 *
 * Host memory: as in virt.h; the new pages are what a migration needs at most.
 */
#ifndef KMM_VIRT_MIGRATE_H
#define KMM_VIRT_MIGRATE_H

#include "sim/virt/mm_types.h"

struct migration {
	/* A page for what is in `src` now. -ENOMEM, -ENOBUFS. */
	int (*new_page)(struct machine *m, void *arg, u32 src, u32 *dst);
	void *arg;
	/* Filled in: pages. */
	u64 nr_succeeded, nr_failed;
};

/* Take a page off its LRU list and onto this one; false: it is on none (in a batch). */
bool isolate_page(struct machine *m, struct page_list *list, u64 pfn);
/* What is on the list goes back to where it was. */
void putback_movable_pages(struct machine *m, struct page_list *list);

/*
 * Move the pages of the list. What moved is off it; returns how many did not, -ENOMEM
 * or -ENOBUFS. What is left is the caller's to put back.
 */
int migrate_pages(struct machine *m, struct page_list *from,
		  struct migration *migration) __must_check;

/* A new page on this node and no other, as move_pages() wants it. */
int alloc_migration_target(struct machine *m, u32 src, unsigned int node,
			   u32 *dst) __must_check;
/* May pages of the VMA be moved at all? */
bool vma_migratable(const struct vm_area_struct *vma);
/* Where the VMA has the page, by the page's offset; ~0: nowhere. */
u64 page_address_in_vma(const struct machine *m, u64 pfn, const struct vm_area_struct *vma);
/* May `task` look at what is `of`'s? (ptrace_may_access) */
bool may_access_task(const struct task_struct *task, const struct task_struct *of);

#endif
