// SPDX-License-Identifier: GPL-2.0-or-later
/* Who does what the allocator asks for. */
#include "sim/policy/pressure.h"

#include "sim/phys/lru.h"
#include "sim/policy/compaction.h"
#include "sim/policy/kswapd.h"
#include "sim/policy/memory_hotplug.h"
#include "sim/policy/oom.h"
#include "sim/reclaim/reclaim.h"
#include "sim/virt/blk.h"
#include "sim/virt/content.h"
#include "sim/virt/writeback.h"

static void run_woken(struct machine *m, u64 nr_pages)
{
	m->polls_left = 0;
	/* Who frees memory has pages in his hands. */
	if (m->lru->reclaiming) {
		daemon_woken(m, 1);
		return;
	}
	kswapd_run_woken(m, nr_pages);
	flusher_run_woken(m, nr_pages);
}

static void run_beside_reclaim(struct machine *m, bool by_kswapd)
{
	flusher_run_beside_reclaim(m);
	if (!by_kswapd)
		kswapd_run_beside_reclaim(m);
}

static const struct pressure_ops pressure_ops = {
	.wake_kswapd = wakeup_kswapd,
	.wait_for_kswapd = kswapd_run_now,
	.run_woken = run_woken,
	.run_beside_reclaim = run_beside_reclaim,
	.direct_reclaim = try_to_free_pages,
	.node_reclaim = node_reclaim_pages,
	.reclaimable = zone_reclaimable_pages,
	.compact_zone = compact_zone_order,
	.compact_succeeded = compact_succeeded,
	.compact_suitable = compact_suitable,
	.migrate_range = migrate_range,
	.out_of_memory = out_of_memory,
	.offline_range = offline_range,
	.forget_contents = content_forget_range,
	.memcg_reclaim = try_to_free_mem_cgroup_pages,
	.memcg_oom = mem_cgroup_oom,
	.memcg_over_high = mem_cgroup_handle_over_high,
	.reclaim_pages = reclaim_pages,
	.memory_changed = hotplug_memory_changed,
	.node_gained_memory = hotplug_node_gained,
	.node_lost_memory = hotplug_node_lost,
};

int pressure_boot(struct machine *m)
{
	int err;

	m->pressure = &pressure_ops;
	m->oom_killer_disabled = true;
	err = reclaim_set_policy(m, m->config->reclaim);
	if (!err)
		err = kcompactd_boot(m);
	if (!err)
		err = kswapd_boot(m);
	if (!err)
		err = blk_boot(m);
	return err ? err : writeback_boot(m);
}
