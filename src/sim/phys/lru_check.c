// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What must hold of the LRU lists: one walk along them, which counts by zone, and one
 * over all descriptors, which counts the pages that say they are on a list.
 */
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"

#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"

typedef unsigned long long ull;

static const char *const list_names[NR_LRU_LISTS] = {
	"inactive_anon", "active_anon", "inactive_file", "active_file", "unevictable",
};

struct lru_census {
	const struct machine *m;
	struct check *check;
	s64 listed[MAX_ZONES][NR_LRU_LISTS];	/* found on lists */
	s64 flagged[MAX_ZONES][NR_LRU_LISTS];	/* found by PG_lru */
	s64 mlocked[MAX_ZONES];
};

static void check_page(const struct lru_census *census, u64 pfn, const struct lruvec *lruvec,
		       enum lru_list list)
{
	const struct machine *m = census->m;
	const struct page *page = pfn_to_page(m, pfn);

	census->check->nr_checked++;
	if (!page_flag(page, PG_lru) || page_lru(page) != list ||
	    page_zone(m, page)->node != lruvec->node)
		check_fail(census->check, page_flag(page, PG_lru) ? "L2" : "L1",
			   "page 0x%llx: expected flags of node %u's list %s, found 0x%x",
			   (ull)pfn, lruvec->node, list_names[list], page->flags);
	if (page_memcg_id(page) != lruvec->memcg)
		check_fail(census->check, "MG3", "page 0x%llx: expected it on a list of its memory "
			   "cgroup %u, found %u", (ull)pfn, page_memcg_id(page), lruvec->memcg);
}

/* MG3: by zone type, what a group's list has. */
static void check_size(const struct lru_census *census, const struct lruvec *lruvec,
		       enum lru_list list, const u64 found[MAX_NR_ZONES])
{
	for (unsigned int type = 0; census->m->memcg && type < MAX_NR_ZONES; type++) {
		census->check->nr_checked++;
		if (found[type] != lruvec->size[type][list])
			check_fail(census->check, "MG3", "memory cgroup %u, node %u, zone type %u: "
				   "expected %llu %s pages, found %llu", lruvec->memcg,
				   lruvec->node, type, (ull)found[type], list_names[list],
				   (ull)lruvec->size[type][list]);
	}
}

static void walk_list(struct lru_census *census, const struct lruvec *lruvec,
		      enum lru_list list)
{
	const struct machine *m = census->m;
	const struct page_list *pages = &lruvec->lists[list];
	const unsigned int node = lruvec->node;
	u64 sizes[MAX_NR_ZONES] = { 0 };
	u32 before = PFN_NIL;

	for (u32 pfn = pages->first; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		const struct page *page;

		if (!page_present(m, pfn) || pfn_to_page(m, pfn)->prev != before) {
			check_fail(census->check, "L1", "node %u list %s: expected page 0x%x "
				   "behind 0x%x", node, list_names[list], pfn, before);
			return;
		}
		page = pfn_to_page(m, pfn);
		check_page(census, pfn, lruvec, list);
		sizes[page_zone(m, page)->type] += folio_nr_pages(page);
		census->listed[page_zone_index(page)][list] += (s64)folio_nr_pages(page);
		before = pfn;
	}
	if (pages->last != before)
		check_fail(census->check, "L1", "node %u list %s: expected last page 0x%x, "
			   "found 0x%x", node, list_names[list], before, pages->last);
	check_size(census, lruvec, list, sizes);
}

/* The lists of the root, and of all groups. */
static void walk_node(struct lru_census *census, unsigned int node, enum lru_list list)
{
	const struct machine *m = census->m;
	const struct mem_cgroup *memcg = NULL;

	walk_list(census, node_lruvec(m, node), list);
	if (!m->memcg)
		return;
	memcg = root_mem_cgroup(m);
	while ((memcg = mem_cgroup_next(m, root_mem_cgroup(m), memcg)))
		walk_list(census, mem_cgroup_lruvec(m, memcg, node), list);
}

