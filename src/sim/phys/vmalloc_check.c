// SPDX-License-Identifier: GPL-2.0-or-later
/* Invariant A5, and what the areas add to the hash of the state. */
#include "sim/base/digest.h"
#include "sim/phys/section.h"
#include "sim/phys/slab.h"
#include "sim/phys/vmalloc_types.h"

typedef unsigned long long ull;

static void check_area_pages(const struct machine *m, const struct vm_area *area,
			    struct check *check)
{
	for (u32 i = 0; i < area->nr_pages; i++) {
		u32 pfn = area->pfns[i];
		const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;

		if (page && page_type(page) == area->owner && page->mapping == area->id &&
		    page->index == i)
			continue;
		check_fail(check, "A5", "area 0x%llx: expected page %u, pfn 0x%x, to be its, "
			   "found type 0x%x, area %u", (ull)area->addr, i, pfn,
			   page ? page_type(page) : 0, page ? page->mapping : 0);
	}
}

/* Blocks of a huge mapping: one page behind the other, from an aligned one on. */
static void check_area_blocks(const struct vm_area *area, struct check *check)
{
	u32 within = (1U << area->page_order) - 1, bad = 0;

	while (bad < area->nr_pages &&
	       area->pfns[bad] == (area->pfns[bad & ~within] | (bad & within)))
		bad++;
	if (bad < area->nr_pages || area->nr_pages & within ||
	    !IS_ALIGNED(area->addr, PAGE_SIZE << area->page_order))
		check_fail(check, "A5", "area 0x%llx: expected aligned blocks of order %u, found %u "
			   "pages, %u of them so", (ull)area->addr, area->page_order,
			   area->nr_pages, bad);
}

static void check_area(const struct machine *m, unsigned int i, struct check *check)
{
	const struct vmalloc_state *state = m->vmalloc;
	const struct vm_area *area = state->areas[i];
	u64 guard = area->kind & (VMAP_NOPAGES | VMAP_LAZY) ? 0 : PAGE_SIZE;

	check->nr_checked += 3;
	if (!IS_ALIGNED(area->addr | area->bytes, PAGE_SIZE) || area->addr < hole_start(state, i))
		check_fail(check, "A5", "area 0x%llx: expected page-aligned, at 0x%llx or above",
			   (ull)area->addr, (ull)hole_start(state, i));
	if (area->bytes <= guard || area->addr + area->bytes > state->end ||
	    area->addr + area->bytes < area->addr)
		check_fail(check, "A5", "area 0x%llx: expected to end by 0x%llx, found 0x%llx",
			   (ull)area->addr, (ull)state->end, (ull)(area->addr + area->bytes));
	if (area->nr_pages && PFN_PHYS(area->nr_pages) + guard != area->bytes)
		check_fail(check, "A5", "area 0x%llx: expected %llu bytes with a guard page, "
			   "found %llu", (ull)area->addr,
			   (ull)PFN_PHYS(area->nr_pages) + guard, (ull)area->bytes);
}

static void check_packed(const struct vmalloc_state *state, unsigned int class,
			 struct check *check)
{
	for (unsigned int i = 0; i < state->packed[class]; i++)
		if (hole_end(state, i) - hole_start(state, i) >= PAGE_SIZE << class)
			check_fail(check, "A5", "area %u: expected no hole of %u pages before it, "
				   "found one", i, 1U << class);
}

/* Each area in a pool is of its size and its node, and is one of the array. */
static void check_pools(const struct machine *m, unsigned int nr_pooled, struct check *check)
{
	const struct vmalloc_state *state = m->vmalloc;
	unsigned int nr = 0;

	for (unsigned int i = 0; state->pools && i < nr_vmap_nodes(m) * MAX_VA_SIZE_PAGES; i++) {
		u64 bytes = PFN_PHYS(i % MAX_VA_SIZE_PAGES + 1);
		u32 len = 0;

		for (const struct vm_area *a = state->pools[i].first; a; a = a->pool_next, len++)
			if (a->bytes != bytes || a->node != 1 + i / MAX_VA_SIZE_PAGES ||
			    a->kind != (VMAP_LAZY | VMAP_POOLED) ||
			    state->areas[area_at_or_above(state, a->addr)] != a)
				check_fail(check, "A5", "vmap node %u: expected areas of %llu bytes "
					   "in a pool, found %llu at 0x%llx", i / MAX_VA_SIZE_PAGES,
					   (ull)bytes, (ull)a->bytes, (ull)a->addr);
		if (len != state->pools[i].len)
			check_fail(check, "A5", "vmap node %u: expected %u areas of %llu bytes, found "
				   "%u", i / MAX_VA_SIZE_PAGES, len, (ull)bytes,
				   state->pools[i].len);
		nr += len;
	}
	check->nr_checked++;
	if (nr != nr_pooled || nr != state->nr_pooled)
		check_fail(check, "A5", "machine: expected %u purged areas kept by vmap nodes, found "
			   "%u, %u in pools", nr_pooled, state->nr_pooled, nr);
}

