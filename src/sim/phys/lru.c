// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages reach their list through a batch of the CPU; a full batch moves as one. The
 * batches, what moves a page of each, and when they are drained are the kernel's, so
 * that nr_inactive_anon and its kin lag behind as they do there. Nothing here takes
 * host memory after lru_init().
 */
#include "sim/phys/lru_internal.h"

#include "sim/base/bug.h"
#include "sim/base/digest.h"
#include "sim/phys/hugetlb.h"

static size_t cpus_bytes(const struct machine *m)
{
	return m->nr_cpus * sizeof(struct lru_cpu);
}

int lru_init(struct machine *m)
{
	struct lru_state *lru = arena_alloc(&m->arena, sizeof(*lru));

	if (!lru)
		return -ENOMEM;
	lru->cpus = arena_alloc(&m->arena, cpus_bytes(m));
	if (!lru->cpus) {
		arena_free(&m->arena, lru, sizeof(*lru));
		return -ENOMEM;
	}
	lru->batch_size = rel_lru_batch(m->release);
	for (unsigned int node = 0; node < MAX_NUMNODES; node++) {
		lru->lruvecs[node].node = (u16)node;
		for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++)
			lru->lruvecs[node].lists[list] = (struct page_list)PAGE_LIST_INIT;
		lru->split_queues[node].list = (struct page_list)PAGE_LIST_INIT;
	}
	m->lru = lru;
	return 0;
}

void lru_free(struct machine *m)
{
	if (!m->lru)
		return;
	arena_free(&m->arena, m->lru->cpus, cpus_bytes(m));
	arena_free(&m->arena, m->lru, sizeof(*m->lru));
	m->lru = NULL;
}

void count_group_lru(struct machine *m, const struct page *page, enum lru_list list, s64 n)
{
	struct lruvec *lruvec = folio_lruvec(m, page);

	lruvec->size[page_zone(m, page)->type][list] += (u64)n;
	memcg_mod_stat(m, lruvec->memcg, lruvec->node, NR_INACTIVE_ANON + list, n);
}

u64 lruvec_lru_size(const struct machine *m, const struct lruvec *lruvec, enum lru_list list,
		    enum zone_type highest)
{
	const struct pglist_data *node = m->nodes[lruvec->node];
	u64 pages = 0;

	if (highest == MAX_NR_ZONES - 1 && !m->memcg)
		return (u64)node->stat[NR_INACTIVE_ANON + list];
	for (unsigned int type = 0; type <= highest; type++) {
		const struct zone *zone = node->zones[type];

		if (!zone || !zone_managed(zone))
			continue;
		pages += m->memcg ? lruvec->size[type][list] :
				    (u64)zone->stat[NR_ZONE_INACTIVE_ANON + list];
	}
	return pages;
}

s64 lruvec_page_state(const struct machine *m, const struct lruvec *lruvec,
		      enum node_stat_item item)
{
	if (!lruvec->memcg)
		return m->nodes[lruvec->node]->stat[item];
	return memcg_node_stat(m, mem_cgroup_of(m, lruvec->memcg), item, lruvec->node);
}

void mod_lruvec_state(struct machine *m, const struct lruvec *lruvec, enum node_stat_item item,
		      s64 n)
{
	m->nodes[lruvec->node]->stat[item] += n;
	if (lruvec->memcg)
		memcg_mod_stat(m, lruvec->memcg, lruvec->node, item, n);
}

struct lruvec *parent_lruvec(const struct machine *m, const struct lruvec *lruvec)
{
	if (!lruvec->memcg)
		return NULL;
	return mem_cgroup_lruvec(m, mem_cgroup_of(m, lruvec->memcg)->parent, lruvec->node);
}

void workingset_age_nonresident(struct machine *m, struct lruvec *lruvec, u64 nr_pages)
{
	for (; lruvec; lruvec = parent_lruvec(m, lruvec))
		lruvec->nonresident_age += nr_pages;
}

