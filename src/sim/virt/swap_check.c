// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold of swap: who refers to slots is counted a second time, over all tables
 * and files; the cache's slots and pages name each other; clusters count their slots and
 * are on the list of their state. And the digest.
 */
#include <stdlib.h>

#include "sim/base/digest.h"
#include "sim/phys/section.h"
#include "sim/virt/blk.h"
#include "sim/virt/content.h"
#include "sim/virt/file.h"
#include "sim/virt/swap_internal.h"

typedef unsigned long long ull;

/* Of each area: how often slots are referred to. */
struct swap_census {
	const struct machine *m;
	struct check *check;
	u32 *refs[MAX_SWAPFILES];
	u8 *stocked[MAX_SWAPFILES];	/* in a stock of a CPU */
	u8 *exclusive[MAX_SWAPFILES];	/* an entry says that it is the only one */
	s64 cached[MAX_NUMNODES];
	u64 writeback;			/* pages on their way out */
};

static u64 slots_in_use(const struct swap_info_struct *si)
{
	u64 nr = 0;

	for (u64 at = 0; at < si->max; at++)
		nr += si->swap_map[at] && !(si->swap_map[at] & SWAP_MAP_BAD);
	return nr;
}

/* S2: slots in use, all areas' together; priorities in order. */
static void check_areas(const struct machine *m, struct check *check)
{
	const struct swap_state *swap = swap_of(m);
	s64 total = 0, free = 0;

	for (unsigned int type = 0; type < swap->nr_types; type++) {
		const struct swap_info_struct *si = &swap->info[type];
		u64 used;

		if (!(si->flags & SWP_WRITEOK))
			continue;
		used = slots_in_use(si);
		total += (s64)si->pages;
		free += (s64)(si->pages - used);
		check->nr_checked++;
		if (si->inuse_pages != used)
			check_fail(check, "S2", "swap area %s: expected %llu slots in use, found "
				   "%llu", si->path, (ull)used, (ull)si->inuse_pages);
	}
	check->nr_checked += 2;
	if (m->total_swap_pages != total || m->nr_swap_pages != free)
		check_fail(check, "S2", "machine: expected %lld free of %lld slots, found %lld of "
			   "%lld", (long long)free, (long long)total,
			   (long long)m->nr_swap_pages, (long long)m->total_swap_pages);
	for (unsigned int i = 1; i < swap->nr_active; i++)
		if (swap->info[swap->active[i - 1]].prio < swap->info[swap->active[i]].prio)
			check_fail(check, "S2", "swap area %s: expected a priority of %d or less, "
				   "found %d", swap->info[swap->active[i]].path,
				   swap->info[swap->active[i - 1]].prio,
				   swap->info[swap->active[i]].prio);
}

/* -- S1: counts ---------------------------------------------------------------- */

static void count_ref(struct swap_census *c, swp_entry_t entry, const char *who)
{
	unsigned int type = swp_entry_type(entry);

	if (type < MAX_SWAPFILES && c->refs[type] &&
	    swp_entry_offset(entry) < swap_of(c->m)->info[type].max)
		c->refs[type][swp_entry_offset(entry)]++;
	else
		check_fail(c->check, "S1", "%s: expected a slot of an area, found type %u, slot "
			   "%llu", who, type, (ull)swp_entry_offset(entry));
}

static int count_pte(void *arg, u64 addr, pte_t *pte)
{
	struct swap_census *c = arg;
	swp_entry_t entry;

	(void)addr;
	if (!pte_is_swap(*pte))
		return 0;
	entry = pte_to_swp_entry(*pte);
	count_ref(c, entry, "an entry of a page table");
	if (*pte & SWP_EXCLUSIVE && swp_entry_type(entry) < MAX_SWAPFILES &&
	    c->exclusive[swp_entry_type(entry)])
		c->exclusive[swp_entry_type(entry)][swp_entry_offset(entry)] = 1;
	return 0;
}

static void count_tables(struct swap_census *c)
{
	for (const struct mm_struct *mm = mm_next(c->m, NULL); mm; mm = mm_next(c->m, mm))
		if (walk_page_range(c->m, mm, 0, ~0ULL, count_pte, c))
			return;
}

