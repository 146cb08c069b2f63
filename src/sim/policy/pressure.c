// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * There is no reclaim: a kswapd that is woken finds nothing that it could free. What it
 * does as it goes back to sleep is done at once: compaction may look at all pageblocks
 * again, and kcompactd is told which block was wanted: a whole pageblock, if it was a
 * boosted watermark that woke it.
 */
#include "sim/policy/pressure.h"

#include "sim/policy/compaction.h"
#include "sim/policy/oom.h"
#include "sim/policy/memory_hotplug.h"
#include "sim/virt/content.h"

static void wakeup_kswapd(struct machine *m, struct zone *zone, gfp_t gfp,
			  unsigned int order, enum zone_type highest)
{
	struct pglist_data *node = m->nodes[zone->node];

	(void)gfp;
	reset_isolation_suitable(m, node);
	if (!order && zone->watermark_boost)
		order = m->pageblock_order;
	wakeup_kcompactd(m, node, order, highest);
}

static const struct pressure_ops pressure_ops = {
	.wake_kswapd = wakeup_kswapd,
	.compact_zone = compact_zone_order,
	.compact_succeeded = compact_succeeded,
	.compact_suitable = compact_suitable,
	.migrate_range = migrate_range,
	.out_of_memory = out_of_memory,
	.offline_range = offline_range,
	.forget_contents = content_forget_range,
	.memory_changed = hotplug_memory_changed,
	.node_gained_memory = hotplug_node_gained,
	.node_lost_memory = hotplug_node_lost,
};

int pressure_boot(struct machine *m)
{
	m->pressure = &pressure_ops;
	m->oom_killer_disabled = true;
	return kcompactd_boot(m);
}
