// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold of memory cgroups, worked out from the descriptors of pages: who is
 * charged for which, what CPUs keep, and the sums up to the root.
 */
#include "sim/phys/memcg.h"

#include <stdlib.h>

#include "sim/base/digest.h"
#include "sim/phys/lru.h"
#include "sim/phys/section.h"

typedef unsigned long long ull;
typedef long long ll;

/* Counters that a look at pages can find again. */
static const u8 recounted[] = {
	NR_FILE_PAGES, NR_SHMEM, NR_SWAPCACHED, NR_DIRTY, NR_WRITEBACK,
};

static const char *const names[] = {
	"pages of files", "pages of shared memory", "pages of the swap cache", "dirty pages",
	"pages under writeback",
};

/* Of one group. */
struct memcg_census {
	u64 pages, kernel_pages, stack_pages;
	s64 stat[ARRAY_SIZE(recounted)];
	u64 slab_bytes[NR_SLAB_KINDS], percpu_bytes;
	/* What the kernel has for it, and for those below that were removed. */
	s64 kernel[NR_MEMCG_KERNEL_ITEMS], slab_stat[NR_SLAB_KINDS], stack_kb;
};

/* Secret memory's pages are dirty, and no counter knows: nobody will write them. */
static bool counts_as_dirty(const struct machine *m, const struct page *folio)
{
	return page_flag(folio, PG_dirty) &&
	       !(m->lru->mapping_unevictable && m->lru->mapping_unevictable(m, folio));
}

static void recount(const struct machine *m, const struct page *folio, struct memcg_census *found)
{
	s64 nr = (s64)folio_nr_pages(folio);
	bool swapcache = page_flag(folio, PG_swapcache);
	bool file = !page_flag(folio, PG_anon) && folio->mapping;
	bool shmem = page_flag(folio, PG_swapbacked);

	for (size_t i = 0; i < ARRAY_SIZE(recounted); i++) {
		bool counts = false;

		if (recounted[i] == NR_FILE_PAGES)
			counts = file && !swapcache;
		else if (recounted[i] == NR_SHMEM)
			counts = file && shmem && !swapcache;
		else if (recounted[i] == NR_SWAPCACHED)
			counts = swapcache;
		else if (recounted[i] == NR_DIRTY)
			counts = file && !shmem && counts_as_dirty(m, folio);
		else
			counts = page_flag(folio, PG_writeback);
		found->stat[i] += counts ? nr : 0;
	}
}

static bool is_charged_block(const struct page *page)
{
	return page->refcount > 0 && !page_is_tail(page) && page_type(page) != PGTY_hugetlb &&
	       page_type(page) != PGTY_buddy && page_type(page) != PGTY_pcp &&
	       page_type(page) != PGTY_run && !page_flag(page, PG_reserved);
}

/* MG1: a page's group is there. */
static void count_page(const struct machine *m, const struct page *page, u64 pfn,
		       struct memcg_census *census, struct check *check)
{
	u32 id = page_memcg_id(page);
	u64 nr;

	if (!is_charged_block(page) || !id)
		return;
	check->nr_checked++;
	if (id >= m->memcg->room || !m->memcg->groups[id]) {
		check_fail(check, "MG1", "page 0x%llx: expected a memory cgroup, found %u", (ull)pfn, id);
		return;
	}
	nr = 1ULL << (page_flag(page, PG_large) ? page[1].block_order : 0);
	census[id].pages += nr;
	census[id].stack_pages += page_type(page) == PGTY_stack ? nr : 0;
	if (page_type(page))
		census[id].kernel_pages += nr;
	else
		recount(m, page, &census[id]);
}

static u64 stocked(const struct machine *m, u32 id)
{
	u64 nr = 0;

	for (unsigned int cpu = 0; cpu < m->nr_possible_cpus; cpu++)
		for (unsigned int i = 0; i < NR_MEMCG_STOCK; i++)
			if (m->memcg->stocks[cpu].ids[i] == id)
				nr += m->memcg->stocks[cpu].nr_pages[i];
	return nr;
}

/* Pages that are charged for objects: what these have, what is left of one, what CPUs have. */
static u64 object_pages_bytes(const struct machine *m, const struct mem_cgroup *memcg)
{
	u64 bytes = memcg->object_bytes + memcg->nr_charged_bytes;

	for (unsigned int cpu = 0; cpu < m->nr_possible_cpus; cpu++)
		if (m->memcg->stocks[cpu].object_id == memcg->id)
			bytes += m->memcg->stocks[cpu].nr_bytes;
	return bytes;
}

static void expect(struct check *check, const char *id, const struct mem_cgroup *memcg,
		   const char *what, ll expected, ll found)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, id, "memory cgroup %u: expected %s %lld, found %lld", memcg->id,
			   what, expected, found);
}

/* MG2: usage and protection are the sums of what is below. */
static void check_counters(const struct machine *m, const struct mem_cgroup *memcg,
			   struct check *check)
{
	u64 memory = memcg->nr_charged, swap = memcg->nr_swapped, min = 0, low = 0;
	u32 children = 0, linked = 0;

