# SPDX-License-Identifier: GPL-2.0-or-later
# tests/ mirrors src/: one CUnit program for each module, scripts for the rest.
TEST_LIBS = libkmmtree.a libkmmsim.a $(CUNIT_LIBS) $(UNWIND_LIBS) $(GLIB_LIBS) -lpthread

dist_check_SCRIPTS += tests/check-layers.sh tests/readme.sh
TESTS += tests/check-layers.sh tests/readme.sh

include tests/mount/local.mk

check_PROGRAMS += tests/test_base_bug tests/test_base_event
TESTS += tests/test_base_bug tests/test_base_event
tests_test_base_bug_SOURCES = tests/test_base_bug.c
tests_test_base_bug_LDADD = $(TEST_LIBS)
tests_test_base_event_SOURCES = tests/test_base_event.c
tests_test_base_event_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/test_config
TESTS += tests/test_config
tests_test_config_SOURCES = tests/test_config.c
tests_test_config_LDADD = $(TEST_LIBS)

# phys
TEST_PHYS = tests/phys_machine.c tests/phys_machine.h
check_PROGRAMS += tests/test_watermark
TESTS += tests/test_watermark
tests_test_watermark_SOURCES = tests/test_watermark.c $(TEST_PHYS)
tests_test_watermark_LDADD = $(TEST_LIBS)
EXTRA_DIST += \
	tests/golden/6.1/sysctls-128M.txt tests/golden/6.1/sysctls-4G-2node.txt \
	tests/golden/6.1/watermarks.txt \
	tests/golden/6.18/sysctls-128M.txt tests/golden/6.18/watermarks.txt
check_PROGRAMS += tests/test_buddy tests/test_page_alloc tests/test_zonelist
TESTS += tests/test_buddy tests/test_page_alloc tests/test_zonelist
tests_test_buddy_SOURCES = tests/test_buddy.c $(TEST_PHYS)
tests_test_buddy_LDADD = $(TEST_LIBS)
tests_test_zonelist_SOURCES = tests/test_zonelist.c $(TEST_PHYS)
tests_test_zonelist_LDADD = $(TEST_LIBS)
tests_test_page_alloc_SOURCES = tests/test_page_alloc.c $(TEST_PHYS)
tests_test_page_alloc_LDADD = $(TEST_LIBS)

check_PROGRAMS += tests/test_slab
TESTS += tests/test_slab
tests_test_slab_SOURCES = tests/test_slab.c $(TEST_PHYS)
tests_test_slab_LDADD = $(TEST_LIBS)
EXTRA_DIST += \
	tests/golden/6.1/512M-1node/slabinfo-geometry \
	tests/golden/6.1/512M-nomerge/slabinfo-geometry \
	tests/golden/6.1/512M-slubdebug/slabinfo-geometry \
	tests/golden/6.1/512M-smp1/slabinfo-geometry \
	tests/golden/6.1/512M-smp8/slabinfo-geometry \
	tests/golden/6.1/8G-4node-dist/slabinfo-geometry \
	tests/golden/6.1/i386-1G/slabinfo-geometry \
	tests/golden/6.1/i386-512M/slabinfo-geometry \
	tests/golden/6.1/i386pae-1G/slabinfo-geometry \
	tests/golden/6.18/512M-1node/slabinfo-geometry \
	tests/golden/6.18/8G-4node-dist/slabinfo-geometry
check_PROGRAMS += tests/test_line
TESTS += tests/test_line
tests_test_line_SOURCES = tests/test_line.c
tests_test_line_LDADD = $(TEST_LIBS)

