// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Slots: who refers to them. The kernel counts in a byte, up to 62; beyond that in a page
 * of more bytes for each page of the map, and so on: those pages are allocated here, the
 * count itself is a word. A slot that nobody refers to, and that the cache does not have,
 * is free; on 6.1 it may wait in a CPU's stock, with the cache's bit and no page.
 */
#include "sim/base/bug.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/lru.h"
#include "sim/virt/content.h"
#include "sim/virt/memcontrol.h"
#include "sim/virt/swap_internal.h"
#include "sim/virt/zram.h"

void swap_range_alloc(struct machine *m, struct swap_info_struct *si, u64 offset, u64 nr)
{
	si->inuse_pages += nr;
	if (swap_of(m)->has_table) {
		m->nr_swap_pages -= (s64)nr;
	} else {
		if (offset == si->lowest_bit)
			si->lowest_bit += nr;
		if (offset + nr - 1 == si->highest_bit)
			si->highest_bit -= nr;
	}
	if (si->inuse_pages != si->pages)
		return;
	si->lowest_bit = si->max;
	si->highest_bit = 0;
	swap_del_from_avail(m, si);
}

void swap_range_free(struct machine *m, struct swap_info_struct *si, u64 offset, u64 nr)
{
	u64 last = offset + nr - 1;
	bool was_full = si->inuse_pages == si->pages;

	swap_cache_clear_shadows(m, swp_entry(si->type, offset), nr);
	if (offset < si->lowest_bit)
		si->lowest_bit = offset;
	if (last > si->highest_bit) {
		was_full |= !si->highest_bit;
		si->highest_bit = last;
	}
	si->inuse_pages -= nr;
	m->nr_swap_pages += (s64)nr;
	if (was_full && si->flags & SWP_WRITEOK)
		swap_add_to_avail(m, si);
}

/* The slots' words are 0 behind it; they were of one cluster. */
static void free_range(struct machine *m, struct swap_info_struct *si, u64 offset, u64 nr)
{
	for (u64 i = 0; i < nr; i++) {
		si->swap_map[offset + i] = 0;
		content_forget(m, &si->content[offset + i]);
		if (unlikely(si->disk->zram))
			zram_slot_free_notify(m, si->disk->zram, offset + i);
		if (unlikely(m->memcg))
			mem_cgroup_uncharge_swap(m, swp_entry(si->type, offset + i));
	}
	if (swap_of(m)->has_table) {
		swap_range_free(m, si, offset, nr);
		swap_cluster_freed(m, si, offset, nr);
		return;
	}
	for (u64 i = 0; i < nr; i++)
		swap_scan_freed(m, si, offset + i);
	swap_range_free(m, si, offset, nr);
}

void swap_entries_free(struct machine *m, const swp_entry_t *entries, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		free_range(m, swap_info(m, entries[i]), swp_entry_offset(entries[i]), 1);
}

/* Nobody refers to the slot, and no page has it. */
static void slot_is_unused(struct machine *m, swp_entry_t entry)
{
	struct swap_info_struct *si = swap_info(m, entry);

	if (swap_of(m)->has_table) {
		free_range(m, si, swp_entry_offset(entry), 1);
		return;
	}
	si->swap_map[swp_entry_offset(entry)] = SWAP_HAS_CACHE;
	swap_slots_give(m, entry);
}

void put_swap_slots(struct machine *m, swp_entry_t entry, u64 nr)
{
	struct swap_info_struct *si = swap_info(m, entry);
	u64 offset = swp_entry_offset(entry), cached_only = 0;

	while (cached_only < nr && (si->swap_map[offset + cached_only] & ~SWAP_ZERO) == SWAP_HAS_CACHE)
		cached_only++;
	if (nr > 1 && cached_only == nr) {
		free_range(m, si, offset, nr);
		return;
	}
	for (u64 i = 0; i < nr; i++) {
		u32 *map = &si->swap_map[offset + i];

		BUG_ON(m, !(*map & SWAP_HAS_CACHE));
		*map &= ~SWAP_HAS_CACHE;
		if (!(*map & ~SWAP_ZERO))
			slot_is_unused(m, entry + i);
	}
}

/* -- counts -------------------------------------------------------------------- */

/* How many pages behind that of the map it takes to count so far. */
static unsigned int continuations(u32 count)
{
	u64 most = SWAP_MAP_MAX;
	unsigned int nr = 0;

	for (; count > most; nr++)
		most = (most + 1) * SWAP_CONT_FACTOR - 1;
	return nr;
}

static int add_swap_count_continuation(struct machine *m, struct swap_map_page *page)
{
	u32 pfn;
	int err = alloc_kernel_pages(m, GFP_ATOMIC | __GFP_HIGHMEM, 0, NUMA_NO_NODE, PGTY_kernel,
				     &pfn);

	if (err)
		return err;
	pfn_to_page(m, pfn)->next = page->first;
	page->first = pfn;
	page->nr++;
	return 0;
}

