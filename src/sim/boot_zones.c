// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Zones: the architecture cuts the address space by pfn, each node's zone is what
 * lies between its first and its last memory inside those cuts, and holes are
 * spanned but not present. Where zone Movable begins is boot_movable.c's.
 */
#include "sim/boot_state.h"

#include "sim/phys/page_alloc.h"

static u64 first_pfn(const struct boot *b)
{
	return PFN_DOWN(memblock_start_of_DRAM(b->m->memblock));
}

static bool zone_exists(const struct arch *arch, int type)
{
	return arch->zones >> type & 1;
}

static void cut_zones(struct boot *b)
{
	const struct arch *arch = b->m->arch;
	u64 start = first_pfn(b);

	for (int type = 0; type < MAX_NR_ZONES; type++) {
		u64 limit = arch->zone_end[type] ? arch->zone_end[type] : UINT64_MAX;
		u64 max = type == ZONE_HIGHMEM ? b->max_pfn : b->max_low_pfn;

		if (!zone_exists(arch, type) || type == ZONE_MOVABLE || type == ZONE_DEVICE)
			continue;
		b->zone_low[type] = start;
		b->zone_high[type] = MAX(MIN(limit, max), start);
		start = b->zone_high[type];
	}
}

static void print_cuts(struct boot *b)
{
	printk(b->m, 6, "Zone ranges:");
	for (int type = 0; type < MAX_NR_ZONES; type++) {
		if (!zone_exists(b->m->arch, type) || type == ZONE_MOVABLE)
			continue;
		if (b->zone_low[type] == b->zone_high[type])
			printk(b->m, 6, "  %-8s empty", zone_names[type]);
		else
			printk(b->m, 6, "  %-8s [mem 0x%016llx-0x%016llx]", zone_names[type],
			       (unsigned long long)PFN_PHYS(b->zone_low[type]),
			       (unsigned long long)PFN_PHYS(b->zone_high[type]) - 1);
	}
}

static void print_nodes(struct boot *b)
{
	const struct memblock_type *mem = &b->m->memblock->memory;

	printk(b->m, 6, "Early memory node ranges");
	for (unsigned int i = 0; i < mem->cnt; i++)
		printk(b->m, 6, "  node %3d: [mem 0x%016llx-0x%016llx]", mem->regions[i].nid,
		       (unsigned long long)mem->regions[i].base,
		       (unsigned long long)(mem->regions[i].base + mem->regions[i].size - 1));
}

/* Pages of memory of a node inside [start, end). */
static u64 present_pages(const struct boot *b, int nid, u64 start, u64 end)
{
	const struct memblock_type *mem = &b->m->memblock->memory;
	u64 pages = 0;

	for (unsigned int i = 0; i < mem->cnt; i++) {
		u64 from = MAX(PFN_UP(mem->regions[i].base), start);
		u64 to = MIN(PFN_DOWN(mem->regions[i].base + mem->regions[i].size), end);

		if (mem->regions[i].nid == nid && from < to)
			pages += to - from;
	}
	return pages;
}

static void span_node(struct boot *b, struct pglist_data *node)
{
	const struct memblock_type *mem = &b->m->memblock->memory;
	u64 start = UINT64_MAX, end = 0;

	for (unsigned int i = 0; i < mem->cnt; i++) {
		if (mem->regions[i].nid != node->id)
			continue;
		start = MIN(start, PFN_UP(mem->regions[i].base));
		end = MAX(end, PFN_DOWN(mem->regions[i].base + mem->regions[i].size));
	}
	node->start_pfn = end ? start : 0;
	node->spanned_pages = end ? end - start : 0;
}

static void span_zone(struct boot *b, const struct pglist_data *node, struct zone *zone)
{
	u64 node_end = node->start_pfn + node->spanned_pages;
	u64 movable = b->movable_pfn[node->id];
	u64 start = CLAMP(node->start_pfn, b->zone_low[zone->type], b->zone_high[zone->type]);
	u64 end = CLAMP(node_end, b->zone_low[zone->type], b->zone_high[zone->type]);
	bool overlaps = false;	/* with Movable, which then has its pages */

	if (zone->type == ZONE_MOVABLE) {
		start = movable;
		end = movable ? node_end : 0;
	} else if (movable && start < movable && end > movable) {
		overlaps = b->cmdline.kernelcore_mirror;
		end = overlaps ? end : movable;
	} else if (movable && start >= movable) {
		start = end;
	}
	if (!node->spanned_pages || end < node->start_pfn || start >= end)
		return;
	start = MAX(start, node->start_pfn);
	end = MIN(end, node_end);
	zone->start_pfn = start;
	zone->spanned_pages = end - start;
	zone->present_pages = present_pages(b, node->id, start, overlaps ? movable : end);
}

static u64 map_pages(const struct boot *b, const struct zone *zone)
{
	u64 pages = zone->spanned_pages;

	if (zone->spanned_pages > zone->present_pages + (zone->present_pages >> 4) &&
	    b->m->arch->vmemmap_start)
		pages = zone->present_pages;
	return PFN_UP(pages * b->m->arch->struct_page_bytes);
}

