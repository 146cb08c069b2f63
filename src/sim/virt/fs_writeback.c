// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flusher of the disk, or of a group's inodes there. It runs some seconds after the first
 * page became dirty, and from then on each dirty_writeback_centisecs as long as any is: inodes
 * that were dirtied before dirty_expire_centisecs are written whole, others while more is dirty
 * than the background limit. A turn takes a chunk of each inode that it queued, which keeps a
 * CPU busy for some time; when the disk takes no request more, it goes on when one is done.
 */
#include "sim/virt/writeback.h"

#include <stdio.h>

#include "sim/base/bug.h"
#include "sim/base/event.h"
#include "sim/phys/lru.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/tunables.h"
#include "sim/virt/blk.h"
#include "sim/virt/cputime.h"
#include "sim/virt/dcache.h"
#include "sim/virt/virt.h"

#define NEVER UINT64_MAX
#define NS_PER_CENTISEC 10000000ULL
#define NS_PER_SEC 1000000000ULL
#define MIN_WRITEBACK_PAGES 1024
#define DIRTY_SCOPE 8

static struct wb_state *bdi_of(const struct machine *m)
{
	return m->virt->writeback;
}

/* ---- Lists of inodes. ---- */

void inode_io_list_move(struct machine *m, struct inode *inode, enum wb_list list)
{
	struct bdi_writeback *wb = inode_to_wb(m, inode);

	wb->nr_inodes[inode->wb_list]--;
	wb->nr_inodes[list]++;
	inode->wb_list = (u8)list;
	inode->wb_order = ++bdi_of(m)->next_order;
	/* inode_sync_complete() */
	inode_add_lru(m, inode);
}

void inode_io_list_del(struct machine *m, struct inode *inode)
{
	if (inode->wb_list != WB_CLEAN)
		inode_io_list_move(m, inode, WB_CLEAN);
}

/* The one that is longest on a list; NULL: none is. */
static struct inode *first_of(const struct machine *m, const struct bdi_writeback *wb,
			      enum wb_list list)
{
	struct inode *first = NULL;

	if (!wb->nr_inodes[list])
		return NULL;
	for (struct inode *i = inode_next(m, NULL); i; i = inode_next(m, i))
		if (i->wb_list == list && i->i_wb == wb->memcg && (!first || i->wb_order < first->wb_order))
			first = i;
	return first;
}

/* ---- When it runs. ---- */

static void wb_wakeup_at(struct machine *m, const struct bdi_writeback *wb, u64 ns)
{
	if (wb->event && ns < event_when_ns(m->events, wb->event))
		blk_set_timer(m, wb->event, ns);
}

static void wb_wakeup_delayed(struct machine *m, const struct bdi_writeback *wb)
{
	s64 interval = m->tunables->dirty_writeback_centisecs;

	wb_wakeup_at(m, wb, m->now_ns + (u64)MAX(interval, 0) * NS_PER_CENTISEC);
}

void mark_inode_dirty_pages(struct machine *m, struct inode *inode)
{
	const struct bdi_writeback *wb = inode_to_wb(m, inode);
	bool first = !wb_nr_dirty_inodes(wb);

	if (inode->wb_list != WB_CLEAN)
		return;
	inode->dirtied_when_ns = m->now_ns;
	inode_io_list_move(m, inode, B_DIRTY);
	if (first)
		wb_wakeup_delayed(m, wb);
}

void wb_wakeup(struct machine *m, struct bdi_writeback *wb)
{
	struct wb_state *bdi = bdi_of(m);
	u64 begins = daemon_woken(m, DAEMON_LAG);

	wb->woken = true;
	if (!bdi->woken)
		bdi->begins = begins;
	bdi->woken = true;
}

void wb_start_background_writeback(struct machine *m, struct bdi_writeback *wb)
{
	wb_wakeup(m, wb);
}

void dirty_writeback_interval_changed(struct machine *m)
{
	if (m->tunables->dirty_writeback_centisecs)
		wakeup_flusher_threads(m);
}

void laptop_io_completion(struct machine *m, u64 done_ns)
{
	u32 event = bdi_of(m)->laptop_event;
	s64 seconds = m->tunables->laptop_mode;

	if (seconds > 0 && event)
		blk_set_timer(m, event, done_ns + (u64)seconds * NS_PER_SEC);
}

