// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A large folio becomes pages of their own. Its huge entries become small ones first; the
 * kernel then takes all entries out, splits, and puts them back. Here nobody can look
 * in between, so they stay where they are, and only what the way out and back in changes
 * is done: pages of zeroes are not put back (6.18 maps the shared zero page instead),
 * locked folios are unlocked and their pages locked again, and pages that no entry
 * maps are freed. Folios of files: huge_memory_split_file.c.
 */
#include "sim/virt/huge_memory_split.h"

#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/tunables.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap.h"
#include "sim/virt/tlb.h"

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

/* The way out: a written page makes the folio dirty, and a lock on it ends. */
static int unmap_entries(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	struct split *s = arg;
	struct page *folio = pfn_to_page(s->m, s->pfn);

	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		const pte_t *pte = pte_offset_map(s->m, vma->vm_mm, addr);

		if (!entry_maps(s, pte))
			continue;
		if (*pte & PTE_DIRTY)
			page_set_flag(folio, PG_dirty);
		if (page_flag(folio, PG_mlocked) && vma_locks(vma) &&
		    rel_folios_are_batched(s->m->release))
			munlock_page(s->m, s->pfn);
	}
	return 0;
}

/* May the shared zero page take the place of this page that is a folio of its own? */
static bool can_share_zero(const struct split *s, const struct vm_area_struct *vma, u64 pfn)
{
	return rel_split_shares_zeroes(s->m->release) && !content_token(s->m, pfn) &&
	       !page_flag(pfn_to_page(s->m, pfn), PG_mlocked) &&
	       !page_flag(pfn_to_page(s->m, pfn), PG_hwpoison) &&
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
		/* Large pieces stay as they are. */
		if (folio_is_large(pfn_folio(m, pfn)))
			continue;
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

/* Unmapping page by page queues a folio as partially mapped, and counts that. */
static void count_partial(const struct split *s)
{
	bool counts = rel_folios_are_batched(s->m->release) ?
		      s->pte_mapped && !s->pmd_mapped : s->pmd_mapped || s->pte_mapped;

	if (counts)
		deferred_split_folio(s->m, s->pfn, /* partially_mapped = */ true);
}

/* What large folios have in sums is counted anew, mapping by mapping. */
static int recount_entries(void *arg, struct vm_area_struct *vma, u64 start, u64 end)
{
	const struct split *s = arg;

	for (u64 addr = start; addr < end; addr += PAGE_SIZE) {
		const pte_t *pte = pte_offset_map(s->m, vma->vm_mm, addr);

		if (entry_maps(s, pte))
			folio_dup_rmap_ptes(s->m, pte_pfn(*pte), 1, vma);
	}
	return 0;
}

static void recount_mappings(struct split *s, const struct anon_vma *anon_vma, u64 index)
{
	struct machine *m = s->m;
	u64 nr = 1ULL << s->order;

	for (u64 i = 0; i < nr; i++)
		folio_forget_mappings(m, s->pfn + i);
	rmap_walk_anon_range(anon_vma, index, index + nr - 1, recount_entries, s);
}

static void count_anon_pieces(const struct split *s)
{
	for (u32 i = 0; i < 1U << s->order; i += 1U << piece_order(s, i))
		mod_mthp_stat(s->m, piece_order(s, i), MTHP_STAT_NR_ANON, piece_order(s, i) != 0);
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
	rmap_walk_anon_range(anon_vma, index, index + nr - 1, unmap_entries, s);
	split_descriptors(s);
	if (page_flag(folio, PG_swapcache))
		swap_cache_split_folio(m, s->pfn, s->order, s->new_order);
	mod_mthp_stat(m, s->order, MTHP_STAT_NR_ANON, -1);
	if (s->new_order || !s->uniform) {
		count_anon_pieces(s);
		recount_mappings(s, anon_vma, index);
	}
	rmap_walk_anon_range(anon_vma, index, index + nr - 1, remap_entries, s);
	put_pieces(s);
	return 0;
}

/* Can it be split so at all? -EINVAL, -EBUSY. */
static int check_split(const struct split *s)
{
	const struct machine *m = s->m;
	const struct page *folio = pfn_to_page(m, s->pfn);
	bool anon = page_flag(folio, PG_anon);

	if (page_flag(folio, PG_writeback) || is_huge_zero_pfn(m, s->pfn) ||
	    (!anon && !folio->mapping))
		return -EBUSY;
	if (s->new_order >= s->order || (s->new_order && !rel_has_thp_sizes(m->release)) ||
	    (anon && s->new_order == 1) ||
	    (page_flag(folio, PG_swapcache) && (s->new_order || !s->uniform)))
		return -EINVAL;
	if (!anon && (s->new_order || !s->uniform) && !mapping_has_large_folios(m, folio))
		return -EINVAL;
	return 0;
}

static int do_split(struct split *s)
{
	struct machine *m = s->m;
	struct page *folio = pfn_to_page(m, s->pfn);
	bool anon = page_flag(folio, PG_anon);
	s64 pins = anon && !page_flag(folio, PG_swapcache) ? 0 : (s64)folio_nr_pages(folio);
	int err = check_split(s);

	if (err)
		return err;
	if (!anon && !filemap_release_folio(m, folio))
		err = -EBUSY;
	else if (folio_mapcount(folio) + pins != folio->refcount - 1)
		err = -EAGAIN;
	if (!err)
		err = anon ? split_anon_folio(s) : split_file_folio(s);
	if (s->order == hpage_pmd_order(m) || !rel_folios_are_batched(m->release))
		count_vm_event(m, err ? THP_SPLIT_PAGE_FAILED : THP_SPLIT_PAGE, 1);
	count_mthp_stat(m, s->order, err ? MTHP_STAT_SPLIT_FAILED : MTHP_STAT_SPLIT);
	return err;
}

int split_huge_page_to_order(struct machine *m, u64 pfn, unsigned int order)
{
	struct split s = {
		.m = m, .pfn = (u32)folio_pfn(m, pfn), .kept = (u32)pfn, .new_order = order,
		.order = folio_order(pfn_folio(m, pfn)), .uniform = true,
	};

	return do_split(&s);
}

int folio_split(struct machine *m, u64 at, unsigned int order)
{
	struct split s = {
		.m = m, .pfn = (u32)folio_pfn(m, at), .kept = (u32)folio_pfn(m, at),
		.at = (u32)(at - folio_pfn(m, at)), .new_order = order,
		.order = folio_order(pfn_folio(m, at)),
	};

	return do_split(&s);
}

int try_folio_split(struct machine *m, u64 at)
{
	const struct page *folio = pfn_folio(m, at);

	if (!rel_splits_around(m->release) || !mapping_has_large_folios(m, folio))
		return split_huge_page_to_order(m, folio_pfn(m, at), 0);
	return folio_split(m, at, 0);
}

/* ---- The shrinker. ---- */

/* NULL: of any group. */
static bool waits_for(const struct machine *m, const struct mem_cgroup *memcg, u32 head)
{
	return !memcg || page_memcg_id(pfn_to_page(m, head)) == memcg->id;
}

u64 deferred_split_count(const struct machine *m, unsigned int node,
			 const struct mem_cgroup *memcg)
{
	const struct split_queue *queue = &m->lru->split_queues[node];
	u64 nr = 0;

	if (!memcg)
		return queue->len;
	for (u32 at = queue->list.first; at != PFN_NIL; at = pfn_to_page(m, at)[2].next)
		nr += waits_for(m, memcg, at);
	return nr;
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

u64 deferred_split_scan(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			u64 nr)
{
	const struct split_queue *queue = &m->lru->split_queues[node];
	u32 at = queue->list.first, last = PFN_NIL, before;
	u64 found = 0, split = 0;

	for (; at != PFN_NIL && found < nr; at = pfn_to_page(m, at)[2].next)
		if (waits_for(m, memcg, at)) {
			last = at;
			found++;
		}
	/* The kernel takes them off one by one, and so works from the last to the first. */
	for (at = last; found; at = before) {
		before = pfn_to_page(m, at)[2].prev;
		if (!waits_for(m, memcg, at))
			continue;
		split += scan_one(m, at);
		found--;
	}
	return split;
}
