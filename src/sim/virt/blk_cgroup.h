/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which control group pays for a request of a disk: io.stat. Reads are the task's, writes of
 * files the group's whose flusher has the file, swap is of who has the page. A group counts
 * where its parent passes the io controller on, and for all below; the root is what the
 * disks themselves count.
 */
#ifndef KMM_VIRT_BLK_CGROUP_H
#define KMM_VIRT_BLK_CGROUP_H

#include "sim/virt/blk.h"

struct cgroup;
struct page;

struct blkg_iostat {
	u64 bytes[NR_REQ_OPS], ios[NR_REQ_OPS];
	u32 serial;		/* the later, the earlier it is listed; 0: no request yet */
};

/* A group's counters, one for each disk, all 0. -ENOBUFS. */
int blkcg_init(struct machine *m, struct cgroup *cgroup) __must_check;
void blkcg_free(struct machine *m, struct cgroup *cgroup);
/* It lost the controller, its children did: what they counted is forgotten. */
void blkcg_offline(struct machine *m, struct cgroup *cgroup);
void blkcg_offline_children(struct machine *m, const struct cgroup *cgroup);

/* The group of the task that runs; of a memory cgroup, which may be gone. */
struct cgroup *blkcg_of_current(const struct machine *m);
struct cgroup *blkcg_of_memcg(const struct machine *m, u16 memcg);
/* A request was submitted for the group. */
void blkcg_account(struct machine *m, struct cgroup *cgroup, const struct gendisk *disk,
		   enum req_op op, u64 nr_pages);
/* The disks of the group's list, the next behind `disk` (NULL: the first); NULL: no more. */
const struct gendisk *blkcg_next_disk(const struct machine *m, const struct cgroup *cgroup,
				      const struct gendisk *disk);

/* G3: what a group counted is no less than what those below it did. */
void blkcg_validate(const struct machine *m, struct check *check);
void blkcg_digest(const struct machine *m, const struct cgroup *cgroup, struct digest *digest);

#endif
