// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be wrong with regions, zones, nodes and the owners of pages (P1 to P8), and with
 * free blocks, lists of CPUs and pageblocks (B1 to B10).
 */
#include "plants.h"

#include <stdlib.h>

#include "support.h"
#include "sim/boot/memblock.h"
#include "sim/phys/buddy.h"
#include "sim/phys/memory_hotplug.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/pcp.h"
#include "sim/phys/section.h"

static void region(struct machine *m)
{
	m->memblock->reserved.regions[0].size = m->memblock->reserved.regions[1].base + 1;
	m->memblock->reserved.total_size = 0;
	for (unsigned int i = 0; i < m->memblock->reserved.cnt; i++)
		m->memblock->reserved.total_size += m->memblock->reserved.regions[i].size;
}

static void zone_overlap(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->spanned_pages++;
}

static void block_zone(struct machine *m)
{
	m->hotplug->blocks[1].moved = true;
	m->hotplug->blocks[1].zone = NO_ZONE;
}

static void block_node(struct machine *m)
{
	m->hotplug->blocks[1].nid = 1;
}

static void block_span(struct machine *m)
{
	m->hotplug->blocks[1].moved = true;
	m->hotplug->blocks[1].zone = m->nodes[0]->zones[ZONE_MOVABLE]->index;
}

static void block_offline(struct machine *m)
{
	m->hotplug->blocks[1].online = false;
}

static void block_group(struct machine *m)
{
	if (add_memory(m, 0, 8 * SZ_1G, 128 * SZ_1M))
		abort();
	m->hotplug->groups[0].present_kernel++;
}

static void node_memory(struct machine *m)
{
	m->nodes[1]->has_memory = false;
}

static void zone_present(struct machine *m)
{
	plant_dma32(m)->present_pages--;
	m->nodes[0]->present_pages--;
}

static void zone_managed_more(struct machine *m)
{
	plant_dma32(m)->managed_pages++;
	m->totalram_pages++;
}

static void totalram(struct machine *m)
{
	m->totalram_pages++;
}

static void zone_too_short(struct machine *m)
{
	m->nodes[0]->zones[ZONE_DMA]->spanned_pages -= 2048;
}

static void node_present(struct machine *m)
{
	m->nodes[0]->present_pages++;
}

static void page_lost(struct machine *m)
{
	pfn_to_page(m, plant_take(m, 4, GFP_KERNEL, PGTY_kernel))->refcount = 0;
}

static void page_reserved(struct machine *m)
{
	page_set_flag(pfn_to_page(m, plant_take(m, 0, GFP_KERNEL, PGTY_kernel)), PG_reserved);
}

/* Free by its descriptor, on no list. */
static void page_free_alone(struct machine *m)
{
	struct page *page = pfn_to_page(m, plant_take(m, 0, GFP_KERNEL, PGTY_kernel));

	page->refcount = 0;
	page_set_type(page, PGTY_buddy);
	page->private_ = 0;
}

static void head_type(struct machine *m)
{
	plant_free_head(m)->list_type ^= 3;
}

static void head_ref(struct machine *m)
{
	plant_free_head(m)->refcount = 1;
}

static void body(struct machine *m)
{
	plant_free_head(m)[1].refcount = 1;
}

/* The upper half of a block is freed as a block of its own: both are not joined. */
static void unmerged(struct machine *m)
{
	struct zone *zone = plant_dma32(m);
	u32 pfn = plant_take(m, 4, GFP_DMA32, PGTY_kernel);

	free_pages(m, pfn, 4);
	for (unsigned int order = 1; order < MAX_PAGE_ORDER; order++) {
		struct free_area *area = &zone->free_area[order];

		for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++) {
			u32 head = area->lists[type].first;
			struct page *page;

			if (head == PFN_NIL)
				continue;
			buddy_del(m, zone, head, order);
			for (u32 half = 0; half < 2; half++) {
				page = pfn_to_page(m, head + (half << (order - 1)));
				page_set_type(page, PGTY_buddy);
				page->private_ = order - 1;
				page->list_type = type;
				page->refcount = 0;
				page_list_add_tail(m, &zone->free_area[order - 1].lists[type],
						   head + (half << (order - 1)));
				zone->free_area[order - 1].nr[type]++;
				zone->free_area[order - 1].nr_free++;
			}
			zone->stat[NR_FREE_PAGES] += 1LL << order;
			return;
		}
	}
}

static void list_type(struct machine *m)
{
	u64 pfn = page_to_pfn(m, plant_free_head(m));

	set_pageblock_type(m, pfn, pageblock_type(m, pfn) == MIGRATE_RECLAIMABLE ?
			   MIGRATE_MOVABLE : MIGRATE_RECLAIMABLE);
}

static void area_count(struct machine *m)
{
	plant_dma32(m)->free_area[3].nr_free++;
}

static void free_count(struct machine *m)
{
	plant_dma32(m)->stat[NR_FREE_PAGES]++;
}

