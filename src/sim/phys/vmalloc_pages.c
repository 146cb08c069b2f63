// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pages of an area: in bulks of a hundred, one by one where bulks do not come whole or
 * a policy decides, or in blocks that are split at once.
 */
#include "sim/phys/alloc_policy.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/vmalloc_types.h"

#define BULK_PAGES 100	/* that are asked for at once */

/* The node of the i-th page: by the policy of who asks, if it is to be its own. */
static int bulk_node(struct machine *m, const struct vm_area *area, u32 i, int node,
		     u8 nodes[BULK_PAGES], bool *bulk)
{
	u32 left = area->nr_pages - i;

	if (likely(!m->policies) || node != NUMA_NO_NODE)
		return node;
	if (i % BULK_PAGES == 0)
		*bulk = m->policies->bulk(m, MIN(left, BULK_PAGES), nodes);
	return *bulk ? nodes[i % BULK_PAGES] : node;
}

static void area_set_page(struct machine *m, struct vm_area *area, u32 i, u32 pfn)
{
	area->pfns[i] = pfn;
	if (unlikely(page_memcg_id(pfn_to_page(m, pfn))))
		memcg_mod_kernel(m, page_memcg_id(pfn_to_page(m, pfn)), MEMCG_VMALLOC, 1);
	if (i + 1 < area->nr_pages)
		area->pfns[i + 1] = PFN_NIL;
	pfn_to_page(m, pfn)->mapping = area->id;
	pfn_to_page(m, pfn)->index = i;
	m->vmalloc->nr_pages++;
}

/* In bulks, as far as they come whole; how many pages that were, or -ENOBUFS. */
static int area_alloc_bulks(struct machine *m, struct vm_area *area,
			    const struct vmalloc_request *req)
{
	const struct alloc_request one = {
		.gfp = req->gfp | __GFP_NOWARN, .owner = area->owner,
		.node = req->node == NUMA_NO_NODE ? m->cpu_node[m->cpu] : req->node,
	};
	u32 pfns[BULK_PAGES], done = 0;
	unsigned int want, got;

	if (m->policies)
		return 0;
	do {
		want = MIN(area->nr_pages - done, BULK_PAGES);
		if (alloc_pages_bulk(m, &one, want, pfns, &got) == -ENOBUFS)
			return -ENOBUFS;
		for (unsigned int i = 0; i < got; i++)
			area_set_page(m, area, done++, pfns[i]);
	} while (got == want && done < area->nr_pages);
	return (int)done;
}

/* Blocks of the area's order, each single pages from then on. */
static int area_alloc_blocks(struct machine *m, struct vm_area *area,
			     const struct vmalloc_request *req)
{
	u32 step = 1U << area->page_order, pfn;
	int node = req->node;

	for (u32 i = 0; i < area->nr_pages; i += step) {
		int err;

		err = alloc_kernel_pages(m, req->gfp | __GFP_NOWARN, area->page_order, node,
					 area->owner, &pfn);
		if (err)
			return err;
		split_page(m, pfn, area->page_order);
		for (u32 p = 0; p < step; p++)
			area_set_page(m, area, i + p, pfn + p);
	}
	return 0;
}

static int area_alloc_singles(struct machine *m, struct vm_area *area,
			      const struct vmalloc_request *req)
{
	u8 nodes[BULK_PAGES];
	bool bulk = false;
	int node = req->node, err = area_alloc_bulks(m, area, req);

	if (err < 0)
		return err;
	for (u32 i = (u32)err; i < area->nr_pages; i++) {
		u32 pfn;

		err = alloc_kernel_pages(m, req->gfp | __GFP_NOWARN, 0,
					 bulk_node(m, area, i, node, nodes, &bulk), area->owner,
					 &pfn);
		if (err)
			return err;
		area_set_page(m, area, i, pfn);
	}
	return 0;
}

int area_alloc_pages(struct machine *m, struct vm_area *area,
		     const struct vmalloc_request *req)
{
	return area->page_order ? area_alloc_blocks(m, area, req) :
				  area_alloc_singles(m, area, req);
}
