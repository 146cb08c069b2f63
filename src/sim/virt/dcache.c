// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two LRU lists for each node: names, each with its inode, and inodes whose name is gone.
 * Room for all that may come to lie there is made when it comes to memory, so that nothing
 * fails when it goes from one to the other. What leaves a list from its midst leaves a gap.
 *
 * As in the kernel, what is used again stays where it lies till the shrinker finds that it is.
 */
#include "sim/virt/dcache.h"

#include "sim/base/bug.h"
#include "sim/base/digest.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/slab.h"
#include "sim/virt/file.h"
#include "sim/virt/virt.h"
#include "sim/virt/workingset.h"
#include "sim/virt/writeback.h"

/* All zeroes: a gap. */
struct unused {
	u64 dentry, inode;	/* addresses of the objects; no dentry: the name is gone */
	u32 file;		/* whose they are; 0: no file is behind them */
};

/* Oldest first. */
struct lru_queue {
	struct unused *at;	/* [room] */
	u32 end, nr, room;	/* `nr` of the first `end` are no gaps */
};

struct dcache_node {
	struct lru_queue dentries, inodes;
	u32 nr_filled;		/* on either, with no file behind them */
	u32 nr_charged;		/* on both: to memory cgroups */
};

struct dcache_state {
	struct kmem_cache *dentry, *inode, *ext4_inode;
	u32 nr_files;		/* that have an inode in memory */
	struct dcache_node node[MAX_NUMNODES];
};

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

/* ---- Lists. ---- */

