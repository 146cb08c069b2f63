// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Second chance: a use sets the page's bit (PG_referenced); at the end of its list a page
 * with the bit loses that, and goes round once more. A page comes without it.
 */
#include "sim/reclaim/plain.h"

static void accessed(struct machine *m, struct page *folio, u32 pfn)
{
	page_set_flag(folio, PG_referenced);
}

static bool spares(struct machine *m, struct page *folio, u32 pfn)
{
	bool used = page_flag(folio, PG_referenced);

	page_clear_flag(folio, PG_referenced);
	return plain_mapping_used(m, folio, pfn) || used;
}

static void shrink_lruvec(struct scan_control *sc, struct lruvec *lruvec)
{
	plain_shrink(sc, lruvec, spares);
}

static bool shrink_one(struct scan_control *sc, struct lruvec *lruvec, struct eviction *eviction)
{
	return plain_shrink_one(sc, lruvec, eviction, spares);
}

static const struct lru_policy lists = { .accessed = accessed };

const struct reclaim_ops plain_clock = {
	.name = "clock", .shrink_lruvec = shrink_lruvec, .shrink_one = shrink_one,
	.age_node = plain_age_node, .lists = &lists,
};
