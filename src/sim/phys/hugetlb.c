// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists of huge pages and the counts that go with them: every change of either is here
 * or, where whole pools change, in hugetlb_pool.c by the functions of
 * hugetlb_internal.h.
 */
#include "sim/phys/hugetlb.h"

#include "sim/base/bug.h"
#include "sim/phys/hugetlb_internal.h"
#include "sim/phys/tunables.h"

static int pool_index(const struct machine *m, unsigned int order)
{
	if (order == m->arch->hugetlb_order)
		return 0;
	return m->gbpages && order == GIGANTIC_PAGE_ORDER ? 1 : -1;
}

bool hugetlb_has_order(const struct machine *m, unsigned int order)
{
	return pool_index(m, order) >= 0;
}

unsigned int hugetlb_default_order(const struct machine *m)
{
	return m->hugetlb && m->hugetlb->default_pool ? GIGANTIC_PAGE_ORDER :
							m->arch->hugetlb_order;
}

struct hstate *hugetlb_hstate(const struct machine *m, unsigned int order)
{
	int index = pool_index(m, order);

	return m->hugetlb && index >= 0 ? &m->hugetlb->hstates[index] : NULL;
}

static void hstate_init(struct hstate *h, unsigned int order)
{
	h->order = (u8)order;
	h->active = (struct page_list)PAGE_LIST_INIT;
	for (unsigned int nid = 0; nid < MAX_NUMNODES; nid++)
		h->free[nid] = (struct page_list)PAGE_LIST_INIT;
}

int hugetlb_init(struct machine *m)
{
	struct hugetlb_state *state;

	if (m->hugetlb)
		return 0;
	state = arena_alloc(&m->arena, sizeof(*state));
	if (!state)
		return -ENOBUFS;
	hstate_init(&state->hstates[0], m->arch->hugetlb_order);
	hstate_init(&state->hstates[1], GIGANTIC_PAGE_ORDER);
	state->hstates[1].demote_order = m->arch->hugetlb_order;
	m->hugetlb = state;
	return 0;
}

void hugetlb_free_state(struct machine *m)
{
	if (!m->hugetlb)
		return;
	arena_free(&m->arena, m->hugetlb, sizeof(*m->hugetlb));
	m->hugetlb = NULL;
}

void hugetlb_count_changed(struct machine *m)
{
	const struct hstate *h = hugetlb_hstate(m, hugetlb_default_order(m));

	m->tunables->nr_hugepages = m->tunables->nr_hugepages_mempolicy =
		h ? h->max_huge_pages : 0;
	m->tunables->nr_overcommit_hugepages = h ? h->nr_overcommit_huge_pages : 0;
}

int hugetlb_set_default(struct machine *m, unsigned int order)
{
	if (hugetlb_init(m))
		return -ENOMEM;
	m->hugetlb->default_pool = (unsigned int)pool_index(m, order);
	hugetlb_count_changed(m);
	return 0;
}

unsigned int huge_page_nid(const struct machine *m, u64 pfn)
{
	return page_zone(m, pfn_to_page(m, pfn))->node;
}

/* Nothing is left in its tails that a pool or a mapping keeps there. */
void hugetlb_account_new(struct machine *m, struct hstate *h, u64 pfn)
{
	struct page *head = pfn_to_page(m, pfn);

	for (u32 i = 1; i < 4; i++) {
		head[i].prev = head[i].next = 0;
		head[i].mapping = 0;
	}
	h->nr_huge_pages++;
	h->nr_node[huge_page_nid(m, pfn)]++;
}

void hugetlb_enqueue(struct machine *m, struct hstate *h, u64 pfn)
{
	unsigned int nid = huge_page_nid(m, pfn);

	page_list_add_head(m, &h->free[nid], pfn);
	*hugetlb_page_flags(pfn_to_page(m, pfn)) = HPG_FREED;
	h->free_huge_pages++;
	h->free_node[nid]++;
}

void hugetlb_remove(struct machine *m, struct hstate *h, u64 pfn, bool surplus)
{
	unsigned int nid = huge_page_nid(m, pfn);
	u32 *flags = hugetlb_page_flags(pfn_to_page(m, pfn));

	if (*flags & HPG_FREED) {
		page_list_del(m, &h->free[nid], pfn);
		h->free_huge_pages--;
		h->free_node[nid]--;
	}
	*flags = 0;
	if (surplus) {
		h->surplus_huge_pages--;
		h->surplus_node[nid]--;
	}
	h->nr_huge_pages--;
	h->nr_node[nid]--;
}

/* In use from now on, by nobody yet: one reference, that of who took it. */
void hugetlb_activate(struct machine *m, struct hstate *h, u64 pfn)
{
	struct page *head = pfn_to_page(m, pfn);

	*hugetlb_page_flags(head) = 0;
	page_list_add_head(m, &h->active, pfn);
}

