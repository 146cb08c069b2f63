/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories of the pools of huge pages: hugepages-2048kB, hugepages-1048576kB. */
#ifndef KMM_FS_HUGEPAGES_H
#define KMM_FS_HUGEPAGES_H

#include "fs/core/entry.h"

/* nodeN/hugepages; the view has V_NODE. */
extern const struct dir node_hugepages_dir;

#endif
