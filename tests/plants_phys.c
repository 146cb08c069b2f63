// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What can be wrong with the rest of physical memory: areas, stacks, per-CPU chunks, pools of
 * huge pages, records of page_owner, compaction, counters and timers.
 */
#include "plants.h"

#include <stdlib.h>

#include "support.h"
#include "sim/base/event.h"
#include "sim/phys/percpu_internal.h"
#include "sim/phys/buddy.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/direct_split.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/tunables.h"
#include "sim/phys/vmalloc_types.h"
#include "sim/policy/compaction.h"
#include "sim/virt/set_memory.h"
#include "sim/virt/task.h"

static void area_size(struct machine *m)
{
	plant_area(m)->bytes += PAGE_SIZE;
}

static void kernel_table(struct machine *m)
{
	pfn_to_page(m, m->kernel_tables->rows[0].pfn)->index++;
}

/* Two large entries of the direct map become tables. */
static struct direct_split *split_map(struct machine *m)
{
	CU_ASSERT_EQUAL_FATAL(set_direct_map_invalid(m, 16 << 10), 0);
	CU_ASSERT_EQUAL_FATAL(set_direct_map_invalid(m, 32 << 10), 0);
	CU_ASSERT_TRUE_FATAL(m->direct_splits->nr > 1);
	return m->direct_splits->rows;
}

static void split_order(struct machine *m)
{
	split_map(m)[0].level = 3;
}

static void split_table(struct machine *m)
{
	struct direct_split *split = split_map(m);

	page_set_type(pfn_to_page(m, split->pfn), PGTY_stack);
}

static void stack_count(struct machine *m)
{
	m->nodes[0]->stat[NR_KERNEL_STACK]++;
}

static void per_cpu(struct machine *m)
{
	plant_page_of_type(m, PGTY_percpu)->index++;
}

static void per_cpu_hole(struct machine *m)
{
	m->percpu->chunks[0]->contig++;
}

static void per_cpu_piece(struct machine *m)
{
	m->percpu->chunks[0]->taken[900] |= 4;
}

static void huge_page(struct machine *m)
{
	plant_page_of_type(m, PGTY_hugetlb)->flags |= 1U << PG_lru;
}

static void huge_page_lost(struct machine *m)
{
	(void)plant_take(m, 9, GFP_KERNEL | __GFP_COMP, PGTY_hugetlb);
}

static void gigantic(struct machine *m)
{
	for (u64 pfn = 0; pfn < m->max_pfn; pfn += 1 << 18)
		if (page_present(m, pfn) && allocated_order(m, pfn) == 18) {
			page_set_type(pfn_to_page(m, pfn), PGTY_kernel);
			return;
		}
	CU_FAIL("no gigantic page");
}

static void pool_sysctl(struct machine *m)
{
	m->tunables->nr_hugepages++;
}

static void numa_miss(struct machine *m)
{
	plant_normal(m)->numa[NUMA_MISS]++;
	plant_normal(m)->numa[NUMA_HIT]--;
}

static void pgfree(struct machine *m)
{
	m->event[PGFREE]++;
}

static void negative(struct machine *m)
{
	m->event[PGFAULT] = -1;
}

static void overdue(struct machine *m)
{
	m->now_ns = m->events->heap[0].when_ns;
}

static void event_order(struct machine *m)
{
	struct event event = m->events->heap[0];

	event.when_ns += 5;
	event.period_ns = 0;
	CU_ASSERT_EQUAL_FATAL(event_add(m->events, &event, NULL), 0);
	for (unsigned int i = 1; i < m->events->nr; i++)
		if (m->events->heap[i].id == m->events->next_id - 1)
			m->events->heap[i].when_ns -= 10;
}

static void event_twice(struct machine *m)
{
	CU_ASSERT_EQUAL_FATAL(event_add(m->events, &m->events->heap[0], NULL), 0);
	m->events->heap[1].id = m->events->heap[0].id;
}

static void scanner_astray(struct machine *m)
{
	plant_normal(m)->compact.cached_free_pfn = 1;
}

static void kcompactd_order(struct machine *m)
{
	m->nodes[1]->kcompactd_max_order = MAX_PAGE_ORDER + 1;
}

