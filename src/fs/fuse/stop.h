/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmmfs --stop: end a mount from outside, busy or dead as it may be. Start-up code.
 */
#ifndef KMM_FUSE_STOP_H
#define KMM_FUSE_STOP_H

#include "sim/base/types.h"

/*
 * End the mount on `path`. Who stands in the way, and bind mounts that are left,
 * are told on standard error. 0, or -errno with *error (g_free()).
 */
int stop_mount(const char *path, char **error) __must_check;

#endif
