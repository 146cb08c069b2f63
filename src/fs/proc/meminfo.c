// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proc/meminfo: one row for each line, in the order of the file. A row either
 * names a node counter or has a function; both give pages, which print as kB.
 * Labels carry their own padding, as their widths are not all alike.
 */
#include "fs/core/figures.h"
#include "fs/core/hugetlb.h"
#include "fs/proc/direct_map.h"
#include "sim/phys/percpu.h"
#include "sim/phys/vmalloc.h"

#define KB(pages) ((pages) << (PAGE_SHIFT - 10))

struct line {
	const char *label;
	u64 (*pages)(const struct machine *m);	/* NULL: the counter */
	u16 item;		/* enum node_stat_item */
	bool in_kb;		/* what the counter or function gives is kB already */
	struct span span;
	const char *option;	/* build option that it needs; NULL: none */
};

static u64 counter(const struct machine *m, enum node_stat_item item)
{
	return node_pages(m, NULL, item);
}

static u64 total(const struct machine *m)
{
	return m->totalram_pages;
}

static u64 free_pages_now(const struct machine *m)
{
	return free_figure(m, NULL, MEM_ALL);
}

static u64 nothing(const struct machine *m)
{
	(void)m;
	return 0;
}

static u64 cached(const struct machine *m)
{
	u64 file = counter(m, NR_FILE_PAGES);

	return file - MIN(file, counter(m, NR_SWAPCACHED));
}

static u64 active(const struct machine *m)
{
	return counter(m, NR_ACTIVE_ANON) + counter(m, NR_ACTIVE_FILE);
}

static u64 inactive(const struct machine *m)
{
	return counter(m, NR_INACTIVE_ANON) + counter(m, NR_INACTIVE_FILE);
}

static u64 mlocked(const struct machine *m)
{
	return zones_figure(m, NULL, NR_MLOCK);
}

static u64 high_total(const struct machine *m)
{
	return managed_figure(m, NULL, MEM_HIGH);
}

static u64 high_free(const struct machine *m)
{
	return free_figure(m, NULL, MEM_HIGH);
}

static u64 low_total(const struct machine *m)
{
	return m->totalram_pages - high_total(m);
}

static u64 low_free(const struct machine *m)
{
	return free_pages_now(m) - high_free(m);
}

static u64 kreclaimable(const struct machine *m)
{
	return counter(m, NR_SLAB_RECLAIMABLE) + counter(m, NR_KERNEL_MISC_RECLAIMABLE);
}

static u64 slab(const struct machine *m)
{
	return counter(m, NR_SLAB_RECLAIMABLE) + counter(m, NR_SLAB_UNRECLAIMABLE);
}

static u64 bounce(const struct machine *m)
{
	return zones_figure(m, NULL, NR_BOUNCE);
}

static u64 vmalloc_total_kb(const struct machine *m)
{
	u64 start, end;

	vmalloc_range(m, &start, &end);
	return (end - start) >> 10;
}

static u64 unaccepted(const struct machine *m)
{
	return zones_figure(m, NULL, NR_UNACCEPTED);
}

#define N(text, id, ...) { .label = (text), .item = (id), .span = ALL, __VA_ARGS__ }
#define F(text, function, ...) \
	{ .label = (text), .pages = (function), .span = ALL, __VA_ARGS__ }

