// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The preferred zone is the first of the node's list that the gfp flags allow; a
 * zone gives pages if it stays above the mark that alloc_flags name. Orders up to 3
 * and the pageblock order go through the per-CPU lists. The descriptors of a block
 * are set when it leaves the allocator and reset when it comes back.
 *
 * Nearly every call is for a single page that lies on the CPU's list. The hot
 * functions serve that, or decline before they change anything; then the long way,
 * which knows every case, gives the same answer.
 */
#include "sim/phys/page_alloc_internal.h"

#include "sim/base/bug.h"
#include "sim/phys/alloc_policy.h"
#include "sim/phys/folio.h"
#include "sim/phys/fault_inject.h"
#include "sim/phys/hwpoison.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_owner.h"
#include "sim/phys/pcp.h"
#include "sim/phys/pressure.h"
#include "sim/phys/report.h"
#include "sim/phys/tunables.h"

static inline bool arch_has_zone(const struct machine *m, enum zone_type type)
{
	return m->arch->zones >> type & 1;
}

static inline enum zone_type fast_gfp_zone(const struct machine *m, gfp_t gfp)
{
	if (likely(!(gfp & (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM))))
		return ZONE_NORMAL;
	if (gfp & __GFP_DMA)
		return arch_has_zone(m, ZONE_DMA) ? ZONE_DMA : ZONE_NORMAL;
	if (gfp & __GFP_DMA32)
		return arch_has_zone(m, ZONE_DMA32) ? ZONE_DMA32 : ZONE_NORMAL;
	if (gfp & __GFP_MOVABLE)
		return ZONE_MOVABLE;
	return arch_has_zone(m, ZONE_HIGHMEM) ? ZONE_HIGHMEM : ZONE_NORMAL;
}

enum zone_type gfp_zone(const struct machine *m, gfp_t gfp)
{
	return fast_gfp_zone(m, gfp);
}

static inline enum migratetype alloc_migratetype(const struct machine *m, gfp_t gfp)
{
	return unlikely(m->mobility_grouping_off) ? MIGRATE_UNMOVABLE : gfp_migratetype(gfp);
}

/* Pages of the HighAtomic reserve, which are not there for everybody. */
static inline u64 zone_highatomic_pages(const struct machine *m, const struct zone *zone)
{
	return rel_counts_free_highatomic(m->release) ? zone->nr_free_highatomic :
							zone->nr_reserved_highatomic;
}

/* zone_watermark_ok() with a short cut for single pages, and the rule for boosts. */
static inline bool zone_watermark_fast(const struct machine *m, const struct zone *zone,
				       const struct alloc_context *ac, u64 mark,
				       unsigned int alloc_flags)
{
	s64 free_pages = zone->stat[NR_FREE_PAGES], reserved = 0;
	unsigned int order = ac->req->order;

	if (!order) {
		if (!(alloc_flags & ALLOC_RESERVES))
			reserved = zone_highatomic_pages(m, zone);
		if (!(alloc_flags & ALLOC_CMA))
			reserved += zone->stat[NR_FREE_CMA];
		if (free_pages - MIN(free_pages, reserved) >
		    (s64)(mark + zone->lowmem_reserve[ac->highest]))
			return true;
	}
	if (zone_watermark_ok(m, zone, order, mark, ac->highest, alloc_flags, free_pages))
		return true;
	if (order || !zone->watermark_boost || (alloc_flags & ALLOC_WMARK_MASK) != WMARK_MIN)
		return false;
	if (rel_high_ignores_boost(m->release) ? !(alloc_flags & ALLOC_MIN_RESERVE) :
						 !(ac->req->gfp & __GFP_ATOMIC))
		return false;
	return zone_watermark_ok(m, zone, order, zone->watermark[WMARK_MIN], ac->highest,
				 alloc_flags, free_pages);
}

