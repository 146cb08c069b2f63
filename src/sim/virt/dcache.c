// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two queues for each node, oldest first: names, each with its inode, and inodes whose
 * name is gone. Room for both is made when objects come, so that nothing fails when they
 * go from one to the other.
 */
#include "sim/virt/dcache.h"

#include "sim/base/digest.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/virt/virt.h"

struct unused_dentry {
	u64 dentry, inode;	/* addresses of the objects */
};

struct dcache_node {
	struct unused_dentry *dentries;	/* [room] */
	u64 *inodes;			/* [room] */
	u32 nr_dentries, nr_inodes, room;
	u32 nr_charged;			/* of both: to memory cgroups */
};

struct dcache_state {
	struct kmem_cache *dentry, *inode;
	struct dcache_node node[MAX_NUMNODES];
};

int dcache_init(struct machine *m)
{
	struct dcache_state *state = arena_alloc(&m->arena, sizeof(*state));

	if (!state)
		return -ENOBUFS;
	state->dentry = kmem_cache_find(m, "dentry");
	state->inode = kmem_cache_find(m, "inode_cache");
	m->virt->dcache = state;
	return state->dentry && state->inode ? 0 : -ENOENT;
}

void dcache_free(struct machine *m)
{
	struct dcache_state *state = m->virt->dcache;

	if (!state)
		return;
	for (unsigned int i = 0; i < MAX_NUMNODES; i++) {
		struct dcache_node *n = &state->node[i];

		arena_free(&m->arena, n->dentries, n->room * sizeof(*n->dentries));
		arena_free(&m->arena, n->inodes, n->room * sizeof(*n->inodes));
	}
	arena_free(&m->arena, state, sizeof(*state));
	m->virt->dcache = NULL;
}

/* Room for so many more in both queues of a node. */
static int node_make_room(struct machine *m, struct dcache_node *n, u32 nr)
{
	u32 room = n->nr_dentries + n->nr_inodes + nr;
	struct unused_dentry *dentries;
	u64 *inodes;

	if (room <= n->room)
		return 0;
	dentries = arena_alloc(&m->arena, room * sizeof(*dentries));
	inodes = arena_alloc(&m->arena, room * sizeof(*inodes));
	if (!dentries || !inodes) {
		arena_free(&m->arena, dentries, room * sizeof(*dentries));
		arena_free(&m->arena, inodes, room * sizeof(*inodes));
		return -ENOBUFS;
	}
	if (n->room) {
		memcpy(dentries, n->dentries, n->nr_dentries * sizeof(*dentries));
		memcpy(inodes, n->inodes, n->nr_inodes * sizeof(*inodes));
		arena_free(&m->arena, n->dentries, n->room * sizeof(*dentries));
		arena_free(&m->arena, n->inodes, n->room * sizeof(*inodes));
	}
	n->dentries = dentries;
	n->inodes = inodes;
	n->room = room;
	return 0;
}

static bool is_charged(const struct machine *m, u64 addr)
{
	return m->memcg && object_memcg_id(m, addr);
}

static int fill_one(struct machine *m, int node)
{
	struct dcache_state *state = m->virt->dcache;
	struct slab_object dentry, inode;
	struct dcache_node *n;
	int err = kmem_cache_alloc(m, state->dentry, GFP_KERNEL, node, &dentry);

	if (err)
		return err;
	err = kmem_cache_alloc(m, state->inode, GFP_KERNEL, node, &inode);
	if (err) {
		kmem_cache_free(m, state->dentry, dentry.addr);
		return err;
	}
	n = &state->node[slab_node_of(m, dentry.addr)];
	n->dentries[n->nr_dentries++] = (struct unused_dentry){ dentry.addr, inode.addr };
	n->nr_charged += is_charged(m, dentry.addr) + is_charged(m, inode.addr);
	return 0;
}

int dcache_fill(struct machine *m, u32 nr, int node, u32 *made)
{
	const struct virt_need need = { .objects = 2 * nr, .pages = nr };
	int err = 0;

	*made = 0;
	for (unsigned int i = 0; i < m->nr_nodes && !err; i++)
		err = m->nodes[i] ? node_make_room(m, &m->virt->dcache->node[i], nr) : 0;
	if (!err)
		err = virt_guarantee(m, &need);
	while (!err && *made < nr) {
		err = fill_one(m, node);
		*made += !err;
	}
	return err;
}

