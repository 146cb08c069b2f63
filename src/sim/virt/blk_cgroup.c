// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each group has a counter for each disk, and adds to those of the groups above it as well.
 * A disk comes to the front of a group's list with its first request.
 */
#include "sim/virt/blk_cgroup.h"

#include "sim/base/digest.h"
#include "sim/phys/memcg.h"
#include "sim/virt/cgroup.h"
#include "sim/virt/sched.h"
#include "sim/virt/virt.h"

typedef unsigned long long ull;

static size_t stat_bytes(const struct machine *m)
{
	return m->virt->blk->nr * sizeof(struct blkg_iostat);
}

int blkcg_init(struct machine *m, struct cgroup *cgroup)
{
	cgroup->io = arena_alloc(&m->arena, stat_bytes(m));
	return cgroup->io ? 0 : -ENOBUFS;
}

void blkcg_free(struct machine *m, struct cgroup *cgroup)
{
	arena_free(&m->arena, cgroup->io, stat_bytes(m));
	cgroup->io = NULL;
}

void blkcg_offline(struct machine *m, struct cgroup *cgroup)
{
	memset(cgroup->io, 0, stat_bytes(m));
}

void blkcg_offline_children(struct machine *m, const struct cgroup *cgroup)
{
	struct cgroup *child;

	for (u32 id = 1; (child = cgroup_child(m, cgroup, id)); id = child->id + 1)
		blkcg_offline(m, child);
}

struct cgroup *blkcg_of_current(const struct machine *m)
{
	const struct task_struct *task = current_task(m);

	return task ? task_cgroup(m, task) : cgroup_of(m, 0);
}

struct cgroup *blkcg_of_memcg(const struct machine *m, u16 memcg)
{
	const struct mem_cgroup *group = memcg ? mem_cgroup_of(m, memcg) : NULL;

	while (group && !group->online)
		group = group->parent;
	return cgroup_of(m, group ? group->cgroup : 0);
}

void blkcg_account(struct machine *m, struct cgroup *cgroup, const struct gendisk *disk,
		   enum req_op op, u64 nr_pages)
{
	struct blk_state *blk = m->virt->blk;

	for (; cgroup && cgroup->parent; cgroup = cgroup->parent) {
		struct blkg_iostat *stat = &cgroup->io[disk - blk->disks];

		if (!cgroup_has(cgroup, CGROUP_IO))
			continue;
		stat->bytes[op] += nr_pages * PAGE_SIZE;
		stat->ios[op]++;
		if (!stat->serial)
			stat->serial = ++blk->blkg_serial;
	}
}

const struct gendisk *blkcg_next_disk(const struct machine *m, const struct cgroup *cgroup,
				      const struct gendisk *disk)
{
	const struct blk_state *blk = m->virt->blk;
	u32 before = disk ? cgroup->io[disk - blk->disks].serial : UINT32_MAX, best = 0;
	const struct gendisk *next = NULL;

	for (unsigned int i = 0; i < blk->nr; i++) {
		u32 serial = cgroup->io[i].serial;

		if (serial < before && serial > best) {
			best = serial;
			next = &blk->disks[i];
		}
	}
	return next;
}

static void check_group(const struct machine *m, const struct cgroup *cgroup, unsigned int disk,
			enum req_op op, struct check *check)
{
	const struct cgroup *child;
	u64 bytes = 0, ios = 0;

	for (u32 id = 1; (child = cgroup_child(m, cgroup, id)); id = child->id + 1) {
		bytes += child->io[disk].bytes[op];
		ios += child->io[disk].ios[op];
	}
	check->nr_checked++;
	if (bytes > cgroup->io[disk].bytes[op] || ios > cgroup->io[disk].ios[op])
		check_fail(check, "G3", "control group %u, disk %u: expected no more below it than "
			   "%llu bytes in %llu requests, found %llu in %llu", cgroup->id, disk,
			   (ull)cgroup->io[disk].bytes[op], (ull)cgroup->io[disk].ios[op],
			   (ull)bytes, (ull)ios);
}

void blkcg_validate(const struct machine *m, struct check *check)
{
	for (u32 id = 1; id < m->virt->cgroups->room; id++) {
		const struct cgroup *cgroup = m->virt->cgroups->groups[id];

		for (unsigned int disk = 0; cgroup && disk < m->virt->blk->nr; disk++)
			for (unsigned int op = 0; op < NR_REQ_OPS; op++)
				check_group(m, cgroup, disk, op, check);
	}
}

void blkcg_digest(const struct machine *m, const struct cgroup *cgroup, struct digest *digest)
{
	for (unsigned int disk = 0; disk < m->virt->blk->nr; disk++) {
		const struct blkg_iostat *stat = &cgroup->io[disk];

		digest_u64(digest, stat->serial);
		for (unsigned int op = 0; stat->serial && op < NR_REQ_OPS; op++) {
			digest_u64(digest, stat->bytes[op]);
			digest_u64(digest, stat->ios[op]);
		}
	}
}