# boot
check_PROGRAMS += tests/test_memblock tests/test_boot
TESTS += tests/test_memblock tests/test_boot
tests_test_memblock_SOURCES = tests/test_memblock.c
tests_test_memblock_LDADD = $(TEST_LIBS)
tests_test_boot_SOURCES = tests/test_boot.c
tests_test_boot_LDADD = $(TEST_LIBS)
EXTRA_DIST += \
	tests/golden/6.1/128M-1node/boot.log \
	tests/golden/6.1/128M-1node/boot.machine \
	tests/golden/6.1/128M-1node/boot.zones \
	tests/golden/6.1/16G-1node/boot.log \
	tests/golden/6.1/16G-1node/boot.machine \
	tests/golden/6.1/16G-1node/boot.zones \
	tests/golden/6.1/1G-mem600M/boot.log \
	tests/golden/6.1/1G-mem600M/boot.machine \
	tests/golden/6.1/1G-mem600M/boot.zones \
	tests/golden/6.1/1G-memmap-holes/boot.log \
	tests/golden/6.1/1G-memmap-holes/boot.machine \
	tests/golden/6.1/1G-memmap-holes/boot.zones \
	tests/golden/6.1/2G-2node-asym/boot.log \
	tests/golden/6.1/2G-2node-asym/boot.machine \
	tests/golden/6.1/2G-2node-asym/boot.zones \
	tests/golden/6.1/2G-2node-memoryless/boot.log \
	tests/golden/6.1/2G-2node-memoryless/boot.machine \
	tests/golden/6.1/2G-2node-memoryless/boot.zones \
	tests/golden/6.1/2G-crashkernel256M/boot.log \
	tests/golden/6.1/2G-crashkernel256M/boot.machine \
	tests/golden/6.1/2G-crashkernel256M/boot.zones \
	tests/golden/6.1/2G-kernelcore512M/boot.log \
	tests/golden/6.1/2G-kernelcore512M/boot.machine \
	tests/golden/6.1/2G-kernelcore512M/boot.zones \
	tests/golden/6.1/2G-movablecore768M/boot.log \
	tests/golden/6.1/2G-movablecore768M/boot.machine \
	tests/golden/6.1/2G-movablecore768M/boot.zones \
	tests/golden/6.1/4G-2node-kernelcore1G/boot.log \
	tests/golden/6.1/4G-2node-kernelcore1G/boot.machine \
	tests/golden/6.1/4G-2node-kernelcore1G/boot.zones \
	tests/golden/6.1/4G-2node/boot.log \
	tests/golden/6.1/4G-2node/boot.machine \
	tests/golden/6.1/4G-2node/boot.zones \
	tests/golden/6.1/4G-hugepagesz1G/boot.log \
	tests/golden/6.1/4G-hugepagesz1G/boot.machine \
	tests/golden/6.1/4G-hugepagesz1G/boot.zones \
	tests/golden/6.1/4G-q35-crashkernel512M-high/boot.log \
	tests/golden/6.1/4G-q35-crashkernel512M-high/boot.machine \
	tests/golden/6.1/4G-q35-crashkernel512M-high/boot.zones \
	tests/golden/6.1/512M-la57/boot.log \
	tests/golden/6.1/512M-la57/boot.machine \
	tests/golden/6.1/512M-la57/boot.zones \
	tests/golden/6.1/512M-slubdebug/boot.log \
	tests/golden/6.1/512M-slubdebug/boot.machine \
	tests/golden/6.1/512M-slubdebug/boot.zones \
	tests/golden/6.1/512M-smp8/boot.log \
	tests/golden/6.1/512M-smp8/boot.machine \
	tests/golden/6.1/512M-smp8/boot.zones \
	tests/golden/6.1/i386-1G/boot.log \
	tests/golden/6.1/i386-1G/boot.machine \
	tests/golden/6.1/i386-1G/boot.zones \
	tests/golden/6.1/i386pae-8G-q35/boot.log \
	tests/golden/6.1/i386pae-8G-q35/boot.machine \
	tests/golden/6.1/i386pae-8G-q35/boot.zones \
	tests/golden/6.18/128M-1node/boot.log \
	tests/golden/6.18/128M-1node/boot.machine \
	tests/golden/6.18/128M-1node/boot.zones \
	tests/golden/6.18/2G-2node-memoryless/boot.log \
	tests/golden/6.18/2G-2node-memoryless/boot.machine \
	tests/golden/6.18/2G-2node-memoryless/boot.zones \
	tests/golden/6.18/2G-hugepages64/boot.log \
	tests/golden/6.18/2G-hugepages64/boot.machine \
	tests/golden/6.18/2G-hugepages64/boot.zones \
	tests/golden/6.18/2G-kernelcore512M/boot.log \
	tests/golden/6.18/2G-kernelcore512M/boot.machine \
	tests/golden/6.18/2G-kernelcore512M/boot.zones \
	tests/golden/6.18/4G-1node-q35/boot.log \
	tests/golden/6.18/4G-1node-q35/boot.machine \
	tests/golden/6.18/4G-1node-q35/boot.zones \
	tests/golden/6.18/4G-2node/boot.log \
	tests/golden/6.18/4G-2node/boot.machine \
	tests/golden/6.18/4G-2node/boot.zones \
	tests/golden/6.18/512M-1node/boot.log \
	tests/golden/6.18/512M-1node/boot.machine \
	tests/golden/6.18/512M-1node/boot.zones

