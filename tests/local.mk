# SPDX-License-Identifier: GPL-2.0-or-later
# tests/ mirrors src/: one CUnit program for each module, scripts for the rest.
TEST_LIBS = libkmmtree.a libkmmsim.a $(CUNIT_LIBS) $(UNWIND_LIBS) $(GLIB_LIBS) -lpthread

dist_check_SCRIPTS += tests/check-layers.sh
TESTS += tests/check-layers.sh

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
