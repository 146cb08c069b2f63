// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an area is made of: its objects in the slab caches as in the kernel (a vmap_area,
 * a vm_struct, and the table of its pages, which is kmalloc()ed or, above a page,
 * vmalloc()ed itself), its pages (vmalloc_pages.c), and its entries in the kernel's page
 * tables. Where it lies is in vmalloc_areas.c.
 */
#include "sim/phys/vmalloc_types.h"

#include <stdio.h>

#include "sim/base/bug.h"
#include "sim/phys/alloc_policy.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"

#define VMALLOC_OFFSET (8 * SZ_1M)	/* 32-bit: between direct map and areas */
#define VM_STRUCT_BYTES 64

typedef unsigned long long ull;

int vmalloc_init(struct machine *m)
{
	struct vmalloc_state *state = arena_alloc(&m->arena, sizeof(*state));

	if (!state)
		return -ENOBUFS;
	state->start = m->arch->vmalloc_start;
	state->end = m->arch->vmalloc_end;
	if (m->arch->lowmem_end)
		state->start = m->arch->page_offset + VMALLOC_OFFSET +
			       MIN(m->arch->lowmem_end, PFN_PHYS(m->max_pfn));
	state->next_id = 1;
	state->vmap_area_cache = kmem_cache_find(m, "vmap_area");
	m->vmalloc = state;
	return vmap_nodes_init(m);
}

void vmalloc_free_state(struct machine *m)
{
	struct vmalloc_state *state = m->vmalloc;

	if (!state)
		return;
	vmap_nodes_free(m);
	for (unsigned int i = 0; i < state->nr; i++)
		area_forget(m, state->areas[i]);
	arena_free(&m->arena, state->areas, state->room * sizeof(*state->areas));
	arena_free(&m->arena, state, sizeof(*state));
	m->vmalloc = NULL;
}

/* The objects that describe an area. *pooled: where one of the second kind was kept. */
static int area_alloc_objects(struct machine *m, struct vm_area *area,
			      const struct area_place *place, struct vm_area **pooled)
{
	struct slab_object object;
	int err;

	err = kmalloc(m, VM_STRUCT_BYTES, GFP_KERNEL, NUMA_NO_NODE, &area->vm_struct);
	if (err)
		return err;
	*pooled = node_pool_del_va(m, place);
	if (*pooled)
		return 0;
	err = kmem_cache_alloc(m, m->vmalloc->vmap_area_cache, GFP_KERNEL, NUMA_NO_NODE,
			       &object);
	if (!err)
		area->vmap_area = object.addr;
	return err;
}

static void must_free(struct machine *m, int err)
{
	BUG_ON(m, err);
}

/* Take down what an area has, whole or half made, but its addresses. */
static void area_strip(struct machine *m, struct vm_area *area)
{
	for (u32 i = 0; i < area->nr_pages && area->pfns[i] != PFN_NIL; i++) {
		struct page *page = pfn_to_page(m, area->pfns[i]);

		page->mapping = 0;
		page->index = 0;
		if (unlikely(page_memcg_id(page)))
			memcg_mod_kernel(m, page_memcg_id(page), MEMCG_VMALLOC, -1);
		free_pages(m, area->pfns[i], 0);
		if (area->kind & VMAP_ALLOC)
			m->vmalloc->nr_pages--;
	}
	if (area->kind & VMAP_VPAGES)
		must_free(m, vfree(m, area->page_table));
	else if (area->page_table)
		must_free(m, kfree(m, area->page_table));
	if (area->vm_struct)
		must_free(m, kfree(m, area->vm_struct));
	area->vm_struct = area->page_table = 0;
	area->nr_pages = 0;
}

/* It has no place: nothing is left of it. */
static void area_destroy(struct machine *m, struct vm_area *area)
{
	area_strip(m, area);
	if (area->vmap_area)
		kmem_cache_free(m, m->vmalloc->vmap_area_cache, area->vmap_area);
	area_forget(m, area);
}

/* An area that had a place goes: its addresses when they are purged. */
static void area_release(struct machine *m, struct vm_area *area)
{
	/* Its table may be an area, too, so that places change. */
	area_strip(m, area);
	area_make_lazy(m, area_at_or_above(m->vmalloc, area->addr));
}

/* Host memory of an area, nothing simulated; NULL: none. */
static struct vm_area *area_host_new(struct machine *m, u64 nr_pages)
{
	struct vm_area *area = arena_alloc(&m->arena, area_host_bytes(nr_pages));

	if (area && nr_pages) {
		area->room = area->nr_pages = nr_pages;
		area->pfns[0] = PFN_NIL;
	}
	return area;
}

/* Host memory for the objects and addresses of `nr` areas. */
static int areas_reserve(struct machine *m, unsigned int nr)
{
	int err = areas_make_room(m, nr);

	if (!err)
		err = kmalloc_reserve(m, VM_STRUCT_BYTES);
	return err ? err : kmem_cache_reserve(m, m->vmalloc->vmap_area_cache);
}

