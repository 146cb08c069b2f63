// SPDX-License-Identifier: GPL-2.0-or-later
/* First in, first out: whether a page is used makes no difference. */
#include "sim/reclaim/plain.h"

static void accessed(struct machine *m, struct page *folio, u32 pfn)
{
}

static bool spares(struct machine *m, struct page *folio, u32 pfn)
{
	return false;
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

const struct reclaim_ops plain_fifo = {
	.name = "fifo", .shrink_lruvec = shrink_lruvec, .shrink_one = shrink_one,
	.age_node = plain_age_node, .lists = &lists,
};
