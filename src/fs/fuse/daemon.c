/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pid file's folder is kept by its descriptor, so that the file can be removed
 * at the end without walking a path.
 */
#include "fs/fuse/daemon.h"

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define FUSE_USE_VERSION 35
#include <fuse_log.h>

#include "fs/fuse/mountinfo.h"

static int pidfile_fail(struct pidfile *file, const char *path, int err, char **error)
{
	*error = g_strdup_printf("%s: %s", path, g_strerror(err));
	pidfile_remove(file);
	return -err;
}

int pidfile_open(struct pidfile *file, const char *path, const char *mount, char **error)
{
	char *folder, *real;

	*file = (struct pidfile){ .fd = -1, .dir_fd = -1 };
	if (!path)
		return 0;
	folder = g_path_get_dirname(path);
	real = realpath(folder, NULL);
	g_free(folder);
	if (!real)
		return pidfile_fail(file, path, errno, error);
	if (path_below(real, mount)) {
		free(real);
		*error = g_strdup_printf("%s: the pid file would lie inside the mount", path);
		return -EINVAL;
	}
	file->name = g_path_get_basename(path);
	file->dir_fd = open(real, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(real);
	if (file->dir_fd >= 0)
		file->fd = openat(file->dir_fd, file->name,
				  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	return file->fd < 0 ? pidfile_fail(file, path, errno, error) : 0;
}

void pidfile_write(const struct pidfile *file)
{
	if (file->fd >= 0)
		dprintf(file->fd, "%d\n", getpid());
}

void pidfile_remove(struct pidfile *file)
{
	if (file->fd >= 0) {
		unlinkat(file->dir_fd, file->name, 0);
		close(file->fd);
	}
	if (file->dir_fd >= 0)
		close(file->dir_fd);
	g_free(file->name);
	*file = (struct pidfile){ .fd = -1, .dir_fd = -1 };
}

int notify_open(void)
{
	const char *path = g_getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (len < 2 || len >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to,
			       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

void notify_ready(int fd)
{
	if (fd < 0)
		return;
	dprintf(fd, "READY=1\nMAINPID=%d\n", getpid());
	close(fd);
}

static void message(enum fuse_log_level level, const char *fmt, va_list args)
	__attribute__((__format__(__printf__, 2, 0)));
static void message(enum fuse_log_level level, const char *fmt, va_list args)
{
	vsyslog((int)level, fmt, args);
}

void message_say(bool foreground, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	if (foreground) {
		fputs("kmmfs: ", stderr);
		vfprintf(stderr, fmt, args);
		fputc('\n', stderr);
	} else {
		vsyslog(LOG_INFO, fmt, args);
	}
	va_end(args);
}

void messages_open(bool foreground)
{
	if (foreground)
		return;		/* libfuse writes to standard error by itself */
	tzset();	/* reads a file, which syslog() would otherwise do later */
	openlog("kmmfs", LOG_PID | LOG_NDELAY, LOG_DAEMON);
	fuse_set_log_func(message);
}
