/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The options behind -o: which of them the kernel's mount gets, and in what form.
 * Options of kmmfs itself (set=, pidfile=) are found here and kept by the caller.
 * Start-up code.
 */
#ifndef KMM_FUSE_MOUNT_OPTIONS_H
#define KMM_FUSE_MOUNT_OPTIONS_H

#include "sim/base/types.h"

struct mount_options {
	unsigned long flags;	/* MS_*, for mount(2) */
	bool allow_other;
	bool nonempty;
	bool foreground, debug, single;	/* as -f -d -s */
	bool sloppy;		/* unknown words mean nothing */
	char *fsname, *subtype;	/* g_free() */
	char *pidfile;		/* g_free(); NULL = none */
	char *state;		/* g_free(): where the machine is kept; NULL = nowhere */
	char **sets;		/* g_strfreev(); --set */
};

void mount_options_init(struct mount_options *options);
void mount_options_free(struct mount_options *options);

/*
 * Take one comma-separated list. "_" and "-" are the same in names. 0, or -EINVAL
 * with *error to be freed with g_free().
 */
int mount_options_parse(struct mount_options *options, const char *list,
			char **error) __must_check;
void mount_options_add_set(struct mount_options *options, const char *set);

/* What fusermount3 -o takes; g_free(). */
char *mount_options_helper(const struct mount_options *options);

#endif