# What takes longer than a test should: make check-long runs it.
LONG_TESTS = tests/exhaust_buddy
EXTRA_PROGRAMS += $(LONG_TESTS)
CLEANFILES += $(LONG_TESTS)
tests_exhaust_buddy_SOURCES = tests/exhaust_buddy.c $(TEST_PHYS)
tests_exhaust_buddy_LDADD = $(TEST_LIBS)

dist_check_SCRIPTS += tests/fuzz-long.sh
check-long: $(LONG_TESTS) tests/fuzz_lines$(EXEEXT)
	@for test in $(LONG_TESTS); do \
		echo "== $$test"; \
		$(AM_TESTS_ENVIRONMENT) ./$$test || exit 1; \
	done
	@$(AM_TESTS_ENVIRONMENT) $(srcdir)/tests/fuzz-long.sh
.PHONY: check-long

check_PROGRAMS += tests/test_vmalloc tests/test_check
TESTS += tests/test_vmalloc tests/test_check
tests_test_vmalloc_SOURCES = tests/test_vmalloc.c $(TEST_PHYS)
tests_test_vmalloc_LDADD = $(TEST_LIBS)
tests_test_check_SOURCES = tests/test_check.c
tests_test_check_LDADD = $(TEST_LIBS)

# Rates, as ratios to the host kernel and to a minimal model, in one run.
EXTRA_PROGRAMS += tests/bench
tests_bench_SOURCES = tests/bench.c
tests_bench_LDADD = $(KMM_LIBS)
CLEANFILES += tests/bench$(EXEEXT)

bench: tests/bench$(EXEEXT)
	./tests/bench$(EXEEXT)
