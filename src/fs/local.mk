# SPDX-License-Identifier: GPL-2.0-or-later
# The tree without the mount. fuse/ is listed with the program that needs it.
noinst_LIBRARIES += libkmmtree.a
libkmmtree_a_SOURCES =
# core
libkmmtree_a_SOURCES += \
	src/fs/core/boot_sysctl.c src/fs/core/boot_sysctl.h \
	src/fs/core/ctl.h \
	src/fs/core/entry.c src/fs/core/entry.h \
	src/fs/core/handle.c \
	src/fs/core/host.c src/fs/core/host.h \
	src/fs/core/journal.h \
	src/fs/core/lookup.c \
	src/fs/core/names.c src/fs/core/names.h \
	src/fs/core/node.c \
	src/fs/core/parts.c src/fs/core/parts.h \
	src/fs/core/peak.c src/fs/core/peak.h \
	src/fs/core/readdir.c \
	src/fs/core/refusal.c src/fs/core/refusal.h \
	src/fs/core/rows.c \
	src/fs/core/self.c \
	src/fs/core/state_dir.c src/fs/core/state_dir.h src/fs/core/state_scan.c \
	src/fs/core/shown.c src/fs/core/shown.h \
	src/fs/core/trigger.c src/fs/core/trigger.h \
	src/fs/core/tree.c src/fs/core/tree.h src/fs/core/tree_struct.h \
	src/fs/core/verb.h \
	src/fs/core/wide_id.c src/fs/core/wide_id.h
# the language
libkmmtree_a_SOURCES += \
	src/fs/core/arg.c src/fs/core/arg.h \
	src/fs/core/arg_flags.c src/fs/core/arg_flags.def src/fs/core/arg_kind.h src/fs/core/arg_number.c \
	src/fs/core/call.c src/fs/core/call.h \
	src/fs/core/call_parse.c \
	src/fs/core/call_print.c \
	src/fs/core/call_task.c src/fs/core/call_task.h \
	src/fs/core/ctl.c \
	src/fs/core/ctl_queue.c src/fs/core/ctl_queue.h \
	src/fs/core/journal.c \
	src/fs/core/journal_code.c src/fs/core/journal_code.h \
	src/fs/core/journal_file.c src/fs/core/journal_file.h \
	src/fs/core/journal_record.c src/fs/core/journal_record.h \
	src/fs/core/journal_text.c src/fs/core/journal_text.h \
	src/fs/core/line.c src/fs/core/line.h \
	src/fs/core/line_run.c \
	src/fs/core/replay.c src/fs/core/replay.h \
	src/fs/core/verb.c \
	src/fs/core/strace_form.c src/fs/core/strace_form.h \
	src/fs/core/word.c src/fs/core/word.h \
	src/fs/sim/verbs_ipc.c src/fs/sim/verbs_machine.c \
	src/fs/sim/verbs_cma.c src/fs/sim/verbs_access.c src/fs/sim/verbs_fd.c \
	src/fs/sim/verbs_file.c src/fs/sim/verbs_mm.c \
	src/fs/sim/verbs_numa.c src/fs/sys/cgroup.c \
	src/fs/sys/cgroup_calls.c \
	src/fs/sys/cgroup_cpu.c src/fs/sys/cgroup_io.c src/fs/sys/cgroup_memory.c \
	src/fs/core/proactive.c src/fs/core/proactive.h \
	src/fs/sim/verbs_page.c src/fs/sim/verbs_process.c \
	src/fs/sim/verbs_slab.c src/fs/sim/verbs_task.c src/fs/sim/verbs_uffd.c \
	src/fs/sim/verbs_hotplug.c src/fs/sim/verbs_kmap.c src/fs/sim/verbs_swap.c \
	src/fs/sim/verbs_tlb.c src/fs/sim/verbs_record.c src/fs/sim/verbs_real.c src/fs/sim/verbs_vmalloc.c
# proc
libkmmtree_a_SOURCES += \
	src/fs/core/bit_list.c src/fs/core/bit_list.h \
	src/fs/core/figures.c src/fs/core/figures.h \
	src/fs/core/hugetlb.c src/fs/core/hugetlb.h \
	src/fs/core/memory_lines.c src/fs/core/memory_lines.h \
	src/fs/core/value.c src/fs/core/value.h \
	src/fs/proc/buddyinfo.c \
	src/fs/proc/cpuinfo.c \
	src/fs/proc/direct_map.c src/fs/proc/direct_map.h \
	src/fs/proc/iomem.c \
	src/fs/proc/kpage.c \
	src/fs/proc/meminfo.c \
	src/fs/proc/pid.c src/fs/proc/pid.h \
	src/fs/proc/pid_ctl.c src/fs/proc/pid_fdinfo.c src/fs/proc/pid_files.c src/fs/proc/pid_limits.c \
	src/fs/proc/pid_identity.c src/fs/proc/pid_mounts.c \
	src/fs/proc/pid_dump.c src/fs/proc/pid_mem.c src/fs/proc/pid_fault.c src/fs/proc/pid_oom.c \
	src/fs/proc/pid_stat.c \
	src/fs/proc/pid_status.c src/fs/proc/pid_vmas.c src/fs/proc/pid_walk.c \
	src/fs/proc/slabinfo.c \
	src/fs/proc/stat.c \
	src/fs/proc/sys_kernel.c \
	src/fs/proc/sys_vm.c \
	src/fs/proc/system.c \
	src/fs/proc/task_maps.c src/fs/proc/task_mmu.h \
	src/fs/proc/task_numa_maps.c \
	src/fs/proc/task_pagemap.c \
	src/fs/proc/task_smaps.c \
	src/fs/proc/vmallocinfo.c \
	src/fs/proc/vmstat.c \
	src/fs/proc/zoneinfo.c
# sys
libkmmtree_a_SOURCES += \
	src/fs/sys/cma.c \
	src/fs/sys/cpu.c \
	src/fs/sys/block.c src/fs/sys/zram.c src/fs/sys/debug.c src/fs/sys/debug_thp.c \
	src/fs/sys/ptdump.c \
	src/fs/sys/page_owner.c \
	src/fs/sys/devices.c src/fs/sys/devices.h \
	src/fs/sys/empty.c \
	src/fs/sys/hugepages.c src/fs/sys/hugepages.h \
	src/fs/sys/memory.c \
	src/fs/sys/mm.c \
	src/fs/sys/node.c \
	src/fs/sys/slab.c src/fs/sys/slab_traces.c src/fs/sys/debug_fault.c src/fs/sys/debug_percpu.c \
	src/fs/sys/debug_shrinker.c \
	src/fs/sys/thp.c
# sim
libkmmtree_a_SOURCES += \
	src/fs/sim/as.c \
	src/fs/sim/check.c src/fs/sim/check.h \
	src/fs/sim/check_buddy.c src/fs/sim/check_meminfo.c src/fs/sim/check_slab.c \
	src/fs/sim/check_tasks.c \
	src/fs/sim/control.c \
	src/fs/sim/help.c \
	src/fs/sim/mm_struct.c \
	src/fs/sim/one_page.c \
	src/fs/sim/picture.c src/fs/sim/picture.h src/fs/sim/picture_memory.c \
	src/fs/sim/picture_process.c \
	src/fs/sim/readme.c \
	src/fs/sim/state.c \
	src/fs/sim/highmem.c src/fs/sim/real.c \
	src/fs/sim/steps.c \
	src/fs/sim/tlb.c \
	src/fs/sim/zone.c \
	src/fs/sim/view.c

include src/fs/fuse/local.mk
