/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder that a machine is mounted on. It is opened once, without following a
 * link, checked, and used by its descriptor: what somebody puts in its place
 * afterwards is not mounted over. Start-up code, but for mount_point_unmount(),
 * which opens no path inside the mount.
 */
#ifndef KMM_FUSE_MOUNT_POINT_H
#define KMM_FUSE_MOUNT_POINT_H

#include "fs/fuse/mount_options.h"

struct mount_point {
	char *path;		/* absolute, no link in it */
	const char *name;	/* its last part */
	int parent_fd;		/* O_PATH: the folder that holds it */
	int dir_fd;		/* O_PATH: the folder that will be covered; closed then */
	bool helped;		/* mounted by fusermount3: it has to unmount, too */
};

/*
 * The absolute path of `path`, whose last part is not looked up (it may be a dead
 * mount). NULL with *error (g_free()) when its folder does not exist.
 */
char *mount_path(const char *path, char **error) __must_check;

/*
 * Open and check. A dead mount of ours that is in the way is taken off first.
 * 0, or -errno with *error (g_free()).
 */
int mount_point_open(struct mount_point *mp, const char *path, bool nonempty,
		     char **error) __must_check;

/*
 * Mount; the connection takes the place of the open descriptor fuse_fd. 0, or
 * -errno with *error (g_free()).
 */
int mount_point_mount(struct mount_point *mp, const struct mount_options *options,
		      int fuse_fd, char **error) __must_check;

/* Take the mount off, busy or not. The connection must be closed by now. */
void mount_point_unmount(const struct mount_point *mp);
void mount_point_close(struct mount_point *mp);

/* umount of an absolute path; -EBUSY and others as the kernel has it. */
int unmount_path(const char *path, bool lazy) __must_check;

#endif