static void compaction_deferred(struct machine *m)
{
	plant_normal(m)->compact.defer_shift = 30;
}

static void capture_left(struct machine *m)
{
	static struct capture_control capture;

	m->capture = &capture;
}

static void area_page(struct machine *m)
{
	pfn_to_page(m, plant_area(m)->pfns[1])->index++;
}

static void area_unaligned(struct machine *m)
{
	plant_area(m)->addr += 8;
}

static void area_beyond(struct machine *m)
{
	(void)plant_area(m);
	m->vmalloc->areas[m->vmalloc->nr - 1]->bytes = m->vmalloc->end - m->vmalloc->start;
}

static void area_holes(struct machine *m)
{
	(void)plant_area(m);
	m->vmalloc->packed[0] = m->vmalloc->nr;
}

static void area_lazy(struct machine *m)
{
	(void)plant_area(m);
	m->vmalloc->nr_lazy++;
}

/* An area that a vmap node keeps. */
static struct vmap_pool *pool_of_one(struct machine *m)
{
	u64 addr = plant_area(m)->addr;

	if (vfree(m, addr) || !vm_unmap_aliases(m))
		abort();
	for (unsigned int i = 0; ; i++)
		if (m->vmalloc->pools[i].len)
			return &m->vmalloc->pools[i];
}

static void pool_size(struct machine *m)
{
	pool_of_one(m)->first->bytes -= PAGE_SIZE;
}

static void pool_length(struct machine *m)
{
	pool_of_one(m)->len++;
}

static void pool_lost(struct machine *m)
{
	pool_of_one(m);
	m->vmalloc->nr_pooled++;
}

static void area_blocks(struct machine *m)
{
	plant_area(m)->page_order = 9;
}

static void area_used(struct machine *m)
{
	(void)plant_area(m);
	m->vmalloc->nr_pages++;
}

static void kernel_tables_count(struct machine *m)
{
	m->kernel_tables->nr_counted++;
}

static void stack_pages(struct machine *m)
{
	(void)plant_take(m, 0, GFP_KERNEL, PGTY_stack);
}

static void stack_cached_twice(struct machine *m)
{
	m->tasks->cached_stack[0][0] = m->tasks->tasks[1]->stack;
}

static void huge_pages_swapped(struct machine *m)
{
	struct hstate *h = hugetlb_hstate(m, 9);
	struct page_list list = h->free[0];

	h->free[0] = h->free[1];
	h->free[1] = list;
}

static void huge_pages_promised(struct machine *m)
{
	struct hstate *h = hugetlb_hstate(m, 9);

	h->resv_huge_pages = h->free_huge_pages + 1;
}

static struct hugetlb_state *pools;

static void pools_lost(struct machine *m)
{
	pools = m->hugetlb;
	m->hugetlb = NULL;
}

static void pools_found(struct machine *m)
{
	m->hugetlb = pools;
}

static void zone_negative(struct machine *m)
{
	plant_dma32(m)->stat[NR_ZONE_WRITE_PENDING] = -1;
}

static void node_negative(struct machine *m)
{
	m->nodes[0]->stat[NR_WRITEBACK] = -1;
}

/* In front of a stack are its depth and, from bit 8 on, its pages. */
static void owner_stack(struct machine *m)
{
	unsigned int nr_ips;
	const u64 *ips;
	u64 nr_pages;
	u32 at = 0;

	CU_ASSERT_FATAL(page_owner_prev_stack(m, &at, &ips, &nr_ips, &nr_pages));
	((u64 *)(uintptr_t)ips)[-1] += 1 << 8;
}

static void owner_order(struct machine *m)
{
	page_owner_set_order(m, plant_take(m, 2, GFP_KERNEL, PGTY_kernel), 3);
}

static void failed_page_free(struct machine *m)
{
	page_set_hwpoison(m, page_to_pfn(m, plant_free_head(m)));
}

static void failed_page_given(struct machine *m)
{
	u32 pfn = plant_take(m, 0, GFP_HIGHUSER_MOVABLE, 0);

	page_set_hwpoison(m, pfn);
	page_keep_hwpoison(m, pfn);
	pfn_to_page(m, pfn)->refcount++;
}

