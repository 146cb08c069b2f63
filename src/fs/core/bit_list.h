/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of CPUs or nodes as the kernel reads them: "0-3,5", "all", "0-N" (N: the last),
 * "0-15:2/4" (the first two of each four). Blanks part regions as commas do.
 */
#ifndef KMM_FS_BIT_LIST_H
#define KMM_FS_BIT_LIST_H

#include "sim/base/types.h"

/* -EINVAL: it is no list; -ERANGE: no bit below nr_bits; -EOVERFLOW: no 32 bits. */
int read_bit_list(const char *text, u64 *words, unsigned int nr_bits) __must_check;

#endif
