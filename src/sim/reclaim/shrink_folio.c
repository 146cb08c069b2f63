// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What becomes of a page that was taken off an inactive list, by the kernel's rules: one
 * that mappings used goes round once more, or is active if that was not the first time;
 * one that is not mapped and clean is forgotten, for its file still has it; anonymous ones
 * need a place in swap. Dirty pages of files are left to who writes them, unless kswapd
 * meets nothing else.
 */
#include "sim/reclaim/reclaim_internal.h"

#include "sim/base/bug.h"
#include "sim/phys/lru_internal.h"
#include "sim/phys/section.h"
#include "sim/virt/evict.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap_out.h"
#include "sim/virt/tlb.h"

/* Why a page stays; FREED: it does not. */
enum outcome {
	FREED,
	KEPT_BUSY,		/* somebody else refers to it */
	KEPT_USED,		/* a mapping used it, for the first time */
	KEPT_MAPPED,		/* it is mapped, and that is to stay so */
	KEPT_DIRTY,		/* and nobody may write it now */
	ACTIVATED_USED,		/* mappings used it twice, or it is a program */
	ACTIVATED_LOCKED,	/* a VMA has it locked */
	ACTIVATED_DIRTY,	/* it is to be written first */
	ACTIVATED_NO_SWAP,
	NR_OUTCOMES,
	FIRST_ACTIVATED = ACTIVATED_USED,
};

static const char *const outcome_names[NR_OUTCOMES] = {
	[KEPT_BUSY] = "somebody else refers to it",
	[KEPT_USED] = "a mapping used it once",
	[KEPT_MAPPED] = "it is mapped",
	[KEPT_DIRTY] = "it is dirty",
	[ACTIVATED_USED] = "used twice, or a program: active",
	[ACTIVATED_LOCKED] = "a VMA locks it",
	[ACTIVATED_DIRTY] = "dirty: to be written first",
	[ACTIVATED_NO_SWAP] = "it has no place in swap",
};

struct folio_shrink {
	struct scan_control *sc;
	struct machine *m;
	unsigned int node;
	struct reclaim_stat *stat;
	struct page_list *list;		/* of what is left to look at */
	bool ignore_references;
	struct eviction eviction;	/* of plain pages */
	u32 mapping;			/* the file that the last page was of, */
	struct inode *inode;		/* which most others are of, too */
	struct arch_tlbflush_unmap_batch batch;
	/* For sim/why: how many pages, and the last one of each outcome. */
	u32 nr[NR_OUTCOMES], last[NR_OUTCOMES];
};

enum references { RECLAIM, RECLAIM_CLEAN, KEEP, ACTIVATE, LOCKED };

static enum references folio_check_references(const struct scan_control *sc, u32 pfn)
{
	struct machine *m = sc->m;
	struct page *folio = pfn_to_page(m, pfn);
	bool was_referenced = page_flag(folio, PG_referenced);
	u64 vm_flags = 0;
	unsigned int used = folio_mapcount(folio) ?
			    folio_referenced(m, pfn, sc->target, &vm_flags) : 0;

	page_clear_flag(folio, PG_referenced);
	if (vm_flags & VM_LOCKED)
		return LOCKED;
	if (!used)
		return was_referenced && is_file_page(folio) ? RECLAIM_CLEAN : RECLAIM;
	/* Each page was used by the fault that mapped it: once more tells something. */
	page_set_flag(folio, PG_referenced);
	if (was_referenced || used > 1 || (vm_flags & VM_EXEC && is_file_page(folio)))
		return ACTIVATE;
	return KEEP;
}

/* Dirty pages of files, and those on their way: is that all there is? */
static void count_dirty(struct folio_shrink *s, const struct page *folio)
{
	u64 nr = folio_nr_pages(folio);
	bool file = is_file_page(folio) && !page_flag(folio, PG_anon);
	bool dirty = file && page_flag(folio, PG_dirty);
	bool writeback = file && page_flag(folio, PG_writeback);

	s->stat->nr_dirty += dirty || writeback ? nr : 0;
	s->stat->nr_unqueued_dirty += dirty && !writeback ? nr : 0;
	s->stat->nr_congested += writeback && page_flag(folio, PG_reclaim) ? nr : 0;
}

/* It is being written: whoever waits for it hopes in vain that it is clean soon. */
static enum outcome meet_writeback(struct folio_shrink *s, struct page *folio)
{
	u64 nr = folio_nr_pages(folio);

