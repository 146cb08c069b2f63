// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/debug/page_owner: each allocated block with who took it and by which
 * path through the engine's own code. The file is there with page_owner=on alone.
 */
#include "sim/phys/page_owner.h"

#include <inttypes.h>

#include "fs/core/figures.h"
#include "sim/base/bug.h"
#include "sim/phys/lru.h"
#include "sim/phys/section.h"

/* Page flags that the kernel prints: its name, and its bit in each release. */
static const struct {
	enum pageflags flag;
	const char *name;
	u8 bits[NR_RELEASES];
} flag_rows[] = {
	{ PG_locked, "locked", { 0, 0 } },
	{ PG_writeback, "writeback", { 15, 1 } },
	{ PG_referenced, "referenced", { 1, 2 } },
	{ PG_uptodate, "uptodate", { 2, 3 } },
	{ PG_dirty, "dirty", { 3, 4 } },
	{ PG_lru, "lru", { 4, 5 } },
	{ PG_head, "head", { 16, 6 } },
	{ PG_active, "active", { 5, 8 } },
	{ PG_workingset, "workingset", { 6, 9 } },
	{ PG_reserved, "reserved", { 12, 13 } },
	{ PG_private, "private", { 13, 14 } },
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

static u64 flags_word(const struct machine *m, const struct page *page, struct out *names)
{
	const struct zone *zone = page_zone(m, page);
	u64 word = 0;

	for (size_t i = 0; i < ARRAY_SIZE(flag_rows); i++) {
		if (!page_flag(page, flag_rows[i].flag) ||
		    (flag_rows[i].flag == PG_active && !page_shows_active(m, page)))
			continue;
		word |= 1ULL << flag_rows[i].bits[m->release];
		out_printf(names, "%s%s", names->len ? "|" : "", flag_rows[i].name);
	}
	if (m->arch->bits != 64) {
		out_printf(names, "%szone=%u", names->len ? "|" : "",
			   zone_number(m, zone->type));
		return word | (u64)zone_number(m, zone->type) << 30;
	}
	out_printf(names, "%snode=%u|zone=%u|lastcpupid=0x%" PRIx64, names->len ? "|" : "",
		   zone->node, zone_number(m, zone->type), (u64)LAST_CPUPID_NONE);
	return word | (u64)zone->node << NODE_BIT |
	       (u64)zone_number(m, zone->type) << ZONE_BIT |
	       LAST_CPUPID_NONE << LAST_CPUPID_BIT;
}

static void show_block(struct out *out, const struct machine *m,
		       const struct page_owner_info *info, struct out *names)
{
	char gfp[256];
	u64 word;

	out_clear(names);
	word = flags_word(m, pfn_to_page(m, info->pfn), names);
	out_printf(out, "Page allocated via order %u, mask %#x(%s), pid %u, tgid %u (%s), "
		   "ts %" PRIu64 " ns", info->order, info->gfp,
		   gfp_format(info->gfp, gfp, sizeof(gfp)), info->pid, info->tgid,
		   info->comm, info->ts_ns);
	if (rel_page_owner_is_short(m->release))
		out_printf(out, "\nPFN 0x%" PRIx64, info->pfn);
	else
		out_printf(out, ", free_ts %" PRIu64 " ns\nPFN %" PRIu64, info->free_ts_ns,
			   info->pfn);
	out_printf(out, " type %s Block %" PRIu64 " type %s Flags 0x%" PRIx64 "(%s)\n",
		   migratetype_names[gfp_migratetype(info->gfp)],
		   info->pfn >> m->pageblock_order,
		   migratetype_names[pageblock_type(m, info->pfn)], word,
		   names->text ? names->text : "");
	stack_trace_print(out, info->ips, info->nr_ips, "");
	out_putc(out, '\n');
}

static int page_owner_show(struct out *out, const struct view *v)
{
	struct out names = OUT_INIT;
	struct page_owner_info info;
	u64 pfn = 0;

	while (page_owner_next(v->m, &pfn, &info))
		show_block(out, v->m, &info, &names);
	out_free(&names);
	return 0;
}

static bool page_owner_visible(const struct view *v, const struct entry *entry)
{
	return v->m->page_owner;
}

static const struct entry page_owner_entries[] = {
	FILE_ROW("page_owner", 0400, page_owner_show),
};

static const struct dir page_owner_dir = {
	DIR_FILES(page_owner_entries), .visible = page_owner_visible,
};

TREE_PARTS(page_owner_parts, { "sys/kernel/debug", &page_owner_dir });