/*
 * The guess of a zone's free pages that sizes hash tables until 6.9: what is
 * present less its descriptors and, in the first zone, what is taken.
 */
static void guess_free(struct boot *b, struct zone *zone)
{
	bool high = zone->type == ZONE_HIGHMEM;
	u64 pages = zone->present_pages, map = map_pages(b, zone);

	if (!high && pages >= map)
		pages -= map;
	if (zone->type == ZONE_DMA && pages > b->dma_reserve)
		pages -= b->dma_reserve;
	b->vm_total_pages += pages;
	zone->managed_pages = pages;
	if (!high)
		b->nr_kernel_pages += pages;
	else if (b->nr_kernel_pages > map * 2)
		b->nr_kernel_pages -= map;
	b->nr_all_pages += pages;
}

/* Since 6.10: free pages of memblock, known exactly. */
static void count_free(struct boot *b)
{
	u64 cursor = 0, start, end, lowmem = b->m->arch->lowmem_end;
	int nid;

	b->nr_kernel_pages = b->nr_all_pages = b->vm_total_pages = 0;
	while (memblock_next_free(b->m->memblock, &cursor, &start, &end, &nid)) {
		u64 from = PFN_UP(start), to = PFN_DOWN(end);

		if (from >= to)
			continue;
		b->nr_all_pages += to - from;
		if (lowmem)
			to = MIN(to, lowmem >> PAGE_SHIFT);
		if (from < to)
			b->nr_kernel_pages += to - from;
	}
	for (unsigned int i = 0; i < b->m->nr_zones; i++) {
		b->vm_total_pages += b->m->zones[i]->present_pages;
		b->m->zones[i]->managed_pages = b->m->zones[i]->present_pages;
	}
}

static int make_zone(struct boot *b, struct pglist_data *node, int type)
{
	struct machine *m = b->m;
	struct zone *zone = arena_alloc(&m->arena, sizeof(*zone));

	if (!zone)
		return -ENOMEM;
	zone->index = (u16)m->nr_zones;
	zone->node = node->id;
	zone->type = (enum zone_type)type;
	zone->name = zone_names[type];
	m->zones[m->nr_zones++] = zone;
	node->zones[type] = zone;
	span_zone(b, node, zone);
	node->present_pages += zone->present_pages;
	return zone_init(m, zone);
}

static void make_zones(struct boot *b)
{
	struct machine *m = b->m;

	m->zones = arena_alloc(&m->arena, MAX_NUMNODES * MAX_NR_ZONES * sizeof(*m->zones));
	if (!m->zones)
		boot_fail(b, -ENOMEM, NULL);
	for (unsigned int nid = 0; nid < m->nr_nodes && !b->err; nid++) {
		struct pglist_data *node = m->nodes[nid];

		if (!node)
			continue;
		span_node(b, node);
		for (int type = 0; type < MAX_NR_ZONES && !b->err; type++)
			if (zone_exists(m->arch, type))
				b->err = make_zone(b, node, type);
		node->has_memory = node->present_pages != 0;
		for (int type = 0; type <= ZONE_NORMAL; type++)
			node->has_normal_memory |= node->zones[type] &&
						   zone_populated(node->zones[type]);
		if (!b->err && rel_hash_from_free_pages(m->release))
			continue;
		for (int type = 0; type < MAX_NR_ZONES && !b->err; type++)
			if (node->zones[type])
				guess_free(b, node->zones[type]);
	}
}

/* A node without memory needs a descriptor all the same. */
static void alloc_memoryless(struct boot *b)
{
	if (b->m->arch->numa)
		boot_alloc_small(b, b->image.pgdat_struct_bytes, "NODE_DATA");
}

static void print_initmem(struct boot *b)
{
	for (unsigned int nid = 0; nid < b->m->nr_nodes; nid++) {
		const struct pglist_data *node = b->m->nodes[nid];

		if (!node)
			continue;
		if (node->spanned_pages) {
			printk(b->m, 6, "Initmem setup node %u [mem 0x%016llx-0x%016llx]", nid,
			       (unsigned long long)PFN_PHYS(node->start_pfn),
			       (unsigned long long)PFN_PHYS(node->start_pfn +
							    node->spanned_pages) - 1);
			continue;
		}
		if (rel_says_memoryless(b->m->release))
			printk(b->m, 6, "Initializing node %u as memoryless", nid);
		alloc_memoryless(b);
		printk(b->m, 6, "Initmem setup node %u as memoryless", nid);
	}
}

static bool section_present(const struct boot *b, u64 pfn)
{
	const struct memblock_type *mem = &b->m->memblock->memory;
	u64 bytes = 1ULL << b->m->arch->section_bits;
	u64 start = ALIGN_DOWN(PFN_PHYS(pfn), bytes);

	if (!b->m->arch->vmemmap_start)
		return pfn < b->max_pfn;	/* one flat map */
	for (unsigned int i = 0; i < mem->cnt; i++)
		if (mem->regions[i].base < start + bytes &&
		    mem->regions[i].base + mem->regions[i].size > start)
			return true;
	return false;
}

