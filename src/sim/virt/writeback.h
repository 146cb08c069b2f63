/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dirty pages of files and their way to the disk: how many there may be (page_writeback.c),
 * who writes them, and when (fs_writeback.c: the flusher, a worker on virtual time), and how
 * one is written (writeback.c). There is one disk of files; each memory cgroup has its own
 * bdi_writeback there (cgwb.c), and an inode is of the one whose group dirtied its first page.
 */
#ifndef KMM_VIRT_WRITEBACK_H
#define KMM_VIRT_WRITEBACK_H

#include "sim/virt/file.h"

struct mem_cgroup;
struct task_struct;

/* Where an inode with dirty pages is: the flusher's lists. */
enum wb_list { WB_CLEAN, B_DIRTY, B_IO, B_MORE_IO, NR_WB_LISTS };

enum writeback_sync_modes { WB_SYNC_NONE, WB_SYNC_ALL };

/* What the flusher does, one after the other each time it runs. */
enum wb_work_kind { WB_IDLE, WB_START_ALL, WB_KUPDATE, WB_BACKGROUND, NR_WB_WORKS };

struct wb_work {
	enum wb_work_kind kind;
	s64 nr_pages;		/* to write yet */
	u64 before_ns;		/* inodes that were dirtied by then */
	u64 nr_written;		/* since inodes were queued last */
};

/* The inodes of a group, and the flusher that writes them. */
struct bdi_writeback {
	u16 memcg;		/* the group's id; 0: the root, whose wb is always there */
	u32 event;		/* 0: before the boot */
	bool running;		/* writeback_in_progress() */
	bool woken;		/* it runs soon: wb_state.begins */
	u64 due_ns;		/* running: its CPU is busy with a chunk till then; 0: it is not */
	bool start_all;		/* somebody wants everything to be written */
	struct wb_work work;
	u64 last_old_flush_ns;
	u32 nr_inodes[NR_WB_LISTS];
	u64 nr_dirty, nr_writeback;	/* pages of its inodes */
	/* What the disk can do, and who may dirty how much: pages in a second. */
	u64 bw_stamp, dirtied_stamp, written_stamp;	/* when that was worked out last: jiffies */
	u64 write_bandwidth, avg_write_bandwidth;
	u64 dirty_ratelimit, balanced_dirty_ratelimit;
	bool dirty_exceeded;
	u64 dirtied, written;	/* pages, since it is there */
	u64 completions;	/* lately: they count half after each period */
};

/* The disk, and what is the machine's. */
struct wb_state {
	struct bdi_writeback root;
	u32 laptop_event;	/* 0: before the boot */
	u64 next_order;		/* of inodes on lists */
	u64 dirty_limit, dirty_limit_stamp;
	u64 completions;	/* of all */
	u64 period_end;		/* jiffies; 0: none goes on */
	u64 fresh_dirtied;	/* by the call that runs, not yet charged to its task */
	u16 fresh_wb;		/* whose inode that was, last: a group's id */
	u64 nr_pauses, paused_ns;
	bool woken;		/* some flusher was, and begins when so many pages have been polled */
	u64 begins;
	u64 due_ns;		/* when the first that is busy is not any more; UINT64_MAX: none is */
};

int writeback_init(struct machine *m) __must_check;	/* -ENOBUFS */
void writeback_free(struct machine *m);
int writeback_boot(struct machine *m) __must_check;	/* timers; -ENOMEM */
void writeback_digest(const struct machine *m, struct digest *digest);
/* WB2: lists of inodes; the counters of pages under writeback. */
void writeback_validate(const struct machine *m, struct check *check);

/* ---- page_writeback.c ---- */

/* Pages that may be dirty: beyond the first the flusher runs, beyond the other who writes waits. */
void global_dirty_limits(const struct machine *m, u64 *background, u64 *limit);
/* The share of a wb of such a limit. */
u64 wb_calc_thresh(const struct machine *m, const struct bdi_writeback *wb, u64 thresh);
/* The task has dirtied pages; it sleeps if there are too many. Other pages may be gone then. */
void balance_dirty_pages_ratelimited(struct machine *m, struct task_struct *task);
bool wb_over_bg_thresh(const struct machine *m, const struct bdi_writeback *wb);
/* Now and then, as pages are written. */
void wb_update_bandwidth(struct machine *m, struct bdi_writeback *wb);
void wb_bandwidth_estimate_start(struct machine *m, struct bdi_writeback *wb);
/* vm.dirty_* have changed. */
void writeback_set_ratelimit(struct machine *m);
void wb_writeout_add(struct machine *m, struct bdi_writeback *wb, u64 nr);
u64 writeback_jiffies(const struct machine *m);

