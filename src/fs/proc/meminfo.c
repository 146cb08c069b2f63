// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/meminfo: the lines of memory_lines.c, then huge pages and the direct map.
 */
#include "fs/core/hugetlb.h"
#include "fs/core/memory_lines.h"
#include "fs/proc/direct_map.h"

static void show_count(struct out *out, const char *label, u64 count)
{
	out_puts(out, label);
	out_u64(out, count, 5);
	out_putc(out, '\n');
}

static void show_kb(struct out *out, const char *label, u64 kb)
{
	out_puts(out, label);
	out_u64(out, kb, 8);
	out_puts(out, " kB\n");
}

/* The pool of the default size, then all pools together. */
static void show_hugetlb(struct out *out, const struct machine *m)
{
	unsigned int order = hugetlb_default_order(m);
	struct hugetlb_counts pool = hugetlb_counts(m, NULL, order);

	show_count(out, "HugePages_Total:   ", pool.total);
	show_count(out, "HugePages_Free:    ", pool.free);
	show_count(out, "HugePages_Rsvd:    ", pool.reserved);
	show_count(out, "HugePages_Surp:    ", pool.surplus);
	show_kb(out, "Hugepagesize:   ", KB(1ULL << order));
	show_kb(out, "Hugetlb:        ", KB(hugetlb_total_pages(m)));
}

static void show_direct_map(struct out *out, const struct machine *m)
{
	struct direct_map map = direct_map(m);

	show_kb(out, "DirectMap4k:    ", map.kb[0]);
	show_kb(out, m->arch->hugetlb_order == 10 ? "DirectMap4M:    " : "DirectMap2M:    ",
		map.kb[1]);
	if (m->gbpages)
		show_kb(out, "DirectMap1G:    ", map.kb[2]);
}

static int meminfo_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	show_memory_lines(out, m, NULL);
	show_hugetlb(out, m);
	show_direct_map(out, m);
	return 0;
}

static const struct entry meminfo_entries[] = {
	FILE_ROW("meminfo", 0444, meminfo_show),
};

static const struct dir meminfo_dir = { DIR_FILES(meminfo_entries) };

TREE_PARTS(meminfo_parts, { "proc", &meminfo_dir });
