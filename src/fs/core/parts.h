/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every tree_parts of the program, in the order in which readdir lists rows. */
#ifndef KMM_FS_PARTS_H
#define KMM_FS_PARTS_H

#include "fs/core/entry.h"

extern const struct tree_parts *const fs_parts[];
extern const unsigned int nr_fs_parts;

#endif