/* ---- What it writes. ---- */

static u64 nr_dirty_pages(const struct machine *m)
{
	return global_node_stat(m, NR_DIRTY);
}

/* What is left from the turn before, then those that were dirtied by then. */
static void queue_io(struct machine *m, const struct bdi_writeback *wb)
{
	const struct wb_work *work = &wb->work;
	struct inode *inode;

	while ((inode = first_of(m, wb, B_MORE_IO)))
		inode_io_list_move(m, inode, B_IO);
	while ((inode = first_of(m, wb, B_DIRTY)) && inode->dirtied_when_ns <= work->before_ns)
		inode_io_list_move(m, inode, B_IO);
}

static u64 chunk_size(const struct machine *m, const struct bdi_writeback *wb)
{
	u64 pages = MIN(wb->avg_write_bandwidth / 2, bdi_of(m)->dirty_limit / DIRTY_SCOPE);

	pages = MIN(pages, (u64)wb->work.nr_pages);
	return (pages + MIN_WRITEBACK_PAGES) / MIN_WRITEBACK_PAGES * MIN_WRITEBACK_PAGES;
}

/* Some of an inode. Pages. */
static u64 writeback_single_inode(struct machine *m, struct bdi_writeback *wb,
				  struct inode *inode)
{
	struct writeback_control wbc = {
		.sync_mode = WB_SYNC_NONE, .nr_to_write = chunk_size(m, wb), .last = ~0ULL >> 1,
		.range_cyclic = true,
	};
	u64 written = do_writepages(m, inode, &wbc);

	wb->work.nr_pages -= (s64)written;
	if (!xa_marked(&inode->i_data.i_pages, XA_MARK_DIRTY)) {
		inode_io_list_move(m, inode, WB_CLEAN);
	} else if (written >= wbc.nr_to_write) {
		inode_io_list_move(m, inode, B_MORE_IO);
	} else {
		/* It is under writeback, or was dirtied before where this began. */
		inode->dirtied_when_ns = m->now_ns;
		inode_io_list_move(m, inode, B_DIRTY);
	}
	return written;
}

/* What a chunk takes: the only CPU has nothing else to do then, another one goes on beside. */
static void take_time(struct machine *m, struct bdi_writeback *wb, const struct inode *inode)
{
	u64 ns = MIN(chunk_size(m, wb), inode->nr_dirty) * m->config->cost[COST_WRITE_PAGE];

	if (m->nr_cpus == 1) {
		cpu_works(m, ns);
	} else {
		account_system_time(m, ns);
		wb->due_ns = blk_now(m) + ns;
	}
}

/* Till the work is done, or (false) the disk takes no more for now, or its CPU is busy. */
static bool wb_writeback(struct machine *m, struct bdi_writeback *wb)
{
	struct wb_work *work = &wb->work;

	for (;;) {
		struct inode *inode;

		if (wb->due_ns > blk_now(m))
			return false;
		inode = first_of(m, wb, B_IO);
		if (!inode) {
			if (work->kind == WB_BACKGROUND && !wb_over_bg_thresh(m, wb))
				return true;
			if (work->kind == WB_BACKGROUND)
				work->before_ns = m->now_ns;
			queue_io(m, wb);
			inode = first_of(m, wb, B_IO);
			if (!inode)
				return true;
			work->nr_written = 0;
		}
		if (work->nr_pages <= 0)
			return true;
		if (blk_queue_full(file_disk(m)))
			return false;
		take_time(m, wb, inode);
		work->nr_written += writeback_single_inode(m, wb, inode);
		/* A whole turn came to nothing: what there is is on its way already. */
		if (!work->nr_written && !wb->nr_inodes[B_IO])
			return true;
	}
}

static void explain(struct machine *m, const struct bdi_writeback *wb)
{
	static const char *const whys[] = {
		[WB_START_ALL] = "somebody wants all of it written",
		[WB_KUPDATE] = "it is time to look for what is dirty for too long",
		[WB_BACKGROUND] = "more is dirty than the background limit, or the disk's share of it",
	};
	u64 background, limit;
	char whose[40] = "";

	if (wb->memcg)
		snprintf(whose, sizeof(whose), " of memory cgroup %u (%llu pages)", wb->memcg,
			 (unsigned long long)wb->nr_dirty);
	global_dirty_limits(m, &background, &limit);
	machine_why(m, "the flusher%s runs: %s: %llu pages are dirty, background limit %llu, limit "
		    "%llu (wb_do_writeback)", whose, whys[wb->work.kind],
		    (unsigned long long)nr_dirty_pages(m), (unsigned long long)background,
		    (unsigned long long)limit);
}

