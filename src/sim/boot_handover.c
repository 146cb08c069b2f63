// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Free memblock ranges become the allocator's, in ascending order. When the
 * machine file knows how many pages a zone got ([zone N NAME] early), the model's
 * own reservations of that zone are grown or shrunk from below first, so that
 * exactly that many are left; ranges whose place is certain stay as they are.
 *
 * Later the RAM disk and the parts of the image that only booting needs are freed.
 * They too are cut or stretched to what the machine file says is managed in the
 * end.
 */
#include "sim/boot_state.h"

#include <stdio.h>

#include "sim/phys/cma.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"

static const struct config_zone *zone_target(const struct boot *b, const struct zone *zone)
{
	for (unsigned int i = 0; i < b->config->nr_zones; i++)
		if (b->config->zones[i].node == zone->node &&
		    b->config->zones[i].type == zone->type)
			return &b->config->zones[i];
	return NULL;
}

struct free_walk {
	const struct boot *b;
	const struct zone *zone;
	u64 cursor;
};

/* The next free whole pages of a zone. */
static bool next_free_pages(struct free_walk *walk, u64 *pfn, u64 *end)
{
	u64 start, stop;
	int nid;

	while (memblock_next_free(walk->b->m->memblock, &walk->cursor, &start, &stop, &nid)) {
		if (PFN_DOWN(start) >= zone_end_pfn(walk->zone))
			return false;
		*pfn = MAX(PFN_UP(start), walk->zone->start_pfn);
		*end = MIN(PFN_DOWN(stop), zone_end_pfn(walk->zone));
		if (nid == walk->zone->node && *pfn < *end)
			return true;
	}
	return false;
}

static struct free_walk walk_zone(const struct boot *b, const struct zone *zone)
{
	return (struct free_walk){ .b = b, .zone = zone, .cursor = PFN_PHYS(zone->start_pfn) };
}

static u64 count_free(const struct boot *b, const struct zone *zone)
{
	struct free_walk walk = walk_zone(b, zone);
	u64 pfn, end, pages = 0;

	while (next_free_pages(&walk, &pfn, &end))
		pages += end - pfn;
	return pages;
}

/* Take pages off the top of the zone's free memory. */
static void reserve_more(struct boot *b, const struct zone *zone, u64 pages)
{
	while (pages && !b->err) {
		struct free_walk walk = walk_zone(b, zone);
		u64 pfn, end, top_pfn = 0, top_end = 0;

		while (next_free_pages(&walk, &pfn, &end)) {
			top_pfn = pfn;
			top_end = end;
		}
		if (top_pfn == top_end)
			return;
		top_pfn = MAX(top_pfn, top_end - MIN(pages, top_end));
		pages -= top_end - top_pfn;
		b->err = memblock_reserve(b->m->memblock, PFN_PHYS(top_pfn),
					  PFN_PHYS(top_end - top_pfn), "boot");
	}
}

/* Is the page in a range whose place is certain? *next: where that may change. */
static bool page_is_fixed(const struct boot *b, u64 pfn, u64 *next)
{
	for (unsigned int i = 0; i < b->nr_fixed; i++) {
		u64 start = PFN_DOWN(b->fixed[i].start), end = PFN_UP(b->fixed[i].end);

		if (start <= pfn && pfn < end) {
			*next = end;
			return true;
		}
		if (pfn < start)
			*next = MIN(*next, start);
	}
	return false;
}

/* The lowest pages of a zone from *cursor on that the model reserved. */
static bool next_soft_pages(const struct boot *b, const struct zone *zone, u64 *cursor,
			    u64 *end)
{
	const struct memblock_type *res = &b->m->memblock->reserved;

	for (unsigned int i = 0; i < res->cnt; i++) {
		u64 pfn = MAX(PFN_DOWN(res->regions[i].base), MAX(*cursor, zone->start_pfn));
		u64 stop = MIN(PFN_UP(res->regions[i].base + res->regions[i].size),
			       zone_end_pfn(zone));

		while (pfn < stop) {
			u64 next = stop;

			if (page_is_fixed(b, pfn, &next)) {
				pfn = next;
				continue;
			}
			if (pfn_zone(b->m, pfn) != zone) {
				pfn++;
				continue;
			}
			*cursor = pfn;
			*end = pfn + 1;
			while (*end < next && pfn_zone(b->m, *end) == zone)
				++*end;
			return true;
		}
	}
	return false;
}

/* Give pages back that the model reserved, lowest first. */
static void reserve_less(struct boot *b, const struct zone *zone, u64 pages)
{
	u64 pfn = zone->start_pfn, end;

	while (pages && !b->err && next_soft_pages(b, zone, &pfn, &end)) {
		end = MIN(end, pfn + pages);
		pages -= end - pfn;
		b->err = memblock_phys_free(b->m->memblock, PFN_PHYS(pfn), PFN_PHYS(end - pfn));
		pfn = end;
	}
}