	if (by_kswapd(s->sc) && page_flag(folio, PG_reclaim) &&
	    s->m->nodes[s->node]->flags & PGDAT_WRITEBACK)
		s->stat->nr_immediate += nr;
	else
		s->stat->nr_writeback += nr;
	page_set_flag(folio, PG_reclaim);
	return ACTIVATED_DIRTY;
}

/* The folio was split: its other pages are next, from the first on. */
static void take_tails(const struct folio_shrink *s, u32 pfn, u64 nr)
{
	const struct page *folio = pfn_to_page(s->m, pfn);

	for (u64 i = nr - 1; i; i--) {
		struct page *page = pfn_to_page(s->m, pfn + i);

		/* What nobody had mapped is gone; of the others none is on a list. */
		if (page->mapping != folio->mapping || !page_flag(page, PG_anon))
			continue;
		BUG_ON(s->m, page_flag(page, PG_lru));
		page_clear_flag(page, PG_active);
		get_page(s->m, pfn + i);
		page_list_add_tail(s->m, s->list, pfn + (u32)i);
	}
}

/* Anonymous memory that is wanted needs a slot in swap. */
static enum outcome find_place(const struct folio_shrink *s, u32 pfn)
{
	const struct page *folio = pfn_to_page(s->m, pfn);
	u64 nr = folio_nr_pages(folio);
	int err;

	if (!page_flag(folio, PG_swapbacked) || page_flag(folio, PG_swapcache) ||
	    !page_flag(folio, PG_anon))
		return FREED;
	if (!(s->sc->gfp & __GFP_IO))
		return KEPT_BUSY;
	err = reclaim_add_to_swap(s->m, pfn);
	if (nr > 1 && !folio_is_large(folio))
		take_tails(s, pfn, nr);
	return err ? ACTIVATED_NO_SWAP : FREED;
}

/* What has a slot needs the disk alone to be written. */
static bool may_enter_fs(const struct page *folio, gfp_t gfp)
{
	return gfp & __GFP_FS || (page_flag(folio, PG_swapcache) && gfp & __GFP_IO);
}

/* It is dirty, and not mapped. FREED: it has been written. */
static enum outcome pageout(struct folio_shrink *s, u32 pfn, enum references references)
{
	struct machine *m = s->m;
	struct page *folio = pfn_to_page(m, pfn);
	s64 *stat = m->nodes[s->node]->stat;
	s64 nr = (s64)folio_nr_pages(folio);
	bool file = is_file_page(folio);

	if (file && (!by_kswapd(s->sc) || !page_flag(folio, PG_reclaim) ||
		     !(m->nodes[s->node]->flags & PGDAT_DIRTY) ||
		     !rel_kswapd_writes_files(m->release))) {
		stat[NR_VMSCAN_IMMEDIATE_RECLAIM] += nr;
		page_set_flag(folio, PG_reclaim);
		return ACTIVATED_DIRTY;
	}
	if (references == RECLAIM_CLEAN || !may_enter_fs(folio, s->sc->gfp) ||
	    !s->sc->may_writepage)
		return KEPT_DIRTY;
	try_to_unmap_flush_dirty(m, &s->batch);
	if (folio->refcount != (s32)nr + 1)
		return KEPT_BUSY;
	/* Truncated meanwhile, and somebody else has it. */
	if (!folio->mapping && !page_flag(folio, PG_swapcache))
		return KEPT_DIRTY;
	if (file ? !filemap_write_folio(m, pfn) :
		   !page_flag(folio, PG_swapcache) && !shmem_swap_out(m, pfn))
		return ACTIVATED_DIRTY;
	if (!file)
		swap_reclaim_write(m, pfn);
	stat[NR_VMSCAN_WRITE] += nr;
	s->stat->nr_pageout += (u64)nr;
	/* Meanwhile others may have been written, that are off their list as this one is. */
	reclaim_wrote_folio(s->sc, !file, (u64)nr);
	return page_flag(folio, PG_dirty) || page_flag(folio, PG_writeback) ? KEPT_DIRTY : FREED;
}

/* The file of a page that has one. */
static inline struct inode *inode_of_folio(struct folio_shrink *s, const struct page *folio)
{
	if (unlikely(folio->mapping != s->mapping)) {
		s->mapping = folio->mapping;
		s->inode = inode_of(s->m, folio->mapping);
	}
	return s->inode;
}

