/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of a disk's writes: what blk.c, blk_plug.c and blk_check.c share. */
#ifndef KMM_VIRT_BLK_INTERNAL_H
#define KMM_VIRT_BLK_INTERNAL_H

#include "sim/virt/blk.h"

static inline struct blk_request *request_at(const struct gendisk *disk, u32 i)
{
	return &disk->requests[(disk->first + i) & (disk->room - 1)];
}

static inline bool blk_goes_to_swap(const struct blk_request *request)
{
	return request->inode >= BLK_SWAP_MORE;
}

/* That the disk is sent for it: of what is larger than one, several. */
static inline u32 blk_nr_requests(const struct blk_request *request)
{
	return request->inode == BLK_SWAP_MORE ? 0 : DIV_ROUND_UP(request->nr, BLK_MAX_PAGES);
}

/* So many pages go to the disk, or come, in one request (0: there is none): when it is done. */
u64 blk_submit(struct machine *m, struct gendisk *disk, enum req_op op, u64 nr_pages);
/* What is done by then; false: nothing. */
bool blk_end_requests(struct machine *m, struct gendisk *disk, u64 now);
/* A larger ring. False: the host has no memory for it. */
bool blk_grow_ring(struct machine *m, struct gendisk *disk);
/* For one more. */
static inline bool blk_make_room(struct machine *m, struct gendisk *disk)
{
	return likely(disk->nr < disk->room) || blk_grow_ring(m, disk);
}
void blk_set_disk_timer(struct machine *m, const struct gendisk *disk);

#endif