/* Free pages that are in reserved ranges now and come at the end of the early boot. */
static u64 pages_freed_early(const struct boot *b, const struct zone *zone)
{
	u64 pages = 0;

	if (zone == pfn_zone(b->m, PFN_DOWN(b->image.alternatives.start)))
		pages += b->image.alternatives_bytes >> PAGE_SHIFT;
	for (unsigned int i = 0; i < b->nr_gigantic; i++)
		if (zone == pfn_zone(b->m, b->gigantic[i].pfn))
			pages += b->gigantic[i].nr_pages;
	for (unsigned int i = 0; i < b->nr_cma; i++)
		if (zone == pfn_zone(b->m, PFN_DOWN(b->cma[i].start)))
			pages += PFN_DOWN(b->cma[i].end - b->cma[i].start);
	return pages;
}

static void meet_target(struct boot *b, const struct zone *zone)
{
	const struct config_zone *target = zone_target(b, zone);
	u64 want, have, early;

	if (!target || (!target->has_early && !target->has_managed))
		return;
	want = target->has_early ? target->early : target->managed;
	early = pages_freed_early(b, zone);
	want -= MIN(want, early);
	have = count_free(b, zone);
	boot_note(b->m, "node %u zone %s: the model leaves %llu pages, the machine file %llu",
		  zone->node, zone->name, (unsigned long long)have, (unsigned long long)want);
	if (have > want)
		reserve_more(b, zone, have - want);
	else if (have < want)
		reserve_less(b, zone, want - have);
}

static void hand_over_zone(struct boot *b, struct zone *zone)
{
	struct free_walk walk = walk_zone(b, zone);
	u64 pfn, end;

	while (!b->err && next_free_pages(&walk, &pfn, &end))
		b->err = buddy_hand_over(b->m, zone, pfn, end);
}

void boot_hand_over(struct boot *b)
{
	struct machine *m = b->m;

	b->err = sections_init(m);
	if (!b->err && b->cmdline.page_owner)
		b->err = page_owner_init(m);
	for (unsigned int i = 0; i < m->nr_zones && !b->err; i++) {
		struct zone *zone = m->zones[i];

		zone->managed_pages = 0;	/* until now it was a guess */
		zone_init_pageblocks(m, zone);
		if (!zone->present_pages)
			continue;
		meet_target(b, zone);
		if (!b->err)
			hand_over_zone(b, zone);
		boot_note(m, "node %u zone %s: %llu of %llu pages to the buddy allocator",
			  zone->node, zone->name, (unsigned long long)zone->managed_pages,
			  (unsigned long long)zone->present_pages);
	}
}

