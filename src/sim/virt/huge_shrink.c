// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shrinkers of huge pages, as drop_caches calls them: with no regard for how many
 * there are, again and again, as long as each pass frees more than a share that doubles.
 */
#include "sim/virt/huge_memory.h"

#define SHRINK_BATCH 128ULL

/* do_shrink_slab() at priority 0: twice as many are scanned as there are. */
static u64 shrink_node(struct machine *m, unsigned int node)
{
	u64 freeable = deferred_split_count(m, node), left = 2 * freeable, freed = 0;

	while (left && (left >= SHRINK_BATCH || left >= freeable)) {
		u64 nr = MIN(SHRINK_BATCH, left), split = deferred_split_scan(m, node, nr);

		if (!split && !deferred_split_count(m, node))
			break;
		freed += split;
		left -= nr;
	}
	return freed;
}

void drop_huge_slab(struct machine *m)
{
	unsigned int shift = 0;
	u64 freed;

	do {
		freed = shrink_huge_zero_folio(m);
		for (unsigned int node = 0; node < m->nr_nodes; node++)
			if (m->nodes[node])
				freed += shrink_node(m, node);
	} while (freed >> shift++ > 1);
}
