// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A request begins when the pipe is free and one of the last queue_depth requests is done;
 * it is done when its bytes are through and the latency is over. So times ascend, the ring
 * of writes is in order, and one timer is enough for each disk.
 */
#include "sim/virt/blk.h"

#include <stdio.h>
#include <stdlib.h>

#include "sim/base/bug.h"
#include "sim/base/event.h"
#include "sim/phys/lru.h"
#include "sim/phys/memcg.h"
#include "sim/phys/page_alloc.h"
#include "sim/phys/section.h"
#include "sim/phys/tunables.h"
#include "sim/virt/blk_cgroup.h"
#include "sim/virt/blk_internal.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/cputime.h"
#include "sim/virt/file.h"
#include "sim/virt/swap.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"
#include "sim/virt/zram.h"

#define NS_PER_SEC 1000000000ULL
#define SETTLE_NS 2000000	/* from a call to the next, at least */
#define NEVER UINT64_MAX
#define SECTORS_PER_PAGE (PAGE_SIZE / 512)
#define FIRST_ROOM 64
#define BLOCK_EXT_MAJOR 259
#define READ_AHEAD_KB 128
#define ZRAM_MAJOR 253		/* the first that is free, from 254 down */
#define ZRAM_COMPRESSED 1080	/* as lzo-rle left pages of a program that wrote text */

/* ---- Disks. ---- */

static int add_disk(struct machine *m, const char *name, u64 bytes,
		    const struct config_disk_model *model, struct gendisk **result)
{
	struct blk_state *blk = m->virt->blk;
	struct gendisk *disk = &blk->disks[blk->nr];

	disk->slots = arena_alloc(&m->arena, BLK_MAX_DEPTH * sizeof(*disk->slots));
	if (!disk->slots)
		return -ENOBUFS;
	snprintf(disk->name, sizeof(disk->name), "%s", name);
	disk->major = BLOCK_EXT_MAJOR;
	/* One without a name has no number. */
	disk->minor = blk->nr - (blk->nr && !blk->disks[0].name[0]);
	disk->bytes = bytes;
	disk->latency_ns[REQ_OP_READ] = m->config->cost[COST_DISK_READ];
	disk->latency_ns[REQ_OP_WRITE] =
		m->config->cost[blk->nr ? COST_SWAP_WRITE : COST_DISK_WRITE];
	for (unsigned int op = 0; op < NR_REQ_OPS; op++)
		if (model->has_latency[op])
			disk->latency_ns[op] = model->latency_ns[op];
	disk->bandwidth = model->bandwidth;
	disk->queue_depth = model->queue_depth;
	disk->read_ahead_kb = READ_AHEAD_KB;
	blk->nr++;
	*result = disk;
	return 0;
}

