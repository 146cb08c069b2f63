// SPDX-License-Identifier: GPL-2.0-or-later
/* A row for each line, in the order of the files. */
#include "sim/phys/memcg_stats.h"

/* Where a figure comes from, and what it is counted in. */
enum source {
	NODE_PAGES, NODE_KB, NODE_NUMBER, NODE_BYTES, KERNEL_PAGES, KERNEL_BYTES, ZERO, SLAB
};

static const struct stat_row {
	const char *name;
	enum source source;
	u8 item;
	bool by_node;		/* in memory.numa_stat */
	bool sum;		/* in memory.stat */
	struct span span;
} stat_rows[] = {
	{ "anon", NODE_PAGES, NR_ANON_PAGES, true, true, ALL },
	{ "file", NODE_PAGES, NR_FILE_PAGES, true, true, ALL },
	{ "kernel", KERNEL_PAGES, MEMCG_KMEM, false, true, ALL },
	{ "kernel_stack", NODE_KB, NR_KERNEL_STACK, true, true, ALL },
	{ "pagetables", NODE_PAGES, NR_PAGE_TABLE_PAGES, true, true, ALL },
	{ "sec_pagetables", NODE_PAGES, NR_SEC_PAGE_TABLE_PAGES, true, true, ALL },
	{ "percpu", KERNEL_BYTES, MEMCG_PERCPU_B, false, true, ALL },
	{ "sock", ZERO, 0, false, true, ALL },
	{ "vmalloc", KERNEL_PAGES, MEMCG_VMALLOC, false, true, ALL },
	{ "shmem", NODE_PAGES, NR_SHMEM, true, true, ALL },
	{ "file_mapped", NODE_PAGES, NR_MAPPED, true, true, ALL },
	{ "file_dirty", NODE_PAGES, NR_DIRTY, true, true, ALL },
	{ "file_writeback", NODE_PAGES, NR_WRITEBACK, true, true, ALL },
	{ "swapcached", NODE_PAGES, NR_SWAPCACHED, true, true, ALL },
	{ "anon_thp", NODE_PAGES, NR_ANON_THPS, true, true, ALL },
	{ "file_thp", NODE_PAGES, NR_FILE_HUGEPAGES, true, true, ALL },
	{ "shmem_thp", NODE_PAGES, NR_SHMEM_HUGEPAGES, true, true, ALL },
	{ "inactive_anon", NODE_PAGES, NR_INACTIVE_ANON, true, true, ALL },
	{ "active_anon", NODE_PAGES, NR_ACTIVE_ANON, true, true, ALL },
	{ "inactive_file", NODE_PAGES, NR_INACTIVE_FILE, true, true, ALL },
	{ "active_file", NODE_PAGES, NR_ACTIVE_FILE, true, true, ALL },
	{ "unevictable", NODE_PAGES, NR_UNEVICTABLE, true, true, ALL },
	{ "slab_reclaimable", NODE_BYTES, NR_SLAB_RECLAIMABLE, true, true, ALL },
	{ "slab_unreclaimable", NODE_BYTES, NR_SLAB_UNRECLAIMABLE, true, true, ALL },
	{ "slab", SLAB, 0, false, true, ALL },
	{ "hugetlb", ZERO, 0, true, false, SINCE(R_6_18) },
	{ "workingset_refault_anon", NODE_NUMBER, WORKINGSET_REFAULT_ANON, true, true, ALL },
	{ "workingset_refault_file", NODE_NUMBER, WORKINGSET_REFAULT_FILE, true, true, ALL },
	{ "workingset_activate_anon", NODE_NUMBER, WORKINGSET_ACTIVATE_ANON, true, true, ALL },
	{ "workingset_activate_file", NODE_NUMBER, WORKINGSET_ACTIVATE_FILE, true, true, ALL },
	{ "workingset_restore_anon", NODE_NUMBER, WORKINGSET_RESTORE_ANON, true, true, ALL },
	{ "workingset_restore_file", NODE_NUMBER, WORKINGSET_RESTORE_FILE, true, true, ALL },
	{ "workingset_nodereclaim", NODE_NUMBER, WORKINGSET_NODERECLAIM, true, true, ALL },
	{ "pgdemote_kswapd", NODE_NUMBER, PGDEMOTE_KSWAPD, true, true, SINCE(R_6_18) },
	{ "pgdemote_direct", NODE_NUMBER, PGDEMOTE_DIRECT, true, true, SINCE(R_6_18) },
	{ "pgdemote_khugepaged", NODE_NUMBER, PGDEMOTE_KHUGEPAGED, true, true, SINCE(R_6_18) },
	{ "pgdemote_proactive", NODE_NUMBER, PGDEMOTE_PROACTIVE, true, true, SINCE(R_6_18) },
	{ "pgpromote_success", NODE_NUMBER, PGPROMOTE_SUCCESS, true, true, SINCE(R_6_18) },
};