/* What a wb has to write of what all have: by what it wrote lately, of those with anything. */
static s64 wb_split_pages(const struct machine *m, const struct bdi_writeback *wb, u64 nr)
{
	const struct bdi_writeback *other = NULL;
	u64 all = 0;

	while ((other = wb_next(m, other)))
		all += wb_nr_dirty_inodes(other) ? other->avg_write_bandwidth : 0;
	if (wb->avg_write_bandwidth >= all)
		return (s64)nr;
	return (s64)DIV_ROUND_UP(nr * wb->avg_write_bandwidth, all);
}

/* Is there work of this kind? */
static bool begin_work(struct machine *m, struct bdi_writeback *wb, enum wb_work_kind kind)
{
	const struct tunables *t = m->tunables;
	u64 interval = (u64)MAX(t->dirty_writeback_centisecs, 0) * NS_PER_CENTISEC;
	u64 expire = (u64)t->dirty_expire_centisecs * NS_PER_CENTISEC;

	wb->work = (struct wb_work){ kind, (s64)nr_dirty_pages(m), m->now_ns };
	switch (kind) {
	case WB_START_ALL:
		wb->work.nr_pages = wb_split_pages(m, wb, nr_dirty_pages(m));
		return wb->start_all && wb->work.nr_pages;
	case WB_KUPDATE:
		if (!interval || m->now_ns < wb->last_old_flush_ns + interval)
			return false;
		wb->last_old_flush_ns = m->now_ns;
		if (m->now_ns < expire)
			return false;
		wb->work.before_ns = m->now_ns - expire;
		return wb->work.nr_pages;
	default:
		wb->work.nr_pages = INT64_MAX;
		return wb_over_bg_thresh(m, wb);
	}
}

/* Begins, or goes on. */
static void wb_do_writeback(struct machine *m, struct bdi_writeback *wb)
{
	bool begun = wb->running;

	wb->running = true;
	for (enum wb_work_kind kind = begun ? wb->work.kind : WB_START_ALL; kind < NR_WB_WORKS;
	     kind++) {
		if (!begun && begin_work(m, wb, kind)) {
			explain(m, wb);
			begun = true;
		}
		if (begun && !wb_writeback(m, wb))
			return;
		begun = false;
		if (kind == WB_START_ALL)
			wb->start_all = false;
	}
	wb->work = (struct wb_work){ 0 };
	wb->running = false;
	if (wb_nr_dirty_inodes(wb) && m->tunables->dirty_writeback_centisecs)
		wb_wakeup_delayed(m, wb);
}

void wb_note_due(struct machine *m)
{
	struct wb_state *bdi = bdi_of(m);

	bdi->due_ns = NEVER;
	for (const struct bdi_writeback *wb = NULL; (wb = wb_next(m, wb)); )
		bdi->due_ns = MIN(bdi->due_ns, wb->due_ns ? wb->due_ns : NEVER);
	if (bdi->due_ns != NEVER)
		daemon_woken(m, 1);
}

/* The work item of a kworker: it begins, or goes on. Who wakes it meanwhile has it begin anew. */
static void wb_workfn(struct machine *m, struct bdi_writeback *wb)
{
	struct cputime_before before =
		cputime_daemon_enter(m, kernel_thread(m, "kworker/u"),
				     sched_idle_cpu(m, m->nodes[m->cpu_node[m->cpu]]));

	blk_set_timer(m, wb->event, NEVER);
	wb->woken &= wb->running;
	wb_do_writeback(m, wb);
	if (!wb->running && wb->woken)
		wb_wakeup(m, wb);
	if (!wb->running || wb->due_ns <= blk_now(m))
		wb->due_ns = 0;
	else
		blk_set_timer(m, wb->event, wb->due_ns);
	wb_note_due(m);
	cputime_daemon_leave(m, before);
}

