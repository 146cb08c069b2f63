/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long disks take, on virtual time. A disk has one pipe of a bandwidth, through which
 * requests go one after the other, a latency on top of each, and room for so many at once.
 * What is written is on the disk at once (disk.h, or the slots of swap); its pages are under
 * writeback until the request is done. Nobody sleeps in the middle of a call: what he waits
 * for is done at once, and the time passes behind the call (blk_time_passes()).
 */
#ifndef KMM_VIRT_BLK_H
#define KMM_VIRT_BLK_H

#include "sim/machine.h"
#include "sim/virt/virt.h"

struct check;
struct digest;
struct inode;

enum req_op { REQ_OP_READ, REQ_OP_WRITE, NR_REQ_OPS };

#define BLK_MAX_PAGES 128	/* of one request: 512 KiB, and so much may be read ahead at once */

/* A write that is on its way: pages [index, index + nr) of a file, or the folio at `index`. */
struct blk_request {
	u64 done_ns;
	u64 index;
	u32 inode, nr;
};

/* What is to go at once: requests that wait, and the disk of the last one. */
struct blk_plug {
	u32 nr_requests;
	struct gendisk *last;
};

/* As inode: a folio that goes to its slots of swap; one that does in the request of the last. */
#define BLK_SWAP UINT32_MAX
#define BLK_SWAP_MORE (UINT32_MAX - 1)

/* What diskstats says: of requests that are done, and how many are not. */
struct disk_stats {
	u64 nsecs[NR_REQ_OPS], sectors[NR_REQ_OPS], ios[NR_REQ_OPS], merges[NR_REQ_OPS];
	u64 io_ticks_ns;
	u32 in_flight[NR_REQ_OPS];
};

/* One of the last requests. */
struct blk_slot {
	u64 start_ns, done_ns;
	u32 nr_pages;
	u8 op;			/* enum req_op */
};

struct gendisk {
	char name[32];		/* empty: no section of the machine file names it */
	u32 major, minor;
	u64 bytes;
	bool rotational;
	/* The model. */
	u64 latency_ns[NR_REQ_OPS];
	u64 bandwidth;		/* bytes in a second; 0: no limit */
	u32 queue_depth;	/* requests at once: up to BLK_MAX_DEPTH */
	u32 read_ahead_kb;
	/* When the pipe is free; the last requests. */
	u64 free_ns;
	struct blk_slot *slots;	/* [BLK_MAX_DEPTH] */
	u32 slot;
	/* Writes on their way, oldest first: a ring, room a power of two. */
	struct blk_request *requests;
	u32 first, nr, room;
	u32 event;		/* the first of them is done; 0: before the boot */
	u32 in_flight;		/* requests that they make */
	u64 nr_writeback;	/* pages of all requests */
	/* The last of them, which a plug holds; of the request that is made of the very last. */
	struct {
		u32 nr, folios, pages;
		u64 end;		/* the slot behind it */
		const struct cgroup *payer;
	} plugged;
	struct disk_stats stats;	/* as they are when all that it was sent is done */
	u64 busy_ns;		/* io_ticks_ns count up to here */
	u64 flushes, flush_ticks_ns;
	struct zram *zram;	/* zram.h: it is one; NULL */
};

#define BLK_MAX_DEPTH 1024
#define MAX_DISKS 29		/* one of files, and those of swap areas */

struct blk_state {
	struct gendisk disks[MAX_DISKS];
	unsigned int nr;
	u64 next_done_ns;	/* when the first write is done, on any disk; UINT64_MAX: none */
	u64 read_done_ns;	/* when what was read ahead last is there */
	struct blk_plug *plug;	/* of the thread that runs; NULL */
	u32 blkg_serial;	/* blk_cgroup.h */
	bool read_thrashes;	/* some of it was thrown out not long ago */
};

int blk_init(struct machine *m) __must_check;	/* -ENOBUFS */
void blk_free(struct machine *m);
int blk_boot(struct machine *m) __must_check;	/* timers; -ENOMEM */
/* The boot is over: what it read took no time. */
void blk_forget_times(struct machine *m);
void blk_digest(const struct machine *m, struct digest *digest);
/* WB1: requests are in order; pages of theirs are under writeback. */
void blk_validate(const struct machine *m, struct check *check);
/* Some pages are on their way to swap (areas that are no files). */
bool blk_writes_swap(const struct machine *m);
/* Pages on their way to swap, counted, and added to those of each node (NULL: not). */
u64 blk_nr_swap_writes(const struct machine *m, s64 by_node[MAX_NUMNODES]);

