// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A CPU charges 64 pages at a time, and keeps what it does not need yet: its stock. 6.1 has
 * one of a single group for each CPU, later kernels seven. A charge that meets a limit
 * reclaims there, gives back all stocks, and tries again; when nothing comes of it for
 * long, somebody of the group is killed.
 */
#include "sim/phys/memcg.h"

#include "sim/base/bug.h"
#include "sim/base/rng.h"
#include "sim/phys/section.h"

#define MAX_RECLAIM_RETRIES 16

/* ---- Stocks. ---- */

static void note_charged(struct mem_cgroup *memcg, s64 nr)
{
	memcg->nr_charged += (u64)nr;
}

static void drain_slot(struct machine *m, struct memcg_stock *stock, unsigned int slot)
{
	struct mem_cgroup *memcg = mem_cgroup_of(m, stock->ids[slot]);
	u16 nr = stock->nr_pages[slot];

	if (!stock->ids[slot])
		return;
	stock->ids[slot] = 0;
	stock->nr_pages[slot] = 0;
	page_counter_uncharge(&memcg->memory, nr);
	note_charged(memcg, -(s64)nr);
}

static unsigned int nr_slots(const struct machine *m)
{
	return rel_memcg_stock_has_slots(m->release) ? NR_MEMCG_STOCK : 1;
}

static bool consume_stock(struct machine *m, const struct mem_cgroup *memcg, u32 nr_pages)
{
	struct memcg_stock *stock = &m->memcg->stocks[m->cpu];

	for (unsigned int i = 0; i < nr_slots(m) && nr_pages <= MEMCG_CHARGE_BATCH; i++) {
		if (stock->ids[i] != memcg->id || stock->nr_pages[i] < nr_pages)
			continue;
		stock->nr_pages[i] = (u16)(stock->nr_pages[i] - nr_pages);
		return true;
	}
	return false;
}

/* The slot of the group, an empty one, or one that somebody has to leave. */
static unsigned int find_slot(struct machine *m, struct memcg_stock *stock, u16 id)
{
	unsigned int empty = NR_MEMCG_STOCK;

	for (unsigned int i = 0; i < nr_slots(m); i++) {
		if (stock->ids[i] == id)
			return i;
		if (!stock->ids[i] && empty == NR_MEMCG_STOCK)
			empty = i;
	}
	if (empty < NR_MEMCG_STOCK)
		return empty;
	empty = nr_slots(m) > 1 ? (unsigned int)rng_below(&m->rng, nr_slots(m)) : 0;
	drain_slot(m, stock, empty);
	return empty;
}

/* So much has been charged that nobody uses yet. */
static void refill_stock(struct machine *m, struct mem_cgroup *memcg, u32 nr_pages)
{
	struct memcg_stock *stock = &m->memcg->stocks[m->cpu];
	unsigned int slot = find_slot(m, stock, memcg->id);

	stock->ids[slot] = memcg->id;
	stock->nr_pages[slot] = (u16)(stock->nr_pages[slot] + nr_pages);
	if (stock->nr_pages[slot] > MEMCG_CHARGE_BATCH)
		drain_slot(m, stock, slot);
}

void drain_all_stock(struct machine *m, const struct mem_cgroup *root)
{
	for (unsigned int cpu = 0; cpu < m->nr_possible_cpus; cpu++) {
		struct memcg_stock *stock = &m->memcg->stocks[cpu];
		const struct mem_cgroup *owner = mem_cgroup_of(m, stock->object_id);

		if (stock->object_id && mem_cgroup_is_descendant(owner, root))
			drain_obj_stock(m, stock);
	}
	for (unsigned int cpu = 0; cpu < m->nr_possible_cpus; cpu++)
		for (unsigned int i = 0; i < NR_MEMCG_STOCK; i++) {
			struct memcg_stock *stock = &m->memcg->stocks[cpu];
			const struct mem_cgroup *memcg = mem_cgroup_of(m, stock->ids[i]);

			if (stock->ids[i] && mem_cgroup_is_descendant(memcg, root))
				drain_slot(m, stock, i);
		}
}

