/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `early` of a zone: its managed pages before the boot gave back the initrd and the
 * kernel's init memory, which is what its watermarks were worked out from. The log
 * says how much was given back; whether that explains the watermarks is checked by
 * working them out again. If it does not (a log that lost its beginning, a later
 * write to min_free_kbytes), the amounts are searched that do.
 */
#include "kmm-capture.h"

/* More is not given back: 512 MiB of initrd, 128 MiB of init memory. */
#define MAX_FREED_PAGES (640 * SZ_1M >> PAGE_SHIFT)

static struct capture_zone *zone_at(const struct capture *c, unsigned int i)
{
	return &g_array_index(c->zones, struct capture_zone, i);
}

/* HighMem, and in newer kernels Movable, have a clamped min and no share of it. */
static bool is_clamped(const struct capture *c, const struct capture_zone *zone)
{
	return !strcmp(zone->name, "HighMem") ||
	       (!c->old_rules && !strcmp(zone->name, "Movable"));
}

/* Do the zones' `early` lead to the watermarks that zoneinfo shows? */
static bool watermarks_hold(const struct capture *c)
{
	const u64 pages_min = c->min_free_kbytes / 4;
	const u64 scale = c->watermark_scale_factor ? c->watermark_scale_factor : 10;
	u64 lowmem = 0;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		if (!is_clamped(c, zone_at(c, i)))
			lowmem += zone_at(c, i)->early;
	}
	for (unsigned int i = 0; lowmem && i < c->zones->len; i++) {
		const struct capture_zone *zone = zone_at(c, i);
		const u64 share = pages_min * zone->early / lowmem;
		const u64 min = is_clamped(c, zone) ? CLAMP(zone->early / 1024, 32, 128) : share;
		const u64 gap = MAX(share / 4, zone->early * scale / 10000);

		if (zone->managed && (zone->min - zone->boost != min ||
				      zone->low - zone->boost != min + gap))
			return false;
	}
	return lowmem > 0;
}

/* 6.1's protection is made of `early` too: sums of the node's higher zones. */
static bool protection_holds(const struct capture *c)
{
	for (unsigned int i = 0; c->old_rules && i < c->zones->len; i++) {
		const struct capture_zone *zone = zone_at(c, i);
		const u64 ratio = c->reserve_ratio[MIN(zone->index, 7)];
		u64 sum = 0;

		for (unsigned int k = i + 1; ratio && zone->managed && k < c->zones->len &&
		     zone_at(c, k)->nid == zone->nid; k++) {
			sum += zone_at(c, k)->early;
			if (zone->protection[MIN(zone_at(c, k)->index, 7)] != sum / ratio)
				return false;
		}
	}
	return true;
}

static bool is_upper(const struct capture_zone *zone)
{
	return !strcmp(zone->name, "HighMem") || !strcmp(zone->name, "Movable");
}

/*
 * For huge pages the kernel wants some blocks of each zone free, but not more than a
 * twentieth of what lies above the high watermarks of the moment.
 */
static bool huge_min_free_holds(const struct capture *c, u64 early)
{
	const u64 block_kb = !strcmp(c->arch, "i386") ? 4096 : 2048;
	const u64 pages_min = int_sqrt(early * 4 * 16) / 4;
	u64 nr = 0, above = 0, lowmem = 0, wanted, cap;

	for (unsigned int i = 0; i < c->zones->len; i++)
		lowmem += is_clamped(c, zone_at(c, i)) ? 0 : zone_at(c, i)->early;
	for (unsigned int i = 0; lowmem && i < c->zones->len; i++) {
		const struct capture_zone *zone = zone_at(c, i);
		const u64 min = pages_min * zone->early / lowmem;
		const u64 gap = MAX(min / 4, zone->early / 1000);

		if (is_upper(zone) || !zone->managed)
			continue;
		nr++;
		above += zone->early - MIN(min + 2 * gap, zone->early);
	}
	wanted = nr * 11 * block_kb;
	cap = above / 20 * 4;
	/* A value of neither kind was written by somebody. */
	return c->min_free_kbytes == wanted || c->min_free_kbytes == cap ||
	       c->min_free_kbytes > cap + cap / 16 || c->min_free_kbytes + cap / 16 < cap;
}

/*
 * What the kernel itself would choose for min_free_kbytes. A machine with huge
 * pages has more, by a rule that does not depend on `early` unless memory is small.
 */
static bool min_free_holds(const struct capture *c)
{
	u64 early = 0, managed = 0;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *zone = zone_at(c, i);

		if (is_upper(zone))
			continue;
		early += zone->early;
		managed += zone->managed;
	}
	if (c->min_free_kbytes > int_sqrt(managed * 4 * 16))
		return huge_min_free_holds(c, early);
	return c->min_free_kbytes == int_sqrt(early * 4 * 16);
}

/*
 * Newer kernels show an eighth of `early`, shared by the node's CPUs: how many these
 * are follows from the figure itself. A share too small to matter is raised.
 */
static bool high_max_holds(const struct capture *c)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *zone = zone_at(c, i);
		const u64 max = zone->high_max, eighth = zone->managed / 8;
		const u64 cpus = max ? (eighth + max / 2) / max : 0;

		if (cpus && max != zone->high_min && max > 4 * 63 &&
		    zone->early / 8 / cpus != max)
			return false;
	}
	return true;
}

static bool strictly_holds(const struct capture *c)
{
	return protection_holds(c) && min_free_holds(c) && high_max_holds(c);
}

static bool in_node(const struct capture *c, u64 addr, unsigned int nid)
{
	for (unsigned int i = 0; i < c->srat->len; i++) {
		const struct capture_range *r = &g_array_index(c->srat, struct capture_range, i);

		if (r->nid == nid && r->start <= addr && addr < r->end)
			return true;
	}
	return !c->srat->len;
}

