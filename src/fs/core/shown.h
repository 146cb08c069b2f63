/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processes whose names were given out to be kept for a while: when one of them has
 * ended, whoever keeps them has to be told (tree_any_gone()). A bit for each pid, set
 * while attributes are answered.
 *
 * Lock: readers of the tree set bits, side by side; bits are taken back under
 * shown->lock, inside the tree's.
 */
#ifndef KMM_FS_SHOWN_H
#define KMM_FS_SHOWN_H

#include <pthread.h>
#include <stdatomic.h>

#include "fs/core/tree.h"

#define SHOWN_KEPT_S 30
/* Behind that, nobody has the name any more. */
#define SHOWN_KEPT_NS ((SHOWN_KEPT_S + 2) * 1000000000ULL)

struct shown {
	_Atomic u64 *bits;
	atomic_uint nr_words;		/* none is set behind them */
	_Atomic u64 last_ns;		/* when one was set last */
	_Atomic u64 parent;		/* the number of their directory */

	pthread_mutex_t lock;
	/* Guarded by it: what had ended when it was looked last. */
	u64 reaped, life;
};

int shown_init(struct shown *shown) __must_check;
void shown_free(struct shown *shown);

/* The process of this node is about to be told of. Read side. */
void shown_add(struct tree *tree, struct node node);

#endif
