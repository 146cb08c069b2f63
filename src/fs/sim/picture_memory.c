// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sim/view/physmem and frag: memory as a map, zone by zone, a row of 64 cells after the
 * other. One walk over the pages feeds the cells in order, so nothing is kept but
 * the cell at hand. A cell shows what most of it is; in frag, a cell is of pageblocks:
 * the type's colour, the stronger the more of it is used.
 */
#include <inttypes.h>
#include <stdio.h>

#include "fs/core/figures.h"
#include "fs/sim/picture.h"
#include "sim/phys/extfrag.h"
#include "sim/phys/folio.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"

#define COLUMNS 64U
#define CELL 12U		/* of SVG, with its gap */
#define MAX_ROWS 32U		/* of a zone: cells are as large as that takes */
#define TOP 64U

enum kind { K_FREE, K_PCP, K_ANON, K_FILE, K_SHMEM, K_HUGETLB, K_SLAB, K_TABLE, K_VMALLOC,
	    K_KERNEL, K_RESERVED, K_HOLE, NR_KINDS };

static const struct ink kinds[NR_KINDS] = {
	[K_FREE] = { "free", "#e8e8e8", '.' },
	[K_PCP] = { "per-CPU list", "#bdbdbd", ',' },
	[K_ANON] = { "anonymous", "#0072b2", 'A' },
	[K_FILE] = { "page cache", "#009e73", 'F' },
	[K_SHMEM] = { "shared memory", "#56b4e9", 'M' },
	[K_HUGETLB] = { "hugetlb", "#cc79a7", 'H' },
	[K_SLAB] = { "slab", "#e69f00", 'S' },
	[K_TABLE] = { "page tables", "#d55e00", 'T' },
	[K_VMALLOC] = { "vmalloc, per-CPU", "#f0e442", 'V' },
	[K_KERNEL] = { "other kernel", "#8c6d31", 'K' },
	[K_RESERVED] = { "reserved at boot", "#555555", '%' },
	[K_HOLE] = { "no memory", "#ffffff", ' ' },
};

/* -- Pages, from the lowest on. ---------------------------------------------------- */

struct cursor {
	const struct machine *m;
	const struct zone *zone;
	u64 pfn, left;		/* `left` more pages from pfn on are of this kind */
	enum kind kind;
};

static enum kind used_kind(const struct page *page)
{
	switch (page_type(page)) {
	case PGTY_slab: return K_SLAB;
	case PGTY_table: return K_TABLE;
	case PGTY_hugetlb: return K_HUGETLB;
	case PGTY_vmalloc:
	case PGTY_percpu: return K_VMALLOC;
	case 0: break;
	default: return K_KERNEL;
	}
	if (page_flag(page, PG_anon))
		return K_ANON;
	if (!page->mapping)
		return K_KERNEL;
	return page_flag(page, PG_swapbacked) ? K_SHMEM : K_FILE;
}

#define BLOCK (1ULL << MAX_PAGE_ORDER)

/* How far it goes on as at the cursor, where no page has a descriptor: a page, or a block. */
static u64 same_ahead(const struct cursor *c)
{
	const struct zone *zone = pfn_online_zone(c->m, c->pfn);
	u64 last = c->pfn | (BLOCK - 1);

	if (c->pfn & (BLOCK - 1) || page_present(c->m, c->pfn) || page_present(c->m, last) ||
	    page_virgin(c->m, c->pfn) || pfn_online_zone(c->m, last) != zone ||
	    pfn_online_zone(c->m, c->pfn + BLOCK / 2) != zone)
		return 1;
	return BLOCK;
}