/* Pages of a hole that have a descriptor. */
static void print_hole(struct boot *b, u64 start, u64 end, const struct zone *zone)
{
	const struct arch *arch = b->m->arch;
	u64 step = 1ULL << (arch->vmemmap_start ? arch->section_bits - PAGE_SHIFT :
						  arch->hugetlb_order);
	u64 pages = 0;

	while (start < end) {
		u64 next = MIN(ALIGN_DOWN(start, step) + step, end);

		if (section_present(b, ALIGN_DOWN(start, step)))
			pages += next - start;
		start = next;
	}
	if (pages)
		printk(b->m, 6, "On node %u, zone %s: %llu pages in unavailable ranges",
		       zone->node, zone->name, (unsigned long long)pages);
}

static void print_holes(struct boot *b)
{
	const struct memblock_type *mem = &b->m->memblock->memory;
	const struct zone *last = NULL;
	u64 hole = 0;

	for (unsigned int i = 0; i < mem->cnt; i++) {
		const struct pglist_data *node = b->m->nodes[mem->regions[i].nid];

		for (int type = 0; type < MAX_NR_ZONES; type++) {
			const struct zone *zone = node->zones[type];
			u64 start, end;

			if (!zone || !zone_populated(zone))
				continue;
			start = CLAMP(PFN_UP(mem->regions[i].base), zone->start_pfn,
				      zone_end_pfn(zone));
			end = CLAMP(PFN_DOWN(mem->regions[i].base + mem->regions[i].size),
				    zone->start_pfn, zone_end_pfn(zone));
			last = zone;
			if (start >= end)
				continue;
			if (hole < start)
				print_hole(b, hole, start, zone);
			hole = end;
		}
	}
	if (last && b->m->arch->vmemmap_start)
		print_hole(b, hole, ALIGN_UP(hole, 1ULL << (b->m->arch->section_bits -
							      PAGE_SHIFT)), last);
}

static void note_zones(struct boot *b)
{
	for (unsigned int i = 0; i < b->m->nr_zones; i++) {
		const struct zone *zone = b->m->zones[i];

		if (!zone->spanned_pages)
			continue;
		boot_note(b->m, "node %u zone %-7s start_pfn %llu spanned %llu present %llu",
			  zone->node, zone->name, (unsigned long long)zone->start_pfn,
			  (unsigned long long)zone->spanned_pages,
			  (unsigned long long)zone->present_pages);
	}
}

/* Bitmaps of pageblocks, where there are no sections to keep them. */
static void alloc_usemaps(struct boot *b)
{
	u64 block = 1ULL << b->m->arch->hugetlb_order;

	for (unsigned int i = 0; i < b->m->nr_zones && !b->m->arch->vmemmap_start; i++) {
		const struct zone *zone = b->m->zones[i];
		u64 pages = zone->spanned_pages + (zone->start_pfn & (block - 1));

		if (zone->spanned_pages)
			boot_alloc_small(b, ALIGN_UP(DIV_ROUND_UP(pages, block) * 4, 32) / 8,
					 "pageblock map");
	}
}

/* What zone DMA has lost by now: until 6.9 its guess is lowered by this. */
void boot_dma_reserve(struct boot *b)
{
	u64 end = PFN_PHYS(b->m->arch->zone_end[ZONE_DMA]);
	u64 cursor = 0, start, stop, free_pages = 0, pages = 0;
	const struct memblock_type *mem = &b->m->memblock->memory;
	int nid;

	if (b->m->arch->bits != 64)
		return;
	for (unsigned int i = 0; i < mem->cnt; i++) {
		u64 from = MIN(mem->regions[i].base, end);
		u64 to = MIN(mem->regions[i].base + mem->regions[i].size, end);

		pages += PFN_DOWN(to) - MIN(PFN_UP(from), PFN_DOWN(to));
	}
	while (memblock_next_free(b->m->memblock, &cursor, &start, &stop, &nid) && start < end)
		if (PFN_DOWN(MIN(stop, end)) > PFN_UP(start))
			free_pages += PFN_DOWN(MIN(stop, end)) - PFN_UP(start);
	b->dma_reserve = pages - free_pages;
}

static unsigned int nodes_with_memory(const struct machine *m)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++)
		nr += m->nodes[i] && m->nodes[i]->has_memory;
	return nr;
}

void boot_zones(struct boot *b)
{
	cut_zones(b);
	print_cuts(b);
	boot_movable(b);
	print_nodes(b);
	b->m->max_pfn = b->max_pfn;
	b->m->pageblock_order = b->m->arch->hugetlb_order;
	make_zones(b);
	if (b->err)
		return;
	if (rel_hash_from_free_pages(b->m->release))
		count_free(b);
	b->hashdist = b->m->arch->numa && !b->cmdline.no_hashdist && nodes_with_memory(b->m) > 1;
	print_initmem(b);
	alloc_usemaps(b);
	print_holes(b);
	note_zones(b);
}