/* The disk that files are on; of a swap area's path, or NULL; of a name, or NULL. */
struct gendisk *file_disk(const struct machine *m);
struct gendisk *swap_disk(const struct machine *m, const char *path);
struct gendisk *disk_find(const struct machine *m, const char *name);
/* What is done by now; of more than BLK_MAX_DEPTH on their way, the first are taken for done. */
struct disk_stats part_stat_read_all(const struct machine *m, const struct gendisk *disk);
/* Host memory that so many writes more may need. */
u64 blk_host_bytes(const struct machine *m, u64 nr);

/* Virtual time, as far as the call that runs has waited. */
static inline u64 blk_now(const struct machine *m)
{
	return MAX(m->now_ns, m->waited_until_ns);
}

/* The call ends, or comes to where others can run: so long it has waited, and ns more. */
void blk_time_passes(struct machine *m, u64 ns);

/*
 * A line of a script is over, behind ns of work: who is due by then, or was woken, runs. Whoever
 * makes the next call comes a little later, by when what was on its way to swap is there.
 */
void blk_settle(struct machine *m, u64 ns);

/* A timer that is there for good: when it runs next; UINT64_MAX: never. */
void blk_set_timer(struct machine *m, u32 event, u64 when_ns);
/* So many pages in a row are read for the task that runs: when it is done. */
u64 blk_read(struct machine *m, struct gendisk *disk, u64 nr_pages);
/* When one request more may go in: who submits waits so long. */
u64 blk_slot_free_ns(const struct gendisk *disk);
/* What is done by now. */
void blk_end_due(struct machine *m);
/* The CPU works till then; what is done then is done now. */
void blk_run_until(struct machine *m, u64 ns);
/* The call sleeps till then: a stall (psi.h). */
void blk_wait_until(struct machine *m, u64 ns);
/* The same, but nobody waits for a disk. */
void blk_sleep_until(struct machine *m, u64 ns);
/* The same, till the next write is done, on any disk, or that long. */
void blk_sleep_for_write(struct machine *m, u64 end_ns);
/*
 * These pages, under writeback, are written, or so many of them: the others are clean. False:
 * no host memory; nothing happened.
 */
bool blk_write(struct machine *m, const struct inode *inode, u64 index, u32 nr,
	       u32 nr_sent) __must_check;
/* A folio of the swap cache, under writeback, is written to its slots, from `slot` on. */
void blk_write_swap(struct machine *m, struct gendisk *disk, u32 pfn, u64 slot);

/*
 * Between start and finish, folios that go to slots in a row wait for each other, and become one
 * request. It goes when it is finished, when a request is long enough and a new one begins,
 * when there are many, or when its thread sleeps. (A thread that has one opens no other.)
 */
void blk_start_plug(struct machine *m, struct blk_plug *plug);
void blk_finish_plug(struct machine *m, struct blk_plug *plug);
void blk_flush_plug(struct machine *m);
/* Another thread works, which has its own, or none (NULL): that of who does not. */
struct blk_plug *blk_switch_plug(struct machine *m, struct blk_plug *plug);
/* The inode is about to be freed. */
void blk_forget_inode(struct machine *m, const struct inode *inode);
/* When the first write that is on its way is done, on any disk; UINT64_MAX: there is none. */
u64 blk_next_done_ns(const struct machine *m);
/* When all writes of files that are on their way are done. */
u64 blk_writes_done_ns(const struct machine *m);
/* The disk's own cache is emptied; the caller waits. */
void blk_flush(struct machine *m, struct gendisk *disk);
/* No request more goes in for now. */
bool blk_queue_full(const struct gendisk *disk);
/* filemap.c: the folio is read by then; of one that was in use till lately, for want of memory. */
void wait_for_folio(struct machine *m, u32 pfn, u64 done_ns);
/* The folio is written now; the caller waits. */
void folio_wait_writeback(struct machine *m, u32 pfn);

#endif