/* Since 6.2 a page that is only kept costs less than one that has to be read or written. */
void lru_note_cost(struct machine *m, struct lruvec *lruvec, bool file, u64 nr_io,
		   u64 nr_rotated)
{
	u64 cost = nr_io;

	if (rel_rotations_cost(m->release))
		cost = nr_io * SWAP_CLUSTER_MAX + nr_rotated;
	if (!cost && rel_rotations_cost(m->release))
		return;
	for (; lruvec; lruvec = parent_lruvec(m, lruvec)) {
		u64 pages = 0;

		*(file ? &lruvec->file_cost : &lruvec->anon_cost) += cost;
		for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++)
			pages += (u64)lruvec_page_state(m, lruvec, NR_INACTIVE_ANON + list);
		if (lruvec->anon_cost + lruvec->file_cost > pages / 4) {
			lruvec->anon_cost /= 2;
			lruvec->file_cost /= 2;
		}
	}
}

/* The page goes to the list that its flags name. */
static inline void lru_add_one(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	bool was_unevictable = page_flag(page, PG_unevictable);

	page_clear_flag(page, PG_unevictable);
	if (likely(page_evictable(m, page))) {
		if (was_unevictable)
			count_folio_event(m, page, UNEVICTABLE_PGS_RESCUED);
	} else {
		page_clear_flag(page, PG_active);
		page_set_flag(page, PG_unevictable);
		page->prev = 0;
		if (!was_unevictable)
			count_folio_event(m, page, UNEVICTABLE_PGS_CULLED);
	}
	lruvec_add(m, pfn);
}

/* Batches. */

/* Only the batch has it yet: it would go to a list and leave it as its last user goes. */
static inline bool is_let_go(const struct page *page)
{
	return page->refcount == 1 && !page_flag(page, PG_mlocked) &&
	       !page_flag(page, PG_unevictable);
}

static __noinline void drain_batch(struct machine *m, struct lru_batch *batch,
				   enum lru_batch_kind kind)
{
	unsigned int nr = batch->nr;

	for (unsigned int i = 0; i < nr; i++) {
		u32 pfn = batch->pfns[i];

		if (kind == LRU_BATCH_ADD) {
			if (is_let_go(pfn_to_page(m, pfn)))
				continue;
			lru_add_one(m, pfn);
			page_set_flag(pfn_to_page(m, pfn), PG_lru);
		} else if (kind == LRU_BATCH_MLOCK) {
			mlock_movers[batch->what[i]](m, pfn);
		} else if (page_flag(pfn_to_page(m, pfn), PG_lru)) {
			lru_movers[kind](m, pfn);
		}
	}
	batch->nr = 0;
	for (unsigned int i = 0; i < nr; i++)
		put_page(m, batch->pfns[i]);
}

static inline struct lru_batch *current_batch(struct machine *m, enum lru_batch_kind kind)
{
	return &m->lru->cpus[m->cpu].batches[kind];
}

static inline void batch_add(struct machine *m, enum lru_batch_kind kind, u64 pfn)
{
	struct lru_batch *batch = current_batch(m, kind);

	pfn_to_page(m, pfn)->refcount++;
	batch->pfns[batch->nr++] = (u32)pfn;
	/* A large folio does not wait. */
	if (unlikely(batch->nr == m->lru->batch_size ||
		     folio_is_large(pfn_to_page(m, pfn))))
		drain_batch(m, batch, kind);
}

void lru_cache_add(struct machine *m, u64 pfn)
{
	if (lru_gen_enabled(m) && m->lru->in_fault)
		page_set_flag(pfn_to_page(m, pfn), PG_active);
	/* A batch of one does not wait. */
	if (unlikely(m->lru->batch_size == 1)) {
		lru_add_one(m, pfn);
		page_set_flag(pfn_to_page(m, pfn), PG_lru);
	} else {
		batch_add(m, LRU_BATCH_ADD, pfn);
	}
}

void lru_add_drain(struct machine *m)
{
	/* Nothing waits. */
	if (m->lru->batch_size == 1)
		return;
	for (unsigned int kind = 0; kind < NR_LRU_BATCHES; kind++)
		if (current_batch(m, kind)->nr)
			drain_batch(m, current_batch(m, kind), kind);
}

void mlock_drain_local(struct machine *m)
{
	if (current_batch(m, LRU_BATCH_MLOCK)->nr)
		drain_batch(m, current_batch(m, LRU_BATCH_MLOCK), LRU_BATCH_MLOCK);
}

void lru_add_drain_all(struct machine *m)
{
	unsigned int cpu = m->cpu;

	for (m->cpu = 0; m->cpu < m->nr_cpus; m->cpu++)
		lru_add_drain(m);
	m->cpu = cpu;
}

