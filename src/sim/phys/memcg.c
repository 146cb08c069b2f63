// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Groups by id, the root being 0. An id and what belongs to it are free again when the
 * group is off line and neither a page, nor a slot of swap, nor a group below has it.
 */
#include "sim/phys/memcg.h"

#include "sim/base/bug.h"
#include "sim/phys/section.h"

/* Nodes may come while the machine runs, where memory does. */
static unsigned int nodes_possible(const struct machine *m)
{
	return m->hotplug ? MAX_NUMNODES : m->nr_nodes;
}

static size_t nodes_bytes(const struct memcg_state *state)
{
	return state->nr_nodes * sizeof(struct mem_cgroup_per_node);
}

static size_t stocks_bytes(const struct machine *m)
{
	return m->nr_possible_cpus * sizeof(struct memcg_stock);
}

static size_t groups_bytes(u32 room)
{
	return room * sizeof(struct mem_cgroup *);
}

#define FIRST_ROOM 8U

/* What the lists of the root have is counted from now on: till here the node had it alone. */
static void adopt_root_lists(struct machine *m, const struct memcg_state *state)
{
	for (unsigned int nid = 0; nid < state->nr_nodes; nid++) {
		struct lruvec *lruvec = node_lruvec(m, nid);
		const struct pglist_data *node = m->nodes[nid];

		memset(lruvec->size, 0, sizeof(lruvec->size));
		for (unsigned int type = 0; node && type < MAX_NR_ZONES; type++)
			for (unsigned int list = 0; node->zones[type] && list < NR_LRU_LISTS; list++)
				lruvec->size[type][list] =
					(u64)node->zones[type]->stat[NR_ZONE_INACTIVE_ANON + list];
	}
}

int memcg_state_make(struct machine *m)
{
	struct memcg_state *state;

	if (m->memcg)
		return 0;
	state = arena_alloc(&m->arena, sizeof(*state));
	if (!state)
		return -ENOBUFS;
	state->stocks = arena_alloc(&m->arena, stocks_bytes(m));
	state->groups = arena_alloc(&m->arena, groups_bytes(FIRST_ROOM));
	state->nr_nodes = nodes_possible(m);
	state->root.nodes = arena_alloc(&m->arena, nodes_bytes(state));
	if (!state->stocks || !state->groups || !state->root.nodes) {
		arena_free(&m->arena, state->root.nodes, nodes_bytes(state));
		arena_free(&m->arena, state->groups, groups_bytes(FIRST_ROOM));
		arena_free(&m->arena, state->stocks, stocks_bytes(m));
		arena_free(&m->arena, state, sizeof(*state));
		return -ENOBUFS;
	}
	state->room = FIRST_ROOM;
	state->groups[0] = &state->root;
	state->root.online = true;
	page_counter_init(&state->root.memory, NULL, page_counter_max(m->arch->bits));
	page_counter_init(&state->root.swap, NULL, page_counter_max(m->arch->bits));
	adopt_root_lists(m, state);
	m->memcg = state;
	m->slab_hooks = true;
	return 0;
}

void memcg_state_free(struct machine *m)
{
	struct memcg_state *state = m->memcg;

	if (!state)
		return;
	for (u32 id = 0; id < state->room; id++) {
		struct mem_cgroup *memcg = state->groups[id];

		if (!memcg)
			continue;
		arena_free(&m->arena, memcg->nodes, nodes_bytes(state));
		if (id)
			arena_free(&m->arena, memcg, sizeof(*memcg));
	}
	arena_free(&m->arena, state->percpu, state->room_percpu * sizeof(*state->percpu));
	arena_free(&m->arena, state->groups, groups_bytes(state->room));
	arena_free(&m->arena, state->stocks, stocks_bytes(m));
	arena_free(&m->arena, state, sizeof(*state));
	m->memcg = NULL;
	m->slab_hooks = m->fault;
}

/* ---- Groups. ---- */

static int take_id(struct machine *m, u32 *id)
{
	struct memcg_state *state = m->memcg;
	struct mem_cgroup **groups;

	for (*id = 1; *id < state->room && state->groups[*id];)
		++*id;
	if (*id < state->room)
		return 0;
	if (*id > MEMCG_ID_MAX - 1)
		return -ENOSPC;
	groups = arena_grow(&m->arena, state->groups, &state->room, *id + 1, FIRST_ROOM,
			    sizeof(*groups));
	if (!groups)
		return -ENOBUFS;
	state->groups = groups;
	return 0;
}

static void init_lruvecs(const struct memcg_state *state, struct mem_cgroup *memcg)
{
	for (unsigned int nid = 0; nid < state->nr_nodes; nid++) {
		struct lruvec *lruvec = &memcg->nodes[nid].lruvec;

		lruvec->node = (u16)nid;
		lruvec->memcg = memcg->id;
		for (unsigned int list = 0; list < LRU_UNEVICTABLE; list++)
			lruvec->lists[list] = (struct page_list)PAGE_LIST_INIT;
	}
}

static void link_child(struct mem_cgroup *parent, struct mem_cgroup *memcg)
{
	memcg->parent = parent;
	memcg->prev_sibling = parent->last_child;
	*(parent->last_child ? &parent->last_child->next_sibling : &parent->first_child) = memcg;
	parent->last_child = memcg;
	parent->nr_children++;
}

static void unlink_child(struct mem_cgroup *parent, struct mem_cgroup *memcg)
{
	struct mem_cgroup *prev = memcg->prev_sibling, *next = memcg->next_sibling;

	*(prev ? &prev->next_sibling : &parent->first_child) = next;
	*(next ? &next->prev_sibling : &parent->last_child) = prev;
	parent->nr_children--;
}