/* What lies at the cursor's page, and how far. */
static void look(struct cursor *c)
{
	const struct machine *m = c->m;
	const struct page *page;
	u64 head;
	unsigned int order;
	int used;

	c->left = same_ahead(c);
	if (pfn_online_zone(m, c->pfn) != c->zone) {
		c->kind = K_HOLE;
	} else if (page_virgin(m, c->pfn)) {
		c->kind = K_FREE;
		c->left = BLOCK - (c->pfn & (BLOCK - 1));
	} else if (buddy_find(m, c->pfn, &head, &order)) {
		c->kind = K_FREE;
		c->left = head + (1ULL << order) - c->pfn;
	} else if (!page_present(m, c->pfn)) {
		c->kind = K_RESERVED;
	} else {
		c->left = 1;
		page = pfn_to_page(m, c->pfn);
		used = allocated_order(m, c->pfn);
		c->kind = page_flag(page, PG_reserved) ? K_RESERVED :
			  page_type(page) == PGTY_pcp ? K_PCP : used_kind(page);
		if (c->kind == K_PCP)
			c->left = 1ULL << MIN(page->private_, MAX_PAGE_ORDER);
		else if (c->kind != K_RESERVED && used > 0)
			c->left = 1ULL << used;
	}
}

/* What the next `nr` pages are: how many of each kind. */
static void take(struct cursor *c, u64 nr, u64 counts[NR_KINDS])
{
	memset(counts, 0, NR_KINDS * sizeof(counts[0]));
	while (nr) {
		u64 part;

		if (!c->left)
			look(c);
		part = MIN(nr, c->left);
		counts[c->kind] += part;
		c->pfn += part;
		c->left -= part;
		nr -= part;
	}
}

/* -- Maps. ------------------------------------------------------------------------- */

struct map {
	struct out *out;
	const struct machine *m;
	bool svg, frag;
	u64 pages;		/* of a cell */
	unsigned int y;
	u64 totals[NR_KINDS];
};

/* Pages of a cell, the same for all zones: a power of two, a pageblock's at least in frag. */
static u64 cell_pages(const struct machine *m, bool frag)
{
	u64 pages = frag ? pageblock_nr_pages(m) : 1;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		while (m->zones[i]->spanned_pages > pages * COLUMNS * MAX_ROWS)
			pages *= 2;
	}
	return pages;
}

static u64 first_cell(const struct zone *zone, u64 pages)
{
	return ALIGN_DOWN(zone->start_pfn, pages);
}

static unsigned int map_rows(const struct map *map, const struct zone *zone)
{
	u64 start = first_cell(zone, map->pages), row = map->pages * COLUMNS;

	return (unsigned int)((zone_end_pfn(zone) - start + row - 1) / row);
}

/* Rare kinds are seen too: of what is used, the most; free only where nothing else is. */
static enum kind most(const u64 counts[NR_KINDS])
{
	enum kind best = counts[K_RESERVED] ? K_RESERVED : K_HOLE;

	for (unsigned int i = K_ANON; i < K_RESERVED; i++) {
		if (counts[i] > counts[best] || (best >= K_RESERVED && counts[i]))
			best = (enum kind)i;
	}
	if (best == K_HOLE || counts[K_FREE] + counts[K_PCP] > 15 * counts[best])
		best = counts[K_FREE] || counts[K_PCP] ?
		       counts[K_PCP] > counts[K_FREE] ? K_PCP : K_FREE : best;
	return best;
}

static const struct ink types[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = { "unmovable", "#d55e00", 'U' },
	[MIGRATE_MOVABLE] = { "movable", "#0072b2", 'M' },
	[MIGRATE_RECLAIMABLE] = { "reclaimable", "#009e73", 'R' },
	[MIGRATE_HIGHATOMIC] = { "high-order atomic", "#cc79a7", 'H' },
	[MIGRATE_CMA] = { "CMA", "#e69f00", 'C' },
	[MIGRATE_ISOLATE] = { "isolated", "#555555", 'I' },
};

struct cell {
	const struct ink *ink;
	unsigned int opacity;	/* percent */
	char letter;
};

