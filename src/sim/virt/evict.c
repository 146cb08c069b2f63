// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A slot of the leaf has the page, and then its shadow. The nodes above know nothing of
 * what a slot has, and a leaf that has nothing but shadows now is on its list.
 */
#include "sim/virt/evict.h"

#include "sim/phys/memcg.h"
#include "sim/phys/section.h"
#include "sim/virt/buffer.h"
#include "sim/virt/file.h"
#include "sim/virt/rmap.h"

void eviction_init(const struct machine *m, unsigned int node, u32 target,
		   struct eviction *eviction)
{
	*eviction = (struct eviction){ .target = target };
	workingset_evictor(m, node, target, &eviction->shadows);
}

/* NULL: the only page of its cache, which has no node. */
static inline struct xa_node *leaf_of(struct eviction *eviction, struct address_space *mapping,
				      u64 index)
{
	struct xa_leaf *leaf = &eviction->leaf;

	if (likely(eviction->mapping == mapping && eviction->nr_leaf == index / XA_SLOTS &&
		   leaf->version == mapping->i_pages.version))
		return leaf->node;
	eviction->mapping = mapping;
	eviction->nr_leaf = index / XA_SLOTS;
	*leaf = (struct xa_leaf){ xa_leaf(&mapping->i_pages, index), mapping->i_pages.version };
	return leaf->node;
}

bool evict_plain_page(struct machine *m, struct eviction *eviction,
		      struct address_space *mapping, u32 pfn)
{
	struct page *page = pfn_to_page(m, pfn);
	u64 index = page_index(page);
	struct xa_node *leaf = leaf_of(eviction, mapping, index);

	if (unlikely(page->refcount != 2))
		return false;
	if (unlikely(!leaf))
		return remove_mapping(m, mapping, pfn, eviction->target);
	leaf->slots[index & (XA_SLOTS - 1)] = workingset_evict(m, &eviction->shadows, page);
	leaf->nr_values++;
	mapping->nr_shadows++;
	mapping->nrpages--;
	if (unlikely(leaf->nr_values == leaf->count))
		workingset_update_leaf(m, mapping, leaf);
	mod_lruvec_page_state(m, page, NR_FILE_PAGES, -1);
	if (page_flag(page, PG_private))
		try_to_free_buffers(m, pfn);
	page->mapping = 0;
	page->refcount = 1;
	return true;
}
