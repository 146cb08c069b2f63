// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each mapping of the page becomes a migration entry, which remembers what the mapping
 * was; if then nobody else refers to the page, the new one takes its place in the page
 * cache and its contents, goes to the LRU, and the entries become mappings of it. 6.1
 * does that page by page; since 6.3 up to 512 pages are unmapped before the first moves,
 * and only those that fail are tried again one by one.
 */
#include "sim/virt/blk.h"
#include "sim/virt/migrate.h"

#include "sim/base/bug.h"
#include "sim/phys/memcg.h"
#include "sim/virt/content.h"
#include "sim/virt/cputime.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/vma.h"

#define BATCH_PAGES 512
#define TRIES 10
#define FIRST_TRIES 3	/* of a batch */

/* -- isolation ---------------------------------------------------------------- */

void count_isolated(struct machine *m, const struct page *page, s64 n)
{
	m->nodes[page_zone(m, page)->node]->stat[page_flag(page, PG_swapbacked) ?
						 NR_ISOLATED_ANON : NR_ISOLATED_FILE] += n;
}

/* Blocks of several pages that are no folio belong to nobody who could tell. */
static bool may_isolate(const struct page *folio)
{
	return !page_flag(folio, PG_large) || folio_is_large(folio);
}

bool isolate_page(struct machine *m, struct page_list *list, u64 pfn)
{
	u32 head = (u32)folio_pfn(m, pfn);
	const struct page *folio = pfn_to_page(m, head);

	if (!may_isolate(folio) || !lru_isolate(m, head))
		return false;
	page_list_add_tail(m, list, head);
	count_isolated(m, folio, (s64)folio_nr_pages(folio));
	return true;
}

bool isolate_page_at_head(struct machine *m, struct page_list *list, u64 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);

	if (!may_isolate(folio) || !lru_isolate(m, pfn))
		return false;
	page_list_add_head(m, list, pfn);
	count_isolated(m, folio, (s64)folio_nr_pages(folio));
	return true;
}

void putback_movable_pages(struct machine *m, struct page_list *list)
{
	while (list->first != PFN_NIL) {
		u32 pfn = list->first;

		if (page_type(pfn_to_page(m, pfn)) == PGTY_hugetlb) {
			putback_hugetlb(m, list, pfn);
			continue;
		}
		page_list_del(m, list, pfn);
		count_isolated(m, pfn_to_page(m, pfn),
			       -(s64)folio_nr_pages(pfn_to_page(m, pfn)));
		lru_putback(m, pfn);
	}
}

/* -- one page ----------------------------------------------------------------- */

/* A page that was unmapped and the one that it becomes. */
struct pair {
	u32 src, dst;
	bool was_mapped, was_mlocked;
};

/* The new page takes the old one's place in its file. */
static void replace_in_cache(struct machine *m, struct inode *inode, u32 src, u32 dst)
{
	struct page *old = pfn_to_page(m, src), *new = pfn_to_page(m, dst);
	bool dirty = page_flag(old, PG_dirty) && inode->kind == INODE_DISK;
	s64 nr = (s64)folio_nr_pages(old);
	int err;

	err = xa_store(&inode->i_data.i_pages, page_index(old), mk_cache_entry(dst), NULL);
	BUG_ON(m, err);
	filemap_moved_folio(m, &inode->i_data, src, dst);
	if (!dirty || page_zone(m, old) == page_zone(m, new))
		return;
	for (int sign = -1; sign <= 1; sign += 2) {
		const struct page *page = sign < 0 ? old : new;

		mod_lruvec_page_state(m, page, NR_DIRTY, sign * nr);
		page_zone(m, page)->stat[NR_ZONE_WRITE_PENDING] += sign * nr;
	}
}

static void move_flags(struct page *old, struct page *new)
{
	static const u32 copied = 1U << PG_referenced | 1U << PG_uptodate | 1U << PG_active |
				  1U << PG_unevictable | 1U << PG_workingset |
				  1U << PG_owner_priv | 1U << PG_dirty | 1U << PG_reclaim |
				  1U << PG_swapbacked | 1U << PG_anon;
	static const u32 taken = 1U << PG_active | 1U << PG_unevictable | 1U << PG_dirty;

	new->flags |= old->flags & copied;
	old->flags &= ~taken;
}

