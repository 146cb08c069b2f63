# SPDX-License-Identifier: GPL-2.0-or-later
# The engine: no GLib calls outside boot/config*.c, no FUSE.
noinst_LIBRARIES += libkmmsim.a
libkmmsim_a_CFLAGS = $(AM_CFLAGS) $(KMM_CODE_CFLAGS) $(UNWIND_CFLAGS) $(ELF_CFLAGS)
libkmmsim_a_SOURCES =
# base
libkmmsim_a_SOURCES += \
	src/sim/base/arena.c src/sim/base/arena.h \
	src/sim/base/bug.c src/sim/base/bug.h \
	src/sim/base/digest.c src/sim/base/digest.h \
	src/sim/base/event.c src/sim/base/event.h \
	src/sim/base/interval_tree.c src/sim/base/interval_tree.h \
	src/sim/base/maple_check.c src/sim/base/maple_gap.c src/sim/base/maple_internal.h \
	src/sim/base/maple_leaf.c src/sim/base/maple_reserve.c \
	src/sim/base/maple_root.c \
	src/sim/base/maple_store.c src/sim/base/maple_strip.c \
	src/sim/base/maple_tree.c src/sim/base/maple_tree.h \
	src/sim/base/memparse.c src/sim/base/memparse.h \
	src/sim/base/out.c src/sim/base/out.h \
	src/sim/base/rng.h \
	src/sim/base/stack_depot.c src/sim/base/stack_depot.h \
	src/sim/base/symbols.c src/sim/base/symbols.h \
	src/sim/base/types.h \
	src/sim/base/why.c src/sim/base/why.h \
	src/sim/base/xarray.c src/sim/base/xarray.h src/sim/base/xarray_check.c \
	src/sim/base/xarray_internal.h src/sim/base/xarray_order.c
# abi
libkmmsim_a_SOURCES += \
	src/sim/abi/counters.c src/sim/abi/counters.def src/sim/abi/counters.h \
	src/sim/abi/gfp.c src/sim/abi/gfp.def src/sim/abi/gfp.h \
	src/sim/abi/mthp_stats.def src/sim/abi/mthp_stats.h \
	src/sim/abi/changes.def \
	src/sim/abi/release.c src/sim/abi/release.h \
	src/sim/abi/vmflags.c src/sim/abi/vmflags.def src/sim/abi/vmflags.h
# arch
libkmmsim_a_SOURCES += \
	src/sim/arch/arch.c src/sim/arch/arch.h
# boot
libkmmsim_a_SOURCES += \
	src/sim/boot/boot_log.c src/sim/boot/boot_log.h \
	src/sim/boot/cmdline.c src/sim/boot/cmdline.h src/sim/boot/cmdline_crash.c \
	src/sim/boot/cmdline_thp.c \
	src/sim/boot/e820.c src/sim/boot/e820.h \
	src/sim/boot/image.c src/sim/boot/image.h \
	src/sim/boot/platform.c \
	src/sim/boot/config.c src/sim/boot/config.h \
	src/sim/boot/config_any.c src/sim/boot/config_check.c \
	src/sim/boot/config_disk.c src/sim/boot/config_load.h \
	src/sim/boot/config_options.def src/sim/boot/cost.def src/sim/boot/config_rows.c \
	src/sim/boot/config_text.c src/sim/boot/config_text.h \
	src/sim/boot/config_value.c src/sim/boot/config_value.h \
	src/sim/boot/memblock.c src/sim/boot/memblock.h \
	src/sim/boot/memblock_alloc.c \
	src/sim/boot/config_program.c src/sim/boot/program.h