/* ---- fs_writeback.c ---- */

/* A page of the inode became dirty. */
void mark_inode_dirty_pages(struct machine *m, struct inode *inode);
/* The inode is about to be freed, or has none any more. */
void inode_io_list_del(struct machine *m, struct inode *inode);
/* To the end of a list. */
void inode_io_list_move(struct machine *m, struct inode *inode, enum wb_list list);
void wb_start_background_writeback(struct machine *m, struct bdi_writeback *wb);
/* It runs at the next poll point. */
void wb_wakeup(struct machine *m, struct bdi_writeback *wb);
/* Its timer, for one that comes: -ENOMEM. */
int wb_event_add(struct machine *m, struct bdi_writeback *wb) __must_check;
static inline u32 wb_nr_dirty_inodes(const struct bdi_writeback *wb)
{
	return wb->nr_inodes[B_DIRTY] + wb->nr_inodes[B_IO] + wb->nr_inodes[B_MORE_IO];
}
/* A poll point (phys/pressure.h); nr_pages 0: those that were woken need not come late. */
void flusher_run_woken(struct machine *m, u64 nr_pages);
/* The same for who reclaims, and has nothing in his hands just now. */
void flusher_run_beside_reclaim(struct machine *m);
/* Who runs here waits till then, or works: those that are busy go on meanwhile. */
void flusher_run_until(struct machine *m, u64 ns);
/* Some are busy, or are not any more: when the first goes on. */
void wb_note_due(struct machine *m);
/* Requests of the flusher are done: it may go on. */
void writeback_requests_done(struct machine *m);
/* vm.dirty_writeback_centisecs has changed. */
void dirty_writeback_interval_changed(struct machine *m);
/* The disk did something: a laptop's flusher runs soon. */
void laptop_io_completion(struct machine *m, u64 done_ns);
/* sync(): all files; the caller waits. */
void ksys_sync(struct machine *m);

/* ---- cgwb.c ---- */

void wb_init(const struct machine *m, struct bdi_writeback *wb, u32 memcg);
/* Of a group; NULL: it has none (any more). */
struct bdi_writeback *wb_of_memcg(const struct machine *m, u32 memcg);
struct bdi_writeback *inode_to_wb(const struct machine *m, const struct inode *inode);
/* All, the root's first: NULL begins, and ends. */
struct bdi_writeback *wb_next(const struct machine *m, const struct bdi_writeback *wb);
/* The inode's first page is about to be dirty: it is of this folio's group from now on. */
void inode_attach_wb(const struct machine *m, struct inode *inode, const struct page *folio);
/* Pages of the inode came to be dirty or on their way, or (below 0) are so no more. */
void inode_mod_dirty(const struct machine *m, struct inode *inode, s64 nr);
void inode_mod_writeback(const struct machine *m, struct inode *inode, s64 nr);
/* A group comes (its id is known later): -ENOBUFS, -ENOMEM. */
int cgwb_create(struct machine *m, struct bdi_writeback **wb) __must_check;
void cgwb_free(struct machine *m, struct bdi_writeback *wb);
/* It goes: its inodes are its parent's. */
void cgwb_offline(struct machine *m, struct mem_cgroup *memcg);
void cgwbs_free(struct machine *m);

/* Whose pages a turn writes: who wrote most, in the end, gets the inode. */
struct wb_owners {
	u16 wb, last, candidate;	/* groups: the inode's, the last winner, another one */
	u64 nr_wb, nr_last, nr_candidate;	/* pages */
};
void wbc_attach_inode(const struct inode *inode, struct wb_owners *owners);
void wbc_account_owner(const struct machine *m, struct wb_owners *owners,
		       const struct page *folio);
void wbc_detach_inode(struct machine *m, struct inode *inode, const struct wb_owners *owners);

/* ---- writeback.c ---- */

struct writeback_control {
	enum writeback_sync_modes sync_mode;
	u64 nr_to_write;
	u64 start, last;	/* pages */
	bool range_cyclic;	/* from where it ended last */
};
/* Dirty pages are on their way; fewer than all, if host memory is out. Pages written. */
u64 do_writepages(struct machine *m, struct inode *inode, struct writeback_control *wbc);
void folio_end_writeback(struct machine *m, u32 pfn);
/* What is under writeback of bytes [start, end) is done. */
void filemap_fdatawait_range(struct machine *m, struct inode *inode, u64 start, u64 end);
void filemap_fdatawrite_range(struct machine *m, struct inode *inode, u64 start, u64 end,
			      enum writeback_sync_modes mode);

#endif
