/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * With the right to mount (root, also of a user namespace) mount(2) is called on
 * "." in the folder that was checked; everyone else asks fusermount3, which checks
 * again for itself and sends the connection over a socket (_FUSE_COMMFD).
 */
#include "fs/fuse/mount_point.h"

#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/fuse/mountinfo.h"
#include "fs/fuse/probe.h"

#define NO_MOUNT_HINT "kmm-run runs the same machine without a mount"

static int fail(char **error, int err, const char *fmt, ...)
	__attribute__((__format__(__printf__, 3, 4)));
static int fail(char **error, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	*error = g_strdup_vprintf(fmt, args);
	va_end(args);
	return -err;
}

char *mount_path(const char *path, char **error)
{
	char *copy = g_strdup(path), *folder, *name, *real, *whole = NULL;
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	folder = g_path_get_dirname(copy);
	name = g_path_get_basename(copy);
	if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(copy, "/"))
		real = realpath(copy, NULL);
	else
		real = realpath(folder, NULL);
	if (!real)
		fail(error, errno, "%s: %s", path, g_strerror(errno));
	else if (!strcmp(name, ".") || !strcmp(name, "..") || !strcmp(copy, "/"))
		whole = g_strdup(real);
	else
		whole = g_build_filename(real, name, NULL);
	free(real);
	g_free(folder);
	g_free(name);
	g_free(copy);
	return whole;
}

static bool is_empty(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned int nr = 0;

	if (!dir)
		return false;
	while ((entry = readdir(dir)))
		nr += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return nr == 0;
}

/* The rules of doc/mount.md, "Where it may be mounted". */
static int check(const struct mount_point *mp, bool nonempty, char **error)
{
	struct stat st, parent, here;

	if (fstat(mp->dir_fd, &st) || fstat(mp->parent_fd, &parent) || stat(".", &here))
		return fail(error, errno, "%s: %s", mp->path, g_strerror(errno));
	if (S_ISLNK(st.st_mode))
		return fail(error, ELOOP, "%s is a symbolic link: name the folder itself",
			    mp->path);
	if (!S_ISDIR(st.st_mode))
		return fail(error, ENOTDIR, "%s is not a directory", mp->path);
	if (st.st_uid != geteuid())
		return fail(error, EPERM, "%s belongs to user %u, not to you (%u)", mp->path,
			    st.st_uid, geteuid());
	if ((parent.st_mode & S_IWOTH) && !(parent.st_mode & S_ISVTX))
		return fail(error, EPERM,
			    "everybody may rename %s: its folder is world-writable "
			    "without the sticky bit", mp->path);
	if (st.st_dev == here.st_dev && st.st_ino == here.st_ino)
		return fail(error, EBUSY, "%s is the current directory: cd elsewhere first",
			    mp->path);
	if (!nonempty && !is_empty(mp->dir_fd))
		return fail(error, ENOTEMPTY, "%s is not empty (-o nonempty mounts all the same)",
			    mp->path);
	return 0;
}

/* Take dead mounts of ours off; refuse what a living one occupies. */
static int clear_way(const char *path, char **error)
{
	struct mountinfo info;
	const struct mount_entry *entry;
	int ret = mountinfo_read(&info);
	bool dead = false;

	if (ret)
		return fail(error, -ret, "/proc/self/mountinfo: %s", g_strerror(-ret));
	entry = mountinfo_find(&info, path);
	if (entry && mount_entry_is_kmmfs(entry)) {
		dead = probe_call(path, KMMFS_IOC_PID) == -ENOTCONN;
		ret = dead ? unmount_path(path, /* lazy = */ true) : -EBUSY;
		if (ret && dead)
			fail(error, -ret, "%s: a dead mount is in the way: %s", path,
			     g_strerror(-ret));
		else if (ret)
			fail(error, -ret, "%s has a machine already: kmmfs --stop %s ends it",
			     path, path);
	} else {
		entry = mountinfo_holding(&info, path);
		if (entry && mount_entry_is_kmmfs(entry))
			ret = fail(error, EINVAL, "%s lies in a mounted machine (%s)", path,
				   entry->path);
	}
	mountinfo_free(&info);
	return !ret && dead ? clear_way(path, error) : ret;
}

