// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/debug/page_owner: each allocated block with who took it and by which
 * path through the engine's own code. The file is there with page_owner=on alone.
 */
#include "sim/phys/page_owner.h"

#include <inttypes.h>

#include "fs/core/figures.h"
#include "sim/base/bug.h"
#include "sim/phys/page_flags.h"
#include "sim/phys/section.h"

static void show_block(struct out *out, const struct machine *m,
		       const struct page_owner_info *info, struct out *names)
{
	char gfp[256];
	u64 word;

	out_clear(names);
	word = page_flags_word(m, pfn_to_page(m, info->pfn), names);
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
