// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The visitor's mounts, in a mount namespace of their own: nothing that is done here
 * gets out. In this order, since each step needs what the next one covers:
 *   what else shows the host's kernel goes away (as root; others see it locked anyway)
 *   a fresh /proc, where the pids to come are set
 *   an empty /run: daemons of the host are asked there, and act
 *   as root, a /dev of the few devices that belong to nobody
 *   the machine's proc and sys
 */
#include "kmm-enter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fs/fuse/mountinfo.h"

#define NO_PROGRAMS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

static const char *const kernel_types[] = {
	"proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "bpf", "pstore",
	"configfs", "efivarfs", "fusectl", "mqueue", "hugetlbfs", "binfmt_misc", "selinuxfs",
};

static bool shows_the_kernel(const struct mount_entry *entry)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernel_types); i++) {
		if (!strcmp(entry->type, kernel_types[i]))
			return true;
	}
	return false;
}

/* Other instances too, as in a chroot: whoever is root may write there. */
static int take_off_kernel_files(void)
{
	struct mountinfo info;
	int err = mountinfo_read(&info);

	if (err)
		return enter_fail(-err, "/proc/self/mountinfo");
	for (unsigned int i = info.nr; i-- > 0;) {
		if (shows_the_kernel(&info.entries[i]))
			umount2(info.entries[i].path, MNT_DETACH | UMOUNT_NOFOLLOW);
	}
	mountinfo_free(&info);
	return 0;
}

/* What a mask of the host's /proc forbids (in a container) is no harm: it gets covered. */
static int fresh_proc(const struct enter *enter)
{
	if (mount("proc", "/proc", "proc", NO_PROGRAMS, NULL) && !enter->user_ns)
		return enter_fail(errno, "a fresh /proc");
	return enter_high_pids(enter);
}

struct device {
	const char *name;
	unsigned int major, minor;
};

static const struct device devices[] = {
	{ "null", 1, 3 }, { "zero", 1, 5 }, { "full", 1, 7 }, { "random", 1, 8 },
	{ "urandom", 1, 9 }, { "tty", 5, 0 }, { "ptmx", 5, 2 },
};

struct link {
	const char *name, *target;
};

static const struct link links[] = {
	{ "fd", "/proc/self/fd" }, { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
};

/* A node, or, where none may be made, the host's in its place. */
static int make_device(const struct device *device)
{
	char path[64], host[64];
	int fd;

	snprintf(path, sizeof(path), "/run/dev/%s", device->name);
	if (!mknod(path, S_IFCHR | 0666, makedev(device->major, device->minor)))
		return 0;
	snprintf(host, sizeof(host), "/dev/%s", device->name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno;
	close(fd);
	return mount(host, path, NULL, MS_BIND, NULL) ? errno : 0;
}

/* Made in the new /run, then moved over the host's. */
static int own_dev(void)
{
	int err = 0;
	mode_t mask = umask(0);

	if (mkdir("/run/dev", 0755) || mount("dev", "/run/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755"))
		err = errno;
	for (size_t i = 0; !err && i < ARRAY_SIZE(devices); i++)
		err = make_device(&devices[i]);
	for (size_t i = 0; !err && i < ARRAY_SIZE(links); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/run/dev/%s", links[i].name);
		err = symlink(links[i].target, path) ? errno : 0;
	}
	if (!err && (mkdir("/run/dev/pts", 0755) || mkdir("/run/dev/shm", 01777)))
		err = errno;
	/* Where there are no terminals, none is missing. */
	if (!err && mount("/dev/pts", "/run/dev/pts", NULL, MS_BIND, NULL) && errno != ENOENT)
		err = errno;
	if (!err && (mount("/run/dev", "/dev", NULL, MS_MOVE, NULL) || rmdir("/run/dev")))
		err = errno;
	umask(mask);
	return err ? enter_fail(err, "an own /dev") : 0;
}

/* A machine that is mounted below /run is there as before. */
static int empty_run(const struct enter *enter)
{
	char *path, *slash;

	if (mount("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"))
		return errno == ENOENT ? 0 : enter_fail(errno, "an empty /run");
	if (strncmp(enter->mount, "/run/", 5))
		return 0;
	path = strdup(enter->mount);
	for (slash = path ? strchr(path + 5, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	if (path)
		mkdir(path, 0755);
	free(path);
	return mount(".", enter->mount, NULL, MS_BIND, NULL) ?
	       enter_fail(errno, "%s", enter->mount) : 0;
}

static int set_read_only(const char *path, bool read_only)
{
	struct mount_attr attr = {
		.attr_set = read_only ? MOUNT_ATTR_RDONLY : 0,
		.attr_clr = read_only ? 0 : MOUNT_ATTR_RDONLY,
	};

	return mount_setattr(AT_FDCWD, path, read_only ? AT_RECURSIVE : 0, &attr, sizeof(attr)) ?
	       enter_fail(errno, "read-only: %s", path) : 0;
}

/* From the machine's own directory, which is the current one. */
static int bind_machine(const struct enter *enter)
{
	static const char *const names[][2] = { { "proc", "/proc" }, { "sys", "/sys" } };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (mount(names[i][0], names[i][1], NULL, MS_BIND, NULL))
			return enter_fail(errno, "%s/%s as %s", enter->mount, names[i][0],
					  names[i][1]);
		if (enter->read_only && set_read_only(names[i][1], false))
			return 1;
	}
	return enter->read_only ? set_read_only(enter->mount, false) : 0;
}

static void name_the_host(const struct enter *enter)
{
	int fd = openat(enter->fd, "proc/sys/kernel/hostname", O_RDONLY | O_CLOEXEC);
	char name[65];
	ssize_t n = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);

	if (n > 0)
		sethostname(name, strcspn(name, "\n") < (size_t)n ? (size_t)n - 1 : (size_t)n);
	if (fd >= 0)
		close(fd);
}

int enter_mounts(const struct enter *enter)
{
	char *cwd = getcwd(NULL, 0);
	int status;

	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return errno == EINVAL ?
		       enter_fail(0, "/ is no mount point, as in a chroot: mounts could not be kept "
				  "apart; enter from outside it") :
		       enter_fail(errno, "a mount namespace of its own");
	status = enter->user_ns ? 0 : take_off_kernel_files();
	status = status || fresh_proc(enter) ||
		 (chdir(enter->mount) && enter_fail(errno, "%s", enter->mount)) ||
		 (enter->read_only && set_read_only("/", true)) ||
		 empty_run(enter) || (!enter->user_ns && own_dev()) || bind_machine(enter);
	name_the_host(enter);
	/* By its name: what lay there before must not stay reachable. */
	if (!cwd || chdir(cwd))
		status = status || (chdir("/") && enter_fail(errno, "/"));
	free(cwd);
	return status;
}