static void free_blocks(struct machine *m)
{
	plant_dma32(m)->stat[NR_FREE_PAGES_BLOCKS]++;
}

static void free_highatomic(struct machine *m)
{
	plant_dma32(m)->nr_free_highatomic++;
}

static void pcp_count(struct machine *m)
{
	plant_dma32(m)->pcp[0].free_count = -1;
}

static void pcp_page(struct machine *m)
{
	u32 pfn = plant_take(m, 0, GFP_KERNEL, PGTY_kernel);

	free_pages(m, pfn, 0);
	pfn_to_page(m, pfn)->refcount = 1;
}

static void pageblock_count(struct machine *m)
{
	plant_dma32(m)->pageblocks[MIGRATE_MOVABLE]++;
}

static void region_total(struct machine *m)
{
	m->memblock->reserved.total_size--;
}

static void tail_used(struct machine *m)
{
	pfn_to_page(m, plant_take(m, 2, GFP_KERNEL, PGTY_kernel) + 3)->refcount = 1;
}

/* On its list, whatever it is. */
static void put_free(struct machine *m, struct zone *zone, u32 pfn, unsigned int order)
{
	struct page *page = pfn_to_page(m, pfn);
	enum migratetype type = pageblock_type(m, pfn);

	page_set_type(page, PGTY_buddy);
	page->private_ = order;
	page->list_type = type;
	page->refcount = 0;
	page_list_add_tail(m, &zone->free_area[order].lists[type], pfn);
	zone->free_area[order].nr[type]++;
	zone->free_area[order].nr_free++;
	zone->stat[NR_FREE_PAGES] += 1LL << order;
}

static void unaligned_block(struct machine *m)
{
	put_free(m, plant_dma32(m), plant_take(m, 2, GFP_DMA32, PGTY_kernel) + 1, 1);
}

/* The hole below 1 MiB. */
static void block_in_hole(struct machine *m)
{
	put_free(m, m->nodes[0]->zones[ZONE_DMA], 0xa0, 0);
}

static void run_empty(struct machine *m)
{
	plant_page_of_type(m, PGTY_run)->mapping = 0;
}

static void run_touched(struct machine *m)
{
	u64 block = (page_to_pfn(m, plant_page_of_type(m, PGTY_run)) >> MAX_PAGE_ORDER) + 1;

	m->virgin[block / 64] &= ~(1ULL << block % 64);
}

static void block_virgin(struct machine *m)
{
	u64 block = page_to_pfn(m, plant_free_head(m)) >> MAX_PAGE_ORDER;

	m->virgin[block / 64] |= 1ULL << block % 64;
}

static void head_allocated(struct machine *m)
{
	page_set_type(plant_free_head(m), PGTY_kernel);
}

static void head_prev(struct machine *m)
{
	plant_free_head(m)->prev = 1;
}

static struct page_list *list_of(struct machine *m, const struct page *head)
{
	return &page_zone(m, head)->free_area[head->private_].lists[head->list_type];
}

static void list_last(struct machine *m)
{
	list_of(m, plant_free_head(m))->last = 1;
}

static void list_count(struct machine *m)
{
	const struct page *head = plant_free_head(m);
	struct free_area *area = &page_zone(m, head)->free_area[head->private_];

	area->nr[head->list_type]++;
	area->nr_free++;
}

/* The head of a free block that was freed just now. */
static struct page *fresh_head(struct machine *m)
{
	u64 head = plant_take(m, 4, GFP_DMA32, PGTY_kernel);
	unsigned int order;

	free_pages(m, head, 4);
	CU_ASSERT_FATAL(buddy_find(m, head, &head, &order));
	return pfn_to_page(m, head);
}

static void fresh_head_type(struct machine *m)
{
	fresh_head(m)->list_type = MIGRATE_TYPES;
}

static void fresh_head_unlisted(struct machine *m)
{
	struct page *page = fresh_head(m);

	page->prev = (u32)page_to_pfn(m, page);
}

/* Of CPU 0: with two pages or more. */
static struct page_list *cpu_list(struct machine *m)
{
	u32 first = plant_take(m, 0, GFP_DMA32, PGTY_kernel);
	u32 second = plant_take(m, 0, GFP_DMA32, PGTY_kernel);
	struct per_cpu_pages *pcp = plant_dma32(m)->pcp;

	free_pages(m, first, 0);
	free_pages(m, second, 0);
	for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
		if (pcp->lists[i].first == second)
			return &pcp->lists[i];
	CU_FAIL_FATAL("it went elsewhere");
	return NULL;
}

static void pcp_last(struct machine *m)
{
	struct page_list *list = cpu_list(m);

	list->last = list->first;
}

static void pcp_end(struct machine *m)
{
	cpu_list(m)->last = PFN_NIL;
}

static void pcp_counts_more(struct machine *m)
{
	(void)cpu_list(m);
	plant_dma32(m)->pcp[0].count++;
}