static u32 dequeue_node(struct machine *m, struct hstate *h, unsigned int nid)
{
	u32 pfn = h->free[nid].first;

	/* Not one that is about to go off line (6.1 would move pages there, for ever), or failed. */
	while (pfn != PFN_NIL && (pageblock_type(m, pfn) == MIGRATE_ISOLATE ||
				  *hugetlb_page_flags(pfn_to_page(m, pfn)) & HPG_HWPOISON))
		pfn = pfn_to_page(m, pfn)->next;
	if (pfn == PFN_NIL)
		return pfn;
	page_list_del(m, &h->free[nid], pfn);
	h->free_huge_pages--;
	h->free_node[nid]--;
	hugetlb_activate(m, h, pfn);
	return pfn;
}

u32 hugetlb_dequeue(struct machine *m, struct hstate *h, int nid, u64 nodemask)
{
	const struct pglist_data *node = m->nodes[nid >= 0 ? nid : m->cpu_node[m->cpu]];
	enum zone_type highest = gfp_zone(m, htlb_alloc_mask(m, h));
	u64 seen = 0;

	for (unsigned int i = 0; node && i < node->nr_zonelist; i++) {
		const struct zone *zone = m->zones[node->zonelist[i]];
		u32 pfn;

		if (zone->type > highest || seen >> zone->node & 1 ||
		    (nodemask && !(nodemask >> zone->node & 1)))
			continue;
		seen |= 1ULL << zone->node;
		pfn = dequeue_node(m, h, zone->node);
		if (pfn != PFN_NIL)
			return pfn;
	}
	return PFN_NIL;
}

/* Back to the allocator: of no pool any more. */
void hugetlb_give_back(struct machine *m, struct hstate *h, u64 pfn)
{
	page_clear_flag(pfn_to_page(m, pfn), PG_dirty);
	if (!hstate_is_gigantic(h))
		free_pages(m, pfn, h->order);
	else
		BUG_ON(m, free_contig_range(m, pfn, 1ULL << h->order));
}

void free_huge_folio(struct machine *m, u64 pfn)
{
	struct page *head = pfn_to_page(m, pfn);
	struct hstate *h = hugetlb_hstate(m, (unsigned int)allocated_order(m, pfn));
	unsigned int nid = huge_page_nid(m, pfn);
	u32 *flags = hugetlb_page_flags(head);
	bool temporary = *flags & HPG_TEMPORARY;

	page_list_del(m, &h->active, pfn);
	/* A page that moved here was never counted: the figure may fall below 0. */
	m->nodes[nid]->stat[NR_HUGETLB] -= 1LL << h->order;
	if (*flags & HPG_RESTORE_RESERVE)
		h->resv_huge_pages++;
	*flags = 0;
	head->mapping = 0;
	head->index = 0;
	head->memcg = 0;
	page_clear_flag(head, PG_anon);
	page_clear_flag(head, PG_anon_exclusive);
	page_clear_flag(head, PG_uptodate);
	page_clear_flag(head, PG_referenced);
	if (temporary || h->surplus_node[nid]) {
		hugetlb_remove(m, h, pfn, /* surplus = */ !temporary);
		hugetlb_give_back(m, h, pfn);
		/* It was promised again as it was unmapped, and goes all the same. */
		if ((s64)h->resv_huge_pages > (s64)h->free_huge_pages)
			h->resv_unbacked = MAX(h->resv_unbacked,
					       h->resv_huge_pages - h->free_huge_pages);
	} else {
		hugetlb_enqueue(m, h, pfn);
	}
}

void hugetlb_move_temporary(struct machine *m, u64 from, u64 to)
{
	struct hstate *h = hugetlb_hstate(m, (unsigned int)allocated_order(m, from));
	unsigned int old = huge_page_nid(m, from), new = huge_page_nid(m, to);
	u32 *flags = hugetlb_page_flags(pfn_to_page(m, to));

	if (!(*flags & HPG_TEMPORARY))
		return;
	*flags &= ~(u32)HPG_TEMPORARY;
	*hugetlb_page_flags(pfn_to_page(m, from)) |= HPG_TEMPORARY;
	if (old == new || !h->surplus_node[old])
		return;
	h->surplus_node[old]--;
	h->surplus_node[new]++;
}

struct hugetlb_counts hugetlb_counts(const struct machine *m, const struct pglist_data *node,
				     unsigned int order)
{
	const struct hstate *h = hugetlb_hstate(m, order);

	if (!h)
		return (struct hugetlb_counts){ 0 };
	return (struct hugetlb_counts){
		.total = node ? h->nr_node[node->id] : h->nr_huge_pages,
		.free = node ? h->free_node[node->id] : h->free_huge_pages,
		.surplus = node ? h->surplus_node[node->id] : h->surplus_huge_pages,
		.reserved = h->resv_huge_pages,
		.overcommit = h->nr_overcommit_huge_pages,
	};
}

void hugetlb_set_overcommit(struct machine *m, unsigned int order, u64 count)
{
	if (!hugetlb_init(m))
		hugetlb_hstate(m, order)->nr_overcommit_huge_pages = count;
	hugetlb_count_changed(m);
}

u64 hugetlb_total_pages(const struct machine *m)
{
	u64 pages = 0;

	for (unsigned int i = 0; m->hugetlb && i < HUGETLB_POOLS; i++)
		pages += m->hugetlb->hstates[i].nr_huge_pages << m->hugetlb->hstates[i].order;
	return pages;
}
