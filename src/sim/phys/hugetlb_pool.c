// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pools grow and shrink. Nodes take turns: one turn for allocating, one for freeing.
 * A pool that is to be smaller gives back what is free and not reserved; what is in use
 * becomes surplus, and goes when it is freed. Reservations that the pool cannot serve
 * make surplus pages, as many as nr_overcommit_hugepages allows.
 */
#include "sim/phys/contig.h"
#include "sim/phys/folio.h"
#include "sim/phys/hugetlb_internal.h"
#include "sim/phys/tunables.h"

static u64 nodes_with_memory(const struct machine *m)
{
	u64 nodes = 0;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid] && m->nodes[nid]->has_memory)
			nodes |= 1ULL << nid;
	return nodes;
}

/* The node of the set whose turn it is; *turn is the next one of the same set. */
static unsigned int take_turn(unsigned int *turn, u64 nodes)
{
	unsigned int nid = (unsigned int)next_node_in((int)*turn - 1, nodes);

	*turn = (unsigned int)next_node_in((int)nid, nodes);
	return nid;
}

static unsigned int nr_turns(u64 nodes)
{
	return (unsigned int)__builtin_popcountll(nodes);
}

/* On x86_64 huge pages of the second level can be moved. */
gfp_t htlb_alloc_mask(const struct machine *m, const struct hstate *h)
{
	return m->arch->bits == 64 && !hstate_is_gigantic(h) ? GFP_HIGHUSER_MOVABLE :
							       GFP_HIGHUSER;
}

/* Of no pool yet. -ENOMEM, -ENOBUFS. */
static int alloc_fresh(struct machine *m, const struct hstate *h,
		       const struct alloc_request *where, u32 *pfn)
{
	struct alloc_request req = *where;
	int err;

	req.order = h->order;
	req.owner = PGTY_hugetlb;
	if (hstate_is_gigantic(h)) {
		err = alloc_contig_pages(m, &req, 1ULL << h->order, pfn);
		if (!err)
			own_block(m, *pfn, h->order, PGTY_hugetlb);
		return err;
	}
	req.gfp |= __GFP_COMP | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	err = alloc_pages(m, &req, pfn);
	if (err != -ENOBUFS)
		count_vm_event(m, err ? HTLB_BUDDY_ALLOC_FAIL : HTLB_BUDDY_ALLOC_SUCCESS, 1);
	return err;
}

/* From one of the nodes, the one whose turn it is first. */
static int alloc_pool_page(struct machine *m, struct hstate *h, u64 nodes, u32 *pfn)
{
	struct alloc_request where = { .gfp = htlb_alloc_mask(m, h) | __GFP_THISNODE };
	int err = -ENOMEM;

	for (unsigned int i = nr_turns(nodes); i && err == -ENOMEM; i--) {
		where.node = (int)take_turn(&h->next_nid_to_alloc, nodes);
		err = alloc_fresh(m, h, &where, pfn);
	}
	return err;
}

static bool adjust_pool_surplus(struct hstate *h, u64 nodes, int delta)
{
	unsigned int *turn = delta < 0 ? &h->next_nid_to_alloc : &h->next_nid_to_free;

	for (unsigned int i = nr_turns(nodes); i; i--) {
		unsigned int nid = take_turn(turn, nodes);

		if (delta < 0 ? !h->surplus_node[nid] : h->surplus_node[nid] >= h->nr_node[nid])
			continue;
		h->surplus_huge_pages += (u64)delta;
		h->surplus_node[nid] += (u64)delta;
		return true;
	}
	return false;
}

/* A free page leaves the pool; PFN_NIL: the nodes have none. */
static u32 remove_pool_page(struct machine *m, struct hstate *h, u64 nodes, bool surplus)
{
	for (unsigned int i = nr_turns(nodes); i; i--) {
		unsigned int nid = take_turn(&h->next_nid_to_free, nodes);
		u32 pfn = h->free[nid].first;

		if (pfn == PFN_NIL || (surplus && !h->surplus_node[nid]))
			continue;
		hugetlb_remove(m, h, pfn, surplus);
		return pfn;
	}
	return PFN_NIL;
}

/* All of a list goes back, the first one first. */
static void give_back_all(struct machine *m, struct hstate *h, struct page_list *list)
{
	while (list->first != PFN_NIL) {
		u32 pfn = list->first;

		page_list_del(m, list, pfn);
		hugetlb_give_back(m, h, pfn);
	}
}

