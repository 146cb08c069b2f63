// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What follows from memory that came or went, above the allocator: khugepaged recommends
 * another min_free_kbytes, and a node's kswapd and kcompactd start with its first memory
 * and end with its last.
 */
#include "sim/policy/memory_hotplug.h"

#include <stdio.h>

#include "sim/boot/boot_log.h"
#include "sim/phys/page_alloc.h"
#include "sim/policy/compaction.h"
#include "sim/policy/kswapd.h"
#include "sim/virt/mm_slot.h"
#include "sim/virt/task.h"
#include "sim/virt/thp.h"

void hotplug_memory_changed(struct machine *m)
{
	if (m->khugepaged && m->khugepaged->running && hugepage_pmd_enabled(m))
		set_recommended_min_free_kbytes(m, /* has_use = */ true);
}

static struct task_struct *thread_named(const struct machine *m, const char *name,
					unsigned int nid)
{
	char comm[32];

	snprintf(comm, sizeof(comm), "%s%u", name, nid);
	for (struct task_struct *task = task_next(m, 0); task; task = task_next(m, task->pid + 1))
		if (task->flags & PF_KTHREAD && !strcmp(task->comm, comm))
			return task;
	return NULL;
}

void hotplug_node_gained(struct machine *m, struct pglist_data *node)
{
	if (!thread_named(m, "kswapd", node->id) &&
	    (node_thread_start(m, NODE_KSWAPD, node->id) || kswapd_run(m, node)))
		printk(m, 3, "Failed to start kswapd on node %u", node->id);
	if (thread_named(m, "kcompactd", node->id))
		return;
	if (node_thread_start(m, NODE_KCOMPACTD, node->id) || kcompactd_run(m, node))
		printk(m, 3, "Failed to start kcompactd on node %u", node->id);
}

void hotplug_node_lost(struct machine *m, struct pglist_data *node)
{
	static const char *const threads[] = { "kcompactd", "kswapd" };

	kcompactd_stop(m, node);
	kswapd_stop(m, node);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		struct task_struct *task = thread_named(m, threads[i], node->id);

		if (task)
			kthread_stop(m, task);
	}
}
