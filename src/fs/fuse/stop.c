/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A mount that nobody uses is unmounted, and its daemon ends. Of a busy one the
 * users are named, then the daemon is told to end, which unmounts lazily; whoever
 * still stands there gets ENOTCONN. When the daemon does not answer, or is dead,
 * the mount is detached from here.
 */
#include "fs/fuse/stop.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "fs/fuse/mount_point.h"
#include "fs/fuse/mountinfo.h"
#include "fs/fuse/probe.h"

#define GONE_LIMIT_MS 400
#define MOST_HOLDERS 10

/* Where a link of /proc leads, if that is in the mount. */
static bool leads_into(int dir_fd, const char *link, const char *mount)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(dir_fd, link, target, sizeof(target) - 1);

	if (len <= 0)
		return false;
	target[len] = '\0';
	return path_below(target, mount);
}

static bool holds_open(int pid_fd, const char *mount)
{
	int fd = openat(pid_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool holds = false;

	if (!dir)
		return false;
	while (!holds && (entry = readdir(dir)))
		holds = leads_into(fd, entry->d_name, mount);
	closedir(dir);
	return holds;
}

/* "current directory", "root", "open file", or NULL. */
static const char *hold_of(int pid_fd, const char *mount)
{
	if (leads_into(pid_fd, "cwd", mount))
		return "current directory";
	if (leads_into(pid_fd, "root", mount))
		return "root directory";
	return holds_open(pid_fd, mount) ? "open file" : NULL;
}

static void command_of(int pid_fd, char name[32])
{
	int fd = openat(pid_fd, "comm", O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, name, 31);

	if (fd >= 0)
		close(fd);
	name[len > 0 ? len - 1 : 0] = '\0';
}

static void name_holders(const char *mount)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	unsigned int nr = 0;

	while (proc && nr < MOST_HOLDERS && (entry = readdir(proc))) {
		const char *how;
		char name[32];
		int pid_fd;

		if (!g_ascii_isdigit(entry->d_name[0]) || atoi(entry->d_name) == getpid())
			continue;
		pid_fd = openat(dirfd(proc), entry->d_name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (pid_fd < 0)
			continue;
		how = hold_of(pid_fd, mount);
		if (how) {
			command_of(pid_fd, name);
			fprintf(stderr, "kmmfs: %s is in use by %s (pid %s): %s\n", mount, name,
				entry->d_name, how);
			nr++;
		}
		close(pid_fd);
	}
	if (proc)
		closedir(proc);
}

/* Other places where the same file system is mounted (mount --bind). */
static void name_binds(const struct mountinfo *before, const struct mount_entry *mount)
{
	for (unsigned int i = 0; i < before->nr; i++) {
		const struct mount_entry *entry = &before->entries[i];

		if (!strcmp(entry->device, mount->device) && entry != mount)
			fprintf(stderr, "kmmfs: a bind mount of it is left: umount %s\n",
				entry->path);
	}
}

static bool still_mounted(const char *path, const char *device)
{
	const struct mount_entry *entry;
	struct mountinfo info;
	bool there;

	if (mountinfo_read(&info))
		return false;
	entry = mountinfo_find(&info, path);
	there = entry && !strcmp(entry->device, device);
	mountinfo_free(&info);
	return there;
}

/* A descriptor of the daemon's process, to wait on; -1 when it cannot be seen. */
static int daemon_open(const char *path)
{
	int pid = probe_call(path, KMMFS_IOC_PID), fd, proc;
	char folder[32], name[32] = "";

	if (pid <= 0)
		return -1;
	fd = pidfd_open(pid, 0);
	snprintf(folder, sizeof(folder), "/proc/%d", pid);
	proc = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc >= 0) {
		command_of(proc, name);
		close(proc);
	}
	if (fd >= 0 && !strstr(name, "kmmfs")) {	/* a pid of another namespace */
		close(fd);
		fd = -1;
	}
	return fd;
}

static void wait_until_gone(const char *path, const char *device, int daemon_fd)
{
	struct pollfd wait_for = { .fd = daemon_fd, .events = POLLIN };

	if (daemon_fd >= 0)
		poll(&wait_for, 1, GONE_LIMIT_MS);
	for (int ms = 0; daemon_fd < 0 && ms < GONE_LIMIT_MS; ms += 5) {
		if (!still_mounted(path, device))
			return;
		g_usleep(5000);
	}
}

/* Cut the connection, so that nobody waits for a daemon that stands still. */
static void cut(const char *path, const char *device)
{
	const char *minor = strchr(device, ':');
	char abort[64];
	int fd;

	snprintf(abort, sizeof(abort), "/sys/fs/fuse/connections/%s/abort",
		 minor ? minor + 1 : "");
	fd = open(abort, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		umount2(path, MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW);
	if (fd >= 0)
		close(fd);
}

static int end_busy(const char *path, const char *device, int daemon_fd)
{
	name_holders(path);
	if (probe_call(path, KMMFS_IOC_STOP) >= 0)
		wait_until_gone(path, device, daemon_fd);
	if (!still_mounted(path, device))
		return 0;
	cut(path, device);
	if (!still_mounted(path, device))
		return 0;
	return unmount_path(path, /* lazy = */ true);
}

int stop_mount(const char *path, char **error)
{
	char *whole = mount_path(path, error);
	const struct mount_entry *entry;
	struct mountinfo info;
	int ret, daemon_fd;

	if (!whole)
		return -ENOENT;
	ret = mountinfo_read(&info);
	if (ret)
		goto out_free;
	entry = mountinfo_find(&info, whole);
	if (!entry || !mount_entry_is_kmmfs(entry)) {
		*error = g_strdup_printf("no machine is mounted on %s", whole);
		ret = -EINVAL;
		goto out_info;
	}
	daemon_fd = daemon_open(whole);
	ret = unmount_path(whole, /* lazy = */ false);
	if (ret == -EBUSY)
		ret = end_busy(whole, entry->device, daemon_fd);
	else if (!ret)
		wait_until_gone(whole, entry->device, daemon_fd);
	if (ret)
		*error = g_strdup_printf("%s: %s", whole, g_strerror(-ret));
	else
		name_binds(&info, entry);
	if (daemon_fd >= 0)
		close(daemon_fd);
out_info:
	mountinfo_free(&info);
out_free:
	g_free(whole);
	return ret;
}