static void failed_page_forgotten(struct machine *m)
{
	m->num_poisoned_pages++;
}

static const struct plant plants[] = {
	{ "A5", area_size, "an area of vmalloc() has a page more than its memory and the guard" },
	{ "T10", kernel_table, "a table of the vmalloc range says that it is of another level" },
	{ "T11", split_order, "a split of the direct map stands before one of a lower level" },
	{ "T11 A6", split_table, "the table of a split of the direct map is a kernel stack" },
	{ "A6", stack_count, "nr_kernel_stack is a kilobyte more" },
	{ "A7", per_cpu, "a page of a per-CPU chunk says that it is another" },
	{ "A7", per_cpu_hole, "the largest hole of a per-CPU chunk is one word larger" },
	{ "A7", per_cpu_piece, "a word of a per-CPU chunk is in use, of no piece" },
	{ "H1 L1 L3 L6", huge_page, "a huge page of the pool says that it is on an LRU list" },
	{ "H1", huge_page_lost, "a huge page that no pool has" },
	{ "H1", gigantic, "a page of 1 GiB of the pool says that it is the kernel's" },
	{ "C4", pool_sysctl, "nr_hugepages says a page more than the pool's goal" },
	{ "C5", numa_miss, "a hit becomes a miss that no other node knows of" },
	{ "I1", pgfree, "a page more was freed than ever was" },
	{ "I8", negative, "an event has happened less than never" },
	{ "CP1", scanner_astray, "the free scanner stands outside of its zone" },
	{ "CP2", kcompactd_order, "kcompactd is asked for a block larger than the largest" },
	{ "E7", overdue, "a timer is due and did not run" },
	{ "E7", event_order, "a later timer stands before an earlier one" },
	{ "E7", event_twice, "two timers with one id" },
	{ "A5", area_page, "a page of an area says that it is another of it" },
	{ "A5", area_unaligned, "an area begins within a page" },
	{ "A5", area_beyond, "an area reaches beyond the range of vmalloc()" },
	{ "A5", area_holes, "the range is said to be full up to its last area" },
	{ "A5", area_lazy, "an area more is counted as freed and not purged" },
	{ "A5", pool_size, "a vmap node keeps an area among larger ones", .release = "6.18" },
	{ "A5", pool_length, "a vmap node has an area more than it keeps", .release = "6.18" },
	{ "A5", pool_lost, "an area more is counted as kept by vmap nodes", .release = "6.18" },
	{ "A5", area_blocks, "an area of single pages is said to be of huge ones" },
	{ "A5 K4", area_used, "VmallocUsed is a page more than the areas have" },
	{ "T10 T3", kernel_tables_count, "a table of the vmalloc range more is counted" },
	{ "A6", stack_pages, "a page of a kernel stack that no task has" },
	{ "A6", stack_cached_twice, "a CPU keeps a task's stack for the next one" },
	{ "H1", huge_pages_swapped, "huge pages are on the list of another node" },
	{ "C4 H1", huge_pages_promised, "more huge pages are promised than are free" },
	{ "H1 K4 C4", pools_lost, "there are huge pages, and no pools", .undo = pools_found },
	{ "I8", zone_negative, "a zone counts less than no page" },
	{ "I8 K4 F4", node_negative, "a node counts less than no page" },
	{ "CP2", compaction_deferred, "compaction is put off for longer than it ever is" },
	{ "CP2", capture_left, "somebody still waits for the block that compaction frees" },
	{ "PO1", owner_stack,
	  "a stack counts a page more than the records", .cmdline = "page_owner=on" },
	{ "R8 B8", failed_page_free, "a page that failed is free" },
	{ "R8", failed_page_given, "somebody else has a page that failed" },
	{ "R8 K4", failed_page_forgotten, "a page more is counted as failed" },
	{ "P6 PO1", owner_order,
	  "an owner's record says another order", .cmdline = "page_owner=on" },
};

const struct plant_table phys_plants = { "other physical memory, time", plants, ARRAY_SIZE(plants) };
