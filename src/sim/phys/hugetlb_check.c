// SPDX-License-Identifier: GPL-2.0-or-later
/* H1, C4: each huge page is in its pool once, and the pool's figures are those of its lists. */
#include "sim/base/digest.h"
#include "sim/phys/hugetlb.h"
#include "sim/phys/tunables.h"

typedef unsigned long long ull;

static void list_digest(const struct machine *m, const struct page_list *list,
			struct digest *digest)
{
	for (u32 pfn = list->first; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next) {
		struct page *head = pfn_to_page(m, pfn);

		digest_u64(digest, pfn);
		digest_u64(digest, (u64)head[1].prev << 32 | *hugetlb_page_flags(head));
	}
}

void hugetlb_digest(const struct machine *m, struct digest *digest)
{
	if (!m->hugetlb)
		return;
	digest_u64(digest, m->hugetlb->default_pool);
	digest_u64(digest, (u64)m->contig_taken);
	for (int i = 0; i < HUGETLB_POOLS; i++) {
		const struct hstate *h = &m->hugetlb->hstates[i];

		digest_u64(digest, (u64)h->order << 32 | h->demote_order);
		digest_u64(digest, h->nr_huge_pages);
		digest_u64(digest, h->resv_huge_pages);
		digest_u64(digest, h->resv_lost);
		digest_u64(digest, h->resv_unbacked);
		digest_u64(digest, h->surplus_huge_pages);
		digest_u64(digest, h->max_huge_pages);
		digest_u64(digest, h->nr_overcommit_huge_pages);
		digest_u64(digest, (u64)h->next_nid_to_alloc << 32 | h->next_nid_to_free);
		for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
			digest_u64(digest, h->surplus_node[nid]);
			list_digest(m, &h->free[nid], digest);
		}
		list_digest(m, &h->active, digest);
	}
}

/* What tells one set of pages from another without storing it. */
struct fingerprint {
	u64 nr, sum, squares;
};

static void add_page(struct fingerprint *print, u64 pfn)
{
	print->nr++;
	print->sum += pfn;
	print->squares += pfn * pfn;
}

/* Huge pages of an order, by their descriptors. */
static struct fingerprint find_pages(const struct machine *m, unsigned int order)
{
	struct fingerprint found = { 0 };

	for (u64 pfn = 0; pfn < m->max_pfn; pfn += 1ULL << order) {
		const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;

		if (page && page_type(page) == PGTY_hugetlb &&
		    allocated_order(m, pfn) == (int)order)
			add_page(&found, pfn);
	}
	return found;
}

/* What a walk over a pool's lists counts. */
struct pool_walk {
	const struct machine *m;
	const struct hstate *h;
	struct check *check;
	struct fingerprint kept;
	u64 nr_node[MAX_NUMNODES], free_node[MAX_NUMNODES];
};

/* A page of a list: -1, the active one, or the free list of a node. */
static bool check_page(struct pool_walk *w, u32 pfn, int nid)
{
	const struct machine *m = w->m;
	struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;
	unsigned int on = 0;

	w->check->nr_checked++;
	if (page) {
		on = page_zone(m, page)->node;
		add_page(&w->kept, pfn);
		w->nr_node[on]++;
		w->free_node[on] += nid >= 0;
	}
	if (!page || allocated_order(m, pfn) != w->h->order ||
	    page_type(page) != PGTY_hugetlb || page_flag(page, PG_lru) ||
	    (nid >= 0) != !!(*hugetlb_page_flags(page) & HPG_FREED) ||
	    (nid >= 0 && (page->refcount != 1 || page->mapping || page[1].prev))) {
		check_fail(w->check, "H1", "page 0x%x: expected a huge page of order %u, %s", pfn,
			   w->h->order, nid >= 0 ? "free" : "in use");
		return page != NULL;
	}
	if (nid >= 0 && on != (unsigned int)nid)
		check_fail(w->check, "H1", "page 0x%x: expected on node %d, found on node %u", pfn,
			   nid, on);
	return true;
}

static void walk_list(struct pool_walk *w, const struct page_list *list, int nid)
{
	u64 limit = w->m->max_pfn >> w->h->order;

	for (u32 pfn = list->first; pfn != PFN_NIL && limit; limit--) {
		if (!check_page(w, pfn, nid))
			return;
		pfn = pfn_to_page(w->m, pfn)->next;
	}
}

static void expect(const struct pool_walk *w, const char *what, u64 expected, u64 found)
{
	w->check->nr_checked++;
	if (expected != found)
		check_fail(w->check, "C4", "order %u: expected %s %llu, found %llu", w->h->order,
			   what, (ull)expected, (ull)found);
}

static void check_nodes(const struct pool_walk *w)
{
	const struct hstate *h = w->h;
	u64 total = 0, free = 0, surplus = 0;

	for (unsigned int nid = 0; nid < w->m->nr_nodes; nid++) {
		expect(w, "pages of a node", w->nr_node[nid], h->nr_node[nid]);
		expect(w, "free pages of a node", w->free_node[nid], h->free_node[nid]);
		total += w->nr_node[nid];
		free += w->free_node[nid];
		surplus += h->surplus_node[nid];
	}
	expect(w, "pages", total, h->nr_huge_pages);
	expect(w, "free pages", free, h->free_huge_pages);
	expect(w, "surplus pages", surplus, h->surplus_huge_pages);
}

static void check_pool(const struct machine *m, const struct hstate *h, struct check *check)
{
	struct pool_walk w = { .m = m, .h = h, .check = check };
	struct fingerprint found = find_pages(m, h->order);

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		walk_list(&w, &h->free[nid], (int)nid);
	walk_list(&w, &h->active, -1);
	check->nr_checked++;
	if (memcmp(&w.kept, &found, sizeof(found)))
		check_fail(check, "H1", "order %u: expected %llu pages in the pool, each once, "
			   "found %llu", h->order, (ull)found.nr, (ull)w.kept.nr);
	check_nodes(&w);
	check->nr_checked += 2;
	if ((s64)h->resv_huge_pages > (s64)(h->free_huge_pages + h->resv_unbacked) ||
	    h->surplus_huge_pages > h->nr_huge_pages)
		check_fail(check, "C4", "order %u: expected reserved %llu within free %llu, "
			   "surplus %llu within %llu", h->order, (ull)h->resv_huge_pages,
			   (ull)h->free_huge_pages, (ull)h->surplus_huge_pages,
			   (ull)h->nr_huge_pages);
	if (h->order == hugetlb_default_order(m) &&
	    (m->tunables->nr_hugepages != h->max_huge_pages ||
	     m->tunables->nr_hugepages_mempolicy != h->max_huge_pages ||
	     m->tunables->nr_overcommit_hugepages != h->nr_overcommit_huge_pages))
		check_fail(check, "C4", "machine: expected nr_hugepages %llu, found %llu",
			   (ull)h->max_huge_pages, (ull)m->tunables->nr_hugepages);
}

/* Before there are pools there are no huge pages. */
static void check_none(const struct machine *m, struct check *check)
{
	check->nr_checked++;
	if (find_pages(m, m->arch->hugetlb_order).nr)
		check_fail(check, "H1", "order %u: expected no page outside of pools",
			   m->arch->hugetlb_order);
}

void hugetlb_validate(const struct machine *m, struct check *check)
{
	if (!m->hugetlb)
		check_none(m, check);
	for (unsigned int i = 0; m->hugetlb && i < HUGETLB_POOLS; i++)
		if (hugetlb_has_order(m, m->hugetlb->hstates[i].order))
			check_pool(m, &m->hugetlb->hstates[i], check);
}