/* Does the zone have enough above its mark? Since 6.7 being below high is noted. */
static inline bool zone_has_room(const struct machine *m, struct zone *zone,
				 const struct alloc_context *ac, unsigned int alloc_flags)
{
	u64 mark;

	if (rel_tests_high_mark(m->release) && !(zone->flags & 1U << ZONE_BELOW_HIGH)) {
		if (zone_watermark_fast(m, zone, ac, zone_wmark(zone, WMARK_HIGH), alloc_flags))
			return true;
		zone->flags |= 1U << ZONE_BELOW_HIGH;
	}
	if (alloc_flags & ALLOC_NO_WATERMARKS)
		return true;
	mark = zone_wmark(zone, alloc_flags & ALLOC_WMARK_MASK);
	return zone_watermark_fast(m, zone, ac, mark, alloc_flags);
}

/* Until 6.5 the list of movable blocks, where CMA's may be, is for who may use those. */
static inline bool pcp_suits(const struct machine *m, enum migratetype type,
			     unsigned int alloc_flags)
{
	return alloc_flags & ALLOC_CMA || type != MIGRATE_MOVABLE || !m->cma ||
	       !rel_pcp_asks_for_cma(m->release);
}

static inline u32 zone_alloc(struct machine *m, const struct alloc_context *ac,
			     struct zone *zone, unsigned int alloc_flags)
{
	unsigned int order = ac->req->order;
	u32 pfn = PFN_NIL;

	if (likely(pcp_allowed_order(m, order) && pcp_suits(m, ac->type, alloc_flags)))
		pfn = pcp_alloc(m, zone, order, ac->type, alloc_flags);
	if (unlikely(pfn == PFN_NIL)) {
		pfn = buddy_alloc(m, zone, order, ac->type, alloc_flags);
		zone->pcp[m->cpu].counted = true;
		zone_note_taken(zone, 1ULL << order, alloc_flags);
	}
	if (unlikely(zone->flags & 1U << ZONE_BOOSTED_WATERMARK) &&
	    (alloc_flags & ALLOC_KSWAPD || !rel_boost_wakes_by_flag(m->release))) {
		zone->flags &= ~(1U << ZONE_BOOSTED_WATERMARK);
		if (m->pressure && m->pressure->wake_kswapd)
			m->pressure->wake_kswapd(m, zone, 0, 0, zone->type);
	}
	if (unlikely(pfn == PFN_NIL))
		return PFN_NIL;
	m->zone_event[PGALLOC][zone->type] += 1LL << order;
	zone_statistics(m, ac->preferred, zone, 1);
	return pfn;
}

/* One walk over the list. */
static inline u32 walk_freelist(struct machine *m, const struct alloc_context *ac,
				unsigned int alloc_flags)
{
	bool no_fragment = alloc_flags & ALLOC_NOFRAGMENT;

	for (unsigned int i = ac->first; i < ac->nr_zones; i++) {
		struct zone *zone = m->zones[ac->zonelist[i]];
		u32 pfn;

		if (unlikely(!zone_allowed(ac, zone)))
			continue;
		if (unlikely(ac->spread_dirty_pages) && !node_dirty_ok(m, m->nodes[zone->node])) {
			why_dirty(m, zone);
			continue;
		}
		/* Locality matters more than fragmentation. */
		if (unlikely(no_fragment && zone->node != ac->preferred->node) &&
		    !m->tunables->defrag_mode) {
			why_walk_stopped(m, ac, zone);
			break;
		}
		if (unlikely(!zone_has_room(m, zone, ac, alloc_flags)) &&
		    !node_reclaim_helped(m, ac, zone, alloc_flags)) {
			why_zone_passed_over(m, ac, zone, alloc_flags);
			continue;
		}
		pfn = zone_alloc(m, ac, zone, alloc_flags);
		if (unlikely(pfn == PFN_NIL)) {
			why_zone_empty(m, ac, zone, alloc_flags);
			continue;
		}
		if (unlikely(alloc_flags & ALLOC_HIGHATOMIC))
			reserve_highatomic_pageblock(m, zone, pfn, ac->req->order);
		return pfn;
	}
	return PFN_NIL;
}

