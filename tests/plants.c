// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages, blocks, objects and areas that are taken from a machine to be spoilt. */
#include "plants.h"

#include "support.h"

#include "sim/phys/page_alloc.h"

struct zone *plant_dma32(const struct machine *m)
{
	return m->nodes[0]->zones[ZONE_DMA32];
}

struct zone *plant_normal(const struct machine *m)
{
	return m->nodes[1]->zones[ZONE_NORMAL];
}

u32 plant_take(struct machine *m, unsigned int order, gfp_t gfp, enum pagetype owner)
{
	u32 pfn = PFN_NIL;

	CU_ASSERT_EQUAL_FATAL(alloc_kernel_pages(m, gfp, order, 0, owner, &pfn), 0);
	return pfn;
}

struct page *plant_free_head(struct machine *m)
{
	struct zone *zone = plant_dma32(m);

	(void)plant_take(m, 0, GFP_DMA32, PGTY_kernel);
	for (unsigned int order = 1; order < MAX_PAGE_ORDER; order++)
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			if (!free_area_empty(&zone->free_area[order], type))
				return pfn_to_page(m, zone->free_area[order].lists[type].first);
	CU_FAIL_FATAL("no free block");
	return NULL;
}

struct page *plant_page_of_type(struct machine *m, enum pagetype type)
{
	for (u64 pfn = 0; pfn < m->max_pfn; pfn++)
		if (page_present(m, pfn) && page_type(pfn_to_page(m, pfn)) == type)
			return pfn_to_page(m, pfn);
	CU_FAIL_FATAL("no such page");
	return NULL;
}

u64 plant_object(struct machine *m, u64 bytes)
{
	u64 addr = 0;

	CU_ASSERT_EQUAL_FATAL(kmalloc(m, bytes, GFP_KERNEL, 0, &addr), 0);
	slab_give(m, addr);
	return addr;
}

struct slab *plant_slab(struct machine *m)
{
	return slab_of_addr(m, plant_object(m, 700));
}

struct vm_area *plant_area(struct machine *m)
{
	struct vmalloc_request req = { .bytes = 10000, .gfp = GFP_KERNEL,
				       .node = NUMA_NO_NODE, .caller = "test" };
	u64 addr;

	CU_ASSERT_EQUAL_FATAL(vmalloc(m, &req, &addr), 0);
	return (struct vm_area *)find_vm_area(m, addr);
}