int mem_cgroup_create(struct machine *m, struct mem_cgroup *parent, u32 cgroup,
		      struct mem_cgroup **memcg)
{
	struct memcg_state *state = m->memcg;
	struct mem_cgroup *new;
	u32 id;
	int err = take_id(m, &id);

	if (err)
		return err;
	new = arena_alloc(&m->arena, sizeof(*new));
	if (new)
		new->nodes = arena_alloc(&m->arena, nodes_bytes(state));
	if (!new || !new->nodes) {
		arena_free(&m->arena, new, sizeof(*new));
		return -ENOBUFS;
	}
	new->id = (u16)id;
	new->online = true;
	new->cgroup = cgroup;
	page_counter_init(&new->memory, &parent->memory, page_counter_max(m->arch->bits));
	page_counter_init(&new->swap, &parent->swap, page_counter_max(m->arch->bits));
	init_lruvecs(state, new);
	state->groups[id] = new;
	state->nr++;
	link_child(parent, new);
	*memcg = new;
	return 0;
}

bool mem_cgroup_has_nothing(const struct mem_cgroup *memcg)
{
	return !memcg->pins && !memcg->nr_charged && !memcg->nr_swapped && !memcg->nr_children &&
	       !memcg->kernel[MEMCG_KMEM];
}

/* Direct reclaim that went on there begins anew. */
static void forget_iterators(const struct memcg_state *state, u16 id)
{
	for (u32 i = 0; i < state->room; i++)
		for (unsigned int nid = 0; state->groups[i] && nid < state->nr_nodes; nid++)
			if (state->groups[i]->nodes[nid].iter == id + 1U)
				state->groups[i]->nodes[nid].iter = 0;
}

void mem_cgroup_put(struct machine *m, struct mem_cgroup *memcg)
{
	struct memcg_state *state = m->memcg;

	while (!memcg->online && mem_cgroup_has_nothing(memcg) && !memcg->vmstats_percpu) {
		struct mem_cgroup *parent = memcg->parent;

		BUG_ON(m, memcg->memory.usage || memcg->swap.usage);
		page_counter_set_min(&memcg->memory, 0);
		page_counter_set_low(&memcg->memory, 0);
		memcg_pass_on(parent, state, memcg);
		forget_iterators(state, memcg->id);
		state->groups[memcg->id] = NULL;
		state->nr--;
		state->nr_offline--;
		unlink_child(parent, memcg);
		arena_free(&m->arena, memcg->nodes, nodes_bytes(state));
		arena_free(&m->arena, memcg, sizeof(*memcg));
		memcg = parent;
	}
}

void mem_cgroup_offline(struct machine *m, struct mem_cgroup *memcg)
{
	page_counter_set_min(&memcg->memory, 0);
	page_counter_set_low(&memcg->memory, 0);
	drain_all_stock(m, memcg);
	memcg_reparent_stats(m->memcg, memcg, mem_cgroup_online_ancestor(memcg->parent));
	if (m->memcg->active == memcg->id)
		m->memcg->active = 0;
	memcg->online = false;
	m->memcg->nr_offline++;
	mem_cgroup_put(m, memcg);
}

bool mem_cgroup_is_dying(const struct mem_cgroup *memcg)
{
	u64 objects = (memcg->object_bytes + memcg->nr_charged_bytes) / PAGE_SIZE;

	if (memcg->online)
		return false;
	if (memcg->nr_charged > memcg->nr_kernel + objects || memcg->nr_swapped)
		return true;
	for (const struct mem_cgroup *child = memcg->first_child; child;
	     child = child->next_sibling)
		if (mem_cgroup_is_dying(child))
			return true;
	return false;
}

/* ---- Hierarchies. ---- */

bool mem_cgroup_is_descendant(const struct mem_cgroup *memcg, const struct mem_cgroup *root)
{
	while (memcg && memcg != root)
		memcg = memcg->parent;
	return memcg;
}

struct mem_cgroup *mem_cgroup_online_ancestor(struct mem_cgroup *memcg)
{
	while (!memcg->online)
		memcg = memcg->parent;
	return memcg;
}

struct mem_cgroup *mem_cgroup_next(const struct machine *m, const struct mem_cgroup *root,
				   const struct mem_cgroup *prev)
{
	struct mem_cgroup *next;

	if (!prev)
		return m->memcg->groups[root->id];
	next = prev->first_child;
	for (; !next && prev != root; prev = prev->parent)
		next = prev->next_sibling;
	return next;
}

struct mem_cgroup *mem_cgroup_iter(struct machine *m, const struct mem_cgroup *root,
				   struct mem_cgroup *prev)
{
	struct mem_cgroup *next = mem_cgroup_next(m, root, prev);

	if (next)
		next->pins++;
	if (prev)
		mem_cgroup_iter_break(m, prev);
	return next;
}

void mem_cgroup_iter_break(struct machine *m, struct mem_cgroup *memcg)
{
	memcg->pins--;
	if (!memcg->online)
		mem_cgroup_put(m, memcg);
}

struct mem_cgroup *mem_cgroup_walk(struct machine *m, const struct mem_cgroup *root,
				   struct mem_cgroup *prev, int node)
{
	struct mem_cgroup *pos, *next;
	u32 *iter;

	if (node < 0)
		return mem_cgroup_iter(m, root, prev);
	iter = &mem_cgroup_of(m, root->id)->nodes[node].iter;
	pos = *iter ? mem_cgroup_of(m, *iter - 1) : NULL;
	next = mem_cgroup_next(m, root, pos);
	if (!next && !prev)
		next = mem_cgroup_next(m, root, NULL);
	*iter = next ? next->id + 1U : 0;
	if (next)
		next->pins++;
	if (prev)
		mem_cgroup_iter_break(m, prev);
	return next;
}
