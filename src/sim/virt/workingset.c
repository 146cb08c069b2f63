// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A shadow is a value of, from the lowest bit: was it active, the node, the group, the
 * clock. The clock has the bits that are left, so on 32 bits it may tick only once in so
 * many evictions. The distance between eviction and refault is how many pages more the
 * inactive list would have needed; a page is active if the active ones could have given
 * way to it.
 */
#include "sim/virt/workingset.h"

#include "sim/base/bug.h"
#include "sim/base/digest.h"
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/section.h"
#include "sim/phys/slab.h"
#include "sim/virt/dcache.h"
#include "sim/virt/file.h"
#include "sim/virt/swap.h"
#include "sim/virt/virt.h"

#define WORKINGSET_SHIFT 1
#define MEMCG_ID_SHIFT 16
/* In shadows, the root is 1, and the others follow. */
#define SHADOW_ID(memcg) ((unsigned int)(memcg) + 1)

typedef unsigned long long ull;

struct shadow_list {
	u32 first, last;	/* handles of xa_nodes; 0: none */
	u64 nr, nr_charged;	/* the second: to memory cgroups */
};

struct workingset_state {
	struct shadow_list lists[MAX_NUMNODES];
};

int workingset_init(struct machine *m)
{
	m->virt->workingset = arena_alloc(&m->arena, sizeof(*m->virt->workingset));
	return m->virt->workingset ? 0 : -ENOBUFS;
}

void workingset_free(struct machine *m)
{
	if (m->virt->workingset)
		arena_free(&m->arena, m->virt->workingset, sizeof(*m->virt->workingset));
	m->virt->workingset = NULL;
}

/* ---- Shadows. ---- */

/* A value has a bit less than a word. */
unsigned int workingset_timestamp_bits(const struct machine *m)
{
	return m->arch->bits - 1 - WORKINGSET_SHIFT - m->nodes_shift - MEMCG_ID_SHIFT;
}

unsigned int workingset_boot(struct machine *m)
{
	unsigned int bits = workingset_timestamp_bits(m);
	unsigned int order = (unsigned int)fls64(m->totalram_pages - 1);

	m->workingset_order = (u8)(order > bits ? order - bits : 0);
	return m->workingset_order;
}

static u64 eviction_mask(const struct machine *m)
{
	return (1ULL << workingset_timestamp_bits(m)) - 1;
}

struct shadow {
	bool workingset;
	unsigned int node, memcg;
	u64 eviction;
};

static struct shadow unpack_shadow(const struct machine *m, u64 entry)
{
	u64 value = xa_to_value(entry);
	struct shadow shadow = { .workingset = value & 1 };

	value >>= WORKINGSET_SHIFT;
	shadow.node = (unsigned int)(value & ((1ULL << m->nodes_shift) - 1));
	value >>= m->nodes_shift;
	shadow.memcg = (unsigned int)(value & ((1ULL << MEMCG_ID_SHIFT) - 1));
	shadow.eviction = value >> MEMCG_ID_SHIFT;
	return shadow;
}

/* Whose reclaim took it; NULL: its group is no more, or the machine has none. */
static inline struct mem_cgroup *shadow_memcg(const struct machine *m, const struct shadow *shadow)
{
	return m->memcg ? mem_cgroup_of(m, shadow->memcg - 1) : NULL;
}

/* The lists of a shadow; NULL: its group is no more. */
static inline struct lruvec *shadow_lruvec(const struct machine *m, const struct shadow *shadow)
{
	const struct mem_cgroup *memcg;

	if (shadow->memcg == SHADOW_ID(0))
		return node_lruvec(m, shadow->node);
	memcg = shadow_memcg(m, shadow);
	return memcg ? mem_cgroup_lruvec(m, memcg, shadow->node) : NULL;
}

void workingset_evictor(const struct machine *m, unsigned int node, u32 target,
			struct workingset_evictor *evictor)
{
	const struct shadow shadow = { .node = node, .memcg = SHADOW_ID(target) };
	u64 value = (u64)shadow.memcg << m->nodes_shift | shadow.node;

