// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A pool is an array of pfns, oldest first. Nodes take turns: one turn for
 * allocating, one for freeing, as both have a memory of their own in the kernel.
 */
#include "sim/phys/hugetlb.h"

#include "sim/base/digest.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"

struct pool {
	u32 *pfns;
	u64 nr, room;
	unsigned int next_alloc, next_free;	/* node ids */
	u64 overcommit;
};

struct hugetlb_state {
	struct pool pools[HUGETLB_POOLS];
	unsigned int default_pool;
};

static int pool_index(const struct machine *m, unsigned int order)
{
	if (order == m->arch->hugetlb_order)
		return 0;
	return m->gbpages && order == 18 ? 1 : -1;
}

bool hugetlb_has_order(const struct machine *m, unsigned int order)
{
	return pool_index(m, order) >= 0;
}

unsigned int hugetlb_default_order(const struct machine *m)
{
	return m->hugetlb && m->hugetlb->default_pool ? 18 : m->arch->hugetlb_order;
}

static struct pool *pool_of(const struct machine *m, unsigned int order)
{
	int index = pool_index(m, order);

	return m->hugetlb && index >= 0 ? &m->hugetlb->pools[index] : NULL;
}

void hugetlb_free_state(struct machine *m)
{
	struct hugetlb_state *state = m->hugetlb;

	if (!state)
		return;
	for (int i = 0; i < HUGETLB_POOLS; i++)
		arena_free(&m->arena, state->pools[i].pfns,
			   state->pools[i].room * sizeof(u32));
	arena_free(&m->arena, state, sizeof(*state));
	m->hugetlb = NULL;
}

/* Room for one page more. */
static int pool_reserve(struct machine *m, unsigned int order, struct pool **pool)
{
	u32 *pfns;
	u64 room;

	if (!m->hugetlb)
		m->hugetlb = arena_alloc(&m->arena, sizeof(*m->hugetlb));
	*pool = pool_of(m, order);
	if (!*pool)
		return -ENOMEM;
	if ((*pool)->nr < (*pool)->room)
		return 0;
	room = MAX((*pool)->room * 2, 64);
	pfns = arena_resize(&m->arena, (*pool)->pfns, (*pool)->room * sizeof(u32),
			    room * sizeof(u32));
	if (!pfns)
		return -ENOMEM;
	(*pool)->pfns = pfns;
	(*pool)->room = room;
	return 0;
}

static void count_changed(struct machine *m)
{
	const struct pool *pool = pool_of(m, hugetlb_default_order(m));

	m->tunables->nr_hugepages = m->tunables->nr_hugepages_mempolicy = pool ? pool->nr : 0;
}

int hugetlb_set_default(struct machine *m, unsigned int order)
{
	struct pool *pool;
	int err = pool_reserve(m, order, &pool);

	if (err)
		return err;
	m->hugetlb->default_pool = (unsigned int)pool_index(m, order);
	count_changed(m);
	return 0;
}

int hugetlb_add(struct machine *m, unsigned int order, u32 pfn)
{
	struct pool *pool;
	int err = pool_reserve(m, order, &pool);

	if (err)
		return err;
	pool->pfns[pool->nr++] = pfn;
	count_changed(m);
	return 0;
}

static bool node_usable(const struct machine *m, unsigned int nid, int only)
{
	return m->nodes[nid] && m->nodes[nid]->has_memory && (only < 0 || (unsigned int)only == nid);
}

/* The next node whose turn it is; *turn moves on. */
static unsigned int take_turn(const struct machine *m, unsigned int *turn, int only)
{
	unsigned int nid = *turn;

	for (unsigned int tries = 0; tries < m->nr_nodes; tries++) {
		nid = (*turn + tries) % m->nr_nodes;
		if (node_usable(m, nid, only))
			break;
	}
	*turn = (nid + 1) % m->nr_nodes;
	return nid;
}

/* 0 with a page more, -ENOMEM when no node has one, -ENOBUFS. */
static int grow(struct machine *m, unsigned int order, int only)
{
	struct alloc_request req = {
		.gfp = GFP_HIGHUSER | __GFP_COMP | __GFP_NOWARN | __GFP_THISNODE |
		       __GFP_RETRY_MAYFAIL,
		.order = order, .owner = PGTY_hugetlb,
	};
	struct pool *pool;
	u32 pfn;

	if (pool_reserve(m, order, &pool))
		return -ENOBUFS;
	for (unsigned int tries = 0; tries < m->nr_nodes; tries++) {
		int err;

		req.node = (int)take_turn(m, &pool->next_alloc, only);
		err = alloc_pages(m, &req, &pfn);
		if (err == -ENOBUFS)
			return err;
		if (err)
			continue;
		count_vm_event(m, HTLB_BUDDY_ALLOC_SUCCESS, 1);
		return hugetlb_add(m, order, pfn);
	}
	count_vm_event(m, HTLB_BUDDY_ALLOC_FAIL, 1);
	return -ENOMEM;
}

static unsigned int nid_of(const struct machine *m, u32 pfn)
{
	return page_zone(m, pfn_to_page(m, pfn))->node;
}

/* The newest page of the node whose turn it is goes back. */
static bool shrink(struct machine *m, struct pool *pool, unsigned int order, int only)
{
	for (unsigned int tries = 0; tries < m->nr_nodes; tries++) {
		unsigned int nid = take_turn(m, &pool->next_free, only);

		for (u64 i = pool->nr; i-- > 0;) {
			u32 pfn = pool->pfns[i];

			if (nid_of(m, pfn) != nid)
				continue;
			memmove(&pool->pfns[i], &pool->pfns[i + 1],
				(pool->nr - i - 1) * sizeof(u32));
			pool->nr--;
			free_pages(m, pfn, order);
			return true;
		}
	}
	return false;
}