static void pcp_counts_none(struct machine *m)
{
	(void)cpu_list(m);
	plant_dma32(m)->pcp[0].count = 0;
}

static void free_above_managed(struct machine *m)
{
	plant_dma32(m)->stat[NR_FREE_PAGES] = (s64)plant_dma32(m)->managed_pages + 1;
}

static void highatomic_reserve(struct machine *m)
{
	plant_dma32(m)->nr_reserved_highatomic = plant_dma32(m)->managed_pages;
}

static const struct plant plants[] = {
	{ "P1", region, "a reserved region reaches into the next one" },
	{ "P2 P3 B10 B11", zone_overlap, "zone DMA ends a page too late" },
	{ "P3 P4", zone_present, "a zone has a page less than memblock gave it" },
	{ "P4 P8", zone_managed_more, "a zone manages a page more than it has" },
	{ "P4 K4", totalram, "the machine has a page more than its zones" },
	{ "P5", node_present, "a node has a page more than its zones" },
	{ "P6 P8 P6", page_lost, "an allocated block loses its reference: nobody has it" },
	{ "P4 P8", page_reserved, "an allocated page says that the boot keeps it" },
	{ "P7 I1", page_free_alone, "a page says that it is free, and is on no list" },
	{ "P8 P6", page_lost, "an allocated block loses its reference: the zone's sum is short" },
	{ "B1 P3 P4 P6 P7 P8 B10 B11 I1", zone_too_short, "a zone ends before its free blocks" },
	{ "B2", body, "a page within a free block has a reference" },
	{ "B3", unmerged, "two halves of a block are free, each by itself" },
	/* Until 6.1 a block may stay on the list of the type that it was stolen from. */
	{ "B4", list_type,
	  "a pageblock changes its type, its free block does not change the list", .release = "6.18" },
	{ "B5 B6 B11 I1", area_count, "an order counts a free block more than its lists have" },
	{ "B6 P7 B11 K4", free_count, "a zone counts a free page more" },
	{ "B7", free_blocks, "a page more is counted as free in blocks" },
	{ "B7", free_highatomic, "a free page more is counted as HighAtomic" },
	{ "B8", head_type, "a free block's head names another type than its list has" },
	{ "B8", head_ref, "a free block's head has a reference" },
	{ "B9", pcp_count, "a CPU has freed less than nothing" },
	{ "B9", pcp_page, "a page on a CPU's list has a reference" },
	{ "B10 B11 B10", pageblock_count, "a zone counts a Movable pageblock more" },
	{ "B11 B10", pageblock_count, "the same, as pagetypeinfo shows it" },
	{ "P1", region_total, "the reserved regions' sum is a byte less" },
	{ "P6 P8", tail_used, "a tail of an allocated block has a reference of its own" },
	{ "B1 B2 B3 B5 P6 P7 P8 I1 B11 B7", unaligned_block,
	  "a free block of two pages begins at an odd page" },
	{ "B1 B8 B4 P6 P7 P8 I1 B11 B7 K4", block_in_hole,
	  "a free block lies where there is no memory" },
	{ "B8 B5 B11 K4", run_empty, "a run of free blocks is zero blocks long" },
	{ "B2 P4 P6 P7 P8 I1 B11", run_touched, "a block within a run was touched" },
	{ "B2 P4 P6 P7 P8 I1", block_virgin, "a block on a list says that nobody touched it yet" },
	{ "B8 B2 P6 P7 P8 I1", head_allocated, "a block on a list says that it is allocated" },
	{ "B8", head_prev, "the first block of a list comes after another" },
	{ "B8", list_last, "a list ends with another block than its last" },
	{ "B5 B6 B11 I1", list_count, "a list counts a block more than it has" },
	{ "B8 B4 B5", fresh_head_type, "a block that was freed names a type that there is not" },
	{ "B8", fresh_head_unlisted, "a block that was freed comes after itself" },
	{ "B9", pcp_last, "a CPU's list ends with its first page" },
	{ "B9", pcp_end, "a CPU's list has a first page and no last" },
	{ "B9 I1 B11", pcp_counts_more, "a CPU counts a page more than its lists have" },
	{ "B9 I1 B11", pcp_counts_none, "a CPU counts no page, and has two" },
	{ "P8 B6 P7 B11 K4", free_above_managed, "a zone has more free pages than it manages" },
	{ "MH1", block_zone, "a memory block went on line and has no zone" },
	{ "MH1", block_node, "a memory block is of another node than its zone" },
	{ "MH1", block_span, "a memory block is of a zone that does not span it" },
	{ "MH1", block_offline, "a memory block is off line, and its pages are in use" },
	{ "MH2", block_group, "a group of blocks has a page more than they" },
	{ "MH3 W4 B11", node_memory, "a node has memory, and says that it has none" },
	{ "B10", highatomic_reserve, "the HighAtomic reserve is larger than it may be" },
};

const struct plant_table layout_plants = { "free blocks, zones, owners", plants, ARRAY_SIZE(plants) };
