// SPDX-License-Identifier: GPL-2.0-or-later
/* CM1, CM2, CM3: areas, their bitmaps, and what is in their pageblocks. */
#include "sim/base/digest.h"
#include "sim/phys/cma.h"
#include "sim/phys/slab.h"

typedef unsigned long long ull;

/* Is the pageblock CMA's? While one is emptied, it is Isolate. */
static bool block_of_cma(const struct machine *m, u64 pfn)
{
	enum migratetype type = pageblock_type(m, pfn);

	return type == MIGRATE_CMA || type == MIGRATE_ISOLATE;
}

/* May this page be in a CMA pageblock? What scripts allocate may be anything. */
static bool belongs_to_cma(const struct page *page)
{
	switch (page_type(page)) {
	case PGTY_slab:
	case PGTY_table:
	case PGTY_vmalloc:
	case PGTY_zsmalloc:
	case PGTY_percpu:
	case PGTY_stack:
		return false;
	}
	return !page_flag(page, PG_reserved);
}

static bool page_is_given(const struct page *page)
{
	return page_type(page) == PGTY_kernel && page->mapping == CMA_MARK && page->refcount == 1;
}

static void check_pages(const struct machine *m, const struct cma *cma, struct check *check)
{
	u64 given = 0;

	for (u64 i = 0; i < cma->count; i++) {
		const struct page *page = pfn_to_page(m, cma->base_pfn + i);
		bool bit = cma_bit(cma, i >> cma->order_per_bit);

		given += bit;
		if (bit != page_is_given(page))
			check_fail(check, "CM2", "area %s page 0x%llx: expected its bit %d as "
				   "cma_alloc() left it, found ref %d, type 0x%x", cma->name,
				   (ull)(cma->base_pfn + i), bit, page->refcount, page_type(page));
		if (!belongs_to_cma(page))
			check_fail(check, "CM3", "area %s page 0x%llx: expected what can move, "
				   "found type 0x%x", cma->name, (ull)(cma->base_pfn + i),
				   page_type(page));
	}
	check->nr_checked += 2 * cma->count + 1;
	if (given + cma->available_count != cma->count)
		check_fail(check, "CM2", "area %s: expected %llu pages available, found %llu",
			   cma->name, (ull)(cma->count - given), (ull)cma->available_count);
}

static void check_mems(const struct cma *cma, struct check *check)
{
	for (unsigned int i = 0; i < cma->nr_mems; i++) {
		check->nr_checked++;
		if (!cma_pages_valid(cma, cma->mems[i].pfn, cma->mems[i].nr_pages))
			check_fail(check, "CM2", "area %s: expected %llu pages from 0x%llx on given "
				   "to its file, found their bits clear", cma->name,
				   (ull)cma->mems[i].nr_pages, (ull)cma->mems[i].pfn);
	}
}

static void check_area(const struct machine *m, const struct cma *cma, struct check *check)
{
	for (u64 pfn = cma->base_pfn; pfn < cma->base_pfn + cma->count;
	     pfn += pageblock_nr_pages(m)) {
		check->nr_checked++;
		if (!block_of_cma(m, pfn))
			check_fail(check, "CM1", "area %s pageblock 0x%llx: expected type CMA, found "
				   "%s", cma->name, (ull)pfn,
				   migratetype_names[pageblock_type(m, pfn)]);
	}
	if (cma->bitmap)
		check_pages(m, cma, check);
	check_mems(cma, check);
}

/* The zone's pages in areas. */
static u64 zone_area_pages(const struct machine *m, const struct zone *zone)
{
	u64 pages = 0;

	for (unsigned int i = 0; m->cma && i < m->cma->nr; i++)
		if (m->cma->areas[i].count && pfn_zone(m, m->cma->areas[i].base_pfn) == zone)
			pages += m->cma->areas[i].count;
	return pages;
}

static void check_zone(const struct machine *m, const struct zone *zone, struct check *check)
{
	u64 pages = zone_area_pages(m, zone);
	u64 blocks = zone->pageblocks[MIGRATE_CMA] + zone->pageblocks[MIGRATE_ISOLATE];

	check->nr_checked += 2;
	if (zone->cma_pages != pages)
		check_fail(check, "CM1", "node %u zone %s: expected %llu pages of CMA, found %llu",
			   zone->node, zone->name, (ull)pages, (ull)zone->cma_pages);
	if (zone->pageblocks[MIGRATE_CMA] > pages >> m->pageblock_order ||
	    blocks < pages >> m->pageblock_order)
		check_fail(check, "CM1", "node %u zone %s: expected %llu CMA pageblocks, found %llu",
			   zone->node, zone->name, (ull)(pages >> m->pageblock_order),
			   (ull)zone->pageblocks[MIGRATE_CMA]);
}

void cma_validate(const struct machine *m, struct check *check)
{
	u64 total = 0;

	for (unsigned int i = 0; m->cma && i < m->cma->nr; i++) {
		check_area(m, &m->cma->areas[i], check);
		total += m->cma->areas[i].count;
	}
	for (unsigned int i = 0; i < m->nr_zones; i++)
		check_zone(m, m->zones[i], check);
	check->nr_checked++;
	if (total != totalcma_pages(m))
		check_fail(check, "CM1", "machine: expected %llu pages in areas, found %llu",
			   (ull)total, (ull)totalcma_pages(m));
}

void cma_claim_objects(const struct machine *m, struct object_census *census)
{
	for (unsigned int i = 0; m->cma && i < m->cma->nr; i++)
		for (unsigned int n = 0; n < m->cma->areas[i].nr_mems; n++)
			object_claim(census, m->cma->areas[i].mems[n].object,
				     "a range of a CMA area's file");
}

static void area_digest(const struct cma *cma, struct digest *d)
{
	digest_string(d, cma->name);
	digest_u64(d, cma->base_pfn);
	digest_u64(d, cma->count);
	digest_u64(d, cma->available_count);
	digest_u64(d, cma->nr_pages_succeeded);
	digest_u64(d, cma->nr_pages_failed);
	digest_u64(d, cma->nr_pages_released);
	for (u64 i = 0; cma->bitmap && i < DIV_ROUND_UP(cma_bitmap_maxno(cma), 64); i++)
		digest_u64(d, cma->bitmap[i]);
	for (unsigned int i = 0; i < cma->nr_mems; i++) {
		digest_u64(d, cma->mems[i].pfn);
		digest_u64(d, cma->mems[i].nr_pages);
		digest_u64(d, cma->mems[i].object);
	}
}

void cma_digest(const struct machine *m, struct digest *d)
{
	if (!m->cma)
		return;
	for (unsigned int i = 0; i < m->cma->nr; i++)
		area_digest(&m->cma->areas[i], d);
	digest_u64(d, m->cma->totalcma_pages);
	digest_u64(d, m->event[CMA_ALLOC_SUCCESS]);
	digest_u64(d, m->event[CMA_ALLOC_FAIL]);
	for (unsigned int i = 0; i < m->nr_zones; i++)
		digest_u64(d, m->zones[i]->cma_pages);
}
