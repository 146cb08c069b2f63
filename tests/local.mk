# SPDX-License-Identifier: GPL-2.0-or-later
# tests/ mirrors src/: one CUnit program for each module, scripts for the rest.
# What real kernels printed is below tests/golden.
EXTRA_DIST += tests/golden tests/facts tests/capture-facts.awk tests/ops-compare.awk \
	tests/opening.sh tests/scenario-facts.awk

TEST_LIBS = tests/libtest.a libkmmtree.a libkmmsim.a $(CUNIT_LIBS) $(UNWIND_LIBS) $(ELF_LIBS) $(ZLIB_LIBS) \
	$(GLIB_LIBS) -lpthread
check_LIBRARIES = tests/libtest.a
tests_libtest_a_SOURCES = \
	tests/frag_bed.c tests/frag_bed.h \
	tests/history.c tests/history.h \
	tests/lab.c tests/lab.h \
	tests/leftovers.c tests/leftovers.h \
	tests/token.c tests/token.h \
	tests/mm_bed.c tests/mm_bed.h \
	tests/mm_calls.c tests/mm_calls.h \
	tests/numa_bed.c tests/numa_bed.h \
	tests/phys_machine.c tests/phys_machine.h \
	tests/support.c tests/support.h \
	tests/task_machine.c tests/task_machine.h \
	tests/tree_files.c tests/tree_files.h

SCRIPTED_TESTS = \
	tests/check-layers.sh \
	tests/check-man.sh \
	tests/check-objects.sh \
	tests/check-text.sh \
	tests/fuzz-live.sh \
	tests/readme.sh \
	tests/test_reclaim.sh tests/test_record.sh tests/test_recordings.sh tests/test_replay.sh \
	tests/test_capture.sh \
	tests/test_compare.sh \
	tests/test_completion.sh \
	tests/test_kmm_run.sh \
	tests/test_libkmm.sh \
	tests/test_memcg_steps.sh tests/test_oom_report.sh tests/test_swap_pressure.sh \
	tests/test_ops.sh tests/test_programs.sh \
	tests/test_scenarios.sh \
	tests/test_strace2kmm.sh
dist_check_SCRIPTS += $(SCRIPTED_TESTS) tests/digest-builds.sh tests/diff-long.sh \
	tests/fuzz-long.sh
TESTS += $(SCRIPTED_TESTS)

include tests/mount/local.mk

# Each is made of one file of its name.
LDADD = $(TEST_LIBS)
UNIT_TESTS = \
	tests/fuzz_lines tests/storm_pages tests/storm_tasks \
	tests/test_archs \
	tests/test_base_arena \
	tests/test_base_bug \
	tests/test_base_event \
	tests/test_base_out \
	tests/test_boot \
	tests/test_buddy \
	tests/test_cgroup tests/test_cgroup_threads \
	tests/test_check \
	tests/test_cgwb \
	tests/test_check_ids \
	tests/test_check_texts \
	tests/test_check_incremental \
	tests/test_config \
	tests/test_cputime \
	tests/test_ctl tests/test_dcache \
	tests/test_compaction \
	tests/test_extfrag \
	tests/test_cma tests/test_content tests/test_contig \
	tests/test_exec tests/test_ext4_folios tests/test_file_storm \
	tests/test_facts \
	tests/test_fallback tests/test_fault_inject tests/test_hotplug \
	tests/test_memory_failure \
	tests/test_secretmem \
	tests/test_fork \
	tests/test_lead \
	tests/test_lru \
	tests/test_filemap tests/test_lseek \
	tests/test_highmem \
	tests/test_interval_tree tests/test_io_stat \
	tests/test_kernel_walk \
	tests/test_line \
	tests/test_maple_tree \
	tests/test_hugetlb tests/test_hugetlb_share \
	tests/test_huge_memory tests/test_shmem_huge \
	tests/test_madvise \
	tests/test_memblock \
	tests/test_memcg tests/test_memcg_peak \
	tests/test_mempolicy \
	tests/test_migrate tests/test_migrate_large \
	tests/test_mlock \
	tests/test_mprotect \
	tests/test_mremap \
	tests/test_mmap \
	tests/test_objects \
	tests/test_oom \
	tests/test_page_alloc \
	tests/test_memory \
	tests/test_pgtable \
	tests/test_pictures tests/test_pid tests/test_policies \
	tests/test_proc_files \
	tests/test_psi \
	tests/test_reclaim tests/test_rmap \
	tests/test_sim_files \
	tests/test_sched \
	tests/test_slab tests/test_slab_attributes tests/test_slab_debug tests/test_slab_rcu \
	tests/test_slab_waits \
	tests/test_state \
	tests/test_refusals \
	tests/test_store \
	tests/test_sys_files \
	tests/test_swap tests/test_swap_slots tests/test_swap_storm tests/test_blk_plug \
	tests/test_task_verbs \
	tests/test_thp \
	tests/test_tlb \
	tests/test_tree \
	tests/test_verbs \
	tests/test_vma \
	tests/test_vma_calls \
	tests/test_vmalloc \
	tests/test_watermark tests/test_writeback \
	tests/test_tick \
	tests/test_warn_alloc \
	tests/test_why \
	tests/test_xarray \
	tests/test_zonelist \
	tests/test_zram
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)

