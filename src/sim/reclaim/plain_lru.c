// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Least recently used: each use by a call puts a page at its list's head, so that the end
 * has the page whose last use is longest ago. For comparison: no kernel could afford it.
 */
#include "sim/reclaim/plain.h"

#include "sim/phys/lru_internal.h"

static void accessed(struct machine *m, struct page *folio, u32 pfn)
{
	struct page_list *list;

	if (page_flag(folio, PG_unevictable) || !page_flag(folio, PG_lru))
		return;
	list = lru_list_of(m, folio, page_lru(folio));
	if (list->first == pfn)
		return;
	page_list_del(m, list, pfn);
	page_list_add_head(m, list, pfn);
}

static void shrink_lruvec(struct scan_control *sc, struct lruvec *lruvec)
{
	plain_shrink(sc, lruvec, plain_mapping_used);
}

static bool shrink_one(struct scan_control *sc, struct lruvec *lruvec, struct eviction *eviction)
{
	return plain_shrink_one(sc, lruvec, eviction, NULL);
}

static const struct lru_policy lists = { .accessed = accessed };

const struct reclaim_ops plain_lru = {
	.name = "lru", .shrink_lruvec = shrink_lruvec, .shrink_one = shrink_one,
	.age_node = plain_age_node, .lists = &lists,
};