static bool flusher_step(struct machine *m, void *data)
{
	struct bdi_writeback *wb = data;

	blk_set_timer(m, wb->event, wb->due_ns > m->now_ns ? wb->due_ns : NEVER);
	if (!wb->running || (wb->due_ns && wb->due_ns <= m->now_ns))
		wb_workfn(m, wb);
	return true;
}

/* Those that were woken, and those that are not busy any more. */
static void run_flushers(struct machine *m, bool woken)
{
	struct wb_state *bdi = bdi_of(m);

	bdi->woken &= !woken;
	for (struct bdi_writeback *wb = NULL; (wb = wb_next(m, wb)); ) {
		bool begins = woken && wb->woken && !wb->running;

		if (begins || (wb->due_ns && wb->due_ns <= blk_now(m)))
			wb_workfn(m, wb);
	}
}

void flusher_run_woken(struct machine *m, u64 nr_pages)
{
	const struct wb_state *bdi = bdi_of(m);
	bool late = bdi->woken && nr_pages && daemon_comes_later(m, bdi->begins);

	if ((bdi->woken && !late) || bdi->due_ns <= blk_now(m))
		run_flushers(m, /* woken = */ !late);
	if (bdi->due_ns != NEVER)
		daemon_woken(m, 1);
}

void flusher_run_beside_reclaim(struct machine *m)
{
	const struct wb_state *bdi = bdi_of(m);

	if (unlikely(bdi->woken || bdi->due_ns <= blk_now(m)))
		run_flushers(m, /* woken = */ true);
}

void flusher_run_until(struct machine *m, u64 ns)
{
	const struct wb_state *bdi = bdi_of(m);

	while (bdi->due_ns <= ns && !m->lru->reclaiming) {
		m->waited_until_ns = MAX(blk_now(m), bdi->due_ns);
		blk_end_due(m);
		run_flushers(m, /* woken = */ false);
	}
}

static bool laptop_step(struct machine *m, void *data)
{
	blk_set_timer(m, bdi_of(m)->laptop_event, NEVER);
	wakeup_flusher_threads(m);
	return true;
}

void writeback_requests_done(struct machine *m)
{
	struct bdi_writeback *wb;

	for (wb = NULL; (wb = wb_next(m, wb)); )
		if (!wb->memcg || wb->written != wb->written_stamp)
			wb_update_bandwidth(m, wb);
	for (wb = NULL; (wb = wb_next(m, wb)); )
		if (wb->running && !wb->due_ns && !blk_queue_full(file_disk(m)))
			wb_workfn(m, wb);
}

void wakeup_flusher_threads(struct machine *m)
{
	for (struct bdi_writeback *wb = NULL; (wb = wb_next(m, wb)); ) {
		if (wb->start_all || !wb_nr_dirty_inodes(wb))
			continue;
		wb->start_all = true;
		wb_wakeup(m, wb);
	}
}

void ksys_sync(struct machine *m)
{
	for (struct inode *inode = inode_next(m, NULL); inode; inode = inode_next(m, inode))
		filemap_fdatawrite_range(m, inode, 0, ~0ULL, WB_SYNC_ALL);
	blk_wait_until(m, blk_writes_done_ns(m));
	blk_flush(m, file_disk(m));
	if (bdi_of(m)->laptop_event && m->tunables->laptop_mode)
		blk_set_timer(m, bdi_of(m)->laptop_event, NEVER);
}

int wb_event_add(struct machine *m, struct bdi_writeback *wb)
{
	const struct event flusher = {
		.when_ns = NEVER, .run = flusher_step, .data = wb, .name = "flusher",
	};

	return event_add(m->events, &flusher, &wb->event);
}

int writeback_boot(struct machine *m)
{
	struct wb_state *bdi = bdi_of(m);
	const struct event laptop = {
		.when_ns = NEVER, .run = laptop_step, .name = "laptop_mode",
	};
	int err = wb_event_add(m, &bdi->root);

	if (!err)
		err = event_add(m->events, &laptop, &bdi->laptop_event);
	writeback_set_ratelimit(m);
	bdi->root.last_old_flush_ns = m->now_ns;
	if (wb_nr_dirty_inodes(&bdi->root))
		wb_wakeup_delayed(m, &bdi->root);
	return err;
}
