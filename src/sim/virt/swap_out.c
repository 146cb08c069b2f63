// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Anonymous pages go out: each mapping becomes an entry of the page's slot, the page is
 * written if it is dirty, and once it is clean and nobody else has it, it is freed. What
 * shrink_folio_list() does with such pages.
 */
#include "sim/virt/memcontrol.h"
#include "sim/virt/swap_out.h"

#include "sim/base/bug.h"
#include "sim/virt/file.h"
#include "sim/virt/huge_memory.h"
#include "sim/virt/memory_internal.h"
#include "sim/virt/rmap.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/tlb.h"
#include "sim/virt/workingset.h"

bool remove_swap_mapping(struct machine *m, u32 pfn, u32 target)
{
	const struct page *folio = pfn_to_page(m, pfn);

	/* The cache's, and one of who asks. */
	if (folio->refcount != 1 + (s32)folio_nr_pages(folio) || page_flag(folio, PG_dirty) ||
	    !page_flag(folio, PG_swapcache))
		return false;
	swap_cache_del_folio(m, pfn, workingset_eviction(m, folio, target));
	return true;
}

/* Parts of it are mapped: what nobody maps need not be written. */
static bool better_split(const struct machine *m, const struct page *folio)
{
	return rel_folios_are_batched(m->release) ? folio_is_partially_mapped(folio) :
						    !folio_entire_mapcount(folio);
}

static int split_for_swap(struct machine *m, u32 pfn)
{
	int err = split_folio(m, pfn);

	return err == -ENOBUFS || !err ? err : -EBUSY;
}

int reclaim_add_to_swap(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);
	unsigned int order = folio_order(folio);
	int err = 0;

	if (order && better_split(m, folio))
		err = split_for_swap(m, pfn);
	if (!err && folio_is_large(folio)) {
		if (!add_to_swap(m, pfn))
			return 0;
		err = split_for_swap(m, pfn);
		if (!err) {
			count_vm_event(m, THP_SWPOUT_FALLBACK, order == hpage_pmd_order(m));
			mod_mthp_stat(m, order, MTHP_STAT_SWPOUT_FALLBACK, 1);
		}
	}
	return err ? err : add_to_swap(m, pfn);
}

void swap_reclaim_write(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);

	page_set_flag(folio, PG_reclaim);
	swap_writepage(m, pfn);
	if (!page_flag(folio, PG_writeback))
		page_clear_flag(folio, PG_reclaim);
}

static bool pageout_swap(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);

	if (folio->refcount != 1 + (s32)folio_nr_pages(folio) ||
	    (!page_flag(folio, PG_swapcache) && !shmem_swap_out(m, pfn)))
		return false;
	swap_reclaim_write(m, pfn);
	m->nodes[page_zone(m, folio)->node]->stat[NR_VMSCAN_WRITE] += (s64)folio_nr_pages(folio);
	return true;
}

/* It stays, as a page that was used lately; its slot may go to others. */
static void activate_locked(struct machine *m, u32 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);

	if (page_flag(folio, PG_swapcache) && (mem_cgroup_swap_full(m, folio) || page_flag(folio, PG_mlocked)))
		(void)folio_free_swap(m, pfn);
	if (page_flag(folio, PG_mlocked))
		return;
	page_set_flag(folio, PG_active);
	count_vm_event(m, PGACTIVATE, (s64)folio_nr_pages(folio));
}

/* True: nobody but the caller has it. */
static bool shrink_folio(struct machine *m, u32 pfn, struct arch_tlbflush_unmap_batch *batch)
{
	struct page *folio = pfn_to_page(m, pfn);

	page_clear_flag(folio, PG_active);
	if (page_flag(folio, PG_mlocked) ||
	    (page_flag(folio, PG_anon) && !page_flag(folio, PG_swapcache) && reclaim_add_to_swap(m, pfn)) ||
	    (folio_mapcount(folio) && !try_to_unmap(m, pfn, batch))) {
		activate_locked(m, pfn);
		return false;
	}
	try_to_unmap_flush_dirty(m, batch);
	if (page_flag(folio, PG_dirty) && !pageout_swap(m, pfn)) {
		activate_locked(m, pfn);
		return false;
	}
	if (page_flag(folio, PG_writeback) || page_flag(folio, PG_dirty))
		return false;
	if (!page_flag(folio, PG_swapcache))
		return folio->refcount == 1;
	return remove_swap_mapping(m, pfn, /* target = */ 0);
}

void reclaim_anon_pages(struct machine *m, struct page_list *list)
{
	struct arch_tlbflush_unmap_batch batch = { .flush_required = false };
	s64 written = m->event[PSWPOUT];
	u64 freed = 0, all = 0;

	for (; list->first != PFN_NIL; all++) {
		u32 pfn = list->first;

		page_list_del(m, list, pfn);
		if (shrink_folio(m, pfn, &batch)) {
			put_page(m, pfn);
			freed++;
		} else {
			lru_putback(m, pfn);
		}
	}
	if (batch.flush_required)
		try_to_unmap_flush(m, &batch);
	if (all)
		machine_why(m, "of %llu anonymous pages, %llu were clean and are gone, %lld are "
			    "written to swap and stay in the swap cache till then; %llu slots are "
			    "left", (unsigned long long)all, (unsigned long long)freed,
			    (long long)(m->event[PSWPOUT] - written),
			    (unsigned long long)get_nr_swap_pages(m));
	swap_complete_io(m);
}