/* Does it count for this group? NULL: always. */
static bool is_of(const struct machine *m, const struct mem_cgroup *memcg, u64 addr)
{
	return !memcg || memcg_owns_object(m, memcg, addr);
}

/* All of a node are the root's: nobody has to look. */
static bool is_all(const struct dcache_node *n, const struct mem_cgroup *memcg)
{
	return !memcg || (!n->nr_charged && mem_cgroup_is_root(memcg));
}

u64 dcache_nr_dentries(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg)
{
	const struct dcache_node *n = &m->virt->dcache->node[node];
	u64 nr = 0;

	if (is_all(n, memcg))
		return n->nr_dentries;
	for (u32 i = 0; n->nr_charged && i < n->nr_dentries; i++)
		nr += is_of(m, memcg, n->dentries[i].dentry);
	return nr;
}

u64 dcache_nr_inodes(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg)
{
	const struct dcache_node *n = &m->virt->dcache->node[node];
	u64 nr = 0;

	if (is_all(n, memcg))
		return n->nr_inodes;
	for (u32 i = 0; n->nr_charged && i < n->nr_inodes; i++)
		nr += is_of(m, memcg, n->inodes[i]);
	return nr;
}

u64 dcache_prune_dentries(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			  u64 nr)
{
	struct dcache_state *state = m->virt->dcache;
	struct dcache_node *n = &state->node[node];
	bool all = is_all(n, memcg);
	u32 gone = 0, kept = 0, at;

	for (at = 0; at < n->nr_dentries && gone < nr; at++) {
		const struct unused_dentry dentry = n->dentries[at];

		if (!all && !is_of(m, memcg, dentry.dentry)) {
			n->dentries[kept++] = dentry;
			continue;
		}
		n->nr_charged -= is_charged(m, dentry.dentry);
		kmem_cache_free_rcu(m, state->dentry, dentry.dentry, 1);
		n->inodes[n->nr_inodes++] = dentry.inode;
		gone++;
	}
	if (gone)
		memmove(n->dentries + kept, n->dentries + at,
			(n->nr_dentries - at) * sizeof(*n->dentries));
	n->nr_dentries -= gone;
	return gone;
}

u64 dcache_prune_inodes(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			u64 nr)
{
	struct dcache_state *state = m->virt->dcache;
	struct dcache_node *n = &state->node[node];
	bool all = is_all(n, memcg);
	u32 gone = 0, kept = 0, at;

	for (at = 0; at < n->nr_inodes && gone < nr; at++) {
		u64 inode = n->inodes[at];

		if (!all && !is_of(m, memcg, inode)) {
			n->inodes[kept++] = inode;
			continue;
		}
		n->nr_charged -= is_charged(m, inode);
		kmem_cache_free_rcu(m, state->inode, inode, 1);
		gone++;
	}
	if (gone)
		memmove(n->inodes + kept, n->inodes + at, (n->nr_inodes - at) * sizeof(*n->inodes));
	n->nr_inodes -= gone;
	return gone;
}

void dcache_digest(const struct machine *m, struct digest *digest)
{
	for (unsigned int i = 0; m->virt->dcache && i < m->nr_nodes; i++) {
		const struct dcache_node *n = &m->virt->dcache->node[i];

		digest_u64(digest, (u64)n->nr_dentries << 32 | n->nr_inodes);
		for (u32 j = 0; j < n->nr_dentries; j++)
			digest_u64(digest, n->dentries[j].dentry ^ n->dentries[j].inode << 1);
		for (u32 j = 0; j < n->nr_inodes; j++)
			digest_u64(digest, n->inodes[j]);
	}
}

void dcache_claim(const struct machine *m, struct object_census *census)
{
	for (unsigned int i = 0; m->virt->dcache && i < m->nr_nodes; i++) {
		const struct dcache_node *n = &m->virt->dcache->node[i];

		for (u32 j = 0; j < n->nr_dentries; j++) {
			object_claim(census, n->dentries[j].dentry, "an unused dentry");
			object_claim(census, n->dentries[j].inode, "the inode of an unused dentry");
		}
		for (u32 j = 0; j < n->nr_inodes; j++)
			object_claim(census, n->inodes[j], "an unused inode");
	}
}