static struct cell frag_cell(const struct machine *m, u64 pfn, const u64 counts[NR_KINDS], u64 nr)
{
	const struct ink *ink = &types[pageblock_type(m, pfn)];
	u64 here = nr - counts[K_HOLE], used = here - counts[K_FREE] - counts[K_PCP];
	unsigned int share = here ? (unsigned int)(used * 100 / here) : 0;

	if (!here)
		return (struct cell){ &kinds[K_HOLE], 100, ' ' };
	return (struct cell){ ink, 15 + share * 84 / 100,
			      !used ? '.' : share < 50 ? (char)(ink->letter + 'a' - 'A') : ink->letter };
}

static struct cell cell_at(const struct map *map, u64 pfn, const u64 counts[NR_KINDS], u64 nr)
{
	const struct ink *ink;

	if (map->frag)
		return frag_cell(map->m, pfn, counts, nr);
	ink = &kinds[most(counts)];
	return (struct cell){ ink, 100, ink->letter };
}

static void zone_title(struct map *map, const struct zone *zone)
{
	char title[160], size[24], cell[24];

	snprintf(title, sizeof(title), "Node %u, zone %s: 0x%" PRIx64 "-0x%" PRIx64 ", %s managed, "
		 "a cell is %s", zone->node, zone->name, PFN_PHYS(zone->start_pfn),
		 PFN_PHYS(zone_end_pfn(zone)) - 1,
		 picture_size(PFN_PHYS(zone->managed_pages), size),
		 picture_size(PFN_PHYS(map->pages), cell));
	if (map->svg)
		svg_text(map->out, 20, map->y + 12, title, 150);
	else
		out_printf(map->out, "%s\n", title);
	map->y += 18;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->ink == b->ink && a->opacity == b->opacity;
}

/* Neighbours that are alike become one rectangle. */
static void put_run(struct map *map, const struct cell *cell, unsigned int first,
		    unsigned int end)
{
	if (cell->ink && cell->ink != &kinds[K_HOLE] && end > first)
		svg_rect(map->out, 20 + first * CELL, map->y, (end - first) * CELL - 1, CELL - 1,
			 cell->ink->colour, cell->opacity);
}

static void draw_row(struct map *map, struct cursor *c, const struct zone *zone)
{
	struct cell run = { 0 };
	unsigned int first = 0;

	if (!map->svg)
		out_printf(map->out, "%012" PRIx64 " |", PFN_PHYS(c->pfn));
	for (unsigned int column = 0; column < COLUMNS; column++) {
		u64 counts[NR_KINDS], pfn = c->pfn;
		struct cell cell = { &kinds[K_HOLE], 100, ' ' };

		if (pfn < zone_end_pfn(zone)) {
			take(c, map->pages, counts);
			cell = cell_at(map, pfn, counts, map->pages);
			for (unsigned int i = 0; i < NR_KINDS; i++)
				map->totals[i] += counts[i];
		}
		if (!map->svg)
			out_putc(map->out, cell.letter);
		else if (!same_cell(&cell, &run)) {
			put_run(map, &run, first, column);
			run = cell;
			first = column;
		}
	}
	if (map->svg)
		put_run(map, &run, first, COLUMNS);
	else
		out_puts(map->out, "|\n");
	map->y += CELL;
}

/* The free lists beside a zone's map: blocks of each order, a bar by their pages. */
static void put_orders(struct map *map, const struct zone *zone, unsigned int y)
{
	u64 free = MAX((u64)zone->stat[NR_FREE_PAGES], 1);

	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++) {
		u64 pages = zone->free_area[order].nr_free << order;
		char text[64];

		snprintf(text, sizeof(text), "order %u: %" PRIu64, order, (u64)zone->free_area[order].nr_free);
		if (map->svg) {
			svg_rect(map->out, 800, y + order * 13, (unsigned int)(pages * 90 / free), 11,
				 "#e8e8e8", 100);
			svg_text(map->out, 800, y + order * 13 + 10, text, 40);
		} else {
			out_printf(map->out, "%s%s", order ? ", " : "free blocks of ", text);
		}
	}
	if (!map->svg)
		out_putc(map->out, '\n');
}

