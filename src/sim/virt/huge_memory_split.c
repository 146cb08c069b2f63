// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A large folio becomes pages of their own. Its huge entries become small ones first; the
 * kernel then takes all entries out, splits, and puts them back. Here nobody can look
 * in between, so they stay where they are, and only what the way out and back in changes
 * is done: pages of zeroes are not put back (6.18 maps the shared zero page instead),
 * locked folios are unlocked and their pages locked again, and pages that no entry
 * maps are freed.
 */
#include "sim/virt/huge_memory.h"

#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/tlb.h"

struct split {
	struct machine *m;
	u32 pfn;		/* of the head */
	u32 kept;		/* the page that the caller has a reference of */
	unsigned int order;
	bool pmd_mapped, pte_mapped;
};

static bool vma_locks(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_LOCKED | VM_SPECIAL)) == VM_LOCKED;
}

/* Entries of one VMA that may map pages of the folio; one call for each VMA. */
static int split_entries(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct split *s = arg;
	u64 *pmd = table_entry(s->m, vma->vm_mm, start, 1);

	(void)end;
	if (pmd && entry_is_huge(*pmd) && pte_pfn(*pmd) == s->pfn) {
		s->pmd_mapped = true;
		__split_huge_pmd(s->m, vma, start, pmd);
	}
	return 0;
}

static bool entry_maps(const struct split *s, const pte_t *pte)
{
	return pte && pte_present(*pte) && !(*pte & PTE_SPECIAL) &&
	       pte_pfn(*pte) - s->pfn < 1ULL << s->order;
}

/* The way out: what unmapping does to a locked folio. */
static int unlock_entries(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct split *s = arg;

	for (u64 addr = start; addr < end && vma_locks(vma); addr += PAGE_SIZE)
		if (entry_maps(s, pte_offset_map(s->m, vma->vm_mm, addr)) &&
		    rel_folios_are_batched(s->m->release))
			munlock_page(s->m, s->pfn);
	return 0;
}

/* May the shared zero page take the place of this page that is a folio of its own? */
static bool can_share_zero(const struct split *s, const struct vm_area_struct *vma, u64 pfn)
{
	return rel_split_shares_zeroes(s->m->release) && !content_token(s->m, pfn) &&
	       !page_flag(pfn_to_page(s->m, pfn), PG_mlocked) &&
	       !(vma->vm_flags & VM_LOCKED);
}

/* The way in. */
static int remap_entries(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct split *s = arg;
	struct machine *m = s->m;

	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		pte_t *pte = pte_offset_map(m, vma->vm_mm, addr);
		u32 pfn;

		if (!entry_maps(s, pte))
			continue;
		pfn = (u32)pte_pfn(*pte);
		if (can_share_zero(s, vma, pfn)) {
			*pte = mk_pte(m->virt->zero_pfn, vma_page_prot(m, vma) | PTE_SPECIAL) |
			       (*pte & (PTE_SOFT_DIRTY | PTE_UFFD_WP));
			flush_tlb_page(m, vma, addr);
			page_remove_rmap(m, pfn, vma);
			add_mm_counter(m, vma->vm_mm, MM_ANONPAGES, -1);
			put_page(m, pfn);
		} else if (vma_locks(vma)) {
			mlock_page(m, pfn);
		}
	}
	return 0;
}

/* Tails go before the head where the head is on a list: the kernel's order. */
static void add_to_lru(struct machine *m, u32 head, u32 tail)
{
	struct page *page = pfn_to_page(m, tail), *folio = pfn_to_page(m, head);
	struct page_list *list;

	if (!page_flag(folio, PG_lru))
		return;
	page_set_flag(page, PG_lru);
	if (page_flag(folio, PG_unevictable)) {
		page->prev = 0;
		return;
	}
	list = &m->lru->lruvecs[page_zone(m, folio)->node].lists[page_lru(folio)];
	page->prev = folio->prev;
	page->next = head;
	if (folio->prev == PFN_NIL)
		list->first = tail;
	else
		pfn_to_page(m, folio->prev)->next = tail;
	folio->prev = tail;
}

#define INHERITED (1U << PG_referenced | 1U << PG_swapbacked | 1U << PG_swapcache | \
		   1U << PG_mlocked | 1U << PG_uptodate | 1U << PG_active | \
		   1U << PG_workingset | 1U << PG_unevictable | 1U << PG_dirty | 1U << PG_anon)

/* A tail becomes a page: it has a reference for each entry that maps it, and the split's. */
static void page_of_tail(struct machine *m, u32 head, u32 i)
{
	struct page *folio = pfn_to_page(m, head), *page = folio + i;
	bool exclusive = page_flag(page, PG_anon_exclusive) && page->mapcount >= 0;

	page->flags &= ~((1U << PGF_ZONE_SHIFT) - 1);
	page->flags |= folio->flags & INHERITED;
	if (exclusive)
		page_set_flag(page, PG_anon_exclusive);
	page->mapping = folio->mapping;
	page->memcg = 0;
	page_set_index(page, page_index(folio) + i);
	page->refcount = page->mapcount + 2;
	add_to_lru(m, head, head + i);
}