u32 get_page_from_freelist(struct machine *m, const struct alloc_context *ac,
			   unsigned int alloc_flags)
{
	u32 pfn = walk_freelist(m, ac, alloc_flags);

	if (pfn == PFN_NIL && alloc_flags & ALLOC_NOFRAGMENT && !m->tunables->defrag_mode)
		pfn = walk_freelist(m, ac, alloc_flags & ~ALLOC_NOFRAGMENT);
	return pfn;
}

/* The first pass breaks no foreign pageblock where DMA32 could help out. */
static inline unsigned int alloc_flags_nofragment(const struct machine *m,
						  const struct zone *preferred, gfp_t gfp)
{
	unsigned int flags = gfp & __GFP_KSWAPD_RECLAIM ? ALLOC_KSWAPD : 0;
	const struct zone *below;

	if (unlikely(m->tunables->defrag_mode))
		return flags | ALLOC_NOFRAGMENT;
	if (preferred->type != ZONE_NORMAL || !arch_has_zone(m, ZONE_DMA32))
		return flags;
	below = m->nodes[preferred->node]->zones[ZONE_DMA32];
	if (m->nr_nodes > 1 && (!below || !zone_populated(below)))
		return flags;
	return flags | ALLOC_NOFRAGMENT;
}

/* Tails of a larger block, and what its head knows of them. */
static void prep_large(struct machine *m, const struct alloc_request *req, u32 pfn)
{
	bool compound = req->gfp & __GFP_COMP;
	struct page *head = pfn_to_page(m, pfn);
	u32 zone_bits = head->flags;

	page_set_flag(head, PG_large);
	if (compound)
		page_set_flag(head, PG_head);
	for (u32 i = 1; i < 1U << req->order; i++) {
		struct page *tail = head + i;

		tail->flags = zone_bits | (compound ? 1U << PG_tail : 0);
		tail->page_type = owner_type(req->owner);
	}
	if (compound && (!req->owner || req->owner == PGTY_hugetlb))
		folio_init(head, req->order);
	head[1].block_order = req->order;
}

static inline void prep_single_page(struct page *page, const struct alloc_request *req)
{
	page->private_ = 0;
	page->memcg = 0;
	page->refcount = 1;
	page->page_type = owner_type(req->owner);
}

static inline void prep_new_page(struct machine *m, const struct alloc_request *req, u32 pfn)
{
	prep_single_page(pfn_to_page(m, pfn), req);
	if (unlikely(req->order))
		prep_large(m, req, pfn);
}

/*
 * The nodes of a request are those of its task's cpuset, where it has one. Who asks for
 * nodes prefers the nearest of these, even one that the task may not use.
 */
static __noinline bool apply_cpuset(const struct machine *m, struct alloc_context *ac)
{
	u64 allowed = m->policies->mems_allowed(m), asked = ac->req->nodemask;
	bool found = find_preferred(m, ac, asked ? asked : allowed);

	if (!allowed)
		return found;
	ac->outside = asked && !(asked & allowed);
	if (!ac->outside)
		ac->nodemask = asked ? asked & allowed : allowed;
	return found;
}

/* -EINVAL: there is no such node. -ENOMEM: no zone may be used. */
static inline int prepare_alloc(const struct machine *m, const struct alloc_request *req,
				struct alloc_context *ac)
{
	unsigned int nid = req->node >= 0 ? (unsigned int)req->node : m->cpu_node[m->cpu];
	const struct pglist_data *node;

