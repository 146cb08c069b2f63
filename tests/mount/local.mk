# SPDX-License-Identifier: GPL-2.0-or-later
# The mount. Scripts that ask what a shell can, and a program for the rest; where
# there is no /dev/fuse they exit 77 (with CI=true that is a failure).
MOUNT_TESTS = \
	tests/mount/test_clock.sh \
	tests/mount/test_create.sh \
	tests/mount/test_ctl.sh \
	tests/mount/test_dead.sh \
	tests/mount/test_enter.sh \
	tests/mount/test_memory.sh \
	tests/mount/test_paths.sh \
	tests/mount/test_read.sh \
	tests/mount/test_refuse.sh \
	tests/mount/test_self.sh \
	tests/mount/test_start.sh \
	tests/mount/test_state.sh \
	tests/mount/test_stop.sh \
	tests/mount/test_tools.sh \
	tests/mount/test_users.sh \
	tests/mount/test_write.sh
EXTRA_DIST += tests/mount/lib.sh tests/mount/sysinfo32.c tests/mount/tools.sh
dist_check_SCRIPTS += $(MOUNT_TESTS) tests/mount/test_tools_long.sh
TESTS += $(MOUNT_TESTS)
check_PROGRAMS += tests/mount/prober tests/mount/killer
tests_mount_killer_SOURCES = tests/mount/killer.c
tests_mount_prober_SOURCES = tests/mount/prober.c

# The same, many times over: races for the mount point, lookups, killed writers; more tools.
check-long: check-long-mount
check-long-mount: all $(check_PROGRAMS)
	@status=0; for test in refuse memory write state tools_long; do \
		KMM_BUILDDIR='$(abs_top_builddir)' KMM_SRCDIR='$(abs_top_srcdir)' \
		KMM_TEST_LIMIT=1800 KMM_RACES=5000 KMM_LOOKUPS=2000000 KMM_KILLS=10000 KMM_STATE_KILLS=2000 \
		$(SHELL) '$(srcdir)'/tests/mount/test_$$test.sh || status=1; done; exit $$status
.PHONY: check-long check-long-mount
