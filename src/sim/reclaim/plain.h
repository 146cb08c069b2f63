/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What plain policies share: one list for pages of files and one for anonymous ones, which
 * no page is active on. Reclaim takes from their ends, of each in proportion to its length;
 * a policy says what is spared there, and what a use does. Uses by mappings are seen only
 * at the end of a list, as accessed bits of page tables.
 */
#ifndef KMM_RECLAIM_PLAIN_H
#define KMM_RECLAIM_PLAIN_H

#include "sim/reclaim/reclaim_internal.h"

/* The page at the list's end goes to its head instead; asked once each time it is there. */
typedef bool (*plain_spares)(struct machine *m, struct page *folio, u32 pfn);

void plain_shrink(struct scan_control *sc, struct lruvec *lruvec, plain_spares spares);
/* For reclaim_ops.shrink_one; NULL: nothing that no mapping has is spared. */
bool plain_shrink_one(struct scan_control *sc, struct lruvec *lruvec, struct eviction *eviction,
		      plain_spares spares);
void plain_age_node(struct scan_control *sc, struct pglist_data *node);
/* Some mapping has used it since this was asked last. */
bool plain_mapping_used(struct machine *m, struct page *folio, u32 pfn);

#endif