/* 0; -EAGAIN: somebody else refers to the page; -EBUSY: it never moves. */
static int move_to_new_page(struct machine *m, u32 src, u32 dst)
{
	struct page *old = pfn_to_page(m, src), *new = pfn_to_page(m, dst);
	bool cached = !page_flag(old, PG_anon) && old->mapping;
	struct inode *inode = cached ? inode_of(m, old->mapping) : NULL;
	bool swapped = page_flag(old, PG_swapcache);
	s32 cache_refs = cached || swapped ? (s32)folio_nr_pages(old) : 0;

	/* It went there as the others of its batch were made ready: it is tried again alone. */
	if (page_flag(old, PG_writeback))
		return -EAGAIN;
	if (old->refcount != 1 + cache_refs + folio_mapcount(old))
		return -EAGAIN;
	if (cached && inode->kind == INODE_SECRET)
		return -EBUSY;
	if (unlikely(m->memcg))
		mem_cgroup_migrate(m, old, new);
	new->mapping = old->mapping;
	page_set_index(new, page_index(old));
	if (cached)
		replace_in_cache(m, inode, src, dst);
	if (swapped)
		swap_cache_moved_folio(m, src, dst);
	move_flags(old, new);
	for (u32 i = 0; i < folio_nr_pages(old); i++)
		content_copy(m, dst + i, src + i);
	if (cached)
		old->mapping = 0;
	return 0;
}

/* It goes, as the last who had it lets go. */
static void migrate_done(struct machine *m, const struct migration *migration, u32 src)
{
	count_isolated(m, pfn_to_page(m, src), -(s64)folio_nr_pages(pfn_to_page(m, src)));
	/* One that goes out of use stays the caller's. */
	if (migration->reason != MR_MEMORY_FAILURE)
		put_page(m, src);
}

static void free_target(struct machine *m, const struct migration *migration, u32 dst)
{
	if (migration->free_page)
		migration->free_page(m, migration->arg, dst);
	else
		put_page(m, dst);
}

/*
 * -EBUSY: it is being read; or it is on its way to a disk, and nobody waits for that, or not
 * in a batch.
 */
static int migrate_unmap(struct machine *m, struct migration *migration, u32 src,
			 struct arch_tlbflush_unmap_batch *batch, struct pair *pair)
{
	const struct page *page = pfn_to_page(m, src);
	int err;

	pair->src = src;
	pair->dst = PFN_NIL;
	pair->was_mapped = pair->was_mlocked = false;
	err = migration->new_page(m, migration->arg, src, &pair->dst);
	if (err)
		return err;
	if (page_flag(page, PG_locked) ||
	    (page_flag(page, PG_writeback) && (batch || !migration->sync))) {
		free_target(m, migration, pair->dst);
		return -EBUSY;
	}
	if (page_flag(page, PG_writeback))
		folio_wait_writeback(m, src);
	pair->was_mlocked = page_flag(page, PG_mlocked);
	pair->was_mapped = folio_mapcount(page);
	if (pair->was_mapped && !folio_is_large(page))
		try_to_migrate(m, src, batch);
	return 0;
}

/* The old page is mapped again, the new one given back. */
static void migrate_undo(struct machine *m, const struct migration *migration,
			 const struct pair *pair)
{
	if (pair->was_mapped && !folio_is_large(pfn_to_page(m, pair->src)))
		remove_migration_ptes(m, pair->src, pair->src);
	free_target(m, migration, pair->dst);
}

static int migrate_move(struct machine *m, const struct migration *migration,
			const struct pair *pair)
{
	int err = move_to_new_page(m, pair->src, pair->dst);

	if (err)
		return err;
	if (unlikely(m->page_owner))
		page_owner_migrated(m, pair->src, pair->dst, migration->reason);
	/* On its list before it is mapped: mlock counts VMAs by that. */
	lru_cache_add(m, pair->dst);
	if (rel_migration_batches(m->release) ? pair->was_mlocked : pair->was_mapped)
		lru_add_drain(m);
	if (pair->was_mapped && folio_is_large(pfn_to_page(m, pair->src)))
		move_large_mappings(m, pair->src, pair->dst);
	else if (pair->was_mapped)
		remove_migration_ptes(m, pair->src, pair->dst);
	put_page(m, pair->dst);
	if (unlikely(m->memcg))
		mem_cgroup_migrated(m, pfn_to_page(m, pair->src));
	migrate_done(m, migration, pair->src);
	return 0;
}

/* -- lists -------------------------------------------------------------------- */

