/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to a mounted machine that may be dead or stuck: a child process asks,
 * so that the answer can be waited for with a limit. Start-up code.
 */
#ifndef KMM_FUSE_PROBE_H
#define KMM_FUSE_PROBE_H

#include <sys/ioctl.h>

#include "sim/base/types.h"

/* Calls on the root folder of a mount, for its owner and root. */
#define KMMFS_IOC_PID _IOR('K', 0x6d, int)	/* the daemon's pid, as it knows it */
#define KMMFS_IOC_STOP _IO('K', 0x6e)		/* end, as SIGTERM does */

/*
 * Make one of these calls; the pid is the result of the first. -ENOTCONN of a dead
 * mount, -ETIMEDOUT of a stuck one. (stat() would not do: attributes are kept.)
 */
int probe_call(const char *path, unsigned long call);

#endif
