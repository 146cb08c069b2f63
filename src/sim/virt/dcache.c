// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As in the kernel, what is used again stays where it lies till the shrinker finds that it is.
 */
#include "sim/virt/dcache_internal.h"

#include "sim/base/bug.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/virt/workingset.h"

#define MOST_LOOKUPS 8	/* of files, by one call */

int dcache_init(struct machine *m)
{
	struct dcache_state *state = arena_alloc(&m->arena, sizeof(*state));

	if (!state)
		return -ENOBUFS;
	state->dentry = kmem_cache_find(m, "dentry");
	state->inode = kmem_cache_find(m, "inode_cache");
	state->ext4_inode = kmem_cache_find(m, "ext4_inode_cache");
	if (!state->ext4_inode)
		state->ext4_inode = state->inode;
	m->virt->dcache = state;
	return state->dentry && state->inode ? 0 : -ENOENT;
}

static void queue_free(struct machine *m, struct lru_queue *queue)
{
	arena_free(&m->arena, queue->at, queue->room * sizeof(*queue->at));
}

void dcache_free(struct machine *m)
{
	struct dcache_state *state = m->virt->dcache;

	if (!state)
		return;
	for (unsigned int i = 0; i < MAX_NUMNODES; i++) {
		queue_free(m, &state->node[i].dentries);
		queue_free(m, &state->node[i].inodes);
	}
	arena_free(&m->arena, state, sizeof(*state));
	m->virt->dcache = NULL;
}

struct kmem_cache *dentry_cache(const struct machine *m)
{
	return m->virt->dcache->dentry;
}

/* ---- Lists. ---- */

/* How large the queue has to be for nr, and for what else a call may look up. */
static u32 queue_room(const struct lru_queue *queue, u32 nr)
{
	return nr <= queue->room ? queue->room :
				   MAX(nr + 2 * MOST_LOOKUPS, queue->room + queue->room / 2);
}

static int queue_make_room(struct machine *m, struct lru_queue *queue, u32 nr)
{
	u32 room = queue_room(queue, nr);
	struct unused *at;

	if (room == queue->room)
		return 0;
	at = arena_alloc(&m->arena, room * sizeof(*at));
	if (!at)
		return -ENOBUFS;
	if (queue->room)
		memcpy(at, queue->at, queue->end * sizeof(*at));
	queue_free(m, queue);
	queue->at = at;
	queue->room = room;
	return 0;
}

static u64 growth_bytes(const struct lru_queue *queue, u32 nr)
{
	u64 room = queue_room(queue, nr), bytes = room * sizeof(*queue->at);

	return room == queue->room ? 0 : ARENA_COST(bytes);
}

/* What a list may have, if so many more come; each file twice, as it goes round. */
static u32 room_for(const struct dcache_state *state, u32 filled, u32 files)
{
	return state->nr_filled + filled + 2 * (state->nr_files + files);
}

/* For more of both kinds, on each node: a name's inode may be of another than the name. */
static int make_room(struct machine *m, u32 filled, u32 files)
{
	struct dcache_state *state = m->virt->dcache;
	u32 nr = room_for(state, filled, files);
	int err = 0;

	for (unsigned int i = 0; i < m->nr_nodes && !err; i++) {
		struct dcache_node *n = &state->node[i];

		if (!m->nodes[i])
			continue;
		err = queue_make_room(m, &n->dentries, nr);
		if (!err)
			err = queue_make_room(m, &n->inodes, nr);
	}
	return err;
}

u64 dcache_host_bytes(const struct machine *m)
{
	const struct dcache_state *state = m->virt->dcache;
	u32 nr = room_for(state, 0, MOST_LOOKUPS);
	u64 bytes = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct dcache_node *n = &state->node[i];

		if (m->nodes[i])
			bytes += growth_bytes(&n->dentries, nr) + growth_bytes(&n->inodes, nr);
	}
	return bytes;
}

static void queue_close_gaps(struct lru_queue *queue)
{
	u32 end = 0;

	for (u32 i = 0; i < queue->end; i++)
		if (!is_gap(&queue->at[i]))
			queue->at[end++] = queue->at[i];
	queue->end = end;
}

static bool is_charged(const struct machine *m, const struct unused *unused)
{
	return m->memcg && object_memcg_id(m, listed_object(unused));
}

static struct lru_queue *queue_of(struct dcache_node *n, const struct unused *unused)
{
	return unused->dentry ? &n->dentries : &n->inodes;
}

static void lru_add(struct machine *m, const struct unused *unused)
{
	struct dcache_state *state = m->virt->dcache;
	struct dcache_node *n = &state->node[slab_node_of(m, listed_object(unused))];
	struct lru_queue *queue = queue_of(n, unused);

	if (queue->end == queue->room)
		queue_close_gaps(queue);
	BUG_ON(m, queue->end == queue->room);
	queue->at[queue->end++] = *unused;
	queue->nr++;
	state->nr_filled += !unused->file;
	n->nr_charged += is_charged(m, unused);
}

