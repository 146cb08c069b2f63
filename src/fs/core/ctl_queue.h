/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies that wait in an open control file. Room is secured before the line runs,
 * so that no reply is ever lost; what was read makes room again.
 */
#ifndef KMM_FS_CTL_QUEUE_H
#define KMM_FS_CTL_QUEUE_H

#include "sim/base/types.h"

/* Most that may wait; then writes are refused with ENOBUFS until some are read. */
#define REPLIES_BYTES (64U << 20)

struct ctl_queue {
	char *text;
	size_t start, len, room;	/* text[start .. len) waits */
};

/* Room for `bytes` more. 0, -ENOMEM or -ENOBUFS. */
int ctl_queue_reserve(struct ctl_queue *queue, size_t bytes) __must_check;
/* What does not fit into the room that was reserved is cut. */
void ctl_queue_add(struct ctl_queue *queue, const char *text, size_t len);
size_t ctl_queue_read(struct ctl_queue *queue, char *buf, size_t len);
void ctl_queue_free(struct ctl_queue *queue);

#endif
