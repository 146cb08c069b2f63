/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What proc/meminfo and the meminfo of a node have in common: lines of a label and a
 * number of kB. The pools of huge pages, which the two print differently, are theirs.
 */
#ifndef KMM_FS_MEMORY_LINES_H
#define KMM_FS_MEMORY_LINES_H

#include "fs/core/figures.h"

#define KB(pages) ((pages) << (PAGE_SHIFT - 10))

/* Of proc/meminfo (node = NULL), or `Node N LABEL ...` of that node's meminfo. */
void show_memory_lines(struct out *out, const struct machine *m,
		       const struct pglist_data *node);

#endif