static void count_files(struct swap_census *c)
{
	for (const struct inode *inode = inode_next(c->m, NULL); inode;
	     inode = inode_next(c->m, inode)) {
		u64 index = 0, entry, nr = 0;

		if (inode->kind != INODE_SHMEM)
			continue;
		for (; (entry = xa_find(&inode->i_data.i_pages, &index, ~0ULL - 1));
		     index = xa_behind(&inode->i_data.i_pages, index))
			if (xa_is_value(entry)) {
				count_ref(c, xa_to_value(entry), "a file of shared memory");
				nr++;
			}
		if (nr != inode->swapped)
			check_fail(c->check, "S1", "inode %u: expected %llu pages in swap, found "
				   "%llu", inode->self, (ull)nr, (ull)inode->swapped);
	}
}

static void count_stocks(const struct swap_census *c)
{
	const struct swap_state *swap = swap_of(c->m);

	for (unsigned int cpu = 0; swap->slots && cpu < c->m->nr_cpus; cpu++) {
		const struct swap_slots_cache *cache = &swap->slots[cpu];

		for (u32 i = 0; i < cache->nr; i++) {
			swp_entry_t entry = cache->slots[cache->cur + i];

			c->stocked[swp_entry_type(entry)][swp_entry_offset(entry)] = 1;
		}
		for (u32 i = 0; i < cache->n_ret; i++) {
			swp_entry_t entry = cache->slots_ret[i];

			c->stocked[swp_entry_type(entry)][swp_entry_offset(entry)] = 1;
		}
	}
}

/* S5: what an entry or a page has as its own, nobody else has in swap. */
static void check_own(const struct swap_census *c, const struct swap_info_struct *si, u64 at,
		      u32 cached)
{
	u32 refs = c->refs[si->type][at];
	bool own_page = cached != PFN_NIL && page_flag(pfn_to_page(c->m, cached), PG_anon_exclusive);

	c->check->nr_checked++;
	if (c->exclusive[si->type][at] && refs != 1)
		check_fail(c->check, "S5", "swap area %s, slot %llu: expected one entry, which is "
			   "exclusive, found %u", si->path, (ull)at, refs);
	if (own_page && refs)
		check_fail(c->check, "S5", "swap area %s, slot %llu: expected no entry beside the "
			   "exclusive page 0x%x, found %u", si->path, (ull)at, cached, refs);
}

static void check_slot(struct swap_census *c, const struct swap_info_struct *si, u64 at)
{
	u32 map = si->swap_map[at], refs = c->refs[si->type][at];
	u32 expected = map & SWAP_MAP_SHMEM ? 1 : map & SWAP_COUNT_MASK;
	swp_entry_t entry = swp_entry(si->type, at);
	u32 pfn = swap_cache_find(c->m, entry, NULL);
	bool cached = pfn != PFN_NIL;

	c->check->nr_checked++;
	if (expected != refs)
		check_fail(c->check, "S1", "swap area %s, slot %llu: expected %u references, found "
			   "%u", si->path, (ull)at, refs, expected);
	if (!(map & SWAP_MAP_BAD) &&
	    (cached || c->stocked[si->type][at]) != !!(map & SWAP_HAS_CACHE))
		check_fail(c->check, "S3", "swap area %s, slot %llu: expected its bit of the cache "
			   "to be %d, found %d", si->path, (ull)at,
			   cached || c->stocked[si->type][at], !!(map & SWAP_HAS_CACHE));
	check_own(c, si, at, pfn);
	if (!cached)
		return;
	c->cached[page_zone(c->m, pfn_to_page(c->m, pfn))->node]++;
	c->writeback += page_flag(pfn_folio(c->m, pfn), PG_writeback);
	if (!page_flag(pfn_folio(c->m, pfn), PG_swapcache) ||
	    page_swap_entry(c->m, pfn) != entry)
		check_fail(c->check, "S3", "swap area %s, slot %llu: expected page 0x%x to name "
			   "it, found 0x%llx", si->path, (ull)at, pfn,
			   (ull)page_swap_entry(c->m, pfn));
}

