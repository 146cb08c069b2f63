/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbered devices: nodes, CPUs, memory blocks (phys/memory_block.h).
 */
#ifndef KMM_FS_DEVICES_H
#define KMM_FS_DEVICES_H

#include "fs/core/entry.h"
#include "sim/phys/memory_block.h"

/* The each of the tree (slot V_BLOCK): memory0, memory1, ... */
bool memory_block_next(const struct view *v, u32 *block);
void memory_block_name(const struct view *v, u32 block, char name[64]);
bool memory_block_find(const struct view *v, const char *name, u32 *block);

/* The number behind a prefix: "memory12" -> 12. False for anything else. */
bool numbered_name(const char *name, const char *prefix, u32 *number);
/* The each of nodes (slot V_NODE): node0, node1, ... */
bool node_next(const struct view *v, u32 *nid);
void node_name(const struct view *v, u32 nid, char name[64]);
bool node_find(const struct view *v, const char *name, u32 *nid);
/* The each of CPUs (slot V_CPU). */
bool cpu_next(const struct view *v, u32 *cpu);
void cpu_name(const struct view *v, u32 cpu, char name[64]);
bool cpu_find(const struct view *v, const char *name, u32 *cpu);

#endif
