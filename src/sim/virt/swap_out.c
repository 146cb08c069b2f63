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
