/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that are numbers too wide for a node: addresses. Each value gets a small id
 * when it is looked up, and keeps it; ids of values that nobody has looked up for a
 * long time may come to mean others, which a node's user sees as a name that moved.
 * Has a lock of its own: lookups run under the tree's read side.
 */
#ifndef KMM_FS_WIDE_ID_H
#define KMM_FS_WIDE_ID_H

#include <pthread.h>

#include "sim/base/types.h"

#define WIDE_IDS (1U << 16)

struct wide_ids {
	pthread_mutex_t mutex;
	u64 *values;		/* [WIDE_IDS], made on first use */
	u32 nr, next;		/* known; the one that is given next */
};

void wide_ids_init(struct wide_ids *ids);
void wide_ids_free(struct wide_ids *ids);
/* The id of a value. 0 or -ENOMEM. */
int wide_id_of(struct wide_ids *ids, u64 value, u32 *id) __must_check;
/* The value of an id; 0 for one that was never given. */
u64 wide_id_value(struct wide_ids *ids, u32 id);

#endif
