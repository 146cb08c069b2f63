// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who has each page: one walk over the descriptors that exist, block by block. A
 * page is free (in a virgin run, or under the head of a free block), on a per-CPU
 * list, allocated (under a head with a reference), or reserved; anything else is
 * lost. Sections that do not exist are reserved, virgin, or of a gigantic page.
 */
#include "sim/boot/memblock.h"
#include "sim/phys/page_alloc.h"

typedef unsigned long long ull;

#define GIGANTIC_ORDER 18	/* the largest block that is ever allocated */

enum page_state { STATE_RESERVED, STATE_FREE, STATE_PCP, STATE_USED, STATE_LOST, NR_STATES };

struct states {
	u64 pages[NR_STATES];
};

static enum page_state block_at(const struct machine *m, u64 pfn, u64 *nr_pages)
{
	const struct page *page = pfn_to_page(m, pfn);

	*nr_pages = 1;
	if (page_virgin(m, pfn)) {
		*nr_pages = 1ULL << MAX_PAGE_ORDER;
		return STATE_FREE;
	}
	if (page_flag(page, PG_reserved))
		return STATE_RESERVED;
	if (page_type(page) == PGTY_buddy || page_type(page) == PGTY_pcp) {
		*nr_pages = 1ULL << MIN(page->private_, MAX_PAGE_ORDER);
		return page_type(page) == PGTY_pcp ? STATE_PCP : STATE_FREE;
	}
	if (allocated_order(m, pfn) < 0)
		return STATE_LOST;
	*nr_pages = 1ULL << allocated_order(m, pfn);
	return STATE_USED;
}

static void check_tails(const struct machine *m, u64 pfn, u64 nr_pages, struct check *check)
{
	bool compound = page_flag(pfn_to_page(m, pfn), PG_head);

	for (u64 at = pfn + 1; at < pfn + nr_pages && page_present(m, at); at++) {
		const struct page *page = pfn_to_page(m, at);

		if (page->refcount || page_flag(page, PG_reserved) || page_virgin(m, at) ||
		    page_flag(page, PG_tail) != compound || page_type(page) == PGTY_buddy ||
		    page_type(page) == PGTY_pcp) {
			check_fail(check, "P6", "page 0x%llx: expected a tail of 0x%llx, found "
				   "ref %d, type 0x%x, flags 0x%x", (ull)at, (ull)pfn,
				   page->refcount, page_type(page), page->flags);
			return;
		}
	}
}

static void walk_section(const struct machine *m, u64 *pfn, u64 end, struct states *zones,
			 struct check *check)
{
	while (*pfn < end) {
		const struct page *page = pfn_to_page(m, *pfn);
		unsigned int zone = page_zone_index(page);
		u64 nr_pages;
		enum page_state state = block_at(m, *pfn, &nr_pages);

		check->nr_checked++;
		if (state == STATE_LOST)
			check_fail(check, "P6", "page 0x%llx: expected an owner, found ref %d, "
				   "type 0x%x", (ull)*pfn, page->refcount, page_type(page));
		if (state == STATE_USED && nr_pages > 1)
			check_tails(m, *pfn, nr_pages, check);
		if (zone < m->nr_zones)
			zones[zone].pages[state] += nr_pages;
		*pfn += nr_pages;
	}
}

/* Virgin pages of sections that do not exist. */
static void walk_absent(const struct machine *m, u64 pfn, u64 end, struct states *zones)
{
	for (; pfn < end; pfn += 1ULL << MAX_PAGE_ORDER) {
		const struct zone *zone = page_virgin(m, pfn) ? pfn_zone(m, pfn) : NULL;

		if (zone)
			zones[zone->index].pages[STATE_FREE] += 1ULL << MAX_PAGE_ORDER;
	}
}

static void check_zone_states(const struct zone *zone, const struct states *states,
			      struct check *check)
{
	u64 free = zone->stat[NR_FREE_PAGES], used = states->pages[STATE_USED];
	u64 pcp = states->pages[STATE_PCP];

	free += zone->free_area[MAX_PAGE_ORDER].nr[MIGRATE_ISOLATE] << MAX_PAGE_ORDER;
	for (unsigned int order = 0; order < MAX_PAGE_ORDER; order++)
		free += zone->free_area[order].nr[MIGRATE_ISOLATE] << order;
	check->nr_checked += 2;
	if (states->pages[STATE_FREE] != free)
		check_fail(check, "P7", "node %u zone %s: expected %llu free pages, found %llu",
			   zone->node, zone->name, (ull)free, (ull)states->pages[STATE_FREE]);
	if (states->pages[STATE_FREE] + pcp + used != zone->managed_pages)
		check_fail(check, "P8", "node %u zone %s: expected managed %llu = free + pcp + "
			   "used, found %llu + %llu + %llu", zone->node, zone->name,
			   (ull)zone->managed_pages, (ull)states->pages[STATE_FREE], (ull)pcp,
			   (ull)used);
}

/* Boot-reserved pages of memory in [pfn, end), which lies in one section. */
static void count_reserved(const struct machine *m, u64 pfn, u64 end, u64 *reserved)
{
	while (pfn < end) {
		u64 nr_pages = MIN((1ULL << MAX_PAGE_ORDER) - (pfn & ((1ULL << MAX_PAGE_ORDER) - 1)),
				   end - pfn);
		const struct zone *zone;

		if (page_present(m, pfn)) {
			if (block_at(m, pfn, &nr_pages) == STATE_RESERVED)
				reserved[page_zone_index(pfn_to_page(m, pfn))] += nr_pages;
		} else if (!page_virgin(m, pfn) && (zone = pfn_zone(m, pfn))) {
			nr_pages = MIN(nr_pages, zone_end_pfn(zone) - pfn);
			reserved[zone->index] += nr_pages;
		}
		pfn += nr_pages;
	}
}