int mount_point_open(struct mount_point *mp, const char *path, bool nonempty, char **error)
{
	const char *what = "/";
	char *folder;
	int ret;

	*mp = (struct mount_point){ .parent_fd = -1, .dir_fd = -1 };
	mp->path = mount_path(path, error);
	if (!mp->path)
		return -ENOENT;
	ret = clear_way(mp->path, error);
	if (ret)
		goto out_close;

	folder = g_path_get_dirname(mp->path);
	mp->name = strrchr(mp->path, '/') + 1;
	mp->parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	g_free(folder);
	if (*mp->name)
		what = mp->name;
	if (mp->parent_fd >= 0)
		mp->dir_fd = openat(mp->parent_fd, what, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (mp->dir_fd < 0)
		ret = fail(error, errno, "%s: %s%s", path, g_strerror(errno),
			   errno == ENOENT ? ": make that directory first" : "");
	else
		ret = check(mp, nonempty, error);
out_close:
	if (ret)
		mount_point_close(mp);
	return ret;
}

void mount_point_close(struct mount_point *mp)
{
	if (mp->dir_fd >= 0)
		close(mp->dir_fd);
	if (mp->parent_fd >= 0)
		close(mp->parent_fd);
	g_free(mp->path);
	*mp = (struct mount_point){ .parent_fd = -1, .dir_fd = -1 };
}

/* mount(2). -EPERM and -EACCES mean: ask the helper. */
static int mount_here(const struct mount_point *mp, const struct mount_options *options,
		      int *fuse_fd)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char *type, *data;
	int cwd, ret = 0;

	if (fd < 0)
		return -errno;
	cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	type = g_strconcat("fuse.", options->subtype, NULL);
	data = g_strdup_printf("fd=%d,rootmode=40000,user_id=%u,group_id=%u,default_permissions%s",
			       fd, geteuid(), getegid(),
			       options->allow_other ? ",allow_other" : "");
	if (cwd < 0 || fchdir(mp->dir_fd) ||
	    mount(options->fsname, ".", type, options->flags, data))
		ret = -errno;
	if (cwd >= 0 && fchdir(cwd) && !ret)
		ret = -errno;
	g_free(data);
	g_free(type);
	if (cwd >= 0)
		close(cwd);
	if (ret)
		close(fd);
	else
		*fuse_fd = fd;
	return ret;
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	const struct cmsghdr *cmsg;
	ssize_t got;
	int fd = -1;

	do {
		got = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
	} while (got < 0 && errno == EINTR);
	cmsg = got > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (cmsg && cmsg->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
	return fd;
}

/* Run fusermount3; its own words go to standard error. -errno, or its exit status. */
static int run_helper(char *const argv[], int socket)
{
	char **environment = g_get_environ(), *number = g_strdup_printf("%d", socket);
	posix_spawn_file_actions_t actions;
	int status, ret;
	pid_t pid;

	if (socket >= 0)
		environment = g_environ_setenv(environment, "_FUSE_COMMFD", number, TRUE);
	posix_spawn_file_actions_init(&actions);
	if (socket < 0)
		posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
						 O_WRONLY, 0);
	ret = -posix_spawnp(&pid, argv[0], &actions, NULL, argv, environment);
	posix_spawn_file_actions_destroy(&actions);
	g_strfreev(environment);
	g_free(number);
	if (ret)
		return ret;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int mount_by_helper(struct mount_point *mp, const struct mount_options *options,
			   int *fuse_fd, char **error)
{
	char *text = mount_options_helper(options);
	char *argv[] = { (char *)"fusermount3", (char *)"-o", text, (char *)"--", mp->path,
			 NULL };
	int ends[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
		g_free(text);
		return fail(error, errno, "socketpair: %s", g_strerror(errno));
	}
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
	ret = run_helper(argv, ends[0]);
	close(ends[0]);
	if (!ret)
		*fuse_fd = receive_fd(ends[1]);
	if (ret == -ENOENT)
		ret = fail(error, ENOENT, "fusermount3 is missing (install fuse3); "
			   NO_MOUNT_HINT);
	else if (ret || *fuse_fd < 0)
		ret = fail(error, EPERM, "fusermount3 could not mount on %s; " NO_MOUNT_HINT,
			   mp->path);
	else
		mp->helped = true;
	close(ends[1]);
	g_free(text);
	return ret;
}

/* A sentence for what mount_here() could not do; or ask the helper. */
static int mount_otherwise(struct mount_point *mp, const struct mount_options *options,
			   int ret, int *fuse_fd, char **error)
{
	if (ret == -ENOENT || ret == -ENODEV || ret == -ENXIO)
		return fail(error, -ret, "there is no FUSE here (/dev/fuse: %s); "
			    NO_MOUNT_HINT, g_strerror(-ret));
	if (ret == -EPERM || ret == -EACCES)
		return mount_by_helper(mp, options, fuse_fd, error);
	return fail(error, -ret, "%s: mount: %s", mp->path, g_strerror(-ret));
}

int mount_point_mount(struct mount_point *mp, const struct mount_options *options,
		      int fuse_fd, char **error)
{
	int fd = -1, ret = mount_here(mp, options, &fd);

	if (ret)
		ret = mount_otherwise(mp, options, ret, &fd, error);
	if (ret)
		return ret;
	close(mp->dir_fd);
	mp->dir_fd = -1;
	dup3(fd, fuse_fd, O_CLOEXEC);	/* fuse_fd is open: this cannot fail */
	close(fd);
	return 0;
}

int unmount_path(const char *path, bool lazy)
{
	char *argv[] = { (char *)"fusermount3", (char *)"-u", (char *)"-q", (char *)"--",
			 (char *)path, NULL, NULL };
	int ret;

	if (!umount2(path, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)))
		return 0;
	if (errno != EPERM)
		return -errno;
	if (lazy) {
		argv[3] = (char *)"-z";
		argv[4] = (char *)"--";
		argv[5] = (char *)path;
	}
	ret = run_helper(argv, -1);
	return ret > 0 ? -EBUSY : ret;
}

void mount_point_unmount(const struct mount_point *mp)
{
	if (mp->helped) {
		if (unmount_path(mp->path, /* lazy = */ true))
			return;		/* nothing more can be done here */
	} else if (fchdir(mp->parent_fd) == 0) {
		umount2(mp->name, MNT_DETACH | UMOUNT_NOFOLLOW);
		if (chdir("/"))
			return;
	}
}
