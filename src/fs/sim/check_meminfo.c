// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Invariant K4: the figures of proc/meminfo add up, by the text alone where the text
 * has all parts, else with what is counted from the structures. I9: proc/vmstat has
 * the sums of what proc/zoneinfo shows.
 */
#include <stdio.h>

#include "fs/core/figures.h"
#include "fs/proc/direct_map.h"
#include "fs/sim/check.h"
#include "sim/phys/buddy.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/percpu.h"
#include "sim/phys/tunables.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/swap.h"
#include "sim/virt/virt.h"

#define KB(pages) ((pages) << (PAGE_SHIFT - 10))
#define PAGES(kb) ((kb) >> (PAGE_SHIFT - 10))

/* A line's figure; one that this kernel has no line for is 0. */
static u64 of(const char *text, const char *label)
{
	u64 number = 0;

	return text_figure(text, label, &number) ? number : 0;
}

/* One line is the sum of two. */
static void check_sums(const char *text, struct check *check)
{
	static const struct {
		const char *sum, *parts[2];
	} sums[] = {
		{ "Active:", { "Active(anon):", "Active(file):" } },
		{ "Inactive:", { "Inactive(anon):", "Inactive(file):" } },
		{ "Slab:", { "SReclaimable:", "SUnreclaim:" } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(sums); i++)
		check_shown(check, "K4", "meminfo", sums[i].sum,
			    of(text, sums[i].parts[0]) + of(text, sums[i].parts[1]),
			    of(text, sums[i].sum));
}

/* One line is no larger than some others together. */
static void check_bounds(const char *text, struct check *check)
{
	static const struct {
		const char *part, *wholes[3];
		u64 besides;	/* kB that no line has: pages of the vdso are no file's */
	} bounds[] = {
		{ "MemFree:", { "MemTotal:" } },
		{ "AnonHugePages:", { "AnonPages:" } },
		{ "Mapped:", { "Cached:", "Buffers:", "SwapCached:" }, 16 },
		{ "SwapFree:", { "SwapTotal:" } },
		{ "SReclaimable:", { "KReclaimable:" } },
		{ "HugePages_Free:", { "HugePages_Total:" } },
		{ "ShmemHugePages:", { "Shmem:" } },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bounds); i++) {
		u64 part = of(text, bounds[i].part), whole = bounds[i].besides;

		for (unsigned int w = 0; w < 3 && bounds[i].wholes[w]; w++)
			whole += of(text, bounds[i].wholes[w]);
		check->nr_checked++;
		if ((s64)part > (s64)whole)
			check_fail(check, "K4", "meminfo: expected %s %llu or less, found %llu",
				   bounds[i].part, (unsigned long long)whole,
				   (unsigned long long)part);
	}
}

/* Managed pages and free pages, from the zones and their lists. */
static void check_memory(const struct machine *m, const char *text, struct check *check)
{
	u64 managed = m->late_pages, free = m->late_pages, found;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		managed += m->zones[i]->managed_pages;
		for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
			for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
				if (type != MIGRATE_ISOLATE)
					free += buddy_recount(m, m->zones[i], order, type)
						<< order;
	}
	check_shown(check, "K4", "meminfo", "MemTotal:", KB(managed), of(text, "MemTotal:"));
	check_shown(check, "K4", "meminfo", "MemFree:", KB(free), of(text, "MemFree:"));
	if (!text_figure(text, "LowTotal:", &found))
		return;
	check_shown(check, "K4", "meminfo", "LowTotal: + HighTotal:", of(text, "MemTotal:"),
		    found + of(text, "HighTotal:"));
	check_shown(check, "K4", "meminfo", "LowFree: + HighFree:", of(text, "MemFree:"),
		    of(text, "LowFree:") + of(text, "HighFree:"));
}

/* Free pages beyond the reserves, and the better half of what can be reclaimed. */
static void check_available(const struct machine *m, const char *text, struct check *check)
{
	u64 cache = PAGES(of(text, "Active(file):") + of(text, "Inactive(file):"));
	u64 slab = PAGES(of(text, "KReclaimable:")), low = 0;
	s64 available = (s64)PAGES(of(text, "MemFree:")) - (s64)m->totalreserve_pages;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		low += m->zones[i]->watermark[WMARK_LOW] + m->zones[i]->watermark_boost;
	available += (s64)(cache - MIN(cache / 2, low));
	available += (s64)(slab - MIN(slab / 2, low));
	check_shown(check, "K4", "meminfo", "MemAvailable:",
		    available > 0 ? KB((u64)available) : 0, of(text, "MemAvailable:"));
}