/* What was allocated together is put on the free lists together, since 6.7. */
static void enqueue_all(struct machine *m, struct hstate *h, struct page_list *list)
{
	while (list->first != PFN_NIL) {
		u32 pfn = list->first;

		page_list_del(m, list, pfn);
		hugetlb_account_new(m, h, pfn);
		hugetlb_enqueue(m, h, pfn);
	}
}

static int pool_grow(struct machine *m, struct hstate *h, u64 nodes, u64 count)
{
	struct page_list fresh = PAGE_LIST_INIT;
	u64 allocated = 0;
	int err = 0;

	while (h->surplus_huge_pages && count > persistent_huge_pages(h) &&
	       adjust_pool_surplus(h, nodes, -1))
		;
	while (!err && count > persistent_huge_pages(h) + allocated) {
		u32 pfn;

		err = alloc_pool_page(m, h, nodes, &pfn);
		if (err)
			break;
		page_list_add_head(m, &fresh, pfn);
		if (rel_hugetlb_batches(m->release))
			allocated++;
		else
			enqueue_all(m, h, &fresh);
	}
	enqueue_all(m, h, &fresh);
	return err == -ENOBUFS ? err : 0;
}

/* Machines with HighMem give back what is not of it first. */
static void free_low_pages(struct machine *m, struct hstate *h, u64 count, u64 nodes,
			   struct page_list *removed)
{
	if (m->arch->bits == 64 || hstate_is_gigantic(h))
		return;
	for (; nodes; nodes &= nodes - 1) {
		u32 pfn = h->free[ctz64(nodes)].first, next;

		for (; pfn != PFN_NIL && count < h->nr_huge_pages; pfn = next) {
			next = pfn_to_page(m, pfn)->next;
			if (page_zone(m, pfn_to_page(m, pfn))->type == ZONE_HIGHMEM)
				continue;
			hugetlb_remove(m, h, pfn, /* surplus = */ false);
			page_list_add_head(m, removed, pfn);
		}
	}
}

static void pool_shrink(struct machine *m, struct hstate *h, u64 nodes, u64 count)
{
	u64 least = h->resv_huge_pages + h->nr_huge_pages - h->free_huge_pages;
	struct page_list removed = PAGE_LIST_INIT;

	least = MAX(least, count);
	free_low_pages(m, h, least, nodes, &removed);
	while (least < persistent_huge_pages(h)) {
		u32 pfn = remove_pool_page(m, h, nodes, /* surplus = */ false);

		if (pfn == PFN_NIL)
			break;
		page_list_add_head(m, &removed, pfn);
	}
	give_back_all(m, h, &removed);
	while (count < persistent_huge_pages(h) && adjust_pool_surplus(h, nodes, 1))
		;
}

/* Host memory for the blocks that will be taken, or all free gigantic pages cut. */
static int secure(struct machine *m, const struct hstate *h, u64 count)
{
	u64 now = persistent_huge_pages(h), wanted = count > now ? count - now : 0;
	u64 blocks = MIN(wanted, m->totalram_pages >> h->order);

	if (!hstate_is_gigantic(h))
		return section_reserve(m, (unsigned int)blocks + SECTION_AHEAD);
	return count < now ? gigantic_pages_secure(m, now - count) : 0;
}

int hugetlb_resize(struct machine *m, unsigned int order, int node, u64 count)
{
	struct hstate *h;
	u64 nodes = nodes_with_memory(m);
	int err = hugetlb_init(m);

	h = hugetlb_hstate(m, order);
	if (err || !h)
		return err ? err : -EINVAL;
	if (node >= 0) {
		u64 others = h->nr_huge_pages - h->nr_node[node];

		count = count + others < count ? ~0ULL : count + others;
		nodes = 1ULL << node;
	}
	err = secure(m, h, count);
	if (!err && count > persistent_huge_pages(h))
		err = pool_grow(m, h, nodes, count);
	if (!err)
		pool_shrink(m, h, nodes, count);
	h->max_huge_pages = persistent_huge_pages(h);
	hugetlb_count_changed(m);
	return err;
}

int hugetlb_add(struct machine *m, unsigned int order, u32 pfn)
{
	struct hstate *h;

	if (hugetlb_init(m))
		return -ENOMEM;
	h = hugetlb_hstate(m, order);
	hugetlb_account_new(m, h, pfn);
	hugetlb_enqueue(m, h, pfn);
	h->max_huge_pages++;
	hugetlb_count_changed(m);
	return 0;
}