static struct unused lru_take(struct machine *m, struct dcache_node *n, struct lru_queue *queue,
			      u32 i)
{
	const struct unused unused = queue->at[i];

	queue->at[i] = (struct unused){ 0 };
	queue->nr--;
	m->virt->dcache->nr_filled -= !unused.file;
	n->nr_charged -= is_charged(m, &unused);
	return unused;
}

/* Of the file's; it is there. */
static void lru_del_file(struct machine *m, const struct inode *inode, u64 object, bool dentry)
{
	struct dcache_node *n = &m->virt->dcache->node[slab_node_of(m, object)];
	struct lru_queue *queue = dentry ? &n->dentries : &n->inodes;

	for (u32 i = 0; i < queue->end; i++)
		if (queue->at[i].file == inode->self) {
			(void)lru_take(m, n, queue, i);
			return;
		}
	BUG_ON(m, true);
}

/* ---- Files. ---- */

int dcache_instantiate(struct machine *m, struct inode *inode)
{
	struct dcache_state *state = m->virt->dcache;
	struct slab_object dentry = { .addr = inode->dentry }, object = { .addr = inode->object };
	int err;

	if (likely((inode->dentry && inode->object) || !has_objects(inode)))
		return 0;
	err = make_room(m, 0, 1);
	if (!err && !inode->dentry)
		err = kmem_cache_alloc(m, state->dentry, GFP_KERNEL, NUMA_NO_NODE, &dentry);
	if (err)
		return err;
	if (!inode->object) {
		err = kmem_cache_alloc(m, state->ext4_inode, GFP_KERNEL, NUMA_NO_NODE, &object);
		if (err) {
			kmem_cache_free(m, state->dentry, dentry.addr);
			return err;
		}
		state->nr_files++;
	}
	inode->dentry = dentry.addr;
	inode->object = object.addr;
	return 0;
}

int dcache_lookup(struct machine *m, struct inode *inode, bool *came)
{
	int err;

	*came = has_objects(inode) && !inode->object;
	err = dcache_instantiate(m, inode);
	inode->i_count += !err;
	return err;
}

void dcache_end_lookup(struct machine *m, struct inode *inode, bool came, int err)
{
	inode->i_count--;
	if (err == -ENOBUFS && came)
		dcache_evict(m, inode);
	else
		dcache_put(m, inode);
}

/* retain_dentry() */
void dcache_put(struct machine *m, struct inode *inode)
{
	const struct unused unused = { inode->dentry, inode->object, inode->self };

	if (inode->kind != INODE_DISK || inode->unlinked || is_open(inode))
		return;
	if (inode->dentry_lru) {
		inode->dentry_referenced = true;
		return;
	}
	inode->dentry_lru = true;
	lru_add(m, &unused);
}

void inode_add_lru(struct machine *m, struct inode *inode)
{
	const struct unused unused = { 0, inode->object, inode->self };

	if (inode->kind != INODE_DISK || inode->inode_lru || !inode_is_unused(inode))
		return;
	inode->inode_lru = true;
	lru_add(m, &unused);
}

static void free_dentry(struct machine *m, struct inode *inode)
{
	kmem_cache_free_rcu(m, m->virt->dcache->dentry, inode->dentry, 1);
	inode->dentry = 0;
	inode->dentry_referenced = false;
}

static void free_inode_object(struct machine *m, struct inode *inode)
{
	struct dcache_state *state = m->virt->dcache;

	kmem_cache_free_rcu(m, state->ext4_inode, inode->object, 1);
	inode->object = 0;
	inode->inode_referenced = false;
	state->nr_files--;
}

void dcache_evict(struct machine *m, struct inode *inode)
{
	if (inode->dentry_lru)
		lru_del_file(m, inode, inode->dentry, /* dentry = */ true);
	if (inode->inode_lru)
		lru_del_file(m, inode, inode->object, /* dentry = */ false);
	inode->dentry_lru = inode->inode_lru = false;
	if (inode->dentry)
		free_dentry(m, inode);
	if (inode->object)
		free_inode_object(m, inode);
}

/* ---- No file is behind them. ---- */

static int fill_one(struct machine *m, int node)
{
	struct dcache_state *state = m->virt->dcache;
	struct slab_object dentry, inode;
	struct unused unused;
	int err = kmem_cache_alloc(m, state->dentry, GFP_KERNEL, node, &dentry);

	if (err)
		return err;
	err = kmem_cache_alloc(m, state->inode, GFP_KERNEL, node, &inode);
	if (err) {
		kmem_cache_free(m, state->dentry, dentry.addr);
		return err;
	}
	unused = (struct unused){ dentry.addr, inode.addr, 0 };
	lru_add(m, &unused);
	return 0;
}

