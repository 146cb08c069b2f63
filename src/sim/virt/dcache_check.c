// SPDX-License-Identifier: GPL-2.0-or-later
/* Names and inodes in memory as a whole: the digest, whose objects they are, and F9. */
#include "sim/virt/dcache_internal.h"

#include "sim/base/digest.h"
#include "sim/phys/memcg.h"
#include "sim/phys/slab.h"

typedef unsigned long long ull;

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
	u32 dentries, inodes, filled, charged;
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
		listed->charged += m->memcg && object_memcg_id(m, listed_object(unused));
		*(dentries ? &listed->dentries : &listed->inodes) += inode != NULL;
		if (!!unused->dentry != dentries ||
		    slab_node_of(m, listed_object(unused)) != (int)node ||
		    (inode && (dentries ? !inode->dentry_lru || inode->dentry != unused->dentry :
					  !inode->inode_lru || inode->object != unused->inode)))
			check_fail(check, "F9", "node %u, unused %s %u: expected what the file "
				   "says, found dentry %#llx, inode %#llx of file %u", node,
				   dentries ? "name" : "inode", i, (ull)unused->dentry,
				   (ull)unused->inode, unused->file);
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
	if (is_open(inode) && !inode->dentry)
		check_fail(check, "F9", "file %u: expected its name in memory, found none",
			   inode->self);
	if ((inode->dentry_lru && !inode->dentry) || (inode->inode_lru && !inode->object))
		check_fail(check, "F9", "file %u: expected it on no LRU list, found it on one",
			   inode->self);
	if (inode_is_unused(inode) && !inode->inode_lru)
		check_fail(check, "F9", "file %u: expected its inode on the LRU list, "
			   "found it on none", inode->self);
}

void dcache_validate(const struct machine *m, struct check *check)
{
	const struct dcache_state *state = m->virt->dcache;
	struct listed listed = { 0 }, files = { 0 };
	u32 nr_files = 0, charged = 0;

	for (unsigned int i = 0; i < m->nr_nodes; i++) {
		const struct dcache_node *n = &state->node[i];

		charged += n->nr_charged;

		check_queue(m, &n->dentries, i, /* dentries = */ true, &listed, check);
		check_queue(m, &n->inodes, i, /* dentries = */ false, &listed, check);
	}
	for (const struct inode *i = inode_next(m, NULL); i; i = inode_next(m, i)) {
		if (!has_objects(i))
			continue;
		nr_files += !!i->object;
		files.dentries += i->dentry_lru;
		files.inodes += i->inode_lru;
		check_file(i, check);
	}
	if (charged != listed.charged)
		check_fail(check, "F9", "expected %u charged, found %u", charged, listed.charged);
	if (nr_files != state->nr_files || state->nr_filled != listed.filled ||
	    files.dentries != listed.dentries || files.inodes != listed.inodes)
		check_fail(check, "F9", "expected %u files in memory, %u names and %u inodes of "
			   "them unused, found %u, %u and %u", state->nr_files, listed.dentries,
			   listed.inodes, nr_files, files.dentries, files.inodes);
}
