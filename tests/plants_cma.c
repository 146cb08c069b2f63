// SPDX-License-Identifier: GPL-2.0-or-later
/* What can be wrong with contiguous memory areas. */
#include "plants.h"

#include <stdlib.h>

#include "sim/phys/cma.h"
#include "sim/phys/section.h"

static struct cma *area(struct machine *m)
{
	return &m->cma->areas[0];
}

static struct zone *area_zone(struct machine *m)
{
	return pfn_zone(m, area(m)->base_pfn);
}

static void block_type(struct machine *m)
{
	set_pageblock_type(m, area(m)->base_pfn, MIGRATE_MOVABLE);
}

static void zone_pages(struct machine *m)
{
	area_zone(m)->cma_pages++;
}

static void zone_blocks(struct machine *m)
{
	area_zone(m)->pageblocks[MIGRATE_CMA]++;
}

static void total(struct machine *m)
{
	m->cma->totalcma_pages++;
}

static void bit(struct machine *m)
{
	area(m)->bitmap[1] |= 1;
	area(m)->available_count--;
}

static void available(struct machine *m)
{
	area(m)->available_count++;
}

static void record(struct machine *m)
{
	if (cma_alloc_mem(m, area(m), 4))
		abort();
	area(m)->mems[0].pfn += 100;
}

static void page_kind(struct machine *m)
{
	u32 pfn;

	do
		pfn = plant_take(m, 0, GFP_HIGHUSER_MOVABLE, PGTY_kernel);
	while (pageblock_type(m, pfn) != MIGRATE_CMA);
	page_set_type(pfn_to_page(m, pfn), PGTY_stack);
}

static void free_cma(struct machine *m)
{
	area_zone(m)->stat[NR_FREE_CMA]++;
}

#define AREA .machine = "tiny", .cmdline = "cma=24M", .config = "CMA=y"

static const struct plant plants[] = {
	{ "CM1 B4 B10 K4", block_type, "a pageblock of an area is Movable", AREA },
	{ "CM1", zone_pages, "a zone has a page more in areas than there are", AREA },
	{ "CM1 B10 B11 K4", zone_blocks, "a zone counts a CMA pageblock more", AREA },
	{ "CM1 K4", total, "areas have a page more in all", AREA },
	{ "CM2", bit, "a free page of an area is given away", AREA },
	{ "CM2", available, "an area has a page more than its bitmap leaves", AREA },
	{ "CM2", record, "the file of an area has pages that were not given to it", AREA },
	{ "CM3 A6", page_kind, "a kernel stack is in an area", AREA },
	{ "B7 K4", free_cma, "a free page more is counted as CMA's", AREA },
};

const struct plant_table cma_plants = { "contiguous memory areas", plants, ARRAY_SIZE(plants) };