static int add_file_disk(struct machine *m)
{
	const struct config_disk *config = &m->config->disk;
	struct gendisk *disk;

	return add_disk(m, config->given ? config->name : "", config->size, &config->model, &disk);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * For as many folios as its queue takes requests: what goes to swap is written to get host memory,
 * if not to need some.
 */
static int reserve_requests(struct machine *m, struct gendisk *disk)
{
	disk->requests = arena_alloc(&m->arena, BLK_MAX_DEPTH * sizeof(*disk->requests));
	if (!disk->requests)
		return -ENOBUFS;
	disk->room = BLK_MAX_DEPTH;
	return 0;
}

/* It is as quick as the CPU that compresses. */
static int make_zram(struct machine *m, struct gendisk *disk, const struct config_swap *swap)
{
	disk->major = ZRAM_MAJOR;
	disk->minor = (u32)strtoul(disk->name + strlen("zram"), NULL, 10);
	disk->latency_ns[REQ_OP_READ] = disk->latency_ns[REQ_OP_WRITE] = disk->bandwidth = 0;
	disk->rotational = false;
	return zram_alloc(m, disk, swap->compressed ? swap->compressed : ZRAM_COMPRESSED);
}

int blk_init(struct machine *m)
{
	int err;

	m->virt->blk = arena_alloc(&m->arena, sizeof(*m->virt->blk));
	if (!m->virt->blk)
		return -ENOBUFS;
	m->virt->blk->next_done_ns = NEVER;
	err = add_file_disk(m);
	for (unsigned int i = 0; i < m->config->nr_swaps && !err; i++) {
		const struct config_swap *swap = &m->config->swaps[i];
		struct gendisk *disk;

		err = add_disk(m, base_name(swap->path), swap->size, &swap->model, &disk);
		if (!err)
			err = reserve_requests(m, disk);
		if (!err)
			disk->rotational = swap->rotational;
		if (!err && is_zram_path(swap->path))
			err = make_zram(m, disk, swap);
	}
	return err;
}

void blk_free(struct machine *m)
{
	struct blk_state *blk = m->virt->blk;

	for (unsigned int i = 0; blk && i < blk->nr; i++) {
		struct gendisk *disk = &blk->disks[i];

		zram_free(m, disk->zram);
		arena_free(&m->arena, disk->slots, BLK_MAX_DEPTH * sizeof(*disk->slots));
		arena_free(&m->arena, disk->requests, disk->room * sizeof(*disk->requests));
	}
	if (blk)
		arena_free(&m->arena, blk, sizeof(*blk));
	m->virt->blk = NULL;
}

struct gendisk *file_disk(const struct machine *m)
{
	return &m->virt->blk->disks[0];
}

struct gendisk *disk_find(const struct machine *m, const char *name)
{
	struct blk_state *blk = m->virt->blk;

	for (unsigned int i = 0; i < blk->nr; i++)
		if (blk->disks[i].name[0] && !strcmp(blk->disks[i].name, name))
			return &blk->disks[i];
	return NULL;
}

struct gendisk *swap_disk(const struct machine *m, const char *path)
{
	struct blk_state *blk = m->virt->blk;

	for (unsigned int i = 1; i < blk->nr; i++)
		if (!strcmp(blk->disks[i].name, base_name(path)))
			return &blk->disks[i];
	return NULL;
}

/* ---- Time. ---- */

void blk_time_passes(struct machine *m, u64 ns)
{
	/* For them it is as late as for who woke them. */
	run_woken_daemons(m);
	ns += blk_now(m) - m->now_ns;
	m->waited_until_ns = 0;
	machine_tick(m, ns);
}

static void count_busy(struct gendisk *disk, u64 from, u64 to)
{
	from = MAX(from, disk->busy_ns);
	if (to <= from)
		return;
	disk->stats.io_ticks_ns += to - from;
	disk->busy_ns = to;
}

struct disk_stats part_stat_read_all(const struct machine *m, const struct gendisk *disk)
{
	struct disk_stats stats = disk->stats;
	u64 now = blk_now(m);

	/* It is busy from now till then. */
	stats.io_ticks_ns -= disk->busy_ns - MIN(disk->busy_ns, now);
	for (unsigned int i = 0; i < BLK_MAX_DEPTH; i++) {
		const struct blk_slot *slot = &disk->slots[i];

		if (slot->done_ns <= now)
			continue;
		stats.ios[slot->op]--;
		stats.sectors[slot->op] -= slot->nr_pages * SECTORS_PER_PAGE;
		stats.nsecs[slot->op] -= slot->done_ns - slot->start_ns;
		stats.in_flight[slot->op]++;
	}
	return stats;
}

u64 blk_slot_free_ns(const struct gendisk *disk)
{
	return disk->slots[(disk->slot + BLK_MAX_DEPTH - disk->queue_depth) % BLK_MAX_DEPTH].done_ns;
}

u64 blk_submit(struct machine *m, struct gendisk *disk, enum req_op op, u64 nr_pages)
{
	u64 now = blk_now(m), start, done;

	start = MAX(now, MAX(disk->free_ns, blk_slot_free_ns(disk)));
	disk->free_ns = start;
	if (disk->bandwidth)
		disk->free_ns += nr_pages * PAGE_SIZE * NS_PER_SEC / disk->bandwidth;
	done = disk->free_ns + disk->latency_ns[op];
	if (!nr_pages)
		return done;
	disk->stats.ios[op]++;
	disk->stats.sectors[op] += nr_pages * SECTORS_PER_PAGE;
	/* What is done at once has no place in the queue. */
	if (done > now) {
		/* A read may pass a write, but nothing is done before what came before it. */
		disk->slots[disk->slot] = (struct blk_slot){ now, done, (u32)nr_pages, (u8)op };
		disk->slot = (disk->slot + 1) % BLK_MAX_DEPTH;
		disk->stats.nsecs[op] += done - now;
		count_busy(disk, start, done);
	}
	if (unlikely(m->tunables->laptop_mode))
		laptop_io_completion(m, done);
	return done;
}

u64 blk_read(struct machine *m, struct gendisk *disk, u64 nr_pages)
{
	if (unlikely(m->virt->cgroups->nr))
		blkcg_account(m, blkcg_of_current(m), disk, REQ_OP_READ, nr_pages);
	return blk_submit(m, disk, REQ_OP_READ, nr_pages);
}

/* ---- Writes that are on their way. ---- */

static void end_request(struct machine *m, struct gendisk *disk)
{
	const struct blk_request request = *request_at(disk, 0);
	u64 index = request.index, last = request.index + request.nr - 1, entry;
	struct inode *inode;

	disk->first = (disk->first + 1) & (disk->room - 1);
	disk->nr--;
	disk->in_flight -= blk_nr_requests(&request);
	disk->nr_writeback -= request.nr;
	if (blk_goes_to_swap(&request)) {
		swap_end_write(m, (u32)request.index);
		return;
	}
	inode = inode_of(m, request.inode);
	if (!inode || inode->kind != INODE_DISK)
		return;
	/* Some may be gone from the file meanwhile. */
	while ((entry = xa_find_marked(&inode->i_data.i_pages, &index, last, XA_MARK_WRITEBACK))) {
		u64 next = xa_behind(&inode->i_data.i_pages, index);

		/* What is left of a large folio is another request's. */
		if (next > last + 1)
			break;
		folio_end_writeback(m, entry_pfn(entry));
		if (next > last || next <= index)
			break;
		index = next;
	}
}

void blk_set_timer(struct machine *m, u32 event, u64 when_ns)
{
	/* It stays in the queue, wherever it goes next. */
	if (event)
		event_set(m->events, event, when_ns,
			  when_ns == NEVER ? 0 : MAX(when_ns - MIN(m->now_ns, when_ns), 1));
}

/* When the first of its writes is done. */
static u64 first_done_ns(const struct gendisk *disk)
{
	return disk->nr ? request_at(disk, 0)->done_ns : NEVER;
}

void blk_set_disk_timer(struct machine *m, const struct gendisk *disk)
{
	struct blk_state *blk = m->virt->blk;

	blk_set_timer(m, disk->event, first_done_ns(disk));
	blk->next_done_ns = NEVER;
	for (unsigned int i = 0; i < blk->nr; i++)
		blk->next_done_ns = MIN(blk->next_done_ns, first_done_ns(&blk->disks[i]));
}

bool blk_end_requests(struct machine *m, struct gendisk *disk, u64 now)
{
	bool any = false;

	for (; disk->nr && request_at(disk, 0)->done_ns <= now; any = true)
		end_request(m, disk);
	if (any)
		blk_set_disk_timer(m, disk);
	if (any && disk == file_disk(m))
		writeback_requests_done(m);
	return any;
}

void blk_forget_times(struct machine *m)
{
	struct blk_state *blk = m->virt->blk;

	m->waited_until_ns = blk->read_done_ns = 0;
	for (unsigned int i = 0; i < blk->nr; i++) {
		struct gendisk *disk = &blk->disks[i];

		blk_end_requests(m, disk, NEVER);
		memset(disk->slots, 0, BLK_MAX_DEPTH * sizeof(*disk->slots));
		disk->free_ns = disk->busy_ns = disk->stats.io_ticks_ns = 0;
		memset(disk->stats.nsecs, 0, sizeof(disk->stats.nsecs));
	}
}

static bool disk_step(struct machine *m, void *data)
{
	blk_end_requests(m, data, m->now_ns);
	blk_set_disk_timer(m, data);
	return true;
}

int blk_boot(struct machine *m)
{
	struct blk_state *blk = m->virt->blk;
	int err = 0;

	for (unsigned int i = 0; i < blk->nr && !err; i++) {
		const struct event event = {
			.when_ns = NEVER, .run = disk_step, .data = &blk->disks[i], .name = "disk",
		};

		err = event_add(m->events, &event, &blk->disks[i].event);
	}
	return err;
}

void blk_end_due(struct machine *m)
{
	struct blk_state *blk = m->virt->blk;

	for (unsigned int i = 0; blk->next_done_ns <= blk_now(m) && i < blk->nr; i++)
		if (blk->disks[i].nr)
			blk_end_requests(m, &blk->disks[i], blk_now(m));
}

static void stall_until(struct machine *m, u64 ns, bool io)
{
	u64 now = blk_now(m);

	if (ns > now) {
		flusher_run_until(m, ns);
		psi_stall(m, now, ns, io, /* memory = */ false);
		if (io)
			account_iowait(m, now, ns);
		m->waited_until_ns = MAX(ns, blk_now(m));
	}
	blk_end_due(m);
}

void blk_run_until(struct machine *m, u64 ns)
{
	stall_until(m, ns, /* io = */ false);
}

/* Who goes to sleep holds nothing back. */
void blk_wait_until(struct machine *m, u64 ns)
{
	blk_flush_plug(m);
	stall_until(m, ns, /* io = */ true);
}

void blk_sleep_until(struct machine *m, u64 ns)
{
	blk_flush_plug(m);
	blk_run_until(m, ns);
}

void blk_sleep_for_write(struct machine *m, u64 end_ns)
{
	blk_flush_plug(m);
	blk_run_until(m, MIN(end_ns, MAX(blk_next_done_ns(m), blk_now(m))));
}

/* When the last of its writes is done; 0: none is on its way. */
static u64 writes_done_ns(const struct gendisk *disk)
{
	return disk->nr ? request_at(disk, disk->nr - 1)->done_ns : 0;
}

void blk_settle(struct machine *m, u64 ns)
{
	const struct blk_state *blk = m->virt->blk;
	u64 done = 0;

	blk_time_passes(m, ns);
	for (unsigned int i = 1; i < blk->nr; i++)
		done = MAX(done, writes_done_ns(&blk->disks[i]));
	if (done > m->now_ns)
		machine_tick(m, MIN(done - m->now_ns, SETTLE_NS));
}

u64 blk_next_done_ns(const struct machine *m)
{
	return m->virt->blk->next_done_ns;
}

bool blk_writes_swap(const struct machine *m)
{
	const struct blk_state *blk = m->virt->blk;

	for (unsigned int i = 1; i < blk->nr; i++)
		if (blk->disks[i].nr)
			return true;
	return false;
}

u64 blk_writes_done_ns(const struct machine *m)
{
	return writes_done_ns(file_disk(m));
}

void blk_flush(struct machine *m, struct gendisk *disk)
{
	u64 begin = MAX(blk_now(m), disk->free_ns), done = begin + disk->latency_ns[REQ_OP_WRITE];

	disk->flushes++;
	disk->flush_ticks_ns += done - blk_now(m);
	count_busy(disk, begin, done);
	disk->free_ns = begin;
	blk_wait_until(m, done);
}

bool blk_queue_full(const struct gendisk *disk)
{
	return disk->in_flight >= disk->queue_depth;
}

static u32 room_for(const struct gendisk *disk, u64 nr)
{
	u32 room = MAX(disk->room, FIRST_ROOM);

	while (room < disk->nr + nr)
		room *= 2;
	return room;
}

u64 blk_host_bytes(const struct machine *m, u64 nr)
{
	const struct gendisk *disk = file_disk(m);
	u32 room = room_for(disk, nr);

	return room == disk->room ? 0 : 2 * room * sizeof(*disk->requests);
}

bool blk_grow_ring(struct machine *m, struct gendisk *disk)
{
	u32 room = room_for(disk, 1);
	struct blk_request *requests;

	requests = arena_alloc(&m->arena, room * sizeof(*requests));
	if (!requests)
		return false;
	for (u32 i = 0; i < disk->nr; i++)
		requests[i] = *request_at(disk, i);
	arena_free(&m->arena, disk->requests, disk->room * sizeof(*requests));
	disk->requests = requests;
	disk->room = room;
	disk->first = 0;
	return true;
}

/* It is submitted, and on its way, with so many of its pages; `memcg` pays. */
static void add_request(struct machine *m, struct gendisk *disk, struct blk_request request,
			u32 nr_sent, u16 memcg)
{
	if (unlikely(m->virt->cgroups->nr) && nr_sent)
		blkcg_account(m, blkcg_of_memcg(m, memcg), disk, REQ_OP_WRITE, nr_sent);
	request.done_ns = blk_submit(m, disk, REQ_OP_WRITE, nr_sent);
	*request_at(disk, disk->nr++) = request;
	disk->in_flight++;
	disk->nr_writeback += request.nr;
	if (disk->nr == 1)
		blk_set_disk_timer(m, disk);
}

bool blk_write(struct machine *m, const struct inode *inode, u64 index, u32 nr, u32 nr_sent)
{
	struct gendisk *disk = file_disk(m);

	/* What a plug holds for a swap file there is on its way before it. */
	if (disk->plugged.nr)
		blk_flush_plug(m);
	if (!blk_make_room(m, disk))
		return false;
	add_request(m, disk, (struct blk_request){ .index = index, .inode = inode->self, .nr = nr },
		    nr_sent, inode->i_wb);
	return true;
}

void blk_forget_inode(struct machine *m, const struct inode *inode)
{
	const struct gendisk *disk = file_disk(m);

	for (u32 i = 0; inode->kind == INODE_DISK && i < disk->nr; i++)
		if (request_at(disk, i)->inode == inode->self)
			request_at(disk, i)->inode = 0;
}

void folio_wait_writeback(struct machine *m, u32 pfn)
{
	const struct page *folio = pfn_to_page(m, pfn);

	if (page_flag(folio, PG_writeback))
		blk_flush_plug(m);
	while (page_flag(folio, PG_writeback) && blk_next_done_ns(m) != NEVER)
		blk_wait_until(m, blk_next_done_ns(m));
	BUG_ON(m, page_flag(folio, PG_writeback));
}