	for (u32 id = 1; id < m->memcg->room; id++) {
		const struct mem_cgroup *child = m->memcg->groups[id];

		if (!child || child->parent != memcg)
			continue;
		children++;
		memory += child->memory.usage;
		swap += child->swap.usage;
		min += child->memory.min_usage;
		low += child->memory.low_usage;
	}
	for (const struct mem_cgroup *child = memcg->first_child; child;
	     child = child->next_sibling)
		linked++;
	expect(check, "MG2", memcg, "children in order", children, linked);
	expect(check, "MG2", memcg, "memory", (ll)memory, (ll)memcg->memory.usage);
	expect(check, "MG2", memcg, "swap", (ll)swap, (ll)memcg->swap.usage);
	expect(check, "MG2", memcg, "children", children, memcg->nr_children);
	expect(check, "MG2", memcg, "protected by min below", (ll)min,
	       (ll)memcg->memory.children_min_usage);
	expect(check, "MG2", memcg, "protected by low below", (ll)low,
	       (ll)memcg->memory.children_low_usage);
}

static s64 own_stat(const struct machine *m, const struct mem_cgroup *memcg,
		    enum node_stat_item item)
{
	s64 sum = 0;

	for (unsigned int nid = 0; nid < m->memcg->nr_nodes; nid++)
		sum += memcg->nodes[nid].stat[item];
	return sum;
}

/* MG4: of the kernel's memory; a group that was removed has told its parent of it. */
static void check_kernel_memory(const struct machine *m, const struct mem_cgroup *memcg,
				const struct memcg_census *found, struct check *check)
{
	expect(check, "MG4", memcg, "pages of the kernel", found->kernel[MEMCG_KMEM],
	       memcg->kernel[MEMCG_KMEM]);
	expect(check, "MG4", memcg, "bytes of per-CPU memory", found->kernel[MEMCG_PERCPU_B],
	       memcg->kernel[MEMCG_PERCPU_B]);
	expect(check, "MG4", memcg, "bytes of slabs that can be reclaimed", found->slab_stat[0],
	       own_stat(m, memcg, NR_SLAB_RECLAIMABLE));
	expect(check, "MG4", memcg, "bytes of other slabs", found->slab_stat[1],
	       own_stat(m, memcg, NR_SLAB_UNRECLAIMABLE));
	expect(check, "MG4", memcg, "kB of kernel stacks", found->stack_kb,
	       own_stat(m, memcg, NR_KERNEL_STACK));
}

static void check_group(const struct machine *m, const struct mem_cgroup *memcg,
			const struct memcg_census *found, struct check *check)
{
	u64 bytes = object_pages_bytes(m, memcg);

	check_counters(m, memcg, check);
	check_kernel_memory(m, memcg, found, check);
	if (mem_cgroup_is_root(memcg))
		return;
	expect(check, "MG1", memcg, "pages",
	       (ll)(found->pages + stocked(m, memcg->id) + bytes / PAGE_SIZE), (ll)memcg->nr_charged);
	expect(check, "MG1", memcg, "blocks of the kernel", (ll)found->kernel_pages,
	       (ll)memcg->nr_kernel);
	expect(check, "MG1", memcg, "bytes of objects",
	       (ll)(found->slab_bytes[0] + found->slab_bytes[1] + found->percpu_bytes),
	       (ll)memcg->object_bytes);
	expect(check, "MG1", memcg, "bytes of objects beyond whole pages", 0, bytes % PAGE_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(recounted); i++)
		expect(check, "MG4", memcg, names[i], found->stat[i],
		       own_stat(m, memcg, recounted[i]));
}

static void count_objects(const struct machine *m, struct memcg_census *census)
{
	u64 (*bytes)[NR_SLAB_KINDS] = calloc(m->memcg->room, sizeof(*bytes));

	if (!bytes)
		return;
	slab_recount_charges(m, bytes);
	for (u32 id = 1; id < m->memcg->room; id++)
		memcpy(census[id].slab_bytes, bytes[id], sizeof(bytes[id]));
	free(bytes);
	for (u32 i = 0; i < m->memcg->nr_percpu; i++)
		census[m->memcg->percpu[i].id].percpu_bytes += m->memcg->percpu[i].bytes;
}

/* To whoever the kernel tells it of. */
static void add_up_kernel_memory(const struct machine *m, struct memcg_census *census)
{
	for (u32 id = 1; id < m->memcg->room; id++) {
		struct mem_cgroup *memcg = m->memcg->groups[id];
		const struct memcg_census *own = &census[id];
		struct memcg_census *sum;

		if (!memcg)
			continue;
		sum = &census[mem_cgroup_online_ancestor(memcg)->id];
		sum->kernel[MEMCG_KMEM] += (s64)(own->kernel_pages +
						 object_pages_bytes(m, memcg) / PAGE_SIZE);
		sum->kernel[MEMCG_PERCPU_B] += (s64)own->percpu_bytes;
		for (unsigned int kind = 0; kind < NR_SLAB_KINDS; kind++)
			sum->slab_stat[kind] += (s64)own->slab_bytes[kind];
		sum->stack_kb += (s64)(own->stack_pages * (PAGE_SIZE >> 10));
	}
}

