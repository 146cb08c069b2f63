/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages that leave the direct map: large entries that map them are split for it, with
 * pages for the tables, and stay split. Called with the machine locked.
 */
#ifndef KMM_VIRT_SET_MEMORY_H
#define KMM_VIRT_SET_MEMORY_H

#include "sim/machine.h"

/*
 * The entry of the page may be taken out, alone: it is as soon as the page belongs to a
 * file of secret memory (kernel_map.h). -ENOMEM: no memory for a table; -ENOBUFS.
 */
int set_direct_map_invalid(struct machine *m, u32 pfn) __must_check;

#endif
