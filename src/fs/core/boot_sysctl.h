/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sysctls that are set before init runs: `sysctl.NAME=VALUE` of the kernel command
 * line, then the machine file's [sysctl]. Each is a write to the file's own row,
 * so ranges and what follows from a change are the same as later. Write lock held,
 * or nobody else knows the tree yet.
 */
#ifndef KMM_FS_BOOT_SYSCTL_H
#define KMM_FS_BOOT_SYSCTL_H

#include "sim/base/out.h"

struct tree;

/*
 * The command line's mistakes go to the log, as in a kernel. One in the machine
 * file is -EINVAL with a sentence. -ENOMEM.
 */
int boot_sysctls(struct tree *tree, struct out *sentence);

#endif
