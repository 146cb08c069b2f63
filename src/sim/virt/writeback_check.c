// SPDX-License-Identifier: GPL-2.0-or-later
/* What must hold of dirty pages and the flusher, and what of it is state. */
#include "sim/base/digest.h"
#include "sim/base/event.h"
#include "sim/phys/page_alloc.h"
#include "sim/virt/blk.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"

typedef unsigned long long ull;

void writeback_digest(const struct machine *m, struct digest *digest)
{
	const struct wb_state *wb = m->virt->writeback;

	if (!wb)
		return;
	digest_u64(digest, (u64)wb->woken << 3 | (u64)wb->running << 2 | (u64)wb->start_all << 1 | wb->dirty_exceeded);
	digest_u64(digest, wb->work.kind);
	digest_u64(digest, (u64)wb->work.nr_pages);
	digest_u64(digest, wb->last_old_flush_ns);
	digest_u64(digest, wb->write_bandwidth);
	digest_u64(digest, wb->avg_write_bandwidth);
	digest_u64(digest, wb->dirty_ratelimit);
	digest_u64(digest, wb->balanced_dirty_ratelimit);
	digest_u64(digest, wb->dirty_limit);
	digest_u64(digest, wb->dirtied);
	digest_u64(digest, wb->written);
	digest_u64(digest, wb->completions);
	digest_u64(digest, wb->fresh_dirtied);
}

static void check_inode(const struct inode *inode, u32 nr[NR_WB_LISTS], struct check *check)
{
	bool dirty = xa_marked(&inode->i_data.i_pages, XA_MARK_DIRTY);

	nr[inode->wb_list]++;
	check->nr_checked++;
	if (dirty && inode->wb_list == WB_CLEAN)
		check_fail(check, "WB2", "inode %u: expected it on a list of the flusher, found it on "
			   "none", inode->self);
}

void writeback_validate(const struct machine *m, struct check *check)
{
	const struct wb_state *wb = m->virt->writeback;
	u32 nr[NR_WB_LISTS] = { 0 };
	u64 when;

	if (!wb || !wb->event)
		return;
	for (const struct inode *i = inode_next(m, NULL); i; i = inode_next(m, i))
		if (i->kind == INODE_DISK)
			check_inode(i, nr, check);
	for (unsigned int list = B_DIRTY; list < NR_WB_LISTS; list++) {
		check->nr_checked++;
		if (nr[list] != wb->nr_inodes[list])
			check_fail(check, "WB2", "list %u of the flusher: expected %u inodes, found %u",
				   list, nr[list], wb->nr_inodes[list]);
	}
	when = event_when_ns(m->events, wb->event);
	check->nr_checked++;
	/* Work that waits for the disk goes on when a request is done. */
	if (wb->running && !file_disk(m)->nr)
		check_fail(check, "WB2", "the flusher: expected requests that it waits for, found "
			   "none, and its timer at %llu", (ull)when);
}