/* A policy that keeps an order sees pages as they come. */
static u8 usual_batch(const struct machine *m)
{
	return m->lru->policy ? 1 : rel_lru_batch(m->release);
}

void lru_set_policy(struct machine *m, const struct lru_policy *policy)
{
	lru_add_drain_all(m);
	m->lru->policy = policy;
	if (!m->lru->nr_disabled)
		m->lru->batch_size = usual_batch(m);
}

void lru_cache_disable(struct machine *m)
{
	lru_add_drain_all(m);
	m->lru->nr_disabled++;
	m->lru->batch_size = 1;
}

void lru_cache_enable(struct machine *m)
{
	if (!--m->lru->nr_disabled)
		m->lru->batch_size = usual_batch(m);
}

bool lru_isolate(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	if (!page_flag(page, PG_lru))
		return false;
	page_clear_flag(page, PG_lru);
	get_page(m, pfn);
	lruvec_del(m, pfn);
	return true;
}

void lru_putback(struct machine *m, u64 pfn)
{
	lru_cache_add(m, pfn);
	put_page(m, pfn);
}

/* The page is in this CPU's batch of new pages: it will be added as active. */
static void activate_batched(struct machine *m, u64 pfn)
{
	const struct lru_batch *batch = current_batch(m, LRU_BATCH_ADD);

	for (unsigned int i = batch->nr; i-- > 0;)
		if (batch->pfns[i] == pfn) {
			page_set_flag(pfn_to_page(m, pfn), PG_active);
			return;
		}
}

void activate_page(struct machine *m, u64 pfn)
{
	const struct page *page = pfn_folio(m, pfn);

	if (page_flag(page, PG_lru) && !page_flag(page, PG_active) &&
	    !page_flag(page, PG_unevictable) && !m->lru->policy)
		batch_add(m, LRU_BATCH_ACTIVATE, folio_pfn(m, pfn));
}

void folio_rotate_reclaimable(struct machine *m, u64 pfn)
{
	const struct page *page = pfn_folio(m, pfn);

	if (page_flag(page, PG_lru) && !page_flag(page, PG_locked) &&
	    !page_flag(page, PG_dirty) && !page_flag(page, PG_unevictable))
		batch_add(m, LRU_BATCH_ROTATE, folio_pfn(m, pfn));
}

void mark_page_accessed(struct machine *m, u64 pfn)
{
	struct page *page = pfn_folio(m, pfn);

	if (unlikely(m->lru->policy)) {
		m->lru->policy->accessed(m, page, folio_pfn(m, pfn));
		return;
	}
	if (!page_flag(page, PG_referenced)) {
		if (!lru_gen_enabled(m) || !page_flag(page, PG_unevictable))
			page_set_flag(page, PG_referenced);
	} else if (lru_gen_enabled(m) || page_flag(page, PG_unevictable)) {
		return;
	} else if (!page_flag(page, PG_active)) {
		if (page_flag(page, PG_lru))
			activate_page(m, pfn);
		else
			activate_batched(m, folio_pfn(m, pfn));
		page_clear_flag(page, PG_referenced);
		/* workingset_activation() */
		workingset_age_nonresident(m, folio_lruvec(m, page), folio_nr_pages(page));
	}
}

void deactivate_page(struct machine *m, u64 pfn)
{
	const struct page *page = pfn_folio(m, pfn);

	if (page_flag(page, PG_lru) && !page_flag(page, PG_unevictable) &&
	    (page_flag(page, PG_active) || lru_gen_enabled(m)))
		batch_add(m, LRU_BATCH_DEACTIVATE, folio_pfn(m, pfn));
}

void deactivate_file_page(struct machine *m, u64 pfn)
{
	if (!page_flag(pfn_folio(m, pfn), PG_unevictable))
		batch_add(m, LRU_BATCH_DEACTIVATE_FILE, folio_pfn(m, pfn));
}

void mark_page_lazyfree(struct machine *m, u64 pfn)
{
	const struct page *page = pfn_folio(m, pfn);

	if (page_flag(page, PG_lru) && lazyfree_possible(page))
		batch_add(m, LRU_BATCH_LAZYFREE, folio_pfn(m, pfn));
}