.PHONY: bench
check_PROGRAMS += tests/test_tree
TESTS += tests/test_tree
tests_test_tree_SOURCES = tests/test_tree.c
tests_test_tree_LDADD = $(TEST_LIBS)
check_PROGRAMS += tests/test_pid tests/test_sim_files
TESTS += tests/test_pid tests/test_sim_files
tests_test_pid_SOURCES = tests/test_pid.c
tests_test_pid_LDADD = $(TEST_LIBS)
tests_test_sim_files_SOURCES = tests/test_sim_files.c
tests_test_sim_files_LDADD = $(TEST_LIBS)
EXTRA_DIST += tests/golden/6.1/2G-1node/init-status tests/golden/6.18/2G-1node/init-status
# What the tree's files print, against what real kernels printed.
check_PROGRAMS += tests/test_proc_files tests/test_sys_files
TESTS += tests/test_proc_files tests/test_sys_files
tests_test_proc_files_SOURCES = tests/test_proc_files.c tests/tree_files.c tests/tree_files.h
tests_test_proc_files_LDADD = $(TEST_LIBS)
tests_test_sys_files_SOURCES = tests/test_sys_files.c tests/tree_files.c tests/tree_files.h
tests_test_sys_files_LDADD = $(TEST_LIBS)
EXTRA_DIST += \
	tests/golden/6.1/4G-2node/memory-blocks.txt \
	tests/golden/6.1/4G-2node/names \
	tests/golden/6.1/4G-2node/proc/buddyinfo \
	tests/golden/6.1/4G-2node/proc/meminfo \
	tests/golden/6.1/4G-2node/proc/pagetypeinfo \
	tests/golden/6.1/4G-2node/proc/vmstat \
	tests/golden/6.1/4G-2node/proc/zoneinfo \
	tests/golden/6.1/4G-2node/sys/node0/meminfo \
	tests/golden/6.1/4G-2node/sys/node0/numastat \
	tests/golden/6.1/4G-2node/sys/node0/vmstat \
	tests/golden/6.1/4G-2node/sys_vm \
	tests/golden/6.1/i386-1G/names \
	tests/golden/6.1/i386-1G/proc/buddyinfo \
	tests/golden/6.1/i386-1G/proc/meminfo \
	tests/golden/6.1/i386-1G/proc/pagetypeinfo \
	tests/golden/6.1/i386-1G/proc/vmstat \
	tests/golden/6.1/i386-1G/proc/zoneinfo \
	tests/golden/6.1/i386-1G/sys_vm \
	tests/golden/6.1/i386pae-1G/names \
	tests/golden/6.1/i386pae-1G/proc/buddyinfo \
	tests/golden/6.1/i386pae-1G/proc/meminfo \
	tests/golden/6.1/i386pae-1G/proc/pagetypeinfo \
	tests/golden/6.1/i386pae-1G/proc/vmstat \
	tests/golden/6.1/i386pae-1G/proc/zoneinfo \
	tests/golden/6.1/i386pae-1G/sys_vm \
	tests/golden/6.18/2G-2node-memoryless/memory-blocks.txt \
	tests/golden/6.18/2G-2node-memoryless/names \
	tests/golden/6.18/2G-2node-memoryless/proc/buddyinfo \
	tests/golden/6.18/2G-2node-memoryless/proc/meminfo \
	tests/golden/6.18/2G-2node-memoryless/proc/pagetypeinfo \
	tests/golden/6.18/2G-2node-memoryless/proc/vmstat \
	tests/golden/6.18/2G-2node-memoryless/proc/zoneinfo \
	tests/golden/6.18/2G-2node-memoryless/sys/node0/meminfo \
	tests/golden/6.18/2G-2node-memoryless/sys/node0/numastat \
	tests/golden/6.18/2G-2node-memoryless/sys/node0/vmstat \
	tests/golden/6.18/2G-2node-memoryless/sys_vm \
	tests/golden/6.18/4G-2node/memory-blocks.txt \
	tests/golden/6.18/4G-2node/names \
	tests/golden/6.18/4G-2node/proc/buddyinfo \
	tests/golden/6.18/4G-2node/proc/meminfo \
	tests/golden/6.18/4G-2node/proc/pagetypeinfo \
	tests/golden/6.18/4G-2node/proc/vmstat \
	tests/golden/6.18/4G-2node/proc/zoneinfo \
	tests/golden/6.18/4G-2node/sys/node0/meminfo \
	tests/golden/6.18/4G-2node/sys/node0/numastat \
	tests/golden/6.18/4G-2node/sys/node0/vmstat \
	tests/golden/6.18/4G-2node/sys_vm \
	tests/golden/6.1/16G-1node/proc/iomem \
	tests/golden/6.1/1G-memmap-holes/proc/iomem \
	tests/golden/6.1/1G-mem600M/proc/iomem \
	tests/golden/6.1/i386-1G/proc/iomem \
	tests/golden/6.1/i386pae-8G-q35/proc/iomem \
	tests/golden/6.18/4G-1node-q35/proc/iomem \
	tests/golden/6.1/2G-crashkernel256M/proc/iomem
# the language
check_PROGRAMS += tests/test_ctl tests/test_verbs tests/fuzz_lines
TESTS += tests/test_ctl tests/test_verbs tests/fuzz_lines
tests_test_ctl_SOURCES = tests/test_ctl.c tests/language_tree.h
tests_test_ctl_LDADD = $(TEST_LIBS)
tests_test_verbs_SOURCES = tests/test_verbs.c tests/language_tree.h
tests_test_verbs_LDADD = $(TEST_LIBS)
tests_fuzz_lines_SOURCES = tests/fuzz_lines.c tests/language_tree.h
tests_fuzz_lines_LDADD = $(TEST_LIBS)
dist_check_SCRIPTS += tests/test_kmm_run.sh
TESTS += tests/test_kmm_run.sh
# captured machines
dist_check_SCRIPTS += tests/test_capture.sh
TESTS += tests/test_capture.sh
EXTRA_DIST += tests/capture-facts.awk tests/golden/captures-6.1.tar.xz \
	tests/golden/captures-6.18.tar.xz
# sim/why
check_PROGRAMS += tests/test_why
TESTS += tests/test_why
tests_test_why_SOURCES = tests/test_why.c tests/language_tree.h $(TEST_PHYS)
tests_test_why_LDADD = $(TEST_LIBS)
