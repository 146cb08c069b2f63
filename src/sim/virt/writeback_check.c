// SPDX-License-Identifier: GPL-2.0-or-later
/* What must hold of dirty pages and the flusher, and what of it is state. */
#include "sim/base/digest.h"
#include "sim/base/event.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/blk.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"

typedef unsigned long long ull;

static void wb_digest(const struct bdi_writeback *wb, struct digest *digest)
{
	digest_u64(digest, (u64)wb->woken << 3 | (u64)wb->running << 2 | (u64)wb->start_all << 1 |
		   wb->dirty_exceeded);
	digest_u64(digest, wb->work.kind);
	digest_u64(digest, (u64)wb->work.nr_pages);
	digest_u64(digest, wb->work.nr_written);
	digest_u64(digest, wb->due_ns);
	digest_u64(digest, wb->last_old_flush_ns);
	digest_u64(digest, wb->write_bandwidth);
	digest_u64(digest, wb->avg_write_bandwidth);
	digest_u64(digest, wb->dirty_ratelimit);
	digest_u64(digest, wb->balanced_dirty_ratelimit);
	digest_u64(digest, wb->dirtied);
	digest_u64(digest, wb->written);
	digest_u64(digest, wb->completions);
}

void writeback_digest(const struct machine *m, struct digest *digest)
{
	const struct wb_state *bdi = m->virt->writeback;
	const struct bdi_writeback *wb = NULL;

	while (bdi && (wb = wb_next(m, wb)))
		wb_digest(wb, digest);
	if (!bdi)
		return;
	digest_u64(digest, bdi->dirty_limit);
	digest_u64(digest, bdi->completions);
	digest_u64(digest, bdi->fresh_dirtied);
	digest_u64(digest, bdi->fresh_wb);
}

/* What inodes of a wb come to. */
struct wb_sums {
	u32 nr_inodes[NR_WB_LISTS];
	u64 nr_dirty, nr_writeback;
};

static void add_inode(const struct inode *inode, struct wb_sums *sums, struct check *check)
{
	bool dirty = xa_marked(&inode->i_data.i_pages, XA_MARK_DIRTY);

	sums->nr_inodes[inode->wb_list]++;
	sums->nr_dirty += inode->nr_dirty;
	sums->nr_writeback += inode->nr_writeback;
	check->nr_checked += 2;
	if (dirty && inode->wb_list == WB_CLEAN)
		check_fail(check, "WB2", "inode %u: expected it on a list of the flusher, found it on "
			   "none", inode->self);
	if (dirty != (inode->nr_dirty > 0))
		check_fail(check, "WB2", "inode %u: expected %s dirty pages, found %u", inode->self,
			   dirty ? "some" : "no", inode->nr_dirty);
}

static void lists_validate(const struct bdi_writeback *wb, const struct wb_sums *sums,
			   struct check *check)
{
	for (unsigned int list = B_DIRTY; list < NR_WB_LISTS; list++) {
		check->nr_checked++;
		if (sums->nr_inodes[list] != wb->nr_inodes[list])
			check_fail(check, "WB2", "flusher of group %u: expected %u inodes on list %u, "
				   "found %u", wb->memcg, sums->nr_inodes[list], list,
				   wb->nr_inodes[list]);
	}
	check->nr_checked++;
	if (sums->nr_dirty != wb->nr_dirty || sums->nr_writeback != wb->nr_writeback)
		check_fail(check, "WB2", "flusher of group %u: expected %llu dirty pages and %llu on "
			   "their way, found %llu and %llu", wb->memcg, (ull)sums->nr_dirty,
			   (ull)sums->nr_writeback, (ull)wb->nr_dirty, (ull)wb->nr_writeback);
}

static void wb_validate(const struct machine *m, const struct bdi_writeback *wb,
			struct wb_sums *all, struct check *check)
{
	struct wb_sums sums = { 0 };

	for (const struct inode *i = inode_next(m, NULL); i; i = inode_next(m, i))
		if (i->kind == INODE_DISK && i->i_wb == wb->memcg)
			add_inode(i, &sums, check);
	lists_validate(wb, &sums, check);
	all->nr_dirty += sums.nr_dirty;
	all->nr_writeback += sums.nr_writeback;
	check->nr_checked++;
	/* Work that waits for the disk goes on when a request is done. */
	if (wb->running && !wb->due_ns && !file_disk(m)->nr)
		check_fail(check, "WB2", "flusher of group %u: expected requests that it waits for, "
			   "found none, and its timer at %llu", wb->memcg,
			   (ull)event_when_ns(m->events, wb->event));
	check->nr_checked++;
	/* Work that waits for a CPU goes on then, or before, at a poll point. */
	if (wb->due_ns && (!wb->running ||
			   event_when_ns(m->events, wb->event) > wb->due_ns))
		check_fail(check, "WB2", "flusher of group %u: expected work that it goes on with at %llu, "
			   "found %s, and its timer at %llu", wb->memcg, (ull)wb->due_ns,
			   wb->running ? "some" : "none", (ull)event_when_ns(m->events, wb->event));
}

void writeback_validate(const struct machine *m, struct check *check)
{
	const struct wb_state *bdi = m->virt->writeback;
	const struct bdi_writeback *wb = NULL;
	struct wb_sums all = { 0 };
	u64 writeback, due_ns = UINT64_MAX;

	if (!bdi || !bdi->root.event)
		return;
	while ((wb = wb_next(m, wb))) {
		wb_validate(m, wb, &all, check);
		due_ns = MIN(due_ns, wb->due_ns ? wb->due_ns : UINT64_MAX);
	}
	writeback = global_node_stat(m, NR_WRITEBACK) - blk_nr_swap_writes(m, NULL);
	check->nr_checked += 2;
	if (due_ns != bdi->due_ns)
		check_fail(check, "WB2", "flushers: expected the first to go on at %llu, found %llu",
			   (ull)due_ns, (ull)bdi->due_ns);
	if (all.nr_dirty != global_node_stat(m, NR_DIRTY) || all.nr_writeback != writeback)
		check_fail(check, "WB2", "files: expected %llu dirty pages and %llu on their way, found "
			   "%llu and %llu of inodes", (ull)global_node_stat(m, NR_DIRTY),
			   (ull)writeback, (ull)all.nr_dirty, (ull)all.nr_writeback);
}