/* A ratio is a number with a sign, and multiplies as the kernel's unsigned long. */
static void check_commit_limit(const struct machine *m, const char *text,
			       struct check *check)
{
	const struct tunables *t = m->tunables;
	u64 pages = PAGES(of(text, "MemTotal:")) - PAGES(of(text, "Hugetlb:"));
	u64 hundredths = pages * (u64)(s64)t->overcommit_ratio;

	if (m->arch->bits == 32)
		hundredths = (u32)hundredths;
	pages = t->overcommit_kbytes ? t->overcommit_kbytes >> (PAGE_SHIFT - 10) :
				       hundredths / 100;
	check_shown(check, "K4", "meminfo", "CommitLimit:",
		    KB(pages + PAGES(of(text, "SwapTotal:"))), of(text, "CommitLimit:"));
}

static void check_huge_pages(const char *text, struct check *check)
{
	u64 pool = of(text, "HugePages_Total:") * of(text, "Hugepagesize:");

	check->nr_checked++;
	if (of(text, "Hugetlb:") < pool)
		check_fail(check, "K4", "meminfo: expected Hugetlb: %llu or more, found %llu",
			   (unsigned long long)pool, (unsigned long long)of(text, "Hugetlb:"));
}

/* -- the other lines: what nodes and subsystems say, whom other invariants recount ------- */

static u64 mlocked(const struct machine *m)
{
	return KB(zones_figure(m, NULL, NR_MLOCK));
}

static u64 committed(const struct machine *m)
{
	return m->virt->committed_as > 0 ? KB((u64)m->virt->committed_as) : 0;
}

static u64 cached(const struct machine *m)
{
	return KB(node_pages(m, NULL, NR_FILE_PAGES) - node_pages(m, NULL, NR_SWAPCACHED));
}

static u64 reclaimable(const struct machine *m)
{
	return KB(node_pages(m, NULL, NR_SLAB_RECLAIMABLE) +
		  node_pages(m, NULL, NR_KERNEL_MISC_RECLAIMABLE));
}

static u64 kernel_stacks(const struct machine *m)
{
	return node_pages(m, NULL, NR_KERNEL_STACK);
}

static u64 unaccepted(const struct machine *m)
{
	return KB(zones_figure(m, NULL, NR_UNACCEPTED));
}

static u64 vmalloc_space(const struct machine *m)
{
	u64 start, end;

	vmalloc_range(m, &start, &end);
	return (end - start) >> 10;
}

static u64 vmalloc_used(const struct machine *m)
{
	return KB(vmalloc_nr_pages(m));
}

static u64 percpu(const struct machine *m)
{
	return KB(percpu_nr_pages(m));
}

static u64 pool_total(const struct machine *m)
{
	return hugetlb_counts(m, NULL, hugetlb_default_order(m)).total;
}

static u64 pool_free(const struct machine *m)
{
	return hugetlb_counts(m, NULL, hugetlb_default_order(m)).free;
}

static u64 pool_reserved(const struct machine *m)
{
	return hugetlb_counts(m, NULL, hugetlb_default_order(m)).reserved;
}

static u64 pool_surplus(const struct machine *m)
{
	return hugetlb_counts(m, NULL, hugetlb_default_order(m)).surplus;
}

static u64 pool_size(const struct machine *m)
{
	return KB(1ULL << hugetlb_default_order(m));
}

static u64 pools(const struct machine *m)
{
	return KB(hugetlb_total_pages(m));
}

static u64 nothing(const struct machine *m)
{
	(void)m;
	return 0;
}

static u64 hardware_corrupted(const struct machine *m)
{
	return KB(hwpoison_recount(m));
}

/* Whole areas, by the pageblocks of their zones: none is Isolate between two lines. */
static u64 cma_total(const struct machine *m)
{
	u64 blocks = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		blocks += m->zones[i]->pageblocks[MIGRATE_CMA];
	return KB(blocks << m->pageblock_order);
}

static u64 cma_free(const struct machine *m)
{
	u64 pages = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++)
		for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
			pages += buddy_recount(m, m->zones[i], order, MIGRATE_CMA) << order;
	return KB(pages);
}