static void check_slots(struct swap_census *c)
{
	const struct swap_state *swap = swap_of(c->m);

	for (unsigned int type = 0; type < swap->nr_types; type++)
		for (u64 at = 0; at < swap->info[type].max; at++)
			if (swap->info[type].swap_map[at] || c->refs[type][at] ||
			    swap_cache_load(c->m, swp_entry(type, at)))
				check_slot(c, &swap->info[type], at);
	c->check->nr_checked++;
	if (c->writeback != blk_nr_swap_writes(c->m, NULL))
		check_fail(c->check, "S3", "the swap cache: expected %llu pages under writeback, "
			   "found %llu", (ull)blk_nr_swap_writes(c->m, NULL), (ull)c->writeback);
	for (unsigned int i = 0; i < c->m->nr_nodes; i++)
		if (c->m->nodes[i] && c->m->nodes[i]->stat[NR_SWAPCACHED] != c->cached[i])
			check_fail(c->check, "S3", "node %u: expected nr_swapcached %lld, found "
				   "%lld", i, (long long)c->cached[i],
				   (long long)c->m->nodes[i]->stat[NR_SWAPCACHED]);
}

/* S3 from the pages: each that has the flag is in the cache. */
static void check_cached_pages(const struct machine *m, struct check *check)
{
	if (!m->page_private)
		return;
	for_each_present_pfn(m, pfn, 0, m->max_pfn) {
		const struct page *page = pfn_to_page(m, pfn);

		if (page_type(page) || page->refcount <= 0 || !page_flag(page, PG_swapcache))
			continue;
		check->nr_checked++;
		if (swp_entry_type(m->page_private[pfn]) >= MAX_SWAPFILES ||
		    swap_cache_find(m, m->page_private[pfn], NULL) != pfn)
			check_fail(check, "S3", "page 0x%llx: expected in the swap cache at "
				   "0x%llx, found another or none", (ull)pfn,
				   (ull)m->page_private[pfn]);
	}
}

/* -- S7: clusters -------------------------------------------------------------- */

static u32 count_cluster(const struct machine *m, const struct swap_info_struct *si, u32 i)
{
	const u32 slots = swap_of(m)->cluster_slots;
	u64 start = (u64)i * slots, end = MIN(si->max, start + slots);
	u32 nr = (u32)(start + slots - end);

	for (u64 at = start; at < end; at++)
		nr += si->swap_map[at] != 0;
	return nr;
}

/* What the list of a state has, in number. */
static u32 list_length(const struct swap_info_struct *si, const struct cluster_list *list)
{
	u32 nr = 0;

	for (u32 i = list->first; i != CLUSTER_NIL && nr <= si->nr_clusters;
	     i = si->clusters[i].next)
		nr++;
	return nr;
}

static void check_clusters(const struct machine *m, struct swap_info_struct *si,
			   struct check *check)
{
	u32 listed = 0, expected = 0;

	for (u32 i = 0; i < si->nr_clusters; i++) {
		const struct swap_cluster *ci = &si->clusters[i];
		u32 count = count_cluster(m, si, i);

		check->nr_checked++;
		expected += ci->state != CLUSTER_NONE;
		if (ci->count != count || (ci->state == CLUSTER_FREE) != !count)
			check_fail(check, "S7", "swap area %s, cluster %u: expected %u slots in "
				   "use, found %u in state %u", si->path, i, count, ci->count,
				   ci->state);
	}
	listed = list_length(si, &si->free);
	for (unsigned int order = 0; swap_of(m)->has_table && order < SWAP_NR_ORDERS; order++)
		listed += list_length(si, &si->nonfull[order]) +
			  list_length(si, &si->frag[order]);
	if (swap_of(m)->has_table)
		listed += list_length(si, &si->full);
	if (listed != expected)
		check_fail(check, "S7", "swap area %s: expected %u clusters on lists, found %u",
			   si->path, expected, listed);
}

/* -- all ----------------------------------------------------------------------- */

static bool census_alloc(struct swap_census *c)
{
	const struct swap_state *swap = swap_of(c->m);

	for (unsigned int type = 0; type < swap->nr_types; type++) {
		u64 max = swap->info[type].max;

		if (!max)
			continue;
		c->refs[type] = calloc(max, sizeof(u32));
		c->stocked[type] = calloc(max, 1);
		c->exclusive[type] = calloc(max, 1);
		if (!c->refs[type] || !c->stocked[type] || !c->exclusive[type])
			return false;
	}
	return true;
}