/* The zone that an address belongs to, or NULL. Spans of nodes may interleave. */
static struct capture_zone *zone_of(const struct capture *c, u64 addr)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		struct capture_zone *zone = zone_at(c, i);

		if (zone->managed && PFN_DOWN(addr) >= zone->start_pfn &&
		    PFN_DOWN(addr) - zone->start_pfn < zone->spanned &&
		    in_node(c, addr, zone->nid))
			return zone;
	}
	return NULL;
}

static struct capture_zone *last_zone_named(const struct capture *c, const char *name)
{
	struct capture_zone *found = NULL;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		if (zone_at(c, i)->managed && !strcmp(zone_at(c, i)->name, name))
			found = zone_at(c, i);
	}
	return found;
}

static struct capture_zone *kernel_zone(const struct capture *c)
{
	u64 addr = 16 * SZ_1M;	/* where it is loaded unless KASLR moves it */

	for (unsigned int i = 0; i < c->image->len; i++) {
		const struct capture_range *r = &g_array_index(c->image, struct capture_range, i);

		if (!strcmp(r->name, "code"))
			addr = r->start;
	}
	return zone_of(c, addr);
}

static struct capture_zone *initrd_zone(const struct capture *c)
{
	struct capture_zone *zone = c->initrd.end ? zone_of(c, c->initrd.start) : NULL;

	/* A RAM disk in HighMem is moved below it. */
	if (zone && !strcmp(zone->name, "HighMem"))
		zone = last_zone_named(c, "Normal");
	return zone;
}

static void set_early(const struct capture *c, struct capture_zone *kernel, u64 init,
		      struct capture_zone *initrd, u64 ramdisk)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		struct capture_zone *zone = zone_at(c, i);
		const u64 freed = (zone == kernel ? init : 0) + (zone == initrd ? ramdisk : 0);

		zone->early = zone->managed - MIN(freed, zone->managed);
	}
}

/*
 * The least amounts that explain the watermarks; strict: protection and
 * min_free_kbytes, too. For a total, the kernel's zone's
 * own min leaves few ways to share it with the RAM disk's zone.
 */
static bool search(const struct capture *c, struct capture_zone *kernel,
		   struct capture_zone *initrd, bool strict)
{
	const u64 pages_min = MAX(c->min_free_kbytes / 4, 1);
	u64 lowmem = 0;

	for (unsigned int i = 0; i < c->zones->len; i++)
		lowmem += is_clamped(c, zone_at(c, i)) ? 0 : zone_at(c, i)->managed;
	for (u64 total = 0; total < MIN(MAX_FREED_PAGES, lowmem); total++) {
		const u64 rest = lowmem - total, min = kernel->min - kernel->boost;
		const u64 least = DIV_ROUND_UP(min * rest, pages_min);
		const u64 most = DIV_ROUND_UP((min + 1) * rest, pages_min) - 1;
		u64 init = kernel->managed > most ? kernel->managed - most : 0;

		if (kernel == initrd)
			init = total;
		if (init > total || kernel->managed < least || kernel->managed - init < least)
			continue;
		set_early(c, kernel, init, initrd, total - init);
		if (watermarks_hold(c) && (!strict || strictly_holds(c)))
			return true;
	}
	return false;
}

/* Without a log: try each zone as the place of the RAM disk, the highest first. */
static bool search_all(const struct capture *c, struct capture_zone *kernel, bool strict)
{
	if (search(c, kernel, kernel, strict))
		return true;
	for (unsigned int i = c->zones->len; i-- > 0;) {
		struct capture_zone *zone = zone_at(c, i);

		if (zone->managed && zone != kernel && !is_clamped(c, zone) &&
		    search(c, kernel, zone, strict))
			return true;
	}
	return false;
}

/* The log says what was freed, but not from which zone the RAM disk was. */
static bool search_initrd_zone(const struct capture *c, struct capture_zone *kernel)
{
	for (unsigned int i = c->zones->len; i-- > 0;) {
		struct capture_zone *zone = zone_at(c, i);

		if (!zone->managed || !strcmp(zone->name, "HighMem"))
			continue;
		set_early(c, kernel, c->freed_init >> PAGE_SHIFT, zone,
			  c->freed_initrd >> PAGE_SHIFT);
		if (watermarks_hold(c) && strictly_holds(c))
			return true;
	}
	return false;
}

void capture_settle_zones(struct capture *c)
{
	struct capture_zone *kernel = kernel_zone(c), *initrd = initrd_zone(c);
	const bool told = c->has_freed && (!c->freed_initrd || initrd);

	if (!c->zones->len || (c->freed_initrd && !initrd && search_initrd_zone(c, kernel)))
		return;
	set_early(c, kernel, c->freed_init >> PAGE_SHIFT, initrd, c->freed_initrd >> PAGE_SHIFT);
	if (watermarks_hold(c) && (told || strictly_holds(c)))
		return;
	if (c->has_freed && capture_min_free_is_set(c))
		return;		/* the watermarks are of a later day */
	if (c->min_free_kbytes && kernel &&
	    (search_all(c, kernel, /* strict = */ true) ||
	     search_all(c, kernel, /* strict = */ false))) {
		if (c->has_freed)
			capture_note(c, "the watermarks do not follow from what the log says was "
					"freed: `early` is what explains them");
		return;
	}
	if (c->has_freed)
		capture_note(c, "the watermarks do not follow from min_free_kbytes: they were "
				"changed after the boot");
	set_early(c, kernel, c->freed_init >> PAGE_SHIFT, initrd, c->freed_initrd >> PAGE_SHIFT);
}