# phys
libkmmsim_a_SOURCES += \
	src/sim/phys/alloc_policy.h src/sim/phys/buddy.c src/sim/phys/buddy.h src/sim/phys/buddy_list.h \
	src/sim/phys/buddy_check.c src/sim/phys/buddy_run.c \
	src/sim/phys/extfrag.c src/sim/phys/extfrag.h \
	src/sim/phys/fallback.c src/sim/phys/fallback.h \
	src/sim/phys/fault_inject.c src/sim/phys/fault_inject.h \
	src/sim/phys/cma.c src/sim/phys/cma.h src/sim/phys/cma_check.c \
	src/sim/phys/contig.c src/sim/phys/contig.h src/sim/phys/hugetlb.c src/sim/phys/hugetlb.h \
	src/sim/phys/hwpoison.c src/sim/phys/hwpoison.h \
	src/sim/phys/hugetlb_check.c src/sim/phys/hugetlb_internal.h \
	src/sim/phys/hugetlb_pool.c \
	src/sim/phys/mmzone.h \
	src/sim/phys/lru.c src/sim/phys/lru.h src/sim/phys/lru_check.c \
	src/sim/phys/lru_internal.h src/sim/phys/lru_move.c \
	src/sim/phys/memcg.c src/sim/phys/memcg.h src/sim/phys/memcg_charge.c \
	src/sim/phys/memcg_memory.c src/sim/phys/memcg_objects.c \
	src/sim/phys/memcg_check.c src/sim/phys/memcg_stat.c \
	src/sim/phys/memcg_stats.c src/sim/phys/memcg_stats.h \
	src/sim/policy/oom_memcg.c \
	src/sim/phys/page_counter.c src/sim/phys/page_counter.h \
	src/sim/reclaim/memcg_reclaim.c src/sim/virt/memcontrol.c src/sim/virt/memcontrol.h \
	src/sim/virt/swap_cgroup.c \
	src/sim/phys/objects.c src/sim/phys/objects.h src/sim/phys/objects_fast.h \
	src/sim/phys/folio.c src/sim/phys/folio.h src/sim/phys/page.h \
	src/sim/phys/page_alloc.c src/sim/phys/page_alloc.h \
	src/sim/phys/page_alloc_bulk.c src/sim/phys/page_alloc_own.c \
	src/sim/phys/page_alloc_check.c src/sim/phys/page_alloc_compact.c \
	src/sim/phys/page_alloc_gate.c src/sim/phys/page_alloc_internal.h \
	src/sim/phys/page_alloc_slow.c src/sim/phys/page_alloc_why.c \
	src/sim/phys/compaction_suitable.c src/sim/phys/compaction_suitable.h \
	src/sim/phys/dump_page.c src/sim/phys/dump_page.h \
	src/sim/phys/memory_block.c src/sim/phys/memory_block.h \
	src/sim/phys/memory_hotplug.c src/sim/phys/memory_hotplug.h \
	src/sim/phys/memory_hotplug_add.c src/sim/phys/memory_hotplug_check.c \
	src/sim/phys/memory_hotplug_zone.c \
	src/sim/phys/section_arrays.h src/sim/phys/section_grow.c \
	src/sim/phys/page_isolation.c src/sim/phys/page_isolation.h \
	src/sim/phys/page_states.c \
	src/sim/phys/pcp.c src/sim/phys/pcp.h \
	src/sim/phys/pressure.h \
	src/sim/phys/section.c src/sim/phys/section.h \
	src/sim/phys/kmalloc.c \
	src/sim/phys/show_mem.c src/sim/phys/show_mem.h \
	src/sim/phys/slab.c src/sim/phys/slab.h src/sim/phys/slab_types.h \
	src/sim/phys/slab_bytes.c src/sim/phys/slab_bytes.h \
	src/sim/phys/slab_rcu.c src/sim/phys/slab_rcu.h \
	src/sim/phys/slab_cache.c src/sim/phys/slab_caches.c \
	src/sim/phys/slab_caches_6_1.def src/sim/phys/slab_caches_6_1_i386.def \
	src/sim/phys/slab_caches_6_18.def \
	src/sim/phys/slab_charge.c src/sim/phys/slab_charge.h src/sim/phys/slab_check.c \
	src/sim/phys/slab_debug.c src/sim/phys/slab_debug.h \
	src/sim/phys/slab_geometry.c \
	src/sim/phys/slab_info.c src/sim/phys/slab_objects.c src/sim/phys/slab_options.c \
	src/sim/phys/slab_page.c src/sim/phys/slab_partial.c \
	src/sim/phys/slab_report.c src/sim/phys/slab_report.h src/sim/phys/slab_set.c \
	src/sim/phys/slab_sheaf.c src/sim/phys/slab_fast.h src/sim/phys/slab_sheaf.h \
	src/sim/phys/slab_trace.c \
	src/sim/phys/tunables.c src/sim/phys/tunables.def src/sim/phys/tunables.h \
	src/sim/phys/page_flags.c src/sim/phys/page_flags.h \
	src/sim/phys/page_owner.c src/sim/phys/page_owner.h \
	src/sim/phys/report.c src/sim/phys/report.h \
	src/sim/phys/percpu.c src/sim/phys/percpu.h src/sim/phys/percpu_alloc.c \
	src/sim/phys/percpu_area.c src/sim/phys/percpu_balance.c \
	src/sim/phys/percpu_check.c src/sim/phys/percpu_internal.h \
	src/sim/phys/direct_split.c src/sim/phys/direct_split.h \
	src/sim/phys/kernel_tables.c src/sim/phys/kernel_tables.h \
	src/sim/phys/vmap_nodes.c \
	src/sim/phys/vmalloc.c src/sim/phys/vmalloc_areas.c \
	src/sim/phys/vmalloc.h \
	src/sim/phys/vmalloc_boot.c src/sim/phys/vmalloc_boot.def \
	src/sim/phys/vmalloc_check.c src/sim/phys/vmalloc_pages.c src/sim/phys/vmalloc_types.h \
	src/sim/phys/vmstat.c \
	src/sim/phys/watermark.c src/sim/phys/watermark_check.c \
	src/sim/phys/zonelist.c src/sim/phys/zonelist_check.c
