# SPDX-License-Identifier: GPL-2.0-or-later
# tests/ mirrors src/: one CUnit program for each module, scripts for the rest.
TEST_LIBS = libkmmtree.a libkmmsim.a $(CUNIT_LIBS) $(UNWIND_LIBS) $(GLIB_LIBS) -lpthread

dist_check_SCRIPTS += tests/check-layers.sh
TESTS += tests/check-layers.sh