static void split_descriptors(const struct split *s)
{
	struct machine *m = s->m;
	struct page *folio = pfn_to_page(m, s->pfn);
	u32 nr = 1U << s->order;

	deferred_split_remove(m, s->pfn);
	if (m->page_owner)
		page_owner_split(m, s->pfn, s->order);
	if (folio->mapcount < 0)
		page_clear_flag(folio, PG_anon_exclusive);
	if (rel_split_adds_ascending(m->release))
		for (u32 i = 1; i < nr; i++)
			page_of_tail(m, s->pfn, i);
	else
		for (u32 i = nr - 1; i; i--)
			page_of_tail(m, s->pfn, i);
	page_clear_flag(folio, PG_head);
	page_clear_flag(folio, PG_large);
	folio->refcount = folio->mapcount + 2;
}

/* Unmapping page by page queues a folio as partially mapped, and counts that. */
static void count_partial(const struct split *s)
{
	bool counts = rel_folios_are_batched(s->m->release) ?
		      s->pte_mapped && !s->pmd_mapped : s->pmd_mapped || s->pte_mapped;

	if (counts)
		deferred_split_folio(s->m, s->pfn, /* partially_mapped = */ true);
}

static int split_anon_folio(struct split *s)
{
	struct machine *m = s->m;
	struct page *folio = pfn_to_page(m, s->pfn);
	u64 index = page_index(folio), nr = 1ULL << s->order;
	struct anon_vma *anon_vma = anon_vma_of(m, folio->mapping);

	s->pte_mapped = folio_pages_mapped(folio) > 1;
	rmap_walk_anon_range(anon_vma, index, index + nr - 1, split_entries, s);
	count_partial(s);
	if (page_flag(folio, PG_mlocked))
		rmap_walk_anon_range(anon_vma, index, index + nr - 1, unlock_entries, s);
	split_descriptors(s);
	mod_mthp_stat(m, s->order, MTHP_STAT_NR_ANON, -1);
	rmap_walk_anon_range(anon_vma, index, index + nr - 1, remap_entries, s);
	for (u32 i = 0; i < nr; i++)
		if (s->pfn + i != s->kept)
			put_page(m, s->pfn + i);
	return 0;
}

int split_huge_page_to_order(struct machine *m, u64 pfn, unsigned int order)
{
	struct page *folio = pfn_folio(m, pfn);
	struct split s = {
		.m = m, .pfn = (u32)folio_pfn(m, pfn), .kept = (u32)pfn,
		.order = folio_order(folio),
	};
	int err = 0;

	/* Small folios alone, of anonymous memory. */
	if (order || !page_flag(folio, PG_anon) || page_flag(folio, PG_writeback))
		return -EBUSY;
	if (folio_mapcount(folio) != folio->refcount - 1)
		err = -EAGAIN;
	if (!err)
		err = split_anon_folio(&s);
	if (s.order == hpage_pmd_order(m) || !rel_folios_are_batched(m->release))
		count_vm_event(m, err ? THP_SPLIT_PAGE_FAILED : THP_SPLIT_PAGE, 1);
	count_mthp_stat(m, s.order, err ? MTHP_STAT_SPLIT_FAILED : MTHP_STAT_SPLIT);
	return err;
}

/* ---- The shrinker. ---- */

u64 deferred_split_count(const struct machine *m, unsigned int node)
{
	return m->lru->split_queues[node].len;
}

/* More zeroes than khugepaged would have filled in. */
static bool thp_underused(const struct machine *m, u32 head)
{
	u64 nr = folio_nr_pages(pfn_to_page(m, head)), zeroes = 0;
	u64 max = (u64)m->tunables->khugepaged_max_ptes_none;

	if (max == hpage_pmd_nr(m) - 1 || page_flag(pfn_to_page(m, head), PG_mlocked))
		return false;
	for (u64 i = 0; i < nr; i++)
		zeroes += !content_token(m, head + i);
	return zeroes > max;
}

/* One folio of the queue: was it split? If not, it waits on, but for the new ones. */
static bool scan_one(struct machine *m, u32 head)
{
	bool partially = page_flag(pfn_to_page(m, head) + 1, PG_partially_mapped);
	bool failed = true;

	get_page(m, head);
	if (partially || thp_underused(m, head))
		failed = split_folio(m, head);
	if (!failed && !partially)
		count_vm_event(m, THP_UNDERUSED_SPLIT_PAGE, 1);
	if (failed) {
		deferred_split_remove(m, head);
		if (partially)
			deferred_split_requeue(m, head);
	}
	put_page(m, head);
	return !failed;
}

u64 deferred_split_scan(struct machine *m, unsigned int node, u64 nr)
{
	struct split_queue *queue = &m->lru->split_queues[node];
	u32 at = queue->list.first, before;
	u64 split = 0;

	nr = MIN(nr, queue->len);
	for (u64 i = 1; i < nr; i++)
		at = pfn_to_page(m, at)[2].next;
	/* The kernel takes them off one by one, and so works from the last to the first. */
	for (; nr; nr--, at = before) {
		before = pfn_to_page(m, at)[2].prev;
		split += scan_one(m, at);
	}
	return split;
}
