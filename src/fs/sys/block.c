// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Disks that the machine file names: [disk], and those of swap areas. proc/diskstats and
 * proc/partitions, sys/block/NAME, and what the flusher knows of the disk of files, in
 * sys/kernel/debug/bdi.
 */
#include <stdio.h>

#include "fs/core/figures.h"
#include "fs/core/value.h"
#include "sim/virt/blk.h"
#include "sim/virt/virt.h"
#include "sim/virt/writeback.h"

typedef unsigned long long ull;

#define NS_PER_MS 1000000ULL

static bool disk_next(const struct view *v, u32 *id)
{
	const struct blk_state *blk = v->m->virt->blk;

	while (*id < blk->nr && !blk->disks[*id].name[0])
		++*id;
	return *id < blk->nr;
}

static void disk_name(const struct view *v, u32 id, char name[64])
{
	snprintf(name, 64, "%s", v->m->virt->blk->disks[id].name);
}

static bool disk_find_name(const struct view *v, const char *name, u32 *id)
{
	const struct gendisk *disk = disk_find(v->m, name);

	if (disk)
		*id = (u32)(disk - v->m->virt->blk->disks);
	return disk;
}

static const struct gendisk *disk_of(const struct view *v)
{
	return &v->m->virt->blk->disks[v->id[V_CACHE]];
}

/* Columns from the first request to the last flush; `width` in sysfs. */
static void show_stats(struct out *out, const struct machine *m, const struct gendisk *disk,
		       int width)
{
	const struct disk_stats stats = part_stat_read_all(m, disk);
	const u64 ticks = stats.nsecs[REQ_OP_READ] + stats.nsecs[REQ_OP_WRITE] +
			  disk->flush_ticks_ns;
	const u64 columns[] = {
		stats.ios[REQ_OP_READ], stats.merges[REQ_OP_READ], stats.sectors[REQ_OP_READ],
		stats.nsecs[REQ_OP_READ] / NS_PER_MS,
		stats.ios[REQ_OP_WRITE], stats.merges[REQ_OP_WRITE], stats.sectors[REQ_OP_WRITE],
		stats.nsecs[REQ_OP_WRITE] / NS_PER_MS,
		stats.in_flight[REQ_OP_READ] + stats.in_flight[REQ_OP_WRITE],
		stats.io_ticks_ns / NS_PER_MS, ticks / NS_PER_MS,
		0, 0, 0, 0, disk->flushes, disk->flush_ticks_ns / NS_PER_MS,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(columns); i++)
		out_printf(out, "%s%*llu", i ? " " : "", width, (ull)columns[i]);
	out_putc(out, '\n');
}

static int diskstats_show(struct out *out, const struct view *v)
{
	const struct blk_state *blk = v->m->virt->blk;

	for (u32 id = 0; disk_next(v, &id); id++) {
		out_printf(out, "%4u %7u %s ", blk->disks[id].major, blk->disks[id].minor,
			   blk->disks[id].name);
		show_stats(out, v->m, &blk->disks[id], 0);
	}
	return 0;
}

static int partitions_show(struct out *out, const struct view *v)
{
	const struct blk_state *blk = v->m->virt->blk;

	out_puts(out, "major minor  #blocks  name\n\n");
	for (u32 id = 0; disk_next(v, &id); id++)
		out_printf(out, "%4u  %7u %10llu %s\n", blk->disks[id].major,
			   blk->disks[id].minor, (ull)blk->disks[id].bytes / 1024,
			   blk->disks[id].name);
	return 0;
}

static int stat_show(struct out *out, const struct view *v)
{
	show_stats(out, v->m, disk_of(v), 8);
	return 0;
}

static int size_show(struct out *out, const struct view *v)
{
	out_printf(out, "%llu\n", (ull)disk_of(v)->bytes / 512);
	return 0;
}

static int dev_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u:%u\n", disk_of(v)->major, disk_of(v)->minor);
	return 0;
}

static int inflight_show(struct out *out, const struct view *v)
{
	const struct disk_stats stats = part_stat_read_all(v->m, disk_of(v));

	out_printf(out, "%8u %8u\n", stats.in_flight[REQ_OP_READ], stats.in_flight[REQ_OP_WRITE]);
	return 0;
}

static int rotational_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", disk_of(v)->rotational);
	return 0;
}

static int nr_requests_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", disk_of(v)->queue_depth);
	return 0;
}

static int read_ahead_show(struct out *out, const struct view *v)
{
	out_printf(out, "%u\n", disk_of(v)->read_ahead_kb);
	return 0;
}

/* A disk's, which the store may change. */
static struct gendisk *disk_to_set(const struct store *s, const struct view *v)
{
	return &s->m->virt->blk->disks[v->id[V_CACHE]];
}

static int nr_requests_store(struct store *s, const struct view *v, const char *text)
{
	u64 depth;

	if (sysfs_number(text, 10, &depth) || depth >= BLK_MAX_DEPTH) {
		out_printf(s->sentence, "'%.60s' is not a number below %u", text, BLK_MAX_DEPTH);
		return -EINVAL;
	}
	/* The least that a queue has. */
	disk_to_set(s, v)->queue_depth = (u32)MAX(depth, 4);
	return 0;
}

