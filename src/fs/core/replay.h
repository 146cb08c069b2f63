/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines that follow a machine: a fresh boot, and a fresh boot with the first lines
 * of the journal run again. Until the new machine stands the old one stays, so
 * running out of host memory changes nothing. Write lock.
 */
#ifndef KMM_FS_REPLAY_H
#define KMM_FS_REPLAY_H

#include "fs/core/tree_struct.h"

/* Boot anew and forget the history. 0 or -errno with a sentence. */
int replay_reboot(struct tree *tree, struct out *sentence) __must_check;

/* The machine as it was nr lines after its boot. 0 or -errno with a sentence. */
int replay_prefix(struct tree *tree, u64 nr, struct out *sentence) __must_check;

/* A store once more: *came_to is what it gives. -errno: there is no such file. */
int replay_store(struct tree *tree, const char *path, const char *text, struct out *sentence,
		 int *came_to) __must_check;

#endif
