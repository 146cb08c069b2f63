// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's bits differ by release, and above them lie the page's node, zone and
 * last CPU: as in a 64-bit kernel of Debian; 32 bits have room for the zone alone.
 */
#include "sim/phys/page_flags.h"

#include <inttypes.h>

#include "sim/phys/lru.h"
#include "sim/phys/section.h"

/*
 * Page flags in the order in which the kernel prints them: its name, and its bit in each
 * release. NR_PAGEFLAGS stands for what is a type of page here, and was a flag.
 */
static const struct {
	enum pageflags flag;
	const char *name;
	u8 bits[NR_RELEASES];
} flag_rows[] = {
	{ PG_locked, "locked", { 0, 0 } },
	{ PG_referenced, "referenced", { 1, 2 } },
	{ PG_uptodate, "uptodate", { 2, 3 } },
	{ PG_dirty, "dirty", { 3, 4 } },
	{ PG_lru, "lru", { 4, 5 } },
	{ PG_active, "active", { 5, 8 } },
	{ PG_workingset, "workingset", { 6, 9 } },
	{ NR_PAGEFLAGS, "slab", { 9, 0 } },
	{ PG_reserved, "reserved", { 12, 13 } },
	{ PG_private, "private", { 13, 14 } },
	{ PG_writeback, "writeback", { 15, 1 } },
	{ PG_head, "head", { 16, 6 } },
	{ PG_reclaim, "reclaim", { 18, 16 } },
	{ PG_swapbacked, "swapbacked", { 19, 17 } },
	{ PG_unevictable, "unevictable", { 20, 18 } },
	{ PG_mlocked, "mlocked", { 21, 20 } },
	{ PG_hwpoison, "hwpoison", { 23, 21 } },
};

/* Where node, zone and last CPU lie in the flags word of a 64-bit kernel. */
#define NODE_BIT 54
#define ZONE_BIT 51
#define LAST_CPUPID_BIT 30
#define LAST_CPUPID_NONE 0x1fffffULL

/* The number of a zone in the kernel, which has no numbers for zones it lacks. */
static unsigned int zone_number(const struct machine *m, enum zone_type type)
{
	return (unsigned int)__builtin_popcount(m->arch->zones & ((1U << type) - 1));
}

static bool shows_flag(const struct machine *m, const struct page *page, enum pageflags flag)
{
	if (flag == NR_PAGEFLAGS)
		return page_type(page) == PGTY_slab && rel_slab_is_page_flag(m->release);
	return page_flag(page, flag) && (flag != PG_active || page_shows_active(m, page));
}

static u64 place_word(const struct machine *m, const struct page *page, struct out *names)
{
	const struct zone *zone = page_zone(m, page);
	u64 number = zone_number(m, zone->type);

	if (m->arch->bits != 64) {
		out_printf(names, "%szone=%" PRIu64, names->len ? "|" : "", number);
		return number << 30;
	}
	out_printf(names, "%snode=%u|zone=%" PRIu64 "|lastcpupid=0x%" PRIx64,
		   names->len ? "|" : "", zone->node, number, (u64)LAST_CPUPID_NONE);
	return (u64)zone->node << NODE_BIT | number << ZONE_BIT |
	       LAST_CPUPID_NONE << LAST_CPUPID_BIT;
}

u64 page_flags_word(const struct machine *m, const struct page *page, struct out *names)
{
	u64 word = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++) {
		if (!shows_flag(m, page, flag_rows[i].flag))
			continue;
		word |= 1ULL << flag_rows[i].bits[m->release];
		out_printf(names, "%s%s", names->len ? "|" : "", flag_rows[i].name);
	}
	return word | place_word(m, page, names);
}

u64 page_struct_addr(const struct machine *m, u64 pfn)
{
	u64 base = m->arch->vmemmap_start ? m->arch->vmemmap_start : m->arch->page_offset;

	return base + pfn * m->arch->struct_page_bytes;
}
