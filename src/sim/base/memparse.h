/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes as the command line, sysfs and control groups take them. */
#ifndef KMM_BASE_MEMPARSE_H
#define KMM_BASE_MEMPARSE_H

#include "sim/base/types.h"

/* In bytes, with K M G T P E; decimal, hex or octal. *end (may be NULL) is where it stops. */
u64 memparse(const char *text, const char **end);

#endif
