/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mounted where, from /proc/self/mountinfo: asking the mount table never
 * touches a mount, so it answers for a dead or a stuck one too. Start-up code.
 */
#ifndef KMM_FUSE_MOUNTINFO_H
#define KMM_FUSE_MOUNTINFO_H

#include "sim/base/types.h"

struct mount_entry {
	char *device;		/* "0:53": the same for bind mounts of one mount */
	char *root;		/* what of the file system is mounted: "/" */
	char *path;
	char *type;
	char *source;
};

struct mountinfo {
	struct mount_entry *entries;	/* in the order they were mounted */
	unsigned int nr;
	char *text;		/* what the strings point into */
};

#define KMMFS_TYPE "fuse.kmmfs"
#define KMMFS_SOURCE "kmmfs"

/* 0 or -errno. */
int mountinfo_read(struct mountinfo *info) __must_check;
/* The same from text, which is taken over: g_malloc()ed, changed, freed. */
void mountinfo_parse(struct mountinfo *info, char *text);
void mountinfo_free(struct mountinfo *info);

/* The top mount on exactly this absolute path, or NULL. */
const struct mount_entry *mountinfo_find(const struct mountinfo *info, const char *path);
/* The mount that an absolute path lies in; NULL when the table is empty. */
const struct mount_entry *mountinfo_holding(const struct mountinfo *info, const char *path);
/* Is it one of ours? */
bool mount_entry_is_kmmfs(const struct mount_entry *entry);
/* Is `path` the same as `folder`, or below it? */
bool path_below(const char *path, const char *folder);

#endif
