/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine from its file to the end of its mount. Start-up code.
 */
#ifndef KMM_FUSE_MOUNTED_H
#define KMM_FUSE_MOUNTED_H

#include "fs/fuse/mount_options.h"

/* Unless a name is given, or a directory has a machine. */
#define DEFAULT_MACHINE "pc"

/*
 * Boot a machine (a file or a shipped name; NULL: none was named), mount it on `where`,
 * and serve until the mount ends; in the background unless the options say otherwise, then
 * the calling process exits when the machine is being served. 0, or -errno with *error
 * (g_free(); NULL: no memory).
 */
int mount_machine(const struct mount_options *options, const char *machine,
		  const char *where, char **error) __must_check;

const char *fuse_library_version(void);

#endif
