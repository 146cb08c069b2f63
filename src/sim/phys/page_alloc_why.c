// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the page allocator says of its decisions. All of it is off the fast path:
 * notes of zones that were passed over and of failures, and one summary for a
 * caller that asks for it, made from what the allocation left.
 */
#include "sim/phys/page_alloc_internal.h"

#include <stdio.h>

#include "sim/phys/pcp.h"

typedef unsigned long long ull;

static const char *const mark_names[] = { "min", "low", "high", "promo" };

/* Pages that this request may not count on. */
static u64 highatomic_pages(const struct machine *m, const struct zone *zone,
			    unsigned int alloc_flags)
{
	if (alloc_flags & (ALLOC_NON_BLOCK | ALLOC_MIN_RESERVE | ALLOC_HIGHATOMIC | ALLOC_OOM))
		return 0;
	return rel_counts_free_highatomic(m->release) ? zone->nr_free_highatomic :
							zone->nr_reserved_highatomic;
}

/* The mark as zone_watermark_ok() lowers it for those who may dig deeper. */
static u64 lowered_mark(u64 mark, unsigned int alloc_flags)
{
	if (alloc_flags & ALLOC_MIN_RESERVE) {
		mark -= mark / 2;
		if (alloc_flags & ALLOC_NON_BLOCK)
			mark -= mark / 4;
	}
	return alloc_flags & ALLOC_OOM ? mark - mark / 2 : mark;
}

void why_zone_passed_over(struct machine *m, const struct alloc_context *ac,
			  const struct zone *zone, unsigned int alloc_flags)
{
	unsigned int mark = alloc_flags & ALLOC_WMARK_MASK, order = ac->req->order;
	u64 reserved = highatomic_pages(m, zone, alloc_flags);
	u64 cma = alloc_flags & ALLOC_CMA ? 0 : (u64)zone->stat[NR_FREE_CMA];
	u64 need = lowered_mark(zone_wmark(zone, mark), alloc_flags);
	u64 protection = zone->lowmem_reserve[ac->highest];
	s64 free = zone->stat[NR_FREE_PAGES] - (s64)((1ULL << order) - 1 + reserved + cma);
	char less_cma[40] = "";

	if (cma)
		snprintf(less_cma, sizeof(less_cma), " - %llu CMA", (unsigned long long)cma);

	if (free > (s64)(need + protection))
		machine_why(m, "node %u zone %s: passed over for order %u: %lld pages are free, "
			    "but no list that may be used has a block of that order or more "
			    "(zone_watermark_ok)", zone->node, zone->name, order,
			    (long long)zone->stat[NR_FREE_PAGES]);
	else
		machine_why(m, "node %u zone %s: passed over for order %u: free %lld - %llu of "
			    "the order - %llu HighAtomic%s <= %s mark %llu + lowmem_reserve %llu "
			    "(zone_watermark_ok)", zone->node, zone->name, order,
			    (long long)zone->stat[NR_FREE_PAGES], (1ULL << order) - 1,
			    (unsigned long long)reserved, less_cma, mark_names[mark],
			    (unsigned long long)need, (unsigned long long)protection);
}

void why_zone_empty(struct machine *m, const struct alloc_context *ac,
		    const struct zone *zone, unsigned int alloc_flags)
{
	machine_why(m, "node %u zone %s: is above its mark, but gives no block of order %u, "
		    "type %s%s (rmqueue)", zone->node, zone->name, ac->req->order,
		    migratetype_names[ac->type], alloc_flags & ALLOC_NOFRAGMENT ?
		    ": ALLOC_NOFRAGMENT claims whole pageblocks only" : "");
}

void why_walk_stopped(struct machine *m, const struct alloc_context *ac,
		      const struct zone *zone)
{
	machine_why(m, "node %u zone %s: not tried in the first walk: rather break a pageblock of "
		    "node %u than leave it (ALLOC_NOFRAGMENT)", zone->node, zone->name,
		    ac->preferred->node);
}

void why_slowpath(struct machine *m, const struct alloc_context *ac, unsigned int alloc_flags)
{
	machine_why(m, "order %u, %X: no zone has room at the low mark: now the min mark%s%s%s "
		    "(__alloc_pages_slowpath)", ac->req->order, ac->req->gfp,
		    alloc_flags & ALLOC_MIN_RESERVE ? ", half of it for __GFP_HIGH" : "",
		    alloc_flags & ALLOC_NON_BLOCK ? ", less a quarter for no blocking" : "",
		    alloc_flags & ALLOC_HIGHATOMIC ? ", and the HighAtomic reserve" : "");
}