# virt
libkmmsim_a_SOURCES += \
	src/sim/virt/affinity.c src/sim/virt/cgroup.c src/sim/virt/cgroup_check.c src/sim/virt/cgroup.h \
	src/sim/virt/cpuset.c \
	src/sim/virt/anon_name.c src/sim/virt/anon_name.h src/sim/virt/brk.c src/sim/virt/cachestat.c \
	src/sim/virt/content.c src/sim/virt/content.h src/sim/virt/disk.c \
	src/sim/virt/disk.h src/sim/virt/cred.c src/sim/virt/cred.h src/sim/virt/elf.c \
	src/sim/virt/evict.c src/sim/virt/evict.h \
	src/sim/virt/exec.c src/sim/virt/exec.h src/sim/virt/exec_stack.c src/sim/virt/exit.c \
	src/sim/virt/fadvise.c src/sim/virt/fallocate.c \
	src/sim/virt/fault.c src/sim/virt/fd.c src/sim/virt/file.c src/sim/virt/file.h \
	src/sim/virt/filemap.c src/sim/virt/filemap_check.c src/sim/virt/filemap_fault.c \
	src/sim/virt/fork.c src/sim/virt/fork.h src/sim/virt/gup.c \
	src/sim/virt/highmem.c src/sim/virt/highmem.h \
	src/sim/virt/hwpoison_hugetlb.c src/sim/virt/hwpoison_page.c src/sim/virt/hwpoison_unmap.c \
	src/sim/virt/memory_failure.c \
	src/sim/virt/memory_failure.h src/sim/virt/soft_offline.c \
	src/sim/virt/hugetlb.h src/sim/virt/hugetlb_fault.c src/sim/virt/hugetlb_file.c \
	src/sim/virt/hugetlb_range.c src/sim/virt/hugetlb_resv.c \
	src/sim/virt/hugetlb_share.c src/sim/virt/hugetlb_validate.c src/sim/virt/hugetlb_vma.c \
	src/sim/virt/init_mm.c \
	src/sim/virt/init_task.c src/sim/virt/inode.c \
	src/sim/virt/inode_table.c src/sim/virt/inode_table.h \
	src/sim/virt/kernel_map.c src/sim/virt/kernel_map.h \
	src/sim/virt/kernel_walk.c src/sim/virt/kernel_walk.h \
	src/sim/virt/ksm.c src/sim/virt/ksm.h src/sim/virt/kstack.c \
	src/sim/virt/kstack.h src/sim/virt/kthreads.c \
	src/sim/virt/limits.c src/sim/virt/lseek.c src/sim/virt/madvise.c src/sim/virt/madvise.h \
	src/sim/virt/madvise_pages.c src/sim/virt/maple_nodes.c \
	src/sim/virt/mbind.c src/sim/virt/mempolicy.c src/sim/virt/mempolicy.h \
	src/sim/virt/mempolicy_alloc.c src/sim/virt/mempolicy_check.c \
	src/sim/virt/mempolicy_shared.c src/sim/virt/migrate.c src/sim/virt/migrate.h \
	src/sim/virt/migrate_hugetlb.c src/sim/virt/migrate_large.c \
	src/sim/virt/migrate_rmap.c src/sim/virt/move_pages.c \
	src/sim/virt/memory.c src/sim/virt/memory.h src/sim/virt/memory_check.c \
	src/sim/virt/memory_copy.c src/sim/virt/memory_internal.h src/sim/virt/memory_move.c \
	src/sim/virt/memory_wp.c src/sim/virt/memory_zap.c \
	src/sim/virt/memfd.c src/sim/virt/mincore.c \
	src/sim/virt/secretmem.c src/sim/virt/secretmem.h \
	src/sim/virt/set_memory.c src/sim/virt/set_memory.h \
	src/sim/virt/mlock.c src/sim/virt/mm.c src/sim/virt/mm_types.h src/sim/virt/mm_users.c \
	src/sim/virt/mmap.c src/sim/virt/mmap.h src/sim/virt/mmap_check.c \
	src/sim/virt/mmap_fork.c src/sim/virt/mmu_gather.c src/sim/virt/mmu_gather.h \
	src/sim/virt/mprotect.c src/sim/virt/mremap.c \
	src/sim/virt/mseal.c src/sim/virt/msync.c src/sim/virt/munmap.c \
	src/sim/virt/page_io.c src/sim/virt/swap.h src/sim/virt/swap_area.c src/sim/virt/swap_check.c \
	src/sim/virt/swap_cluster.c src/sim/virt/swap_cluster_list.c src/sim/virt/swap_fault.c src/sim/virt/swap_large.c \
	src/sim/virt/swap_internal.h src/sim/virt/swap_map.c src/sim/virt/swap_readahead.c \
	src/sim/virt/shmem_swap.c src/sim/virt/swap_out.c src/sim/virt/swap_out.h \
	src/sim/virt/swap_scan.c src/sim/virt/swap_slots.c src/sim/virt/swap_state.c \
	src/sim/virt/swap_unuse.c src/sim/virt/swapfile.c \
	src/sim/virt/pagemap_scan.c src/sim/virt/pagemap_scan.h \
	src/sim/virt/pgtable.c src/sim/virt/pgtable.h src/sim/virt/pgtable_check.c \
	src/sim/virt/pgtable_deposit.c src/sim/virt/huge_memory.c src/sim/virt/huge_memory.h \
	src/sim/virt/huge_memory_pmd.c \
	src/sim/virt/huge_memory_split.c src/sim/virt/huge_memory_split.h \
	src/sim/virt/huge_memory_split_file.c src/sim/virt/huge_zero.c \
	src/sim/virt/pgtable_free.c src/sim/virt/pidfd.c src/sim/virt/pidfd.h \
	src/sim/virt/placement.c src/sim/virt/prctl.c src/sim/virt/prctl.h src/sim/virt/prctl_mm.c \
	src/sim/virt/cgwb.c src/sim/virt/cputime.c src/sim/virt/cputime.h \
	src/sim/virt/zram.c src/sim/virt/zram.h src/sim/virt/zsmalloc.c src/sim/virt/zsmalloc.h \
	src/sim/virt/poking.c src/sim/virt/psi.c src/sim/virt/psi.h \
	src/sim/virt/psi_trigger.c src/sim/virt/psi_trigger.h \
	src/sim/virt/process_vm.c src/sim/virt/process_vm.h src/sim/virt/program.c \
	src/sim/virt/program_made.c src/sim/virt/real.c src/sim/virt/real.h \
	src/sim/virt/read_write.c src/sim/virt/readahead.c src/sim/virt/remap_file_pages.c \
	src/sim/virt/rmap.c src/sim/virt/rmap.h src/sim/virt/rmap_map.c src/sim/virt/rmap_walk.c \
	src/sim/virt/sched.c src/sim/virt/sched.h src/sim/virt/session.c \
	src/sim/virt/shm_lock.c src/sim/virt/shmem.c src/sim/virt/signal.c \
	src/sim/virt/special.c src/sim/virt/stack.c src/sim/virt/task.c \
	src/sim/virt/task.h src/sim/virt/task_io.h \
	src/sim/virt/task_check.c \
	src/sim/virt/tlb.c src/sim/virt/tlb.h src/sim/virt/tlb_check.c src/sim/virt/tlb_flush.c \
	src/sim/virt/truncate.c src/sim/virt/unwritten.c \
	src/sim/virt/unwritten.h src/sim/virt/userfaultfd.c src/sim/virt/userfaultfd.h \
	src/sim/virt/userfaultfd_fault.c src/sim/virt/userfaultfd_fill.c \
	src/sim/virt/userfaultfd_hugetlb.c src/sim/virt/userfaultfd_move.c \
	src/sim/virt/userfaultfd_register.c src/sim/virt/util.c \
	src/sim/virt/warn_alloc.c src/sim/virt/warn_alloc.h \
	src/sim/virt/virt.c src/sim/virt/virt.h src/sim/virt/virt_guarantee.c \
	src/sim/virt/vma.c src/sim/virt/vma.h src/sim/virt/vma_check.c \
	src/sim/virt/vma_internal.h src/sim/virt/vma_merge.c src/sim/virt/vma_split.c \
	src/sim/virt/workingset.c src/sim/virt/workingset.h src/sim/virt/blk.c \
	src/sim/virt/blk_cgroup.c src/sim/virt/blk_cgroup.h \
	src/sim/virt/blk_internal.h src/sim/virt/blk_check.c src/sim/virt/blk_plug.c \
	src/sim/virt/blk.h src/sim/virt/buffer.c src/sim/virt/buffer.h \
	src/sim/virt/fs_writeback.c src/sim/virt/page_writeback.c \
	src/sim/virt/writeback.c src/sim/virt/writeback.h src/sim/virt/writeback_check.c

