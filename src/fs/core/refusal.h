/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that take nothing, or show nothing, and who tries nevertheless. Modes do not stop
 * root: which of these he can open, and what a write or a read of them then comes to, is up
 * to where they lie.
 */
#ifndef KMM_FS_REFUSAL_H
#define KMM_FS_REFUSAL_H

#include "fs/core/tree.h"

struct refusal {
	int err;
	bool at_open;		/* it is not even opened for that */
};

/* Any side of the lock. */
struct refusal refusal_of(struct tree *tree, struct node node);

#endif