/* R7: what is written or on its way was read or made before; nobody holds a lock between calls. */
static void check_state(struct lru_census *census, const struct page *page, u64 pfn)
{
	census->check->nr_checked++;
	/* What fallocate() made of shared memory is dirty, and nobody has used it. */
	if ((page_flag(page, PG_dirty) || page_flag(page, PG_writeback)) &&
	    !page_flag(page, PG_uptodate) && !page_flag(page, PG_swapbacked))
		check_fail(census->check, "R7", "page 0x%llx: expected what is dirty to be up to "
			   "date, found flags 0x%x", (ull)pfn, page->flags);
	if (page_flag(page, PG_locked))
		check_fail(census->check, "R7", "page 0x%llx: expected nobody to hold its lock, "
			   "found flags 0x%x", (ull)pfn, page->flags);
}

/* L6: on a list are pages that somebody can map. */
static void count_page(struct lru_census *census, u64 pfn)
{
	const struct page *page = pfn_to_page(census->m, pfn);
	unsigned int zone = page_zone_index(page);

	if (page_flag(page, PG_mlocked))
		census->mlocked[zone] += (s64)folio_nr_pages(page);
	if (!page_flag(page, PG_lru))
		return;
	census->flagged[zone][page_lru(page)] += (s64)folio_nr_pages(page);
	check_state(census, page, pfn);
	census->check->nr_checked++;
	if (page_type(page) || page_flag(page, PG_reserved) || page->refcount <= 0)
		check_fail(census->check, "L6", "page 0x%llx: expected a user page on %s, found "
			   "type 0x%x, ref %d", (ull)pfn, list_names[page_lru(page)],
			   page_type(page), page->refcount);
}

static void expect(struct check *check, const char *id, const struct zone *zone,
		   const char *what, s64 expected, s64 found)
{
	check->nr_checked++;
	if (expected != found)
		check_fail(check, id, "node %u zone %s: expected %lld %s pages, found %lld",
			   zone->node, zone->name, (long long)expected, what, (long long)found);
}

static void check_counters(const struct lru_census *census)
{
	const struct machine *m = census->m;

	for (unsigned int i = 0; i < m->nr_zones; i++) {
		const struct zone *zone = m->zones[i];

		for (unsigned int list = 0; list < NR_LRU_LISTS; list++) {
			if (list != LRU_UNEVICTABLE)
				expect(census->check, "L1", zone, list_names[list],
				       census->flagged[i][list], census->listed[i][list]);
			expect(census->check, "L3", zone, list_names[list],
			       census->flagged[i][list],
			       zone->stat[NR_ZONE_INACTIVE_ANON + list]);
		}
		expect(census->check, "L5", zone, "mlocked", census->mlocked[i],
		       zone->stat[NR_MLOCK]);
	}
}

static void check_node(const struct lru_census *census, const struct pglist_data *node)
{
	for (unsigned int list = 0; list < NR_LRU_LISTS; list++) {
		s64 sum = 0;

		for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
			if (node->zones[type])
				sum += node->zones[type]->stat[NR_ZONE_INACTIVE_ANON + list];
		census->check->nr_checked++;
		if (node->stat[NR_INACTIVE_ANON + list] != sum)
			check_fail(census->check, "L3", "node %u: expected %lld %s pages, found "
				   "%lld", node->id, (long long)sum, list_names[list],
				   (long long)node->stat[NR_INACTIVE_ANON + list]);
	}
}

static void check_batched(void *arg, u32 pfn)
{
	const struct lru_census *census = arg;
	const struct page *page = pfn_to_page(census->m, pfn);

	census->check->nr_checked++;
	if (page->refcount <= 0 || page_type(page))
		check_fail(census->check, "L1", "page 0x%x: expected a user page in a batch, "
			   "found ref %d, type 0x%x", pfn, page->refcount, page_type(page));
}

void lru_validate(const struct machine *m, struct check *check)
{
	struct lru_census census = { .m = m, .check = check };

	if (!m->lru)
		return;
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++)
			walk_node(&census, node, list);
	for_each_present_pfn(m, pfn, 0, m->max_pfn)
		count_page(&census, pfn);
	check_counters(&census);
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		if (m->nodes[node])
			check_node(&census, m->nodes[node]);
	lru_batched_pages(m, check_batched, &census);
	deferred_split_validate(m, check);
}