# virt: what reclaim asks of mappings
libkmmsim_a_SOURCES += \
	src/sim/virt/rmap_referenced.c src/sim/virt/rmap_reclaim.c

# virt: who may have huge pages, and how they come
libkmmsim_a_SOURCES += \
	src/sim/virt/collapse.c src/sim/virt/collapse_file.c src/sim/virt/rmap_unmap.c \
	src/sim/virt/collapse.h \
	src/sim/virt/dcache.c src/sim/virt/dcache.h src/sim/virt/dcache_check.c \
	src/sim/virt/dcache_internal.h src/sim/virt/shrinker.c src/sim/virt/shrinker.h \
	src/sim/virt/mm_slot.c src/sim/virt/mm_slot.h src/sim/virt/mthp.c \
	src/sim/virt/split_debug.c src/sim/virt/split_debug.h \
	src/sim/virt/thp.c src/sim/virt/thp.h src/sim/virt/shmem_huge.c src/sim/virt/thp_shmem.c

# reclaim
libkmmsim_a_SOURCES += \
	src/sim/reclaim/classic.c src/sim/reclaim/clock.c src/sim/reclaim/direct.c \
	src/sim/reclaim/fifo.c src/sim/reclaim/isolate.c \
	src/sim/reclaim/plain.c src/sim/reclaim/plain.h src/sim/reclaim/plain_lru.c \
	src/sim/reclaim/policies.c src/sim/reclaim/trace.c src/sim/reclaim/trace.h \
	src/sim/reclaim/reclaim.h src/sim/reclaim/reclaim_check.c \
	src/sim/reclaim/reclaim_internal.h \
	src/sim/reclaim/scan_balance.c src/sim/reclaim/shrink_folio.c \
	src/sim/reclaim/throttle.c src/sim/reclaim/vmscan.c

