/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memory hotplug asks of the layers above it (phys/pressure.h says what). */
#ifndef KMM_POLICY_MEMORY_HOTPLUG_H
#define KMM_POLICY_MEMORY_HOTPLUG_H

#include "sim/machine.h"

/* memory_hotplug_migrate.c */
int offline_range(struct machine *m, struct zone *zone, u64 start, u64 end,
		  u64 *pfn) __must_check;

/* memory_hotplug_nodes.c */
void hotplug_memory_changed(struct machine *m);
void hotplug_node_gained(struct machine *m, struct pglist_data *node);
void hotplug_node_lost(struct machine *m, struct pglist_data *node);

#endif
