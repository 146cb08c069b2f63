/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's entry of the process that asks, and nothing else of the host: tools
 * die without their own /proc/PID. All access goes through one descriptor of the
 * host's /proc that was opened before the mount; no path is opened after it.
 */
#ifndef KMM_FS_HOST_H
#define KMM_FS_HOST_H

#include <sys/types.h>

#include "sim/base/out.h"

struct tree;

/* How the caller is called: by us, and in its own pid namespace. */
struct host_caller {
	pid_t tgid, tid;
	pid_t ns_tgid, ns_tid;
};

/* An O_PATH descriptor of the host's /proc, or -1 if that is no procfs. */
int host_proc_open(void);
/* -ESRCH: unknown or gone (pid 0 always is). */
int host_caller_read(const struct tree *tree, pid_t caller,
		     struct host_caller *who) __must_check;
/* A file below the host's /proc, whole; the target of a link. 0 or -errno. */
int host_read(const struct tree *tree, const char *path, struct out *out) __must_check;
int host_readlink(const struct tree *tree, const char *path, struct out *out) __must_check;
bool host_exists(const struct tree *tree, const char *path);
/* The smallest number >= *id among the names of a directory. */
bool host_next(const struct tree *tree, const char *path, u32 *id);
/* A decimal number as procfs prints it: no sign, no leading zero. */
bool host_number(const char *text, u32 *number);

#endif
