// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One row for each line. A row either names a node counter or has a function; both
 * give pages, which print as kB. Labels carry their own padding, as their widths are
 * not all alike. The two files have lines of their own and another order.
 */
#include "fs/core/memory_lines.h"

#include "sim/phys/cma.h"
#include "sim/phys/percpu.h"
#include "sim/phys/vmalloc.h"
#include "sim/virt/virt.h"

struct line {
	const char *label;
	/* Of one node, or with NULL of all. NULL: the counter. */
	u64 (*pages)(const struct machine *m, const struct pglist_data *node);
	u16 item;		/* enum node_stat_item */
	u8 width;		/* of the figure; 0: 8 */
	bool in_kb;		/* what the counter or function gives is kB already */
	struct span span;
	const char *option;	/* build option that it needs; NULL: none */
};

/* What every node has a share of. */

static u64 total(const struct machine *m, const struct pglist_data *node)
{
	return managed_figure(m, node, MEM_ALL) + (node ? 0 : m->late_pages);
}

static u64 free_pages_now(const struct machine *m, const struct pglist_data *node)
{
	return free_figure(m, node, MEM_ALL) + (node ? 0 : m->late_pages);
}

static u64 used(const struct machine *m, const struct pglist_data *node)
{
	u64 pages = total(m, node);

	return pages - MIN(pages, free_pages_now(m, node));
}

static u64 nothing(const struct machine *m, const struct pglist_data *node)
{
	return 0;
}

static u64 active(const struct machine *m, const struct pglist_data *node)
{
	return node_pages(m, node, NR_ACTIVE_ANON) + node_pages(m, node, NR_ACTIVE_FILE);
}

static u64 inactive(const struct machine *m, const struct pglist_data *node)
{
	return node_pages(m, node, NR_INACTIVE_ANON) + node_pages(m, node, NR_INACTIVE_FILE);
}

static u64 mlocked(const struct machine *m, const struct pglist_data *node)
{
	return zones_figure(m, node, NR_MLOCK);
}

static u64 bounce(const struct machine *m, const struct pglist_data *node)
{
	return zones_figure(m, node, NR_BOUNCE);
}

static u64 unaccepted(const struct machine *m, const struct pglist_data *node)
{
	return zones_figure(m, node, NR_UNACCEPTED);
}

static u64 hardware_corrupted(const struct machine *m, const struct pglist_data *node)
{
	(void)node;
	return m->num_poisoned_pages;
}

static u64 cma_total(const struct machine *m, const struct pglist_data *node)
{
	(void)node;
	return totalcma_pages(m);
}

static u64 cma_free(const struct machine *m, const struct pglist_data *node)
{
	return zones_figure(m, node, NR_FREE_CMA);
}

static u64 kreclaimable(const struct machine *m, const struct pglist_data *node)
{
	return node_pages(m, node, NR_SLAB_RECLAIMABLE) +
	       node_pages(m, node, NR_KERNEL_MISC_RECLAIMABLE);
}

static u64 slab(const struct machine *m, const struct pglist_data *node)
{
	return node_pages(m, node, NR_SLAB_RECLAIMABLE) +
	       node_pages(m, node, NR_SLAB_UNRECLAIMABLE);
}

/* What only the machine has: node is NULL. */

static u64 available(const struct machine *m, const struct pglist_data *node)
{
	return si_mem_available(m);
}

static u64 cached(const struct machine *m, const struct pglist_data *node)
{
	u64 file = node_pages(m, node, NR_FILE_PAGES);

	return file - MIN(file, node_pages(m, node, NR_SWAPCACHED));
}

static u64 high_total(const struct machine *m, const struct pglist_data *node)
{
	return managed_figure(m, node, MEM_HIGH);
}

static u64 high_free(const struct machine *m, const struct pglist_data *node)
{
	return free_figure(m, node, MEM_HIGH);
}

static u64 low_total(const struct machine *m, const struct pglist_data *node)
{
	return total(m, node) - high_total(m, node);
}

static u64 low_free(const struct machine *m, const struct pglist_data *node)
{
	return free_pages_now(m, node) - high_free(m, node);
}

static u64 swap_total(const struct machine *m, const struct pglist_data *node)
{
	return (u64)m->total_swap_pages;
}

static u64 swap_free(const struct machine *m, const struct pglist_data *node)
{
	return m->nr_swap_pages > 0 ? (u64)m->nr_swap_pages : 0;
}

static u64 commit_limit(const struct machine *m, const struct pglist_data *node)
{
	return vm_commit_limit(m);
}

static u64 committed(const struct machine *m, const struct pglist_data *node)
{
	return m->virt && m->virt->committed_as > 0 ? (u64)m->virt->committed_as : 0;
}

static u64 vmalloc_total_kb(const struct machine *m, const struct pglist_data *node)
{
	u64 start, end;

	vmalloc_range(m, &start, &end);
	return (end - start) >> 10;
}

static u64 vmalloc_used(const struct machine *m, const struct pglist_data *node)
{
	return vmalloc_nr_pages(m);
}

static u64 percpu(const struct machine *m, const struct pglist_data *node)
{
	return percpu_nr_pages(m);
}

