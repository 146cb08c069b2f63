// SPDX-License-Identifier: GPL-2.0-or-later
/* The one list of all families of files: a new one is one line here. */
#include "fs/core/parts.h"

#define PARTS(X) \
	X(readme_parts) \
	X(empty_parts) \
	X(buddyinfo_parts) \
	X(cpuinfo_parts) \
	X(iomem_parts) \
	X(kpage_parts) \
	X(meminfo_parts) \
	X(slabinfo_parts) \
	X(stat_parts) \
	X(system_parts) \
	X(vmallocinfo_parts) \
	X(vmstat_parts) \
	X(zoneinfo_parts) \
	X(sys_kernel_parts) \
	X(sys_vm_parts) \
	X(cpu_parts) \
	X(memory_parts) \
	X(node_parts) \
	X(mm_parts) \
	X(cgroup_parts) \
	X(cgroup_cpu_parts) \
	X(cgroup_io_parts) \
	X(cgroup_memory_parts) \
	X(hugepages_parts) \
	X(cma_parts) \
	X(thp_parts) \
	X(slab_parts) \
	X(debug_parts) \
	X(block_parts) \
	X(zram_parts) \
	X(debug_thp_parts) \
	X(debug_fault_parts) \
	X(debug_percpu_parts) \
	X(debug_shrinker_parts) \
	X(slab_traces_parts) \
	X(page_owner_parts) \
	X(ptdump_parts) \
	X(control_parts) \
	X(state_parts) \
	X(steps_parts) \
	X(names_parts) \
	X(highmem_parts) \
	X(real_parts) \
	X(tlb_parts) \
	X(mm_struct_parts) \
	X(page_parts) \
	X(view_parts) \
	X(picture_memory_parts) \
	X(picture_process_parts) \
	X(zone_parts) \
	X(help_parts) \
	/* A simulated pid is looked up before the caller's own. */ \
	X(pid_parts) \
	X(pid_ctl_parts) \
	X(pid_files_parts) \
	X(pid_fdinfo_parts) \
	X(pid_identity_parts) \
	X(pid_limits_parts) \
	X(pid_mounts_parts) \
	X(pid_mem_parts) \
	X(pid_dump_parts) \
	X(pid_oom_parts) \
	X(pid_fault_parts) \
	X(pid_stat_parts) \
	X(pid_status_parts) \
	X(pid_vmas_parts) \
	X(pid_walk_parts) \
	X(task_maps_parts) \
	X(task_smaps_parts) \
	X(task_numa_parts) \
	X(task_pagemap_parts) \
	X(self_parts)

#define DECLARE(name) extern const struct tree_parts name;
#define LIST(name) &name,

PARTS(DECLARE)

const struct tree_parts *const fs_parts[] = { PARTS(LIST) };
const unsigned int nr_fs_parts = ARRAY_SIZE(fs_parts);
