/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "1M swappiness=10": what files that reclaim on demand are told. */
#ifndef KMM_FS_PROACTIVE_H
#define KMM_FS_PROACTIVE_H

#include "fs/core/entry.h"

/* Bytes, and a swappiness up to 200 or max; below 0: none was given. -EINVAL. */
int parse_proactive(struct store *s, const char *text, u64 *bytes, int *swappiness);

#endif
