// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/view/: pictures in text (picture*.c has those that are SVG, too). zones draws
 * physical memory from the boot allocator's regions and the free lists, so its cost is
 * that of the blocks, not of the pages; buddy draws the free lists; slab the biggest
 * caches; nodes the distances.
 */
#include <inttypes.h>

#include "fs/core/entry.h"
#include "sim/boot/memblock.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"

#define CELLS 64
#define BAR 40

struct cells {
	u64 start, end;		/* pfns of the whole bar */
	u64 pages[CELLS];
};

static u64 cell_start(const struct cells *c, unsigned int i)
{
	return c->start + (c->end - c->start) * i / CELLS;
}

static void cells_add(struct cells *c, u64 start, u64 end)
{
	start = MAX(start, c->start);
	end = MIN(end, c->end);
	if (start >= end)
		return;
	for (unsigned int i = (start - c->start) * CELLS / (c->end - c->start); i < CELLS; i++) {
		u64 from = MAX(start, cell_start(c, i)), to = MIN(end, cell_start(c, i + 1));

		if (cell_start(c, i) >= end)
			return;
		if (from < to)
			c->pages[i] += to - from;
	}
}

static void cells_add_regions(struct cells *c, const struct memblock_type *type, int nid)
{
	for (unsigned int i = 0; i < type->cnt; i++) {
		const struct memblock_region *r = &type->regions[i];

		if (nid < 0 || r->nid == nid)
			cells_add(c, PFN_UP(r->base), PFN_DOWN(r->base + r->size));
	}
}

static void cells_add_list(struct cells *c, const struct machine *m, u32 pfn,
			   unsigned int order)
{
	for (; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		const struct page *page = pfn_to_page(m, pfn);
		u64 nr = page_type(page) == PGTY_run ? page->mapping : 1;

		cells_add(c, pfn, pfn + (nr << order));
	}
}

static void cells_add_free(struct cells *c, const struct machine *m, const struct zone *zone)
{
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			cells_add_list(c, m, zone->free_area[order].lists[type].first, order);
	}
	for (unsigned int cpu = 0; zone->pcp && cpu < m->nr_cpus; cpu++) {
		for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
			cells_add_list(c, m, zone->pcp[cpu].lists[i].first,
				       i < NR_LOWORDER_PCP_LISTS ? i / MIGRATE_PCPTYPES :
				       m->pageblock_order);
	}
}

/* What most of a cell is. Reserved regions may lie in holes: only RAM counts. */
static char cell_char(u64 present, u64 reserved, u64 free)
{
	u64 used;

	if (!present)
		return ' ';
	reserved = MIN(reserved, present);
	used = present - reserved - MIN(free, present - reserved);
	if (free >= used && free >= reserved)
		return '.';
	return used >= reserved ? '#' : '%';
}

static void draw_zone(struct out *out, const struct machine *m, const struct zone *zone)
{
	struct cells present = { .start = zone->start_pfn, .end = zone_end_pfn(zone) };
	struct cells reserved = present, free = present;

	out_printf(out, "Node %u, zone %8s  0x%09" PRIx64 "-0x%09" PRIx64 "  %" PRIu64
		   " of %" PRIu64 " pages free\n|", zone->node, zone->name,
		   PFN_PHYS(zone->start_pfn), PFN_PHYS(zone_end_pfn(zone)) - 1,
		   (u64)MAX(zone->stat[NR_FREE_PAGES], 0), zone->managed_pages);
	cells_add_regions(&present, &m->memblock->memory, m->arch->numa ? zone->node : -1);
	cells_add_regions(&reserved, &m->memblock->reserved, -1);
	cells_add_free(&free, m, zone);
	for (unsigned int i = 0; i < CELLS; i++)
		out_putc(out, cell_char(present.pages[i], reserved.pages[i], free.pages[i]));
	out_puts(out, "|\n");
}

static int zones_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; i < v->m->nr_zones; i++) {
		if (zone_populated(v->m->zones[i]))
			draw_zone(out, v->m, v->m->zones[i]);
	}
	out_printf(out, "\n%u cells a zone; most of a cell is: . free  # in use  %% reserved at "
		   "boot, blank: no memory\n", CELLS);
	return 0;
}

static void print_block_size(struct out *out, unsigned int order)
{
	u64 kib = 4ULL << order;

	if (kib < 1024)
		out_printf(out, "%4" PRIu64 "K", kib);
	else
		out_printf(out, "%4" PRIu64 "M", kib / 1024);
}