# policy
libkmmsim_a_SOURCES += \
	src/sim/policy/compaction.c src/sim/policy/compaction.h \
	src/sim/policy/compaction_free.c src/sim/policy/compaction_internal.h \
	src/sim/policy/compaction_migrate.c src/sim/policy/compaction_skip.c \
	src/sim/policy/compaction_zone.c src/sim/policy/contig_migrate.c src/sim/policy/kcompactd.c \
	src/sim/policy/kswapd.c src/sim/policy/kswapd.h \
	src/sim/policy/khugepaged.c src/sim/policy/khugepaged.h \
	src/sim/policy/khugepaged_scan.c \
	src/sim/policy/oom.h src/sim/policy/oom_kill.c src/sim/policy/oom_reaper.c \
	src/sim/policy/oom_report.c \
	src/sim/policy/memory_hotplug.h src/sim/policy/memory_hotplug_migrate.c \
	src/sim/policy/memory_hotplug_nodes.c \
	src/sim/policy/pressure.c src/sim/policy/pressure.h

# System V shared memory, protection keys
libkmmsim_a_SOURCES += src/sim/virt/pkey.c src/sim/virt/shm.c src/sim/virt/shm.h src/sim/virt/shm_check.c

# machine
libkmmsim_a_SOURCES += \
	src/sim/check.c src/sim/digest_machine.c \
	src/sim/bug_report.c src/sim/tick.c \
	src/sim/machine.h