static bool forget_cached(struct folio_shrink *s, u32 pfn)
{
	struct inode *inode = inode_of_folio(s, pfn_to_page(s->m, pfn));

	return remove_mapping(s->m, &inode->i_data, pfn, s->eviction.target);
}

/* Nothing but its file, its slot in swap, or nobody at all has it: it is forgotten. */
static bool forget_folio(struct folio_shrink *s, u32 pfn)
{
	struct machine *m = s->m;
	const struct page *folio = pfn_to_page(m, pfn);

	if (page_flag(folio, PG_anon) && !page_flag(folio, PG_swapbacked)) {
		if (folio->refcount != 1)
			return false;
		count_folio_event(m, folio, PGLAZYFREED);
		return true;
	}
	if (page_flag(folio, PG_swapcache))
		return remove_swap_mapping(m, pfn, s->eviction.target);
	return folio->mapping && !page_flag(folio, PG_anon) && forget_cached(s, pfn);
}

/* What a page of a file may not be to be forgotten at once. */
#define NOT_PLAIN (1U << PG_locked | 1U << PG_writeback | 1U << PG_referenced | 1U << PG_dirty | \
		   1U << PG_head | 1U << PG_swapcache | 1U << PG_swapbacked | 1U << PG_mlocked | \
		   1U << PG_hwpoison | 1U << PG_anon)

/* It is clean, nobody maps it, and nobody has used it: most are so where files are read. */
static inline bool is_plain(const struct page *folio)
{
	return !(folio->flags & NOT_PLAIN) && !folio_mapcount(folio) && folio->mapping;
}

static enum outcome unmap(struct folio_shrink *s, u32 pfn)
{
	const struct page *folio = pfn_to_page(s->m, pfn);
	bool was_swapbacked = page_flag(folio, PG_swapbacked);

	if (!folio_mapcount(folio) || try_to_unmap(s->m, pfn, &s->batch))
		return FREED;
	s->stat->nr_unmap_fail += folio_nr_pages(folio);
	if (!was_swapbacked && page_flag(folio, PG_swapbacked))
		s->stat->nr_lazyfree_fail += folio_nr_pages(folio);
	return page_flag(folio, PG_mlocked) ? ACTIVATED_LOCKED : ACTIVATED_USED;
}

static enum outcome shrink_one(struct folio_shrink *s, u32 pfn)
{
	struct page *folio = pfn_to_page(s->m, pfn);
	enum references references = RECLAIM;
	enum outcome outcome;

	if (likely(is_plain(folio)) && page_evictable(s->m, folio)) {
		struct inode *inode = inode_of_folio(s, folio);

		s->sc->nr_scanned++;
		return evict_plain_page(s->m, &s->eviction, &inode->i_data, pfn) ? FREED :
										   KEPT_BUSY;
	}
	if (unlikely(page_flag(folio, PG_locked)))
		return KEPT_BUSY;
	s->sc->nr_scanned += folio_nr_pages(folio);
	if (unlikely(!page_evictable(s->m, folio)))
		return ACTIVATED_LOCKED;
	if (!s->sc->may_unmap && folio_mapcount(folio))
		return KEPT_MAPPED;
	count_dirty(s, folio);
	if (page_flag(folio, PG_writeback))
		return meet_writeback(s, folio);
	if (!s->ignore_references)
		references = folio_check_references(s->sc, pfn);
	if (references == ACTIVATE)
		return ACTIVATED_USED;
	if (references == LOCKED)
		return ACTIVATED_LOCKED;
	if (references == KEEP) {
		s->stat->nr_ref_keep += folio_nr_pages(folio);
		return KEPT_USED;
	}
	outcome = find_place(s, pfn);
	if (outcome == FREED)
		outcome = unmap(s, pfn);
	if (outcome == FREED && page_flag(folio, PG_dirty))
		outcome = pageout(s, pfn, references);
	if (outcome == FREED && !forget_folio(s, pfn))
		outcome = KEPT_BUSY;
	return outcome;
}

static void activate(struct folio_shrink *s, u32 pfn)
{
	struct page *folio = pfn_to_page(s->m, pfn);

	if (page_flag(folio, PG_swapcache) && (mem_cgroup_swap_full(s->m, folio) ||
					     page_flag(folio, PG_mlocked)))
		(void)folio_free_swap(s->m, pfn);
	if (page_flag(folio, PG_mlocked))
		return;
	page_set_flag(folio, PG_active);
	s->stat->nr_activate += folio_nr_pages(folio);
	if (s->m->memcg)
		memcg_count_event(s->m, page_memcg_id(folio), PGACTIVATE, (s64)folio_nr_pages(folio));
}