/* The area gets its objects and a place; on failure it is gone. */
static int area_establish(struct machine *m, struct vm_area *area,
			  const struct area_place *place)
{
	struct vm_area *pooled = NULL;
	int err = area_alloc_objects(m, area, place, &pooled);

	if (pooled)
		area_reuse(m, area, pooled);
	else if (!err)
		err = area_place(m, area, place);
	if (err)
		area_destroy(m, area);
	else
		area->id = m->vmalloc->next_id++;
	return err;
}

/* Bytes of the table of an area's pages: a pointer of the simulated kernel each. */
static u64 table_bytes(const struct machine *m, u64 nr_pages)
{
	return nr_pages * (m->arch->bits / 8U);
}

/* Until 6.1 the flag that keeps single pages silent silenced this as well. */
static void warn_no_pages(struct machine *m, const struct vmalloc_request *req)
{
	char what[80];

	snprintf(what, sizeof(what), "vmalloc error: size %llu, failed to allocate pages",
		 (ull)ALIGN_UP(req->bytes, PAGE_SIZE));
	if (m->warn_alloc && rel_vmalloc_warns(m->release))
		m->warn_alloc(m, req->gfp | __GFP_HIGHMEM, 0, what);
}

static void areas_forget(struct machine *m, struct vm_area **areas)
{
	for (; *areas; areas++)
		area_forget(m, *areas);
}

/*
 * An area, its table and its pages. `areas` is the area and, behind it, the areas
 * of its table, of that table's table, and so on; NULL ends them. All are used or
 * freed.
 */
static int vmalloc_areas(struct machine *m, const struct vmalloc_request *req,
			 struct vm_area **areas, u64 *addr)
{
	struct vm_area *area = areas[0];
	struct vmalloc_request table = *req;
	struct area_place place = {
		.bytes = PFN_PHYS(area->nr_pages + 1ULL),
		.align = MAX(req->align, PAGE_SIZE << area->page_order),
	};
	int err;

	area->kind = VMAP_ALLOC;
	area->owner = req->owner ? req->owner : PGTY_vmalloc;
	area->caller = req->caller;
	err = area_establish(m, area, &place);
	if (err) {
		areas_forget(m, areas + 1);
		return err;
	}
	table.align = 0;
	table.owner = 0;
	table.gfp &= ~__GFP_ACCOUNT;
	if (areas[1])
		err = vmalloc_areas(m, &table, areas + 1, &area->page_table);
	else
		err = kmalloc(m, table_bytes(m, area->nr_pages),
			      req->gfp & ~(__GFP_HIGHMEM | __GFP_ACCOUNT), req->node,
			      &area->page_table);
	if (areas[1] && !err)
		area->kind |= VMAP_VPAGES;
	if (!err)
		err = area_alloc_pages(m, area, req);
	if (err == -ENOMEM && area->page_table && !area->page_order)
		warn_no_pages(m, req);
	if (!err)
		err = kernel_tables_map(m, area->addr, area->addr + PFN_PHYS(area->nr_pages),
					area->page_order ? 1 : 0);
	if (err) {
		area_release(m, area);
		return err;
	}
	*addr = area->addr;
	return 0;
}

#define MAX_TABLE_LEVELS 5

/*
 * All host memory that the request may need; `areas` as above, all NULL before. Nothing
 * is left of what could not be had whole.
 */
static int vmalloc_reserve(struct machine *m, u64 nr_pages, struct vm_area **areas)
{
	unsigned int nr = 0;
	u64 pages = nr_pages;
	int err;

	/* A boot that fails is no machine: nothing has to stay as it was. */
	err = m->booted ? section_reserve(m, nr_pages / 1000 + 4) : 0;
	if (!err)
		err = kernel_tables_reserve(m, 2 * PFN_PHYS(nr_pages));
	if (!err)
		err = areas_reserve(m, MAX_TABLE_LEVELS);
	while (!err) {
		areas[nr] = area_host_new(m, pages);
		err = areas[nr] ? 0 : -ENOBUFS;
		nr++;
		if (table_bytes(m, pages) <= PAGE_SIZE)
			break;
		pages = PFN_UP(table_bytes(m, pages));
	}
	if (!err)
		err = kmalloc_reserve(m, table_bytes(m, pages));
	if (err)
		areas_forget(m, areas);
	return err;
}

void vmalloc_set_nohuge(struct machine *m)
{
	m->vmalloc->nohuge = true;
}

bool vmalloc_is_huge(const struct machine *m, u64 bytes, int node)
{
	if (m->arch->bits != 64 || m->vmalloc->nohuge)
		return false;
	/* It was once what each node gets of it. */
	if (node == NUMA_NO_NODE && !rel_vmalloc_huge_by_size(m->release))
		bytes /= MAX(nr_online_nodes(m), 1U);
	return bytes >= PAGE_SIZE << m->arch->hugetlb_order;
}

/* More pages than the machine has are refused before anything is taken. */
static bool request_is_hopeless(const struct machine *m, u64 nr_pages)
{
	return nr_pages > m->totalram_pages || nr_pages > UINT32_MAX / 2;
}