/* A bar for one order: one letter for each BAR-th of the zone's free memory. */
static void draw_order(struct out *out, const struct zone *zone, unsigned int order, u64 total)
{
	static const char letters[MIGRATE_TYPES] = { 'U', 'M', 'R', 'H', 'C', 'I' };
	const struct free_area *area = &zone->free_area[order];
	unsigned int column = 0;

	out_printf(out, "%3u ", order);
	print_block_size(out, order);
	out_puts(out, " |");
	for (unsigned int type = 0; type < MIGRATE_TYPES; type++) {
		u64 pages = area->nr[type] << order;
		u64 width = total ? (pages * BAR + total - 1) / total : 0;

		for (; width && column < BAR; width--, column++)
			out_putc(out, letters[type]);
	}
	out_pad(out, ' ', BAR - column);
	out_putc(out, '|');
	for (unsigned int type = 0; type < MIGRATE_TYPES; type++) {
		if (area->nr[type])
			out_printf(out, " %c:%" PRIu64, letters[type], area->nr[type]);
	}
	out_putc(out, '\n');
}

static int buddy_show(struct out *out, const struct view *v)
{
	for (unsigned int i = 0; i < v->m->nr_zones; i++) {
		const struct zone *zone = v->m->zones[i];
		u64 total = 0;

		if (!zone_populated(zone))
			continue;
		for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
			total += zone->free_area[order].nr_free << order;
		out_printf(out, "Node %u, zone %8s  %" PRIu64 " pages free\n", zone->node,
			   zone->name, total);
		for (int order = MAX_PAGE_ORDER; order >= 0; order--)
			draw_order(out, zone, order, total);
	}
	out_puts(out, "\nA letter is a share of the zone's free pages, then blocks of each "
		 "type:\nU unmovable  M movable  R reclaimable  H high-order atomic  I "
		 "isolated\n");
	return 0;
}

static u64 cache_pages(const struct slab_info *info)
{
	return info->num_slabs << info->order;
}

/* The cache that comes next by size, and by place among equals; nr if none does. */
static unsigned int next_biggest(const struct machine *m, u64 pages, unsigned int after)
{
	unsigned int nr = nr_kmem_caches(m), best = nr;
	struct slab_info info;
	u64 best_pages = 0;

	for (unsigned int i = 0; i < nr; i++) {
		u64 own;

		kmem_cache_info(m, kmem_cache_at(m, i), &info);
		own = cache_pages(&info);
		if (own > pages || (own == pages && i <= after) || (best < nr && own <= best_pages))
			continue;
		best = i;
		best_pages = own;
	}
	return best;
}

static int slab_show(struct out *out, const struct view *v)
{
	unsigned int at = 0, nr = nr_kmem_caches(v->m);
	u64 pages = UINT64_MAX;
	struct slab_info info;

	out_puts(out, "cache                     pages  objects in use\n");
	for (unsigned int line = 0; line < 24; line++) {
		unsigned int width;

		at = next_biggest(v->m, pages, at);
		if (at == nr)
			break;
		kmem_cache_info(v->m, kmem_cache_at(v->m, at), &info);
		pages = cache_pages(&info);
		if (!pages)
			break;
		width = info.num_objs ? info.active_objs * BAR / info.num_objs : 0;
		out_printf(out, "%-24.24s %6" PRIu64 "  |", info.name, pages);
		out_pad(out, '#', width);
		out_pad(out, '.', BAR - MIN(width, BAR));
		out_printf(out, "| %" PRIu64 " of %" PRIu64 "\n", info.active_objs, info.num_objs);
	}
	return 0;
}

static int nodes_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];

		if (!node)
			continue;
		out_printf(out, "Node %2u  %8" PRIu64 " MiB  CPUs ", i,
			   node->present_pages >> (20 - PAGE_SHIFT));
		out_bitmap_list(out, node->cpus, MIN(m->nr_cpus, 64 * ARRAY_SIZE(node->cpus)));
		out_puts(out, node->has_cpu ? "" : "none");
		out_puts(out, "\n         distances");
		for (unsigned int j = 0; j < m->nr_nodes; j++) {
			if (m->nodes[j])
				out_printf(out, " %3u", m->distance[i][j]);
		}
		out_puts(out, "\n         fallback ");
		for (unsigned int j = 0; node->fallback && j < node->nr_fallback; j++)
			out_printf(out, " %3u", node->fallback[j]);
		out_putc(out, '\n');
	}
	return 0;
}

static const struct entry view_entries[] = {
	{ "buddy", S_IFREG | 0444, ALL, buddy_show,
	  .help = "The free lists of each zone, drawn: which orders hold its free pages, "
		  "and of which types." },
	{ "nodes", S_IFREG | 0444, ALL, nodes_show,
	  .help = "The nodes: memory, CPUs, distances, and where each allocates next." },
	{ "slab", S_IFREG | 0444, ALL, slab_show,
	  .help = "The biggest slab caches and how full their slabs are." },
	{ "zones", S_IFREG | 0444, ALL, zones_show,
	  .help = "Physical memory drawn zone by zone: free, in use, reserved, missing." },
};

static const struct dir view_dir = { DIR_FILES(view_entries) };

static const struct entry sim_entries[] = {
	{ "view", S_IFDIR | 0555, ALL, .dir = &view_dir, .help = "Pictures of the memory." },
};

static const struct dir sim_dir = { DIR_FILES(sim_entries) };

TREE_PARTS(view_parts, { "sim", &sim_dir });