	if (unlikely(nid >= MAX_NUMNODES || !m->nodes[nid]))
		return -EINVAL;
	node = m->nodes[nid];
	ac->nodemask = req->nodemask;
	ac->req = req;
	ac->highest = fast_gfp_zone(m, req->gfp);
	ac->spread_dirty_pages = req->gfp & __GFP_WRITE;
	ac->outside = false;
	ac->type = alloc_migratetype(m, req->gfp);
	if (unlikely(req->gfp & __GFP_THISNODE)) {
		ac->zonelist = node->thisnode;
		ac->nr_zones = node->nr_thisnode;
	} else {
		ac->zonelist = node->zonelist;
		ac->nr_zones = node->nr_zonelist;
	}
	if (unlikely(m->policies))
		return apply_cpuset(m, ac) ? 0 : -ENOMEM;
	return likely(find_preferred(m, ac, req->nodemask)) ? 0 : -ENOMEM;
}

int prepare_alloc_pages(const struct machine *m, const struct alloc_request *req,
			struct alloc_context *ac)
{
	return prepare_alloc(m, req, ac);
}

void prep_taken_page(struct machine *m, const struct alloc_request *req, u32 pfn)
{
	prep_new_page(m, req, pfn);
}

/* A larger block than there are, or one that nobody should insist on. */
static __noinline __cold int check_order(struct machine *m, const struct alloc_request *req)
{
	if (req->order > MAX_PAGE_ORDER) {
		if (!(req->gfp & __GFP_NOWARN))
			warn_on_once(m, WARN_ORDER);
		machine_why_call(m, "order %u, %X: -ENOMEM: no block is larger than order %d "
				 "(__alloc_pages)", req->order, req->gfp, MAX_PAGE_ORDER);
		return -ENOMEM;
	}
	if (req->gfp & __GFP_NOFAIL && req->order > 1)
		warn_on_once(m, WARN_NOFAIL_ORDER);
	return 0;
}

static __noinline int alloc_pages_long(struct machine *m, const struct alloc_request *req,
				     u32 *pfn)
{
	struct alloc_context ac;
	unsigned int flags;
	u32 found;
	int err = 0;

	if (unlikely(req->order > 1))
		err = check_order(m, req);
	if (!err)
		err = section_reserve(m, 0);
	if (unlikely(m->page_owner) && !err)
		err = page_owner_reserve(m);
	if (unlikely(err))
		return err;
	if (unlikely(m->fault) && should_fail_alloc_page(m, req->gfp, req->order))
		return -ENOMEM;
	err = prepare_alloc(m, req, &ac);
	if (unlikely(err))
		return err == -ENOMEM ? why_alloc_failed(m, &ac) : err;
	flags = WMARK_LOW | alloc_flags_nofragment(m, ac.preferred, req->gfp) |
		alloc_flags_cma(ac.type);
	found = unlikely(ac.outside) ? PFN_NIL : get_page_from_freelist(m, &ac, flags);
	if (unlikely(found == PFN_NIL))
		found = alloc_pages_slowpath(m, &ac);
	if (unlikely(found == PFN_NIL))
		return why_alloc_failed(m, &ac);
	prep_new_page(m, req, found);
	if (unlikely(m->page_owner))
		page_owner_set(m, found, req->order, req->gfp);
	*pfn = found;
	return 0;
}

/* What zone_has_room() asks first, for a single page without reserves. */
static inline bool zone_has_plenty(const struct machine *m, const struct zone *zone,
				   enum zone_type highest, enum migratetype type)
{
	u64 mark = zone_wmark(zone, rel_tests_high_mark(m->release) ? WMARK_HIGH : WMARK_LOW);

	return zone->stat[NR_FREE_PAGES] - (s64)zone_highatomic_pages(m, zone) >
	       (s64)(mark + zone->lowmem_reserve[highest]) +
	       (type == MIGRATE_MOVABLE ? 0 : zone->stat[NR_FREE_CMA]);
}

