/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fragmented the free memory of a zone is for blocks of one order: the figures of
 * sys/kernel/debug/extfrag and of compaction (mm/vmstat.c). All are worked out from the
 * counts of free blocks.
 */
#ifndef KMM_PHYS_EXTFRAG_H
#define KMM_PHYS_EXTFRAG_H

#include "sim/phys/mmzone.h"

/* Thousandths of the free pages that lie in blocks too small for the order. */
int unusable_free_index(const struct zone *zone, unsigned int order);
/* 0: too little memory, 1000: too fragmented, -1000: a block is there. */
int fragmentation_index(const struct zone *zone, unsigned int order);
/* Percent of the free pages that are of no use for the order. */
unsigned int extfrag_for_order(const struct zone *zone, unsigned int order);

#endif
