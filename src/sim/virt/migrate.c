// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each mapping of the page becomes a migration entry, which remembers what the mapping
 * was; if then nobody else refers to the page, the new one takes its place in the page
 * cache and its contents, goes to the LRU, and the entries become mappings of it. 6.1
 * does that page by page; since 6.3 up to 512 pages are unmapped before the first moves,
 * and only those that fail are tried again one by one.
 */
#include "sim/virt/migrate.h"

#include "sim/base/bug.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"
#include "sim/virt/vma.h"

#define BATCH_PAGES 512
#define TRIES 10
#define FIRST_TRIES 3	/* of a batch */

static inline void count_node(struct machine *m, const struct page *page,
			      enum node_stat_item item, s64 n)
{
	m->nodes[page_zone(m, page)->node]->stat[item] += n;
}

/* -- isolation ---------------------------------------------------------------- */

static void count_isolated(struct machine *m, const struct page *page, s64 n)
{
	count_node(m, page, page_flag(page, PG_swapbacked) ? NR_ISOLATED_ANON :
							     NR_ISOLATED_FILE, n);
}

bool isolate_page(struct machine *m, struct page_list *list, u64 pfn)
{
	if (pfn_to_page(m, pfn)->flags & (1U << PG_head | 1U << PG_tail) || !lru_isolate(m, pfn))
		return false;
	page_list_add_tail(m, list, pfn);
	count_isolated(m, pfn_to_page(m, pfn), 1);
	return true;
}

void putback_movable_pages(struct machine *m, struct page_list *list)
{
	while (list->first != PFN_NIL) {
		u32 pfn = list->first;

		page_list_del(m, list, pfn);
		count_isolated(m, pfn_to_page(m, pfn), -1);
		lru_putback(m, pfn);
	}
}

/* -- migration entries -------------------------------------------------------- */

struct remap {
	struct machine *m;
	u32 src, dst;
	struct arch_tlbflush_unmap_batch *batch;	/* flushes that can wait; NULL */
};

/* The entry of a mapping of the page at addr; NULL: there is none. */
static pte_t *entry_at(const struct remap *r, const struct vm_area_struct *vma, u64 addr)
{
	if (addr < vma->vm_start || addr >= vma->vm_end)
		return NULL;
	return pte_offset_map(r->m, vma->vm_mm, addr);
}

static pte_t make_migration_entry(pte_t pte, u32 pfn, bool exclusive)
{
	enum swp_type type = pte & PTE_RW ? SWP_MIGRATION_WRITE :
			     exclusive ? SWP_MIGRATION_READ_EXCLUSIVE : SWP_MIGRATION_READ;

	return (u64)type << 1 | (u64)pfn << SWP_OFFSET_SHIFT | (pte & PTE_SOFT_DIRTY) |
	       (pte & PTE_ACCESSED ? SWP_MIG_YOUNG : 0) | (pte & PTE_DIRTY ? SWP_MIG_DIRTY : 0);
}

/* A CPU other than this one may have the entry: better all such at once. */
static bool should_defer_flush(const struct remap *r, const struct mm_struct *mm)
{
	for (unsigned int i = 0; r->batch && i < CPU_WORDS; i++) {
		u64 own = r->m->cpu / 64 == i ? 1ULL << (r->m->cpu % 64) : 0;

		if (mm->cpumask[i] & ~own)
			return true;
	}
	return false;
}

static void flush_entry(const struct remap *r, const struct vm_area_struct *vma, u64 addr,
			pte_t old)
{
	if (should_defer_flush(r, vma->vm_mm))
		set_tlb_ubc_flush_pending(r->batch, vma->vm_mm, old);
	else if (old & PTE_PRESENT)
		flush_tlb_page(r->m, vma, addr);
}

