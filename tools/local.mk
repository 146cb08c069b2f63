# SPDX-License-Identifier: GPL-2.0-or-later
# The programs lie in the build folder itself: build/kmm-run, build/kmmfs, ...
KMM_LIBS = libkmmtree.a libkmmsim.a $(UNWIND_LIBS) $(ELF_LIBS) $(ZLIB_LIBS) $(GLIB_LIBS) -lpthread

CAPTURE_SOURCES = \
	tools/kmm-capture.h tools/kmm-capture-machine.c \
	tools/kmm-capture-log.c tools/kmm-capture-memory.c tools/kmm-capture-source.c \
	tools/kmm-capture-slab.c tools/kmm-capture-sysctl.c \
	tools/kmm-capture-tree.c tools/kmm-capture-write.c tools/kmm-capture-zones.c \
	tools/options.c tools/options.h

bin_PROGRAMS += kmm-capture kmm-compare
kmm_capture_SOURCES = tools/kmm-capture.c $(CAPTURE_SOURCES)
kmm_capture_LDADD = $(KMM_LIBS)
kmm_compare_SOURCES = \
	tools/kmm-compare.c tools/kmm-compare.h \
	tools/kmm-compare-history.c tools/kmm-compare-match.c tools/kmm-compare-parse.c \
	tools/kmm-compare-print.c tools/kmm-compare-rows.c tools/kmm-compare-source.c \
	$(CAPTURE_SOURCES)
kmm_compare_LDADD = $(KMM_LIBS)

bin_PROGRAMS += kmm-ctl kmm-run
kmm_run_SOURCES = tools/kmm-run.c tools/options.c tools/options.h
kmm_run_LDADD = $(KMM_LIBS)
kmm_ctl_SOURCES = tools/kmm-ctl.c tools/options.c tools/options.h
kmm_ctl_LDADD = $(GLIB_LIBS)

bin_PROGRAMS += kmm-enter
kmm_enter_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS)
kmm_enter_SOURCES = \
	tools/kmm-enter.c tools/kmm-enter.h \
	tools/kmm-enter-answer.c tools/kmm-enter-answer.h tools/kmm-enter-ask.c \
	tools/kmm-enter-init.c tools/kmm-enter-mounts.c \
	tools/kmm-enter-rights.c \
	src/fs/fuse/mountinfo.c src/fs/fuse/mountinfo.h \
	tools/options.c tools/options.h
kmm_enter_LDADD = $(SECCOMP_LIBS) $(GLIB_LIBS)

bin_PROGRAMS += kmm-replay
kmm_replay_SOURCES = tools/kmm-replay.c tools/options.c tools/options.h tools/trace.c tools/trace.h
kmm_replay_LDADD = $(KMM_LIBS) -lm

bin_PROGRAMS += kmm-record
kmm_record_SOURCES = \
	tools/kmm-record.c tools/kmm-record.h \
	tools/kmm-record-calls.c tools/kmm-record-calls.h tools/kmm-record-end.c \
	tools/kmm-record-faults.c tools/kmm-record-files.c tools/kmm-record-host.c \
	tools/kmm-record-io.c tools/kmm-record-kernel.c tools/kmm-record-lines.c \
	tools/kmm-record-perf.c tools/kmm-record-tasks.c tools/kmm-record-trace.c tools/kmm-record-uffd.c \
	tools/options.c tools/options.h
kmm_record_LDADD = $(KMM_LIBS)

dist_bin_SCRIPTS += tools/strace2kmm