void memcg_uncharge(struct machine *m, struct mem_cgroup *memcg, u64 nr_pages, bool keep)
{
	if (keep && nr_pages <= 1U << MAX_PAGE_ORDER) {
		refill_stock(m, memcg, (u32)nr_pages);
		return;
	}
	page_counter_uncharge(&memcg->memory, nr_pages);
	note_charged(memcg, -(s64)nr_pages);
}

/* ---- Limits. ---- */

u64 mem_cgroup_margin(const struct mem_cgroup *memcg)
{
	return memcg->memory.max - MIN(memcg->memory.usage, memcg->memory.max);
}

static struct mem_cgroup *memcg_of_counter(struct page_counter *counter)
{
	return container_of(counter, struct mem_cgroup, memory);
}

static bool is_oom_victim(const struct machine *m)
{
	const bool *victim = m->running[m->cpu].oom_victim;

	return victim && *victim;
}

/* One who asks, and where it met a limit. */
struct charge {
	struct machine *m;
	struct mem_cgroup *over;
	gfp_t gfp;
	u32 nr_pages;
	unsigned int retries;
	bool drained, passed_oom, told;
};

/* Is there reason to try again? -ENOMEM: no. */
static int make_room(struct charge *c)
{
	struct machine *m = c->m;
	u64 reclaimed = 0;

	memcg_memory_event(m, c->over, MEMCG_MAX);
	c->told = true;
	if (m->pressure && m->pressure->memcg_reclaim)
		reclaimed = m->pressure->memcg_reclaim(m, c->over, c->nr_pages, c->gfp);
	if (mem_cgroup_margin(c->over) >= c->nr_pages)
		return 0;
	if (!c->drained) {
		drain_all_stock(m, c->over);
		c->drained = true;
		return 0;
	}
	if (c->gfp & __GFP_NORETRY)
		return -ENOMEM;
	if (reclaimed && c->nr_pages <= 1U << PAGE_ALLOC_COSTLY_ORDER)
		return 0;
	if (c->retries--)
		return 0;
	c->retries = MAX_RECLAIM_RETRIES;
	if (c->gfp & __GFP_RETRY_MAYFAIL || (c->passed_oom && is_oom_victim(m)))
		return -ENOMEM;
	if (!m->pressure || !m->pressure->memcg_oom ||
	    !m->pressure->memcg_oom(m, c->over, c->gfp, (unsigned int)get_order(c->nr_pages * PAGE_SIZE)))
		return -ENOMEM;
	c->passed_oom = true;
	return 0;
}

/* It has to be, or is to free memory soon: over the limit, then. */
static void force_charge(const struct charge *c, struct mem_cgroup *memcg)
{
	if (!c->told)
		memcg_memory_event(c->m, c->over, MEMCG_MAX);
	page_counter_charge(&memcg->memory, c->nr_pages);
	note_charged(memcg, c->nr_pages);
}

/* Who was charged beyond a high mark reclaims before the program goes on. */
static void note_over_high(struct machine *m, const struct mem_cgroup *memcg, u32 batch)
{
	for (; memcg; memcg = memcg->parent)
		if (memcg->memory.usage > memcg->memory.high ||
		    memcg->swap.usage > memcg->swap.high) {
			m->memcg->nr_over_high += batch;
			return;
		}
}

/* Charged, to the last; counted by the caller's page, or in the stock. */
static void charged(struct machine *m, struct mem_cgroup *memcg, u32 batch, const struct charge *c)
{
	note_charged(memcg, batch);
	if (batch > c->nr_pages)
		refill_stock(m, memcg, batch - c->nr_pages);
	note_over_high(m, memcg, batch);
	if (m->memcg->nr_over_high > MEMCG_CHARGE_BATCH && !is_reclaiming(m) &&
	    c->gfp & __GFP_DIRECT_RECLAIM && m->pressure && m->pressure->memcg_over_high)
		m->pressure->memcg_over_high(m);
}