static int read_ahead_store(struct store *s, const struct view *v, const char *text)
{
	u64 kb;

	if (sysfs_number(text, 10, &kb) || kb > UINT32_MAX) {
		out_printf(s->sentence, "'%.60s' is not a number of KiB", text);
		return -EINVAL;
	}
	disk_to_set(s, v)->read_ahead_kb = (u32)ALIGN_DOWN(kb, PAGE_SIZE / 1024);
	return 0;
}

/* ---- The flusher. ---- */

static bool bdi_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return file_disk(v->m)->name[0];
}

static void show_kb(struct out *out, const char *name, u64 pages)
{
	out_printf(out, "%-20s%10llu kB\n", name, (ull)pages * (PAGE_SIZE / 1024));
}

/* WB_registered, WB_writeback_running, WB_has_dirty_io, WB_start_all */
static unsigned int wb_state_bits(const struct bdi_writeback *wb)
{
	return 1U | (unsigned int)wb->running << 1 | (unsigned int)(wb_nr_dirty_inodes(wb) > 0) << 2 |
	       (unsigned int)wb->start_all << 3;
}

static void add_wb(const struct machine *m, const struct bdi_writeback *wb, u64 limit,
		   struct bdi_writeback *sum, u64 *thresh)
{
	*thresh += wb_calc_thresh(m, wb, limit);
	sum->nr_dirty += wb->nr_dirty;
	sum->nr_writeback += wb->nr_writeback;
	sum->dirtied += wb->dirtied;
	sum->written += wb->written;
	sum->write_bandwidth += wb->write_bandwidth;
	for (unsigned int list = 0; list < NR_WB_LISTS; list++)
		sum->nr_inodes[list] += wb->nr_inodes[list];
}

static int bdi_stats_show(struct out *out, const struct view *v)
{
	const struct bdi_writeback *wb = NULL;
	struct bdi_writeback sum = { 0 };
	u64 background, limit, thresh = 0;

	global_dirty_limits(v->m, &background, &limit);
	while ((wb = wb_next(v->m, wb)))
		if (!wb->memcg || rel_bdi_stats_have_groups(v->m->release))
			add_wb(v->m, wb, limit, &sum, &thresh);
	show_kb(out, "BdiWriteback:", sum.nr_writeback);
	show_kb(out, "BdiReclaimable:", sum.nr_dirty);
	show_kb(out, "BdiDirtyThresh:", thresh);
	show_kb(out, "DirtyThresh:", limit);
	show_kb(out, "BackgroundThresh:", background);
	show_kb(out, "BdiDirtied:", sum.dirtied);
	show_kb(out, "BdiWritten:", sum.written);
	out_printf(out, "%-20s%10llu kBps\n", "BdiWriteBandwidth:",
		   (ull)sum.write_bandwidth * (PAGE_SIZE / 1024));
	out_printf(out, "%-20s%10u\n", "b_dirty:", sum.nr_inodes[B_DIRTY]);
	out_printf(out, "%-20s%10u\n", "b_io:", sum.nr_inodes[B_IO]);
	out_printf(out, "%-20s%10u\n", "b_more_io:", sum.nr_inodes[B_MORE_IO]);
	out_printf(out, "%-20s%10u\n", "b_dirty_time:", 0);
	out_printf(out, "%-20s%10u\n", "bdi_list:", 1);
	out_printf(out, "%-20s%10x\n", "state:", wb_state_bits(&v->m->virt->writeback->root));
	return 0;
}

static const struct entry queue_entries[] = {
	{ .name = "nr_requests", .mode = S_IFREG | 0644, .span = ALL, .show = nr_requests_show,
	  .store = nr_requests_store },
	{ .name = "read_ahead_kb", .mode = S_IFREG | 0644, .span = ALL,
	  .show = read_ahead_show, .store = read_ahead_store },
	FILE_ROW("rotational", 0444, rotational_show),
};
static const struct dir queue_dir = { DIR_FILES(queue_entries) };

static const struct entry disk_entries[] = {
	FILE_ROW("dev", 0444, dev_show),
	FILE_ROW("inflight", 0444, inflight_show),
	DIR_ROW("queue", 0755, &queue_dir),
	FILE_ROW("size", 0444, size_show),
	FILE_ROW("stat", 0444, stat_show),
};
static const struct dir disk_dir = { DIR_FILES(disk_entries) };

static const struct each block_each[] = {
	{ .entry = { .name = "<DISK>", .mode = S_IFDIR | 0755, .span = ALL, .dir = &disk_dir },
	  .slot = V_CACHE, .next = disk_next, .name = disk_name, .find = disk_find_name },
};
static const struct dir block_dir = { DIR_EACH(block_each) };

static const struct entry bdi_stats_entries[] = { FILE_ROW("stats", 0444, bdi_stats_show) };
static const struct dir bdi_stats_dir = { DIR_FILES(bdi_stats_entries) };
static const struct entry bdi_entries[] = { DIR_ROW("259:0", 0755, &bdi_stats_dir) };
static const struct dir bdi_dir = { DIR_FILES(bdi_entries), .visible = bdi_visible };

static const struct entry proc_entries[] = {
	FILE_ROW("diskstats", 0444, diskstats_show),
	FILE_ROW("partitions", 0444, partitions_show),
};
static const struct dir proc_dir = { DIR_FILES(proc_entries) };

TREE_PARTS(block_parts,
	   { "proc", &proc_dir },
	   { "sys/block", &block_dir },
	   { "sys/kernel/debug/bdi", &bdi_dir });