/* ---- Surplus. ---- */

static int alloc_surplus(struct machine *m, struct hstate *h,
			 const struct alloc_request *where, u32 *pfn)
{
	int err;

	if (hstate_is_gigantic(h) || h->surplus_huge_pages >= h->nr_overcommit_huge_pages)
		return -ENOMEM;
	err = alloc_fresh(m, h, where, pfn);
	if (err)
		return err;
	hugetlb_account_new(m, h, *pfn);
	h->surplus_huge_pages++;
	h->surplus_node[huge_page_nid(m, *pfn)]++;
	return 0;
}

int alloc_surplus_huge_page(struct machine *m, struct hstate *h,
			    const struct alloc_request *where, u32 *pfn)
{
	int err = alloc_surplus(m, h, where, pfn);

	if (!err)
		hugetlb_activate(m, h, *pfn);
	return err;
}

int alloc_temporary_huge_page(struct machine *m, struct hstate *h,
			      const struct alloc_request *where, u32 *pfn)
{
	struct alloc_request req = *where;
	int err;

	if (hstate_is_gigantic(h))
		return -ENOMEM;
	req.gfp = htlb_alloc_mask(m, h) | (where->gfp & __GFP_THISNODE);
	err = alloc_fresh(m, h, &req, pfn);
	if (err)
		return err;
	hugetlb_account_new(m, h, *pfn);
	hugetlb_activate(m, h, *pfn);
	*hugetlb_page_flags(pfn_to_page(m, *pfn)) = HPG_TEMPORARY;
	return 0;
}

/* On the CPU's node or near it; later releases ask each other node as well. */
static int alloc_surplus_anywhere(struct machine *m, struct hstate *h, u64 nodes, u32 *pfn)
{
	struct alloc_request where = {
		.gfp = htlb_alloc_mask(m, h), .node = m->cpu_node[m->cpu],
	};
	bool here = !nodes || nodes >> where.node & 1;
	int err = -ENOMEM;

	if (here || !rel_hugetlb_batches(m->release))
		err = alloc_surplus(m, h, &where, pfn);
	if (!rel_hugetlb_batches(m->release))
		return err;
	nodes = (nodes ? nodes : nodes_with_memory(m)) & ~(1ULL << m->cpu_node[m->cpu]);
	for (; nodes && err == -ENOMEM; nodes &= nodes - 1) {
		where.node = (int)ctz64(nodes);
		err = alloc_surplus(m, h, &where, pfn);
	}
	return err;
}

static int gather_surplus_pages(struct machine *m, struct hstate *h, u64 delta, u64 nodes)
{
	struct page_list surplus = PAGE_LIST_INIT;
	s64 missing = (s64)(h->resv_huge_pages + delta - h->free_huge_pages);
	u64 needed = missing > 0 ? (u64)missing : 0;
	int err = 0;

	if (needed > m->totalram_pages >> h->order)
		err = -ENOMEM;
	if (!err && needed && h->nr_overcommit_huge_pages)
		err = section_reserve(m, (unsigned int)needed + SECTION_AHEAD);
	for (u64 i = 0; i < needed && !err; i++) {
		u32 pfn;

		err = alloc_surplus_anywhere(m, h, nodes, &pfn);
		if (!err)
			page_list_add_head(m, &surplus, pfn);
	}
	while (surplus.first != PFN_NIL) {
		u32 pfn = surplus.first;

		page_list_del(m, &surplus, pfn);
		if (err) {
			hugetlb_remove(m, h, pfn, /* surplus = */ true);
			hugetlb_give_back(m, h, pfn);
		} else {
			hugetlb_enqueue(m, h, pfn);
		}
	}
	if (!err)
		h->resv_huge_pages += delta;
	return err;
}

void hugetlb_unreserve(struct machine *m, struct hstate *h, u64 nr)
{
	u64 nodes = nodes_with_memory(m), surplus = MIN(nr, h->surplus_huge_pages);
	struct page_list removed = PAGE_LIST_INIT;

	h->resv_huge_pages -= nr;
	for (; surplus && !hstate_is_gigantic(h); surplus--) {
		u32 pfn = remove_pool_page(m, h, nodes, /* surplus = */ true);

		if (pfn == PFN_NIL)
			break;
		page_list_add_head(m, &removed, pfn);
	}
	give_back_all(m, h, &removed);
}

