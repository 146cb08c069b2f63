/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `early` of a zone: its managed pages before the boot gave back the initrd and the
 * kernel's init memory, which is what its watermarks were worked out from. The log
 * says how much was given back; whether that explains the watermarks is checked by
 * working them out again. If it does not (a log that lost its beginning, a later
 * write to min_free_kbytes), the amounts are searched that do.
 */
#include "kmm-capture.h"
#include "sim/boot/config_value.h"

/* More is not given back: 512 MiB of initrd, 128 MiB of init memory. */
#define MAX_FREED_PAGES (640 * SZ_1M >> PAGE_SHIFT)

static struct capture_zone *zone_at(const struct capture *c, unsigned int i)
{
	return &g_array_index(c->zones, struct capture_zone, i);
}

bool capture_zone_is_clamped(const struct capture *c, const struct capture_zone *zone)
{
	if (!strcmp(zone->name, "HighMem"))
		return true;
	if (strcmp(zone->name, "Movable"))
		return false;
	for (unsigned int i = 0; i < c->zones->len; i++) {
		if (!strcmp(zone_at(c, i)->name, "HighMem") && zone_at(c, i)->present)
			return true;
	}
	return !c->old_rules;
}

/* Do the zones' `early` lead to the watermarks that zoneinfo shows? */
static bool watermarks_hold(const struct capture *c)
{
	const u64 pages_min = c->min_free_kbytes / 4;
	const u64 scale = c->watermark_scale_factor ? c->watermark_scale_factor : 10;
	u64 lowmem = 0;

	for (unsigned int i = 0; i < c->zones->len; i++) {
		if (!capture_zone_is_clamped(c, zone_at(c, i)))
			lowmem += zone_at(c, i)->early;
	}
	for (unsigned int i = 0; lowmem && i < c->zones->len; i++) {
		const struct capture_zone *zone = zone_at(c, i);
		const u64 share = pages_min * zone->early / lowmem;
		const u64 min = capture_zone_is_clamped(c, zone) ?
				CLAMP(zone->early / 1024, 32, 128) : share;
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

/* The CPUs that share a zone's per-CPU lists: the node's, else all. */
static u64 local_cpus(const struct capture *c, unsigned int nid)
{
	u64 bits[CPU_WORDS] = { 0 }, nr = 0;
	const char *why, *list = c->nodes[nid].cpulist;

	if (list && config_value_list(list, bits, MAX_CPUS, &why)) {
		for (unsigned int i = 0; i < CPU_WORDS; i++)
			nr += (u64)__builtin_popcountll(bits[i]);
	}
	return nr ? nr : MAX(c->nr_cpus, 1);
}

/* 6.18's high_max is an eighth of `early`, shared by CPUs, if it is not a minimum. */
static bool high_max_holds(const struct capture *c)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *zone = zone_at(c, i);
		const u64 share = zone->early / 8 / local_cpus(c, zone->nid);

		if (zone->high_max > 4 * zone->batch && zone->high_max != share)
			return false;
	}
	return true;
}

