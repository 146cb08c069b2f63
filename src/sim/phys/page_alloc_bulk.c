// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Many single pages at once, from the per-CPU list of one zone, which is looked for
 * once: the first of the node that stays above its low mark without all of them. Where
 * there is none, or the list gives nothing, one page comes the usual way.
 */
#include "sim/phys/page_alloc_internal.h"

#include "sim/phys/fault_inject.h"
#include "sim/phys/pcp.h"

/* The zone that gives all pages; NULL: none of the preferred node can. */
static struct zone *bulk_zone(struct machine *m, const struct alloc_context *ac,
			      unsigned int nr)
{
	for (unsigned int i = ac->first; i < ac->nr_zones; i++) {
		struct zone *zone = m->zones[ac->zonelist[i]];

		if (!zone_allowed(ac, zone))
			continue;
		if (zone->node != ac->preferred->node)
			return NULL;
		if (zone_watermark_ok(m, zone, 0, zone_wmark(zone, WMARK_LOW) + nr,
				      ac->preferred->type,
				      WMARK_LOW | alloc_flags_cma(ac->type),
				      zone->stat[NR_FREE_PAGES]))
			return zone;
	}
	return NULL;
}

/* As many as the zone's lists give. */
static unsigned int bulk_take(struct machine *m, const struct alloc_context *ac,
			      struct zone *zone, unsigned int nr, u32 *pfns)
{
	struct per_cpu_pages *pcp = &zone->pcp[m->cpu];
	struct page_list *list = &pcp->lists[order_to_pindex(0, ac->type)];
	unsigned int got = 0;

	/* Frees in a row are not over: rmqueue_pcplist() alone says that they are. */
	while (got < nr) {
		if (list->first == PFN_NIL &&
		    !pcp_refill(m, zone, pcp, 0, ac->type,
				WMARK_LOW | alloc_flags_cma(ac->type)))
			break;
		pfns[got] = pcp_take(m, pcp, list, 0);
		prep_taken_page(m, ac->req, pfns[got++]);
	}
	m->zone_event[PGALLOC][zone->type] += got;
	zone_statistics(m, ac->preferred, zone, got);
	if (got)
		machine_why(m, "alloc_pages_bulk: %u of %u pages from CPU %u's list of node %u "
			    "zone %s, which has %lld free (__alloc_pages_bulk)", got, nr, m->cpu,
			    zone->node, zone->name, (long long)zone->stat[NR_FREE_PAGES]);
	return got;
}

int alloc_pages_bulk(struct machine *m, const struct alloc_request *req, unsigned int nr,
		     u32 *pfns, unsigned int *got)
{
	struct alloc_context ac;
	struct zone *zone = NULL;
	int err = section_reserve(m, nr >> MAX_PAGE_ORDER);

	*got = 0;
	if (err || !nr)
		return err;
	/* One page, charged ones, and those whose owner is kept come one by one. */
	if (nr > 1 && !(req->gfp & __GFP_ACCOUNT) && !m->page_owner) {
		if (unlikely(m->fault) && should_fail_alloc_page(m, req->gfp, 0))
			return 0;
		err = prepare_alloc_pages(m, req, &ac);
		if (!err && !ac.outside)
			zone = bulk_zone(m, &ac, nr);
	}
	if (zone)
		*got = bulk_take(m, &ac, zone, nr, pfns);
	if (*got)
		return 0;
	err = alloc_pages(m, req, pfns);
	*got = !err;
	return err;
}