int hugetlb_resize(struct machine *m, unsigned int order, int node, u64 count)
{
	const struct pglist_data *on = node < 0 ? NULL : m->nodes[node];
	struct pool *pool = pool_of(m, order);
	u64 now = hugetlb_counts(m, on, order).total;
	int err = 0;

	if (order > MAX_PAGE_ORDER)
		return count == now ? 0 : -EINVAL;
	while (!err && now < count) {
		err = grow(m, order, node);
		now += !err;
	}
	while (pool && now > count && shrink(m, pool, order, node))
		now--;
	count_changed(m);
	return err == -ENOMEM ? 0 : err;
}

struct hugetlb_counts hugetlb_counts(const struct machine *m, const struct pglist_data *node,
				     unsigned int order)
{
	const struct pool *pool = pool_of(m, order);
	struct hugetlb_counts counts = { 0 };

	if (!pool)
		return counts;
	for (u64 i = 0; i < pool->nr; i++)
		counts.total += !node || pfn_zone(m, pool->pfns[i])->node == node->id;
	counts.free = counts.total;
	counts.overcommit = pool->overcommit;
	return counts;
}

void hugetlb_set_overcommit(struct machine *m, unsigned int order, u64 count)
{
	struct pool *pool;

	if (!pool_reserve(m, order, &pool))
		pool->overcommit = count;
	if (order == hugetlb_default_order(m))
		m->tunables->nr_overcommit_hugepages = count;
}

u64 hugetlb_total_pages(const struct machine *m)
{
	u64 pages = 0;

	if (m->hugetlb) {
		pages = m->hugetlb->pools[0].nr << m->arch->hugetlb_order;
		pages += m->hugetlb->pools[1].nr << 18;
	}
	return pages;
}

void hugetlb_digest(const struct machine *m, struct digest *digest)
{
	if (!m->hugetlb)
		return;
	digest_u64(digest, m->hugetlb->default_pool);
	for (int i = 0; i < HUGETLB_POOLS; i++) {
		const struct pool *pool = &m->hugetlb->pools[i];

		digest_u64(digest, pool->nr);
		digest_u64(digest, pool->next_alloc);
		digest_u64(digest, pool->next_free);
		digest_u64(digest, pool->overcommit);
		for (u64 page = 0; page < pool->nr; page++)
			digest_u64(digest, pool->pfns[page]);
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

/*
 * H1: each page of a pool is the head of an allocated block of its order and on no
 * LRU list; each such block is in the pool, once.
 */
static void check_pool(const struct machine *m, const struct pool *pool, unsigned int order,
		       struct check *check)
{
	struct fingerprint kept = { 0 }, found = find_pages(m, order);

	for (u64 i = 0; i < pool->nr; i++) {
		u32 pfn = pool->pfns[i];
		const struct page *page = page_present(m, pfn) ? pfn_to_page(m, pfn) : NULL;

		add_page(&kept, pfn);
		check->nr_checked++;
		if (!page || allocated_order(m, pfn) != (int)order ||
		    page_type(page) != PGTY_hugetlb || page_flag(page, PG_lru))
			check_fail(check, "H1", "page 0x%x: expected a huge page of order %u", pfn,
				   order);
	}
	check->nr_checked++;
	if (memcmp(&kept, &found, sizeof(kept)))
		check_fail(check, "H1", "order %u: expected %llu pages in the pool, each once, "
			   "found %llu", order, (unsigned long long)found.nr,
			   (unsigned long long)kept.nr);
}

/* C4: total = free + in use (nobody uses any yet), the nodes' sum, and the sysctl. */
static void check_pool_counts(const struct machine *m, unsigned int order,
			      struct check *check)
{
	struct hugetlb_counts all = hugetlb_counts(m, NULL, order);
	u64 nodes = 0;

	for (unsigned int nid = 0; nid < m->nr_nodes; nid++)
		if (m->nodes[nid])
			nodes += hugetlb_counts(m, m->nodes[nid], order).total;
	check->nr_checked += 2;
	if (nodes != all.total || all.free > all.total || all.reserved > all.free ||
	    all.surplus > all.overcommit)
		check_fail(check, "C4", "order %u: expected %llu pages on the nodes and free, "
			   "found %llu, %llu free, %llu reserved, %llu surplus", order,
			   (unsigned long long)all.total, (unsigned long long)nodes,
			   (unsigned long long)all.free, (unsigned long long)all.reserved,
			   (unsigned long long)all.surplus);
	if (order == hugetlb_default_order(m) &&
	    (m->tunables->nr_hugepages != all.total ||
	     m->tunables->nr_hugepages_mempolicy != all.total))
		check_fail(check, "C4", "machine: expected nr_hugepages %llu, found %llu",
			   (unsigned long long)all.total,
			   (unsigned long long)m->tunables->nr_hugepages);
}

void hugetlb_validate(const struct machine *m, struct check *check)
{
	const unsigned int orders[HUGETLB_POOLS] = { m->arch->hugetlb_order, 18 };

	for (unsigned int i = 0; i < HUGETLB_POOLS; i++) {
		const struct pool empty = { 0 }, *pool = pool_of(m, orders[i]);

		if (!hugetlb_has_order(m, orders[i]))
			continue;
		check_pool(m, pool ? pool : &empty, orders[i], check);
		check_pool_counts(m, orders[i], check);
	}
}