static bool strictly_holds(const struct capture *c)
{
	return protection_holds(c) && high_max_holds(c) &&
	       capture_min_free_is_default(c, /* exact = */ true);
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
 * The low memory [least, most] that zones which got nothing back allow: each of their
 * min watermarks is a share of it.
 */
static void lowmem_range(const struct capture *c, const struct capture_zone *kernel,
			 const struct capture_zone *initrd, u64 *least, u64 *most)
{
	for (unsigned int i = 0; i < c->zones->len; i++) {
		const struct capture_zone *z = zone_at(c, i);
		const u64 share = c->min_free_kbytes / 4 * z->managed;
		const u64 min = z->min - z->boost;

		if (z == kernel || z == initrd || !z->managed || capture_zone_is_clamped(c, z))
			continue;
		*least = MAX(*least, share / (min + 1) + 1);
		if (min)
			*most = MIN(*most, share / min);
	}
}

static u64 low_memory(const struct capture *c)
{
	u64 lowmem = 0;

	for (unsigned int i = 0; i < c->zones->len; i++)
		lowmem += capture_zone_is_clamped(c, zone_at(c, i)) ? 0 : zone_at(c, i)->managed;
	return lowmem;
}

static bool accept(const struct capture *c, bool strict)
{
	return watermarks_hold(c) && (!strict || strictly_holds(c));
}

/* The shares of a total between the two zones that the kernel's zone's min allows. */
static bool try_total(const struct capture *c, struct capture_zone *kernel,
		      struct capture_zone *initrd, u64 total, u64 lowmem, bool strict)
{
	const u64 pages_min = MAX(c->min_free_kbytes / 4, 1);
	const u64 min = kernel->min - kernel->boost;
	const u64 least = DIV_ROUND_UP(min * lowmem, pages_min);
	const u64 most = DIV_ROUND_UP((min + 1) * lowmem, pages_min) - 1;
	u64 init = kernel->managed > most ? kernel->managed - most : 0;

	if (kernel == initrd)
		init = total;
	for (; init <= total && init + least <= kernel->managed; init++) {
		set_early(c, kernel, init, initrd, total - init);
		if (accept(c, strict))
			return true;
	}
	return false;
}

/* A RAM disk in a zone that has no share of the low memory's watermarks. */
static bool try_init(const struct capture *c, struct capture_zone *kernel,
		     struct capture_zone *initrd, u64 init, u64 lowmem, bool strict)
{
	if (init > kernel->managed ||
	    c->min_free_kbytes / 4 * (kernel->managed - init) / lowmem !=
	    kernel->min - kernel->boost)
		return false;
	for (u64 ramdisk = 0; ramdisk < MAX_FREED_PAGES; ramdisk++) {
		set_early(c, kernel, init, initrd, ramdisk);
		if (accept(c, strict))
			return true;
	}
	return false;
}

/*
 * The least amounts that explain the watermarks; strict: also protection,
 * min_free_kbytes and the per-CPU lists.
 */
static bool search(const struct capture *c, struct capture_zone *kernel,
		   struct capture_zone *initrd, bool strict)
{
	const u64 lowmem = low_memory(c);
	u64 least = lowmem - MIN(MAX_FREED_PAGES, lowmem - 1), most = lowmem;

	lowmem_range(c, kernel, initrd, &least, &most);
	for (u64 rest = most; rest >= least; rest--) {
		const u64 freed = lowmem - rest;

		if (capture_zone_is_clamped(c, initrd) ? try_init(c, kernel, initrd, freed, rest, strict) :
					    try_total(c, kernel, initrd, freed, rest, strict))
			return true;
	}
	return false;
}

/* The RAM disk of a machine whose log is gone has the size that was given back. */
static void add_initrd(struct capture *c, u64 pages)
{
	g_ptr_array_add(c->image_sizes,
			g_strdup_printf("initrd = %lluK", (unsigned long long)pages * 4));
}

/* Is it a kernel whose init memory we know, with a RAM disk of some size? */
static bool search_known(struct capture *c, struct capture_zone *kernel)
{
	/* What Debian's kernels give back, in KiB: init, decrypted, the two gaps. */
	const u64 init = (c->old_rules ? 2612 + 2036 + 2040 + 1892 :
					 4180 + 2028 + 1472 + 1804) / 4;

	for (unsigned int i = c->zones->len; i-- > 0;) {
		struct capture_zone *zone = zone_at(c, i);

		const u64 lowmem = low_memory(c);
		u64 least = 1, most = lowmem, first = 0, last = MAX_FREED_PAGES;

		if (!zone->managed || !strcmp(zone->name, "HighMem") || lowmem <= init)
			continue;
		lowmem_range(c, kernel, zone, &least, &most);
		if (!capture_zone_is_clamped(c, zone)) {
			first = lowmem - init > most ? lowmem - init - most : 0;
			last = MIN(last, lowmem - init > least ? lowmem - init - least : 0);
		}
		for (u64 ramdisk = first; ramdisk <= last; ramdisk++) {
			set_early(c, kernel, init, zone, ramdisk);
			if (!accept(c, /* strict = */ true))
				continue;
			if (!c->has_freed)
				add_initrd(c, ramdisk);
			return true;
		}
	}
	return false;
}

/* Without a log: try each zone as the place of the RAM disk, the highest first. */
static bool search_all(struct capture *c, struct capture_zone *kernel, bool strict)
{
	if (search(c, kernel, kernel, strict))
		return true;
	for (unsigned int i = c->zones->len; i-- > 0;) {
		struct capture_zone *zone = zone_at(c, i);

		if (zone->managed && zone != kernel && strcmp(zone->name, "HighMem") &&
		    search(c, kernel, zone, strict)) {
			if (!c->has_freed)
				add_initrd(c, zone->managed - zone->early);
			return true;
		}
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
	if (c->has_freed && !capture_min_free_is_default(c, /* exact = */ true))
		return;		/* the watermarks are of a later day */
	if (c->min_free_kbytes && kernel &&
	    (search_known(c, kernel) || search_all(c, kernel, /* strict = */ true) ||
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