static unsigned int zone_height(const struct map *map, const struct zone *zone)
{
	unsigned int height = map_rows(map, zone) * CELL;

	return 18 + (map->frag ? MAX(height, NR_PAGE_ORDERS * 13U) : height) + 10;
}

static void draw_zone(struct map *map, const struct zone *zone)
{
	struct cursor cursor = { map->m, zone, first_cell(zone, map->pages), 0, K_HOLE };
	unsigned int top = map->y;

	zone_title(map, zone);
	if (map->frag)
		put_orders(map, zone, map->y);
	while (cursor.pfn < zone_end_pfn(zone))
		draw_row(map, &cursor, zone);
	map->y = top + zone_height(map, zone);
	if (!map->svg)
		out_putc(map->out, '\n');
}

static void text_legend(struct map *map, const struct ink *inks, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		char size[24];

		out_printf(map->out, "%c %-18s", inks[i].letter, inks[i].name);
		if (!map->frag)
			out_printf(map->out, " %12s", picture_size(PFN_PHYS(map->totals[i]), size));
		out_putc(map->out, '\n');
	}
	if (map->frag)
		out_puts(map->out, "A small letter: less than half of it is used; a dot: nothing.\n");
}

static int show_map(struct out *out, const struct view *v, bool svg, bool frag)
{
	struct map map = { out, v->m, svg, frag, cell_pages(v->m, frag), TOP, { 0 } };
	const struct ink *inks = frag ? types : kinds;
	unsigned int nr = frag ? MIGRATE_TYPES : K_HOLE, height = TOP + 50;

	for (unsigned int i = 0; i < v->m->nr_zones; i++) {
		if (zone_populated(v->m->zones[i]))
			height += zone_height(&map, v->m->zones[i]);
	}
	if (svg && frag)
		svg_begin(out, height, "Fragmentation", "A cell is a pageblock, or several: its type's "
			  "colour, the stronger the more of it is used. At the right: free blocks.");
	else if (svg)
		svg_begin(out, height, "Physical memory", "A cell shows what most of its used part is; "
			  "it is free where less than a sixteenth is used.");
	for (unsigned int i = 0; i < v->m->nr_zones; i++) {
		if (zone_populated(v->m->zones[i]))
			draw_zone(&map, v->m->zones[i]);
	}
	if (svg) {
		svg_legend(out, map.y + 4, inks, nr);
		svg_end(out);
	} else {
		text_legend(&map, inks, nr);
	}
	return 0;
}

static int physmem_svg_show(struct out *out, const struct view *v)
{
	return show_map(out, v, /* svg = */ true, /* frag = */ false);
}

static int physmem_txt_show(struct out *out, const struct view *v)
{
	return show_map(out, v, false, false);
}

static int frag_svg_show(struct out *out, const struct view *v)
{
	return show_map(out, v, true, true);
}

static int frag_txt_show(struct out *out, const struct view *v)
{
	return show_map(out, v, false, true);
}

#define PICTURE(file, function, words) \
	{ .name = (file), .mode = S_IFREG | 0444, .span = ALL, .show = (function), .sized = true, \
	  .help = (words) }

static const struct entry entries[] = {
	PICTURE("frag.svg", frag_svg_show, "Pageblocks by type and use, and the free lists: a picture."),
	PICTURE("frag.txt", frag_txt_show, "The same in letters."),
	PICTURE("physmem.svg", physmem_svg_show, "Physical memory by use: a picture."),
	PICTURE("physmem.txt", physmem_txt_show, "The same in letters, with how much there is of each."),
};
static const struct dir view_dir = { DIR_FILES(entries) };

TREE_PARTS(picture_memory_parts, { "sim/view", &view_dir });