static int queue_make_room(struct machine *m, struct lru_queue *queue, u32 nr)
{
	u32 room = MAX(nr, queue->room + queue->room / 2);
	struct unused *at;

	if (nr <= queue->room)
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

/* For more of both kinds; each file goes round once more while a list is walked. */
static int make_room(struct machine *m, u32 filled, u32 files)
{
	struct dcache_state *state = m->virt->dcache;
	int err = 0;

	for (unsigned int i = 0; i < m->nr_nodes && !err; i++) {
		struct dcache_node *n = &state->node[i];
		u32 nr = n->nr_filled + filled + 2 * (state->nr_files + files);

		if (!m->nodes[i])
			continue;
		err = queue_make_room(m, &n->dentries, nr);
		if (!err)
			err = queue_make_room(m, &n->inodes, nr);
	}
	return err;
}

static bool is_gap(const struct unused *unused)
{
	return !unused->inode;
}

static void queue_close_gaps(struct lru_queue *queue)
{
	u32 end = 0;

	for (u32 i = 0; i < queue->end; i++)
		if (!is_gap(&queue->at[i]))
			queue->at[end++] = queue->at[i];
	queue->end = end;
}

/* The object that lies on the list. */
static u64 listed_object(const struct unused *unused)
{
	return unused->dentry ? unused->dentry : unused->inode;
}

static bool is_charged(const struct machine *m, const struct unused *unused)
{
	return m->memcg && object_memcg_id(m, listed_object(unused));
}

static struct lru_queue *queue_of(struct dcache_node *n, const struct unused *unused)
{
	return unused->dentry ? &n->dentries : &n->inodes;
}

static void lru_add(struct machine *m, struct dcache_node *n, const struct unused *unused)
{
	struct lru_queue *queue = queue_of(n, unused);

	if (queue->end == queue->room)
		queue_close_gaps(queue);
	BUG_ON(m, queue->end == queue->room);
	queue->at[queue->end++] = *unused;
	queue->nr++;
	n->nr_filled += !unused->file;
	n->nr_charged += is_charged(m, unused);
}

static struct unused lru_take(struct machine *m, struct dcache_node *n, struct lru_queue *queue,
			      u32 i)
{
	const struct unused unused = queue->at[i];

	queue->at[i] = (struct unused){ 0 };
	queue->nr--;
	n->nr_filled -= !unused.file;
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

static bool has_objects(const struct inode *inode)
{
	return inode->kind == INODE_DISK || inode->kind == INODE_ANON;
}

/* Beside its name, which is a reference, too. */
static bool is_open(const struct inode *inode)
{
	return inode->i_count > !inode->unlinked;
}

int dcache_lookup(struct machine *m, struct inode *inode)
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

void dcache_end_lookup(struct machine *m, struct inode *inode, bool was_in_memory, int err)
{
	if (err == -ENOBUFS && !was_in_memory)
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
	if (!inode->dentry) {
		inode_add_lru(m, inode);
		return;
	}
	if (inode->dentry_lru) {
		inode->dentry_referenced = true;
		return;
	}
	inode->dentry_lru = true;
	lru_add(m, &m->virt->dcache->node[slab_node_of(m, inode->dentry)], &unused);
}

/* mapping_shrinkable(): at most the shadow of the only page is left. */
static bool is_shrinkable(const struct inode *inode)
{
	const struct xarray *pages = &inode->i_data.i_pages;

	return !pages->root && (!pages->head || xa_is_value(pages->head));
}

/* Neither its name is in memory, nor has anybody it open. */
static bool inode_is_unused(const struct inode *inode)
{
	return inode->object && !inode->dentry && !is_open(inode) && !inode->unlinked &&
	       inode->wb_list == WB_CLEAN && is_shrinkable(inode);
}

void inode_add_lru(struct machine *m, struct inode *inode)
{
	const struct unused unused = { 0, inode->object, inode->self };

	if (inode->kind != INODE_DISK || inode->inode_lru || !inode_is_unused(inode))
		return;
	inode->inode_lru = true;
	lru_add(m, &m->virt->dcache->node[slab_node_of(m, inode->object)], &unused);
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
	lru_add(m, &state->node[slab_node_of(m, dentry.addr)], &unused);
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
		lru_add(m, n, &unused);
		return true;
	}
	if (!is_open(inode) && inode->dentry_referenced) {
		inode->dentry_referenced = false;
		lru_add(m, n, &unused);
		return false;
	}
	inode->dentry_lru = false;
	if (is_open(inode))
		return true;
	free_dentry(m, inode);
	/* It may have lain there before the name came back. */
	inode->inode_referenced = inode->inode_lru;
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
		lru_add(m, n, &unused);
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

/* ---- Of the whole. ---- */

static void queue_digest(const struct lru_queue *queue, struct digest *digest)
{
	digest_u64(digest, queue->nr);
	for (u32 i = 0; i < queue->end; i++) {
		const struct unused *unused = &queue->at[i];

		if (is_gap(unused))
			continue;
		digest_u64(digest, unused->dentry ^ unused->inode << 1);
		digest_u64(digest, unused->file);
	}
}

void dcache_digest(const struct machine *m, struct digest *digest)
{
	for (unsigned int i = 0; m->virt->dcache && i < m->nr_nodes; i++) {
		queue_digest(&m->virt->dcache->node[i].dentries, digest);
		queue_digest(&m->virt->dcache->node[i].inodes, digest);
	}
}

/* Those of files are claimed as their inodes say. */
static void queue_claim(const struct lru_queue *queue, struct object_census *census)
{
	for (u32 i = 0; i < queue->end; i++) {
		const struct unused *unused = &queue->at[i];

		if (is_gap(unused) || unused->file)
			continue;
		if (unused->dentry)
			object_claim(census, unused->dentry, "an unused dentry");
		object_claim(census, unused->inode, "an unused inode");
	}
}

void dcache_claim(const struct machine *m, struct object_census *census)
{
	for (unsigned int i = 0; m->virt->dcache && i < m->nr_nodes; i++) {
		queue_claim(&m->virt->dcache->node[i].dentries, census);
		queue_claim(&m->virt->dcache->node[i].inodes, census);
	}
}

struct listed {
	u32 dentries, inodes, filled;
};

static void check_queue(const struct machine *m, const struct lru_queue *queue, unsigned int node,
			bool dentries, struct listed *listed, struct check *check)
{
	u32 nr = 0;

	for (u32 i = 0; i < queue->end; i++) {
		const struct unused *unused = &queue->at[i];
		const struct inode *inode = inode_of(m, unused->file);

		if (is_gap(unused))
			continue;
		nr++;
		listed->filled += !inode;
		*(dentries ? &listed->dentries : &listed->inodes) += inode != NULL;
		if (!!unused->dentry != dentries ||
		    slab_node_of(m, listed_object(unused)) != (int)node ||
		    (inode && (dentries ? !inode->dentry_lru || inode->dentry != unused->dentry :
					  !inode->inode_lru || inode->object != unused->inode)))
			check_fail(check, "F9", "node %u, unused %s %u: expected what the file says, "
				   "found dentry %#llx, inode %#llx of file %u", node,
				   dentries ? "name" : "inode", i, (unsigned long long)unused->dentry,
				   (unsigned long long)unused->inode, unused->file);
	}
	check->nr_checked++;
	if (nr != queue->nr || queue->end > queue->room)
		check_fail(check, "F9", "node %u: expected %u unused %s, found %u", node, queue->nr,
			   dentries ? "names" : "inodes", nr);
}

static void check_file(const struct inode *inode, struct check *check)
{
	check->nr_checked++;
	if ((inode->dentry || inode->i_data.nrpages || is_open(inode)) && !inode->object)
		check_fail(check, "F9", "file %u: expected an inode in memory, found none",
			   inode->self);
	if ((inode->dentry_lru && !inode->dentry) || (inode->inode_lru && !inode->object))
		check_fail(check, "F9", "file %u: expected it on no LRU list, found it on one",
			   inode->self);
	if (inode_is_unused(inode) && !inode->inode_lru)
		check_fail(check, "F9", "file %u: expected its inode on the LRU list, found it on none",
			   inode->self);
}

void dcache_validate(const struct machine *m, struct check *check)
{
	const struct dcache_state *state = m->virt->dcache;
	struct listed listed = { 0 }, files = { 0 };
	u32 nr_files = 0, filled = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct dcache_node *n = &state->node[i];

		check_queue(m, &n->dentries, i, /* dentries = */ true, &listed, check);
		check_queue(m, &n->inodes, i, /* dentries = */ false, &listed, check);
		filled += n->nr_filled;
	}
	for (const struct inode *i = inode_next(m, NULL); i; i = inode_next(m, i)) {
		if (!has_objects(i))
			continue;
		nr_files += !!i->object;
		files.dentries += i->dentry_lru;
		files.inodes += i->inode_lru;
		check_file(i, check);
	}
	if (nr_files != state->nr_files || filled != listed.filled ||
	    files.dentries != listed.dentries || files.inodes != listed.inodes)
		check_fail(check, "F9", "expected %u files in memory, %u names and %u inodes of them "
			   "unused, found %u, %u and %u", state->nr_files, listed.dentries,
			   listed.inodes, nr_files, files.dentries, files.inodes);
}