	*evictor = (struct workingset_evictor){
		.lruvec = shadow_lruvec(m, &shadow),
		.bits = xa_mk_value(value << WORKINGSET_SHIFT),
		.mask = eviction_mask(m),
		.shift = (u8)(m->arch->bits - workingset_timestamp_bits(m)),
		.order = m->workingset_order,
	};
}

u64 workingset_eviction(struct machine *m, const struct page *folio, u32 target)
{
	struct workingset_evictor evictor;

	workingset_evictor(m, page_zone(m, folio)->node, target, &evictor);
	return workingset_evict(m, &evictor, folio);
}

/* How large the set of pages is that it has to compete with. may_swap: those of processes, too. */
static u64 workingset_size(const struct machine *m, const struct lruvec *lruvec, bool file,
			   bool may_swap)
{
	s64 pages = lruvec_page_state(m, lruvec, NR_ACTIVE_FILE);

	if (!file)
		pages += lruvec_page_state(m, lruvec, NR_INACTIVE_FILE);
	if (may_swap) {
		pages += lruvec_page_state(m, lruvec, NR_ACTIVE_ANON);
		if (file)
			pages += lruvec_page_state(m, lruvec, NR_INACTIVE_ANON);
	}
	return (u64)pages;
}

/* What comes from swap is in no place yet. */
static void why_active(struct machine *m, const struct page *folio, u64 distance, u64 size)
{
	unsigned int node = page_zone(m, folio)->node;

	if (page_flag(folio, PG_swapbacked))
		machine_why(m, "node %u: a page that was swapped came back after %llu evictions and "
			    "activations, and %llu pages compete: it is active at once "
			    "(workingset_refault)", node, (ull)distance, (ull)size);
	else
		machine_why(m, "node %u: page %#x of its file came back after %llu evictions and "
			    "activations, and %llu pages compete: it is active at once "
			    "(workingset_refault)", node, folio->index, (ull)distance, (ull)size);
}

/* May pages of processes be swapped: by the group of the page, or that whose reclaim took it. */
static inline bool may_swap(const struct machine *m, const struct page *folio,
			    const struct shadow *shadow)
{
	if (likely(!m->memcg))
		return get_nr_swap_pages(m) > 0;
	return mem_cgroup_may_swap(m, rel_refault_asks_own_swap(m->release) ?
			memcg_of_page(m, folio) : shadow_memcg(m, shadow));
}

void workingset_refault(struct machine *m, struct page *folio, u64 entry)
{
	const struct shadow shadow = unpack_shadow(m, entry);
	unsigned int order = m->workingset_order, node = shadow.node;
	const struct lruvec *evicted = shadow_lruvec(m, &shadow);
	bool file = !page_flag(folio, PG_swapbacked);
	s64 nr = (s64)folio_nr_pages(folio);
	struct lruvec *lruvec;
	u64 distance, size;

	if (!evicted)
		return;
	size = workingset_size(m, evicted, file, may_swap(m, folio, &shadow));
	if (rel_refaults_where_it_comes(m->release))
		node = page_zone(m, folio)->node;
	lruvec = node_lruvec(m, node);
	if (m->memcg)
		lruvec = mem_cgroup_lruvec(m, memcg_of_page(m, folio), node);
	distance = (evicted->nonresident_age - (shadow.eviction << order)) & eviction_mask(m);
	mod_lruvec_state(m, lruvec, WORKINGSET_REFAULT_ANON + file, nr);
	if (distance > size || m->lru->policy)
		return;
	page_set_flag(folio, PG_active);
	workingset_age_nonresident(m, lruvec, (u64)nr);
	mod_lruvec_state(m, lruvec, WORKINGSET_ACTIVATE_ANON + file, nr);
	why_active(m, folio, distance, size);
	if (!shadow.workingset)
		return;
	page_set_flag(folio, PG_workingset);
	lru_note_cost(m, lruvec, file, (u64)nr, 0);
	mod_lruvec_state(m, lruvec, WORKINGSET_RESTORE_ANON + file, nr);
}