tests_test_policies_SOURCES = tests/test_policies.c tools/trace.c tools/trace.h
tests_test_policies_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tools
tests_test_policies_LDADD = $(LDADD) -lm

tests_zipf_ratios_SOURCES = tests/zipf_ratios.c tools/trace.c tools/trace.h
tests_zipf_ratios_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tools
tests_zipf_ratios_LDADD = $(LDADD) -lm

tests_test_lead_SOURCES = tests/test_lead.c src/fs/fuse/lead.c

tests_test_check_ids_SOURCES = tests/test_check_ids.c tests/plants.c tests/plants.h \
	tests/plants_cma.c tests/plants_layout.c tests/plants_marks.c tests/plants_phys.c tests/plants_slab.c \
	tests/plants_memcg.c tests/plants_space.c tests/plants_swap.c tests/plants_users.c

tests_fuzz_lines_SOURCES = tests/fuzz_lines.c tests/fuzz.c tests/fuzz.h tests/fuzz_args.c \
	tests/fuzz_end.c tests/fuzz_kernel.c tests/fuzz_live.c tests/fuzz_live.h \
	tests/fuzz_ranges.c tests/fuzz_read.c tests/fuzz_tasks.c tests/fuzz_verbs.c

# Lists of memory operations, run on a machine as they ran on real kernels.
noinst_PROGRAMS += tests/ops-run
tests_ops_run_SOURCES = tests/ops-run.c tests/ops.h tests/ops_calls.c tests/ops_cgroup.c \
	tests/ops_dump.c tests/ops_files.c tests/ops_more.c tests/ops_numa.c \
	tests/ops_others.c tests/ops_layout.h tests/ops_layouts.c tests/ops_parse.c \
	tests/ops_print.c tests/ops_program.c tests/ops_uffd.c \
	tests/tree_files.c tests/tree_files.h
tests_ops_run_LDADD = $(KMM_LIBS)

# Random calls, made by the host's own kernel too. The worker has no C library, and
# none of the flags that would bring one in.
check_PROGRAMS += tests/diff_host
TESTS += tests/diff_host tests/test_diff_huge.sh
EXTRA_DIST += tests/test_diff_huge.sh
tests_diff_host_SOURCES = tests/diff_host.c tests/diff.h tests/diff_engine.c tests/diff_look.c \
	tests/diff_look.h tests/diff_make.c tests/diff_make.h tests/diff_print.c \
	tests/diff_real.c tests/diff_steps.c tests/ops.h tests/ops_calls.c tests/ops_files.c \
	tests/ops_more.c tests/ops_numa.c tests/ops_others.c tests/ops_parse.c \
	tests/ops_uffd.c tests/tree_files.c tests/tree_files.h
tests_diff_host_LDADD = $(KMM_LIBS)
check_DATA = tests/diff_worker
EXTRA_DIST += tests/diff_worker.c
CLEANFILES += tests/diff_worker
tests/diff_worker: tests/diff_worker.c tests/diff.h
	$(AM_V_CC)$(CC) -std=gnu17 -O1 -ffreestanding -fno-builtin -fno-stack-protector -fno-pie \
		-static -nostdlib -Wl,--build-id=none -Wl,-z,noexecstack \
		-o $@ $(srcdir)/tests/diff_worker.c

# To be recorded by test_record.sh.
check_PROGRAMS += tests/reads_writes
tests_reads_writes_SOURCES = tests/reads_writes.c
tests_reads_writes_LDADD =

# All sequences of a few calls.
check_PROGRAMS += tests/enum_calls tests/enum_forks tests/enum_huge
TESTS += tests/enum_calls tests/enum_forks tests/enum_huge
tests_enum_calls_SOURCES = tests/enum_calls.c tests/enumerate.c tests/enumerate.h
tests_enum_forks_SOURCES = tests/enum_forks.c tests/enumerate.c tests/enumerate.h
tests_enum_huge_SOURCES = tests/enum_huge.c tests/enumerate.c tests/enumerate.h