int try_charge_memcg(struct machine *m, struct mem_cgroup *memcg, gfp_t gfp, u32 nr_pages)
{
	struct charge c = { .m = m, .gfp = gfp, .nr_pages = nr_pages,
			    .retries = MAX_RECLAIM_RETRIES };
	u32 batch = MAX(MEMCG_CHARGE_BATCH, nr_pages);
	struct page_counter *counter;

	if (mem_cgroup_is_root(memcg))
		return 0;
	for (;;) {
		if (consume_stock(m, memcg, nr_pages))
			return 0;
		if (page_counter_try_charge(&memcg->memory, batch, &counter)) {
			charged(m, memcg, batch, &c);
			return 0;
		}
		c.over = memcg_of_counter(counter);
		if (batch > nr_pages) {
			batch = nr_pages;
			continue;
		}
		if (is_reclaiming(m))
			break;
		if (!(gfp & __GFP_DIRECT_RECLAIM) || make_room(&c)) {
			if (!(gfp & (__GFP_NOFAIL | __GFP_HIGH)))
				return -ENOMEM;
			break;
		}
	}
	force_charge(&c, memcg);
	return 0;
}

/* ---- Pages. ---- */

static void commit_charge(struct page *folio, const struct mem_cgroup *memcg)
{
	folio->memcg = (folio->memcg & ~MEMCG_ID_MASK) | memcg->id;
}

int memcg_charge_folio(struct machine *m, struct mem_cgroup *memcg, u64 pfn, gfp_t gfp)
{
	struct page *folio = pfn_to_page(m, pfn);
	int err = try_charge_memcg(m, memcg, gfp, (u32)folio_nr_pages(folio));

	if (!err)
		commit_charge(folio, memcg);
	return err;
}

int memcg_charge_kernel_pages(struct machine *m, u64 pfn, unsigned int order, gfp_t gfp)
{
	struct mem_cgroup *memcg = obj_cgroup_of_current(m);
	int err;

	if (!memcg)
		return 0;
	err = try_charge_memcg(m, memcg, gfp, 1U << order);
	if (err)
		return err;
	/* Whoever was killed for it may have been the last of the group. */
	commit_charge(pfn_to_page(m, pfn), memcg);
	memcg_mod_kernel(m, memcg->id, MEMCG_KMEM, 1LL << order);
	memcg->nr_kernel += 1ULL << order;
	return 0;
}

static bool is_kernel_page(const struct page *page)
{
	return page_type(page);
}

void memcg_uncharge_pages(struct machine *m, u64 pfn, unsigned int order)
{
	struct page *page = pfn_to_page(m, pfn);
	struct mem_cgroup *memcg = memcg_of_page(m, page);
	u64 nr = 1ULL << order;

	commit_charge(page, root_mem_cgroup(m));
	if (is_kernel_page(page)) {
		memcg->nr_kernel -= nr;
		obj_cgroup_uncharge_pages(m, memcg, nr);
	} else {
		memcg_uncharge(m, memcg, nr, /* keep = */ false);
	}
	if (unlikely(!memcg->online))
		mem_cgroup_put(m, memcg);
}

/* 6.1 charges the new one past all limits, till the old one goes; later it is handed over. */
void mem_cgroup_migrate(struct machine *m, struct page *old, struct page *new)
{
	struct mem_cgroup *memcg = memcg_of_page(m, old);
	u64 nr = folio_nr_pages(new);

	if (mem_cgroup_is_root(memcg) || page_memcg_id(new))
		return;
	commit_charge(new, memcg);
	if (rel_memcg_migrates_charge(m->release))
		return;
	page_counter_charge(&memcg->memory, nr);
	note_charged(memcg, (s64)nr);
}

void mem_cgroup_migrated(struct machine *m, struct page *old)
{
	if (rel_memcg_migrates_charge(m->release))
		commit_charge(old, root_mem_cgroup(m));
}