/* ---- Nodes of shadows alone. ---- */

static struct cache_node *node_at(const struct machine *m, u32 handle)
{
	return object_get(&m->virt->xa_nodes, handle);
}

void workingset_new_node(struct machine *m, u32 handle)
{
	u64 addr = object_addr(&m->virt->xa_nodes, handle);

	node_at(m, handle)->nid = (u16)slab_node_of(m, addr);
}

static struct mem_cgroup *owner_of(const struct machine *m, const struct cache_node *node)
{
	u64 addr = object_addr(&m->virt->xa_nodes, node->node.self);

	return mem_cgroup_online_ancestor(mem_cgroup_of(m, object_memcg_id(m, addr)));
}

/* A node that is charged is on the list, or is not any more. */
static void count_charged(struct machine *m, struct shadow_list *list,
			  const struct cache_node *node, int sign)
{
	u64 addr = object_addr(&m->virt->xa_nodes, node->node.self);

	if (!object_memcg_id(m, addr))
		return;
	list->nr_charged += (u64)sign;
	owner_of(m, node)->nodes[node->nid].nr_shadow_nodes += (u64)sign;
}

static inline void list_add(struct machine *m, struct cache_node *node, u32 inode)
{
	u32 handle = node->node.self;
	unsigned int nid = node->nid;
	struct shadow_list *list = &m->virt->workingset->lists[nid];

	node->inode = inode;
	node->prev = list->last;
	node->next = 0;
	*(list->last ? &node_at(m, list->last)->next : &list->first) = handle;
	list->last = handle;
	list->nr++;
	if (unlikely(m->memcg))
		count_charged(m, list, node, 1);
	m->nodes[nid]->stat[WORKINGSET_NODES]++;
}

static inline void list_del(struct machine *m, struct cache_node *node)
{
	unsigned int nid = node->nid;
	struct shadow_list *list = &m->virt->workingset->lists[nid];

	*(node->prev ? &node_at(m, node->prev)->next : &list->first) = node->next;
	*(node->next ? &node_at(m, node->next)->prev : &list->last) = node->prev;
	node->inode = node->prev = node->next = 0;
	list->nr--;
	if (unlikely(m->memcg))
		count_charged(m, list, node, -1);
	m->nodes[nid]->stat[WORKINGSET_NODES]--;
}

static bool shadows_alone(const struct xa_node *node)
{
	return node->count && node->count == node->nr_values;
}

static inline void update_node(struct machine *m, const struct address_space *mapping,
			       struct xa_node *xa_node)
{
	struct cache_node *node = container_of(xa_node, struct cache_node, node);

	if (shadows_alone(xa_node) == !!node->inode)
		return;
	if (node->inode)
		list_del(m, node);
	else
		list_add(m, node, mapping->host->self);
}

/* Shadows of large folios lie above the lowest level. */
static __noinline void update_above(struct machine *m, const struct address_space *mapping,
				    const struct xa_node *leaf)
{
	for (struct xa_node *node = leaf->parent; node; node = node->parent)
		update_node(m, mapping, node);
}

void workingset_update_leaf(struct machine *m, struct address_space *mapping,
			    struct xa_node *leaf)
{
	if (!leaf)
		return;
	update_node(m, mapping, leaf);
	if (unlikely(mapping->large_shadows))
		update_above(m, mapping, leaf);
}

void workingset_update_node(struct machine *m, struct address_space *mapping, u64 index)
{
	workingset_update_leaf(m, mapping, xa_leaf_of(&mapping->i_pages, index));
}

void workingset_forget_node(struct machine *m, u32 handle)
{
	struct cache_node *node = node_at(m, handle);

	if (node->inode)
		list_del(m, node);
}