void why_nofail_fails(struct machine *m, const struct alloc_context *ac)
{
	machine_why(m, "order %u, %X: the kernel would wait for ever; here nothing else happens "
		    "meanwhile, so that it fails after all (__GFP_NOFAIL%s)", ac->req->order,
		    ac->req->gfp, ac->req->gfp & __GFP_DIRECT_RECLAIM ? "" :
		    " without __GFP_DIRECT_RECLAIM: the kernel fails, too");
}

void why_dirty(struct machine *m, const struct zone *zone)
{
	const struct pglist_data *node = m->nodes[zone->node];

	machine_why(m, "node %u: passed over for pages to be written: %lld dirty and %lld being "
		    "written are its share (node_dirty_ok)", zone->node,
		    (long long)node->stat[NR_DIRTY], (long long)node->stat[NR_WRITEBACK]);
}

/* The largest order that this request may take a block of; -1: none. */
static int largest_block(const struct zone *zone, bool highatomic, bool cma)
{
	for (int order = MAX_PAGE_ORDER; order >= 0; order--) {
		const struct free_area *area = &zone->free_area[order];

		for (unsigned int type = 0; type < MIGRATE_PCPTYPES; type++)
			if (!free_area_empty(area, type))
				return order;
		if ((highatomic && !free_area_empty(area, MIGRATE_HIGHATOMIC)) ||
		    (cma && !free_area_empty(area, MIGRATE_CMA)))
			return order;
	}
	return -1;
}

/* What keeps a zone from giving 2^order pages, or that nothing does. */
static const char *zone_verdict(const struct machine *m, const struct alloc_context *ac,
				const struct zone *zone)
{
	unsigned int order = ac->req->order, cma = alloc_flags_cma(ac->type);
	unsigned int flags = ac->req->gfp & __GFP_HIGH ? ALLOC_MIN_RESERVE : 0;
	s64 free = zone->stat[NR_FREE_PAGES];

	if (zone->type > ac->highest)
		return "above the zones that this gfp may use";
	if (!zone_allowed(ac, zone))
		return "not in the node mask";
	if (!(ac->req->gfp & __GFP_DIRECT_RECLAIM))
		flags |= ALLOC_NON_BLOCK | (order && flags ? ALLOC_HIGHATOMIC : 0);
	flags |= cma;
	if (!zone_watermark_ok(m, zone, 0, zone_wmark(zone, WMARK_MIN), ac->highest, flags,
			       free - (s64)((1ULL << order) - 1)))
		return "too little above its min mark";
	if (!zone_watermark_ok(m, zone, order, zone_wmark(zone, WMARK_MIN), ac->highest, flags,
			       free))
		return "no block as large";
	if (!zone_watermark_ok(m, zone, order, zone_wmark(zone, WMARK_LOW), ac->highest, cma,
			       free))
		return "below its low mark: after kswapd was woken";
	return "has room";
}

static void why_zone_table(struct machine *m, const struct alloc_context *ac)
{
	for (unsigned int i = 0; i < ac->nr_zones; i++) {
		const struct zone *zone = m->zones[ac->zonelist[i]];
		char cma[40] = "";

		if (zone->cma_pages)
			snprintf(cma, sizeof(cma), ", CMA %lld", (long long)zone->stat[NR_FREE_CMA]);
		machine_why(m, "  node %u %s: free %lld, min %llu, low %llu, high %llu, reserve "
			    "%llu, HighAtomic %llu%s, largest block order %d: %s", zone->node,
			    zone->name, (long long)zone->stat[NR_FREE_PAGES],
			    (ull)zone_wmark(zone, WMARK_MIN), (ull)zone_wmark(zone, WMARK_LOW),
			    (ull)zone_wmark(zone, WMARK_HIGH),
			    (ull)zone->lowmem_reserve[ac->highest],
			    (ull)highatomic_pages(m, zone, 0), cma,
			    largest_block(zone, ac->req->gfp & __GFP_HIGH,
					  ac->type == MIGRATE_MOVABLE),
			    zone_verdict(m, ac, zone));
	}
}