static void count_succeeded(struct machine *m, struct migration *migration, unsigned int order)
{
	migration->nr_succeeded += 1ULL << order;
	count_vm_event(m, THP_MIGRATION_SUCCESS, order && order == hpage_pmd_order(m));
}

static void count_failed(struct machine *m, struct migration *migration, u32 pfn)
{
	unsigned int order = folio_order(pfn_to_page(m, pfn));

	migration->nr_failed += 1ULL << order;
	count_vm_event(m, THP_MIGRATION_FAIL, order && order == hpage_pmd_order(m));
}

/* Only the isolater has it: everybody else let it go meanwhile. */
static bool freed_meanwhile(struct machine *m, struct migration *migration,
			    struct page_list *from, u32 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (page->refcount != 1)
		return false;
	page_clear_flag(page, PG_active);
	page_clear_flag(page, PG_unevictable);
	page_list_del(m, from, pfn);
	count_succeeded(m, migration, folio_order(page));
	migrate_done(m, migration, pfn);
	return true;
}

/* Of some folios, not all pages are wanted any more: their pages move one by one. */
static bool splits_first(const struct machine *m, u32 pfn)
{
	return rel_migration_splits_partial(m->release) &&
	       folio_is_partially_mapped(pfn_to_page(m, pfn));
}

static int unmap_or_split(struct machine *m, struct migration *migration,
			  struct page_list *from, u32 pfn,
			  struct arch_tlbflush_unmap_batch *batch, struct pair *pair, bool *split)
{
	int err;

	*split = splits_first(m, pfn) && !split_to_migrate(m, migration, from, pfn);
	if (*split)
		return 0;
	err = migrate_unmap(m, migration, pfn, batch, pair);
	*split = err == -ENOMEM && folio_is_large(pfn_to_page(m, pfn)) &&
		 !split_to_migrate(m, migration, from, pfn);
	return *split ? 0 : err;
}

/* Unmap up to room pages from the list on; those wait in pairs[], busy ones on `failed`. */
static int unmap_list(struct machine *m, struct migration *migration, struct page_list *from,
		      struct pair *pairs, unsigned int room, unsigned int *nr,
		      struct page_list *failed)
{
	struct arch_tlbflush_unmap_batch batch = { 0 };
	u32 pfn = from->first, next;
	u64 nr_pages = 0;
	int err = 0;

	for (*nr = 0; pfn != PFN_NIL && nr_pages < room; pfn = next) {
		bool split;

		next = pfn_to_page(m, pfn)->next;
		if (freed_meanwhile(m, migration, from, pfn))
			continue;
		err = unmap_or_split(m, migration, from, pfn, room > 1 ? &batch : NULL,
				     &pairs[*nr], &split);
		if (err == -EBUSY) {
			page_list_del(m, from, pfn);
			page_list_add_tail(m, failed, pfn);
			err = 0;
			continue;
		}
		if (err) {
			count_failed(m, migration, pfn);
			break;
		}
		if (split)
			continue;
		nr_pages += folio_nr_pages(pfn_to_page(m, pfn));
		page_list_del(m, from, pfn);
		++*nr;
	}
	try_to_unmap_flush(m, &batch);
	return err;
}

/* What does not move is put on `failed`. */
static void move_pairs(struct machine *m, struct migration *migration, struct pair *pairs,
		       unsigned int nr, unsigned int tries, struct page_list *failed)
{
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int order = folio_order(pfn_to_page(m, pairs[i].src));
		int err = -EAGAIN;

		for (unsigned int n = 0; n < tries && err; n++)
			err = migrate_move(m, migration, &pairs[i]);
		if (!err) {
			count_succeeded(m, migration, order);
			continue;
		}
		migrate_undo(m, migration, &pairs[i]);
		page_list_add_tail(m, failed, pairs[i].src);
	}
}

/* `size` pages at a time. -ENOMEM, -ENOBUFS: the rest stays on the list. */
static int migrate_list(struct machine *m, struct migration *migration,
			struct page_list *from, unsigned int size, unsigned int tries,
			struct page_list *failed)
{
	struct pair pairs[BATCH_PAGES];
	int err = 0;

	while (from->first != PFN_NIL && !err) {
		unsigned int nr;

		err = unmap_list(m, migration, from, pairs, size, &nr, failed);
		move_pairs(m, migration, pairs, nr, tries, failed);
	}
	return err;
}

