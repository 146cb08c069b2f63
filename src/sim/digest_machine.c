// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hash of the whole state: a canonical walk of live objects, in an order that
 * histories decide and hosts do not. Free memory is what its lists say; allocated
 * pages are their descriptors; what is reserved is memblock's. So whether a section
 * of descriptors happens to be there makes no difference, nor does anything of
 * the host: addresses, stacks, explanations, the log and the report stay out.
 */
#include "sim/base/digest.h"
#include "sim/base/event.h"
#include "sim/boot/memblock.h"
#include "sim/machine.h"
#include "sim/phys/cma.h"
#include "sim/phys/direct_split.h"
#include "sim/phys/kernel_tables.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/memory_block.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/percpu.h"
#include "sim/phys/slab.h"
#include "sim/phys/tunables.h"
#include "sim/phys/vmalloc.h"
#include "sim/policy/compaction.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/mm_types.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

static void digest_s64s(struct digest *d, const s64 *values, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		digest_u64(d, values[i]);
}

static void identity_digest(const struct machine *m, struct digest *d)
{
	digest_string(d, m->config->text);
	digest_string(d, m->reclaim ? m->reclaim->name : "");
	digest_u64(d, m->release);
	digest_string(d, m->arch->name);
	digest_u64(d, (u64)m->nr_cpus << 32 | m->nr_nodes);
	digest_u64(d, m->now_ns);
	digest_u64(d, m->rng);
	digest_u64(d, m->cpu);
	digest_u64(d, (u64)m->broken << 1 | m->mobility_grouping_off);
	digest_u64(d, m->num_poisoned_pages);
}

static void regions_digest(const struct memblock_type *type, struct digest *d)
{
	for (unsigned int i = 0; i < type->cnt; i++) {
		digest_u64(d, type->regions[i].base);
		digest_u64(d, type->regions[i].size);
		digest_u64(d, (u64)type->regions[i].flags << 16 |
			      (u16)type->regions[i].nid);
	}
}

static void memblock_digest(const struct machine *m, struct digest *d)
{
	regions_digest(&m->memblock->memory, d);
	regions_digest(&m->memblock->reserved, d);
}

static void list_digest(const struct machine *m, const struct page_list *list,
			struct digest *d)
{
	for (u32 pfn = list->first; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		const struct page *page = pfn_to_page(m, pfn);

		digest_u64(d, pfn);
		/* A run of virgin blocks is one element: its length counts. */
		if (page_type(page) == PGTY_run)
			digest_u64(d, (u64)PGTY_run << 32 | page->mapping);
	}
	digest_u64(d, PFN_NIL);
}

static void pcp_digest(const struct machine *m, const struct per_cpu_pages *pcp,
		       struct digest *d)
{
	digest_u64(d, (u64)pcp->count << 32 | (u32)pcp->high);
	digest_u64(d, (u64)pcp->high_min << 32 | (u32)pcp->high_max);
	digest_u64(d, (u64)pcp->batch << 32 | (u16)pcp->free_count);
	digest_u64(d, (u64)pcp->alloc_factor << 24 | (u64)pcp->free_factor << 16 |
		      (u64)pcp->flags << 8 | pcp->expire);
	for (unsigned int i = 0; i < NR_PCP_LISTS; i++)
		list_digest(m, &pcp->lists[i], d);
}

static void zone_digest(const struct machine *m, const struct zone *zone, struct digest *d)
{
	digest_u64(d, zone->start_pfn);
	digest_u64(d, zone->spanned_pages);
	digest_u64(d, zone->present_pages);
	digest_u64(d, zone->managed_pages);
	for (unsigned int i = 0; i < NR_WMARK; i++)
		digest_u64(d, zone->watermark[i]);
	digest_u64(d, zone->watermark_boost);
	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		digest_u64(d, zone->lowmem_reserve[i]);
	digest_u64(d, zone->nr_reserved_highatomic);
	digest_u64(d, zone->flags);
	digest_u64(d, (u32)zone->stat_threshold);
	for (unsigned int order = 0; order < NR_PAGE_ORDERS; order++)
		for (unsigned int type = 0; type < MIGRATE_TYPES; type++)
			if (has_migratetype(m, type))
				list_digest(m, &zone->free_area[order].lists[type], d);
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		pcp_digest(m, &zone->pcp[cpu], d);
	digest_s64s(d, zone->stat, NR_VM_ZONE_STAT_ITEMS);
	digest_s64s(d, zone->numa, NR_VM_NUMA_STAT_ITEMS);
}

static void nodes_digest(const struct machine *m, struct digest *d)
{
	for (unsigned int i = 0; i < m->nr_zones; i++)
		zone_digest(m, m->zones[i], d);
	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct pglist_data *node = m->nodes[i];

		if (!node)
			continue;
		digest_s64s(d, node->stat, NR_VM_NODE_STAT_ITEMS);
		digest_u64(d, (u64)m->polls_left << 48 | (u64)node->flags << 32 | (u32)node->kswapd_failures);
		digest_u64(d, (u64)node->kswapd_order << 32 | node->kswapd_state << 16 |
			   node->kswapd_woken_early << 8 | node->kswapd_highest);
		digest_u64(d, (u64)node->kswapd_alloc_order << 32 |
			   node->kswapd_reclaim_order << 8 | node->kswapd_last);
		digest_u64(d, node->totalreserve_pages);
		for (unsigned int result = 0; result < NR_MF_RESULTS; result++)
			digest_u64(d, node->mf_stats[result]);
		for (unsigned int z = 0; z < node->nr_zonelist; z++)
			digest_u64(d, node->zonelist[z]);
	}
}

