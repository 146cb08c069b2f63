/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a daemon owes to those who started it: the pid file, READY=1 to a service
 * manager, and where messages go. All files are opened before the mount.
 */
#ifndef KMM_FUSE_DAEMON_H
#define KMM_FUSE_DAEMON_H

#include "sim/base/types.h"

struct pidfile {
	int fd, dir_fd;		/* -1: none */
	char *name;		/* in dir_fd */
};

/* `path` may be NULL; it must not lie below `mount`. 0, or -errno with *error. */
int pidfile_open(struct pidfile *file, const char *path, const char *mount,
		 char **error) __must_check;
void pidfile_write(const struct pidfile *file);
void pidfile_remove(struct pidfile *file);

/* A socket to $NOTIFY_SOCKET, or -1 when there is none. */
int notify_open(void);
void notify_ready(int fd);	/* and closes it */

/* libfuse's messages: to standard error, or to the system log. */
void messages_open(bool foreground);
/* One of ours: to standard error, or, in the background, to the system log. */
void message_say(bool foreground, const char *fmt, ...) __printf(2, 3);

#endif