void swap_free_continuations(struct machine *m, struct swap_info_struct *si)
{
	for (u32 i = 0; i < si->nr_map_pages; i++) {
		struct swap_map_page *page = &si->map_pages[i];

		while (page->first != PFN_NIL) {
			u32 pfn = page->first;

			page->first = pfn_to_page(m, pfn)->next;
			pfn_to_page(m, pfn)->next = PFN_NIL;
			free_pages(m, pfn, 0);
		}
		page->nr = 0;
	}
}

int swap_duplicate(struct machine *m, swp_entry_t entry)
{
	struct swap_info_struct *si = swap_info(m, entry);
	u32 *map = swap_map_of(m, entry);
	struct swap_map_page *page;

	BUG_ON(m, !map || !*map || *map & (SWAP_MAP_BAD | SWAP_MAP_SHMEM));
	page = &si->map_pages[swp_entry_offset(entry) / SWAP_MAP_PAGE_SLOTS];
	while (continuations((*map & SWAP_COUNT_MASK) + 1) > page->nr) {
		int err = add_swap_count_continuation(m, page);

		if (err)
			return err;
	}
	++*map;
	return 0;
}

void swap_shmem_alloc(struct machine *m, swp_entry_t entry)
{
	*swap_map_of(m, entry) |= SWAP_MAP_SHMEM;
}

/* One less; is the cache all that is left? */
static bool put_count(struct machine *m, swp_entry_t entry)
{
	u32 *map = swap_map_of(m, entry);

	BUG_ON(m, !map || !(*map & (SWAP_COUNT_MASK | SWAP_MAP_SHMEM)));
	if (*map & SWAP_MAP_SHMEM)
		*map &= ~SWAP_MAP_SHMEM;
	else
		--*map;
	if (*map & ~SWAP_ZERO)
		return (*map & ~SWAP_ZERO) == SWAP_HAS_CACHE;
	slot_is_unused(m, entry);
	return false;
}

void swap_free(struct machine *m, swp_entry_t entry)
{
	(void)put_count(m, entry);
}

/* Does anybody refer to any slot of the folio? */
static bool folio_swapped(const struct machine *m, u32 pfn)
{
	u64 nr = folio_nr_pages(pfn_to_page(m, pfn));
	swp_entry_t entry = page_swap_entry(m, pfn);

	for (u64 i = 0; i < nr; i++)
		if (swap_count(m, entry + i))
			return true;
	return false;
}

bool folio_free_swap(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_folio(m, pfn);

	pfn = (u32)folio_pfn(m, pfn);
	if (!folio_in_swap_cache(folio) || page_flag(folio, PG_writeback) || folio_swapped(m, pfn))
		return false;
	swap_cache_del_folio(m, pfn, 0);
	/* What is lost is not to be written. */
	if (likely(!page_flag(pfn_to_page(m, pfn), PG_hwpoison)))
		page_set_flag(pfn_to_page(m, pfn), PG_dirty);
	return true;
}

void free_swap_cache_slow(struct machine *m, u32 pfn)
{
	if (!folio_mapcount(pfn_to_page(m, pfn)))
		(void)folio_free_swap(m, pfn);
}

bool try_to_reclaim_swap(struct machine *m, struct swap_info_struct *si, u64 offset,
			 bool unmapped_or_full)
{
	u32 pfn = swap_cache_find(m, swp_entry(si->type, offset), NULL);
	bool freed;

	if (pfn == PFN_NIL)
		return false;
	pfn = (u32)folio_pfn(m, pfn);
	if (page_flag(pfn_to_page(m, pfn), PG_locked))
		return false;
	get_page(m, pfn);
	freed = (!unmapped_or_full || !folio_mapcount(pfn_to_page(m, pfn)) ||
		 mem_cgroup_swap_full(m, pfn_to_page(m, pfn))) &&
		folio_free_swap(m, pfn);
	put_page(m, pfn);
	return freed;
}

void free_swap_and_cache(struct machine *m, swp_entry_t entry)
{
	if (put_count(m, entry))
		(void)try_to_reclaim_swap(m, swap_info(m, entry), swp_entry_offset(entry),
					  /* unmapped_or_full = */ true);
}

u32 swap_count(const struct machine *m, swp_entry_t entry)
{
	const u32 *map = swap_map_of(m, entry);

	if (!map)
		return 0;
	return *map & SWAP_MAP_SHMEM ? 1 : *map & SWAP_COUNT_MASK;
}

bool swap_entry_valid(const struct machine *m, swp_entry_t entry)
{
	const u32 *map = swap_map_of(m, entry);

	return map && *map && !(*map & SWAP_MAP_BAD);
}