static const struct line lines[] = {
	F("MemTotal:       ", total),
	F("MemFree:        ", free_pages_now),
	F("MemAvailable:   ", si_mem_available),
	F("Buffers:        ", nothing),
	F("Cached:         ", cached),
	N("SwapCached:     ", NR_SWAPCACHED),
	F("Active:         ", active),
	F("Inactive:       ", inactive),
	N("Active(anon):   ", NR_ACTIVE_ANON),
	N("Inactive(anon): ", NR_INACTIVE_ANON),
	N("Active(file):   ", NR_ACTIVE_FILE),
	N("Inactive(file): ", NR_INACTIVE_FILE),
	N("Unevictable:    ", NR_UNEVICTABLE),
	F("Mlocked:        ", mlocked),
	F("HighTotal:      ", high_total, .option = "HIGHMEM"),
	F("HighFree:       ", high_free, .option = "HIGHMEM"),
	F("LowTotal:       ", low_total, .option = "HIGHMEM"),
	F("LowFree:        ", low_free, .option = "HIGHMEM"),
	F("SwapTotal:      ", nothing),
	F("SwapFree:       ", nothing),
	F("Zswap:          ", nothing, .option = "ZSWAP"),
	F("Zswapped:       ", nothing, .option = "ZSWAP"),
	N("Dirty:          ", NR_DIRTY),
	N("Writeback:      ", NR_WRITEBACK),
	N("AnonPages:      ", NR_ANON_PAGES),
	N("Mapped:         ", NR_MAPPED),
	N("Shmem:          ", NR_SHMEM),
	F("KReclaimable:   ", kreclaimable),
	F("Slab:           ", slab),
	N("SReclaimable:   ", NR_SLAB_RECLAIMABLE),
	N("SUnreclaim:     ", NR_SLAB_UNRECLAIMABLE),
	N("KernelStack:    ", NR_KERNEL_STACK, .in_kb = true),
	N("PageTables:     ", NR_PAGE_TABLE_PAGES),
	N("SecPageTables:  ", NR_SEC_PAGE_TABLE_PAGES),
	F("NFS_Unstable:   ", nothing),
	F("Bounce:         ", bounce),
	N("WritebackTmp:   ", NR_WRITEBACK_TEMP),
	F("CommitLimit:    ", vm_commit_limit),
	F("Committed_AS:   ", nothing),
	F("VmallocTotal:   ", vmalloc_total_kb, .in_kb = true),
	F("VmallocUsed:    ", vmalloc_nr_pages),
	F("VmallocChunk:   ", nothing),
	F("Percpu:         ", percpu_nr_pages),
	F("HardwareCorrupted: ", nothing, .option = "MEMORY_FAILURE"),
	N("AnonHugePages:  ", NR_ANON_THPS),
	N("ShmemHugePages: ", NR_SHMEM_HUGEPAGES),
	N("ShmemPmdMapped: ", NR_SHMEM_PMDMAPPED),
	N("FileHugePages:  ", NR_FILE_HUGEPAGES),
	N("FilePmdMapped:  ", NR_FILE_PMDMAPPED),
	F("Unaccepted:     ", unaccepted, .option = "UNACCEPTED_MEMORY"),
	N("Balloon:        ", NR_BALLOON_PAGES, .option = "BALLOON"),
};

static void show_line(struct out *out, const struct machine *m, const struct line *line)
{
	/* One label is longer than the column: its figure gets what is left. */
	int width = MAX(24 - (int)strlen(line->label), 0);
	u64 value = line->pages ? line->pages(m) : counter(m, line->item);

	if (!line->in_kb)
		value = KB(value);
	out_puts(out, line->label);
	out_u64(out, value, width);
	out_puts(out, " kB\n");
}

/* The pool of the default size, then all pools together. */
static void show_hugetlb(struct out *out, const struct machine *m)
{
	unsigned int order = hugetlb_default_order(m);
	struct hugetlb_counts pool = hugetlb_counts(m, NULL, order);

	out_printf(out, "HugePages_Total:   %5llu\n", (unsigned long long)pool.total);
	out_printf(out, "HugePages_Free:    %5llu\n", (unsigned long long)pool.free);
	out_printf(out, "HugePages_Rsvd:    %5llu\n", (unsigned long long)pool.reserved);
	out_printf(out, "HugePages_Surp:    %5llu\n", (unsigned long long)pool.surplus);
	out_printf(out, "Hugepagesize:   %8llu kB\n", (unsigned long long)KB(1ULL << order));
	out_printf(out, "Hugetlb:        %8llu kB\n",
		   (unsigned long long)KB(hugetlb_total_pages(m)));
}

static void show_direct_map(struct out *out, const struct machine *m)
{
	struct direct_map map = direct_map(m);

	out_printf(out, "DirectMap4k:    %8llu kB\n", (unsigned long long)map.kb[0]);
	out_printf(out, "DirectMap%s:    %8llu kB\n", m->arch->hugetlb_order == 10 ? "4M" : "2M",
		   (unsigned long long)map.kb[1]);
	if (m->gbpages)
		out_printf(out, "DirectMap1G:    %8llu kB\n", (unsigned long long)map.kb[2]);
}

static int meminfo_show(struct out *out, const struct view *v)
{
	const struct machine *m = v->m;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct line *line = &lines[i];

		if (!span_holds(line->span, m->release))
			continue;
		if (line->option && !option_on(m, line->option))
			continue;
		show_line(out, m, line);
	}
	show_hugetlb(out, m);
	show_direct_map(out, m);
	return 0;
}

static const struct entry meminfo_entries[] = {
	FILE_ROW("meminfo", 0444, meminfo_show),
};

static const struct dir meminfo_dir = { DIR_FILES(meminfo_entries) };

TREE_PARTS(meminfo_parts, { "proc", &meminfo_dir });
