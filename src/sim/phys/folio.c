// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a large folio keeps in its tails, and the deferred split queue of each node, which
 * links second tails by the page frames of their heads.
 */
#include "sim/phys/folio.h"

#include "sim/base/bug.h"
#include "sim/base/digest.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"

typedef unsigned long long ull;

void folio_init(struct page *head, unsigned int order)
{
	for (u32 i = 1; i < 1U << order; i++) {
		head[i].prev = head[i].next = 0;
		head[i].mapping = 0;
		head[i].index = i;
		head[i].memcg = 0;
	}
	head[1].block_order = order;
}

static struct split_queue *queue_of(const struct machine *m, const struct page *folio)
{
	return &m->lru->split_queues[page_zone(m, folio)->node];
}

/* The links of a folio on a queue. */
static struct page *links_of(const struct machine *m, u32 head)
{
	return pfn_to_page(m, head) + 2;
}

static void queue_add(struct machine *m, struct split_queue *queue, u32 head)
{
	struct page *links = links_of(m, head);

	links->prev = queue->list.last;
	links->next = PFN_NIL;
	if (queue->list.last == PFN_NIL)
		queue->list.first = head;
	else
		links_of(m, queue->list.last)->next = head;
	queue->list.last = head;
	queue->len++;
}

void deferred_split_requeue(struct machine *m, u64 pfn)
{
	struct page *folio = pfn_to_page(m, pfn);

	page_set_flag(folio + 1, PG_partially_mapped);
	page_set_flag(folio + 1, PG_deferred);
	mod_mthp_stat(m, folio_order(folio), MTHP_STAT_NR_ANON_PARTIALLY_MAPPED, 1);
	queue_add(m, queue_of(m, folio), (u32)pfn);
}

void deferred_split_folio(struct machine *m, u64 pfn, bool partially_mapped)
{
	struct page *folio = pfn_folio(m, pfn);

	/* Two tails, of which the second has the links: below that there are none. */
	if (folio_order(folio) < 2 || page_flag(folio, PG_swapcache))
		return;
	if (partially_mapped && !page_flag(folio + 1, PG_partially_mapped)) {
		page_set_flag(folio + 1, PG_partially_mapped);
		if (folio_order(folio) == m->pageblock_order)
			count_vm_event(m, THP_DEFERRED_SPLIT_PAGE, 1);
		count_mthp_stat(m, folio_order(folio), MTHP_STAT_SPLIT_DEFERRED);
		mod_mthp_stat(m, folio_order(folio), MTHP_STAT_NR_ANON_PARTIALLY_MAPPED, 1);
	}
	if (page_flag(folio + 1, PG_deferred))
		return;
	page_set_flag(folio + 1, PG_deferred);
	queue_add(m, queue_of(m, folio), (u32)folio_pfn(m, pfn));
}

void deferred_split_remove(struct machine *m, u64 pfn)
{
	struct page *folio = pfn_folio(m, pfn), *links = folio + 2;
	struct split_queue *queue;

	if (folio_order(folio) < 2 || !page_flag(folio + 1, PG_deferred))
		return;
	queue = queue_of(m, folio);
	if (links->prev == PFN_NIL)
		queue->list.first = links->next;
	else
		links_of(m, links->prev)->next = links->next;
	if (links->next == PFN_NIL)
		queue->list.last = links->prev;
	else
		links_of(m, links->next)->prev = links->prev;
	links->prev = links->next = 0;
	queue->len--;
	if (page_flag(folio + 1, PG_partially_mapped))
		mod_mthp_stat(m, folio_order(folio), MTHP_STAT_NR_ANON_PARTIALLY_MAPPED, -1);
	page_clear_flag(folio + 1, PG_deferred);
	page_clear_flag(folio + 1, PG_partially_mapped);
}

void deferred_split_digest(const struct machine *m, struct digest *digest)
{
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		u32 head = m->lru->split_queues[node].list.first;

		for (; head != PFN_NIL; head = links_of(m, head)->next)
			digest_u64(digest, head);
		digest_u64(digest, m->lru->split_queues[node].len);
	}
}

static bool is_queued(const struct machine *m, u32 head, unsigned int node)
{
	const struct page *folio;

	if (!page_present(m, head))
		return false;
	folio = pfn_to_page(m, head);
	return folio_order(folio) >= 2 && folio->refcount > 0 && !page_type(folio) &&
	       page_flag(folio + 1, PG_deferred) && page_zone(m, folio)->node == node;
}

void deferred_split_validate(const struct machine *m, struct check *check)
{
	for (unsigned int node = 0; node < m->nr_nodes; node++) {
		const struct split_queue *queue = &m->lru->split_queues[node];
		u32 before = PFN_NIL, head = queue->list.first;
		u64 nr = 0;

		for (; head != PFN_NIL && nr <= queue->len; nr++) {
			check->nr_checked++;
			if (!is_queued(m, head, node) || links_of(m, head)->prev != before) {
				check_fail(check, "R5", "node %u: expected a large folio "
					   "behind 0x%x on its split queue, found 0x%x", node,
					   before, head);
				return;
			}
			before = head;
			head = links_of(m, head)->next;
		}
		check->nr_checked++;
		if (nr != queue->len || queue->list.last != before)
			check_fail(check, "R5", "node %u: expected %llu folios on its split "
				   "queue, found %llu", node, (ull)nr, (ull)queue->len);
	}
}
