/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures as files print them: counters in the units of the text (pages, or huge
 * pages for some), sums over nodes and zones, which rows a machine shows. All
 * read only; units are pages unless the name says otherwise.
 */
#ifndef KMM_FS_FIGURES_H
#define KMM_FS_FIGURES_H

#include "fs/core/entry.h"
#include "sim/phys/page_alloc.h"

/*
 * Was the kernel built with CONFIG_<name>? NUMA and HIGHMEM follow from the
 * architecture, the rest from [config].
 */
bool option_on(const struct machine *m, const char *name);

/* Does this machine's kernel have the counter on this line? */
bool counter_shown(const struct machine *m, const struct counter_row *row);

/* Of a zone. */
u64 zone_figure(const struct machine *m, const struct zone *zone, enum zone_stat_item item);

/*
 * Of a node, or with node = NULL of all nodes: slab bytes become pages,
 * transparent huge pages stay base pages.
 */
u64 node_pages(const struct machine *m, const struct pglist_data *node,
	       enum node_stat_item item);
/* The same as vmstat files print it: counts of huge pages where they do. */
u64 node_figure(const struct machine *m, const struct pglist_data *node,
		enum node_stat_item item);

/* Zone counters summed over one node's zones, or over all (node = NULL). */
u64 zones_figure(const struct machine *m, const struct pglist_data *node,
		 enum zone_stat_item item);
u64 zones_numa_figure(const struct machine *m, const struct pglist_data *node,
		      enum numa_stat_item item);

/* Pages managed by a node's (NULL: all) zones, HighMem apart or alone. */
enum mem_part { MEM_ALL, MEM_HIGH };
u64 managed_figure(const struct machine *m, const struct pglist_data *node,
		   enum mem_part part);
u64 free_figure(const struct machine *m, const struct pglist_data *node,
		enum mem_part part);

/* vm.dirty_*: the limits in pages. */
void dirty_limits(const struct machine *m, u64 *background, u64 *limit);

/* Pages that one huge page of the page tables' second level has: 512 or 1024. */
unsigned int pmd_pages(const struct machine *m);

/* Sizes of the sets of CPUs. */
void cpus_of_machine(const struct machine *m, u64 words[CPU_WORDS]);

#endif