/* The section of a gigantic page's head is there, those behind it need not be. */
static u64 skip_gigantic(const struct machine *m, u64 pfn)
{
	u64 head = ALIGN_DOWN(pfn, 1ULL << GIGANTIC_ORDER);

	if (!page_present(m, pfn) && page_present(m, head) &&
	    allocated_order(m, head) == GIGANTIC_ORDER)
		return head + (1ULL << GIGANTIC_ORDER);
	return pfn;
}

/* P4: what the boot did not keep for itself is managed. */
static void check_managed(const struct machine *m, struct check *check)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 reserved[MAX_ZONES] = { 0 };

	for (unsigned int i = 0; i < memory->cnt; i++) {
		u64 pfn = PFN_UP(memory->regions[i].base);
		u64 last = PFN_DOWN(memory->regions[i].base + memory->regions[i].size);

		last = MIN(last, m->max_pfn);
		while (pfn < last) {
			u64 end = MIN((pfn | (PAGES_PER_SECTION - 1)) + 1, last);
			u64 behind = skip_gigantic(m, pfn);

			if (behind == pfn)
				count_reserved(m, pfn, end, reserved);
			pfn = MAX(behind, end);
		}
	}
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		check->nr_checked++;
		if (zone->managed_pages != zone->present_pages - reserved[i])
			check_fail(check, "P4", "node %u zone %s: expected managed %llu = present "
				   "%llu - reserved %llu, found %llu", zone->node, zone->name,
				   (ull)(zone->present_pages - reserved[i]),
				   (ull)zone->present_pages, (ull)reserved[i],
				   (ull)zone->managed_pages);
	}
}

/*
 * I1: whatever is free was freed, by boot at first, and not allocated since. (Pages
 * that change hands without the counters, like gigantic ones, were never free.)
 */
static void check_flow(const struct machine *m, const struct states *zones,
		       struct check *check)
{
	s64 allocated = m->contig_taken, free = 0;

	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		allocated += m->zone_event[PGALLOC][type];
	for (unsigned int i = 0; i < m->nr_zones; i++)
		free += zones[i].pages[STATE_FREE] + zones[i].pages[STATE_PCP];
	check->nr_checked++;
	if (m->event[PGFREE] - allocated != free)
		check_fail(check, "I1", "machine: expected pgfree - pgalloc = %lld free pages, "
			   "found %lld - %lld", (long long)free, (long long)m->event[PGFREE],
			   (long long)allocated);
}

/* Is the page behind the head of a block, allocated or on a per-CPU list? */
static bool inside_block(const struct machine *m, u64 pfn)
{
	for (unsigned int order = 1; order <= GIGANTIC_ORDER; order++) {
		u64 head = ALIGN_DOWN(pfn, 1ULL << order);
		const struct page *page;
		int allocated;

		if (!page_present(m, head))
			continue;
		page = pfn_to_page(m, head);
		allocated = page_type(page) == PGTY_pcp ? (int)page->private_ :
							  allocated_order(m, head);
		if (allocated >= 0 && head + (1ULL << allocated) > pfn)
			return true;
	}
	return false;
}

static void check_touched(const struct machine *m, u64 pfn, struct check *check)
{
	const struct page *page = pfn_to_page(m, pfn);
	u64 head, nr_pages;
	unsigned int order;

	check->nr_checked++;
	if (block_at(m, pfn, &nr_pages) != STATE_LOST || page_type(page) == PGTY_run ||
	    buddy_find(m, pfn, &head, &order) || inside_block(m, pfn))
		return;
	check_fail(check, "P6", "page 0x%llx: expected an owner, found ref %d, type 0x%x",
		   (ull)pfn, page->refcount, page_type(page));
}

void page_states_validate_touched(const struct machine *m, struct check *check)
{
	s64 allocated = m->contig_taken, free = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		for (u32 t = 0; t < zone->touched.nr && t < ZONE_TOUCHED; t++)
			check_touched(m, zone->touched.pfn[t], check);
		for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
			free += zone->free_area[order].nr_free << order;
		for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
			free += zone->pcp[cpu].count;
	}
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
		allocated += m->zone_event[PGALLOC][type];
	check->nr_checked++;
	if (m->event[PGFREE] - allocated != free)
		check_fail(check, "I1", "machine: expected pgfree - pgalloc = %lld free pages, "
			   "found %lld - %lld", (long long)free, (long long)m->event[PGFREE],
			   (long long)allocated);
}

void page_states_validate(const struct machine *m, struct check *check)
{
	struct states zones[MAX_ZONES] = { 0 };
	u64 pfn = 0;

	while (pfn < m->max_pfn) {
		u64 end = MIN((pfn | (PAGES_PER_SECTION - 1)) + 1, m->max_pfn);

		if (page_present(m, pfn)) {
			walk_section(m, &pfn, end, zones, check);
		} else {
			walk_absent(m, pfn, end, zones);
			pfn = end;
		}
	}
	for (unsigned int i = 0; i < m->nr_zones; i++)
		check_zone_states(m->zones[i], &zones[i], check);
	check_managed(m, check);
	check_flow(m, zones, check);
}
