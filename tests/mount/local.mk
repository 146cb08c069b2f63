# SPDX-License-Identifier: GPL-2.0-or-later
# The mount. Scripts that ask what a shell can, and a program for the rest; where
# there is no /dev/fuse they exit 77 (with CI=true that is a failure).
MOUNT_TESTS = \
	tests/mount/test_clock.sh \
	tests/mount/test_create.sh \
	tests/mount/test_ctl.sh \
	tests/mount/test_dead.sh \
	tests/mount/test_enter.sh \
	tests/mount/test_fresh.sh \
	tests/mount/test_memory.sh \
	tests/mount/test_paths.sh \
	tests/mount/test_read.sh \
	tests/mount/test_refuse.sh \
	tests/mount/test_self.sh \
	tests/mount/test_start.sh \
	tests/mount/test_state.sh \
	tests/mount/test_stop.sh \
	tests/mount/test_throng.sh \
	tests/mount/test_tools.sh \
	tests/mount/test_users.sh \
	tests/mount/test_write.sh
EXTRA_DIST += tests/mount/lib.sh tests/mount/sysinfo32.c tests/mount/tools.sh
dist_check_SCRIPTS += $(MOUNT_TESTS) tests/mount/test_tools_long.sh
TESTS += $(MOUNT_TESTS)
check_PROGRAMS += tests/mount/prober tests/mount/fresh tests/mount/killer tests/mount/throng
tests_mount_fresh_SOURCES = tests/mount/fresh.c
tests_mount_killer_SOURCES = tests/mount/killer.c
tests_mount_throng_SOURCES = tests/mount/throng.c
tests_mount_prober_SOURCES = tests/mount/prober.c

# The same, many times over: races for the mount point, lookups, killed writers; more tools.
check-long: check-long-mount
check-long-mount: all $(check_PROGRAMS)
	@status=0; for test in refuse fresh memory write state tools_long; do \
		KMM_BUILDDIR='$(abs_top_builddir)' KMM_SRCDIR='$(abs_top_srcdir)' \
		KMM_TEST_LIMIT=1800 KMM_RACES=5000 KMM_LOOKUPS=2000000 KMM_KILLS=10000 KMM_ROUNDS=5000 KMM_STATE_KILLS=2000 \
		$(SHELL) '$(srcdir)'/tests/mount/test_$$test.sh || status=1; done; exit $$status

# The throng on a build of its own, under the sanitizer of threads, for a minute.
check-long: check-threads
check-threads:
	@$(MKDIR_P) threads && cd threads && { test -f Makefile || \
		$(SHELL) '$(abs_top_srcdir)'/configure -q --enable-sanitize=thread CC='$(CC)'; }
	@cd threads && $(MAKE) -s kmmfs$(EXEEXT) kmm-run$(EXEEXT) \
		tests/mount/throng$(EXEEXT) tests/mount/prober$(EXEEXT)
	@KMM_BUILDDIR='$(abs_top_builddir)'/threads KMM_SRCDIR='$(abs_top_srcdir)' \
		KMM_TEST_LIMIT=900 KMM_SECONDS=$${KMM_SECONDS:-60} \
		TSAN_OPTIONS=report_signal_unsafe=0:atexit_sleep_ms=0 \
		$(SHELL) '$(srcdir)'/tests/mount/test_throng.sh
distclean-local: ; rm -rf threads
.PHONY: check-long check-long-mount check-threads