/* What proc/swaps has; SwapFree counts no slots that stocks of CPUs will take. */
static u64 swap_all(const struct machine *m)
{
	struct swap_area area;
	u64 pages = 0;

	for (unsigned int i = 0; swap_area_at(m, i, &area); i++)
		pages += area.pages;
	return KB(pages);
}

static u64 swap_left(const struct machine *m)
{
	struct swap_area area;
	u64 pages = 0;

	for (unsigned int i = 0; swap_area_at(m, i, &area); i++)
		pages += area.pages - area.inuse;
	return KB(pages);
}

/* As text_figure() reads a line: which figure it has to show. */
static const struct meminfo_row {
	const char *label;
	u64 (*figure)(const struct machine *m);	/* NULL: the node counter, in kB */
	u16 item;
} rows[] = {
	{ "Buffers:", nothing, 0 },
	{ "Cached:", cached, 0 },
	{ "SwapCached:", NULL, NR_SWAPCACHED },
	{ "Active(anon):", NULL, NR_ACTIVE_ANON },
	{ "Inactive(anon):", NULL, NR_INACTIVE_ANON },
	{ "Active(file):", NULL, NR_ACTIVE_FILE },
	{ "Inactive(file):", NULL, NR_INACTIVE_FILE },
	{ "Unevictable:", NULL, NR_UNEVICTABLE },
	{ "Mlocked:", mlocked, 0 },
	{ "SwapTotal:", swap_all, 0 },
	{ "SwapFree:", swap_left, 0 },
	{ "Zswap:", nothing, 0 },
	{ "Zswapped:", nothing, 0 },
	{ "Dirty:", NULL, NR_DIRTY },
	{ "Writeback:", NULL, NR_WRITEBACK },
	{ "AnonPages:", NULL, NR_ANON_PAGES },
	{ "Mapped:", NULL, NR_MAPPED },
	{ "Shmem:", NULL, NR_SHMEM },
	{ "KReclaimable:", reclaimable, 0 },
	{ "SReclaimable:", NULL, NR_SLAB_RECLAIMABLE },
	{ "SUnreclaim:", NULL, NR_SLAB_UNRECLAIMABLE },
	{ "KernelStack:", kernel_stacks, 0 },
	{ "PageTables:", NULL, NR_PAGE_TABLE_PAGES },
	{ "SecPageTables:", NULL, NR_SEC_PAGE_TABLE_PAGES },
	{ "NFS_Unstable:", nothing, 0 },
	{ "Bounce:", nothing, 0 },
	{ "WritebackTmp:", NULL, NR_WRITEBACK_TEMP },
	{ "Committed_AS:", committed, 0 },
	{ "VmallocTotal:", vmalloc_space, 0 },
	{ "VmallocUsed:", vmalloc_used, 0 },
	{ "VmallocChunk:", nothing, 0 },
	{ "Percpu:", percpu, 0 },
	{ "HardwareCorrupted:", hardware_corrupted, 0 },
	{ "AnonHugePages:", NULL, NR_ANON_THPS },
	{ "ShmemHugePages:", NULL, NR_SHMEM_HUGEPAGES },
	{ "ShmemPmdMapped:", NULL, NR_SHMEM_PMDMAPPED },
	{ "FileHugePages:", NULL, NR_FILE_HUGEPAGES },
	{ "FilePmdMapped:", NULL, NR_FILE_PMDMAPPED },
	{ "CmaTotal:", cma_total, 0 },
	{ "CmaFree:", cma_free, 0 },
	{ "Unaccepted:", unaccepted, 0 },
	{ "Balloon:", NULL, NR_BALLOON_PAGES },
	{ "HugePages_Total:", pool_total, 0 },
	{ "HugePages_Free:", pool_free, 0 },
	{ "HugePages_Rsvd:", pool_reserved, 0 },
	{ "HugePages_Surp:", pool_surplus, 0 },
	{ "Hugepagesize:", pool_size, 0 },
	{ "Hugetlb:", pools, 0 },
};

/* Lines that are worked out above, from other lines or from the zones. */
static const char *const worked_out[] = {
	"MemTotal:", "MemFree:", "MemAvailable:", "Active:", "Inactive:", "Slab:", "HighTotal:",
	"HighFree:", "LowTotal:", "LowFree:", "CommitLimit:", "DirectMap4k:", "DirectMap2M:",
	"DirectMap4M:", "DirectMap1G:",
};

static bool is_worked_out(const char *line)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(worked_out); i++) {
		if (!strncmp(line, worked_out[i], strlen(worked_out[i])))
			return true;
	}
	return false;
}