/* As many nodes as all pages that are in use could fill to an eighth. */
static s64 pages_of_lists(const struct machine *m, unsigned int nid,
			  const struct mem_cgroup *memcg)
{
	s64 pages = 0;

	for (unsigned int list = 0; list < NR_LRU_LISTS; list++)
		if (!memcg || mem_cgroup_is_root(memcg))
			pages += m->nodes[nid]->stat[NR_INACTIVE_ANON + list];
		else
			for (unsigned int type = 0; type < MAX_NR_ZONES; type++)
				pages += (s64)memcg->nodes[nid].lruvec.size[type][list];
	return pages;
}

static u64 shadow_nodes_limit(const struct machine *m, unsigned int nid,
			      const struct mem_cgroup *memcg)
{
	const s64 *stat = memcg && !mem_cgroup_is_root(memcg) ? memcg->nodes[nid].stat :
								m->nodes[nid]->stat;
	s64 pages = pages_of_lists(m, nid, memcg);

	pages += stat[NR_SLAB_RECLAIMABLE] >> PAGE_SHIFT;
	pages += stat[NR_SLAB_UNRECLAIMABLE] >> PAGE_SHIFT;
	return (u64)MAX(pages, 0) >> (XA_SHIFT - 3);
}

/* Nodes on the list that are memcg's; of the root what is charged to nobody, too. */
static u64 nr_nodes_of(const struct machine *m, unsigned int nid, const struct mem_cgroup *memcg)
{
	const struct shadow_list *list = &m->virt->workingset->lists[nid];

	if (!memcg)
		return list->nr;
	return memcg->nodes[nid].nr_shadow_nodes +
	       (mem_cgroup_is_root(memcg) ? list->nr - list->nr_charged : 0);
}

u64 shadow_nodes_count(const struct machine *m, unsigned int nid, const struct mem_cgroup *memcg)
{
	u64 nr = nr_nodes_of(m, nid, memcg), limit = shadow_nodes_limit(m, nid, memcg);

	return nr > limit ? nr - limit : 0;
}

/* The first index below a node. */
static u64 first_index(const struct xa_node *node)
{
	u64 index = 0;

	for (; node->parent; node = node->parent)
		index |= (u64)node->offset << node->parent->shift;
	return index;
}

/* All its shadows go, and with the last of them the node. */
static void reclaim_node(struct machine *m, struct cache_node *node)
{
	struct address_space *mapping = &inode_of(m, node->inode)->i_data;
	u64 at = first_index(&node->node), end = at + ((u64)XA_SLOTS << node->node.shift);

	list_del(m, node);
	while (at < end && xa_find(&mapping->i_pages, &at, end - 1)) {
		u64 behind = xa_behind(&mapping->i_pages, at);

		xa_erase(&mapping->i_pages, at);
		mapping->nr_shadows--;
		at = behind;
	}
	inode_add_lru(m, mapping->host);
}

u64 shadow_nodes_scan(struct machine *m, unsigned int nid, const struct mem_cgroup *memcg, u64 nr)
{
	u32 at = m->virt->workingset->lists[nid].first, next;
	u64 freed = 0;

	for (; nr && at; at = next) {
		struct cache_node *node = node_at(m, at);
		const struct mem_cgroup *owner = m->memcg ? owner_of(m, node) : NULL;

		next = node->next;
		if (memcg && owner != memcg)
			continue;
		reclaim_node(m, node);
		m->nodes[nid]->stat[WORKINGSET_NODERECLAIM]++;
		if (owner)
			memcg_mod_stat(m, owner->id, nid, WORKINGSET_NODERECLAIM, 1);
		nr--;
		freed++;
	}
	return freed;
}

void clear_shadows(struct machine *m, struct address_space *mapping, u64 start, u64 end)
{
	struct xarray *pages = &mapping->i_pages;
	u64 index = start, entry;

	while (mapping->nr_shadows && index < end && (entry = xa_find(pages, &index, end - 1))) {
		u64 at = index;

		index = xa_behind(pages, at);
		if (!xa_is_value(entry))
			continue;
		xa_erase(pages, at);
		mapping->nr_shadows--;
		workingset_update_node(m, mapping, at);
	}
	inode_add_lru(m, mapping->host);
}

/* ---- Checks. ---- */

