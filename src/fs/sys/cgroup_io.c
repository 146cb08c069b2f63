// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * io.stat of sys/fs/cgroup: what a group and those below it read from disks and wrote to
 * them; of the root, what the disks count. Nothing is discarded.
 */
#include <inttypes.h>

#include "fs/core/entry.h"
#include "sim/virt/blk_cgroup.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/virt.h"

static void show_disk(struct out *out, const struct gendisk *disk, const u64 *bytes,
		      const u64 *ios)
{
	if (disk->name[0] && (ios[REQ_OP_READ] || ios[REQ_OP_WRITE]))
		out_printf(out, "%u:%u rbytes=%" PRIu64 " wbytes=%" PRIu64 " rios=%" PRIu64
			   " wios=%" PRIu64 " dbytes=0 dios=0\n", disk->major, disk->minor,
			   bytes[REQ_OP_READ], bytes[REQ_OP_WRITE], ios[REQ_OP_READ],
			   ios[REQ_OP_WRITE]);
}

/* The disk that came last is first. */
static int root_stat_show(struct out *out, const struct view *v)
{
	const struct blk_state *blk = v->m->virt->blk;

	for (unsigned int i = blk->nr; i--; ) {
		const struct disk_stats stats = part_stat_read_all(v->m, &blk->disks[i]);
		u64 bytes[NR_REQ_OPS];

		for (unsigned int op = 0; op < NR_REQ_OPS; op++)
			bytes[op] = stats.sectors[op] * 512;
		show_disk(out, &blk->disks[i], bytes, stats.ios);
	}
	return 0;
}

static int stat_show(struct out *out, const struct view *v)
{
	const struct cgroup *cgroup = cgroup_of(v->m, v->id[V_CGROUP]);
	const struct gendisk *disk = NULL;

	while ((disk = blkcg_next_disk(v->m, cgroup, disk))) {
		const struct blkg_iostat *stat = &cgroup->io[disk - v->m->virt->blk->disks];

		show_disk(out, disk, stat->bytes, stat->ios);
	}
	return 0;
}

static const struct entry root_entries[] = { FILE_ROW("io.stat", 0444, root_stat_show) };
static const struct entry group_entries[] = { FILE_ROW("io.stat", 0444, stat_show) };

static bool io_visible(const struct view *v, const struct entry *entry)
{
	(void)entry;
	return cgroup_has(cgroup_of(v->m, v->id[V_CGROUP]), CGROUP_IO);
}

static const struct dir root_dir = { DIR_FILES(root_entries) };
static const struct dir group_dir = { DIR_FILES(group_entries), .visible = io_visible };

TREE_PARTS(cgroup_io_parts, { "sys/fs/cgroup", &root_dir },
	   { "sys/fs/cgroup/<GROUP>", &group_dir });