static u64 kb(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

void boot_memory_line(struct boot *b)
{
	const struct kernel_image *image = &b->image;
	u64 present = 0, high = 0, free_pages = global_zone_stat(b->m, NR_FREE_PAGES);
	char suffix[32] = "";

	for (unsigned int i = 0; i < b->m->nr_zones; i++) {
		present += b->m->zones[i]->present_pages;
		if (b->m->zones[i]->type == ZONE_HIGHMEM)
			high += b->m->zones[i]->managed_pages;
	}
	if (!rel_zonelists_built_late(b->m->release))
		free_pages -= boot_deferred_pages(b);
	if (b->m->arch->lowmem_end)
		snprintf(suffix, sizeof(suffix), ", %lluK highmem",
			 (unsigned long long)kb(high));
	printk(b->m, 6, "Memory: %lluK/%lluK available (%uK kernel code, %uK rwdata, %uK rodata, "
	       "%uK init, %uK bss, %lluK reserved, %lluK cma-reserved%s)",
	       (unsigned long long)kb(free_pages),
	       (unsigned long long)kb(present), image->log_code_kb, image->log_rwdata_kb,
	       image->log_rodata_kb, image->log_init_kb, image->log_bss_kb,
	       (unsigned long long)kb(present - b->m->totalram_pages - totalcma_pages(b->m)),
	       (unsigned long long)kb(totalcma_pages(b->m)), suffix);
}

/* How many pages more the zone of pfn is to manage in the end; UINT64_MAX: any. */
static u64 room_left(const struct boot *b, u64 pfn)
{
	const struct zone *zone = pfn_zone(b->m, pfn);
	const struct config_zone *target = zone ? zone_target(b, zone) : NULL;

	if (!target || !target->has_managed)
		return UINT64_MAX;
	return target->managed > zone->managed_pages ?
	       target->managed - zone->managed_pages : 0;
}

/* Reserved memory of one zone from *pfn on; what was freed already is passed over. */
static u64 reserved_run(const struct boot *b, u64 *pfn, u64 end)
{
	const struct memblock *mb = b->m->memblock;
	const struct zone *zone = NULL;
	u64 at;

	for (; *pfn < end; ++*pfn) {
		zone = pfn_zone(b->m, *pfn);
		if (zone && memblock_is_reserved(mb, PFN_PHYS(*pfn)))
			break;
	}
	for (at = *pfn; at < end; at++)
		if (pfn_zone(b->m, at) != zone || !memblock_is_reserved(mb, PFN_PHYS(at)))
			break;
	return at;
}

/* Free [start, end) as far as the machine file allows, and say it. */
static void free_area(struct boot *b, const struct phys_range *range, const char *what)
{
	u64 pfn = PFN_UP(range->start), end = PFN_DOWN(range->end);

	if (b->err || pfn >= end)
		return;
	printk(b->m, 6, "Freeing %s memory: %lluK", what, (unsigned long long)kb(end - pfn));
	boot_note(b->m, "%s: %llu pages at %#llx", what, (unsigned long long)(end - pfn),
		  (unsigned long long)range->start);
	while (!b->err && pfn < end) {
		u64 run = reserved_run(b, &pfn, end);
		u64 take = pfn < run ? MIN(run - pfn, room_left(b, pfn)) : 0;

		if (take)
			b->err = memblock_phys_free(b->m->memblock, PFN_PHYS(pfn),
						    PFN_PHYS(take));
		if (!b->err && take)
			b->err = free_reserved_area(b->m, pfn, pfn + take);
		pfn = run;
	}
}

void boot_free_alternatives(struct boot *b)
{
	free_area(b, &b->image.alternatives, "SMP alternatives");
}

void boot_free_initrd(struct boot *b)
{
	free_area(b, &b->initrd, "initrd");
}

/* Pages that are still missing to `managed` come out of the model's reservations. */
static void free_missing(struct boot *b, struct zone *zone)
{
	const struct config_zone *target = zone_target(b, zone);
	u64 pfn = zone->start_pfn, end;

	if (!target || !target->has_managed)
		return;
	while (!b->err && zone->managed_pages < target->managed &&
	       next_soft_pages(b, zone, &pfn, &end)) {
		end = MIN(end, pfn + target->managed - zone->managed_pages);
		b->err = memblock_phys_free(b->m->memblock, PFN_PHYS(pfn), PFN_PHYS(end - pfn));
		if (!b->err)
			b->err = free_reserved_area(b->m, pfn, end);
		pfn = end;
	}
}

/* Some kernels initialise memory only when it is wanted: it counts, and is on no list. */
static void count_late(struct boot *b, struct zone *zone)
{
	const struct config_zone *target = zone_target(b, zone);

	if (!target || !target->late)
		return;
	zone->late_pages = target->late;
	b->m->late_pages += target->late;
	b->m->totalram_pages += target->late;
	boot_note(b->m, "late: %llu pages of node %u, zone %s are not initialised yet",
		  (unsigned long long)target->late, zone->node, zone->name);
}

static void print_protection(struct boot *b)
{
	const struct kernel_image *image = &b->image;

	if (b->m->arch->bits == 64)
		printk(b->m, 6, "Write protecting the kernel read-only data: %lluk",
		       (unsigned long long)((image->data.start - image->code.start) >> 10));
	else
		printk(b->m, 6, "Write protecting kernel text and read-only data: %lluk",
		       (unsigned long long)((image->rodata.end - image->code.start) >> 10));
}

static u64 target_early(const struct boot *b, const struct zone *zone)
{
	const struct config_zone *target = zone_target(b, zone);

	return target && target->has_early ? target->early : zone->early_pages;
}

static bool early_was_met(const struct boot *b)
{
	for (unsigned int i = 0; i < b->m->nr_zones; i++)
		if (b->m->zones[i]->early_pages != target_early(b, b->m->zones[i]))
			return false;
	return true;
}

/*
 * The machine file's `early` has pages that only now came free: on that machine the
 * watermarks were worked out once more, by khugepaged or by a write to a tunable.
 */
static void marks_of_targets(struct boot *b)
{
	struct machine *m = b->m;
	s64 *later = arena_alloc(&m->arena, m->nr_zones * sizeof(*later));

	if (!later) {
		b->err = -ENOMEM;
		return;
	}
	for (unsigned int i = 0; i < m->nr_zones; i++) {
		later[i] = (s64)(m->zones[i]->managed_pages - target_early(b, m->zones[i]));
		m->zones[i]->managed_pages -= (u64)later[i];
	}
	setup_per_zone_wmarks(m);
	if (!rel_protection_from_final(m->release))
		setup_per_zone_lowmem_reserve(m);
	for (unsigned int i = 0; i < m->nr_zones; i++)
		m->zones[i]->managed_pages += (u64)later[i];
	calculate_totalreserve_pages(m);
	arena_free(&m->arena, later, m->nr_zones * sizeof(*later));
	boot_note(m, "watermarks once more, as the machine file's `early` says");
}

void boot_free_init(struct boot *b)
{
	const struct kernel_image *image = &b->image;

	free_area(b, &image->decrypted, "unused decrypted");
	free_area(b, &image->init, "unused kernel image (initmem)");
	print_protection(b);
	free_area(b, &image->text_gap, "unused kernel image (text/rodata gap)");
	free_area(b, &image->data_gap, "unused kernel image (rodata/data gap)");
	for (unsigned int i = 0; i < b->m->nr_zones && !b->err; i++)
		free_missing(b, b->m->zones[i]);
	for (unsigned int i = 0; i < b->m->nr_zones && !b->err; i++)
		count_late(b, b->m->zones[i]);
	if (!b->err && !early_was_met(b))
		marks_of_targets(b);
}