static int unmap_one(void *arg, struct vm_area_struct *vma, u64 addr)
{
	struct remap *r = arg;
	pte_t *pte = entry_at(r, vma, addr), old;
	struct page *page = pfn_to_page(r->m, r->src);
	bool exclusive = page_flag(page, PG_anon_exclusive);

	if (!pte || !pte_present(*pte) || vm_normal_page(*pte) != r->src)
		return 0;
	old = *pte;
	if (old & PTE_DIRTY)
		set_page_dirty(r->m, r->src);
	update_hiwater_rss(vma->vm_mm);
	page_clear_flag(page, PG_anon_exclusive);
	*pte = make_migration_entry(old, r->src, exclusive);
	flush_entry(r, vma, addr, old);
	page_remove_rmap(r->m, r->src, vma);
	put_page(r->m, r->src);
	return 0;
}

static int remap_one(void *arg, struct vm_area_struct *vma, u64 addr)
{
	struct remap *r = arg;
	pte_t *pte = entry_at(r, vma, addr), old, new;
	struct page *page = pfn_to_page(r->m, r->dst);
	enum swp_type type;

	if (!pte || !pte_is_migration(*pte) || swp_pfn(*pte) != r->src)
		return 0;
	old = *pte;
	type = swp_type(old);
	new = mk_pte(r->dst, vma_page_prot(r->m, vma)) | (old & PTE_SOFT_DIRTY);
	if (!(old & SWP_MIG_YOUNG))
		new &= ~PTE_ACCESSED;
	if (old & SWP_MIG_DIRTY && page_flag(page, PG_dirty))
		new = pte_mkdirty(r->m, new);
	new = type == SWP_MIGRATION_WRITE ? maybe_mkwrite(new, vma) : new & ~PTE_RW;
	get_page(r->m, r->dst);
	if (page_flag(page, PG_anon))
		page_add_anon_rmap(r->m, r->dst, vma, addr, type != SWP_MIGRATION_READ);
	else
		page_add_file_rmap(r->m, r->dst, vma);
	*pte = new;
	update_mmu_cache(r->m, vma, addr, pte);
	return 0;
}

/* Entries that name src become mappings of dst: the new page, or src itself again. */
static void remove_migration_ptes(struct machine *m, u32 src, u32 dst)
{
	struct remap r = { .m = m, .src = src, .dst = dst };

	(void)rmap_walk(m, dst, remap_one, &r);
}

static void try_to_migrate(struct machine *m, u32 src, struct arch_tlbflush_unmap_batch *batch)
{
	struct remap r = { .m = m, .src = src, .batch = batch };

	(void)rmap_walk(m, src, unmap_one, &r);
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
	int err = xa_store(&inode->i_data.i_pages, page_index(old), (u64)dst << 1 | 1, NULL);

	BUG_ON(m, err);
	get_page(m, dst);
	put_page(m, src);
	if (page_zone(m, old) == page_zone(m, new))
		return;
	for (int sign = -1; sign <= 1; sign += 2) {
		const struct page *page = sign < 0 ? old : new;

		count_node(m, page, NR_FILE_PAGES, sign);
		if (page_flag(old, PG_swapbacked))
			count_node(m, page, NR_SHMEM, sign);
		if (!dirty)
			continue;
		count_node(m, page, NR_DIRTY, sign);
		page_zone(m, page)->stat[NR_ZONE_WRITE_PENDING] += sign;
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

/* 0; -EAGAIN: somebody else refers to the page. */
static int move_to_new_page(struct machine *m, u32 src, u32 dst)
{
	struct page *old = pfn_to_page(m, src), *new = pfn_to_page(m, dst);
	bool cached = !page_flag(old, PG_anon) && old->mapping;
	struct inode *inode = cached ? inode_of(m, old->mapping) : NULL;

	if (old->refcount != 1 + cached)
		return -EAGAIN;
	new->mapping = old->mapping;
	page_set_index(new, page_index(old));
	if (cached)
		replace_in_cache(m, inode, src, dst);
	move_flags(old, new);
	content_copy(m, dst, src);
	if (cached)
		old->mapping = 0;
	return 0;
}

/* It goes, as the last who had it lets go. */
static void migrate_done(struct machine *m, u32 src)
{
	count_isolated(m, pfn_to_page(m, src), -1);
	put_page(m, src);
}

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
	pair->was_mlocked = page_flag(page, PG_mlocked);
	pair->was_mapped = page_mapcount(page);
	if (pair->was_mapped)
		try_to_migrate(m, src, batch);
	BUG_ON(m, page_mapcount(page));
	return 0;
}

/* The old page is mapped again, the new one given back. */
static void migrate_undo(struct machine *m, const struct pair *pair)
{
	if (pair->was_mapped)
		remove_migration_ptes(m, pair->src, pair->src);
	free_pages(m, pair->dst, 0);
}

static int migrate_move(struct machine *m, const struct pair *pair)
{
	int err = move_to_new_page(m, pair->src, pair->dst);

	if (err)
		return err;
	/* On its list before it is mapped: mlock counts VMAs by that. */
	lru_cache_add(m, pair->dst);
	if (rel_migration_batches(m->release) ? pair->was_mlocked : pair->was_mapped)
		lru_add_drain(m);
	if (pair->was_mapped)
		remove_migration_ptes(m, pair->src, pair->dst);
	put_page(m, pair->dst);
	migrate_done(m, pair->src);
	return 0;
}

/* -- lists -------------------------------------------------------------------- */

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
	migrate_done(m, pfn);
	migration->nr_succeeded++;
	return true;
}