static u64 allowed_mems_nr(const struct machine *m, const struct hstate *h, u64 nodes)
{
	u64 nr = 0;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		nr += !nodes || nodes >> nid & 1 ? h->free_node[nid] : 0;
	return nr;
}

int hugetlb_acct_memory(struct machine *m, struct hstate *h, s64 delta, u64 nodes)
{
	int err;

	if (!delta)
		return 0;
	if (delta < 0) {
		hugetlb_unreserve(m, h, (u64)-delta);
		return 0;
	}
	err = gather_surplus_pages(m, h, (u64)delta, nodes);
	if (err || (u64)delta <= allowed_mems_nr(m, h, nodes))
		return err;
	hugetlb_unreserve(m, h, (u64)delta);
	return -ENOMEM;
}

/* ---- Cutting. ---- */

/* One page of the larger size becomes many of the smaller: all of them are there. */
static void demote_page(struct machine *m, struct hstate *h, struct hstate *target, u32 pfn)
{
	u64 nr = 1ULL << (h->order - target->order);

	hugetlb_remove(m, h, pfn, /* surplus = */ false);
	for (u64 i = 0; i < nr; i++)
		own_block(m, pfn + (i << target->order), target->order, PGTY_hugetlb);
	for (u64 i = 0; i < nr; i++) {
		hugetlb_account_new(m, target, pfn + (i << target->order));
		hugetlb_enqueue(m, target, pfn + (i << target->order));
	}
	h->max_huge_pages--;
	target->max_huge_pages += nr;
}

static u32 page_to_demote(struct hstate *h, u64 nodes)
{
	for (unsigned int i = nr_turns(nodes); i; i--) {
		u32 pfn = h->free[take_turn(&h->next_nid_to_free, nodes)].first;

		if (pfn != PFN_NIL)
			return pfn;
	}
	return PFN_NIL;
}

int hugetlb_demote(struct machine *m, struct hstate *h, int node, u64 nr)
{
	u64 nodes = node >= 0 ? 1ULL << node : nodes_with_memory(m);
	struct hstate *target = hugetlb_hstate(m, h->demote_order);
	int err = 0;

	if (!h->demote_order || !target)
		return -EINVAL;
	if (gigantic_pages_secure(m, MIN(nr, h->free_huge_pages)))
		return -ENOBUFS;
	while (nr-- && !err) {
		u64 free = node >= 0 ? h->free_node[node] : h->free_huge_pages;
		u32 pfn;

		if (free == h->resv_huge_pages)
			break;
		pfn = page_to_demote(h, nodes);
		if (pfn == PFN_NIL)
			err = -EBUSY;
		else
			demote_page(m, h, target, pfn);
	}
	hugetlb_count_changed(m);
	return err;
}

/* ---- Gigantic pages. ---- */

int gigantic_page_materialise(struct machine *m, u64 pfn)
{
	u64 end = pfn + (1ULL << GIGANTIC_PAGE_ORDER);

	for (u64 at = pfn; at < end; at += PAGES_PER_SECTION) {
		if (page_present(m, at))
			continue;
		if (section_materialise(m, at))
			return -ENOBUFS;
		own_tails(m, pfn, at, at + PAGES_PER_SECTION, PGTY_hugetlb);
	}
	return 0;
}

int gigantic_pages_secure(struct machine *m, u64 nr)
{
	const struct hstate *h = hugetlb_hstate(m, GIGANTIC_PAGE_ORDER);
	int err = 0;

	for (unsigned int nid = 0; h && nid < m->nr_nodes; nid++) {
		u32 pfn = h->free[nid].first;

		for (u64 i = 0; i < nr && pfn != PFN_NIL && !err; i++) {
			err = gigantic_page_materialise(m, pfn);
			pfn = pfn_to_page(m, pfn)->next;
		}
	}
	return err;
}

int hugetlb_dissolve_free(struct machine *m, u64 pfn)
{
	struct page *head = pfn_folio(m, pfn);
	struct hstate *h = hugetlb_hstate(m, head[1].block_order);
	u32 at = (u32)page_to_pfn(m, head);

	if (!h || !(*hugetlb_page_flags(head) & HPG_FREED) || !available_huge_pages(h))
		return -EBUSY;
	hugetlb_remove(m, h, at, /* surplus = */ false);
	h->max_huge_pages--;
	hugetlb_give_back(m, h, at);
	hugetlb_count_changed(m);
	return 0;
}