/* PFN_NIL: not a case for this function; nothing has changed. */
static inline u32 alloc_page_hot(struct machine *m, const struct alloc_request *req)
{
	unsigned int nid = req->node >= 0 ? (unsigned int)req->node : m->cpu_node[m->cpu];
	enum zone_type highest = fast_gfp_zone(m, req->gfp);
	enum migratetype type = alloc_migratetype(m, req->gfp);
	struct per_cpu_pages *pcp;
	struct page_list *list;
	struct zone *zone;
	u32 pfn;

	if (unlikely(req->order || req->nodemask || req->gfp & __GFP_THISNODE ||
		     m->page_owner || m->policies || m->fault || nid >= MAX_NUMNODES || !m->nodes[nid]))
		return PFN_NIL;
	zone = m->nodes[nid]->preferred[highest];
	if (unlikely(!zone || zone->flags || !zone_has_plenty(m, zone, highest, type)))
		return PFN_NIL;
	pcp = &zone->pcp[m->cpu];
	list = &pcp->lists[order_to_pindex(0, type)];
	if (unlikely(list->first == PFN_NIL))
		return PFN_NIL;
	pcp_note_alloc(pcp);
	pfn = pcp_take(m, pcp, list, 0);
	m->zone_event[PGALLOC][zone->type]++;
	zone_statistics(m, zone, zone, 1);
	prep_single_page(pfn_to_page(m, pfn), req);
	return pfn;
}

static int alloc_pages_mpol(struct machine *m, const struct alloc_request *req, u32 *pfn)
{
	if (unlikely(m->policies) && req->node == NUMA_NO_NODE && !(req->gfp & __GFP_THISNODE))
		return m->policies->alloc(m, req, pfn);
	return alloc_pages_long(m, req, pfn);
}

/* Kernel pages that the group of who runs is charged for. */
static int alloc_pages_charged(struct machine *m, const struct alloc_request *req, u32 *pfn)
{
	int err;

	/* The policy asks for the same page once more. */
	m->memcg->charging = true;
	err = alloc_pages_mpol(m, req, pfn);
	m->memcg->charging = false;
	if (err)
		return err;
	err = memcg_charge_kernel_pages(m, *pfn, req->order, req->gfp);
	if (err)
		free_pages(m, *pfn, req->order);
	return err;
}

int alloc_pages(struct machine *m, const struct alloc_request *req, u32 *pfn)
{
	u32 found = alloc_page_hot(m, req);

	if (unlikely(found == PFN_NIL)) {
		if (unlikely(m->memcg) && req->gfp & __GFP_ACCOUNT && !m->memcg->charging)
			return alloc_pages_charged(m, req, pfn);
		return alloc_pages_mpol(m, req, pfn);
	}
	*pfn = found;
	return 0;
}

int alloc_kernel_pages(struct machine *m, gfp_t gfp, unsigned int order, int node,
		       enum pagetype owner, u32 *pfn)
{
	const struct alloc_request req = {
		.gfp = gfp, .order = order, .node = node, .owner = owner,
	};

	return alloc_pages(m, &req, pfn);
}

static void reset_tails(struct page *head, unsigned int order)
{
	for (u32 i = 1; i < 1U << order; i++)
		reset_page(head + i);
}

void prep_isolated_pages(struct machine *m, const struct alloc_request *req, u32 pfn)
{
	prep_new_page(m, req, pfn);
	if (unlikely(m->page_owner))
		page_owner_set(m, pfn, req->order, req->gfp);
}

void unprep_isolated_pages(struct machine *m, u32 pfn, unsigned int order)
{
	if (unlikely(m->page_owner))
		page_owner_reset(m, pfn, order);
	reset_page(pfn_to_page(m, pfn));
	reset_tails(pfn_to_page(m, pfn), order);
}