struct shadow_check {
	const struct machine *m;
	const struct address_space *mapping;
	struct check *check;
};

static int check_node(void *arg, u32 handle, u64 first, const struct xa_node *node)
{
	const struct shadow_check *s = arg;
	const struct cache_node *cache = node_at(s->m, handle);
	u32 inode = s->mapping->host->self;
	bool alone = shadows_alone(node);

	s->check->nr_checked++;
	/*
	 * What was in the head, and had to make room, is not noticed; nor is who loses the last
	 * node below.
	 */
	if (cache->inode ? cache->inode != inode || !alone : alone && first && !node->shift)
		check_fail(s->check, "L7", "inode %u, node of page 0x%llx: expected %s the list of "
			   "shadow nodes, found inode %u", inode, (ull)first,
			   alone ? "it on" : "it off", cache->inode);
	return 0;
}

void workingset_validate_mapping(const struct machine *m, const struct address_space *mapping,
				 struct check *check)
{
	struct shadow_check s = { .m = m, .mapping = mapping, .check = check };
	const struct xarray *pages = &mapping->i_pages;
	u64 index = 0, entry, nr = 0;

	while (mapping->nr_shadows && (entry = xa_find(pages, &index, ~0ULL - 1))) {
		const struct shadow shadow = unpack_shadow(m, entry);

		index = xa_behind(pages, index);
		if (!xa_is_value(entry))
			continue;
		nr++;
		check->nr_checked++;
		if (shadow.node >= m->nr_nodes || !m->nodes[shadow.node] ||
		    !shadow.memcg || (!m->memcg && shadow.memcg != SHADOW_ID(0)))
			check_fail(check, "L7", "inode %u, shadow before page 0x%llx: expected a node "
				   "and a group, found %u and %u", mapping->host->self, (ull)index,
				   shadow.node, shadow.memcg);
	}
	check->nr_checked++;
	if (nr != mapping->nr_shadows || pages->nr_entries < nr)
		check_fail(check, "L7", "inode %u: expected %llu shadows, found %llu",
			   mapping->host->self, (ull)nr, (ull)mapping->nr_shadows);
	if (mapping->host->kind == INODE_DISK && xa_walk(pages, check_node, &s))
		return;
}

void workingset_validate(const struct machine *m, struct check *check)
{
	if (!m->virt || !m->virt->workingset)
		return;
	for (unsigned int nid = 0; nid < m->nr_nodes; nid++) {
		const struct shadow_list *list = &m->virt->workingset->lists[nid];
		u32 before = 0;
		u64 nr = 0, charged = 0;

		if (!m->nodes[nid])
			continue;
		for (u32 h = list->first; h && nr <= list->nr; h = node_at(m, h)->next, nr++) {
			if (node_at(m, h)->prev != before || !node_at(m, h)->inode)
				check_fail(check, "L7", "node %u: expected shadow node %u behind %u",
					   nid, h, before);
			charged += m->memcg && object_memcg_id(m, object_addr(&m->virt->xa_nodes, h));
			before = h;
		}
		check->nr_checked += 3;
		if (charged != list->nr_charged)
			check_fail(check, "L7", "node %u: expected %llu shadow nodes that are charged, "
				   "found %llu", nid, (ull)charged, (ull)list->nr_charged);
		if (nr != list->nr || list->last != before ||
		    m->nodes[nid]->stat[WORKINGSET_NODES] != (s64)nr)
			check_fail(check, "L7", "node %u: expected %llu shadow nodes, found %llu, and "
				   "%lld by the counter", nid, (ull)nr, (ull)list->nr,
				   (long long)m->nodes[nid]->stat[WORKINGSET_NODES]);
	}
}

void workingset_digest(const struct machine *m, struct digest *digest)
{
	for (unsigned int nid = 0; m->virt->workingset && nid < m->nr_nodes; nid++) {
		u32 h = m->virt->workingset->lists[nid].first;

		for (; h; h = node_at(m, h)->next)
			digest_u64(digest, h);
		digest_u64(digest, 0);
	}
}