static void check_areas(const struct machine *m, bool new_pages_only, struct check *check)
{
	const struct vmalloc_state *state = m->vmalloc;
	u64 nr_pages = 0, lazy_pages = 0;
	unsigned int nr_lazy = 0, nr_pooled = 0;

	for (unsigned int i = 0; i < state->nr; i++) {
		const struct vm_area *area = state->areas[i];
		bool pooled = area->kind & VMAP_POOLED, lazy = area->kind & VMAP_LAZY && !pooled;

		nr_pooled += pooled;
		nr_lazy += lazy;
		lazy_pages += lazy ? area->bytes >> PAGE_SHIFT : 0;

		check_area(m, i, check);
		if (!new_pages_only || !area->checked)
			check_area_pages(m, area, check);
		if (area->page_order)
			check_area_blocks(area, check);
		nr_pages += area->nr_pages;
	}
	check->nr_checked += 3;
	if (nr_lazy != state->nr_lazy || lazy_pages != state->lazy_pages)
		check_fail(check, "A5", "machine: expected %u freed areas with %llu pages to be "
			   "purged, found %u with %llu", nr_lazy, (ull)lazy_pages,
			   state->nr_lazy, (ull)state->lazy_pages);
	check_pools(m, nr_pooled, check);
	if (nr_pages != state->nr_pages)
		check_fail(check, "A5", "machine: expected VmallocUsed %llu pages, found %llu",
			   (ull)nr_pages, (ull)state->nr_pages);
	for (unsigned int class = 0; class < HOLE_CLASSES; class++)
		check_packed(state, class, check);
}

void vmalloc_validate(const struct machine *m, struct check *check)
{
	if (m->vmalloc)
		check_areas(m, /* new_pages_only = */ false, check);
}

void vmalloc_validate_touched(const struct machine *m, struct check *check)
{
	if (m->vmalloc && m->vmalloc->touched)
		check_areas(m, /* new_pages_only = */ true, check);
}

void vmalloc_checked(struct machine *m)
{
	if (!m->vmalloc || !m->vmalloc->touched)
		return;
	for (unsigned int i = 0; i < m->vmalloc->nr; i++)
		m->vmalloc->areas[i]->checked = true;
	m->vmalloc->touched = false;
}

void vmalloc_claim_objects(const struct machine *m, struct object_census *census)
{
	for (unsigned int i = 0; m->vmalloc && i < m->vmalloc->nr; i++) {
		const struct vm_area *area = m->vmalloc->areas[i];

		if (!(area->kind & VMAP_LAZY))
			object_claim(census, area->vm_struct, "the vm_struct of an area");
		object_claim(census, area->vmap_area, "the vmap_area of an area");
		if (area->page_table && !(area->kind & VMAP_VPAGES))
			object_claim(census, area->page_table, "an area's table of pages");
	}
}

static void pools_digest(const struct machine *m, struct digest *d)
{
	const struct vmap_pool *pools = m->vmalloc ? m->vmalloc->pools : NULL;

	for (unsigned int i = 0; pools && i < nr_vmap_nodes(m) * MAX_VA_SIZE_PAGES; i++)
		for (const struct vm_area *a = pools[i].first; a; a = a->pool_next)
			digest_u64(d, a->addr);
}

void vmalloc_digest(const struct machine *m, struct digest *d)
{
	for (unsigned int i = 0; m->vmalloc && i < m->vmalloc->nr; i++) {
		const struct vm_area *area = m->vmalloc->areas[i];

		digest_u64(d, area->addr);
		digest_u64(d, area->bytes);
		digest_u64(d, (u64)area->page_order << 48 | (u64)area->kind << 32 | area->owner);
		digest_u64(d, area->phys);
		digest_u64(d, area->vm_struct ^ area->page_table);
		digest_u64(d, area->vmap_area);
		digest_string(d, area->caller);
		for (u32 p = 0; p < area->nr_pages; p++)
			digest_u64(d, area->pfns[p]);
		if (m->vmalloc->pools)
			digest_u64(d, area->node);
	}
	pools_digest(m, d);
}
