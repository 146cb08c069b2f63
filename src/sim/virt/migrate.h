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

#include "sim/phys/page_owner.h"
#include "sim/virt/mm_types.h"

struct alloc_request;
struct migration {
	/* A folio as large as `src` for what is in it now. -ENOMEM, -ENOBUFS. */
	int (*new_page)(struct machine *m, void *arg, u32 src, u32 *dst);
	/* One that was not needed; NULL: it is put. */
	void (*free_page)(struct machine *m, void *arg, u32 dst);
	void *arg;
	enum migrate_reason reason;
	bool sync;		/* who is on its way to a disk is waited for; else it stays */
	/* Filled in: pages; folios. */
	u64 nr_succeeded, nr_failed;
	u64 folios_failed;
	/* Between migrate.c and migrate_large.c: pages of folios that were split. */
	struct page_list split;
	u32 split_head;
};

/*
 * Take a page, or the anonymous folio that it is of, off its LRU list and onto this one;
 * false: it is on none (in a batch).
 */
bool isolate_page(struct machine *m, struct page_list *list, u64 pfn);
/* The same for who looked at the page: at the head of the list, which may move. */
bool isolate_page_at_head(struct machine *m, struct page_list *list, u64 pfn);
/* What is on the list goes back to where it was. */
void putback_movable_pages(struct machine *m, struct page_list *list);

/*
 * Move the folios of the list. What moved is off it; returns how many did not, -ENOMEM
 * or -ENOBUFS. What is left is the caller's to put back.
 */
int migrate_pages(struct machine *m, struct page_list *from,
		  struct migration *migration) __must_check;

/* A new folio on this node and no other, as move_pages() wants it. */
int alloc_migration_target(struct machine *m, u32 src, unsigned int node,
			   u32 *dst) __must_check;
/* Entries that map src become migration entries; flushes that can wait do, in *batch. */
struct arch_tlbflush_unmap_batch;
void try_to_migrate(struct machine *m, u32 src, struct arch_tlbflush_unmap_batch *batch);
/* Migration entries that name src become mappings of dst: the new page, or src again. */
void remove_migration_ptes(struct machine *m, u32 src, u32 dst);
/* All entries that map the large folio src map dst, which has its place already. */
void move_large_mappings(struct machine *m, u32 src, u32 dst);
/* A large folio of the list is split; its pages wait in migration->split. */
int split_to_migrate(struct machine *m, struct migration *migration, struct page_list *from,
		     u32 pfn) __must_check;
void count_isolated(struct machine *m, const struct page *page, s64 n);

/*
 * migrate_hugetlb.c: a huge page of a pool in use, by its head. False: it is on somebody's
 * list already. Those that do not move are put on `failed`; -ENOMEM, -ENOBUFS.
 */
bool isolate_hugetlb(struct machine *m, struct page_list *list, u32 pfn);
void putback_hugetlb(struct machine *m, struct page_list *list, u32 pfn);
int migrate_hugetlbs(struct machine *m, struct migration *migration, struct page_list *from,
		     struct page_list *failed) __must_check;
/* As large as src: a free one of its pool, or a new one. where: node, nodemask, gfp. */
int hugetlb_alloc_target(struct machine *m, u32 src, const struct alloc_request *where,
			 u32 *dst) __must_check;

/* May pages of the VMA be moved at all? */
bool vma_migratable(const struct vm_area_struct *vma);
/*
 * Where the VMA has the page, by the page's offset; ~0: nowhere. 6.1: of a large folio whose
 * first page lies before it, what it has first.
 */
u64 page_address_in_vma(const struct machine *m, u64 pfn, const struct vm_area_struct *vma);
/* May `task` look at what is `of`'s? (ptrace_may_access) */
bool may_access_task(const struct task_struct *task, const struct task_struct *of);

#endif