# Address sets of real processes, recorded by others: see its head comment.
noinst_PROGRAMS += tests/replay_maple
tests_replay_maple_SOURCES = tests/replay_maple.c

# What takes longer than a test should: make check-long runs it.
LONG_TESTS = tests/exhaust_buddy tests/zipf_ratios
EXTRA_PROGRAMS += $(LONG_TESTS)
CLEANFILES += $(LONG_TESTS)

check-long: $(LONG_TESTS) tests/fuzz_lines$(EXEEXT) tests/enum_calls$(EXEEXT) \
		tests/storm_pages$(EXEEXT) tests/storm_tasks$(EXEEXT) \
		tests/test_swap_storm$(EXEEXT) tests/test_file_storm$(EXEEXT) tests/test_state$(EXEEXT) tests/enum_forks$(EXEEXT) tests/enum_huge$(EXEEXT) tests/diff_host$(EXEEXT) tests/diff_worker
	@for test in $(LONG_TESTS); do \
		echo "== $$test"; \
		$(AM_TESTS_ENVIRONMENT) ./$$test || exit 1; \
	done
	@echo "== storm_pages, 20,000 steps on each machine"
	@$(AM_TESTS_ENVIRONMENT) ./tests/storm_pages 20000
	@echo "== storm_tasks, 600 steps on each machine"
	@$(AM_TESTS_ENVIRONMENT) ./tests/storm_tasks 600
	@echo "== test_swap_storm, 2,000 calls on each machine"
	@$(AM_TESTS_ENVIRONMENT) SWAP_STORM_CALLS=2000 ./tests/test_swap_storm
	@echo "== test_file_storm, 2,000 calls on each machine"
	@$(AM_TESTS_ENVIRONMENT) FILE_STORM_CALLS=2000 ./tests/test_file_storm
	@echo "== test_state, every byte of 64 KiB"
	@$(AM_TESTS_ENVIRONMENT) STATE_BYTES=65536 ./tests/test_state
	@echo "== enum_calls, sequences of four; enum_huge, of three; enum_forks, to the end"
	@$(AM_TESTS_ENVIRONMENT) ENUM_DEPTH=4 ./tests/enum_calls
	@$(AM_TESTS_ENVIRONMENT) ENUM_DEPTH=3 ./tests/enum_huge
	@$(AM_TESTS_ENVIRONMENT) ENUM_DEPTH=16 ./tests/enum_forks
	@$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/digest-builds.sh
	@$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/fuzz-long.sh
	@$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/diff-long.sh
	@echo "== test_capture.sh --all"
	@$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/test_capture.sh --all
.PHONY: check-long

# The unit tests under valgrind, one by one.
EXTRA_DIST += tests/valgrind.supp
check-valgrind: $(check_PROGRAMS)
	@for test in $(UNIT_TESTS); do \
		echo "== $$test"; \
		$(AM_TESTS_ENVIRONMENT) valgrind -q --error-exitcode=9 --leak-check=full \
			--suppressions=$(srcdir)/tests/valgrind.supp ./$$test > $$test.valgrind 2>&1 || \
			{ cat $$test.valgrind; exit 1; }; \
	done
CLEANFILES += $(UNIT_TESTS:=.valgrind)
.PHONY: check-valgrind

# Rates, as ratios to the host kernel and to a minimal model, in one run.
EXTRA_PROGRAMS += tests/bench tests/bench_fuse
tests_bench_SOURCES = tests/bench.c tests/bench.h tests/bench_engine.c \
	tests/bench_faults.c tests/bench_files.c tests/bench_host.c \
	tests/bench_host.h tests/bench_maps.c tests/bench_mm.h \
	tests/bench_model.c tests/bench_model_files.c tests/bench_model_maps.c \
	tests/bench_model_mm.c tests/bench_model_mm.h tests/bench_mount.c \
	tests/bench_move.c tests/bench_trace.c tools/trace.c tools/trace.h
tests_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tools
tests_bench_LDADD = $(KMM_LIBS) -lm
tests_bench_fuse_SOURCES = tests/bench_fuse.c
tests_bench_fuse_CPPFLAGS = $(AM_CPPFLAGS) $(FUSE_CFLAGS)
tests_bench_fuse_LDADD = $(FUSE_LIBS)
CLEANFILES += tests/bench$(EXEEXT) tests/bench_fuse$(EXEEXT)

bench: kmmfs$(EXEEXT) tests/bench$(EXEEXT) tests/bench_fuse$(EXEEXT)
	./tests/bench$(EXEEXT)
.PHONY: bench