static const struct event_row {
	const char *name;
	struct span span;
	bool numa;		/* where there is NUMA balancing */
	u8 nr;
	enum vm_event_item items[4];
} event_rows[] = {
	{ "pgscan", UNTIL(R_6_1), false, 2, { PGSCAN_KSWAPD, PGSCAN_DIRECT } },
	{ "pgscan", SINCE(R_6_18), false, 4,
	  { PGSCAN_KSWAPD, PGSCAN_DIRECT, PGSCAN_KHUGEPAGED, PGSCAN_PROACTIVE } },
	{ "pgsteal", UNTIL(R_6_1), false, 2, { PGSTEAL_KSWAPD, PGSTEAL_DIRECT } },
	{ "pgsteal", SINCE(R_6_18), false, 4,
	  { PGSTEAL_KSWAPD, PGSTEAL_DIRECT, PGSTEAL_KHUGEPAGED, PGSTEAL_PROACTIVE } },
	{ "pswpin", SINCE(R_6_18), false, 1, { PSWPIN } },
	{ "pswpout", SINCE(R_6_18), false, 1, { PSWPOUT } },
	{ "pgscan_kswapd", ALL, false, 1, { PGSCAN_KSWAPD } },
	{ "pgscan_direct", ALL, false, 1, { PGSCAN_DIRECT } },
	{ "pgscan_khugepaged", SINCE(R_6_18), false, 1, { PGSCAN_KHUGEPAGED } },
	{ "pgscan_proactive", SINCE(R_6_18), false, 1, { PGSCAN_PROACTIVE } },
	{ "pgsteal_kswapd", ALL, false, 1, { PGSTEAL_KSWAPD } },
	{ "pgsteal_direct", ALL, false, 1, { PGSTEAL_DIRECT } },
	{ "pgsteal_khugepaged", SINCE(R_6_18), false, 1, { PGSTEAL_KHUGEPAGED } },
	{ "pgsteal_proactive", SINCE(R_6_18), false, 1, { PGSTEAL_PROACTIVE } },
	{ "pgfault", ALL, false, 1, { PGFAULT } },
	{ "pgmajfault", ALL, false, 1, { PGMAJFAULT } },
	{ "pgrefill", ALL, false, 1, { PGREFILL } },
	{ "pgactivate", ALL, false, 1, { PGACTIVATE } },
	{ "pgdeactivate", ALL, false, 1, { PGDEACTIVATE } },
	{ "pglazyfree", ALL, false, 1, { PGLAZYFREE } },
	{ "pglazyfreed", ALL, false, 1, { PGLAZYFREED } },
	{ "swpin_zero", SINCE(R_6_18), false, 1, { SWPIN_ZERO } },
	{ "swpout_zero", SINCE(R_6_18), false, 1, { SWPOUT_ZERO } },
	{ "thp_fault_alloc", ALL, false, 1, { THP_FAULT_ALLOC } },
	{ "thp_collapse_alloc", ALL, false, 1, { THP_COLLAPSE_ALLOC } },
	{ "thp_swpout", SINCE(R_6_18), false, 1, { THP_SWPOUT } },
	{ "thp_swpout_fallback", SINCE(R_6_18), false, 1, { THP_SWPOUT_FALLBACK } },
	{ "numa_pages_migrated", SINCE(R_6_18), true, 1, { NUMA_PAGES_MIGRATED } },
	{ "numa_pte_updates", SINCE(R_6_18), true, 1, { NUMA_PTE_UPDATES } },
	{ "numa_hint_faults", SINCE(R_6_18), true, 1, { NUMA_HINT_FAULTS } },
};

static s64 slab_bytes(const struct machine *m, const struct mem_cgroup *memcg)
{
	return memcg_node_stat(m, memcg, NR_SLAB_RECLAIMABLE, -1) +
	       memcg_node_stat(m, memcg, NR_SLAB_UNRECLAIMABLE, -1);
}

static s64 figure(const struct machine *m, const struct mem_cgroup *memcg,
		  const struct stat_row *row, int node)
{
	static const u32 units[] = {
		[NODE_PAGES] = PAGE_SIZE, [NODE_KB] = 1024, [NODE_NUMBER] = 1, [NODE_BYTES] = 1,
		[KERNEL_PAGES] = PAGE_SIZE, [KERNEL_BYTES] = 1,
	};

	switch (row->source) {
	case ZERO:
		return 0;
	case SLAB:
		return slab_bytes(m, memcg);
	case KERNEL_PAGES:
	case KERNEL_BYTES:
		return memcg_kernel(m, memcg, row->item) * units[row->source];
	default:
		return memcg_node_stat(m, memcg, row->item, node) * units[row->source];
	}
}

void memory_stat_format(const struct machine *m, const struct mem_cgroup *memcg, struct out *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(stat_rows); i++) {
		const struct stat_row *row = &stat_rows[i];

		if (row->sum && span_holds(row->span, m->release))
			out_printf(out, "%s %lld\n", row->name,
				   (long long)figure(m, memcg, row, -1));
	}
	for (size_t i = 0; i < ARRAY_SIZE(event_rows); i++) {
		const struct event_row *row = &event_rows[i];
		s64 sum = 0;

		if (!span_holds(row->span, m->release) || (row->numa && !m->arch->numa))
			continue;
		for (unsigned int k = 0; k < row->nr; k++)
			sum += memcg_event(m, memcg, row->items[k]);
		out_printf(out, "%s %lld\n", row->name, (long long)sum);
	}
}

void memory_numa_stat_format(const struct machine *m, const struct mem_cgroup *memcg,
			     struct out *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(stat_rows); i++) {
		const struct stat_row *row = &stat_rows[i];

		if (!row->by_node || !span_holds(row->span, m->release))
			continue;
		out_puts(out, row->name);
		for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
			if (m->nodes[nid] && m->nodes[nid]->has_memory)
				out_printf(out, " N%u=%lld", nid,
					   (long long)figure(m, memcg, row, (int)nid));
		out_putc(out, '\n');
	}
}
