# SPDX-License-Identifier: GPL-2.0-or-later
# The mount: the only files that see FUSE.
bin_PROGRAMS += kmmfs
kmmfs_CFLAGS = $(AM_CFLAGS) $(FUSE_CFLAGS)
kmmfs_SOURCES = src/fs/main.c src/fs/main_helper.c src/fs/main_helper.h \
	src/fs/fuse/daemon.c src/fs/fuse/daemon.h \
	src/fs/fuse/lead.c src/fs/fuse/lead.h \
	src/fs/fuse/mount_options.c src/fs/fuse/mount_options.h \
	src/fs/fuse/mount_point.c src/fs/fuse/mount_point.h \
	src/fs/fuse/mounted.c src/fs/fuse/mounted.h \
	src/fs/fuse/mountinfo.c src/fs/fuse/mountinfo.h \
	src/fs/fuse/ops.c src/fs/fuse/ops_dir.c src/fs/fuse/ops_file.c \
	src/fs/fuse/probe.c src/fs/fuse/probe.h \
	src/fs/fuse/serve.c src/fs/fuse/serve.h \
	src/fs/fuse/server.h \
	src/fs/fuse/stop.c src/fs/fuse/stop.h \
	src/fs/fuse/teller.c src/fs/fuse/teller.h
kmmfs_LDADD = $(KMM_LIBS) $(FUSE_LIBS)