# the boot sequence and the root object
libkmmsim_a_SOURCES += \
	src/sim/boot_cma.c \
	src/sim/boot_crash.c src/sim/boot_deferred.c src/sim/boot_e820.c src/sim/boot_early.c \
	src/sim/boot_handover.c src/sim/boot_hash.c src/sim/boot_policy.c src/sim/boot_hugetlb.c \
	src/sim/boot/iomem.c src/sim/boot/iomem.h src/sim/boot_iomem.c \
	src/sim/boot_tunables.c \
	src/sim/boot_late.c src/sim/boot_lines.c src/sim/boot_memory.c \
	src/sim/boot_movable.c src/sim/boot_numa.c src/sim/boot_paging.c \
	src/sim/boot_hotplug.c src/sim/boot_percpu.c src/sim/boot_sparse.c src/sim/boot_state.h \
	src/sim/boot_zones.c \
	src/sim/machine.c

# The shipped machines, in the order of --list.
KMM_MACHINES = \
	src/sim/boot/machines/pc.machine \
	src/sim/boot/machines/tiny.machine \
	src/sim/boot/machines/numa4.machine \
	src/sim/boot/machines/numa8.machine \
	src/sim/boot/machines/i386.machine \
	src/sim/boot/machines/swap.machine \
	src/sim/boot/machines/hotplug.machine \
	src/sim/boot/machines/small.machine
KMM_EMBED = src/sim/boot/machines/embed.awk
EXTRA_DIST += $(KMM_MACHINES) $(KMM_EMBED)
nodist_libkmmsim_a_SOURCES = src/sim/boot/machines.c
CLEANFILES += src/sim/boot/machines.c
src/sim/boot/machines.c: $(KMM_MACHINES) $(KMM_EMBED)
	$(AM_V_GEN)$(MKDIR_P) src/sim/boot && \
	$(AWK) -f $(filter %.awk,$^) $(filter %.machine,$^) > $@.tmp && mv $@.tmp $@