static void mlock_batch_add(struct machine *m, u64 pfn, u8 what)
{
	struct lru_batch *batch = current_batch(m, LRU_BATCH_MLOCK);

	batch->what[batch->nr] = what;
	batch_add(m, LRU_BATCH_MLOCK, pfn);
}

static void set_mlocked(struct machine *m, struct page *page)
{
	page_set_flag(page, PG_mlocked);
	page_zone(m, page)->stat[NR_MLOCK] += (s64)folio_nr_pages(page);
	count_folio_event(m, page, UNEVICTABLE_PGS_MLOCKED);
}

void mlock_page(struct machine *m, u64 pfn)
{
	struct page *page = pfn_folio(m, pfn);

	if (!page_flag(page, PG_mlocked))
		set_mlocked(m, page);
	mlock_batch_add(m, folio_pfn(m, pfn), MLOCK_LRU);
}

void mlock_new_page(struct machine *m, u64 pfn)
{
	set_mlocked(m, pfn_to_page(m, pfn));
	mlock_batch_add(m, pfn, MLOCK_NEW);
}

void munlock_page(struct machine *m, u64 pfn)
{
	mlock_batch_add(m, folio_pfn(m, pfn), MUNLOCK);
}

void put_page_last(struct machine *m, u64 pfn)
{
	struct page *page = pfn_to_page(m, pfn);

	BUG_ON(m, page->refcount != 1);
	if (unlikely(page_type(page) == PGTY_hugetlb)) {
		free_huge_folio(m, pfn);
		return;
	}
	if (page_flag(page, PG_lru))
		lruvec_del(m, pfn);
	if (unlikely(page_flag(page, PG_mlocked))) {
		page_zone(m, page)->stat[NR_MLOCK] -= (s64)folio_nr_pages(page);
		count_folio_event(m, page, UNEVICTABLE_PGS_CLEARED);
	}
	if (unlikely(folio_is_large(page))) {
		deferred_split_remove(m, pfn);
		if (page_flag(page, PG_anon))
			mod_mthp_stat(m, folio_order(page), MTHP_STAT_NR_ANON, -1);
	}
	free_pages(m, pfn, page_flag(page, PG_large) ? page[1].block_order : 0);
}

void lru_batched_pages(const struct machine *m, void (*visit)(void *arg, u32 pfn), void *arg)
{
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		for (unsigned int kind = 0; kind < NR_LRU_BATCHES; kind++) {
			const struct lru_batch *batch = &m->lru->cpus[cpu].batches[kind];

			for (unsigned int i = 0; i < batch->nr; i++)
				visit(arg, batch->pfns[i]);
		}
}

static void batch_digest(const struct lru_batch *batch, struct digest *digest)
{
	digest_u64(digest, batch->nr);
	for (unsigned int i = 0; i < batch->nr; i++)
		digest_u64(digest, (u64)batch->what[i] << 32 | batch->pfns[i]);
}

void lruvec_digest(const struct lruvec *lruvec, struct digest *digest)
{
	digest_u64(digest, lruvec->anon_cost);
	digest_u64(digest, lruvec->file_cost);
	digest_u64(digest, lruvec->nonresident_age);
	for (unsigned int i = 0; i < ANON_AND_FILE; i++)
		digest_u64(digest, (u64)lruvec->refaults[i]);
	digest_u64(digest, lruvec->congested);
}

void lru_digest(const struct machine *m, struct digest *digest)
{
	const struct lru_state *lru = m->lru;

	if (!lru)
		return;
	digest_u64(digest, lru->batch_size);
	deferred_split_digest(m, digest);
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		lruvec_digest(&lru->lruvecs[node], digest);
	for (unsigned int node = 0; node < m->nr_nodes; node++)
		for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++) {
			u32 pfn = lru->lruvecs[node].lists[list].first;

			for (; pfn != PFN_NIL; pfn = pfn_to_page(m, pfn)->next)
				digest_u64(digest, pfn);
			digest_u64(digest, PFN_NIL);
		}
	for (unsigned int cpu = 0; cpu < m->nr_cpus; cpu++)
		for (unsigned int kind = 0; kind < NR_LRU_BATCHES; kind++)
			batch_digest(&lru->cpus[cpu].batches[kind], digest);
}
