// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The descriptors are one array over all page frames, of which only address space
 * is reserved; a section becomes real by arena_commit(). What RAM is, and whose,
 * is looked up in memblock's sorted regions, so nothing here grows with memory but
 * one byte for a section and one for a pageblock.
 */
#include "sim/phys/section.h"

#include "sim/boot/memblock.h"
#include "sim/phys/memory_block.h"
#include "sim/phys/section_arrays.h"

u64 pageblock_skip_words(const struct machine *m)
{
	return skip_words(m, m->nr_sections);
}

int sections_init(struct machine *m)
{
	m->nr_sections = DIV_ROUND_UP(m->max_pfn, PAGES_PER_SECTION);
	m->nr_sections_present = 0;
	m->mem_map = arena_reserve(&m->arena, m->nr_sections * SECTION_BYTES);
	m->page_content = arena_reserve(&m->arena, m->nr_sections * SECTION_CONTENT_BYTES);
	m->section_present = arena_alloc(&m->arena, m->nr_sections);
	m->virgin = arena_alloc(&m->arena, virgin_bytes(m->nr_sections));
	m->pageblock = arena_reserve(&m->arena, pageblock_bytes(m, m->nr_sections));
	m->pageblock_skip = arena_alloc(&m->arena, pageblock_skip_words(m) * sizeof(u64));
	if (m->mem_map && m->page_content && m->section_present && m->virgin && m->pageblock &&
	    m->pageblock_skip &&
	    !arena_commit(&m->arena, m->pageblock, 0, pageblock_bytes(m, m->nr_sections)))
		return 0;
	sections_free(m);
	return -ENOMEM;
}

void sections_free(struct machine *m)
{
	if (!m->nr_sections)
		return;
	arena_unreserve(&m->arena, m->mem_map, m->nr_sections * SECTION_BYTES,
			m->nr_sections_present * SECTION_BYTES);
	arena_unreserve(&m->arena, m->page_content, m->nr_sections * SECTION_CONTENT_BYTES,
			m->nr_sections_present * SECTION_CONTENT_BYTES);
	if (m->page_private)
		arena_unreserve(&m->arena, m->page_private, m->nr_sections * SECTION_CONTENT_BYTES,
				m->nr_sections_present * SECTION_CONTENT_BYTES);
	m->page_private = NULL;
	arena_free(&m->arena, m->section_present, m->nr_sections);
	arena_free(&m->arena, m->virgin, virgin_bytes(m->nr_sections));
	arena_unreserve(&m->arena, m->pageblock, pageblock_bytes(m, m->nr_sections),
			pageblock_bytes(m, m->nr_sections));
	arena_free(&m->arena, m->pageblock_skip, pageblock_skip_words(m) * sizeof(u64));
	m->pageblock_skip = NULL;
	m->mem_map = NULL;
	m->page_content = NULL;
	m->section_present = NULL;
	m->virgin = NULL;
	m->pageblock = NULL;
	m->nr_sections = 0;
	m->nr_sections_present = 0;
}

