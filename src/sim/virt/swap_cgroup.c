// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A slot remembers the memory cgroup of the page that it was taken for: it is charged for
 * the slot until that is free, and for the page when it comes back.
 */
#include "sim/virt/memcontrol.h"

#include "sim/phys/section.h"
#include "sim/virt/swap_internal.h"

static u16 *record_of(const struct machine *m, swp_entry_t entry)
{
	const struct swap_info_struct *si = swap_info(m, entry);

	return si->cgroup_ids ? &si->cgroup_ids[swp_entry_offset(entry)] : NULL;
}

int swap_cgroup_make_area(struct machine *m, struct swap_info_struct *si)
{
	if (si->cgroup_ids || !si->swap_map)
		return 0;
	si->cgroup_ids = arena_alloc(&m->arena, si->max * sizeof(*si->cgroup_ids));
	return si->cgroup_ids ? 0 : -ENOBUFS;
}

void swap_cgroup_free_area(struct machine *m, struct swap_info_struct *si)
{
	arena_free(&m->arena, si->cgroup_ids,
		   si->cgroup_ids ? si->max * sizeof(*si->cgroup_ids) : 0);
	si->cgroup_ids = NULL;
}

int swap_cgroup_make(struct machine *m)
{
	int err = 0;

	for (u32 type = 0; swap_of(m) && type < swap_of(m)->nr_types && !err; type++)
		err = swap_cgroup_make_area(m, &swap_of(m)->info[type]);
	return err;
}

int mem_cgroup_try_charge_swap(struct machine *m, const struct page *folio, swp_entry_t entry)
{
	u64 nr = folio_nr_pages(folio);
	struct page_counter *counter;
	struct mem_cgroup *memcg;

	if (!m->memcg || !page_memcg_id(folio))
		return 0;
	memcg = memcg_of_page(m, folio);
	if (!entry) {
		memcg_memory_event(m, memcg, MEMCG_SWAP_FAIL);
		return 0;
	}
	memcg = mem_cgroup_online_ancestor(memcg);
	if (mem_cgroup_is_root(memcg))
		return 0;
	if (!page_counter_try_charge(&memcg->swap, nr, &counter)) {
		memcg_memory_event(m, memcg, MEMCG_SWAP_MAX);
		memcg_memory_event(m, memcg, MEMCG_SWAP_FAIL);
		return -ENOMEM;
	}
	memcg->nr_swapped += nr;
	for (u64 i = 0; i < nr; i++)
		*record_of(m, entry + i) = memcg->id;
	return 0;
}

void mem_cgroup_uncharge_swap(struct machine *m, swp_entry_t entry)
{
	u16 *record = record_of(m, entry);
	struct mem_cgroup *memcg;

	if (!record || !*record)
		return;
	memcg = mem_cgroup_of(m, *record);
	*record = 0;
	page_counter_uncharge(&memcg->swap, 1);
	memcg->nr_swapped--;
	if (!memcg->online)
		mem_cgroup_put(m, memcg);
}

u32 lookup_swap_cgroup_id(const struct machine *m, swp_entry_t entry)
{
	const u16 *record = record_of(m, entry);

	return record ? *record : 0;
}

int mem_cgroup_swapin_charge(struct machine *m, u64 pfn, const struct mm_struct *mm, gfp_t gfp,
			     swp_entry_t entry)
{
	struct mem_cgroup *memcg;

	if (!m->memcg)
		return 0;
	memcg = mem_cgroup_of(m, lookup_swap_cgroup_id(m, entry));
	if (!memcg->online || mem_cgroup_is_root(memcg))
		return mem_cgroup_is_root(memcg) ? 0 : mem_cgroup_charge(m, pfn, mm, gfp);
	return memcg_charge_folio(m, memcg, pfn, gfp);
}

bool mem_cgroup_swap_full(const struct machine *m, const struct page *folio)
{
	const struct mem_cgroup *memcg = m->memcg ? memcg_of_page(m, folio) : NULL;

	if (vm_swap_full(m))
		return true;
	for (; memcg && !mem_cgroup_is_root(memcg); memcg = memcg->parent)
		if (memcg->swap.usage * 2 >= MIN(memcg->swap.high, memcg->swap.max))
			return true;
	return false;
}