int dcache_fill(struct machine *m, u32 nr, int node, u32 *made)
{
	const struct virt_need need = { .objects = 2 * nr, .pages = nr };
	int err = make_room(m, nr, 0);

	*made = 0;
	if (!err)
		err = virt_guarantee(m, &need);
	while (!err && *made < nr) {
		err = fill_one(m, node);
		*made += !err;
	}
	return err;
}

/* ---- The shrinker. ---- */

/* Does it count for this group? NULL: always. */
static bool is_of(const struct machine *m, const struct mem_cgroup *memcg,
		  const struct unused *unused)
{
	return !is_gap(unused) &&
	       (!memcg || memcg_owns_object(m, memcg, listed_object(unused)));
}

/* All of a node are the root's: nobody has to look. */
static bool is_all(const struct dcache_node *n, const struct mem_cgroup *memcg)
{
	return !memcg || (!n->nr_charged && mem_cgroup_is_root(memcg));
}

static u64 queue_count(const struct machine *m, const struct dcache_node *n,
		       const struct lru_queue *queue, const struct mem_cgroup *memcg)
{
	u64 nr = 0;

	if (is_all(n, memcg))
		return queue->nr;
	for (u32 i = 0; n->nr_charged && i < queue->end; i++)
		nr += is_of(m, memcg, &queue->at[i]);
	return nr;
}

u64 dcache_nr_dentries(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg)
{
	const struct dcache_node *n = &m->virt->dcache->node[node];

	return queue_count(m, n, &n->dentries, memcg);
}

u64 dcache_nr_inodes(const struct machine *m, unsigned int node, const struct mem_cgroup *memcg)
{
	const struct dcache_node *n = &m->virt->dcache->node[node];

	return queue_count(m, n, &n->inodes, memcg);
}

/* dentry_lru_isolate(). It has left the list. */
static bool prune_dentry(struct machine *m, struct dcache_node *n, u32 i)
{
	struct unused unused = lru_take(m, n, &n->dentries, i);
	struct inode *inode = inode_of(m, unused.file);

	if (!inode) {
		kmem_cache_free_rcu(m, m->virt->dcache->dentry, unused.dentry, 1);
		unused.dentry = 0;
		lru_add(m, &unused);
		return true;
	}
	if (!is_open(inode) && inode->dentry_referenced) {
		inode->dentry_referenced = false;
		lru_add(m, &unused);
		return false;
	}
	inode->dentry_lru = false;
	if (is_open(inode))
		return true;
	free_dentry(m, inode);
	/* iput_final(): it may have lain there since before the name came back. */
	if (inode->inode_lru && inode_is_unused(inode))
		inode->inode_referenced = true;
	inode_add_lru(m, inode);
	return true;
}

/* inode_lru_isolate(). It has left the list. */
static bool prune_inode(struct machine *m, struct dcache_node *n, u32 i)
{
	const struct unused unused = lru_take(m, n, &n->inodes, i);
	struct inode *inode = inode_of(m, unused.file);

	if (!inode) {
		kmem_cache_free_rcu(m, m->virt->dcache->inode, unused.inode, 1);
		return true;
	}
	if (inode_is_unused(inode) && inode->inode_referenced) {
		inode->inode_referenced = false;
		lru_add(m, &unused);
		return false;
	}
	if (inode_is_unused(inode)) {
		clear_shadows(m, &inode->i_data, 0, ~0ULL);
		free_inode_object(m, inode);
	}
	inode->inode_lru = false;
	return true;
}

static u64 prune(struct machine *m, struct dcache_node *n, struct lru_queue *queue,
		 const struct mem_cgroup *memcg, u64 nr,
		 bool (*prune_one)(struct machine *m, struct dcache_node *n, u32 i))
{
	bool all = is_all(n, memcg);
	u64 gone = 0;

	queue_close_gaps(queue);
	/* What goes round is met again at the end, if there are so many to look at. */
	for (u32 i = 0; i < queue->end && nr; i++) {
		if (!all && !is_of(m, memcg, &queue->at[i]))
			continue;
		gone += prune_one(m, n, i);
		nr--;
	}
	queue_close_gaps(queue);
	return gone;
}

u64 dcache_prune_dentries(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			  u64 nr)
{
	struct dcache_node *n = &m->virt->dcache->node[node];

	return prune(m, n, &n->dentries, memcg, nr, prune_dentry);
}

u64 dcache_prune_inodes(struct machine *m, unsigned int node, const struct mem_cgroup *memcg,
			u64 nr)
{
	struct dcache_node *n = &m->virt->dcache->node[node];

	return prune(m, n, &n->inodes, memcg, nr, prune_inode);
}