void memcg_validate(const struct machine *m, struct check *check)
{
	struct memcg_census *census;

	if (!m->memcg)
		return;
	/* What the check needs is no memory of the machine's. */
	census = calloc(m->memcg->room, sizeof(*census));
	if (!census)
		return;
	for_each_present_pfn(m, pfn, 0, m->max_pfn)
		count_page(m, pfn_to_page(m, pfn), pfn, census, check);
	count_objects(m, census);
	add_up_kernel_memory(m, census);
	for (u32 id = 0; id < m->memcg->room; id++)
		if (m->memcg->groups[id])
			check_group(m, m->memcg->groups[id], &census[id], check);
	free(census);
}

/* ---- The digest. ---- */

static void counter_digest(const struct page_counter *c, struct digest *digest)
{
	const u64 words[] = { c->usage, c->watermark, c->local_watermark, c->failcnt, c->min,
			      c->low, c->high, c->max, c->emin, c->elow };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		digest_u64(digest, words[i]);
}

static void events_digest(const struct mem_cgroup *memcg, struct digest *digest)
{
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		digest_u64(digest, (u64)memcg->event[i]);
	for (unsigned int i = 0; i < NR_MEMCG_EVENTS; i++) {
		digest_u64(digest, (u64)memcg->memory_events[i]);
		digest_u64(digest, (u64)memcg->memory_events_local[i]);
	}
	for (unsigned int i = 0; i < NR_MEMCG_KERNEL_ITEMS; i++)
		digest_u64(digest, (u64)memcg->kernel[i]);
}

static void node_digest(const struct machine *m, const struct mem_cgroup_per_node *node,
			struct digest *digest)
{
	digest_u64(digest, node->iter);
	digest_u64(digest, node->lruvec_stats_percpu);
	digest_u64(digest, node->lruvec_stats);
	for (unsigned int i = 0; i < NR_MEMCG_SHRINKERS; i++)
		digest_u64(digest, node->shrink_deferred[i]);
	lruvec_digest(&node->lruvec, digest);
	for (unsigned int i = 0; i < NR_VM_NODE_STAT_ITEMS; i++)
		digest_u64(digest, (u64)node->stat[i]);
	for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++) {
		u32 pfn = node->lruvec.lists[list].first;

		for (; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next)
			digest_u64(digest, pfn);
		digest_u64(digest, PFN_NIL);
	}
}

static void group_digest(const struct machine *m, const struct mem_cgroup *memcg,
			 struct digest *digest)
{
	digest_u64(digest, (u64)memcg->id << 32 | memcg->cgroup);
	digest_u64(digest, memcg->prev_sibling ? memcg->prev_sibling->id : 0);
	digest_u64(digest, memcg->online | (u64)memcg->oom_group << 1);
	counter_digest(&memcg->memory, digest);
	counter_digest(&memcg->swap, digest);
	events_digest(memcg, digest);
	digest_u64(digest, memcg->nr_charged);
	digest_u64(digest, memcg->nr_swapped);
	digest_u64(digest, memcg->nr_kernel);
	digest_u64(digest, memcg->vmstats_percpu);
	digest_u64(digest, memcg->vmstats);
	digest_u64(digest, memcg->object_bytes << 32 | memcg->nr_charged_bytes);
	for (unsigned int nid = 0; nid < m->memcg->nr_nodes && memcg->id; nid++)
		node_digest(m, &memcg->nodes[nid], digest);
}

void memcg_digest(const struct machine *m, struct digest *digest)
{
	const struct memcg_state *state = m->memcg;

	if (!state)
		return;
	for (u32 id = 0; id < state->room; id++)
		if (state->groups[id])
			group_digest(m, state->groups[id], digest);
	for (unsigned int cpu = 0; cpu < m->nr_possible_cpus; cpu++) {
		const struct memcg_stock *stock = &state->stocks[cpu];

		for (unsigned int i = 0; i < NR_MEMCG_STOCK; i++)
			digest_u64(digest, (u64)stock->ids[i] << 32 | stock->nr_pages[i]);
		digest_u64(digest, (u64)stock->object_id << 32 | stock->nr_bytes);
	}
	for (unsigned int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		digest_u64(digest, (u64)state->group_event[i]);
	for (u32 i = 0; i < state->nr_percpu; i++) {
		digest_u64(digest, state->percpu[i].addr);
		digest_u64(digest, (u64)state->percpu[i].bytes << 16 | state->percpu[i].id);
	}
	digest_u64(digest, state->active);
	digest_u64(digest, state->nr_over_high);
	digest_u64(digest, state->throttled_ns);
}