/* Allocated: neither free, nor on a CPU's list, nor kept back by the boot. */
static bool page_is_allocated(const struct page *page)
{
	switch (page_type(page)) {
	case PGTY_buddy:
	case PGTY_run:
	case PGTY_pcp:
		return false;
	}
	/* A gigantic page has descriptors for its tails, or not: nobody can tell. */
	if (page_type(page) == PGTY_hugetlb && page_flag(page, PG_tail))
		return false;
	return (page->refcount || page_flag(page, PG_tail)) && !page_flag(page, PG_reserved);
}

static void pages_digest(const struct machine *m, struct digest *d)
{
	for_each_present_pfn(m, pfn, 0, m->max_pfn) {
		const struct page *page = pfn_to_page(m, pfn);

		if (!page_is_allocated(page))
			continue;
		digest_u64(d, pfn << 32 | page->flags);
		digest_u64(d, (u64)page->mapping << 32 | page->index);
		digest_u64(d, (u64)(u32)page->refcount << 32 | (u32)page->mapcount);
		digest_u64(d, page->memcg);
		if (m->page_private && m->page_private[pfn])
			digest_u64(d, m->page_private[pfn]);
	}
}

/* A kernel without CMA has one type fewer: what is behind that moves up. */
static u8 known_type(const struct machine *m, u8 type)
{
	type ^= MIGRATE_MOVABLE;
	return (type > MIGRATE_CMA && !m->cma ? type - 1 : type) ^ MIGRATE_MOVABLE;
}

/* Types of the pageblocks, many in one word. */
static void pageblocks_digest(const struct machine *m, struct digest *d)
{
	u64 nr = m->nr_sections << SECTION_SHIFT >> m->pageblock_order;
	u64 word = 0;

	for (u64 i = 0; i < nr; i++) {
		word = word << 4 | known_type(m, m->pageblock[i]);
		if (i % 16 == 15 || i == nr - 1)
			digest_u64(d, word);
	}
}

/* The oldest event that is younger than `id`. */
static const struct event *event_after(const struct event_queue *queue, u32 id)
{
	const struct event *next = NULL;

	for (unsigned int i = 0; i < queue->nr; i++)
		if (queue->heap[i].id > id && (!next || queue->heap[i].id < next->id))
			next = &queue->heap[i];
	return next;
}

static void events_digest(const struct machine *m, struct digest *d)
{
	const struct event *event;

	/* Those of CMA are hashed where there is any. */
	digest_s64s(d, m->event, CMA_ALLOC_SUCCESS);
	digest_s64s(d, m->event + CMA_ALLOC_FAIL + 1, NR_VM_EVENT_ITEMS - CMA_ALLOC_FAIL - 1);
	for (unsigned int i = 0; i < NR_PAGE_ORDERS; i++)
		digest_s64s(d, m->mthp_stat[i], NR_MTHP_STATS);
	for (unsigned int i = 0; i < NR_VM_ZONE_EVENT_ITEMS; i++)
		digest_s64s(d, m->zone_event[i], MAX_NR_ZONES);
	digest_u64(d, m->totalram_pages);
	digest_u64(d, m->totalreserve_pages);
	digest_u64(d, m->events->nr);
	/* By age: where in the heap they stand depends on the way there. */
	for (u32 last = 0; (event = event_after(m->events, last)); last = event->id) {
		digest_u64(d, event->when_ns);
		digest_u64(d, event->id);
		digest_u64(d, event->period_ns);
	}
}

static void tunables_digest(const struct machine *m, struct digest *d)
{
	const struct tunables *t = m->tunables;

#define T(type, field, value) digest_u64(d, (u64)t->field);
#include "sim/phys/tunables.def"
#undef T
	for (unsigned int i = 0; i < MAX_NR_ZONES; i++)
		digest_u64(d, (u32)t->lowmem_reserve_ratio[i]);
	for (unsigned int i = 0; i < PRINTK_LEVELS; i++)
		digest_u64(d, (u32)t->printk[i]);
	digest_string(d, t->hostname);
	digest_string(d, t->domainname);
}

static void init_mm_digest(const struct machine *m, struct digest *d)
{
	if (m->init_mm)
		mm_digest(m->init_mm, d);
}

static void all_tasks_digest(const struct machine *m, struct digest *d)
{
	if (m->tasks)
		tasks_digest(m, d);
	if (m->tasks && m->tasks->cpus)
		sched_digest(m, d);
}

static void (*const digests[])(const struct machine *m, struct digest *d) = {
	identity_digest,
	memblock_digest,
	nodes_digest,
	pages_digest,
	pageblocks_digest,
	memory_blocks_digest,
	compaction_digest,
	events_digest,
	tunables_digest,
	slab_digest,
	fault_inject_digest,
	vmalloc_digest,
	kernel_tables_digest,
	direct_splits_digest,
	percpu_digest,
	hugetlb_digest,
	cma_digest,
	init_mm_digest,
	all_tasks_digest,
	virt_digest,
};

void machine_digest(const struct machine *machine, char text[DIGEST_CHARS + 1])
{
	struct digest d;

	digest_init(&d);
	for (unsigned int i = 0; i < ARRAY_SIZE(digests); i++)
		digests[i](machine, &d);
	digest_hex(&d, text);
}