/* Index of the first region of RAM that ends above pfn; cnt if none does. */
static unsigned int region_at_or_above(const struct memblock_type *memory, u64 pfn)
{
	unsigned int low = 0, high = memory->cnt;

	while (low < high) {
		unsigned int middle = (low + high) / 2;
		const struct memblock_region *region = &memory->regions[middle];

		if (PFN_DOWN(region->base + region->size) > pfn)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Is this pfn in memblock.memory, i.e. is there RAM? */
static bool pfn_is_memory(const struct machine *m, u64 pfn)
{
	const struct memblock_type *memory = &m->memblock->memory;
	unsigned int i = region_at_or_above(memory, pfn);

	return i < memory->cnt && PFN_UP(memory->regions[i].base) <= pfn;
}

/* As the boot cut it: the spans of today may overlap. */
static struct zone *node_zone_spanning(const struct machine *m, int nid, u64 pfn)
{
	const struct pglist_data *node = m->nodes[MAX(nid, 0)];

	for (unsigned int type = 0; node && type < MAX_NR_ZONES; type++) {
		struct zone *zone = node->zones[type];

		if (zone && pfn >= zone->boot_start_pfn &&
		    pfn - zone->boot_start_pfn < zone->boot_spanned_pages)
			return zone;
	}
	return NULL;
}

/* The block of pfn, if it went on or off line since the boot: then it knows its zone. */
static const struct memory_block *moved_block(const struct machine *m, u64 pfn)
{
	const struct memory_block *block;

	if (likely(!m->hotplug || !m->hotplug->changed))
		return NULL;
	block = memory_block_of(m, pfn);
	return block && block->moved ? block : NULL;
}

struct zone *pfn_zone(const struct machine *m, u64 pfn)
{
	const struct memblock_type *memory = &m->memblock->memory;
	const struct memory_block *moved = moved_block(m, pfn);
	unsigned int i;

	if (unlikely(moved))
		return memory_block_zone(m, moved);
	i = region_at_or_above(memory, pfn);
	if (i == memory->cnt || PFN_UP(memory->regions[i].base) > pfn)
		return NULL;
	return node_zone_spanning(m, memory->regions[i].nid, pfn);
}

/* As pfn_zone(), and for holes: the zone of the RAM that follows (or ends) there. */
static struct zone *pfn_zone_or_hole(const struct machine *m, u64 pfn)
{
	const struct memblock_type *memory = &m->memblock->memory;
	const struct memory_block *moved = moved_block(m, pfn);
	const struct memblock_region *region = memory->regions;
	unsigned int i;

	if (unlikely(moved))
		return memory_block_zone(m, moved);
	if (!memory->cnt)
		return NULL;
	i = region_at_or_above(memory, pfn);
	if (i < memory->cnt) {
		u64 base = PFN_UP(region[i].base);
		struct zone *zone = node_zone_spanning(m, region[i].nid, MAX(pfn, base));

		/* What was added behind the hole had no zone when the hole got one. */
		if (zone || base <= pfn || !i)
			return zone;
	}
	i--;
	return node_zone_spanning(m, region[i].nid,
				  PFN_DOWN(region[i].base + region[i].size) - 1);
}

/* A virtual memory map covers the subsections of 2 MiB that have RAM, a flat one all. */
static bool pfn_is_online(const struct machine *m, u64 pfn)
{
	const struct memblock_type *memory = &m->memblock->memory;
	const struct memory_block *moved = moved_block(m, pfn);
	u64 start = ALIGN_DOWN(pfn, PFN_DOWN(SZ_2M));
	unsigned int i;

	if (unlikely(moved))
		return moved->online;
	i = region_at_or_above(memory, start);
	return !m->arch->vmemmap_start ||
	       (i < memory->cnt && PFN_UP(memory->regions[i].base) < start + PFN_DOWN(SZ_2M));
}

bool pfn_valid(const struct machine *m, u64 pfn)
{
	return pfn < m->max_pfn && pfn_is_online(m, pfn);
}

struct zone *pfn_online_zone(const struct machine *m, u64 pfn)
{
	return pfn_valid(m, pfn) ? pfn_zone_or_hole(m, pfn) : NULL;
}

bool pageblock_pfn_in_zone(const struct machine *m, const struct zone *zone, u64 pfn, u64 end)
{
	return pfn_online_zone(m, pfn) == zone && pfn_online_zone(m, end - 1) == zone;
}

/* From pfn on, as far as nothing changes in what pfn_zone_or_hole() answers. */
static u64 same_zone_end(const struct machine *m, const struct zone *zone, u64 pfn, u64 end)
{
	const struct memblock_type *memory = &m->memblock->memory;
	unsigned int i;

	if (m->hotplug && m->hotplug->changed) {
		u64 block_pages = m->hotplug->block_pages;

		end = MIN(end, ALIGN_DOWN(pfn, block_pages) + block_pages);
		if (moved_block(m, pfn))
			return end;
	}
	i = region_at_or_above(memory, pfn);
	if (i == memory->cnt)
		return end;
	if (PFN_UP(memory->regions[i].base) > pfn)
		return MIN(end, PFN_UP(memory->regions[i].base));
	end = MIN(end, PFN_DOWN(memory->regions[i].base + memory->regions[i].size));
	if (zone)
		end = MIN(end, zone->boot_start_pfn + zone->boot_spanned_pages);
	else
		end = pfn + 1;
	return end;
}

static void init_descriptors(struct machine *m, u64 pfn, u64 end)
{
	while (pfn < end) {
		const struct zone *zone = pfn_zone_or_hole(m, pfn);
		u64 part = same_zone_end(m, zone, pfn, end);
		u32 flags = (zone ? zone->index : NO_ZONE) << PGF_ZONE_SHIFT;

		for (; pfn < part; pfn++) {
			bool virgin = page_virgin(m, pfn);

			m->mem_map[pfn] = (struct page) {
				.flags = virgin ? flags : flags | 1U << PG_reserved,
				.prev = PFN_NIL,
				.next = PFN_NIL,
				.refcount = virgin ? 0 : 1,
				.mapcount = -1,
			};
		}
	}
}

int section_materialise(struct machine *m, u64 pfn)
{
	u64 section = pfn >> SECTION_SHIFT;
	int err;

	if (m->section_present[section])
		return 0;
	err = arena_commit(&m->arena, m->mem_map, section * SECTION_BYTES, SECTION_BYTES);
	if (err)
		return err;
	err = arena_commit(&m->arena, m->page_content, section * SECTION_CONTENT_BYTES,
			   SECTION_CONTENT_BYTES);
	if (err) {
		arena_uncommit(&m->arena, m->mem_map, section * SECTION_BYTES, SECTION_BYTES);
		return err;
	}
	if (m->page_private)
		err = arena_commit(&m->arena, m->page_private, section * SECTION_CONTENT_BYTES,
				   SECTION_CONTENT_BYTES);
	if (err) {
		arena_uncommit(&m->arena, m->page_content, section * SECTION_CONTENT_BYTES,
			       SECTION_CONTENT_BYTES);
		arena_uncommit(&m->arena, m->mem_map, section * SECTION_BYTES, SECTION_BYTES);
		return err;
	}
	m->section_present[section] = 1;
	m->nr_sections_present++;
	init_descriptors(m, section << SECTION_SHIFT, (section + 1) << SECTION_SHIFT);
	return 0;
}

void sections_drop(struct machine *m, u64 pfn, u64 end)
{
	for (u64 section = pfn >> SECTION_SHIFT; section < end >> SECTION_SHIFT; section++) {
		if (!m->section_present[section])
			continue;
		arena_uncommit(&m->arena, m->mem_map, section * SECTION_BYTES, SECTION_BYTES);
		arena_uncommit(&m->arena, m->page_content, section * SECTION_CONTENT_BYTES,
			       SECTION_CONTENT_BYTES);
		if (m->page_private)
			arena_uncommit(&m->arena, m->page_private,
				       section * SECTION_CONTENT_BYTES,
				       SECTION_CONTENT_BYTES);
		m->section_present[section] = 0;
		m->nr_sections_present--;
	}
}

int section_private_init(struct machine *m)
{
	u64 bytes = m->nr_sections * SECTION_CONTENT_BYTES, done = 0;
	u64 *private;

	if (m->page_private)
		return 0;
	private = arena_reserve(&m->arena, bytes);
	if (!private)
		return -ENOBUFS;
	for (u64 i = 0; i < m->nr_sections; i++) {
		if (!m->section_present[i])
			continue;
		if (arena_commit(&m->arena, private, i * SECTION_CONTENT_BYTES,
				 SECTION_CONTENT_BYTES)) {
			arena_unreserve(&m->arena, private, bytes, done);
			return -ENOBUFS;
		}
		done += SECTION_CONTENT_BYTES;
	}
	m->page_private = private;
	return 0;
}

int section_materialise_range(struct machine *m, u64 pfn, u64 end)
{
	int err = 0;

	for (; pfn < end && !err; pfn = (pfn | (PAGES_PER_SECTION - 1)) + 1)
		err = section_materialise(m, pfn);
	return err;
}

/*
 * pagetypeinfo steps through a zone from its first page in whole pageblocks and
 * asks for the zone of the page that it meets: this is that page for the block
 * of pfn. False if the walk does not count the block.
 */
static bool pageblock_counts(const struct machine *m, const struct zone *zone, u64 pfn)
{
	u64 size = pageblock_nr_pages(m);
	u64 met = zone->start_pfn + ALIGN_DOWN(pfn, size) - ALIGN_DOWN(zone->start_pfn, size);

	return zone_spans_pfn(zone, met) && pfn_zone_or_hole(m, met) == zone;
}

void set_pageblock_type(struct machine *m, u64 pfn, enum migratetype type)
{
	struct zone *zone;
	enum migratetype old = pageblock_type(m, pfn);

	if (m->mobility_grouping_off && type < MIGRATE_PCPTYPES)
		type = MIGRATE_UNMOVABLE;
	if (old == type)
		return;
	m->pageblock[pfn >> m->pageblock_order] = type ^ MIGRATE_MOVABLE;
	/* Where zones meet inside a pageblock, each counts it. */
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		zone = m->zones[i];
		if (pageblock_counts(m, zone, pfn)) {
			zone->pageblocks[old]--;
			zone->pageblocks[type]++;
		}
	}
}

void change_pageblock_range(struct machine *m, u64 pfn, unsigned int order,
			    enum migratetype type)
{
	u64 end = pfn + (1ULL << order);

	for (; pfn < end; pfn += pageblock_nr_pages(m))
		set_pageblock_type(m, pfn, type);
}

/* As far as every pageblock of the walk that pagetypeinfo makes is counted, or none is. */
static u64 same_count_end(const struct machine *m, const struct zone *zone, u64 pfn, bool counts)
{
	u64 end = same_zone_end(m, pfn_zone_or_hole(m, pfn), pfn, zone_end_pfn(zone));

	if (pfn_is_memory(m, pfn))
		return end;
	/* A hole: only the subsections at its ends can be online. */
	return counts ? pfn + 1 : MAX(pfn + 1, ALIGN_DOWN(end, PFN_DOWN(SZ_2M)));
}

/* Recount what zone->pageblocks[] should be, as pagetypeinfo counts. */
void zone_count_pageblocks(const struct machine *m, const struct zone *zone,
			   u64 counts[MIGRATE_TYPES])
{
	u64 size = pageblock_nr_pages(m), pfn = zone->start_pfn;

	memset(counts, 0, MIGRATE_TYPES * sizeof(*counts));
	while (pfn < zone_end_pfn(zone)) {
		bool counted = pfn_is_online(m, pfn) && pfn_zone_or_hole(m, pfn) == zone;
		u64 end = same_count_end(m, zone, pfn, counted);

		if (!counted)
			pfn += ALIGN_UP(end - pfn, size);
		for (; pfn < end; pfn += size)
			counts[pageblock_type(m, pfn)]++;
	}
}

static void init_pageblocks(struct machine *m, u64 pfn, u64 nr_blocks, enum migratetype type)
{
	memset(&m->pageblock[pfn >> m->pageblock_order], type ^ MIGRATE_MOVABLE, nr_blocks);
}

void zone_init_pageblocks(struct machine *m, struct zone *zone)
{
	u64 size = pageblock_nr_pages(m), pfn = ALIGN_DOWN(zone->start_pfn, size);

	if (pfn < zone->start_pfn) {
		/* A block that begins in the zone below is that zone's. */
		if (!pfn_zone(m, pfn) && pfn_zone_or_hole(m, zone->start_pfn) == zone)
			init_pageblocks(m, pfn, 1, MIGRATE_UNMOVABLE);
		pfn += size;
	}
	while (pfn < zone_end_pfn(zone)) {
		const struct zone *here = pfn_zone_or_hole(m, pfn);
		u64 end = same_zone_end(m, here, pfn, zone_end_pfn(zone));
		u64 nr_blocks = DIV_ROUND_UP(end - pfn, size);

		if (here == zone)
			init_pageblocks(m, pfn, nr_blocks, pfn_is_memory(m, pfn) ?
					MIGRATE_MOVABLE : MIGRATE_UNMOVABLE);
		pfn += nr_blocks * size;
	}
	zone_count_pageblocks(m, zone, zone->pageblocks);
}

/* Pages of RAM in [start, end) that are the zone's. */
static u64 count_range(const struct machine *m, const struct zone *zone, u64 start, u64 end)
{
	u64 pages = 0, part;

	for (; start < end; start = part) {
		const struct zone *here = pfn_zone(m, start);

		part = same_zone_end(m, here, start, end);
		pages += here == zone ? part - start : 0;
	}
	return pages;
}

static u64 count_memory(const struct machine *m, const struct zone *zone)
{
	const struct memblock_type *memory = &m->memblock->memory;
	u64 pages = 0;

	for (unsigned int i = 0; i < memory->cnt; i++) {
		const struct memblock_region *region = &memory->regions[i];
		u64 start = MAX(PFN_UP(region->base), zone->start_pfn);
		u64 end = MIN(PFN_DOWN(region->base + region->size), zone_end_pfn(zone));

		if (MAX(region->nid, 0) != zone->node || start >= end)
			continue;
		pages += m->hotplug && m->hotplug->changed ?
			 count_range(m, zone, start, end) : end - start;
	}
	return pages;
}

static void zone_validate_pages(const struct machine *m, const struct zone *zone,
				struct check *check)
{
	u64 counts[MIGRATE_TYPES], present = count_memory(m, zone);

	check->nr_checked += 3;
	if (zone->present_pages != present)
		check_fail(check, "P3", "node %u zone %s: expected present %llu, found %llu",
			   zone->node, zone->name, (unsigned long long)present,
			   (unsigned long long)zone->present_pages);
	if (zone->managed_pages > zone->present_pages ||
	    zone->present_pages > zone->spanned_pages)
		check_fail(check, "P3", "node %u zone %s: expected managed <= present <= spanned, "
			   "found %llu, %llu, %llu", zone->node, zone->name,
			   (unsigned long long)zone->managed_pages,
			   (unsigned long long)zone->present_pages,
			   (unsigned long long)zone->spanned_pages);
	zone_count_pageblocks(m, zone, counts);
	for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
		if (counts[type] != zone->pageblocks[type])
			check_fail(check, "B10", "node %u zone %s: expected %llu %s blocks, "
				   "found %llu", zone->node, zone->name,
				   (unsigned long long)counts[type], migratetype_names[type],
				   (unsigned long long)zone->pageblocks[type]);
}

static void node_validate(const struct machine *m, const struct pglist_data *node,
			  struct check *check)
{
	const struct zone *below = NULL;
	u64 present = 0;

	check->nr_checked += 2;
	for (unsigned int type = 0; type < MAX_NR_ZONES; type++) {
		const struct zone *zone = node->zones[type];

		if (!zone)
			continue;
		present += zone->present_pages;
		if (!zone->spanned_pages)
			continue;
		/* Blocks of one zone may come to lie among those of another. */
		if (below && zone_end_pfn(below) > zone->start_pfn &&
		    !(m->hotplug && m->hotplug->changed))
			check_fail(check, "P2", "node %u: expected zone %s to end before %s, "
				   "found %llu > %llu", node->id, below->name, zone->name,
				   (unsigned long long)zone_end_pfn(below),
				   (unsigned long long)zone->start_pfn);
		below = zone;
	}
	if (present != node->present_pages)
		check_fail(check, "P5", "node %u: expected present %llu, found %llu", node->id,
			   (unsigned long long)present,
			   (unsigned long long)node->present_pages);
}

void section_validate(const struct machine *m, struct check *check)
{
	u64 managed = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		zone_validate_pages(m, m->zones[i], check);
		managed += m->zones[i]->managed_pages;
	}
	for (unsigned int i = 0; i < m->nr_nodes; i++)
		if (m->nodes[i])
			node_validate(m, m->nodes[i], check);
	managed += m->late_pages;
	check->nr_checked++;
	if (managed != m->totalram_pages)
		check_fail(check, "P4", "machine: expected totalram %llu, found %llu",
			   (unsigned long long)managed, (unsigned long long)m->totalram_pages);
}