/* The flush that all of them waited for; then they go, the latest, `top`, first. */
static void free_folios(struct folio_shrink *s, u32 top)
{
	if (s->batch.flush_required)
		try_to_unmap_flush(s->m, &s->batch);
	while (top != PFN_NIL) {
		u32 pfn = top;

		top = pfn_to_page(s->m, pfn)->next;
		put_page(s->m, pfn);
	}
}

static void explain(const struct folio_shrink *s, u64 freed)
{
	enum outcome most = KEPT_BUSY;

	for (enum outcome i = KEPT_BUSY; i < NR_OUTCOMES; i++)
		if (s->nr[i] > s->nr[most])
			most = i;
	if (s->nr[FREED])
		machine_why(s->m, "node %u, priority %d: %llu pages were given back, the last of "
			    "them %#x: nobody had used it since it came to its list's end "
			    "(shrink_folio_list)", s->node, s->sc->priority,
			    (unsigned long long)freed, s->last[FREED]);
	if (s->nr[most])
		machine_why(s->m, "node %u, %s: %u pages of a batch stay, the last of them %#x "
			    "(shrink_folio_list)", s->node, outcome_names[most], s->nr[most],
			    s->last[most]);
}

u64 shrink_folio_list(struct scan_control *sc, unsigned int node, struct page_list *list,
		      struct reclaim_stat *stat, bool ignore_references)
{
	struct folio_shrink s = {
		.sc = sc, .m = sc->m, .node = node, .stat = stat, .list = list,
		.ignore_references = ignore_references,
	};
	struct page_list stay = PAGE_LIST_INIT;
	u32 free = PFN_NIL;	/* a stack, by ->next */
	u64 reclaimed = 0;

	*stat = (struct reclaim_stat){ 0 };
	eviction_init(sc->m, node, sc->target ? sc->target->id : 0, &s.eviction);
	while (list->last != PFN_NIL) {
		u32 pfn = page_list_pop_last(sc->m, list);
		struct page *folio = pfn_to_page(sc->m, pfn);
		enum outcome outcome;

		if (page_flag(folio, PG_anon) && folio->prev != PFN_NIL)
			swap_out_prefetch(sc->m, folio->prev);
		outcome = shrink_one(&s, pfn);
		s.nr[outcome]++;
		s.last[outcome] = pfn;
		if (outcome == FREED) {
			reclaimed += folio_nr_pages(folio);
			folio->next = free;
			free = pfn;
			continue;
		}
		if (outcome >= FIRST_ACTIVATED)
			activate(&s, pfn);
		page_list_add_head(sc->m, &stay, pfn);
	}
	free_folios(&s, free);
	*list = stay;
	count_vm_event(sc->m, PGACTIVATE, (s64)stat->nr_activate);
	explain(&s, reclaimed);
	return reclaimed;
}

static void reclaim_folio_list(struct machine *m, unsigned int node, struct page_list *list)
{
	struct scan_control sc = {
		.m = m, .by = BY_DIRECT, .gfp = GFP_KERNEL, .may_writepage = true,
		.may_unmap = true, .may_swap = true,
	};
	struct reclaim_stat stat;
	u64 freed = shrink_folio_list(&sc, node, list, &stat, rel_pageout_keeps_young(m->release));

	while (list->last != PFN_NIL) {
		u32 pfn = list->last;

		page_list_del(m, list, pfn);
		lru_putback(m, pfn);
	}
	reclaim_took_time(&sc, sc.nr_scanned, freed);
}

/* Folios of one node in a row at a time. */
void reclaim_pages(struct machine *m, struct page_list *list)
{
	struct page_list same = PAGE_LIST_INIT;
	unsigned int node = 0;

	m->lru->reclaiming++;
	while (list->last != PFN_NIL) {
		u32 pfn = list->last;
		struct page *folio = pfn_to_page(m, pfn);

		if (same.last != PFN_NIL && page_zone(m, folio)->node != node)
			reclaim_folio_list(m, node, &same);
		node = page_zone(m, folio)->node;
		page_list_del(m, list, pfn);
		page_clear_flag(folio, PG_active);
		page_list_add_head(m, &same, pfn);
	}
	if (same.last != PFN_NIL)
		reclaim_folio_list(m, node, &same);
	m->lru->reclaiming--;
}