int why_alloc_failed(struct machine *m, const struct alloc_context *ac)
{
	const struct alloc_request *req = ac->req;
	char what[48];

	snprintf(what, sizeof(what), "page allocation failure: order:%u", req->order);
	if (m->warn_alloc)
		m->warn_alloc(m, req->gfp, req->nodemask, what);
	why_zone_table(m, ac);
	machine_why_call(m, "order %u, %X: -ENOMEM: none of the %u zones of node %u's %s can give it "
		    "(__alloc_pages)", req->order, req->gfp, ac->nr_zones,
		    req->node >= 0 ? (unsigned int)req->node : m->cpu_node[m->cpu],
		    req->gfp & __GFP_THISNODE ? "own list (__GFP_THISNODE)" : "zonelist");
	return -ENOMEM;
}

/* The first zone of the list that the request may use. */
static const struct zone *preferred_zone(const struct machine *m,
					 const struct alloc_request *req)
{
	const struct pglist_data *node;
	enum zone_type highest = gfp_zone(m, req->gfp);

	node = m->nodes[req->node >= 0 ? (unsigned int)req->node : m->cpu_node[m->cpu]];
	for (unsigned int i = 0; i < node->nr_zonelist; i++) {
		const struct zone *zone = m->zones[node->zonelist[i]];

		if (zone->type <= highest &&
		    (!req->nodemask || req->nodemask >> zone->node & 1))
			return zone;
	}
	return m->zones[0];
}

void alloc_pages_explain(struct machine *m, const struct alloc_request *req, u32 pfn)
{
	const struct zone *zone = page_zone(m, pfn_to_page(m, pfn));
	const struct zone *preferred = preferred_zone(m, req);
	const char *place = zone == preferred ? "the preferred zone" : "a fallback zone";
	enum migratetype type = m->mobility_grouping_off ? MIGRATE_UNMOVABLE :
							   gfp_migratetype(req->gfp);
	u64 low = zone_wmark(zone, WMARK_LOW);

	if (zone != preferred) {
		const struct pglist_data *node =
			m->nodes[req->node >= 0 ? (unsigned int)req->node : m->cpu_node[m->cpu]];
		const struct alloc_context ac = {
			.req = req, .nodemask = req->nodemask, .zonelist = node->zonelist,
			.nr_zones = node->nr_zonelist, .highest = gfp_zone(m, req->gfp),
			.type = type,
		};

		why_zone_table(m, &ac);
	}
	if (pcp_allowed_order(m, req->order))
		machine_why_call(m, "alloc_pages order %u, %X: page %#x of node %u zone %s, %s; "
				 "from CPU %u's list of type %s, which has %d pages left in all; "
				 "the zone has %lld free, low mark %llu (rmqueue_pcplist)",
				 req->order, req->gfp, pfn, zone->node, zone->name, place, m->cpu,
				 migratetype_names[type], zone->pcp[m->cpu].count,
				 (long long)zone->stat[NR_FREE_PAGES], (unsigned long long)low);
	else
		machine_why_call(m, "alloc_pages order %u, %X: page %#x of node %u zone %s, %s; "
				 "from the buddy lists, this order bypasses the per-CPU lists; "
				 "the pageblock is %s; the zone has %lld free, low mark %llu "
				 "(rmqueue_buddy)", req->order, req->gfp, pfn, zone->node,
				 zone->name, place, migratetype_names[pageblock_type(m, pfn)],
				 (long long)zone->stat[NR_FREE_PAGES], (unsigned long long)low);
}

void free_pages_explain(struct machine *m, u64 pfn, unsigned int order)
{
	const struct zone *zone = page_zone(m, pfn_to_page(m, pfn));
	const struct per_cpu_pages *pcp = &zone->pcp[m->cpu];
	unsigned int merged = order;
	u64 head = pfn;

	if (page_type(pfn_to_page(m, pfn)) == PGTY_pcp)
		machine_why_call(m, "free_pages %#llx order %u: on CPU %u's list of node %u "
				 "zone %s, as the next to be used; the lists have %d pages, "
				 "high %d (free_unref_page)",
				 (unsigned long long)pfn, order, m->cpu,
				 zone->node, zone->name, pcp->count, pcp->high);
	else if (buddy_find(m, pfn, &head, &merged))
		machine_why_call(m, "free_pages %#llx order %u: to the buddy lists of node %u "
				 "zone %s; %s block %#llx of order %u (__free_one_page)",
				 (unsigned long long)pfn, order, zone->node, zone->name,
				 merged > order ?
				 "merged with its buddies to" : "no buddy was free:",
				 (unsigned long long)head, merged);
}