static void count_all_failed(struct machine *m, struct migration *migration,
			     const struct page_list *list)
{
	for (u32 pfn = list->first; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		count_failed(m, migration, pfn);
		migration->folios_failed++;
	}
}

/* What failed for good goes to the front of what was not tried. */
static void splice(struct machine *m, struct page_list *failed, struct page_list *from)
{
	while (failed->last != PFN_NIL) {
		u32 pfn = failed->last;

		page_list_del(m, failed, pfn);
		page_list_add_head(m, from, pfn);
	}
}

/*
 * The pages of folios that were split. Those that stay are no failure more: the folio
 * counts as one. (6.1 says so if memory is short.)
 */
static int migrate_split_pages(struct machine *m, struct migration *migration,
			       struct page_list *failed)
{
	bool batches = rel_migration_batches(m->release);
	u64 folios_failed = migration->folios_failed;
	struct page_list still = PAGE_LIST_INIT;
	int err = migrate_list(m, migration, &migration->split, batches ? BATCH_PAGES : 1,
			       TRIES, &still);

	count_all_failed(m, migration, &still);
	migration->folios_failed = folios_failed;
	splice(m, failed, &still);
	*failed = still;
	return err == -ENOMEM && batches ? 0 : err;
}

int migrate_pages(struct machine *m, struct page_list *from, struct migration *migration)
{
	bool batches = rel_migration_batches(m->release);
	struct page_list again = PAGE_LIST_INIT, failed = PAGE_LIST_INIT;
	int err;

	migration->split = (struct page_list)PAGE_LIST_INIT;
	err = migrate_hugetlbs(m, migration, from, &failed);
	if (!err)
		err = migrate_list(m, migration, from, batches ? BATCH_PAGES : 1,
				   batches ? FIRST_TRIES : TRIES, batches ? &again : &failed);
	if (!err && again.first != PFN_NIL)
		err = migrate_list(m, migration, &again, 1, TRIES - FIRST_TRIES, &failed);
	count_all_failed(m, migration, &failed);
	if (!err && migration->split.first != PFN_NIL)
		err = migrate_split_pages(m, migration, &failed);
	splice(m, &migration->split, from);
	splice(m, &failed, from);
	splice(m, &again, from);
	count_vm_event(m, PGMIGRATE_SUCCESS, (s64)migration->nr_succeeded);
	count_vm_event(m, PGMIGRATE_FAIL, (s64)migration->nr_failed);
	cpu_takes_time(m, migration->nr_succeeded * m->config->cost[COST_MIGRATE_PAGE]);
	if (from->first == PFN_NIL)
		return 0;
	return err ? err : (int)migration->folios_failed;
}

/* -- for those who migrate ---------------------------------------------------- */

int alloc_migration_target(struct machine *m, u32 src, unsigned int node, u32 *dst)
{
	unsigned int order = folio_order(pfn_to_page(m, src));
	gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_THISNODE;
	const struct alloc_request req = {
		.gfp = order ? (gfp & ~__GFP_RECLAIM) | GFP_TRANSHUGE : gfp,
		.order = order, .node = (int)node,
	};

	if (page_type(pfn_to_page(m, src)) == PGTY_hugetlb)
		return hugetlb_alloc_target(m, src, &req, dst);
	return alloc_pages(m, &req, dst);
}

bool vma_migratable(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_IO | VM_PFNMAP));
}

u64 page_address_in_vma(const struct machine *m, u64 pfn, const struct vm_area_struct *vma)
{
	const struct page *page = pfn_to_page(m, pfn);
	u64 pgoff = page_index(page);

	if (page_flag(page, PG_anon)) {
		if (!vma->anon_vma ||
		    anon_vma_of(m, page->mapping)->root != vma->anon_vma->root)
			return ~0ULL;
	} else if (!vma->vm_file || vma->vm_file->inode->self != page->mapping) {
		return ~0ULL;
	}
	if (pgoff < vma->vm_pgoff)
		return rel_mbind_moves_by_policy(m->release) ||
		       pgoff + (1ULL << folio_order(page)) <= vma->vm_pgoff ? ~0ULL : vma->vm_start;
	if (pgoff - vma->vm_pgoff >= vma_pages(vma))
		return ~0ULL;
	return vma_address_of(vma, pgoff);
}

bool may_access_task(const struct task_struct *task, const struct task_struct *of)
{
	return task->tgid == of->tgid || !task->uid || task->uid == of->uid;
}