static __noinline void free_pages_long(struct machine *m, u64 pfn, unsigned int order)
{
	struct page *page = pfn_to_page(m, pfn);
	struct zone *zone = page_zone(m, page);
	enum migratetype type = pageblock_type(m, pfn);

	BUG_ON(m, page->refcount != 1);
	if (unlikely(page_flag(page, PG_hwpoison) && !order)) {
		/* put_page_last() has taken it off its list, and out of the count. */
		page->flags &= ~(1U << PG_lru | 1U << PG_mlocked);
		page_keep_hwpoison(m, pfn);
		return;
	}
	if (unlikely(m->page_owner))
		page_owner_reset(m, pfn, order);
	if (unlikely(page_memcg_id(page)))
		memcg_uncharge_pages(m, pfn, order);
	if (unlikely(m->num_poisoned_pages && order && hwpoison_keep_block(m, pfn, order)))
		return;
	reset_page(page);
	if (order)
		reset_tails(page, order);
	if (likely(pcp_allowed_order(m, order) && type != MIGRATE_ISOLATE)) {
		pcp_free(m, zone, page, pfn, order, type);
		return;
	}
	m->event[PGFREE] += 1LL << order;
	zone->pcp[m->cpu].counted = true;
	buddy_free(m, zone, pfn, order, BUDDY_AUTO);
}

void free_pages(struct machine *m, u64 pfn, unsigned int order)
{
	struct page *page = pfn_to_page(m, pfn);
	enum migratetype type = pageblock_type(m, pfn);

	if (unlikely(order || page->refcount != 1 || type >= MIGRATE_PCPTYPES ||
		     m->page_owner || page_memcg_id(page) || page_flag(page, PG_hwpoison))) {
		free_pages_long(m, pfn, order);
		return;
	}
	reset_page(page);
	pcp_free(m, page_zone(m, page), page, pfn, 0, type);
}

int allocated_order(const struct machine *m, u64 pfn)
{
	const struct page *page;

	if (!page_present(m, pfn))
		return -1;
	page = pfn_to_page(m, pfn);
	if (page->refcount <= 0 || page_flag(page, PG_reserved))
		return -1;
	return page_flag(page, PG_large) ? (int)page[1].block_order : 0;
}

int zone_init(struct machine *m, struct zone *zone)
{
	zone_init_free_lists(zone);
	zone->boot_start_pfn = zone->start_pfn;
	zone->boot_spanned_pages = zone->spanned_pages;
	zone->present_early_pages = zone->present_pages;
	return zone_pcp_init(m, zone);
}

void zone_free(struct machine *m, struct zone *zone)
{
	zone_pcp_free(m, zone);
}

void adjust_managed_page_count(struct machine *m, struct zone *zone, s64 nr_pages)
{
	zone->managed_pages += nr_pages;
	m->totalram_pages += nr_pages;
	if (rel_protection_from_final(m->release))
		setup_per_zone_lowmem_reserve(m);
}

int free_reserved_area(struct machine *m, u64 pfn, u64 end)
{
	if (section_materialise_range(m, pfn, end))
		return -ENOMEM;
	while (pfn < end) {
		struct zone *zone = page_zone(m, pfn_to_page(m, pfn));
		u64 first = pfn;

		for (; pfn < end && page_zone(m, pfn_to_page(m, pfn)) == zone; pfn++) {
			page_clear_flag(pfn_to_page(m, pfn), PG_reserved);
			free_pages(m, pfn, 0);
		}
		adjust_managed_page_count(m, zone, pfn - first);
	}
	return 0;
}

void split_page(struct machine *m, u64 pfn, unsigned int order)
{
	struct page *page = pfn_to_page(m, pfn);
	u32 type = page->page_type, memcg = page_memcg_id(page);

	for (u32 i = 0; i < 1U << order; i++) {
		reset_page(page + i);
		page[i].memcg = memcg;
		page[i].page_type = type;
		page[i].refcount = 1;
	}
	if (unlikely(m->page_owner))
		page_owner_split(m, pfn, order);
}

int free_contig_range(struct machine *m, u64 pfn, u64 nr_pages)
{
	u64 end = pfn + nr_pages;

	if (section_materialise_range(m, pfn, end))
		return -ENOBUFS;
	for (; pfn < end; pfn++) {
		reset_page(pfn_to_page(m, pfn));
		pfn_to_page(m, pfn)->refcount = 1;
		free_pages(m, pfn, 0);
	}
	return 0;
}