/* Unmap up to room pages from the list on; those wait in pairs[]. */
static int unmap_list(struct machine *m, struct migration *migration, struct page_list *from,
		      struct pair *pairs, unsigned int room, unsigned int *nr)
{
	struct arch_tlbflush_unmap_batch batch = { 0 };
	u32 pfn = from->first, next;
	int err = 0;

	for (*nr = 0; pfn != PFN_NIL && *nr < room && !err; pfn = next) {
		next = pfn_to_page(m, pfn)->next;
		if (freed_meanwhile(m, migration, from, pfn))
			continue;
		err = migrate_unmap(m, migration, pfn, room > 1 ? &batch : NULL,
				    &pairs[*nr]);
		if (err)
			break;
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
		int err = -EAGAIN;

		for (unsigned int n = 0; n < tries && err; n++)
			err = migrate_move(m, &pairs[i]);
		if (!err) {
			migration->nr_succeeded++;
			continue;
		}
		migrate_undo(m, &pairs[i]);
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

		err = unmap_list(m, migration, from, pairs, size, &nr);
		move_pairs(m, migration, pairs, nr, tries, failed);
	}
	return err;
}

static unsigned int list_length(const struct machine *m, const struct page_list *list)
{
	unsigned int nr = 0;

	for (u32 pfn = list->first; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next)
		nr++;
	return nr;
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

int migrate_pages(struct machine *m, struct page_list *from, struct migration *migration)
{
	bool batches = rel_migration_batches(m->release);
	struct page_list again = PAGE_LIST_INIT, failed = PAGE_LIST_INIT;
	int err = migrate_list(m, migration, from, batches ? BATCH_PAGES : 1,
			       batches ? FIRST_TRIES : TRIES, batches ? &again : &failed);

	if (!err && again.first != PFN_NIL)
		err = migrate_list(m, migration, &again, 1, TRIES - FIRST_TRIES, &failed);
	migration->nr_failed = list_length(m, &failed) + (err != 0);
	splice(m, &failed, from);
	splice(m, &again, from);
	count_vm_event(m, PGMIGRATE_SUCCESS, (s64)migration->nr_succeeded);
	count_vm_event(m, PGMIGRATE_FAIL, (s64)migration->nr_failed);
	return err ? err : (int)migration->nr_failed;
}

/* -- for those who migrate ---------------------------------------------------- */

int alloc_migration_target(struct machine *m, u32 src, unsigned int node, u32 *dst)
{
	const struct alloc_request req = {
		.gfp = GFP_HIGHUSER_MOVABLE | __GFP_THISNODE, .node = (int)node,
	};

	(void)src;
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
	if (pgoff < vma->vm_pgoff || pgoff - vma->vm_pgoff >= vma_pages(vma))
		return ~0ULL;
	return vma_address_of(vma, pgoff);
}

bool may_access_task(const struct task_struct *task, const struct task_struct *of)
{
	return task->tgid == of->tgid || !task->uid || task->uid == of->uid;
}
