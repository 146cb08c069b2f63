/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of memory in the kernel's log, as it stands there behind an allocation that
 * failed: "Mem-Info:" and what follows. Changes nothing but the log.
 */
#ifndef KMM_PHYS_SHOW_MEM_H
#define KMM_PHYS_SHOW_MEM_H

#include "sim/machine.h"

/* nodemask: the nodes that count, 0 for all; zones up to `highest`. */
void show_mem(struct machine *m, u64 nodemask, enum zone_type highest);

#endif