#define N(text, id, ...) { .label = (text), .item = (id), .span = ALL, __VA_ARGS__ }
#define F(text, function, ...) \
	{ .label = (text), .pages = (function), .span = ALL, __VA_ARGS__ }
/* A label that changed. */
#define IN(releases, text, id) { .label = (text), .item = (id), .span = releases }

static const struct line machine_lines[] = {
	F("MemTotal:       ", total),
	F("MemFree:        ", free_pages_now),
	F("MemAvailable:   ", available),
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
	F("SwapTotal:      ", swap_total),
	F("SwapFree:       ", swap_free),
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
	F("CommitLimit:    ", commit_limit),
	F("Committed_AS:   ", committed),
	F("VmallocTotal:   ", vmalloc_total_kb, .in_kb = true),
	F("VmallocUsed:    ", vmalloc_used),
	F("VmallocChunk:   ", nothing),
	F("Percpu:         ", percpu),
	F("HardwareCorrupted: ", hardware_corrupted, .width = 5, .option = "MEMORY_FAILURE"),
	N("AnonHugePages:  ", NR_ANON_THPS),
	N("ShmemHugePages: ", NR_SHMEM_HUGEPAGES),
	N("ShmemPmdMapped: ", NR_SHMEM_PMDMAPPED),
	N("FileHugePages:  ", NR_FILE_HUGEPAGES),
	N("FilePmdMapped:  ", NR_FILE_PMDMAPPED),
	F("CmaTotal:       ", cma_total, .option = "CMA"),
	F("CmaFree:        ", cma_free, .option = "CMA"),
	F("Unaccepted:     ", unaccepted, .option = "UNACCEPTED_MEMORY"),
	N("Balloon:        ", NR_BALLOON_PAGES, .option = "BALLOON"),
};

static const struct line node_lines[] = {
	F("MemTotal:       ", total),
	F("MemFree:        ", free_pages_now),
	F("MemUsed:        ", used),
	N("SwapCached:     ", NR_SWAPCACHED),
	F("Active:         ", active),
	F("Inactive:       ", inactive),
	N("Active(anon):   ", NR_ACTIVE_ANON),
	N("Inactive(anon): ", NR_INACTIVE_ANON),
	N("Active(file):   ", NR_ACTIVE_FILE),
	N("Inactive(file): ", NR_INACTIVE_FILE),
	N("Unevictable:    ", NR_UNEVICTABLE),
	F("Mlocked:        ", mlocked),
	N("Dirty:          ", NR_DIRTY),
	N("Writeback:      ", NR_WRITEBACK),
	N("FilePages:      ", NR_FILE_PAGES),
	N("Mapped:         ", NR_MAPPED),
	N("AnonPages:      ", NR_ANON_PAGES),
	N("Shmem:          ", NR_SHMEM),
	N("KernelStack:    ", NR_KERNEL_STACK, .in_kb = true),
	N("PageTables:     ", NR_PAGE_TABLE_PAGES),
	N("SecPageTables:  ", NR_SEC_PAGE_TABLE_PAGES),
	F("NFS_Unstable:   ", nothing),
	F("Bounce:         ", bounce),
	N("WritebackTmp:   ", NR_WRITEBACK_TEMP),
	F("KReclaimable:   ", kreclaimable),
	F("Slab:           ", slab),
	N("SReclaimable:   ", NR_SLAB_RECLAIMABLE),
	N("SUnreclaim:     ", NR_SLAB_UNRECLAIMABLE),
	N("AnonHugePages:  ", NR_ANON_THPS),
	N("ShmemHugePages: ", NR_SHMEM_HUGEPAGES),
	N("ShmemPmdMapped: ", NR_SHMEM_PMDMAPPED),
	/* The older labels are one blank short. */
	IN(UNTIL(R_6_1), "FileHugePages: ", NR_FILE_HUGEPAGES),
	IN(UNTIL(R_6_1), "FilePmdMapped: ", NR_FILE_PMDMAPPED),
	IN(SINCE(R_6_18), "FileHugePages:  ", NR_FILE_HUGEPAGES),
	IN(SINCE(R_6_18), "FilePmdMapped:  ", NR_FILE_PMDMAPPED),
	F("Unaccepted:     ", unaccepted, .option = "UNACCEPTED_MEMORY"),
};

static void show_line(struct out *out, const struct machine *m,
		      const struct pglist_data *node, const struct line *line)
{
	u64 value = line->pages ? line->pages(m, node) : node_pages(m, node, line->item);

	if (node) {
		out_puts(out, "Node ");
		out_u64(out, node->id, 0);
		out_putc(out, ' ');
	}
	out_puts(out, line->label);
	out_u64(out, line->in_kb ? value : KB(value), line->width ? line->width : 8);
	out_puts(out, " kB\n");
}

void show_memory_lines(struct out *out, const struct machine *m,
		       const struct pglist_data *node)
{
	const struct line *line = node ? node_lines : machine_lines;
	size_t nr = node ? ARRAY_SIZE(node_lines) : ARRAY_SIZE(machine_lines);

	for (; nr--; line++)
		if (span_holds(line->span, m->release) &&
		    (!line->option || option_on(m, line->option)))
			show_line(out, m, node, line);
}