void swap_validate(const struct machine *m, struct check *check)
{
	struct swap_census c = { .m = m, .check = check };
	struct swap_state *swap = swap_of(m);

	check_areas(m, check);
	if (census_alloc(&c)) {
		count_tables(&c);
		count_files(&c);
		count_stocks(&c);
		check_slots(&c);
	}
	check_cached_pages(m, check);
	for (unsigned int type = 0; type < swap->nr_types; type++) {
		if (swap->info[type].clusters)
			check_clusters(m, &swap->info[type], check);
		free(c.refs[type]);
		free(c.stocked[type]);
		free(c.exclusive[type]);
	}
}

u64 swap_nr_contents(const struct machine *m)
{
	const struct swap_state *swap = swap_of(m);
	u64 nr = 0;

	for (unsigned int type = 0; swap && type < swap->nr_types; type++)
		for (u64 at = 0; at < swap->info[type].max; at++)
			nr += (swap->info[type].content[at] & CONTENT_BYTES) != 0;
	return nr;
}

static void area_digest(const struct machine *m, const struct swap_info_struct *si,
			struct digest *digest)
{
	digest_u64(digest, (u64)si->flags << 32 | (u32)si->prio);
	digest_u64(digest, si->inuse_pages);
	digest_u64(digest, si->lowest_bit << 32 ^ si->highest_bit);
	digest_u64(digest, si->cluster_next << 32 ^ si->cluster_nr);
	if (!si->max)
		return;
	digest_string(digest, si->path);
	for (u64 at = 0; at < si->max; at++) {
		if (!si->swap_map[at])
			continue;
		digest_u64(digest, at << 32 | si->swap_map[at]);
		digest_u64(digest, content_slot_token(m, si->content[at]));
		digest_u64(digest, swap_cache_load(m, swp_entry(si->type, at)));
	}
	for (u32 i = 0; i < si->nr_clusters; i++) {
		digest_u64(digest, (u64)si->clusters[i].prev << 32 | si->clusters[i].next);
		digest_u64(digest, (u64)si->clusters[i].table << 32 | si->clusters[i].state << 8 |
				   si->clusters[i].order);
	}
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++) {
		digest_u64(digest, si->cpus[cpu].cluster);
		digest_u64(digest, si->cpus[cpu].next << 32 ^ si->cpus[cpu].cluster_next);
	}
	for (unsigned int order = 0; order < SWAP_NR_ORDERS; order++)
		digest_u64(digest, si->global_next[order]);
}

static void stocks_digest(const struct machine *m, struct digest *digest)
{
	const struct swap_state *swap = swap_of(m);

	for (unsigned int cpu = 0; swap->slots && cpu < m->nr_cpus; cpu++) {
		const struct swap_slots_cache *cache = &swap->slots[cpu];

		digest_u64(digest, (u64)cache->nr << 32 | cache->n_ret);
		for (u32 i = 0; i < cache->nr; i++)
			digest_u64(digest, cache->slots[cache->cur + i]);
		for (u32 i = 0; i < cache->n_ret; i++)
			digest_u64(digest, cache->slots_ret[i]);
	}
	for (unsigned int cpu = 0; swap->cpus && cpu < m->nr_cpus; cpu++)
		for (unsigned int order = 0; order < SWAP_NR_ORDERS; order++)
			digest_u64(digest, (u64)swap->cpus[cpu].si[order] << 56 |
					   swap->cpus[cpu].offset[order]);
}

void swap_digest(const struct machine *m, struct digest *digest)
{
	const struct swap_state *swap = swap_of(m);

	digest_u64(digest, (u64)m->total_swap_pages << 32 | (u32)m->nr_swap_pages);
	digest_u64(digest, (u64)swap->nr_types << 32 | (u32)swap->least_priority);
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		for (unsigned int i = 0; i < swap->nr_avail; i++)
			digest_u64(digest, swap->avail[node][i]);
	for (unsigned int type = 0; type < swap->nr_types; type++)
		area_digest(m, &swap->info[type], digest);
	stocks_digest(m, digest);
	digest_u64(digest, swap->ra_prev_offset);
	digest_u64(digest, (u64)swap->ra_hits << 32 | swap->ra_last_pages);
	digest_u64(digest, swap->wanted_done_ns);
	digest_u64(digest, swap->ahead_done_ns);
	digest_u64(digest, swap->slots_enabled << 1 | swap->slots_active);
}