static void check_line(const struct machine *m, const char *line, struct check *check)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct meminfo_row *row = &rows[i];
		const char *at = line + strlen(row->label);
		u64 found = 0;

		if (strncmp(line, row->label, strlen(row->label)))
			continue;
		if (!text_number(&at, &found))
			break;
		check_shown(check, "K4", "meminfo", row->label, row->figure ? row->figure(m) :
			    KB(node_pages(m, NULL, row->item)), found);
		return;
	}
	check->nr_checked++;
	if (!is_worked_out(line))
		check_fail(check, "K4", "meminfo: expected a line that is known, found '%.60s'",
			   line);
}

static void check_lines(const struct machine *m, const char *text, struct check *check)
{
	char line[512];

	while (text_line(&text, line))
		check_line(m, line, check);
}

static void check_direct_map(const struct machine *m, const char *text, struct check *check)
{
	const struct direct_map map = direct_map(m);
	static const char *const labels[] = { "DirectMap4k:", "DirectMap2M:", "DirectMap1G:" };

	for (unsigned int i = 0; i < ARRAY_SIZE(labels); i++)
		check_shown(check, "K4", "meminfo", labels[i], map.kb[i], of(text, labels[i]) +
			    (i == 1 ? of(text, "DirectMap4M:") : 0));
}

void meminfo_check(const struct machine *m, const char *text, struct check *check)
{
	check_sums(text, check);
	check_bounds(text, check);
	check_memory(m, text, check);
	check_available(m, text, check);
	check_commit_limit(m, text, check);
	check_huge_pages(text, check);
	check_direct_map(m, text, check);
	check_lines(m, text, check);
}

/* -- vmstat -------------------------------------------------------------------------- */

/* The figures of this name in zoneinfo, of whatever zones and nodes; false: none. */
static bool sum_of_zones(const char *zoneinfo, const char *name, u64 *sum)
{
	size_t len = strlen(name);
	bool any = false;

	*sum = 0;
	for (const char *p = zoneinfo, *end; p; p = end ? end + 1 : NULL) {
		const char *at = p + 6;
		u64 figure;

		end = strchr(p, '\n');
		if (strncmp(p, "      ", 6) || strncmp(at, name, len) || at[len] != ' ')
			continue;
		at += len;
		if (!text_number(&at, &figure))
			continue;
		*sum += figure;
		any = true;
	}
	return any;
}

/*
 * What zones and nodes counted that zoneinfo does not show now: they lost their memory, or
 * the figure is below 0, as moves of huge pages leave nr_hugetlb, and reads as 0.
 */
static u64 hidden(const struct machine *m, const struct counter_row *row)
{
	u64 sum = 0;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		if (zone_populated(zone))
			continue;
		if (row->kind == COUNTER_ZONE)
			sum += zone_figure(m, zone, row->id);
		else if (row->kind == COUNTER_NUMA)
			sum += (u64)MAX(zone->numa[row->id], 0);
	}
	for (unsigned int i = 0; i < m->nr_nodes && row->kind == COUNTER_NODE; i++) {
		const struct pglist_data *node = m->nodes[i];

		if (node && node->stat[row->id] < 0)
			sum += (u64)node->stat[row->id];
		else if (node && !node->present_pages)
			sum += node_figure(m, node, row->id);
	}
	return sum;
}

static u64 hidden_of(const struct machine *m, const char *name)
{
	size_t len = strlen(name);

	for (unsigned int i = 0; i < nr_counter_rows; i++) {
		const struct counter_row *row = &counter_rows[i];

		if (row->kind != COUNTER_WB && row->len >= len && counter_shown(m, row) &&
		    !strncmp(row->label + COUNTER_INDENT, name, len) &&
		    row->label[COUNTER_INDENT + len] == ' ')
			return hidden(m, row);
	}
	return 0;
}

void vmstat_check(const struct machine *m, const char *vmstat, const char *zoneinfo,
		  struct check *check)
{
	char line[512];

	while (text_line(&vmstat, line)) {
		size_t len = strcspn(line, " ");
		const char *at = line + len;
		u64 found = 0, sum;

		line[len] = '\0';
		at += *at == '\0';
		if (!text_number(&at, &found) || !sum_of_zones(zoneinfo, line, &sum))
			continue;
		sum = (u64)MAX((s64)(sum + hidden_of(m, line)), 0);
		check_shown(check, "I9", "vmstat", line, sum, found);
	}
}
