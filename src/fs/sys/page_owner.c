// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/kernel/debug/page_owner: each allocated block with who took it and by which
 * path through the engine's own code; page_owner_stacks: the pages by their paths. They
 * are there with page_owner=on alone.
 */
#include "sim/phys/page_owner.h"

#include <inttypes.h>

#include "fs/core/figures.h"
#include "fs/core/value.h"
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
	out_printf(out, "Page allocated via order %u, mask %s, pid %u, tgid %u (%s), "
		   "ts %" PRIu64 " ns", info->order,
		   gfp_kernel_text(m->release, info->gfp, gfp, sizeof(gfp)), info->pid, info->tgid,
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
	if (info->migrate_reason)
		out_printf(out, "Page has been migrated, last migrate reason: %s\n",
			   migrate_reason_names[info->migrate_reason]);
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

/* -- page_owner_stacks -------------------------------------------------------- */

/* What a file shows of each stack. */
enum { SHOW_STACK = 1, SHOW_PAGES = 2, SHOW_HANDLE = 4 };

static int show_stacks(struct out *out, const struct machine *m, unsigned int what)
{
	const u64 *ips;
	unsigned int nr_ips;
	u64 nr_pages;

	for (u32 at = 0; page_owner_prev_stack(m, &at, &ips, &nr_ips, &nr_pages);) {
		if (!nr_pages || nr_pages < *page_owner_threshold(m))
			continue;
		if (what & SHOW_STACK)
			stack_trace_print(out, ips, nr_ips, "");
		if (what & SHOW_HANDLE)
			out_printf(out, "handle: %u\n", at);
		if (what & SHOW_PAGES)
			out_printf(out, "nr_base_pages: %" PRIu64 "\n", nr_pages);
		out_putc(out, '\n');
	}
	return 0;
}

static int show_stacks_show(struct out *out, const struct view *v)
{
	return show_stacks(out, v->m, SHOW_STACK | SHOW_PAGES);
}

static int show_handles_show(struct out *out, const struct view *v)
{
	return show_stacks(out, v->m, SHOW_HANDLE | SHOW_PAGES);
}

static int show_stacks_handles_show(struct out *out, const struct view *v)
{
	return show_stacks(out, v->m, SHOW_STACK | SHOW_HANDLE);
}

static int count_threshold_show(struct out *out, const struct view *v)
{
	out_printf(out, "%" PRIu64 "\n", *page_owner_threshold(v->m));
	return 0;
}

static int count_threshold_store(struct store *s, const struct view *v, const char *text)
{
	u64 value;
	int err = sysfs_number(text, 0, &value);

	(void)v;
	if (err)
		out_printf(s->sentence, "'%s' is not a number of pages", text);
	else
		*page_owner_threshold(s->m) = value;
	return err;
}

static bool page_owner_visible(const struct view *v, const struct entry *entry)
{
	return v->m->page_owner;
}

static const struct entry page_owner_entries[] = {
	FILE_ROW("page_owner", 0400, page_owner_show),
};

static const struct entry stacks_entries[] = {
	{ .name = "count_threshold", .mode = S_IFREG | 0600, .span = SINCE(R_6_18),
	  .show = count_threshold_show, .store = count_threshold_store },
	{ .name = "show_handles", .mode = S_IFREG | 0400, .span = SINCE(R_6_18),
	  .show = show_handles_show },
	{ .name = "show_stacks", .mode = S_IFREG | 0400, .span = SINCE(R_6_18),
	  .show = show_stacks_show },
	{ .name = "show_stacks_handles", .mode = S_IFREG | 0400, .span = SINCE(R_6_18),
	  .show = show_stacks_handles_show },
};

static const struct dir stacks_dir = { DIR_FILES(stacks_entries) };

static const struct entry page_owner_dirs[] = {
	{ .name = "page_owner_stacks", .mode = S_IFDIR | 0755, .span = SINCE(R_6_18),
	  .dir = &stacks_dir },
};

static const struct dir page_owner_dir = {
	DIR_FILES(page_owner_entries), .visible = page_owner_visible,
};

static const struct dir page_owner_stacks_dir = {
	DIR_FILES(page_owner_dirs), .visible = page_owner_visible,
};

TREE_PARTS(page_owner_parts,
	   { "sys/kernel/debug", &page_owner_dir },
	   { "sys/kernel/debug", &page_owner_stacks_dir });