int vmalloc(struct machine *m, const struct vmalloc_request *req, u64 *addr)
{
	struct vm_area *areas[MAX_TABLE_LEVELS + 1] = { 0 };
	struct vm_area *huge[MAX_TABLE_LEVELS + 1] = { 0 };
	u64 nr_pages = req->bytes / PAGE_SIZE + !!(req->bytes % PAGE_SIZE);
	int err;

	if (!req->bytes || (req->align && !is_power_of_2(req->align)))
		return -EINVAL;
	if (request_is_hopeless(m, nr_pages)) {
		machine_why(m, "vmalloc %llu: -ENOMEM: %llu pages > %llu of the machine "
			    "(__vmalloc_node_range)", (ull)req->bytes, (ull)nr_pages,
			    (ull)m->totalram_pages);
		return -ENOMEM;
	}
	err = vmalloc_reserve(m, nr_pages, areas);
	if (err || !req->huge || !vmalloc_is_huge(m, PFN_PHYS(nr_pages), req->node))
		return err ? err : vmalloc_areas(m, req, areas, addr);
	err = vmalloc_reserve(m, ALIGN_UP(nr_pages, 1ULL << m->arch->hugetlb_order), huge);
	if (!err) {
		huge[0]->page_order = m->arch->hugetlb_order;
		err = vmalloc_areas(m, req, huge, addr);
		if (err == -ENOMEM)
			return vmalloc_areas(m, req, areas, addr);
	}
	areas_forget(m, areas);
	return err;
}

static int area_without_pages(struct machine *m, const struct vm_area *like,
			      const struct area_place *place, u64 *addr)
{
	struct vm_area *area;
	int err;

	if (!place->bytes || !is_power_of_2(place->align))
		return -EINVAL;
	if (place->bytes > m->vmalloc->end - m->vmalloc->start)
		return -ENOMEM;
	err = m->booted ? section_reserve(m, 2) : 0;
	if (!err)
		err = kernel_tables_reserve(m, place->bytes);
	if (!err)
		err = areas_reserve(m, 1);
	if (err)
		return err;
	area = area_host_new(m, 0);
	if (!area)
		return -ENOBUFS;
	*area = *like;
	err = area_establish(m, area, place);
	if (err)
		return err;
	err = kernel_tables_map(m, area->addr, area->addr + area->bytes, 0);
	if (err) {
		area_release(m, area);
		return err;
	}
	*addr = area->addr;
	return 0;
}

int vmap_area(struct machine *m, u64 bytes, u64 phys, enum vmap_kind kind,
	      const char *caller, u64 *addr)
{
	struct vm_area like = { .phys = phys, .kind = kind, .caller = caller };
	u64 guard = bytes ? PAGE_SIZE : 0;
	struct area_place place = {
		.bytes = ALIGN_UP(bytes, PAGE_SIZE) + guard, .align = PAGE_SIZE };

	return area_without_pages(m, &like, &place, addr);
}

int vmap_area_top(struct machine *m, u64 bytes, u64 align, const char *caller, u64 *addr)
{
	struct vm_area like = { .kind = VMAP_ALLOC | VMAP_NOPAGES, .caller = caller };
	struct area_place place = {
		.bytes = ALIGN_UP(bytes, PAGE_SIZE), .align = align, .top = true };

	return area_without_pages(m, &like, &place, addr);
}

void vmalloc_explain(struct machine *m, u64 bytes, u64 addr)
{
	const struct vm_area *area = find_vm_area(m, addr);

	if (!area)
		return;
	machine_why_call(m, "vmalloc %llu: %u pages%s and a guard page in the lowest hole that "
			 "fits, at %#llx; the table of pages has %llu bytes, %s "
			 "(__vmalloc_node_range)", (ull)bytes, area->nr_pages,
			 area->page_order ? " in huge blocks" : "", (ull)addr,
			 (ull)table_bytes(m, area->nr_pages),
			 area->kind & VMAP_VPAGES ?
			 "more than a page: vmalloc()ed too" : "kmalloc()ed");
}

int vfree(struct machine *m, u64 addr)
{
	struct vmalloc_state *state = m->vmalloc;
	unsigned int i = area_at_or_above(state, addr);

	if (i == state->nr || state->areas[i]->addr != addr ||
	    state->areas[i]->kind & VMAP_LAZY)
		return -EINVAL;
	area_release(m, state->areas[i]);
	return 0;
}

u64 vmalloc_nr_pages(const struct machine *m)
{
	return m->vmalloc ? m->vmalloc->nr_pages : 0;
}

u64 vmalloc_nr_owned(const struct machine *m, enum pagetype owner)
{
	u64 nr = 0;

	for (unsigned int i = 0; m->vmalloc && i < m->vmalloc->nr; i++)
		if (m->vmalloc->areas[i]->owner == owner)
			nr += m->vmalloc->areas[i]->nr_pages;
	return nr;
}

